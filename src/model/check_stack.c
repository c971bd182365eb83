/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Circles: a VLAN stands on its parent, a bond on its members, a tunnel on its transport.
 * One walk over all of them, without recursion, as a hostile document may stack
 * thousands; each object is passed once.
 */
#include "model/claims.h"

#include <errno.h>

/* The k-th device that the object stands on; NULL beyond the last. */
static const char *lower_device(const struct xsnet_object *obj, size_t k)
{
        const struct xsn_bond *bond = XSN_BOND(obj);

        if (bond)
                return k < bond->members.n ? XSN_ITEM(bond->members, char *, k) : NULL;
        if (k)
                return NULL;
        return xsn_object_string(obj, obj->cls->kind == XSNET_KIND_VLAN ? XSNET_FIELD_PIF : XSNET_FIELD_TRANSPORT);
}

static void circle(struct xsn_checker *c, const struct xsn_claimant *it, const struct xsn_claimant *lower)
{
        if (it == lower)
                xsn_object_error(it->obj, c->state->source, 0, c->errs, -EINVAL, "cycle", "it stands on itself");
        else
                xsn_object_error(it->obj, c->state->source, 0, c->errs, -EINVAL, "cycle",
                                 "it stands on %s, which stands on it", xsn_checker_name(c, lower));
}

static void walk(struct xsn_checker *c, struct xsn_claimant *start)
{
        struct xsn_claimant *it = start;

        it->walk = XSN_WALK_OPEN;
        while (it) {
                const char *device = lower_device(it->obj, it->next++);
                struct xsn_claimant *lower = NULL;

                if (!device) {
                        it->walk = XSN_WALK_DONE;
                        it = it->above;
                        continue;
                }
                lower = xsn_claim_find(&c->claims, XSN_CLAIM_STACK, device, it);
                if (!lower || lower->walk == XSN_WALK_DONE)
                        continue;
                if (lower->walk == XSN_WALK_OPEN) {
                        circle(c, it, lower);
                        continue;
                }
                lower->above = it;
                lower->walk = XSN_WALK_OPEN;
                it = lower;
        }
}

void xsn_check_stack(struct xsn_checker *c)
{
        for (size_t i = 0; i < c->n; i++) {
                const char *devices[2];
                size_t n = lower_device(c->all[i].obj, 0) ? xsn_claimant_devices(&c->all[i], devices) : 0;

                for (size_t k = 0; k < n; k++)
                        xsn_claim(&c->claims, XSN_CLAIM_STACK, devices[k], &c->all[i]);
        }
        for (size_t i = 0; i < c->n; i++)
                if (c->all[i].walk == XSN_WALK_NEW)
                        walk(c, &c->all[i]);
}
