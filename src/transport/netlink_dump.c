/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The questions that backends ask: links, addresses, routes, qdiscs, filters. Filters are checked
 * here again: kernels before 4.20 ignore some, and every kernel ignores a link kind that it does not know
 * (no module loaded) and sends all links instead.
 */
#include "transport/netlink_dump.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "transport/netlink_priv.h"

#ifndef RTEXT_FILTER_SKIP_STATS
#define RTEXT_FILTER_SKIP_STATS (1 << 3)
#endif

/* Stands between the kernel and the caller's reader. */
struct filter {
        const struct xsn_nl_reader *reader;
        bool (*wanted)(const struct filter *filter, const struct nlmsghdr *msg);
        const char *kind;
        uint32_t master;
        uint32_t ifindex;
        uint32_t parent;
};

static int filter_message(const struct nlmsghdr *msg, void *userdata, struct xsnet_error **ret_err)
{
        const struct filter *filter = userdata;

        return filter->wanted(filter, msg) ? filter->reader->message(msg, filter->reader->userdata, ret_err) : 0;
}

static void filter_restart(void *userdata)
{
        const struct filter *filter = userdata;

        if (filter->reader->restart)
                filter->reader->restart(filter->reader->userdata);
}

static int query(struct xsn_nl *nl, struct xsn_nl_batch *request, struct filter *filter, struct xsnet_error **ret_err)
{
        struct xsn_nl_reader reader = { .message = filter_message, .restart = filter_restart, .userdata = filter };

        return xsn_nl_query(nl, request, &reader, ret_err);
}

static bool link_wanted(const struct filter *filter, const struct nlmsghdr *msg)
{
        static const struct nla_policy policy[IFLA_LINKINFO + 1] = {
                [IFLA_MASTER] = { .type = NLA_U32 },
                [IFLA_LINKINFO] = { .type = NLA_NESTED },
        };
        static const struct nla_policy info_policy[IFLA_INFO_KIND + 1] = { [IFLA_INFO_KIND] = { .type = NLA_STRING } };
        struct nlattr *tb[IFLA_LINKINFO + 1] = { NULL };
        struct nlattr *info[IFLA_INFO_KIND + 1] = { NULL };

        if (msg->nlmsg_type != RTM_NEWLINK)
                return false;
        if (!filter->kind && filter->master == 0)
                return true;
        if (xsn_nl_parse(msg, sizeof(struct ifinfomsg), tb, IFLA_LINKINFO, policy, NULL) < 0)
                return false;
        if (filter->master != 0 && (!tb[IFLA_MASTER] || nla_get_u32(tb[IFLA_MASTER]) != filter->master))
                return false;
        if (!filter->kind)
                return true;
        return tb[IFLA_LINKINFO] &&
               xsn_nl_parse_nested(tb[IFLA_LINKINFO], info, IFLA_INFO_KIND, info_policy, NULL) == 0 &&
               info[IFLA_INFO_KIND] && strcmp(nla_get_string(info[IFLA_INFO_KIND]), filter->kind) == 0;
}

int xsn_nl_dump_links(struct xsn_nl *nl, const char *kind, uint32_t master, const struct xsn_nl_reader *reader,
                      struct xsnet_error **ret_err)
{
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *request = NULL;
        struct filter filter = { .reader = reader, .wanted = link_wanted, .kind = kind, .master = master };
        struct ifinfomsg hdr = { .ifi_family = AF_UNSPEC };
        int r = xsn_nl_batch_new(&request, ret_err);

        if (r < 0)
                return r;
        xsn_nl_batch_begin(request, RTM_GETLINK, NLM_F_DUMP, &hdr, sizeof(hdr), NULL);
        xsn_nl_put_u32(request, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
        if (master != 0)
                xsn_nl_put_u32(request, IFLA_MASTER, master);
        if (kind) {
                xsn_nl_nest_begin(request, IFLA_LINKINFO, NULL, 0);
                xsn_nl_put_str(request, IFLA_INFO_KIND, kind);
                xsn_nl_nest_end(request);
        }
        return query(nl, request, &filter, ret_err);
}

int xsn_nl_get_link(struct xsn_nl *nl, const char *name, uint32_t ifindex, const struct xsn_nl_reader *reader,
                    struct xsnet_error **ret_err)
{
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *request = NULL;
        struct filter filter = { .reader = reader, .wanted = link_wanted };
        struct ifinfomsg hdr = { .ifi_family = AF_UNSPEC, .ifi_index = name ? 0 : (int)ifindex };
        int r = xsn_nl_batch_new(&request, ret_err);

        if (r < 0)
                return r;
        xsn_nl_batch_begin(request, RTM_GETLINK, 0, &hdr, sizeof(hdr), name);
        if (name)
                xsn_nl_put_str(request, IFLA_IFNAME, name);
        xsn_nl_put_u32(request, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
        return query(nl, request, &filter, ret_err);
}

static bool addr_wanted(const struct filter *filter, const struct nlmsghdr *msg)
{
        const struct ifaddrmsg *hdr = xsn_nl_header(msg, sizeof(*hdr));

        return msg->nlmsg_type == RTM_NEWADDR && hdr && (hdr->ifa_family == AF_INET || hdr->ifa_family == AF_INET6) &&
               (filter->ifindex == 0 || hdr->ifa_index == filter->ifindex);
}

int xsn_nl_dump_addrs(struct xsn_nl *nl, uint32_t ifindex, const struct xsn_nl_reader *reader,
                      struct xsnet_error **ret_err)
{
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *request = NULL;
        struct filter filter = { .reader = reader, .wanted = addr_wanted, .ifindex = ifindex };
        struct ifaddrmsg hdr = { .ifa_family = AF_UNSPEC, .ifa_index = ifindex };
        int r = xsn_nl_batch_new(&request, ret_err);

        if (r < 0)
                return r;
        xsn_nl_batch_begin(request, RTM_GETADDR, NLM_F_DUMP, &hdr, sizeof(hdr), NULL);
        return query(nl, request, &filter, ret_err);
}

static bool route_wanted(const struct filter *filter, const struct nlmsghdr *msg)
{
        const struct rtmsg *hdr = xsn_nl_header(msg, sizeof(*hdr));

        (void)filter;
        /* A dump of all families also has MPLS and multicast forwarding. */
        return msg->nlmsg_type == RTM_NEWROUTE && hdr && (hdr->rtm_family == AF_INET || hdr->rtm_family == AF_INET6) &&
               hdr->rtm_type == RTN_UNICAST && !(hdr->rtm_flags & RTM_F_CLONED);
}

int xsn_nl_dump_routes(struct xsn_nl *nl, const struct xsn_nl_reader *reader, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *request = NULL;
        struct filter filter = { .reader = reader, .wanted = route_wanted };
        struct rtmsg hdr = { .rtm_family = AF_UNSPEC, .rtm_type = RTN_UNICAST };
        int r = xsn_nl_batch_new(&request, ret_err);

        if (r < 0)
                return r;
        xsn_nl_batch_begin(request, RTM_GETROUTE, NLM_F_DUMP, &hdr, sizeof(hdr), NULL);
        return query(nl, request, &filter, ret_err);
}

static bool tc_wanted(const struct filter *filter, const struct nlmsghdr *msg)
{
        const struct tcmsg *hdr = xsn_nl_header(msg, sizeof(*hdr));

        return (msg->nlmsg_type == RTM_NEWQDISC || msg->nlmsg_type == RTM_NEWTFILTER) && hdr &&
               (filter->ifindex == 0 || (uint32_t)hdr->tcm_ifindex == filter->ifindex) &&
               (filter->parent == 0 || hdr->tcm_parent == filter->parent);
}

static int dump_tc(struct xsn_nl *nl, uint16_t type, struct filter *filter, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *request = NULL;
        struct tcmsg hdr = {
                .tcm_family = AF_UNSPEC,
                .tcm_ifindex = (int)filter->ifindex,
                .tcm_parent = filter->parent,
        };
        int r = xsn_nl_batch_new(&request, ret_err);

        if (r < 0)
                return r;
        xsn_nl_batch_begin(request, type, NLM_F_DUMP, &hdr, sizeof(hdr), NULL);
        return query(nl, request, filter, ret_err);
}

int xsn_nl_dump_qdiscs(struct xsn_nl *nl, uint32_t ifindex, const struct xsn_nl_reader *reader,
                       struct xsnet_error **ret_err)
{
        struct filter filter = { .reader = reader, .wanted = tc_wanted, .ifindex = ifindex };

        return dump_tc(nl, RTM_GETQDISC, &filter, ret_err);
}

int xsn_nl_dump_filters(struct xsn_nl *nl, uint32_t ifindex, uint32_t parent, const struct xsn_nl_reader *reader,
                        struct xsnet_error **ret_err)
{
        struct filter filter = { .reader = reader, .wanted = tc_wanted, .ifindex = ifindex, .parent = parent };

        return dump_tc(nl, RTM_GETTFILTER, &filter, ret_err);
}
