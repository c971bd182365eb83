/* SPDX-License-Identifier: Apache-2.0 */
/* Look-ups in an enumeration's table, which is a dozen rows: a walk is the fastest way. */
#include "base/enumtab.h"

#include <errno.h>
#include <string.h>

static const char *wire_of(const struct xsn_enum_row *row)
{
        return row->wire ? row->wire : row->name;
}

static const struct xsn_enum_row *row_of(const struct xsn_enum *en, int value)
{
        for (size_t i = 0; i < en->n_rows; i++)
                if (en->rows[i].value == value)
                        return &en->rows[i];
        return NULL;
}

int xsn_enum_from_name(const struct xsn_enum *en, const char *name)
{
        for (size_t i = 0; name && i < en->n_rows; i++)
                if (strcmp(en->rows[i].name, name) == 0)
                        return en->rows[i].value;
        return -ENOENT;
}

int xsn_enum_from_wire(const struct xsn_enum *en, const char *wire)
{
        for (size_t i = 0; wire && i < en->n_rows; i++)
                if (strcmp(wire_of(&en->rows[i]), wire) == 0)
                        return en->rows[i].value;
        return -ENOENT;
}

const char *xsn_enum_name(const struct xsn_enum *en, int value)
{
        const struct xsn_enum_row *row = row_of(en, value);

        return row ? row->name : NULL;
}

const char *xsn_enum_wire(const struct xsn_enum *en, int value)
{
        const struct xsn_enum_row *row = row_of(en, value);

        return row ? wire_of(row) : NULL;
}
