// SPDX-License-Identifier: GPL-2.0
/*
 * fifo: what only a named pipe has: the life of its path, many senders and receivers,
 * large messages among small ones, senders that are killed in the midst of one.
 */
#include <sys/mman.h>

#include "lib_test.h"

FIXTURE(fifo)
{
	char address[128];
	const char *path;
	struct kipc *recv;
	struct kipc *send;
};

FIXTURE_SETUP(fifo)
{
	fresh_address("fifo", self->address);
	self->path = strchr(self->address, ':') + 1;
}

FIXTURE_TEARDOWN(fifo)
{
	kipc_close(self->send);
	kipc_close(self->recv);
	unlink(self->path);
}

static const char *with(const char *address, const char *options, char *buf)
{
	snprintf(buf, 160, "%s?%s", address, options);
	return buf;
}

/* ---- the path ---- */

TEST_F(fifo, listener_makes_it_with_its_mode_and_removes_it)
{
	char address[160];
	struct stat st;

	umask(022);
	ASSERT_EQ(0, kipc_listen(&self->recv, with(self->address, "mode=662", address), NULL));
	ASSERT_EQ(0, lstat(self->path, &st));
	EXPECT_TRUE(S_ISFIFO(st.st_mode));
	EXPECT_EQ(0640, st.st_mode & 07777);
	kipc_close(self->recv);
	self->recv = NULL;
	EXPECT_EQ(-1, lstat(self->path, &st));
}

TEST_F(fifo, fifo_that_is_there_is_used_and_stays)
{
	struct kipc_msg msg;
	struct stat st;

	ASSERT_EQ(0, mkfifo(self->path, 0600));
	EXPECT_EQ(-ECONNREFUSED, kipc_connect(&self->send, self->address, NULL));
	ASSERT_EQ(0, kipc_listen(&self->recv, self->address, NULL));
	ASSERT_EQ(0, kipc_connect(&self->send, self->address, NULL));
	ASSERT_EQ(0, kipc_send(self->send, "x", 1, LONG));
	EXPECT_EQ(1, kipc_recv(self->recv, &msg, LONG));
	kipc_release(&msg);
	kipc_close(self->recv);
	self->recv = NULL;
	EXPECT_EQ(0, lstat(self->path, &st));
	EXPECT_EQ(0, kipc_unlink(self->address));
	EXPECT_EQ(-1, lstat(self->path, &st));
}

TEST_F(fifo, path_of_a_killed_listener_is_used_again)
{
	struct kipc_msg msg;
	pid_t child = fork();

	ASSERT_LE(0, child);
	if (!child) {
		kipc_listen(&self->recv, self->address, NULL);
		kill(getpid(), SIGKILL);
	}
	EXPECT_EQ(128 + SIGKILL, exit_status(child));
	EXPECT_EQ(-ECONNREFUSED, kipc_connect(&self->send, self->address, NULL));
	ASSERT_EQ(0, kipc_listen(&self->recv, self->address, NULL));
	ASSERT_EQ(0, kipc_connect(&self->send, self->address, NULL));
	ASSERT_EQ(0, kipc_send(self->send, "x", 1, LONG));
	EXPECT_EQ(1, kipc_recv(self->recv, &msg, LONG));
	kipc_release(&msg);
}

TEST_F(fifo, another_fifo_in_its_place_is_left_alone)
{
	struct stat st;

	ASSERT_EQ(0, kipc_listen(&self->recv, self->address, NULL));
	ASSERT_EQ(0, unlink(self->path));
	ASSERT_EQ(0, mkfifo(self->path, 0600));
	kipc_close(self->recv);
	self->recv = NULL;
	EXPECT_EQ(0, lstat(self->path, &st));
}

TEST_F(fifo, what_is_no_fifo_is_refused)
{
	int fd = open(self->path, O_CREAT | O_WRONLY, 0600);
	struct stat st;

	ASSERT_LE(0, fd);
	EXPECT_EQ(-EADDRINUSE, kipc_listen(&self->recv, self->address, NULL));
	EXPECT_EQ(-ECONNREFUSED, kipc_connect(&self->send, self->address, NULL));
	EXPECT_EQ(-EADDRINUSE, kipc_unlink(self->address));
	EXPECT_EQ(0, fstat(fd, &st));
	EXPECT_EQ(0, st.st_size);
	EXPECT_EQ(1, st.st_nlink);
	close(fd);
}

TEST_F(fifo, symbolic_link_is_refused)
{
	char target[160];

	snprintf(target, sizeof(target), "%s.target", self->path);
	ASSERT_EQ(0, mkfifo(target, 0600));
	ASSERT_EQ(0, symlink(target, self->path));
	EXPECT_EQ(-EADDRINUSE, kipc_listen(&self->recv, self->address, NULL));
	EXPECT_EQ(-ECONNREFUSED, kipc_connect(&self->send, self->address, NULL));
	EXPECT_EQ(-EADDRINUSE, kipc_unlink(self->address));
	unlink(target);
}

TEST_F(fifo, fifo_of_another_user_is_not_listened_on)
{
	if (geteuid())
		SKIP(return, "needs root");
	ASSERT_EQ(0, mkfifo(self->path, 0666));
	ASSERT_EQ(0, chown(self->path, 65534, 65534));
	EXPECT_EQ(-EACCES, kipc_listen(&self->recv, self->address, NULL));
}

TEST_F(fifo, absent_directory_enoent)
{
	EXPECT_EQ(-ENOENT, kipc_listen(&self->recv, "fifo:/nowhere/at/all", NULL));
	EXPECT_EQ(-ENOENT, kipc_connect(&self->send, "fifo:/nowhere/at/all", NULL));
	EXPECT_EQ(-EINVAL, kipc_listen(&self->recv, "fifo:", NULL));
}

TEST_F(fifo, unlink_in_use_eaddrinuse)
{
	ASSERT_EQ(0, kipc_listen(&self->recv, self->address, NULL));
	EXPECT_EQ(-EADDRINUSE, kipc_unlink(self->address));
}

/* ---- listeners and senders come and go ---- */

TEST_F(fifo, listener_outlives_its_senders)
{
	struct kipc_msg msg;
	int i;

	ASSERT_EQ(0, kipc_listen(&self->recv, self->address, NULL));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, kipc_connect(&self->send, self->address, NULL));
		ASSERT_EQ(0, kipc_send(self->send, "x", 1, LONG));
		kipc_close(self->send);
		self->send = NULL;
		EXPECT_EQ(1, kipc_recv(self->recv, &msg, LONG));
		kipc_release(&msg);
		EXPECT_EQ(-EAGAIN, kipc_recv(self->recv, &msg, KIPC_NOW));
		EXPECT_EQ(-ETIMEDOUT, kipc_recv(self->recv, &msg, KIPC_MS(5)));
	}
}

TEST_F(fifo, sender_finds_the_next_listener_of_a_path_that_stays)
{
	struct kipc_msg msg;

	ASSERT_EQ(0, mkfifo(self->path, 0600));
	ASSERT_EQ(0, kipc_listen(&self->recv, self->address, NULL));
	ASSERT_EQ(0, kipc_connect(&self->send, self->address, NULL));
	kipc_close(self->recv);
	EXPECT_EQ(-EPIPE, kipc_send(self->send, "x", 1, LONG));
	ASSERT_EQ(0, kipc_listen(&self->recv, self->address, NULL));
	EXPECT_EQ(0, kipc_send(self->send, "y", 1, LONG));
	EXPECT_EQ(1, kipc_recv(self->recv, &msg, LONG));
	kipc_release(&msg);
}

TEST_F(fifo, second_listener_needs_shared_on_both)
{
	struct kipc *second;
	char address[160];

	with(self->address, "shared", address);
	ASSERT_EQ(0, kipc_listen(&self->recv, self->address, NULL));
	EXPECT_EQ(-EADDRINUSE, kipc_listen(&second, self->address, NULL));
	EXPECT_EQ(-EADDRINUSE, kipc_listen(&second, address, NULL));
	kipc_close(self->recv);
	ASSERT_EQ(0, kipc_listen(&self->recv, address, NULL));
	EXPECT_EQ(-EADDRINUSE, kipc_listen(&second, self->address, NULL));
	ASSERT_EQ(0, kipc_listen(&second, address, NULL));
	kipc_close(second);
}

/* ---- sizes ---- */

TEST_F(fifo, shared_messages_are_packets_emsgsize)
{
	struct kipc_info info = KIPC_INFO_INIT;
	static char data[4073];
	struct kipc_msg msg;
	char address[160];

	with(self->address, "shared&size=4073", address);
	EXPECT_EQ(-EMSGSIZE, kipc_listen(&self->recv, address, NULL));
	with(self->address, "shared", address);
	ASSERT_EQ(0, kipc_listen(&self->recv, address, NULL));
	with(self->address, "size=4073", address);
	EXPECT_EQ(-EMSGSIZE, kipc_connect(&self->send, address, NULL));
	ASSERT_EQ(0, kipc_connect(&self->send, self->address, NULL));
	ASSERT_EQ(0, kipc_info(self->send, &info));
	EXPECT_EQ(4072, info.max_size);
	EXPECT_EQ(-EMSGSIZE, kipc_send(self->send, data, 4073, LONG));
	EXPECT_EQ(0, kipc_send(self->send, data, 4072, LONG));
	EXPECT_EQ(4072, kipc_recv(self->recv, &msg, LONG));
	kipc_release(&msg);
}

/* A sender that knew a listener of large messages meets several of small ones. */
TEST_F(fifo, large_message_for_shared_listeners_is_not_sent)
{
	static char data[9000];
	struct kipc_msg msg;
	char address[160];

	ASSERT_EQ(0, mkfifo(self->path, 0600));
	ASSERT_EQ(0, kipc_listen(&self->recv, self->address, NULL));
	ASSERT_EQ(0, kipc_connect(&self->send, self->address, NULL));
	kipc_close(self->recv);
	ASSERT_EQ(0, kipc_listen(&self->recv, with(self->address, "shared", address), NULL));
	EXPECT_EQ(-EMSGSIZE, kipc_send(self->send, data, sizeof(data), LONG));
	EXPECT_EQ(-EAGAIN, kipc_recv(self->recv, &msg, KIPC_NOW));
}

TEST_F(fifo, large_message_without_waiting_goes_when_it_fits)
{
	static char data[100000];
	struct kipc_msg msg;

	ASSERT_EQ(0, kipc_listen(&self->recv, self->address, NULL));
	ASSERT_EQ(0, kipc_connect(&self->send, self->address, NULL));
	EXPECT_EQ(-EMSGSIZE, kipc_send(self->send, data, sizeof(data), KIPC_NOW));
	EXPECT_EQ(0, kipc_send(self->send, data, 60000, KIPC_NOW));
	EXPECT_EQ(-EAGAIN, kipc_send(self->send, data, 60000, KIPC_NOW));
	EXPECT_EQ(60000, kipc_recv(self->recv, &msg, KIPC_NOW));
	kipc_release(&msg);
	EXPECT_EQ(-EAGAIN, kipc_recv(self->recv, &msg, KIPC_NOW));
}

TEST_F(fifo, message_cut_by_its_deadline_is_never_received)
{
	static char data[300000];
	struct kipc_msg msg;
	int i;

	ASSERT_EQ(0, kipc_listen(&self->recv, self->address, NULL));
	ASSERT_EQ(0, kipc_connect(&self->send, self->address, NULL));
	EXPECT_EQ(-ETIMEDOUT, kipc_send(self->send, data, sizeof(data), SOON));
	EXPECT_EQ(-EAGAIN, kipc_send(self->send, "x", 1, KIPC_NOW));
	/* Its pieces are passed over, and make room. */
	EXPECT_EQ(-EAGAIN, kipc_recv(self->recv, &msg, KIPC_NOW));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, kipc_send(self->send, "next", 4, KIPC_NOW));
		ASSERT_EQ(4, kipc_recv(self->recv, &msg, LONG));
		kipc_release(&msg);
	}
	EXPECT_EQ(-EAGAIN, kipc_recv(self->recv, &msg, KIPC_NOW));
}

/* ---- load ---- */

/* What each sender sends: who, which, and bytes that can be checked. */
struct letter {
	uint16_t sender;
	uint16_t number;
	uint32_t size;
};

#define SENDERS	4
#define LETTERS	150

static size_t letter_size(unsigned int sender, unsigned int number, size_t most)
{
	return sizeof(struct letter) + (sender * 7919 + number * 104729) % (most - 8);
}

static void send_letters(struct kipc *send, unsigned int sender, size_t most)
{
	char *data = malloc(most);
	unsigned int i;

	for (i = 0; i < LETTERS; i++) {
		/* Every third is small. */
		size_t size = letter_size(sender, i, i % 3 ? most : 100);
		struct letter letter = { sender, i, size };

		memcpy(data, &letter, sizeof(letter));
		fill(data + sizeof(letter), size - sizeof(letter), sender * 1000 + i);
		if (kipc_send(send, data, size, i & 1 ? LONG : KIPC_FOREVER))
			_exit(1);
	}
	_exit(0);
}

/* Which letter is it?  -1: it is damaged. */
static int read_letter(const struct kipc_msg *msg)
{
	const struct letter *letter = msg->data;

	if (msg->len < sizeof(*letter) || letter->size != msg->len ||
	    letter->sender >= SENDERS || letter->number >= LETTERS ||
	    !filled(letter + 1, msg->len - sizeof(*letter),
		    letter->sender * 1000 + letter->number))
		return -1;
	return letter->sender * LETTERS + letter->number;
}

TEST_F(fifo, many_senders_of_large_and_small_messages_do_not_mix)
{
	unsigned char seen[SENDERS * LETTERS] = { 0 };
	pid_t children[SENDERS];
	struct kipc_msg msg;
	int i, which;

	ASSERT_EQ(0, kipc_listen(&self->recv, self->address, NULL));
	/* Two share a handle by fork(), two have their own. */
	ASSERT_EQ(0, kipc_connect(&self->send, self->address, NULL));
	for (i = 0; i < SENDERS; i++) {
		children[i] = fork();
		ASSERT_LE(0, children[i]);
		if (!children[i]) {
			if (i >= 2 && kipc_connect(&self->send, self->address, NULL))
				_exit(2);
			send_letters(self->send, i, 40000);
		}
	}
	for (i = 0; i < SENDERS * LETTERS; i++) {
		ASSERT_LT(0, kipc_recv(self->recv, &msg, i & 1 ? LONG : KIPC_FOREVER));
		which = read_letter(&msg);
		ASSERT_LE(0, which);
		EXPECT_EQ(0, seen[which]);
		seen[which] = 1;
		kipc_release(&msg);
	}
	EXPECT_EQ(-EAGAIN, kipc_recv(self->recv, &msg, KIPC_NOW));
	for (i = 0; i < SENDERS; i++)
		EXPECT_EQ(0, exit_status(children[i]));
}

/* Count what comes, by number, in memory that the test has as well. */
static void count_letters(const char *address, unsigned char *seen, int ready)
{
	struct kipc_msg msg;
	struct kipc *recv;
	ssize_t n;
	int which;

	if (kipc_listen(&recv, address, NULL) || write(ready, "r", 1) != 1)
		_exit(1);
	while ((n = kipc_recv(recv, &msg, LONG)) > 1) {
		which = read_letter(&msg);
		if (which < 0)
			_exit(2);
		__atomic_add_fetch(&seen[which], 1, __ATOMIC_RELAXED);
		kipc_release(&msg);
	}
	_exit(n == 1 ? 0 : 3);	/* one byte: no more will come */
}

TEST_F(fifo, many_receivers_get_each_message_once_and_whole)
{
	const size_t size = SENDERS * LETTERS;
	pid_t senders[SENDERS], receivers[3];
	char address[160], byte;
	unsigned char *seen;
	int i, ready[2];
	FILE *file = tmpfile();

	ASSERT_NE(NULL, file);
	ASSERT_EQ(0, ftruncate(fileno(file), size));
	seen = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(file), 0);
	fclose(file);
	ASSERT_NE(MAP_FAILED, seen);
	ASSERT_EQ(0, pipe(ready));
	with(self->address, "shared", address);
	ASSERT_EQ(0, kipc_listen(&self->recv, address, NULL));
	for (i = 0; i < 3; i++) {
		receivers[i] = fork();
		ASSERT_LE(0, receivers[i]);
		if (!receivers[i])
			count_letters(address, seen, ready[1]);
		ASSERT_EQ(1, read(ready[0], &byte, 1));
	}
	ASSERT_EQ(0, kipc_connect(&self->send, self->address, NULL));
	for (i = 0; i < SENDERS; i++) {
		senders[i] = fork();
		ASSERT_LE(0, senders[i]);
		if (!senders[i])
			send_letters(self->send, i, 4072);
	}
	for (i = 0; i < SENDERS; i++)
		EXPECT_EQ(0, exit_status(senders[i]));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, kipc_send(self->send, "", 1, LONG));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, exit_status(receivers[i]));
	for (i = 0; i < (int)size; i++)
		EXPECT_EQ(1, seen[i]);
	munmap(seen, size);
	close(ready[0]);
	close(ready[1]);
}

TEST_F(fifo, sender_killed_in_the_midst_of_a_message_spoils_no_other)
{
	static char data[200000];
	struct kipc_msg msg;
	pid_t children[2];
	int round, i, good;

	fill(data, sizeof(data), 7);
	ASSERT_EQ(0, kipc_listen(&self->recv, self->address, NULL));
	ASSERT_EQ(0, kipc_connect(&self->send, self->address, NULL));
	for (round = 0; round < 5; round++) {
		for (i = 0; i < 2; i++) {
			children[i] = fork();
			ASSERT_LE(0, children[i]);
			if (!children[i])
				for (;;)
					kipc_send(self->send, data, sizeof(data),
						  KIPC_FOREVER);
		}
		/* One is killed where it happens to be; the other one goes on. */
		for (good = 0; good < 4; good++) {
			if (good == 2) {
				kill(children[0], SIGKILL);
				EXPECT_EQ(128 + SIGKILL, exit_status(children[0]));
			}
			ASSERT_EQ(sizeof(data), kipc_recv(self->recv, &msg, LONG));
			ASSERT_TRUE(filled(msg.data, msg.len, 7));
			kipc_release(&msg);
		}
		kill(children[1], SIGKILL);
		EXPECT_EQ(128 + SIGKILL, exit_status(children[1]));
	}
	/* What is left is either whole or passed over. */
	while (kipc_recv(self->recv, &msg, KIPC_NOW) >= 0)
		kipc_release(&msg);
	ASSERT_EQ(0, kipc_send(self->send, "next", 4, LONG));
	EXPECT_EQ(4, kipc_recv(self->recv, &msg, LONG));
	kipc_release(&msg);
}

/* ---- foreign bytes ---- */

TEST_F(fifo, what_is_no_message_costs_itself_only)
{
	static const char noise[100] = "echo hello > fifo";
	struct kipc_msg msg;
	int fd;

	ASSERT_EQ(0, kipc_listen(&self->recv, self->address, NULL));
	ASSERT_EQ(0, kipc_connect(&self->send, self->address, NULL));
	fd = open(self->path, O_WRONLY);
	ASSERT_LE(0, fd);
	ASSERT_EQ(sizeof(noise), write(fd, noise, sizeof(noise)));
	EXPECT_EQ(-EPROTO, kipc_recv(self->recv, &msg, LONG));
	ASSERT_EQ(5, write(fd, noise, 5));
	EXPECT_EQ(-EPROTO, kipc_recv(self->recv, &msg, LONG));
	ASSERT_EQ(0, kipc_send(self->send, "x", 1, LONG));
	EXPECT_EQ(1, kipc_recv(self->recv, &msg, LONG));
	kipc_release(&msg);
	close(fd);
}

TEST_F(fifo, too_large_for_the_callers_memory_is_still_the_next)
{
	static char data[30000], buf[30000];

	fill(data, sizeof(data), 5);
	ASSERT_EQ(0, kipc_listen(&self->recv, self->address, NULL));
	ASSERT_EQ(0, kipc_connect(&self->send, self->address, NULL));
	ASSERT_EQ(0, kipc_send(self->send, data, sizeof(data), LONG));
	ASSERT_EQ(0, kipc_send(self->send, "second", 6, LONG));
	EXPECT_EQ(-EMSGSIZE, kipc_recv_into(self->recv, buf, 29999, LONG));
	EXPECT_EQ(-EMSGSIZE, kipc_recv_into(self->recv, buf, 0, LONG));
	EXPECT_EQ(30000, kipc_recv_into(self->recv, buf, sizeof(buf), LONG));
	EXPECT_TRUE(filled(buf, sizeof(buf), 5));
	EXPECT_EQ(-EMSGSIZE, kipc_recv_into(self->recv, buf, 5, LONG));
	EXPECT_EQ(6, kipc_recv_into(self->recv, buf, 6, LONG));
}

TEST_HARNESS_MAIN
