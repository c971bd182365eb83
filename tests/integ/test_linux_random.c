/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random documents on the kernel of this machine, one after the other in one namespace: each is refused before anything
 * is done, or done; then there is nothing to do for it, nor for what `show` prints. Some of the plans go back when they
 * are done, and some fail at any message: then all is as it was. The documents are partial, as people write them: they
 * name some objects and of these some fields, with values or null. (Of whole states: test_ovs_linux.c.)
 *
 * From the environment: XSN_SEED: of the numbers. XSN_WALK: run the walk of this number alone. XSN_WALKS: how many.
 * XSN_TELL: print what became of each document.
 */
#include <inttypes.h>

#include "../unit/gen.h"
#include "base/buf.h"
#include "linux_rollback.h"
#include "linux_spoil.h"

#define SEED      20240229
#define WALKS     12
#define DOCUMENTS 14 /* of a walk */
#define N_NICS    4

static struct world w;
static struct gen gen;
static bool has_devices; /* bonds and VLANs */
static unsigned n_done, n_refused, n_back, n_failed;

static uint64_t number_of(const char *name, uint64_t otherwise)
{
        const char *text = getenv(name);

        return text && *text ? strtoull(text, NULL, 0) : otherwise;
}

static unsigned below(unsigned n)
{
        return gen_below(&gen, n);
}

static bool chance(unsigned percent)
{
        return below(100) < percent;
}

/* ---- documents ---- */

static const char *const networks[] = { "a", "b", "c" };

/* Of the document that is written. */
static struct {
        unsigned object;   /* the hosts' part of its addresses, so that each has its own, mostly */
        unsigned networks; /* those that have a PIF */
        int subnet;        /* of the object's last IPv4 address; -1: it has none here */
} doc;

static void write_address(struct xsn_buf *buf, int family, unsigned subnet, unsigned host, bool prefix)
{
        if (family == 4)
                xsn_buf_printf(buf, "\"10.0.%u.%u%s\"", subnet, host, prefix ? "/24" : "");
        else
                xsn_buf_printf(buf, "\"2001:db8:%u::%u%s\"", subnet, host, prefix ? "/64" : "");
}

/* Subnets are few, so that they meet, in one document and in one after the other. */
static void write_family(struct xsn_buf *buf, int family)
{
        unsigned subnet = below(6), host = doc.object + (chance(30) ? 20 : 0);

        xsn_buf_printf(buf, ", ipv%d: ", family);
        if (chance(20)) {
                xsn_buf_put(buf, "null");
        } else if (chance(15)) {
                xsn_buf_put(buf, chance(50) ? "{gateway: null}" : "{mode: none}");
        } else {
                xsn_buf_put(buf, "{address: [");
                write_address(buf, family, subnet, chance(5) ? 1 : host, true);
                if (chance(15)) {
                        xsn_buf_put(buf, ", ");
                        write_address(buf, family, subnet, host + 40, true);
                }
                xsn_buf_put(buf, chance(50) ? "]" : "], gateway: ");
                if (buf->s[buf->len - 1] == ' ' && chance(85))
                        write_address(buf, family, subnet, 254, false);
                else if (buf->s[buf->len - 1] == ' ')
                        xsn_buf_put(buf, "null");
                xsn_buf_putc(buf, '}');
                doc.subnet = family == 4 ? (int)subnet : doc.subnet;
        }
}

static void write_addressing(struct xsn_buf *buf)
{
        static const char *const rows[] = { "default-route: true", "default-route: false", "default-route: null",
                                            "management: true",    "management: false",    "management: null",
                                            "routes: []",          "routes: null" };

        doc.object++;
        doc.subnet = -1;
        if (chance(60))
                write_family(buf, 4);
        if (chance(30))
                write_family(buf, 6);
        if (chance(20))
                xsn_buf_printf(buf, ", %s", rows[below(XSN_ARRAY_SIZE(rows))]);
        else if (doc.subnet >= 0 && chance(15))
                xsn_buf_printf(buf, ", routes: [{to: 192.0.%u.0/24, via: 10.0.%d.253%s}]", below(3), doc.subnet,
                               chance(30) ? ", metric: 7" : "");
}

/* `shares`: what is no PIF of the network. */
static void write_network_of(struct xsn_buf *buf, unsigned percent, bool shares)
{
        unsigned i = below(3);

        if (!chance(percent))
                return;
        if (chance(25)) {
                xsn_buf_put(buf, ", network: null");
        } else if (shares || !(doc.networks & 1u << i) || chance(10)) {
                xsn_buf_printf(buf, ", network: %s", networks[i]);
                doc.networks |= shares ? 0 : 1u << i;
        }
}

static void write_networks(struct xsn_buf *buf)
{
        xsn_buf_put(buf, "networks:\n");
        for (unsigned i = 0; i < 3; i++) {
                xsn_buf_printf(buf, " - {name: %s", networks[i]);
                if (chance(8)) {
                        xsn_buf_put(buf, ", absent: true");
                        doc.networks |= chance(90) ? 1u << i : 0;
                } else {
                        if (chance(25))
                                xsn_buf_printf(buf, ", mtu: %s", chance(30) ? "null" : chance(50) ? "1400" : "1500");
                        if (chance(15))
                                xsn_buf_printf(buf, ", stp: %s", chance(50) ? "true" : "null");
                        if (chance(25)) {
                                write_addressing(buf);
                                doc.networks |= chance(90) ? 1u << i : 0;
                        }
                }
                xsn_buf_put(buf, "}\n");
        }
}

static void write_pifs(struct xsn_buf *buf)
{
        xsn_buf_put(buf, "pifs:\n");
        for (unsigned i = 0; i < N_NICS; i++) {
                if (i && chance(40))
                        continue;
                xsn_buf_printf(buf, " - {device: eth%u", i);
                write_network_of(buf, 60, false);
                write_addressing(buf);
                xsn_buf_put(buf, "}\n");
        }
}

/* On top of NICs. */
static void write_devices(struct xsn_buf *buf)
{
        if (chance(30)) {
                xsn_buf_put(buf, "bonds:\n - {name: bond0");
                if (chance(25)) {
                        xsn_buf_put(buf, ", absent: true");
                } else {
                        xsn_buf_printf(buf, ", members: [eth%u, eth%u], mode: active-backup", below(2), 2 + below(2));
                        write_network_of(buf, 60, false);
                        write_addressing(buf);
                }
                xsn_buf_put(buf, "}\n");
        }
        if (chance(30)) {
                xsn_buf_printf(buf, "vlans:\n - {pif: %s, tag: %u",
                               chance(20) ? "bond0" : chance(50) ? "eth0" : "eth1", 10 + below(2));
                if (chance(25)) {
                        xsn_buf_put(buf, ", absent: true");
                } else {
                        write_network_of(buf, 70, false);
                        write_addressing(buf);
                }
                xsn_buf_put(buf, "}\n");
        }
}

static void write_vifs(struct xsn_buf *buf)
{
        xsn_buf_put(buf, "vifs:\n");
        for (unsigned i = 1; i <= 2; i++) {
                xsn_buf_printf(buf, " - {domain: %u, device: 0", i);
                write_network_of(buf, 80, true);
                xsn_buf_printf(buf, "%s}\n", chance(20) ? ", rate-limit: null" : "");
        }
}

static char *write_document(void)
{
        struct xsn_buf buf = { 0 };
        char *text = NULL;

        xsn_buf_printf(&buf, "format: 1\nowner: t\n%s", chance(8) ? "prune: true\n" : "");
        memset(&doc, 0, sizeof(doc));
        write_networks(&buf);
        write_pifs(&buf);
        if (has_devices)
                write_devices(&buf);
        if (chance(50))
                write_vifs(&buf);
        ck_assert_int_eq(xsn_buf_take(&buf, &text), 0);
        return text;
}

/* ---- what is promised ---- */

static const char *current; /* the document */
static struct xsnet_state *was; /* observed before it */
static unsigned walk, at;

/* Of a failing assertion: which document it was. */
static void tell(void)
{
        char *text = NULL;

        if (was && xsnet_document_dump(was, XSNET_FORMAT_YAML, &text, NULL) == 0)
                fprintf(stderr, "---- it was:\n%s", text);
        free(text);
        fprintf(stderr, "---- XSN_SEED=%" PRIu64 " XSN_WALK=%u, document %u:\n%s\n", number_of("XSN_SEED", SEED), walk,
                at, current);
}

#define must(condition, ...)                       \
        do {                                       \
                if (!(condition)) {                \
                        tell();                    \
                        ck_abort_msg(__VA_ARGS__); \
                }                                  \
        } while (0)

/* NULL: refused. */
static struct xsnet_plan *plan_of(struct xsnet_state *desired, bool must_be)
{
        struct xsn_plan_input input = { .name = "linux:" };
        struct xsn_plan_options options = { .irreversible = true };
        struct xsnet_plan *plan = NULL;
        struct xsnet_error *err = NULL;
        int r;

        world_observe(&w);
        input.observed = w.state;
        input.caps = w.be->ops->get_caps(w.be);
        r = xsn_plan_make(&input, 1, desired, &options, &plan, &err);
        if (getenv("XSN_TELL") && r < 0)
                fprintf(stderr, "refused: %s\n", xsnet_error_get_message(err));
        must(r == 0 || !must_be, "refused: %s", xsnet_error_get_message(err));
        xsnet_error_free(err);
        return plan;
}

static struct xsnet_state *load(const char *text, bool must_be)
{
        struct xsnet_state *desired = NULL;
        struct xsnet_error *err = NULL;
        int r = xsnet_document_load(text, strlen(text), XSNET_FORMAT_YAML, "test", &desired, &err);

        if (getenv("XSN_TELL") && r < 0)
                fprintf(stderr, "refused: %s\n", xsnet_error_get_message(err));
        must(r == 0 || !must_be, "refused: %s", xsnet_error_get_message(err));
        xsnet_error_free(err);
        return desired;
}

static void ck_nothing_to_do(const char *text, const char *what)
{
        struct xsnet_state *desired = load(text, true);
        struct xsnet_plan *plan = plan_of(desired, true);
        char *steps = NULL;

        if (xsnet_plan_get_count(plan) > 0) {
                must(xsnet_plan_dump(plan, XSNET_PLAN_TEXT, &steps, NULL) < 0, "%s, there is something to do:\n%s",
                     what, steps);
        }
        xsnet_plan_unref(plan);
        xsnet_state_unref(desired);
}

/* A rule that holds for documents alone: of what is as it is already, the planner has no objection. */
static bool is_same_subnet(const char *text)
{
        struct xsnet_state *state = NULL;
        struct xsnet_error *err = NULL;
        int r = xsnet_document_load(text, strlen(text), XSNET_FORMAT_YAML, "test", &state, &err);
        bool is = r < 0 && strcmp(xsnet_error_get_reason(err), "same-subnet") == 0;

        xsnet_state_unref(state);
        xsnet_error_free(err);
        return is;
}

static void ck_shown(void)
{
        char *text = NULL;

        world_observe(&w);
        ck_assert_int_eq(xsnet_document_dump(w.state, XSNET_FORMAT_YAML, &text, NULL), 0);
        if (!is_same_subnet(text))
                ck_nothing_to_do(text, "shown");
        free(text);
}

/* As the engine asks after every plan. */
static void ck_verified(const struct xsnet_plan *plan, const char *what)
{
        struct xsnet_error *err = NULL;

        world_observe(&w);
        must(xsn_plan_verify(plan, 0, w.state, NULL, &err) == 0, "%s: %s", what,
             xsnet_error_get_message(err));
}

/*
 * Which MAC address a bridge has that it has from no NIC is chance, and so is when the kernel has looked whether an
 * IPv6 address is somebody's.
 */
static void look(char ret_text[PICTURE_MAX])
{
        static const char *const chances[] = { " tentative", " nodad" };

        picture(ret_text);
        for (char *p = ret_text; (p = strstr(p, "link/ether "));) {
                p += strlen("link/ether ");
                if (strncmp(p, "02:00:", 6) != 0)
                        memset(p, '*', strcspn(p, " \n"));
        }
        for (size_t i = 0; i < XSN_ARRAY_SIZE(chances); i++)
                for (char *p = ret_text; (p = strstr(p, chances[i]));)
                        memmove(p, p + strlen(chances[i]), strlen(p + strlen(chances[i])) + 1);
}

static void go_back(struct xsnet_plan *plan, const char *before)
{
        _cleanup_(xsn_journal_freep) struct xsn_journal *journal = NULL;
        struct xsn_plan_input input = { .name = "linux:" };
        struct xsnet_plan *back = NULL;
        char after[PICTURE_MAX];
        size_t i = 0, from;

        ck_assert_int_eq(xsn_journal_from_plan(plan, 0, &journal), 0);
        world_observe(&w);
        input.observed = w.state;
        input.caps = w.be->ops->get_caps(w.be);
        ck_assert_int_eq(xsn_plan_back(&input, journal, &back, NULL), 0);
        world_run(&w, back);
        must(w.code == 0, "going back: %s", w.message);
        ck_verified(back, "gone back");
        xsnet_plan_unref(back);
        look(after);
        /* A cable is noticed by the kernel within a second, and an IPv6 address is in force then. */
        for (int tries = 0; tries < 20 && strcmp(before, after) != 0; tries++) {
                usleep(100000);
                look(after);
        }
        while (before[i] && before[i] == after[i])
                i++;
        from = i > 150 ? i - 150 : 0;
        must(strcmp(before, after) == 0, "gone back, it was:\n%.500s\nand is:\n%.500s", before + from, after + from);
}

static const uint16_t types[] = { RTM_NEWADDR, RTM_NEWROUTE, RTM_DELADDR, RTM_DELROUTE, RTM_NEWLINK, RTM_DELLINK };

/* One document. */
static void step(void)
{
        _cleanup_(xsn_freep) char *text = write_document();
        bool spoils = chance(25), back = chance(40);
        char before[PICTURE_MAX], after[PICTURE_MAX];
        struct xsnet_state *desired;
        struct xsnet_plan *plan;

        current = text;
        desired = load(text, false);
        plan = desired ? plan_of(desired, false) : NULL;
        was = xsnet_state_unref(was);
        was = w.state ? xsnet_state_ref(w.state) : NULL;
        xsnet_state_unref(desired);
        if (!plan) {
                n_refused++;
                return;
        }
        look(before);
        if (spoils)
                spoiler = (struct spoiler){ .type = types[below(XSN_ARRAY_SIZE(types))], .count = 1 + (int)below(5) };
        world_run(&w, plan);
        spoils = spoils && spoiler.count <= 0;
        spoiler = (struct spoiler){ 0 };
        if (getenv("XSN_TELL"))
                fprintf(stderr, "ran: %d %s%s\n", w.code, w.message, spoils ? " (spoiled)" : "");
        if (w.code < 0) {
                look(after);
                must(spoils || strcmp(before, after) == 0, "%s", w.message);
                go_back(plan, before);
                n_failed++;
        } else {
                if (!spoils)
                        ck_verified(plan, "done");
                if (back || spoils) {
                        go_back(plan, before);
                        n_back++;
                } else {
                        ck_nothing_to_do(text, "applied again");
                        ck_shown();
                        n_done++;
                }
        }
        xsnet_plan_unref(plan);
}

START_TEST(a_walk)
{
        walk = (unsigned)number_of("XSN_WALK", (uint64_t)_i);
        gen = gen_seed(number_of("XSN_SEED", SEED) + walk * UINT64_C(1000003));
        /* When the kernel has looked whether an IPv6 address is somebody's is chance. */
        sh("sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0");
        for (int i = 0; i < N_NICS; i++)
                sh("ip link add eth%d address 02:00:00:00:00:0%d type veth peer name far%d address 02:00:00:00:01:0%d"
                   " && ip link set far%d up", i, i, i, i, i);
        for (int i = 0; i < N_NICS; i++)
                if (chance(70))
                        sh("ip link set eth%d up", i);
        for (int i = 1; i <= 2; i++)
                sh("ip link add vif%d.0 address fe:ff:ff:ff:ff:0%d type veth peer name g%d && ip link set g%d up", i,
                   i, i, i);
        if (chance(50))
                sh("ip addr add 10.0.0.3/24 dev eth0 && ip link set eth0 up && ip route add default via 10.0.0.254");
        for (at = 0; at < DOCUMENTS; at++)
                step();
        was = xsnet_state_unref(was);
        printf("walk %u: %u done, %u refused, %u back, %u failed\n", walk, n_done, n_refused, n_back, n_failed);
        fflush(stdout);
        ck_assert_uint_lt(n_refused, DOCUMENTS);
}
END_TEST

static void setup(void)
{
        world_enter();
        world_open(&w);
        spoil_open(&w);
}

static void teardown(void)
{
        world_close(&w);
}

int main(void)
{
        Suite *suite = suite_create("linux random");
        TCase *tc = tcase_create("walks");

        if (!netns_test_possible())
                return 77;
        has_devices = kernel_has("type bond") &&
                      kernel_has("type dummy && ip link add link probe0 name probe1 type vlan id 9");
        printf("XSN_SEED=%" PRIu64 "%s\n", number_of("XSN_SEED", SEED), has_devices ? ", with bonds and VLANs" : "");
        fflush(stdout);
        tcase_add_checked_fixture(tc, setup, teardown);
        tcase_set_timeout(tc, 120);
        tcase_add_loop_test(tc, a_walk, 0, getenv("XSN_WALK") ? 1 : (int)number_of("XSN_WALKS", WALKS));
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
