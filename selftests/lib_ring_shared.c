// SPDX-License-Identifier: GPL-2.0
/* Rings shared by threads and by forked processes: each message once, none left behind. */
#include <linux/kipc.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "lib_test.h"

FIXTURE(ring)
{
	struct kipc *server;
	struct kipc *client;
	int fd;			/* the server's, without kipc_fd() */
};

FIXTURE_SETUP(ring)
{
	char address[128], text[160];

	if (device_missing("channel"))
		SKIP(return, "no /dev/kipc");
	self->fd = dup(0);
	close(self->fd);
	fresh_address("channel", address);
	snprintf(text, sizeof(text), "%s?ring=16&pool=1M", address);
	ASSERT_EQ(0, kipc_listen(&self->server, text, NULL));
	ASSERT_EQ(0, kipc_connect(&self->client, address, NULL));
}

FIXTURE_TEARDOWN(ring)
{
	kipc_close(self->client);
	kipc_close(self->server);
}

static struct kipc_endpoint_info look(struct __test_metadata *_metadata, int fd)
{
	struct kipc_endpoint_info info = { .size = sizeof(info) };

	EXPECT_EQ(0, ioctl(fd, KIPC_IOC_ENDPOINT_INFO, &info));
	return info;
}

static uint32_t number_of(const struct kipc_msg *msg)
{
	uint32_t number;

	memcpy(&number, msg->data, sizeof(number));
	return number;
}

/* Whoever takes a message marks it. */

#define MESSAGES 20000

struct tally {
	struct kipc *server;
	atomic_uint *seen;
	atomic_uint *got;
};

/* Take messages until all have come, holding some a while. */
static void consume(const struct tally *tally, unsigned int seed)
{
	struct kipc_msg held[8];
	unsigned int i, count = 0;

	while (__atomic_load_n(tally->got, __ATOMIC_SEQ_CST) < MESSAGES) {
		if (kipc_recv(tally->server, &held[count], SOON) < 0)
			continue;
		if (held[count].len >= 4)
			__atomic_fetch_add(&tally->seen[number_of(&held[count])], 1,
					   __ATOMIC_SEQ_CST);
		__atomic_fetch_add(tally->got, 1, __ATOMIC_SEQ_CST);
		seed = seed * 1664525 + 1013904223;
		if (++count == 8 || seed >> 31)
			while (count)
				kipc_release(&held[--count]);
		/* Else they are released later, and in the other order. */
	}
	for (i = 0; i < count; i++)
		kipc_release(&held[i]);
}

static void *consume_thread(void *arg)
{
	consume(arg, (unsigned int)(uintptr_t)&arg);
	return NULL;
}

static void tally_init(struct __test_metadata *_metadata, struct tally *tally,
		       struct kipc *server)
{
	void *shared = mmap(NULL, (MESSAGES + 1) * sizeof(atomic_uint), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, shared);
	tally->server = server;
	tally->seen = shared;
	tally->got = tally->seen + MESSAGES;
}

static void tally_check(struct __test_metadata *_metadata, struct tally *tally)
{
	unsigned int i, wrong = 0;

	for (i = 0; i < MESSAGES; i++)
		wrong += tally->seen[i] != 1;
	EXPECT_EQ(0, wrong);
	EXPECT_EQ(MESSAGES, *tally->got);
	munmap((void *)tally->seen, (MESSAGES + 1) * sizeof(atomic_uint));
}

static void send_all(struct __test_metadata *_metadata, struct kipc *client)
{
	struct kipc_out outs[20];
	uint32_t numbers[20];
	unsigned int i, j;

	for (i = 0; i < MESSAGES; i += 20) {
		for (j = 0; j < 20; j++) {
			numbers[j] = i + j;
			outs[j] = (struct kipc_out){ &numbers[j], sizeof(numbers[j]), NULL };
		}
		for (j = 0; j < 20;) {
			ssize_t n = kipc_send_many(client, outs + j, 20 - j, LONG);

			ASSERT_LT(0, n);
			j += n;
		}
	}
}

TEST_F(ring, threads_take_each_message_once)
{
	pthread_t threads[4];
	struct tally tally;
	struct kipc_msg msg;
	int i;

	tally_init(_metadata, &tally, self->server);
	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, consume_thread, &tally));
	send_all(_metadata, self->client);
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	tally_check(_metadata, &tally);
	EXPECT_EQ(-EAGAIN, kipc_recv(self->server, &msg, KIPC_NOW));
	EXPECT_EQ(0, look(_metadata, self->fd).held);
}

TEST_F(ring, forked_processes_share_it)
{
	struct tally tally;
	struct kipc_msg msg;
	pid_t children[2];
	pthread_t thread;
	int i;

	tally_init(_metadata, &tally, self->server);
	for (i = 0; i < 2; i++) {
		children[i] = fork();
		ASSERT_LE(0, children[i]);
		if (!children[i]) {
			consume(&tally, i);
			kipc_close(self->server);
			_exit(0);
		}
	}
	ASSERT_EQ(0, pthread_create(&thread, NULL, consume_thread, &tally));
	send_all(_metadata, self->client);
	pthread_join(thread, NULL);
	for (i = 0; i < 2; i++)
		EXPECT_EQ(0, exit_status(children[i]));
	tally_check(_metadata, &tally);
	EXPECT_EQ(-EAGAIN, kipc_recv(self->server, &msg, KIPC_NOW));
	/* What a child released last and did not tell. */
	EXPECT_GE(16, look(_metadata, self->fd).held);
}

/* Senders of all kinds of messages against receivers who release in any order. */

#define MIXED 1500

struct mixed {
	struct kipc *server;
	struct kipc *client;
	atomic_uint bad;
	atomic_uint got;
};

static unsigned int dice(unsigned int *seed, unsigned int sides)
{
	*seed = *seed * 1664525 + 1013904223;
	return (*seed >> 8) % sides;
}

static int send_mixed(struct kipc *client, const void *data, size_t len, unsigned int kind)
{
	struct kipc_send_options options = KIPC_SEND_OPTIONS_INIT;
	struct kipc_msg reply;
	int err;

	if (kind > 2)
		return kipc_send(client, data, len, LONG);
	options.prio = kind;
	if (kind)
		return kipc_send_opts(client, data, len, &options, LONG);
	err = kipc_call(client, data, len, &reply, LONG) == 1 ? 0 : -1;
	kipc_release(&reply);
	return err;
}

static void *mixed_sender(void *arg)
{
	struct mixed *mixed = arg;
	unsigned int i, seed = (unsigned int)(uintptr_t)&seed;
	char *data = malloc(40000);

	for (i = 0; i < MIXED; i++) {
		size_t len = dice(&seed, 20) ? dice(&seed, 60) : dice(&seed, 40000);

		fill(data, len, len);
		mixed->bad += send_mixed(mixed->client, data, len, dice(&seed, 40)) != 0;
	}
	free(data);
	return NULL;
}

static void *mixed_receiver(void *arg)
{
	unsigned int count = 0, seed = (unsigned int)(uintptr_t)&seed;
	struct mixed *mixed = arg;
	struct kipc_msg msg, held[6];

	while (mixed->got < 2 * MIXED) {
		if (kipc_recv(mixed->server, &msg, SOON) >= 0) {
			mixed->got++;
			mixed->bad += !filled(msg.data, msg.len, msg.len);
			if (msg.kind == KIPC_MSG_CALL)
				mixed->bad += kipc_reply(mixed->server, &msg, "!", 1) != 0;
			else
				held[count++] = msg;
		} else if (count) {
			kipc_release(&held[--count]);
		}
		while (count == 6 || (count && dice(&seed, 2))) {
			unsigned int which = dice(&seed, count);

			kipc_release(&held[which]);
			held[which] = held[--count];
		}
	}
	while (count)
		kipc_release(&held[--count]);
	return NULL;
}

TEST_F(ring, everything_at_once_arrives_whole_and_is_released)
{
	struct mixed mixed = { .server = self->server, .client = self->client };
	struct kipc_endpoint_info info;
	pthread_t threads[4];
	struct kipc_msg msg;
	int i;

	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL,
					    i & 1 ? mixed_sender : mixed_receiver, &mixed));
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(0, mixed.bad);
	EXPECT_EQ(2 * MIXED, mixed.got);
	EXPECT_EQ(-EAGAIN, kipc_recv(self->server, &msg, KIPC_NOW));
	info = look(_metadata, self->fd);
	EXPECT_EQ(0, info.held);
	EXPECT_EQ(info.pool_size, info.pool_free);
}

TEST_HARNESS_MAIN
