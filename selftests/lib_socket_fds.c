// SPDX-License-Identifier: GPL-2.0
/* Descriptors over every kind of AF_UNIX socket, by pairs and by listeners. */
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "lib_test.h"

FIXTURE(fds)
{
	char address[128];
	struct kipc *server;
	struct kipc *client;
	int pipe[2];
	int descriptors;
};

FIXTURE_VARIANT(fds)
{
	const char *scheme;
	bool pair;
};

FIXTURE_VARIANT_ADD(fds, unix_pair) { .scheme = "unix", .pair = true };
FIXTURE_VARIANT_ADD(fds, unix) { .scheme = "unix" };
FIXTURE_VARIANT_ADD(fds, unix_dgram_pair) { .scheme = "unix-dgram", .pair = true };
FIXTURE_VARIANT_ADD(fds, unix_dgram) { .scheme = "unix-dgram" };
FIXTURE_VARIANT_ADD(fds, unix_seqpacket_pair) { .scheme = "unix-seqpacket", .pair = true };
FIXTURE_VARIANT_ADD(fds, unix_seqpacket) { .scheme = "unix-seqpacket" };

FIXTURE_SETUP(fds)
{
	struct kipc *ends[2];
	struct kipc_msg msg;

	fresh_address(variant->scheme, self->address);
	if (variant->pair) {
		*(strchr(self->address, ':') + 1) = '\0';
		ASSERT_EQ(0, kipc_pair(ends, self->address, NULL));
		self->server = ends[0];
		self->client = ends[1];
	} else {
		ASSERT_EQ(0, kipc_listen(&self->server, self->address, NULL));
		ASSERT_EQ(0, kipc_connect(&self->client, self->address, NULL));
		/* It is accepted by the first receive. */
		EXPECT_EQ(-EAGAIN, kipc_recv(self->server, &msg, KIPC_NOW));
	}
	ASSERT_EQ(0, pipe2(self->pipe, O_NONBLOCK));
	self->descriptors = open_descriptors();
}

FIXTURE_TEARDOWN(fds)
{
	kipc_close(self->client);
	kipc_close(self->server);
	close(self->pipe[0]);
	close(self->pipe[1]);
}

static struct kipc_send_options with(const int *fds, size_t count)
{
	struct kipc_send_options options = KIPC_SEND_OPTIONS_INIT;

	options.fds = fds;
	options.fd_count = count;
	return options;
}

/* Nobody has the writing end any more. */
static bool hung_up(int fd)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };

	return poll(&pollfd, 1, LONG / 1000000) == 1 && pollfd.revents & POLLHUP;
}

TEST_F(fds, descriptor_arrives_close_on_exec)
{
	struct kipc_send_options options = with(&self->pipe[1], 1);
	struct kipc_msg msg;
	int fd = -1, again = -1;
	char byte;

	ASSERT_EQ(0, kipc_send_opts(self->client, "fd", 2, &options, LONG));
	ASSERT_EQ(2, kipc_recv(self->server, &msg, LONG));
	ASSERT_EQ(1, msg.fd_count);
	ASSERT_EQ(1, kipc_take_fds(&msg, &fd, 1));
	ASSERT_EQ(1, kipc_take_fds(&msg, &again, 1));
	EXPECT_NE(fd, again);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	kipc_release(&msg);
	EXPECT_EQ(-EINVAL, kipc_take_fds(&msg, &fd, 1));
	close(again);
	EXPECT_EQ(1, write(fd, "x", 1));
	EXPECT_EQ(1, read(self->pipe[0], &byte, 1));
	close(fd);
	EXPECT_EQ(self->descriptors, open_descriptors());
}

TEST_F(fds, each_message_has_its_own)
{
	struct kipc_send_options options;
	struct kipc_msg msg;
	int i, fd;

	/* Without, with the one end, without, with the other, twice, without. */
	for (i = 0; i < 6; i++) {
		options = with(&self->pipe[i & 2 ? 1 : 0], i & 1);
		ASSERT_EQ(0, kipc_send_opts(self->client, "message", i, &options, LONG));
	}
	for (i = 0; i < 6; i++) {
		ASSERT_EQ(i, kipc_recv(self->server, &msg, LONG));
		ASSERT_EQ(i & 1, msg.fd_count);
		ASSERT_EQ(i & 1, kipc_take_fds(&msg, &fd, 1));
		kipc_release(&msg);
		if (!(i & 1))
			continue;
		EXPECT_EQ(i & 2 ? 1 : -1, write(fd, "x", 1));
		close(fd);
	}
	EXPECT_EQ(self->descriptors, open_descriptors());
}

TEST_F(fds, as_many_as_can_go_and_no_more)
{
	int given[KIPC_MSG_FDS_MAX], got[KIPC_MSG_FDS_MAX], i;
	struct kipc_send_options options = with(given, KIPC_MSG_FDS_MAX);
	struct kipc_msg msg;

	for (i = 0; i < KIPC_MSG_FDS_MAX; i++)
		given[i] = self->pipe[1];
	given[1] = self->pipe[0];
	ASSERT_EQ(0, kipc_send_opts(self->client, NULL, 0, &options, LONG));
	ASSERT_EQ(0, kipc_recv(self->server, &msg, LONG));
	ASSERT_EQ(KIPC_MSG_FDS_MAX, msg.fd_count);
	ASSERT_EQ(KIPC_MSG_FDS_MAX, kipc_take_fds(&msg, got, KIPC_MSG_FDS_MAX));
	EXPECT_EQ(1, write(got[0], "x", 1));
	EXPECT_EQ(1, read(got[1], given, 1));
	for (i = 0; i < KIPC_MSG_FDS_MAX; i++)
		close(got[i]);
	kipc_release(&msg);
	EXPECT_EQ(self->descriptors, open_descriptors());
	options.fd_count++;
	EXPECT_EQ(-EINVAL, kipc_send_opts(self->client, NULL, 0, &options, LONG));
}

TEST_F(fds, not_taken_they_close_with_the_message)
{
	struct kipc_send_options options = with(&self->pipe[1], 1);
	struct kipc_msg msg;
	char byte;

	ASSERT_EQ(0, kipc_send_opts(self->client, "x", 1, &options, LONG));
	ASSERT_EQ(0, kipc_send_opts(self->client, "y", 1, &options, LONG));
	close(self->pipe[1]);
	ASSERT_EQ(1, kipc_recv(self->server, &msg, LONG));
	EXPECT_EQ(1, kipc_recv_into(self->server, &byte, 1, LONG));
	EXPECT_EQ(-1, read(self->pipe[0], &byte, 1));
	kipc_release(&msg);
	EXPECT_TRUE(hung_up(self->pipe[0]));
}

TEST_F(fds, of_messages_held_or_not_received_they_close_with_the_handle)
{
	struct kipc_send_options options = with(&self->pipe[1], 1);
	struct kipc_msg msg;
	int i;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, kipc_send_opts(self->client, "x", 1, &options, LONG));
	close(self->pipe[1]);
	ASSERT_EQ(1, kipc_recv(self->server, &msg, LONG));
	kipc_close(self->server);
	kipc_close(self->client);
	self->server = NULL;
	self->client = NULL;
	EXPECT_TRUE(hung_up(self->pipe[0]));
}

struct swap {
	struct kipc *server;
	int fd;		/* what to give in return */
};

/* Write to each descriptor that comes, and answer with another. */
static void *swap_three(void *arg)
{
	struct swap *swap = arg;
	struct kipc_send_options options = with(&swap->fd, 1);
	struct kipc_msg msg;
	int fd, i;

	for (i = 0; i < 3; i++) {
		if (kipc_recv(swap->server, &msg, LONG) != 1 ||
		    kipc_take_fds(&msg, &fd, 1) != 1 || write(fd, "x", 1) != 1)
			return arg;
		close(fd);
		if (kipc_reply_opts(swap->server, &msg, "ok", 2, &options))
			return arg;
	}
	return NULL;
}

TEST_F(fds, go_with_calls_and_come_with_replies)
{
	struct kipc_send_options options = with(&self->pipe[1], 1);
	struct swap swap = { self->server, self->pipe[0] };
	struct kipc_msg msg;
	pthread_t thread;
	void *failed;
	int fd, i;

	ASSERT_EQ(0, pthread_create(&thread, NULL, swap_three, &swap));
	for (i = 0; i < 3; i++) {
		char byte = 0;

		ASSERT_EQ(2, kipc_call_opts(self->client, "x", 1, &options, &msg, LONG));
		ASSERT_EQ(1, kipc_take_fds(&msg, &fd, 1));
		EXPECT_EQ(1, read(fd, &byte, 1));
		EXPECT_EQ('x', byte);
		close(fd);
		kipc_release(&msg);
	}
	pthread_join(thread, &failed);
	EXPECT_EQ(NULL, failed);
	EXPECT_EQ(self->descriptors, open_descriptors());
}

TEST_F(fds, with_a_large_message_too)
{
	struct kipc_send_options options = with(self->pipe, 2);
	struct kipc_info info = KIPC_INFO_INIT;
	struct kipc_msg msg;
	size_t len;
	char *data;
	int fds[2];
	pid_t child;

	ASSERT_EQ(0, kipc_info(self->client, &info));
	len = info.max_size < 1 << 20 ? info.max_size : 1 << 20;
	data = malloc(len);
	ASSERT_NE(NULL, data);
	fill(data, len, 3);
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(kipc_send(self->client, data, len, LONG) ||
		      kipc_send_opts(self->client, data, len, &options, LONG) ||
		      kipc_send_opts(self->client, "x", 1, &options, KIPC_FOREVER));
	ASSERT_EQ(len, kipc_recv(self->server, &msg, LONG));
	EXPECT_EQ(0, msg.fd_count);
	kipc_release(&msg);
	ASSERT_EQ(len, kipc_recv(self->server, &msg, KIPC_FOREVER));
	EXPECT_TRUE(filled(msg.data, len, 3));
	ASSERT_EQ(2, kipc_take_fds(&msg, fds, 2));
	kipc_release(&msg);
	EXPECT_EQ(1, write(fds[1], "x", 1));
	EXPECT_EQ(1, read(fds[0], data, 1));
	close(fds[0]);
	close(fds[1]);
	ASSERT_EQ(1, kipc_recv(self->server, &msg, LONG));
	EXPECT_EQ(2, msg.fd_count);
	kipc_release(&msg);
	EXPECT_EQ(0, exit_status(child));
	EXPECT_EQ(self->descriptors, open_descriptors());
	free(data);
}

TEST_F(fds, closed_one_ebadf_and_nothing_is_sent)
{
	int given[2] = { self->pipe[1], 9999 };
	struct kipc_send_options options = with(given, 2);
	struct kipc_msg msg;

	EXPECT_EQ(-EBADF, kipc_send_opts(self->client, "x", 1, &options, LONG));
	EXPECT_EQ(-EAGAIN, kipc_recv(self->server, &msg, KIPC_NOW));
	ASSERT_EQ(0, kipc_send(self->client, "yy", 2, LONG));
	EXPECT_EQ(2, kipc_recv(self->server, &msg, LONG));
	kipc_release(&msg);
}

TEST_F(fds, without_room_for_them_the_message_comes_and_they_do_not)
{
	struct rlimit before, few;
	int given[8], i, got;
	struct kipc_send_options options = with(given, 8);
	struct kipc_msg msg;

	for (i = 0; i < 8; i++)
		given[i] = self->pipe[1];
	ASSERT_EQ(0, kipc_send_opts(self->client, "x", 1, &options, LONG));
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &before));
	few = before;
	few.rlim_cur = self->descriptors + 3;
	/* The lowest free ones are used first; some of the others are above the limit. */
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &few));
	ASSERT_EQ(1, kipc_recv(self->server, &msg, LONG));
	EXPECT_EQ(8, msg.fd_count);
	EXPECT_EQ(-EMFILE, kipc_take_fds(&msg, given, 8));
	EXPECT_EQ(-EMFILE, kipc_take_fds(&msg, &got, 1));
	kipc_release(&msg);
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &before));
	EXPECT_EQ(self->descriptors, open_descriptors());
	given[0] = self->pipe[1];
	options.fd_count = 1;
	ASSERT_EQ(0, kipc_send_opts(self->client, "y", 1, &options, LONG));
	ASSERT_EQ(1, kipc_recv(self->server, &msg, LONG));
	EXPECT_EQ(1, kipc_take_fds(&msg, &got, 1));
	close(got);
	kipc_release(&msg);
}

TEST_F(fds, network_has_none)
{
	struct kipc_send_options options = with(self->pipe, 2);
	struct kipc *ends[2];

	if (!variant->pair)
		SKIP(return, "once is enough");
	ASSERT_EQ(0, kipc_pair(ends, "tcp:", NULL));
	EXPECT_EQ(-EOPNOTSUPP, kipc_send_opts(ends[1], "x", 1, &options, LONG));
	kipc_close(ends[0]);
	kipc_close(ends[1]);
}

TEST_HARNESS_MAIN
