// SPDX-License-Identifier: GPL-2.0
/*
 * Control, bad input: requests with every attribute missing, too short, too long, out of
 * range, of another type or unknown, and requests that are none, end in an error that says
 * what is wrong, and change nothing.
 */
#include "netlink_test.h"

/* What an attribute of a request is. */
enum kind {
	NUMBER,		/* u32, above 0 */
	MODE,		/* u32 to 0777 */
	ROLE,		/* u32, enum kipc_role */
	ID,		/* u32, a user or group: any number */
	BIG,		/* u64 */
	NAME,		/* string */
	CHARGE,		/* nest */
};

struct field {
	int type;
	enum kind kind;
};

/**
 * struct command - a request and what it takes
 * @cmd:	the command
 * @name:	what it is called
 * @dump:	it is asked as a dump
 * @fields:	attributes that it takes, up to type 0
 * @max:	the number of the last attribute that its object has
 */
struct command {
	uint8_t cmd;
	const char *name;
	bool dump;
	struct field fields[10];
	int max;
};

static const struct command commands[] = {
	{ KIPC_CMD_CHANNEL_GET, "channel-get", false, {
		{ KIPC_A_CHANNEL_ID, NUMBER }, { KIPC_A_CHANNEL_NAME, NAME },
	}, KIPC_A_CHANNEL_MAX },
	{ KIPC_CMD_CHANNEL_GET, "channel-get, dump", true, { }, KIPC_A_CHANNEL_MAX },
	{ KIPC_CMD_CHANNEL_SET, "channel-set", false, {
		{ KIPC_A_CHANNEL_ID, NUMBER }, { KIPC_A_CHANNEL_NAME, NAME },
		{ KIPC_A_CHANNEL_MODE, MODE }, { KIPC_A_CHANNEL_UID, ID },
		{ KIPC_A_CHANNEL_GID, ID },
	}, KIPC_A_CHANNEL_MAX },
	{ KIPC_CMD_ENDPOINT_GET, "endpoint-get", false, {
		{ KIPC_A_ENDPOINT_ID, NUMBER },
	}, KIPC_A_ENDPOINT_MAX },
	{ KIPC_CMD_ENDPOINT_GET, "endpoint-get, dump", true, {
		{ KIPC_A_ENDPOINT_OBJECT, NUMBER }, { KIPC_A_ENDPOINT_ROLE, ROLE },
	}, KIPC_A_ENDPOINT_MAX },
	{ KIPC_CMD_QUEUE_GET, "queue-get", false, {
		{ KIPC_A_QUEUE_ID, NUMBER }, { KIPC_A_QUEUE_NUMBER, NUMBER },
		{ KIPC_A_QUEUE_NAME, NAME },
	}, KIPC_A_QUEUE_MAX },
	{ KIPC_CMD_QUEUE_GET, "queue-get, dump", true, { }, KIPC_A_QUEUE_MAX },
	{ KIPC_CMD_QUEUE_SET, "queue-set", false, {
		{ KIPC_A_QUEUE_ID, NUMBER }, { KIPC_A_QUEUE_NUMBER, NUMBER },
		{ KIPC_A_QUEUE_NAME, NAME }, { KIPC_A_QUEUE_MODE, MODE },
		{ KIPC_A_QUEUE_UID, ID }, { KIPC_A_QUEUE_GID, ID },
		{ KIPC_A_QUEUE_MAX_MSGS, BIG }, { KIPC_A_QUEUE_MAX_BYTES, BIG },
		{ KIPC_A_QUEUE_MAX_SIZE, BIG },
	}, KIPC_A_QUEUE_MAX },
	{ KIPC_CMD_USER_GET, "user-get", false, {
		{ KIPC_A_USER_UID, ID },
	}, KIPC_A_USER_MAX },
	{ KIPC_CMD_USER_GET, "user-get, dump", true, { }, KIPC_A_USER_MAX },
	{ KIPC_CMD_USER_SET, "user-set", false, {
		{ KIPC_A_USER_UID, ID }, { KIPC_A_USER_CHARGE, CHARGE },
	}, KIPC_A_USER_MAX },
	{ KIPC_CMD_STATS_GET, "stats-get", false, { }, KIPC_A_STATS_MAX },
};

#define COMMANDS	(sizeof(commands) / sizeof(commands[0]))

FIXTURE(netlink_badinput)
{
	struct nl nl;
	char name[KIPC_NAME_SIZE];
	struct end server;
	int queue;
	struct told told;
	uint8_t before[5][8192];
	size_t len[5];
};

static int keep_nothing(const struct told *told, void *arg)
{
	return 0;
}

/* Send a request that must fail.  Return: how it did. */
static int try(struct nl *nl, const struct command *command, struct ask *ask)
{
	struct told told;

	if (command->dump)
		return nl_dump(nl, ask, keep_nothing, NULL);
	return nl_ask(nl, ask, &told);
}

/* Everything that a request could change, without what changes by itself */
static int snapshot(struct nl *nl, const char *name, uint8_t at[5][8192], size_t *len)
{
	struct told told[5];
	int i, err = get_channel(nl, name, &told[0]) ?: get_queue(nl, name, &told[1]) ?:
		     get_defaults(nl, &told[2]) ?: get_user(nl, 0, &told[3]) ?:
		     get_stats(nl, &told[4]);

	for (i = 0; i < 5 && !err; i++) {
		memcpy(at[i], told[i].raw, told[i].len);
		len[i] = told[i].len;
	}
	return err;
}

FIXTURE_SETUP(netlink_badinput)
{
	umask(0);
	fresh_name(self->name);
	ASSERT_EQ(0, nl_open(&self->nl));
	ASSERT_EQ(0, end_serve(&self->server, self->name, 0));
	self->queue = queue_open(self->name, KIPC_QUEUE_CREATE | QUEUE_BOTH);
	ASSERT_LE(0, self->queue);
	ASSERT_EQ(0, snapshot(&self->nl, self->name, self->before, self->len));
}

/* Whatever was tried, all is as it was. */
FIXTURE_TEARDOWN(netlink_badinput)
{
	uint8_t (*now)[8192] = calloc(5, sizeof(*now));
	size_t len[5];
	int i;

	EXPECT_EQ(0, snapshot(&self->nl, self->name, now, len));
	for (i = 0; i < 5; i++) {
		EXPECT_EQ(self->len[i], len[i]);
		EXPECT_EQ(0, memcmp(self->before[i], now[i], len[i]));
	}
	end_close(&self->server);
	queue_unlink(self->name);
	close(self->queue);
	close(self->nl.fd);
	free(now);
}

/* A request that would be right: what names the object, and for a change what to. */
static void put_right(struct ask *ask, const struct command *command, const char *name,
		      int but)
{
	const struct field *field;
	struct nlattr *nest;

	for (field = command->fields; field->type; field++) {
		if (field->type == but)
			continue;
		if (field->kind == NAME)
			put_text(ask, field->type, name);
		if (field->kind == MODE)
			put_u32(ask, field->type, 0666);
		if (field->kind == ID)
			put_u32(ask, field->type, 0);
		if (field->kind == CHARGE) {
			nest = nest_begin(ask, field->type);
			put_u32(ask, KIPC_A_CHARGE_WHAT, KIPC_QUOTA_NAMES);
			nest_end(ask, nest);
		}
	}
}

/* EINVAL or ERANGE, and it points at something or says something */
static bool is_refused(const struct nl *nl, int err)
{
	return (err == -EINVAL || err == -ERANGE) && (nl->said[0] || nl->at || nl->missing);
}

/* That request of the test's socket; the rest says which it was. */
#define EXPECT_REFUSED(err, ...) do {						\
	int refused = (err);							\
	if (!is_refused(&self->nl, refused))					\
		TH_LOG(__VA_ARGS__);						\
	EXPECT_TRUE(is_refused(&self->nl, refused));				\
	} while (0)

/* A request with one attribute that is so many bytes of that */
static int try_bytes(struct nl *nl, const struct command *command, const char *name, int type,
		     const void *data, size_t len)
{
	struct ask ask = ask_of(nl, command->cmd);

	put_right(&ask, command, name, type & NLA_TYPE_MASK);
	put_bytes(&ask, type, data, len);
	return try(nl, command, &ask);
}

static size_t size_of_kind(enum kind kind)
{
	return kind == BIG ? 8 : 4;
}

TEST_F(netlink_badinput, attribute_too_short_or_too_long)
{
	uint8_t bytes[600];
	int c, len;

	memset(bytes, 1, sizeof(bytes));
	for (c = 0; c < COMMANDS; c++) {
		const struct field *field;

		for (field = commands[c].fields; field->type; field++) {
			if (field->kind == NAME || field->kind == CHARGE)
				continue;
			for (len = 0; len < 20; len++) {
				if (len == size_of_kind(field->kind))
					continue;
				EXPECT_REFUSED(try_bytes(&self->nl, &commands[c], self->name,
							 field->type, bytes, len),
					       "%s: attribute %d of %d bytes", commands[c].name,
					       field->type, len);
			}
			EXPECT_REFUSED(try_bytes(&self->nl, &commands[c], self->name,
						 field->type, bytes, sizeof(bytes)),
				       "%s: attribute %d of 600 bytes", commands[c].name,
				       field->type);
		}
	}
}

TEST_F(netlink_badinput, number_out_of_range)
{
	static const uint32_t wrong[] = { [NUMBER] = 0, [MODE] = 01000, [ROLE] = 4 };
	uint32_t all = 0xffffffff;
	uint64_t big = ~0ULL;
	int c;

	for (c = 0; c < COMMANDS; c++) {
		const struct command *command = &commands[c];
		const struct field *field;

		for (field = command->fields; field->type; field++) {
			if (field->kind == NUMBER || field->kind == MODE || field->kind == ROLE)
				EXPECT_REFUSED(try_bytes(&self->nl, command, self->name,
							 field->type, &wrong[field->kind], 4),
					       "%s: attribute %d", command->name, field->type);
			if (field->kind == MODE || field->kind == ROLE ||
			    (field->kind == ID && command->cmd != KIPC_CMD_USER_GET))
				EXPECT_REFUSED(try_bytes(&self->nl, command, self->name,
							 field->type, &all, 4),
					       "%s: attribute %d is -1", command->name,
					       field->type);
			if (field->kind == BIG)
				EXPECT_REFUSED(try_bytes(&self->nl, command, self->name,
							 field->type, &big, 8),
					       "%s: attribute %d is -1", command->name,
					       field->type);
		}
	}
}

/* What no request of this command takes: numbers behind the last, and what only answers have */
TEST_F(netlink_badinput, attribute_unknown)
{
	uint32_t one = 1;
	int c, type, err;

	for (c = 0; c < COMMANDS; c++) {
		const struct command *command = &commands[c];

		for (type = 0; type < command->max + 4; type++) {
			const struct field *field = command->fields;

			while (field->type && field->type != type)
				field++;
			if (field->type)
				continue;
			err = try_bytes(&self->nl, command, self->name, type, &one, 4);
			/* 6.1 gives the start of a dump no place to say why */
			if (command->dump && err == -EINVAL)
				continue;
			EXPECT_REFUSED(err, "%s: attribute %d", command->name, type);
		}
		err = try_bytes(&self->nl, command, self->name, 1000, &one, 4);
		EXPECT_REFUSED(err, "%s: attribute 1000", command->name);
		err = try_bytes(&self->nl, command, self->name, NLA_TYPE_MASK, NULL, 0);
		EXPECT_REFUSED(err, "%s: the last", command->name);
	}
}

TEST_F(netlink_badinput, nested_where_flat_is_expected_and_flat_where_nested)
{
	uint8_t bytes[8] = { 1 };
	int c;

	for (c = 0; c < COMMANDS; c++) {
		const struct field *field;

		for (field = commands[c].fields; field->type; field++) {
			int type = field->type;

			if (field->kind != CHARGE)
				type |= NLA_F_NESTED;
			EXPECT_REFUSED(try_bytes(&self->nl, &commands[c], self->name, type, bytes,
						 field->kind == BIG ? 8 : 4),
				       "%s: attribute %d", commands[c].name, field->type);
		}
	}
}

TEST_F(netlink_badinput, nothing_says_what_is_meant)
{
	int c;

	for (c = 0; c < COMMANDS; c++) {
		struct ask ask = ask_of(&self->nl, commands[c].cmd);

		/* These may be asked for nothing in particular */
		if (commands[c].dump || commands[c].cmd == KIPC_CMD_USER_GET ||
		    commands[c].cmd == KIPC_CMD_STATS_GET)
			continue;
		EXPECT_REFUSED(try(&self->nl, &commands[c], &ask), "%s",
			       commands[c].name);
	}
}

TEST_F(netlink_badinput, nothing_says_what_is_to_be_changed)
{
	struct ask channel = ask_of(&self->nl, KIPC_CMD_CHANNEL_SET);
	struct ask queue = ask_of(&self->nl, KIPC_CMD_QUEUE_SET);
	struct ask user = ask_of(&self->nl, KIPC_CMD_USER_SET);

	put_text(&channel, KIPC_A_CHANNEL_NAME, self->name);
	EXPECT_REFUSED(nl_ask(&self->nl, &channel, NULL), "channel");
	put_text(&queue, KIPC_A_QUEUE_NAME, self->name);
	EXPECT_REFUSED(nl_ask(&self->nl, &queue, NULL), "queue");
	put_u32(&user, KIPC_A_USER_UID, USER);
	EXPECT_REFUSED(nl_ask(&self->nl, &user, NULL), "user");
}

TEST_F(netlink_badinput, two_attributes_say_what_is_meant)
{
	struct ask ask = ask_of(&self->nl, KIPC_CMD_CHANNEL_GET);
	uint32_t id;

	ASSERT_EQ(0, get_channel(&self->nl, self->name, &self->told));
	id = u32_of(&self->told, KIPC_A_CHANNEL_ID);
	put_text(&ask, KIPC_A_CHANNEL_NAME, self->name);
	put_u32(&ask, KIPC_A_CHANNEL_ID, id);
	EXPECT_REFUSED(nl_ask(&self->nl, &ask, &self->told), "channel");
}

/* Names */

TEST_F(netlink_badinput, name_that_is_none)
{
	static const struct {
		const char *text;
		size_t len;
	} names[] = {
		{ "", 0 }, { "", 1 }, { "a b", 4 }, { "a/b", 4 }, { "a\tb", 4 }, { "a\x80", 3 },
		{ "a\x7f", 3 }, { "a\n", 3 },
		/* without its end */
		{ "abc", 3 }, { "a", 1 },
		/* and with something behind it */
		{ "abc\0def", 8 },
	};
	char longest[400];
	int c, i;

	for (c = 0; c < COMMANDS; c++) {
		const struct field *field = commands[c].fields;

		while (field->type && field->kind != NAME)
			field++;
		if (!field->type)
			continue;
		for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			EXPECT_REFUSED(try_bytes(&self->nl, &commands[c], self->name,
						 field->type, names[i].text, names[i].len),
				       "%s: name %d", commands[c].name, i);
		memset(longest, 'x', sizeof(longest));
		for (i = 256; i < 260; i++) {
			longest[i] = 0;
			EXPECT_REFUSED(try_bytes(&self->nl, &commands[c], self->name,
						 field->type, longest, i + 1),
				       "%s: name of %d", commands[c].name, i);
			longest[i] = 'x';
		}
		/* The longest that there may be is only not there */
		longest[255] = 0;
		EXPECT_EQ(-ENOENT, try_bytes(&self->nl, &commands[c], self->name, field->type,
					     longest, 256));
	}
}

/* Nests */

static int try_nest(struct nl *nl, const void *data, size_t len)
{
	struct ask ask = ask_of(nl, KIPC_CMD_USER_SET);

	put_u32(&ask, KIPC_A_USER_UID, USER);
	put_bytes(&ask, KIPC_A_USER_CHARGE | NLA_F_NESTED, data, len);
	return nl_ask(nl, &ask, NULL);
}

/* A charge as a nest of such attributes */
static int try_charge(struct nl *nl, int what_type, uint64_t what, size_t what_len,
		      int limit_type, uint64_t limit, size_t limit_len)
{
	struct ask ask = ask_of(nl, KIPC_CMD_USER_SET);
	struct nlattr *nest;

	put_u32(&ask, KIPC_A_USER_UID, USER);
	nest = nest_begin(&ask, KIPC_A_USER_CHARGE);
	if (what_type)
		put_bytes(&ask, what_type, &what, what_len);
	if (limit_type)
		put_bytes(&ask, limit_type, &limit, limit_len);
	nest_end(&ask, nest);
	return nl_ask(nl, &ask, NULL);
}

TEST_F(netlink_badinput, charge_that_is_none)
{
	const int what = KIPC_A_CHARGE_WHAT, limit = KIPC_A_CHARGE_LIMIT;
	uint8_t bytes[3000] = { };
	struct nl *nl = &self->nl;

	EXPECT_REFUSED(try_nest(nl, NULL, 0), "empty");
	EXPECT_REFUSED(try_nest(nl, bytes, 2), "less than a header");
	EXPECT_REFUSED(try_nest(nl, bytes, sizeof(bytes)), "nothing but zeroes");
	EXPECT_REFUSED(try_charge(nl, 0, 0, 0, limit, 5, 8), "no WHAT");
	EXPECT_REFUSED(try_charge(nl, what, KIPC_QUOTA_COUNT, 4, limit, 5, 8), "above");
	EXPECT_REFUSED(try_charge(nl, what, 0xffffffff, 4, limit, 5, 8), "far above");
	EXPECT_REFUSED(try_charge(nl, what, 0, 3, limit, 5, 8), "WHAT of 3 bytes");
	EXPECT_REFUSED(try_charge(nl, what, 0, 8, limit, 5, 8), "WHAT of 8 bytes");
	EXPECT_REFUSED(try_charge(nl, what, 0, 4, limit, 5, 4), "LIMIT of 4 bytes");
	EXPECT_REFUSED(try_charge(nl, what, 0, 4, limit, 5, 0), "LIMIT of none");
	EXPECT_REFUSED(try_charge(nl, what, 0, 4, KIPC_A_CHARGE_TAKEN, 5, 8), "TAKEN");
	EXPECT_REFUSED(try_charge(nl, what, 0, 4, KIPC_A_CHARGE_REFUSED, 5, 8), "REFUSED");
	EXPECT_REFUSED(try_charge(nl, what, 0, 4, 77, 5, 8), "unknown");
	EXPECT_EQ(-ENOENT, get_user(nl, USER, &self->told));
}

/* One that is wrong: none of those before it counts */
TEST_F(netlink_badinput, several_charges_all_or_none)
{
	struct ask ask = ask_of(&self->nl, KIPC_CMD_USER_SET);
	struct nlattr *nest;
	int i;

	put_u32(&ask, KIPC_A_USER_UID, USER);
	for (i = KIPC_QUOTA_COUNT - 3; i <= KIPC_QUOTA_COUNT; i++) {
		nest = nest_begin(&ask, KIPC_A_USER_CHARGE);
		put_u32(&ask, KIPC_A_CHARGE_WHAT, i);
		put_u64(&ask, KIPC_A_CHARGE_LIMIT, 5);
		nest_end(&ask, nest);
	}
	EXPECT_REFUSED(nl_ask(&self->nl, &ask, NULL), "the last of four");
	EXPECT_EQ(-ENOENT, get_user(&self->nl, USER, &self->told));
}

TEST_F(netlink_badinput, default_without_a_limit)
{
	EXPECT_REFUSED(set_limit(&self->nl, DEFAULTS, KIPC_QUOTA_NAMES, NO_LIMIT),
		       "no limit");
}

/* Commands */

TEST_F(netlink_badinput, dump_of_what_is_only_done)
{
	static const uint8_t only[] = {
		KIPC_CMD_CHANNEL_SET, KIPC_CMD_QUEUE_SET, KIPC_CMD_USER_SET, KIPC_CMD_STATS_GET,
	};
	struct ask ask;
	int i;

	for (i = 0; i < sizeof(only); i++) {
		ask = ask_of(&self->nl, only[i]);
		EXPECT_EQ(-EOPNOTSUPP, nl_dump(&self->nl, &ask, keep_nothing, NULL));
	}
}

TEST_F(netlink_badinput, endpoint_filters_are_for_dumps)
{
	struct ask ask = ask_of(&self->nl, KIPC_CMD_ENDPOINT_GET);

	put_u32(&ask, KIPC_A_ENDPOINT_ROLE, KIPC_ROLE_SERVER);
	EXPECT_REFUSED(nl_ask(&self->nl, &ask, &self->told), "role");
}

TEST_F(netlink_badinput, command_that_is_none)
{
	int cmd;

	for (cmd = 0; cmd < 256; cmd++) {
		struct ask ask = ask_of(&self->nl, cmd);

		if (cmd >= KIPC_CMD_CHANNEL_GET && cmd <= KIPC_CMD_STATS_GET)
			continue;
		EXPECT_EQ(-EOPNOTSUPP, nl_ask(&self->nl, &ask, &self->told));
		EXPECT_EQ(-EOPNOTSUPP, nl_dump(&self->nl, &ask, keep_nothing, NULL));
	}
}

TEST_F(netlink_badinput, header_that_is_cut_off)
{
	struct ask ask = ask_of(&self->nl, KIPC_CMD_STATS_GET);
	int len;

	for (len = NLMSG_HDRLEN; len < NLMSG_LENGTH(GENL_HDRLEN); len++) {
		ask.head.nlmsg_len = len;
		EXPECT_EQ(-EINVAL, nl_ask(&self->nl, &ask, &self->told));
	}
}

TEST_F(netlink_badinput, header_reserved_is_not_0)
{
	struct ask ask = ask_of(&self->nl, KIPC_CMD_STATS_GET);

	ask.genl.reserved = 1;
	EXPECT_EQ(-EINVAL, nl_ask(&self->nl, &ask, &self->told));
}

/* As everywhere in generic netlink, the version is the sender's own affair. */
TEST_F(netlink_badinput, version_of_later_is_answered)
{
	struct ask ask = ask_of(&self->nl, KIPC_CMD_STATS_GET);

	ask.genl.version = 200;
	EXPECT_EQ(0, nl_ask(&self->nl, &ask, &self->told));
}

TEST_F(netlink_badinput, attribute_that_claims_more_than_there_is)
{
	struct ask ask = ask_of(&self->nl, KIPC_CMD_CHANNEL_GET);
	uint32_t one = 1;

	put_claiming(&ask, KIPC_A_CHANNEL_ID, &one, 4, 4000);
	EXPECT_EQ(-EINVAL, nl_ask(&self->nl, &ask, &self->told));
	ask = ask_of(&self->nl, KIPC_CMD_CHANNEL_GET);
	put_claiming(&ask, KIPC_A_CHANNEL_ID, &one, 4, (size_t)-3);
	EXPECT_EQ(-EINVAL, nl_ask(&self->nl, &ask, &self->told));
}

TEST_HARNESS_MAIN
