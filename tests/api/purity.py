#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: purity.py ARCHIVE... - the library prints nothing, ends no process, starts none, reads no
environment, has no state of its own; and the model and the planner do no I/O and read no clock.

Judged by the symbols of the object files, which no spelling of the source can hide."""
import re
import sys

import tree as source

FORBIDDEN = {
    "prints": "stdout stderr printf vprintf puts putchar putchar_unlocked perror psignal psiginfo "
              "warn warnx vwarn vwarnx err errx verr verrx error error_at_line syslog vsyslog",
    "ends the process": "exit _exit _Exit quick_exit abort __assert_fail __assert raise kill",
    "starts a process": "fork vfork _Fork clone system popen posix_spawn posix_spawnp execl execle execlp execv "
                        "execve execvp execvpe execveat fexecve",
    "reads or writes the environment": "getenv secure_getenv setenv unsetenv putenv clearenv environ __environ",
    "starts a thread": "pthread_create thrd_create",
    "changes how signals are handled": "signal sigaction sigprocmask pthread_sigmask bsd_signal sysv_signal sigset "
                                       "__sysv_signal signalfd alarm setitimer",
    "has state of the process's own": "atexit on_exit setlocale strtok rand srand random srandom drand48 gmtime "
                                      "localtime ctime asctime getopt getopt_long chdir umask",
}
PURE = ("model", "plan")
IMPURE = {
    "does I/O": "open openat creat read write pread pwrite fopen fdopen fread fwrite socket connect bind sendmsg "
                "recvmsg send recv ioctl stat fstat lstat unlink rename mkdir opendir",
    "reads a clock": "time clock clock_gettime gettimeofday timerfd_create nanosleep usleep sleep",
    "is not deterministic": "getrandom getentropy arc4random random rand getpid",
}
# Written once, by the loader, and read-only after it.
CONSTANT = re.compile(r"\.(rodata|data\.rel\.ro|text|eh_frame|note|gcc_except_table|init_array|fini_array)\b")


def words(table):
    return {name: what for what, names in table.items() for name in names.split()}


def undefined(archive):
    """(object, symbol), with __printf_chk read as the printf that it stands for."""
    member = ""
    for line in source.run("nm", "-u", archive).splitlines():
        if line.endswith(":"):
            member = line[:-1]
        elif line.split():
            name = line.split()[-1].partition("@")[0]
            yield member, re.sub(r"^__(\w+)_chk$|^__isoc99_(\w+)$", lambda m: m.group(1) or m.group(2), name)


def variables(archive):
    """(object, symbol, section) of what may be written to while the program runs."""
    member = ""
    for line in source.run("objdump", "-t", archive).splitlines():
        if ":     file format" in line:
            member = line.split(":")[0]
        match = re.match(r"[0-9a-f]+ (.{7}) (\S+)\s+[0-9a-f]+ (?:\.\w+ )?(\S+)", line)
        if not match or match.group(2) in ("*ABS*", "*UND*"):
            continue
        flags, section, name = match.groups()
        # The flags know no thread's own variables; a section has a symbol of its name, with "d".
        is_data = flags[6] == "O" or section == "*COM*" or section.startswith((".tdata", ".tbss"))
        if is_data and flags[5] != "d" and not CONSTANT.match(section):
            yield member, name, section


def main(archives):
    faults = []
    for archive in archives:
        layer = re.sub(r".*xsn-(\w+)\.a$", r"\1", archive)
        bad = words(FORBIDDEN)
        if layer in PURE:
            bad.update(words(IMPURE))
        for member, name in undefined(archive):
            if name in bad:
                faults.append(f"{layer}: {member}: {name}: the library {bad[name]}")
        for member, name, section in variables(archive):
            faults.append(f"{layer}: {member}: {name} is a variable of the whole process ({section})")
    source.report(faults)


main(sys.argv[1:])
