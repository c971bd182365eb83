/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plans may be kept: what a plan takes for granted is each object that it touches or refers
 * to, as it was. Before it is applied, the engine observes again and asks here.
 */
#include "plan/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/names.h"
#include "plan/build.h"

/* What counts of an object, as a text that nothing else has, and room for one value of it. */
struct canonical {
        struct xsn_buf buf;
        struct xsn_buf text;
};

/* The text, so that nothing else can look like it: its length goes before it. */
static void put_text(struct canonical *canonical)
{
        xsn_buf_put_number(&canonical->buf, canonical->text.len);
        xsn_buf_putc(&canonical->buf, ':');
        xsn_buf_putn(&canonical->buf, canonical->text.s ? canonical->text.s : "", canonical->text.len);
        canonical->buf.failed |= canonical->text.failed;
        canonical->text.len = 0;
}

/* In the list's order, without addresses that others come and go with. */
static void put_items(struct canonical *canonical, const struct xsnet_object *obj, const struct xsn_field *field,
                      const struct xsn_list *list)
{
        const struct xsn_type *item = xsn_type_of(field->type)->item;

        for (size_t i = 0; i < list->n; i++) {
                const void *value = (const char *)list->v + i * item->size;

                if ((field->flags & XSN_F_ADDRESS) && xsn_list_find(item, &obj->a.other_addresses, value) >= 0)
                        continue;
                item->format(field, value, &canonical->text);
                put_text(canonical);
        }
}

static void put_list(struct canonical *canonical, const struct xsnet_object *obj, const struct xsn_field *field)
{
        const struct xsn_type *type = xsn_type_of(field->type);
        const struct xsn_list *list = xsn_object_member(obj, field);
        struct xsn_list sorted = { 0 };

        if (!(field->flags & XSN_F_SET) || list->n < 2) {
                put_items(canonical, obj, field, list);
        } else if (xsn_value_copy(type, &sorted, list) < 0) {
                canonical->buf.failed = true;
        } else {
                qsort(sorted.v, sorted.n, type->item->size, type->item->compare);
                put_items(canonical, obj, field, &sorted);
                xsn_value_clear(type, &sorted);
        }
}

static int write_canonical(const struct xsnet_object *obj, char **ret_text)
{
        size_t n = xsn_class_n_fields(obj->cls);
        struct canonical canonical = { 0 };

        for (size_t i = 0; i < n; i++) {
                const struct xsn_field *field = xsn_class_field(obj->cls, i);

                if ((field->flags & XSN_F_OBSERVED) || !(obj->present >> i & 1))
                        continue;
                xsn_buf_putc(&canonical.buf, '\n');
                xsn_buf_put_number(&canonical.buf, (uint64_t)field->id);
                xsn_buf_putc(&canonical.buf, '=');
                if (xsn_type_of(field->type)->item) {
                        put_list(&canonical, obj, field);
                } else {
                        xsn_value_format(field, xsn_object_member(obj, field), &canonical.text);
                        put_text(&canonical);
                }
        }
        xsn_buf_put(&canonical.buf, "\nowner=");
        xsn_buf_put(&canonical.buf, obj->owner ? obj->owner : "");
        xsn_buf_put(&canonical.buf, obj->made ? " made" : "");
        xsn_buf_done(&canonical.text);
        return xsn_buf_take(&canonical.buf, ret_text);
}

static int same(const struct xsnet_object *a, const struct xsnet_object *b, bool *ret_same)
{
        _cleanup_(xsn_freep) char *before = NULL;
        _cleanup_(xsn_freep) char *now = NULL;

        if (write_canonical(a, &before) < 0 || write_canonical(b, &now) < 0)
                return -ENOMEM;
        *ret_same = !strcmp(before, now);
        return 0;
}

/* ---- when the plan is made ---- */

static struct xsn_assumption *new_assumption(struct xsnet_plan *plan, size_t *cap)
{
        void *assumptions = plan->assumptions;

        if (xsn_grow(&assumptions, cap, plan->n_assumptions + 1, sizeof(*plan->assumptions)) < 0)
                return NULL;
        plan->assumptions = assumptions;
        return &plan->assumptions[plan->n_assumptions++];
}

static int assume(struct xsnet_plan *plan, size_t target, struct xsn_pair *pair, size_t *cap)
{
        struct xsnet_object *obj = pair->from ? pair->from : pair->to;
        struct xsn_assumption *assumption;

        if (pair->seen == SIZE_MAX)
                return 0;
        pair->seen = SIZE_MAX;
        assumption = new_assumption(plan, cap);
        if (!assumption)
                return -ENOMEM;
        *assumption = (struct xsn_assumption){ .target = target, .obj = xsnet_object_ref(obj), .there = pair->from };
        return 0;
}

static int assume_device(struct xsnet_plan *plan, const struct xsn_site *site, size_t target,
                         const struct xsnet_object *obj, const char *device, size_t *cap)
{
        struct xsn_pair *pair = xsn_pair_device(site, obj, device, true);

        return pair ? assume(plan, target, pair, cap) : 0;
}

/* The network, parent, transport and members of what the plan makes or changes. */
static int assume_references(struct xsnet_plan *plan, const struct xsn_site *site, size_t target,
                             const struct xsnet_object *obj, size_t *cap)
{
        struct xsn_pair *network = xsn_pair_network(site, obj, true);

        if (network && assume(plan, target, network, cap) < 0)
                return -ENOMEM;
        if (assume_device(plan, site, target, obj, xsn_object_string(obj, XSNET_FIELD_PIF), cap) < 0 ||
            assume_device(plan, site, target, obj, xsn_object_string(obj, XSNET_FIELD_TRANSPORT), cap) < 0)
                return -ENOMEM;
        for (size_t i = 0; XSN_BOND(obj) && i < XSN_BOND(obj)->members.n; i++)
                if (assume_device(plan, site, target, obj, XSN_ITEM(XSN_BOND(obj)->members, char *, i), cap) < 0)
                        return -ENOMEM;
        return 0;
}

int xsn_plan_assume(struct xsnet_plan *plan, const struct xsn_build *build, size_t t)
{
        const struct xsn_site *site = &build->sites[t];
        size_t cap = plan->n_assumptions;

        for (size_t i = 0; i < site->n_pairs; i++) {
                struct xsn_pair *pair = site->pairs[i], *by = pair->implied_by ? pair->implied_by : pair;

                if (by->step == XSN_NO_STEP && by->remove_step == XSN_NO_STEP)
                        continue;
                if (assume(plan, t, pair, &cap) < 0 ||
                    (pair->to && assume_references(plan, site, t, pair->to, &cap) < 0))
                        return -ENOMEM;
        }
        return 0;
}

/* ---- when it is to be applied ---- */

static int complain(const struct xsn_assumption *assumption, const char *name, const char *what,
                    struct xsnet_error **ret_err)
{
        _cleanup_(xsn_freep) char *described = NULL;
        size_t len = strlen(name);
        const char *colon = len && name[len - 1] == ':' ? "" : ":";

        if (xsn_describe(assumption->obj, &described) < 0)
                return xsn_error_oom(ret_err);
        return xsn_error_set(ret_err, -ESTALE, "plan-stale", "%s%s %s %s since the plan was made", name, colon,
                             described, what);
}

static int check(const struct xsn_assumption *assumption, struct xsnet_state *before,
                 const struct xsn_plan_input *input, struct xsnet_error **ret_err)
{
        struct xsnet_object *was, *now;
        bool unchanged;

        if (xsn_same_in(input->observed, assumption->obj, &now) < 0 ||
            xsn_same_in(before, assumption->obj, &was) < 0)
                return xsn_error_oom(ret_err);
        if (!now != !assumption->there)
                return complain(assumption, input->name, now ? "is there" : "is gone", ret_err);
        if (!now)
                return 0;
        if (same(was ? was : assumption->obj, now, &unchanged) < 0)
                return xsn_error_oom(ret_err);
        return unchanged ? 0 : complain(assumption, input->name, "has changed", ret_err);
}

int xsn_plan_check_stale(const struct xsnet_plan *plan, const struct xsn_plan_input *inputs, size_t n_inputs,
                         struct xsnet_error **ret_err)
{
        if (n_inputs != plan->n_targets)
                return xsn_error_set(ret_err, -ESTALE, "plan-stale", "the plan is for %zu targets, not for %zu",
                                     plan->n_targets, n_inputs);
        for (size_t i = 0; i < plan->n_assumptions; i++) {
                const struct xsn_assumption *assumption = &plan->assumptions[i];
                int r = check(assumption, plan->targets[assumption->target].observed, &inputs[assumption->target],
                              ret_err);

                if (r < 0)
                        return r;
        }
        return 0;
}
