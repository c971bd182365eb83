# SPDX-License-Identifier: Apache-2.0
"""A host that was just installed, and a second one that joins its pool."""

import time

from .database import now
from .values import NULL
from .world import Host

HIMN = {'is_guest_installer_network': 'true', 'is_host_internal_management_network': 'true',
        'ip_begin': '169.254.0.1', 'ip_end': '169.254.255.254', 'netmask': '255.255.0.0'}

POOL_OPERATIONS = ['cluster_create', 'sync_updates', 'tls_verification_enable', 'designate_new_master',
                   'exchange_ca_certificates_on_join', 'configure_repositories', 'apply_updates',
                   'get_updates', 'ha_enable', 'cert_refresh', 'eject', 'copy_primary_host_certs',
                   'exchange_certificates_on_join']
HOST_OPERATIONS = ['vm_migrate', 'provision', 'vm_resume', 'enable', 'evacuate', 'vm_start']
CAPABILITIES = ['xen-3.0-x86_64', 'hvm-3.0-x86_32', 'hvm-3.0-x86_32p', 'hvm-3.0-x86_64']
MEMORY = 34359738368


def software_version(version):
    release = {'24.19.2': ('8.3.0', '2.21', '5.779'), '26.17.0': ('9.0.0', '2.23', '5.909')}
    product, api, schema = release.get(version, ('0', '0', '0'))
    short = product.rsplit('.', 1)[0]
    return {'product_version': product, 'product_version_text': short, 'product_version_text_short': short,
            'platform_name': 'XCP', 'platform_version': '3.4.0', 'product_brand': 'XCP-ng',
            'build_number': 'cloud', 'git_id': '2', 'hostname': 'localhost', 'date': '20261120T10:27:38Z',
            'dbv': '0.0.1', 'xapi': version.rsplit('.', 1)[0], 'xapi_build': version, 'xen': '4.17.5-sim',
            'linux': '4.19.0-simulated', 'xencenter_min': api, 'xencenter_max': api,
            'network_backend': 'openvswitch', 'db_schema': schema}


def metrics_of(nic):
    """What the monitor finds out about a NIC."""
    return {'carrier': nic.carrier, 'vendor_id': '8086', 'vendor_name': 'Intel Corporation',
            'device_id': '10d3', 'device_name': '82574L Gigabit Network Connection', 'speed': 10000,
            'duplex': True, 'pci_bus_path': '0000:%02x:00.0' % nic.position}


def network_of_nic(db, nic):
    bridge = 'xenbr%d' % nic.position
    return db.first('network', bridge=bridge) or db.create(
        'network', name_label='Pool-wide network associated with ' + nic.device, bridge=bridge, MTU=1500)


def add_pif(db, host, nic, management=False, **fields):
    """The PIF of a NIC, as the first start of XAPI makes it."""
    given = {'device': nic.device, 'network': network_of_nic(db, nic), 'host': host.ref, 'MAC': nic.mac,
             'MTU': 1500, 'VLAN': -1, 'metrics': db.create('PIF_metrics', last_updated=now(), **metrics_of(nic)),
             'physical': True, 'currently_attached': True, 'managed': True, 'properties': {'gro': 'on'},
             'igmp_snooping_status': 'disabled', 'management': management,
             'ip_configuration_mode': 'None', 'ipv6_configuration_mode': 'None'}
    config = host.config
    if management:
        given.update(ip_configuration_mode='Static', IP=config.address, netmask=config.netmask,
                     gateway=config.gateway, DNS=config.dns, other_config={'domain': config.domain})
    given.update(fields)
    return db.create('PIF', **given)


def _dom0(db, host):
    number = int(host.uuid[-12:], 16)
    vm = db.create('VM', uuid=host.uuid[:-12] + '%012x' % (number + 0x100), power_state='Running',
                   name_label='Control domain on host: ' + host.name, is_control_domain=True, domid=0,
                   name_description='The domain which manages physical devices and manages other domains',
                   resident_on=host.ref, affinity=host.ref, domain_type='pv', metrics=db.new_ref(), is_a_template=False,
                   allowed_operations=['metadata_export', 'changing_static_range', 'changing_dynamic_range'])
    db.set('host', host.ref, control_domain=vm)


def _joined_dom0(db, host, **fields):
    """The control domain of a host that joined was imported, which shows."""
    db.set('VM', db.get('host', host.ref, 'control_domain'),
           other_config={'import_task': db.new_ref(), 'mac_seed': db.new_uuid()},
           allowed_operations=['destroy', 'metadata_export', 'changing_static_range', 'changing_dynamic_range',
                               'start_on', 'start'], **fields)


def add_host(pool, host):
    """The rows of a host, its control domain and its NICs."""
    db, config, model = pool.db, host.config, pool.world.version
    software = software_version(model)
    metrics = db.create('host_metrics', memory_total=MEMORY, memory_free=MEMORY - (2 << 30), live=True,
                        last_updated=now())
    major, minor = software['xencenter_max'].split('.')
    host.ref = db.create(
        'host', uuid=host.uuid, name_label=host.name, name_description='Default install',
        hostname=host.name, address=config.address, enabled=True, metrics=metrics, https_only=True,
        API_version_major=int(major), API_version_minor=int(minor), API_version_vendor='XenSource',
        software_version=software, capabilities=list(CAPABILITIES), edition='xcp-ng',
        allowed_operations=list(HOST_OPERATIONS),
        other_config={'agent_start_time': '%d.' % time.time(), 'boot_time': '%d.' % (time.time() - 3600)},
        license_server={'address': 'localhost', 'port': '27000'})
    host.pool = pool
    pool.hosts.append(host)
    _dom0(db, host)
    for nic in host.nics:
        add_pif(db, host, nic, management=nic.position == 0)


BRANDING = ('product_version', 'product_version_text', 'product_version_text_short', 'platform_name',
            'platform_version', 'product_brand', 'build_number', 'git_id', 'hostname', 'date')


def join_rows(pool, host, fields, kept):
    """What a joining host writes into the pool's database: its host, control domain and NICs, all
    of them as yet off. KEPT is the configuration of its management interface."""
    db = pool.db
    metrics = db.create('host_metrics', memory_total=MEMORY, memory_free=MEMORY - (2 << 30), live=True,
                        last_updated=now())
    software = {k: v for k, v in fields['software_version'].items() if k in BRANDING}
    same = {f: fields[f] for f in ('uuid', 'name_label', 'name_description', 'hostname', 'address', 'edition',
                                   'API_version_major', 'API_version_minor', 'API_version_vendor', 'other_config',
                                   'license_server')}
    ref = db.create('host', metrics=metrics, software_version=software, enabled=False, **same)
    before, host.ref = host.ref, ref
    _dom0(db, host)
    _joined_dom0(db, host, power_state='Halted', domid=-1)
    db.set('host', ref, control_domain=NULL)
    for nic in host.nics:
        own = dict(kept, management=True) if nic.position == 0 else {}
        add_pif(db, host, nic, **dict(own, currently_attached=False, igmp_snooping_status='unknown'))
    host.ref = before
    return ref


def first_start(pool, host):
    """What the host finds out about itself when it first starts in the pool."""
    db = pool.db
    vm = db.first('VM', resident_on=host.ref, is_control_domain=True)
    db.set('VM', vm, power_state='Running', domid=0)
    db.set('host', host.ref, control_domain=vm, enabled=True, https_only=True, capabilities=list(CAPABILITIES),
           allowed_operations=list(HOST_OPERATIONS), software_version=software_version(pool.world.version))


def new_host(world, config):
    host = Host(config)
    world.hosts.append(host)
    return host


def fresh(world, host):
    """A pool of one for a host that was just installed."""
    pool = world.new_pool()
    db = pool.db
    db.create('network', name_label='Host internal management network', bridge='xenapi', MTU=1500,
              name_description='Network on which guests will be assigned a private link-local IP address'
                               ' which can be used to talk XenAPI', other_config=dict(HIMN))
    pool.ref = db.create('pool', allowed_operations=list(POOL_OPERATIONS), tls_verification_enabled=True,
                         other_config={'memory-ratio-hvm': '0.25', 'memory-ratio-pv': '0.25'})
    add_host(pool, host)
    db.set('pool', pool.ref, master=host.ref)


def install(world, config):
    """A host on its own."""
    host = new_host(world, config)
    fresh(world, host)
    return host


def install_pool(world, configs):
    """A pool of as many hosts as there are configs; the first is the coordinator."""
    first = install(world, configs[0])
    for config in configs[1:]:
        host = new_host(world, config)
        add_host(first.pool, host)
        _joined_dom0(first.pool.db, host)
    return first.pool
