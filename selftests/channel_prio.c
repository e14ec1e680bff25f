// SPDX-License-Identifier: GPL-2.0
/*
 * Priorities: of messages that wait the more urgent are received first, and those of one
 * priority in the order they were sent, whatever else happens to them meanwhile.
 */
#include "ring_test.h"

FIXTURE(prio)
{
	char name[KIPC_NAME_SIZE];
	struct end server;
	struct end client;
	struct kipc_header msg;
};

FIXTURE_SETUP(prio)
{
	fresh_name(self->name);
	ASSERT_EQ(0, end_serve(&self->server, self->name, 1 << 20));
	ASSERT_EQ(0, end_connect(&self->client, self->name, 1 << 20));
}

FIXTURE_TEARDOWN(prio)
{
	end_close(&self->client);
	end_close(&self->server);
}

static int send_urgent(int fd, int number, unsigned int prio)
{
	return channel_send_prio(fd, &number, sizeof(number), prio);
}

#define SEND(number, prio)						\
	ASSERT_EQ(0, send_urgent(self->client.fd, number, prio))

#define EXPECT_RECEIVED(number, priority) do {				\
	ASSERT_EQ(0, channel_recv_now(self->server.fd, &self->msg));	\
	EXPECT_EQ(number, number_of(&self->server, &self->msg));	\
	EXPECT_EQ(priority, self->msg.prio);				\
} while (0)

#define EXPECT_NO_MORE()						\
	EXPECT_EQ(-EAGAIN, channel_recv_now(self->server.fd, &self->msg))

TEST_F(prio, urgent_before_ordinary)
{
	SEND(1, 0);
	SEND(2, 1);
	EXPECT_RECEIVED(2, 1);
	EXPECT_RECEIVED(1, 0);
	EXPECT_NO_MORE();
}

TEST_F(prio, more_urgent_before_less)
{
	static const int prios[] = { 3, 0, KIPC_PRIO_MAX, 7, 1, 0, 7 };

	for (int i = 0; i < 7; i++)
		SEND(i, prios[i]);
	EXPECT_RECEIVED(2, KIPC_PRIO_MAX);
	EXPECT_RECEIVED(3, 7);
	EXPECT_RECEIVED(6, 7);
	EXPECT_RECEIVED(0, 3);
	EXPECT_RECEIVED(4, 1);
	EXPECT_RECEIVED(1, 0);
	EXPECT_RECEIVED(5, 0);
	EXPECT_NO_MORE();
}

TEST_F(prio, same_priority_in_the_order_sent)
{
	int i, prio;

	for (i = 0; i < 300; i++)
		SEND(i, i % 3);
	for (prio = 2; prio >= 0; prio--)
		for (i = prio; i < 300; i += 3)
			EXPECT_RECEIVED(i, prio);
	EXPECT_NO_MORE();
}

TEST_F(prio, all_senders_are_in_one_order)
{
	struct end other;

	ASSERT_EQ(0, end_connect(&other, self->name, 1 << 20));
	SEND(1, 5);
	ASSERT_EQ(0, send_urgent(other.fd, 2, 5));
	SEND(3, 5);
	ASSERT_EQ(0, send_urgent(other.fd, 4, 6));
	EXPECT_RECEIVED(4, 6);
	EXPECT_RECEIVED(1, 5);
	EXPECT_RECEIVED(2, 5);
	EXPECT_RECEIVED(3, 5);
	end_close(&other);
}

TEST_F(prio, to_a_client)
{
	int number;

	for (number = 0; number < 3; number++)
		ASSERT_EQ(0, channel_send_payload(self->server.fd,
						  self->client.number,
						  payload_prio(&number, 4,
							       number)));
	for (number = 2; number >= 0; number--) {
		ASSERT_EQ(0, channel_recv_now(self->client.fd, &self->msg));
		EXPECT_EQ(number, number_of(&self->client, &self->msg));
	}
}

TEST_F(prio, calls_have_one_too)
{
	struct kipc_payload urgent = payload_prio("urgent", 6, 9);
	uint64_t id;

	ASSERT_EQ(0, channel_call_async(self->client.fd, 0,
					payload_of("call", 4), &id));
	ASSERT_EQ(0, channel_call_async(self->client.fd, 0, urgent, &id));
	ASSERT_EQ(0, channel_recv_now(self->server.fd, &self->msg));
	EXPECT_EQ(9, self->msg.prio);
	EXPECT_TRUE(end_has(&self->server, &self->msg, "urgent", 6));
	ASSERT_EQ(0, channel_reply(self->server.fd, self->msg.id, "", 0));
	ASSERT_EQ(0, channel_recv_now(self->client.fd, &self->msg));
	EXPECT_EQ(id, self->msg.call);
	EXPECT_EQ(0, self->msg.prio);
}

TEST_F(prio, read_takes_the_urgent_first)
{
	int number;

	SEND(1, 0);
	SEND(2, 1);
	EXPECT_EQ(4, read(self->server.fd, &number, 4));
	EXPECT_EQ(2, number);
}

/* Put back, and taken back */

TEST_F(prio, failed_receive_efault_keeps_the_place)
{
	struct kipc_channel_recv recv = {
		.size = sizeof(recv),
		.flags = KIPC_F_NONBLOCK,
	};
	static const int prios[] = { 0, 4, 4, 9, 0 };
	static const int order[] = { 3, 1, 2, 0, 4 };
	struct guard guard;
	int i, j;

	ASSERT_EQ(0, guard_init(&guard));
	for (i = 0; i < 5; i++)
		SEND(i, prios[i]);
	guard_readonly(&guard, &recv, sizeof(recv), 0);
	for (i = 0; i < 5; i++) {
		for (j = 0; j < 3; j++)
			EXPECT_EQ(-EFAULT, request(self->server.fd,
						   KIPC_IOC_CHANNEL_RECV,
						   guard.base + PAGE));
		EXPECT_RECEIVED(order[i], prios[order[i]]);
	}
	EXPECT_NO_MORE();
}

TEST_F(prio, failed_read_emsgsize_keeps_the_place)
{
	char c;

	SEND(1, 3);
	SEND(2, 3);
	SEND(3, 0);
	EXPECT_EQ(-1, read(self->server.fd, &c, 1));
	EXPECT_EQ(EMSGSIZE, errno);
	EXPECT_RECEIVED(1, 3);
	EXPECT_RECEIVED(2, 3);
	EXPECT_RECEIVED(3, 0);
}

TEST_F(prio, withdrawn_urgent_call_leaves_the_others)
{
	struct kipc_channel_call call = call_of("withdrawn", 9);
	struct asker caller;

	SEND(1, 5);
	SEND(2, 0);
	call.request.prio = 5;
	call.deadline = in_ms(80);
	ASSERT_EQ(0, ask_and_wait(&caller, self->client.fd,
				  KIPC_IOC_CHANNEL_CALL, &call));
	SEND(3, 5);
	SEND(4, 6);
	EXPECT_EQ(5, endpoint_info(self->server.fd).queued);
	EXPECT_EQ(-ETIMEDOUT, ask_end(&caller));
	EXPECT_EQ(KIPC_OUTCOME_NONE, call.outcome);
	EXPECT_EQ(4, endpoint_info(self->server.fd).queued);
	EXPECT_RECEIVED(4, 6);
	EXPECT_RECEIVED(1, 5);
	EXPECT_RECEIVED(3, 5);
	EXPECT_RECEIVED(2, 0);
	EXPECT_NO_MORE();
}

TEST_F(prio, withdrawn_urgent_calls_leave_nothing)
{
	struct kipc_channel_call call;
	int i;

	for (i = 0; i < 50; i++) {
		call = call_of(&i, sizeof(i));
		call.request.prio = i % 7;
		call.deadline = 1;
		EXPECT_EQ(-ETIMEDOUT, request(self->client.fd,
					      KIPC_IOC_CHANNEL_CALL, &call));
	}
	EXPECT_NO_MORE();
	EXPECT_EQ(self->server.size, endpoint_info(self->server.fd).pool_free);
}

TEST_F(prio, receiver_closes_with_urgent_ones)
{
	int i;

	for (i = 0; i < 600; i++)
		SEND(i, i % 5);
	end_close(&self->server);
	EXPECT_EQ(-EPIPE, channel_send(self->client.fd, 0, "x", 1));
}

/* What is no priority */

TEST_F(prio, out_of_range_einval)
{
	struct kipc_payload payload = payload_prio("x", 1, KIPC_PRIO_MAX + 1);
	struct kipc_channel_call call = call_of("x", 1);

	EXPECT_EQ(-EINVAL, channel_send_payload(self->client.fd, 0, payload));
	call.request = payload;
	EXPECT_EQ(-EINVAL, request(self->client.fd, KIPC_IOC_CHANNEL_CALL,
				   &call));
	payload.prio = 0xffff;
	EXPECT_EQ(-EINVAL, channel_send_payload(self->client.fd, 0, payload));
	EXPECT_NO_MORE();
	SEND(1, KIPC_PRIO_MAX);
	EXPECT_RECEIVED(1, KIPC_PRIO_MAX);
}

TEST_F(prio, in_a_reply_einval_keeps_the_call)
{
	uint64_t id;

	ASSERT_EQ(0, channel_call_async(self->client.fd, 0, payload_of("x", 1),
					&id));
	ASSERT_EQ(0, channel_recv_now(self->server.fd, &self->msg));
	EXPECT_EQ(-EINVAL, channel_reply_payload(self->server.fd, self->msg.id,
						 payload_prio("x", 1, 1)));
	EXPECT_EQ(0, channel_reply(self->server.fd, self->msg.id, "x", 1));
}

TEST_F(prio, in_a_queue_s_payload_einval)
{
	int queue = queue_open(self->name, KIPC_QUEUE_CREATE | QUEUE_BOTH);
	struct kipc_queue_send put = queue_send_args("x", 1);

	put.payload.prio = 1;
	EXPECT_EQ(-EINVAL, request(queue, KIPC_IOC_QUEUE_SEND, &put));
	put.payload.prio = 0;
	EXPECT_EQ(0, request(queue, KIPC_IOC_QUEUE_SEND, &put));
	queue_unlink(self->name);
}

TEST_HARNESS_MAIN
