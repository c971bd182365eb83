/* SPDX-License-Identifier: Apache-2.0 */
/*
 * User-mode Linux keeps the vector registers of its processes in less than 3 KiB and puts them back by
 * PTRACE_SETREGSET, which wants all that the processor has: with AMX 11 KiB, and so the first process dies. Loaded
 * before the C library, this puts what it has back into what is there. kernel-lab compiles it where it is needed.
 */
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static long set_part(pid_t pid, void *which, const struct iovec *part)
{
        static unsigned char whole[1 << 16];
        struct iovec all = { whole, sizeof(whole) };

        if (syscall(SYS_ptrace, PTRACE_GETREGSET, pid, which, &all) < 0)
                return -1;
        if (part->iov_len > all.iov_len) {
                errno = EINVAL;
                return -1;
        }
        memcpy(whole, part->iov_base, part->iov_len);
        return syscall(SYS_ptrace, PTRACE_SETREGSET, pid, which, &all);
}

long ptrace(enum __ptrace_request request, ...)
{
        void *address, *data;
        long word = 0, r;
        va_list ap;
        pid_t pid;

        va_start(ap, request);
        pid = va_arg(ap, pid_t);
        address = va_arg(ap, void *);
        data = va_arg(ap, void *);
        va_end(ap);
        /* As in the C library, these return what the system call stores. */
        if (request == PTRACE_PEEKTEXT || request == PTRACE_PEEKDATA || request == PTRACE_PEEKUSER) {
                r = syscall(SYS_ptrace, request, pid, address, &word);
                if (r < 0)
                        return r;
                errno = 0;
                return word;
        }
        r = syscall(SYS_ptrace, request, pid, address, data);
        if (r < 0 && errno == EFAULT && request == PTRACE_SETREGSET && address == (void *)NT_X86_XSTATE)
                r = set_part(pid, address, data);
        return r;
}
