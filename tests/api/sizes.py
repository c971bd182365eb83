#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: sizes.py TREE - files of 600 lines, functions of 80, lines of 120 columns at most."""
import os
import re
import sys

import tree as source

FILE_LINES = 600
FUNCTION_LINES = 80
COLUMNS = 120
CODE = (".c", ".h", ".h.in", ".py", ".sh", "meson.build")


def is_script(tree, path):
    with open(os.path.join(tree, path), "rb") as file:
        return file.read(2) == b"#!"


def functions(text):
    """(offset of the opening brace, of the closing one) of each function body."""
    code = source.code_only(text)
    depth = 0
    parentheses = 0
    opened = None
    before = ""
    for match in re.finditer(r"\S", code):
        char = match.group()
        if char in "()":
            parentheses += 1 if char == "(" else -1
        elif char == "{" and parentheses == 0:
            # `extern "C" {` holds declarations, and functions of the header, not code.
            if depth == 0 and before == ")":
                opened = match.start()
            if not (depth == 0 and before == '"'):
                depth += 1
        elif char == "}" and parentheses == 0:
            depth = max(depth - 1, 0)
            if depth == 0 and opened is not None:
                yield opened, match.start()
                opened = None
        before = char


def main(tree):
    faults = []
    for path in source.files(tree, "src", "include", "examples", "tests", ends=None):
        if path.startswith("tests/data/") or not (path.endswith(CODE) or is_script(tree, path)):
            continue
        text = source.read(tree, path)
        lines = text.split("\n")
        if len(lines) - 1 > FILE_LINES:
            faults.append(f"{path}:{FILE_LINES + 1}: file of {len(lines) - 1} lines, {FILE_LINES} are allowed")
        for number, line in enumerate(lines, 1):
            if len(line) > COLUMNS:
                faults.append(f"{path}:{number}: line of {len(line)} columns, {COLUMNS} are allowed")
        if not path.endswith((".c", ".h")):
            continue
        for start, end in functions(text):
            length = text.count("\n", start, end) - 1
            if length > FUNCTION_LINES:
                faults.append(f"{path}:{source.line_of(text, start)}: function of {length} lines, "
                              f"{FUNCTION_LINES} are allowed")
    source.report(faults)


main(sys.argv[1])
