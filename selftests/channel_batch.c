// SPDX-License-Identifier: GPL-2.0
/*
 * Batches (KIPC_IOC_CHANNEL_SEND_BATCH): several one-way messages in one request, of
 * which as many go as can, in their order; @done says how many, and the error of the
 * first that does not go is told when it is the first of a request.
 */
#include "ring_test.h"

#define MANY	KIPC_BATCH_MAX

FIXTURE(batch)
{
	char name[KIPC_NAME_SIZE];
	struct end server;
	struct end client;
	struct kipc_header msg;
	int numbers[MANY + 1];
	struct kipc_payload payloads[MANY + 1];
	struct kipc_channel_send_batch arg;
};

FIXTURE_SETUP(batch)
{
	int i;

	fresh_name(self->name);
	ASSERT_EQ(0, end_serve(&self->server, self->name, 64 * PAGE));
	ASSERT_EQ(0, end_connect(&self->client, self->name, 64 * PAGE));
	for (i = 0; i <= MANY; i++) {
		self->numbers[i] = i;
		self->payloads[i] = payload_of(&self->numbers[i], sizeof(int));
		self->payloads[i].tag = 1000 + i;
	}
	self->arg = batch_of(self->payloads, 10);
}

FIXTURE_TEARDOWN(batch)
{
	end_close(&self->client);
	end_close(&self->server);
}

#define BATCH()								\
	request(self->client.fd, KIPC_IOC_CHANNEL_SEND_BATCH, &self->arg)

#define EXPECT_RECEIVED(number) do {					\
	int n = number;							\
									\
	ASSERT_EQ(0, channel_recv_now(self->server.fd, &self->msg));	\
	EXPECT_EQ(n, number_of(&self->server, &self->msg));		\
	EXPECT_EQ(1000 + n, self->msg.tag);				\
	ASSERT_EQ(0, channel_release(self->server.fd, self->msg.id));	\
} while (0)

#define EXPECT_NO_MORE()						\
	EXPECT_EQ(-EAGAIN, channel_recv_now(self->server.fd, &self->msg))

/* Use up what room the client has, and say how much that was. */
static int fill_pool(int fd)
{
	int n = 0;

	while (!channel_send_now(fd, 0, "", 1))
		n++;
	return n;
}

TEST_F(batch, all_are_sent_in_order)
{
	int i;

	EXPECT_EQ(0, BATCH());
	EXPECT_EQ(10, self->arg.done);
	for (i = 0; i < 10; i++)
		EXPECT_RECEIVED(i);
	EXPECT_NO_MORE();
}

TEST_F(batch, one_is_sent)
{
	self->arg.count = 1;
	EXPECT_EQ(0, BATCH());
	EXPECT_EQ(1, self->arg.done);
	EXPECT_RECEIVED(0);
	EXPECT_NO_MORE();
}

TEST_F(batch, most_that_one_may_have)
{
	int i;

	self->arg.count = MANY;
	EXPECT_EQ(0, BATCH());
	EXPECT_EQ(MANY, self->arg.done);
	for (i = 0; i < MANY; i++)
		EXPECT_RECEIVED(i);
}

TEST_F(batch, none_or_more_than_it_may_have_einval)
{
	self->arg.count = 0;
	EXPECT_EQ(-EINVAL, BATCH());
	self->arg.count = MANY + 1;
	EXPECT_EQ(-EINVAL, BATCH());
	self->arg.count = ~0U;
	EXPECT_EQ(-EINVAL, BATCH());
	EXPECT_NO_MORE();
}

TEST_F(batch, messages_of_all_sorts)
{
	struct kipc_vec vec[2] = { { (uintptr_t)"ga", 2 },
				   { (uintptr_t)"thered", 6 } };
	uint8_t *large = pattern(10 * PAGE, 1);

	self->payloads[0] = payload_of(vec, 2);
	self->payloads[0].flags = KIPC_PAYLOAD_VEC;
	self->payloads[1] = payload_of(NULL, 0);
	self->payloads[2] = payload_of(large, 10 * PAGE);
	self->payloads[3] = payload_prio("urgent", 6, 5);
	self->arg.count = 4;
	EXPECT_EQ(0, BATCH());
	EXPECT_EQ(4, self->arg.done);
	ASSERT_EQ(0, channel_recv_now(self->server.fd, &self->msg));
	EXPECT_TRUE(end_has(&self->server, &self->msg, "urgent", 6));
	ASSERT_EQ(0, channel_recv_now(self->server.fd, &self->msg));
	EXPECT_TRUE(end_has(&self->server, &self->msg, "gathered", 8));
	ASSERT_EQ(0, channel_recv_now(self->server.fd, &self->msg));
	EXPECT_EQ(0, self->msg.len);
	ASSERT_EQ(0, channel_recv_now(self->server.fd, &self->msg));
	EXPECT_TRUE(end_has(&self->server, &self->msg, large, 10 * PAGE));
}

TEST_F(batch, to_a_client)
{
	int i;

	self->arg.to = self->client.number;
	EXPECT_EQ(0, request(self->server.fd, KIPC_IOC_CHANNEL_SEND_BATCH,
			     &self->arg));
	EXPECT_EQ(10, self->arg.done);
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, channel_recv_now(self->client.fd, &self->msg));
		EXPECT_EQ(i, number_of(&self->client, &self->msg));
	}
}

TEST_F(batch, into_a_ring)
{
	struct ring ring;
	int i;

	ASSERT_EQ(0, ring_init(&ring, &self->server, 16));
	self->arg.count = 40;
	EXPECT_EQ(0, BATCH());
	EXPECT_EQ(40, self->arg.done);
	EXPECT_EQ(16, ring_tail(&ring));
	for (i = 0; i < 40; i++)
		EXPECT_EQ(i, ring_next(&ring, &self->msg));
	ring_exit(&ring);
}

TEST_F(batch, waiting_receiver_gets_the_first)
{
	struct kipc_channel_recv recv = {
		.size = sizeof(recv),
		.deadline = LONG,
	};
	struct asker asker;
	int i;

	ASSERT_EQ(0, ask_and_wait(&asker, self->server.fd,
				  KIPC_IOC_CHANNEL_RECV, &recv));
	EXPECT_EQ(0, BATCH());
	EXPECT_EQ(0, ask_end(&asker));
	EXPECT_EQ(0, number_of(&self->server, &recv.msg));
	for (i = 1; i < 10; i++)
		EXPECT_RECEIVED(i);
}

/* The first one fails */

TEST_F(batch, bad_array_efault)
{
	self->arg.payloads = 0;
	EXPECT_EQ(-EFAULT, BATCH());
	EXPECT_EQ(0, self->arg.done);
	self->arg.payloads = ~0ULL - 7;
	EXPECT_EQ(-EFAULT, BATCH());
	self->arg.payloads = 0xffff888000000000ULL;
	EXPECT_EQ(-EFAULT, BATCH());
	EXPECT_NO_MORE();
}

TEST_F(batch, count_that_cannot_be_told_efault_sends_nothing)
{
	struct kipc_channel_send_batch *arg = memory(sizeof(*arg));

	ASSERT_NE(NULL, arg);
	*arg = self->arg;
	ASSERT_EQ(0, mprotect(arg, sizeof(*arg), PROT_READ));
	EXPECT_EQ(-EFAULT, request(self->client.fd,
				   KIPC_IOC_CHANNEL_SEND_BATCH, arg));
	EXPECT_NO_MORE();
	munmap(arg, sizeof(*arg));
}

TEST_F(batch, first_that_is_wrong_is_told)
{
	self->arg.done = 77;
	self->payloads[0].data = 0;
	EXPECT_EQ(-EFAULT, BATCH());
	EXPECT_EQ(0, self->arg.done);
	self->payloads[0].len = 65 * PAGE;
	EXPECT_EQ(-EMSGSIZE, BATCH());
	self->payloads[0].len = 0;
	self->payloads[0].flags = 2;
	EXPECT_EQ(-EINVAL, BATCH());
	self->payloads[0].flags = 0;
	self->payloads[0].prio = KIPC_PRIO_MAX + 1;
	EXPECT_EQ(-EINVAL, BATCH());
	EXPECT_EQ(0, self->arg.done);
	EXPECT_NO_MORE();
}

TEST_F(batch, to_nobody_is_told)
{
	self->arg.to = self->client.number;
	EXPECT_EQ(-EINVAL, BATCH());
	self->arg.to = 99;
	EXPECT_EQ(-ESRCH, request(self->server.fd, KIPC_IOC_CHANNEL_SEND_BATCH,
				  &self->arg));
	self->arg.to = 0;
	EXPECT_EQ(-ESRCH, request(self->server.fd, KIPC_IOC_CHANNEL_SEND_BATCH,
				  &self->arg));
	end_close(&self->server);
	EXPECT_EQ(-EPIPE, BATCH());
	EXPECT_EQ(0, self->arg.done);
}

/* A later one fails */

TEST_F(batch, bad_one_in_the_middle_ends_it)
{
	int i;

	self->payloads[6].data = 0;
	EXPECT_EQ(0, BATCH());
	EXPECT_EQ(6, self->arg.done);
	for (i = 0; i < 6; i++)
		EXPECT_RECEIVED(i);
	EXPECT_NO_MORE();

	self->arg.payloads = (uintptr_t)&self->payloads[6];
	self->arg.count = 4;
	EXPECT_EQ(-EFAULT, BATCH());
	EXPECT_EQ(0, self->arg.done);
	EXPECT_NO_MORE();
}

TEST_F(batch, array_that_ends_in_a_hole_sends_what_is_there)
{
	struct kipc_payload *at;
	struct guard guard;
	int i;

	ASSERT_EQ(0, guard_init(&guard));
	at = (struct kipc_payload *)guard.end - 3;
	memcpy(at, self->payloads, 3 * sizeof(*at));
	self->arg.payloads = (uintptr_t)at;
	EXPECT_EQ(0, BATCH());
	EXPECT_EQ(3, self->arg.done);
	for (i = 0; i < 3; i++)
		EXPECT_RECEIVED(i);
	EXPECT_NO_MORE();
}

/* No room */

TEST_F(batch, full_ends_it_without_waiting)
{
	uint64_t start = now_ns();
	int i, done;

	for (i = 0; i < 10; i++)
		self->payloads[i].data = (uintptr_t)memory(10 * PAGE),
		self->payloads[i].len = 10 * PAGE;
	EXPECT_EQ(0, BATCH());
	done = self->arg.done;
	EXPECT_LT(0, done);
	EXPECT_GT(10, done);
	EXPECT_GT(5000000000, now_ns() - start);
	EXPECT_EQ(done, endpoint_info(self->server.fd).queued);
}

TEST_F(batch, first_does_not_wait_if_so_told_eagain)
{
	fill_pool(self->client.fd);
	self->arg.flags = KIPC_F_NONBLOCK;
	EXPECT_EQ(-EAGAIN, BATCH());
	EXPECT_EQ(0, self->arg.done);
	self->arg.flags = 0;
	set_nonblock(self->client.fd);
	EXPECT_EQ(-EAGAIN, BATCH());
}

TEST_F(batch, first_waits_until_the_deadline_etimedout)
{
	uint64_t start = now_ns();

	fill_pool(self->client.fd);
	self->arg.deadline = SOON;
	start = now_ns();
	EXPECT_EQ(-ETIMEDOUT, BATCH());
	EXPECT_LE(30000000, now_ns() - start);
	EXPECT_EQ(0, self->arg.done);
}

TEST_F(batch, first_waits_for_room_and_the_rest_follows)
{
	struct asker sender;
	int n = fill_pool(self->client.fd), i;

	self->arg.count = 3;
	ASSERT_EQ(0, ask_and_wait(&sender, self->client.fd,
				  KIPC_IOC_CHANNEL_SEND_BATCH, &self->arg));
	for (i = 0; i < n; i++) {
		ASSERT_EQ(0, channel_recv_now(self->server.fd, &self->msg));
		ASSERT_EQ(0, channel_release(self->server.fd, self->msg.id));
	}
	EXPECT_EQ(0, ask_end(&sender));
	EXPECT_LE(1, self->arg.done);
	for (i = 0; i < self->arg.done; i++)
		EXPECT_RECEIVED(i);
	EXPECT_NO_MORE();
}

TEST_F(batch, first_waits_and_is_interrupted_eintr)
{
	struct asker sender;

	on_signal(SIGUSR1, 0);
	fill_pool(self->client.fd);
	ASSERT_EQ(0, ask_and_wait(&sender, self->client.fd,
				  KIPC_IOC_CHANNEL_SEND_BATCH, &self->arg));
	syscall(SYS_tgkill, getpid(), sender.tid, SIGUSR1);
	EXPECT_EQ(-EINTR, ask_end(&sender));
	EXPECT_EQ(0, self->arg.done);
}

TEST_F(batch, first_waits_and_the_server_closes_epipe)
{
	struct asker sender;

	fill_pool(self->client.fd);
	ASSERT_EQ(0, ask_and_wait(&sender, self->client.fd,
				  KIPC_IOC_CHANNEL_SEND_BATCH, &self->arg));
	end_close(&self->server);
	EXPECT_EQ(-EPIPE, ask_end(&sender));
	EXPECT_EQ(0, self->arg.done);
}

/* Sent in pieces of whatever goes, all arrive, once and in order. */
TEST_F(batch, what_is_left_is_sent_again)
{
	int sent = 0, got = 0, rounds = 0, err;

	/* Leave room for some sixteen. */
	ASSERT_EQ(0, channel_send(self->client.fd, 0, memory(31 * PAGE),
				  31 * PAGE));
	ASSERT_EQ(0, channel_recv(self->server.fd, &self->msg));
	self->arg.flags = KIPC_F_NONBLOCK;
	while (sent < MANY) {
		self->arg.payloads = (uintptr_t)&self->payloads[sent];
		self->arg.count = MANY - sent;
		err = BATCH();
		ASSERT_TRUE(err == 0 || err == -EAGAIN);
		sent += self->arg.done;
		rounds++;
		for (; got < sent - rounds % 7; got++)
			EXPECT_RECEIVED(got);
	}
	EXPECT_LT(10, rounds);
	for (; got < MANY; got++)
		EXPECT_RECEIVED(got);
	EXPECT_NO_MORE();
}

TEST_HARNESS_MAIN
