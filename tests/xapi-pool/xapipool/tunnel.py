# SPDX-License-Identifier: Apache-2.0
"""tunnel"""

from . import nm
from .call import message
from .errors import ApiError
from .pif import free_device, new_pif, plug, unplug
from .values import NULL
from .vlan import assert_network_free


def _random_mac(call):
    """Locally administered, unicast."""
    b = [call.db.random.getrandbits(8) for _ in range(6)]
    b[0] = b[0] & 0xfe | 0x02
    return ':'.join('%02x' % x for x in b)


def _assert_transport(call, pif):
    if not call.get('PIF', pif, 'managed'):
        raise ApiError('PIF_UNMANAGED', pif)
    if call.get('PIF', pif, 'bond_slave_of') != NULL:
        raise ApiError('CANNOT_ADD_TUNNEL_TO_BOND_SLAVE', pif)
    if nm.kind(call, pif) == 'tunnel':
        raise ApiError('IS_TUNNEL_ACCESS_PIF', pif)


def _assert_vswitch(call):
    for row in call.db.tables['host'].values():
        if row.fields['software_version'].get('network_backend', 'openvswitch') != 'openvswitch':
            raise ApiError('OPENVSWITCH_NOT_ACTIVE')


def create_rows(call, transport, network, protocol):
    """The tunnel and its access PIF, unplugged."""
    base = call.db.row('PIF', transport).fields
    access = new_pif(call, device=free_device(call, base['host'], 'tunnel'), network=network, host=base['host'],
                     MAC=_random_mac(call), metrics=base['metrics'],
                     primary_address_type=base['primary_address_type'])
    return call.db.create('tunnel', access_PIF=access, transport_PIF=transport, protocol=protocol,
                          status={'active': 'false'}), access


@message('tunnel.create')
def create(call, transport, network, protocol='gre'):
    host = call.get('PIF', transport, 'host')
    with call.on_host(host):
        assert_network_free(call, network, host)
        _assert_transport(call, transport)
        _assert_vswitch(call)
        ref, access = create_rows(call, transport, network, protocol)
        plug(call, access)
        return ref


def remove(call, self):
    access = call.get('tunnel', self, 'access_PIF')
    unplug(call, access)
    call.db.destroy('tunnel', self)
    call.db.destroy('PIF', access)


@message('tunnel.destroy')
def destroy(call, self):
    with call.on_host(call.get('PIF', call.get('tunnel', self, 'transport_PIF'), 'host')):
        remove(call, self)
