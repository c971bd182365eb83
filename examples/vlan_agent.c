/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a cloud's agent does when a guest gets a VLAN: vlan_agent TARGET PIF TAG VM DEVICE [JOURNAL-DIR]. Each host
 * has the VLAN on that PIF then, in one network, and the guest's VIF is in that. A VLAN that is there already
 * keeps its network, and a VIF that is elsewhere moves. All of it happens, or nothing does.
 */
#include <stdio.h>
#include <stdlib.h>

#include <xsnet/xsnet.h>

struct request {
        const char *pif, *tag, *vm, *device;
        char own[64];        /* what the agent calls a network that it makes */
        const char *network; /* the VLAN's */
};

struct field {
        int field;
        const char *value; /* as a document has it */
};

static int fail(struct xsnet_error *err)
{
        for (const struct xsnet_error *e = err; e; e = xsnet_error_get_next(e))
                (void)fprintf(stderr, "vlan_agent: %s: %s\n", xsnet_error_get_where(e), xsnet_error_get_message(e));
        xsnet_error_free(err);
        return -1;
}

static int make(int kind, const struct field *fields, struct xsnet_object **ret_obj, struct xsnet_error **ret_err)
{
        int r = xsnet_object_new(kind, ret_obj, ret_err);

        for (; r == 0 && fields->value; fields++)
                r = xsnet_object_set_str(*ret_obj, fields->field, fields->value, ret_err);
        return r;
}

static int add(struct xsnet_state *state, int kind, const struct field *fields, struct xsnet_error **ret_err)
{
        struct xsnet_object *obj = NULL;
        int r = make(kind, fields, &obj, ret_err);

        if (r == 0)
                r = xsnet_state_add(state, obj, ret_err);
        xsnet_object_unref(obj);
        return r;
}

/* The object of a state that those fields name; NULL where it is not there. */
static struct xsnet_object *find(struct xsnet_state *state, int kind, const struct field *fields)
{
        struct xsnet_object *obj = NULL, *found = NULL;
        char *key = NULL;

        if (!make(kind, fields, &obj, NULL) && !xsnet_object_get_key(obj, &key, NULL))
                found = xsnet_state_find(state, kind, NULL, key);
        free(key);
        xsnet_object_unref(obj);
        return found;
}

/* No item names a host: the VLAN is for each of them, whichever the guest runs on tomorrow. */
static int wish(const struct request *q, struct xsnet_state **ret_state, struct xsnet_error **ret_err)
{
        int r = xsnet_state_new(ret_state, ret_err);

        if (r == 0)
                r = xsnet_state_set_owner(*ret_state, "vlan-agent", ret_err);
        /* A network that the agent has not made is not its own, and is nothing to it but a name. */
        if (r == 0 && q->network == q->own)
                r = add(*ret_state, XSNET_KIND_NETWORK, (struct field[]){ { XSNET_FIELD_NAME, q->network }, { 0 } },
                        ret_err);
        if (r == 0)
                r = add(*ret_state, XSNET_KIND_VLAN,
                        (struct field[]){ { XSNET_FIELD_PIF, q->pif },
                                          { XSNET_FIELD_TAG, q->tag },
                                          { XSNET_FIELD_NETWORK, q->network },
                                          { 0 } },
                        ret_err);
        if (r == 0)
                r = add(*ret_state, XSNET_KIND_VIF,
                        (struct field[]){ { XSNET_FIELD_VM, q->vm },
                                          { XSNET_FIELD_VIF_DEVICE, q->device },
                                          { XSNET_FIELD_NETWORK, q->network },
                                          { 0 } },
                        ret_err);
        return r;
}

/* A field of the VIF as it is now, or "-". */
static void print_field(struct xsnet_object *vif, const char *what, int field)
{
        char *text = NULL;

        printf("%s: %s\n", what, xsnet_object_get_str(vif, field, &text) < 0 ? "-" : text);
        free(text);
}

static int report(struct xsnet_engine *engine, const struct request *q, int outcome, struct xsnet_error **ret_err)
{
        struct xsnet_state *state = NULL;
        struct xsnet_object *vif;
        int r = xsnet_engine_observe(engine, &state, ret_err);

        if (r < 0)
                return r;
        vif = find(state, XSNET_KIND_VIF,
                   (struct field[]){ { XSNET_FIELD_VM, q->vm }, { XSNET_FIELD_VIF_DEVICE, q->device }, { 0 } });
        printf("changed: %s\n", outcome == XSNET_OUTCOME_DONE ? "yes" : "no");
        if (vif) {
                print_field(vif, "network", XSNET_FIELD_NETWORK);
                print_field(vif, "mac", XSNET_FIELD_MAC);
                print_field(vif, "device", XSNET_FIELD_STATUS_DEVICE);
        }
        xsnet_state_unref(state);
        return 0;
}

static int plug(struct xsnet_engine *engine, struct request *q, struct xsnet_error **ret_err)
{
        struct xsnet_state *now = NULL, *desired = NULL;
        struct xsnet_report *done = NULL;
        struct xsnet_object *vlan;
        char *network = NULL;
        int r = xsnet_engine_observe(engine, &now, ret_err);

        if (r < 0)
                return r;
        vlan = find(now, XSNET_KIND_VLAN,
                    (struct field[]){ { XSNET_FIELD_PIF, q->pif }, { XSNET_FIELD_TAG, q->tag }, { 0 } });
        (void)snprintf(q->own, sizeof(q->own), "vlan-%s-%s", q->pif, q->tag);
        q->network = vlan && !xsnet_object_get_str(vlan, XSNET_FIELD_NETWORK, &network) ? network : q->own;
        r = wish(q, &desired, ret_err);
        if (r == 0)
                r = xsnet_engine_apply(engine, desired, &done, ret_err);
        if (r == 0)
                r = report(engine, q, xsnet_report_get_outcome(done), ret_err);
        free(network);
        xsnet_report_unref(done);
        xsnet_state_unref(desired);
        xsnet_state_unref(now);
        return r;
}

int main(int argc, char **argv)
{
        struct xsnet_engine *engine = NULL;
        struct xsnet_error *err = NULL;
        struct request q;
        int r;

        if (argc != 6 && argc != 7) {
                (void)fprintf(stderr, "usage: %s TARGET PIF TAG VM DEVICE [JOURNAL-DIR]\n", argv[0]);
                return 2;
        }
        q = (struct request){ .pif = argv[2], .tag = argv[3], .vm = argv[4], .device = argv[5] };
        r = xsnet_engine_new(NULL, &engine, &err);
        if (r == 0)
                r = xsnet_engine_add_target(engine, argv[1], &err);
        /* Where all who apply to this target have their journals and locks. */
        if (r == 0)
                r = xsnet_engine_set_journal(engine, argc == 7 ? argv[6] : "/run/xsnet", &err);
        if (r == 0)
                r = plug(engine, &q, &err);
        if (r < 0)
                (void)fail(err);
        xsnet_engine_unref(engine);
        return r < 0 ? 1 : 0;
}
