#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: includes.py TREE - who includes whom, as doc/architecture.md says."""
import os
import re
import sys

import tree as source

# Folder: the layers below it that it may see. Of src/backend itself others see the contract only,
# backend.h with the URI that its calls take; a backend never sees another.
BELOW = {
    "base": (),
    "core": ("base",),
    "model": ("core", "base"),
    "plan": ("model", "core", "base"),
    "codec": ("plan", "model", "core", "base"),
    "transport": ("core", "base"),
    "backend": ("plan", "model", "core", "base"),
    "backend/dom0": ("plan", "model", "transport", "core", "base"),
    "engine": ("backend.h", "plan", "codec", "model", "core", "base"),
    "cli": (),
    "examples": (),
}
CONTRACT = ("backend/backend.h", "backend/uri.h")
ANY_BACKEND = ("backend.h", "backend/dom0", "plan", "model", "transport", "core", "base")

# Libraries, by the beginning of their headers' names, and the layers that may use them.
LIBRARIES = {
    "jansson.h": ("codec", "transport", "backend/ovs"),
    "yaml.h": ("codec",),
    "netlink/": ("transport", "backend/dom0", "backend/linux"),
    "libxml/": ("transport",),
    "curl/": ("transport",),
    "linux/": ("transport", "backend/dom0", "backend/linux"),
}
LIBC = re.compile(
    r"(sys|net|netinet|arpa)/\w+\.h$|"
    r"(assert|complex|ctype|dirent|endian|errno|fcntl|fenv|float|fnmatch|getopt|grp|ifaddrs|inttypes|iso646|limits|"
    r"locale|math|netdb|poll|pwd|sched|search|setjmp|signal|stdalign|stdarg|stdatomic|stdbool|stddef|stdint|"
    r"stdio|stdio_ext|stdlib|stdnoreturn|string|strings|syslog|termios|time|unistd|wchar|wctype)\.h$")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]*)[>"]', re.M)


def layer_of(path):
    """src/backend/linux/links.c is of backend/linux, src/backend/backend.h of backend."""
    parts = path.split("/")
    if parts[0] == "examples":
        return "examples"
    if parts[0] == "include":
        return "include"
    if len(parts) > 3 and parts[1] == "backend":
        return "backend/" + parts[2]
    return parts[1]


def allowed(layer):
    if layer.startswith("backend/") and layer not in BELOW:
        return ANY_BACKEND
    return BELOW.get(layer)


def quoted(layer, name):
    """What is wrong with #include "name" in this layer, or None."""
    if "/" not in name or name.startswith(".") or "/../" in name:
        return 'write the folder below src: "base/..."'
    target = layer_of("src/" + name)
    if target == layer and layer not in ("examples", "include"):
        return None
    sees = allowed(layer) or ()
    if name in CONTRACT and "backend.h" in sees:
        return None
    if target in sees:
        return None
    return f"{layer} may not include {target}"


def angled(tree, layer, name):
    if name.startswith("xsnet/"):
        return None if os.path.exists(os.path.join(tree, "include", name)) else "no such public header"
    for prefix, users in LIBRARIES.items():
        if name.startswith(prefix):
            return None if layer in users else f"{layer} may not use {prefix}"
    return None if LIBC.match(name) else "neither libc nor a library that this project uses"


def main(tree):
    faults = []
    for path in source.files(tree, "src", "include", "examples", ends=(".c", ".h", ".h.in")):
        layer = layer_of(path)
        if layer != "include" and allowed(layer) is None:
            faults.append(f"{path}:1: folder {layer} is not in the table")
            continue
        text = source.without_comments(source.read(tree, path))
        for match in INCLUDE.finditer(text):
            kind, name = match.groups()
            wrong = quoted(layer, name) if kind == '"' else angled(tree, layer, name)
            if wrong:
                faults.append(f"{path}:{source.line_of(text, match.start(2))}: {name}: {wrong}")
    source.report(faults)


main(sys.argv[1])
