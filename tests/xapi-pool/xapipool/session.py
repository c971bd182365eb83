# SPDX-License-Identifier: Apache-2.0
"""session: logins, and who may log in."""

from .call import message
from .database import now
from .errors import ApiError

USER = 'root'


def forget(pool, ref):
    """The session is gone: its next call, and the one that waits for events, fail."""
    pool.db.destroy('session', ref)
    pool.registered.pop(ref, None)
    pool.world.lock.notify_all()


def use(pool, ref):
    """Called with each call; XAPI writes it down at most every ten minutes, so no event here."""
    pool.db.row('session', ref).fields['last_active'] = now()


def _authenticate(call, uname, pwd):
    if call.transport == 'unix' or (uname == USER and pwd == call.world.password):
        return
    call.world.sleep(call.world.login_delay)
    text = 'Authentication failure' if uname == USER else 'User not known to the underlying authentication module'
    raise ApiError('SESSION_AUTHENTICATION_FAILED', uname, text)


@message('session.login_with_password')
def login_with_password(call, uname, pwd, version='1.1', originator=''):
    _authenticate(call, uname, pwd)
    time = now()
    return call.db.create('session', this_host=call.host.ref, last_active=time, validation_time=time,
                          is_local_superuser=True, auth_user_name=uname or USER, originator=originator)


@message('session.slave_local_login_with_password')
def slave_local_login_with_password(call, uname, pwd):
    _authenticate(call, uname, pwd)
    ref = call.db.new_ref()
    call.host.local_sessions.add(ref)
    return ref


@message('session.logout')
def logout(call):
    forget(call.pool, call.session)


@message('session.local_logout')
def local_logout(call):
    if call.session not in call.host.local_sessions:
        raise ApiError('SESSION_INVALID', call.session)
    call.host.local_sessions.remove(call.session)


@message('session.get_all_subject_identifiers')
def get_all_subject_identifiers(call):
    return []


@message('session.logout_subject_identifier')
def logout_subject_identifier(call, subject_identifier):
    for ref in call.db.find('session', auth_user_sid=subject_identifier):
        if subject_identifier:
            forget(call.pool, ref)


@message('session.change_password')
def change_password(call, old_pwd, new_pwd):
    if old_pwd != call.world.password:
        raise ApiError('SESSION_AUTHENTICATION_FAILED', USER, 'Authentication failure')
    call.world.password = new_pwd
