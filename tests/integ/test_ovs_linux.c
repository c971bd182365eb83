/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Open vSwitch and the kernel agree: random documents are applied to both, one after the other, and each reads back as
 * the same objects; what one shows is nothing to do for the other. In the end all is taken away again, and rows and
 * links are what they were. What only one of them can say stands in a table, and is not asked for.
 *
 * From the environment: XSN_WALK: run the walk of this number alone. XSN_WALKS: how many.
 */
#include "ovs_linux.h"

#define WALKS     12
#define DOCUMENTS 4 /* of a walk, and then one that takes all away */

#define ADDRESSES (-1) /* XSNET_FIELD_IPV4_MODE and what follows, to XSNET_FIELD_PLUGGED */

static const char *const side_names[] = { "ovs", "linux" };

/* ---- what only one can say ---- */

static const struct {
        int side; /* that lacks it */
        int kind;
        int field;
        const char *why;
} lacks[] = {
        { LINUX, XSNET_KIND_NETWORK, XSNET_FIELD_UUID, "XAPI's, whose key a bridge of Open vSwitch has" },
        { LINUX, XSNET_KIND_NETWORK, XSNET_FIELD_DESCRIPTION, "a link has no room for it" },
        { LINUX, XSNET_KIND_NETWORK, XSNET_FIELD_OTHER_CONFIG, "a link has no keys of others" },
        { LINUX, XSNET_KIND_PIF, XSNET_FIELD_OTHER_CONFIG, "a link has no keys of others" },
        { LINUX, XSNET_KIND_BOND, XSNET_FIELD_OTHER_CONFIG, "a link has no keys of others" },
        { LINUX, XSNET_KIND_VLAN, XSNET_FIELD_OTHER_CONFIG, "a link has no keys of others" },
        { LINUX, XSNET_KIND_VIF, XSNET_FIELD_TRUNKS, "its bridges do not filter VLANs" },
        { OVS, XSNET_KIND_PIF, XSNET_FIELD_RENAME, "the names of NICs are not its business" },
        { OVS, XSNET_KIND_PIF, XSNET_FIELD_MATCH_DRIVER, "what drives a NIC is not its business" },
        { OVS, XSNET_KIND_TUNNEL, ADDRESSES, "the port of a tunnel is no device" },
        { OVS, XSNET_KIND_VLAN, XSNET_FIELD_DEVICE, "a VLAN is the tag of its network's bridge, no device" },
};

/* ---- two hosts ---- */

static const char nics[] = "for i in 0 1 2 3 4 5 6 7; do ip link add eth$i type veth peer name p$i && "
                           "ip link set eth$i address 02:00:00:00:00:0$i && ip link set p$i up || exit 1; done; "
                           "for i in 1.0 1.1 2.0 2.1 3.0 3.1; do ip link add vif$i type veth peer name g$i && "
                           "ip link set g$i up || exit 1; done; ip link set lo up";

/* The other host is a namespace of a process that only waits. */
static pid_t make_linux(const char *command)
{
        pid_t parent = getpid(), pid;
        int ready[2];
        char byte;

        ck_assert_int_eq(pipe(ready), 0);
        pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                if (getppid() != parent || unshare(CLONE_NEWNET) < 0 || system(command) != 0 ||
                    write(ready[1], "", 1) != 1)
                        _exit(1);
                for (;;)
                        pause();
        }
        close(ready[1]);
        ck_assert_int_eq(read(ready[0], &byte, 1), 1);
        close(ready[0]);
        return pid;
}

static struct xsnet_engine *make_engine(const struct pair *p, const char *uri)
{
        struct xsnet_engine *engine = NULL;
        struct xsnet_error *err = NULL;
        char journals[96];

        snprintf(journals, sizeof(journals), "%s/journals", p->host.real.dir);
        ck_assert_int_eq(xsnet_engine_new(NULL, &engine, NULL), 0);
        ck_assert_int_eq(xsnet_engine_set_journal(engine, journals, NULL), 0);
        ck_assert_int_eq(xsnet_engine_set_irreversible(engine, 1, NULL), 0);
        ck_assert_msg(xsnet_engine_add_target(engine, uri, &err) == 0, "%s", xsnet_error_get_message(err));
        return engine;
}

static void pair_new(struct pair *p, unsigned walk, int n_sides)
{
        char uri[256], command[1024];

        memset(p, 0, sizeof(*p));
        p->walk = walk;
        p->n_sides = n_sides;
        p->nics_are_up = walk % 2;
        p->has_gre = n_sides == 1 || kernel_has(GRE_PROBE);
        p->has_vxlan = n_sides == 1 || kernel_has(VXLAN_PROBE);
        snprintf(command, sizeof(command), "%s%s", nics,
                 p->nics_are_up ? "; for i in 0 1 2 3 4 5 6 7; do ip link set eth$i up; done" : "");
        host_new(&p->host);
        host_sh(&p->host, "for i in eth0 eth1 eth2 eth3 vif1.0 vif2.0 tap2.0; do ip link del $i; done; %s", command);
        p->holder = make_linux(command);
        snprintf(uri, sizeof(uri), "ovs:unix:%s/sock?host=xs-1&datapath=netdev", p->host.real.dir);
        p->engines[OVS] = make_engine(p, uri);
        snprintf(uri, sizeof(uri), "linux:?netns=/proc/%d/ns/net&host=xs-1", (int)p->holder);
        p->engines[LINUX] = make_engine(p, uri);
}

static void pair_free(struct pair *p)
{
        for (int i = 0; i < N_SIDES; i++) {
                xsnet_state_unref(p->observed[i]);
                xsnet_engine_unref(p->engines[i]);
        }
        (void)kill(p->holder, SIGKILL);
        (void)waitpid(p->holder, NULL, 0);
        host_free(&p->host);
}

static void observe(struct pair *p, int side)
{
        struct xsnet_error *err = NULL;

        p->observed[side] = xsnet_state_unref(p->observed[side]);
        ck_assert_msg(xsnet_engine_observe(p->engines[side], &p->observed[side], &err) == 0, "%s",
                      xsnet_error_get_message(err));
}

/* Links and addresses: what a host is, as far as documents change it. With GRE the kernel brings links of its own. */
static char *picture(const struct pair *p, int side)
{
        static const char script[] =
                "ip -o link show | sed -En \"/ovs-netdev|(gre|gretap|erspan)0/d; "
                "s/^[0-9]+: ([^:@]*).*<([^>]*)> mtu ([0-9]+).*/\\1 \\2 \\3/p\" | "
                "sed -E \"s/,(LOWER_UP|M-DOWN)//g; s/NO-CARRIER,//\" | sort; "
                "ip -o address show | sed -E \"/ fe80:/d; s/^[0-9]+: //; s/ +/ /g\" | sort; ip route show";
        char command[1024];

        snprintf(command, sizeof(command), "nsenter --net=/proc/%d/ns/net sh -c '%s'",
                 side == LINUX ? (int)p->holder : (int)getpid(), script);
        return host_ask(&p->host, command);
}

/* ---- what is compared ---- */

static void fail_with(const struct pair *p, const char *document, const char *what)
{
        for (int i = 0; i < N_SIDES; i++) {
                char *text = NULL;

                if (p->observed[i] && xsnet_document_dump(p->observed[i], XSNET_FORMAT_YAML, &text, NULL) == 0)
                        fprintf(stderr, "---- %s:\n%s\n", side_names[i], text);
                free(text);
        }
        fprintf(stderr, "---- the document:\n%s\n", document ? document : "none");
        ck_abort_msg("walk %u (XSN_WALK=%u): %s", p->walk, p->walk, what);
}

static struct xsnet_object *find(struct xsnet_state *state, const struct xsnet_object *obj)
{
        struct xsn_buf buf = { 0 };
        struct xsnet_object *found;

        xsn_object_key(obj, &buf);
        found = xsnet_state_find(state, obj->cls->kind, "xs-1", buf.s ? buf.s : "");
        xsn_buf_done(&buf);
        return found;
}

static bool is_below(const struct xsnet_state *state, const struct xsnet_object *obj, int field)
{
        bool below = false;

        for (size_t i = 0; i < XSN_ARRAY_SIZE(of_bridge_below); i++)
                below |= of_bridge_below[i] == field;
        return below && XSN_NETWORK(obj) && is_of_vlan(state, obj);
}

/* Each object of one side is on the other, with the same values and the same owner. */
static void compare(const struct pair *p, const char *document, int side)
{
        struct xsnet_state *mine = p->observed[side], *its = p->observed[!side];

        for (size_t i = 0; i < mine->n_objects; i++) {
                const struct xsnet_object *obj = mine->objects[i], *other = find(its, obj);
                struct xsn_buf what = { 0 };

                xsn_object_describe(obj, &what);
                xsn_buf_put(&what, other ? "" : ": only there");
                for (size_t row = 0; other && row < xsn_class_n_fields(obj->cls); row++) {
                        const struct xsn_field *field = xsn_class_field(obj->cls, row);

                        if (!both_have(p, obj->cls, row) || is_below(mine, obj, field->id) ||
                            (!(obj->present >> row & 1) && !(other->present >> row & 1)) ||
                            (obj->present >> row & other->present >> row & 1 &&
                             xsn_value_equal(xsn_type_of(field->type), xsn_object_member(obj, field),
                                             xsn_object_member(other, field), field->flags & XSN_F_SET)))
                                continue;
                        xsn_buf_printf(&what, ": %s: ", field->name);
                        xsn_object_format_row(obj, row, &what);
                        xsn_buf_put(&what, " and ");
                        xsn_object_format_row(other, row, &what);
                        other = NULL;
                }
                if (other && xsn_object_network(obj) &&
                    (!obj->owner != !other->owner || (obj->owner && strcmp(obj->owner, other->owner) != 0) ||
                     (obj->owner && obj->made != other->made))) {
                        xsn_buf_put(&what, ": another mark");
                        other = NULL;
                }
                if (!other)
                        fail_with(p, document, what.s);
                xsn_buf_done(&what);
        }
}

/* Is there nothing to do? Else the plan is printed. */
static bool is_so(const struct pair *p, int side, struct xsnet_state *desired, const char *document)
{
        struct xsnet_plan *plan = NULL;
        struct xsnet_error *err = NULL;
        char *text = NULL;
        size_t n;

        if (xsnet_engine_plan(p->engines[side], desired, &plan, &err) < 0)
                fail_with(p, document, xsnet_error_get_message(err));
        n = xsnet_plan_get_count(plan);
        if (n > 0 && xsnet_plan_dump(plan, XSNET_PLAN_TEXT, &text, NULL) == 0)
                fprintf(stderr, "%s", text);
        free(text);
        xsnet_plan_unref(plan);
        return n == 0;
}

/* What one shows is what the other is asked for. */
static void ask(const struct pair *p, const char *document, int shown, int asked)
{
        struct xsnet_state *state = NULL;

        ck_assert_int_eq(xsn_state_copy(p->observed[shown], &state), 0);
        for (size_t i = 0; i < state->n_objects; i++) {
                keep_common_rows(p, state->objects[i]);
                strip_below(state, state->objects[i]);
        }
        if (!is_so(p, asked, state, document))
                fail_with(p, document, "what one shows is something to do for the other");
        xsnet_state_unref(state);
}

static void apply(struct pair *p, int side, const char *document)
{
        struct xsnet_report *report = NULL;
        struct xsnet_state *desired = NULL;
        struct xsnet_error *err = NULL;
        int r;

        ck_assert_int_eq(xsnet_document_load(document, strlen(document), XSNET_FORMAT_YAML, "doc", &desired, NULL), 0);
        r = xsnet_engine_apply(p->engines[side], desired, &report, &err);
        observe(p, side);
        if (r < 0 || xsnet_report_get_outcome(report) != XSNET_OUTCOME_DONE) {
                fprintf(stderr, "%s: %d\n", side_names[side], r);
                fail_with(p, document, err ? xsnet_error_get_message(err) : "it is not done");
        }
        if (!is_so(p, side, desired, document))
                fail_with(p, document, side == OVS ? "ovs: something to do again" : "linux: something to do again");
        xsnet_report_unref(report);
        xsnet_state_unref(desired);
}

static void apply_to_all(struct pair *p, const char *document)
{
        for (int side = 0; side < p->n_sides; side++)
                apply(p, side, document);
        for (int side = 0; side < p->n_sides && p->n_sides == N_SIDES; side++) {
                compare(p, document, side);
                ask(p, document, side, !side);
        }
}

/* ---- tests ---- */

static unsigned from_environment(const char *name, unsigned otherwise)
{
        const char *text = getenv(name);

        return text ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

static void go(unsigned walk, int n_sides)
{
        uint64_t seed = walk * UINT64_C(1000003);
        char *before[N_SIDES + 1];
        struct xsnet_state *empty, *now;
        struct pair p;

        pair_new(&p, walk, n_sides);
        before[N_SIDES] = host_ask(&p.host, ROWS);
        for (int side = 0; side < p.n_sides; side++) {
                observe(&p, side);
                before[side] = picture(&p, side);
        }
        ck_assert_int_eq(xsn_state_copy(p.observed[OVS], &empty), 0);
        for (size_t i = 0; i < empty->n_objects; i++)
                keep_common_rows(&p, empty->objects[i]);
        now = xsnet_state_ref(empty);
        for (int i = 0; i <= DOCUMENTS; i++) {
                struct xsnet_state *next = i == DOCUMENTS ? xsnet_state_ref(empty) : make_wanted(&p, &seed);
                char *document = write_document(&p, now, next, &seed);

                if (getenv("XSN_WALK"))
                        fprintf(stderr, "%s\n", document);
                apply_to_all(&p, document);
                xsnet_state_unref(now);
                now = next;
                free(document);
        }
        for (int side = 0; side < p.n_sides; side++) {
                char *after = picture(&p, side);

                if (strcmp(before[side], after) != 0) {
                        fprintf(stderr, "before:\n%s\nafter:\n%s\n", before[side], after);
                        fail_with(&p, NULL, side == OVS ? "ovs: traces are left" : "linux: traces are left");
                }
                free(after);
                free(before[side]);
        }
        ck_host_says(&p.host, ROWS, before[N_SIDES]);
        free(before[N_SIDES]);
        xsnet_state_unref(now);
        xsnet_state_unref(empty);
        pair_free(&p);
}

START_TEST(documents_mean_the_same_to_both)
{
        go(from_environment("XSN_WALK", (unsigned)_i), N_SIDES);
}
END_TEST

/* With what the kernel of this machine may lack. */
START_TEST(documents_come_and_go_on_open_vswitch)
{
        go(from_environment("XSN_WALK", (unsigned)_i + 100), 1);
}
END_TEST

static bool is_address(int field)
{
        return field >= XSNET_FIELD_IPV4_MODE && field <= XSNET_FIELD_PLUGGED;
}

START_TEST(what_only_one_can_say_is_known)
{
        struct pair p;

        pair_new(&p, 0, N_SIDES);
        for (int side = 0; side < N_SIDES; side++)
                observe(&p, side);
        for (int kind = XSNET_KIND_NETWORK; kind <= XSNET_KIND_VIF; kind++) {
                const struct xsn_class *cls = xsn_class_of(kind);

                for (size_t row = 0; row < xsn_class_n_fields(cls); row++) {
                        const struct xsn_field *field = xsn_class_field(cls, row);

                        for (int side = 0; side < N_SIDES; side++) {
                                bool told = false, lacking = !xsn_caps_has_field(caps_of(&p, side), kind, row) &&
                                                             xsn_caps_has_field(caps_of(&p, !side), kind, row);

                                for (size_t i = 0; i < XSN_ARRAY_SIZE(lacks); i++)
                                        told |= lacks[i].side == side && lacks[i].kind == kind &&
                                                (lacks[i].field == ADDRESSES ? lacking && is_address(field->id)
                                                                             : lacks[i].field == field->id);
                                ck_assert_msg(told == lacking, "%s: %s.%s: %s", side_names[side], cls->name,
                                              field->name, lacking ? "lacking, and not in the table" : "not lacking");
                        }
                }
        }
        pair_free(&p);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("ovs_linux");
        TCase *tc = tcase_create("ovs_linux"), *alone = tcase_create("ovs_alone");
        int n = getenv("XSN_WALK") ? 1 : (int)from_environment("XSN_WALKS", WALKS);

        if (!host_is_possible()) {
                printf("needs ovsdb-server, ovs-vswitchd, ovs-vsctl, ip, and the right to make namespaces\n");
                return 77;
        }
        tcase_set_timeout(tc, 250);
        tcase_add_test(tc, what_only_one_can_say_is_known);
        tcase_add_loop_test(tc, documents_mean_the_same_to_both, 0, n);
        suite_add_tcase(suite, tc);
        tcase_set_timeout(alone, 250);
        tcase_add_loop_test(alone, documents_come_and_go_on_open_vswitch, 0, n);
        suite_add_tcase(suite, alone);
        return folder_main(suite);
}
