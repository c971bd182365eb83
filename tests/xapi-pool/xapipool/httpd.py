# SPDX-License-Identifier: Apache-2.0
"""The HTTP server of a host, with XAPI's limits and its error pages; a thread a connection."""

import contextlib
import os
import re
import socket
import ssl
import threading

from . import jsonrpc, xmlrpc
from .errors import Cut, Refused

BODY_MAX = 307200
HEAD_MAX = {'unix': 1024, 'tcp': 1005}
HTML = '<html><body><h1>HTTP %s</h1>%s</body></html>'
TROUBLE = ('An unexpected error occurred; please wait a while and try again. If the problem persists, '
           'please contact your support representative.<h1> Additional information </h1>%s')
NOT_FOUND = ('<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN"> <html><head> <title>404 Not Found</title> '
             '</head><body> <h1>Not Found</h1> <p>The requested URL %s was not found on this server.</p> '
             '<hr><address>Xapi Server</address></body></html>')


class Page(Exception):
    """An answer that is no XML-RPC: the connection ends with it."""

    def __init__(self, status, body, typed=True):
        super().__init__(status)
        self.status = status
        self.body = body
        self.typed = typed


def trouble(what):
    what = what.replace('&', '&amp;').replace('"', '&quot;').replace("'", '&apos;')
    return Page('500 Internal Error', HTML % ('500 internal server error', TROUBLE % what))


class Connection:
    def __init__(self, server, sock):
        self.server = server
        self.sock = sock
        self.buffer = b''

    # --- reading

    def _more(self):
        data = self.sock.recv(65536)
        self.buffer += data
        return bool(data)

    def _head(self):
        """The lines of the request's head, or None at the end of the connection."""
        limit = HEAD_MAX[self.server.transport]
        while True:
            for end in (b'\r\n\r\n', b'\n\n'):
                at = self.buffer.find(end)
                if 0 <= at <= limit - len(end):
                    head, self.buffer = self.buffer[:at], self.buffer[at + len(end):]
                    return head.decode('latin-1').replace('\r\n', '\n').split('\n')
            if len(self.buffer) > limit:
                if self.server.transport == 'tcp':
                    raise Page('431 Request Header Fields Too Large', HTML % (
                        '431 request header fields too large', 'Exceeded the maximum header size.'))
                raise trouble('Invalid_argument("Unix.read")')
            if not self._more():
                return None

    def _body(self, headers):
        length = headers.get('content-length')
        if length is None:
            raise trouble('Failure("We require a content-length: HTTP header")')
        if not re.fullmatch(r'-?\d+', length):
            raise trouble('Failure("Int64.of_string")')
        if int(length) < 0:
            raise trouble('Invalid_argument("Bytes.create")')
        if int(length) > BODY_MAX:
            raise trouble('Http_svr.Client_requested_size_over_limit')
        while len(self.buffer) < int(length):
            if not self._more():
                raise Cut()
        body, self.buffer = self.buffer[:int(length)], self.buffer[int(length):]
        return body

    # --- answering

    def _send(self, version, status, headers, body):
        lines = ['HTTP/%s %s' % (version, status), 'content-length: %d' % len(body)] + headers
        self.sock.sendall(('\r\n'.join(lines) + '\r\n\r\n').encode('latin-1') + body)

    def _half(self, body):
        """The beginning of an answer."""
        self.sock.sendall(b'HTTP/1.1 200 OK\r\ncontent-length: %d\r\ncontent-type: text/xml\r\n\r\n' % len(body)
                          + body[:len(body) // 2])

    def _page(self, version, page):
        headers = ['content-type: text/html'] if page.typed else []
        self._send(version, page.status, headers + ['connection: close', 'cache-control: no-cache, no-store'],
                   page.body.encode())

    def serve(self):
        with contextlib.suppress(OSError, Cut):
            while not self.server.stopped:
                try:
                    if not self._request():
                        break
                finally:
                    self.server.dispatcher.answered()
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()

    def _request(self):
        """One request; whether another may follow."""
        version = '1.1'
        try:
            lines = self._head()
            if lines is None:
                return False
            words = lines[0].split(' ')
            if len(words) != 3:
                raise Cut()
            method, path, version = words[0], words[1], words[2].replace('HTTP/', '')
            headers = {k.strip().lower(): v.strip() for k, _, v in (l.partition(':') for l in lines[1:])}
            keep = headers.get('connection', '').lower()
            keep = keep == 'keep-alive' if version == '1.0' else keep != 'close'
            body, kind = self._dispatch(method, path, headers)
        except Page as page:
            self._page(version, page)
            return False
        common = ['connection: %s' % ('keep-alive' if keep else 'close'), 'cache-control: no-cache, no-store']
        cors = ['Access-Control-Allow-Origin: *', 'Access-Control-Allow-Headers: X-Requested-With']
        kind = ['content-type: ' + kind] if kind else []
        options = ['Access-Control-Allow-Methods: PUT'] if method == 'OPTIONS' else []
        self._send(version, '200 OK', common + kind + cors + options, body)
        return keep

    def _dispatch(self, method, path, headers):
        path = path.partition('?')[0]
        if method == 'OPTIONS':
            return b'', None
        if method == 'PUT' or (method == 'GET' and self.server.transport == 'tcp'):
            raise Page('403 Forbidden', HTML % ('403 forbidden', 'Access to the requested resource is forbidden.'))
        if method == 'GET':
            raise Page('404 Not Found', NOT_FOUND % path, typed=False)
        if method != 'POST':
            raise Page('501 Method not implemented', HTML % (
                '501 Method Not Implemented', '<p>Unknown %s not supported.<br /></p>' % method))
        body = self._body(headers)
        try:
            if path == '/jsonrpc':
                name, params, call = jsonrpc.request(body)
                return jsonrpc.response(*self._answer(name, params), call), 'application/json'
            name, params = xmlrpc.request(body)
        except xmlrpc.Malformed as e:
            raise trouble(str(e)) from None
        try:
            value, failure = self._answer(name, params)
        except Cut as cut:
            if cut.answer is not None:
                self._half(xmlrpc.response(*cut.answer))
            raise
        except Refused as refused:
            raise Page(refused.status, HTML % (refused.status, '')) from None
        if name == 'system.listMethods':
            return xmlrpc.raw_response(value), 'text/xml'
        return xmlrpc.response(value, failure), 'text/xml'

    def _answer(self, name, params):
        return self.server.dispatcher.answer(self.server.host, self.server.transport, name, params)


class Listener:
    """One address of one host: a unix socket, or TCP with or without TLS."""

    def __init__(self, dispatcher, host, transport, address, tls=None):
        self.dispatcher = dispatcher
        self.host = host
        self.transport = transport
        self.tls = tls
        self.stopped = False
        self.connections = set()
        if transport == 'unix':
            with contextlib.suppress(FileNotFoundError):
                os.unlink(address)
            self.sock = socket.socket(socket.AF_UNIX)
        else:
            self.sock = socket.socket(socket.AF_INET)
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.bind(address)
        self.sock.listen(128)
        self.address = self.sock.getsockname()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while not self.stopped:
            try:
                sock, _ = self.sock.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        if self.transport == 'tcp':
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            if self.tls:
                sock = self.tls.wrap_socket(sock, server_side=True)
        except (OSError, ssl.SSLError):
            sock.close()
            return
        self.connections.add(sock)
        try:
            Connection(self, sock).serve()
        finally:
            self.connections.discard(sock)

    def cut(self):
        """Close all connections."""
        for sock in list(self.connections):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def stop(self):
        self.stopped = True
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()
        self.cut()
        if self.transport == 'unix':
            with contextlib.suppress(OSError):
                os.unlink(self.address)
