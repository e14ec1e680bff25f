// SPDX-License-Identifier: GPL-2.0
/*
 * Several messages in one request: sent in their order, up to the first that does not go;
 * taken in theirs, up to the first that does not fit.  What did not go has not been sent,
 * and what was not taken is where it was.
 */
#include "queue_test.h"

#define MANY	KIPC_BATCH_MAX

FIXTURE(batch)
{
	char name[KIPC_NAME_SIZE];
	int fd;
	int *numbers;			/* what @items are */
	struct kipc_queue_item *items;
	struct kipc_header *msgs;
	uint8_t *buf;
	struct guard guard;
	struct kipc_queue_send_batch send;
	struct kipc_queue_recv_batch recv;
};

#define BUF	(MANY * 8UL)

FIXTURE_SETUP(batch)
{
	int i;

	self->fd = queue_make(self->name, 2 * MANY, 0, 0);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, guard_init(&self->guard));
	self->numbers = memory((MANY + 1) * sizeof(*self->numbers));
	self->items = memory((MANY + 1) * sizeof(*self->items));
	self->msgs = memory((MANY + 1) * sizeof(*self->msgs));
	self->buf = memory(BUF);
	for (i = 0; i <= MANY; i++) {
		self->numbers[i] = i;
		self->items[i].payload = payload_of(&self->numbers[i], sizeof(int));
	}
	self->send = (struct kipc_queue_send_batch){
		.size = sizeof(self->send),
		.deadline = LONG,
		.items = (uintptr_t)self->items,
		.count = 10,
		.done = 77,
	};
	self->recv = (struct kipc_queue_recv_batch){
		.size = sizeof(self->recv),
		.deadline = LONG,
		.data = (uintptr_t)self->buf,
		.len = BUF,
		.msgs = (uintptr_t)self->msgs,
		.count = 10,
		.done = 77,
	};
}

FIXTURE_TEARDOWN(batch)
{
	close(self->fd);
	queue_unlink(self->name);
}

#define SEND()	request(self->fd, KIPC_IOC_QUEUE_SEND_BATCH, &self->send)
#define RECV()	request(self->fd, KIPC_IOC_QUEUE_RECV_BATCH, &self->recv)

/* The number that message @i of a batch is */
static int got(struct _test_data_batch *self, int i)
{
	int number;

	if (self->msgs[i].len != sizeof(number) || self->msgs[i].offset + 4 > BUF)
		return -EPROTO;
	memcpy(&number, self->buf + self->msgs[i].offset, sizeof(number));
	return number;
}

#define EXPECT_TAKE(first, count) do {				\
	int expected = first, last = expected + (count) - 1;	\
								\
	for (; expected <= last; expected++)			\
		ASSERT_EQ(expected, take_any(self->fd));	\
	EXPECT_EQ(-EAGAIN, take_any(self->fd));			\
} while (0)

/* Sending */

TEST_F(batch, send_all_in_order)
{
	EXPECT_EQ(0, SEND());
	EXPECT_EQ(10, self->send.done);
	EXPECT_EQ(10, stat_of(self->fd).sent);
	EXPECT_TAKE(0, 10);
}

TEST_F(batch, send_one_and_most)
{
	self->send.count = 1;
	EXPECT_EQ(0, SEND());
	EXPECT_EQ(1, self->send.done);
	EXPECT_TAKE(0, 1);
	self->send.count = MANY;
	EXPECT_EQ(0, SEND());
	EXPECT_EQ(MANY, self->send.done);
	EXPECT_TAKE(0, MANY);
}

TEST_F(batch, send_none_or_too_many_einval)
{
	static const unsigned int counts[] = { 0, MANY + 1, ~0U };
	int i;

	for (i = 0; i < 3; i++) {
		self->send.count = counts[i];
		EXPECT_EQ(-EINVAL, SEND());
	}
	EXPECT_EQ(0, stat_of(self->fd).sent);
}

TEST_F(batch, send_with_type_priority_and_tag_of_each)
{
	int i;

	for (i = 0; i < 4; i++) {
		self->items[i].type = i == 3 ? ~0ULL : 100 + i;
		self->items[i].prio = i % 2;
		self->items[i].payload.tag = 50 + i;
	}
	self->send.count = 4;
	EXPECT_EQ(0, SEND());
	EXPECT_EQ(3, take_type(self->fd, ~0ULL));
	EXPECT_EQ(0, RECV());
	ASSERT_EQ(3, self->recv.done);
	EXPECT_EQ(101, self->msgs[0].type);
	EXPECT_EQ(1, self->msgs[0].prio);
	EXPECT_EQ(51, self->msgs[0].tag);
	EXPECT_EQ(100, self->msgs[1].type);
	EXPECT_EQ(0, self->msgs[1].prio);
	EXPECT_EQ(102, self->msgs[2].type);
	EXPECT_EQ(getpid(), self->msgs[2].pid);
}

TEST_F(batch, send_messages_in_pieces)
{
	struct kipc_vec vec[3] = { { (uintptr_t)"ga", 2 }, { 0, 0 }, { (uintptr_t)"thered", 6 } };

	self->items[1].payload = payload_of(vec, 3);
	self->items[1].payload.flags = KIPC_PAYLOAD_VEC;
	self->items[2].payload = payload_of(NULL, 0);
	self->send.count = 4;
	EXPECT_EQ(0, SEND());
	EXPECT_EQ(4, self->send.done);
	EXPECT_EQ(0, RECV());
	ASSERT_EQ(4, self->recv.done);
	EXPECT_EQ(0, got(self, 0));
	EXPECT_EQ(8, self->msgs[1].len);
	EXPECT_EQ(0, memcmp(self->buf + self->msgs[1].offset, "gathered", 8));
	EXPECT_EQ(0, self->msgs[2].len);
	EXPECT_EQ(3, got(self, 3));
}

TEST_F(batch, send_until_full_without_waiting)
{
	ASSERT_EQ(0, queue_set_max_msgs(self->fd, 7));
	EXPECT_EQ(0, SEND());
	EXPECT_EQ(7, self->send.done);
	EXPECT_EQ(7, stat_of(self->fd).msgs);
	EXPECT_TAKE(0, 7);
}

TEST_F(batch, send_until_full_of_bytes_without_waiting)
{
	ASSERT_EQ(0, queue_set_max_bytes(self->fd, 5 * sizeof(int) + 3));
	EXPECT_EQ(0, SEND());
	EXPECT_EQ(5, self->send.done);
	EXPECT_TAKE(0, 5);
}

TEST_F(batch, send_to_a_full_queue_eagain)
{
	ASSERT_EQ(0, put_several(self->fd, 0, 3));
	ASSERT_EQ(0, queue_set_max_msgs(self->fd, 3));
	self->send.flags = KIPC_F_NONBLOCK;
	EXPECT_EQ(-EAGAIN, SEND());
	EXPECT_EQ(0, self->send.done);
	self->send.flags = 0;
	self->send.deadline = SOON;
	EXPECT_EQ(-ETIMEDOUT, SEND());
	EXPECT_EQ(0, self->send.done);
	EXPECT_TAKE(0, 3);
}

TEST_F(batch, send_first_waits_and_the_rest_does_not)
{
	struct asker sender;
	int i;

	ASSERT_EQ(0, put_several(self->fd, 100, 3));
	ASSERT_EQ(0, queue_set_max_msgs(self->fd, 3));
	ASSERT_EQ(0, ask_and_wait(&sender, self->fd, KIPC_IOC_QUEUE_SEND_BATCH, &self->send));
	EXPECT_EQ(3, stat_of(self->fd).msgs);
	EXPECT_EQ(100, take_any(self->fd));
	EXPECT_EQ(0, ask_end(&sender));
	EXPECT_LE(1, self->send.done);
	EXPECT_GE(3, self->send.done);
	EXPECT_EQ(101, take_any(self->fd));
	EXPECT_EQ(102, take_any(self->fd));
	for (i = 0; i < self->send.done; i++)
		EXPECT_EQ(i, take_any(self->fd));
	EXPECT_EQ(-EAGAIN, take_any(self->fd));
}

TEST_F(batch, send_bad_one_in_the_middle_ends_it)
{
	self->items[6].payload.data = 0;
	EXPECT_EQ(0, SEND());
	EXPECT_EQ(6, self->send.done);
	EXPECT_TAKE(0, 6);
	self->send.items = (uintptr_t)&self->items[6];
	EXPECT_EQ(-EFAULT, SEND());
	EXPECT_EQ(0, self->send.done);
	EXPECT_EQ(0, stat_of(self->fd).msgs);
	EXPECT_EQ(0, stat_of(self->fd).bytes);
}

TEST_F(batch, send_too_large_in_the_middle_ends_it)
{
	ASSERT_EQ(0, queue_set_max_size(self->fd, 100));
	self->items[2].payload = payload_of(self->buf, 101);
	EXPECT_EQ(0, SEND());
	EXPECT_EQ(2, self->send.done);
	self->send.items = (uintptr_t)&self->items[2];
	EXPECT_EQ(-EMSGSIZE, SEND());
	EXPECT_EQ(0, self->send.done);
	EXPECT_TAKE(0, 2);
}

TEST_F(batch, send_invalid_in_the_middle_ends_it)
{
	self->items[4].prio = KIPC_PRIO_MAX + 1;
	EXPECT_EQ(0, SEND());
	EXPECT_EQ(4, self->send.done);
	self->send.items = (uintptr_t)&self->items[4];
	EXPECT_EQ(-EINVAL, SEND());
	EXPECT_EQ(0, self->send.done);
	EXPECT_TAKE(0, 4);
}

TEST_F(batch, send_array_that_ends_in_a_hole_sends_what_is_there)
{
	struct kipc_queue_item *at = (struct kipc_queue_item *)self->guard.end - 3;

	memcpy(at, self->items, 3 * sizeof(*at));
	self->send.items = (uintptr_t)at;
	EXPECT_EQ(0, SEND());
	EXPECT_EQ(3, self->send.done);
	EXPECT_TAKE(0, 3);
	self->send.items = (uintptr_t)self->guard.end;
	EXPECT_EQ(-EFAULT, SEND());
	EXPECT_EQ(0, self->send.done);
	EXPECT_EQ(-EAGAIN, take_any(self->fd));
}

TEST_F(batch, send_serves_those_that_wait)
{
	struct taker takers[3];
	int i;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, taker_start(&takers[i], self->fd, KIPC_SELECT_TYPE, i));
	for (i = 0; i < 10; i++)
		self->items[i].type = i % 5;
	EXPECT_EQ(0, SEND());
	EXPECT_EQ(10, self->send.done);
	for (i = 0; i < 3; i++)
		EXPECT_EQ(i, taker_end(&takers[i]));
	EXPECT_TAKE(3, 7);
}

TEST_F(batch, send_handle_for_receiving_ebadf)
{
	int fd = queue_open(self->name, KIPC_QUEUE_RECV);

	EXPECT_EQ(-EBADF, request(fd, KIPC_IOC_QUEUE_SEND_BATCH, &self->send));
	EXPECT_EQ(0, self->send.done);
	close(fd);
}

/* Taking */

TEST_F(batch, recv_what_is_there_in_order)
{
	int i;

	ASSERT_EQ(0, put_several(self->fd, 0, 7));
	EXPECT_EQ(0, RECV());
	ASSERT_EQ(7, self->recv.done);
	for (i = 0; i < 7; i++)
		EXPECT_EQ(i, got(self, i));
	EXPECT_EQ(7, stat_of(self->fd).received);
	EXPECT_EQ(-EAGAIN, take_any(self->fd));
}

TEST_F(batch, recv_so_many_and_no_more)
{
	ASSERT_EQ(0, put_several(self->fd, 0, 12));
	EXPECT_EQ(0, RECV());
	EXPECT_EQ(10, self->recv.done);
	EXPECT_TAKE(10, 2);
}

TEST_F(batch, recv_most)
{
	int i;

	self->send.count = MANY;
	ASSERT_EQ(0, SEND());
	self->recv.count = MANY;
	EXPECT_EQ(0, RECV());
	ASSERT_EQ(MANY, self->recv.done);
	for (i = 0; i < MANY; i++)
		ASSERT_EQ(i, got(self, i));
	EXPECT_EQ(0, stat_of(self->fd).bytes);
}

TEST_F(batch, recv_none_or_too_many_einval)
{
	static const unsigned int counts[] = { 0, MANY + 1, ~0U };
	int i;

	ASSERT_EQ(0, put(self->fd, 0, 0, 0));
	for (i = 0; i < 3; i++) {
		self->recv.count = counts[i];
		EXPECT_EQ(-EINVAL, RECV());
	}
	EXPECT_TAKE(0, 1);
}

TEST_F(batch, recv_lays_each_at_a_multiple_of_eight)
{
	static const size_t sizes[] = { 1, 8, 0, 9, 0, 7, 16, 3 };
	uint64_t offset = 0;
	int i;

	for (i = 0; i < 8; i++) {
		fill(self->guard.base, 16, i);
		ASSERT_EQ(0, queue_send(self->fd, self->guard.base, sizes[i]));
	}
	EXPECT_EQ(0, RECV());
	ASSERT_EQ(8, self->recv.done);
	for (i = 0; i < 8; i++) {
		EXPECT_EQ(sizes[i], self->msgs[i].len);
		EXPECT_EQ(offset, self->msgs[i].offset);
		EXPECT_TRUE(filled(self->buf + self->msgs[i].offset, sizes[i], i));
		offset += (sizes[i] + 7) & ~7UL;
	}
}

/* What lies between them, and behind the last, is not the kernel's to write. */
TEST_F(batch, recv_touches_nothing_but_payload)
{
	int i;

	memset(self->buf, 0xaa, 64);
	memset(self->msgs, 0xaa, 4 * sizeof(self->msgs[0]));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, queue_send(self->fd, "xyz", 3));
	EXPECT_EQ(0, RECV());
	ASSERT_EQ(3, self->recv.done);
	for (i = 0; i < 64; i++)
		EXPECT_EQ(i < 24 && i % 8 < 3 ? "xyz"[i % 8] : 0xaa, self->buf[i]);
	EXPECT_EQ(0xaaaaaaaaaaaaaaaaULL, self->msgs[3].id);
}

TEST_F(batch, recv_ends_before_one_that_does_not_fit)
{
	int i;

	ASSERT_EQ(0, put_several(self->fd, 0, 5));
	self->recv.len = 19;	/* two, and three bytes of the third */
	EXPECT_EQ(0, RECV());
	ASSERT_EQ(2, self->recv.done);
	for (i = 0; i < 2; i++)
		EXPECT_EQ(i, got(self, i));
	self->recv.len = 20;
	EXPECT_EQ(0, RECV());
	ASSERT_EQ(3, self->recv.done);
	for (i = 0; i < 3; i++)
		EXPECT_EQ(2 + i, got(self, i));
}

TEST_F(batch, recv_fills_the_buffer_to_its_last_byte)
{
	ASSERT_EQ(0, put_several(self->fd, 0, 4));
	self->recv.data = (uintptr_t)self->guard.end - 20;
	self->recv.len = 20;
	EXPECT_EQ(0, RECV());
	EXPECT_EQ(3, self->recv.done);
	EXPECT_EQ(2, *(int *)(self->guard.end - 4));
	EXPECT_TAKE(3, 1);
}

TEST_F(batch, recv_first_does_not_fit_emsgsize)
{
	ASSERT_EQ(0, put_several(self->fd, 0, 2));
	self->recv.len = 3;
	EXPECT_EQ(-EMSGSIZE, RECV());
	EXPECT_EQ(0, self->recv.done);
	EXPECT_TAKE(0, 2);
}

/* One that fits does not overtake one that does not. */
TEST_F(batch, recv_does_not_pass_over_one_that_does_not_fit)
{
	ASSERT_EQ(0, put(self->fd, 0, 0, 0));
	ASSERT_EQ(0, queue_send(self->fd, self->buf, 100));
	ASSERT_EQ(0, put(self->fd, 2, 0, 0));
	self->recv.len = 64;
	EXPECT_EQ(0, RECV());
	EXPECT_EQ(1, self->recv.done);
	EXPECT_EQ(-EMSGSIZE, RECV());
	EXPECT_EQ(0, self->recv.done);
	EXPECT_EQ(2, stat_of(self->fd).msgs);
}

TEST_F(batch, recv_from_an_empty_queue)
{
	self->recv.flags = KIPC_F_NONBLOCK;
	EXPECT_EQ(-EAGAIN, RECV());
	EXPECT_EQ(0, self->recv.done);
	self->recv.flags = 0;
	self->recv.deadline = SOON;
	EXPECT_EQ(-ETIMEDOUT, RECV());
	EXPECT_EQ(0, self->recv.done);
}

TEST_F(batch, recv_waits_for_the_first_only)
{
	struct asker receiver;

	ASSERT_EQ(0, ask_and_wait(&receiver, self->fd, KIPC_IOC_QUEUE_RECV_BATCH, &self->recv));
	ASSERT_EQ(0, put(self->fd, 0, 0, 0));
	EXPECT_EQ(0, ask_end(&receiver));
	EXPECT_EQ(1, self->recv.done);
	EXPECT_EQ(0, got(self, 0));
}

TEST_F(batch, recv_waiting_is_interrupted_eintr)
{
	struct asker receiver;

	on_signal(SIGUSR1, 0);
	ASSERT_EQ(0, ask_and_wait(&receiver, self->fd, KIPC_IOC_QUEUE_RECV_BATCH, &self->recv));
	signal_thread(&receiver, SIGUSR1);
	EXPECT_EQ(-EINTR, ask_end(&receiver));
	EXPECT_EQ(0, self->recv.done);
}

TEST_F(batch, recv_makes_room_for_those_that_wait)
{
	struct putter putters[2];
	int i;

	ASSERT_EQ(0, queue_set_max_msgs(self->fd, 3));
	ASSERT_EQ(0, put_several(self->fd, 0, 3));
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, putter_start(&putters[i], self->fd, 10));
	self->recv.count = 2;
	EXPECT_EQ(0, RECV());
	EXPECT_EQ(2, self->recv.done);
	for (i = 0; i < 2; i++)
		EXPECT_EQ(0, putter_end(&putters[i]));
	EXPECT_EQ(3, stat_of(self->fd).msgs);
}

TEST_F(batch, recv_by_selection)
{
	static const struct {
		unsigned int select;
		uint64_t match;
		int count;
		int numbers[6];
	} cases[] = {
		{ KIPC_SELECT_URGENT, 0, 6, { 5, 1, 3, 0, 2, 4 } },
		{ KIPC_SELECT_FIRST, 0, 6, { 0, 1, 2, 3, 4, 5 } },
		{ KIPC_SELECT_TYPE, 2, 2, { 5, 2 } },
		{ KIPC_SELECT_TYPE_MAX, 1, 4, { 3, 0, 1, 4 } },
		{ KIPC_SELECT_NOT_TYPE, 2, 4, { 1, 3, 0, 4 } },
	};
	static const unsigned int types[] = { 0, 1, 2, 0, 1, 2 };
	static const unsigned int prios[] = { 0, 5, 0, 5, 0, 9 };
	int i, n;

	for (i = 0; i < 5; i++) {
		for (n = 0; n < 6; n++)
			ASSERT_EQ(0, put(self->fd, n, types[n], prios[n]));
		self->recv.select = cases[i].select;
		self->recv.match = cases[i].match;
		EXPECT_EQ(0, RECV());
		EXPECT_EQ(cases[i].count, self->recv.done);
		for (n = 0; n < cases[i].count; n++)
			EXPECT_EQ(cases[i].numbers[n], got(self, n))
				TH_LOG("selection %d, place %d", i, n);
		EXPECT_EQ(6 - cases[i].count, drain(self->fd));
	}
}

TEST_F(batch, recv_of_a_type_waits_for_that_type)
{
	struct asker receiver;

	self->recv.select = KIPC_SELECT_TYPE;
	self->recv.match = 7;
	ASSERT_EQ(0, put(self->fd, 0, 0, 0));
	ASSERT_EQ(0, ask_and_wait(&receiver, self->fd, KIPC_IOC_QUEUE_RECV_BATCH, &self->recv));
	ASSERT_EQ(0, put(self->fd, 1, 7, 0));
	EXPECT_EQ(0, ask_end(&receiver));
	EXPECT_EQ(1, self->recv.done);
	EXPECT_EQ(1, got(self, 0));
	EXPECT_TAKE(0, 1);
}

/* Taking fails: what could not be told of is where it was. */

TEST_F(batch, recv_headers_efault_takes_nothing)
{
	ASSERT_EQ(0, put_several(self->fd, 0, 5));
	self->recv.msgs = 0;
	EXPECT_EQ(-EFAULT, RECV());
	EXPECT_EQ(0, self->recv.done);
	self->recv.msgs = (uintptr_t)self->guard.end - 8;
	EXPECT_EQ(-EFAULT, RECV());
	EXPECT_EQ(0, self->recv.done);
	EXPECT_EQ(0, stat_of(self->fd).received);
	EXPECT_TAKE(0, 5);
}

TEST_F(batch, recv_headers_that_end_in_a_hole_takes_those_before)
{
	struct kipc_header *at = (struct kipc_header *)self->guard.end - 3;
	int i;

	for (i = 0; i < 6; i++)
		ASSERT_EQ(0, put(self->fd, i, 0, 9 - i));
	self->recv.msgs = (uintptr_t)at;
	EXPECT_EQ(0, RECV());
	ASSERT_EQ(3, self->recv.done);
	memcpy(self->msgs, at, 3 * sizeof(*at));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(i, got(self, i));
	EXPECT_EQ(3, stat_of(self->fd).received);
	EXPECT_TAKE(3, 3);
}

TEST_F(batch, recv_buffer_efault_takes_nothing)
{
	ASSERT_EQ(0, put_several(self->fd, 0, 5));
	self->recv.data = 0;
	EXPECT_EQ(-EFAULT, RECV());
	EXPECT_EQ(0, self->recv.done);
	EXPECT_TAKE(0, 5);
}

TEST_F(batch, recv_buffer_that_ends_in_a_hole_takes_those_before)
{
	ASSERT_EQ(0, put_several(self->fd, 0, 5));
	self->recv.data = (uintptr_t)self->guard.end - 18;
	self->recv.len = 1000;
	EXPECT_EQ(0, RECV());
	EXPECT_EQ(2, self->recv.done);
	EXPECT_TAKE(2, 3);
}

TEST_F(batch, recv_handle_for_sending_ebadf)
{
	int fd = queue_open(self->name, KIPC_QUEUE_SEND);

	ASSERT_EQ(0, put(self->fd, 0, 0, 0));
	EXPECT_EQ(-EBADF, request(fd, KIPC_IOC_QUEUE_RECV_BATCH, &self->recv));
	EXPECT_EQ(0, self->recv.done);
	close(fd);
}

/* Both, by threads: nothing is lost, doubled or out of order. */

#define FLOW	4000

static void *send_flow(void *arg)
{
	struct _test_data_batch *self = arg;
	unsigned int random = 1;
	int sent = 0, i;

	while (sent < FLOW) {
		self->send.count = 1 + rand_r(&random) % 40;
		if (self->send.count > FLOW - sent)
			self->send.count = FLOW - sent;
		for (i = 0; i < self->send.count; i++)
			self->numbers[i] = sent + i;
		self->send.deadline = LONG;
		if (SEND())
			break;
		sent += self->send.done;
	}
	return NULL;
}

TEST_F(batch, flow_of_batches_arrives_in_order)
{
	unsigned int random = 2;
	pthread_t sender;
	int i, n = 0;

	ASSERT_EQ(0, queue_set_max_msgs(self->fd, 16));
	ASSERT_EQ(0, pthread_create(&sender, NULL, send_flow, self));
	while (n < FLOW) {
		self->recv.count = 1 + rand_r(&random) % 40;
		self->recv.len = 8 + rand_r(&random) % 200;
		self->recv.deadline = LONG;
		ASSERT_EQ(0, RECV());
		ASSERT_LT(0, self->recv.done);
		for (i = 0; i < self->recv.done; i++)
			ASSERT_EQ(n++, got(self, i));
	}
	pthread_join(sender, NULL);
	EXPECT_EQ(FLOW, stat_of(self->fd).sent);
	EXPECT_EQ(FLOW, stat_of(self->fd).received);
	EXPECT_EQ(0, stat_of(self->fd).bytes);
}

TEST_HARNESS_MAIN
