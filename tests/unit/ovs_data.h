/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recorded databases of data/ovs for the tests of the ovs backend: NAME.json is what a server answered to a monitor,
 * and goes through the transport's copy of the rows as it would from a server. NAME.net, where there is one, is what
 * the machine's kernel has, a line each:
 *
 *      link NUMBER NAME MTU MAC [KIND]         (KIND down: a NIC that is down)
 *      addr NAME ADDRESS/LENGTH [other]        (another program's)
 *      route NAME ADDRESS/LENGTH GATEWAY
 */
#ifndef OVS_DATA_H
#define OVS_DATA_H

#include <check.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/ovs/ovs.h"
#include "base/alloc.h"
#include "transport/ovsdb_rows.h"

struct ovs_data {
        struct xsn_ovsdb_schema *schema;
        struct xsn_ovsdb_rows copy;
        struct ovs_rows rows;
};

/* NULL where there is no such file; free(). */
static inline char *ovs_data_file(const char *name, const char *suffix)
{
        const char *dir = getenv("XSN_TEST_DATA");
        char path[512], piece[4096], *text = NULL;
        struct xsn_buf buf = { 0 };
        size_t n;
        FILE *f;

        (void)snprintf(path, sizeof(path), "%s/ovs/%s%s", dir ? dir : "tests/data", name, suffix);
        f = fopen(path, "r");
        if (!f)
                return NULL;
        while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
                xsn_buf_putn(&buf, piece, n);
        (void)fclose(f);
        ck_assert_int_eq(xsn_buf_take(&buf, &text), 0);
        return text;
}

static inline json_t *ovs_data_json(const char *name, const char *suffix)
{
        char *text = ovs_data_file(name, suffix);
        json_t *json = text ? json_loads(text, 0, NULL) : NULL;

        ck_assert_msg(json != NULL, "%s%s", name, suffix);
        free(text);
        return json;
}

/* Takes <table-updates> in the form of monitor_cond; NULL: what the server does not have is `initial`. */
static inline int ovs_data_update(struct ovs_data *d, const json_t *updates, bool snapshot)
{
        struct xsn_ovsdb_changes changes = { 0 };
        struct xsnet_error *err = NULL;
        int r = 0;

        ck_assert_msg(xsn_ovsdb_rows_update(&d->copy, updates, XSN_OVSDB_DIFF, snapshot, &changes, &err) == 0, "%s",
                      err ? xsnet_error_get_message(err) : "");
        for (int table = 0; table < OVS_N_TABLES; table++)
                xsn_ovs_rows_set_fresh(&d->rows, table,
                                       xsn_ovsdb_rows_defaults(&d->copy, xsn_ovs_tables[table].name));
        for (size_t i = 0; i < changes.n && r == 0; i++)
                r = xsn_ovs_rows_change(&d->rows, changes.v[i].table, changes.v[i].uuid, changes.v[i].after);
        xsn_ovsdb_changes_done(&changes);
        return r;
}

/* schema: taken; without the tables and columns that an old server does not have. */
static inline void ovs_data_load(struct ovs_data *d, const char *name, json_t *schema)
{
        struct xsn_ovsdb_watch watches[OVS_N_TABLES];
        json_t *updates = ovs_data_json(name, ".json");

        memset(d, 0, sizeof(*d));
        ck_assert_int_eq(xsn_ovsdb_schema_parse(schema, &d->schema, NULL), 0);
        ck_assert_int_eq(xsn_ovs_rows_watch(watches), 0);
        for (int i = 0; i < OVS_N_TABLES; i++)
                ck_assert_int_eq(xsn_ovsdb_rows_add_table(&d->copy, watches[i].table, watches[i].columns,
                                                          watches[i].n_columns),
                                 0);
        xsn_ovs_watch_done(watches);
        ck_assert_int_eq(xsn_ovsdb_rows_bind(&d->copy, d->schema), 0);
        ck_assert_int_eq(ovs_data_update(d, updates, true), 0);
        json_decref(updates);
        json_decref(schema);
}

static inline void ovs_data_done(struct ovs_data *d)
{
        xsn_ovs_rows_done(&d->rows);
        xsn_ovsdb_rows_done(&d->copy);
        (void)xsn_ovsdb_schema_free(d->schema);
}

/* ---- the kernel ---- */

static inline void ovs_data_add_link(struct xsn_d0_net *net, const char *line)
{
        char name[IFNAMSIZ], mac[32], kind[IFNAMSIZ] = "";
        struct xsn_d0_link *link;
        unsigned ifindex, mtu;

        ck_assert_int_ge(sscanf(line, "link %u %15s %u %31s %15s", &ifindex, name, &mtu, mac, kind), 4);
        link = xsn_d0_net_make(net, ifindex, name, strcmp(kind, "down") == 0 ? "" : kind);
        ck_assert_ptr_nonnull(link);
        link->flags = strcmp(kind, "down") == 0 ? 0 : IFF_UP;
        link->type = ARPHRD_ETHER;
        link->mtu = mtu;
        link->carrier = link->has_mac = true;
        link->ipv6_off = -1;
        ck_assert_int_eq(xsn_mac_parse(mac, &link->mac), 0);
}

/* A message as the kernel tells it. */
struct ovs_data_message {
        struct nlmsghdr h;
        unsigned char b[256];
};

static inline void ovs_data_begin(struct ovs_data_message *m, uint16_t type, const void *header, size_t len)
{
        memset(m, 0, sizeof(*m));
        m->h.nlmsg_type = type;
        m->h.nlmsg_len = (uint32_t)NLMSG_LENGTH(len);
        memcpy(m->b, header, len);
}

static inline void ovs_data_put(struct ovs_data_message *m, uint16_t type, const void *data, size_t len)
{
        struct nlattr attr = { .nla_type = type, .nla_len = (uint16_t)(NLA_HDRLEN + len) };
        unsigned char *at = (unsigned char *)m + NLMSG_ALIGN(m->h.nlmsg_len);

        memcpy(at, &attr, sizeof(attr));
        memcpy(at + NLA_HDRLEN, data, len);
        m->h.nlmsg_len = (uint32_t)(NLMSG_ALIGN(m->h.nlmsg_len) + NLA_ALIGN(NLA_HDRLEN + len));
}

static inline void ovs_data_add_addr(struct xsn_d0_net *net, const char *line)
{
        struct ifaddrmsg ifa = { .ifa_flags = IFA_F_PERMANENT };
        char name[IFNAMSIZ], text[64], whose[8] = "";
        uint32_t flags = IFA_F_PERMANENT;
        uint8_t proto = XSN_D0_ADDR_PROTO;
        struct ovs_data_message m;
        struct xsn_ip ip;

        ck_assert_int_ge(sscanf(line, "addr %15s %63s %7s", name, text, whose), 2);
        ck_assert_msg(xsn_d0_link_named(net, name) && xsn_ip_parse_prefix(text, &ip) == 0, "%s", line);
        ifa.ifa_family = ip.family == 4 ? AF_INET : AF_INET6;
        ifa.ifa_prefixlen = ip.plen;
        ifa.ifa_index = xsn_d0_link_named(net, name)->ifindex;
        ovs_data_begin(&m, RTM_NEWADDR, &ifa, sizeof(ifa));
        ovs_data_put(&m, IFA_ADDRESS, ip.b, ip.family == 4 ? 4 : 16);
        ovs_data_put(&m, IFA_LOCAL, ip.b, ip.family == 4 ? 4 : 16);
        ovs_data_put(&m, IFA_FLAGS, &flags, sizeof(flags));
        if (!*whose)
                ovs_data_put(&m, 11 /* IFA_PROTO */, &proto, sizeof(proto));
        ck_assert_int_eq(xsn_d0_read_addr(net, &m.h, NULL), 0);
}

static inline void ovs_data_add_route(struct xsn_d0_net *net, const char *line)
{
        struct rtmsg rtm = { .rtm_table = RT_TABLE_MAIN, .rtm_type = RTN_UNICAST, .rtm_protocol = RTPROT_STATIC };
        char name[IFNAMSIZ], to[64], via[64];
        struct ovs_data_message m;
        struct xsn_ip ip, gateway;
        size_t len;

        ck_assert_int_eq(sscanf(line, "route %15s %63s %63s", name, to, via), 3);
        ck_assert_msg(xsn_d0_link_named(net, name) && xsn_ip_parse_prefix(to, &ip) == 0 &&
                              xsn_ip_parse(via, &gateway) == 0,
                      "%s", line);
        len = ip.family == 4 ? 4 : 16;
        rtm.rtm_family = ip.family == 4 ? AF_INET : AF_INET6;
        rtm.rtm_dst_len = ip.plen;
        ovs_data_begin(&m, RTM_NEWROUTE, &rtm, sizeof(rtm));
        if (ip.plen > 0)
                ovs_data_put(&m, RTA_DST, ip.b, len);
        ovs_data_put(&m, RTA_GATEWAY, gateway.b, len);
        ovs_data_put(&m, RTA_OIF, &xsn_d0_link_named(net, name)->ifindex, 4);
        ck_assert_int_eq(xsn_d0_read_route(net, &m.h, NULL), 0);
}

/* false where there is no such file. */
static inline bool ovs_data_net(const char *name, struct xsn_d0_net *ret_net)
{
        char *text = ovs_data_file(name, ".net"), *rest = text, *line;

        memset(ret_net, 0, sizeof(*ret_net));
        if (!text)
                return false;
        ret_net->tells_proto = true;
        while ((line = strsep(&rest, "\n")))
                if (strncmp(line, "link ", 5) == 0)
                        ovs_data_add_link(ret_net, line);
                else if (strncmp(line, "addr ", 5) == 0)
                        ovs_data_add_addr(ret_net, line);
                else if (*line)
                        ovs_data_add_route(ret_net, line);
        free(text);
        return true;
}

#endif
