# SPDX-License-Identifier: Apache-2.0
"""What moves between the members of a bond and the bond: addresses, the management interface,
VLANs and tunnels (as new objects), VIFs."""

from . import management, tunnel, vlan
from .pif import plug, unplug
from .values import NULL

IP_FIELDS = ('ip_configuration_mode', 'IP', 'netmask', 'gateway', 'DNS')


def move_ip(call, source, target):
    """The IPv4 configuration, which the source loses."""
    fields = call.db.row('PIF', source).fields
    call.set('PIF', target, **{f: fields[f] for f in IP_FIELDS})
    call.set('PIF', source, ip_configuration_mode='None', IP='', netmask='', gateway='', DNS='')


def move_disallow_unplug(call, sources, target):
    if any(call.get('PIF', s, 'disallow_unplug') for s in sources):
        call.set('PIF', target, disallow_unplug=True)
        for source in sources:
            call.set('PIF', source, disallow_unplug=False)


def _local_vm(call, vm, host):
    """A VM that runs on the host, or that no other host could run."""
    resident = call.get('VM', vm, 'resident_on')
    if resident != NULL:
        return resident == host
    return not [h.ref for h in call.pool.hosts if h.ref != host and _could_run(call, vm, h.ref)]


def _could_run(call, vm, host):
    for vif in call.get('VM', vm, 'VIFs'):
        network = call.get('VIF', vif, 'network')
        if call.db.exists('network', network) and call.get('network', network, 'PIFs') \
                and call.host_pif(network, host) is None:
            return False
    return True


def move_vifs(call, host, source, target):
    """The VIFs of local VMs go from one network to another."""
    for vif in list(call.get('network', source, 'VIFs')):
        if _local_vm(call, call.get('VIF', vif, 'VM'), host):
            call.set('VIF', vif, network=target)


def _move_vlan(call, old, base):
    """The VLAN on another PIF, with the same tag and network; one whose tag is there is lost."""
    tag = call.get('VLAN', old, 'tag')
    untagged = call.get('VLAN', old, 'untagged_PIF')
    fields = dict(call.db.row('PIF', untagged).fields)
    there = next((v for v in call.get('PIF', base, 'VLAN_slave_of') if call.get('VLAN', v, 'tag') == tag), None)
    if there:
        surviving = call.get('PIF', call.get('VLAN', there, 'untagged_PIF'), 'network')
        move_vifs(call, fields['host'], fields['network'], surviving)
        _drop(call, old, untagged)
        return
    _drop(call, old, untagged)
    ref, new = vlan.create_rows(call, base, tag, fields['network'])
    call.set('PIF', new, other_config=fields['other_config'], **{f: fields[f] for f in IP_FIELDS})
    if fields['currently_attached']:
        plug(call, new)
    if fields['management']:
        management.move(call, fields['host'], new)


def _drop(call, old, untagged):
    call.db.destroy('VLAN', old)
    call.db.destroy('PIF', untagged)


def move_vlans(call, source, target):
    for old in list(call.get('PIF', source, 'VLAN_slave_of')):
        _move_vlan(call, old, target)


def move_tunnels(call, source, target):
    for old in list(call.get('PIF', source, 'tunnel_transport_PIF_of')):
        access = call.get('tunnel', old, 'access_PIF')
        attached = call.get('PIF', access, 'currently_attached')
        network, protocol = call.get('PIF', access, 'network'), call.get('tunnel', old, 'protocol')
        _, new = tunnel.create_rows(call, target, network, protocol)
        if attached:
            unplug(call, access)
        call.db.destroy('tunnel', old)
        call.db.destroy('PIF', access)
        if attached:
            plug(call, new)
