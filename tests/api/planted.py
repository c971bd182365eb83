#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: planted.py [CC [CXX]] - each guard is content with a small sound tree, and finds a fault
that is planted in it, with a message that says what and where."""
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
CC = (sys.argv[1:] or ["cc"])[0].split()
CXX = (sys.argv[2:] or ["c++"])[0].split()

THING_H = """#ifndef XSNET_THING_H
#define XSNET_THING_H

struct xsnet_thing;

/**
 * xsnet_thing_count - how many there are
 * @thing: may be NULL
 *
 * Returns: a number.
 * Since: 0.1
 */
int xsnet_thing_count(const struct xsnet_thing *thing);

#endif
"""
SOUND = {
    "include/meson.build": "files('xsnet/thing.h', 'xsnet/xsnet.h')\n",
    "include/xsnet/thing.h": THING_H,
    "include/xsnet/xsnet.h": "#ifndef XSNET_XSNET_H\n#define XSNET_XSNET_H\n#include <xsnet/thing.h>\n#endif\n",
    "src/libxsnet.map": "LIBXSNET_0.1 {\nglobal:\n        xsnet_thing_count;\nlocal:\n        *;\n};\n",
    "src/base/number.h": "#ifndef BASE_NUMBER_H\n#define BASE_NUMBER_H\nint xsn_number(int n);\n#endif\n",
    "src/base/number.c": '#include "base/number.h"\n\nint xsn_number(int n)\n{\n        return n + 1;\n}\n',
    "src/model/thing.c": """#include <stdlib.h>
#include <xsnet/thing.h>
#include "base/number.h"

static const char *const names[] = { "one", "two" };

int xsnet_thing_count(const struct xsnet_thing *thing)
{
        return xsn_number(thing ? *names[1] : 0);
}
""",
    "src/backend/backend.h": "#ifndef BACKEND_BACKEND_H\n#define BACKEND_BACKEND_H\n#endif\n",
    "src/backend/linux/links.h": "#ifndef BACKEND_LINUX_LINKS_H\n#define BACKEND_LINUX_LINKS_H\n#endif\n",
    "src/engine/run.c": """#include "backend/backend.h"
#include "base/number.h"

int xsn_run(void)
{
        return xsn_fail(-EINVAL, "bad-run");
}
""",
    "doc/errors.md": "# Reasons\n\n| reason | what it means |\n|---|---|\n| `bad-run` | a bad run |\n",
    "examples/first.c": "#include <xsnet/xsnet.h>\n",
    "tests/unit/test_thing.c":
        "#include <xsnet/thing.h>\nint main(void)\n{\n        return xsnet_thing_count(NULL);\n}\n",
}
LAYERS = {"base": "src/base/number.c", "model": "src/model/thing.c"}

# What replaces the body of the one public function, for faults that only a compiler sees.
BODY = "return xsn_number(thing ? *names[1] : 0);"
# The parameters' names in front of a statement.
KEEP = "(void)names; (void)thing; "
COUNT = "int xsnet_thing_count(const"

# Guard, file, text in it, what replaces it ("" as text: a new end of the file), and the message.
FAULTS = (
    ("includes", "src/base/number.c", "", '#include "model/thing.h"\n', r"number\.c:7: .*base may not include model"),
    ("includes", "src/engine/run.c", "backend/backend.h", "backend/linux/links.h",
     r"run\.c:1: .*engine may not include backend/linux"),
    ("includes", "src/engine/run.c", "base/number.h", "transport/netlink.h", r"engine may not include transport"),
    ("includes", "src/backend/ovs/a.c", None, '#include "backend/linux/links.h"\n',
     r"backend/ovs may not include backend/linux"),
    ("includes", "src/engine/run.c", "backend/backend.h", "backend/registry-list.h",
     r"run\.c:1: .*engine may not include backend$"),
    ("includes", "src/backend/linux/links.h", "", '#include "codec/tree.h"\n', r"backend/linux may not include codec"),
    ("includes", "src/backend/dom0/a.c", None, '#include "codec/tree.h"\n', r"backend/dom0 may not include codec"),
    ("includes", "src/cli/main.c", None, '#include "base/number.h"\n', r"cli may not include base"),
    ("includes", "examples/first.c", "<xsnet/xsnet.h>", '"base/number.h"', r"first\.c:1: .*examples may not include"),
    ("includes", "include/xsnet/thing.h", "struct xsnet_thing;", '#include "base/number.h"',
     r"thing\.h:4: .*include may not include base"),
    ("includes", "src/model/thing.c", "<stdlib.h>", "<jansson.h>", r"thing\.c:1: .*model may not use jansson"),
    ("includes", "src/model/thing.c", "<stdlib.h>", "<glib.h>", r"neither libc nor a library"),
    ("includes", "src/model/thing.c", "base/number.h", "../base/number.h", r"write the folder below src"),
    ("includes", "src/model/thing.c", "xsnet/thing.h", "xsnet/gone.h", r"no such public header"),
    ("includes", "src/extra/a.c", None, "\n", r"src/extra/a\.c:1: folder extra is not in the table"),
    ("top", "notes.txt", None, "of somebody's\n", r"notes\.txt:1: nothing of this name belongs at the top"),
    ("sizes", "src/base/number.c", "", "\n" * 600, r"number\.c:601: file of 606 lines"),
    ("sizes", "tests/lab/script", None, "#!/bin/sh\n" + "\n" * 600, r"tests/lab/script:601: file of 601 lines"),
    ("sizes", "src/base/number.c", "        return n + 1;", "        n++;\n" * 80 + "        return n;",
     r"number\.c:4: function of 81 lines"),
    ("sizes", "src/base/number.c", "return n + 1;", "return n + 1;" + " " * 100 + "/* */",
     r"number\.c:5: line of 126 columns"),
    ("symbols", "src/libxsnet.map", "xsnet_thing_count;", "xsnet_other;",
     r"thing\.h:\d+: xsnet_thing_count is not in the map"),
    ("symbols", "src/libxsnet.map", "        xsnet_thing_count;", "        xsnet_gone;\n        xsnet_thing_count;",
     r"xsnet_gone is declared in no public header(?s:.*)xsnet_gone is not exported"),
    ("symbols", "src/libxsnet.map", "        xsnet_thing_count;", "        xsnet_thing_*;", r"map:3: .*no wildcards"),
    ("symbols", "src/libxsnet.map", "count;", "count;\n        xsnet_a;",
     r"map:4: xsnet_a is not in alphabetical order"),
    ("symbols", "src/libxsnet.map", "count;\nlocal:\n        *;\n};",
     "count;\nlocal:\n        *;\n};\nLIBXSNET_0.2 {\nglobal:\n        xsnet_b;\n};",
     r"map:\d+: node LIBXSNET_0\.2 must inherit LIBXSNET_0\.1"),
    ("symbols", "include/xsnet/thing.h", "\nint xsnet_thing_count",
     "\nint xsnet_thing_lost(void);\nint xsnet_thing_count",
     r"thing\.h:13: xsnet_thing_lost is not in the map"),
    ("symbols", "src/base/number.c", "", "int helper(void);\nint helper(void)\n{\n        return 1;\n}\n",
     r"xsn-base\.a: global helper: neither"),
    ("purity", "src/model/thing.c", BODY, KEEP + 'return printf("%d\\n", xsn_number(1));', r"model: .*prints"),
    ("purity", "src/model/thing.c", BODY, KEEP + 'return fprintf(stderr, "no\\n");', r"stderr: the library prints"),
    ("purity", "src/model/thing.c", BODY, KEEP + "abort();", r"abort: the library ends the process"),
    ("purity", "src/model/thing.c", BODY, "assert(thing); " + BODY, r"__assert_fail: the library ends"),
    ("purity", "src/model/thing.c", BODY, KEEP + "return fork();", r"fork: the library starts a process"),
    ("purity", "src/model/thing.c", BODY, KEEP + 'return !getenv("HOME");',
     r"getenv: the library reads or writes the env"),
    ("purity", "src/model/thing.c", BODY, KEEP + "return signal(2, SIG_IGN) == SIG_ERR;",
     r"signal: the library changes"),
    ("purity", "src/model/thing.c", BODY, KEEP + "return (int)time(NULL);",
     r"model: .*time: the library reads a clock"),
    ("purity", "src/model/thing.c", BODY, KEEP + "static int calls; return calls++;",
     r"model: .*calls\S* is a variable of the whole process \(\.bss\)"),
    ("purity", "src/model/thing.c", "static const char *const", "const char *xsn_names[1];\nstatic const char *const",
     r"xsn_names is a variable of the whole process"),
    ("purity", "src/model/thing.c", BODY, KEEP + "static __thread int calls = 3; return calls++;", r"calls.*\.tdata"),
    ("headers", "include/xsnet/thing.h", "struct xsnet_thing;", "struct xsnet_thing;\nvoid xsnet_f(size_t n);",
     r"thing\.h:1: alone is no clean C99"),
    ("headers", "include/xsnet/thing.h", "struct xsnet_thing;", "enum { XSNET_A = 1, };\nstruct xsnet_a { int new; };",
     r"thing\.h:1: alone is no clean C\+\+"),
    ("headers", "include/xsnet/thing.h", "const struct xsnet_thing *thing", "int n[({ 1; })]", r"no clean C99"),
    ("headers", "src/base/number.h", "int n", "uint32_t n", r"base/number\.h:1: alone is no clean C:"),
    ("headers", "src/base/number.h", "#define BASE_NUMBER_H", "#define BASE_NUMBR_H", r"guard must be BASE_NUMBER_H"),
    ("headers", "include/xsnet/xsnet.h", "#include <xsnet/thing.h>\n", "",
     r"xsnet\.h:1: does not include xsnet/thing\.h"),
    ("headers", "include/meson.build", "'xsnet/thing.h', ", "", r"does not install xsnet/thing\.h"),
    ("docs", "include/xsnet/thing.h", "/**", "/*", r"thing\.h:13: xsnet_thing_count: no /\*\* comment"),
    ("docs", "include/xsnet/thing.h", " * Since: 0.1\n", "", r"no 'Since: N\.N' line"),
    ("docs", "include/xsnet/thing.h", " * Returns: a number.\n", "", r"no 'Returns:' line"),
    ("docs", "include/xsnet/thing.h", "xsnet_thing_count -", "xsnet_thing_counts -", r"must begin with"),
    ("docs", "include/xsnet/thing.h", "@thing:", "@thin:", r"describes @thin, which is no parameter"),
    ("docs", "include/xsnet/thing.h", COUNT, "int xsnet_thing_more(void);\n\n" + COUNT,
     r"xsnet_thing_more: no test calls it"),
    ("docs", "tests/unit/test_thing.c", "return xsnet_thing_count(NULL);", "/* xsnet_thing_count() */ return 0;",
     r"xsnet_thing_count: no test calls it"),
    ("errors", "src/engine/run.c", '"bad-run"', '"bad-walk"', r"run\.c:6: the reason 'bad-walk' is not in doc/errors"),
    ("errors", "doc/errors.md", "| `bad-run` |", "| `bad-run`, `old` |", r"no source gives the reason 'old'"),
)


def write(tree, changed):
    for path, text in {**SOUND, **changed}.items():
        full = os.path.join(tree, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)


def build(tree):
    """One archive a layer and the library, as the build makes them."""
    archives = []
    for layer, path in LAYERS.items():
        made = os.path.join(tree, f"libxsn-{layer}.a")
        compiled = os.path.join(tree, f"{layer}.o")
        subprocess.run([*CC, "-c", "-fPIC", "-w", "-fvisibility=default", "-I", f"{tree}/include", "-I", f"{tree}/src",
                        "-include", "stdio.h", "-include", "stdlib.h", "-include", "assert.h", "-include", "unistd.h",
                        "-include", "signal.h", "-include", "time.h", os.path.join(tree, path), "-o", compiled],
                       check=True)
        subprocess.run(["ar", "rcs", made, compiled], check=True)
        archives.append(made)
    library = os.path.join(tree, "libxsnet.so")
    subprocess.run([*CC, "-shared", "-Wl,--whole-archive", *archives, "-Wl,--no-whole-archive",
                    f"-Wl,--version-script={tree}/src/libxsnet.map", "-o", library], check=True)
    return library, archives


def guard(name, tree):
    """Exit status and output of a guard on a tree."""
    arguments = [tree]
    if name in ("symbols", "purity"):
        library, archives = build(tree)
        arguments = [tree, library, *archives] if name == "symbols" else archives
    elif name == "headers":
        arguments += [" ".join(CC), " ".join(CXX)]
    done = subprocess.run([sys.executable, "-B", os.path.join(HERE, name + ".py"), *arguments],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, done.stdout


def plant(path, old, new):
    if old is None:
        return {path: new}
    text = SOUND[path]
    if old == "":
        return {path: text + new}
    assert text.count(old) == 1, f"'{old}' is not once in {path}"
    return {path: text.replace(old, new)}


def main():
    failed = 0
    for name in sorted({fault[0] for fault in FAULTS}):
        with tempfile.TemporaryDirectory() as tree:
            write(tree, {})
            code, output = guard(name, tree)
            if code != 0 or output:
                failed += 1
                print(f"{name}: not content with the sound tree:\n{output}")
    for name, path, old, new, expected in FAULTS:
        with tempfile.TemporaryDirectory() as tree:
            write(tree, plant(path, old, new))
            code, output = guard(name, tree)
            if code != 1 or not re.search(expected, output, re.M) or "Traceback" in output:
                failed += 1
                print(f"{name}: in {path}, {old!r} -> {new!r}: expected /{expected}/, got {code}:\n{output}")
    print(f"{len(FAULTS)} faults planted, {failed} wrong")
    return 1 if failed else 0


sys.exit(main())
