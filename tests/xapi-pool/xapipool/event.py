# SPDX-License-Identifier: Apache-2.0
"""event.from, and the older register and next."""

import re
import time

from .call import message
from .database import copy_of
from .errors import ApiError
from .values import I4


class Subscription:
    """'*', 'class' or 'class/ref', class names in any case."""

    def __init__(self, classes):
        self.everything = False
        self.classes = set()
        self.objects = set()
        for text in classes:
            parts = text.split('/')
            if len(parts) > 2:
                raise ApiError('EVENT_SUBSCRIPTION_PARSE_FAILURE', text)
            if text == '*':
                self.everything = True
            elif len(parts) == 1:
                self.classes.add(text.lower())
            else:
                self.objects.add((parts[0].lower(), parts[1]))

    def wants(self, cls, ref):
        cls = cls.lower()
        return (self.everything or cls in self.classes or (cls, ref) in self.objects
                or (cls, '*') in self.objects)

    def wants_class(self, cls):
        cls = cls.lower()
        return self.everything or cls in self.classes or any(c == cls for c, _ in self.objects)

    def refs(self, cls, table):
        """The refs of a table that it wants: of single objects without a look at all others."""
        cls = cls.lower()
        if self.everything or cls in self.classes or (cls, '*') in self.objects:
            return list(table)
        return [ref for c, ref in self.objects if c == cls and ref in table]


def _event(identity, cls, operation, ref, record=None):
    event = {'id': str(identity), 'timestamp': '0.0', 'class': cls.lower(), 'operation': operation, 'ref': ref}
    if record is not None:
        event['snapshot'] = record
    return event


def _changes(db, subscription, since):
    """(added, modified, deleted) after a generation."""
    added, modified, deleted = [], [], []
    for cls, table in db.tables.items():
        if cls == 'session' or not subscription.wants_class(cls):
            continue
        for ref in subscription.refs(cls, table):
            row = table[ref]
            if row.modified > since:
                kind = 'add' if row.created > since else 'mod'
                (added if kind == 'add' else modified).append(
                    (row.modified, cls, kind, ref, copy_of(row.fields)))
    for generation, cls, ref, created in reversed(db.deleted):
        if generation <= since:
            break
        if since >= created and subscription.wants(cls, ref):
            deleted.append((generation, cls, 'del', ref, None))
    return sorted(added, key=lambda c: c[0]) + sorted(modified, key=lambda c: c[0]) + deleted[::-1]


def token_of(generation):
    return '%020d,%020d' % (generation, 0)


def _since(token):
    if token == '':
        return 0
    m = re.fullmatch(r'(\d+),(\d+)', token)
    if not m:
        raise ApiError('EVENT_FROM_TOKEN_PARSE_FAILURE', token)
    return int(m.group(1))


def _session_gone(call):
    return not call.db.exists('session', call.session) and call.session not in call.host.local_sessions


@message('event.from')
def event_from(call, classes, token, timeout):
    subscription = Subscription(classes)
    since = _since(token)
    end = time.monotonic() + timeout
    changes = _changes(call.db, subscription, since)
    seen = call.db.generation
    while not changes:
        left = end - time.monotonic()
        # an empty token asks for what there is: it waits only for one object that is not there
        if left <= 0 or call.world.stopping or (token == '' and not subscription.objects):
            break
        call.world.lock.wait(min(left, 1.0))
        if _session_gone(call):
            raise ApiError('SESSION_INVALID', call.session)
        if seen != call.db.generation and _changes(call.db, subscription, since):
            call.world.sleep(call.world.event_delay)        # for what comes close behind
            changes = _changes(call.db, subscription, since)
        seen = call.db.generation
    generation = max([since] + [c[0] for c in changes])
    events = [_event(g, cls, op, ref, record) for g, cls, op, ref, record in changes]
    counts = {cls.lower(): I4(len(rows)) for cls, rows in call.db.tables.items() if cls != 'event'}
    return {'events': events, 'valid_ref_counts': counts, 'token': token_of(generation)}


@message('event.inject')
def inject(call, cls, ref):
    name = next((c for c in call.db.tables if c.lower() == cls.lower()), None)
    if name is None or not call.db.exists(name, ref):
        raise ApiError('HANDLE_INVALID', cls, ref)
    before = call.db.generation
    call.db.touch(name, ref)
    return token_of(before)


@message('event.get_current_id')
def get_current_id(call):
    return 0


def _track(ref):
    return 'trackid=' + ref.replace('OpaqueRef:', '').replace('-', '')


@message('event.register')
def register(call, classes):
    entry = call.pool.registered.setdefault(call.session, [call.db.generation, []])
    entry[1] = sorted(set(entry[1]) | set(classes))
    Subscription(entry[1])


@message('event.unregister')
def unregister(call, classes):
    entry = call.pool.registered.get(call.session)
    if entry:
        entry[1] = [c for c in entry[1] if c not in classes]


@message('event.next')
def next_(call):
    entry = call.pool.registered.get(call.session)
    if not entry:
        raise ApiError('SESSION_NOT_REGISTERED', _track(call.session))
    while True:
        changes = _changes(call.db, Subscription(entry[1]), entry[0])
        if changes or call.world.stopping:
            entry[0] = call.db.generation
            stamp = '%d.' % time.time()
            return [dict(_event(number, cls, op, ref, r), timestamp=stamp)
                    for number, (g, cls, op, ref, r) in enumerate(changes)]
        call.world.lock.wait(1.0)
        if _session_gone(call):
            raise ApiError('SESSION_INVALID', call.session)
