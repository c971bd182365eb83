/* SPDX-License-Identifier: Apache-2.0 */
/* The netlink transport against the real kernel: packed builds, errors in words, dumps with their filters, events. */
#include <arpa/inet.h>
#include <linux/if_link.h>
#include <linux/pkt_cls.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>

#include "../unit/unit.h"
#include "base/addr.h"
#include "netns_test.h"
#include "transport/netlink_dump.h"
#include "transport/netlink_monitor.h"

#define GROUP     1234567
#define NEW       (NLM_F_CREATE | NLM_F_EXCL)
#define FIRST_IDX 5000

/* Real system calls, counted; receive buffers as small as a test wants. */
struct count {
        int n_sends;
        int n_receives;
        int rcvbuf;     /* 0: what is asked for */
        bool no_strict; /* as before 4.20 */
};

static ssize_t count_sendmsg(void *userdata, int fd, const struct msghdr *msg, int flags)
{
        ((struct count *)userdata)->n_sends++;
        return sendmsg(fd, msg, flags);
}

static ssize_t count_recvmsg(void *userdata, int fd, struct msghdr *msg, int flags)
{
        ((struct count *)userdata)->n_receives++;
        return recvmsg(fd, msg, flags);
}

static int count_setsockopt(void *userdata, int fd, int level, int name, const void *value, socklen_t len)
{
        const struct count *count = userdata;

        if (count->rcvbuf > 0 && level == SOL_SOCKET && name == SO_RCVBUFFORCE)
                return setsockopt(fd, level, SO_RCVBUF, &count->rcvbuf, sizeof(count->rcvbuf));
        if (count->no_strict && level == SOL_NETLINK && name == NETLINK_GET_STRICT_CHK) {
                errno = ENOPROTOOPT;
                return -1;
        }
        return setsockopt(fd, level, name, value, len);
}

static struct xsn_nl_ops count_ops(void)
{
        struct xsn_nl_ops ops = xsn_nl_syscalls;

        ops.sendmsg = count_sendmsg;
        ops.recvmsg = count_recvmsg;
        ops.setsockopt = count_setsockopt;
        return ops;
}

static struct xsn_nl *open_nl(const struct xsn_nl_options *options)
{
        struct xsnet_error *err = NULL;
        struct xsn_nl *nl = NULL;
        int r = xsn_nl_open(options, &nl, &err);

        ck_assert_msg(r == 0, "%s", err ? xsnet_error_get_message(err) : "");
        return nl;
}

static struct xsn_nl_batch *new_batch(void)
{
        struct xsn_nl_batch *batch = NULL;

        ck_assert_int_eq(xsn_nl_batch_new(&batch, NULL), 0);
        return batch;
}

static void send_all(struct xsn_nl *nl, struct xsn_nl_batch *batch)
{
        struct xsnet_error *err = NULL;
        int r = xsn_nl_batch_send(nl, batch, NULL, &err);

        ck_assert_msg(r == 0, "%s", err ? xsnet_error_get_message(err) : "");
        xsn_nl_batch_clear(batch);
}

static void add_bridge(struct xsn_nl_batch *batch, const char *name, int ifindex, int up)
{
        struct ifinfomsg hdr = { .ifi_index = ifindex, .ifi_flags = up ? IFF_UP : 0, .ifi_change = up ? IFF_UP : 0 };

        xsn_nl_batch_begin(batch, RTM_NEWLINK, NEW, &hdr, sizeof(hdr), name);
        xsn_nl_put_str(batch, IFLA_IFNAME, name);
        xsn_nl_nest_begin(batch, IFLA_LINKINFO, NULL, 0);
        xsn_nl_put_str(batch, IFLA_INFO_KIND, "bridge");
        xsn_nl_nest_end(batch);
}

static void put_veth_end(struct xsn_nl_batch *batch, const char *name)
{
        xsn_nl_put_str(batch, IFLA_IFNAME, name);
        xsn_nl_put_u32(batch, IFLA_GROUP, GROUP);
        xsn_nl_put_u32(batch, IFLA_NUM_TX_QUEUES, 1);
        xsn_nl_put_u32(batch, IFLA_NUM_RX_QUEUES, 1);
}

static void add_veth(struct xsn_nl_batch *batch, int i, uint32_t master)
{
        struct ifinfomsg hdr = { .ifi_index = FIRST_IDX + 2 * i };
        struct ifinfomsg peer = { .ifi_index = FIRST_IDX + 2 * i + 1 };
        char name[IFNAMSIZ];

        snprintf(name, sizeof(name), "v%d", i);
        xsn_nl_batch_begin(batch, RTM_NEWLINK, NEW, &hdr, sizeof(hdr), name);
        put_veth_end(batch, name);
        if (master)
                xsn_nl_put_u32(batch, IFLA_MASTER, master);
        xsn_nl_nest_begin(batch, IFLA_LINKINFO, NULL, 0);
        xsn_nl_put_str(batch, IFLA_INFO_KIND, "veth");
        xsn_nl_nest_begin(batch, IFLA_INFO_DATA, NULL, 0);
        xsn_nl_nest_begin(batch, VETH_INFO_PEER, &peer, sizeof(peer));
        snprintf(name, sizeof(name), "p%d", i);
        put_veth_end(batch, name);
        xsn_nl_nest_end(batch);
        xsn_nl_nest_end(batch);
        xsn_nl_nest_end(batch);
}

static void delete_group(struct xsn_nl *nl)
{
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = new_batch();
        struct ifinfomsg hdr = { 0 };

        xsn_nl_batch_begin(batch, RTM_DELLINK, 0, &hdr, sizeof(hdr), "group");
        xsn_nl_put_u32(batch, IFLA_GROUP, GROUP);
        send_all(nl, batch);
}

static int count_message(const struct nlmsghdr *msg, void *userdata, struct xsnet_error **ret_err)
{
        (void)msg;
        (void)ret_err;
        ++*(int *)userdata;
        return 0;
}

static void count_restart(void *userdata)
{
        *(int *)userdata = 0;
}

static int count_links(struct xsn_nl *nl, const char *kind, uint32_t master)
{
        int n = 0;
        struct xsn_nl_reader reader = { .message = count_message, .restart = count_restart, .userdata = &n };
        int r = xsn_nl_dump_links(nl, kind, master, &reader, NULL);

        return r < 0 ? r : n;
}

static void setup(void)
{
        ck_assert_int_eq(netns_test_enter(), 0);
}

START_TEST(three_hundred_pairs_are_built_in_three_sends_and_read_in_one_dump)
{
        struct count count = { 0 };
        struct xsn_nl_ops ops = count_ops();
        struct xsn_nl_options options = { .ops = &ops, .ops_userdata = &count };
        _cleanup_(xsn_nl_closep) struct xsn_nl *nl = open_nl(&options);
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = new_batch();
        int before = count_links(nl, NULL, 0);

        for (int i = 0; i < 4; i++) {
                char name[IFNAMSIZ];

                snprintf(name, sizeof(name), "br%d", i);
                add_bridge(batch, name, 100 + i, 0);
        }
        send_all(nl, batch);
        for (int i = 0; i < 300; i++)
                add_veth(batch, i, i < 30 ? 100 + (unsigned)i % 4 : 0);
        count.n_sends = 0;
        count.n_receives = 0;
        send_all(nl, batch);
        ck_assert_int_eq(count.n_sends, 3);
        ck_assert_int_eq(count.n_receives, 3);

        ck_assert_int_eq(count_links(nl, NULL, 0), before + 604);
        ck_assert_int_eq(count_links(nl, "bridge", 0), 4);
        ck_assert_int_eq(count_links(nl, "veth", 0), 600);
        ck_assert_int_eq(count_links(nl, NULL, 100), 8);
        ck_assert_int_eq(count_links(nl, "veth", 103), 7);
        ck_assert_int_eq(count_links(nl, "bridge", 103), 0);
        /* A kind that the kernel does not know: it sends every link, none is wanted. */
        ck_assert_int_eq(count_links(nl, "xsnet-no-kind", 0), 0);
        delete_group(nl);
        ck_assert_int_eq(count_links(nl, NULL, 0), before + 4);
}
END_TEST

START_TEST(every_failed_message_has_its_own_error_and_the_rest_is_done)
{
        _cleanup_(xsn_nl_closep) struct xsn_nl *nl = open_nl(NULL);
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = new_batch();
        _cleanup_(xsnet_error_freep) struct xsnet_error *err = NULL;
        struct ifinfomsg missing = { .ifi_index = 4711 };

        add_bridge(batch, "br0", 100, 0);
        add_bridge(batch, "br0", 101, 0);
        xsn_nl_batch_begin(batch, RTM_NEWLINK, 0, &missing, sizeof(missing), "index 4711");
        add_veth(batch, 0, 0);
        add_bridge(batch, "br2", 100, 0);
        xsn_nl_batch_begin(batch, RTM_NEWLINK, 0, &(struct ifinfomsg){ .ifi_index = 100 }, sizeof(missing), "br0");
        xsn_nl_put_u32(batch, IFLA_MTU, 10);
        add_bridge(batch, "br1", FIRST_IDX + 3, 0);
        add_veth(batch, 1, 0);
        ck_assert_int_eq(xsn_nl_batch_send(nl, batch, NULL, &err), -EEXIST);
        ck_assert_str_eq(xsnet_error_get_where(err), "linux: RTM_NEWLINK br0");
        ck_assert_str_eq(xsnet_error_get_reason(err), "already-exists");
        ck_assert_int_eq(xsn_nl_batch_result(batch, 0), 0);
        ck_assert_int_eq(xsn_nl_batch_result(batch, 2), -ENODEV);
        ck_assert_int_eq(xsn_nl_batch_result(batch, 3), 0);
        /* An index that is taken: like a taken name for the link itself, in other words for a pair's other end. */
        ck_assert_int_eq(xsn_nl_batch_result(batch, 4), -EEXIST);
        ck_assert_int_eq(xsn_nl_batch_result(batch, 5), -EINVAL);
        ck_assert_int_eq(xsn_nl_batch_result(batch, 6), 0);
        ck_assert_int_eq(xsn_nl_batch_result(batch, 7), -EBUSY);
        err = xsnet_error_free(err);
        ck_assert_int_eq(xsn_nl_batch_error(batch, 5, &err), -EINVAL);
        ck_assert_str_eq(xsnet_error_get_message(err),
                         "RTM_NEWLINK br0: Invalid argument (mtu less than device minimum)");
        ck_assert_int_eq(count_links(nl, "bridge", 0), 2);
}
END_TEST

START_TEST(answers_that_overrun_the_socket_are_unknown_not_success)
{
        struct count count = { .rcvbuf = 1 };
        struct xsn_nl_ops ops = count_ops();
        struct xsn_nl_options options = { .ops = &ops, .ops_userdata = &count };
        _cleanup_(xsn_nl_closep) struct xsn_nl *nl = open_nl(&options);
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = new_batch();
        struct ifinfomsg missing = { .ifi_index = 4711 };
        int n_known = 0;
        int n_unknown = 0;

        for (int i = 0; i < 128; i++)
                xsn_nl_batch_begin(batch, RTM_NEWLINK, 0, &missing, sizeof(missing), NULL);
        ck_assert_int_lt(xsn_nl_batch_send(nl, batch, NULL, NULL), 0);
        for (size_t i = 0; i < 128; i++) {
                int result = xsn_nl_batch_result(batch, i);

                ck_assert(result == -ENODEV || result == -ENOBUFS);
                n_known += result == -ENODEV;
                n_unknown += result == -ENOBUFS;
        }
        ck_assert_int_gt(n_known, 0);
        ck_assert_int_gt(n_unknown, 0);
        /* The socket is usable afterwards, dumps included. */
        ck_assert_int_ge(count_links(nl, NULL, 0), 1);
        xsn_nl_batch_clear(batch);
        add_bridge(batch, "br0", 100, 0);
        send_all(nl, batch);
}
END_TEST

static void add_address(struct xsn_nl_batch *batch, int ifindex, const char *prefix)
{
        struct ifaddrmsg hdr = { .ifa_index = (unsigned)ifindex };
        struct xsn_ip ip;
        size_t len;

        ck_assert_int_eq(xsn_ip_parse_prefix(prefix, &ip), 0);
        hdr.ifa_family = ip.family == 4 ? AF_INET : AF_INET6;
        hdr.ifa_prefixlen = ip.plen;
        hdr.ifa_flags = ip.family == 4 ? 0 : IFA_F_NODAD;
        len = ip.family == 4 ? 4 : 16;
        xsn_nl_batch_begin(batch, RTM_NEWADDR, NEW, &hdr, sizeof(hdr), prefix);
        xsn_nl_put(batch, IFA_LOCAL, ip.b, len);
        xsn_nl_put(batch, IFA_ADDRESS, ip.b, len);
}

static int count_addrs(struct xsn_nl *nl, uint32_t ifindex)
{
        int n = 0;
        struct xsn_nl_reader reader = { .message = count_message, .restart = count_restart, .userdata = &n };
        int r = xsn_nl_dump_addrs(nl, ifindex, &reader, NULL);

        return r < 0 ? r : n;
}

START_TEST(addresses_of_both_families_and_of_one_link)
{
        struct count count = { .no_strict = true };
        struct xsn_nl_ops ops = count_ops();
        struct xsn_nl_options options = { .ops = &ops, .ops_userdata = &count };
        _cleanup_(xsn_nl_closep) struct xsn_nl *nl = open_nl(NULL);
        _cleanup_(xsn_nl_closep) struct xsn_nl *nl_old = open_nl(&options);
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = new_batch();

        add_bridge(batch, "br0", 100, 0);
        add_bridge(batch, "br1", 101, 0);
        xsn_nl_batch_barrier(batch);
        add_address(batch, 100, "192.0.2.1/24");
        add_address(batch, 100, "192.0.2.2/24");
        add_address(batch, 100, "2001:db8::1/64");
        add_address(batch, 101, "198.51.100.1/24");
        send_all(nl, batch);
        ck_assert_int_eq(count_addrs(nl, 0), 4);
        ck_assert_int_eq(count_addrs(nl, 100), 3);
        ck_assert_int_eq(count_addrs(nl, 101), 1);
        ck_assert(xsn_nl_is_strict(nl));
        ck_assert(!xsn_nl_is_strict(nl_old));
        ck_assert_int_eq(count_addrs(nl_old, 0), 4);
        ck_assert_int_eq(count_addrs(nl_old, 100), 3);
        ck_assert_int_eq(count_addrs(nl_old, 101), 1);
}
END_TEST

struct routes {
        int n4, n6, n_table;
};

static int count_route(const struct nlmsghdr *msg, void *userdata, struct xsnet_error **ret_err)
{
        static const struct nla_policy policy[RTA_TABLE + 1] = { [RTA_TABLE] = { .type = NLA_U32 } };
        struct routes *routes = userdata;
        const struct rtmsg *hdr = xsn_nl_header(msg, sizeof(*hdr));
        struct nlattr *tb[RTA_TABLE + 1];

        ck_assert_ptr_nonnull(hdr);
        routes->n4 += hdr->rtm_family == AF_INET;
        routes->n6 += hdr->rtm_family == AF_INET6;
        if (xsn_nl_parse(msg, sizeof(*hdr), tb, RTA_TABLE, policy, ret_err) < 0)
                return -EPROTO;
        routes->n_table += tb[RTA_TABLE] && nla_get_u32(tb[RTA_TABLE]) == 1000;
        return 0;
}

static void forget_routes(void *userdata)
{
        *(struct routes *)userdata = (struct routes){ 0 };
}

START_TEST(routes_of_both_families_and_all_tables_come_once)
{
        _cleanup_(xsn_nl_closep) struct xsn_nl *nl = open_nl(NULL);
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = new_batch();
        struct routes routes = { 0 };
        struct xsn_nl_reader reader = { .message = count_route, .restart = forget_routes, .userdata = &routes };
        struct rtmsg hdr = {
                .rtm_family = AF_INET, .rtm_dst_len = 8, .rtm_type = RTN_UNICAST, .rtm_scope = RT_SCOPE_LINK
        };

        add_bridge(batch, "br0", 100, 1);
        xsn_nl_batch_barrier(batch);
        add_address(batch, 100, "192.0.2.1/24");
        add_address(batch, 100, "2001:db8::1/64");
        xsn_nl_batch_begin(batch, RTM_NEWROUTE, NEW, &hdr, sizeof(hdr), "10.0.0.0/8");
        xsn_nl_put_u32(batch, RTA_TABLE, 1000);
        xsn_nl_put_be32(batch, RTA_DST, 0x0a000000);
        xsn_nl_put_u32(batch, RTA_OIF, 100);
        send_all(nl, batch);
        ck_assert_int_eq(xsn_nl_dump_routes(nl, &reader, NULL), 0);
        ck_assert_int_eq(routes.n_table, 1);
        ck_assert_int_eq(routes.n4, 1 + 1); /* table 1000 and the subnet; not local and broadcast */
        ck_assert_int_gt(routes.n6, 0);
}
END_TEST

START_TEST(qdiscs_and_filters_of_one_link)
{
        _cleanup_(xsn_nl_closep) struct xsn_nl *nl = open_nl(NULL);
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = new_batch();
        struct tcmsg qdisc = { .tcm_handle = TC_H_MAKE(TC_H_INGRESS, 0), .tcm_parent = TC_H_INGRESS };
        struct tcmsg filter = { .tcm_parent = TC_H_MAKE(TC_H_INGRESS, 0),
                                .tcm_info = TC_H_MAKE(1 << 16, htons(0x0003 /* ETH_P_ALL */)) };
        struct tc_u32_sel sel = { .flags = TC_U32_TERMINAL };
        int n = 0;
        struct xsn_nl_reader reader = { .message = count_message, .restart = count_restart, .userdata = &n };

        for (int i = 0; i < 3; i++) {
                add_veth(batch, i, 0);
                xsn_nl_batch_barrier(batch);
                qdisc.tcm_ifindex = FIRST_IDX + 2 * i;
                xsn_nl_batch_begin(batch, RTM_NEWQDISC, NEW, &qdisc, sizeof(qdisc), "ingress");
                xsn_nl_put_str(batch, TCA_KIND, "ingress");
        }
        xsn_nl_batch_barrier(batch);
        filter.tcm_ifindex = FIRST_IDX;
        xsn_nl_batch_begin(batch, RTM_NEWTFILTER, NEW, &filter, sizeof(filter), "u32");
        xsn_nl_put_str(batch, TCA_KIND, "u32");
        xsn_nl_nest_begin(batch, TCA_OPTIONS, NULL, 0);
        xsn_nl_put(batch, TCA_U32_SEL, &sel, sizeof(sel));
        xsn_nl_nest_end(batch);
        send_all(nl, batch);

        ck_assert_int_eq(xsn_nl_dump_qdiscs(nl, FIRST_IDX, &reader, NULL), 0);
        ck_assert_int_ge(n, 1);
        ck_assert_int_le(n, 2); /* the default one may be shown beside ingress */
        n = 0;
        ck_assert_int_eq(xsn_nl_dump_filters(nl, FIRST_IDX, TC_H_MAKE(TC_H_INGRESS, 0), &reader, NULL), 0);
        ck_assert_int_ge(n, 1);
        n = 0;
        ck_assert_int_eq(xsn_nl_dump_filters(nl, FIRST_IDX + 2, TC_H_MAKE(TC_H_INGRESS, 0), &reader, NULL), 0);
        ck_assert_int_eq(n, 0);
}
END_TEST

static int keep_name(const struct nlmsghdr *msg, void *userdata, struct xsnet_error **ret_err)
{
        static const struct nla_policy policy[IFLA_IFNAME + 1] = { [IFLA_IFNAME] = { .type = NLA_STRING } };
        struct nlattr *tb[IFLA_IFNAME + 1];

        ck_assert_int_eq(xsn_nl_parse(msg, sizeof(struct ifinfomsg), tb, IFLA_IFNAME, policy, ret_err), 0);
        snprintf(userdata, IFNAMSIZ, "%s", nla_get_string(tb[IFLA_IFNAME]));
        return 0;
}

START_TEST(one_link_by_name_or_index)
{
        _cleanup_(xsn_nl_closep) struct xsn_nl *nl = open_nl(NULL);
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = new_batch();
        _cleanup_(xsnet_error_freep) struct xsnet_error *err = NULL;
        char name[IFNAMSIZ] = "";
        struct xsn_nl_reader reader = { .message = keep_name, .userdata = name };

        add_bridge(batch, "vif1.0", 100, 0);
        send_all(nl, batch);
        ck_assert_int_eq(xsn_nl_get_link(nl, NULL, 100, &reader, NULL), 0);
        ck_assert_str_eq(name, "vif1.0");
        ck_assert_int_eq(xsn_nl_get_link(nl, "lo", 0, &reader, NULL), 0);
        ck_assert_str_eq(name, "lo");
        ck_assert_int_eq(xsn_nl_get_link(nl, "vif9.9", 0, &reader, &err), -ENODEV);
        ck_assert_str_eq(xsnet_error_get_reason(err), "no-such-device");
        ck_assert_str_eq(xsnet_error_get_where(err), "linux: RTM_GETLINK vif9.9");
}
END_TEST

struct heard {
        int n_new, n_deleted, n_addresses, n_resyncs;
};

static void hear(const struct nlmsghdr *msg, void *userdata)
{
        struct heard *heard = userdata;

        heard->n_new += msg->nlmsg_type == RTM_NEWLINK;
        heard->n_deleted += msg->nlmsg_type == RTM_DELLINK;
        heard->n_addresses += msg->nlmsg_type == RTM_NEWADDR;
}

static void lose(void *userdata)
{
        ((struct heard *)userdata)->n_resyncs++;
}

static struct xsn_nl_monitor *open_monitor(const struct xsn_nl_options *options, struct heard *heard)
{
        static const unsigned groups[] = { RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR };
        struct xsn_nl_listener listener = { .message = hear, .resync = lose, .userdata = heard };
        struct xsn_nl_monitor *monitor = NULL;

        ck_assert_int_eq(xsn_nl_monitor_open(options, groups, 2, &listener, &monitor, NULL), 0);
        return monitor;
}

START_TEST(a_monitor_hears_links_and_addresses)
{
        struct heard heard = { 0 };
        _cleanup_(xsn_nl_closep) struct xsn_nl *nl = open_nl(NULL);
        _cleanup_(xsn_nl_monitor_closep) struct xsn_nl_monitor *monitor = open_monitor(NULL, &heard);
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = new_batch();
        struct pollfd pfd = { .fd = xsn_nl_monitor_get_fd(monitor), .events = POLLIN };

        ck_assert_int_eq(poll(&pfd, 1, 0), 0);
        ck_assert_int_eq(xsn_nl_monitor_dispatch(monitor, NULL), 0);
        add_bridge(batch, "br0", 100, 0);
        xsn_nl_batch_barrier(batch);
        add_address(batch, 100, "192.0.2.1/24");
        add_veth(batch, 0, 0);
        send_all(nl, batch);
        delete_group(nl);
        ck_assert_int_eq(poll(&pfd, 1, 5000), 1);
        ck_assert_int_eq(xsn_nl_monitor_dispatch(monitor, NULL), 0);
        ck_assert_int_ge(heard.n_new, 3);
        ck_assert_int_eq(heard.n_deleted, 2);
        ck_assert_int_eq(heard.n_addresses, 1);
        ck_assert_int_eq(heard.n_resyncs, 0);
        ck_assert_int_eq(poll(&pfd, 1, 0), 0);
}
END_TEST

START_TEST(a_monitor_that_is_overrun_says_so)
{
        struct heard heard = { 0 };
        struct count count = { .rcvbuf = 1 };
        struct xsn_nl_ops ops = count_ops();
        struct xsn_nl_options options = { .ops = &ops, .ops_userdata = &count };
        _cleanup_(xsn_nl_closep) struct xsn_nl *nl = open_nl(NULL);
        _cleanup_(xsn_nl_monitor_closep) struct xsn_nl_monitor *monitor = open_monitor(&options, &heard);
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = new_batch();

        for (int i = 0; i < 20; i++)
                add_veth(batch, i, 0);
        send_all(nl, batch);
        ck_assert_int_eq(xsn_nl_monitor_dispatch(monitor, NULL), 0);
        ck_assert_int_ge(heard.n_resyncs, 1);
        ck_assert_int_lt(heard.n_new, 40);
        /* And it hears again afterwards. */
        heard = (struct heard){ 0 };
        add_bridge(batch, "br0", 100, 0);
        send_all(nl, batch);
        ck_assert_int_eq(xsn_nl_monitor_dispatch(monitor, NULL), 0);
        ck_assert_int_ge(heard.n_new, 1);
        delete_group(nl);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("netlink");
        TCase *tc = tcase_create("kernel");

        if (!netns_test_possible())
                return 77;
        tcase_add_checked_fixture(tc, setup, NULL);
        tcase_set_timeout(tc, 60);
        tcase_add_test(tc, three_hundred_pairs_are_built_in_three_sends_and_read_in_one_dump);
        tcase_add_test(tc, every_failed_message_has_its_own_error_and_the_rest_is_done);
        tcase_add_test(tc, answers_that_overrun_the_socket_are_unknown_not_success);
        tcase_add_test(tc, addresses_of_both_families_and_of_one_link);
        tcase_add_test(tc, routes_of_both_families_and_all_tables_come_once);
        tcase_add_test(tc, qdiscs_and_filters_of_one_link);
        tcase_add_test(tc, one_link_by_name_or_index);
        tcase_add_test(tc, a_monitor_hears_links_and_addresses);
        tcase_add_test(tc, a_monitor_that_is_overrun_says_so);
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
