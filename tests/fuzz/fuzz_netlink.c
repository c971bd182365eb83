/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel (or whoever else) sends, as bytes: input[0] chooses the question, then come datagrams, each
 * with its length in two bytes and a byte of flags. Sequence numbers start at 1, so inputs can answer.
 */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "transport/netlink_dump.h"
#include "transport/netlink_monitor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
        FLAG_TRUNCATED = 1,
        FLAG_STRANGER = 2,
        FLAG_OVERRUN = 4,
        FLAG_INTERRUPTED = 8
};

struct input {
        const uint8_t *p;
        size_t left;
        uint32_t sum; /* of what was read, so that reading is not optimised away */
};

static int answer_socket(void *userdata, int domain, int type, int protocol)
{
        (void)userdata;
        (void)domain;
        (void)type;
        (void)protocol;
        return 1000000;
}

static int answer_setsockopt(void *userdata, int fd, int level, int name, const void *value, socklen_t len)
{
        (void)userdata;
        (void)fd;
        (void)level;
        (void)name;
        (void)value;
        (void)len;
        return 0;
}

static int answer_getsockopt(void *userdata, int fd, int level, int name, void *ret_value, socklen_t *len)
{
        (void)ret_value;
        (void)len;
        return answer_setsockopt(userdata, fd, level, name, NULL, 0) - 1;
}

static int answer_bind(void *userdata, int fd, const struct sockaddr *addr, socklen_t len)
{
        (void)userdata;
        (void)fd;
        (void)addr;
        (void)len;
        return 0;
}

static ssize_t answer_sendmsg(void *userdata, int fd, const struct msghdr *msg, int flags)
{
        (void)userdata;
        (void)fd;
        (void)flags;
        return (ssize_t)msg->msg_iov[0].iov_len;
}

static ssize_t answer_recvmsg(void *userdata, int fd, struct msghdr *msg, int flags)
{
        struct input *in = userdata;
        struct sockaddr_nl from = { .nl_family = AF_NETLINK };
        size_t len;
        uint8_t flag;

        (void)fd;
        (void)flags;
        errno = EAGAIN;
        if (in->left < 3)
                return -1;
        len = in->p[0] + 256U * in->p[1];
        flag = in->p[2];
        in->p += 3;
        in->left -= 3;
        errno = flag & FLAG_OVERRUN ? ENOBUFS : EINTR;
        if (flag & (FLAG_OVERRUN | FLAG_INTERRUPTED))
                return -1;
        len = len < in->left ? len : in->left;
        len = len < msg->msg_iov[0].iov_len ? len : msg->msg_iov[0].iov_len;
        memcpy(msg->msg_iov[0].iov_base, in->p, len);
        in->p += len;
        in->left -= len;
        from.nl_pid = flag & FLAG_STRANGER ? 4711 : 0;
        memcpy(msg->msg_name, &from, sizeof(from));
        msg->msg_namelen = sizeof(from);
        msg->msg_flags = flag & FLAG_TRUNCATED ? MSG_TRUNC : 0;
        return (ssize_t)len;
}

static int answer_close(void *userdata, int fd)
{
        (void)userdata;
        (void)fd;
        return 0;
}

static const struct xsn_nl_ops ops = {
        .socket = answer_socket,
        .setsockopt = answer_setsockopt,
        .getsockopt = answer_getsockopt,
        .bind = answer_bind,
        .sendmsg = answer_sendmsg,
        .recvmsg = answer_recvmsg,
        .close = answer_close,
};

static void add_text(struct input *in, const struct nlattr *a)
{
        if (a)
                in->sum += (uint32_t)strlen(nla_get_string(a));
}

/* Reads a link as backends do: policies, then the getters without further checks. */
static int read_link(const struct nlmsghdr *msg, void *userdata, struct xsnet_error **ret_err)
{
        static const struct nla_policy policy[IFLA_MAX + 1] = {
                [IFLA_IFNAME] = { .type = NLA_STRING, .maxlen = 16 },
                [IFLA_MTU] = { .type = NLA_U32 },
                [IFLA_MASTER] = { .type = NLA_U32 },
                [IFLA_IFALIAS] = { .type = NLA_STRING },
                [IFLA_LINKINFO] = { .type = NLA_NESTED },
                [IFLA_ADDRESS] = { .minlen = 6 },
        };
        static const struct nla_policy info_policy[IFLA_INFO_MAX + 1] = {
                [IFLA_INFO_KIND] = { .type = NLA_STRING },
                [IFLA_INFO_DATA] = { .type = NLA_NESTED },
                [IFLA_INFO_SLAVE_KIND] = { .type = NLA_STRING },
                [IFLA_INFO_SLAVE_DATA] = { .type = NLA_NESTED },
        };
        static const struct nla_policy port_policy[IFLA_BRPORT_MAX + 1] = { [IFLA_BRPORT_ISOLATED] = {
                                                                                    .type = NLA_U8 } };
        struct nlattr *tb[IFLA_MAX + 1];
        struct nlattr *info[IFLA_INFO_MAX + 1];
        struct nlattr *port[IFLA_BRPORT_MAX + 1];
        struct input *in = userdata;
        const struct ifinfomsg *hdr = xsn_nl_header(msg, sizeof(*hdr));
        int r = xsn_nl_parse(msg, sizeof(*hdr), tb, IFLA_MAX, policy, ret_err);

        if (r < 0)
                return r;
        in->sum += (uint32_t)hdr->ifi_index + (tb[IFLA_MTU] ? nla_get_u32(tb[IFLA_MTU]) : 0);
        add_text(in, tb[IFLA_IFNAME]);
        add_text(in, tb[IFLA_IFALIAS]);
        if (tb[IFLA_ADDRESS])
                in->sum += ((const uint8_t *)nla_data(tb[IFLA_ADDRESS]))[5];
        if (!tb[IFLA_LINKINFO])
                return 0;
        r = xsn_nl_parse_nested(tb[IFLA_LINKINFO], info, IFLA_INFO_MAX, info_policy, ret_err);
        if (r < 0)
                return r;
        add_text(in, info[IFLA_INFO_KIND]);
        if (info[IFLA_INFO_SLAVE_DATA]) {
                r = xsn_nl_parse_nested(info[IFLA_INFO_SLAVE_DATA], port, IFLA_BRPORT_MAX, port_policy, ret_err);
                if (r == 0 && port[IFLA_BRPORT_ISOLATED])
                        in->sum += nla_get_u8(port[IFLA_BRPORT_ISOLATED]);
        }
        return r;
}

static void hear(const struct nlmsghdr *msg, void *userdata)
{
        (void)read_link(msg, userdata, NULL);
}

static void lose(void *userdata)
{
        ((struct input *)userdata)->sum++;
}

static void try_send(struct xsn_nl *nl, struct input *in)
{
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = NULL;
        _cleanup_(xsnet_error_freep) struct xsnet_error *err = NULL;
        struct xsn_nl_send_options options = { .max_messages = 3 };
        struct ifinfomsg hdr = { 0 };

        if (xsn_nl_batch_new(&batch, NULL) < 0)
                return;
        for (int i = 0; i < 5; i++)
                xsn_nl_batch_begin(batch, RTM_NEWLINK, 0, &hdr, sizeof(hdr), "br");
        (void)xsn_nl_batch_send(nl, batch, &options, &err);
        for (size_t i = 0; i < 5; i++)
                in->sum += (uint32_t)xsn_nl_batch_result(batch, i);
        if (err)
                in->sum += (uint32_t)strlen(xsnet_error_get_message(err));
}

static void try_monitor(const struct xsn_nl_options *options, struct input *in)
{
        _cleanup_(xsn_nl_monitor_closep) struct xsn_nl_monitor *monitor = NULL;
        struct xsn_nl_listener listener = { .message = hear, .resync = lose, .userdata = in };

        if (xsn_nl_monitor_open(options, NULL, 0, &listener, &monitor, NULL) == 0)
                (void)xsn_nl_monitor_dispatch(monitor, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct input in = { .p = data, .left = size };
        struct xsn_nl_options options = { .ops = &ops, .ops_userdata = &in };
        struct xsn_nl_reader reader = { .message = read_link, .userdata = &in };
        _cleanup_(xsnet_error_freep) struct xsnet_error *err = NULL;
        _cleanup_(xsn_nl_closep) struct xsn_nl *nl = NULL;
        uint8_t question = 0;

        if (size > 0) {
                question = *in.p++;
                in.left--;
        }
        if (xsn_nl_open(&options, &nl, NULL) < 0)
                return 0;
        switch (question % 6) {
        case 0:
                try_send(nl, &in);
                break;
        case 1:
                (void)xsn_nl_dump_links(nl, "bridge", 0, &reader, &err);
                break;
        case 2:
                (void)xsn_nl_dump_links(nl, NULL, 0, &reader, &err);
                break;
        case 3:
                (void)xsn_nl_get_link(nl, "br", 0, &reader, &err);
                break;
        case 4:
                (void)xsn_nl_dump_routes(nl, &reader, &err);
                break;
        default:
                try_monitor(&options, &in);
                break;
        }
        return 0;
}
