# SPDX-License-Identifier: Apache-2.0
"""host"""

from . import management
from .call import message
from .database import now
from .errors import ApiError, internal


@message('host.management_reconfigure')
def management_reconfigure(call, pif):
    with call.on_host(call.get('PIF', pif, 'host'), patient=True):
        if call.pool_field('ha_enabled'):
            raise ApiError('HA_IS_ENABLED')
        management.assert_usable(call, pif)
        management.reconfigure(call, pif)


@message('host.management_disable')
def management_disable(call):
    if call.pool_field('ha_enabled'):
        raise ApiError('HA_IS_ENABLED')
    if not call.host.is_coordinator:
        raise ApiError('SLAVE_REQUIRES_MANAGEMENT_INTERFACE')
    management.move(call, call.host.ref, None)


@message('host.local_management_reconfigure')
def local_management_reconfigure(call, interface):
    raise ApiError('NOT_IN_EMERGENCY_MODE')


@message('host.get_management_interface')
def get_management_interface(call, host):
    call.need('host', host)
    pif = management.interface(call, host)
    if pif is None:
        raise internal('Not_found')
    return pif


@message('host.get_servertime', 'host.get_server_localtime')
def get_servertime(call, host):
    with call.on_host(host):  # the host's own clock
        return now()


@message('host.get_server_certificate')
def get_server_certificate(call, host):
    call.need('host', host)
    return call.pool.host(host).certificate


@message('host.list_methods')
def list_methods(call):
    return sorted(m.full for c in call.world.model.classes.values() for m in c.messages.values())


@message('host.destroy')
def destroy(call, self):
    call.need('host', self)
    if self == call.pool.coordinator.ref:
        raise ApiError('HOST_IS_LIVE', self)
    for vm in call.db.find('VM', resident_on=self, is_control_domain=True):
        call.db.destroy('VM', vm)
    call.db.destroy('host_metrics', call.get('host', self, 'metrics'))
    call.db.destroy('host', self)


@message('host.enable')
def enable(call, host):
    call.set('host', host, enabled=True)


@message('host.disable')
def disable(call, host):
    call.set('host', host, enabled=False)


@message('host.call_plugin')
def call_plugin(call, host, plugin, function, arguments):
    """What the control socket said that the plugin answers."""
    with call.on_host(host) as target:
        if plugin not in target.plugins:
            raise ApiError('XENAPI_MISSING_PLUGIN', plugin)
        if function not in target.plugins[plugin]:
            raise ApiError('XENAPI_PLUGIN_FAILURE', function, 'KeyError', "'%s'" % function)
        return target.plugins[plugin][function]
