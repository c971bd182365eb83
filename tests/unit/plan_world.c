/* SPDX-License-Identifier: Apache-2.0 */
/* The strict host of plan_world.h. plan_world_gen.c makes the random ones. */
#include "plan_world.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "plan/build.h"

static char why[512];

static const char *wrong(const struct xsnet_object *obj, const char *what)
{
        struct xsn_buf buf = { 0 };

        xsn_object_describe(obj, &buf);
        (void)snprintf(why, sizeof(why), "%s: %s", buf.s ? buf.s : "?", what);
        xsn_buf_done(&buf);
        return why;
}

static bool same_host(const struct xsnet_object *a, const struct xsnet_object *b)
{
        return !strcmp(xsn_object_host(a), xsn_object_host(b));
}

static bool is(const struct xsnet_object *obj, int field, const char *value)
{
        const char *s = xsn_object_string(obj, field);

        return s && value && !strcmp(s, value);
}

static const char *device_of(const struct xsnet_object *obj)
{
        return obj->cls->kind == XSNET_KIND_VIF ? NULL : xsn_pair_name(obj);
}

static bool is_member(const struct xsnet_object *bond, const char *device)
{
        return XSN_BOND(bond) && device && xsn_strs_has(&XSN_BOND(bond)->members, device);
}

static bool stands_on(const struct xsnet_object *obj, const char *device)
{
        return is(obj, XSNET_FIELD_PIF, device) || is(obj, XSNET_FIELD_TRANSPORT, device) || is_member(obj, device);
}

static struct xsnet_object *find(const struct xsnet_state *world, const struct xsnet_object *like)
{
        struct xsnet_object *found = NULL;
        struct xsn_buf key = { 0 };

        xsn_object_key(like, &key);
        for (size_t i = 0; i < world->n_objects && !found; i++) {
                struct xsn_buf other = { 0 };

                xsn_object_key(world->objects[i], &other);
                if (world->objects[i]->cls == like->cls && same_host(world->objects[i], like) &&
                    !strcmp(key.s ? key.s : "", other.s ? other.s : ""))
                        found = world->objects[i];
                xsn_buf_done(&other);
        }
        xsn_buf_done(&key);
        return found;
}

/* Bonds and VLANs go by their identities, too. */
static bool is_called(const struct xsnet_object *obj, const char *name)
{
        struct xsn_buf key = { 0 };
        bool same;

        if (!XSN_BOND(obj) && !XSN_VLAN(obj))
                return false;
        xsn_object_key(obj, &key);
        same = key.s && !strcmp(key.s, name);
        xsn_buf_done(&key);
        return same;
}

static struct xsnet_object *find_device(const struct xsnet_state *world, const struct xsnet_object *near,
                                        const char *device)
{
        for (size_t i = 0; i < world->n_objects && device; i++) {
                const char *name = device_of(world->objects[i]);

                if (name && !strcmp(name, device) && same_host(world->objects[i], near))
                        return world->objects[i];
        }
        for (size_t i = 0; i < world->n_objects && device; i++)
                if (same_host(world->objects[i], near) && is_called(world->objects[i], device))
                        return world->objects[i];
        return NULL;
}

static struct xsnet_object *find_network(const struct xsnet_state *world, const struct xsnet_object *near,
                                         const char *name)
{
        for (size_t i = 0; i < world->n_objects; i++)
                if (XSN_NETWORK(world->objects[i]) && is(world->objects[i], XSNET_FIELD_NAME, name) &&
                    (same_host(world->objects[i], near) || !*xsn_object_host(world->objects[i])))
                        return world->objects[i];
        return NULL;
}

/* The object of a step, also where another name of its parent or network has changed its key meanwhile. */
static struct xsnet_object *find_stepped(const struct xsnet_state *world, const struct xsnet_step *step)
{
        struct xsnet_object *obj = find(world, step->from);

        if (!obj && step->to)
                obj = find(world, step->to);
        if (!obj && (XSN_VLAN(step->from) || XSN_TUNNEL(step->from)))
                obj = find_device(world, step->from, device_of(step->from));
        return obj && obj->cls == step->from->cls ? obj : NULL;
}

/* ---- rules ---- */

static bool shares_address(const struct xsnet_object *a, const struct xsnet_object *b)
{
        for (size_t i = 0; i < a->a.ipv4_address.n; i++)
                for (size_t j = 0; j < b->a.ipv4_address.n; j++)
                        if (xsn_ip_same_address(&XSN_ITEM(a->a.ipv4_address, struct xsn_ip, i),
                                                &XSN_ITEM(b->a.ipv4_address, struct xsn_ip, j)))
                                return true;
        return false;
}

static const char *check_two(const struct xsnet_object *a, const struct xsnet_object *b)
{
        const char *device = device_of(a), *other = device_of(b), *network = xsn_object_network(a);

        if (device && other && !strcmp(device, other))
                return wrong(a, "another device has its name");
        if (shares_address(a, b))
                return wrong(a, "another device has its address");
        if (network && is(b, XSNET_FIELD_NETWORK, network) && xsn_object_link(a) && xsn_object_link(b) &&
            !XSN_TUNNEL(a) && !XSN_TUNNEL(b))
                return wrong(a, "its network has another PIF");
        for (size_t i = 0; XSN_BOND(a) && i < XSN_BOND(a)->members.n; i++) {
                const char *member = XSN_ITEM(XSN_BOND(a)->members, char *, i);

                if (stands_on(b, member))
                        return wrong(b, "stands on a member of a bond");
                if (device_of(b) && !strcmp(device_of(b), member) &&
                    (xsn_object_network(b) || b->a.ipv4_address.n))
                        return wrong(b, "is a member of a bond and has a network or an address");
        }
        return NULL;
}

static const char *check_one(const struct xsnet_state *world, const struct xsnet_object *obj)
{
        const char *network = xsn_object_network(obj), *pif = xsn_object_string(obj, XSNET_FIELD_PIF);
        const char *transport = xsn_object_string(obj, XSNET_FIELD_TRANSPORT);
        const struct xsnet_object *parent = find_device(world, obj, pif);

        if (network && !find_network(world, obj, network))
                return wrong(obj, "its network is not there");
        if (pif && !parent)
                return wrong(obj, "its parent is not there");
        if (parent && xsn_object_mtu(parent) && xsn_object_mtu(obj) > xsn_object_mtu(parent))
                return wrong(obj, "its MTU is above its parent's");
        if (transport && !find_device(world, obj, transport))
                return wrong(obj, "its transport is not there");
        for (size_t i = 0; XSN_BOND(obj) && i < XSN_BOND(obj)->members.n; i++)
                if (!find_device(world, obj, XSN_ITEM(XSN_BOND(obj)->members, char *, i)))
                        return wrong(obj, "a member is not there");
        return NULL;
}

const char *world_check(const struct xsnet_state *world)
{
        for (size_t i = 0; i < world->n_objects; i++) {
                const char *text = check_one(world, world->objects[i]);

                for (size_t j = 0; !text && j < world->n_objects; j++)
                        if (i != j && same_host(world->objects[i], world->objects[j]))
                                text = check_two(world->objects[i], world->objects[j]);
                if (text)
                        return text;
        }
        return NULL;
}

/* ---- steps ---- */

static void clear_enslaved(struct xsnet_object *obj)
{
        xsn_object_clear(obj, XSNET_FIELD_NETWORK);
        for (int field = XSNET_FIELD_IPV4_MODE; field <= XSNET_FIELD_PLUGGED; field++)
                xsn_object_clear(obj, field);
}

/* The kernel takes a new member's addresses and its place in a bridge; all members have the bond's MTU. */
static void enslave(struct xsnet_state *world, const struct xsnet_object *bond, const struct xsnet_object *before)
{
        for (size_t i = 0; XSN_BOND(bond) && i < XSN_BOND(bond)->members.n; i++) {
                const char *member = XSN_ITEM(XSN_BOND(bond)->members, char *, i);
                struct xsnet_object *obj = find_device(world, bond, member);

                if (obj && !(before && is_member(before, member)))
                        clear_enslaved(obj);
                if (obj && xsn_object_link(obj))
                        xsn_object_link(obj)->status_mtu = xsn_object_mtu(bond);
        }
}

/* The addresses of a network are those of its PIF, as soon as it has one. */
static void give_addresses(struct xsnet_state *world, const struct xsnet_object *pif)
{
        struct xsnet_object *network = NULL;

        if (xsn_object_link(pif) && !XSN_TUNNEL(pif) && xsn_object_network(pif))
                network = find_network(world, pif, xsn_object_network(pif));
        for (int field = XSNET_FIELD_IPV4_MODE; network && field < XSNET_FIELD_PLUGGED; field++)
                xsn_object_clear(network, field);
}

static void rename_references(struct xsnet_state *world, const struct xsnet_object *near, const char *from,
                              const char *to)
{
        static const int fields[] = { XSNET_FIELD_PIF, XSNET_FIELD_TRANSPORT, XSNET_FIELD_PRIMARY };

        for (size_t i = 0; i < world->n_objects; i++) {
                struct xsnet_object *obj = world->objects[i];

                for (size_t k = 0; k < XSN_ARRAY_SIZE(fields); k++)
                        if (same_host(obj, near) && is(obj, fields[k], from))
                                (void)xsn_object_set_string(obj, fields[k], to);
                for (size_t k = 0; XSN_BOND(obj) && same_host(obj, near) && k < XSN_BOND(obj)->members.n; k++) {
                        char **member = &XSN_ITEM(XSN_BOND(obj)->members, char *, k);

                        if (!strcmp(*member, from)) {
                                xsn_freep(member);
                                *member = xsn_strdup(to);
                        }
                }
        }
}

static void rename_network(struct xsnet_state *world, const struct xsnet_object *near, const char *from,
                           const char *to)
{
        for (size_t i = 0; i < world->n_objects; i++)
                if (is(world->objects[i], XSNET_FIELD_NETWORK, from) &&
                    (same_host(world->objects[i], near) || !*xsn_object_host(near)))
                        (void)xsn_object_set_string(world->objects[i], XSNET_FIELD_NETWORK, to);
}

static const char *apply_create(struct xsnet_state *world, const struct xsnet_step *step)
{
        struct xsnet_object *obj = NULL;

        if (find(world, step->to))
                return wrong(step->to, "is there already");
        if (xsn_object_copy(step->to, &obj) < 0 || xsn_state_add(world, obj) < 0)
                return wrong(step->to, "no memory");
        xsnet_object_unref(obj);
        if (XSN_BOND(obj) && !xsn_object_mtu(obj)) {
                XSN_BOND(obj)->l.status_mtu = 1500;
                xsn_object_mark(obj, XSNET_FIELD_STATUS_MTU);
        }
        enslave(world, obj, NULL);
        give_addresses(world, obj);
        return NULL;
}

static const char *apply_remove(struct xsnet_state *world, const struct xsnet_step *step)
{
        struct xsnet_object *obj = find_stepped(world, step);

        if (!obj)
                return wrong(step->from, "is not there to be removed");
        for (size_t i = 0; i < world->n_objects; i++) {
                struct xsnet_object *other = world->objects[i];

                if (XSN_NETWORK(obj) && is(other, XSNET_FIELD_NETWORK, XSN_NETWORK(obj)->name) &&
                    (same_host(obj, other) || !*xsn_object_host(obj)))
                        return wrong(other, "is still in the network that goes");
                if (device_of(obj) && same_host(obj, other) && stands_on(other, device_of(obj)))
                        return wrong(other, "still stands on the device that goes");
        }
        return xsnet_state_remove(world, obj) < 0 ? wrong(step->from, "cannot be removed") : NULL;
}

static bool both_default(const struct xsnet_object *a, const struct xsnet_object *b, size_t i)
{
        return xsn_plan_row_is_default(a, i) && xsn_plan_row_is_default(b, i);
}

/* Its network is called otherwise by now: the step still begins with the old name. */
static bool is_renamed(const struct xsnet_state *world, const struct xsnet_object *from, size_t i)
{
        return xsn_class_field(from->cls, i)->id == XSNET_FIELD_NETWORK && xsn_object_network(from) &&
               !find_network(world, from, xsn_object_network(from));
}

static const char *change_rows(struct xsnet_state *world, struct xsnet_object *obj, const struct xsnet_step *step)
{
        const char *device = device_of(obj);
        char old[64] = "", name[64] = "";

        if (device)
                (void)snprintf(old, sizeof(old), "%s", device);
        if (XSN_NETWORK(obj) || XSN_BOND(obj))
                (void)snprintf(name, sizeof(name), "%s", XSN_BOND(obj) ? XSN_BOND(obj)->name : XSN_NETWORK(obj)->name);
        for (size_t i = 0; i < XSN_FIELDS_MAX && step->changed >> i; i++) {
                if (!(step->changed >> i & 1))
                        continue;
                if (!xsn_row_same(obj, step->from, i) && !both_default(obj, step->from, i) &&
                    !is_renamed(world, step->from, i))
                        return wrong(obj, xsn_class_field(obj->cls, i)->name);
                if (xsn_object_copy_row(obj, step->to, i) < 0)
                        return wrong(obj, "no memory");
        }
        if (XSN_NETWORK(obj) && strcmp(name, XSN_NETWORK(obj)->name) != 0)
                rename_network(world, obj, name, XSN_NETWORK(obj)->name);
        if (XSN_BOND(obj) && strcmp(name, XSN_BOND(obj)->name) != 0)
                rename_references(world, obj, name, XSN_BOND(obj)->name);
        if (*old && device_of(obj) && strcmp(old, device_of(obj)) != 0)
                rename_references(world, obj, old, device_of(obj));
        xsn_state_touch(world);
        enslave(world, obj, step->from);
        if (step->changed & xsn_object_bit(obj, XSNET_FIELD_NETWORK))
                give_addresses(world, obj);
        return NULL;
}

static const char *apply_change(struct xsnet_state *world, const struct xsnet_step *step)
{
        struct xsnet_object *obj = find_stepped(world, step);

        if (!obj)
                return wrong(step->from, "is not there to be changed");
        if (step->mark) {
                obj->owner = xsn_free(obj->owner);
                obj->owner = step->to->owner ? xsn_strdup(step->to->owner) : NULL;
                obj->made = step->to->made;
        }
        return change_rows(world, obj, step);
}

const char *world_apply(struct xsnet_state *world, const struct xsnet_step *step)
{
        const char *text = step->verb == XSNET_STEP_CREATE   ? apply_create(world, step)
                           : step->verb == XSNET_STEP_REMOVE ? apply_remove(world, step)
                                                             : apply_change(world, step);

        return text ? text : world_check(world);
}

/* ---- comparing ---- */

static const char *differs_from(const struct xsnet_state *a, const struct xsnet_state *b)
{
        for (size_t i = 0; i < a->n_objects; i++) {
                const struct xsnet_object *obj = a->objects[i], *other = find(b, obj);
                uint64_t rows;

                if (!other)
                        return wrong(obj, "is only in one");
                rows = xsn_changes(obj, other);
                if (rows)
                        return wrong(obj, xsn_class_field(obj->cls, (size_t)__builtin_ctzll(rows))->name);
                if (!obj->owner != !other->owner || (obj->owner && strcmp(obj->owner, other->owner) != 0))
                        return wrong(obj, "owner");
        }
        return NULL;
}

const char *world_differs(const struct xsnet_state *a, const struct xsnet_state *b)
{
        const char *text = differs_from(a, b);

        return text ? text : differs_from(b, a);
}

/* ---- pairs ---- */

/* What an object is through all names: a NIC's MAC, and a VLAN's parent's. */
static void identity(const struct xsnet_state *world, const struct xsnet_object *obj, struct xsn_buf *buf)
{
        const char *on = xsn_object_string(obj, XSNET_FIELD_PIF);
        char mac[XSN_MAC_STRLEN];

        if (!on)
                on = xsn_object_string(obj, XSNET_FIELD_TRANSPORT);
        if (XSN_PIF(obj)) {
                xsn_buf_put(buf, xsn_mac_format(&XSN_PIF(obj)->l.status_mac, mac));
        } else if (on && find_device(world, obj, on)) {
                identity(world, find_device(world, obj, on), buf);
                if (XSN_VLAN(obj))
                        xsn_buf_printf(buf, ".%u", XSN_VLAN(obj)->tag);
                else
                        xsn_buf_printf(buf, "/%s", XSN_TUNNEL(obj)->l.network);
        } else {
                xsn_object_key(obj, buf);
        }
        xsn_buf_printf(buf, " %s %s", obj->cls->name, xsn_object_host(obj));
}

static struct xsnet_object *counterpart(const struct xsnet_state *a, const struct xsnet_object *obj,
                                        const struct xsnet_state *b)
{
        struct xsnet_object *found = NULL;
        struct xsn_buf id = { 0 };

        identity(a, obj, &id);
        for (size_t i = 0; i < b->n_objects && !found; i++) {
                struct xsn_buf other = { 0 };

                identity(b, b->objects[i], &other);
                if (!strcmp(id.s, other.s))
                        found = b->objects[i];
                xsn_buf_done(&other);
        }
        xsn_buf_done(&id);
        return found;
}

static void imply(struct xsn_work *work, struct xsn_pair *bond)
{
        for (size_t i = 0; i < work->n_pairs; i++) {
                struct xsn_pair *pair = work->pairs[i];
                const char *before = pair->from ? device_of(pair->from) : NULL;
                const char *after = pair->to ? device_of(pair->to) : NULL;

                if (before && after && !strcmp(before, after) && same_host(pair->to, bond->to) &&
                    is_member(bond->to, after))
                        pair->implied_by = bond;
        }
}

void world_pairs(struct xsn_work *work, const struct xsnet_state *a, const struct xsnet_state *b)
{
        for (size_t i = 0; i < a->n_objects; i++) {
                struct xsnet_object *to = counterpart(a, a->objects[i], b);

                if (xsn_work_add(work, a->objects[i], to, NULL) < 0)
                        return;
        }
        for (size_t i = 0; i < b->n_objects; i++)
                if (!counterpart(b, b->objects[i], a) && xsn_work_add(work, NULL, b->objects[i], NULL) < 0)
                        return;
        for (size_t i = 0; i < work->n_pairs; i++)
                if (work->pairs[i]->to && XSN_BOND(work->pairs[i]->to))
                        imply(work, work->pairs[i]);
}
