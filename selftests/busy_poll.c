// SPDX-License-Identifier: GPL-2.0
/*
 * Busy-polling (KIPC_IOC_ENDPOINT_TUNE): a wait that begins with looking ends as any other
 * wait does, by what it waits for, its deadline or a signal, in every role.
 */
#include "channel_test.h"

FIXTURE(busy)
{
	char name[KIPC_NAME_SIZE];
	struct end server;
	struct end client;
	int queue;
	struct kipc_header msg;
	char buf[64];
};

static int tune(int fd, uint64_t busy_poll)
{
	struct kipc_endpoint_tune arg = {
		.size = sizeof(arg),
		.busy_poll = busy_poll,
	};

	return request(fd, KIPC_IOC_ENDPOINT_TUNE, &arg);
}

FIXTURE_SETUP(busy)
{
	fresh_name(self->name);
	ASSERT_EQ(0, end_serve(&self->server, self->name, 64 * PAGE));
	ASSERT_EQ(0, end_connect(&self->client, self->name, 64 * PAGE));
	self->queue = queue_open_sized(self->name,
				       KIPC_QUEUE_CREATE | QUEUE_BOTH,
				       1, PAGE, PAGE);
	ASSERT_LE(0, self->queue);
}

FIXTURE_TEARDOWN(busy)
{
	queue_unlink(self->name);
	close(self->queue);
	end_close(&self->client);
	end_close(&self->server);
}

TEST_F(busy, too_long_einval)
{
	EXPECT_EQ(-EINVAL, tune(self->server.fd, KIPC_BUSY_POLL_MAX + 1));
	EXPECT_EQ(-EINVAL, tune(self->server.fd, ~0ULL));
	EXPECT_EQ(0, tune(self->server.fd, KIPC_BUSY_POLL_MAX));
	EXPECT_EQ(0, tune(self->server.fd, 0));
}

TEST_F(busy, every_role_can_be_tuned)
{
	int none = endpoint_open();

	EXPECT_EQ(0, tune(none, 1000));
	EXPECT_EQ(0, tune(self->server.fd, 1000));
	EXPECT_EQ(0, tune(self->client.fd, 1000));
	EXPECT_EQ(0, tune(self->queue, 1000));
	close(none);
}

TEST_F(busy, tuned_before_it_has_a_role)
{
	uint64_t pool = 0, number, start;
	int none = endpoint_open();

	ASSERT_EQ(0, tune(none, KIPC_BUSY_POLL_MAX));
	ASSERT_EQ(0, channel_connect(none, self->name, &pool, &number));
	start = now_ns();
	EXPECT_EQ(-ETIMEDOUT, channel_recv_until(none, &self->msg, in_ms(2)));
	EXPECT_LE(2000000, now_ns() - start);
	ASSERT_EQ(0, channel_send(self->server.fd, number, "x", 1));
	EXPECT_EQ(0, channel_recv(none, &self->msg));
	close(none);
}

/* In a child: answer calls, busy-polling or not. */
static int answer(struct _test_data_busy *self, uint64_t busy_poll, int calls)
{
	struct kipc_channel_reply reply = {
		.size = sizeof(reply),
		.flags = KIPC_REPLY_RECV,
		.deadline = LONG,
	};
	int i;

	if (tune(self->server.fd, busy_poll) ||
	    channel_recv(self->server.fd, &reply.msg))
		return 1;
	for (i = 1; i < calls; i++) {
		reply.id = reply.msg.id;
		if (request(self->server.fd, KIPC_IOC_CHANNEL_REPLY, &reply))
			return 2;
	}
	return -channel_reply(self->server.fd, reply.msg.id, "", 0);
}

static void check_calls(struct __test_metadata *_metadata,
			struct _test_data_busy *self, uint64_t server,
			uint64_t client)
{
	enum { CALLS = 2000 };
	pid_t child = spawn();
	int i;

	if (!child)
		_exit(answer(self, server, CALLS));
	ASSERT_EQ(0, tune(self->client.fd, client));
	for (i = 0; i < CALLS; i++) {
		ASSERT_EQ(0, channel_call(self->client.fd, &i, sizeof(i),
					  &self->msg));
		ASSERT_EQ(0, channel_release(self->client.fd, self->msg.id));
	}
	EXPECT_EQ(0, reap(child));
}

TEST_F(busy, calls_where_both_poll)
{
	check_calls(_metadata, self, 100000, 100000);
}

TEST_F(busy, calls_where_the_client_polls)
{
	check_calls(_metadata, self, 0, KIPC_BUSY_POLL_MAX);
}

TEST_F(busy, calls_where_the_server_polls)
{
	check_calls(_metadata, self, KIPC_BUSY_POLL_MAX, 0);
}

TEST_F(busy, calls_where_polling_is_always_too_short)
{
	check_calls(_metadata, self, 1, 1);
}

/* CPU time that this thread takes for ten waits of 5 ms, nanoseconds. */
static uint64_t cpu_time_of_waiting(int fd)
{
	struct timespec before, after;
	struct kipc_header msg;
	int i;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
	for (i = 0; i < 10; i++)
		channel_recv_until(fd, &msg, in_ms(5));
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
	return (after.tv_sec - before.tv_sec) * 1000000000ULL + after.tv_nsec - before.tv_nsec;
}

/* Is it once in a while, as it is where nothing disturbs the machine, half of the time? */
static bool waiting_takes_cpu_time(int fd, bool half)
{
	int tries;

	for (tries = 0; tries < 20; tries++)
		if ((cpu_time_of_waiting(fd) >= 25000000) == half)
			return half;
	return !half;
}

/* That it does poll, and only when it is told to. */
TEST_F(busy, polling_takes_cpu_time)
{
	EXPECT_FALSE(waiting_takes_cpu_time(self->server.fd, false));
	ASSERT_EQ(0, tune(self->server.fd, KIPC_BUSY_POLL_MAX));
	EXPECT_TRUE(waiting_takes_cpu_time(self->server.fd, true));
}

/* The deadline comes before the end of the polling, and after it. */
TEST_F(busy, deadlines_are_kept)
{
	struct kipc_channel_call call;
	static const unsigned int ms[] = { 1, 3, 20 };
	uint64_t start, took;
	int i;

	ASSERT_EQ(0, tune(self->server.fd, KIPC_BUSY_POLL_MAX));
	ASSERT_EQ(0, tune(self->client.fd, KIPC_BUSY_POLL_MAX));
	for (i = 0; i < 3; i++) {
		start = now_ns();
		EXPECT_EQ(-ETIMEDOUT, channel_recv_until(self->server.fd,
							 &self->msg,
							 in_ms(ms[i])));
		took = now_ns() - start;
		EXPECT_LE(ms[i] * 1000000, took);
		start = now_ns();
		call = call_of("x", 1);
		call.deadline = in_ms(ms[i]);
		EXPECT_EQ(-ETIMEDOUT, request(self->client.fd,
					      KIPC_IOC_CHANNEL_CALL, &call));
		took = now_ns() - start;
		EXPECT_LE(ms[i] * 1000000, took);
		EXPECT_EQ(KIPC_OUTCOME_NONE, call.outcome);
	}
}

/* Forty would take 400 ms if they were polled to the end. */
TEST_F(busy, short_deadlines_end_it)
{
	uint64_t start = now_ns();
	int i;

	ASSERT_EQ(0, tune(self->server.fd, KIPC_BUSY_POLL_MAX));
	for (i = 0; i < 40; i++)
		EXPECT_EQ(-ETIMEDOUT, channel_recv_until(self->server.fd,
							 &self->msg, in_ms(1)));
	EXPECT_GT(250000000, now_ns() - start);
}

TEST_F(busy, nonblocking_does_not_poll_eagain)
{
	uint64_t start;
	int i;

	ASSERT_EQ(0, tune(self->server.fd, KIPC_BUSY_POLL_MAX));
	start = now_ns();
	for (i = 0; i < 10; i++)
		EXPECT_EQ(-EAGAIN, channel_recv_now(self->server.fd,
						    &self->msg));
	EXPECT_GT(90000000, now_ns() - start);
}

TEST_F(busy, signals_end_it)
{
	struct kipc_channel_recv recv;
	struct asker asker;
	int i;

	on_signal(SIGUSR1, 0);
	ASSERT_EQ(0, tune(self->server.fd, KIPC_BUSY_POLL_MAX));
	for (i = 0; i < 30; i++) {
		recv = (struct kipc_channel_recv){ .size = sizeof(recv) };
		recv.deadline = LONG;
		ASSERT_EQ(0, ask(&asker, self->server.fd,
				 KIPC_IOC_CHANNEL_RECV, &recv));
		while (!__atomic_load_n(&asker.tid, __ATOMIC_ACQUIRE))
			;
		/* While it polls or after; before it does not count. */
		nap_ms(i % 2 ? 1 : 15);
		ASSERT_TRUE(i % 2 || ask_waits(&asker));
		syscall(SYS_tgkill, getpid(), asker.tid, SIGUSR1);
		if (i % 2) {
			nap_ms(1);
			channel_send(self->client.fd, 0, "x", 1);
		}
		if (!ask_end(&asker) || i % 2)
			while (!channel_recv_now(self->server.fd, &recv.msg))
				;
		else
			EXPECT_EQ(-EINTR, asker.err);
	}
}

TEST_F(busy, killed_while_it_polls)
{
	pid_t child;
	int i;

	for (i = 0; i < 20; i++) {
		child = spawn();
		if (!child) {
			struct end client;

			if (end_connect(&client, self->name, 0) ||
			    tune(client.fd, KIPC_BUSY_POLL_MAX))
				_exit(1);
			for (;;)
				channel_recv_until(client.fd, &self->msg,
						   in_ms(10));
		}
		nap_ms(1 + i);
		EXPECT_EQ(128 + SIGKILL, kill_and_reap(child));
	}
	EXPECT_EQ(1, endpoint_info(self->server.fd).peers);
}

TEST_F(busy, sender_that_waits_for_room)
{
	struct kipc_channel_send send = send_of(payload_of(self->buf, 1));
	struct asker sender;

	while (!channel_send_now(self->client.fd, 0, memory(PAGE), PAGE))
		;
	while (!channel_send_now(self->client.fd, 0, "x", 1))
		;
	ASSERT_EQ(0, tune(self->client.fd, KIPC_BUSY_POLL_MAX));
	send.deadline = in_ms(3);
	EXPECT_EQ(-ETIMEDOUT, request(self->client.fd, KIPC_IOC_CHANNEL_SEND,
				      &send));
	send.deadline = LONG;
	ASSERT_EQ(0, ask(&sender, self->client.fd, KIPC_IOC_CHANNEL_SEND,
			 &send));
	nap_ms(2);
	ASSERT_EQ(0, channel_recv(self->server.fd, &self->msg));
	ASSERT_EQ(0, channel_release(self->server.fd, self->msg.id));
	EXPECT_EQ(0, ask_end(&sender));
}

TEST_F(busy, queue_that_is_empty_or_full)
{
	struct kipc_queue_recv get = queue_recv_args(self->buf, 64);
	struct kipc_queue_send put = queue_send_args("x", 1);
	struct asker asker;

	ASSERT_EQ(0, tune(self->queue, KIPC_BUSY_POLL_MAX));
	get.deadline = in_ms(3);
	EXPECT_EQ(-ETIMEDOUT, request(self->queue, KIPC_IOC_QUEUE_RECV, &get));
	get.deadline = LONG;
	ASSERT_EQ(0, ask(&asker, self->queue, KIPC_IOC_QUEUE_RECV, &get));
	nap_ms(2);
	ASSERT_EQ(0, queue_send(self->queue, "x", 1));
	EXPECT_EQ(0, ask_end(&asker));

	ASSERT_EQ(0, queue_send(self->queue, "y", 1));
	put.deadline = in_ms(3);
	EXPECT_EQ(-ETIMEDOUT, request(self->queue, KIPC_IOC_QUEUE_SEND, &put));
	put.deadline = LONG;
	ASSERT_EQ(0, ask(&asker, self->queue, KIPC_IOC_QUEUE_SEND, &put));
	nap_ms(2);
	ASSERT_EQ(0, queue_recv(self->queue, self->buf, 64, &self->msg));
	EXPECT_EQ(0, ask_end(&asker));
}

TEST_F(busy, server_closes_while_its_client_polls)
{
	struct kipc_channel_recv recv = {
		.size = sizeof(recv),
		.deadline = LONG,
	};
	struct asker asker;

	ASSERT_EQ(0, tune(self->client.fd, KIPC_BUSY_POLL_MAX));
	ASSERT_EQ(0, ask(&asker, self->client.fd, KIPC_IOC_CHANNEL_RECV,
			 &recv));
	nap_ms(2);
	end_close(&self->server);
	EXPECT_EQ(-EPIPE, ask_end(&asker));
}

TEST_HARNESS_MAIN
