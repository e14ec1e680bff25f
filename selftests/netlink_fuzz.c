// SPDX-License-Identifier: GPL-2.0
/*
 * Control, anything: random requests, the same each time, by somebody who may change nothing
 * or who only looks, are each answered and change nothing.
 */
#include "netlink_test.h"

FIXTURE(netlink_fuzz)
{
	struct nl nl;
	char name[KIPC_NAME_SIZE];
	struct end server;
	int queue;
	struct told channel;
	struct told stored;
	struct told user;
};

FIXTURE_SETUP(netlink_fuzz)
{
	umask(0);
	fresh_name(self->name);
	ASSERT_EQ(0, nl_open(&self->nl));
	ASSERT_EQ(0, end_serve(&self->server, self->name, 0));
	self->queue = queue_open(self->name, KIPC_QUEUE_CREATE | QUEUE_BOTH);
	ASSERT_LE(0, self->queue);
	ASSERT_EQ(0, get_channel(&self->nl, self->name, &self->channel));
	ASSERT_EQ(0, get_queue(&self->nl, self->name, &self->stored));
	ASSERT_EQ(0, get_user(&self->nl, 0, &self->user));
}

static bool is_same(const struct told *before, const struct told *now)
{
	return before->len == now->len && !memcmp(before->raw, now->raw, now->len);
}

/* Whatever was tried, all is as it was. */
FIXTURE_TEARDOWN(netlink_fuzz)
{
	struct told now;

	EXPECT_EQ(0, get_channel(&self->nl, self->name, &now));
	EXPECT_TRUE(is_same(&self->channel, &now));
	EXPECT_EQ(0, get_queue(&self->nl, self->name, &now));
	EXPECT_TRUE(is_same(&self->stored, &now));
	EXPECT_EQ(0, get_user(&self->nl, 0, &now));
	EXPECT_TRUE(is_same(&self->user, &now));
	end_close(&self->server);
	queue_unlink(self->name);
	close(self->queue);
	close(self->nl.fd);
}

static uint64_t random_state;

static uint64_t any(uint64_t below)
{
	return pattern_next(&random_state) % below;
}

static void put_anything(struct ask *ask, const char *name)
{
	uint8_t bytes[64];
	int type = any(30);

	fill(bytes, sizeof(bytes), any(1 << 30));
	if (!any(4))
		type |= NLA_F_NESTED;
	switch (any(5)) {
	case 0:
		put_text(ask, type, name);
		break;
	case 1:
		put_u32(ask, type, any(10));
		break;
	case 2:
		put_u64(ask, type, any(2) ? any(1000) : pattern_next(&random_state));
		break;
	case 3:
		put_claiming(ask, type, bytes, any(64), any(80));
		break;
	default:
		put_bytes(ask, type, bytes, any(64));
	}
}

static int throw_anything(const char *name, uint64_t seed, bool only_look)
{
	struct nl nl;
	int i;

	random_state = seed;
	if (nl_open(&nl))
		return 1;
	for (i = 0; i < 20000; i++) {
		int cmd = any(only_look ? 2 : KIPC_CMD_MAX + 3), n = any(5);
		struct ask ask;

		if (only_look)
			cmd = cmd ? KIPC_CMD_QUEUE_GET : KIPC_CMD_CHANNEL_GET;
		ask = ask_of(&nl, cmd);
		if (!any(5))
			ask.head.nlmsg_flags |= NLM_F_DUMP;
		while (n--)
			put_anything(&ask, name);
		if (!any(10))
			ask.head.nlmsg_len -= any(8);
		if (ask.head.nlmsg_len < NLMSG_HDRLEN || nl_send(&nl, &ask))
			continue;
		/* One answer at least, but for a length that is none */
		nl.next = nl.end;
		if (recv(nl.fd, nl.buf, sizeof(nl.buf), 0) < 0)
			return 2;
		while (recv(nl.fd, nl.buf, sizeof(nl.buf), MSG_DONTWAIT) > 0)
			;
	}
	/* And it is still well */
	return get_stats(&nl, &(struct told){ }) ? 3 : 0;
}

static int throw_as_user(void *arg)
{
	return throw_anything(arg, 0x6b697063, false);
}

TEST_F(netlink_fuzz, anything_from_an_ordinary_user_changes_nothing)
{
	EXPECT_EQ(0, as_user(USER, throw_as_user, self->name));
}

TEST_F(netlink_fuzz, anything_that_only_looks_changes_nothing)
{
	EXPECT_EQ(0, throw_anything(self->name, 0x6c6f6f6b, true));
}

TEST_HARNESS_MAIN
