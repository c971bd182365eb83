# SPDX-License-Identifier: Apache-2.0
"""PIF: finding NICs, introducing and forgetting PIFs."""

from . import vlan
from .bond import MAC
from .call import message
from .errors import ApiError
from .install import add_pif
from .pif import assert_not_ha, unplug
from .values import NULL


def _known(call, target):
    return {row.fields['device']: ref for ref, row in call.db.tables['PIF'].items()
            if row.fields['host'] == target.ref and row.fields['physical']}


def _forwarded(call, host):
    """These two calls look for the host first, and call one that is not there offline."""
    if not call.db.exists('host', host):
        raise ApiError('HOST_OFFLINE', host)
    return call.on_host(host)


@message('PIF.scan')
def scan(call, host):
    with _forwarded(call, host) as target:
        with call.busy(target, 'scan'):
            known = _known(call, target)
            for nic in target.nics:
                if nic.device not in known:
                    add_pif(call.db, target, nic, currently_attached=False, igmp_snooping_status='unknown')


@message('PIF.introduce')
def introduce(call, host, mac, device, managed=True):
    with _forwarded(call, host) as target:
        mac = mac.lower()
        nic = next((n for n in target.nics if n.device == device), None)
        if mac == '' and nic:
            mac = nic.mac
        if not MAC.fullmatch(mac):
            raise ApiError('MAC_INVALID', mac)
        if device in _known(call, target):
            raise ApiError('DUPLICATE_PIF_DEVICE_NAME', device)
        if nic is None or nic.mac != mac:
            raise ApiError('COULD_NOT_FIND_NETWORK_INTERFACE_WITH_SPECIFIED_DEVICE_NAME_AND_MAC_ADDRESS', device, mac)
        return add_pif(call.db, target, nic, currently_attached=False, managed=managed,
                       igmp_snooping_status='unknown')


@message('PIF.forget')
def forget(call, self):
    fields = call.db.row('PIF', self).fields
    with call.on_host(fields['host']):
        if fields['management']:
            raise ApiError('PIF_IS_MANAGEMENT_INTERFACE', self)
        if fields['bond_slave_of'] != NULL or fields['bond_master_of']:
            raise ApiError('PIF_ALREADY_BONDED', self)
        if fields['VLAN_slave_of'] or fields['VLAN_master_of'] != NULL:
            raise ApiError('PIF_VLAN_STILL_EXISTS', self)
        if fields['tunnel_access_PIF_of'] or fields['tunnel_transport_PIF_of']:
            raise ApiError('PIF_TUNNEL_STILL_EXISTS', self)
        assert_not_ha(call, self)
        if fields['managed']:
            unplug(call, self)
        call.db.destroy('PIF_metrics', fields['metrics'])
        call.db.destroy('PIF', self)


@message('PIF.db_forget')
def db_forget(call, self):
    call.need('PIF', self)
    call.db.destroy('PIF', self)


INTRODUCED = ('device', 'network', 'host', 'MAC', 'MTU', 'VLAN', 'physical', 'ip_configuration_mode', 'IP',
              'netmask', 'gateway', 'DNS', 'bond_slave_of', 'VLAN_master_of', 'management', 'other_config',
              'disallow_unplug', 'ipv6_configuration_mode', 'IPv6', 'ipv6_gateway', 'primary_address_type',
              'managed', 'properties')


@message('PIF.db_introduce', 'PIF.pool_introduce')
def db_introduce(call, *values):
    fields = {'managed': True, 'currently_attached': False, 'igmp_snooping_status': 'unknown'}
    fields.update(zip(INTRODUCED, values))
    return call.db.create('PIF', metrics=call.db.create('PIF_metrics'), **fields)


@message('PIF.create_VLAN')
def create_vlan(call, device, network, host, tag):
    base = call.db.first('PIF', host=host, device=device, VLAN=-1)
    if base is None:
        raise ApiError('INVALID_VALUE', 'device', device)
    with call.on_host(host):
        return call.get('VLAN', vlan.create(call, base, tag, network), 'untagged_PIF')


@message('PIF.destroy')
def destroy(call, self):
    if call.get('PIF', self, 'VLAN') < 0:
        raise ApiError('PIF_IS_PHYSICAL')
    with call.on_host(call.get('PIF', self, 'host')):
        vlan.destroy(call, call.get('PIF', self, 'VLAN_master_of'))
