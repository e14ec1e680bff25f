// SPDX-License-Identifier: GPL-2.0
/*
 * The ring (KIPC_IOC_CHANNEL_RING): one-way messages that their receiver finds in its
 * mapping, without a request.  That it can only be read, what goes into it and what
 * does not, and how its entries become free; channel_ring_load.c has it under load.
 */
#include "ring_test.h"

#define ENTRIES	16

FIXTURE(ring)
{
	char name[KIPC_NAME_SIZE];
	struct end server;
	struct end client;
	struct ring ring;
	struct kipc_header msg;
};

FIXTURE_SETUP(ring)
{
	fresh_name(self->name);
	ASSERT_EQ(0, end_serve(&self->server, self->name, 1 << 20));
	ASSERT_EQ(0, end_connect(&self->client, self->name, 1 << 20));
	ASSERT_EQ(0, ring_init(&self->ring, &self->server, ENTRIES));
}

FIXTURE_TEARDOWN(ring)
{
	ring_exit(&self->ring);
	end_close(&self->client);
	end_close(&self->server);
}

#define SEND(number)	send_number(self->client.fd, 0, number)
#define RECV_RING()	ring_recv_now(&self->ring, &self->msg)
#define TAIL()		ring_tail(&self->ring)

/* The next entry, which is to have this number in it. */
#define EXPECT_ENTRY(number)	EXPECT_EQ(number, ring_take(&self->ring))

/* What is received by request, which is to be this. */
#define EXPECT_MESSAGE(what, number) do {				\
	ASSERT_EQ(0, RECV_RING());					\
	EXPECT_EQ(what, self->msg.kind);				\
	EXPECT_EQ(number, number_of(&self->server, &self->msg));	\
} while (0)

/* The next message, wherever it is, which is to be this. */
#define EXPECT_NEXT(number)						\
	EXPECT_EQ(number, ring_next(&self->ring, &self->msg))

#define EXPECT_RING_FIRST() do {					\
	ASSERT_EQ(0, RECV_RING());					\
	EXPECT_EQ(KIPC_KIND_NONE, self->msg.kind);			\
} while (0)

#define EXPECT_NOTHING()	EXPECT_EQ(-EAGAIN, RECV_RING())

/* Making one */

TEST_F(ring, number_of_entries_einval)
{
	static const uint32_t wrong[] = { 0, 1, KIPC_RING_MIN - 1,
					  KIPC_RING_MAX + 1, ~0U };
	struct ring ring;
	int i;

	for (i = 0; i < 5; i++)
		EXPECT_EQ(-EINVAL, ring_init(&ring, &self->client, wrong[i]));
	EXPECT_EQ(0, endpoint_info(self->client.fd).ring);
}

TEST_F(ring, number_of_entries_is_rounded_up)
{
	static const uint32_t wanted[] = { 16, 17, 1000, 1024, 4095, 4096 };
	static const uint32_t made[] = { 16, 32, 1024, 1024, 4096, 4096 };
	struct end client;
	struct ring ring;
	int i;

	for (i = 0; i < 6; i++) {
		ASSERT_EQ(0, end_connect(&client, self->name, 0));
		ASSERT_EQ(0, ring_init(&ring, &client, wanted[i]));
		EXPECT_EQ(made[i], ring.entries);
		EXPECT_EQ(made[i], ring.shared->entries);
		EXPECT_EQ(0, ring.shared->tail);
		EXPECT_EQ(made[i], endpoint_info(client.fd).ring);
		EXPECT_LE(sizeof(struct kipc_ring) +
			  made[i] * sizeof(struct kipc_header), ring.bytes);
		EXPECT_EQ(0, ring.bytes % PAGE);
		ring_exit(&ring);
		end_close(&client);
	}
}

TEST_F(ring, second_one_eexist)
{
	struct ring ring;

	EXPECT_EQ(-EEXIST, ring_init(&ring, &self->server, 64));
	EXPECT_EQ(ENTRIES, endpoint_info(self->server.fd).ring);
	SEND(1);
	EXPECT_ENTRY(1);
}

TEST_F(ring, bad_place_for_the_answer_efault_makes_none)
{
	struct kipc_channel_ring arg = { .size = sizeof(arg), .entries = 16 };
	struct guard guard;

	ASSERT_EQ(0, guard_init(&guard));
	EXPECT_EQ(-EFAULT, request(self->client.fd, KIPC_IOC_CHANNEL_RING,
				   guard_readonly(&guard, &arg, sizeof(arg),
						  0)));
	EXPECT_EQ(0, endpoint_info(self->client.fd).ring);
	EXPECT_EQ(0, request(self->client.fd, KIPC_IOC_CHANNEL_RING, &arg));
}

TEST_F(ring, other_roles_refuse)
{
	struct kipc_channel_ring arg = { .size = sizeof(arg), .entries = 16 };
	int none = endpoint_open();
	int queue = queue_open(self->name, KIPC_QUEUE_CREATE | QUEUE_BOTH);

	EXPECT_EQ(-ENOTCONN, request(none, KIPC_IOC_CHANNEL_RING, &arg));
	EXPECT_EQ(-EOPNOTSUPP, request(queue, KIPC_IOC_CHANNEL_RING, &arg));
	queue_unlink(self->name);
}

TEST_F(ring, memory_limit_edquot_makes_none)
{
	struct kipc_channel_ring arg = { .size = sizeof(arg), .entries = 4096 };
	long before = parameter_get("max_pool_bytes");

	ASSERT_EQ(0, parameter_set("max_pool_bytes", 3 * CHUNK));
	EXPECT_EQ(-EDQUOT, request(self->client.fd, KIPC_IOC_CHANNEL_RING,
				   &arg));
	EXPECT_EQ(-EDQUOT, request(self->client.fd, KIPC_IOC_CHANNEL_RING,
				   &arg));
	arg.entries = 16;
	EXPECT_EQ(0, request(self->client.fd, KIPC_IOC_CHANNEL_RING, &arg));
	parameter_set("max_pool_bytes", before);
}

/* Its mapping */

#define MAP(prot, flags, bytes, offset)					\
	(mmap(NULL, bytes, prot, flags, self->server.fd, offset) ==	\
	 MAP_FAILED ? -errno : 0)

TEST_F(ring, writable_mapping_eperm)
{
	uint64_t at = KIPC_RING_OFFSET, bytes = self->ring.bytes;

	EXPECT_EQ(-EPERM, MAP(PROT_READ | PROT_WRITE, MAP_SHARED, bytes, at));
	EXPECT_EQ(-EPERM, MAP(PROT_READ | PROT_WRITE, MAP_PRIVATE, bytes, at));
	EXPECT_EQ(-EPERM, MAP(PROT_READ | PROT_EXEC, MAP_SHARED, bytes, at));
	EXPECT_EQ(-1, mprotect(self->ring.shared, bytes,
			       PROT_READ | PROT_WRITE));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(-1, mprotect(self->ring.shared, bytes,
			       PROT_READ | PROT_EXEC));
	EXPECT_EQ(EACCES, errno);
}

TEST_F_SIGNAL(ring, written_sigsegv, SIGSEGV)
{
	poke(self->ring.shared, 1);
}

TEST_F(ring, written_through_proc_mem_is_refused)
{
	int mem = open("/proc/self/mem", O_RDWR | O_CLOEXEC);

	ASSERT_LE(0, mem);
	EXPECT_EQ(-1, pwrite(mem, "x", 1, (uintptr_t)self->ring.shared));
	EXPECT_EQ(0, TAIL());
}

TEST_F(ring, mapping_elsewhere_einval)
{
	uint64_t at = KIPC_RING_OFFSET, bytes = self->ring.bytes;

	EXPECT_EQ(0, MAP(PROT_READ, MAP_SHARED, bytes, at));
	EXPECT_EQ(0, MAP(PROT_READ, MAP_SHARED, PAGE, at));
	EXPECT_EQ(-EINVAL, MAP(PROT_READ, MAP_SHARED, bytes + PAGE, at));
	EXPECT_EQ(-EINVAL, MAP(PROT_READ, MAP_SHARED, PAGE, at + PAGE));
	EXPECT_EQ(-EINVAL, MAP(PROT_READ, MAP_SHARED, PAGE, at - PAGE));
	EXPECT_EQ(-EINVAL, MAP(PROT_READ, MAP_SHARED, PAGE, at * 2));
}

TEST_F(ring, mapping_without_one_einval)
{
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED,
				   self->client.fd, KIPC_RING_OFFSET));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(ring, mapping_is_not_inherited)
{
	pid_t child = spawn();

	if (!child) {
		signal(SIGSEGV, SIG_DFL);
		peek(self->ring.shared);
		_exit(0);
	}
	EXPECT_EQ(128 + SIGSEGV, reap(child));
}

TEST_F(ring, mapping_outlives_the_descriptor)
{
	SEND(1);
	close(self->server.fd);
	self->server.fd = -1;
	SEND(2);
	EXPECT_EQ(2, TAIL());
	EXPECT_ENTRY(1);
	EXPECT_ENTRY(2);
}

/* What goes into it */

TEST_F(ring, entry_has_the_header_of_a_held_message)
{
	struct kipc_payload payload = payload_of("payload", 7);
	const struct kipc_header *entry = &self->ring.shared->slots[0];

	payload.tag = 99;
	ASSERT_EQ(0, channel_send_payload(self->client.fd, 0, payload));
	EXPECT_EQ(1, TAIL());
	EXPECT_EQ(KIPC_KIND_SEND, entry->kind);
	EXPECT_EQ(99, entry->tag);
	EXPECT_EQ(self->client.number, entry->peer);
	EXPECT_EQ(getpid(), entry->pid);
	EXPECT_EQ(0, entry->uid);
	EXPECT_EQ(0, entry->gid);
	EXPECT_EQ(0, entry->prio);
	EXPECT_EQ(0, entry->flags);
	EXPECT_NE(0, entry->time);
	EXPECT_TRUE(end_has(&self->server, entry, "payload", 7));
	EXPECT_EQ(1, endpoint_info(self->server.fd).held);
	EXPECT_EQ(0, endpoint_info(self->server.fd).queued);
	ASSERT_EQ(0, channel_inspect(self->server.fd, entry->id, &self->msg));
	EXPECT_EQ(0, memcmp(&self->msg, entry, sizeof(*entry)));
}

TEST_F(ring, descriptors_of_an_entry_can_be_taken)
{
	int fd = memfd_create("sent", 0), got;

	ASSERT_EQ(0, channel_send_fds(self->client.fd, &fd, 1));
	EXPECT_EQ(1, self->ring.shared->slots[0].fd_count);
	EXPECT_EQ(0, channel_fds(self->server.fd, self->ring.shared->slots[0].id,
				 &got, 1));
	EXPECT_EQ(0, lseek(got, 0, SEEK_CUR));
}

TEST_F(ring, entries_come_in_order)
{
	int i;

	for (i = 0; i < ENTRIES; i++)
		SEND(i);
	EXPECT_EQ(ENTRIES, TAIL());
	for (i = 0; i < ENTRIES; i++)
		EXPECT_ENTRY(i);
}

TEST_F(ring, entries_wrap_around_many_times)
{
	int i, j, n = 0, taken = 0;

	for (i = 0; i < 300; i++) {
		for (j = 0; j < 1 + i % ENTRIES; j++)
			SEND(n++);
		while (taken < n)
			EXPECT_ENTRY(taken++);
		EXPECT_NOTHING();
	}
	EXPECT_EQ(n, TAIL());
	EXPECT_EQ(0, endpoint_info(self->server.fd).held);
	EXPECT_EQ(self->server.size, endpoint_info(self->server.fd).pool_free);
}

/* The largest one has headers across the borders of its chunks. */
TEST_F(ring, largest_wraps_around)
{
	struct end client;
	struct ring ring;
	int i, n = 0;

	ASSERT_EQ(0, end_connect(&client, self->name, 1 << 20));
	ASSERT_EQ(0, ring_init(&ring, &client, KIPC_RING_MAX));
	for (i = 0; i < 2 * KIPC_RING_MAX + 100; i++) {
		ASSERT_EQ(0, send_number(self->server.fd, client.number, i));
		if (i % 1000)
			continue;
		while (n <= i)
			ASSERT_EQ(n++, ring_take(&ring));
		ASSERT_EQ(-EAGAIN, ring_recv_now(&ring, &self->msg));
	}
	ring_exit(&ring);
	end_close(&client);
}

TEST_F(ring, calls_and_urgent_ones_are_received_by_request)
{
	uint64_t id;

	ASSERT_EQ(0, channel_call_async(self->client.fd, 0, payload_of("", 0),
					&id));
	ASSERT_EQ(0, channel_send_prio(self->client.fd, "u", 1, 1));
	EXPECT_EQ(0, TAIL());
	ASSERT_EQ(0, RECV_RING());
	EXPECT_EQ(1, self->msg.prio);
	ASSERT_EQ(0, RECV_RING());
	EXPECT_EQ(KIPC_KIND_CALL, self->msg.kind);
	EXPECT_NOTHING();
}

TEST_F(ring, order_of_sends_and_calls_is_kept)
{
	uint64_t id;
	int i, n = 0;

	for (i = 0; i < 40; i++) {
		SEND(n++);
		SEND(n++);
		ASSERT_EQ(0, call_with_number(self->client.fd, n++, &id));
		SEND(n++);
		EXPECT_RING_FIRST();
		EXPECT_ENTRY(n - 4);
		EXPECT_ENTRY(n - 3);
		EXPECT_MESSAGE(KIPC_KIND_CALL, n - 2);
		ASSERT_EQ(0, channel_reply(self->server.fd, self->msg.id, "",
					   0));
		EXPECT_RING_FIRST();
		EXPECT_ENTRY(n - 1);
		EXPECT_NOTHING();
	}
}

TEST_F(ring, full_falls_back_to_the_queue_in_order)
{
	int i;

	for (i = 0; i < 5 * ENTRIES; i++)
		SEND(i);
	EXPECT_EQ(ENTRIES, TAIL());
	EXPECT_EQ(4 * ENTRIES, endpoint_info(self->server.fd).queued);
	for (i = 0; i < 5 * ENTRIES; i++)
		EXPECT_NEXT(i);
	EXPECT_NOTHING();
	EXPECT_EQ(self->server.size, endpoint_info(self->server.fd).pool_free);
}

TEST_F(ring, full_while_a_call_waits_keeps_the_order)
{
	uint64_t id;
	int i;

	for (i = 0; i < ENTRIES + 2; i++)
		SEND(i);
	ASSERT_EQ(0, call_with_number(self->client.fd, i++, &id));
	for (; i < 3 * ENTRIES; i++)
		SEND(i);
	for (i = 0; i < 3 * ENTRIES; i++)
		EXPECT_NEXT(i);
	EXPECT_NOTHING();
}

TEST_F(ring, sent_before_there_is_one_comes_first)
{
	struct ring ring;

	ASSERT_EQ(0, send_number(self->server.fd, self->client.number, 1));
	ASSERT_EQ(0, ring_init(&ring, &self->client, 16));
	ASSERT_EQ(0, send_number(self->server.fd, self->client.number, 2));
	EXPECT_EQ(0, ring_tail(&ring));
	EXPECT_EQ(1, ring_next(&ring, &self->msg));
	EXPECT_EQ(2, ring_next(&ring, &self->msg));
	ring_exit(&ring);
}

TEST_F(ring, receive_without_the_flag_does_not_look_into_it)
{
	uint64_t id;

	SEND(1);
	EXPECT_EQ(-EAGAIN, channel_recv_now(self->server.fd, &self->msg));
	ASSERT_EQ(0, call_with_number(self->client.fd, 2, &id));
	ASSERT_EQ(0, channel_recv_now(self->server.fd, &self->msg));
	EXPECT_EQ(2, number_of(&self->server, &self->msg));
	EXPECT_ENTRY(1);
}

/* A request that has failed has not changed the order. */
TEST_F(ring, failed_receive_efault_keeps_the_order)
{
	struct kipc_channel_recv recv = {
		.size = sizeof(recv),
		.flags = KIPC_F_NONBLOCK | KIPC_RECV_RING,
		.ring_seen = ENTRIES,
		.ring_done = ENTRIES,
	};
	struct guard guard;
	int i, n;

	ASSERT_EQ(0, guard_init(&guard));
	for (i = 0; i < 2 * ENTRIES; i++)
		SEND(i);
	for (n = 0; n < ENTRIES; n++)
		EXPECT_ENTRY(n);
	EXPECT_EQ(-EFAULT, request(self->server.fd, KIPC_IOC_CHANNEL_RECV,
				   guard_readonly(&guard, &recv, sizeof(recv),
						  0)));
	for (; n < 2 * ENTRIES; n++)
		EXPECT_NEXT(n);
}

TEST_F(ring, failed_receive_of_a_call_efault_keeps_the_order)
{
	struct kipc_channel_recv recv = {
		.size = sizeof(recv),
		.flags = KIPC_F_NONBLOCK | KIPC_RECV_RING,
	};
	struct guard guard;
	uint64_t id;
	int i;

	ASSERT_EQ(0, guard_init(&guard));
	ASSERT_EQ(0, call_with_number(self->client.fd, 0, &id));
	SEND(1);
	SEND(2);
	EXPECT_EQ(-EFAULT, request(self->server.fd, KIPC_IOC_CHANNEL_RECV,
				   guard_readonly(&guard, &recv, sizeof(recv),
						  0)));
	for (i = 0; i < 3; i++)
		EXPECT_NEXT(i);
}

TEST_F(ring, read_with_too_little_room_emsgsize_keeps_the_order)
{
	char buf[8];
	int n;

	for (n = 0; n < 2 * ENTRIES; n++)
		SEND(n);
	for (n = 0; n < ENTRIES; n++) {
		EXPECT_ENTRY(n);
		ring_release(&self->ring, n);
	}
	EXPECT_EQ(-1, read(self->server.fd, buf, 1));
	EXPECT_EQ(EMSGSIZE, errno);
	EXPECT_EQ(4, read(self->server.fd, buf, 8));
	EXPECT_EQ(n++, *(int *)buf);
	for (; n < 2 * ENTRIES; n++)
		EXPECT_NEXT(n);
}

/* Entries become free */

TEST_F(ring, done_releases)
{
	int i;

	for (i = 0; i < ENTRIES; i++)
		SEND(i);
	EXPECT_EQ(ENTRIES, endpoint_info(self->server.fd).held);
	for (i = 0; i < 10; i++)
		EXPECT_ENTRY(i);
	EXPECT_RING_FIRST();
	EXPECT_EQ(ENTRIES - 10, endpoint_info(self->server.fd).held);
	for (; i < ENTRIES; i++)
		EXPECT_ENTRY(i);
	EXPECT_NOTHING();
	EXPECT_EQ(0, endpoint_info(self->server.fd).held);
	EXPECT_EQ(self->server.size, endpoint_info(self->server.fd).pool_free);
}

TEST_F(ring, done_less_than_seen_keeps_the_others)
{
	int i;

	for (i = 0; i < 8; i++)
		SEND(i);
	for (i = 0; i < 8; i++)
		EXPECT_ENTRY(i);
	EXPECT_EQ(-EAGAIN, ring_mark(&self->ring, 8, 3));
	EXPECT_EQ(5, endpoint_info(self->server.fd).held);
	EXPECT_EQ(3, number_of(&self->server, &self->ring.shared->slots[3]));
	EXPECT_EQ(-EAGAIN, ring_mark(&self->ring, 8, 2));
	EXPECT_EQ(5, endpoint_info(self->server.fd).held);
	EXPECT_EQ(-EAGAIN, ring_mark(&self->ring, 8, 8));
	EXPECT_EQ(0, endpoint_info(self->server.fd).held);
}

TEST_F(ring, numbers_it_cannot_have_come_to_einval)
{
	SEND(0);
	SEND(1);
	EXPECT_EQ(-EINVAL, ring_mark(&self->ring, 3, 0));
	EXPECT_EQ(-EINVAL, ring_mark(&self->ring, ~0ULL, 0));
	EXPECT_EQ(-EINVAL, ring_mark(&self->ring, 1, 2));
	EXPECT_EQ(-EINVAL, ring_mark(&self->ring, 2, ~0ULL));
	EXPECT_EQ(2, endpoint_info(self->server.fd).held);
	EXPECT_EQ(-EAGAIN, ring_mark(&self->ring, 2, 2));
}

TEST_F(ring, numbers_without_the_flag_or_a_ring_einval)
{
	struct kipc_channel_recv recv = {
		.size = sizeof(recv),
		.flags = KIPC_F_NONBLOCK,
		.ring_seen = 1,
	};

	SEND(0);
	EXPECT_EQ(-EINVAL, request(self->server.fd, KIPC_IOC_CHANNEL_RECV,
				   &recv));
	recv.flags |= KIPC_RECV_RING;
	EXPECT_EQ(-EAGAIN, request(self->server.fd, KIPC_IOC_CHANNEL_RECV,
				   &recv));
	recv.ring_seen = 0;
	EXPECT_EQ(-EINVAL, request(self->client.fd, KIPC_IOC_CHANNEL_RECV,
				   &recv));
}

TEST_F(ring, released_by_id_out_of_order_is_used_again_in_order)
{
	int i;

	for (i = 0; i < ENTRIES; i++)
		SEND(i);
	for (i = 0; i < ENTRIES; i++)
		EXPECT_ENTRY(i);
	/* The next entry to write is that of number 0: nothing else helps. */
	for (i = ENTRIES - 1; i > 0; i--)
		ASSERT_EQ(0, ring_release(&self->ring, i));
	SEND(ENTRIES);
	EXPECT_EQ(ENTRIES, TAIL());
	EXPECT_EQ(1, endpoint_info(self->server.fd).queued);
	EXPECT_EQ(0, number_of(&self->server, &self->ring.shared->slots[0]));
	ASSERT_EQ(0, ring_release(&self->ring, 0));
	EXPECT_EQ(-ENOENT, ring_release(&self->ring, 0));
	EXPECT_NEXT(ENTRIES);
	SEND(ENTRIES + 1);
	EXPECT_NEXT(ENTRIES + 1);
}

/* The number of an entry that has been used again since names nothing any more. */
TEST_F(ring, stale_done_does_not_release_newer_ones)
{
	int i;

	for (i = 0; i < ENTRIES; i++)
		SEND(i);
	for (i = 0; i < ENTRIES; i++) {
		EXPECT_ENTRY(i);
		ASSERT_EQ(0, ring_release(&self->ring, i));
	}
	for (; i < ENTRIES + 10; i++)
		SEND(i);
	EXPECT_EQ(ENTRIES + 10, TAIL());
	EXPECT_EQ(10, endpoint_info(self->server.fd).held);
	for (i = 0; i <= ENTRIES; i++) {
		EXPECT_EQ(0, ring_mark(&self->ring, ENTRIES, i));
		EXPECT_EQ(10, endpoint_info(self->server.fd).held);
	}
	EXPECT_EQ(0, ring_mark(&self->ring, ENTRIES + 1, ENTRIES + 1));
	EXPECT_EQ(9, endpoint_info(self->server.fd).held);
	EXPECT_EQ(1 + ENTRIES, number_of(&self->server,
					 &self->ring.shared->slots[1]));
}

TEST_F(ring, done_after_release_by_id_releases_the_rest)
{
	int i;

	for (i = 0; i < 10; i++)
		SEND(i);
	for (i = 0; i < 10; i++)
		EXPECT_ENTRY(i);
	for (i = 0; i < 10; i += 3)
		ASSERT_EQ(0, ring_release(&self->ring, i));
	EXPECT_EQ(6, endpoint_info(self->server.fd).held);
	EXPECT_NOTHING();
	EXPECT_EQ(0, endpoint_info(self->server.fd).held);
}

/* Waiting, and polling */

TEST_F(ring, receive_waits_and_is_handed_a_message)
{
	struct kipc_channel_recv recv = {
		.size = sizeof(recv),
		.flags = KIPC_RECV_RING,
		.deadline = LONG,
	};
	struct asker asker;

	ASSERT_EQ(0, ask_and_wait(&asker, self->server.fd,
				  KIPC_IOC_CHANNEL_RECV, &recv));
	SEND(1);
	EXPECT_EQ(0, ask_end(&asker));
	EXPECT_EQ(KIPC_KIND_SEND, recv.msg.kind);
	EXPECT_EQ(1, number_of(&self->server, &recv.msg));
	EXPECT_EQ(0, TAIL());
	SEND(2);
	EXPECT_ENTRY(2);
}

TEST_F(ring, poll_says_in_for_entries_not_seen)
{
	int i;

	EXPECT_EQ(0, revents(self->server.fd, 0));
	SEND(0);
	SEND(1);
	EXPECT_EQ(POLLIN, revents(self->server.fd, 0));
	EXPECT_ENTRY(0);
	EXPECT_EQ(POLLIN, revents(self->server.fd, 0));
	EXPECT_EQ(0, ring_mark(&self->ring, 1, 0));
	EXPECT_EQ(POLLIN, revents(self->server.fd, 0));
	EXPECT_ENTRY(1);
	EXPECT_EQ(-EAGAIN, ring_mark(&self->ring, 2, 0));
	EXPECT_EQ(0, revents(self->server.fd, 0));
	for (i = 2; i < ENTRIES + 1; i++)
		SEND(i);
	EXPECT_EQ(POLLIN, revents(self->server.fd, 0));
}

TEST_F(ring, closes_with_a_full_one)
{
	int i;

	for (i = 0; i < 3 * ENTRIES; i++)
		SEND(i);
	ring_exit(&self->ring);
	end_close(&self->server);
	EXPECT_EQ(-EPIPE, channel_send(self->client.fd, 0, "x", 1));
}

TEST_F(ring, sender_closes_and_entries_stay)
{
	int i;

	for (i = 0; i < 10; i++)
		SEND(i);
	end_close(&self->client);
	for (i = 0; i < 10; i++)
		EXPECT_ENTRY(i);
	EXPECT_NOTHING();
	EXPECT_EQ(self->server.size, endpoint_info(self->server.fd).pool_free);
}

TEST_HARNESS_MAIN
