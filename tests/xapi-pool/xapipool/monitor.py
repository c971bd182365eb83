# SPDX-License-Identifier: Apache-2.0
"""XAPI's monitor: carriers, and how many members of a bond have one."""

from .database import now
from .install import metrics_of
from .values import NULL


def _write(db, metrics, fields):
    """What is as it was is not written again."""
    if any(db.get('PIF_metrics', metrics, f) != v for f, v in fields.items()):
        db.set('PIF_metrics', metrics, last_updated=now(), **fields)


def _pool(pool):
    db = pool.db
    up = {}
    for host in pool.hosts:
        if host.state != 'up':
            continue
        for nic in host.nics:
            pif = db.first('PIF', host=host.ref, device=nic.device, physical=True)
            if pif:
                up[pif] = nic.carrier
                metrics = db.get('PIF', pif, 'metrics')
                if db.exists('PIF_metrics', metrics):
                    _write(db, metrics, metrics_of(nic))
    for bond in db.refs('Bond'):
        members = [m for m in db.get('Bond', bond, 'slaves') if up.get(m)]
        db.set('Bond', bond, links_up=len(members))
        metrics = db.get('PIF', db.get('Bond', bond, 'master'), 'metrics') \
            if db.exists('PIF', db.get('Bond', bond, 'master')) else NULL
        if db.exists('PIF_metrics', metrics):
            _write(db, metrics, {'carrier': bool(members), 'duplex': bool(members),
                                 'speed': 10000 if members else 0})


def update(world):
    for pool in world.pools:
        _pool(pool)
