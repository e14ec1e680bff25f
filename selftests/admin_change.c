// SPDX-License-Identifier: GPL-2.0
/*
 * libkipc-admin: changes of channels, queues and what users may have, with and without the
 * permission.
 */
#include "admin_test.h"

FIXTURE(change)
{
	struct kipc_admin *admin;
	struct pair pair;
	char queue[128];
	struct kipc *receiver;
};

/* All that tests set, as it was before. */
static void limits_back(void)
{
	struct kipc_admin *admin;
	int i;

	if (kipc_admin_open(&admin))
		return;
	for (i = 0; i < KIPC_ADMIN_QUOTAS; i++)
		kipc_admin_limit(admin, USER, i, KIPC_ADMIN_NO_LIMIT);
	kipc_admin_close(admin);
}

FIXTURE_SETUP(change)
{
	if (access("/dev/kipc", F_OK))
		SKIP(return, "no /dev/kipc");
	ASSERT_EQ(0, kipc_admin_open(&self->admin));
	ASSERT_EQ(0, pair_open(&self->pair));
	fresh_address("queue", self->queue);
	ASSERT_EQ(0, kipc_listen(&self->receiver, self->queue, NULL));
}

FIXTURE_TEARDOWN(change)
{
	if (!self->admin)
		return;
	kipc_close(self->receiver);
	kipc_unlink(self->queue);
	pair_close(&self->pair);
	kipc_admin_close(self->admin);
	limits_back();
}

TEST_F(change, owner_group_and_mode_of_a_channel)
{
	struct kipc_admin_change change = KIPC_ADMIN_CHANGE_INIT;
	struct kipc_admin_channel channel = { .size = sizeof(channel) };
	const char *name = name_of(self->pair.address);

	change.set = KIPC_ADMIN_SET_UID | KIPC_ADMIN_SET_GID;
	change.uid = USER;
	change.gid = OTHER;
	ASSERT_EQ(0, kipc_admin_change_channel(self->admin, name, &change));
	change.set = KIPC_ADMIN_SET_MODE;
	change.mode = 0604;
	ASSERT_EQ(0, kipc_admin_change_channel(self->admin, name, &change));
	ASSERT_EQ(0, kipc_admin_channel(self->admin, name, &channel));
	EXPECT_EQ(USER, channel.uid);
	EXPECT_EQ(OTHER, channel.gid);
	EXPECT_EQ(0, channel.creator_uid);
	EXPECT_EQ(0604, channel.mode);
}

TEST_F(change, owner_and_limits_of_a_queue)
{
	struct kipc_admin_change change = KIPC_ADMIN_CHANGE_INIT;
	struct kipc_admin_queue before = { .size = sizeof(before) }, queue = before;
	const char *name = name_of(self->queue);

	ASSERT_EQ(0, kipc_admin_queue(self->admin, name, &before));
	change.set = KIPC_ADMIN_SET_MAX_MSGS | KIPC_ADMIN_SET_UID;
	change.max_msgs = 3;
	change.uid = USER;
	ASSERT_EQ(0, kipc_admin_change_queue(self->admin, name, &change));
	ASSERT_EQ(0, kipc_admin_queue(self->admin, name, &queue));
	EXPECT_EQ(3, queue.max_msgs);
	EXPECT_EQ(USER, queue.uid);
	EXPECT_EQ(before.max_bytes, queue.max_bytes);
	EXPECT_EQ(before.mode, queue.mode);
}

TEST_F(change, values_that_cannot_be_are_refused_with_a_reason)
{
	struct kipc_admin_change change = KIPC_ADMIN_CHANGE_INIT;
	int err;

	change.set = KIPC_ADMIN_SET_MODE;
	change.mode = 01777;
	err = kipc_admin_change_queue(self->admin, name_of(self->queue), &change);
	EXPECT_TRUE(err == -EINVAL || err == -ERANGE);
	EXPECT_STRNE("no error", kipc_admin_error(self->admin));
	change.set = KIPC_ADMIN_SET_UID;
	change.uid = -1;
	EXPECT_EQ(-EINVAL, kipc_admin_change_queue(self->admin, name_of(self->queue), &change));
	EXPECT_NE(NULL, strstr(kipc_admin_error(self->admin), "user"));
	change.set = 0;
	EXPECT_EQ(-EINVAL, kipc_admin_change_queue(self->admin, name_of(self->queue), &change));
	change.set = KIPC_ADMIN_SET_MODE;
	change.mode = 0600;
	EXPECT_EQ(-ENOENT, kipc_admin_change_queue(self->admin, "test-none", &change));
	EXPECT_EQ(-ENOENT, kipc_admin_change_channel(self->admin, "test-none", &change));
}

/* Returns 0 when the change is refused, 1 when it is made, or what else. */
static int change_queue(const char *name)
{
	struct kipc_admin_change change = KIPC_ADMIN_CHANGE_INIT;
	struct kipc_admin *admin;
	int err;

	if (kipc_admin_open(&admin))
		return 2;
	change.set = KIPC_ADMIN_SET_MAX_MSGS;
	change.max_msgs = 5;
	err = kipc_admin_change_queue(admin, name, &change);
	if (err == -EPERM && strstr(kipc_admin_error(admin), "owner"))
		return 0;
	return err ? 3 : 1;
}

TEST_F(change, an_ordinary_user_changes_its_own_only)
{
	struct kipc_admin_change change = KIPC_ADMIN_CHANGE_INIT;

	EXPECT_EQ(0, as_user(USER, change_queue, name_of(self->queue)));
	change.set = KIPC_ADMIN_SET_UID;
	change.uid = USER;
	ASSERT_EQ(0, kipc_admin_change_queue(self->admin, name_of(self->queue), &change));
	EXPECT_EQ(0, as_user(OTHER, change_queue, name_of(self->queue)));
	EXPECT_EQ(1, as_user(USER, change_queue, name_of(self->queue)));
}

/* ---- limits ---- */

/* How many endpoints can be opened, and that it ends with EDQUOT: n, or 200. */
static int open_many(const char *unused)
{
	int n;

	for (n = 0; n < 100; n++)
		if (open("/dev/kipc", O_RDWR) < 0)
			return errno == EDQUOT ? n : 200;
	return n;
}

TEST_F(change, a_users_limit_holds_and_goes_again)
{
	struct kipc_admin_user user = { .size = sizeof(user) };
	const struct kipc_admin_charge *charge = &user.charge[KIPC_ADMIN_ENDPOINTS];

	ASSERT_EQ(0, kipc_admin_limit(self->admin, USER, KIPC_ADMIN_ENDPOINTS, 7));
	EXPECT_EQ(7, as_user(USER, open_many, NULL));
	EXPECT_EQ(100, as_user(OTHER, open_many, NULL));
	ASSERT_EQ(0, kipc_admin_user(self->admin, USER, &user));
	EXPECT_EQ(USER, user.uid);
	EXPECT_EQ(7, charge->limit);
	EXPECT_EQ(1, charge->own);
	EXPECT_LE(1, charge->refused);
	EXPECT_EQ(0, user.charge[KIPC_ADMIN_NAMES].own);
	ASSERT_EQ(0, kipc_admin_limit(self->admin, USER, KIPC_ADMIN_ENDPOINTS,
				      KIPC_ADMIN_NO_LIMIT));
	EXPECT_EQ(100, as_user(USER, open_many, NULL));
}

TEST_F(change, a_default_holds_for_whoever_has_no_limit)
{
	struct kipc_admin_user defaults = { .size = sizeof(defaults) };
	uint64_t before;

	ASSERT_EQ(0, kipc_admin_user(self->admin, KIPC_ADMIN_DEFAULTS, &defaults));
	before = defaults.charge[KIPC_ADMIN_ENDPOINTS].limit;
	ASSERT_EQ(0, kipc_admin_limit(self->admin, USER, KIPC_ADMIN_ENDPOINTS, 60));
	ASSERT_EQ(0, kipc_admin_limit(self->admin, KIPC_ADMIN_DEFAULTS, KIPC_ADMIN_ENDPOINTS, 50));
	EXPECT_EQ(50, as_user(OTHER, open_many, NULL));
	EXPECT_EQ(60, as_user(USER, open_many, NULL));
	ASSERT_EQ(0, kipc_admin_limit(self->admin, KIPC_ADMIN_DEFAULTS, KIPC_ADMIN_ENDPOINTS,
				      before));
}

/* Returns 0 when nothing is allowed. */
static int limit_as_user(const char *unused)
{
	struct kipc_admin *admin;

	if (kipc_admin_open(&admin))
		return 1;
	if (kipc_admin_limit(admin, USER, KIPC_ADMIN_ENDPOINTS, 7) != -EPERM)
		return 2;
	if (kipc_admin_limit(admin, KIPC_ADMIN_DEFAULTS, KIPC_ADMIN_ENDPOINTS, 7) != -EPERM)
		return 3;
	return strstr(kipc_admin_error(admin), "CAP_SYS_RESOURCE") ? 0 : 4;
}

TEST_F(change, limits_are_not_for_ordinary_users)
{
	EXPECT_EQ(0, as_user(USER, limit_as_user, NULL));
}

static int own_account(const char *unused)
{
	struct kipc_admin_user user = { .size = sizeof(user) };
	struct kipc_admin *admin;

	if (open("/dev/kipc", O_RDWR) < 0 || kipc_admin_open(&admin))
		return 1;
	if (kipc_admin_user(admin, USER, &user))
		return 2;
	return user.uid == USER && user.charge[KIPC_ADMIN_ENDPOINTS].taken == 1 ? 0 : 3;
}

TEST_F(change, an_ordinary_user_sees_its_own_account)
{
	EXPECT_EQ(0, as_user(USER, own_account, NULL));
}

TEST_HARNESS_MAIN
