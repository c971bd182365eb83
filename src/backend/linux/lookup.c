/* SPDX-License-Identifier: Apache-2.0 */
/* What steps ask of the plan and the tables: which bridge, which device, whose default route, which mark. */
#include <errno.h>
#include <string.h>

#include "backend/linux/apply.h"
#include "base/alloc.h"

/* Numbers of ours are far from those that the kernel gives out next, so a link with one of them is ours. */
#define INDEX_DISTANCE 4096

int xsn_lx_index_plan(struct lx_apply *a)
{
        const struct xsnet_state *wanted = xsn_d0_wanted(&a->d0);

        for (size_t i = 0; wanted && i < wanted->n_objects; i++) {
                const struct xsn_network *net = XSN_NETWORK(wanted->objects[i]);

                if (net && net->name && net->bridge &&
                    xsn_hash_put_str(&a->bridges, net->name, net->bridge) < 0)
                        return -ENOMEM;
        }
        return xsn_d0_index_plan(&a->d0);
}

bool xsn_lx_changed(const struct lx_step *st, int field)
{
        return xsn_d0_changed(st->s, field);
}

/* The bridge that is to get another name in a later step still has the old one. */
static struct xsn_d0_link *bridge_now(const struct lx_apply *a, const char *network)
{
        const struct xsnet_state *observed = a->plan->targets[a->target].observed;

        for (size_t i = 0; observed && i < observed->n_objects; i++) {
                const struct xsn_network *net = XSN_NETWORK(observed->objects[i]);

                if (net && net->name && strcmp(net->name, network) == 0)
                        return xsn_lx_device(a, &net->o);
        }
        return NULL;
}

static bool is_bridge(const struct xsn_d0_link *link)
{
        return link && strcmp(link->kind, "bridge") == 0;
}

struct xsn_d0_link *xsn_lx_bridge(const struct lx_apply *a, const char *network)
{
        const char *name = network ? xsn_hash_get_str(&a->bridges, network) : NULL;
        struct xsn_d0_link *link = xsn_d0_link_named(&a->lx->net, name);

        if (name && !is_bridge(link))
                link = bridge_now(a, network);
        return is_bridge(link) ? link : NULL;
}

struct xsn_d0_link *xsn_lx_device(const struct lx_apply *a, const struct xsnet_object *obj)
{
        const char *name;

        if (obj->cls->kind == XSNET_KIND_NETWORK) {
                name = xsn_object_string(obj, XSNET_FIELD_BRIDGE);
                if (!name)
                        name = xsn_object_string(obj, XSNET_FIELD_STATUS_DEVICE);
        } else {
                name = xsn_object_device(obj);
        }
        return xsn_d0_link_named(&a->lx->net, name);
}

struct xsn_d0_link *xsn_lx_place_now(const struct lx_apply *a, const struct xsn_d0_link *link)
{
        struct xsn_d0_link *master = xsn_d0_link_at(&a->lx->net, link->master);

        return master && master->role == LX_BRIDGE && master->pif == link ? master
                                                                          : (struct xsn_d0_link *)(uintptr_t)link;
}

struct xsn_d0_link *xsn_lx_place_then(const struct lx_apply *a, const struct xsnet_object *to)
{
        struct xsn_d0_link *link = xsn_lx_device(a, to), *bridge;

        if (to->cls->kind == XSNET_KIND_NETWORK)
                return link;
        bridge = xsn_lx_bridge(a, xsn_object_network(to));
        return bridge ? bridge : link;
}

struct xsn_d0_link *xsn_lx_make_link(struct lx_apply *a, const char *name, const char *kind)
{
        struct xsn_d0_link *link;

        if (a->next_index <= a->lx->net.max_index)
                a->next_index = a->lx->net.max_index + INDEX_DISTANCE;
        if (a->base_index == 0)
                a->base_index = a->next_index;
        link = xsn_d0_net_make(&a->lx->net, a->next_index++, name, kind);
        if (link)
                link->role = strcmp(kind, "bridge") == 0 ? LX_BRIDGE
                             : strcmp(kind, "bond") == 0 ? LX_BOND
                             : strcmp(kind, "vlan") == 0 ? LX_VLAN
                                                         : LX_TUNNEL;
        return link;
}

int xsn_lx_made_before(const struct lx_apply *a, const char *name, struct xsnet_error **ret_err)
{
        const struct xsn_d0_link *link = xsn_d0_link_named(&a->lx->net, name);

        if (a->tries > 0 && link && link->ifindex >= a->base_index)
                return 0;
        return xsn_error_set(ret_err, -EEXIST, "name-in-use", "there is a device called '%s' already", name);
}

struct xsn_mac xsn_lx_bridge_mac(const struct lx_apply *a, const struct lx_step *st, const struct xsn_mac *mac)
{
        _cleanup_(xsn_freep) unsigned char *was = NULL;
        struct xsn_mac ret = *mac;
        size_t n = 0;

        if (a->plan->back && xsn_d0_payload_bytes(st->s->to, "bridge-mac", &was, &n) == 0 && n == sizeof(ret.b))
                memcpy(ret.b, was, n);
        return ret;
}

/* ---- marks ---- */

static int replace(char **member, const char *value)
{
        char *copy = value ? xsn_strdup(value) : NULL;

        if (value && !copy)
                return -ENOMEM;
        xsn_free(*member);
        *member = copy;
        return 0;
}

/* The name is kept where it is marked, and where it is not the bridge's own. */
static int mark_network(const struct lx_step *st, const struct xsn_d0_link *link, struct lx_mark *mark)
{
        const struct xsnet_object *to = st->s->to;
        const char *name = xsn_object_string(to, XSNET_FIELD_NAME);

        if (to->cls->kind == XSNET_KIND_TUNNEL)
                name = XSN_TUNNEL(to)->l.network;
        else if (to->cls->kind != XSNET_KIND_NETWORK || (name && !mark->owner && strcmp(name, link->name) == 0))
                name = NULL;
        return replace(&mark->net, name);
}

static int mark_tunnel(const struct lx_step *st, struct lx_mark *mark)
{
        const struct xsn_tunnel *t = XSN_TUNNEL(st->s->to);
        char text[XSN_IP_STRLEN];
        bool keep = t && t->protocol.value == XSNET_PROTOCOL_GENEVE && xsn_object_is_set(&t->o, XSNET_FIELD_LOCAL);
        int r = t ? replace(&mark->via, t->transport) : 0;

        return r < 0 || !t ? r : replace(&mark->local, keep ? xsn_ip_format(&t->local, text) : NULL);
}

static void mark_settings(const struct lx_apply *a, const struct lx_step *st, struct lx_mark *mark)
{
        const struct xsnet_object *to = st->s->to;

        if (!to->cls->has_address)
                return;
        if (xsn_lx_changed(st, XSNET_FIELD_MANAGEMENT))
                mark->management = to->a.management == xsn_d0_is_derived(&a->d0, st->s->to) ? -1 : to->a.management;
        if (xsn_lx_changed(st, XSNET_FIELD_IPV6_MODE))
                mark->autoconf = to->a.ipv6_mode.value == XSNET_IP_AUTOCONF;
        else if (xsn_d0_takes_autoconf(st->s))
                /* Whose device is given back gets no mark for it: the next router advertisement tells. */
                mark->autoconf = to->owner || !st->s->mark;
}

/* On the way back: as it was, whatever it said. *ret_alias NULL: this is not the way back. */
static int alias_before(const struct lx_apply *a, const struct lx_step *st, const struct xsn_d0_link *link,
                        char **ret_alias)
{
        const struct xsnet_object *to = st->s->to;
        const char *device = xsn_object_string(to, XSNET_FIELD_STATUS_DEVICE);
        _cleanup_(xsn_freep) unsigned char *text = NULL;
        size_t n = 0;

        /* A guest may have two devices, with an alias each. */
        if (!a->plan->back || (to->cls->kind == XSNET_KIND_VIF && (!device || strcmp(device, link->name) != 0)))
                return 0;
        if (xsn_d0_payload_bytes(to, "alias", &text, &n) < 0)
                return -ENOMEM;
        if (n == 0 && to->owner)
                return 0; /* a journal that says less */
        *ret_alias = n > 0 && !memchr(text, '\0', n) ? xsn_strndup((const char *)text, n) : xsn_strdup("");
        return *ret_alias ? 0 : -ENOMEM;
}

/* What the step leaves in the mark. */
static int fill_mark(const struct lx_apply *a, const struct lx_step *st, const struct xsn_d0_link *link,
                     struct lx_mark *mark)
{
        const struct xsnet_object *to = st->s->to;
        int kind = to->cls->kind, r = 0;

        if (st->s->mark || !st->s->from) {
                r = replace(&mark->owner, to->owner);
                mark->made = to->made || !st->s->from;
        }
        if (kind == XSNET_KIND_PIF || kind == XSNET_KIND_VIF)
                mark->made = true; /* never ours to make, so nothing to say about it */
        if (r == 0)
                r = mark_network(st, link, mark);
        if (r == 0)
                r = mark_tunnel(st, mark);
        if (r == 0 && kind == XSNET_KIND_PIF && xsn_lx_changed(st, XSNET_FIELD_RENAME))
                r = replace(&mark->was, xsn_object_string(to, XSNET_FIELD_RENAME) ? mark->was : NULL);
        mark_settings(a, st, mark);
        if (kind == XSNET_KIND_PIF || kind == XSNET_KIND_VIF)
                xsn_lx_mark_before(a, st, link, mark);
        return r;
}

int xsn_lx_alias(struct lx_apply *a, struct lx_step *st, const struct xsn_d0_link *link, char **ret_alias,
                 struct xsnet_error **ret_err)
{
        _cleanup_(xsn_freep) char *alias = NULL;
        struct lx_mark mark;
        int r = xsn_lx_mark_parse(link->alias, &mark);

        *ret_alias = NULL;
        if (r == 0)
                r = alias_before(a, st, link, &alias);
        if (r == 0 && !alias)
                r = fill_mark(a, st, link, &mark);
        if (r == 0 && !alias)
                r = xsn_lx_mark_format(&mark, &alias);
        if (r == 0 && strcmp(alias, link->alias ? link->alias : "") != 0) {
                if (mark.taken && *alias)
                        r = xsn_error_set(ret_err, -EBUSY, "alias-in-use",
                                          "the alias of %s is somebody else's text: '%s'", link->name, link->alias);
                else if (!mark.taken)
                        *ret_alias = XSN_TAKE(alias);
        }
        xsn_lx_mark_done(&mark);
        if (r == -ENAMETOOLONG)
                return xsn_error_set(ret_err, r, "too-long", "the mark of %s is longer than an interface alias may be",
                                     link->name);
        return r == -ENOMEM ? xsn_error_oom(ret_err) : r;
}
