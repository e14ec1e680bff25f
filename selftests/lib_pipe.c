// SPDX-License-Identifier: GPL-2.0
/* pipe: what only a stream of bytes has: frames that are cut, mixed or foreign. */
#include <fcntl.h>
#include <sys/resource.h>

#include "lib_test.h"

FIXTURE(pipe)
{
	struct kipc *recv;
	struct kipc *send;
	int fds[2];
};

/* Both ends adopt a pipe whose other descriptors the test keeps. */
FIXTURE_SETUP(pipe)
{
	char address[64];

	ASSERT_EQ(0, pipe(self->fds));
	snprintf(address, sizeof(address), "pipe:?fd=%d&capacity=64K", dup(self->fds[0]));
	ASSERT_EQ(0, kipc_listen(&self->recv, address, NULL));
	snprintf(address, sizeof(address), "pipe:?fd=%d", dup(self->fds[1]));
	ASSERT_EQ(0, kipc_connect(&self->send, address, NULL));
}

FIXTURE_TEARDOWN(pipe)
{
	kipc_close(self->send);
	kipc_close(self->recv);
	close(self->fds[0]);
	close(self->fds[1]);
}

TEST_F(pipe, adopted_descriptor_closes_with_the_handle)
{
	int fd = kipc_fd(self->send);

	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	kipc_close(self->send);
	self->send = NULL;
	EXPECT_EQ(-1, fcntl(fd, F_GETFD));
}

TEST_F(pipe, capacity_is_set)
{
	EXPECT_EQ(65536, fcntl(self->fds[0], F_GETPIPE_SZ));
}

TEST(standard_descriptors_stay_open)
{
	struct kipc *handle;
	int fds[2];

	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(0, dup2(fds[0], 0));
	ASSERT_EQ(0, kipc_listen(&handle, "pipe:", NULL));
	EXPECT_NE(0, kipc_fd(handle));
	kipc_close(handle);
	EXPECT_LE(0, fcntl(0, F_GETFD));
}

TEST(what_is_no_pipe_or_its_wrong_end_einval)
{
	struct kipc *handle;
	char address[64];
	int fds[2], file = open("/dev/null", O_RDWR);

	ASSERT_EQ(0, pipe(fds));
	snprintf(address, sizeof(address), "pipe:?fd=%d", file);
	EXPECT_EQ(-EINVAL, kipc_listen(&handle, address, NULL));
	snprintf(address, sizeof(address), "pipe:?fd=%d", fds[1]);
	EXPECT_EQ(-EINVAL, kipc_listen(&handle, address, NULL));
	snprintf(address, sizeof(address), "pipe:?fd=%d", fds[0]);
	EXPECT_EQ(-EINVAL, kipc_connect(&handle, address, NULL));
	/* Refused, it is still the caller's. */
	EXPECT_LE(0, fcntl(fds[0], F_GETFD));
}

TEST(closed_descriptor_ebadf)
{
	struct kipc *handle;

	EXPECT_EQ(-EBADF, kipc_listen(&handle, "pipe:?fd=1000", NULL));
}

TEST_F(pipe, foreign_bytes_eproto_for_good)
{
	static const char noise[64] = "this is not a frame at all";
	struct kipc_msg msg;

	ASSERT_EQ(sizeof(noise), write(self->fds[1], noise, sizeof(noise)));
	EXPECT_EQ(-EPROTO, kipc_recv(self->recv, &msg, LONG));
	ASSERT_EQ(0, kipc_send(self->send, "x", 1, LONG));
	EXPECT_EQ(-EPROTO, kipc_recv(self->recv, &msg, LONG));
}

TEST_F(pipe, corrupted_length_eproto_before_any_memory_is_taken)
{
	struct rlimit limit = { 256 << 20, 256 << 20 };
	unsigned char frame[64];
	struct kipc_msg msg;
	ssize_t n;

	ASSERT_EQ(0, kipc_send(self->send, "hello", 5, LONG));
	n = read(self->fds[0], frame, sizeof(frame));
	ASSERT_EQ(24 + 5, n);
	frame[8 + 3] ^= 0x3f;	/* the length: almost a gigabyte */
	ASSERT_EQ(n, write(self->fds[1], frame, n));
#ifndef __SANITIZE_ADDRESS__
	setrlimit(RLIMIT_AS, &limit);
#endif
	(void)limit;
	EXPECT_EQ(-EPROTO, kipc_recv(self->recv, &msg, LONG));
}

TEST_F(pipe, message_in_small_pieces_is_put_together)
{
	unsigned char frame[64];
	struct kipc_msg msg;
	ssize_t n, i;

	ASSERT_EQ(0, kipc_send(self->send, "hello", 5, LONG));
	n = read(self->fds[0], frame, sizeof(frame));
	ASSERT_EQ(24 + 5, n);
	for (i = 0; i < n; i++) {
		EXPECT_EQ(-EAGAIN, kipc_recv(self->recv, &msg, KIPC_NOW));
		ASSERT_EQ(1, write(self->fds[1], frame + i, 1));
	}
	EXPECT_EQ(5, kipc_recv(self->recv, &msg, KIPC_NOW));
	EXPECT_EQ(0, memcmp(msg.data, "hello", 5));
	kipc_release(&msg);
}

TEST_F(pipe, stream_that_ends_within_a_message_epipe)
{
	static char data[3000];
	unsigned char frame[4096];
	struct kipc_msg msg;
	ssize_t n;

	ASSERT_EQ(0, kipc_send(self->send, data, sizeof(data), LONG));
	n = read(self->fds[0], frame, sizeof(frame));
	ASSERT_EQ(n / 2, write(self->fds[1], frame, n / 2));
	kipc_close(self->send);
	self->send = NULL;
	close(self->fds[1]);
	EXPECT_EQ(-EPIPE, kipc_recv(self->recv, &msg, LONG));
}

TEST_F(pipe, message_cut_by_its_deadline_is_never_received)
{
	static char big[300000];
	struct kipc_msg msg;
	pid_t child;

	EXPECT_EQ(-ETIMEDOUT, kipc_send(self->send, big, sizeof(big), SOON));
	/* Half of it is in the pipe; the rest is owed before anything else goes. */
	EXPECT_EQ(-EAGAIN, kipc_send(self->send, "x", 1, KIPC_NOW));
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(kipc_send(self->send, "next", 4, LONG) ||
		      kipc_send(self->send, "last", 4, KIPC_FOREVER));
	ASSERT_EQ(4, kipc_recv(self->recv, &msg, LONG));
	EXPECT_EQ(0, memcmp(msg.data, "next", 4));
	kipc_release(&msg);
	ASSERT_EQ(4, kipc_recv(self->recv, &msg, LONG));
	EXPECT_EQ(0, memcmp(msg.data, "last", 4));
	kipc_release(&msg);
	EXPECT_EQ(0, exit_status(child));
}

TEST_F(pipe, message_cut_by_a_signal_is_never_received)
{
	static char big[300000];
	struct kipc_msg msg;
	pid_t child;

	alarm_start();
	EXPECT_EQ(-EINTR, kipc_send(self->send, big, sizeof(big), KIPC_FOREVER));
	alarm_stop();
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(kipc_send(self->send, "next", 4, KIPC_FOREVER));
	ASSERT_EQ(4, kipc_recv(self->recv, &msg, LONG));
	kipc_release(&msg);
	EXPECT_EQ(0, exit_status(child));
}

TEST_F(pipe, larger_than_the_pipe_without_waiting_emsgsize_eagain)
{
	static char big[300000];
	struct kipc_msg msg;

	EXPECT_EQ(-EMSGSIZE, kipc_send(self->send, big, sizeof(big), KIPC_NOW));
	EXPECT_EQ(0, kipc_send(self->send, big, 60000, KIPC_NOW));
	EXPECT_EQ(-EAGAIN, kipc_send(self->send, big, 60000, KIPC_NOW));
	ASSERT_EQ(60000, kipc_recv(self->recv, &msg, KIPC_NOW));
	kipc_release(&msg);
	EXPECT_EQ(-EAGAIN, kipc_recv(self->recv, &msg, KIPC_NOW));
}

TEST_F(pipe, nonblocking_descriptors_work_and_stay_so)
{
	static char big[300000];
	struct kipc_msg msg;
	pid_t child;

	fcntl(self->fds[0], F_SETFL, O_NONBLOCK);
	fcntl(self->fds[1], F_SETFL, O_NONBLOCK);
	fill(big, sizeof(big), 3);
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(kipc_send(self->send, big, sizeof(big), KIPC_FOREVER) ||
		      kipc_send(self->send, big, sizeof(big), LONG));
	ASSERT_EQ(sizeof(big), kipc_recv(self->recv, &msg, KIPC_FOREVER));
	EXPECT_TRUE(filled(msg.data, sizeof(big), 3));
	kipc_release(&msg);
	ASSERT_EQ(sizeof(big), kipc_recv(self->recv, &msg, LONG));
	kipc_release(&msg);
	EXPECT_EQ(0, exit_status(child));
	EXPECT_TRUE(fcntl(self->fds[0], F_GETFL) & O_NONBLOCK);
}

TEST_F(pipe, timed_calls_do_not_touch_the_shared_flags)
{
	struct kipc_msg msg;

	EXPECT_EQ(-EAGAIN, kipc_recv(self->recv, &msg, KIPC_NOW));
	EXPECT_EQ(-ETIMEDOUT, kipc_recv(self->recv, &msg, SOON));
	EXPECT_FALSE(fcntl(self->fds[0], F_GETFL) & O_NONBLOCK);
}

TEST_F(pipe, many_writers_of_small_messages_do_not_mix)
{
	pid_t children[4];
	struct kipc_msg msg;
	static char data[4072];
	int i, n;

	for (i = 0; i < 4; i++) {
		children[i] = fork();
		ASSERT_LE(0, children[i]);
		if (!children[i]) {
			for (n = 0; n < 200; n++) {
				size_t len = 1 + (n * 131 + i) % sizeof(data);

				data[0] = i;
				fill(data + 1, len - 1, i);
				if (kipc_send(self->send, data, len,
					      n & 1 ? LONG : KIPC_FOREVER))
					_exit(1);
			}
			_exit(0);
		}
	}
	for (n = 0; n < 800; n++) {
		const char *bytes;

		ASSERT_LT(0, kipc_recv(self->recv, &msg, LONG));
		bytes = msg.data;
		ASSERT_TRUE(filled(bytes + 1, msg.len - 1, bytes[0]));
		kipc_release(&msg);
	}
	for (i = 0; i < 4; i++)
		EXPECT_EQ(0, exit_status(children[i]));
}

static int signals;

static void count_signal(int number)
{
	signals += number == SIGPIPE;
}

TEST(no_reader_epipe_and_no_sigpipe)
{
	struct kipc *ends[2];
	sigset_t pending;

	signal(SIGPIPE, count_signal);
	ASSERT_EQ(0, kipc_pair(ends, "pipe:", NULL));
	kipc_close(ends[0]);
	EXPECT_EQ(-EPIPE, kipc_send(ends[1], "x", 1, LONG));
	EXPECT_EQ(0, signals);
	sigpending(&pending);
	EXPECT_FALSE(sigismember(&pending, SIGPIPE));
	kipc_close(ends[1]);
}

TEST_HARNESS_MAIN
