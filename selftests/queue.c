// SPDX-License-Identifier: GPL-2.0
/*
 * Queue: messages come out whole, by priority and then in their order; the limits
 * hold; a queue lives until it is unlinked and closed.
 */
#include "kipc_test.h"

FIXTURE(queue)
{
	char name[KIPC_NAME_SIZE];
	int fd;
};

FIXTURE_SETUP(queue)
{
	umask(0);
	self->fd = queue_open(fresh_name(self->name),
			      KIPC_QUEUE_CREATE | KIPC_QUEUE_EXCL | QUEUE_BOTH);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(queue)
{
	close(self->fd);
	queue_unlink(self->name);
}

/* A queue of other limits in the place of the fixture's */
static int resize(struct _test_data_queue *self, uint64_t msgs, uint64_t bytes,
		  uint64_t size)
{
	close(self->fd);
	queue_unlink(self->name);
	self->fd = queue_open_sized(fresh_name(self->name),
				    KIPC_QUEUE_CREATE | QUEUE_BOTH,
				    msgs, bytes, size);
	return self->fd < 0 ? self->fd : 0;
}

/* Messages */

TEST_F(queue, message_of_any_size_arrives)
{
	static const size_t sizes[] = {
		0, 1, 63, 64, 127, 128, 129, 511, 512, 513, 2047, 2048, 2049,
		PAGE - 1, PAGE, PAGE + 1, 8191, 8192, 8193, CHUNK, 100001,
		1 << 20,
	};
	size_t room = (1 << 20) + 1;
	uint8_t *data = pattern(room, 1), *buf = memory(room);
	struct kipc_header msg;
	int i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		memset(buf, 0xaa, sizes[i] + 1);
		ASSERT_EQ(0, queue_send(self->fd, data, sizes[i]));
		ASSERT_EQ(0, queue_recv(self->fd, buf, room, &msg));
		EXPECT_EQ(sizes[i], msg.len);
		EXPECT_EQ(0, memcmp(buf, data, sizes[i]));
		EXPECT_EQ(0xaa, buf[sizes[i]]);
	}
}

TEST_F(queue, message_of_16_mib_arrives)
{
	size_t size = KIPC_QUEUE_SIZE_MAX;
	uint8_t *data = pattern(size + 1, 2), *buf = memory(size);
	struct kipc_header msg;

	ASSERT_EQ(0, resize(self, 0, 0, size));
	EXPECT_EQ(-EMSGSIZE, queue_send(self->fd, data, size + 1));
	ASSERT_EQ(0, queue_send(self->fd, data, size));
	ASSERT_EQ(0, queue_recv(self->fd, buf, size, &msg));
	EXPECT_EQ(size, msg.len);
	EXPECT_EQ(0, memcmp(buf, data, size));
}

TEST_F(queue, message_in_pieces_arrives)
{
	struct kipc_vec vec[] = {
		{ (uintptr_t)"he", 2 }, { 0, 0 }, { (uintptr_t)"llo", 3 },
	};
	struct kipc_queue_send arg = queue_send_args(vec, 3);
	struct kipc_header msg;
	char buf[8];

	arg.payload.flags = KIPC_PAYLOAD_VEC;
	ASSERT_EQ(0, request(self->fd, KIPC_IOC_QUEUE_SEND, &arg));
	ASSERT_EQ(0, queue_recv(self->fd, buf, sizeof(buf), &msg));
	EXPECT_EQ(5, msg.len);
	EXPECT_EQ(0, memcmp(buf, "hello", 5));
}

TEST_F(queue, buffer_of_the_message_s_size_will_do)
{
	struct kipc_header msg;
	struct guard guard;

	ASSERT_EQ(0, guard_init(&guard));
	ASSERT_EQ(0, queue_send(self->fd, "hello", 5));
	EXPECT_EQ(0, queue_recv(self->fd, guard.end - 5, 5, &msg));
	EXPECT_EQ(0, memcmp(guard.end - 5, "hello", 5));
	ASSERT_EQ(0, queue_send(self->fd, "", 0));
	EXPECT_EQ(0, queue_recv(self->fd, NULL, 0, &msg));
}

TEST_F(queue, buffer_beyond_its_end_is_not_touched)
{
	struct kipc_header msg;
	struct guard guard;

	ASSERT_EQ(0, guard_init(&guard));
	ASSERT_EQ(0, queue_send(self->fd, "hello", 5));
	EXPECT_EQ(0, queue_recv(self->fd, guard.end - 5, 1 << 20, &msg));
	ASSERT_EQ(0, queue_send(self->fd, "hello", 5));
	EXPECT_EQ(0, queue_recv(self->fd, guard.end - 5, KIPC_QUEUE_SIZE_MAX,
				&msg));
}

TEST_F(queue, buffer_too_small_emsgsize_keeps_message)
{
	struct kipc_queue_recv arg;
	struct kipc_header msg, untouched;
	char buf[8] = "-------";

	ASSERT_EQ(0, queue_send(self->fd, "hello", 5));
	ASSERT_EQ(0, queue_send(self->fd, "x", 1));
	arg = queue_recv_args(buf, 4);
	memset(&arg.msg, 0x55, sizeof(arg.msg));
	untouched = arg.msg;
	EXPECT_EQ(-EMSGSIZE, request(self->fd, KIPC_IOC_QUEUE_RECV, &arg));
	EXPECT_EQ(5, arg.msg.len);
	untouched.len = 5;
	EXPECT_EQ(0, memcmp(&arg.msg, &untouched, sizeof(untouched)));
	EXPECT_EQ(0, strcmp(buf, "-------"));
	EXPECT_EQ(2, endpoint_info(self->fd).queued);
	EXPECT_EQ(0, queue_recv(self->fd, buf, 5, &msg));
	EXPECT_EQ(0, memcmp(buf, "hello", 5));
}

TEST_F(queue, header_of_a_message)
{
	struct kipc_queue_send arg = queue_send_args("abc", 3);
	struct kipc_header msg;
	char buf[8];

	arg.type = 0x123456789abcdef0ULL;
	arg.prio = 5;
	arg.payload.tag = ~0ULL;
	ASSERT_EQ(0, request(self->fd, KIPC_IOC_QUEUE_SEND, &arg));
	ASSERT_EQ(0, queue_recv(self->fd, buf, sizeof(buf), &msg));
	EXPECT_NE(0, msg.id);
	EXPECT_EQ(0, msg.offset);
	EXPECT_EQ(3, msg.len);
	EXPECT_EQ(~0ULL, msg.tag);
	EXPECT_EQ(0, msg.peer);
	EXPECT_EQ(arg.type, msg.type);
	EXPECT_EQ(5, msg.prio);
	EXPECT_EQ(KIPC_KIND_SEND, msg.kind);
	EXPECT_EQ(0, msg.flags);
	EXPECT_EQ(getpid(), msg.pid);
	EXPECT_EQ(0, msg.uid);
	EXPECT_EQ(0, msg.gid);
	EXPECT_EQ(0, msg.call);
	EXPECT_EQ(0, msg.fd_count);
	EXPECT_EQ(0, msg.reserved);
}

TEST_F(queue, sender_is_whoever_sends)
{
	struct kipc_header msg;
	char c;
	pid_t child = spawn();

	if (!child) {
		if (become(USER))
			_exit(255);
		_exit(-queue_send(self->fd, "x", 1));
	}
	EXPECT_EQ(0, reap(child));
	ASSERT_EQ(0, queue_recv(self->fd, &c, 1, &msg));
	EXPECT_EQ(child, msg.pid);
	EXPECT_EQ(USER, msg.uid);
	EXPECT_EQ(USER, msg.gid);
}

TEST_F(queue, higher_priority_comes_first)
{
	static const unsigned int prios[] = {
		3, 0, KIPC_PRIO_MAX, 3, 1, 0, KIPC_PRIO_MAX, 2, 3, 0
	};
	/* The places of the above, in the order they come in */
	static const int order[] = { 2, 6, 0, 3, 8, 7, 4, 1, 5, 9 };
	struct kipc_header msg;
	int i, place;

	for (i = 0; i < 10; i++)
		ASSERT_EQ(0, queue_send_prio(self->fd, &i, sizeof(i), prios[i]));
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, queue_recv(self->fd, &place, sizeof(place), &msg));
		EXPECT_EQ(order[i], place);
		EXPECT_EQ(prios[place], msg.prio);
	}
}

TEST_F(queue, one_priority_is_first_in_first_out)
{
	struct kipc_header msg;
	uint64_t last = 0;
	int i, number;

	for (i = 0; i < 1000; i++)
		ASSERT_EQ(0, queue_send(self->fd, &i, sizeof(i)));
	for (i = 0; i < 1000; i++) {
		ASSERT_EQ(0, queue_recv(self->fd, &number, sizeof(number),
					&msg));
		EXPECT_EQ(i, number);
		EXPECT_LT(last, msg.id);
		last = msg.id;
	}
}

TEST_F(queue, message_that_could_not_be_received_keeps_its_place)
{
	struct kipc_header msg;
	int i, number;

	for (i = 0; i < 5; i++)
		ASSERT_EQ(0, queue_send_prio(self->fd, &i, sizeof(i), 5 - i));
	for (i = 0; i < 5; i++) {
		EXPECT_EQ(-EFAULT, queue_recv(self->fd, NULL, 4, &msg));
		ASSERT_EQ(0, queue_recv(self->fd, &number, sizeof(number),
					&msg));
		EXPECT_EQ(i, number);
	}
}

/* Limits */

TEST_F(queue, empty_eagain)
{
	struct kipc_header msg;
	char c;

	EXPECT_EQ(-EAGAIN, queue_recv_now(self->fd, &c, 1, &msg));
	ASSERT_EQ(0, set_nonblock(self->fd));
	EXPECT_EQ(-EAGAIN, queue_recv(self->fd, &c, 1, &msg));
}

TEST_F(queue, full_of_messages_eagain)
{
	struct kipc_header msg;
	char c;
	int i;

	ASSERT_EQ(0, resize(self, 3, 0, 0));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, queue_send_now(self->fd, "x", 1));
	EXPECT_EQ(-EAGAIN, queue_send_now(self->fd, "x", 1));
	EXPECT_EQ(-EAGAIN, queue_send_now(self->fd, "", 0));
	ASSERT_EQ(0, queue_recv(self->fd, &c, 1, &msg));
	EXPECT_EQ(0, queue_send_now(self->fd, "x", 1));
	ASSERT_EQ(0, set_nonblock(self->fd));
	EXPECT_EQ(-EAGAIN, queue_send(self->fd, "x", 1));
}

TEST_F(queue, full_of_bytes_eagain)
{
	struct kipc_header msg;
	uint8_t *data = pattern(100, 1), buf[100];

	ASSERT_EQ(0, resize(self, 0, 100, 100));
	ASSERT_EQ(0, queue_send_now(self->fd, data, 60));
	EXPECT_EQ(-EAGAIN, queue_send_now(self->fd, data, 41));
	EXPECT_EQ(0, queue_send_now(self->fd, data, 40));
	EXPECT_EQ(-EAGAIN, queue_send_now(self->fd, data, 1));
	EXPECT_EQ(0, queue_send_now(self->fd, "", 0));
	ASSERT_EQ(0, queue_recv(self->fd, buf, 100, &msg));
	EXPECT_EQ(0, queue_send_now(self->fd, data, 60));
}

TEST_F(queue, larger_than_its_largest_emsgsize)
{
	uint8_t *data = pattern(101, 1);

	ASSERT_EQ(0, resize(self, 0, 1000, 100));
	EXPECT_EQ(-EMSGSIZE, queue_send(self->fd, data, 101));
	EXPECT_EQ(0, queue_send(self->fd, data, 100));
}

TEST_F(queue, limits_are_told)
{
	struct kipc_queue_open arg = queue_args(self->name, QUEUE_BOTH);
	int fd = endpoint_open();

	ASSERT_EQ(0, resize(self, 7, 700, 70));
	memcpy(arg.name, self->name, KIPC_NAME_SIZE);
	ASSERT_EQ(0, request(fd, KIPC_IOC_QUEUE_OPEN, &arg));
	EXPECT_EQ(7, arg.max_msgs);
	EXPECT_EQ(700, arg.max_bytes);
	EXPECT_EQ(70, arg.max_size);
	EXPECT_EQ(7, endpoint_info(fd).max_msgs);
	EXPECT_EQ(700, endpoint_info(fd).max_bytes);
	EXPECT_EQ(70, endpoint_info(fd).max_size);
	close(fd);
}

TEST_F(queue, limits_have_defaults)
{
	struct kipc_queue_open arg = queue_args(self->name, QUEUE_BOTH);
	int fd = endpoint_open();

	ASSERT_EQ(0, request(fd, KIPC_IOC_QUEUE_OPEN, &arg));
	EXPECT_LT(0, arg.max_msgs);
	EXPECT_LT(0, arg.max_size);
	EXPECT_LE(arg.max_size, arg.max_bytes);
	close(fd);
}

TEST_F(queue, limits_of_one_that_is_there_stay)
{
	struct kipc_queue_open arg =
		queue_args(self->name, KIPC_QUEUE_CREATE | QUEUE_BOTH);
	int fd = endpoint_open();

	ASSERT_EQ(0, resize(self, 7, 700, 70));
	memcpy(arg.name, self->name, KIPC_NAME_SIZE);
	arg.max_msgs = 100;
	arg.max_bytes = 100000;
	arg.max_size = 1000;
	ASSERT_EQ(0, request(fd, KIPC_IOC_QUEUE_OPEN, &arg));
	EXPECT_EQ(7, arg.max_msgs);
	EXPECT_EQ(700, arg.max_bytes);
	EXPECT_EQ(70, arg.max_size);
	close(fd);
}

TEST_F(queue, sender_that_fails_takes_no_room)
{
	int i;

	ASSERT_EQ(0, resize(self, 2, 100, 100));
	for (i = 0; i < 10; i++)
		EXPECT_EQ(-EFAULT, queue_send_now(self->fd, NULL, 100));
	EXPECT_EQ(0, endpoint_info(self->fd).queued);
	EXPECT_EQ(0, endpoint_info(self->fd).queued_bytes);
	EXPECT_EQ(0, queue_send_now(self->fd, self->name, 100));
}

TEST_F(queue, payload_that_ends_in_a_hole_takes_no_room)
{
	struct guard guard;
	int i;

	ASSERT_EQ(0, guard_init(&guard));
	ASSERT_EQ(0, resize(self, 2, PAGE * 2, PAGE * 2));
	for (i = 0; i < 10; i++)
		EXPECT_EQ(-EFAULT, queue_send_now(self->fd, guard.end - PAGE,
						  PAGE + 1));
	EXPECT_EQ(0, endpoint_info(self->fd).queued);
	EXPECT_EQ(0, queue_send_now(self->fd, guard.base, PAGE * 2));
}

/* Rights */

TEST_F(queue, handle_for_sending_does_not_receive_ebadf)
{
	int fd = queue_open(self->name, KIPC_QUEUE_SEND);
	struct kipc_header msg;
	char c;

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, queue_send(fd, "x", 1));
	EXPECT_EQ(-EBADF, queue_recv_now(fd, &c, 1, &msg));
	EXPECT_EQ(1, endpoint_info(self->fd).queued);
	close(fd);
}

TEST_F(queue, handle_for_receiving_does_not_send_ebadf)
{
	int fd = queue_open(self->name, KIPC_QUEUE_RECV);
	struct kipc_header msg;
	char c;

	ASSERT_LE(0, fd);
	EXPECT_EQ(-EBADF, queue_send_now(fd, "x", 1));
	ASSERT_EQ(0, queue_send(self->fd, "x", 1));
	EXPECT_EQ(0, queue_recv_now(fd, &c, 1, &msg));
	close(fd);
}

/* Lifetime */

TEST_F(queue, absent_enoent)
{
	EXPECT_EQ(-ENOENT, queue_open("no-such-queue", QUEUE_BOTH));
	EXPECT_EQ(-ENOENT, queue_unlink("no-such-queue"));
}

TEST_F(queue, exclusive_eexist)
{
	EXPECT_EQ(-EEXIST, queue_open(self->name, KIPC_QUEUE_CREATE |
				      KIPC_QUEUE_EXCL | QUEUE_BOTH));
}

TEST_F(queue, handles_share_the_messages)
{
	int fd = queue_open(self->name, KIPC_QUEUE_CREATE | QUEUE_BOTH);
	struct kipc_header msg;
	char c;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, queue_send(self->fd, "x", 1));
	EXPECT_EQ(0, queue_recv_now(fd, &c, 1, &msg));
	EXPECT_EQ(-EAGAIN, queue_recv_now(self->fd, &c, 1, &msg));
	close(fd);
}

TEST_F(queue, messages_stay_while_nobody_has_it_open)
{
	struct kipc_header msg;
	char buf[4];

	ASSERT_EQ(0, queue_send(self->fd, "stay", 4));
	close(self->fd);
	nap_ms(5);
	self->fd = queue_open(self->name, QUEUE_BOTH);
	ASSERT_LE(0, self->fd);
	EXPECT_EQ(0, queue_recv_now(self->fd, buf, 4, &msg));
	EXPECT_EQ(0, memcmp(buf, "stay", 4));
}

TEST_F(queue, messages_stay_when_their_sender_is_killed)
{
	struct kipc_header msg;
	char buf[4];
	pid_t child = spawn();

	if (!child) {
		queue_send(self->fd, "stay", 4);
		for (;;)
			pause();
	}
	while (!endpoint_info(self->fd).queued)
		nap_ms(1);
	kill_and_reap(child);
	EXPECT_EQ(0, queue_recv_now(self->fd, buf, 4, &msg));
	EXPECT_EQ(child, msg.pid);
}

TEST_F(queue, unlinked_goes_on_for_those_who_have_it)
{
	int fd = queue_open(self->name, QUEUE_BOTH);
	struct kipc_header msg;
	char c;

	ASSERT_EQ(0, queue_send(self->fd, "1", 1));
	EXPECT_EQ(0, queue_unlink(self->name));
	EXPECT_EQ(-ENOENT, queue_open(self->name, QUEUE_BOTH));
	EXPECT_EQ(0, queue_send(self->fd, "2", 1));
	close(self->fd);
	EXPECT_EQ(0, queue_recv_now(fd, &c, 1, &msg));
	EXPECT_EQ(0, queue_recv_now(fd, &c, 1, &msg));
	EXPECT_EQ('2', c);
	self->fd = fd;
}

TEST_F(queue, unlinked_name_is_free)
{
	struct kipc_header msg;
	char c;
	int fd;

	ASSERT_EQ(0, queue_send(self->fd, "old", 3));
	EXPECT_EQ(0, queue_unlink(self->name));
	EXPECT_EQ(-ENOENT, queue_unlink(self->name));
	fd = queue_open(self->name, KIPC_QUEUE_CREATE | KIPC_QUEUE_EXCL |
			QUEUE_BOTH);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EAGAIN, queue_recv_now(fd, &c, 1, &msg));
	close(fd);
}

TEST_F(queue, unlink_works_through_an_endpoint_of_any_role)
{
	struct kipc_queue_unlink arg = { .size = sizeof(arg) };
	struct end server;

	ASSERT_EQ(0, end_serve(&server, self->name, 0));
	memcpy(arg.name, self->name, KIPC_NAME_SIZE);
	EXPECT_EQ(0, request(server.fd, KIPC_IOC_QUEUE_UNLINK, &arg));
	EXPECT_EQ(-ENOENT, request(self->fd, KIPC_IOC_QUEUE_UNLINK, &arg));
	end_close(&server);
}

TEST_HARNESS_MAIN
