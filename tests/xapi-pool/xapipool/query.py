# SPDX-License-Identifier: Apache-2.0
"""The expressions of get_all_records_where: field "name"="value", and, or, not, true, false."""

import re

from .errors import ApiError

TOKEN = re.compile(r'\s*(?:("[^"]*")|(field|and|or|not|true|false)\b|([()=]))', re.I)


def _column(value):
    """A value as the database keeps it: text."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return '(%s)' % ' '.join("'%s'" % v for v in value)
    if isinstance(value, dict):
        return '(%s)' % ' '.join("('%s' '%s')" % kv for kv in value.items())
    return str(value)


class _Parser:
    def __init__(self, text):
        self.text = text
        self.tokens = []
        at = 0
        while text[at:].strip():
            m = TOKEN.match(text, at)
            if not m:
                raise self.error('lexing: empty token')
            self.tokens.append(m.group(1) or (m.group(2) or m.group(3)).lower())
            at = m.end()

    def error(self, what):
        return ApiError('INVALID_VALUE', self.text, 'Failure("%s")' % what)

    def take(self, wanted=None):
        if not self.tokens or (wanted and self.tokens[0] != wanted):
            raise self.error('Parsing failed')
        return self.tokens.pop(0)

    def expression(self):
        left = self.term()
        while self.tokens and self.tokens[0] in ('and', 'or'):
            left = self.join(self.tokens.pop(0), left, self.term())
        return left

    @staticmethod
    def join(word, left, right):
        if word == 'and':
            return lambda r: left(r) and right(r)
        return lambda r: left(r) or right(r)

    def term(self):
        token = self.take()
        if token in ('true', 'false'):
            return lambda r: token == 'true'
        if token == 'not':
            inner = self.term()
            return lambda r: not inner(r)
        if token == '(':
            inner = self.expression()
            self.take(')')
            return inner
        left = self.operand(token)
        self.take('=')
        right = self.operand(self.take())
        return lambda r: left(r) == right(r)

    def operand(self, token):
        if token == 'field':
            name = self.take().strip('"').replace('__', '_')
            return lambda r: _column(r.get(name, ''))
        if not token.startswith('"'):
            raise self.error('Parsing failed')
        return lambda r: token[1:-1]


def parse(text):
    """A function that says of a record whether the expression holds."""
    parser = _Parser(text)
    test = parser.expression()
    if parser.tokens:
        raise parser.error('Parsing failed')
    return test
