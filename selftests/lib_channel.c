// SPDX-License-Identifier: GPL-2.0
/* channel: lent slices and when they come back, pools, and fork. */
#include <linux/kipc.h>
#include <poll.h>
#include <sys/ioctl.h>

#include "lib_test.h"

#define POOL (1 << 20)

FIXTURE(channel)
{
	struct kipc *server;
	struct kipc *client;
};

FIXTURE_SETUP(channel)
{
	struct kipc *ends[2];

	if (device_missing("channel"))
		SKIP(return, "no /dev/kipc");
	ASSERT_EQ(0, kipc_pair(ends, "channel:?pool=1M", NULL));
	self->server = ends[0];
	self->client = ends[1];
}

FIXTURE_TEARDOWN(channel)
{
	kipc_close(self->client);
	kipc_close(self->server);
}

/* The descriptor, without kipc_fd(), which would end lazy releasing. */
static int endpoint_of(int nth)
{
	char link[64], path[64];
	ssize_t n;
	int fd;

	for (fd = 0; fd < 256; fd++) {
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		n = readlink(link, path, sizeof(path) - 1);
		if (n < 0)
			continue;
		path[n] = '\0';
		if (!strcmp(path, "/dev/kipc") && !nth--)
			return fd;
	}
	return -1;
}

static uint64_t held(struct __test_metadata *_metadata, int fd)
{
	struct kipc_endpoint_info info = { .size = sizeof(info) };

	EXPECT_EQ(0, ioctl(fd, KIPC_IOC_ENDPOINT_INFO, &info));
	return info.held;
}

static void take(struct __test_metadata *_metadata, struct kipc *from, struct kipc_msg *msg,
		 struct kipc *to, size_t len)
{
	static char data[POOL];

	EXPECT_EQ(0, kipc_send(from, data, len, LONG));
	EXPECT_EQ(len, kipc_recv(to, msg, LONG));
}

TEST_F(channel, payload_is_lent_from_a_read_only_mapping)
{
	char line[256], what[64] = "";
	unsigned long start, end, at;
	struct kipc_msg msg;
	char perms[8];
	FILE *maps;

	take(_metadata, self->client, &msg, self->server, 10);
	at = (unsigned long)msg.data;
	maps = fopen("/proc/self/maps", "r");
	ASSERT_NE(NULL, maps);
	while (fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx %7s", &start, &end, perms) == 3 &&
		    at >= start && at < end)
			snprintf(what, sizeof(what), "%s", perms);
	fclose(maps);
	EXPECT_STREQ("r--s", what);
	kipc_release(&msg);
}

TEST_F(channel, small_release_waits_for_the_next_request)
{
	int server = endpoint_of(0);
	struct kipc_msg msg;

	take(_metadata, self->client, &msg, self->server, 10);
	EXPECT_EQ(1, held(_metadata, server));
	kipc_release(&msg);
	EXPECT_EQ(1, held(_metadata, server));
	EXPECT_EQ(-EAGAIN, kipc_recv(self->server, &msg, KIPC_NOW));
	EXPECT_EQ(0, held(_metadata, server));
}

TEST_F(channel, large_release_is_at_once)
{
	int server = endpoint_of(0);
	struct kipc_msg msg;

	take(_metadata, self->client, &msg, self->server, POOL / 4);
	kipc_release(&msg);
	EXPECT_EQ(0, held(_metadata, server));
}

TEST_F(channel, polled_handle_releases_at_once)
{
	int server = endpoint_of(0);
	struct kipc_msg msg;

	take(_metadata, self->client, &msg, self->server, 10);
	kipc_release(&msg);
	EXPECT_EQ(1, held(_metadata, server));
	EXPECT_EQ(server, kipc_fd(self->server));
	EXPECT_EQ(0, held(_metadata, server));
	take(_metadata, self->client, &msg, self->server, 10);
	kipc_release(&msg);
	EXPECT_EQ(0, held(_metadata, server));
}

TEST_F(channel, many_releases_are_flushed_together)
{
	int i, server = endpoint_of(0);
	struct kipc_msg msgs[50];

	for (i = 0; i < 50; i++)
		take(_metadata, self->client, &msgs[i], self->server, 10);
	EXPECT_EQ(50, held(_metadata, server));
	for (i = 0; i < 50; i++)
		kipc_release(&msgs[i]);
	EXPECT_GE(8, held(_metadata, server));
	EXPECT_EQ(-EAGAIN, kipc_recv(self->server, &msgs[0], KIPC_NOW));
	EXPECT_EQ(0, held(_metadata, server));
}

static void *receive_one(void *arg)
{
	struct kipc_msg msg;
	ssize_t n = kipc_recv(arg, &msg, LONG);

	kipc_release(&msg);
	return (void *)n;
}

TEST_F(channel, release_while_another_thread_sleeps_is_at_once)
{
	int server = endpoint_of(0);
	struct kipc_msg msg;
	pthread_t thread;
	void *result;

	take(_metadata, self->client, &msg, self->server, 10);
	ASSERT_EQ(0, pthread_create(&thread, NULL, receive_one, self->server));
	nap(KIPC_MS(200));
	kipc_release(&msg);
	EXPECT_EQ(0, held(_metadata, server));
	ASSERT_EQ(0, kipc_send(self->client, "x", 1, LONG));
	pthread_join(thread, &result);
	EXPECT_EQ(1, (ssize_t)result);
}

TEST_F(channel, sleeper_takes_what_was_released_before_along)
{
	int server = endpoint_of(0);
	struct kipc_msg msg;
	pthread_t thread;
	void *result;

	take(_metadata, self->client, &msg, self->server, 10);
	kipc_release(&msg);
	ASSERT_EQ(0, pthread_create(&thread, NULL, receive_one, self->server));
	nap(KIPC_MS(200));
	EXPECT_EQ(0, held(_metadata, server));
	ASSERT_EQ(0, kipc_send(self->client, "x", 1, LONG));
	pthread_join(thread, &result);
	EXPECT_EQ(1, (ssize_t)result);
}

TEST_F(channel, full_pool_empties_by_receiving)
{
	static char data[1000];
	struct kipc_msg msg;
	int n = 0, round, err;

	for (round = 0; round < 3; round++) {
		n = 0;
		while (!(err = kipc_send(self->client, data, sizeof(data), KIPC_NOW)))
			n++;
		EXPECT_EQ(-EAGAIN, err);
		EXPECT_LT(10, n);
		while (kipc_recv(self->server, &msg, KIPC_NOW) >= 0) {
			kipc_release(&msg);
			n--;
		}
		EXPECT_EQ(0, n);
	}
}

TEST_F(channel, largest_message_fits_after_lazy_releases)
{
	struct kipc_info info = KIPC_INFO_INIT;
	struct kipc_msg msg;
	static char data[POOL];
	int i;

	ASSERT_EQ(0, kipc_info(self->client, &info));
	ASSERT_GE(sizeof(data), info.max_size);
	for (i = 0; i < 100; i++) {
		take(_metadata, self->client, &msg, self->server, 10);
		kipc_release(&msg);
	}
	EXPECT_EQ(-EAGAIN, kipc_recv(self->server, &msg, KIPC_NOW));
	EXPECT_EQ(0, kipc_send(self->client, data, info.max_size, KIPC_NOW));
	EXPECT_EQ(info.max_size, kipc_recv(self->server, &msg, LONG));
	kipc_release(&msg);
}

TEST_F(channel, reply_recv_flushes_what_waits)
{
	int server = endpoint_of(0);
	struct kipc_msg call, sent;
	pid_t child;

	take(_metadata, self->client, &sent, self->server, 10);
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		struct kipc_msg reply;

		_exit(kipc_call(self->client, "x", 1, &reply, LONG) == 2 ? 0 : 1);
	}
	ASSERT_EQ(1, kipc_recv(self->server, &call, LONG));
	kipc_release(&sent);
	EXPECT_EQ(2, held(_metadata, server));
	EXPECT_EQ(-ETIMEDOUT, kipc_reply_recv(self->server, &call, "ok", 2, SOON));
	EXPECT_EQ(0, held(_metadata, server));
	EXPECT_EQ(0, exit_status(child));
}

TEST_F(channel, message_in_a_forked_child_is_readable)
{
	struct kipc_msg msg;
	pid_t child;

	/* The parent has used its mapping; the child must get one of its own. */
	take(_metadata, self->client, &msg, self->server, 10);
	kipc_release(&msg);
	ASSERT_EQ(0, kipc_send(self->client, "hello", 5, LONG));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		if (kipc_recv(self->server, &msg, LONG) != 5 ||
		    memcmp(msg.data, "hello", 5))
			_exit(1);
		kipc_release(&msg);
		_exit(kipc_recv(self->server, &msg, KIPC_NOW) == -EAGAIN ? 0 : 2);
	}
	EXPECT_EQ(0, exit_status(child));
	EXPECT_EQ(-EAGAIN, kipc_recv(self->server, &msg, KIPC_NOW));
}

TEST_F(channel, two_copies_that_release_the_same_id_go_on)
{
	struct kipc_msg msg;
	pid_t child;

	take(_metadata, self->client, &msg, self->server, 10);
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		kipc_release(&msg);
		_exit(kipc_recv(self->server, &msg, KIPC_NOW) == -EAGAIN ? 0 : 1);
	}
	EXPECT_EQ(0, exit_status(child));
	kipc_release(&msg);
	ASSERT_EQ(0, kipc_send(self->client, "x", 1, LONG));
	EXPECT_EQ(1, kipc_recv(self->server, &msg, LONG));
	kipc_release(&msg);
}

TEST_F(channel, server_of_a_pair_sends_to_its_client)
{
	struct kipc_msg msg;

	ASSERT_EQ(0, kipc_send(self->server, "hello", 5, LONG));
	EXPECT_EQ(5, kipc_recv(self->client, &msg, LONG));
	kipc_release(&msg);
}

TEST_F(channel, signal_handler_that_restarts_does_not_repeat_the_release)
{
	struct sigaction action = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
	struct itimerval timer = { { 0, 20000 }, { 0, 20000 } };
	struct kipc_msg msg;
	pid_t child;

	take(_metadata, self->client, &msg, self->server, 10);
	kipc_release(&msg);
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		nap(KIPC_MS(300));
		_exit(kipc_send(self->client, "x", 1, LONG) ? 1 : 0);
	}
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
	EXPECT_EQ(1, kipc_recv(self->server, &msg, KIPC_FOREVER));
	alarm_stop();
	kipc_release(&msg);
	EXPECT_EQ(0, exit_status(child));
}

TEST(impossible_pools_einval)
{
	struct kipc *ends[2];

	if (device_missing("channel"))
		SKIP(return, "no /dev/kipc");
	EXPECT_EQ(-EINVAL, kipc_pair(ends, "channel:?pool=1", NULL));
	EXPECT_EQ(-EINVAL, kipc_pair(ends, "channel:?pool=2G", NULL));
}

TEST(wish_for_large_messages_makes_a_pool_for_them)
{
	struct kipc_options options = KIPC_OPTIONS_INIT;
	struct kipc_info info = KIPC_INFO_INIT;
	struct kipc *ends[2];

	if (device_missing("channel"))
		SKIP(return, "no /dev/kipc");
	options.max_size = 32 << 20;
	ASSERT_EQ(0, kipc_pair(ends, "channel:", &options));
	ASSERT_EQ(0, kipc_info(ends[1], &info));
	EXPECT_LE(32 << 20, info.max_size);
	kipc_close(ends[0]);
	kipc_close(ends[1]);
}

TEST_HARNESS_MAIN
