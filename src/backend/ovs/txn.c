/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs an apply: builds the transaction, sends it, waits until vswitchd has it, looks at what became of it, and does
 * what the kernel is to have around that. Nothing is begun before the database has taken the transaction, all of it; so
 * what fails up to there has changed nothing.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "backend/dom0/arrivals.h"
#include "backend/ovs/device.h"
#include "backend/ovs/target.h"
#include "base/alloc.h"

#define COMMIT_LIMIT (30000 * XSN_NS_PER_MS)
/* Of vswitchd for a transaction, and for each of its operations: a device that goes takes the kernel 17 ms. */
#define FOLLOW_LIMIT_MS 30000
#define FOLLOW_EACH_MS  50
/*
 * Going back is done when the database is as it was: vswitchd makes it so when it can. Where addresses go along, they
 * would be lost with what it does then, so there it is waited for as on the way forth.
 */
#define FOLLOW_BACK_MS 5000
/* A vswitchd that is still busy with what others wrote before is given this long. */
#define CATCH_UP_MS 5000
/* A device that vswitchd is about to change is looked at again after this. */
#define AGAIN_NS (20 * XSN_NS_PER_MS)

enum {
        TXN_BUILD = 0,
        TXN_CATCH_UP, /* before anything is sent */
        TXN_COMMIT,
        TXN_FOLLOW,
        TXN_DEVICES,
        TXN_ANNOUNCE,
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
        size_t n_ops; /* of it, also when they are sent and gone */
        struct ovs_devices *devices;    /* NULL: the database is another machine's */
        struct xsn_d0_arrivals *arrivals; /* NULL: nothing is waited for */
        char root[XSN_OVSDB_UUID_LEN + 1]; /* the row with next_cfg */
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
        xsn_d0_arrivals_close(a->arrivals);
        xsn_ovs_devices_free(a->devices);
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
        return json_pack("[{ss si ss s[[ss[ss]] [ssI]] s[s] ss s[{s[ss]}]}]", "op", "wait", "timeout", limit, "table",
                         xsn_ovs_tables[OVS_ROOT].name, "where", "_uuid", "==", "uuid", a->root, "cur_cfg", ">=",
                         (json_int_t)cfg, "columns", "_uuid", "until", "==", "rows", "_uuid", "uuid", a->root);
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

/* A step that was joined from two has the plan's index all the same. */
static bool is_about(const struct ovs_check *check, const struct xsnet_step *step)
{
        return check->step && check->step->index == step->index;
}

/* What went wrong before is as it was. */
static struct xsnet_error *find_fault(const struct ovs_apply *a, const struct xsnet_step *step)
{
        struct xsnet_error *errs = NULL;

        for (size_t i = 0; !a->plan->back && i < a->txn.n_checks; i++) {
                struct xsnet_error *err = NULL;

                if (is_about(&a->txn.checks[i], step) && check_interface(a, &a->txn.checks[i], &err) < 0)
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

/* What vswitchd refused ends it here. */
static bool report_faults(struct ovs_apply *a)
{
        if (!has_fault(a))
                return false;
        for (size_t i = 0; i < a->plan->n_steps; i++) {
                const struct xsnet_step *s = &a->plan->steps[i];
                struct xsnet_error *err = s->target == a->target ? find_fault(a, s) : NULL;

                if (s->target == a->target)
                        a->step(s, err ? -EIO : 0, err, a->userdata);
                if (err && !a->err)
                        a->err = err;
                else
                        xsnet_error_free(err);
        }
        a->code = -EIO;
        a->phase = TXN_OVER;
        return true;
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
        if (!report_faults(a))
                go_on(a, TXN_DEVICES);
        xsn_source_set_time(a->ox->timer, 0);
}

/* ---- the kernel's part ---- */

static void on_arrival(const struct xsn_d0_link *link, bool gone, void *userdata)
{
        struct ovs_apply *a = userdata;

        xsn_ovs_devices_changed(a->devices, link, gone);
}

static int prepare_devices(struct ovs_apply *a, struct xsnet_error **ret_err)
{
        struct ox *ox = a->ox;
        struct xsn_nl_options options = { .netns = ox->netns, .where = "ovs" };
        int r = ox->nl ? xsn_ovs_devices_new(a->plan, a->target, &a->txn, &ox->net, ox->nl, ox->netns, &a->devices,
                                             ret_err)
                       : 0;

        if (r == 0 && a->devices && xsn_ovs_devices_await(a->devices))
                r = xsn_d0_arrivals_open(ox->env.loop, &options, on_arrival, a, &a->arrivals, ret_err);
        return r;
}

static void fail_devices(struct ovs_apply *a, int code, struct xsnet_error *err)
{
        _cleanup_(xsnet_error_freep) struct xsnet_error *unfinished = NULL;
        size_t index = a->devices->failed ? a->devices->failed->index : SIZE_MAX;

        (void)xsn_error_set(&unfinished, -ECANCELED, "cancelled", "not finished, as another step failed");
        for (size_t i = 0; i < a->plan->n_steps; i++) {
                const struct xsnet_step *s = &a->plan->steps[i];

                if (s->target == a->target)
                        a->step(s, s->index == index ? code : -ECANCELED, s->index == index ? err : unfinished,
                                a->userdata);
        }
        fail(a, code, err);
}

static void finish_devices(struct ovs_apply *a)
{
        struct xsnet_error *err = NULL;
        int r = a->devices ? xsn_ovs_devices_after(a->devices, &err) : 0;

        if (r > 0) {
                a->begun = false;
                xsn_source_set_time(a->ox->timer, xsn_loop_now() + AGAIN_NS);
                return;
        }
        a->arrivals = xsn_d0_arrivals_close(a->arrivals);
        if (r < 0) {
                fail_devices(a, r, err);
                return;
        }
        tell_all(a, 0);
        go_on(a, TXN_ANNOUNCE);
}

static void announce(struct ovs_apply *a)
{
        uint64_t wait = a->devices && !a->cancelled ? xsn_ovs_devices_announce(a->devices) : 0;

        a->begun = false;
        if (wait == 0)
                a->phase = TXN_OVER;
        xsn_source_set_time(a->ox->timer, wait ? xsn_loop_now() + wait : 0);
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
        struct xsnet_error *mine = NULL;
        const json_t *rows, *next_cfg;
        int r;

        a->request = NULL;
        if (err) {
                fail_commit(a, err);
                return;
        }
        /* While vswitchd begins with it. */
        r = a->devices ? xsn_ovs_devices_begin(a->devices, &mine) : 0;
        tell_begun(a);
        if (r < 0 && !a->plan->back) {
                fail_devices(a, r, mine);
                return;
        }
        xsnet_error_free(XSN_TAKE(mine));
        rows = json_object_get(json_array_get(result, a->txn.next_cfg_at), "rows");
        next_cfg = json_object_get(json_array_get(rows, 0), "next_cfg");
        if (!json_is_integer(next_cfg)) {
                (void)xsn_error_set(&mine, -EPROTO, "bad-reply", "the database does not tell its next_cfg");
                fail(a, -EPROTO, mine);
                return;
        }
        a->next_cfg = json_integer_value(next_cfg);
        go_on(a, TXN_FOLLOW);
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

static void build(struct ovs_apply *a)
{
        struct ox *ox = a->ox;
        struct ovs_input in = {
                .rows = &ox->rows,
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

        if (r == 0)
                memcpy(a->root, xsn_ovs_row_root(&ox->rows)->uuid, sizeof(a->root));
        a->n_ops = json_array_size(a->txn.ops);
        /* The transaction says what it assumes. */
        if (r == 0 && xsn_ox_release_rows(ox) < 0)
                r = xsn_error_oom(&err);
        if (r == 0)
                r = prepare_devices(a, &err);
        if (r < 0) {
                fail(a, r, err);
        } else if (a->txn.ops) {
                go_on(a, TXN_CATCH_UP);
        } else {
                tell_begun(a);
                go_on(a, TXN_DEVICES);
        }
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

/* The next turn comes when the stream has had its own: what is sent already is freed while the server works at it. */
static void commit(struct ovs_apply *a)
{
        if (request(a, json_incref(a->txn.ops), COMMIT_LIMIT, on_committed) == 0)
                xsn_source_set_time(a->ox->timer, 0);
}

static void drop_ops(struct ovs_apply *a)
{
        if (a->phase != TXN_COMMIT)
                return;
        json_decref(a->txn.ops);
        a->txn.ops = NULL;
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

static void give_up_waiting(struct ovs_apply *a)
{
        a->cancelled = false;
        if (a->phase != TXN_FOLLOW)
                return;
        a->phase = TXN_DEVICES;
        a->begun = false;
}

void xsn_ox_apply_turn(struct ox *ox)
{
        struct ovs_apply *a = ox->apply;
        int limit = (a->plan->back && a->txn.n_moves == 0 ? FOLLOW_BACK_MS : FOLLOW_LIMIT_MS) +
                    FOLLOW_EACH_MS * (int)(a->n_ops & 0xffff);

        /* What was sent is answered soon; waiting for vswitchd may be long. */
        if (a->cancelled && a->phase != TXN_OVER && !(a->phase == TXN_COMMIT && a->begun)) {
                if (a->request)
                        (void)xsn_ovsdb_cancel(a->request);
                a->request = NULL;
                /* The rows are back: who waits no longer for vswitchd is to have the addresses back, too. */
                if (a->plan->back && a->phase >= TXN_FOLLOW)
                        give_up_waiting(a);
                else
                        fail_cancelled(a);
        }
        if (a->phase == TXN_OVER) {
                finish(a);
                return;
        }
        if (a->begun) {
                drop_ops(a);
                return;
        }
        a->begun = true;
        if (a->phase == TXN_BUILD)
                build(a);
        else if (a->phase == TXN_CATCH_UP)
                catch_up(a);
        else if (a->phase == TXN_COMMIT)
                commit(a);
        else if (a->phase == TXN_FOLLOW)
                (void)request(a, wait_for(a, a->next_cfg, limit), (uint64_t)limit * XSN_NS_PER_MS + COMMIT_LIMIT,
                              on_followed);
        else if (a->phase == TXN_DEVICES)
                finish_devices(a);
        else
                announce(a);
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
