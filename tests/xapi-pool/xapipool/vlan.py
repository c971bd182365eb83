# SPDX-License-Identifier: Apache-2.0
"""VLAN"""

from . import nm
from .call import message
from .errors import ApiError
from .pif import assert_not_ha, new_pif, plug, unplug
from .values import NULL

VLAN_MAC = 'fe:ff:ff:ff:ff:ff'


def assert_network_free(call, network, host):
    """What all calls check that put a PIF on a network."""
    if not call.get('network', network, 'managed'):
        raise ApiError('NETWORK_UNMANAGED', network)
    pif = call.host_pif(network, host)
    if pif is not None:
        raise ApiError('NETWORK_ALREADY_CONNECTED', host, pif)


def _assert_taggable(call, pif):
    if not call.get('PIF', pif, 'managed'):
        raise ApiError('PIF_UNMANAGED', pif)
    if call.get('PIF', pif, 'bond_slave_of') != NULL:
        raise ApiError('CANNOT_ADD_VLAN_TO_BOND_SLAVE', pif)
    what = nm.kind(call, pif)
    if what == 'VLAN':
        raise ApiError('PIF_IS_VLAN', pif)
    if what == 'tunnel':
        raise ApiError('IS_TUNNEL_ACCESS_PIF', pif)


def create_rows(call, tagged, tag, network):
    """The VLAN and its PIF, unplugged."""
    base = call.db.row('PIF', tagged).fields
    ref = call.db.new_ref()
    untagged = new_pif(call, device=base['device'], network=network, host=base['host'], MAC=VLAN_MAC,
                       MTU=base['MTU'], metrics=base['metrics'], VLAN=tag, VLAN_master_of=ref,
                       primary_address_type=base['primary_address_type'])
    call.db.create('VLAN', ref=ref, tagged_PIF=tagged, untagged_PIF=untagged, tag=tag)
    return ref, untagged


def create(call, tagged, tag, network):
    host = call.get('PIF', tagged, 'host')
    assert_network_free(call, network, host)
    _assert_taggable(call, tagged)
    if tag < 0 or tag > 4094:
        raise ApiError('VLAN_TAG_INVALID', tag)
    vlans = call.db.tables['VLAN']
    if any(vlans[v].fields['tag'] == tag for v in call.get('PIF', tagged, 'VLAN_slave_of')):
        raise ApiError('PIF_VLAN_EXISTS', call.get('PIF', tagged, 'device'))
    if any(call.db.row('VIF', v).fields.get('trunks') for v in call.get('network', network, 'VIFs')):
        raise ApiError('NETWORK_INCOMPATIBLE_WITH_TRUNKS', network)
    ref, untagged = create_rows(call, tagged, tag, network)
    plug(call, untagged)
    return ref


@message('VLAN.create')
def vlan_create(call, tagged, tag, network):
    with call.on_host(call.get('PIF', tagged, 'host')):
        call.need('network', network)
        return create(call, tagged, tag, network)


def destroy(call, self):
    untagged = call.get('VLAN', self, 'untagged_PIF')
    if not call.db.exists('PIF', untagged):
        call.db.destroy('VLAN', self)
        return
    if call.get('PIF', untagged, 'bond_slave_of') != NULL:
        raise ApiError('PIF_ALREADY_BONDED', untagged)
    assert_not_ha(call, untagged)
    unplug(call, untagged)
    call.db.destroy('VLAN', self)
    call.db.destroy('PIF', untagged)


@message('VLAN.destroy')
def vlan_destroy(call, self):
    with call.on_host(call.get('PIF', call.get('VLAN', self, 'tagged_PIF'), 'host')):
        destroy(call, self)


@message('VLAN.pool_introduce')
def pool_introduce(call, tagged, untagged, tag, other_config):
    return call.db.create('VLAN', tagged_PIF=tagged, untagged_PIF=untagged, tag=tag, other_config=other_config)
