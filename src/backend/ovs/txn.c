/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs an apply: builds the transaction, sends it, waits until vswitchd has it, and looks at what became of it. Nothing
 * is begun before the database has taken the transaction, all of it; so what fails up to there has changed nothing.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "backend/ovs/target.h"
#include "base/alloc.h"

#define COMMIT_LIMIT (30000 * XSN_NS_PER_MS)
/* Of vswitchd for a transaction, and for each of its operations: a device that goes takes the kernel 17 ms. */
#define FOLLOW_LIMIT_MS 30000
#define FOLLOW_EACH_MS  50
/* Going back is done when the database is as it was: vswitchd makes it so when it can. */
#define FOLLOW_BACK_MS 5000
/* A vswitchd that is still busy with what others wrote before is given this long. */
#define CATCH_UP_MS 5000

enum {
        TXN_CATCH_UP = 0, /* before anything is sent */
        TXN_COMMIT,
        TXN_FOLLOW,
        TXN_OVER
};

struct ovs_apply {
        struct ox *ox;
        struct xsnet_plan *plan; /* a reference */
        size_t target;
        xsn_step_fn step;
        xsn_applied_fn done;
        void *userdata;
        int phase; /* TXN_* */
        bool begun; /* the phase has asked, and waits */
        bool cancelled;
        bool told; /* of the steps: they are begun */
        struct ovs_transaction txn;
        int64_t next_cfg;
        struct xsn_ovsdb_request *request; /* under way; NULL */
        int code;
        struct xsnet_error *err; /* owned */
};

void xsn_ox_apply_free(struct ox *ox)
{
        struct ovs_apply *a = ox->apply;

        if (!a)
                return;
        ox->apply = NULL;
        if (a->request)
                (void)xsn_ovsdb_cancel(a->request);
        xsn_ovs_transaction_done(&a->txn);
        xsnet_plan_unref(a->plan);
        xsnet_error_free(a->err);
        xsn_free(a);
}

/* The next turn is the last one. */
static void fail(struct ovs_apply *a, int code, struct xsnet_error *err)
{
        if (a->phase == TXN_OVER) {
                xsnet_error_free(err);
                return;
        }
        a->phase = TXN_OVER;
        a->code = code;
        a->err = err;
        xsn_source_set_time(a->ox->timer, 0);
}

static void go_on(struct ovs_apply *a, int phase)
{
        a->phase = phase;
        a->begun = false;
        xsn_source_set_time(a->ox->timer, 0);
}

static void tell_all(struct ovs_apply *a, int code)
{
        for (size_t i = 0; i < a->plan->n_steps; i++)
                if (a->plan->steps[i].target == a->target)
                        a->step(&a->plan->steps[i], code, NULL, a->userdata);
}

static void tell_begun(struct ovs_apply *a)
{
        if (a->told)
                return;
        a->told = true;
        tell_all(a, 1);
}

static int request(struct ovs_apply *a, json_t *ops, uint64_t limit, xsn_ovsdb_reply_fn fn)
{
        struct xsnet_error *err = NULL;
        int r = ops ? xsn_ovsdb_transact(a->ox->client, ops, xsn_loop_now() + limit, fn, a, &a->request, &err)
                    : xsn_error_oom(&err);

        json_decref(ops);
        if (r < 0)
                fail(a, r, err);
        return r;
}

/* ---- waiting for vswitchd ---- */

static json_t *wait_for(const struct ovs_apply *a, int64_t cfg, int limit)
{
        const char *root = xsn_ovs_row_root(&a->ox->rows)->uuid;

        return json_pack("[{ss si ss s[[ss[ss]] [ssI]] s[s] ss s[{s[ss]}]}]", "op", "wait", "timeout", limit, "table",
                         xsn_ovs_tables[OVS_ROOT].name, "where", "_uuid", "==", "uuid", root, "cur_cfg", ">=",
                         (json_int_t)cfg, "columns", "_uuid", "until", "==", "rows", "_uuid", "uuid", root);
}

static bool is_reason(const struct xsnet_error *err, const char *reason)
{
        return strcmp(xsnet_error_get_reason(err), reason) == 0;
}

static void fail_follow(struct ovs_apply *a, const struct xsnet_error *err, int64_t cfg)
{
        struct xsnet_error *mine = NULL;
        int64_t cur = 0;

        (void)xsn_ovs_get_integer(xsn_ovs_row_root(&a->ox->rows), "cur_cfg", &cur);
        if (is_reason(err, "lost-race"))
                (void)xsn_error_set(&mine, -EHOSTDOWN, "vswitchd-down",
                                    "ovs-vswitchd does not follow the database: it is at configuration %" PRId64
                                    ", not at %" PRId64 "; does it run?",
                                    cur, cfg);
        else
                mine = xsn_error_copy(err);
        fail(a, xsnet_error_get_code(mine), mine);
}

/* ---- after vswitchd has it ---- */

/* A guest may go at any time, and its device with it. */
static bool may_fail(const struct xsnet_step *step, const char *words)
{
        const struct xsnet_object *obj = step->to ? step->to : step->from;

        return obj->cls->kind == XSNET_KIND_VIF && strstr(words, "No such device");
}

static int check_interface(const struct ovs_apply *a, const struct ovs_check *check, struct xsnet_error **ret_err)
{
        const struct ovs_row *row = xsn_ovs_row_named(&a->ox->rows, OVS_INTERFACE, check->interface);
        const char *words = xsn_ovs_get_string(row, "error");
        int64_t ofport = 0;

        if (!row)
                return 0; /* somebody took it away meanwhile: what is there is looked at next */
        (void)xsn_ovs_get_integer(row, "ofport", &ofport);
        if (words && *words && !may_fail(check->step, words))
                return xsn_error_set(ret_err, -EIO, "interface-error", "ovs-vswitchd: %s: %s", check->interface, words);
        if (!words && ofport == -1)
                return xsn_error_set(ret_err, -EIO, "interface-error", "ovs-vswitchd could not make the port '%s'",
                                     check->interface);
        return 0;
}

/* What went wrong before is as it was. */
static struct xsnet_error *find_fault(const struct ovs_apply *a, const struct xsnet_step *step)
{
        struct xsnet_error *errs = NULL;

        for (size_t i = 0; !a->plan->back && i < a->txn.n_checks; i++) {
                struct xsnet_error *err = NULL;

                if (a->txn.checks[i].step == step && check_interface(a, &a->txn.checks[i], &err) < 0)
                        xsn_error_append(&errs, err);
        }
        return errs;
}

static bool has_fault(const struct ovs_apply *a)
{
        for (size_t i = 0; !a->plan->back && i < a->txn.n_checks; i++)
                if (check_interface(a, &a->txn.checks[i], NULL) < 0)
                        return true;
        return false;
}

static void finish_steps(struct ovs_apply *a)
{
        bool faults = has_fault(a);

        for (size_t i = 0; i < a->plan->n_steps; i++) {
                const struct xsnet_step *s = &a->plan->steps[i];
                struct xsnet_error *err = faults && s->target == a->target ? find_fault(a, s) : NULL;

                if (s->target == a->target)
                        a->step(s, err ? -EIO : 0, err, a->userdata);
                if (err && !a->err) {
                        a->err = err;
                        a->code = -EIO;
                } else {
                        xsnet_error_free(err);
                }
        }
        a->phase = TXN_OVER;
}

static void on_followed(const json_t *result, const struct xsnet_error *err, void *userdata)
{
        struct ovs_apply *a = userdata;

        (void)result;
        a->request = NULL;
        if (err && a->plan->back && is_reason(err, "lost-race"))
                err = NULL;
        if (err) {
                fail_follow(a, err, a->next_cfg);
                return;
        }
        finish_steps(a);
        xsn_source_set_time(a->ox->timer, 0);
}

/* ---- the transaction ---- */

/* Somebody else's row of the same name, or a row that went: the plan was made for something else. */
static bool is_race(const struct xsnet_error *err)
{
        return is_reason(err, "lost-race") || is_reason(err, "reference-violation") ||
               (is_reason(err, "constraint-violation") && strstr(xsnet_error_get_message(err), "multiple rows"));
}

static void fail_commit(struct ovs_apply *a, const struct xsnet_error *err)
{
        struct xsnet_error *mine = NULL;

        if (is_race(err)) {
                (void)xsn_error_set(&mine, -ESTALE, "lost-race",
                                    "the database was changed meanwhile by somebody else: nothing was written (%s)",
                                    xsnet_error_get_message(err));
        } else if (is_reason(err, "outcome-unknown")) {
                tell_begun(a);
                mine = xsn_error_copy(err);
                /* Where the connection was lost, a look at the database tells; a server that hangs may do it yet. */
                fail(a, xsnet_error_get_code(err) == -ECONNRESET ? -ETIMEDOUT : -EINPROGRESS, mine);
                return;
        } else {
                mine = xsn_error_copy(err);
        }
        fail(a, xsnet_error_get_code(mine), mine);
}

static void on_committed(const json_t *result, const struct xsnet_error *err, void *userdata)
{
        struct ovs_apply *a = userdata;
        const json_t *rows;

        a->request = NULL;
        if (err) {
                fail_commit(a, err);
                return;
        }
        tell_begun(a);
        rows = json_object_get(json_array_get(result, a->txn.next_cfg_at), "rows");
        a->next_cfg = json_integer_value(json_object_get(json_array_get(rows, 0), "next_cfg"));
        go_on(a, TXN_FOLLOW);
}

static void commit(struct ovs_apply *a)
{
        struct ox *ox = a->ox;
        struct ovs_input in = {
                .rows = &ox->seen,
                .net = ox->nl ? &ox->net : NULL,
                .host = ox->host,
                .plan = a->plan,
                .target = a->target,
                .has = xsn_ox_has,
                .server = ox->client,
                .datapath = ox->datapath,
                .force_local = ox->force_local,
        };
        struct xsnet_error *err = NULL;
        int r = xsn_ovs_build(&in, &a->txn, &err);

        if (r < 0) {
                fail(a, r, err);
                return;
        }
        if (!a->txn.ops) {
                tell_begun(a);
                finish_steps(a);
                xsn_source_set_time(ox->timer, 0);
                return;
        }
        (void)request(a, json_incref(a->txn.ops), COMMIT_LIMIT, on_committed);
}

/* ---- before ---- */

static void on_caught_up(const json_t *result, const struct xsnet_error *err, void *userdata)
{
        struct ovs_apply *a = userdata;
        int64_t next = 0;

        (void)result;
        a->request = NULL;
        (void)xsn_ovs_get_integer(xsn_ovs_row_root(&a->ox->rows), "next_cfg", &next);
        if (err)
                fail_follow(a, err, next);
        else
                go_on(a, TXN_COMMIT);
}

/* A vswitchd that does not run, does not follow: known where something was written since it stopped. */
static void catch_up(struct ovs_apply *a)
{
        const struct ovs_row *root = xsn_ovs_row_root(&a->ox->rows);
        int64_t next = 0, cur = 0;

        if (!root || !xsn_ovs_get_integer(root, "next_cfg", &next) || !xsn_ovs_get_integer(root, "cur_cfg", &cur) ||
            a->plan->back || cur >= next)
                go_on(a, TXN_COMMIT);
        else
                (void)request(a, wait_for(a, next, CATCH_UP_MS), COMMIT_LIMIT, on_caught_up);
}

/* ---- turns ---- */

static void finish(struct ovs_apply *a)
{
        struct ox *ox = a->ox;
        struct xsnet_error *err = XSN_TAKE(a->err);
        xsn_applied_fn done = a->done;
        void *userdata = a->userdata;
        int code = a->code;

        if (code < 0 && !err)
                (void)xsn_error_oom(&err);
        xsn_ox_apply_free(ox);
        done(code, err, userdata);
}

static void fail_cancelled(struct ovs_apply *a)
{
        struct xsnet_error *err = NULL;

        (void)xsn_error_set(&err, -ECANCELED, "cancelled", "the apply was cancelled");
        fail(a, -ECANCELED, err);
}

void xsn_ox_apply_turn(struct ox *ox)
{
        struct ovs_apply *a = ox->apply;
        int limit = (a->plan->back ? FOLLOW_BACK_MS : FOLLOW_LIMIT_MS) +
                    FOLLOW_EACH_MS * (int)(json_array_size(a->txn.ops) & 0xffff);

        /* What was sent is answered soon; waiting for vswitchd may be long. */
        if (a->cancelled && a->phase != TXN_OVER && !(a->phase == TXN_COMMIT && a->begun)) {
                if (a->request)
                        (void)xsn_ovsdb_cancel(a->request);
                a->request = NULL;
                fail_cancelled(a);
        }
        if (a->phase == TXN_OVER) {
                finish(a);
                return;
        }
        if (a->begun)
                return;
        a->begun = true;
        if (a->phase == TXN_CATCH_UP)
                catch_up(a);
        else if (a->phase == TXN_COMMIT)
                commit(a);
        else
                (void)request(a, wait_for(a, a->next_cfg, limit), (uint64_t)limit * XSN_NS_PER_MS + COMMIT_LIMIT,
                              on_followed);
}

int xsn_ox_apply(struct xsn_backend *backend, const struct xsnet_plan *plan, size_t target, xsn_step_fn step,
                 xsn_applied_fn done, void *userdata, struct xsnet_error **ret_err)
{
        struct ox *ox = (struct ox *)(void *)backend;
        struct ovs_apply *a;

        if (ox->observed || ox->apply)
                return xsn_error_set(ret_err, -EBUSY, "busy", "ovs: something is under way already");
        if (!ox->synced || !ox->host || !xsn_ovsdb_is_ready(ox->client))
                return xsn_error_set(ret_err, -ENOTCONN, "not-connected",
                                     "the database at %s is away: nothing was sent", ox->place);
        a = xsn_alloc(sizeof(*a));
        if (!a)
                return xsn_error_oom(ret_err);
        a->ox = ox;
        a->plan = xsnet_plan_ref((struct xsnet_plan *)(uintptr_t)plan);
        a->target = target;
        a->step = step;
        a->done = done;
        a->userdata = userdata;
        ox->apply = a;
        xsn_source_set_time(ox->timer, 0);
        return 0;
}

void xsn_ox_cancel(struct xsn_backend *backend)
{
        struct ox *ox = (struct ox *)(void *)backend;

        if (!ox->apply)
                return;
        ox->apply->cancelled = true;
        xsn_source_set_time(ox->timer, 0);
}
