/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From pairs to steps that have no order yet: one for what is made, changed or
 * removed, two for what is replaced. What is only called otherwise (a VLAN whose NIC gets
 * a new name) is no change. order.c then says which step waits for which.
 */
#include "plan/build.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"

const char *xsn_pair_name(const struct xsnet_object *obj)
{
        const char *bridge = xsn_object_string(obj, XSNET_FIELD_BRIDGE);

        /* Of a bridge that gets another name, status.device is the old one. */
        return bridge ? bridge : xsn_object_device(obj);
}

struct xsn_pair *xsn_pair_network(const struct xsn_site *site, const struct xsnet_object *obj, bool after)
{
        const char *name = obj ? xsn_object_network(obj) : NULL;
        int what = after ? XSN_IX_NETWORK_TO : XSN_IX_NETWORK_FROM;
        struct xsn_pair *pair;

        if (!name)
                return NULL;
        pair = xsn_index_pair(&site->index, what, xsn_object_host(obj), name);
        return pair ? pair : xsn_index_pair(&site->index, what, "", name); /* the pool's */
}

struct xsn_pair *xsn_pair_device(const struct xsn_site *site, const struct xsnet_object *obj, const char *device,
                                 bool after)
{
        int what = after ? XSN_IX_DEVICE_TO : XSN_IX_DEVICE_FROM;

        return device ? xsn_index_pair(&site->index, what, xsn_object_host(obj), device) : NULL;
}

bool xsn_site_is_pool(const struct xsn_site *site)
{
        const struct xsn_caps *caps = site->work->input->caps;

        return caps && (caps->flags & XSN_CAP_POOL);
}

bool xsn_pair_leaves(const struct xsn_site *site, const struct xsn_pair *pair, const struct xsn_pair *network)
{
        return xsn_pair_network(site, pair->from, false) == network &&
               xsn_pair_network(site, pair->to, true) != network;
}

/* ---- which rows change ---- */

static bool same_device(const struct xsn_site *site, const struct xsnet_object *from, const struct xsnet_object *to,
                        int field)
{
        struct xsn_pair *pair = xsn_pair_device(site, from, xsn_object_string(from, field), false);

        return pair && pair == xsn_pair_device(site, to, xsn_object_string(to, field), true);
}

static bool has_member(const struct xsn_site *site, const struct xsnet_object *obj, bool after,
                       const struct xsn_pair *member)
{
        const struct xsn_list *members = &XSN_BOND(obj)->members;

        for (size_t i = 0; i < members->n; i++)
                if (xsn_pair_device(site, obj, XSN_ITEM(*members, char *, i), after) == member)
                        return true;
        return false;
}

static bool same_members(const struct xsn_site *site, const struct xsnet_object *from, const struct xsnet_object *to)
{
        const struct xsn_list *members = &XSN_BOND(to)->members;

        if (XSN_BOND(from)->members.n != members->n)
                return false;
        for (size_t i = 0; i < members->n; i++) {
                struct xsn_pair *member = xsn_pair_device(site, to, XSN_ITEM(*members, char *, i), true);

                if (!member || !has_member(site, from, false, member))
                        return false;
        }
        return true;
}

/* Does a row that names other objects name the same ones as before, under other names? */
static bool only_renamed(const struct xsn_site *site, const struct xsnet_object *from, const struct xsnet_object *to,
                         int field)
{
        struct xsn_pair *network;

        switch (field) {
        case XSNET_FIELD_NETWORK:
                network = xsn_pair_network(site, from, false);
                return network && network == xsn_pair_network(site, to, true);
        case XSNET_FIELD_PIF:
        case XSNET_FIELD_TRANSPORT:
        case XSNET_FIELD_PRIMARY:
                return same_device(site, from, to, field);
        case XSNET_FIELD_MEMBERS:
                return same_members(site, from, to);
        default:
                return false;
        }
}

uint64_t xsn_changes_by_name(const struct xsn_site *site, const struct xsnet_object *from,
                             const struct xsnet_object *to)
{
        uint64_t changed = xsn_changes(from, to);

        for (size_t i = 0; i < XSN_FIELDS_MAX && changed >> i; i++)
                if ((changed >> i & 1) && only_renamed(site, from, to, xsn_class_field(to->cls, i)->id))
                        changed &= ~(UINT64_C(1) << i);
        return changed;
}

static bool is_recreated(const struct xsnet_object *obj, uint64_t changed)
{
        int kind = obj->cls->kind;

        for (size_t i = 0; i < XSN_FIELDS_MAX && changed >> i; i++) {
                unsigned flags = changed >> i & 1 ? xsn_class_field(obj->cls, i)->flags : 0;

                if (flags & XSN_F_RECREATE)
                        return true;
                /* A NIC, a bond or a network can get another name; these are another object then. */
                if ((flags & XSN_F_KEY) && (kind == XSNET_KIND_VLAN || kind == XSNET_KIND_TUNNEL))
                        return true;
        }
        return false;
}

static void compare_pair(const struct xsn_site *site, struct xsn_pair *pair)
{
        pair->changed = 0;
        if (!pair->from || !pair->to)
                return;
        if (pair->from->cls != pair->to->cls) {
                pair->replace = true;
                return;
        }
        pair->changed = xsn_changes_by_name(site, pair->from, pair->to) | pair->rows;
        if (is_recreated(pair->to, pair->changed))
                pair->replace = true;
}

/* What stands on a device that gets another name is to stand on that, if nobody said so already. */
static int follow_name(struct xsn_pair *above, int field, const char *before, const char *after)
{
        const char *name = xsn_object_string(above->to, field);
        _cleanup_(xsnet_object_unrefp) struct xsnet_object *to = NULL;

        if (!name || strcmp(name, before) != 0 || !strcmp(before, after))
                return 0;
        if (xsn_object_copy(above->to, &to) < 0 || xsn_object_set_string(to, field, after) < 0)
                return -ENOMEM;
        xsnet_object_unref(above->to);
        above->to = XSN_TAKE(to);
        return 0;
}

/* The VLANs and tunnels on a device that is made anew go with the old one. `depth`: no kernel nests deeper. */
static int replace_above(const struct xsn_site *site, struct xsn_pair *pair, unsigned depth)
{
        const char *before = xsn_pair_name(pair->from), *after = pair->to ? xsn_pair_name(pair->to) : NULL;
        const struct xsn_index_item *item = NULL;

        if (before && after && depth < 64)
                item = xsn_index_find(&site->index, XSN_IX_ABOVE_FROM, xsn_object_host(pair->from), before);
        for (; item; item = item->next) {
                struct xsn_pair *above = item->pair;

                if (!above->to)
                        continue;
                if (follow_name(above, XSNET_FIELD_PIF, before, after) < 0 ||
                    follow_name(above, XSNET_FIELD_TRANSPORT, before, after) < 0)
                        return -ENOMEM;
                if ((above->from->cls->kind != XSNET_KIND_VLAN && above->from->cls->kind != XSNET_KIND_TUNNEL) ||
                    above->replace)
                        continue;
                above->replace = true;
                above->implied_by = NULL; /* more than another name */
                if (replace_above(site, above, depth + 1) < 0)
                        return -ENOMEM;
        }
        return 0;
}

/* ---- drafts ---- */

static int add_draft(struct xsn_build *build, size_t target, struct xsn_pair *pair, int verb, size_t *ret_index)
{
        bool has_note = pair->note && (verb != XSNET_STEP_REMOVE || !pair->to);
        _cleanup_(xsn_freep) char *note = has_note ? xsn_strdup(pair->note) : NULL;
        void *drafts = build->drafts;
        struct xsn_draft *draft;

        if ((has_note && !note) || xsn_grow(&drafts, &build->cap_drafts, build->n_drafts + 1, sizeof(*draft)) < 0)
                return -ENOMEM;
        build->drafts = drafts;
        draft = &build->drafts[build->n_drafts];
        *draft = (struct xsn_draft){ .pair = pair, .s.target = target, .s.verb = verb, .s.pos = pair->pos };
        if (verb != XSNET_STEP_CREATE)
                draft->s.from = xsnet_object_ref(pair->from);
        if (verb != XSNET_STEP_REMOVE)
                draft->s.to = xsnet_object_ref(pair->to);
        draft->s.mark = verb != XSNET_STEP_REMOVE && pair->mark;
        draft->s.changed = verb == XSNET_STEP_CREATE ? xsn_created_rows(pair->to)
                         : verb == XSNET_STEP_CHANGE ? pair->changed
                                                     : 0;
        draft->s.note = XSN_TAKE(note);
        *ret_index = build->n_drafts++;
        return 0;
}

/* NICs that stay members get their new names before the bond's step: it begins with these. */
static int name_members(struct xsn_build *build, struct xsn_draft *draft)
{
        _cleanup_(xsnet_object_unrefp) struct xsnet_object *from = NULL;

        if (xsn_object_copy(draft->s.from, &from) < 0 ||
            xsn_translate(&build->sites[draft->s.target], from, draft->s.to) < 0)
                return -ENOMEM;
        xsnet_object_unref(draft->s.from);
        draft->s.from = XSN_TAKE(from);
        return 0;
}

int xsn_build_draft(struct xsn_build *build, size_t target, struct xsn_pair *pair)
{
        if (pair->implied_by || (!pair->from && !pair->to))
                return 0;
        if (!pair->from)
                return add_draft(build, target, pair, XSNET_STEP_CREATE, &pair->step);
        if (!pair->to)
                return add_draft(build, target, pair, XSNET_STEP_REMOVE, &pair->remove_step);
        if (pair->replace) {
                if (add_draft(build, target, pair, XSNET_STEP_REMOVE, &pair->remove_step) < 0)
                        return -ENOMEM;
                return add_draft(build, target, pair, XSNET_STEP_CREATE, &pair->step);
        }
        if (!pair->changed && !pair->mark)
                return 0;
        if (add_draft(build, target, pair, XSNET_STEP_CHANGE, &pair->step) < 0)
                return -ENOMEM;
        return XSN_BOND(pair->from) ? name_members(build, &build->drafts[pair->step]) : 0;
}

/* ---- sites ---- */

static int key_of(const struct xsnet_object *obj, char **ret_key)
{
        struct xsn_buf buf = { 0 };

        xsn_buf_put_number(&buf, (uint64_t)obj->cls->kind);
        xsn_buf_putc(&buf, '/');
        xsn_object_key(obj, &buf);
        return xsn_buf_take(&buf, ret_key);
}

/* One pair more for each observed object that no pair of the work begins with: it stays as it is. */
static int add_rest(struct xsn_site *site, const struct xsnet_state *observed)
{
        site->pairs = xsn_alloc_array(site->work->n_pairs + observed->n_objects + 1, sizeof(*site->pairs));
        site->rest = xsn_alloc_array(observed->n_objects + 1, sizeof(*site->rest));
        if (!site->pairs || !site->rest)
                return -ENOMEM;
        for (size_t i = 0; i < site->work->n_pairs; i++) {
                struct xsn_pair *pair = site->work->pairs[i];
                _cleanup_(xsn_freep) char *key = NULL;

                site->pairs[site->n_pairs++] = pair;
                if (!pair->from)
                        continue;
                if (key_of(pair->from, &key) < 0 ||
                    xsn_index_put(&site->index, XSN_IX_KEY_FROM, xsn_object_host(pair->from), key, pair) < 0)
                        return -ENOMEM;
        }
        for (size_t i = 0; i < observed->n_objects; i++) {
                struct xsnet_object *obj = observed->objects[i];
                struct xsn_pair *pair = &site->rest[site->n_rest];
                _cleanup_(xsn_freep) char *key = NULL;

                if (key_of(obj, &key) < 0)
                        return -ENOMEM;
                if (xsn_index_find(&site->index, XSN_IX_KEY_FROM, xsn_object_host(obj), key))
                        continue;
                pair->from = xsnet_object_ref(obj);
                pair->to = xsnet_object_ref(obj);
                site->pairs[site->n_pairs++] = pair;
                site->n_rest++;
        }
        return 0;
}

static int index_names(struct xsn_site *site, struct xsn_pair *pair, const struct xsnet_object *obj, bool after)
{
        const char *device = obj ? xsn_pair_name(obj) : NULL;

        if (!obj || obj->cls->kind == XSNET_KIND_VIF)
                return 0;
        if (device && xsn_index_put(&site->index, after ? XSN_IX_DEVICE_TO : XSN_IX_DEVICE_FROM, xsn_object_host(obj),
                                    device, pair) < 0)
                return -ENOMEM;
        if (obj->cls->kind == XSNET_KIND_NETWORK && XSN_NETWORK(obj)->name)
                return xsn_index_put(&site->index, after ? XSN_IX_NETWORK_TO : XSN_IX_NETWORK_FROM,
                                     xsn_object_host(obj), XSN_NETWORK(obj)->name, pair);
        return 0;
}

/* Bonds and VLANs also go by their identity, "PIF.TAG" for one, where no device is called so. */
static int index_key(struct xsn_site *site, struct xsn_pair *pair, const struct xsnet_object *obj, bool after,
                     struct xsn_buf *scratch)
{
        int what = after ? XSN_IX_DEVICE_TO : XSN_IX_DEVICE_FROM;
        const char *device;

        if (!obj || (obj->cls->kind != XSNET_KIND_BOND && obj->cls->kind != XSNET_KIND_VLAN))
                return 0;
        device = xsn_pair_name(obj);
        scratch->len = 0;
        xsn_object_key(obj, scratch);
        if (scratch->failed)
                return -ENOMEM;
        if (!scratch->len || (device && !strcmp(device, scratch->s)) ||
            xsn_index_find(&site->index, what, xsn_object_host(obj), scratch->s))
                return 0;
        site->n_aliases += !after;
        return xsn_index_put(&site->index, what, xsn_object_host(obj), scratch->s, pair);
}

static int index_keys(struct xsn_site *site)
{
        struct xsn_buf scratch = { 0 };
        int r = 0;

        for (size_t i = 0; i < site->n_pairs && r == 0; i++)
                if (index_key(site, site->pairs[i], site->pairs[i]->from, false, &scratch) < 0 ||
                    index_key(site, site->pairs[i], site->pairs[i]->to, true, &scratch) < 0)
                        r = -ENOMEM;
        xsn_buf_done(&scratch);
        return r;
}

/* Under the device's own name, whatever it is called by. */
static int index_above(struct xsn_site *site, struct xsn_pair *pair, const char *device)
{
        const struct xsn_pair *below = site->n_aliases ? xsn_pair_device(site, pair->from, device, false) : NULL;
        const char *name = below && below->from ? xsn_pair_name(below->from) : NULL;

        device = name ? name : device;
        return device ? xsn_index_put(&site->index, XSN_IX_ABOVE_FROM, xsn_object_host(pair->from), device, pair) : 0;
}

static int index_addresses(struct xsn_site *site, struct xsn_pair *pair, const struct xsn_list *addresses)
{
        char text[XSN_IP_STRLEN];

        for (size_t i = 0; i < addresses->n; i++)
                if (xsn_index_put(&site->index, XSN_IX_ADDRESS_FROM, xsn_object_host(pair->from),
                                  xsn_ip_format(&XSN_ITEM(*addresses, struct xsn_ip, i), text), pair) < 0)
                        return -ENOMEM;
        return 0;
}

/* What needs the names: who is in which network, and on which device. */
static int index_uses(struct xsn_site *site, struct xsn_pair *pair)
{
        const struct xsnet_object *from = pair->from;
        struct xsn_pair *network = xsn_pair_network(site, from, false);

        if (network && network->from &&
            xsn_index_put(&site->index, XSN_IX_PORTS_FROM, xsn_object_host(network->from),
                          xsn_object_network(from), pair) < 0)
                return -ENOMEM;
        if (from->cls->kind == XSNET_KIND_BOND)
                for (size_t i = 0; i < XSN_BOND(from)->members.n; i++)
                        if (index_above(site, pair, XSN_ITEM(XSN_BOND(from)->members, char *, i)) < 0)
                                return -ENOMEM;
        if (index_above(site, pair, xsn_object_string(from, XSNET_FIELD_PIF)) < 0 ||
            index_above(site, pair, xsn_object_string(from, XSNET_FIELD_TRANSPORT)) < 0)
                return -ENOMEM;
        if (index_addresses(site, pair, &from->a.ipv4_address) < 0)
                return -ENOMEM;
        return index_addresses(site, pair, &from->a.ipv6_address);
}

/* Guests of a pool wait for these. */
static int index_joiner(struct xsn_site *site, struct xsn_pair *pair)
{
        struct xsn_pair *network = xsn_pair_network(site, pair->to, true);

        if (!network || pair->to->cls->kind == XSNET_KIND_VIF || network == xsn_pair_network(site, pair->from, false))
                return 0;
        return xsn_index_put(&site->index, XSN_IX_JOINERS, xsn_object_host(network->to), XSN_NETWORK(network->to)->name,
                             pair);
}

static int start_site(struct xsn_build *build, size_t target)
{
        struct xsn_site *site = &build->sites[target];

        if (add_rest(site, site->work->input->observed) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < site->n_pairs; i++) {
                struct xsn_pair *pair = site->pairs[i];

                pair->step = pair->remove_step = XSN_NO_STEP;
                pair->seen = 0;
                if (index_names(site, pair, pair->from, false) < 0 || index_names(site, pair, pair->to, true) < 0)
                        return -ENOMEM;
        }
        if (index_keys(site) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < site->n_pairs; i++)
                if (site->pairs[i]->from && index_uses(site, site->pairs[i]) < 0)
                        return -ENOMEM;
        for (size_t i = 0; xsn_site_is_pool(site) && i < site->n_pairs; i++)
                if (index_joiner(site, site->pairs[i]) < 0)
                        return -ENOMEM;
        for (size_t i = 0; i < site->n_pairs; i++)
                compare_pair(site, site->pairs[i]);
        for (size_t i = 0; i < site->n_pairs; i++)
                if (site->pairs[i]->replace && site->pairs[i]->from && replace_above(site, site->pairs[i], 0) < 0)
                        return -ENOMEM;
        for (size_t i = 0; i < site->n_pairs; i++)
                if (xsn_build_draft(build, target, site->pairs[i]) < 0)
                        return -ENOMEM;
        return 0;
}

int xsn_build_start(struct xsn_build *build, const struct xsn_work *works, size_t n_works)
{
        build->sites = xsn_alloc_array(n_works + 1, sizeof(*build->sites));
        if (!build->sites)
                return -ENOMEM;
        for (; build->n_sites < n_works; build->n_sites++)
                build->sites[build->n_sites].work = &works[build->n_sites];
        for (size_t i = 0; i < n_works; i++)
                if (start_site(build, i) < 0)
                        return -ENOMEM;
        return 0;
}

static void draft_done(struct xsn_draft *draft)
{
        xsnet_object_unref(draft->s.from);
        xsnet_object_unref(draft->s.to);
        xsn_free(draft->s.deps);
        xsn_free(draft->s.irreversible);
        xsn_free(draft->s.note);
}

void xsn_build_done(struct xsn_build *build)
{
        for (size_t i = 0; i < build->n_drafts; i++)
                draft_done(&build->drafts[i]);
        for (size_t i = 0; i < build->n_sites; i++) {
                struct xsn_site *site = &build->sites[i];

                for (size_t j = 0; j < site->n_rest; j++) {
                        xsnet_object_unref(site->rest[j].from);
                        xsnet_object_unref(site->rest[j].to);
                }
                xsn_free(site->rest);
                xsn_free(site->pairs);
                xsn_index_done(&site->index);
        }
        xsn_free(build->drafts);
        xsn_free(build->sites);
        *build = (struct xsn_build){ 0 };
}
