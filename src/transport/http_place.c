/* SPDX-License-Identifier: Apache-2.0 */
/* Where an HTTP server is, as text and back. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "transport/curl_easy.h"
#include "transport/http.h"

static const char *const schemes[] = { "unix:", "http://", "https://" };

void xsn_http_place_done(struct xsn_http_place *place)
{
        place->host = xsn_free(place->host);
}

/* HOST[:PORT][/] or [ADDRESS][:PORT][/] */
static int parse_host(const char *text, struct xsn_http_place *place)
{
        bool v6 = *text == '[';
        const char *host = text + v6;
        size_t len = strcspn(host, v6 ? "]/" : ":/"), n;
        const char *rest = host + len;
        char port[8];

        if (!xsn_curl_host_valid(host, len, v6))
                return -EINVAL;
        if (v6 && (*rest++ != ']' || !memchr(host, ':', len)))
                return -EINVAL;
        place->port = place->type == XSN_HTTP_TLS ? 443 : 80;
        n = strcspn(rest, "/");
        if (rest[n] == '/' && rest[n + 1])
                return -EINVAL;
        if (n > 0) {
                if (n >= sizeof(port) || *rest != ':')
                        return -EINVAL;
                memcpy(port, rest + 1, n - 1);
                port[n - 1] = '\0';
                if (!xsn_curl_port_parse(port, &place->port))
                        return -EINVAL;
        }
        place->host = xsn_strndup(host, len);
        return place->host ? 0 : -ENOMEM;
}

static int parse_path(const char *path, struct xsn_http_place *place)
{
        if (*path != '/' || strlen(path) >= sizeof(((struct sockaddr_un *)0)->sun_path))
                return -EINVAL;
        place->host = xsn_strdup(path);
        return place->host ? 0 : -ENOMEM;
}

int xsn_http_place_parse(const char *text, struct xsn_http_place *ret_place, struct xsnet_error **ret_err)
{
        struct xsn_http_place place = { .host = NULL };
        int r = -EINVAL;

        for (size_t i = 0; i < XSN_ARRAY_SIZE(schemes); i++) {
                size_t len = strlen(schemes[i]);

                if (strncmp(text, schemes[i], len) != 0)
                        continue;
                place.type = (int)i;
                r = place.type == XSN_HTTP_UNIX ? parse_path(text + len, &place) : parse_host(text + len, &place);
                break;
        }
        if (r == -ENOMEM)
                return xsn_error_oom(ret_err);
        /* The text may hold a password: it is not repeated. */
        if (r < 0)
                return xsn_error_set(ret_err, r, "bad-uri",
                                     "expected https://HOST[:PORT], http://HOST[:PORT] or unix:/PATH as a place");
        *ret_place = place;
        return 0;
}

int xsn_http_place_move(const struct xsn_http_place *place, const char *host, struct xsn_http_place *ret_place,
                        struct xsnet_error **ret_err)
{
        size_t len = strlen(host);
        char *copy;

        if (place->type == XSN_HTTP_UNIX || !xsn_curl_host_valid(host, len, memchr(host, ':', len) != NULL))
                return xsn_error_set(ret_err, -EINVAL, "bad-uri", "expected a name or an address as the host");
        copy = xsn_strdup(host);
        if (!copy)
                return xsn_error_oom(ret_err);
        *ret_place = (struct xsn_http_place){ .type = place->type, .host = copy, .port = place->port };
        return 0;
}

int xsn_http_place_format(const struct xsn_http_place *place, char **ret_text)
{
        bool v6 = place->type != XSN_HTTP_UNIX && strchr(place->host, ':');
        struct xsn_buf buf = { 0 };

        xsn_buf_printf(&buf, "%s%s%s%s", schemes[place->type], v6 ? "[" : "", place->host, v6 ? "]" : "");
        if (place->type != XSN_HTTP_UNIX && place->port != (place->type == XSN_HTTP_TLS ? 443 : 80))
                xsn_buf_printf(&buf, ":%u", place->port);
        return xsn_buf_take(&buf, ret_text);
}
