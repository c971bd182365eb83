/* SPDX-License-Identifier: Apache-2.0 */
/* After an apply: is what the plan touched now as it was to be? The engine observes and asks here. */
#include "plan/plan.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "plan/build.h"

/* Keys that went must be gone, though a map is otherwise judged by its named keys only. */
static bool keys_gone(const struct xsn_list *before, const struct xsn_list *after, const struct xsn_list *observed)
{
        for (size_t i = 0; i < before->n; i++) {
                const char *key = XSN_ITEM(*before, struct xsn_entry, i).key, *value;

                if (xsn_map_get(after, key, &value) < 0 && !xsn_map_get(observed, key, &value))
                        return false;
        }
        return true;
}

/*
 * Addresses by router advertisements do not move with their device: they come by themselves, with the next one. Where
 * nobody asked for them, or the alias of before has no mark of it, there is nothing to see until then.
 */
static bool awaits_address(const struct xsnet_object *after, const struct xsnet_object *observed)
{
        return after->cls->has_address && after->a.ipv6_mode.value == XSNET_IP_AUTOCONF &&
               xsn_plan_row_is_default(observed, (size_t)xsn_class_index(observed->cls, XSNET_FIELD_IPV6_MODE));
}

/* The rows in which the observed object is not as the entry wants it. Without `before`, it was made. */
static uint64_t wrong_rows(const struct xsn_journal_entry *entry, const struct xsnet_object *observed, bool back)
{
        const struct xsnet_object *before = entry->before, *after = entry->after;
        bool changed = before && before->cls == after->cls;
        uint64_t rows = changed ? xsn_changes(before, after) : xsn_created_rows(after);
        uint64_t wrong = xsn_object_diff(observed, after);

        /* Which interface manages the host, and whose gateway is the host's, may follow from others' routes. */
        wrong &= rows | ~(xsn_class_bit(after->cls, XSNET_FIELD_MANAGEMENT) |
                          xsn_class_bit(after->cls, XSNET_FIELD_DEFAULT_ROUTE));
        for (size_t i = 0; i < XSN_FIELDS_MAX && rows >> i; i++) {
                const struct xsn_field *field = rows >> i & 1 ? xsn_class_field(after->cls, i) : NULL;

                if (!field)
                        continue;
                if (!(after->present >> i & 1)) {
                        if (!xsn_plan_row_is_default(observed, i))
                                wrong |= UINT64_C(1) << i;
                } else if (field->id == XSNET_FIELD_STATUS_MTU) {
                        if (!xsn_row_same(observed, after, i))
                                wrong |= UINT64_C(1) << i;
                } else if (field->type == XSNET_TYPE_MAP && changed) {
                        if (!keys_gone(xsn_object_member(before, field), xsn_object_member(after, field),
                                       xsn_object_member(observed, field)))
                                wrong |= UINT64_C(1) << i;
                }
        }
        if (awaits_address(after, observed))
                wrong &= (back ? 0 : rows) | ~xsn_class_bit(after->cls, XSNET_FIELD_IPV6_MODE);
        return wrong;
}

static bool same_owner(const struct xsnet_object *a, const struct xsnet_object *b)
{
        return a->owner && b->owner ? !strcmp(a->owner, b->owner) : a->owner == b->owner;
}

static int wrong_row(const struct xsnet_object *after, const struct xsnet_object *observed, uint64_t wrong,
                     struct xsnet_error **ret_err)
{
        size_t i = (size_t)__builtin_ctzll(wrong);
        _cleanup_(xsn_freep) char *text = NULL;
        struct xsn_buf buf = { 0 };

        xsn_object_describe(after, &buf);
        xsn_buf_printf(&buf, ": %s is ", xsn_class_field(after->cls, i)->name);
        xsn_object_format_row(observed, i, &buf);
        xsn_buf_put(&buf, " and was to be ");
        xsn_object_format_row(after, i, &buf);
        if (xsn_buf_take(&buf, &text) < 0)
                return xsn_error_oom(ret_err);
        return xsn_error_set(ret_err, -EIO, "verify-failed", "%s", text);
}

static int wrong_object(const struct xsnet_object *obj, const char *what, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_freep) char *text = NULL;

        if (xsn_describe(obj, &text) < 0)
                return xsn_error_oom(ret_err);
        return xsn_error_set(ret_err, -EIO, "verify-failed", "%s %s", text, what);
}

/* A tunnel of another sort that somebody has over the same transport was hidden by the one that went. */
static bool is_other_tunnel(const struct xsnet_object *before, const struct xsnet_object *found)
{
        const struct xsn_tunnel *was = XSN_TUNNEL(before), *is = XSN_TUNNEL(found);

        return was && is && before->owner && !found->owner &&
               (was->protocol.value != is->protocol.value || was->key != is->key);
}

/* Of an object that was to go, or to be called otherwise: nobody is to be there, unless another came in its place. */
static int verify_gone(const struct xsn_plan_target *target, const struct xsn_journal_entry *entry,
                       struct xsnet_state *observed, struct xsnet_error **ret_err)
{
        struct xsnet_object *found = NULL;
        int r = xsn_same_in(target->wanted, entry->before, &found);

        if (r > 0)
                return 0;
        if (!r)
                r = xsn_same_in(observed, entry->before, &found);
        if (r < 0)
                return xsn_error_oom(ret_err);
        return r > 0 && !is_other_tunnel(entry->before, found)
                       ? wrong_object(entry->before, "is still there", ret_err)
                       : 0;
}

static int verify_there(const struct xsn_journal_entry *entry, bool back, struct xsnet_state *observed,
                        const uint64_t settling[XSN_N_KINDS + 1], bool *ret_settles, struct xsnet_error **ret_err)
{
        const struct xsnet_object *after = entry->after;
        struct xsnet_object *found = NULL;
        int r = entry->before ? xsn_same_in(observed, after, &found) : xsn_same_or_anew(observed, after, &found);
        uint64_t wrong;

        if (r < 0)
                return xsn_error_oom(ret_err);
        /* A guest may go at any time, and its devices with it. */
        if (!r && entry->before && after->cls->kind == XSNET_KIND_VIF)
                return 0;
        if (!r)
                return wrong_object(after, "is not there", ret_err);
        wrong = wrong_rows(entry, found, back);
        if (settling && wrong && !(wrong & ~settling[after->cls->kind])) {
                *ret_settles = true;
                return wrong_row(after, found, wrong, ret_err);
        }
        if (settling)
                wrong &= ~settling[after->cls->kind];
        if (wrong)
                return wrong_row(after, found, wrong, ret_err);
        if ((!entry->before || !same_owner(entry->before, after)) && !same_owner(found, after))
                return wrong_object(after, after->owner ? "does not carry the owner's mark" : "still carries a mark",
                                    ret_err);
        return 0;
}

int xsn_plan_verify(const struct xsnet_plan *plan, size_t t, struct xsnet_state *observed,
                    const uint64_t settling[XSN_N_KINDS + 1], struct xsnet_error **ret_err)
{
        const struct xsn_plan_target *target = &plan->targets[t];
        struct xsnet_error *later = NULL;

        for (size_t i = 0; i < target->n_touched; i++) {
                const struct xsn_journal_entry *entry = &target->touched[i];
                struct xsnet_error *err = NULL;
                bool settles = false;
                int r = entry->before ? verify_gone(target, entry, observed, &err) : 0;

                if (!r && entry->after)
                        r = verify_there(entry, plan->back, observed, settling, &settles, &err);
                if (r < 0 && settles && !later) {
                        later = err;
                } else if (r < 0 && settles) {
                        xsnet_error_free(err);
                } else if (r < 0) {
                        xsnet_error_free(later);
                        return xsn_error_give(ret_err, err);
                }
        }
        if (!later)
                return 0;
        xsn_error_set(ret_err, -EAGAIN, "settling", "%s", xsnet_error_get_message(later));
        xsnet_error_free(later);
        return -EAGAIN;
}
