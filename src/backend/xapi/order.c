/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which job is next: what a step waits for comes first, one job of a host at a time (of plain VLANs XAPI has the next
 * already, so that the host need not wait for us), hosts and networks side by side. Management comes last, on
 * supporters before the coordinator. What may begin stands in a queue of its host, or of the pool, so that nobody looks
 * at all jobs again and again.
 */
#include <errno.h>
#include <string.h>

#include "backend/xapi/run.h"
#include "base/alloc.h"

/* ---- queues ---- */

static bool is_management(const struct xa_job *job)
{
        return *job->host && job->step->management;
}

static int order_of(const struct xa_job *job)
{
        return is_management(job) ? XA_MANAGEMENT : XSN_VIF(job->obj) ? XA_VIFS : XA_LINKS;
}

/* Jobs become ready nearly in the plan's order. */
static void push(struct xa_job *job)
{
        struct xa_queue *queue = job->queue;
        int order = order_of(job);
        struct xa_job *last = queue->ready[order].last, **at = &queue->ready[order].first;

        if (last && last < job)
                at = &last->next;
        while (*at && *at < job)
                at = &(*at)->next;
        job->next = *at;
        *at = job;
        if (!job->next)
                queue->ready[order].last = job;
}

static void take(struct xa_job *job, struct xa_job *before)
{
        int order = order_of(job);

        if (before)
                before->next = job->next;
        else
                job->queue->ready[order].first = job->next;
        if (job->queue->ready[order].last == job)
                job->queue->ready[order].last = before;
        job->next = NULL;
}

/* ---- which may begin ---- */

static bool is_open(const struct xa_job *job)
{
        return job->state == XA_JOB_WAITING || job->state == XA_JOB_RUNNING;
}

static bool comes_after(const struct xa_job *job, const struct xa_job *other)
{
        for (size_t i = 0; i < job->step->n_deps; i++)
                if (job->run->of_step[job->step->deps[i]] == other)
                        return true;
        return false;
}

/*
 * The interface that gets management comes before the one that had it: XAPI never lets a host be without. A bond that
 * goes gives it to its primary.
 */
static bool waits_for_heir(const struct xa_job *job)
{
        const struct xsnet_object *from = job->step->from, *to = job->step->to;

        if (!from || !from->cls->has_link || !from->a.management || (to && to->a.management))
                return false;
        for (size_t i = 0; i < job->run->n_jobs; i++) {
                const struct xa_job *other = &job->run->jobs[i];
                const struct xsnet_object *heir = other->step->to;

                if (other == job || !is_open(other) || strcmp(other->host, job->host) != 0 || comes_after(other, job))
                        continue;
                if (heir && heir->cls->has_link && heir->a.management &&
                    !(other->step->from && other->step->from->a.management))
                        return true;
        }
        return false;
}

/* What goes, or is made anew, is let go by the VIFs in its network first, as far as the plan has it so. */
static bool waits_for_vifs(const struct xa_job *job)
{
        const struct xsnet_object *from = job->step->from;
        const char *network = from && from->cls->has_link ? xsn_object_network(from) : NULL;

        if (!network || job->run->n_open[XA_VIFS] == 0 || job->step->verb != XSNET_STEP_REMOVE || XSN_BOND(from))
                return false;
        for (size_t i = 0; i < job->run->n_jobs; i++) {
                const struct xa_job *other = &job->run->jobs[i];
                const struct xsnet_object *before = XSN_VIF(other->obj) ? other->step->from : NULL;
                const char *was = before ? xsn_object_network(before) : NULL;
                const char *is = other->step->to ? xsn_object_network(other->step->to) : NULL;

                if (was && is_open(other) && !strcmp(was, network) && !(is && !strcmp(is, network)))
                        return true;
        }
        return false;
}

/* Is it about the coordinator, while supporters have not moved yet? */
static bool waits_for_supporters(const struct xa_job *job)
{
        const struct xa_run *run = job->run;
        const struct xa_host *host = xsn_hash_get_str(&run->world.hosts, job->host);

        for (size_t i = 0; host && host->coordinator && i < run->n_jobs; i++)
                if (is_management(&run->jobs[i]) && is_open(&run->jobs[i]) && strcmp(run->jobs[i].host, job->host) != 0)
                        return true;
        return false;
}

static bool is_blocked(const struct xa_job *job, bool anyhow)
{
        return waits_for_heir(job) || waits_for_vifs(job) ||
               (is_management(job) && !anyhow && waits_for_supporters(job));
}

/* A host does nothing beside another job, but VLANs that nobody waits for come close behind each other. */
static bool has_room(const struct xa_queue *queue, const struct xa_job *job)
{
        if (queue->n_running < queue->max_running)
                return true;
        return queue->n_ahead == queue->n_running && queue->n_running < XA_AHEAD && xsn_xa_vlan_is_plain(job);
}

struct xa_job *xsn_xa_order_next(struct xa_run *run, int order, bool anyhow)
{
        for (size_t i = 0; i < run->n_queues; i++) {
                struct xa_queue *queue = &run->queues[i];
                struct xa_job *job = queue->ready[order].first, *before = NULL;

                if (!job || !has_room(queue, job))
                        continue;
                while (job && is_blocked(job, anyhow)) {
                        before = job;
                        job = job->next;
                }
                if (!job || !has_room(queue, job))
                        continue;
                take(job, before);
                job->state = XA_JOB_RUNNING;
                queue->n_running++;
                queue->n_ahead += xsn_xa_vlan_is_plain(job);
                run->n_running++;
                return job;
        }
        return NULL;
}

void xsn_xa_order_leave(struct xa_job *job, int state)
{
        struct xa_run *run = job->run;

        job->state = state;
        job->queue->n_running--;
        job->queue->n_ahead -= xsn_xa_vlan_is_plain(job);
        run->n_running--;
        run->n_open[order_of(job)]--;
        if (state != XA_JOB_DONE)
                return;
        run->n_done++;
        for (size_t i = 0; i < job->n_behind; i++)
                if (--job->behind[i]->n_before == 0)
                        push(job->behind[i]);
}

/* ---- the beginning ---- */

static struct xa_job *dep_of(const struct xa_job *job, size_t i)
{
        return job->run->of_step[job->step->deps[i]];
}

/* Each job gets its part of one array. */
static int link_jobs(struct xa_run *run)
{
        struct xa_job **at;
        size_t n = 0;

        for (size_t i = 0; i < run->n_jobs; i++)
                for (size_t k = 0; k < run->jobs[i].step->n_deps; k++)
                        if (dep_of(&run->jobs[i], k)) {
                                dep_of(&run->jobs[i], k)->n_behind++;
                                run->jobs[i].n_before++;
                                n++;
                        }
        run->behind = at = xsn_alloc_array(n + 1, sizeof(struct xa_job *));
        if (!run->behind)
                return -ENOMEM;
        for (size_t i = 0; i < run->n_jobs; i++) {
                run->jobs[i].behind = at;
                at += run->jobs[i].n_behind;
                run->jobs[i].n_behind = 0;
        }
        for (size_t i = 0; i < run->n_jobs; i++)
                for (size_t k = 0; k < run->jobs[i].step->n_deps; k++) {
                        struct xa_job *first = dep_of(&run->jobs[i], k);

                        if (first)
                                first->behind[first->n_behind++] = &run->jobs[i];
                }
        return 0;
}

static int find_queue(struct xa_run *run, struct xa_job *job)
{
        job->queue = *job->host ? xsn_hash_get_str(&run->queue_of, job->host) : &run->queues[0];
        if (job->queue)
                return 0;
        job->queue = &run->queues[run->n_queues++];
        job->queue->max_running = 1;
        return xsn_hash_put_str(&run->queue_of, job->host, job->queue);
}

int xsn_xa_order_open(struct xa_run *run)
{
        /* One of each job's own at most, and the pool's. */
        run->queues = xsn_alloc_array(run->n_jobs + 1, sizeof(*run->queues));
        if (!run->queues || link_jobs(run) < 0)
                return -ENOMEM;
        run->queues[0].max_running = XA_PARALLEL;
        run->n_queues = 1;
        for (size_t i = 0; i < run->n_jobs; i++) {
                struct xa_job *job = &run->jobs[i];

                if (find_queue(run, job) < 0)
                        return -ENOMEM;
                run->n_open[order_of(job)]++;
                if (job->n_before == 0)
                        push(job);
        }
        return 0;
}

void xsn_xa_order_close(struct xa_run *run)
{
        xsn_hash_done(&run->queue_of);
        xsn_free(run->queues);
        xsn_free(run->behind);
}
