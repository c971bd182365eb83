/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tunnels: a Port for each remote, all of them `protected`, so that none forwards to another and a mesh has no loop. A
 * Port stays for its remote whatever else of the tunnel changes.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "backend/ovs/build.h"
#include "base/alloc.h"
#include "plan/target.h"

static void json_done(json_t **json)
{
        json_decref(*json);
}

/* ---- which port is which remote's ---- */

static bool is_for(const struct ovs_edit *interface, const struct xsn_ip *remote)
{
        const char *text = xsn_ovs_edit_key(interface, "options", "remote_ip");
        struct xsn_ip ip;

        return text && xsn_ip_parse(text, &ip) == 0 && xsn_ip_same_address(&ip, remote);
}

/* One that was not given up yet; its bridge may go. */
static int interface_named(struct ovs_build *b, const char *name, struct ovs_edit **ret)
{
        int r = xsn_ovs_edit(b, OVS_INTERFACE, name, ret);

        if (r == 0 && *ret && (!(*ret)->up || !(*ret)->up->up))
                *ret = NULL;
        return r;
}

/* The Interface of `from` that leads to the remote; NULL: there is none. */
static int find_end(struct ovs_build *b, const json_t *names, const struct xsn_ip *remote, struct ovs_edit **ret)
{
        int r = 0;

        *ret = NULL;
        for (size_t i = 0; i < json_array_size(names) && r == 0 && !*ret; i++) {
                r = interface_named(b, json_string_value(json_array_get(names, i)), ret);
                if (r == 0 && *ret && !is_for(*ret, remote))
                        *ret = NULL;
        }
        return r;
}

static bool has_remote(const struct xsn_tunnel *tunnel, const struct ovs_edit *interface)
{
        for (size_t i = 0; tunnel && i < tunnel->remotes.n; i++)
                if (is_for(interface, &XSN_ITEM(tunnel->remotes, struct xsn_ip, i)))
                        return true;
        return false;
}

/* The ports of remotes that go. */
static int drop_ends(struct ovs_build *b, const json_t *names)
{
        const struct xsn_tunnel *tunnel = b->step->to ? XSN_TUNNEL(b->step->to) : NULL;
        int r = 0;

        for (size_t i = 0; i < json_array_size(names) && r == 0; i++) {
                struct ovs_edit *interface;

                r = interface_named(b, json_string_value(json_array_get(names, i)), &interface);
                if (r == 0 && interface && !has_remote(tunnel, interface))
                        xsn_ovs_edit_move(b, interface->up, NULL);
        }
        return r;
}

/* ---- one end ---- */

static int put_option(struct ovs_build *b, struct ovs_edit *interface, const char *key, bool set, const char *value)
{
        return xsn_ovs_edit_put_key(b, interface, "options", key, set ? value : NULL);
}

static int put_options(struct ovs_build *b, struct ovs_edit *interface, const struct xsn_ip *remote)
{
        const struct xsn_tunnel *tunnel = XSN_TUNNEL(b->step->to);
        bool gre = tunnel->protocol.value == XSNET_PROTOCOL_GRE || tunnel->protocol.value == 0;
        bool csum_by_itself = !gre && remote->family == 6;
        char ip[XSN_IP_STRLEN], number[16];
        int r = put_option(b, interface, "remote_ip", true, xsn_ip_format(remote, ip));

        if (r == 0)
                r = put_option(b, interface, "local_ip", xsn_object_is_set(&tunnel->o, XSNET_FIELD_LOCAL),
                               xsn_ip_format(&tunnel->local, ip));
        (void)snprintf(number, sizeof(number), "%" PRIu32, tunnel->key);
        if (r == 0)
                r = put_option(b, interface, "key", xsn_object_is_set(&tunnel->o, XSNET_FIELD_KEY), number);
        (void)snprintf(number, sizeof(number), "%" PRIu32, tunnel->port);
        if (r == 0)
                r = put_option(b, interface, "dst_port", xsn_object_is_set(&tunnel->o, XSNET_FIELD_PORT), number);
        if (r == 0)
                r = put_option(b, interface, "csum",
                               xsn_object_is_set(&tunnel->o, XSNET_FIELD_CSUM) && tunnel->csum != csum_by_itself,
                               tunnel->csum ? "true" : "false");
        if (r == 0)
                r = put_option(b, interface, "df_default",
                               xsn_object_is_set(&tunnel->o, XSNET_FIELD_DF) && !tunnel->df, "false");
        return r;
}

static const char *type_of(const struct xsn_tunnel *tunnel)
{
        return tunnel->protocol.value == XSNET_PROTOCOL_VXLAN    ? "vxlan"
               : tunnel->protocol.value == XSNET_PROTOCOL_GENEVE ? "geneve"
                                                                 : "gre";
}

static int make_end(struct ovs_build *b, const struct xsn_ip *remote, struct ovs_edit **ret)
{
        const struct xsn_tunnel *tunnel = XSN_TUNNEL(b->step->to);
        char name[16] = "";
        struct ovs_edit *port;
        int r = 0;

        if (tunnel->remotes.n == 1 && tunnel->device)
                (void)snprintf(name, sizeof(name), "%s", tunnel->device);
        else
                r = xsn_tunnel_port_name(b->step->to, remote, name);
        if (r == 0)
                r = xsn_ovs_edit_new(b, OVS_PORT, name, NULL, &port);
        if (r == 0)
                r = xsn_ovs_edit_new(b, OVS_INTERFACE, name, port, ret);
        return r;
}

static int put_end(struct ovs_build *b, const json_t *names, const struct xsn_ip *remote)
{
        const struct xsn_tunnel *tunnel = XSN_TUNNEL(b->step->to);
        struct ovs_edit *interface;
        struct ovs_target at = { .fake = false };
        int r = find_end(b, names, remote, &interface);

        /* A device of another name is another row. */
        if (r == 0 && interface && tunnel->remotes.n == 1 && tunnel->device &&
            strcmp(tunnel->device, interface->name) != 0) {
                xsn_ovs_edit_move(b, interface->up, NULL);
                interface = NULL;
        }
        if (r == 0 && !interface)
                r = make_end(b, remote, &interface);
        if (r < 0)
                return r;
        at.rows[OVS_PORT] = interface->up;
        at.rows[OVS_INTERFACE] = interface;
        r = xsn_ovs_place(b, interface->up, tunnel->l.network);
        if (r == 0)
                r = xsn_ovs_edit_put_text(b, interface, "type", type_of(tunnel));
        if (r == 0)
                r = put_options(b, interface, remote);
        if (r == 0 && !interface->row)
                r = xsn_ovs_edit_put(b, interface->up, "protected", json_true());
        if (r == 0)
                r = xsn_ovs_put_own(b, &at, XSNET_KIND_TUNNEL, OVS_KEY_TRANSPORT, tunnel->transport);
        return r < 0 ? r : xsn_ovs_put_marks(b, &at);
}

/* Two tunnel ports that forward to each other are a loop as soon as the far ends are joined, too. */
static int check_mesh(struct ovs_build *b)
{
        const struct xsn_tunnel *tunnel = XSN_TUNNEL(b->step->to);

        if (tunnel->remotes.n < 2 || b->in->has(b->in->server, xsn_ovs_tables[OVS_PORT].name, "protected"))
                return 0;
        return xsn_error_set(b->err, -EOPNOTSUPP, "not-supported",
                             "network '%s' would have %zu tunnels, and this Open vSwitch has no Port column "
                             "'protected': each would send what comes by one to the others, round and round",
                             tunnel->l.network, tunnel->remotes.n);
}

int xsn_ovs_build_tunnel(struct ovs_build *b)
{
        const struct xsnet_object *to = b->step->to;
        _cleanup_(json_done) json_t *names = b->step->from ? xsn_ovs_payload_names(b->step->from, OVS_INTERFACE) : NULL;
        int r = to ? check_mesh(b) : 0;

        if (r == 0)
                r = drop_ends(b, names);
        for (size_t i = 0; to && i < XSN_TUNNEL(to)->remotes.n && r == 0; i++)
                r = put_end(b, names, &XSN_ITEM(XSN_TUNNEL(to)->remotes, struct xsn_ip, i));
        return r;
}
