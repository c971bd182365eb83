/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which other programs care for a device: read from what they leave under /run. The names of the host's own namespace
 * stand there, so nobody asks for another. Files are read with limits: what is in them is a hint, never trusted.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/linux/linux.h"

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

unsigned xsn_lx_managers(void)
{
        unsigned found = 0;

        if (exists("/run/systemd/netif/links"))
                found |= LX_NETWORKD;
        if (exists("/run/NetworkManager/devices"))
                found |= LX_NETWORKMANAGER;
        if (exists("/var/lib/xcp/networkd.db") && exists("/var/lib/xcp/xcp-networkd"))
                found |= LX_XCP_NETWORKD;
        return found;
}

const char *xsn_lx_manager_of(unsigned managers, const struct xsn_d0_link *link)
{
        if (managers & LX_NETWORKD && by_networkd(link->ifindex))
                return "systemd-networkd";
        if (managers & LX_NETWORKMANAGER && by_networkmanager(link->ifindex))
                return "NetworkManager";
        if (managers & LX_XCP_NETWORKD && (link->role == LX_NIC || link->role == LX_BOND || link->role == LX_BRIDGE))
                return "xcp-networkd";
        return NULL;
}

const char *xsn_lx_dhcp_client_of(const struct xsn_d0_link *link)
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
