// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Traces: attaching to a process, starting one, letting go.
 *
 * All is done with PTRACE_SEIZE, which stops nobody and sends no signal.  A process is
 * seized thread by thread while it may be starting others; what a seized thread starts is
 * the kernel's to seize, so looking again until nothing is new comes to an end.
 *
 * Of a started program the first thing to be seen shall be its exec.  So the child waits
 * to be seized before it executes anything, and a second pipe, close-on-exec, tells why it
 * could not.
 *
 * To let a thread go it must stand still, and be told which signal it was about to get.
 * Those that stand still go first: another may be waiting for them (vfork()).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control/control.h"

static bool kipc_trace_name_ok(const char *name)
{
	return *name && strspn(name, "0123456789") == strlen(name);
}

/* Nothing opens it by its address; that is for kipc_explain(). */
const struct kipc_mechanism kipc_trace_mechanism = {
	.scheme = "trace",
	.family = KIPC_FAMILY_CONTROL,
	.name_rule = "the name is a process id",
	.name_ok = kipc_trace_name_ok,
};

/* ---- what there is ---- */

/* Returns 0, -ENOENT or -ENODEV. */
int kipc_trace_proc(pid_t tid, struct kipc_trace_proc *proc)
{
	char path[40], line[256];
	FILE *file;

	memset(proc, 0, sizeof(*proc));
	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	file = fopen(path, "re");
	if (!file)
		return access("/proc/self", F_OK) ? -ENODEV : -ENOENT;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "State: %c", &proc->state) == 1 ||
		    sscanf(line, "Tgid: %d", &proc->pid) == 1 ||
		    sscanf(line, "TracerPid: %d", &proc->tracer) == 1)
			continue;
	}
	fclose(file);
	return proc->pid ? 0 : -ENOENT;
}

/* Is the caller who may use it? */
int kipc_trace_check(const struct kipc_trace *trace)
{
	if (!trace)
		return -EINVAL;
	return trace->thread == gettid() ? 0 : -EPERM;
}

/* The error of a request on a thread that stood still. */
int kipc_tracee_error(void)
{
	return errno == ESRCH ? -EPIPE : -errno;
}

struct kipc_tracee *kipc_tracee_find(const struct kipc_trace *trace, pid_t tid)
{
	struct kipc_tracee *tracee;

	for (tracee = trace->tracees; tracee; tracee = tracee->next)
		if (tracee->tid == tid)
			break;
	return tracee;
}

/* Find one that stands still, for a caller that may. */
int kipc_tracee_stopped(const struct kipc_trace *trace, pid_t tid, struct kipc_tracee **tracee)
{
	int err = kipc_trace_check(trace);

	if (err)
		return err;
	*tracee = kipc_tracee_find(trace, tid);
	if (!*tracee)
		return -ENOENT;
	return (*tracee)->stopped ? 0 : -EAGAIN;
}

/* Returns the new one, or that which was there; NULL without memory. */
struct kipc_tracee *kipc_tracee_add(struct kipc_trace *trace, pid_t tid, pid_t pid)
{
	struct kipc_tracee *tracee = kipc_tracee_find(trace, tid);
	struct kipc_tracee **end = &trace->tracees;

	if (tracee)
		return tracee;
	tracee = calloc(1, sizeof(*tracee));
	if (!tracee)
		return NULL;
	tracee->tid = tid;
	tracee->pid = pid;
	tracee->nr = -1;
	while (*end)
		end = &(*end)->next;
	*end = tracee;
	return tracee;
}

void kipc_tracee_remove(struct kipc_trace *trace, struct kipc_tracee *tracee)
{
	struct kipc_tracee **at = &trace->tracees;

	while (*at != tracee)
		at = &(*at)->next;
	*at = tracee->next;
	free(tracee);
}

static int kipc_trace_new(struct kipc_trace **trace, const struct kipc_trace_options *options)
{
	const uint32_t known = KIPC_TRACE_OPT_CHILDREN | KIPC_TRACE_OPT_KILL;

	*trace = NULL;
	if (options && (options->size != sizeof(*options) || options->flags & ~known ||
			options->reserved))
		return -EINVAL;
	*trace = calloc(1, sizeof(**trace));
	if (!*trace)
		return -ENOMEM;
	(*trace)->process = getpid();
	(*trace)->thread = gettid();
	(*trace)->flags = options ? options->flags : 0;
	return 0;
}

KIPC_EXPORT pid_t kipc_trace_pid(const struct kipc_trace *trace)
{
	return trace ? trace->pid : -EINVAL;
}

KIPC_EXPORT int kipc_trace_threads(const struct kipc_trace *trace, pid_t *tids, size_t max)
{
	struct kipc_tracee *tracee;
	int err = kipc_trace_check(trace);
	size_t n = 0;

	if (err || (!tids && max))
		return err ? err : -EINVAL;
	for (tracee = trace->tracees; tracee; tracee = tracee->next) {
		if (n < max)
			tids[n] = tracee->tid;
		n++;
	}
	return (int)n;
}

/* ---- letting go ---- */

static void kipc_trace_free(struct kipc_trace *trace)
{
	while (trace->tracees)
		kipc_tracee_remove(trace, trace->tracees);
	free(trace);
}

static void kipc_trace_let_stopped_go(struct kipc_trace *trace)
{
	struct kipc_tracee *tracee, *next;

	for (tracee = trace->tracees; tracee; tracee = next) {
		next = tracee->next;
		if (!tracee->stopped)
			continue;
		/*
		 * One that was killed where it stood is a zombie that waits for its tracer:
		 * it has an event yet, of which a process's first thread is the last.
		 */
		if (ptrace(PTRACE_DETACH, tracee->tid, NULL, (long)tracee->deliver))
			tracee->stopped = false;
		else
			kipc_tracee_remove(trace, tracee);
	}
}

static void kipc_trace_let_go(struct kipc_trace *trace)
{
	struct kipc_trace_event event;
	struct kipc_tracee *tracee;
	unsigned int naps = 0;

	kipc_trace_let_stopped_go(trace);
	for (tracee = trace->tracees; tracee; tracee = tracee->next)
		ptrace(PTRACE_INTERRUPT, tracee->tid, NULL, NULL);
	while (trace->tracees) {
		if (kipc_trace_look(trace, &event))
			kipc_trace_let_stopped_go(trace);
		else
			kipc_trace_nap(&naps, KIPC_NEVER);
	}
}

/*
 * Does this process have the thread, and will it go on?  One that has been joined may not
 * have come to its end in the kernel, which says that it is on its way (PF_EXITING).
 */
static bool kipc_thread_lives(pid_t process, pid_t tid)
{
	char path[48], stat[512], *rest;
	unsigned int flags = 0;
	FILE *file;

	if (tgkill(process, tid, 0))
		return false;
	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	file = fopen(path, "re");
	if (!file)
		return errno != ENOENT;
	rest = fgets(stat, sizeof(stat), file) ? strrchr(stat, ')') : NULL;
	fclose(file);
	return rest && sscanf(rest, ") %*c %*d %*d %*d %*d %*d %u", &flags) == 1 && !(flags & 4);
}

KIPC_EXPORT int kipc_trace_close(struct kipc_trace *trace)
{
	if (!trace)
		return 0;
	if (trace->thread == gettid())
		kipc_trace_let_go(trace);
	else if (trace->process == getpid() && kipc_thread_lives(trace->process, trace->thread))
		return -EPERM;
	kipc_trace_free(trace);
	return 0;
}

/* ---- attaching ---- */

static int kipc_trace_seize(struct kipc_trace *trace, pid_t tid)
{
	long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC;

	if (trace->flags & KIPC_TRACE_OPT_CHILDREN)
		options |= PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK;
	if (trace->flags & KIPC_TRACE_OPT_KILL)
		options |= PTRACE_O_EXITKILL;
	return ptrace(PTRACE_SEIZE, tid, NULL, options) ? -errno : 0;
}

/* Returns 1 for one that is new, 0 for one that has ended or is there, -errno. */
static int kipc_trace_add_thread(struct kipc_trace *trace, pid_t tid)
{
	struct kipc_trace_proc proc;
	int err;

	if (kipc_tracee_find(trace, tid))
		return 0;
	err = kipc_trace_seize(trace, tid);
	if (err == -ESRCH)
		return 0;
	if (err) {
		/* Has it ended, or has the kernel seized it for us already? */
		if (kipc_trace_proc(tid, &proc) || proc.state == 'Z' || proc.state == 'X')
			return 0;
		if (proc.tracer != trace->thread)
			return err;
	}
	return kipc_tracee_add(trace, tid, trace->pid) ? 1 : -ENOMEM;
}

/* Returns how many threads are new, or -errno. */
static int kipc_trace_add_threads(struct kipc_trace *trace)
{
	struct dirent *entry;
	char path[40];
	int err = 0, n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", trace->pid);
	dir = opendir(path);
	if (!dir)
		return errno == ENOENT || errno == ESRCH ? 0 : -errno;
	while (err >= 0 && (entry = readdir(dir))) {
		pid_t tid = atoi(entry->d_name);

		err = tid > 0 ? kipc_trace_add_thread(trace, tid) : 0;
		if (err > 0)
			n++;
	}
	closedir(dir);
	return err < 0 ? err : n;
}

KIPC_EXPORT int kipc_trace_attach(struct kipc_trace **trace, pid_t pid,
				  const struct kipc_trace_options *options)
{
	struct kipc_trace_proc proc;
	int err;

	if (!trace)
		return -EINVAL;
	err = kipc_trace_new(trace, options);
	if (err)
		return err;
	(*trace)->pid = pid;
	err = pid <= 0 || pid == getpid() ? -EINVAL : kipc_trace_proc(pid, &proc);
	if (!err && proc.pid != pid)
		err = -ENOENT;
	if (!err) {
		do
			err = kipc_trace_add_threads(*trace);
		while (err > 0);
		if (!err && !(*trace)->tracees)
			err = -ENOENT;
	}
	if (err) {
		kipc_trace_close(*trace);
		*trace = NULL;
	}
	return err;
}

/* ---- starting ---- */

/* The child: wait until @go has a byte, then be the program. */
static void kipc_trace_child(char *const argv[], int go, int why)
{
	int err = 0;
	char byte;

	if (read(go, &byte, 1) == 1) {
		execvp(argv[0], argv);
		err = errno;
		if (write(why, &err, sizeof(err)) < 0)
			_exit(126);
	}
	_exit(127);
}

/* Wait for the exec, or for the child's word on why there is none. */
static int kipc_trace_first(struct kipc_trace *trace, int why)
{
	struct kipc_trace_event *event = &trace->first;
	int err, reason;

	for (;;) {
		err = kipc_trace_wait(trace, event, KIPC_FOREVER);
		if (err == -EINTR)
			continue;
		if (err)
			return err;
		if (event->kind == KIPC_TRACE_EXEC || event->kind == KIPC_TRACE_ENDED)
			break;
		kipc_trace_resume(trace, event->tid, KIPC_TRACE_TO_EVENT);
	}
	if (event->kind == KIPC_TRACE_EXEC) {
		trace->has_first = true;
		return 0;
	}
	/* Killed before it could say anything? */
	return read(why, &reason, sizeof(reason)) == sizeof(reason) ? -reason : -EPIPE;
}

/* @go and @why are pipes; the parent reads @go too, so that writing raises no SIGPIPE. */
static int kipc_trace_start(struct kipc_trace *trace, char *const argv[], const int go[2],
			    const int why[2])
{
	int err;

	trace->pid = fork();
	if (trace->pid < 0)
		return -errno;
	if (!trace->pid) {
		close(go[1]);
		kipc_trace_child(argv, go[0], why[1]);
	}
	err = kipc_trace_seize(trace, trace->pid);
	if (!err && !kipc_tracee_add(trace, trace->pid, trace->pid))
		err = -ENOMEM;
	if (err) {
		kill(trace->pid, SIGKILL);
		waitpid(trace->pid, NULL, __WALL);
		return err;
	}
	/* An empty pipe has room. */
	if (write(go[1], "", 1) != 1)
		kill(trace->pid, SIGKILL);
	fcntl(why[0], F_SETFL, O_NONBLOCK);
	return kipc_trace_first(trace, why[0]);
}

static void kipc_close_pipe(const int fds[2])
{
	close(fds[0]);
	close(fds[1]);
}

KIPC_EXPORT int kipc_trace_spawn(struct kipc_trace **trace, char *const argv[],
				 const struct kipc_trace_options *options)
{
	int go[2], why[2], err;

	if (!trace)
		return -EINVAL;
	*trace = NULL;
	if (!argv || !argv[0])
		return -EINVAL;
	err = kipc_trace_new(trace, options);
	if (err)
		return err;
	err = pipe2(go, O_CLOEXEC) ? -errno : 0;
	if (err)
		goto err_close;
	err = pipe2(why, O_CLOEXEC) ? -errno : 0;
	if (!err) {
		err = kipc_trace_start(*trace, argv, go, why);
		kipc_close_pipe(why);
	}
	kipc_close_pipe(go);
	if (!err)
		return 0;

err_close:
	kipc_trace_close(*trace);
	*trace = NULL;
	return err;
}
