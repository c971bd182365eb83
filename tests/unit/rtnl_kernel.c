/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of the kernel in memory, and the requests that change them. What a real kernel does by itself
 * is there where the backend counts on it: routes go with the last address of their device, ports and
 * VLANs with their links.
 */
#include "rtnl_kernel.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- attributes ---- */

static const struct nlattr *find(const struct nlmsghdr *msg, size_t hdrlen, int type)
{
        return nla_find((const struct nlattr *)(const void *)((const char *)NLMSG_DATA(msg) + NLMSG_ALIGN(hdrlen)),
                        (int)(msg->nlmsg_len - NLMSG_HDRLEN - NLMSG_ALIGN(hdrlen)), type);
}

static const struct nlattr *inside(const struct nlattr *nest, int type)
{
        return nest ? nla_find(nla_data(nest), nla_len(nest), type) : NULL;
}

static void put(struct nlmsghdr *msg, int type, const void *data, size_t len)
{
        struct nlattr *attr = (void *)((char *)msg + NLMSG_ALIGN(msg->nlmsg_len));

        attr->nla_type = (uint16_t)type;
        attr->nla_len = (uint16_t)(NLA_HDRLEN + len);
        memset(nla_data(attr), 0, NLA_ALIGN(len));
        memcpy(nla_data(attr), data, len);
        msg->nlmsg_len = (uint32_t)(NLMSG_ALIGN(msg->nlmsg_len) + NLA_ALIGN(attr->nla_len));
}

static void put_u32(struct nlmsghdr *msg, int type, uint32_t value)
{
        put(msg, type, &value, sizeof(value));
}

static void put_str(struct nlmsghdr *msg, int type, const char *s)
{
        put(msg, type, s, strlen(s) + 1);
}

static struct nlattr *nest(struct nlmsghdr *msg, int type)
{
        struct nlattr *attr = (void *)((char *)msg + NLMSG_ALIGN(msg->nlmsg_len));

        put(msg, type, "", 0);
        return attr;
}

static void nest_end(const struct nlmsghdr *msg, struct nlattr *attr)
{
        attr->nla_len = (uint16_t)((const char *)msg + msg->nlmsg_len - (char *)attr);
}

/* ---- links ---- */

static struct kernel_link *at(struct kernel *k, uint32_t index)
{
        for (size_t i = 0; index && i < k->n_links; i++)
                if (k->links[i].index == index)
                        return &k->links[i];
        return NULL;
}

struct kernel_link *kernel_find(struct kernel *k, const char *name)
{
        for (size_t i = 0; i < k->n_links; i++)
                if (strcmp(k->links[i].name, name) == 0)
                        return &k->links[i];
        return NULL;
}

struct kernel_link *kernel_add_link(struct kernel *k, const char *name, const char *kind)
{
        struct kernel_link *link = &k->links[k->n_links];

        if (k->n_links == KERNEL_LINKS) {
                k->overflow = true;
                return NULL;
        }
        k->n_links++;
        *link = (struct kernel_link){ .index = ++k->next_index, .mtu = 1500 };
        (void)snprintf(link->name, sizeof(link->name), "%s", name);
        (void)snprintf(link->kind, sizeof(link->kind), "%s", kind);
        link->mac[0] = 2;
        link->mac[5] = (uint8_t)link->index;
        return link;
}

static void take_info(struct kernel *k, struct kernel_link *link, const struct nlattr *data)
{
        const struct nlattr *attr = data ? nla_data(data) : NULL;
        int left = data ? nla_len(data) : 0;

        for (; data && nla_ok(attr, left); attr = nla_next(attr, &left)) {
                size_t i = 0;

                while (i < link->n_info && link->info[i].type != nla_type(attr))
                        i++;
                if (i == KERNEL_DATA || nla_len(attr) > (int)sizeof(link->info[0].data)) {
                        k->overflow = true;
                        continue;
                }
                link->n_info += i == link->n_info;
                link->info[i].type = (uint16_t)nla_type(attr);
                link->info[i].len = (uint16_t)nla_len(attr);
                memcpy(link->info[i].data, nla_data(attr), (size_t)nla_len(attr));
        }
}

static int set_link(struct kernel *k, struct kernel_link *link, const struct nlmsghdr *msg)
{
        const struct ifinfomsg *ifi = NLMSG_DATA(msg);
        const struct nlattr *attr;

        if ((attr = find(msg, sizeof(*ifi), IFLA_MASTER))) {
                if (nla_get_u32(attr) && !at(k, nla_get_u32(attr)))
                        return -EINVAL;
                link->master = nla_get_u32(attr);
        }
        if ((attr = find(msg, sizeof(*ifi), IFLA_IFNAME)))
                (void)snprintf(link->name, sizeof(link->name), "%s", nla_get_string(attr));
        if ((attr = find(msg, sizeof(*ifi), IFLA_MTU)))
                link->mtu = nla_get_u32(attr);
        if ((attr = find(msg, sizeof(*ifi), IFLA_GROUP)))
                link->group = nla_get_u32(attr);
        if ((attr = find(msg, sizeof(*ifi), IFLA_LINK)))
                link->lower = nla_get_u32(attr);
        if ((attr = find(msg, sizeof(*ifi), IFLA_ADDRESS)) && nla_len(attr) == 6)
                memcpy(link->mac, nla_data(attr), 6);
        if ((attr = find(msg, sizeof(*ifi), IFLA_IFALIAS)))
                (void)snprintf(link->alias, sizeof(link->alias), "%.*s", nla_len(attr), (const char *)nla_data(attr));
        take_info(k, link, inside(find(msg, sizeof(*ifi), IFLA_LINKINFO), IFLA_INFO_DATA));
        if (ifi->ifi_change & IFF_UP)
                link->flags = ifi->ifi_flags & IFF_UP;
        return 0;
}

static int new_link(struct kernel *k, const struct nlmsghdr *msg)
{
        const struct ifinfomsg *ifi = NLMSG_DATA(msg);
        const struct nlattr *kind = inside(find(msg, sizeof(*ifi), IFLA_LINKINFO), IFLA_INFO_KIND);
        const struct nlattr *name = find(msg, sizeof(*ifi), IFLA_IFNAME);
        struct kernel_link *link = at(k, (uint32_t)ifi->ifi_index), *named;

        named = name ? kernel_find(k, nla_get_string(name)) : NULL;
        if (!(msg->nlmsg_flags & NLM_F_CREATE)) {
                link = link ? link : named;
                return !link ? -ENODEV : named && named != link ? -EEXIST : set_link(k, link, msg);
        }
        if (named || (link && msg->nlmsg_flags & NLM_F_EXCL))
                return -EEXIST;
        if (!kind || !name)
                return -EOPNOTSUPP;
        link = kernel_add_link(k, nla_get_string(name), nla_get_string(kind));
        if (!link)
                return -ENOMEM;
        if (ifi->ifi_index)
                link->index = (uint32_t)ifi->ifi_index;
        return set_link(k, link, msg);
}

static uint32_t entry_index(const struct nlmsghdr *msg)
{
        const struct nlattr *oif;

        if (msg->nlmsg_type == RTM_NEWADDR)
                return ((const struct ifaddrmsg *)NLMSG_DATA(msg))->ifa_index;
        oif = find(msg, sizeof(struct rtmsg), RTA_OIF);
        return oif ? nla_get_u32(oif) : 0;
}

/* Of a device; type 0: all. */
static void drop_entries(struct kernel *k, uint32_t index, uint16_t type)
{
        size_t n = 0;

        for (size_t i = 0; i < k->n_entries; i++) {
                const struct nlmsghdr *msg = &k->entries[i].u.msg;

                if (entry_index(msg) != index || (type && msg->nlmsg_type != type))
                        k->entries[n++] = k->entries[i];
        }
        k->n_entries = n;
}

static void del_one(struct kernel *k, uint32_t index)
{
        struct kernel_link *link = at(k, index);

        drop_entries(k, index, 0);
        *link = k->links[--k->n_links];
        for (size_t i = 0; i < k->n_links; i++)
                if (k->links[i].master == index)
                        k->links[i].master = 0;
        for (size_t i = 0; i < k->n_links; i++) {
                if (k->links[i].lower == index && strcmp(k->links[i].kind, "vlan") == 0) {
                        del_one(k, k->links[i].index);
                        i = (size_t)-1;
                }
        }
}

static int del_link(struct kernel *k, const struct nlmsghdr *msg)
{
        const struct ifinfomsg *ifi = NLMSG_DATA(msg);
        const struct nlattr *group = find(msg, sizeof(*ifi), IFLA_GROUP);
        int r = -ENODEV;

        if (!group) {
                if (!at(k, (uint32_t)ifi->ifi_index))
                        return -ENODEV;
                del_one(k, (uint32_t)ifi->ifi_index);
                return 0;
        }
        for (size_t i = 0; i < k->n_links; i++) {
                if (k->links[i].group != nla_get_u32(group))
                        continue;
                del_one(k, k->links[i].index);
                i = (size_t)-1;
                r = 0;
        }
        return r;
}

void kernel_fill_link(const struct kernel_link *link, struct nlmsghdr *msg)
{
        struct ifinfomsg *ifi = NLMSG_DATA(msg);
        struct nlattr *linkinfo, *data;

        msg->nlmsg_type = RTM_NEWLINK;
        msg->nlmsg_len = NLMSG_LENGTH(sizeof(*ifi));
        *ifi = (struct ifinfomsg){ .ifi_index = (int)link->index, .ifi_type = ARPHRD_ETHER, .ifi_flags = link->flags };
        put_str(msg, IFLA_IFNAME, link->name);
        put_u32(msg, IFLA_MTU, link->mtu);
        put_u32(msg, IFLA_GROUP, link->group);
        put(msg, IFLA_ADDRESS, link->mac, 6);
        if (link->alias[0])
                put_str(msg, IFLA_IFALIAS, link->alias);
        if (link->master)
                put_u32(msg, IFLA_MASTER, link->master);
        if (link->lower)
                put_u32(msg, IFLA_LINK, link->lower);
        linkinfo = nest(msg, IFLA_LINKINFO);
        put_str(msg, IFLA_INFO_KIND, link->kind);
        data = nest(msg, IFLA_INFO_DATA);
        for (size_t i = 0; i < link->n_info; i++)
                put(msg, link->info[i].type, link->info[i].data, link->info[i].len);
        nest_end(msg, data);
        nest_end(msg, linkinfo);
}

/* ---- addresses and routes ---- */

static bool same_attr(const struct nlmsghdr *a, const struct nlmsghdr *b, size_t hdrlen, int type)
{
        const struct nlattr *x = find(a, hdrlen, type), *y = find(b, hdrlen, type);

        return x && y ? x->nla_len == y->nla_len && memcmp(x, y, x->nla_len) == 0 : x == y;
}

static bool same_entry(const struct nlmsghdr *a, const struct nlmsghdr *b)
{
        const struct ifaddrmsg *x = NLMSG_DATA(a), *y = NLMSG_DATA(b);
        const struct rtmsg *v = NLMSG_DATA(a), *w = NLMSG_DATA(b);

        if (a->nlmsg_type == RTM_NEWADDR)
                return x->ifa_family == y->ifa_family && x->ifa_index == y->ifa_index &&
                       x->ifa_prefixlen == y->ifa_prefixlen && same_attr(a, b, sizeof(*x), IFA_LOCAL);
        return v->rtm_family == w->rtm_family && v->rtm_dst_len == w->rtm_dst_len &&
               same_attr(a, b, sizeof(*v), RTA_DST) && same_attr(a, b, sizeof(*v), RTA_PRIORITY) &&
               same_attr(a, b, sizeof(*v), RTA_OIF);
}

static size_t find_entry(const struct kernel *k, const struct nlmsghdr *msg, uint16_t type)
{
        struct kernel_entry key;

        if (msg->nlmsg_len > sizeof(key.u.bytes))
                return k->n_entries;
        memcpy(key.u.bytes, msg, msg->nlmsg_len);
        key.u.msg.nlmsg_type = type;
        for (size_t i = 0; i < k->n_entries; i++)
                if (k->entries[i].u.msg.nlmsg_type == type && same_entry(&k->entries[i].u.msg, &key.u.msg))
                        return i;
        return k->n_entries;
}

static int new_entry(struct kernel *k, const struct nlmsghdr *msg)
{
        size_t i = find_entry(k, msg, msg->nlmsg_type);

        if (msg->nlmsg_len > sizeof(k->entries[0].u.bytes) || i == KERNEL_ENTRIES) {
                k->overflow = true;
                return -ENOMEM;
        }
        if (i < k->n_entries && !(msg->nlmsg_flags & NLM_F_REPLACE))
                return -EEXIST;
        k->n_entries += i == k->n_entries;
        memcpy(k->entries[i].u.bytes, msg, msg->nlmsg_len);
        if (msg->nlmsg_type == RTM_NEWADDR) {
                ((struct ifaddrmsg *)NLMSG_DATA(&k->entries[i].u.msg))->ifa_flags |= IFA_F_PERMANENT;
        } else if (!at(k, entry_index(msg))) {
                k->n_entries--;
                return -ENODEV;
        }
        return 0;
}

static int del_entry(struct kernel *k, const struct nlmsghdr *msg)
{
        uint16_t type = msg->nlmsg_type == RTM_DELADDR ? RTM_NEWADDR : RTM_NEWROUTE;
        size_t i = find_entry(k, msg, type);
        uint32_t index;

        if (i == k->n_entries)
                return type == RTM_NEWADDR ? -EADDRNOTAVAIL : -ESRCH;
        index = entry_index(&k->entries[i].u.msg);
        k->entries[i] = k->entries[--k->n_entries];
        for (i = 0; i < k->n_entries; i++)
                if (k->entries[i].u.msg.nlmsg_type == RTM_NEWADDR && entry_index(&k->entries[i].u.msg) == index)
                        return 0;
        /* The last address: the routes out of the device go, too. */
        if (type == RTM_NEWADDR)
                drop_entries(k, index, RTM_NEWROUTE);
        return 0;
}

void kernel_add_addr(struct kernel *k, const char *name, const char *addr, int plen)
{
        struct kernel_entry *e = &k->entries[k->n_entries++];
        struct ifaddrmsg *ifa = NLMSG_DATA(&e->u.msg);
        struct in_addr in;

        memset(e, 0, sizeof(*e));
        e->u.msg.nlmsg_type = RTM_NEWADDR;
        e->u.msg.nlmsg_len = NLMSG_LENGTH(sizeof(*ifa));
        *ifa = (struct ifaddrmsg){ .ifa_family = AF_INET,
                                   .ifa_prefixlen = (uint8_t)plen,
                                   .ifa_flags = IFA_F_PERMANENT,
                                   .ifa_index = kernel_find(k, name)->index };
        (void)inet_pton(AF_INET, addr, &in);
        put(&e->u.msg, IFA_ADDRESS, &in, sizeof(in));
        put(&e->u.msg, IFA_LOCAL, &in, sizeof(in));
}

void kernel_add_route(struct kernel *k, const char *name, const char *via)
{
        struct kernel_entry *e = &k->entries[k->n_entries++];
        struct rtmsg *rtm = NLMSG_DATA(&e->u.msg);
        struct in_addr in;

        memset(e, 0, sizeof(*e));
        e->u.msg.nlmsg_type = RTM_NEWROUTE;
        e->u.msg.nlmsg_len = NLMSG_LENGTH(sizeof(*rtm));
        *rtm = (struct rtmsg){ .rtm_family = AF_INET,
                               .rtm_table = RT_TABLE_MAIN,
                               .rtm_protocol = RTPROT_BOOT,
                               .rtm_type = RTN_UNICAST };
        (void)inet_pton(AF_INET, via, &in);
        put(&e->u.msg, RTA_GATEWAY, &in, sizeof(in));
        put_u32(&e->u.msg, RTA_OIF, kernel_find(k, name)->index);
}

/* ---- printing ---- */

static int compare(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

static void print_entry(const struct kernel *k, const struct nlmsghdr *msg, char *line, size_t size)
{
        bool addr = msg->nlmsg_type == RTM_NEWADDR;
        const struct nlattr *a = addr ? find(msg, sizeof(struct ifaddrmsg), IFA_LOCAL)
                                      : find(msg, sizeof(struct rtmsg), RTA_GATEWAY);
        const struct kernel_link *link = at((struct kernel *)(uintptr_t)k, entry_index(msg));
        char text[INET_ADDRSTRLEN] = "-";

        if (a && nla_len(a) == 4)
                (void)inet_ntop(AF_INET, nla_data(a), text, sizeof(text));
        (void)snprintf(line, size, "%s %s %s/%u", addr ? "addr" : "route", link ? link->name : "?", text,
                       ((const struct ifaddrmsg *)NLMSG_DATA(msg))->ifa_prefixlen);
}

char *kernel_print(const struct kernel *k)
{
        size_t n = k->n_links + k->n_entries;
        char **lines = calloc(n + 1, sizeof(*lines));
        char *text = calloc(n + 1, 512);

        for (size_t i = 0; i < n; i++) {
                const struct kernel_link *l = &k->links[i];
                const struct kernel_link *master;

                lines[i] = calloc(1, 512);
                if (i >= k->n_links) {
                        print_entry(k, &k->entries[i - k->n_links].u.msg, lines[i], 512);
                        continue;
                }
                master = at((struct kernel *)(uintptr_t)k, l->master);
                (void)snprintf(lines[i], 512, "link %s %s mtu %u master %s %s group %u alias '%s'", l->name, l->kind,
                               l->mtu, master ? master->name : "-", l->flags & IFF_UP ? "up" : "down", l->group,
                               l->alias);
        }
        qsort((void *)lines, n, sizeof(*lines), compare);
        for (size_t i = 0; i < n; i++) {
                (void)strcat(strcat(text, lines[i]), "\n");
                free(lines[i]);
        }
        free((void *)lines);
        return text;
}

/* ---- requests ---- */

int kernel_do(struct kernel *k, const struct nlmsghdr *msg)
{
        switch (msg->nlmsg_type) {
        case RTM_NEWLINK:
        case RTM_SETLINK:
                return new_link(k, msg);
        case RTM_DELLINK:
                return del_link(k, msg);
        case RTM_NEWADDR:
        case RTM_NEWROUTE:
                return new_entry(k, msg);
        case RTM_DELADDR:
        case RTM_DELROUTE:
                return del_entry(k, msg);
        default:
                k->overflow = true;
                return -EOPNOTSUPP;
        }
}
