/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The planner's first half: which hosts each item is for, and the phases that make the
 * pairs of every target. plan.c calls xsn_work_build(); steps.c goes on from the pairs.
 */
#include "plan/target.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/names.h"
#include "base/redact.h"

typedef int (*item_fn)(struct xsn_dom0 *node, const struct xsnet_object *item);
typedef int (*phase_fn)(struct xsn_target *target);

/* ---- hosts (rule 10) ---- */

/* Is one of the URIs the target's? Its name is its URI without user and password. */
static bool lists_target(const struct xsn_list *uris, const struct xsn_target *target)
{
        bool found = xsn_strs_has(uris, target->input->name);

        for (size_t i = 0; i < uris->n && !found; i++) {
                const char *uri = XSN_ITEM(*uris, char *, i);
                struct xsn_buf buf = { 0 };

                if (!strpbrk(uri, "@?"))
                        continue;
                xsn_redact_uri(uri, &buf);
                if (buf.failed)
                        xsn_error_add(target->all->errs, -ENOMEM, "out-of-memory", "",
                                      "there is not enough memory to make the plan");
                found = !buf.failed && !strcmp(buf.s, target->input->name);
                xsn_buf_done(&buf);
        }
        return found;
}

/* A label under `hosts:` means the one host of the target whose URI it lists. */
static bool label_means(const struct xsnet_state *desired, const struct xsn_target *target, const char *label)
{
        for (size_t i = 0; i < desired->n_hosts && target->n_nodes == 1; i++)
                if (!strcmp(desired->hosts[i].name, label) && lists_target(&desired->hosts[i].uris, target))
                        return true;
        return false;
}

/* How many hosts of the targets have this name-label? */
static size_t count_labels(const struct xsn_resolve *all, const char *label)
{
        size_t n = 0;

        for (size_t t = 0; t < all->n_targets; t++)
                for (size_t i = 0; i < all->targets[t].n_nodes; i++) {
                        const struct xsn_host *host = all->targets[t].nodes[i]->host;

                        n += host && host->label && !strcmp(host->label, label);
                }
        return n;
}

static bool node_is(const struct xsn_dom0 *node, const char *name)
{
        const struct xsn_resolve *all = node->target->all;
        const struct xsn_host *host = node->host;

        return !strcmp(node->name, name) || (host && host->uuid && !strcmp(host->uuid, name)) ||
               label_means(all->desired, node->target, name) ||
               (host && host->label && !strcmp(host->label, name) && count_labels(all, name) == 1);
}

static bool item_is_for(const struct xsnet_object *item, const struct xsn_dom0 *node)
{
        for (size_t i = 0; i < item->hosts.n; i++)
                if (node_is(node, XSN_ITEM(item->hosts, char *, i)))
                        return true;
        return !item->hosts.n;
}

static bool is_reached(const struct xsn_resolve *all, const char *name, bool active)
{
        for (size_t t = 0; t < all->n_targets; t++)
                for (size_t i = 0; i < all->targets[t].n_nodes; i++)
                        if ((all->targets[t].nodes[i]->active || !active) && node_is(all->targets[t].nodes[i], name))
                                return true;
        return false;
}

static const char *suggest_host(const struct xsn_resolve *all, const char *name)
{
        const char *names[256];
        size_t n = 0;

        for (size_t t = 0; t < all->n_targets; t++)
                for (size_t i = 0; i < all->targets[t].n_nodes && n < XSN_ARRAY_SIZE(names); i++)
                        names[n++] = all->targets[t].nodes[i]->name;
        return xsn_suggest(name, names, n);
}

/* The host of an item that no target reaches: an error, or a note where only some hosts were asked for. */
static int check_host(struct xsn_resolve *all, const struct xsnet_object *item, const char *name)
{
        const struct xsn_list *only = all->options ? all->options->only_hosts : NULL;
        struct xsn_target *first = &all->targets[0];
        struct xsnet_error *err = NULL;
        const char *near, *kept;

        if (is_reached(all, name, true) || xsn_hash_get_str(&all->said, name))
                return 0;
        kept = xsn_target_keep(first, name);
        if (!kept || xsn_hash_put_str(&all->said, kept, all) < 0)
                return -ENOMEM;
        if (only)
                return xsn_target_note(first, "the host '%s' is left out: its items are skipped", name);
        near = suggest_host(all, name);
        xsn_object_error(item, all->desired->source, 0, &err, -EINVAL, "unknown-host",
                         "no target reaches the host '%s'%s%s%s", name, near ? "; did you mean '" : "",
                         near ? near : "", near ? "'?" : "");
        xsn_keep_error(all, item->pos, err);
        return 0;
}

static int check_hosts(struct xsn_resolve *all)
{
        const struct xsnet_state *desired = all->desired;

        for (size_t i = 0; i < desired->n_objects; i++)
                for (size_t h = 0; h < desired->objects[i]->hosts.n; h++)
                        if (check_host(all, desired->objects[i], XSN_ITEM(desired->objects[i]->hosts, char *, h)) < 0)
                                return -ENOMEM;
        return 0;
}

/* ---- items of one kind, host by host ---- */

static int each_node(struct xsn_target *target, const struct xsnet_object *item, item_fn fn)
{
        for (size_t i = 0; i < target->n_nodes; i++) {
                struct xsn_dom0 *node = target->nodes[i];

                if (!node->active || !item_is_for(item, node))
                        continue;
                /* For whichever of the hosts it is: the pool has it once. */
                if (xsn_target_is_pools(target, item))
                        return fn(target->pool, item);
                if (fn(node, item) < 0)
                        return -ENOMEM;
        }
        return 0;
}

static int each_item(struct xsn_target *target, int kind, item_fn fn)
{
        const struct xsnet_state *desired = target->all->desired;

        for (size_t i = 0; i < desired->n_objects; i++)
                if (desired->objects[i]->cls->kind == kind && each_node(target, desired->objects[i], fn) < 0)
                        return -ENOMEM;
        return 0;
}

/* What is observed goes into the indexes under the names that it shall have. */
static int index_observed(struct xsn_target *target)
{
        for (size_t i = 0; i < target->n_slots; i++) {
                struct xsn_slot *slot = target->slots[i];

                if (slot->pair->from && xsn_slot_kind(slot) != XSNET_KIND_NETWORK &&
                    xsn_slot_index(slot, slot->pair->to) < 0)
                        return -ENOMEM;
        }
        return 0;
}

#define NESTED_MAX 8 /* VLANs within each other; the kernel stops there, too */

/* A VLAN may stand on another one that gets another name, too: from below to the top. */
static int rename_ports(struct xsn_target *target)
{
        size_t before = SIZE_MAX;

        if (each_item(target, XSNET_KIND_BOND, xsn_rename_port) < 0 ||
            (target->n_renamed && xsn_rename_references(target) < 0))
                return -ENOMEM;
        for (int i = 0; i < NESTED_MAX && target->n_renamed != before; i++) {
                before = target->n_renamed;
                if (each_item(target, XSNET_KIND_VLAN, xsn_rename_port) < 0 ||
                    (target->n_renamed != before && xsn_rename_references(target) < 0))
                        return -ENOMEM;
        }
        return 0;
}

/* Each kind after those that its items may name: a pif item may be about a bond of the same document. */
static int bind_all(struct xsn_target *target)
{
        static const int kinds[] = { XSNET_KIND_BOND, XSNET_KIND_VLAN, XSNET_KIND_TUNNEL, XSNET_KIND_PIF,
                                     XSNET_KIND_VIF };

        if (each_item(target, XSNET_KIND_PIF, xsn_rename_nics) < 0 ||
            each_item(target, XSNET_KIND_NETWORK, xsn_bind) < 0 || xsn_rename_references(target) < 0 ||
            index_observed(target) < 0 || each_item(target, XSNET_KIND_BOND, xsn_claim_bond) < 0 ||
            rename_ports(target) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < XSN_ARRAY_SIZE(kinds); i++)
                if (each_item(target, kinds[i], xsn_bind) < 0)
                        return -ENOMEM;
        return xsn_check_united(target);
}

/* ---- all of it ---- */

static int open_work(struct xsn_resolve *all, const struct xsn_plan_input *input, struct xsn_target *target,
                     struct xsn_work *work)
{
        const char *owner = all->desired->owner;

        work->input = input;
        if (owner) {
                work->owner = xsn_strdup(owner);
                if (!work->owner)
                        return -ENOMEM;
        }
        *target = (struct xsn_target){ .all = all, .input = input, .work = work };
        return xsn_target_open(target);
}

static int run_phases(struct xsn_target *target)
{
        static const phase_fn phases[] = {
                bind_all,      xsn_target_fill, xsn_prune,       xsn_bonds,  xsn_inherit,
                xsn_users,     xsn_names,       xsn_tunnels,     xsn_mtus,   xsn_rows_below,
                xsn_addresses, xsn_rules,       xsn_stack_rules, xsn_owners, xsn_refusals,
        };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(phases); i++)
                if (phases[i](target) < 0)
                        return -ENOMEM;
        return 0;
}

static int build(struct xsn_resolve *all, const struct xsn_plan_input *inputs, struct xsn_work *works)
{
        for (size_t i = 0; i < all->n_targets; i++)
                if (open_work(all, &inputs[i], &all->targets[i], &works[i]) < 0)
                        return -ENOMEM;
        if (check_hosts(all) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < all->n_targets; i++)
                if (run_phases(&all->targets[i]) < 0)
                        return -ENOMEM;
        if (xsn_address_hosts(all) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < all->n_targets; i++)
                if (xsn_finish(&all->targets[i]) < 0)
                        return -ENOMEM;
        return 0;
}

int xsn_work_build(const struct xsn_plan_input *inputs, size_t n_inputs, const struct xsnet_state *desired,
                   const struct xsn_plan_options *options, struct xsn_work *works, struct xsnet_error **errs)
{
        struct xsn_resolve all = { .desired = desired, .options = options, .n_targets = n_inputs, .errs = errs };
        int r;

        /* What is wrong within the document would only bring confused errors below. */
        if (!xsn_state_is_checked(desired))
                xsn_state_check(desired, errs);
        if (*errs || !n_inputs)
                return *errs ? xsnet_error_get_code(*errs) : 0;
        all.targets = xsn_alloc_array(n_inputs, sizeof(*all.targets));
        r = all.targets ? build(&all, inputs, works) : -ENOMEM;
        if (r == -ENOMEM)
                xsn_error_add(errs, -ENOMEM, "out-of-memory", "", "there is not enough memory to make the plan");
        xsn_report(&all);
        for (size_t i = 0; all.targets && i < n_inputs; i++)
                xsn_target_done(&all.targets[i]);
        xsn_free(all.targets);
        xsn_hash_done(&all.said);
        return *errs ? xsnet_error_get_code(*errs) : 0;
}
