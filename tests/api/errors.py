#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: errors.py TREE - doc/errors.md lists every reason that the sources give an error, and no other."""
import re
import sys

import tree as source

# A reason is the word that follows an error code, literal or in a variable.
GIVEN = re.compile(r'(?:-E[A-Z0-9]+|\b(?:r|code|result))\s*,\s*"([a-z]+(?:-[a-z]+)*)"')
DOC = "doc/errors.md"


def main(tree):
    given = {}
    for path in source.files(tree, "src", ends=(".c",)):
        if path.startswith("src/cli/"):
            continue
        text = source.read(tree, path)
        for match in GIVEN.finditer(text):
            given.setdefault(match.group(1), f"{path}:{source.line_of(text, match.start())}")
    # What a source chooses among stands elsewhere than behind a code: any of its words will do.
    words = set()
    for path in source.files(tree, "src", ends=(".c",)):
        words.update(re.findall(r'"([a-z]+(?:-[a-z]+)*)"', source.read(tree, path)))
    listed = set()
    for line in source.read(tree, DOC).splitlines():
        if line.startswith("| `"):
            listed.update(re.findall(r"`([^`]+)`", line.split("|")[1]))
    faults = [f"{where}: the reason '{reason}' is not in {DOC}"
              for reason, where in sorted(given.items()) if reason not in listed]
    faults += [f"{DOC}: no source gives the reason '{reason}'" for reason in sorted(listed - words)]
    source.report(faults)


main(sys.argv[1])
