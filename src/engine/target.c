/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A target: its backend, opened and closed, and one operation of it at a time. run.c and watch.c
 * start operations and hear of their end; an operation that does not end is given up.
 */
#include "engine/engine.h"

#include <errno.h>
#include <string.h>
#include <xsnet/fake.h>

#include "base/alloc.h"
#include "engine/run.h"

static void close_backend(struct xsn_endpoint *target)
{
        if (target->backend)
                target->backend->ops->close(target->backend);
        target->backend = NULL;
        target->pending = false;
}

/* Behind a URI may be another thing than there was before: a namespace is deleted, and one of its name made. */
static int identify(struct xsn_endpoint *target, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_freep) char *identity = NULL, *boot = NULL;
        bool first = !target->identity;
        int r;

        if (!target->backend->ops->identify)
                return 0;
        r = target->backend->ops->identify(target->backend, &identity, &boot, ret_err);
        if (r < 0)
                return r;
        if (!first && strcmp(target->identity, identity) != 0 && (target->store.lock_fd >= 0 || target->journal))
                return xsn_error_set(ret_err, -ESTALE, "target-changed",
                                     "'%s' is not what it was when the operation began", target->name);
        xsn_free(target->identity);
        xsn_free(target->boot);
        target->identity = XSN_TAKE(identity);
        target->boot = XSN_TAKE(boot);
        return 0;
}

void xsn_endpoint_refresh(struct xsn_endpoint *target)
{
        bool busy = target->pending || target->journal || target->store.lock_fd >= 0;

        if (busy || !target->backend || !target->backend->ops->has_moved ||
            !target->backend->ops->has_moved(target->backend))
                return;
        close_backend(target);
        target->synced = false; /* what a watch knows is of another thing */
}

int xsn_endpoint_reopen(struct xsn_endpoint *target, struct xsnet_error **ret_err)
{
        struct xsnet_engine *engine = target->engine;
        struct xsn_backend_env env = { .context = engine->context, .loop = engine->loop };
        int r;

        if (target->backend)
                return 0;
        if (target->fake)
                r = xsn_fake_open(&env, target->fake, &target->backend, ret_err);
        else
                r = xsn_backend_open(&env, target->uri, &target->backend, ret_err);
        if (r < 0)
                return r;
        r = identify(target, ret_err);
        if (r < 0)
                close_backend(target);
        if (r < 0 || !target->watched)
                return r;
        /* It was closed while it was watched: nobody heard what happened since. */
        target->watched = target->synced = false;
        return xsn_endpoint_watch(target, ret_err);
}

int xsn_endpoint_new(struct xsnet_engine *engine, const char *uri, struct xsnet_fake *fake,
                   struct xsn_endpoint **ret_target, struct xsnet_error **ret_err)
{
        struct xsn_endpoint *target = xsn_alloc(sizeof(*target));
        int r;

        if (!target)
                return xsn_error_oom(ret_err);
        target->engine = engine;
        target->index = engine->n_targets;
        xsn_store_init(&target->store);
        target->fake = fake ? xsnet_fake_ref(fake) : NULL;
        target->uri = uri ? xsn_strdup(uri) : NULL;
        r = fake ? xsn_fake_name(fake, &target->name) : xsn_backend_name(uri, &target->name);
        if (r < 0 || (uri && !target->uri))
                r = xsn_error_oom(ret_err);
        else
                r = xsn_endpoint_reopen(target, ret_err);
        if (r < 0) {
                xsn_endpoint_free(target);
                return r;
        }
        *ret_target = target;
        return 0;
}

void xsn_endpoint_clear(struct xsn_endpoint *target)
{
        target->err = xsnet_error_free(target->err);
        target->code = 0;
        target->failed = NULL;
        target->observed = xsnet_state_unref(target->observed);
        target->back = xsnet_plan_unref(target->back);
        target->unknown = target->doubt = false;
        /* What is on the disk needs no memory. */
        if (target->journaled && !target->engine->journal_dir)
                target->left = true;
        if (!target->left)
                target->journal = xsn_journal_free(target->journal);
        target->journaled = false;
}

struct xsn_endpoint *xsn_endpoint_free(struct xsn_endpoint *target)
{
        if (!target)
                return NULL;
        close_backend(target);
        xsn_endpoint_clear(target);
        xsn_journal_free(target->journal);
        xsn_store_unlock(&target->store);
        xsn_known_clear(&target->known);
        xsnet_fake_unref(target->fake);
        xsn_free(target->uri);
        xsn_free(target->identity);
        xsn_free(target->boot);
        xsn_free(target->name);
        return xsn_free(target);
}

/* ---- operations ---- */

static void end(struct xsn_endpoint *target, int code, struct xsnet_error *err)
{
        target->pending = false;
        target->code = code;
        xsnet_error_free(target->err);
        target->err = err;
        target->end(target);
}

static void on_observed(struct xsnet_state *state, int code, struct xsnet_error *err, void *userdata)
{
        struct xsn_endpoint *target = userdata;

        target->observed = code < 0 ? NULL : xsnet_state_ref(state);
        end(target, code, err);
}

/* What it was to make is there, and somebody else's: going back leaves it alone, and so does recover. */
static void drop_entry(struct xsn_endpoint *target, const struct xsnet_object *made)
{
        struct xsn_journal *journal = target->journal;
        size_t n = 0;

        for (size_t i = 0; i < journal->n_entries; i++) {
                if (journal->entries[i].after == made && !journal->entries[i].before)
                        xsnet_object_unref(journal->entries[i].after);
                else
                        journal->entries[n++] = journal->entries[i];
        }
        journal->n_entries = n;
        /* Where this fails, the whole journal stays, and only a recover would go by it. */
        if (target->store.lock_fd >= 0 && xsn_store_write(&target->store, journal, NULL) < 0)
                xsn_log(target->engine->context, "engine: the journal of '%s' cannot be written again", target->name);
}

static void on_step(const struct xsnet_step *step, int code, const struct xsnet_error *err, void *userdata)
{
        struct xsn_endpoint *target = userdata;
        struct xsn_run *run = target->engine->run;
        int what = code > 0 ? XSNET_PROGRESS_STEP_BEGUN : code < 0 ? XSNET_PROGRESS_STEP_FAILED
                                                                  : XSNET_PROGRESS_STEP_DONE;

        /* Others of its wave went no further because of it. */
        if (code < 0 && code != -ECANCELED && !target->failed)
                target->failed = step;
        if (code == -EEXIST && !step->from && !run->going_back && target->journal &&
            !strcmp(xsnet_error_get_reason(err), "name-in-use"))
                drop_entry(target, step->to);
        xsn_report_note(run->report, target->part, step, code);
        xsn_run_progress(run, what, step, err);
}

static void on_applied(int code, struct xsnet_error *err, void *userdata)
{
        struct xsn_endpoint *target = userdata;

        if (code == -EINPROGRESS)
                target->doubt = true;
        if (code == -ETIMEDOUT || code == -EINPROGRESS)
                target->unknown = true;
        end(target, code, err);
}

/* The backend, ready for an operation; an error is the target's. */
static bool get_ready(struct xsn_endpoint *target, void (*fn)(struct xsn_endpoint *target))
{
        target->end = fn;
        target->err = xsnet_error_free(target->err);
        target->failed = NULL;
        target->code = xsn_endpoint_reopen(target, &target->err);
        return target->code >= 0;
}

void xsn_endpoint_observe(struct xsn_endpoint *target, void (*fn)(struct xsn_endpoint *target))
{
        target->observed = xsnet_state_unref(target->observed);
        if (!get_ready(target, fn))
                return;
        target->pending = true;
        target->code = target->backend->ops->observe(target->backend, on_observed, target, &target->err);
        if (target->code < 0)
                target->pending = false;
}

static void on_settled(int code, struct xsnet_error *err, void *userdata)
{
        end(userdata, code, err);
}

void xsn_endpoint_settle(struct xsn_endpoint *target, void (*fn)(struct xsn_endpoint *target))
{
        if (!get_ready(target, fn) || !target->backend->ops->settle)
                return;
        target->pending = true;
        target->code = target->backend->ops->settle(target->backend, on_settled, target, &target->err);
        if (target->code < 0)
                target->pending = false;
}

void xsn_endpoint_apply(struct xsn_endpoint *target, const struct xsnet_plan *plan, size_t index,
                      void (*fn)(struct xsn_endpoint *target))
{
        if (!get_ready(target, fn))
                return;
        target->pending = true;
        target->code = target->backend->ops->apply(target->backend, plan, index, on_step, on_applied, target,
                                                   &target->err);
        if (target->code < 0)
                target->pending = false;
}

void xsn_endpoint_abandon(struct xsn_endpoint *target)
{
        if (!target->pending)
                return;
        target->pending = false;
        if (target->backend->ops->abandon)
                target->backend->ops->abandon(target->backend);
        else
                close_backend(target);
}

/* ---- watching ---- */

int xsn_endpoint_watch(struct xsn_endpoint *target, struct xsnet_error **ret_err)
{
        int r;

        if (target->watched)
                return 0;
        target->watched = true; /* before it is opened, which would watch it */
        if (!target->backend)
                return xsn_endpoint_reopen(target, ret_err);
        if (!target->backend->ops->watch) {
                target->watched = false;
                return xsn_error_set(ret_err, -EOPNOTSUPP, "not-supported", "'%s' cannot be watched", target->name);
        }
        r = target->backend->ops->watch(target->backend, xsn_watch_event, target, ret_err);
        if (r < 0)
                target->watched = false;
        return r;
}

void xsn_endpoint_unwatch(struct xsn_endpoint *target)
{
        if (target->watched && target->backend)
                target->backend->ops->unwatch(target->backend);
        target->watched = target->synced = target->again = target->knows = false;
        xsn_known_clear(&target->known);
}
