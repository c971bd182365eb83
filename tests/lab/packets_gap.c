/* SPDX-License-Identifier: Apache-2.0 */
/*
 * packets gap: how long does an address not answer while a command changes the network? An echo request
 * every millisecond, each with its number; the kernel of the other side answers. The gap is the longest run
 * of unanswered probes, from the first of them to the first one that was answered again. The silence is
 * the longest time between two answered probes: no gap was longer, even where this process did not run.
 */
#include "packets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROBES_MAX 60000   /* an echo request has 16 bits for its number */
#define LEAD_US    100000  /* probes before the command, and so many after all is well again */
#define ANSWER_US  20000   /* most answers need less */
#define STRAY_US   1000000 /* an answer that takes longer is a lost one */

struct probe {
        uint64_t sent_us;
        bool answered;
};

struct run {
        struct probe *probes;
        size_t n;
        int fd;
        uint16_t id;
        uint64_t every_us, next_us;
};

static uint16_t checksum(const uint16_t *words, size_t n)
{
        uint32_t sum = 0;

        for (size_t i = 0; i < n; i++)
                sum += words[i];
        sum = (sum >> 16) + (sum & 0xffff);
        return (uint16_t)~(sum + (sum >> 16));
}

static void send_probe(struct run *run)
{
        union {
                struct icmphdr icmp;
                uint16_t words[sizeof(struct icmphdr) / 2];
        } packet = { .icmp = { .type = ICMP_ECHO } };

        if (run->n == PROBES_MAX)
                packets_die("the command takes too long to probe it");
        packet.icmp.un.echo.id = run->id;
        packet.icmp.un.echo.sequence = htons((uint16_t)run->n);
        packet.icmp.checksum = checksum(packet.words, sizeof(packet.words) / 2);
        run->probes[run->n] = (struct probe){ .sent_us = packets_now_us() };
        run->n++;
        /* What cannot be sent is a lost probe. */
        (void)send(run->fd, &packet, sizeof(packet), MSG_DONTWAIT);
}

static void read_answers(struct run *run)
{
        unsigned char packet[256];
        ssize_t n;

        while ((n = recv(run->fd, packet, sizeof(packet), MSG_DONTWAIT)) > 0) {
                size_t head = (size_t)(packet[0] & 0xf) * 4;
                struct icmphdr icmp;
                size_t number;

                if ((size_t)n < head + sizeof(icmp))
                        continue;
                memcpy(&icmp, packet + head, sizeof(icmp));
                number = ntohs(icmp.un.echo.sequence);
                if (icmp.type == ICMP_ECHOREPLY && icmp.un.echo.id == run->id && number < run->n &&
                    packets_now_us() - run->probes[number].sent_us < STRAY_US)
                        run->probes[number].answered = true;
        }
}

/* One probe, and the answers that come until the next is due. */
static void probe_once(struct run *run)
{
        uint64_t now = packets_now_us();

        if (run->next_us < now)
                run->next_us = now;
        send_probe(run);
        run->next_us += run->every_us;
        while ((now = packets_now_us()) < run->next_us) {
                struct pollfd fd = { .fd = run->fd, .events = POLLIN };
                struct timespec left = { 0, (long)(run->next_us - now) * 1000 };

                (void)ppoll(&fd, 1, &left, NULL);
                read_answers(run);
        }
}

static void probe_for(struct run *run, uint64_t us)
{
        uint64_t end = packets_now_us() + us;

        while (packets_now_us() < end)
                probe_once(run);
}

/* Were the last probes of LEAD_US answered, but for those that may be on their way? */
static bool is_well(const struct run *run)
{
        uint64_t now = packets_now_us();

        for (size_t i = run->n; i-- > 0 && run->probes[i].sent_us + LEAD_US > now;)
                if (!run->probes[i].answered && run->probes[i].sent_us + ANSWER_US < now)
                        return false;
        return true;
}

/* Waits for the last answers. */
static void settle(struct run *run)
{
        struct timespec pause = { 0, ANSWER_US * 1000 };

        (void)nanosleep(&pause, NULL);
        read_answers(run);
}

/* The command runs in the network namespace `home`; the exit status. */
static int run_command(struct run *run, int home, char **command)
{
        int status = 0;
        pid_t pid = fork();

        if (pid < 0)
                packets_die("fork: %s", strerror(errno));
        if (pid == 0) {
                if (setns(home, CLONE_NEWNET) < 0)
                        _exit(126);
                (void)dup2(STDERR_FILENO, STDOUT_FILENO);
                (void)execvp(command[0], command);
                _exit(127);
        }
        while (waitpid(pid, &status, WNOHANG) == 0)
                probe_once(run);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static void print(const struct run *run)
{
        uint64_t gap = 0, first = 0, good = 0, silence = 0;
        size_t lost = 0, longest = 0, length = 0, n = run->n;

        /* The last probe ends a gap, answered or not. */
        for (size_t i = 0; i < n; i++) {
                const struct probe *probe = &run->probes[i];

                if (!probe->answered) {
                        lost++;
                        first = length++ ? first : probe->sent_us;
                        if (i + 1 < n)
                                continue;
                }
                if (good && probe->sent_us - good > silence)
                        silence = probe->sent_us - good;
                good = probe->sent_us;
                if (length && probe->sent_us - first >= gap) {
                        gap = probe->sent_us - first;
                        longest = length;
                }
                length = 0;
        }
        printf("gap %lu lost %zu besides %zu of %zu silence %lu\n", (unsigned long)gap, longest, lost - longest, n,
               (unsigned long)silence);
}

int packets_gap(const char *netns, const char *address, unsigned long every_us, unsigned long timeout_ms,
                char **command)
{
        static struct probe probes[PROBES_MAX];
        struct run run = { .probes = probes, .id = (uint16_t)getpid(), .every_us = every_us };
        struct sockaddr_in to = { .sin_family = AF_INET };
        int code, home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
        uint64_t end;

        packets_enter(netns);
        run.fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
        if (run.fd < 0 || inet_pton(AF_INET, address, &to.sin_addr) != 1 ||
            connect(run.fd, (struct sockaddr *)&to, sizeof(to)) < 0)
                packets_die("%s: %s", address, strerror(errno));
        /* The first probe resolves the neighbour. */
        probe_for(&run, LEAD_US);
        if (!is_well(&run))
                probe_for(&run, timeout_ms * 1000);
        if (!is_well(&run))
                packets_die("%s does not answer before the command", address);
        settle(&run);
        run.n = 0;
        run.id++;
        probe_for(&run, LEAD_US);
        code = run_command(&run, home, command);
        end = packets_now_us() + timeout_ms * 1000;
        do
                probe_for(&run, LEAD_US);
        while (!is_well(&run) && packets_now_us() < end);
        settle(&run);
        print(&run);
        return is_well(&run) ? code : 99;
}
