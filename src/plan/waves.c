/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waves: a step comes after all that it waits for, and otherwise as early as it can; what
 * management rides on comes as late as it can. Where steps wait for each other, one of them
 * is split; what cannot be split is an error that names them all.
 */
#include "plan/build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

/* Who waits for whom, the other way round: the followers of draft i are list[start[i]] .. list[start[i + 1] - 1]. */
struct followers {
        size_t *start;
        size_t *list;
        size_t *queue; /* drafts in an order in which none comes before what it waits for */
        size_t n_queue;
};

static void followers_done(struct followers *f)
{
        xsn_free(f->start);
        xsn_free(f->list);
        xsn_free(f->queue);
}

static int followers_fill(const struct xsn_build *build, struct followers *f)
{
        size_t n = build->n_drafts, n_edges = 0;

        for (size_t i = 0; i < n; i++)
                n_edges += build->drafts[i].s.n_deps;
        f->start = xsn_alloc_array(n + 2, sizeof(*f->start));
        f->list = xsn_alloc_array(n_edges + 1, sizeof(*f->list));
        f->queue = xsn_alloc_array(n + 1, sizeof(*f->queue));
        if (!f->start || !f->list || !f->queue)
                return -ENOMEM;
        /* Counted one place ahead, so that filling the list moves each start to where it belongs. */
        for (size_t i = 0; i < n; i++)
                for (size_t d = 0; d < build->drafts[i].s.n_deps; d++)
                        f->start[build->drafts[i].s.deps[d] + 2]++;
        for (size_t i = 2; i < n + 2; i++)
                f->start[i] += f->start[i - 1];
        for (size_t i = 0; i < n; i++)
                for (size_t d = 0; d < build->drafts[i].s.n_deps; d++)
                        f->list[f->start[build->drafts[i].s.deps[d] + 1]++] = i;
        return 0;
}

/* Wave by wave from the steps that wait for nothing. Fills the queue; what is not in it is in a cycle or behind one. */
static void walk(struct xsn_build *build, struct followers *f)
{
        f->n_queue = 0;
        for (size_t i = 0; i < build->n_drafts; i++) {
                build->drafts[i].n_open = build->drafts[i].s.n_deps;
                build->drafts[i].s.wave = 1;
                if (!build->drafts[i].n_open)
                        f->queue[f->n_queue++] = i;
        }
        for (size_t k = 0; k < f->n_queue; k++) {
                size_t i = f->queue[k];

                for (size_t e = f->start[i]; e < f->start[i + 1]; e++) {
                        struct xsn_draft *next = &build->drafts[f->list[e]];

                        if (next->s.wave <= build->drafts[i].s.wave)
                                next->s.wave = build->drafts[i].s.wave + 1;
                        if (!--next->n_open)
                                f->queue[f->n_queue++] = f->list[e];
                }
        }
}

/* The dependency of draft i that keeps it out of the queue. */
static size_t open_dep(const struct xsn_build *build, size_t i)
{
        const struct xsnet_step *step = &build->drafts[i].s;

        for (size_t d = 0; d < step->n_deps; d++)
                if (build->drafts[step->deps[d]].n_open)
                        return step->deps[d];
        return XSN_NO_STEP;
}

static int cycle_error(const struct xsn_build *build, size_t first, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_freep) char *text = NULL;
        struct xsn_buf buf = { 0 };
        size_t i = first;

        do {
                const struct xsnet_step *step = &build->drafts[i].s;

                xsn_buf_put(&buf, i == first ? "" : ", ");
                xsn_object_describe(step->to ? step->to : step->from, &buf);
                i = open_dep(build, i);
        } while (i != first);
        if (xsn_buf_take(&buf, &text) < 0)
                return xsn_error_oom(ret_err);
        return xsn_error_set(ret_err, -ELOOP, "cycle", "each of these would have to be done before the next: %s; "
                             "do it in two documents", text);
}

/*
 * Splits one step of each cycle that can be found without looking at a draft twice.
 * `seen`: the walk that came by, from 1. Every draft that has no wave waits for one that has none.
 */
static int split_cycles(struct xsn_build *build, struct xsnet_error **ret_err)
{
        size_t n = build->n_drafts, n_split = 0, stuck = XSN_NO_STEP;
        _cleanup_(xsn_freep) size_t *seen = xsn_alloc_array(n + 1, sizeof(*seen));

        if (!seen)
                return xsn_error_oom(ret_err);
        for (size_t start = 0; start < n; start++) {
                size_t i = start, end;
                int r = 0;

                if (!build->drafts[start].n_open || seen[start])
                        continue;
                while (!seen[i]) {
                        seen[i] = start + 1;
                        i = open_dep(build, i);
                }
                if (seen[i] != start + 1) /* this walk ended in an earlier one's */
                        continue;
                end = i;
                for (int way = 0; way < 2 && !r; way++) {
                        do {
                                r = way ? xsn_build_free_members(build, i) : xsn_build_split(build, i);
                                if (r < 0)
                                        return xsn_error_oom(ret_err);
                                i = open_dep(build, i);
                        } while (!r && i != end);
                        i = end;
                }
                n_split += (size_t)r;
                if (!r && stuck == XSN_NO_STEP)
                        stuck = end;
        }
        return n_split ? 0 : cycle_error(build, stuck, ret_err);
}

/* Each management step as late as its followers allow: if anything else fails, it was never touched. */
static void delay_management(struct xsn_build *build, const struct followers *f)
{
        for (size_t k = f->n_queue; k-- > 0;) {
                size_t i = f->queue[k];
                struct xsnet_step *step = &build->drafts[i].s;
                unsigned latest = build->n_waves;

                if (!step->management || step->disruption == XSNET_DISRUPTION_NONE)
                        continue;
                for (size_t e = f->start[i]; e < f->start[i + 1]; e++)
                        if (build->drafts[f->list[e]].s.wave <= latest)
                                latest = build->drafts[f->list[e]].s.wave - 1;
                step->wave = latest;
        }
}

int xsn_build_waves(struct xsn_build *build, struct xsnet_error **ret_err)
{
        for (;;) {
                _cleanup_(followers_done) struct followers f = { 0 };
                int r;

                if (xsn_build_order(build) < 0 || followers_fill(build, &f) < 0)
                        return xsn_error_oom(ret_err);
                walk(build, &f);
                if (f.n_queue < build->n_drafts) {
                        r = split_cycles(build, ret_err);
                        if (r < 0)
                                return r;
                        continue;
                }
                build->n_waves = 0;
                for (size_t i = 0; i < build->n_drafts; i++)
                        if (build->drafts[i].s.wave > build->n_waves)
                                build->n_waves = build->drafts[i].s.wave;
                if (xsn_build_impact(build) < 0)
                        return xsn_error_oom(ret_err);
                delay_management(build, &f);
                return 0;
        }
}

/* ---- the final order ---- */

static size_t count_digits(const char *s)
{
        size_t n = 0;

        while (s[n] >= '0' && s[n] <= '9')
                n++;
        return n;
}

/* Digits by their number, so that eth10 comes after eth2. */
static int compare_names(const char *a, const char *b)
{
        while (*a && *b) {
                size_t x = count_digits(a), y = count_digits(b);

                if (x && y) {
                        size_t za = strspn(a, "0"), zb = strspn(b, "0");
                        int r;

                        if (x - (za < x ? za : x) != y - (zb < y ? zb : y))
                                return x - (za < x ? za : x) < y - (zb < y ? zb : y) ? -1 : 1;
                        r = strncmp(a + za, b + zb, x - (za < x ? za : x));
                        if (r)
                                return r;
                        a += x;
                        b += y;
                } else if (*a != *b) {
                        return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
                } else {
                        a++;
                        b++;
                }
        }
        return *a ? 1 : *b ? -1 : 0;
}

struct place {
        const struct xsn_draft *draft;
        size_t index; /* of the draft, before sorting */
        char *key;    /* owned */
};

static const struct xsnet_object *object_of(const struct xsn_draft *draft)
{
        return draft->s.to ? draft->s.to : draft->s.from;
}

static int compare_places(const void *a, const void *b)
{
        const struct place *p = a, *q = b;
        const struct xsnet_step *s = &p->draft->s, *t = &q->draft->s;
        bool s_hurts = s->management && s->disruption, t_hurts = t->management && t->disruption;
        int s_kind = object_of(p->draft)->cls->kind, t_kind = object_of(q->draft)->cls->kind, r;

        if (s->wave != t->wave)
                return s->wave < t->wave ? -1 : 1;
        if (s_hurts != t_hurts)
                return s_hurts ? 1 : -1;
        if (s->verb != t->verb)
                return s->verb < t->verb ? -1 : 1;
        if (s_kind != t_kind)
                return s_kind < t_kind ? -1 : 1;
        if (s->target != t->target)
                return s->target < t->target ? -1 : 1;
        r = strcmp(xsn_object_host(object_of(p->draft)), xsn_object_host(object_of(q->draft)));
        if (r)
                r = compare_names(xsn_object_host(object_of(p->draft)), xsn_object_host(object_of(q->draft)));
        if (!r)
                r = compare_names(p->key, q->key);
        if (!r)
                r = strcmp(p->key, q->key);
        return r ? r : p->index < q->index ? -1 : p->index > q->index;
}

static void places_free(struct place *places, size_t n)
{
        for (size_t i = 0; places && i < n; i++)
                xsn_free(places[i].key);
        xsn_free(places);
}

static int compare_indexes(const void *a, const void *b)
{
        size_t x = *(const size_t *)a, y = *(const size_t *)b;

        return x < y ? -1 : x > y;
}

/* Moves the drafts to their places; `new_index` is room for all. */
static void renumber(struct xsn_build *build, const struct place *places, struct xsn_draft *sorted, size_t *new_index)
{
        for (size_t i = 0; i < build->n_drafts; i++) {
                new_index[places[i].index] = i;
                sorted[i] = *places[i].draft;
                sorted[i].s.index = i;
        }
        for (size_t i = 0; i < build->n_drafts; i++) {
                struct xsnet_step *step = &sorted[i].s;

                for (size_t d = 0; d < step->n_deps; d++)
                        step->deps[d] = new_index[step->deps[d]];
                if (step->n_deps > 1)
                        qsort(step->deps, step->n_deps, sizeof(*step->deps), compare_indexes);
        }
        if (build->n_drafts)
                memcpy(build->drafts, sorted, build->n_drafts * sizeof(*sorted));
        for (size_t i = 0; i < build->n_drafts; i++) {
                struct xsn_draft *draft = &build->drafts[i];

                if (draft->s.half || draft->s.verb == XSNET_STEP_REMOVE)
                        draft->pair->remove_step = i;
                else
                        draft->pair->step = i;
        }
}

int xsn_build_sort(struct xsn_build *build)
{
        size_t n = build->n_drafts;
        struct place *places = xsn_alloc_array(n + 1, sizeof(*places));
        _cleanup_(xsn_freep) struct xsn_draft *sorted = xsn_alloc_array(n + 1, sizeof(*sorted));
        _cleanup_(xsn_freep) size_t *new_index = xsn_alloc_array(n + 1, sizeof(*new_index));
        bool ok = places && sorted && new_index;

        for (size_t i = 0; ok && i < n; i++) {
                struct xsn_buf buf = { 0 };

                places[i].draft = &build->drafts[i];
                places[i].index = i;
                xsn_object_key(object_of(&build->drafts[i]), &buf);
                ok = !xsn_buf_take(&buf, &places[i].key);
        }
        if (ok) {
                if (n > 1)
                        qsort(places, n, sizeof(*places), compare_places);
                renumber(build, places, sorted, new_index);
        }
        places_free(places, n);
        return ok ? 0 : -ENOMEM;
}
