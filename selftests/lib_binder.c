// SPDX-License-Identifier: GPL-2.0
/*
 * binder: against the stock driver.  The server is always another process, as the driver
 * lets nobody call himself; it becomes the context manager of a device that nothing else
 * here uses.
 */
#include <poll.h>
#include <sys/mman.h>

#include "lib_test.h"

#define DEVICE "binder:vndbinder"

/* What the server's process does with its handle; returns its exit status. */
typedef int server_fn(struct kipc *server);

FIXTURE(binder)
{
	struct kipc *client;
	pid_t server;
	int stop;		/* closed: the server may end */
	int descriptors;
};

FIXTURE_SETUP(binder)
{
	struct kipc *probe;
	int err = kipc_listen(&probe, DEVICE, NULL);

	if (err == -ENODEV || (err == -EACCES && geteuid()))
		SKIP(return, "no Binder device");
	ASSERT_EQ(0, err);
	kipc_close(probe);
	self->stop = -1;
	self->descriptors = open_descriptors();
}

static void stop_server(struct _test_data_binder *self)
{
	if (self->stop >= 0)
		close(self->stop);
	self->stop = -1;
}

FIXTURE_TEARDOWN(binder)
{
	kipc_close(self->client);
	stop_server(self);
	if (self->server > 0) {
		kill(self->server, SIGKILL);
		waitpid(self->server, NULL, 0);
	}
	if (self->descriptors)
		EXPECT_EQ(self->descriptors, open_descriptors());
}

/* Start a server and connect to it.  It stays until it is told to go. */
static int start(struct _test_data_binder *self, const char *address, server_fn *serve)
{
	int ready[2], stop[2];
	struct kipc *server;
	char byte;
	int err;

	if (pipe2(ready, O_CLOEXEC) || pipe2(stop, O_CLOEXEC))
		return -errno;
	self->server = fork();
	if (!self->server) {
		close(ready[0]);
		close(stop[1]);
		err = kipc_listen(&server, address, NULL);
		if (err)
			_exit(-err);
		if (write(ready[1], "r", 1) != 1)
			_exit(98);
		err = serve(server);
		if (read(stop[0], &byte, 1))
			_exit(99);
		_exit(err);
	}
	close(ready[1]);
	close(stop[0]);
	self->stop = stop[1];
	err = read(ready[0], &byte, 1) == 1 ? 0 : -EIO;
	close(ready[0]);
	return err ? err : kipc_connect(&self->client, DEVICE, NULL);
}

/* Its exit status, once it has been told to go. */
static int finish(struct _test_data_binder *self)
{
	int status;

	stop_server(self);
	status = exit_status(self->server);
	self->server = 0;
	return status;
}

static int serve_echo(struct kipc *server)
{
	struct kipc_msg msg;
	ssize_t n = kipc_recv(server, &msg, LONG);

	while (n >= 0 && !(n == 4 && !memcmp(msg.data, "stop", 4)))
		n = kipc_reply_recv(server, &msg, msg.data, msg.len, LONG);
	return n < 0 ? 1 : kipc_reply(server, &msg, "ok", 2) ? 2 : 0;
}

static void stop_echo(struct __test_metadata *_metadata, struct _test_data_binder *self)
{
	struct kipc_msg reply;

	EXPECT_EQ(2, kipc_call(self->client, "stop", 4, &reply, LONG));
	kipc_release(&reply);
	EXPECT_EQ(0, finish(self));
}

TEST_F(binder, call_and_reply)
{
	struct kipc_msg reply;

	ASSERT_EQ(0, start(self, DEVICE, serve_echo));
	ASSERT_EQ(5, kipc_call(self->client, "hello", 5, &reply, LONG));
	EXPECT_EQ(KIPC_MSG_REPLY, reply.kind);
	EXPECT_EQ(KIPC_CALL_REPLIED, reply.outcome);
	EXPECT_EQ(0, memcmp(reply.data, "hello", 5));
	kipc_release(&reply);
	EXPECT_EQ(0, kipc_call(self->client, NULL, 0, &reply, KIPC_FOREVER));
	kipc_release(&reply);
	stop_echo(_metadata, self);
}

TEST_F(binder, calls_of_all_sizes_come_back_unchanged)
{
	static char data[300000];
	struct kipc_msg reply;
	unsigned int i;

	ASSERT_EQ(0, start(self, DEVICE, serve_echo));
	for (i = 0; i < 500; i++) {
		size_t len = i * 7919 % (sizeof(data) + 1);

		fill(data, len, i);
		ASSERT_EQ(len, kipc_call(self->client, data, len, &reply,
					 i & 1 ? LONG : KIPC_FOREVER));
		ASSERT_TRUE(filled(reply.data, len, i));
		kipc_release(&reply);
	}
	stop_echo(_metadata, self);
}

TEST_F(binder, largest_call_goes_and_a_larger_one_is_emsgsize)
{
	struct kipc_info info = KIPC_INFO_INIT;
	struct kipc_msg reply;
	char *data;

	ASSERT_EQ(0, start(self, DEVICE, serve_echo));
	ASSERT_EQ(0, kipc_info(self->client, &info));
	EXPECT_EQ(4 << 20, info.max_size);
	data = malloc(info.max_size + 1);
	ASSERT_NE(NULL, data);
	fill(data, info.max_size, 1);
	ASSERT_EQ(info.max_size, kipc_call(self->client, data, info.max_size, &reply, LONG));
	EXPECT_TRUE(filled(reply.data, info.max_size, 1));
	kipc_release(&reply);
	EXPECT_EQ(-EMSGSIZE, kipc_call(self->client, data, info.max_size + 1, &reply, LONG));
	EXPECT_EQ(KIPC_CALL_UNSEEN, reply.outcome);
	EXPECT_EQ(-EMSGSIZE, kipc_send(self->client, data, info.max_size / 2, LONG));
	free(data);
	stop_echo(_metadata, self);
}

TEST_F(binder, replies_may_be_held_while_calling)
{
	struct kipc_msg replies[20];
	char i;

	ASSERT_EQ(0, start(self, DEVICE, serve_echo));
	for (i = 0; i < 20; i++)
		ASSERT_EQ(1, kipc_call(self->client, &i, 1, &replies[(int)i], LONG));
	for (i = 0; i < 20; i++) {
		EXPECT_EQ(i, *(const char *)replies[(int)i].data);
		kipc_release(&replies[(int)i]);
		kipc_release(&replies[(int)i]);
	}
	stop_echo(_metadata, self);
}

static int serve_identity(struct kipc *server)
{
	struct kipc_send_options options = KIPC_SEND_OPTIONS_INIT;
	struct kipc_msg msg;

	if (kipc_recv(server, &msg, LONG) != 1 || msg.kind != KIPC_MSG_CALL ||
	    msg.type != 4711 || msg.known != (KIPC_KNOWN_TYPE | KIPC_KNOWN_PEER) ||
	    msg.pid != getppid() || msg.uid != geteuid())
		return 1;
	options.type = 0xffffffff;
	return kipc_reply_opts(server, &msg, "x", 1, &options) ? 2 : 0;
}

TEST_F(binder, type_is_the_code_and_the_driver_tells_who_calls)
{
	struct kipc_send_options options = KIPC_SEND_OPTIONS_INIT;
	struct kipc_msg reply;

	ASSERT_EQ(0, start(self, DEVICE, serve_identity));
	options.type = 1ULL << 32;
	EXPECT_EQ(-EINVAL, kipc_call_opts(self->client, "x", 1, &options, &reply, LONG));
	options.type = 4711;
	ASSERT_EQ(1, kipc_call_opts(self->client, "x", 1, &options, &reply, LONG));
	EXPECT_EQ(0xffffffff, reply.type);
	kipc_release(&reply);
	EXPECT_EQ(0, finish(self));
}

static int serve_thousand(struct kipc *server)
{
	struct kipc_msg msg;
	uint32_t i;

	for (i = 0; i < 1000; i++) {
		if (kipc_recv(server, &msg, i & 1 ? LONG : KIPC_FOREVER) != sizeof(i) ||
		    msg.kind != KIPC_MSG_SEND || memcmp(msg.data, &i, sizeof(i)) ||
		    msg.uid != geteuid())
			return 1;
		if (kipc_reply(server, &msg, "x", 1) != -EINVAL)
			return 2;
		kipc_release(&msg);
	}
	return kipc_recv(server, &msg, KIPC_NOW) == -EAGAIN ? 0 : 3;
}

TEST_F(binder, one_way_messages_come_in_order)
{
	uint32_t i;

	ASSERT_EQ(0, start(self, DEVICE, serve_thousand));
	for (i = 0; i < 1000; i++)
		ASSERT_EQ(0, kipc_send(self->client, &i, sizeof(i),
				       i & 1 ? LONG : KIPC_FOREVER));
	EXPECT_EQ(0, finish(self));
}

static int serve_late(struct kipc *server)
{
	static char data[100000];
	struct kipc_msg msg;
	int n = 0;

	nap(4 * SOON);
	fill(data, sizeof(data), 5);
	while (kipc_recv(server, &msg, LONG) == sizeof(data)) {
		if (memcmp(msg.data, data, sizeof(data)))
			return 250;
		kipc_release(&msg);
		n++;
	}
	/* The last one was shorter. */
	kipc_release(&msg);
	return n;
}

TEST_F(binder, one_way_into_a_full_pool_eagain_etimedout_or_waits)
{
	static char data[100000];
	int err = 0, n = 0;

	ASSERT_EQ(0, start(self, DEVICE, serve_late));
	fill(data, sizeof(data), 5);
	while (!err && n < 100) {
		err = kipc_send(self->client, data, sizeof(data), KIPC_NOW);
		n += !err;
	}
	EXPECT_EQ(-EAGAIN, err);
	EXPECT_LT(10, n);
	EXPECT_EQ(-ETIMEDOUT, kipc_send(self->client, data, sizeof(data), KIPC_MS(5)));
	/* It goes when the server has made room, and nothing of the others is lost. */
	EXPECT_EQ(0, kipc_send(self->client, data, sizeof(data), KIPC_FOREVER));
	EXPECT_EQ(0, kipc_send(self->client, "end", 3, LONG));
	EXPECT_EQ(n + 1, finish(self));
}

TEST_F(binder, nobody_there_enoent)
{
	int err, tries = 0;

	/* The driver may take a moment to forget our own of before. */
	do {
		nap(KIPC_MS(5));
		err = kipc_connect(&self->client, DEVICE, NULL);
	} while (err == -EOPNOTSUPP && ++tries < 1000);
	EXPECT_EQ(-ENOENT, err);
	EXPECT_EQ(NULL, self->client);
}

TEST_F(binder, no_such_device_enodev_says_what_to_load)
{
	char why[256];
	int err = kipc_connect(&self->client, "binder:kipc-test-none", NULL);

	EXPECT_EQ(-ENODEV, err);
	EXPECT_NE(NULL, strstr(kipc_explain("binder:x", err, why, sizeof(why)),
			       "binder_linux"));
	EXPECT_EQ(-ENODEV, kipc_listen(&self->client, "binder:/dev/null", NULL));
	EXPECT_EQ(-EINVAL, kipc_listen(&self->client, "binder:a/b", NULL));
	EXPECT_EQ(-EINVAL, kipc_listen(&self->client, "binder:", NULL));
	EXPECT_EQ(-EINVAL, kipc_listen(&self->client, DEVICE "?pool=5M", NULL));
	EXPECT_EQ(-EOPNOTSUPP, kipc_unlink(DEVICE));
}

static int serve_nothing(struct kipc *server)
{
	return server ? 0 : 1;
}

TEST_F(binder, second_context_manager_eaddrinuse)
{
	struct kipc *second;

	ASSERT_EQ(0, start(self, DEVICE, serve_nothing));
	EXPECT_EQ(-EADDRINUSE, kipc_listen(&second, DEVICE, NULL));
	EXPECT_EQ(NULL, second);
	EXPECT_EQ(0, finish(self));
}

TEST_F(binder, other_users_are_kept_out_by_the_device)
{
	pid_t child;

	if (geteuid())
		SKIP(return, "needs root");
	ASSERT_EQ(0, start(self, DEVICE, serve_nothing));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		struct kipc *mine;

		if (setgid(65534) || setuid(65534))
			_exit(99);
		_exit(-kipc_connect(&mine, DEVICE, NULL));
	}
	EXPECT_EQ(EACCES, exit_status(child));
	EXPECT_EQ(0, finish(self));
}

TEST_F(binder, calling_oneself_eopnotsupp)
{
	struct kipc *server;

	ASSERT_EQ(0, kipc_listen(&server, DEVICE, NULL));
	EXPECT_EQ(-EOPNOTSUPP, kipc_connect(&self->client, DEVICE, NULL));
	kipc_close(server);
}

TEST_F(binder, ends_go_one_way_each)
{
	struct kipc_msg msg;

	ASSERT_EQ(0, start(self, DEVICE, serve_nothing));
	EXPECT_EQ(-EOPNOTSUPP, kipc_recv(self->client, &msg, KIPC_NOW));
	EXPECT_EQ(0, finish(self));
}

static int serve_die(struct kipc *server)
{
	struct kipc_msg msg;

	if (kipc_recv(server, &msg, LONG) == 1)
		raise(SIGKILL);
	return 1;
}

TEST_F(binder, server_that_dies_with_the_call_econnreset)
{
	struct kipc_msg reply;

	ASSERT_EQ(0, start(self, DEVICE, serve_die));
	EXPECT_EQ(-ECONNRESET, kipc_call(self->client, "x", 1, &reply, KIPC_FOREVER));
	EXPECT_EQ(KIPC_CALL_SEEN, reply.outcome);
	EXPECT_EQ(128 + SIGKILL, finish(self));
	/* And then there is nobody. */
	EXPECT_EQ(-EPIPE, kipc_call(self->client, "x", 1, &reply, LONG));
	EXPECT_EQ(KIPC_CALL_UNSEEN, reply.outcome);
	EXPECT_EQ(-EPIPE, kipc_send(self->client, "x", 1, LONG));
}

static int serve_refusals(struct kipc *server)
{
	struct kipc_msg msg;
	char buf[4];

	if (kipc_recv(server, &msg, LONG) != 1)
		return 1;
	kipc_release(&msg);
	if (kipc_recv_into(server, buf, sizeof(buf), LONG) != 2)
		return 2;
	return serve_echo(server);
}

TEST_F(binder, released_without_an_answer_econnreset)
{
	struct kipc_msg reply;

	ASSERT_EQ(0, start(self, DEVICE, serve_refusals));
	EXPECT_EQ(-ECONNRESET, kipc_call(self->client, "x", 1, &reply, LONG));
	EXPECT_EQ(KIPC_CALL_SEEN, reply.outcome);
	EXPECT_EQ(-ECONNRESET, kipc_call(self->client, "xy", 2, &reply, KIPC_FOREVER));
	stop_echo(_metadata, self);
}

static int serve_slowly(struct kipc *server)
{
	struct kipc_msg msg;

	if (kipc_recv(server, &msg, LONG) != 5)
		return 1;
	nap(2 * SOON);
	/* Nobody waits; the driver may or may not say so. */
	if (kipc_reply(server, &msg, "stale", 5) > 0)
		return 2;
	return serve_echo(server);
}

TEST_F(binder, call_out_of_time_etimedout_and_the_late_reply_is_nobodys)
{
	int64_t begin = now_ns();
	struct kipc_msg reply;

	ASSERT_EQ(0, start(self, DEVICE, serve_slowly));
	EXPECT_EQ(-ETIMEDOUT, kipc_call(self->client, "first", 5, &reply, SOON));
	EXPECT_LE(SOON, now_ns() - begin);
	EXPECT_EQ(KIPC_CALL_SEEN, reply.outcome);
	EXPECT_EQ(-EAGAIN, kipc_call(self->client, "x", 1, &reply, KIPC_NOW));
	ASSERT_EQ(6, kipc_call(self->client, "second", 6, &reply, LONG));
	EXPECT_EQ(0, memcmp(reply.data, "second", 6));
	kipc_release(&reply);
	stop_echo(_metadata, self);
}

TEST_F(binder, call_interrupted_eintr)
{
	struct kipc_msg reply;

	ASSERT_EQ(0, start(self, DEVICE, serve_nothing));
	alarm_start();
	EXPECT_EQ(-EINTR, kipc_call(self->client, "x", 1, &reply, KIPC_FOREVER));
	EXPECT_EQ(-EINTR, kipc_call(self->client, "x", 1, &reply, LONG));
	alarm_stop();
	EXPECT_EQ(0, finish(self));
}

static int serve_times(struct kipc *server)
{
	int fd = kipc_fd(server);
	struct kipc_msg msg;

	if (fd < 0 || fcntl(fd, F_GETFD) != FD_CLOEXEC)
		return 1;
	if (kipc_recv(server, &msg, KIPC_NOW) != -EAGAIN ||
	    kipc_recv(server, &msg, KIPC_MS(5)) != -ETIMEDOUT)
		return 2;
	alarm_start();
	if (kipc_recv(server, &msg, KIPC_FOREVER) != -EINTR ||
	    kipc_recv(server, &msg, LONG) != -EINTR)
		return 3;
	alarm_stop();
	return 0;
}

TEST_F(binder, server_keeps_its_times)
{
	ASSERT_EQ(0, start(self, DEVICE, serve_times));
	EXPECT_EQ(0, finish(self));
}

static bool polled(struct kipc *server, struct kipc_msg *msg, char letter)
{
	struct pollfd pollfd = { .fd = kipc_fd(server), .events = POLLIN };
	ssize_t n = -EAGAIN;

	while (n == -EAGAIN && poll(&pollfd, 1, 20000) == 1)
		n = kipc_recv(server, msg, KIPC_NOW);
	return n == 1 && *(const char *)msg->data == letter;
}

/*
 * Of two one-way messages the second comes when the first is released, and calls overtake
 * what waits so.
 */
static int serve_polled(struct kipc *server)
{
	struct pollfd pollfd = { .fd = kipc_fd(server), .events = POLLIN };
	struct kipc_msg first, second, call;

	if (kipc_send(server, "x", 1, KIPC_NOW) != -EOPNOTSUPP)
		return 1;
	if (!polled(server, &call, 's') || kipc_reply(server, &call, "s", 1))
		return 2;
	if (!polled(server, &first, 'x') || !polled(server, &call, 'c'))
		return 2;
	if (kipc_reply(server, &call, "z", 1) || poll(&pollfd, 1, 0))
		return 3;
	kipc_release(&first);
	if (!polled(server, &second, 'y'))
		return 4;
	kipc_release(&second);
	return poll(&pollfd, 1, 0) ? 5 : 0;
}

TEST_F(binder, server_polls)
{
	struct kipc_msg reply;

	ASSERT_EQ(0, start(self, DEVICE, serve_polled));
	ASSERT_EQ(1, kipc_call(self->client, "s", 1, &reply, LONG));
	kipc_release(&reply);
	ASSERT_EQ(0, kipc_send(self->client, "x", 1, LONG));
	ASSERT_EQ(0, kipc_send(self->client, "y", 1, LONG));
	EXPECT_EQ(1, kipc_call(self->client, "c", 1, &reply, LONG));
	kipc_release(&reply);
	EXPECT_EQ(0, finish(self));
}

/* ---- the thread that received is the one that answers ---- */

static void *reply_for_another(void *arg)
{
	struct kipc_msg *msg = arg;

	return (void *)(intptr_t)kipc_reply(msg->handle, msg, "no", 2);
}

static void *release_for_another(void *arg)
{
	kipc_release(arg);
	return NULL;
}

static int serve_threads(struct kipc *server)
{
	struct kipc_msg msg, more;
	pthread_t thread;
	void *result;

	if (kipc_recv(server, &msg, LONG) != 1)
		return 1;
	if (kipc_recv(server, &more, KIPC_NOW) != -EDEADLK)
		return 2;
	pthread_create(&thread, NULL, reply_for_another, &msg);
	pthread_join(thread, &result);
	if ((intptr_t)result != -EOPNOTSUPP || kipc_reply(server, &msg, "yes", 3))
		return 3;
	/* Released elsewhere, refused by this thread when it receives again. */
	if (kipc_recv(server, &msg, LONG) != 2)
		return 4;
	pthread_create(&thread, NULL, release_for_another, &msg);
	pthread_join(thread, NULL);
	return serve_echo(server);
}

TEST_F(binder, call_belongs_to_the_thread_that_received_it)
{
	struct kipc_msg reply;

	ASSERT_EQ(0, start(self, DEVICE, serve_threads));
	EXPECT_EQ(3, kipc_call(self->client, "x", 1, &reply, LONG));
	kipc_release(&reply);
	EXPECT_EQ(-ECONNRESET, kipc_call(self->client, "xy", 2, &reply, LONG));
	stop_echo(_metadata, self);
}

static void *serve_until_quiet(void *arg)
{
	struct kipc_msg msg;
	ssize_t n = kipc_recv(arg, &msg, KIPC_S(1));

	while (n >= 0)
		n = kipc_reply_recv(arg, &msg, msg.data, msg.len, KIPC_S(1));
	return NULL;
}

static int serve_by_four(struct kipc *server)
{
	pthread_t threads[4];
	int i;

	for (i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, serve_until_quiet, server);
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	return 0;
}

static void *call_often(void *arg)
{
	struct kipc_msg reply;
	uint32_t i;

	for (i = 0; i < 200; i++) {
		if (kipc_call(arg, &i, sizeof(i), &reply, i & 1 ? LONG : KIPC_FOREVER) !=
		    sizeof(i) || memcmp(reply.data, &i, sizeof(i)))
			return arg;
		kipc_release(&reply);
	}
	return NULL;
}

TEST_F(binder, threads_call_and_threads_serve)
{
	pthread_t threads[4];
	void *failed;
	int i;

	ASSERT_EQ(0, start(self, DEVICE, serve_by_four));
	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, call_often, self->client));
	for (i = 0; i < 4; i++) {
		pthread_join(threads[i], &failed);
		EXPECT_EQ(NULL, failed);
	}
	EXPECT_EQ(0, finish(self));
}

TEST_F(binder, child_of_fork_can_only_close)
{
	struct kipc_msg reply;
	pid_t child;

	ASSERT_EQ(0, start(self, DEVICE, serve_echo));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		if (kipc_call(self->client, "x", 1, &reply, LONG) != -EOPNOTSUPP ||
		    kipc_send(self->client, "x", 1, LONG) != -EOPNOTSUPP ||
		    kipc_fd(self->client) != -EOPNOTSUPP)
			_exit(1);
		kipc_close(self->client);
		_exit(0);
	}
	EXPECT_EQ(0, exit_status(child));
	stop_echo(_metadata, self);
}

static int serve_small(struct kipc *server)
{
	struct kipc_info info = KIPC_INFO_INIT;

	if (kipc_info(server, &info) || info.max_size != 131072)
		return 1;
	return serve_echo(server);
}

TEST_F(binder, pool_is_as_large_as_it_was_ordered)
{
	static char data[200000];
	struct kipc_msg reply;

	ASSERT_EQ(0, start(self, DEVICE "?pool=128K", serve_small));
	EXPECT_EQ(100000, kipc_call(self->client, data, 100000, &reply, LONG));
	kipc_release(&reply);
	/* The client cannot know: there is never room. */
	EXPECT_EQ(-ETIMEDOUT, kipc_call(self->client, data, sizeof(data), &reply, SOON));
	EXPECT_EQ(KIPC_CALL_UNSEEN, reply.outcome);
	stop_echo(_metadata, self);
}

TEST_HARNESS_MAIN
