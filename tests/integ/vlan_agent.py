#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: vlan_agent.py POOL PROGRAM - examples/vlan_agent.c does its work on a pool of two hosts: a VLAN that is new,
one that another program made, a guest that runs and one that does not, and what cannot be."""

import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
POOL, PROGRAM = (os.path.realpath(path) for path in sys.argv[1:3])
sys.path.insert(0, os.path.dirname(POOL))

from server_test import Server  # noqa: E402


def expect(what, given, wanted):
    if given != wanted:
        sys.exit(f'{what}: {given!r} instead of {wanted!r}')


class Agent:
    def __init__(self, server, journals):
        self.server, self.journals = server, journals

    def run(self, *words):
        command = [PROGRAM, 'xapi:unix:' + self.server.hosts[0]['unix'], *words, self.journals]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        said = dict(line.split(': ', 1) for line in done.stdout.splitlines())
        return done.returncode, said, done.stderr

    def plugs(self, *words):
        code, said, complaints = self.run(*words)
        expect(f'{words}: {complaints}', code, 0)
        return said

    def fails(self, word, *words):
        code, said, complaints = self.run(*words)
        expect(f'{words}', (code, said, word in complaints), (1, {}, True))

    def writes(self):
        """What was called since the last time and does more than read."""
        hosts = self.server.control('counts', reset=True)
        return sorted({name for calls in hosts.values() for name in calls
                       if 'get_' not in name and name.split('.')[0] not in ('session', 'event', 'task')})


def make_vms(server):
    for name in ('web', 'halted'):
        fields = {'name_label': name, 'power_state': 'Halted', 'other_config': {'mac_seed': name}}
        server.control('create', **{'class': 'VM', 'fields': fields})
    vms = {vm['name_label']: ref for ref, vm in server.ok('VM.get_all_records').items()}
    server.ok('VM.start', vms['web'], False, False)
    return vms


def vifs(server, vm):
    """{device: (name of its network, plugged)}"""
    networks = server.ok('network.get_all_records')
    return {v['device']: (networks[v['network']]['name_label'], v['currently_attached'])
            for v in server.ok('VIF.get_all_records').values() if v['VM'] == vm}


def tags(server):
    """(host, tag, name of the network), one for each VLAN."""
    pifs, networks = server.ok('PIF.get_all_records'), server.ok('network.get_all_records')
    hosts = server.ok('host.get_all_records')
    return sorted((hosts[p['host']]['name_label'], p['VLAN'], networks[p['network']]['name_label'])
                  for p in pifs.values() if p['VLAN'] != '-1')


def work(server, agent):
    vms = make_vms(server)

    # A VLAN that nobody has: on each host, and the guest's interface is plugged.
    said = agent.plugs('eth1', '100', 'web', '0')
    expect('the report', (said['changed'], said['network'], said['device'][:3]), ('yes', 'vlan-eth1-100', 'vif'))
    expect('the MAC', len(said['mac']), 17)
    both = [('xs-1', '100', 'vlan-eth1-100'), ('xs-2', '100', 'vlan-eth1-100')]
    expect('the VLANs', tags(server), both)
    expect('the VIF', vifs(server, vms['web']), {'0': ('vlan-eth1-100', True)})

    # Once more: nothing is written.
    agent.writes()
    expect('the report', agent.plugs('eth1', '100', 'web', '0'), {**said, 'changed': 'no'})
    expect('writes', agent.writes(), [])

    # A guest that does not run has its VIF when it starts; the VLAN is there.
    said = agent.plugs('eth1', '100', 'halted', '1')
    expect('the report', (said['changed'], said['network'], said['device']), ('yes', 'vlan-eth1-100', '-'))
    expect('the VIF', vifs(server, vms['halted']), {'1': ('vlan-eth1-100', False)})
    expect('the VLANs', tags(server), both)

    # Another program has made the VLAN, on one host: it keeps its network, and the other host gets it, too.
    theirs = server.network('theirs')
    server.ok('VLAN.create', server.pif('eth2', 1), '7', theirs)
    said = agent.plugs('eth2', '7', 'web', '0')
    expect('the report', (said['changed'], said['network']), ('yes', 'theirs'))
    expect('the VLANs', tags(server), [both[0], ('xs-1', '7', 'theirs'), both[1], ('xs-2', '7', 'theirs')])
    expect('the VIF moved', vifs(server, vms['web']), {'0': ('theirs', True)})

    # What cannot be is said, and changes nothing.
    agent.writes()
    agent.fails("'nobody'", 'eth1', '101', 'nobody', '0')
    agent.fails('4095', 'eth1', '4095', 'web', '0')
    agent.fails('eth9', 'eth9', '5', 'web', '0')
    expect('writes', agent.writes(), [])
    expect('the VIF', vifs(server, vms['web']), {'0': ('theirs', True)})


def main():
    server = Server('--hosts', '2')
    try:
        with tempfile.TemporaryDirectory(prefix='vlan-agent-') as journals:
            work(server, Agent(server, journals))
    finally:
        server.stop()


main()
