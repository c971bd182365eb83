/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A change that both lets something go and takes something can be done in two steps.
 * waves.c asks for that where steps wait for each other: two bonds that swap a member, two
 * NICs that swap networks, a NIC whose name its own bridge is to take.
 */
#include "plan/build.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"

static bool keeps_member(const struct xsn_site *site, const struct xsnet_object *to, const struct xsn_pair *member)
{
        const struct xsn_list *members = &XSN_BOND(to)->members;

        for (size_t i = 0; i < members->n; i++)
                if (xsn_pair_device(site, to, XSN_ITEM(*members, char *, i), true) == member)
                        return true;
        return false;
}

/* The members that go, go; those that come are not there yet. */
static void drop_members(const struct xsn_site *site, struct xsnet_object *mid, const struct xsnet_object *to)
{
        struct xsn_bond *bond = XSN_BOND(mid);

        for (size_t i = bond->members.n; i-- > 0;) {
                const struct xsn_pair *member = xsn_pair_device(site, mid, XSN_ITEM(bond->members, char *, i), false);

                if (!member || !keeps_member(site, to, member))
                        xsn_list_remove(xsn_type_of(XSNET_TYPE_STRS)->item, &bond->members, i);
        }
        if (bond->primary && !xsn_strs_has(&bond->members, bond->primary))
                xsn_object_clear(mid, XSNET_FIELD_PRIMARY);
}

static void drop_addresses(struct xsn_list *mid, const struct xsn_list *to)
{
        const struct xsn_type *item = xsn_type_of(XSNET_TYPE_PREFIXES)->item;

        for (size_t i = mid->n; i-- > 0;)
                if (xsn_list_find(item, to, &XSN_ITEM(*mid, struct xsn_ip, i)) < 0)
                        xsn_list_remove(item, mid, i);
}

static int copy_field(struct xsnet_object *dst, const struct xsnet_object *src, int field)
{
        return xsn_object_copy_row(dst, src, (size_t)xsn_class_index(dst->cls, field));
}

/* What needs an address that goes, goes too; it comes with the second step. */
static void drop_dependents(struct xsnet_object *mid, const struct xsnet_object *to, uint64_t changed)
{
        static const int fields[] = { XSNET_FIELD_IPV4_GATEWAY, XSNET_FIELD_IPV6_GATEWAY, XSNET_FIELD_ROUTES,
                                      XSNET_FIELD_DNS };

        drop_addresses(&mid->a.ipv4_address, &to->a.ipv4_address);
        drop_addresses(&mid->a.ipv6_address, &to->a.ipv6_address);
        for (size_t i = 0; i < XSN_ARRAY_SIZE(fields); i++)
                if (changed & xsn_object_bit(mid, fields[i]))
                        xsn_object_clear(mid, fields[i]);
        if (!mid->a.ipv4_address.n && mid->a.ipv4_mode.value == XSNET_IP_STATIC)
                mid->a.ipv4_mode.value = XSNET_IP_NONE;
        if (!mid->a.ipv6_address.n && mid->a.ipv6_mode.value == XSNET_IP_STATIC)
                mid->a.ipv6_mode.value = XSNET_IP_NONE;
}

/* Does nobody else have the new name before the plan? */
static bool is_free(const struct xsn_site *site, const struct xsn_pair *pair)
{
        const char *name = xsn_pair_name(pair->to);
        const struct xsn_index_item *item =
                name ? xsn_index_find(&site->index, XSN_IX_DEVICE_FROM, xsn_object_host(pair->to), name) : NULL;

        return !item || (item->pair == pair && !item->next);
}

/* `from` without what it lets go: the first step's end, the second's beginning. */
static int make_mid(const struct xsn_site *site, const struct xsn_pair *pair, struct xsnet_object **ret_mid)
{
        _cleanup_(xsnet_object_unrefp) struct xsnet_object *mid = NULL;
        const struct xsnet_object *to = pair->to;
        int kind = to->cls->kind;

        if (xsn_object_copy(pair->from, &mid) < 0)
                return -ENOMEM;
        /* A name is let go by taking another, where that is free. */
        if (kind == XSNET_KIND_PIF && is_free(site, pair) &&
            (copy_field(mid, to, XSNET_FIELD_DEVICE) < 0 || copy_field(mid, to, XSNET_FIELD_RENAME) < 0))
                return -ENOMEM;
        if (kind == XSNET_KIND_NETWORK && is_free(site, pair) && copy_field(mid, to, XSNET_FIELD_BRIDGE) < 0)
                return -ENOMEM;
        /* A parent that gets another name is the same parent. */
        if ((kind == XSNET_KIND_VLAN && copy_field(mid, to, XSNET_FIELD_PIF) < 0) ||
            (kind == XSNET_KIND_TUNNEL && copy_field(mid, to, XSNET_FIELD_TRANSPORT) < 0))
                return -ENOMEM;
        if (kind == XSNET_KIND_BOND)
                drop_members(site, mid, to);
        if (kind != XSNET_KIND_TUNNEL && (pair->changed & xsn_object_bit(mid, XSNET_FIELD_NETWORK)))
                xsn_object_clear(mid, XSNET_FIELD_NETWORK);
        if (mid->cls->has_address)
                drop_dependents(mid, to, pair->changed);
        *ret_mid = XSN_TAKE(mid);
        return 0;
}

int xsn_translate(const struct xsn_site *site, struct xsnet_object *bond, const struct xsnet_object *to)
{
        struct xsn_list *members = &XSN_BOND(bond)->members;

        for (size_t i = 0; i < members->n; i++) {
                char **name = &XSN_ITEM(*members, char *, i), *copy;
                const struct xsn_pair *pair = xsn_pair_device(site, bond, *name, false);
                const char *after = pair && pair->to ? xsn_pair_name(pair->to) : NULL;

                if (!after || !strcmp(after, *name) || !keeps_member(site, to, pair))
                        continue;
                if (XSN_BOND(bond)->primary && !strcmp(XSN_BOND(bond)->primary, *name) &&
                    xsn_object_set_string(bond, XSNET_FIELD_PRIMARY, after) < 0)
                        return -ENOMEM;
                copy = xsn_strdup(after);
                if (!copy)
                        return -ENOMEM;
                xsn_free(*name);
                *name = copy;
        }
        return 0;
}

/* The bond's own step takes what is on its new members; in a cycle they have to let it go before, each by itself. */
int xsn_build_free_members(struct xsn_build *build, size_t i)
{
        const struct xsn_site *site = &build->sites[build->drafts[i].s.target];
        struct xsn_pair *bond = build->drafts[i].pair;
        int n = 0;

        for (size_t k = 0; k < site->n_pairs; k++) {
                struct xsn_pair *pair = site->pairs[k];

                if (pair->implied_by != bond || !pair->from || !pair->to)
                        continue;
                pair->implied_by = NULL;
                if (xsn_build_draft(build, build->drafts[i].s.target, pair) < 0)
                        return -ENOMEM;
                n += pair->step != XSN_NO_STEP;
        }
        return n > 0;
}

int xsn_build_split(struct xsn_build *build, size_t i)
{
        _cleanup_(xsnet_object_unrefp) struct xsnet_object *mid = NULL, *rest = NULL;
        _cleanup_(xsn_freep) char *note = NULL;
        struct xsn_draft *draft = &build->drafts[i], *half;
        const struct xsn_site *site = &build->sites[draft->s.target];
        struct xsn_pair *pair = draft->pair;
        uint64_t first, second;
        void *drafts = build->drafts;

        if (draft->no_split || draft->s.half || draft->s.verb != XSNET_STEP_CHANGE)
                return 0;
        draft->no_split = true;
        if (make_mid(site, pair, &mid) < 0)
                return -ENOMEM;
        first = xsn_changes_by_name(site, pair->from, mid);
        second = xsn_changes_by_name(site, mid, pair->to);
        if (!first || !second)
                return 0;
        if (xsn_object_copy(mid, &rest) < 0 || (XSN_BOND(rest) && xsn_translate(site, rest, pair->to) < 0))
                return -ENOMEM;
        note = xsn_strdup("first of two steps: lets go of what others wait for");
        if (!note || xsn_grow(&drafts, &build->cap_drafts, build->n_drafts + 1, sizeof(*half)) < 0)
                return -ENOMEM;
        build->drafts = drafts;
        draft = &build->drafts[i];
        half = &build->drafts[build->n_drafts];
        *half = (struct xsn_draft){ .pair = pair, .no_split = true };
        half->s = (struct xsnet_step){ .target = draft->s.target, .verb = XSNET_STEP_CHANGE, .pos = draft->s.pos };
        half->s.half = true;
        half->s.from = xsnet_object_ref(pair->from);
        half->s.to = XSN_TAKE(mid);
        half->s.changed = first;
        half->s.note = XSN_TAKE(note);
        xsnet_object_unref(draft->s.from);
        draft->s.from = XSN_TAKE(rest);
        draft->s.changed = second;
        pair->remove_step = build->n_drafts++;
        return 1;
}
