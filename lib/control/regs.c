// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Registers of a thread that stands still.  The raw ones are the kernel's affair; which of
 * them is what is known here for x86-64, where a 32-bit process, and a system call made
 * the 32-bit way, have their arguments elsewhere.
 */
#include <elf.h>
#include <errno.h>
#include <linux/audit.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

#include "control/control.h"

/* Larger than any machine's. */
#define KIPC_RAW_MAX 1024

static ssize_t kipc_raw_get(const struct kipc_tracee *tracee, void *raw)
{
	struct iovec iov = { .iov_base = raw, .iov_len = KIPC_RAW_MAX };

	if (ptrace(PTRACE_GETREGSET, tracee->tid, (void *)NT_PRSTATUS, &iov))
		return kipc_tracee_error();
	return (ssize_t)iov.iov_len;
}

KIPC_EXPORT ssize_t kipc_trace_get_raw(struct kipc_trace *trace, pid_t tid, void *regs,
				       size_t size)
{
	char raw[KIPC_RAW_MAX] = { 0 };
	struct kipc_tracee *tracee;
	ssize_t n = kipc_tracee_stopped(trace, tid, &tracee);

	if (n || (!regs && size))
		return n ? n : -EINVAL;
	n = kipc_raw_get(tracee, raw);
	if (n > 0)
		memcpy(regs, raw, size < (size_t)n ? size : (size_t)n);
	return n;
}

KIPC_EXPORT int kipc_trace_set_raw(struct kipc_trace *trace, pid_t tid, const void *regs,
				   size_t size)
{
	char raw[KIPC_RAW_MAX] = { 0 };
	struct iovec iov = { .iov_base = raw };
	struct kipc_tracee *tracee;
	ssize_t n = kipc_tracee_stopped(trace, tid, &tracee);

	if (n || !regs || !size)
		return n ? (int)n : -EINVAL;
	n = kipc_raw_get(tracee, raw);
	if (n < 0)
		return (int)n;
	if (size > (size_t)n)
		return -EINVAL;
	memcpy(raw, regs, size);
	iov.iov_len = (size_t)n;
	return ptrace(PTRACE_SETREGSET, tracee->tid, (void *)NT_PRSTATUS, &iov) ?
	       kipc_tracee_error() : 0;
}

#ifdef __x86_64__

/* What the kernel gives a 32-bit program for CS. */
#define KIPC_CS_32 0x23

/* Where the arguments of a system call are. */
static void kipc_regs_args(const struct kipc_tracee *tracee, struct user_regs_struct *user,
			   unsigned long long *args[6])
{
	bool at_call = tracee->kind == KIPC_TRACE_CALL || tracee->kind == KIPC_TRACE_RETURN;

	if (at_call ? tracee->arch == AUDIT_ARCH_I386 : user->cs == KIPC_CS_32) {
		args[0] = &user->rbx;
		args[1] = &user->rcx;
		args[2] = &user->rdx;
		args[3] = &user->rsi;
		args[4] = &user->rdi;
		args[5] = &user->rbp;
	} else {
		args[0] = &user->rdi;
		args[1] = &user->rsi;
		args[2] = &user->rdx;
		args[3] = &user->r10;
		args[4] = &user->r8;
		args[5] = &user->r9;
	}
}

static int kipc_user_get(const struct kipc_tracee *tracee, struct user_regs_struct *user)
{
	return ptrace(PTRACE_GETREGS, tracee->tid, NULL, user) ? kipc_tracee_error() : 0;
}

static int kipc_user_set(const struct kipc_tracee *tracee, struct user_regs_struct *user)
{
	return ptrace(PTRACE_SETREGS, tracee->tid, NULL, user) ? kipc_tracee_error() : 0;
}

KIPC_EXPORT int kipc_trace_get_regs(struct kipc_trace *trace, pid_t tid,
				    struct kipc_trace_regs *regs)
{
	unsigned long long *args[6];
	struct user_regs_struct user;
	struct kipc_tracee *tracee;
	int err = kipc_tracee_stopped(trace, tid, &tracee), i;

	if (err || !regs || regs->size != sizeof(*regs))
		return err ? err : -EINVAL;
	err = kipc_user_get(tracee, &user);
	if (err)
		return err;
	kipc_regs_args(tracee, &user, args);
	regs->pc = user.rip;
	regs->sp = user.rsp;
	regs->nr = (int64_t)user.orig_rax;
	regs->result = (int64_t)user.rax;
	for (i = 0; i < 6; i++)
		regs->args[i] = *args[i];
	return 0;
}

/* Returns 0, having read what the rest of the registers are, or -errno. */
static int kipc_regs_begin(const struct kipc_trace *trace, pid_t tid,
			   struct kipc_tracee **tracee, struct user_regs_struct *user)
{
	int err = kipc_tracee_stopped(trace, tid, tracee);

	return err ? err : kipc_user_get(*tracee, user);
}

KIPC_EXPORT int kipc_trace_set_regs(struct kipc_trace *trace, pid_t tid,
				    const struct kipc_trace_regs *regs)
{
	unsigned long long *args[6];
	struct user_regs_struct user;
	struct kipc_tracee *tracee;
	int err = kipc_regs_begin(trace, tid, &tracee, &user), i;

	if (err || !regs || regs->size != sizeof(*regs))
		return err ? err : -EINVAL;
	kipc_regs_args(tracee, &user, args);
	if (tracee->kind == KIPC_TRACE_CALL)
		user.orig_rax = (unsigned long long)regs->nr;
	else if (user.rip != regs->pc)
		user.orig_rax = ~0ULL;	/* or an interrupted call is restarted, from there */
	user.rip = regs->pc;
	user.rsp = regs->sp;
	user.rax = (unsigned long long)regs->result;
	for (i = 0; i < 6; i++)
		*args[i] = regs->args[i];
	return kipc_user_set(tracee, &user);
}

KIPC_EXPORT int kipc_trace_answer(struct kipc_trace *trace, pid_t tid, int64_t result)
{
	struct user_regs_struct user;
	struct kipc_tracee *tracee;
	int err = kipc_regs_begin(trace, tid, &tracee, &user);

	if (err)
		return err;
	if (tracee->kind != KIPC_TRACE_CALL && tracee->kind != KIPC_TRACE_RETURN)
		return -EINVAL;
	if (tracee->kind == KIPC_TRACE_CALL)
		user.orig_rax = ~0ULL;
	user.rax = (unsigned long long)result;
	return kipc_user_set(tracee, &user);
}

#else

KIPC_EXPORT int kipc_trace_get_regs(struct kipc_trace *trace, pid_t tid,
				    struct kipc_trace_regs *regs)
{
	struct kipc_tracee *tracee;
	int err = kipc_tracee_stopped(trace, tid, &tracee);

	if (err || !regs || regs->size != sizeof(*regs))
		return err ? err : -EINVAL;
	return -EOPNOTSUPP;
}

KIPC_EXPORT int kipc_trace_set_regs(struct kipc_trace *trace, pid_t tid,
				    const struct kipc_trace_regs *regs)
{
	struct kipc_tracee *tracee;
	int err = kipc_tracee_stopped(trace, tid, &tracee);

	if (err || !regs || regs->size != sizeof(*regs))
		return err ? err : -EINVAL;
	return -EOPNOTSUPP;
}

KIPC_EXPORT int kipc_trace_answer(struct kipc_trace *trace, pid_t tid, int64_t result)
{
	struct kipc_tracee *tracee;
	int err = kipc_tracee_stopped(trace, tid, &tracee);

	(void)result;
	return err ? err : -EOPNOTSUPP;
}

#endif
