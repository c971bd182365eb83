# SPDX-License-Identifier: Apache-2.0
"""Prints what tests/bench/run measured: medians, ratios to the floor, and which targets are met."""
import statistics

# Ratios to the floor that the project has set itself, and from which N on they hold.
TARGETS = {"K1": (1.15, 100), "K2": (1.5, 10), "K4": (1.2, 10)}
USER_TARGET = 1.5
MEMORY_TARGET = 4096
CASES = {"K1": "build", "K2": "nothing to do", "K3": "one MTU wrong", "K4": "remove"}
WORDS = {"off": "off", "bridges": "on the bridges only", "on": "on"}
NAMES = {"floor": "floor", "marks": "floor with marks", "lib": "library", "ctl": "xsnetctl", "ip": "ip -batch"}


class Results:
    def __init__(self, rows, best):
        self.rows = rows
        self.typical = min if best else statistics.median

    def values(self, peer, case, n, ipv6, key):
        return [row[key] for row in self.rows
                if (row["peer"], row["case"], row["n"], row["ipv6"]) == (peer, case, n, ipv6) and key in row]

    def value(self, *which):
        values = self.values(*which)
        return self.typical(values) if values else None

    def user(self, peer, case, n, ipv6):
        """Milliseconds of user time in all runs, less those of starting the process and reading the document."""
        total = self.values(peer, case, n, ipv6, "user_ms")
        apart = self.values(peer, case + "-apart", n, ipv6, "user_ms")
        if not total or len(total) != len(apart) or min(total + apart) < 0:
            return None, None
        return sum(total) - sum(apart), sum(apart)

    def processor(self, peer, case, n, ipv6):
        """Milliseconds of all runs whose time was measured; the kernel tells them apart by ticks, but not their sum."""
        return sum(sum(self.values(peer, case, n, ipv6, key)) for key in ("user_ticks_ms", "system_ticks_ms"))


def ratio(value, floor):
    return None if value is None or not floor else value / floor


def number(value, form):
    return "-" if value is None else format(value, form)


def cell(value, floor):
    return f"{number(value, '9.1f')} {number(ratio(value, floor), '5.2f') + 'x' if value is not None else '':>6}"


def table(results, n, ipv6, peers, word):
    """Whole processes, then what an embedding program waits for; the floor's own time inside for comparison."""
    print(f"\nN={n}, IPv6 {WORDS[ipv6]}: {word} ms, and ratio to the floor")
    print(f"  {'':26}" + "".join(f"{case + ' ' + words:>20}" for case, words in CASES.items()))
    lines = [(NAMES[peer] + ", process", peer, "wall_ms", "wall_ms") for peer in peers]
    if "lib" in peers and "floor" in peers:
        lines += [("floor, inside", "floor", "inside_ms", "inside_ms")]
        lines += [("floor with marks, inside", "marks", "inside_ms", "inside_ms")] if "marks" in peers else []
        lines += [("library, without document", "lib", "apply_ms", "inside_ms"),
                  ("  observe", "lib", "observe_ms", None), ("  plan", "lib", "plan_ms", None),
                  ("  write", "lib", "write_ms", None), ("  verify", "lib", "verify_ms", None),
                  ("library, document", "lib", "load_ms", None)]
    for label, peer, key, base in lines:
        print(f"  {label:26}", end="")
        for case in CASES:
            value = results.value(peer, case, n, ipv6, key)
            floor = results.value("floor", case, n, ipv6, base) if base else None
            print(f"{cell(value, floor) if base else number(value, '9.1f') + ' ' * 7:>20}", end="")
        print()


def processor_table(results, sizes, ipv6s):
    print("\nProcessor time in all runs, ms. User: the work itself; starting, and reading the document, apart. "
          "All: user and system, of whole processes")
    print(f"  {'':23}{'runs':>6}{'user: floor':>13}{'library':>9}{'ratio':>9}{'apart: floor':>14}{'library':>9}"
          f"{'all: floor':>12}{'library':>9}{'ratio':>9}")
    for n in sizes:
        for ipv6 in ipv6s:
            for case in CASES:
                floor, floor_apart = results.user("floor", case, n, ipv6)
                lib, lib_apart = results.user("lib", case, n, ipv6)
                if floor is None or lib is None:
                    continue
                runs = len(results.values("lib", case, n, ipv6, "user_ms"))
                all_floor, all_lib = (results.processor(peer, case, n, ipv6) for peer in ("floor", "lib"))
                print(f"  N={n:<5} {ipv6:8} {case:6}{runs:6}{floor:13.1f}{lib:9.1f}{times(lib, floor):>9}"
                      f"{floor_apart:14.1f}{lib_apart:9.1f}"
                      f"{all_floor:12.1f}{all_lib:9.1f}{times(all_lib, all_floor):>9}")


def times(value, floor):
    return f"{value / floor:.2f}x" if floor > 0 else "-"


# ---- targets ----

def time_verdicts(results, n, ipv6):
    for case, (limit, least) in TARGETS.items():
        value = ratio(results.value("lib", case, n, ipv6, "apply_ms"),
                      results.value("floor", case, n, ipv6, "inside_ms"))
        if value is not None and n >= least:
            yield f"{case} {CASES[case]}, N={n}, IPv6 {ipv6}", f"{value:.2f}x", f"<= {limit}x", value <= limit
    changes = results.values("lib", "K2", n, ipv6, "changes") + results.values("ctl", "K2", n, ipv6, "changes")
    if changes:
        yield f"K2 writes, N={n}, IPv6 {ipv6}", str(max(changes)), "0", max(changes) == 0


def user_verdict(results, n, ipv6):
    pairs = [(results.user("lib", case, n, ipv6)[0], results.user("floor", case, n, ipv6)[0]) for case in CASES]
    pairs = [pair for pair in pairs if None not in pair]
    # Of few objects it is less than what the sampling tells.
    if pairs and n >= 100:
        value = ratio(sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs))
        yield f"user time of all cases, N={n}, IPv6 {ipv6}", f"{value:.2f}x", f"<= {USER_TARGET}x", value <= USER_TARGET


def memory_verdict(results, options, n, ipv6):
    """By the difference to a few objects: what those take is the libraries' and the process's own."""
    least = min(options.sizes)
    for case in CASES:
        few, many = ((results.value("lib", case, size, ipv6, "memory_kb"),
                      results.value("lib", case, size, ipv6, "objects")) for size in (least, n))
        if n < 1000 or n == least or None in few + many:
            continue
        value = (many[0] - few[0]) * 1024 / (many[1] - few[1])
        yield (f"memory an object, {case}, N={n}, IPv6 {ipv6}", f"{value:.0f} bytes", f"< {MEMORY_TARGET}",
               value < MEMORY_TARGET)


def verdicts(results, options):
    found = []
    for n in options.sizes:
        for ipv6 in options.ipv6:
            found += time_verdicts(results, n, ipv6)
            found += user_verdict(results, n, ipv6)
            found += memory_verdict(results, options, n, ipv6)
    print("\nTargets")
    for what, value, target, met in found:
        print(f"  {'met   ' if met else 'MISSED'}  {what:44} {value:>12}  {target}")


def show_faults(faults):
    if faults:
        print(f"\n{len(faults)} faults: their runs are left out")
    for fault in faults[:20]:
        print(f"  {fault}")


def show(rows, options):
    results = Results(rows, options.best)
    for n in options.sizes:
        for ipv6 in options.ipv6:
            peers = [peer for peer in options.peers if results.values(peer, "K1", n, ipv6, "wall_ms")]
            if peers:
                table(results, n, ipv6, peers, "best" if options.best else "median")
    processor_table(results, options.sizes, options.ipv6)
    verdicts(results, options)
