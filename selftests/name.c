// SPDX-License-Identifier: GPL-2.0
/*
 * Name: what can be one, when it is taken, and whom its mode lets in.
 */
#include "kipc_test.h"

/* Both kinds of names obey the same rules. */
FIXTURE(name)
{
	char text[KIPC_NAME_SIZE];
	int fd;
};

FIXTURE_VARIANT(name)
{
	bool queue;
};

FIXTURE_VARIANT_ADD(name, channel) { .queue = false };
FIXTURE_VARIANT_ADD(name, queue) { .queue = true };

FIXTURE_SETUP(name)
{
	fresh_name(self->text);
	self->fd = endpoint_open();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(name)
{
	if (variant->queue)
		queue_unlink(self->text);
	close(self->fd);
}

/* Take a name of KIPC_NAME_SIZE bytes as they are. */
static int take(int fd, bool queue, const char *text)
{
	struct kipc_channel_create create = { .size = sizeof(create) };
	struct kipc_queue_open open = {
		.size = sizeof(open),
		.flags = KIPC_QUEUE_CREATE | KIPC_QUEUE_EXCL | QUEUE_BOTH,
	};

	memcpy(create.name, text, KIPC_NAME_SIZE);
	memcpy(open.name, text, KIPC_NAME_SIZE);
	if (queue)
		return request(fd, KIPC_IOC_QUEUE_OPEN, &open);
	return request(fd, KIPC_IOC_CHANNEL_CREATE, &create);
}

#define TAKE(text)	take(self->fd, variant->queue, text)

TEST_F(name, empty_einval)
{
	self->text[0] = 0;
	EXPECT_EQ(-EINVAL, TAKE(self->text));
}

TEST_F(name, without_end_einval)
{
	memset(self->text, 'a', KIPC_NAME_SIZE);
	EXPECT_EQ(-EINVAL, TAKE(self->text));
}

TEST_F(name, something_behind_its_end_einval)
{
	self->text[KIPC_NAME_SIZE - 1] = 'a';
	EXPECT_EQ(-EINVAL, TAKE(self->text));
	self->text[KIPC_NAME_SIZE - 1] = 0;
	self->text[strlen(self->text) + 1] = 'a';
	EXPECT_EQ(-EINVAL, TAKE(self->text));
}

TEST_F(name, other_than_printable_einval)
{
	int c;

	for (c = 1; c < 256; c++) {
		if (c > ' ' && c < 0x7f && c != '/')
			continue;
		self->text[0] = c;
		EXPECT_EQ(-EINVAL, TAKE(self->text)) TH_LOG("%#x", c);
	}
}

TEST_F(name, every_printable_succeeds)
{
	int c, n = 0;

	memset(self->text, 0, KIPC_NAME_SIZE);
	for (c = ' ' + 1; c < 0x7f; c++)
		if (c != '/')
			self->text[n++] = c;
	EXPECT_EQ(0, TAKE(self->text));
}

TEST_F(name, of_one_byte_succeeds)
{
	memset(self->text, 0, KIPC_NAME_SIZE);
	self->text[0] = '?';
	EXPECT_EQ(0, TAKE(self->text));
}

TEST_F(name, of_255_bytes_succeeds)
{
	memset(self->text, 'n', KIPC_NAME_SIZE - 1);
	EXPECT_EQ(0, TAKE(self->text));
}

TEST_F(name, that_begins_another_is_another)
{
	char longer[KIPC_NAME_SIZE];
	int fd = endpoint_open();

	memcpy(longer, self->text, KIPC_NAME_SIZE);
	strcat(longer, "x");
	EXPECT_EQ(0, TAKE(self->text));
	EXPECT_EQ(0, take(fd, variant->queue, longer));
	if (variant->queue)
		queue_unlink(longer);
	close(fd);
}

TEST_F(name, taken)
{
	int fd = endpoint_open(), err = variant->queue ? -EEXIST : -EADDRINUSE;

	ASSERT_EQ(0, TAKE(self->text));
	EXPECT_EQ(err, take(fd, variant->queue, self->text));
	EXPECT_EQ(KIPC_ROLE_NONE, endpoint_info(fd).role);
	close(fd);
}

TEST_F(name, of_a_channel_and_a_queue_do_not_collide)
{
	int fd = endpoint_open();

	ASSERT_EQ(0, TAKE(self->text));
	EXPECT_EQ(0, take(fd, !variant->queue, self->text));
	if (!variant->queue)
		queue_unlink(self->text);
	close(fd);
}

TEST_F(name, is_taken_by_one_of_many)
{
	pid_t children[8];
	int i, taken = 0;

	for (i = 0; i < 8; i++) {
		children[i] = spawn();
		if (!children[i]) {
			if (take(endpoint_open(), variant->queue, self->text))
				_exit(1);
			nap_ms(200);
			_exit(0);
		}
	}
	for (i = 0; i < 8; i++)
		taken += !reap(children[i]);
	EXPECT_EQ(1, taken);
}

/* Channels: the name goes with the server */

static int join(const char *name)
{
	uint64_t pool = 0, number;
	int fd = endpoint_open(), err;

	err = channel_connect(fd, name, &pool, &number);
	close(fd);
	return err;
}

TEST(channel_absent_enoent)
{
	EXPECT_EQ(-ENOENT, join("no-such-channel"));
}

TEST(channel_name_is_free_after_close)
{
	char name[KIPC_NAME_SIZE];
	uint64_t pool = 0;
	int i, fd;

	fresh_name(name);
	for (i = 0; i < 3; i++) {
		fd = endpoint_open();
		EXPECT_EQ(0, channel_create(fd, name, 0600, &pool));
		EXPECT_EQ(0, join(name));
		close(fd);
		EXPECT_EQ(-ENOENT, join(name));
	}
}

TEST(channel_name_is_free_while_a_client_remains)
{
	char name[KIPC_NAME_SIZE];
	struct end server, client, next;

	fresh_name(name);
	ASSERT_EQ(0, end_serve(&server, name, 0));
	ASSERT_EQ(0, end_connect(&client, name, 0));
	end_close(&server);
	EXPECT_EQ(-ENOENT, join(name));
	EXPECT_EQ(0, end_serve(&next, name, 0));
	EXPECT_EQ(-EPIPE, channel_send(client.fd, 0, "", 0));
	end_close(&client);
	EXPECT_EQ(0, join(name));
	end_close(&next);
}

TEST(channel_name_is_free_after_sigkill)
{
	char name[KIPC_NAME_SIZE];
	struct end server;
	int i, tries;
	pid_t child;

	fresh_name(name);
	for (i = 0; i < 5; i++) {
		child = spawn();
		if (!child) {
			end_serve(&server, name, 0);
			for (;;)
				pause();
		}
		for (tries = 0; tries < 1000 && join(name); tries++)
			nap_ms(1);
		EXPECT_EQ(0, join(name));
		EXPECT_EQ(128 + SIGKILL, kill_and_reap(child));
		EXPECT_EQ(-ENOENT, join(name));
	}
}

/* Modes */

FIXTURE(mode)
{
	char name[KIPC_NAME_SIZE];
	int fd;
};

FIXTURE_SETUP(mode)
{
	umask(0);
	fresh_name(self->name);
	self->fd = endpoint_open();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(mode)
{
	close(self->fd);
	queue_unlink(self->name);
}

/* What a user gets who connects, or opens the queue. */
static int join_as(uid_t uid, const char *name)
{
	pid_t child = spawn();

	if (!child)
		_exit(become(uid) ? 255 : -join(name));
	return -reap(child);
}

static int open_as(uid_t uid, const char *name, unsigned int flags)
{
	pid_t child = spawn();
	int fd;

	if (!child) {
		if (become(uid))
			_exit(255);
		fd = queue_open(name, flags);
		_exit(fd < 0 ? -fd : 0);
	}
	return -reap(child);
}

static int unlink_as(uid_t uid, const char *name)
{
	pid_t child = spawn();

	if (!child)
		_exit(become(uid) ? 255 : -queue_unlink(name));
	return -reap(child);
}

static int serve(int fd, const char *name, unsigned int mode)
{
	uint64_t pool = 0;

	return channel_create(fd, name, mode, &pool);
}

static int make_queue(int fd, const char *name, unsigned int mode)
{
	struct kipc_queue_open arg =
		queue_args(name, KIPC_QUEUE_CREATE | QUEUE_BOTH);

	arg.mode = mode;
	return request(fd, KIPC_IOC_QUEUE_OPEN, &arg);
}

TEST_F(mode, more_than_permissions_einval)
{
	EXPECT_EQ(-EINVAL, serve(self->fd, self->name, 01000));
	EXPECT_EQ(-EINVAL, serve(self->fd, self->name, 0100600));
	EXPECT_EQ(-EINVAL, make_queue(self->fd, self->name, 04600));
}

TEST_F(mode, for_all_lets_a_user_connect)
{
	ASSERT_EQ(0, serve(self->fd, self->name, 0666));
	EXPECT_EQ(0, join_as(USER, self->name));
}

TEST_F(mode, write_bit_alone_lets_a_user_connect)
{
	ASSERT_EQ(0, serve(self->fd, self->name, 0002));
	EXPECT_EQ(0, join_as(USER, self->name));
}

TEST_F(mode, for_owner_keeps_a_user_out)
{
	ASSERT_EQ(0, serve(self->fd, self->name, 0664));
	EXPECT_EQ(-EACCES, join_as(USER, self->name));
	EXPECT_EQ(0, endpoint_info(self->fd).peers);
}

TEST_F(mode, umask_is_taken_off)
{
	umask(022);
	ASSERT_EQ(0, serve(self->fd, self->name, 0666));
	EXPECT_EQ(-EACCES, join_as(USER, self->name));
}

TEST_F(mode, keeps_nobody_out_who_is_privileged)
{
	ASSERT_EQ(0, serve(self->fd, self->name, 0));
	EXPECT_EQ(0, join(self->name));
}

/* A server of another user's, who ends when told to. */
static pid_t serve_as(uid_t uid, gid_t gid, const char *name, unsigned int mode)
{
	pid_t child;
	char go;
	int ready[2];

	if (pipe(ready))
		return -1;
	child = spawn();
	if (!child) {
		int fd;

		if (setgroups(0, NULL) || setresgid(gid, gid, gid) ||
		    setresuid(uid, uid, uid))
			_exit(255);
		fd = endpoint_open();
		if (serve(fd, name, mode) ||
		    make_queue(endpoint_open(), name, mode))
			_exit(254);
		if (write(ready[1], "", 1) != 1)
			_exit(253);
		for (;;)
			pause();
	}
	close(ready[1]);
	if (read(ready[0], &go, 1) != 1)
		child = -1;
	close(ready[0]);
	return child;
}

TEST_F(mode, owner_s_bits_are_the_owner_s)
{
	pid_t owner = serve_as(USER, USER, self->name, 0066);

	ASSERT_LT(0, owner);
	EXPECT_EQ(-EACCES, join_as(USER, self->name));
	EXPECT_EQ(0, join_as(OTHER, self->name));
	kill_and_reap(owner);
}

TEST_F(mode, group_s_bits_are_the_group_s)
{
	pid_t owner = serve_as(OTHER, USER, self->name, 0626);

	ASSERT_LT(0, owner);
	EXPECT_EQ(0, join_as(USER, self->name));
	kill_and_reap(owner);
	queue_unlink(self->name);

	owner = serve_as(OTHER, USER, fresh_name(self->name), 0606);
	ASSERT_LT(0, owner);
	EXPECT_EQ(-EACCES, join_as(USER, self->name));
	EXPECT_EQ(0, join_as(USER + 5, self->name));
	kill_and_reap(owner);
}

TEST_F(mode, root_connects_to_everything)
{
	pid_t owner = serve_as(USER, USER, self->name, 0);

	ASSERT_LT(0, owner);
	EXPECT_EQ(0, join(self->name));
	EXPECT_EQ(-EACCES, join_as(USER, self->name));
	kill_and_reap(owner);
}

TEST_F(mode, of_a_queue_has_a_bit_for_each_direction)
{
	ASSERT_EQ(0, make_queue(self->fd, self->name, 0604));
	EXPECT_EQ(0, open_as(USER, self->name, KIPC_QUEUE_RECV));
	EXPECT_EQ(-EACCES, open_as(USER, self->name, KIPC_QUEUE_SEND));
	EXPECT_EQ(-EACCES, open_as(USER, self->name, QUEUE_BOTH));
	EXPECT_EQ(-EACCES, open_as(USER, self->name,
				   KIPC_QUEUE_CREATE | QUEUE_BOTH));
}

TEST_F(mode, of_a_queue_write_only)
{
	ASSERT_EQ(0, make_queue(self->fd, self->name, 0602));
	EXPECT_EQ(-EACCES, open_as(USER, self->name, KIPC_QUEUE_RECV));
	EXPECT_EQ(0, open_as(USER, self->name, KIPC_QUEUE_SEND));
}

TEST_F(mode, of_a_queue_does_not_bind_who_makes_it)
{
	EXPECT_EQ(0, make_queue(self->fd, self->name, 0));
	EXPECT_EQ(0, queue_send(self->fd, "a", 1));
	EXPECT_EQ(-EACCES, open_as(USER, self->name, KIPC_QUEUE_SEND));
}

TEST_F(mode, eexist_comes_before_eacces)
{
	ASSERT_EQ(0, make_queue(self->fd, self->name, 0));
	EXPECT_EQ(-EEXIST, open_as(USER, self->name, KIPC_QUEUE_CREATE |
				   KIPC_QUEUE_EXCL | QUEUE_BOTH));
}

TEST_F(mode, unlink_is_for_the_owner)
{
	pid_t owner = serve_as(USER, USER, self->name, 0666);

	ASSERT_LT(0, owner);
	EXPECT_EQ(-EACCES, unlink_as(OTHER, self->name));
	EXPECT_EQ(0, unlink_as(USER, self->name));
	EXPECT_EQ(-ENOENT, unlink_as(USER, self->name));
	kill_and_reap(owner);
}

TEST_F(mode, unlink_is_for_root)
{
	pid_t owner = serve_as(USER, USER, self->name, 0666);

	ASSERT_LT(0, owner);
	EXPECT_EQ(0, queue_unlink(self->name));
	kill_and_reap(owner);
}

TEST_HARNESS_MAIN
