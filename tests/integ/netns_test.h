/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests on the real kernel, each in a network namespace of its own: as root, or as anybody where user
 * namespaces are allowed. Links of a namespace that dies hold the kernel's RTNL lock (17 ms a bridge), so tests
 * make few bridges and delete many veths by group.
 */
#ifndef TESTS_NETNS_TEST_H
#define TESTS_NETNS_TEST_H

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static inline int netns_test_map(const char *path, const char *text)
{
        int fd = open(path, O_WRONLY | O_CLOEXEC);
        ssize_t n = fd >= 0 ? write(fd, text, strlen(text)) : -1;

        if (fd >= 0)
                close(fd);
        return n < 0 ? -errno : 0;
}

/* Moves this process to a fresh network namespace, with every right inside. 0 or -errno. */
static inline int netns_test_enter(void)
{
        char text[64];
        unsigned uid = geteuid();
        unsigned gid = getegid();
        int r;

        if (unshare(CLONE_NEWNET) == 0)
                return 0;
        if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
                return -errno;
        (void)netns_test_map("/proc/self/setgroups", "deny");
        snprintf(text, sizeof(text), "0 %u 1", uid);
        r = netns_test_map("/proc/self/uid_map", text);
        snprintf(text, sizeof(text), "0 %u 1", gid);
        return r < 0 ? r : netns_test_map("/proc/self/gid_map", text);
}

/* `args`: what follows the name probe0; further commands after "&&". */
static inline bool kernel_has(const char *args)
{
        char command[256];

        snprintf(command, sizeof(command), "unshare -n sh -c 'ip link add name probe0 %s' 2>/dev/null", args);
        return system(command) == 0;
}

#define GRE_PROBE   "type gretap local 10.0.0.1 remote 10.0.0.2"
#define VXLAN_PROBE "type vxlan id 1 dstport 4789 local 10.0.0.1"

/* Can it be done at all? Asked in a child, so that this process stays where it is. */
static inline int netns_test_possible(void)
{
        int status = 0;
        pid_t pid = fork();

        if (pid == 0)
                _exit(netns_test_enter() < 0);
        return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

#endif
