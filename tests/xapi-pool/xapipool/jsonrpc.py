# SPDX-License-Identifier: Apache-2.0
"""JSON-RPC 1 and 2 as XAPI speaks them at /jsonrpc."""

import json

from .xmlrpc import Malformed


def request(body):
    """(method, parameters, what the answer needs)."""
    try:
        call = json.loads(body)
    except ValueError as e:
        raise Malformed('Yojson.Json_error("%s")' % e) from None
    if not isinstance(call, dict):
        raise Malformed('Jsonrpc.Malformed_method_request("Invalid request body")')
    for field, kinds in (('method', str), ('params', (list, dict)), ('id', (int, str))):
        if not isinstance(call.get(field), kinds):
            raise Malformed('Jsonrpc.Malformed_method_request("Invalid field \'%s\' in request body")' % field)
    params = call['params']
    return call['method'], params if isinstance(params, list) else [params], call


def response(value, failure, call):
    if call.get('jsonrpc') == '2.0':
        out = {'jsonrpc': '2.0'}
        if failure is None:
            out['result'] = value
        else:
            out['error'] = {'code': 1, 'message': failure[0], 'data': failure[1:]}
    else:
        out = {'result': value if failure is None else None, 'error': failure}
    out['id'] = call['id']
    return json.dumps(out, separators=(',', ':'), ensure_ascii=False).encode()
