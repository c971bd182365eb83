/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deletion. Each device costs the kernel a grace period, a whole group only one; so devices with our mark are put into
 * a group of a random number, and the group goes, when a dump just before shows that nothing else is in it.
 * Bridges go in eights, as the kernel's lock is held meanwhile. What the group refuses, and what we did not make, goes
 * one by one.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/random.h>

#include "backend/linux/apply.h"
#include "base/alloc.h"

#define BRIDGES_AT_ONCE 8
#define OTHERS_AT_ONCE  1024
#define GROUP_TRIES     4

int xsn_lx_delete(struct lx_apply *a, struct lx_step *st, const struct xsn_d0_link *link)
{
        struct lx_mark mark;
        int r;

        if (xsn_grow((void **)&a->deletes, &a->cap_deletes, a->n_deletes + 1, sizeof(*a->deletes)) < 0)
                return -ENOMEM;
        r = xsn_lx_mark_parse(link->alias, &mark);
        if (r < 0)
                return r;
        a->deletes[a->n_deletes++] = (struct lx_delete){
                .st = st,
                .ifindex = link->ifindex,
                .group = link->group,
                .bridge = link->role == LX_BRIDGE,
                .ours = mark.ours && mark.made,
        };
        xsn_lx_mark_done(&mark);
        return 0;
}

/* Above 2^30, so that nobody's configuration uses it. */
#define GROUPS_OF_OURS 0x40000000u

static uint32_t random_group(void)
{
        uint32_t group = 0;

        if (getrandom(&group, sizeof(group), GRND_NONBLOCK) != (ssize_t)sizeof(group))
                group = (uint32_t)(uintptr_t)&group >> 4;
        return (group & (GROUPS_OF_OURS - 1)) | GROUPS_OF_OURS | 1;
}

void xsn_lx_group_back(struct lx_apply *a, struct lx_step *st)
{
        const struct xsn_d0_link *link = st->s->from && st->s->to ? xsn_lx_device(a, st->s->to) : NULL;
        struct ifinfomsg ifi = { .ifi_index = link ? (int)link->ifindex : 0 };
        uint32_t before;

        if (!link || link->group < GROUPS_OF_OURS)
                return;
        before = xsn_d0_payload_number(st->s->to, "group", 0);
        if (before == link->group)
                return;
        xsn_lx_begin(a, st, RTM_NEWLINK, 0, &ifi, sizeof(ifi), link->name, 0);
        xsn_nl_put_u32(a->batch, IFLA_GROUP, before);
}

/* The next devices that may go together: of one sort, ours, and few enough. */
static size_t choose(const struct lx_apply *a)
{
        const struct lx_delete *first = &a->deletes[a->deleted];
        size_t n = 1, most = first->bridge ? BRIDGES_AT_ONCE : OTHERS_AT_ONCE;

        if (!first->ours)
                return 1;
        while (a->deleted + n < a->n_deletes && n < most && first[n].ours && first[n].bridge == first->bridge)
                n++;
        return n;
}

static int set_groups(struct lx_apply *a, const struct lx_delete *d, size_t n, const uint32_t *group,
                      struct xsnet_error **ret_err)
{
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = NULL;
        int r = xsn_nl_batch_new(&batch, ret_err);

        for (size_t i = 0; r == 0 && i < n; i++) {
                struct ifinfomsg ifi = { .ifi_index = (int)d[i].ifindex };

                (void)xsn_nl_batch_begin(batch, RTM_NEWLINK, 0, &ifi, sizeof(ifi), NULL);
                xsn_nl_put_u32(batch, IFLA_GROUP, group ? *group : d[i].group);
        }
        return r < 0 ? r : xsn_lx_send(a, batch, XSN_D0_MAY_BE_GONE, ret_err);
}

struct members {
        const struct lx_delete *d;
        size_t n;
        uint32_t group;
        size_t found;
        bool strangers;
};

static int on_link(const struct nlmsghdr *msg, void *userdata, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_d0_link_freep) struct xsn_d0_link *link = NULL;
        struct members *members = userdata;
        int r = xsn_d0_link_parse(msg, &link, ret_err);

        if (r < 0 || link->group != members->group)
                return r;
        for (size_t i = 0; i < members->n; i++) {
                if (members->d[i].ifindex != link->ifindex)
                        continue;
                members->found++;
                return 0;
        }
        members->strangers = true;
        return 0;
}

static void forget(void *userdata)
{
        struct members *members = userdata;

        members->found = 0;
        members->strangers = false;
}

/* Is nothing but our devices in the group, as of now? */
static int group_is_ours(struct lx_apply *a, struct members *members, struct xsnet_error **ret_err)
{
        struct xsn_nl_reader reader = { on_link, forget, members };

        forget(members);
        return xsn_nl_dump_links(a->lx->nl, NULL, 0, &reader, ret_err);
}

static int delete_group(struct lx_apply *a, uint32_t group, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = NULL;
        struct ifinfomsg ifi = { 0 };
        int r = xsn_nl_batch_new(&batch, ret_err);

        if (r < 0)
                return r;
        (void)xsn_nl_batch_begin(batch, RTM_DELLINK, 0, &ifi, sizeof(ifi), "a group of our devices");
        xsn_nl_put_u32(batch, IFLA_GROUP, group);
        return xsn_lx_send(a, batch, 0, ret_err);
}

/* A number that no device has for its group; kept for all deletions of the apply. */
static int choose_group(struct lx_apply *a, struct xsnet_error **ret_err)
{
        for (int i = 0; a->group == 0 && i < GROUP_TRIES; i++) {
                struct members members = { .group = random_group() };
                int r = group_is_ours(a, &members, ret_err);

                if (r < 0)
                        return r;
                a->group = members.strangers ? 0 : members.group;
        }
        return 0;
}

/*
 * Marks the devices, looks who is in the group now, and deletes it. 1: all gone; 0: not this way. A group that only had
 * ours once, and is empty since, is a random number that is nobody else's: looking again for each pack of a thousand
 * devices would take longer than all else.
 */
static int try_group(struct lx_apply *a, const struct lx_delete *d, size_t n, struct xsnet_error **ret_err)
{
        bool proven = a->group != 0;
        struct members members = { .d = d, .n = n };
        int r = choose_group(a, ret_err);

        if (r < 0 || a->group == 0)
                return r;
        members.group = a->group;
        r = set_groups(a, d, n, &members.group, NULL);
        if (r == 0 && !proven)
                r = group_is_ours(a, &members, NULL);
        if (r == 0 && !proven && members.found == 0 && !members.strangers)
                return 1; /* all gone by themselves */
        if (r == 0 && !members.strangers && delete_group(a, members.group, NULL) == 0)
                return 1;
        /* Each has its own group again, and another number is tried next time. */
        (void)set_groups(a, d, n, NULL, NULL);
        a->group = 0;
        return 0;
}

static void delete_one(struct lx_apply *a, const struct lx_delete *d)
{
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = NULL;
        const struct xsn_d0_link *link = xsn_d0_link_at(&a->lx->net, d->ifindex);
        struct ifinfomsg ifi = { .ifi_index = (int)d->ifindex };
        struct xsnet_error *err = NULL;
        int r = xsn_nl_batch_new(&batch, &err);

        if (r == 0) {
                (void)xsn_nl_batch_begin(batch, RTM_DELLINK, 0, &ifi, sizeof(ifi), link ? link->name : NULL);
                r = xsn_lx_send(a, batch, XSN_D0_MAY_BE_GONE, &err);
        }
        if (r < 0)
                xsn_lx_step_failed(d->st, r, err);
}

int xsn_lx_delete_next(struct lx_apply *a, struct xsnet_error **ret_err)
{
        const struct lx_delete *d;
        size_t n;
        int r = 0;

        if (a->deleted >= a->n_deletes)
                return 0;
        d = &a->deletes[a->deleted];
        n = choose(a);
        if (n > 1)
                r = try_group(a, d, n, ret_err);
        if (r < 0)
                return r;
        /* Refused: they go one by one, one a turn, as each takes the kernel a while. */
        for (size_t i = 0; r == 0 && i < n; i++)
                a->deletes[a->deleted + i].ours = false;
        if (r == 0)
                delete_one(a, d);
        a->deleted += r == 0 ? 1 : n;
        return a->deleted < a->n_deletes;
}
