# SPDX-License-Identifier: Apache-2.0
"""VM: as much of its life as VIFs need. A VM that starts has no domain, only a number."""

from . import nm, vif
from .automatic import constructed
from .call import message
from .errors import ApiError
from .values import NULL

HALTED = ['create_vtpm', 'destroy', 'metadata_export', 'export', 'make_into_template', 'changing_NVRAM',
          'changing_shadow_memory', 'changing_static_range', 'changing_dynamic_range', 'migrate_send', 'start_on',
          'start', 'copy', 'clone', 'snapshot']
RUNNING = ['metadata_export', 'changing_VCPUs_live', 'changing_dynamic_range', 'migrate_send', 'pool_migrate',
           'suspend', 'hard_reboot', 'hard_shutdown', 'clean_reboot', 'clean_shutdown', 'pause', 'checkpoint',
           'snapshot']
PAUSED = ['metadata_export', 'hard_reboot', 'hard_shutdown', 'unpause', 'checkpoint', 'snapshot']
SUSPENDED = ['metadata_export', 'export', 'hard_shutdown', 'resume', 'resume_on', 'copy', 'snapshot']
OPERATIONS = {'Halted': HALTED, 'Running': RUNNING, 'Paused': PAUSED, 'Suspended': SUSPENDED}
SLOTS = 7


@message('VM.create')
def create(call, record):
    fields = constructed(call.world.model, 'VM', record)
    fields['other_config'].setdefault('mac_seed', call.db.new_uuid())
    fields.update(power_state='Halted', domid=-1, allowed_operations=list(HALTED), metrics=call.db.new_ref(),
                  memory_overhead=5242880, transportable_snapshot_id='', hardware_platform_version=2,
                  generation_id='0:0', resident_on=NULL)
    return call.db.create('VM', **fields)


@message('VM.destroy')
def destroy(call, self):
    _assert_state(call, self, 'Halted')
    for ref in list(call.get('VM', self, 'VIFs')):
        call.db.destroy('VIF', ref)
    call.db.destroy('VM', self)


@message('VM.get_allowed_VIF_devices')
def get_allowed_vif_devices(call, vm):
    used = {call.get('VIF', v, 'device') for v in call.get('VM', vm, 'VIFs')}
    return [str(n) for n in range(SLOTS) if str(n) not in used]


def _assert_state(call, vm, *states):
    state = call.get('VM', vm, 'power_state')
    if state not in states:
        raise ApiError('VM_BAD_POWER_STATE', vm, states[0].lower(), state.lower())


def _set_state(call, vm, state, **fields):
    call.set('VM', vm, power_state=state, allowed_operations=list(OPERATIONS[state]), **fields)
    for ref in call.get('VM', vm, 'VIFs'):
        vif.update_operations(call, ref)


def _networks(call, vm):
    return [call.get('VIF', v, 'network') for v in call.get('VM', vm, 'VIFs')]


def _possible(call, vm):
    return [h.ref for h in call.pool.hosts
            if h.state == 'up' and all(vif.can_see(call, n, h.ref) for n in _networks(call, vm))]


@message('VM.get_possible_hosts')
def get_possible_hosts(call, vm):
    call.need('VM', vm)
    return _possible(call, vm)


def _start(call, vm, host, state):
    with call.on_host(host) as target:
        for network in _networks(call, vm):
            if not vif.can_see(call, network, host):
                raise ApiError('VM_REQUIRES_NETWORK', vm, network)
            nm.attach_network(call, network, host)
        target.domains = target.domains + 1
        for ref in call.get('VM', vm, 'VIFs'):
            call.set('VIF', ref, currently_attached=True)
        platform = dict(call.get('VM', vm, 'platform'))
        if call.get('VM', vm, 'domain_type') == 'hvm':
            platform.setdefault('device-model', 'qemu-upstream-compat')
        _set_state(call, vm, state, resident_on=host, domid=target.domains, platform=platform,
                   guest_metrics=call.db.create('VM_guest_metrics'))


def _choose(call, vm):
    possible = _possible(call, vm)
    affinity = call.get('VM', vm, 'affinity')
    if affinity in possible:
        return affinity
    if not possible:
        raise ApiError('NO_HOSTS_AVAILABLE')
    return possible[0]


@message('VM.start')
def start(call, vm, start_paused, force):
    _assert_state(call, vm, 'Halted')
    _start(call, vm, _choose(call, vm), 'Paused' if start_paused else 'Running')


@message('VM.start_on')
def start_on(call, vm, host, start_paused, force):
    _assert_state(call, vm, 'Halted')
    _start(call, vm, host, 'Paused' if start_paused else 'Running')


@message('VM.resume')
def resume(call, vm, start_paused, force):
    _assert_state(call, vm, 'Suspended')
    _start(call, vm, _choose(call, vm), 'Paused' if start_paused else 'Running')


def _stop(call, vm, state):
    for ref in call.get('VM', vm, 'VIFs'):
        call.set('VIF', ref, currently_attached=state == 'Suspended')
    _set_state(call, vm, state, resident_on=NULL, domid=-1)


@message('VM.hard_shutdown', 'VM.clean_shutdown', 'VM.shutdown')
def hard_shutdown(call, vm):
    _assert_state(call, vm, 'Running', 'Paused', 'Suspended')
    _stop(call, vm, 'Halted')


@message('VM.power_state_reset')
def power_state_reset(call, vm):
    _stop(call, vm, 'Halted')


@message('VM.suspend')
def suspend(call, vm):
    _assert_state(call, vm, 'Running')
    _stop(call, vm, 'Suspended')


@message('VM.hard_reboot', 'VM.clean_reboot')
def hard_reboot(call, vm):
    _assert_state(call, vm, 'Running', 'Paused')
    target = call.pool.host(call.get('VM', vm, 'resident_on'))
    target.domains = target.domains + 1
    _set_state(call, vm, 'Running', domid=target.domains)


@message('VM.pause')
def pause(call, vm):
    _assert_state(call, vm, 'Running')
    _set_state(call, vm, 'Paused')


@message('VM.unpause')
def unpause(call, vm):
    _assert_state(call, vm, 'Paused')
    _set_state(call, vm, 'Running')


@message('VM.pool_migrate')
def pool_migrate(call, vm, host, options):
    _assert_state(call, vm, 'Running', 'Paused')
    state = call.get('VM', vm, 'power_state')
    _start(call, vm, host, state)
