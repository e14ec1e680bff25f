// SPDX-License-Identifier: GPL-2.0
/*
 * Notification: a queue tells of messages by a signal or an eventfd, when it was empty or
 * each time, once or until it is told not to.  Who is told is the subject of
 * queue_notify_who.c.
 */
#include <sched.h>

#include "notify_test.h"

/* How it is told */

TEST_F(notify, signal_brings_value_and_sender)
{
	pid_t child;

	ASSERT_EQ(0, by_signal(self->fd, SIGUSR1, 0));
	EXPECT_EQ(0, PENDING());
	child = spawn();
	if (!child)
		_exit(become(USER) ? 255 : -put(self->fd, 1, 0, 0));
	EXPECT_EQ(0, reap(child));
	ASSERT_EQ(SIGUSR1, PENDING());
	EXPECT_EQ(SI_MESGQ, self->info.si_code);
	EXPECT_EQ(VALUE, (uintptr_t)self->info.si_value.sival_ptr);
	EXPECT_EQ(child, self->info.si_pid);
	EXPECT_EQ(USER, self->info.si_uid);
	EXPECT_EQ(0, PENDING());
}

TEST_F(notify, signal_brings_a_value_as_wide_as_a_pointer)
{
	uintptr_t value = (uintptr_t)0x123456789abcdef0ULL;

	self->arg.how = KIPC_NOTIFY_SIGNAL;
	self->arg.signo = SIGRTMIN;
	self->arg.value = value;
	ASSERT_EQ(0, request(self->fd, KIPC_IOC_QUEUE_NOTIFY, &self->arg));
	PUT(1);
	ASSERT_EQ(SIGRTMIN, PENDING());
	EXPECT_EQ(value, (uintptr_t)self->info.si_value.sival_ptr);
	EXPECT_EQ(getpid(), self->info.si_pid);
	EXPECT_EQ(0, self->info.si_uid);
}

TEST_F(notify, signal_of_a_sender_that_cannot_be_seen)
{
	int ready[2], go[2];
	pid_t child;
	char c;

	ASSERT_EQ(0, pipe(ready));
	ASSERT_EQ(0, pipe(go));
	ASSERT_EQ(0, unshare(CLONE_NEWPID));
	child = fork();
	if (!child) {
		if (by_signal(self->fd, SIGUSR1, 0) || write(ready[1], "", 1) != 1 ||
		    read(go[0], &c, 1) != 1 || PENDING() != SIGUSR1)
			_exit(1);
		_exit(self->info.si_pid ? 2 : 0);
	}
	ASSERT_EQ(1, read(ready[0], &c, 1));
	PUT(1);
	ASSERT_EQ(1, write(go[1], "", 1));
	EXPECT_EQ(0, reap(child));
}

TEST_F(notify, eventfd_is_counted_up)
{
	ASSERT_EQ(0, by_eventfd(self->fd, self->event, KIPC_NOTIFY_EACH));
	EXPECT_EQ(0, events(self->event));
	PUT(1);
	EXPECT_EQ(1, events(self->event));
	PUT(2);
	PUT(3);
	EXPECT_EQ(2, events(self->event));
}

TEST_F(notify, eventfd_holds_on_when_its_descriptor_is_closed)
{
	int copy = dup(self->event);

	ASSERT_EQ(0, by_eventfd(self->fd, self->event, 0));
	close(self->event);
	self->event = copy;
	PUT(1);
	EXPECT_EQ(1, events(self->event));
}

/* An eventfd that is full can take no more, and holds nobody up. */
TEST_F(notify, eventfd_that_is_full_holds_nobody_up)
{
	uint64_t full = ~0ULL - 1;

	ASSERT_EQ(sizeof(full), write(self->event, &full, sizeof(full)));
	ASSERT_EQ(0, by_eventfd(self->fd, self->event, KIPC_NOTIFY_EACH));
	PUT(1);
	PUT(2);
	EXPECT_EQ(2, stat_of(self->fd).msgs);
}

/* When it is told */

TEST_F(notify, of_a_message_in_an_empty_queue_only)
{
	ASSERT_EQ(0, by_eventfd(self->fd, self->event, 0));
	PUT(1);
	PUT(2);
	EXPECT_EQ(1, events(self->event));
	EXPECT_EQ(1, take_any(self->fd));
	PUT(3);
	EXPECT_EQ(0, events(self->event));
	EXPECT_EQ(2, drain(self->fd));
	PUT(4);
	EXPECT_EQ(1, events(self->event));
}

TEST_F(notify, of_each_message)
{
	ASSERT_EQ(0, by_eventfd(self->fd, self->event, KIPC_NOTIFY_EACH));
	PUT(1);
	PUT(2);
	PUT(3);
	EXPECT_EQ(3, events(self->event));
}

TEST_F(notify, of_what_is_there_already_it_is_not_told)
{
	PUT(1);
	ASSERT_EQ(0, by_eventfd(self->fd, self->event, 0));
	PUT(2);
	EXPECT_EQ(0, events(self->event));
}

TEST_F(notify, once)
{
	ASSERT_EQ(0, by_eventfd(self->fd, self->event, KIPC_NOTIFY_ONCE));
	PUT(1);
	EXPECT_EQ(1, events(self->event));
	EXPECT_EQ(1, take_any(self->fd));
	PUT(2);
	EXPECT_EQ(0, events(self->event));
}

TEST_F(notify, once_of_each_message_is_once)
{
	ASSERT_EQ(0, by_eventfd(self->fd, self->event, KIPC_NOTIFY_ONCE | KIPC_NOTIFY_EACH));
	PUT(1);
	PUT(2);
	EXPECT_EQ(1, events(self->event));
}

TEST_F(notify, by_signal_again_and_again)
{
	int i;

	ASSERT_EQ(0, by_signal(self->fd, SIGRTMIN, 0));
	for (i = 0; i < 5; i++) {
		PUT(i);
		EXPECT_EQ(SIGRTMIN, PENDING());
		EXPECT_EQ(i, take_any(self->fd));
		EXPECT_EQ(0, PENDING());
	}
}

TEST_F(notify, not_of_one_that_goes_straight_to_a_waiting_thread)
{
	static const unsigned int flags[] = { 0, KIPC_NOTIFY_EACH, KIPC_NOTIFY_ONCE };
	struct taker taker;
	int i;

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, by_eventfd(self->other, self->event, flags[i]));
		ASSERT_EQ(0, taker_start(&taker, self->fd, KIPC_SELECT_URGENT, 0));
		PUT(1);
		EXPECT_EQ(1, taker_end(&taker));
		EXPECT_EQ(0, events(self->event));
		/* It is still there, for the next. */
		PUT(2);
		EXPECT_EQ(1, events(self->event));
		EXPECT_EQ(2, take_any(self->fd));
	}
}

TEST_F(notify, of_one_that_the_waiting_thread_does_not_want)
{
	struct taker taker;

	ASSERT_EQ(0, by_eventfd(self->other, self->event, 0));
	ASSERT_EQ(0, taker_start(&taker, self->fd, KIPC_SELECT_TYPE, 7));
	PUT(1);
	EXPECT_EQ(1, events(self->event));
	ASSERT_EQ(0, put(self->fd, 2, 7, 0));
	EXPECT_EQ(2, taker_end(&taker));
}

TEST_F(notify, of_what_comes_by_number_write_and_batch)
{
	struct kipc_queue_item items[3] = { { .payload = payload_of("x", 1) } };
	struct kipc_queue_send_batch batch = {
		.size = sizeof(batch),
		.items = (uintptr_t)items,
		.count = 3,
	};
	struct kipc_queue_send send = queue_send_args("x", 1);
	int none = endpoint_open();

	ASSERT_EQ(0, by_eventfd(self->fd, self->event, KIPC_NOTIFY_EACH));
	ASSERT_EQ(1, write(self->other, "x", 1));
	EXPECT_EQ(1, events(self->event));
	ASSERT_EQ(0, request(self->other, KIPC_IOC_QUEUE_SEND_BATCH, &batch));
	EXPECT_EQ(3, events(self->event));
	send.number = number_of_queue(self->fd);
	ASSERT_EQ(0, request(none, KIPC_IOC_QUEUE_SEND, &send));
	EXPECT_EQ(1, events(self->event));
	close(none);
}

TEST_F(notify, of_what_a_sender_that_waited_puts_in)
{
	struct putter putter;

	ASSERT_EQ(0, queue_set_max_msgs(self->fd, 1));
	PUT(1);
	ASSERT_EQ(0, by_eventfd(self->fd, self->event, 0));
	ASSERT_EQ(0, putter_start(&putter, self->fd, 2));
	EXPECT_EQ(0, events(self->event));
	EXPECT_EQ(1, take_any(self->fd));
	EXPECT_EQ(0, putter_end(&putter));
	EXPECT_EQ(1, events(self->event));
}

/* Bad input */

#define NOTIFY()	request(self->fd, KIPC_IOC_QUEUE_NOTIFY, &self->arg)

TEST_F(notify, no_such_way_einval)
{
	self->arg.how = KIPC_NOTIFY_EVENTFD + 1;
	EXPECT_EQ(-EINVAL, NOTIFY());
	self->arg.how = ~0U;
	EXPECT_EQ(-EINVAL, NOTIFY());
}

TEST_F(notify, no_such_signal_einval)
{
	static const unsigned int numbers[] = { 0, 65, 1000, 1U << 31, ~0U };
	int i;

	self->arg.how = KIPC_NOTIFY_SIGNAL;
	for (i = 0; i < 5; i++) {
		self->arg.signo = numbers[i];
		EXPECT_EQ(-EINVAL, NOTIFY());
	}
	self->arg.signo = 64;
	EXPECT_EQ(0, NOTIFY());
}

TEST_F(notify, what_its_way_does_not_use_einval)
{
	static const struct {
		unsigned int how;
		unsigned int signo;
		uint64_t value;
		int fd;
	} cases[] = {
		{ KIPC_NOTIFY_OFF, SIGUSR1, 0, 0 }, { KIPC_NOTIFY_OFF, 0, 1, 0 },
		{ KIPC_NOTIFY_OFF, 0, 0, 1 }, { KIPC_NOTIFY_NOTHING, SIGUSR1, 0, 0 },
		{ KIPC_NOTIFY_NOTHING, 0, 1ULL << 63, 0 }, { KIPC_NOTIFY_NOTHING, 0, 0, 1 },
		{ KIPC_NOTIFY_SIGNAL, SIGUSR1, 0, 1 },
	};
	int i;

	for (i = 0; i < 7; i++) {
		self->arg.how = cases[i].how;
		self->arg.signo = cases[i].signo;
		self->arg.value = cases[i].value;
		self->arg.fd = cases[i].fd;
		EXPECT_EQ(-EINVAL, NOTIFY())
			TH_LOG("case %d", i);
	}
}

TEST_F(notify, not_an_eventfd_ebadf)
{
	int pipes[2], i;

	ASSERT_EQ(0, pipe(pipes));
	int fds[] = { -1, 1000, pipes[0], self->fd };

	for (i = 0; i < 4; i++)
		EXPECT_EQ(-EBADF, by_eventfd(self->fd, fds[i], 0));
	close(pipes[0]);
	close(pipes[1]);
}

TEST_F(notify, one_that_is_refused_leaves_the_one_before)
{
	ASSERT_EQ(0, by_eventfd(self->fd, self->event, KIPC_NOTIFY_SOLE));
	EXPECT_EQ(-EINVAL, by_signal(self->fd, 65, 0));
	EXPECT_EQ(-EBADF, by_eventfd(self->fd, 1000, 0));
	PUT(1);
	EXPECT_EQ(1, events(self->event));
	EXPECT_EQ(EBUSY, other_wants_it(self->name));
}

TEST_F(notify, removed_queue_eidrm)
{
	ASSERT_EQ(0, by_eventfd(self->fd, self->event, 0));
	ASSERT_EQ(0, queue_remove(self->other, self->name));
	EXPECT_EQ(-EIDRM, by_eventfd(self->fd, self->event, 0));
	EXPECT_EQ(-EIDRM, by_eventfd(self->other, self->event, 0));
	EXPECT_EQ(0, events(self->event));
}

TEST_HARNESS_MAIN
