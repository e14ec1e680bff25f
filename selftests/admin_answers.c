// SPDX-License-Identifier: GPL-2.0
/*
 * libkipc-admin against a kernel of this test's own: answers that are wrong, late, newer or
 * another request's, and a module that goes and comes.
 *
 * The library's send() and recvmsg() come out here.  What is sent goes to fake.kernel, which
 * lays datagrams on a heap; they are received in turn.  So this runs anywhere.
 */
#include <dlfcn.h>
#include <kipc_admin.h>
#include <linux/genetlink.h>
#include <linux/kipc_netlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include "lib_test.h"

#define FAMILY	40

struct datagram {
	int error;		/* recvmsg() fails with this */
	bool cut;		/* it was larger than the buffer */
	uint32_t from;		/* a process, not the kernel */
	size_t len;
	unsigned char data[2048];
};

static struct {
	void (*kernel)(const struct nlmsghdr *request);
	uint16_t family;	/* 0: the module is not loaded */
	int events;		/* the descriptor whose datagrams the second heap has */
	struct {
		struct datagram all[16];
		unsigned int first, end;
	} heap[2];			/* answers, events */
	struct datagram *now;	/* being written */
	struct nlmsghdr *msg;
	unsigned char request[4096];	/* the last one but for those to the controller */
	unsigned int requests;
	uint32_t seq;
	int refuse;		/* what joining a group fails with */
	uint32_t joined[8];	/* groups, in turn; those that were left have their top bit */
	unsigned int joins;
} fake;

/* ---- writing datagrams ---- */

static void datagram(int heap)
{
	if (fake.heap[heap].first == fake.heap[heap].end)
		memset(&fake.heap[heap], 0, sizeof(fake.heap[heap]));
	fake.now = &fake.heap[heap].all[fake.heap[heap].end++];
	memset(fake.now, 0, sizeof(*fake.now));
}

static void failing(int heap, int error)
{
	datagram(heap);
	fake.now->error = error;
}

static void *room(size_t len)
{
	void *at = fake.now->data + fake.now->len;

	fake.now->len += NLMSG_ALIGN(len);
	if (fake.msg)
		fake.msg->nlmsg_len = (unsigned char *)at - (unsigned char *)fake.msg + len;
	return at;
}

static void message(uint16_t type, uint16_t flags)
{
	fake.msg = NULL;
	fake.msg = room(sizeof(*fake.msg));
	fake.msg->nlmsg_type = type;
	fake.msg->nlmsg_flags = flags;
	fake.msg->nlmsg_seq = fake.seq;
	fake.msg->nlmsg_len = sizeof(*fake.msg);
}

static void object(uint16_t type, uint8_t cmd)
{
	message(type, 0);
	*(struct genlmsghdr *)room(sizeof(struct genlmsghdr)) =
		(struct genlmsghdr){ .cmd = cmd, .version = 1 };
}

static struct nlattr *attr(uint16_t type, const void *data, size_t len)
{
	struct nlattr *at = room(NLA_HDRLEN + len);

	at->nla_type = type;
	at->nla_len = NLA_HDRLEN + len;
	if (len)
		memcpy(at + 1, data, len);
	return at;
}

static void attr_u32(uint16_t type, uint32_t value)
{
	attr(type, &value, sizeof(value));
}

static void attr_u64(uint16_t type, uint64_t value)
{
	attr(type, &value, sizeof(value));
}

static void attr_string(uint16_t type, const char *string)
{
	attr(type, string, strlen(string) + 1);
}

static struct nlattr *nest(uint16_t type)
{
	return attr(type | NLA_F_NESTED, NULL, 0);
}

static void nest_end(struct nlattr *at)
{
	at->nla_len = fake.now->data + fake.now->len - (unsigned char *)at;
}

/* An answer's end, with a sentence if there is one. */
static void end_with(uint16_t type, int err, const char *text)
{
	struct nlmsgerr *ack;

	message(type, text ? NLM_F_ACK_TLVS | NLM_F_CAPPED : NLM_F_CAPPED);
	ack = room(type == NLMSG_DONE ? sizeof(err) : sizeof(*ack));
	ack->error = err;
	if (text)
		attr_string(NLMSGERR_ATTR_MSG, text);
}

static void done(void)
{
	end_with(NLMSG_DONE, 0, NULL);
}

static void ack(int err)
{
	end_with(NLMSG_ERROR, err, NULL);
}

static void channel(uint32_t id, const char *name)
{
	object(fake.family, KIPC_CMD_CHANNEL_GET);
	attr_u32(KIPC_A_CHANNEL_ID, id);
	attr_string(KIPC_A_CHANNEL_NAME, name);
}

static void family(uint8_t cmd, uint16_t id)
{
	struct nlattr *groups, *group;

	object(GENL_ID_CTRL, cmd);
	attr_string(CTRL_ATTR_FAMILY_NAME, KIPC_FAMILY_NAME);
	attr(CTRL_ATTR_FAMILY_ID, &id, sizeof(id));
	groups = nest(CTRL_ATTR_MCAST_GROUPS);
	group = nest(1);
	attr_u32(CTRL_ATTR_MCAST_GRP_ID, id + 100);
	attr_string(CTRL_ATTR_MCAST_GRP_NAME, KIPC_MCGRP_OBJECTS);
	nest_end(group);
	group = nest(2);
	attr_u32(CTRL_ATTR_MCAST_GRP_ID, id + 200);
	attr_string(CTRL_ATTR_MCAST_GRP_NAME, KIPC_MCGRP_TROUBLE);
	nest_end(group);
	nest_end(groups);
}

/* ---- what the library calls ---- */

static void controller(const struct nlmsghdr *request)
{
	datagram(0);
	if (!fake.family) {
		ack(-ENOENT);
		return;
	}
	family(CTRL_CMD_NEWFAMILY, fake.family);
	datagram(0);
	ack(0);
}

ssize_t send(int fd, const void *data, size_t len, int flags)
{
	const struct nlmsghdr *request = data;

	fake.seq = request->nlmsg_seq;
	if (request->nlmsg_type == GENL_ID_CTRL) {
		controller(request);
		return len;
	}
	fake.requests++;
	memcpy(fake.request, data, len);
	if (request->nlmsg_type != fake.family) {
		datagram(0);
		ack(-ENOENT);
	} else if (fake.kernel) {
		fake.kernel(request);
	}
	return len;
}

ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	int heap = fd == fake.events;
	struct datagram *next = &fake.heap[heap].all[fake.heap[heap].first];

	/* What would wait for ever fails */
	if (fake.heap[heap].first == fake.heap[heap].end) {
		errno = flags & MSG_DONTWAIT ? EAGAIN : ENOTCONN;
		return -1;
	}
	fake.heap[heap].first++;
	if (next->error) {
		errno = next->error;
		return -1;
	}
	memcpy(msg->msg_iov->iov_base, next->data, next->len);
	((struct sockaddr_nl *)msg->msg_name)->nl_pid = next->from;
	msg->msg_flags = next->cut ? MSG_TRUNC : 0;
	return next->len;
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	uint32_t group = *(const uint32_t *)value;

	if (level != SOL_NETLINK ||
	    (name != NETLINK_ADD_MEMBERSHIP && name != NETLINK_DROP_MEMBERSHIP))
		return 0;
	if (name == NETLINK_ADD_MEMBERSHIP && fake.refuse && group != GENL_ID_CTRL) {
		errno = fake.refuse;
		return -1;
	}
	fake.joined[fake.joins++ % 8] = group | (name == NETLINK_DROP_MEMBERSHIP ? 1U << 31 : 0);
	return 0;
}

/* ---- tests ---- */

FIXTURE(answers) {
	struct kipc_admin *admin;
};

FIXTURE_SETUP(answers)
{
	memset(&fake, 0, sizeof(fake));
	fake.events = -1;
	fake.family = FAMILY;
	ASSERT_EQ(0, kipc_admin_open(&self->admin));
	fake.events = kipc_admin_fd(self->admin);
}

FIXTURE_TEARDOWN(answers)
{
	kipc_admin_close(self->admin);
}

/* Note ids, and stop at the one that context says. */
struct notes {
	unsigned int count;
	uint32_t ids[16];
	uint32_t stop;
};

static int note(const struct kipc_admin_channel *channel, void *context)
{
	struct notes *notes = context;

	notes->ids[notes->count++ % 16] = channel->id;
	return channel->id == notes->stop ? 77 : 0;
}

static int list(struct kipc_admin *admin)
{
	struct notes notes = { 0 };

	return kipc_admin_channels(admin, note, &notes);
}

static void two_channels(const struct nlmsghdr *request)
{
	datagram(0);
	channel(5, "a");
	channel(6, "b");
	datagram(0);
	done();
}

/* The next call is answered as if nothing had been. */
static int next_call(struct kipc_admin *admin)
{
	struct notes notes = { 0 };
	int err;

	fake.kernel = two_channels;
	err = kipc_admin_channels(admin, note, &notes);
	return err ? err : notes.count == 2 && notes.ids[0] == 5 && notes.ids[1] == 6;
}

TEST(open_without_the_module_is_enodev)
{
	struct kipc_admin *admin = (void *)1;
	int before = open_descriptors();

	memset(&fake, 0, sizeof(fake));
	fake.events = -1;
	EXPECT_EQ(-ENODEV, kipc_admin_open(&admin));
	EXPECT_EQ(NULL, admin);
	EXPECT_NE(NULL, strstr(kipc_admin_error(admin), "kipcctl load"));
	EXPECT_EQ(before, open_descriptors());
}

TEST(null_handles_are_einval)
{
	EXPECT_EQ(-EINVAL, kipc_admin_open(NULL));
	EXPECT_EQ(-EINVAL, list(NULL));
	EXPECT_EQ(-EINVAL, kipc_admin_fd(NULL));
	EXPECT_EQ(-EINVAL, kipc_admin_watch(NULL, 0));
	kipc_admin_close(NULL);
}

TEST_F(answers, a_listing_tells_of_each)
{
	EXPECT_EQ(1, next_call(self->admin));
	EXPECT_STREQ("no error", kipc_admin_error(self->admin));
}

TEST_F(answers, a_listing_ends_with_what_the_function_returns)
{
	struct notes notes = { .stop = 5 };

	fake.kernel = two_channels;
	EXPECT_EQ(77, kipc_admin_channels(self->admin, note, &notes));
	EXPECT_EQ(1, notes.count);
	EXPECT_EQ(1, next_call(self->admin));
}

TEST_F(answers, a_listing_without_a_function_is_einval)
{
	EXPECT_EQ(-EINVAL, kipc_admin_channels(self->admin, NULL, NULL));
	EXPECT_EQ(0, fake.requests);
}

static void newer(const struct nlmsghdr *request)
{
	struct nlattr *at;

	datagram(0);
	message(NLMSG_NOOP, 0);
	channel(5, "a");
	attr_u64(200, 1);
	at = nest(201);
	attr_u32(1, 1);
	nest_end(at);
	at = nest(KIPC_A_CHANNEL_SERVER);
	attr_u32(KIPC_A_ENDPOINT_ID, 5);
	attr_u32(199, 1);
	attr_u64(KIPC_A_ENDPOINT_MEMORY, 1ULL << 40);
	nest_end(at);
	ack(0);
}

TEST_F(answers, attributes_of_a_newer_kernel_are_passed_over)
{
	struct kipc_admin_channel channel = { .size = sizeof(channel) };

	fake.kernel = newer;
	ASSERT_EQ(0, kipc_admin_channel(self->admin, "a", &channel));
	EXPECT_EQ(5, channel.id);
	EXPECT_STREQ("a", channel.name);
	EXPECT_EQ(sizeof(channel.server), channel.server.size);
	EXPECT_EQ(1ULL << 40, channel.server.memory);
}

/* Ways to get an object wrong */
enum { SHORT, LONG_ONE, EMPTY, ENDLESS, TWO_ENDS, TOO_LONG, NO_ID, SHORT_HEADER, BEYOND, TAIL,
	SHORT_IN_NEST, TAIL_IN_NEST, BAD_LENGTH, WRONGS };
static int wrong_way;

static void wrong_object(int way)
{
	char name[KIPC_ADMIN_NAME + 1];
	struct nlattr *at;

	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = 0;
	channel(way == NO_ID ? 0 : 5, "a");
	switch (way) {
	case SHORT:
		attr(KIPC_A_CHANNEL_MODE, name, 2);
		break;
	case LONG_ONE:
		attr(KIPC_A_CHANNEL_MODE, name, 8);
		break;
	case EMPTY:
		attr(KIPC_A_CHANNEL_NAME, name, 0);
		break;
	case ENDLESS:
		attr(KIPC_A_CHANNEL_NAME, name, 8);
		break;
	case TWO_ENDS:
		attr(KIPC_A_CHANNEL_NAME, "a\0b", 4);
		break;
	case TOO_LONG:
		attr(KIPC_A_CHANNEL_NAME, name, sizeof(name));
		break;
	case SHORT_HEADER:
		fake.msg->nlmsg_len = NLMSG_HDRLEN + 2;
		fake.now->len = (unsigned char *)fake.msg - fake.now->data + NLMSG_HDRLEN + 4;
		break;
	case BEYOND:
		attr(KIPC_A_CHANNEL_MODE, name, 4)->nla_len = 400;
		break;
	case TAIL:
		attr(KIPC_A_CHANNEL_MODE, name, 4)->nla_len = 3;
		break;
	case SHORT_IN_NEST:
		at = nest(KIPC_A_CHANNEL_SERVER);
		attr_u32(KIPC_A_ENDPOINT_ID, 5);
		attr(KIPC_A_ENDPOINT_MEMORY, name, 4);
		nest_end(at);
		break;
	case TAIL_IN_NEST:
		attr(KIPC_A_CHANNEL_SERVER, name, 3);
		break;
	case BAD_LENGTH:
		fake.msg->nlmsg_len = 3;
		break;
	}
}

static void wrong(const struct nlmsghdr *request)
{
	datagram(0);
	channel(4, "before");
	datagram(0);
	wrong_object(wrong_way);
	datagram(0);
	channel(6, "after");
	done();
}

TEST_F(answers, what_makes_no_sense_is_eproto_and_the_next_call_works)
{
	struct notes notes;

	for (wrong_way = 0; wrong_way < WRONGS; wrong_way++) {
		memset(&notes, 0, sizeof(notes));
		fake.kernel = wrong;
		EXPECT_EQ(-EPROTO, kipc_admin_channels(self->admin, note, &notes)) {
			TH_LOG("way %d", wrong_way);
		}
		EXPECT_EQ(1, notes.count);
		EXPECT_NE(NULL, strstr(kipc_admin_error(self->admin), "makes no sense"));
		EXPECT_EQ(1, next_call(self->admin));
	}
}

static void nothing(const struct nlmsghdr *request)
{
	datagram(0);
	ack(0);
}

TEST_F(answers, an_answer_without_the_object_is_eproto)
{
	struct kipc_admin_stats stats = { .size = sizeof(stats) };

	fake.kernel = nothing;
	EXPECT_EQ(-EPROTO, kipc_admin_stats(self->admin, &stats));
}

static void refused(const struct nlmsghdr *request)
{
	datagram(0);
	end_with(NLMSG_ERROR, -EPERM, "you are not its owner");
}

static void refused_whole(const struct nlmsghdr *request)
{
	struct nlmsgerr *err;

	datagram(0);
	message(NLMSG_ERROR, NLM_F_ACK_TLVS);
	err = room(sizeof(*err) + request->nlmsg_len - sizeof(*request));
	err->error = -ERANGE;
	memcpy(&err->msg, request, request->nlmsg_len);
	attr_u32(NLMSGERR_ATTR_OFFS, 20);
	attr_string(NLMSGERR_ATTR_MSG, "too much");
}

static void refused_at_the_end(const struct nlmsghdr *request)
{
	datagram(0);
	channel(5, "a");
	end_with(NLMSG_DONE, -EMSGSIZE, "an object has no room");
}

static void refused_without_words(const struct nlmsghdr *request)
{
	datagram(0);
	ack(-EPERM);
}

TEST_F(answers, the_kernels_own_words_are_told)
{
	struct kipc_admin_change change = KIPC_ADMIN_CHANGE_INIT;

	fake.kernel = refused;
	EXPECT_EQ(-EPERM, kipc_admin_change_queue(self->admin, "q", &change));
	EXPECT_STREQ("you are not its owner", kipc_admin_error(self->admin));
	fake.kernel = refused_whole;
	EXPECT_EQ(-ERANGE, kipc_admin_change_queue(self->admin, "q", &change));
	EXPECT_STREQ("too much", kipc_admin_error(self->admin));
	fake.kernel = refused_at_the_end;
	EXPECT_EQ(-EMSGSIZE, list(self->admin));
	EXPECT_STREQ("an object has no room", kipc_admin_error(self->admin));
	fake.kernel = refused_without_words;
	EXPECT_EQ(-EPERM, list(self->admin));
	EXPECT_NE(NULL, strstr(kipc_admin_error(self->admin), "not for this user"));
}

static void words_that_do_not_end(const struct nlmsghdr *request)
{
	struct nlmsgerr *err;

	datagram(0);
	message(NLMSG_ERROR, NLM_F_ACK_TLVS);
	err = room(sizeof(*err));
	err->error = -EPERM;
	err->msg.nlmsg_len = 1U << 31;
	attr(NLMSGERR_ATTR_MSG, "endless", 4);
}

static void an_error_cut_short(const struct nlmsghdr *request)
{
	datagram(0);
	message(NLMSG_ERROR, NLM_F_ACK_TLVS);
	room(2);
}

static void an_error_above_zero(const struct nlmsghdr *request)
{
	datagram(0);
	ack(EPERM);
}

TEST_F(answers, errors_that_make_no_sense_do_no_harm)
{
	fake.kernel = words_that_do_not_end;
	EXPECT_EQ(-EPERM, list(self->admin));
	fake.kernel = an_error_cut_short;
	EXPECT_EQ(-EPROTO, list(self->admin));
	fake.kernel = an_error_above_zero;
	EXPECT_EQ(-EPROTO, list(self->admin));
	EXPECT_EQ(1, next_call(self->admin));
}

static void disturbed(const struct nlmsghdr *request)
{
	two_channels(request);
	((struct nlmsghdr *)fake.heap[0].all[fake.heap[0].first].data)->nlmsg_flags |=
		NLM_F_DUMP_INTR;
}

TEST_F(answers, a_listing_that_was_disturbed_is_eagain)
{
	struct notes notes = { 0 };

	fake.kernel = disturbed;
	EXPECT_EQ(-EAGAIN, kipc_admin_channels(self->admin, note, &notes));
	EXPECT_EQ(2, notes.count);
	EXPECT_NE(NULL, strstr(kipc_admin_error(self->admin), "changed meanwhile"));
}

static void others_also(const struct nlmsghdr *request)
{
	datagram(0);
	channel(7, "another request's");
	((struct nlmsghdr *)fake.now->data)->nlmsg_seq--;
	datagram(0);
	channel(8, "another process's");
	fake.now->from = 1234;
	failing(0, EINTR);
	two_channels(request);
}

TEST_F(answers, only_the_kernels_answer_to_this_request_counts)
{
	struct notes notes = { 0 };

	fake.kernel = others_also;
	ASSERT_EQ(0, kipc_admin_channels(self->admin, note, &notes));
	EXPECT_EQ(2, notes.count);
	EXPECT_EQ(5, notes.ids[0]);
}

static void out_of_memory(const struct nlmsghdr *request)
{
	datagram(0);
	channel(4, "before");
	failing(0, ENOMEM);
	two_channels(request);
}

static void cut(const struct nlmsghdr *request)
{
	datagram(0);
	channel(4, "before");
	fake.now->cut = true;
	two_channels(request);
}

TEST_F(answers, after_an_error_in_its_midst_the_next_call_works)
{
	fake.kernel = out_of_memory;
	EXPECT_EQ(-ENOMEM, list(self->admin));
	EXPECT_EQ(1, next_call(self->admin));
	fake.kernel = cut;
	EXPECT_EQ(-EPROTO, list(self->admin));
	EXPECT_EQ(1, next_call(self->admin));
}

TEST_F(answers, a_module_that_was_loaded_again_is_found)
{
	fake.family = FAMILY + 1;
	EXPECT_EQ(1, next_call(self->admin));
	EXPECT_STREQ("no error", kipc_admin_error(self->admin));
	EXPECT_EQ(2, fake.requests);
	EXPECT_EQ(1, next_call(self->admin));
	EXPECT_EQ(3, fake.requests);
}

TEST_F(answers, a_module_that_has_gone_is_enodev_until_it_is_back)
{
	fake.family = 0;
	EXPECT_EQ(-ENODEV, list(self->admin));
	EXPECT_NE(NULL, strstr(kipc_admin_error(self->admin), "kipcctl load"));
	fake.family = FAMILY + 1;
	EXPECT_EQ(1, next_call(self->admin));
}

static void not_there(const struct nlmsghdr *request)
{
	datagram(0);
	end_with(NLMSG_ERROR, -ENOENT, "nothing has that name");
}

TEST_F(answers, enoent_of_an_object_stays_that)
{
	struct kipc_admin_queue queue = { .size = sizeof(queue) };

	fake.kernel = not_there;
	EXPECT_EQ(-ENOENT, kipc_admin_queue(self->admin, "q", &queue));
	EXPECT_EQ(1, fake.requests);
	EXPECT_STREQ("nothing has that name", kipc_admin_error(self->admin));
}

static void one_channel(const struct nlmsghdr *request)
{
	datagram(0);
	channel(5, "a");
	ack(0);
}

TEST_F(answers, a_size_below_the_first_is_einval)
{
	struct kipc_admin_channel channel = { .size = sizeof(channel) - 1 };
	struct kipc_admin_event event = { .size = sizeof(size_t) };
	struct kipc_admin_change change = { .size = 4 };

	EXPECT_EQ(-EINVAL, kipc_admin_channel(self->admin, "a", &channel));
	EXPECT_EQ(-EINVAL, kipc_admin_channel(self->admin, "a", NULL));
	EXPECT_EQ(-EINVAL, kipc_admin_event(self->admin, &event, KIPC_NOW));
	EXPECT_EQ(-EINVAL, kipc_admin_change_channel(self->admin, "a", &change));
	EXPECT_EQ(-EINVAL, kipc_admin_change_channel(self->admin, "a", NULL));
	EXPECT_EQ(0, fake.requests);
}

TEST_F(answers, what_a_newer_program_knows_beyond_is_0)
{
	struct {
		struct kipc_admin_channel channel;
		unsigned char more[24];
		unsigned char not_ours;
	} newer;

	memset(&newer, 0xff, sizeof(newer));
	newer.channel.size = offsetof(typeof(newer), not_ours);
	fake.kernel = one_channel;
	ASSERT_EQ(0, kipc_admin_channel(self->admin, "a", &newer.channel));
	EXPECT_EQ(offsetof(typeof(newer), not_ours), newer.channel.size);
	EXPECT_STREQ("a", newer.channel.name);
	EXPECT_EQ(0, newer.more[0] | newer.more[23]);
	EXPECT_EQ(0xff, newer.not_ours);
}

TEST_F(answers, names_that_nothing_can_have_are_einval)
{
	struct kipc_admin_channel channel = { .size = sizeof(channel) };
	char name[KIPC_ADMIN_NAME + 1];

	memset(name, 'n', sizeof(name));
	name[KIPC_ADMIN_NAME] = 0;
	EXPECT_EQ(-EINVAL, kipc_admin_channel(self->admin, NULL, &channel));
	EXPECT_EQ(-EINVAL, kipc_admin_channel(self->admin, "", &channel));
	EXPECT_EQ(-EINVAL, kipc_admin_channel(self->admin, name, &channel));
	EXPECT_EQ(0, fake.requests);
	name[KIPC_ADMIN_NAME - 1] = 0;
	fake.kernel = one_channel;
	EXPECT_EQ(0, kipc_admin_channel(self->admin, name, &channel));
}

/* ---- requests ---- */

/* An attribute among others; NULL: it is not there. */
static const struct nlattr *find(const void *begin, size_t len, uint16_t type)
{
	const struct nlattr *at = begin;

	while (len >= NLA_HDRLEN && at->nla_len >= NLA_HDRLEN && at->nla_len <= len) {
		if ((at->nla_type & NLA_TYPE_MASK) == type)
			return at;
		len -= NLA_ALIGN(at->nla_len);
		at = (const void *)((const char *)at + NLA_ALIGN(at->nla_len));
	}
	return NULL;
}

static const struct nlattr *sent(uint16_t type)
{
	const struct nlmsghdr *msg = (void *)fake.request;
	size_t head = NLMSG_HDRLEN + GENL_HDRLEN;

	return find(fake.request + head, msg->nlmsg_len - head, type);
}

static uint64_t number(const struct nlattr *at)
{
	uint64_t value = 0;

	if (!at)
		return UINT64_MAX;
	memcpy(&value, at + 1, at->nla_len - NLA_HDRLEN);
	return value;
}

TEST_F(answers, a_change_asks_for_what_is_set_only)
{
	struct kipc_admin_change change = KIPC_ADMIN_CHANGE_INIT;

	fake.kernel = nothing;
	change.set = KIPC_ADMIN_SET_MODE | KIPC_ADMIN_SET_MAX_SIZE;
	change.mode = 0640;
	change.max_size = 1 << 20;
	ASSERT_EQ(0, kipc_admin_change_queue(self->admin, "q", &change));
	ASSERT_NE(NULL, sent(KIPC_A_QUEUE_NAME));
	EXPECT_EQ(0, memcmp("q", sent(KIPC_A_QUEUE_NAME) + 1, 2));
	EXPECT_EQ(0640, number(sent(KIPC_A_QUEUE_MODE)));
	EXPECT_EQ(1 << 20, number(sent(KIPC_A_QUEUE_MAX_SIZE)));
	EXPECT_EQ(NULL, sent(KIPC_A_QUEUE_UID));
	EXPECT_EQ(NULL, sent(KIPC_A_QUEUE_MAX_MSGS));
}

TEST_F(answers, a_change_that_is_not_known_is_einval)
{
	struct kipc_admin_change change = KIPC_ADMIN_CHANGE_INIT;

	change.set = 1U << 6;
	EXPECT_EQ(-EINVAL, kipc_admin_change_queue(self->admin, "q", &change));
	change.set = KIPC_ADMIN_SET_MAX_MSGS;
	EXPECT_EQ(-EINVAL, kipc_admin_change_channel(self->admin, "c", &change));
	EXPECT_EQ(0, fake.requests);
}

TEST_F(answers, a_limit_is_a_charge_within_a_user)
{
	const struct nlattr *charge;

	fake.kernel = nothing;
	ASSERT_EQ(0, kipc_admin_limit(self->admin, 1000, KIPC_ADMIN_POOL_MSGS, 12));
	EXPECT_EQ(1000, number(sent(KIPC_A_USER_UID)));
	charge = sent(KIPC_A_USER_CHARGE);
	ASSERT_NE(NULL, charge);
	EXPECT_NE(0, charge->nla_type & NLA_F_NESTED);
	EXPECT_EQ(KIPC_QUOTA_POOL_MSGS,
		  number(find(charge + 1, charge->nla_len - NLA_HDRLEN, KIPC_A_CHARGE_WHAT)));
	EXPECT_EQ(12, number(find(charge + 1, charge->nla_len - NLA_HDRLEN, KIPC_A_CHARGE_LIMIT)));

	ASSERT_EQ(0, kipc_admin_limit(self->admin, 1000, KIPC_ADMIN_FDS, KIPC_ADMIN_NO_LIMIT));
	charge = sent(KIPC_A_USER_CHARGE);
	EXPECT_EQ(NULL, find(charge + 1, charge->nla_len - NLA_HDRLEN, KIPC_A_CHARGE_LIMIT));

	ASSERT_EQ(0, kipc_admin_limit(self->admin, KIPC_ADMIN_DEFAULTS, KIPC_ADMIN_FDS, 3));
	EXPECT_EQ(NULL, sent(KIPC_A_USER_UID));
}

TEST_F(answers, a_limit_that_there_is_not_is_einval)
{
	EXPECT_EQ(-EINVAL, kipc_admin_limit(self->admin, 1, KIPC_ADMIN_QUOTAS, 1));
	EXPECT_EQ(-EINVAL, kipc_admin_limit(self->admin, 1, -1, 1));
	EXPECT_EQ(-EINVAL, kipc_admin_limit(self->admin, KIPC_ADMIN_DEFAULTS, KIPC_ADMIN_FDS,
					    KIPC_ADMIN_NO_LIMIT));
	EXPECT_EQ(0, fake.requests);
}

static void charges(const struct nlmsghdr *request)
{
	struct nlattr *charge;

	datagram(0);
	object(fake.family, KIPC_CMD_USER_GET);
	attr_u32(KIPC_A_USER_UID, 1000);
	charge = nest(KIPC_A_USER_CHARGE);
	attr_u32(KIPC_A_CHARGE_WHAT, 99);
	nest_end(charge);
	charge = nest(KIPC_A_USER_CHARGE);
	attr_u32(KIPC_A_CHARGE_WHAT, KIPC_QUOTA_NAMES);
	attr_u64(KIPC_A_CHARGE_LIMIT, 9);
	attr(KIPC_A_CHARGE_OWN, NULL, 0);
	nest_end(charge);
	ack(0);
}

TEST_F(answers, an_account_has_the_charges_that_the_kernel_has)
{
	struct kipc_admin_user user = { .size = sizeof(user) };

	fake.kernel = charges;
	ASSERT_EQ(0, kipc_admin_user(self->admin, 1000, &user));
	EXPECT_EQ(1000, user.uid);
	EXPECT_EQ(KIPC_ADMIN_NAMES + 1, user.charges);
	EXPECT_EQ(9, user.charge[KIPC_ADMIN_NAMES].limit);
	EXPECT_EQ(1, user.charge[KIPC_ADMIN_NAMES].own);
	EXPECT_EQ(0, user.charge[KIPC_ADMIN_ENDPOINTS].own);
}

TEST(quota_names_are_the_parameters_and_lead_back)
{
	int i;

	for (i = 0; i < KIPC_ADMIN_QUOTAS; i++)
		EXPECT_EQ(i, kipc_admin_quota_number(kipc_admin_quota_name(i)));
	EXPECT_STREQ("pool_bytes", kipc_admin_quota_name(KIPC_ADMIN_POOL_BYTES));
	EXPECT_EQ(NULL, kipc_admin_quota_name(KIPC_ADMIN_QUOTAS));
	EXPECT_EQ(NULL, kipc_admin_quota_name(-1));
	EXPECT_EQ(-EINVAL, kipc_admin_quota_number("pool"));
	EXPECT_EQ(-EINVAL, kipc_admin_quota_number(NULL));
}

/* ---- events ---- */

static void channel_new(uint32_t id)
{
	datagram(1);
	channel(id, "a");
	((struct genlmsghdr *)(fake.msg + 1))->cmd = KIPC_CMD_CHANNEL_NEW_NTF;
}

static void call_failed(void)
{
	datagram(1);
	object(fake.family, KIPC_CMD_CALL_FAILED);
	attr_u32(KIPC_A_EVENT_ERROR, ETIMEDOUT);
	attr_string(KIPC_A_EVENT_NAME, "a");
}

static int next_event(struct kipc_admin *admin, struct kipc_admin_event *event)
{
	event->size = sizeof(*event);
	return kipc_admin_event(admin, event, KIPC_NOW);
}

TEST_F(answers, watching_joins_and_leaves_groups)
{
	ASSERT_EQ(0, kipc_admin_watch(self->admin, KIPC_ADMIN_OBJECTS));
	EXPECT_EQ(2, fake.joins);
	EXPECT_EQ(FAMILY + 100, fake.joined[1]);
	ASSERT_EQ(0, kipc_admin_watch(self->admin, KIPC_ADMIN_TROUBLE));
	EXPECT_EQ(FAMILY + 200, fake.joined[3]);
	EXPECT_EQ((FAMILY + 100) | 1U << 31, fake.joined[4]);
	EXPECT_EQ(-EINVAL, kipc_admin_watch(self->admin, 1U << 2));
	EXPECT_EQ(5, fake.joins);
}

TEST_F(answers, watching_what_one_may_not_changes_nothing)
{
	struct kipc_admin_event event;

	ASSERT_EQ(0, kipc_admin_watch(self->admin, KIPC_ADMIN_OBJECTS));
	fake.refuse = EPERM;
	EXPECT_EQ(-EPERM, kipc_admin_watch(self->admin, KIPC_ADMIN_TROUBLE));
	EXPECT_NE(NULL, strstr(kipc_admin_error(self->admin), "CAP_NET_ADMIN"));
	channel_new(5);
	EXPECT_EQ(0, next_event(self->admin, &event));
	fake.family = 0;
	EXPECT_EQ(-ENODEV, kipc_admin_watch(self->admin, KIPC_ADMIN_OBJECTS));
}

TEST_F(answers, events_are_told_in_turn)
{
	struct kipc_admin_event event;

	ASSERT_EQ(0, kipc_admin_watch(self->admin, KIPC_ADMIN_OBJECTS | KIPC_ADMIN_TROUBLE));
	channel_new(5);
	call_failed();
	ASSERT_EQ(0, next_event(self->admin, &event));
	EXPECT_EQ(sizeof(event), event.size);
	EXPECT_EQ(KIPC_ADMIN_CHANNEL_NEW, event.what);
	EXPECT_EQ(5, event.u.channel.id);
	ASSERT_EQ(0, next_event(self->admin, &event));
	EXPECT_EQ(KIPC_ADMIN_CALL_FAILED, event.what);
	EXPECT_EQ(-ETIMEDOUT, event.u.trouble.error);
	EXPECT_STREQ("a", event.u.trouble.name);
	EXPECT_EQ(-EAGAIN, next_event(self->admin, &event));
}

TEST_F(answers, events_that_are_not_wanted_any_more_or_not_known_are_passed_over)
{
	struct kipc_admin_event event;

	ASSERT_EQ(0, kipc_admin_watch(self->admin, KIPC_ADMIN_OBJECTS));
	call_failed();
	datagram(1);
	object(fake.family, 250);
	datagram(1);
	object(fake.family + 1, KIPC_CMD_CHANNEL_NEW_NTF);
	datagram(1);
	message(NLMSG_NOOP, 0);
	channel_new(5);
	ASSERT_EQ(0, next_event(self->admin, &event));
	EXPECT_EQ(5, event.u.channel.id);
}

TEST_F(answers, among_lost_and_senseless_events_are_the_others)
{
	struct kipc_admin_event event;

	ASSERT_EQ(0, kipc_admin_watch(self->admin, KIPC_ADMIN_OBJECTS));
	failing(1, ENOBUFS);
	channel_new(5);
	for (wrong_way = 0; wrong_way < WRONGS; wrong_way++) {
		datagram(1);
		wrong_object(wrong_way);
		((struct genlmsghdr *)((struct nlmsghdr *)fake.now->data + 1))->cmd =
			KIPC_CMD_CHANNEL_NEW_NTF;
	}
	channel_new(6);
	ASSERT_EQ(0, next_event(self->admin, &event));
	EXPECT_EQ(5, event.u.channel.id);
	for (wrong_way = 0; wrong_way < WRONGS; wrong_way++) {
		EXPECT_EQ(-EPROTO, next_event(self->admin, &event)) {
			TH_LOG("way %d", wrong_way);
		}
	}
	ASSERT_EQ(0, next_event(self->admin, &event));
	EXPECT_EQ(6, event.u.channel.id);
	EXPECT_EQ(-ENOBUFS, next_event(self->admin, &event));
	EXPECT_NE(NULL, strstr(kipc_admin_error(self->admin), "lost"));
	EXPECT_EQ(-EAGAIN, next_event(self->admin, &event));
	channel_new(7);
	ASSERT_EQ(0, next_event(self->admin, &event));
	EXPECT_EQ(7, event.u.channel.id);
}

TEST_F(answers, events_go_on_after_the_module_was_loaded_again)
{
	struct kipc_admin_event event;

	ASSERT_EQ(0, kipc_admin_watch(self->admin, KIPC_ADMIN_OBJECTS));
	datagram(1);
	family(CTRL_CMD_DELFAMILY, FAMILY);
	datagram(1);
	family(CTRL_CMD_NEWFAMILY, FAMILY + 1);
	fake.family = FAMILY + 1;
	channel_new(5);
	EXPECT_EQ(-ENODEV, next_event(self->admin, &event));
	EXPECT_EQ(-ENOBUFS, next_event(self->admin, &event));
	EXPECT_EQ(FAMILY + 101, fake.joined[2]);
	ASSERT_EQ(0, next_event(self->admin, &event));
	EXPECT_EQ(5, event.u.channel.id);
}

/* The socket was full when it went and came: nobody told. */
TEST_F(answers, events_go_on_after_an_overflow_that_hid_a_module_loaded_again)
{
	struct kipc_admin_event event;

	ASSERT_EQ(0, kipc_admin_watch(self->admin, KIPC_ADMIN_OBJECTS));
	failing(1, ENOBUFS);
	channel_new(5);
	fake.family = FAMILY + 1;
	ASSERT_EQ(0, next_event(self->admin, &event));
	EXPECT_EQ(5, event.u.channel.id);
	EXPECT_EQ(-ENOBUFS, next_event(self->admin, &event));
	EXPECT_NE(NULL, strstr(kipc_admin_error(self->admin), "loaded again"));
	EXPECT_EQ(3, fake.joins);
	EXPECT_EQ(FAMILY + 101, fake.joined[2]);
	channel_new(6);
	ASSERT_EQ(0, next_event(self->admin, &event));
	EXPECT_EQ(6, event.u.channel.id);
}

TEST_F(answers, an_overflow_that_hid_the_modules_end_is_enodev_until_it_is_back)
{
	struct kipc_admin_event event;

	ASSERT_EQ(0, kipc_admin_watch(self->admin, KIPC_ADMIN_OBJECTS));
	failing(1, ENOBUFS);
	fake.family = 0;
	EXPECT_EQ(-ENODEV, next_event(self->admin, &event));
	EXPECT_NE(NULL, strstr(kipc_admin_error(self->admin), "unloaded"));
	EXPECT_EQ(-EAGAIN, next_event(self->admin, &event));
	fake.family = FAMILY + 1;
	datagram(1);
	family(CTRL_CMD_NEWFAMILY, FAMILY + 1);
	channel_new(5);
	EXPECT_EQ(-ENOBUFS, next_event(self->admin, &event));
	ASSERT_EQ(0, next_event(self->admin, &event));
	EXPECT_EQ(5, event.u.channel.id);
}

/* What could not be looked up is so once more, and then it is told. */
TEST_F(answers, an_overflow_is_not_forgotten_while_the_family_cannot_be_looked_up)
{
	struct kipc_admin_event event;

	ASSERT_EQ(0, kipc_admin_watch(self->admin, KIPC_ADMIN_OBJECTS));
	failing(1, ENOBUFS);
	fake.family = FAMILY + 1;
	fake.refuse = EPERM;
	EXPECT_EQ(-EPERM, next_event(self->admin, &event));
	fake.refuse = 0;
	EXPECT_EQ(-ENOBUFS, next_event(self->admin, &event));
	EXPECT_EQ(FAMILY + 101, fake.joined[2]);
}

TEST_F(answers, other_families_are_no_event)
{
	struct kipc_admin_event event;

	ASSERT_EQ(0, kipc_admin_watch(self->admin, KIPC_ADMIN_OBJECTS));
	datagram(1);
	object(GENL_ID_CTRL, CTRL_CMD_NEWFAMILY);
	attr_string(CTRL_ATTR_FAMILY_NAME, "kipcx");
	attr(CTRL_ATTR_FAMILY_ID, "\1\1", 2);
	datagram(1);
	object(GENL_ID_CTRL, CTRL_CMD_NEWFAMILY);
	attr(CTRL_ATTR_FAMILY_NAME, "ki", 2);
	EXPECT_EQ(-EAGAIN, next_event(self->admin, &event));
	EXPECT_EQ(2, fake.joins);
}

TEST_F(answers, an_event_that_does_not_come_is_awaited_as_long_as_said)
{
	struct kipc_admin_event event = { .size = sizeof(event) };
	int64_t begin = now_ns();

	EXPECT_EQ(-EAGAIN, kipc_admin_event(self->admin, &event, KIPC_NOW));
	EXPECT_EQ(-ETIMEDOUT, kipc_admin_event(self->admin, &event, SOON));
	EXPECT_LE(SOON, now_ns() - begin);
	alarm_start();
	EXPECT_EQ(-EINTR, kipc_admin_event(self->admin, &event, KIPC_FOREVER));
	alarm_stop();
}

TEST_HARNESS_MAIN
