// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Stopping threads, and letting them go on.
 *
 * A thread that is asked to stop comes to one stop, whatever for: any trap answers the
 * request.  One that job control has stopped is left to job control when it is resumed
 * (PTRACE_LISTEN): it stays where it is and still tells of what continues it.
 */
#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>

#include "control/control.h"

static int kipc_tracee_stop(struct kipc_tracee *tracee)
{
	if (tracee->stopped || !ptrace(PTRACE_INTERRUPT, tracee->tid, NULL, NULL))
		return 0;
	/* One that is ending has its last event still to come. */
	return errno == ESRCH ? 0 : -errno;
}

KIPC_EXPORT int kipc_trace_stop(struct kipc_trace *trace, pid_t tid)
{
	struct kipc_tracee *tracee;
	int err = kipc_trace_check(trace);

	if (err)
		return err;
	if (tid) {
		tracee = kipc_tracee_find(trace, tid);
		return tracee ? kipc_tracee_stop(tracee) : -ENOENT;
	}
	for (tracee = trace->tracees; tracee && !err; tracee = tracee->next)
		err = kipc_tracee_stop(tracee);
	return err;
}

int kipc_tracee_resume(struct kipc_tracee *tracee, uint32_t goal)
{
	static const enum __ptrace_request requests[] = {
		[KIPC_TRACE_TO_EVENT] = PTRACE_CONT,
		[KIPC_TRACE_TO_CALL] = PTRACE_SYSCALL,
		[KIPC_TRACE_TO_STEP] = PTRACE_SINGLESTEP,
	};
	bool paused = tracee->kind == KIPC_TRACE_PAUSED;

	if (ptrace(paused ? PTRACE_LISTEN : requests[goal], tracee->tid, NULL,
		   paused ? 0L : (long)tracee->deliver))
		return kipc_tracee_error();
	tracee->stopped = false;
	tracee->deliver = 0;
	tracee->goal = goal;
	return 0;
}

KIPC_EXPORT int kipc_trace_resume(struct kipc_trace *trace, pid_t tid, uint32_t goal)
{
	struct kipc_tracee *tracee;
	int err = kipc_trace_check(trace), one;

	if (err || goal > KIPC_TRACE_TO_STEP)
		return err ? err : -EINVAL;
	if (tid) {
		err = kipc_tracee_stopped(trace, tid, &tracee);
		return err ? err : kipc_tracee_resume(tracee, goal);
	}
	for (tracee = trace->tracees; tracee; tracee = tracee->next) {
		one = tracee->stopped ? kipc_tracee_resume(tracee, goal) : 0;
		err = err ? err : one;
	}
	return err;
}

KIPC_EXPORT int kipc_trace_set_signal(struct kipc_trace *trace, pid_t tid, int signo)
{
	struct kipc_tracee *tracee;
	int err = kipc_tracee_stopped(trace, tid, &tracee);

	if (err)
		return err;
	if (tracee->kind != KIPC_TRACE_SIGNAL || signo < 0 || signo >= _NSIG)
		return -EINVAL;
	tracee->deliver = signo;
	return 0;
}
