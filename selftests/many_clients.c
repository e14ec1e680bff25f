// SPDX-License-Identifier: GPL-2.0
/*
 * Many clients: ten thousand of them on one channel.  Each is served as if it were the
 * only one, each costs little as long as it is idle, and all of it comes back.
 *
 * What a client costs is what the kernel's memory grows by beyond what as many opens of
 * /dev/null take: slabs and pages of every sort are in it, not only those that have the
 * module's name.  Over ten thousand clients, the kernel's own doings are some 100 bytes
 * each.
 */
#include <poll.h>
#include <sys/resource.h>

#include "kipc_test.h"

#define CLIENTS		10000
#define SPARE		64	/* further descriptors */
#define COST		4096	/* bytes that an idle client may take */
#define NOISE		(2L << 20)
#define SAMPLES		105	/* clients that are looked at more closely */

/* Clients: descriptors, and what each is called on the channel */

struct crowd {
	int fd[CLIENTS];
	uint64_t number[CLIENTS];
	int count;
};

static int allow_many(void)
{
	struct rlimit limit = { CLIENTS + SPARE, CLIENTS + SPARE };

	return setrlimit(RLIMIT_NOFILE, &limit) ? -errno : 0;
}

/* Return: 0, or how the first failed that did. */
static int crowd_connect(struct crowd *crowd, const char *name)
{
	uint64_t pool = KIPC_POOL_MIN;
	int fd, err = 0;

	while (!err && crowd->count < CLIENTS) {
		fd = endpoint_open();
		if (fd < 0)
			return fd;
		crowd->fd[crowd->count] = fd;
		err = channel_connect(fd, name, &pool,
				      &crowd->number[crowd->count++]);
	}
	return err;
}

static int crowd_open_null(struct crowd *crowd)
{
	while (crowd->count < CLIENTS) {
		int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

		if (fd < 0)
			return -errno;
		crowd->fd[crowd->count++] = fd;
	}
	return 0;
}

static void crowd_close(struct crowd *crowd)
{
	while (crowd->count)
		close(crowd->fd[--crowd->count]);
}

/* The first, the last, and some between */
static int sample(int n)
{
	return n < SAMPLES - 1 ? n * (CLIENTS / SAMPLES) : CLIENTS - 1;
}

FIXTURE(many)
{
	char name[KIPC_NAME_SIZE];
	char limit[32];
	struct end server;
	struct crowd *clients;
};

FIXTURE_SETUP(many)
{
	fresh_name(self->name);
	ASSERT_EQ(0, limit_read("max_endpoints", self->limit, sizeof(self->limit)));
	ASSERT_EQ(0, allow_many());
	ASSERT_EQ(0, limit_to("max_endpoints", CLIENTS + 1));
	ASSERT_EQ(0, end_serve(&self->server, self->name, 0));
	self->clients = memory(sizeof(*self->clients));
	ASSERT_NE(NULL, self->clients);
	ASSERT_EQ(0, crowd_connect(self->clients, self->name));
}

FIXTURE_TEARDOWN_PARENT(many)
{
	limit_write("max_endpoints", self->limit);
}

/* Answer each call with the number of its client, until one asks to stop. */
static void *serve_numbers(void *arg)
{
	struct end *server = arg;
	struct kipc_header msg;
	bool more = true;

	while (more && !channel_recv(server->fd, &msg)) {
		more = msg.len;
		channel_reply(server->fd, msg.id, &msg.peer, sizeof(msg.peer));
	}
	return NULL;
}

static bool is_answered_with_its_number(struct crowd *clients, int i)
{
	struct kipc_header reply;
	struct end client = { .fd = dup(clients->fd[i]), .size = PAGE };
	bool good = !end_map(&client, 0) &&
		    !channel_call(client.fd, "who am I?", 9, &reply) &&
		    end_has(&client, &reply, &clients->number[i],
			    sizeof(uint64_t));

	end_close(&client);
	return good;
}

TEST_F(many, each_gets_its_own_reply)
{
	struct kipc_header reply;
	pthread_t server;
	int i;

	EXPECT_EQ(CLIENTS, endpoint_info(self->server.fd).peers);
	ASSERT_EQ(0, pthread_create(&server, NULL, serve_numbers, &self->server));
	for (i = 0; i < SAMPLES; i++)
		EXPECT_TRUE(is_answered_with_its_number(self->clients, sample(i)));
	EXPECT_EQ(0, channel_call(self->clients->fd[0], NULL, 0, &reply));
	pthread_join(server, NULL);
}

/* All of them ask, before the first is answered. */
TEST_F(many, messages_of_all_wait_in_their_order)
{
	struct crowd *clients = self->clients;
	struct kipc_header msg;
	int i;

	for (i = 0; i < CLIENTS; i++)
		ASSERT_EQ(0, channel_send_now(clients->fd[i], 0, &i, sizeof(i)));
	EXPECT_EQ(CLIENTS, endpoint_info(self->server.fd).queued);
	for (i = 0; i < CLIENTS; i++) {
		ASSERT_EQ(0, channel_recv_now(self->server.fd, &msg));
		ASSERT_EQ(clients->number[i], msg.peer);
		ASSERT_TRUE(end_has(&self->server, &msg, &i, sizeof(i)));
		ASSERT_EQ(0, channel_release(self->server.fd, msg.id));
	}
	EXPECT_EQ(self->server.size, endpoint_info(self->server.fd).pool_free);
}

TEST_F(many, send_reaches_the_one_it_is_for)
{
	struct crowd *clients = self->clients;
	unsigned int queued = 0;
	uint64_t number, got;
	int i;

	for (i = 0; i < SAMPLES; i++) {
		number = clients->number[sample(i)];
		ASSERT_EQ(0, channel_send_now(self->server.fd, number, &number,
					      sizeof(number)));
	}
	for (i = 0; i < CLIENTS; i++)
		queued += endpoint_info(clients->fd[i]).queued;
	EXPECT_EQ(SAMPLES, queued);
	for (i = 0; i < SAMPLES; i++) {
		ASSERT_EQ(sizeof(got), read(clients->fd[sample(i)], &got,
					    sizeof(got)));
		EXPECT_EQ(clients->number[sample(i)], got);
	}
}

TEST_F(many, all_are_told_that_the_server_has_gone)
{
	struct pollfd *polls = memory(CLIENTS * sizeof(*polls));
	int i;

	for (i = 0; i < CLIENTS; i++)
		polls[i].fd = self->clients->fd[i];
	EXPECT_EQ(0, poll(polls, CLIENTS, 0));
	end_close(&self->server);
	EXPECT_EQ(CLIENTS, poll(polls, CLIENTS, 0));
	for (i = 0; i < CLIENTS; i++)
		EXPECT_EQ(POLLHUP, polls[i].revents);
	EXPECT_EQ(-EPIPE, channel_send(self->clients->fd[0], 0, "x", 1));
	EXPECT_EQ(-EPIPE, channel_send(self->clients->fd[CLIENTS - 1], 0, "x", 1));
}

TEST_F(many, one_above_the_limit_edquot)
{
	struct crowd *clients = self->clients;
	uint64_t pool = 0, number;

	EXPECT_EQ(-EDQUOT, endpoint_open());
	close(clients->fd[CLIENTS / 2]);
	EXPECT_EQ(CLIENTS - 1, endpoint_info(self->server.fd).peers);
	clients->fd[CLIENTS / 2] = endpoint_open();
	EXPECT_EQ(0, channel_connect(clients->fd[CLIENTS / 2], self->name, &pool,
				     &number));
	EXPECT_EQ(CLIENTS, endpoint_info(self->server.fd).peers);
	EXPECT_LT(clients->number[CLIENTS - 1], number);
}

/* Memory */

/* Add up a column of those lines of a file that begin with the first word. */
static long sum_column(const char *path, const char *first, int column)
{
	char line[512], word[64];
	FILE *file = fopen(path, "r");
	long value, sum = 0;

	while (file && fgets(line, sizeof(line), file)) {
		char *at = line;
		int n, i;

		for (i = 0; i < column && sscanf(at, "%63s%n", word, &n) == 1; i++) {
			if (!i && strcmp(word, first))
				break;
			at += n;
		}
		if (i == column && sscanf(at, "%ld", &value) == 1)
			sum += value;
	}
	if (file)
		fclose(file);
	return sum;
}

/* Bytes that the kernel has for itself, but for what it would give back */
static long kernel_bytes(void)
{
	static const char * const others[] = {
		"MemFree:", "Buffers:", "Cached:", "AnonPages:", "SReclaimable:",
		"PageTables:", "KernelStack:",
	};
	char nothing[2];
	long kib, i;

	read_text("/proc/sys/vm/stat_refresh", nothing, sizeof(nothing));
	kib = sum_column("/proc/meminfo", "MemTotal:", 1) -
	      sum_column("/proc/zoneinfo", "count:", 1) * (long)(PAGE >> 10);
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		kib -= sum_column("/proc/meminfo", others[i], 1);
	return kib << 10;
}

static long endpoint_objects(void)
{
	return sum_column("/proc/slabinfo", "kipc_endpoint", 1);
}

static long endpoint_size(void)
{
	return sum_column("/proc/slabinfo", "kipc_endpoint", 3);
}

/* Files are freed after a grace period: wait for so little to be in use, or give up. */
static long settle(long bytes)
{
	int i;

	for (i = 0; i < 100 && kernel_bytes() > bytes; i++)
		nap_ms(30);
	return kernel_bytes();
}

/* What so many opens of /dev/null take.  The table of descriptors is large afterwards. */
static long cost_of_files(struct crowd *crowd)
{
	long before, taken = 0;
	int i;

	for (i = 0; i < 2; i++) {
		before = kernel_bytes();
		if (crowd_open_null(crowd))
			return -1;
		taken = kernel_bytes() - before;
		crowd_close(crowd);
		settle(before + NOISE / 2);
	}
	return taken;
}

TEST(idle_client_costs_no_more_than_a_page_and_gives_it_back)
{
	struct crowd *crowd = memory(sizeof(*crowd));
	long files, before, taken, objects;
	char name[KIPC_NAME_SIZE];
	struct end server;

	ASSERT_EQ(0, allow_many());
	files = cost_of_files(crowd);
	ASSERT_LT(0, files);

	ASSERT_EQ(0, end_serve(&server, fresh_name(name), 0));
	objects = endpoint_objects();
	before = kernel_bytes();
	ASSERT_EQ(0, crowd_connect(crowd, name));
	taken = kernel_bytes() - before - files;
	TH_LOG("a client: %ld bytes, %ld of them the endpoint; its file: %ld bytes",
	       taken / CLIENTS, endpoint_size(), files / CLIENTS);
	EXPECT_LE(objects + CLIENTS, endpoint_objects());
	EXPECT_GE(CLIENTS * COST, taken);
	EXPECT_LE(CLIENTS * endpoint_size(), taken + NOISE);

	/* Without slub_debug, whole slabs count as being in use. */
	crowd_close(crowd);
	EXPECT_EQ(0, endpoint_info(server.fd).peers);
	EXPECT_GE(objects + CLIENTS / 10, endpoint_objects());
	EXPECT_GE(NOISE, settle(before + NOISE / 2) - before);
	end_close(&server);
}

TEST_HARNESS_MAIN
