// SPDX-License-Identifier: GPL-2.0
/*
 * Descriptors in a queue's messages: they wait with their message, are installed for
 * whoever receives it and wants them, and let go of with it, however it ends.
 *
 * The witness is a pipe.  Its write end goes into a message and is closed here, so its
 * read end sees the end when the message lets go, and not before.
 */
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <linux/io_uring.h>
#include <linux/kcmp.h>

#include "queue_test.h"

FIXTURE(fds)
{
	char name[KIPC_NAME_SIZE];
	int fd;
	int file;			/* something to send */
	int pipe[2];
	int got[KIPC_FDS_MAX + 1];
	char buf[16];
	struct kipc_queue_recv arg;
	long max_fds;
};

FIXTURE_SETUP(fds)
{
	umask(0);
	self->fd = queue_make(self->name, 4, 0, 0);
	ASSERT_LE(0, self->fd);
	self->file = memfd_create("sent", 0);
	ASSERT_LE(0, self->file);
	ASSERT_EQ(0, pipe2(self->pipe, O_CLOEXEC | O_NONBLOCK));
	self->max_fds = parameter_get("max_fds");
	ASSERT_LT(0, self->max_fds);
	self->arg = queue_recv_args(self->buf, sizeof(self->buf));
	self->arg.flags = KIPC_F_NONBLOCK;
	self->arg.fds = (uintptr_t)self->got;
}

FIXTURE_TEARDOWN_PARENT(fds)
{
	parameter_set("max_fds", self->max_fds);
	queue_unlink(self->name);
}

static bool same_file(int a, int b)
{
	return !syscall(SYS_kcmp, getpid(), getpid(), KCMP_FILE, a, b);
}

static int send_fds(int fd, const int *fds, unsigned int count)
{
	struct kipc_queue_send arg = queue_send_args("fds", 3);

	arg.flags = KIPC_F_NONBLOCK;
	arg.payload.fds = (uintptr_t)fds;
	arg.payload.fd_count = count;
	return request(fd, KIPC_IOC_QUEUE_SEND, &arg);
}

#define SEND(fds, count)	send_fds(self->fd, fds, count)
#define RECV()			request(self->fd, KIPC_IOC_QUEUE_RECV, &self->arg)

/* Receive with room for so many. */
static int recv_fds(struct _test_data_fds *self, unsigned int count)
{
	self->arg.fd_count = count;
	self->arg.fd_done = 77;
	return RECV();
}

#define SEND_WRITE_END() do {					\
	ASSERT_EQ(0, SEND(&self->pipe[1], 1));			\
	close(self->pipe[1]);					\
	EXPECT_CARRIED();					\
} while (0)

#define EXPECT_CARRIED()	EXPECT_TRUE(pipe_is_open(self->pipe[0]))
#define EXPECT_LET_GO()		EXPECT_TRUE(pipe_ends(self->pipe[0]))

/* Arriving */

TEST_F(fds, are_installed_with_the_message)
{
	int fds[2] = { self->file, 0 };

	ASSERT_EQ(0, SEND(fds, 2));
	ASSERT_EQ(0, recv_fds(self, 2));
	EXPECT_EQ(2, self->arg.msg.fd_count);
	EXPECT_EQ(2, self->arg.fd_done);
	EXPECT_EQ(0, memcmp(self->buf, "fds", 3));
	EXPECT_TRUE(same_file(self->file, self->got[0]));
	EXPECT_TRUE(same_file(0, self->got[1]));
}

TEST_F(fds, are_close_on_exec)
{
	EXPECT_EQ(0, fcntl(self->file, F_GETFD));
	ASSERT_EQ(0, SEND(&self->file, 1));
	ASSERT_EQ(0, recv_fds(self, 1));
	EXPECT_EQ(FD_CLOEXEC, fcntl(self->got[0], F_GETFD));
}

TEST_F(fds, with_more_room_than_descriptors)
{
	ASSERT_EQ(0, SEND(&self->file, 1));
	self->got[1] = 77;
	ASSERT_EQ(0, recv_fds(self, KIPC_FDS_MAX));
	EXPECT_EQ(1, self->arg.fd_done);
	EXPECT_TRUE(same_file(self->file, self->got[0]));
	EXPECT_EQ(77, self->got[1]);
	ASSERT_EQ(0, SEND(NULL, 0));
	ASSERT_EQ(0, recv_fds(self, 3));
	EXPECT_EQ(0, self->arg.fd_done);
	EXPECT_EQ(0, self->arg.msg.fd_count);
}

TEST_F(fds, with_less_room_the_rest_goes)
{
	int fds[3] = { self->file, 0, self->pipe[1] };
	int before;

	ASSERT_EQ(0, SEND(fds, 3));
	close(self->pipe[1]);
	before = count_open();
	self->got[2] = 77;
	ASSERT_EQ(0, recv_fds(self, 2));
	EXPECT_EQ(3, self->arg.msg.fd_count);
	EXPECT_EQ(2, self->arg.fd_done);
	EXPECT_TRUE(same_file(self->file, self->got[0]));
	EXPECT_TRUE(same_file(0, self->got[1]));
	EXPECT_EQ(77, self->got[2]);
	EXPECT_EQ(before + 2, count_open());
	EXPECT_LET_GO();
}

TEST_F(fds, as_many_as_a_message_may_have)
{
	int fds[KIPC_FDS_MAX + 1] = { }, i;

	for (i = 0; i < KIPC_FDS_MAX; i++)
		fds[i] = i % 2 ? 0 : self->file;
	EXPECT_EQ(-EINVAL, SEND(fds, KIPC_FDS_MAX + 1));
	ASSERT_EQ(0, SEND(fds, KIPC_FDS_MAX));
	ASSERT_EQ(0, recv_fds(self, KIPC_FDS_MAX));
	EXPECT_EQ(KIPC_FDS_MAX, self->arg.fd_done);
	for (i = 0; i < KIPC_FDS_MAX; i++)
		ASSERT_TRUE(same_file(fds[i], self->got[i]));
}

TEST_F(fds, each_message_has_its_own)
{
	int fds[2] = { self->file, 0 }, i;

	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, SEND(&fds[i], 1));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, recv_fds(self, 1));
		EXPECT_TRUE(same_file(fds[i], self->got[0]));
	}
}

TEST_F(fds, of_a_batch)
{
	int fds[2] = { self->file, 0 }, i;
	struct kipc_queue_item items[2] = {
		{ .payload = payload_fds("a", 1, &fds[0], 1) },
		{ .payload = payload_fds("b", 1, &fds[1], 1) },
	};
	struct kipc_queue_send_batch batch = {
		.size = sizeof(batch),
		.items = (uintptr_t)items,
		.count = 2,
	};

	ASSERT_EQ(0, request(self->fd, KIPC_IOC_QUEUE_SEND_BATCH, &batch));
	EXPECT_EQ(2, batch.done);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, recv_fds(self, 1));
		EXPECT_TRUE(same_file(fds[i], self->got[0]));
	}
}

TEST_F(fds, go_to_a_receiver_that_waits)
{
	struct asker asker;

	self->arg.flags = 0;
	self->arg.fd_count = 1;
	ASSERT_EQ(0, ask_and_wait(&asker, self->fd, KIPC_IOC_QUEUE_RECV, &self->arg));
	ASSERT_EQ(0, SEND(&self->file, 1));
	EXPECT_EQ(0, ask_end(&asker));
	EXPECT_EQ(1, self->arg.fd_done);
	EXPECT_TRUE(same_file(self->file, self->got[0]));
}

TEST_F(fds, go_to_another_process)
{
	pid_t child;

	ASSERT_EQ(4, write(self->file, "1234", 4));
	child = spawn();
	if (!child)
		_exit(-SEND(&self->file, 1));
	EXPECT_EQ(0, reap(child));
	ASSERT_EQ(0, recv_fds(self, 1));
	EXPECT_EQ(child, self->arg.msg.pid);
	EXPECT_EQ(4, lseek(self->got[0], 0, SEEK_CUR));
}

TEST_F(fds, of_a_message_that_is_peeked_at_are_installed_too)
{
	int i;

	ASSERT_EQ(0, SEND(&self->file, 1));
	self->arg.flags |= KIPC_RECV_PEEK;
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, recv_fds(self, 1));
		EXPECT_EQ(1, self->arg.fd_done);
		EXPECT_TRUE(same_file(self->file, self->got[0]));
	}
	self->arg.flags = KIPC_F_NONBLOCK;
	ASSERT_EQ(0, recv_fds(self, 1));
	EXPECT_TRUE(same_file(self->file, self->got[0]));
	EXPECT_EQ(-EAGAIN, recv_fds(self, 1));
}

TEST_F(fds, of_a_message_that_is_cut_off_are_installed_too)
{
	ASSERT_EQ(0, SEND(&self->file, 1));
	self->arg.flags |= KIPC_RECV_TRUNCATE;
	self->arg.len = 1;
	ASSERT_EQ(0, recv_fds(self, 1));
	EXPECT_EQ(1, self->arg.fd_done);
	EXPECT_TRUE(same_file(self->file, self->got[0]));
}

/* Receiving fails: the message is there, with all of them, and none is installed. */

#define EXPECT_STILL_THERE(count) do {				\
	unsigned int all = count;				\
								\
	EXPECT_EQ(before, count_open());			\
	EXPECT_EQ(1, stat_of(self->fd).msgs);			\
	ASSERT_EQ(0, recv_fds(self, all));			\
	EXPECT_EQ(all, self->arg.fd_done);			\
} while (0)

TEST_F(fds, with_a_full_table_emfile_leaves_the_message)
{
	struct rlimit limit, low;
	int fds[4] = { 0, 0, 0, 0 }, before;

	ASSERT_EQ(0, SEND(fds, 4));
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	low = limit;
	low.rlim_cur = dup(0) + 3;
	before = count_open();
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &low));
	EXPECT_EQ(-EMFILE, recv_fds(self, 4));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_STILL_THERE(4);
}

TEST_F(fds, with_a_full_table_and_no_wish_for_them)
{
	struct rlimit limit, low;

	ASSERT_EQ(0, SEND(&self->file, 1));
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	low = limit;
	low.rlim_cur = 3;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &low));
	EXPECT_EQ(0, recv_fds(self, 0));
	EXPECT_EQ(0, self->arg.fd_done);
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
}

TEST_F(fds, to_a_bad_array_efault_leaves_the_message)
{
	int fds[3] = { 0, 0, 0 }, before;
	struct guard guard;

	ASSERT_EQ(0, guard_init(&guard));
	ASSERT_EQ(0, SEND(fds, 3));
	before = count_open();
	self->arg.fds = 0;
	EXPECT_EQ(-EFAULT, recv_fds(self, 3));
	self->arg.fds = (uintptr_t)(guard.end - 2 * sizeof(int));
	EXPECT_EQ(-EFAULT, recv_fds(self, 3));
	self->arg.fds = 0xffff888000000000ULL;
	EXPECT_EQ(-EFAULT, recv_fds(self, 3));
	self->arg.fds = (uintptr_t)self->got;
	EXPECT_STILL_THERE(3);
}

TEST_F(fds, with_a_bad_buffer_or_header_leaves_the_message)
{
	struct guard guard;
	int before;

	ASSERT_EQ(0, guard_init(&guard));
	ASSERT_EQ(0, SEND(&self->file, 1));
	before = count_open();
	self->arg.data = 0;
	EXPECT_EQ(-EFAULT, recv_fds(self, 1));
	self->arg.data = (uintptr_t)self->buf;
	self->arg.len = 2;
	EXPECT_EQ(-EMSGSIZE, recv_fds(self, 1));
	self->arg.len = sizeof(self->buf);
	EXPECT_EQ(-EFAULT, request(self->fd, KIPC_IOC_QUEUE_RECV,
				   guard_readonly(&guard, &self->arg, sizeof(self->arg), 0)));
	EXPECT_STILL_THERE(1);
}

/* What may not be sent */

#define EXPECT_NOTHING_SENT()	EXPECT_EQ(0, stat_of(self->fd).msgs)

TEST_F(fds, closed_ebadf)
{
	int fds[3] = { 0, 1000, 0 };

	EXPECT_EQ(-EBADF, SEND(fds, 3));
	fds[1] = -1;
	EXPECT_EQ(-EBADF, SEND(fds, 3));
	EXPECT_NOTHING_SENT();
}

TEST_F(fds, from_a_bad_array_efault)
{
	struct guard guard;

	ASSERT_EQ(0, guard_init(&guard));
	EXPECT_EQ(-EFAULT, SEND(NULL, 1));
	EXPECT_EQ(-EFAULT, SEND((int *)guard.end - 1, 2));
	EXPECT_NOTHING_SENT();
}

TEST_F(fds, of_kipc_and_unix_eloop)
{
	int pair[2], none = endpoint_open(), fds[2], i;
	struct end server;

	ASSERT_EQ(0, end_serve(&server, self->name, 0));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	int refused[] = { self->fd, none, server.fd, pair[0] };

	for (i = 0; i < 4; i++) {
		EXPECT_EQ(-ELOOP, SEND(&refused[i], 1));
		fds[0] = self->file;
		fds[1] = refused[i];
		EXPECT_EQ(-ELOOP, SEND(fds, 2));
	}
	EXPECT_NOTHING_SENT();
	end_close(&server);
}

TEST_F(fds, of_io_uring_eloop)
{
	struct io_uring_params params = { };
	int ring = syscall(SYS_io_uring_setup, 4, &params);

	if (ring < 0)
		SKIP(return, "no io_uring: %s", strerror(errno));
	EXPECT_EQ(-ELOOP, SEND(&ring, 1));
	EXPECT_NOTHING_SENT();
}

/* Letting go */

TEST_F(fds, received_and_not_wanted_let_go)
{
	SEND_WRITE_END();
	ASSERT_EQ(0, recv_fds(self, 0));
	EXPECT_EQ(1, self->arg.msg.fd_count);
	EXPECT_EQ(0, self->arg.fd_done);
	EXPECT_LET_GO();
}

TEST_F(fds, received_and_closed_let_go)
{
	SEND_WRITE_END();
	ASSERT_EQ(0, recv_fds(self, 1));
	EXPECT_CARRIED();
	close(self->got[0]);
	EXPECT_LET_GO();
}

TEST_F(fds, read_lets_go)
{
	SEND_WRITE_END();
	EXPECT_EQ(3, read(self->fd, self->buf, sizeof(self->buf)));
	EXPECT_LET_GO();
}

TEST_F(fds, received_in_a_batch_let_go)
{
	struct kipc_header msgs[2];
	struct kipc_queue_recv_batch batch = {
		.size = sizeof(batch),
		.data = (uintptr_t)self->buf,
		.len = sizeof(self->buf),
		.msgs = (uintptr_t)msgs,
		.count = 2,
	};

	SEND_WRITE_END();
	ASSERT_EQ(0, request(self->fd, KIPC_IOC_QUEUE_RECV_BATCH, &batch));
	EXPECT_EQ(1, batch.done);
	EXPECT_LET_GO();
}

TEST_F(fds, queue_that_goes_lets_go)
{
	SEND_WRITE_END();
	ASSERT_EQ(0, queue_unlink(self->name));
	EXPECT_CARRIED();
	close(self->fd);
	EXPECT_LET_GO();
}

TEST_F(fds, stay_while_nobody_has_the_queue_open)
{
	SEND_WRITE_END();
	close(self->fd);
	nap_ms(5);
	EXPECT_CARRIED();
	self->fd = queue_open(self->name, QUEUE_BOTH);
	ASSERT_EQ(0, recv_fds(self, 1));
	EXPECT_CARRIED();
	close(self->got[0]);
	EXPECT_LET_GO();
}

TEST_F(fds, sender_that_fails_lets_go)
{
	struct kipc_queue_send send = queue_send_args(NULL, 3);
	int fds[3] = { self->pipe[1], self->pipe[1], 1000 };

	send.flags = KIPC_F_NONBLOCK;
	send.payload.fds = (uintptr_t)fds;
	send.payload.fd_count = 1;
	EXPECT_EQ(-EFAULT, request(self->fd, KIPC_IOC_QUEUE_SEND, &send));
	EXPECT_EQ(-EBADF, SEND(fds, 3));
	fds[2] = self->fd;
	EXPECT_EQ(-ELOOP, SEND(fds, 3));
	ASSERT_EQ(0, put_several(self->fd, 0, 4));
	EXPECT_EQ(-EAGAIN, SEND(fds, 1));
	close(self->pipe[1]);
	EXPECT_LET_GO();
}

TEST_F(fds, sender_that_waits_for_room_and_is_killed_lets_go)
{
	pid_t child;

	ASSERT_EQ(0, put_several(self->fd, 0, 4));
	child = spawn();
	if (!child) {
		struct kipc_queue_send send = queue_send_args("fds", 3);

		send.payload.fds = (uintptr_t)&self->pipe[1];
		send.payload.fd_count = 1;
		_exit(-request(self->fd, KIPC_IOC_QUEUE_SEND, &send));
	}
	close(self->pipe[1]);
	ASSERT_TRUE(await_sleep(child, child, SYS_ioctl));
	EXPECT_CARRIED();
	EXPECT_EQ(128 + SIGKILL, kill_and_reap(child));
	EXPECT_LET_GO();
}

/* What they cost: max_fds of those on their way, of whoever opened the sending endpoint */

/* How many messages with one descriptor can be sent, until EDQUOT. */
static int send_until_limit(struct _test_data_fds *self, int fd)
{
	int err = 0, n = 0;

	while (!err && n < 100) {
		err = send_fds(fd, &self->file, 1);
		n += !err;
	}
	return err == -EDQUOT ? n : 200;
}

/* Return: how many messages a user can send. */
static int send_many(void *arg)
{
	struct _test_data_fds *self = arg;
	int fd = queue_open(self->name, KIPC_QUEUE_SEND);

	return fd < 0 ? 201 : send_until_limit(self, fd);
}

/* The same, where ten are just being paid back: they are once their files are closed. */
static int send_many_soon(void *arg)
{
	struct _test_data_fds *self = arg;
	int fd = queue_open(self->name, KIPC_QUEUE_SEND), n = 0, tries;

	if (fd < 0)
		return 201;
	for (tries = 0; n < 10 && tries < 1000; tries++) {
		n += send_until_limit(self, fd);
		usleep(n < 10 ? 2000 : 0);
	}
	return n + send_until_limit(self, fd);
}

TEST_F(fds, too_many_on_their_way_edquot)
{
	int fds[11] = { }, i;

	ASSERT_EQ(0, queue_set_max_msgs(self->fd, 100));
	ASSERT_EQ(0, parameter_set("max_fds", 10));
	EXPECT_EQ(-EDQUOT, SEND(fds, 11));
	EXPECT_NOTHING_SENT();
	EXPECT_EQ(10, as_user(USER, send_many, self));
	EXPECT_EQ(0, as_user(USER, send_many, self));
	EXPECT_EQ(10, as_user(OTHER, send_many, self));
	/* Received, wanted or not, they are on their way no more. */
	for (i = 0; i < 10; i++)
		ASSERT_EQ(0, recv_fds(self, i % 2));
	EXPECT_EQ(10, as_user(USER, send_many_soon, self));
}

TEST_F(fds, of_a_removed_queue_are_paid_back)
{
	ASSERT_EQ(0, queue_set_max_msgs(self->fd, 100));
	ASSERT_EQ(0, parameter_set("max_fds", 10));
	EXPECT_EQ(10, as_user(USER, send_many, self));
	ASSERT_EQ(0, queue_remove(self->fd, self->name));
	ASSERT_LE(0, queue_open_sized(self->name, KIPC_QUEUE_CREATE | QUEUE_BOTH, 100, 0, 0));
	EXPECT_EQ(10, as_user(USER, send_many_soon, self));
}

TEST_HARNESS_MAIN
