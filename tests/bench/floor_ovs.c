/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The least that any process can do over OVSDB to reach, check, mend and remove the benchmark's state, in one
 * transaction each: what the library is measured against. The state: the bridge x0 with the port eth0; fake bridges
 * f<k> with the tag k+1; ports vif<i+1>.0 with the tags of those in turn; VXLAN ports of one key to many remotes.
 *
 * usage: floor_ovs [-n VIFS] [-f FAKES] [-m TUNNELS] [-a] [-w] [-d DATAPATH] SOCKET VERB
 *   -a   with the owner's mark and what else the library keeps in external_ids
 *   -w   counts next_cfg up in the same transaction, and waits until ovs-vswitchd has it
 * verbs
 *   start   nothing
 *   build   one transaction of inserts
 *   check   reads names, tags, types and options, and compares; status 1 where something differs
 *   mend    reads, compares, and updates the tag that differs
 *   break   gives one port another tag
 *   remove  takes the bridge away: all that is in it goes along
 *   gone    status 1 where the bridge is left
 *   cfg     tells next_cfg: each transaction of a careful client counts it up
 *   follow  stands in for ovs-vswitchd where none runs: has each configuration at once, until it is ended
 */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
        WRONG_TAG = 4000,
        TUNNEL_KEY = 7,
        READ_ROOM = 256 * 1024
};

struct bench {
        int fd;
        unsigned n, n_fakes, n_tunnels;
        bool marks, wait;
        const char *datapath;
        char *out, *in; /* a message to send; the last one that came */
        size_t out_len, out_cap, in_cap;
        size_t in_len, next; /* bytes that have come; where the next message begins */
        char held;           /* what stood there: a NUL ends this one */
};

static _Noreturn void die(const char *what)
{
        perror(what);
        exit(2);
}

static double now(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* ---- messages ---- */

__attribute__((format(printf, 2, 3))) static void put(struct bench *b, const char *format, ...)
{
        for (;;) {
                size_t room = b->out_cap - b->out_len;
                va_list list;
                int n;

                va_start(list, format);
                n = vsnprintf(b->out ? b->out + b->out_len : NULL, room, format, list);
                va_end(list);
                if ((size_t)n < room) {
                        b->out_len += (size_t)n;
                        return;
                }
                b->out_cap = b->out_cap * 2 + (size_t)n + 4096;
                b->out = realloc(b->out, b->out_cap);
                if (!b->out)
                        die("memory");
        }
}

static void send_out(struct bench *b)
{
        for (size_t at = 0; at < b->out_len;) {
                ssize_t n = write(b->fd, b->out + at, b->out_len - at);

                if (n <= 0)
                        die("write");
                at += (size_t)n;
        }
        b->out_len = 0;
}

/* Where the message that begins at `start` ends; 0: not yet. Looks at each byte once. */
static size_t find_end(const struct bench *b, size_t start, size_t *scanned, int *depth, bool *quoted)
{
        for (; *scanned < b->in_len; ++*scanned) {
                char c = b->in[*scanned];

                if (*quoted) {
                        if (c == '\\')
                                ++*scanned;
                        else if (c == '"')
                                *quoted = false;
                } else if (c == '"') {
                        *quoted = true;
                } else if (c == '{' || c == '[') {
                        ++*depth;
                } else if ((c == '}' || c == ']') && --*depth == 0 && *scanned > start) {
                        return *scanned + 1;
                }
        }
        return 0;
}

/* The next message, ended by a NUL; what follows it stays. */
static char *receive(struct bench *b)
{
        size_t scanned, end;
        bool quoted = false;
        int depth = 0;

        if (b->next > 0) {
                b->in[b->next] = b->held;
                memmove(b->in, b->in + b->next, b->in_len - b->next);
                b->in_len -= b->next;
        }
        b->next = scanned = 0;
        while (!(end = find_end(b, 0, &scanned, &depth, &quoted))) {
                ssize_t n;

                if (b->in_cap - b->in_len < READ_ROOM) {
                        b->in_cap = b->in_cap * 2 + READ_ROOM + 1;
                        b->in = realloc(b->in, b->in_cap);
                        if (!b->in)
                                die("memory");
                }
                n = read(b->fd, b->in + b->in_len, b->in_cap - b->in_len - 1);
                if (n <= 0)
                        die("read");
                b->in_len += (size_t)n;
        }
        b->next = end;
        b->held = b->in[end];
        b->in[end] = '\0';
        return b->in;
}

static char *call(struct bench *b)
{
        char *reply;

        send_out(b);
        reply = receive(b);
        if (strstr(reply, "\"error\":\"") || strstr(reply, "\"error\":{")) {
                (void)fprintf(stderr, "%.400s\n", reply);
                exit(2);
        }
        return reply;
}

static void begin(struct bench *b)
{
        put(b, "{\"id\":1,\"method\":\"transact\",\"params\":[\"Open_vSwitch\"");
}

/* The end of a transaction that changes something, and the wait for it. */
static char *commit(struct bench *b)
{
        char *reply, *at;
        long cfg;

        if (b->wait)
                put(b, ",{\"op\":\"mutate\",\"table\":\"Open_vSwitch\",\"where\":[],\"mutations\":"
                       "[[\"next_cfg\",\"+=\",1]]},{\"op\":\"select\",\"table\":\"Open_vSwitch\",\"where\":[],"
                       "\"columns\":[\"next_cfg\"]}");
        put(b, "]}");
        reply = call(b);
        if (!b->wait)
                return reply;
        at = strstr(reply, "\"next_cfg\":");
        cfg = at ? strtol(at + strlen("\"next_cfg\":"), NULL, 10) : 0;
        /* The rows with a configuration that is old enough are none. */
        begin(b);
        put(b,
            ",{\"op\":\"wait\",\"timeout\":600000,\"table\":\"Open_vSwitch\",\"where\":[[\"cur_cfg\",\"<\",%ld]],"
            "\"columns\":[\"cur_cfg\"],\"until\":\"==\",\"rows\":[]}]}",
            cfg);
        return call(b);
}

/* ---- build ---- */

static void put_port(struct bench *b, const char *name, const char *port, const char *interface)
{
        /* Names of rows in a transaction have no dots. */
        static unsigned row;

        row++;
        put(b,
            ",{\"op\":\"insert\",\"table\":\"Interface\",\"uuid-name\":\"i%u\",\"row\":{\"name\":\"%s\"%s}}"
            ",{\"op\":\"insert\",\"table\":\"Port\",\"uuid-name\":\"p%u\",\"row\":{\"name\":\"%s\","
            "\"interfaces\":[\"named-uuid\",\"i%u\"]%s}}",
            row, name, interface, row, name, row, port);
}

static unsigned n_ports(const struct bench *b)
{
        return 2 + b->n_fakes + b->n + b->n_tunnels;
}

#define IDS(pairs) ",\"external_ids\":[\"map\",[" pairs "]]"

static int build(struct bench *b)
{
        const char *mark = b->marks ? IDS("[\"xsnet-owner\",\"bench\"]") : "";
        char port[256], interface[256], name[32];

        begin(b);
        put_port(b, "x0", "", ",\"type\":\"internal\"");
        put_port(b, "eth0", "", mark);
        for (unsigned i = 0; i < b->n_fakes; i++) {
                (void)snprintf(name, sizeof(name), "f%u", i);
                (void)snprintf(port, sizeof(port), ",\"tag\":%u,\"fake_bridge\":true%s", i + 1,
                               b->marks ? IDS("[\"fake-bridge-xsnet-owner\",\"bench\"],[\"xsnet-owner\",\"bench\"]")
                                        : "");
                put_port(b, name, port, ",\"type\":\"internal\"");
        }
        for (unsigned i = 0; i < b->n; i++) {
                (void)snprintf(name, sizeof(name), "vif%u.0", i + 1);
                (void)snprintf(port, sizeof(port), ",\"tag\":%u", 1 + i % b->n_fakes);
                put_port(b, name, port, mark);
        }
        for (unsigned i = 0; i < b->n_tunnels; i++) {
                (void)snprintf(name, sizeof(name), "t%u", i);
                (void)snprintf(
                        interface, sizeof(interface),
                        ",\"type\":\"vxlan\",\"options\":[\"map\",[[\"key\",\"%u\"],[\"local_ip\",\"192.0.2.1\"],"
                        "[\"remote_ip\",\"198.18.%u.%u\"]]]%s",
                        TUNNEL_KEY, i >> 8, i & 255,
                        b->marks ? IDS("[\"xsnet-owner\",\"bench\"],[\"xsnet-transport\",\"eth1\"]") : "");
                put_port(b, name, "", interface);
        }
        put(b,
            ",{\"op\":\"insert\",\"table\":\"Bridge\",\"uuid-name\":\"b\",\"row\":{\"name\":\"x0\","
            "\"datapath_type\":\"%s\",\"fail_mode\":\"standalone\"%s,\"ports\":[\"set\",[",
            b->datapath, mark);
        for (unsigned i = 1; i <= n_ports(b); i++)
                put(b, "%s[\"named-uuid\",\"p%u\"]", i > 1 ? "," : "", i);
        put(b, "]]}},{\"op\":\"mutate\",\"table\":\"Open_vSwitch\",\"where\":[],\"mutations\":"
               "[[\"bridges\",\"insert\",[\"named-uuid\",\"b\"]]]}");
        (void)commit(b);
        return 0;
}

/* ---- check: rows are flat but for sets and maps, so a '}' ends one ---- */

static const char *field(const char *row, const char *end, const char *key)
{
        const char *at = memmem(row, (size_t)(end - row), key, strlen(key));

        return at ? at + strlen(key) : NULL;
}

static bool is_port_wrong(const struct bench *b, const char *row, const char *end)
{
        const char *name = field(row, end, "\"name\":\""), *tag = field(row, end, "\"tag\":");
        unsigned long number = 0, has = tag && *tag != '[' ? strtoul(tag, NULL, 10) : 0;

        if (!name)
                return true;
        if (strncmp(name, "vif", 3) == 0) {
                number = strtoul(name + 3, NULL, 10);
                return number < 1 || number > b->n || has != 1 + (number - 1) % b->n_fakes;
        }
        if (*name != 'f')
                return false;
        number = strtoul(name + 1, NULL, 10);
        return number >= b->n_fakes || has != number + 1 || !field(row, end, "\"fake_bridge\":true");
}

static bool is_tunnel_wrong(const struct bench *b, const char *row, const char *end)
{
        const char *key = field(row, end, "[\"key\",\""), *remote = field(row, end, "[\"remote_ip\",\"198.18.");
        char *rest = NULL;
        unsigned long high = remote ? strtoul(remote, &rest, 10) : 0, low = rest ? strtoul(rest + 1, NULL, 10) : 0;

        return !key || strtoul(key, NULL, 10) != TUNNEL_KEY || !remote || (high << 8 | low) >= b->n_tunnels;
}

/* What is wrong; -1: something else altogether. The first wrong vif goes to *ret_vif. */
static int compare(struct bench *b, unsigned *ret_vif)
{
        unsigned ports = 0, interfaces = 0, tunnels = 0;
        const char *row, *end, *second;
        int wrong = 0;

        begin(b);
        put(b, ",{\"op\":\"select\",\"table\":\"Port\",\"where\":[],\"columns\":[\"name\",\"tag\",\"fake_bridge\"]}"
               ",{\"op\":\"select\",\"table\":\"Interface\",\"where\":[],\"columns\":[\"name\",\"type\",\"options\"]}"
               "]}");
        row = strstr(call(b), "\"rows\":[");
        second = row ? strstr(row + 8, "\"rows\":[") : NULL;
        if (!second)
                return -1;
        for (row += 8; *row == '{'; row = end + (end[1] == ',') + 1, ports++) {
                end = strchr(row, '}');
                if (!is_port_wrong(b, row, end))
                        continue;
                wrong++;
                if (field(row, end, "\"name\":\"vif"))
                        *ret_vif = (unsigned)strtoul(field(row, end, "\"name\":\"vif"), NULL, 10);
        }
        for (row = second + 8; *row == '{'; row = end + (end[1] == ',') + 1, interfaces++) {
                end = strchr(row, '}');
                if (!field(row, end, "\"type\":\"vxlan\""))
                        continue;
                tunnels++;
                wrong += is_tunnel_wrong(b, row, end);
        }
        return ports == n_ports(b) && interfaces == ports && tunnels == b->n_tunnels ? wrong : -1;
}

static int check(struct bench *b)
{
        unsigned vif = 0;
        int wrong = compare(b, &vif);

        if (wrong)
                (void)fprintf(stderr, "%d rows are wrong, vif%u.0 for one\n", wrong, vif);
        return wrong != 0;
}

static void set_tag(struct bench *b, unsigned vif, unsigned tag)
{
        begin(b);
        put(b,
            ",{\"op\":\"update\",\"table\":\"Port\",\"where\":[[\"name\",\"==\",\"vif%u.0\"]],"
            "\"row\":{\"tag\":%u}}",
            vif, tag);
        (void)commit(b);
}

static int break_one(struct bench *b)
{
        set_tag(b, b->n / 2 + 1, WRONG_TAG);
        return 0;
}

static int mend(struct bench *b)
{
        unsigned vif = 0;
        int wrong = compare(b, &vif);

        if (wrong != 1 || vif == 0)
                return 1;
        set_tag(b, vif, 1 + (vif - 1) % b->n_fakes);
        return 0;
}

/* ---- remove ---- */

static const char *find_bridge(struct bench *b)
{
        begin(b);
        put(b, ",{\"op\":\"select\",\"table\":\"Bridge\",\"where\":[[\"name\",\"==\",\"x0\"]],"
               "\"columns\":[\"_uuid\"]}]}");
        return strstr(call(b), "[\"uuid\",\"");
}

static int remove_all(struct bench *b)
{
        const char *uuid = find_bridge(b);
        char copy[37];

        if (!uuid)
                return 1;
        (void)snprintf(copy, sizeof(copy), "%.36s", uuid + strlen("[\"uuid\",\""));
        begin(b);
        put(b,
            ",{\"op\":\"mutate\",\"table\":\"Open_vSwitch\",\"where\":[],\"mutations\":"
            "[[\"bridges\",\"delete\",[\"uuid\",\"%s\"]]]}",
            copy);
        (void)commit(b);
        return 0;
}

static int gone(struct bench *b)
{
        return find_bridge(b) != NULL;
}

static int cfg(struct bench *b)
{
        const char *at;

        begin(b);
        put(b, ",{\"op\":\"select\",\"table\":\"Open_vSwitch\",\"where\":[],\"columns\":[\"next_cfg\"]}]}");
        at = strstr(call(b), "\"next_cfg\":");
        if (!at)
                return 1;
        printf("{\"next_cfg\": %ld}\n", strtol(at + strlen("\"next_cfg\":"), NULL, 10));
        return 0;
}

/* ---- the stand-in ---- */

static int follow(struct bench *b)
{
        put(b, "{\"id\":1,\"method\":\"monitor\",\"params\":[\"Open_vSwitch\",0,{\"Open_vSwitch\":"
               "[{\"columns\":[\"next_cfg\"]}]}]}");
        send_out(b);
        while (b->fd >= 0) {
                const char *at = strstr(receive(b), "\"new\":{\"next_cfg\":");

                if (!at)
                        continue;
                put(b,
                    "{\"id\":2,\"method\":\"transact\",\"params\":[\"Open_vSwitch\",{\"op\":\"update\","
                    "\"table\":\"Open_vSwitch\",\"where\":[],\"row\":{\"cur_cfg\":%ld}}]}",
                    strtol(at + strlen("\"new\":{\"next_cfg\":"), NULL, 10));
                send_out(b);
        }
        return 0;
}

/* ---- the program ---- */

static int start(struct bench *b)
{
        (void)b;
        return 0;
}

static const struct verb {
        const char *name;
        int (*run)(struct bench *b);
} verbs[] = {
        { "start", start },       { "build", build }, { "check", check }, { "mend", mend },     { "break", break_one },
        { "remove", remove_all }, { "gone", gone },   { "cfg", cfg },     { "follow", follow },
};

static int run(struct bench *b, const char *path, const struct verb *verb)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        double began = now();
        int code;

        (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
        b->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (b->fd < 0 || connect(b->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
                die(path);
        code = verb->run(b);
        printf("{\"inside_ms\": %.3f}\n", now() - began);
        close(b->fd);
        free(b->out);
        free(b->in);
        return code;
}

int main(int argc, char **argv)
{
        struct bench b = { .n = 100, .n_fakes = 10, .datapath = "netdev" };
        int option;

        while ((option = getopt(argc, argv, "n:f:m:d:aw")) != -1) {
                unsigned *number = option == 'n' ? &b.n : option == 'f' ? &b.n_fakes : &b.n_tunnels;

                if (option == 'a')
                        b.marks = true;
                else if (option == 'w')
                        b.wait = true;
                else if (option == 'd')
                        b.datapath = optarg;
                else if (option == '?')
                        return 2;
                else
                        *number = (unsigned)strtoul(optarg, NULL, 10);
        }
        for (size_t i = 0; optind + 2 == argc && b.n_fakes > 0 && i < sizeof(verbs) / sizeof(verbs[0]); i++)
                if (!strcmp(argv[optind + 1], verbs[i].name))
                        return run(&b, argv[optind], &verbs[i]);
        (void)fprintf(stderr, "usage: floor_ovs [-n VIFS] [-f FAKES] [-m TUNNELS] [-a] [-w] [-d DATAPATH] SOCKET "
                              "start|build|check|mend|break|remove|gone|cfg|follow\n");
        return 2;
}
