/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both states of a target by names: which bridge a network is, before and after, and so where ports hang. And what is
 * refused before anything is sent.
 */
#include <errno.h>
#include <string.h>

#include "backend/ovs/build.h"
#include "base/alloc.h"

static const struct xsn_plan_target *target_of(const struct ovs_build *b)
{
        return &b->in->plan->targets[b->in->target];
}

static const char *bridge_of(const struct xsnet_object *net)
{
        const char *bridge = XSN_NETWORK(net)->bridge;

        if (!bridge)
                bridge = XSN_NETWORK(net)->status_device;
        return bridge ? bridge : XSN_NETWORK(net)->name;
}

static int put_name(struct xsn_hash *hash, const char *name, struct xsnet_object *obj)
{
        return name && !xsn_hash_get_str(hash, name) ? xsn_hash_put_str(hash, name, obj) : 0;
}

int xsn_ovs_names_add(struct ovs_names *names, const struct xsnet_state *state)
{
        int r = 0;

        for (size_t i = 0; state && i < state->n_objects && r == 0; i++) {
                struct xsnet_object *obj = state->objects[i];

                switch (obj->cls->kind) {
                case XSNET_KIND_NETWORK:
                        r = put_name(&names->networks, XSN_NETWORK(obj)->name, obj);
                        if (r == 0)
                                r = put_name(&names->bridges, bridge_of(obj), obj);
                        break;
                case XSNET_KIND_PIF:
                        r = put_name(&names->pifs, XSN_PIF(obj)->device, obj);
                        break;
                case XSNET_KIND_BOND:
                        r = put_name(&names->pifs, XSN_BOND(obj)->name, obj);
                        break;
                case XSNET_KIND_VLAN:
                        r = put_name(&names->vlans, XSN_VLAN(obj)->l.network, obj);
                        break;
                default:
                        break;
                }
        }
        return r;
}

int xsn_ovs_names_find(struct ovs_build *b)
{
        const struct xsn_plan_target *target = target_of(b);
        int r = xsn_ovs_names_add(&b->before, target->observed);

        if (r == 0)
                r = xsn_ovs_names_add(&b->after, target->wanted);
        for (size_t i = 0; i < target->n_touched && r == 0; i++) {
                const struct xsn_journal_entry *entry = &target->touched[i];
                struct xsnet_object *was = entry->before, *is = entry->after;

                if (was && is && XSN_NETWORK(was) && XSN_NETWORK(is))
                        r = xsn_hash_put_str(&b->networks_before, XSN_NETWORK(is)->name, was);
        }
        return r;
}

void xsn_ovs_names_clear(struct ovs_names *names)
{
        xsn_hash_done(&names->networks);
        xsn_hash_done(&names->bridges);
        xsn_hash_done(&names->pifs);
        xsn_hash_done(&names->vlans);
}

void xsn_ovs_names_done(struct ovs_build *b)
{
        xsn_ovs_names_clear(&b->before);
        xsn_ovs_names_clear(&b->after);
        xsn_hash_done(&b->networks_before);
}

const char *xsn_ovs_place_in(const struct ovs_names *names, const struct xsnet_object *obj)
{
        const char *network = XSN_NETWORK(obj) ? XSN_NETWORK(obj)->name : xsn_object_network(obj);
        const struct xsnet_object *net = network ? xsn_hash_get_str(&names->networks, network) : NULL;

        return net ? bridge_of(net) : XSN_PIF(obj) ? XSN_PIF(obj)->device : NULL;
}

/* ---- shapes ---- */

/* The bridge that a VLAN's tagged packets are on: that of its PIF's network; a PIF that is none is a bridge's name. */
static const char *parent_of(const struct ovs_names *names, const struct xsn_vlan *vlan)
{
        const struct xsnet_object *pif = xsn_hash_get_str(&names->pifs, vlan->pif);
        const char *network = pif ? xsn_object_network(pif) : NULL;
        const struct xsnet_object *net = network ? xsn_hash_get_str(&names->networks, network) : NULL;

        if (!pif)
                net = xsn_hash_get_str(&names->bridges, vlan->pif);
        return net ? bridge_of(net) : NULL;
}

int xsn_ovs_shape_of(struct ovs_build *b, const struct ovs_names *names, const struct xsnet_object *net,
                     struct ovs_shape *ret_shape)
{
        const struct xsnet_object *vlan = xsn_hash_get_str(&names->vlans, XSN_NETWORK(net)->name);

        *ret_shape = (struct ovs_shape){ .bridge = bridge_of(net) };
        if (!vlan)
                return 0;
        ret_shape->tag = XSN_VLAN(vlan)->tag;
        ret_shape->parent = parent_of(names, XSN_VLAN(vlan));
        if (!ret_shape->parent)
                return xsn_error_set(b->err, -EINVAL, "needs-network",
                                     "the VLAN of network '%s' needs a bridge below: put '%s' into a network",
                                     XSN_NETWORK(net)->name, XSN_VLAN(vlan)->pif);
        return 0;
}

bool xsn_ovs_shape_same(const struct ovs_shape *a, const struct ovs_shape *c)
{
        if (strcmp(a->bridge, c->bridge) != 0 || !a->parent != !c->parent)
                return false;
        return !a->parent || (strcmp(a->parent, c->parent) == 0 && a->tag == c->tag);
}

/* ---- bridges of a toolstack ---- */

static bool is_managed(const struct ovs_build *b, const char *network)
{
        const struct xsnet_object *net = network ? xsn_hash_get_str(&b->before.networks, network) : NULL;
        const struct ovs_bridge *bridge = net ? xsn_ovs_bridge_named(&b->view, bridge_of(net)) : NULL;
        struct ovs_place place = { .rows = { NULL, bridge ? bridge->row : NULL, bridge ? bridge->port : NULL, NULL },
                                   .fake = bridge && bridge->parent };

        if (!bridge)
                return false;
        /* The toolstack writes a VLAN's key at the bridge below. */
        return xsn_ovs_own_key(&place, XSNET_KIND_NETWORK, "xs-network-uuids") ||
               (bridge->parent && xsn_ovs_get_key(bridge->parent->row, "external_ids", "xs-network-uuids"));
}

/* The network that the object changes in one of the states; NULL: none. */
static const char *network_of(const struct ovs_names *names, const struct xsnet_object *obj, bool parent)
{
        const struct xsnet_object *pif, *net;

        if (!obj)
                return NULL;
        if (XSN_NETWORK(obj))
                return XSN_NETWORK(obj)->name;
        if (!parent || !XSN_VLAN(obj))
                return xsn_object_network(obj);
        pif = xsn_hash_get_str(&names->pifs, XSN_VLAN(obj)->pif);
        net = pif ? NULL : xsn_hash_get_str(&names->bridges, XSN_VLAN(obj)->pif);
        return pif ? xsn_object_network(pif) : net ? XSN_NETWORK(net)->name : NULL;
}

static int refuse_managed(struct ovs_build *b, const struct xsn_journal_entry *touched)
{
        const struct xsnet_object *from = touched->before, *to = touched->after, *obj = to ? to : from;
        const char *found = NULL;
        int kind = obj->cls->kind;

        if (b->in->force_local || xsn_ovs_is_back(b) || kind == XSNET_KIND_TUNNEL || kind == XSNET_KIND_VIF)
                return 0;
        for (int i = 0; i < 4 && !found; i++) {
                const char *name = network_of(i & 1 ? &b->after : &b->before, i & 1 ? to : from, i & 2);

                found = is_managed(b, name) ? name : NULL;
        }
        if (!found)
                return 0;
        return xsn_error_set(b->err, -EPERM, "managed-by-xapi",
                             "the bridge of network '%s' is XAPI's, which would undo or contradict the change; change "
                             "it by XAPI, or say ?force-local",
                             found);
}

/* Also what changes without a step of its own: a bond takes its members from their bridges. */
int xsn_ovs_refuse(struct ovs_build *b)
{
        const struct xsn_plan_target *target = target_of(b);
        int r = 0;

        for (size_t i = 0; i < target->n_touched && r == 0; i++)
                r = refuse_managed(b, &target->touched[i]);
        return r;
}
