// SPDX-License-Identifier: GPL-2.0
/*
 * Looking at a message without taking it, taking one that is too long for the buffer, and
 * asking for room for the largest.
 */
#include "queue_test.h"

FIXTURE(peek)
{
	char name[KIPC_NAME_SIZE];
	int fd;
	char buf[64];
	struct kipc_queue_recv arg;
};

FIXTURE_SETUP(peek)
{
	self->fd = queue_make(self->name, 100, 0, 1000);
	ASSERT_LE(0, self->fd);
	self->arg = queue_recv_args(self->buf, sizeof(self->buf));
	self->arg.flags = KIPC_F_NONBLOCK;
}

FIXTURE_TEARDOWN(peek)
{
	close(self->fd);
	queue_unlink(self->name);
}

#define PUT(number, type, prio)	ASSERT_EQ(0, put(self->fd, number, type, prio))
#define RECV()			request(self->fd, KIPC_IOC_QUEUE_RECV, &self->arg)

/* Looking */

TEST_F(peek, leaves_it_where_it_is)
{
	int i;

	PUT(1, 0, 0);
	PUT(2, 0, 0);
	for (i = 0; i < 3; i++)
		EXPECT_EQ(1, look(self->fd, KIPC_SELECT_URGENT, 0));
	EXPECT_EQ(2, endpoint_info(self->fd).queued);
	EXPECT_EQ(2, stat_of(self->fd).msgs);
	EXPECT_EQ(8, stat_of(self->fd).bytes);
	EXPECT_EQ(1, take_any(self->fd));
	EXPECT_EQ(2, take_any(self->fd));
	EXPECT_EQ(-EAGAIN, look(self->fd, KIPC_SELECT_URGENT, 0));
}

TEST_F(peek, is_not_a_receipt)
{
	PUT(1, 0, 0);
	EXPECT_EQ(1, look(self->fd, KIPC_SELECT_URGENT, 0));
	EXPECT_EQ(0, stat_of(self->fd).received);
	EXPECT_EQ(0, stat_of(self->fd).recv_time);
	EXPECT_EQ(0, stat_of(self->fd).recv_pid);
}

TEST_F(peek, shows_the_header_of_the_message)
{
	struct kipc_queue_send send = queue_send_args("abc", 3);
	struct kipc_header peeked;

	send.type = 77;
	send.prio = 5;
	send.payload.tag = 99;
	ASSERT_EQ(0, request(self->fd, KIPC_IOC_QUEUE_SEND, &send));
	self->arg.flags |= KIPC_RECV_PEEK;
	ASSERT_EQ(0, RECV());
	peeked = self->arg.msg;
	EXPECT_EQ(0, memcmp(self->buf, "abc", 3));
	EXPECT_EQ(77, peeked.type);
	EXPECT_EQ(5, peeked.prio);
	EXPECT_EQ(99, peeked.tag);
	EXPECT_EQ(getpid(), peeked.pid);
	self->arg.flags = KIPC_F_NONBLOCK;
	ASSERT_EQ(0, RECV());
	EXPECT_EQ(0, memcmp(&peeked, &self->arg.msg, sizeof(peeked)));
}

TEST_F(peek, of_each_selection)
{
	PUT(1, 30, 0);
	PUT(2, 20, 5);
	PUT(3, 10, 5);
	PUT(4, 20, 9);
	EXPECT_EQ(4, look(self->fd, KIPC_SELECT_URGENT, 0));
	EXPECT_EQ(1, look(self->fd, KIPC_SELECT_FIRST, 0));
	EXPECT_EQ(1, look(self->fd, KIPC_SELECT_TYPE, 30));
	EXPECT_EQ(4, look(self->fd, KIPC_SELECT_TYPE, 20));
	EXPECT_EQ(3, look(self->fd, KIPC_SELECT_TYPE_MAX, 20));
	EXPECT_EQ(3, look(self->fd, KIPC_SELECT_NOT_TYPE, 20));
	EXPECT_EQ(-EAGAIN, look(self->fd, KIPC_SELECT_TYPE, 11));
	EXPECT_EQ(-EAGAIN, look(self->fd, KIPC_SELECT_TYPE_MAX, 9));
	EXPECT_EQ(4, stat_of(self->fd).msgs);
}

TEST_F(peek, nth_is_the_one_that_comes_after_so_many)
{
	static const int order[] = { 4, 2, 3, 1, 5 };
	int i;

	PUT(1, 3, 0);
	PUT(2, 2, 5);
	PUT(3, 1, 5);
	PUT(4, 9, 9);
	PUT(5, 0, 0);
	for (i = 0; i < 5; i++)
		EXPECT_EQ(order[i], look(self->fd, KIPC_SELECT_NTH, i));
	for (i = 4; i >= 0; i--)
		EXPECT_EQ(order[i], look(self->fd, KIPC_SELECT_NTH, i));
	EXPECT_EQ(-EAGAIN, look(self->fd, KIPC_SELECT_NTH, 5));
	EXPECT_EQ(-EAGAIN, look(self->fd, KIPC_SELECT_NTH, 1ULL << 32));
	EXPECT_EQ(-EAGAIN, look(self->fd, KIPC_SELECT_NTH, ~0ULL));
	for (i = 0; i < 5; i++)
		EXPECT_EQ(order[i], take_any(self->fd));
}

/* The places of what is left change with every message that goes. */
TEST_F(peek, nth_of_many_as_they_go)
{
	int i, n;

	for (i = 0; i < 60; i++)
		PUT(i, i % 4, 0);
	for (n = 60; n > 0; n--) {
		EXPECT_EQ(60 - n, look(self->fd, KIPC_SELECT_NTH, 0));
		EXPECT_EQ(59, look(self->fd, KIPC_SELECT_NTH, n - 1));
		EXPECT_EQ(60 - n + n / 2, look(self->fd, KIPC_SELECT_NTH, n / 2));
		EXPECT_EQ(-EAGAIN, look(self->fd, KIPC_SELECT_NTH, n));
		ASSERT_EQ(60 - n, take_any(self->fd));
	}
	EXPECT_EQ(-EAGAIN, look(self->fd, KIPC_SELECT_NTH, 0));
}

TEST_F(peek, nth_does_not_wait)
{
	EXPECT_EQ(-EAGAIN, take_with(self->fd, KIPC_SELECT_NTH, 0, KIPC_RECV_PEEK));
	PUT(1, 0, 0);
	EXPECT_EQ(1, take_with(self->fd, KIPC_SELECT_NTH, 0, KIPC_RECV_PEEK));
	EXPECT_EQ(-EAGAIN, take_with(self->fd, KIPC_SELECT_NTH, 1, KIPC_RECV_PEEK));
}

/* Failing */

TEST_F(peek, too_small_emsgsize_tells_the_length)
{
	ASSERT_EQ(0, queue_send(self->fd, "hello", 5));
	self->arg.flags |= KIPC_RECV_PEEK;
	self->arg.len = 4;
	EXPECT_EQ(-EMSGSIZE, RECV());
	EXPECT_EQ(5, self->arg.msg.len);
	self->arg.len = 0;
	EXPECT_EQ(-EMSGSIZE, RECV());
	self->arg.len = 5;
	EXPECT_EQ(0, RECV());
	EXPECT_EQ(1, endpoint_info(self->fd).queued);
}

TEST_F(peek, bad_buffer_efault_leaves_it_where_it_is)
{
	PUT(1, 0, 0);
	PUT(2, 0, 0);
	self->arg.flags |= KIPC_RECV_PEEK;
	self->arg.data = 0;
	EXPECT_EQ(-EFAULT, RECV());
	EXPECT_EQ(1, look(self->fd, KIPC_SELECT_NTH, 0));
	EXPECT_EQ(2, look(self->fd, KIPC_SELECT_NTH, 1));
}

TEST_F(peek, handle_for_sending_ebadf)
{
	int fd = queue_open(self->name, KIPC_QUEUE_SEND);

	PUT(1, 0, 0);
	EXPECT_EQ(-EBADF, look(fd, KIPC_SELECT_URGENT, 0));
	EXPECT_EQ(-EBADF, look(fd, KIPC_SELECT_NTH, 0));
	close(fd);
}

/* Waiting */

TEST_F(peek, waits_for_a_message_and_leaves_it)
{
	struct taker taker;

	ASSERT_EQ(0, taker_start_with(&taker, self->fd, KIPC_SELECT_URGENT, 0, KIPC_RECV_PEEK));
	PUT(1, 0, 0);
	EXPECT_EQ(1, taker_end(&taker));
	EXPECT_EQ(1, stat_of(self->fd).msgs);
	EXPECT_EQ(1, take_any(self->fd));
}

TEST_F(peek, waits_for_its_type)
{
	struct taker taker;

	ASSERT_EQ(0, taker_start_with(&taker, self->fd, KIPC_SELECT_TYPE, 7, KIPC_RECV_PEEK));
	PUT(1, 6, 0);
	EXPECT_EQ(1, stat_of(self->fd).receivers);
	PUT(2, 7, 0);
	EXPECT_EQ(2, taker_end(&taker));
	EXPECT_EQ(2, stat_of(self->fd).msgs);
}

TEST_F(peek, several_that_wait_all_see_it)
{
	struct taker takers[3];
	int i;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, taker_start_with(&takers[i], self->fd, KIPC_SELECT_URGENT, 0,
					      KIPC_RECV_PEEK));
	PUT(1, 0, 0);
	for (i = 0; i < 3; i++)
		EXPECT_EQ(1, taker_end(&takers[i]));
	EXPECT_EQ(1, take_any(self->fd));
}

/* One that only looks does not keep it from whoever wants it. */
TEST_F(peek, one_that_waits_behind_it_gets_the_message)
{
	struct taker peeker, taker;

	ASSERT_EQ(0, taker_start_with(&peeker, self->fd, KIPC_SELECT_URGENT, 0, KIPC_RECV_PEEK));
	ASSERT_EQ(0, taker_start(&taker, self->fd, KIPC_SELECT_URGENT, 0));
	PUT(1, 0, 0);
	EXPECT_EQ(1, taker_end(&taker));
	PUT(2, 0, 0);
	EXPECT_TRUE(taker_end(&peeker) > 0);
	EXPECT_EQ(2, take_any(self->fd));
}

TEST_F(peek, waits_until_the_deadline_etimedout)
{
	self->arg.flags = KIPC_RECV_PEEK;
	self->arg.deadline = SOON;
	EXPECT_EQ(-ETIMEDOUT, RECV());
}

TEST_F(peek, waiting_is_interrupted_eintr)
{
	struct taker taker;

	on_signal(SIGUSR1, 0);
	ASSERT_EQ(0, taker_start_with(&taker, self->fd, KIPC_SELECT_URGENT, 0, KIPC_RECV_PEEK));
	signal_thread(&taker.asker, SIGUSR1);
	EXPECT_EQ(-EINTR, taker_end(&taker));
	PUT(1, 0, 0);
	EXPECT_EQ(1, take_any(self->fd));
}

/* Beside others who take */

#define LOOKS	2000

static void *look_often(void *arg)
{
	int fd = *(int *)arg, got;
	long wrong = 0, i;

	for (i = 0; i < LOOKS; i++) {
		got = look(fd, i % 2 ? KIPC_SELECT_FIRST : KIPC_SELECT_URGENT, 0);
		if (got != -EAGAIN && (got < 0 || got >= LOOKS))
			wrong++;
	}
	return (void *)wrong;
}

TEST_F(peek, beside_others_who_take_sees_whole_messages)
{
	pthread_t threads[2];
	void *wrong;
	int i;

	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, look_often, &self->fd));
	for (i = 0; i < LOOKS; i++) {
		ASSERT_EQ(0, put(self->fd, i, 0, 0));
		ASSERT_EQ(i, take_with(self->fd, KIPC_SELECT_URGENT, 0, 0));
	}
	for (i = 0; i < 2; i++) {
		pthread_join(threads[i], &wrong);
		EXPECT_EQ(NULL, wrong);
	}
	EXPECT_EQ(0, stat_of(self->fd).msgs);
	EXPECT_EQ(0, stat_of(self->fd).bytes);
	EXPECT_EQ(LOOKS, stat_of(self->fd).received);
}

/* The message that a thread looks at, at a page that does not come, is taken meanwhile. */
TEST_F(peek, stalled_keeps_nobody_from_taking)
{
	struct kipc_header msg;
	struct stall stall;
	pid_t child;
	char buf[8];

	ASSERT_EQ(0, queue_send(self->fd, "1", 1));
	child = spawn();
	if (!child) {
		if (stall_init(&stall))
			_exit(1);
		self->arg = queue_recv_args(stall.page, PAGE);
		self->arg.flags = KIPC_RECV_PEEK;
		RECV();
		_exit(0);
	}
	ASSERT_TRUE(await_sleep(child, child, SYS_ioctl));
	ASSERT_EQ(0, queue_recv(self->fd, buf, sizeof(buf), &msg));
	EXPECT_EQ('1', buf[0]);
	ASSERT_EQ(0, queue_send(self->fd, "2", 1));
	EXPECT_EQ(128 + SIGKILL, kill_and_reap(child));
	EXPECT_EQ(1, stat_of(self->fd).msgs);
	ASSERT_EQ(0, queue_recv_now(self->fd, buf, sizeof(buf), &msg));
	EXPECT_EQ('2', buf[0]);
}

/* Cutting off */

TEST_F(peek, truncate_takes_what_fits_and_tells_the_length)
{
	ASSERT_EQ(0, queue_send(self->fd, "hello", 5));
	PUT(2, 0, 0);
	memset(self->buf, '-', sizeof(self->buf));
	self->arg.flags |= KIPC_RECV_TRUNCATE;
	self->arg.len = 3;
	ASSERT_EQ(0, RECV());
	EXPECT_EQ(5, self->arg.msg.len);
	EXPECT_EQ(0, memcmp(self->buf, "hel---", 6));
	EXPECT_EQ(2, take_any(self->fd));
	EXPECT_EQ(-EAGAIN, take_any(self->fd));
}

TEST_F(peek, truncate_to_nothing_needs_no_buffer)
{
	ASSERT_EQ(0, queue_send(self->fd, "hello", 5));
	self->arg.flags |= KIPC_RECV_TRUNCATE;
	self->arg.data = 0;
	self->arg.len = 0;
	ASSERT_EQ(0, RECV());
	EXPECT_EQ(5, self->arg.msg.len);
	EXPECT_EQ(0, stat_of(self->fd).msgs);
	EXPECT_EQ(0, stat_of(self->fd).bytes);
}

TEST_F(peek, truncate_with_room_enough_changes_nothing)
{
	ASSERT_EQ(0, queue_send(self->fd, "hello", 5));
	self->arg.flags |= KIPC_RECV_TRUNCATE;
	ASSERT_EQ(0, RECV());
	EXPECT_EQ(5, self->arg.msg.len);
	EXPECT_EQ(0, memcmp(self->buf, "hello", 5));
}

TEST_F(peek, truncate_and_peek_shows_the_beginning)
{
	ASSERT_EQ(0, queue_send(self->fd, "hello", 5));
	memset(self->buf, '-', sizeof(self->buf));
	self->arg.flags |= KIPC_RECV_TRUNCATE | KIPC_RECV_PEEK;
	self->arg.len = 3;
	ASSERT_EQ(0, RECV());
	EXPECT_EQ(5, self->arg.msg.len);
	EXPECT_EQ(0, memcmp(self->buf, "hel---", 6));
	self->arg.flags = KIPC_F_NONBLOCK;
	self->arg.len = 5;
	ASSERT_EQ(0, RECV());
	EXPECT_EQ(0, memcmp(self->buf, "hello-", 6));
}

TEST_F(peek, truncate_while_waiting)
{
	struct asker asker;

	self->arg.flags = KIPC_RECV_TRUNCATE;
	self->arg.len = 1;
	self->buf[1] = '-';
	ASSERT_EQ(0, ask_and_wait(&asker, self->fd, KIPC_IOC_QUEUE_RECV, &self->arg));
	ASSERT_EQ(0, queue_send(self->fd, "hello", 5));
	EXPECT_EQ(0, ask_end(&asker));
	EXPECT_EQ(5, self->arg.msg.len);
	EXPECT_EQ(0, memcmp(self->buf, "h-", 2));
	EXPECT_EQ(0, stat_of(self->fd).msgs);
}

TEST_F(peek, truncate_into_a_bad_buffer_efault_keeps_message)
{
	ASSERT_EQ(0, queue_send(self->fd, "hello", 5));
	self->arg.flags |= KIPC_RECV_TRUNCATE;
	self->arg.data = 0;
	self->arg.len = 3;
	EXPECT_EQ(-EFAULT, RECV());
	EXPECT_EQ(1, stat_of(self->fd).msgs);
}

/* A message of several chunks is cut off within any of them. */
TEST_F(peek, truncate_within_a_large_message)
{
	size_t size = 100000, len;
	uint8_t *data = pattern(size, 1), *buf = memory(size + 1);

	ASSERT_EQ(0, queue_set_max_size(self->fd, size));
	for (len = 1; len < size; len = len * 3 + 1) {
		memset(buf, 0xaa, size + 1);
		ASSERT_EQ(0, queue_send(self->fd, data, size));
		self->arg = queue_recv_args(buf, len);
		self->arg.flags = KIPC_RECV_TRUNCATE;
		ASSERT_EQ(0, RECV());
		EXPECT_EQ(size, self->arg.msg.len);
		EXPECT_EQ(0, memcmp(buf, data, len));
		EXPECT_EQ(0xaa, buf[len]);
	}
}

/* Room for the largest: what POSIX wants of a buffer */

TEST_F(peek, largest_emsgsize_whatever_is_there)
{
	char big[1000];

	ASSERT_EQ(0, queue_send(self->fd, "hello", 5));
	self->arg.flags |= KIPC_RECV_LARGEST;
	EXPECT_EQ(-EMSGSIZE, RECV());
	self->arg.data = (uintptr_t)big;
	self->arg.len = 999;
	EXPECT_EQ(-EMSGSIZE, RECV());
	EXPECT_EQ(1, stat_of(self->fd).msgs);
	self->arg.len = 1000;
	EXPECT_EQ(0, RECV());
	EXPECT_EQ(5, self->arg.msg.len);
	EXPECT_EQ(0, memcmp(big, "hello", 5));
}

TEST_F(peek, largest_emsgsize_on_an_empty_queue_without_waiting)
{
	self->arg.flags |= KIPC_RECV_LARGEST;
	EXPECT_EQ(-EMSGSIZE, RECV());
	self->arg.flags = KIPC_RECV_LARGEST;
	EXPECT_EQ(-EMSGSIZE, RECV());
}

TEST_F(peek, largest_follows_the_limit)
{
	ASSERT_EQ(0, queue_send(self->fd, "hello", 5));
	self->arg.flags |= KIPC_RECV_LARGEST;
	EXPECT_EQ(-EMSGSIZE, RECV());
	ASSERT_EQ(0, queue_set_max_size(self->fd, sizeof(self->buf)));
	EXPECT_EQ(0, RECV());
}

TEST_HARNESS_MAIN
