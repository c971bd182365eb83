/* SPDX-License-Identifier: Apache-2.0 */
/* strtod() and printf() write the point as the process's locale has it: they get, and give, that one. */
#include "transport/xmlrpc_number.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int xsn_xmlrpc_parse_int(const char *text, int64_t *ret_number)
{
        const char *at = text + (*text == '-' || *text == '+');
        long long number;
        char *end;

        /* strtoll() would pass over blanks, too. */
        if (*at < '0' || *at > '9')
                return -EINVAL;
        errno = 0;
        number = strtoll(text, &end, 10);
        if (*end || errno == ERANGE)
                return -EINVAL;
        *ret_number = number;
        return 0;
}

int xsn_xmlrpc_parse_double(const char *text, double *ret_number)
{
        const char *point = localeconv()->decimal_point, *dot = strchr(text, '.');
        size_t len = strlen(text);
        char copy[XSN_XMLRPC_DOUBLE_MAX + 8];
        char *end;

        if (len == 0 || len >= XSN_XMLRPC_DOUBLE_MAX || strspn(text, "+-.0123456789eEinfatyINFATY") != len ||
            strlen(point) > 8)
                return -EINVAL;
        if (dot)
                (void)snprintf(copy, sizeof(copy), "%.*s%s%s", (int)(dot - text), text, point, dot + 1);
        else
                memcpy(copy, text, len + 1);
        *ret_number = strtod(copy, &end);
        return *end ? -EINVAL : 0;
}

char *xsn_xmlrpc_format_double(double number, char buf[XSN_XMLRPC_DOUBLE_MAX])
{
        const char *point = localeconv()->decimal_point;
        char *at;

        (void)snprintf(buf, XSN_XMLRPC_DOUBLE_MAX, "%.17g", number);
        at = strstr(buf, point);
        if (at) {
                *at = '.';
                memmove(at + 1, at + strlen(point), strlen(at + strlen(point)) + 1);
        }
        return buf;
}
