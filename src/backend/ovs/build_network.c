/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Networks: bridges, and where a VLAN is in them fake bridges, which is one Port of the parent with a tag. A network
 * whose VLAN comes or goes, or moves, takes its ports along. A bridge cannot be renamed: it is made again.
 */
#include <errno.h>
#include <string.h>

#include "backend/ovs/build.h"
#include "base/alloc.h"

static void json_done(json_t **json)
{
        json_decref(*json);
}

/* ---- where ports hang ---- */

static int bridge_edit(struct ovs_build *b, const char *name, struct ovs_edit **ret)
{
        int r = xsn_ovs_edit(b, OVS_BRIDGE, name, ret);

        if (r == 0 && (!*ret || !xsn_ovs_edit_lives(*ret)))
                return xsn_error_set(b->err, -ESTALE, "lost-race", "the bridge '%s' is not there", name);
        return r;
}

/* Hangs the Port into the network of the shape, as one that is in no other VLAN. */
static int put_into(struct ovs_build *b, struct ovs_edit *port, const struct ovs_shape *shape)
{
        struct ovs_edit *bridge;
        int r = bridge_edit(b, shape->parent ? shape->parent : shape->bridge, &bridge);

        if (r < 0)
                return r;
        xsn_ovs_edit_move(b, port, bridge);
        return shape->parent ? xsn_ovs_edit_put_number(b, port, "tag", shape->tag)
                             : xsn_ovs_edit_put_none(b, port, "tag");
}

int xsn_ovs_place(struct ovs_build *b, struct ovs_edit *port, const char *network)
{
        const struct xsnet_object *net = xsn_hash_get_str(&b->after.networks, network);
        const struct ovs_port *known = port->row ? xsn_hash_get_str(&b->ports, port->name) : NULL;
        struct ovs_shape shape;
        int r;

        if (!net)
                return xsn_error_set(b->err, -ESTALE, "lost-race", "the network '%s' is not there", network);
        r = xsn_ovs_shape_of(b, &b->after, net, &shape);
        if (r < 0)
                return r;
        /* A tag that somebody gave it stays while the network does. */
        if (known && !shape.parent && strcmp(known->bridge->name, shape.bridge) == 0 && xsn_ovs_edit_lives(port))
                return 0;
        return put_into(b, port, &shape);
}

/* ---- shapes ---- */

static const char *default_datapath(const struct ovs_build *b)
{
        if (b->in->datapath)
                return b->in->datapath;
        for (size_t i = 0; i < b->view.n_bridges; i++)
                if (b->view.bridges[i]->row)
                        return xsn_ovs_get_string(b->view.bridges[i]->row, "datapath_type");
        return NULL;
}

static int make_bridge(struct ovs_build *b, const char *name, struct ovs_edit **ret)
{
        const char *datapath = default_datapath(b);
        int r = xsn_ovs_edit_new(b, OVS_BRIDGE, name, &b->root, ret);

        if (r == 0)
                r = xsn_ovs_edit_put_text(b, *ret, "fail_mode", "standalone");
        if (r == 0 && datapath && *datapath)
                r = xsn_ovs_edit_put_text(b, *ret, "datapath_type", datapath);
        return r;
}

static int make_port(struct ovs_build *b, const char *name, struct ovs_edit *bridge, struct ovs_edit **ret)
{
        struct ovs_edit *interface;
        int r = xsn_ovs_edit_new(b, OVS_PORT, name, bridge, ret);

        if (r == 0)
                r = xsn_ovs_edit_new(b, OVS_INTERFACE, name, *ret, &interface);
        return r < 0 ? r : xsn_ovs_edit_put_text(b, interface, "type", "internal");
}

/* Keys of a network stand at a bridge, or with a prefix at the Port of a fake one. */
static int move_keys(struct ovs_build *b, struct ovs_edit *from, bool was_fake, struct ovs_edit *to, bool fake)
{
        json_t *pairs = xsn_ovs_pairs(xsn_ovs_edit_get(from, "external_ids"));
        int r = 0;

        for (size_t i = 0; i < json_array_size(pairs) && r == 0; i++) {
                const char *key = json_string_value(json_array_get(json_array_get(pairs, i), 0));
                const char *value = json_string_value(json_array_get(json_array_get(pairs, i), 1));
                _cleanup_(xsn_freep) char *name = NULL;
                struct xsn_buf buf = { 0 };

                if (!key || !value || (was_fake && strncmp(key, OVS_FAKE_PREFIX, OVS_FAKE_PREFIX_LEN) != 0))
                        continue;
                xsn_buf_printf(&buf, "%s%s", fake ? OVS_FAKE_PREFIX : "", key + (was_fake ? OVS_FAKE_PREFIX_LEN : 0));
                if (xsn_buf_take(&buf, &name) < 0)
                        return -ENOMEM;
                r = xsn_ovs_edit_put_key(b, to, "external_ids", name, value);
        }
        return r;
}

/* They have moved from the Port, and it is no VLAN's any more. */
static int drop_keys(struct ovs_build *b, struct ovs_edit *port)
{
        _cleanup_(json_done) json_t *pairs = json_incref(xsn_ovs_pairs(xsn_ovs_edit_get(port, "external_ids")));
        int r = 0;

        for (size_t i = 0; i < json_array_size(pairs) && r == 0; i++) {
                const char *key = json_string_value(json_array_get(json_array_get(pairs, i), 0));

                if (key && (strncmp(key, OVS_FAKE_PREFIX, OVS_FAKE_PREFIX_LEN) == 0 ||
                            strcmp(key, OVS_KEY_OWNER) == 0 || strcmp(key, OVS_KEY_MADE) == 0))
                        r = xsn_ovs_edit_put_key(b, port, "external_ids", key, NULL);
        }
        return r;
}

/* What a bridge that is made again has of the old one, controllers and mirrors included. */
static int copy_columns(struct ovs_build *b, const struct ovs_edit *from, struct ovs_edit *to)
{
        const struct ovs_table *table = &xsn_ovs_tables[to->table];
        int r = 0;

        for (size_t i = 0; from && from->row && i < table->n_columns && r == 0; i++) {
                json_t *value = xsn_ovs_get(from->row, table->columns[i].name);

                if (value && !(table->columns[i].flags & OVS_COL_STATE))
                        r = xsn_ovs_edit_put(b, to, table->columns[i].name, json_incref(value));
        }
        return r;
}

/* The device of the network: the one there is, where it keeps its name. */
static int device_port(struct ovs_build *b, const struct ovs_shape *was, const char *name, struct ovs_edit *bridge,
                       struct ovs_edit **ret)
{
        struct ovs_edit *old = NULL, *interface = NULL, *fresh = NULL;
        int r = was ? xsn_ovs_edit(b, OVS_PORT, was->bridge, &old) : 0;

        if (r == 0 && old && strcmp(was->bridge, name) == 0) {
                xsn_ovs_edit_move(b, old, bridge);
                *ret = old;
                return 0;
        }
        if (r == 0)
                r = make_port(b, name, bridge, ret);
        if (r < 0 || !old)
                return r;
        xsn_ovs_edit_move(b, old, NULL);
        r = xsn_ovs_edit(b, OVS_INTERFACE, was->bridge, &interface);
        if (r == 0)
                r = xsn_ovs_edit(b, OVS_INTERFACE, name, &fresh);
        if (r == 0)
                r = copy_columns(b, old, *ret);
        return r < 0 ? r : copy_columns(b, interface, fresh);
}

static int make_real(struct ovs_build *b, const struct ovs_shape *was, const struct ovs_shape *shape)
{
        struct ovs_edit *bridge, *old = NULL, *port;
        int r = was && !was->parent ? xsn_ovs_edit(b, OVS_BRIDGE, was->bridge, &old) : 0;

        if (r == 0)
                r = make_bridge(b, shape->bridge, &bridge);
        if (r == 0)
                r = copy_columns(b, old, bridge);
        if (r == 0)
                r = device_port(b, was, shape->bridge, bridge, &port);
        if (r < 0)
                return r;
        if (!was || !was->parent)
                return 0;
        r = move_keys(b, port, true, bridge, false);
        if (r == 0)
                r = drop_keys(b, port);
        if (r == 0)
                r = xsn_ovs_edit_put(b, port, "fake_bridge", json_false());
        return r < 0 ? r : xsn_ovs_edit_put_none(b, port, "tag");
}

static int make_fake(struct ovs_build *b, const struct ovs_shape *was, const struct ovs_shape *shape)
{
        struct ovs_edit *parent, *old = NULL, *port;
        int r = bridge_edit(b, shape->parent, &parent);

        if (r == 0)
                r = device_port(b, was, shape->bridge, parent, &port);
        if (r == 0 && was && !was->parent)
                r = xsn_ovs_edit(b, OVS_BRIDGE, was->bridge, &old);
        if (r == 0 && old)
                r = move_keys(b, old, false, port, true);
        if (r == 0)
                r = xsn_ovs_edit_put(b, port, "fake_bridge", json_true());
        return r < 0 ? r : xsn_ovs_edit_put_number(b, port, "tag", shape->tag);
}

/* Does a step say where the guest's device is to be? */
static bool is_moved(const struct ovs_build *b, const struct ovs_port *port)
{
        const struct ovs_steps *steps = &b->txn->steps;
        uint32_t domain, device;

        if (port->role != OVS_VIF || !xsn_d0_vif_name(port->interfaces[0]->name, &domain, &device, NULL))
                return false;
        for (size_t i = 0; i < steps->n; i++) {
                const struct xsnet_step *s = steps->steps[i];
                const struct xsn_vif *vif = s->to ? XSN_VIF(s->to) : NULL;

                if (vif && vif->domain == domain && vif->device == device &&
                    s->changed & xsn_object_bit(s->to, XSNET_FIELD_NETWORK))
                        return true;
        }
        return false;
}

/* A VLAN's network has one tag: what somebody has put into others would be lost with the columns that say so. */
static int check_tags(struct ovs_build *b, const struct ovs_port *port, const struct ovs_shape *was,
                      const struct ovs_shape *shape)
{
        int64_t tag;

        if (xsn_ovs_is_back(b) || was->parent || !shape->parent ||
            (!xsn_ovs_get_integer(port->row, "tag", &tag) && xsn_ovs_get_size(port->row, "trunks") == 0) ||
            is_moved(b, port))
                return 0;
        return xsn_error_set(b->err, -EBUSY, "network-in-use",
                             "the bridge '%s' is to be a VLAN's, and its port '%s' has a tag or trunks of its own",
                             was->bridge, port->row->name);
}

/* Everything that hangs in the network comes along. */
static int move_ports(struct ovs_build *b, const struct ovs_shape *was, const struct ovs_shape *shape)
{
        const struct ovs_bridge *bridge = xsn_ovs_bridge_named(&b->view, was->bridge);
        int r = 0;

        for (size_t i = 0; bridge && i < b->view.n_ports && r == 0; i++) {
                const struct ovs_port *port = b->view.ports[i];
                struct ovs_edit *e;

                if (port->bridge != bridge || port->role == OVS_LOCAL)
                        continue;
                r = check_tags(b, port, was, shape);
                if (r == 0)
                        r = xsn_ovs_edit(b, OVS_PORT, port->row->name, &e);
                if (r == 0 && e && (was->parent || shape->parent))
                        r = put_into(b, e, shape);
                else if (r == 0 && e)
                        r = bridge_edit(b, shape->bridge, &e->up);
        }
        return r;
}

static int unmake(struct ovs_build *b, const struct ovs_shape *was)
{
        struct ovs_edit *e;
        int r = xsn_ovs_edit(b, was->parent ? OVS_PORT : OVS_BRIDGE, was->bridge, &e);
        if (r == 0 && e)
                xsn_ovs_edit_move(b, e, NULL);
        return r;
}

static int reshape(struct ovs_build *b, const struct ovs_shape *was, const struct ovs_shape *shape)
{
        struct ovs_edit *old = NULL;
        int r = was && !was->parent ? xsn_ovs_edit(b, OVS_BRIDGE, was->bridge, &old) : 0;

        /* Its name is free again before another row gets it. */
        if (r == 0 && old)
                xsn_ovs_edit_move(b, old, NULL);
        if (r == 0)
                r = shape->parent ? make_fake(b, was, shape) : make_real(b, was, shape);
        if (r == 0 && was)
                r = move_ports(b, was, shape);
        return r == 0 && was ? xsn_ovs_note_remade(b, was->bridge, shape->bridge) : r;
}

/* What the bridge is in the database; also where that is more than documents can say. */
static int find_shape(struct ovs_build *b, const struct ovs_shape *named, struct ovs_shape *ret_shape)
{
        const struct ovs_bridge *bridge = xsn_ovs_bridge_named(&b->view, named->bridge);

        if (!bridge)
                return xsn_error_set(b->err, -ESTALE, "lost-race", "the bridge '%s' is not there", named->bridge);
        *ret_shape = (struct ovs_shape){ .bridge = bridge->name, .tag = bridge->tag };
        if (bridge->parent)
                ret_shape->parent = bridge->parent->name;
        return 0;
}

static int shape_network(struct ovs_build *b, const struct xsnet_object *net, bool fake)
{
        const char *name = XSN_NETWORK(net)->name;
        const struct xsnet_object *old = xsn_hash_get_str(&b->networks_before, name);
        struct ovs_shape was, is;
        int r = xsn_ovs_shape_of(b, &b->after, net, &is);

        if (r < 0 || (is.parent != NULL) != fake)
                return r;
        if (!old)
                old = xsn_hash_get_str(&b->before.networks, name);
        if (!old)
                return reshape(b, NULL, &is);
        r = xsn_ovs_shape_of(b, &b->before, old, &was);
        if (r < 0 || xsn_ovs_shape_same(&was, &is))
                return r;
        r = find_shape(b, &was, &was);
        return r < 0 ? r : reshape(b, &was, &is);
}

static int remove_networks(struct ovs_build *b)
{
        const struct xsn_plan_target *target = &b->in->plan->targets[b->in->target];
        struct ovs_shape was;
        int r = 0;

        for (size_t i = 0; i < target->n_touched && r == 0; i++) {
                const struct xsnet_object *net = target->touched[i].before;

                if (target->touched[i].after || !net || !XSN_NETWORK(net))
                        continue;
                r = xsn_ovs_shape_of(b, &b->before, net, &was);
                if (r == 0)
                        r = find_shape(b, &was, &was);
                if (r == 0)
                        r = unmake(b, &was);
        }
        return r;
}

/* The port's bridge, where that goes and nobody has said what becomes of the port; NULL. */
static const struct ovs_edit *lost_with(const struct ovs_build *b, const struct ovs_port *port)
{
        const struct ovs_bridge *bridge = port->bridge->parent ? port->bridge->parent : port->bridge;
        const struct ovs_edit *at = xsn_hash_get_str(&b->by_name[OVS_BRIDGE], bridge->name);
        const struct ovs_edit *e = xsn_hash_get_str(&b->by_name[OVS_PORT], port->row->name);

        if (!at || at->row != bridge->row || xsn_ovs_edit_lives(at) || port->row == bridge->port)
                return NULL;
        return !e || (e->row == port->row && e->up == at) ? at : NULL;
}

/* Ports that documents cannot name are somebody's who does not expect them to go. */
int xsn_ovs_check_lost(struct ovs_build *b)
{
        for (size_t i = 0; i < b->view.n_ports; i++) {
                const struct ovs_edit *bridge = lost_with(b, b->view.ports[i]);

                if (bridge)
                        return xsn_error_set(b->err, -EBUSY, "network-in-use",
                                             "the bridge '%s' has the port '%s', which is somebody else's",
                                             bridge->name, b->view.ports[i]->row->name);
        }
        return 0;
}

/* Fake bridges last, as they hang below others. */
int xsn_ovs_build_shapes(struct ovs_build *b)
{
        const struct xsnet_state *wanted = b->in->plan->targets[b->in->target].wanted;
        int r = remove_networks(b);

        for (int fake = 0; fake < 2; fake++)
                for (size_t i = 0; i < wanted->n_objects && r == 0; i++)
                        if (XSN_NETWORK(wanted->objects[i]))
                                r = shape_network(b, wanted->objects[i], fake);
        return r;
}

/* ---- steps ---- */

static int find_target(struct ovs_build *b, const struct xsnet_object *net, struct ovs_target *at)
{
        struct ovs_shape shape;
        int r = xsn_ovs_shape_of(b, &b->after, net, &shape);

        *at = (struct ovs_target){ .fake = shape.parent };
        if (r == 0 && !at->fake)
                r = bridge_edit(b, shape.bridge, &at->rows[OVS_BRIDGE]);
        if (r == 0)
                r = xsn_ovs_edit(b, OVS_PORT, shape.bridge, &at->rows[OVS_PORT]);
        return r < 0 ? r : xsn_ovs_edit(b, OVS_INTERFACE, shape.bridge, &at->rows[OVS_INTERFACE]);
}

int xsn_ovs_build_network(struct ovs_build *b)
{
        const struct xsnet_object *to = b->step->to;
        struct ovs_target at;
        const char *name;
        int r;

        if (!to)
                return 0;
        name = XSN_NETWORK(to)->name;
        r = find_target(b, to, &at);
        if (r == 0)
                r = xsn_ovs_put_fields(b, &at);
        if (r == 0)
                r = xsn_ovs_put_settings(b, &at);
        if (r == 0)
                r = xsn_ovs_put_marks(b, &at);
        if (r == 0 && (at.fake ? at.rows[OVS_PORT] : at.rows[OVS_BRIDGE]))
                r = xsn_ovs_put_own(b, &at, XSNET_KIND_NETWORK, OVS_KEY_NAME,
                                    strcmp(name, (at.fake ? at.rows[OVS_PORT] : at.rows[OVS_BRIDGE])->name) == 0
                                            ? NULL
                                            : name);
        if (r == 0 && at.rows[OVS_INTERFACE] && xsn_ovs_changed(b, XSNET_FIELD_MTU))
                r = xsn_object_is_set(to, XSNET_FIELD_MTU)
                            ? xsn_ovs_edit_put_number(b, at.rows[OVS_INTERFACE], "mtu_request", XSN_NETWORK(to)->mtu)
                            : xsn_ovs_edit_put_none(b, at.rows[OVS_INTERFACE], "mtu_request");
        return r;
}

/* Its Port is the one of its network. */
int xsn_ovs_build_vlan(struct ovs_build *b)
{
        const struct xsnet_object *to = b->step->to, *net;
        const char *network = to ? xsn_object_network(to) : NULL;
        struct ovs_target at = { .fake = false };
        int r;

        if (!to)
                return 0;
        net = network ? xsn_hash_get_str(&b->after.networks, network) : NULL;
        if (!net)
                return xsn_error_set(b->err, -EINVAL, "needs-network", "on ovs: a VLAN needs a network to be in");
        r = find_target(b, net, &at);
        at.rows[OVS_BRIDGE] = NULL;
        at.fake = false;
        if (r == 0)
                r = xsn_ovs_put_fields(b, &at);
        if (r == 0)
                r = xsn_ovs_put_settings(b, &at);
        return r < 0 ? r : xsn_ovs_put_marks(b, &at);
}
