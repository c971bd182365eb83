/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plans may be kept: what a plan takes for granted is a digest of each object that it
 * touches or refers to. Before it is applied, the engine observes again and asks here.
 */
#include "plan/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/names.h"
#include "plan/build.h"

static const uint8_t no_digest[32];

/* What is digested, and room for one text of it. */
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

static int digest(const struct xsnet_object *obj, uint8_t ret_digest[32])
{
        size_t n = xsn_class_n_fields(obj->cls);
        struct canonical canonical = { 0 };
        bool failed;

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
        failed = canonical.buf.failed;
        if (!failed)
                xsn_sha256(canonical.buf.s, canonical.buf.len, ret_digest);
        xsn_buf_done(&canonical.buf);
        xsn_buf_done(&canonical.text);
        return failed ? -ENOMEM : 0;
}

/* ---- when the plan is made ---- */

static struct xsn_assumption *new_assumption(struct xsnet_plan *plan, size_t *cap)
{
        void *assumptions = plan->assumptions;

        if (xsn_grow(&assumptions, cap, plan->n_assumptions + 1, sizeof(*plan->assumptions)) < 0)
                return NULL;
        plan->assumptions = assumptions;
        memset(&plan->assumptions[plan->n_assumptions], 0, sizeof(*plan->assumptions));
        return &plan->assumptions[plan->n_assumptions++];
}

static int assume(struct xsnet_plan *plan, size_t target, struct xsn_pair *pair, size_t *cap)
{
        const struct xsnet_object *obj = pair->from ? pair->from : pair->to;
        struct xsn_assumption *assumption;
        const struct xsnet_object *observed;
        struct xsn_buf key = { 0 };

        if (pair->seen == SIZE_MAX)
                return 0;
        pair->seen = SIZE_MAX;
        assumption = new_assumption(plan, cap);
        if (!assumption)
                return -ENOMEM;
        assumption->target = target;
        assumption->kind = obj->cls->kind;
        assumption->host = xsn_strdup(xsn_object_host(obj));
        xsn_object_key(obj, &key);
        if (xsn_buf_take(&key, &assumption->key) < 0 || !assumption->host ||
            xsn_describe(obj, &assumption->what) < 0)
                return -ENOMEM;
        if (!pair->from)
                return 0;
        if (xsn_object_is_set(obj, XSNET_FIELD_UUID)) {
                assumption->uuid = xsn_strdup(xsn_object_string(obj, XSNET_FIELD_UUID));
                if (!assumption->uuid)
                        return -ENOMEM;
        }
        observed = xsn_same_find(plan->targets[target].observed, assumption->kind, assumption->host, assumption->key,
                            assumption->uuid);
        return digest(observed ? observed : pair->from, assumption->digest);
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

static int check(const struct xsn_assumption *assumption, const struct xsn_plan_input *input,
                 struct xsnet_error **ret_err)
{
        const struct xsnet_object *obj =
                xsn_same_find(input->observed, assumption->kind, assumption->host, assumption->key, assumption->uuid);
        bool was_there = memcmp(assumption->digest, no_digest, sizeof(no_digest)) != 0;
        size_t len = strlen(input->name);
        const char *colon = len && input->name[len - 1] == ':' ? "" : ":";
        uint8_t now[32];

        if (!obj && !was_there)
                return 0;
        if (!obj || !was_there)
                return xsn_error_set(ret_err, -ESTALE, "plan-stale", "%s%s %s is %s since the plan was made",
                                     input->name, colon, assumption->what, obj ? "there" : "gone");
        if (digest(obj, now) < 0)
                return xsn_error_oom(ret_err);
        if (memcmp(assumption->digest, now, sizeof(now)) != 0)
                return xsn_error_set(ret_err, -ESTALE, "plan-stale", "%s%s %s has changed since the plan was made",
                                     input->name, colon, assumption->what);
        return 0;
}

int xsn_plan_check_stale(const struct xsnet_plan *plan, const struct xsn_plan_input *inputs, size_t n_inputs,
                         struct xsnet_error **ret_err)
{
        if (n_inputs != plan->n_targets)
                return xsn_error_set(ret_err, -ESTALE, "plan-stale", "the plan is for %zu targets, not for %zu",
                                     plan->n_targets, n_inputs);
        for (size_t i = 0; i < plan->n_assumptions; i++) {
                const struct xsn_assumption *assumption = &plan->assumptions[i];
                int r = check(assumption, &inputs[assumption->target], ret_err);

                if (r < 0)
                        return r;
        }
        return 0;
}
