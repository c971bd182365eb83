# SPDX-License-Identifier: Apache-2.0
"""A small XML-RPC client that sends what a recording says, and gives answers in its form:
integers as text, as they are on the wire. Reading is the standard library's, not the server's."""

import http.client
import json
import socket
import xmlrpc.client
from xml.sax.saxutils import escape


class Unix(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__('localhost', timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def encode(value):
    if isinstance(value, dict) and set(value) == {'$xml'}:
        return value['$xml']
    if isinstance(value, bool):
        inner = '<boolean>%d</boolean>' % value
    elif isinstance(value, int):
        inner = '<int>%d</int>' % value
    elif isinstance(value, float):
        inner = '<double>%r</double>' % value
    elif isinstance(value, str):
        inner = '<string>%s</string>' % escape(value)
    elif isinstance(value, list):
        inner = '<array><data>%s</data></array>' % ''.join(map(encode, value))
    else:
        inner = '<struct>%s</struct>' % ''.join(
            '<member><name>%s</name>%s</member>' % (escape(k), encode(v)) for k, v in value.items())
    return '<value>%s</value>' % inner


def _plain(value):
    if isinstance(value, xmlrpc.client.DateTime):
        return value.value
    if isinstance(value, list):
        return [_plain(v) for v in value]
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    return value


class Client:
    """One connection a call, so that calls may run side by side."""

    def __init__(self, connect):
        self.connect = connect

    def call(self, method, params):
        body = '<?xml version="1.0"?><methodCall><methodName>%s</methodName><params>%s</params></methodCall>' % (
            method, ''.join('<param>%s</param>' % encode(p) for p in params))
        connection = self.connect()
        try:
            connection.request('POST', '/', body.encode(), {'Content-Type': 'text/xml'})
            reply = connection.getresponse()
            text = reply.read()
            if reply.status != 200:
                return {'http': reply.status}
            (value,), _ = xmlrpc.client.loads(text)
            return _plain(value)
        except (OSError, http.client.HTTPException) as e:
            return {'transport_error': '%s: %s' % (type(e).__name__, e)}
        finally:
            connection.close()


class Control:
    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(path)
        self.stream = self.sock.makefile('rw', encoding='utf-8')

    def __call__(self, do, **arguments):
        self.stream.write(json.dumps(dict(arguments, do=do)) + '\n')
        self.stream.flush()
        answer = json.loads(self.stream.readline())
        if not answer['ok']:
            raise RuntimeError('control %s: %s' % (do, answer['error']))
        return answer['result']

    def close(self):
        self.stream.close()
        self.sock.close()
