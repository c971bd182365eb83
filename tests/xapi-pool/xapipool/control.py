# SPDX-License-Identifier: Apache-2.0
"""The control socket: one JSON object a line in, one out. README.md lists the commands."""

import contextlib
import json
import os
import socket
import threading

from . import monitor, restart, session
from .call import Call
from .errors import ApiError
from .install import add_host, install, new_host
from .world import HostConfig


DOWN = ('dead', 'off')


class Control:
    def __init__(self, world, places, path):
        self.world = world
        self.places = places
        self.path = path
        self.saved = None
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.bind(path)
        self.sock.listen(16)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.sock.close()
        with contextlib.suppress(OSError):
            os.unlink(self.path)

    def _accept(self):
        while True:
            try:
                sock, _ = self.sock.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        with sock, sock.makefile('rw', encoding='utf-8') as stream, contextlib.suppress(OSError):
            for line in stream:
                stream.write(json.dumps(self.command(line)) + '\n')
                stream.flush()

    def command(self, line):
        try:
            arguments = json.loads(line)
            name = arguments.pop('do')
            function = getattr(self, 'do_' + name.replace('-', '_'), None)
            if function is None:
                raise ValueError('unknown command %r' % name)
            with self.world.lock:
                result = function(**arguments)
                self.world.lock.notify_all()
            return {'ok': True, 'result': result}
        except ApiError as e:
            return {'ok': False, 'error': ' '.join(e.description())}
        except (ValueError, TypeError, KeyError, AttributeError, OSError) as e:
            return {'ok': False, 'error': '%s: %s' % (type(e).__name__, e)}

    def _host(self, name):
        host = self.world.host_named(name)
        if host is None:
            raise ValueError('no host %r; there are %s' % (name, ', '.join(h.name for h in self.world.hosts)))
        return host

    def _pool(self, host):
        return (self._host(host) if host else self.world.hosts[0]).pool

    # --- faults

    def do_fault(self, **fault):
        if fault.get('host'):
            fault['host'] = self._host(fault['host']).name
        return self.world.faults.add(**fault)

    def do_faults(self):
        return [f.describe() for f in self.world.faults.table]

    def do_clear(self, number=None):
        self.world.faults.remove(number)

    def do_break(self, host, name, text=''):
        """Bringing up this bridge, device or PIF ('*': all) fails from now on."""
        self._host(host).broken[name] = text

    def do_mend(self, host, name=None):
        broken = self._host(host).broken
        for key in list(broken) if name is None else [name]:
            broken.pop(key, None)

    def do_plugin(self, host, plugin, function, result):
        """What host.call_plugin answers from now on."""
        self._host(host).plugins.setdefault(plugin, {})[function] = str(result)

    # --- looking

    def do_dump(self, host=None, classes=None):
        return self._pool(host).db.dump(classes)

    def do_rows(self, host=None):
        """How many rows each class has."""
        return {cls: len(table) for cls, table in self._pool(host).db.tables.items()}

    def do_counts(self, reset=False):
        counts = self.world.counts
        if reset:
            self.world.counts = {}
        return counts

    def do_hosts(self):
        return [dict(self.places.describe(h), state=h.state, joining=self.world.joining > 0)
                for h in self.world.hosts]

    # --- hosts and pools

    def do_host(self, host, state, live=None):
        """up, away (calls hang), dead (XAPI is gone, connections are closed), off."""
        target = self._host(host)
        if state not in ('up', 'away', 'dead', 'off'):
            raise ValueError('unknown state %r' % state)
        before, target.state = target.state, state
        if state in DOWN and before not in DOWN:
            restart.go_down(target)
            target.state = state
        elif state not in DOWN and before in DOWN:
            restart.come_up(target)
            target.state = state
        if live is None and state in ('up', 'off'):
            live = state == 'up'
        if live is not None and target.ref:
            db = target.pool.db
            db.set('host_metrics', db.get('host', target.ref, 'metrics'), live=live)

    def do_restart(self, host, seconds=0.0):
        """XAPI ends and starts again: a supporter then takes over what the coordinator has, and
        a coordinator has lost its sessions."""
        target = self._host(host)
        restart.go_down(target)
        self.world.sleep(seconds)
        if target.is_coordinator:
            restart.coordinator_sessions(target.pool)
        restart.again(Call(self.world, target, 'unix', 'restart'), target)

    def do_latency(self, seconds, host=None):
        for target in [self._host(host)] if host else self.world.hosts:
            target.latency = float(seconds)

    def do_cut(self, host=None):
        for target in [self._host(host)] if host else self.world.hosts:
            self.places.cut(target)

    def do_coordinator(self, host, tasks='kept'):
        """Another coordinator, at once; sessions die, as they do with XAPI's restart. Tasks are kept where
        the old one had time for it, else "lost"."""
        if tasks not in ('kept', 'lost'):
            raise ValueError('tasks are kept or lost, not %r' % tasks)
        target = self._host(host)
        db = target.pool.db
        db.set('pool', target.pool.ref, master=target.ref)
        for ref in list(db.refs('task')) if tasks == 'lost' else []:
            db.destroy('task', ref)
        self.do_expire(host)

    def do_expire(self, host=None, session_ref=None):
        pool = self._pool(host)
        for ref in [session_ref] if session_ref else pool.db.refs('session'):
            session.forget(pool, ref)

    def do_add_host(self, join=False, **config):
        """A host that was just installed: on its own, or in the first host's pool already."""
        config = HostConfig(len(self.world.hosts) + 1, **config)
        if join:
            host = new_host(self.world, config)
            add_host(self.world.hosts[0].pool, host)
        else:
            host = install(self.world, config)
        return self.places.open(host)

    def do_carrier(self, host, nic, up):
        self._host(host).nics[nic].carrier = bool(up)
        monitor.update(self.world)

    def do_monitor(self):
        """What XAPI's monitor finds out every few seconds, now."""
        monitor.update(self.world)

    # --- rows

    def do_set(self, ref, fields, host=None, **where):
        """A write past the API: {"class": "pool", "ref": ..., "fields": {"ha_enabled": true}}"""
        db = self._pool(host).db
        cls = where['class']
        for field in fields:
            db.get(cls, ref, field)
        db.set(cls, ref, **fields)

    def do_create(self, fields, host=None, **where):
        return self._pool(host).db.create(where['class'], **fields)

    def do_save(self):
        """All pools as they are now, for restore."""
        self.saved = [(p, p.db.save(), p.bridge_number, [(h, set(h.bridges), dict(h.broken)) for h in p.hosts])
                      for p in self.world.pools]

    def do_restore(self):
        """The pools as they were saved, without faults, sessions and tasks of later."""
        if self.saved is None:
            raise ValueError('nothing was saved')
        self.do_clear()
        for pool, database, pool.bridge_number, hosts in self.saved:
            for ref in pool.db.refs('session'):
                session.forget(pool, ref)
            pool.db.restore(database)
            for host, bridges, broken in hosts:
                host.bridges, host.broken = set(bridges), dict(broken)
