// SPDX-License-Identifier: GPL-2.0
/*
 * Numbers: a queue is found by its number through any endpoint of its network namespace,
 * and its mode says at each request what the caller may do.  Queues without a name have no
 * number: they are found through a handle, which can be given away with fewer rights.
 */
#include <sched.h>

#include "queue_test.h"

FIXTURE(number)
{
	char name[KIPC_NAME_SIZE];
	int fd;
	int none;		/* an endpoint without a role */
	unsigned int number;
};

FIXTURE_SETUP(number)
{
	umask(0);
	self->fd = queue_make(self->name, 0, 0, 0);
	ASSERT_LE(0, self->fd);
	self->none = endpoint_open();
	ASSERT_LE(0, self->none);
	self->number = number_of_queue(self->fd);
}

FIXTURE_TEARDOWN(number)
{
	/* Through this one: the test may have left the network. */
	queue_unlink_with(self->none, self->name, 0, 0);
	close(self->none);
	close(self->fd);
}

/* Requests by number, which do not wait */

static int put_to(int fd, unsigned int queue, int number)
{
	struct kipc_queue_send arg = put_args(&number, 0, 0);

	arg.flags = KIPC_F_NONBLOCK;
	arg.number = queue;
	return request(fd, KIPC_IOC_QUEUE_SEND, &arg);
}

static int take_from(int fd, unsigned int queue)
{
	int number, err;
	struct kipc_queue_recv arg = take_args(&number, KIPC_SELECT_URGENT, 0);

	arg.flags = KIPC_F_NONBLOCK;
	arg.number = queue;
	err = request(fd, KIPC_IOC_QUEUE_RECV, &arg);
	return err ?: number;
}

static int set_mode_of(int fd, unsigned int queue, unsigned int mode)
{
	struct kipc_queue_set arg = set_args(KIPC_SET_MODE);

	arg.number = queue;
	arg.mode = mode;
	return request(fd, KIPC_IOC_QUEUE_SET, &arg);
}

static int stat_by(int fd, unsigned int queue, unsigned int flags)
{
	struct kipc_queue_stat stat;

	return queue_stat(fd, queue, flags, &stat);
}

static int open_with(const char *name, unsigned int flags, struct kipc_queue_open *arg)
{
	int fd = endpoint_open(), err;

	if (fd < 0)
		return fd;
	*arg = queue_args(name, flags);
	err = request(fd, KIPC_IOC_QUEUE_OPEN, arg);
	if (!err)
		return fd;
	close(fd);
	return err;
}

/* What open tells */

TEST_F(number, open_tells_it)
{
	struct kipc_queue_open arg;
	int fd = open_with(self->name, QUEUE_BOTH, &arg);

	ASSERT_LE(0, fd);
	EXPECT_LT(0, arg.number);
	EXPECT_GE(INT_MAX, arg.number);
	EXPECT_EQ(self->number, arg.number);
	EXPECT_EQ(self->number, number_of_queue(fd));
	close(fd);
}

TEST_F(number, each_queue_has_its_own)
{
	char name[KIPC_NAME_SIZE];
	int fd = queue_make(name, 0, 0, 0);

	EXPECT_NE(self->number, number_of_queue(fd));
	close(fd);
	queue_unlink(name);
}

TEST_F(number, stays_while_nobody_has_it_open)
{
	close(self->fd);
	ASSERT_EQ(0, put_to(self->none, self->number, 1));
	self->fd = queue_open(self->name, QUEUE_BOTH);
	EXPECT_EQ(self->number, number_of_queue(self->fd));
	EXPECT_EQ(1, take_any(self->fd));
}

TEST_F(number, is_not_soon_given_to_another)
{
	unsigned int last = self->number, next;
	char name[KIPC_NAME_SIZE];
	int i, fd;

	for (i = 0; i < 20; i++) {
		fd = queue_make(name, 0, 0, 0);
		ASSERT_LE(0, fd);
		next = number_of_queue(fd);
		EXPECT_NE(self->number, next);
		EXPECT_NE(last, next);
		last = next;
		close(fd);
		ASSERT_EQ(0, queue_remove(self->none, name));
		EXPECT_EQ(-ENOENT, stat_by(self->none, last, 0));
	}
}

/* Requests by number */

TEST_F(number, send_and_receive_through_an_endpoint_without_a_role)
{
	EXPECT_EQ(0, put_to(self->none, self->number, 1));
	EXPECT_EQ(1, stat_of(self->fd).msgs);
	EXPECT_EQ(1, take_from(self->none, self->number));
	EXPECT_EQ(-EAGAIN, take_from(self->none, self->number));
	EXPECT_EQ(KIPC_ROLE_NONE, endpoint_info(self->none).role);
}

TEST_F(number, send_and_receive_through_a_channel)
{
	struct end server, client;

	ASSERT_EQ(0, end_serve(&server, self->name, 0));
	ASSERT_EQ(0, end_connect(&client, self->name, 0));
	EXPECT_EQ(0, put_to(server.fd, self->number, 1));
	EXPECT_EQ(1, take_from(client.fd, self->number));
	EXPECT_EQ(0, put_to(client.fd, self->number, 2));
	EXPECT_EQ(2, take_from(server.fd, self->number));
	EXPECT_EQ(0, stat_by(server.fd, self->number, 0));
	EXPECT_EQ(0, set_mode_of(server.fd, self->number, 0600));
	EXPECT_EQ(0, queue_unlink_with(client.fd, NULL, self->number, 0));
	end_close(&client);
	end_close(&server);
}

/* A handle's own queue is 0; a number is a number. */
TEST_F(number, send_and_receive_through_a_handle_on_another)
{
	char name[KIPC_NAME_SIZE];
	int fd = queue_make(name, 0, 0, 0);

	EXPECT_EQ(0, put_to(fd, self->number, 1));
	EXPECT_EQ(0, put_to(fd, 0, 2));
	EXPECT_EQ(1, take_any(self->fd));
	EXPECT_EQ(2, take_any(fd));
	EXPECT_EQ(-EAGAIN, take_from(fd, self->number));
	close(fd);
	queue_unlink(name);
}

/* By number it is the mode that counts, not what the handle was opened for. */
TEST_F(number, of_its_own_queue_is_not_bound_by_the_handle)
{
	int fd = queue_open(self->name, KIPC_QUEUE_SEND);

	ASSERT_EQ(0, put(fd, 1, 0, 0));
	EXPECT_EQ(-EBADF, take_any(fd));
	EXPECT_EQ(1, take_from(fd, self->number));
	close(fd);
}

TEST_F(number, waits_and_is_served)
{
	struct taker taker;
	struct putter putter;

	taker.arg = take_args(&taker.number, KIPC_SELECT_URGENT, 0);
	taker.arg.number = self->number;
	ASSERT_EQ(0, ask_and_wait(&taker.asker, self->none, KIPC_IOC_QUEUE_RECV, &taker.arg));
	ASSERT_EQ(0, put(self->fd, 1, 0, 0));
	EXPECT_EQ(1, taker_end(&taker));

	ASSERT_EQ(0, queue_set_max_msgs(self->fd, 1));
	ASSERT_EQ(0, put(self->fd, 2, 0, 0));
	putter.number = 3;
	putter.arg = put_args(&putter.number, 0, 0);
	putter.arg.number = self->number;
	ASSERT_EQ(0, ask_and_wait(&putter.asker, self->none, KIPC_IOC_QUEUE_SEND, &putter.arg));
	EXPECT_EQ(2, take_any(self->fd));
	EXPECT_EQ(0, putter_end(&putter));
	EXPECT_EQ(3, take_any(self->fd));
}

TEST_F(number, batches)
{
	struct kipc_queue_item items[2] = { { .payload = payload_of("a", 1) },
					    { .payload = payload_of("b", 1) } };
	struct kipc_queue_send_batch send = {
		.size = sizeof(send),
		.items = (uintptr_t)items,
		.count = 2,
		.number = self->number,
	};
	struct kipc_header msgs[3];
	char buf[32];
	struct kipc_queue_recv_batch recv = {
		.size = sizeof(recv),
		.data = (uintptr_t)buf,
		.len = sizeof(buf),
		.msgs = (uintptr_t)msgs,
		.count = 3,
		.number = self->number,
	};

	EXPECT_EQ(0, request(self->none, KIPC_IOC_QUEUE_SEND_BATCH, &send));
	EXPECT_EQ(2, send.done);
	EXPECT_EQ(0, request(self->none, KIPC_IOC_QUEUE_RECV_BATCH, &recv));
	EXPECT_EQ(2, recv.done);
	EXPECT_EQ('b', buf[msgs[1].offset]);
}

TEST_F(number, set_and_unlink)
{
	EXPECT_EQ(0, set_mode_of(self->none, self->number, 0640));
	EXPECT_EQ(0640, stat_of(self->fd).mode);
	EXPECT_EQ(0, queue_unlink_with(self->none, NULL, self->number, 0));
	EXPECT_EQ(-ENOENT, queue_open(self->name, QUEUE_BOTH));
	EXPECT_EQ(0, put(self->fd, 1, 0, 0));
}

TEST_F(number, remove)
{
	EXPECT_EQ(0, queue_unlink_with(self->none, NULL, self->number, KIPC_UNLINK_REMOVE));
	EXPECT_EQ(-ENOENT, queue_open(self->name, QUEUE_BOTH));
	EXPECT_EQ(-EIDRM, put(self->fd, 1, 0, 0));
	EXPECT_EQ(-ENOENT, put_to(self->none, self->number, 1));
}

TEST_F(number, of_no_queue_enoent)
{
	static const unsigned int numbers[] = { INT_MAX, INT_MAX + 1U, ~0U };
	int i;

	for (i = 0; i < 3; i++) {
		EXPECT_EQ(-ENOENT, put_to(self->none, numbers[i], 1));
		EXPECT_EQ(-ENOENT, take_from(self->none, numbers[i]));
		EXPECT_EQ(-ENOENT, stat_by(self->none, numbers[i], 0));
		EXPECT_EQ(-ENOENT, set_mode_of(self->none, numbers[i], 0600));
		EXPECT_EQ(-ENOENT, queue_unlink_with(self->none, NULL, numbers[i], 0));
		EXPECT_EQ(-ENOENT, put_to(self->fd, numbers[i], 1));
	}
}

/* Who may */

/* What a user may do to the fixture's queue by number, as bits */
#define MAY_SEND	1
#define MAY_RECV	2
#define MAY_LOOK	4	/* STAT, which nobody needs permission for */
#define MAY_PERMIT	8	/* STAT with PERMIT */
#define MAY_SET		16
#define ODD		32	/* an error that is none of these */

static int may(int err, int bit, int refused)
{
	return err >= 0 || err == -EAGAIN ? bit : err == refused ? 0 : ODD;
}

static int what_one_may(void *arg)
{
	struct _test_data_number *self = arg;

	int it;

	it = may(put_to(self->none, self->number, 1), MAY_SEND, -EACCES);
	it |= may(take_from(self->none, self->number), MAY_RECV, -EACCES);
	it |= may(stat_by(self->none, self->number, 0), MAY_LOOK, 0);
	it |= may(stat_by(self->none, self->number, KIPC_STAT_PERMIT), MAY_PERMIT, -EACCES);
	it |= may(set_mode_of(self->none, self->number, 0777), MAY_SET, -EPERM);
	return it;
}

TEST_F(number, mode_says_who_may)
{
	static const struct {
		unsigned int mode;
		int may;
	} cases[] = {
		{ 0600, MAY_LOOK },
		{ 0000, MAY_LOOK },
		{ 0602, MAY_LOOK | MAY_SEND },
		{ 0604, MAY_LOOK | MAY_RECV | MAY_PERMIT },
		{ 0606, MAY_LOOK | MAY_SEND | MAY_RECV | MAY_PERMIT },
		{ 0660, MAY_LOOK },
	};
	int i;

	for (i = 0; i < 6; i++) {
		ASSERT_EQ(0, queue_set_mode(self->fd, cases[i].mode));
		EXPECT_EQ(cases[i].may, as_user(USER, what_one_may, self))
			TH_LOG("mode %o", cases[i].mode);
		/* Root may in any case. */
		EXPECT_EQ(0, put_to(self->none, self->number, 1));
		EXPECT_EQ(1, take_from(self->none, self->number));
		drain(self->fd);
	}
}

TEST_F(number, owner_and_group_may_what_their_bits_say)
{
	struct kipc_queue_set set = set_args(KIPC_SET_UID | KIPC_SET_GID | KIPC_SET_MODE);

	set.uid = USER;
	set.gid = 0;
	set.mode = 0200;
	ASSERT_EQ(0, request(self->fd, KIPC_IOC_QUEUE_SET, &set));
	EXPECT_EQ(MAY_LOOK | MAY_SEND | MAY_SET, as_user(USER, what_one_may, self));
	EXPECT_EQ(0777, stat_of(self->fd).mode);
	set.uid = 0;
	set.gid = USER;
	set.mode = 0060;
	ASSERT_EQ(0, request(self->fd, KIPC_IOC_QUEUE_SET, &set));
	EXPECT_EQ(MAY_LOOK | MAY_SEND | MAY_RECV | MAY_PERMIT,
		  as_user(USER, what_one_may, self));
	EXPECT_EQ(MAY_LOOK, as_user(OTHER, what_one_may, self));
}

static int open_and_wait_for_the_mode(void *arg)
{
	struct _test_data_number *self = arg;
	int fd = queue_open(self->name, QUEUE_BOTH), i, err = 0;

	if (fd < 0 || put_to(self->none, self->number, 1))
		return 1;
	for (i = 0; i < 2000 && err != -EACCES; i++) {
		err = put_to(self->none, self->number, 1);
		nap_ms(1);
	}
	/* What is open stays open. */
	if (put(fd, 2, 0, 0) || drain(fd) < 2)
		return 2;
	if (take_from(self->none, self->number) != -EACCES)
		return 3;
	return queue_open(self->name, QUEUE_BOTH) == -EACCES ? 0 : 4;
}

TEST_F(number, mode_holds_from_then_on)
{
	pid_t child = spawn();

	if (!child)
		_exit(become(USER) ? 255 : open_and_wait_for_the_mode(self));
	while (!stat_of(self->fd).msgs)
		nap_ms(1);
	ASSERT_EQ(0, queue_set_mode(self->fd, 0600));
	EXPECT_EQ(0, reap(child));
}

static int unlink_by_number(void *arg)
{
	struct _test_data_number *self = arg;
	int err = queue_unlink_with(self->none, NULL, self->number, 0);

	if (!err)
		return 0;
	return err == queue_unlink_with(self->none, NULL, self->number, KIPC_UNLINK_REMOVE) ?
	       -err : 255;
}

TEST_F(number, unlink_is_its_owner_s)
{
	struct kipc_queue_set set = set_args(KIPC_SET_UID);

	EXPECT_EQ(EACCES, as_user(USER, unlink_by_number, self));
	EXPECT_EQ(0, put(self->fd, 1, 0, 0));
	set.uid = USER;
	ASSERT_EQ(0, request(self->fd, KIPC_IOC_QUEUE_SET, &set));
	EXPECT_EQ(EACCES, as_user(OTHER, unlink_by_number, self));
	EXPECT_EQ(0, as_user(USER, unlink_by_number, self));
}

/* The endpoint is of no account: whoever opened it, it is the caller that is asked. */
TEST_F(number, caller_is_asked_and_not_who_opened_the_endpoint)
{
	ASSERT_EQ(0, queue_set_mode(self->fd, 0600));
	EXPECT_EQ(MAY_LOOK, as_user(USER, what_one_may, self));
	EXPECT_EQ(0, put_to(self->none, self->number, 1));
}

/* Networks */

TEST_F(number, of_another_network_enoent)
{
	struct kipc_queue_stat stat;
	int there;

	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	there = endpoint_open();
	EXPECT_EQ(-ENOENT, put_to(there, self->number, 1));
	EXPECT_EQ(-ENOENT, take_from(there, self->number));
	EXPECT_EQ(-ENOENT, stat_by(there, self->number, 0));
	EXPECT_EQ(-ENOENT, queue_stat(there, 0, KIPC_STAT_NEXT, &stat));
	EXPECT_EQ(-ENOENT, queue_unlink_with(there, NULL, self->number, 0));
	/* It is the open of the device that counts. */
	EXPECT_EQ(0, put_to(self->none, self->number, 1));
	close(there);
}

/* Looking at all of them */

TEST_F(number, next_goes_through_all_in_order)
{
	char names[10][KIPC_NAME_SIZE];
	unsigned int numbers[10], last = 0;
	struct kipc_queue_stat stat;
	int fds[10], seen[10] = { }, i, n = 0, err;

	for (i = 0; i < 10; i++) {
		fds[i] = queue_make(names[i], i + 1, 0, 0);
		numbers[i] = number_of_queue(fds[i]);
	}
	for (;;) {
		err = queue_stat(self->none, last, KIPC_STAT_NEXT, &stat);
		if (err)
			break;
		ASSERT_LT(last, stat.number);
		last = stat.number;
		n++;
		for (i = 0; i < 10; i++) {
			if (numbers[i] != stat.number)
				continue;
			seen[i]++;
			EXPECT_EQ(i + 1, stat.max_msgs);
			EXPECT_STREQ(names[i], stat.name);
		}
	}
	EXPECT_EQ(-ENOENT, err);
	EXPECT_LE(11, n);
	for (i = 0; i < 10; i++) {
		EXPECT_EQ(1, seen[i]);
		close(fds[i]);
		queue_unlink(names[i]);
	}
	EXPECT_EQ(-ENOENT, queue_stat(self->none, ~0U, KIPC_STAT_NEXT, &stat));
	EXPECT_EQ(-ENOENT, queue_stat(self->none, INT_MAX, KIPC_STAT_NEXT, &stat));
}

TEST_F(number, next_on_a_handle_is_not_about_its_own)
{
	struct kipc_queue_stat stat;

	ASSERT_EQ(0, queue_stat(self->fd, self->number - 1, KIPC_STAT_NEXT, &stat));
	EXPECT_EQ(self->number, stat.number);
	if (!queue_stat(self->fd, self->number, KIPC_STAT_NEXT, &stat))
		EXPECT_LT(self->number, stat.number);
}

static int next_with_permission(void *arg)
{
	struct _test_data_number *self = arg;

	return -stat_by(self->none, self->number - 1, KIPC_STAT_NEXT | KIPC_STAT_PERMIT);
}

TEST_F(number, next_with_permit_eacces)
{
	EXPECT_EQ(0, as_user(USER, next_with_permission, self));
	ASSERT_EQ(0, queue_set_mode(self->fd, 0600));
	EXPECT_EQ(EACCES, as_user(USER, next_with_permission, self));
}

/* Queues without a name */

static int open_anonymous(struct kipc_queue_open *arg)
{
	return open_with("", KIPC_QUEUE_CREATE | KIPC_QUEUE_ANONYMOUS | QUEUE_BOTH, arg);
}

static int open_same(int handle, unsigned int flags)
{
	struct kipc_queue_open arg = queue_args("", flags | KIPC_QUEUE_SAME);
	int fd = endpoint_open(), err;

	arg.handle = handle;
	err = request(fd, KIPC_IOC_QUEUE_OPEN, &arg);
	if (!err)
		return fd;
	close(fd);
	return err;
}

TEST_F(number, anonymous_has_none)
{
	struct kipc_queue_open arg;
	struct kipc_queue_stat stat;
	int fd = open_anonymous(&arg);

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, arg.number);
	EXPECT_LT(0, arg.max_msgs);
	EXPECT_EQ(0, queue_stat(fd, 0, 0, &stat));
	EXPECT_EQ(0, stat.number);
	EXPECT_STREQ("", stat.name);
	EXPECT_EQ(0, put(fd, 1, 0, 0));
	EXPECT_EQ(1, take_any(fd));
	close(fd);
}

TEST_F(number, anonymous_are_each_their_own)
{
	struct kipc_queue_open arg;
	int a = open_anonymous(&arg), b = open_anonymous(&arg);

	EXPECT_EQ(0, put(a, 1, 0, 0));
	EXPECT_EQ(-EAGAIN, take_any(b));
	EXPECT_EQ(1, take_any(a));
	close(a);
	close(b);
}

TEST_F(number, anonymous_is_shared_over_fork)
{
	struct kipc_queue_open arg;
	int fd = open_anonymous(&arg);
	pid_t child = spawn();

	if (!child)
		_exit(-put(fd, 7, 0, 0));
	EXPECT_EQ(0, reap(child));
	EXPECT_EQ(7, take_any(fd));
	close(fd);
}

TEST_F(number, anonymous_goes_with_its_last_handle)
{
	struct kipc_queue_open arg;
	int fd = open_anonymous(&arg), same = open_same(fd, QUEUE_BOTH);

	ASSERT_LE(0, same);
	EXPECT_EQ(0, put(fd, 1, 0, 0));
	close(fd);
	EXPECT_EQ(1, take_any(same));
	EXPECT_EQ(0, put(same, 1, 0, 0));
	close(same);
}

TEST_F(number, same_is_the_same_queue)
{
	int same = open_same(self->fd, QUEUE_BOTH);

	ASSERT_LE(0, same);
	EXPECT_EQ(self->number, number_of_queue(same));
	EXPECT_EQ(0, put(same, 1, 0, 0));
	EXPECT_EQ(1, take_any(self->fd));
	close(same);
}

TEST_F(number, same_with_fewer_rights)
{
	int send = open_same(self->fd, KIPC_QUEUE_SEND);
	int recv = open_same(self->fd, KIPC_QUEUE_RECV);

	ASSERT_LE(0, send);
	ASSERT_LE(0, recv);
	EXPECT_EQ(0, put(send, 1, 0, 0));
	EXPECT_EQ(-EBADF, take_any(send));
	EXPECT_EQ(-EBADF, put(recv, 1, 0, 0));
	EXPECT_EQ(1, take_any(recv));
	close(send);
	close(recv);
}

TEST_F(number, same_with_more_rights_eacces)
{
	int send = open_same(self->fd, KIPC_QUEUE_SEND);

	EXPECT_EQ(-EACCES, open_same(send, KIPC_QUEUE_RECV));
	EXPECT_EQ(-EACCES, open_same(send, QUEUE_BOTH));
	EXPECT_LE(0, open_same(send, KIPC_QUEUE_SEND));
	close(send);
}

/* The handle says what its holder may do, not the mode. */
static int open_same_of_a_closed_queue(void *arg)
{
	int fd = open_same(*(int *)arg, QUEUE_BOTH);

	return fd < 0 ? -fd : -put(fd, 1, 0, 0);
}

TEST_F(number, same_does_not_ask_the_mode)
{
	ASSERT_EQ(0, queue_set_mode(self->fd, 0));
	EXPECT_EQ(0, as_user(USER, open_same_of_a_closed_queue, &self->fd));
	EXPECT_EQ(1, take_any(self->fd));
}

TEST_F(number, same_of_what_is_no_queue_ebadf)
{
	struct end server;

	ASSERT_EQ(0, end_serve(&server, self->name, 0));
	EXPECT_EQ(-EBADF, open_same(-1, QUEUE_BOTH));
	EXPECT_EQ(-EBADF, open_same(1000, QUEUE_BOTH));
	EXPECT_EQ(-EBADF, open_same(0, QUEUE_BOTH));
	EXPECT_EQ(-EBADF, open_same(self->none, QUEUE_BOTH));
	EXPECT_EQ(-EBADF, open_same(server.fd, QUEUE_BOTH));
	end_close(&server);
}

TEST_F(number, same_of_a_removed_queue_eidrm)
{
	ASSERT_EQ(0, queue_remove(self->none, self->name));
	EXPECT_EQ(-EIDRM, open_same(self->fd, QUEUE_BOTH));
}

TEST_HARNESS_MAIN
