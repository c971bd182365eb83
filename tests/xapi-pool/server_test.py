#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""xapi-pool's own tests: what the recordings cannot show. Faults, control, several hosts, TLS,
latency and cost, the end of the process."""

import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import xmlrpc.client

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

from conformance.client import Client, Control, Unix  # noqa: E402

POOL = os.path.join(os.path.dirname(os.path.realpath(__file__)), 'xapi-pool')
PATIENCE = 20


class Server:
    """A server of its own for each test, on addresses of its own."""

    def __init__(self, *options):
        self.folder = tempfile.TemporaryDirectory(prefix='xapi-')
        path = self.folder.name
        network = '127.%d.%d' % (73 + os.getpid() // 250 % 100, os.getpid() % 250)
        self.process = subprocess.Popen(
            [sys.executable, '-B', POOL, '--unix', path + '/xapi', '--http', '0', '--control', path + '/control',
             '--network', network, '--restart', '0.1', *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.hosts = json.loads(self.process.stdout.readline())['hosts']
        self.control = Control(path + '/control')
        self.sessions = {}

    def stop(self):
        self.control.close()
        self.process.stdin.close()
        status = self.process.wait(PATIENCE)
        self.process.stdout.close()
        self.folder.cleanup()
        return status

    def client(self, number=1, tcp=False, timeout=PATIENCE):
        host = self.hosts[number - 1]
        if tcp:
            return Client(lambda: http.client.HTTPConnection(host['listen'], host['http'], timeout=timeout))
        return Client(lambda: Unix(host['unix'], timeout))

    def session(self, number=1):
        if number not in self.sessions:
            self.sessions[number] = self.client(number).call(
                'session.login_with_password', ['root', 'secret', '1', 'test'])['Value']
        return self.sessions[number]

    def raw(self, method, *params, number=1):
        return self.client(number).call(method, [self.session(number)] + list(params))

    def ok(self, method, *params, number=1):
        reply = self.raw(method, *params, number=number)
        if reply.get('Status') != 'Success':
            raise AssertionError('%s: %s' % (method, reply))
        return reply['Value']

    def error(self, method, *params, number=1):
        return self.raw(method, *params, number=number).get('ErrorDescription')

    def pif(self, device, host=0):
        hosts = sorted(self.ok('host.get_all_records').items(), key=lambda h: h[1]['name_label'])
        return next(r for r, p in self.ok('PIF.get_all_records').items()
                    if p['host'] == hosts[host][0] and p['device'] == device and p['physical'])

    def settle(self):
        """No host is on its way into or out of a pool any more."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and any(h['joining'] or h['state'] != 'up' for h in self.control('hosts')):
            time.sleep(0.02)

    def network(self, name='n', **fields):
        return self.ok('network.create', dict({'name_label': name, 'other_config': {}}, **fields))


class Test(unittest.TestCase):
    options = ()

    def setUp(self):
        self.server = Server(*self.options)
        self.addCleanup(lambda: self.assertEqual(self.server.stop(), 0))


class Faults(Test):
    def test_the_third_call_fails_and_is_not_done(self):
        s = self.server
        s.session()
        s.control('fault', action='fail', method='network.create', nth=3, error=['INTERNAL_ERROR', 'planned'])
        replies = [s.raw('network.create', {'name_label': 'f', 'other_config': {}}) for _ in range(4)]
        self.assertEqual([r['Status'] for r in replies], ['Success', 'Success', 'Failure', 'Success'])
        self.assertEqual(replies[2]['ErrorDescription'], ['INTERNAL_ERROR', 'planned'])
        self.assertEqual(len(s.ok('network.get_by_name_label', 'f')), 3)

    def test_one_method_does_not_count(self):
        s = self.server
        s.session()
        s.control('fault', action='fail', unless='network.get_all', nth=2, error=['INTERNAL_ERROR', 'planned'])
        s.network('f')
        s.ok('network.get_all')
        self.assertEqual(s.error('network.create', {'name_label': 'f', 'other_config': {}})[0], 'INTERNAL_ERROR')

    def test_a_failure_after_the_call_was_done(self):
        s = self.server
        s.control('fault', action='fail', method='network.create', error=['CANNOT_CONTACT_HOST', 'x'], after=True)
        self.assertEqual(s.error('network.create', {'name_label': 'f', 'other_config': {}}),
                         ['CANNOT_CONTACT_HOST', 'x'])
        self.assertEqual(len(s.ok('network.get_by_name_label', 'f')), 1)

    def test_a_connection_cut_before_and_after_the_call(self):
        s = self.server
        for action, made in (('cut-before', 0), ('cut-after', 1)):
            s.control('fault', action=action, method='network.create')
            self.assertIn('transport_error', s.raw('network.create', {'name_label': action, 'other_config': {}}))
            self.assertEqual(len(s.ok('network.get_by_name_label', action)), made)

    def test_a_call_that_is_done_twice(self):
        s = self.server
        s.control('fault', action='repeat', method='network.create')
        s.network('twice')
        self.assertEqual(len(s.ok('network.get_by_name_label', 'twice')), 2)

    def test_half_an_answer_and_an_http_error(self):
        s = self.server
        s.session()
        s.control('fault', action='cut-during', method='network.create')
        self.assertIn('IncompleteRead', s.raw('network.create', {'name_label': 'half', 'other_config': {}})
                      ['transport_error'])
        self.assertEqual(len(s.ok('network.get_by_name_label', 'half')), 1)
        s.control('fault', action='http', method='network.create')
        self.assertEqual(s.raw('network.create', {'name_label': 'none', 'other_config': {}}), {'http': 503})
        self.assertEqual(len(s.ok('network.get_by_name_label', 'none')), 0)

    def test_any_call_by_its_position(self):
        s = self.server
        s.session()
        s.control('fault', action='fail', nth=2, count=0, error=['X'])
        self.assertEqual(s.raw('network.get_all')['Status'], 'Success')
        for _ in range(3):
            self.assertEqual(s.error('PIF.get_all'), ['X'])
        s.control('clear')
        self.assertEqual(s.raw('PIF.get_all')['Status'], 'Success')

    def test_a_delay_a_hang_and_an_expired_session(self):
        s = self.server
        s.session()
        s.control('fault', action='delay', method='network.get_all', seconds=0.3)
        start = time.monotonic()
        s.ok('network.get_all')
        self.assertGreaterEqual(time.monotonic() - start, 0.3)
        s.control('fault', action='hang', method='PIF.get_all')
        session = s.session()
        self.assertIn('transport_error', s.client(timeout=0.3).call('PIF.get_all', [session]))
        s.control('fault', action='expire-session', method='VLAN.get_all')
        self.assertEqual(s.error('VLAN.get_all'), ['SESSION_INVALID', session])

    def test_a_plug_that_fails_leaves_the_rows(self):
        s = self.server
        network = s.network('broken')
        bridge = s.ok('network.get_bridge', network)
        s.control('break', host='1', name=bridge, text='no such luck')
        error = s.error('VLAN.create', s.pif('eth1'), '7', network)
        vlans = s.ok('VLAN.get_all_records')
        pif = next(iter(vlans.values()))['untagged_PIF']
        self.assertEqual(error, ['PIF_CONFIGURATION_ERROR', pif, 'no such luck'])
        self.assertFalse(s.ok('PIF.get_currently_attached', pif))
        s.control('mend', host='1')
        s.ok('PIF.plug', pif)
        s.ok('VLAN.destroy', next(iter(vlans)))

    def test_a_fault_that_is_nonsense(self):
        for command in ({'action': 'explode'}, {'action': 'fail'},
                        {'action': 'fail', 'error': ['X'], 'host': 'nobody'}):
            with self.assertRaises(RuntimeError):
                self.server.control('fault', **command)
        with self.assertRaises(RuntimeError):
            self.server.control('nosuch')


class Pool(Test):
    options = ('--hosts', '3', '--nics', '4', '--contact-timeout', '0.3', '--standalone', '1')

    def test_the_redirect_leads_to_the_coordinator(self):
        s = self.server
        reply = s.client(2, tcp=True).call('session.login_with_password', ['root', 'wrong'])
        self.assertEqual(reply['ErrorDescription'], ['HOST_IS_SLAVE', s.hosts[0]['listen']])
        self.assertEqual(s.hosts[0]['http'], s.hosts[1]['http'])
        reply = s.client(1, tcp=True).call('session.login_with_password', ['root', 'secret'])
        self.assertEqual(reply['Status'], 'Success')

    def test_another_coordinator(self):
        s = self.server
        session = s.session()
        s.control('coordinator', host='xs-2')
        self.assertEqual(s.error('network.get_all'), ['SESSION_INVALID', session])
        reply = s.client(1, tcp=True).call('session.login_with_password', ['root', 'secret'])
        self.assertEqual(reply['ErrorDescription'], ['HOST_IS_SLAVE', s.hosts[1]['listen']])
        s.sessions = {}
        self.assertEqual(s.ok('host.get_name_label', s.ok('pool.get_master', s.ok('pool.get_all')[0])), 'xs-2')

    def test_a_host_that_is_away_holds_its_callers_and_nobody_else(self):
        s = self.server
        pif, mine = s.pif('eth1', 1), s.pif('eth1', 0)
        s.control('host', host='xs-2', state='dead')
        start = time.monotonic()
        self.assertEqual(s.error('PIF.plug', pif)[0], 'CANNOT_CONTACT_HOST')
        self.assertGreaterEqual(time.monotonic() - start, 0.3)
        s.ok('PIF.plug', mine)
        self.assertIn('transport_error', s.client(2).call('host.get_all', ['x']))
        s.control('host', host='xs-2', state='up')
        s.ok('PIF.plug', pif)

    def test_a_host_that_is_off_is_offline(self):
        s = self.server
        pif = s.pif('eth1', 2)
        s.control('host', host='xs-3', state='off')
        self.assertEqual(s.error('PIF.plug', pif)[0], 'HOST_OFFLINE')
        made = s.ok('pool.create_VLAN_from_PIF', s.pif('eth1', 0), s.network(), '9')
        self.assertEqual(len(made), 2)

    def test_a_host_that_hangs_does_not_answer(self):
        s = self.server
        session = s.session(2)
        s.control('host', host='xs-2', state='away')
        self.assertIn('transport_error', s.client(2, timeout=0.3).call('host.get_all', [session]))

    def test_create_everywhere_or_nowhere(self):
        s = self.server
        network = s.network()
        s.ok('VLAN.create', s.pif('eth2', 2), '5', s.network())
        error = s.error('pool.create_VLAN_from_PIF', s.pif('eth2', 0), network, '5')
        self.assertEqual(error, ['PIF_VLAN_EXISTS', 'eth2'])
        self.assertEqual(s.ok('network.get_PIFs', network), [])

    def test_a_host_joins(self):
        s = self.server
        bond = s.ok('Bond.create', s.network(), [s.pif('eth2', 0), s.pif('eth3', 0)], '')
        s.control('monitor')
        self.assertEqual(s.ok('Bond.get_links_up', bond), '2')
        s.ok('pool.join', s.hosts[0]['address'], 'root', 'secret', number=4)
        s.settle()
        self.assertEqual(len(s.ok('host.get_all')), 4)
        self.assertEqual(len(s.ok('Bond.get_all')), 2)
        added = s.control('add-host', join=True, nics=2)
        self.assertEqual(len(s.ok('host.get_all')), 5)
        self.assertEqual(added['http'], s.hosts[0]['http'])

    def test_a_host_is_ejected_and_is_on_its_own_again(self):
        s = self.server
        s.ok('VLAN.create', s.pif('eth1', 2), '3', s.network())
        host = s.ok('host.get_by_name_label', 'xs-3')[0]
        self.assertEqual(s.error('pool.eject', s.ok('host.get_by_name_label', 'xs-1')[0])[0], 'HOST_IS_MASTER')
        s.ok('pool.eject', host)
        self.assertEqual((len(s.ok('PIF.get_all')), s.ok('VLAN.get_all')), (8, []))
        s.settle()
        self.assertEqual(len(s.ok('host.get_all', number=3)), 1)
        self.assertEqual(len(s.ok('PIF.get_all', number=3)), 4)

    def test_counts_and_dump(self):
        s = self.server
        s.network('counted')
        s.ok('network.get_all', number=2)
        counts = s.control('counts', reset=True)
        self.assertEqual(counts['xs-1']['network.create'], 1)
        self.assertEqual(counts['xs-2']['network.get_all'], 1)
        self.assertEqual(s.control('counts'), {})
        rows = s.control('dump', classes=['network'])['network'].values()
        self.assertEqual([r['MTU'] for r in rows if r['name_label'] == 'counted'], [1500])

    def test_rows_are_counted(self):
        s = self.server
        before = s.control('rows')
        s.network('one')
        s.network('two')
        self.assertEqual(before['PIF'], 12)
        self.assertEqual({c: n - before[c] for c, n in s.control('rows').items() if n != before[c]},
                         {'network': 2, 'session': 1})

    def test_all_is_as_it_was_saved(self):
        s = self.server
        kept = s.network('kept')
        s.ok('VLAN.create', s.pif('eth1'), 5, kept)
        s.control('save')
        before = s.control('dump', classes=['network', 'PIF', 'VLAN'])
        s.ok('network.set_MTU', kept, '9000')
        s.ok('VLAN.destroy', s.ok('VLAN.get_all')[0])
        first = s.network('new')
        s.control('fault', action='fail', method='network.create', error=['X'])
        s.control('restore')
        self.assertEqual(s.control('dump', classes=['network', 'PIF', 'VLAN']), before)
        self.assertEqual(s.ok('VLAN.destroy', s.ok('VLAN.get_all')[0]), '')
        self.assertEqual(s.network('new'), first)

    def test_a_plugin_answers_what_it_was_told(self):
        s = self.server
        host = s.ok('host.get_by_name_label', 'xs-2')[0]
        self.assertEqual(s.error('host.call_plugin', host, 'p', 'f', {}), ['XENAPI_MISSING_PLUGIN', 'p'])
        s.control('plugin', host='xs-2', plugin='p', function='f', result='done')
        self.assertEqual(s.ok('host.call_plugin', host, 'p', 'f', {}), 'done')

    def test_one_sdn_controller(self):
        s = self.server
        self.assertEqual(s.error('SDN_controller.introduce', 'ssl', 'nonsense', '0'),
                         ['INVALID_IP_ADDRESS_SPECIFIED', 'address'])
        ref = s.ok('SDN_controller.introduce', 'ssl', '192.0.2.1', '0')
        self.assertEqual(s.ok('SDN_controller.get_port', ref), '6632')
        self.assertEqual(s.error('SDN_controller.introduce', 'pssl')[0], 'OPERATION_NOT_ALLOWED')
        s.ok('SDN_controller.forget', ref)

    def test_a_supporter_takes_over_what_the_coordinator_has(self):
        s = self.server
        network = s.network()
        s.ok('VLAN.create', s.pif('eth1'), '8', network)
        self.assertEqual(len(s.ok('network.get_PIFs', network)), 1)
        s.control('restart', host='xs-2')
        self.assertEqual(len(s.ok('network.get_PIFs', network)), 2)

    def test_a_call_that_is_not_simulated_says_so(self):
        self.assertEqual(self.server.error('VM.snapshot', 'OpaqueRef:x', 's')[0], 'NOT_IMPLEMENTED')

    def test_ha_gates_what_it_gates(self):
        s = self.server
        pool = s.ok('pool.get_all')[0]
        s.control('set', **{'class': 'pool', 'ref': pool, 'fields': {'ha_enabled': True}})
        self.assertEqual(s.error('PIF.unplug', s.pif('eth1')), ['HA_IS_ENABLED'])
        with self.assertRaises(RuntimeError):
            s.control('set', **{'class': 'pool', 'ref': pool, 'fields': {'nosuch': 1}})

    def test_latency_of_one_host(self):
        s = self.server
        s.session(), s.session(2)
        s.control('latency', seconds=0.3, host='xs-2')
        start = time.monotonic()
        s.ok('network.get_all', number=2)
        self.assertGreaterEqual(time.monotonic() - start, 0.3)


class Moves(Test):
    def test_the_management_address_moves_the_listener(self):
        s = self.server
        old = s.hosts[0]['listen']
        new = old.rsplit('.', 1)[0] + '.99'
        s.ok('PIF.reconfigure_ip', s.pif('eth0'), 'Static', new, '255.255.255.0', '', '')
        s.hosts[0]['listen'] = new
        self.assertEqual(s.client(tcp=True).call('session.login_with_password', ['root', 'secret'])['Status'],
                         'Success')
        s.hosts[0]['listen'] = old
        self.assertIn('transport_error', s.client(tcp=True).call('session.login_with_password', ['root', 'secret']))


class Cost(Test):
    options = ('--hosts', '2', '--cost', '1')

    def test_one_host_is_serial_and_two_are_not(self):
        """Of two VLANs on one host and one on another, one of the two comes last."""
        s, order = self.server, []
        work = [(0, 'eth1'), (0, 'eth2'), (1, 'eth1')]

        def create(host, pif, network):
            s.ok('VLAN.create', pif, '1', network)
            order.append(host)
        threads = [threading.Thread(target=create, args=(host, s.pif(device, host), s.network()))
                   for host, device in work]
        start = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertGreaterEqual(time.monotonic() - start, 2 * 0.45)
        self.assertEqual((len(order), order[-1]), (3, 0))


class Tls(Test):
    options = ('--hosts', '2', '--https', '0')

    def test_each_host_has_its_certificate(self):
        s = self.server
        for host in s.hosts:
            context = ssl.create_default_context(cafile=host['certificate'])
            proxy = xmlrpc.client.ServerProxy('https://%s:%d' % (host['listen'], host['https']), context=context)
            reply = proxy.session.login_with_password('root', 'secret')
            self.assertEqual(reply['Status'], 'Success' if host is s.hosts[0] else 'Failure')
            proxy('close')()
        other = ssl.create_default_context(cafile=s.hosts[1]['certificate'])
        proxy = xmlrpc.client.ServerProxy('https://%s:%d' % (s.hosts[0]['listen'], s.hosts[0]['https']), context=other)
        with self.assertRaises(ssl.SSLError):
            proxy.session.login_with_password('root', 'secret')
        certificate = s.ok('host.get_server_certificate', s.ok('host.get_by_name_label', 'xs-1')[0])
        with open(s.hosts[0]['certificate'], encoding='ascii') as f:
            self.assertEqual(certificate.split(), f.read().split())


def alive(pid):
    """Whether the process runs; one that nobody waited for does not."""
    try:
        with open('/proc/%d/stat' % pid, encoding='ascii') as f:
            return f.read().rpartition(')')[2].split()[0] != 'Z'
    except OSError:
        return False


class Process(unittest.TestCase):
    def test_sigterm_ends_it_and_leaves_nothing(self):
        server = Server()
        server.process.send_signal(signal.SIGTERM)
        self.assertEqual(server.process.wait(PATIENCE), 0)
        self.assertEqual([n for n in os.listdir(server.folder.name)], [])
        server.stop()

    def test_it_ends_with_its_parent(self):
        with tempfile.TemporaryDirectory(prefix='xapi-') as folder:
            script = 'import subprocess, sys; subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL); input()'
            parent = subprocess.Popen([sys.executable, '-c', script, sys.executable, '-B', POOL,
                                       '--unix', folder + '/x'],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            pid = json.loads(parent.stdout.readline())['pid']
            parent.kill()
            parent.wait(PATIENCE)
            end = time.monotonic() + PATIENCE
            while time.monotonic() < end and alive(pid):
                time.sleep(0.02)
            self.assertFalse(alive(pid))
            parent.stdin.close()
            parent.stdout.close()

    def test_the_same_seed_gives_the_same_refs(self):
        refs = []
        for seed in ('5', '5', '6'):
            server = Server('--seed', seed)
            refs.append(sorted(server.ok('PIF.get_all')))
            server.stop()
        self.assertEqual(refs[0], refs[1])
        self.assertNotEqual(refs[0], refs[2])

    def test_sixty_four_hosts(self):
        server = Server('--hosts', '64')
        self.assertEqual(len(server.ok('PIF.get_all_records')), 64 * 6)
        server.stop()

    def test_the_newer_data_model(self):
        server = Server('--version', '26.17.0')
        self.assertIn('trunks', server.control('dump', classes=['VIF'])['VIF'] or {'trunks'})
        self.assertEqual(server.error('VIF.set_trunks', 'OpaqueRef:x', ['1'])[0], 'HANDLE_INVALID')
        server.stop()
        server = Server()
        self.assertEqual(server.error('VIF.set_trunks', 'OpaqueRef:x', ['1'])[0], 'MESSAGE_METHOD_UNKNOWN')
        server.stop()

    def test_it_refuses_what_it_cannot_do(self):
        for options in (['--hosts', '65', '--unix', '/tmp/never'], ['--hosts', '2']):
            run = subprocess.run([sys.executable, '-B', POOL] + options, capture_output=True, text=True, check=False)
            self.assertNotEqual(run.returncode, 0)
            self.assertIn('xapi-pool:', run.stderr)


class Wire(Test):
    """What wire_replay.py cannot send, as only its beginning was recorded."""

    def test_a_body_that_is_just_small_enough_and_one_that_is_not(self):
        s = self.server
        network = s.network()
        frame = len(xmlrpc.client.dumps((s.session(), network, ''), 'network.set_name_description'))
        for size, wanted in ((307200, b'200 OK'), (307201, b'500 Internal Error')):
            text = 'x' * (size - frame)
            body = xmlrpc.client.dumps((s.session(), network, text), 'network.set_name_description').encode()
            self.assertEqual(len(body), size)
            with socket.socket(socket.AF_UNIX) as sock:
                sock.connect(s.hosts[0]['unix'])
                sock.sendall(b'POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n' % size)
                if wanted == b'200 OK':
                    sock.sendall(body)
                self.assertIn(wanted, sock.recv(65536))

    def test_two_calls_on_one_connection_and_a_head_too_long(self):
        s = self.server
        body = xmlrpc.client.dumps((s.session(),), 'network.get_all').encode()
        request = b'POST / HTTP/1.1\r\nContent-Length: %d\r\n' % len(body)
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(s.hosts[0]['unix'])
            sock.sendall((request + b'\r\n' + body) * 2)
            data = b''
            while data.count(b'HTTP/1.1 200 OK') < 2:
                data += sock.recv(65536)
            sock.sendall(request + b'X-Long: ' + b'a' * 2000 + b'\r\n\r\n' + body)
            while b'500 Internal Error' not in data:
                data += sock.recv(65536)


if __name__ == '__main__':
    unittest.main()
