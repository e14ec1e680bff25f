// SPDX-License-Identifier: GPL-2.0
/*
 * Inbox: who may have how much of a pool, and the way of messages through it: the order in
 * which they are received, held messages by their id, stale and forged ids, what is counted
 * and charged.  The pool, the ring, waiters and accounts are the real ones, of the test files
 * beside this one.
 *
 * Each call is made under the lock, and nothing is expected there: a case that fails ends.
 */
#include <linux/spinlock.h>
#include <linux/user_namespace.h>

#include "tests.h"

#define kipc_message_describe	inbox_test_message_describe
#define kipc_channel_client	inbox_test_channel_client
#define kipc_nice_leave		inbox_test_nice_leave
#define kipc_endpoint_free	inbox_test_endpoint_free

#include "../inbox.c"

#define CLIENTS		3
#define MESSAGES	256U
#define STEPS		30000
#define POOL		SZ_64K

/* Runs one statement under the channel's lock. */
#define LOCKED(_statement)				\
	do {						\
		spin_lock(&inbox_world->channel.lock);	\
		_statement;				\
		spin_unlock(&inbox_world->channel.lock);	\
	} while (0)

/**
 * struct inbox_model - a server's inbox, its clients, and where each message is
 * @channel:	theirs
 * @server:	whose inbox it is
 * @clients:	numbered from 1
 * @wakes:	who is woken: nobody
 * @messages:	all that there are
 * @order:	QUEUED: the lower is received first, of equal priority
 * @last_id:	of the newest
 * @first:	the lowest @order
 */
struct inbox_model {
	struct kipc_channel	channel;
	struct kipc_endpoint	server;
	struct kipc_endpoint	clients[CLIENTS];
	struct kipc_wakes	wakes;
	struct kipc_message	messages[MESSAGES];
	s64			order[MESSAGES];
	u64			last_id;
	s64			first;
};

/* As the room asks for one by its number alone. */
static struct inbox_model *inbox_world;

void inbox_test_message_describe(const struct kipc_message *msg, const struct kipc_view *view,
				 struct kipc_header *header)
{
	header->id = msg->id;
	header->len = msg->len;
	header->kind = msg->kind;
}

struct kipc_endpoint *inbox_test_channel_client(struct kipc_channel *channel, u64 number)
{
	return number && number <= CLIENTS ? &inbox_world->clients[number - 1] : NULL;
}

void inbox_test_nice_leave(struct kipc_message *msg)
{
}

void inbox_test_endpoint_free(struct kref *ref)
{
}

static int inbox_init(struct kunit *test)
{
	struct inbox_model *model = kipc_test_alloc(test, sizeof(*model));
	int i;

	test->priv = model;
	inbox_world = model;
	spin_lock_init(&model->channel.lock);
	init_waitqueue_head(&model->channel.room_wait);
	kref_init(&model->server.ref);
	model->server.channel = &model->channel;
	model->server.inbox.memory.size = POOL;
	model->server.inbox.memory.user = kipc_user_open(&init_user_ns, KUIDT_INIT(4711));
	KUNIT_ASSERT_NOT_NULL(test, model->server.inbox.memory.user);
	kipc_inbox_init(&model->server.inbox, &model->server, &model->channel);
	for (i = 0; i < CLIENTS; i++) {
		model->clients[i].channel = &model->channel;
		model->clients[i].number = i + 1;
	}
	return 0;
}

static u64 inbox_charged(const struct inbox_model *model)
{
	return atomic64_read(&model->server.inbox.memory.user->charge[KIPC_QUOTA_POOL_MSGS].taken);
}

static void inbox_exit(struct kunit *test)
{
	struct inbox_model *model = test->priv;
	struct kipc_user *user = model ? model->server.inbox.memory.user : NULL;

	if (!user)
		return;
	KUNIT_EXPECT_EQ(test, inbox_charged(model), 0);
	atomic64_set(&user->charge[KIPC_QUOTA_POOL_MSGS].taken, 0);
	kipc_quota_exit();
	kipc_user_put(user);
}

/* What there is left of the pool, and what a client has of it, by adding up. */
static u64 inbox_model_free(const struct inbox_model *model)
{
	u64 left = POOL;
	u32 i;

	for (i = 0; i < MESSAGES; i++)
		if (model->messages[i].state != KIPC_MESSAGE_NEW)
			left -= kipc_pool_round(model->messages[i].len);
	return left;
}

static u64 inbox_model_taken(const struct inbox_model *model, u64 client)
{
	u64 taken = 0;
	u32 i;

	for (i = 0; i < MESSAGES; i++)
		if (model->messages[i].state != KIPC_MESSAGE_NEW &&
		    model->messages[i].peer == client)
			taken += kipc_pool_round(model->messages[i].len);
	return taken;
}

/* May a client have so much more?  No more than half of what is not the others'. */
static int inbox_model_refusal(struct inbox_model *model, u64 client, u32 len)
{
	u64 want = kipc_pool_round(len), taken = inbox_model_taken(model, client);
	bool fits;

	if (want > (client ? POOL / 2 : POOL))
		return -EMSGSIZE;
	if (client && 2 * (taken + want) > inbox_model_free(model) + taken)
		return -EAGAIN;
	fits = kipc_pool_fits(&model->server.inbox.pool, len);
	return fits ? 0 : -EAGAIN;
}

static int inbox_reserve(struct kunit *test, u32 index, u64 client, u32 len, u16 prio)
{
	struct inbox_model *model = test->priv;
	struct kipc_message *msg = &model->messages[index];
	int want = inbox_model_refusal(model, client, len), err;

	memset(msg, 0, sizeof(*msg));
	INIT_LIST_HEAD(&msg->entry);
	msg->kind = KIPC_KIND_SEND;
	msg->peer = client;
	msg->prio = prio;
	msg->len = len;
	LOCKED(err = kipc_inbox_reserve(&model->server.inbox, msg,
					client ? &model->clients[client - 1] : NULL));
	KUNIT_ASSERT_EQ(test, err, want);
	KUNIT_ASSERT_EQ(test, msg->state, err ? KIPC_MESSAGE_NEW : KIPC_MESSAGE_RESERVED);
	return err;
}

static void inbox_put(struct kunit *test, u32 index)
{
	struct inbox_model *model = test->priv;
	bool queued;

	LOCKED(queued = kipc_inbox_put(&model->server.inbox, &model->messages[index],
				       &model->wakes));
	KUNIT_ASSERT_TRUE(test, queued);
	KUNIT_ASSERT_EQ(test, model->messages[index].state, KIPC_MESSAGE_QUEUED);
	KUNIT_ASSERT_EQ(test, model->messages[index].id, ++model->last_id);
	model->order[index] = model->last_id;
}

/* The message that is to be received next, or -1. */
static int inbox_model_first(const struct inbox_model *model)
{
	int first = -1;
	u32 i;

	for (i = 0; i < MESSAGES; i++) {
		const struct kipc_message *msg = &model->messages[i];

		if (msg->state != KIPC_MESSAGE_QUEUED)
			continue;
		if (first < 0 || msg->prio > model->messages[first].prio ||
		    (msg->prio == model->messages[first].prio &&
		     model->order[i] < model->order[first]))
			first = i;
	}
	return first;
}

static void inbox_take(struct kunit *test, bool fails)
{
	struct inbox_model *model = test->priv;
	int first = inbox_model_first(model);
	struct kipc_header header = { };
	struct kipc_receiver receiver = { .header = &header };
	bool took;

	LOCKED(took = kipc_inbox_take(&model->server.inbox, &receiver));
	KUNIT_ASSERT_EQ(test, took, first >= 0);
	if (!took)
		return;
	KUNIT_ASSERT_EQ(test, header.id, model->messages[first].id);
	KUNIT_ASSERT_EQ(test, model->messages[first].state, KIPC_MESSAGE_HELD);
	if (!fails)
		return;
	LOCKED(took = kipc_inbox_requeue(&model->server.inbox, &header, &model->wakes));
	KUNIT_ASSERT_TRUE(test, took);
	if (!model->messages[first].prio)
		model->order[first] = --model->first;
}

/* An id is that of a held message, or of none. */
static void inbox_find(struct kunit *test, u64 id)
{
	struct inbox_model *model = test->priv;
	struct kipc_message *want = NULL, *found;
	u32 i;

	for (i = 0; i < MESSAGES; i++)
		if (model->messages[i].state == KIPC_MESSAGE_HELD && model->messages[i].id == id)
			want = &model->messages[i];
	LOCKED(found = kipc_inbox_find(&model->server.inbox, id));
	KUNIT_ASSERT_PTR_EQ(test, found, want);
}

static void inbox_end(struct kunit *test, u32 index)
{
	struct inbox_model *model = test->priv;
	struct kipc_message *msg = &model->messages[index];
	struct kipc_inbox *inbox = &model->server.inbox;
	u64 id = msg->id;

	spin_lock(&model->channel.lock);
	if (msg->state == KIPC_MESSAGE_HELD)
		kipc_inbox_drop(inbox, msg, &model->wakes);
	else if (msg->state == KIPC_MESSAGE_QUEUED)
		kipc_inbox_withdraw(inbox, msg, &model->wakes);
	else
		kipc_inbox_cancel(inbox, msg, &model->wakes);
	spin_unlock(&model->channel.lock);
	msg->state = KIPC_MESSAGE_NEW;
	inbox_find(test, id);
}

static void inbox_check(struct kunit *test)
{
	struct inbox_model *model = test->priv;
	struct kipc_inbox *inbox = &model->server.inbox;
	u32 counts[KIPC_MESSAGE_HELD + 1] = { }, held_bytes = 0, i;
	const struct kipc_message *oldest = NULL, *found;

	for (i = 0; i < MESSAGES; i++) {
		const struct kipc_message *msg = &model->messages[i];

		counts[msg->state]++;
		if (msg->state != KIPC_MESSAGE_HELD)
			continue;
		held_bytes += kipc_pool_round(msg->len);
		if (!oldest || msg->id < oldest->id)
			oldest = msg;
	}
	KUNIT_ASSERT_EQ(test, inbox->queued_count, counts[KIPC_MESSAGE_QUEUED]);
	KUNIT_ASSERT_EQ(test, inbox->held_count, counts[KIPC_MESSAGE_HELD]);
	KUNIT_ASSERT_EQ(test, inbox->held_bytes, held_bytes);
	KUNIT_ASSERT_EQ(test, inbox->pool.free, inbox_model_free(model));
	KUNIT_ASSERT_EQ(test, inbox_charged(model), MESSAGES - counts[KIPC_MESSAGE_NEW]);
	for (i = 0; i < CLIENTS; i++)
		KUNIT_ASSERT_EQ(test, model->clients[i].taken, inbox_model_taken(model, i + 1));
	LOCKED(found = kipc_inbox_oldest(inbox));
	/* The last one received is the oldest held only where it is the only one. */
	if (inbox->held_count == 1 || (found && found != inbox->recent && oldest != inbox->recent))
		KUNIT_ASSERT_PTR_EQ(test, found, oldest);
}

static void inbox_random_step(struct kunit *test, struct rnd_state *random, u32 sending)
{
	struct inbox_model *model = test->priv;
	u32 i = kipc_test_below(random, MESSAGES), len = kipc_test_below(random, 700);
	struct kipc_message *msg = &model->messages[i];

	if (!kipc_test_below(random, 16))
		len = kipc_test_below(random, POOL + 200);
	switch (msg->state) {
	case KIPC_MESSAGE_NEW:
		if (kipc_test_below(random, 4) < sending)
			inbox_reserve(test, i, kipc_test_below(random, CLIENTS + 1), len,
				      kipc_test_below(random, 3) ? 0 :
				      kipc_test_below(random, 4));
		break;
	case KIPC_MESSAGE_RESERVED:
		if (kipc_test_below(random, 8))
			inbox_put(test, i);
		else
			inbox_end(test, i);
		break;
	case KIPC_MESSAGE_QUEUED:
		if (kipc_test_below(random, 8))
			inbox_take(test, !kipc_test_below(random, 8));
		else
			inbox_end(test, i);
		break;
	default:
		inbox_find(test, msg->id);
		inbox_end(test, i);
	}
	/* Ids that were, are not yet, and never will be. */
	inbox_find(test, kipc_test_below(random, model->last_id + 2));
	inbox_find(test, (u64)prandom_u32_state(random) << 32 | prandom_u32_state(random));
}

static void inbox_random(struct kunit *test)
{
	struct inbox_model *model = test->priv;
	struct rnd_state random;
	u32 step, i, sending = 2;

	kipc_test_seed(test, &random);
	for (step = 0; step < STEPS; step++) {
		if (step % 1024 == 0)
			sending = 1 + kipc_test_below(&random, 4);
		inbox_random_step(test, &random, sending);
		if (step % 64 == 0)
			inbox_check(test);
		cond_resched();
	}
	for (i = 0; i < MESSAGES; i++)
		if (model->messages[i].state != KIPC_MESSAGE_NEW)
			inbox_end(test, i);
	inbox_check(test);
	KUNIT_EXPECT_EQ(test, model->server.inbox.pool.free, POOL);
}

/* The first may have half of a pool, the second half of the rest, and so on. */
static void inbox_half_of_the_rest(struct kunit *test)
{
	struct inbox_model *model = test->priv;
	u32 used = 0, client, left = POOL, more = POOL / 2 + 1, i;

	for (client = 1; client <= CLIENTS; client++) {
		left /= 2;
		KUNIT_EXPECT_EQ(test, inbox_reserve(test, used, client, more, 0), -EMSGSIZE);
		KUNIT_EXPECT_EQ(test, inbox_reserve(test, used, client, U32_MAX, 0), -EMSGSIZE);
		KUNIT_EXPECT_EQ(test, inbox_reserve(test, used, client, left + 1, 0),
				client > 1 ? -EAGAIN : -EMSGSIZE);
		KUNIT_EXPECT_EQ(test, inbox_reserve(test, used++, client, left - 64, 0), 0);
		KUNIT_EXPECT_EQ(test, inbox_reserve(test, used, client, 65, 0), -EAGAIN);
		KUNIT_EXPECT_EQ(test, inbox_reserve(test, used++, client, 64, 0), 0);
		KUNIT_EXPECT_EQ(test, inbox_reserve(test, used, client, 0, 0), -EAGAIN);
		KUNIT_EXPECT_EQ(test, model->clients[client - 1].taken, left);
	}
	/* A server sends to one client, and may fill its pool. */
	KUNIT_EXPECT_EQ(test, inbox_reserve(test, used, 0, left + 1, 0), -EAGAIN);
	KUNIT_EXPECT_EQ(test, inbox_reserve(test, used++, 0, left, 0), 0);
	KUNIT_EXPECT_EQ(test, inbox_reserve(test, used, 0, POOL + 1, 0), -EMSGSIZE);
	for (i = 0; i < used; i++)
		inbox_end(test, i);
	KUNIT_EXPECT_EQ(test, inbox_reserve(test, 0, 0, POOL, 0), 0);
	inbox_end(test, 0);
}

/* No more messages than the owner's user may have; one that is refused leaves nothing. */
static void inbox_charge_refused(struct kunit *test)
{
	struct inbox_model *model = test->priv;
	struct kipc_inbox *inbox = &model->server.inbox;
	struct kipc_message *msg = &model->messages[1];
	int err;

	WRITE_ONCE(inbox->memory.user->charge[KIPC_QUOTA_POOL_MSGS].limit, 1);
	KUNIT_EXPECT_EQ(test, inbox_reserve(test, 0, 1, 100, 0), 0);
	*msg = (struct kipc_message){ .len = 1000, .peer = 1 };
	LOCKED(err = kipc_inbox_reserve(inbox, msg, &model->clients[0]));
	KUNIT_EXPECT_EQ(test, err, -EDQUOT);
	KUNIT_EXPECT_EQ(test, msg->state, KIPC_MESSAGE_NEW);
	inbox_check(test);
	/* The reply to a call that has been charged for it. */
	msg->paid = true;
	LOCKED(err = kipc_inbox_reserve(inbox, msg, &model->clients[0]));
	KUNIT_EXPECT_EQ(test, err, 0);
	inbox_check(test);
	inbox_end(test, 1);
	inbox_end(test, 0);
	WRITE_ONCE(inbox->memory.user->charge[KIPC_QUOTA_POOL_MSGS].limit, KIPC_NO_LIMIT);
}

/* Those that wait for room get it in their order, but for those that it does not do for. */
static void inbox_room(struct kunit *test)
{
	struct inbox_model *model = test->priv;
	struct kipc_inbox *inbox = &model->server.inbox;
	static const u32 wants[] = { POOL / 2, POOL / 4, POOL / 8, 64 };
	struct kipc_room rooms[ARRAY_SIZE(wants)];
	size_t i;

	KUNIT_EXPECT_EQ(test, inbox_reserve(test, 10, 1, POOL / 2, 0), 0);
	KUNIT_EXPECT_EQ(test, inbox_reserve(test, 11, 0, POOL / 4, 0), 0);
	KUNIT_EXPECT_EQ(test, inbox_reserve(test, 12, 0, POOL / 4, 0), 0);
	for (i = 0; i < ARRAY_SIZE(wants); i++) {
		KUNIT_EXPECT_EQ(test, inbox_reserve(test, i, 0, wants[i], 0), -EAGAIN);
		rooms[i] = (struct kipc_room){ .msg = &model->messages[i] };
		kipc_waiter_init(&rooms[i].waiter);
		list_add_tail(&rooms[i].waiter.entry, &inbox->senders);
	}
	inbox_end(test, 11);
	KUNIT_EXPECT_FALSE(test, rooms[0].waiter.done);
	KUNIT_EXPECT_TRUE(test, rooms[1].waiter.done);
	KUNIT_EXPECT_FALSE(test, rooms[2].waiter.done);
	inbox_end(test, 12);
	KUNIT_EXPECT_FALSE(test, rooms[0].waiter.done);
	KUNIT_EXPECT_TRUE(test, rooms[2].waiter.done);
	KUNIT_EXPECT_TRUE(test, rooms[3].waiter.done);
	LOCKED(kipc_inbox_close(inbox, -EPIPE, &model->wakes));
	KUNIT_EXPECT_TRUE(test, rooms[0].waiter.done);
	KUNIT_EXPECT_EQ(test, rooms[0].waiter.result, -EPIPE);
	KUNIT_EXPECT_TRUE(test, list_empty(&inbox->senders));
	kipc_wakes_flush(&model->wakes);
	/* Each that was let in pinned the endpoint. */
	KUNIT_EXPECT_EQ(test, kref_read(&model->server.ref), 1 + 3);
	for (i = 0; i < MESSAGES; i++)
		if (model->messages[i].state != KIPC_MESSAGE_NEW)
			inbox_end(test, i);
	inbox_check(test);
}

/* A closed inbox takes nothing more and gives out everything, held and waiting, in lots. */
static void inbox_drain(struct kunit *test)
{
	struct inbox_model *model = test->priv;
	struct kipc_inbox *inbox = &model->server.inbox;
	struct kipc_message *msg, refused = { .len = 1 };
	u32 i, drained = 0;
	LIST_HEAD(gone);
	bool more;
	int err;

	for (i = 0; i < MESSAGES; i++) {
		KUNIT_ASSERT_EQ(test, inbox_reserve(test, i, 0, 1 + i % 200, i % 5 ? 0 : i % 7), 0);
		inbox_put(test, i);
	}
	for (i = 0; i < MESSAGES / 3; i++)
		inbox_take(test, false);
	LOCKED(kipc_inbox_close(inbox, -EPIPE, &model->wakes));
	LOCKED(err = kipc_inbox_reserve(inbox, &refused, NULL));
	KUNIT_EXPECT_EQ(test, err, -EPIPE);
	do {
		LOCKED(more = kipc_inbox_drain(inbox, &gone));
		list_for_each_entry(msg, &gone, entry) {
			KUNIT_ASSERT_NE(test, msg->state, KIPC_MESSAGE_NEW);
			msg->state = KIPC_MESSAGE_NEW;
			drained++;
		}
		INIT_LIST_HEAD(&gone);
	} while (more);
	KUNIT_EXPECT_EQ(test, drained, MESSAGES);
	inbox_check(test);
}

static struct kunit_case inbox_cases[] = {
	KUNIT_CASE(inbox_half_of_the_rest),
	KUNIT_CASE(inbox_charge_refused),
	KUNIT_CASE(inbox_room),
	KUNIT_CASE(inbox_drain),
	KUNIT_CASE(inbox_random),
	{ }
};

static struct kunit_suite inbox_suite = {
	.name = "kipc_inbox",
	.init = inbox_init,
	.exit = inbox_exit,
	.test_cases = inbox_cases,
};

kunit_test_suite(inbox_suite);
