/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs an apply: waves, in each the phases of apply.h, one packed send a turn of the loop. What failed ends the
 * wave after the phase it failed in; what was done stays, as the engine goes back by itself.
 */
#include "backend/linux/apply.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define MAKE_TRIES 5

static void wave_done(struct lx_apply *a)
{
        for (size_t i = 0; i < a->n_steps; i++)
                xsnet_error_free(a->steps[i].err);
        a->steps = xsn_free(a->steps);
        a->n_steps = 0;
        a->n_sysctls = 0;
        a->n_deletes = 0;
        a->deleted = 0;
        a->unit = 0;
        a->built = false;
        a->in_wave = false;
}

void xsn_lx_apply_free(struct lx *lx)
{
        struct lx_apply *a = lx->apply;

        if (!a)
                return;
        lx->apply = NULL;
        wave_done(a);
        xsn_nl_batch_free(a->batch);
        xsn_free(a->msgs);
        xsn_free(a->sysctls);
        xsn_free(a->sysctl_steps);
        xsn_free(a->deletes);
        xsn_free(a->order);
        xsn_hash_done(&a->bridges);
        xsn_d0_apply_done(&a->d0);
        xsnet_error_free(a->err);
        xsnet_plan_unref(a->plan);
        xsn_free(a);
}

/* ---- messages ---- */

void xsn_lx_claim(struct lx_apply *a, struct lx_step *st, size_t index, unsigned may)
{
        if (xsn_grow((void **)&a->msgs, &a->cap_msgs, index + 1, sizeof(*a->msgs)) < 0) {
                xsn_lx_step_failed(st, -ENOMEM, NULL);
                return;
        }
        a->msgs[index] = (struct lx_msg){ .st = st, .may = (uint8_t)may };
}

void xsn_lx_begin(struct lx_apply *a, struct lx_step *st, uint16_t type, uint16_t flags, const void *hdr, size_t len,
                  const char *label, unsigned may)
{
        xsn_lx_claim(a, st, xsn_nl_batch_begin(a->batch, type, flags, hdr, len, label), may);
}

/* EPERM in plain words. Which step it was, the engine says. */
static void explain(int code, struct xsnet_error **ret_err)
{
        if (code == -EPERM || code == -EACCES)
                (void)xsn_error_set(ret_err, code, "not-permitted",
                                    "this needs CAP_NET_ADMIN in the network namespace (be root, or use unshare -Urn)");
}

void xsn_lx_step_failed(struct lx_step *st, int code, struct xsnet_error *err)
{
        if (st->code < 0) {
                xsnet_error_free(err);
                return;
        }
        st->code = code;
        st->err = err;
        if (!st->err)
                (void)xsn_error_oom(&st->err);
        explain(code, &st->err);
}

/* A guest's device may go at any time: its VIF then waits again. */
static bool is_waiting(const struct lx_step *st, int code)
{
        return code == -ENODEV && st->s->to && st->s->to->cls->kind == XSNET_KIND_VIF;
}

static void collect(struct lx_apply *a)
{
        for (size_t i = 0; i < xsn_nl_batch_count(a->batch); i++) {
                int code = xsn_nl_batch_result(a->batch, i);
                struct xsnet_error *err = NULL;

                if (xsn_d0_tolerated(code, a->msgs[i].may))
                        continue;
                if (is_waiting(a->msgs[i].st, code)) {
                        a->msgs[i].st->waiting = true;
                        continue;
                }
                (void)xsn_nl_batch_error(a->batch, i, &err);
                xsn_lx_step_failed(a->msgs[i].st, code, err);
        }
}

int xsn_lx_send(struct lx_apply *a, struct xsn_nl_batch *batch, unsigned may, struct xsnet_error **ret_err)
{
        a->dirty = true;
        a->moved = true;
        return xsn_d0_send(a->lx->nl, batch, may, ret_err);
}

/* ---- phases ---- */

int xsn_lx_fresh(struct lx_apply *a, struct xsnet_error **ret_err)
{
        int r = a->dirty ? xsn_lx_refresh(a->lx, ret_err) : 0;

        if (r == 0)
                a->dirty = a->moved = false;
        return r;
}

static bool wave_failed(const struct lx_apply *a)
{
        for (size_t i = 0; i < a->n_steps; i++)
                if (a->steps[i].code < 0)
                        return true;
        return false;
}

/*
 * A device that had something on its bridge goes down only where nothing of it came along. Tables of its own tell:
 * what other steps do after a deletion follows from how things were.
 */
static int decide_down(struct lx_apply *a, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_d0_net_done) struct xsn_d0_net now = { 0 };
        bool any = false;
        int r;

        for (size_t i = 0; i < a->n_steps; i++)
                any = any || a->steps[i].down;
        r = any ? xsn_d0_net_read(a->lx->nl, &now, ret_err) : 0;
        for (size_t i = 0; r == 0 && i < a->n_steps; i++) {
                struct lx_step *st = &a->steps[i];
                const struct xsn_d0_link *link = st->down ? xsn_lx_device(a, st->s->to) : NULL;

                link = link ? xsn_d0_link_named(&now, link->name) : NULL;
                st->down = link && !xsn_d0_place_has(&now, link);
        }
        return r;
}

/* What the phase looks at, as it is by now. */
static int look(struct lx_apply *a, struct xsnet_error **ret_err)
{
        if (a->phase == LX_PH_AFTER)
                return decide_down(a, ret_err);
        return a->phase == LX_PH_ADDR && a->moved ? xsn_lx_fresh(a, ret_err) : 0;
}

static void fail_all(struct lx_apply *a, int code, struct xsnet_error *err)
{
        for (size_t i = 0; i < a->n_steps; i++)
                xsn_lx_step_failed(&a->steps[i], code, xsn_error_copy(err));
        xsnet_error_free(err);
}

/* Asks every step what it has for the phase. */
static void build_phase(struct lx_apply *a)
{
        struct xsnet_error *err = NULL;
        int r;

        xsn_nl_batch_clear(a->batch);
        a->n_sysctls = 0;
        a->built = true;
        if (look(a, &err) < 0) {
                fail_all(a, -EIO, err);
                return;
        }
        for (size_t i = 0; i < a->n_steps; i++) {
                err = NULL;
                r = a->steps[i].waiting ? 0 : xsn_lx_build(a, &a->steps[i], a->phase, &err);
                if (r < 0)
                        xsn_lx_step_failed(&a->steps[i], r, err);
        }
        r = xsn_nl_batch_status(a->batch);
        if (r < 0)
                fail_all(a, r, NULL);
}

/*
 * Links whose number somebody else took meanwhile get others: loading a module makes devices, too. The kernel
 * says -EEXIST or -EBUSY. Those that were made are in the tables then, and are not made again.
 */
static bool make_again(struct lx_apply *a)
{
        bool again = false;

        for (size_t i = 0; i < xsn_nl_batch_count(a->batch); i++) {
                int code = xsn_nl_batch_result(a->batch, i);

                if (code < 0 && code != -EBUSY && code != -EEXIST)
                        return false;
                again = again || code < 0;
        }
        if (a->phase != LX_PH_MAKE || !again || ++a->tries >= MAKE_TRIES)
                return false;
        a->dirty = true;
        a->next_index += 1000;
        return xsn_lx_fresh(a, NULL) == 0;
}

/* One packed send. 1: there is more to do in this phase. */
static int send_some(struct lx_apply *a)
{
        struct xsnet_error *err = NULL;
        int r;

        if (xsn_nl_batch_count(a->batch) == 0)
                return 0;
        r = xsn_nl_batch_send_next(a->lx->nl, a->batch, NULL, &err);
        if (r > 0)
                return 1;
        if (r < 0) {
                fail_all(a, r, err);
                return 0;
        }
        if (make_again(a)) {
                a->built = false;
                return 1;
        }
        collect(a);
        return 0;
}

/* The next step that has sends of its own in this phase. 1: more may follow. */
static int run_unit(struct lx_apply *a)
{
        while (a->unit < a->n_steps) {
                struct lx_step *st = &a->steps[a->unit++];
                struct xsnet_error *err = NULL;
                int r = 0;

                if (!st->waiting)
                        r = a->phase == LX_PH_UNIT ? xsn_lx_run_unit(a, st, &err) : xsn_lx_run_rate(a, st, &err);
                if (r < 0 && is_waiting(st, r)) {
                        xsnet_error_free(err);
                        st->waiting = true;
                } else if (r < 0) {
                        xsn_lx_step_failed(st, r, err);
                        return 0;
                }
                if (r > 0)
                        return 1;
        }
        return 0;
}

/* One piece of the phase. 1: there is more to do in it. */
static int run_phase(struct lx_apply *a)
{
        struct xsnet_error *err = NULL;
        int r;

        if (!a->built) {
                build_phase(a);
                if (wave_failed(a))
                        return 0;
        }
        if (a->phase == LX_PH_SYSCTL)
                return xsn_lx_run_sysctls(a);
        if (a->phase == LX_PH_UNIT || a->phase == LX_PH_RATE)
                return run_unit(a);
        if (a->phase != LX_PH_DELETE)
                return send_some(a);
        /* A wave is finished, cancelled or not; but deletions take the kernel long, seconds for some hundreds. */
        r = a->cancelled && a->deleted < a->n_deletes ? -ECANCELED : xsn_lx_delete_next(a, &err);
        if (r == -ECANCELED)
                (void)xsn_error_set(&err, r, "cancelled", "cancelled while devices were being deleted");
        if (r < 0)
                fail_all(a, r, err);
        return r > 0;
}

/* ---- addresses ---- */

struct claimed {
        struct lx_apply *a;
        struct lx_step *st;
};

static void claim(void *userdata, size_t index, unsigned may)
{
        const struct claimed *claimed = userdata;

        xsn_lx_claim(claimed->a, claimed->st, index, may);
}

int xsn_lx_build_addresses(struct lx_apply *a, struct lx_step *st, int phase, struct xsnet_error **ret_err)
{
        struct claimed claimed = { a, st };
        struct xsn_d0_build build = { &a->d0, st->s, a->batch, claim, &claimed, st->dropped, NULL };
        int which = phase == LX_PH_ADDR    ? XSN_D0_ADDR
                    : phase == LX_PH_ROUTE ? XSN_D0_ROUTE
                    : phase == LX_PH_DROP  ? XSN_D0_DROP
                                           : XSN_D0_REPAIR;
        int r;

        if (phase != LX_PH_ADDR && phase != LX_PH_ROUTE && phase != LX_PH_DROP && phase != LX_PH_REPAIR)
                return 0;
        r = xsn_d0_build_addresses(&build, which, ret_err);
        st->dropped = build.dropped;
        return r;
}

static struct xsn_d0_link *place_then(const struct xsn_d0_apply *d0, const struct xsnet_object *obj)
{
        return xsn_lx_place_then(d0->userdata, obj);
}

/* ---- waves ---- */

/* The tables are kept true for these alone; after others they are read again. */
static bool is_simple(const struct xsnet_step *s)
{
        const struct xsnet_object *obj = s->to ? s->to : s->from;

        return obj->cls->kind == XSNET_KIND_VIF || (obj->cls->kind == XSNET_KIND_NETWORK && !s->from);
}

static int begin_wave(struct lx_apply *a)
{
        const struct xsnet_step *steps = a->plan->steps;
        unsigned wave = steps[a->order[a->at]].wave;
        struct xsnet_error *err = NULL;
        bool simple = true;
        size_t n = 0;

        while (a->at + n < a->n_order && steps[a->order[a->at + n]].wave == wave)
                n++;
        a->steps = xsn_alloc_array(n, sizeof(*a->steps));
        if (!a->steps)
                return -ENOMEM;
        a->n_steps = n;
        a->in_wave = true;
        a->phase = 0;
        a->tries = 0;
        for (size_t i = 0; i < n; i++) {
                a->steps[i].s = &steps[a->order[a->at + i]];
                simple = simple && is_simple(a->steps[i].s);
        }
        a->at += n;
        for (size_t i = 0; i < n; i++)
                a->step(a->steps[i].s, 1, NULL, a->userdata);
        if (xsn_lx_fresh(a, &err) < 0)
                fail_all(a, -EIO, err);
        a->simple = simple;
        return 0;
}

static void end_wave(struct lx_apply *a)
{
        _cleanup_(xsnet_error_freep) struct xsnet_error *unfinished = NULL;

        a->failed = wave_failed(a);
        a->dirty = a->dirty || a->failed || !a->simple;
        if (a->failed && xsn_lx_fresh(a, NULL) == 0)
                for (size_t i = 0; i < a->n_steps; i++)
                        xsn_lx_clean_tunnel(a, &a->steps[i]);
        if (a->failed)
                (void)xsn_error_set(&unfinished, -ECANCELED, "cancelled", "not finished, as another step failed");
        for (size_t i = 0; i < a->n_steps; i++) {
                struct lx_step *st = &a->steps[i];
                bool failed = st->code < 0;

                if (a->failed && !failed)
                        st->code = -ECANCELED;
                a->step(st->s, st->code, failed ? st->err : unfinished, a->userdata);
                if (failed && !a->err)
                        a->err = XSN_TAKE(st->err);
        }
        wave_done(a);
}

static void finish(struct lx *lx, int code)
{
        struct lx_apply *a = lx->apply;
        struct xsnet_error *err = XSN_TAKE(a->err);
        xsn_applied_fn done = a->done;
        void *userdata = a->userdata;

        if (code == -ECANCELED && !err)
                (void)xsn_error_set(&err, code, "cancelled", "the apply was cancelled");
        if (code < 0 && !err)
                (void)xsn_error_oom(&err);
        xsn_lx_apply_free(lx);
        done(code, err, userdata);
}

void xsn_lx_apply_turn(struct lx *lx)
{
        struct lx_apply *a = lx->apply;

        xsn_source_set_time(lx->timer, 0);
        if (!a->in_wave) {
                uint64_t wait = a->failed || a->cancelled || a->at < a->n_order ? 0 : xsn_d0_announce(&a->d0);

                if (wait > 0) {
                        xsn_source_set_time(lx->timer, xsn_loop_now() + wait);
                        return;
                }
                if (a->failed || a->cancelled || a->at >= a->n_order) {
                        xsn_source_set_time(lx->timer, UINT64_MAX);
                        xsn_lx_drop_left(a);
                        finish(lx, a->failed ? xsnet_error_get_code(a->err) : a->cancelled ? -ECANCELED : 0);
                        return;
                }
                if (begin_wave(a) < 0) {
                        a->failed = true;
                        (void)xsn_error_oom(&a->err);
                }
                return;
        }
        /* Phases without anything to do take no turn of their own. */
        for (; a->phase < LX_N_PHASES && !wave_failed(a); a->phase++) {
                if (run_phase(a) > 0)
                        return;
                a->built = false;
                a->unit = 0;
                if (wave_failed(a) || xsn_nl_batch_count(a->batch) > 0)
                        break;
        }
        if (wave_failed(a) || a->phase >= LX_N_PHASES)
                end_wave(a);
        else
                a->phase++;
}

static int compare_steps(const void *x, const void *y)
{
        size_t i = *(const size_t *)x, j = *(const size_t *)y;

        return i < j ? -1 : i > j;
}

int xsn_lx_apply(struct xsn_backend *backend, const struct xsnet_plan *plan, size_t target, xsn_step_fn step,
                 xsn_applied_fn done, void *userdata, struct xsnet_error **ret_err)
{
        struct lx *lx = (struct lx *)(void *)backend;
        struct lx_apply *a;
        int r;

        if (lx->observed || lx->apply)
                return xsn_error_set(ret_err, -EBUSY, "busy", "linux: something is under way already");
        a = xsn_alloc(sizeof(*a));
        if (!a)
                return xsn_error_oom(ret_err);
        lx->apply = a;
        a->lx = lx;
        a->plan = xsnet_plan_ref((struct xsnet_plan *)(uintptr_t)plan);
        a->target = target;
        a->d0 = (struct xsn_d0_apply){
                .plan = plan,
                .target = target,
                .nl = lx->nl,
                .netns = lx->netns,
                .net = &lx->net,
                .place_then = place_then,
                .userdata = a,
        };
        a->step = step;
        a->done = done;
        a->userdata = userdata;
        a->dirty = lx->net.n_links == 0; /* never observed */
        r = xsn_nl_batch_new(&a->batch, ret_err);
        a->order = xsn_alloc_array(plan->n_steps + 1, sizeof(*a->order));
        if (r < 0 || !a->order || xsn_lx_index_plan(a) < 0) {
                xsn_lx_apply_free(lx);
                return xsn_error_oom(ret_err);
        }
        for (size_t i = 0; i < plan->n_steps; i++)
                if (plan->steps[i].target == target)
                        a->order[a->n_order++] = i;
        qsort(a->order, a->n_order, sizeof(*a->order), compare_steps);
        if (a->dirty && xsn_lx_fresh(a, ret_err) < 0) {
                xsn_lx_apply_free(lx);
                return -EIO;
        }
        xsn_source_set_time(lx->timer, 0);
        return 0;
}

void xsn_lx_cancel(struct xsn_backend *backend)
{
        struct lx *lx = (struct lx *)(void *)backend;

        if (lx->apply)
                lx->apply->cancelled = true;
}
