#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: docs.py TREE - each public function has a comment of its own that names it, its parameters
where it describes them, what it returns and since when; and some test calls it."""
import re
import sys

import tree as source


def called(tree):
    """Names of public functions that files under tests/ call."""
    names = set()
    for path in source.files(tree, "tests", ends=(".c", ".h")):
        names.update(source.DECLARED.findall(source.code_only(source.read(tree, path))))
    return names


def check(text, name, start, offset):
    """What is wrong with the comment of one declaration."""
    comments = re.findall(r"/\*\*.*?\*/", text[start:offset], re.S)
    if not comments:
        yield "no /** comment */"
        return
    comment = comments[-1]
    if not re.match(rf"/\*\*\n \* {name} - \S", comment):
        yield f"the comment must begin with ' * {name} - '"
    if not re.search(r"^ \* Since: \d+\.\d+$", comment, re.M):
        yield "the comment has no 'Since: N.N' line"
    declaration = source.code_only(text)[start:].split(";")[0]
    result = declaration[:declaration.index(name)]
    if not re.search(r"\bvoid\s*$", result) and "Returns:" not in comment:
        yield "the comment has no 'Returns:' line"
    parameters = set(re.findall(r"\w+", declaration[declaration.index(name) + len(name):]))
    for word in re.findall(r"^ \* @(\w+):", comment, re.M):
        if word not in parameters:
            yield f"the comment describes @{word}, which is no parameter"


def main(tree):
    faults = []
    used = called(tree)
    for path in source.public_headers(tree):
        text = source.read(tree, path)
        for name, start, offset in source.declarations(text):
            where = f"{path}:{source.line_of(text, offset)}: {name}"
            faults += [f"{where}: {wrong}" for wrong in check(text, name, start, offset)]
            if name not in used:
                faults.append(f"{where}: no test calls it")
    source.report(faults)


main(sys.argv[1])
