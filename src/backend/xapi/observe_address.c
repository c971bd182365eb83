/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The addresses of PIFs. XAPI keeps in the same columns what was configured and what a lease brought, and takes what
 * cannot be (netmasks with holes, a gateway off the net): what documents cannot say stays in the payload.
 */
#include <errno.h>
#include <string.h>

#include "backend/xapi/xapi.h"

/* 0..32; -1: no netmask, or one with holes. */
static int prefix_length(const char *netmask)
{
        struct xsn_ip mask;
        uint32_t bits;
        int n = 0;

        if (xsn_ip_parse(netmask, &mask) < 0 || mask.family != 4)
                return -1;
        bits = (uint32_t)mask.b[0] << 24 | (uint32_t)mask.b[1] << 16 | (uint32_t)mask.b[2] << 8 | mask.b[3];
        while (n < 32 && bits >> (31 - n) & 1)
                n++;
        return n < 32 && (uint32_t)(bits << n) ? -1 : n;
}

/* An address that a document may name. */
static bool is_one_host(const struct xsn_ip *ip)
{
        return ip->plen && !xsn_ip_is_multicast(ip) && !xsn_ip_is_unspecified(ip) &&
               !xsn_ip_is_network_or_broadcast(ip);
}

static void set_mode(struct xsnet_object *obj, int field, struct xsn_enumval *member, const char *word)
{
        int value = xsn_xa_enum_value(field, word);

        if (!value)
                return;
        member->value = value;
        xsn_object_mark(obj, field);
}

/* The gateway, where one of the addresses reaches it. */
static void set_gateway(struct xsnet_object *obj, int field, struct xsn_ip *member, const char *text,
                        const struct xsn_list *addresses)
{
        struct xsn_ip gateway;
        bool reached = false;

        if (xsn_ip_parse(text, &gateway) < 0 || xsn_ip_is_multicast(&gateway) || xsn_ip_is_unspecified(&gateway))
                return;
        for (size_t i = 0; i < addresses->n; i++) {
                const struct xsn_ip *ip = &XSN_ITEM(*addresses, struct xsn_ip, i);

                if (xsn_ip_same_address(ip, &gateway))
                        return;
                reached = reached || xsn_ip_in_prefix(&gateway, ip);
        }
        if (!reached && !xsn_ip_is_link_local(&gateway))
                return;
        *member = gateway;
        xsn_object_mark(obj, field);
}

static int add_address(struct xsnet_object *obj, int field, struct xsn_list *list, const struct xsn_ip *ip)
{
        if (!is_one_host(ip))
                return 0;
        if (xsn_list_add(xsn_type_of(XSNET_TYPE_PREFIXES)->item, list, ip) < 0)
                return -ENOMEM;
        xsn_object_mark(obj, field);
        return 0;
}

static int view_ipv4(const struct xa_record *pif, struct xsnet_object *obj)
{
        int plen = prefix_length(xsn_xa_text(pif, XA_PIF_NETMASK));
        struct xsn_addressing *a = &obj->a;
        struct xsn_ip ip;

        set_mode(obj, XSNET_FIELD_IPV4_MODE, &a->ipv4_mode, xsn_xa_text(pif, XA_PIF_IP_CONFIGURATION_MODE));
        if (a->ipv4_mode.value != XSNET_IP_STATIC || plen < 0 || xsn_ip_parse(xsn_xa_text(pif, XA_PIF_IP), &ip) < 0 ||
            ip.family != 4)
                return 0;
        ip.plen = (uint8_t)plen;
        if (add_address(obj, XSNET_FIELD_IPV4_ADDRESS, &a->ipv4_address, &ip) < 0)
                return -ENOMEM;
        set_gateway(obj, XSNET_FIELD_IPV4_GATEWAY, &a->ipv4_gateway, xsn_xa_text(pif, XA_PIF_GATEWAY),
                    &a->ipv4_address);
        return 0;
}

static int view_ipv6(const struct xa_record *pif, struct xsnet_object *obj)
{
        const struct xsn_list *addresses = xsn_xa_list(pif, XA_PIF_IPV6);
        struct xsn_addressing *a = &obj->a;

        set_mode(obj, XSNET_FIELD_IPV6_MODE, &a->ipv6_mode, xsn_xa_text(pif, XA_PIF_IPV6_CONFIGURATION_MODE));
        if (a->ipv6_mode.value != XSNET_IP_STATIC)
                return 0;
        for (size_t i = 0; i < addresses->n; i++) {
                struct xsn_ip ip;

                if (xsn_ip_parse_prefix(XSN_ITEM(*addresses, char *, i), &ip) == 0 && ip.family == 6 &&
                    add_address(obj, XSNET_FIELD_IPV6_ADDRESS, &a->ipv6_address, &ip) < 0)
                        return -ENOMEM;
        }
        set_gateway(obj, XSNET_FIELD_IPV6_GATEWAY, &a->ipv6_gateway, xsn_xa_text(pif, XA_PIF_IPV6_GATEWAY),
                    &a->ipv6_address);
        return 0;
}

/* "10.0.0.1,2001:db8::1" */
static int view_dns(const struct xa_record *pif, struct xsnet_object *obj)
{
        const char *text = xsn_xa_text(pif, XA_PIF_DNS);

        while (*text) {
                size_t len = strcspn(text, ", ");
                char one[XSN_IP_STRLEN];
                struct xsn_ip ip;

                if (len > 0 && len < sizeof(one)) {
                        memcpy(one, text, len);
                        one[len] = '\0';
                        if (xsn_ip_parse(one, &ip) == 0) {
                                if (xsn_list_add(xsn_type_of(XSNET_TYPE_IPS)->item, &obj->a.dns, &ip) < 0)
                                        return -ENOMEM;
                                xsn_object_mark(obj, XSNET_FIELD_DNS);
                        }
                }
                text += len + (text[len] != '\0');
        }
        return 0;
}

int xsn_xa_view_addresses(const struct xa_record *pif, struct xsnet_object *obj)
{
        if (view_ipv4(pif, obj) < 0 || view_ipv6(pif, obj) < 0)
                return -ENOMEM;
        /* With a lease they are the lease's. */
        return obj->a.ipv4_mode.value == XSNET_IP_DHCP ? 0 : view_dns(pif, obj);
}
