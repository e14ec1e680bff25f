// SPDX-License-Identifier: GPL-2.0
/*
 * Channel: messages arrive whole, in order, with what is told of their sender; calls
 * are answered, messages are released, and every id means one message.
 */
#include "kipc_test.h"

FIXTURE(channel)
{
	char name[KIPC_NAME_SIZE];
	struct end server;
	struct end client;
};

FIXTURE_SETUP(channel)
{
	umask(0);
	fresh_name(self->name);
	ASSERT_EQ(0, end_serve(&self->server, self->name, 16 << 20));
	ASSERT_EQ(0, end_connect(&self->client, self->name, 16 << 20));
}

FIXTURE_TEARDOWN(channel)
{
	end_close(&self->client);
	end_close(&self->server);
}

/* Payloads */

static const size_t sizes[] = {
	0, 1, 2, 63, 64, 65, 127, 128, PAGE - 1, PAGE, PAGE + 1,
	CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK - 1, 2 * CHUNK, 2 * CHUNK + 1,
	100001, 1 << 20, (1 << 20) + 1,
};

#define SIZES	(sizeof(sizes) / sizeof(sizes[0]))

TEST_F(channel, send_of_any_size_arrives)
{
	uint8_t *data = pattern((1 << 20) + 1, 1);
	struct kipc_header msg;
	int i;

	for (i = 0; i < SIZES; i++) {
		ASSERT_EQ(0, channel_send(self->client.fd, 0, data, sizes[i]));
		ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
		EXPECT_TRUE(end_has(&self->server, &msg, data, sizes[i]));
		ASSERT_EQ(0, channel_release(self->server.fd, msg.id));
	}
	EXPECT_EQ(self->server.size, endpoint_info(self->server.fd).pool_free);
}

/* All at once: the slices lie next to each other, at every alignment. */
TEST_F(channel, many_messages_share_the_pool)
{
	struct kipc_header msgs[SIZES];
	uint8_t *data[SIZES];
	int i;

	for (i = 0; i < SIZES; i++) {
		data[i] = pattern(sizes[i], i);
		ASSERT_EQ(0, channel_send(self->client.fd, 0, data[i],
					  sizes[i]));
	}
	for (i = 0; i < SIZES; i++)
		ASSERT_EQ(0, channel_recv(self->server.fd, &msgs[i]));
	for (i = 0; i < SIZES; i++)
		EXPECT_TRUE(end_has(&self->server, &msgs[i], data[i],
				    sizes[i]));
	for (i = 0; i < SIZES; i++)
		ASSERT_EQ(0, channel_release(self->server.fd,
					     msgs[i ^ 1].id));
	EXPECT_EQ(self->server.size, endpoint_info(self->server.fd).pool_free);
}

TEST_F(channel, send_of_4_mib_arrives)
{
	uint8_t *data = pattern(4 << 20, 2);
	struct kipc_header msg;

	ASSERT_EQ(0, channel_send(self->client.fd, 0, data, 4 << 20));
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	EXPECT_TRUE(end_has(&self->server, &msg, data, 4 << 20));
}

TEST_F(channel, largest_message_is_half_of_the_pool)
{
	size_t half = self->server.size / 2;
	uint8_t *data = pattern(half + 1, 3);
	struct kipc_header msg;

	EXPECT_EQ(half, endpoint_info(self->client.fd).max_size);
	ASSERT_EQ(0, channel_send_now(self->client.fd, 0, data, half));
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	EXPECT_TRUE(end_has(&self->server, &msg, data, half));
	ASSERT_EQ(0, channel_release(self->server.fd, msg.id));
	EXPECT_EQ(-EMSGSIZE, channel_send(self->client.fd, 0, data, half + 1));
	EXPECT_EQ(-EMSGSIZE, channel_call(self->client.fd, data, half + 1,
					  &msg));
	EXPECT_EQ(self->server.size, endpoint_info(self->server.fd).pool_free);
}

TEST_F(channel, largest_message_of_a_server_is_the_client_s_pool)
{
	size_t all = self->client.size;
	uint8_t *data = pattern(all + 1, 4);
	struct kipc_header msg;

	ASSERT_EQ(0, channel_send_now(self->server.fd, self->client.number,
				      data, all));
	ASSERT_EQ(0, channel_recv(self->client.fd, &msg));
	EXPECT_TRUE(end_has(&self->client, &msg, data, all));
	ASSERT_EQ(0, channel_release(self->client.fd, msg.id));
	EXPECT_EQ(-EMSGSIZE, channel_send(self->server.fd, self->client.number,
					  data, all + 1));
}

static int send_pieces(int fd, const struct kipc_vec *vec, size_t count)
{
	struct kipc_channel_send arg = {
		.size = sizeof(arg),
		.deadline = LONG,
		.payload = payload_of(vec, count),
	};

	arg.payload.flags = KIPC_PAYLOAD_VEC;
	return request(fd, KIPC_IOC_CHANNEL_SEND, &arg);
}

TEST_F(channel, one_piece_arrives)
{
	struct kipc_vec vec = { (uintptr_t)"hello", 5 };
	struct kipc_header msg;

	ASSERT_EQ(0, send_pieces(self->client.fd, &vec, 1));
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	EXPECT_TRUE(end_has(&self->server, &msg, "hello", 5));
}

TEST_F(channel, no_piece_is_an_empty_message)
{
	struct kipc_header msg;

	ASSERT_EQ(0, send_pieces(self->client.fd, NULL, 0));
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	EXPECT_EQ(0, msg.len);
}

TEST_F(channel, empty_pieces_add_nothing)
{
	struct kipc_vec vec[] = {
		{ 0, 0 }, { (uintptr_t)"he", 2 }, { 0, 0 }, { 0, 0 },
		{ (uintptr_t)"llo", 3 }, { 0, 0 },
	};
	struct kipc_header msg;

	ASSERT_EQ(0, send_pieces(self->client.fd, vec, 6));
	ASSERT_EQ(0, send_pieces(self->client.fd, vec, 1));
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	EXPECT_TRUE(end_has(&self->server, &msg, "hello", 5));
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	EXPECT_EQ(0, msg.len);
}

/* As many pieces as there may be, each as long as its number and more. */
TEST_F(channel, pieces_arrive_in_their_order)
{
	struct kipc_vec *vec = memory(KIPC_VEC_MAX * sizeof(*vec));
	struct kipc_header msg;
	uint8_t *data;
	size_t i, len = 0;

	for (i = 0; i < KIPC_VEC_MAX; i++)
		len += vec[i].len = i % 257;
	data = pattern(len, 5);
	for (i = 0, len = 0; i < KIPC_VEC_MAX; len += vec[i++].len)
		vec[i].base = (uintptr_t)data + len;

	ASSERT_EQ(0, send_pieces(self->client.fd, vec, KIPC_VEC_MAX));
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	EXPECT_TRUE(end_has(&self->server, &msg, data, len));
}

TEST_F(channel, one_place_can_be_sent_twice)
{
	struct kipc_vec vec[] = {
		{ (uintptr_t)"ab", 2 }, { (uintptr_t)"-", 1 }, { },
	};
	struct kipc_header msg;

	vec[2] = vec[0];
	ASSERT_EQ(0, send_pieces(self->client.fd, vec, 3));
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	EXPECT_TRUE(end_has(&self->server, &msg, "ab-ab", 5));
}

TEST_F(channel, pieces_beyond_the_maximum_emsgsize)
{
	size_t half = self->server.size / 2;
	uint8_t *data = memory(half);
	struct kipc_vec vec[] = { { (uintptr_t)data, half },
				  { (uintptr_t)data, 1 } };

	EXPECT_EQ(-EMSGSIZE, send_pieces(self->client.fd, vec, 2));
	EXPECT_EQ(0, endpoint_info(self->server.fd).queued);
}

TEST_F(channel, bad_piece_leaves_the_pool_free)
{
	struct kipc_vec vec[] = { { (uintptr_t)memory(CHUNK), CHUNK },
				  { 0, 1 } };

	EXPECT_EQ(-EFAULT, send_pieces(self->client.fd, vec, 2));
	EXPECT_EQ(0, endpoint_info(self->server.fd).queued);
	EXPECT_EQ(self->server.size, endpoint_info(self->server.fd).pool_free);
}

/* Headers */

TEST_F(channel, header_of_a_send)
{
	struct kipc_channel_send arg = {
		.size = sizeof(arg),
		.payload = payload_of("abc", 3),
	};
	struct kipc_header msg;

	arg.payload.tag = 0x123456789abcdef0ULL;
	ASSERT_EQ(0, request(self->client.fd, KIPC_IOC_CHANNEL_SEND, &arg));
	memset(&msg, 0xff, sizeof(msg));
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	EXPECT_NE(0, msg.id);
	EXPECT_EQ(3, msg.len);
	EXPECT_EQ(arg.payload.tag, msg.tag);
	EXPECT_EQ(self->client.number, msg.peer);
	EXPECT_EQ(KIPC_KIND_SEND, msg.kind);
	EXPECT_EQ(0, msg.type);
	EXPECT_EQ(0, msg.prio);
	EXPECT_EQ(0, msg.flags);
	EXPECT_EQ(getpid(), msg.pid);
	EXPECT_EQ(geteuid(), msg.uid);
	EXPECT_EQ(getegid(), msg.gid);
	EXPECT_EQ(0, msg.call);
	EXPECT_EQ(0, msg.fd_count);
	EXPECT_EQ(0, msg.reserved);
}

TEST_F(channel, headers_of_a_call_and_its_reply)
{
	struct kipc_channel_call call = call_of("ask", 3);
	struct kipc_channel_reply reply = { .size = sizeof(reply) };
	struct kipc_header msg;
	struct asker caller;

	call.request.tag = 7;
	ASSERT_EQ(0, ask(&caller, self->client.fd, KIPC_IOC_CHANNEL_CALL,
			 &call));
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	EXPECT_EQ(KIPC_KIND_CALL, msg.kind);
	EXPECT_EQ(7, msg.tag);
	EXPECT_EQ(self->client.number, msg.peer);
	EXPECT_TRUE(end_has(&self->server, &msg, "ask", 3));

	reply.id = msg.id;
	reply.reply = payload_of("tell", 4);
	reply.reply.tag = 8;
	ASSERT_EQ(0, request(self->server.fd, KIPC_IOC_CHANNEL_REPLY, &reply));
	EXPECT_EQ(0, ask_end(&caller));
	EXPECT_EQ(KIPC_OUTCOME_REPLIED, call.outcome);
	EXPECT_EQ(KIPC_KIND_REPLY, call.reply.kind);
	EXPECT_EQ(8, call.reply.tag);
	EXPECT_EQ(0, call.reply.peer);
	EXPECT_EQ(getpid(), call.reply.pid);
	EXPECT_TRUE(end_has(&self->client, &call.reply, "tell", 4));
}

TEST_F(channel, clients_have_numbers_of_their_own)
{
	struct end clients[20];
	struct kipc_header msg;
	int i, j;

	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, end_connect(&clients[i], self->name, 0));
		EXPECT_NE(0, clients[i].number);
		EXPECT_NE(self->client.number, clients[i].number);
		for (j = 0; j < i; j++)
			EXPECT_NE(clients[j].number, clients[i].number);
	}
	EXPECT_EQ(21, endpoint_info(self->server.fd).peers);
	for (i = 0; i < 20; i++)
		ASSERT_EQ(0, channel_send(clients[i].fd, 0, &i, sizeof(i)));
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
		EXPECT_EQ(clients[i].number, msg.peer);
		EXPECT_TRUE(end_has(&self->server, &msg, &i, sizeof(i)));
		end_close(&clients[i]);
	}
	EXPECT_EQ(1, endpoint_info(self->server.fd).peers);
}

TEST_F(channel, number_of_a_client_is_not_used_again)
{
	struct end client;
	uint64_t last = self->client.number;
	int i;

	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, end_connect(&client, self->name, 0));
		EXPECT_LT(last, client.number);
		last = client.number;
		end_close(&client);
	}
}

TEST_F(channel, sender_is_whoever_sends_not_whoever_opened)
{
	struct kipc_header msg;
	pid_t child = spawn();

	if (!child) {
		if (become(USER))
			_exit(255);
		_exit(-channel_send(self->client.fd, 0, "x", 1));
	}
	EXPECT_EQ(0, reap(child));
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	EXPECT_EQ(child, msg.pid);
	EXPECT_EQ(USER, msg.uid);
	EXPECT_EQ(USER, msg.gid);
}

TEST_F(channel, sender_is_the_effective_user_at_the_call)
{
	struct kipc_header msg;

	ASSERT_EQ(0, channel_send(self->client.fd, 0, "1", 1));
	ASSERT_EQ(0, setresgid(0, OTHER, 0));
	ASSERT_EQ(0, setresuid(0, USER, 0));
	ASSERT_EQ(0, channel_send(self->client.fd, 0, "2", 1));
	ASSERT_EQ(0, setresuid(0, 0, 0));
	ASSERT_EQ(0, setresgid(0, 0, 0));
	ASSERT_EQ(0, channel_send(self->client.fd, 0, "3", 1));

	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	EXPECT_EQ(0, msg.uid);
	EXPECT_EQ(0, msg.gid);
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	EXPECT_EQ(USER, msg.uid);
	EXPECT_EQ(OTHER, msg.gid);
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	EXPECT_EQ(0, msg.uid);
}

TEST_F(channel, caller_sees_who_replies)
{
	struct kipc_header reply, msg;
	pid_t child = spawn();

	if (!child) {
		if (become(USER) || channel_recv(self->server.fd, &msg))
			_exit(255);
		_exit(-channel_reply(self->server.fd, msg.id, "x", 1));
	}
	EXPECT_EQ(0, channel_call(self->client.fd, "x", 1, &reply));
	EXPECT_EQ(child, reply.pid);
	EXPECT_EQ(USER, reply.uid);
	EXPECT_EQ(0, reap(child));
}

TEST_F(channel, thread_sends_as_its_process)
{
	struct kipc_channel_send arg = { .size = sizeof(arg) };
	struct kipc_header msg;
	struct asker sender;

	ASSERT_EQ(0, ask(&sender, self->client.fd, KIPC_IOC_CHANNEL_SEND, &arg));
	EXPECT_EQ(0, ask_end(&sender));
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	EXPECT_EQ(getpid(), msg.pid);
}

/* Order and lifetime */

TEST_F(channel, messages_come_in_their_order)
{
	struct kipc_header msg;
	uint64_t last = 0;
	int i;

	for (i = 0; i < 300; i++)
		ASSERT_EQ(0, channel_send(self->client.fd, 0, &i, sizeof(i)));
	for (i = 0; i < 300; i++) {
		ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
		EXPECT_TRUE(end_has(&self->server, &msg, &i, sizeof(i)));
		EXPECT_LT(last, msg.id);
		last = msg.id;
	}
	EXPECT_EQ(-EAGAIN, channel_recv_now(self->server.fd, &msg));
}

TEST_F(channel, held_message_does_not_change)
{
	uint8_t *data = pattern(10000, 1), *other = pattern(10000, 2);
	struct kipc_header msg, next;
	int i;

	ASSERT_EQ(0, channel_send(self->client.fd, 0, data, 10000));
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	for (i = 0; i < 50; i++) {
		ASSERT_EQ(0, channel_send(self->client.fd, 0, other, 10000));
		ASSERT_EQ(0, channel_recv(self->server.fd, &next));
		ASSERT_EQ(0, channel_release(self->server.fd, next.id));
	}
	EXPECT_TRUE(end_has(&self->server, &msg, data, 10000));
}

TEST_F(channel, send_outlives_its_sender)
{
	struct kipc_header msg;
	struct end client;
	pid_t child = spawn();

	if (!child) {
		if (end_connect(&client, self->name, 0))
			_exit(1);
		_exit(-channel_send(client.fd, 0, "last words", 10));
	}
	EXPECT_EQ(0, reap(child));
	EXPECT_EQ(1, endpoint_info(self->server.fd).peers);
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	EXPECT_TRUE(end_has(&self->server, &msg, "last words", 10));
	EXPECT_EQ(child, msg.pid);
	EXPECT_EQ(-ESRCH, channel_send(self->server.fd, msg.peer, "x", 1));
	EXPECT_EQ(0, channel_release(self->server.fd, msg.id));
	EXPECT_EQ(self->server.size, endpoint_info(self->server.fd).pool_free);
}

TEST_F(channel, server_sends_to_one_client)
{
	struct kipc_header msg;
	struct end other;

	ASSERT_EQ(0, end_connect(&other, self->name, 0));
	ASSERT_EQ(0, channel_send(self->server.fd, other.number, "you", 3));
	EXPECT_EQ(-EAGAIN, channel_recv_now(self->client.fd, &msg));
	ASSERT_EQ(0, channel_recv_now(other.fd, &msg));
	EXPECT_TRUE(end_has(&other, &msg, "you", 3));
	EXPECT_EQ(KIPC_KIND_SEND, msg.kind);
	EXPECT_EQ(0, msg.peer);
	end_close(&other);
}

TEST_F(channel, server_sends_to_nobody_esrch)
{
	struct end other;

	ASSERT_EQ(0, end_connect(&other, self->name, 0));
	end_close(&other);
	EXPECT_EQ(-ESRCH, channel_send(self->server.fd, other.number, "x", 1));
	EXPECT_EQ(-ESRCH, channel_send(self->server.fd, 0, "x", 1));
	EXPECT_EQ(-ESRCH, channel_send(self->server.fd, 12345, "x", 1));
	EXPECT_EQ(-ESRCH, channel_send(self->server.fd, ~0ULL, "x", 1));
}

/* Replying */

TEST_F(channel, reply_can_lie_in_the_call_s_slice)
{
	struct kipc_channel_call call;
	uint8_t *data = pattern(50000, 6);
	struct kipc_header msg;
	struct asker caller;

	call = call_of(data, 50000);
	ASSERT_EQ(0, ask(&caller, self->client.fd, KIPC_IOC_CHANNEL_CALL, &call));
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	EXPECT_EQ(0, channel_reply(self->server.fd, msg.id,
				   self->server.pool + msg.offset + 100, 40000));
	EXPECT_EQ(0, ask_end(&caller));
	EXPECT_TRUE(end_has(&self->client, &call.reply, data + 100, 40000));
	EXPECT_EQ(0, endpoint_info(self->server.fd).held);
}

TEST_F(channel, reply_of_any_size_arrives)
{
	uint8_t *data = pattern((1 << 20) + 1, 7);
	struct kipc_channel_call call;
	struct kipc_header msg;
	struct asker caller;
	int i;

	for (i = 0; i < SIZES; i++) {
		call = call_of(NULL, 0);
		ASSERT_EQ(0, ask(&caller, self->client.fd,
				 KIPC_IOC_CHANNEL_CALL, &call));
		ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
		EXPECT_EQ(0, channel_reply(self->server.fd, msg.id, data,
					   sizes[i]));
		EXPECT_EQ(0, ask_end(&caller));
		EXPECT_TRUE(end_has(&self->client, &call.reply, data,
				    sizes[i]));
		EXPECT_EQ(0, channel_release(self->client.fd, call.reply.id));
	}
}

TEST_F(channel, reply_with_a_bad_address_can_be_given_again)
{
	struct kipc_channel_call call = call_of("x", 1);
	struct kipc_header msg;
	struct asker caller;
	int i;

	ASSERT_EQ(0, ask(&caller, self->client.fd, KIPC_IOC_CHANNEL_CALL, &call));
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(-EFAULT, channel_reply(self->server.fd, msg.id, NULL,
						 1000));
	EXPECT_EQ(1, endpoint_info(self->server.fd).held);
	EXPECT_EQ(0, channel_reply(self->server.fd, msg.id, "ok", 2));
	EXPECT_EQ(0, ask_end(&caller));
	EXPECT_TRUE(end_has(&self->client, &call.reply, "ok", 2));
	EXPECT_EQ(1, endpoint_info(self->client.fd).held);
}

TEST_F(channel, second_reply_enoent)
{
	struct kipc_channel_call call = call_of("x", 1);
	struct kipc_header msg;
	struct asker caller;

	ASSERT_EQ(0, ask(&caller, self->client.fd, KIPC_IOC_CHANNEL_CALL, &call));
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	EXPECT_EQ(0, channel_reply(self->server.fd, msg.id, "", 0));
	EXPECT_EQ(-ENOENT, channel_reply(self->server.fd, msg.id, "", 0));
	EXPECT_EQ(-ENOENT, channel_release(self->server.fd, msg.id));
	EXPECT_EQ(0, ask_end(&caller));
}

TEST_F(channel, reply_to_a_send_eproto)
{
	struct kipc_header msg;

	ASSERT_EQ(0, channel_send(self->client.fd, 0, "x", 1));
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	EXPECT_EQ(-EPROTO, channel_reply(self->server.fd, msg.id, "", 0));
	EXPECT_EQ(1, endpoint_info(self->server.fd).held);
	EXPECT_EQ(0, channel_release(self->server.fd, msg.id));
}

TEST_F(channel, any_process_that_has_the_endpoint_may_reply)
{
	struct kipc_channel_call call = call_of("x", 1);
	struct kipc_header msg;
	struct asker caller;
	pid_t child;

	ASSERT_EQ(0, ask(&caller, self->client.fd, KIPC_IOC_CHANNEL_CALL, &call));
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	child = spawn();
	if (!child)
		_exit(-channel_reply(self->server.fd, msg.id, "child", 5));
	EXPECT_EQ(0, reap(child));
	EXPECT_EQ(0, ask_end(&caller));
	EXPECT_EQ(child, call.reply.pid);
	EXPECT_TRUE(end_has(&self->client, &call.reply, "child", 5));
}

static int reply_recv(int fd, uint64_t *id, unsigned int flags,
		      struct kipc_header *msg)
{
	struct kipc_channel_reply arg = {
		.size = sizeof(arg),
		.flags = KIPC_REPLY_RECV | flags,
		.deadline = LONG,
		.id = *id,
		.reply = payload_of("reply", 5),
	};
	int err = request(fd, KIPC_IOC_CHANNEL_REPLY, &arg);

	*id = arg.id;
	*msg = arg.msg;
	return err;
}

TEST_F(channel, reply_and_receive_in_one_request)
{
	struct kipc_channel_call call = call_of("x", 1);
	struct kipc_header msg;
	struct asker caller;
	uint64_t id;

	ASSERT_EQ(0, ask(&caller, self->client.fd, KIPC_IOC_CHANNEL_CALL, &call));
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	ASSERT_EQ(0, channel_send(self->client.fd, 0, "next", 4));
	id = msg.id;
	ASSERT_EQ(0, reply_recv(self->server.fd, &id, 0, &msg));
	EXPECT_EQ(0, ask_end(&caller));
	EXPECT_TRUE(end_has(&self->client, &call.reply, "reply", 5));
	EXPECT_TRUE(end_has(&self->server, &msg, "next", 4));
	EXPECT_EQ(1, endpoint_info(self->server.fd).held);
}

TEST_F(channel, reply_and_receive_with_nothing_waiting_has_replied)
{
	struct kipc_channel_call call = call_of("x", 1);
	struct kipc_header msg;
	struct asker caller;
	uint64_t id;

	ASSERT_EQ(0, ask(&caller, self->client.fd, KIPC_IOC_CHANNEL_CALL, &call));
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	id = msg.id;
	EXPECT_EQ(-EAGAIN, reply_recv(self->server.fd, &id, KIPC_F_NONBLOCK,
				      &msg));
	EXPECT_EQ(0, id);
	EXPECT_EQ(0, ask_end(&caller));
}

TEST_F(channel, reply_that_fails_receives_nothing)
{
	struct kipc_header msg;
	uint64_t id = 999;

	ASSERT_EQ(0, channel_send(self->client.fd, 0, "x", 1));
	EXPECT_EQ(-ENOENT, reply_recv(self->server.fd, &id, 0, &msg));
	EXPECT_EQ(999, id);
	EXPECT_EQ(1, endpoint_info(self->server.fd).queued);
}

TEST_F(channel, reply_to_nothing_receives)
{
	struct kipc_header msg;
	uint64_t id = 0;

	EXPECT_EQ(-EAGAIN, reply_recv(self->server.fd, &id, KIPC_F_NONBLOCK,
				      &msg));
	ASSERT_EQ(0, channel_send(self->client.fd, 0, "x", 1));
	EXPECT_EQ(0, reply_recv(self->server.fd, &id, 0, &msg));
	EXPECT_TRUE(end_has(&self->server, &msg, "x", 1));
}

/* Releasing */

TEST_F(channel, receive_releases_what_it_is_told_to)
{
	struct kipc_channel_recv arg = {
		.size = sizeof(arg),
		.flags = KIPC_F_NONBLOCK,
	};
	uint64_t last;

	ASSERT_EQ(0, channel_send(self->client.fd, 0, "1", 1));
	ASSERT_EQ(0, channel_send(self->client.fd, 0, "2", 1));
	ASSERT_EQ(0, request(self->server.fd, KIPC_IOC_CHANNEL_RECV, &arg));
	last = arg.msg.id;
	arg.release = last;
	ASSERT_EQ(0, request(self->server.fd, KIPC_IOC_CHANNEL_RECV, &arg));
	EXPECT_TRUE(end_has(&self->server, &arg.msg, "2", 1));
	EXPECT_EQ(1, endpoint_info(self->server.fd).held);
	EXPECT_EQ(-ENOENT, channel_release(self->server.fd, last));

	/* Done although nothing could be received: the field says so. */
	arg.release = arg.msg.id;
	EXPECT_EQ(-EAGAIN, request(self->server.fd, KIPC_IOC_CHANNEL_RECV,
				   &arg));
	EXPECT_EQ(0, arg.release);
	EXPECT_EQ(0, endpoint_info(self->server.fd).held);
}

TEST_F(channel, receive_with_a_stale_release_receives_nothing_enoent)
{
	struct kipc_channel_recv arg = {
		.size = sizeof(arg),
		.release = 12345,
	};

	ASSERT_EQ(0, channel_send(self->client.fd, 0, "1", 1));
	EXPECT_EQ(-ENOENT, request(self->server.fd, KIPC_IOC_CHANNEL_RECV,
				   &arg));
	EXPECT_EQ(12345, arg.release);
	EXPECT_EQ(1, endpoint_info(self->server.fd).queued);
}

TEST_F(channel, call_releases_what_it_is_told_to)
{
	struct kipc_channel_call call = call_of("x", 1);
	struct kipc_header msg;
	struct asker caller;
	int i;

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, ask(&caller, self->client.fd,
				 KIPC_IOC_CHANNEL_CALL, &call));
		ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
		ASSERT_EQ(0, channel_reply(self->server.fd, msg.id, &i,
					   sizeof(i)));
		ASSERT_EQ(0, ask_end(&caller));
		EXPECT_TRUE(end_has(&self->client, &call.reply, &i, sizeof(i)));
		EXPECT_EQ(1, endpoint_info(self->client.fd).held);
		call.release = call.reply.id;
	}
}

TEST_F(channel, call_with_a_stale_release_sends_nothing_enoent)
{
	struct kipc_channel_call call = call_of("x", 1);

	call.release = 12345;
	EXPECT_EQ(-ENOENT, request(self->client.fd, KIPC_IOC_CHANNEL_CALL,
				   &call));
	EXPECT_EQ(KIPC_OUTCOME_NONE, call.outcome);
	EXPECT_EQ(12345, call.release);
	EXPECT_EQ(0, endpoint_info(self->server.fd).queued);
}

TEST_F(channel, call_that_fails_says_that_it_has_released)
{
	struct kipc_channel_call call = call_of("x", 1);
	struct kipc_header msg;

	ASSERT_EQ(0, channel_send(self->server.fd, self->client.number, "x", 1));
	ASSERT_EQ(0, channel_recv(self->client.fd, &msg));
	call.release = msg.id;
	call.deadline = 1;
	EXPECT_EQ(-ETIMEDOUT, request(self->client.fd, KIPC_IOC_CHANNEL_CALL,
				      &call));
	EXPECT_EQ(0, call.release);
	EXPECT_EQ(0, endpoint_info(self->client.fd).held);
}

TEST_F(channel, release_of_a_list)
{
	uint64_t ids[40];
	struct kipc_channel_release arg = {
		.size = sizeof(arg),
		.ids = (uintptr_t)ids,
		.count = 40,
	};
	struct kipc_header msg;
	int i;

	for (i = 0; i < 40; i++) {
		ASSERT_EQ(0, channel_send(self->client.fd, 0, "x", 1));
		ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
		ids[i * 7 % 40] = msg.id;
	}
	EXPECT_EQ(0, request(self->server.fd, KIPC_IOC_CHANNEL_RELEASE, &arg));
	EXPECT_EQ(40, arg.done);
	EXPECT_EQ(self->server.size, endpoint_info(self->server.fd).pool_free);
}

TEST_F(channel, release_stops_at_a_wrong_id)
{
	uint64_t ids[4];
	struct kipc_channel_release arg = {
		.size = sizeof(arg),
		.ids = (uintptr_t)ids,
		.count = 4,
	};
	struct kipc_header msg;
	int i;

	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, channel_send(self->client.fd, 0, "x", 1));
		ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
		ids[i] = msg.id;
	}
	ids[2] = ids[0];
	EXPECT_EQ(-ENOENT, request(self->server.fd, KIPC_IOC_CHANNEL_RELEASE,
				   &arg));
	EXPECT_EQ(2, arg.done);
	EXPECT_EQ(2, endpoint_info(self->server.fd).held);
}

TEST_F(channel, ids_of_others_enoent)
{
	struct kipc_header msg, mine;
	struct end other;
	uint64_t id;

	ASSERT_EQ(0, end_connect(&other, self->name, 0));
	ASSERT_EQ(0, channel_send(self->server.fd, other.number, "x", 1));
	ASSERT_EQ(0, channel_recv(other.fd, &msg));
	ASSERT_EQ(0, channel_send(self->client.fd, 0, "x", 1));

	/* Held elsewhere, still waiting, and never there. */
	EXPECT_EQ(-ENOENT, channel_release(self->client.fd, msg.id));
	EXPECT_EQ(-ENOENT, channel_release(self->server.fd, msg.id));
	EXPECT_EQ(-ENOENT, channel_reply(self->server.fd, msg.id, "", 0));
	for (id = 0; id < 20; id++)
		EXPECT_EQ(-ENOENT, channel_release(self->server.fd, id));
	EXPECT_EQ(-ENOENT, channel_release(self->server.fd, ~0ULL));
	ASSERT_EQ(0, channel_recv(self->server.fd, &mine));
	EXPECT_EQ(0, channel_release(self->server.fd, mine.id));
	EXPECT_EQ(1, endpoint_info(other.fd).held);
	end_close(&other);
}

/* Many at once */

TEST_F(channel, thread_that_waits_latest_is_served_first)
{
	struct kipc_channel_recv recv[3];
	struct asker threads[3];
	int i;

	for (i = 0; i < 3; i++) {
		recv[i] = (struct kipc_channel_recv){
			.size = sizeof(recv[i]),
			.deadline = LONG,
		};
		ASSERT_EQ(0, ask_and_wait(&threads[i], self->server.fd,
					  KIPC_IOC_CHANNEL_RECV, &recv[i]));
	}
	for (i = 2; i >= 0; i--)
		ASSERT_EQ(0, channel_send(self->client.fd, 0, &i, sizeof(i)));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, ask_end(&threads[i]));
		EXPECT_TRUE(end_has(&self->server, &recv[i].msg, &i, sizeof(i)));
	}
}

/* A server that adds one to what it gets, until it gets a negative number. */
static void *add_one(void *arg)
{
	struct end *server = arg;
	struct kipc_channel_reply reply = {
		.size = sizeof(reply),
		.flags = KIPC_REPLY_RECV,
		.deadline = LONG,
	};
	long number;

	while (!request(server->fd, KIPC_IOC_CHANNEL_REPLY, &reply)) {
		memcpy(&number, server->pool + reply.msg.offset, sizeof(number));
		if (number < 0)
			break;
		number++;
		reply.id = reply.msg.id;
		reply.reply = payload_of(&number, sizeof(number));
	}
	return NULL;
}

/* A client that checks it.  Return: NULL or where it went wrong. */
static void *check_adding(void *arg)
{
	struct end *client = arg;
	struct kipc_header reply;
	long i, number;

	for (i = 0; i < 300; i++) {
		number = client->number * 1000000 + i;
		if (channel_call(client->fd, &number, sizeof(number), &reply))
			return (void *)-1L;
		number++;
		if (!end_has(client, &reply, &number, sizeof(number)) ||
		    channel_release(client->fd, reply.id))
			return (void *)(i + 1);
	}
	return NULL;
}

TEST_F(channel, many_clients_and_server_threads_do_not_mix_calls_up)
{
	pthread_t servers[3], callers[6];
	struct end clients[6];
	long number = -1;
	void *wrong;
	int i;

	for (i = 0; i < 3; i++)
		pthread_create(&servers[i], NULL, add_one, &self->server);
	for (i = 0; i < 6; i++) {
		ASSERT_EQ(0, end_connect(&clients[i], self->name, 0));
		pthread_create(&callers[i], NULL, check_adding, &clients[i]);
	}
	for (i = 0; i < 6; i++) {
		pthread_join(callers[i], &wrong);
		EXPECT_EQ(NULL, wrong);
		end_close(&clients[i]);
	}
	for (i = 0; i < 3; i++)
		channel_send(self->client.fd, 0, &number, sizeof(number));
	for (i = 0; i < 3; i++)
		pthread_join(servers[i], NULL);
	EXPECT_EQ(0, endpoint_info(self->server.fd).queued);
}

TEST_F(channel, many_threads_call_through_one_endpoint)
{
	pthread_t server, callers[6];
	long number = -1;
	void *wrong;
	int i;

	pthread_create(&server, NULL, add_one, &self->server);
	for (i = 0; i < 6; i++)
		pthread_create(&callers[i], NULL, check_adding, &self->client);
	for (i = 0; i < 6; i++) {
		pthread_join(callers[i], &wrong);
		EXPECT_EQ(NULL, wrong);
	}
	channel_send(self->client.fd, 0, &number, sizeof(number));
	pthread_join(server, NULL);
	EXPECT_EQ(0, endpoint_info(self->client.fd).held);
}

/* A server that asks another one before it answers. */
TEST_F(channel, server_may_call_another_server)
{
	struct kipc_channel_call call = call_of("outer", 5), nested;
	struct kipc_header msg, inner_msg;
	struct end inner, inner_client;
	struct asker caller, inner_caller;
	char name[KIPC_NAME_SIZE];

	ASSERT_EQ(0, end_serve(&inner, fresh_name(name), 0));
	ASSERT_EQ(0, end_connect(&inner_client, name, 0));
	ASSERT_EQ(0, ask(&caller, self->client.fd, KIPC_IOC_CHANNEL_CALL, &call));
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));

	/* Straight from the pool of the one into the pool of the other. */
	nested = call_of(self->server.pool + msg.offset, msg.len);
	ASSERT_EQ(0, ask(&inner_caller, inner_client.fd, KIPC_IOC_CHANNEL_CALL,
			 &nested));
	ASSERT_EQ(0, channel_recv(inner.fd, &inner_msg));
	EXPECT_TRUE(end_has(&inner, &inner_msg, "outer", 5));
	EXPECT_EQ(0, channel_reply(inner.fd, inner_msg.id, "inner", 5));
	EXPECT_EQ(0, ask_end(&inner_caller));
	EXPECT_EQ(0, channel_reply(self->server.fd, msg.id,
				   inner_client.pool + nested.reply.offset,
				   nested.reply.len));
	EXPECT_EQ(0, ask_end(&caller));
	EXPECT_TRUE(end_has(&self->client, &call.reply, "inner", 5));
	end_close(&inner_client);
	end_close(&inner);
}

TEST_F(channel, client_calls_back_while_it_is_called)
{
	struct kipc_channel_call call = call_of("x", 1);
	struct kipc_header msg, note;
	struct asker caller;

	ASSERT_EQ(0, ask(&caller, self->client.fd, KIPC_IOC_CHANNEL_CALL, &call));
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	ASSERT_EQ(0, channel_send(self->server.fd, msg.peer, "progress", 8));
	ASSERT_EQ(0, channel_recv(self->client.fd, &note));
	EXPECT_TRUE(end_has(&self->client, &note, "progress", 8));
	EXPECT_EQ(0, channel_reply(self->server.fd, msg.id, "", 0));
	EXPECT_EQ(0, ask_end(&caller));
}

TEST_HARNESS_MAIN
