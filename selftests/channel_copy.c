// SPDX-License-Identifier: GPL-2.0
/*
 * Copy: a sender whose page does not come (userfaultfd) is stuck in the middle of its
 * copy.  Nobody else is, whatever happens to either end meanwhile.
 */
#include "kipc_test.h"

FIXTURE(copy)
{
	char name[KIPC_NAME_SIZE];
	struct end server;
	struct end client;
	struct stall stall;
	struct asker stuck;
	struct kipc_channel_send send;
	struct kipc_channel_call call;
	struct kipc_channel_reply reply;
};

FIXTURE_SETUP(copy)
{
	fresh_name(self->name);
	ASSERT_EQ(0, end_serve(&self->server, self->name, 64 << 10));
	ASSERT_EQ(0, end_connect(&self->client, self->name, 64 << 10));
	ASSERT_EQ(0, stall_init(&self->stall));
	self->send = (struct kipc_channel_send){
		.size = sizeof(self->send),
		.payload = payload_of(self->stall.page, PAGE),
	};
	self->reply = (struct kipc_channel_reply){
		.size = sizeof(self->reply),
		.reply = payload_of(self->stall.page, PAGE),
	};
	self->call = call_of(self->stall.page, PAGE);
}

FIXTURE_TEARDOWN(copy)
{
	end_close(&self->client);
	end_close(&self->server);
}

/* Make a request that gets stuck in its copy. */
static int stick(struct _test_data_copy *self, const struct end *end,
		 unsigned long cmd, void *arg)
{
	return ask_and_wait(&self->stuck, end->fd, cmd, arg);
}

/* Let it go on.  Return: how it ended. */
static int unstick(struct _test_data_copy *self)
{
	stall_end(&self->stall);
	return ask_end(&self->stuck);
}

static bool is_empty(const struct end *end)
{
	struct kipc_endpoint_info info = endpoint_info(end->fd);

	return !info.queued && !info.held && info.pool_free == info.pool_size;
}

TEST_F(copy, sender_does_not_hold_up_others)
{
	struct kipc_header msg;
	struct end other;

	ASSERT_EQ(0, stick(self, &self->client, KIPC_IOC_CHANNEL_SEND,
			   &self->send));
	ASSERT_EQ(0, end_connect(&other, self->name, 0));
	ASSERT_EQ(0, channel_send(other.fd, 0, "x", 1));
	ASSERT_EQ(0, channel_send(self->client.fd, 0, "y", 1));
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	EXPECT_TRUE(end_has(&self->server, &msg, "x", 1));
	EXPECT_EQ(0, channel_release(self->server.fd, msg.id));
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	EXPECT_TRUE(end_has(&self->server, &msg, "y", 1));
	EXPECT_EQ(0, channel_release(self->server.fd, msg.id));

	EXPECT_EQ(0, unstick(self));
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	EXPECT_TRUE(end_has(&self->server, &msg, self->stall.page, PAGE));
	end_close(&other);
}

TEST_F(copy, server_closes_under_a_send_epipe)
{
	ASSERT_EQ(0, stick(self, &self->client, KIPC_IOC_CHANNEL_SEND,
			   &self->send));
	end_close(&self->server);
	EXPECT_EQ(-EPIPE, unstick(self));
}

TEST_F(copy, server_closes_under_a_call_epipe_none)
{
	ASSERT_EQ(0, stick(self, &self->client, KIPC_IOC_CHANNEL_CALL,
			   &self->call));
	end_close(&self->server);
	EXPECT_EQ(-EPIPE, unstick(self));
	EXPECT_EQ(KIPC_OUTCOME_NONE, self->call.outcome);
}

TEST_F(copy, name_is_free_under_a_send)
{
	struct end next;

	ASSERT_EQ(0, stick(self, &self->client, KIPC_IOC_CHANNEL_SEND,
			   &self->send));
	end_close(&self->server);
	ASSERT_EQ(0, end_serve(&next, self->name, 0));
	EXPECT_EQ(-EPIPE, unstick(self));
	EXPECT_TRUE(is_empty(&next));
	end_close(&next);
}

TEST_F(copy, client_closes_under_a_server_s_send_esrch)
{
	self->send.to = self->client.number;
	ASSERT_EQ(0, stick(self, &self->server, KIPC_IOC_CHANNEL_SEND,
			   &self->send));
	end_close(&self->client);
	EXPECT_EQ(-ESRCH, unstick(self));
}

TEST_F(copy, deadline_passes_under_a_call_etimedout_none)
{
	self->call.deadline = in_ms(50);
	ASSERT_EQ(0, stick(self, &self->client, KIPC_IOC_CHANNEL_CALL,
			   &self->call));
	nap_ms(60);
	EXPECT_EQ(-ETIMEDOUT, unstick(self));
	EXPECT_EQ(KIPC_OUTCOME_NONE, self->call.outcome);
	EXPECT_TRUE(is_empty(&self->server));
}

TEST_F(copy, sender_is_killed_and_its_room_is_free)
{
	struct stall stall;
	struct end client;
	pid_t child;
	int i;

	for (i = 0; i < 10; i++) {
		child = spawn();
		if (!child) {
			if (stall_init(&stall) ||
			    end_connect(&client, self->name, 0))
				_exit(1);
			_exit(channel_send(client.fd, 0, stall.page, PAGE));
		}
		while (is_empty(&self->server) && !waitpid(child, NULL, WNOHANG))
			nap_ms(1);
		EXPECT_FALSE(is_empty(&self->server));
		EXPECT_EQ(128 + SIGKILL, kill_and_reap(child));
		EXPECT_TRUE(is_empty(&self->server));
	}
}

/* A reply on its way.  The call is nobody else's to answer. */

static int receive_call(struct _test_data_copy *self, struct asker *caller,
			struct kipc_channel_call *call)
{
	struct kipc_header msg = { };
	int err;

	err = ask(caller, self->client.fd, KIPC_IOC_CHANNEL_CALL, call);
	if (!err)
		err = channel_recv(self->server.fd, &msg);
	self->reply.id = msg.id;
	return err;
}

TEST_F(copy, second_reply_or_release_ebusy)
{
	struct kipc_channel_call call = call_of("x", 1);
	struct asker caller;
	uint64_t id;

	ASSERT_EQ(0, receive_call(self, &caller, &call));
	id = self->reply.id;
	ASSERT_EQ(0, stick(self, &self->server, KIPC_IOC_CHANNEL_REPLY,
			   &self->reply));
	EXPECT_EQ(-EBUSY, channel_reply(self->server.fd, id, "x", 1));
	EXPECT_EQ(-EBUSY, channel_release(self->server.fd, id));
	EXPECT_EQ(1, endpoint_info(self->server.fd).held);
	EXPECT_EQ(0, unstick(self));
	EXPECT_EQ(0, ask_end(&caller));
	EXPECT_TRUE(end_has(&self->client, &call.reply, self->stall.page, PAGE));
	EXPECT_EQ(-ENOENT, channel_release(self->server.fd, id));
}

TEST_F(copy, caller_gives_up_under_a_reply_ecanceled)
{
	struct kipc_channel_call call = call_of("x", 1);
	struct asker caller;

	call.deadline = in_ms(80);
	ASSERT_EQ(0, receive_call(self, &caller, &call));
	ASSERT_EQ(0, stick(self, &self->server, KIPC_IOC_CHANNEL_REPLY,
			   &self->reply));
	EXPECT_EQ(-ETIMEDOUT, ask_end(&caller));
	EXPECT_EQ(KIPC_OUTCOME_DELIVERED, call.outcome);
	EXPECT_EQ(-ECANCELED, unstick(self));
	EXPECT_TRUE(is_empty(&self->server));
	EXPECT_TRUE(is_empty(&self->client));
}

TEST_F(copy, client_is_killed_under_a_reply_ecanceled)
{
	struct kipc_header msg, reply;
	struct end client;
	pid_t child = spawn();

	if (!child) {
		if (end_connect(&client, self->name, 0))
			_exit(1);
		_exit(channel_call(client.fd, "x", 1, &reply));
	}
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	self->reply.id = msg.id;
	ASSERT_EQ(0, stick(self, &self->server, KIPC_IOC_CHANNEL_REPLY,
			   &self->reply));
	EXPECT_EQ(128 + SIGKILL, kill_and_reap(child));
	EXPECT_EQ(1, endpoint_info(self->server.fd).peers);
	EXPECT_EQ(-ECANCELED, unstick(self));
	EXPECT_TRUE(is_empty(&self->server));
}

TEST_F(copy, server_is_killed_under_a_reply_econnreset)
{
	struct kipc_channel_call call = call_of("x", 1);
	char name[KIPC_NAME_SIZE], c;
	struct kipc_header msg;
	struct stall stall;
	struct asker caller;
	struct end server, client;
	int ready[2];
	pid_t child;

	ASSERT_EQ(0, pipe(ready));
	fresh_name(name);
	child = spawn();
	if (!child) {
		if (stall_init(&stall) || end_serve(&server, name, 0) ||
		    write(ready[1], "s", 1) != 1 ||
		    channel_recv(server.fd, &msg) ||
		    write(ready[1], "r", 1) != 1)
			_exit(1);
		_exit(channel_reply(server.fd, msg.id, stall.page, PAGE));
	}
	ASSERT_EQ(1, read(ready[0], &c, 1));
	ASSERT_EQ(0, end_connect(&client, name, 0));
	ASSERT_EQ(0, ask(&caller, client.fd, KIPC_IOC_CHANNEL_CALL, &call));
	ASSERT_EQ(1, read(ready[0], &c, 1));
	while (is_empty(&client))
		nap_ms(1);
	EXPECT_EQ(128 + SIGKILL, kill_and_reap(child));
	EXPECT_EQ(-ECONNRESET, ask_end(&caller));
	EXPECT_EQ(KIPC_OUTCOME_DELIVERED, call.outcome);
	EXPECT_TRUE(is_empty(&client));
	end_close(&client);
	close(ready[0]);
	close(ready[1]);
}

TEST_HARNESS_MAIN
