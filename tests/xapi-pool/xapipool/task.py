# SPDX-License-Identifier: Apache-2.0
"""task: the records of asynchronous calls."""

from .call import message
from .database import now


def create(call, label, description):
    ref = call.db.create('task', name_label=label, name_description=description, created=now(),
                         resident_on=call.pool.coordinator.ref, type='<none/>', backtrace='()',
                         status='pending')
    if call.db.exists('session', call.session):
        call.db.row('session', call.session).fields['tasks'].append(ref)
    return ref


def finish(call, status, result='', error=None):
    if call.db.exists('task', call.task):
        call.set('task', call.task, status=status, result=result, error_info=error or [],
                 finished=now(), progress=1.0,
                 backtrace='()' if status == 'success' else '((process xapi)(filename dispatch)(line 0))')


@message('task.create')
def task_create(call, label, description):
    return create(call, label, description)


@message('task.destroy')
def task_destroy(call, self):
    call.need('task', self)
    for row in call.db.tables['session'].values():
        if self in row.fields['tasks']:
            row.fields['tasks'].remove(self)
    call.db.destroy('task', self)


@message('task.cancel')
def cancel(call, self):
    call.need('task', self)


@message('task.set_progress')
def set_progress(call, self, value):
    call.set('task', self, progress=value)


@message('task.set_status')
def set_status(call, self, value):
    call.set('task', self, status=value)


@message('task.set_result')
def set_result(call, self, value):
    call.set('task', self, result=value)


@message('task.set_error_info')
def set_error_info(call, self, value):
    call.set('task', self, error_info=value)
