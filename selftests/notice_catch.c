// SPDX-License-Identifier: GPL-2.0
/*
 * Signals as notices, caught with a handler: who has it, who had it before, and what
 * waits meanwhile.
 */
#include <sys/syscall.h>

#include "lib_test.h"
#include <kipc_notice.h>

static bool no_pidfd(void)
{
	int fd = syscall(SYS_pidfd_open, getpid(), 0);

	close(fd);
	return fd < 0;
}

static uint64_t caught_value;
static int caught_count;

static void on_notice(const struct kipc_notice_event *event, void *user)
{
	__atomic_store_n(&caught_value, event->value + *(int *)user, __ATOMIC_RELAXED);
	__atomic_fetch_add(&caught_count, 1, __ATOMIC_RELEASE);
}

static int caught(void)
{
	return __atomic_load_n(&caught_count, __ATOMIC_ACQUIRE);
}

TEST(handler_is_called_with_the_value)
{
	struct kipc_notice_options options = KIPC_NOTICE_OPTIONS_INIT;
	struct kipc_notice *notice, *second, *target;
	int user = 1000;
	pid_t child;

	if (no_pidfd())
		SKIP(return, "no pidfd_open()");
	options.flags = KIPC_NOTICE_OPT_RESTART;	/* exit_status() */
	ASSERT_EQ(0, kipc_notice_catch(&notice, "signal:RTMIN+4", on_notice, &user, &options));
	EXPECT_EQ(-EBUSY, kipc_notice_catch(&second, "signal:RTMIN+4", on_notice, &user, NULL));
	EXPECT_EQ(-EOPNOTSUPP, kipc_notice_wait(notice, NULL, KIPC_NOW));
	EXPECT_EQ(-EOPNOTSUPP, kipc_notice_fd(notice));
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(kipc_notice_target(&target, "signal:RTMIN+4", getppid()) ||
		      kipc_notice_raise(target, 42));
	EXPECT_EQ(0, exit_status(child));
	EXPECT_EQ(1, caught());
	EXPECT_EQ(1042, caught_value);
	kipc_notice_close(notice);
}

TEST(close_puts_the_former_handler_back)
{
	struct kipc_notice *notice;
	struct sigaction action;
	int user = 0;

	signal(SIGUSR1, on_alarm);
	ASSERT_EQ(0, kipc_notice_catch(&notice, "signal:USR1", on_notice, &user, NULL));
	raise(SIGUSR1);
	EXPECT_EQ(1, caught());
	kipc_notice_close(notice);
	raise(SIGUSR1);
	EXPECT_EQ(1, caught());
	sigaction(SIGUSR1, NULL, &action);
	EXPECT_TRUE(action.sa_handler == on_alarm);
	/* And again. */
	ASSERT_EQ(0, kipc_notice_catch(&notice, "signal:USR1", on_notice, &user, NULL));
	raise(SIGUSR1);
	EXPECT_EQ(2, caught());
	kipc_notice_close(notice);
}

TEST(close_leaves_a_later_handler_alone_and_passes_on_to_the_former)
{
	struct sigaction ours, action;
	struct kipc_notice *notice;
	int user = 0;

	signal(SIGUSR1, SIG_IGN);
	ASSERT_EQ(0, kipc_notice_catch(&notice, "signal:USR1", on_notice, &user, NULL));
	sigaction(SIGUSR1, NULL, &ours);
	signal(SIGUSR1, on_alarm);
	kipc_notice_close(notice);
	sigaction(SIGUSR1, NULL, &action);
	EXPECT_TRUE(action.sa_handler == on_alarm);
	sigaction(SIGUSR1, &ours, NULL);	/* as one does who had saved it */
	raise(SIGUSR1);
	EXPECT_EQ(0, caught());
	ASSERT_EQ(0, kipc_notice_catch(&notice, "signal:USR1", on_notice, &user, NULL));
	raise(SIGUSR1);
	EXPECT_EQ(1, caught());
	kipc_notice_close(notice);
	sigaction(SIGUSR1, NULL, &action);
	EXPECT_TRUE(action.sa_handler == SIG_IGN);
}

TEST(wait_in_the_kernel_is_interrupted_or_restarted)
{
	struct kipc_notice_options options = KIPC_NOTICE_OPTIONS_INIT;
	struct kipc_notice *notice;
	int user = 0, fds[2], i;
	ssize_t n;
	char byte;
	pid_t child;

	for (i = 0; i < 2; i++) {
		options.flags = i ? KIPC_NOTICE_OPT_RESTART : 0;
		ASSERT_EQ(0, pipe(fds));
		ASSERT_EQ(0, kipc_notice_catch(&notice, "signal:USR1", on_notice, &user,
					       &options));
		child = fork();
		ASSERT_LE(0, child);
		if (!child) {
			/* Long enough for the parent to sleep; else it sees no signal. */
			for (; getppid() != 1; nap(SOON)) {
				kill(getppid(), SIGUSR1);
				if (i && write(fds[1], "x", 1) != 1)
					break;
			}
			_exit(0);
		}
		n = read(fds[0], &byte, 1);
		EXPECT_TRUE(i ? n == 1 : n < 0 && errno == EINTR);
		kill(child, SIGKILL);
		exit_status(child);
		EXPECT_LT(0, caught());
		kipc_notice_close(notice);
		close(fds[0]);
		close(fds[1]);
	}
}

TEST(catching_bad_input)
{
	struct kipc_notice_options options = KIPC_NOTICE_OPTIONS_INIT;
	struct kipc_notice *notice;

	EXPECT_EQ(-EINVAL, kipc_notice_catch(&notice, "signal:USR1", NULL, NULL, NULL));
	EXPECT_EQ(-EINVAL, kipc_notice_catch(&notice, "signal:", on_notice, NULL, NULL));
	EXPECT_EQ(-EINVAL, kipc_notice_catch(&notice, "signal:KILL", on_notice, NULL, NULL));
	EXPECT_EQ(-EINVAL, kipc_notice_catch(&notice, "signal:SEGV", on_notice, NULL, NULL));
	EXPECT_EQ(-EOPNOTSUPP, kipc_notice_catch(&notice, "eventfd:", on_notice, NULL, NULL));
	options.flags = KIPC_NOTICE_OPT_SEMAPHORE;
	EXPECT_EQ(-EINVAL, kipc_notice_catch(&notice, "signal:USR1", on_notice, NULL, &options));
}

/* Handlers and opening and closing in several threads: for ThreadSanitizer, too. */
static void *catch_and_close(void *arg)
{
	struct kipc_notice *notice;
	int user = 0, i;

	for (i = 0; i < 300; i++) {
		if (kipc_notice_catch(&notice, arg, on_notice, &user, NULL))
			return (void *)1;
		raise(SIGUSR1);
		raise(SIGUSR2);
		kipc_notice_close(notice);
	}
	return NULL;
}

TEST(handlers_come_and_go_while_signals_are_raised)
{
	pthread_t threads[2];
	void *result;
	int i;

	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, SIG_IGN);
	ASSERT_EQ(0, pthread_create(&threads[0], NULL, catch_and_close, "signal:USR1"));
	ASSERT_EQ(0, pthread_create(&threads[1], NULL, catch_and_close, "signal:USR2"));
	for (i = 0; i < 2; i++) {
		pthread_join(threads[i], &result);
		EXPECT_EQ(NULL, result);
	}
	EXPECT_LE(600, caught());
}

TEST_HARNESS_MAIN
