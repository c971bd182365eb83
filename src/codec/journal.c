/* SPDX-License-Identifier: Apache-2.0 */
/*
 * {"xsnet-journal": 2, "target": .., "identity": .., "boot": .., "owner": .., "payload": ..,
 *  "entries": [{"before": .., "after": ..}]}
 * Version 1 had no identity and no boot.
 * The file may be old, cut short, or somebody else's: nothing in it is believed before it was checked.
 */
#include "codec/journal.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/names.h"
#include "codec/emit.h"
#include "codec/object_json.h"

#define VERSION     2
#define ENTRIES_MAX (2 * XSN_CODEC_ITEMS_MAX) /* each object may be one of before and one of after */

static void put_text(struct xsn_emit *emit, const char *key, const char *text)
{
        if (text)
                xsn_emit_key_text(emit, key, text);
}

static void put_object(struct xsn_emit *emit, const char *key, const struct xsnet_object *obj)
{
        if (!obj)
                return;
        xsn_emit_key(emit, key);
        xsn_emit_object(emit, obj);
}

static void emit_journal(struct xsn_emit *emit, const struct xsn_journal *journal)
{
        xsn_emit(emit, XSN_EMIT_MAP);
        xsn_emit_key(emit, "xsnet-journal");
        xsn_emit_number(emit, VERSION);
        put_text(emit, "target", journal->target);
        put_text(emit, "identity", journal->identity);
        put_text(emit, "boot", journal->boot);
        put_text(emit, "owner", journal->owner);
        put_text(emit, "payload", journal->payload);
        xsn_emit_key(emit, "entries");
        xsn_emit(emit, XSN_EMIT_MAPS);
        for (size_t i = 0; i < journal->n_entries; i++) {
                xsn_emit(emit, XSN_EMIT_MAP);
                put_object(emit, "before", journal->entries[i].before);
                put_object(emit, "after", journal->entries[i].after);
                xsn_emit(emit, XSN_EMIT_MAP_END);
        }
        xsn_emit(emit, XSN_EMIT_LIST_END);
        xsn_emit(emit, XSN_EMIT_MAP_END);
}

/* What nobody could read back would bring nothing back: better no apply than one without a way back. */
static int too_big(const struct xsn_journal *journal, size_t found, const char *what, unsigned max,
                   struct xsnet_error **ret_err)
{
        return xsn_error_set(ret_err, -E2BIG, "too-big",
                             "%s: the journal would have %zu %s, and %u is the most; smaller documents, one after the "
                             "other, bring the same", journal->target, found, what, max);
}

int xsn_codec_journal_dump(const struct xsn_journal *journal, char **ret_text, struct xsnet_error **ret_err)
{
        struct xsn_json_emit json;
        struct xsn_buf buf = { 0 };
        int r;

        if (journal->n_entries > ENTRIES_MAX)
                return too_big(journal, journal->n_entries, "entries", ENTRIES_MAX, ret_err);
        xsn_json_begin(&json, false, XSN_CODEC_OBSERVED, &buf);
        emit_journal(&json.emit, journal);
        xsn_buf_putc(&buf, '\n');
        r = xsn_emit_done(&json.emit);
        if (!r && !buf.failed && buf.len > XSN_CODEC_JOURNAL_MAX)
                r = too_big(journal, buf.len, "bytes", XSN_CODEC_JOURNAL_MAX, ret_err);
        if (r < 0)
                xsn_buf_done(&buf);
        if (r == -E2BIG)
                return r;
        if (r == -EILSEQ)
                return xsn_error_set(ret_err, r, "bad-text", "%s: a name on the host is not UTF-8, so that the journal "
                                     "could not keep it", journal->target);
        if (r < 0)
                return xsn_error_oom(ret_err);
        return xsn_buf_take(&buf, ret_text) < 0 ? xsn_error_oom(ret_err) : 0;
}

/* ---- reading ---- */

static int bad(struct xsnet_error **ret_err, const char *what)
{
        return xsn_error_set(ret_err, -EINVAL, "bad-journal", "the journal cannot be read: %s", what);
}

/* No other keys than these? */
static bool has_only(const json_t *json, const char *const *keys, size_t n)
{
        size_t known = 0;

        for (size_t i = 0; i < n; i++)
                known += json_object_get(json, keys[i]) != NULL;
        return known == json_object_size(json);
}

static int get_text(const json_t *json, const char *key, char **ret_text, struct xsnet_error **ret_err)
{
        const json_t *value = json_object_get(json, key);

        if (!value)
                return 0;
        if (!json_is_string(value) || strlen(json_string_value(value)) != json_string_length(value))
                return bad(ret_err, "a text was expected");
        *ret_text = xsn_strdup(json_string_value(value));
        return *ret_text ? 0 : xsn_error_oom(ret_err);
}

static int get_object(const json_t *json, const char *key, struct xsnet_object **ret_obj, struct xsnet_error **ret_err)
{
        const json_t *value = json_object_get(json, key);
        struct xsnet_error *err = NULL;
        int r = value ? xsn_codec_object_from_json(value, XSN_CODEC_OBSERVED, ret_obj, &err) : 0;

        if (r == -ENOMEM)
                return xsn_error_give(ret_err, err);
        if (r < 0)
                r = xsn_error_set(ret_err, -EINVAL, "bad-journal", "the journal cannot be read: %s: %s",
                                  xsnet_error_get_where(err), xsnet_error_get_message(err));
        xsnet_error_free(err);
        return r;
}

/* An object that has no identity on one host could be taken for another one. */
static int check_object(const struct xsnet_object *obj, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_freep) char *key = NULL;
        struct xsn_buf buf = { 0 };

        if (!obj)
                return 0;
        xsn_object_key(obj, &buf);
        if (xsn_buf_take(&buf, &key) < 0)
                return xsn_error_oom(ret_err);
        if (!*key || obj->hosts.n > 1 || obj->reset || obj->absent)
                return bad(ret_err, "an object is not as it would be observed");
        return 0;
}

static int get_entry(const json_t *json, struct xsn_journal_entry *entry, struct xsnet_error **ret_err)
{
        static const char *const keys[] = { "before", "after" };
        int r;

        if (!json_is_object(json) || !json_object_size(json) || !has_only(json, keys, XSN_ARRAY_SIZE(keys)))
                return bad(ret_err, "an entry has 'before', 'after' or both");
        r = get_object(json, "before", &entry->before, ret_err);
        if (!r)
                r = get_object(json, "after", &entry->after, ret_err);
        if (!r)
                r = check_object(entry->before, ret_err);
        if (!r)
                r = check_object(entry->after, ret_err);
        if (!r && entry->before && entry->after && entry->before->cls != entry->after->cls)
                r = bad(ret_err, "an entry is about two kinds");
        return r;
}

static int get_entries(const json_t *json, struct xsn_journal *journal, struct xsnet_error **ret_err)
{
        const json_t *entries = json_object_get(json, "entries");
        size_t n = json_array_size(entries);

        if (!json_is_array(entries))
                return bad(ret_err, "it has no entries");
        if (n > ENTRIES_MAX)
                return bad(ret_err, "it has too many entries");
        journal->entries = xsn_alloc_array(n + 1, sizeof(*journal->entries));
        if (!journal->entries)
                return xsn_error_oom(ret_err);
        journal->cap_entries = n + 1;
        for (size_t i = 0; i < n; i++) {
                int r = get_entry(json_array_get(entries, i), &journal->entries[journal->n_entries++], ret_err);

                if (r < 0)
                        return r;
        }
        return 0;
}

static int get_journal(const json_t *json, struct xsn_journal *journal, struct xsnet_error **ret_err)
{
        static const char *const keys[] = { "xsnet-journal", "target",  "identity", "boot",
                                            "owner",         "payload", "entries" };
        const json_t *version = json_object_get(json, "xsnet-journal");
        int r;

        if (!json_is_integer(version))
                return bad(ret_err, "it is no journal of this library");
        if (json_integer_value(version) < 1 || json_integer_value(version) > VERSION)
                return bad(ret_err, "another version of this library wrote it");
        if (!has_only(json, keys, XSN_ARRAY_SIZE(keys)))
                return bad(ret_err, "it has a key that this version does not know");
        r = get_text(json, "target", &journal->target, ret_err);
        if (!r && !journal->target)
                r = bad(ret_err, "it has no target");
        if (!r)
                r = get_text(json, "identity", &journal->identity, ret_err);
        if (!r)
                r = get_text(json, "boot", &journal->boot, ret_err);
        if (!r)
                r = get_text(json, "owner", &journal->owner, ret_err);
        if (!r && journal->owner && !xsn_owner_valid(journal->owner))
                r = bad(ret_err, "its owner is no owner's name");
        if (!r)
                r = get_text(json, "payload", &journal->payload, ret_err);
        return r ? r : get_entries(json, journal, ret_err);
}

int xsn_codec_journal_load(const char *text, size_t len, struct xsn_journal **ret_journal,
                           struct xsnet_error **ret_err)
{
        _cleanup_(xsn_journal_freep) struct xsn_journal *journal = xsn_alloc(sizeof(*journal));
        _cleanup_(xsn_json_decrefp) json_t *json = NULL;
        json_error_t where;
        int r;

        if (!journal)
                return xsn_error_oom(ret_err);
        if (len > XSN_CODEC_JOURNAL_MAX)
                return bad(ret_err, "it is too long");
        json = json_loadb(text, len, JSON_REJECT_DUPLICATES, &where);
        if (!json && json_error_code(&where) == json_error_out_of_memory)
                return xsn_error_oom(ret_err);
        if (!json)
                return bad(ret_err, where.text);
        if (!json_is_object(json))
                return bad(ret_err, "it is no journal of this library");
        r = get_journal(json, journal, ret_err);
        if (r < 0)
                return r;
        *ret_journal = XSN_TAKE(journal);
        return 0;
}
