#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the recorded pools of this folder from ../records and ../scenarios; see README.md.

extract.py FOLDER        what the folder has: the first, the last and the fullest state of each recording
extract.py FOLDER all    every state between two recorded steps: for a look at them all
"""
import copy
import glob
import gzip
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
DROP = {'blobs', 'allowed_operations', 'current_operations', 'io_read_kbs', 'io_write_kbs', 'last_updated'}


def write(folder, name, tables):
    """One record a line, in the order of references."""
    parts = []
    for cls, records in sorted(tables.items()):
        lines = []
        for ref, record in sorted(records.items()):
            kept = {k: v for k, v in record.items() if k not in DROP}
            lines.append(json.dumps(ref) + ': ' + json.dumps(kept, sort_keys=True))
        parts.append(json.dumps(cls) + (': {\n' + ',\n'.join(lines) + '\n}' if lines else ': {}'))
    with open(os.path.join(folder, name + '.json'), 'w') as f:
        f.write('{\n' + ',\n'.join(parts) + '\n}\n')


def change(tables, changes):
    for cls, records in changes.items():
        for ref, fields in records.items():
            if 'created' in fields:
                tables.setdefault(cls, {})[ref] = dict(fields['created'])
            elif 'deleted' in fields:
                tables[cls].pop(ref, None)
            elif ref in tables.get(cls, {}):
                for name, (_, new) in fields.items():
                    tables[cls][ref][name] = new


def fullness(tables):
    return sum(len(tables.get(cls, {})) for cls in ('VIF', 'Bond', 'VLAN', 'tunnel'))


def scenario(path, folder, everything):
    name = os.path.basename(path)[:-len('.jsonl.gz')]
    tables, last, most, n = None, None, None, 0
    with gzip.open(path, 'rt') as f:
        for line in f:
            step = json.loads(line)
            if step.get('on') == 'host2':  # a database of its own until it joins
                continue
            if 'tables' in step:
                tables = step['tables']
                last = copy.deepcopy(tables)
            elif 'table_changes' in step and tables is not None:
                change(tables, step['table_changes'])
                n += 1
                if everything:
                    write(folder, '%s.%03d' % (name, n), tables)
            else:
                continue
            if most is None or fullness(tables) > fullness(most):
                most = copy.deepcopy(tables)
    if last is None or everything:
        return
    write(folder, name + '.end', last)
    if fullness(most) > fullness(last):
        write(folder, name + '.most', most)


def main():
    folder, everything = sys.argv[1], len(sys.argv) > 2
    for name in ('fresh-6nic', 'pool-2-hosts'):
        tables = {}
        for path in glob.glob(os.path.join(HERE, '../records', name + '-*.json')):
            with open(path) as f:
                tables[os.path.basename(path)[len(name) + 1:-len('.json')]] = json.load(f)
        write(folder, name, tables)
    for path in sorted(glob.glob(os.path.join(HERE, '../scenarios/*.jsonl.gz'))):
        scenario(path, folder, everything)


main()
