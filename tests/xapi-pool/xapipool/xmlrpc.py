# SPDX-License-Identifier: Apache-2.0
"""XML-RPC as XAPI speaks it: untyped strings, integers as text, map keys that are not escaped."""

import base64
import re
from xml.parsers import expat

from .values import Base64, DateTime, I4


class Malformed(Exception):
    """The body is no methodCall: XAPI answers with an HTTP error, not with a fault."""


# --- writing

CONTROL = re.compile('[\x00-\x08\x0b\x0c\x0e-\x1f]')
SPECIAL = re.compile('[\x00-\x08\x0b\x0c\x0e-\x1f&<>"]')


def _escape(text):
    if not SPECIAL.search(text):
        return text
    text = CONTROL.sub('', text)
    return text.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;').replace('"', '&quot;')


def _struct_of(value):
    return '<struct>%s</struct>' % ''.join(
        ['<member><name>%s</name>%s</member>' % (key, fragment(item)) for key, item in value.items()])


def _array_of(value):
    return '<array><data>%s</data></array>' % ''.join([fragment(item) for item in value])


WRITERS = {
    str: _escape,
    dict: _struct_of,
    list: _array_of,
    bool: lambda value: '<boolean>%d</boolean>' % value,
    I4: lambda value: '<i4>%d</i4>' % value,
    int: lambda value: '%d' % value,
    float: lambda value: '<double>%.16g</double>' % value,
    DateTime: lambda value: '<dateTime.iso8601>%s</dateTime.iso8601>' % value,
}


def fragment(value):
    """A value alone: what task.result holds."""
    return '<value>%s</value>' % WRITERS[type(value)](value)


def response(value, failure):
    """The body of the answer; FAILURE is an ErrorDescription or None."""
    if failure is None:
        struct = {'Status': 'Success', 'Value': value}
    else:
        struct = {'Status': 'Failure', 'ErrorDescription': failure}
    return raw_response(struct)


def raw_response(value):
    return ('<?xml version="1.0"?><methodResponse><params><param>%s</param></params></methodResponse>'
            % fragment(value)).encode()


# --- reading

JUNK_AFTER_ROOT = expat.errors.codes[expat.errors.XML_ERROR_JUNK_AFTER_DOC_ELEMENT]


class _Node:
    __slots__ = ('tag', 'text', 'children')

    def __init__(self, tag):
        self.tag = tag
        self.text = ''
        self.children = []


def _tree(body):
    root = _Node('')
    stack = [root]

    def start(tag, attributes):
        node = _Node(tag)
        stack[-1].children.append(node)
        stack.append(node)

    def end(tag):
        stack.pop()

    def text(data):
        stack[-1].text += data

    def no_entity(*args):
        raise Malformed('Xmlm.Error(1:1, "entity declarations are not taken")')

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    parser.EntityDeclHandler = no_entity
    try:
        parser.Parse(body, True)
    except expat.ExpatError as e:
        if e.code == JUNK_AFTER_ROOT:       # nobody reads that far
            return root.children[0]
        raise Malformed('Xmlm.Error(%d:%d, "%s")' % (e.lineno, e.offset + 1, expat.ErrorString(e.code))) from None
    return root.children[0]


def _expect(node, tag):
    if node.tag != tag:
        raise Malformed('Xmlrpc.Parse_error("open_tag(%s)", "open_tag(%s)", _)' % (node.tag, tag))
    return node


def _number(read, text, name):
    try:
        return read(text)
    except ValueError:
        raise Malformed('Failure("%s")' % name) from None


def _struct(node):
    out = {}
    for member in node.children:
        parts = _expect(member, 'member').children
        if len(parts) != 2:
            raise Malformed('Xmlrpc.Parse_error("close_tag", "open_tag", _)')
        out[_expect(parts[0], 'name').text] = _value(_expect(parts[1], 'value'))
    return out


def _array(node):
    if not node.children:
        raise Malformed('Xmlrpc.Parse_error("close_tag", "open_tag(data)", _)')
    return [_value(_expect(v, 'value')) for v in _expect(node.children[0], 'data').children]


READERS = {
    'string': lambda n: n.text,
    'int': lambda n: _number(int, n.text, 'Int64.of_string'),
    'i4': lambda n: _number(int, n.text, 'Int64.of_string'),
    'i8': lambda n: _number(int, n.text, 'Int64.of_string'),
    'double': lambda n: _number(float, n.text, 'float_of_string'),
    'boolean': lambda n: n.text == '1',
    'dateTime.iso8601': lambda n: DateTime(n.text),
    'base64': lambda n: Base64(base64.b64decode(n.text)),
    'nil': lambda n: None,
    'array': _array,
    'struct': _struct,
}


def _value(node):
    if not node.children:
        return node.text
    inner = node.children[0]
    if inner.tag not in READERS:
        raise Malformed('Xmlrpc.Parse_error("open_tag(%s)", "open_tag", _)' % inner.tag)
    return READERS[inner.tag](inner)


def request(body):
    """(method, parameters) of a methodCall."""
    call = _expect(_tree(body), 'methodCall')
    if not call.children or not call.children[0].text:
        raise Malformed('Xmlrpc.Parse_error("open_tag(params)", "close_tag(methodName)", _)')
    name = _expect(call.children[0], 'methodName').text
    if len(call.children) < 2:
        raise Malformed('Xmlrpc.Parse_error("close_tag", "open_tag", _)')
    params = []
    for param in _expect(call.children[1], 'params').children:
        if not _expect(param, 'param').children:
            raise Malformed('Xmlrpc.Parse_error("close_tag", "open_tag(value)", _)')
        params.append(_value(_expect(param.children[0], 'value')))
    return name, params
