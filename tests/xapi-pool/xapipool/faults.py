# SPDX-License-Identifier: Apache-2.0
"""Faults by position: what shall happen to the n-th call, or to the n-th call of a method."""

from .errors import ApiError

ACTIONS = ('fail', 'delay', 'cut-before', 'cut-after', 'cut-during', 'hang', 'http', 'repeat', 'expire-session')


class Fault:
    """One entry of the table. COUNT calls from the NTH matching one on are hit; 0 is all."""

    def __init__(self, number, action, method=None, host=None, nth=1, count=1, error=None,
                 seconds=0.0, after=False, status='503 Service Unavailable', unless=None):
        if action not in ACTIONS:
            raise ValueError('unknown action %r: there are %s' % (action, ', '.join(ACTIONS)))
        if action == 'fail' and not error:
            raise ValueError('the action fail needs an error: [code, parameters...]')
        self.number = number
        self.action = action
        self.method = method
        self.unless = unless        # a method that is neither hit nor counted
        self.host = host
        self.nth = int(nth)
        self.count = int(count)
        self.error = [str(e) for e in error or []]
        self.seconds = float(seconds)
        self.after = bool(after)    # the action fail: the call is done all the same
        self.status = status        # the action http
        self.seen = 0
        self.hits = 0

    def matches(self, host, method):
        if self.host and self.host not in (host.name, host.uuid):
            return False
        if self.unless == method:
            return False
        if self.method and self.method != method:
            if not (self.method.endswith('*') and method.startswith(self.method[:-1])):
                return False
        self.seen += 1
        if self.seen < self.nth or (self.count and self.seen >= self.nth + self.count):
            return False
        self.hits += 1
        return True

    def describe(self):
        return dict(self.__dict__)


class Faults:
    def __init__(self):
        self.table = []
        self.number = 0

    def add(self, **fault):
        self.number += 1
        self.table.append(Fault(self.number, **fault))
        return self.number

    def remove(self, number=None):
        """One fault, or all."""
        self.table = [f for f in self.table if number is not None and f.number != number]

    def take(self, host, method):
        """The faults that hit this call; each one counts it."""
        return [f for f in self.table if f.matches(host, method)]


def error_of(fault):
    return ApiError(*fault.error)
