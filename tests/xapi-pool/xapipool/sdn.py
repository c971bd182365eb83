# SPDX-License-Identifier: Apache-2.0
"""SDN_controller, and the older pool.set_vswitch_controller."""

import ipaddress

from .call import message
from .errors import ApiError

DEFAULT_PORT = 6632


def _is_ipv4(text):
    try:
        return ipaddress.ip_address(text).version == 4
    except ValueError:
        return False


def _assert_ssl(address, port):
    if not _is_ipv4(address):
        raise ApiError('INVALID_IP_ADDRESS_SPECIFIED', 'address')
    if not 0 <= port <= 65535:
        raise ApiError('VALUE_NOT_SUPPORTED', 'port', port, 'Port out of range')


def _assert_pssl(address, port):
    if address != '':
        raise ApiError('INVALID_VALUE', 'address', address)
    if port != 0:
        raise ApiError('INVALID_VALUE', 'port', port)


@message('SDN_controller.introduce')
def introduce(call, protocol='ssl', address='', port=0):
    if call.db.refs('SDN_controller'):
        raise ApiError('OPERATION_NOT_ALLOWED', 'SDN controller has been configured. Please forget it first.')
    if protocol == 'ssl':
        _assert_ssl(address, port)
        port = port or DEFAULT_PORT
    else:
        _assert_pssl(address, port)
    return call.db.create('SDN_controller', protocol=protocol, address=address, port=port)


@message('SDN_controller.forget')
def forget(call, self):
    call.need('SDN_controller', self)
    call.db.destroy('SDN_controller', self)


@message('pool.set_vswitch_controller')
def set_vswitch_controller(call, address):
    if address and not _is_ipv4(address):
        raise ApiError('INVALID_IP_ADDRESS_SPECIFIED', 'address')
    for ref in call.db.refs('SDN_controller'):
        call.db.destroy('SDN_controller', ref)
    call.set('pool', call.pool.ref, vswitch_controller=address)
    if address:
        call.db.create('SDN_controller', protocol='ssl', address=address, port=DEFAULT_PORT)
