/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and writes the keys of payloads. A journal may have been tampered with: what does not parse is not there. */
#include "backend/dom0/payload.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

const char *xsn_d0_payload_find(const struct xsnet_object *obj, const char *key)
{
        size_t len = strlen(key);

        for (const char *p = obj->payload; p; p = strchr(p, ';')) {
                p += *p == ';';
                if (strncmp(p, key, len) == 0 && p[len] == '=')
                        return p + len + 1;
        }
        return NULL;
}

uint32_t xsn_d0_payload_number(const struct xsnet_object *obj, const char *key, uint32_t otherwise)
{
        const char *value = xsn_d0_payload_find(obj, key);

        return value ? (uint32_t)strtoul(value, NULL, 10) : otherwise;
}

static int hex_digit(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

size_t xsn_d0_payload_read(const char *value, unsigned char *ret_data, size_t size)
{
        size_t n = 0;

        for (; value && n < size && hex_digit(value[0]) >= 0 && hex_digit(value[1]) >= 0; value += 2)
                ret_data[n++] = (unsigned char)(hex_digit(value[0]) << 4 | hex_digit(value[1]));
        return n;
}

int xsn_d0_payload_bytes(const struct xsnet_object *obj, const char *key, unsigned char **ret_data, size_t *ret_n)
{
        const char *value = xsn_d0_payload_find(obj, key);
        size_t n = value ? strcspn(value, ";") / 2 : 0;
        unsigned char *data = n > 0 ? xsn_alloc(n) : NULL;

        if (n > 0 && !data)
                return -ENOMEM;
        *ret_n = n > 0 ? xsn_d0_payload_read(value, data, n) : 0;
        *ret_data = data;
        return 0;
}

int xsn_d0_payload_append(struct xsnet_object *obj, struct xsn_buf *more)
{
        _cleanup_(xsn_freep) char *text = NULL;
        struct xsn_buf buf = { 0 };
        char *payload;

        if (more->len == 0 && !more->failed)
                return 0;
        if (xsn_buf_take(more, &text) < 0)
                return -ENOMEM;
        xsn_buf_put(&buf, obj->payload ? obj->payload : "");
        xsn_buf_put(&buf, obj->payload ? text : text + 1); /* the first ';' */
        if (xsn_buf_take(&buf, &payload) < 0)
                return -ENOMEM;
        xsn_free(obj->payload);
        obj->payload = payload;
        return 0;
}

void xsn_d0_payload_hex(struct xsn_buf *buf, const void *data, size_t n)
{
        static const char digits[] = "0123456789abcdef";
        char *hex = xsn_buf_add(buf, 2 * n);

        for (const unsigned char *p = data; hex && n > 0; n--, p++) {
                *hex++ = digits[*p >> 4];
                *hex++ = digits[*p & 15];
        }
}
