// SPDX-License-Identifier: GPL-2.0
/*
 * Looking at a held message again (KIPC_IOC_CHANNEL_INSPECT), and seeing that its caller
 * has given up; and what notices cost the server's user.
 */
#include "channel_test.h"

#define LIMIT	10

FIXTURE(inspect)
{
	char name[KIPC_NAME_SIZE];
	struct end server;
	struct end client;
	struct kipc_header msg;
	struct kipc_header again;
	struct kipc_channel_call call;
	struct asker caller;
	uint64_t id;
	long max_pool_msgs;
};

FIXTURE_SETUP(inspect)
{
	fresh_name(self->name);
	ASSERT_EQ(0, end_serve(&self->server, self->name, 1 << 20));
	ASSERT_EQ(0, end_connect(&self->client, self->name, 1 << 20));
	self->call = call_of("request", 7);
	self->max_pool_msgs = parameter_get("max_pool_msgs");
	ASSERT_LT(0, self->max_pool_msgs);
}

/* The parent tears down: the rest goes with the test's process. */
FIXTURE_TEARDOWN_PARENT(inspect)
{
	parameter_set("max_pool_msgs", self->max_pool_msgs);
}

#define INSPECT()							\
	channel_inspect(self->server.fd, self->msg.id, &self->again)

TEST_F(inspect, header_is_the_one_received)
{
	int fd = 0;

	ASSERT_EQ(0, channel_send_payload(self->client.fd, 0,
					  payload_fds("abc", 3, &fd, 1)));
	ASSERT_EQ(0, channel_recv(self->server.fd, &self->msg));
	memset(&self->again, 0xff, sizeof(self->again));
	ASSERT_EQ(0, INSPECT());
	EXPECT_EQ(0, memcmp(&self->msg, &self->again, sizeof(self->msg)));
	EXPECT_EQ(0, INSPECT());
	EXPECT_EQ(1, endpoint_info(self->server.fd).held);
}

TEST_F(inspect, reply_is_seen_by_its_caller)
{
	ASSERT_EQ(0, ask_and_wait(&self->caller, self->client.fd,
				  KIPC_IOC_CHANNEL_CALL, &self->call));
	ASSERT_EQ(0, channel_recv(self->server.fd, &self->msg));
	ASSERT_EQ(0, INSPECT());
	EXPECT_EQ(KIPC_KIND_CALL, self->again.kind);
	ASSERT_EQ(0, channel_reply(self->server.fd, self->msg.id, "ok", 2));
	ASSERT_EQ(0, ask_end(&self->caller));
	ASSERT_EQ(0, channel_inspect(self->client.fd, self->call.reply.id,
				     &self->again));
	EXPECT_EQ(0, memcmp(&self->call.reply, &self->again,
			    sizeof(self->again)));
}

TEST_F(inspect, not_held_enoent)
{
	EXPECT_EQ(-ENOENT, channel_inspect(self->server.fd, 0, &self->again));
	EXPECT_EQ(-ENOENT, channel_inspect(self->server.fd, 1, &self->again));
	ASSERT_EQ(0, channel_send(self->client.fd, 0, "x", 1));
	EXPECT_EQ(-ENOENT, channel_inspect(self->server.fd, 1, &self->again));
	ASSERT_EQ(0, channel_recv(self->server.fd, &self->msg));
	EXPECT_EQ(0, INSPECT());
	EXPECT_EQ(-ENOENT, channel_inspect(self->client.fd, self->msg.id,
					   &self->again));
	ASSERT_EQ(0, channel_release(self->server.fd, self->msg.id));
	EXPECT_EQ(-ENOENT, INSPECT());
}

TEST_F(inspect, other_roles_refuse)
{
	int none = endpoint_open();
	int queue = queue_open(self->name, KIPC_QUEUE_CREATE | QUEUE_BOTH);

	EXPECT_EQ(-ENOTCONN, channel_inspect(none, 1, &self->again));
	EXPECT_EQ(-EOPNOTSUPP, channel_inspect(queue, 1, &self->again));
	queue_unlink(self->name);
}

/* Whether or not the server asked for notices. */
static void check_canceled(struct __test_metadata *_metadata,
			   struct _test_data_inspect *self)
{
	self->call.deadline = in_ms(100);
	ASSERT_EQ(0, ask_and_wait(&self->caller, self->client.fd,
				  KIPC_IOC_CHANNEL_CALL, &self->call));
	do {
		ASSERT_EQ(0, channel_recv(self->server.fd, &self->msg));
	} while (self->msg.kind != KIPC_KIND_CALL);
	ASSERT_EQ(0, INSPECT());
	EXPECT_EQ(0, self->again.flags);
	EXPECT_EQ(-ETIMEDOUT, ask_end(&self->caller));
	ASSERT_EQ(0, INSPECT());
	EXPECT_EQ(KIPC_HEADER_CANCELED, self->again.flags);
	EXPECT_EQ(KIPC_KIND_CALL, self->again.kind);
	EXPECT_EQ(7, self->again.len);
	EXPECT_EQ(-ECANCELED, channel_reply(self->server.fd, self->msg.id, "",
					    0));
	EXPECT_EQ(-ENOENT, INSPECT());
}

TEST_F(inspect, caller_that_gave_up_is_seen)
{
	check_canceled(_metadata, self);
}

TEST_F(inspect, caller_that_gave_up_is_seen_beside_its_notice)
{
	end_close(&self->client);
	end_close(&self->server);
	ASSERT_EQ(0, end_serve_with(&self->server, self->name, 0,
				    KIPC_CHANNEL_NOTICES));
	ASSERT_EQ(0, end_connect(&self->client, self->name, 0));
	check_canceled(_metadata, self);
}

TEST_F(inspect, caller_that_closed_is_seen)
{
	ASSERT_EQ(0, channel_call_async(self->client.fd, 0, payload_of("x", 1),
					&self->id));
	ASSERT_EQ(0, channel_recv(self->server.fd, &self->msg));
	ASSERT_EQ(0, INSPECT());
	EXPECT_EQ(0, self->again.flags);
	end_close(&self->client);
	ASSERT_EQ(0, INSPECT());
	EXPECT_EQ(KIPC_HEADER_CANCELED, self->again.flags);
}

/* What notices cost: two messages for each client, paid by the client's user */

#define SERVE_AGAIN() do {						\
	end_close(&self->client);					\
	end_close(&self->server);					\
	ASSERT_EQ(0, end_serve_with(&self->server, self->name, 0,	\
				    KIPC_CHANNEL_NOTICES));		\
} while (0)

static void release_all(int fd)
{
	struct kipc_header msg;

	while (!channel_recv_now(fd, &msg))
		channel_release(fd, msg.id);
}

/* How many clients can connect before EDQUOT: 200 if that is not the end. */
static int connect_many(const char *name, struct end *clients)
{
	int err = 0, n = 0;

	while (!err && n < 100)
		err = end_connect(&clients[n], name, PAGE), n += !err;
	return err == -EDQUOT ? n : 200;
}

TEST_F(inspect, limit_edquot_for_a_client)
{
	struct end clients[101];
	int i;

	SERVE_AGAIN();
	ASSERT_EQ(0, parameter_set("max_pool_msgs", LIMIT));
	EXPECT_EQ(LIMIT / 2, connect_many(self->name, clients));
	EXPECT_EQ(LIMIT / 2, endpoint_info(self->server.fd).peers);
	EXPECT_EQ(LIMIT / 2, endpoint_info(self->server.fd).queued);

	/* The one is free when it has been received, the other one after the end. */
	release_all(self->server.fd);
	EXPECT_EQ(-EAGAIN, channel_recv_now(self->server.fd, &self->msg));
	for (i = 0; i < LIMIT / 2; i++)
		end_close(&clients[i]);
	EXPECT_EQ(LIMIT / 2, endpoint_info(self->server.fd).queued);
	release_all(self->server.fd);
	EXPECT_EQ(LIMIT / 2, connect_many(self->name, clients));
}

TEST_F(inspect, limit_is_free_again_when_the_server_closes_first)
{
	struct end clients[101];
	int i, round;

	for (round = 0; round < 5; round++) {
		SERVE_AGAIN();
		ASSERT_EQ(0, parameter_set("max_pool_msgs", LIMIT));
		EXPECT_EQ(LIMIT / 2, connect_many(self->name, clients));
		end_close(&self->server);
		for (i = 0; i < LIMIT / 2; i++)
			end_close(&clients[i]);
	}
}

/* As another user: how many clients can it connect? */
static int connect_many_as(uid_t uid, const char *name, struct end *clients)
{
	pid_t child = spawn();

	if (!child)
		_exit(become(uid) ? 255 : connect_many(name, clients));
	return reap(child);
}

TEST_F(inspect, clients_that_come_and_go_use_up_their_own_limit)
{
	struct end clients[101];

	umask(0);
	SERVE_AGAIN();
	ASSERT_EQ(0, parameter_set("max_pool_msgs", LIMIT));
	EXPECT_EQ(LIMIT / 2, connect_many_as(USER, self->name, clients));
	EXPECT_EQ(0, connect_many_as(USER, self->name, clients));

	/* Neither another user nor the server's is kept out by that. */
	EXPECT_EQ(LIMIT / 2, connect_many_as(OTHER, self->name, clients));
	ASSERT_EQ(0, end_connect(&self->client, self->name, PAGE));
	EXPECT_EQ(0, channel_send_now(self->client.fd, 0, "x", 1));

	release_all(self->server.fd);
	EXPECT_EQ(LIMIT / 2, connect_many_as(USER, self->name, clients));
}

TEST_HARNESS_MAIN
