/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a target's journal is kept: a file in the journal directory, named after a digest of
 * what the target is (or, where its backend does not say, of its name), and beside it a lock that
 * one process has at a time. Without a directory there is neither: the journal stays in memory, with its target.
 */
#ifndef ENGINE_STORE_H
#define ENGINE_STORE_H

#include <stdbool.h>

#include "plan/plan.h"

struct xsn_store {
        char *dir;    /* as the user named it: for messages; NULL while it is not open */
        int dir_fd;   /* -1 */
        int lock_fd;  /* -1; the lock is had while it is open */
        char base[33]; /* hex digits */
};

void xsn_store_init(struct xsn_store *store);
/*
 * Opens the directory, making it where only its last part is missing, and takes the lock of the target, whose
 * name is for messages alone where identity is not NULL. -EAGAIN "journal-locked" while another one has it.
 */
int xsn_store_lock(struct xsn_store *store, const char *dir, const char *target, const char *identity,
                   struct xsnet_error **ret_err);
/* Gives the lock back, and leaves nothing of it behind. */
void xsn_store_unlock(struct xsn_store *store);
/* ---- with the lock ---- */
/* 1: there is a journal; 0: there is none. */
int xsn_store_has_journal(const struct xsn_store *store, struct xsnet_error **ret_err);
/* The journal is on the disk, whole, when this returns. */
int xsn_store_write(const struct xsn_store *store, const struct xsn_journal *journal, struct xsnet_error **ret_err);
/* -EINVAL "bad-journal" for what cannot be read, or is another target's. */
int xsn_store_read(const struct xsn_store *store, const char *target, const char *identity,
                   struct xsn_journal **ret_journal, struct xsnet_error **ret_err);
int xsn_store_remove(const struct xsn_store *store, struct xsnet_error **ret_err);
/* Where the journal is: for messages. */
void xsn_store_path(const struct xsn_store *store, struct xsn_buf *buf);

#endif
