# SPDX-License-Identifier: Apache-2.0
"""Bond"""

import re

from . import bond_move, management, nm
from .call import message
from .errors import ApiError
from .pif import free_device, new_pif, plug
from .values import NULL
from .vlan import assert_network_free

MAC = re.compile(r'[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}')

# property of a bond in mode lacp: what it may be (None: a number), what it is by default
LACP = {
    'hashing_algorithm': (('src_mac', 'tcpudp_ports'), 'tcpudp_ports'),
    'lacp-time': (('fast', 'slow'), 'slow'),
    'lacp-fallback-ab': (('true', 'false'), 'true'),
    'lacp-aggregation-key': (None, None),
}


def _legal(mode, name, value):
    if mode != 'lacp' or name not in LACP:
        return False
    words = LACP[name][0]
    return value in words if words else re.fullmatch(r'-?\d+', value) is not None


def assert_properties(mode, properties):
    for name, value in properties.items():
        if not _legal(mode, name, value):
            raise ApiError('INVALID_VALUE', 'properties', '%s = %s' % (name, value))


def with_defaults(mode, properties):
    if mode != 'lacp':
        return dict(properties)
    out = {name: default for name, (_, default) in LACP.items() if default}
    out.update(properties)
    return out


def has_ip(call, pif):
    field = 'ip_configuration_mode'
    if call.get('PIF', pif, 'primary_address_type') == 'IPv6':
        field = 'ipv6_configuration_mode'
    return call.get('PIF', pif, field) != 'None'


def _primary(call, members):
    for test in (lambda p: call.get('PIF', p, 'management'), lambda p: has_ip(call, p), lambda p: True):
        for member in members:
            if test(member):
                return member
    return NULL


def _assert_member(call, pif):
    fields = call.db.row('PIF', pif).fields
    if not fields['managed']:
        raise ApiError('PIF_UNMANAGED', pif)
    if fields['bond_slave_of'] != NULL:
        raise ApiError('PIF_ALREADY_BONDED', pif)
    if fields['VLAN_master_of'] != NULL:
        raise ApiError('PIF_VLAN_EXISTS', fields['device'])
    if fields['tunnel_access_PIF_of']:
        raise ApiError('IS_TUNNEL_ACCESS_PIF', pif)
    if call.pool_field('ha_enabled') and fields['management']:
        raise ApiError('HA_CANNOT_CHANGE_BOND_STATUS_OF_MGMT_IFACE')


def _assert_members(call, members, primary):
    family = call.get('PIF', primary, 'primary_address_type')
    for member in members:
        if call.get('PIF', member, 'primary_address_type') != family:
            raise ApiError('PIF_INCOMPATIBLE_PRIMARY_ADDRESS_TYPE', member)
    for member in members:
        _assert_member(call, member)
    if len({call.get('PIF', m, 'host') for m in members}) > 1:
        raise ApiError('PIF_CANNOT_BOND_CROSS_HOST')
    if any(call.get('PIF', m, 'properties') != call.get('PIF', primary, 'properties') for m in members):
        raise ApiError('INCOMPATIBLE_PIF_PROPERTIES')
    if sum(1 for m in members if has_ip(call, m)) > 1:
        raise ApiError('PIF_BOND_MORE_THAN_ONE_IP')


def _rows(call, network, members, mac, mode, properties, primary):
    base = call.db.row('PIF', primary).fields
    host = base['host']
    master = new_pif(call, device=free_device(call, host, 'bond'), network=network, host=host,
                     MAC=mac or base['MAC'], metrics=call.db.create('PIF_metrics'),
                     properties=dict(base['properties']), primary_address_type=base['primary_address_type'])
    bond = call.db.create('Bond', master=master, primary_slave=primary, mode=mode, properties=properties,
                          auto_update_mac=mac == '')
    for member in members:
        call.set('PIF', member, bond_slave_of=bond)
    return bond, master


@message('Bond.create')
def create(call, network, members, mac, mode='balance-slb', properties=None):
    if not members:
        raise ApiError('PIF_BOND_NEEDS_MORE_MEMBERS')
    members = list(dict.fromkeys(members))
    host = call.get('PIF', members[0], 'host')
    with call.on_host(host, patient=True):
        assert_network_free(call, network, host)
        if mac and not MAC.fullmatch(mac):
            raise ApiError('MAC_INVALID', mac)
        assert_properties(mode, properties or {})
        for member in members:
            call.need('PIF', member)
        primary = _primary(call, members)
        _assert_members(call, members, primary)
        return build(call, network, members, mac, mode, with_defaults(mode, properties or {}), primary)


def build(call, network, members, mac, mode, properties, primary):
    """The bond, and everything that its members carried on top of it."""
    host = call.get('PIF', primary, 'host')
    managing = management.interface(call, host)
    bond, master = _rows(call, network, members, mac, mode, properties, primary)
    call.progress(0.2)
    bond_move.move_disallow_unplug(call, members, master)
    bond_move.move_ip(call, primary, master)
    plug(call, master)
    if managing in members:
        management.move(call, host, master)
    call.progress(0.4)
    for member in members:
        bond_move.move_vlans(call, member, master)
    call.progress(0.6)
    for member in members:
        bond_move.move_vifs(call, host, call.get('PIF', member, 'network'), network)
    call.progress(0.8)
    for member in members:
        bond_move.move_tunnels(call, member, master)
    return bond


@message('Bond.destroy')
def destroy(call, self):
    master = call.get('Bond', self, 'master')
    host = call.get('PIF', master, 'host')
    with call.on_host(host, patient=True):
        managing = call.get('PIF', master, 'management')
        if managing and call.pool_field('ha_enabled'):
            raise ApiError('HA_CANNOT_CHANGE_BOND_STATUS_OF_MGMT_IFACE')
        dissolve(call, self, master, host, managing)


def dissolve(call, self, master, host, managing):
    """Everything back to the primary member, then the bond goes."""
    members = list(call.get('Bond', self, 'slaves'))
    primary = call.get('Bond', self, 'primary_slave')
    attached = call.get('PIF', master, 'currently_attached')
    network = call.get('PIF', master, 'network')
    call.need('PIF', primary)
    for member in members:
        call.set('PIF', member, bond_slave_of=NULL)
        call.db.touch('network', call.get('PIF', member, 'network'))
    bond_move.move_ip(call, master, primary)
    bond_move.move_disallow_unplug(call, [master], primary)
    nm.bring_down(call, master)
    if attached:
        for member in members:
            plug(call, member)
    if managing:
        management.move(call, host, primary)
    bond_move.move_vlans(call, master, primary)
    bond_move.move_vifs(call, host, network, call.get('PIF', primary, 'network'))
    bond_move.move_tunnels(call, master, primary)
    call.db.destroy('Bond', self)
    call.db.destroy('PIF', master)


def _replug(call, self):
    nm.bring_up(call, call.get('Bond', self, 'master'))


@message('Bond.set_mode')
def set_mode(call, self, mode):
    with call.on_host(call.get('PIF', call.get('Bond', self, 'master'), 'host')):
        legal = {k: v for k, v in call.get('Bond', self, 'properties').items() if _legal(mode, k, v)}
        call.set('Bond', self, mode=mode, properties=with_defaults(mode, legal))
        _replug(call, self)


@message('Bond.set_property')
def set_property(call, self, name, value):
    assert_properties(call.get('Bond', self, 'mode'), {name: value})
    with call.on_host(call.get('PIF', call.get('Bond', self, 'master'), 'host')):
        call.set('Bond', self, properties=dict(call.get('Bond', self, 'properties'), **{name: value}))
        _replug(call, self)
