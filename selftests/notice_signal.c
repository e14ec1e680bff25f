// SPDX-License-Identifier: GPL-2.0
/*
 * Signals as notices: waited for, raised at another process, queued with their values or
 * lost; who sent them; what is blocked, pending and caught.
 */
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "lib_test.h"
#include <kipc_notice.h>

/* A child that opens @address, says so on its pipe and then does what it is told. */
struct child {
	pid_t pid;
	int said;
};

static int child_say(const struct child *child, char byte)
{
	return write(child->said, &byte, 1) == 1 ? 0 : -1;
}

static char child_said(const struct child *child)
{
	char byte = 0;

	return read(child->said, &byte, 1) == 1 ? byte : 0;
}

/* fork(); a child gets the writing end. */
static struct child child_start(void)
{
	struct child child = { .pid = -1 };
	int fds[2];

	if (pipe(fds))
		return child;
	child.pid = fork();
	child.said = fds[!child.pid];
	close(fds[!!child.pid]);
	return child;
}

static bool blocked(int signo)
{
	sigset_t set;

	pthread_sigmask(SIG_SETMASK, NULL, &set);
	return sigismember(&set, signo);
}

/* A user id that nobody else signals, for limits and permissions. */
static int become(uid_t uid)
{
	return setresgid(uid, uid, uid) || setresuid(uid, uid, uid);
}

static bool no_pidfd(void)
{
	int fd = syscall(SYS_pidfd_open, getpid(), 0);

	close(fd);
	return fd < 0;
}

TEST(names_and_numbers)
{
	char buf[16];

	EXPECT_EQ(SIGUSR1, kipc_signal_number("USR1"));
	EXPECT_EQ(SIGUSR1, kipc_signal_number("SIGUSR1"));
	EXPECT_EQ(SIGUSR1, kipc_signal_number("10"));
	EXPECT_EQ(SIGIO, kipc_signal_number("IO"));
	EXPECT_EQ(SIGIO, kipc_signal_number("POLL"));
	EXPECT_EQ(SIGRTMIN, kipc_signal_number("RTMIN"));
	EXPECT_EQ(SIGRTMIN + 3, kipc_signal_number("SIGRTMIN+3"));
	EXPECT_EQ(SIGRTMAX - 1, kipc_signal_number("RTMAX-1"));
	EXPECT_EQ(SIGRTMAX, kipc_signal_number("64"));
	EXPECT_STREQ("USR1", kipc_signal_name(SIGUSR1, buf, sizeof(buf)));
	EXPECT_STREQ("RTMIN+3", kipc_signal_name(SIGRTMIN + 3, buf, sizeof(buf)));
	EXPECT_STREQ("99", kipc_signal_name(99, buf, sizeof(buf)));
}

TEST(names_that_are_none_einval)
{
	static const char * const bad[] = {
		"", "usr1", "USR3", "0", "32", "33", "65", "-1", "010x", "100", "RTMIN+", "RTMIN-1",
		"RTMIN+31", "RTMAX+1", "RTMAX-31", "RTMIN3", "SIG", "SIGSIGUSR1",
	};
	struct kipc_notice *notice;
	char address[64];
	unsigned int i;

	EXPECT_EQ(-EINVAL, kipc_signal_number(NULL));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		EXPECT_EQ(-EINVAL, kipc_signal_number(bad[i])) TH_LOG("%s", bad[i]);
		snprintf(address, sizeof(address), "signal:%s", bad[i]);
		EXPECT_EQ(-EINVAL, kipc_notice_open(&notice, address, NULL));
		EXPECT_EQ(NULL, notice);
	}
}

TEST(bad_input_is_refused)
{
	struct kipc_notice_options options = KIPC_NOTICE_OPTIONS_INIT;
	struct kipc_notice *notice;
	struct kipc *handle;

	EXPECT_EQ(-EINVAL, kipc_notice_open(NULL, "signal:USR1", NULL));
	EXPECT_EQ(-EINVAL, kipc_notice_open(&notice, NULL, NULL));
	EXPECT_EQ(-EINVAL, kipc_notice_open(&notice, "signal:USR1?mode=600", NULL));
	EXPECT_EQ(-EINVAL, kipc_notice_open(&notice, "signal:KILL", NULL));
	EXPECT_EQ(-EINVAL, kipc_notice_open(&notice, "signal:STOP", NULL));
	EXPECT_EQ(-EOPNOTSUPP, kipc_notice_open(&notice, "pipe:", NULL));
	EXPECT_EQ(-EOPNOTSUPP, kipc_listen(&handle, "signal:USR1", NULL));
	options.flags = 1U << 31;
	EXPECT_EQ(-EINVAL, kipc_notice_open(&notice, "signal:USR1", &options));
	options.flags = 0;
	options.size--;
	EXPECT_EQ(-EINVAL, kipc_notice_open(&notice, "signal:USR1", &options));
	EXPECT_FALSE(blocked(SIGUSR1));
	EXPECT_EQ(-EINVAL, kipc_notice_raise(NULL, 0));
	EXPECT_EQ(-EINVAL, kipc_notice_wait(NULL, NULL, KIPC_NOW));
	EXPECT_EQ(-EINVAL, kipc_notice_fd(NULL));
	EXPECT_EQ(-EINVAL, kipc_notice_pending(NULL));
	EXPECT_EQ(0, kipc_notice_close(NULL));
}

TEST(open_blocks_and_close_restores)
{
	struct kipc_notice *notice, *second;

	ASSERT_EQ(0, kipc_notice_open(&notice, "signal:USR1", NULL));
	EXPECT_TRUE(blocked(SIGUSR1));
	ASSERT_EQ(0, kipc_notice_open(&second, "signal:USR1", NULL));
	kipc_notice_close(notice);
	EXPECT_TRUE(blocked(SIGUSR1));
	kipc_notice_close(second);
	EXPECT_FALSE(blocked(SIGUSR1));
}

TEST(what_was_blocked_before_stays_blocked)
{
	struct kipc_notice *notice;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	ASSERT_EQ(0, kipc_notice_open(&notice, "signal:USR1", NULL));
	raise(SIGUSR1);
	kipc_notice_close(notice);
	EXPECT_TRUE(blocked(SIGUSR1));
	sigpending(&set);
	EXPECT_TRUE(sigismember(&set, SIGUSR1));
}

TEST(pending_ones_are_dropped_by_close)
{
	struct kipc_notice *notice;

	ASSERT_EQ(0, kipc_notice_open(&notice, "signal:RTMIN+1", NULL));
	ASSERT_EQ(0, sigqueue(getpid(), SIGRTMIN + 1, (union sigval){ .sival_int = 1 }));
	ASSERT_EQ(0, sigqueue(getpid(), SIGRTMIN + 1, (union sigval){ .sival_int = 2 }));
	EXPECT_EQ(1, kipc_notice_pending(notice));
	kipc_notice_close(notice);	/* else it would end us */
	EXPECT_FALSE(blocked(SIGRTMIN + 1));
}

TEST(wait_for_none_eagain_etimedout_eintr)
{
	struct kipc_notice_event event;
	struct kipc_notice *notice;
	int64_t start;

	ASSERT_EQ(0, kipc_notice_open(&notice, "signal:USR1", NULL));
	EXPECT_EQ(0, kipc_notice_pending(notice));
	EXPECT_EQ(-EAGAIN, kipc_notice_wait(notice, &event, KIPC_NOW));
	start = now_ns();
	EXPECT_EQ(-ETIMEDOUT, kipc_notice_wait(notice, &event, SOON));
	EXPECT_LE(SOON, now_ns() - start);
	alarm_start();
	EXPECT_EQ(-EINTR, kipc_notice_wait(notice, &event, KIPC_FOREVER));
	EXPECT_EQ(-EINTR, kipc_notice_wait(notice, &event, LONG));
	alarm_stop();
	kipc_notice_close(notice);
}

TEST(real_time_signals_queue_in_order_with_values)
{
	struct kipc_notice_event event;
	struct kipc_notice *notice, *target;
	struct child child;
	uint64_t i;

	if (no_pidfd())
		SKIP(return, "no pidfd_open()");
	ASSERT_EQ(0, kipc_notice_open(&notice, "signal:RTMIN+3", NULL));
	child = child_start();
	ASSERT_LE(0, child.pid);
	if (!child.pid) {
		if (kipc_notice_target(&target, "signal:RTMIN+3", getppid()))
			_exit(1);
		for (i = 0; i < 100; i++)
			if (kipc_notice_raise(target, i << 33 | i))
				_exit(2);
		_exit(0);
	}
	EXPECT_EQ(0, exit_status(child.pid));
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, kipc_notice_wait(notice, &event, LONG));
		ASSERT_EQ(i << 33 | i, event.value);
		ASSERT_EQ(1, event.count);
		ASSERT_EQ(SIGRTMIN + 3, event.signo);
		ASSERT_EQ(SI_QUEUE, event.code);
		ASSERT_EQ(KIPC_NOTICE_KNOWN_PEER, event.known);
		ASSERT_EQ(child.pid, event.pid);
		ASSERT_EQ(getuid(), event.uid);
	}
	EXPECT_EQ(-EAGAIN, kipc_notice_wait(notice, &event, KIPC_NOW));
	kipc_notice_close(notice);
}

TEST(a_hundred_standard_signals_are_one_with_the_first_value)
{
	struct kipc_notice_info info = KIPC_NOTICE_INFO_INIT;
	struct kipc_notice_event event;
	struct kipc_notice *notice, *target;
	struct child child;
	int i;

	if (no_pidfd())
		SKIP(return, "no pidfd_open()");
	ASSERT_EQ(0, kipc_notice_open(&notice, "signal:USR1", NULL));
	ASSERT_EQ(0, kipc_notice_info(notice, &info));
	EXPECT_FALSE(info.can & KIPC_NOTICE_CAN_QUEUED);
	EXPECT_EQ(SIGUSR1, info.signo);
	child = child_start();
	ASSERT_LE(0, child.pid);
	if (!child.pid) {
		if (kipc_notice_target(&target, "signal:USR1", getppid()))
			_exit(1);
		for (i = 1; i <= 100; i++)
			if (kipc_notice_raise(target, i))
				_exit(2);
		_exit(0);
	}
	EXPECT_EQ(0, exit_status(child.pid));
	ASSERT_EQ(0, kipc_notice_wait(notice, &event, LONG));
	EXPECT_EQ(1, event.value);
	EXPECT_EQ(-EAGAIN, kipc_notice_wait(notice, &event, KIPC_NOW));
	kipc_notice_close(notice);

	ASSERT_EQ(0, kipc_notice_scheme_info("signal:RTMIN", &info));
	EXPECT_TRUE(info.can & KIPC_NOTICE_CAN_QUEUED);
	ASSERT_EQ(0, kipc_notice_scheme_info("signal", &info));
	EXPECT_TRUE(info.can & KIPC_NOTICE_CAN_QUEUED);
	EXPECT_EQ(-EINVAL, kipc_notice_scheme_info("signal:NONE", &info));
	EXPECT_EQ(-EINVAL, kipc_notice_scheme_info("pipe", &info));
}

TEST(without_a_value_the_kernel_tells_who_sent_it)
{
	struct kipc_notice_event event;
	struct kipc_notice *notice, *target;
	pid_t child;

	if (no_pidfd())
		SKIP(return, "no pidfd_open()");
	ASSERT_EQ(0, kipc_notice_open(&notice, "signal:USR2", NULL));
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(kipc_notice_target(&target, "signal:USR2", getppid()) ||
		      become(1000) || kipc_notice_raise(target, 0) != -EPERM);
	EXPECT_EQ(0, exit_status(child));
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(kipc_notice_target(&target, "signal:USR2", getppid()) ||
		      kipc_notice_raise(target, 0));
	ASSERT_EQ(0, kipc_notice_wait(notice, &event, LONG));
	EXPECT_EQ(SI_USER, event.code);
	EXPECT_EQ(KIPC_NOTICE_KNOWN_PEER | KIPC_NOTICE_KNOWN_SURE, event.known);
	EXPECT_EQ(child, event.pid);
	EXPECT_EQ(getuid(), event.uid);
	EXPECT_EQ(0, event.value);
	EXPECT_EQ(0, exit_status(child));
	kipc_notice_close(notice);
}

TEST(childs_end_is_told_with_its_status)
{
	struct kipc_notice_event event;
	struct kipc_notice *notice;
	pid_t child;

	ASSERT_EQ(0, kipc_notice_open(&notice, "signal:CHLD", NULL));
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(7);
	ASSERT_EQ(0, kipc_notice_wait(notice, &event, LONG));
	EXPECT_EQ(child, event.pid);
	EXPECT_EQ(CLD_EXITED, event.code);
	EXPECT_EQ(7, event.status);
	EXPECT_EQ(7, exit_status(child));
	kipc_notice_close(notice);
}

TEST(wait_wakes_when_it_is_raised)
{
	struct kipc_notice_event event;
	struct kipc_notice *notice, *target;
	pid_t child;

	if (no_pidfd())
		SKIP(return, "no pidfd_open()");
	ASSERT_EQ(0, kipc_notice_open(&notice, "signal:RTMIN", NULL));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		nap(SOON);
		_exit(kipc_notice_target(&target, "signal:RTMIN", getppid()) ||
		      kipc_notice_raise(target, 5));
	}
	EXPECT_EQ(0, kipc_notice_wait(notice, &event, KIPC_FOREVER));
	EXPECT_EQ(5, event.value);
	EXPECT_EQ(0, exit_status(child));
	kipc_notice_close(notice);
}

TEST(descriptor_polls_readable_while_it_is_pending)
{
	struct kipc_notice *notice;
	struct pollfd pollfd;

	ASSERT_EQ(0, kipc_notice_open(&notice, "signal:USR1", NULL));
	pollfd = (struct pollfd){ .fd = kipc_notice_fd(notice), .events = POLLIN };
	EXPECT_EQ(0, poll(&pollfd, 1, 0));
	raise(SIGUSR1);
	EXPECT_EQ(1, poll(&pollfd, 1, 0));
	EXPECT_EQ(1, kipc_notice_pending(notice));
	EXPECT_EQ(0, kipc_notice_wait(notice, NULL, KIPC_NOW));
	EXPECT_EQ(0, poll(&pollfd, 1, 0));
	EXPECT_EQ(0, kipc_notice_pending(notice));
	kipc_notice_close(notice);
}

TEST(full_queue_of_signals_eagain_and_goes_on_later)
{
	struct rlimit few = { 20, 20 };
	struct kipc_notice_event event;
	struct kipc_notice *notice, *target;
	pid_t child;
	int n = 0, err;

	if (no_pidfd())
		SKIP(return, "no pidfd_open()");
	if (geteuid())
		SKIP(return, "needs root");
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		/* Of a user of its own, whose signals nobody else queues. */
		if (setrlimit(RLIMIT_SIGPENDING, &few) || become(54321) ||
		    kipc_notice_open(&notice, "signal:RTMIN+2", NULL) ||
		    kipc_notice_target(&target, "signal:RTMIN+2", getpid()))
			_exit(1);
		while (!(err = kipc_notice_raise(target, ++n)))
			;
		if (err != -EAGAIN || n != 21)
			_exit(2);
		if (kipc_notice_wait(notice, &event, KIPC_NOW) || event.value != 1 ||
		    kipc_notice_raise(target, 100))
			_exit(3);
		for (n = 2; n <= 20; n++)
			if (kipc_notice_wait(notice, &event, KIPC_NOW) || event.value != n)
				_exit(4);
		_exit(kipc_notice_wait(notice, &event, KIPC_NOW) || event.value != 100);
	}
	EXPECT_EQ(0, exit_status(child));
}

TEST(no_such_process_enoent)
{
	struct kipc_notice *target;
	pid_t child;

	if (no_pidfd())
		SKIP(return, "no pidfd_open()");
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(0);
	EXPECT_EQ(0, exit_status(child));
	EXPECT_EQ(-ENOENT, kipc_notice_target(&target, "signal:USR1", child));
	EXPECT_EQ(NULL, target);
	EXPECT_EQ(-EINVAL, kipc_notice_target(&target, "signal:USR1", 0));
	EXPECT_EQ(-EINVAL, kipc_notice_target(&target, "signal:USR1", -1));
	EXPECT_EQ(-EOPNOTSUPP, kipc_notice_target(&target, "eventfd:", getpid()));
}

TEST(process_that_has_ended_epipe)
{
	struct kipc_notice *target;
	struct pollfd pollfd;
	pid_t child;

	if (no_pidfd())
		SKIP(return, "no pidfd_open()");
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		pause();
		_exit(0);
	}
	ASSERT_EQ(0, kipc_notice_target(&target, "signal:KILL", child));
	pollfd = (struct pollfd){ .fd = kipc_notice_fd(target), .events = POLLIN };
	EXPECT_EQ(0, poll(&pollfd, 1, 0));
	EXPECT_EQ(-EOPNOTSUPP, kipc_notice_wait(target, NULL, KIPC_NOW));
	EXPECT_EQ(-EOPNOTSUPP, kipc_notice_pending(target));
	EXPECT_EQ(0, kipc_notice_raise(target, 0));
	EXPECT_EQ(1, poll(&pollfd, 1, 20000));
	EXPECT_EQ(-EPIPE, kipc_notice_raise(target, 0));	/* a zombie */
	EXPECT_EQ(128 + SIGKILL, exit_status(child));
	EXPECT_EQ(-EPIPE, kipc_notice_raise(target, 0));
	kipc_notice_close(target);
}

TEST(pidfd_is_a_target_and_nothing_else_is)
{
	struct kipc_notice *notice, *target;
	int pidfd, descriptors;

	if (no_pidfd())
		SKIP(return, "no pidfd_open()");
	pidfd = syscall(SYS_pidfd_open, getpid(), 0);
	descriptors = open_descriptors();
	ASSERT_LE(0, pidfd);
	ASSERT_EQ(0, kipc_notice_open(&notice, "signal:USR1", NULL));
	ASSERT_EQ(0, kipc_notice_open_fd(&target, "signal:USR1", pidfd));
	EXPECT_EQ(0, kipc_notice_raise(target, 0));
	EXPECT_EQ(1, kipc_notice_pending(notice));
	EXPECT_EQ(-EOPNOTSUPP, kipc_notice_raise(notice, 0));
	kipc_notice_close(target);
	kipc_notice_close(notice);
	EXPECT_EQ(-EINVAL, kipc_notice_open_fd(&target, "signal:USR1", 1));
	EXPECT_EQ(-EBADF, kipc_notice_open_fd(&target, "signal:USR1", -1));
	EXPECT_EQ(-EBADF, kipc_notice_open_fd(&target, "signal:USR1", 999));
	EXPECT_EQ(descriptors, open_descriptors());
	close(pidfd);
}

TEST(forked_child_waits_for_its_own_and_exec_inherits_the_mask)
{
	static const char script[] =
		"set -- $(grep ^SigBlk: /proc/$$/status); exit $((0x$2 >> 33 & 1))";
	struct kipc_notice_event event;
	struct kipc_notice *notice, *target;
	struct child child;

	if (no_pidfd())
		SKIP(return, "no pidfd_open()");
	ASSERT_EQ(0, kipc_notice_open(&notice, "signal:RTMIN", NULL));
	ASSERT_EQ(0, sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = 1 }));
	child = child_start();
	ASSERT_LE(0, child.pid);
	if (!child.pid) {
		/* Not the parent's: pending signals are not inherited. */
		if (kipc_notice_wait(notice, &event, KIPC_NOW) != -EAGAIN)
			_exit(1);
		child_say(&child, 'r');
		if (kipc_notice_wait(notice, &event, LONG) || event.value != 2)
			_exit(2);
		kipc_notice_close(notice);
		if (blocked(SIGRTMIN))
			_exit(3);
		sigaction(SIGRTMIN, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL);
		if (kipc_notice_open(&notice, "signal:RTMIN", NULL))
			_exit(4);
		execl("/bin/sh", "sh", "-c", script, NULL);
		_exit(5);
	}
	EXPECT_EQ('r', child_said(&child));
	ASSERT_EQ(0, kipc_notice_target(&target, "signal:RTMIN", child.pid));
	EXPECT_EQ(0, kipc_notice_raise(target, 2));
	EXPECT_EQ(1, exit_status(child.pid));
	ASSERT_EQ(0, kipc_notice_wait(notice, &event, KIPC_NOW));
	EXPECT_EQ(1, event.value);
	EXPECT_EQ(-EAGAIN, kipc_notice_wait(notice, &event, KIPC_NOW));
	kipc_notice_close(target);
	kipc_notice_close(notice);
}

static void *close_it(void *notice)
{
	kipc_notice_close(notice);
	return NULL;
}

TEST(closed_by_another_thread_it_stays_blocked)
{
	struct kipc_notice *notice;
	pthread_t thread;

	ASSERT_EQ(0, kipc_notice_open(&notice, "signal:USR1", NULL));
	ASSERT_EQ(0, pthread_create(&thread, NULL, close_it, notice));
	pthread_join(thread, NULL);
	EXPECT_TRUE(blocked(SIGUSR1));
}

TEST(sets_of_another_process)
{
	struct kipc_signal_state state = KIPC_SIGNAL_STATE_INIT;
	struct kipc_notice *notice, *target;
	struct child child;

	if (no_pidfd())
		SKIP(return, "no pidfd_open()");
	child = child_start();
	ASSERT_LE(0, child.pid);
	if (!child.pid) {
		signal(SIGHUP, SIG_IGN);
		signal(SIGTERM, on_alarm);
		if (kipc_notice_open(&notice, "signal:USR1", NULL))
			_exit(1);
		child_say(&child, 'r');
		for (;;)
			pause();
	}
	EXPECT_EQ('r', child_said(&child));
	ASSERT_EQ(0, kipc_notice_target(&target, "signal:USR1", child.pid));
	ASSERT_EQ(0, kipc_notice_raise(target, 0));
	ASSERT_EQ(0, kipc_signal_state(child.pid, &state));
	EXPECT_EQ(KIPC_SIGNAL_BIT(SIGUSR1), state.blocked);
	EXPECT_EQ(KIPC_SIGNAL_BIT(SIGUSR1), state.shared);
	EXPECT_EQ(0, state.pending);
	EXPECT_TRUE(state.ignored & KIPC_SIGNAL_BIT(SIGHUP));
	EXPECT_TRUE(state.caught & KIPC_SIGNAL_BIT(SIGTERM));
	EXPECT_LE(1, state.queued);
	EXPECT_LT(0, state.queued_max);
	kipc_notice_close(target);
	kill(child.pid, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, exit_status(child.pid));
	EXPECT_EQ(-ENOENT, kipc_signal_state(child.pid, &state));
	EXPECT_EQ(-EINVAL, kipc_signal_state(-1, &state));
	EXPECT_EQ(-EINVAL, kipc_signal_state(0, NULL));
}

TEST(sets_of_the_calling_thread)
{
	struct kipc_signal_state state = KIPC_SIGNAL_STATE_INIT;
	struct kipc_notice *notice;

	ASSERT_EQ(0, kipc_notice_open(&notice, "signal:USR2", NULL));
	raise(SIGUSR2);		/* for this thread */
	ASSERT_EQ(0, kipc_signal_state(0, &state));
	EXPECT_TRUE(state.blocked & KIPC_SIGNAL_BIT(SIGUSR2));
	EXPECT_TRUE(state.pending & KIPC_SIGNAL_BIT(SIGUSR2));
	EXPECT_FALSE(state.shared & KIPC_SIGNAL_BIT(SIGUSR2));
	kipc_notice_close(notice);
}

TEST_HARNESS_MAIN
