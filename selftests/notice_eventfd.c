// SPDX-License-Identifier: GPL-2.0
/* eventfd: as a notice: counting, semaphore mode, fullness, and other processes. */
#include <poll.h>
#include <sys/eventfd.h>

#include "lib_test.h"
#include <kipc_notice.h>

TEST(raises_add_up_and_are_taken_at_once)
{
	struct kipc_notice_event event;
	struct kipc_notice *notice;

	ASSERT_EQ(0, kipc_notice_open(&notice, "eventfd:", NULL));
	EXPECT_EQ(0, kipc_notice_pending(notice));
	EXPECT_EQ(-EAGAIN, kipc_notice_wait(notice, &event, KIPC_NOW));
	EXPECT_EQ(0, kipc_notice_raise(notice, 3));
	EXPECT_EQ(0, kipc_notice_raise(notice, 4));
	EXPECT_EQ(0, kipc_notice_raise(notice, 0));
	EXPECT_EQ(1, kipc_notice_pending(notice));
	ASSERT_EQ(0, kipc_notice_wait(notice, &event, KIPC_NOW));
	EXPECT_EQ(8, event.count);
	EXPECT_EQ(8, event.value);
	EXPECT_EQ(0, event.known);
	EXPECT_EQ(-EAGAIN, kipc_notice_wait(notice, &event, KIPC_NOW));
	kipc_notice_close(notice);
}

TEST(semaphore_gives_one_at_a_time)
{
	struct kipc_notice_options options = KIPC_NOTICE_OPTIONS_INIT;
	struct kipc_notice_event event;
	struct kipc_notice *notice;
	int i, way;

	options.flags = KIPC_NOTICE_OPT_SEMAPHORE;
	options.value = 3;
	for (way = 0; way < 2; way++) {
		ASSERT_EQ(0, way ? kipc_notice_open(&notice, "eventfd:", &options) :
			  kipc_notice_open(&notice, "eventfd:?semaphore&value=3", NULL));
		for (i = 0; i < 3; i++) {
			ASSERT_EQ(0, kipc_notice_wait(notice, &event, KIPC_NOW));
			EXPECT_EQ(1, event.count);
		}
		EXPECT_EQ(-EAGAIN, kipc_notice_wait(notice, &event, KIPC_NOW));
		kipc_notice_close(notice);
	}
}

TEST(counter_is_full_at_2_64_minus_2)
{
	struct kipc_notice_options options = KIPC_NOTICE_OPTIONS_INIT;
	struct kipc_notice_event event;
	struct kipc_notice *notice;
	struct pollfd pollfd;

	options.value = UINT64_MAX - 2;
	ASSERT_EQ(0, kipc_notice_open(&notice, "eventfd:", &options));
	EXPECT_EQ(0, kipc_notice_raise(notice, 1));
	EXPECT_EQ(-EAGAIN, kipc_notice_raise(notice, 1));
	EXPECT_EQ(-EINVAL, kipc_notice_raise(notice, UINT64_MAX));
	pollfd = (struct pollfd){ .fd = kipc_notice_fd(notice), .events = POLLIN | POLLOUT };
	EXPECT_EQ(1, poll(&pollfd, 1, 0));
	EXPECT_EQ(POLLIN, pollfd.revents);
	ASSERT_EQ(0, kipc_notice_wait(notice, &event, KIPC_NOW));
	EXPECT_EQ(UINT64_MAX - 1, event.count);
	EXPECT_EQ(0, kipc_notice_raise(notice, UINT64_MAX - 1));
	EXPECT_EQ(-EAGAIN, kipc_notice_raise(notice, 1));
	kipc_notice_close(notice);
}

TEST(wait_in_time_etimedout_eintr)
{
	struct kipc_notice_event event;
	struct kipc_notice *notice;
	int64_t start = now_ns();

	ASSERT_EQ(0, kipc_notice_open(&notice, "eventfd:", NULL));
	EXPECT_EQ(-ETIMEDOUT, kipc_notice_wait(notice, &event, SOON));
	EXPECT_LE(SOON, now_ns() - start);
	alarm_start();
	EXPECT_EQ(-EINTR, kipc_notice_wait(notice, &event, KIPC_FOREVER));
	alarm_stop();
	kipc_notice_close(notice);
}

TEST(forked_child_raises_and_parent_wakes)
{
	struct kipc_notice_event event;
	struct kipc_notice *notice;
	pid_t child;

	ASSERT_EQ(0, kipc_notice_open(&notice, "eventfd:", NULL));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		nap(SOON);
		_exit(kipc_notice_raise(notice, 5) || kipc_notice_close(notice));
	}
	EXPECT_EQ(0, kipc_notice_wait(notice, &event, KIPC_FOREVER));
	EXPECT_EQ(5, event.count);
	EXPECT_EQ(0, exit_status(child));
	kipc_notice_close(notice);
}

/* No two of the waiters get the same one, and none is lost. */
TEST(semaphore_among_several_processes)
{
	struct kipc_notice *notice, *done;
	struct kipc_notice_event event;
	pid_t children[3];
	int i, total = 0;

	ASSERT_EQ(0, kipc_notice_open(&notice, "eventfd:?semaphore", NULL));
	ASSERT_EQ(0, kipc_notice_open(&done, "eventfd:", NULL));
	for (i = 0; i < 3; i++) {
		children[i] = fork();
		ASSERT_LE(0, children[i]);
		if (!children[i]) {
			for (i = 0; !kipc_notice_wait(notice, NULL, KIPC_S(2)); i++)
				kipc_notice_raise(done, 1);
			_exit(0);
		}
	}
	for (i = 0; i < 300; i++)
		ASSERT_EQ(0, kipc_notice_raise(notice, 1));
	while (total < 300 && !kipc_notice_wait(done, &event, LONG))
		total += event.count;
	EXPECT_EQ(300, total);
	EXPECT_EQ(0, kipc_notice_pending(notice));
	for (i = 0; i < 3; i++) {
		kill(children[i], SIGKILL);
		exit_status(children[i]);
	}
	EXPECT_EQ(0, kipc_notice_pending(done));
	kipc_notice_close(notice);
	kipc_notice_close(done);
}

TEST(travels_to_another_process_in_a_message)
{
	struct kipc_send_options options = KIPC_SEND_OPTIONS_INIT;
	struct kipc_notice_event event;
	struct kipc_notice *notice;
	struct kipc *ends[2];
	struct kipc_msg msg;
	pid_t child;
	int fd;

	if (device_missing("channel"))
		SKIP(return, "no /dev/kipc");
	ASSERT_EQ(0, kipc_pair(ends, "channel:", NULL));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		if (kipc_recv(ends[0], &msg, LONG) < 0 || kipc_take_fds(&msg, &fd, 1) != 1)
			_exit(1);
		if (kipc_notice_open_fd(&notice, "eventfd:", fd) || close(fd))
			_exit(2);
		_exit(kipc_notice_raise(notice, 9) ? 3 : 0);
	}
	ASSERT_EQ(0, kipc_notice_open(&notice, "eventfd:", NULL));
	fd = kipc_notice_fd(notice);
	options.fds = &fd;
	options.fd_count = 1;
	ASSERT_EQ(0, kipc_send_opts(ends[1], "x", 1, &options, LONG));
	ASSERT_EQ(0, kipc_notice_wait(notice, &event, LONG));
	EXPECT_EQ(9, event.count);
	EXPECT_EQ(0, exit_status(child));
	kipc_notice_close(notice);
	kipc_close(ends[0]);
	kipc_close(ends[1]);
}

TEST(somebody_elses_descriptor_keeps_its_flags_and_never_blocks_a_wait)
{
	int fd = eventfd(2, EFD_SEMAPHORE), i;
	struct kipc_notice_event event;
	struct kipc_notice *notice;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, kipc_notice_open_fd(&notice, "eventfd:", fd));
	EXPECT_NE(fd, kipc_notice_fd(notice));
	EXPECT_FALSE(fcntl(fd, F_GETFL) & O_NONBLOCK);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, kipc_notice_wait(notice, &event, KIPC_NOW));
		EXPECT_EQ(1, event.count);
	}
	EXPECT_EQ(-EAGAIN, kipc_notice_wait(notice, &event, KIPC_NOW));
	EXPECT_EQ(-ETIMEDOUT, kipc_notice_wait(notice, &event, SOON));
	EXPECT_EQ(0, kipc_notice_raise(notice, UINT64_MAX - 1));
	EXPECT_EQ(-EAGAIN, kipc_notice_raise(notice, 1));
	kipc_notice_close(notice);
	EXPECT_EQ(1, fcntl(fd, F_GETFD) >= 0);
	close(fd);
}

TEST(inherited_descriptor_is_taken_over)
{
	struct kipc_notice_event event;
	struct kipc_notice *notice;
	int fd = eventfd(6, 0);
	char address[64];

	ASSERT_LE(0, fd);
	snprintf(address, sizeof(address), "eventfd:?fd=%d&value=1", fd);
	EXPECT_EQ(-EINVAL, kipc_notice_open(&notice, address, NULL));
	snprintf(address, sizeof(address), "eventfd:?fd=%d", fd);
	ASSERT_EQ(0, kipc_notice_open(&notice, address, NULL));
	EXPECT_EQ(fd, kipc_notice_fd(notice));
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT_EQ(0, kipc_notice_wait(notice, &event, KIPC_NOW));
	EXPECT_EQ(6, event.count);
	kipc_notice_close(notice);
	EXPECT_EQ(-1, fcntl(fd, F_GETFD));
}

TEST(bad_input_is_refused_and_leaves_nothing)
{
	struct kipc_notice_options options = KIPC_NOTICE_OPTIONS_INIT;
	struct kipc_notice *notice;
	int descriptors = open_descriptors();
	static const char * const bad[] = {
		"eventfd", "eventfd:name", "eventfd:?value=-1", "eventfd:?semaphore=1",
		"eventfd:?value=0x80000000", "eventfd:?size=1", "eventfd:?fd=1",
		"eventfd:?value",
	};
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		EXPECT_EQ(-EINVAL, kipc_notice_open(&notice, bad[i], NULL)) TH_LOG("%s", bad[i]);
		EXPECT_EQ(NULL, notice);
	}
	EXPECT_EQ(-EBADF, kipc_notice_open(&notice, "eventfd:?fd=999", NULL));
	EXPECT_EQ(-EBADF, kipc_notice_open_fd(&notice, "eventfd:", -1));
	EXPECT_EQ(-EBADF, kipc_notice_open_fd(&notice, "eventfd:", 999));
	EXPECT_EQ(-EINVAL, kipc_notice_open_fd(&notice, "eventfd:", 1));
	EXPECT_EQ(-EINVAL, kipc_notice_open_fd(&notice, "eventfd:?value=1", 1));
	options.value = UINT64_MAX;
	EXPECT_EQ(-EINVAL, kipc_notice_open(&notice, "eventfd:", &options));
	EXPECT_EQ(descriptors, open_descriptors());
}

TEST(what_it_is)
{
	struct kipc_notice_info info = KIPC_NOTICE_INFO_INIT;
	struct kipc_notice *notice;

	ASSERT_EQ(0, kipc_notice_open(&notice, "eventfd:", NULL));
	ASSERT_EQ(0, kipc_notice_info(notice, &info));
	EXPECT_STREQ("eventfd", info.scheme);
	EXPECT_EQ(KIPC_NOTICE_CAN_COUNT | KIPC_NOTICE_CAN_FD | KIPC_NOTICE_CAN_PASS, info.can);
	EXPECT_EQ(0, info.signo);
	info.size = 1;
	EXPECT_EQ(-EINVAL, kipc_notice_info(notice, &info));
	EXPECT_EQ(FD_CLOEXEC, fcntl(kipc_notice_fd(notice), F_GETFD));
	kipc_notice_close(notice);
}

TEST_HARNESS_MAIN
