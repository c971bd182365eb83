# SPDX-License-Identifier: Apache-2.0
"""One call on its way through the server: what the handlers of messages get."""

import contextlib

from .errors import ApiError

HANDLERS = {}


def message(*names):
    """Marks the function that does these messages: it takes the call and the parameters."""
    def register(function):
        for name in names:
            HANDLERS[name] = function
        return function
    return register


class Call:
    def __init__(self, world, host, transport, method, session=None):
        self.world = world
        self.host = host
        self.pool = host.pool
        self.db = host.pool.db
        self.transport = transport
        self.method = method
        self.session = session
        self.task = None

    def get(self, cls, ref, field):
        return self.db.get(cls, ref, field)

    def set(self, cls, ref, **fields):
        self.db.set(cls, ref, **fields)

    def need(self, cls, ref):
        """HANDLE_INVALID unless the object is there."""
        self.db.row(cls, ref)

    def progress(self, value):
        if self.task and self.db.exists('task', self.task):
            self.set('task', self.task, progress=value)

    # --- hosts

    def pool_field(self, field):
        return self.get('pool', self.pool.ref, field)

    @contextlib.contextmanager
    def on_host(self, ref, patient=False):
        """What is done here is done by that host. One that is away holds the caller, then the
        call fails; PATIENT is for the calls that outlast a lost connection for longer."""
        self.need('host', ref)
        metrics = self.get('host', ref, 'metrics')
        if self.db.exists('host_metrics', metrics) and not self.get('host_metrics', metrics, 'live'):
            raise ApiError('HOST_OFFLINE', ref)
        target = self.pool.host(ref)
        if self.task and self.db.exists('task', self.task):
            self.set('task', self.task, resident_on=ref)
        self.reach(target, ref, patient)
        before, self.host = self.host, target
        try:
            yield target
        finally:
            self.host = before

    def reach(self, target, ref, patient=False):
        gone = target is not None and target.state == 'away'    # no answer, but no reset either
        limit = self.world.contact_timeout * (3 if patient or gone else 1)
        waited = 0.0
        while target is None or target.state != 'up':
            if waited >= limit or self.world.stopping:
                raise ApiError('CANNOT_CONTACT_HOST', ref)
            step = min(limit / 10 or 0.05, 0.2)
            self.world.sleep(step)
            waited += step

    @contextlib.contextmanager
    def busy(self, target, what):
        """Work that TARGET does serially: it takes its time while others may use the database."""
        seconds = self.world.cost.serial(what)
        if seconds <= 0:
            yield
            return
        self.world.lock.release()
        try:
            target.busy.acquire()
        finally:
            self.world.lock.acquire()
        try:
            self.world.sleep(seconds)
            yield
        finally:
            target.busy.release()

    # --- facts that several classes need

    def host_pif(self, network, host):
        """The PIF of a network on a host, or None."""
        return next((p for p in self.get('network', network, 'PIFs')
                     if self.get('PIF', p, 'host') == host), None)
