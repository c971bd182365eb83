/* SPDX-License-Identifier: Apache-2.0 */
/* VIFs, of VMs that guests run in. They are the pool's, as their VM may start on any host. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "backend/xapi/xapi.h"
#include "base/utf8.h"

/* KiB/s to bit/s. */
static void view_rate(const struct xa_record *row, struct xsn_vif *vif)
{
        const char *text = xsn_xa_key(row, XA_VIF_QOS_ALGORITHM_PARAMS, "kbps");
        unsigned long long kib;
        char *end;

        if (!xsn_xa_is(row, XA_VIF_QOS_ALGORITHM_TYPE, "ratelimit") || !text || *text < '0' || *text > '9')
                return;
        errno = 0;
        kib = strtoull(text, &end, 10);
        if (errno || *end || kib == 0 || kib > UINT64_MAX / 8192)
                return;
        vif->rate_limit = kib * 8192;
        xsn_object_mark(&vif->o, XSNET_FIELD_RATE_LIMIT);
}

static int view_device(const struct xa_record *row, const struct xa_record *vm, struct xsn_vif *vif)
{
        _cleanup_(xsn_buf_done) struct xsn_buf buf = { 0 };
        int64_t domid;

        if (!xsn_xa_bool(row, XA_VIF_CURRENTLY_ATTACHED, false) || !xsn_xa_int(vm, XA_VM_DOMID, &domid) || domid < 0)
                return 0;
        xsn_buf_printf(&buf, "vif%" PRId64 ".%" PRIu32, domid, vif->device);
        return buf.failed ? -ENOMEM : xsn_object_set_string(&vif->o, XSNET_FIELD_STATUS_DEVICE, buf.s);
}

static int view_vif(const struct xa_view *view, const struct xa_record *row, struct xsnet_state *state)
{
        const struct xa_record *vm = xsn_xa_follow(view->records, XA_VM, row, XA_VIF_VM);
        const struct xa_record *network = xsn_xa_follow(view->records, XA_NETWORK, row, XA_VIF_NETWORK);
        _cleanup_(xsnet_object_unrefp) struct xsnet_object *obj = NULL;
        struct xa_place place = { .rows = { [XA_VIF] = row } };
        const char *name = vm ? xsn_xa_vm_name(view, vm) : "";
        int64_t device;
        int r;

        if (!xsn_xa_vm_is_real(vm) || !xsn_text_valid(name, false) || !*name ||
            !xsn_xa_int(row, XA_VIF_DEVICE, &device) || device < 0 || device > 255)
                return 0;
        r = xsn_object_new(&xsn_vif_class, &obj);
        if (r == 0)
                r = xsn_object_set_host(obj, "");
        if (r == 0)
                r = xsn_object_set_string(obj, XSNET_FIELD_VM, name);
        if (r < 0)
                return r;
        XSN_VIF(obj)->device = (uint32_t)device;
        xsn_object_mark(obj, XSNET_FIELD_VIF_DEVICE);
        if (network)
                r = xsn_object_set_string(obj, XSNET_FIELD_NETWORK, xsn_xa_network_name(network));
        if (r == 0)
                r = xsn_xa_read_fields(&place, obj);
        if (r < 0)
                return r;
        if (xsn_mac_is_multicast(&XSN_VIF(obj)->mac) || xsn_mac_is_zero(&XSN_VIF(obj)->mac))
                xsn_object_clear(obj, XSNET_FIELD_MAC);
        view_rate(row, XSN_VIF(obj));
        r = view_device(row, vm, XSN_VIF(obj));
        if (r == 0)
                r = xsn_xa_view_marks(row, XA_VIF_OTHER_CONFIG, obj);
        if (r == 0)
                r = xsn_xa_payload_save(obj, &place);
        return r < 0 ? r : xsn_state_add(state, obj);
}

static int compare_vifs(const void *a, const void *b)
{
        const struct xsn_vif *x = XSN_VIF(*(struct xsnet_object *const *)a);
        const struct xsn_vif *y = XSN_VIF(*(struct xsnet_object *const *)b);
        int r = strverscmp(x->vm, y->vm);

        return r ? r : (x->device > y->device) - (x->device < y->device);
}

int xsn_xa_view_vifs(const struct xa_view *view, struct xsnet_state *state)
{
        const struct xa_table *table = &view->records->tables[XA_VIF];
        size_t first = state->n_objects;

        for (size_t i = 0; i < table->n; i++)
                if (view_vif(view, table->v[i], state) < 0)
                        return -ENOMEM;
        /* They have just been added, so that nothing has looked for them by their place yet. */
        if (state->n_objects > first + 1)
                qsort(state->objects + first, state->n_objects - first, sizeof(struct xsnet_object *), compare_vifs);
        return 0;
}
