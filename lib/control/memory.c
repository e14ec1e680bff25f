// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Another process's memory.
 *
 * process_vm_readv() and its twin copy any amount in one call, and respect the memory's
 * protection.  What they cannot reach (a breakpoint goes into memory that is read-only) a
 * tracer may read and write word by word, where the thread stands still.  Words are taken
 * aligned, so that none of them reaches into a page that was not asked for.
 */
#include <errno.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

#include "control/control.h"

#define KIPC_WORD sizeof(long)

/* Which thread, of whom the memory is: a stopped one of the process if there is one. */
static int kipc_trace_whose(const struct kipc_trace *trace, pid_t tid,
			    struct kipc_tracee **found)
{
	struct kipc_tracee *tracee;
	int err = kipc_trace_check(trace);

	if (err)
		return err;
	*found = NULL;
	for (tracee = trace->tracees; tracee; tracee = tracee->next) {
		if (tid ? tracee->tid != tid : tracee->pid != trace->pid)
			continue;
		if (!*found || tracee->stopped)
			*found = tracee;
	}
	return *found ? 0 : -ENOENT;
}

/* How much of a word at @address is wanted: from @skip, so many bytes. */
static size_t kipc_word_part(uint64_t address, size_t len, size_t *skip)
{
	*skip = address % KIPC_WORD;
	return len < KIPC_WORD - *skip ? len : KIPC_WORD - *skip;
}

static bool kipc_peek(const struct kipc_tracee *tracee, uint64_t address, long *word)
{
	errno = 0;
	*word = ptrace(PTRACE_PEEKDATA, tracee->tid, (void *)(uintptr_t)address, NULL);
	return !errno;
}

static size_t kipc_peek_all(const struct kipc_tracee *tracee, uint64_t address, char *buf,
			    size_t len)
{
	size_t done, part, skip;
	long word;

	for (done = 0; done < len; done += part) {
		part = kipc_word_part(address + done, len - done, &skip);
		if (!kipc_peek(tracee, address + done - skip, &word))
			break;
		memcpy(buf + done, (char *)&word + skip, part);
	}
	return done;
}

static size_t kipc_poke_all(const struct kipc_tracee *tracee, uint64_t address,
			    const char *buf, size_t len)
{
	size_t done, part, skip;
	long word;

	for (done = 0; done < len; done += part) {
		part = kipc_word_part(address + done, len - done, &skip);
		if (part < KIPC_WORD && !kipc_peek(tracee, address + done - skip, &word))
			break;
		memcpy((char *)&word + skip, buf + done, part);
		if (ptrace(PTRACE_POKEDATA, tracee->tid,
			   (void *)(uintptr_t)(address + done - skip), word))
			break;
	}
	return done;
}

typedef ssize_t (*kipc_copy)(pid_t pid, const struct iovec *here, unsigned long here_count,
			     const struct iovec *there, unsigned long there_count,
			     unsigned long flags);

/* One call copies 2 GiB at most.  Returns how much is copied; errno says why not all. */
static size_t kipc_copy_all(kipc_copy copy, pid_t tid, uint64_t address, void *buf, size_t len)
{
	struct iovec here, there;
	size_t done;
	ssize_t n;

	errno = 0;
	for (done = 0; done < len; done += (size_t)n) {
		here.iov_base = (char *)buf + done;
		here.iov_len = len - done;
		there.iov_base = (void *)(uintptr_t)(address + done);
		there.iov_len = len - done;
		n = copy(tid, &here, 1, &there, 1, 0);
		if (n <= 0)
			break;
	}
	return done;
}

static ssize_t kipc_trace_done(size_t done, int err)
{
	if (done)
		return (ssize_t)done;
	return err == ESRCH ? -EPIPE : -EFAULT;
}

KIPC_EXPORT ssize_t kipc_trace_read(struct kipc_trace *trace, pid_t tid, uint64_t address,
				    void *buf, size_t len)
{
	struct kipc_tracee *tracee;
	int err = kipc_trace_whose(trace, tid, &tracee);
	size_t done;

	if (err || (!buf && len) || len > SSIZE_MAX)
		return err ? err : -EINVAL;
	if (!len)
		return 0;
	done = kipc_copy_all(process_vm_readv, tracee->tid, address, buf, len);
	err = errno;
	if (done < len && tracee->stopped)
		done += kipc_peek_all(tracee, address + done, (char *)buf + done, len - done);
	return kipc_trace_done(done, err);
}

KIPC_EXPORT ssize_t kipc_trace_write(struct kipc_trace *trace, pid_t tid, uint64_t address,
				     const void *buf, size_t len)
{
	struct kipc_tracee *tracee;
	int err = kipc_trace_whose(trace, tid, &tracee);
	size_t done;

	if (err || (!buf && len) || len > SSIZE_MAX)
		return err ? err : -EINVAL;
	if (!len)
		return 0;
	done = kipc_copy_all(process_vm_writev, tracee->tid, address, (void *)buf, len);
	err = errno;
	if (done < len && tracee->stopped)
		done += kipc_poke_all(tracee, address + done, (const char *)buf + done, len - done);
	return kipc_trace_done(done, err);
}
