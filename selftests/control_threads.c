// SPDX-License-Identifier: GPL-2.0
/* Process control: threads, children, and the programs that a process runs. */
#include "control_test.h"

static void *sleep_on(void *arg)
{
	while (!told(&result))
		nap(KIPC_MS(1));
	return NULL;
}

static int three_threads(void)
{
	pthread_t threads[3];
	int i;

	for (i = 0; i < 3; i++)
		if (pthread_create(&threads[i], NULL, sleep_on, NULL))
			return 1;
	for (i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	return 0;
}

static bool await_threads(pid_t pid, int count)
{
	char path[64];
	struct stat st;
	int i;

	/* A directory's links are its subdirectories, and two. */
	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	for (i = 0; i < 10000; i++) {
		if (!stat(path, &st) && st.st_nlink == count + 2)
			return true;
		nap(KIPC_MS(1));
	}
	return false;
}

TEST_F(victim, all_threads_are_attached_to_and_stopped)
{
	struct kipc_trace_event event;
	struct kipc_trace *trace;
	pid_t tids[8], pid;
	int i, one = 1;

	go = 1;
	pid = victim_start(three_threads);
	ASSERT_TRUE(await_threads(pid, 4));
	ASSERT_EQ(0, kipc_trace_attach(&trace, pid, NULL));
	ASSERT_EQ(4, kipc_trace_threads(trace, tids, 8));
	EXPECT_EQ(4, kipc_trace_threads(trace, NULL, 0));
	EXPECT_EQ(-ENOENT, kipc_trace_stop(trace, 1));
	ASSERT_EQ(0, kipc_trace_stop(trace, 0));
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, kipc_trace_wait(trace, &event, i & 1 ? LONG : KIPC_FOREVER));
		EXPECT_EQ(KIPC_TRACE_STOP, event.kind);
		EXPECT_EQ(pid, event.pid);
	}
	for (i = 0; i < 4; i++)
		EXPECT_EQ('t', state_of(tids[i]));
	EXPECT_EQ(0, kipc_trace_stop(trace, 0));	/* they are */
	EXPECT_EQ(-EAGAIN, kipc_trace_wait(trace, &event, KIPC_NOW));
	kipc_trace_write(trace, tids[2], (uintptr_t)&result, &one, sizeof(one));
	EXPECT_EQ(0, kipc_trace_resume(trace, 0, KIPC_TRACE_TO_EVENT));
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, ended(trace, &event));
		EXPECT_EQ(i == 3, event.tid == pid);
	}
	EXPECT_EQ(0, event.status);
	EXPECT_EQ(-EPIPE, kipc_trace_wait(trace, &event, LONG));
	EXPECT_EQ(0, kipc_trace_threads(trace, tids, 8));
	kipc_trace_close(trace);
}

TEST_F(victim, threads_that_were_killed_where_they_stand_are_let_go)
{
	struct kipc_trace_event event;
	struct kipc_trace *trace;
	pid_t pid;
	int i;

	go = 1;
	pid = victim_start(three_threads);
	ASSERT_TRUE(await_threads(pid, 4));
	ASSERT_EQ(0, kipc_trace_attach(&trace, pid, NULL));
	ASSERT_EQ(0, kipc_trace_stop(trace, 0));
	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, kipc_trace_wait(trace, &event, LONG));
	kill(pid, SIGKILL);
	ASSERT_TRUE(await_state(pid, 'Z'));
	EXPECT_EQ(0, kipc_trace_close(trace));
	EXPECT_EQ(-1, waitpid(pid, NULL, 0));
}

TEST_F(victim, new_threads_are_told_of_and_traced)
{
	struct kipc_trace_event event;
	struct kipc_trace *trace;
	int born = 0, ends = 0, first = 0, one = 1;
	pid_t pid = victim_start(three_threads), tids[8], born_ids[3] = { 0 };

	ASSERT_EQ(0, begin(&trace, pid, KIPC_TRACE_TO_EVENT, 0));
	while (born < 3 || first < 3) {
		ASSERT_EQ(0, kipc_trace_wait(trace, &event, LONG));
		if (event.kind == KIPC_TRACE_BORN) {
			EXPECT_EQ(pid, event.tid);
			born_ids[born++] = event.child;
		} else if (event.kind == KIPC_TRACE_STOP) {
			first++;
		}
		ASSERT_EQ(0, kipc_trace_resume(trace, event.tid, KIPC_TRACE_TO_EVENT));
	}
	EXPECT_EQ(4, kipc_trace_threads(trace, tids, 8));
	EXPECT_NE(0, born_ids[2]);
	kipc_trace_write(trace, 0, (uintptr_t)&result, &one, sizeof(one));
	while (!kipc_trace_wait(trace, &event, LONG)) {
		ends += event.kind == KIPC_TRACE_ENDED;
		if (event.kind != KIPC_TRACE_ENDED)
			kipc_trace_resume(trace, event.tid, KIPC_TRACE_TO_EVENT);
	}
	EXPECT_EQ(4, ends);
	kipc_trace_close(trace);
}

static int fork_one(void)
{
	pid_t child = fork();

	if (!child)
		_exit(raise(SIGUSR1));
	return exit_status(child) == 128 + SIGUSR1 ? 3 : 4;
}

TEST_F(victim, children_are_traced_where_that_is_asked_for)
{
	struct kipc_trace_event event;
	struct kipc_trace *trace;
	pid_t pid = victim_start(fork_one), child = 0;
	bool child_ended = false;

	ASSERT_EQ(0, begin(&trace, pid, KIPC_TRACE_TO_EVENT, KIPC_TRACE_OPT_CHILDREN));
	while (!kipc_trace_wait(trace, &event, LONG)) {
		if (event.kind == KIPC_TRACE_BORN) {
			child = event.child;
		} else if (event.kind == KIPC_TRACE_ENDED && event.tid == pid) {
			EXPECT_EQ(3, event.status);
		} else if (event.kind == KIPC_TRACE_ENDED) {
			EXPECT_EQ(child, event.pid);
			EXPECT_EQ(SIGUSR1, event.signo);
			child_ended = true;
		}
		if (event.kind != KIPC_TRACE_ENDED)
			ASSERT_EQ(0, kipc_trace_resume(trace, event.tid, KIPC_TRACE_TO_EVENT));
	}
	EXPECT_TRUE(child_ended);
	kipc_trace_close(trace);
}

static int fork_two_ways(void)
{
	pid_t child;

	signal(SIGUSR2, SIG_IGN);
	if (fork_one() != 3)
		return 1;
	/* One whose end raises another signal looks like a thread to ptrace. */
	child = syscall(SYS_clone, SIGUSR2 | 0UL, 0, 0, 0, 0);
	if (!child)
		_exit(0);
	return waitpid(child, NULL, __WALL) == child ? 3 : 2;
}

TEST_F(victim, children_are_left_alone_otherwise)
{
	struct kipc_trace_event event;
	struct kipc_trace *trace;
	pid_t pid = victim_start(fork_two_ways);

	ASSERT_EQ(0, begin(&trace, pid, KIPC_TRACE_TO_EVENT, 0));
	for (;;) {
		ASSERT_EQ(0, kipc_trace_wait(trace, &event, LONG));
		EXPECT_NE(KIPC_TRACE_BORN, event.kind);
		EXPECT_EQ(pid, event.tid);
		if (event.kind == KIPC_TRACE_ENDED)
			break;
		ASSERT_EQ(0, kipc_trace_resume(trace, pid, KIPC_TRACE_TO_EVENT));
	}
	EXPECT_EQ(3, event.status);
	kipc_trace_close(trace);
}

static void *exec_sh(void *arg)
{
	execl("/bin/sh", "sh", "-c", "exit 9", NULL);
	return NULL;
}

static int exec_in_a_thread(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, exec_sh, NULL);
	pthread_join(thread, NULL);
	return 1;
}

TEST_F(victim, exec_by_another_thread_goes_on_as_the_first)
{
	struct kipc_trace_event event;
	struct kipc_trace *trace;
	pid_t pid = victim_start(exec_in_a_thread), tids[4];

	ASSERT_EQ(0, begin(&trace, pid, KIPC_TRACE_TO_EVENT, 0));
	ASSERT_EQ(0, until(trace, &event, KIPC_TRACE_EXEC, -1, KIPC_TRACE_TO_EVENT));
	EXPECT_EQ(pid, event.tid);
	EXPECT_EQ(1, kipc_trace_threads(trace, tids, 4));
	EXPECT_EQ(pid, tids[0]);
	ASSERT_EQ(0, kipc_trace_resume(trace, pid, KIPC_TRACE_TO_EVENT));
	ASSERT_EQ(0, ended(trace, &event));
	EXPECT_EQ(9, event.status);
	kipc_trace_close(trace);
}

TEST_F(victim, program_is_traced_from_its_first_instruction)
{
	char * const argv[] = { "sh", "-c", "exit 5", NULL };
	struct kipc_trace_event event;
	struct kipc_trace *trace;
	int descriptors = open_descriptors(), calls = 0;

	ASSERT_EQ(0, kipc_trace_spawn(&trace, argv, NULL));
	EXPECT_EQ(descriptors, open_descriptors());
	ASSERT_EQ(0, kipc_trace_wait(trace, &event, KIPC_NOW));
	EXPECT_EQ(KIPC_TRACE_EXEC, event.kind);
	EXPECT_EQ(kipc_trace_pid(trace), event.tid);
	ASSERT_EQ(0, kipc_trace_resume(trace, event.tid, KIPC_TRACE_TO_CALL));
	while (!kipc_trace_wait(trace, &event, KIPC_FOREVER)) {
		calls += event.kind == KIPC_TRACE_CALL;
		if (event.kind == KIPC_TRACE_ENDED)
			break;
		kipc_trace_resume(trace, event.tid, KIPC_TRACE_TO_CALL);
	}
	EXPECT_EQ(5, event.status);
	EXPECT_LT(2, calls);
	EXPECT_EQ(-EPIPE, kipc_trace_wait(trace, &event, LONG));
	kipc_trace_close(trace);
}

TEST_F(victim, program_that_cannot_be_started)
{
	char * const none[] = { "/no/such/program", NULL };
	char * const no_program[] = { "/dev/null", NULL };
	char * const empty[] = { NULL };
	struct kipc_trace *trace;
	int descriptors = open_descriptors();

	EXPECT_EQ(-ENOENT, kipc_trace_spawn(&trace, none, NULL));
	EXPECT_EQ(NULL, trace);
	EXPECT_EQ(-EACCES, kipc_trace_spawn(&trace, no_program, NULL));
	EXPECT_EQ(-EINVAL, kipc_trace_spawn(&trace, empty, NULL));
	EXPECT_EQ(-EINVAL, kipc_trace_spawn(&trace, NULL, NULL));
	EXPECT_EQ(-EINVAL, kipc_trace_spawn(NULL, none, NULL));
	EXPECT_EQ(descriptors, open_descriptors());
	EXPECT_EQ(-1, waitpid(-1, NULL, WNOHANG));
}

TEST_F(victim, other_children_are_nobody_elses_to_wait_for)
{
	struct kipc_trace_event event;
	struct kipc_trace *trace;
	pid_t pid = victim_start(three_threads), other = fork();
	int one = 1, ends = 0;

	ASSERT_LE(0, other);
	if (!other)
		_exit(21);
	ASSERT_TRUE(await_state(other, 'Z'));
	ASSERT_EQ(0, begin(&trace, pid, KIPC_TRACE_TO_EVENT, 0));
	kipc_trace_write(trace, 0, (uintptr_t)&result, &one, sizeof(one));
	/* Several threads and a zombie: the sleep that the zombie disturbs. */
	while (!kipc_trace_wait(trace, &event, KIPC_FOREVER)) {
		ends += event.kind == KIPC_TRACE_ENDED;
		if (event.kind != KIPC_TRACE_ENDED)
			ASSERT_EQ(0, kipc_trace_resume(trace, event.tid, KIPC_TRACE_TO_EVENT));
	}
	EXPECT_EQ(4, ends);
	kipc_trace_close(trace);
	EXPECT_EQ(21, exit_status(other));
}

TEST_HARNESS_MAIN
