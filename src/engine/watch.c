/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Follows targets: what a backend tells is compared with what is known, and watches hear of the
 * difference. What happens during an operation, or where a backend lost count, is found by
 * observing the target again. All observing is begun from the kick, when the engine is idle.
 */
#include <xsnet/watch.h>

#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/export.h"
#include "engine/run.h"

/* Between tries to observe a target that cannot be observed, in ms. */
#define RETRY     1000
#define RETRY_MAX 60000

struct xsnet_watch {
        unsigned users;
        struct xsnet_engine *engine; /* NULL: ended */
        struct xsnet_state *desired; /* a reference; NULL */
        xsnet_watch_fn fn;
        void *userdata;
        xsnet_destroy_fn destroy;
        bool started;
};

struct xsnet_event {
        int what;
        const char *target;
        struct xsnet_object *obj;
        struct xsnet_state *desired;
        const struct xsnet_error *err;
};

/* ---- life ---- */

static void end_watch(struct xsnet_watch *watch)
{
        struct xsnet_engine *engine = watch->engine;
        xsnet_destroy_fn destroy = watch->destroy;

        if (!engine)
                return;
        watch->engine = NULL;
        watch->destroy = NULL;
        for (size_t i = 0; i < engine->n_watches; i++)
                if (engine->watches[i] == watch)
                        engine->watches[i] = NULL; /* the kick closes the gap */
        xsn_source_set_time(engine->watch_kick, 0);
        watch->desired = xsnet_state_unref(watch->desired);
        if (destroy)
                destroy(watch->userdata);
}

XSN_EXPORT struct xsnet_watch *xsnet_watch_ref(struct xsnet_watch *watch)
{
        watch->users++;
        return watch;
}

XSN_EXPORT struct xsnet_watch *xsnet_watch_unref(struct xsnet_watch *watch)
{
        if (!watch || watch->users > 1) {
                if (watch)
                        watch->users--;
                return NULL;
        }
        end_watch(watch);
        return xsn_free(watch);
}

bool xsn_watch_any(const struct xsnet_engine *engine)
{
        for (size_t i = 0; i < engine->n_watches; i++)
                if (engine->watches[i])
                        return true;
        return false;
}

void xsn_watch_end_all(struct xsnet_engine *engine)
{
        for (size_t i = 0; i < engine->n_watches; i++)
                if (engine->watches[i])
                        end_watch(engine->watches[i]);
        engine->n_watches = 0;
}

static int watch_targets(struct xsnet_engine *engine, struct xsnet_error **ret_err)
{
        if (!engine->n_targets)
                return xsn_error_set(ret_err, -EINVAL, "no-target", "the engine has no target");
        for (size_t i = 0; i < engine->n_targets; i++) {
                int r = xsn_endpoint_watch(engine->targets[i], ret_err);

                if (r < 0)
                        return r;
        }
        return 0;
}

static int add_watch(struct xsnet_engine *engine, struct xsnet_state *desired, xsnet_watch_fn fn,
                     struct xsnet_watch **ret_watch, struct xsnet_error **ret_err)
{
        struct xsnet_watch *watch;
        int r;

        if (!fn)
                return xsn_error_set(ret_err, -EINVAL, "bad-value", "a watch needs a function");
        if (xsn_grow((void **)&engine->watches, &engine->cap_watches, engine->n_watches + 1,
                     sizeof(struct xsnet_watch *)) < 0)
                return xsn_error_oom(ret_err);
        watch = xsn_alloc(sizeof(*watch));
        if (!watch)
                return xsn_error_oom(ret_err);
        r = watch_targets(engine, ret_err);
        xsn_source_set_time(engine->watch_kick, 0); /* also to stop where no watch is left */
        if (r < 0) {
                xsn_free(watch);
                return r;
        }
        watch->users = 1;
        watch->engine = engine;
        watch->desired = desired ? xsnet_state_ref(desired) : NULL;
        watch->fn = fn;
        engine->watches[engine->n_watches++] = watch;
        *ret_watch = watch;
        return 0;
}

XSN_EXPORT int xsnet_engine_watch(struct xsnet_engine *engine, struct xsnet_state *desired, xsnet_watch_fn fn,
                                  void *userdata, xsnet_destroy_fn destroy, struct xsnet_watch **ret_watch,
                                  struct xsnet_error **ret_err)
{
        struct xsnet_watch *watch = NULL;
        int r = add_watch(engine, desired, fn, &watch, ret_err);

        if (r < 0) {
                if (destroy)
                        destroy(userdata);
                return r;
        }
        watch->userdata = userdata;
        watch->destroy = destroy;
        *ret_watch = watch;
        return 0;
}

/* ---- telling ---- */

static void tell(struct xsnet_watch *watch, const struct xsnet_event *event)
{
        xsnet_watch_ref(watch);
        watch->fn(watch, event, watch->userdata);
        xsnet_watch_unref(watch);
}

/* Where there is no memory for the part that is to be applied again, it is all of it. */
static struct xsnet_state *part_or_all(const struct xsnet_watch *watch, int r, struct xsnet_state *part)
{
        return r < 0 ? xsnet_state_ref(watch->desired) : part;
}

static void tell_object(struct xsn_endpoint *target, int what, struct xsnet_object *obj)
{
        struct xsnet_engine *engine = target->engine;
        _cleanup_(xsnet_object_unrefp) struct xsnet_object *held = xsnet_object_ref(obj);

        /* A function may add watches and end them: no pointer into the list is kept. */
        for (size_t i = 0; i < engine->n_watches; i++) {
                _cleanup_(xsnet_state_unrefp) struct xsnet_state *part = NULL;
                struct xsnet_event event = { .what = what, .target = target->name, .obj = held };
                struct xsnet_watch *watch = engine->watches[i];
                int r;

                if (!watch || !watch->started)
                        continue;
                r = xsn_drift_of(watch->desired, &target->known, held, what == XSNET_EVENT_GONE,
                                 what == XSNET_EVENT_APPEARED, &part);
                part = part_or_all(watch, r, part);
                event.desired = part;
                tell(watch, &event);
        }
}

static void tell_failed(struct xsn_endpoint *target)
{
        struct xsnet_engine *engine = target->engine;
        _cleanup_(xsnet_error_freep) struct xsnet_error *err = XSN_TAKE(target->err);
        struct xsnet_event event = { .what = XSNET_EVENT_FAILED, .target = target->name, .err = err };

        for (size_t i = 0; i < engine->n_watches; i++)
                if (engine->watches[i])
                        tell(engine->watches[i], &event);
}

static int drift_of_targets(const struct xsnet_engine *engine, const struct xsnet_state *desired,
                            struct xsnet_state **ret_part)
{
        _cleanup_(xsn_freep) const struct xsn_known **knowns = xsn_alloc_array(engine->n_targets, sizeof(*knowns));

        if (!knowns)
                return -ENOMEM;
        for (size_t i = 0; i < engine->n_targets; i++)
                knowns[i] = &engine->targets[i]->known;
        return xsn_drift_of_all(desired, knowns, engine->n_targets, ret_part);
}

static void tell_started(struct xsnet_engine *engine, struct xsnet_watch *watch)
{
        _cleanup_(xsnet_state_unrefp) struct xsnet_state *part = NULL;
        struct xsnet_event event = { .what = XSNET_EVENT_STARTED };
        int r = drift_of_targets(engine, watch->desired, &part);

        if (r < 0 && watch->desired)
                part = part_or_all(watch, r, part);
        event.desired = part;
        watch->started = true;
        tell(watch, &event);
}

/* ---- what is known ---- */

/* Found by observing, when the engine is idle. */
static void look_again(struct xsn_endpoint *target)
{
        target->again = true;
        target->synced = false;
        xsn_source_set_time(target->engine->watch_kick, 0);
}

/* What is to be told of an object: XSNET_EVENT_*, 0 for nothing, -ENOMEM. */
static int learn(struct xsn_endpoint *target, struct xsnet_object *obj)
{
        bool oom = false;
        struct xsn_known_entry *entry = xsn_known_find(&target->known, obj, &oom);
        int what = entry ? XSNET_EVENT_CHANGED : XSNET_EVENT_APPEARED;

        if (entry && xsn_object_equal(entry->obj, obj)) {
                entry->seen = true;
                return 0;
        }
        if (oom || xsn_known_put(&target->known, obj, &entry) < 0)
                return -ENOMEM;
        entry->seen = true;
        return what;
}

static void forget(struct xsn_endpoint *target, const struct xsn_known_entry *entry)
{
        for (size_t i = 0; i < target->known.n; i++) {
                if (target->known.entries[i] == entry) {
                        xsn_known_remove(&target->known, i);
                        return;
                }
        }
}

/* An event of the backend. What it knows of what happened while something was under way is old. */
void xsn_watch_event(struct xsnet_object *obj, bool gone, void *userdata)
{
        struct xsn_endpoint *target = userdata;
        bool oom = false;
        int what;

        if (!obj || !target->synced || target->engine->run || target->known.n_untold) {
                look_again(target);
                return;
        }
        if (gone) {
                struct xsn_known_entry *entry = xsn_known_find(&target->known, obj, &oom);

                what = oom ? -ENOMEM : entry ? XSNET_EVENT_GONE : 0;
                if (entry)
                        forget(target, entry);
        } else {
                what = learn(target, obj);
        }
        if (what < 0)
                look_again(target);
        else if (what > 0)
                tell_object(target, what, obj);
}

/* ---- observing ---- */

/* There is room for all that there can be: what was learned is told. */
static int add_change(struct xsn_known *known, int what, struct xsnet_object *obj)
{
        if (what > 0)
                known->untold[known->n_untold++] = (struct xsn_change){ .what = what, .obj = xsnet_object_ref(obj) };
        return what < 0 ? what : 0;
}

/* What was observed is what is known; what differs from what was known before is to be told. */
static int learn_all(struct xsn_endpoint *target, struct xsnet_state *state)
{
        struct xsn_known *known = &target->known;

        known->untold = xsn_alloc_array(known->n + state->n_objects + 1, sizeof(*known->untold));
        if (!known->untold)
                return -ENOMEM;
        for (size_t i = 0; i < known->n; i++)
                known->entries[i]->seen = false;
        for (size_t i = 0; i < state->n_objects; i++)
                if (add_change(known, learn(target, state->objects[i]), state->objects[i]) < 0)
                        return -ENOMEM;
        for (size_t i = 0; i < known->n;) {
                if (known->entries[i]->seen) {
                        i++;
                        continue;
                }
                (void)add_change(known, XSNET_EVENT_GONE, known->entries[i]->obj);
                xsn_known_remove(known, i);
        }
        return 0;
}

/* Until a watch function begins an operation: the rest waits for its end. True: all was told. */
static bool tell_untold(struct xsn_endpoint *target)
{
        struct xsn_known *known = &target->known;

        while (known->next_untold < known->n_untold) {
                struct xsn_change change = known->untold[known->next_untold];

                if (target->engine->run)
                        return false;
                known->next_untold++;
                tell_object(target, change.what, change.obj);
                xsnet_object_unref(change.obj);
        }
        xsn_known_forget_untold(known);
        return true;
}

/* Tells what differs; the first time nothing does. */
static void compare(struct xsn_endpoint *target, struct xsnet_state *state)
{
        int r = learn_all(target, state);

        if (r < 0)
                look_again(target); /* what is told now is not told again */
        if (target->knows)
                (void)tell_untold(target);
        else
                xsn_known_forget_untold(&target->known);
        target->knows = target->knows || !r;
}

static void on_observed(struct xsn_endpoint *target)
{
        struct xsnet_engine *engine = target->engine;
        _cleanup_(xsnet_state_unrefp) struct xsnet_state *state = XSN_TAKE(target->observed);

        if (engine->run)
                xsn_source_set_time(engine->run->kick, 0); /* it may have been waiting for this */
        xsn_source_set_time(engine->watch_kick, 0);
        if (target->code < 0) {
                unsigned ms = RETRY;

                for (unsigned i = 0; i < engine->watch_failures && ms < RETRY_MAX; i++)
                        ms *= 2;
                engine->watch_failures++;
                target->code = 0;
                xsn_source_set_time(engine->watch_kick, xsn_loop_now() + ms * XSN_NS_PER_MS);
                tell_failed(target);
                return;
        }
        engine->watch_failures = 0;
        target->synced = !target->again;
        if (engine->run)
                look_again(target); /* it is told when that is over */
        else if (target->synced)
                compare(target, state);
}

bool xsn_watch_is_observing(const struct xsnet_engine *engine)
{
        for (size_t i = 0; i < engine->n_targets; i++)
                if (engine->targets[i]->pending)
                        return true;
        return false;
}

static void close_gaps(struct xsnet_engine *engine)
{
        size_t n = 0;

        for (size_t i = 0; i < engine->n_watches; i++)
                if (engine->watches[i])
                        engine->watches[n++] = engine->watches[i];
        engine->n_watches = n;
}

/* Observes what has to be, one target after the other's kick; true where all are known. */
static bool observe_all(struct xsnet_engine *engine)
{
        bool all = true;

        for (size_t i = 0; i < engine->n_targets; i++) {
                struct xsn_endpoint *target = engine->targets[i];

                if (target->synced)
                        continue;
                all = false;
                if (target->pending)
                        continue;
                target->again = false;
                xsn_endpoint_observe(target, on_observed);
                if (!target->pending)
                        on_observed(target);
        }
        return all;
}

void xsn_watch_resume(struct xsnet_engine *engine)
{
        close_gaps(engine);
        if (!engine->n_watches) {
                for (size_t i = 0; i < engine->n_targets; i++)
                        xsn_endpoint_unwatch(engine->targets[i]);
                return;
        }
        for (size_t i = 0; i < engine->n_targets; i++)
                if (engine->run || !tell_untold(engine->targets[i]))
                        return;
        if (!observe_all(engine))
                return;
        for (size_t i = 0; i < engine->n_watches; i++)
                if (engine->watches[i] && !engine->watches[i]->started)
                        tell_started(engine, engine->watches[i]);
}

/* ---- events, to their readers ---- */

XSN_EXPORT int xsnet_event_get_what(const struct xsnet_event *event)
{
        return event->what;
}

XSN_EXPORT const char *xsnet_event_get_target(const struct xsnet_event *event)
{
        return event->target;
}

XSN_EXPORT struct xsnet_object *xsnet_event_get_object(const struct xsnet_event *event)
{
        return event->obj;
}

XSN_EXPORT struct xsnet_state *xsnet_event_get_desired(const struct xsnet_event *event)
{
        return event->desired;
}

XSN_EXPORT const struct xsnet_error *xsnet_event_get_error(const struct xsnet_event *event)
{
        return event->err;
}
