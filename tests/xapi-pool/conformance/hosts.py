# SPDX-License-Identifier: Apache-2.0
"""The hosts of a recording, as they are to be installed."""

import os


def host_config(tables, ref):
    """How the host of a recording was installed."""
    host = tables['host'][ref]
    pifs = [p for p in tables['PIF'].values() if p['host'] == ref and p['physical']]
    management = next(p for p in pifs if p['management'])
    return {'name': host['name_label'], 'uuid': host['uuid'], 'address': host['address'], 'nics': len(pifs),
            'netmask': management['netmask'], 'gateway': management['gateway'], 'dns': management['DNS'],
            'domain': management['other_config'].get('domain', ''), 'mac': management['MAC'][:-3],
            'listen': '127.71.%d.%d' % (os.getpid() % 250 + 1, int(host['address'].rsplit('.')[-1]))}


def config_of(lines):
    """The hosts of the first tables of a scenario: a pool, and hosts that are still on their own."""
    pools = []
    for line in lines:
        if 'call' in line:
            break
        if 'tables' in line:
            tables = line['tables']
            pool = next(iter(tables['pool'].values()))
            refs = sorted(tables['host'], key=lambda r: r != pool['master'])
            pools.append([host_config(tables, r) for r in refs])
    return {'hosts': pools[0], 'standalone': [h for p in pools[1:] for h in p]}
