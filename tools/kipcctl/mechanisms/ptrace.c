// SPDX-License-Identifier: GPL-2.0
/* ptrace(2): a process that is stopped, looked into and changed by another */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "table.h"

static long word = 0x1234;

/* It was forked by somebody else's side: not a child of its tracer. */
static int be_traced(struct trial *trial, void *arg)
{
	(void)arg;
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
	trial->stage->server = getpid();
	tell(trial, STEP_OWN);
	while (__atomic_load_n(&word, __ATOMIC_RELAXED) == 0x1234)
		nap(1);
	trial->stage->value[0] = __atomic_load_n(&word, __ATOMIC_RELAXED);
	tell(trial, STEP_OWN + 5);
	return await(trial, STEP_OWN + 9);
}

/* Attach, and stop it. */
static int seize(pid_t pid)
{
	int status;

	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) || ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) ||
	    waitpid(pid, &status, __WALL) != pid)
		return -errno;
	return WIFSTOPPED(status) ? 0 : -EPROTO;
}

static int trace(struct trial *trial, pid_t *pid)
{
	int err;

	*pid = fork_peer(trial, be_traced, NULL);
	err = *pid < 0 ? *pid : await(trial, STEP_OWN);
	return err ? err : seize(*pid);
}

/* ---- unrelated: the tracer is a process that is not its parent ---- */

static int trace_sibling(struct trial *trial, void *arg)
{
	(void)arg;
	await(trial, STEP_OWN);
	trial->stage->value[1] = seize(trial->stage->server);
	tell(trial, STEP_OWN + 1);
	return await(trial, STEP_OWN + 9);
}

static int ptrace_unrelated(struct trial *trial)
{
	pid_t tracer = fork_peer(trial, trace_sibling, NULL);
	pid_t tracee = tracer < 0 ? tracer : fork_peer(trial, be_traced, NULL);
	int err = tracee < 0 ? tracee : await(trial, STEP_OWN + 1);

	if (err)
		return err;
	if (trial->stage->value[1] == -EPERM)
		return found(trial, "no", "a process that is not the parent: EPERM (Yama?)");
	if (trial->stage->value[1])
		return bad(trial, (int)trial->stage->value[1], "seize");
	return found(trial, "yes", "a process that is not the parent attached and stopped it");
}

/* ---- direction ---- */

static int ptrace_direction(struct trial *trial)
{
	const long changed = 0x4321;
	pid_t pid;
	long seen;
	int err = trace(trial, &pid);

	if (err)
		return bad(trial, err, "seize");
	errno = 0;
	seen = ptrace(PTRACE_PEEKDATA, pid, &word, NULL);
	if (errno || seen != 0x1234)
		return bad(trial, errno ? -errno : -EPROTO, "PTRACE_PEEKDATA");
	if (ptrace(PTRACE_POKEDATA, pid, &word, (void *)changed) ||
	    ptrace(PTRACE_CONT, pid, NULL, NULL))
		return bad(trial, -errno, "PTRACE_POKEDATA");
	err = await(trial, STEP_OWN + 5);
	if (err)
		return err;
	return found(trial, trial->stage->value[0] == changed ? "full" : "1-way",
		     "its memory was read, and written, and it saw that");
}

/* ---- many ---- */

static int ptrace_many(struct trial *trial)
{
	pid_t tracer, tracee;
	int err = trace(trial, &tracee);

	if (err)
		return bad(trial, err, "seize");
	tracer = fork_peer(trial, trace_sibling, NULL);
	err = tracer < 0 ? tracer : await(trial, STEP_OWN + 1);
	if (err)
		return err;
	return found(trial, trial->stage->value[1] ? "1" : "n", "a second tracer: %s",
		     trial->stage->value[1] ? error_name((int)trial->stage->value[1]) :
		     "attached too");
}

static int ptrace_pollable(struct trial *trial)
{
	struct pollfd one = { .events = POLLIN };
	pid_t pid;
	int err = trace(trial, &pid), n;

	if (err)
		return bad(trial, err, "seize");
	one.fd = (int)syscall(SYS_pidfd_open, pid, 0);
	n = poll(&one, 1, 20);
	return found(trial, n > 0 ? "yes" : "no", "it had stopped; poll() of its pidfd said %d", n);
}

static int ptrace_unprivileged(struct trial *trial)
{
	pid_t pid;
	int err = drop_privileges();

	if (!err)
		err = trace(trial, &pid);
	if (err == -EPERM)
		return found(trial, "no", "user %d: EPERM", (int)geteuid());
	if (err)
		return bad(trial, err, "seize");
	return found(trial, "yes", "user %d stopped a process of its own", (int)geteuid());
}

static int seize_from_elsewhere(struct trial *trial, void *arg)
{
	(void)arg;
	trial->stage->value[1] = seize(trial->stage->server);
	tell(trial, STEP_OWN + 1);
	return 0;
}

static int ptrace_machines(struct trial *trial)
{
	pid_t pid;
	int err;

	if (geteuid())
		return untried(trial, "needs privileges: another machine is made of namespaces");
	pid = fork_peer(trial, be_traced, NULL);
	err = pid < 0 ? pid : await(trial, STEP_OWN);
	if (!err)
		err = in_other_pids(trial, seize_from_elsewhere);
	if (!err)
		err = await(trial, STEP_OWN + 1);
	if (err)
		return err;
	return found(trial, trial->stage->value[1] ? "no" : "yes", "from other process numbers: %s",
		     trial->stage->value[1] ? error_name((int)trial->stage->value[1]) : "attached");
}

static int ptrace_death(struct trial *trial)
{
	pid_t pid;
	int err = trace(trial, &pid), status = 0;

	if (err)
		return bad(trial, err, "seize");
	if (kill(pid, SIGKILL) || waitpid(pid, &status, __WALL) != pid)
		return bad(trial, -errno, "wait");
	return found(trial, WIFSIGNALED(status) ? "yes" : "no",
		     "killed who was traced: waitpid() told of signal %d", WTERMSIG(status));
}

const struct mechanism mechanism_ptrace = {
	.scheme = "ptrace",
	.about = "process control: ptrace(2)",
	.family = FAMILY_CONTROL,
	.own = {
		[CELL_DIRECTION] = ptrace_direction,
		[CELL_UNRELATED] = ptrace_unrelated,
		[CELL_MANY] = ptrace_many,
		[CELL_POLLABLE] = ptrace_pollable,
		[CELL_MACHINES] = ptrace_machines,
		[CELL_UNPRIVILEGED] = ptrace_unprivileged,
		[CELL_DEATH] = ptrace_death,
	},
};
