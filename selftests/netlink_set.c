// SPDX-License-Identifier: GPL-2.0
/*
 * Control, changing: owner, group, mode and limits of channels and queues are changed by
 * whoever owns or made them and by CAP_IPC_OWNER, and hold from then on.  Both who opened
 * the socket and who sends on it must be allowed to.
 */
#include "container_test.h"
#include "netlink_test.h"

FIXTURE(netlink_set)
{
	struct nl nl;
	char name[KIPC_NAME_SIZE];
	struct end server;
	int queue;
	struct told told;
};

FIXTURE_SETUP(netlink_set)
{
	uint64_t pool = 0;

	umask(0);
	fresh_name(self->name);
	ASSERT_EQ(0, nl_open(&self->nl));
	self->server = (struct end){ .fd = endpoint_open() };
	ASSERT_EQ(0, channel_create(self->server.fd, self->name, 0600, &pool));
	self->queue = queue_open(self->name, KIPC_QUEUE_CREATE | QUEUE_BOTH);
	ASSERT_LE(0, self->queue);
	ASSERT_EQ(0, queue_set_mode(self->queue, 0600));
}

FIXTURE_TEARDOWN(netlink_set)
{
	end_close(&self->server);
	queue_unlink(self->name);
	close(self->queue);
	close(self->nl.fd);
}

/* Change one thing of a channel, or of a queue */

static int channel_set(struct nl *nl, const char *name, int type, uint32_t value)
{
	struct ask ask = ask_of(nl, KIPC_CMD_CHANNEL_SET);

	put_text(&ask, KIPC_A_CHANNEL_NAME, name);
	put_u32(&ask, type, value);
	return nl_ask(nl, &ask, NULL);
}

static int queue_set(struct nl *nl, const char *name, int type, uint32_t value)
{
	struct ask ask = ask_of(nl, KIPC_CMD_QUEUE_SET);

	put_text(&ask, KIPC_A_QUEUE_NAME, name);
	put_u32(&ask, type, value);
	return nl_ask(nl, &ask, NULL);
}

static int queue_bound(struct nl *nl, const char *name, int type, uint64_t value)
{
	struct ask ask = ask_of(nl, KIPC_CMD_QUEUE_SET);

	put_text(&ask, KIPC_A_QUEUE_NAME, name);
	put_u64(&ask, type, value);
	return nl_ask(nl, &ask, NULL);
}

/* What an ordinary user may do: as an exit status, an errno */

static int try_connect(void *name)
{
	uint64_t pool = 0, number;

	return -channel_connect(endpoint_open(), name, &pool, &number);
}

static int try_queue(void *name)
{
	int fd = queue_open(name, QUEUE_BOTH);

	return fd < 0 ? -fd : 0;
}

static int try_channel_set(void *name)
{
	struct nl nl;

	return nl_open(&nl) ? 200 : -channel_set(&nl, name, KIPC_A_CHANNEL_MODE, 0640);
}

static int try_queue_set(void *name)
{
	struct nl nl;

	return nl_open(&nl) ? 200 : -queue_set(&nl, name, KIPC_A_QUEUE_MODE, 0640);
}

/* The mode */

TEST_F(netlink_set, channel_mode_lets_in_and_keeps_out)
{
	EXPECT_EQ(EACCES, as_user(USER, try_connect, self->name));
	ASSERT_EQ(0, channel_set(&self->nl, self->name, KIPC_A_CHANNEL_MODE, 0602));
	EXPECT_EQ(0, as_user(USER, try_connect, self->name));
	ASSERT_EQ(0, get_channel(&self->nl, self->name, &self->told));
	EXPECT_EQ(0602, u32_of(&self->told, KIPC_A_CHANNEL_MODE));
	ASSERT_EQ(0, channel_set(&self->nl, self->name, KIPC_A_CHANNEL_MODE, 0604));
	EXPECT_EQ(EACCES, as_user(USER, try_connect, self->name));
}

TEST_F(netlink_set, channel_mode_lets_be_who_is_connected)
{
	struct kipc_header msg;
	struct end client;

	ASSERT_EQ(0, end_connect(&client, self->name, 0));
	ASSERT_EQ(0, channel_set(&self->nl, self->name, KIPC_A_CHANNEL_MODE, 0));
	EXPECT_EQ(0, channel_send(client.fd, 0, "x", 1));
	EXPECT_EQ(0, channel_recv(self->server.fd, &msg));
	end_close(&client);
}

TEST_F(netlink_set, channel_group_lets_in)
{
	ASSERT_EQ(0, channel_set(&self->nl, self->name, KIPC_A_CHANNEL_MODE, 0620));
	EXPECT_EQ(EACCES, as_user(USER, try_connect, self->name));
	ASSERT_EQ(0, channel_set(&self->nl, self->name, KIPC_A_CHANNEL_GID, USER));
	EXPECT_EQ(0, as_user(USER, try_connect, self->name));
	EXPECT_EQ(EACCES, as_user(OTHER, try_connect, self->name));
	ASSERT_EQ(0, get_channel(&self->nl, self->name, &self->told));
	EXPECT_EQ(USER, u32_of(&self->told, KIPC_A_CHANNEL_GID));
	EXPECT_EQ(0, u32_of(&self->told, KIPC_A_CHANNEL_CREATOR_GID));
}

TEST_F(netlink_set, queue_mode_lets_in_and_keeps_out)
{
	EXPECT_EQ(EACCES, as_user(USER, try_queue, self->name));
	ASSERT_EQ(0, queue_set(&self->nl, self->name, KIPC_A_QUEUE_MODE, 0606));
	EXPECT_EQ(0, as_user(USER, try_queue, self->name));
	EXPECT_EQ(0606, stat_of(self->queue).mode);
	ASSERT_EQ(0, queue_set(&self->nl, self->name, KIPC_A_QUEUE_MODE, 0604));
	EXPECT_EQ(EACCES, as_user(USER, try_queue, self->name));
}

TEST_F(netlink_set, several_things_are_set_at_once_by_id)
{
	struct ask ask = ask_of(&self->nl, KIPC_CMD_QUEUE_SET);
	struct kipc_queue_stat stat;

	ASSERT_EQ(0, get_queue(&self->nl, self->name, &self->told));
	put_u32(&ask, KIPC_A_QUEUE_ID, u32_of(&self->told, KIPC_A_QUEUE_ID));
	put_u32(&ask, KIPC_A_QUEUE_UID, USER);
	put_u32(&ask, KIPC_A_QUEUE_GID, OTHER);
	put_u32(&ask, KIPC_A_QUEUE_MODE, 0);
	put_u64(&ask, KIPC_A_QUEUE_MAX_MSGS, 7);
	put_u64(&ask, KIPC_A_QUEUE_MAX_BYTES, 77);
	put_u64(&ask, KIPC_A_QUEUE_MAX_SIZE, 17);
	ASSERT_EQ(0, nl_ask(&self->nl, &ask, NULL));
	stat = stat_of(self->queue);
	EXPECT_EQ(USER, stat.uid);
	EXPECT_EQ(OTHER, stat.gid);
	EXPECT_EQ(0, stat.mode);
	EXPECT_EQ(7, stat.max_msgs);
	EXPECT_EQ(77, stat.max_bytes);
	EXPECT_EQ(17, stat.max_size);
}

TEST_F(netlink_set, queue_limits_hold_and_let_in_who_waits)
{
	struct putter putter;

	ASSERT_EQ(0, put(self->queue, 1, 0, 0));
	ASSERT_EQ(0, queue_bound(&self->nl, self->name, KIPC_A_QUEUE_MAX_MSGS, 1));
	EXPECT_EQ(-EAGAIN, put(self->queue, 2, 0, 0));
	ASSERT_EQ(0, putter_start(&putter, self->queue, 3));
	ASSERT_EQ(0, queue_bound(&self->nl, self->name, KIPC_A_QUEUE_MAX_MSGS, 2));
	EXPECT_EQ(0, putter_end(&putter));
	ASSERT_EQ(0, queue_bound(&self->nl, self->name, KIPC_A_QUEUE_MAX_SIZE, 3));
	EXPECT_EQ(-EMSGSIZE, put(self->queue, 4, 0, 0));
	EXPECT_EQ(2, drain(self->queue));
}

TEST_F(netlink_set, queue_change_time_is_set)
{
	uint64_t before = stat_of(self->queue).change_time;

	nap_ms(20);
	ASSERT_EQ(0, queue_set(&self->nl, self->name, KIPC_A_QUEUE_MODE, 0644));
	EXPECT_LT(before, stat_of(self->queue).change_time);
}

/* Who may */

TEST_F(netlink_set, stranger_eperm)
{
	EXPECT_EQ(EPERM, as_user(USER, try_channel_set, self->name));
	EXPECT_EQ(EPERM, as_user(USER, try_queue_set, self->name));
	EXPECT_EQ(0600, stat_of(self->queue).mode);
	/* Also where it may do everything else */
	ASSERT_EQ(0, channel_set(&self->nl, self->name, KIPC_A_CHANNEL_MODE, 0777));
	ASSERT_EQ(0, queue_set(&self->nl, self->name, KIPC_A_QUEUE_MODE, 0777));
	EXPECT_EQ(EPERM, as_user(USER, try_channel_set, self->name));
	EXPECT_EQ(EPERM, as_user(USER, try_queue_set, self->name));
}

TEST_F(netlink_set, eperm_says_why)
{
	struct ask ask;

	if (seteuid(USER))
		SKIP(return, "no such user");
	close(self->nl.fd);
	ASSERT_EQ(0, nl_open(&self->nl));
	ask = ask_of(&self->nl, KIPC_CMD_CHANNEL_SET);
	put_text(&ask, KIPC_A_CHANNEL_NAME, self->name);
	put_u32(&ask, KIPC_A_CHANNEL_MODE, 0);
	EXPECT_EQ(-EPERM, nl_ask(&self->nl, &ask, NULL));
	EXPECT_STRNE("", self->nl.said);
	ASSERT_EQ(0, seteuid(0));
}

TEST_F(netlink_set, owner_may)
{
	ASSERT_EQ(0, channel_set(&self->nl, self->name, KIPC_A_CHANNEL_UID, USER));
	ASSERT_EQ(0, queue_set(&self->nl, self->name, KIPC_A_QUEUE_UID, USER));
	EXPECT_EQ(0, as_user(USER, try_connect, self->name));
	EXPECT_EQ(0, as_user(USER, try_channel_set, self->name));
	EXPECT_EQ(0, as_user(USER, try_queue_set, self->name));
	EXPECT_EQ(EPERM, as_user(OTHER, try_channel_set, self->name));
	EXPECT_EQ(EPERM, as_user(OTHER, try_queue_set, self->name));
	EXPECT_EQ(0640, stat_of(self->queue).mode);
}

/* Made by one user, given to another: both may, and nobody else */

static int make_and_give(const char *name, int ready, int go)
{
	struct nl nl;
	struct end server;
	int queue;
	char c;

	if (become(USER) || end_serve(&server, name, 0))
		return 1;
	queue = queue_open(name, KIPC_QUEUE_CREATE | QUEUE_BOTH);
	if (queue < 0 || nl_open(&nl) || channel_set(&nl, name, KIPC_A_CHANNEL_UID, OTHER) ||
	    queue_set(&nl, name, KIPC_A_QUEUE_UID, OTHER))
		return 2;
	if (write(ready, "x", 1) != 1 || read(go, &c, 1) != 1)
		return 3;
	return -queue_unlink(name);
}

TEST_F(netlink_set, creator_may_whoever_owns_it)
{
	int ready[2], go[2];
	pid_t child;
	char c;

	end_close(&self->server);
	queue_unlink(self->name);
	ASSERT_EQ(0, pipe(ready));
	ASSERT_EQ(0, pipe(go));
	child = spawn();
	if (!child)
		_exit(make_and_give(self->name, ready[1], go[0]));
	close(ready[1]);
	ASSERT_EQ(1, read(ready[0], &c, 1));
	EXPECT_EQ(0, as_user(USER, try_channel_set, self->name));
	EXPECT_EQ(0, as_user(OTHER, try_channel_set, self->name));
	EXPECT_EQ(EPERM, as_user(1002, try_channel_set, self->name));
	EXPECT_EQ(0, as_user(USER, try_queue_set, self->name));
	EXPECT_EQ(0, as_user(OTHER, try_queue_set, self->name));
	EXPECT_EQ(EPERM, as_user(1002, try_queue_set, self->name));
	ASSERT_EQ(0, get_channel(&self->nl, self->name, &self->told));
	EXPECT_EQ(OTHER, u32_of(&self->told, KIPC_A_CHANNEL_UID));
	EXPECT_EQ(USER, u32_of(&self->told, KIPC_A_CHANNEL_CREATOR_UID));
	EXPECT_EQ(1, write(go[1], "x", 1));
	EXPECT_EQ(0, reap(child));
}

TEST_F(netlink_set, what_is_not_there_enoent)
{
	EXPECT_EQ(-ENOENT, channel_set(&self->nl, "nowhere", KIPC_A_CHANNEL_MODE, 0));
	EXPECT_EQ(-ENOENT, queue_set(&self->nl, "nowhere", KIPC_A_QUEUE_MODE, 0));
}

/*
 * A program with more rights than whoever opened its socket does not lend them to that: it
 * may have been handed it as its standard output, and only writes there.
 */
static int open_as(struct nl *nl, uid_t uid)
{
	int err;

	if (seteuid(uid))
		return -errno;
	err = nl_open(nl);
	nl->plain = true;
	return seteuid(0) ? -errno : err;
}

/* The same whether or not the request carries the kernel's address. */
static void expect_no_rights(struct __test_metadata *_metadata, struct nl *nl, const char *name)
{
	struct told told;

	EXPECT_EQ(-EPERM, channel_set(nl, name, KIPC_A_CHANNEL_MODE, 0666));
	EXPECT_EQ(-EPERM, queue_set(nl, name, KIPC_A_QUEUE_MODE, 0666));
	EXPECT_EQ(-EPERM, set_limit(nl, OTHER, KIPC_QUOTA_NAMES, 5));
	EXPECT_EQ(-EPERM, set_limit(nl, DEFAULTS, KIPC_QUOTA_NAMES, 5));
	EXPECT_EQ(-EPERM, get_user(nl, 0, &told));
}

TEST_F(netlink_set, socket_of_an_ordinary_user_has_no_rights_in_other_hands)
{
	struct nl theirs;

	ASSERT_EQ(0, open_as(&theirs, USER));
	expect_no_rights(_metadata, &theirs, self->name);
	theirs.plain = false;
	expect_no_rights(_metadata, &theirs, self->name);
	EXPECT_EQ(0600, stat_of(self->queue).mode);
	close(theirs.fd);
}

static int set_with(void *arg)
{
	struct _test_data_netlink_set *self = arg;

	if (channel_set(&self->nl, self->name, KIPC_A_CHANNEL_MODE, 0666) != -EPERM)
		return 1;
	if (queue_set(&self->nl, self->name, KIPC_A_QUEUE_MODE, 0666) != -EPERM)
		return 2;
	return set_limit(&self->nl, OTHER, KIPC_QUOTA_NAMES, 5) == -EPERM ? 0 : 3;
}

TEST_F(netlink_set, socket_of_root_has_no_rights_in_an_ordinary_users_hands)
{
	EXPECT_EQ(0, as_user(USER, set_with, self));
	EXPECT_EQ(0600, stat_of(self->queue).mode);
}

/* Root of a container: there it stands above owners, and nowhere else */

static int serve_in_container(const char *name, int ready)
{
	struct end server;

	/* 5 in here */
	if (become(5) || end_serve(&server, name, 0) ||
	    queue_open(name, KIPC_QUEUE_CREATE | QUEUE_BOTH) < 0 || write(ready, "x", 1) != 1)
		return 1;
	for (;;)
		pause();
}

static int be_root_of_container(void *arg)
{
	struct _test_data_netlink_set *self = arg;
	struct nl inside;
	struct told told;
	int ready[2];
	pid_t child;
	char c;

	if (enter_container(100000, 1000) || pipe(ready) || nl_open(&inside))
		return 1;
	child = spawn();
	if (!child)
		_exit(serve_in_container(self->name, ready[1]));
	close(ready[1]);
	if (read(ready[0], &c, 1) != 1)
		return 2;
	/* By a socket from outside, what is outside */
	if (channel_set(&self->nl, self->name, KIPC_A_CHANNEL_MODE, 0666) != -EPERM)
		return 3;
	if (queue_set(&self->nl, self->name, KIPC_A_QUEUE_MODE, 0666) != -EPERM)
		return 4;
	if (channel_set(&inside, self->name, KIPC_A_CHANNEL_MODE, 0644) ||
	    queue_set(&inside, self->name, KIPC_A_QUEUE_MODE, 0644))
		return 5;
	/* Users are those that it knows */
	if (channel_set(&inside, self->name, KIPC_A_CHANNEL_UID, 5000) != -EINVAL ||
	    channel_set(&inside, self->name, KIPC_A_CHANNEL_UID, 7))
		return 6;
	if (get_channel(&inside, self->name, &told) ||
	    u32_of(&told, KIPC_A_CHANNEL_UID) != 7 ||
	    u32_of(&told, KIPC_A_CHANNEL_CREATOR_UID) != 5 ||
	    u32_of(&told, KIPC_A_CHANNEL_MODE) != 0644)
		return 7;
	kill_and_reap(child);
	return 0;
}

TEST_F(netlink_set, root_of_a_container_stands_above_owners_in_it)
{
	EXPECT_EQ(0, in_child(be_root_of_container, self));
	EXPECT_EQ(0600, stat_of(self->queue).mode);
}

TEST_HARNESS_MAIN
