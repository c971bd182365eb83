/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stranger's program: it knows what pkg-config tells it about an installed
 * libxsnet, and nothing of this tree. embed.sh builds and runs it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <xsnet/xsnet.h>

/* A network of its own in a state, read back by its key. */
static int network_is_found(void)
{
        struct xsnet_error *err = NULL;
        struct xsnet_state *state = NULL;
        struct xsnet_object *obj = NULL, *found;
        uint32_t mtu = 0;
        int r;

        r = xsnet_state_new(&state, &err);
        if (r >= 0)
                r = xsnet_object_new(XSNET_KIND_NETWORK, &obj, &err);
        if (r >= 0)
                r = xsnet_object_set_str(obj, XSNET_FIELD_NAME, "storage", &err);
        if (r >= 0)
                r = xsnet_object_set_u32(obj, XSNET_FIELD_MTU, 9000, &err);
        if (r >= 0)
                r = xsnet_state_add(state, obj, &err);
        if (r < 0)
                fprintf(stderr, "%s\n", xsnet_error_get_message(err));
        found = r < 0 ? NULL : xsnet_state_find(state, XSNET_KIND_NETWORK, NULL, "storage");
        if (found && xsnet_object_get_u32(found, XSNET_FIELD_MTU, &mtu) < 0)
                mtu = 0;
        xsnet_error_free(err);
        xsnet_object_unref(obj);
        xsnet_state_unref(state);
        return mtu == 9000;
}

/* An MTU out of its range is refused, with a reason for programs. */
static int range_is_kept(void)
{
        struct xsnet_error *err = NULL;
        struct xsnet_object *obj = NULL;
        int r;

        if (xsnet_object_new(XSNET_KIND_NETWORK, &obj, NULL) < 0)
                return 0;
        r = xsnet_object_set_u32(obj, XSNET_FIELD_MTU, 67, &err);
        r = r == -ERANGE && err && xsnet_error_get_code(err) == r &&
            strcmp(xsnet_error_get_reason(err), "out-of-range") == 0;
        xsnet_error_free(err);
        xsnet_object_unref(obj);
        return r;
}

int main(void)
{
        int found = network_is_found(), kept = range_is_kept();

        if (!found)
                fprintf(stderr, "the network is not found again\n");
        if (!kept)
                fprintf(stderr, "an MTU of 67 is not refused\n");
        return found && kept ? 0 : 1;
}
