/* SPDX-License-Identifier: Apache-2.0 */
/* The words of RFC 7047 section 5.2, and those that ovsdb-server adds. */
#include "transport/ovsdb_error.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/utf8.h"

#define DETAILS_MAX 400

static const struct {
        const char *word;
        int code;
        const char *reason;
} words[] = {
        { "timed out", -EAGAIN, "lost-race" }, /* a wait operation: something is not as it was assumed to be */
        { "constraint violation", -EINVAL, "constraint-violation" },
        { "referential integrity violation", -EINVAL, "reference-violation" },
        { "not owner", -EPERM, "lock-lost" },
        { "not allowed", -EPERM, "not-permitted" },
        { "permission error", -EPERM, "not-permitted" },
        { "resources exhausted", -ENOSPC, "server-exhausted" },
        { "I/O error", -EIO, "server-io" },
        { "not leader", -EAGAIN, "not-leader" },
        { "cluster error", -EAGAIN, "not-leader" },
        { "aborted", -ECANCELED, "cancelled" },
        { "canceled", -ECANCELED, "cancelled" },
        { "unknown database", -ENOENT, "no-such-database" },
        { "unknown method", -EOPNOTSUPP, "not-supported" },
        { "unknown column", -EOPNOTSUPP, "not-supported" },
};

static const char *word_of(const json_t *json)
{
        const char *word = json_string_value(json_is_object(json) ? json_object_get(json, "error") : json);

        return word ? word : "";
}

bool xsn_ovsdb_error_is(const json_t *json, const char *word)
{
        return strcmp(word_of(json), word) == 0;
}

int xsn_ovsdb_error_read(const json_t *json, struct xsnet_error **ret_err)
{
        const char *details = json_string_value(json_object_get(json, "details"));
        const char *word = word_of(json);
        _cleanup_(xsn_freep) char *text = NULL;
        const char *reason = "server-error";
        struct xsn_buf buf = { 0 };
        int code = -EREMOTEIO;

        for (size_t i = 0; i < XSN_ARRAY_SIZE(words); i++)
                if (strcmp(words[i].word, word) == 0) {
                        code = words[i].code;
                        reason = words[i].reason;
                }
        xsn_buf_put_clean(&buf, *word ? word : "an error without a word", DETAILS_MAX);
        if (details) {
                xsn_buf_put(&buf, ": ");
                xsn_buf_put_clean(&buf, details, DETAILS_MAX);
        }
        if (xsn_buf_take(&buf, &text) < 0)
                return xsn_error_oom(ret_err);
        return xsn_error_set(ret_err, code, reason, "%s", text);
}

int xsn_ovsdb_result_check(const json_t *result, size_t n_ops, struct xsnet_error **ret_err)
{
        size_t n = json_array_size(result);

        /* What fails at the commit stands behind the operations' results, which all look fine. */
        if (!json_is_array(result) || n > n_ops + 1)
                return -EBADMSG;
        for (size_t i = 0; i < n; i++) {
                const json_t *slot = json_array_get(result, i);
                const json_t *error = json_object_get(slot, "error");

                if (json_is_null(slot))
                        return -EBADMSG; /* stands behind an error only */
                if (!json_is_object(slot))
                        return -EBADMSG;
                if (!error || json_is_null(error))
                        continue;
                if (i == n_ops)
                        return xsn_error_prefix(ret_err, xsn_ovsdb_error_read(slot, ret_err), "commit");
                return xsn_error_prefix(ret_err, xsn_ovsdb_error_read(slot, ret_err), "operation %zu", i);
        }
        return n == n_ops ? 0 : -EBADMSG;
}
