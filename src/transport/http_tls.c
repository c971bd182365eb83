/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcurl checks certificates by authorities. One that is pinned is checked here, by the SHA-256 of the whole
 * certificate: that is what XAPI, openssl and administrators call its fingerprint (libcurl's own pins are of keys).
 */
#include "transport/http_tls.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/addr.h"
#include "base/alloc.h"
#include "base/names.h"
#include "transport/curl_easy.h"

#define BEGIN "-----BEGIN CERTIFICATE-----"

int xsn_http_pin_parse(const char *text, uint8_t ret_sha256[32], struct xsnet_error **ret_err)
{
        const char *at = text;
        size_t n = 0;

        while (n < 32 && xsn_hex_digit(at[0]) >= 0 && xsn_hex_digit(at[1]) >= 0) {
                ret_sha256[n++] = (uint8_t)(xsn_hex_digit(at[0]) << 4 | xsn_hex_digit(at[1]));
                at += 2;
                at += *at == ':' && n < 32;
        }
        if (n < 32 || *at)
                return xsn_error_set(ret_err, -EINVAL, "bad-option",
                                     "expected the SHA-256 of a certificate, 64 hex digits, as its fingerprint");
        return 0;
}

static bool same_host(const char *a, const char *b)
{
        struct xsn_ip x, y;

        if (xsn_ip_parse(a, &x) == 0 && xsn_ip_parse(b, &y) == 0)
                return xsn_ip_same_address(&x, &y);
        return strcasecmp(a, b) == 0;
}

int xsn_http_trust_init(struct xsn_http_trust *trust, const struct xsn_http_tls *tls, const char *host)
{
        *trust = (struct xsn_http_trust){ .insecure = tls->insecure };
        trust->ca = tls->ca ? xsn_strdup(tls->ca) : NULL;
        trust->pins = xsn_alloc_array(tls->n_pins, sizeof(*trust->pins));
        if (!trust->pins || (tls->ca && !trust->ca))
                return -ENOMEM;
        for (size_t i = 0; i < tls->n_pins; i++)
                if (!tls->pins[i].host || same_host(tls->pins[i].host, host))
                        memcpy(trust->pins[trust->n_pins++], tls->pins[i].sha256, sizeof(*trust->pins));
        return 0;
}

void xsn_http_trust_done(struct xsn_http_trust *trust)
{
        trust->ca = xsn_free(trust->ca);
        trust->pins = xsn_free(trust->pins);
}

CURLcode xsn_http_trust_set(const struct xsn_http_trust *trust, CURL *easy)
{
        bool verify = !trust->insecure && trust->n_pins == 0;
        CURLcode code;

        if ((code = curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, verify ? 1L : 0L)) ||
            (code = curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, verify ? 2L : 0L)))
                return code;
        if (verify)
                return xsn_curl_set_ca(easy, trust->ca);
        /* A resumed TLS session would not show the certificate. */
        code = curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
        if (!code && trust->n_pins > 0)
                code = curl_easy_setopt(easy, CURLOPT_CERTINFO, 1L);
        return code;
}

/* ---- the fingerprint ---- */

static int base64_value(char c)
{
        static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        const char *at = c ? strchr(digits, c) : NULL;

        return at ? (int)(at - digits) : -1;
}

/* Up to the first '-' or '='. 0 where it is no base64. */
static size_t decode(const char *text, uint8_t *bytes)
{
        uint32_t bits = 0;
        unsigned n_bits = 0;
        size_t n = 0;

        for (; *text && *text != '-' && *text != '='; text++) {
                int value = base64_value(*text);

                if (*text == '\n' || *text == '\r')
                        continue;
                if (value < 0)
                        return 0;
                bits = bits << 6 | (uint32_t)value;
                n_bits += 6;
                if (n_bits >= 8) {
                        n_bits -= 8;
                        bytes[n++] = (uint8_t)(bits >> n_bits);
                }
        }
        return n;
}

/* The server's own certificate in PEM, of the chain that it sent. */
static const char *find_pem(CURL *easy)
{
        struct curl_certinfo *info = NULL;

        if (curl_easy_getinfo(easy, CURLINFO_CERTINFO, &info) != CURLE_OK || !info || info->num_of_certs < 1)
                return NULL;
        for (const struct curl_slist *line = info->certinfo[0]; line; line = line->next)
                if (strncmp(line->data, "Cert:", 5) == 0 && strstr(line->data, BEGIN))
                        return strstr(line->data, BEGIN) + strlen(BEGIN);
        return NULL;
}

int xsn_http_trust_check(const struct xsn_http_trust *trust, CURL *easy, struct xsnet_error **ret_err)
{
        _cleanup_(xsn_freep) uint8_t *der = NULL;
        uint8_t digest[32];
        long n_new = 1;
        const char *pem;
        char hex[65];
        size_t n;

        if (trust->n_pins == 0)
                return 0;
        if (curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &n_new) == CURLE_OK && n_new == 0)
                return 0;
        pem = find_pem(easy);
        if (!pem)
                return xsn_error_set(ret_err, -EKEYREJECTED, "untrusted-server", "the server shows no certificate");
        der = xsn_alloc(strlen(pem));
        if (!der)
                return xsn_error_oom(ret_err);
        n = decode(pem, der);
        xsn_sha256(der, n, digest);
        for (size_t i = 0; i < trust->n_pins; i++)
                if (memcmp(trust->pins[i], digest, sizeof(digest)) == 0)
                        return 0;
        xsn_sha256_hex(der, n, hex, 64);
        return xsn_error_set(ret_err, -EKEYREJECTED, "untrusted-server",
                             "the server's certificate is not the one that is pinned; it has the SHA-256 %s", hex);
}
