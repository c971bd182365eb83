# SPDX-License-Identifier: Apache-2.0
"""pool.join: a host leaves its own pool for another one, and XAPI's start on a supporter."""

import threading

from . import install, restart
from .call import Call, message
from .errors import ApiError
from .session import USER


def _assert_joinable(call):
    """What a joining host must not have: bonds, VLANs, tunnels and SR-IOV of its own."""
    if call.db.refs('Bond'):
        raise ApiError('POOL_JOINING_HOST_HAS_BONDS')
    if call.db.refs('tunnel'):
        raise ApiError('POOL_JOINING_HOST_HAS_TUNNELS')
    if call.db.refs('network_sriov'):
        raise ApiError('POOL_JOINING_HOST_HAS_NETWORK_SRIOVS')
    for vlan in call.db.refs('VLAN'):
        if not call.get('PIF', call.get('VLAN', vlan, 'untagged_PIF'), 'management'):
            raise ApiError('POOL_JOINING_HOST_HAS_NON_MANAGEMENT_VLANS')
    if len(call.pool.hosts) > 1 or call.host.joining:
        raise ApiError('OPERATION_NOT_ALLOWED', 'Host is already part of a pool')


def _coordinator_at(call, host, address, username, password):
    target = call.world.host_at(address)
    if target is host:
        raise ApiError('OPERATION_NOT_ALLOWED', 'Host cannot become slave of itself')
    if target is None or target.state != 'up':
        raise ApiError('JOINING_HOST_CONNECTION_FAILED')
    if username != USER or password != call.world.password:
        raise ApiError('SESSION_AUTHENTICATION_FAILED', username, 'Authentication failure')
    if not target.is_coordinator:
        coordinator = target.pool.coordinator
        raise ApiError('HOST_IS_SLAVE', coordinator.pool.db.get('host', coordinator.ref, 'address'))
    return target.pool


@message('pool.join', 'pool.join_force')
def join(call, address, username, password):
    host = call.host
    pool = _coordinator_at(call, host, address, username, password)
    _assert_joinable(call)
    old = host.pool
    ref = introduce(old, pool, host)
    host.joining = True
    thread = threading.Thread(target=_move, args=(call.world, host, old, pool, ref), daemon=True)
    call.world.joining += 1
    thread.start()


def introduce(old, pool, host):
    """The host's rows in the new pool's database, as they are before its XAPI has restarted."""
    fields = old.db.record('host', host.ref)
    management = old.db.first('PIF', host=host.ref, management=True)
    kept = {f: old.db.get('PIF', management, f) for f in
            ('ip_configuration_mode', 'IP', 'netmask', 'gateway', 'DNS', 'other_config')}
    return install.join_rows(pool, host, fields, kept)


def _move(world, host, old, pool, ref):
    """What the joining host does after its answer: it restarts with the other database."""
    with world.lock:
        world.sleep(world.restart / 3)
        restart.go_down(host)
        old.hosts.remove(host)
        if not old.hosts:
            world.pools.remove(old)
        host.pool, host.ref = pool, ref
        pool.hosts.append(host)
        world.sleep(world.restart)
        install.first_start(pool, host)
        restart.start(Call(world, host, 'unix', 'pool.join'), host)
        world.joining -= 1
        host.joining = False
        world.lock.notify_all()
