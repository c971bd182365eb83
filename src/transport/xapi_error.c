/* SPDX-License-Identifier: Apache-2.0 */
/* XAPI's codes that matter to networks and sessions; the others are "server-error", and the message has them. */
#include "transport/xapi_error.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/utf8.h"

#define PARAM_MAX 200u /* bytes of a parameter in a message */

static const struct word {
        const char *code;
        int r;
        const char *reason;
} words[] = {
        { "BRIDGE_NAME_EXISTS", -EEXIST, "already-exists" },
        { "CANNOT_ADD_TUNNEL_TO_BOND_SLAVE", -EINVAL, "refused" },
        { "CANNOT_ADD_VLAN_TO_BOND_SLAVE", -EINVAL, "refused" },
        { "CANNOT_CONTACT_HOST", -EHOSTUNREACH, "host-offline" },
        { "CANNOT_PLUG_BOND_SLAVE", -EINVAL, "refused" },
        { "CLUSTERING_ENABLED", -EPERM, "not-permitted" },
        { "DUPLICATE_PIF_DEVICE_NAME", -EEXIST, "already-exists" },
        { "FIELD_TYPE_ERROR", -EINVAL, "bad-request" },
        { "Fault", -EOPNOTSUPP, "not-supported" },
        { "HANDLE_INVALID", -ENOENT, "not-found" },
        { "HA_IS_ENABLED", -EPERM, "not-permitted" },
        { "HOST_IS_SLAVE", -EHOSTUNREACH, "no-coordinator" },
        { "HOST_OFFLINE", -EHOSTUNREACH, "host-offline" },
        { "INVALID_CIDR_ADDRESS_SPECIFIED", -EINVAL, "refused" },
        { "INVALID_IP_ADDRESS_SPECIFIED", -EINVAL, "refused" },
        { "INVALID_VALUE", -EINVAL, "refused" },
        { "LICENCE_RESTRICTION", -EPERM, "not-permitted" },
        { "MAC_INVALID", -EINVAL, "refused" },
        { "MAP_DUPLICATE_KEY", -EEXIST, "already-exists" },
        { "MESSAGE_METHOD_UNKNOWN", -EOPNOTSUPP, "not-supported" },
        { "MESSAGE_PARAMETER_COUNT_MISMATCH", -EINVAL, "bad-request" },
        { "MESSAGE_REMOVED", -EOPNOTSUPP, "not-supported" },
        { "NETWORK_ALREADY_CONNECTED", -EEXIST, "already-exists" },
        { "NETWORK_CONTAINS_PIF", -EBUSY, "in-use" },
        { "NETWORK_CONTAINS_VIF", -EBUSY, "in-use" },
        { "NOT_IMPLEMENTED", -EOPNOTSUPP, "not-supported" },
        { "OPENVSWITCH_NOT_ACTIVE", -EOPNOTSUPP, "not-supported" },
        { "OPERATION_NOT_ALLOWED", -EPERM, "not-permitted" },
        { "OTHER_OPERATION_IN_PROGRESS", -EAGAIN, "server-busy" },
        { "PIF_ALREADY_BONDED", -EBUSY, "in-use" },
        { "PIF_IS_MANAGEMENT_INTERFACE", -EBUSY, "in-use" },
        { "PIF_TUNNEL_STILL_EXISTS", -EBUSY, "in-use" },
        { "PIF_VLAN_EXISTS", -EEXIST, "already-exists" },
        { "PIF_VLAN_STILL_EXISTS", -EBUSY, "in-use" },
        { "RBAC_PERMISSION_DENIED", -EPERM, "not-permitted" },
        { "REDO_LOG_IS_ENABLED", -EPERM, "not-permitted" },
        { "SESSION_AUTHENTICATION_FAILED", -EACCES, "login-refused" },
        { "SESSION_AUTHORIZATION_FAILED", -EACCES, "login-refused" },
        { "SESSION_INVALID", -EACCES, "session-lost" },
        { "TASK_CANCELLED", -ECANCELED, "cancelled" },
        { "TOO_MANY_PENDING_TASKS", -EAGAIN, "server-busy" },
        { "UUID_INVALID", -ENOENT, "not-found" },
        { "VALUE_NOT_SUPPORTED", -EINVAL, "refused" },
        { "VIF_IN_USE", -EBUSY, "in-use" },
        { "VLAN_IN_USE", -EBUSY, "in-use" },
        { "VLAN_TAG_INVALID", -EINVAL, "refused" },
};

/* Of a host that starts, that has lost its coordinator, or is about to become one. */
static const char *const passing[] = {
        "HOST_HAS_NO_MANAGEMENT_IP",    "HOST_IN_EMERGENCY_MODE", "HOST_ITS_OWN_SLAVE",
        "HOST_MASTER_CANNOT_TALK_BACK", "HOST_STILL_BOOTING",     "HOST_UNKNOWN_TO_MASTER",
};

static const char *text_at(const struct xsn_xmlrpc_value *failure, size_t i)
{
        if (!failure || failure->type != XSN_XMLRPC_ARRAY || i >= failure->n ||
            failure->items[i].type != XSN_XMLRPC_STRING)
                return "";
        return failure->items[i].text;
}

const char *xsn_xapi_error_code(const struct xsn_xmlrpc_value *failure)
{
        return text_at(failure, 0);
}

const char *xsn_xapi_error_param(const struct xsn_xmlrpc_value *failure, size_t i)
{
        return text_at(failure, i + 1);
}

bool xsn_xapi_error_is(const struct xsn_xmlrpc_value *failure, const char *code)
{
        return strcmp(xsn_xapi_error_code(failure), code) == 0;
}

bool xsn_xapi_error_is_passing(const struct xsn_xmlrpc_value *failure)
{
        for (size_t i = 0; i < XSN_ARRAY_SIZE(passing); i++)
                if (xsn_xapi_error_is(failure, passing[i]))
                        return true;
        return false;
}

bool xsn_xapi_error_is_doubtful(const struct xsn_xmlrpc_value *failure)
{
        return xsn_xapi_error_is(failure, "CANNOT_CONTACT_HOST");
}

/* "VLAN_IN_USE (eth0, 5)". */
static void put_params(const struct xsn_xmlrpc_value *failure, const char *hide, struct xsn_buf *buf)
{
        const char *before = " (";

        /* A session's reference, or a user. */
        if (!failure || failure->type != XSN_XMLRPC_ARRAY || strncmp(xsn_xapi_error_code(failure), "SESSION_", 8) == 0)
                return;
        for (size_t i = 1; i < failure->n; i++) {
                const char *param = text_at(failure, i);

                xsn_buf_put(buf, before);
                if (hide && *hide && strstr(param, hide))
                        xsn_buf_put(buf, "...");
                else
                        xsn_buf_put_clean(buf, param, PARAM_MAX);
                before = ", ";
        }
        if (failure->n > 1)
                xsn_buf_put(buf, ")");
}

int xsn_xapi_error_read(const struct xsn_xmlrpc_value *failure, const char *hide, struct xsnet_error **ret_err)
{
        const char *reason = xsn_xapi_error_is_passing(failure) ? "host-not-ready" : "server-error";
        int code = xsn_xapi_error_is_passing(failure) ? -EAGAIN : -EREMOTEIO;
        _cleanup_(xsn_freep) char *text = NULL;
        struct xsn_buf buf = { 0 };

        for (size_t i = 0; i < XSN_ARRAY_SIZE(words); i++)
                if (xsn_xapi_error_is(failure, words[i].code)) {
                        code = words[i].r;
                        reason = words[i].reason;
                }
        xsn_buf_put_clean(&buf, *xsn_xapi_error_code(failure) ? xsn_xapi_error_code(failure) : "no code", PARAM_MAX);
        put_params(failure, hide, &buf);
        if (xsn_buf_take(&buf, &text) < 0)
                return xsn_error_oom(ret_err);
        return xsn_error_set(ret_err, code, reason, "XAPI answers %s", text);
}
