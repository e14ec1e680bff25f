// SPDX-License-Identifier: GPL-2.0
/* pipe: what only a stream of bytes has: frames that are cut, mixed or foreign. */
#include <fcntl.h>
#include <poll.h>
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
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
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

/* The same where SIGPIPE is ignored, blocked, and pending already. */
TEST(no_reader_epipe_whatever_becomes_of_sigpipe)
{
	struct kipc *ends[2];
	sigset_t set;
	int i;

	for (i = 0; i < 3; i++) {
		if (i == 0)
			signal(SIGPIPE, SIG_IGN);
		else
			signal(SIGPIPE, SIG_DFL);
		if (i == 1) {
			sigemptyset(&set);
			sigaddset(&set, SIGPIPE);
			sigprocmask(SIG_BLOCK, &set, NULL);
		} else if (i == 2) {
			raise(SIGPIPE);
		}
		ASSERT_EQ(0, kipc_pair(ends, "pipe:", NULL));
		kipc_close(ends[0]);
		EXPECT_EQ(-EPIPE, kipc_send(ends[1], "x", 1, LONG));
		EXPECT_EQ(-EPIPE, kipc_send(ends[1], "x", 1, KIPC_FOREVER));
		kipc_close(ends[1]);
	}
	/* The program's own is still there. */
	sigpending(&set);
	EXPECT_TRUE(sigismember(&set, SIGPIPE));
}

/* ---- reading ahead ---- */

static int next_number(struct kipc *recv, int64_t timeout)
{
	struct kipc_msg msg;
	uint32_t number;
	ssize_t n = kipc_recv(recv, &msg, timeout);

	if (n < (ssize_t)sizeof(number))
		return n < 0 ? (int)n : -1;
	memcpy(&number, msg.data, sizeof(number));
	if (!filled((const char *)msg.data + 4, n - 4, number))
		number = -1U;
	kipc_release(&msg);
	return (int)number;
}

static int send_number(struct kipc *send, uint32_t number)
{
	char data[3000];
	size_t len = 4 + number * 7919 % 2000;

	memcpy(data, &number, 4);
	fill(data + 4, len - 4, number);
	return kipc_send(send, data, len, KIPC_NOW);
}

TEST(processes_that_receive_in_turns_lose_nothing)
{
	int i, number = 0, turns[2][2];
	struct kipc *ends[2];
	char byte = 0;
	pid_t child;

	ASSERT_EQ(0, pipe(turns[0]));
	ASSERT_EQ(0, pipe(turns[1]));
	ASSERT_EQ(0, kipc_pair(ends, "pipe:", NULL));
	for (i = 0; i < 42; i++)
		ASSERT_EQ(0, send_number(ends[1], i));
	/* What has been read ahead by now must be there for both. */
	for (; number < 3; number++)
		ASSERT_EQ(number, next_number(ends[0], KIPC_NOW));
	child = fork();
	ASSERT_LE(0, child);
	for (; number < 42; number++) {
		bool mine = (number / 3 & 1) == !child;

		if (mine && next_number(ends[0], number & 1 ? KIPC_NOW : LONG) != number)
			break;
		/* After three the other one's turn. */
		if (mine && number % 3 == 2 && write(turns[!child][1], &byte, 1) != 1)
			break;
		if (!mine && number % 3 == 0 && read(turns[!!child][0], &byte, 1) != 1)
			break;
	}
	if (!child)
		_exit(number == 42 ? 0 : number + 1);
	EXPECT_EQ(42, number);
	EXPECT_EQ(0, exit_status(child));
	kipc_close(ends[0]);
	kipc_close(ends[1]);
}

TEST(descriptor_that_was_asked_for_shows_all_that_waits)
{
	struct kipc *ends[2];
	int i, fd;

	ASSERT_EQ(0, kipc_pair(ends, "pipe:", NULL));
	for (i = 0; i < 10; i++)
		ASSERT_EQ(0, send_number(ends[1], i));
	ASSERT_EQ(0, next_number(ends[0], KIPC_NOW));
	fd = kipc_fd(ends[0]);
	/* Until -EAGAIN: some have left the descriptor. */
	for (i = 1; i < 10; i++)
		ASSERT_EQ(i, next_number(ends[0], KIPC_NOW));
	EXPECT_EQ(-EAGAIN, next_number(ends[0], KIPC_NOW));
	/* From here on none does. */
	for (i = 0; i < 10; i++)
		ASSERT_EQ(0, send_number(ends[1], i));
	for (i = 0; i < 10; i++) {
		struct pollfd pollfd = { .fd = fd, .events = POLLIN };

		EXPECT_EQ(1, poll(&pollfd, 1, 0));
		ASSERT_EQ(i, next_number(ends[0], KIPC_NOW));
	}
	kipc_close(ends[0]);
	kipc_close(ends[1]);
}

/* A program that takes one message of its standard input leaves the next one there. */
TEST_F(pipe, inherited_pipe_is_not_read_ahead)
{
	struct kipc *next;
	char address[64];
	int i;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, send_number(self->send, i));
	EXPECT_EQ(0, next_number(self->recv, LONG));
	snprintf(address, sizeof(address), "pipe:?fd=%d", dup(self->fds[0]));
	ASSERT_EQ(0, kipc_listen(&next, address, NULL));
	EXPECT_EQ(1, next_number(next, LONG));
	kipc_close(next);
	EXPECT_EQ(2, next_number(self->recv, LONG));
}

TEST(too_large_for_the_callers_memory_is_still_the_next)
{
	static char data[200000], buf[200000];
	struct kipc *ends[2];
	pid_t child;

	fill(data, sizeof(data), 8);
	ASSERT_EQ(0, kipc_pair(ends, "pipe:", NULL));
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(kipc_send(ends[1], data, sizeof(data), LONG) ||
		      kipc_send(ends[1], "small", 5, LONG));
	EXPECT_EQ(-EMSGSIZE, kipc_recv_into(ends[0], buf, sizeof(buf) - 1, LONG));
	EXPECT_EQ(-EMSGSIZE, kipc_recv_into(ends[0], buf, 0, KIPC_NOW));
	EXPECT_EQ(sizeof(buf), kipc_recv_into(ends[0], buf, sizeof(buf), KIPC_NOW));
	EXPECT_TRUE(filled(buf, sizeof(buf), 8));
	EXPECT_EQ(-EMSGSIZE, kipc_recv_into(ends[0], buf, 4, LONG));
	EXPECT_EQ(5, kipc_recv_into(ends[0], buf, 5, LONG));
	EXPECT_EQ(0, exit_status(child));
	kipc_close(ends[0]);
	kipc_close(ends[1]);
}

/* ---- packets ---- */

TEST(packet_is_a_message_of_at_most_4072_bytes)
{
	struct kipc_info info = KIPC_INFO_INIT;
	static char data[4073];
	struct kipc *ends[2];
	struct kipc_msg msg;

	EXPECT_EQ(-EMSGSIZE, kipc_pair(ends, "pipe:?packet&size=4073", NULL));
	ASSERT_EQ(0, kipc_pair(ends, "pipe:?packet", NULL));
	ASSERT_EQ(0, kipc_info(ends[1], &info));
	EXPECT_EQ(4072, info.max_size);
	EXPECT_EQ(-EMSGSIZE, kipc_send(ends[1], data, 4073, LONG));
	ASSERT_EQ(0, kipc_send(ends[1], data, 4072, LONG));
	ASSERT_EQ(0, kipc_send(ends[1], NULL, 0, LONG));
	EXPECT_EQ(4072, kipc_recv(ends[0], &msg, LONG));
	kipc_release(&msg);
	EXPECT_EQ(0, kipc_recv(ends[0], &msg, LONG));
	kipc_release(&msg);
	EXPECT_TRUE(fcntl(kipc_fd(ends[1]), F_GETFL) & O_DIRECT);
	kipc_close(ends[0]);
	kipc_close(ends[1]);
}

TEST_F(pipe, inherited_pipe_takes_packets_where_both_ask_for_them)
{
	struct kipc *recv, *send;
	struct kipc_msg msg;
	char address[64];
	int i;

	snprintf(address, sizeof(address), "pipe:?packet&fd=%d", dup(self->fds[0]));
	ASSERT_EQ(0, kipc_listen(&recv, address, NULL));
	snprintf(address, sizeof(address), "pipe:?packet&fd=%d", dup(self->fds[1]));
	ASSERT_EQ(0, kipc_connect(&send, address, NULL));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, send_number(send, i));
	/* What is no message costs itself only. */
	ASSERT_EQ(5, write(self->fds[1], "noise", 5));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(i, next_number(recv, LONG));
	EXPECT_EQ(-EPROTO, kipc_recv(recv, &msg, LONG));
	EXPECT_EQ(-EAGAIN, kipc_recv(recv, &msg, KIPC_NOW));
	ASSERT_EQ(0, send_number(send, 3));
	EXPECT_EQ(3, next_number(recv, LONG));
	kipc_close(recv);
	kipc_close(send);
}

/* Three processes receive, three send; the sum of what each received comes back. */
TEST(packets_go_to_many_receivers_each_to_one)
{
	pid_t senders[3], receivers[3];
	struct kipc *ends[2], *sums[2];
	struct kipc_msg msg;
	uint64_t sum[2], total[2] = { 0 };
	int i, n;

	ASSERT_EQ(0, kipc_pair(ends, "pipe:?packet", NULL));
	ASSERT_EQ(0, kipc_pair(sums, "pipe:", NULL));
	for (i = 0; i < 3; i++) {
		receivers[i] = fork();
		ASSERT_LE(0, receivers[i]);
		if (!receivers[i]) {
			memset(sum, 0, sizeof(sum));
			kipc_close(ends[1]);
			while ((n = next_number(ends[0], i ? LONG : KIPC_FOREVER)) >= 0) {
				sum[0] += n;
				sum[1]++;
			}
			_exit(n != -EPIPE || kipc_send(sums[1], sum, sizeof(sum), LONG));
		}
		senders[i] = fork();
		ASSERT_LE(0, senders[i]);
		if (!senders[i]) {
			for (n = i; n < 900; n += 3) {
				char data[2004];
				size_t len = 4 + n * 7919 % 2000;

				memcpy(data, &n, 4);
				fill(data + 4, len - 4, n);
				if (kipc_send(ends[1], data, len, n & 1 ? LONG : KIPC_FOREVER))
					_exit(1);
			}
			_exit(0);
		}
	}
	kipc_close(ends[0]);
	kipc_close(ends[1]);
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, exit_status(senders[i]));
		EXPECT_EQ(0, exit_status(receivers[i]));
		ASSERT_EQ(sizeof(sum), kipc_recv(sums[0], &msg, LONG));
		memcpy(sum, msg.data, sizeof(sum));
		total[0] += sum[0];
		total[1] += sum[1];
		kipc_release(&msg);
	}
	EXPECT_EQ(900, total[1]);
	EXPECT_EQ(899 * 900 / 2, total[0]);
	kipc_close(sums[0]);
	kipc_close(sums[1]);
}

/* ---- both ways ---- */

TEST(duplex_ends_are_inherited_as_standard_input_and_output)
{
	int forth[2], back[2];
	struct kipc *handle;
	struct kipc_msg msg;
	char address[64];
	pid_t child;

	ASSERT_EQ(0, pipe(forth));
	ASSERT_EQ(0, pipe(back));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		dup2(forth[0], 0);
		dup2(back[1], 1);
		if (kipc_listen(&handle, "pipe:?duplex", NULL) ||
		    kipc_recv(handle, &msg, LONG) != 8 ||
		    kipc_reply(handle, &msg, "answer", 6))
			_exit(1);
		_exit(0);
	}
	snprintf(address, sizeof(address), "pipe:?duplex&fd=%d&out=%d", back[0], forth[1]);
	ASSERT_EQ(0, kipc_connect(&handle, address, NULL));
	ASSERT_EQ(6, kipc_call(handle, "question", 8, &msg, LONG));
	EXPECT_EQ(0, memcmp(msg.data, "answer", 6));
	kipc_release(&msg);
	EXPECT_EQ(0, exit_status(child));
	kipc_close(handle);
	EXPECT_EQ(-1, fcntl(forth[1], F_GETFD));
	close(forth[0]);
	close(back[1]);
}

TEST(duplex_refuses_what_makes_no_sense)
{
	struct kipc *handle, *ends[2];
	int fds[2];
	char address[64];

	EXPECT_EQ(-EINVAL, kipc_pair(ends, "pipe:?duplex&fd=3", NULL));
	EXPECT_EQ(-EINVAL, kipc_pair(ends, "pipe:?out=3", NULL));
	EXPECT_EQ(-EINVAL, kipc_connect(&handle, "pipe:?out=1", NULL));
	ASSERT_EQ(0, pipe(fds));
	snprintf(address, sizeof(address), "pipe:?duplex&fd=%d&out=1000", fds[0]);
	EXPECT_EQ(-EBADF, kipc_listen(&handle, address, NULL));
	snprintf(address, sizeof(address), "pipe:?duplex&fd=%d&out=%d", fds[1], fds[0]);
	EXPECT_EQ(-EINVAL, kipc_listen(&handle, address, NULL));
	EXPECT_LE(0, fcntl(fds[0], F_GETFD));
	close(fds[0]);
	close(fds[1]);
}

TEST(duplex_reply_larger_than_the_pipe_is_waited_for)
{
	static char data[500000];
	struct kipc *ends[2];
	struct kipc_msg msg;
	pid_t child;

	fill(data, sizeof(data), 2);
	ASSERT_EQ(0, kipc_pair(ends, "pipe:?duplex", NULL));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		if (kipc_recv(ends[0], &msg, LONG) != 1)
			_exit(1);
		_exit(kipc_reply(ends[0], &msg, data, sizeof(data)) ? 2 : 0);
	}
	ASSERT_EQ(sizeof(data), kipc_call(ends[1], "x", 1, &msg, LONG));
	EXPECT_TRUE(filled(msg.data, msg.len, 2));
	kipc_release(&msg);
	EXPECT_EQ(0, exit_status(child));
	kipc_close(ends[0]);
	kipc_close(ends[1]);
}

/* Nobody reads it: the caller has given up. */
TEST(duplex_reply_that_nobody_reads_enobufs)
{
	static char data[500000];
	struct kipc *ends[2];
	struct kipc_msg call, msg;

	ASSERT_EQ(0, kipc_pair(ends, "pipe:?duplex", NULL));
	EXPECT_EQ(-ETIMEDOUT, kipc_call(ends[1], "x", 1, &msg, SOON));
	ASSERT_EQ(1, kipc_recv(ends[0], &call, LONG));
	EXPECT_EQ(-ENOBUFS, kipc_reply(ends[0], &call, data, sizeof(data)));
	EXPECT_EQ(-ENOBUFS, kipc_reply(ends[0], &call, "y", 1));
	kipc_release(&call);
	kipc_close(ends[0]);
	kipc_close(ends[1]);
}

TEST_HARNESS_MAIN
