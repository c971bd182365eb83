/* SPDX-License-Identifier: Apache-2.0 */
/* The session and several hosts: it finds the coordinator, follows it when it changes, and is not led in circles. */
#include "xapi_script.h"

#define HOSTS_MAX 3

static const char *const addresses[HOSTS_MAX] = { "127.0.0.1", "127.0.0.2", "127.0.0.3" };

/* The first is seen.host; all have one port, as XAPI's hosts have. */
struct pool {
        struct seen seen;
        struct host others[HOSTS_MAX - 1];
        size_t n;
};

static struct host *host_of(struct pool *pool, size_t i)
{
        return i == 0 ? &pool->seen.host : &pool->others[i - 1];
}

static void pool_new(struct pool *pool, size_t n)
{
        *pool = (struct pool){ .n = n };
        seen_new(&pool->seen, 0);
        for (size_t i = 1; i < n; i++)
                ck_assert(host_new_at(host_of(pool, i), addresses[i], pool->seen.host.server.port));
}

static void pool_free(struct pool *pool)
{
        for (size_t i = 1; i < pool->n; i++)
                host_free(host_of(pool, i));
        seen_free(&pool->seen);
}

#define POOL_UNTIL(pool, condition)                                                               \
        UNTIL_OF((pool)->seen.loop,                                                               \
                 ((struct server *const[]){ &(pool)->seen.host.server, &(pool)->others[0].server, \
                                            &(pool)->others[1].server }),                         \
                 (pool)->n, condition)

static void pool_settle(struct pool *pool)
{
        uint64_t until = xsn_loop_now() + 60 * MS;

        POOL_UNTIL(pool, xsn_loop_now() > until);
}

/* Whatever it is asked, it says who the coordinator is. */
#define SLAVE_OF(address) XML_FAIL(V("HOST_IS_SLAVE") V(address))

static void host_is_slave(struct host *host, const char *answer)
{
        memset(host->lines, 0, sizeof(host->lines));
        host_say(host, "session.login_with_password", answer, 0);
        host_say(host, "network.create", answer, 0);
        host_say(host, "network.get_all", answer, 0);
        host_say(host, "event.from", answer, 0);
}

static void host_is_coordinator(struct host *host)
{
        memset(host->lines, 0, sizeof(host->lines));
}

START_TEST(a_supporter_leads_to_the_coordinator)
{
        struct pool pool;
        char place[64];

        pool_new(&pool, 2);
        host_is_slave(host_of(&pool, 0), SLAVE_OF("127.0.0.2"));
        seen_open(&pool.seen, NULL);
        call(&pool.seen, "network.create");
        POOL_UNTIL(&pool, pool.seen.n_replies == 1);
        ck_assert_int_eq(pool.seen.code, 0);
        ck_assert_int_eq(host_of(&pool, 1)->n_calls, 1);
        snprintf(place, sizeof(place), "http://127.0.0.2:%d", pool.seen.host.server.port);
        ck_assert_str_eq(xsn_xapi_get_place(pool.seen.xapi), place);
        /* And it stays there. */
        call(&pool.seen, "network.create");
        POOL_UNTIL(&pool, pool.seen.n_replies == 2);
        ck_assert_int_eq(host_of(&pool, 0)->server.n_requests, 1);
        pool_free(&pool);
}
END_TEST

START_TEST(the_coordinators_address_may_be_of_ipv6)
{
        struct host other;
        struct seen seen;

        seen_new(&seen, 0);
        if (host_new_at(&other, "::1", seen.host.server.port)) {
                struct server *const servers[] = { &seen.host.server, &other.server };

                host_is_slave(&seen.host, SLAVE_OF("::1"));
                seen_open(&seen, NULL);
                call(&seen, "network.create");
                UNTIL_OF(seen.loop, servers, 2, seen.n_replies == 1);
                ck_assert_int_eq(seen.code, 0);
                ck_assert_int_eq(other.n_calls, 1);
                ck_assert(strncmp(xsn_xapi_get_place(seen.xapi), "http://[::1]:", 13) == 0);
                host_free(&other);
        }
        seen_free(&seen);
}
END_TEST

START_TEST(the_coordinators_address_may_be_a_name)
{
        struct seen seen;

        /* The place is another one, though the host is the same. */
        seen_new(&seen, 0);
        host_say(&seen.host, "session.login_with_password", SLAVE_OF("localhost"), 1);
        seen_open(&seen, NULL);
        call(&seen, "network.create");
        UNTIL(&seen, seen.n_replies == 1);
        ck_assert_int_eq(seen.code, 0);
        ck_assert(strncmp(xsn_xapi_get_place(seen.xapi), "http://localhost:", 17) == 0);
        seen_free(&seen);
}
END_TEST

START_TEST(hosts_that_send_us_to_each_other_are_not_followed_for_ever)
{
        struct pool pool;

        pool_new(&pool, 2);
        host_is_slave(host_of(&pool, 0), SLAVE_OF("127.0.0.2"));
        host_is_slave(host_of(&pool, 1), SLAVE_OF("127.0.0.1"));
        seen_open(&pool.seen, NULL);
        call(&pool.seen, "network.create");
        POOL_UNTIL(&pool, pool.seen.n_replies == 1);
        ck_assert_int_eq(pool.seen.code, -EHOSTUNREACH);
        ck_assert_str_eq(pool.seen.reason, "no-coordinator");
        ck_assert(!pool.seen.unknown);
        ck_assert_int_eq(host_of(&pool, 0)->server.n_requests + host_of(&pool, 1)->server.n_requests, 5);
        pool_free(&pool);
}
END_TEST

START_TEST(an_address_that_is_none_is_not_followed)
{
        static const char *const answers[] = { SLAVE_OF(""), SLAVE_OF("a/b"), SLAVE_OF("x@127.0.0.2"),
                                               XML_FAIL(V("HOST_IS_SLAVE")) };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(answers); i++) {
                struct seen seen;

                seen_new(&seen, 0);
                host_is_slave(&seen.host, answers[i]);
                seen_open(&seen, NULL);
                call(&seen, "network.create");
                UNTIL(&seen, seen.n_replies == 1);
                ck_assert_int_ne(seen.code, 0);
                ck_assert_ptr_nonnull(strstr(seen.message, "HOST_IS_SLAVE"));
                seen_free(&seen);
        }
}
END_TEST

START_TEST(the_coordinator_may_change_between_two_calls)
{
        struct pool pool;

        pool_new(&pool, 2);
        seen_open(&pool.seen, NULL);
        call(&pool.seen, "network.create");
        POOL_UNTIL(&pool, pool.seen.n_replies == 1);
        host_is_slave(host_of(&pool, 0), SLAVE_OF("127.0.0.2"));
        /* Many at a time: one login at the new one is enough. */
        for (int i = 0; i < 10; i++)
                call(&pool.seen, "network.create");
        POOL_UNTIL(&pool, pool.seen.n_replies == 11);
        ck_assert_int_eq(pool.seen.code, 0);
        ck_assert_int_eq(host_of(&pool, 1)->n_logins, 1);
        ck_assert_int_eq(host_of(&pool, 1)->n_calls, 10);
        pool_free(&pool);
}
END_TEST

/* The old one is gone without a word; a supporter knows the new one. */
START_TEST(another_host_is_asked_where_the_coordinator_is_gone)
{
        struct pool pool;

        pool_new(&pool, 3);
        seen_open(&pool.seen, NULL);
        for (size_t i = 1; i < 3; i++)
                ck_assert_int_eq(xsn_xapi_add_host(pool.seen.xapi, addresses[i], NULL), 0);
        call(&pool.seen, "network.create");
        POOL_UNTIL(&pool, pool.seen.n_replies == 1);
        host_is_slave(host_of(&pool, 1), SLAVE_OF("127.0.0.3"));
        server_stop_listening(&pool.seen.host.server);
        server_cut_all(&pool.seen.host.server);
        pool_settle(&pool);
        call(&pool.seen, "network.create");
        POOL_UNTIL(&pool, pool.seen.n_replies == 2);
        ck_assert_int_eq(pool.seen.code, 0);
        ck_assert_int_eq(host_of(&pool, 2)->n_calls, 1);
        ck_assert(server_listen(&pool.seen.host.server));
        pool_free(&pool);
}
END_TEST

/* It takes connections and requests, and says nothing. */
START_TEST(another_host_is_asked_where_the_coordinator_does_not_answer_a_login)
{
        struct xsn_xapi_options options;
        struct pool pool;

        pool_new(&pool, 2);
        options = quick_options(&pool.seen);
        options.login_limit = slow(100) * MS;
        seen_open(&pool.seen, &options);
        ck_assert_int_eq(xsn_xapi_add_host(pool.seen.xapi, addresses[1], NULL), 0);
        host_say(host_of(&pool, 0), "session.login_with_password", NULL, 0);
        call(&pool.seen, "network.create");
        POOL_UNTIL(&pool, pool.seen.n_replies == 1);
        ck_assert_int_eq(pool.seen.code, 0);
        ck_assert_int_eq(host_of(&pool, 0)->server.n_requests, 1);
        ck_assert_int_eq(host_of(&pool, 1)->n_calls, 1);
        pool_free(&pool);
}
END_TEST

/* They still name the old one for a while, which is gone; then one of them is the new one. */
START_TEST(an_election_is_waited_for)
{
        struct pool pool;

        pool_new(&pool, 3);
        seen_open(&pool.seen, NULL);
        for (size_t i = 1; i < 3; i++)
                ck_assert_int_eq(xsn_xapi_add_host(pool.seen.xapi, addresses[i], NULL), 0);
        call(&pool.seen, "network.create");
        POOL_UNTIL(&pool, pool.seen.n_replies == 1);
        host_is_slave(host_of(&pool, 1), SLAVE_OF("127.0.0.1"));
        host_is_slave(host_of(&pool, 2), SLAVE_OF("127.0.0.2"));
        server_stop_listening(&pool.seen.host.server);
        server_cut_all(&pool.seen.host.server);
        pool_settle(&pool);
        call(&pool.seen, "network.create");
        pool_settle(&pool);
        pool_settle(&pool);
        ck_assert_int_eq(pool.seen.n_replies, 1);
        host_is_coordinator(host_of(&pool, 2));
        host_is_slave(host_of(&pool, 1), SLAVE_OF("127.0.0.3"));
        POOL_UNTIL(&pool, pool.seen.n_replies == 2);
        ck_assert_int_eq(pool.seen.code, 0);
        ck_assert_int_eq(host_of(&pool, 2)->n_calls, 1);
        ck_assert(server_listen(&pool.seen.host.server));
        pool_free(&pool);
}
END_TEST

/* What is under way at the old one still gets its answer from there. */
START_TEST(an_answer_of_the_host_that_was_left_counts)
{
        struct pool pool;
        struct conn *waits = NULL;

        pool_new(&pool, 2);
        seen_open(&pool.seen, NULL);
        host_say(host_of(&pool, 0), "VLAN.create", NULL, 0);
        call(&pool.seen, "VLAN.create");
        POOL_UNTIL(&pool, host_of(&pool, 0)->n_calls == 1);
        host_say(host_of(&pool, 0), "network.create", SLAVE_OF("127.0.0.2"), 0);
        call(&pool.seen, "network.create");
        POOL_UNTIL(&pool, pool.seen.n_replies == 1);
        ck_assert_int_eq(host_of(&pool, 1)->n_calls, 1);
        for (int i = 0; i < CONNS_MAX; i++)
                if (conn_waits(&pool.seen.host.server.conns[i]) &&
                    strstr(pool.seen.host.server.conns[i].body, "VLAN.create"))
                        waits = &pool.seen.host.server.conns[i];
        ck_assert_ptr_nonnull(waits);
        answer(waits, XML_OK(V("late")));
        POOL_UNTIL(&pool, pool.seen.n_replies == 2);
        ck_assert_str_eq(pool.seen.result, "late");
        pool_free(&pool);
}
END_TEST

START_TEST(hosts_of_the_pool_are_checked_and_counted_once)
{
        struct seen seen;

        seen_new(&seen, 0);
        seen_open(&seen, NULL);
        ck_assert_int_eq(xsn_xapi_add_host(seen.xapi, "a/b", NULL), -EINVAL);
        for (int i = 0; i < 1000; i++)
                ck_assert_int_eq(xsn_xapi_add_host(seen.xapi, "127.0.0.2", NULL), 0);
        for (int i = 0; i < 1000; i++) {
                char name[32];

                snprintf(name, sizeof(name), "host-%d", i);
                ck_assert_int_eq(xsn_xapi_add_host(seen.xapi, name, NULL), 0);
        }
        seen_free(&seen);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("xapi pool");
        TCase *tc = tcase_create("pool");

        tcase_add_test(tc, a_supporter_leads_to_the_coordinator);
        tcase_add_test(tc, the_coordinators_address_may_be_of_ipv6);
        tcase_add_test(tc, the_coordinators_address_may_be_a_name);
        tcase_add_test(tc, hosts_that_send_us_to_each_other_are_not_followed_for_ever);
        tcase_add_test(tc, an_address_that_is_none_is_not_followed);
        tcase_add_test(tc, the_coordinator_may_change_between_two_calls);
        tcase_add_test(tc, another_host_is_asked_where_the_coordinator_is_gone);
        tcase_add_test(tc, another_host_is_asked_where_the_coordinator_does_not_answer_a_login);
        tcase_add_test(tc, an_election_is_waited_for);
        tcase_add_test(tc, an_answer_of_the_host_that_was_left_counts);
        tcase_add_test(tc, hosts_of_the_pool_are_checked_and_counted_once);
        suite_add_tcase(suite, tc);
        return folder_main(suite);
}
