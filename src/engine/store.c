/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal directory: whoever applies to a target holds its lock, a file that is there as
 * long as it is held. A journal is written beside its place, synced and renamed, so that
 * there is either a whole one or none.
 */
#include "engine/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/names.h"
#include "codec/journal.h"

#define LOCK_RETRIES 100 /* each time another one gave the lock back at that moment */

void xsn_store_init(struct xsn_store *store)
{
        store->dir_fd = store->lock_fd = -1;
}

static void file_name(const struct xsn_store *store, const char *suffix, char name[64])
{
        snprintf(name, 64, "%s.%s", store->base, suffix);
}

static int failed(const struct xsn_store *store, int code, const char *what, const char *suffix,
                  struct xsnet_error **ret_err)
{
        return xsn_error_set(ret_err, code, "journal", "%s %s/%s.%s: %s", what, store->dir, store->base, suffix,
                             strerror(-code));
}

void xsn_store_path(const struct xsn_store *store, struct xsn_buf *buf)
{
        xsn_buf_printf(buf, "%s/%s.journal", store->dir, store->base);
}

/* ---- the lock ---- */

/* What a journal says is done with all our rights: nobody else may put one there. */
static int check_dir(int fd, const char *dir, struct xsnet_error **ret_err)
{
        struct stat st;

        if (fstat(fd, &st) < 0)
                return xsn_error_set(ret_err, -errno, "journal", "the journal directory %s: %s", dir, strerror(errno));
        if ((st.st_uid && st.st_uid != geteuid()) || (st.st_mode & (S_IWGRP | S_IWOTH)))
                return xsn_error_set(ret_err, -EPERM, "journal",
                                     "the journal directory %s: others can write there; it has to be ours alone", dir);
        return 0;
}

static int open_dir(struct xsn_store *store, const char *dir, struct xsnet_error **ret_err)
{
        store->dir = xsn_strdup(dir);
        if (!store->dir)
                return xsn_error_oom(ret_err);
        if (mkdir(dir, 0700) < 0 && errno != EEXIST)
                return xsn_error_set(ret_err, -errno, "journal", "the journal directory %s: %s", dir, strerror(errno));
        store->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (store->dir_fd < 0)
                return xsn_error_set(ret_err, -errno, "journal", "the journal directory %s: %s", dir, strerror(errno));
        return check_dir(store->dir_fd, dir, ret_err);
}

/* Who has the lock says so in its file. */
static int locked(const struct xsn_store *store, int fd, const char *target, struct xsnet_error **ret_err)
{
        char text[32] = { 0 };
        long pid = 0;

        if (pread(fd, text, sizeof(text) - 1, 0) > 0)
                pid = strtol(text, NULL, 10);
        if (pid > 0)
                return xsn_error_set(ret_err, -EAGAIN, "journal-locked",
                                     "process %ld is applying to '%s' (%s/%s.lock is locked)", pid, target, store->dir,
                                     store->base);
        return xsn_error_set(ret_err, -EAGAIN, "journal-locked",
                             "another process is applying to '%s' (%s/%s.lock is locked)", target, store->dir,
                             store->base);
}

/* Is the locked file still the one of that name? Its last holder removes it. */
static bool is_current(const struct xsn_store *store, int fd, const char *name)
{
        struct stat mine, there;

        return fstat(fd, &mine) == 0 && fstatat(store->dir_fd, name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
               mine.st_ino == there.st_ino && mine.st_dev == there.st_dev;
}

static void write_pid(int fd)
{
        char text[32];
        int len = snprintf(text, sizeof(text), "%ld\n", (long)getpid());

        /* For another one's message only. */
        if (ftruncate(fd, 0) == 0 && pwrite(fd, text, (size_t)len, 0) != len)
                (void)ftruncate(fd, 0);
}

static int take_lock(struct xsn_store *store, const char *target, struct xsnet_error **ret_err)
{
        char name[64];

        file_name(store, "lock", name);
        for (int i = 0; i < LOCK_RETRIES; i++) {
                _cleanup_(xsn_close_fdp) int fd =
                        openat(store->dir_fd, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

                if (fd < 0)
                        return failed(store, -errno, "cannot lock", "lock", ret_err);
                if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
                        if (errno == EWOULDBLOCK)
                                return locked(store, fd, target, ret_err);
                        return failed(store, -errno, "cannot lock", "lock", ret_err);
                }
                if (!is_current(store, fd, name))
                        continue;
                write_pid(fd);
                store->lock_fd = fd;
                fd = -1;
                return 0;
        }
        return failed(store, -EAGAIN, "cannot lock", "lock", ret_err);
}

int xsn_store_lock(struct xsn_store *store, const char *dir, const char *target, const char *identity,
                   struct xsnet_error **ret_err)
{
        const char *key = identity ? identity : target;
        int r;

        xsn_store_unlock(store);
        xsn_sha256_hex(key, strlen(key), store->base, sizeof(store->base) - 1);
        r = open_dir(store, dir, ret_err);
        if (!r)
                r = take_lock(store, target, ret_err);
        if (r < 0)
                xsn_store_unlock(store);
        return r;
}

void xsn_store_unlock(struct xsn_store *store)
{
        char name[64];

        if (store->lock_fd >= 0) {
                file_name(store, "lock", name);
                (void)unlinkat(store->dir_fd, name, 0); /* before it is given back: then it is another one's */
                (void)close(store->lock_fd);
        }
        if (store->dir_fd >= 0)
                (void)close(store->dir_fd);
        store->dir = xsn_free(store->dir);
        xsn_store_init(store);
}

/* ---- the journal ---- */

int xsn_store_has_journal(const struct xsn_store *store, struct xsnet_error **ret_err)
{
        struct stat st;
        char name[64];

        file_name(store, "journal", name);
        if (fstatat(store->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
                return 1;
        return errno == ENOENT ? 0 : failed(store, -errno, "cannot look for", "journal", ret_err);
}

static int write_all(int fd, const char *text, size_t len)
{
        while (len > 0) {
                ssize_t n = write(fd, text, len);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return n < 0 ? -errno : -EIO;
                text += n;
                len -= (size_t)n;
        }
        return 0;
}

/* The file beside, whole and on the disk. */
static int write_beside(const struct xsn_store *store, const char *name, const char *text)
{
        _cleanup_(xsn_close_fdp) int fd = -1;
        int r;

        if (unlinkat(store->dir_fd, name, 0) < 0 && errno != ENOENT)
                return -errno;
        fd = openat(store->dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return -errno;
        r = write_all(fd, text, strlen(text));
        if (!r && fsync(fd) < 0)
                r = -errno;
        return r;
}

int xsn_store_write(const struct xsn_store *store, const struct xsn_journal *journal, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_freep) char *text = NULL;
        char beside[64], name[64];
        int r = xsn_codec_journal_dump(journal, &text, ret_err);

        if (r < 0)
                return r;
        file_name(store, "new", beside);
        file_name(store, "journal", name);
        r = write_beside(store, beside, text);
        if (!r && renameat(store->dir_fd, beside, store->dir_fd, name) < 0)
                r = -errno;
        if (!r && fsync(store->dir_fd) < 0) {
                r = -errno;
                (void)unlinkat(store->dir_fd, name, 0);
        }
        if (r < 0) {
                (void)unlinkat(store->dir_fd, beside, 0);
                return failed(store, r, "cannot write", "journal", ret_err);
        }
        return 0;
}

static int read_all(int fd, char **ret_text, size_t *ret_len)
{
        _cleanup_(xsn_freep) char *text = NULL;
        struct stat st;
        size_t len = 0;

        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode) || st.st_size < 0 || st.st_size > (off_t)XSN_CODEC_JOURNAL_MAX)
                return -EFBIG;
        text = xsn_alloc((size_t)st.st_size + 1);
        if (!text)
                return -ENOMEM;
        while (len < (size_t)st.st_size) {
                ssize_t n = read(fd, text + len, (size_t)st.st_size - len);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                len += (size_t)n;
        }
        *ret_text = XSN_TAKE(text);
        *ret_len = len;
        return 0;
}

/* By what the target is, where both know that, however it was called. */
static bool is_of(const struct xsn_journal *journal, const char *target, const char *identity)
{
        if (journal->identity || identity)
                return journal->identity && identity && strcmp(journal->identity, identity) == 0;
        return journal->target && strcmp(journal->target, target) == 0;
}

int xsn_store_read(const struct xsn_store *store, const char *target, const char *identity,
                   struct xsn_journal **ret_journal, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_journal_freep) struct xsn_journal *journal = NULL;
        _cleanup_(xsn_close_fdp) int fd = -1;
        _cleanup_(xsn_freep) char *text = NULL;
        char name[64];
        size_t len = 0;
        int r;

        file_name(store, "journal", name);
        fd = openat(store->dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        r = fd < 0 ? -errno : read_all(fd, &text, &len);
        if (r < 0)
                return failed(store, r, "cannot read", "journal", ret_err);
        r = xsn_codec_journal_load(text, len, &journal, ret_err);
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                return xsn_error_prefix(ret_err, r, "%s/%s", store->dir, name);
        if (!is_of(journal, target, identity))
                return xsn_error_set(ret_err, -EINVAL, "bad-journal", "%s/%s is a journal of '%s', not of '%s'",
                                     store->dir, name, journal->target ? journal->target : "", target);
        *ret_journal = XSN_TAKE(journal);
        return 0;
}

int xsn_store_remove(const struct xsn_store *store, struct xsnet_error **ret_err)
{
        char name[64];

        file_name(store, "journal", name);
        if (unlinkat(store->dir_fd, name, 0) < 0 && errno != ENOENT)
                return failed(store, -errno, "cannot remove", "journal", ret_err);
        return fsync(store->dir_fd) < 0 ? failed(store, -errno, "cannot sync", "journal", ret_err) : 0;
}
