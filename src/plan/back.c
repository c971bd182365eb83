/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way back: pairs from what is observed now to what the journal has. It does not
 * matter how far the apply came, or what else happened meanwhile: what is as it was needs no
 * step, and what the plan had not touched is left alone.
 */
#include "plan/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "plan/build.h"

/* One entry on its way to a pair. */
struct match {
        const struct xsn_journal_entry *entry;
        struct xsnet_object *as_after, *as_before; /* observed now, under the key of either; NULL */
        struct xsnet_object *now;                  /* which of them it is */
        bool done;
};

/* A NIC keeps its MAC through every name: is this not it? */
static bool is_other_nic(const struct xsnet_object *now, const struct xsnet_object *then)
{
        return now && then && XSN_PIF(now) && XSN_PIF(then) && xsn_object_is_set(now, XSNET_FIELD_STATUS_MAC) &&
               xsn_object_is_set(then, XSNET_FIELD_STATUS_MAC) &&
               !xsn_mac_equal(&XSN_PIF(now)->l.status_mac, &XSN_PIF(then)->l.status_mac) &&
               xsn_object_is_set(now, XSNET_FIELD_STATUS_MASTER) == xsn_object_is_set(then, XSNET_FIELD_STATUS_MASTER);
}

static int claim(struct match *match, struct xsnet_object *now, struct xsn_hash *claimed)
{
        match->now = now;
        match->done = true;
        if (!now)
                return 0;
        return xsn_hash_put(claimed, &match->now, sizeof(match->now), match);
}

static bool is_claimed(const struct xsn_hash *claimed, struct xsnet_object *obj)
{
        return obj && xsn_hash_get(claimed, &obj, sizeof(obj));
}

/*
 * Which observed object is which entry's? Where only one name is there, it is that. A NIC
 * that was to get the name of another one may find both: then whose names are certain come first.
 */
static int match_all(struct match *matches, size_t n, struct xsn_hash *claimed)
{
        size_t n_open = n;

        for (bool certain = true; n_open > 0;) {
                size_t n_before = n_open;

                for (size_t i = 0; i < n; i++) {
                        struct match *m = &matches[i];
                        struct xsnet_object *after = is_claimed(claimed, m->as_after) ? NULL : m->as_after;
                        struct xsnet_object *before = is_claimed(claimed, m->as_before) ? NULL : m->as_before;

                        if (m->done || (certain && after && before && after != before))
                                continue;
                        if (claim(m, after ? after : before, claimed) < 0)
                                return -ENOMEM;
                        n_open--;
                        if (!certain)
                                break;
                }
                certain = n_open < n_before;
        }
        return 0;
}

/* ---- what is called otherwise because its parent or its network is ---- */

static int compare_names(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "KIND/HOST/MEMBER,MEMBER" of a bond: it has its name only a moment after it was made. */
static void members_key(const struct xsnet_object *obj, struct xsn_buf *buf)
{
        struct xsn_list members = { 0 };

        if (xsn_value_copy(xsn_type_of(XSNET_TYPE_STRS), &members, &XSN_BOND(obj)->members) < 0) {
                buf->failed = true;
                return;
        }
        if (members.n) {
                qsort(members.v, members.n, sizeof(char *), compare_names);
                xsn_buf_printf(buf, "%d/%s/", obj->cls->kind, xsn_object_host(obj));
        }
        for (size_t i = 0; i < members.n; i++)
                xsn_buf_printf(buf, "%s,", XSN_ITEM(members, char *, i));
        xsn_strs_clear(&members);
}

/* "KIND/HOST/DEVICE" of VLANs, tunnels and networks; "" for others. */
static void device_key(const struct xsnet_object *obj, struct xsn_buf *buf)
{
        const char *device = XSN_VLAN(obj) || XSN_TUNNEL(obj) ? xsn_object_device(obj) : NULL;

        if (XSN_BOND(obj))
                members_key(obj, buf);

        if (XSN_NETWORK(obj))
                device = XSN_NETWORK(obj)->bridge;
        if (device)
                xsn_buf_printf(buf, "%d/%s/%s", obj->cls->kind, xsn_object_host(obj), device);
        xsn_buf_putc(buf, '\0');
}

static int index_devices(const struct xsnet_state *observed, struct xsn_hash *devices, char **ret_keys)
{
        struct xsn_buf buf = { 0 };
        const char *key;

        for (size_t i = 0; i < observed->n_objects; i++)
                device_key(observed->objects[i], &buf);
        if (xsn_buf_take(&buf, ret_keys) < 0)
                return -ENOMEM;
        key = *ret_keys;
        for (size_t i = 0; i < observed->n_objects; i++, key += strlen(key) + 1)
                if (*key && xsn_hash_put_str(devices, key, observed->objects[i]) < 0)
                        return -ENOMEM;
        return 0;
}

/*
 * A bridge gets its mark, which says the network's name and owner, only after it was made: one that was cut short there
 * is called after its device. Of VLANs and tunnels the device says enough.
 */
static bool may_be(const struct match *match, const struct xsnet_object *found, const struct xsnet_object *obj)
{
        const struct xsn_network *net = XSN_NETWORK(found);

        if (XSN_BOND(found))
                return !match->entry->before && !found->owner && found->begun;
        if (net)
                return !match->entry->before && !found->owner && net->name && !strcmp(net->name, net->bridge);
        return !XSN_VLAN(found) || XSN_VLAN(found)->tag == XSN_VLAN(obj)->tag;
}

static int match_device(struct match *match, const struct xsnet_object *obj, const struct xsn_hash *devices,
                        struct xsn_hash *claimed)
{
        _cleanup_(xsn_freep) char *key = NULL;
        struct xsn_buf buf = { 0 };
        struct xsnet_object *found;

        if (match->now || !obj)
                return 0;
        device_key(obj, &buf);
        if (xsn_buf_take(&buf, &key) < 0)
                return -ENOMEM;
        found = *key ? xsn_hash_get_str(devices, key) : NULL;
        if (!found || is_claimed(claimed, found) || !may_be(match, found, obj))
                return 0;
        return claim(match, found, claimed);
}

/* The key of a VLAN names its parent, a tunnel's its network: where those are renamed, the device is still the same. */
static int match_devices(const struct xsnet_state *observed, struct match *matches, size_t n, struct xsn_hash *claimed)
{
        _cleanup_(xsn_hash_done) struct xsn_hash devices = { 0 };
        _cleanup_(xsn_freep) char *keys = NULL;

        if (index_devices(observed, &devices, &keys) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                if (match_device(&matches[i], matches[i].entry->after, &devices, claimed) < 0 ||
                    match_device(&matches[i], matches[i].entry->before, &devices, claimed) < 0)
                        return -ENOMEM;
        return 0;
}

static int add_note(struct xsn_work *work, const struct xsnet_object *obj, const char *what)
{
        _cleanup_(xsn_freep) char *text = NULL;
        struct xsn_buf buf = { 0 };

        xsn_object_describe(obj, &buf);
        xsn_buf_put(&buf, what);
        return xsn_buf_take(&buf, &text) < 0 ? -ENOMEM : xsn_strs_add(&work->notes, text);
}

static bool same_owner(const struct xsnet_object *a, const struct xsnet_object *b)
{
        return a->owner && b->owner ? !strcmp(a->owner, b->owner) : a->owner == b->owner;
}

/* What only the backend understands of it is to be as it was, too. */
static bool same_payload(const struct xsnet_object *a, const struct xsnet_object *b)
{
        return a->payload && b->payload ? !strcmp(a->payload, b->payload) : a->payload == b->payload;
}

/*
 * Somebody may have made one of his own under the name of what the plan was about to make: it lacks our mark, and
 * does not look like what a run leaves that was cut short before it set that. Devices of hardware and guests are
 * never made.
 */
static bool is_others(const struct match *match)
{
        const struct xsnet_object *after = match->entry->after, *now = match->now;

        return !match->entry->before && after && now && !XSN_PIF(now) && !XSN_VIF(now) && !same_owner(now, after) &&
               (now->owner || !now->begun);
}

static int add_pair(struct xsn_work *work, const struct match *match)
{
        struct xsnet_object *before = match->entry->before, *now = match->now;
        int kind = before ? before->cls->kind : 0;
        struct xsn_pair *pair;

        if (!before && !now)
                return 0;
        if (is_others(match))
                return add_note(work, now, " was made by somebody else and stays");
        if (before && !now &&
            (kind == XSNET_KIND_PIF ||
             (kind == XSNET_KIND_VIF && work->input->caps && (work->input->caps->flags & XSN_CAP_OBSERVES_VIFS))))
                return add_note(work, before, " is gone and cannot be put back");
        if (xsn_work_add(work, now, before, &pair) < 0)
                return -ENOMEM;
        pair->named = true;
        pair->mark = before && (!now ? before->owner != NULL : !same_owner(now, before) || !same_payload(now, before));
        return 0;
}

/* ---- members of a bond that comes back: its own step takes them and what is on them ---- */

/* Does all that changes of a member change with the bond? Of one that stays, that is the MTU. */
static bool changes_with(const struct xsn_pair *bond, const struct xsn_pair *pair)
{
        uint64_t changed = xsn_changes(pair->from, pair->to);
        uint64_t mtu = xsn_object_bit(pair->to, XSNET_FIELD_STATUS_MTU);
        bool stays = bond->from && XSN_BOND(bond->from) &&
                     xsn_strs_has(&XSN_BOND(bond->from)->members, XSN_PIF(pair->to)->device);

        if (stays)
                return changed == mtu && xsn_object_mtu(bond->from) != xsn_object_mtu(bond->to);
        for (size_t i = 0; i < XSN_FIELDS_MAX && changed >> i; i++) {
                int id = changed >> i & 1 ? xsn_class_field(pair->to->cls, i)->id : 0;

                if (id && id != XSNET_FIELD_NETWORK && id != XSNET_FIELD_STATUS_MTU &&
                    (id < XSNET_FIELD_IPV4_MODE || id > XSNET_FIELD_PLUGGED))
                        return false;
        }
        return true;
}

static int imply_members(struct xsn_work *work)
{
        _cleanup_(xsn_index_done) struct xsn_index index = { 0 };

        for (size_t i = 0; i < work->n_pairs; i++) {
                struct xsn_pair *pair = work->pairs[i];

                if (pair->to && XSN_PIF(pair->to) && XSN_PIF(pair->to)->device &&
                    xsn_index_put(&index, XSN_IX_DEVICE_TO, xsn_object_host(pair->to), XSN_PIF(pair->to)->device,
                                  pair) < 0)
                        return -ENOMEM;
        }
        for (size_t i = 0; i < work->n_pairs; i++) {
                struct xsn_pair *bond = work->pairs[i];
                const struct xsn_list *members = bond->to && XSN_BOND(bond->to) ? &XSN_BOND(bond->to)->members : NULL;

                for (size_t j = 0; members && j < members->n; j++) {
                        const char *device = XSN_ITEM(*members, char *, j);
                        struct xsn_pair *pair =
                                xsn_index_pair(&index, XSN_IX_DEVICE_TO, xsn_object_host(bond->to), device);

                        if (pair && pair->from && !pair->mark && changes_with(bond, pair))
                                pair->implied_by = bond;
                }
        }
        return 0;
}

/* ---- what stands on a bond that goes ---- */

/* The one row that says what the VLAN or tunnel stands on; 0: it is none. */
static int below_field(const struct xsnet_object *obj)
{
        return XSN_VLAN(obj) ? XSNET_FIELD_PIF : XSN_TUNNEL(obj) ? XSNET_FIELD_TRANSPORT : 0;
}

/* Is all that changes that it stands on the bond's first member then, which the target does by itself? */
static bool falls_to_heir(const struct xsn_pair *bond, const struct xsn_pair *pair)
{
        int field = pair->from && pair->to && pair->from->cls == pair->to->cls ? below_field(pair->to) : 0;
        const char *before = field ? xsn_object_string(pair->from, field) : NULL;
        const char *after = field ? xsn_object_string(pair->to, field) : NULL;
        const struct xsn_bond *from = XSN_BOND(bond->from);

        return before && after && from->members.n && !strcmp(before, from->name) &&
               !strcmp(after, XSN_ITEM(from->members, char *, 0)) &&
               !strcmp(xsn_object_host(pair->from), xsn_object_host(bond->from)) &&
               !(xsn_changes(pair->from, pair->to) & ~xsn_object_bit(pair->to, field));
}

static void imply_heirs(struct xsn_work *work)
{
        for (size_t i = 0; i < work->n_pairs; i++) {
                struct xsn_pair *bond = work->pairs[i];

                for (size_t j = 0; bond->from && !bond->to && XSN_BOND(bond->from) && j < work->n_pairs; j++)
                        if (falls_to_heir(bond, work->pairs[j]))
                                work->pairs[j]->implied_by = bond;
        }
}

static int fill_matches(const struct xsn_work *work, const struct xsn_journal *journal, struct match *matches)
{
        for (size_t i = 0; i < journal->n_entries; i++) {
                struct match *m = &matches[i];

                m->entry = &journal->entries[i];
                /* A run before this one may have made a network anew. */
                if ((m->entry->after && xsn_same_in(work->input->observed, m->entry->after, &m->as_after) < 0) ||
                    (m->entry->before && xsn_same_or_anew(work->input->observed, m->entry->before, &m->as_before) < 0))
                        return -ENOMEM;
                /* A name that another NIC has by now. */
                if (m->as_after && m->as_before && m->as_after != m->as_before) {
                        if (is_other_nic(m->as_after, m->entry->before))
                                m->as_after = NULL;
                        else if (is_other_nic(m->as_before, m->entry->before))
                                m->as_before = NULL;
                }
        }
        return 0;
}

int xsn_work_back(struct xsn_work *work, const struct xsn_journal *journal)
{
        _cleanup_(xsn_freep) struct match *matches = xsn_alloc_array(journal->n_entries + 1, sizeof(*matches));
        _cleanup_(xsn_hash_done) struct xsn_hash claimed = { 0 };

        if (!matches || fill_matches(work, journal, matches) < 0 ||
            match_all(matches, journal->n_entries, &claimed) < 0 ||
            match_devices(work->input->observed, matches, journal->n_entries, &claimed) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < journal->n_entries; i++)
                if (add_pair(work, &matches[i]) < 0)
                        return -ENOMEM;
        if (work->input->caps && (work->input->caps->flags & XSN_CAP_BOND_HEIRS))
                imply_heirs(work);
        return imply_members(work);
}

int xsn_plan_back(const struct xsn_plan_input *input, const struct xsn_journal *journal, struct xsnet_plan **ret_plan,
                  struct xsnet_error **ret_err)
{
        _cleanup_(xsn_work_done) struct xsn_work work = { .input = input };
        int r;

        if (journal->owner) {
                work.owner = xsn_strdup(journal->owner);
                if (!work.owner)
                        return xsn_error_oom(ret_err);
        }
        if (xsn_work_back(&work, journal) < 0)
                return xsn_error_oom(ret_err);
        r = xsn_plan_from_works(&work, 1, ret_plan, ret_err);
        if (r == 0)
                (*ret_plan)->back = true;
        return r;
}
