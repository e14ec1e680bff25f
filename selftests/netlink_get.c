// SPDX-License-Identifier: GPL-2.0
/*
 * Control, looking: what netlink tells of channels and endpoints is what the requests on
 * them have done.
 */
#include "netlink_test.h"

FIXTURE(netlink_get)
{
	struct nl nl;
	char name[KIPC_NAME_SIZE];
	struct end server;
	struct end client;
	struct told told;
};

FIXTURE_SETUP(netlink_get)
{
	umask(0);
	fresh_name(self->name);
	ASSERT_EQ(0, nl_open(&self->nl));
	ASSERT_EQ(0, end_serve_with(&self->server, self->name, 1 << 20, KIPC_CHANNEL_NOTICES));
	ASSERT_EQ(0, end_connect(&self->client, self->name, 64 << 10));
}

FIXTURE_TEARDOWN(netlink_get)
{
	end_close(&self->client);
	end_close(&self->server);
	close(self->nl.fd);
}

static uint32_t channel_id(struct nl *nl, const char *name)
{
	struct told told;

	return get_channel(nl, name, &told) ? 0 : u32_of(&told, KIPC_A_CHANNEL_ID);
}

static int receive(int fd, struct kipc_header *msg)
{
	return channel_recv_until(fd, msg, LONG);
}

/* Channels */

TEST_F(netlink_get, channel_is_told_as_it_was_made)
{
	struct told *told = &self->told;

	ASSERT_EQ(0, get_channel(&self->nl, self->name, told));
	EXPECT_EQ(KIPC_CMD_CHANNEL_GET, told->cmd);
	EXPECT_LT(0, u32_of(told, KIPC_A_CHANNEL_ID));
	EXPECT_NE(WRONG, u32_of(told, KIPC_A_CHANNEL_ID));
	EXPECT_STREQ(self->name, text_of(told, KIPC_A_CHANNEL_NAME));
	EXPECT_EQ(0666, u32_of(told, KIPC_A_CHANNEL_MODE));
	EXPECT_EQ(0, u32_of(told, KIPC_A_CHANNEL_UID));
	EXPECT_EQ(0, u32_of(told, KIPC_A_CHANNEL_GID));
	EXPECT_EQ(0, u32_of(told, KIPC_A_CHANNEL_CREATOR_UID));
	EXPECT_EQ(0, u32_of(told, KIPC_A_CHANNEL_CREATOR_GID));
	EXPECT_EQ(1, u32_of(told, KIPC_A_CHANNEL_CLIENTS));
}

static void *answer_once(void *arg)
{
	struct end *server = arg;
	struct kipc_header msg;

	do {
		if (receive(server->fd, &msg))
			return NULL;
		if (msg.kind != KIPC_KIND_CALL)
			channel_release(server->fd, msg.id);
	} while (msg.kind != KIPC_KIND_CALL);
	channel_reply(server->fd, msg.id, "12345", 5);
	return NULL;
}

TEST_F(netlink_get, channel_counts_what_it_carries)
{
	uint64_t messages, bytes;
	struct kipc_header reply;
	pthread_t thread;

	ASSERT_EQ(0, get_channel(&self->nl, self->name, &self->told));
	messages = u64_of(&self->told, KIPC_A_CHANNEL_MESSAGES);
	bytes = u64_of(&self->told, KIPC_A_CHANNEL_BYTES);
	/* The notice of the client */
	EXPECT_EQ(1, messages);
	EXPECT_EQ(0, bytes);
	EXPECT_EQ(0, u64_of(&self->told, KIPC_A_CHANNEL_FAILED));

	ASSERT_EQ(0, channel_send(self->client.fd, 0, "1234567", 7));
	ASSERT_EQ(0, channel_send(self->server.fd, self->client.number, "123", 3));
	ASSERT_EQ(0, pthread_create(&thread, NULL, answer_once, &self->server));
	ASSERT_EQ(0, channel_call(self->client.fd, "12", 2, &reply));
	pthread_join(thread, NULL);

	ASSERT_EQ(0, get_channel(&self->nl, self->name, &self->told));
	EXPECT_EQ(messages + 4, u64_of(&self->told, KIPC_A_CHANNEL_MESSAGES));
	EXPECT_EQ(7 + 3 + 2 + 5, u64_of(&self->told, KIPC_A_CHANNEL_BYTES));
	EXPECT_EQ(0, u64_of(&self->told, KIPC_A_CHANNEL_FAILED));
}

TEST_F(netlink_get, channel_counts_calls_that_failed)
{
	struct kipc_channel_call call = call_of("x", 1);

	call.deadline = SOON;
	ASSERT_EQ(-ETIMEDOUT, request(self->client.fd, KIPC_IOC_CHANNEL_CALL, &call));
	ASSERT_EQ(0, get_channel(&self->nl, self->name, &self->told));
	EXPECT_EQ(1, u64_of(&self->told, KIPC_A_CHANNEL_FAILED));
}

TEST_F(netlink_get, channel_tells_of_its_server)
{
	struct kipc_header msg;
	struct told server;

	ASSERT_EQ(0, channel_send(self->client.fd, 0, "x", 1));
	ASSERT_EQ(0, receive(self->server.fd, &msg));
	ASSERT_EQ(0, get_channel(&self->nl, self->name, &self->told));
	ASSERT_TRUE(has(&self->told, KIPC_A_CHANNEL_SERVER));
	server = nest_of(self->told.attr[KIPC_A_CHANNEL_SERVER]);
	EXPECT_EQ(u32_of(&self->told, KIPC_A_CHANNEL_ID), u32_of(&server, KIPC_A_ENDPOINT_ID));
	EXPECT_EQ(KIPC_ROLE_SERVER, u32_of(&server, KIPC_A_ENDPOINT_ROLE));
	EXPECT_EQ(getpid(), u32_of(&server, KIPC_A_ENDPOINT_PID));
	EXPECT_EQ(0, u32_of(&server, KIPC_A_ENDPOINT_UID));
	EXPECT_EQ(self->server.size, u64_of(&server, KIPC_A_ENDPOINT_POOL_SIZE));
	EXPECT_EQ(1, u32_of(&server, KIPC_A_ENDPOINT_QUEUED));
	EXPECT_EQ(1, u32_of(&server, KIPC_A_ENDPOINT_HELD));
	EXPECT_FALSE(has(&server, KIPC_A_ENDPOINT_MESSAGE));
}

TEST_F(netlink_get, channel_is_found_by_id_and_name)
{
	uint32_t id = channel_id(&self->nl, self->name);

	EXPECT_EQ(0, get_by_number(&self->nl, KIPC_CMD_CHANNEL_GET, KIPC_A_CHANNEL_ID, id,
				   &self->told));
	EXPECT_STREQ(self->name, text_of(&self->told, KIPC_A_CHANNEL_NAME));
}

TEST_F(netlink_get, channel_that_is_not_there_enoent)
{
	uint32_t id = channel_id(&self->nl, self->name);
	int queue = queue_open("a-queue-not-a-channel", KIPC_QUEUE_CREATE | QUEUE_BOTH);

	EXPECT_EQ(-ENOENT, get_channel(&self->nl, "no-such-channel", &self->told));
	EXPECT_EQ(-ENOENT, get_channel(&self->nl, "a-queue-not-a-channel", &self->told));
	/* An endpoint's id, and no server's */
	EXPECT_EQ(-ENOENT, get_by_number(&self->nl, KIPC_CMD_CHANNEL_GET, KIPC_A_CHANNEL_ID,
					 0x7fffffff, &self->told));
	end_close(&self->server);
	EXPECT_EQ(-ENOENT, get_channel(&self->nl, self->name, &self->told));
	EXPECT_EQ(-ENOENT, get_by_number(&self->nl, KIPC_CMD_CHANNEL_GET, KIPC_A_CHANNEL_ID, id,
					 &self->told));
	EXPECT_EQ(0, queue_unlink("a-queue-not-a-channel"));
	close(queue);
}

/* Endpoints: as the endpoint itself says, for those that have a pool */

/* The only client of a channel, by a dump with both filters */
static int keep_id(const struct told *told, void *arg)
{
	*(uint32_t *)arg = u32_of(told, KIPC_A_ENDPOINT_ID);
	return 0;
}

static uint32_t endpoint_of(struct nl *nl, uint32_t object, uint32_t role)
{
	struct ask ask = ask_of(nl, KIPC_CMD_ENDPOINT_GET);
	uint32_t id = 0;

	put_u32(&ask, KIPC_A_ENDPOINT_OBJECT, object);
	put_u32(&ask, KIPC_A_ENDPOINT_ROLE, role);
	return nl_dump(nl, &ask, keep_id, &id) ? 0 : id;
}

static bool told_as_info(const struct told *told, int fd)
{
	struct kipc_endpoint_info info = endpoint_info(fd);

	return u32_of(told, KIPC_A_ENDPOINT_ROLE) == info.role &&
	       u32_of(told, KIPC_A_ENDPOINT_OPTIONS) == info.options &&
	       u64_of(told, KIPC_A_ENDPOINT_POOL_SIZE) == info.pool_size &&
	       u64_of(told, KIPC_A_ENDPOINT_POOL_FREE) == info.pool_free &&
	       u64_of(told, KIPC_A_ENDPOINT_MEMORY) == info.memory &&
	       u32_of(told, KIPC_A_ENDPOINT_RING) == info.ring &&
	       u32_of(told, KIPC_A_ENDPOINT_QUEUED) == info.queued &&
	       u32_of(told, KIPC_A_ENDPOINT_HELD) == info.held &&
	       u64_of(told, KIPC_A_ENDPOINT_HELD_BYTES) == info.held_bytes &&
	       u64_of(told, KIPC_A_ENDPOINT_HELD_NS) <= info.held_ns;
}

TEST_F(netlink_get, endpoint_server_is_told_as_it_is)
{
	uint32_t id = channel_id(&self->nl, self->name);
	uint8_t *data = memory(100000);
	struct kipc_header msg;
	int i;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, channel_send(self->client.fd, 0, data, 100000));
	/* The notice, and a message */
	ASSERT_EQ(0, receive(self->server.fd, &msg));
	ASSERT_EQ(0, receive(self->server.fd, &msg));
	nap_ms(5);
	ASSERT_EQ(0, get_endpoint(&self->nl, id, &self->told));
	EXPECT_EQ(KIPC_CMD_ENDPOINT_GET, self->told.cmd);
	EXPECT_TRUE(told_as_info(&self->told, self->server.fd));
	EXPECT_EQ(2, u32_of(&self->told, KIPC_A_ENDPOINT_QUEUED));
	EXPECT_EQ(2, u32_of(&self->told, KIPC_A_ENDPOINT_HELD));
	EXPECT_LE(100000, u64_of(&self->told, KIPC_A_ENDPOINT_HELD_BYTES));
	EXPECT_LT(1000000, u64_of(&self->told, KIPC_A_ENDPOINT_HELD_NS));
	EXPECT_LT(1000000, u64_of(&self->told, KIPC_A_ENDPOINT_QUEUED_NS));
	EXPECT_GT(60000000000, u64_of(&self->told, KIPC_A_ENDPOINT_QUEUED_NS));
	EXPECT_EQ(KIPC_CHANNEL_NOTICES, u32_of(&self->told, KIPC_A_ENDPOINT_OPTIONS));
	EXPECT_STREQ(self->name, text_of(&self->told, KIPC_A_ENDPOINT_NAME));
	EXPECT_EQ(id, u32_of(&self->told, KIPC_A_ENDPOINT_OBJECT));
	EXPECT_EQ(getpid(), u32_of(&self->told, KIPC_A_ENDPOINT_PID));
	EXPECT_EQ(0, u32_of(&self->told, KIPC_A_ENDPOINT_UID));
	EXPECT_FALSE(has(&self->told, KIPC_A_ENDPOINT_CLIENT));
	EXPECT_FALSE(has(&self->told, KIPC_A_ENDPOINT_MAY));
}

TEST_F(netlink_get, endpoint_client_is_told_as_it_is)
{
	uint32_t channel = channel_id(&self->nl, self->name), id;
	struct kipc_header msg;

	ASSERT_EQ(0, channel_send(self->server.fd, self->client.number, "abc", 3));
	ASSERT_EQ(0, receive(self->client.fd, &msg));
	id = endpoint_of(&self->nl, channel, KIPC_ROLE_CLIENT);
	ASSERT_LT(0, id);
	ASSERT_EQ(0, get_endpoint(&self->nl, id, &self->told));
	EXPECT_EQ(u32_of(&self->told, KIPC_A_ENDPOINT_POOL_SIZE), WRONG);
	EXPECT_EQ(64 << 10, u64_of(&self->told, KIPC_A_ENDPOINT_POOL_SIZE));
	EXPECT_EQ(endpoint_info(self->client.fd).pool_free,
		  u64_of(&self->told, KIPC_A_ENDPOINT_POOL_FREE));
	EXPECT_EQ(1, u32_of(&self->told, KIPC_A_ENDPOINT_HELD));
	EXPECT_EQ(self->client.number, u64_of(&self->told, KIPC_A_ENDPOINT_CLIENT));
	EXPECT_EQ(channel, u32_of(&self->told, KIPC_A_ENDPOINT_OBJECT));
	EXPECT_STREQ(self->name, text_of(&self->told, KIPC_A_ENDPOINT_NAME));
	EXPECT_FALSE(has(&self->told, KIPC_A_ENDPOINT_OPTIONS));
	EXPECT_FALSE(has(&self->told, KIPC_A_ENDPOINT_MAY));
}

TEST_F(netlink_get, endpoint_ring_is_told)
{
	struct kipc_channel_ring ring = { .size = sizeof(ring), .entries = 20 };
	uint32_t id = channel_id(&self->nl, self->name);

	ASSERT_EQ(0, request(self->server.fd, KIPC_IOC_CHANNEL_RING, &ring));
	ASSERT_EQ(0, get_endpoint(&self->nl, id, &self->told));
	EXPECT_EQ(32, u32_of(&self->told, KIPC_A_ENDPOINT_RING));
}

TEST_F(netlink_get, endpoint_whose_server_is_gone_has_no_object)
{
	uint32_t id = endpoint_of(&self->nl, channel_id(&self->nl, self->name),
				  KIPC_ROLE_CLIENT);

	end_close(&self->server);
	ASSERT_EQ(0, get_endpoint(&self->nl, id, &self->told));
	EXPECT_EQ(KIPC_ROLE_CLIENT, u32_of(&self->told, KIPC_A_ENDPOINT_ROLE));
	EXPECT_STREQ(self->name, text_of(&self->told, KIPC_A_ENDPOINT_NAME));
	EXPECT_FALSE(has(&self->told, KIPC_A_ENDPOINT_OBJECT));
	end_close(&self->client);
	EXPECT_EQ(-ENOENT, get_endpoint(&self->nl, id, &self->told));
}

TEST_F(netlink_get, endpoint_on_a_queue_is_told_as_it_is)
{
	uint32_t id, queue;
	int fd = queue_open(self->name, KIPC_QUEUE_CREATE | KIPC_QUEUE_SEND);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, get_queue(&self->nl, self->name, &self->told));
	queue = u32_of(&self->told, KIPC_A_QUEUE_ID);
	id = endpoint_of(&self->nl, queue, KIPC_ROLE_QUEUE);
	EXPECT_EQ(0, get_endpoint(&self->nl, id, &self->told));
	EXPECT_EQ(KIPC_ROLE_QUEUE, u32_of(&self->told, KIPC_A_ENDPOINT_ROLE));
	EXPECT_EQ(KIPC_QUEUE_SEND, u32_of(&self->told, KIPC_A_ENDPOINT_MAY));
	EXPECT_EQ(queue, u32_of(&self->told, KIPC_A_ENDPOINT_OBJECT));
	EXPECT_STREQ(self->name, text_of(&self->told, KIPC_A_ENDPOINT_NAME));
	EXPECT_FALSE(has(&self->told, KIPC_A_ENDPOINT_POOL_SIZE));
	EXPECT_FALSE(has(&self->told, KIPC_A_ENDPOINT_HELD));
	EXPECT_FALSE(has(&self->told, KIPC_A_ENDPOINT_CLIENT));
	EXPECT_EQ(0, queue_unlink(self->name));
	close(fd);
}

/* Those that wait: one for a message, and one for room */
TEST_F(netlink_get, endpoint_counts_threads_that_wait)
{
	uint32_t id = channel_id(&self->nl, self->name);
	struct kipc_channel_recv recv = { .size = sizeof(recv), .deadline = LONG };
	struct kipc_channel_send send = send_of(payload_of(NULL, 0));
	struct asker receiver, sender;
	uint8_t *data = memory(200000);
	struct kipc_header msg;

	ASSERT_EQ(0, receive(self->server.fd, &msg));
	ASSERT_EQ(0, ask_and_wait(&receiver, self->server.fd, KIPC_IOC_CHANNEL_RECV, &recv));
	ASSERT_EQ(0, get_endpoint(&self->nl, id, &self->told));
	EXPECT_EQ(1, u32_of(&self->told, KIPC_A_ENDPOINT_RECEIVERS));
	EXPECT_EQ(0, u32_of(&self->told, KIPC_A_ENDPOINT_SENDERS));

	while (!channel_send_now(self->client.fd, 0, data, 200000))
		;
	ASSERT_EQ(0, ask_end(&receiver));
	send.payload = payload_of(data, 200000);
	ASSERT_EQ(0, ask_and_wait(&sender, self->client.fd, KIPC_IOC_CHANNEL_SEND, &send));
	ASSERT_EQ(0, get_endpoint(&self->nl, id, &self->told));
	EXPECT_EQ(0, u32_of(&self->told, KIPC_A_ENDPOINT_RECEIVERS));
	EXPECT_EQ(1, u32_of(&self->told, KIPC_A_ENDPOINT_SENDERS));
	while (!channel_recv_now(self->server.fd, &msg))
		channel_release(self->server.fd, msg.id);
	channel_release(self->server.fd, recv.msg.id);
	EXPECT_EQ(0, ask_end(&sender));
}

/* Messages that are held: the oldest first, and not all of many */

/* Their ids, in the order in which they are told */
static int held_messages(const struct told *told, struct told *each, int most)
{
	const uint8_t *end = told->raw + told->len;
	const struct nlattr *attr;
	int n = 0;

	for (attr = (const void *)told->raw; (const uint8_t *)attr < end;
	     attr = attr_next(attr))
		if ((attr->nla_type & NLA_TYPE_MASK) == KIPC_A_ENDPOINT_MESSAGE && n < most)
			each[n++] = nest_of(attr);
	return n;
}

TEST_F(netlink_get, endpoint_tells_of_the_messages_it_holds_longest)
{
	uint32_t id = channel_id(&self->nl, self->name);
	struct told *held = calloc(30, sizeof(*held));
	uint64_t ids[20];
	struct kipc_header msg;
	int i;

	ASSERT_EQ(0, receive(self->server.fd, &msg));
	ASSERT_EQ(0, channel_release(self->server.fd, msg.id));
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, channel_send(self->client.fd, 0, ids, i));
		ASSERT_EQ(0, receive(self->server.fd, &msg));
		ids[i] = msg.id;
	}
	ASSERT_EQ(0, get_endpoint(&self->nl, id, &self->told));
	EXPECT_EQ(20, u32_of(&self->told, KIPC_A_ENDPOINT_HELD));
	ASSERT_EQ(KIPC_MESSAGES_SHOWN, held_messages(&self->told, held, 30));
	for (i = 0; i < KIPC_MESSAGES_SHOWN; i++) {
		EXPECT_EQ(ids[i], u64_of(&held[i], KIPC_A_MESSAGE_ID));
		EXPECT_EQ(i, u32_of(&held[i], KIPC_A_MESSAGE_LEN));
		EXPECT_EQ(KIPC_KIND_SEND, u32_of(&held[i], KIPC_A_MESSAGE_KIND));
		EXPECT_EQ(self->client.number, u64_of(&held[i], KIPC_A_MESSAGE_CLIENT));
		EXPECT_EQ(getpid(), u32_of(&held[i], KIPC_A_MESSAGE_PID));
		EXPECT_EQ(0, u32_of(&held[i], KIPC_A_MESSAGE_UID));
		EXPECT_FALSE(has(&held[i], KIPC_A_MESSAGE_AWAITED));
	}
	EXPECT_GE(u64_of(&held[0], KIPC_A_MESSAGE_HELD_NS),
		  u64_of(&held[15], KIPC_A_MESSAGE_HELD_NS));
	EXPECT_GE(u64_of(&self->told, KIPC_A_ENDPOINT_HELD_NS),
		  u64_of(&held[0], KIPC_A_MESSAGE_HELD_NS));
	/* What has been released is not told, and those behind it are */
	for (i = 0; i < 10; i++)
		ASSERT_EQ(0, channel_release(self->server.fd, ids[i]));
	ASSERT_EQ(0, get_endpoint(&self->nl, id, &self->told));
	ASSERT_EQ(10, held_messages(&self->told, held, 30));
	EXPECT_EQ(ids[10], u64_of(&held[0], KIPC_A_MESSAGE_ID));
	EXPECT_EQ(ids[19], u64_of(&held[9], KIPC_A_MESSAGE_ID));
	free(held);
}

TEST_F(netlink_get, endpoint_tells_which_replies_are_awaited)
{
	uint32_t id = channel_id(&self->nl, self->name);
	struct kipc_channel_call call = call_of("x", 1);
	struct asker asker;
	struct kipc_header msg;
	struct told held;

	ASSERT_EQ(0, receive(self->server.fd, &msg));
	ASSERT_EQ(0, channel_release(self->server.fd, msg.id));
	ASSERT_EQ(0, ask_and_wait(&asker, self->client.fd, KIPC_IOC_CHANNEL_CALL, &call));
	ASSERT_EQ(0, receive(self->server.fd, &msg));
	ASSERT_EQ(0, get_endpoint(&self->nl, id, &self->told));
	ASSERT_EQ(1, held_messages(&self->told, &held, 1));
	EXPECT_EQ(KIPC_KIND_CALL, u32_of(&held, KIPC_A_MESSAGE_KIND));
	EXPECT_TRUE(has(&held, KIPC_A_MESSAGE_AWAITED));
	ASSERT_EQ(0, channel_reply(self->server.fd, msg.id, "y", 1));
	EXPECT_EQ(0, ask_end(&asker));
}

TEST_HARNESS_MAIN
