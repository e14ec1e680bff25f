// SPDX-License-Identifier: GPL-2.0
/*
 * Calls from a server to its clients, alone and in the midst of a call of theirs: a client
 * that has called can be called back, with one thread or with several, and calls may be
 * nested over channels.
 */
#include "ring_test.h"

FIXTURE(callback)
{
	char name[KIPC_NAME_SIZE];
	struct end server;
	struct end client;
	struct kipc_header msg;
	struct kipc_channel_call call;
	struct asker caller;
	uint64_t id;
};

FIXTURE_SETUP(callback)
{
	fresh_name(self->name);
	ASSERT_EQ(0, end_serve(&self->server, self->name, 16 * PAGE));
	ASSERT_EQ(0, end_connect(&self->client, self->name, 8 * PAGE));
	self->call = call_of("request", 7);
	self->call.to = self->client.number;
}

FIXTURE_TEARDOWN(callback)
{
	end_close(&self->client);
	end_close(&self->server);
}

/* The server calls, in a thread or without waiting. */
#define START_CALL()	ask_and_wait(&self->caller, self->server.fd,	\
				     KIPC_IOC_CHANNEL_CALL, &self->call)
#define CALL()		request(self->server.fd, KIPC_IOC_CHANNEL_CALL,	\
				&self->call)
#define SERVE()		ASSERT_EQ(0, channel_recv(self->client.fd, &self->msg))
#define REPLY(text)							\
	channel_reply_text(self->client.fd, self->msg.id, text)

#define EXPECT_NO_TRACE(end) do {					\
	struct kipc_endpoint_info i = endpoint_info((end).fd);		\
									\
	EXPECT_EQ(0, i.queued);						\
	EXPECT_EQ(0, i.held);						\
	EXPECT_EQ(i.pool_size, i.pool_free);				\
} while (0)

/* Alone */

TEST_F(callback, server_calls_and_its_client_replies)
{
	ASSERT_EQ(0, START_CALL());
	SERVE();
	EXPECT_EQ(KIPC_KIND_CALL, self->msg.kind);
	EXPECT_EQ(0, self->msg.peer);
	EXPECT_TRUE(end_has(&self->client, &self->msg, "request", 7));
	EXPECT_EQ(0, REPLY("reply"));
	ASSERT_EQ(0, ask_end(&self->caller));
	EXPECT_EQ(KIPC_OUTCOME_REPLIED, self->call.outcome);
	EXPECT_EQ(KIPC_KIND_REPLY, self->call.reply.kind);
	EXPECT_EQ(self->client.number, self->call.reply.peer);
	EXPECT_TRUE(end_has(&self->server, &self->call.reply, "reply", 5));
	ASSERT_EQ(0, channel_release(self->server.fd, self->call.reply.id));
	EXPECT_NO_TRACE(self->server);
	EXPECT_NO_TRACE(self->client);
}

TEST_F(callback, server_calls_without_waiting)
{
	ASSERT_EQ(0, channel_call_async(self->server.fd, self->client.number,
					payload_of("request", 7), &self->id));
	SERVE();
	EXPECT_EQ(0, REPLY("reply"));
	ASSERT_EQ(0, channel_recv(self->server.fd, &self->msg));
	EXPECT_EQ(KIPC_KIND_REPLY, self->msg.kind);
	EXPECT_EQ(self->id, self->msg.call);
	EXPECT_EQ(self->client.number, self->msg.peer);
	EXPECT_TRUE(end_has(&self->server, &self->msg, "reply", 5));
	ASSERT_EQ(0, channel_release(self->server.fd, self->msg.id));
	EXPECT_NO_TRACE(self->server);
	EXPECT_NO_TRACE(self->client);
}

TEST_F(callback, client_replies_and_receives_the_next)
{
	struct kipc_channel_reply reply = {
		.size = sizeof(reply),
		.flags = KIPC_REPLY_RECV,
		.deadline = LONG,
	};
	int i;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, channel_call_async(self->server.fd,
						self->client.number,
						payload_of(&i, 4), &self->id));
	SERVE();
	for (i = 1; i < 3; i++) {
		reply.id = i == 1 ? self->msg.id : reply.msg.id;
		ASSERT_EQ(0, request(self->client.fd, KIPC_IOC_CHANNEL_REPLY,
				     &reply));
		EXPECT_EQ(i, number_of(&self->client, &reply.msg));
	}
}

TEST_F(callback, client_that_is_not_there_esrch)
{
	self->call.to = 0;
	EXPECT_EQ(-ESRCH, CALL());
	self->call.to = self->client.number + 1;
	EXPECT_EQ(-ESRCH, CALL());
	EXPECT_EQ(KIPC_OUTCOME_NONE, self->call.outcome);
	EXPECT_EQ(-ESRCH, channel_call_async(self->server.fd, 99,
					     payload_of("x", 1), &self->id));
	self->call.to = self->client.number;
	end_close(&self->client);
	EXPECT_EQ(-ESRCH, CALL());
}

TEST_F(callback, client_closes_before_delivery_esrch)
{
	ASSERT_EQ(0, START_CALL());
	end_close(&self->client);
	EXPECT_EQ(-ESRCH, ask_end(&self->caller));
	EXPECT_EQ(KIPC_OUTCOME_NONE, self->call.outcome);
	EXPECT_NO_TRACE(self->server);
}

TEST_F(callback, client_closes_after_delivery_econnreset)
{
	ASSERT_EQ(0, START_CALL());
	SERVE();
	end_close(&self->client);
	EXPECT_EQ(-ECONNRESET, ask_end(&self->caller));
	EXPECT_EQ(KIPC_OUTCOME_DELIVERED, self->call.outcome);
	EXPECT_NO_TRACE(self->server);
}

TEST_F(callback, client_closes_and_calls_not_waited_for_fail)
{
	uint64_t ids[2];
	int i;

	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, channel_call_async(self->server.fd,
						self->client.number,
						payload_of("x", 1), &ids[i]));
	SERVE();
	end_close(&self->client);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, channel_recv(self->server.fd, &self->msg));
		EXPECT_EQ(KIPC_KIND_FAILED, self->msg.kind);
		EXPECT_EQ(ids[i], self->msg.call);
		EXPECT_EQ(i ? 0 : KIPC_HEADER_DELIVERED, self->msg.flags);
		ASSERT_EQ(0, channel_release(self->server.fd, self->msg.id));
	}
	EXPECT_NO_TRACE(self->server);
}

TEST_F(callback, client_releases_without_reply_econnreset)
{
	ASSERT_EQ(0, START_CALL());
	SERVE();
	EXPECT_EQ(0, channel_release(self->client.fd, self->msg.id));
	EXPECT_EQ(-ECONNRESET, ask_end(&self->caller));
	EXPECT_EQ(KIPC_OUTCOME_DELIVERED, self->call.outcome);
}

TEST_F(callback, server_times_out_before_delivery_withdrawn)
{
	self->call.deadline = SOON;
	EXPECT_EQ(-ETIMEDOUT, CALL());
	EXPECT_EQ(KIPC_OUTCOME_NONE, self->call.outcome);
	EXPECT_EQ(-EAGAIN, channel_recv_now(self->client.fd, &self->msg));
	EXPECT_NO_TRACE(self->client);
}

TEST_F(callback, server_times_out_after_delivery_reply_ecanceled)
{
	self->call.deadline = in_ms(80);
	ASSERT_EQ(0, START_CALL());
	SERVE();
	EXPECT_EQ(-ETIMEDOUT, ask_end(&self->caller));
	EXPECT_EQ(KIPC_OUTCOME_DELIVERED, self->call.outcome);
	EXPECT_EQ(-ECANCELED, REPLY("late"));
	EXPECT_NO_TRACE(self->client);
	EXPECT_NO_TRACE(self->server);
}

TEST_F(callback, server_closes_reply_ecanceled)
{
	ASSERT_EQ(0, channel_call_async(self->server.fd, self->client.number,
					payload_of("x", 1), &self->id));
	SERVE();
	end_close(&self->server);
	EXPECT_EQ(-ECANCELED, REPLY("late"));
	EXPECT_EQ(-EPIPE, channel_recv(self->client.fd, &self->msg));
}

TEST_F(callback, larger_than_the_client_s_pool_emsgsize)
{
	uint8_t *data = memory(9 * PAGE);

	self->call.request = payload_of(data, 9 * PAGE);
	EXPECT_EQ(-EMSGSIZE, CALL());
	self->call.request = payload_of(data, 8 * PAGE);
	ASSERT_EQ(0, START_CALL());
	SERVE();
	EXPECT_EQ(8 * PAGE, self->msg.len);
	EXPECT_EQ(0, REPLY("all of it"));
	EXPECT_EQ(0, ask_end(&self->caller));
}

/* A client may have half of what is left of its server's pool, for replies as well. */
TEST_F(callback, reply_larger_than_the_client_s_share)
{
	uint8_t *data = memory(9 * PAGE);

	ASSERT_EQ(0, START_CALL());
	SERVE();
	EXPECT_EQ(-EMSGSIZE, channel_reply(self->client.fd, self->msg.id, data,
					   8 * PAGE + 1));
	ASSERT_EQ(0, channel_send(self->client.fd, 0, data, 4 * PAGE));
	EXPECT_EQ(-ENOBUFS, channel_reply(self->client.fd, self->msg.id, data,
					  8 * PAGE));
	EXPECT_EQ(0, channel_reply(self->client.fd, self->msg.id, data,
				   4 * PAGE));
	EXPECT_EQ(0, ask_end(&self->caller));
	ASSERT_EQ(0, channel_release(self->server.fd, self->call.reply.id));
	ASSERT_EQ(0, channel_recv(self->server.fd, &self->msg));
	ASSERT_EQ(0, channel_release(self->server.fd, self->msg.id));
	EXPECT_NO_TRACE(self->server);
	/* All of its share is its own again. */
	EXPECT_EQ(0, channel_send_now(self->client.fd, 0, data, 8 * PAGE));
}

/* In the midst of a call */

/*
 * A server, in a child, that calls each caller back with the number it was called with,
 * and answers with what it gets.
 */
static int serve_by_calling_back(const char *name, int calls)
{
	struct kipc_channel_call back;
	struct kipc_header msg;
	struct end server;
	int i, number;

	if (end_serve(&server, name, 0))
		return 1;
	for (i = 0; i < calls; i++) {
		if (channel_recv(server.fd, &msg))
			return 2;
		number = number_of(&server, &msg);
		back = call_of(&number, sizeof(number));
		back.to = msg.peer;
		if (request(server.fd, KIPC_IOC_CHANNEL_CALL, &back))
			return 3;
		number = number_of(&server, &back.reply);
		if (channel_release(server.fd, back.reply.id) ||
		    channel_reply(server.fd, msg.id, &number, sizeof(number)))
			return 4;
	}
	return 0;
}

#define START_SERVER(run) do {						\
	fresh_name(self->name);						\
	server = spawn();						\
	if (!server)							\
		_exit(run);						\
	end_close(&self->client);					\
	for (i = 0; i < 2000; i++, nap_ms(1))				\
		if (!end_connect(&self->client, self->name, 0))		\
			break;						\
} while (0)

static int reply_number(int fd, uint64_t id, int number)
{
	return channel_reply(fd, id, &number, sizeof(number));
}

TEST_F(callback, client_with_one_thread_is_called_back)
{
	pid_t server;
	int i, number;

	START_SERVER(serve_by_calling_back(self->name, 50));
	for (i = 0; i < 50; i++) {
		ASSERT_EQ(0, call_with_number(self->client.fd, i, &self->id));
		ASSERT_EQ(0, channel_recv(self->client.fd, &self->msg));
		ASSERT_EQ(KIPC_KIND_CALL, self->msg.kind);
		number = number_of(&self->client, &self->msg);
		EXPECT_EQ(i, number);
		ASSERT_EQ(0, reply_number(self->client.fd, self->msg.id,
					  number * 2));
		ASSERT_EQ(0, channel_recv(self->client.fd, &self->msg));
		ASSERT_EQ(KIPC_KIND_REPLY, self->msg.kind);
		EXPECT_EQ(self->id, self->msg.call);
		EXPECT_EQ(i * 2, number_of(&self->client, &self->msg));
		ASSERT_EQ(0, channel_release(self->client.fd, self->msg.id));
	}
	EXPECT_EQ(0, reap(server));
	EXPECT_NO_TRACE(self->client);
}

/* Serves call-backs until the server has gone. */
static void *serve_callbacks(void *arg)
{
	struct end *client = arg;
	struct kipc_header msg;

	while (!channel_recv(client->fd, &msg))
		reply_number(client->fd, msg.id, number_of(client, &msg) * 2);
	return NULL;
}

TEST_F(callback, client_with_a_thread_for_it_is_called_back)
{
	pthread_t thread;
	pid_t server;
	int i;

	START_SERVER(serve_by_calling_back(self->name, 50));
	ASSERT_EQ(0, pthread_create(&thread, NULL, serve_callbacks,
				    &self->client));
	for (i = 0; i < 50; i++) {
		struct kipc_header reply;

		ASSERT_EQ(0, channel_call(self->client.fd, &i, sizeof(i),
					  &reply));
		EXPECT_EQ(i * 2, number_of(&self->client, &reply));
		ASSERT_EQ(0, channel_release(self->client.fd, reply.id));
	}
	EXPECT_EQ(0, reap(server));
	pthread_join(thread, NULL);
	EXPECT_NO_TRACE(self->client);
}

/*
 * Both sides have one thread and never wait in a call: a call of n is answered with the
 * sum of 1 to n, for which each side asks the other one for n - 1.
 */
struct pending {
	uint64_t made;		/* the call that was made */
	uint64_t held;		/* for this one, or 0: it was the first */
	int number;
};

static int step(struct end *end, uint64_t to, struct pending *stack, int *top,
		int *result)
{
	struct kipc_header msg;
	int err = channel_recv_now(end->fd, &msg), number;

	if (err)
		return err == -EAGAIN ? 0 : err;
	number = number_of(end, &msg);
	if (msg.kind == KIPC_KIND_CALL && number > 1) {
		stack[*top] = (struct pending){ .held = msg.id,
						.number = number };
		number--;
		return channel_call_async(end->fd, to, payload_of(&number, 4),
					  &stack[(*top)++].made);
	}
	if (msg.kind == KIPC_KIND_CALL)
		return reply_number(end->fd, msg.id, 1);
	if (msg.kind != KIPC_KIND_REPLY || msg.call != stack[--*top].made)
		return -EPROTO;
	*result = number + stack[*top].number;
	err = channel_release(end->fd, msg.id);
	if (err || !stack[*top].held)
		return err;
	return reply_number(end->fd, stack[*top].held, *result);
}

TEST_F(callback, calls_back_and_forth_a_hundred_deep)
{
	enum { DEEP = 100 };
	struct pending ours[DEEP] = { { .number = DEEP } }, theirs[DEEP];
	int top = 1, their_top = 0, ignored, result = 0, i;

	ASSERT_EQ(0, call_with_number(self->client.fd, DEEP - 1,
				      &ours[0].made));
	for (i = 0; i < 10 * DEEP && top; i++) {
		ASSERT_EQ(0, step(&self->server, self->client.number, theirs,
				  &their_top, &ignored));
		ASSERT_EQ(0, step(&self->client, 0, ours, &top, &result));
	}
	EXPECT_EQ(0, top);
	EXPECT_EQ(DEEP * (DEEP + 1) / 2, result);
	EXPECT_NO_TRACE(self->client);
	EXPECT_NO_TRACE(self->server);
}

/* In a child: answers with what another channel answers, plus one. */
static int serve_by_asking(const char *name, const char *next)
{
	struct end server, client = { .fd = -1 };
	struct kipc_header msg, reply;
	int i, number;

	if (end_serve(&server, name, 0))
		return 1;
	for (i = 0; next && i < 2000 && end_connect(&client, next, 0); i++)
		nap_ms(1);
	for (i = 0; i < 30; i++) {
		if (channel_recv(server.fd, &msg))
			return 2;
		number = number_of(&server, &msg);
		if (next) {
			if (channel_call(client.fd, &number, sizeof(number),
					 &reply))
				return 3;
			number = number_of(&client, &reply);
			channel_release(client.fd, reply.id);
		}
		if (reply_number(server.fd, msg.id, number + 1))
			return 4;
	}
	return 0;
}

TEST_F(callback, calls_nested_over_four_channels)
{
	char names[4][KIPC_NAME_SIZE];
	struct kipc_header reply;
	pid_t servers[4], server;
	int i;

	fresh_name(self->name);
	for (i = 0; i < 4; i++)
		memcpy(names[i], i ? fresh_name(names[i]) : self->name,
		       KIPC_NAME_SIZE);
	for (i = 1; i < 4; i++) {
		servers[i] = spawn();
		if (!servers[i])
			_exit(serve_by_asking(names[i],
					      i < 3 ? names[i + 1] : NULL));
	}
	server = spawn();
	if (!server)
		_exit(serve_by_asking(names[0], names[1]));
	end_close(&self->client);
	for (i = 0; i < 2000 && end_connect(&self->client, names[0], 0); i++)
		nap_ms(1);
	for (i = 0; i < 30; i++) {
		ASSERT_EQ(0, channel_call(self->client.fd, &i, sizeof(i),
					  &reply));
		EXPECT_EQ(i + 4, number_of(&self->client, &reply));
		ASSERT_EQ(0, channel_release(self->client.fd, reply.id));
	}
	EXPECT_EQ(0, reap(server));
	for (i = 1; i < 4; i++)
		EXPECT_EQ(0, reap(servers[i]));
}

/* What one side holds of the other when that dies, in both directions at once. */
TEST_F(callback, client_is_killed_while_it_is_called_back)
{
	pid_t child;
	int i;

	end_close(&self->client);
	for (i = 0; i < 10; i++) {
		child = spawn();
		if (!child) {
			if (!end_connect(&self->client, self->name, 0) &&
			    !call_with_number(self->client.fd, 1, &self->id) &&
			    !channel_recv(self->client.fd, &self->msg))
				nap_ms(20000);
			_exit(1);
		}
		ASSERT_EQ(0, channel_recv(self->server.fd, &self->msg));
		self->call = call_of("back", 4);
		self->call.to = self->msg.peer;
		ASSERT_EQ(0, START_CALL());
		ASSERT_TRUE(await_sleep(child, child, SYS_clock_nanosleep));
		EXPECT_EQ(128 + SIGKILL, kill_and_reap(child));
		EXPECT_EQ(-ECONNRESET, ask_end(&self->caller));
		EXPECT_EQ(-ECANCELED, channel_reply(self->server.fd,
						    self->msg.id, "", 0));
		EXPECT_NO_TRACE(self->server);
	}
}

TEST_HARNESS_MAIN
