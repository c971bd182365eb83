/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of kinds and fields in doc/document.md, made of the rows; a test holds the page current. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "codec/decode.h"

/* "one of `a`, `b`" */
static void put_names(struct xsn_buf *buf, const struct xsn_enum *en)
{
        for (size_t i = 0; i < en->n_rows; i++)
                xsn_buf_printf(buf, "%s`%s`", i ? ", " : "", en->rows[i].name);
}

static void put_range(struct xsn_buf *buf, const struct xsn_field *field)
{
        if (field->max)
                xsn_buf_printf(buf, " %" PRIu64 "..%" PRIu64, field->min, field->max);
}

static void put_type(struct xsn_buf *buf, const struct xsn_field *field)
{
        bool device = field->flags & XSN_F_DEVNAME;

        switch (field->type) {
        case XSNET_TYPE_ENUM:
                put_names(buf, field->en);
                break;
        case XSNET_TYPE_BOOL:
                xsn_buf_put(buf, "`true` or `false`");
                break;
        case XSNET_TYPE_U32:
                xsn_buf_put(buf, "number");
                put_range(buf, field);
                break;
        case XSNET_TYPE_U32S:
                xsn_buf_put(buf, "list of numbers");
                put_range(buf, field);
                break;
        case XSNET_TYPE_STR:
                xsn_buf_put(buf, device ? "device name" : "text");
                break;
        case XSNET_TYPE_STRS:
                xsn_buf_put(buf, device ? "list of device names" : "list of texts");
                break;
        case XSNET_TYPE_MAP:
                xsn_buf_put(buf, "map of texts");
                break;
        default:
                xsn_buf_put(buf, xsn_type_of(field->type)->name);
                if (field->flags & XSN_F_ONE)
                        xsn_buf_put(buf, ", or one of them");
        }
}

/* What else holds for the field: identity, default, reset. */
static void put_notes(struct xsn_buf *buf, const struct xsn_class *cls, const struct xsn_field *field)
{
        const char *separator = "";

        if ((field->flags & XSN_F_KEY) || (cls && cls->kind == XSNET_KIND_TUNNEL && field->id == XSNET_FIELD_NETWORK)) {
                xsn_buf_put(buf, "identity");
                separator = ", ";
        }
        if (field->flags & XSN_F_SELECT) {
                xsn_buf_printf(buf, "%sselects", separator);
                separator = ", ";
        }
        if (field->flags & XSN_F_REQUIRED) {
                xsn_buf_printf(buf, "%srequired to make one", separator);
                separator = ", ";
        }
        if (field->flags & XSN_F_RECREATE) {
                xsn_buf_printf(buf, "%sa change makes it anew", separator);
                separator = ", ";
        }
        if (field->flags & XSN_F_DEFAULT) {
                xsn_buf_printf(buf, "%sdefault `", separator);
                if (field->type == XSNET_TYPE_BOOL)
                        xsn_buf_put(buf, field->def ? "true" : "false");
                else if (field->type == XSNET_TYPE_ENUM)
                        xsn_buf_put(buf, xsn_enum_name(field->en, (int)field->def));
                else
                        xsn_buf_printf(buf, "%" PRIu64, field->def);
                xsn_buf_putc(buf, '`');
        }
}

/* `cls`: NULL for the rows that several kinds share. */
static void put_row(struct xsn_buf *buf, const struct xsn_class *cls, const struct xsn_field *field)
{
        xsn_buf_printf(buf, "| `%s` | ", field->name);
        put_type(buf, field);
        xsn_buf_put(buf, " | ");
        put_notes(buf, cls, field);
        xsn_buf_printf(buf, " | %s |\n", field->doc);
}

static void put_rows(struct xsn_buf *buf, const struct xsn_class *cls, const struct xsn_field *fields, size_t n)
{
        xsn_buf_put(buf, "| field | value | | meaning |\n|---|---|---|---|\n");
        for (int observed = 0; observed < 2; observed++)
                for (size_t i = 0; i < n; i++)
                        if (!(fields[i].flags & XSN_F_OBSERVED) == !observed)
                                put_row(buf, cls, &fields[i]);
        xsn_buf_putc(buf, '\n');
}

static void put_kind(struct xsn_buf *buf, const struct xsn_class *cls)
{
        xsn_buf_printf(buf, "### `%s`\n\n%s\n\n", cls->plural, cls->doc);
        put_rows(buf, cls, cls->fields, cls->n_fields);
        if (cls->has_link)
                xsn_buf_put(buf, "And the [fields of all PIFs](#fields-of-all-pifs) and the "
                                 "[address fields](#address-fields).\n\n");
        else if (cls->has_address)
                xsn_buf_put(buf, "And the [address fields](#address-fields), where it has no PIF.\n\n");
}

int xsn_codec_reference(char **ret_text, struct xsnet_error **ret_err)
{
        struct xsn_buf buf = { 0 };

        for (int kind = 1; kind <= XSN_N_KINDS; kind++)
                put_kind(&buf, xsn_class_of(kind));
        xsn_buf_put(&buf, "### Fields of all PIFs\n\nOf `pifs`, `bonds`, `vlans` and `tunnels`.\n\n");
        put_rows(&buf, NULL, xsn_link_fields, xsn_n_link_fields);
        xsn_buf_put(&buf, "### Address fields\n\n");
        put_rows(&buf, NULL, xsn_address_fields, xsn_n_address_fields);
        return xsn_buf_take(&buf, ret_text) < 0 ? xsn_error_oom(ret_err) : 0;
}
