# SPDX-License-Identifier: Apache-2.0
"""The tables of a recording and of the server, and how they change from one step to the next."""

# What XAPI's monitor writes when it comes by: belongs to no call.
MONITOR = {('Bond', 'links_up'), ('host', 'allowed_operations'), ('host_metrics', 'last_updated')}
# PIFs first: they tell by themselves which is which, and name the rows of the other classes.
ORDER = ('host', 'network', 'PIF', 'VLAN', 'tunnel', 'Bond', 'VIF', 'VM', 'network_sriov', 'pool', 'PIF_metrics')


def as_text(value):
    """Integers as text, as in the recordings."""
    if isinstance(value, bool) or not isinstance(value, (int, list, dict)):
        return value
    if isinstance(value, list):
        return [as_text(v) for v in value]
    if isinstance(value, dict):
        return {k: as_text(v) for k, v in value.items()}
    return str(value)


def _wanted(cls, record, fields):
    return {f: v for f, v in record.items() if f in fields and (cls, f) not in MONITOR
            and cls != 'PIF_metrics' or f == 'uuid'}


class Tables:
    """Only the classes and the fields that a recording shows."""

    def __init__(self, recorded):
        self.fields = {cls: None for cls in recorded}
        self.learn(recorded)

    def learn(self, recorded):
        for cls, rows in recorded.items():
            for record in rows.values():
                if isinstance(record, dict) and 'uuid' in record:
                    self.fields[cls] = set(record)

    def trim(self, tables):
        out = {}
        for cls in self.fields:
            fields = self.fields[cls]
            out[cls] = {ref: _wanted(cls, record, fields if fields is not None else set(record))
                        for ref, record in tables.get(cls, {}).items()}
        return out


def _same(a, b):
    if isinstance(a, list) and isinstance(b, list):
        return sorted(map(str, a)) == sorted(map(str, b))
    return a == b


def changes(before, after):
    """What happened from one state to the next, in the form of the recordings."""
    out = {}
    for cls in after:
        rows = {}
        for ref, record in after[cls].items():
            if ref not in before.get(cls, {}):
                rows[ref] = {'created': record}
                continue
            old = before[cls][ref]
            fields = {f: {'old': old.get(f), 'new': v} for f, v in record.items() if not _same(old.get(f), v)}
            if fields:
                rows[ref] = fields
        for ref in before.get(cls, {}):
            if ref not in after[cls]:
                rows[ref] = {'deleted': True}
        if rows:
            out[cls] = rows
    return out


def recorded_changes(changed, tables):
    """The recording's own, without what the monitor wrote."""
    out = {}
    for cls, rows in changed.items():
        for ref, change in rows.items():
            if 'created' in change:
                tables.learn({cls: {ref: change['created']}})
                change = {'created': _wanted(cls, change['created'], tables.fields[cls])}
            elif 'deleted' not in change:
                change = {f: {'old': v[0], 'new': v[1]} for f, v in change.items()
                          if (cls, f) not in MONITOR and cls != 'PIF_metrics'}
            if change:
                out.setdefault(cls, {})[ref] = change
    return out


def in_order(cls):
    return ORDER.index(cls) if cls in ORDER else len(ORDER)
