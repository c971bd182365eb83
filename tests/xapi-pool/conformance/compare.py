# SPDX-License-Identifier: Apache-2.0
"""Compares a recorded value with the server's, while refs and uuids of the two are being matched.

The first time two unknown refs meet they are taken for the same object; from then on each may
only meet the other. Sets have no order. Times, tokens and random MACs only have to look alike."""

import re

REF = re.compile(r'OpaqueRef:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}')
UUID = re.compile(r'[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}')
TOKEN = re.compile(r'\d{20},\d{20}')
ALIKE = (
    re.compile(r'(?!19700101T)\d{8}T\d\d:\d\d:\d\dZ'),
    re.compile(r'\d{9,10}\.'),
    re.compile(r'trackid=[0-9a-f]+'),
    re.compile(r'10\.71\.0\.1\d\d'),     # what the DHCP server of the recording gave
)
# What nobody chose: tunnels' MACs, and those that VIFs got from the seed of their VM.
RANDOM_MAC = re.compile(r'(?!52:54:00|fe:ff:ff)[0-9a-f][26ae](:[0-9a-f]{2}){5}')
INVENTED = ('OpaqueRef:12345678-',)


class Mapping:
    """Recorded name -> the server's name, one to one."""

    def __init__(self):
        self.ours = {}
        self.theirs = {}
        self.tokens = {}
        self.lazy = False           # members of sets that nobody knows yet are left for later

    def copy(self):
        out = Mapping()
        out.lazy = self.lazy
        out.tokens = self.tokens
        out.ours, out.theirs = dict(self.ours), dict(self.theirs)
        return out

    def take(self, other):
        self.ours, self.theirs = other.ours, other.theirs

    def known(self, theirs):
        return theirs in self.ours or theirs.startswith(INVENTED)

    def match(self, theirs, ours):
        if theirs.startswith(INVENTED):
            return theirs == ours
        if theirs in self.ours or ours in self.theirs:
            return self.ours.get(theirs) == ours
        self.ours[theirs] = ours
        self.theirs[ours] = theirs
        return True

    def translate(self, value):
        """A recorded value as it is to be sent to the server."""
        if isinstance(value, str):
            if TOKEN.fullmatch(value):
                return self._token(value)
            return UUID.sub(lambda m: self._name(m.group()), REF.sub(lambda m: self._name(m.group()), value))
        if isinstance(value, list):
            return [self.translate(v) for v in value]
        if isinstance(value, dict):
            return {self.translate(k): self.translate(v) for k, v in value.items()}
        return value

    def _token(self, theirs):
        """The server's token of the same moment: that of the newest known one before it."""
        before = [t for t in self.tokens if t <= theirs]
        return self.tokens[max(before)] if before else theirs

    def _name(self, theirs):
        return self.ours.get(theirs, theirs)


def _is_name(text):
    return REF.fullmatch(text) or UUID.fullmatch(text)


def _strings(theirs, ours, mapping, path):
    if not isinstance(ours, str):
        return [(path, theirs, ours)]
    if theirs == ours:
        return []
    if TOKEN.fullmatch(theirs) and TOKEN.fullmatch(ours):
        mapping.tokens[theirs] = ours
        return []
    if _is_name(theirs) and _is_name(ours):
        return [] if mapping.match(theirs, ours) else [(path, theirs, ours)]
    if RANDOM_MAC.fullmatch(theirs) and RANDOM_MAC.fullmatch(ours):
        return [] if mapping.match(theirs, ours) else [(path, theirs, ours)]
    if any(p.fullmatch(theirs) and p.fullmatch(ours) for p in ALIKE):
        return []
    left, right = REF.split(theirs), REF.split(ours)
    if len(left) > 1 and left == right:
        if all(mapping.match(a, b) for a, b in zip(REF.findall(theirs), REF.findall(ours))):
            return []
    return [(path, theirs, ours)]


def _pair(theirs, ours, mapping, path, differ):
    """Pair each recorded item with one of the server's; what fits exactly is paired first."""
    left, out = list(ours), []
    unsure = []
    for item in theirs:
        translated = mapping.translate(item)
        if translated in left:
            left.remove(translated)
        else:
            unsure.append(item)
    if mapping.lazy and all(isinstance(item, str) for item in unsure):
        return []
    for item in unsure:
        best, wrong = None, None
        for other in left:
            trial = mapping.copy()
            found = differ(item, other, trial)
            if found is None:
                continue
            if wrong is None or len(found) < len(wrong):
                best, wrong, chosen = other, found, trial
            if not found:
                break
        if best is None or (wrong and not isinstance(item, (dict, tuple))):
            out.append((path, item, None))
            continue
        left.remove(best)
        mapping.take(chosen)
        out += wrong
    return out + [(path, None, other) for other in left]


def _dicts(theirs, ours, mapping, path):
    if not any(REF.fullmatch(k) for k in theirs):
        out = [('%s.%s' % (path, k), theirs[k], None) for k in theirs if k not in ours]
        out += [('%s.%s' % (path, k), None, ours[k]) for k in ours if k not in theirs]
        for key in theirs:
            if key in ours:
                out += compare(theirs[key], ours[key], mapping, '%s.%s' % (path, key))
        return out

    def differ(a, b, m):
        if (m.known(a[0]) or b[0] in m.theirs) and m.ours.get(a[0]) != b[0]:
            return None
        found = compare(a[1], b[1], m, '%s.%s' % (path, a[0]))
        return found + ([] if m.match(a[0], b[0]) else [(path, a[0], b[0])])
    return _pair(list(theirs.items()), list(ours.items()), mapping, path, differ)


def compare(theirs, ours, mapping, path=''):
    """[(path, recorded, ours)]: what differs."""
    if isinstance(theirs, str):
        return _strings(theirs, ours, mapping, path)
    if isinstance(theirs, list) and isinstance(ours, list):
        if path.endswith('ErrorDescription') or path.endswith('error_info'):
            if len(theirs) != len(ours):
                return [(path, theirs, ours)]
            if theirs and theirs[0].startswith('NETWORK_CONTAINS_'):       # which of them comes first is chance
                return _pair(theirs, ours, mapping, path, lambda a, b, m: compare(a, b, m, path))
            found = [compare(a, b, mapping, path) for a, b in zip(theirs, ours)]
            return [(path, theirs, ours)] if any(found) else []
        return _pair(theirs, ours, mapping, path, lambda a, b, m: compare(a, b, m, path))
    if isinstance(theirs, dict) and isinstance(ours, dict):
        return _dicts(theirs, ours, mapping, path)
    return [] if theirs == ours and isinstance(theirs, bool) == isinstance(ours, bool) else [(path, theirs, ours)]
