/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tunnels: one object of all tunnel ports of one network over one transport with one protocol and key. The transport
 * is what our mark says; else the PIF with the local address; else the one that the host's routes lead through to the
 * remote, as it is with ports that name no local address. A port whose ends flows choose, or one of another sort beside
 * the first, is nothing that documents can name: it is not shown.
 */
#include <errno.h>
#include <string.h>

#include "backend/ovs/ovs.h"
#include "base/alloc.h"
#include "base/names.h"

struct tunnel {
        const struct ovs_port *port;
        int protocol; /* XSNET_PROTOCOL_* */
        struct xsn_ip local, remote; /* family 0: not said */
        bool has_key, csum, df;
        uint32_t key, dst_port;
};

/* One object in the making. */
struct group {
        struct xsnet_object *obj; /* the state's */
        char *key;
        const struct ovs_row **rows; /* of its ports */
        size_t n, cap;
};

struct groups {
        struct group **v; /* each owned */
        size_t n, cap;
        struct xsn_hash by_key;
        struct xsn_hash addresses; /* of this machine: address -> link */
        struct address { uint8_t b[17]; } *keys;
};

/* ---- what a port says of itself ---- */

static bool read_ip(const struct ovs_row *interface, const char *key, struct xsn_ip *ret_ip)
{
        const char *text = xsn_ovs_get_key(interface, "options", key);

        return !text || xsn_ip_parse(text, ret_ip) == 0;
}

/* `key` is both; a port with two different ones is nothing that the model has. */
static bool read_key(const struct ovs_row *interface, struct tunnel *t)
{
        const char *key = xsn_ovs_get_key(interface, "options", "key");
        uint64_t number = 0;

        if (xsn_ovs_get_key(interface, "options", "in_key") || xsn_ovs_get_key(interface, "options", "out_key"))
                return false;
        if (key && !xsn_ovs_number(key, t->protocol == XSNET_PROTOCOL_GRE ? UINT32_MAX : 0xffffff, &number))
                return false;
        t->has_key = key || t->protocol != XSNET_PROTOCOL_GRE;
        t->key = (uint32_t)number;
        return true;
}

static bool read_port(const struct ovs_row *interface, struct tunnel *t)
{
        const char *text = xsn_ovs_get_key(interface, "options", "dst_port");
        uint64_t number = 0;

        if (text && !xsn_ovs_number(text, 65535, &number))
                return false;
        /* The usual port is the default, which a document need not say. */
        t->dst_port = t->protocol == XSNET_PROTOCOL_GRE || number == xsn_tunnel_default_port(t->protocol)
                              ? 0
                              : (uint32_t)number;
        return true;
}

/* false: nothing that the model has. */
static bool read_tunnel(const struct ovs_port *port, struct tunnel *t)
{
        const struct ovs_row *interface = port->interfaces[0];
        const char *type = xsn_ovs_get_string(interface, "type");
        const char *csum = xsn_ovs_get_key(interface, "options", "csum");
        const char *df = xsn_ovs_get_key(interface, "options", "df_default");

        *t = (struct tunnel){ .port = port };
        t->protocol = strcmp(type, "vxlan") == 0    ? XSNET_PROTOCOL_VXLAN
                      : strcmp(type, "geneve") == 0 ? XSNET_PROTOCOL_GENEVE
                                                    : XSNET_PROTOCOL_GRE;
        if (!read_ip(interface, "remote_ip", &t->remote) || !read_ip(interface, "local_ip", &t->local) ||
            !read_key(interface, t) || !read_port(interface, t))
                return false;
        t->csum = csum ? strcmp(csum, "true") == 0 : t->protocol != XSNET_PROTOCOL_GRE && t->remote.family == 6;
        t->df = !df || strcmp(df, "false") != 0;
        return true;
}

/* ---- transports ---- */

static struct address address_of(const struct xsn_ip *ip)
{
        struct address address = { { ip->family } };

        memcpy(address.b + 1, ip->b, 16);
        return address;
}

static int index_addresses(const struct xsn_d0_net *net, struct groups *groups)
{
        size_t n = 0;

        for (size_t i = 0; i < net->n_links; i++)
                for (const struct xsn_d0_addr *addr = net->links[i]->addrs; addr; addr = addr->next)
                        n++;
        groups->keys = xsn_alloc_array(n + 1, sizeof(*groups->keys));
        if (!groups->keys)
                return -ENOMEM;
        n = 0;
        for (size_t i = 0; i < net->n_links; i++)
                for (const struct xsn_d0_addr *addr = net->links[i]->addrs; addr; addr = addr->next) {
                        struct address *key = &groups->keys[n++];

                        *key = address_of(&addr->ip);
                        if (!xsn_hash_get(&groups->addresses, key, sizeof(*key)) &&
                            xsn_hash_put(&groups->addresses, key, sizeof(*key), net->links[i]) < 0)
                                return -ENOMEM;
                }
        return 0;
}

/* The link that the longest prefix leads out of: of its own subnets, or of the main table's routes. */
static const struct xsn_d0_link *link_towards(const struct xsn_d0_net *net, const struct xsn_ip *ip)
{
        const struct xsn_d0_link *best = NULL;
        int plen = -1;

        for (size_t i = 0; i < net->n_links; i++) {
                for (const struct xsn_d0_addr *addr = net->links[i]->addrs; addr; addr = addr->next)
                        if (addr->ip.family == ip->family && addr->ip.plen > plen && xsn_d0_addr_counts(addr) &&
                            xsn_ip_in_prefix(ip, &addr->ip)) {
                                best = net->links[i];
                                plen = addr->ip.plen;
                        }
                for (const struct xsn_d0_route *route = net->links[i]->routes; route; route = route->next)
                        if (route->to.family == ip->family && route->to.plen > plen &&
                            (xsn_d0_route_is_row(route) || xsn_d0_route_is_default(route)) &&
                            xsn_ip_in_prefix(ip, &route->to)) {
                                best = net->links[i];
                                plen = route->to.plen;
                        }
        }
        return best;
}

/* How documents call the PIF that has the link's addresses; NULL: not known. */
static const char *find_transport(const struct ovs_view *view, const struct groups *groups, const struct tunnel *t)
{
        const char *mark = xsn_ovs_get_key(t->port->interfaces[0], "external_ids", OVS_KEY_TRANSPORT);
        struct address key = address_of(&t->local);
        const struct xsn_d0_link *link = NULL;
        const struct ovs_bridge *bridge;
        const char *pif;

        if (t->local.family)
                link = xsn_hash_get(&groups->addresses, &key, sizeof(key));
        if (!link && mark && xsn_ifname_valid(mark))
                return mark;
        if (!link && view->net && !t->local.family && t->remote.family)
                link = link_towards(view->net, &t->remote);
        if (!link)
                return NULL;
        bridge = xsn_ovs_bridge_named(view, link->name);
        pif = bridge ? xsn_ovs_bridge_pif(bridge) : NULL;
        return pif ? pif : link->name;
}

/* ---- objects ---- */

static void groups_done(struct groups *groups)
{
        for (size_t i = 0; i < groups->n; i++) {
                xsn_free((void *)groups->v[i]->rows);
                xsn_free(groups->v[i]->key);
                xsn_free(groups->v[i]);
        }
        xsn_free((void *)groups->v);
        xsn_free(groups->keys);
        xsn_hash_done(&groups->by_key);
        xsn_hash_done(&groups->addresses);
}

/* Takes the key, also on failure. */
static int add_group(struct groups *groups, char *key, struct xsnet_object *obj, struct group **ret_group)
{
        struct group *group = xsn_alloc(sizeof(*group));
        void *v = (void *)groups->v;

        if (!group || xsn_grow(&v, &groups->cap, groups->n + 1, sizeof(group)) < 0) {
                xsn_free(group);
                xsn_free(key);
                return -ENOMEM;
        }
        groups->v = v;
        groups->v[groups->n++] = group;
        group->key = key;
        group->obj = obj;
        *ret_group = group;
        return xsn_hash_put_str(&groups->by_key, key, group);
}

static int add_rows(struct group *group, const struct ovs_port *port)
{
        void *rows = (void *)group->rows;

        if (xsn_grow(&rows, &group->cap, group->n + 2, sizeof(*group->rows)) < 0)
                return -ENOMEM;
        group->rows = rows;
        group->rows[group->n++] = port->row;
        group->rows[group->n++] = port->interfaces[0];
        return 0;
}

static void fill(const struct tunnel *t, struct xsnet_object *obj)
{
        struct xsn_tunnel *tunnel = XSN_TUNNEL(obj);

        tunnel->protocol.value = t->protocol;
        xsn_object_mark(obj, XSNET_FIELD_PROTOCOL);
        if (t->has_key) {
                tunnel->key = t->key;
                xsn_object_mark(obj, XSNET_FIELD_KEY);
        }
        if (t->local.family) {
                tunnel->local = t->local;
                xsn_object_mark(obj, XSNET_FIELD_LOCAL);
        }
        if (t->dst_port) {
                tunnel->port = t->dst_port;
                xsn_object_mark(obj, XSNET_FIELD_PORT);
        }
        tunnel->csum = t->csum;
        xsn_object_mark(obj, XSNET_FIELD_CSUM);
        tunnel->df = t->df;
        xsn_object_mark(obj, XSNET_FIELD_DF);
        xsn_object_mark(obj, XSNET_FIELD_REMOTES);
}

static int make_tunnel(struct ovs_view *view, const struct tunnel *t, const char *transport,
                       struct xsnet_object **ret_obj)
{
        _cleanup_(xsnet_object_unrefp) struct xsnet_object *obj = NULL;
        const struct ovs_row *interface = t->port->interfaces[0];
        struct ovs_place place = { .rows = { NULL, NULL, t->port->row, interface } };
        int r = xsn_ovs_new_object(view, XSNET_KIND_TUNNEL, &obj);

        if (r == 0)
                r = xsn_object_set_string(obj, XSNET_FIELD_NETWORK, t->port->bridge->network);
        if (r == 0)
                r = xsn_object_set_string(obj, XSNET_FIELD_TRANSPORT, transport);
        if (r == 0 && xsn_ifname_valid(interface->name))
                r = xsn_object_set_string(obj, XSNET_FIELD_DEVICE, interface->name);
        if (r < 0)
                return r;
        fill(t, obj);
        r = xsn_ovs_view_marks(view, &place, NULL, obj);
        if (r == 0)
                r = xsn_ovs_view_status(interface, NULL, t->port->bridge->name, obj);
        if (r == 0)
                r = xsn_state_add(view->state, obj);
        if (r == 0)
                *ret_obj = XSN_TAKE(obj);
        return r;
}

static bool same_sort(const struct xsn_tunnel *tunnel, const struct tunnel *t)
{
        return tunnel->protocol.value == t->protocol && xsn_object_is_set(&tunnel->o, XSNET_FIELD_KEY) == t->has_key &&
               tunnel->key == t->key;
}

/* Adds the port to the object of its network and transport, which is made where it is the first. */
static int view_tunnel(struct ovs_view *view, struct groups *groups, const struct tunnel *t)
{
        _cleanup_(xsnet_object_unrefp) struct xsnet_object *made = NULL;
        const char *transport = find_transport(view, groups, t);
        struct xsn_buf buf = { 0 };
        struct group *group;
        char *key;
        int r;

        if (!transport)
                return 0;
        xsn_buf_printf(&buf, "%s/%s", t->port->bridge->network, transport);
        if (xsn_buf_take(&buf, &key) < 0)
                return -ENOMEM;
        group = xsn_hash_get_str(&groups->by_key, key);
        if (group) {
                xsn_free(key);
                if (!same_sort(XSN_TUNNEL(group->obj), t))
                        return 0;
                /* Several devices have no one name. */
                xsn_object_clear(group->obj, XSNET_FIELD_DEVICE);
        } else {
                r = make_tunnel(view, t, transport, &made);
                if (r < 0)
                        xsn_free(key);
                else
                        r = add_group(groups, key, made, &group);
                if (r < 0)
                        return r;
        }
        if (t->remote.family &&
            xsn_list_add(xsn_type_of(XSNET_TYPE_IPS)->item, &XSN_TUNNEL(group->obj)->remotes, &t->remote) < 0)
                return -ENOMEM;
        return add_rows(group, t->port);
}

/* Those with an owner, then the others. */
static int view_some(struct ovs_view *view, struct groups *groups, bool owned)
{
        struct tunnel t;
        int r = 0;

        for (size_t i = 0; i < view->n_ports && r == 0; i++) {
                const struct ovs_port *port = view->ports[i];
                const char *owner;

                if (port->role != OVS_TUNNEL)
                        continue;
                owner = xsn_ovs_get_key(port->interfaces[0], "external_ids", OVS_KEY_OWNER);
                if ((owner && xsn_owner_valid(owner)) == owned && read_tunnel(port, &t))
                        r = view_tunnel(view, groups, &t);
        }
        return r;
}

int xsn_ovs_view_tunnels(struct ovs_view *view)
{
        _cleanup_(groups_done) struct groups groups = { 0 };
        int r = view->net ? index_addresses(view->net, &groups) : 0;

        if (r == 0)
                r = view_some(view, &groups, true);
        if (r == 0)
                r = view_some(view, &groups, false);
        for (size_t i = 0; i < groups.n && r == 0; i++) {
                xsn_list_sort(xsn_type_of(XSNET_TYPE_IPS)->item, &XSN_TUNNEL(groups.v[i]->obj)->remotes);
                r = xsn_ovs_payload_save(groups.v[i]->obj, groups.v[i]->rows, groups.v[i]->n);
        }
        return r;
}
