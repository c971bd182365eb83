/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The backend "fake:": shows a target in memory to an engine. Each operation takes a turn of
 * the loop, so that anything may come in between; faults are had here.
 */
#include "backend/fake/fake.h"

#include <errno.h>
#include <string.h>

#include "backend/uri.h"
#include "base/alloc.h"

#define NEVER     UINT64_MAX

struct xsn_fake_backend {
        struct xsn_backend base; /* first */
        struct xsnet_fake *fake; /* a reference */
        struct xsn_fake_backend *next; /* in fake->backends */
        struct xsn_source *timer;      /* the operation's next turn */

        /* One of these is set while an operation is under way. */
        xsn_observed_fn observed;
        xsn_applied_fn applied;
        void *userdata;

        struct xsn_fault fault; /* of the operation that was begun */
        bool begun;             /* the observation, or the step at `at`, was begun */
        bool lost;              /* its answer will not come */

        struct xsnet_plan *plan; /* a reference */
        size_t target, at;       /* at: the step */
        xsn_step_fn step;
        bool cancelled;

        xsn_event_fn event; /* NULL: not watched */
        void *event_userdata;
        struct xsn_source *event_timer;
        struct xsnet_object **told; /* references: they say which objects changed */
        size_t n_told, cap_told;
        bool all; /* everything may have changed */
};

static struct xsn_fake_backend *fake_of(struct xsn_backend *backend)
{
        return (struct xsn_fake_backend *)backend;
}

/* Idle again; what is to be called afterwards was taken out before. */
static void end_operation(struct xsn_fake_backend *be)
{
        be->observed = NULL;
        be->applied = NULL;
        be->step = NULL;
        be->begun = be->lost = be->cancelled = false;
        be->plan = xsnet_plan_unref(be->plan);
        xsn_source_set_time(be->timer, NEVER);
}

/* Begins what the next turn is about; true where it has to wait for it. */
static bool begin(struct xsn_fake_backend *be)
{
        be->begun = true;
        be->fault = xsn_fake_begin(be->fake);
        if (be->fault.what != XSN_FAULT_DELAY)
                return false;
        xsn_source_set_time(be->timer, xsn_loop_now() + (uint64_t)be->fault.value * XSN_NS_PER_MS);
        return true;
}

static int fail(const struct xsn_fault *fault, struct xsnet_error **ret_err)
{
        if (fault->what != XSN_FAULT_FAIL)
                return 0;
        return xsn_error_set(ret_err, fault->value, fault->value == -ESTALE ? "plan-stale" : "fake",
                             "operation %u was to fail: %s", fault->operation, strerror(-fault->value));
}

/* ---- observe ---- */

static void turn_observe(struct xsn_fake_backend *be)
{
        _cleanup_(xsnet_state_unrefp) struct xsnet_state *state = NULL;
        struct xsnet_error *err = NULL;
        xsn_observed_fn observed = be->observed;
        void *userdata = be->userdata;
        int r;

        if (!be->begun && begin(be))
                return;
        be->lost = be->fault.what == XSN_FAULT_LOSE;
        if (be->lost)
                return;
        r = fail(&be->fault, &err);
        if (!r && xsn_fake_share_state(be->fake, &state) < 0)
                r = xsn_error_oom(&err);
        end_operation(be);
        observed(state, r, err, userdata);
}

/* ---- apply ---- */

static void end_apply(struct xsn_fake_backend *be, int code, struct xsnet_error *err)
{
        xsn_applied_fn applied = be->applied;
        void *userdata = be->userdata;

        end_operation(be);
        applied(code, err, userdata);
}

static void end_stopped(struct xsn_fake_backend *be)
{
        struct xsnet_error *err = NULL;
        int r;

        if (be->lost)
                r = xsn_error_set(&err, -ETIMEDOUT, "no-answer", "operation %u was not answered", be->fault.operation);
        else
                r = xsn_error_set(&err, -ECANCELED, "cancelled", "the apply was cancelled");
        end_apply(be, r, err);
}

static const struct xsnet_step *next_step(struct xsn_fake_backend *be)
{
        while (be->at < be->plan->n_steps && be->plan->steps[be->at].target != be->target)
                be->at++;
        return be->at < be->plan->n_steps ? &be->plan->steps[be->at] : NULL;
}

/* The begun step has its effect, unless it is to fail. */
static void finish_step(struct xsn_fake_backend *be, const struct xsnet_step *step)
{
        struct xsnet_error *err = NULL;
        int r = fail(&be->fault, &err);

        if (!r)
                r = xsn_fake_do(be->fake, step, &err);
        be->lost = be->fault.what == XSN_FAULT_LOSE;
        if (be->lost) {
                xsnet_error_free(err);
                return;
        }
        be->begun = false;
        be->step(step, r, err, be->userdata);
        if (r < 0) {
                end_apply(be, r, err);
                return;
        }
        be->at++;
        xsn_source_set_time(be->timer, 0);
}

static void turn_apply(struct xsn_fake_backend *be)
{
        const struct xsnet_step *step = next_step(be);

        if (be->lost || (be->cancelled && !be->begun)) {
                end_stopped(be);
                return;
        }
        if (!step) {
                end_apply(be, 0, NULL);
                return;
        }
        if (!be->begun) {
                bool wait = begin(be);

                be->step(step, 1, NULL, be->userdata);
                if (wait)
                        return;
        }
        finish_step(be, step);
}

static void turn(void *userdata)
{
        struct xsn_fake_backend *be = userdata;

        if (be->observed)
                turn_observe(be);
        else if (be->applied)
                turn_apply(be);
}

/* ---- events ---- */

void xsn_fake_tell(struct xsnet_fake *fake, struct xsnet_object *obj)
{
        for (struct xsn_fake_backend *be = fake->backends; be; be = be->next) {
                if (!be->event)
                        continue;
                if (!obj || xsn_grow((void **)&be->told, &be->cap_told, be->n_told + 1, sizeof(*be->told)) < 0)
                        be->all = true;
                else
                        be->told[be->n_told++] = xsnet_object_ref(obj);
                xsn_source_set_time(be->event_timer, 0);
        }
}

static void forget_told(struct xsn_fake_backend *be)
{
        for (size_t i = 0; i < be->n_told; i++)
                xsnet_object_unref(be->told[i]);
        be->n_told = 0;
        be->all = false;
}

/* Tells of an object as it is now, whatever it was when it changed. */
static void tell_one(struct xsn_fake_backend *be, struct xsnet_object *obj)
{
        _cleanup_(xsnet_object_unrefp) struct xsnet_object *held = xsnet_object_ref(obj); /* whatever the watch does */
        _cleanup_(xsn_freep) char *key = NULL;
        struct xsn_buf buf = { 0 };
        struct xsnet_object *now;

        xsn_object_key(obj, &buf);
        if (xsn_buf_take(&buf, &key) < 0) {
                be->event(NULL, false, be->event_userdata);
                return;
        }
        now = xsnet_state_find(be->fake->state, obj->cls->kind, xsn_object_host(obj), key);
        be->event(now ? now : held, !now, be->event_userdata);
}

static void turn_events(void *userdata)
{
        struct xsn_fake_backend *be = userdata;

        if (be->all) {
                forget_told(be);
                be->event(NULL, false, be->event_userdata);
                return;
        }
        for (size_t i = 0; be->event && i < be->n_told; i++)
                tell_one(be, be->told[i]);
        forget_told(be);
}

/* ---- the table ---- */

static int op_observe(struct xsn_backend *backend, xsn_observed_fn fn, void *userdata, struct xsnet_error **ret_err)
{
        struct xsn_fake_backend *be = fake_of(backend);

        if (be->observed || be->applied)
                return xsn_error_set(ret_err, -EBUSY, "busy", "an operation is under way");
        be->observed = fn;
        be->userdata = userdata;
        xsn_source_set_time(be->timer, 0);
        return 0;
}

static const struct xsn_caps *op_get_caps(struct xsn_backend *backend)
{
        return &fake_of(backend)->fake->caps;
}

/* All is as it is at once. */
static const uint64_t *op_get_settling(struct xsn_backend *backend)
{
        static const uint64_t none[XSN_N_KINDS + 1];

        (void)backend;
        return none;
}

static int op_apply(struct xsn_backend *backend, const struct xsnet_plan *plan, size_t target, xsn_step_fn step,
                    xsn_applied_fn done, void *userdata, struct xsnet_error **ret_err)
{
        struct xsn_fake_backend *be = fake_of(backend);

        if (be->observed || be->applied)
                return xsn_error_set(ret_err, -EBUSY, "busy", "an operation is under way");
        be->plan = xsnet_plan_ref((struct xsnet_plan *)(uintptr_t)plan);
        be->target = target;
        be->at = 0;
        be->step = step;
        be->applied = done;
        be->userdata = userdata;
        xsn_source_set_time(be->timer, 0);
        return 0;
}

/* A delayed step is let finish; one whose answer is lost is given up. */
static void op_cancel(struct xsn_backend *backend)
{
        struct xsn_fake_backend *be = fake_of(backend);

        if (!be->applied)
                return;
        be->cancelled = true;
        if (be->lost)
                xsn_source_set_time(be->timer, 0);
}

static void op_abandon(struct xsn_backend *backend)
{
        end_operation(fake_of(backend));
}

static int op_watch(struct xsn_backend *backend, xsn_event_fn fn, void *userdata, struct xsnet_error **ret_err)
{
        struct xsn_fake_backend *be = fake_of(backend);

        (void)ret_err;
        be->event = fn;
        be->event_userdata = userdata;
        return 0;
}

static void op_unwatch(struct xsn_backend *backend)
{
        struct xsn_fake_backend *be = fake_of(backend);

        be->event = NULL;
        forget_told(be);
        xsn_source_set_time(be->event_timer, NEVER);
}

static void op_close(struct xsn_backend *backend)
{
        struct xsn_fake_backend *be = fake_of(backend), **link = &be->fake->backends;

        while (*link && *link != be)
                link = &(*link)->next;
        if (*link)
                *link = be->next;
        forget_told(be);
        xsn_free(be->told);
        xsnet_plan_unref(be->plan);
        xsn_source_remove(be->timer);
        xsn_source_remove(be->event_timer);
        xsnet_fake_unref(be->fake);
        xsn_free(be);
}

static int op_open(const struct xsn_backend_env *env, const struct xsn_uri *uri, struct xsn_backend **ret_backend,
                   struct xsnet_error **ret_err)
{
        _cleanup_(xsnet_fake_unrefp) struct xsnet_fake *fake = NULL;
        int r = xsn_fake_from_uri(uri, &fake, ret_err);

        return r < 0 ? r : xsn_fake_open(env, fake, ret_backend, ret_err);
}

const struct xsn_backend_ops xsn_fake_backend_ops = {
        .scheme = "fake",
        .open = op_open,
        .close = op_close,
        .observe = op_observe,
        .get_caps = op_get_caps,
        .get_settling = op_get_settling,
        .apply = op_apply,
        .cancel = op_cancel,
        .abandon = op_abandon,
        .watch = op_watch,
        .unwatch = op_unwatch,
};

/* ---- opening ---- */

int xsn_fake_name(const struct xsnet_fake *fake, char **ret_name)
{
        struct xsn_buf buf = { 0 };

        xsn_buf_printf(&buf, "fake:%s", fake->name);
        return xsn_buf_take(&buf, ret_name);
}

int xsn_fake_open(const struct xsn_backend_env *env, struct xsnet_fake *fake, struct xsn_backend **ret_backend,
                  struct xsnet_error **ret_err)
{
        struct xsn_fake_backend *be = xsn_alloc(sizeof(*be));

        if (!be)
                return xsn_error_oom(ret_err);
        be->base.ops = &xsn_fake_backend_ops;
        be->fake = xsnet_fake_ref(fake);
        if (xsn_loop_add_timer(env->loop, turn, be, &be->timer) < 0 ||
            xsn_loop_add_timer(env->loop, turn_events, be, &be->event_timer) < 0) {
                op_close(&be->base);
                return xsn_error_oom(ret_err);
        }
        be->next = fake->backends;
        fake->backends = be;
        *ret_backend = &be->base;
        return 0;
}
