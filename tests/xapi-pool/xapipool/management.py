# SPDX-License-Identifier: Apache-2.0
"""The management interface of a host: which PIF it is, and the address that comes with it."""

from . import nm
from .errors import ApiError
from .pif import plug
from .values import NULL


def interface(call, host):
    return call.db.first('PIF', host=host, management=True)


def _address(call, pif):
    if call.get('PIF', pif, 'primary_address_type') == 'IPv6':
        return (call.get('PIF', pif, 'IPv6') or [''])[0].partition('/')[0]
    return call.get('PIF', pif, 'IP')


def address_changed(call, pif):
    """The host answers at the PIF's address from now on."""
    host = call.get('PIF', pif, 'host')
    address = _address(call, pif)
    if call.get('host', host, 'address') == address:
        return
    call.set('host', host, address=address)
    _listen_anew(call, host, address)


def _listen_anew(call, host, address):
    target = call.pool.host(host)
    if target.listener and address:
        target.listener.moved(target, address)


def move(call, host, pif):
    """PIF is the management interface; None: there is none."""
    old = interface(call, host)
    if old == pif:
        return
    if old:
        call.set('PIF', old, management=False)
    if pif is None:
        call.set('host', host, address='')
        return
    call.set('PIF', pif, management=True)
    call.set('host', host, address=_address(call, pif))
    _listen_anew(call, host, _address(call, pif))


def assert_usable(call, pif):
    """What a PIF needs to become the management interface."""
    if call.get('PIF', pif, 'bond_slave_of') != NULL:
        raise ApiError('CANNOT_PLUG_BOND_SLAVE', pif)
    if call.get('PIF', pif, 'primary_address_type') == 'IPv6':
        if call.get('PIF', pif, 'ipv6_configuration_mode') == 'None':
            raise ApiError('PIF_HAS_NO_V6_NETWORK_CONFIGURATION', pif)
    elif call.get('PIF', pif, 'ip_configuration_mode') == 'None':
        raise ApiError('PIF_HAS_NO_NETWORK_CONFIGURATION', pif)


def reconfigure(call, pif):
    host = call.get('PIF', pif, 'host')
    if interface(call, host) == pif:
        return
    if call.get('PIF', pif, 'managed'):
        plug(call, pif)
    else:
        nm.bring_up(call, pif)
    move(call, host, pif)
