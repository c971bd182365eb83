/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading of received messages: the walk over a datagram, fixed headers, attributes by libnl's policies,
 * the answers' codes and words. Everything is checked against the length of what came.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "transport/netlink_priv.h"

#ifndef NLM_F_CAPPED
#define NLM_F_CAPPED 0x100
#endif
#ifndef NLM_F_ACK_TLVS
#define NLM_F_ACK_TLVS 0x200
#endif

/* NLMSGERR_ATTR_*, since 4.12 */
#define ERROR_ATTR_MSG 1
#define ERROR_TEXT_MAX 240

const struct nlmsghdr *xsn_nl_cursor_next(struct xsn_nl_cursor *cursor)
{
        const struct nlmsghdr *msg = (const struct nlmsghdr *)(const void *)cursor->p;
        size_t step;

        if (cursor->left == 0)
                return NULL;
        if (cursor->left < NLMSG_HDRLEN || msg->nlmsg_len < NLMSG_HDRLEN || msg->nlmsg_len > cursor->left) {
                cursor->bad = true;
                cursor->left = 0;
                return NULL;
        }
        /* Compared before it is rounded up, which could wrap. The last message may lack its padding. */
        step = NLMSG_ALIGN((size_t)msg->nlmsg_len);
        step = step < cursor->left ? step : cursor->left;
        cursor->p += step;
        cursor->left -= step;
        return msg;
}

const void *xsn_nl_header(const struct nlmsghdr *msg, size_t hdrlen)
{
        if (msg->nlmsg_len < NLMSG_HDRLEN || msg->nlmsg_len - NLMSG_HDRLEN < hdrlen)
                return NULL;
        return (const char *)msg + NLMSG_HDRLEN;
}

/* As nla_ok() and nla_next(), in place: half of the work of reading a link was to call them. */
static const struct nlattr *next_attr(const struct nlattr *attr, size_t *left)
{
        size_t step = NLA_ALIGN((size_t)attr->nla_len);

        step = step < *left ? step : *left;
        *left -= step;
        return (const struct nlattr *)(const void *)((const char *)attr + step);
}

/* Of libnl's policies what the library uses: least lengths, numbers of one length, texts that end. */
static bool has_form(const struct nlattr *attr, const struct nla_policy *policy)
{
        static const uint8_t least[] = { [NLA_U8] = 1, [NLA_U16] = 2, [NLA_U32] = 4, [NLA_U64] = 8, [NLA_STRING] = 1 };
        size_t len = attr->nla_len - NLA_HDRLEN;

        if (len < policy->minlen || (policy->type < XSN_ARRAY_SIZE(least) && len < least[policy->type]))
                return false;
        return policy->type != NLA_STRING || ((const char *)attr)[attr->nla_len - 1] == '\0';
}

/* Of several of one type the last counts, as with nla_parse(). */
static bool parse(const void *data, size_t left, struct nlattr **ret_tb, int maxtype, const struct nla_policy *policy)
{
        const struct nlattr *attr = data;

        memset(ret_tb, 0, ((size_t)maxtype + 1) * sizeof(struct nlattr *));
        for (; left >= NLA_HDRLEN && attr->nla_len >= NLA_HDRLEN && attr->nla_len <= left;
             attr = next_attr(attr, &left)) {
                int type = attr->nla_type & NLA_TYPE_MASK;

                if (type > maxtype)
                        continue;
                if (policy && !has_form(attr, &policy[type]))
                        return false;
                ret_tb[type] = (struct nlattr *)(uintptr_t)attr;
        }
        return true;
}

int xsn_nl_parse(const struct nlmsghdr *msg, size_t hdrlen, struct nlattr **ret_tb, int maxtype,
                 const struct nla_policy *policy, struct xsnet_error **ret_err)
{
        const char *data = xsn_nl_header(msg, hdrlen);
        size_t skip = NLMSG_ALIGN(hdrlen);
        size_t len = msg->nlmsg_len - NLMSG_HDRLEN;

        if (!data)
                return xsn_error_set(ret_err, -EPROTO, "bad-reply", "%s: %u bytes are too few",
                                     xsn_nl_type_name(msg->nlmsg_type), msg->nlmsg_len);
        if (!parse(data + skip, len > skip ? len - skip : 0, ret_tb, maxtype, policy))
                return xsn_error_set(ret_err, -EPROTO, "bad-reply", "%s: an attribute has the wrong form",
                                     xsn_nl_type_name(msg->nlmsg_type));
        return 0;
}

int xsn_nl_parse_nested(const struct nlattr *nest, struct nlattr **ret_tb, int maxtype, const struct nla_policy *policy,
                        struct xsnet_error **ret_err)
{
        size_t len = nest->nla_len > NLA_HDRLEN ? nest->nla_len - (size_t)NLA_HDRLEN : 0;

        if (!parse((const char *)nest + NLA_HDRLEN, len, ret_tb, maxtype, policy))
                return xsn_error_set(ret_err, -EPROTO, "bad-reply", "the inside of attribute %d has the wrong form",
                                     nla_type(nest));
        return 0;
}

/* The kernel's words, on one line and bounded. NULL where there is no room: they are an extra. */
static char *clean_text(const char *s)
{
        char *text = xsn_strndup(s, ERROR_TEXT_MAX);

        for (char *p = text; p && *p; p++)
                if ((unsigned char)*p < ' ' || *p == 0x7f)
                        *p = ' ';
        return text;
}

/* Behind the code (and, in errors, the request or its header) are attributes. */
static char *answer_text(const struct nlmsghdr *msg, size_t skip)
{
        static const struct nla_policy policy[ERROR_ATTR_MSG + 1] = {
                [ERROR_ATTR_MSG] = { .type = NLA_STRING },
        };
        struct nlattr *tb[ERROR_ATTR_MSG + 1] = { NULL };

        if (!(msg->nlmsg_flags & NLM_F_ACK_TLVS) || xsn_nl_parse(msg, skip, tb, ERROR_ATTR_MSG, policy, NULL) < 0 ||
            !tb[ERROR_ATTR_MSG] || nla_len(tb[ERROR_ATTR_MSG]) <= 1)
                return NULL;
        return clean_text(nla_get_string(tb[ERROR_ATTR_MSG]));
}

int xsn_nl_answer_code(const struct nlmsghdr *msg, char **ret_text)
{
        const int *done = xsn_nl_header(msg, sizeof(*done));
        const struct nlmsgerr *error = NULL;
        size_t skip = sizeof(*done);

        *ret_text = NULL;
        if (msg->nlmsg_type == NLMSG_DONE) {
                if (!done)
                        return 0; /* kernels are not bound to put a code there */
        } else {
                error = xsn_nl_header(msg, sizeof(*error));
                if (!error)
                        return -EPROTO;
                skip = sizeof(*error);
                if (!(msg->nlmsg_flags & NLM_F_CAPPED) && error->msg.nlmsg_len > NLMSG_HDRLEN)
                        skip += error->msg.nlmsg_len - NLMSG_HDRLEN;
        }
        if (*done > 0 || *done < -4095)
                return -EPROTO;
        if (*done < 0)
                *ret_text = answer_text(msg, skip);
        return *done;
}

const char *xsn_nl_type_name(uint16_t type)
{
        static const struct {
                uint16_t type;
                const char *name;
        } names[] = {
                { RTM_NEWLINK, "RTM_NEWLINK" },         { RTM_DELLINK, "RTM_DELLINK" },
                { RTM_GETLINK, "RTM_GETLINK" },         { RTM_SETLINK, "RTM_SETLINK" },
                { RTM_NEWADDR, "RTM_NEWADDR" },         { RTM_DELADDR, "RTM_DELADDR" },
                { RTM_GETADDR, "RTM_GETADDR" },         { RTM_NEWROUTE, "RTM_NEWROUTE" },
                { RTM_DELROUTE, "RTM_DELROUTE" },       { RTM_GETROUTE, "RTM_GETROUTE" },
                { RTM_NEWNEIGH, "RTM_NEWNEIGH" },       { RTM_DELNEIGH, "RTM_DELNEIGH" },
                { RTM_GETNEIGH, "RTM_GETNEIGH" },       { RTM_NEWRULE, "RTM_NEWRULE" },
                { RTM_DELRULE, "RTM_DELRULE" },         { RTM_GETRULE, "RTM_GETRULE" },
                { RTM_NEWQDISC, "RTM_NEWQDISC" },       { RTM_DELQDISC, "RTM_DELQDISC" },
                { RTM_GETQDISC, "RTM_GETQDISC" },       { RTM_NEWTCLASS, "RTM_NEWTCLASS" },
                { RTM_DELTCLASS, "RTM_DELTCLASS" },     { RTM_GETTCLASS, "RTM_GETTCLASS" },
                { RTM_NEWTFILTER, "RTM_NEWTFILTER" },   { RTM_DELTFILTER, "RTM_DELTFILTER" },
                { RTM_GETTFILTER, "RTM_GETTFILTER" },   { RTM_NEWLINKPROP, "RTM_NEWLINKPROP" },
                { RTM_DELLINKPROP, "RTM_DELLINKPROP" },
        };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(names); i++)
                if (names[i].type == type)
                        return names[i].name;
        return "netlink message";
}

const char *xsn_nl_reason(int code)
{
        static const struct {
                int code;
                const char *reason;
        } reasons[] = {
                { -EPERM, "not-permitted" },
                { -EACCES, "not-permitted" },
                { -EROFS, "not-permitted" },
                { -EBUSY, "device-busy" },
                { -EEXIST, "already-exists" },
                { -ENODEV, "no-such-device" },
                { -ENXIO, "no-such-device" },
                { -ENOENT, "not-found" },
                { -ESRCH, "not-found" },
                { -EADDRNOTAVAIL, "not-found" },
                { -EOPNOTSUPP, "not-supported" },
                { -EAFNOSUPPORT, "not-supported" },
                { -EPROTONOSUPPORT, "not-supported" },
                { -ENOMEM, "out-of-memory" },
                { -ENOBUFS, "outcome-unknown" },
                { -ECANCELED, "not-sent" },
                { -EINPROGRESS, "not-sent" },
                { -EMSGSIZE, "too-long" },
                { -EPROTO, "bad-reply" },
                { -EINVAL, "refused" },
                { -ERANGE, "refused" },
                { -ENETUNREACH, "unreachable" },
                { -EHOSTUNREACH, "unreachable" },
        };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(reasons); i++)
                if (reasons[i].code == code)
                        return reasons[i].reason;
        return "system-error";
}

const char *xsn_nl_errno_text(int code, char buf[XSN_NL_ERRNO_TEXT_MAX])
{
        return strerror_r(-code, buf, XSN_NL_ERRNO_TEXT_MAX);
}
