/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a step does to others besides its own object, in words: a bond's new members lose
 * their networks and addresses, and no step of theirs says so. Called by plan.c.
 */
#include "plan/build.h"

#include <errno.h>

#include "base/alloc.h"

/* Addresses of before that neither the object nor who takes it in has then. */
static void put_lost(const struct xsn_list *before, const struct xsn_list *after, const struct xsn_list *taker,
                     struct xsn_buf *buf)
{
        const struct xsn_type *item = xsn_type_of(XSNET_TYPE_PREFIXES)->item;

        for (size_t i = 0; i < before->n; i++) {
                char text[XSN_IP_STRLEN];

                if (xsn_list_find(item, after, &XSN_ITEM(*before, struct xsn_ip, i)) >= 0 ||
                    xsn_list_find(item, taker, &XSN_ITEM(*before, struct xsn_ip, i)) >= 0)
                        continue;
                xsn_buf_put(buf, buf->len ? ", " : "gives up ");
                xsn_buf_put(buf, xsn_ip_format_prefix(&XSN_ITEM(*before, struct xsn_ip, i), text));
        }
}

/* "eth0 leaves 'guest' and gives up 172.16.0.10/27" */
static void put_losses(const struct xsn_site *site, const struct xsn_pair *pair, struct xsn_buf *buf)
{
        const struct xsn_pair *network = xsn_pair_network(site, pair->from, false);
        const char *name = XSN_NETWORK(pair->from) ? XSN_NETWORK(pair->from)->name : xsn_pair_name(pair->from);
        bool leaves = network && xsn_pair_leaves(site, pair, network);
        const struct xsn_addressing *taker = &pair->implied_by->to->a;
        struct xsn_buf addresses = { 0 };

        put_lost(&pair->from->a.ipv4_address, &pair->to->a.ipv4_address, &taker->ipv4_address, &addresses);
        put_lost(&pair->from->a.ipv6_address, &pair->to->a.ipv6_address, &taker->ipv6_address, &addresses);
        buf->failed |= addresses.failed;
        if ((leaves || addresses.len) && !buf->failed) {
                xsn_buf_printf(buf, "%s%s ", buf->len ? "; " : "", name ? name : "it");
                if (leaves)
                        xsn_buf_printf(buf, "leaves '%s'%s", xsn_object_network(pair->from),
                                       addresses.len ? " and " : "");
                xsn_buf_put(buf, addresses.len ? addresses.s : "");
        }
        xsn_buf_done(&addresses);
}

/* What the pair's step implies for another pair; NULL is nobody. */
static void put_implied(const struct xsn_site *site, const struct xsn_pair *pair, const struct xsn_pair *other,
                        struct xsn_buf *buf)
{
        if (other && other->implied_by == pair && other->from && other->to)
                put_losses(site, other, buf);
}

static int add_note(const struct xsn_site *site, struct xsn_draft *draft)
{
        const struct xsnet_object *to = draft->s.to;
        struct xsn_buf buf = { 0 };

        if (draft->s.note)
                xsn_buf_put(&buf, draft->s.note);
        for (size_t i = 0; XSN_BOND(to) && i < XSN_BOND(to)->members.n; i++)
                put_implied(site, draft->pair,
                            xsn_pair_device(site, to, XSN_ITEM(XSN_BOND(to)->members, char *, i), true), &buf);
        put_implied(site, draft->pair, xsn_pair_network(site, to, true), &buf);
        if (!buf.len && !buf.failed) {
                xsn_buf_done(&buf);
                return 0;
        }
        draft->s.note = xsn_free(draft->s.note);
        return xsn_buf_take(&buf, &draft->s.note);
}

int xsn_build_notes(struct xsn_build *build)
{
        for (size_t i = 0; i < build->n_drafts; i++) {
                struct xsn_draft *draft = &build->drafts[i];

                if (draft->s.to && !draft->s.half && add_note(&build->sites[draft->s.target], draft) < 0)
                        return -ENOMEM;
        }
        return 0;
}
