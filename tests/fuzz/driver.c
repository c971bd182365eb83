/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz target without a fuzzer: over every file of the folders given, and over changed copies of each, the
 * same ones every time. One driver for all targets of this folder: each defines LLVMFuzzerTestOneInput().
 *
 * usage: fuzz_NAME [-m CHANGED_COPIES_PER_FILE] FILE_OR_FOLDER...
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define INPUT_MAX (1U << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct run {
        unsigned long n_changed;
        unsigned long n_files;
        uint64_t state;  /* of the pseudo-random numbers */
        char path[4096]; /* of the current input, for whoever looks at a crash */
};

static uint64_t next_random(struct run *run)
{
        run->state ^= run->state << 13;
        run->state ^= run->state >> 7;
        run->state ^= run->state << 17;
        return run->state;
}

/* An exact copy on the heap, so that a read beyond its end is seen. */
static int run_copy(const uint8_t *data, size_t size)
{
        uint8_t *copy = malloc(size > 0 ? size : 1);

        if (!copy)
                return -1;
        memcpy(copy, data, size);
        (void)LLVMFuzzerTestOneInput(copy, size);
        free(copy);
        return 0;
}

/* One to four small faults: a byte, a bit, an extreme 16-bit number, a cut end, a piece moved over another. */
static size_t change(struct run *run, uint8_t *data, size_t size)
{
        static const uint16_t extremes[] = { 0, 1, 3, 4, 15, 16, 0x7fff, 0x8000, 0xfffc, 0xffff };
        unsigned n = 1 + (unsigned)(next_random(run) % 4);

        while (n-- > 0 && size > 4) {
                size_t at = next_random(run) % (size - 2);
                size_t from = next_random(run) % size;
                uint64_t what = next_random(run);

                switch (what % 5) {
                case 0:
                        data[at] = (uint8_t)(what >> 8);
                        break;
                case 1:
                        data[at] ^= (uint8_t)(1U << ((what >> 8) % 8));
                        break;
                case 2:
                        memcpy(data + at, &extremes[(what >> 8) % (sizeof(extremes) / sizeof(extremes[0]))], 2);
                        break;
                case 3:
                        size -= (what >> 8) % (size / 2 + 1);
                        break;
                default:
                        memmove(data + at, data + from, (size - (at > from ? at : from)) % 64);
                        break;
                }
        }
        return size;
}

static int run_file(struct run *run, const char *path)
{
        uint8_t *data = malloc(2 * INPUT_MAX);
        FILE *f = fopen(path, "rb");
        size_t size = 0;
        int r = data && f ? 0 : -1;

        if (r == 0) {
                size = fread(data, 1, INPUT_MAX, f);
                snprintf(run->path, sizeof(run->path), "%s", path);
                run->n_files++;
                r = run_copy(data, size);
        }
        for (unsigned long i = 0; r == 0 && i < run->n_changed; i++) {
                memcpy(data + INPUT_MAX, data, size);
                r = run_copy(data + INPUT_MAX, change(run, data + INPUT_MAX, size));
        }
        if (f)
                fclose(f);
        free(data);
        return r;
}

static int run_path(struct run *run, const char *path)
{
        struct dirent **names = NULL;
        struct stat st;
        int r = 0;
        int n;

        if (stat(path, &st) < 0)
                return -1;
        if (!S_ISDIR(st.st_mode))
                return run_file(run, path);
        n = scandir(path, &names, NULL, alphasort);
        for (int i = 0; i < n; i++) {
                char full[4096];

                if (r == 0 && names[i]->d_name[0] != '.' &&
                    snprintf(full, sizeof(full), "%s/%s", path, names[i]->d_name) < (int)sizeof(full))
                        r = run_path(run, full);
                free(names[i]);
        }
        free(names);
        return n < 0 ? -1 : r;
}

int main(int argc, char **argv)
{
        struct run run = { .state = UINT64_C(0x9e3779b97f4a7c15) };

        for (int i = 1; i < argc; i++) {
                if (strcmp(argv[i], "-m") == 0 && i + 1 < argc) {
                        run.n_changed = strtoul(argv[++i], NULL, 10);
                } else if (run_path(&run, argv[i]) < 0) {
                        fprintf(stderr, "%s: cannot be read\n", argv[i]);
                        return EXIT_FAILURE;
                }
        }
        /* No input at all would be a test of nothing. */
        printf("%lu files, %lu changed copies of each\n", run.n_files, run.n_changed);
        return run.n_files > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
