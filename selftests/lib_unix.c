// SPDX-License-Identifier: GPL-2.0
/* AF_UNIX sockets of every type: paths, abstract names, foreign peers, many clients. */
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "lib_test.h"

FIXTURE(unix_path)
{
	char address[128];
	const char *path;
	struct kipc *server;
};

FIXTURE_VARIANT(unix_path)
{
	const char *scheme;
	int type;
};

FIXTURE_VARIANT_ADD(unix_path, stream) { .scheme = "unix", .type = SOCK_STREAM };
FIXTURE_VARIANT_ADD(unix_path, dgram) { .scheme = "unix-dgram", .type = SOCK_DGRAM };
FIXTURE_VARIANT_ADD(unix_path, seqpacket) { .scheme = "unix-seqpacket", .type = SOCK_SEQPACKET };

FIXTURE_SETUP(unix_path)
{
	fresh_address(variant->scheme, self->address);
	self->path = strchr(self->address, ':') + 1;
}

FIXTURE_TEARDOWN(unix_path)
{
	kipc_close(self->server);
	unlink(self->path);
}

static int raw_socket(int type, const char *path, bool server)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type, 0);

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	if (server ? bind(fd, (struct sockaddr *)&sun, sizeof(sun)) :
		     connect(fd, (struct sockaddr *)&sun, sizeof(sun))) {
		close(fd);
		return -1;
	}
	return fd;
}

TEST_F(unix_path, stale_path_makes_room)
{
	close(raw_socket(variant->type, self->path, true));
	ASSERT_EQ(0, access(self->path, F_OK));
	EXPECT_EQ(0, kipc_listen(&self->server, self->address, NULL));
}

/* Whether it is stale an ordinary user cannot know, and may not remove it. */
TEST_F(unix_path, path_of_another_user_eacces)
{
	struct kipc *server = NULL;
	int status;
	pid_t pid;

	if (geteuid())
		SKIP(return, "needs root");
	close(raw_socket(variant->type, self->path, true));
	ASSERT_EQ(0, chmod(self->path, 0600));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(setresuid(1000, 1000, 1000) ? 1 :
		      kipc_listen(&server, self->address, NULL) != -EACCES);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_F(unix_path, connecting_to_a_stale_path_econnrefused)
{
	struct kipc *client;

	close(raw_socket(variant->type, self->path, true));
	EXPECT_EQ(-ECONNREFUSED, kipc_connect(&client, self->address, NULL));
}

TEST_F(unix_path, stale_path_can_be_unlinked)
{
	close(raw_socket(variant->type, self->path, true));
	EXPECT_EQ(0, kipc_unlink(self->address));
	EXPECT_EQ(-ENOENT, kipc_unlink(self->address));
}

TEST_F(unix_path, path_that_is_no_socket_eaddrinuse_and_stays)
{
	close(open(self->path, O_CREAT | O_WRONLY, 0600));
	EXPECT_EQ(-EADDRINUSE, kipc_listen(&self->server, self->address, NULL));
	EXPECT_EQ(-EADDRINUSE, kipc_unlink(self->address));
	EXPECT_EQ(0, access(self->path, F_OK));
}

TEST_F(unix_path, path_in_no_directory_enoent)
{
	char address[64];

	snprintf(address, sizeof(address), "%s:/nowhere/x", variant->scheme);
	EXPECT_EQ(-ENOENT, kipc_listen(&self->server, address, NULL));
}

TEST_F(unix_path, mode_is_the_paths_less_the_umask)
{
	struct kipc_options options = KIPC_OPTIONS_INIT;
	struct stat st;

	umask(022);
	ASSERT_EQ(0, kipc_listen(&self->server, self->address, NULL));
	ASSERT_EQ(0, stat(self->path, &st));
	EXPECT_EQ(0600, st.st_mode & 07777);
	kipc_close(self->server);
	options.mode = 0666;
	ASSERT_EQ(0, kipc_listen(&self->server, self->address, &options));
	ASSERT_EQ(0, stat(self->path, &st));
	EXPECT_EQ(0644, st.st_mode & 07777);
}

TEST_F(unix_path, replaced_path_is_left_alone)
{
	ASSERT_EQ(0, kipc_listen(&self->server, self->address, NULL));
	ASSERT_EQ(0, unlink(self->path));
	close(open(self->path, O_CREAT | O_WRONLY, 0600));
	kipc_close(self->server);
	self->server = NULL;
	EXPECT_EQ(0, access(self->path, F_OK));
}

TEST_F(unix_path, of_many_starters_one_wins)
{
	pid_t children[8];
	int i, winners = 0;

	close(raw_socket(variant->type, self->path, true));
	for (i = 0; i < 8; i++) {
		children[i] = fork();
		ASSERT_LE(0, children[i]);
		if (!children[i]) {
			int err = kipc_listen(&self->server, self->address, NULL);

			nap(KIPC_MS(500));
			_exit(err ? -err : 0);
		}
	}
	for (i = 0; i < 8; i++) {
		int status = exit_status(children[i]);

		winners += status == 0;
		EXPECT_TRUE(status == 0 || status == EADDRINUSE);
	}
	EXPECT_EQ(1, winners);
}

TEST_F(unix_path, foreign_packets_drop_their_sender_only)
{
	struct kipc *client;
	struct kipc_msg msg;
	int raw;
	char c;

	ASSERT_EQ(0, kipc_listen(&self->server, self->address, NULL));
	raw = raw_socket(variant->type, self->path, false);
	ASSERT_LE(0, raw);
	ASSERT_EQ(36, write(raw, "GET /index.html HTTP/1.1\r\nHost: me\r\n", 36));
	ASSERT_EQ(0, kipc_connect(&client, self->address, NULL));
	ASSERT_EQ(0, kipc_send(client, "x", 1, LONG));
	EXPECT_EQ(1, kipc_recv(self->server, &msg, LONG));
	kipc_release(&msg);
	EXPECT_EQ(-EAGAIN, kipc_recv(self->server, &msg, KIPC_NOW));
	/* Without connections there is nothing to close. */
	if (variant->type != SOCK_DGRAM)
		EXPECT_GE(0, read(raw, &c, 1));
	kipc_close(client);
	close(raw);
}

TEST_F(unix_path, listener_never_hears_of_closing_clients)
{
	struct kipc *client;
	struct kipc_msg msg;

	ASSERT_EQ(0, kipc_listen(&self->server, self->address, NULL));
	ASSERT_EQ(0, kipc_connect(&client, self->address, NULL));
	kipc_close(client);
	EXPECT_EQ(-ETIMEDOUT, kipc_recv(self->server, &msg, SOON));
}

TEST_F(unix_path, what_a_closed_client_sent_is_received)
{
	struct kipc *client;
	struct kipc_msg msg;
	int i;

	ASSERT_EQ(0, kipc_listen(&self->server, self->address, NULL));
	ASSERT_EQ(0, kipc_connect(&client, self->address, NULL));
	for (i = 0; i < 10; i++)
		ASSERT_EQ(0, kipc_send(client, "x", 1, LONG));
	kipc_close(client);
	for (i = 0; i < 10; i++) {
		EXPECT_EQ(1, kipc_recv(self->server, &msg, LONG));
		kipc_release(&msg);
	}
}

TEST_F(unix_path, client_receives_all_before_epipe)
{
	struct kipc_send_options options = KIPC_SEND_OPTIONS_INIT;
	struct kipc *client;
	struct kipc_msg msg;

	ASSERT_EQ(0, kipc_listen(&self->server, self->address, NULL));
	ASSERT_EQ(0, kipc_connect(&client, self->address, NULL));
	ASSERT_EQ(0, kipc_send(client, "x", 1, LONG));
	ASSERT_EQ(1, kipc_recv(self->server, &msg, LONG));
	options.to = msg.peer;
	kipc_release(&msg);
	ASSERT_EQ(0, kipc_send(client, "unread", 6, LONG));
	ASSERT_EQ(0, kipc_send_opts(self->server, "last", 4, &options, LONG));
	/* It closes with something unread: the kernel calls that a reset. */
	kipc_close(self->server);
	self->server = NULL;
	EXPECT_EQ(4, kipc_recv(client, &msg, LONG));
	kipc_release(&msg);
	if (variant->type == SOCK_DGRAM) {
		/* Nobody tells; but who sends is told. */
		EXPECT_EQ(-EAGAIN, kipc_recv(client, &msg, KIPC_NOW));
		EXPECT_EQ(-EPIPE, kipc_send(client, "x", 1, LONG));
	} else {
		EXPECT_EQ(-EPIPE, kipc_recv(client, &msg, LONG));
	}
	kipc_close(client);
}

TEST_F(unix_path, two_hundred_clients_in_one_handle)
{
	struct kipc *clients[200];
	struct kipc_msg msg;
	uint64_t sum = 0;
	int i, sent = 0, got = 0;

	ASSERT_EQ(0, kipc_listen(&self->server, self->address, NULL));
	for (i = 0; i < 200; i++)
		ASSERT_EQ(0, kipc_connect(&clients[i], self->address, NULL));
	/* As many at once as find room: of datagrams some ten. */
	while (got < 200) {
		while (sent < 200 && !kipc_send(clients[sent], &sent, sizeof(sent), KIPC_NOW))
			sent++;
		ASSERT_EQ(sizeof(i), kipc_recv(self->server, &msg, LONG));
		sum += *(const int *)msg.data;
		kipc_release(&msg);
		got++;
	}
	EXPECT_EQ(199 * 100, sum);
	for (i = 0; i < 200; i++)
		kipc_close(clients[i]);
	EXPECT_EQ(-EAGAIN, kipc_recv(self->server, &msg, KIPC_NOW));
}

TEST_F(unix_path, larger_buffers_on_demand)
{
	struct kipc_info info = KIPC_INFO_INIT;
	char address[160];
	struct kipc *client;
	struct kipc_msg msg;
	char *data = malloc(1 << 20);
	pid_t child;

	if (geteuid())
		SKIP(return, "needs root");
	ASSERT_NE(NULL, data);
	fill(data, 1 << 20, 5);
	ASSERT_EQ(0, kipc_listen(&self->server, self->address, NULL));
	snprintf(address, sizeof(address), "%s?size=1M", self->address);
	ASSERT_EQ(0, kipc_connect(&client, address, NULL));
	ASSERT_EQ(0, kipc_info(client, &info));
	EXPECT_LE(1 << 20, info.max_size);
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(kipc_send(client, data, 1 << 20, LONG) ? 1 : 0);
	ASSERT_EQ(1 << 20, kipc_recv(self->server, &msg, LONG));
	EXPECT_TRUE(filled(msg.data, 1 << 20, 5));
	kipc_release(&msg);
	EXPECT_EQ(0, exit_status(child));
	kipc_close(client);
	free(data);
}

TEST_F(unix_path, without_privilege_the_limit_is_told)
{
	struct kipc_options options = KIPC_OPTIONS_INIT;
	struct kipc_info info = KIPC_INFO_INIT;
	struct kipc *ends[2];
	char address[64];

	if (!geteuid() && (setgid(65534) || setuid(65534)))
		SKIP(return, "cannot drop privilege");
	options.max_size = 4 << 20;
	snprintf(address, sizeof(address), "%s:", variant->scheme);
	ASSERT_EQ(0, kipc_pair(ends, address, &options));
	ASSERT_EQ(0, kipc_info(ends[0], &info));
	if (info.max_size < 4 << 20) {
		char *data = calloc(1, 4 << 20);

		EXPECT_EQ(-EMSGSIZE, kipc_send(ends[0], data, 4 << 20, LONG));
		EXPECT_EQ(0, kipc_send(ends[0], data, info.max_size, LONG));
		free(data);
	}
	kipc_close(ends[0]);
	kipc_close(ends[1]);
}

TEST_F(unix_path, abstract_name_leaves_nothing_in_the_file_system)
{
	struct kipc *server, *client;
	char address[64];
	struct kipc_msg msg;

	snprintf(address, sizeof(address), "%s:@kipc-test", variant->scheme);
	ASSERT_EQ(0, kipc_listen(&server, address, NULL));
	EXPECT_EQ(-EADDRINUSE, kipc_listen(&client, address, NULL));
	ASSERT_EQ(0, kipc_connect(&client, address, NULL));
	ASSERT_EQ(0, kipc_send(client, "x", 1, LONG));
	EXPECT_EQ(1, kipc_recv(server, &msg, LONG));
	kipc_release(&msg);
	EXPECT_NE(0, access("@kipc-test", F_OK));
	kipc_close(client);
	kipc_close(server);
	EXPECT_EQ(-ENOENT, kipc_connect(&client, address, NULL));
	EXPECT_EQ(-EOPNOTSUPP, kipc_unlink(address));
}

TEST_F(unix_path, abstract_name_keeps_other_users_out_as_a_path_does)
{
	struct kipc *server;
	char address[64];
	struct kipc_msg msg;
	pid_t child;
	int status;

	if (geteuid())
		SKIP(return, "needs root");
	snprintf(address, sizeof(address), "%s:@kipc-test-mode", variant->scheme);
	ASSERT_EQ(0, kipc_listen(&server, address, NULL));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		struct kipc *mine;

		if (setgid(65534) || setuid(65534))
			_exit(99);
		if (kipc_connect(&mine, address, NULL))
			_exit(98);
		_exit(-kipc_call(mine, "x", 1, &msg, LONG));
	}
	EXPECT_EQ(-ETIMEDOUT, kipc_recv(server, &msg, KIPC_MS(300)));
	/* Closed upon, or refused, after the call was sent, or before. */
	status = exit_status(child);
	EXPECT_TRUE(status == ECONNRESET || status == EPIPE);
	kipc_close(server);
}

TEST_F(unix_path, identity_is_of_whoever_connected_or_sent)
{
	struct kipc *server;
	char address[64];
	struct kipc_msg msg;
	pid_t child;

	if (geteuid())
		SKIP(return, "needs root");
	snprintf(address, sizeof(address), "%s:@kipc-test-who?mode=666", variant->scheme);
	ASSERT_EQ(0, kipc_listen(&server, address, NULL));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		struct kipc *mine;

		if (setgid(4711) || setuid(4712))
			_exit(99);
		address[strcspn(address, "?")] = '\0';
		if (kipc_connect(&mine, address, NULL))
			_exit(98);
		if (kipc_call(mine, "x", 1, &msg, LONG) != 1)
			_exit(97);
		/* And the client knows its server. */
		_exit(!(msg.known & KIPC_KNOWN_PEER) || msg.pid != getppid() || msg.uid);
	}
	ASSERT_EQ(1, kipc_recv(server, &msg, LONG));
	EXPECT_TRUE(msg.known & KIPC_KNOWN_PEER);
	EXPECT_EQ(child, msg.pid);
	EXPECT_EQ(4712, msg.uid);
	EXPECT_EQ(4711, msg.gid);
	EXPECT_EQ(0, kipc_reply(server, &msg, "y", 1));
	EXPECT_EQ(0, exit_status(child));
	kipc_close(server);
}

TEST_HARNESS_MAIN
