# SPDX-License-Identifier: Apache-2.0
"""PIF: what other classes need of it, plug and unplug. The other messages are in pif_config.py
and pif_scan.py."""

from . import nm
from .call import message
from .errors import ApiError
from .values import NULL


def new_pif(call, **fields):
    """A PIF that is no NIC: what XAPI gives all of them."""
    given = {'physical': False, 'currently_attached': False, 'IPv6': [''], 'managed': True,
             'ip_configuration_mode': 'None', 'ipv6_configuration_mode': 'None',
             'igmp_snooping_status': 'unknown', 'VLAN': -1, 'MTU': -1}
    given.update(fields)
    return call.db.create('PIF', **given)


def free_device(call, host, prefix):
    used = {row.fields['device'] for row in call.db.tables['PIF'].values() if row.fields['host'] == host}
    number = 0
    while prefix + str(number) in used:
        number += 1
    return prefix + str(number)


def plug(call, pif):
    """PIF.plug, as other calls do it, too."""
    if not call.get('PIF', pif, 'managed'):
        raise ApiError('PIF_UNMANAGED', pif)
    what = nm.kind(call, pif)
    if what == 'tunnel':
        transport = nm.below(call, pif)
        if call.get('PIF', transport, 'ip_configuration_mode') == 'None':
            raise ApiError('TRANSPORT_PIF_NOT_CONFIGURED', transport)
        if not call.get('PIF', transport, 'currently_attached'):
            plug(call, transport)
    if call.get('PIF', pif, 'bond_slave_of') != NULL:
        raise ApiError('CANNOT_PLUG_BOND_SLAVE', pif)
    nm.bring_up(call, pif)


@message('PIF.plug')
def pif_plug(call, self):
    with call.on_host(call.get('PIF', self, 'host')):
        plug(call, self)


def _vif_in_use(call, pif):
    """A VIF of a VM that runs on this host and uses the PIF's network."""
    host, network = call.get('PIF', pif, 'host'), call.get('PIF', pif, 'network')
    for vif in call.get('network', network, 'VIFs'):
        if call.get('VIF', vif, 'currently_attached') and \
                call.get('VM', call.get('VIF', vif, 'VM'), 'resident_on') == host:
            raise ApiError('VIF_IN_USE', network, vif)


def assert_not_ha(call, pif):
    if call.get('PIF', pif, 'currently_attached'):
        if call.pool_field('ha_enabled'):
            raise ApiError('HA_IS_ENABLED')
        if call.pool_field('redo_log_enabled'):
            raise ApiError('REDO_LOG_IS_ENABLED')


def unplug(call, pif):
    """PIF.unplug, as other calls do it, too. A member of a bond has nothing to be unplugged."""
    if not call.get('PIF', pif, 'managed'):
        raise ApiError('PIF_UNMANAGED', pif)
    assert_not_ha(call, pif)
    if call.get('PIF', pif, 'management'):
        raise ApiError('PIF_IS_MANAGEMENT_INTERFACE', pif)
    _vif_in_use(call, pif)
    if call.get('PIF', pif, 'disallow_unplug') and call.get('PIF', pif, 'currently_attached'):
        raise ApiError('PIF_DOES_NOT_ALLOW_UNPLUG', pif)
    for tunnel in call.get('PIF', pif, 'tunnel_transport_PIF_of'):
        access = call.get('tunnel', tunnel, 'access_PIF')
        if call.get('PIF', access, 'currently_attached'):
            unplug(call, access)
    if call.get('PIF', pif, 'bond_slave_of') == NULL:
        nm.bring_down(call, pif)


@message('PIF.unplug')
def pif_unplug(call, self):
    with call.on_host(call.get('PIF', self, 'host')):
        unplug(call, self)
