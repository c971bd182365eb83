/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a guest may send: an ingress limit on its device. A police action where the kernel has one; else all that
 * comes in goes through an ifb device (xiDOMAIN.DEVICE, of a tap xjDOMAIN.DEVICE) with a token bucket. Rates are
 * bytes a second to the kernel: bit/s come back as the multiple of 8 below.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>
#include <stdio.h>
#include <string.h>

#include "backend/linux/apply.h"
#include "base/alloc.h"

#define INGRESS_HANDLE 0xffff0000U
#define BURST_MIN      (128U << 10) /* two of the largest packets that a guest hands over */
#define NS_A_TICK      64

static void ifb_name(const char *device, char ret_name[IFNAMSIZ])
{
        (void)snprintf(ret_name, IFNAMSIZ, "%s%s", strncmp(device, "tap", 3) == 0 ? "xj" : "xi",
                       strnlen(device, 3) == 3 ? device + 3 : "");
}

/* Ten milliseconds' worth, and never less than what may come at once. */
static uint32_t burst_bytes(uint64_t bytes)
{
        uint64_t burst = bytes / 100;

        return burst < BURST_MIN ? BURST_MIN : burst > (64U << 20) ? 64U << 20 : (uint32_t)burst;
}

/* ---- reading ---- */

struct qdiscs {
        struct lx_view *view;
        struct xsn_hash tbf; /* ifindex -> uint64_t *: bit/s */
};

static void *forget_values(struct xsn_hash *hash)
{
        for (size_t i = 0; i < hash->n_slots; i++)
                if (hash->slots[i].key)
                        xsn_free(hash->slots[i].value);
        xsn_hash_done(hash);
        return NULL;
}

void xsn_lx_rates_done(struct lx_view *view)
{
        (void)forget_values(&view->rates);
}

static uint64_t rate_of(const struct tc_ratespec *spec, const struct nlattr *rate64)
{
        uint64_t bytes = spec->rate;

        if (rate64 && nla_len(rate64) == (int)sizeof(bytes))
                memcpy(&bytes, nla_data(rate64), sizeof(bytes));
        return bytes * 8;
}

static int keep_rate(struct xsn_hash *hash, const void *key, size_t len, uint64_t rate)
{
        uint64_t *value = xsn_hash_get(hash, key, len);
        int r = 0;

        if (!value) {
                value = xsn_alloc(sizeof(*value));
                r = value ? xsn_hash_put(hash, key, len, value) : -ENOMEM;
        }
        if (r < 0)
                xsn_free(value);
        else
                *value = rate;
        return r;
}

/* Of filters: the rate of the police action, if that is what they have. */
static uint64_t police_rate(const struct nlattr *options)
{
        struct nlattr *u32[TCA_U32_MAX + 1] = { NULL }, *acts[2] = { NULL }, *act[TCA_ACT_MAX + 1] = { NULL };
        struct nlattr *police[TCA_POLICE_MAX + 1] = { NULL };
        static const struct nla_policy kind[TCA_ACT_MAX + 1] = { [TCA_ACT_KIND] = { .type = NLA_STRING } };
        struct tc_police parms;

        if (xsn_nl_parse_nested(options, u32, TCA_U32_MAX, NULL, NULL) < 0 || !u32[TCA_U32_ACT] ||
            xsn_nl_parse_nested(u32[TCA_U32_ACT], acts, 1, NULL, NULL) < 0 || !acts[1] ||
            xsn_nl_parse_nested(acts[1], act, TCA_ACT_MAX, kind, NULL) < 0 || !act[TCA_ACT_KIND] ||
            strcmp(nla_get_string(act[TCA_ACT_KIND]), "police") != 0 || !act[TCA_ACT_OPTIONS] ||
            xsn_nl_parse_nested(act[TCA_ACT_OPTIONS], police, TCA_POLICE_MAX, NULL, NULL) < 0 ||
            !police[TCA_POLICE_TBF] || nla_len(police[TCA_POLICE_TBF]) < (int)sizeof(parms))
                return 0;
        memcpy(&parms, nla_data(police[TCA_POLICE_TBF]), sizeof(parms));
        return rate_of(&parms.rate, police[TCA_POLICE_RATE64]);
}

static const struct nla_policy tc_policy[TCA_MAX + 1] = { [TCA_KIND] = { .type = NLA_STRING } };

static int on_filter(const struct nlmsghdr *msg, void *userdata, struct xsnet_error **ret_err)
{
        struct nlattr *tb[TCA_MAX + 1] = { NULL };
        uint64_t rate;
        int r = xsn_nl_parse(msg, sizeof(struct tcmsg), tb, TCA_MAX, tc_policy, ret_err);

        if (r < 0 || msg->nlmsg_type != RTM_NEWTFILTER || !tb[TCA_KIND] || !tb[TCA_OPTIONS] ||
            strcmp(nla_get_string(tb[TCA_KIND]), "u32") != 0)
                return r;
        rate = police_rate(tb[TCA_OPTIONS]);
        if (rate)
                *(uint64_t *)userdata = rate;
        return 0;
}

static int on_qdisc(const struct nlmsghdr *msg, void *userdata, struct xsnet_error **ret_err)
{
        struct nlattr *tb[TCA_MAX + 1] = { NULL }, *tbf[TCA_TBF_MAX + 1] = { NULL };
        const struct tcmsg *tcm = xsn_nl_header(msg, sizeof(*tcm));
        struct qdiscs *q = userdata;
        struct tc_tbf_qopt parms;
        struct xsn_d0_link *link;
        int r = xsn_nl_parse(msg, sizeof(*tcm), tb, TCA_MAX, tc_policy, ret_err);

        if (r < 0 || msg->nlmsg_type != RTM_NEWQDISC || !tb[TCA_KIND])
                return r;
        link = xsn_d0_link_at(&q->view->lx->net, (uint32_t)tcm->tcm_ifindex);
        if (!link)
                return 0;
        if (link->role == LX_VIF && strcmp(nla_get_string(tb[TCA_KIND]), "ingress") == 0)
                return keep_rate(&q->view->rates, link->name, strlen(link->name), 0) < 0 ? xsn_error_oom(ret_err) : 0;
        if (strcmp(link->kind, "ifb") != 0 || strcmp(nla_get_string(tb[TCA_KIND]), "tbf") != 0 || !tb[TCA_OPTIONS] ||
            xsn_nl_parse_nested(tb[TCA_OPTIONS], tbf, TCA_TBF_MAX, NULL, NULL) < 0 || !tbf[TCA_TBF_PARMS] ||
            nla_len(tbf[TCA_TBF_PARMS]) < (int)sizeof(parms))
                return 0;
        memcpy(&parms, nla_data(tbf[TCA_TBF_PARMS]), sizeof(parms));
        r = keep_rate(&q->tbf, &link->ifindex, sizeof(link->ifindex), rate_of(&parms.rate, tbf[TCA_TBF_RATE64]));
        return r < 0 ? xsn_error_oom(ret_err) : 0;
}

static void restart(void *userdata)
{
        struct qdiscs *q = userdata;

        (void)forget_values(&q->tbf);
        xsn_lx_rates_done(q->view);
}

/* A device with an ingress qdisc: what does it do? */
static int read_limit(struct qdiscs *q, const struct xsn_d0_link *link, struct xsnet_error **ret_err)
{
        uint64_t *rate = xsn_hash_get_str(&q->view->rates, link->name), *tbf;
        struct xsn_nl_reader reader = { on_filter, NULL, rate };
        const struct xsn_d0_link *ifb;
        char name[IFNAMSIZ];

        if (!rate)
                return 0;
        ifb_name(link->name, name);
        ifb = xsn_d0_link_named(&q->view->lx->net, name);
        tbf = ifb ? xsn_hash_get(&q->tbf, &ifb->ifindex, sizeof(ifb->ifindex)) : NULL;
        if (tbf) {
                *rate = *tbf;
                return 0;
        }
        return xsn_nl_dump_filters(q->view->lx->nl, link->ifindex, INGRESS_HANDLE, &reader, ret_err);
}

int xsn_lx_rates_read(struct lx_view *view, struct xsnet_error **ret_err)
{
        const struct xsn_d0_net *net = &view->lx->net;
        struct qdiscs q = { .view = view };
        struct xsn_nl_reader reader = { on_qdisc, restart, &q };
        bool any = false;
        int r = 0;

        for (size_t i = 0; i < net->n_links && !any; i++)
                any = net->links[i]->role == LX_VIF;
        if (any)
                r = xsn_nl_dump_qdiscs(view->lx->nl, 0, &reader, ret_err);
        for (size_t i = 0; i < net->n_links && r == 0 && view->rates.n > 0; i++)
                if (net->links[i]->role == LX_VIF)
                        r = read_limit(&q, net->links[i], ret_err);
        (void)forget_values(&q.tbf);
        return r;
}

/* The ifb of a limit of ours, without its alias where the making of it was cut short. */
static const struct xsn_d0_link *own_ifb(const struct xsn_d0_net *net, const struct xsn_d0_link *link)
{
        const struct xsn_d0_link *ifb;
        char name[IFNAMSIZ];

        ifb_name(link->name, name);
        ifb = xsn_d0_link_named(net, name);
        if (!ifb || strcmp(ifb->kind, "ifb") != 0 || (ifb->alias && !xsn_lx_mark_is_ours(ifb->alias)))
                return NULL;
        return ifb;
}

bool xsn_lx_rate_is_begun(const struct lx_view *view, const struct xsn_d0_link *link)
{
        return own_ifb(&view->lx->net, link) != NULL;
}

/* ---- writing ---- */

static void begin_tc(struct xsn_nl_batch *batch, uint16_t type, uint16_t flags, const struct tcmsg *tcm,
                     const char *kind, const char *label)
{
        (void)xsn_nl_batch_begin(batch, type, flags, tcm, sizeof(*tcm), label);
        xsn_nl_put_str(batch, TCA_KIND, kind);
}

static void put_match_all(struct xsn_nl_batch *batch)
{
        /* The key behind the selector compares nothing: mask and value are 0. */
        char all[sizeof(struct tc_u32_sel) + sizeof(struct tc_u32_key)] = { 0 };
        struct tc_u32_sel sel = { .flags = TC_U32_TERMINAL, .nkeys = 1 };

        memcpy(all, &sel, sizeof(sel));
        xsn_nl_put(batch, TCA_U32_SEL, all, sizeof(all));
}

static void begin_filter(struct xsn_nl_batch *batch, const struct xsn_d0_link *link, const char *action)
{
        struct tcmsg tcm = {
                .tcm_family = AF_UNSPEC,
                .tcm_ifindex = (int)link->ifindex,
                .tcm_parent = INGRESS_HANDLE,
                .tcm_info = TC_H_MAKE(1U << 16, htons(ETH_P_ALL)),
        };

        begin_tc(batch, RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL, &tcm, "u32", link->name);
        xsn_nl_nest_begin(batch, TCA_OPTIONS, NULL, 0);
        put_match_all(batch);
        xsn_nl_nest_begin(batch, TCA_U32_ACT, NULL, 0);
        xsn_nl_nest_begin(batch, 1, NULL, 0);
        xsn_nl_put_str(batch, TCA_ACT_KIND, action);
        xsn_nl_nest_begin(batch, TCA_ACT_OPTIONS, NULL, 0);
}

static void end_filter(struct xsn_nl_batch *batch)
{
        for (int i = 0; i < 4; i++)
                xsn_nl_nest_end(batch);
}

static struct tc_ratespec ratespec(uint64_t bytes)
{
        return (struct tc_ratespec){
                .cell_log = 8, /* the table has 256 cells; only that it is there matters to kernels of today */
                .linklayer = TC_LINKLAYER_ETHERNET,
                .rate = bytes > UINT32_MAX ? UINT32_MAX : (uint32_t)bytes,
        };
}

static uint32_t ticks_of(uint32_t burst, uint64_t bytes)
{
        uint64_t ticks = (uint64_t)burst * 1000000000U / bytes / NS_A_TICK;

        return ticks > UINT32_MAX ? UINT32_MAX : (uint32_t)ticks;
}

static int police(struct lx_apply *a, const struct xsn_d0_link *link, uint64_t bytes, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = NULL;
        struct tc_police parms = {
                .action = TC_ACT_SHOT,
                .mtu = UINT32_MAX,
                .burst = ticks_of(burst_bytes(bytes), bytes),
                .rate = ratespec(bytes),
        };
        uint32_t table[256] = { 0 };
        int r = xsn_nl_batch_new(&batch, ret_err);

        if (r < 0)
                return r;
        begin_filter(batch, link, "police");
        xsn_nl_put(batch, TCA_POLICE_TBF, &parms, sizeof(parms));
        xsn_nl_put(batch, TCA_POLICE_RATE, table, sizeof(table));
        if (bytes > UINT32_MAX)
                xsn_nl_put_u64(batch, TCA_POLICE_RATE64, bytes);
        end_filter(batch);
        return xsn_lx_send(a, batch, 0, ret_err);
}

static void put_tbf(struct xsn_nl_batch *batch, uint32_t ifindex, const char *name, uint64_t bytes)
{
        uint32_t burst = burst_bytes(bytes);
        struct tcmsg tcm = { .tcm_family = AF_UNSPEC, .tcm_ifindex = (int)ifindex, .tcm_parent = TC_H_ROOT };
        struct tc_tbf_qopt parms = {
                .rate = ratespec(bytes),
                .limit = burst + (bytes / 10 > (32U << 20) ? 32U << 20 : (uint32_t)(bytes / 10)),
                .buffer = ticks_of(burst, bytes),
        };

        begin_tc(batch, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, &tcm, "tbf", name);
        xsn_nl_nest_begin(batch, TCA_OPTIONS, NULL, 0);
        xsn_nl_put(batch, TCA_TBF_PARMS, &parms, sizeof(parms));
        xsn_nl_put_u32(batch, TCA_TBF_BURST, burst);
        if (bytes > UINT32_MAX)
                xsn_nl_put_u64(batch, TCA_TBF_RATE64, bytes);
        xsn_nl_nest_end(batch);
}

/* Down at first: without IPv6 it is nothing that could be spoken to. */
static int make_ifb(struct lx_apply *a, const char *name, struct xsn_d0_link **ret_ifb, struct xsnet_error **ret_err)
{
        static const char alias[] = "xsnet:";
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = NULL;
        struct xsn_sysctl off = { .dir = "ipv6/conf", .dev = name, .key = "disable_ipv6", .value = "1" };
        struct xsn_d0_link *ifb = xsn_lx_make_link(a, name, "ifb");
        struct ifinfomsg ifi = { .ifi_index = ifb ? (int)ifb->ifindex : 0 };
        int r = ifb ? xsn_nl_batch_new(&batch, ret_err) : xsn_error_oom(ret_err);

        if (r < 0)
                return r;
        ifb->role = LX_OTHER;
        (void)xsn_nl_batch_begin(batch, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &ifi, sizeof(ifi), name);
        xsn_nl_put_str(batch, IFLA_IFNAME, name);
        xsn_nl_nest_begin(batch, IFLA_LINKINFO, NULL, 0);
        xsn_nl_put_str(batch, IFLA_INFO_KIND, "ifb");
        xsn_nl_nest_end(batch);
        r = xsn_lx_send(a, batch, 0, ret_err);
        if (r < 0)
                return r;
        (void)xsn_netns_sysctl_write(a->lx->netns, &off, 1, NULL);
        xsn_nl_batch_clear(batch);
        ifi.ifi_change = ifi.ifi_flags = IFF_UP;
        (void)xsn_nl_batch_begin(batch, RTM_NEWLINK, 0, &ifi, sizeof(ifi), name);
        xsn_nl_put(batch, IFLA_IFALIAS, alias, sizeof(alias) - 1);
        *ret_ifb = ifb;
        return xsn_lx_send(a, batch, 0, ret_err);
}

static int shape(struct lx_apply *a, const struct xsn_d0_link *link, uint64_t bytes, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = NULL;
        struct tc_mirred mirred = { .action = TC_ACT_STOLEN, .eaction = TCA_EGRESS_REDIR };
        struct xsn_d0_link *ifb;
        char name[IFNAMSIZ];
        int r = xsn_nl_batch_new(&batch, ret_err);

        if (r < 0)
                return r;
        ifb_name(link->name, name);
        ifb = xsn_d0_link_named(&a->lx->net, name);
        if (!ifb)
                r = make_ifb(a, name, &ifb, ret_err);
        if (r < 0)
                return r;
        put_tbf(batch, ifb->ifindex, name, bytes);
        xsn_nl_batch_barrier(batch);
        mirred.ifindex = ifb->ifindex;
        begin_filter(batch, link, "mirred");
        xsn_nl_put(batch, TCA_MIRRED_PARMS, &mirred, sizeof(mirred));
        end_filter(batch);
        return xsn_lx_send(a, batch, 0, ret_err);
}

/* No limit any more: the qdisc takes its filters along. */
static int clear(struct lx_apply *a, const struct xsn_d0_link *link, bool ifb_too, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = NULL;
        struct tcmsg tcm = { .tcm_ifindex = (int)link->ifindex, .tcm_parent = TC_H_INGRESS,
                             .tcm_handle = INGRESS_HANDLE };
        const struct xsn_d0_link *ifb;
        struct ifinfomsg ifi = { 0 };
        int r = xsn_nl_batch_new(&batch, ret_err);

        if (r < 0)
                return r;
        begin_tc(batch, RTM_DELQDISC, 0, &tcm, "ingress", link->name);
        ifb = ifb_too ? own_ifb(&a->lx->net, link) : NULL;
        if (ifb) {
                ifi.ifi_index = (int)ifb->ifindex;
                (void)xsn_nl_batch_begin(batch, RTM_DELLINK, 0, &ifi, sizeof(ifi), ifb->name);
        }
        /* -EINVAL: there was none. */
        r = xsn_lx_send(a, batch, XSN_D0_MAY_FAIL, ret_err);
        return r;
}

static int limit(struct lx_apply *a, const struct xsn_d0_link *link, uint64_t rate, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = NULL;
        _cleanup_(xsnet_error_freep) struct xsnet_error *err = NULL;
        struct tcmsg tcm = { .tcm_ifindex = (int)link->ifindex, .tcm_parent = TC_H_INGRESS,
                             .tcm_handle = INGRESS_HANDLE };
        uint64_t bytes = rate / 8 > 0 ? rate / 8 : 1;
        int r = clear(a, link, rate == 0, ret_err);

        if (r < 0 || rate == 0)
                return r;
        r = xsn_nl_batch_new(&batch, ret_err);
        if (r < 0)
                return r;
        begin_tc(batch, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, &tcm, "ingress", link->name);
        r = xsn_lx_send(a, batch, 0, ret_err);
        if (r < 0)
                return r;
        if (!a->lx->no_police) {
                r = police(a, link, bytes, &err);
                if (r == 0)
                        return 0;
                a->lx->no_police = r == -ENOENT || r == -EOPNOTSUPP || r == -EINVAL;
                if (!a->lx->no_police)
                        return xsn_error_give(ret_err, XSN_TAKE(err));
        }
        return shape(a, link, bytes, ret_err);
}

/* An ifb of ours whose guest's device is gone. */
static bool is_left(const struct xsn_d0_net *net, const struct xsn_d0_link *ifb)
{
        char name[IFNAMSIZ + 1];

        if (strcmp(ifb->kind, "ifb") != 0 || (ifb->alias && !xsn_lx_mark_is_ours(ifb->alias)) ||
            (strncmp(ifb->name, "xi", 2) != 0 && strncmp(ifb->name, "xj", 2) != 0))
                return false;
        (void)snprintf(name, sizeof(name), "%s%s", ifb->name[1] == 'j' ? "tap" : "vif", ifb->name + 2);
        return xsn_d0_vif_name(name, &(uint32_t){ 0 }, &(uint32_t){ 0 }, NULL) && !xsn_d0_link_named(net, name);
}

void xsn_lx_drop_left(struct lx_apply *a)
{
        _cleanup_(xsn_nl_batch_freep) struct xsn_nl_batch *batch = NULL;
        const struct xsn_d0_net *net = &a->lx->net;

        for (size_t i = 0; i < net->n_links; i++) {
                struct ifinfomsg ifi = { .ifi_index = (int)net->links[i]->ifindex };

                if (!is_left(net, net->links[i]) || (!batch && xsn_nl_batch_new(&batch, NULL) < 0))
                        continue;
                (void)xsn_nl_batch_begin(batch, RTM_DELLINK, 0, &ifi, sizeof(ifi), net->links[i]->name);
        }
        if (batch)
                (void)xsn_lx_send(a, batch, XSN_D0_MAY_FAIL, NULL);
}

int xsn_lx_run_rate(struct lx_apply *a, struct lx_step *st, struct xsnet_error **ret_err)
{
        const struct xsn_vif *vif = st->s->to ? XSN_VIF(st->s->to) : NULL;
        bool left = vif && st->s->from && xsn_d0_payload_number(st->s->from, "ingress", 0) >
                                                  xsn_d0_payload_number(st->s->to, "ingress", 0);
        int r = 0;

        /* A run that was killed may have left a qdisc without its filter. */
        if (!vif || (!xsn_lx_changed(st, XSNET_FIELD_RATE_LIMIT) && !left))
                return 0;
        if (a->moved)
                r = xsn_lx_fresh(a, ret_err);
        for (int tap = 0; tap <= 1 && r >= 0; tap++) {
                struct xsn_d0_link *link = xsn_d0_vif_link(&a->lx->net, tap, vif->domain, vif->device);

                if (link)
                        r = limit(a, link, xsn_object_is_set(&vif->o, XSNET_FIELD_RATE_LIMIT) ? vif->rate_limit : 0,
                                  ret_err);
        }
        return r < 0 ? r : 1;
}
