#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: symbols.py TREE LIBRARY ARCHIVE... - one list in three places: src/libxsnet.map, what the
shared library exports, and what include/xsnet declares; and every global of the archives has one of
the two prefixes, so that a static link meets no foreign name."""
import re
import sys

import tree as source

MAP = "src/libxsnet.map"


def read_map(tree, faults):
    text = source.without_comments(source.read(tree, MAP))
    names = {}
    previous = None
    for node in re.finditer(r"(\w+(?:\.\d+)+)\s*\{(.*?)\}\s*([\w.]*)\s*;", text, re.S):
        label, body, parent = node.groups()
        first = line = source.line_of(text, node.start(2))
        if (parent or None) != previous:
            faults.append(f"{MAP}:{first}: node {label} must inherit {previous or 'nothing'}")
        previous = label
        last = ""
        section = "global"
        for offset, entry in ((m.start(), m.group(1)) for m in re.finditer(r"([^;\s][^;:]*[;:])", body)):
            line = source.line_of(text, node.start(2) + offset)
            name = entry[:-1].strip()
            if entry.endswith(":"):
                section = name
            elif section == "local":
                if name != "*":
                    faults.append(f"{MAP}:{line}: local: {name}: only * is local")
            elif not re.fullmatch(r"\w+", name):
                faults.append(f"{MAP}:{line}: {name}: no wildcards")
            elif name in names:
                faults.append(f"{MAP}:{line}: {name} is there twice")
            else:
                if name < last:
                    faults.append(f"{MAP}:{line}: {name} is not in alphabetical order")
                names[name] = label
                last = name
    return names


def exported(library):
    """{name: version} of the dynamic symbols, without the version nodes themselves."""
    found = {}
    for line in source.run("nm", "-D", "--defined-only", library).splitlines():
        kind, name = line.split()[-2:]
        base, _, version = name.partition("@@")
        if kind != "A":
            found[base] = version
    return found


def declared(tree):
    found = {}
    for path in source.public_headers(tree):
        text = source.read(tree, path)
        for name, _, offset in source.declarations(text):
            found[name] = f"{path}:{source.line_of(text, offset)}"
    return found


def main(tree, library, archives):
    faults = []
    in_map = read_map(tree, faults)
    in_library = exported(library)
    in_headers = declared(tree)
    for name in sorted(set(in_map) | set(in_library) | set(in_headers)):
        where = in_headers.get(name, MAP)
        if name not in in_map:
            faults.append(f"{where}: {name} is not in the map")
        elif name not in in_headers:
            faults.append(f"{where}: {name} is declared in no public header")
        if name not in in_library:
            faults.append(f"{where}: {name} is not exported by the library")
        elif name in in_map and in_library[name] != in_map[name]:
            faults.append(f"{where}: {name} has version '{in_library[name]}', the map says {in_map[name]}")
    for archive in archives:
        for line in source.run("nm", "-g", "--defined-only", archive).splitlines():
            words = line.split()
            if len(words) == 3 and not re.match(r"xsn(et)?_", words[2]):
                faults.append(f"{archive}: global {words[2]}: neither xsnet_ nor xsn_, nor static")
    source.report(faults)


main(sys.argv[1], sys.argv[2], sys.argv[3:])
