// SPDX-License-Identifier: GPL-2.0
/*
 * Calls that nobody waits for (KIPC_CALL_ASYNC): that each ends in exactly one message,
 * a reply or the notice that there will be none, which says how far the call came; and
 * that what they cost is given back, however they end.
 */
#include <stddef.h>

#include "channel_test.h"

FIXTURE(async)
{
	char name[KIPC_NAME_SIZE];
	struct end server;
	struct end client;
	struct kipc_header msg;	/* what the server got */
	struct kipc_header end;	/* what the client got */
	uint64_t id;
	long max_pool_msgs;
};

FIXTURE_SETUP(async)
{
	fresh_name(self->name);
	ASSERT_EQ(0, end_serve(&self->server, self->name, 64 * PAGE));
	ASSERT_EQ(0, end_connect(&self->client, self->name, 16 * PAGE));
	self->max_pool_msgs = parameter_get("max_pool_msgs");
	ASSERT_LT(0, self->max_pool_msgs);
}

/* The parent tears down: the rest goes with the test's process. */
FIXTURE_TEARDOWN_PARENT(async)
{
	parameter_set("max_pool_msgs", self->max_pool_msgs);
}

static int call_number(int fd, int number, uint64_t *id)
{
	struct kipc_payload payload = payload_of(&number, sizeof(number));

	payload.tag = 1000 + number;
	return channel_call_async(fd, 0, payload, id);
}

#define CALL(number)	call_number(self->client.fd, number, &self->id)
#define SERVE()		ASSERT_EQ(0, channel_recv(self->server.fd, &self->msg))
#define REPLY(text)							\
	channel_reply_text(self->server.fd, self->msg.id, text)
#define END()		ASSERT_EQ(0, channel_recv(self->client.fd, &self->end))
#define EXPECT_NO_END()							\
	EXPECT_EQ(-EAGAIN, channel_recv_now(self->client.fd, &self->end))

/* The call has failed, and whoever received it may have run it, or nobody did. */
#define EXPECT_FAILED(call_id, how) do {				\
	EXPECT_EQ(KIPC_KIND_FAILED, self->end.kind);			\
	EXPECT_EQ(call_id, self->end.call);				\
	EXPECT_EQ(how, self->end.flags);				\
	EXPECT_EQ(0, self->end.len);					\
	EXPECT_EQ(0, self->end.fd_count);				\
	EXPECT_EQ(0, channel_release(self->client.fd, self->end.id));	\
} while (0)

/* Replies */

TEST_F(async, returns_at_once_with_an_id)
{
	struct kipc_channel_call call = call_of("abc", 3);
	struct kipc_header zero = { };

	memset(&call.reply, 0xff, sizeof(call.reply));
	call.outcome = 77;
	call.flags = KIPC_CALL_ASYNC;
	ASSERT_EQ(0, request(self->client.fd, KIPC_IOC_CHANNEL_CALL, &call));
	EXPECT_NE(0, call.reply.id);
	EXPECT_EQ(KIPC_OUTCOME_NONE, call.outcome);
	zero.id = call.reply.id;
	EXPECT_EQ(0, memcmp(&zero, &call.reply, sizeof(zero)));
	EXPECT_EQ(1, endpoint_info(self->server.fd).queued);
	EXPECT_NO_END();
}

TEST_F(async, server_sees_an_ordinary_call)
{
	ASSERT_EQ(0, CALL(7));
	SERVE();
	EXPECT_EQ(KIPC_KIND_CALL, self->msg.kind);
	EXPECT_EQ(1007, self->msg.tag);
	EXPECT_EQ(0, self->msg.call);
	EXPECT_EQ(0, self->msg.flags);
	EXPECT_EQ(self->client.number, self->msg.peer);
	EXPECT_EQ(getpid(), self->msg.pid);
	EXPECT_EQ(7, *(int *)(self->server.pool + self->msg.offset));
}

TEST_F(async, reply_is_received_as_a_message)
{
	struct kipc_payload reply = payload_of("reply", 5);

	reply.tag = 99;
	ASSERT_EQ(0, CALL(7));
	SERVE();
	ASSERT_EQ(0, channel_reply_payload(self->server.fd, self->msg.id,
					   reply));
	END();
	EXPECT_EQ(KIPC_KIND_REPLY, self->end.kind);
	EXPECT_EQ(self->id, self->end.call);
	EXPECT_NE(self->id, self->end.id);
	EXPECT_EQ(99, self->end.tag);
	EXPECT_EQ(0, self->end.flags);
	EXPECT_EQ(0, self->end.peer);
	EXPECT_TRUE(end_has(&self->client, &self->end, "reply", 5));
	EXPECT_EQ(1, endpoint_info(self->client.fd).held);
	EXPECT_EQ(0, channel_release(self->client.fd, self->end.id));
	EXPECT_EQ(self->client.size, endpoint_info(self->client.fd).pool_free);
	EXPECT_NO_END();
}

TEST_F(async, reply_to_a_thread_that_waits)
{
	struct kipc_channel_recv recv = {
		.size = sizeof(recv),
		.deadline = LONG,
	};
	struct asker asker;

	ASSERT_EQ(0, CALL(7));
	ASSERT_EQ(0, ask_and_wait(&asker, self->client.fd,
				  KIPC_IOC_CHANNEL_RECV, &recv));
	SERVE();
	ASSERT_EQ(0, REPLY("reply"));
	EXPECT_EQ(0, ask_end(&asker));
	EXPECT_EQ(self->id, recv.msg.call);
	EXPECT_TRUE(end_has(&self->client, &recv.msg, "reply", 5));
}

TEST_F(async, many_under_way_answered_out_of_order)
{
	enum { MANY = 100 };
	uint64_t ids[MANY], held[MANY];
	int i, number;

	for (i = 0; i < MANY; i++)
		ASSERT_EQ(0, call_number(self->client.fd, i, &ids[i]));
	for (i = 0; i < MANY; i++) {
		SERVE();
		held[i] = self->msg.id;
	}
	/* Every third, and in between backwards. */
	for (i = 0; i < MANY; i++) {
		number = i * 37 % MANY;
		ASSERT_EQ(0, channel_reply(self->server.fd, held[number],
					   &number, sizeof(number)));
	}
	for (i = 0; i < MANY; i++) {
		number = i * 37 % MANY;
		END();
		EXPECT_EQ(KIPC_KIND_REPLY, self->end.kind);
		EXPECT_EQ(ids[number], self->end.call);
		EXPECT_TRUE(end_has(&self->client, &self->end, &number,
				    sizeof(number)));
		ASSERT_EQ(0, channel_release(self->client.fd, self->end.id));
	}
	EXPECT_EQ(self->client.size, endpoint_info(self->client.fd).pool_free);
	EXPECT_EQ(self->server.size, endpoint_info(self->server.fd).pool_free);
}

TEST_F(async, waiting_calls_go_on_beside)
{
	struct kipc_channel_call call = call_of("sync", 4);
	struct asker caller;

	ASSERT_EQ(0, CALL(1));
	ASSERT_EQ(0, ask_and_wait(&caller, self->client.fd,
				  KIPC_IOC_CHANNEL_CALL, &call));
	SERVE();
	ASSERT_EQ(0, REPLY("to async"));
	SERVE();
	ASSERT_EQ(0, REPLY("to sync"));
	EXPECT_EQ(0, ask_end(&caller));
	EXPECT_TRUE(end_has(&self->client, &call.reply, "to sync", 7));
	END();
	EXPECT_EQ(self->id, self->end.call);
	EXPECT_TRUE(end_has(&self->client, &self->end, "to async", 8));
}

TEST_F(async, reply_and_receive_serves_the_next)
{
	struct kipc_channel_reply reply = {
		.size = sizeof(reply),
		.flags = KIPC_REPLY_RECV | KIPC_F_NONBLOCK,
		.reply = payload_of("1", 1),
	};

	ASSERT_EQ(0, CALL(1));
	ASSERT_EQ(0, CALL(2));
	SERVE();
	reply.id = self->msg.id;
	ASSERT_EQ(0, request(self->server.fd, KIPC_IOC_CHANNEL_REPLY, &reply));
	EXPECT_EQ(1002, reply.msg.tag);
	END();
	EXPECT_TRUE(end_has(&self->client, &self->end, "1", 1));
}

static void *reply_later(void *arg)
{
	struct _test_data_async *self = arg;

	nap_ms(20);
	REPLY("later");
	return NULL;
}

TEST_F(async, poll_says_when_the_reply_is_there)
{
	pthread_t thread;

	ASSERT_EQ(0, CALL(7));
	SERVE();
	EXPECT_EQ(0, revents(self->client.fd, 0));
	ASSERT_EQ(0, pthread_create(&thread, NULL, reply_later, self));
	EXPECT_EQ(POLLIN, revents(self->client.fd, 10000));
	pthread_join(thread, NULL);
	END();
	EXPECT_EQ(0, revents(self->client.fd, 0));
}

static void *release_later(void *arg)
{
	struct _test_data_async *self = arg;

	nap_ms(20);
	channel_release(self->server.fd, self->msg.id);
	return NULL;
}

TEST_F(async, poll_says_when_the_call_has_failed)
{
	pthread_t thread;

	ASSERT_EQ(0, CALL(7));
	SERVE();
	ASSERT_EQ(0, pthread_create(&thread, NULL, release_later, self));
	EXPECT_EQ(POLLIN, revents(self->client.fd, 10000));
	pthread_join(thread, NULL);
	END();
	EXPECT_FAILED(self->id, KIPC_HEADER_DELIVERED);
}

TEST_F(async, read_gets_the_reply_and_passes_failures_over)
{
	char buf[16];

	ASSERT_EQ(0, CALL(1));
	ASSERT_EQ(0, CALL(2));
	SERVE();
	ASSERT_EQ(0, channel_release(self->server.fd, self->msg.id));
	SERVE();
	ASSERT_EQ(0, REPLY("second"));
	EXPECT_EQ(6, read(self->client.fd, buf, sizeof(buf)));
	EXPECT_EQ(0, memcmp(buf, "second", 6));
	EXPECT_EQ(0, endpoint_info(self->client.fd).held);
	EXPECT_EQ(0, endpoint_info(self->client.fd).queued);
}

/* No reply */

TEST_F(async, released_without_reply_failed_delivered)
{
	ASSERT_EQ(0, CALL(7));
	SERVE();
	ASSERT_EQ(0, channel_release(self->server.fd, self->msg.id));
	END();
	EXPECT_EQ(1007, self->end.tag);
	EXPECT_FAILED(self->id, KIPC_HEADER_DELIVERED);
	EXPECT_NO_END();
	EXPECT_EQ(self->server.size, endpoint_info(self->server.fd).pool_free);
}

TEST_F(async, server_closes_before_delivery_failed)
{
	ASSERT_EQ(0, CALL(7));
	end_close(&self->server);
	END();
	EXPECT_FAILED(self->id, 0);
	EXPECT_EQ(-EPIPE, channel_recv(self->client.fd, &self->end));
}

TEST_F(async, server_closes_after_delivery_failed_delivered)
{
	ASSERT_EQ(0, CALL(7));
	SERVE();
	end_close(&self->server);
	END();
	EXPECT_FAILED(self->id, KIPC_HEADER_DELIVERED);
	EXPECT_EQ(-EPIPE, channel_recv(self->client.fd, &self->end));
}

TEST_F(async, server_closes_with_many_each_fails_once)
{
	enum { MANY = 600, SERVED = 250 };
	char seen[MANY] = { };
	uint64_t first = 0;
	int i;

	for (i = 0; i < MANY; i++) {
		ASSERT_EQ(0, call_number(self->client.fd, i, &self->id));
		first = first ?: self->id;
	}
	for (i = 0; i < SERVED; i++)
		SERVE();
	end_close(&self->server);
	for (i = 0; i < MANY; i++) {
		END();
		ASSERT_GT(MANY, self->end.call - first);
		EXPECT_EQ(0, seen[self->end.call - first]++);
		EXPECT_FAILED(self->end.call, self->end.call - first < SERVED ?
			      KIPC_HEADER_DELIVERED : 0);
	}
	EXPECT_EQ(-EPIPE, channel_recv(self->client.fd, &self->end));
}

/* EPIPE says that nothing is left to receive: not before the failures. */
TEST_F(async, server_closes_under_a_waiting_receive_failed_before_epipe)
{
	struct kipc_channel_recv recv = {
		.size = sizeof(recv),
		.deadline = LONG,
	};
	struct asker asker;

	ASSERT_EQ(0, CALL(7));
	ASSERT_EQ(0, ask_and_wait(&asker, self->client.fd,
				  KIPC_IOC_CHANNEL_RECV, &recv));
	end_close(&self->server);
	EXPECT_EQ(0, ask_end(&asker));
	self->end = recv.msg;
	EXPECT_FAILED(self->id, 0);
	EXPECT_EQ(-EPIPE, channel_recv(self->client.fd, &self->end));
}

TEST_F(async, server_is_killed_failed)
{
	char name[KIPC_NAME_SIZE];
	struct end client = { .fd = -1 };
	uint64_t ids[2];
	pid_t child;
	int i;

	fresh_name(name);
	child = spawn();
	if (!child) {
		struct end server;

		if (!end_serve(&server, name, 0) &&
		    !channel_recv(server.fd, &self->msg))
			nap_ms(20000);
		_exit(1);
	}
	for (i = 0; i < 2000 && end_connect(&client, name, 0); i++)
		nap_ms(1);
	ASSERT_EQ(0, call_number(client.fd, 0, &ids[0]));
	ASSERT_EQ(0, call_number(client.fd, 1, &ids[1]));
	ASSERT_TRUE(await_sleep(child, child, SYS_clock_nanosleep));
	EXPECT_EQ(128 + SIGKILL, kill_and_reap(child));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, channel_recv(client.fd, &self->end));
		EXPECT_EQ(KIPC_KIND_FAILED, self->end.kind);
		EXPECT_EQ(self->end.call == ids[0] ? KIPC_HEADER_DELIVERED : 0,
			  self->end.flags);
	}
	EXPECT_EQ(-EPIPE, channel_recv(client.fd, &self->end));
}

TEST_F(async, failure_that_cannot_be_received_efault_waits)
{
	struct kipc_channel_recv recv = {
		.size = sizeof(recv),
		.flags = KIPC_F_NONBLOCK,
	};
	struct guard guard;

	ASSERT_EQ(0, guard_init(&guard));
	ASSERT_EQ(0, CALL(7));
	SERVE();
	ASSERT_EQ(0, channel_release(self->server.fd, self->msg.id));
	EXPECT_EQ(-EFAULT, request(self->client.fd, KIPC_IOC_CHANNEL_RECV,
				   guard_readonly(&guard, &recv, sizeof(recv),
						  0)));
	END();
	EXPECT_FAILED(self->id, KIPC_HEADER_DELIVERED);
}

/* The caller goes */

TEST_F(async, caller_closes_after_delivery_reply_ecanceled)
{
	ASSERT_EQ(0, CALL(7));
	SERVE();
	end_close(&self->client);
	EXPECT_EQ(-ECANCELED, REPLY("late"));
	EXPECT_EQ(-ENOENT, REPLY("late"));
	EXPECT_EQ(self->server.size, endpoint_info(self->server.fd).pool_free);
}

TEST_F(async, caller_closes_before_delivery_reply_ecanceled)
{
	ASSERT_EQ(0, CALL(7));
	end_close(&self->client);
	SERVE();
	EXPECT_TRUE(end_has(&self->server, &self->msg, &(int){ 7 }, 4));
	EXPECT_EQ(-ECANCELED, REPLY("late"));
	EXPECT_EQ(self->server.size, endpoint_info(self->server.fd).pool_free);
}

TEST_F(async, caller_closes_and_the_call_can_be_released)
{
	ASSERT_EQ(0, CALL(7));
	SERVE();
	end_close(&self->client);
	EXPECT_EQ(0, channel_release(self->server.fd, self->msg.id));
	EXPECT_EQ(self->server.size, endpoint_info(self->server.fd).pool_free);
}

TEST_F(async, caller_closes_with_its_end_not_received)
{
	ASSERT_EQ(0, CALL(1));
	ASSERT_EQ(0, CALL(2));
	SERVE();
	ASSERT_EQ(0, REPLY("reply"));
	SERVE();
	ASSERT_EQ(0, channel_release(self->server.fd, self->msg.id));
	EXPECT_EQ(2, endpoint_info(self->client.fd).queued);
	end_close(&self->client);
	EXPECT_EQ(0, endpoint_info(self->server.fd).peers);
}

/* Making it fails */

TEST_F(async, no_room_eagain_or_etimedout_leaves_nothing)
{
	struct kipc_channel_call call = call_of(memory(PAGE), PAGE);

	call.flags = KIPC_CALL_ASYNC | KIPC_F_NONBLOCK;
	while (!channel_send_now(self->client.fd, 0, memory(PAGE), PAGE))
		;
	EXPECT_EQ(-EAGAIN, request(self->client.fd, KIPC_IOC_CHANNEL_CALL,
				   &call));
	call.flags = KIPC_CALL_ASYNC;
	call.deadline = SOON;
	EXPECT_EQ(-ETIMEDOUT, request(self->client.fd, KIPC_IOC_CHANNEL_CALL,
				      &call));
	EXPECT_EQ(KIPC_OUTCOME_NONE, call.outcome);
	EXPECT_NO_END();
}

TEST_F(async, bad_payload_or_target_leaves_nothing)
{
	struct kipc_payload big = payload_of(memory(PAGE), 33 * PAGE);

	EXPECT_EQ(-EFAULT, channel_call_async(self->client.fd, 0,
					      payload_of(NULL, 1), &self->id));
	EXPECT_EQ(-EMSGSIZE, channel_call_async(self->client.fd, 0, big,
						&self->id));
	EXPECT_EQ(-EINVAL, channel_call_async(self->client.fd, 1,
					      payload_of("x", 1), &self->id));
	EXPECT_EQ(0, endpoint_info(self->server.fd).queued);
	end_close(&self->server);
	EXPECT_EQ(-EPIPE, CALL(1));
	EXPECT_EQ(-EPIPE, channel_recv(self->client.fd, &self->end));
}

/* Where the id cannot be told the call is not made: nobody could know its end. */
TEST_F(async, bad_place_for_the_id_efault_makes_no_call)
{
	struct kipc_channel_call call = call_of("x", 1), *at;
	struct guard guard;

	ASSERT_EQ(0, guard_init(&guard));
	call.flags = KIPC_CALL_ASYNC;
	at = guard_readonly(&guard, &call, sizeof(call),
			    offsetof(struct kipc_channel_call, reply));
	EXPECT_EQ(-EFAULT, request(self->client.fd, KIPC_IOC_CHANNEL_CALL, at));
	EXPECT_EQ(KIPC_OUTCOME_NONE, at->outcome);
	EXPECT_EQ(0, endpoint_info(self->server.fd).queued);
}

TEST_F(async, releases_first)
{
	struct kipc_channel_call call = call_of("x", 1);

	ASSERT_EQ(0, CALL(1));
	SERVE();
	ASSERT_EQ(0, REPLY("reply"));
	END();
	call.flags = KIPC_CALL_ASYNC;
	call.release = self->end.id;
	EXPECT_EQ(0, request(self->client.fd, KIPC_IOC_CHANNEL_CALL, &call));
	EXPECT_EQ(0, endpoint_info(self->client.fd).held);
	EXPECT_EQ(-ENOENT, request(self->client.fd, KIPC_IOC_CHANNEL_CALL,
				   &call));
	EXPECT_EQ(1, endpoint_info(self->server.fd).queued);
}

TEST_F(async, reply_without_room_enobufs_keeps_the_call)
{
	ASSERT_EQ(0, CALL(7));
	SERVE();
	while (!channel_send_now(self->server.fd, self->client.number,
				 memory(PAGE), PAGE))
		;
	EXPECT_EQ(-ENOBUFS, REPLY("reply"));
	EXPECT_EQ(-EMSGSIZE, channel_reply(self->server.fd, self->msg.id,
					   memory(17 * PAGE), 17 * PAGE));
	END();
	ASSERT_EQ(0, channel_release(self->client.fd, self->end.id));
	EXPECT_EQ(0, REPLY("reply"));
}

/* What they cost: a message at the server, and one for the end */

#define LIMIT	20

/* How many calls can be under way before EDQUOT: 200 if that is not the end. */
static int call_many(int fd)
{
	uint64_t id;
	int err = 0, n = 0;

	while (!err && n < 100)
		err = call_number(fd, n, &id), n += !err;
	return err == -EDQUOT ? n : 200;
}

TEST_F(async, limit_edquot)
{
	ASSERT_EQ(0, parameter_set("max_pool_msgs", LIMIT));
	EXPECT_EQ(LIMIT / 2, call_many(self->client.fd));
	EXPECT_EQ(0, call_many(self->client.fd));
	EXPECT_EQ(LIMIT / 2, endpoint_info(self->server.fd).queued);
}

/* Neither a reply nor a failure may be lost for want of it. */
TEST_F(async, limit_does_not_keep_the_end_back)
{
	ASSERT_EQ(0, parameter_set("max_pool_msgs", LIMIT));
	EXPECT_EQ(LIMIT / 2, call_many(self->client.fd));
	SERVE();
	EXPECT_EQ(0, REPLY("reply"));
	END();
	EXPECT_EQ(KIPC_KIND_REPLY, self->end.kind);
	EXPECT_EQ(0, parameter_set("max_pool_msgs", 1));
	SERVE();
	EXPECT_EQ(0, channel_release(self->server.fd, self->msg.id));
	END();
	EXPECT_FAILED(self->end.call, KIPC_HEADER_DELIVERED);
}

TEST_F(async, limit_is_free_again_after_replies)
{
	int i;

	ASSERT_EQ(0, parameter_set("max_pool_msgs", LIMIT));
	for (i = 0; i < 3 * LIMIT; i++) {
		ASSERT_EQ(0, CALL(i));
		SERVE();
		ASSERT_EQ(0, REPLY("reply"));
		END();
		ASSERT_EQ(0, channel_release(self->client.fd, self->end.id));
	}
	EXPECT_EQ(LIMIT / 2, call_many(self->client.fd));
}

TEST_F(async, limit_is_free_again_after_failures)
{
	int i;

	ASSERT_EQ(0, parameter_set("max_pool_msgs", LIMIT));
	for (i = 0; i < 3 * LIMIT; i++) {
		ASSERT_EQ(0, CALL(i));
		SERVE();
		ASSERT_EQ(0, channel_release(self->server.fd, self->msg.id));
		END();
		ASSERT_EQ(0, channel_release(self->client.fd, self->end.id));
		ASSERT_EQ(-EFAULT, channel_call_async(self->client.fd, 0,
						      payload_of(NULL, 1),
						      &self->id));
	}
	EXPECT_EQ(LIMIT / 2, call_many(self->client.fd));
}

/* Each side closes first, with calls in every state. */
TEST_F(async, limit_is_free_again_after_closing)
{
	int i;

	ASSERT_EQ(0, parameter_set("max_pool_msgs", LIMIT));
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(LIMIT / 2, call_many(self->client.fd));
		SERVE();
		ASSERT_EQ(0, REPLY("reply"));
		SERVE();
		ASSERT_EQ(0, channel_release(self->server.fd, self->msg.id));
		SERVE();
		end_close(i % 2 ? &self->server : &self->client);
		end_close(i % 2 ? &self->client : &self->server);
		ASSERT_EQ(0, end_serve(&self->server, self->name, 0));
		ASSERT_EQ(0, end_connect(&self->client, self->name, 0));
	}
	EXPECT_EQ(LIMIT / 2, call_many(self->client.fd));
}

TEST_HARNESS_MAIN
