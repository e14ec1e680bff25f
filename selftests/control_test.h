/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of process control share: a victim, and how to get at it.
 *
 * A victim is a fork of the test, so that its variables and functions are at the same
 * addresses; it begins when its "go" is written into its memory.
 */
#ifndef CONTROL_TEST_H
#define CONTROL_TEST_H

#include <sys/prctl.h>
#include <sys/syscall.h>

#include "lib_test.h"
#include <kipc_control.h>

/* Written from outside: to be read with told(). */
static int go, result;

static inline int told(const int *what)
{
	return __atomic_load_n(what, __ATOMIC_ACQUIRE);
}

static inline pid_t victim_start(int (*fn)(void))
{
	pid_t parent = getpid(), pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(99);
	while (!told(&go))
		nap(KIPC_MS(1));
	_exit(fn());
}

/* Attach, stop, say go, go on. */
static inline int begin(struct kipc_trace **trace, pid_t pid, uint32_t goal, uint32_t flags)
{
	struct kipc_trace_options options = KIPC_TRACE_OPTIONS_INIT;
	struct kipc_trace_event event;
	int one = 1, err;

	options.flags = flags;
	err = kipc_trace_attach(trace, pid, &options);
	if (err)
		return err;
	if (kipc_trace_stop(*trace, 0) || kipc_trace_wait(*trace, &event, LONG) ||
	    event.kind != KIPC_TRACE_STOP || event.tid != pid || event.pid != pid)
		return -1;
	if (kipc_trace_write(*trace, 0, (uintptr_t)&go, &one, sizeof(one)) != sizeof(one))
		return -2;
	return kipc_trace_resume(*trace, pid, goal);
}

/* Let it go on until that event, of that system call or signal. */
static inline int until(struct kipc_trace *trace, struct kipc_trace_event *event, uint32_t kind,
			int number, uint32_t goal)
{
	for (;;) {
		int err = kipc_trace_wait(trace, event, LONG);

		if (err || (event->kind == kind && (number < 0 || number == event->signo ||
						    number == event->nr)))
			return err;
		if (event->kind == KIPC_TRACE_ENDED)
			return -1;
		err = kipc_trace_resume(trace, event->tid, goal);
		if (err)
			return err;
	}
}

static inline int ended(struct kipc_trace *trace, struct kipc_trace_event *event)
{
	return until(trace, event, KIPC_TRACE_ENDED, -1, KIPC_TRACE_TO_EVENT);
}

static inline char state_of(pid_t pid)
{
	char path[64], text[512], *at;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n < 0 ? 0 : n] = 0;
	at = strrchr(text, ')');
	return at ? at[2] : 0;
}

/* To be seen in that state once. */
static inline bool await_state(pid_t pid, char state)
{
	int i;

	for (i = 0; i < 10000; i++) {
		if (state_of(pid) == state)
			return true;
		nap(KIPC_MS(1));
	}
	return false;
}

static inline int tell_result(void)
{
	return told(&result);
}

static inline int wait_for_result(void)
{
	while (!told(&result))
		nap(KIPC_MS(1));
	return told(&result);
}

/* What an instrument runs is not what was written: it has more threads, other code. */
static inline bool instrumented(void)
{
#ifdef __SANITIZE_THREAD__
	return true;
#endif
	return on_valgrind();
}

FIXTURE(victim)
{
	int descriptors;
};

FIXTURE_SETUP(victim)
{
	if (instrumented())
		SKIP(return, "an instrument is in the way");
	self->descriptors = open_descriptors();
}

FIXTURE_TEARDOWN(victim)
{
	if (self->descriptors)
		EXPECT_EQ(self->descriptors, open_descriptors());
}

#endif /* CONTROL_TEST_H */
