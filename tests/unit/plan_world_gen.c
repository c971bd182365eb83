/* SPDX-License-Identifier: Apache-2.0 */
/* Random whole states for the planner's tests: every draw comes from the seed, so that a failure can be had again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "codec/codec.h"
#include "plan_world.h"

#define N_NICS     8
#define N_NETWORKS 8

unsigned world_random(uint64_t *seed, unsigned n)
{
        uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);

        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        return (unsigned)((z ^ z >> 31) % n);
}

static bool chance(uint64_t *seed, unsigned percent)
{
        return world_random(seed, 100) < percent;
}

static void check(int r)
{
        if (r < 0)
                abort();
}

static struct xsnet_object *add(struct xsnet_state *state, int kind)
{
        struct xsnet_object *obj = NULL;

        check(xsn_object_new(xsn_class_of(kind), &obj));
        check(xsn_object_set_host(obj, "xs-1"));
        check(xsn_state_add(state, obj));
        xsnet_object_unref(obj);
        return obj;
}

static void set(struct xsnet_object *obj, int field, const char *text)
{
        check(xsnet_object_set_str(obj, field, text, NULL));
}

static void set_mtu(struct xsnet_object *obj, uint32_t mtu)
{
        if (XSN_VIF(obj))
                XSN_VIF(obj)->status_mtu = mtu;
        else
                xsn_object_link(obj)->status_mtu = mtu;
        xsn_object_mark(obj, XSNET_FIELD_STATUS_MTU);
}

static void make_nics(struct xsnet_state *state, uint64_t *seed, bool plain)
{
        for (unsigned i = 0; i < N_NICS; i++) {
                struct xsnet_object *obj = add(state, XSNET_KIND_PIF);
                char name[32], new_name[32];

                (void)snprintf(name, sizeof(name), "eth%u", i);
                (void)snprintf(new_name, sizeof(new_name), "peth%u", i);
                XSN_PIF(obj)->l.status_mac = (struct xsn_mac){ { 2, 0, 0, 0, 0, (uint8_t)i } };
                xsn_object_mark(obj, XSNET_FIELD_STATUS_MAC);
                if (chance(seed, 20) && !plain) {
                        set(obj, XSNET_FIELD_DEVICE, new_name);
                        set(obj, XSNET_FIELD_RENAME, new_name);
                        check(xsn_object_set_string(obj, XSNET_FIELD_STATUS_OLD_NAME, name));
                } else {
                        set(obj, XSNET_FIELD_DEVICE, name);
                }
                set_mtu(obj, 1500);
        }
}

static bool is_free(const struct xsnet_state *state, const char *device)
{
        for (size_t i = 0; i < state->n_objects; i++) {
                const struct xsnet_object *obj = state->objects[i];

                if (XSN_BOND(obj) && xsn_strs_has(&XSN_BOND(obj)->members, device))
                        return false;
        }
        return true;
}

static void make_networks(struct xsnet_state *state, uint64_t *seed)
{
        static const char *const mtus[] = { "1500", "9000", "1400" };

        for (unsigned i = 0; i < N_NETWORKS; i++) {
                /* Now and then the name of a NIC that is called otherwise now. */
                bool takes = chance(seed, 40) && xsn_object_is_set(state->objects[i], XSNET_FIELD_RENAME);
                struct xsnet_object *obj;
                char name[32];

                if (!chance(seed, 70))
                        continue;
                obj = add(state, XSNET_KIND_NETWORK);
                (void)snprintf(name, sizeof(name), "net%u", i);
                set(obj, XSNET_FIELD_NAME, name);
                (void)snprintf(name, sizeof(name), takes ? "eth%u" : "br%u", i);
                set(obj, XSNET_FIELD_BRIDGE, name);
                set(obj, XSNET_FIELD_MTU, mtus[world_random(seed, 3)]);
                if (chance(seed, 30))
                        set(obj, XSNET_FIELD_STP, chance(seed, 50) ? "true" : "false");
        }
}

static void make_bonds(struct xsnet_state *state, uint64_t *seed, bool plain)
{
        static const char *const modes[] = { "active-backup", "lacp", "balance-slb" };

        for (unsigned i = 0; i < 3; i++) {
                unsigned n = 0, want = 2 + world_random(seed, 2), start = world_random(seed, N_NICS);
                struct xsnet_object *obj;
                char name[32];

                if (!chance(seed, 60))
                        continue;
                obj = add(state, XSNET_KIND_BOND);
                (void)snprintf(name, sizeof(name), "bond%u", i);
                set(obj, XSNET_FIELD_NAME, name);
                set(obj, XSNET_FIELD_MODE, modes[world_random(seed, plain ? 2 : 3)]);
                set_mtu(obj, 1500);
                for (unsigned k = 0; k < N_NICS && n < want; k++) {
                        const char *nic = XSN_PIF(state->objects[(start + k) % N_NICS])->device;

                        if (!is_free(state, nic))
                                continue;
                        check(xsnet_object_add_item(obj, XSNET_FIELD_MEMBERS, nic, NULL));
                        n++;
                }
                if (n < 2)
                        check(xsnet_state_remove(state, obj));
        }
}

/* A network of this MTU or less that has no PIF yet; NULL. */
static const struct xsn_network *pick_network(const struct xsnet_state *state, uint64_t *seed, uint32_t mtu_max)
{
        unsigned start = world_random(seed, (unsigned)state->n_objects);

        for (size_t k = 0; k < state->n_objects; k++) {
                const struct xsn_network *net = XSN_NETWORK(state->objects[(start + k) % state->n_objects]);
                bool taken = !net || net->mtu > mtu_max;

                for (size_t i = 0; i < state->n_objects && !taken; i++)
                        taken = xsn_object_link(state->objects[i]) && !XSN_TUNNEL(state->objects[i]) &&
                                xsn_object_network(state->objects[i]) &&
                                !strcmp(xsn_object_network(state->objects[i]), net->name);
                if (!taken)
                        return net;
        }
        return NULL;
}

/* As the kernel does it. */
static void set_members_mtu(struct xsnet_state *state, const struct xsnet_object *bond)
{
        for (unsigned i = 0; i < N_NICS; i++)
                if (xsn_strs_has(&XSN_BOND(bond)->members, XSN_PIF(state->objects[i])->device))
                        set_mtu(state->objects[i], xsn_object_mtu(bond));
}

static void join_and_address(struct xsnet_state *state, struct xsnet_object *obj, uint64_t *seed, uint32_t mtu_max,
                             bool used[20])
{
        const struct xsn_network *net = chance(seed, 60) ? pick_network(state, seed, mtu_max) : NULL;
        unsigned n = world_random(seed, 20);
        char text[32];

        set_mtu(obj, net ? net->mtu : mtu_max < 1500 ? mtu_max : 1500);
        if (net)
                set(obj, XSNET_FIELD_NETWORK, net->name);
        if (!chance(seed, 40) || used[n])
                return;
        used[n] = true;
        (void)snprintf(text, sizeof(text), "10.0.%u.1/24", n);
        set(obj, XSNET_FIELD_IPV4_MODE, "static");
        check(xsnet_object_add_item(obj, XSNET_FIELD_IPV4_ADDRESS, text, NULL));
        if (chance(seed, 20))
                set(obj, XSNET_FIELD_MANAGEMENT, "true");
}

static void make_vlans(struct xsnet_state *state, uint64_t *seed, bool used[20])
{
        size_t n = state->n_objects;

        for (size_t i = 0; i < n; i++) {
                const struct xsnet_object *parent = state->objects[i];
                const char *device = XSN_PIF(parent) || XSN_BOND(parent) ? xsn_object_device(parent) : NULL;

                for (unsigned k = 0; device && is_free(state, device) && k < 2; k++) {
                        struct xsnet_object *obj;
                        char text[32];

                        if (!chance(seed, 40))
                                continue;
                        obj = add(state, XSNET_KIND_VLAN);
                        set(obj, XSNET_FIELD_PIF, device);
                        set(obj, XSNET_FIELD_TAG, k ? "200" : "100");
                        /* Not after the parent, whose name may change. */
                        (void)snprintf(text, sizeof(text), "v%ut%u", (unsigned)(XSN_PIF(parent) ? i : i + 50), k);
                        if (XSN_BOND(parent))
                                (void)snprintf(text, sizeof(text), "v%st%u", device, k);
                        set(obj, XSNET_FIELD_DEVICE, text);
                        join_and_address(state, obj, seed, xsn_object_mtu(parent), used);
                }
        }
}

static void make_tunnels(struct xsnet_state *state, uint64_t *seed)
{
        size_t n = state->n_objects;

        for (size_t i = 0; i < n; i++) {
                const struct xsnet_object *transport = state->objects[i];
                const struct xsn_network *net;
                struct xsnet_object *obj;
                char text[32];

                if (XSN_NETWORK(transport) || !transport->a.ipv4_address.n || !chance(seed, 40))
                        continue;
                net = pick_network(state, seed, 65535);
                if (!net)
                        continue;
                obj = add(state, XSNET_KIND_TUNNEL);
                set(obj, XSNET_FIELD_NETWORK, net->name);
                set(obj, XSNET_FIELD_TRANSPORT, xsn_object_device(transport));
                (void)snprintf(text, sizeof(text), "gre%u", (unsigned)i + 1);
                set(obj, XSNET_FIELD_DEVICE, text);
                set(obj, XSNET_FIELD_KEY, chance(seed, 50) ? "7" : "8");
                check(xsnet_object_add_item(obj, XSNET_FIELD_REMOTES, "192.0.2.9", NULL));
        }
}

static void make_vifs(struct xsnet_state *state, uint64_t *seed)
{
        for (unsigned i = 0; i < 6; i++) {
                struct xsnet_object *obj = add(state, XSNET_KIND_VIF);
                struct xsnet_object *net = state->objects[world_random(seed, (unsigned)state->n_objects)];
                char text[32];

                (void)snprintf(text, sizeof(text), "%u", i / 2 + 1);
                set(obj, XSNET_FIELD_DOMAIN, text);
                set(obj, XSNET_FIELD_VIF_DEVICE, i % 2 ? "1" : "0");
                (void)snprintf(text, sizeof(text), "vif%u.%u", i / 2 + 1, i % 2);
                check(xsn_object_set_string(obj, XSNET_FIELD_STATUS_DEVICE, text));
                if (XSN_NETWORK(net)) {
                        set(obj, XSNET_FIELD_NETWORK, XSN_NETWORK(net)->name);
                        set_mtu(obj, XSN_NETWORK(net)->mtu);
                } else {
                        set_mtu(obj, 1500);
                }
                if (chance(seed, 30))
                        set(obj, XSNET_FIELD_RATE_LIMIT, "80Mbit");
        }
}

static struct xsnet_state *make_world(uint64_t *seed, bool plain)
{
        struct xsnet_state *state = NULL;
        struct xsn_host *host;
        bool used[20] = { false };
        size_t n;

        check(xsn_state_new(&state));
        check(xsn_state_add_host(state, "xs-1", &host));
        make_nics(state, seed, plain);
        make_networks(state, seed);
        make_bonds(state, seed, plain);
        n = state->n_objects;
        for (size_t i = 0; i < n; i++) {
                struct xsnet_object *obj = state->objects[i];

                if (xsn_object_link(obj) && is_free(state, xsn_object_device(obj)))
                        join_and_address(state, obj, seed, 65535, used);
                if (XSN_BOND(obj))
                        set_members_mtu(state, obj);
        }
        make_vlans(state, seed, used);
        make_tunnels(state, seed);
        make_vifs(state, seed);
        return state;
}

struct xsnet_state *world_new(uint64_t *seed)
{
        return make_world(seed, false);
}

struct xsnet_state *world_new_plain(uint64_t *seed)
{
        return make_world(seed, true);
}

struct xsnet_state *world_load(const char *yaml)
{
        struct xsnet_error *err = NULL;
        struct xsnet_state *state = NULL;

        if (xsn_codec_load(yaml, strlen(yaml), XSNET_FORMAT_YAML, NULL, XSN_CODEC_OBSERVED, &state, &err) < 0) {
                (void)fprintf(stderr, "%s: %s\n", xsnet_error_get_where(err), xsnet_error_get_message(err));
                abort();
        }
        return state;
}
