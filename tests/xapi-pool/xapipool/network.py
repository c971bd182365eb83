# SPDX-License-Identifier: Apache-2.0
"""network"""

from .automatic import constructed
from .call import message
from .errors import ApiError
from .nm import attach_network

RESERVED = ('xen', 'xapi', 'vif', 'tap', 'eth')
NAME_MAX = 15


def next_bridge(call):
    used = {row.fields['bridge'] for row in call.db.tables['network'].values()}
    while 'xapi%d' % call.pool.bridge_number in used:
        call.pool.bridge_number += 1
    name = 'xapi%d' % call.pool.bridge_number
    call.pool.bridge_number += 1
    return name


@message('network.create')
def create(call, record):
    fields = constructed(call.world.model, 'network', record)
    bridge = fields['bridge']
    if bridge == '':
        fields['bridge'] = next_bridge(call)
    elif len(bridge) > NAME_MAX or bridge.startswith(RESERVED):
        raise ApiError('INVALID_VALUE', 'bridge', bridge)
    elif call.db.find('network', bridge=bridge):
        raise ApiError('BRIDGE_NAME_EXISTS', bridge)
    if fields['MTU'] <= 0:
        fields['MTU'] = 1500
    return call.db.create('network', **fields)


@message('network.pool_introduce')
def pool_introduce(call, name_label, name_description, mtu, other_config, bridge, managed, purpose):
    return call.db.create('network', name_label=name_label, name_description=name_description, MTU=mtu,
                          other_config=other_config, bridge=bridge, managed=managed, purpose=purpose)


@message('network.destroy')
def destroy(call, self):
    vifs = call.get('network', self, 'VIFs')
    attached = [v for v in vifs if call.get('VIF', v, 'currently_attached')]
    if attached:
        raise ApiError('NETWORK_CONTAINS_VIF', *attached)
    pifs = call.get('network', self, 'PIFs')
    if pifs:
        raise ApiError('NETWORK_CONTAINS_PIF', *pifs)
    if call.get('network', self, 'other_config').get('is_host_internal_management_network') == 'true':
        raise ApiError('CANNOT_DESTROY_SYSTEM_NETWORK', self)
    for vif in list(vifs):
        call.db.destroy('VIF', vif)
    call.db.destroy('network', self)


@message('network.set_default_locking_mode')
def set_default_locking_mode(call, self, value):
    for vif in call.get('network', self, 'VIFs'):
        if call.get('VIF', vif, 'currently_attached') and call.get('VIF', vif, 'locking_mode') == 'network_default':
            raise ApiError('VIF_IN_USE', self, vif)
    call.set('network', self, default_locking_mode=value)


CLASHING = {'nbd': 'insecure_nbd', 'insecure_nbd': 'nbd'}


@message('network.add_purpose')
def add_purpose(call, self, value):
    purposes = call.get('network', self, 'purpose')
    if not call.get('network', self, 'managed'):
        raise ApiError('NETWORK_UNMANAGED', self)
    if value in purposes:
        return
    for row in call.db.tables['network'].values():
        if CLASHING[value] in row.fields['purpose']:
            raise ApiError('NETWORK_INCOMPATIBLE_PURPOSES', value, CLASHING[value])
    call.set('network', self, purpose=purposes + [value])


@message('network.remove_purpose')
def remove_purpose(call, self, value):
    call.set('network', self, purpose=[p for p in call.get('network', self, 'purpose') if p != value])


@message('network.create_new_blob')
def create_new_blob(call, self, name, mime_type, public=False):
    blob = call.db.new_ref()
    call.set('network', self, blobs=dict(call.get('network', self, 'blobs'), **{name: blob}))
    return blob


@message('network.attach')
def attach(call, self, host):
    call.need('network', self)
    with call.on_host(host):
        attach_network(call, self, host)
