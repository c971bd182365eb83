/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a plan becomes calls. A step is a job: a short list of stages, each of which makes at most one call at a time and
 * looks at its result. world.c knows the references that names have by now (a call may change them), keys.c what
 * stands in other_config, jobs_*.c the stages, jobs.c which stages a step has, order.c which job is next; apply.c runs
 * the jobs, one of a host at a time and hosts side by side, and is all that knows of the session.
 */
#ifndef BACKEND_XAPI_APPLY_H
#define BACKEND_XAPI_APPLY_H

#include "backend/xapi/xapi.h"
#include "plan/plan.h"
#include "transport/xapi.h"

/* ---- world.c: what names mean now ---- */

/* One object as the server knows it now. */
struct xa_thing {
        const char *ref;   /* of its network, PIF or VIF */
        const char *about; /* of its Bond, VLAN or tunnel; NULL */
        bool attached;     /* the PIF or VIF is plugged */
        bool running;      /* of a VIF: its VM runs */
        uint32_t mtu;      /* of a network: what was set in this apply; 0: nothing was */
};

struct xa_world {
        struct xsn_hash things; /* key -> xa_thing */
        struct xsn_hash hosts;  /* name -> xa_host */
        struct xsn_hash vms;    /* what documents call it -> its record */
        struct xa_thing **all;  /* owned */
        size_t n_all, cap_all;
        char **kept; /* owned texts */
        size_t n_kept, cap_kept;
};

int xsn_xa_world_open(struct xa_world *world, const struct xa_view *view);
void xsn_xa_world_done(struct xa_world *world);
const char *xsn_xa_world_keep(struct xa_world *world, const char *text);
/* The thing that an object is; of networks by uuid, where the object has one. NULL: not there. */
struct xa_thing *xsn_xa_world_of(const struct xa_world *world, const struct xsnet_object *obj);
/* A network by name, and a NIC, bond or VLAN of a host by what documents call it; NULL. */
struct xa_thing *xsn_xa_world_network(const struct xa_world *world, const char *name);
struct xa_thing *xsn_xa_world_pif(const struct xa_world *world, const char *host, const char *name);
/* The object is there now: the thing is empty, or as it was. NULL without memory. */
struct xa_thing *xsn_xa_world_add(struct xa_world *world, const struct xsnet_object *obj);
void xsn_xa_world_remove(struct xa_world *world, const struct xsnet_object *obj);

/* ---- keys.c: other_config ---- */

/* All keys that the object implies: the free ones, the marks, and fields that are kept in keys. 0 or -ENOMEM. */
int xsn_xa_keys_of(const struct xsnet_object *obj, struct xsn_list *ret_keys);
/*
 * The i-th change that leads from one map to the other (sorted by key): the key, and its value or NULL where it goes.
 * false: there are no more.
 */
bool xsn_xa_keys_change(const struct xsn_list *from, const struct xsn_list *to, size_t i, const char **ret_key,
                        const char **ret_value, bool *ret_had);

/* ---- jobs ---- */

struct xa_job;
struct xa_queue;

/*
 * 1: a call was started with xsn_xa_call(), and the stage runs again when it has its result (job->turn counts); 0: the
 * stage is through; -errno.
 */
typedef int (*xa_stage_fn)(struct xa_job *job, struct xsnet_error **ret_err);

#define XA_STAGES_MAX 16

struct xa_job {
        struct xa_run *run;
        const struct xsnet_step *step;
        const struct xsnet_object *obj; /* step->to, or what goes */
        xa_stage_fn stages[XA_STAGES_MAX];
        size_t n_stages, at;
        unsigned turn; /* how often the stage at hand has been here */
        size_t i;      /* the stage's own counts; 0 when it begins */
        unsigned part;
        bool replug;                        /* something was set that is in force with the next plug only */
        bool made;                          /* the job has made its object anew, ... */
        bool taken;                         /* ... which has what was a member's */
        bool back;                          /* the plan goes back: payloads of `to` are how things were */
        struct xsn_list from_keys, to_keys; /* of keys.c */
        struct xa_records from_raw, to_raw; /* payloads: of steps that go back */
        struct xa_records found;            /* of jobs_follow.c */
        /* order.c's */
        int state;
        struct xa_queue *queue;
        struct xa_job *next;    /* of the queue, that may begin, too */
        size_t n_before;        /* that have to be done first */
        struct xa_job **behind; /* those that wait for it */
        size_t n_behind;
        /* apply.c's */
        char *method;   /* of the call under way: owned */
        bool forgiving; /* MAP_DUPLICATE_KEY is no error, but told by `duplicate` */
        bool duplicate;
        const char *host; /* in whose queue it is; "": the pool's */
        struct xsn_xapi_call *call;
        struct xsn_xmlrpc_doc *doc; /* of the last call's result */
        const struct xsn_xmlrpc_value *result;
};

/* Which stages the step has. 0; -EOPNOTSUPP; -ENOMEM. */
int xsn_xa_job_prepare(struct xa_job *job, struct xsnet_error **ret_err);
void xsn_xa_job_done(struct xa_job *job);

/* Starts a call; flags as of xsn_xapi_call(). params is the caller's. Returns 1 or -errno. */
int xsn_xa_call(struct xa_job *job, const char *method, const struct xsn_xmlrpc_writer *params, unsigned flags,
                struct xsnet_error **ret_err);
/* The usual shape: nothing but texts, NULL behind the last. */
int xsn_xa_call_texts(struct xa_job *job, const char *method, const char *const *texts, unsigned flags,
                      struct xsnet_error **ret_err);
#define XA_TEXTS(...) ((const char *const[]){ __VA_ARGS__, NULL })
/* The job's object is there by now: its thing, and the reference that the last call returned, kept by the world. */
int xsn_xa_result_made(struct xa_job *job, struct xa_thing **ret_thing, const char **ret_ref,
                       struct xsnet_error **ret_err);
struct xa_world *xsn_xa_job_world(const struct xa_job *job);
struct xa_thing *xsn_xa_job_thing(const struct xa_job *job);
/* An object of the host as it was observed when the plan was made, and as it shall be after it; NULL. */
const struct xsnet_object *xsn_xa_job_observed(const struct xa_job *job, int kind, const char *key);
const struct xsnet_object *xsn_xa_job_wanted(const struct xa_job *job, int kind, const char *key);
/* Is it a NIC's, that is to be a bond's and was none's? */
bool xsn_xa_job_joins_bond(const struct xa_job *job);
const struct xa_view *xsn_xa_job_view(const struct xa_job *job);
bool xsn_xa_job_changes(const struct xa_job *job, int field);
int xsn_xa_job_missing(const struct xa_job *job, const char *what, const char *name, struct xsnet_error **ret_err);
/* Another host's address is about to be this one's: the session may have to look for it there. */
void xsn_xa_job_add_address(const struct xa_job *job, const struct xsn_ip *ip);

#define XA_HOST_CALL XSN_XAPI_ASYNC /* a host does it, and it may take long */

/* network.MTU as the object (a network, or what is in it) is to have it. 1: a call is under way; 0; -errno. */
int xsn_xa_call_mtu(struct xa_job *job, struct xa_thing *network, uint32_t mtu, struct xsnet_error **ret_err);

/* PIF.reconfigure_ip where the IPv4 rows of the two (NULL: none) differ. */
int xsn_xa_call_ip(struct xa_job *job, struct xa_thing *thing, const struct xsnet_object *before,
                   const struct xsnet_object *after, struct xsnet_error **ret_err);

/* jobs_network.c */
int xsn_xa_network_create(struct xa_job *job, struct xsnet_error **ret_err);
int xsn_xa_network_rename(struct xa_job *job, struct xsnet_error **ret_err);
int xsn_xa_network_describe(struct xa_job *job, struct xsnet_error **ret_err);
int xsn_xa_network_mtu(struct xa_job *job, struct xsnet_error **ret_err);
int xsn_xa_network_locking(struct xa_job *job, struct xsnet_error **ret_err);
int xsn_xa_network_purposes(struct xa_job *job, struct xsnet_error **ret_err);
int xsn_xa_network_destroy(struct xa_job *job, struct xsnet_error **ret_err);
/* jobs_keys.c: of any class */
void xsn_xa_put_map(struct xsn_xmlrpc_writer *w, const struct xsn_list *map);
int xsn_xa_call_keys(struct xa_job *job, const char *class, const char *ref, const struct xsn_list *keys,
                     struct xsnet_error **ret_err);
int xsn_xa_change_keys(struct xa_job *job, struct xsnet_error **ret_err);
int xsn_xa_set_keys(struct xa_job *job, struct xsnet_error **ret_err);
/* other_config of a Bond, VLAN or tunnel that was made anew, beside that of its PIF. */
int xsn_xa_about_keys(struct xa_job *job, struct xsnet_error **ret_err);
/* jobs_pif.c */
int xsn_xa_pif_disallow(struct xa_job *job, struct xsnet_error **ret_err);
int xsn_xa_pif_network_mtu(struct xa_job *job, struct xsnet_error **ret_err);
int xsn_xa_pif_ipv4(struct xa_job *job, struct xsnet_error **ret_err);
int xsn_xa_pif_ipv6(struct xa_job *job, struct xsnet_error **ret_err);
int xsn_xa_pif_management(struct xa_job *job, struct xsnet_error **ret_err);
int xsn_xa_pif_plug(struct xa_job *job, struct xsnet_error **ret_err);
/* jobs_stack.c */
int xsn_xa_bond_strip(struct xa_job *job, struct xsnet_error **ret_err);
int xsn_xa_bond_create(struct xa_job *job, struct xsnet_error **ret_err);
int xsn_xa_bond_mode(struct xa_job *job, struct xsnet_error **ret_err);
int xsn_xa_bond_properties(struct xa_job *job, struct xsnet_error **ret_err);
int xsn_xa_bond_destroy(struct xa_job *job, struct xsnet_error **ret_err);
int xsn_xa_bond_mtus(struct xa_job *job, struct xsnet_error **ret_err);
int xsn_xa_bond_heir(struct xa_job *job, struct xsnet_error **ret_err);
/* Is it made by one call, and nobody needs its PIF: no keys or addresses follow, and no step waits for it? */
bool xsn_xa_vlan_is_plain(const struct xa_job *job);
int xsn_xa_vlan_create(struct xa_job *job, struct xsnet_error **ret_err);
int xsn_xa_vlan_destroy(struct xa_job *job, struct xsnet_error **ret_err);
int xsn_xa_tunnel_create(struct xa_job *job, struct xsnet_error **ret_err);
int xsn_xa_tunnel_destroy(struct xa_job *job, struct xsnet_error **ret_err);
/* jobs_follow.c: what stands on a bond's members has other references by now */
int xsn_xa_bond_follow(struct xa_job *job, struct xsnet_error **ret_err);
/* jobs_vif.c */
int xsn_xa_vif_create(struct xa_job *job, struct xsnet_error **ret_err);
int xsn_xa_vif_move(struct xa_job *job, struct xsnet_error **ret_err);
int xsn_xa_vif_locking(struct xa_job *job, struct xsnet_error **ret_err);
int xsn_xa_vif_allowed(struct xa_job *job, struct xsnet_error **ret_err);
int xsn_xa_vif_rate(struct xa_job *job, struct xsnet_error **ret_err);
int xsn_xa_vif_trunks(struct xa_job *job, struct xsnet_error **ret_err);
int xsn_xa_vif_unplug(struct xa_job *job, struct xsnet_error **ret_err);
int xsn_xa_vif_plug(struct xa_job *job, struct xsnet_error **ret_err);
int xsn_xa_vif_destroy(struct xa_job *job, struct xsnet_error **ret_err);

#endif
