/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of the way back: the whole picture of a namespace, and plans done there and back. */
#ifndef TESTS_LINUX_ROLLBACK_H
#define TESTS_LINUX_ROLLBACK_H

#include "codec/journal.h"
#include "linux_test.h"

#define PICTURE_MAX 65536

/* Links with all that `ip` tells, addresses, routes of every table, ports of bridges; without what counts up. */
static inline void picture(char ret_text[PICTURE_MAX])
{
        FILE *f = popen("(ip -o -d addr show; ip -o -d link show; ip -4 -o route show table all;"
                        " ip -6 -o route show table all; tc qdisc show; bridge -o -d link show) 2>/dev/null"
                        " | sed -E 's/^[0-9]+: //; s/@if[0-9]+//; s/(NO-CARRIER,|,LOWER_UP|linkdown ?)//g;"
                        " s/(state|qdisc|valid_lft|preferred_lft|qlen|numtxqueues|promiscuity|port_id|port_no"
                        "|[gt]so_max_(size|segs)|gro_max_size|(designated|root)_(port|bridge|root|path_cost)"
                        "|bridge_id|allmulti|minmtu|maxmtu) [^ ]+ ?//g;"
                        " s/(_timer) +[0-9.]+//g; s/ +/ /g; s/\\\\//g'"
                        " | grep -v '^0: dev\\|fe80\\|multicast ff00' | sort",
                        "r");
        size_t n;

        ck_assert_ptr_nonnull(f);
        n = fread(ret_text, 1, PICTURE_MAX - 1, f);
        ret_text[n] = '\0';
        ck_assert_int_gt(n, 0);
        pclose(f);
}

/* Tells where they begin to differ. */
static inline void ck_same(const char *before, const char *after)
{
        size_t i = 0, from;

        while (before[i] && before[i] == after[i])
                i++;
        from = i > 150 ? i - 150 : 0;
        ck_assert_msg(strcmp(before, after) == 0, "it was:\n%.400s\nand is:\n%.400s", before + from, after + from);
}

/* As the engine asks after every plan. */
static inline void world_verify(struct world *w, const struct xsnet_plan *plan)
{
        struct xsnet_error *err = NULL;

        world_observe(w);
        ck_assert_msg(xsn_plan_verify(plan, 0, w->state, NULL, &err) == 0, "%s", xsnet_error_get_message(err));
}

static struct xsnet_plan *done; /* the last one that was done as a whole */

/* Does the plan of the document. */
static inline void world_there(struct world *w, const char *text)
{
        done = world_plan(w, text);
        world_run(w, done);
        ck_assert_msg(w->code == 0, "%s", w->message);
        world_verify(w, done);
}

/* Goes back over that plan, or over as much of it as was done. */
static inline void world_back(struct world *w)
{
        _cleanup_(xsn_journal_freep) struct xsn_journal *journal = NULL, *read = NULL;
        struct xsn_plan_input input = { .name = "linux:" };
        struct xsnet_error *err = NULL;
        struct xsnet_plan *back = NULL;
        char *text = NULL;

        ck_assert_int_eq(xsn_journal_from_plan(done, 0, &journal), 0);
        ck_assert_int_eq(xsn_codec_journal_dump(journal, &text, NULL), 0);
        ck_assert_msg(xsn_codec_journal_load(text, strlen(text), &read, &err) == 0, "%s",
                      err ? xsnet_error_get_message(err) : "");
        xsn_free(text);
        world_observe(w);
        input.observed = w->state;
        input.caps = w->be->ops->get_caps(w->be);
        ck_assert_int_eq(xsn_plan_back(&input, read, &back, NULL), 0);
        world_run(w, back);
        ck_assert_msg(w->code == 0, "%s", w->message);
        world_verify(w, back);
        xsnet_plan_unref(back);
        xsnet_plan_unref(done);
        done = NULL;
}

/*
 * There and back: the command, unless NULL, shows the change, and then nothing of it. What settles by itself is given
 * 100 ms, `tries` times.
 */
static inline void world_there_and_back(struct world *w, int tries, const char *text, const char *command,
                                        const char *change)
{
        char before[PICTURE_MAX], after[PICTURE_MAX];

        picture(before);
        if (command)
                ck_says_not(command, change);
        world_there(w, text);
        if (command)
                ck_says(command, change);
        world_back(w);
        picture(after);
        for (int i = 0; i < tries && strcmp(before, after) != 0; i++) {
                usleep(100000);
                picture(after);
        }
        ck_same(before, after);
}

#endif
