// SPDX-License-Identifier: GPL-2.0
/*
 * Removal: a queue can be ended under those who use it.  Whoever waits is told at once,
 * whoever comes later is told as well, and what was in it is gone and paid back.  Taking
 * only its name away leaves it to those who have it.
 */
#include <sys/epoll.h>

#include "queue_test.h"

FIXTURE(removed)
{
	char name[KIPC_NAME_SIZE];
	int fd;
	int none;
	unsigned int number;
	int pipe[2];
	long max_msgs;
	long max_names;
};

FIXTURE_SETUP(removed)
{
	umask(0);
	self->fd = queue_make(self->name, 2, 0, 0);
	ASSERT_LE(0, self->fd);
	self->none = endpoint_open();
	ASSERT_LE(0, self->none);
	self->number = number_of_queue(self->fd);
	ASSERT_EQ(0, pipe2(self->pipe, O_CLOEXEC | O_NONBLOCK));
	self->max_msgs = parameter_get("max_queue_msgs");
	self->max_names = parameter_get("max_names");
}

FIXTURE_TEARDOWN_PARENT(removed)
{
	parameter_set("max_queue_msgs", self->max_msgs);
	parameter_set("max_names", self->max_names);
	queue_unlink(self->name);
}

#define FILL()		ASSERT_EQ(0, put_several(self->fd, 0, 2))
#define REMOVE()	ASSERT_EQ(0, queue_remove(self->none, self->name))

/* Whoever waits */

TEST_F(removed, waiting_receivers_eidrm)
{
	static const struct {
		unsigned int select;
		uint64_t match;
		unsigned int flags;
	} ways[] = {
		{ KIPC_SELECT_URGENT, 0, 0 }, { KIPC_SELECT_TYPE, 7, 0 },
		{ KIPC_SELECT_URGENT, 0, KIPC_RECV_PEEK }, { KIPC_SELECT_URGENT, 0, 0 },
		{ KIPC_SELECT_NOT_TYPE, 7, KIPC_F_REALTIME },
		{ KIPC_SELECT_FIRST, 0, KIPC_F_NORESTART },
	};
	struct taker takers[6];
	int i;

	for (i = 0; i < 6; i++) {
		takers[i].arg = take_args(&takers[i].number, ways[i].select, ways[i].match);
		takers[i].arg.flags = ways[i].flags;
		takers[i].arg.deadline = 0;
		ASSERT_EQ(0, ask_and_wait(&takers[i].asker, self->fd, KIPC_IOC_QUEUE_RECV,
					  &takers[i].arg));
	}
	REMOVE();
	for (i = 0; i < 6; i++)
		EXPECT_EQ(-EIDRM, taker_end(&takers[i]));
}

TEST_F(removed, waiting_senders_eidrm)
{
	struct putter putters[6];
	int i;

	FILL();
	for (i = 0; i < 6; i++)
		ASSERT_EQ(0, putter_start(&putters[i], self->fd, i));
	REMOVE();
	for (i = 0; i < 6; i++)
		EXPECT_EQ(-EIDRM, putter_end(&putters[i]));
}

TEST_F(removed, waiting_by_number_eidrm)
{
	struct putter putter;
	struct taker taker;

	FILL();
	putter.number = 9;
	putter.arg = put_args(&putter.number, 0, 0);
	putter.arg.number = self->number;
	ASSERT_EQ(0, ask_and_wait(&putter.asker, self->none, KIPC_IOC_QUEUE_SEND, &putter.arg));
	taker.arg = take_args(&taker.number, KIPC_SELECT_TYPE, 7);
	taker.arg.number = self->number;
	ASSERT_EQ(0, ask_and_wait(&taker.asker, self->none, KIPC_IOC_QUEUE_RECV, &taker.arg));
	REMOVE();
	EXPECT_EQ(-EIDRM, putter_end(&putter));
	EXPECT_EQ(-EIDRM, taker_end(&taker));
}

TEST_F(removed, waiting_batches_eidrm)
{
	struct kipc_header msg;
	char buf[8];
	struct kipc_queue_recv_batch recv = {
		.size = sizeof(recv),
		.data = (uintptr_t)buf,
		.len = sizeof(buf),
		.msgs = (uintptr_t)&msg,
		.count = 1,
		.done = 77,
	};
	struct asker asker;

	ASSERT_EQ(0, ask_and_wait(&asker, self->fd, KIPC_IOC_QUEUE_RECV_BATCH, &recv));
	REMOVE();
	EXPECT_EQ(-EIDRM, ask_end(&asker));
	EXPECT_EQ(0, recv.done);
}

static void *read_one(void *fd)
{
	char c;

	return (void *)(long)(read(*(int *)fd, &c, 1) < 0 ? errno : 0);
}

TEST_F(removed, waiting_read_eidrm)
{
	pthread_t thread;
	void *err;

	ASSERT_EQ(0, pthread_create(&thread, NULL, read_one, &self->fd));
	ASSERT_TRUE(await_waiters(self->fd, 1, 0));
	REMOVE();
	pthread_join(thread, &err);
	EXPECT_EQ(EIDRM, (long)err);
}

static void *poll_one(void *fd)
{
	struct pollfd pfd = { .fd = *(int *)fd, .events = POLLIN };

	return (void *)(long)(poll(&pfd, 1, 10000) == 1 ? pfd.revents : 0);
}

static pid_t spawn_poller(int fd)
{
	pid_t child = spawn();

	if (!child) {
		long events = (long)poll_one(&fd);

		_exit(events & (POLLHUP | POLLERR) ? 0 : 1);
	}
	return child;
}

TEST_F(removed, pollers_are_woken)
{
	pid_t child = spawn_poller(self->fd);

	/* On x86 glibc's poll() is the call of that name. */
	await_sleep(child, child, SYS_poll);
	REMOVE();
	EXPECT_EQ(0, reap(child));
	EXPECT_TRUE((long)poll_one(&self->fd) & (POLLHUP | POLLERR));
}

TEST_F(removed, epoll_is_told_once_by_the_edge)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, self->fd, &event));
	EXPECT_EQ(0, epoll_wait(epoll, &event, 1, 0));
	REMOVE();
	EXPECT_EQ(1, epoll_wait(epoll, &event, 1, 10000));
	EXPECT_TRUE(event.events & (EPOLLHUP | EPOLLERR));
	EXPECT_EQ(0, epoll_wait(epoll, &event, 1, 0));
	close(epoll);
}

/* Whoever comes later */

TEST_F(removed, requests_eidrm)
{
	struct kipc_queue_notify notify = { .size = sizeof(notify), .how = KIPC_NOTIFY_NOTHING };
	struct kipc_queue_stat stat;
	char c;

	REMOVE();
	EXPECT_EQ(-EIDRM, put(self->fd, 1, 0, 0));
	EXPECT_EQ(-EIDRM, take_any(self->fd));
	EXPECT_EQ(-EIDRM, look(self->fd, KIPC_SELECT_NTH, 0));
	EXPECT_EQ(-EIDRM, queue_stat(self->fd, 0, 0, &stat));
	EXPECT_EQ(-EIDRM, queue_set_mode(self->fd, 0600));
	EXPECT_EQ(-EIDRM, request(self->fd, KIPC_IOC_QUEUE_NOTIFY, &notify));
	EXPECT_EQ(-1, read(self->fd, &c, 1));
	EXPECT_EQ(EIDRM, errno);
	EXPECT_EQ(-1, write(self->fd, "x", 1));
	EXPECT_EQ(EIDRM, errno);
}

TEST_F(removed, endpoint_is_a_handle_on_a_queue_still)
{
	struct kipc_queue_open arg = queue_args(self->name, KIPC_QUEUE_CREATE | QUEUE_BOTH);

	REMOVE();
	EXPECT_EQ(KIPC_ROLE_QUEUE, endpoint_info(self->fd).role);
	EXPECT_EQ(0, endpoint_info(self->fd).queued);
	EXPECT_EQ(-EISCONN, request(self->fd, KIPC_IOC_QUEUE_OPEN, &arg));
}

TEST_F(removed, name_and_number_enoent)
{
	struct kipc_queue_stat stat;

	REMOVE();
	EXPECT_EQ(-ENOENT, queue_open(self->name, QUEUE_BOTH));
	EXPECT_EQ(-ENOENT, queue_remove(self->none, self->name));
	EXPECT_EQ(-ENOENT, queue_stat(self->none, self->number, 0, &stat));
	EXPECT_EQ(-ENOENT, queue_unlink_with(self->none, NULL, self->number,
					     KIPC_UNLINK_REMOVE));
}

TEST_F(removed, name_is_free_at_once)
{
	int fd;

	FILL();
	REMOVE();
	fd = queue_open(self->name, KIPC_QUEUE_CREATE | KIPC_QUEUE_EXCL | QUEUE_BOTH);
	ASSERT_LE(0, fd);
	EXPECT_NE(self->number, number_of_queue(fd));
	EXPECT_EQ(0, put(fd, 1, 0, 0));
	EXPECT_EQ(-EIDRM, put(self->fd, 1, 0, 0));
	EXPECT_EQ(1, take_any(fd));
	close(fd);
}

TEST_F(removed, one_that_nobody_has_open)
{
	FILL();
	close(self->fd);
	REMOVE();
	EXPECT_EQ(-ENOENT, queue_open(self->name, QUEUE_BOTH));
}

TEST_F(removed, one_whose_name_was_taken_away_cannot_be_by_name)
{
	ASSERT_EQ(0, queue_unlink(self->name));
	EXPECT_EQ(-ENOENT, queue_remove(self->none, self->name));
	EXPECT_EQ(0, put(self->fd, 1, 0, 0));
}

/* What was in it */

static int send_empty(void *name)
{
	int fd = queue_open(name, KIPC_QUEUE_SEND), n = 0;

	while (n < 100 && !queue_send_now(fd, "", 0))
		n++;
	return n;
}

TEST_F(removed, its_messages_are_paid_back)
{
	char name[KIPC_NAME_SIZE];
	int other = queue_make(name, 0, 0, 0);

	ASSERT_EQ(0, queue_set_max_msgs(self->fd, 100));
	ASSERT_EQ(0, parameter_set("max_queue_msgs", 7));
	EXPECT_EQ(7, as_user(USER, send_empty, self->name));
	EXPECT_EQ(0, as_user(USER, send_empty, name));
	REMOVE();
	EXPECT_EQ(7, as_user(USER, send_empty, name));
	close(other);
	queue_unlink(name);
}

TEST_F(removed, its_descriptors_are_let_go_of)
{
	struct kipc_queue_send send = queue_send_args("x", 1);

	send.payload.fds = (uintptr_t)&self->pipe[1];
	send.payload.fd_count = 1;
	ASSERT_EQ(0, request(self->fd, KIPC_IOC_QUEUE_SEND, &send));
	close(self->pipe[1]);
	EXPECT_TRUE(pipe_is_open(self->pipe[0]));
	REMOVE();
	EXPECT_TRUE(pipe_ends(self->pipe[0]));
}

/* Without REMOVE the queue would still be there: nobody would have it open any more. */
static int make_and_remove(void *arg)
{
	char name[KIPC_NAME_SIZE];
	int fd, i;

	for (i = 0; i < 5; i++) {
		fd = queue_make(name, 0, 0, 0);
		if (fd < 0)
			return -fd;
		if (queue_remove(fd, name))
			return 1;
		close(fd);
	}
	return 0;
}

TEST_F(removed, its_name_is_paid_back)
{
	ASSERT_EQ(0, parameter_set("max_names", 1));
	EXPECT_EQ(0, as_user(USER, make_and_remove, NULL));
}

/* A message that a thread copies to or from a page that does not come */
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

TEST_F(removed, while_its_messages_are_copied)
{
	pid_t children[2];
	int i;

	ASSERT_EQ(0, queue_send(self->fd, "1", 1));
	for (i = 0; i < 2; i++) {
		children[i] = spawn_stalled(self->fd, i);
		ASSERT_TRUE(await_sleep(children[i], children[i], SYS_ioctl));
	}
	REMOVE();
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, waitpid(children[i], NULL, WNOHANG));
		EXPECT_EQ(128 + SIGKILL, kill_and_reap(children[i]));
	}
	EXPECT_EQ(-EIDRM, put(self->fd, 1, 0, 0));
}

/* Only the name */

TEST_F(removed, plain_unlink_keeps_it_for_those_who_have_it)
{
	struct taker taker;

	ASSERT_EQ(0, taker_start(&taker, self->fd, KIPC_SELECT_TYPE, 7));
	ASSERT_EQ(0, put(self->fd, 1, 0, 0));
	ASSERT_EQ(0, queue_unlink(self->name));
	EXPECT_STREQ("", stat_of(self->fd).name);
	EXPECT_EQ(1, stat_of(self->fd).receivers);
	ASSERT_EQ(0, put(self->fd, 2, 7, 0));
	EXPECT_EQ(2, taker_end(&taker));
	EXPECT_EQ(1, take_any(self->fd));
	EXPECT_FALSE((long)revents(self->fd, 0) & (POLLHUP | POLLERR));
}

/* Who may */

static int try_to_remove(void *name)
{
	return -queue_remove(endpoint_open(), name);
}

TEST_F(removed, by_another_user_eacces)
{
	struct kipc_queue_set set = set_args(KIPC_SET_UID);

	EXPECT_EQ(EACCES, as_user(USER, try_to_remove, self->name));
	EXPECT_EQ(0, put(self->fd, 1, 0, 0));
	set.uid = USER;
	ASSERT_EQ(0, request(self->fd, KIPC_IOC_QUEUE_SET, &set));
	EXPECT_EQ(EACCES, as_user(OTHER, try_to_remove, self->name));
	EXPECT_EQ(0, as_user(USER, try_to_remove, self->name));
	EXPECT_EQ(-EIDRM, put(self->fd, 1, 0, 0));
}

/* Under everybody's hands */

static void use_until_removed(const char *name, int what)
{
	int fd, err, number = 1;
	struct kipc_queue_recv recv;
	struct kipc_queue_send send;

	for (;;) {
		fd = queue_open(name, KIPC_QUEUE_CREATE | QUEUE_BOTH);
		if (fd < 0)
			_exit(1);
		do {
			recv = take_args(&number, KIPC_SELECT_URGENT, 0);
			send = put_args(&number, 0, 0);
			err = what ? request(fd, KIPC_IOC_QUEUE_SEND, &send) :
				     request(fd, KIPC_IOC_QUEUE_RECV, &recv);
		} while (!err);
		close(fd);
		if (err != -EIDRM)
			_exit(2);
	}
}

TEST_F(removed, again_and_again_under_users)
{
	uint64_t end = in_ms(10000);
	pid_t children[4];
	int i, removed = 0;

	for (i = 0; i < 4; i++) {
		children[i] = spawn();
		if (!children[i])
			use_until_removed(self->name, i % 2);
	}
	while (removed < 100 && now_ns() < end) {
		removed += !queue_remove(self->none, self->name);
		usleep(removed * 37 % 1000);
	}
	EXPECT_EQ(100, removed);
	for (i = 0; i < 4; i++)
		EXPECT_EQ(128 + SIGKILL, kill_and_reap(children[i]));
}

TEST_HARNESS_MAIN
