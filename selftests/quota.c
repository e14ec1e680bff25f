// SPDX-License-Identifier: GPL-2.0
/*
 * Quota: what a user may have of endpoints, names, pool memory and queued messages.
 * The module's parameters are lowered for a test and raised again after it.
 */
#include "channel_test.h"

static const char * const parameters[] = {
	"max_endpoints", "max_names", "max_pool_bytes", "max_pool_msgs",
	"max_queue_bytes", "max_queue_msgs",
};

#define PARAMETERS	6

/* The parent tears down: it is still root, and there when a test was killed. */
FIXTURE(quota)
{
	char before[PARAMETERS][32];
	char name[KIPC_NAME_SIZE];
};

FIXTURE_SETUP(quota)
{
	int i;

	umask(0);
	fresh_name(self->name);
	for (i = 0; i < PARAMETERS; i++)
		ASSERT_EQ(0, limit_read(parameters[i], self->before[i],
					sizeof(self->before[i])));
}

FIXTURE_TEARDOWN_PARENT(quota)
{
	int i;

	for (i = 0; i < PARAMETERS; i++)
		limit_write(parameters[i], self->before[i]);
	queue_unlink(self->name);
}

/* Run as a user.  Return: what the function does, from 0 to 255. */
static int as_user(uid_t uid, int (*run)(const char *name), const char *name)
{
	pid_t child = spawn();

	if (!child)
		_exit(become(uid) ? 255 : run(name));
	return reap(child);
}

/* A process of a user's that does something and then keeps what it has. */
static pid_t spawn_hog(uid_t uid, int (*run)(const char *name))
{
	int ready[2];
	pid_t child;
	char c;

	if (pipe(ready))
		return -1;
	child = spawn();
	if (!child) {
		close(ready[0]);
		if (!become(uid)) {
			c = run(NULL);
			if (write(ready[1], &c, 1) == 1)
				for (;;)
					pause();
		}
		_exit(1);
	}
	close(ready[1]);
	if (read(ready[0], &c, 1) != 1)
		child = -1;
	close(ready[0]);
	return child;
}

/* Endpoints */

/* Return: how many can be opened, and that it ends in EDQUOT: n, or 200. */
static int open_many(const char *name)
{
	int fd, n = 0;

	while (n < 100) {
		fd = endpoint_open();
		if (fd < 0)
			return fd == -EDQUOT ? n : 200;
		n++;
	}
	return n;
}

static int open_and_close_many(const char *name)
{
	int i, n = 0;

	for (i = 0; i < 50; i++) {
		int fd = endpoint_open();

		n += fd >= 0;
		close(fd);
	}
	return n;
}

TEST_F(quota, endpoints_edquot)
{
	ASSERT_EQ(0, parameter_set("max_endpoints", 5));
	EXPECT_EQ(5, as_user(USER, open_many, NULL));
	/* Those are closed now, so there may be as many again. */
	EXPECT_EQ(5, as_user(USER, open_many, NULL));
}

TEST_F(quota, endpoints_that_are_closed_do_not_count)
{
	ASSERT_EQ(0, parameter_set("max_endpoints", 1));
	EXPECT_EQ(50, as_user(USER, open_and_close_many, NULL));
}

TEST_F(quota, endpoints_of_one_user_are_no_others)
{
	pid_t hog;

	ASSERT_EQ(0, parameter_set("max_endpoints", 3));
	hog = spawn_hog(USER, open_many);
	ASSERT_LT(0, hog);
	EXPECT_EQ(0, as_user(USER, open_many, NULL));
	EXPECT_EQ(3, as_user(OTHER, open_many, NULL));
	EXPECT_EQ(3, as_user(0, open_many, NULL));
	kill_and_reap(hog);
	EXPECT_EQ(3, as_user(USER, open_many, NULL));
}

TEST_F(quota, endpoints_many_at_a_time_do_not_exceed)
{
	pid_t children[6];
	int i, n = 0, begun[2], ended[2];
	unsigned char c;

	ASSERT_EQ(0, parameter_set("max_endpoints", 30));
	ASSERT_EQ(0, pipe(begun));
	ASSERT_EQ(0, pipe(ended));
	for (i = 0; i < 6; i++) {
		children[i] = spawn();
		if (!children[i]) {
			close(ended[1]);
			become(USER);
			c = open_many(NULL);
			/* They are held until all have had their turn. */
			if (write(begun[1], &c, 1) != 1 || read(ended[0], &c, 1))
				_exit(1);
			_exit(0);
		}
	}
	for (i = 0; i < 6; i++) {
		ASSERT_EQ(1, read(begun[0], &c, 1));
		n += c;
	}
	close(ended[1]);
	for (i = 0; i < 6; i++)
		EXPECT_EQ(0, reap(children[i]));
	close(begun[0]);
	close(begun[1]);
	close(ended[0]);
	/* One that just failed may have kept another one out. */
	EXPECT_GE(30, n);
	EXPECT_LE(25, n);
}

/* Names */

static int serve_many(const char *name)
{
	char text[KIPC_NAME_SIZE];
	uint64_t pool = KIPC_POOL_MIN;
	int err, n = 0;

	while (n < 100) {
		err = channel_create(endpoint_open(), fresh_name(text), 0600,
				     &pool);
		if (err)
			return err == -EDQUOT ? n : 200;
		n++;
	}
	return n;
}

static int queue_many(const char *name)
{
	char text[KIPC_NAME_SIZE];
	int n = 0, fd;

	while (n < 100) {
		fd = queue_open(fresh_name(text),
				KIPC_QUEUE_CREATE | QUEUE_BOTH);
		if (fd < 0)
			return fd == -EDQUOT ? n : 200;
		queue_unlink(text);
		n++;
	}
	return n;
}

TEST_F(quota, names_edquot)
{
	ASSERT_EQ(0, parameter_set("max_names", 4));
	EXPECT_EQ(4, as_user(USER, serve_many, NULL));
	EXPECT_EQ(4, as_user(USER, serve_many, NULL));
	/* A queue counts until it is gone, not until it is unlinked. */
	EXPECT_EQ(4, as_user(USER, queue_many, NULL));
	EXPECT_EQ(4, as_user(USER, queue_many, NULL));
}

static int fail_to_serve(const char *name)
{
	uint64_t pool = 0;
	int i;

	for (i = 0; i < 20; i++)
		if (channel_create(endpoint_open(), name, 0600, &pool) !=
		    -EADDRINUSE)
			return 1;
	return serve_many(NULL);
}

TEST_F(quota, names_that_were_taken_do_not_count)
{
	struct end server;

	ASSERT_EQ(0, end_serve(&server, self->name, 0));
	ASSERT_EQ(0, parameter_set("max_names", 4));
	EXPECT_EQ(4, as_user(USER, fail_to_serve, self->name));
	end_close(&server);
}

static int leave_queue(const char *name)
{
	return queue_open(name, KIPC_QUEUE_CREATE | QUEUE_BOTH) < 0;
}

TEST_F(quota, names_of_queues_count_while_nobody_has_them_open)
{
	ASSERT_EQ(0, parameter_set("max_names", 1));
	ASSERT_EQ(0, as_user(USER, leave_queue, self->name));
	EXPECT_EQ(0, as_user(USER, serve_many, NULL));
	EXPECT_EQ(1, as_user(OTHER, serve_many, NULL));
	ASSERT_EQ(0, queue_unlink(self->name));
	EXPECT_EQ(1, as_user(USER, serve_many, NULL));
}

/* Pools: what is behind them is charged to their owner when it is first used. */

static int fill_own_pool(const char *name)
{
	uint8_t *data = memory(CHUNK);
	char text[KIPC_NAME_SIZE];
	struct end server, client;
	int err, n = 0;

	if (end_serve(&server, fresh_name(text), 4 << 20) ||
	    end_connect(&client, text, 4 << 20))
		return 201;
	while (n < 100) {
		err = channel_send_now(client.fd, 0, data, CHUNK);
		if (err)
			break;
		n++;
	}
	/* What failed has taken nothing of the pool. */
	if (endpoint_info(server.fd).queued != n ||
	    endpoint_info(server.fd).pool_free != server.size - n * CHUNK)
		return 202;
	return err == -EDQUOT ? n : 200;
}

TEST_F(quota, pool_bytes_edquot)
{
	ASSERT_EQ(0, parameter_set("max_pool_bytes", 8 * CHUNK));
	EXPECT_EQ(8, as_user(USER, fill_own_pool, NULL));
	EXPECT_EQ(8, as_user(USER, fill_own_pool, NULL));
}

static int use_pool_again(const char *name)
{
	uint8_t *data = memory(CHUNK);
	char text[KIPC_NAME_SIZE];
	struct end server, client;
	struct kipc_header msg;
	int i;

	if (end_serve(&server, fresh_name(text), 4 << 20) ||
	    end_connect(&client, text, 4 << 20))
		return 201;
	for (i = 0; i < 50; i++)
		if (channel_send_now(client.fd, 0, data, CHUNK) ||
		    channel_recv(server.fd, &msg) ||
		    channel_release(server.fd, msg.id))
			return 1;
	return 0;
}

/* Empty messages take no memory behind the pool, and count all the same. */
static int fill_pool_with_nothing(const char *name)
{
	char text[KIPC_NAME_SIZE];
	struct end server, client;
	int err, n = 0;

	if (end_serve(&server, fresh_name(text), 1 << 20) ||
	    end_connect(&client, text, 4096))
		return 201;
	while (n < 100) {
		err = channel_send_now(client.fd, 0, NULL, 0);
		if (err)
			break;
		n++;
	}
	if (endpoint_info(server.fd).queued != n)
		return 202;
	return err == -EDQUOT ? n : 200;
}

TEST_F(quota, pool_msgs_edquot)
{
	ASSERT_EQ(0, parameter_set("max_pool_msgs", 8));
	EXPECT_EQ(8, as_user(USER, fill_pool_with_nothing, NULL));
	EXPECT_EQ(8, as_user(USER, fill_pool_with_nothing, NULL));
}

TEST_F(quota, pool_bytes_that_are_used_again_do_not_count)
{
	ASSERT_EQ(0, parameter_set("max_pool_bytes", CHUNK));
	EXPECT_EQ(0, as_user(USER, use_pool_again, NULL));
}

/* A page of the pool that cannot be had is a bus error, as with a file. */
static int touch_pool(const char *name)
{
	char text[KIPC_NAME_SIZE];
	struct end server;
	size_t i;

	signal(SIGBUS, SIG_DFL);
	if (end_serve(&server, fresh_name(text), 4 << 20))
		return 1;
	for (i = 0; i < server.size; i += PAGE)
		peek(server.pool + i);
	return 0;
}

TEST_F(quota, pool_bytes_sigbus_in_a_mapping)
{
	ASSERT_EQ(0, parameter_set("max_pool_bytes", 8 * CHUNK));
	EXPECT_EQ(128 + SIGBUS, as_user(USER, touch_pool, NULL));
	ASSERT_EQ(0, parameter_set("max_pool_bytes", 8 << 20));
	EXPECT_EQ(0, as_user(USER, touch_pool, NULL));
}

static void *touch_each(void *arg)
{
	struct end *server = arg;
	size_t i;

	for (i = 0; i < server->size; i += PAGE)
		peek(server->pool + i);
	return NULL;
}

/* Several at once, all of them the first to touch. */
static int touch_pool_at_once(const char *name)
{
	char text[KIPC_NAME_SIZE];
	pthread_t threads[3];
	struct end server;
	int round, i;

	signal(SIGBUS, SIG_DFL);
	for (round = 0; round < 20; round++) {
		if (end_serve(&server, fresh_name(text), 1 << 20))
			return 1;
		for (i = 0; i < 3; i++)
			pthread_create(&threads[i], NULL, touch_each, &server);
		for (i = 0; i < 3; i++)
			pthread_join(threads[i], NULL);
		end_close(&server);
	}
	return 0;
}

TEST_F(quota, pool_bytes_touched_by_several_at_once_count_once)
{
	ASSERT_EQ(0, limit_to("max_pool_bytes", 1 << 20));
	EXPECT_EQ(0, as_user(USER, touch_pool_at_once, NULL));
}

static int serve_and_answer(const char *name)
{
	struct kipc_header msg;
	struct end server;

	if (end_serve(&server, name, 1 << 20))
		return 1;
	if (channel_recv(server.fd, &msg))
		return 2;
	return channel_reply(server.fd, msg.id, "ok", 2) ? 3 : 0;
}

/* One user without memory left does not disturb what others do. */
TEST_F(quota, pool_bytes_of_one_user_are_no_others)
{
	pid_t hog, server;
	struct end client;
	struct kipc_header reply;
	int i;

	ASSERT_EQ(0, parameter_set("max_pool_bytes", 8 * CHUNK));
	hog = spawn_hog(USER, fill_own_pool);
	ASSERT_LT(0, hog);
	server = spawn();
	if (!server)
		_exit(become(OTHER) ? 255 : serve_and_answer(self->name));
	for (i = 0; i < 1000 && end_connect(&client, self->name, 1 << 20); i++)
		nap_ms(1);
	EXPECT_EQ(0, channel_call(client.fd, "x", 1, &reply));
	EXPECT_EQ(0, reap(server));
	kill_and_reap(hog);
	end_close(&client);
}

/* Queues: what waits in them is charged to whoever sent it. */

static int send_many(const char *name, size_t size)
{
	int fd = queue_open(name, KIPC_QUEUE_SEND), err, n = 0;
	void *data = memory(size);

	if (fd < 0)
		return 201;
	while (n < 100) {
		err = queue_send_now(fd, data, size);
		if (err)
			return err == -EDQUOT ? n : 200;
		n++;
	}
	return n;
}

static int send_pages(const char *name)
{
	return send_many(name, PAGE);
}

static int send_empty(const char *name)
{
	return send_many(name, 0);
}

/* Take out everything that is there.  Return: how many messages. */
static int take_out(int fd)
{
	void *buf = memory(PAGE);
	struct kipc_header msg;
	int n = 0;

	while (!queue_recv_now(fd, buf, PAGE, &msg))
		n++;
	return n;
}

TEST_F(quota, queue_bytes_edquot)
{
	int fd = queue_open(self->name, KIPC_QUEUE_CREATE | QUEUE_BOTH);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, parameter_set("max_queue_bytes", 5 * PAGE));
	EXPECT_EQ(5, as_user(USER, send_pages, self->name));
	EXPECT_EQ(0, as_user(USER, send_pages, self->name));
	EXPECT_EQ(5, as_user(OTHER, send_pages, self->name));
	EXPECT_EQ(10, endpoint_info(fd).queued);
	EXPECT_EQ(10 * PAGE, endpoint_info(fd).queued_bytes);
	EXPECT_EQ(10, take_out(fd));
	EXPECT_EQ(5, as_user(USER, send_pages, self->name));
	close(fd);
}

TEST_F(quota, queue_msgs_edquot)
{
	int fd = queue_open(self->name, KIPC_QUEUE_CREATE | QUEUE_BOTH);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, parameter_set("max_queue_msgs", 7));
	EXPECT_EQ(7, as_user(USER, send_empty, self->name));
	EXPECT_EQ(0, as_user(USER, send_empty, self->name));
	EXPECT_EQ(7, as_user(OTHER, send_empty, self->name));
	EXPECT_EQ(14, take_out(fd));
	EXPECT_EQ(7, as_user(USER, send_empty, self->name));
	close(fd);
}

TEST_F(quota, queue_msgs_that_go_with_their_queue_do_not_count)
{
	int fd = queue_open(self->name, KIPC_QUEUE_CREATE | QUEUE_BOTH);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, parameter_set("max_queue_msgs", 7));
	EXPECT_EQ(7, as_user(USER, send_empty, self->name));
	ASSERT_EQ(0, queue_unlink(self->name));
	close(fd);
	fd = queue_open(self->name, KIPC_QUEUE_CREATE | QUEUE_BOTH);
	EXPECT_EQ(7, as_user(USER, send_empty, self->name));
	close(fd);
}

/* Much too much, again and again. */
static void *send_too_much(void *arg)
{
	int fd = *(int *)arg, i, err = -EDQUOT;
	void *data = memory(60000);

	for (i = 0; i < 300000 && err == -EDQUOT; i++)
		err = queue_send_now(fd, data, 60000);
	return (void *)(intptr_t)err;
}

static int send_beside_too_much(const char *name)
{
	int fd = queue_open(name, QUEUE_BOTH), err = 0, i;
	void *data = memory(8000);
	struct kipc_header msg;
	pthread_t thread;

	if (queue_send_now(fd, data, 8000) ||
	    pthread_create(&thread, NULL, send_too_much, &fd))
		return 1;
	for (i = 0; i < 300000 && !err; i++)
		err = queue_send_prio(fd, data, 100, 1) ?:
		      queue_recv_now(fd, data, 100, &msg);
	pthread_join(thread, NULL);
	return err == -EDQUOT ? 2 : err ? 3 : 0;
}

TEST_F(quota, queue_bytes_that_are_refused_do_not_keep_others_out)
{
	int fd = queue_open(self->name, KIPC_QUEUE_CREATE | QUEUE_BOTH);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, limit_to("max_queue_bytes", 64000));
	EXPECT_EQ(0, as_user(USER, send_beside_too_much, self->name));
	close(fd);
}

static int send_from_nowhere(const char *name)
{
	int fd = queue_open(name, KIPC_QUEUE_SEND), i;

	for (i = 0; i < 20; i++)
		if (queue_send_now(fd, NULL, 100) != -EFAULT)
			return 1;
	return send_empty(name);
}

TEST_F(quota, queue_msgs_that_could_not_be_sent_do_not_count)
{
	int fd = queue_open(self->name, KIPC_QUEUE_CREATE | QUEUE_BOTH);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, parameter_set("max_queue_msgs", 7));
	ASSERT_EQ(0, parameter_set("max_queue_bytes", 700));
	EXPECT_EQ(7, as_user(USER, send_from_nowhere, self->name));
	close(fd);
}

TEST_HARNESS_MAIN
