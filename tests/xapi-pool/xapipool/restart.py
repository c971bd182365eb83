# SPDX-License-Identifier: Apache-2.0
"""The end and the start of a host's XAPI. A supporter that starts takes over the bonds, VLANs
and tunnels of the coordinator, and every host plugs what it plugs at a boot."""

import time

from . import bond, session, tunnel, vlan
from .errors import ApiError
from .pif import plug
from .values import NULL


def go_down(host):
    host.state = 'dead'
    host.local_sessions.clear()
    if host.listener:
        host.listener.suspend(host)


def come_up(host):
    host.state = 'up'
    if host.listener:
        host.listener.resume(host)


def start(call, host):
    """The host is there again."""
    come_up(host)
    db = host.pool.db
    other = db.get('host', host.ref, 'other_config')
    started = max(int(time.time()), int(other.get('agent_start_time', '0.')[:-1]) + 1)     # later than the last one
    db.set('host', host.ref, other_config=dict(other, agent_start_time='%d.' % started))
    _plug_at_start(call, host)
    if not host.is_coordinator:
        synchronise(call, host)
        _plug_at_start(call, host)


def again(call, host):
    """A start that is not the first one in the pool."""
    vm = call.get('host', host.ref, 'control_domain')
    start(call, host)
    call.set('VM', vm, allowed_operations=['metadata_export', 'changing_static_range', 'changing_dynamic_range'])


def coordinator_sessions(pool):
    for ref in pool.db.refs('session'):
        session.forget(pool, ref)


def _pifs(call, host, **fields):
    return call.db.find('PIF', host=host.ref, **fields)


def synchronise(call, host):
    """In XAPI's order: bonds, VLANs, tunnels."""
    coordinator = call.pool.coordinator
    for master in _pifs(call, coordinator):
        for ref in call.get('PIF', master, 'bond_master_of'):
            _copy_bond(call, host, ref, master)
    for pif in _pifs(call, coordinator):
        for ref in call.get('PIF', pif, 'VLAN_slave_of'):
            _copy_vlan(call, host, ref, pif)
    for pif in _pifs(call, coordinator):
        for ref in call.get('PIF', pif, 'tunnel_transport_PIF_of'):
            _copy_tunnel(call, host, ref, pif)


def _counterpart(call, host, pif):
    """The PIF of this host on the network of the coordinator's."""
    return call.host_pif(call.get('PIF', pif, 'network'), host.ref)


def _copy_bond(call, host, ref, master):
    network = call.get('PIF', master, 'network')
    if call.host_pif(network, host.ref):
        return
    pairs = [(m, _counterpart(call, host, m)) for m in call.get('Bond', ref, 'slaves')]
    members = [mine for _, mine in pairs if mine and call.get('PIF', mine, 'bond_slave_of') == NULL]
    if not members:
        return
    chosen = [mine for theirs, mine in pairs if theirs == call.get('Bond', ref, 'primary_slave') and mine in members]
    bond.build(call, network, members, '', call.get('Bond', ref, 'mode'),
               dict(call.get('Bond', ref, 'properties')), (chosen or members)[0])


def _copy_vlan(call, host, ref, base):
    untagged = call.get('VLAN', ref, 'untagged_PIF')
    network, mine = call.get('PIF', untagged, 'network'), _counterpart(call, host, base)
    if mine is None or call.host_pif(network, host.ref) or call.get('PIF', mine, 'bond_slave_of') != NULL:
        return
    vlan.create_rows(call, mine, call.get('VLAN', ref, 'tag'), network)


def _copy_tunnel(call, host, ref, transport):
    network = call.get('PIF', call.get('tunnel', ref, 'access_PIF'), 'network')
    mine = _counterpart(call, host, transport)
    if mine is None or call.host_pif(network, host.ref):
        return
    tunnel.create_rows(call, mine, network, call.get('tunnel', ref, 'protocol'))


def _plug_at_start(call, host):
    """NICs, bonds, and whatever has an address: VLANs and tunnels come up when they are needed."""
    for pif in _pifs(call, host, currently_attached=False, managed=True):
        fields = call.db.row('PIF', pif).fields
        wanted = fields['physical'] or fields['bond_master_of'] or fields['ip_configuration_mode'] != 'None' \
            or fields['ipv6_configuration_mode'] != 'None'
        if wanted and fields['bond_slave_of'] == NULL:
            try:
                plug(call, pif)
            except ApiError:
                continue        # XAPI writes a line to its log and goes on
