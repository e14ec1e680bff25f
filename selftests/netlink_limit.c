// SPDX-License-Identifier: GPL-2.0
/*
 * Control, limits: what a user may have, set by whoever may, holds for that user and for
 * nobody else, until it is taken away or goes with the namespace through which it was set.
 */
#include "container_test.h"
#include "netlink_test.h"

#define CONTAINER	100000	/* what a container's root is outside */

FIXTURE(netlink_limit)
{
	struct nl nl;
	char name[KIPC_NAME_SIZE];
	int queue;
	struct told told;
	long before[KIPC_QUOTA_COUNT];
};

static const char * const parameters[KIPC_QUOTA_COUNT] = {
	[KIPC_QUOTA_ENDPOINTS] = "max_endpoints",
	[KIPC_QUOTA_NAMES] = "max_names",
	[KIPC_QUOTA_POOL_BYTES] = "max_pool_bytes",
	[KIPC_QUOTA_POOL_MSGS] = "max_pool_msgs",
	[KIPC_QUOTA_QUEUE_BYTES] = "max_queue_bytes",
	[KIPC_QUOTA_QUEUE_MSGS] = "max_queue_msgs",
	[KIPC_QUOTA_FDS] = "max_fds",
};

/* An account goes a while after what was refused last, or its namespace, has gone. */
static int await_no_account(struct nl *nl, uid_t uid)
{
	struct told told;
	int i, err = 0;

	for (i = 0; i < 1000 && err != -ENOENT; i++) {
		err = get_user(nl, uid, &told);
		nap_ms(err == -ENOENT ? 0 : 10);
	}
	return err;
}

FIXTURE_SETUP(netlink_limit)
{
	int i;

	umask(0);
	fresh_name(self->name);
	for (i = 0; i < KIPC_QUOTA_COUNT; i++)
		self->before[i] = parameter_get(parameters[i]);
	ASSERT_EQ(0, nl_open(&self->nl));
	ASSERT_EQ(-ENOENT, await_no_account(&self->nl, USER));
	self->queue = queue_open(self->name, KIPC_QUEUE_CREATE | QUEUE_BOTH);
	ASSERT_LE(0, self->queue);
}

FIXTURE_TEARDOWN_PARENT(netlink_limit)
{
	struct nl nl;
	int i;

	nl_open(&nl);
	for (i = 0; i < KIPC_QUOTA_COUNT; i++) {
		set_limit(&nl, USER, i, NO_LIMIT);
		parameter_set(parameters[i], self->before[i]);
	}
	queue_unlink(self->name);
	close(nl.fd);
}

/* A user takes as many as it may, 200 at most.  Return: how many; 201, refused otherwise. */

static int take_endpoints(void *arg)
{
	int fd, n = 0;

	while (n < 100) {
		fd = endpoint_open();
		if (fd < 0)
			return fd == -EDQUOT ? n : 201;
		n++;
	}
	return n;
}

static int take_names(void *arg)
{
	char text[KIPC_NAME_SIZE];
	uint64_t pool = KIPC_POOL_MIN;
	int err, n = 0;

	while (n < 100) {
		err = channel_create(endpoint_open(), fresh_name(text), 0600, &pool);
		if (err)
			return err == -EDQUOT ? n : 201;
		n++;
	}
	return n;
}

static int take_pool(size_t len)
{
	uint8_t *data = memory(CHUNK);
	char text[KIPC_NAME_SIZE];
	struct end server, client;
	int err, n = 0;

	if (end_serve(&server, fresh_name(text), 4 << 20) ||
	    end_connect(&client, text, 4 << 20))
		return 202;
	while (n < 100) {
		err = channel_send_now(client.fd, 0, data, len);
		if (err)
			return err == -EDQUOT ? n : 201;
		n++;
	}
	return n;
}

/* A chunk each */
static int take_pool_bytes(void *arg)
{
	return take_pool(CHUNK);
}

static int take_pool_msgs(void *arg)
{
	return take_pool(0);
}

static int take_queue(const char *name, size_t len, int fd_count)
{
	struct kipc_queue_send send = queue_send_args(memory(len), len);
	int fd = queue_open(name, KIPC_QUEUE_SEND), null = 0, err, n = 0;

	send.flags = KIPC_F_NONBLOCK;
	send.payload.fds = fd_count ? (uintptr_t)&null : 0;
	send.payload.fd_count = fd_count;
	while (n < 100) {
		err = request(fd, KIPC_IOC_QUEUE_SEND, &send);
		if (err)
			return err == -EDQUOT ? n : 201;
		n++;
	}
	return n;
}

/* 100 bytes each */
static int take_queue_bytes(void *name)
{
	return take_queue(name, 100, 0);
}

static int take_queue_msgs(void *name)
{
	return take_queue(name, 0, 0);
}

static int take_fds(void *name)
{
	return take_queue(name, 0, 1);
}

static const struct {
	int (*take)(void *arg);
	unsigned int each;
} things[KIPC_QUOTA_COUNT] = {
	[KIPC_QUOTA_ENDPOINTS] = { take_endpoints, 1 },
	[KIPC_QUOTA_NAMES] = { take_names, 1 },
	[KIPC_QUOTA_POOL_BYTES] = { take_pool_bytes, CHUNK },
	[KIPC_QUOTA_POOL_MSGS] = { take_pool_msgs, 1 },
	[KIPC_QUOTA_QUEUE_BYTES] = { take_queue_bytes, 100 },
	[KIPC_QUOTA_QUEUE_MSGS] = { take_queue_msgs, 1 },
	[KIPC_QUOTA_FDS] = { take_fds, 1 },
};

static struct told get_charge(struct nl *nl, uid_t uid, uint32_t what, struct told *user)
{
	return get_user(nl, uid, user) ? (struct told){ } : charge_of(user, what);
}

/* Limits of one user */

TEST_F(netlink_limit, each_bites_and_bites_nobody_else)
{
	int what;

	for (what = 0; what < KIPC_QUOTA_COUNT; what++) {
		ASSERT_EQ(0, set_limit(&self->nl, USER, what, 5 * things[what].each));
		EXPECT_EQ(5, as_user(USER, things[what].take, self->name));
		EXPECT_LT(5, as_user(OTHER, things[what].take, self->name));
		drain(self->queue);
		ASSERT_EQ(0, set_limit(&self->nl, USER, what, NO_LIMIT));
		EXPECT_LT(5, as_user(USER, things[what].take, self->name));
		drain(self->queue);
	}
}

TEST_F(netlink_limit, of_0_leaves_nothing)
{
	ASSERT_EQ(0, set_limit(&self->nl, USER, KIPC_QUOTA_NAMES, 0));
	EXPECT_EQ(0, as_user(USER, take_names, NULL));
	ASSERT_EQ(0, set_limit(&self->nl, USER, KIPC_QUOTA_ENDPOINTS, 0));
	EXPECT_EQ(0, as_user(USER, take_endpoints, NULL));
}

TEST_F(netlink_limit, is_told_as_the_users_own)
{
	struct told charge;

	ASSERT_EQ(0, set_limit(&self->nl, USER, KIPC_QUOTA_FDS, 77));
	charge = get_charge(&self->nl, USER, KIPC_QUOTA_FDS, &self->told);
	EXPECT_EQ(77, u64_of(&charge, KIPC_A_CHARGE_LIMIT));
	EXPECT_EQ(0, u64_of(&charge, KIPC_A_CHARGE_TAKEN));
	EXPECT_TRUE(has(&charge, KIPC_A_CHARGE_OWN));
	charge = charge_of(&self->told, KIPC_QUOTA_NAMES);
	EXPECT_FALSE(has(&charge, KIPC_A_CHARGE_OWN));
	EXPECT_EQ(self->before[KIPC_QUOTA_NAMES], u64_of(&charge, KIPC_A_CHARGE_LIMIT));
}

TEST_F(netlink_limit, stays_when_the_user_goes)
{
	ASSERT_EQ(0, set_limit(&self->nl, USER, KIPC_QUOTA_NAMES, 2));
	EXPECT_EQ(2, as_user(USER, take_names, NULL));
	EXPECT_EQ(0, taken_by(&self->nl, USER, KIPC_QUOTA_ENDPOINTS));
	EXPECT_EQ(2, as_user(USER, take_names, NULL));
}

TEST_F(netlink_limit, that_is_taken_away_leaves_no_account)
{
	ASSERT_EQ(0, set_limit(&self->nl, USER, KIPC_QUOTA_NAMES, 2));
	ASSERT_EQ(0, set_limit(&self->nl, USER, KIPC_QUOTA_FDS, 2));
	ASSERT_EQ(0, set_limit(&self->nl, USER, KIPC_QUOTA_NAMES, NO_LIMIT));
	EXPECT_EQ(0, get_user(&self->nl, USER, &self->told));
	ASSERT_EQ(0, set_limit(&self->nl, USER, KIPC_QUOTA_FDS, NO_LIMIT));
	EXPECT_EQ(-ENOENT, get_user(&self->nl, USER, &self->told));
	/* None to take away is no error either */
	EXPECT_EQ(0, set_limit(&self->nl, USER, KIPC_QUOTA_FDS, NO_LIMIT));
	EXPECT_EQ(-ENOENT, get_user(&self->nl, USER, &self->told));
}

TEST_F(netlink_limit, several_are_set_at_once)
{
	struct ask ask = ask_of(&self->nl, KIPC_CMD_USER_SET);
	struct nlattr *nest;
	int what;

	put_u32(&ask, KIPC_A_USER_UID, USER);
	for (what = 0; what < KIPC_QUOTA_COUNT; what++) {
		nest = nest_begin(&ask, KIPC_A_USER_CHARGE);
		put_u64(&ask, KIPC_A_CHARGE_LIMIT, 1000 + what);
		put_u32(&ask, KIPC_A_CHARGE_WHAT, what);
		nest_end(&ask, nest);
	}
	ASSERT_EQ(0, nl_ask(&self->nl, &ask, NULL));
	ASSERT_EQ(0, get_user(&self->nl, USER, &self->told));
	for (what = 0; what < KIPC_QUOTA_COUNT; what++) {
		struct told charge = charge_of(&self->told, what);

		EXPECT_EQ(1000 + what, u64_of(&charge, KIPC_A_CHARGE_LIMIT));
	}
}

/* A process of a user's that takes what it may, keeps it, and gives it back when told to */

struct keeper {
	pid_t child;
	int go;
	int took;
};

static int keep(struct keeper *keeper, uid_t uid, int (*take)(void *arg), void *arg)
{
	int ready[2], go[2];
	uint8_t n;

	if (pipe(ready) || pipe(go))
		return -errno;
	keeper->child = spawn();
	if (!keeper->child) {
		close(ready[0]);
		close(go[1]);
		n = become(uid) ? 255 : take(arg);
		if (write(ready[1], &n, 1) == 1)
			n = read(go[0], &n, 1);
		_exit(0);
	}
	close(ready[1]);
	close(go[0]);
	keeper->go = go[1];
	keeper->took = read(ready[0], &n, 1) == 1 ? n : -1;
	close(ready[0]);
	return 0;
}

static int let_go(struct keeper *keeper)
{
	int ok = write(keeper->go, "x", 1);

	close(keeper->go);
	return ok == 1 ? reap(keeper->child) : -EPIPE;
}

TEST_F(netlink_limit, lowered_below_what_is_taken_lets_that_be)
{
	struct keeper keeper;
	struct told charge;

	ASSERT_EQ(0, set_limit(&self->nl, USER, KIPC_QUOTA_NAMES, 10));
	ASSERT_EQ(0, keep(&keeper, USER, take_names, NULL));
	ASSERT_EQ(10, keeper.took);
	ASSERT_EQ(0, set_limit(&self->nl, USER, KIPC_QUOTA_NAMES, 4));
	charge = get_charge(&self->nl, USER, KIPC_QUOTA_NAMES, &self->told);
	EXPECT_EQ(10, u64_of(&charge, KIPC_A_CHARGE_TAKEN));
	EXPECT_EQ(4, u64_of(&charge, KIPC_A_CHARGE_LIMIT));
	EXPECT_EQ(0, as_user(USER, take_names, NULL));
	/* Raised again, there is room at once */
	ASSERT_EQ(0, set_limit(&self->nl, USER, KIPC_QUOTA_NAMES, 12));
	EXPECT_EQ(2, as_user(USER, take_names, NULL));
	EXPECT_EQ(0, let_go(&keeper));
	EXPECT_EQ(12, as_user(USER, take_names, NULL));
}

TEST_F(netlink_limit, counts_what_was_refused)
{
	struct told charge;

	ASSERT_EQ(0, set_limit(&self->nl, USER, KIPC_QUOTA_NAMES, 3));
	EXPECT_EQ(3, as_user(USER, take_names, NULL));
	charge = get_charge(&self->nl, USER, KIPC_QUOTA_NAMES, &self->told);
	EXPECT_EQ(1, u64_of(&charge, KIPC_A_CHARGE_REFUSED));
	EXPECT_EQ(3, as_user(USER, take_names, NULL));
	charge = get_charge(&self->nl, USER, KIPC_QUOTA_NAMES, &self->told);
	EXPECT_EQ(2, u64_of(&charge, KIPC_A_CHARGE_REFUSED));
	EXPECT_EQ(0, u64_of(&charge, KIPC_A_CHARGE_TAKEN));
	charge = charge_of(&self->told, KIPC_QUOTA_ENDPOINTS);
	EXPECT_EQ(0, u64_of(&charge, KIPC_A_CHARGE_REFUSED));
}

static int make_calls(void *name)
{
	struct kipc_header reply;
	struct end client;
	int i;

	if (end_connect(&client, name, 0))
		return 1;
	for (i = 0; i < 200; i++)
		if (channel_call(client.fd, "x", 1, &reply) ||
		    channel_release(client.fd, reply.id))
			return 2;
	return 0;
}

static void *answer(void *arg)
{
	struct end *server = arg;
	struct kipc_header msg;
	int i;

	for (i = 0; i < 200; i++)
		if (channel_recv(server->fd, &msg) || channel_reply(server->fd, msg.id, "y", 1))
			break;
	return NULL;
}

/* Every limit of one user reached; another works, with a third's server */
TEST_F(netlink_limit, of_one_user_that_is_reached_disturbs_no_other)
{
	struct keeper keeper[KIPC_QUOTA_COUNT];
	pthread_t thread;
	struct end server;
	int what;

	ASSERT_EQ(0, end_serve(&server, self->name, 0));
	ASSERT_EQ(0, pthread_create(&thread, NULL, answer, &server));
	for (what = KIPC_QUOTA_NAMES; what < KIPC_QUOTA_COUNT; what++)
		ASSERT_EQ(0, set_limit(&self->nl, USER, what, 8 * things[what].each));
	for (what = KIPC_QUOTA_NAMES; what < KIPC_QUOTA_COUNT; what++)
		ASSERT_EQ(0, keep(&keeper[what], USER, things[what].take, self->name));
	EXPECT_EQ(0, as_user(OTHER, make_calls, self->name));
	EXPECT_LT(8, as_user(OTHER, take_queue_msgs, self->name));
	pthread_join(thread, NULL);
	for (what = KIPC_QUOTA_NAMES; what < KIPC_QUOTA_COUNT; what++)
		EXPECT_EQ(0, let_go(&keeper[what]));
	end_close(&server);
}

/* Who may */

static int set_as_user(void *arg)
{
	struct nl nl;

	if (nl_open(&nl))
		return 1;
	if (set_limit(&nl, USER, KIPC_QUOTA_NAMES, 1) != -EPERM || !nl.said[0])
		return 2;
	if (set_limit(&nl, OTHER, KIPC_QUOTA_NAMES, 1) != -EPERM)
		return 3;
	if (set_limit(&nl, USER, KIPC_QUOTA_NAMES, NO_LIMIT) != -EPERM)
		return 4;
	return set_limit(&nl, DEFAULTS, KIPC_QUOTA_NAMES, 1) == -EPERM ? 0 : 5;
}

TEST_F(netlink_limit, is_not_for_ordinary_users)
{
	EXPECT_EQ(0, as_user(USER, set_as_user, NULL));
	EXPECT_EQ(self->before[KIPC_QUOTA_NAMES], parameter_get("max_names"));
}

/* Defaults */

TEST_F(netlink_limit, default_holds_for_who_has_none_of_its_own)
{
	ASSERT_EQ(0, set_limit(&self->nl, USER, KIPC_QUOTA_NAMES, 6));
	ASSERT_EQ(0, set_limit(&self->nl, DEFAULTS, KIPC_QUOTA_NAMES, 4));
	EXPECT_EQ(4, parameter_get("max_names"));
	EXPECT_EQ(6, as_user(USER, take_names, NULL));
	EXPECT_EQ(4, as_user(OTHER, take_names, NULL));
	ASSERT_EQ(0, set_limit(&self->nl, USER, KIPC_QUOTA_NAMES, NO_LIMIT));
	EXPECT_EQ(4, as_user(USER, take_names, NULL));
	/* And the parameter is the default */
	ASSERT_EQ(0, parameter_set("max_names", 5));
	EXPECT_EQ(5, as_user(USER, take_names, NULL));
}

/* Containers */

/* In a container: its users by their numbers there */

static int take_names_as(uid_t uid)
{
	return as_user(uid, take_names, NULL);
}

static int share_out(void *arg)
{
	struct told told, charge;
	struct nl nl;

	if (enter_container(CONTAINER, 1000) || nl_open(&nl))
		return 1;
	if (set_limit(&nl, 5, KIPC_QUOTA_NAMES, 2) || take_names_as(5) != 2)
		return 2;
	if (take_names_as(6) <= 2)
		return 3;
	charge = get_charge(&nl, 5, KIPC_QUOTA_NAMES, &told);
	if (u64_of(&charge, KIPC_A_CHARGE_LIMIT) != 2 || !has(&charge, KIPC_A_CHARGE_OWN))
		return 4;
	/* Nobody that it does not know, and not what holds for all */
	if (set_limit(&nl, 5000, KIPC_QUOTA_NAMES, 2) != -EINVAL)
		return 5;
	if (set_limit(&nl, DEFAULTS, KIPC_QUOTA_NAMES, 2) != -EPERM)
		return 6;
	return 0;
}

TEST_F(netlink_limit, of_a_container_is_its_roots_to_share_out)
{
	EXPECT_EQ(0, in_child(share_out, NULL));
}

/* What the machine's administrator has said counts whatever is said inside. */
static int ask_for_more(void *arg)
{
	struct told told, charge;
	struct nl nl;

	if (enter_container(CONTAINER, 1000) || nl_open(&nl))
		return 1;
	if (take_names_as(5) != 3)
		return 2;
	set_limit(&nl, 5, KIPC_QUOTA_NAMES, 50);
	if (take_names_as(5) != 3)
		return 3;
	charge = get_charge(&nl, 5, KIPC_QUOTA_NAMES, &told);
	if (u64_of(&charge, KIPC_A_CHARGE_LIMIT) != 3)
		return 4;
	if (set_limit(&nl, 5, KIPC_QUOTA_NAMES, 2) || take_names_as(5) != 2)
		return 5;
	if (set_limit(&nl, 5, KIPC_QUOTA_NAMES, NO_LIMIT) || take_names_as(5) != 3)
		return 6;
	return 0;
}

TEST_F(netlink_limit, of_a_container_only_lowers_the_machines)
{
	ASSERT_EQ(0, set_limit(&self->nl, CONTAINER + 5, KIPC_QUOTA_NAMES, 3));
	EXPECT_EQ(0, in_child(ask_for_more, NULL));
	ASSERT_EQ(0, set_limit(&self->nl, CONTAINER + 5, KIPC_QUOTA_NAMES, NO_LIMIT));
}

/* A container's own limit, felt in it and in those inside of it */
static int take_names_further_in(void *arg)
{
	return enter_container(0, 1) ? 200 : take_names(NULL);
}

static int set_low_and_keep(void *arg)
{
	struct keeper keeper;
	struct nl nl;
	int err;

	if (enter_container(CONTAINER, 1000) || nl_open(&nl) ||
	    set_limit(&nl, 0, KIPC_QUOTA_NAMES, 2))
		return 201;
	if (in_child(take_names_further_in, NULL) != 2)
		return 202;
	if (keep(&keeper, 0, take_names, NULL) || keeper.took != 2)
		return 203;
	err = in_child(take_names_further_in, NULL);
	return let_go(&keeper) ? 204 : err;
}

TEST_F(netlink_limit, of_a_container_is_felt_in_it_and_not_outside)
{
	ASSERT_EQ(0, set_limit(&self->nl, CONTAINER, KIPC_QUOTA_NAMES, 7));
	EXPECT_EQ(0, in_child(set_low_and_keep, NULL));
	EXPECT_EQ(7, as_user(CONTAINER, take_names, NULL));
	ASSERT_EQ(0, set_limit(&self->nl, CONTAINER, KIPC_QUOTA_NAMES, NO_LIMIT));
}

static int set_from_inside(void *arg)
{
	struct nl nl;

	if (unshare(CLONE_NEWNET) || nl_open(&nl) || set_limit(&nl, USER, KIPC_QUOTA_NAMES, 3))
		return 1;
	return as_user(USER, take_names, NULL) == 3 ? 0 : 2;
}

TEST_F(netlink_limit, goes_with_its_network_namespace)
{
	EXPECT_EQ(0, in_child(set_from_inside, NULL));
	EXPECT_EQ(-ENOENT, await_no_account(&self->nl, USER));
	EXPECT_EQ(0, in_child(share_out, NULL));
	EXPECT_EQ(-ENOENT, await_no_account(&self->nl, CONTAINER + 5));
}

/* All limits of a user, any of which may be NO_LIMIT */
static int set_limits(struct nl *nl, uid_t uid, int64_t first, int64_t rest)
{
	struct ask ask = ask_of(nl, KIPC_CMD_USER_SET);
	uint32_t what;

	put_u32(&ask, KIPC_A_USER_UID, uid);
	for (what = 0; what < KIPC_QUOTA_COUNT; what++) {
		int64_t limit = what ? rest : first;
		struct nlattr *nest = nest_begin(&ask, KIPC_A_USER_CHARGE);

		put_u32(&ask, KIPC_A_CHARGE_WHAT, what);
		if (limit != NO_LIMIT)
			put_u64(&ask, KIPC_A_CHARGE_LIMIT, limit);
		nest_end(&ask, nest);
	}
	return nl_ask(nl, &ask, NULL);
}

static uint64_t own_limit(struct nl *nl, uid_t uid, uint32_t what)
{
	struct told user, charge;

	if (get_user(nl, uid, &user))
		return WRONG;
	charge = charge_of(&user, what);
	return has(&charge, KIPC_A_CHARGE_OWN) ? u64_of(&charge, KIPC_A_CHARGE_LIMIT) : WRONG;
}

/* As many as one namespace may set; they go with it. */
static int set_too_many(void *arg)
{
	uid_t uid = 5000;
	struct nl nl;
	int err = 0;

	if (unshare(CLONE_NEWNET) || nl_open(&nl))
		return 1;
	while (!err && uid < 20000)
		err = set_limits(&nl, uid++, 9, 9);
	if (err != -ENOSPC)
		return 2;
	/* To set one and take the others away is too much, and neither is done. */
	if (set_limits(&nl, 5000, 8, NO_LIMIT) != -ENOSPC || own_limit(&nl, 5000, 0) != 9 ||
	    own_limit(&nl, 5000, 1) != 9)
		return 3;
	/* To take away is not, and makes room. */
	if (set_limits(&nl, 5000, NO_LIMIT, NO_LIMIT) || set_limits(&nl, 5001, 8, NO_LIMIT) ||
	    own_limit(&nl, 5001, 0) != 8 || own_limit(&nl, 5001, 1) != WRONG)
		return 4;
	return 0;
}

TEST_F_TIMEOUT(netlink_limit, too_many_in_one_request_enospc_and_none_is_set, 120)
{
	EXPECT_EQ(0, in_child(set_too_many, NULL));
	EXPECT_EQ(-ENOENT, await_no_account(&self->nl, 5001));
}

TEST_HARNESS_MAIN
