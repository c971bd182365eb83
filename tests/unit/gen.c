/* SPDX-License-Identifier: Apache-2.0 */
/* Fills every row by its type, and then mends what contradicts across fields. A test that finds no memory ends. */
#include "gen.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"

#define MUST(call)               \
        do {                     \
                if ((call) < 0)  \
                        abort(); \
        } while (0)

/* SplitMix64: any seed is a good one. */
struct gen gen_seed(uint64_t seed)
{
        return (struct gen){ .state = seed };
}

uint64_t gen_next(struct gen *gen)
{
        uint64_t z = gen->state += UINT64_C(0x9e3779b97f4a7c15);

        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        return z ^ (z >> 31);
}

unsigned gen_below(struct gen *gen, unsigned n)
{
        return (unsigned)(gen_next(gen) % n);
}

bool gen_once_in(struct gen *gen, unsigned n)
{
        return !gen_below(gen, n);
}

/* ---- texts ---- */

/* clang-format off */
static const char *const texts[] = {
        "on", "off", "yes", "No", "y", "null", "~", "NULL", "true", "False", "", " ", "1", "007", "0x10", "0o17",
        "0b1", "1e3", "1.5", ".5", "+1", "-0", "1_000", "12:30:45", "1:2.5", "2001-12-14", "2001-12-14 21:59:43",
        ".inf", ".NaN", "=", "<<", "a: b", "a:", ":a", "a #b", "#a", "- a", "-", "--- a", "---", "...", "? a", "?",
        "[a]", "{a}", "a, b", "&a", "*a", "!a", "!!str a", "|", ">", "'", "\"", "it's", "\"q\"", "%a", "@a", "`a",
        "\\", "\\n", "a\\", " a", "a ", "  a  b  ", "a\nb", "\n", "a\n", "\na\n\n b\n", "\ta", "a\t", "a\tb: c",
        "caf\xc3\xa9", "\xe6\x97\xa5\xe6\x9c\xac", "\xf0\x9f\x98\x80", "\xef\xbb\xbf" "a", "\xe2\x80\xa8", "\xc2\x85",
        "\xc2\xa0", "\xef\xbf\xbd", "\xef\xbf\xbf", "Pool-wide network associated with eth1", "<<: *a", "${a}",
        "</a>", "&amp;", "1.2.3.4", "::1", "02:00:00:00:00:01", "key: [a, {b: c}]",
        "a text that is long enough for a writer that thinks that lines of more than a hundred and twenty columns are "
        "to be folded, and  has  two spaces, and a: colon",
};
/* clang-format on */
/* What only maps take. */
static const char *const wild_texts[] = { "\x7f", "a\rb", "a\r\nb", "\r" };

/* Any characters, also those that no one has seen yet. */
static void random_text(struct gen *gen, char *buf, size_t size)
{
        static const struct {
                uint32_t first, n;
        } ranges[] = { { 0x20, 95 }, { 0x80, 0x700 }, { 0x800, 0xd000 }, { 0xe000, 0x2000 }, { 0x10000, 0x100000 } };
        unsigned n = gen_below(gen, 12);
        size_t len = 0;

        for (unsigned i = 0; i < n && len + 4 < size; i++) {
                unsigned range = gen_once_in(gen, 2) ? 0 : gen_below(gen, 5);
                uint32_t u = ranges[range].first + gen_below(gen, ranges[range].n);

                if (u < 0x80) {
                        buf[len++] = (char)u;
                } else if (u < 0x800) {
                        buf[len++] = (char)(0xc0 | u >> 6);
                        buf[len++] = (char)(0x80 | (u & 0x3f));
                } else if (u < 0x10000) {
                        buf[len++] = (char)(0xe0 | u >> 12);
                        buf[len++] = (char)(0x80 | (u >> 6 & 0x3f));
                        buf[len++] = (char)(0x80 | (u & 0x3f));
                } else {
                        buf[len++] = (char)(0xf0 | u >> 18);
                        buf[len++] = (char)(0x80 | (u >> 12 & 0x3f));
                        buf[len++] = (char)(0x80 | (u >> 6 & 0x3f));
                        buf[len++] = (char)(0x80 | (u & 0x3f));
                }
        }
        buf[len] = '\0';
}

static bool fits(int what, const char *text)
{
        /* XML has no U+FFFE and U+FFFF. */
        if (what == GEN_WILD)
                return !strstr(text, "\xef\xbf\xbe") && !strstr(text, "\xef\xbf\xbf");
        return xsn_text_valid(text, what == GEN_LINES);
}

void gen_text(struct gen *gen, int what, size_t min, char *buf, size_t size)
{
        do {
                if (what == GEN_WILD && gen_once_in(gen, 8))
                        snprintf(buf, size, "%s", wild_texts[gen_below(gen, XSN_ARRAY_SIZE(wild_texts))]);
                else if (gen_once_in(gen, 3))
                        random_text(gen, buf, size);
                else
                        snprintf(buf, size, "%s", texts[gen_below(gen, XSN_ARRAY_SIZE(texts))]);
        } while (strlen(buf) < min || !fits(what, buf));
}

/* ---- values ---- */

static struct xsn_ip gen_ip(struct gen *gen, int family)
{
        struct xsn_ip ip = { .family = (uint8_t)family, .plen = family == 4 ? 32 : 128 };
        uint64_t bits = gen_next(gen);

        if (family == 4) {
                memcpy(ip.b, &bits, 4);
                ip.b[0] = 10; /* a unicast address */
                return ip;
        }
        memcpy(ip.b + 8, &bits, 8);
        memcpy(ip.b, "\x20\x01\x0d\xb8", 4);
        if (gen_once_in(gen, 3)) /* runs of zeros are what printers get wrong */
                memset(ip.b + 8, 0, 4 + gen_below(gen, 3));
        return ip;
}

static struct xsn_route gen_route(struct gen *gen)
{
        int family = gen_once_in(gen, 2) ? 4 : 6;
        struct xsn_route route = { .to = gen_ip(gen, family) };

        route.to.plen = (uint8_t)gen_below(gen, family == 4 ? 33 : 129);
        route.to = xsn_ip_network(&route.to);
        if (!gen_once_in(gen, 3))
                route.via = gen_ip(gen, family);
        if (gen_once_in(gen, 2))
                route.metric = 1 + gen_below(gen, UINT32_MAX - 1);
        return route;
}

static uint64_t gen_number(struct gen *gen, const struct xsn_field *field, uint64_t limit)
{
        uint64_t max = field->max ? field->max : limit, span = max - field->min;

        switch (gen_below(gen, 4)) {
        case 0:
                return field->min;
        case 1:
                return max;
        default:
                return field->min + gen_next(gen) % (span ? span : 1);
        }
}

static int row_family(struct gen *gen, const struct xsn_field *field)
{
        if (strstr(field->name, "ipv4"))
                return 4;
        return strstr(field->name, "ipv6") || gen_once_in(gen, 2) ? 6 : 4;
}

static void set_string(struct gen *gen, const struct xsn_field *field, char **member)
{
        char text[512];

        if (field->flags & XSN_F_DEVNAME)
                snprintf(text, sizeof(text), "d%u.%u", gen->n_objects % 100000, gen_below(gen, 1000));
        else
                gen_text(gen, field->flags & XSN_F_LINES ? GEN_LINES : GEN_LINE, field->min, text,
                         field->max && field->max < sizeof(text) ? field->max + 1 : sizeof(text));
        *member = xsn_strdup(text);
        if (!*member)
                abort();
}

static void set_map(struct gen *gen, struct xsn_list *map)
{
        char key[512], value[512];

        for (unsigned i = gen_below(gen, 4); i > 0; i--) {
                gen_text(gen, GEN_WILD, 0, key, sizeof(key));
                gen_text(gen, GEN_WILD, 0, value, sizeof(value));
                MUST(xsn_map_set(map, key, gen_once_in(gen, 5) ? NULL : value));
        }
        if (gen_once_in(gen, 20)) { /* longer than YAML's simple keys */
                char longer[2000];

                memset(longer, 'k', sizeof(longer) - 1);
                longer[sizeof(longer) - 1] = '\0';
                MUST(xsn_map_set(map, longer, "v"));
        }
}

/* An item that the list does not have yet. */
static void add_item(struct gen *gen, const struct xsn_field *field, struct xsn_list *list)
{
        const struct xsn_type *item = xsn_type_of(field->type)->item;
        union {
                char *s;
                uint32_t u32;
                struct xsn_ip ip;
                struct xsn_route route;
        } value = { 0 };

        switch (field->type) {
        case XSNET_TYPE_STRS:
                set_string(gen, field, &value.s);
                break;
        case XSNET_TYPE_U32S:
                value.u32 = (uint32_t)gen_number(gen, field, UINT32_MAX);
                break;
        case XSNET_TYPE_ROUTES:
                value.route = gen_route(gen);
                break;
        default:
                value.ip = gen_ip(gen, row_family(gen, field));
                if (field->type == XSNET_TYPE_PREFIXES)
                        value.ip.plen = (uint8_t)(value.ip.family == 4 ? 24 : 64);
        }
        if (xsn_list_find(item, list, &value) < 0)
                MUST(xsn_list_add(item, list, &value));
        if (field->type == XSNET_TYPE_STRS)
                xsn_free(value.s);
}

static void set_row(struct gen *gen, struct xsnet_object *obj, size_t i)
{
        const struct xsn_field *field = xsn_class_field(obj->cls, i);
        void *member = xsn_object_member(obj, field);

        xsn_object_clear_row(obj, i);
        switch (field->type) {
        case XSNET_TYPE_BOOL:
                *(bool *)member = gen_once_in(gen, 2);
                break;
        case XSNET_TYPE_U32:
                *(uint32_t *)member = (uint32_t)gen_number(gen, field, UINT32_MAX);
                break;
        case XSNET_TYPE_RATE:
                *(uint64_t *)member = gen_number(gen, field, UINT64_C(999999999999999999)) / 1000 * 1000 + 8000;
                break;
        case XSNET_TYPE_ENUM:
                ((struct xsn_enumval *)member)->value =
                        field->en->rows[gen_below(gen, (unsigned)field->en->n_rows)].value;
                break;
        case XSNET_TYPE_STR:
                set_string(gen, field, member);
                break;
        case XSNET_TYPE_MAC:
                memcpy(member, &(uint64_t){ gen_next(gen) }, 6);
                ((struct xsn_mac *)member)->b[0] = 2;
                break;
        case XSNET_TYPE_IP:
                *(struct xsn_ip *)member = gen_ip(gen, row_family(gen, field));
                break;
        case XSNET_TYPE_MAP:
                set_map(gen, member);
                break;
        default:
                for (unsigned n = gen_below(gen, 4); n > 0; n--)
                        add_item(gen, field, member);
        }
        obj->present |= UINT64_C(1) << i;
}

/* ---- objects ---- */

static void set_name(struct xsnet_object *obj, int field, const char *prefix, unsigned n)
{
        char name[32];

        snprintf(name, sizeof(name), "%.16s%u", prefix, n);
        MUST(xsn_object_set_string(obj, field, name));
}

/* Whose fields make an object what it is: unique by the number of objects so far. */
static void set_identity(struct gen *gen, struct xsnet_object *obj)
{
        unsigned n = gen->n_objects;
        char name[64];

        switch (obj->cls->kind) {
        case XSNET_KIND_NETWORK:
                snprintf(name, sizeof(name), "net%u", n);
                if (n < XSN_ARRAY_SIZE(texts) && strlen(texts[n]) > 0 && xsn_text_valid(texts[n], false))
                        MUST(xsn_object_set_string(obj, XSNET_FIELD_NAME, texts[n]));
                else
                        MUST(xsn_object_set_string(obj, XSNET_FIELD_NAME, name));
                break;
        case XSNET_KIND_PIF:
                set_name(obj, XSNET_FIELD_DEVICE, "eth", n);
                break;
        case XSNET_KIND_BOND:
                set_name(obj, XSNET_FIELD_NAME, "bond", n);
                break;
        case XSNET_KIND_VLAN:
                set_name(obj, XSNET_FIELD_PIF, "trunk", n);
                XSN_VLAN(obj)->tag = gen_below(gen, 4095);
                xsn_object_mark(obj, XSNET_FIELD_TAG);
                break;
        case XSNET_KIND_TUNNEL:
                set_name(obj, XSNET_FIELD_TRANSPORT, "way", n);
                set_name(obj, XSNET_FIELD_NETWORK, "far", n);
                break;
        default:
                XSN_VIF(obj)->device = gen_below(gen, 8);
                xsn_object_mark(obj, XSNET_FIELD_VIF_DEVICE);
                if (gen_once_in(gen, 2)) {
                        XSN_VIF(obj)->domain = n % 65536;
                        xsn_object_mark(obj, XSNET_FIELD_DOMAIN);
                } else {
                        set_name(obj, XSNET_FIELD_VM, "vm ", n);
                }
        }
}

static void mend_bond(struct gen *gen, struct xsnet_object *obj)
{
        struct xsn_bond *bond = XSN_BOND(obj);
        bool backup = xsn_object_is_set(obj, XSNET_FIELD_MODE) && bond->mode.value == XSNET_BOND_ACTIVE_BACKUP;

        xsn_object_clear(obj, XSNET_FIELD_MEMBERS);
        for (unsigned i = 0; i < 2 + gen_below(gen, 3); i++) {
                char name[32];

                snprintf(name, sizeof(name), "m%u.%u", gen->n_objects % 100000, i);
                MUST(xsn_strs_add(&bond->members, name));
        }
        xsn_object_mark(obj, XSNET_FIELD_MEMBERS);
        if (xsn_object_is_set(obj, XSNET_FIELD_PRIMARY))
                xsn_object_clear(obj, XSNET_FIELD_PRIMARY);
        if (backup && gen_once_in(gen, 2))
                MUST(xsn_object_set_string(obj, XSNET_FIELD_PRIMARY, XSN_ITEM(bond->members, char *, 0)));
        if (bond->mode.value != XSNET_BOND_LACP && xsn_object_is_set(obj, XSNET_FIELD_LACP_RATE))
                xsn_object_clear(obj, XSNET_FIELD_LACP_RATE);
}

static void mend_tunnel(struct gen *gen, struct xsnet_object *obj)
{
        struct xsn_tunnel *tunnel = XSN_TUNNEL(obj);
        const struct xsn_type *ip = xsn_type_of(XSNET_TYPE_IP);

        tunnel->key &= 0xffffff;
        if (!xsn_object_is_set(obj, XSNET_FIELD_PROTOCOL) || tunnel->protocol.value == XSNET_PROTOCOL_GRE)
                xsn_object_clear(obj, XSNET_FIELD_PORT);
        if (xsn_object_is_set(obj, XSNET_FIELD_REMOTES))
                xsn_object_clear(obj, XSNET_FIELD_REMOTES);
        if (!xsn_object_is_set(obj, XSNET_FIELD_LOCAL))
                return;
        for (unsigned i = 0; i < 2; i++) {
                struct xsn_ip remote = gen_ip(gen, tunnel->local.family);

                if (xsn_list_find(ip, &tunnel->remotes, &remote) < 0 && !xsn_ip_same_address(&remote, &tunnel->local))
                        MUST(xsn_list_add(ip, &tunnel->remotes, &remote));
        }
        xsn_object_mark(obj, XSNET_FIELD_REMOTES);
}

/* A subnet of its own for each object: 10.X.Y.1/24 and 2001:db8:XY::1/64. */
static void mend_family(struct gen *gen, struct xsnet_object *obj, int family)
{
        int mode = family == 4 ? XSNET_FIELD_IPV4_MODE : XSNET_FIELD_IPV6_MODE;
        int address = family == 4 ? XSNET_FIELD_IPV4_ADDRESS : XSNET_FIELD_IPV6_ADDRESS;
        int gateway = family == 4 ? XSNET_FIELD_IPV4_GATEWAY : XSNET_FIELD_IPV6_GATEWAY;
        struct xsn_list *list = family == 4 ? &obj->a.ipv4_address : &obj->a.ipv6_address;
        struct xsn_ip ip = { .family = (uint8_t)family, .plen = family == 4 ? 24 : 64 };
        unsigned n = gen->n_objects;

        if (xsn_object_is_set(obj, address))
                xsn_object_clear(obj, address);
        if (xsn_object_is_set(obj, gateway))
                xsn_object_clear(obj, gateway);
        if (obj->hosts.n > 1 || !gen_once_in(gen, 3))
                return;
        if (family == 4)
                memcpy(ip.b, (uint8_t[]){ 10, (uint8_t)(n >> 8), (uint8_t)n, 1 }, 4);
        else
                memcpy(ip.b, (uint8_t[]){ 0x20, 1, 0xd, 0xb8, (uint8_t)(n >> 8), (uint8_t)n }, 6), ip.b[15] = 1;
        MUST(xsn_list_add(xsn_type_of(XSNET_TYPE_IP), list, &ip));
        xsn_object_mark(obj, address);
        (family == 4 ? &obj->a.ipv4_mode : &obj->a.ipv6_mode)->value = XSNET_IP_STATIC;
        xsn_object_mark(obj, mode);
        if (gen_once_in(gen, 2))
                return;
        ip.b[family == 4 ? 3 : 15] = 254;
        ip.plen = family == 4 ? 32 : 128;
        *(family == 4 ? &obj->a.ipv4_gateway : &obj->a.ipv6_gateway) = ip;
        xsn_object_mark(obj, gateway);
}

static void mend_addresses(struct gen *gen, struct xsnet_object *obj)
{
        mend_family(gen, obj, 4);
        mend_family(gen, obj, 6);
        if (xsn_object_is_set(obj, XSNET_FIELD_DEFAULT_ROUTE) && obj->a.default_route) {
                obj->a.default_route = !gen->routed;
                gen->routed = true;
        }
        if (!xsn_object_is_set(obj, XSNET_FIELD_MANAGEMENT) || !obj->a.management)
                return;
        if (gen->managed)
                xsn_object_clear(obj, XSNET_FIELD_MANAGEMENT);
        gen->managed = true;
}

/* A vif goes where it likes; a network has one PIF, thus each PIF's is its own. */
static void mend_names(struct gen *gen, struct xsnet_object *obj)
{
        unsigned n = gen->n_objects;

        if (obj->cls->has_link && obj->cls->kind != XSNET_KIND_TUNNEL && xsn_object_is_set(obj, XSNET_FIELD_NETWORK))
                set_name(obj, XSNET_FIELD_NETWORK, "own ", n);
        if (obj->cls->kind != XSNET_KIND_PIF && xsn_object_is_set(obj, XSNET_FIELD_DEVICE))
                set_name(obj, XSNET_FIELD_DEVICE, "dev", n);
        if (xsn_object_is_set(obj, XSNET_FIELD_BRIDGE))
                set_name(obj, XSNET_FIELD_BRIDGE, "br", n);
        if (xsn_object_is_set(obj, XSNET_FIELD_RENAME))
                set_name(obj, XSNET_FIELD_RENAME, "new", n);
        (void)gen;
}

static bool may_reset(const struct xsnet_object *obj, const struct xsn_field *field)
{
        return !(field->flags & (XSN_F_KEY | XSN_F_REQUIRED | XSN_F_SELECT | XSN_F_OBSERVED)) &&
               (obj->cls->kind != XSNET_KIND_TUNNEL || field->id != XSNET_FIELD_NETWORK);
}

struct xsnet_object *gen_object(struct gen *gen, int kind)
{
        const struct xsn_class *cls = xsn_class_of(kind);
        size_t n = xsn_class_n_fields(cls);
        struct xsnet_object *obj;

        MUST(xsn_object_new(cls, &obj));
        for (unsigned i = gen_once_in(gen, 3) ? gen_below(gen, 3) : 0; i > 0; i--) {
                char host[16];

                snprintf(host, sizeof(host), "xs-%u", i);
                MUST(xsn_strs_add(&obj->hosts, host));
        }
        set_identity(gen, obj);
        for (size_t i = 0; i < n; i++) {
                const struct xsn_field *field = xsn_class_field(cls, i);

                if ((field->flags & (XSN_F_KEY | XSN_F_OBSERVED | XSN_F_SELECT)) ||
                    (kind == XSNET_KIND_TUNNEL && field->id == XSNET_FIELD_NETWORK))
                        continue;
                if (gen_once_in(gen, 3))
                        set_row(gen, obj, i);
                else if (gen_once_in(gen, 8) && may_reset(obj, field))
                        xsn_object_reset_row(obj, i);
        }
        if (kind == XSNET_KIND_BOND)
                mend_bond(gen, obj);
        if (kind == XSNET_KIND_TUNNEL)
                mend_tunnel(gen, obj);
        if (cls->has_address)
                mend_addresses(gen, obj);
        mend_names(gen, obj);
        obj->absent = gen_once_in(gen, 12);
        obj->adopt = gen_once_in(gen, 12);
        gen->n_objects++;
        return obj;
}

/* ---- states ---- */

struct xsnet_state *gen_state(struct gen *gen, unsigned n_max)
{
        struct xsnet_state *state;

        MUST(xsn_state_new(&state));
        if (gen_once_in(gen, 2))
                MUST(xsnet_state_set_owner(state, "pxs-lab_1.0", NULL));
        state->prune = gen_once_in(gen, 4) && state->owner;
        for (unsigned i = gen_below(gen, 3); i > 0; i--) {
                struct xsn_host *host;
                char name[16];

                snprintf(name, sizeof(name), "xs-%u", i);
                MUST(xsn_state_add_host(state, name, &host));
                MUST(xsn_strs_add(&host->uris, "xapi:https://xs.example:8443/?a=b#c"));
                if (gen_once_in(gen, 2))
                        MUST(xsn_strs_add(&host->uris, "ovs:"));
        }
        for (unsigned i = gen_below(gen, n_max + 1); i > 0; i--) {
                struct xsnet_object *obj = gen_object(gen, 1 + (int)gen_below(gen, XSN_N_KINDS));

                MUST(xsn_state_add(state, obj));
                xsnet_object_unref(obj);
        }
        return state;
}

static void observe(struct gen *gen, struct xsnet_object *obj)
{
        size_t n = xsn_class_n_fields(obj->cls);

        for (size_t i = 0; i < n; i++)
                if ((xsn_class_field(obj->cls, i)->flags & XSN_F_OBSERVED) && gen_once_in(gen, 2))
                        set_row(gen, obj, i);
        if (gen_once_in(gen, 2))
                obj->owner = xsn_strdup("someone.else");
        obj->made = obj->owner && gen_once_in(gen, 2);
        if (gen_once_in(gen, 2))
                obj->payload = xsn_strdup("{\"a\": [1, \"\xc3\xa9\"]}\n");
        if (obj->cls->kind == XSNET_KIND_BOND && gen_once_in(gen, 3)) {
                xsn_object_clear(obj, XSNET_FIELD_MODE);
                XSN_BOND(obj)->mode.raw = xsn_strdup("balance-quantum");
                xsn_object_mark(obj, XSNET_FIELD_MODE);
        }
        if (obj->cls->kind == XSNET_KIND_NETWORK && gen_once_in(gen, 3)) {
                XSN_NETWORK(obj)->mtu = 66000;
                xsn_object_mark(obj, XSNET_FIELD_MTU);
                MUST(xsn_object_set_string(obj, XSNET_FIELD_DESCRIPTION, "\x01\x1b[31m\r\x7f"));
        }
}

struct xsnet_state *gen_observed(struct gen *gen, unsigned n_max)
{
        struct xsnet_state *state = gen_state(gen, n_max);

        for (size_t i = 0; i < state->n_objects; i++)
                observe(gen, state->objects[i]);
        for (size_t i = 0; i < state->n_hosts; i++) {
                state->hosts[i].uuid = xsn_strdup("8f1c9b9e-1d7e-4a52-9a4d-1e4c6b3a7f10");
                state->hosts[i].label = gen_once_in(gen, 2) ? xsn_strdup("null") : NULL;
        }
        return state;
}
