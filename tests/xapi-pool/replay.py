#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: replay.py [-v] SCENARIO... - replays recordings of a real XAPI against xapi-pool.

Every answer and every change of the tables is compared; refs, uuids and times are matched, not
compared. conformance/known.py lists what may differ, and why. Several scenarios given as A+B
run one after the other on the same server."""

import os
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

from conformance.hosts import config_of  # noqa: E402
from conformance.known import Known  # noqa: E402
from conformance.replay import Replay, Server, lines_of  # noqa: E402


def play(names, verbose):
    scenarios = [(name, lines_of(name)) for name in names.split('+')]
    failed = 0
    with tempfile.TemporaryDirectory(prefix='xapi-') as folder:
        first = scenarios[0][1]
        server = Server(folder, config_of(first if any('tables' in l for l in first) else lines_of('events')))
        try:
            mapping = None
            for name, lines in scenarios:
                known = Known(name)
                replay = Replay(server, lines, known, verbose)
                if mapping is not None:
                    replay.mapping, replay.sessions = mapping
                differences = replay.run()
                mapping = replay.mapping, replay.sessions
                for number, path, theirs, ours in differences:
                    print('%s:%d: %s\n    recorded %s\n    ours     %s' % (name, number, path, theirs, ours))
                for row in known.unused():
                    print('%s: nothing differs any more as known.py says: %s' % (name, row[1:]))
                print('%s: %d calls, %d differences' % (name, replay.calls, len(differences)))
                failed += len(differences) + len(known.unused()) + (replay.calls == 0)
        finally:
            server.stop()
    return failed


def main():
    names = [a for a in sys.argv[1:] if a != '-v']
    if not names:
        sys.exit(__doc__)
    return 1 if sum([play(n, '-v' in sys.argv) for n in names]) else 0


if __name__ == '__main__':
    sys.exit(main())
