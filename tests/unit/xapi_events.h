/* SPDX-License-Identifier: Apache-2.0 */
/* What event.from and task.get_record answer, for the tests of tasks. */
#ifndef XAPI_EVENTS_H
#define XAPI_EVENTS_H

#include "xapi_script.h"

#define TASK   "OpaqueRef:task-1"
#define MEMBER "<member><name>"

/* An answer of event.from. */
#define EVENTS(events, token)                                                                            \
        XML_OK("<value><struct>" MEMBER "events</name><value><array><data>" events                       \
               "</data></array></value></member>" MEMBER "valid_ref_counts</name><value><struct>" MEMBER \
               "task</name><value><i4>1</i4></value></member>"                                           \
               "</struct></value></member>" MEMBER "token</name>" V(token) "</member></struct></value>")
#define RECORD(status, result, info)                                                                     \
        "<value><struct>" MEMBER                                                                         \
        "status</name>" V(status) "</member>" MEMBER                                                     \
                                  "result</name>" V(result) "</member>" MEMBER                           \
                                                            "error_info</name><value><array><data>" info \
                                                            "</data></array></value></member></struct></value>"
#define EVENT(ref, operation, snapshot)                                                                         \
        "<value><struct>" MEMBER                                                                                \
        "id</name>" V("1") "</member>" MEMBER "class</name>" V("task") "</member>" MEMBER "operation</name>" V( \
                operation) "</member>" MEMBER "ref</name>" V(ref) "</member>" snapshot "</struct></value>"
#define SNAPSHOT(record) MEMBER "snapshot</name>" record "</member>"

#define PENDING EVENT(TASK, "add", SNAPSHOT(RECORD("pending", "", "")))

static inline void task_begins(struct seen *seen)
{
        seen_new(seen, -1);
        seen_open(seen, NULL);
        host_say(&seen->host, "Async.VLAN.create", XML_OK(V(TASK)), 1);
}

static inline void task_call(struct seen *seen)
{
        call_for(seen, "VLAN.create", XSN_XAPI_ASYNC, 0);
        UNTIL(seen, seen->n_replies == 1);
}

#endif
