// SPDX-License-Identifier: GPL-2.0
/*
 * The life of descriptors in messages: however a message ends, and in whatever way
 * sending it fails, those that it carried are let go of, and what they cost is given
 * back.
 *
 * The witness is a pipe.  Its write end goes into a message and is closed here, so its
 * read end sees the end when the message lets go, and not before.
 */
#include <arpa/inet.h>
#include <netinet/in.h>

#include "channel_test.h"

FIXTURE(life)
{
	char name[KIPC_NAME_SIZE];
	struct end server;
	struct end client;
	struct kipc_header msg;
	int pipe[2];
	long max_fds;
};

FIXTURE_SETUP(life)
{
	fresh_name(self->name);
	ASSERT_EQ(0, end_serve(&self->server, self->name, 16 * PAGE));
	ASSERT_EQ(0, end_connect(&self->client, self->name, 16 * PAGE));
	ASSERT_EQ(0, pipe2(self->pipe, O_CLOEXEC | O_NONBLOCK));
	self->max_fds = parameter_get("max_fds");
	ASSERT_LT(0, self->max_fds);
}

/* The parent tears down: the rest goes with the test's process. */
FIXTURE_TEARDOWN_PARENT(life)
{
	parameter_set("max_fds", self->max_fds);
}

/* A payload with the write end. */
#define CARRIER		payload_fds("x", 1, &self->pipe[1], 1)

static bool pipe_holds(int fd)
{
	nap_ms(5);
	return pipe_is_open(fd);
}

/* Nobody but messages has the write end any more: they have, and have not. */
#define EXPECT_CARRIED()	EXPECT_TRUE(pipe_holds(self->pipe[0]))
#define EXPECT_LET_GO()		EXPECT_TRUE(pipe_ends(self->pipe[0]))

#define SEND_WRITE_END() do {						\
	ASSERT_EQ(0, channel_send_payload(self->client.fd, 0, CARRIER));\
	close(self->pipe[1]);						\
	EXPECT_CARRIED();						\
} while (0)

#define RECV()	ASSERT_EQ(0, channel_recv(self->server.fd, &self->msg))

/* Use up what room the client has at its server. */
static void fill_pool(int fd)
{
	uint8_t *data = memory(PAGE);
	size_t len;

	for (len = PAGE; len; len /= 2)
		while (!channel_send_now(fd, 0, data, len))
			;
}

/* The message ends */

TEST_F(life, released_message_lets_go)
{
	SEND_WRITE_END();
	RECV();
	EXPECT_CARRIED();
	ASSERT_EQ(0, channel_release(self->server.fd, self->msg.id));
	EXPECT_LET_GO();
}

TEST_F(life, released_by_the_next_request_lets_go)
{
	struct kipc_channel_recv recv = {
		.size = sizeof(recv),
		.flags = KIPC_F_NONBLOCK,
	};

	SEND_WRITE_END();
	RECV();
	recv.release = self->msg.id;
	EXPECT_EQ(-EAGAIN, request(self->server.fd, KIPC_IOC_CHANNEL_RECV,
				   &recv));
	EXPECT_LET_GO();
}

TEST_F(life, taken_descriptor_holds_on)
{
	int fd;

	SEND_WRITE_END();
	RECV();
	ASSERT_EQ(0, channel_fds(self->server.fd, self->msg.id, &fd, 1));
	ASSERT_EQ(0, channel_release(self->server.fd, self->msg.id));
	EXPECT_CARRIED();
	close(fd);
	EXPECT_LET_GO();
}

TEST_F(life, receiver_closes_and_queued_lets_go)
{
	SEND_WRITE_END();
	end_close(&self->server);
	EXPECT_LET_GO();
}

TEST_F(life, receiver_closes_and_held_lets_go)
{
	SEND_WRITE_END();
	RECV();
	end_close(&self->server);
	EXPECT_LET_GO();
}

TEST_F(life, client_closes_and_queued_lets_go)
{
	ASSERT_EQ(0, channel_send_payload(self->server.fd, self->client.number,
					  CARRIER));
	close(self->pipe[1]);
	EXPECT_CARRIED();
	end_close(&self->client);
	EXPECT_LET_GO();
}

TEST_F(life, sender_closes_and_message_holds_on)
{
	SEND_WRITE_END();
	end_close(&self->client);
	EXPECT_CARRIED();
	RECV();
	EXPECT_EQ(1, self->msg.fd_count);
	ASSERT_EQ(0, channel_release(self->server.fd, self->msg.id));
	EXPECT_LET_GO();
}

TEST_F(life, receiver_is_killed_and_held_lets_go)
{
	char name[KIPC_NAME_SIZE];
	struct end client = { .fd = -1 };
	int ready[2], i;
	pid_t child;
	char c;

	ASSERT_EQ(0, pipe(ready));
	fresh_name(name);
	child = spawn();
	if (!child) {
		struct end server;

		close(self->pipe[1]);
		if (end_serve(&server, name, 0) ||
		    channel_recv(server.fd, &self->msg) ||
		    write(ready[1], "", 1) != 1)
			_exit(1);
		nap_ms(20000);
		_exit(2);
	}
	for (i = 0; i < 2000 && end_connect(&client, name, 0); i++)
		nap_ms(1);
	ASSERT_EQ(0, channel_send_payload(client.fd, 0, CARRIER));
	close(self->pipe[1]);
	ASSERT_EQ(1, read(ready[0], &c, 1));
	EXPECT_CARRIED();
	EXPECT_EQ(128 + SIGKILL, kill_and_reap(child));
	EXPECT_LET_GO();
	end_close(&client);
}

TEST_F(life, answered_call_lets_go)
{
	uint64_t id;

	ASSERT_EQ(0, channel_call_async(self->client.fd, 0, CARRIER, &id));
	close(self->pipe[1]);
	RECV();
	EXPECT_CARRIED();
	ASSERT_EQ(0, channel_reply(self->server.fd, self->msg.id, "", 0));
	EXPECT_LET_GO();
}

TEST_F(life, async_call_that_fails_lets_go)
{
	uint64_t id;

	ASSERT_EQ(0, channel_call_async(self->client.fd, 0, CARRIER, &id));
	close(self->pipe[1]);
	RECV();
	EXPECT_CARRIED();
	ASSERT_EQ(0, channel_release(self->server.fd, self->msg.id));
	EXPECT_LET_GO();
	ASSERT_EQ(0, channel_recv(self->client.fd, &self->msg));
	EXPECT_EQ(KIPC_KIND_FAILED, self->msg.kind);
	EXPECT_EQ(0, self->msg.fd_count);
}

TEST_F(life, reply_that_nobody_waits_for_lets_go)
{
	struct kipc_channel_call call = call_of("x", 1);
	struct asker caller;

	call.deadline = in_ms(100);
	ASSERT_EQ(0, ask_and_wait(&caller, self->client.fd,
				  KIPC_IOC_CHANNEL_CALL, &call));
	RECV();
	EXPECT_EQ(-ETIMEDOUT, ask_end(&caller));
	EXPECT_EQ(-ECANCELED, channel_reply_payload(self->server.fd,
						    self->msg.id, CARRIER));
	close(self->pipe[1]);
	EXPECT_LET_GO();
}

TEST_F(life, reply_to_a_call_that_is_not_held_lets_go)
{
	EXPECT_EQ(-ENOENT, channel_reply_payload(self->server.fd, 1, CARRIER));
	close(self->pipe[1]);
	EXPECT_LET_GO();
}

TEST_F(life, read_drops_them)
{
	char buf[8];

	SEND_WRITE_END();
	EXPECT_EQ(1, read(self->server.fd, buf, sizeof(buf)));
	EXPECT_LET_GO();
}

TEST_F(life, read_of_a_client_drops_them)
{
	char buf[8];

	ASSERT_EQ(0, channel_send_payload(self->server.fd, self->client.number,
					  CARRIER));
	close(self->pipe[1]);
	EXPECT_CARRIED();
	EXPECT_EQ(1, read(self->client.fd, buf, sizeof(buf)));
	EXPECT_LET_GO();
}

TEST_F(life, read_of_a_call_drops_them_with_the_answer)
{
	char buf[8];
	uint64_t id;

	ASSERT_EQ(0, channel_call_async(self->client.fd, 0, CARRIER, &id));
	close(self->pipe[1]);
	EXPECT_EQ(1, read(self->server.fd, buf, sizeof(buf)));
	EXPECT_EQ(2, write(self->server.fd, "ok", 2));
	EXPECT_LET_GO();
}

/* Sending fails */

TEST_F(life, no_room_now_lets_go)
{
	struct kipc_channel_send send = send_of(CARRIER);

	fill_pool(self->client.fd);
	send.flags = KIPC_F_NONBLOCK;
	EXPECT_EQ(-EAGAIN, request(self->client.fd, KIPC_IOC_CHANNEL_SEND,
				   &send));
	close(self->pipe[1]);
	EXPECT_LET_GO();
}

TEST_F(life, no_room_in_time_lets_go)
{
	struct kipc_channel_send send = send_of(CARRIER);
	struct asker sender;

	fill_pool(self->client.fd);
	send.deadline = in_ms(100);
	ASSERT_EQ(0, ask_and_wait(&sender, self->client.fd,
				  KIPC_IOC_CHANNEL_SEND, &send));
	close(self->pipe[1]);
	EXPECT_CARRIED();
	EXPECT_EQ(-ETIMEDOUT, ask_end(&sender));
	EXPECT_LET_GO();
}

TEST_F(life, sender_that_waits_for_room_is_killed_and_lets_go)
{
	pid_t child;

	fill_pool(self->client.fd);
	child = spawn();
	if (!child)
		_exit(-channel_send_payload(self->client.fd, 0, CARRIER));
	close(self->pipe[1]);
	ASSERT_TRUE(await_sleep(child, child, SYS_ioctl));
	EXPECT_CARRIED();
	EXPECT_EQ(128 + SIGKILL, kill_and_reap(child));
	EXPECT_LET_GO();
}

TEST_F(life, receiver_closes_while_its_sender_waits_and_lets_go)
{
	struct kipc_channel_send send = send_of(CARRIER);
	struct asker sender;

	fill_pool(self->client.fd);
	ASSERT_EQ(0, ask_and_wait(&sender, self->client.fd,
				  KIPC_IOC_CHANNEL_SEND, &send));
	close(self->pipe[1]);
	end_close(&self->server);
	EXPECT_EQ(-EPIPE, ask_end(&sender));
	EXPECT_LET_GO();
}

TEST_F(life, withdrawn_call_lets_go)
{
	struct kipc_channel_call call = call_of("x", 1);
	struct asker caller;

	call.request = CARRIER;
	call.deadline = in_ms(100);
	ASSERT_EQ(0, ask_and_wait(&caller, self->client.fd,
				  KIPC_IOC_CHANNEL_CALL, &call));
	close(self->pipe[1]);
	EXPECT_CARRIED();
	EXPECT_EQ(-ETIMEDOUT, ask_end(&caller));
	EXPECT_EQ(KIPC_OUTCOME_NONE, call.outcome);
	EXPECT_LET_GO();
}

TEST_F(life, bad_payload_efault_lets_go)
{
	struct kipc_payload bad = payload_fds(NULL, 1, &self->pipe[1], 1);
	struct kipc_vec vec = { 0, 1 };

	EXPECT_EQ(-EFAULT, channel_send_payload(self->client.fd, 0, bad));
	bad.data = (uintptr_t)&vec;
	bad.flags = KIPC_PAYLOAD_VEC;
	EXPECT_EQ(-EFAULT, channel_send_payload(self->client.fd, 0, bad));
	bad.data = 0;
	EXPECT_EQ(-EFAULT, channel_send_payload(self->client.fd, 0, bad));
	close(self->pipe[1]);
	EXPECT_LET_GO();
}

TEST_F(life, bad_reply_efault_lets_go)
{
	uint64_t id;

	ASSERT_EQ(0, channel_call_async(self->client.fd, 0, payload_of("x", 1),
					&id));
	RECV();
	EXPECT_EQ(-EFAULT, channel_reply_payload(self->server.fd, self->msg.id,
						 payload_fds(NULL, 1,
							     &self->pipe[1],
							     1)));
	close(self->pipe[1]);
	EXPECT_LET_GO();
}

TEST_F(life, bad_array_efault_lets_go)
{
	struct guard guard;
	int *fds;

	ASSERT_EQ(0, guard_init(&guard));
	fds = (int *)guard.end - 2;
	fds[0] = self->pipe[1];
	fds[1] = self->pipe[1];
	EXPECT_EQ(-EFAULT, channel_send_fds(self->client.fd, fds, 3));
	close(self->pipe[1]);
	EXPECT_LET_GO();
}

TEST_F(life, refused_among_many_lets_go_of_the_others)
{
	int fds[3] = { self->pipe[1], self->pipe[1], 1000 };

	EXPECT_EQ(-EBADF, channel_send_fds(self->client.fd, fds, 3));
	fds[2] = self->client.fd;
	EXPECT_EQ(-ELOOP, channel_send_fds(self->client.fd, fds, 3));
	close(self->pipe[1]);
	EXPECT_LET_GO();
}

TEST_F(life, message_that_cannot_be_sent_lets_go)
{
	struct kipc_payload big = payload_fds(memory(64 * PAGE), 64 * PAGE,
					      &self->pipe[1], 1);

	EXPECT_EQ(-EMSGSIZE, channel_send_payload(self->client.fd, 0, big));
	EXPECT_EQ(-ESRCH, channel_send_payload(self->server.fd, 99, CARRIER));
	EXPECT_EQ(-EINVAL, channel_send_payload(self->client.fd, 1, CARRIER));
	end_close(&self->server);
	EXPECT_EQ(-EPIPE, channel_send_payload(self->client.fd, 0, CARRIER));
	close(self->pipe[1]);
	EXPECT_LET_GO();
}

TEST_F(life, batch_that_stops_lets_go_of_what_was_not_sent)
{
	struct kipc_payload payloads[2] = { payload_of("x", 1), CARRIER };
	struct kipc_channel_send_batch batch = batch_of(payloads, 2);

	payloads[1].data = 0;
	EXPECT_EQ(0, request(self->client.fd, KIPC_IOC_CHANNEL_SEND_BATCH,
			     &batch));
	EXPECT_EQ(1, batch.done);
	close(self->pipe[1]);
	EXPECT_LET_GO();
}

/* What they cost */

#define LIMIT	10

/*
 * One end of a connection whose last close takes 100 s, unless the other end, @peer, is
 * closed before: it has sent more than that has received.
 */
static int lingering_socket(int *peer)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int listener = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);
	struct linger linger = { .l_onoff = 1, .l_linger = 100 };
	socklen_t len = sizeof(addr);
	char bytes[4096] = { };

	if (bind(listener, (void *)&addr, len) || listen(listener, 1) ||
	    getsockname(listener, (void *)&addr, &len) || connect(fd, (void *)&addr, len))
		return -1;
	*peer = accept(listener, NULL, NULL);
	close(listener);
	while (send(fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
	return setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) ? -1 : fd;
}

/* Otherwise whoever sends it would stop a server that never asked for it. */
TEST_F(life, release_does_not_wait_for_a_close_that_lingers)
{
	int peer, fd = lingering_socket(&peer);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, channel_send_fds(self->client.fd, &fd, 1));
	close(fd);
	RECV();
	ASSERT_EQ(0, channel_release(self->server.fd, self->msg.id));
	close(peer);
}

/* Neither where it has asked for some, and not for that one. */
TEST_F(life, release_does_not_wait_for_what_was_not_asked_for)
{
	struct kipc_channel_fds take = { .size = sizeof(take), .count = 1 };
	int peer, fds[2] = { self->pipe[0], lingering_socket(&peer) };
	__s32 got = -1;

	ASSERT_LE(0, fds[1]);
	ASSERT_EQ(0, channel_send_fds(self->client.fd, fds, 2));
	close(fds[1]);
	RECV();
	take.id = self->msg.id;
	take.fds = (uintptr_t)&got;
	ASSERT_EQ(0, request(self->server.fd, KIPC_IOC_CHANNEL_FDS, &take));
	ASSERT_EQ(0, channel_release(self->server.fd, self->msg.id));
	close(got);
	close(peer);
}

/* How many single descriptors can be sent before EDQUOT: 200 if that is not the end. */
static int send_many(int fd)
{
	int err = 0, n = 0, null = 0;

	while (!err && n < 100)
		err = channel_send_fds(fd, &null, 1), n += !err;
	return err == -EDQUOT ? n : 200;
}

/* The same for what was released just now: it is free again once its files are closed. */
static int send_many_soon(int fd, int want)
{
	int n = 0, tries;

	for (tries = 0; n < want && tries < 1000; tries++) {
		n += send_many(fd);
		usleep(n < want ? 2000 : 0);
	}
	return n + send_many(fd);
}

static void release_all(int fd)
{
	struct kipc_header msg;

	while (!channel_recv_now(fd, &msg))
		channel_release(fd, msg.id);
}

TEST_F(life, limit_edquot_and_given_back)
{
	ASSERT_EQ(0, parameter_set("max_fds", LIMIT));
	EXPECT_EQ(LIMIT, send_many(self->client.fd));
	EXPECT_EQ(0, send_many(self->client.fd));
	EXPECT_EQ(LIMIT, endpoint_info(self->server.fd).queued);
	EXPECT_EQ(0, channel_send(self->client.fd, 0, "without", 7));

	RECV();
	EXPECT_EQ(0, send_many(self->client.fd));
	ASSERT_EQ(0, channel_release(self->server.fd, self->msg.id));
	EXPECT_EQ(1, send_many_soon(self->client.fd, 1));

	release_all(self->server.fd);
	EXPECT_EQ(LIMIT, send_many_soon(self->client.fd, LIMIT));
}

TEST_F(life, limit_counts_all_of_a_message)
{
	int fds[LIMIT + 1] = { };

	ASSERT_EQ(0, parameter_set("max_fds", LIMIT));
	EXPECT_EQ(-EDQUOT, channel_send_fds(self->client.fd, fds, LIMIT + 1));
	EXPECT_EQ(0, channel_send_fds(self->client.fd, fds, 4));
	EXPECT_EQ(-EDQUOT, channel_send_fds(self->client.fd, fds, LIMIT - 3));
	EXPECT_EQ(0, channel_send_fds(self->client.fd, fds, LIMIT - 4));
}

TEST_F(life, limit_in_the_middle_of_a_batch_ends_it)
{
	int fds[LIMIT] = { };
	struct kipc_payload payloads[2] = {
		payload_fds("x", 1, fds, LIMIT), payload_fds("y", 1, fds, 1),
	};
	struct kipc_channel_send_batch batch = batch_of(payloads, 2);

	ASSERT_EQ(0, parameter_set("max_fds", LIMIT));
	EXPECT_EQ(0, request(self->client.fd, KIPC_IOC_CHANNEL_SEND_BATCH,
			     &batch));
	EXPECT_EQ(1, batch.done);
	EXPECT_EQ(-EDQUOT, request(self->client.fd,
				   KIPC_IOC_CHANNEL_SEND_BATCH, &batch));
	EXPECT_EQ(0, batch.done);
}

TEST_F(life, limit_is_free_again_when_the_receiver_closes)
{
	ASSERT_EQ(0, parameter_set("max_fds", LIMIT));
	EXPECT_EQ(LIMIT, send_many(self->client.fd));
	RECV();
	end_close(&self->client);
	end_close(&self->server);
	ASSERT_EQ(0, end_serve(&self->server, self->name, 0));
	ASSERT_EQ(0, end_connect(&self->client, self->name, 0));
	EXPECT_EQ(LIMIT, send_many_soon(self->client.fd, LIMIT));
}

/* Every way to fail, often enough for what it might leave to add up. */
TEST_F(life, limit_is_free_again_after_what_failed)
{
	int good[2] = { 0, 0 }, bad[2] = { 0, 1000 }, loop[2];
	int fd = self->client.fd, i;
	struct kipc_payload hole = payload_fds(NULL, 1, good, 2);
	struct kipc_payload big = payload_fds(memory(64 * PAGE), 64 * PAGE,
					      good, 2);

	loop[0] = 0;
	loop[1] = fd;
	ASSERT_EQ(0, parameter_set("max_fds", LIMIT));
	for (i = 0; i < 2 * LIMIT; i++) {
		EXPECT_EQ(-EBADF, channel_send_fds(fd, bad, 2));
		EXPECT_EQ(-ELOOP, channel_send_fds(fd, loop, 2));
		EXPECT_EQ(-EFAULT, channel_send_fds(fd, NULL, 2));
		EXPECT_EQ(-EFAULT, channel_send_payload(fd, 0, hole));
		EXPECT_EQ(-EMSGSIZE, channel_send_payload(fd, 0, big));
	}
	EXPECT_EQ(LIMIT, send_many(fd));
}

/* Its sender pays, as the user who opened the endpoint, and nobody else. */
TEST_F(life, limit_of_one_user_is_no_other_s)
{
	struct end client;
	pid_t child;

	umask(0);
	end_close(&self->client);
	end_close(&self->server);
	ASSERT_EQ(0, end_serve(&self->server, self->name, 0));
	ASSERT_EQ(0, end_connect(&self->client, self->name, 0));
	ASSERT_EQ(0, parameter_set("max_fds", LIMIT));
	child = spawn();
	if (!child) {
		if (become(USER) || end_connect(&client, self->name, 0))
			_exit(201);
		_exit(send_many(client.fd));
	}
	EXPECT_EQ(LIMIT, reap(child));
	EXPECT_EQ(LIMIT, send_many(self->client.fd));
	release_all(self->server.fd);
	EXPECT_EQ(LIMIT, send_many_soon(self->client.fd, LIMIT));
}

/* Many threads */

struct taker {
	pthread_t thread;
	int fd;
	uint64_t id;
	int unexpected;
};

/* Take from a message that another thread is releasing. */
static void *take_until_gone(void *arg)
{
	struct taker *taker = arg;
	int fds[8], err;
	unsigned int done;

	do {
		err = channel_fds_to(taker->fd, taker->id, fds, 8, &done);
		close_all(fds, done);
	} while (!err);
	taker->unexpected = err != -ENOENT;
	return NULL;
}

TEST_F(life, taken_while_it_is_released_lets_go)
{
	struct taker taker = { .fd = self->server.fd };
	int fds[8], i;

	for (i = 0; i < 8; i++)
		fds[i] = self->pipe[1];
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, channel_send_fds(self->client.fd, fds, 8));
		RECV();
		taker.id = self->msg.id;
		ASSERT_EQ(0, pthread_create(&taker.thread, NULL,
					    take_until_gone, &taker));
		if (i % 2)
			nap_ms(1);
		EXPECT_EQ(0, channel_release(self->server.fd, self->msg.id));
		pthread_join(taker.thread, NULL);
		EXPECT_EQ(0, taker.unexpected);
	}
	close(self->pipe[1]);
	EXPECT_LET_GO();
}

TEST_HARNESS_MAIN
