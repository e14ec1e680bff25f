// SPDX-License-Identifier: GPL-2.0
/* Stores of messages: how full they are, changing them, and being told of messages. */
#include <linux/kipc.h>
#include <mqueue.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>

#include "lib_test.h"

FIXTURE(control)
{
	struct kipc *recv;
	struct kipc *send;
};

FIXTURE_VARIANT(control)
{
	const char *scheme;
};

FIXTURE_VARIANT_ADD(control, queue) { .scheme = "queue" };
FIXTURE_VARIANT_ADD(control, posix_mq) { .scheme = "posix-mq" };
FIXTURE_VARIANT_ADD(control, sysv_msg) { .scheme = "sysv-msg" };

FIXTURE_SETUP(control)
{
	struct kipc *ends[2];
	char address[64];

	if (device_missing(variant->scheme))
		SKIP(return, "no /dev/kipc");
	snprintf(address, sizeof(address), "%s:", variant->scheme);
	ASSERT_EQ(0, kipc_pair(ends, address, NULL));
	self->recv = ends[0];
	self->send = ends[1];
}

FIXTURE_TEARDOWN(control)
{
	kipc_close(self->send);
	kipc_close(self->recv);
}

static uint64_t realtime(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* ---- looking ---- */

TEST_F(control, stat_counts_what_waits)
{
	struct kipc_stat stat = KIPC_STAT_INIT;
	struct kipc_msg msg;

	ASSERT_EQ(0, kipc_stat(self->recv, &stat));
	EXPECT_EQ(0, stat.msgs);
	EXPECT_EQ(0, stat.bytes);
	EXPECT_EQ(0600, stat.mode);
	EXPECT_EQ(geteuid(), stat.uid);
	EXPECT_EQ(getegid(), stat.gid);
	ASSERT_EQ(0, kipc_send(self->send, "abc", 3, LONG));
	ASSERT_EQ(0, kipc_send(self->send, "de", 2, LONG));
	ASSERT_EQ(3, kipc_recv(self->recv, &msg, LONG));
	kipc_release(&msg);
	ASSERT_EQ(0, kipc_stat(self->recv, &stat));
	EXPECT_EQ(1, stat.msgs);
	EXPECT_EQ(2, stat.bytes);
	ASSERT_EQ(0, kipc_stat(self->send, &stat));
	EXPECT_EQ(1, stat.msgs);
}

TEST_F(control, stat_tells_the_last_sender_and_receiver)
{
	struct kipc_stat stat = KIPC_STAT_INIT;
	uint64_t before = realtime();
	struct kipc_msg msg;
	pid_t child;

	if (scheme_is(variant->scheme, "posix-mq"))
		SKIP(return, "it does not tell");
	ASSERT_EQ(0, kipc_stat(self->recv, &stat));
	EXPECT_EQ(0, stat.send_pid);
	EXPECT_EQ(0, stat.recv_pid);
	EXPECT_EQ(0, stat.send_time);
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(kipc_send(self->send, "x", 1, LONG) ? 1 : 0);
	EXPECT_EQ(0, exit_status(child));
	ASSERT_EQ(1, kipc_recv(self->recv, &msg, LONG));
	kipc_release(&msg);
	ASSERT_EQ(0, kipc_stat(self->recv, &stat));
	EXPECT_EQ(getpid(), stat.recv_pid);
	/* A process that has ended has no number any more in some. */
	EXPECT_TRUE(stat.send_pid == child || stat.send_pid == 0);
	EXPECT_LE(before / 1000000000 - 1, stat.send_time / 1000000000);
	EXPECT_GE(realtime(), stat.recv_time);
}

TEST_F(control, stat_checks_its_arguments)
{
	struct kipc_stat stat = { 0 };

	EXPECT_EQ(-EINVAL, kipc_stat(self->recv, &stat));
	EXPECT_EQ(-EINVAL, kipc_stat(self->recv, NULL));
	stat.size = sizeof(stat);
	EXPECT_EQ(-EINVAL, kipc_stat(NULL, &stat));
}

TEST(queue_stat_tells_everything)
{
	struct kipc_stat stat = KIPC_STAT_INIT;
	struct kipc *ends[2];
	struct kipc_msg msg;
	int i;

	if (device_missing("queue"))
		SKIP(return, "no /dev/kipc");
	ASSERT_EQ(0, kipc_pair(ends, "queue:?msgs=5&size=100&bytes=300", NULL));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, kipc_send(ends[1], "abcd", 4, LONG));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(4, kipc_recv(ends[0], &msg, LONG));
		kipc_release(&msg);
	}
	ASSERT_EQ(0, kipc_stat(ends[0], &stat));
	EXPECT_EQ(5, stat.max_msgs);
	EXPECT_EQ(300, stat.max_bytes);
	EXPECT_EQ(100, stat.max_size);
	EXPECT_EQ(1, stat.msgs);
	EXPECT_EQ(3, stat.peak_msgs);
	EXPECT_EQ(12, stat.peak_bytes);
	EXPECT_EQ(3, stat.sent);
	EXPECT_EQ(2, stat.received);
	EXPECT_EQ(0, stat.senders);
	EXPECT_EQ(0, stat.receivers);
	EXPECT_EQ(getpid(), stat.send_pid);
	kipc_close(ends[0]);
	kipc_close(ends[1]);
}

TEST(mechanisms_that_are_no_stores_eopnotsupp)
{
	struct kipc_notify_options notify = KIPC_NOTIFY_OPTIONS_INIT;
	struct kipc_change change = KIPC_CHANGE_INIT;
	struct kipc_stat stat = KIPC_STAT_INIT;
	struct kipc *ends[2];

	notify.how = KIPC_TELL_SIGNAL;
	notify.signo = SIGUSR1;
	ASSERT_EQ(0, kipc_pair(ends, "pipe:", NULL));
	EXPECT_EQ(-EOPNOTSUPP, kipc_stat(ends[0], &stat));
	EXPECT_EQ(-EOPNOTSUPP, kipc_change(ends[0], &change));
	EXPECT_EQ(-EOPNOTSUPP, kipc_notify(ends[0], &notify));
	kipc_close(ends[0]);
	kipc_close(ends[1]);
}

/* ---- changing ---- */

TEST_F(control, change_of_mode_and_owner)
{
	struct kipc_change change = KIPC_CHANGE_INIT;
	struct kipc_stat stat = KIPC_STAT_INIT;

	if (geteuid())
		SKIP(return, "not root");
	change.what = KIPC_CHANGE_MODE | KIPC_CHANGE_UID | KIPC_CHANGE_GID;
	change.mode = 0640;
	change.uid = 1000;
	change.gid = 1001;
	EXPECT_EQ(0, kipc_change(self->recv, &change));
	ASSERT_EQ(0, kipc_stat(self->recv, &stat));
	EXPECT_EQ(0640, stat.mode);
	EXPECT_EQ(1000, stat.uid);
	EXPECT_EQ(1001, stat.gid);
	change.what = KIPC_CHANGE_UID;
	change.uid = 0;
	EXPECT_EQ(0, kipc_change(self->recv, &change));
	ASSERT_EQ(0, kipc_stat(self->recv, &stat));
	EXPECT_EQ(0, stat.uid);
	EXPECT_EQ(1001, stat.gid);
	EXPECT_EQ(0640, stat.mode);
}

TEST_F(control, change_is_for_the_owner)
{
	struct kipc_change change = KIPC_CHANGE_INIT;
	pid_t child;

	if (geteuid())
		SKIP(return, "not root");
	change.what = KIPC_CHANGE_MODE;
	change.mode = 0666;
	ASSERT_EQ(0, kipc_change(self->recv, &change));
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(setgid(1000) || setuid(1000) ? 255 : -kipc_change(self->recv, &change));
	EXPECT_EQ(EPERM, exit_status(child));
}

TEST_F(control, change_refuses_what_it_cannot)
{
	struct kipc_change change = KIPC_CHANGE_INIT;

	EXPECT_EQ(0, kipc_change(self->recv, &change));
	EXPECT_EQ(-EINVAL, kipc_change(NULL, &change));
	EXPECT_EQ(-EINVAL, kipc_change(self->recv, NULL));
	change.what = 1 << 6;
	EXPECT_EQ(-EINVAL, kipc_change(self->recv, &change));
	change.what = KIPC_CHANGE_MODE;
	change.mode = 01000;
	EXPECT_EQ(-EINVAL, kipc_change(self->recv, &change));
	change.what = KIPC_CHANGE_MSGS;
	change.max_msgs = 7;
	EXPECT_EQ(scheme_is(variant->scheme, "queue") ? 0 : -EOPNOTSUPP,
		  kipc_change(self->recv, &change));
	change.size++;
	EXPECT_EQ(-EINVAL, kipc_change(self->recv, &change));
}

/* Raised limits let in who waits, and larger messages than any buffer had room for. */
TEST(queue_is_made_larger_while_in_use)
{
	struct kipc_change change = KIPC_CHANGE_INIT;
	struct kipc_info info = KIPC_INFO_INIT;
	static char data[200000];
	struct kipc *ends[2];
	struct kipc_msg msg;
	pid_t child;

	if (device_missing("queue"))
		SKIP(return, "no /dev/kipc");
	ASSERT_EQ(0, kipc_pair(ends, "queue:?msgs=1&size=10&bytes=10", NULL));
	ASSERT_EQ(0, kipc_send(ends[1], "a", 1, LONG));
	EXPECT_EQ(-EAGAIN, kipc_send(ends[1], "b", 1, KIPC_NOW));
	EXPECT_EQ(-EMSGSIZE, kipc_send(ends[1], data, sizeof(data), KIPC_NOW));
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(kipc_send(ends[1], "b", 1, LONG) ? 1 : 0);
	nap(SOON);
	change.what = KIPC_CHANGE_MSGS | KIPC_CHANGE_BYTES | KIPC_CHANGE_SIZE;
	change.max_msgs = 4;
	change.max_bytes = 1000000;
	change.max_size = sizeof(data);
	ASSERT_EQ(0, kipc_change(ends[0], &change));
	EXPECT_EQ(0, exit_status(child));
	ASSERT_EQ(0, kipc_info(ends[1], &info));
	EXPECT_EQ(4, info.max_msgs);
	EXPECT_EQ(sizeof(data), info.max_size);
	fill(data, sizeof(data), 4);
	ASSERT_EQ(0, kipc_send(ends[1], data, sizeof(data), LONG));
	ASSERT_EQ(1, kipc_recv(ends[0], &msg, LONG));
	kipc_release(&msg);
	ASSERT_EQ(1, kipc_recv(ends[0], &msg, LONG));
	kipc_release(&msg);
	ASSERT_EQ(sizeof(data), kipc_recv(ends[0], &msg, LONG));
	EXPECT_TRUE(filled(msg.data, msg.len, 4));
	kipc_release(&msg);
	kipc_close(ends[0]);
	kipc_close(ends[1]);
}

TEST(sysv_queue_gets_more_room)
{
	struct kipc_change change = KIPC_CHANGE_INIT;
	struct kipc_info info = KIPC_INFO_INIT;
	struct kipc *ends[2];

	ASSERT_EQ(0, kipc_pair(ends, "sysv-msg:?bytes=10", NULL));
	EXPECT_EQ(-EMSGSIZE, kipc_send(ends[1], "12345678901", 11, KIPC_NOW));
	change.what = KIPC_CHANGE_BYTES;
	change.max_bytes = 20;
	ASSERT_EQ(0, kipc_change(ends[1], &change));
	ASSERT_EQ(0, kipc_info(ends[1], &info));
	EXPECT_EQ(20, info.max_size);
	EXPECT_EQ(0, kipc_send(ends[1], "12345678901", 11, KIPC_NOW));
	kipc_close(ends[0]);
	kipc_close(ends[1]);
}

/* ---- being told ---- */

/* The signal that waits, and what came with it; 0: none. */
static int told(siginfo_t *info, int64_t timeout)
{
	struct timespec ts = { .tv_sec = timeout / 1000000000, .tv_nsec = timeout % 1000000000 };
	sigset_t set;
	int signo;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	signo = sigtimedwait(&set, info, &ts);
	return signo < 0 ? 0 : signo;
}

static void block_signal(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static struct kipc_notify_options by_signal(uint32_t flags)
{
	struct kipc_notify_options options = KIPC_NOTIFY_OPTIONS_INIT;

	options.how = KIPC_TELL_SIGNAL;
	options.flags = flags;
	options.signo = SIGUSR1;
	options.value = 0x123456789;
	return options;
}

static void take(struct kipc *handle)
{
	struct kipc_msg msg;

	while (kipc_recv(handle, &msg, KIPC_NOW) >= 0)
		kipc_release(&msg);
}

TEST_F(control, told_once_by_signal)
{
	struct kipc_notify_options options = by_signal(KIPC_TELL_ONCE);
	siginfo_t info;

	if (scheme_is(variant->scheme, "sysv-msg")) {
		EXPECT_EQ(-EOPNOTSUPP, kipc_notify(self->recv, &options));
		return;
	}
	block_signal();
	EXPECT_EQ(-EOPNOTSUPP, kipc_notify(self->send, &options));
	ASSERT_EQ(0, kipc_notify(self->recv, &options));
	ASSERT_EQ(0, kipc_send(self->send, "a", 1, LONG));
	ASSERT_EQ(SIGUSR1, told(&info, LONG));
	EXPECT_EQ(SI_MESGQ, info.si_code);
	EXPECT_EQ(getpid(), info.si_pid);
	EXPECT_EQ(0x123456789, (uintptr_t)info.si_value.sival_ptr);
	take(self->recv);
	ASSERT_EQ(0, kipc_send(self->send, "a", 1, LONG));
	EXPECT_EQ(0, told(&info, SOON));
	take(self->recv);
	ASSERT_EQ(0, kipc_notify(self->recv, &options));
	ASSERT_EQ(0, kipc_notify(self->recv, NULL));
	ASSERT_EQ(0, kipc_send(self->send, "a", 1, LONG));
	EXPECT_EQ(0, told(&info, SOON));
}

TEST_F(control, being_told_checks_its_arguments)
{
	struct kipc_notify_options options = by_signal(KIPC_TELL_ONCE);

	EXPECT_EQ(-EINVAL, kipc_notify(NULL, &options));
	options.signo = 0;
	EXPECT_EQ(-EINVAL, kipc_notify(self->recv, &options));
	options = by_signal(4);
	EXPECT_EQ(-EINVAL, kipc_notify(self->recv, &options));
	options = by_signal(0);
	options.fd = 1;
	EXPECT_EQ(-EINVAL, kipc_notify(self->recv, &options));
	options = by_signal(0);
	options.how = 3;
	EXPECT_EQ(-EINVAL, kipc_notify(self->recv, &options));
	options.size = 4;
	EXPECT_EQ(-EINVAL, kipc_notify(self->recv, &options));
}

TEST(posix_queue_tells_one_process_once)
{
	struct kipc_notify_options options = by_signal(0);
	struct kipc *ends[2];
	pid_t child;

	block_signal();
	ASSERT_EQ(0, kipc_pair(ends, "posix-mq:", NULL));
	EXPECT_EQ(-EOPNOTSUPP, kipc_notify(ends[0], &options));
	options.flags = KIPC_TELL_ONCE | KIPC_TELL_EACH;
	EXPECT_EQ(-EOPNOTSUPP, kipc_notify(ends[0], &options));
	options.flags = KIPC_TELL_ONCE;
	ASSERT_EQ(0, kipc_notify(ends[0], &options));
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(-kipc_notify(ends[0], &options));
	EXPECT_EQ(EBUSY, exit_status(child));
	kipc_close(ends[0]);
	kipc_close(ends[1]);
}

static void count_thread(union sigval value)
{
	uint64_t one = 1;

	if (write((int)(uintptr_t)value.sival_ptr, &one, sizeof(one)) < 0)
		abort();
}

/* 1 when it can be read within a moment that is long enough. */
static int told_thread(int fd, int timeout)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };
	uint64_t count;

	return poll(&pollfd, 1, timeout) == 1 && read(fd, &count, sizeof(count)) > 0 ?
		(int)count : 0;
}

TEST(posix_queue_tells_by_thread_once)
{
	struct kipc_notify_options options = KIPC_NOTIFY_OPTIONS_INIT;
	int i, fd = eventfd(0, EFD_CLOEXEC);
	struct kipc *ends[2];

#ifdef __SANITIZE_THREAD__
	SKIP(return, "the C library's own threads are not the sanitizer's");
#endif
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, kipc_pair(ends, "posix-mq:", NULL));
	options.how = KIPC_TELL_THREAD;
	options.flags = KIPC_TELL_ONCE;
	EXPECT_EQ(-EINVAL, kipc_notify(ends[0], &options));
	options.function = count_thread;
	options.value = (uint64_t)fd;
	options.signo = SIGUSR1;
	EXPECT_EQ(-EINVAL, kipc_notify(ends[0], &options));
	options.signo = 0;
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, kipc_notify(ends[0], &options));
		ASSERT_EQ(0, kipc_send(ends[1], "a", 1, LONG));
		ASSERT_EQ(0, kipc_send(ends[1], "b", 1, LONG));
		EXPECT_EQ(1, told_thread(fd, 20000));
		take(ends[0]);
		ASSERT_EQ(0, kipc_send(ends[1], "c", 1, LONG));
		EXPECT_EQ(0, told_thread(fd, 20));
		take(ends[0]);
	}
	ASSERT_EQ(0, kipc_notify(ends[0], &options));
	ASSERT_EQ(0, kipc_notify(ends[0], NULL));
	ASSERT_EQ(0, kipc_send(ends[1], "a", 1, LONG));
	EXPECT_EQ(0, told_thread(fd, 20));
	kipc_close(ends[0]);
	kipc_close(ends[1]);
	close(fd);
}

TEST(queue_tells_no_thread_eopnotsupp)
{
	struct kipc_notify_options options = KIPC_NOTIFY_OPTIONS_INIT;
	struct kipc *ends[2];

	if (device_missing("queue"))
		SKIP(return, "no /dev/kipc");
	ASSERT_EQ(0, kipc_pair(ends, "queue:", NULL));
	options.how = KIPC_TELL_THREAD;
	options.function = count_thread;
	EXPECT_EQ(-EOPNOTSUPP, kipc_notify(ends[0], &options));
	kipc_close(ends[0]);
	kipc_close(ends[1]);
}

static uint64_t count_of(int fd)
{
	uint64_t count = 0;

	return read(fd, &count, sizeof(count)) == sizeof(count) ? count : 0;
}

TEST(queue_tells_an_eventfd)
{
	struct kipc_notify_options options = KIPC_NOTIFY_OPTIONS_INIT;
	int i, fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	struct kipc *ends[2];

	if (device_missing("queue"))
		SKIP(return, "no /dev/kipc");
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, kipc_pair(ends, "queue:", NULL));
	options.how = KIPC_TELL_EVENTFD;
	options.fd = fd;
	ASSERT_EQ(0, kipc_notify(ends[0], &options));
	/* When it was empty, again and again. */
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, kipc_send(ends[1], "a", 1, LONG));
		ASSERT_EQ(0, kipc_send(ends[1], "b", 1, LONG));
		EXPECT_EQ(1, count_of(fd));
		take(ends[0]);
	}
	options.flags = KIPC_TELL_EACH;
	ASSERT_EQ(0, kipc_notify(ends[0], &options));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, kipc_send(ends[1], "a", 1, LONG));
	EXPECT_EQ(3, count_of(fd));
	ASSERT_EQ(0, kipc_notify(ends[0], NULL));
	ASSERT_EQ(0, kipc_send(ends[1], "a", 1, LONG));
	EXPECT_EQ(0, count_of(fd));
	options.fd = 1000;
	EXPECT_EQ(-EBADF, kipc_notify(ends[0], &options));
	kipc_close(ends[0]);
	kipc_close(ends[1]);
	close(fd);
}

TEST(queue_tells_by_signal_each_time)
{
	struct kipc_notify_options options = by_signal(0);
	struct kipc *ends[2];
	siginfo_t info;
	int i;

	if (device_missing("queue"))
		SKIP(return, "no /dev/kipc");
	block_signal();
	ASSERT_EQ(0, kipc_pair(ends, "queue:", NULL));
	ASSERT_EQ(0, kipc_notify(ends[0], &options));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, kipc_send(ends[1], "a", 1, LONG));
		EXPECT_EQ(SIGUSR1, told(&info, LONG));
		take(ends[0]);
	}
	kipc_close(ends[0]);
	kipc_close(ends[1]);
}

/* ---- without a name, and without the queue ---- */

TEST(queue_pair_has_no_name_and_each_end_its_side)
{
	struct kipc_queue_send send = { .size = sizeof(send), .flags = KIPC_F_NONBLOCK };
	struct kipc_queue_recv recv = { .size = sizeof(recv), .flags = KIPC_F_NONBLOCK };
	struct kipc_stat stat = KIPC_STAT_INIT;
	int descriptors = open_descriptors();
	struct kipc *ends[2];

	if (device_missing("queue"))
		SKIP(return, "no /dev/kipc");
	ASSERT_EQ(0, kipc_pair(ends, "queue:?msgs=3", NULL));
	EXPECT_EQ(descriptors + 2, open_descriptors());
	ASSERT_EQ(0, kipc_stat(ends[1], &stat));
	EXPECT_EQ(0, stat.number);
	EXPECT_EQ(3, stat.max_msgs);
	/* So that an end can be given away. */
	EXPECT_EQ(-1, ioctl(kipc_fd(ends[0]), KIPC_IOC_QUEUE_SEND, &send));
	EXPECT_EQ(EBADF, errno);
	EXPECT_EQ(-1, ioctl(kipc_fd(ends[1]), KIPC_IOC_QUEUE_RECV, &recv));
	EXPECT_EQ(EBADF, errno);
	kipc_close(ends[0]);
	kipc_close(ends[1]);
}

TEST(queue_that_is_removed_epipe)
{
	struct kipc_queue_unlink unlink = { .size = sizeof(unlink), .flags = KIPC_UNLINK_REMOVE };
	struct kipc_stat stat = KIPC_STAT_INIT;
	struct kipc_out out = { "x", 1, NULL };
	struct kipc *recv, *send;
	struct kipc_msg msg;
	char address[128], data[8];

	if (device_missing("queue"))
		SKIP(return, "no /dev/kipc");
	fresh_address("queue", address);
	ASSERT_EQ(0, kipc_listen(&recv, address, NULL));
	ASSERT_EQ(0, kipc_connect(&send, address, NULL));
	ASSERT_EQ(0, kipc_send(send, "x", 1, LONG));
	snprintf(unlink.name, sizeof(unlink.name), "%s", address + strlen("queue:"));
	ASSERT_EQ(0, ioctl(kipc_fd(recv), KIPC_IOC_QUEUE_UNLINK, &unlink));
	EXPECT_EQ(-EPIPE, kipc_send(send, "x", 1, LONG));
	EXPECT_EQ(-EPIPE, kipc_send_many(send, &out, 1, LONG));
	EXPECT_EQ(-EPIPE, kipc_recv(recv, &msg, LONG));
	EXPECT_EQ(-EPIPE, kipc_recv_many(recv, &msg, 1, LONG));
	EXPECT_EQ(-EPIPE, kipc_recv_into(recv, data, sizeof(data), LONG));
	EXPECT_EQ(-EPIPE, kipc_stat(recv, &stat));
	kipc_close(recv);
	kipc_close(send);
}

TEST_HARNESS_MAIN
