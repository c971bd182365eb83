# SPDX-License-Identifier: Apache-2.0
"""The database of one pool: tables of rows, with the sets that point back kept up to date, and
a generation number on everything so that event.from can tell what changed."""

import random
import time

from .errors import ApiError
from .values import DateTime, NULL

# class and field that point, class and field that has the set of those who point at it
RELATIONS = (
    ('PIF', 'network', 'network', 'PIFs'),
    ('PIF', 'host', 'host', 'PIFs'),
    ('PIF', 'bond_slave_of', 'Bond', 'slaves'),
    ('Bond', 'master', 'PIF', 'bond_master_of'),
    ('VLAN', 'tagged_PIF', 'PIF', 'VLAN_slave_of'),
    ('tunnel', 'access_PIF', 'PIF', 'tunnel_access_PIF_of'),
    ('tunnel', 'transport_PIF', 'PIF', 'tunnel_transport_PIF_of'),
    ('network_sriov', 'physical_PIF', 'PIF', 'sriov_physical_PIF_of'),
    ('network_sriov', 'logical_PIF', 'PIF', 'sriov_logical_PIF_of'),
    ('VIF', 'network', 'network', 'VIFs'),
    ('VIF', 'VM', 'VM', 'VIFs'),
    ('VM', 'resident_on', 'host', 'resident_VMs'),
    ('task', 'subtask_of', 'task', 'subtasks'),
)


def now():
    return DateTime(time.strftime('%Y%m%dT%H:%M:%SZ', time.gmtime()))


def copy_of(value):
    """A copy that later changes do not reach."""
    if isinstance(value, list):
        return [copy_of(v) for v in value]
    if isinstance(value, dict):
        return {k: copy_of(v) if isinstance(v, (list, dict)) else v for k, v in value.items()}
    return value


class Row:
    """One object: its fields, and the generations of its birth and of its last change."""

    __slots__ = ('fields', 'created', 'modified')

    def __init__(self, fields, generation):
        self.fields = fields
        self.created = self.modified = generation


class Database:
    def __init__(self, model, seed):
        self.model = model
        self.random = random.Random(seed)
        self.tables = {name: {} for name in model.classes}
        self.generation = 1
        self.deleted = []           # (generation, class, ref, generation of its birth)
        self.forward = {}           # class -> field -> (class, field with the set)
        for cls, field, target, back in RELATIONS:
            self.forward.setdefault(cls, {})[field] = (target, back)

    def new_uuid(self):
        h = '%032x' % self.random.getrandbits(128)
        return '-'.join((h[:8], h[8:12], h[12:16], h[16:20], h[20:]))

    def new_ref(self):
        return 'OpaqueRef:' + self.new_uuid()

    # --- reading

    def row(self, cls, ref):
        row = self.tables[cls].get(ref)
        if row is None:
            raise ApiError('HANDLE_INVALID', cls, ref)
        return row

    def exists(self, cls, ref):
        return ref in self.tables[cls]

    def get(self, cls, ref, field):
        return self.row(cls, ref).fields[field]

    def refs(self, cls):
        return list(self.tables[cls])

    def record(self, cls, ref):
        """A copy of a row as the API shows it."""
        return copy_of(self.row(cls, ref).fields)

    def find(self, cls, **fields):
        """The refs of the rows that have these values, in the order of their creation."""
        return [ref for ref, row in self.tables[cls].items()
                if all(row.fields[f] == v for f, v in fields.items())]

    def first(self, cls, **fields):
        return next(iter(self.find(cls, **fields)), None)

    # --- writing

    def _touch(self, row):
        self.generation += 1
        row.modified = self.generation

    def touch(self, cls, ref):
        self._touch(self.row(cls, ref))

    def _point(self, cls, ref, field, old, new):
        """Keep the set on the other side: REF leaves the one of OLD and joins the one of NEW."""
        target, back = self.forward[cls][field]
        row = self.tables[target].get(old)
        if row and ref in row.fields[back]:
            row.fields[back].remove(ref)
            self._touch(row)
        row = self.tables[target].get(new)
        if row and ref not in row.fields[back]:
            row.fields[back].append(ref)
            self._touch(row)

    def create(self, cls, ref=None, **fields):
        ref = ref or self.new_ref()
        values = {name: f.initial() for name, f in self.model.classes[cls].fields.items()}
        values['uuid'] = self.new_uuid()
        unknown = [f for f in fields if f not in values]
        if unknown:
            raise KeyError('%s has no field %s' % (cls, unknown))
        values.update(fields)
        self.generation += 1
        self.tables[cls][ref] = Row(values, self.generation)
        for field in self.forward.get(cls, ()):
            self._point(cls, ref, field, NULL, values[field])
        return ref

    def set(self, cls, ref, **fields):
        """Change fields; what is so already is no change and no event."""
        row = self.row(cls, ref)
        for field, value in fields.items():
            old = row.fields[field]
            if old == value and type(old) is type(value):
                continue
            row.fields[field] = value
            self._touch(row)
            if field in self.forward.get(cls, ()):
                self._point(cls, ref, field, old, value)

    def destroy(self, cls, ref):
        row = self.tables[cls].pop(ref, None)
        if row is None:
            return
        for field in self.forward.get(cls, ()):
            self._point(cls, ref, field, row.fields[field], NULL)
        self.generation += 1
        self.deleted.append((self.generation, cls, ref, row.created))
        if len(self.deleted) > 20000:
            del self.deleted[:10000]

    # --- as a whole

    def dump(self, classes=None):
        """All tables as plain data."""
        return {cls: {ref: row.fields for ref, row in table.items()}
                for cls, table in self.tables.items() if not classes or cls in classes}

    def save(self):
        """All that restore() needs to have everything as it is now."""
        return ({cls: {ref: copy_of(row.fields) for ref, row in table.items()} for cls, table in self.tables.items()},
                self.random.getstate())

    def restore(self, saved):
        """As it was, and all of it new to event.from: what a token says of earlier is not true any more."""
        tables, state = saved
        self.generation += 1
        self.deleted = []
        self.tables = {cls: {ref: Row(copy_of(fields), self.generation) for ref, fields in table.items()}
                       for cls, table in tables.items()}
        self.random.setstate(state)
