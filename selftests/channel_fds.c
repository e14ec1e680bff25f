// SPDX-License-Identifier: GPL-2.0
/*
 * Descriptors in a channel's messages: that they arrive with each kind of message,
 * what may be sent and what is refused, and how they are taken.  What becomes of
 * those that nobody takes is the subject of channel_fds_life.c.
 */
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

#include <linux/io_uring.h>
#include <linux/kcmp.h>

#include "channel_test.h"

FIXTURE(fds)
{
	char name[KIPC_NAME_SIZE];
	struct end server;
	struct end client;
	struct kipc_header msg;
	int file;		/* something to send */
	int got[KIPC_FDS_MAX + 1];
	unsigned int done;
};

FIXTURE_SETUP(fds)
{
	fresh_name(self->name);
	ASSERT_EQ(0, end_serve(&self->server, self->name, 1 << 20));
	ASSERT_EQ(0, end_connect(&self->client, self->name, 1 << 20));
	self->file = memfd_create("sent", 0);
	ASSERT_LE(0, self->file);
}

FIXTURE_TEARDOWN(fds)
{
	close(self->file);
	end_close(&self->client);
	end_close(&self->server);
}

/* Are two descriptors of this process one open file? */
static bool same_file(int a, int b)
{
	return !syscall(SYS_kcmp, getpid(), getpid(), KCMP_FILE, a, b);
}

#define SEND_FDS(fds, count)						\
	channel_send_fds(self->client.fd, fds, count)

/* Send one, receive the message. */
#define PASS(sent) do {						\
	int one = sent;							\
									\
	ASSERT_EQ(0, SEND_FDS(&one, 1));				\
	ASSERT_EQ(0, channel_recv(self->server.fd, &self->msg));	\
	ASSERT_EQ(1, self->msg.fd_count);				\
} while (0)

#define TAKE(count)							\
	channel_fds_to(self->server.fd, self->msg.id, self->got, count,	\
		       &self->done)

/* Nothing came of a send that was refused. */
#define EXPECT_NOTHING_SENT() do {					\
	struct kipc_endpoint_info i = endpoint_info(self->server.fd);	\
									\
	EXPECT_EQ(0, i.queued);						\
	EXPECT_EQ(i.pool_size, i.pool_free);				\
} while (0)

/* With each kind of message */

TEST_F(fds, send_to_the_server_brings_them)
{
	int fds[2] = { self->file, 0 };

	ASSERT_EQ(0, SEND_FDS(fds, 2));
	ASSERT_EQ(0, channel_recv(self->server.fd, &self->msg));
	EXPECT_EQ(2, self->msg.fd_count);
	EXPECT_TRUE(end_has(&self->server, &self->msg, "fds", 3));
	ASSERT_EQ(0, TAKE(2));
	EXPECT_EQ(2, self->done);
	EXPECT_TRUE(same_file(self->file, self->got[0]));
	EXPECT_TRUE(same_file(0, self->got[1]));
}

TEST_F(fds, send_to_a_client_brings_them)
{
	ASSERT_EQ(0, channel_send_payload(self->server.fd, self->client.number,
					  payload_fds("x", 1, &self->file, 1)));
	ASSERT_EQ(0, channel_recv(self->client.fd, &self->msg));
	EXPECT_EQ(1, self->msg.fd_count);
	ASSERT_EQ(0, channel_fds(self->client.fd, self->msg.id, self->got, 1));
	EXPECT_TRUE(same_file(self->file, self->got[0]));
}

TEST_F(fds, call_and_reply_bring_them)
{
	struct kipc_channel_call call = call_of("x", 1);
	struct asker caller;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	call.request = payload_fds("x", 1, &self->file, 1);
	ASSERT_EQ(0, ask_and_wait(&caller, self->client.fd,
				  KIPC_IOC_CHANNEL_CALL, &call));
	ASSERT_EQ(0, channel_recv(self->server.fd, &self->msg));
	EXPECT_EQ(1, self->msg.fd_count);
	ASSERT_EQ(0, TAKE(1));
	EXPECT_TRUE(same_file(self->file, self->got[0]));

	EXPECT_EQ(0, channel_reply_payload(self->server.fd, self->msg.id,
					   payload_fds("y", 1, &null, 1)));
	ASSERT_EQ(0, ask_end(&caller));
	EXPECT_EQ(1, call.reply.fd_count);
	ASSERT_EQ(0, channel_fds(self->client.fd, call.reply.id, self->got, 1));
	EXPECT_TRUE(same_file(null, self->got[0]));
}

TEST_F(fds, async_call_and_its_reply_bring_them)
{
	uint64_t id;

	ASSERT_EQ(0, channel_call_async(self->client.fd, 0,
					payload_fds("x", 1, &self->file, 1),
					&id));
	ASSERT_EQ(0, channel_recv(self->server.fd, &self->msg));
	ASSERT_EQ(0, TAKE(1));
	EXPECT_EQ(0, channel_reply_payload(self->server.fd, self->msg.id,
					   payload_fds("y", 1, self->got, 1)));
	ASSERT_EQ(0, channel_recv(self->client.fd, &self->msg));
	EXPECT_EQ(1, self->msg.fd_count);
	ASSERT_EQ(0, channel_fds(self->client.fd, self->msg.id, self->got, 1));
	EXPECT_TRUE(same_file(self->file, self->got[0]));
}

TEST_F(fds, batch_brings_each_its_own)
{
	int fds[2] = { self->file, open("/dev/null", O_RDWR | O_CLOEXEC) }, i;
	struct kipc_payload payloads[3] = {
		payload_fds("0", 1, &fds[0], 1),
		payload_of("1", 1),
		payload_fds("2", 1, &fds[1], 1),
	};
	struct kipc_channel_send_batch batch = batch_of(payloads, 3);

	ASSERT_EQ(0, request(self->client.fd, KIPC_IOC_CHANNEL_SEND_BATCH,
			     &batch));
	EXPECT_EQ(3, batch.done);
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, channel_recv(self->server.fd, &self->msg));
		EXPECT_EQ(i != 1, self->msg.fd_count);
		if (i == 1)
			continue;
		ASSERT_EQ(0, TAKE(1));
		EXPECT_TRUE(same_file(fds[i / 2], self->got[0]));
	}
}

TEST_F(fds, empty_message_brings_them)
{
	ASSERT_EQ(0, channel_send_payload(self->client.fd, 0,
					  payload_fds(NULL, 0, &self->file, 1)));
	ASSERT_EQ(0, channel_recv(self->server.fd, &self->msg));
	EXPECT_EQ(0, self->msg.len);
	ASSERT_EQ(0, TAKE(1));
	EXPECT_TRUE(same_file(self->file, self->got[0]));
}

/* How many */

TEST_F(fds, most_that_a_message_may_have)
{
	int fds[KIPC_FDS_MAX], i;

	for (i = 0; i < KIPC_FDS_MAX; i++)
		fds[i] = i % 2 ? 0 : self->file;
	ASSERT_EQ(0, SEND_FDS(fds, KIPC_FDS_MAX));
	ASSERT_EQ(0, channel_recv(self->server.fd, &self->msg));
	EXPECT_EQ(KIPC_FDS_MAX, self->msg.fd_count);
	ASSERT_EQ(0, TAKE(KIPC_FDS_MAX));
	EXPECT_EQ(KIPC_FDS_MAX, self->done);
	for (i = 0; i < KIPC_FDS_MAX; i++)
		ASSERT_TRUE(same_file(fds[i], self->got[i]));
}

TEST_F(fds, more_than_a_message_may_have_einval)
{
	int fds[KIPC_FDS_MAX + 1] = { };
	struct kipc_channel_call call = call_of("x", 1);
	struct kipc_payload many = payload_fds("x", 1, fds, KIPC_FDS_MAX + 1);
	struct kipc_channel_send_batch batch = batch_of(&many, 1);

	EXPECT_EQ(-EINVAL, SEND_FDS(fds, KIPC_FDS_MAX + 1));
	EXPECT_EQ(-EINVAL, SEND_FDS(fds, 0xffff));
	call.request = many;
	EXPECT_EQ(-EINVAL, request(self->client.fd, KIPC_IOC_CHANNEL_CALL,
				   &call));
	EXPECT_EQ(-EINVAL, channel_reply_payload(self->server.fd, 1, many));
	EXPECT_EQ(-EINVAL, request(self->client.fd,
				   KIPC_IOC_CHANNEL_SEND_BATCH, &batch));
	EXPECT_EQ(0, batch.done);
	EXPECT_NOTHING_SENT();
}

/* What may not be sent */

TEST_F(fds, closed_descriptor_ebadf)
{
	int fds[3] = { 0, 1000, 0 };

	EXPECT_EQ(-EBADF, SEND_FDS(&fds[1], 1));
	EXPECT_EQ(-EBADF, SEND_FDS(fds, 3));
	fds[1] = -1;
	EXPECT_EQ(-EBADF, SEND_FDS(fds, 3));
	fds[1] = AT_FDCWD;
	EXPECT_EQ(-EBADF, SEND_FDS(fds, 3));
	EXPECT_NOTHING_SENT();
	fds[1] = 1;
	EXPECT_EQ(0, SEND_FDS(fds, 3));
}

TEST_F(fds, bad_array_efault)
{
	struct guard guard;
	int *fds;

	ASSERT_EQ(0, guard_init(&guard));
	EXPECT_EQ(-EFAULT, SEND_FDS(NULL, 1));
	EXPECT_EQ(-EFAULT, SEND_FDS((int *)-1L, 1));
	EXPECT_EQ(-EFAULT, SEND_FDS((int *)0xffff888000000000, 1));
	fds = (int *)guard.end - 2;
	fds[0] = 0;
	fds[1] = 0;
	EXPECT_EQ(-EFAULT, SEND_FDS(fds, 3));
	EXPECT_NOTHING_SENT();
	EXPECT_EQ(0, SEND_FDS(fds, 2));
}

TEST_F(fds, kipc_endpoint_eloop)
{
	int none = endpoint_open();
	int queue = queue_open(self->name, KIPC_QUEUE_CREATE | QUEUE_BOTH);
	int dup_of_it = dup(self->server.fd);

	ASSERT_LE(0, queue);
	EXPECT_EQ(-ELOOP, SEND_FDS(&self->client.fd, 1));
	EXPECT_EQ(-ELOOP, SEND_FDS(&self->server.fd, 1));
	EXPECT_EQ(-ELOOP, SEND_FDS(&dup_of_it, 1));
	EXPECT_EQ(-ELOOP, SEND_FDS(&none, 1));
	EXPECT_EQ(-ELOOP, SEND_FDS(&queue, 1));
	EXPECT_NOTHING_SENT();
	queue_unlink(self->name);
}

/* Every kind of message asks. */
TEST_F(fds, kipc_endpoint_in_every_message_eloop)
{
	int *ep = &self->client.fd;
	struct kipc_channel_call call = call_of("x", 1);
	struct kipc_payload payload = payload_fds("x", 1, ep, 1);
	struct kipc_channel_send_batch batch = batch_of(&payload, 1);
	uint64_t id;

	call.request = payload;
	EXPECT_EQ(-ELOOP, request(self->client.fd, KIPC_IOC_CHANNEL_CALL,
				  &call));
	EXPECT_EQ(KIPC_OUTCOME_NONE, call.outcome);
	EXPECT_EQ(-ELOOP, channel_call_async(self->client.fd, 0, payload, &id));
	EXPECT_EQ(-ELOOP, request(self->client.fd,
				  KIPC_IOC_CHANNEL_SEND_BATCH, &batch));
	EXPECT_EQ(-ELOOP, channel_send_payload(self->server.fd,
					       self->client.number, payload));
	EXPECT_NOTHING_SENT();
}

TEST_F(fds, kipc_endpoint_in_a_reply_eloop_keeps_the_call)
{
	struct kipc_channel_call call = call_of("x", 1);
	struct asker caller;

	ASSERT_EQ(0, ask_and_wait(&caller, self->client.fd,
				  KIPC_IOC_CHANNEL_CALL, &call));
	ASSERT_EQ(0, channel_recv(self->server.fd, &self->msg));
	EXPECT_EQ(-ELOOP, channel_reply_payload(self->server.fd, self->msg.id,
						payload_fds("x", 1,
							    &self->client.fd,
							    1)));
	EXPECT_EQ(0, channel_reply(self->server.fd, self->msg.id, "ok", 2));
	EXPECT_EQ(0, ask_end(&caller));
}

TEST_F(fds, one_among_many_eloop)
{
	int fds[KIPC_FDS_MAX] = { }, before;

	fds[KIPC_FDS_MAX - 1] = self->client.fd;
	before = count_open();
	EXPECT_EQ(-ELOOP, SEND_FDS(fds, KIPC_FDS_MAX));
	EXPECT_EQ(before, count_open());
	EXPECT_NOTHING_SENT();
}

TEST_F(fds, unix_socket_eloop)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET };
	int pair[2], one, i;

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, socketpair(AF_UNIX, types[i], 0, pair));
		EXPECT_EQ(-ELOOP, SEND_FDS(pair, 1));
		EXPECT_EQ(-ELOOP, SEND_FDS(pair, 2));
		one = socket(AF_UNIX, types[i], 0);
		EXPECT_EQ(-ELOOP, SEND_FDS(&one, 1));
	}
	EXPECT_NOTHING_SENT();
}

TEST_F(fds, io_uring_eloop)
{
	struct io_uring_params params = { };
	int ring = syscall(SYS_io_uring_setup, 4, &params);

	if (ring < 0)
		SKIP(return, "no io_uring: %s", strerror(errno));
	EXPECT_EQ(-ELOOP, SEND_FDS(&ring, 1));
	EXPECT_NOTHING_SENT();
	close(ring);
}

TEST_F(fds, binder_eloop)
{
	int binder = open("/dev/binder", O_RDWR | O_CLOEXEC);

	if (binder < 0)
		SKIP(return, "no Binder: %s", strerror(errno));
	EXPECT_EQ(-ELOOP, SEND_FDS(&binder, 1));
	EXPECT_NOTHING_SENT();
	close(binder);
}

/* What may be */

TEST_F(fds, everything_else_passes)
{
	int pipes[2], i;

	ASSERT_EQ(0, pipe(pipes));
	int fds[] = {
		pipes[0], pipes[1],
		socket(AF_INET, SOCK_STREAM, 0), socket(AF_INET, SOCK_DGRAM, 0),
		epoll_create1(0), eventfd(0, 0),
		timerfd_create(CLOCK_MONOTONIC, 0),
		open("/", O_PATH), open("/dev/kipc", O_PATH),
		open("/", O_RDONLY | O_DIRECTORY),
		open("/proc/self/status", O_RDONLY),
		syscall(SYS_pidfd_open, getpid(), 0),
	};
	int count = sizeof(fds) / sizeof(fds[0]);

	for (i = 0; i < count; i++)
		ASSERT_LE(0, fds[i]);
	ASSERT_EQ(0, SEND_FDS(fds, count));
	ASSERT_EQ(0, channel_recv(self->server.fd, &self->msg));
	ASSERT_EQ(0, TAKE(count));
	for (i = 0; i < count; i++)
		EXPECT_TRUE(same_file(fds[i], self->got[i]));
}

TEST_F(fds, epoll_that_watches_its_own_endpoint_passes)
{
	struct epoll_event event = { .events = EPOLLIN };
	int epoll = epoll_create1(0);

	ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, self->server.fd, &event));
	PASS(epoll);
	ASSERT_EQ(0, TAKE(1));
	EXPECT_EQ(0, epoll_wait(self->got[0], &event, 1, 0));
	ASSERT_EQ(0, SEND_FDS(NULL, 0));
	EXPECT_EQ(1, epoll_wait(self->got[0], &event, 1, 0));
}

/* Taking them */

TEST_F(fds, taken_is_the_same_open_file)
{
	PASS(self->file);
	ASSERT_EQ(0, TAKE(1));
	EXPECT_TRUE(same_file(self->file, self->got[0]));
	ASSERT_EQ(4, write(self->file, "1234", 4));
	EXPECT_EQ(4, lseek(self->got[0], 0, SEEK_CUR));
	ASSERT_EQ(0, fcntl(self->got[0], F_SETFL, O_APPEND));
	EXPECT_EQ(O_APPEND, fcntl(self->file, F_GETFL) & O_APPEND);
}

TEST_F(fds, taken_is_close_on_exec)
{
	EXPECT_EQ(0, fcntl(self->file, F_GETFD));
	PASS(self->file);
	ASSERT_EQ(0, TAKE(1));
	EXPECT_EQ(FD_CLOEXEC, fcntl(self->got[0], F_GETFD));
}

TEST_F(fds, taken_outlives_message_and_channel)
{
	PASS(self->file);
	ASSERT_EQ(0, TAKE(1));
	ASSERT_EQ(0, channel_release(self->server.fd, self->msg.id));
	end_close(&self->client);
	end_close(&self->server);
	EXPECT_TRUE(same_file(self->file, self->got[0]));
}

TEST_F(fds, taken_by_a_process_that_inherited_the_endpoint)
{
	pid_t child;

	PASS(self->file);
	ASSERT_EQ(4, write(self->file, "1234", 4));
	child = spawn();
	if (!child) {
		if (TAKE(1))
			_exit(1);
		_exit(lseek(self->got[0], 0, SEEK_CUR) == 4 ? 0 : 2);
	}
	EXPECT_EQ(0, reap(child));
	EXPECT_EQ(0, TAKE(1));
}

TEST_F(fds, taken_several_times)
{
	int i;

	PASS(self->file);
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, channel_fds(self->server.fd, self->msg.id,
					 &self->got[i], 1));
		EXPECT_TRUE(same_file(self->file, self->got[i]));
		EXPECT_TRUE(!i || self->got[i] != self->got[i - 1]);
	}
}

TEST_F(fds, taken_in_part)
{
	int fds[3] = { self->file, 0, 1 };

	ASSERT_EQ(0, SEND_FDS(fds, 3));
	ASSERT_EQ(0, channel_recv(self->server.fd, &self->msg));
	self->got[2] = 77;
	ASSERT_EQ(0, TAKE(2));
	EXPECT_EQ(2, self->done);
	EXPECT_EQ(77, self->got[2]);
	EXPECT_TRUE(same_file(fds[0], self->got[0]));
	EXPECT_TRUE(same_file(fds[1], self->got[1]));
	EXPECT_EQ(0, TAKE(0));
	EXPECT_EQ(0, self->done);
	EXPECT_EQ(0, TAKE(3));
	EXPECT_TRUE(same_file(fds[2], self->got[2]));
}

TEST_F(fds, more_than_it_has_einval_takes_none)
{
	int before;

	PASS(self->file);
	before = count_open();
	EXPECT_EQ(-EINVAL, TAKE(2));
	EXPECT_EQ(0, self->done);
	EXPECT_EQ(-EINVAL, TAKE(KIPC_FDS_MAX + 1));
	EXPECT_EQ(-EINVAL, TAKE(~0U));
	EXPECT_EQ(before, count_open());
	ASSERT_EQ(0, channel_send(self->client.fd, 0, "x", 1));
	ASSERT_EQ(0, channel_recv(self->server.fd, &self->msg));
	EXPECT_EQ(-EINVAL, TAKE(1));
	EXPECT_EQ(0, TAKE(0));
}

TEST_F(fds, table_is_full_emfile_keeps_those_before)
{
	struct rlimit limit, low;
	int fds[4] = { 0, 0, 0, 0 };

	ASSERT_EQ(0, SEND_FDS(fds, 4));
	ASSERT_EQ(0, channel_recv(self->server.fd, &self->msg));
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	low = limit;
	low.rlim_cur = dup(0) + 2;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &low));
	EXPECT_EQ(-EMFILE, TAKE(4));
	EXPECT_EQ(1, self->done);
	EXPECT_EQ(low.rlim_cur - 1, self->got[0]);
	EXPECT_TRUE(same_file(0, self->got[0]));
	EXPECT_EQ(-EMFILE, TAKE(4));
	EXPECT_EQ(0, self->done);
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_EQ(0, TAKE(4));
	EXPECT_EQ(4, self->done);
}

TEST_F(fds, bad_address_efault_keeps_those_before)
{
	int fds[3] = { 0, 0, 0 }, before, *to;
	struct guard guard;
	unsigned int done;

	ASSERT_EQ(0, guard_init(&guard));
	ASSERT_EQ(0, SEND_FDS(fds, 3));
	ASSERT_EQ(0, channel_recv(self->server.fd, &self->msg));
	before = count_open();
	EXPECT_EQ(-EFAULT, channel_fds_to(self->server.fd, self->msg.id, NULL,
					  3, &done));
	EXPECT_EQ(0, done);
	EXPECT_EQ(before, count_open());
	to = (int *)guard.end - 2;
	EXPECT_EQ(-EFAULT, channel_fds_to(self->server.fd, self->msg.id, to, 3,
					  &done));
	EXPECT_EQ(2, done);
	EXPECT_EQ(before + 2, count_open());
	EXPECT_TRUE(is_open(to[0]) && is_open(to[1]));
}

TEST_F(fds, not_held_enoent)
{
	uint64_t id;

	EXPECT_EQ(-ENOENT, channel_fds_to(self->server.fd, 0, self->got, 1,
					  &self->done));
	EXPECT_EQ(0, self->done);
	PASS(self->file);
	id = self->msg.id;
	EXPECT_EQ(-ENOENT, channel_fds_to(self->client.fd, id, self->got, 1,
					  &self->done));
	EXPECT_EQ(-ENOENT, channel_fds_to(self->server.fd, id + 1, self->got, 1,
					  &self->done));
	ASSERT_EQ(0, SEND_FDS(&self->file, 1));
	EXPECT_EQ(-ENOENT, channel_fds_to(self->server.fd, id + 1, self->got, 1,
					  &self->done));
	ASSERT_EQ(0, channel_release(self->server.fd, id));
	EXPECT_EQ(-ENOENT, TAKE(1));
	EXPECT_EQ(-ENOENT, TAKE(0));
}

TEST_F(fds, answered_call_enoent)
{
	uint64_t id;

	ASSERT_EQ(0, channel_call_async(self->client.fd, 0,
					payload_fds("x", 1, &self->file, 1),
					&id));
	ASSERT_EQ(0, channel_recv(self->server.fd, &self->msg));
	ASSERT_EQ(0, channel_reply(self->server.fd, self->msg.id, "", 0));
	EXPECT_EQ(-ENOENT, TAKE(1));
}

TEST_F(fds, other_roles_refuse_to_take)
{
	int none = endpoint_open();
	int queue = queue_open(self->name, KIPC_QUEUE_CREATE | QUEUE_BOTH);

	EXPECT_EQ(-ENOTCONN, channel_fds_to(none, 1, self->got, 1, &self->done));
	EXPECT_EQ(-EOPNOTSUPP, channel_fds_to(queue, 1, self->got, 1,
					      &self->done));
	queue_unlink(self->name);
}

/* A receive that failed has not lost them. */
TEST_F(fds, failed_receive_efault_keeps_them)
{
	struct kipc_channel_recv recv = {
		.size = sizeof(recv),
		.flags = KIPC_F_NONBLOCK,
	};
	struct guard guard;

	ASSERT_EQ(0, guard_init(&guard));
	ASSERT_EQ(0, SEND_FDS(&self->file, 1));
	EXPECT_EQ(-EFAULT, request(self->server.fd, KIPC_IOC_CHANNEL_RECV,
				   guard_readonly(&guard, &recv, sizeof(recv),
						  0)));
	ASSERT_EQ(0, channel_recv(self->server.fd, &self->msg));
	ASSERT_EQ(0, TAKE(1));
	EXPECT_TRUE(same_file(self->file, self->got[0]));
}

TEST_HARNESS_MAIN
