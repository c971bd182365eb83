# SPDX-License-Identifier: Apache-2.0
"""The messages that every class has: getters, setters, the get_all family."""

from . import query
from .database import copy_of
from .errors import ApiError, internal


def get_record(call, m, ref):
    return call.db.record(m.cls, ref)


def get_by_uuid(call, m, uuid):
    ref = call.db.first(m.cls, uuid=uuid)
    if ref is None:
        raise ApiError('UUID_INVALID', m.cls, uuid)
    return ref


def get_by_name_label(call, m, label):
    return call.db.find(m.cls, name_label=label)


def get_all(call, m):
    return call.db.refs(m.cls)


def get_all_records(call, m):
    return {ref: call.db.record(m.cls, ref) for ref in call.db.refs(m.cls)}


def get_all_records_where(call, m, expr):
    test = query.parse(expr)
    records = get_all_records(call, m)
    return {ref: r for ref, r in records.items() if test(dict(r, _ref=ref))}


def get(call, m, ref):
    return copy_of(call.get(m.cls, ref, m.field.name))


def set_(call, m, ref, value):
    call.set(m.cls, ref, **{m.field.name: value})
    return ''


def add_to(call, m, ref, key, value):
    old = call.get(m.cls, ref, m.field.name)
    if key == '':
        raise internal('Db_exn.Empty_key_in_map')
    if key in old:
        raise ApiError('MAP_DUPLICATE_KEY', m.cls, m.field.name, ref, key)
    return set_(call, m, ref, dict(old, **{key: value}))


def remove_from(call, m, ref, key):
    old = call.get(m.cls, ref, m.field.name)
    return set_(call, m, ref, {k: v for k, v in old.items() if k != key})


def add(call, m, ref, value):
    old = call.get(m.cls, ref, m.field.name)
    return set_(call, m, ref, old if value in old else old + [value])


def remove(call, m, ref, value):
    return set_(call, m, ref, [v for v in call.get(m.cls, ref, m.field.name) if v != value])


KINDS = {'get_record': get_record, 'get_by_uuid': get_by_uuid, 'get_by_name_label': get_by_name_label,
         'get_all': get_all, 'get_all_records': get_all_records,
         'get_all_records_where': get_all_records_where, 'get': get, 'set': set_, 'add_to': add_to,
         'remove_from': remove_from, 'add': add, 'remove': remove}


def constructed(model, cls, record):
    """The fields of a constructor's record, checked; defaults for those left out."""
    from .values import check, default_value
    fields = {}
    for name, field in sorted(model.classes[cls].fields.items()):
        if not field.constructed:
            continue
        if name in record:
            fields[name] = check(field.type, record[name])
        elif field.default is not None:
            fields[name] = default_value(field.type, field.default)
        else:
            raise internal('Server_helpers.Dispatcher_FieldNotFound("%s")' % name)
    return fields
