/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which other programs care for a device: read from what they leave under /run. The names of the host's own namespace
 * stand there, so nobody asks for another. Files are read with limits: what is in them is a hint, never trusted.
 */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/dom0/managers.h"
#include "base/alloc.h"

#define LISTED_MAX 65536

static bool exists(const char *path)
{
        struct stat st;

        return stat(path, &st) == 0;
}

static bool file_says(const char *path, const char *text)
{
        char buf[4096];
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        ssize_t n = fd < 0 ? -1 : read(fd, buf, sizeof(buf) - 1);

        if (fd >= 0)
                (void)close(fd);
        if (n <= 0)
                return false;
        buf[n] = '\0';
        return strstr(buf, text);
}

static bool by_networkd(uint32_t ifindex)
{
        char path[64];

        (void)snprintf(path, sizeof(path), "/run/systemd/netif/links/%" PRIu32, ifindex);
        return file_says(path, "ADMIN_STATE=configur"); /* configured, configuring */
}

static bool by_networkmanager(uint32_t ifindex)
{
        char path[64];

        (void)snprintf(path, sizeof(path), "/run/NetworkManager/devices/%" PRIu32, ifindex);
        return file_says(path, "managed=true");
}

/* The files of a folder that are called after links. */
static int list_links(const char *folder, struct xsn_d0_managers *managers)
{
        DIR *dir = opendir(folder);
        const struct dirent *entry;
        int r = 0;

        while (dir && r == 0 && managers->n < LISTED_MAX && (entry = readdir(dir))) {
                char *end;
                unsigned long ifindex = strtoul(entry->d_name, &end, 10);

                if (*end || ifindex == 0 || ifindex > INT32_MAX)
                        continue;
                r = xsn_grow((void **)&managers->links, &managers->cap, managers->n + 1, sizeof(*managers->links));
                if (r == 0)
                        managers->links[managers->n++] = (uint32_t)ifindex;
        }
        if (dir)
                (void)closedir(dir);
        return r;
}

static int compare_links(const void *a, const void *b)
{
        uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

        return x < y ? -1 : x > y;
}

int xsn_d0_managers_find(struct xsn_d0_managers *ret_managers)
{
        struct xsn_d0_managers managers = {
                .xcp = exists("/var/lib/xcp/networkd.db") && exists("/var/lib/xcp/xcp-networkd"),
        };
        int r = list_links("/run/systemd/netif/links", &managers);

        if (r == 0)
                r = list_links("/run/NetworkManager/devices", &managers);
        if (r < 0) {
                xsn_d0_managers_done(&managers);
                return r;
        }
        if (managers.n > 0)
                qsort(managers.links, managers.n, sizeof(*managers.links), compare_links);
        *ret_managers = managers;
        return 0;
}

void xsn_d0_managers_done(struct xsn_d0_managers *managers)
{
        managers->links = xsn_free(managers->links);
        managers->n = managers->cap = 0;
}

const char *xsn_d0_manager_of(const struct xsn_d0_managers *managers, const struct xsn_d0_link *link, bool network)
{
        if (managers->n > 0 &&
            bsearch(&link->ifindex, managers->links, managers->n, sizeof(*managers->links), compare_links)) {
                if (by_networkd(link->ifindex))
                        return "systemd-networkd";
                if (by_networkmanager(link->ifindex))
                        return "NetworkManager";
        }
        if (managers->xcp && network)
                return "xcp-networkd";
        return NULL;
}

const char *xsn_d0_dhcp_client_of(const struct xsn_d0_link *link)
{
        static const struct {
                const char *path, *client; /* path with the device in it */
        } pids[] = {
                { "/run/dhclient.%s.pid", "dhclient" }, { "/run/dhclient-%s.pid", "dhclient" },
                { "/run/udhcpc.%s.pid", "udhcpc" },     { "/run/dhcpcd/%s.pid", "dhcpcd" },
                { "/run/dhcpcd-%s.pid", "dhcpcd" },
        };
        char path[128];

        (void)snprintf(path, sizeof(path), "/run/systemd/netif/leases/%" PRIu32, link->ifindex);
        if (exists(path))
                return "systemd-networkd";
        if (by_networkmanager(link->ifindex))
                return "NetworkManager";
        for (size_t i = 0; i < XSN_ARRAY_SIZE(pids); i++) {
                const char *hole = strstr(pids[i].path, "%s");

                (void)snprintf(path, sizeof(path), "%.*s%s%s", (int)(hole - pids[i].path), pids[i].path, link->name,
                               hole + 2);
                if (exists(path))
                        return pids[i].client;
        }
        return NULL;
}
