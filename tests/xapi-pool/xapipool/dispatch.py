# SPDX-License-Identifier: Apache-2.0
"""From a method's name and its parameters to an answer, in XAPI's order of checks."""

import threading
import time

from . import automatic, session, task
# the modules with the messages, which are found in HANDLERS
from . import bond, event, hosts, network, pif_config, pif_scan  # noqa: F401
from . import pool, pool_join, sdn, tunnel, vif, vlan, vm  # noqa: F401
from .call import Call, HANDLERS
from .errors import ApiError, Cut, Refused, internal
from .faults import error_of
from .values import check
from .xmlrpc import fragment

# Answered by the host itself, whatever it is in the pool.
LOCAL = ('session.slave_local_login_with_password', 'session.local_logout')


class Dispatcher:
    def __init__(self, world):
        self.world = world
        self.begun = threading.local()      # tasks, of the connection that a thread serves

    def answer(self, host, transport, method, params):
        """(value, None) or (None, ErrorDescription). Raises Cut when no answer shall come."""
        with self.world.lock:
            self.world.count(host, method)
            faults = self.world.faults.take(host, method)
        self._hold(host, faults)
        for fault in faults:
            if fault.action == 'cut-before':
                raise Cut()
            if fault.action == 'http':
                raise Refused(fault.status)
            if fault.action == 'fail' and not fault.after:
                return None, error_of(fault).description()
        if any(f.action == 'expire-session' for f in faults) and params:
            with self.world.lock:
                session.forget(host.pool, params[0])
        answer = self._locked(host, transport, method, params)
        if any(f.action == 'repeat' for f in faults):
            answer = self._locked(host, transport, method, params)
        for fault in faults:
            if fault.action in ('cut-after', 'cut-during'):
                raise Cut(answer if fault.action == 'cut-during' else None)
            if fault.action == 'fail':
                self.answered(wait=True)
                return None, error_of(fault).description()
        return answer

    def _hold(self, host, faults):
        """Latency, delays, and hosts that take a call and never answer."""
        wait = host.latency + sum(f.seconds for f in faults if f.action == 'delay')
        end = time.monotonic() + wait
        while time.monotonic() < end and not self.world.stopping:
            time.sleep(max(0.0, min(0.2, end - time.monotonic())))
        while host.state == 'away' or any(f.action == 'hang' for f in faults):
            if self.world.stopping:
                raise Cut()
            time.sleep(0.05)

    def _locked(self, host, transport, method, params):
        with self.world.lock:
            try:
                return self._call(host, transport, method, params), None
            except ApiError as e:
                return None, e.description()
            finally:
                self.world.lock.notify_all()

    # --- the checks

    def _call(self, host, transport, method, params):
        if method == 'system.listMethods':
            return sorted(m.full for c in self.world.model.classes.values() for m in c.messages.values())
        prefix, _, rest = method.partition('.')
        is_async = prefix in ('Async', 'InternalAsync')
        name = rest if is_async else method
        m = self.world.model.find(name)
        if m is None:
            if params:
                self._session(host, transport, params[0])
            raise ApiError('MESSAGE_METHOD_UNKNOWN', name)
        if is_async and not m.has_async:
            raise ApiError('Fault', 'No async mode for this operation (rpc: %s)' % name)
        arguments = self._arguments(m, params)
        call = Call(self.world, host, transport, m.full)
        if m.session:
            call.session = self._session(host, transport, check(('ref', 'session'), params[0]))
        elif transport == 'tcp' and not host.is_coordinator and m.full not in LOCAL:
            raise ApiError('HOST_IS_SLAVE', self._coordinator(host))
        if m.removed:
            raise ApiError('MESSAGE_REMOVED')
        if is_async:
            return self._start(call, m, arguments)
        return self._run(call, m, arguments)

    def _coordinator(self, host):
        return host.pool.db.get('host', host.pool.coordinator.ref, 'address')

    def _session(self, host, transport, ref):
        """The session if it is one; at a supporter's TCP port only its own local ones are taken."""
        if not isinstance(ref, str):
            raise internal('Failure("Expected string")')
        if ref in host.local_sessions:
            return ref
        if not host.pool.db.exists('session', ref):
            raise ApiError('SESSION_INVALID', ref)
        if transport == 'tcp' and not host.is_coordinator:
            raise ApiError('HOST_IS_SLAVE', self._coordinator(host))
        session.use(host.pool, ref)
        return ref

    def _arguments(self, m, params):
        """The parameters without the session, of the right number and types."""
        first = 1 if m.session else 0
        given, wanted = len(params) - first, len(m.params)
        short = given < wanted - m.optional
        if short or (given > wanted and not m.optional):
            raise ApiError('MESSAGE_PARAMETER_COUNT_MISMATCH', m.full, wanted - m.optional, given)
        return [check(kind, value) for (_, kind), value in zip(m.params, params[first:])]

    # --- doing it

    def _run(self, call, m, arguments):
        self.world.sleep(self.world.cost.parallel(m.full))
        call.host = call.host if m.full in LOCAL or m.full.startswith('session.') else call.pool.coordinator
        if m.full in HANDLERS:
            value = HANDLERS[m.full](call, *arguments)
            return '' if value is None else value
        if m.kind in automatic.KINDS:
            return automatic.KINDS[m.kind](call, m, *arguments)
        raise ApiError('NOT_IMPLEMENTED', m.full)

    def _start(self, call, m, arguments):
        call.task = task.create(call, 'Async.' + m.full, '')
        task_thread = threading.Thread(target=self._background, args=(call, m, arguments), daemon=True)
        self.begun.tasks = getattr(self.begun, 'tasks', []) + [task_thread]
        return call.task

    def answered(self, wait=False):
        """The answer was sent, or lost: only now the tasks begin that it tells of. What they do may cut
        the connection, which on a real host takes longer than to answer."""
        begun = vars(self.begun).pop('tasks', [])
        for task_thread in begun:
            task_thread.start()
        for task_thread in begun if wait else []:
            task_thread.join()

    def _background(self, call, m, arguments):
        with self.world.lock:
            try:
                value = self._run(call, m, arguments)
                task.finish(call, 'success', result=fragment(value))
            except ApiError as e:
                task.finish(call, 'failure', error=e.description())
            finally:
                self.world.lock.notify_all()
