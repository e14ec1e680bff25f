// SPDX-License-Identifier: GPL-2.0
/*
 * auto: a server and its clients find each other by one name, whichever mechanism the
 * machine has.  A machine without kipc is one whose /dev is empty.
 */
#include <sched.h>
#include <sys/mount.h>

#include "lib_test.h"

/* From here on this process has no /dev/kipc; 0 or -errno. */
static int leave_device(void)
{
	if (access("/dev/kipc", F_OK))
		return 0;
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", "/dev", "tmpfs", 0, NULL))
		return -errno;
	return 0;
}

static const char *scheme_of(struct kipc *handle)
{
	struct kipc_info info = KIPC_INFO_INIT;

	return kipc_info(handle, &info) ? "" : info.scheme;
}

/* Answer one call with the scheme that we have. */
static void serve_one(struct kipc *server)
{
	const char *scheme = scheme_of(server);
	struct kipc_msg msg;

	if (kipc_recv(server, &msg, LONG) < 0)
		_exit(2);
	_exit(!!kipc_reply(server, &msg, scheme, strlen(scheme)));
}

/* A server in a process of its own, which listens when this returns; or -1. */
static pid_t start_server(const char *address, bool device)
{
	struct kipc *server;
	pid_t child;
	int ready[2];
	char byte;

	if (pipe(ready))
		return -1;
	child = fork();
	if (!child) {
		close(ready[0]);
		if ((!device && leave_device()) || kipc_listen(&server, address, NULL))
			_exit(3);
		close(ready[1]);
		serve_one(server);
	}
	close(ready[1]);
	(void)!read(ready[0], &byte, 1);
	close(ready[0]);
	return child;
}

/* What the server at an address says its scheme is. */
static void ask(const char *address, char *scheme, size_t size)
{
	struct kipc_msg msg;
	struct kipc *client;

	scheme[0] = '\0';
	if (kipc_connect(&client, address, NULL))
		return;
	if (kipc_call(client, "?", 1, &msg, LONG) >= 0) {
		snprintf(scheme, size, "%.*s", (int)msg.len, (const char *)msg.data);
		kipc_release(&msg);
	}
	kipc_close(client);
}

static bool ended_well(pid_t child)
{
	int status;

	return waitpid(child, &status, 0) == child && !status;
}

TEST(with_kipc_it_is_a_channel)
{
	char address[128], scheme[32];
	pid_t server;

	if (device_missing("channel"))
		SKIP(return, "no /dev/kipc");
	server = start_server(fresh_address("auto", address), true);
	ask(address, scheme, sizeof(scheme));
	EXPECT_STREQ("channel", scheme);
	EXPECT_TRUE(ended_well(server));
}

TEST(without_kipc_it_is_a_socket)
{
	char address[128], scheme[32];
	pid_t server = start_server(fresh_address("auto", address), false);
	pid_t client = fork();

	if (!client) {
		if (leave_device())
			_exit(2);
		ask(address, scheme, sizeof(scheme));
		_exit(!!strcmp(scheme, "unix-seqpacket"));
	}
	EXPECT_TRUE(ended_well(client));
	EXPECT_TRUE(ended_well(server));
}

TEST(client_with_kipc_finds_a_server_that_has_none)
{
	char address[128], scheme[32];
	pid_t server = start_server(fresh_address("auto", address), false);

	ask(address, scheme, sizeof(scheme));
	EXPECT_STREQ("unix-seqpacket", scheme);
	EXPECT_TRUE(ended_well(server));
}

TEST(socket_has_the_same_name_by_itself)
{
	char address[128], same[160], scheme[32];
	pid_t server = start_server(fresh_address("auto", address), false);

	snprintf(same, sizeof(same), "unix-seqpacket:@%s", strchr(address, ':') + 1);
	ask(same, scheme, sizeof(scheme));
	EXPECT_STREQ("unix-seqpacket", scheme);
	EXPECT_TRUE(ended_well(server));
}

TEST(nobody_there_enoent)
{
	struct kipc *client;
	char address[128];

	EXPECT_EQ(-ENOENT, kipc_connect(&client, fresh_address("auto", address), NULL));
	EXPECT_EQ(NULL, client);
}

TEST(second_listener_eaddrinuse)
{
	struct kipc *first, *second;
	char address[128];

	ASSERT_EQ(0, kipc_listen(&first, fresh_address("auto", address), NULL));
	EXPECT_EQ(-EADDRINUSE, kipc_listen(&second, address, NULL));
	EXPECT_EQ(NULL, second);
	kipc_close(first);
	ASSERT_EQ(0, kipc_listen(&second, address, NULL));
	kipc_close(second);
}

TEST(listener_with_kipc_sees_one_that_has_none)
{
	char address[128], scheme[32];
	struct kipc *second;
	pid_t server = start_server(fresh_address("auto", address), false);

	EXPECT_EQ(-EADDRINUSE, kipc_listen(&second, address, NULL));
	EXPECT_EQ(NULL, second);
	/* The looking has not disturbed it. */
	ask(address, scheme, sizeof(scheme));
	EXPECT_STREQ("unix-seqpacket", scheme);
	EXPECT_TRUE(ended_well(server));
}

TEST(demand_excludes_who_cannot_meet_it)
{
	char address[128], demanding[160];
	struct kipc *server;
	pid_t child;

	fresh_address("auto", address);
	snprintf(demanding, sizeof(demanding), "%s?pool=1M", address);
	if (!device_missing("channel")) {
		ASSERT_EQ(0, kipc_listen(&server, demanding, NULL));
		EXPECT_STREQ("channel", scheme_of(server));
		kipc_close(server);
	}
	child = fork();
	if (!child) {
		if (leave_device())
			_exit(2);
		_exit(kipc_listen(&server, demanding, NULL) != -ENODEV);
	}
	EXPECT_TRUE(ended_well(child));
}

TEST(wish_excludes_nobody)
{
	struct kipc_options options = KIPC_OPTIONS_INIT;
	struct kipc *server;
	char address[128];
	pid_t child = fork();

	if (!child) {
		options.pool_size = 1 << 20;
		if (leave_device())
			_exit(2);
		_exit(!!kipc_listen(&server, fresh_address("auto", address), &options));
	}
	EXPECT_TRUE(ended_well(child));
}

TEST(pair_is_the_first_of_them)
{
	struct kipc *ends[2];
	struct kipc_msg msg;

	ASSERT_EQ(0, kipc_pair(ends, "auto:", NULL));
	EXPECT_STREQ(device_missing("channel") ? "unix-seqpacket" : "channel",
		     scheme_of(ends[0]));
	ASSERT_EQ(0, kipc_send(ends[1], "x", 1, LONG));
	ASSERT_EQ(1, kipc_recv(ends[0], &msg, LONG));
	kipc_release(&msg);
	kipc_close(ends[1]);
	kipc_close(ends[0]);
}

TEST(name_that_one_of_them_could_not_have_einval)
{
	char name[120] = "auto:";
	struct kipc *server;

	memset(name + 5, 'n', 107);
	EXPECT_EQ(-EINVAL, kipc_listen(&server, name, NULL));
	name[5 + 106] = '\0';
	ASSERT_EQ(0, kipc_listen(&server, name, NULL));
	kipc_close(server);
	EXPECT_EQ(-EINVAL, kipc_listen(&server, "auto:a/b", NULL));
	EXPECT_EQ(-EINVAL, kipc_listen(&server, "auto:", NULL));
}

TEST_HARNESS_MAIN
