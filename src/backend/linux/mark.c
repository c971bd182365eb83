/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Marks: "xsnet:OWNER;net=NAME;KEY=VALUE..." in the alias of an interface, values percent-encoded. Keys that this
 * version does not know are ignored. made=no: the device was there before us.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "backend/linux/linux.h"
#include "base/alloc.h"
#include "base/names.h"
#include "base/utf8.h"

#define PREFIX    "xsnet:"
#define ALIAS_MAX 255

void xsn_lx_mark_done(struct lx_mark *mark)
{
        xsn_free(mark->owner);
        xsn_free(mark->net);
        xsn_free(mark->was);
        xsn_free(mark->via);
        xsn_free(mark->local);
        *mark = (struct lx_mark){ .management = -1 };
}

bool xsn_lx_mark_is_ours(const char *alias)
{
        return alias && strncmp(alias, PREFIX, strlen(PREFIX)) == 0;
}

static int keep(char **member, const char *value, size_t len)
{
        char *copy = xsn_strndup(value, len);

        if (!copy)
                return -ENOMEM;
        if (xsn_percent_decode(copy) < 0 || !xsn_text_valid(copy, false))
                copy = xsn_free(copy);
        xsn_free(*member);
        *member = copy;
        return 0;
}

int xsn_lx_mark_net(const char *alias, char **ret_net)
{
        static const char key[] = ";net=";
        const char *value = xsn_lx_mark_is_ours(alias) ? strstr(alias, key) : NULL;

        if (!value)
                return 0;
        value += strlen(key);
        return keep(ret_net, value, strcspn(value, ";"));
}

static int take_key(struct lx_mark *mark, const char *key, const char *value)
{
        if (strcmp(key, "net") == 0)
                return keep(&mark->net, value, strlen(value));
        if (strcmp(key, "was") == 0)
                return keep(&mark->was, value, strlen(value));
        if (strcmp(key, "via") == 0)
                return keep(&mark->via, value, strlen(value));
        if (strcmp(key, "local") == 0)
                return keep(&mark->local, value, strlen(value));
        if (strcmp(key, "made") == 0)
                mark->made = strcmp(value, "no") != 0;
        if (strcmp(key, "v6") == 0)
                mark->autoconf = strcmp(value, "auto") == 0;
        if (strcmp(key, "up") == 0)
                mark->was_down = strcmp(value, "no") == 0;
        if (strcmp(key, "mtu") == 0)
                mark->mtu = (uint32_t)strtoul(value, NULL, 10);
        if (strcmp(key, "mgmt") == 0)
                mark->management = strcmp(value, "yes") == 0;
        return 0;
}

int xsn_lx_mark_parse(const char *alias, struct lx_mark *ret_mark)
{
        struct lx_mark mark = { .management = -1 };
        _cleanup_(xsn_freep) char *copy = NULL;
        char *part, *rest;
        int r = 0;

        mark.ours = xsn_lx_mark_is_ours(alias);
        mark.taken = alias && *alias && !mark.ours;
        mark.made = mark.ours;
        *ret_mark = mark;
        if (!mark.ours)
                return 0;
        copy = xsn_strdup(alias + strlen(PREFIX));
        if (!copy)
                return -ENOMEM;
        rest = copy;
        part = strsep(&rest, ";");
        if (xsn_owner_valid(part))
                r = keep(&mark.owner, part, strlen(part));
        while (r == 0 && (part = strsep(&rest, ";"))) {
                char *value = strchr(part, '=');

                if (!value)
                        continue;
                *value++ = '\0';
                r = take_key(&mark, part, value);
        }
        if (r < 0)
                xsn_lx_mark_done(&mark);
        *ret_mark = mark;
        return r;
}

static void put_key(struct xsn_buf *buf, const char *key, const char *value)
{
        if (!value)
                return;
        xsn_buf_printf(buf, ";%s=", key);
        xsn_percent_encode(buf, value);
}

int xsn_lx_mark_format(const struct lx_mark *mark, char **ret_alias)
{
        bool any = mark->owner || mark->net || mark->was || mark->via || mark->local || mark->autoconf ||
                   mark->was_down || mark->mtu || mark->management >= 0;
        struct xsn_buf buf = { 0 };

        if (any) {
                xsn_buf_printf(&buf, PREFIX "%s", mark->owner ? mark->owner : "");
                put_key(&buf, "net", mark->net);
                put_key(&buf, "made", mark->made ? NULL : "no");
                put_key(&buf, "was", mark->was);
                put_key(&buf, "via", mark->via);
                put_key(&buf, "local", mark->local);
                put_key(&buf, "v6", mark->autoconf ? "auto" : NULL);
                put_key(&buf, "up", mark->was_down ? "no" : NULL);
                if (mark->mtu)
                        xsn_buf_printf(&buf, ";mtu=%" PRIu32, mark->mtu);
                put_key(&buf, "mgmt", mark->management < 0 ? NULL : mark->management ? "yes" : "no");
        }
        if (!buf.failed && buf.len > ALIAS_MAX) {
                xsn_buf_done(&buf);
                return -ENAMETOOLONG;
        }
        return xsn_buf_take(&buf, ret_alias);
}
