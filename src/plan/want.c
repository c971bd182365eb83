/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the items want, completed by what the fields mean together: an address makes the
 * mode static, mode none takes the addresses away, names that only selected the object
 * ask for nothing. After this, a plain comparison row by row tells what is to change.
 */
#include "plan/target.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"

/* ---- names that select ---- */

/* A bridge that the target named: a document may select the network by it, but nobody can say it of another one. */
static bool names_its_bridge(const struct xsn_slot *slot)
{
        const char *bridge = xsn_object_string(slot->want, XSNET_FIELD_BRIDGE);
        const char *device = xsn_object_device(slot->pair->to);

        return bridge && device && !strcmp(bridge, device);
}

static int drop_selectors(struct xsn_slot *slot)
{
        const struct xsnet_object *to = slot->pair->to;
        size_t n = xsn_class_n_fields(to->cls);

        for (size_t i = 0; i < n; i++) {
                const struct xsn_field *field = xsn_class_field(to->cls, i);
                bool rename = field->id == XSNET_FIELD_RENAME;

                bool bridge = field->id == XSNET_FIELD_BRIDGE && names_its_bridge(slot);

                if (!((slot->want->present | slot->want->reset) >> i & 1) ||
                    !((field->flags & XSN_F_KEY) || rename || bridge))
                        continue;
                if (!rename && !xsn_object_row_differs(to, slot->want, i))
                        continue;
                if (!xsn_slot_edit_want(slot))
                        return -ENOMEM;
                xsn_object_clear_row(slot->want, i);
        }
        return 0;
}

/* ---- addresses ---- */

struct family {
        int version;
        int mode, address, gateway; /* XSNET_FIELD_* */
};

static const struct family families[] = {
        { 4, XSNET_FIELD_IPV4_MODE, XSNET_FIELD_IPV4_ADDRESS, XSNET_FIELD_IPV4_GATEWAY },
        { 6, XSNET_FIELD_IPV6_MODE, XSNET_FIELD_IPV6_ADDRESS, XSNET_FIELD_IPV6_GATEWAY },
};

static struct xsn_enumval *mode_of(const struct xsnet_object *obj, const struct family *f)
{
        return f->version == 4 ? (struct xsn_enumval *)(uintptr_t)&obj->a.ipv4_mode
                               : (struct xsn_enumval *)(uintptr_t)&obj->a.ipv6_mode;
}

static const struct xsn_list *addresses_of(const struct xsnet_object *obj, const struct family *f)
{
        return f->version == 4 ? &obj->a.ipv4_address : &obj->a.ipv6_address;
}

static int observed_mode(const struct xsn_slot *slot, const struct family *f)
{
        const struct xsnet_object *from = slot->pair->from;

        return from && xsn_object_is_set(from, f->mode) ? mode_of(from, f)->value : 0;
}

static int reset_unless_named(struct xsn_slot *slot, int field)
{
        const struct xsnet_object *from = slot->pair->from;

        if (from && xsn_row_is_others(from, field))
                return 0;
        if (!from || !xsn_object_is_set(from, field) || xsn_slot_wants(slot, field, true))
                return 0;
        if (!xsn_slot_edit_want(slot))
                return -ENOMEM;
        xsn_object_reset_row(slot->want, (size_t)xsn_class_index(from->cls, field));
        return 0;
}

static int set_mode(struct xsn_slot *slot, const struct family *f, int value)
{
        struct xsnet_object *want = xsn_slot_edit_want(slot);

        if (!want)
                return -ENOMEM;
        xsn_object_clear(want, f->mode);
        mode_of(want, f)->value = value;
        xsn_object_mark(want, f->mode);
        return 0;
}

/* dhcp or autoconf: what runs already is kept; what the host cannot start is refused. */
static int complete_automatic(struct xsn_slot *slot, const struct family *f, int mode)
{
        const struct xsnet_object *from = slot->pair->from;
        bool runs = from && xsn_object_is_set(from, XSNET_FIELD_STATUS_DHCP_CLIENT);

        if (observed_mode(slot, f) == mode)
                return 0;
        if (mode == XSNET_IP_DHCP && runs) {
                if (!xsn_slot_edit_want(slot))
                        return -ENOMEM;
                xsn_object_clear(slot->want, f->mode);
                return 0;
        }
        if (mode == XSNET_IP_DHCP && !xsn_target_can(slot->node->target, XSN_CAP_MAKES_DHCP)) {
                xsn_slot_error(slot, f->mode, -EOPNOTSUPP, "no-dhcp",
                               "nothing on the host provides DHCP, and no client runs on the interface");
                return 0;
        }
        if (mode == XSNET_IP_DHCP && f->version == 4 && reset_unless_named(slot, XSNET_FIELD_DNS) < 0)
                return -ENOMEM;
        return reset_unless_named(slot, f->address) < 0 ? -ENOMEM : reset_unless_named(slot, f->gateway);
}

static int complete_family(struct xsn_slot *slot, const struct family *f)
{
        const struct xsnet_object *from = slot->pair->from;
        bool names_mode = xsn_slot_wants(slot, f->mode, false);
        bool resets_mode = !names_mode && xsn_slot_wants(slot, f->mode, true);
        bool names_address = xsn_slot_wants(slot, f->address, false) && addresses_of(slot->want, f)->n;
        int mode = names_mode ? mode_of(slot->want, f)->value : resets_mode ? XSNET_IP_NONE : 0;

        if (!mode && names_address)
                return observed_mode(slot, f) == XSNET_IP_STATIC ? 0 : set_mode(slot, f, XSNET_IP_STATIC);
        /* All addresses taken away, without a word on the mode. */
        if (!mode && xsn_slot_wants(slot, f->address, true))
                return observed_mode(slot, f) == XSNET_IP_STATIC ? set_mode(slot, f, XSNET_IP_NONE) : 0;
        if (mode == XSNET_IP_NONE)
                return reset_unless_named(slot, f->address) < 0 ? -ENOMEM : reset_unless_named(slot, f->gateway);
        if (mode == XSNET_IP_DHCP || mode == XSNET_IP_AUTOCONF)
                return complete_automatic(slot, f, mode);
        if (mode == XSNET_IP_STATIC && !names_address &&
            (!from || !addresses_of(from, f)->n || xsn_slot_wants(slot, f->address, true)) &&
            observed_mode(slot, f) != XSNET_IP_STATIC)
                xsn_slot_error(slot, f->mode, -EINVAL, "missing-field", "mode static needs an address");
        return 0;
}

/* Did others set an address of the family (0: of any)? */
static bool any_others(const struct xsnet_object *from, int version)
{
        for (size_t i = 0; from->cls->has_address && i < from->a.other_addresses.n; i++)
                if (!version || XSN_ITEM(from->a.other_addresses, struct xsn_ip, i).family == version)
                        return true;
        return false;
}

bool xsn_row_is_others(const struct xsnet_object *from, int field)
{
        switch (field) {
        case XSNET_FIELD_IPV4_GATEWAY:
                return any_others(from, 4);
        case XSNET_FIELD_IPV6_GATEWAY:
                return any_others(from, 6);
        case XSNET_FIELD_ROUTES:
        case XSNET_FIELD_DEFAULT_ROUTE:
                return any_others(from, 0);
        default:
                return false;
        }
}

/* ---- what the target rounds ---- */

/* The interval that the bond shall have; 0: not known. */
static uint32_t monitor_interval(const struct xsn_slot *slot)
{
        const struct xsnet_object *objs[] = { slot->want, slot->pair->from };
        int i;

        for (size_t k = 0; k < XSN_ARRAY_SIZE(objs); k++)
                if (objs[k] && xsn_object_is_set(objs[k], XSNET_FIELD_MONITOR_INTERVAL))
                        return XSN_BOND(objs[k])->monitor_interval;
        i = xsn_class_index(slot->want->cls, XSNET_FIELD_MONITOR_INTERVAL);
        return (uint32_t)xsn_class_field(slot->want->cls, (size_t)i)->def;
}

static int round_delay(struct xsn_slot *slot, int field, uint32_t interval)
{
        uint32_t *delay = field == XSNET_FIELD_UPDELAY ? &XSN_BOND(slot->want)->updelay
                                                       : &XSN_BOND(slot->want)->downdelay;
        uint32_t named = *delay;

        if (!xsn_slot_wants(slot, field, false) || !interval || named % interval == 0)
                return 0;
        if (!xsn_slot_edit_want(slot))
                return -ENOMEM;
        delay = field == XSNET_FIELD_UPDELAY ? &XSN_BOND(slot->want)->updelay : &XSN_BOND(slot->want)->downdelay;
        *delay = named - named % interval;
        return xsn_slot_note(slot, "%s %u ms becomes %u ms, a multiple of the monitor interval",
                             xsnet_field_get_name(XSNET_KIND_BOND, field), named, *delay);
}

static int round_rate(struct xsn_slot *slot, unsigned unit)
{
        uint64_t named = XSN_VIF(slot->want)->rate_limit;

        if (!xsn_slot_wants(slot, XSNET_FIELD_RATE_LIMIT, false) || named % unit == 0)
                return 0;
        if (!xsn_slot_edit_want(slot))
                return -ENOMEM;
        XSN_VIF(slot->want)->rate_limit = named - named % unit;
        return xsn_slot_note(slot, "rate-limit becomes %" PRIu64 " bit/s, a multiple of %u", named - named % unit,
                             unit);
}

static int round_values(struct xsn_slot *slot)
{
        const struct xsn_target *target = slot->node->target;
        uint32_t interval;

        if (XSN_VIF(slot->want) && target->input->caps->rate_unit)
                return round_rate(slot, target->input->caps->rate_unit);
        if (!XSN_BOND(slot->want) || !xsn_target_can(target, XSN_CAP_ROUNDS_DELAYS))
                return 0;
        interval = monitor_interval(slot);
        if (round_delay(slot, XSNET_FIELD_UPDELAY, interval) < 0)
                return -ENOMEM;
        return round_delay(slot, XSNET_FIELD_DOWNDELAY, interval);
}

int xsn_want_complete(struct xsn_slot *slot)
{
        if (slot->pair->from && drop_selectors(slot) < 0)
                return -ENOMEM;
        if (xsn_own_keys(slot) < 0 || round_values(slot) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < XSN_ARRAY_SIZE(families) && slot->want->cls->has_address; i++)
                if (complete_family(slot, &families[i]) < 0)
                        return -ENOMEM;
        return 0;
}

/* ---- the addresses of a tunnel are its network's ---- */

/* The network's wish, made where nobody names the network. */
static struct xsnet_object *want_of_network(struct xsn_slot *net, const struct xsn_slot *tunnel)
{
        struct xsnet_object *want;

        if (net->want)
                return xsn_slot_edit_want(net);
        if (xsn_object_new(&xsn_network_class, &want) < 0)
                return NULL;
        want->pos = tunnel->want->pos;
        want->adopt = tunnel->want->adopt;
        net->want = want;
        net->own_want = true;
        return want;
}

static int move_row(struct xsn_slot *net, struct xsn_slot *tunnel, const struct xsn_field *field)
{
        const struct xsn_type *type = xsn_type_of(field->type);
        struct xsnet_object *want = want_of_network(net, tunnel), *mine = xsn_slot_edit_want(tunnel);
        uint64_t bit, own;

        if (!want || !mine)
                return -ENOMEM;
        bit = xsn_object_bit(want, field->id);
        own = xsn_object_bit(mine, field->id);
        if ((want->present | want->reset) & bit) {
                if (!(want->present & bit) != !(mine->present & own) ||
                    !xsn_value_equal(type, xsn_object_member(want, field), xsn_object_member(mine, field),
                                     field->flags & XSN_F_SET))
                        xsn_slot_error(tunnel, field->id, -EINVAL, "conflict",
                                       "its network names another value; an address of a tunnel is its network's");
        } else if (mine->present & own) {
                if (xsn_value_copy(type, xsn_object_member(want, field), xsn_object_member(mine, field)) < 0)
                        return -ENOMEM;
                want->present |= bit;
        } else {
                want->reset |= bit;
        }
        xsn_object_clear(mine, field->id);
        return 0;
}

int xsn_want_tunnel_addresses(struct xsn_slot *slot)
{
        const struct xsnet_object *from = slot->pair->from;
        const char *network = xsn_object_network(slot->want);
        struct xsn_slot *net = network ? xsn_dom0_network(slot->node, network) : NULL;

        if (!net || slot->node->target->pool || (net->want && net->want->absent))
                return 0;
        for (size_t i = 0; i < xsn_n_address_fields; i++) {
                const struct xsn_field *field = &xsn_address_fields[i];
                int row = xsn_class_index(slot->want->cls, field->id);

                if ((field->flags & XSN_F_OBSERVED) || field->id == XSNET_FIELD_PLUGGED ||
                    !xsn_slot_wants(slot, field->id, true) ||
                    (from && !xsn_object_row_differs(from, slot->want, (size_t)row)))
                        continue;
                if (move_row(net, slot, field) < 0)
                        return -ENOMEM;
        }
        return 0;
}
