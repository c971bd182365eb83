/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IPv6 of single devices, by files of /proc/sys/net in the namespace, collected for a phase. Switching it off
 * only saves the kernel work, so that may fail; switching it on for an address may not.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "backend/linux/apply.h"
#include "base/alloc.h"

int xsn_lx_sysctl(struct lx_apply *a, struct lx_step *st, const char *dev, const char *key, const char *value,
                  bool must)
{
        struct xsn_sysctl item = { .dir = "ipv6/conf", .dev = dev, .key = key };

        if (xsn_grow((void **)&a->sysctls, &a->cap_sysctls, a->n_sysctls + 1, sizeof(*a->sysctls)) < 0 ||
            xsn_grow((void **)&a->sysctl_steps, &a->cap_sysctl_steps, a->n_sysctls + 1, sizeof(struct lx_step *)) < 0)
                return -ENOMEM;
        (void)snprintf(item.value, sizeof(item.value), "%s", value);
        a->sysctls[a->n_sysctls] = item;
        a->sysctl_steps[a->n_sysctls++] = must ? st : NULL;
        return 0;
}

int xsn_lx_ipv6_off(struct lx_apply *a, struct lx_step *st, const struct xsn_d0_link *link)
{
        return link->ipv6_off > 0 ? 0 : xsn_lx_sysctl(a, st, link->name, "disable_ipv6", "1", false);
}

int xsn_lx_ipv6_on(struct lx_apply *a, struct lx_step *st, const struct xsn_d0_link *link, bool must)
{
        return link->ipv6_off == 0 ? 0 : xsn_lx_sysctl(a, st, link->name, "disable_ipv6", "0", must);
}

void xsn_lx_port_ipv6(struct lx_apply *a, struct xsn_d0_link *link, const struct xsn_d0_link *bridge)
{
        struct xsn_sysctl item = { .dir = "ipv6/conf", .dev = link->name, .key = "disable_ipv6" };

        (void)snprintf(item.value, sizeof(item.value), "%s", bridge ? "1" : xsn_d0_ipv6_default(&a->d0));
        if (xsn_netns_sysctl_write(a->lx->netns, &item, 1, NULL) == 0)
                link->ipv6_off = item.value[0] != '0';
}

int xsn_lx_ipv6_ra(struct lx_apply *a, struct lx_step *st, const struct xsn_d0_link *from,
                   const struct xsn_d0_link *link)
{
        int want = xsn_d0_accept_ra(&a->d0, from) == 2 ? 2 : 1;

        if (xsn_d0_accept_ra(&a->d0, link) >= want)
                return 0;
        return xsn_lx_sysctl(a, st, link->name, "accept_ra", want == 2 ? "2" : "1", true);
}

int xsn_lx_ipv6_default(struct lx_apply *a, struct lx_step *st, const struct xsn_d0_link *link)
{
        return xsn_lx_sysctl(a, st, link->name, "disable_ipv6", xsn_d0_ipv6_default(&a->d0), false);
}

int xsn_lx_ipv6_back(struct lx_apply *a, struct lx_step *st, const struct xsn_d0_link *link)
{
        uint32_t now = st->s->from ? xsn_d0_payload_number(st->s->from, "v6off", 2) : 2;
        uint32_t before = st->s->to ? xsn_d0_payload_number(st->s->to, "v6off", 2) : 2;
        int r;

        if (now == before || now > 1 || before > 1)
                return 0;
        r = xsn_lx_sysctl(a, st, link->name, "disable_ipv6", before ? "1" : "0", false);
        return r < 0 ? r : 1;
}

int xsn_lx_run_sysctls(struct lx_apply *a)
{
        struct xsnet_error *err = NULL;
        char text[64];

        if (a->n_sysctls == 0)
                return 0;
        (void)xsn_netns_sysctl_write(a->lx->netns, a->sysctls, a->n_sysctls, NULL);
        for (size_t i = 0; i < a->n_sysctls; i++) {
                const struct xsn_sysctl *item = &a->sysctls[i];
                struct xsn_d0_link *link = xsn_d0_link_named(&a->lx->net, item->dev);

                if (item->result == 0 && link && strcmp(item->key, "disable_ipv6") == 0)
                        link->ipv6_off = item->value[0] != '0';
                if (item->result == 0 && link && strcmp(item->key, "accept_ra") == 0)
                        link->accept_ra = (int8_t)(item->value[0] - '0');
                if (item->result == 0 || !a->sysctl_steps[i])
                        continue;
                (void)xsn_error_set(&err, item->result, "sysctl-failed", "cannot write net/%s/%s/%s: %s", item->dir,
                                    item->dev, item->key, strerror_r(-item->result, text, sizeof(text)));
                xsn_lx_step_failed(a->sysctl_steps[i], item->result, XSN_TAKE(err));
        }
        return 0;
}
