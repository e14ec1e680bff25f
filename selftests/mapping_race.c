// SPDX-License-Identifier: GPL-2.0
/*
 * Mapping race: what a pool's owner does to its mappings, and to the file behind them,
 * while messages come into the pool and are answered from it.
 *
 * Two clients call, two threads serve, and each payload follows from a seed that travels
 * as its tag.  Beside them somebody disturbs: maps the pool again, unmaps, protects,
 * moves, discards, forks.  Whoever reads a message through a mapping sees all of it as it
 * was sent, or a fault where there is no mapping, and never anything else; no call fails.
 *
 * The disturbed mappings lie in a window of addresses that stay taken, so that nothing
 * else can appear there.  They are read by process_vm_readv(), to which a fault is an
 * error and not a signal.
 */
#include <sys/param.h>
#include <sys/uio.h>

#include "kipc_test.h"

#define RACE_NS		400000000ULL
#define ENOUGH		30	/* calls, looks, steps */
#define POOL		(512UL << 10)
#define LARGEST		(96UL << 10)
#define STANDING	(40UL << 10)
#define SEED		12345	/* of the standing message */
#define THREADS		2	/* of each sort */

struct race;

/* What a disturber does over and over. */
typedef void (*race_step)(struct race *race, unsigned int *random);

/**
 * struct race - who takes part, and how it went
 * @server:	its mapping here is always there, though its pages may not be
 * @clients:	likewise
 * @standing:	a message that the server keeps all the time
 * @window:	POOL bytes of addresses at which the server's pool may be mapped
 * @second:	likewise, to move to
 * @started:	callers that have, for each to have a number
 * @ready:	threads that map no more memory of their own
 * @calls:	that were answered
 * @looks:	into the window that saw something
 * @steps:	that the disturbers took
 * @wrong:	whether anything was
 * @over:	callers and disturbers are to end
 * @idle:	they have: the servers as well
 */
struct race {
	struct end server;
	struct end clients[THREADS];
	struct kipc_header standing;
	uint8_t *window;
	uint8_t *second;
	race_step step;
	unsigned int started;
	unsigned int ready;
	unsigned int calls;
	unsigned int looks;
	unsigned int steps;
	bool wrong;
	bool over;
	bool idle;
};

static void count(unsigned int *counter)
{
	__atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
}

static bool is_set(bool *flag)
{
	return __atomic_load_n(flag, __ATOMIC_RELAXED);
}

static void set(bool *flag)
{
	__atomic_store_n(flag, true, __ATOMIC_RELAXED);
}

static void must_at(struct race *race, bool good, int line)
{
	if (good)
		return;
	fprintf(stderr, "# mapping_race.c:%d: wrong (%s)\n", line, strerror(errno));
	set(&race->wrong);
	set(&race->over);
}

#define must(race, good)	must_at(race, good, __LINE__)

static size_t some(unsigned int *random, size_t most)
{
	return 1 + rand_r(random) % most;
}

/* Whole pages somewhere in a pool. */
static size_t some_pages(unsigned int *random, size_t *at)
{
	*at = (some(random, POOL / PAGE) - 1) * PAGE;
	return some(random, (POOL - *at) / PAGE) * PAGE;
}

/* Looking */

static bool is_whole(const uint8_t *pool, const struct kipc_header *msg)
{
	return filled(pool + msg->offset, msg->len, msg->tag);
}

/**
 * struct glass - two buffers to compare
 * @seen:	what is there
 * @sent:	what should be
 */
struct glass {
	uint8_t seen[LARGEST];
	uint8_t sent[LARGEST];
};

/* Is as much of a message as can be seen right?  Return: how much that is, or -1. */
static ssize_t look(const uint8_t *pool, const struct kipc_header *msg,
		    struct glass *glass)
{
	struct iovec to = { glass->seen, msg->len };
	struct iovec from = { (void *)(pool + msg->offset), msg->len };
	ssize_t n = process_vm_readv(getpid(), &to, 1, &from, 1, 0);

	if (n < 0)
		return errno == EFAULT ? 0 : -1;
	fill(glass->sent, msg->len, msg->tag);
	return memcmp(glass->seen, glass->sent, n) ? -1 : n;
}

static void look_into_window(struct race *race, const struct kipc_header *msg,
			     struct glass *glass)
{
	ssize_t n = look(race->window, msg, glass);

	must(race, n >= 0);
	if (n > 0)
		count(&race->looks);
	must(race, look(race->second, msg, glass) >= 0);
}

/* Serving and calling */

/* Answer with the request itself, as it lies in the pool. */
static int answer(struct race *race, const struct kipc_header *msg,
		  const uint8_t *pool)
{
	struct kipc_channel_reply arg = {
		.size = sizeof(arg),
		.id = msg->id,
		.reply = payload_of(pool + msg->offset, msg->len),
	};

	arg.reply.tag = msg->tag;
	return request(race->server.fd, KIPC_IOC_CHANNEL_REPLY, &arg);
}

static void serve(struct race *race, const struct kipc_header *msg,
		  struct glass *glass, unsigned int *random)
{
	int err = -EFAULT;

	must(race, is_whole(race->server.pool, msg));
	look_into_window(race, msg, glass);
	if (rand_r(random) % 2)
		err = answer(race, msg, race->window);
	must(race, !err || err == -EFAULT);
	if (err)
		must(race, !answer(race, msg, race->server.pool));
}

static void *serve_all(void *arg)
{
	struct glass *glass = memory(sizeof(*glass));
	struct race *race = arg;
	unsigned int random = 1;
	struct kipc_header msg;
	int err;

	count(&race->ready);
	while (!is_set(&race->idle)) {
		err = channel_recv_until(race->server.fd, &msg, in_ms(20));
		if (!err)
			serve(race, &msg, glass, &random);
		else
			must(race, err == -ETIMEDOUT);
		look_into_window(race, &race->standing, glass);
	}
	return NULL;
}

static void call_once(struct race *race, struct end *client, uint8_t *data,
		      unsigned int *random)
{
	size_t len = some(random, rand_r(random) % 4 ? 300 : LARGEST);
	struct kipc_channel_call call = call_of(data, len);

	call.request.tag = rand_r(random);
	fill(data, len, call.request.tag);
	errno = 0;
	must(race, !request(client->fd, KIPC_IOC_CHANNEL_CALL, &call));
	must(race, call.reply.tag == call.request.tag && call.reply.len == len);
	must(race, is_whole(client->pool, &call.reply));
	must(race, !channel_release(client->fd, call.reply.id));
	count(&race->calls);
}

static void *call_all(void *arg)
{
	uint8_t *data = memory(LARGEST);
	struct race *race = arg;
	unsigned int me = __atomic_fetch_add(&race->started, 1, __ATOMIC_RELAXED);
	unsigned int random = me;

	count(&race->ready);
	while (!is_set(&race->over))
		call_once(race, &race->clients[me], data, &random);
	return NULL;
}

/* Disturbing */

/* Addresses that nobody else gets */
static uint8_t *window_new(void)
{
	void *window = mmap(NULL, POOL, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return window == MAP_FAILED ? NULL : window;
}

/* Take away what is mapped there, and keep the addresses. */
static bool blank(uint8_t *at, size_t len)
{
	return mmap(at, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		    -1, 0) == at;
}

/* The pool from its start on: nothing else can be mapped. */
static bool map_at(struct race *race, uint8_t *at, size_t len)
{
	return mmap(at, len, PROT_READ, MAP_SHARED | MAP_FIXED,
		    race->server.fd, 0) == at;
}

/* Map the pool once more, look at it, and unmap it, at once or in two parts. */
static void map_again(struct race *race, unsigned int *random)
{
	size_t len = some(random, POOL / PAGE) * PAGE, part, i;
	int flags = rand_r(random) % 4 ? MAP_SHARED : MAP_SHARED | MAP_POPULATE;
	uint8_t *pool = mmap(NULL, len, PROT_READ, flags, race->server.fd, 0);

	must(race, pool != MAP_FAILED);
	if (pool == MAP_FAILED)
		return;
	for (i = 0; i < len; i += PAGE)
		peek(pool + i);
	if (len >= race->standing.offset + STANDING)
		must(race, is_whole(pool, &race->standing));
	part = (some(random, len / PAGE) - 1) * PAGE;
	must(race, !munmap(pool + part, len - part));
	must(race, !part || !munmap(pool, part));
}

/* Put the pool into the window, and take it, or a part of it, away again. */
static void replace(struct race *race, unsigned int *random)
{
	size_t at, len = some_pages(random, &at);

	must(race, map_at(race, race->window, some(random, POOL / PAGE) * PAGE));
	must(race, blank(race->window + at, len));
}

static void protect(struct race *race, unsigned int *random)
{
	size_t at, len = some_pages(random, &at);
	uint8_t *from = race->window + at;

	must(race, !mprotect(from, len, PROT_NONE));
	must(race, mprotect(from, len, PROT_READ | PROT_WRITE) && errno == EACCES);
	must(race, mprotect(from, len, PROT_READ | PROT_EXEC) && errno == EACCES);
	must(race, !mprotect(from, len, PROT_READ));
}

/* What is left behind is taken again: nobody else maps anything meanwhile. */
static void move_part(struct race *race, uint8_t *from, uint8_t *to, size_t len)
{
	must(race, mremap(from, len, len + PAGE, 0) == MAP_FAILED);
	must(race, mremap(from, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to);
	must(race, blank(from, len));
}

/* A part of the pool goes to the same place in the second window, and comes back. */
static void move(struct race *race, unsigned int *random)
{
	size_t at, len = some_pages(random, &at);

	must(race, map_at(race, race->window, POOL));
	move_part(race, race->window + at, race->second + at, len);
	move_part(race, race->second + at, race->window + at, len);
}

/* The pages go, and a fault brings them back: from under those who read them. */
static void discard(struct race *race, unsigned int *random)
{
	struct end *ends[] = { &race->server, &race->clients[0], &race->clients[1] };
	size_t at, len = some_pages(random, &at);
	struct end *end = ends[rand_r(random) % 3];

	must(race, !madvise((void *)(end->pool + at), len, MADV_DONTNEED));
	must(race, !madvise(race->window + at, len, MADV_DONTNEED));
}

static int child_look(struct race *race)
{
	uint8_t *pool = mmap(NULL, POOL, PROT_READ, MAP_SHARED, race->server.fd, 0);

	if (pool == MAP_FAILED)
		return 1;
	/* That it can be inherited is the parent's wish. */
	return is_whole(pool, &race->standing) &&
	       is_whole(race->window, &race->standing) ? 0 : 2;
}

/* Children with the pool mapped look at it, and exit or are killed. */
static void fork_child(struct race *race, unsigned int *random)
{
	bool kill = rand_r(random) % 4 == 0;
	pid_t child;

	must(race, !madvise(race->window, POOL, MADV_DOFORK));
	child = spawn();
	if (!child)
		_exit(child_look(race));
	must(race, child > 0);
	if (kill)
		kill_and_reap(child);
	else
		must(race, !reap(child));
}

/* All that can be done in any order */
static void anything(struct race *race, unsigned int *random)
{
	static const race_step steps[] = { map_again, protect, discard, discard };

	steps[rand_r(random) % 4](race, random);
}

static void *disturb(void *arg)
{
	struct race *race = arg;
	unsigned int random = 99;

	while (__atomic_load_n(&race->ready, __ATOMIC_RELAXED) < 2 * THREADS)
		nap_ms(1);
	while (!is_set(&race->over)) {
		race->step(race, &random);
		count(&race->steps);
	}
	return NULL;
}

FIXTURE(race)
{
	char name[KIPC_NAME_SIZE];
	struct race race;
};

FIXTURE_VARIANT(race)
{
	race_step step;
	int disturbers;
};

FIXTURE_VARIANT_ADD(race, map_again) { map_again, 2 };
FIXTURE_VARIANT_ADD(race, replace) { replace, 2 };
FIXTURE_VARIANT_ADD(race, protect) { protect, 1 };
FIXTURE_VARIANT_ADD(race, move) { move, 1 };
FIXTURE_VARIANT_ADD(race, discard) { discard, 2 };
FIXTURE_VARIANT_ADD(race, fork) { fork_child, 1 };
FIXTURE_VARIANT_ADD(race, anything) { anything, 3 };

static int send_standing(struct race *race)
{
	struct kipc_channel_send arg = { .size = sizeof(arg), .deadline = LONG };
	int err;

	arg.payload = payload_of(pattern(STANDING, SEED), STANDING);
	arg.payload.tag = SEED;
	err = request(race->clients[0].fd, KIPC_IOC_CHANNEL_SEND, &arg);
	return err ?: channel_recv(race->server.fd, &race->standing);
}

FIXTURE_SETUP(race)
{
	struct race *race = &self->race;
	int i;

	fresh_name(self->name);
	ASSERT_EQ(0, end_serve(&race->server, self->name, POOL));
	ASSERT_EQ(POOL, race->server.size);
	for (i = 0; i < THREADS; i++)
		ASSERT_EQ(0, end_connect(&race->clients[i], self->name, POOL));
	ASSERT_EQ(0, send_standing(race));
	race->window = window_new();
	race->second = window_new();
	ASSERT_TRUE(race->window && race->second);
	ASSERT_TRUE(map_at(race, race->window, POOL));
	race->step = variant->step;
}

FIXTURE_TEARDOWN(race)
{
	int i;

	for (i = 0; i < THREADS; i++)
		end_close(&self->race.clients[i]);
	end_close(&self->race.server);
}

/**
 * struct crew - threads that do the same
 * @threads:	the first @count of them
 * @count:	how many there are
 */
struct crew {
	pthread_t threads[4];
	int count;
};

static int crew_start(struct crew *crew, int count, void *(*run)(void *arg), void *arg)
{
	int err = 0;

	for (crew->count = 0; !err && crew->count < count; crew->count++)
		err = pthread_create(&crew->threads[crew->count], NULL, run, arg);
	return err;
}

static void crew_end(struct crew *crew)
{
	while (crew->count)
		pthread_join(crew->threads[--crew->count], NULL);
}

/* Some time, and more of it on a machine that has much else to do */
static bool has_seen_enough(struct race *race, uint64_t begun)
{
	unsigned int least = __atomic_load_n(&race->calls, __ATOMIC_RELAXED);

	least = MIN(least, __atomic_load_n(&race->looks, __ATOMIC_RELAXED));
	least = MIN(least, __atomic_load_n(&race->steps, __ATOMIC_RELAXED));
	return now_ns() - begun > (least < ENOUGH ? 20 : 1) * RACE_NS;
}

TEST_F(race, nothing_else_is_seen_than_what_was_sent)
{
	struct crew servers, callers, disturbers;
	struct race *race = &self->race;
	uint64_t begun = now_ns();

	ASSERT_EQ(0, crew_start(&servers, THREADS, serve_all, race));
	ASSERT_EQ(0, crew_start(&callers, THREADS, call_all, race));
	ASSERT_EQ(0, crew_start(&disturbers, variant->disturbers, disturb, race));
	while (!has_seen_enough(race, begun) && !is_set(&race->over))
		nap_ms(5);
	set(&race->over);
	crew_end(&disturbers);
	crew_end(&callers);
	set(&race->idle);
	crew_end(&servers);

	TH_LOG("%u calls, %u looks, %u steps", race->calls, race->looks, race->steps);
	EXPECT_FALSE(race->wrong);
	EXPECT_LE(ENOUGH, race->calls);
	EXPECT_LE(ENOUGH, race->looks);
	EXPECT_LE(ENOUGH, race->steps);
	EXPECT_TRUE(is_whole(race->server.pool, &race->standing));
	EXPECT_EQ(0, channel_release(race->server.fd, race->standing.id));
	EXPECT_EQ(POOL, endpoint_info(race->server.fd).pool_free);
}

/* Closing */

/**
 * struct closing - a server that goes while messages come
 * @server:	it
 * @clients:	who send to it
 * @started:	senders that have
 * @wrong:	whether one did not learn that it is gone, or something else was seen
 * @over:	nobody need look any more
 */
struct closing {
	struct end server;
	struct end clients[THREADS];
	unsigned int started;
	bool wrong;
	bool over;
};

/* The pool fills up: some of the time everybody waits for room. */
static void *send_until_it_goes(void *arg)
{
	struct closing *closing = arg;
	unsigned int me = __atomic_fetch_add(&closing->started, 1, __ATOMIC_RELAXED);
	static const uint8_t data[20000];
	unsigned int random = me;
	int err;

	do {
		err = channel_send(closing->clients[me].fd, 0, data,
				   some(&random, sizeof(data)));
	} while (!err);
	if (err != -EPIPE)
		set(&closing->wrong);
	return NULL;
}

/* The pages stay as long as somebody reads them, and then the address is nobody's. */
static void *look_until_it_goes(void *arg)
{
	struct closing *closing = arg;
	uint8_t *buf = memory(POOL);
	struct iovec to = { buf, POOL };
	struct iovec from = { (void *)closing->server.pool, POOL };
	size_t i;
	ssize_t n;

	while (!is_set(&closing->over)) {
		n = process_vm_readv(getpid(), &to, 1, &from, 1, 0);
		for (i = 0; n > 0 && i < n; i++)
			if (buf[i])
				set(&closing->wrong);
	}
	return NULL;
}

/* Not munmap(): what is there instead is neither the pool nor anybody else's. */
static void leave(struct closing *closing, unsigned int *random)
{
	bool first = rand_r(random) % 2;

	usleep(rand_r(random) % 3000);
	if (first)
		close(closing->server.fd);
	blank((uint8_t *)closing->server.pool, POOL);
	if (!first)
		close(closing->server.fd);
	closing->server.fd = -1;
}

TEST(senders_learn_that_mapping_and_descriptor_have_gone)
{
	char name[KIPC_NAME_SIZE];
	struct crew senders, lookers;
	unsigned int random = 1;
	int round, i;

	for (round = 0; round < 60; round++) {
		struct closing closing = { };

		ASSERT_EQ(0, end_serve(&closing.server, fresh_name(name), POOL));
		for (i = 0; i < THREADS; i++)
			ASSERT_EQ(0, end_connect(&closing.clients[i], name, PAGE));
		ASSERT_EQ(0, crew_start(&senders, THREADS, send_until_it_goes,
					&closing));
		ASSERT_EQ(0, crew_start(&lookers, 1, look_until_it_goes, &closing));
		leave(&closing, &random);
		crew_end(&senders);
		set(&closing.over);
		crew_end(&lookers);
		EXPECT_FALSE(closing.wrong);
		for (i = 0; i < THREADS; i++)
			end_close(&closing.clients[i]);
		end_close(&closing.server);
	}
}

/* First touches: what is behind a pool is made when it is first used, by whoever is first. */

struct touching {
	struct end server;
	struct end client;
	unsigned int started;
};

/* One from the first page on, the other from the last. */
static void *touch_all(void *arg)
{
	struct touching *touching = arg;
	unsigned int me = __atomic_fetch_add(&touching->started, 1, __ATOMIC_RELAXED);
	size_t pages = touching->server.size / PAGE, i;

	for (i = 0; i < pages; i++)
		peek(touching->server.pool + (me ? pages - 1 - i : i) * PAGE);
	return NULL;
}

static size_t count_others(const uint8_t *pool, size_t size, const struct kipc_header *msg)
{
	size_t i, n = 0;

	for (i = 0; i < size; i++)
		n += (i < msg->offset || i >= msg->offset + msg->len) && pool[i];
	return n;
}

TEST(message_and_first_touches_at_once_make_one_memory)
{
	uint8_t *data = pattern(POOL / 2, SEED);
	char name[KIPC_NAME_SIZE];
	struct kipc_header msg;
	struct crew touchers;
	int round;

	for (round = 0; round < 30; round++) {
		struct touching touching = { };

		ASSERT_EQ(0, end_serve(&touching.server, fresh_name(name), POOL));
		ASSERT_EQ(0, end_connect(&touching.client, name, PAGE));
		ASSERT_EQ(0, crew_start(&touchers, 2, touch_all, &touching));
		EXPECT_EQ(0, channel_send(touching.client.fd, 0, data, POOL / 2));
		ASSERT_EQ(0, channel_recv(touching.server.fd, &msg));
		EXPECT_TRUE(end_has(&touching.server, &msg, data, POOL / 2));
		crew_end(&touchers);
		EXPECT_TRUE(end_has(&touching.server, &msg, data, POOL / 2));
		EXPECT_EQ(0, count_others(touching.server.pool, POOL, &msg));
		end_close(&touching.client);
		end_close(&touching.server);
	}
}

TEST_HARNESS_MAIN
