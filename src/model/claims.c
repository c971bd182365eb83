/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claims by host, in one hash. An item without hosts holds for all of them: it stands
 * under "no host" and meets whoever stands under "any host", where everybody does.
 */
#include "model/claims.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"

struct xsn_claim {
        struct xsn_claim *older;
        /* The first, and the first who is another object than the first: one of them is another than anybody. */
        struct xsn_claimant *who[2];
        char key[];
};

#define ANY_HOST "a" /* where a host's own begins with an 'h' */
#define NO_HOST  "n"

static bool key_or_device(const struct xsn_claimant *it, const char *device)
{
        const char *own = xsn_object_string(it->obj, XSNET_FIELD_DEVICE);
        const char *renamed = xsn_object_string(it->obj, XSNET_FIELD_RENAME);

        return !strcmp(it->key, device) || (own && !strcmp(own, device)) || (renamed && !strcmp(renamed, device));
}

/* Does the pif item name the device of a bond, VLAN or tunnel? A `match` selects NICs only. */
static bool pif_is(const struct xsn_claimant *pif, const struct xsn_claimant *other)
{
        return pif->obj->cls->kind == XSNET_KIND_PIF && xsn_object_link(other->obj) && *pif->key &&
               key_or_device(other, pif->key);
}

/* Items without a name, or with a uuid, may be about any network. */
static bool is_named(const struct xsn_claimant *it)
{
        return xsn_object_is_set(it->obj, XSNET_FIELD_NAME) && !xsn_object_is_set(it->obj, XSNET_FIELD_UUID);
}

bool xsn_claim_same(const struct xsn_claimant *a, const struct xsn_claimant *b)
{
        if (a == b)
                return true;
        if (a->obj->cls != b->obj->cls)
                return pif_is(a, b) || pif_is(b, a);
        if (!*a->key || !*b->key || !strcmp(a->key, b->key))
                return true;
        if (a->obj->cls->kind == XSNET_KIND_NETWORK)
                return !is_named(a) || !is_named(b);
        /* A NIC before and after it is renamed. */
        return a->obj->cls->kind == XSNET_KIND_PIF && (key_or_device(a, b->key) || key_or_device(b, a->key));
}

/* ---- the hash ---- */

/* The claim's key, in scratch: WHAT TAG HOST NUL NAME. */
static bool write_key(struct xsn_claims *claims, int what, const char *tag, const char *host, const char *name)
{
        claims->scratch.len = 0;
        xsn_buf_putc(&claims->scratch, (char)what);
        xsn_buf_put(&claims->scratch, tag);
        xsn_buf_put(&claims->scratch, host);
        xsn_buf_putc(&claims->scratch, '\0');
        xsn_buf_put(&claims->scratch, name);
        claims->failed = claims->failed || claims->scratch.failed;
        return !claims->scratch.failed;
}

static struct xsn_claim *get(struct xsn_claims *claims, int what, const char *tag, const char *host, const char *name)
{
        if (!write_key(claims, what, tag, host, name))
                return NULL;
        return xsn_hash_get(&claims->hash, claims->scratch.s, claims->scratch.len);
}

static void put(struct xsn_claims *claims, int what, const char *tag, const char *host, const char *name,
                struct xsn_claimant *it)
{
        struct xsn_claim *claim = get(claims, what, tag, host, name);
        size_t len = claims->scratch.len;

        if (claim) {
                if (!claim->who[1] && !xsn_claim_same(claim->who[0], it))
                        claim->who[1] = it;
                return;
        }
        claim = claims->failed ? NULL : xsn_alloc(sizeof(*claim) + len);
        if (!claim) {
                claims->failed = true;
                return;
        }
        memcpy(claim->key, claims->scratch.s, len);
        claim->who[0] = it;
        claim->older = claims->newest;
        claims->newest = claim;
        if (xsn_hash_put(&claims->hash, claim->key, len, claim) < 0)
                claims->failed = true;
}

void xsn_claim(struct xsn_claims *claims, int what, const char *name, struct xsn_claimant *it)
{
        const struct xsn_list *hosts = &it->obj->hosts;

        put(claims, what, ANY_HOST, "", name, it);
        if (!hosts->n)
                put(claims, what, NO_HOST, "", name, it);
        for (size_t i = 0; i < hosts->n; i++)
                put(claims, what, "h", XSN_ITEM(*hosts, char *, i), name, it);
}

/* The one of a claim's claimants that is asked for. */
static struct xsn_claimant *pick(const struct xsn_claim *claim, const struct xsn_claimant *it, bool other)
{
        for (int i = 0; claim && i < 2 && claim->who[i]; i++)
                if (!other || !xsn_claim_same(claim->who[i], it))
                        return claim->who[i];
        return NULL;
}

static struct xsn_claimant *find(struct xsn_claims *claims, int what, const char *name, const struct xsn_claimant *it,
                                 bool other)
{
        const struct xsn_list *hosts = &it->obj->hosts;
        struct xsn_claimant *found = pick(get(claims, what, hosts->n ? NO_HOST : ANY_HOST, "", name), it, other);

        for (size_t i = 0; i < hosts->n && !found; i++)
                found = pick(get(claims, what, "h", XSN_ITEM(*hosts, char *, i), name), it, other);
        return found;
}

struct xsn_claimant *xsn_claim_find(struct xsn_claims *claims, int what, const char *name,
                                    const struct xsn_claimant *it)
{
        return find(claims, what, name, it, false);
}

struct xsn_claimant *xsn_claim_other(struct xsn_claims *claims, int what, const char *name,
                                     const struct xsn_claimant *it)
{
        return find(claims, what, name, it, true);
}

struct xsn_claimant *xsn_claim_anywhere(struct xsn_claims *claims, int what, const char *name, struct xsn_claimant *it)
{
        struct xsn_claimant *first = pick(get(claims, what, ANY_HOST, "", name), it, false);

        if (!first)
                put(claims, what, ANY_HOST, "", name, it);
        return first;
}

void xsn_claims_done(struct xsn_claims *claims)
{
        while (claims->newest) {
                struct xsn_claim *older = claims->newest->older;

                xsn_free(claims->newest);
                claims->newest = older;
        }
        xsn_hash_done(&claims->hash);
        xsn_buf_done(&claims->scratch);
}
