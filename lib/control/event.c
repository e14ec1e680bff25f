// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the kernel tells of traced threads, and waiting for it.
 *
 * Each tracee is asked for by its id, so that no other child of the caller's is waited
 * for by mistake.  To sleep until there is something, there are two ways.  With no time
 * limit: waitid(), on the one tracee or, taking nothing (WNOWAIT), on whatever child has
 * something to tell.  With a limit there is no call that a signal handler would not have to
 * interrupt, and SIGCHLD is the application's; so naps it is, after some turns of giving
 * the processor away, which are enough for a tracee that runs from one system call to the
 * next.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>

#include "control/control.h"

#define KIPC_TRACE_YIELDS 20
#define KIPC_TRACE_NAP_MIN 20000L
#define KIPC_TRACE_NAP_MAX 2000000L

/* ---- what it is ---- */

/* Where it stands, and which system call it is at. */
static void kipc_tracee_where(struct kipc_tracee *tracee, struct kipc_trace_event *event)
{
	struct __ptrace_syscall_info info;

	memset(&info, 0, sizeof(info));
	if (ptrace(PTRACE_GET_SYSCALL_INFO, tracee->tid, sizeof(info), &info) < 0)
		return;
	event->pc = info.instruction_pointer;
	event->sp = info.stack_pointer;
	tracee->arch = info.arch;
	if (event->kind != KIPC_TRACE_CALL)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
		tracee->nr = (int64_t)info.entry.nr;
		memcpy(tracee->args, info.entry.args, sizeof(tracee->args));
	} else if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
		event->kind = KIPC_TRACE_RETURN;
		event->result = info.exit.rval;
	}
	event->nr = tracee->nr;
	memcpy(event->args, tracee->args, sizeof(event->args));
	if (event->kind == KIPC_TRACE_RETURN)
		tracee->nr = -1;
}

static bool kipc_signal_is_exception(int signo)
{
	return signo == SIGSEGV || signo == SIGBUS || signo == SIGFPE || signo == SIGILL ||
	       signo == SIGTRAP;
}

static void kipc_tracee_signal(struct kipc_tracee *tracee, int signo,
			       struct kipc_trace_event *event)
{
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	ptrace(PTRACE_GETSIGINFO, tracee->tid, NULL, &info);
	if (tracee->goal == KIPC_TRACE_TO_STEP && signo == SIGTRAP &&
	    (info.si_code == TRAP_TRACE || info.si_code == TRAP_BRKPT)) {
		event->kind = KIPC_TRACE_STEPPED;
		return;
	}
	event->kind = KIPC_TRACE_SIGNAL;
	event->signo = signo;
	event->code = info.si_code;
	if (info.si_code > 0 && kipc_signal_is_exception(signo))
		event->address = (uintptr_t)info.si_addr;
	else if (info.si_code == SI_USER || info.si_code == SI_QUEUE || info.si_code == SI_TKILL)
		event->sender = info.si_pid;
	tracee->deliver = signo;
}

/* A process that it has made by other means than fork(), which nobody wants traced. */
static void kipc_trace_let_child_go(pid_t child)
{
	int status;
	pid_t n;

	do
		n = waitpid(child, &status, __WALL);
	while (n < 0 && errno == EINTR);
	if (n == child && WIFSTOPPED(status))
		ptrace(PTRACE_DETACH, child, NULL, NULL);
}

/* It has made a thread or a process.  Returns 0 or -ENOMEM. */
static int kipc_tracee_born(struct kipc_trace *trace, struct kipc_tracee *tracee,
			    struct kipc_trace_event *event)
{
	struct kipc_trace_proc proc;
	unsigned long child = 0;

	if (ptrace(PTRACE_GETEVENTMSG, tracee->tid, NULL, &child) || !child)
		return 0;
	/* One that has ended meanwhile is a zombie until we have waited for it. */
	if (kipc_trace_proc((pid_t)child, &proc))
		proc.pid = tracee->pid;
	/* Not to be told of; but that it stands still, perhaps as it was asked to, is. */
	if (proc.pid != tracee->pid && !(trace->flags & KIPC_TRACE_OPT_CHILDREN)) {
		kipc_trace_let_child_go((pid_t)child);
		return 0;
	}
	if (!kipc_tracee_add(trace, (pid_t)child, proc.pid)) {
		kipc_trace_let_child_go((pid_t)child);
		return -ENOMEM;
	}
	event->kind = KIPC_TRACE_BORN;
	event->child = (pid_t)child;
	return 0;
}

/* Another thread than the first that calls exec() goes on under the first one's id. */
static void kipc_tracee_exec(struct kipc_trace *trace, const struct kipc_tracee *tracee)
{
	struct kipc_tracee *former;
	unsigned long tid = 0;

	if (ptrace(PTRACE_GETEVENTMSG, tracee->tid, NULL, &tid) || (pid_t)tid == tracee->tid)
		return;
	former = kipc_tracee_find(trace, (pid_t)tid);
	if (former)
		kipc_tracee_remove(trace, former);
}

/* It stands still.  Returns 1 or -errno. */
static int kipc_tracee_halt(struct kipc_trace *trace, struct kipc_tracee *tracee, int status,
			    struct kipc_trace_event *event)
{
	int signo = WSTOPSIG(status), err = 0;

	tracee->stopped = true;
	tracee->deliver = 0;
	event->kind = KIPC_TRACE_STOP;
	switch (status >> 16) {
	case 0:
		if (signo == (SIGTRAP | 0x80))
			event->kind = KIPC_TRACE_CALL;
		else
			kipc_tracee_signal(tracee, signo, event);
		break;
	case PTRACE_EVENT_STOP:
		if (signo != SIGTRAP) {
			event->kind = KIPC_TRACE_PAUSED;
			event->signo = signo;
		}
		break;
	case PTRACE_EVENT_EXEC:
		event->kind = KIPC_TRACE_EXEC;
		kipc_tracee_exec(trace, tracee);
		break;
	case PTRACE_EVENT_CLONE:
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
		err = kipc_tracee_born(trace, tracee, event);
		break;
	}
	kipc_tracee_where(tracee, event);
	tracee->kind = event->kind;
	return err ? err : 1;
}

/* Ask one tracee.  Returns 1 with an event, 0 without, or -errno. */
static int kipc_tracee_look(struct kipc_trace *trace, struct kipc_tracee *tracee,
			    struct kipc_trace_event *event)
{
	int status;
	pid_t n = waitpid(tracee->tid, &status, __WALL | WNOHANG);

	if (!n)
		return 0;
	memset(event, 0, sizeof(*event));
	event->tid = tracee->tid;
	event->pid = tracee->pid;
	event->nr = -1;
	if (n > 0 && WIFSTOPPED(status))
		return kipc_tracee_halt(trace, tracee, status, event);

	/* One that has called exec() goes on under its process's id, which will tell. */
	if (n < 0 && tracee->tid != tracee->pid) {
		kipc_tracee_remove(trace, tracee);
		return 0;
	}
	/* It is no more, or somebody else in this process has waited for it. */
	event->kind = KIPC_TRACE_ENDED;
	event->signo = n > 0 && WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	event->status = n < 0 ? -1 : WIFEXITED(status) ? WEXITSTATUS(status) : 0;
	kipc_tracee_remove(trace, tracee);
	return 1;
}

/* Whoever has told something goes behind the others, who may want to tell as well. */
static void kipc_tracee_to_end(struct kipc_trace *trace, pid_t tid)
{
	struct kipc_tracee **at = &trace->tracees, *tracee;

	while (*at && (*at)->tid != tid)
		at = &(*at)->next;
	tracee = *at;
	if (!tracee || !tracee->next)
		return;
	*at = tracee->next;
	while (*at)
		at = &(*at)->next;
	*at = tracee;
	tracee->next = NULL;
}

/* Returns 1 with an event, 0 if there is none now, or -errno. */
int kipc_trace_look(struct kipc_trace *trace, struct kipc_trace_event *event)
{
	struct kipc_tracee *tracee, *next;
	int ret;

	for (tracee = trace->tracees; tracee; tracee = next) {
		next = tracee->next;
		ret = kipc_tracee_look(trace, tracee, event);
		if (ret) {
			kipc_tracee_to_end(trace, event->tid);
			return ret;
		}
	}
	return 0;
}

/* ---- waiting ---- */

/* Give way for a moment; ever longer.  Returns 0, -ETIMEDOUT or -EINTR. */
int kipc_trace_nap(unsigned int *naps, kipc_deadline deadline)
{
	int64_t left = kipc_deadline_left(deadline);
	struct timespec ts = { 0 };
	unsigned int n = (*naps)++;
	long nap;

	if (!left)
		return -ETIMEDOUT;
	if (n < KIPC_TRACE_YIELDS) {
		sched_yield();
		return 0;
	}
	n -= KIPC_TRACE_YIELDS;
	nap = n < 7 ? KIPC_TRACE_NAP_MIN << n : KIPC_TRACE_NAP_MAX;
	ts.tv_nsec = left > 0 && left < nap ? left : nap;
	return nanosleep(&ts, NULL) ? -EINTR : 0;
}

/* Sleep until some tracee has something to tell.  Returns 0 or -EINTR. */
static int kipc_trace_sleep(const struct kipc_trace *trace, unsigned int *naps)
{
	const struct kipc_tracee *only = trace->tracees;
	siginfo_t info = { 0 };

	if (only->next)
		only = NULL;
	if (waitid(only ? P_PID : P_ALL, only ? only->tid : 0, &info,
		   WEXITED | WSTOPPED | WNOWAIT | __WALL | __WNOTHREAD))
		return errno == EINTR ? -EINTR : 0;
	/* Another child, for which its owner has not waited yet, hides the tracees. */
	return kipc_tracee_find(trace, info.si_pid) ? 0 : kipc_trace_nap(naps, KIPC_NEVER);
}

KIPC_EXPORT int kipc_trace_wait(struct kipc_trace *trace, struct kipc_trace_event *event,
				int64_t timeout)
{
	kipc_deadline deadline = kipc_deadline_after(timeout);
	unsigned int naps = 0;
	int ret = kipc_trace_check(trace);

	if (ret || !event)
		return ret ? ret : -EINVAL;
	if (trace->has_first) {
		*event = trace->first;
		trace->has_first = false;
		return 0;
	}
	while (trace->tracees) {
		ret = kipc_trace_look(trace, event);
		if (ret)
			return ret < 0 ? ret : 0;
		if (!trace->tracees)
			break;
		if (deadline == KIPC_AT_ONCE)
			return -EAGAIN;
		ret = deadline == KIPC_NEVER ? kipc_trace_sleep(trace, &naps) :
					       kipc_trace_nap(&naps, deadline);
		if (ret)
			return ret;
	}
	return -EPIPE;
}
