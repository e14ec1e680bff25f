// SPDX-License-Identifier: GPL-2.0
/*
 * Races: notification against close and removal, numbers against queues that come and go,
 * looking against taking.  Threads do all of it at once for a while, and may only get the
 * answers that they could get one after the other; the gates of the runner say whether
 * anything was used that had gone, or is left.
 */
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "queue_test.h"

#define RACE_MS		1200
#define THREADS		6
#define QUEUES		4

/**
 * struct race - what the threads of a test share
 * @names:	of queues that are there, or not
 * @fd:		a queue that is there
 * @end:	when to stop
 * @wrong:	the first answer that nobody could expect, or 0
 * @line:	where it was
 * @steps:	that were made, so that a test knows that there were some
 */
struct race {
	char names[QUEUES][KIPC_NAME_SIZE];
	int fd;
	uint64_t end;
	int wrong;
	int line;
	unsigned long steps;
};

FIXTURE(race)
{
	char name[KIPC_NAME_SIZE];
	struct race race;
};

FIXTURE_SETUP(race)
{
	int i;

	self->race.fd = queue_make(self->name, 64, 0, 0);
	ASSERT_LE(0, self->race.fd);
	for (i = 0; i < QUEUES; i++)
		fresh_name(self->race.names[i]);
	/* What the notifications that are asked for here tell, nobody wants to know. */
	signal(SIGUSR1, SIG_IGN);
}

FIXTURE_TEARDOWN(race)
{
	int i;

	close(self->race.fd);
	queue_unlink(self->name);
	for (i = 0; i < QUEUES; i++)
		queue_unlink(self->race.names[i]);
}

static void allow_at(struct race *race, int line, int err, const int *allowed)
{
	if (err >= 0)
		return;
	for (; *allowed; allowed++)
		if (err == -*allowed)
			return;
	if (!__atomic_exchange_n(&race->wrong, err, __ATOMIC_RELAXED))
		race->line = line;
}

/* An answer may be a success, or one of these errors. */
#define ALLOW(err, ...)		allow_at(race, __LINE__, err, (const int[]){ __VA_ARGS__, 0 })

static bool goes_on(struct race *race)
{
	__atomic_fetch_add(&race->steps, 1, __ATOMIC_RELAXED);
	return now_ns() < race->end && !__atomic_load_n(&race->wrong, __ATOMIC_RELAXED);
}

struct racer {
	struct race *race;
	unsigned int random;
};

static unsigned int chance(struct racer *racer, unsigned int of)
{
	return rand_r(&racer->random) % of;
}

/* Run a function in several threads, and as often a second one. */
#define RUN(...) do {							\
	void *(*const bodies[])(void *) = { __VA_ARGS__ };		\
	int count = sizeof(bodies) / sizeof(bodies[0]), n;		\
	struct racer racers[THREADS];					\
	pthread_t threads[THREADS];					\
									\
	self->race.end = in_ms(RACE_MS);				\
	for (n = 0; n < THREADS; n++) {					\
		racers[n] = (struct racer){ &self->race, n };		\
		ASSERT_EQ(0, pthread_create(&threads[n], NULL,		\
					    bodies[n % count],		\
					    &racers[n]));		\
	}								\
	for (n = 0; n < THREADS; n++)					\
		pthread_join(threads[n], NULL);				\
	EXPECT_EQ(0, self->race.wrong)					\
		TH_LOG("at line %d", self->race.line);			\
	EXPECT_LT(100, self->race.steps);				\
} while (0)

/* Queues come and go, and somebody is always about to open, number and remove them. */

static int open_some(struct racer *racer)
{
	return queue_open_sized(racer->race->names[chance(racer, QUEUES)],
				KIPC_QUEUE_CREATE | QUEUE_BOTH, 8, 0, 0);
}

static void *come_and_go(void *arg)
{
	struct racer *racer = arg;
	struct race *race = racer->race;
	int fd;

	while (goes_on(race)) {
		fd = open_some(racer);
		ALLOW(fd, 0);
		if (fd < 0)
			continue;
		ALLOW(put(fd, 1, chance(racer, 3), 0), EIDRM, EAGAIN);
		ALLOW(queue_unlink_with(fd, race->names[chance(racer, QUEUES)], 0,
					chance(racer, 4) ? KIPC_UNLINK_REMOVE : 0),
		      ENOENT, EIDRM);
		close(fd);
	}
	return NULL;
}

/* Notification */

static void notify_some(struct racer *racer, int fd, int event)
{
	static const unsigned int flags[] = {
		0, KIPC_NOTIFY_ONCE, KIPC_NOTIFY_EACH, KIPC_NOTIFY_SOLE,
		KIPC_NOTIFY_SOLE | KIPC_NOTIFY_ONCE,
	};
	struct kipc_queue_notify arg = {
		.size = sizeof(arg),
		.flags = flags[chance(racer, 5)],
		.how = chance(racer, KIPC_NOTIFY_EVENTFD + 1),
	};
	struct race *race = racer->race;

	if (arg.how == KIPC_NOTIFY_SIGNAL)
		arg.signo = SIGUSR1;
	else if (arg.how == KIPC_NOTIFY_EVENTFD)
		arg.fd = event;
	ALLOW(request(fd, KIPC_IOC_QUEUE_NOTIFY, &arg), EIDRM, EBUSY, EBADF);
}

static void *ask_and_close(void *arg)
{
	struct racer *racer = arg;
	struct race *race = racer->race;
	int fd, event;

	while (goes_on(race)) {
		fd = chance(racer, 2) ? open_some(racer) : dup(race->fd);
		ALLOW(fd, 0);
		event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		notify_some(racer, fd, event);
		/* The eventfd lives on in the notification. */
		close(event);
		ALLOW(put(fd, 1, 0, 0), EIDRM, EAGAIN);
		if (chance(racer, 2))
			close(dup(fd));
		if (chance(racer, 2))
			drain(fd);
		close(fd);
	}
	return NULL;
}

TEST_F(race, notification_against_close_and_removal)
{
	RUN(ask_and_close, ask_and_close, come_and_go);
}

/*
 * One descriptor that some close while others ask through it: what is asked for after the
 * close has looked for it goes with the endpoint.
 */
#define SHARED	300

static void *replace_shared(void *arg)
{
	struct racer *racer = arg;
	struct race *race = racer->race;
	int fd;

	while (goes_on(race)) {
		fd = open_some(racer);
		ALLOW(fd, 0);
		dup2(fd, SHARED);
		close(fd);
		ALLOW(put(SHARED, 1, 0, 0), EAGAIN);
		drain(SHARED);
		usleep(chance(racer, 100));
		close(SHARED);
	}
	return NULL;
}

static void *ask_through_shared(void *arg)
{
	struct racer *racer = arg;
	struct race *race = racer->race;
	int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	while (goes_on(race))
		notify_some(racer, SHARED, event);
	close(event);
	return NULL;
}

TEST_F(race, notification_against_close_of_the_same_descriptor)
{
	/* One thread replaces it, the others ask. */
	RUN(replace_shared, ask_through_shared, ask_through_shared, ask_through_shared,
	    ask_through_shared, ask_through_shared);
}

/* Processes that ask and are killed, while others send */
TEST_F(race, notification_against_exit)
{
	struct kipc_queue_notify arg = {
		.size = sizeof(arg),
		.flags = KIPC_NOTIFY_SOLE,
		.how = KIPC_NOTIFY_NOTHING,
	};
	struct racer racer = { &self->race, 1 };
	pid_t children[4];
	int i, n;

	self->race.end = in_ms(20000);
	for (i = 0; i < 4; i++) {
		children[i] = spawn();
		if (!children[i])
			_exit(ask_and_close(&racer) || self->race.wrong);
	}
	for (n = 0; n < 40; n++) {
		i = n % 4;
		nap_ms(chance(&racer, 20));
		EXPECT_EQ(128 + SIGKILL, kill_and_reap(children[i]));
		put(self->race.fd, 1, 0, 0);
		children[i] = spawn();
		racer.random = n;
		if (!children[i])
			_exit(ask_and_close(&racer) || self->race.wrong);
	}
	for (i = 0; i < 4; i++)
		EXPECT_EQ(128 + SIGKILL, kill_and_reap(children[i]));
	/* Nobody has the place any more. */
	EXPECT_EQ(0, request(self->race.fd, KIPC_IOC_QUEUE_NOTIFY, &arg));
}

/* Numbers */

static void use_number(struct racer *racer, int none, unsigned int number)
{
	struct race *race = racer->race;
	struct kipc_queue_send send = queue_send_args("x", 1);
	struct kipc_queue_recv recv;
	struct kipc_queue_set set = set_args(KIPC_SET_MAX_MSGS);
	struct kipc_queue_stat stat;
	int buf;

	switch (chance(racer, 6)) {
	case 0:
	case 1:
		send.number = number;
		send.flags = KIPC_F_NONBLOCK;
		ALLOW(request(none, KIPC_IOC_QUEUE_SEND, &send), ENOENT, EIDRM, EAGAIN);
		break;
	case 2:
	case 3:
		recv = take_args(&buf, chance(racer, KIPC_SELECT_NTH), 0);
		recv.number = number;
		recv.deadline = now_ns() + chance(racer, 2000000);
		recv.flags = chance(racer, 2) ? KIPC_RECV_PEEK : 0;
		ALLOW(request(none, KIPC_IOC_QUEUE_RECV, &recv), ENOENT, EIDRM, ETIMEDOUT);
		break;
	case 4:
		set.number = number;
		set.max_msgs = chance(racer, 10);
		ALLOW(request(none, KIPC_IOC_QUEUE_SET, &set), ENOENT, EIDRM);
		break;
	default:
		ALLOW(queue_stat(none, number, 0, &stat), ENOENT, EIDRM);
		break;
	}
}

static void *walk_numbers(void *arg)
{
	struct racer *racer = arg;
	struct race *race = racer->race;
	struct kipc_queue_stat stat;
	unsigned int last;
	int none = endpoint_open(), err;

	ALLOW(none, 0);
	while (goes_on(race)) {
		for (last = 0;; last = stat.number) {
			err = queue_stat(none, last, KIPC_STAT_NEXT, &stat);
			ALLOW(err, ENOENT, EIDRM);
			if (err)
				break;
			/* One that has just lost its name has no number any more. */
			if (stat.number <= last)
				break;
			use_number(racer, none, stat.number);
		}
	}
	close(none);
	return NULL;
}

TEST_F(race, numbers_against_queues_that_come_and_go)
{
	RUN(walk_numbers, come_and_go);
}

/* Looking, and waiting, against taking */

#define PARCEL	200

static void *give(void *arg)
{
	struct racer *racer = arg;
	struct race *race = racer->race;
	struct kipc_queue_send send;
	uint8_t data[PARCEL];
	unsigned int seed;
	int zero = 0;

	while (goes_on(race)) {
		seed = chance(racer, 1000);
		fill(data, sizeof(data), seed);
		send = queue_send_args(data, sizeof(data));
		send.flags = KIPC_F_NONBLOCK;
		send.type = chance(racer, 3);
		send.prio = chance(racer, 3);
		send.payload.tag = seed;
		send.payload.fds = (uintptr_t)&zero;
		send.payload.fd_count = 1;
		ALLOW(request(race->fd, KIPC_IOC_QUEUE_SEND, &send), EAGAIN);
	}
	return NULL;
}

/* Whole, whoever else has it in hand */
static void *look_and_take(void *arg)
{
	struct racer *racer = arg;
	struct race *race = racer->race;
	struct kipc_queue_recv recv;
	uint8_t data[PARCEL];
	int fd, err;

	while (goes_on(race)) {
		recv = queue_recv_args(data, chance(racer, 8) ? PARCEL : chance(racer, PARCEL));
		recv.flags = chance(racer, 3) ? KIPC_RECV_PEEK : 0;
		if (chance(racer, 2))
			recv.flags |= KIPC_RECV_TRUNCATE;
		recv.select = chance(racer, recv.flags & KIPC_RECV_PEEK ? 6 : 5);
		recv.match = recv.select > KIPC_SELECT_FIRST ? chance(racer, 3) : 0;
		recv.deadline = now_ns() + chance(racer, 1000000);
		recv.fds = (uintptr_t)&fd;
		recv.fd_count = chance(racer, 2);
		err = request(race->fd, KIPC_IOC_QUEUE_RECV, &recv);
		ALLOW(err, ETIMEDOUT, EMSGSIZE, EAGAIN);
		if (err)
			continue;
		if (recv.msg.len != PARCEL || recv.fd_done != recv.fd_count ||
		    !filled(data, recv.len, recv.msg.tag))
			ALLOW(-EPROTO, 0);
		if (recv.fd_done)
			close(fd);
	}
	return NULL;
}

TEST_F(race, looking_against_taking)
{
	RUN(give, look_and_take, look_and_take);
	drain(self->race.fd);
	EXPECT_EQ(0, stat_of(self->race.fd).bytes);
	EXPECT_EQ(stat_of(self->race.fd).sent, stat_of(self->race.fd).received);
}

/* The descriptor of a queue that is removed is in an epoll, which outlives all of it. */

static void *watch(void *arg)
{
	struct racer *racer = arg;
	struct race *race = racer->race;
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT };
	int epoll = epoll_create1(EPOLL_CLOEXEC), fd, copy;

	while (goes_on(race)) {
		fd = open_some(racer);
		ALLOW(fd, 0);
		if (fd < 0)
			continue;
		epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
		epoll_wait(epoll, &event, 1, 0);
		copy = chance(racer, 2) ? dup(fd) : -1;
		close(fd);
		epoll_wait(epoll, &event, 1, 0);
		event.events = EPOLLIN | EPOLLOUT;
		if (copy >= 0)
			close(copy);
	}
	close(epoll);
	return NULL;
}

TEST_F(race, polling_against_removal)
{
	RUN(watch, come_and_go);
}

TEST_HARNESS_MAIN
