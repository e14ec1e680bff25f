// SPDX-License-Identifier: GPL-2.0
/*
 * Failures, endpoints: opening one, giving it its role, mapping its pool and closing it.  An
 * endpoint whose role could not be given has none, and can be given it, or another, then.
 */
#include <sys/epoll.h>

#include "container_test.h"
#include "fault_test.h"

/* What open() says besides: the kernel's own table was full. */
static bool open_says(int err)
{
	return faults_says(err) || err == -ENFILE || err == -EMFILE;
}

static void sweep_open(struct __test_metadata *_metadata, struct nl *nl, const char *what)
{
	struct sweep sweep;

	sweep_begin(&sweep, what);
	while (sweep_next(&sweep)) {
		struct accounts before = accounts(nl);
		int fd = FAULT(&sweep, endpoint_open());

		if (fd < 0) {
			EXPECT_TRUE(open_says(fd)) AT(&sweep);
			EXPECT_TRUE(accounts_are(nl, &before)) AT(&sweep);
			fd = endpoint_open();
		}
		EXPECT_LE(0, fd) AT(&sweep);
		EXPECT_EQ(KIPC_ROLE_NONE, endpoint_info(fd).role) AT(&sweep);
		close(fd);
		EXPECT_TRUE(accounts_are(nl, &before)) AT(&sweep);
	}
	SWEPT(&sweep);
}

TEST_F(fault, open)
{
	int others[70], i;

	sweep_open(_metadata, &self->nl, "open");
	/* The table of objects has more than one level now, or loses it each time. */
	for (i = 0; i < 70; i++)
		ASSERT_LE(0, others[i] = endpoint_open());
	sweep_open(_metadata, &self->nl, "open, among others");
	close_all(others, 70);
}

static int open_in_container(void *arg)
{
	struct __test_metadata *_metadata = arg;
	struct nl nl;

	/* Its own switches are its own again: it is not who it was (proc(5), dumpable). */
	if (enter_container(100000, 65536) || prctl(PR_SET_DUMPABLE, 1) || nl_open(&nl))
		return 1;
	/* It has accounts inside and outside.  (Who may have all memory refused is outside.) */
	sweep_open(_metadata, &nl, "open, in a container");
	close(nl.fd);
	return !_metadata->exit_code ? 0 : 2;
}

TEST_F(fault, open_in_a_container)
{
	EXPECT_EQ(0, in_child(open_in_container, _metadata));
}

/* ---- roles ---- */

TEST_F(fault, create)
{
	char name[KIPC_NAME_SIZE];
	struct sweep sweep;

	fresh_name(name);
	sweep_begin(&sweep, "create a channel");
	while (sweep_next(&sweep)) {
		int fd = endpoint_open(), err;
		struct accounts before = accounts(&self->nl);
		uint64_t pool = 0, number;

		err = FAULT(&sweep, channel_create(fd, name, 0666, &pool));
		if (err) {
			EXPECT_TRUE(faults_says(err)) AT(&sweep);
			EXPECT_TRUE(accounts_are(&self->nl, &before)) AT(&sweep);
			EXPECT_EQ(KIPC_ROLE_NONE, endpoint_info(fd).role) AT(&sweep);
			EXPECT_EQ(-ENOENT, channel_connect(fd, name, &pool, &number));
			EXPECT_EQ(0, channel_create(fd, name, 0666, &pool)) AT(&sweep);
		}
		EXPECT_EQ(KIPC_ROLE_SERVER, endpoint_info(fd).role) AT(&sweep);
		close(fd);
	}
	SWEPT(&sweep);
}

/* A server hears of those clients that are there. */
static bool comes_and_goes(int server, int client, uint64_t number)
{
	struct kipc_header msg;

	if (channel_recv_now(server, &msg) || msg.kind != KIPC_KIND_CONNECTED ||
	    msg.peer != number || channel_recv_now(server, &msg) != -EAGAIN)
		return false;
	close(client);
	return !channel_recv_now(server, &msg) && msg.kind == KIPC_KIND_GONE &&
	       msg.peer == number && channel_recv_now(server, &msg) == -EAGAIN;
}

TEST_F(fault, connect)
{
	char name[KIPC_NAME_SIZE];
	struct kipc_header msg;
	struct sweep sweep;
	struct end server;

	sweep_begin(&sweep, "connect");
	while (sweep_next(&sweep)) {
		struct kipc_channel_create create = {
			.size = sizeof(create),
			.flags = KIPC_CHANNEL_NOTICES,
		};
		int fd = endpoint_open(), err;
		uint64_t pool = 0, number = 77;
		struct accounts before;

		server.fd = endpoint_open();
		put_name(create.name, fresh_name(name));
		EXPECT_EQ(0, request(server.fd, KIPC_IOC_CHANNEL_CREATE, &create));
		before = accounts(&self->nl);
		err = FAULT(&sweep, channel_connect(fd, name, &pool, &number));
		if (err) {
			EXPECT_TRUE(faults_says(err)) AT(&sweep);
			EXPECT_TRUE(accounts_are(&self->nl, &before)) AT(&sweep);
			EXPECT_EQ(0, endpoint_info(server.fd).peers) AT(&sweep);
			EXPECT_EQ(-EAGAIN, channel_recv_now(server.fd, &msg)) AT(&sweep);
			EXPECT_EQ(KIPC_ROLE_NONE, endpoint_info(fd).role) AT(&sweep);
			EXPECT_EQ(0, channel_connect(fd, name, &pool, &number)) AT(&sweep);
		}
		EXPECT_EQ(number, endpoint_info(fd).client) AT(&sweep);
		EXPECT_EQ(1, endpoint_info(server.fd).peers) AT(&sweep);
		EXPECT_TRUE(comes_and_goes(server.fd, fd, number)) AT(&sweep);
		close(server.fd);
	}
	SWEPT(&sweep);
}

/* Open a queue in whichever way; afterwards there is what there was, or it is open. */
static void sweep_queue_open(struct __test_metadata *_metadata, struct nl *nl, const char *what,
			     struct kipc_queue_open arg, bool named)
{
	struct sweep sweep;

	sweep_begin(&sweep, what);
	while (sweep_next(&sweep)) {
		struct kipc_queue_open again = arg;
		int fd = endpoint_open(), err;
		struct accounts before = accounts(nl);

		err = FAULT(&sweep, request(fd, KIPC_IOC_QUEUE_OPEN, &again));
		if (err) {
			EXPECT_TRUE(faults_says(err)) AT(&sweep);
			EXPECT_TRUE(accounts_are(nl, &before)) AT(&sweep);
			EXPECT_EQ(KIPC_ROLE_NONE, endpoint_info(fd).role) AT(&sweep);
			again = arg;
			EXPECT_EQ(0, request(fd, KIPC_IOC_QUEUE_OPEN, &again)) AT(&sweep);
		}
		EXPECT_EQ(KIPC_ROLE_QUEUE, endpoint_info(fd).role) AT(&sweep);
		EXPECT_EQ(again.number, stat_of(fd).number) AT(&sweep);
		EXPECT_EQ(named, !!again.number) AT(&sweep);
		EXPECT_EQ(again.max_msgs, stat_of(fd).max_msgs) AT(&sweep);
		EXPECT_EQ(0, put(fd, 5, 0, 0)) AT(&sweep);
		EXPECT_EQ(5, take_any(fd)) AT(&sweep);
		if (arg.flags & KIPC_QUEUE_CREATE && named)
			EXPECT_EQ(0, queue_unlink(arg.name)) AT(&sweep);
		close(fd);
	}
	SWEPT(&sweep);
}

TEST_F(fault, queue_open)
{
	char name[KIPC_NAME_SIZE];
	struct kipc_queue_open arg;
	int fd;

	arg = queue_args(fresh_name(name), KIPC_QUEUE_CREATE | KIPC_QUEUE_EXCL | QUEUE_BOTH);
	sweep_queue_open(_metadata, &self->nl, "create a queue", arg, true);
	fd = queue_open(name, KIPC_QUEUE_CREATE | QUEUE_BOTH);
	sweep_queue_open(_metadata, &self->nl, "open a queue", queue_args(name, QUEUE_BOTH), true);
	arg = queue_args("", KIPC_QUEUE_SAME | QUEUE_BOTH);
	arg.handle = fd;
	sweep_queue_open(_metadata, &self->nl, "open the same queue", arg, true);
	arg = queue_args("", KIPC_QUEUE_CREATE | KIPC_QUEUE_ANONYMOUS | QUEUE_BOTH);
	sweep_queue_open(_metadata, &self->nl, "create a nameless queue", arg, false);
	EXPECT_EQ(0, queue_unlink(name));
	close(fd);
}

TEST_F(fault, unlink)
{
	char name[KIPC_NAME_SIZE];
	struct sweep sweep;
	int fd, err;

	sweep_begin(&sweep, "remove a queue");
	while (sweep_next(&sweep)) {
		fd = queue_open(fresh_name(name), KIPC_QUEUE_CREATE | QUEUE_BOTH);
		EXPECT_EQ(0, put_several(fd, 1, 3));
		err = FAULT(&sweep, queue_remove(fd, name));
		if (err) {
			EXPECT_EQ(-EFAULT, err) AT(&sweep);
			EXPECT_EQ(3, stat_of(fd).msgs) AT(&sweep);
			EXPECT_EQ(0, queue_remove(fd, name)) AT(&sweep);
		}
		EXPECT_EQ(-EIDRM, put(fd, 1, 0, 0)) AT(&sweep);
		close(fd);
	}
	SWEPT(&sweep);
}

/* ---- looking, tuning, polling ---- */

TEST_F(fault, info_and_tune)
{
	struct kipc_endpoint_tune tune = { .size = sizeof(tune), .busy_poll = 1000 };
	struct kipc_endpoint_info info = { .size = sizeof(info) };
	int fd = endpoint_open(), err;
	struct sweep sweep;

	sweep_begin(&sweep, "info");
	while (sweep_next(&sweep)) {
		err = FAULT(&sweep, request(fd, KIPC_IOC_ENDPOINT_INFO, &info));
		EXPECT_TRUE(!err || err == -EFAULT) AT(&sweep);
	}
	SWEPT(&sweep);
	sweep_begin(&sweep, "tune");
	while (sweep_next(&sweep)) {
		err = FAULT(&sweep, request(fd, KIPC_IOC_ENDPOINT_TUNE, &tune));
		EXPECT_TRUE(!err || err == -EFAULT) AT(&sweep);
	}
	SWEPT(&sweep);
	close(fd);
}

static int do_epoll_add(int epoll, int fd)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT };

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

/* A client has two wait queues: being on one of them only is not being on any. */
TEST_F(fault, epoll)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC), err;
	char name[KIPC_NAME_SIZE];
	struct end server, client;
	struct epoll_event event;
	struct kipc_header msg;
	struct sweep sweep;

	ASSERT_EQ(0, end_serve(&server, fresh_name(name), 4096));
	sweep_begin(&sweep, "epoll");
	while (sweep_next(&sweep)) {
		ASSERT_EQ(0, end_connect(&client, name, 4096));
		err = FAULT(&sweep, do_epoll_add(epoll, client.fd));
		if (err) {
			EXPECT_TRUE(faults_says(err)) AT(&sweep);
			EXPECT_EQ(0, do_epoll_add(epoll, client.fd)) AT(&sweep);
		}
		EXPECT_EQ(1, epoll_wait(epoll, &event, 1, 0)) AT(&sweep);
		EXPECT_EQ(EPOLLOUT, event.events) AT(&sweep);
		EXPECT_EQ(0, channel_send(server.fd, client.number, "x", 1));
		EXPECT_EQ(1, epoll_wait(epoll, &event, 1, 5000)) AT(&sweep);
		EXPECT_EQ(EPOLLIN | EPOLLOUT, event.events) AT(&sweep);
		EXPECT_EQ(0, channel_recv_now(client.fd, &msg));
		end_close(&client);
	}
	SWEPT(&sweep);
	end_close(&server);
	close(epoll);
}

/* ---- mappings ---- */

static int do_map(struct end *end)
{
	void *pool = mmap(NULL, end->size, PROT_READ, MAP_SHARED, end->fd, 0);

	end->pool = pool == MAP_FAILED ? NULL : pool;
	return end->pool ? 0 : -errno;
}

TEST_F(fault, map)
{
	char name[KIPC_NAME_SIZE];
	struct sweep sweep;

	sweep_begin(&sweep, "map");
	while (sweep_next(&sweep)) {
		struct end end = { .fd = endpoint_open(), .size = 1 << 20 };
		int err;

		EXPECT_EQ(0, channel_create(end.fd, fresh_name(name), 0666, &end.size));
		err = FAULT(&sweep, do_map(&end));
		if (err) {
			EXPECT_TRUE(faults_says(err)) AT(&sweep);
			EXPECT_EQ(0, do_map(&end)) AT(&sweep);
		}
		EXPECT_EQ(0, peek(end.pool)) AT(&sweep);
		end_close(&end);
	}
	SWEPT(&sweep);
}

/* Through a pipe, so that the fault is the kernel's, and ends. */
static int do_touch(int pipe, const void *page)
{
	return write(pipe, page, 1) < 0 ? -errno : 0;
}

/* A page that has not come can be touched again, and is there then. */
TEST_F(fault, touch)
{
	char name[KIPC_NAME_SIZE], byte;
	int pipe[2], err;
	struct sweep sweep;
	struct end end;

	ASSERT_EQ(0, pipe2(pipe, O_CLOEXEC));
	sweep_begin(&sweep, "touch");
	while (sweep_next(&sweep)) {
		ASSERT_EQ(0, end_serve(&end, fresh_name(name), 100 * CHUNK));
		err = FAULT(&sweep, do_touch(pipe[1], end.pool + 70 * CHUNK + 5 * PAGE));
		if (err) {
			EXPECT_TRUE(faults_says(err)) AT(&sweep);
			EXPECT_GE(CHUNK, endpoint_info(end.fd).memory) AT(&sweep);
			EXPECT_EQ(0, do_touch(pipe[1], end.pool + 70 * CHUNK + 5 * PAGE));
		}
		EXPECT_EQ(1, read(pipe[0], &byte, 1)) AT(&sweep);
		EXPECT_EQ(0, byte) AT(&sweep);
		EXPECT_EQ(CHUNK, endpoint_info(end.fd).memory) AT(&sweep);
		EXPECT_EQ(0, peek(end.pool + 70 * CHUNK + 7 * PAGE)) AT(&sweep);
		end_close(&end);
	}
	SWEPT(&sweep);
	close_all(pipe, 2);
}

TEST_HARNESS_MAIN
