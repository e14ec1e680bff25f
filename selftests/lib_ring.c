// SPDX-License-Identifier: GPL-2.0
/* Rings: receiving without a system call, and what is released when. */
#include <linux/kipc.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "lib_test.h"

FIXTURE(ring)
{
	struct kipc *server;
	struct kipc *client;
	int fd;			/* the server's, without kipc_fd() */
};

FIXTURE_SETUP(ring)
{
	char address[128], text[160];

	if (device_missing("channel"))
		SKIP(return, "no /dev/kipc");
	self->fd = dup(0);
	close(self->fd);
	fresh_address("channel", address);
	snprintf(text, sizeof(text), "%s?ring=16&pool=1M", address);
	ASSERT_EQ(0, kipc_listen(&self->server, text, NULL));
	ASSERT_EQ(0, kipc_connect(&self->client, address, NULL));
}

FIXTURE_TEARDOWN(ring)
{
	kipc_close(self->client);
	kipc_close(self->server);
}

static struct kipc_endpoint_info look(struct __test_metadata *_metadata, int fd)
{
	struct kipc_endpoint_info info = { .size = sizeof(info) };

	EXPECT_EQ(0, ioctl(fd, KIPC_IOC_ENDPOINT_INFO, &info));
	return info;
}

#define HELD(self) (look(_metadata, (self)->fd).held)

static bool readable(int fd)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };

	return poll(&pollfd, 1, 0) == 1;
}

static void send_number(struct __test_metadata *_metadata, struct kipc *to, uint32_t number)
{
	ASSERT_EQ(0, kipc_send(to, &number, sizeof(number), LONG));
}

static uint32_t number_of(const struct kipc_msg *msg)
{
	uint32_t number;

	memcpy(&number, msg->data, sizeof(number));
	return number;
}

static void take(struct __test_metadata *_metadata, struct kipc *from, struct kipc_msg *msg,
		 uint32_t number)
{
	ASSERT_EQ(sizeof(number), kipc_recv(from, msg, LONG));
	EXPECT_EQ(KIPC_MSG_SEND, msg->kind);
	EXPECT_EQ(number, number_of(msg));
}

TEST_F(ring, messages_are_taken_and_released_without_a_system_call)
{
	struct kipc_msg msg;
	uint32_t i, good = 0;
	pid_t child;

	for (i = 0; i < 8; i++)
		send_number(_metadata, self->client, i);
	EXPECT_EQ(8, look(_metadata, self->fd).held);
	EXPECT_EQ(0, look(_metadata, self->fd).queued);
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		/* The first maps; from then on anything but exit and write kills. */
		good = kipc_recv(self->server, &msg, KIPC_NOW) == 4;
		kipc_release(&msg);
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
		for (i = 1; i < 8; i++) {
			good += kipc_recv(self->server, &msg, KIPC_FOREVER) == 4 &&
				number_of(&msg) == i;
			if (i < 7)
				kipc_release(&msg);
		}
		syscall(SYS_exit, good == 8 ? 0 : 1);
	}
	EXPECT_EQ(0, exit_status(child));
	EXPECT_EQ(-EAGAIN, kipc_recv(self->server, &msg, KIPC_NOW));
}

TEST_F(ring, order_is_kept_over_the_ring_and_beyond)
{
	struct kipc_msg msg;
	uint32_t i, round;

	for (round = 0; round < 20; round++) {
		for (i = 0; i < 37; i++)
			send_number(_metadata, self->client, i);
		for (i = 0; i < 37; i++) {
			take(_metadata, self->server, &msg, i);
			kipc_release(&msg);
		}
	}
	EXPECT_EQ(-EAGAIN, kipc_recv(self->server, &msg, KIPC_NOW));
	EXPECT_EQ(0, HELD(self));
}

TEST_F(ring, sender_is_known_and_type_told)
{
	struct kipc_send_options options = KIPC_SEND_OPTIONS_INIT;
	struct kipc_msg msg;

	options.type = 12;
	ASSERT_EQ(0, kipc_send_opts(self->client, "x", 1, &options, LONG));
	ASSERT_EQ(1, kipc_recv(self->server, &msg, LONG));
	EXPECT_EQ(12, msg.type);
	EXPECT_EQ(getpid(), msg.pid);
	EXPECT_NE(0, msg.peer);
	kipc_release(&msg);
	EXPECT_EQ(NULL, msg.handle);
	kipc_release(&msg);
}

TEST_F(ring, calls_and_what_follows_them_come_after_it)
{
	struct kipc_msg msg, end;
	uint64_t id;

	send_number(_metadata, self->client, 0);
	ASSERT_EQ(0, kipc_call_start(self->client, "call", 4, NULL, &id, LONG));
	send_number(_metadata, self->client, 1);
	take(_metadata, self->server, &msg, 0);
	kipc_release(&msg);
	ASSERT_EQ(4, kipc_recv(self->server, &msg, LONG));
	EXPECT_EQ(KIPC_MSG_CALL, msg.kind);
	ASSERT_EQ(4, kipc_reply_recv(self->server, &msg, "ok", 2, LONG));
	EXPECT_EQ(KIPC_MSG_SEND, msg.kind);
	EXPECT_EQ(1, number_of(&msg));
	kipc_release(&msg);
	ASSERT_EQ(2, kipc_recv(self->client, &end, LONG));
	EXPECT_EQ(id, end.call);
	kipc_release(&end);
}

TEST_F(ring, in_order_releases_wait_but_not_for_ever)
{
	struct kipc_msg msg;
	uint32_t i;

	/* Nobody receives at the end of a round, so nothing is told but by itself. */
	for (i = 0; i < 200; i++) {
		send_number(_metadata, self->client, i);
		take(_metadata, self->server, &msg, i);
		kipc_release(&msg);
		EXPECT_GE(9, HELD(self));
	}
	EXPECT_EQ(-EAGAIN, kipc_recv(self->server, &msg, KIPC_NOW));
	EXPECT_EQ(0, HELD(self));
}

TEST_F(ring, large_release_is_at_once)
{
	static char data[100000];
	struct kipc_msg msg;

	ASSERT_EQ(0, kipc_send(self->client, data, sizeof(data), LONG));
	ASSERT_EQ(sizeof(data), kipc_recv(self->server, &msg, LONG));
	EXPECT_EQ(1, HELD(self));
	kipc_release(&msg);
	EXPECT_EQ(0, HELD(self));
}

TEST_F(ring, one_held_does_not_hold_the_others_up)
{
	struct kipc_msg first, msg;
	uint32_t i;

	send_number(_metadata, self->client, 0);
	take(_metadata, self->server, &first, 0);
	for (i = 1; i < 500; i++) {
		send_number(_metadata, self->client, i);
		take(_metadata, self->server, &msg, i);
		kipc_release(&msg);
		EXPECT_GE(10, HELD(self));
	}
	EXPECT_EQ(0, number_of(&first));
	kipc_release(&first);
	EXPECT_EQ(-EAGAIN, kipc_recv(self->server, &msg, KIPC_NOW));
	EXPECT_EQ(0, HELD(self));
	/* And the ring is of use again. */
	for (i = 0; i < 16; i++)
		send_number(_metadata, self->client, i);
	EXPECT_EQ(16, HELD(self));
	for (i = 0; i < 16; i++) {
		take(_metadata, self->server, &msg, i);
		kipc_release(&msg);
	}
}

TEST_F(ring, release_in_any_order)
{
	struct kipc_msg msgs[40], last;
	uint32_t i, round;

	for (round = 0; round < 50; round++) {
		for (i = 0; i < 40; i++)
			send_number(_metadata, self->client, i);
		for (i = 0; i < 40; i++)
			take(_metadata, self->server, &msgs[i], i);
		for (i = 0; i < 40; i++)
			kipc_release(&msgs[(i * 27 + round) % 40]);
		ASSERT_EQ(-EAGAIN, kipc_recv(self->server, &last, KIPC_NOW));
		ASSERT_EQ(0, HELD(self));
	}
}

static void *receive_one(void *handle)
{
	struct kipc_msg msg;
	ssize_t n = kipc_recv(handle, &msg, LONG);

	kipc_release(&msg);
	return (void *)n;
}

TEST_F(ring, release_while_another_thread_sleeps_is_at_once)
{
	struct kipc_msg msg[3];
	pthread_t thread;
	void *result;
	uint32_t i;

	for (i = 0; i < 3; i++) {
		send_number(_metadata, self->client, i);
		take(_metadata, self->server, &msg[i], i);
	}
	kipc_release(&msg[0]);
	EXPECT_EQ(3, HELD(self));
	ASSERT_EQ(0, pthread_create(&thread, NULL, receive_one, self->server));
	nap(KIPC_MS(200));
	EXPECT_EQ(2, HELD(self));
	kipc_release(&msg[2]);
	EXPECT_EQ(1, HELD(self));
	kipc_release(&msg[1]);
	EXPECT_EQ(0, HELD(self));
	send_number(_metadata, self->client, 9);
	pthread_join(thread, &result);
	EXPECT_EQ(4, (ssize_t)result);
}

TEST_F(ring, drained_descriptor_is_not_readable_and_releases_at_once)
{
	int fd = kipc_fd(self->server);
	struct kipc_msg msg, none;

	EXPECT_FALSE(readable(fd));
	send_number(_metadata, self->client, 0);
	EXPECT_TRUE(readable(fd));
	take(_metadata, self->server, &msg, 0);
	EXPECT_EQ(-EAGAIN, kipc_recv(self->server, &none, KIPC_NOW));
	EXPECT_FALSE(readable(fd));
	EXPECT_EQ(1, HELD(self));
	kipc_release(&msg);
	EXPECT_EQ(0, HELD(self));
}

TEST_F(ring, release_that_waits_leaves_the_descriptor_readable)
{
	int fd = kipc_fd(self->server);
	struct kipc_msg msg;

	send_number(_metadata, self->client, 0);
	take(_metadata, self->server, &msg, 0);
	kipc_release(&msg);
	EXPECT_TRUE(!HELD(self) || readable(fd));
	EXPECT_EQ(-EAGAIN, kipc_recv(self->server, &msg, KIPC_NOW));
	EXPECT_FALSE(readable(fd));
	EXPECT_EQ(0, HELD(self));
}

TEST_F(ring, full_pool_empties_by_receiving)
{
	static char data[5000];
	struct kipc_msg msg;
	int n, round, err;

	for (round = 0; round < 3; round++) {
		for (n = 0; !(err = kipc_send(self->client, data, sizeof(data), KIPC_NOW)); n++)
			;
		EXPECT_EQ(-EAGAIN, err);
		EXPECT_LT(20, n);
		for (; kipc_recv(self->server, &msg, KIPC_NOW) >= 0; n--)
			kipc_release(&msg);
		EXPECT_EQ(0, n);
	}
}

TEST_F(ring, too_large_for_a_buffer_is_the_next_one_still)
{
	uint32_t number;
	char byte;

	send_number(_metadata, self->client, 5);
	send_number(_metadata, self->client, 6);
	EXPECT_EQ(-EMSGSIZE, kipc_recv_into(self->server, &byte, 1, LONG));
	EXPECT_EQ(4, kipc_recv_into(self->server, &number, 4, LONG));
	EXPECT_EQ(5, number);
	EXPECT_EQ(4, kipc_recv_into(self->server, &number, 4, LONG));
	EXPECT_EQ(6, number);
	EXPECT_EQ(-EAGAIN, kipc_recv_into(self->server, &number, 4, KIPC_NOW));
	EXPECT_EQ(0, HELD(self));
}

TEST_F(ring, descriptors_come_through_it)
{
	struct kipc_send_options options = KIPC_SEND_OPTIONS_INIT;
	struct kipc_msg msg;
	int ends[2], fd;
	char byte;

	ASSERT_EQ(0, pipe(ends));
	options.fds = &ends[1];
	options.fd_count = 1;
	ASSERT_EQ(0, kipc_send_opts(self->client, "x", 1, &options, LONG));
	close(ends[1]);
	EXPECT_EQ(1, HELD(self));
	ASSERT_EQ(1, kipc_recv(self->server, &msg, LONG));
	ASSERT_EQ(1, kipc_take_fds(&msg, &fd, 1));
	kipc_release(&msg);
	EXPECT_EQ(0, HELD(self));
	close(fd);
	EXPECT_EQ(0, read(ends[0], &byte, 1));
	close(ends[0]);
}

TEST_F(ring, close_with_messages_held_and_untaken)
{
	int i, descriptors = open_descriptors();
	struct kipc *ends[2];
	struct kipc_msg msg;

	ASSERT_EQ(0, kipc_pair(ends, "channel:?ring=4096", NULL));
	for (i = 0; i < 10; i++)
		ASSERT_EQ(0, kipc_send(ends[1], "x", 1, LONG));
	ASSERT_EQ(1, kipc_recv(ends[0], &msg, LONG));
	kipc_close(ends[0]);
	EXPECT_EQ(-EPIPE, kipc_send(ends[1], "x", 1, LONG));
	kipc_close(ends[1]);
	EXPECT_EQ(descriptors, open_descriptors());
}

TEST_F(ring, client_has_one_too_and_sees_its_server_go)
{
	struct kipc *ends[2];
	struct kipc_msg msg;
	uint32_t i;

	ASSERT_EQ(0, kipc_pair(ends, "channel:?ring=16", NULL));
	for (i = 0; i < 20; i++)
		send_number(_metadata, ends[0], i);
	kipc_close(ends[0]);
	for (i = 0; i < 20; i++) {
		take(_metadata, ends[1], &msg, i);
		kipc_release(&msg);
	}
	EXPECT_EQ(-EPIPE, kipc_recv(ends[1], &msg, LONG));
	kipc_close(ends[1]);
}

TEST_HARNESS_MAIN
