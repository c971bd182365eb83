/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The least that any process can do on this kernel to reach, check, mend and remove the benchmark's state: what the
 * library is measured against. The state, for each i of N: a bridge br<i> (MTU 9000, up, one IPv4 /24 of dom0) and
 * vif<i+1>.0 as its port (MTU 9000, up). The vifs stand before; they are detached, not deleted.
 *
 * usage: floor [-n N] [-6 on|off|bridges] [-a] VERB
 *   -6   IPv6: on; off on all links, before they are first up; on the bridges only, off on the vifs
 *   -a   with the owner's mark as alias on bridges and vifs, which the library writes too
 * verbs
 *   start   nothing
 *   build   three messages per i, interface indexes chosen here, so that nothing is read back
 *   check   reads links and addresses and compares; status 1 where something differs
 *   verify  the same with the IPv6 setting
 *   mend    reads, compares, and sends what differs
 *   break   gives one bridge another MTU
 *   remove  deletes the bridges, eight at a time, by a group of their own
 *   gone    status 1 where a bridge is left, or a vif is not there or still a port
 */
#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>
#include <linux/ipv6.h>

enum {
        PACK = 128,           /* messages in a send */
        FIRST_INDEX = 100000, /* of the bridges; nothing else on the machine is near */
        MTU = 9000,
        WRONG_MTU = 8000,
        DELETE_PACK = 8, /* a bridge holds the kernel's RTNL lock for 17 ms as it goes */
        SYSCTL_PACK = 64 /* links made before their IPv6 is switched off */
};

enum ipv6 {
        IPV6_ON,
        IPV6_OFF,
        IPV6_ON_BRIDGES
};

struct link {
        unsigned index;
        unsigned mtu;
        unsigned master;
        uint32_t address; /* network order; 0: none */
        bool up;
        bool ipv6_off;
        char kind;
};

struct bench {
        struct wire wire;
        unsigned n;
        enum ipv6 ipv6;
        bool alias;
        bool judge_ipv6;
        struct link *bridges; /* as observed; index 0: not there */
        struct link *vifs;
};

static void bridge_name(char name[IFNAMSIZ], unsigned i)
{
        (void)snprintf(name, IFNAMSIZ, "br%u", i);
}

static void vif_name(char name[IFNAMSIZ], unsigned i)
{
        (void)snprintf(name, IFNAMSIZ, "vif%u.0", i + 1);
}

static uint32_t address_of(unsigned i)
{
        return htonl(0x0a000001U + (i << 8));
}

/* ---- build ---- */

static void put_alias(struct nlmsghdr *msg, const char *bridge)
{
        char text[64];

        (void)snprintf(text, sizeof(text), "xsnet:bench;net=%s", bridge);
        wire_put_str(msg, IFLA_IFALIAS, text);
}

static void add_bridge(struct bench *b, unsigned i, bool up)
{
        struct ifinfomsg head = { .ifi_index = (int)(FIRST_INDEX + i),
                                  .ifi_flags = up ? IFF_UP : 0,
                                  .ifi_change = up ? IFF_UP : 0 };
        struct nlmsghdr *msg = wire_begin(&b->wire, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &head, sizeof(head));
        char name[IFNAMSIZ];
        struct rtattr *info;

        bridge_name(name, i);
        wire_put_str(msg, IFLA_IFNAME, name);
        wire_put_u32(msg, IFLA_MTU, MTU);
        info = wire_put(msg, IFLA_LINKINFO, NULL, 0);
        wire_put_str(msg, IFLA_INFO_KIND, "bridge");
        wire_nest_end(msg, info);
        wire_end(&b->wire, msg);
}

/* What the creation of a link refuses to take: its alias; and its being up where IPv6 had to go first. */
static void finish_bridge(struct bench *b, unsigned i, bool up)
{
        struct ifinfomsg head = { .ifi_index = (int)(FIRST_INDEX + i),
                                  .ifi_flags = up ? IFF_UP : 0,
                                  .ifi_change = up ? IFF_UP : 0 };
        struct nlmsghdr *msg;
        char name[IFNAMSIZ];

        if (!up && !b->alias)
                return;
        msg = wire_begin(&b->wire, RTM_NEWLINK, 0, &head, sizeof(head));
        bridge_name(name, i);
        if (b->alias)
                put_alias(msg, name);
        wire_end(&b->wire, msg);
}

static void add_address(struct bench *b, unsigned i, unsigned index)
{
        struct ifaddrmsg head = { .ifa_family = AF_INET, .ifa_prefixlen = 24, .ifa_index = index };
        struct nlmsghdr *msg = wire_begin(&b->wire, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &head, sizeof(head));
        uint32_t address = address_of(i);

        wire_put(msg, IFA_LOCAL, &address, sizeof(address));
        wire_put(msg, IFA_ADDRESS, &address, sizeof(address));
        wire_end(&b->wire, msg);
}

/* The kernel finds the vif by its name: its index need not be known. */
static void attach_vif(struct bench *b, unsigned i)
{
        struct ifinfomsg head = { .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
        struct nlmsghdr *msg = wire_begin(&b->wire, RTM_NEWLINK, 0, &head, sizeof(head));
        char name[IFNAMSIZ];

        vif_name(name, i);
        wire_put_str(msg, IFLA_IFNAME, name);
        wire_put_u32(msg, IFLA_MTU, MTU);
        wire_put_u32(msg, IFLA_MASTER, FIRST_INDEX + i);
        if (b->alias) {
                bridge_name(name, i);
                put_alias(msg, name);
        }
        wire_end(&b->wire, msg);
}

static void switch_off_ipv6(const char *name)
{
        char path[64 + IFNAMSIZ];
        int fd;

        (void)snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", name);
        fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0 || write(fd, "1", 1) != 1)
                wire_die(path);
        close(fd);
}

/* Objects first to end-1. Files and messages take turns, so links are made in packs before the next files. */
static void build_some(struct bench *b, unsigned first, unsigned end)
{
        bool down_first = b->ipv6 == IPV6_OFF;
        char name[IFNAMSIZ];

        for (unsigned i = first; down_first && i < end; i++)
                add_bridge(b, i, false);
        wire_flush(&b->wire);
        for (unsigned i = first; b->ipv6 != IPV6_ON && i < end; i++) {
                vif_name(name, i);
                switch_off_ipv6(name);
                bridge_name(name, i);
                if (down_first)
                        switch_off_ipv6(name);
        }
        for (unsigned i = first; i < end; i++) {
                if (!down_first)
                        add_bridge(b, i, true);
                finish_bridge(b, i, down_first);
                add_address(b, i, FIRST_INDEX + i);
                attach_vif(b, i);
        }
}

static int build(struct bench *b)
{
        unsigned step = b->ipv6 == IPV6_ON ? b->n : SYSCTL_PACK;

        for (unsigned i = 0; i < b->n; i += step)
                build_some(b, i, i + step < b->n ? i + step : b->n);
        wire_flush(&b->wire);
        return b->wire.refused ? 1 : 0;
}

/* ---- read back ---- */

/* The object number at the end of a name that is ours; n: a stranger's. */
static unsigned number_of(const char *digits, unsigned first, const char *end, unsigned n)
{
        char *stop;
        unsigned long i = strtoul(digits, &stop, 10);

        return stop == digits || strcmp(stop, end) != 0 || i < first || i - first >= n ? n : (unsigned)(i - first);
}

static void read_kind(const struct rtattr *info, struct link *link)
{
        const struct rtattr *a = RTA_DATA(info);

        for (int left = (int)RTA_PAYLOAD(info); RTA_OK(a, left); a = RTA_NEXT(a, left))
                if (a->rta_type == IFLA_INFO_KIND)
                        link->kind = *(const char *)RTA_DATA(a);
}

/* disable_ipv6 stands in an array of all settings of the link. */
static void read_ipv6(const struct rtattr *families, struct link *link)
{
        const struct rtattr *family = RTA_DATA(families);

        for (int left = (int)RTA_PAYLOAD(families); RTA_OK(family, left); family = RTA_NEXT(family, left)) {
                const struct rtattr *a = RTA_DATA(family);

                if (family->rta_type != AF_INET6)
                        continue;
                for (int rest = (int)RTA_PAYLOAD(family); RTA_OK(a, rest); a = RTA_NEXT(a, rest))
                        if (a->rta_type == IFLA_INET6_CONF)
                                link->ipv6_off = ((const int *)RTA_DATA(a))[DEVCONF_DISABLE_IPV6] != 0;
        }
}

static void on_link(const struct nlmsghdr *msg, void *userdata)
{
        const struct ifinfomsg *head = NLMSG_DATA(msg);
        const struct rtattr *a = IFLA_RTA(head);
        struct bench *b = userdata;
        struct link link = { .index = (unsigned)head->ifi_index, .up = head->ifi_flags & IFF_UP };
        const char *name = "";
        unsigned i;

        for (int left = (int)IFLA_PAYLOAD(msg); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
                if (a->rta_type == IFLA_IFNAME)
                        name = RTA_DATA(a);
                else if (a->rta_type == IFLA_MTU)
                        link.mtu = *(const uint32_t *)RTA_DATA(a);
                else if (a->rta_type == IFLA_MASTER)
                        link.master = *(const uint32_t *)RTA_DATA(a);
                else if (a->rta_type == IFLA_LINKINFO)
                        read_kind(a, &link);
                else if (a->rta_type == IFLA_AF_SPEC && b->judge_ipv6)
                        read_ipv6(a, &link);
        }
        if (!strncmp(name, "br", 2)) {
                i = number_of(name + 2, 0, "", b->n);
                if (i < b->n)
                        b->bridges[i] = link;
        } else if (!strncmp(name, "vif", 3)) {
                i = number_of(name + 3, 1, ".0", b->n);
                if (i < b->n)
                        b->vifs[i] = link;
        }
}

/* The bridge of an index: ours are where build put them, another builder's have to be looked for. */
static struct link *find_bridge(struct bench *b, unsigned index)
{
        unsigned low = 0, high = b->n;

        if (index - FIRST_INDEX < b->n && b->bridges[index - FIRST_INDEX].index == index)
                return &b->bridges[index - FIRST_INDEX];
        while (low < high) { /* whoever makes them one after the other has rising indexes */
                unsigned middle = low + (high - low) / 2;

                if (b->bridges[middle].index < index)
                        low = middle + 1;
                else
                        high = middle;
        }
        if (low < b->n && b->bridges[low].index == index)
                return &b->bridges[low];
        for (unsigned i = 0; i < b->n; i++)
                if (b->bridges[i].index == index)
                        return &b->bridges[i];
        return NULL;
}

static void on_address(const struct nlmsghdr *msg, void *userdata)
{
        const struct ifaddrmsg *head = NLMSG_DATA(msg);
        const struct rtattr *a = IFA_RTA(head);
        struct link *bridge = find_bridge(userdata, head->ifa_index);

        for (int left = (int)IFA_PAYLOAD(msg); bridge && RTA_OK(a, left); a = RTA_NEXT(a, left))
                if (a->rta_type == IFA_LOCAL && head->ifa_prefixlen == 24)
                        bridge->address = *(const uint32_t *)RTA_DATA(a);
}

static void observe(struct bench *b)
{
        b->bridges = calloc(b->n, sizeof(*b->bridges));
        b->vifs = calloc(b->n, sizeof(*b->vifs));
        if (!b->bridges || !b->vifs)
                wire_die("memory");
        wire_dump_links(&b->wire, on_link, b);
        wire_dump_addresses(&b->wire, on_address, b);
}

/* ---- compare ---- */

static bool link_differs(const struct bench *b, const struct link *link, unsigned master, bool ipv6_off)
{
        return link->mtu != MTU || !link->up || link->master != master || (b->judge_ipv6 && link->ipv6_off != ipv6_off);
}

/* Says of the first few objects what is wrong. */
static void complain(const struct bench *b, unsigned i)
{
        const struct link *br = &b->bridges[i], *vif = &b->vifs[i];

        (void)fprintf(stderr,
                      "object %u: bridge index %u kind %c mtu %u up %d address %08x ipv6-off %d; "
                      "vif index %u mtu %u up %d master %u ipv6-off %d\n",
                      i, br->index, br->kind ? br->kind : '-', br->mtu, br->up, ntohl(br->address), br->ipv6_off,
                      vif->index, vif->mtu, vif->up, vif->master, vif->ipv6_off);
}

static int check(struct bench *b)
{
        unsigned wrong = 0;

        observe(b);
        for (unsigned i = 0; i < b->n; i++) {
                const struct link *br = &b->bridges[i], *vif = &b->vifs[i];

                if (br->index && br->kind == 'b' && br->address == address_of(i) && vif->index &&
                    !link_differs(b, br, 0, b->ipv6 == IPV6_OFF) &&
                    !link_differs(b, vif, br->index, b->ipv6 != IPV6_ON))
                        continue;
                if (wrong++ < 3)
                        complain(b, i);
        }
        return wrong ? 1 : 0;
}

static void mend_link(struct bench *b, const struct link *link, unsigned master)
{
        struct ifinfomsg head = { .ifi_index = (int)link->index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
        struct nlmsghdr *msg;

        if (!link->index || !link_differs(b, link, master, link->ipv6_off))
                return;
        msg = wire_begin(&b->wire, RTM_NEWLINK, 0, &head, sizeof(head));
        if (link->mtu != MTU)
                wire_put_u32(msg, IFLA_MTU, MTU);
        if (link->master != master)
                wire_put_u32(msg, IFLA_MASTER, master);
        wire_end(&b->wire, msg);
}

static int mend(struct bench *b)
{
        observe(b);
        for (unsigned i = 0; i < b->n; i++) {
                mend_link(b, &b->bridges[i], 0);
                mend_link(b, &b->vifs[i], b->bridges[i].index);
                if (b->bridges[i].index && b->bridges[i].address != address_of(i))
                        add_address(b, i, b->bridges[i].index);
        }
        wire_flush(&b->wire);
        return b->wire.refused ? 1 : 0;
}

static int break_one(struct bench *b)
{
        struct ifinfomsg head = { .ifi_family = AF_UNSPEC };
        struct nlmsghdr *msg = wire_begin(&b->wire, RTM_NEWLINK, 0, &head, sizeof(head));
        char name[IFNAMSIZ];

        bridge_name(name, b->n / 2);
        wire_put_str(msg, IFLA_IFNAME, name);
        wire_put_u32(msg, IFLA_MTU, WRONG_MTU);
        wire_end(&b->wire, msg);
        wire_flush(&b->wire);
        return b->wire.refused ? 1 : 0;
}

/* ---- remove ---- */

static int remove_all(struct bench *b)
{
        char name[IFNAMSIZ];
        uint32_t group;

        if (getrandom(&group, sizeof(group), 0) != sizeof(group))
                wire_die("getrandom");
        group |= 1U << 30;
        group &= ~(1U << 31);
        for (unsigned i = 0; i < b->n; i++) {
                bridge_name(name, i);
                wire_set_group(&b->wire, name, group);
                if (i % DELETE_PACK == DELETE_PACK - 1 || i == b->n - 1)
                        wire_delete_group(&b->wire, group);
        }
        return b->wire.refused ? 1 : 0;
}

static int gone(struct bench *b)
{
        unsigned wrong = 0;

        observe(b);
        for (unsigned i = 0; i < b->n; i++)
                if ((b->bridges[i].index || !b->vifs[i].index || b->vifs[i].master) && wrong++ < 3)
                        complain(b, i);
        return wrong ? 1 : 0;
}

static int verify(struct bench *b)
{
        b->judge_ipv6 = true;
        return check(b);
}

/* What a process costs that does nothing. */
static int start(struct bench *b)
{
        (void)b;
        return 0;
}

static const struct verb {
        const char *name;
        int (*run)(struct bench *b);
} verbs[] = {
        { "start", start }, { "build", build },     { "check", check },       { "verify", verify },
        { "mend", mend },   { "break", break_one }, { "remove", remove_all }, { "gone", gone },
};

static int set_ipv6(struct bench *b, const char *word)
{
        static const char *const words[] = { [IPV6_ON] = "on", [IPV6_OFF] = "off", [IPV6_ON_BRIDGES] = "bridges" };

        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
                if (!strcmp(word, words[i])) {
                        b->ipv6 = (enum ipv6)i;
                        return 0;
                }
        return -1;
}

static int run(struct bench *b, const struct verb *verb)
{
        struct rusage usage;
        double start = wire_now();
        int code;

        wire_open(&b->wire, PACK);
        code = verb->run(b);
        getrusage(RUSAGE_SELF, &usage);
        printf("{\"inside_ms\": %.3f, \"maxrss_kb\": %ld}\n", wire_now() - start, usage.ru_maxrss);
        wire_close(&b->wire);
        free(b->bridges);
        free(b->vifs);
        return code;
}

int main(int argc, char **argv)
{
        struct bench b = { .n = 100, .ipv6 = IPV6_ON };
        int option;

        while ((option = getopt(argc, argv, "n:6:a")) != -1) {
                if (option == 'n')
                        b.n = (unsigned)strtoul(optarg, NULL, 10);
                else if (option == 'a')
                        b.alias = true;
                else if (option != '6' || set_ipv6(&b, optarg) < 0)
                        return 2;
        }
        for (size_t i = 0; optind + 1 == argc && b.n > 0 && i < sizeof(verbs) / sizeof(verbs[0]); i++)
                if (!strcmp(argv[optind], verbs[i].name))
                        return run(&b, &verbs[i]);
        (void)fprintf(stderr,
                      "usage: floor [-n N] [-6 on|off|bridges] [-a] build|check|verify|mend|break|remove|gone\n");
        return 2;
}
