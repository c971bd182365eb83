# SPDX-License-Identifier: Apache-2.0
"""pool: VLANs everywhere, the management network, the coordinator. Joining is in pool_join.py."""

import threading

from . import hosts, install, management, restart, session, vlan
from .call import message
from .errors import ApiError
from .pif import plug


def _live(call, host):
    metrics = call.get('host', host, 'metrics')
    return not call.db.exists('host_metrics', metrics) or call.get('host_metrics', metrics, 'live')


def _create_everywhere(call, bases, network, tag):
    """A VLAN on each PIF, or on none: then they are plugged once more, as XAPI does."""
    made = []
    try:
        for base in bases:
            with call.on_host(call.get('PIF', base, 'host')):
                made.append(vlan.create(call, base, tag, network))
    except ApiError:
        for ref in made:
            with call.on_host(call.get('PIF', call.get('VLAN', ref, 'tagged_PIF'), 'host')):
                vlan.destroy(call, ref)
        raise
    pifs = [call.get('VLAN', ref, 'untagged_PIF') for ref in made]
    for pif in pifs:
        with call.on_host(call.get('PIF', pif, 'host')):
            plug(call, pif)
    return pifs


@message('pool.create_VLAN_from_PIF')
def create_vlan_from_pif(call, pif, network, tag):
    base = call.get('PIF', pif, 'network')
    call.need('network', network)
    pifs = [p for p in call.get('network', base, 'PIFs') if _live(call, call.get('PIF', p, 'host'))]
    return _create_everywhere(call, pifs, network, tag)


@message('pool.create_VLAN')
def create_vlan(call, device, network, tag):
    bases = [call.db.first('PIF', host=h, device=device, VLAN=-1) for h in call.db.refs('host')]
    if not all(bases):
        raise ApiError('INVALID_VALUE', 'device', device)
    return _create_everywhere(call, bases, network, tag)


@message('pool.management_reconfigure')
def management_reconfigure(call, network):
    if call.pool_field('ha_enabled'):
        raise ApiError('HA_IS_ENABLED')
    pifs = []
    coordinator = call.pool.coordinator.ref
    for host in sorted(call.db.refs('host'), key=lambda h: h == coordinator):
        pif = call.host_pif(network, host)
        if pif is None:
            raise ApiError('PIF_NOT_PRESENT', host, network)
        pifs.append(pif)
    for pif in pifs:
        if call.get('PIF', pif, 'primary_address_type') != call.get('PIF', pifs[0], 'primary_address_type'):
            raise ApiError('PIF_INCOMPATIBLE_PRIMARY_ADDRESS_TYPE', pif)
        management.assert_usable(call, pif)
    for pif in pifs:
        with call.on_host(call.get('PIF', pif, 'host')):
            management.reconfigure(call, pif)


@message('pool.designate_new_master')
def designate_new_master(call, host):
    call.need('host', host)
    if host == call.pool.coordinator.ref:
        return
    with call.on_host(host):
        call.set('pool', call.pool.ref, master=host)
    for ref in call.db.refs('session'):
        session.forget(call.pool, ref)


@message('pool.recover_slaves')
def recover_slaves(call):
    return []


@message('pool.sync_database')
def sync_database(call):
    return ''


@message('pool.eject')
def eject(call, host):
    call.need('host', host)
    if host == call.pool.coordinator.ref:
        raise ApiError('HOST_IS_MASTER', host)
    target = call.pool.host(host)
    for cls in ('tunnel', 'VLAN', 'Bond'):
        _forget_of(call, cls, host)
    for pif in call.db.find('PIF', host=host):
        call.db.destroy('PIF_metrics', call.get('PIF', pif, 'metrics'))
        call.db.destroy('PIF', pif)
    hosts.destroy(call, host)
    call.pool.hosts.remove(target)
    target.joining = True
    call.world.joining += 1
    threading.Thread(target=_start_afresh, args=(call.world, target), daemon=True).start()


def _start_afresh(world, host):
    """An ejected host forgets everything and is a pool of its own again."""
    with world.lock:
        restart.go_down(host)
        world.sleep(world.restart)
        install.fresh(world, host)
        restart.come_up(host)
        host.joining = False
        world.joining -= 1
        world.lock.notify_all()


CARRIED_BY = {'tunnel': 'transport_PIF', 'VLAN': 'tagged_PIF', 'Bond': 'master'}


def _forget_of(call, cls, host):
    for ref in call.db.refs(cls):
        pif = call.get(cls, ref, CARRIED_BY[cls])
        if call.db.exists('PIF', pif) and call.get('PIF', pif, 'host') == host:
            call.db.destroy(cls, ref)


@message('pool.set_igmp_snooping_enabled')
def set_igmp_snooping_enabled(call, self, value):
    call.set('pool', self, igmp_snooping_enabled=value)
    for pif in call.db.find('PIF', currently_attached=True):
        if call.get('PIF', pif, 'VLAN') < 0:
            call.set('PIF', pif, igmp_snooping_status='enabled' if value else 'disabled')


@message('pool.get_license_state')
def get_license_state(call, self):
    call.need('pool', self)
    return {'edition': 'xcp-ng', 'expiry': 'never'}
