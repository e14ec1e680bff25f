// SPDX-License-Identifier: GPL-2.0
/*
 * Order of waking: of several threads that wait for a message, or for room, the one of the
 * highest priority is served first, and of one priority the one that came first.
 *
 * A thread has the priority that its creator has at that moment, so the test's own thread
 * takes one, starts the waiter and takes its own again.
 */
#include <sched.h>
#include <sys/resource.h>

#include "queue_test.h"

#define CROWD	6

FIXTURE(order)
{
	char name[KIPC_NAME_SIZE];
	int fd;
};

FIXTURE_SETUP(order)
{
	self->fd = queue_make(self->name, 1, 0, 0);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(order)
{
	close(self->fd);
	queue_unlink(self->name);
}

/**
 * struct rank - the priority of a thread
 * @policy:	SCHED_OTHER or SCHED_FIFO
 * @level:	nice value or real-time priority
 */
struct rank {
	int policy;
	int level;
};

#define ORDINARY	((struct rank){ SCHED_OTHER, 0 })

static int rank_set(struct rank rank)
{
	struct sched_param param = {
		.sched_priority = rank.policy == SCHED_FIFO ? rank.level : 0,
	};

	if (sched_setscheduler(0, rank.policy, &param))
		return -errno;
	if (rank.policy == SCHED_OTHER && setpriority(PRIO_PROCESS, 0, rank.level))
		return -errno;
	return 0;
}

/**
 * struct order - how several wait
 * @ranks:	in the order of their coming
 * @served:	their places, in the order in which they are to be served
 */
struct order {
	struct rank ranks[CROWD];
	int served[CROWD];
};

static const struct order by_nice = {
	{ { SCHED_OTHER, 10 }, { SCHED_OTHER, 0 }, { SCHED_OTHER, -10 },
	  { SCHED_OTHER, 19 }, { SCHED_OTHER, -20 }, { SCHED_OTHER, 5 } },
	{ 4, 2, 1, 5, 0, 3 },
};

static const struct order by_realtime = {
	{ { SCHED_OTHER, -20 }, { SCHED_FIFO, 1 }, { SCHED_FIFO, 50 },
	  { SCHED_OTHER, 0 }, { SCHED_FIFO, 99 }, { SCHED_FIFO, 2 } },
	{ 4, 2, 5, 1, 0, 3 },
};

static const struct order by_arrival = {
	{ { SCHED_OTHER, 0 }, { SCHED_OTHER, 0 }, { SCHED_OTHER, 0 },
	  { SCHED_OTHER, 0 }, { SCHED_OTHER, 0 }, { SCHED_OTHER, 0 } },
	{ 0, 1, 2, 3, 4, 5 },
};

static const struct order by_both = {
	{ { SCHED_OTHER, 5 }, { SCHED_FIFO, 9 }, { SCHED_OTHER, 5 },
	  { SCHED_FIFO, 9 }, { SCHED_OTHER, 0 }, { SCHED_OTHER, 5 } },
	{ 1, 3, 4, 0, 2, 5 },
};

static const struct order *const orders[] = { &by_nice, &by_realtime, &by_arrival, &by_both };

#define ORDERS	4

/* A message on its way to a receiver still takes up room: there is some for all. */
TEST_F(order, receivers)
{
	struct taker takers[CROWD];
	int i, n;

	ASSERT_EQ(0, queue_set_max_msgs(self->fd, CROWD));
	for (n = 0; n < ORDERS; n++) {
		for (i = 0; i < CROWD; i++) {
			ASSERT_EQ(0, rank_set(orders[n]->ranks[i]));
			ASSERT_EQ(0, taker_start(&takers[i], self->fd, KIPC_SELECT_URGENT, 0));
			ASSERT_EQ(0, rank_set(ORDINARY));
		}
		for (i = 0; i < CROWD; i++)
			ASSERT_EQ(0, put(self->fd, i, 0, 0));
		for (i = 0; i < CROWD; i++)
			EXPECT_EQ(i, taker_end(&takers[orders[n]->served[i]]))
				TH_LOG("order %d", n);
	}
}

/* Room for one at a time: what comes out tells who was let in. */
TEST_F(order, senders)
{
	struct putter putters[CROWD];
	int i, n;

	for (n = 0; n < ORDERS; n++) {
		ASSERT_EQ(0, put(self->fd, 100, 0, 0));
		for (i = 0; i < CROWD; i++) {
			ASSERT_EQ(0, rank_set(orders[n]->ranks[i]));
			ASSERT_EQ(0, putter_start(&putters[i], self->fd, i));
			ASSERT_EQ(0, rank_set(ORDINARY));
		}
		EXPECT_EQ(100, take_any(self->fd));
		for (i = 0; i < CROWD; i++)
			EXPECT_EQ(orders[n]->served[i],
				  take_with(self->fd, KIPC_SELECT_URGENT, 0, 0))
				TH_LOG("order %d", n);
		for (i = 0; i < CROWD; i++)
			EXPECT_EQ(0, putter_end(&putters[i]));
	}
}

/* Of those whom a message suits, not of all */
TEST_F(order, receivers_of_a_type)
{
	static const struct rank ranks[] = {
		{ SCHED_FIFO, 50 }, { SCHED_OTHER, 10 }, { SCHED_OTHER, 0 }, { SCHED_FIFO, 60 },
	};
	static const unsigned int types[] = { 8, 7, 7, 8 };
	struct taker takers[4];
	int i;

	ASSERT_EQ(0, queue_set_max_msgs(self->fd, 4));
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, rank_set(ranks[i]));
		ASSERT_EQ(0, taker_start(&takers[i], self->fd, KIPC_SELECT_TYPE, types[i]));
		ASSERT_EQ(0, rank_set(ORDINARY));
	}
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, put(self->fd, i, 7, 0));
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, put(self->fd, 10 + i, 8, 0));
	EXPECT_EQ(0, taker_end(&takers[2]));
	EXPECT_EQ(1, taker_end(&takers[1]));
	EXPECT_EQ(10, taker_end(&takers[3]));
	EXPECT_EQ(11, taker_end(&takers[0]));
}

/* Room that a limit makes is given away in the same order. */
TEST_F(order, senders_when_a_limit_is_raised)
{
	struct putter putters[CROWD];
	int i;

	ASSERT_EQ(0, put(self->fd, 100, 0, 0));
	for (i = 0; i < CROWD; i++) {
		ASSERT_EQ(0, rank_set(by_both.ranks[i]));
		ASSERT_EQ(0, putter_start(&putters[i], self->fd, i));
		ASSERT_EQ(0, rank_set(ORDINARY));
	}
	for (i = 0; i < CROWD; i++) {
		ASSERT_EQ(0, queue_set_max_msgs(self->fd, 2 + i));
		EXPECT_EQ(0, putter_end(&putters[by_both.served[i]]));
	}
	EXPECT_EQ(CROWD + 1, stat_of(self->fd).msgs);
}

/* A large one that is more urgent keeps the small ones behind it out. */
TEST_F(order, senders_do_not_overtake_a_higher_one)
{
	struct putter small, large;
	char data[100] = "";

	ASSERT_EQ(0, queue_set_max_msgs(self->fd, 10));
	ASSERT_EQ(0, queue_set_max_bytes(self->fd, 100));
	ASSERT_EQ(0, queue_set_max_size(self->fd, 100));
	ASSERT_EQ(0, queue_send_now(self->fd, data, 50));
	ASSERT_EQ(0, queue_send_now(self->fd, data, 50));
	ASSERT_EQ(0, putter_start(&small, self->fd, 1));
	large.arg = queue_send_args(data, 80);
	ASSERT_EQ(0, rank_set((struct rank){ SCHED_FIFO, 1 }));
	ASSERT_EQ(0, ask_and_wait(&large.asker, self->fd, KIPC_IOC_QUEUE_SEND, &large.arg));
	ASSERT_EQ(0, rank_set(ORDINARY));
	EXPECT_EQ(-EAGAIN, put(self->fd, 2, 0, 0));
	ASSERT_EQ(0, queue_set_max_bytes(self->fd, 133));
	EXPECT_EQ(2, stat_of(self->fd).senders);
	ASSERT_EQ(0, queue_set_max_bytes(self->fd, 180));
	EXPECT_EQ(0, ask_end(&large.asker));
	EXPECT_EQ(1, stat_of(self->fd).senders);
	ASSERT_EQ(0, queue_set_max_bytes(self->fd, 184));
	EXPECT_EQ(0, putter_end(&small));
}

TEST_HARNESS_MAIN
