// SPDX-License-Identifier: GPL-2.0
/*
 * Endpoint: what an open of /dev/kipc is before and after it has taken a role,
 * and which requests each role understands.
 */
#include <sys/utsname.h>

#include "kipc_test.h"

FIXTURE(endpoint)
{
	int none;
	struct end server;
	struct end client;
	int queue;
	char name[KIPC_NAME_SIZE];
};

FIXTURE_SETUP(endpoint)
{
	fresh_name(self->name);
	self->none = endpoint_open();
	ASSERT_LE(0, self->none);
	ASSERT_EQ(0, end_serve(&self->server, self->name, 0));
	ASSERT_EQ(0, end_connect(&self->client, self->name, 0));
	self->queue = queue_open(self->name, KIPC_QUEUE_CREATE | QUEUE_BOTH);
	ASSERT_LE(0, self->queue);
}

FIXTURE_TEARDOWN(endpoint)
{
	queue_unlink(self->name);
	close(self->queue);
	end_close(&self->client);
	end_close(&self->server);
	close(self->none);
}

static int create(int fd)
{
	char name[KIPC_NAME_SIZE];
	uint64_t pool = 0;

	return channel_create(fd, fresh_name(name), 0600, &pool);
}

static int join(int fd, const char *name)
{
	uint64_t pool = 0, number;

	return channel_connect(fd, name, &pool, &number);
}

static int open_queue(int fd, const char *name)
{
	struct kipc_queue_open arg = queue_args(name, QUEUE_BOTH);

	return request(fd, KIPC_IOC_QUEUE_OPEN, &arg);
}

static int call_now(int fd)
{
	struct kipc_channel_call arg = {
		.size = sizeof(arg),
		.deadline = 1,
	};

	return request(fd, KIPC_IOC_CHANNEL_CALL, &arg);
}

static int recv_now(int fd)
{
	struct kipc_header msg;

	return channel_recv_now(fd, &msg);
}

static int get_now(int fd)
{
	struct kipc_header msg;

	return queue_recv_now(fd, NULL, 0, &msg);
}

TEST_F(endpoint, open_has_no_role)
{
	struct kipc_endpoint_info info = endpoint_info(self->none);
	struct kipc_endpoint_info empty = {
		.size = sizeof(empty),
		.version = KIPC_ABI_VERSION,
		.role = KIPC_ROLE_NONE,
	};

	EXPECT_EQ(0, memcmp(&info, &empty, sizeof(info)));
}

TEST_F(endpoint, info_describes_server)
{
	struct kipc_endpoint_info info = endpoint_info(self->server.fd);

	EXPECT_EQ(KIPC_ROLE_SERVER, info.role);
	EXPECT_EQ(KIPC_ABI_VERSION, info.version);
	EXPECT_EQ(self->server.size, info.pool_size);
	EXPECT_EQ(info.pool_size, info.pool_free);
	EXPECT_EQ(1, info.peers);
	EXPECT_EQ(0, info.client);
	EXPECT_EQ(0, info.queued);
	EXPECT_EQ(0, info.held);
	EXPECT_EQ(0, info.max_msgs);
	EXPECT_EQ(0, info.max_bytes);
	EXPECT_EQ(0, info.queued_bytes);
}

TEST_F(endpoint, info_describes_client)
{
	struct kipc_endpoint_info info = endpoint_info(self->client.fd);

	EXPECT_EQ(KIPC_ROLE_CLIENT, info.role);
	EXPECT_EQ(self->client.size, info.pool_size);
	EXPECT_EQ(info.pool_size, info.pool_free);
	EXPECT_EQ(1, info.peers);
	EXPECT_EQ(self->client.number, info.client);
	EXPECT_EQ(self->server.size / 2, info.max_size);
}

TEST_F(endpoint, info_says_that_server_is_gone)
{
	end_close(&self->server);
	EXPECT_EQ(0, endpoint_info(self->client.fd).peers);
}

TEST_F(endpoint, info_describes_queue)
{
	struct kipc_endpoint_info info;

	ASSERT_EQ(0, queue_send(self->queue, "abc", 3));
	ASSERT_EQ(0, queue_send(self->queue, "de", 2));
	info = endpoint_info(self->queue);
	EXPECT_EQ(KIPC_ROLE_QUEUE, info.role);
	EXPECT_EQ(2, info.queued);
	EXPECT_EQ(5, info.queued_bytes);
	EXPECT_LT(0, info.max_msgs);
	EXPECT_LE(info.max_size, info.max_bytes);
	EXPECT_EQ(0, info.pool_size);
}

TEST_F(endpoint, info_counts_messages)
{
	struct kipc_endpoint_info info;
	struct kipc_header msg;
	int i;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, channel_send(self->client.fd, 0, "abc", 3));
	info = endpoint_info(self->server.fd);
	EXPECT_EQ(3, info.queued);
	EXPECT_EQ(0, info.held);
	EXPECT_GT(info.pool_size, info.pool_free);

	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	info = endpoint_info(self->server.fd);
	EXPECT_EQ(2, info.queued);
	EXPECT_EQ(1, info.held);
	EXPECT_LE(3, info.held_bytes);

	ASSERT_EQ(0, channel_release(self->server.fd, msg.id));
	info = endpoint_info(self->server.fd);
	EXPECT_EQ(0, info.held);
	EXPECT_EQ(0, info.held_bytes);
}

TEST_F(endpoint, without_role_enotconn)
{
	EXPECT_EQ(-ENOTCONN, call_now(self->none));
	EXPECT_EQ(-ENOTCONN, channel_send_now(self->none, 0, "", 0));
	EXPECT_EQ(-ENOTCONN, recv_now(self->none));
	EXPECT_EQ(-ENOTCONN, channel_reply(self->none, 1, "", 0));
	EXPECT_EQ(-ENOTCONN, channel_release(self->none, 1));
	EXPECT_EQ(-ENOTCONN, queue_send_now(self->none, "", 0));
	EXPECT_EQ(-ENOTCONN, get_now(self->none));
}

TEST_F(endpoint, server_is_no_queue_eopnotsupp)
{
	EXPECT_EQ(-EOPNOTSUPP, queue_send_now(self->server.fd, "", 0));
	EXPECT_EQ(-EOPNOTSUPP, get_now(self->server.fd));
}

TEST_F(endpoint, client_is_no_queue_eopnotsupp)
{
	EXPECT_EQ(-EOPNOTSUPP, queue_send_now(self->client.fd, "", 0));
	EXPECT_EQ(-EOPNOTSUPP, get_now(self->client.fd));
}

TEST_F(endpoint, queue_is_no_channel_eopnotsupp)
{
	EXPECT_EQ(-EOPNOTSUPP, call_now(self->queue));
	EXPECT_EQ(-EOPNOTSUPP, channel_send_now(self->queue, 0, "", 0));
	EXPECT_EQ(-EOPNOTSUPP, recv_now(self->queue));
	EXPECT_EQ(-EOPNOTSUPP, channel_reply(self->queue, 1, "", 0));
	EXPECT_EQ(-EOPNOTSUPP, channel_release(self->queue, 1));
}

TEST_F(endpoint, second_role_eisconn)
{
	int fds[] = { self->server.fd, self->client.fd, self->queue }, i;

	for (i = 0; i < 3; i++) {
		EXPECT_EQ(-EISCONN, create(fds[i]));
		EXPECT_EQ(-EISCONN, join(fds[i], self->name));
		EXPECT_EQ(-EISCONN, open_queue(fds[i], self->name));
	}
}

TEST_F(endpoint, failed_role_leaves_none)
{
	EXPECT_EQ(-ENOENT, join(self->none, "no-such-channel"));
	EXPECT_EQ(-ENOENT, open_queue(self->none, "no-such-queue"));
	EXPECT_EQ(KIPC_ROLE_NONE, endpoint_info(self->none).role);
	EXPECT_EQ(0, create(self->none));
	EXPECT_EQ(KIPC_ROLE_SERVER, endpoint_info(self->none).role);
}

static void *create_in_thread(void *fd)
{
	struct kipc_channel_create arg = { .size = sizeof(arg) };

	snprintf(arg.name, sizeof(arg.name), "race-%lx", (long)pthread_self());
	return (void *)(long)request(*(int *)fd, KIPC_IOC_CHANNEL_CREATE, &arg);
}

TEST_F(endpoint, role_is_taken_once_by_many_threads)
{
	pthread_t threads[8];
	int i, taken = 0;
	void *err;

	for (i = 0; i < 8; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, create_in_thread,
					    &self->none));
	for (i = 0; i < 8; i++) {
		pthread_join(threads[i], &err);
		taken += !err;
		if (err)
			EXPECT_EQ(-EISCONN, (long)err);
	}
	EXPECT_EQ(1, taken);
}

TEST_F(endpoint, unknown_request_enotty)
{
	struct kipc_endpoint_info arg = { .size = sizeof(arg) };
	unsigned int nr;

	for (nr = 0; nr < 256; nr++) {
		if (nr <= 0x01 || (nr >= 0x10 && nr <= 0x1a) ||
		    (nr >= 0x20 && nr <= 0x28))
			continue;
		EXPECT_EQ(-ENOTTY, request(self->server.fd,
					   _IOWR(KIPC_IOC_MAGIC, nr,
						 struct kipc_endpoint_info),
					   &arg));
	}
}

TEST_F(endpoint, foreign_request_enotty)
{
	struct kipc_endpoint_info arg = { .size = sizeof(arg) };

	EXPECT_EQ(-ENOTTY, request(self->none, TIOCGWINSZ, &arg));
	EXPECT_EQ(-ENOTTY, request(self->none,
				   _IOWR(0xbd, 0, struct kipc_endpoint_info),
				   &arg));
	EXPECT_EQ(-ENOTTY, request(self->none,
				   _IOR(KIPC_IOC_MAGIC, 0,
					struct kipc_endpoint_info), &arg));
	EXPECT_EQ(-ENOTTY, request(self->none,
				   _IOW(KIPC_IOC_MAGIC, 0,
					struct kipc_endpoint_info), &arg));
	EXPECT_EQ(-ENOTTY, request(self->none, _IO(KIPC_IOC_MAGIC, 0), &arg));
}

TEST_F(endpoint, seek_espipe)
{
	EXPECT_EQ(-1, lseek(self->server.fd, 0, SEEK_SET));
	EXPECT_EQ(ESPIPE, errno);
}

TEST_F(endpoint, dup_is_the_same_endpoint)
{
	struct kipc_header msg;
	int copy = dup(self->server.fd);

	ASSERT_LE(0, copy);
	end_close(&self->server);
	EXPECT_EQ(0, channel_send(self->client.fd, 0, "x", 1));
	EXPECT_EQ(0, channel_recv(copy, &msg));
	close(copy);
	EXPECT_EQ(-EPIPE, channel_send(self->client.fd, 0, "x", 1));
}

TEST_F(endpoint, child_inherits_endpoint)
{
	struct kipc_header msg;
	pid_t child = spawn();

	if (!child)
		_exit(-channel_send(self->client.fd, 0, "x", 1));
	EXPECT_EQ(0, reap(child));
	EXPECT_EQ(0, channel_recv(self->server.fd, &msg));
	EXPECT_EQ(0, channel_send(self->client.fd, 0, "y", 1));
}

static void describe(int fd, char *text, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	if (read_text(path, text, size))
		text[0] = 0;
}

/* Has the text a line "key:	value"? */
static bool has_line(const char *text, const char *key, const char *form, ...)
{
	char value[300], line[400];
	va_list args;

	va_start(args, form);
	vsnprintf(value, sizeof(value), form, args);
	va_end(args);
	snprintf(line, sizeof(line), "\n%s:\t%s\n", key, value);
	return strstr(text, line);
}

TEST_F(endpoint, fdinfo_without_role)
{
	char text[2048];

	describe(self->none, text, sizeof(text));
	EXPECT_TRUE(has_line(text, "kipc-role", "none"));
	EXPECT_EQ(NULL, strstr(text, "kipc-name"));
}

TEST_F(endpoint, fdinfo_of_server)
{
	struct kipc_header msg;
	char text[2048];

	ASSERT_EQ(0, channel_send(self->client.fd, 0, "x", 1));
	ASSERT_EQ(0, channel_send(self->client.fd, 0, "x", 1));
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	describe(self->server.fd, text, sizeof(text));
	EXPECT_TRUE(has_line(text, "kipc-role", "server"));
	EXPECT_TRUE(has_line(text, "kipc-name", "%s", self->name));
	EXPECT_TRUE(has_line(text, "kipc-peers", "1"));
	EXPECT_TRUE(has_line(text, "kipc-queued", "1"));
	EXPECT_TRUE(has_line(text, "kipc-held", "1"));
}

TEST_F(endpoint, fdinfo_of_client)
{
	char text[2048];

	describe(self->client.fd, text, sizeof(text));
	EXPECT_TRUE(has_line(text, "kipc-role", "client"));
	EXPECT_TRUE(has_line(text, "kipc-name", "%s", self->name));
	EXPECT_TRUE(has_line(text, "kipc-client", "%llu",
			     (long long)self->client.number));
	EXPECT_TRUE(has_line(text, "kipc-pool-free", "%llu/%llu",
			     (long long)self->client.size,
			     (long long)self->client.size));
}

TEST_F(endpoint, fdinfo_of_queue)
{
	char text[2048];

	ASSERT_EQ(0, queue_send(self->queue, "abc", 3));
	describe(self->queue, text, sizeof(text));
	EXPECT_TRUE(has_line(text, "kipc-role", "queue"));
	EXPECT_TRUE(has_line(text, "kipc-name", "%s", self->name));
	EXPECT_NE(NULL, strstr(text, "\nkipc-queued:\t1/"));
	EXPECT_NE(NULL, strstr(text, "\nkipc-queued-bytes:\t3/"));
}

/* What rmmod says as "in use" is EWOULDBLOCK in the system call. */
TEST_F(endpoint, module_in_use_cannot_be_unloaded)
{
	EXPECT_EQ(-1, syscall(SYS_delete_module, "kipc", O_NONBLOCK));
	EXPECT_EQ(EWOULDBLOCK, errno);
	EXPECT_EQ(0, channel_send(self->client.fd, 0, "x", 1));
}

TEST_HARNESS_MAIN
