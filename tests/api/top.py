#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: top.py TREE - what may stand at the top of the tree, besides dot files and build folders."""
import os
import sys

import tree as source

ALLOWED = {"LICENSE", "README.md", "doc", "examples", "include", "meson.build", "src", "subprojects", "tests"}


def is_build(path):
    return os.path.exists(os.path.join(path, "meson-private"))


def main(tree):
    names = (name for name in sorted(os.listdir(tree)) if not name.startswith("."))
    source.report([f"{name}:1: nothing of this name belongs at the top of the tree" for name in names
                   if name not in ALLOWED and not is_build(os.path.join(tree, name))])


main(sys.argv[1])
