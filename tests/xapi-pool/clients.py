#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: clients.py [FENCE_XENAPI] - XenAPI clients that others wrote talk to xapi-pool.

They are Debian's: python3-os-xenapi, and the XenAPI.py of fence-agents (/usr/share/fence, or the
file named). Each logs in over HTTP and HTTPS, is sent from a supporter to the coordinator, reads
records, makes and removes a network and a VLAN. (Their transports for unix sockets do not work
with Python 3.) One that is not installed is left out; none at all is a skip (77)."""

import importlib.util
import json
import os
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
FENCE = '/usr/share/fence/XenAPI.py'
SYSTEM_PYTHON = '/usr/bin/python3'          # Debian's modules are for Debian's own


def modules(fence):
    """[(name, module)] of the clients that are here."""
    out = []
    try:
        from os_xenapi.client import XenAPI
        out.append(('os-xenapi', XenAPI))
    except ImportError:
        print('os-xenapi: not installed')
    if os.path.exists(fence):
        spec = importlib.util.spec_from_file_location('fence_XenAPI', fence)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        out.append(('fence-agents', module))
    else:
        print('fence-agents: not installed')
    return out


def expect(what, given, wanted):
    if given != wanted:
        raise SystemExit('%s: %r instead of %r' % (what, given, wanted))


def failure(module, call, *params):
    """The details of the Failure that a call must raise."""
    try:
        call(*params)
    except module.Failure as e:
        return list(e.details)
    raise SystemExit('%s: no failure' % call)


def networks(module, session):
    """Records, a network, a VLAN, errors: what every program does first."""
    x = session.xenapi
    pool = list(x.pool.get_all_records().values())[0]
    host = x.host.get_record(pool['master'])
    expect('the hosts', len(x.host.get_all()), 2)
    pifs = x.PIF.get_all_records()
    eth1 = next(r for r, p in pifs.items() if p['host'] == pool['master'] and p['device'] == 'eth1')
    expect('PIF.MTU', pifs[eth1]['MTU'], '1500')
    expect('host.API_version_major', host['API_version_major'], '2')
    network = x.network.create({'name_label': 'by a client <&>"', 'name_description': '', 'MTU': '9000',
                                'other_config': {'a': 'b'}, 'tags': []})
    vlan = x.VLAN.create(eth1, '100', network)
    record = x.VLAN.get_record(vlan)
    expect('VLAN.tag', record['tag'], '100')
    expect('VLAN PIF', x.PIF.get_record(record['untagged_PIF'])['currently_attached'], True)
    expect('the name', x.network.get_name_label(network), 'by a client <&>"')
    expect('VLAN.create', failure(module, x.VLAN.create, eth1, '100', network)[:2],
           ['NETWORK_ALREADY_CONNECTED', pool['master']])
    expect('network.destroy', failure(module, x.network.destroy, network)[0], 'NETWORK_CONTAINS_PIF')
    x.VLAN.destroy(vlan)
    x.network.destroy(network)
    expect('a network that went', failure(module, x.network.get_record, network)[0], 'HANDLE_INVALID')
    expect('a filter', list(x.PIF.get_all_records_where('field "device"="eth0" and field "physical"="true"'))
           != [], True)


def through(module, url):
    session = module.Session(url)
    session.login_with_password('root', 'secret')
    networks(module, session)
    session.xenapi.session.logout()


def follow(module, supporter, port):
    """As these clients' users do: the address in HOST_IS_SLAVE with the port in hand."""
    session = module.Session('http://%s:%d' % (supporter, port))
    details = failure(module, session.login_with_password, 'root', 'secret')
    expect('login at a supporter', details[0], 'HOST_IS_SLAVE')
    through(module, 'http://%s:%d' % (details[1], port))


def main():
    found = modules(sys.argv[1] if len(sys.argv) > 1 else FENCE)
    if not found:
        return 77
    server = subprocess.Popen([sys.executable, os.path.join(HERE, 'xapi-pool'), '--hosts', '2', '--http', '0',
                              '--https', '0', '--network', '127.72.%d' % (os.getpid() % 250)],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        hosts = json.loads(server.stdout.readline())['hosts']
        os.environ['SSL_CERT_FILE'] = hosts[0]['certificate']
        for name, module in found:
            through(module, 'http://%s:%d' % (hosts[0]['listen'], hosts[0]['http']))
            through(module, 'https://%s:%d' % (hosts[0]['listen'], hosts[0]['https']))
            follow(module, hosts[1]['listen'], hosts[1]['http'])
            print('%s: served' % name)
    finally:
        server.stdin.close()
        server.stdout.close()
        server.wait(10)
    return 0


if __name__ == '__main__':
    if importlib.util.find_spec('os_xenapi') is None and os.path.realpath(sys.executable) != \
            os.path.realpath(SYSTEM_PYTHON) and os.path.exists(SYSTEM_PYTHON):
        os.execv(SYSTEM_PYTHON, [SYSTEM_PYTHON, '-B'] + sys.argv)
    sys.exit(main())
