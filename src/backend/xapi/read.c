/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The observe: one get_all_records a class, all side by side, into a new set of records; where one fails, all that was
 * known stays as it was.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "backend/xapi/target.h"
#include "base/alloc.h"
#include "transport/xapi_error.h"

/* ---- replies into records ---- */

static const struct xsn_xmlrpc_value *expect(const struct xsn_xmlrpc_value *value, int type, int *r,
                                             struct xsnet_error **ret_err)
{
        *r = xsn_xmlrpc_check(value, type, ret_err);
        return value;
}

static int read_set(const struct xsn_xmlrpc_value *value, struct xa_record *record, int column,
                    struct xsnet_error **ret_err)
{
        int r;

        expect(value, XSN_XMLRPC_ARRAY, &r, ret_err);
        if (r == 0)
                r = xsn_xa_put_empty(record, column, XA_SET);
        for (uint32_t i = 0; r == 0 && i < value->n; i++) {
                const char *text;

                r = xsn_xmlrpc_as_text(&value->items[i], &text, ret_err);
                if (r == 0)
                        r = xsn_xa_put_item(record, column, text);
        }
        return r;
}

static int read_map(const struct xsn_xmlrpc_value *value, struct xa_record *record, int column,
                    struct xsnet_error **ret_err)
{
        int r;

        expect(value, XSN_XMLRPC_STRUCT, &r, ret_err);
        if (r == 0)
                r = xsn_xa_put_empty(record, column, XA_MAP);
        for (uint32_t i = 0; r == 0 && i < value->n; i++) {
                const char *text;

                r = xsn_xmlrpc_as_text(&value->members[i].value, &text, ret_err);
                if (r == 0)
                        r = xsn_xa_put_entry(record, column, value->members[i].name, text);
        }
        return r;
}

static int read_value(const struct xsn_xmlrpc_value *value, struct xa_record *record, int column,
                      struct xsnet_error **ret_err)
{
        const char *text;
        bool yes;
        int r;

        switch (xsn_xa_classes[record->class].columns[column].type) {
        case XA_BOOL:
                r = xsn_xmlrpc_as_bool(value, &yes, ret_err);
                return r < 0 ? r : xsn_xa_put_bool(record, column, yes);
        case XA_SET:
                return read_set(value, record, column, ret_err);
        case XA_MAP:
                return read_map(value, record, column, ret_err);
        default:
                r = xsn_xmlrpc_as_text(value, &text, ret_err);
                return r < 0 ? r : xsn_xa_put_text(record, column, text);
        }
}

int xsn_xa_read_records(const struct xsn_xmlrpc_value *value, int class, struct xa_records *records,
                        struct xsnet_error **ret_err)
{
        const char *name = xsn_xa_classes[class].name;
        int r;

        expect(value, XSN_XMLRPC_STRUCT, &r, ret_err);
        if (r < 0)
                return xsn_error_prefix(ret_err, r, "%s.get_all_records", name);
        for (uint32_t i = 0; i < value->n; i++) {
                const struct xsn_xmlrpc_value *row = &value->members[i].value;
                struct xa_record *record = NULL;

                expect(row, XSN_XMLRPC_STRUCT, &r, ret_err);
                if (r == 0 && xsn_xa_record_add(records, class, value->members[i].name, &record) < 0)
                        r = xsn_error_oom(ret_err);
                for (uint32_t k = 0; r == 0 && k < row->n; k++) {
                        int column = xsn_xa_column_find(class, row->members[k].name);

                        if (column < 0)
                                continue;
                        r = read_value(&row->members[k].value, record, column, ret_err);
                        if (r == -ENOMEM)
                                r = xsn_error_oom(ret_err);
                        if (r < 0)
                                return xsn_error_prefix(ret_err, r, "%s.get_all_records: %s.%s", name,
                                                        value->members[i].name, row->members[k].name);
                }
                if (r < 0)
                        return xsn_error_prefix(ret_err, r, "%s.get_all_records: %s", name, value->members[i].name);
        }
        return 0;
}

/* ---- the observe ---- */

/* Classes that old servers do not have: then there is none of it. */
static bool may_be_missing(int class)
{
        return class == XA_SRIOV || class == XA_TUNNEL;
}

static void on_records(struct xsn_xapi_reply *reply, void *userdata)
{
        struct xt_class *at = userdata;
        struct xt *xt = at->xt;
        struct xsnet_error *err = NULL;
        int r = reply->err ? xsnet_error_get_code(reply->err) : 0;

        xt->asking[at->class] = NULL;
        xt->n_asking--;
        if (r < 0 && may_be_missing(at->class) &&
            !strcmp(xsn_xapi_error_code(reply->failure), "MESSAGE_METHOD_UNKNOWN"))
                r = 0;
        else if (r < 0)
                err = xsn_error_copy(reply->err);
        else
                r = xsn_xa_read_records(reply->result, at->class, &xt->fresh, &err);
        if (r < 0 && xt->code == 0) {
                xt->code = r;
                xt->err = XSN_TAKE(err);
        }
        xsnet_error_free(err);
        if (xt->n_asking == 0)
                xsn_source_set_time(xt->timer, 0);
}

void xsn_xt_drop_observe(struct xt *xt)
{
        for (int class = 0; class < XA_N_CLASSES; class ++)
                if (xt->asking[class]) {
                        (void)xsn_xapi_cancel(xt->asking[class]);
                        xt->asking[class] = NULL;
                }
        xt->n_asking = 0;
        xt->observed = NULL;
        xt->code = 0;
        xt->err = xsnet_error_free(xt->err);
        xsn_xa_records_done(&xt->fresh);
}

static int ask(struct xt *xt, int class, struct xsnet_error **ret_err)
{
        const struct xa_class *cls = &xsn_xa_classes[class];
        const char *fields[XA_COLUMNS_MAX];
        struct xsn_xapi_request request = {
                .flags = XSN_XAPI_REPEATABLE,
                .fields = fields,
                .n_fields = cls->n_columns,
                .fn = on_records,
                .userdata = &xt->classes[class],
        };
        char method[64];
        int r;

        for (size_t i = 0; i < cls->n_columns; i++)
                fields[i] = cls->columns[i].name;
        (void)snprintf(method, sizeof(method), "%s.get_all_records", cls->name);
        request.method = method;
        xt->classes[class] = (struct xt_class){ xt, class };
        r = xsn_xapi_call(xt->session, &request, &xt->asking[class], ret_err);
        xt->n_asking += r == 0;
        return r;
}

int xsn_xt_observe(struct xsn_backend *backend, xsn_observed_fn fn, void *userdata, struct xsnet_error **ret_err)
{
        struct xt *xt = (struct xt *)(void *)backend;
        int r = 0;

        if (xt->observed || xt->run)
                return xsn_error_set(ret_err, -EBUSY, "busy", "xapi: something is under way already");
        xt->observed = fn;
        xt->userdata = userdata;
        for (int class = 0; class < XA_N_CLASSES && r == 0; class ++)
                r = ask(xt, class, ret_err);
        if (r < 0)
                xsn_xt_drop_observe(xt);
        return r;
}

/* What was asked one by one may have changed in between: a VLAN, say, whose PIF is not there. The watch tells, or the
 * next observe. */
static int take(struct xt *xt, struct xsnet_state **ret_state, struct xsnet_error **ret_err)
{
        int r;

        xsn_xa_records_sort(&xt->fresh);
        xsn_xa_view_done(&xt->view);
        xsn_xa_records_done(&xt->records);
        xt->records = xt->fresh;
        memset(&xt->fresh, 0, sizeof(xt->fresh));
        if (xsn_xa_view_open(&xt->view, &xt->records) < 0)
                return xsn_error_oom(ret_err);
        xsn_xa_caps_find(&xt->view, &xt->caps);
        r = xsn_xa_observe(&xt->view, ret_state, ret_err);
        for (size_t i = 0; r == 0 && i < xt->view.n_hosts; i++) {
                const char *address = xsn_xa_text(xt->view.hosts[i].row, XA_HOST_ADDRESS);

                if (*address)
                        (void)xsn_xapi_add_host(xt->session, address, NULL);
        }
        return r;
}

void xsn_xt_end_observe(struct xt *xt)
{
        xsn_observed_fn fn = xt->observed;
        struct xsnet_error *err = XSN_TAKE(xt->err);
        struct xsnet_state *state = NULL;
        int r = xt->code;

        xt->observed = NULL;
        xt->code = 0;
        if (r == 0)
                r = take(xt, &state, &err);
        else
                xsn_xa_records_done(&xt->fresh);
        /* What follows may close the backend. */
        fn(state, r, err, xt->userdata);
        xsnet_state_unref(state);
}
