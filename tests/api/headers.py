#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: headers.py TREE CC CXX [FLAG]... - each public header alone is strict C99 and C++, each
private one alone is C; xsnet.h includes every other, and the build installs every one. The flags
are what private headers need to find the libraries' and the build's own headers."""
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import tree as source

STRICT = ["-pedantic", "-Wall", "-Wextra", "-Werror", "-fsyntax-only"]
UMBRELLA = "include/xsnet/xsnet.h"


def build(folder, number, command, text, suffix):
    """What the compiler says about a file of these lines; empty where it is content."""
    path = os.path.join(folder, f"alone{number}{suffix}")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    done = subprocess.run(command + [path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.stdout if done.returncode else ""


def jobs(tree, cc, cxx, flags):
    public = ["-I", os.path.join(tree, "include")]
    private = ["-std=gnu11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-Wno-unused-function", "-fsyntax-only",
               *public, "-I", os.path.join(tree, "src"), *flags]
    for path in source.public_headers(tree):
        text = f"#include <{path[len('include/'):]}>\nextern int alone;\nint alone;\n"
        yield path, "C99", cc + ["-std=c99", *STRICT, *public], text, ".c"
        yield path, "C++", cxx + ["-std=c++11", *STRICT, *public], text, ".cc"
    for path in source.files(tree, "src", ends=(".h",)):
        # Twice, as an include guard may be missing or misspelt.
        text = f'#include "{path[len("src/"):]}"\n#include "{path[len("src/"):]}"\nextern int alone;\nint alone;\n'
        yield path, "C", cc + private, text, ".c"


def guard_name(path):
    """include/xsnet/object.h: XSNET_OBJECT_H; src/model/desc.h: MODEL_DESC_H."""
    return re.sub(r"[^A-Z0-9]", "_", path.partition("/")[2].upper())


def main(tree, cc, cxx, flags):
    faults = []
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        waiting = [(path, dialect, pool.submit(build, folder, number, command, text, suffix))
                   for number, (path, dialect, command, text, suffix) in enumerate(jobs(tree, cc, cxx, flags))]
        for path, dialect, result in waiting:
            if result.result():
                faults.append(f"{path}:1: alone is no clean {dialect}:\n{result.result().rstrip()}")
    for path in source.public_headers(tree) + source.files(tree, "src", ends=(".h",)):
        if f"#ifndef {guard_name(path)}\n#define {guard_name(path)}\n" not in source.read(tree, path):
            faults.append(f"{path}:1: the include guard must be {guard_name(path)}")
    if not os.path.exists(os.path.join(tree, UMBRELLA)):
        source.report(faults + [f"{UMBRELLA}:1: is missing"])
    umbrella = source.read(tree, UMBRELLA)
    installed = source.read(tree, "include/meson.build")
    for path in source.public_headers(tree):
        name = path[len("include/"):]
        if path != UMBRELLA and f"#include <{name}>" not in umbrella:
            faults.append(f"{UMBRELLA}:1: does not include {name}")
        if f"'{name}'" not in installed:
            faults.append(f"include/meson.build:1: does not install {name}")
    source.report(faults)


main(sys.argv[1], sys.argv[2].split(), sys.argv[3].split(), sys.argv[4:])
