// SPDX-License-Identifier: GPL-2.0
/*
 * Reclaim: the memory of pools goes back to the kernel when nobody uses it, and
 * whoever has a pool mapped notices nothing: what it holds stays as it is, and what
 * comes afterwards is there where its header says.
 *
 * Pressure is made by asking the kernel to run its shrinkers (drop_caches), idleness by
 * the module's parameter pool_idle.
 */
#include "channel_test.h"

#define POOL	(2UL << 20)

FIXTURE(reclaim)
{
	char name[KIPC_NAME_SIZE];
	struct end server;
	struct end client;
	struct kipc_header msg;
	uint8_t *data;
	long pool_idle;
};

FIXTURE_SETUP(reclaim)
{
	fresh_name(self->name);
	ASSERT_EQ(0, end_serve(&self->server, self->name, POOL));
	ASSERT_EQ(0, end_connect(&self->client, self->name, POOL));
	self->data = memory(POOL);
	self->pool_idle = parameter_get("pool_idle");
	ASSERT_LE(0, self->pool_idle);
	/* Nothing comes by itself, unless a test wants it to. */
	ASSERT_EQ(0, parameter_set("pool_idle", 0));
}

/* The parent tears down: the rest goes with the test's process. */
FIXTURE_TEARDOWN_PARENT(reclaim)
{
	parameter_set("pool_idle", self->pool_idle);
}

static int shrink(void)
{
	return write_text("/proc/sys/vm/drop_caches", "2");
}

static uint64_t memory_of(const struct end *end)
{
	return endpoint_info(end->fd).memory;
}

/* Shrink until a pool has no more than this.  Others compete for the kernel's favour. */
static bool shrinks_to(const struct end *end, uint64_t bytes)
{
	int i;

	for (i = 0; i < 200 && memory_of(end) > bytes; i++) {
		shrink();
		nap_ms(1);
	}
	return memory_of(end) <= bytes;
}

static int send_pattern(int fd, uint64_t to, size_t len, uint64_t seed)
{
	uint8_t *data = pattern(len, seed);
	int err = channel_send(fd, to, data, len);

	munmap(data, len);
	return err;
}

/* A pattern comes to the server, and is held. */
#define HOLD(bytes, seed) do {						\
	ASSERT_EQ(0, send_pattern(self->client.fd, 0, bytes, seed));	\
	ASSERT_EQ(0, channel_recv(self->server.fd, &self->msg));	\
} while (0)

static bool is_pattern(const struct end *end, const struct kipc_header *msg,
		       uint64_t seed)
{
	return filled(end->pool + msg->offset, msg->len, seed);
}

#define HELD_IS(header, seed)	is_pattern(&self->server, &(header), seed)

#define RELEASE(header)							\
	ASSERT_EQ(0, channel_release(self->server.fd, (header).id))

/* Given back */

TEST_F(reclaim, memory_is_what_messages_have_reached)
{
	EXPECT_EQ(0, memory_of(&self->server));
	HOLD(1, 1);
	EXPECT_EQ(CHUNK, memory_of(&self->server));
	HOLD(10 * CHUNK, 2);
	EXPECT_LE(10 * CHUNK, memory_of(&self->server));
	EXPECT_EQ(0, memory_of(&self->client));
}

TEST_F(reclaim, pressure_takes_what_is_unused)
{
	HOLD(10 * CHUNK, 1);
	EXPECT_TRUE(HELD_IS(self->msg, 1));
	RELEASE(self->msg);
	EXPECT_EQ(10 * CHUNK, memory_of(&self->server));
	EXPECT_TRUE(shrinks_to(&self->server, 0));
}

TEST_F(reclaim, idleness_takes_what_is_unused)
{
	int i;

	ASSERT_EQ(0, parameter_set("pool_idle", 1));
	HOLD(10 * CHUNK, 1);
	RELEASE(self->msg);
	for (i = 0; i < 1000 && memory_of(&self->server); i++)
		nap_ms(10);
	EXPECT_EQ(0, memory_of(&self->server));
	EXPECT_EQ(POOL, endpoint_info(self->server.fd).pool_free);
}

TEST_F(reclaim, idleness_spares_what_is_in_use)
{
	int i;

	ASSERT_EQ(0, parameter_set("pool_idle", 1));
	HOLD(4 * CHUNK, 1);
	for (i = 0; i < 60; i++) {
		ASSERT_EQ(0, channel_send(self->client.fd, 0, "x", 1));
		nap_ms(50);
	}
	EXPECT_LE(5 * CHUNK, memory_of(&self->server));
	EXPECT_TRUE(HELD_IS(self->msg, 1));
}

TEST_F(reclaim, never_idle_keeps_it)
{
	HOLD(4 * CHUNK, 1);
	RELEASE(self->msg);
	nap_ms(2500);
	EXPECT_EQ(4 * CHUNK, memory_of(&self->server));
}

TEST_F(reclaim, pressure_takes_what_an_eye_has_reached)
{
	size_t i;

	for (i = 0; i < POOL; i += PAGE)
		EXPECT_EQ(0, peek(self->server.pool + i));
	EXPECT_EQ(POOL, memory_of(&self->server));
	EXPECT_TRUE(shrinks_to(&self->server, 0));
	for (i = 0; i < POOL; i += PAGE)
		EXPECT_EQ(0, peek(self->server.pool + i));
	EXPECT_EQ(POOL, memory_of(&self->server));
}

TEST_F(reclaim, pool_smaller_than_a_chunk_is_taken_too)
{
	char name[KIPC_NAME_SIZE];
	struct end server, client;

	ASSERT_EQ(0, end_serve(&server, fresh_name(name), PAGE));
	ASSERT_EQ(0, end_connect(&client, name, PAGE));
	ASSERT_EQ(0, send_pattern(client.fd, 0, 1000, 1));
	ASSERT_EQ(0, channel_recv(server.fd, &self->msg));
	EXPECT_TRUE(filled(server.pool + self->msg.offset, 1000, 1));
	EXPECT_EQ(PAGE, memory_of(&server));
	shrink();
	EXPECT_EQ(PAGE, memory_of(&server));
	ASSERT_EQ(0, channel_release(server.fd, self->msg.id));
	EXPECT_TRUE(shrinks_to(&server, 0));
	ASSERT_EQ(0, send_pattern(client.fd, 0, 1000, 2));
	ASSERT_EQ(0, channel_recv(server.fd, &self->msg));
	EXPECT_TRUE(filled(server.pool + self->msg.offset, 1000, 2));
}

TEST_F(reclaim, what_is_taken_is_not_charged)
{
	long before = parameter_get("max_pool_bytes");
	int i;

	ASSERT_EQ(0, parameter_set("max_pool_bytes", 16 * CHUNK));
	for (i = 0; i < 8; i++) {
		EXPECT_EQ(0, send_pattern(self->client.fd, 0, 16 * CHUNK, i));
		ASSERT_EQ(0, channel_recv(self->server.fd, &self->msg));
		EXPECT_EQ(-EDQUOT, send_pattern(self->server.fd,
						self->client.number, CHUNK, i));
		RELEASE(self->msg);
		EXPECT_TRUE(shrinks_to(&self->server, 0));
		EXPECT_EQ(0, send_pattern(self->server.fd, self->client.number,
					  16 * CHUNK, i));
		ASSERT_EQ(0, channel_recv(self->client.fd, &self->msg));
		ASSERT_EQ(0, channel_release(self->client.fd, self->msg.id));
		EXPECT_TRUE(shrinks_to(&self->client, 0));
	}
	parameter_set("max_pool_bytes", before);
}

/* What is held stays */

TEST_F(reclaim, held_messages_stay)
{
	struct kipc_header held[20];
	int i;

	for (i = 0; i < 20; i++) {
		HOLD(CHUNK + 1000 * i, i);
		held[i] = self->msg;
	}
	/* Holes of all kinds between them. */
	for (i = 0; i < 20; i += 2)
		RELEASE(held[i]);
	for (i = 0; i < 50; i++)
		shrink();
	EXPECT_GT(40 * CHUNK, memory_of(&self->server));
	for (i = 1; i < 20; i += 2)
		EXPECT_TRUE(HELD_IS(held[i], i));
}

TEST_F(reclaim, queued_messages_stay)
{
	int i;

	for (i = 0; i < 10; i++)
		ASSERT_EQ(0, send_pattern(self->client.fd, 0, CHUNK - 7 * i, i));
	for (i = 0; i < 50; i++)
		shrink();
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, channel_recv(self->server.fd, &self->msg));
		EXPECT_TRUE(HELD_IS(self->msg, i));
	}
}

/* A slice of a few bytes keeps its chunk, and only that. */
TEST_F(reclaim, small_held_message_keeps_its_chunk)
{
	struct kipc_header small;

	HOLD(10, 1);
	small = self->msg;
	HOLD(8 * CHUNK, 2);
	RELEASE(self->msg);
	EXPECT_TRUE(shrinks_to(&self->server, CHUNK));
	EXPECT_EQ(CHUNK, memory_of(&self->server));
	EXPECT_TRUE(HELD_IS(small, 1));
}

/* Used again */

TEST_F(reclaim, used_again_through_the_old_mapping)
{
	int i;

	for (i = 0; i < 20; i++) {
		HOLD(5 * CHUNK + i, i);
		EXPECT_TRUE(HELD_IS(self->msg, i));
		RELEASE(self->msg);
		EXPECT_TRUE(shrinks_to(&self->server, 0));
	}
}

TEST_F(reclaim, used_again_is_zeroed)
{
	size_t i;

	HOLD(8 * CHUNK, 1);
	RELEASE(self->msg);
	EXPECT_TRUE(shrinks_to(&self->server, 0));
	HOLD(10, 2);
	for (i = 64; i < 8 * CHUNK; i += 8)
		ASSERT_EQ(0, *(uint64_t *)(self->server.pool + i));
}

TEST_F(reclaim, used_again_by_a_client)
{
	int i;

	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, send_pattern(self->server.fd, self->client.number,
					  5 * CHUNK, i));
		ASSERT_EQ(0, channel_recv(self->client.fd, &self->msg));
		EXPECT_TRUE(filled(self->client.pool + self->msg.offset,
				   5 * CHUNK, i));
		ASSERT_EQ(0, channel_release(self->client.fd, self->msg.id));
		EXPECT_TRUE(shrinks_to(&self->client, 0));
	}
}

TEST_F(reclaim, used_again_in_a_part_that_is_mapped_twice)
{
	uint8_t *again = mmap(NULL, POOL, PROT_READ, MAP_SHARED,
			      self->server.fd, 0);
	int i;

	ASSERT_NE(MAP_FAILED, again);
	for (i = 0; i < 5; i++) {
		HOLD(3 * CHUNK, i);
		EXPECT_TRUE(HELD_IS(self->msg, i));
		EXPECT_TRUE(filled(again + self->msg.offset, 3 * CHUNK, i));
		RELEASE(self->msg);
		EXPECT_TRUE(shrinks_to(&self->server, 0));
	}
}

TEST_F(reclaim, used_again_without_a_mapping)
{
	char buf[64];
	int i;

	munmap((void *)self->server.pool, POOL);
	self->server.pool = NULL;
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, send_pattern(self->client.fd, 0, 64, i));
		EXPECT_EQ(64, read(self->server.fd, buf, sizeof(buf)));
		EXPECT_TRUE(filled(buf, 64, i));
		EXPECT_TRUE(shrinks_to(&self->server, 0));
	}
}

/* Others */

TEST_F(reclaim, other_endpoints_keep_theirs)
{
	struct kipc_header at_client;

	ASSERT_EQ(0, send_pattern(self->server.fd, self->client.number,
				  4 * CHUNK, 9));
	ASSERT_EQ(0, channel_recv(self->client.fd, &at_client));
	EXPECT_TRUE(filled(self->client.pool + at_client.offset, 4 * CHUNK, 9));
	HOLD(4 * CHUNK, 1);
	RELEASE(self->msg);
	EXPECT_TRUE(shrinks_to(&self->server, 0));
	EXPECT_EQ(4 * CHUNK, memory_of(&self->client));
	EXPECT_TRUE(filled(self->client.pool + at_client.offset, 4 * CHUNK, 9));
}

/* That its pages are unmapped from one does not show in the other, even for a moment. */
TEST_F(reclaim, other_endpoints_keep_their_mapping)
{
	unsigned char before[64], after[64];

	ASSERT_EQ(0, send_pattern(self->server.fd, self->client.number,
				  4 * CHUNK, 9));
	ASSERT_EQ(0, channel_recv(self->client.fd, &self->msg));
	EXPECT_TRUE(filled(self->client.pool + self->msg.offset, 4 * CHUNK, 9));
	ASSERT_EQ(0, mincore((void *)self->client.pool, 4 * CHUNK, before));
	HOLD(4 * CHUNK, 1);
	RELEASE(self->msg);
	EXPECT_TRUE(shrinks_to(&self->server, 0));
	ASSERT_EQ(0, mincore((void *)self->client.pool, 4 * CHUNK, after));
	EXPECT_EQ(0, memcmp(before, after, 4 * CHUNK / PAGE));
}

TEST_F(reclaim, ring_is_not_taken)
{
	struct kipc_channel_ring arg = { .size = sizeof(arg), .entries = 1024 };
	struct kipc_ring *ring;
	int i;

	ASSERT_EQ(0, request(self->server.fd, KIPC_IOC_CHANNEL_RING, &arg));
	ring = mmap(NULL, arg.bytes, PROT_READ, MAP_SHARED, self->server.fd,
		    arg.offset);
	ASSERT_NE(MAP_FAILED, ring);
	for (i = 0; i < 500; i++)
		ASSERT_EQ(0, send_pattern(self->client.fd, 0, 100, i));
	for (i = 0; i < 50; i++)
		shrink();
	EXPECT_EQ(500, ring->tail);
	EXPECT_EQ(1024, ring->entries);
	for (i = 0; i < 500; i++) {
		EXPECT_EQ(100, ring->slots[i].len);
		EXPECT_TRUE(HELD_IS(ring->slots[i], i));
	}
}

/* Advice and such on a file that has a mapping of its own is harmless. */
TEST_F(reclaim, file_calls_are_harmless)
{
	HOLD(4 * CHUNK, 1);
	EXPECT_TRUE(HELD_IS(self->msg, 1));
	posix_fadvise(self->server.fd, 0, 0, POSIX_FADV_DONTNEED);
	posix_fadvise(self->server.fd, 0, 0, POSIX_FADV_WILLNEED);
	posix_fadvise(self->server.fd, 0, 0, POSIX_FADV_RANDOM);
	sync_file_range(self->server.fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	readahead(self->server.fd, 0, CHUNK);
	fsync(self->server.fd);
	syncfs(self->server.fd);
	msync((void *)self->server.pool, CHUNK, MS_SYNC | MS_INVALIDATE);
	madvise((void *)self->server.pool, CHUNK, MADV_DONTNEED);
	madvise((void *)self->server.pool, CHUNK, MADV_WILLNEED);
	EXPECT_NE(0, madvise((void *)self->server.pool, CHUNK, MADV_REMOVE));
	write_text("/proc/sys/vm/drop_caches", "3");
	EXPECT_TRUE(HELD_IS(self->msg, 1));
}

/* Under traffic */

struct stress {
	pthread_t thread;
	bool stop;
};

static void *shrink_always(void *arg)
{
	struct stress *stress = arg;

	while (!__atomic_load_n(&stress->stop, __ATOMIC_RELAXED))
		shrink();
	return NULL;
}

#define START_SHRINKING()						\
	struct stress stress = { };					\
									\
	ASSERT_EQ(0, pthread_create(&stress.thread, NULL, shrink_always,\
				    &stress))

static void stop_shrinking(struct stress *stress)
{
	__atomic_store_n(&stress->stop, true, __ATOMIC_RELAXED);
	pthread_join(stress->thread, NULL);
}

TEST_F(reclaim, traffic_under_pressure_is_intact)
{
	uint64_t end = in_ms(2000), i;
	int wrong = 0;

	START_SHRINKING();
	for (i = 1; now_ns() < end && !wrong; i++) {
		HOLD(i * 7919 % (6 * CHUNK) + 1, i);
		wrong += !HELD_IS(self->msg, i);
		RELEASE(self->msg);
	}
	stop_shrinking(&stress);
	EXPECT_EQ(0, wrong);
}

/*
 * Where there are many mappings unmapping takes its time.  A message that comes into the
 * memory meanwhile must not be read from what was there before.
 */
TEST_F(reclaim, message_that_comes_while_memory_goes_is_intact)
{
	enum { MAPPINGS = 400 };
	uint64_t end = in_ms(3000), i;
	uint8_t *maps[MAPPINGS];
	int wrong = 0, j;

	for (j = 0; j < MAPPINGS; j++) {
		maps[j] = mmap(NULL, POOL, PROT_READ, MAP_SHARED,
			       self->server.fd, 0);
		ASSERT_NE(MAP_FAILED, maps[j]);
	}
	START_SHRINKING();
	for (i = 1; now_ns() < end && !wrong; i++) {
		HOLD(CHUNK, i);
		for (j = 0; j < MAPPINGS; j += 7)
			wrong += !filled(maps[j] + self->msg.offset, 8, i);
		RELEASE(self->msg);
	}
	stop_shrinking(&stress);
	EXPECT_EQ(0, wrong);
}

TEST_F(reclaim, endpoints_that_come_and_go_under_pressure)
{
	uint64_t end = in_ms(1500), i;
	char name[KIPC_NAME_SIZE];
	struct end server, client;

	START_SHRINKING();
	for (i = 0; now_ns() < end; i++) {
		ASSERT_EQ(0, end_serve(&server, fresh_name(name), POOL));
		ASSERT_EQ(0, end_connect(&client, name, POOL));
		ASSERT_EQ(0, send_pattern(client.fd, 0, 2 * CHUNK, i));
		ASSERT_EQ(0, channel_recv(server.fd, &self->msg));
		ASSERT_TRUE(filled(server.pool + self->msg.offset, 2 * CHUNK,
				   i));
		end_close(i % 2 ? &server : &client);
		end_close(i % 2 ? &client : &server);
	}
	stop_shrinking(&stress);
}

TEST_F(reclaim, mappings_that_come_and_go_under_pressure)
{
	uint64_t end = in_ms(1500), i;
	const uint8_t *map;

	START_SHRINKING();
	for (i = 1; now_ns() < end; i++) {
		map = mmap(NULL, POOL, PROT_READ, MAP_SHARED, self->server.fd,
			   0);
		ASSERT_NE(MAP_FAILED, map);
		HOLD(3 * CHUNK, i);
		ASSERT_TRUE(filled(map + self->msg.offset, 3 * CHUNK, i));
		RELEASE(self->msg);
		munmap((void *)map, POOL);
	}
	stop_shrinking(&stress);
}

TEST_HARNESS_MAIN
