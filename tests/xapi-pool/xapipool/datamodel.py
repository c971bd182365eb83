# SPDX-License-Identifier: Apache-2.0
"""The classes, fields and messages of XAPI, read from tests/data/xapi/datamodel.json.

The file has the fields and the messages that are not implied by them; getters, setters and
the get_all family are derived here, the way XAPI derives them."""

import json
import os

from .values import parse_type, default_value

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'data', 'xapi')

# How many of the last parameters may be left out. Only calls that have such parameters take
# surplus ones, which they ignore.
OPTIONAL = {
    'Bond.create': 2, 'tunnel.create': 1, 'session.login_with_password': 2, 'PIF.introduce': 1,
    'PIF.db_introduce': 7, 'PIF.pool_introduce': 7, 'VIF.configure_ipv4': 2,
    'VIF.configure_ipv6': 2, 'SDN_controller.introduce': 3, 'network.create_new_blob': 1,
    'pool.create_new_blob': 1, 'host.create_new_blob': 1, 'VM.create_new_blob': 1,
    'VM.migrate_send': 3, 'VM.assert_can_migrate': 3, 'VM.snapshot': 1,
}

# Messages that the documentation of XAPI hides.
HIDDEN = {
    'network': {
        'attach': ([('network', 'network ref'), ('host', 'host ref')], 'void'),
        'attach_for_vm': ([('host', 'host ref'), ('vm', 'VM ref')], 'void'),
        'detach_for_vm': ([('host', 'host ref'), ('vm', 'VM ref')], 'void'),
        'pool_introduce': ([('name_label', 'string'), ('name_description', 'string'), ('MTU', 'int'),
                            ('other_config', '(string -> string) map'), ('bridge', 'string'),
                            ('managed', 'bool'), ('purpose', 'enum network_purpose set')],
                           'network ref'),
    },
    'VLAN': {
        'pool_introduce': ([('tagged_PIF', 'PIF ref'), ('untagged_PIF', 'PIF ref'), ('tag', 'int'),
                            ('other_config', '(string -> string) map')], 'VLAN ref'),
    },
}

NO_ASYNC = ('session', 'event', 'task', 'blob', 'data_source')


class Field:
    def __init__(self, name, row, enums):
        self.name = name
        self.type = parse_type(row['type'], enums)
        self.writable = row['qualifier'] == 'RW'
        self.constructed = row['qualifier'] in ('RW', 'RO/constructor')
        self.removed = row.get('state') == 'Removed_s'
        self.default = row.get('default')
        self._initial = default_value(self.type, self.default)

    def initial(self):
        """What a row has when nobody says anything about the field: a set or map of its own."""
        value = self._initial
        return value.copy() if isinstance(value, (list, dict)) else value


class Message:
    """One call: its parameters without the session, and what kind of call it is."""

    def __init__(self, cls, name, params, result, kind='custom', field=None):
        self.cls = cls
        self.name = name
        self.full = cls + '.' + name
        self.params = params
        self.result = result
        self.kind = kind
        self.field = field
        self.session = True
        self.removed = False
        self.optional = OPTIONAL.get(self.full, 0)

    @property
    def has_async(self):
        return self.kind in ('custom', 'create', 'destroy') and self.cls not in NO_ASYNC


class Class:
    def __init__(self, name, row):
        self.name = name
        self.enums = row['enums']
        self.fields = {f: Field(f, r, self.enums) for f, r in row['fields'].items()}
        self.messages = {}
        for message, r in row['messages'].items():
            self._custom(message, r)
        for message, (params, result) in HIDDEN.get(name, {}).items():
            self._custom(message, {'params': params, 'result': result})
        if name != 'event':
            self._derive()

    def _add(self, name, params, result, kind, field=None):
        parsed = [(p, parse_type(t, self.enums) if isinstance(t, str) else t) for p, t in params]
        self.messages.setdefault(name, Message(self.name, name, parsed, result, kind, field))

    def _custom(self, name, row):
        kind = name if row.get('implicit') else 'custom'
        self._add(name, row['params'], row['result'], kind)
        self.messages[name].session = row.get('session', True)
        self.messages[name].removed = row.get('state') == 'Removed_s'

    def _derive(self):
        me = ('self', self.name + ' ref')
        self._add('get_record', [me], 'record', 'get_record')
        self._add('get_by_uuid', [('uuid', 'string')], 'ref', 'get_by_uuid')
        if self.name != 'session':
            self._add('get_all', [], 'ref set', 'get_all')
            self._add('get_all_records', [], 'map', 'get_all_records')
            self._add('get_all_records_where', [('expr', 'string')], 'map', 'get_all_records_where')
        if 'name_label' in self.fields and self.name != 'pool':
            self._add('get_by_name_label', [('label', 'string')], 'ref set', 'get_by_name_label')
        for field in self.fields.values():
            self._derive_field(me, field)

    def _derive_field(self, me, field):
        name, kind = field.name, field.type[0]
        self._add('get_' + name, [me], 'value', 'get', field)
        self.messages['get_' + name].removed |= field.removed
        if not field.writable:
            return
        self._add('set_' + name, [me, ('value', field.type)], 'void', 'set', field)
        if kind == 'map':
            self._add('add_to_' + name, [me, ('key', field.type[1]), ('value', field.type[2])],
                      'void', 'add_to', field)
            self._add('remove_from_' + name, [me, ('key', field.type[1])], 'void', 'remove_from', field)
        elif kind == 'set':
            self._add('add_' + name, [me, ('value', field.type[1])], 'void', 'add', field)
            self._add('remove_' + name, [me, ('value', field.type[1])], 'void', 'remove', field)


class Datamodel:
    """All classes of one version of XAPI."""

    def __init__(self, version):
        with open(os.path.join(DATA, 'datamodel.json'), encoding='utf-8') as f:
            versions = json.load(f)
        if version not in versions:
            raise ValueError('no data model of XAPI %s; there are %s' % (version, ', '.join(versions)))
        self.version = version
        self.classes = {name: Class(name, row) for name, row in versions[version].items()}

    def find(self, method):
        """The message called METHOD ('VLAN.create', or 'VLAN_create' as XAPI also takes it)."""
        for separator in ('.', '_'):
            for name, cls in self.classes.items():
                if method.startswith(name + separator) and method[len(name) + 1:] in cls.messages:
                    return cls.messages[method[len(name) + 1:]]
        return None
