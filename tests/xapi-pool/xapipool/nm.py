# SPDX-License-Identifier: Apache-2.0
"""Bringing PIFs and networks up and down: what a host does, as far as the database shows it."""

from .errors import ApiError
from .values import NULL

DHCP_LEASE_BASE = 100


def kind(call, pif):
    """tunnel, VLAN, sriov, bond or physical: the first that fits, as XAPI decides it."""
    fields = call.db.row('PIF', pif).fields
    if fields['tunnel_access_PIF_of']:
        return 'tunnel'
    if fields['VLAN_master_of'] != NULL:
        return 'VLAN'
    if fields['sriov_logical_PIF_of']:
        return 'sriov'
    if fields['bond_master_of']:
        return 'bond'
    return 'physical'


def below(call, pif):
    """The PIF that carries this one; None below a physical one or a bond."""
    what = kind(call, pif)
    if what == 'tunnel':
        return call.get('tunnel', call.get('PIF', pif, 'tunnel_access_PIF_of')[0], 'transport_PIF')
    if what == 'VLAN':
        return call.get('VLAN', call.get('PIF', pif, 'VLAN_master_of'), 'tagged_PIF')
    return None


def mtu_of(call, pif):
    """What the device gets: other_config:mtu of the PIF, else the network's MTU."""
    own = call.get('PIF', pif, 'other_config').get('mtu', '')
    return int(own) if own.isdigit() else call.get('network', call.get('PIF', pif, 'network'), 'MTU')


def _broken(call, target, pif):
    """The text of the error if bringing this PIF up was made to fail."""
    bridge = call.get('network', call.get('PIF', pif, 'network'), 'bridge')
    for name in (bridge, call.get('PIF', pif, 'device'), pif, '*'):
        if name in target.broken:
            return target.broken[name]
    return None


def _lease(call, pif, target):
    """What DHCP gives: an address in the host's network. Gateway and DNS are taken over where
    they have an effect, on the management interface."""
    config = target.config
    fields = call.db.row('PIF', pif).fields
    number = sum(fields['MAC'].encode()) % 100
    out = {'IP': '%s.%d' % (config.address.rsplit('.', 1)[0], DHCP_LEASE_BASE + number),
           'netmask': config.netmask, 'IPv6': [link_local(fields['MAC'])]}
    if fields['management']:
        out.update(gateway=config.gateway, DNS=config.dns)
    return out


def link_local(mac):
    """The IPv6 address that the kernel makes of a MAC."""
    b = [int(part, 16) for part in mac.split(':')]
    b[0] ^= 2
    words = [b[0] << 8 | b[1], b[2] << 8 | 0xff, 0xfe00 | b[3], b[4] << 8 | b[5]]
    return 'fe80::%s/64' % ':'.join('%x' % w for w in words)


def bring_up(call, pif):
    """The device, its bridge and its address; then what XAPI writes about it."""
    host = call.get('PIF', pif, 'host')
    target = call.pool.host(host)
    what = kind(call, pif)
    with call.busy(target, 'plug ' + what if what in ('VLAN', 'tunnel', 'bond') else 'plug'):
        text = _broken(call, target, pif)
        if text is not None:
            raise ApiError('PIF_CONFIGURATION_ERROR', pif, text)
        if what == 'bond':
            _take_members(call, pif)
        if what == 'bond' and call.get('PIF', pif, 'bond_slave_of') != NULL:
            raise ApiError('PIF_CONFIGURATION_ERROR', pif, 'script error [script = /usr/bin/ovs-vsctl]')
        fields = {'currently_attached': True, 'MTU': mtu_of(call, pif)}
        if what != 'VLAN':
            snooping = call.pool_field('igmp_snooping_enabled')
            fields['igmp_snooping_status'] = 'enabled' if snooping else 'disabled'
        if call.get('PIF', pif, 'ip_configuration_mode') == 'DHCP':
            fields.update(_lease(call, pif, target))
        if call.get('PIF', pif, 'ipv6_configuration_mode') in ('DHCP', 'Autoconf'):
            fields['IPv6'] = [link_local(call.get('PIF', pif, 'MAC'))]
        call.set('PIF', pif, **fields)


def _take_members(call, pif):
    bond = call.get('PIF', pif, 'bond_master_of')[0]
    network = call.get('PIF', pif, 'network')
    for member in call.get('Bond', bond, 'slaves'):
        own = call.get('PIF', member, 'network')
        call.set('network', own, MTU=call.get('network', network, 'MTU'))
        call.db.touch('network', own)
        call.set('PIF', member, currently_attached=False)
    # XAPI does not refuse a bond as a member of another: it fails here, with the rows made
    if any(call.get('PIF', m, 'bond_master_of') for m in call.get('Bond', bond, 'slaves')):
        raise ApiError('PIF_CONFIGURATION_ERROR', pif, '')


def bring_down(call, pif):
    target = call.pool.host(call.get('PIF', pif, 'host'))
    with call.busy(target, 'unplug'):
        call.set('PIF', pif, currently_attached=False)


def attach_network(call, network, host):
    """What a VIF needs before it can be plugged: the network's bridge on the host."""
    target = call.pool.host(host)
    pif = call.host_pif(network, host)
    if pif is None:
        bridge = call.get('network', network, 'bridge')
        if not call.get('network', network, 'managed') and bridge not in target.bridges:
            raise ApiError('BRIDGE_NOT_AVAILABLE', bridge)
        with call.busy(target, 'attach network'):
            target.bridges.add(bridge)
        return
    if not call.get('PIF', pif, 'managed'):
        return
    if call.get('PIF', pif, 'bond_slave_of') != NULL:
        raise ApiError('CANNOT_PLUG_BOND_SLAVE', pif)
    if not call.get('PIF', pif, 'currently_attached'):
        from .pif import plug
        plug(call, pif)
