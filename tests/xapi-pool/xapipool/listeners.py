# SPDX-License-Identifier: Apache-2.0
"""Where each host listens. As in a real pool, every host has an address of its own and all
use one port, so that the address of HOST_IS_SLAVE and the port in hand lead to the coordinator."""

import os
import shutil
import ssl
import subprocess
import tempfile

from .httpd import Listener

TRIES = 50


class Certificates:
    """A self-signed certificate for each host, as XAPI makes them at its first start."""

    def __init__(self):
        self.folder = None

    def of(self, host):
        """(context, path of the certificate)"""
        if self.folder is None:
            self.folder = tempfile.mkdtemp(prefix='xapi-pool-')
        cert, key = (os.path.join(self.folder, host.name + ending) for ending in ('.pem', '.key'))
        if not os.path.exists(cert):
            subprocess.run(
                ['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1',
                 '-nodes', '-days', '30', '-subj', '/CN=' + host.name, '-addext',
                 'subjectAltName=DNS:%s,IP:%s' % (host.name, host.listen), '-keyout', key, '-out', cert],
                check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        return context, cert

    def remove(self):
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)


class Places:
    """The listeners of all hosts."""

    def __init__(self, dispatcher, unix=None, http=None, https=None):
        self.dispatcher = dispatcher
        self.unix = unix
        self.ports = {'http': http, 'https': https}
        self.certificates = Certificates()
        self.listeners = {}         # host name -> kind -> Listener

    def open(self, host):
        """Start to listen for a host; what is free decides a port of 0, once for all hosts."""
        mine = self.listeners.setdefault(host.name, {})
        if self.unix:
            number = len(self.listeners)
            path = self.unix if number == 1 else '%s.%d' % (self.unix, number)
            mine['unix'] = Listener(self.dispatcher, host, 'unix', path)
        for kind, port in self.ports.items():
            if port is not None:
                mine[kind] = self._tcp(host, kind, host.listen, port)
                self.ports[kind] = mine[kind].address[1]
        host.listener = self
        return self.describe(host)

    def _tcp(self, host, kind, address, port):
        tls = None
        if kind == 'https':
            tls, cert = self.certificates.of(host)
            with open(cert, encoding='ascii') as f:
                host.certificate = f.read()
        return Listener(self.dispatcher, host, 'tcp', (address, port), tls)

    def open_all(self, hosts):
        """All hosts of a world; another port is tried when one of them cannot have the first's."""
        wanted = dict(self.ports)
        for attempt in range(TRIES):
            try:
                return [self.open(host) for host in hosts]
            except OSError:
                self.close()
                if attempt == TRIES - 1 or not any(p == 0 for p in wanted.values()):
                    raise
                self.ports = dict(wanted)
        return []

    def moved(self, host, address):
        """The host's management interface or its address is another: XAPI's listeners begin anew, there
        if it is an address of this machine, and connections end."""
        mine = self.listeners.get(host.name, {})
        for kind in ('http', 'https'):
            old = mine.get(kind)
            if old is None:
                continue
            try:
                new = self._tcp(host, kind, address, self.ports[kind]) if address != host.listen else None
            except OSError:
                new = None
            if new:
                mine[kind] = new
                old.stop()
            else:
                old.cut()
        if any(mine[kind].address[0] == address for kind in ('http', 'https') if kind in mine):
            host.listen = address

    def suspend(self, host):
        """Nobody listens for the host: connections are closed, new ones are refused."""
        for listener in self.listeners.get(host.name, {}).values():
            listener.stop()

    def resume(self, host):
        """The host listens again, where it did before."""
        mine = self.listeners.get(host.name, {})
        for kind, old in list(mine.items()):
            if kind == 'unix':
                mine[kind] = Listener(self.dispatcher, host, 'unix', old.address)
            else:
                mine[kind] = self._tcp(host, kind, host.listen, self.ports[kind])

    def cut(self, host):
        for listener in self.listeners.get(host.name, {}).values():
            listener.cut()

    def describe(self, host):
        mine = self.listeners[host.name]
        out = {'name': host.name, 'uuid': host.uuid, 'address': host.config.address, 'listen': host.listen,
               'coordinator': host.is_coordinator}
        if 'unix' in mine:
            out['unix'] = mine['unix'].address
        for kind in ('http', 'https'):
            if kind in mine:
                out[kind] = mine[kind].address[1]
        if 'https' in mine:
            out['certificate'] = self.certificates.of(host)[1]
        return out

    def close(self):
        for mine in self.listeners.values():
            for listener in mine.values():
                listener.stop()
        self.listeners = {}

    def remove(self):
        self.close()
        self.certificates.remove()
