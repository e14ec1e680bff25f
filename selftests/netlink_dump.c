// SPDX-License-Identifier: GPL-2.0
/*
 * Control, listing: a dump tells of each object once and in the order of ids, whatever comes
 * and goes meanwhile; and of whose they are as the asker's namespaces show it.
 */
#include <sched.h>

#include "netlink_test.h"

FIXTURE(netlink_dump)
{
	struct nl nl;
	char name[KIPC_NAME_SIZE];
	struct end server;
	struct end client;
	struct told told;
};

FIXTURE_SETUP(netlink_dump)
{
	umask(0);
	fresh_name(self->name);
	ASSERT_EQ(0, nl_open(&self->nl));
	ASSERT_EQ(0, end_serve_with(&self->server, self->name, 1 << 20, KIPC_CHANNEL_NOTICES));
	ASSERT_EQ(0, end_connect(&self->client, self->name, 64 << 10));
}

FIXTURE_TEARDOWN(netlink_dump)
{
	end_close(&self->client);
	end_close(&self->server);
	close(self->nl.fd);
}

static uint32_t channel_id(struct nl *nl, const char *name)
{
	struct told told;

	return get_channel(nl, name, &told) ? 0 : u32_of(&told, KIPC_A_CHANNEL_ID);
}

/* Listing */

struct listing {
	uint32_t last;
	bool ordered;
	int n;
	uint32_t id[4096];
};

static int list_ids(const struct told *told, void *arg, int type)
{
	struct listing *list = arg;
	uint32_t id = u32_of(told, type);

	list->ordered = list->ordered && id > list->last;
	list->last = id;
	if (list->n < 4096)
		list->id[list->n] = id;
	list->n++;
	return 0;
}

static int list_queue(const struct told *told, void *arg)
{
	return list_ids(told, arg, KIPC_A_QUEUE_ID);
}

static int list_endpoint(const struct told *told, void *arg)
{
	return list_ids(told, arg, KIPC_A_ENDPOINT_ID);
}

static int list_channel(const struct told *told, void *arg)
{
	return list_ids(told, arg, KIPC_A_CHANNEL_ID);
}

static int list_all(struct nl *nl, uint8_t cmd, told_fn *each, struct listing *list)
{
	struct ask ask = ask_of(nl, cmd);

	*list = (struct listing){ .ordered = true };
	return nl_dump(nl, &ask, each, list);
}

/* How often a listing has an id */
static int times_in(const struct listing *list, uint32_t id)
{
	int i, n = 0;

	for (i = 0; i < list->n; i++)
		n += list->id[i] == id;
	return n;
}

TEST_F(netlink_dump, nothing_else_is_listed)
{
	struct listing list;

	EXPECT_EQ(0, list_all(&self->nl, KIPC_CMD_QUEUE_GET, list_queue, &list));
	EXPECT_EQ(0, list.n);
	EXPECT_EQ(0, list_all(&self->nl, KIPC_CMD_CHANNEL_GET, list_channel, &list));
	EXPECT_EQ(1, list.n);
	EXPECT_EQ(0, list_all(&self->nl, KIPC_CMD_ENDPOINT_GET, list_endpoint, &list));
	EXPECT_EQ(2, list.n);
	EXPECT_TRUE(list.ordered);
}

/* A tool that is given a number must know what it means. */
TEST_F(netlink_dump, nothing_has_the_id_of_something_else)
{
	struct listing queues, endpoints;
	char name[KIPC_NAME_SIZE];
	int i, fds[5];

	for (i = 0; i < 5; i++) {
		snprintf(name, sizeof(name), "%.200s-%d", self->name, i);
		fds[i] = queue_open(name, KIPC_QUEUE_CREATE | QUEUE_BOTH);
		ASSERT_LE(0, fds[i]);
	}
	ASSERT_EQ(0, list_all(&self->nl, KIPC_CMD_QUEUE_GET, list_queue, &queues));
	ASSERT_EQ(0, list_all(&self->nl, KIPC_CMD_ENDPOINT_GET, list_endpoint, &endpoints));
	ASSERT_EQ(5, queues.n);
	ASSERT_EQ(7, endpoints.n);
	for (i = 0; i < 5; i++) {
		EXPECT_EQ(0, times_in(&endpoints, queues.id[i]));
		EXPECT_EQ(-ENOENT, get_endpoint(&self->nl, queues.id[i], &self->told));
		snprintf(name, sizeof(name), "%.200s-%d", self->name, i);
		EXPECT_EQ(0, queue_unlink(name));
		close(fds[i]);
	}
}

TEST_F(netlink_dump, endpoint_without_a_role_is_listed)
{
	int fd = endpoint_open();
	struct listing list;

	ASSERT_EQ(0, list_all(&self->nl, KIPC_CMD_ENDPOINT_GET, list_endpoint, &list));
	ASSERT_EQ(3, list.n);
	ASSERT_EQ(0, get_endpoint(&self->nl, list.last, &self->told));
	EXPECT_EQ(KIPC_ROLE_NONE, u32_of(&self->told, KIPC_A_ENDPOINT_ROLE));
	EXPECT_EQ(getpid(), u32_of(&self->told, KIPC_A_ENDPOINT_PID));
	EXPECT_FALSE(has(&self->told, KIPC_A_ENDPOINT_NAME));
	EXPECT_FALSE(has(&self->told, KIPC_A_ENDPOINT_OBJECT));
	close(fd);
}

/* Queues and endpoints that come and go while others are listed */

static bool churn_on;

static void *churn(void *arg)
{
	char name[KIPC_NAME_SIZE];

	while (__atomic_load_n(&churn_on, __ATOMIC_RELAXED)) {
		int fd = queue_open(fresh_name(name), KIPC_QUEUE_CREATE | QUEUE_BOTH);

		queue_unlink(name);
		close(fd);
	}
	return NULL;
}

#define STAYING		400

TEST_F(netlink_dump, each_that_stays_is_listed_once_while_others_come_and_go)
{
	struct listing *list = calloc(1, sizeof(*list));
	char names[STAYING][KIPC_NAME_SIZE];
	uint32_t id[STAYING];
	int fd[STAYING], i, round, wrong = 0;
	pthread_t thread;

	churn_on = true;
	ASSERT_EQ(0, pthread_create(&thread, NULL, churn, NULL));
	for (i = 0; i < STAYING; i++) {
		fd[i] = queue_open(fresh_name(names[i]), KIPC_QUEUE_CREATE | QUEUE_BOTH);
		ASSERT_EQ(0, get_queue(&self->nl, names[i], &self->told));
		id[i] = u32_of(&self->told, KIPC_A_QUEUE_ID);
	}
	for (round = 0; round < 20; round++) {
		ASSERT_EQ(0, list_all(&self->nl, KIPC_CMD_QUEUE_GET, list_queue, list));
		EXPECT_TRUE(list->ordered);
		EXPECT_GT(4096, list->n);
		for (i = 0; i < STAYING; i++)
			wrong += times_in(list, id[i]) != 1;
		ASSERT_EQ(0, list_all(&self->nl, KIPC_CMD_ENDPOINT_GET, list_endpoint, list));
		EXPECT_TRUE(list->ordered);
		EXPECT_LE(STAYING + 2, list->n);
	}
	EXPECT_EQ(0, wrong);
	__atomic_store_n(&churn_on, false, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	for (i = 0; i < STAYING; i++) {
		queue_unlink(names[i]);
		close(fd[i]);
	}
	ASSERT_EQ(0, list_all(&self->nl, KIPC_CMD_QUEUE_GET, list_queue, list));
	EXPECT_EQ(0, list->n);
	free(list);
}

/* Filters */

static int count_dump(struct nl *nl, uint32_t object, int64_t role)
{
	struct ask ask = ask_of(nl, KIPC_CMD_ENDPOINT_GET);
	struct listing list = { .ordered = true };
	int err;

	if (object)
		put_u32(&ask, KIPC_A_ENDPOINT_OBJECT, object);
	if (role >= 0)
		put_u32(&ask, KIPC_A_ENDPOINT_ROLE, role);
	err = nl_dump(nl, &ask, list_endpoint, &list);
	return err ?: list.n;
}

TEST_F(netlink_dump, endpoints_of_an_object_and_a_role)
{
	uint32_t channel = channel_id(&self->nl, self->name), queue;
	int fd[3] = {
		queue_open(self->name, KIPC_QUEUE_CREATE | QUEUE_BOTH),
		queue_open(self->name, KIPC_QUEUE_RECV),
		endpoint_open(),
	};
	struct end more;

	ASSERT_EQ(0, end_connect(&more, self->name, 0));
	ASSERT_EQ(0, get_queue(&self->nl, self->name, &self->told));
	queue = u32_of(&self->told, KIPC_A_QUEUE_ID);
	EXPECT_EQ(6, count_dump(&self->nl, 0, -1));
	EXPECT_EQ(3, count_dump(&self->nl, channel, -1));
	EXPECT_EQ(1, count_dump(&self->nl, channel, KIPC_ROLE_SERVER));
	EXPECT_EQ(2, count_dump(&self->nl, channel, KIPC_ROLE_CLIENT));
	EXPECT_EQ(0, count_dump(&self->nl, channel, KIPC_ROLE_QUEUE));
	EXPECT_EQ(0, count_dump(&self->nl, 0x7ffffff0, -1));
	/* A queue and an endpoint may have the same id; the role tells which is meant. */
	EXPECT_EQ(2, count_dump(&self->nl, queue, KIPC_ROLE_QUEUE));
	end_close(&more);
	EXPECT_EQ(0, queue_unlink(self->name));
	close_all(fd, 3);
}

/* Whose they are: pids and users as the asker's namespaces show them */

/* A channel with a client in a child of its own */
static int connect_and_wait(const char *name, int ready)
{
	struct end client;

	if (end_connect(&client, name, 0) || write(ready, "r", 1) != 1)
		return 1;
	for (;;)
		pause();
}

struct lister {
	uint32_t pid[8];
	uint32_t uid[8];
	int n;
};

static int list_owner(const struct told *told, void *arg)
{
	struct lister *list = arg;

	if (list->n < 8) {
		list->pid[list->n] = u32_of(told, KIPC_A_ENDPOINT_PID);
		list->uid[list->n] = u32_of(told, KIPC_A_ENDPOINT_UID);
	}
	list->n++;
	return 0;
}

static int list_clients(struct nl *nl, const char *name, struct lister *list)
{
	struct ask ask = ask_of(nl, KIPC_CMD_ENDPOINT_GET);

	*list = (struct lister){ };
	put_u32(&ask, KIPC_A_ENDPOINT_OBJECT, channel_id(nl, name));
	put_u32(&ask, KIPC_A_ENDPOINT_ROLE, KIPC_ROLE_CLIENT);
	return nl_dump(nl, &ask, list_owner, list);
}

TEST_F(netlink_dump, endpoint_pid_and_uid_are_who_opened_it)
{
	struct lister list;
	int ready[2];
	pid_t child;
	char c;

	ASSERT_EQ(0, pipe(ready));
	child = spawn();
	if (!child)
		_exit(become(USER) ? 1 : connect_and_wait(self->name, ready[1]));
	ASSERT_EQ(1, read(ready[0], &c, 1));
	ASSERT_EQ(0, list_clients(&self->nl, self->name, &list));
	ASSERT_EQ(2, list.n);
	EXPECT_EQ(getpid(), list.pid[0]);
	EXPECT_EQ(0, list.uid[0]);
	EXPECT_EQ(child, list.pid[1]);
	EXPECT_EQ(USER, list.uid[1]);
	kill_and_reap(child);
}

/* One that was passed on is still who opened it, and 0 when that is gone */
TEST_F(netlink_dump, endpoint_pid_of_a_process_that_is_gone_is_0)
{
	struct lister list;
	pid_t child;
	int looked[2];
	char c;

	ASSERT_EQ(0, pipe(looked));
	child = spawn();
	if (!child) {
		uint64_t pool = 0, number;
		int fd = endpoint_open();

		close(looked[1]);
		if (channel_connect(fd, self->name, &pool, &number))
			_exit(1);
		if (fork())
			_exit(0);
		/* The heir keeps it until its grandparent has looked, or is gone */
		_exit(read(looked[0], &c, 1));
	}
	EXPECT_EQ(0, reap(child));
	ASSERT_EQ(0, list_clients(&self->nl, self->name, &list));
	EXPECT_EQ(2, list.n);
	EXPECT_EQ(0, list.pid[1]);
	close(looked[1]);
}

TEST_F(netlink_dump, endpoint_pid_is_as_the_asker_sees_it)
{
	pid_t child;

	ASSERT_EQ(0, unshare(CLONE_NEWPID));
	child = fork();
	if (!child) {
		struct lister list;
		struct end mine;
		struct nl nl;

		/* The one outside is not seen, and here everybody begins with 1 */
		if (end_connect(&mine, self->name, 0) || nl_open(&nl) ||
		    list_clients(&nl, self->name, &list))
			_exit(1);
		_exit(list.n == 2 && list.pid[0] == 0 && list.pid[1] == 1 ? 0 : 2);
	}
	EXPECT_EQ(0, reap(child));
}

TEST_F(netlink_dump, endpoint_uid_is_as_the_socket_sees_it)
{
	pid_t child = spawn();

	if (!child) {
		struct lister list;
		struct nl nl;

		/* Nobody has a number here, so everybody is the overflow user */
		if (unshare(CLONE_NEWUSER) || nl_open(&nl) ||
		    list_clients(&nl, self->name, &list))
			_exit(1);
		if (list.n != 1 || list.uid[0] != 65534)
			_exit(2);
		/* A socket from outside sees as outside, whoever asks */
		if (list_clients(&self->nl, self->name, &list))
			_exit(3);
		_exit(list.uid[0] ? 4 : 0);
	}
	EXPECT_EQ(0, reap(child));
}

TEST_HARNESS_MAIN
