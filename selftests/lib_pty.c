// SPDX-License-Identifier: GPL-2.0
/*
 * pty: what only a terminal has: its name, its window, hang-up, and lines that are edited;
 * and that frames go through it unchanged.
 */
#include <kipc_pty.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "lib_test.h"

FIXTURE(pty)
{
	struct kipc *master;
	struct kipc *slave;
};

FIXTURE_VARIANT(pty)
{
	const char *address;
};

FIXTURE_VARIANT_ADD(pty, raw) { .address = "pty:" };
FIXTURE_VARIANT_ADD(pty, cooked) { .address = "pty:?cooked" };

FIXTURE_SETUP(pty)
{
	struct kipc *ends[2];

	ASSERT_EQ(0, kipc_pair(ends, variant->address, NULL));
	self->master = ends[0];
	self->slave = ends[1];
}

FIXTURE_TEARDOWN(pty)
{
	kipc_close(self->slave);
	kipc_close(self->master);
}

/* ---- both kinds ---- */

TEST_F(pty, messages_go_both_ways)
{
	struct kipc_msg msg;

	ASSERT_EQ(0, kipc_send(self->slave, "up", 2, LONG));
	ASSERT_EQ(2, kipc_recv(self->master, &msg, LONG));
	EXPECT_EQ(0, memcmp(msg.data, "up", 2));
	kipc_release(&msg);
	ASSERT_EQ(0, kipc_send(self->master, "down", 4, LONG));
	ASSERT_EQ(0, kipc_send(self->master, "", 0, LONG));
	ASSERT_EQ(4, kipc_recv(self->slave, &msg, LONG));
	EXPECT_EQ(0, memcmp(msg.data, "down", 4));
	kipc_release(&msg);
	EXPECT_EQ(0, kipc_recv(self->slave, &msg, LONG));
	kipc_release(&msg);
	EXPECT_EQ(-EAGAIN, kipc_recv(self->slave, &msg, KIPC_NOW));
	EXPECT_EQ(-ETIMEDOUT, kipc_recv(self->master, &msg, SOON));
}

TEST_F(pty, both_ends_tell_the_slaves_name)
{
	char name[64], same[64], small[5];
	struct stat st;

	ASSERT_EQ(0, kipc_pty_name(self->master, name, sizeof(name)));
	EXPECT_EQ(0, strncmp(name, "/dev/pts/", 9));
	EXPECT_EQ(0, stat(name, &st));
	EXPECT_TRUE(S_ISCHR(st.st_mode));
	ASSERT_EQ(0, kipc_pty_name(self->slave, same, sizeof(same)));
	EXPECT_STREQ(name, same);
	EXPECT_EQ(-EMSGSIZE, kipc_pty_name(self->master, small, sizeof(small)));
	EXPECT_EQ(-EMSGSIZE, kipc_pty_name(self->slave, small, sizeof(small)));
	EXPECT_EQ(-EINVAL, kipc_pty_name(self->slave, NULL, 0));
	EXPECT_EQ(-EINVAL, kipc_pty_name(NULL, name, sizeof(name)));
}

TEST_F(pty, both_ends_have_one_window)
{
	struct kipc_pty_size size = KIPC_PTY_SIZE_INIT, same = KIPC_PTY_SIZE_INIT;

	ASSERT_EQ(0, kipc_pty_get_size(self->master, &size));
	EXPECT_EQ(0, size.rows);
	size.rows = 24;
	size.columns = 80;
	size.width = 640;
	size.height = 480;
	ASSERT_EQ(0, kipc_pty_set_size(self->master, &size));
	ASSERT_EQ(0, kipc_pty_get_size(self->slave, &same));
	EXPECT_EQ(24, same.rows);
	EXPECT_EQ(80, same.columns);
	EXPECT_EQ(640, same.width);
	EXPECT_EQ(480, same.height);
	same.rows = 50;
	ASSERT_EQ(0, kipc_pty_set_size(self->slave, &same));
	ASSERT_EQ(0, kipc_pty_get_size(self->master, &size));
	EXPECT_EQ(50, size.rows);
	size.size--;
	EXPECT_EQ(-EINVAL, kipc_pty_get_size(self->master, &size));
	EXPECT_EQ(-EINVAL, kipc_pty_set_size(self->master, &size));
	EXPECT_EQ(-EINVAL, kipc_pty_set_size(self->master, NULL));
}

TEST(what_is_no_terminal_eopnotsupp)
{
	struct kipc_pty_size size = KIPC_PTY_SIZE_INIT;
	struct kipc *ends[2];
	char name[64];

	ASSERT_EQ(0, kipc_pair(ends, "pipe:", NULL));
	EXPECT_EQ(-EOPNOTSUPP, kipc_pty_name(ends[0], name, sizeof(name)));
	EXPECT_EQ(-EOPNOTSUPP, kipc_pty_get_size(ends[0], &size));
	EXPECT_EQ(-EOPNOTSUPP, kipc_pty_set_size(ends[0], &size));
	kipc_close(ends[0]);
	kipc_close(ends[1]);
}

static int wound = -1;

static void on_winch(int number)
{
	wound = number;
}

TEST_F(pty, new_size_is_a_signal_in_the_foreground)
{
	struct kipc_pty_size size = KIPC_PTY_SIZE_INIT;
	struct kipc_msg msg;
	pid_t child = fork();

	ASSERT_LE(0, child);
	if (!child) {
		struct sigaction action = { .sa_handler = on_winch };

		/* Its controlling terminal is its own doing. */
		sigaction(SIGWINCH, &action, NULL);
		if (setsid() < 0 || ioctl(kipc_fd(self->slave), TIOCSCTTY, 0) ||
		    kipc_send(self->slave, "ready", 5, LONG))
			_exit(1);
		while (wound < 0)
			kipc_recv(self->slave, &msg, SOON);
		_exit(kipc_pty_get_size(self->slave, &size) || size.rows != 33 ? 2 : 0);
	}
	ASSERT_EQ(5, kipc_recv(self->master, &msg, LONG));
	kipc_release(&msg);
	size.rows = 33;
	ASSERT_EQ(0, kipc_pty_set_size(self->master, &size));
	EXPECT_EQ(0, exit_status(child));
}

/* A session leader without a terminal would get one by opening it the usual way. */
TEST_F(pty, it_never_becomes_the_controlling_terminal)
{
	char name[64], address[80];
	pid_t child;

	ASSERT_EQ(0, kipc_pty_name(self->master, name, sizeof(name)));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		struct kipc *ends[2], *listener, *client;
		int failed = 0;

		setsid();
		failed |= kipc_pair(ends, variant->address, NULL);
		fresh_address("pty", address);
		failed |= kipc_listen(&listener, address, NULL);
		failed |= kipc_connect(&client, address, NULL);
		failed |= open("/dev/tty", O_RDWR) >= 0;
		kipc_close(listener);
		_exit(failed ? 1 : 0);
	}
	EXPECT_EQ(0, exit_status(child));
}

TEST_F(pty, master_that_closes_hangs_up)
{
	struct kipc_pty_size size = KIPC_PTY_SIZE_INIT;
	struct kipc_msg msg;

	kipc_close(self->master);
	self->master = NULL;
	EXPECT_EQ(-EPIPE, kipc_recv(self->slave, &msg, KIPC_FOREVER));
	EXPECT_EQ(-EPIPE, kipc_recv(self->slave, &msg, LONG));
	EXPECT_EQ(-EPIPE, kipc_recv(self->slave, &msg, KIPC_NOW));
	EXPECT_EQ(-EPIPE, kipc_send(self->slave, "x", 1, LONG));
	EXPECT_EQ(-EPIPE, kipc_send(self->slave, "x", 1, KIPC_FOREVER));
	EXPECT_EQ(-EPIPE, kipc_pty_get_size(self->slave, &size));
}

TEST_F(pty, slave_that_waits_is_hung_up_on)
{
	struct kipc_msg msg;
	pid_t child = fork();

	ASSERT_LE(0, child);
	if (!child) {
		kipc_close(self->master);
		if (kipc_send(self->slave, "here", 4, LONG))
			_exit(1);
		_exit(-kipc_recv(self->slave, &msg, KIPC_FOREVER));
	}
	ASSERT_EQ(4, kipc_recv(self->master, &msg, LONG));
	kipc_release(&msg);
	nap(SOON);
	kipc_close(self->master);
	self->master = NULL;
	EXPECT_EQ(EPIPE, exit_status(child));
}

TEST_F(pty, slave_that_closes_leaves_what_it_sent)
{
	struct kipc_msg msg;

	ASSERT_EQ(0, kipc_send(self->slave, "last", 4, LONG));
	kipc_close(self->slave);
	self->slave = NULL;
	ASSERT_EQ(4, kipc_recv(self->master, &msg, LONG));
	kipc_release(&msg);
	EXPECT_EQ(-EPIPE, kipc_recv(self->master, &msg, LONG));
	EXPECT_EQ(-EPIPE, kipc_send(self->master, "x", 1, LONG));
}

/* ---- raw ---- */

TEST(raw_every_byte_passes_both_ways)
{
	unsigned char data[256];
	struct kipc *ends[2];
	struct kipc_msg msg;
	int i, way;

	for (i = 0; i < 256; i++)
		data[i] = i;
	ASSERT_EQ(0, kipc_pair(ends, "pty:", NULL));
	for (way = 0; way < 2; way++) {
		ASSERT_EQ(0, kipc_send(ends[way], data, sizeof(data), LONG));
		ASSERT_EQ(256, kipc_recv(ends[!way], &msg, LONG));
		EXPECT_EQ(0, memcmp(data, msg.data, 256));
		kipc_release(&msg);
	}
	kipc_close(ends[0]);
	kipc_close(ends[1]);
}

TEST(raw_large_messages_pass_both_ways)
{
	const size_t len = 1 << 20;
	char *data = malloc(len);
	struct kipc *ends[2];
	struct kipc_msg msg;
	int way;

	ASSERT_NE(NULL, data);
	fill(data, len, 3);
	ASSERT_EQ(0, kipc_pair(ends, "pty:", NULL));
	for (way = 0; way < 2; way++) {
		pid_t child = fork();

		ASSERT_LE(0, child);
		if (!child)
			_exit(kipc_send(ends[way], data, len, KIPC_FOREVER) ||
			      kipc_send(ends[way], data, len, LONG));
		ASSERT_EQ(len, kipc_recv(ends[!way], &msg, LONG));
		EXPECT_TRUE(filled(msg.data, len, 3));
		kipc_release(&msg);
		ASSERT_EQ(len, kipc_recv(ends[!way], &msg, KIPC_FOREVER));
		EXPECT_TRUE(filled(msg.data, len, 3));
		kipc_release(&msg);
		EXPECT_EQ(0, exit_status(child));
	}
	kipc_close(ends[0]);
	kipc_close(ends[1]);
	free(data);
}

TEST(raw_both_ends_call)
{
	struct kipc_msg msg;
	struct kipc *ends[2];
	pid_t child;
	int way;

	ASSERT_EQ(0, kipc_pair(ends, "pty:", NULL));
	for (way = 0; way < 2; way++) {
		child = fork();
		ASSERT_LE(0, child);
		if (!child) {
			if (kipc_recv(ends[!way], &msg, LONG) != 4 ||
			    kipc_reply(ends[!way], &msg, "answer", 6))
				_exit(1);
			_exit(0);
		}
		ASSERT_EQ(6, kipc_call(ends[way], "call", 4, &msg, LONG));
		EXPECT_EQ(0, memcmp(msg.data, "answer", 6));
		kipc_release(&msg);
		EXPECT_EQ(0, exit_status(child));
	}
	kipc_close(ends[0]);
	kipc_close(ends[1]);
}

/*
 * Full, messages are cut wherever that happens to be, in a trailer as well; each is either
 * sent and received, or neither.
 */
TEST(raw_message_cut_by_its_deadline_is_never_received)
{
	static char data[300000];
	struct kipc *ends[2];
	struct kipc_msg msg;
	size_t len;

	ASSERT_EQ(0, kipc_pair(ends, "pty:", NULL));
	EXPECT_EQ(-ETIMEDOUT, kipc_send(ends[1], data, sizeof(data), SOON));
	for (len = 1; len < 40; len++) {
		int sent = 0;

		/* What is owed goes first. */
		while (kipc_send(ends[1], data, len, KIPC_NOW))
			ASSERT_EQ(-ETIMEDOUT, kipc_recv(ends[0], &msg, KIPC_MS(1)));
		do {
			sent++;
		} while (!kipc_send(ends[1], data, len, KIPC_NOW));
		while (sent--) {
			ASSERT_EQ(len, kipc_recv(ends[0], &msg, LONG));
			kipc_release(&msg);
		}
		EXPECT_EQ(-ETIMEDOUT, kipc_recv(ends[0], &msg, KIPC_MS(1)));
	}
	kipc_close(ends[0]);
	kipc_close(ends[1]);
}

/* ---- cooked ---- */

FIXTURE(cooked)
{
	struct kipc *master;
	struct kipc *slave;
};

FIXTURE_SETUP(cooked)
{
	struct kipc *ends[2];

	ASSERT_EQ(0, kipc_pair(ends, "pty:?cooked", NULL));
	self->master = ends[0];
	self->slave = ends[1];
}

FIXTURE_TEARDOWN(cooked)
{
	kipc_close(self->slave);
	kipc_close(self->master);
}

static void expect_line(struct __test_metadata *_metadata, struct kipc *end,
			const char *text)
{
	struct kipc_msg msg;

	ASSERT_EQ(strlen(text), kipc_recv(end, &msg, LONG));
	EXPECT_EQ(0, memcmp(msg.data, text, msg.len));
	kipc_release(&msg);
}

TEST_F(cooked, slave_gets_edited_lines)
{
	ASSERT_EQ(0, kipc_send(self->master, "helpp\177lo", 8, LONG));
	ASSERT_EQ(0, kipc_send(self->master, "all wrong\025right", 15, LONG));
	ASSERT_EQ(0, kipc_send(self->master, "two words\027thing", 15, LONG));
	ASSERT_EQ(0, kipc_send(self->master, "a\026\177b", 4, LONG));
	expect_line(_metadata, self->slave, "helplo");
	expect_line(_metadata, self->slave, "right");
	expect_line(_metadata, self->slave, "two thing");
	expect_line(_metadata, self->slave, "a\177b");
}

TEST_F(cooked, master_gets_lines_as_they_are)
{
	ASSERT_EQ(0, kipc_send(self->slave, "one\177", 4, LONG));
	ASSERT_EQ(0, kipc_send(self->slave, "two\r\003\004", 6, LONG));
	expect_line(_metadata, self->master, "one\177");
	expect_line(_metadata, self->master, "two\r\003\004");
}

TEST_F(cooked, longest_line_passes_both_ways_a_longer_one_emsgsize)
{
	static char line[4095];
	struct kipc_info info = KIPC_INFO_INIT;
	struct kipc_msg msg;

	memset(line, 'x', sizeof(line));
	ASSERT_EQ(0, kipc_info(self->master, &info));
	EXPECT_EQ(4094, info.max_size);
	EXPECT_EQ(-EMSGSIZE, kipc_send(self->master, line, 4095, LONG));
	ASSERT_EQ(0, kipc_send(self->master, line, 4094, LONG));
	EXPECT_EQ(4094, kipc_recv(self->slave, &msg, LONG));
	EXPECT_EQ(0, memcmp(line, msg.data, 4094));
	kipc_release(&msg);
	ASSERT_EQ(0, kipc_send(self->slave, line, 4094, LONG));
	EXPECT_EQ(4094, kipc_recv(self->master, &msg, LONG));
	EXPECT_EQ(0, memcmp(line, msg.data, 4094));
	kipc_release(&msg);
}

TEST_F(cooked, newline_in_a_message_einval)
{
	EXPECT_EQ(-EINVAL, kipc_send(self->master, "a\nb", 3, LONG));
	EXPECT_EQ(-EINVAL, kipc_send(self->slave, "\n", 1, LONG));
}

TEST_F(cooked, there_are_no_calls_and_types)
{
	struct kipc_send_options options = KIPC_SEND_OPTIONS_INIT;
	struct kipc_info info = KIPC_INFO_INIT;
	struct kipc_msg msg;

	ASSERT_EQ(0, kipc_info(self->slave, &info));
	EXPECT_FALSE(info.can & (KIPC_CAN_CALL | KIPC_CAN_TYPE));
	options.type = 1;
	EXPECT_EQ(-EOPNOTSUPP, kipc_send_opts(self->slave, "x", 1, &options, LONG));
	EXPECT_EQ(-EOPNOTSUPP, kipc_call(self->slave, "x", 1, &msg, LONG));
}

TEST_F(cooked, line_cut_by_its_deadline_is_never_received)
{
	static char line[4000];
	struct kipc_msg msg;
	int sent = 0, got = 0;
	pid_t child;

	memset(line, 'y', sizeof(line));
	while (!kipc_send(self->slave, line, sizeof(line), SOON))
		sent++;
	ASSERT_LT(0, sent);
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(kipc_send(self->slave, "end", 3, LONG) ? 1 : 0);
	for (;;) {
		ASSERT_LT(0, kipc_recv(self->master, &msg, LONG));
		if (msg.len == 3)
			break;
		EXPECT_EQ(sizeof(line), msg.len);
		kipc_release(&msg);
		got++;
	}
	kipc_release(&msg);
	EXPECT_EQ(sent, got);
	EXPECT_EQ(0, exit_status(child));
}

TEST(echo_comes_back_to_the_master)
{
	struct kipc *ends[2];

	EXPECT_EQ(-EINVAL, kipc_pair(ends, "pty:?echo", NULL));
	ASSERT_EQ(0, kipc_pair(ends, "pty:?cooked&echo", NULL));
	ASSERT_EQ(0, kipc_send(ends[0], "hello", 5, LONG));
	expect_line(_metadata, ends[1], "hello");
	expect_line(_metadata, ends[0], "hello");
	kipc_close(ends[0]);
	kipc_close(ends[1]);
}

TEST(program_that_knows_no_frames_reads_and_writes_lines)
{
	char name[64], buf[64];
	struct kipc *ends[2];
	ssize_t n;
	int fd;

	ASSERT_EQ(0, kipc_pair(ends, "pty:?cooked", NULL));
	ASSERT_EQ(0, kipc_pty_name(ends[0], name, sizeof(name)));
	fd = open(name, O_RDWR | O_NOCTTY);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, kipc_send(ends[0], "question", 8, LONG));
	n = read(fd, buf, sizeof(buf));
	ASSERT_EQ(9, n);
	EXPECT_EQ(0, memcmp(buf, "question\n", 9));
	ASSERT_EQ(12, write(fd, "one\ntwo\nthre", 12));
	expect_line(_metadata, ends[0], "one");
	expect_line(_metadata, ends[0], "two");
	ASSERT_EQ(2, write(fd, "e\n", 2));
	expect_line(_metadata, ends[0], "three");
	close(fd);
	kipc_close(ends[0]);
	kipc_close(ends[1]);
}

/* ---- names ---- */

FIXTURE(named)
{
	char address[128];
	const char *path;
	struct kipc *server;
	struct kipc *client;
};

FIXTURE_SETUP(named)
{
	fresh_address("pty", self->address);
	self->path = strchr(self->address, ':') + 1;
}

FIXTURE_TEARDOWN(named)
{
	kipc_close(self->client);
	kipc_close(self->server);
	unlink(self->path);
}

TEST_F(named, link_leads_to_the_slave_with_its_mode)
{
	char address[160], name[64], target[64] = "";
	struct stat st;

	umask(022);
	snprintf(address, sizeof(address), "%s?mode=666", self->address);
	ASSERT_EQ(0, kipc_listen(&self->server, address, NULL));
	ASSERT_EQ(0, kipc_pty_name(self->server, name, sizeof(name)));
	ASSERT_LT(0, readlink(self->path, target, sizeof(target) - 1));
	EXPECT_STREQ(name, target);
	ASSERT_EQ(0, stat(name, &st));
	EXPECT_EQ(0644, st.st_mode & 0777);
}

TEST_F(named, listener_waits_for_its_client_and_hears_it_go)
{
	struct kipc_msg msg;

	ASSERT_EQ(0, kipc_listen(&self->server, self->address, NULL));
	EXPECT_EQ(-EAGAIN, kipc_recv(self->server, &msg, KIPC_NOW));
	EXPECT_EQ(-ETIMEDOUT, kipc_recv(self->server, &msg, SOON));
	ASSERT_EQ(0, kipc_connect(&self->client, self->address, NULL));
	ASSERT_EQ(0, kipc_send(self->client, "x", 1, LONG));
	ASSERT_EQ(1, kipc_recv(self->server, &msg, LONG));
	kipc_release(&msg);
	kipc_close(self->client);
	self->client = NULL;
	EXPECT_EQ(-EPIPE, kipc_recv(self->server, &msg, LONG));
	/* The line has had its client. */
	EXPECT_EQ(-ECONNREFUSED, kipc_connect(&self->client, self->address, NULL));
	kipc_close(self->server);
	ASSERT_EQ(0, kipc_listen(&self->server, self->address, NULL));
	EXPECT_EQ(0, kipc_connect(&self->client, self->address, NULL));
}

TEST_F(named, second_client_is_refused_and_disturbs_nobody)
{
	struct kipc_msg msg;
	struct kipc *second;

	ASSERT_EQ(0, kipc_listen(&self->server, self->address, NULL));
	ASSERT_EQ(0, kipc_connect(&self->client, self->address, NULL));
	EXPECT_EQ(-ECONNREFUSED, kipc_connect(&second, self->address, NULL));
	ASSERT_EQ(0, kipc_send(self->client, "x", 1, LONG));
	EXPECT_EQ(1, kipc_recv(self->server, &msg, LONG));
	kipc_release(&msg);
}

TEST_F(named, slave_is_reached_by_its_own_path)
{
	char name[64], address[80];
	struct kipc_msg msg;

	ASSERT_EQ(0, kipc_listen(&self->server, self->address, NULL));
	ASSERT_EQ(0, kipc_pty_name(self->server, name, sizeof(name)));
	snprintf(address, sizeof(address), "pty:%s", name);
	ASSERT_EQ(0, kipc_connect(&self->client, address, NULL));
	ASSERT_EQ(0, kipc_send(self->client, "x", 1, LONG));
	EXPECT_EQ(1, kipc_recv(self->server, &msg, LONG));
	kipc_release(&msg);
}

TEST_F(named, link_of_a_killed_listener_is_stale)
{
	char target[64] = "";
	struct kipc *other[2];
	pid_t child = fork();

	ASSERT_LE(0, child);
	if (!child) {
		kipc_listen(&self->server, self->address, NULL);
		kill(getpid(), SIGKILL);
	}
	EXPECT_EQ(128 + SIGKILL, exit_status(child));
	ASSERT_LT(0, readlink(self->path, target, sizeof(target) - 1));
	EXPECT_EQ(-ECONNREFUSED, kipc_connect(&self->client, self->address, NULL));
	/* Somebody else's terminal may have the number now. */
	ASSERT_EQ(0, kipc_pair(other, "pty:", NULL));
	EXPECT_EQ(-ECONNREFUSED, kipc_connect(&self->client, self->address, NULL));
	kipc_close(other[0]);
	kipc_close(other[1]);
	ASSERT_EQ(0, kipc_listen(&self->server, self->address, NULL));
	EXPECT_EQ(-EADDRINUSE, kipc_unlink(self->address));
	EXPECT_EQ(0, kipc_connect(&self->client, self->address, NULL));
}

TEST_F(named, stale_link_is_unlinked_nothing_else_is)
{
	struct stat st;
	int fd;

	ASSERT_EQ(0, symlink("/dev/pts/99999", self->path));
	EXPECT_EQ(0, kipc_unlink(self->address));
	EXPECT_EQ(-ENOENT, kipc_unlink(self->address));
	ASSERT_EQ(0, symlink("/dev/null", self->path));
	EXPECT_EQ(-EADDRINUSE, kipc_listen(&self->server, self->address, NULL));
	EXPECT_EQ(-ECONNREFUSED, kipc_connect(&self->client, self->address, NULL));
	EXPECT_EQ(-EADDRINUSE, kipc_unlink(self->address));
	unlink(self->path);
	fd = open(self->path, O_CREAT | O_WRONLY, 0600);
	close(fd);
	EXPECT_EQ(-EADDRINUSE, kipc_listen(&self->server, self->address, NULL));
	EXPECT_EQ(-ECONNREFUSED, kipc_connect(&self->client, self->address, NULL));
	EXPECT_EQ(-EADDRINUSE, kipc_unlink(self->address));
	EXPECT_EQ(0, lstat(self->path, &st));
}

TEST_F(named, cooked_ends_find_each_other_by_name)
{
	char address[160];

	snprintf(address, sizeof(address), "%s?cooked", self->address);
	ASSERT_EQ(0, kipc_listen(&self->server, address, NULL));
	ASSERT_EQ(0, kipc_connect(&self->client, address, NULL));
	ASSERT_EQ(0, kipc_send(self->server, "line", 4, LONG));
	expect_line(_metadata, self->client, "line");
	ASSERT_EQ(0, kipc_send(self->client, "back", 4, LONG));
	expect_line(_metadata, self->server, "back");
}

TEST_HARNESS_MAIN
