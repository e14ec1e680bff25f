// SPDX-License-Identifier: GPL-2.0
/*
 * Waiting on a queue: for a message, for room, together, and until something ends it.
 */
#include "kipc_test.h"

FIXTURE(wait)
{
	char name[KIPC_NAME_SIZE];
	int fd;
};

FIXTURE_SETUP(wait)
{
	fresh_name(self->name);
	self->fd = queue_open_sized(self->name, KIPC_QUEUE_CREATE | QUEUE_BOTH,
				    4, 1 << 20, 1 << 20);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(wait)
{
	close(self->fd);
	queue_unlink(self->name);
}

static void signal_asker(struct asker *asker)
{
	syscall(SYS_tgkill, getpid(), asker->tid, SIGUSR1);
}

TEST_F(wait, receiver_is_handed_a_message)
{
	struct kipc_queue_recv recv;
	struct asker receiver;
	char buf[8];

	recv = queue_recv_args(buf, sizeof(buf));
	ASSERT_EQ(0, ask_and_wait(&receiver, self->fd, KIPC_IOC_QUEUE_RECV,
				  &recv));
	ASSERT_EQ(0, queue_send(self->fd, "hello", 5));
	EXPECT_EQ(0, ask_end(&receiver));
	EXPECT_EQ(5, recv.msg.len);
	EXPECT_EQ(0, memcmp(buf, "hello", 5));
	EXPECT_EQ(0, endpoint_info(self->fd).queued);
}

TEST_F(wait, receivers_are_served_in_their_order)
{
	struct kipc_queue_recv recv[4];
	struct asker receivers[4];
	int i, got[4];

	for (i = 0; i < 4; i++) {
		recv[i] = queue_recv_args(&got[i], sizeof(got[i]));
		ASSERT_EQ(0, ask_and_wait(&receivers[i], self->fd,
					  KIPC_IOC_QUEUE_RECV, &recv[i]));
	}
	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, queue_send(self->fd, &i, sizeof(i)));
	for (i = 0; i < 4; i++) {
		EXPECT_EQ(0, ask_end(&receivers[i]));
		EXPECT_EQ(i, got[i]);
	}
}

TEST_F(wait, receiver_with_a_small_buffer_is_told_and_the_next_gets_it)
{
	struct kipc_queue_recv recv[2];
	struct asker receivers[2];
	char small[2], large[8];

	recv[0] = queue_recv_args(small, sizeof(small));
	recv[1] = queue_recv_args(large, sizeof(large));
	ASSERT_EQ(0, ask_and_wait(&receivers[0], self->fd, KIPC_IOC_QUEUE_RECV,
				  &recv[0]));
	ASSERT_EQ(0, ask_and_wait(&receivers[1], self->fd, KIPC_IOC_QUEUE_RECV,
				  &recv[1]));
	ASSERT_EQ(0, queue_send(self->fd, "hello", 5));
	EXPECT_EQ(-EMSGSIZE, ask_end(&receivers[0]));
	EXPECT_EQ(5, recv[0].msg.len);
	EXPECT_EQ(0, ask_end(&receivers[1]));
	EXPECT_EQ(0, memcmp(large, "hello", 5));
}

TEST_F(wait, receiver_with_a_bad_buffer_passes_it_to_the_next)
{
	struct kipc_queue_recv recv[2];
	struct asker receivers[2];
	char buf[8];

	recv[0] = queue_recv_args(NULL, 100);
	recv[1] = queue_recv_args(buf, sizeof(buf));
	ASSERT_EQ(0, ask_and_wait(&receivers[0], self->fd, KIPC_IOC_QUEUE_RECV,
				  &recv[0]));
	ASSERT_EQ(0, ask_and_wait(&receivers[1], self->fd, KIPC_IOC_QUEUE_RECV,
				  &recv[1]));
	ASSERT_EQ(0, queue_send(self->fd, "hello", 5));
	EXPECT_EQ(-EFAULT, ask_end(&receivers[0]));
	EXPECT_EQ(0, ask_end(&receivers[1]));
	EXPECT_EQ(0, memcmp(buf, "hello", 5));
}

TEST_F(wait, receiver_waits_until_its_deadline)
{
	struct kipc_queue_recv recv;
	uint64_t start = now_ns();
	char c;

	recv = queue_recv_args(&c, 1);
	recv.deadline = in_ms(30 * slow());
	EXPECT_EQ(-ETIMEDOUT, request(self->fd, KIPC_IOC_QUEUE_RECV, &recv));
	EXPECT_LE(start + 30000000, now_ns());
	recv.deadline = 1;
	EXPECT_EQ(-ETIMEDOUT, request(self->fd, KIPC_IOC_QUEUE_RECV, &recv));
	ASSERT_EQ(0, queue_send(self->fd, "x", 1));
	EXPECT_EQ(0, request(self->fd, KIPC_IOC_QUEUE_RECV, &recv));
}

TEST_F(wait, receiver_is_interrupted_eintr)
{
	struct kipc_queue_recv recv;
	struct asker receiver;
	char c;

	on_signal(SIGUSR1, 0);
	recv = queue_recv_args(&c, 1);
	ASSERT_EQ(0, ask_and_wait(&receiver, self->fd, KIPC_IOC_QUEUE_RECV,
				  &recv));
	signal_asker(&receiver);
	EXPECT_EQ(-EINTR, ask_end(&receiver));
}

TEST_F(wait, receiver_is_restarted)
{
	struct kipc_queue_recv recv;
	struct asker receiver;
	char c;

	on_signal(SIGUSR1, SA_RESTART);
	recv = queue_recv_args(&c, 1);
	ASSERT_EQ(0, ask_and_wait(&receiver, self->fd, KIPC_IOC_QUEUE_RECV,
				  &recv));
	signal_asker(&receiver);
	nap_ms(5);
	ASSERT_EQ(0, queue_send(self->fd, "x", 1));
	EXPECT_EQ(0, ask_end(&receiver));
}

/* Room: the queue of the fixture holds four messages. */
static int fill_up(int fd)
{
	int n = 0;

	while (!queue_send_now(fd, &n, sizeof(n)))
		n++;
	return n;
}

TEST_F(wait, sender_is_given_room)
{
	struct kipc_queue_send send = queue_send_args("last", 4);
	struct kipc_header msg;
	struct asker sender;
	int i;
	char buf[8];

	ASSERT_EQ(4, fill_up(self->fd));
	ASSERT_EQ(0, ask_and_wait(&sender, self->fd, KIPC_IOC_QUEUE_SEND,
				  &send));
	EXPECT_EQ(4, endpoint_info(self->fd).queued);
	ASSERT_EQ(0, queue_recv(self->fd, buf, sizeof(buf), &msg));
	EXPECT_EQ(0, ask_end(&sender));
	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, queue_recv_now(self->fd, buf, sizeof(buf), &msg));
	EXPECT_EQ(0, memcmp(buf, "last", 4));
}

TEST_F(wait, senders_are_served_in_their_order)
{
	struct kipc_queue_send send[4];
	struct asker senders[4];
	struct kipc_header msg;
	int i, numbers[4], got;

	ASSERT_EQ(4, fill_up(self->fd));
	for (i = 0; i < 4; i++) {
		numbers[i] = 10 + i;
		send[i] = queue_send_args(&numbers[i], sizeof(int));
		ASSERT_EQ(0, ask_and_wait(&senders[i], self->fd,
					  KIPC_IOC_QUEUE_SEND, &send[i]));
	}
	/* Room for one at a time: each is in before the next may. */
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, queue_recv(self->fd, &got, sizeof(got), &msg));
		EXPECT_EQ(i, got);
		EXPECT_EQ(0, ask_end(&senders[i]));
	}
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, queue_recv(self->fd, &got, sizeof(got), &msg));
		EXPECT_EQ(10 + i, got);
	}
}

/* A small one does not overtake a large one that came before it. */
TEST_F(wait, sender_does_not_overtake)
{
	uint8_t *data = memory(1 << 20), *buf = memory(1 << 20);
	struct kipc_queue_send large = queue_send_args(data, 1 << 20);
	struct kipc_header msg;
	struct asker sender;

	ASSERT_EQ(0, queue_send(self->fd, data, 1));
	ASSERT_EQ(0, ask_and_wait(&sender, self->fd, KIPC_IOC_QUEUE_SEND,
				  &large));
	EXPECT_EQ(-EAGAIN, queue_send_now(self->fd, data, 1));
	ASSERT_EQ(0, queue_recv(self->fd, buf, 1 << 20, &msg));
	EXPECT_EQ(0, ask_end(&sender));
	ASSERT_EQ(0, queue_recv(self->fd, buf, 1 << 20, &msg));
	EXPECT_EQ(1 << 20, msg.len);
}

/* Unless it asks to: at once, and when room for it comes while the large one waits. */
TEST_F(wait, sender_overtakes_where_it_asks_to)
{
	uint8_t *data = memory(1 << 20), *buf = memory(1 << 20);
	struct kipc_queue_send large = queue_send_args(data, 1 << 20);
	struct kipc_queue_send rest = queue_send_args(data, (1 << 20) - 2);
	struct kipc_queue_send two = queue_send_args(data, 2), one = queue_send_args(data, 1);
	struct asker first, second;
	struct kipc_header msg;

	one.flags = KIPC_SEND_OVERTAKE | KIPC_F_NONBLOCK;
	two.flags = KIPC_SEND_OVERTAKE;
	ASSERT_EQ(0, queue_send(self->fd, data, 1));
	ASSERT_EQ(0, ask_and_wait(&first, self->fd, KIPC_IOC_QUEUE_SEND, &large));
	EXPECT_EQ(0, request(self->fd, KIPC_IOC_QUEUE_SEND, &one));
	rest.flags = one.flags;
	EXPECT_EQ(0, request(self->fd, KIPC_IOC_QUEUE_SEND, &rest));
	EXPECT_EQ(-EAGAIN, request(self->fd, KIPC_IOC_QUEUE_SEND, &one));
	ASSERT_EQ(0, ask_and_wait(&second, self->fd, KIPC_IOC_QUEUE_SEND, &two));

	ASSERT_EQ(0, queue_recv(self->fd, buf, 1 << 20, &msg));
	ASSERT_EQ(0, queue_recv(self->fd, buf, 1 << 20, &msg));
	EXPECT_EQ(0, ask_end(&second));
	ASSERT_EQ(0, queue_recv(self->fd, buf, 1 << 20, &msg));
	EXPECT_EQ((1 << 20) - 2, msg.len);
	ASSERT_EQ(0, queue_recv(self->fd, buf, 1 << 20, &msg));
	EXPECT_EQ(2, msg.len);
	EXPECT_EQ(0, ask_end(&first));
	ASSERT_EQ(0, queue_recv(self->fd, buf, 1 << 20, &msg));
	EXPECT_EQ(1 << 20, msg.len);
}

TEST_F(wait, sender_that_gives_up_lets_the_next_in)
{
	uint8_t *data = memory(1 << 20);
	struct kipc_queue_send large = queue_send_args(data, 1 << 20);
	struct kipc_queue_send small = queue_send_args(data, 1);
	struct asker senders[2];

	ASSERT_EQ(0, queue_send(self->fd, data, 1));
	large.deadline = in_ms(100);
	ASSERT_EQ(0, ask_and_wait(&senders[0], self->fd, KIPC_IOC_QUEUE_SEND,
				  &large));
	ASSERT_EQ(0, ask_and_wait(&senders[1], self->fd, KIPC_IOC_QUEUE_SEND,
				  &small));
	EXPECT_EQ(-ETIMEDOUT, ask_end(&senders[0]));
	EXPECT_EQ(0, ask_end(&senders[1]));
	EXPECT_EQ(2, endpoint_info(self->fd).queued);
}

TEST_F(wait, sender_waits_until_its_deadline)
{
	struct kipc_queue_send send = queue_send_args("x", 1);

	ASSERT_EQ(4, fill_up(self->fd));
	send.deadline = in_ms(30 * slow());
	EXPECT_EQ(-ETIMEDOUT, request(self->fd, KIPC_IOC_QUEUE_SEND, &send));
	send.deadline = 1;
	EXPECT_EQ(-ETIMEDOUT, request(self->fd, KIPC_IOC_QUEUE_SEND, &send));
	EXPECT_EQ(4, endpoint_info(self->fd).queued);
}

TEST_F(wait, sender_is_interrupted_eintr)
{
	struct kipc_queue_send send = queue_send_args("x", 1);
	struct asker sender;

	on_signal(SIGUSR1, 0);
	ASSERT_EQ(4, fill_up(self->fd));
	ASSERT_EQ(0, ask_and_wait(&sender, self->fd, KIPC_IOC_QUEUE_SEND,
				  &send));
	signal_asker(&sender);
	EXPECT_EQ(-EINTR, ask_end(&sender));
	EXPECT_EQ(4, endpoint_info(self->fd).queued);
}

TEST_F(wait, sender_is_restarted_and_sends_once)
{
	struct kipc_queue_send send = queue_send_args("x", 1);
	struct kipc_header msg;
	struct asker sender;
	char buf[8];
	int i;

	on_signal(SIGUSR1, SA_RESTART);
	ASSERT_EQ(4, fill_up(self->fd));
	ASSERT_EQ(0, ask_and_wait(&sender, self->fd, KIPC_IOC_QUEUE_SEND,
				  &send));
	for (i = 0; i < 10; i++) {
		signal_asker(&sender);
		nap_ms(1);
	}
	ASSERT_EQ(0, queue_recv(self->fd, buf, sizeof(buf), &msg));
	EXPECT_EQ(0, ask_end(&sender));
	EXPECT_EQ(4, endpoint_info(self->fd).queued);
}

TEST_F(wait, waiters_that_are_killed_take_nothing_with_them)
{
	struct kipc_header msg;
	pid_t child;
	char buf[8];
	int i, n;

	for (i = 0; i < 20; i++) {
		child = spawn();
		if (!child) {
			queue_recv(self->fd, buf, sizeof(buf), &msg);
			for (;;)
				pause();
		}
		ASSERT_TRUE(await_sleep(child, child, SYS_ioctl));
		kill(child, SIGKILL);
		ASSERT_EQ(0, queue_send(self->fd, "x", 1));
		reap(child);
		EXPECT_EQ(0, queue_recv_now(self->fd, buf, sizeof(buf), &msg));
	}
	for (i = 0; i < 20; i++) {
		n = fill_up(self->fd);
		ASSERT_EQ(4, n);
		child = spawn();
		if (!child) {
			queue_send(self->fd, "x", 1);
			for (;;)
				pause();
		}
		ASSERT_TRUE(await_sleep(child, child, SYS_ioctl));
		kill_and_reap(child);
		while (n--)
			ASSERT_EQ(0, queue_recv_now(self->fd, buf, sizeof(buf),
						    &msg));
		EXPECT_EQ(-EAGAIN, queue_recv_now(self->fd, buf, sizeof(buf),
						  &msg));
	}
}

/* A child that sends, or receives, at a page that does not come */
static pid_t spawn_stalled(int fd, bool send)
{
	struct kipc_header msg;
	struct stall stall;
	pid_t child = spawn();

	if (child)
		return child;
	if (stall_init(&stall))
		_exit(1);
	if (send)
		queue_send(fd, stall.page, PAGE);
	else
		queue_recv(fd, stall.page, PAGE, &msg);
	_exit(0);
}

TEST_F(wait, sender_that_stalls_stalls_nobody_else)
{
	struct kipc_header msg;
	pid_t child;
	char c;
	int i;

	for (i = 0; i < 5; i++) {
		child = spawn_stalled(self->fd, true);
		ASSERT_TRUE(stalls(child));
		EXPECT_EQ(0, queue_send(self->fd, "x", 1));
		EXPECT_EQ(0, queue_recv(self->fd, &c, 1, &msg));
		EXPECT_EQ(-EAGAIN, queue_recv_now(self->fd, &c, 1, &msg));
		EXPECT_EQ(128 + SIGKILL, kill_and_reap(child));
		/* It took its room back. */
		ASSERT_EQ(4, fill_up(self->fd));
		while (endpoint_info(self->fd).queued)
			ASSERT_EQ(0, queue_recv_now(self->fd, self->name + 240,
						    8, &msg));
	}
}

TEST_F(wait, receiver_killed_while_it_copies_loses_nothing)
{
	struct kipc_header msg;
	pid_t child;
	char buf[8];
	int i;

	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, queue_send(self->fd, "1", 1));
		ASSERT_EQ(0, queue_send(self->fd, "2", 1));
		child = spawn_stalled(self->fd, false);
		ASSERT_TRUE(stalls(child));
		/* It has the first in hand; the second can be had. */
		EXPECT_EQ(1, endpoint_info(self->fd).queued);
		EXPECT_EQ(0, queue_recv_now(self->fd, buf, 8, &msg));
		EXPECT_EQ('2', buf[0]);
		EXPECT_EQ(128 + SIGKILL, kill_and_reap(child));
		EXPECT_EQ(0, queue_recv_now(self->fd, buf, 8, &msg));
		EXPECT_EQ('1', buf[0]);
	}
}

/* Many at once */

#define CROWD	4
#define EACH	500

struct crowd {
	int fd;
	int seen[CROWD][EACH];
	int wrong;
};

static void crowd_send(int fd, int sender)
{
	int number[2] = { sender };

	for (number[1] = 0; number[1] < EACH; number[1]++)
		if (queue_send(fd, number, sizeof(number)))
			_exit(1);
	_exit(0);
}

static void *crowd_receive(void *arg)
{
	struct crowd *crowd = arg;
	int number[2], last[CROWD], i;
	struct kipc_header msg;

	for (i = 0; i < CROWD; i++)
		last[i] = -1;
	while (!queue_recv(crowd->fd, number, sizeof(number), &msg)) {
		if (msg.len != sizeof(number))
			break;
		/* Those of one sender come to one receiver in their order. */
		if (number[1] <= last[number[0]])
			__atomic_fetch_add(&crowd->wrong, 1, __ATOMIC_RELAXED);
		last[number[0]] = number[1];
		__atomic_fetch_add(&crowd->seen[number[0]][number[1]], 1,
				   __ATOMIC_RELAXED);
	}
	return NULL;
}

TEST_F(wait, many_senders_and_receivers_lose_and_double_nothing)
{
	struct crowd crowd = { .fd = self->fd };
	pthread_t receivers[CROWD];
	pid_t senders[CROWD];
	int i, j;

	for (i = 0; i < CROWD; i++) {
		senders[i] = spawn();
		if (!senders[i])
			crowd_send(self->fd, i);
	}
	for (i = 0; i < CROWD; i++)
		pthread_create(&receivers[i], NULL, crowd_receive, &crowd);
	for (i = 0; i < CROWD; i++)
		EXPECT_EQ(0, reap(senders[i]));
	for (i = 0; i < CROWD; i++)
		ASSERT_EQ(0, queue_send(self->fd, "", 0));
	for (i = 0; i < CROWD; i++)
		pthread_join(receivers[i], NULL);
	EXPECT_EQ(0, crowd.wrong);
	for (i = 0; i < CROWD; i++)
		for (j = 0; j < EACH; j++)
			EXPECT_EQ(1, crowd.seen[i][j]);
	EXPECT_EQ(0, endpoint_info(self->fd).queued);
}

TEST_HARNESS_MAIN
