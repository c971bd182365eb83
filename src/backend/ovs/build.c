/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of one target become one transaction: networks first, as all else hangs in them, then step by step. */
#include "backend/ovs/build.h"

#include <errno.h>

#include "base/alloc.h"

static int index_ports(struct ovs_build *b)
{
        for (size_t i = 0; i < b->view.n_ports; i++)
                if (xsn_hash_put_str(&b->ports, b->view.ports[i]->row->name, b->view.ports[i]) < 0)
                        return -ENOMEM;
        return 0;
}

static int build_step(struct ovs_build *b)
{
        const struct xsnet_object *obj = b->step->to ? b->step->to : b->step->from;

        switch (obj->cls->kind) {
        case XSNET_KIND_NETWORK:
                return xsn_ovs_build_network(b);
        case XSNET_KIND_VLAN:
                return xsn_ovs_build_vlan(b);
        case XSNET_KIND_PIF:
                return xsn_ovs_build_pif(b);
        case XSNET_KIND_BOND:
                return xsn_ovs_build_bond(b);
        case XSNET_KIND_TUNNEL:
                return xsn_ovs_build_tunnel(b);
        default:
                return xsn_ovs_build_vif(b);
        }
}

static int build_steps(struct ovs_build *b)
{
        const struct xsnet_plan *plan = b->in->plan;
        const struct xsn_plan_target *target = &plan->targets[b->in->target];
        int r = 0;

        for (size_t i = 0; i < b->txn->steps.n && r == 0; i++) {
                b->step = b->txn->steps.steps[i];
                r = build_step(b);
        }
        if (r == 0)
                r = xsn_ovs_put_hwaddrs(b);
        /* Also what changes along with others' steps, such as members of bonds. */
        for (size_t i = 0; plan->back && i < target->n_touched && r == 0; i++)
                if (target->touched[i].after)
                        r = xsn_ovs_restore(b, target->touched[i].after);
        return r;
}

/* Whose error it is, where a step of the plan has asked for it. */
static int name_step(struct ovs_build *b, int code)
{
        const struct xsnet_object *obj = b->step ? b->step->to ? b->step->to : b->step->from : NULL;
        _cleanup_(xsn_freep) char *text = NULL;
        struct xsn_buf buf = { 0 };

        if (!obj)
                return code;
        xsn_object_describe(obj, &buf);
        return xsn_buf_take(&buf, &text) < 0 ? xsn_error_oom(b->err) : xsn_error_prefix(b->err, code, "%s", text);
}

static void build_done(struct ovs_build *b)
{
        xsn_ovs_edits_done(b);
        xsn_ovs_names_done(b);
        xsn_hash_done(&b->ports);
        xsn_d0_apply_done(&b->d0);
        xsn_ovs_topology_done(&b->view);
}

void xsn_ovs_transaction_done(struct ovs_transaction *txn)
{
        xsn_ovs_steps_done(&txn->steps);
        for (size_t i = 0; i < txn->n_checks; i++)
                xsn_free(txn->checks[i].interface);
        xsn_free(txn->checks);
        for (size_t i = 0; i < txn->n_moves; i++)
                xsn_free(txn->moves[i].to);
        xsn_free(txn->moves);
        for (size_t i = 0; i < txn->n_upness; i++)
                xsn_free(txn->upness[i].device);
        xsn_free(txn->upness);
        json_decref(txn->ops);
        *txn = (struct ovs_transaction){ .ops = NULL };
}

int xsn_ovs_build(const struct ovs_input *in, struct ovs_transaction *ret_txn, struct xsnet_error **ret_err)
{
        struct ovs_build b = {
                .in = in,
                .view = { .rows = in->rows, .net = in->net, .host = in->host },
                .d0 = { .plan = in->plan, .target = in->target, .net = in->net },
                .err = ret_err,
        };
        struct ovs_transaction txn = { .ops = NULL };
        int r = xsn_ovs_rows_check(in->rows, ret_err);

        if (r < 0)
                return r;
        b.txn = &txn;
        b.root.row = xsn_ovs_row_root(in->rows);
        r = xsn_ovs_topology_find(&b.view);
        if (r == 0)
                r = index_ports(&b);
        if (r == 0)
                r = xsn_ovs_steps_find(in->plan, in->target, &txn.steps);
        if (r == 0)
                r = xsn_ovs_names_find(&b);
        if (r == 0)
                r = xsn_d0_index_plan(&b.d0);
        if (r == 0)
                r = xsn_ovs_refuse(&b);
        if (r == 0)
                r = xsn_ovs_build_shapes(&b);
        if (r == 0)
                r = build_steps(&b);
        if (r == 0)
                r = xsn_ovs_find_moves(&b);
        if (r == 0)
                b.step = NULL;
        if (r == 0 && !in->plan->back)
                r = xsn_ovs_check_lost(&b);
        if (r == 0)
                r = xsn_ovs_emit(&b, &txn);
        if (r < 0 && r != -ENOMEM)
                r = name_step(&b, r);
        build_done(&b);
        if (r < 0) {
                xsn_ovs_transaction_done(&txn);
                return r == -ENOMEM ? xsn_error_oom(ret_err) : r;
        }
        *ret_txn = txn;
        return 0;
}
