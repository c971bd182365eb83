/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong within one desired object, with the place in the document. Across objects: check_state.c. */
#include "model/object.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/names.h"
#include "base/utf8.h"

void xsn_object_where(const struct xsnet_object *obj, const char *source, int field, struct xsn_buf *buf)
{
        int i = field ? xsn_class_index(obj->cls, field) : -ENOENT;
        const struct xsn_pos *pos = &obj->pos;

        if (!obj->pos.line)
                return;
        if (i >= 0 && obj->field_pos && obj->field_pos[i].line)
                pos = &obj->field_pos[i];
        xsn_buf_printf(buf, "%s%s%u:%u %s[%u]", source ? source : "", source ? ":" : "", pos->line, pos->column,
                       obj->cls->plural, obj->item);
        if (i >= 0)
                xsn_buf_printf(buf, ".%s", xsn_class_field(obj->cls, (size_t)i)->name);
}

/* A text that was cut: takes off what is left of its last character. */
static void end_whole(char *text)
{
        size_t len = strlen(text), i = len;

        while (i > 0 && ((unsigned char)text[i - 1] & 0xc0) == 0x80)
                i--;
        if (i > 0 && xsn_utf8_len(text + i - 1, len - i + 1) != len - i + 1)
                text[i - 1] = '\0';
}

int xsn_object_error(const struct xsnet_object *obj, const char *source, int field, struct xsnet_error **errs, int code,
                     const char *reason, const char *fmt, ...)
{
        _cleanup_(xsn_freep) char *where = NULL, *what = NULL;
        struct xsn_buf place = { 0 }, name = { 0 };
        char text[1024];
        va_list args;
        int len;

        va_start(args, fmt);
        len = vsnprintf(text, sizeof(text), fmt, args);
        va_end(args);
        if (len >= (int)sizeof(text))
                end_whole(text);
        xsn_object_where(obj, source, field, &place);
        xsn_object_describe(obj, &name);
        if (xsn_buf_take(&place, &where) < 0 || xsn_buf_take(&name, &what) < 0) {
                xsn_buf_done(&name);
                return xsn_error_add(errs, -ENOMEM, "out-of-memory", "", "there is not enough memory");
        }
        return xsn_error_add(errs, code, reason, where, "%s: %s", what, text);
}

/* ---- addresses ---- */

static bool is_of_one_host(const struct xsn_ip *ip)
{
        return !xsn_ip_is_multicast(ip) && !xsn_ip_is_unspecified(ip) && !xsn_ip_is_loopback(ip);
}

static void check_addresses(const struct xsnet_object *obj, const char *source, int field, const struct xsn_list *list,
                            struct xsnet_error **errs)
{
        for (size_t i = 0; i < list->n; i++) {
                const struct xsn_ip *ip = &XSN_ITEM(*list, struct xsn_ip, i);
                char text[XSN_IP_STRLEN];

                xsn_ip_format_prefix(ip, text);
                if (!is_of_one_host(ip) || !ip->plen)
                        xsn_object_error(obj, source, field, errs, -EINVAL, "bad-address",
                                         "expected the address of one host, found '%s'", text);
                else if (xsn_ip_is_network_or_broadcast(ip))
                        xsn_object_error(obj, source, field, errs, -EINVAL, "bad-address",
                                         "'%s' is its network's own or broadcast address", text);
        }
}

static void check_gateway(const struct xsnet_object *obj, const char *source, int field, const struct xsn_ip *gateway,
                          int list_field, const struct xsn_list *list, struct xsnet_error **errs)
{
        char text[XSN_IP_STRLEN];

        if (!xsn_object_is_set(obj, field))
                return;
        xsn_ip_format(gateway, text);
        if (!is_of_one_host(gateway)) {
                xsn_object_error(obj, source, field, errs, -EINVAL, "bad-address",
                                 "expected the address of one host, found '%s'", text);
                return;
        }
        for (size_t i = 0; i < list->n; i++) {
                if (xsn_ip_same_address(gateway, &XSN_ITEM(*list, struct xsn_ip, i))) {
                        xsn_object_error(obj, source, field, errs, -EINVAL, "loop",
                                         "the gateway %s is one of its own addresses", text);
                        return;
                }
        }
        if (!xsn_object_is_set(obj, list_field) || xsn_ip_is_link_local(gateway))
                return;
        for (size_t i = 0; i < list->n; i++) {
                const struct xsn_ip *ip = &XSN_ITEM(*list, struct xsn_ip, i);
                struct xsn_ip there = *gateway;

                there.plen = ip->plen;
                if (!xsn_ip_in_prefix(gateway, ip))
                        continue;
                if (xsn_ip_is_network_or_broadcast(&there))
                        xsn_object_error(obj, source, field, errs, -EINVAL, "bad-address",
                                         "the gateway %s is its network's own or broadcast address", text);
                return;
        }
        xsn_object_error(obj, source, field, errs, -EINVAL, "gateway-unreachable",
                         "the gateway %s is in the subnet of none of the addresses", text);
}

/* A family's mode against its address and gateway. */
static void check_mode(const struct xsnet_object *obj, const char *source, int mode_field,
                       const struct xsn_enumval *mode, int address_field, const struct xsn_list *address,
                       int gateway_field, struct xsnet_error **errs)
{
        bool set = xsn_object_is_set(obj, mode_field);
        const char *name = set ? xsn_enum_name(&xsn_ipv6_mode, mode->value) : NULL;
        bool has_address = xsn_object_is_set(obj, address_field) && address->n;

        if (!name || mode->value == XSNET_IP_STATIC)
                return;
        if (has_address)
                xsn_object_error(obj, source, address_field, errs, -EINVAL, "conflict",
                                 "mode %s and an address contradict each other", name);
        if (xsn_object_is_set(obj, gateway_field))
                xsn_object_error(obj, source, gateway_field, errs, -EINVAL, "conflict",
                                 "mode %s and a gateway contradict each other", name);
}

static void check_routes(const struct xsnet_object *obj, const char *source, struct xsnet_error **errs)
{
        for (size_t i = 0; i < obj->a.routes.n; i++) {
                const struct xsn_ip *via = &XSN_ITEM(obj->a.routes, struct xsn_route, i).via;
                char text[XSN_IP_STRLEN];

                if (via->family && !is_of_one_host(via))
                        xsn_object_error(obj, source, XSNET_FIELD_ROUTES, errs, -EINVAL, "bad-address",
                                         "expected a route via the address of one host, found '%s'",
                                         xsn_ip_format(via, text));
        }
}

/* An address is one host's; only a link-local one means something else on each. */
static void check_hosts(const struct xsnet_object *obj, const char *source, int field, const struct xsn_list *list,
                        struct xsnet_error **errs)
{
        for (size_t i = 0; obj->hosts.n > 1 && i < list->n; i++) {
                if (xsn_ip_is_link_local(&XSN_ITEM(*list, struct xsn_ip, i)))
                        continue;
                xsn_object_error(obj, source, field, errs, -EINVAL, "duplicate-address",
                                 "one static address cannot be on %zu hosts", obj->hosts.n);
                return;
        }
}

static void check_addressing(const struct xsnet_object *obj, const char *source, struct xsnet_error **errs)
{
        const struct xsn_addressing *a = &obj->a;

        check_addresses(obj, source, XSNET_FIELD_IPV4_ADDRESS, &a->ipv4_address, errs);
        check_addresses(obj, source, XSNET_FIELD_IPV6_ADDRESS, &a->ipv6_address, errs);
        check_mode(obj, source, XSNET_FIELD_IPV4_MODE, &a->ipv4_mode, XSNET_FIELD_IPV4_ADDRESS, &a->ipv4_address,
                   XSNET_FIELD_IPV4_GATEWAY, errs);
        check_mode(obj, source, XSNET_FIELD_IPV6_MODE, &a->ipv6_mode, XSNET_FIELD_IPV6_ADDRESS, &a->ipv6_address,
                   XSNET_FIELD_IPV6_GATEWAY, errs);
        check_gateway(obj, source, XSNET_FIELD_IPV4_GATEWAY, &a->ipv4_gateway, XSNET_FIELD_IPV4_ADDRESS,
                      &a->ipv4_address, errs);
        check_gateway(obj, source, XSNET_FIELD_IPV6_GATEWAY, &a->ipv6_gateway, XSNET_FIELD_IPV6_ADDRESS,
                      &a->ipv6_address, errs);
        check_routes(obj, source, errs);
        check_hosts(obj, source, XSNET_FIELD_IPV4_ADDRESS, &a->ipv4_address, errs);
        check_hosts(obj, source, XSNET_FIELD_IPV6_ADDRESS, &a->ipv6_address, errs);
}

/* ---- identity ---- */

static bool has_selector(const struct xsnet_object *obj)
{
        size_t n = xsn_class_n_fields(obj->cls);

        for (size_t i = 0; i < n; i++)
                if ((xsn_class_field(obj->cls, i)->flags & XSN_F_SELECT) && (obj->present >> i & 1))
                        return true;
        return false;
}

/* The fields without which an item names nothing; other kinds have all their key fields. */
static const struct {
        int kind;
        int fields[3]; /* one of them is enough, where `any` */
        bool any;
} identities[] = {
        { XSNET_KIND_NETWORK, { XSNET_FIELD_NAME, XSNET_FIELD_UUID, XSNET_FIELD_BRIDGE }, true },
        { XSNET_KIND_PIF, { XSNET_FIELD_DEVICE }, false },
        { XSNET_KIND_BOND, { XSNET_FIELD_NAME }, false },
        { XSNET_KIND_VLAN, { XSNET_FIELD_PIF, XSNET_FIELD_TAG }, false },
        { XSNET_KIND_TUNNEL, { XSNET_FIELD_NETWORK, XSNET_FIELD_TRANSPORT }, false },
        { XSNET_KIND_VIF, { XSNET_FIELD_VM, XSNET_FIELD_DOMAIN }, true },
        { XSNET_KIND_VIF, { XSNET_FIELD_VIF_DEVICE }, false },
};

static void check_identity(const struct xsnet_object *obj, const char *source, struct xsnet_error **errs)
{
        for (size_t i = 0; i < XSN_ARRAY_SIZE(identities); i++) {
                bool found = false;

                if (identities[i].kind != obj->cls->kind || has_selector(obj))
                        continue;
                for (size_t j = 0; j < 3 && identities[i].fields[j] && !found; j++) {
                        int field = identities[i].fields[j];

                        found = xsn_object_is_set(obj, field) && identities[i].any;
                        if (!xsn_object_is_set(obj, field) && !identities[i].any)
                                xsn_object_error(obj, source, 0, errs, -EINVAL, "missing-field",
                                                 "expected '%s', which says what it is, found nothing",
                                                 xsnet_field_get_name(obj->cls->kind, field));
                }
                if (identities[i].any && !found)
                        xsn_object_error(obj, source, 0, errs, -EINVAL, "missing-field",
                                         "expected '%s' or '%s', which say what it is, found neither",
                                         xsnet_field_get_name(obj->cls->kind, identities[i].fields[0]),
                                         xsnet_field_get_name(obj->cls->kind, identities[i].fields[1]));
        }
}

/* ---- names that the kernel keeps for itself ---- */

/*
 * Its fallback devices, and what its files are called beside those of devices. A tunnel of Open vSwitch may be
 * called gre0: of tunnels the planner knows better.
 */
static bool is_reserved(const struct xsnet_object *obj, const char *device)
{
        static const char *const names[] = { "lo", "all", "default", "bonding_masters" };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(names); i++)
                if (!strcmp(names[i], device))
                        return true;
        return !XSN_TUNNEL(obj) && xsn_ifname_is_fallback(device);
}

static void check_reserved(const struct xsnet_object *obj, const char *source, struct xsnet_error **errs)
{
        static const struct {
                int kind, field;
        } made[] = {
                { XSNET_KIND_NETWORK, XSNET_FIELD_BRIDGE }, { XSNET_KIND_PIF, XSNET_FIELD_RENAME },
                { XSNET_KIND_BOND, XSNET_FIELD_NAME },      { XSNET_KIND_VLAN, XSNET_FIELD_DEVICE },
                { XSNET_KIND_TUNNEL, XSNET_FIELD_DEVICE },
        };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(made); i++) {
                const char *name = made[i].kind == obj->cls->kind ? xsn_object_string(obj, made[i].field) : NULL;

                if (name && is_reserved(obj, name))
                        xsn_object_error(obj, source, made[i].field, errs, -EINVAL, "reserved-name",
                                         "%s: '%s' is a name of the kernel's own",
                                         xsnet_field_get_name(obj->cls->kind, made[i].field), name);
        }
}

void xsn_object_check(const struct xsnet_object *obj, const char *source, struct xsnet_error **errs)
{
        check_identity(obj, source, errs);
        xsn_object_check_rules(obj, source, errs);
}

void xsn_object_check_rules(const struct xsnet_object *obj, const char *source, struct xsnet_error **errs)
{
        _cleanup_(xsnet_error_freep) struct xsnet_error *found = NULL;

        if (obj->cls->has_address && !obj->absent)
                check_addressing(obj, source, errs);
        if (!obj->absent)
                check_reserved(obj, source, errs);
        if (!obj->cls->check)
                return;
        /* The kind's own rules know their field, not where the object stands. */
        obj->cls->check(obj, &found);
        for (const struct xsnet_error *e = found; e; e = xsnet_error_get_next(e)) {
                int i = xsn_class_index_by_name(obj->cls, xsnet_error_get_where(e));

                xsn_object_error(obj, source, i < 0 ? 0 : xsn_class_field(obj->cls, (size_t)i)->id, errs,
                                 xsnet_error_get_code(e), xsnet_error_get_reason(e), "%s",
                                 xsnet_error_get_message(e));
        }
}
