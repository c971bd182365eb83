/* SPDX-License-Identifier: Apache-2.0 */
/*
 * packets: sends frames in one network namespace, counts them in others, and probes an address while a
 * command runs. The scenarios of traffic/ prove with it what a network carries. It works on packet sockets,
 * one a device, in one process, so that nobody has to wait for somebody else's readiness.
 */
#include "packets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ETHERTYPE  0x88b5 /* for experiments: no protocol of any host answers it */
#define TAGS_MAX   4097   /* the last one: no tag */
#define ENDS_MAX   16
#define FRAME_MAX  9000
#define HEAD_BYTES 18 /* two addresses, a tag, a type */

static const char usage_text[] =
        "usage: packets frames [count=N] [wait=MS] [every=US] [size=BYTES] [tag=T] [src=MAC] [dst=MAC] FROM TO...\n"
        "         Sends N frames (1) of BYTES (60) and prints a line for each TO and tag: 'TO COUNT [tag]'.\n"
        "       packets rate [for=MS] [every=US] [size=BYTES] [src=MAC] [dst=MAC] FROM TO\n"
        "         Sends for so long (2000), and prints 'sent KBIT/S received KBIT/S'.\n"
        "       packets gap [every=US] [timeout=MS] NETNS ADDRESS -- COMMAND...\n"
        "         Probes ADDRESS from NETNS every US (1000) while COMMAND runs, and prints\n"
        "         'gap MICROSECONDS lost N besides N of N silence MICROSECONDS'. Exit status: COMMAND's; 99 where the\n"
        "         address stays away.\n"
        "FROM, TO: NETNS/DEVICE; tap:NETNS/DEVICE is the guest's side of a tap device. "
        "Exit status 2: wrong usage, 1: it could not be done.\n";

struct end {
        const char *name; /* NETNS/DEVICE */
        int fd;
        bool tap;
        unsigned long bytes;
        unsigned long count[TAGS_MAX];
};

struct options {
        unsigned long count, wait_ms, every_us, size, for_ms, timeout_ms;
        long tag; /* -1: none */
        unsigned char src[ETH_ALEN], dst[ETH_ALEN];
};

void packets_die(const char *format, ...)
{
        va_list args;

        (void)fputs("packets: ", stderr);
        va_start(args, format);
        (void)vfprintf(stderr, format, args);
        va_end(args);
        (void)fputc('\n', stderr);
        exit(1);
}

static void usage(void)
{
        (void)fputs(usage_text, stderr);
        exit(2);
}

uint64_t packets_now_us(void)
{
        struct timespec now;

        (void)clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

void packets_enter(const char *netns)
{
        char path[128];
        int fd;

        (void)snprintf(path, sizeof(path), "/run/netns/%s", netns);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
                packets_die("%s: %s", path, strerror(errno));
        (void)close(fd);
}

static bool parse_mac(const char *text, unsigned char *mac)
{
        return sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", &mac[0], &mac[1], &mac[2], &mac[3], &mac[4],
                      &mac[5]) == ETH_ALEN;
}

static bool parse_option(struct options *o, const char *arg)
{
        const struct {
                const char *name;
                unsigned long *value;
        } numbers[] = {
                { "count=", &o->count }, { "wait=", &o->wait_ms }, { "every=", &o->every_us },
                { "size=", &o->size },   { "for=", &o->for_ms },   { "timeout=", &o->timeout_ms },
        };
        for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
                size_t len = strlen(numbers[i].name);
                char *end;

                if (strncmp(arg, numbers[i].name, len) != 0)
                        continue;
                *numbers[i].value = strtoul(arg + len, &end, 10);
                return arg[len] && !*end;
        }
        if (!strncmp(arg, "tag=", 4)) {
                o->tag = strtol(arg + 4, NULL, 10);
                return o->tag >= 0 && o->tag < 4096;
        }
        if (!strncmp(arg, "src=", 4))
                return parse_mac(arg + 4, o->src);
        return !strncmp(arg, "dst=", 4) && parse_mac(arg + 4, o->dst);
}

/* The emulator's place: what is written here comes from the guest. */
static void open_tap(struct end *end, const char *device)
{
        struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI };

        end->tap = true;
        end->fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
        (void)snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", device);
        if (end->fd < 0 || ioctl(end->fd, TUNSETIFF, &request) < 0)
                packets_die("%s: %s", end->name, strerror(errno));
}

static void open_socket(struct end *end, const char *name, const char *device)
{
        struct sockaddr_ll address = { .sll_family = AF_PACKET };
        int on = 1, room = 4 << 20;

        end->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (end->fd < 0)
                packets_die("%s: packet socket: %s", name, strerror(errno));
        address.sll_ifindex = (int)if_nametoindex(device);
        address.sll_protocol = htons(ETH_P_ALL);
        if (!address.sll_ifindex)
                packets_die("%s: no such device", name);
        if (setsockopt(end->fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) < 0 ||
            bind(end->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
                packets_die("%s: %s", name, strerror(errno));
        if (setsockopt(end->fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) < 0)
                (void)setsockopt(end->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
}

/* This process stays in the namespace of the end that is opened last, which matters to nobody. */
static void open_end(struct end *end, const char *name)
{
        bool tap = !strncmp(name, "tap:", 4);
        const char *place = tap ? name + 4 : name, *device = strchr(place, '/');
        char netns[64];

        if (!device || (size_t)(device - place) >= sizeof(netns))
                usage();
        (void)snprintf(netns, sizeof(netns), "%.*s", (int)(device - place), place);
        packets_enter(netns);
        end->name = name;
        if (tap)
                open_tap(end, device + 1);
        else
                open_socket(end, name, device + 1);
}

static size_t make_frame(const struct options *o, uint32_t mark, unsigned char *frame)
{
        size_t at = 2 * ETH_ALEN;

        memset(frame, 0, FRAME_MAX + HEAD_BYTES);
        memcpy(frame, o->dst, ETH_ALEN);
        memcpy(frame + ETH_ALEN, o->src, ETH_ALEN);
        if (o->tag >= 0) {
                frame[at++] = ETH_P_8021Q >> 8;
                frame[at++] = ETH_P_8021Q & 0xff;
                frame[at++] = (unsigned char)(o->tag >> 8);
                frame[at++] = (unsigned char)o->tag;
        }
        frame[at++] = ETHERTYPE >> 8;
        frame[at++] = ETHERTYPE & 0xff;
        memcpy(frame + at, &mark, sizeof(mark));
        return o->size;
}

static void send_frame(const struct end *from, const unsigned char *frame, size_t size)
{
        /* A full queue drops the frame, as a guest's own would: the counts tell. */
        ssize_t n = from->tap ? write(from->fd, frame, size) : send(from->fd, frame, size, 0);

        if (n < 0 && errno != ENOBUFS && errno != EAGAIN)
                packets_die("%s: cannot send: %s", from->name, strerror(errno));
}

/* The tag of a received frame: where the kernel took it off, it stands beside the frame. */
static int frame_tag(struct msghdr *msg)
{
        for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
                struct tpacket_auxdata aux;

                if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA)
                        continue;
                memcpy(&aux, CMSG_DATA(c), sizeof(aux));
                if (aux.tp_status & TP_STATUS_VLAN_VALID)
                        return aux.tp_vlan_tci & 0xfff;
        }
        return -1;
}

/* The next frame that arrived at an end, its head at least: its length, -1: there is none, 0: it was sent from here. */
static ssize_t receive(struct end *end, unsigned char *frame, size_t size, int *ret_tag)
{
        char control[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
        struct sockaddr_ll from = { 0 };
        struct iovec iov = { frame, size };
        struct msghdr msg = { .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov,
                              .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
        ssize_t n = end->tap ? read(end->fd, frame, size) : recvmsg(end->fd, &msg, MSG_TRUNC);

        *ret_tag = n < 0 || end->tap ? -1 : frame_tag(&msg);
        return n >= 0 && !end->tap && from.sll_pkttype == PACKET_OUTGOING ? 0 : n;
}

/* Reads what has arrived at an end; only frames of this run count. */
static void drain(struct end *end, uint32_t mark)
{
        static unsigned char frame[FRAME_MAX + HEAD_BYTES];
        ssize_t n;
        int tag;

        while ((n = receive(end, frame, sizeof(frame), &tag)) >= 0) {
                if (n < 22)
                        continue;
                if (frame[12] == ETH_P_8021Q >> 8 && frame[13] == (ETH_P_8021Q & 0xff)) {
                        tag = (frame[14] & 0xf) << 8 | frame[15];
                        memmove(frame + 12, frame + 16, 6);
                }
                if (frame[12] != ETHERTYPE >> 8 || frame[13] != (ETHERTYPE & 0xff) || memcmp(frame + 14, &mark, 4) != 0)
                        continue;
                end->count[tag < 0 ? TAGS_MAX - 1 : tag]++;
                end->bytes += (unsigned long)n;
        }
}

/* Waits until `until`, counting meanwhile. */
static void count_until(struct end *to, size_t n, uint32_t mark, uint64_t until)
{
        struct pollfd fds[ENDS_MAX];

        for (;;) {
                uint64_t now = packets_now_us();
                struct timespec left = { 0, 0 };

                for (size_t i = 0; i < n; i++)
                        fds[i] = (struct pollfd){ .fd = to[i].fd, .events = POLLIN };
                if (now < until) {
                        left.tv_sec = (time_t)((until - now) / 1000000);
                        left.tv_nsec = (long)((until - now) % 1000000) * 1000;
                }
                (void)ppoll(fds, n, &left, NULL);
                for (size_t i = 0; i < n; i++)
                        drain(&to[i], mark);
                if (now >= until)
                        return;
        }
}

/* Sends `count` frames, one every so often, or as many as fit into the time where count is 0. */
static unsigned long transmit(const struct options *o, const struct end *from, struct end *to, size_t n, uint32_t mark)
{
        static unsigned char frame[FRAME_MAX + HEAD_BYTES];
        size_t size = make_frame(o, mark, frame);
        uint64_t begun = packets_now_us(), end = begun + o->for_ms * 1000;
        unsigned long sent = 0;

        while (o->count ? sent < o->count : packets_now_us() < end) {
                send_frame(from, frame, size);
                sent++;
                count_until(to, n, mark, begun + sent * o->every_us);
        }
        return sent;
}

static size_t open_ends(int argc, char **argv, struct end *from, struct end *to)
{
        size_t n = 0;

        if (argc < 2 || argc - 1 > ENDS_MAX)
                usage();
        for (int i = 1; i < argc; i++)
                open_end(&to[n++], argv[i]);
        open_end(from, argv[0]);
        return n;
}

static void print_counts(const struct end *to)
{
        unsigned long all = 0;

        for (int tag = 0; tag < TAGS_MAX; tag++) {
                all += to->count[tag];
                if (to->count[tag] && tag < TAGS_MAX - 1)
                        printf("%s %lu tag %d\n", to->name, to->count[tag], tag);
                else if (to->count[tag])
                        printf("%s %lu\n", to->name, to->count[tag]);
        }
        if (!all)
                printf("%s 0\n", to->name);
}

static int frames(const struct options *o, int argc, char **argv, uint32_t mark)
{
        static struct end from, to[ENDS_MAX];
        size_t n = open_ends(argc, argv, &from, to);

        (void)transmit(o, &from, to, n, mark);
        count_until(to, n, mark, packets_now_us() + o->wait_ms * 1000);
        for (size_t i = 0; i < n; i++)
                print_counts(&to[i]);
        return 0;
}

static int rate(struct options *o, int argc, char **argv, uint32_t mark)
{
        static struct end from, to[ENDS_MAX];
        size_t n = open_ends(argc, argv, &from, to);
        uint64_t begun = packets_now_us(), us;
        unsigned long sent;

        if (n != 1)
                usage();
        o->count = 0;
        sent = transmit(o, &from, to, n, mark);
        us = packets_now_us() - begun;
        printf("sent %lu received %lu\n", (unsigned long)(sent * o->size * 8000 / us),
               (unsigned long)(to[0].bytes * 8000 / us));
        return 0;
}

int main(int argc, char **argv)
{
        struct options o = { .count = 1, .wait_ms = 500, .every_us = 1000, .size = 60, .for_ms = 2000,
                             .timeout_ms = 5000, .tag = -1, .src = { 2, 0, 0, 0, 0x88, 0xb5 } };
        uint32_t mark = (uint32_t)getpid() << 16 ^ (uint32_t)packets_now_us();
        int i = 2;

        memset(o.dst, 0xff, sizeof(o.dst));
        for (; i < argc && strchr(argv[i], '='); i++)
                if (!parse_option(&o, argv[i]))
                        usage();
        if (o.size < 60 || o.size > FRAME_MAX || argc < 2)
                usage();
        if (!strcmp(argv[1], "frames"))
                return frames(&o, argc - i, argv + i, mark);
        if (!strcmp(argv[1], "rate"))
                return rate(&o, argc - i, argv + i, mark);
        if (!strcmp(argv[1], "gap") && argc - i > 3 && !strcmp(argv[i + 2], "--"))
                return packets_gap(argv[i], argv[i + 1], o.every_us, o.timeout_ms, argv + i + 3);
        usage();
        return 2;
}
