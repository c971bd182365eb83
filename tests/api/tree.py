# SPDX-License-Identifier: Apache-2.0
"""What the guards share: the files of a source tree, C text without comments, and how to report.

A guard prints one line a fault, "path:line: what is wrong", and exits 1; it takes the tree as an
argument, so that planted.py can point it at a tree with a fault in it.
"""
import os
import re
import subprocess
import sys

TOKEN = re.compile(
    r"//[^\n]*|/\*.*?\*/"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'(?:\\.|[^'\\\n])*'",
    re.S)
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.M)


def blank(text):
    """Spaces of the same shape, so that offsets and line numbers stay true."""
    return re.sub(r"[^\n]", " ", text)


def without_comments(text, strings=True):
    def replace(match):
        token = match.group()
        if token[0] == "/":
            return blank(token)
        return token if strings else token[0] + blank(token[1:-1]) + token[-1]

    return TOKEN.sub(replace, text)


def code_only(text):
    """No comments, no directives, no contents of strings."""
    return DIRECTIVE.sub(lambda match: blank(match.group()), without_comments(text, strings=False))


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def read(tree, path):
    with open(os.path.join(tree, path), encoding="utf-8") as file:
        return file.read()


def files(tree, *folders, ends=(".c", ".h")):
    """Paths relative to the tree, sorted; ends=None for all."""
    found = []
    for folder in folders:
        for here, below, names in os.walk(os.path.join(tree, folder)):
            below[:] = [name for name in below if name != "__pycache__"]
            for name in names:
                if ends is None or name.endswith(ends):
                    found.append(os.path.relpath(os.path.join(here, name), tree))
    return sorted(found)


def public_headers(tree):
    return files(tree, "include", ends=(".h",))


DECLARED = re.compile(r"\b(xsnet_\w+)\s*\(")


def declarations(text):
    """(name, offset of the declaration, offset of the name) of each function that a header declares."""
    code = code_only(text)
    start = 0
    for match in re.finditer(r"[;{}]", code):
        part = code[start:match.start()]
        found = DECLARED.search(part)
        if found and match.group() == ";" and not re.search(r"\btypedef\b", part):
            yield found.group(1), start, start + found.start()
        start = match.end()


def run(*command):
    """The output of a tool that must succeed."""
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def report(faults):
    for fault in faults:
        print(fault)
    sys.exit(1 if faults else 0)
