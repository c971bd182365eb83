/* SPDX-License-Identifier: Apache-2.0 */
/* Two hosts, Open vSwitch's and one with the kernel alone, and random states and documents that both can have. */
#ifndef TESTS_OVS_LINUX_H
#define TESTS_OVS_LINUX_H

#include "../unit/plan_world.h"
#include "backend/backend.h"
#include "engine/engine.h"
#include "model/object.h"
#include "ovs_test.h"

enum { OVS, LINUX, N_SIDES };

struct pair {
        struct host host; /* its engine is not used */
        pid_t holder;     /* holds the other host's namespace */
        struct xsnet_engine *engines[N_SIDES];
        struct xsnet_state *observed[N_SIDES];
        int n_sides; /* 1: Open vSwitch alone */
        unsigned walk;
        bool nics_are_up; /* before all */
        bool has_gre, has_vxlan; /* all sides */
};

/* ---- what only one can say ---- */

/* A VLAN's network has these of the bridge below. */
static inline bool is_of_vlan(const struct xsnet_state *state, const struct xsnet_object *net)
{
        for (size_t i = 0; i < state->n_objects; i++)
                if (XSN_VLAN(state->objects[i]) && xsn_object_network(state->objects[i]) &&
                    strcmp(xsn_object_network(state->objects[i]), XSN_NETWORK(net)->name) == 0)
                        return true;
        return false;
}

static const int of_bridge_below[] = { XSNET_FIELD_STP, XSNET_FIELD_MULTICAST_SNOOPING };

static inline void strip_below(const struct xsnet_state *state, struct xsnet_object *obj)
{
        for (size_t i = 0; i < XSN_ARRAY_SIZE(of_bridge_below); i++)
                if (XSN_NETWORK(obj) && is_of_vlan(state, obj))
                        xsn_object_clear(obj, of_bridge_below[i]);
}

/* A bond is a port of a bridge, and so is a VLAN, with a tag that its parent's bridge carries. */
static inline bool only_linux_has(const struct xsnet_state *state, const struct xsnet_object *obj)
{
        const char *pif = xsn_object_string(obj, XSNET_FIELD_PIF);

        if (!XSN_BOND(obj) && !XSN_VLAN(obj))
                return false;
        if (!xsn_object_network(obj))
                return true;
        for (size_t i = 0; pif && i < state->n_objects; i++)
                if ((XSN_PIF(state->objects[i]) || XSN_BOND(state->objects[i])) &&
                    strcmp(xsn_object_device(state->objects[i]), pif) == 0)
                        return !xsn_object_network(state->objects[i]);
        return pif;
}

/* ---- documents ---- */

static inline const struct xsn_caps *caps_of(const struct pair *p, int side)
{
        struct xsn_backend *backend = p->engines[side]->targets[0]->backend;

        return backend->ops->get_caps(backend);
}

/* Have both the row, and does it say what is wished for? */
static inline bool both_have(const struct pair *p, const struct xsn_class *cls, size_t row)
{
        if (xsn_class_field(cls, row)->flags & (XSN_F_OBSERVED | XSN_F_SELECT))
                return false;
        for (int side = 0; side < p->n_sides; side++)
                if (!xsn_caps_has_field(caps_of(p, side), cls->kind, row))
                        return false;
        return true;
}

/* Are there things of the kind on both? */
static inline bool both_make(const struct pair *p, const struct xsnet_object *obj)
{
        for (int side = 0; side < p->n_sides; side++)
                if (caps_of(p, side)->missing[obj->cls->kind])
                        return false;
        return true;
}

/* The MAC address is what a NIC is known by to world_document(); no document asks for it. */
static inline void keep_common_rows(const struct pair *p, struct xsnet_object *obj)
{
        for (size_t row = 0; row < xsn_class_n_fields(obj->cls); row++) {
                const struct xsn_field *field = xsn_class_field(obj->cls, row);

                if (!both_have(p, obj->cls, row) && !(field->flags & XSN_F_KEY) && field->id != XSNET_FIELD_STATUS_MAC)
                        xsn_object_clear_row(obj, row);
        }
}

static inline void set(struct xsnet_object *obj, int field, const char *text)
{
        ck_assert_int_eq(xsnet_object_set_str(obj, field, text, NULL), 0);
}

/* Rows that the planner's generator has no need of. */
static inline void add_rows(struct xsnet_object *obj, uint64_t *seed)
{
        static const char *const hashes[] = { "src-mac", "tcpudp-ports" }, *const delays[] = { "0", "200", "31000" };

        if (XSN_NETWORK(obj) && world_random(seed, 2))
                set(obj, XSNET_FIELD_MULTICAST_SNOOPING, world_random(seed, 2) ? "true" : "false");
        if (!XSN_BOND(obj))
                return;
        if (XSN_BOND(obj)->mode.value == XSNET_BOND_LACP) {
                set(obj, XSNET_FIELD_HASH, hashes[world_random(seed, 2)]);
                set(obj, XSNET_FIELD_LACP_RATE, world_random(seed, 2) ? "fast" : "slow");
        } else if (world_random(seed, 2)) {
                set(obj, XSNET_FIELD_PRIMARY, XSN_ITEM(XSN_BOND(obj)->members, char *, 0));
        }
        set(obj, XSNET_FIELD_UPDELAY, delays[world_random(seed, 3)]);
        set(obj, XSNET_FIELD_DOWNDELAY, delays[world_random(seed, 3)]);
        if (world_random(seed, 3) == 0)
                set(obj, XSNET_FIELD_MAC, "02:00:00:00:01:01");
}

/*
 * What is no port has no row in the database, so nothing can be kept there: a guest's device has no rate, and of a NIC
 * it is not known who manages the host over it, nor that it was down before it got an address.
 */
static inline void strip_row(const struct pair *p, struct xsnet_object *obj)
{
        if (XSN_VIF(obj))
                xsn_object_clear(obj, XSNET_FIELD_RATE_LIMIT);
        if (!XSN_PIF(obj))
                return;
        xsn_object_clear(obj, XSNET_FIELD_MANAGEMENT);
        for (int field = XSNET_FIELD_IPV4_MODE; !p->nics_are_up && field <= XSNET_FIELD_PLUGGED; field++)
                xsn_object_clear(obj, field);
}

static inline const struct xsnet_object *named(const struct xsnet_state *state, const char *device)
{
        for (size_t i = 0; i < state->n_objects; i++)
                if (xsn_object_link(state->objects[i]) && !XSN_TUNNEL(state->objects[i]) &&
                    strcmp(xsn_object_device(state->objects[i]), device) == 0)
                        return state->objects[i];
        return NULL;
}

/* A VLAN of Open vSwitch has no other name than its parent's with its tag. */
static inline void name_transport(struct xsnet_object *obj, const struct xsnet_object *transport)
{
        char name[64];

        if (!XSN_VLAN(transport))
                return;
        snprintf(name, sizeof(name), "%s.%u", XSN_VLAN(transport)->pif, (unsigned)XSN_VLAN(transport)->tag);
        set(obj, XSNET_FIELD_TRANSPORT, name);
}

/*
 * A number of the tunnel's own. In one transaction vswitchd gives no port the local address, remote and key of another
 * one that goes.
 */
static inline unsigned own_key(const struct xsn_tunnel *tunnel)
{
        const char *names[] = { tunnel->l.network, tunnel->transport };
        unsigned key = 0;

        for (size_t i = 0; i < 2; i++)
                for (const char *p = names[i]; *p; p++)
                        key = key * 31 + (unsigned char)*p;
        return key << 1 & 0x7ffffe;
}

/*
 * A tunnel that both can have; false: there is none over its transport. The kernel tells of a local address, so it is
 * named.
 */
static inline bool finish_tunnel(const struct pair *p, const struct xsnet_state *state, struct xsnet_object *obj,
                                 uint64_t *seed)
{
        static const char *const remotes[] = { "192.0.2.10", "192.0.2.11" };
        const struct xsnet_object *transport = named(state, XSN_TUNNEL(obj)->transport);
        bool vxlan = world_random(seed, 2), more = world_random(seed, 3) == 0;
        char text[XSN_IP_STRLEN];

        vxlan = p->has_vxlan && (vxlan || !p->has_gre);
        if (!transport || !transport->a.ipv4_address.n || !(p->has_gre || p->has_vxlan))
                return false;
        set(obj, XSNET_FIELD_LOCAL, xsn_ip_format(&XSN_ITEM(transport->a.ipv4_address, struct xsn_ip, 0), text));
        name_transport(obj, transport);
        set(obj, XSNET_FIELD_PROTOCOL, vxlan ? "vxlan" : "gre");
        snprintf(text, sizeof(text), "%u", own_key(XSN_TUNNEL(obj)) + world_random(seed, 2));
        set(obj, XSNET_FIELD_KEY, text);
        if (vxlan && world_random(seed, 2))
                set(obj, XSNET_FIELD_PORT, "4790");
        if (world_random(seed, 2))
                set(obj, XSNET_FIELD_CSUM, world_random(seed, 2) ? "true" : "false");
        if (world_random(seed, 2))
                set(obj, XSNET_FIELD_DF, world_random(seed, 2) ? "true" : "false");
        /* Of several devices none has the name. */
        if (more)
                xsn_object_clear(obj, XSNET_FIELD_DEVICE);
        if (more)
                ck_assert_int_eq(
                        xsnet_object_add_item(obj, XSNET_FIELD_REMOTES, remotes[world_random(seed, 2)], NULL), 0);
        return true;
}

static inline struct xsnet_object *add(struct xsnet_state *state, int kind)
{
        struct xsnet_object *obj = NULL;

        ck_assert_int_eq(xsnet_object_new(kind, &obj, NULL), 0);
        ck_assert_int_eq(xsn_object_set_host(obj, "xs-1"), 0);
        ck_assert_int_eq(xsn_state_add(state, obj), 0);
        xsnet_object_unref(obj);
        return obj;
}

/* The planner's generator has few: most networks have a PIF. These have a tunnel or two, and no PIF. */
static inline void add_tunnels(struct xsnet_state *state, unsigned number, uint64_t *seed)
{
        unsigned n = (unsigned)state->n_objects, start = world_random(seed, n);
        char network[16], text[16];
        struct xsnet_object *obj;
        int left = 1 + (int)world_random(seed, 2);

        snprintf(network, sizeof(network), "tun%u", number);
        obj = add(state, XSNET_KIND_NETWORK);
        set(obj, XSNET_FIELD_NAME, network);
        snprintf(text, sizeof(text), "brt%u", number);
        set(obj, XSNET_FIELD_BRIDGE, text);
        set(obj, XSNET_FIELD_MTU, world_random(seed, 2) ? "1400" : "1450");
        for (unsigned i = 0; i < n && left > 0; i++) {
                const struct xsnet_object *transport = state->objects[(start + i) % n];

                if (!xsn_object_link(transport) || XSN_TUNNEL(transport) || !transport->a.ipv4_address.n)
                        continue;
                obj = add(state, XSNET_KIND_TUNNEL);
                set(obj, XSNET_FIELD_NETWORK, network);
                set(obj, XSNET_FIELD_TRANSPORT, xsn_object_device(transport));
                snprintf(text, sizeof(text), "mesh%u%d", number, left--);
                set(obj, XSNET_FIELD_DEVICE, text);
                ck_assert_int_eq(xsnet_object_add_item(obj, XSNET_FIELD_REMOTES, "192.0.2.9", NULL), 0);
        }
}

static inline void finish_tunnels(const struct pair *p, struct xsnet_state *state, uint64_t *seed)
{
        bool any = p->has_gre || p->has_vxlan;

        for (int side = 0; side < p->n_sides; side++)
                any = any && !caps_of(p, side)->missing[XSNET_KIND_TUNNEL];
        for (unsigned i = 0; any && i < 2; i++)
                if (world_random(seed, 3))
                        add_tunnels(state, i, seed);
        for (size_t i = state->n_objects; i-- > 0;)
                if (XSN_TUNNEL(state->objects[i]) && !finish_tunnel(p, state, state->objects[i], seed))
                        xsn_state_remove_at(state, i);
        xsn_state_touch(state);
}

/* A state that both can have. */
static inline struct xsnet_state *make_wanted(const struct pair *p, uint64_t *seed)
{
        struct xsnet_state *state = world_new_plain(seed);

        for (size_t i = state->n_objects; i-- > 0;)
                if (only_linux_has(state, state->objects[i]) || !both_make(p, state->objects[i]))
                        xsn_state_remove_at(state, i);
        for (size_t i = 0; i < state->n_objects; i++) {
                if (!xsn_object_network(state->objects[i]))
                        strip_row(p, state->objects[i]);
        }
        finish_tunnels(p, state, seed);
        for (size_t i = 0; i < state->n_objects; i++) {
                add_rows(state->objects[i], seed);
                strip_below(state, state->objects[i]);
                keep_common_rows(p, state->objects[i]);
        }
        return state;
}

/* The text that leads from one state to the other. */
static inline char *write_document(const struct pair *p, struct xsnet_state *a, struct xsnet_state *b, uint64_t *seed)
{
        struct xsnet_state *document = world_document(a, b, seed);
        char *text = NULL;

        document->owner = xsn_strdup("walk");
        for (size_t i = 0; i < document->n_objects; i++) {
                keep_common_rows(p, document->objects[i]);
                strip_below(document, document->objects[i]);
        }
        ck_assert_int_eq(xsnet_document_dump(document, XSNET_FORMAT_YAML, &text, NULL), 0);
        xsnet_state_unref(document);
        return text;
}

#endif
