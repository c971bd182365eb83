#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: wire_replay.py [-v] [NAME...] - sends the recorded requests, byte by byte, and compares the answers.

The status line, the headers and the body of each answer are held against the recording; refs,
uuids and times are matched. What may differ is in conformance/wire_known.py, with the reason."""

import json
import os
import re
import socket
import sys
import tempfile
import xmlrpc.client

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

from conformance.compare import REF, Mapping, compare  # noqa: E402
from conformance.hosts import config_of  # noqa: E402
from conformance.replay import DATA, Server, known_classes, lines_of  # noqa: E402
from conformance.wire_known import DIFFERENCES, SKIPPED, TOGETHER  # noqa: E402

FRAME = re.compile(rb'(REQUEST(?: HEAD| BODY| PART)?|RESPONSE) (\d+) bytes, (\d+) shown')
FOLDER = os.path.join(DATA, 'wire')
PATIENCE = 1
WRITTEN = 'OpaqueRef:75d2b712-2a28-4713-55fe-b9009c5283c4'      # the network that the recorder wrote to
SESSION = 'OpaqueRef:a6556441-3b66-a9bc-05da-72e5beac71e8'
TASK = 'OpaqueRef:5f2d4add-8e5f-7527-19b6-2bc0dfce6437'         # and a task that it had made


def load(name):
    """[(kind, bytes, whether all of them are there)]"""
    with open(os.path.join(FOLDER, name + '.txt'), 'rb') as f:
        data = f.read()
    at, out = 0, []
    while at < len(data):
        end = data.index(b'\n', at)
        line, at = data[at + 4:end], end + 1
        m = FRAME.fullmatch(line)
        if m:
            size = int(m[3])
            out.append((m[1].decode(), data[at:at + size], m[2] == m[3]))
            at += size + 1
        else:
            out.append(('remark', line, True))
    return out


class Wire:
    """Recorded exchanges against one server; host 2 is the supporter."""

    def __init__(self, server, mapping, verbose):
        self.server = server
        self.mapping = mapping
        self.verbose = verbose

    def address(self, name, frames):
        host = self.server.hosts[1 if name.startswith('slave-') else 0]
        if any(d.startswith(b'CONNECT TCP') for k, d, _ in frames if k == 'remark'):
            return socket.AF_INET, (host['listen'], host['http'])
        return socket.AF_UNIX, host['unix']

    def reset(self):
        """Each recording finds the network and the task that it writes to as they were at first, but
        for those that read what another one wrote."""
        fields = {'name_label': 'Pool-wide network associated with eth3', 'name_description': '', 'tags': [],
                  'other_config': {}, 'MTU': 1500, 'default_locking_mode': 'unlocked'}
        self.server.control('set', **{'class': 'network', 'ref': self.mapping.ours[WRITTEN], 'fields': fields})
        if TASK in self.mapping.ours:
            self.server.control('set', **{'class': 'task', 'ref': self.mapping.ours[TASK], 'fields': {'progress': 0.0}})

    def session(self, name):
        """A session that the recorder had and whose login was not recorded."""
        number = 2 if name.startswith('slave-') else 1
        return self.server.client(number, 'unix').call('session.login_with_password',
                                                       ['root', '', '1', 'recorder'])['Value']

    def outgoing(self, name, data):
        """The request with the server's refs, which are as long as the recorded ones."""
        text = data.decode('latin-1')
        refs = REF.findall(text)
        if refs and not self.mapping.known(refs[0]):
            self.mapping.match(refs[0], self.session(name))
        return self.mapping.translate(text).encode('latin-1')

    def exchange(self, name, frames):
        family, address = self.address(name, frames)
        answer = b''
        with socket.socket(family) as sock:
            sock.settimeout(PATIENCE)
            sock.connect(address)
            for kind, data, whole in frames:
                if kind.startswith('REQUEST'):
                    try:
                        sock.sendall(self.outgoing(name, data))
                    except OSError:
                        break
            wanted = b''.join(d for k, d, _ in frames if k == 'RESPONSE')
            count = max(1, wanted.count(b'HTTP/1.'))
            while len(split(answer)) < count:
                try:
                    more = sock.recv(65536)
                except OSError:
                    break
                if not more:
                    break
                answer += more
        return wanted, answer

    def play(self, name):
        frames = load(name)
        if not follows(name):
            self.reset()
        wanted, answer = self.exchange(name, frames)
        if self.verbose:
            print(name, answer[:2000])
        theirs, ours = split(wanted), split(answer)
        if len(theirs) != len(ours):
            return [(name, '%d answers' % len(theirs), '%d answers: %r' % (len(ours), answer[:300]))]
        out = []
        for (status, headers, body), (our_status, our_headers, our_body) in zip(theirs, ours):
            if status != our_status:
                out.append((name + ' status', status, our_status))
            if headers != our_headers:
                out.append((name + ' headers', headers, our_headers))
            out += [(name + ' ' + p, a, b) for p, a, b in self.bodies(body, our_body)]
        return out

    def bodies(self, theirs, ours):
        a, b = decoded(theirs), decoded(ours)
        if isinstance(a, dict) and 'valid_ref_counts' in str(a) and 'valid_ref_counts' in str(b):
            known_classes(a['Value'], b['Value'])
        return compare(a, b, self.mapping, 'body')


def split(data):
    """[(status line, headers without the length, body)] of the whole answers in some bytes."""
    out = []
    while data:
        head, found, rest = data.partition(b'\r\n\r\n')
        if not found:
            break
        lines = head.decode('latin-1').split('\r\n')
        headers = dict(line.split(': ', 1) for line in lines[1:])
        length = int(headers.pop('content-length', '0'))
        if len(rest) < length:
            break
        out.append((lines[0], headers, rest[:length]))
        data = rest[length:]
    return out


def decoded(body):
    """A body as a value: XML-RPC, JSON, or the text itself."""
    if body.startswith(b'<?xml'):
        try:
            (value,), _ = xmlrpc.client.loads(body)
            return plain(value)
        except Exception:       # ill-formed, as XAPI's answers can be: the text then
            return body.decode('utf-8', 'replace')
    if body.startswith(b'{'):
        return plain(json.loads(body))
    return body.decode('utf-8', 'replace')


def plain(value):
    if isinstance(value, xmlrpc.client.DateTime):
        return value.value
    if isinstance(value, list):
        return [plain(v) for v in value]
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    return value


def learn(server, mapping):
    """Who the objects in the recorded requests are: the hosts of the recording, as installed."""
    with open(os.path.join(DATA, 'records', 'fresh-6nic-PIF.json'), encoding='utf-8') as f:
        pifs = json.load(f)
    with open(os.path.join(DATA, 'records', 'fresh-6nic-network.json'), encoding='utf-8') as f:
        networks = json.load(f)
    rows = server.control('dump', host='1', classes=['PIF', 'network', 'host'])
    first = next(iter(rows['host']))
    for ref, record in networks.items():
        ours = next(r for r, n in rows['network'].items() if n['bridge'] == record['bridge'])
        mapping.match(ref, ours)
        mapping.match(record['uuid'], rows['network'][ours]['uuid'])
    for ref, record in pifs.items():
        ours = next(r for r, p in rows['PIF'].items() if p['host'] == first and p['device'] == record['device'])
        for a, b in ((ref, ours), (record['uuid'], rows['PIF'][ours]['uuid']),
                     (record['metrics'], rows['PIF'][ours]['metrics']), (record['host'], first)):
            mapping.match(a, b)
    client = server.client(1, 'unix')
    session = client.call('session.login_with_password', ['root', '', '1', 'recorder'])['Value']
    mapping.match(SESSION, session)
    mapping.match(TASK, client.call('task.create', [session, 't', 'd'])['Value'])


def before(name):
    """The recording that a reading one follows, by their names."""
    for ending, instead in (('-get', '-set'), ('-read-back', '')):
        if name.endswith(ending) and not any(f == name for _, f in TOGETHER):
            return name[:-len(ending)] + instead
    return None


def follows(name):
    return before(name) is not None or any(f == name for _, f in TOGETHER)


def names():
    """All recordings, each that reads something back right after the one that wrote it."""
    found = sorted(n[:-4] for n in os.listdir(FOLDER) if n.endswith('.txt'))
    pairs = TOGETHER + [(before(n), n) for n in found if before(n)]
    for first, following in pairs:
        if first in found and following in found:
            found.remove(following)
            found.insert(found.index(first) + 1, following)
    return [n for n in found if n not in SKIPPED]


def main():
    wanted = [a for a in sys.argv[1:] if a != '-v'] or names()
    failed, used = 0, set()
    for config, mine in ((config_of(lines_of('pool-join')), [n for n in wanted if not n.startswith('slave-')]),
                         (config_of(lines_of('pool-operations')), [n for n in wanted if n.startswith('slave-')])):
        failed += play_all(config, mine, used)
    if len(wanted) > 1:
        for row in [r for r in DIFFERENCES if r not in used]:
            print('nothing differs any more as wire_known.py says: %s' % (row,))
            failed += 1
    print('%d exchanges, %d differences' % (len(wanted), failed))
    return 1 if failed or not wanted else 0


def play_all(config, wanted, used):
    failed = 0
    with tempfile.TemporaryDirectory(prefix='xapi-') as folder:
        server = Server(folder, config)
        try:
            mapping = Mapping()
            learn(server, mapping)
            wire = Wire(server, mapping, '-v' in sys.argv)
            for name in wanted:
                for path, theirs, ours in wire.play(name):
                    row = next((r for r in DIFFERENCES if re.search(r[0], path)), None)
                    used.add(row)
                    if row is None:
                        failed += 1
                        print('%s\n    recorded %r\n    ours     %r' % (path, theirs, ours))
        finally:
            server.stop()
    return failed


if __name__ == '__main__':
    sys.exit(main())
