// SPDX-License-Identifier: GPL-2.0
/* Descriptors in messages: who has them when, and which may not travel. */
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "lib_test.h"

FIXTURE(fds)
{
	struct kipc *server;
	struct kipc *client;
	int pipe[2];
	int descriptors;
};

FIXTURE_SETUP(fds)
{
	struct kipc *ends[2];

	if (device_missing("channel"))
		SKIP(return, "no /dev/kipc");
	ASSERT_EQ(0, kipc_pair(ends, "channel:", NULL));
	self->server = ends[0];
	self->client = ends[1];
	ASSERT_EQ(0, pipe(self->pipe));
	ASSERT_EQ(0, fcntl(self->pipe[0], F_SETFL, O_NONBLOCK));
	self->descriptors = open_descriptors();
}

FIXTURE_TEARDOWN(fds)
{
	if (!self->client)
		return;
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

/* A message with the writing end, received. */
static void take(struct __test_metadata *_metadata, struct kipc *from, struct kipc *to,
		 const int *fd, struct kipc_msg *msg)
{
	struct kipc_send_options options = with(fd, 1);

	ASSERT_EQ(0, kipc_send_opts(from, "fd", 2, &options, LONG));
	ASSERT_EQ(2, kipc_recv(to, msg, LONG));
	EXPECT_EQ(1, msg->fd_count);
}

static void expect_byte(struct __test_metadata *_metadata, int from, int to)
{
	char byte;

	EXPECT_EQ(1, write(to, "x", 1));
	EXPECT_EQ(1, read(from, &byte, 1));
}

/* The kernel closes what nobody asked for in its own time. */
static ssize_t read_soon(int fd, char *byte)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };

	poll(&pollfd, 1, LONG / 1000000);
	return read(fd, byte, 1);
}

TEST_F(fds, descriptor_arrives_close_on_exec)
{
	struct kipc_msg msg;
	int fd = -1;

	take(_metadata, self->client, self->server, &self->pipe[1], &msg);
	ASSERT_EQ(1, kipc_take_fds(&msg, &fd, 1));
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	kipc_release(&msg);
	expect_byte(_metadata, self->pipe[0], fd);
	close(fd);
	EXPECT_EQ(self->descriptors, open_descriptors());
}

TEST_F(fds, many_keep_their_order_and_the_first_are_taken)
{
	int given[KIPC_MSG_FDS_MAX], got[KIPC_MSG_FDS_MAX + 1];
	struct kipc_send_options options = with(given, KIPC_MSG_FDS_MAX);
	struct kipc_msg msg;
	int i;

	for (i = 0; i < KIPC_MSG_FDS_MAX; i++)
		given[i] = self->pipe[1];
	given[1] = self->pipe[0];
	ASSERT_EQ(0, kipc_send_opts(self->client, NULL, 0, &options, LONG));
	ASSERT_EQ(0, kipc_recv(self->server, &msg, LONG));
	EXPECT_EQ(KIPC_MSG_FDS_MAX, msg.fd_count);
	EXPECT_EQ(0, kipc_take_fds(&msg, NULL, 0));
	ASSERT_EQ(2, kipc_take_fds(&msg, got, 2));
	expect_byte(_metadata, got[1], got[0]);
	close(got[0]);
	close(got[1]);
	ASSERT_EQ(KIPC_MSG_FDS_MAX, kipc_take_fds(&msg, got, KIPC_MSG_FDS_MAX + 1));
	kipc_release(&msg);
	for (i = 0; i < KIPC_MSG_FDS_MAX; i++)
		close(got[i]);
	options.fd_count++;
	EXPECT_EQ(-EINVAL, kipc_send_opts(self->client, NULL, 0, &options, LONG));
	options = with(NULL, 1);
	EXPECT_EQ(-EINVAL, kipc_send_opts(self->client, NULL, 0, &options, LONG));
}

TEST_F(fds, not_taken_they_close_with_the_message)
{
	struct kipc_msg msg;
	char byte;

	take(_metadata, self->client, self->server, &self->pipe[1], &msg);
	close(self->pipe[1]);
	EXPECT_EQ(-1, read(self->pipe[0], &byte, 1));
	EXPECT_EQ(EAGAIN, errno);
	kipc_release(&msg);
	EXPECT_EQ(0, read_soon(self->pipe[0], &byte));
	EXPECT_EQ(-EINVAL, kipc_take_fds(&msg, self->pipe, 1));
}

TEST_F(fds, received_into_a_buffer_they_are_dropped)
{
	struct kipc_send_options options = with(&self->pipe[1], 1);
	char byte;

	ASSERT_EQ(0, kipc_send_opts(self->client, "x", 1, &options, LONG));
	close(self->pipe[1]);
	EXPECT_EQ(1, kipc_recv_into(self->server, &byte, 1, LONG));
	EXPECT_EQ(0, read_soon(self->pipe[0], &byte));
}

TEST_F(fds, message_without_any_has_none)
{
	struct kipc_msg msg;
	int fd;

	ASSERT_EQ(0, kipc_send(self->client, "x", 1, LONG));
	ASSERT_EQ(1, kipc_recv(self->server, &msg, LONG));
	EXPECT_EQ(0, msg.fd_count);
	EXPECT_EQ(0, kipc_take_fds(&msg, &fd, 1));
	EXPECT_EQ(-EINVAL, kipc_take_fds(&msg, NULL, 1));
	EXPECT_EQ(-EINVAL, kipc_take_fds(NULL, &fd, 1));
	kipc_release(&msg);
}

/* The server gets the writing end with the call and gives it back with the reply. */
static void *give_back(void *handle)
{
	struct kipc_send_options options;
	struct kipc_msg msg;
	int fd;
	long err;

	if (kipc_recv(handle, &msg, LONG) < 0 || kipc_take_fds(&msg, &fd, 1) != 1)
		return (void *)1;
	options = with(&fd, 1);
	err = kipc_reply_opts(handle, &msg, "back", 4, &options);
	close(fd);
	return (void *)err;
}

TEST_F(fds, go_with_calls_and_replies)
{
	struct kipc_send_options options = with(&self->pipe[1], 1);
	struct kipc_msg reply;
	pthread_t thread;
	void *result;
	int fd;

	ASSERT_EQ(0, pthread_create(&thread, NULL, give_back, self->server));
	ASSERT_EQ(4, kipc_call_opts(self->client, "x", 1, &options, &reply, LONG));
	pthread_join(thread, &result);
	EXPECT_EQ(NULL, result);
	EXPECT_EQ(1, reply.fd_count);
	ASSERT_EQ(1, kipc_take_fds(&reply, &fd, 1));
	kipc_release(&reply);
	expect_byte(_metadata, self->pipe[0], fd);
	close(fd);
}

TEST_F(fds, closed_one_ebadf_and_nothing_is_sent)
{
	int fds[2] = { self->pipe[1], 9999 };
	struct kipc_send_options options = with(fds, 2);
	struct kipc_msg msg;

	EXPECT_EQ(-EBADF, kipc_send_opts(self->client, "x", 1, &options, LONG));
	EXPECT_EQ(-EBADF, kipc_call_opts(self->client, "x", 1, &options, &msg, LONG));
	EXPECT_EQ(KIPC_CALL_UNSEEN, msg.outcome);
	EXPECT_EQ(-EAGAIN, kipc_recv(self->server, &msg, KIPC_NOW));
}

TEST_F(fds, one_that_could_hold_itself_eloop_says_so)
{
	int fd = kipc_fd(self->server), sockets[2];
	struct kipc_send_options options = with(&fd, 1);
	char text[256];

	EXPECT_EQ(-ELOOP, kipc_send_opts(self->client, "x", 1, &options, LONG));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	options.fds = sockets;
	EXPECT_EQ(-ELOOP, kipc_send_opts(self->client, "x", 1, &options, LONG));
	close(sockets[0]);
	close(sockets[1]);
	kipc_explain("channel:", -ELOOP, text, sizeof(text));
	EXPECT_NE(NULL, strstr(text, "may not travel"));
}

TEST_F(fds, reply_that_cannot_take_them_can_be_given_without)
{
	struct kipc_send_options options = with(&(int){ 9999 }, 1);
	struct kipc_msg call, end;
	uint64_t id;
	int fd;

	ASSERT_EQ(0, kipc_call_start(self->client, "x", 1, NULL, &id, LONG));
	ASSERT_EQ(1, kipc_recv(self->server, &call, LONG));
	EXPECT_EQ(-EBADF, kipc_reply_opts(self->server, &call, "y", 1, &options));
	fd = kipc_fd(self->client);
	options.fds = &fd;
	EXPECT_EQ(-ELOOP, kipc_reply_opts(self->server, &call, "y", 1, &options));
	EXPECT_EQ(0, kipc_reply(self->server, &call, "y", 1));
	ASSERT_EQ(1, kipc_recv(self->client, &end, LONG));
	EXPECT_EQ(id, end.call);
	kipc_release(&end);
}

TEST_F(fds, no_room_for_all_emfile_and_none_is_left)
{
	int fds[3] = { self->pipe[1], self->pipe[1], self->pipe[1] }, got[3];
	struct kipc_send_options options = with(fds, 3);
	struct rlimit limit, few;
	struct kipc_msg msg;
	int next;

	ASSERT_EQ(0, kipc_send_opts(self->client, "x", 1, &options, LONG));
	ASSERT_EQ(1, kipc_recv(self->server, &msg, LONG));
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	next = dup(0);
	close(next);
	few = limit;
	few.rlim_cur = next + 2;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &few));
	EXPECT_EQ(-EMFILE, kipc_take_fds(&msg, got, 3));
	EXPECT_EQ(2, kipc_take_fds(&msg, got, 2));
	close(got[0]);
	close(got[1]);
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	kipc_release(&msg);
	EXPECT_EQ(self->descriptors, open_descriptors());
}

TEST(mechanisms_that_cannot_eopnotsupp)
{
	struct kipc_send_options options = with(&(int){ 0 }, 1);
	const char *scheme;
	struct kipc *ends[2];
	char address[64];
	unsigned int i;

	for (i = 0; (scheme = kipc_scheme(i)); i++) {
		if (device_missing(scheme) || scheme_can(scheme) & KIPC_CAN_FDS ||
		    !(scheme_can(scheme) & KIPC_CAN_PAIR))
			continue;
		snprintf(address, sizeof(address), "%s:", scheme);
		ASSERT_EQ(0, kipc_pair(ends, address, NULL));
		EXPECT_EQ(-EOPNOTSUPP, kipc_send_opts(ends[1], "x", 1, &options, LONG));
		kipc_close(ends[0]);
		kipc_close(ends[1]);
	}
	EXPECT_TRUE(scheme_can("channel") & KIPC_CAN_FDS);
}

/* ---- queues, where they are installed when the message is received ---- */

FIXTURE(queue)
{
	struct kipc *recv;
	struct kipc *send;
	int pipe[2];
	int descriptors;
};

FIXTURE_SETUP(queue)
{
	struct kipc *ends[2];

	if (device_missing("queue"))
		SKIP(return, "no /dev/kipc");
	ASSERT_EQ(0, kipc_pair(ends, "queue:", NULL));
	self->recv = ends[0];
	self->send = ends[1];
	ASSERT_EQ(0, pipe(self->pipe));
	ASSERT_EQ(0, fcntl(self->pipe[0], F_SETFL, O_NONBLOCK));
	self->descriptors = open_descriptors();
}

FIXTURE_TEARDOWN(queue)
{
	if (!self->send)
		return;
	kipc_close(self->send);
	kipc_close(self->recv);
	close(self->pipe[0]);
	close(self->pipe[1]);
}

TEST_F(queue, descriptor_outlives_its_message_where_it_was_taken)
{
	struct kipc_msg msg;
	int fds[2] = { -1, -1 };

	take(_metadata, self->send, self->recv, &self->pipe[1], &msg);
	ASSERT_EQ(1, kipc_take_fds(&msg, fds, 2));
	EXPECT_EQ(FD_CLOEXEC, fcntl(fds[0], F_GETFD));
	ASSERT_EQ(1, kipc_take_fds(&msg, fds + 1, 1));
	EXPECT_NE(fds[0], fds[1]);
	close(fds[1]);
	kipc_release(&msg);
	EXPECT_EQ(-EINVAL, kipc_take_fds(&msg, fds + 1, 1));
	expect_byte(_metadata, self->pipe[0], fds[0]);
	close(fds[0]);
	EXPECT_EQ(self->descriptors, open_descriptors());
}

TEST_F(queue, all_that_a_message_can_carry)
{
	int given[KIPC_MSG_FDS_MAX], got[2];
	struct kipc_send_options options = with(given, KIPC_MSG_FDS_MAX);
	struct kipc_msg msg;
	int i;

	for (i = 0; i < KIPC_MSG_FDS_MAX; i++)
		given[i] = self->pipe[i & 1];
	ASSERT_EQ(0, kipc_send_opts(self->send, NULL, 0, &options, LONG));
	ASSERT_EQ(0, kipc_recv(self->recv, &msg, LONG));
	EXPECT_EQ(KIPC_MSG_FDS_MAX, msg.fd_count);
	ASSERT_EQ(2, kipc_take_fds(&msg, got, 2));
	expect_byte(_metadata, got[0], got[1]);
	close(got[0]);
	close(got[1]);
	kipc_release(&msg);
	EXPECT_EQ(self->descriptors, open_descriptors());
}

TEST_F(queue, not_taken_they_close_with_the_message_or_the_handle)
{
	struct kipc_msg first, second;
	char byte;

	take(_metadata, self->send, self->recv, &self->pipe[1], &first);
	take(_metadata, self->send, self->recv, &self->pipe[1], &second);
	close(self->pipe[1]);
	EXPECT_EQ(-1, read(self->pipe[0], &byte, 1));
	kipc_release(&first);
	EXPECT_EQ(-1, read(self->pipe[0], &byte, 1));
	kipc_close(self->recv);
	self->recv = NULL;
	EXPECT_EQ(0, read_soon(self->pipe[0], &byte));
	/* The pipe's end and the queue's. */
	EXPECT_EQ(self->descriptors - 2, open_descriptors());
}

TEST_F(queue, who_does_not_want_them_does_not_get_them)
{
	struct kipc_send_options options = with(self->pipe, 1);
	struct kipc_recv_options look = KIPC_RECV_OPTIONS_INIT;
	struct kipc_msg msg, msgs[2];
	char data[8];
	int i;

	look.flags = KIPC_PEEK;
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, kipc_send_opts(self->send, "fd", 2, &options, LONG));
	ASSERT_EQ(2, kipc_recv_opts(self->recv, &msg, &look, LONG));
	EXPECT_EQ(0, msg.fd_count);
	kipc_release(&msg);
	EXPECT_EQ(2, kipc_recv_into(self->recv, data, sizeof(data), LONG));
	ASSERT_EQ(2, kipc_recv_many(self->recv, msgs, 2, LONG));
	EXPECT_EQ(0, msgs[0].fd_count);
	EXPECT_EQ(self->descriptors, open_descriptors());
	kipc_release(&msgs[0]);
	kipc_release(&msgs[1]);
}

TEST_F(queue, looked_at_they_stay_with_the_message)
{
	struct kipc_send_options options = with(self->pipe, 2);
	struct kipc_recv_options look = KIPC_RECV_OPTIONS_INIT;
	struct kipc_msg msg;

	look.flags = KIPC_PEEK;
	ASSERT_EQ(0, kipc_send_opts(self->send, "fd", 2, &options, LONG));
	ASSERT_EQ(2, kipc_recv_opts(self->recv, &msg, &look, LONG));
	kipc_release(&msg);
	ASSERT_EQ(2, kipc_recv(self->recv, &msg, LONG));
	EXPECT_EQ(2, msg.fd_count);
	kipc_release(&msg);
}

TEST_F(queue, no_room_leaves_the_message)
{
	struct kipc_send_options options = with(self->pipe, 1);
	struct rlimit limit, none;
	struct kipc_msg msg;
	char data[8];

	ASSERT_EQ(0, kipc_send_opts(self->send, "fd", 2, &options, LONG));
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	none = limit;
	none.rlim_cur = 0;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &none));
	EXPECT_EQ(-EMFILE, kipc_recv(self->recv, &msg, LONG));
	EXPECT_EQ(2, kipc_recv_into(self->recv, data, sizeof(data), LONG));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_EQ(self->descriptors, open_descriptors());
}

TEST_F(queue, endpoint_itself_may_not_travel)
{
	int fd = kipc_fd(self->recv);
	struct kipc_send_options options = with(&fd, 1);

	EXPECT_EQ(-ELOOP, kipc_send_opts(self->send, NULL, 0, &options, LONG));
	fd = -1;
	EXPECT_EQ(-EBADF, kipc_send_opts(self->send, NULL, 0, &options, LONG));
}

TEST_HARNESS_MAIN
