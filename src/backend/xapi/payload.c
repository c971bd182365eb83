/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Payloads: what the model has no field for, and a change or a rollback has to put back as it was. Columns of
 * records as "CLASS.COLUMN=VALUE;...", items of sets behind one another with ',', keys and values of maps with ':'
 * between them; every text is percent-encoded.
 */
#include <errno.h>
#include <string.h>

#include "backend/xapi/xapi.h"
#include "base/alloc.h"
#include "base/names.h"

/* What is kept of which kind; 0: of everything that is a PIF. */
static const struct {
        int kind, class, column;
} kept[] = {
        { XSNET_KIND_NETWORK, XA_NETWORK, XA_NETWORK_MTU },
        { XSNET_KIND_NETWORK, XA_NETWORK, XA_NETWORK_OTHER_CONFIG },
        { XSNET_KIND_NETWORK, XA_NETWORK, XA_NETWORK_MANAGED },
        { XSNET_KIND_NETWORK, XA_NETWORK, XA_NETWORK_TAGS },
        { XSNET_KIND_NETWORK, XA_NETWORK, XA_NETWORK_PURPOSE },
        { 0, XA_PIF, XA_PIF_IP_CONFIGURATION_MODE },
        { 0, XA_PIF, XA_PIF_IP },
        { 0, XA_PIF, XA_PIF_NETMASK },
        { 0, XA_PIF, XA_PIF_GATEWAY },
        { 0, XA_PIF, XA_PIF_DNS },
        { 0, XA_PIF, XA_PIF_OTHER_CONFIG },
        { 0, XA_PIF, XA_PIF_IPV6_CONFIGURATION_MODE },
        { 0, XA_PIF, XA_PIF_IPV6 },
        { 0, XA_PIF, XA_PIF_IPV6_GATEWAY },
        { 0, XA_PIF, XA_PIF_PRIMARY_ADDRESS_TYPE },
        { 0, XA_PIF, XA_PIF_PROPERTIES },
        { XSNET_KIND_BOND, XA_BOND, XA_BOND_PROPERTIES },
        { XSNET_KIND_BOND, XA_BOND, XA_BOND_OTHER_CONFIG },
        { XSNET_KIND_VLAN, XA_VLAN, XA_VLAN_OTHER_CONFIG },
        { XSNET_KIND_TUNNEL, XA_TUNNEL, XA_TUNNEL_STATUS },
        { XSNET_KIND_TUNNEL, XA_TUNNEL, XA_TUNNEL_OTHER_CONFIG },
        { XSNET_KIND_VIF, XA_VIF, XA_VIF_MTU },
        { XSNET_KIND_VIF, XA_VIF, XA_VIF_OTHER_CONFIG },
        { XSNET_KIND_VIF, XA_VIF, XA_VIF_QOS_ALGORITHM_TYPE },
        { XSNET_KIND_VIF, XA_VIF, XA_VIF_QOS_ALGORITHM_PARAMS },
        { XSNET_KIND_VIF, XA_VIF, XA_VIF_IPV4_ALLOWED },
        { XSNET_KIND_VIF, XA_VIF, XA_VIF_IPV6_ALLOWED },
};

static bool is_kept(int kind, int class, int column)
{
        bool pif = kind != XSNET_KIND_NETWORK && kind != XSNET_KIND_VIF;

        for (size_t i = 0; i < XSN_ARRAY_SIZE(kept); i++)
                if ((kept[i].kind == kind || (!kept[i].kind && pif)) && kept[i].class == class &&
                    kept[i].column == column)
                        return true;
        return false;
}

/* Leased addresses come and go: they are nothing to put back. */
static bool is_leased(const struct xa_record *row, int column)
{
        if (row->class != XA_PIF)
                return false;
        switch (column) {
        case XA_PIF_IP:
        case XA_PIF_NETMASK:
        case XA_PIF_GATEWAY:
        case XA_PIF_DNS:
                return xsn_xa_is(row, XA_PIF_IP_CONFIGURATION_MODE, "DHCP");
        case XA_PIF_IPV6:
        case XA_PIF_IPV6_GATEWAY:
                return !xsn_xa_is(row, XA_PIF_IPV6_CONFIGURATION_MODE, "Static");
        default:
                return false;
        }
}

static void put_list(struct xsn_buf *buf, const struct xsn_list *list, bool map)
{
        for (size_t i = 0; i < list->n; i++) {
                const struct xsn_entry *e = map ? &XSN_ITEM(*list, struct xsn_entry, i) : NULL;

                xsn_buf_put(buf, i ? "," : "");
                xsn_percent_encode(buf, map ? e->key : XSN_ITEM(*list, char *, i));
                if (!map)
                        continue;
                xsn_buf_putc(buf, ':');
                xsn_percent_encode(buf, e->value);
        }
}

static void put_column(struct xsn_buf *buf, const struct xa_record *row, int column)
{
        const struct xa_class *cls = &xsn_xa_classes[row->class];
        int type = cls->columns[column].type;

        /* What is empty, as most is, comes back empty. */
        if (!xsn_xa_told(row, column) || is_leased(row, column) ||
            (type == XA_TEXT ? !*xsn_xa_text(row, column) : type != XA_BOOL && !xsn_xa_list(row, column)->n))
                return;
        xsn_buf_printf(buf, "%s%s.%s=", buf->len ? ";" : "", cls->name, cls->columns[column].name);
        if (type == XA_BOOL)
                xsn_buf_put(buf, xsn_xa_bool(row, column, false) ? "true" : "false");
        else if (type == XA_TEXT)
                xsn_percent_encode(buf, xsn_xa_text(row, column));
        else
                put_list(buf, xsn_xa_list(row, column), type == XA_MAP);
}

int xsn_xa_payload_save(struct xsnet_object *obj, const struct xa_place *place)
{
        struct xsn_buf buf = { 0 };
        char *payload;

        for (int class = 0; class < XA_N_CLASSES; class ++)
                for (size_t i = 0; place->rows[class] && i < xsn_xa_classes[class].n_columns; i++)
                        if (is_kept(obj->cls->kind, class, (int)i))
                                put_column(&buf, place->rows[class], (int)i);
        if (xsn_buf_take(&buf, &payload) < 0)
                return -ENOMEM;
        xsn_free(obj->payload);
        obj->payload = payload;
        return 0;
}

/* ---- back ---- */

static int read_items(struct xa_record *row, int column, int type, char *text)
{
        int r = xsn_xa_put_empty(row, column, type);

        for (char *item = text, *next; r == 0 && item && *item; item = next) {
                char *value;

                next = strchr(item, ',');
                if (next)
                        *next++ = '\0';
                value = type == XA_MAP ? strchr(item, ':') : NULL;
                if (type == XA_MAP && !value)
                        continue;
                if (value)
                        *value++ = '\0';
                if (xsn_percent_decode(item) < 0 || (value && xsn_percent_decode(value) < 0))
                        continue;
                r = value ? xsn_xa_put_entry(row, column, item, value) : xsn_xa_put_item(row, column, item);
        }
        return r;
}

static int read_column(struct xa_record *row, int column, char *text)
{
        int type = xsn_xa_classes[row->class].columns[column].type;

        if (type == XA_BOOL)
                return xsn_xa_put_bool(row, column, !strcmp(text, "true"));
        if (type != XA_TEXT)
                return read_items(row, column, type, text);
        return xsn_percent_decode(text) < 0 ? 0 : xsn_xa_put_text(row, column, text);
}

/* "CLASS.COLUMN=VALUE" */
static int read_part(const struct xsnet_object *obj, char *part, struct xa_records *records)
{
        char *dot = strchr(part, '.'), *equal = dot ? strchr(dot, '=') : NULL;
        struct xa_record *row;
        int class, column;

        if (!equal)
                return 0;
        *dot = *equal = '\0';
        class = xsn_xa_class_find(part);
        column = class < 0 ? -ENOENT : xsn_xa_column_find(class, dot + 1);
        if (column < 0 || !is_kept(obj->cls->kind, class, column))
                return 0;
        row = xsn_xa_find(records, class, part);
        if (!row && xsn_xa_record_add(records, class, part, &row) < 0)
                return -ENOMEM;
        return read_column(row, column, equal + 1);
}

int xsn_xa_payload_load(const struct xsnet_object *obj, struct xa_records *ret_records)
{
        _cleanup_(xsn_freep) char *text = obj->payload ? xsn_strdup(obj->payload) : NULL;
        int r = obj->payload && !text ? -ENOMEM : 0;

        memset(ret_records, 0, sizeof(*ret_records));
        for (char *part = text, *next; r == 0 && part; part = next) {
                next = strchr(part, ';');
                if (next)
                        *next++ = '\0';
                r = read_part(obj, part, ret_records);
        }
        if (r < 0)
                xsn_xa_records_done(ret_records);
        return r;
}
