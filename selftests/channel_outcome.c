// SPDX-License-Identifier: GPL-2.0
/*
 * Outcome: what a caller is told when there is no reply, and what its server is told.
 * A call ends in exactly one way; one that nobody received is gone without trace, one
 * that was received is never run twice.
 */
#include "kipc_test.h"

FIXTURE(outcome)
{
	char name[KIPC_NAME_SIZE];
	struct end server;
	struct end client;
	struct kipc_channel_call call;
	struct asker caller;
};

FIXTURE_SETUP(outcome)
{
	fresh_name(self->name);
	ASSERT_EQ(0, end_serve(&self->server, self->name, 1 << 20));
	ASSERT_EQ(0, end_connect(&self->client, self->name, 1 << 20));
	self->call = call_of("request", 7);
	self->call.outcome = 77;
}

FIXTURE_TEARDOWN(outcome)
{
	end_close(&self->client);
	end_close(&self->server);
}

#define CALL()		request(self->client.fd, KIPC_IOC_CHANNEL_CALL,	\
				&self->call)
#define START_CALL()	ask_and_wait(&self->caller, self->client.fd,	\
				     KIPC_IOC_CHANNEL_CALL, &self->call)

/* Nothing is left of a call that was not delivered. */
#define EXPECT_NO_TRACE() do {						\
	struct kipc_endpoint_info i = endpoint_info(self->server.fd);	\
									\
	EXPECT_EQ(0, i.queued);						\
	EXPECT_EQ(0, i.held);						\
	EXPECT_EQ(i.pool_size, i.pool_free);				\
} while (0)

/* Timeouts */

TEST_F(outcome, nobody_receives_etimedout_none)
{
	uint64_t start = now_ns();
	struct kipc_header msg;

	self->call.deadline = in_ms(30 * slow());
	EXPECT_EQ(-ETIMEDOUT, CALL());
	EXPECT_LE(start + 30000000, now_ns());
	EXPECT_EQ(KIPC_OUTCOME_NONE, self->call.outcome);
	EXPECT_EQ(-EAGAIN, channel_recv_now(self->server.fd, &msg));
	EXPECT_NO_TRACE();
}

TEST_F(outcome, deadline_in_the_past_etimedout_none)
{
	self->call.deadline = 1;
	EXPECT_EQ(-ETIMEDOUT, CALL());
	EXPECT_EQ(KIPC_OUTCOME_NONE, self->call.outcome);
	EXPECT_NO_TRACE();
}

TEST_F(outcome, deadline_at_the_end_of_time_is_none)
{
	struct kipc_header msg;

	self->call.deadline = ~0ULL;
	ASSERT_EQ(0, START_CALL());
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	EXPECT_EQ(0, channel_reply(self->server.fd, msg.id, "", 0));
	EXPECT_EQ(0, ask_end(&self->caller));
}

TEST_F(outcome, no_reply_etimedout_delivered)
{
	struct kipc_header msg;

	self->call.deadline = in_ms(100);
	ASSERT_EQ(0, START_CALL());
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	EXPECT_EQ(-ETIMEDOUT, ask_end(&self->caller));
	EXPECT_EQ(KIPC_OUTCOME_DELIVERED, self->call.outcome);

	EXPECT_TRUE(end_has(&self->server, &msg, "request", 7));
	EXPECT_EQ(-ECANCELED, channel_reply(self->server.fd, msg.id, "late", 4));
	EXPECT_EQ(-ENOENT, channel_reply(self->server.fd, msg.id, "late", 4));
	EXPECT_NO_TRACE();
	EXPECT_EQ(self->client.size, endpoint_info(self->client.fd).pool_free);
}

TEST_F(outcome, late_reply_and_receive_ecanceled_receives_nothing)
{
	struct kipc_channel_reply reply = {
		.size = sizeof(reply),
		.flags = KIPC_REPLY_RECV | KIPC_F_NONBLOCK,
	};
	struct kipc_header msg;

	self->call.deadline = in_ms(60 * slow());
	ASSERT_EQ(0, START_CALL());
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	EXPECT_EQ(-ETIMEDOUT, ask_end(&self->caller));
	ASSERT_EQ(0, channel_send(self->client.fd, 0, "next", 4));
	reply.id = msg.id;
	EXPECT_EQ(-ECANCELED, request(self->server.fd, KIPC_IOC_CHANNEL_REPLY,
				      &reply));
	EXPECT_EQ(0, reply.id);
	EXPECT_EQ(1, endpoint_info(self->server.fd).queued);
	EXPECT_EQ(0, endpoint_info(self->server.fd).held);
}

TEST_F(outcome, late_call_can_be_released)
{
	struct kipc_header msg;

	self->call.deadline = in_ms(60 * slow());
	ASSERT_EQ(0, START_CALL());
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	EXPECT_EQ(-ETIMEDOUT, ask_end(&self->caller));
	EXPECT_EQ(0, channel_release(self->server.fd, msg.id));
	EXPECT_NO_TRACE();
}

TEST_F(outcome, withdrawn_call_leaves_the_others)
{
	struct kipc_header msg;

	ASSERT_EQ(0, channel_send(self->client.fd, 0, "1", 1));
	self->call.deadline = in_ms(60 * slow());
	ASSERT_EQ(0, START_CALL());
	ASSERT_EQ(0, channel_send(self->client.fd, 0, "2", 1));
	EXPECT_EQ(-ETIMEDOUT, ask_end(&self->caller));
	ASSERT_EQ(0, channel_recv_now(self->server.fd, &msg));
	EXPECT_TRUE(end_has(&self->server, &msg, "1", 1));
	ASSERT_EQ(0, channel_recv_now(self->server.fd, &msg));
	EXPECT_TRUE(end_has(&self->server, &msg, "2", 1));
}

/* A message that could not be handed out was not delivered. */
TEST_F(outcome, failed_receive_is_no_delivery)
{
	struct kipc_channel_recv recv = {
		.size = sizeof(recv),
		.flags = KIPC_F_NONBLOCK,
	};
	struct guard guard;

	ASSERT_EQ(0, guard_init(&guard));
	self->call.deadline = in_ms(100);
	ASSERT_EQ(0, START_CALL());
	EXPECT_EQ(-EFAULT, request(self->server.fd, KIPC_IOC_CHANNEL_RECV,
				   guard_readonly(&guard, &recv, sizeof(recv),
						  0)));
	EXPECT_EQ(-ETIMEDOUT, ask_end(&self->caller));
	EXPECT_EQ(KIPC_OUTCOME_NONE, self->call.outcome);
	EXPECT_NO_TRACE();
}

TEST_F(outcome, receive_waits_until_its_deadline)
{
	uint64_t start = now_ns();
	struct kipc_header msg;

	EXPECT_EQ(-ETIMEDOUT, channel_recv_until(self->server.fd, &msg,
						 in_ms(30 * slow())));
	EXPECT_LE(start + 30000000, now_ns());
	EXPECT_EQ(-ETIMEDOUT, channel_recv_until(self->server.fd, &msg, 1));
	EXPECT_EQ(-ETIMEDOUT, channel_recv_until(self->client.fd, &msg, 1));
}

TEST_F(outcome, message_that_waits_beats_a_deadline_in_the_past)
{
	struct kipc_header msg;

	ASSERT_EQ(0, channel_send(self->client.fd, 0, "x", 1));
	EXPECT_EQ(0, channel_recv_until(self->server.fd, &msg, 1));
}

/* Deadlines that pass just when something comes */
TEST_F(outcome, short_deadlines_lose_nothing)
{
	struct kipc_channel_call call;
	struct kipc_header msg;
	int i, err;
	pid_t child = spawn();

	if (!child) {
		/* A pool's mapping is not inherited. */
		if (end_map(&self->client, 0))
			_exit(4);
		for (i = 0; i < 500; i++) {
			call = call_of(&i, sizeof(i));
			call.deadline = now_ns() + i % 50 * 1000;
			err = request(self->client.fd, KIPC_IOC_CHANNEL_CALL,
				      &call);
			if (err && err != -ETIMEDOUT)
				_exit(1);
			if (!err && !end_has(&self->client, &call.reply, &i,
					     sizeof(i)))
				_exit(2);
			if (!err && channel_release(self->client.fd,
						    call.reply.id))
				_exit(3);
		}
		_exit(-channel_send(self->client.fd, 0, "end", 3));
	}
	while (!channel_recv(self->server.fd, &msg)) {
		if (msg.kind == KIPC_KIND_SEND)
			break;
		err = channel_reply(self->server.fd, msg.id,
				    self->server.pool + msg.offset, msg.len);
		EXPECT_TRUE(!err || err == -ECANCELED);
	}
	EXPECT_EQ(0, channel_release(self->server.fd, msg.id));
	EXPECT_EQ(0, reap(child));
	EXPECT_NO_TRACE();
	EXPECT_EQ(self->client.size, endpoint_info(self->client.fd).pool_free);
}

/* The server goes */

TEST_F(outcome, server_closes_before_delivery_epipe)
{
	ASSERT_EQ(0, START_CALL());
	end_close(&self->server);
	EXPECT_EQ(-EPIPE, ask_end(&self->caller));
	EXPECT_EQ(KIPC_OUTCOME_NONE, self->call.outcome);
}

TEST_F(outcome, server_closes_after_delivery_econnreset)
{
	struct kipc_header msg;

	ASSERT_EQ(0, START_CALL());
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	end_close(&self->server);
	EXPECT_EQ(-ECONNRESET, ask_end(&self->caller));
	EXPECT_EQ(KIPC_OUTCOME_DELIVERED, self->call.outcome);
}

TEST_F(outcome, server_is_gone_epipe)
{
	struct kipc_header msg;

	end_close(&self->server);
	EXPECT_EQ(-EPIPE, CALL());
	EXPECT_EQ(KIPC_OUTCOME_NONE, self->call.outcome);
	EXPECT_EQ(-EPIPE, channel_send(self->client.fd, 0, "x", 1));
	EXPECT_EQ(-EPIPE, channel_recv(self->client.fd, &msg));
	EXPECT_EQ(-EPIPE, channel_recv_now(self->client.fd, &msg));
}

TEST_F(outcome, server_closes_under_a_waiting_receive_epipe)
{
	struct kipc_channel_recv recv = {
		.size = sizeof(recv),
		.deadline = LONG,
	};

	ASSERT_EQ(0, ask_and_wait(&self->caller, self->client.fd,
				  KIPC_IOC_CHANNEL_RECV, &recv));
	end_close(&self->server);
	EXPECT_EQ(-EPIPE, ask_end(&self->caller));
}

TEST_F(outcome, what_a_server_sent_can_be_received_after_its_end)
{
	struct kipc_header msg;

	ASSERT_EQ(0, channel_send(self->server.fd, self->client.number, "1", 1));
	ASSERT_EQ(0, channel_send(self->server.fd, self->client.number, "2", 1));
	end_close(&self->server);
	EXPECT_EQ(0, channel_recv(self->client.fd, &msg));
	EXPECT_TRUE(end_has(&self->client, &msg, "1", 1));
	EXPECT_EQ(0, channel_release(self->client.fd, msg.id));
	EXPECT_EQ(0, channel_recv(self->client.fd, &msg));
	EXPECT_TRUE(end_has(&self->client, &msg, "2", 1));
	EXPECT_EQ(-EPIPE, channel_recv(self->client.fd, &msg));
}

TEST_F(outcome, release_without_reply_econnreset)
{
	struct kipc_header msg;

	ASSERT_EQ(0, START_CALL());
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	EXPECT_EQ(0, channel_release(self->server.fd, msg.id));
	EXPECT_EQ(-ECONNRESET, ask_end(&self->caller));
	EXPECT_EQ(KIPC_OUTCOME_DELIVERED, self->call.outcome);
	EXPECT_NO_TRACE();
}

TEST_F(outcome, every_waiting_caller_is_told_of_the_server_s_end)
{
	struct kipc_channel_call calls[60];
	struct asker callers[60];
	struct kipc_header msg;
	int i, reset = 0, pipe = 0;

	for (i = 0; i < 60; i++) {
		calls[i] = call_of(&i, sizeof(i));
		ASSERT_EQ(0, ask_and_wait(&callers[i], self->client.fd,
					  KIPC_IOC_CHANNEL_CALL, &calls[i]));
	}
	for (i = 0; i < 25; i++)
		ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	end_close(&self->server);
	for (i = 0; i < 60; i++) {
		switch (ask_end(&callers[i])) {
		case -ECONNRESET:
			EXPECT_EQ(KIPC_OUTCOME_DELIVERED, calls[i].outcome);
			reset++;
			break;
		case -EPIPE:
			EXPECT_EQ(KIPC_OUTCOME_NONE, calls[i].outcome);
			pipe++;
			break;
		}
	}
	EXPECT_EQ(25, reset);
	EXPECT_EQ(35, pipe);
}

/* Signals */

static void signal_caller(struct asker *caller)
{
	syscall(SYS_tgkill, getpid(), caller->tid, SIGUSR1);
}

/* And wait until it has been taken: what comes later finds the call restarted. */
static void signal_caller_now(struct asker *caller)
{
	int before = __atomic_load_n(&signals_taken, __ATOMIC_RELAXED);

	signal_caller(caller);
	while (__atomic_load_n(&signals_taken, __ATOMIC_RELAXED) == before)
		nap_ms(1);
}

TEST_F(outcome, signal_before_delivery_eintr_none)
{
	on_signal(SIGUSR1, 0);
	ASSERT_EQ(0, START_CALL());
	signal_caller(&self->caller);
	EXPECT_EQ(-EINTR, ask_end(&self->caller));
	EXPECT_EQ(KIPC_OUTCOME_NONE, self->call.outcome);
	EXPECT_NO_TRACE();
}

TEST_F(outcome, signal_after_delivery_eintr_delivered)
{
	struct kipc_header msg;

	on_signal(SIGUSR1, 0);
	ASSERT_EQ(0, START_CALL());
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	signal_caller(&self->caller);
	EXPECT_EQ(-EINTR, ask_end(&self->caller));
	EXPECT_EQ(KIPC_OUTCOME_DELIVERED, self->call.outcome);
	EXPECT_EQ(-ECANCELED, channel_reply(self->server.fd, msg.id, "", 0));
}

TEST_F(outcome, signal_after_delivery_eintr_although_restarting)
{
	struct kipc_header msg;

	on_signal(SIGUSR1, SA_RESTART);
	ASSERT_EQ(0, START_CALL());
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	signal_caller(&self->caller);
	EXPECT_EQ(-EINTR, ask_end(&self->caller));
	EXPECT_EQ(KIPC_OUTCOME_DELIVERED, self->call.outcome);
	EXPECT_EQ(0, endpoint_info(self->server.fd).queued);
}

TEST_F(outcome, restarted_call_runs_once)
{
	struct kipc_header msg;
	int i;

	on_signal(SIGUSR1, SA_RESTART);
	ASSERT_EQ(0, START_CALL());
	for (i = 0; i < 20; i++) {
		signal_caller_now(&self->caller);
		ASSERT_TRUE(ask_waits(&self->caller));
		nap_ms(i % 3);
	}
	while (!endpoint_info(self->server.fd).queued)
		nap_ms(1);
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	EXPECT_TRUE(end_has(&self->server, &msg, "request", 7));
	EXPECT_EQ(0, channel_reply(self->server.fd, msg.id, "once", 4));
	EXPECT_EQ(0, ask_end(&self->caller));
	EXPECT_EQ(KIPC_OUTCOME_REPLIED, self->call.outcome);
	EXPECT_NO_TRACE();
}

TEST_F(outcome, restarted_call_releases_once)
{
	struct kipc_header msg;

	on_signal(SIGUSR1, SA_RESTART);
	ASSERT_EQ(0, channel_send(self->server.fd, self->client.number, "x", 1));
	ASSERT_EQ(0, channel_recv(self->client.fd, &msg));
	self->call.release = msg.id;
	ASSERT_EQ(0, START_CALL());
	signal_caller_now(&self->caller);
	ASSERT_TRUE(ask_waits(&self->caller));
	while (!endpoint_info(self->server.fd).queued)
		nap_ms(1);
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	EXPECT_EQ(0, channel_reply(self->server.fd, msg.id, "", 0));
	EXPECT_EQ(0, ask_end(&self->caller));
}

TEST_F(outcome, restarted_call_keeps_its_deadline)
{
	uint64_t start = now_ns();
	int i;

	on_signal(SIGUSR1, SA_RESTART);
	self->call.deadline = in_ms(100);
	ASSERT_EQ(0, START_CALL());
	for (i = 0; i < 4; i++) {
		nap_ms(10);
		signal_caller(&self->caller);
	}
	EXPECT_EQ(-ETIMEDOUT, ask_end(&self->caller));
	EXPECT_LE(start + 100000000, now_ns());
	EXPECT_EQ(KIPC_OUTCOME_NONE, self->call.outcome);
}

TEST_F(outcome, signal_while_receiving_eintr)
{
	struct kipc_channel_recv recv = {
		.size = sizeof(recv),
		.deadline = LONG,
	};

	on_signal(SIGUSR1, 0);
	ASSERT_EQ(0, ask_and_wait(&self->caller, self->server.fd,
				  KIPC_IOC_CHANNEL_RECV, &recv));
	signal_caller(&self->caller);
	EXPECT_EQ(-EINTR, ask_end(&self->caller));
}

TEST_F(outcome, signal_while_receiving_restarts)
{
	struct kipc_channel_recv recv = {
		.size = sizeof(recv),
		.deadline = LONG,
	};

	on_signal(SIGUSR1, SA_RESTART);
	ASSERT_EQ(0, ask_and_wait(&self->caller, self->server.fd,
				  KIPC_IOC_CHANNEL_RECV, &recv));
	signal_caller(&self->caller);
	nap_ms(10);
	ASSERT_EQ(0, channel_send(self->client.fd, 0, "x", 1));
	EXPECT_EQ(0, ask_end(&self->caller));
	EXPECT_TRUE(end_has(&self->server, &recv.msg, "x", 1));
}

/* A restart after the reply must not ask for that reply again. */
TEST_F(outcome, signal_while_receiving_after_a_reply_restarts_the_receive)
{
	struct kipc_channel_reply reply = {
		.size = sizeof(reply),
		.flags = KIPC_REPLY_RECV,
		.deadline = LONG,
	};
	struct asker server;
	struct kipc_header msg;

	on_signal(SIGUSR1, SA_RESTART);
	ASSERT_EQ(0, START_CALL());
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	reply.id = msg.id;
	ASSERT_EQ(0, ask_and_wait(&server, self->server.fd,
				  KIPC_IOC_CHANNEL_REPLY, &reply));
	EXPECT_EQ(0, ask_end(&self->caller));
	signal_caller(&server);
	nap_ms(10);
	ASSERT_EQ(0, channel_send(self->client.fd, 0, "next", 4));
	EXPECT_EQ(0, ask_end(&server));
	EXPECT_TRUE(end_has(&self->server, &reply.msg, "next", 4));
}

TEST_F(outcome, stopped_and_continued_call_goes_on)
{
	struct kipc_channel_call call = call_of("x", 1);
	struct kipc_header msg;
	int i;
	pid_t child = spawn();

	if (!child)
		_exit(-request(self->client.fd, KIPC_IOC_CHANNEL_CALL, &call));
	ASSERT_TRUE(await_sleep(child, child, SYS_ioctl));
	for (i = 0; i < 3; i++) {
		kill(child, SIGSTOP);
		nap_ms(3);
		kill(child, SIGCONT);
		nap_ms(3);
	}
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	EXPECT_EQ(0, channel_reply(self->server.fd, msg.id, "", 0));
	EXPECT_EQ(0, reap(child));
	EXPECT_EQ(0, endpoint_info(self->server.fd).queued);
}

/* Killed */

TEST_F(outcome, client_killed_before_delivery_leaves_no_trace)
{
	struct kipc_header reply;
	struct end client;
	pid_t child;
	int i;

	for (i = 0; i < 20; i++) {
		child = spawn();
		if (!child) {
			end_connect(&client, self->name, 0);
			_exit(channel_call(client.fd, "x", 1, &reply) != 0);
		}
		ASSERT_TRUE(await_sleep(child, child, SYS_ioctl));
		EXPECT_EQ(128 + SIGKILL, kill_and_reap(child));
		EXPECT_NO_TRACE();
		EXPECT_EQ(1, endpoint_info(self->server.fd).peers);
	}
}

TEST_F(outcome, client_killed_in_service_reply_ecanceled)
{
	struct kipc_header msg, reply;
	struct end client;
	pid_t child;
	int i;

	for (i = 0; i < 20; i++) {
		child = spawn();
		if (!child) {
			end_connect(&client, self->name, 0);
			_exit(channel_call(client.fd, "x", 1, &reply) != 0);
		}
		ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
		EXPECT_EQ(128 + SIGKILL, kill_and_reap(child));
		EXPECT_TRUE(end_has(&self->server, &msg, "x", 1));
		EXPECT_EQ(-ECANCELED, channel_reply(self->server.fd, msg.id,
						    "", 0));
		EXPECT_NO_TRACE();
	}
}

/* At any moment, that is */
TEST_F(outcome, client_killed_while_it_calls)
{
	struct kipc_header msg, reply;
	struct end client;
	pid_t child;
	int i, err;

	for (i = 0; i < 30; i++) {
		uint64_t end = now_ns() + i * 200000;

		child = spawn();
		if (!child) {
			end_connect(&client, self->name, 0);
			for (;;)
				if (!channel_call(client.fd, "x", 1, &reply))
					channel_release(client.fd, reply.id);
		}
		while (now_ns() < end) {
			if (channel_recv_until(self->server.fd, &msg, end))
				continue;
			err = channel_reply(self->server.fd, msg.id, "", 0);
			EXPECT_EQ(0, err);
		}
		kill_and_reap(child);
		while (!channel_recv_now(self->server.fd, &msg))
			EXPECT_EQ(-ECANCELED, channel_reply(self->server.fd,
							    msg.id, "", 0));
		EXPECT_NO_TRACE();
	}
}

TEST_F(outcome, server_killed_in_service_econnreset)
{
	struct kipc_channel_call call;
	char name[KIPC_NAME_SIZE];
	struct end server, client;
	struct kipc_header msg;
	struct asker caller;
	pid_t child;
	int i, pipes[2];

	for (i = 0; i < 20; i++) {
		fresh_name(name);
		ASSERT_EQ(0, pipe(pipes));
		child = spawn();
		if (!child) {
			if (end_serve(&server, name, 0) ||
			    write(pipes[1], "s", 1) != 1 ||
			    channel_recv(server.fd, &msg) ||
			    write(pipes[1], "r", 1) != 1)
				_exit(1);
			for (;;)
				pause();
		}
		ASSERT_EQ(1, read(pipes[0], name + 200, 1));
		ASSERT_EQ(0, end_connect(&client, name, 0));
		call = call_of("x", 1);
		ASSERT_EQ(0, ask(&caller, client.fd, KIPC_IOC_CHANNEL_CALL,
				 &call));
		ASSERT_EQ(1, read(pipes[0], name + 200, 1));
		kill_and_reap(child);
		EXPECT_EQ(-ECONNRESET, ask_end(&caller));
		EXPECT_EQ(KIPC_OUTCOME_DELIVERED, call.outcome);
		end_close(&client);
		close(pipes[0]);
		close(pipes[1]);
	}
}

/*
 * One of the processes that serve is killed while it waits: a message is either
 * there for the others, or was received by it and is held.
 */
TEST_F(outcome, receiver_killed_while_it_waits_loses_nothing)
{
	struct kipc_endpoint_info info;
	struct kipc_header msg;
	uint64_t held = 0;
	pid_t child;
	int i;

	for (i = 0; i < 30; i++) {
		child = spawn();
		if (!child) {
			channel_recv(self->server.fd, &msg);
			for (;;)
				pause();
		}
		ASSERT_TRUE(await_sleep(child, child, SYS_ioctl));
		/* Both orders, and as close as can be. */
		if (i % 2)
			kill(child, SIGKILL);
		ASSERT_EQ(0, channel_send(self->client.fd, 0, &i, sizeof(i)));
		EXPECT_EQ(128 + SIGKILL, kill_and_reap(child));
		info = endpoint_info(self->server.fd);
		EXPECT_EQ(held + 1, info.queued + info.held);
		held = info.held;
		while (!channel_recv_now(self->server.fd, &msg))
			EXPECT_EQ(0, channel_release(self->server.fd, msg.id));
	}
}

TEST_HARNESS_MAIN
