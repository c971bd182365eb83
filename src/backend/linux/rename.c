/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A NIC or a bridge gets another name. Kernels before 6.2 rename only devices that are down: then the addresses and
 * routes that the kernel drops are put back. A NIC's old name stays in the mark (was=), and as an alternative
 * name unless a device of the plan takes it.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "backend/linux/apply.h"
#include "base/alloc.h"

static void put_name(struct xsn_nl_batch *batch, const struct xsn_d0_link *link, const char *name)
{
        struct ifinfomsg ifi = { .ifi_index = (int)link->ifindex };

        (void)xsn_nl_batch_begin(batch, RTM_NEWLINK, 0, &ifi, sizeof(ifi), link->name);
        xsn_nl_put_str(batch, IFLA_IFNAME, name);
}

static void put_altname(struct xsn_nl_batch *batch, uint16_t type, const struct xsn_d0_link *link, const char *name)
{
        struct ifinfomsg ifi = { .ifi_index = (int)link->ifindex };

        (void)xsn_nl_batch_begin(batch, type, type == RTM_NEWLINKPROP ? NLM_F_CREATE | NLM_F_EXCL | NLM_F_APPEND : 0,
                                 &ifi, sizeof(ifi), link->name);
        xsn_nl_nest_begin(batch, IFLA_PROP_LIST, NULL, 0);
        xsn_nl_put_str(batch, IFLA_ALT_IFNAME, name);
        xsn_nl_nest_end(batch);
}

static void put_alias(struct xsn_nl_batch *batch, const struct xsn_d0_link *link, const char *alias)
{
        struct ifinfomsg ifi = { .ifi_index = (int)link->ifindex };

        (void)xsn_nl_batch_begin(batch, RTM_NEWLINK, 0, &ifi, sizeof(ifi), link->name);
        xsn_nl_put(batch, IFLA_IFALIAS, alias, strlen(alias));
}

/* Does any device of the wanted state have the name? */
static bool name_taken(const struct lx_apply *a, const char *name)
{
        const struct xsnet_state *wanted = a->plan->targets[a->target].wanted;

        for (size_t i = 0; wanted && i < wanted->n_objects; i++) {
                const struct xsnet_object *obj = wanted->objects[i];
                const char *device = obj->cls->kind == XSNET_KIND_NETWORK ? xsn_object_string(obj, XSNET_FIELD_BRIDGE)
                                                                          : xsn_object_device(obj);

                if (device && strcmp(device, name) == 0)
                        return true;
        }
        return false;
}

/* The mark with the old name in it, or without where it has that name again. */
static int mark_of(const struct lx_step *st, const struct xsn_d0_link *link, const char *name, char **ret_alias,
                   struct xsnet_error **ret_err)
{
        bool back = !xsn_object_string(st->s->to, XSNET_FIELD_RENAME);
        struct lx_mark mark;
        int r = xsn_lx_mark_parse(link->alias, &mark);

        if (r == 0 && mark.taken) {
                xsn_lx_mark_done(&mark);
                return xsn_error_set(ret_err, -EBUSY, "alias-in-use", "the alias of %s is somebody else's text: '%s'",
                                     link->name, link->alias);
        }
        mark.made = true;
        if (r == 0 && (back || (mark.was && strcmp(mark.was, name) == 0))) {
                mark.was = xsn_free(mark.was);
        } else if (r == 0 && !mark.was) {
                mark.was = xsn_strdup(link->name);
                r = mark.was ? 0 : -ENOMEM;
        }
        if (r == 0)
                r = xsn_lx_mark_format(&mark, ret_alias);
        xsn_lx_mark_done(&mark);
        return r < 0 ? xsn_error_set(ret_err, r, "too-long", "the mark of %s cannot keep its old name", link->name) : 0;
}

/* Down, renamed, up, and what the kernel dropped put back. */
static int rename_down(struct lx_apply *a, struct xsn_d0_link *link, const char *name, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = NULL;
        int r = xsn_d0_place_check(&a->lx->net, link, ret_err), put;

        if (r == 0)
                r = xsn_nl_batch_new(&batch, ret_err);
        if (r < 0)
                return r;
        xsn_d0_put_up(batch, link, false);
        put_name(batch, link, name);
        xsn_d0_put_up(batch, link, true);
        r = xsn_lx_send(a, batch, 0, ret_err);
        /* Also where the name was refused: it has been down. */
        xsn_nl_batch_clear(batch);
        xsn_d0_place_put(batch, &a->lx->net, link, link);
        put = xsn_lx_send(a, batch, XSN_D0_MAY_EXIST, r < 0 ? NULL : ret_err);
        return r < 0 ? r : put;
}

/* The kernel's own name of it, and what goes with that. */
static int set_name(struct lx_apply *a, struct xsn_d0_link *link, const char *name, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = NULL;
        _cleanup_(xsnet_error_freep) struct xsnet_error *err = NULL;
        int r = xsn_nl_batch_new(&batch, ret_err);

        if (r == 0 && xsn_strs_has(&link->altnames, name)) {
                put_altname(batch, RTM_DELLINKPROP, link, name);
                r = xsn_lx_send(a, batch, XSN_D0_MAY_BE_GONE, ret_err);
                xsn_nl_batch_clear(batch);
        }
        if (r < 0)
                return r;
        put_name(batch, link, name);
        r = xsn_lx_send(a, batch, 0, &err);
        if (r == -EBUSY)
                return rename_down(a, link, name, ret_err);
        return r < 0 ? xsn_error_give(ret_err, XSN_TAKE(err)) : 0;
}

int xsn_lx_rename_bridge(struct lx_apply *a, struct lx_step *st, struct xsnet_error **ret_err)
{
        const char *name = xsn_object_string(st->s->to, XSNET_FIELD_BRIDGE);
        struct xsn_d0_link *link = st->s->from ? xsn_lx_device(a, st->s->from) : NULL;
        int r;

        if (!link || !name || strcmp(link->name, name) == 0)
                return 0;
        r = set_name(a, link, name, ret_err);
        return r < 0 ? r : xsn_lx_fresh(a, ret_err) < 0 ? -EIO : 0;
}

int xsn_lx_rename(struct lx_apply *a, struct lx_step *st, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = NULL;
        _cleanup_(xsn_freep) char *alias = NULL, *old = NULL;
        const char *name = xsn_object_device(st->s->to), *was = st->s->from ? xsn_object_device(st->s->from) : NULL;
        struct xsn_d0_link *link = was ? xsn_d0_link_named(&a->lx->net, was) : NULL;
        int r;

        if (!name || !was || strcmp(name, was) == 0)
                return 0;
        if (!link)
                return xsn_error_set(ret_err, -ENODEV, "no-such-device", "there is no device %s", was);
        old = xsn_strdup(was);
        r = mark_of(st, link, name, &alias, ret_err);
        if (r == 0)
                r = xsn_nl_batch_new(&batch, ret_err);
        if (r < 0)
                return r;
        if (!old)
                return xsn_error_oom(ret_err);
        r = set_name(a, link, name, ret_err);
        if (r < 0)
                return r;
        put_alias(batch, link, alias);
        r = xsn_lx_send(a, batch, 0, ret_err);
        /* Kernels before 5.5 have no alternative names; the mark is what counts. */
        xsn_nl_batch_clear(batch);
        if (r == 0 && xsn_object_string(st->s->to, XSNET_FIELD_RENAME) && !name_taken(a, old)) {
                put_altname(batch, RTM_NEWLINKPROP, link, old);
                (void)xsn_lx_send(a, batch, XSN_D0_MAY_FAIL, NULL);
        }
        return r < 0 ? r : xsn_lx_fresh(a, ret_err) < 0 ? -EIO : 1;
}
