// SPDX-License-Identifier: GPL-2.0
/*
 * Control, looking: what netlink tells of queues, of accounts and of a network namespace
 * as a whole is what the requests on the objects have done.
 */
#include "netlink_test.h"

FIXTURE(netlink_get_queue)
{
	struct nl nl;
	char name[KIPC_NAME_SIZE];
	struct end server;
	struct end client;
	struct told told;
};

FIXTURE_SETUP(netlink_get_queue)
{
	umask(0);
	fresh_name(self->name);
	ASSERT_EQ(0, nl_open(&self->nl));
	ASSERT_EQ(0, end_serve_with(&self->server, self->name, 1 << 20, KIPC_CHANNEL_NOTICES));
	ASSERT_EQ(0, end_connect(&self->client, self->name, 64 << 10));
}

FIXTURE_TEARDOWN(netlink_get_queue)
{
	end_close(&self->client);
	end_close(&self->server);
	close(self->nl.fd);
}

/* Queues: as KIPC_IOC_QUEUE_STAT says */

static bool told_as_stat(const struct told *told, int fd)
{
	struct kipc_queue_stat stat = stat_of(fd);

	return u32_of(told, KIPC_A_QUEUE_MODE) == stat.mode &&
	       u32_of(told, KIPC_A_QUEUE_UID) == stat.uid &&
	       u32_of(told, KIPC_A_QUEUE_GID) == stat.gid &&
	       u32_of(told, KIPC_A_QUEUE_CREATOR_UID) == stat.creator_uid &&
	       u32_of(told, KIPC_A_QUEUE_CREATOR_GID) == stat.creator_gid &&
	       u64_of(told, KIPC_A_QUEUE_MAX_MSGS) == stat.max_msgs &&
	       u64_of(told, KIPC_A_QUEUE_MAX_BYTES) == stat.max_bytes &&
	       u64_of(told, KIPC_A_QUEUE_MAX_SIZE) == stat.max_size &&
	       u64_of(told, KIPC_A_QUEUE_MSGS) == stat.msgs &&
	       u64_of(told, KIPC_A_QUEUE_BYTES) == stat.bytes &&
	       u64_of(told, KIPC_A_QUEUE_PEAK_MSGS) == stat.peak_msgs &&
	       u64_of(told, KIPC_A_QUEUE_PEAK_BYTES) == stat.peak_bytes &&
	       u64_of(told, KIPC_A_QUEUE_SENT) == stat.sent &&
	       u64_of(told, KIPC_A_QUEUE_RECEIVED) == stat.received &&
	       u64_of(told, KIPC_A_QUEUE_SEND_TIME) == stat.send_time &&
	       u64_of(told, KIPC_A_QUEUE_RECV_TIME) == stat.recv_time &&
	       u64_of(told, KIPC_A_QUEUE_CHANGE_TIME) == stat.change_time &&
	       u32_of(told, KIPC_A_QUEUE_SEND_PID) == stat.send_pid &&
	       u32_of(told, KIPC_A_QUEUE_RECV_PID) == stat.recv_pid &&
	       u32_of(told, KIPC_A_QUEUE_SENDERS) == stat.senders &&
	       u32_of(told, KIPC_A_QUEUE_RECEIVERS) == stat.receivers;
}

TEST_F(netlink_get_queue, queue_is_told_as_it_is)
{
	int fd = queue_open_sized(self->name, KIPC_QUEUE_CREATE | QUEUE_BOTH, 3, 4096, 128);
	struct putter putter;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, get_queue(&self->nl, self->name, &self->told));
	EXPECT_TRUE(told_as_stat(&self->told, fd));
	EXPECT_EQ(0, u64_of(&self->told, KIPC_A_QUEUE_SEND_TIME));

	ASSERT_EQ(0, put_several(fd, 1, 3));
	ASSERT_EQ(1, take_any(fd));
	ASSERT_EQ(0, put(fd, 4, 0, 0));
	ASSERT_EQ(0, putter_start(&putter, fd, 5));
	ASSERT_EQ(0, get_queue(&self->nl, self->name, &self->told));
	EXPECT_EQ(KIPC_CMD_QUEUE_GET, self->told.cmd);
	EXPECT_TRUE(told_as_stat(&self->told, fd));
	EXPECT_STREQ(self->name, text_of(&self->told, KIPC_A_QUEUE_NAME));
	EXPECT_EQ(number_of_queue(fd), u32_of(&self->told, KIPC_A_QUEUE_NUMBER));
	EXPECT_EQ(3, u64_of(&self->told, KIPC_A_QUEUE_MSGS));
	EXPECT_EQ(12, u64_of(&self->told, KIPC_A_QUEUE_BYTES));
	EXPECT_EQ(4, u64_of(&self->told, KIPC_A_QUEUE_SENT));
	EXPECT_EQ(1, u64_of(&self->told, KIPC_A_QUEUE_RECEIVED));
	EXPECT_EQ(1, u32_of(&self->told, KIPC_A_QUEUE_SENDERS));
	EXPECT_EQ(getpid(), u32_of(&self->told, KIPC_A_QUEUE_SEND_PID));
	EXPECT_EQ(2, take_any(fd));
	EXPECT_EQ(0, putter_end(&putter));
	EXPECT_EQ(3, drain(fd));
	EXPECT_EQ(0, queue_unlink(self->name));
	close(fd);
}

TEST_F(netlink_get_queue, queue_is_found_by_id_number_and_name)
{
	int fd = queue_open(self->name, KIPC_QUEUE_CREATE | QUEUE_BOTH);
	uint32_t id, number;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, get_queue(&self->nl, self->name, &self->told));
	id = u32_of(&self->told, KIPC_A_QUEUE_ID);
	number = u32_of(&self->told, KIPC_A_QUEUE_NUMBER);
	ASSERT_EQ(0, get_by_number(&self->nl, KIPC_CMD_QUEUE_GET, KIPC_A_QUEUE_ID, id,
				   &self->told));
	EXPECT_STREQ(self->name, text_of(&self->told, KIPC_A_QUEUE_NAME));
	ASSERT_EQ(0, get_by_number(&self->nl, KIPC_CMD_QUEUE_GET, KIPC_A_QUEUE_NUMBER, number,
				   &self->told));
	EXPECT_STREQ(self->name, text_of(&self->told, KIPC_A_QUEUE_NAME));
	ASSERT_EQ(0, queue_unlink(self->name));
	close(fd);
	EXPECT_EQ(-ENOENT, get_queue(&self->nl, self->name, &self->told));
	EXPECT_EQ(-ENOENT, get_by_number(&self->nl, KIPC_CMD_QUEUE_GET, KIPC_A_QUEUE_ID, id,
					 &self->told));
	EXPECT_EQ(-ENOENT, get_by_number(&self->nl, KIPC_CMD_QUEUE_GET, KIPC_A_QUEUE_NUMBER,
					 number, &self->told));
}

TEST_F(netlink_get_queue, queue_that_was_unlinked_is_found_by_id_while_it_is_open)
{
	int fd = queue_open(self->name, KIPC_QUEUE_CREATE | QUEUE_BOTH);
	uint32_t id;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, get_queue(&self->nl, self->name, &self->told));
	id = u32_of(&self->told, KIPC_A_QUEUE_ID);
	ASSERT_EQ(0, queue_unlink(self->name));
	ASSERT_EQ(0, put(fd, 1, 0, 0));
	EXPECT_EQ(-ENOENT, get_queue(&self->nl, self->name, &self->told));
	ASSERT_EQ(0, get_by_number(&self->nl, KIPC_CMD_QUEUE_GET, KIPC_A_QUEUE_ID, id,
				   &self->told));
	EXPECT_FALSE(has(&self->told, KIPC_A_QUEUE_NAME));
	EXPECT_FALSE(has(&self->told, KIPC_A_QUEUE_NUMBER));
	EXPECT_EQ(1, u64_of(&self->told, KIPC_A_QUEUE_MSGS));
	close(fd);
	EXPECT_EQ(-ENOENT, get_by_number(&self->nl, KIPC_CMD_QUEUE_GET, KIPC_A_QUEUE_ID, id,
					 &self->told));
}

/* The one queue of a dump that has no name */
static int keep_nameless(const struct told *told, void *arg)
{
	if (!has(told, KIPC_A_QUEUE_NAME))
		*(uint32_t *)arg = u32_of(told, KIPC_A_QUEUE_ID);
	return 0;
}

TEST_F(netlink_get_queue, queue_without_a_name_is_listed)
{
	struct ask ask = ask_of(&self->nl, KIPC_CMD_QUEUE_GET);
	int fd = queue_open("", KIPC_QUEUE_CREATE | KIPC_QUEUE_ANONYMOUS | QUEUE_BOTH);
	uint32_t id = 0;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, nl_dump(&self->nl, &ask, keep_nameless, &id));
	ASSERT_LT(0, id);
	ASSERT_EQ(0, get_by_number(&self->nl, KIPC_CMD_QUEUE_GET, KIPC_A_QUEUE_ID, id,
				   &self->told));
	EXPECT_FALSE(has(&self->told, KIPC_A_QUEUE_NUMBER));
	close(fd);
}

/* Accounts */

TEST_F(netlink_get_queue, user_has_each_charge_once)
{
	uint32_t what;

	ASSERT_EQ(0, get_user(&self->nl, 0, &self->told));
	EXPECT_EQ(KIPC_CMD_USER_GET, self->told.cmd);
	EXPECT_EQ(0, u32_of(&self->told, KIPC_A_USER_UID));
	EXPECT_EQ(KIPC_QUOTA_COUNT, self->told.count[KIPC_A_USER_CHARGE]);
	for (what = 0; what < KIPC_QUOTA_COUNT; what++) {
		struct told charge = charge_of(&self->told, what);

		EXPECT_EQ(what, u32_of(&charge, KIPC_A_CHARGE_WHAT));
		EXPECT_NE(WRONG, u64_of(&charge, KIPC_A_CHARGE_TAKEN));
		EXPECT_NE(WRONG, u64_of(&charge, KIPC_A_CHARGE_LIMIT));
		EXPECT_EQ(0, u64_of(&charge, KIPC_A_CHARGE_REFUSED));
		EXPECT_FALSE(has(&charge, KIPC_A_CHARGE_OWN));
	}
}

TEST_F(netlink_get_queue, user_is_charged_for_what_it_has)
{
	int fd = queue_open(self->name, KIPC_QUEUE_CREATE | QUEUE_BOTH), null = 0;
	struct kipc_queue_send send = queue_send_args("12345", 5);
	uint64_t msgs = taken_by(&self->nl, 0, KIPC_QUOTA_POOL_MSGS);

	ASSERT_LE(0, fd);
	send.payload.fds = (uintptr_t)&null;
	send.payload.fd_count = 1;
	ASSERT_EQ(0, request(fd, KIPC_IOC_QUEUE_SEND, &send));
	ASSERT_EQ(0, channel_send(self->client.fd, 0, "x", 1));
	EXPECT_EQ(3, taken_by(&self->nl, 0, KIPC_QUOTA_ENDPOINTS));
	EXPECT_EQ(2, taken_by(&self->nl, 0, KIPC_QUOTA_NAMES));
	EXPECT_EQ(endpoint_info(self->server.fd).memory + endpoint_info(self->client.fd).memory,
		  taken_by(&self->nl, 0, KIPC_QUOTA_POOL_BYTES));
	EXPECT_EQ(msgs + 1, taken_by(&self->nl, 0, KIPC_QUOTA_POOL_MSGS));
	EXPECT_EQ(1, taken_by(&self->nl, 0, KIPC_QUOTA_QUEUE_MSGS));
	EXPECT_EQ(5, taken_by(&self->nl, 0, KIPC_QUOTA_QUEUE_BYTES));
	EXPECT_EQ(1, taken_by(&self->nl, 0, KIPC_QUOTA_FDS));
	EXPECT_EQ(1, drain(fd));
	EXPECT_EQ(0, taken_by(&self->nl, 0, KIPC_QUOTA_QUEUE_MSGS));
	EXPECT_EQ(0, taken_by(&self->nl, 0, KIPC_QUOTA_QUEUE_BYTES));
	EXPECT_EQ(0, queue_unlink(self->name));
	close(fd);
	EXPECT_EQ(2, taken_by(&self->nl, 0, KIPC_QUOTA_ENDPOINTS));
}

TEST_F(netlink_get_queue, user_that_has_nothing_enoent)
{
	EXPECT_EQ(-ENOENT, get_user(&self->nl, 54321, &self->told));
}

TEST_F(netlink_get_queue, user_defaults_are_the_parameters)
{
	struct told charge;

	ASSERT_EQ(0, get_defaults(&self->nl, &self->told));
	EXPECT_FALSE(has(&self->told, KIPC_A_USER_UID));
	EXPECT_EQ(KIPC_QUOTA_COUNT, self->told.count[KIPC_A_USER_CHARGE]);
	charge = charge_of(&self->told, KIPC_QUOTA_NAMES);
	EXPECT_EQ(parameter_get("max_names"), u64_of(&charge, KIPC_A_CHARGE_LIMIT));
	charge = charge_of(&self->told, KIPC_QUOTA_FDS);
	EXPECT_EQ(parameter_get("max_fds"), u64_of(&charge, KIPC_A_CHARGE_LIMIT));
	/* A quarter of the memory stands for 0 */
	charge = charge_of(&self->told, KIPC_QUOTA_POOL_BYTES);
	EXPECT_LT(1 << 20, u64_of(&charge, KIPC_A_CHARGE_LIMIT));
}

static int count_users(const struct told *told, void *arg)
{
	int *seen = arg;

	seen[0]++;
	seen[1] += u32_of(told, KIPC_A_USER_UID) == USER;
	seen[2] += u32_of(told, KIPC_A_USER_UID) == 0;
	return 0;
}

/* Of accounts an ordinary user sees its own, and the defaults */
static int look_at_users(void *arg)
{
	int fd = endpoint_open(), seen[3] = { };
	struct told told;
	struct ask ask;
	struct nl nl;

	if (fd < 0 || nl_open(&nl))
		return 1;
	if (get_user(&nl, USER, &told) || u32_of(&told, KIPC_A_USER_UID) != USER)
		return 2;
	if (get_user(&nl, 0, &told) != -EPERM || get_user(&nl, OTHER, &told) != -EPERM)
		return 3;
	if (get_defaults(&nl, &told))
		return 4;
	ask = ask_of(&nl, KIPC_CMD_USER_GET);
	if (nl_dump(&nl, &ask, count_users, seen))
		return 5;
	return seen[0] == 1 && seen[1] == 1 ? 0 : 6;
}

TEST_F(netlink_get_queue, user_sees_its_own_account_only)
{
	struct ask ask = ask_of(&self->nl, KIPC_CMD_USER_GET);
	int seen[3] = { };

	EXPECT_EQ(0, as_user(USER, look_at_users, NULL));
	ASSERT_EQ(0, nl_dump(&self->nl, &ask, count_users, seen));
	EXPECT_EQ(1, seen[2]);
}

/* The namespace's sums */

TEST_F(netlink_get_queue, stats_count_what_is_there_and_has_happened)
{
	struct told *told = &self->told;
	struct kipc_channel_call call = call_of("x", 1);
	uint64_t messages, bytes, failed, sent, received;
	int fd = queue_open(self->name, KIPC_QUEUE_CREATE | QUEUE_BOTH);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, get_stats(&self->nl, told));
	EXPECT_EQ(KIPC_CMD_STATS_GET, told->cmd);
	EXPECT_EQ(3, u32_of(told, KIPC_A_STATS_ENDPOINTS));
	EXPECT_EQ(1, u32_of(told, KIPC_A_STATS_CHANNELS));
	EXPECT_EQ(1, u32_of(told, KIPC_A_STATS_QUEUES));
	messages = u64_of(told, KIPC_A_STATS_MESSAGES);
	bytes = u64_of(told, KIPC_A_STATS_BYTES);
	failed = u64_of(told, KIPC_A_STATS_FAILED);
	sent = u64_of(told, KIPC_A_STATS_SENT);
	received = u64_of(told, KIPC_A_STATS_RECEIVED);

	ASSERT_EQ(0, channel_send(self->client.fd, 0, "12345", 5));
	call.deadline = SOON;
	ASSERT_EQ(-ETIMEDOUT, request(self->client.fd, KIPC_IOC_CHANNEL_CALL, &call));
	ASSERT_EQ(0, put_several(fd, 1, 3));
	ASSERT_EQ(1, take_any(fd));
	ASSERT_EQ(0, get_stats(&self->nl, told));
	EXPECT_LE(messages + 1, u64_of(told, KIPC_A_STATS_MESSAGES));
	EXPECT_LE(bytes + 5, u64_of(told, KIPC_A_STATS_BYTES));
	EXPECT_EQ(failed + 1, u64_of(told, KIPC_A_STATS_FAILED));
	EXPECT_EQ(sent + 3, u64_of(told, KIPC_A_STATS_SENT));
	EXPECT_EQ(received + 1, u64_of(told, KIPC_A_STATS_RECEIVED));
	EXPECT_EQ(endpoint_info(self->server.fd).memory + endpoint_info(self->client.fd).memory,
		  u64_of(told, KIPC_A_STATS_MEMORY));

	/* What is gone has happened all the same */
	messages = u64_of(told, KIPC_A_STATS_MESSAGES);
	end_close(&self->client);
	end_close(&self->server);
	ASSERT_EQ(0, queue_unlink(self->name));
	close(fd);
	ASSERT_EQ(0, get_stats(&self->nl, told));
	EXPECT_LE(messages, u64_of(told, KIPC_A_STATS_MESSAGES));
	EXPECT_EQ(sent + 3, u64_of(told, KIPC_A_STATS_SENT));
	EXPECT_EQ(0, u32_of(told, KIPC_A_STATS_ENDPOINTS));
	EXPECT_EQ(0, u32_of(told, KIPC_A_STATS_CHANNELS));
	EXPECT_EQ(0, u32_of(told, KIPC_A_STATS_QUEUES));
	EXPECT_EQ(0, u64_of(told, KIPC_A_STATS_MEMORY));
}

TEST_HARNESS_MAIN
