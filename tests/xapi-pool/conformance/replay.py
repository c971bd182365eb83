# SPDX-License-Identifier: Apache-2.0
"""Plays one recorded scenario to the server, line by line, and collects what differs."""

import gzip
import http.client
import json
import os
import re
import subprocess
import sys
import threading
import time

from .client import Client, Control, Unix
from .compare import Mapping, compare
from .loops import Loop, is_loop, members, merged
from .tables import Tables, as_text, changes, in_order, recorded_changes

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, '..', '..', 'data', 'xapi')
PATIENCE = 20.0
# A held call lasts 100 s in the recording, and a client gave up after 130 s.
CONTACT_TIMEOUT = 1.0
GIVE_UP = 1.3
SHORT = 0.3


def by_end(lines):
    """Numbered lines; a call that was waiting comes after those made before its answer came."""
    order = list(enumerate(lines))
    for at in range(len(order) - 1, -1, -1):
        here = at
        while here + 1 < len(order) and _waited(order[here][1], order[here + 1][1]):
            order[here], order[here + 1] = order[here + 1], order[here]
            here += 1
    return order


def _waited(line, following):
    return 'thread' in line and 'call' in following and 'thread' not in following \
        and following['at'] < line['at'] + line['ms'] / 1000


def lines_of(name):
    with gzip.open(os.path.join(DATA, 'scenarios', name + '.jsonl.gz'), 'rt', encoding='utf-8') as f:
        return [json.loads(line) for line in f]


class Server:
    """The server as a process of its own, installed like the hosts of the recording."""

    def __init__(self, folder, config):
        self.folder = folder
        path = os.path.join(folder, 'config.json')
        with open(path, 'w', encoding='utf-8') as f:
            json.dump(config, f)
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(HERE, '..', 'xapi-pool'), '--config', path, '--http', '0',
             '--unix', os.path.join(folder, 'xapi'), '--control', os.path.join(folder, 'control'),
             '--contact-timeout', str(CONTACT_TIMEOUT), '--restart', '0.3'],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError('the server did not start')
        self.hosts = json.loads(line)['hosts']
        self.control = Control(os.path.join(folder, 'control'))

    def client(self, number, transport, timeout=PATIENCE):
        host = self.hosts[number - 1]
        if transport == 'unix':
            return Client(lambda: Unix(host['unix'], timeout))
        return Client(lambda: http.client.HTTPConnection(host['listen'], host['http'], timeout=timeout))

    def stop(self):
        self.control.close()
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(10)


class Replay:
    def __init__(self, server, lines, known, verbose=False):
        self.server = server
        self.lines = lines
        self.known = known
        self.verbose = verbose
        self.mapping = Mapping()
        self.sessions = {}
        self.newest = None          # the last login: the next unknown session of the recording
        self.differences = []
        self.tables = None
        self.state = None
        self.waiting = []           # replies whose refs the next table changes explain
        self.threads = {}
        self.loops = {}             # remark -> the loop that is running
        self.calls = 0

    # --- sessions

    def session(self, name, host):
        """$S is the recorder's own session on the host called; others follow their login."""
        key = (name, host) if name == '$S' else name
        if key not in self.sessions:
            if name == '$S' or self.newest is None:
                reply = self.server.client(host, 'unix').call('session.login_with_password', ['root', '', '1', 'r'])
                self.sessions[key] = reply['Value']
            else:
                self.sessions[key] = self.newest
        return self.sessions[key]

    def with_sessions(self, value, host):
        if isinstance(value, str):
            return re.sub(r'\$[A-Z]\d?', lambda m: self.session(m.group(), host), value)
        if isinstance(value, list):
            return [self.with_sessions(v, host) for v in value]
        if isinstance(value, dict) and '$xml' not in value:
            return {k: self.with_sessions(v, host) for k, v in value.items()}
        return value

    # --- lines

    def run(self):
        for number, line in by_end(self.lines):
            self.start_threads(number)
            if 'tables' in line:
                self.whole(number, line)
            elif 'table_changes' in line:
                self.changed(number, line['table_changes'])
            elif 'call' in line:
                self.call(number, line)
            elif 'note' in line:
                self.note(line)
        self.settle()
        return self.differences

    def report(self, number, found):
        for path, theirs, ours in found:
            if not self.known.allows(number, path):
                self.differences.append((number, path, theirs, ours))

    # --- calls

    def host_of(self, line):
        return 2 if line.get('on') == 'host2' else 1

    def transport_of(self, line):
        """Over the unix socket unless the recording says TCP, or its answer gives it away."""
        error = line['reply'].get('ErrorDescription', [''])[0]
        return 'tcp' if error in ('HOST_IS_SLAVE', 'SESSION_AUTHENTICATION_FAILED') else 'unix'

    def start_threads(self, number):
        """Calls that were made beside others start where their time says, not where they ended."""
        at = self.lines[number].get('at')
        if at is None or 'thread' in self.lines[number]:
            return
        for later in range(number, len(self.lines)):
            line = self.lines[later]
            if 'thread' not in line or line['at'] > at + 0.0005 or later in self.threads:
                continue
            if is_loop(line):
                self.start_loop(line)
            else:
                self.start_thread(later, line)
                time.sleep(0.05)

    def start_loop(self, line):
        if line['note'] not in self.loops:
            self.loops[line['note']] = Loop(self.ask, line)
            time.sleep(0.05)

    def end_of_loop(self, number, line):
        """The last line of a loop: everything that it was told, against what was recorded."""
        self.calls += 1
        numbers = members(self.lines, self.lines.index(next(
            l for l in self.lines if is_loop(l) and l['note'] == line['note'])))
        self.start_loop(line)
        if number != numbers[-1]:
            return
        recorded = [e for n in numbers for e in self.lines[n]['reply']['Value']['events']]
        loop = self.loops.pop(line['note'])
        ours = loop.finish()
        expected, reply = {'events': merged(recorded), 'valid_ref_counts': {}}, \
            {'events': merged(ours), 'valid_ref_counts': {}}
        for event in expected['events'] + reply['events']:
            event['id'] = ''
        known_classes(expected, reply)
        for n in numbers:
            self.mapping.tokens[self.lines[n]['reply']['Value']['token']] = loop.token
        self.report(number, compare(expected['events'], reply['events'], self.mapping, 'loop'))

    def start_thread(self, number, line):
        out = []
        thread = threading.Thread(target=lambda: out.append(self.ask(line)), daemon=True)
        self.threads[number] = (thread, out)
        thread.start()

    def ask(self, line):
        timeout = GIVE_UP if 'TimeoutError' in line['reply'].get('transport_error', '') else PATIENCE
        host = self.host_of(line)
        params = self.with_sessions(self.mapping.translate(line['params']), host)
        if nothing_happens(line) and isinstance(params[-1], float):
            params[-1] = min(params[-1], SHORT)
        return self.server.client(host, self.transport_of(line), timeout).call(line['call'], params)

    def call(self, number, line):
        if self.known.skips(number):
            return
        if is_loop(line):
            self.end_of_loop(number, line)
            return
        if number in self.known.missing:
            method, params, result = self.known.missing[number]
            reply = self.ask({'on': line.get('on'), 'call': method, 'params': ['$S'] + params, 'reply': {}})
            self.mapping.match(result, reply['Value'])
        if 'thread' in line and number not in self.threads:
            self.start_thread(number, line)
        if number in self.threads:
            thread, out = self.threads[number]
            thread.join(PATIENCE)
            reply = out[0] if out else {'transport_error': 'no answer'}
        else:
            time.sleep(0.15 if self.loops else 0)       # so that each change is seen by itself
            reply = self.ask(line)
        self.calls += 1
        if self.verbose:
            print(number, line['call'], str(reply)[:300])
        self.keep_session(line, reply)
        self.answered(number, line, reply)

    def keep_session(self, line, reply):
        if 'login' in line['call'] and reply.get('Status') == 'Success':
            self.newest = reply['Value']
            if 'on' in line and line['call'] == 'session.login_with_password':
                self.sessions[('$S', self.host_of(line))] = reply['Value']

    def answered(self, number, line, reply):
        expected = self.with_sessions(line['reply'], self.host_of(line))
        if 'transport_error' in expected:
            if 'transport_error' not in reply:
                self.report(number, [('reply', expected, reply)])
            return
        if line['call'].startswith('Async.') or line['call'] == 'task.get_record':
            self.poll(line, expected, reply)
        set_aside(expected, reply)
        if line['call'] in ('event.from', 'event.next') and reply.get('Status') == 'Success':
            known_classes(expected['Value'], reply['Value'])
        if 'trimmed' in line:
            trim(expected, reply)
        if self.state is not None and isinstance(expected.get('Value'), (list, dict)) and self.explained(line):
            self.waiting.append((number, line['call'], expected, reply))
            return
        self.compare_reply(number, line['call'], expected, reply)

    @staticmethod
    def explained(line):
        """Whether the table changes that follow tell who the refs in the answer are."""
        cls, _, name = line['call'].partition('.')
        return cls != 'event' and not name.startswith('get_')

    def compare_reply(self, number, method, expected, reply):
        found = compare(expected, reply, self.mapping, method)
        self.report(number, found)

    def poll(self, line, expected, reply):
        """A task gets the time to come where it was in the recording: to its host, or to its end."""
        value = expected.get('Value')
        if not isinstance(value, dict):
            return
        host = self.mapping.translate(value['resident_on'])

        def is_there(task):
            return task.get('status') != 'pending' or (value['status'] == 'pending' and task['resident_on'] == host)

        end = time.monotonic() + PATIENCE
        while not is_there(reply.get('Value', {})) and time.monotonic() < end:
            time.sleep(0.02)
            reply.update(self.ask(line))

    # --- tables

    def dump(self, host=1):
        dumped = self.server.control('dump', host=str(host), classes=list(self.tables.fields))
        return self.tables.trim(as_text(dumped))

    def settle(self):
        for waiting in self.waiting:
            self.compare_reply(*waiting)
        self.waiting = []

    def changed(self, number, change):
        change = recorded_changes(change, self.tables)
        now = self.dump()
        mine = changes(self.state, now)
        self.state = now
        self.compare_tables(number, change, mine)
        self.settle()

    def compare_tables(self, number, theirs, ours):
        """Twice: first what the rows themselves tell about who is who, then everything."""
        classes = sorted(set(theirs) | set(ours), key=in_order)
        self.mapping.lazy = True
        for cls in classes:
            compare(theirs.get(cls, {}), ours.get(cls, {}), self.mapping, cls)
        self.mapping.lazy = False
        for cls in classes:
            self.report(number, compare(theirs.get(cls, {}), ours.get(cls, {}), self.mapping, cls))

    def whole(self, number, line):
        """The state of everything: where a scenario starts, and where it ends."""
        self.settle()
        host = self.host_of(line)
        if self.tables is None:
            self.tables = Tables(line['tables'])
        self.tables.learn(line['tables'])
        theirs = self.tables.trim(line['tables'])
        ours = self.dump(host)
        self.compare_tables(number, theirs, ours)
        if host == 1:
            self.state = ours

    # --- what was done outside of the API

    def note(self, line):
        control = self.server.control
        if "the supporter's xapi is restarted" in line['note']:
            control('restart', host='2')
        elif "the coordinator's xapi is restarted" in line['note']:
            control('restart', host='1')
            self.sessions = {}
        elif line['note'] == 'now the supporter goes down':
            gone = 'dead' if 'killed' in self.lines[0]['note'] else 'away'
            control('host', host='2', state=gone)
        elif 'after the reply of pool.join' in line['note']:
            wait_until(lambda: all(h['state'] == 'up' and not h['joining'] for h in control('hosts')))
        if 'restarted' in line['note']:
            wait_until(lambda: all(h['state'] == 'up' for h in control('hosts')))


def nothing_happens(line):
    """A wait for events that ends with its timeout need not be as long as the recorded one."""
    value = line['reply'].get('Value')
    return line['call'] == 'event.from' and isinstance(value, dict) and not value['events']


def wait_until(condition):
    end = time.monotonic() + PATIENCE
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)


# What a monitor writes when it comes by, and what the recordings left out.
VOLATILE = ('links_up', 'backtrace')


def set_aside(expected, reply):
    """Takes out of both what does not depend on the call."""
    if isinstance(expected, dict) and isinstance(reply, dict):
        if expected.get('status') == 'pending' and 'subtask_of' in expected:
            for field in ('status', 'finished', 'progress', 'result', 'error_info'):
                expected.pop(field), reply.pop(field, None)
        if 'pci_bus_path' in expected:
            for field in [f for f in expected if f not in ('uuid', 'other_config')]:
                expected.pop(field), reply.pop(field, None)
        for field in VOLATILE:
            if field in expected:
                expected.pop(field), reply.pop(field, None)
        for key in expected:
            set_aside(expected[key], reply.get(key))
            # rows that are keyed by refs do not meet by key
        if any(key.startswith('OpaqueRef:') for key in expected):
            for row in list(expected.values()) + list(reply.values()):
                if isinstance(row, dict):
                    for field in VOLATILE:
                        row.pop(field, None)


def known_classes(expected, reply):
    """The counts of classes that the server has not are no difference, nor are event ids."""
    if isinstance(expected, dict):
        counts, mine = expected['valid_ref_counts'], dict(reply['valid_ref_counts'])
        for cls in set(counts) | set(mine):
            if cls not in mine or cls not in counts or cls in ('session', 'task', 'pci'):
                counts.pop(cls, None)
                reply['valid_ref_counts'].pop(cls, None)
        expected, reply = expected['events'], reply['events']
        expected[:] = [e for e in expected if not mine or e['class'] in mine]
    for event in expected + reply:
        event.pop('id')
        if event['class'] in ('pif_metrics', 'host_metrics', 'bond') and isinstance(event.get('snapshot'), dict):
            event['snapshot'] = {'uuid': event['snapshot']['uuid']}
    fields = {event['class']: set(event['snapshot']) for event in expected
              if isinstance(event.get('snapshot'), dict)}
    for event in expected + reply:
        if event['class'] not in fields:
            event.pop('snapshot', None)
        elif 'snapshot' in event:
            event['snapshot'] = {f: v for f, v in event['snapshot'].items() if f in fields[event['class']]}


def trim(expected, reply):
    """Records whose fields the recording has not all."""
    value = expected.get('Value')
    if isinstance(value, dict) and isinstance(reply.get('Value'), dict):
        records = [(value, reply['Value'])]
        if value and all(isinstance(v, dict) for v in value.values()):
            return
        for theirs, ours in records:
            for field in [f for f in ours if f not in theirs]:
                del ours[field]
