# SPDX-License-Identifier: Apache-2.0
"""What is simulated: hosts, and the pools that they form. One lock guards all of it."""

import random
import threading
import time
import uuid as uuids

from .cost import CostModel
from .database import Database
from .datamodel import Datamodel
from .faults import Faults

# What calls cost where nobody asked for a cost model, and how long a call for a host that is
# away holds its caller, in seconds. A real pool: 100, in ten tries.
CONTACT_TIMEOUT = 100.0
# How long event.from gathers what happens before it answers, in seconds, as XAPI does.
EVENT_DELAY = 0.05


class HostConfig:
    """How a host is installed. ADDRESS is what its database says, LISTEN where it is reached."""

    def __init__(self, number, nics=6, **given):
        self.name = 'xs-%d' % number
        self.uuid = str(uuids.UUID(int=(0x71710000 << 96) | (0x4000 << 64) | (0x8000 << 48) | number))
        self.address = '127.71.0.%d' % (10 + number)
        self.netmask = '255.255.255.0'
        self.gateway = '127.71.0.1'
        self.dns = '127.71.0.1'
        self.domain = 'xs.test'
        self.nics = nics
        self.mac = '52:54:00:71:%02x' % number
        self.listen = None
        self.__dict__.update(given)
        self.listen = self.listen or self.address


class Nic:
    def __init__(self, position, mac):
        self.position = position
        self.device = 'eth%d' % position
        self.mac = mac
        self.carrier = True


class Host:
    """A machine: what is true of it whatever the databases say."""

    def __init__(self, config):
        self.config = config
        self.uuid = config.uuid
        self.name = config.name
        self.listen = config.listen
        self.nics = [Nic(i, '%s:%02x' % (config.mac, i)) for i in range(config.nics)]
        self.pool = None
        self.ref = None
        self.state = 'up'           # up, away (takes calls, never answers), dead (refuses), off
        self.latency = 0.0          # seconds before each answer
        self.busy = threading.Lock()    # XAPI does the network calls of one host one by one
        self.local_sessions = set()
        self.broken = {}            # device or bridge -> error text: what cannot be brought up
        self.bridges = set()        # bridges that exist without a PIF
        self.listener = None        # the Places that listen for it
        self.domains = 0            # the number of the newest domain
        self.certificate = ''
        self.plugins = {}           # plugin -> function -> what it answers
        self.joining = False        # on its way into another pool

    @property
    def is_coordinator(self):
        return self.pool.coordinator is self


class Pool:
    """A database and the hosts that share it."""

    def __init__(self, world, seed):
        self.world = world
        self.db = Database(world.model, seed)
        self.ref = None
        self.hosts = []
        self.bridge_number = 1
        self.licensed = True
        self.registered = {}        # session -> what event.next has to tell it

    @property
    def coordinator(self):
        master = self.db.get('pool', self.ref, 'master')
        return next((h for h in self.hosts if h.ref == master), self.hosts[0])

    def host(self, ref):
        """The machine of a row of the host table; None when it has gone."""
        return next((h for h in self.hosts if h.ref == ref), None)


class World:
    def __init__(self, version='24.19.2', seed=1, password='secret', cost=0.0,
                 login_delay=0.0, contact_timeout=CONTACT_TIMEOUT, event_delay=EVENT_DELAY, restart=1.0):
        self.model = Datamodel(version)
        self.version = version
        self.random = random.Random(seed)
        self.password = password
        self.login_delay = login_delay
        self.contact_timeout = contact_timeout
        self.event_delay = event_delay
        self.restart = restart
        self.cost = CostModel(cost)
        self.lock = threading.Condition(threading.Lock())
        self.hosts = []
        self.pools = []
        self.faults = Faults()
        self.counts = {}            # host name -> method -> calls
        self.stopping = False
        self.joining = 0            # hosts on their way from one pool to another

    def new_pool(self):
        pool = Pool(self, self.random.getrandbits(64))
        self.pools.append(pool)
        return pool

    def host_named(self, name):
        """By name, uuid, address or number from 1."""
        for number, host in enumerate(self.hosts, 1):
            if str(name) in (host.name, host.uuid, host.config.address, host.listen, str(number)):
                return host
        return None

    def host_at(self, address):
        return next((h for h in self.hosts if address in (h.config.address, h.listen)
                     or (h.pool and h.pool.db.exists('host', h.ref)
                         and h.pool.db.get('host', h.ref, 'address') == address)), None)

    def count(self, host, method):
        table = self.counts.setdefault(host.name, {})
        table[method] = table.get(method, 0) + 1

    def sleep(self, seconds):
        """Wait without the lock, which the caller holds."""
        if seconds <= 0:
            return
        self.lock.release()
        try:
            time.sleep(seconds)
        finally:
            self.lock.acquire()
