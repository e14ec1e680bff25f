// SPDX-License-Identifier: GPL-2.0
/*
 * Control, many objects: a dump of ten thousand is as many times the work of a thousand, and
 * calls on a channel go on beside it.
 *
 * Work is counted in messages and bytes, which are the same on every machine; times are told,
 * and only a hang fails.  The environment's MANY says how many there are to be (make
 * check-many: 100000).
 */
#include <sched.h>
#include <sys/syscall.h>

#include "netlink_test.h"

FIXTURE(netlink_many)
{
	struct nl nl;
	long max_names;
	int many;
};

static int how_many(void)
{
	const char *many = getenv("MANY");

	return many ? atoi(many) : 10000;
}

FIXTURE_SETUP(netlink_many)
{
	umask(0);
	self->many = how_many();
	self->max_names = parameter_get("max_names");
	ASSERT_EQ(0, parameter_set("max_names", self->many + 1000));
	ASSERT_EQ(0, nl_open(&self->nl));
}

FIXTURE_TEARDOWN_PARENT(netlink_many)
{
	parameter_set("max_names", self->max_names);
}

/* Names of one length, so that each object takes as many bytes */
static char *many_name(char *buf, int i)
{
	memset(buf, 0, KIPC_NAME_SIZE);
	snprintf(buf, KIPC_NAME_SIZE, "many-%07d", i);
	return buf;
}

static int make_queues(int from, int to)
{
	char name[KIPC_NAME_SIZE];
	int fd;

	for (; from < to; from++) {
		fd = queue_open(many_name(name, from), KIPC_QUEUE_CREATE | QUEUE_BOTH);
		if (fd < 0)
			return fd;
		close(fd);
	}
	return 0;
}

static int remove_queues(int count)
{
	char name[KIPC_NAME_SIZE];
	int fd = endpoint_open(), err = 0;

	while (!err && count--)
		err = queue_unlink_with(fd, many_name(name, count), 0, 0);
	close(fd);
	return err;
}

/**
 * struct work - what a dump has cost
 * @objects:	that it told of
 * @reads:	system calls that received
 * @bytes:	that they brought
 * @ns:		time, the least of a few dumps
 */
struct work {
	unsigned int objects;
	unsigned int reads;
	uint64_t bytes;
	uint64_t ns;
};

/* A dump that is only counted, so that time is the kernel's */
static int count_dump(struct nl *nl, struct work *work)
{
	struct ask ask = ask_of(nl, KIPC_CMD_QUEUE_GET);
	const struct nlmsghdr *head = NULL;
	uint64_t start = now_ns();
	int err;

	*work = (struct work){ };
	ask.head.nlmsg_flags |= NLM_F_DUMP;
	err = nl_send(nl, &ask);
	while (!err) {
		bool more = nl->next >= nl->end;

		err = nl_recv(nl, &head);
		if (err)
			break;
		if (more) {
			work->reads++;
			work->bytes += nl->end;
		}
		if (head->nlmsg_type == NLMSG_DONE)
			break;
		work->objects++;
	}
	work->ns = now_ns() - start;
	return err;
}

static int measure(struct nl *nl, struct work *least)
{
	struct work work;
	int i, err = 0;

	*least = (struct work){ .ns = UINT64_MAX };
	for (i = 0; i < 3 && !err; i++) {
		err = count_dump(nl, &work);
		if (work.ns < least->ns)
			*least = work;
	}
	return err;
}

TEST_F_TIMEOUT(netlink_many, dump_is_linear, 170)
{
	int few = self->many / 10;
	struct work small, large;

	ASSERT_EQ(0, make_queues(0, few));
	ASSERT_EQ(0, measure(&self->nl, &small));
	EXPECT_EQ(few, small.objects);
	ASSERT_EQ(0, make_queues(few, self->many));
	ASSERT_EQ(0, measure(&self->nl, &large));
	EXPECT_EQ(self->many, large.objects);
	TH_LOG("%u objects: %u reads, %llu ns and %llu bytes each", small.objects, small.reads,
	       (unsigned long long)small.ns / small.objects,
	       (unsigned long long)small.bytes / small.objects);
	TH_LOG("%u objects: %u reads, %llu ns and %llu bytes each", large.objects, large.reads,
	       (unsigned long long)large.ns / large.objects,
	       (unsigned long long)large.bytes / large.objects);
	/* Ten times the objects: ten times the bytes and reads, and a little */
	EXPECT_GE(11 * small.bytes, large.bytes);
	EXPECT_GE(12 * small.reads + 12, large.reads);
	/* Were it quadratic, it would be a hundred times */
	EXPECT_GE(50 * small.ns, large.ns);
	EXPECT_EQ(0, remove_queues(self->many));
}

/* Calls beside a dump */

static bool calls_on;

/* Callers and servers on one CPU, lists on the other: each pays its own work only */
static void stay_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void *answer_calls(void *arg)
{
	struct kipc_header msg;
	struct end *server = arg;

	stay_on(0);
	while (!channel_recv(server->fd, &msg) && msg.len != 0)
		channel_reply(server->fd, msg.id, "y", 1);
	channel_reply(server->fd, msg.id, NULL, 0);
	return NULL;
}

/**
 * struct caller - a thread that calls, and how long it took
 * @client:	its end
 * @ns:		of each call
 * @count:	how many calls
 * @err:	what ended it, or 0
 */
struct caller {
	struct end client;
	uint32_t ns[100000];
	unsigned int count;
	int err;
};

static void *make_calls(void *arg)
{
	struct caller *caller = arg;
	struct kipc_header reply;

	stay_on(0);

	while (__atomic_load_n(&calls_on, __ATOMIC_RELAXED) && caller->count < 100000) {
		uint64_t start = now_ns();

		caller->err = channel_call(caller->client.fd, "x", 1, &reply);
		if (caller->err)
			break;
		caller->ns[caller->count++] = now_ns() - start;
		channel_release(caller->client.fd, reply.id);
	}
	return NULL;
}

static int by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Call for as long as @during goes on.  Return: 0 or -errno. */
static int call_during(struct caller *caller, int (*during)(void *arg), void *arg)
{
	pthread_t thread;
	int err;

	caller->count = 0;
	calls_on = true;
	if (pthread_create(&thread, NULL, make_calls, caller))
		return -EAGAIN;
	err = during(arg);
	__atomic_store_n(&calls_on, false, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	qsort(caller->ns, caller->count, sizeof(caller->ns[0]), by_size);
	return err ?: caller->err;
}

/* A neighbour that is as busy, with something else: what calls are compared with */
static int work_a_while(void *arg)
{
	uint64_t end = in_ms(500);

	while (now_ns() < end)
		syscall(SYS_getppid);
	return 0;
}

static int dump_a_while(void *arg)
{
	uint64_t end = in_ms(500);
	struct work work;
	int err;

	do {
		err = count_dump(arg, &work);
	} while (!err && now_ns() < end);
	return err;
}

#define ROUNDS	3

TEST_F_TIMEOUT(netlink_many, dump_lets_calls_go_on, 170)
{
	struct caller *caller = calloc(1, sizeof(*caller));
	uint32_t apart, beside, ratios[ROUNDS];
	char name[KIPC_NAME_SIZE];
	struct kipc_header reply;
	struct end server;
	pthread_t thread;
	int i;

	ASSERT_EQ(0, make_queues(0, self->many));
	ASSERT_EQ(0, end_serve(&server, fresh_name(name), 0));
	ASSERT_EQ(0, end_connect(&caller->client, name, 0));
	ASSERT_EQ(0, pthread_create(&thread, NULL, answer_calls, &server));
	stay_on(1);
	for (i = 0; i < ROUNDS; i++) {
		ASSERT_EQ(0, call_during(caller, work_a_while, NULL));
		ASSERT_LT(10, caller->count);
		apart = caller->ns[caller->count / 2];
		ASSERT_EQ(0, call_during(caller, dump_a_while, &self->nl));
		ASSERT_LT(10, caller->count);
		beside = caller->ns[caller->count / 2];
		ratios[i] = 100ULL * beside / apart;
		TH_LOG("a call: %u ns beside other work, %u ns beside a dump of %d (medians)",
		       apart, beside, self->many);
		TH_LOG("the longest of %u beside it: %u ns", caller->count,
		       caller->ns[caller->count - 1]);
		/* A dump that kept calls out would do so for its whole length */
		EXPECT_GT(2000000000, caller->ns[caller->count - 1]);
	}
	qsort(ratios, ROUNDS, sizeof(ratios[0]), by_size);
	TH_LOG("beside a dump a call takes %u %% (median of %d)", ratios[ROUNDS / 2], ROUNDS);
	ASSERT_EQ(0, channel_call(caller->client.fd, NULL, 0, &reply));
	pthread_join(thread, NULL);
	end_close(&caller->client);
	end_close(&server);
	free(caller);
	EXPECT_EQ(0, remove_queues(self->many));
}

TEST_HARNESS_MAIN
