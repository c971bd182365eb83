# SPDX-License-Identifier: Apache-2.0
"""The one exception that becomes a Failure reply."""


class ApiError(Exception):
    """A failure as XAPI reports it: a code and its positional parameters, all strings."""

    def __init__(self, code, *params):
        super().__init__(code, *params)
        self.code = code
        self.params = [str(p) for p in params]

    def description(self):
        return [self.code] + self.params


def internal(text):
    """What XAPI answers when an exception escapes that has no code of its own."""
    return ApiError('INTERNAL_ERROR', text)


def failure(text):
    """OCaml's Failure, as XAPI prints it."""
    return internal('Failure("%s")' % text)


class Cut(Exception):
    """The connection is to be closed without an answer, or, with ANSWER, in the middle of it."""

    def __init__(self, answer=None):
        super().__init__()
        self.answer = answer


class Refused(Exception):
    """An HTTP error in place of the answer, as a proxy or an overloaded server gives it."""

    def __init__(self, status):
        super().__init__(status)
        self.status = status
