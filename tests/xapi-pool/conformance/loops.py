# SPDX-License-Identifier: Apache-2.0
"""A client that follows changes with event.from, one call after the other. How the changes fall
into answers is chance; what all the answers say together is not, and that is compared."""

import threading

TIMEOUT = 0.4


def is_loop(line):
    return 'thread' in line and line['call'] == 'event.from' and line.get('note', '').startswith('loop')


def members(lines, first):
    """The numbers of the lines of one loop: they share the remark."""
    return [n for n, line in enumerate(lines) if n >= first and is_loop(line) and line['note'] == lines[first]['note']]


class Loop:
    def __init__(self, ask, line):
        """ASK makes one call: the line with another token and a short timeout."""
        self.ask = ask
        self.events = []
        self.token = line['params'][2]
        self.quiet = threading.Event()
        self.stopping = False
        self.thread = threading.Thread(target=self._run, args=(line,), daemon=True)
        self.thread.start()

    def _run(self, line):
        classes = line['params'][1]
        while not self.stopping or not self.quiet.is_set():
            self.quiet.clear()
            reply = self.ask({'call': 'event.from', 'params': ['$S', classes, self.token, TIMEOUT], 'reply': {}})
            if reply.get('Status') != 'Success':
                self.events.append(reply)
                return
            self.token = reply['Value']['token']
            self.events += reply['Value']['events']
            if not reply['Value']['events']:
                self.quiet.set()

    def finish(self):
        """All events, once a whole call has passed without one."""
        self.stopping = True
        self.quiet.clear()
        self.thread.join(20)
        return self.events


def merged(events):
    """What is known of each object in the end: class, ref, whether it came or went, its record."""
    out = {}
    for event in events:
        key = (event['class'], event['ref'])
        before = out.get(key)
        operation = event['operation']
        if before and before['operation'] == 'add' and operation == 'mod':
            operation = 'add'
        out[key] = dict(event, operation=operation)
    return list(out.values())
