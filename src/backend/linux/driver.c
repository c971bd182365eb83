/* SPDX-License-Identifier: Apache-2.0 */
/* The name of a NIC's driver: one question a hardware NIC; devices of a kind are called after it. */
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "backend/linux/linux.h"
#include "base/alloc.h"

static int open_socket(void *userdata, struct xsnet_error **ret_err)
{
        (void)ret_err;
        *(int *)userdata = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        return 0;
}

char *xsn_lx_driver_of(struct lx *lx, const struct xsn_d0_link *link)
{
        struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
        struct ifreq ifr = { .ifr_data = (void *)&info };

        if (link->kind[0])
                return xsn_strdup(link->kind);
        if (lx->ioctl_fd < 0)
                (void)xsn_netns_run(lx->netns, open_socket, &lx->ioctl_fd, NULL);
        if (lx->ioctl_fd < 0)
                return NULL;
        memcpy(ifr.ifr_name, link->name, sizeof(ifr.ifr_name));
        if (ioctl(lx->ioctl_fd, SIOCETHTOOL, &ifr) < 0)
                return NULL;
        info.driver[sizeof(info.driver) - 1] = '\0';
        return *info.driver ? xsn_strdup(info.driver) : NULL;
}
