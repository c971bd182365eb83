/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's life, its targets and its options: what users call between operations. */
#include "engine/engine.h"

#include <errno.h>
#include <string.h>

#include <xsnet/fake.h>
#include <xsnet/version.h>

#include "base/alloc.h"
#include "base/export.h"
#include "engine/run.h"

#define DEFAULT_DEADLINE 60000 /* ms */

static void watch_kick(void *userdata)
{
        xsn_watch_resume(userdata);
}

XSN_EXPORT int xsnet_engine_new(struct xsnet_context *context, struct xsnet_engine **ret_engine,
                                struct xsnet_error **ret_err)
{
        _cleanup_(xsnet_engine_unrefp) struct xsnet_engine *engine = xsn_alloc(sizeof(*engine));
        int r;

        if (!engine)
                return xsn_error_oom(ret_err);
        engine->refs = 1;
        engine->context = context ? xsnet_context_ref(context) : NULL;
        engine->deadline = DEFAULT_DEADLINE;
        engine->max_disruption = XSNET_DISRUPTION_OUTAGE;
        r = xsn_loop_new(&engine->loop, ret_err);
        if (r < 0)
                return r;
        if (xsn_loop_add_timer(engine->loop, watch_kick, engine, &engine->watch_kick) < 0)
                return xsn_error_oom(ret_err);
        *ret_engine = XSN_TAKE(engine);
        return 0;
}

XSN_EXPORT struct xsnet_engine *xsnet_engine_ref(struct xsnet_engine *engine)
{
        engine->refs++;
        return engine;
}

static void drop_progress(struct xsnet_engine *engine)
{
        if (engine->progress_destroy)
                engine->progress_destroy(engine->progress_userdata);
}

/* The task may live on, and tells why. */
static void end_run(struct xsn_run *run)
{
        struct xsnet_error *err = NULL;

        xsn_error_set(&err, -ECANCELED, "cancelled", "the engine was released during the operation");
        xsn_run_fail(run, -ECANCELED, err);
        xsn_task_end(run->task, run->code, XSN_TAKE(run->errs));
}

/* Users' callbacks run while the engine is still whole, and cannot get hold of it again. */
static void engine_free(struct xsnet_engine *engine)
{
        if (engine->run)
                end_run(engine->run);
        xsn_watch_end_all(engine);
        for (size_t i = 0; i < engine->n_targets; i++)
                xsn_endpoint_free(engine->targets[i]);
        xsn_free(engine->targets);
        xsn_free(engine->watches);
        xsn_source_remove(engine->watch_kick);
        xsn_loop_free(engine->loop);
        drop_progress(engine);
        xsn_strs_clear(&engine->only_hosts);
        xsn_free(engine->journal_dir);
        xsnet_context_unref(engine->context);
        xsn_free(engine);
}

XSN_EXPORT struct xsnet_engine *xsnet_engine_unref(struct xsnet_engine *engine)
{
        if (engine && engine->refs == 1)
                engine_free(engine);
        else if (engine)
                engine->refs--;
        return NULL;
}

XSN_EXPORT int xsnet_engine_get_fd(struct xsnet_engine *engine)
{
        return xsn_loop_get_fd(engine->loop);
}

XSN_EXPORT int xsnet_engine_dispatch(struct xsnet_engine *engine, struct xsnet_error **ret_err)
{
        _cleanup_(xsnet_engine_unrefp) struct xsnet_engine *held = NULL;
        int r;

        if (engine->dispatching)
                return xsn_error_set(ret_err, -EBUSY, "busy", "dispatch was called from inside a callback");
        held = xsnet_engine_ref(engine);
        engine->dispatching = true;
        r = xsn_loop_dispatch(engine->loop, ret_err);
        engine->dispatching = false;
        return r;
}

int xsn_engine_check_idle(const struct xsnet_engine *engine, struct xsnet_error **ret_err)
{
        if (!engine->run)
                return 0;
        return xsn_error_set(ret_err, -EBUSY, "busy", "the engine is busy with another operation");
}

/* ---- targets ---- */

static int add_target(struct xsnet_engine *engine, const char *uri, struct xsnet_fake *fake,
                      struct xsnet_error **ret_err)
{
        struct xsn_endpoint *target = NULL;
        int r = xsn_engine_check_idle(engine, ret_err);

        if (r < 0)
                return r;
        if (xsn_watch_any(engine))
                return xsn_error_set(ret_err, -EBUSY, "busy", "the engine's targets are watched");
        if (xsn_grow((void **)&engine->targets, &engine->cap_targets, engine->n_targets + 1,
                     sizeof(struct xsn_endpoint *)) < 0)
                return xsn_error_oom(ret_err);
        r = xsn_endpoint_new(engine, uri, fake, &target, ret_err);
        if (r < 0)
                return r;
        for (size_t i = 0; i < engine->n_targets; i++) {
                const struct xsn_endpoint *other = engine->targets[i];

                if (strcmp(other->name, target->name) != 0 &&
                    (!other->identity || !target->identity || strcmp(other->identity, target->identity) != 0))
                        continue;
                r = xsn_error_set(ret_err, -EEXIST, "exists", "the engine has a target '%s' already", other->name);
                xsn_endpoint_free(target);
                return r;
        }
        engine->targets[engine->n_targets++] = target;
        return 0;
}

XSN_EXPORT int xsnet_engine_add_target(struct xsnet_engine *engine, const char *uri, struct xsnet_error **ret_err)
{
        if (!uri)
                return xsn_error_set(ret_err, -EINVAL, "bad-uri", "a target needs a URI, \"linux:\" for instance");
        return add_target(engine, uri, NULL, ret_err);
}

XSN_EXPORT int xsnet_engine_add_fake(struct xsnet_engine *engine, struct xsnet_fake *fake,
                                     struct xsnet_error **ret_err)
{
        return add_target(engine, NULL, fake, ret_err);
}

XSN_EXPORT const char *xsnet_engine_get_target_at(struct xsnet_engine *engine, size_t index)
{
        return index < engine->n_targets ? engine->targets[index]->name : NULL;
}

/* ---- options ---- */

XSN_EXPORT int xsnet_engine_set_journal(struct xsnet_engine *engine, const char *dir, struct xsnet_error **ret_err)
{
        char *copy = NULL;
        int r = xsn_engine_check_idle(engine, ret_err);

        if (r < 0)
                return r;
        if (dir) {
                copy = xsn_strdup(dir);
                if (!copy)
                        return xsn_error_oom(ret_err);
        }
        xsn_free(engine->journal_dir);
        engine->journal_dir = copy;
        return 0;
}

XSN_EXPORT int xsnet_engine_set_lock_wait(struct xsnet_engine *engine, int ms, struct xsnet_error **ret_err)
{
        int r = xsn_engine_check_idle(engine, ret_err);

        if (!r)
                engine->lock_wait = ms;
        return r;
}

XSN_EXPORT int xsnet_engine_set_deadline(struct xsnet_engine *engine, unsigned int ms, struct xsnet_error **ret_err)
{
        int r = xsn_engine_check_idle(engine, ret_err);

        if (!r)
                engine->deadline = ms;
        return r;
}

XSN_EXPORT int xsnet_engine_set_max_disruption(struct xsnet_engine *engine, int disruption,
                                               struct xsnet_error **ret_err)
{
        int r = xsn_engine_check_idle(engine, ret_err);

        if (r < 0)
                return r;
        if (disruption < XSNET_DISRUPTION_NONE || disruption > XSNET_DISRUPTION_OUTAGE)
                return xsn_error_set(ret_err, -EINVAL, "bad-value", "disruption: %d is not one of XSNET_DISRUPTION_*",
                                     disruption);
        engine->max_disruption = disruption;
        return 0;
}

XSN_EXPORT int xsnet_engine_set_irreversible(struct xsnet_engine *engine, int allowed, struct xsnet_error **ret_err)
{
        int r = xsn_engine_check_idle(engine, ret_err);

        if (!r)
                engine->irreversible = allowed != 0;
        return r;
}

XSN_EXPORT int xsnet_engine_add_host(struct xsnet_engine *engine, const char *host, struct xsnet_error **ret_err)
{
        int r = xsn_engine_check_idle(engine, ret_err);

        if (!r)
                r = xsn_host_check(host, ret_err);
        if (r < 0)
                return r;
        if (xsn_strs_has(&engine->only_hosts, host))
                return xsn_error_set(ret_err, -EEXIST, "exists", "host '%s' is named already", host);
        return xsn_strs_add(&engine->only_hosts, host) < 0 ? xsn_error_oom(ret_err) : 0;
}

XSN_EXPORT int xsnet_engine_set_progress(struct xsnet_engine *engine, xsnet_progress_fn fn, void *userdata,
                                         xsnet_destroy_fn destroy, struct xsnet_error **ret_err)
{
        int r = xsn_engine_check_idle(engine, ret_err);

        if (r < 0) {
                if (destroy)
                        destroy(userdata);
                return r;
        }
        drop_progress(engine);
        engine->progress = fn;
        engine->progress_userdata = userdata;
        engine->progress_destroy = destroy;
        return 0;
}

XSN_EXPORT const char *xsnet_version(void)
{
        return XSNET_VERSION;
}
