/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What others have set of addresses and routes that documents cannot say: protocol, metric, scope, labels, flags.
 * It is kept in the payload of the object that has them, as messages about a link of the number 1, and steps that put
 * such an address or route there again repeat the message. So a rollback brings back what was there, not one like it.
 */
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "backend/dom0/payload.h"
#include "backend/dom0/view.h"
#include "base/alloc.h"

#ifndef IFA_PROTO
#define IFA_PROTO 11
#endif
#define MESSAGE_MAX 1024
#define ROUTES_MAX  256 /* of those that are no default: more than that are a routing daemon's, which has them all */

struct message {
        union {
                struct nlmsghdr h;
                unsigned char b[MESSAGE_MAX];
        };
        bool too_long;
};

static void add(struct message *m, uint16_t type, const void *data, size_t len)
{
        struct nlattr attr = { .nla_type = type, .nla_len = (uint16_t)(NLA_HDRLEN + len) };
        size_t at = NLMSG_ALIGN(m->h.nlmsg_len), n = NLA_ALIGN(NLA_HDRLEN + len);

        if (len > MESSAGE_MAX || at + n > sizeof(m->b)) {
                m->too_long = true;
                return;
        }
        memcpy(m->b + at, &attr, sizeof(attr));
        memcpy(m->b + at + NLA_HDRLEN, data, len);
        m->h.nlmsg_len = (uint32_t)(at + n);
}

static void begin(struct message *m, uint16_t type, const void *header, size_t len)
{
        memset(m, 0, sizeof(*m));
        m->h.nlmsg_type = type;
        m->h.nlmsg_len = (uint32_t)NLMSG_LENGTH(len);
        memcpy(m->b + NLMSG_HDRLEN, header, len);
}

static void put_message(struct xsn_buf *buf, const struct message *m, const char *key, bool *any)
{
        if (m->too_long)
                return;
        if (!*any)
                xsn_buf_printf(buf, ";%s=", key);
        *any = true;
        xsn_d0_payload_hex(buf, m->b, NLMSG_ALIGN(m->h.nlmsg_len));
}

/* ---- what is kept ---- */

static void keep_addr(struct xsn_buf *buf, const struct xsn_d0_addr *addr, bool *any)
{
        const struct ifaddrmsg *was = xsn_nl_header(addr->msg, sizeof(*was));
        const struct nlattr *attr = (const void *)((const char *)was + NLMSG_ALIGN(sizeof(*was)));
        int left = (int)(addr->msg->nlmsg_len - NLMSG_HDRLEN - NLMSG_ALIGN(sizeof(*was)));
        /* The others are the kernel's to find. */
        uint32_t flags = addr->flags & (IFA_F_PERMANENT | IFA_F_DEPRECATED | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR |
                                        IFA_F_NOPREFIXROUTE | IFA_F_MCAUTOJOIN);
        struct ifaddrmsg ifa = *was;
        struct message m;

        ifa.ifa_index = XSN_D0_KEPT_INDEX;
        ifa.ifa_flags = 0;
        begin(&m, RTM_NEWADDR, &ifa, sizeof(ifa));
        for (; nla_ok(attr, left); attr = nla_next(attr, &left))
                switch (nla_type(attr)) {
                case IFA_LOCAL:
                case IFA_ADDRESS:
                case IFA_LABEL:
                case IFA_BROADCAST:
                case IFA_ANYCAST:
                case IFA_RT_PRIORITY:
                case IFA_PROTO:
                        add(&m, (uint16_t)nla_type(attr), nla_data(attr), (size_t)nla_len(attr));
                        break;
                default:
                        break;
                }
        add(&m, IFA_FLAGS, &flags, sizeof(flags));
        put_message(buf, &m, "addrs", any);
}

/* Those that end by themselves are a DHCP client's or a router's to set again. */
static bool is_worth_keeping(const struct xsn_d0_route *route)
{
        static const uint8_t others[] = { RTPROT_RA, RTPROT_DHCP };
        const struct rtmsg *rtm = xsn_nl_header(route->msg, sizeof(*rtm));
        bool same = route->plain && route->proto == RTPROT_STATIC && !(rtm->rtm_flags & RTNH_F_ONLINK) &&
                    rtm->rtm_scope == (route->via.family || route->to.family == 6 ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK);

        if (route->by_id || memchr(others, route->proto, sizeof(others)))
                return false;
        /* One of ours needs nothing kept, but for a default route, whose metric no document has. */
        return !same || xsn_d0_route_is_default(route);
}

static void keep_route(struct xsn_buf *buf, const struct xsn_d0_route *route, bool *any)
{
        static const uint32_t oif = XSN_D0_KEPT_INDEX;
        const struct rtmsg *was = xsn_nl_header(route->msg, sizeof(*was));
        const struct nlattr *attr = (const void *)((const char *)was + NLMSG_ALIGN(sizeof(*was)));
        int left = (int)(route->msg->nlmsg_len - NLMSG_HDRLEN - NLMSG_ALIGN(sizeof(*was)));
        struct rtmsg rtm = *was;
        struct message m;

        rtm.rtm_flags &= RTNH_F_ONLINK | RTNH_F_PERVASIVE;
        begin(&m, RTM_NEWROUTE, &rtm, sizeof(rtm));
        for (; nla_ok(attr, left); attr = nla_next(attr, &left)) {
                int type = nla_type(attr);

                if (type == RTA_OIF)
                        add(&m, RTA_OIF, &oif, sizeof(oif));
                else if (type != RTA_CACHEINFO && type != RTA_IIF && type != RTA_UNSPEC)
                        add(&m, (uint16_t)type, nla_data(attr), (size_t)nla_len(attr));
        }
        put_message(buf, &m, "routes", any);
}

int xsn_d0_kept_save(const struct xsn_d0_net *net, const struct xsn_d0_link *place, bool ours,
                     struct xsnet_object *obj)
{
        struct xsn_buf buf = { 0 };
        bool any = false;
        size_t n = 0;

        for (const struct xsn_d0_addr *addr = place->addrs; addr; addr = addr->next)
                if (xsn_d0_addr_is_local4(addr) ||
                    (!addr->dynamic && xsn_d0_addr_counts(addr) && addr->proto != XSN_D0_ADDR_PROTO &&
                     (net->tells_proto || !ours)))
                        keep_addr(&buf, addr, &any);
        any = false;
        for (const struct xsn_d0_route *route = place->routes; route; route = route->next)
                n += is_worth_keeping(route) && !xsn_d0_route_is_default(route);
        for (const struct xsn_d0_route *route = place->routes; route; route = route->next)
                if (is_worth_keeping(route) && (n <= ROUTES_MAX || xsn_d0_route_is_default(route)))
                        keep_route(&buf, route, &any);
        return xsn_d0_payload_append(obj, &buf);
}

/* ---- what was kept ---- */

/* The journal may have been tampered with: a message that the reader refuses is left out, as is all behind it. */
static int load(struct xsn_d0_net *net, const struct xsnet_object *obj, const char *key,
                int (*read)(struct xsn_d0_net *, const struct nlmsghdr *, struct xsnet_error **))
{
        _cleanup_(xsn_freep) unsigned char *data = NULL;
        size_t n = 0, at = 0;
        int r = xsn_d0_payload_bytes(obj, key, &data, &n);

        while (r >= 0 && n - at >= sizeof(struct nlmsghdr)) {
                const struct nlmsghdr *msg = (const void *)(data + at);
                size_t len = msg->nlmsg_len;

                if (len < NLMSG_LENGTH(sizeof(struct ifaddrmsg)) || len > n - at ||
                    len < NLMSG_LENGTH(read == xsn_d0_read_route ? sizeof(struct rtmsg) : sizeof(struct ifaddrmsg)))
                        return 0;
                if (read(net, msg, NULL) < 0)
                        return 0;
                at += NLMSG_ALIGN(len);
                if (at > n)
                        return 0;
        }
        return r;
}

int xsn_d0_kept_load(const struct xsnet_object *obj, struct xsn_d0_net *ret_net)
{
        struct xsn_d0_net net = { 0 };
        int r;

        if (!obj->payload)
                return 0;
        if (!xsn_d0_net_make(&net, XSN_D0_KEPT_INDEX, "kept", "")) {
                xsn_d0_net_done(&net);
                return -ENOMEM;
        }
        r = load(&net, obj, "addrs", xsn_d0_read_addr);
        if (r == 0)
                r = load(&net, obj, "routes", xsn_d0_read_route);
        if (r < 0)
                xsn_d0_net_done(&net);
        else
                *ret_net = net;
        return r;
}

const struct xsn_d0_link *xsn_d0_kept(const struct xsn_d0_net *net)
{
        return xsn_d0_link_at(net, XSN_D0_KEPT_INDEX);
}
