/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands around a measured program: its network namespace, the vifs that are there before the clock starts, a
 * kernel at rest, and the clock. tests/bench/run calls it.
 *
 * usage: stage VERB
 *   enter COMMAND...     runs a command in a fresh namespace, with another one beside it for the guests' ends
 *   vifs N               makes vif1.0 ... vifN.0, down, with guests' ends that are up, MTU 9000
 *   settle [-q]          waits until nobody holds the kernel's RTNL lock: dying namespaces do, in the background;
 *                        -q: and until it has nothing more to announce: carriers settle in the course of a second
 *   time [-w] [-u] COMMAND... runs a command and prints how long it took
 *        -w   and how many changes the kernel announced meanwhile
 *        -u   and its user time, by sampling: that makes it slower, so the rest is no measure then
 *   clear N              deletes the vifs, so that the namespace dies with nothing in it
 */
#include "../integ/netns_test.h"
#include "wire.h"

#include <linux/perf_event.h>
#include <linux/veth.h>
#include <net/if.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>

#define GUESTS "XSN_BENCH_GUESTS" /* environment: the namespace of the guests' ends */

enum {
        PACK = 128,
        MTU = 9000,
        GROUP = 7777,
        QUIET_ROUNDS = 30,
        QUIET_MS = 1,
        SILENCE_MS = 1200,
        SETTLE_LIMIT_MS = 600 * 1000,
        SAMPLE_NS = 50 * 1000,
        SAMPLE_PAGES = 256
};

/* ---- enter ---- */

static int wait_for(pid_t pid, struct rusage *usage)
{
        int status = 0;

        while (wait4(pid, &status, 0, usage) < 0)
                if (errno != EINTR)
                        wire_die("wait");
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* This process keeps the guests' namespace alive, and the child has another. */
static int enter(char **command)
{
        char path[64];
        pid_t pid;

        if (netns_test_enter() < 0) {
                (void)fprintf(stderr, "no network namespace can be made here\n");
                return 77;
        }
        (void)snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)getpid());
        pid = fork();
        if (pid < 0)
                wire_die("fork");
        if (pid > 0) {
                /* Interrupts reach the whole group: the child ends, and this one reports how. */
                (void)signal(SIGINT, SIG_IGN);
                return wait_for(pid, NULL);
        }
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (unshare(CLONE_NEWNET) < 0 || setenv(GUESTS, path, 1) < 0)
                wire_die("second namespace");
        execvp(command[0], command);
        wire_die(command[0]);
}

/* ---- vifs ---- */

static void set_sysctl(const char *path, const char *value)
{
        int fd = open(path, O_WRONLY | O_CLOEXEC);

        if (fd < 0 || write(fd, value, strlen(value)) < 0)
                wire_die(path);
        close(fd);
}

/* One queue each way: the kernel then makes it without waiting for its readers. */
static void put_queues(struct nlmsghdr *msg)
{
        wire_put_u32(msg, IFLA_NUM_TX_QUEUES, 1);
        wire_put_u32(msg, IFLA_NUM_RX_QUEUES, 1);
}

static void add_vif(struct wire *wire, unsigned i, int guests)
{
        struct ifinfomsg head = { .ifi_family = AF_UNSPEC };
        struct nlmsghdr *msg = wire_begin(wire, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &head, sizeof(head));
        struct rtattr *info, *data, *peer;
        char name[IFNAMSIZ];

        (void)snprintf(name, sizeof(name), "vif%u.0", i);
        wire_put_str(msg, IFLA_IFNAME, name);
        put_queues(msg);
        info = wire_put(msg, IFLA_LINKINFO, NULL, 0);
        wire_put_str(msg, IFLA_INFO_KIND, "veth");
        data = wire_put(msg, IFLA_INFO_DATA, NULL, 0);
        peer = wire_put(msg, VETH_INFO_PEER, &head, sizeof(head));
        (void)snprintf(name, sizeof(name), "guest%u", i);
        wire_put_str(msg, IFLA_IFNAME, name);
        wire_put_u32(msg, IFLA_MTU, MTU);
        wire_put_u32(msg, IFLA_NET_NS_FD, (uint32_t)guests);
        put_queues(msg);
        wire_nest_end(msg, peer);
        wire_nest_end(msg, data);
        wire_nest_end(msg, info);
        wire_end(wire, msg);
}

static void set_guests_up(unsigned n)
{
        struct ifinfomsg head = { .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
        struct wire wire;
        char name[IFNAMSIZ];

        wire_open(&wire, PACK);
        for (unsigned i = 1; i <= n; i++) {
                struct nlmsghdr *msg = wire_begin(&wire, RTM_NEWLINK, 0, &head, sizeof(head));

                (void)snprintf(name, sizeof(name), "guest%u", i);
                wire_put_str(msg, IFLA_IFNAME, name);
                wire_end(&wire, msg);
        }
        wire_flush(&wire);
        if (wire.refused)
                exit(2);
        wire_close(&wire);
}

static int vifs(unsigned n)
{
        const char *path = getenv(GUESTS);
        int guests = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
        struct wire wire;

        if (guests < 0)
                wire_die("not inside of 'stage enter'");
        wire_open(&wire, PACK);
        for (unsigned i = 1; i <= n; i++)
                add_vif(&wire, i, guests);
        wire_flush(&wire);
        if (wire.refused)
                return 2;
        wire_close(&wire);
        /* What guests do with IPv6 is not the host's work: it would be measured along. */
        if (setns(guests, CLONE_NEWNET) < 0)
                wire_die("the guests' namespace");
        set_sysctl("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1");
        set_guests_up(n);
        close(guests);
        return 0;
}

static int clear(unsigned n)
{
        struct wire wire;
        char name[IFNAMSIZ];

        wire_open(&wire, PACK);
        for (unsigned i = 1; i <= n; i++) {
                (void)snprintf(name, sizeof(name), "vif%u.0", i);
                wire_set_group(&wire, name, GROUP);
        }
        wire_delete_group(&wire, GROUP);
        wire_close(&wire);
        return wire.refused ? 2 : 0;
}

/* ---- what the kernel announces ---- */

static int open_monitor(void)
{
        struct sockaddr_nl address = { .nl_family = AF_NETLINK,
                                       .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV4_ROUTE };
        const int size = 16 << 20;
        int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

        if (fd < 0)
                wire_die("monitor");
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
        if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
                wire_die("monitor");
        return fd;
}

/* Datagrams since the last call: each change makes one, and an overrun stands for many. */
static unsigned count_changes(int fd)
{
        unsigned n = 0;
        char byte;

        while (recv(fd, &byte, 1, MSG_TRUNC) >= 0 || errno == ENOBUFS || errno == EINTR)
                n++;
        return n;
}

/* ---- settle ---- */

static int settle(bool silence)
{
        double end = wire_now() + SETTLE_LIMIT_MS, heard = wire_now();
        int monitor = open_monitor();
        struct wire wire;

        wire_open(&wire, PACK);
        for (unsigned quiet = 0; quiet < QUIET_ROUNDS || (silence && wire_now() - heard < SILENCE_MS);) {
                double start = wire_now();

                wire_set_group(&wire, "lo", 0);
                wire_flush(&wire);
                quiet = wire_now() - start < QUIET_MS ? quiet + 1 : 0;
                heard = count_changes(monitor) ? wire_now() : heard;
                if (wire_now() > end) {
                        (void)fprintf(stderr, "the kernel does not come to rest\n");
                        return 2;
                }
                usleep(quiet ? 3 * 1000 : 50 * 1000);
        }
        wire_close(&wire);
        close(monitor);
        return 0;
}

/* ---- time ---- */

/* The kernel counts user time in ticks of 4 ms and splits by them: useless for short runs. This samples instead. */
struct sampler {
        int fd; /* -1: not allowed here */
        struct perf_event_mmap_page *page;
};

static size_t sampler_size(void)
{
        return (size_t)(SAMPLE_PAGES + 1) * (size_t)sysconf(_SC_PAGESIZE);
}

static void sampler_open(struct sampler *s, pid_t pid)
{
        struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE,
                                        .size = sizeof(attr),
                                        .config = PERF_COUNT_SW_CPU_CLOCK,
                                        .sample_period = SAMPLE_NS,
                                        .exclude_kernel = 1,
                                        .exclude_hv = 1,
                                        .disabled = 1,
                                        .enable_on_exec = 1 };

        *s = (struct sampler){ .fd = (int)syscall(SYS_perf_event_open, &attr, pid, -1, -1, PERF_FLAG_FD_CLOEXEC) };
        if (s->fd < 0)
                return;
        s->page = mmap(NULL, sampler_size(), PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, 0);
        if (s->page == MAP_FAILED) {
                close(s->fd);
                s->fd = -1;
        }
}

/* Milliseconds in user mode; less than 0: not known. */
static double sampler_close(struct sampler *s)
{
        uint64_t bytes;
        size_t size;

        if (s->fd < 0)
                return -1;
        /* A sample without fields is a bare header, so their number is that of the bytes. */
        bytes = s->page->data_head;
        size = sampler_size() - (size_t)sysconf(_SC_PAGESIZE);
        munmap(s->page, sampler_size());
        close(s->fd);
        return bytes < size ? (double)(bytes / sizeof(struct perf_event_header)) * SAMPLE_NS / 1e6 : -1;
}

static double milliseconds(struct timeval t)
{
        return (double)t.tv_sec * 1e3 + (double)t.tv_usec / 1e3;
}

static pid_t start_stopped(char **command, int gate[2])
{
        char byte;
        pid_t pid;

        if (pipe2(gate, O_CLOEXEC) < 0 || (pid = fork()) < 0)
                wire_die("fork");
        if (pid > 0)
                return pid;
        /* Until the sampler is there; closing the pipe without a byte means that the parent is gone. */
        close(gate[1]);
        if (read(gate[0], &byte, 1) != 1)
                _exit(2);
        execvp(command[0], command);
        wire_die(command[0]);
}

static int time_command(char **command, bool watch, bool sample)
{
        int gate[2], code, monitor = watch ? open_monitor() : -1;
        struct rusage usage = { 0 };
        pid_t pid = start_stopped(command, gate);
        struct sampler sampler = { .fd = -1 };
        double start, wall, sampled;

        if (sample)
                sampler_open(&sampler, pid);
        start = wire_now();
        if (write(gate[1], "", 1) != 1)
                wire_die("start");
        code = wait_for(pid, &usage);
        wall = wire_now() - start;
        sampled = sampler_close(&sampler);
        printf("{\"code\": %d, \"user_ticks_ms\": %.3f, \"system_ticks_ms\": %.3f", code, milliseconds(usage.ru_utime),
               milliseconds(usage.ru_stime));
        printf(sample ? ", \"user_ms\": %.3f" : ", \"wall_ms\": %.3f", sample ? sampled : wall);
        if (watch) {
                printf(", \"changes\": %u", count_changes(monitor));
                close(monitor);
        }
        printf("}\n");
        return 0;
}

static int time_verb(int argc, char **argv)
{
        bool watch = false, sample = false;
        int option;

        while ((option = getopt(argc, argv, "+wu")) != -1) {
                watch = watch || option == 'w';
                sample = sample || option == 'u';
                if (option == '?')
                        return 2;
        }
        return optind < argc ? time_command(argv + optind, watch, sample) : 2;
}

int main(int argc, char **argv)
{
        unsigned n = argc == 3 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
        const char *verb = argc > 1 ? argv[1] : "";

        if (!strcmp(verb, "enter") && argc > 2)
                return enter(argv + 2);
        if (!strcmp(verb, "vifs") && n > 0)
                return vifs(n);
        if (!strcmp(verb, "clear") && n > 0)
                return clear(n);
        if (!strcmp(verb, "settle") && (argc == 2 || (argc == 3 && !strcmp(argv[2], "-q"))))
                return settle(argc == 3);
        if (!strcmp(verb, "time") && argc > 2)
                return time_verb(argc - 1, argv + 1);
        (void)fprintf(stderr,
                      "usage: stage enter COMMAND... | vifs N | settle [-q] | time [-w] [-u] COMMAND... | clear N\n");
        return 2;
}
