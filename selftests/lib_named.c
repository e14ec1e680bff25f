// SPDX-License-Identifier: GPL-2.0
/* Names: ends that find each other by an address, and what becomes of the name. */
#include "lib_test.h"

FIXTURE(named)
{
	char address[128];
	struct kipc *server;
	struct kipc *client;
};

FIXTURE_VARIANT(named)
{
	const char *scheme;
};

FIXTURE_VARIANT_ADD(named, channel) { .scheme = "channel" };
FIXTURE_VARIANT_ADD(named, queue) { .scheme = "queue" };
FIXTURE_VARIANT_ADD(named, fifo) { .scheme = "fifo" };
FIXTURE_VARIANT_ADD(named, pty) { .scheme = "pty" };
FIXTURE_VARIANT_ADD(named, unix) { .scheme = "unix" };
FIXTURE_VARIANT_ADD(named, unix_dgram) { .scheme = "unix-dgram" };
FIXTURE_VARIANT_ADD(named, unix_seqpacket) { .scheme = "unix-seqpacket" };
FIXTURE_VARIANT_ADD(named, tcp) { .scheme = "tcp" };
FIXTURE_VARIANT_ADD(named, udp) { .scheme = "udp" };
FIXTURE_VARIANT_ADD(named, posix_mq) { .scheme = "posix-mq" };
FIXTURE_VARIANT_ADD(named, sysv_msg) { .scheme = "sysv-msg" };
FIXTURE_VARIANT_ADD(named, cma) { .scheme = "cma" };
FIXTURE_VARIANT_ADD(named, sunrpc) { .scheme = "sunrpc" };
FIXTURE_VARIANT_ADD(named, ring) { .scheme = "ring" };

FIXTURE_SETUP(named)
{
	if (device_missing(variant->scheme))
		SKIP(return, "no /dev/kipc");
	fresh_address(variant->scheme, self->address);
}

FIXTURE_TEARDOWN(named)
{
	kipc_close(self->client);
	kipc_close(self->server);
	if (self->address[0])
		kipc_unlink(self->address);
}

/* Queues are joined by further receivers; the others have one server. */
static bool is_store(const char *scheme)
{
	return scheme_is(scheme, "queue") || scheme_is(scheme, "posix-mq") ||
	       scheme_is(scheme, "sysv-msg") || scheme_is(scheme, "ring");
}

/* Names that live no longer than their listener. */
static bool leaves_nothing(const char *scheme)
{
	return scheme_is(scheme, "channel") || is_network(scheme);
}

TEST_F(named, connecting_to_an_absent_name_enoent)
{
	EXPECT_EQ(-ENOENT, kipc_connect(&self->client, self->address, NULL));
	EXPECT_EQ(NULL, self->client);
}

TEST_F(named, unlinking_an_absent_name_enoent)
{
	int err = kipc_unlink(self->address);

	EXPECT_EQ(leaves_nothing(variant->scheme) ? -EOPNOTSUPP : -ENOENT, err);
}

TEST_F(named, client_finds_the_listener)
{
	struct kipc_msg msg;

	ASSERT_EQ(0, kipc_listen(&self->server, self->address, NULL));
	ASSERT_EQ(0, kipc_connect(&self->client, self->address, NULL));
	ASSERT_EQ(0, kipc_send(self->client, "hello", 5, LONG));
	ASSERT_EQ(5, kipc_recv(self->server, &msg, LONG));
	EXPECT_EQ(0, memcmp(msg.data, "hello", 5));
	kipc_release(&msg);
}

TEST_F(named, unrelated_process_finds_the_listener)
{
	struct kipc_msg msg;
	pid_t child;

	ASSERT_EQ(0, kipc_listen(&self->server, self->address, NULL));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		struct kipc *mine;

		if (kipc_connect(&mine, self->address, NULL))
			_exit(1);
		_exit(kipc_send(mine, "hello", 5, LONG) ? 2 : 0);
	}
	ASSERT_EQ(5, kipc_recv(self->server, &msg, LONG));
	if (scheme_can(variant->scheme) & KIPC_CAN_PEER) {
		EXPECT_TRUE(msg.known & KIPC_KNOWN_PEER);
		EXPECT_EQ(child, msg.pid);
		EXPECT_EQ(geteuid(), msg.uid);
		EXPECT_EQ(getegid(), msg.gid);
	} else {
		EXPECT_FALSE(msg.known & KIPC_KNOWN_PEER);
	}
	kipc_release(&msg);
	EXPECT_EQ(0, exit_status(child));
}

TEST_F(named, second_listener_eaddrinuse_or_joins_the_store)
{
	struct kipc *second = NULL;
	struct kipc_msg msg;
	int err;

	ASSERT_EQ(0, kipc_listen(&self->server, self->address, NULL));
	err = kipc_listen(&second, self->address, NULL);
	if (!is_store(variant->scheme)) {
		EXPECT_EQ(-EADDRINUSE, err);
		return;
	}
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, kipc_connect(&self->client, self->address, NULL));
	ASSERT_EQ(0, kipc_send(self->client, "x", 1, LONG));
	EXPECT_EQ(1, kipc_recv(second, &msg, LONG));
	kipc_release(&msg);
	EXPECT_EQ(-EAGAIN, kipc_recv(self->server, &msg, KIPC_NOW));

	/* The one who did not make it does not remove it. */
	kipc_close(second);
	EXPECT_EQ(0, kipc_send(self->client, "y", 1, LONG));
	EXPECT_EQ(1, kipc_recv(self->server, &msg, LONG));
	kipc_release(&msg);
}

TEST_F(named, refused_listener_leaves_the_first_alone)
{
	struct kipc *second = NULL;
	struct kipc_msg msg;

	ASSERT_EQ(0, kipc_listen(&self->server, self->address, NULL));
	kipc_listen(&second, self->address, NULL);
	kipc_close(second);
	ASSERT_EQ(0, kipc_connect(&self->client, self->address, NULL));
	ASSERT_EQ(0, kipc_send(self->client, "x", 1, LONG));
	EXPECT_EQ(1, kipc_recv(self->server, &msg, LONG));
	kipc_release(&msg);
}

TEST_F(named, name_is_gone_when_the_listener_closes)
{
	ASSERT_EQ(0, kipc_listen(&self->server, self->address, NULL));
	kipc_close(self->server);
	self->server = NULL;
	if (scheme_is(variant->scheme, "queue")) {
		/* A queue stays until it is unlinked. */
		EXPECT_EQ(0, kipc_connect(&self->client, self->address, NULL));
		EXPECT_EQ(0, kipc_unlink(self->address));
		kipc_close(self->client);
	}
	EXPECT_EQ(-ENOENT, kipc_connect(&self->client, self->address, NULL));
}

TEST_F(named, name_stays_while_a_forked_copy_listens)
{
	struct kipc_msg msg;
	pid_t child;

	ASSERT_EQ(0, kipc_listen(&self->server, self->address, NULL));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		ssize_t n = kipc_recv(self->server, &msg, LONG);

		kipc_release(&msg);
		kipc_close(self->server);
		_exit(n == 1 ? 0 : 1);
	}
	kipc_close(self->server);
	self->server = NULL;
	ASSERT_EQ(0, kipc_connect(&self->client, self->address, NULL));
	ASSERT_EQ(0, kipc_send(self->client, "x", 1, LONG));
	EXPECT_EQ(0, exit_status(child));
	kipc_close(self->client);
	if (!scheme_is(variant->scheme, "queue"))
		EXPECT_EQ(-ENOENT, kipc_connect(&self->client, self->address, NULL));
	self->client = NULL;
}

TEST_F(named, forked_copy_that_only_closes_leaves_the_name)
{
	struct kipc_msg msg;
	pid_t child;

	ASSERT_EQ(0, kipc_listen(&self->server, self->address, NULL));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		kipc_close(self->server);
		_exit(0);
	}
	EXPECT_EQ(0, exit_status(child));
	ASSERT_EQ(0, kipc_connect(&self->client, self->address, NULL));
	ASSERT_EQ(0, kipc_send(self->client, "x", 1, LONG));
	EXPECT_EQ(1, kipc_recv(self->server, &msg, LONG));
	kipc_release(&msg);
}

TEST_F(named, unlink_of_what_is_in_use)
{
	int expected = is_store(variant->scheme) ? 0 :
		       leaves_nothing(variant->scheme) ? -EOPNOTSUPP : -EADDRINUSE;

	ASSERT_EQ(0, kipc_listen(&self->server, self->address, NULL));
	EXPECT_EQ(expected, kipc_unlink(self->address));
}

TEST_F(named, mode_keeps_other_users_out)
{
	pid_t child;

	if (geteuid() || is_network(variant->scheme))
		SKIP(return, "needs root, and a name with an owner");
	umask(0);
	ASSERT_EQ(0, kipc_listen(&self->server, self->address, NULL));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		struct kipc *mine;

		if (setgid(65534) || setuid(65534))
			_exit(99);
		_exit(-kipc_connect(&mine, self->address, NULL));
	}
	EXPECT_EQ(EACCES, exit_status(child));
}

TEST_F(named, mode_lets_other_users_in)
{
	struct kipc_options options = KIPC_OPTIONS_INIT;
	struct kipc_msg msg;
	pid_t child;

	if (geteuid())
		SKIP(return, "needs root");
	umask(0);
	options.mode = 0666;
	ASSERT_EQ(0, kipc_listen(&self->server, self->address, &options));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		struct kipc *mine;

		if (setgid(65534) || setuid(65534))
			_exit(99);
		if (kipc_connect(&mine, self->address, NULL))
			_exit(1);
		_exit(kipc_send(mine, "x", 1, LONG) ? 2 : 0);
	}
	EXPECT_EQ(0, exit_status(child));
	ASSERT_EQ(1, kipc_recv(self->server, &msg, LONG));
	if (msg.known & KIPC_KNOWN_PEER)
		EXPECT_EQ(65534, msg.uid);
	kipc_release(&msg);
}

TEST_F(named, demands_that_differ_from_the_existing_store_eaddrinuse)
{
	static const char * const demands[][2] = {
		{ "queue", "msgs=5" }, { "posix-mq", "msgs=5" }, { "posix-mq", "size=77" },
		{ "ring", "bytes=4096" },
	};
	struct kipc *second;
	char address[200];
	unsigned int i;

	ASSERT_EQ(0, kipc_listen(&self->server, self->address, NULL));
	for (i = 0; i < sizeof(demands) / sizeof(demands[0]); i++) {
		if (!scheme_is(variant->scheme, demands[i][0]))
			continue;
		snprintf(address, sizeof(address), "%s?%s", self->address, demands[i][1]);
		EXPECT_EQ(-EADDRINUSE, kipc_listen(&second, address, NULL));
	}
}

TEST_HARNESS_MAIN
