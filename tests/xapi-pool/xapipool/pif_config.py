# SPDX-License-Identifier: Apache-2.0
"""PIF: addresses and properties."""

import ipaddress

from . import management, nm
from .call import message
from .errors import ApiError
from .pif import assert_not_ha
from .values import NULL


def is_ip(text, version):
    try:
        return ipaddress.ip_address(text).version == version and '%' not in text
    except ValueError:
        return False


def is_cidr6(text):
    address, slash, prefix = text.partition('/')
    return bool(slash) and is_ip(address, 6) and prefix.isdigit() and int(prefix) <= 128


def _dns(given, kept, version):
    """The given servers of one family, with those of the other that were there."""
    other = [d for d in kept.split(',') if is_ip(d, 10 - version)]
    mine = [d for d in given.split(',') if is_ip(d, version)]
    return ','.join(mine + other if version == 4 else other + mine)


def _assert_may_change(call, pif):
    if not call.get('PIF', pif, 'managed'):
        raise ApiError('PIF_UNMANAGED', pif)
    assert_not_ha(call, pif)


def _assert_not_last(call, pif, mode, family):
    """The management interface keeps an address of its primary family."""
    if mode == 'None' and call.get('PIF', pif, 'management') \
            and call.get('PIF', pif, 'primary_address_type') == family:
        raise ApiError('PIF_IS_MANAGEMENT_INTERFACE', pif)


def _apply(call, pif):
    """An attached PIF is brought up again at once; what it now has may be the host's address."""
    if call.get('PIF', pif, 'bond_slave_of') == NULL and call.get('PIF', pif, 'currently_attached'):
        nm.bring_up(call, pif)
        if call.get('PIF', pif, 'management'):
            management.address_changed(call, pif)


@message('PIF.reconfigure_ip')
def reconfigure_ip(call, self, mode, ip, netmask, gateway, dns):
    with call.on_host(call.get('PIF', self, 'host'), patient=True):
        _assert_may_change(call, self)
        for name, value in (('IP', ip), ('netmask', netmask), ('gateway', gateway)):
            needed = mode == 'Static' and name != 'gateway'
            if (value or needed) and not is_ip(value, 4):
                raise ApiError('INVALID_IP_ADDRESS_SPECIFIED', name)
        _assert_not_last(call, self, mode, 'IPv4')
        call.set('PIF', self, ip_configuration_mode=mode, IP=ip, netmask=netmask, gateway=gateway,
                 DNS=_dns(dns, call.get('PIF', self, 'DNS'), 4))
        _apply(call, self)


@message('PIF.reconfigure_ipv6')
def reconfigure_ipv6(call, self, mode, ipv6, gateway, dns):
    with call.on_host(call.get('PIF', self, 'host'), patient=True):
        _assert_may_change(call, self)
        if ipv6 and not is_cidr6(ipv6):
            raise ApiError('INVALID_CIDR_ADDRESS_SPECIFIED', 'IPv6')
        if gateway and not is_ip(gateway, 6):
            raise ApiError('INVALID_IP_ADDRESS_SPECIFIED', 'gateway')
        _assert_not_last(call, self, mode, 'IPv6')
        call.set('PIF', self, ipv6_configuration_mode=mode, IPv6=[ipv6], ipv6_gateway=gateway,
                 DNS=_dns(dns, call.get('PIF', self, 'DNS'), 6))
        _apply(call, self)


@message('PIF.set_primary_address_type')
def set_primary_address_type(call, self, value):
    with call.on_host(call.get('PIF', self, 'host')):
        assert_not_ha(call, self)
        if call.get('PIF', self, 'management'):
            raise ApiError('PIF_IS_MANAGEMENT_INTERFACE', self)
        call.set('PIF', self, primary_address_type=value)


@message('PIF.set_disallow_unplug')
def set_disallow_unplug(call, self, value):
    call.set('PIF', self, disallow_unplug=value)


@message('PIF.set_property')
def set_property(call, self, name, value):
    call.need('PIF', self)
    if name != 'gro' or value not in ('on', 'off'):
        raise ApiError('INVALID_VALUE', 'properties', '%s = %s' % (name, value))
    bonds = call.get('PIF', self, 'bond_master_of')
    plain = call.get('PIF', self, 'physical') and call.get('PIF', self, 'bond_slave_of') == NULL
    if not plain and not bonds:
        raise ApiError('CANNOT_CHANGE_PIF_PROPERTIES', self)
    with call.on_host(call.get('PIF', self, 'host')):
        members = call.get('Bond', bonds[0], 'slaves') if bonds else []
        for pif in [self] + members:
            call.set('PIF', pif, properties=dict(call.get('PIF', pif, 'properties'), **{name: value}))
        if call.get('PIF', self, 'currently_attached'):
            nm.bring_up(call, self)
