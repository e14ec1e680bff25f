// SPDX-License-Identifier: GPL-2.0
/* libkipc-admin: what there is, listed and one by one, as root and as an ordinary user. */
#include <sched.h>
#include <sys/wait.h>

#include "admin_test.h"

FIXTURE(list)
{
	struct kipc_admin *admin;
	struct pair pair;
};

FIXTURE_SETUP(list)
{
	if (access("/dev/kipc", F_OK))
		SKIP(return, "no /dev/kipc");
	ASSERT_EQ(0, kipc_admin_open(&self->admin));
	ASSERT_EQ(0, pair_open(&self->pair));
}

FIXTURE_TEARDOWN(list)
{
	pair_close(&self->pair);
	kipc_admin_close(self->admin);
}

/* ---- channels ---- */

TEST_F(list, a_channel_by_its_name)
{
	struct kipc_admin_channel channel = { .size = sizeof(channel) };
	const struct kipc_admin_endpoint *server = &channel.server;

	ASSERT_EQ(0, pair_hold(&self->pair));
	nap(SOON);
	ASSERT_EQ(0, kipc_admin_channel(self->admin, name_of(self->pair.address), &channel));
	EXPECT_STREQ(name_of(self->pair.address), channel.name);
	EXPECT_LT(0, channel.id);
	EXPECT_EQ(0, channel.uid);
	EXPECT_EQ(0, channel.gid);
	EXPECT_EQ(0, channel.creator_uid);
	EXPECT_EQ(1, channel.clients);
	EXPECT_EQ(1, channel.messages);
	EXPECT_EQ(12, channel.bytes);
	EXPECT_EQ(0, channel.failed);
	EXPECT_EQ(channel.id, server->id);
	EXPECT_EQ(channel.id, server->object);
	EXPECT_EQ(KIPC_ADMIN_SERVER, server->role);
	EXPECT_EQ(getpid(), server->pid);
	EXPECT_EQ(0, server->uid);
	EXPECT_EQ(1, server->held);
	EXPECT_LE(12, server->held_bytes);
	EXPECT_LT(SOON / 2, server->held_ns);
	EXPECT_EQ(0, server->queued);
	EXPECT_LT(server->pool_free, server->pool_size);
	EXPECT_LE(server->held_bytes, server->memory);
	EXPECT_STREQ(channel.name, server->name);
}

TEST_F(list, what_is_not_there_is_enoent)
{
	struct kipc_admin_endpoint endpoint = { .size = sizeof(endpoint) };
	struct kipc_admin_channel channel = { .size = sizeof(channel) };
	struct kipc_admin_queue queue = { .size = sizeof(queue) };
	struct kipc_admin_user user = { .size = sizeof(user) };

	EXPECT_EQ(-ENOENT, kipc_admin_channel(self->admin, "test-none", &channel));
	EXPECT_NE(NULL, strstr(kipc_admin_error(self->admin), "no ")) {
		TH_LOG("%s", kipc_admin_error(self->admin));
	}
	EXPECT_EQ(-ENOENT, kipc_admin_queue(self->admin, "test-none", &queue));
	EXPECT_EQ(-ENOENT, kipc_admin_endpoint(self->admin, 0x7fffff00, &endpoint));
	EXPECT_EQ(-ENOENT, kipc_admin_user(self->admin, 54321, &user));
}

/* What a listing tells of one name, and how many others there are. */
struct seen {
	const char *name;
	unsigned int times;
	unsigned int others;
	uint32_t last;		/* the id before, ids rise */
	bool fell;
	struct kipc_admin_channel channel;
	struct kipc_admin_queue queue;
};

static void see(struct seen *seen, uint32_t id, const char *name)
{
	if (id <= seen->last)
		seen->fell = true;
	seen->last = id;
	if (!strcmp(name, seen->name))
		seen->times++;
	else
		seen->others++;
}

static int see_channel(const struct kipc_admin_channel *channel, void *context)
{
	struct seen *seen = context;

	see(seen, channel->id, channel->name);
	if (!strcmp(channel->name, seen->name))
		seen->channel = *channel;
	return 0;
}

static int see_queue(const struct kipc_admin_queue *queue, void *context)
{
	struct seen *seen = context;

	see(seen, queue->id, queue->name);
	if (!strcmp(queue->name, seen->name))
		seen->queue = *queue;
	return 0;
}

TEST_F(list, channels_are_told_once_in_the_order_of_ids)
{
	struct seen seen = { .name = name_of(self->pair.address) };
	struct pair others[20];
	int i;

	for (i = 0; i < 20; i++)
		ASSERT_EQ(0, pair_open(&others[i]));
	ASSERT_EQ(0, kipc_admin_channels(self->admin, see_channel, &seen));
	EXPECT_EQ(1, seen.times);
	EXPECT_LE(20, seen.others);
	EXPECT_FALSE(seen.fell);
	EXPECT_EQ(sizeof(seen.channel), seen.channel.size);
	EXPECT_EQ(1, seen.channel.clients);
	for (i = 0; i < 20; i++)
		pair_close(&others[i]);
}

static int stop_at_second(const struct kipc_admin_endpoint *endpoint, void *context)
{
	return ++*(int *)context == 2 ? -ELOOP : 0;
}

TEST_F(list, a_long_listing_that_was_stopped_leaves_the_handle_good)
{
	struct kipc_admin_stats stats = { .size = sizeof(stats) };
	int i, seen = 0, fds[400];

	/* More than the kernel tells at a time */
	for (i = 0; i < 400; i++)
		fds[i] = open("/dev/kipc", O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, fds[399]);
	EXPECT_EQ(-ELOOP, kipc_admin_endpoints(self->admin, 0, stop_at_second, &seen));
	EXPECT_EQ(2, seen);
	EXPECT_EQ(0, kipc_admin_stats(self->admin, &stats));
	EXPECT_LE(402, stats.endpoints);
	for (i = 0; i < 400; i++)
		close(fds[i]);
}

/* ---- endpoints ---- */

struct ends {
	unsigned int count;
	struct kipc_admin_endpoint all[8];
};

static int see_endpoint(const struct kipc_admin_endpoint *endpoint, void *context)
{
	struct ends *ends = context;

	ends->all[ends->count++ % 8] = *endpoint;
	return 0;
}

TEST_F(list, the_endpoints_of_a_channel)
{
	struct kipc_admin_endpoint one = { .size = sizeof(one) };
	struct kipc_admin_channel channel = { .size = sizeof(channel) };
	struct ends ends = { 0 };

	ASSERT_EQ(0, kipc_admin_channel(self->admin, name_of(self->pair.address), &channel));
	ASSERT_EQ(0, kipc_admin_endpoints(self->admin, channel.id, see_endpoint, &ends));
	ASSERT_EQ(2, ends.count);
	EXPECT_EQ(KIPC_ADMIN_SERVER, ends.all[0].role);
	EXPECT_EQ(KIPC_ADMIN_CLIENT, ends.all[1].role);
	EXPECT_LT(0, ends.all[1].client);
	EXPECT_EQ(channel.id, ends.all[1].object);
	EXPECT_STREQ(channel.name, ends.all[1].name);
	ASSERT_EQ(0, kipc_admin_endpoint(self->admin, ends.all[1].id, &one));
	EXPECT_EQ(ends.all[1].client, one.client);
	EXPECT_EQ(ends.all[1].pool_size, one.pool_size);
}

static int see_message(const struct kipc_admin_message *message, void *context)
{
	*(struct kipc_admin_message *)context = *message;
	return 0;
}

static int count_message(const struct kipc_admin_message *message, void *context)
{
	++*(int *)context;
	return message->awaited ? 5 : 0;
}

TEST_F(list, the_messages_that_an_endpoint_holds)
{
	struct kipc_admin_channel channel = { .size = sizeof(channel) };
	struct kipc_admin_message message = { 0 };
	struct kipc_msg more[20];
	int i, count = 0;

	ASSERT_EQ(0, kipc_admin_channel(self->admin, name_of(self->pair.address), &channel));
	ASSERT_EQ(0, kipc_admin_messages(self->admin, channel.id, count_message, &count));
	EXPECT_EQ(0, count);
	ASSERT_EQ(0, pair_hold(&self->pair));
	ASSERT_EQ(0, kipc_admin_messages(self->admin, channel.id, see_message, &message));
	EXPECT_EQ(sizeof(message), message.size);
	EXPECT_EQ(KIPC_MSG_SEND, message.kind);
	EXPECT_EQ(12, message.len);
	EXPECT_EQ(getpid(), message.pid);
	EXPECT_EQ(0, message.uid);
	EXPECT_EQ(0, message.awaited);
	EXPECT_LT(0, message.client);
	EXPECT_EQ(self->pair.held.id, message.id);
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, kipc_send(self->pair.client, "x", 1, KIPC_NOW));
		ASSERT_EQ(1, kipc_recv(self->pair.server, &more[i], LONG));
	}
	ASSERT_EQ(0, kipc_admin_messages(self->admin, channel.id, count_message, &count));
	EXPECT_EQ(16, count);
	EXPECT_EQ(-ENOENT, kipc_admin_messages(self->admin, 0x7fffff00, count_message, &count));
}

static void *call(void *arg)
{
	struct kipc_msg reply;

	return (void *)(intptr_t)kipc_call(arg, "?", 1, &reply, LONG);
}

TEST_F(list, a_message_that_is_awaited_says_so)
{
	struct kipc_admin_channel channel = { .size = sizeof(channel) };
	pthread_t thread;
	int count = 0;
	void *err;

	ASSERT_EQ(0, pthread_create(&thread, NULL, call, self->pair.client));
	ASSERT_EQ(1, kipc_recv(self->pair.server, &self->pair.held, LONG));
	ASSERT_EQ(0, kipc_admin_channel(self->admin, name_of(self->pair.address), &channel));
	EXPECT_EQ(5, kipc_admin_messages(self->admin, channel.id, count_message, &count));
	EXPECT_EQ(0, kipc_reply(self->pair.server, &self->pair.held, "!", 1));
	pthread_join(thread, &err);
	EXPECT_LE(0, (intptr_t)err);
}

/* ---- queues ---- */

TEST_F(list, a_queue_by_its_name_and_among_all)
{
	struct kipc_admin_queue queue = { .size = sizeof(queue) };
	struct seen seen = { .name = queue.name };
	struct ends ends = { 0 };
	char address[200], plain[128];
	struct kipc *receiver, *sender;

	fresh_address("queue", plain);
	snprintf(address, sizeof(address), "%s?mode=640&msgs=9&bytes=9000&size=1000", plain);
	ASSERT_EQ(0, kipc_listen(&receiver, address, NULL));
	ASSERT_EQ(0, kipc_connect(&sender, plain, NULL));
	ASSERT_EQ(0, kipc_send(sender, "abc", 3, KIPC_NOW));
	ASSERT_EQ(0, kipc_admin_queue(self->admin, name_of(plain), &queue));
	EXPECT_STREQ(name_of(plain), queue.name);
	EXPECT_LT(0, queue.id);
	EXPECT_LT(0, queue.number);
	EXPECT_EQ(0640, queue.mode);
	EXPECT_EQ(9, queue.max_msgs);
	EXPECT_EQ(9000, queue.max_bytes);
	EXPECT_EQ(1000, queue.max_size);
	EXPECT_EQ(1, queue.msgs);
	EXPECT_EQ(3, queue.bytes);
	EXPECT_EQ(1, queue.peak_msgs);
	EXPECT_EQ(3, queue.peak_bytes);
	EXPECT_EQ(1, queue.sent);
	EXPECT_EQ(0, queue.received);
	EXPECT_LT(0, queue.send_time_ns);
	EXPECT_EQ(0, queue.recv_time_ns);
	EXPECT_LE(queue.change_time_ns, queue.send_time_ns);
	EXPECT_EQ(getpid(), queue.send_pid);
	EXPECT_EQ(0, queue.recv_pid);

	ASSERT_EQ(0, kipc_admin_queues(self->admin, see_queue, &seen));
	EXPECT_EQ(1, seen.times);
	EXPECT_EQ(0, memcmp(&queue, &seen.queue, sizeof(queue)));
	ASSERT_EQ(0, kipc_admin_endpoints(self->admin, queue.id, see_endpoint, &ends));
	EXPECT_EQ(2, ends.count);
	EXPECT_EQ(KIPC_ADMIN_QUEUE, ends.all[0].role);
	EXPECT_EQ(1, ends.all[0].may);
	EXPECT_EQ(2, ends.all[1].may);
	kipc_close(sender);
	kipc_close(receiver);
	EXPECT_EQ(0, kipc_unlink(plain));
}

/* ---- users and sums ---- */

static int see_user(const struct kipc_admin_user *user, void *context)
{
	struct kipc_admin_user *root = context;

	if (!user->uid)
		*root = *user;
	return 0;
}

TEST_F(list, an_account_one_and_among_all)
{
	struct kipc_admin_user user = { .size = sizeof(user) }, root = { 0 };
	struct kipc_admin_user defaults = { .size = sizeof(defaults) };
	const struct kipc_admin_charge *charge = &user.charge[KIPC_ADMIN_ENDPOINTS];

	ASSERT_EQ(0, kipc_admin_user(self->admin, 0, &user));
	EXPECT_EQ(0, user.uid);
	EXPECT_EQ(KIPC_ADMIN_QUOTAS, user.charges);
	EXPECT_LE(2, charge->taken);
	EXPECT_EQ(0, charge->own);
	EXPECT_LE(1, user.charge[KIPC_ADMIN_NAMES].taken);
	ASSERT_EQ(0, kipc_admin_users(self->admin, see_user, &root));
	EXPECT_EQ(charge->taken, root.charge[KIPC_ADMIN_ENDPOINTS].taken);
	ASSERT_EQ(0, kipc_admin_user(self->admin, KIPC_ADMIN_DEFAULTS, &defaults));
	EXPECT_EQ(KIPC_ADMIN_DEFAULTS, defaults.uid);
	EXPECT_EQ(charge->limit, defaults.charge[KIPC_ADMIN_ENDPOINTS].limit);
}

TEST_F(list, sums_grow_with_what_happens)
{
	struct kipc_admin_stats before = { .size = sizeof(before) }, after = before;

	ASSERT_EQ(0, kipc_admin_stats(self->admin, &before));
	ASSERT_EQ(0, pair_hold(&self->pair));
	ASSERT_EQ(0, kipc_admin_stats(self->admin, &after));
	EXPECT_LE(2, after.endpoints);
	EXPECT_LE(1, after.channels);
	EXPECT_EQ(before.messages + 1, after.messages);
	EXPECT_EQ(before.bytes + 12, after.bytes);
	EXPECT_LT(0, after.memory);
}

/* ---- other eyes ---- */

static int others_root(const struct kipc_admin_user *user, void *context)
{
	return user->uid != USER;
}

/* Anybody may look, but at accounts.  Returns the line that went wrong, or 0. */
static int look_as_user(const char *name)
{
	struct kipc_admin_channel channel = { .size = sizeof(channel) };
	struct kipc_admin_user user = { .size = sizeof(user) };
	struct seen seen = { .name = name };
	struct kipc_admin *admin;

	if (kipc_admin_open(&admin))
		return 1;
	if (kipc_admin_channel(admin, name, &channel) || channel.server.uid)
		return 2;
	if (kipc_admin_channels(admin, see_channel, &seen) || seen.times != 1)
		return 3;
	if (kipc_admin_user(admin, 0, &user) != -EPERM)
		return 4;
	if (kipc_admin_users(admin, others_root, NULL))
		return 5;
	return 0;
}

TEST_F(list, an_ordinary_user_sees_objects_and_no_accounts)
{
	EXPECT_EQ(0, as_user(USER, look_as_user, name_of(self->pair.address)));
}

/* A handle shows the network namespace that it was opened in, wherever its thread goes. */
static int look_from_afar(struct kipc_admin *admin, const char *name)
{
	struct kipc_admin_channel channel = { .size = sizeof(channel) };
	struct kipc_admin_event event = { .size = sizeof(event) };
	struct kipc_admin *there;
	struct pair pair;

	if (unshare(CLONE_NEWNET) || kipc_admin_open(&there))
		return 1;
	if (kipc_admin_channel(admin, name, &channel))
		return 2;
	if (kipc_admin_channel(there, name, &channel) != -ENOENT)
		return 3;
	if (kipc_admin_watch(admin, KIPC_ADMIN_OBJECTS) || pair_open(&pair))
		return 4;
	if (kipc_admin_event(admin, &event, KIPC_NOW) != -EAGAIN)
		return 5;
	pair_close(&pair);
	kipc_admin_close(there);
	return 0;
}

TEST_F(list, a_handle_stays_in_its_network_namespace)
{
	pid_t child = fork();

	if (!child)
		_exit(look_from_afar(self->admin, name_of(self->pair.address)));
	EXPECT_EQ(0, exit_status(child));
}

TEST_HARNESS_MAIN
