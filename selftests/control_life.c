// SPDX-License-Identifier: GPL-2.0
/*
 * Process control: how a trace ends, on either side, and what must not be possible.
 */
#include "control_test.h"

/* ---- ends ---- */

TEST_F(victim, tracee_dies_where_it_stands)
{
	struct kipc_trace_regs regs = KIPC_TRACE_REGS_INIT;
	struct kipc_trace_event event;
	struct kipc_trace *trace;
	pid_t pid = victim_start(wait_for_result);
	char byte;

	ASSERT_EQ(0, kipc_trace_attach(&trace, pid, NULL));
	ASSERT_EQ(0, kipc_trace_stop(trace, 0));
	ASSERT_EQ(0, kipc_trace_wait(trace, &event, LONG));
	kill(pid, SIGKILL);
	ASSERT_TRUE(await_state(pid, 'Z'));
	EXPECT_EQ(-EPIPE, kipc_trace_resume(trace, pid, KIPC_TRACE_TO_EVENT));
	EXPECT_EQ(-EPIPE, kipc_trace_get_regs(trace, pid, &regs));
	EXPECT_EQ(-EPIPE, kipc_trace_read(trace, pid, (uintptr_t)&result, &byte, 1));
	ASSERT_EQ(0, kipc_trace_wait(trace, &event, LONG));
	EXPECT_EQ(KIPC_TRACE_ENDED, event.kind);
	EXPECT_EQ(SIGKILL, event.signo);
	EXPECT_EQ(-ENOENT, kipc_trace_resume(trace, pid, KIPC_TRACE_TO_EVENT));
	EXPECT_EQ(-EPIPE, kipc_trace_wait(trace, &event, KIPC_FOREVER));
	kipc_trace_close(trace);
}

TEST_F(victim, tracee_dies_and_the_trace_is_closed)
{
	struct kipc_trace_event event;
	struct kipc_trace *trace;
	pid_t pid;
	int i;

	for (i = 0; i < 2; i++) {
		pid = victim_start(wait_for_result);
		ASSERT_EQ(0, kipc_trace_attach(&trace, pid, NULL));
		if (i) {
			kipc_trace_stop(trace, 0);
			ASSERT_EQ(0, kipc_trace_wait(trace, &event, LONG));
		}
		kill(pid, SIGKILL);
		ASSERT_TRUE(await_state(pid, 'Z'));
		EXPECT_EQ(0, kipc_trace_close(trace));
	}
}

TEST_F(victim, stop_by_job_control_is_kept_over_letting_go)
{
	struct kipc_trace_event event;
	struct kipc_trace *trace;
	pid_t pid = victim_start(wait_for_result);
	int i;

	ASSERT_EQ(0, begin(&trace, pid, KIPC_TRACE_TO_EVENT, 0));
	kill(pid, SIGSTOP);
	ASSERT_EQ(0, until(trace, &event, KIPC_TRACE_PAUSED, SIGSTOP, KIPC_TRACE_TO_EVENT));
	/* Left to job control, and continued by it. */
	ASSERT_EQ(0, kipc_trace_resume(trace, pid, KIPC_TRACE_TO_EVENT));
	EXPECT_EQ(-EAGAIN, kipc_trace_wait(trace, &event, KIPC_NOW));
	kill(pid, SIGCONT);
	ASSERT_EQ(0, until(trace, &event, KIPC_TRACE_SIGNAL, SIGCONT, KIPC_TRACE_TO_EVENT));
	ASSERT_EQ(0, kipc_trace_resume(trace, pid, KIPC_TRACE_TO_EVENT));

	kill(pid, SIGSTOP);
	ASSERT_EQ(0, until(trace, &event, KIPC_TRACE_PAUSED, SIGSTOP, KIPC_TRACE_TO_EVENT));
	kipc_trace_close(trace);
	EXPECT_TRUE(await_state(pid, 'T'));

	/* And traced from there, or left to job control in between. */
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, kipc_trace_attach(&trace, pid, NULL));
		kipc_trace_stop(trace, 0);
		ASSERT_EQ(0, until(trace, &event, KIPC_TRACE_PAUSED, SIGSTOP,
				   KIPC_TRACE_TO_EVENT));
		if (i)
			ASSERT_EQ(0, kipc_trace_resume(trace, pid, KIPC_TRACE_TO_EVENT));
		kipc_trace_close(trace);
		EXPECT_TRUE(await_state(pid, 'T'));
	}
	kill(pid, SIGCONT);
	kill(pid, SIGTERM);
	EXPECT_EQ(128 + SIGTERM, exit_status(pid));
}

/* Wait for a process that is no child of ours. */
static bool await_end(pid_t pid)
{
	int i;

	for (i = 0; i < 10000 && !kill(pid, 0) && state_of(pid) != 'Z'; i++)
		nap(KIPC_MS(1));
	return i < 10000;
}

TEST_F(victim, tracer_is_killed_and_the_tracee_goes_on_or_dies_as_asked)
{
	struct kipc_trace_options options = KIPC_TRACE_OPTIONS_INIT;
	struct kipc_trace_event event;
	struct kipc_trace *trace;
	pid_t pid, tracer;
	int i;

	for (i = 0; i < 2; i++) {
		options.flags = i ? KIPC_TRACE_OPT_KILL : 0;
		pid = victim_start(wait_for_result);
		tracer = fork();
		ASSERT_LE(0, tracer);
		if (!tracer) {
			if (kipc_trace_attach(&trace, pid, &options) || kipc_trace_stop(trace, 0) ||
			    kipc_trace_wait(trace, &event, LONG))
				_exit(1);
			kill(getpid(), SIGKILL);
		}
		EXPECT_EQ(128 + SIGKILL, exit_status(tracer));
		if (i) {
			EXPECT_TRUE(await_end(pid));
		} else {
			EXPECT_TRUE(await_state(pid, 'S'));
			kill(pid, SIGKILL);
		}
		EXPECT_EQ(128 + SIGKILL, exit_status(pid));
	}
}

/* ---- what must not be ---- */

TEST_F(victim, second_tracer_eperm)
{
	struct kipc_trace *trace, *second;
	pid_t pid = victim_start(wait_for_result), child;

	ASSERT_EQ(0, kipc_trace_attach(&trace, pid, NULL));
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(-kipc_trace_attach(&second, pid, NULL));
	EXPECT_EQ(EPERM, exit_status(child));
	kipc_trace_close(trace);
	ASSERT_EQ(0, kipc_trace_attach(&trace, pid, NULL));
	kipc_trace_close(trace);
	kill(pid, SIGKILL);
	exit_status(pid);
}

TEST_F(victim, ordinary_user_and_a_process_of_roots_eperm)
{
	struct kipc_trace *trace;
	char why[256];
	pid_t pid, child;

	if (geteuid())
		SKIP(return, "needs root");
	pid = victim_start(wait_for_result);
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		if (setresgid(1000, 1000, 1000) || setresuid(1000, 1000, 1000))
			_exit(99);
		_exit(-kipc_trace_attach(&trace, pid, NULL));
	}
	EXPECT_EQ(EPERM, exit_status(child));
	EXPECT_NE(NULL, strstr(kipc_explain("trace:1", -EPERM, why, sizeof(why)), "yama"));
	kill(pid, SIGKILL);
	exit_status(pid);
}

static void *thread_waits(void *arg)
{
	pid_t *tid = arg;

	__atomic_store_n(tid, gettid(), __ATOMIC_RELEASE);
	while (!told(&result))
		nap(KIPC_MS(1));
	return NULL;
}

TEST_F(victim, no_such_process_enoent_and_bad_input_einval)
{
	struct kipc_trace_options options = KIPC_TRACE_OPTIONS_INIT;
	struct kipc_trace *trace;
	pthread_t thread;
	pid_t tid = 0, pid = victim_start(tell_result);

	kill(pid, SIGKILL);
	ASSERT_TRUE(await_state(pid, 'Z'));
	EXPECT_EQ(-ENOENT, kipc_trace_attach(&trace, pid, NULL));
	EXPECT_EQ(NULL, trace);
	exit_status(pid);
	EXPECT_EQ(-ENOENT, kipc_trace_attach(&trace, pid, NULL));
	EXPECT_EQ(-EINVAL, kipc_trace_attach(&trace, getpid(), NULL));
	EXPECT_EQ(-EINVAL, kipc_trace_attach(&trace, 0, NULL));
	EXPECT_EQ(-EINVAL, kipc_trace_attach(&trace, -1, NULL));
	EXPECT_EQ(-EINVAL, kipc_trace_attach(NULL, 1, NULL));
	options.flags = 1U << 31;
	EXPECT_EQ(-EINVAL, kipc_trace_attach(&trace, 1, &options));
	options.flags = 0;
	options.size = 3;
	EXPECT_EQ(-EINVAL, kipc_trace_attach(&trace, 1, &options));
	EXPECT_EQ(-EINVAL, kipc_trace_wait(NULL, NULL, KIPC_NOW));
	EXPECT_EQ(-EINVAL, kipc_trace_resume(NULL, 0, 0));
	EXPECT_EQ(-EINVAL, kipc_trace_stop(NULL, 0));
	EXPECT_EQ(-EINVAL, kipc_trace_pid(NULL));
	EXPECT_EQ(0, kipc_trace_close(NULL));

	/* A thread is no process. */
	ASSERT_EQ(0, pthread_create(&thread, NULL, thread_waits, &tid));
	while (!__atomic_load_n(&tid, __ATOMIC_ACQUIRE))
		nap(KIPC_MS(1));
	EXPECT_EQ(-ENOENT, kipc_trace_attach(&trace, tid, NULL));
	__atomic_store_n(&result, 1, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
}

TEST_F(victim, running_thread_eagain)
{
	struct kipc_trace_regs regs = KIPC_TRACE_REGS_INIT;
	struct kipc_trace *trace;
	pid_t pid = victim_start(wait_for_result);

	ASSERT_EQ(0, kipc_trace_attach(&trace, pid, NULL));
	EXPECT_EQ(-EAGAIN, kipc_trace_get_regs(trace, pid, &regs));
	EXPECT_EQ(-EAGAIN, kipc_trace_set_regs(trace, pid, &regs));
	EXPECT_EQ(-EAGAIN, kipc_trace_get_raw(trace, pid, &regs, 8));
	EXPECT_EQ(-EAGAIN, kipc_trace_answer(trace, pid, 0));
	EXPECT_EQ(-EAGAIN, kipc_trace_resume(trace, pid, KIPC_TRACE_TO_EVENT));
	EXPECT_EQ(-EAGAIN, kipc_trace_set_signal(trace, pid, 0));
	EXPECT_EQ(-EINVAL, kipc_trace_resume(trace, pid, 3));
	EXPECT_EQ(-ENOENT, kipc_trace_resume(trace, 1, 0));
	EXPECT_EQ(0, kipc_trace_resume(trace, 0, KIPC_TRACE_TO_EVENT));	/* none */
	kipc_trace_close(trace);
	kill(pid, SIGKILL);
	exit_status(pid);
}

static void *use_it(void *trace)
{
	struct kipc_trace_event event;
	pid_t tid;
	bool ok;

	ok = kipc_trace_wait(trace, &event, KIPC_NOW) == -EPERM &&
	     kipc_trace_stop(trace, 0) == -EPERM && kipc_trace_resume(trace, 0, 0) == -EPERM &&
	     kipc_trace_threads(trace, &tid, 1) == -EPERM && kipc_trace_close(trace) == -EPERM;
	return ok ? trace : NULL;
}

static void *attach_it(void *pid)
{
	struct kipc_trace *trace;

	return kipc_trace_attach(&trace, *(pid_t *)pid, NULL) ? NULL : trace;
}

TEST_F(victim, only_the_tracing_thread_may_use_a_trace)
{
	struct kipc_trace *trace;
	pid_t pid = victim_start(wait_for_result), child;
	pthread_t thread;
	void *same;

	ASSERT_EQ(0, kipc_trace_attach(&trace, pid, NULL));
	ASSERT_EQ(0, pthread_create(&thread, NULL, use_it, trace));
	pthread_join(thread, &same);
	EXPECT_EQ(trace, same);
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(kipc_trace_stop(trace, 0) != -EPERM || kipc_trace_close(trace));
	EXPECT_EQ(0, exit_status(child));
	EXPECT_EQ(0, kipc_trace_stop(trace, 0));
	kipc_trace_close(trace);

	/* A thread that ends lets all go, and its trace can be freed by others. */
	ASSERT_EQ(0, pthread_create(&thread, NULL, attach_it, &pid));
	pthread_join(thread, &same);
	ASSERT_NE(NULL, same);
	EXPECT_EQ(0, kipc_trace_close(same));
	EXPECT_TRUE(await_state(pid, 'S'));
	kill(pid, SIGKILL);
	exit_status(pid);
}

TEST_F(victim, wait_in_vain_etimedout_eintr)
{
	struct kipc_trace_event event;
	struct kipc_trace *trace;
	pid_t pid = victim_start(wait_for_result);
	int64_t start = now_ns();

	ASSERT_EQ(0, kipc_trace_attach(&trace, pid, NULL));
	EXPECT_EQ(-ETIMEDOUT, kipc_trace_wait(trace, &event, SOON));
	EXPECT_LE(SOON, now_ns() - start);
	alarm_start();
	EXPECT_EQ(-EINTR, kipc_trace_wait(trace, &event, KIPC_FOREVER));
	EXPECT_EQ(-EINTR, kipc_trace_wait(trace, &event, LONG));
	alarm_stop();
	kipc_trace_close(trace);
	kill(pid, SIGKILL);
	exit_status(pid);
}

TEST_HARNESS_MAIN
