/* SPDX-License-Identifier: Apache-2.0 */
/* The journal directory: one applier at a time, whichever its process, and journals that outlive theirs. */
#include "engine_test.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "engine/engine.h"

static struct fix fix;

static void begin(void)
{
        setup(&fix);
        use_journal_dir(&fix);
}

static void end(void)
{
        teardown(&fix);
}

/* Another process that holds the lock until it is told to stop. */
struct holder {
        pid_t pid;
        int to, from;
};

static struct holder hold(const char *dir, const char *target)
{
        struct holder holder;
        int to[2], from[2];
        char c = 0;

        ck_assert_int_eq(pipe(to), 0);
        ck_assert_int_eq(pipe(from), 0);
        holder.pid = fork();
        ck_assert_int_ge(holder.pid, 0);
        if (holder.pid == 0) {
                struct xsn_store store = { 0 };

                xsn_store_init(&store);
                c = xsn_store_lock(&store, dir, target, NULL, NULL) < 0 ? 'n' : 'y';
                if (write(from[1], &c, 1) != 1 || read(to[0], &c, 1) != 1)
                        _exit(1);
                xsn_store_unlock(&store);
                _exit(0);
        }
        ck_assert_int_eq(read(from[0], &c, 1), 1);
        ck_assert_int_eq(c, 'y');
        (void)close(to[0]);
        (void)close(from[1]);
        holder.to = to[1];
        holder.from = from[0];
        return holder;
}

static void release(const struct holder *holder)
{
        int status;

        ck_assert_int_eq(write(holder->to, "x", 1), 1);
        ck_assert_int_eq(waitpid(holder->pid, &status, 0), holder->pid);
        ck_assert_int_eq(status, 0);
        (void)close(holder->to);
        (void)close(holder->from);
}

START_TEST(a_locked_journal_fails_at_once_and_names_the_process)
{
        struct holder holder = hold(fix.dir, "fake:xs-1");
        struct xsnet_error *err = NULL;
        char pid[32];

        ck_assert_int_eq(apply(&fix, XSNET_OUTCOME_UNCHANGED, &err), -EAGAIN);
        assert_reason(err, -EAGAIN, "journal-locked");
        (void)snprintf(pid, sizeof(pid), "process %ld ", (long)holder.pid);
        ck_assert_ptr_nonnull(strstr(xsnet_error_get_message(err), pid));
        ck_assert_uint_eq(xsnet_fake_get_operation_count(fix.fake), 0);
        err = xsnet_error_free(err);
        ck_assert_int_eq(xsnet_engine_recover(fix.engine, NULL, &err), -EAGAIN);
        err = xsnet_error_free(err);
        release(&holder);
        ck_assert_int_eq(count_files(fix.dir, ""), 0);
        no_error(apply(&fix, XSNET_OUTCOME_DONE, &err), err);
}
END_TEST

START_TEST(an_apply_waits_for_the_lock_as_long_as_it_was_told)
{
        struct holder holder = hold(fix.dir, "fake:xs-1");
        struct xsnet_error *err = NULL;

        no_error(xsnet_engine_set_lock_wait(fix.engine, 60, &err), err);
        ck_assert_int_eq(apply(&fix, XSNET_OUTCOME_UNCHANGED, &err), -EAGAIN);
        assert_reason(err, -EAGAIN, "journal-locked");
        err = xsnet_error_free(err);
        no_error(xsnet_engine_set_lock_wait(fix.engine, -1, &err), err);
        no_error(xsnet_engine_set_deadline(fix.engine, 60, &err), err);
        ck_assert_int_eq(apply(&fix, XSNET_OUTCOME_UNCHANGED, &err), -ETIMEDOUT);
        assert_reason(err, -ETIMEDOUT, "timed-out");
        ck_assert_ptr_nonnull(strstr(xsnet_error_get_message(err), "waiting for the lock"));
        err = xsnet_error_free(err);
        no_error(xsnet_engine_set_deadline(fix.engine, 10000, &err), err);
        start_apply(&fix);
        for (int i = 0; i < 3; i++)
                turn(fix.engine);
        ck_assert_int_eq(fix.n_done, 0);
        release(&holder);
        finish(&fix);
        ck_assert_int_eq(fix.code, 0);
        xsnet_task_unref(fix.task);
}
END_TEST

START_TEST(a_cancel_ends_the_wait_for_the_lock)
{
        struct holder holder = hold(fix.dir, "fake:xs-1");
        struct xsnet_error *err = NULL;

        no_error(xsnet_engine_set_lock_wait(fix.engine, -1, &err), err);
        start_apply(&fix);
        turn(fix.engine);
        xsnet_task_cancel(fix.task);
        finish(&fix);
        ck_assert_int_eq(fix.code, -ECANCELED);
        ck_assert_int_eq(xsnet_report_get_outcome(xsnet_task_get_report(fix.task)), XSNET_OUTCOME_UNCHANGED);
        xsnet_task_unref(fix.task);
        release(&holder);
}
END_TEST

START_TEST(two_engines_of_one_process_lock_each_other_out)
{
        struct xsnet_engine *other = NULL;
        struct xsnet_error *err = NULL;

        no_error(xsnet_engine_new(NULL, &other, &err), err);
        no_error(xsnet_engine_add_fake(other, fix.fake, &err), err);
        no_error(xsnet_engine_set_journal(other, fix.dir, &err), err);
        start_apply(&fix);
        while (!fix.n_begun)
                turn(fix.engine);
        ck_assert_int_eq(xsnet_engine_apply(other, fix.desired, NULL, &err), -EAGAIN);
        err = xsnet_error_free(err);
        finish(&fix);
        ck_assert_int_eq(fix.code, 0);
        no_error(xsnet_engine_apply(other, fix.desired, NULL, &err), err);
        xsnet_task_unref(fix.task);
        xsnet_engine_unref(other);
}
END_TEST

START_TEST(another_target_has_another_lock)
{
        struct holder holder = hold(fix.dir, "fake:xs-2");
        struct xsnet_error *err = NULL;

        no_error(apply(&fix, XSNET_OUTCOME_DONE, &err), err);
        release(&holder);
}
END_TEST

/* As a process that is killed leaves it: the engine is gone in the middle of its steps. */
static void leave_a_journal(void)
{
        struct xsnet_error *err = NULL;

        start_apply(&fix);
        while (fix.n_step_done < 3)
                turn(fix.engine);
        fix.engine = xsnet_engine_unref(fix.engine);
        ck_assert_int_eq(fix.n_done, 0);
        ck_assert_int_eq(fix.n_destroyed, 1);
        ck_assert_int_eq(xsnet_task_get_code(fix.task), -ECANCELED);
        ck_assert_int_eq(xsnet_report_get_outcome(xsnet_task_get_report(fix.task)), XSNET_OUTCOME_IN_DOUBT);
        fix.task = xsnet_task_unref(fix.task);
        no_error(xsnet_engine_new(NULL, &fix.engine, &err), err);
        no_error(xsnet_engine_add_fake(fix.engine, fix.fake, &err), err);
        no_error(xsnet_engine_set_journal(fix.engine, fix.dir, &err), err);
        ck_assert_int_eq(count_files(fix.dir, ".journal"), 1);
}

START_TEST(a_journal_of_an_earlier_run_is_said_and_recovered)
{
        struct xsnet_report *report = NULL;
        struct xsnet_error *err = NULL;

        leave_a_journal();
        ck_assert_int_eq(apply(&fix, XSNET_OUTCOME_UNCHANGED, &err), -EEXIST);
        assert_reason(err, -EEXIST, "journal-left");
        ck_assert_ptr_nonnull(strstr(xsnet_error_get_message(err), "recover"));
        ck_assert_ptr_nonnull(strstr(xsnet_error_get_message(err), fix.dir));
        err = xsnet_error_free(err);
        no_error(xsnet_engine_recover(fix.engine, &report, &err), err);
        ck_assert_int_eq(xsnet_report_get_outcome(report), XSNET_OUTCOME_ROLLED_BACK);
        ck_assert_int_eq(xsnet_report_is_back_at(report, 0), 1);
        ck_assert_uint_eq(xsnet_report_get_count(report), 3);
        xsnet_report_unref(report);
        assert_as_before(&fix);
        ck_assert_int_eq(count_files(fix.dir, ""), 0);
        no_error(xsnet_engine_recover(fix.engine, &report, &err), err);
        ck_assert_int_eq(xsnet_report_get_outcome(report), XSNET_OUTCOME_NOTHING_TO_DO);
        xsnet_report_unref(report);
        no_error(apply(&fix, XSNET_OUTCOME_DONE, &err), err);
}
END_TEST

START_TEST(a_recovery_that_fails_leaves_the_journal_for_the_next)
{
        struct xsnet_error *err = NULL;

        leave_a_journal();
        no_error(xsnet_fake_add_failure(fix.fake, (unsigned)_i, -EIO, &err), err);
        ck_assert_int_eq(xsnet_engine_recover(fix.engine, NULL, &err), -EIO);
        ck_assert_int_eq(count_files(fix.dir, ".journal"), 1);
        err = xsnet_error_free(err);
        no_error(xsnet_engine_recover(fix.engine, NULL, &err), err);
        assert_as_before(&fix);
}
END_TEST

START_TEST(a_process_that_is_killed_leaves_its_journal_and_no_lock)
{
        struct xsnet_report *report = NULL;
        struct xsnet_error *err = NULL;
        pid_t child = fork();
        int status;

        ck_assert_int_ge(child, 0);
        if (child == 0) {
                (void)xsnet_fake_add_delay(fix.fake, 5, 3600000, NULL);
                _exit(xsnet_engine_apply(fix.engine, fix.desired, NULL, NULL) ? 1 : 0);
        }
        while (!count_files(fix.dir, ".journal"))
                (void)poll(NULL, 0, 1);
        ck_assert_int_eq(kill(child, SIGKILL), 0);
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert_int_eq(WIFSIGNALED(status), 1);
        ck_assert_int_eq(count_files(fix.dir, ".lock"), 1);

        ck_assert_int_eq(apply(&fix, XSNET_OUTCOME_UNCHANGED, &err), -EEXIST);
        assert_reason(err, -EEXIST, "journal-left");
        err = xsnet_error_free(err);
        /* The changes were in the child's memory: here all is as it was already. */
        no_error(xsnet_engine_recover(fix.engine, &report, &err), err);
        ck_assert_int_eq(xsnet_report_get_outcome(report), XSNET_OUTCOME_ROLLED_BACK);
        ck_assert_uint_eq(xsnet_report_get_count(report), 0);
        ck_assert_int_eq(count_files(fix.dir, ""), 0);
        xsnet_report_unref(report);
        no_error(apply(&fix, XSNET_OUTCOME_DONE, &err), err);
}
END_TEST

static void journal_path(char path[512])
{
        DIR *stream = opendir(fix.dir);
        struct dirent *entry;

        path[0] = '\0';
        while ((entry = readdir(stream)))
                if (strstr(entry->d_name, ".journal"))
                        (void)snprintf(path, 512, "%s/%s", fix.dir, entry->d_name);
        closedir(stream);
        ck_assert_int_ne(path[0], '\0');
}

START_TEST(a_journal_that_cannot_be_read_is_kept_and_said)
{
        static const char *const texts[] = { "", "{", "null", "{\"format\": 99}", "\xff\xfe" };
        struct xsnet_error *err = NULL;
        char path[512];
        FILE *file;

        leave_a_journal();
        journal_path(path);
        file = fopen(path, "w");
        ck_assert_ptr_nonnull(file);
        fputs(texts[_i], file);
        (void)fclose(file);
        ck_assert_int_eq(xsnet_engine_recover(fix.engine, NULL, &err), -EINVAL);
        assert_reason(err, -EINVAL, "bad-journal");
        ck_assert_ptr_nonnull(strstr(xsnet_error_get_message(err), path));
        ck_assert_int_eq(count_files(fix.dir, ".journal"), 1);
        xsnet_error_free(err);
}
END_TEST

START_TEST(a_journal_that_is_no_file_of_ours_is_not_followed)
{
        struct xsnet_error *err = NULL;
        char path[512];

        leave_a_journal();
        journal_path(path);
        ck_assert_int_eq(unlink(path), 0);
        ck_assert_int_eq(_i ? mkfifo(path, 0600) : symlink("/etc/passwd", path), 0);
        ck_assert_int_lt(xsnet_engine_recover(fix.engine, NULL, &err), 0);
        assert_reason(err, xsnet_error_get_code(err), "journal");
        err = xsnet_error_free(err);
        ck_assert_int_eq(apply(&fix, XSNET_OUTCOME_UNCHANGED, &err), -EEXIST);
        xsnet_error_free(err);
}
END_TEST

START_TEST(a_journal_of_another_target_is_refused)
{
        struct xsnet_error *err = NULL;
        struct xsn_store store = { 0 };
        char path[512], other[512];

        leave_a_journal();
        journal_path(path);
        xsn_store_init(&store);
        no_error(xsn_store_lock(&store, fix.dir, "fake:xs-2", NULL, &err), err);
        (void)snprintf(other, sizeof(other), "%s/%s.journal", fix.dir, store.base);
        xsn_store_unlock(&store);
        ck_assert_int_eq(rename(path, other), 0);
        no_error(xsnet_engine_add_target(fix.engine, "fake:xs-2", &err), err);
        ck_assert_int_eq(xsnet_engine_recover(fix.engine, NULL, &err), -EINVAL);
        assert_reason(err, -EINVAL, "bad-journal");
        ck_assert_ptr_nonnull(strstr(xsnet_error_get_message(err), "is a journal of 'fake:xs-1', not of 'fake:xs-2'"));
        xsnet_error_free(err);
}
END_TEST

/* ---- what a target is, however it is called ---- */

/* As a backend says it that has other names for the same. */
static void call(struct xsnet_engine *engine, const char *name, const char *identity, const char *boot)
{
        struct xsn_endpoint *target = engine->targets[0];

        xsn_free(target->name);
        xsn_free(target->identity);
        xsn_free(target->boot);
        target->name = xsn_strdup(name);
        target->identity = xsn_strdup(identity);
        target->boot = xsn_strdup(boot);
}

START_TEST(a_lock_is_the_targets_and_not_its_names)
{
        static const struct {
                const char *name, *identity;
                bool same;
        } rows[] = { { "fake:a", "it", true }, { "fake:b", "it", true }, { "fake:a", "another", false } };
        struct xsn_store store = { 0 };
        struct xsnet_error *err = NULL;

        xsn_store_init(&store);
        call(fix.engine, rows[_i].name, rows[_i].identity, "b1");
        no_error(xsn_store_lock(&store, fix.dir, "fake:a", "it", &err), err);
        if (!rows[_i].same) {
                no_error(apply(&fix, XSNET_OUTCOME_DONE, &err), err);
        } else {
                ck_assert_int_eq(apply(&fix, XSNET_OUTCOME_UNCHANGED, &err), -EAGAIN);
                assert_reason(err, -EAGAIN, "journal-locked");
                err = xsnet_error_free(err);
        }
        xsn_store_unlock(&store);
}
END_TEST

START_TEST(a_journal_is_found_under_another_name_and_after_a_restart)
{
        struct xsnet_error *err = NULL;

        call(fix.engine, "fake:a", "it", "b1");
        leave_a_journal();
        no_error(xsnet_engine_recover(fix.engine, NULL, &err), err); /* nothing: it is not called so, and not this */
        call(fix.engine, "fake:a", "another", "b1");
        no_error(xsnet_engine_recover(fix.engine, NULL, &err), err);
        call(fix.engine, "fake:b", "it", _i ? "b2" : "b1");
        ck_assert_int_eq(apply(&fix, XSNET_OUTCOME_UNCHANGED, &err), -EEXIST);
        assert_reason(err, -EEXIST, "journal-left");
        ck_assert_int_eq(!strstr(xsnet_error_get_message(err), "restarted"), !_i);
        err = xsnet_error_free(err);
        ck_assert_int_eq(count_files(fix.dir, ".journal"), 1);
        no_error(xsnet_engine_recover(fix.engine, NULL, &err), err);
        assert_as_before(&fix);
        ck_assert_int_eq(count_files(fix.dir, ""), 0);
}
END_TEST

START_TEST(a_directory_that_cannot_be_used_fails_before_any_write)
{
        struct xsnet_error *err = NULL;
        char path[128];

        (void)snprintf(path, sizeof(path), "%s/no/such", fix.dir);
        no_error(xsnet_engine_set_journal(fix.engine, path, &err), err);
        ck_assert_int_eq(apply(&fix, XSNET_OUTCOME_UNCHANGED, &err), -ENOENT);
        assert_reason(err, -ENOENT, "journal");
        ck_assert_uint_eq(xsnet_fake_get_operation_count(fix.fake), 0);
        err = xsnet_error_free(err);
        (void)snprintf(path, sizeof(path), "%s/new", fix.dir);
        no_error(xsnet_engine_set_journal(fix.engine, path, &err), err);
        no_error(apply(&fix, XSNET_OUTCOME_DONE, &err), err);
        ck_assert_int_eq(rmdir(path), 0); /* it was made, and nothing is in it */
}
END_TEST

/* What a journal says is done with all our rights. */
START_TEST(a_directory_where_others_can_write_is_refused)
{
        struct xsnet_error *err = NULL;

        ck_assert_int_eq(chmod(fix.dir, 0770), 0);
        ck_assert_int_eq(apply(&fix, XSNET_OUTCOME_UNCHANGED, &err), -EPERM);
        assert_reason(err, -EPERM, "journal");
        ck_assert_ptr_nonnull(strstr(xsnet_error_get_message(err), "others can write there"));
        ck_assert_uint_eq(xsnet_fake_get_operation_count(fix.fake), 0);
        err = xsnet_error_free(err);
        ck_assert_int_eq(chmod(fix.dir, 0755), 0);
        no_error(apply(&fix, XSNET_OUTCOME_DONE, &err), err);
}
END_TEST

START_TEST(the_journal_is_there_before_the_first_step_and_for_us_alone)
{
        struct stat st;
        char path[512];

        start_apply(&fix);
        while (!fix.n_begun)
                turn(fix.engine);
        journal_path(path);
        ck_assert_int_eq(stat(path, &st), 0);
        ck_assert_uint_eq(st.st_mode & 0777, 0600);
        ck_assert_int_gt(st.st_size, 0);
        ck_assert_int_eq(count_files(fix.dir, ".lock"), 1);
        ck_assert_int_eq(count_files(fix.dir, ".new"), 0);
        finish(&fix);
        ck_assert_int_eq(count_files(fix.dir, ""), 0);
        xsnet_task_unref(fix.task);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("engine_store");
        TCase *tc = tcase_create("store");

        tcase_add_checked_fixture(tc, begin, end);
        tcase_add_test(tc, a_locked_journal_fails_at_once_and_names_the_process);
        tcase_add_test(tc, an_apply_waits_for_the_lock_as_long_as_it_was_told);
        tcase_add_test(tc, a_cancel_ends_the_wait_for_the_lock);
        tcase_add_test(tc, two_engines_of_one_process_lock_each_other_out);
        tcase_add_test(tc, another_target_has_another_lock);
        tcase_add_test(tc, a_journal_of_an_earlier_run_is_said_and_recovered);
        tcase_add_test(tc, a_process_that_is_killed_leaves_its_journal_and_no_lock);
        tcase_add_loop_test(tc, a_recovery_that_fails_leaves_the_journal_for_the_next, 1, 6);
        tcase_add_loop_test(tc, a_journal_that_cannot_be_read_is_kept_and_said, 0, 5);
        tcase_add_loop_test(tc, a_journal_that_is_no_file_of_ours_is_not_followed, 0, 2);
        tcase_add_test(tc, a_journal_of_another_target_is_refused);
        tcase_add_loop_test(tc, a_lock_is_the_targets_and_not_its_names, 0, 3);
        tcase_add_loop_test(tc, a_journal_is_found_under_another_name_and_after_a_restart, 0, 2);
        tcase_add_test(tc, a_directory_that_cannot_be_used_fails_before_any_write);
        tcase_add_test(tc, a_directory_where_others_can_write_is_refused);
        tcase_add_test(tc, the_journal_is_there_before_the_first_step_and_for_us_alone);
        suite_add_tcase(suite, tc);
        return unit_main(suite);
}
