/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A target in memory: what it has (fake.c), how a step changes it (change.c, settle.c), the
 * faults to come, and the backends that show it to engines (ops.c). Objects in the state are
 * never changed but replaced, as observed states and plans refer to them.
 */
#ifndef BACKEND_FAKE_FAKE_H
#define BACKEND_FAKE_FAKE_H

#include <xsnet/fake.h>

#include "backend/backend.h"

struct xsn_fake_backend;

enum { XSN_FAULT_NONE, XSN_FAULT_FAIL, XSN_FAULT_DELAY, XSN_FAULT_LOSE };

struct xsn_fault {
        unsigned operation; /* from 1, counted over the fake's life */
        int what;           /* XSN_FAULT_* */
        int value;          /* FAIL: -errno; DELAY: ms */
};

struct xsnet_fake {
        unsigned refs;
        char *name;
        struct xsn_caps caps;
        struct xsn_list hosts;     /* of char *, one or more */
        struct xsnet_state *state; /* settled, see xsn_fake_settle() */
        unsigned n_operations;
        unsigned n_writes;
        struct xsn_fault *faults;
        size_t n_faults, cap_faults;
        struct xsn_fake_backend *backends; /* list: to be told of changes */
};

XSN_CLEANUP_DEFINE(xsnet_fake_unref, struct xsnet_fake);

int xsn_fake_new(const char *name, struct xsnet_fake **ret_fake);
int xsn_fake_add_fault(struct xsnet_fake *fake, unsigned nth, int what, int value, struct xsnet_error **ret_err);
/* Counts an operation; the fault that it is to have, or XSN_FAULT_NONE. */
struct xsn_fault xsn_fake_begin(struct xsnet_fake *fake);
/* The state as engines see it: a new one, whose objects are the fake's. 0 or -ENOMEM. */
int xsn_fake_share_state(struct xsnet_fake *fake, struct xsnet_state **ret_state);

/* options.c: "fake:NAME?hosts=...&caps=...&fail=...&delay=...&lose=..." */
int xsn_fake_from_uri(const struct xsn_uri *uri, struct xsnet_fake **ret_fake, struct xsnet_error **ret_err);

/* caps.c: of XSNET_FAKE_*; -EINVAL. */
int xsn_fake_caps(int preset, struct xsn_caps *caps);
/* "all", "linux", "pool"; -EINVAL. */
int xsn_fake_caps_find(const char *name);

/* settle.c: sets the status rows that follow from others, and puts the objects in order. 0 or -ENOMEM. */
int xsn_fake_settle(struct xsnet_state *state);
/* What no target could be: a device used twice, a VLAN without its parent, ... */
int xsn_fake_check(struct xsnet_state *state, struct xsnet_error **ret_err);

/* change.c: does a step, wholly or not at all. -EEXIST, -ENOENT, -EBUSY, -ENODEV, -ERANGE, -ENOMEM. */
int xsn_fake_do(struct xsnet_fake *fake, const struct xsnet_step *step, struct xsnet_error **ret_err);
/* The same for something that happens by itself; NULL: it appears, or goes. */
int xsn_fake_replace(struct xsnet_fake *fake, const struct xsnet_object *from, const struct xsnet_object *to,
                     struct xsnet_error **ret_err);

/* ops.c: tells the backends that watch. NULL: everything may have changed. */
void xsn_fake_tell(struct xsnet_fake *fake, struct xsnet_object *obj);

#endif
