# SPDX-License-Identifier: Apache-2.0
"""Types of the data model: reading them from their text, checking a parameter against one.

A type is a tuple: ('string',) ('int',) ('bool',) ('float',) ('datetime',) ('ref', class)
('enum', words) ('set', type) ('map', key, value) ('record', class) ('void',). In the database a
value is a str, int, bool, float, DateTime, list or dict."""

import re

from .errors import failure

NULL = 'OpaqueRef:NULL'
EPOCH = '19700101T00:00:00Z'

OCAML_INT = re.compile(r'([-+]?)(0[xX][0-9a-fA-F][0-9a-fA-F_]*|0[oO][0-7][0-7_]*|0[bB][01][01_]*'
                       r'|(?:0[uU])?[0-9][0-9_]*)')

# Enums that XAPI reads exactly; all others without regard to case.
EXACT = ('bond_mode', 'event_operation')


class DateTime(str):
    """20261120T11:37:32Z"""


class I4(int):
    """An integer that goes out as <i4>; all others go out as untyped text."""


class Base64(bytes):
    """A base64 parameter: no message takes one, but errors show it."""


def parse_type(text, enums):
    text = text.strip()
    if text.endswith(' set'):
        return ('set', parse_type(text[:-4], enums))
    if text.endswith(' map'):
        key, value = text[1:-5].split(' -> ', 1)
        return ('map', parse_type(key, enums), parse_type(value, enums))
    if text.endswith(' ref'):
        return ('ref', text[:-4])
    if text.endswith(' record'):
        return ('record', text[:-7])
    if text.startswith('enum '):
        return ('enum', text[5:], tuple(enums.get(text[5:], ())))
    if text.startswith('('):
        return parse_type(text[1:-1], enums)
    return (text,)


def default_value(kind, text=None):
    """The default TEXT of the data model (None: there is none) as a value of the type."""
    name = kind[0]
    if name == 'set':
        return []
    if name == 'map':
        return {'active': 'false'} if text and 'active' in text else {}
    if name == 'int':
        return int(text) if text and re.fullmatch(r'-?\d+', text) else 0
    if name == 'bool':
        return text == 'true'
    if name == 'float':
        return float(text) if text and re.fullmatch(r'-?\d+\.?\d*', text) else 0.0
    if name == 'datetime':
        return DateTime(EPOCH)
    if name == 'ref':
        return NULL
    if name == 'enum':
        return next((w for w in kind[2] if text and w.lower() == text.lower()), kind[2][0] if kind[2] else '')
    return '' if text in (None, '""', 'Null') else text


def ocaml_int(text):
    """Int64.of_string."""
    m = OCAML_INT.fullmatch(text)
    if not m:
        raise failure('Int64.of_string')
    digits = m.group(2).replace('_', '')
    if digits[:2].lower() == '0u':
        number = int(digits[2:])
    elif digits[:2].lower() in ('0x', '0o', '0b'):
        number = int(digits, 0)
        number = number - (1 << 64) if 1 << 63 <= number < 1 << 64 else number
    else:
        number = int(digits)
    number = -number if m.group(1) == '-' else number
    if not -(1 << 63) <= number < 1 << 63:
        raise failure('Int64.of_string')
    return number


def show(value):
    """A value as rpclib prints it in the text of an error."""
    if value is None:
        return 'N'
    if isinstance(value, bool):
        return 'B(%s)' % str(value).lower()
    if isinstance(value, int):
        return 'I(%d)' % value
    if isinstance(value, float):
        return 'F(%g)' % value
    if isinstance(value, DateTime):
        return 'D(%s)' % value
    if isinstance(value, Base64):
        return 'B64(%s)' % value.decode('utf-8', 'replace')
    if isinstance(value, list):
        return '[%s]' % ';'.join(show(v) for v in value)
    if isinstance(value, dict):
        return '{%s}' % ';'.join('%s:%s' % (k, show(v)) for k, v in value.items())
    return 'S(%s)' % value


def _expected(what, value):
    return failure("Expected %s, got '%s'" % (what, show(value)))


def _text(value):
    if not isinstance(value, str) or isinstance(value, DateTime):
        raise _expected('string', value)
    return value


def _int(kind, value):
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise _expected('int64', value)
    return value if isinstance(value, int) else ocaml_int(value)


def _bool(kind, value):
    if not isinstance(value, bool):
        raise _expected('bool', value)
    return value


def _float(kind, value):
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise _expected('float', value)
    try:
        return float(value)
    except ValueError:
        raise failure('float_of_string') from None


def _enum(kind, value):
    value = _text(value)
    exact = kind[1] in EXACT
    for word in kind[2]:
        if value == word or (not exact and value.lower() == word.lower()):
            return word
    if kind[1] == 'bond_mode':
        raise failure('Unmarshalling error in bond-mode')
    raise failure('Unknown tag/contents')


def _set(kind, value):
    if not isinstance(value, list):
        raise failure("Expecting Rpc.Enum, but found '%s'" % show(value))
    return [check(kind[1], v) for v in value]


def _map(kind, value):
    if not isinstance(value, dict):
        raise failure("Expecting Rpc.Dict, but found '%s'" % show(value))
    return {check(kind[1], k): check(kind[2], v) for k, v in value.items()}


def _record(kind, value):
    if not isinstance(value, dict):
        raise failure("Expecting Rpc.Dict, but found '%s'" % show(value))
    return value


def _datetime(kind, value):
    if not isinstance(value, str):
        raise _expected('datetime', value)
    return DateTime(value)


CHECKS = {'int': _int, 'bool': _bool, 'float': _float, 'enum': _enum, 'set': _set, 'map': _map,
          'record': _record, 'datetime': _datetime}


def check(kind, value):
    """VALUE as one of the type, or the error that XAPI raises."""
    return CHECKS.get(kind[0], lambda k, v: _text(v))(kind, value)
