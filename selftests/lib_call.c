// SPDX-License-Identifier: GPL-2.0
/* Calls and replies: one answer to each call, or one error that says how far it came. */
#include <sys/mman.h>

#include "lib_test.h"

FIXTURE(call)
{
	char address[128];
	struct kipc *server;
	struct kipc *client;
	size_t max_size;
};

/* @line: an address of two ends that have nobody else. */
FIXTURE_VARIANT(call)
{
	const char *scheme;
	const char *line;
};

FIXTURE_VARIANT_ADD(call, channel) { .scheme = "channel" };
FIXTURE_VARIANT_ADD(call, unix) { .scheme = "unix" };
FIXTURE_VARIANT_ADD(call, unix_dgram) { .scheme = "unix-dgram" };
FIXTURE_VARIANT_ADD(call, unix_seqpacket) { .scheme = "unix-seqpacket" };
FIXTURE_VARIANT_ADD(call, tcp) { .scheme = "tcp" };
FIXTURE_VARIANT_ADD(call, udp) { .scheme = "udp" };
FIXTURE_VARIANT_ADD(call, cma) { .scheme = "cma" };
FIXTURE_VARIANT_ADD(call, sunrpc) { .scheme = "sunrpc" };
FIXTURE_VARIANT_ADD(call, pipe) { .scheme = "pipe", .line = "pipe:?duplex&size=1M" };
FIXTURE_VARIANT_ADD(call, pty) { .scheme = "pty", .line = "pty:?size=1M" };

FIXTURE_SETUP(call)
{
	struct kipc_info info = KIPC_INFO_INIT;

	if (device_missing(variant->scheme))
		SKIP(return, "no /dev/kipc");
	if (variant->line) {
		struct kipc *ends[2];

		ASSERT_EQ(0, kipc_pair(ends, variant->line, NULL));
		self->server = ends[0];
		self->client = ends[1];
	} else {
		fresh_address(variant->scheme, self->address);
		ASSERT_EQ(0, kipc_listen(&self->server, self->address, NULL));
		ASSERT_EQ(0, kipc_connect(&self->client, self->address, NULL));
	}
	ASSERT_EQ(0, kipc_info(self->client, &info));
	self->max_size = info.max_size;
}

FIXTURE_TEARDOWN(call)
{
	kipc_close(self->client);
	kipc_close(self->server);
}

/* A server in a process of its own: echoes, until it is told to stop. */
static pid_t start_echo(struct kipc *server)
{
	struct kipc_msg msg;
	pid_t child = fork();
	ssize_t n;

	if (child)
		return child;
	n = kipc_recv(server, &msg, LONG);
	while (n >= 0 && msg.kind == KIPC_MSG_CALL && !(n == 4 && !memcmp(msg.data, "stop", 4)))
		n = kipc_reply_recv(server, &msg, msg.data, msg.len, LONG);
	if (n >= 0 && kipc_reply(server, &msg, "ok", 2))
		n = -1;
	_exit(n < 0);
}

static void stop_echo(struct __test_metadata *_metadata, struct kipc *client, pid_t child)
{
	struct kipc_msg reply;

	EXPECT_EQ(2, kipc_call(client, "stop", 4, &reply, LONG));
	kipc_release(&reply);
	EXPECT_EQ(0, exit_status(child));
}

TEST_F(call, reply_answers_the_call)
{
	pid_t child = start_echo(self->server);
	struct kipc_msg reply;

	ASSERT_EQ(5, kipc_call(self->client, "hello", 5, &reply, LONG));
	EXPECT_EQ(KIPC_MSG_REPLY, reply.kind);
	EXPECT_EQ(KIPC_CALL_REPLIED, reply.outcome);
	EXPECT_EQ(0, memcmp(reply.data, "hello", 5));
	kipc_release(&reply);
	stop_echo(_metadata, self->client, child);
}

TEST_F(call, empty_calls_and_replies)
{
	pid_t child = start_echo(self->server);
	struct kipc_msg reply;

	EXPECT_EQ(0, kipc_call(self->client, NULL, 0, &reply, LONG));
	kipc_release(&reply);
	stop_echo(_metadata, self->client, child);
}

TEST_F(call, thousand_calls_of_all_sizes_come_back_unchanged)
{
	/* A terminal is slow: a tenth of it will do. */
	size_t limit = scheme_is(variant->scheme, "pty") ? 6000 : 60000;
	size_t most = self->max_size < limit ? self->max_size : limit;
	pid_t child = start_echo(self->server);
	static char data[60000];
	struct kipc_msg reply;
	unsigned int i;

	for (i = 0; i < 1000; i++) {
		size_t len = i * 7919 % (most + 1);

		fill(data, len, i);
		ASSERT_EQ(len, kipc_call(self->client, data, len, &reply,
					 i & 1 ? LONG : KIPC_FOREVER));
		ASSERT_TRUE(filled(reply.data, len, i));
		kipc_release(&reply);
	}
	stop_echo(_metadata, self->client, child);
}

TEST_F(call, replies_may_be_held_while_calling)
{
	pid_t child = start_echo(self->server);
	struct kipc_msg replies[20];
	char i;

	for (i = 0; i < 20; i++)
		ASSERT_EQ(1, kipc_call(self->client, &i, 1, &replies[(int)i], LONG));
	for (i = 0; i < 20; i++)
		EXPECT_EQ(i, *(const char *)replies[(int)i].data);
	for (i = 0; i < 20; i++)
		kipc_release(&replies[(int)i]);
	stop_echo(_metadata, self->client, child);
}

TEST_F(call, no_time_eagain_sends_nothing)
{
	struct kipc_msg msg;

	EXPECT_EQ(-EAGAIN, kipc_call(self->client, "x", 1, &msg, KIPC_NOW));
	EXPECT_EQ(KIPC_CALL_UNSEEN, msg.outcome);
	EXPECT_EQ(-EAGAIN, kipc_recv(self->server, &msg, KIPC_NOW));
}

TEST_F(call, unanswered_in_time_etimedout)
{
	int64_t start = now_ns();
	struct kipc_msg msg;

	EXPECT_EQ(-ETIMEDOUT, kipc_call(self->client, "x", 1, &msg, SOON));
	EXPECT_LE(SOON, now_ns() - start);
	EXPECT_EQ(NULL, msg.handle);
}

TEST_F(call, late_reply_is_not_the_next_calls)
{
	struct kipc_msg first, second, reply;
	pid_t child;

	EXPECT_EQ(-ETIMEDOUT, kipc_call(self->client, "first", 5, &reply, SOON));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		/* A channel takes an undelivered call back; a socket cannot. */
		if (kipc_recv(self->server, &first, LONG) == 5) {
			kipc_reply(self->server, &first, "stale", 5);
			if (kipc_recv(self->server, &second, LONG) != 6)
				_exit(1);
		} else {
			second = first;
		}
		_exit(kipc_reply(self->server, &second, "good", 4) ? 2 : 0);
	}
	ASSERT_EQ(4, kipc_call(self->client, "second", 6, &reply, LONG));
	EXPECT_EQ(0, memcmp(reply.data, "good", 4));
	kipc_release(&reply);
	EXPECT_EQ(0, exit_status(child));
}

TEST_F(call, interrupted_eintr)
{
	struct kipc_msg msg;

	alarm_start();
	EXPECT_EQ(-EINTR, kipc_call(self->client, "x", 1, &msg, KIPC_FOREVER));
	alarm_stop();
}

TEST_F(call, too_large_emsgsize_sends_nothing)
{
	/* On a stream 1 GiB, of which nothing is touched. */
	void *data = mmap(NULL, self->max_size + 1, PROT_READ,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct kipc_msg msg;

	ASSERT_NE(MAP_FAILED, data);
	EXPECT_EQ(-EMSGSIZE, kipc_call(self->client, data, self->max_size + 1, &msg, LONG));
	EXPECT_EQ(KIPC_CALL_UNSEEN, msg.outcome);
	EXPECT_EQ(-EAGAIN, kipc_recv(self->server, &msg, KIPC_NOW));
	munmap(data, self->max_size + 1);
}

TEST_F(call, server_that_died_before_receiving_epipe_or_econnreset)
{
	struct kipc_msg msg;
	int err;

	kipc_close(self->server);
	self->server = NULL;
	err = kipc_call(self->client, "x", 1, &msg, LONG);
	EXPECT_EQ(-EPIPE, err);
	EXPECT_EQ(KIPC_CALL_UNSEEN, msg.outcome);
}

TEST_F(call, server_that_dies_with_the_call_econnreset)
{
	struct kipc_msg msg;
	pid_t child = fork();

	ASSERT_LE(0, child);
	if (!child) {
		if (kipc_recv(self->server, &msg, LONG) != 1)
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	/* This process must not keep the server alive. */
	kipc_close(self->server);
	self->server = NULL;
	EXPECT_EQ(-ECONNRESET, kipc_call(self->client, "x", 1, &msg, LONG));
	EXPECT_EQ(KIPC_CALL_SEEN, msg.outcome);
	EXPECT_EQ(128 + SIGKILL, exit_status(child));
	if (!is_network(variant->scheme))
		unlink(strchr(self->address, ':') + 1);
}

TEST_F(call, released_without_an_answer_econnreset)
{
	struct kipc_msg msg;
	pid_t child = fork();

	ASSERT_LE(0, child);
	if (!child) {
		if (kipc_recv(self->server, &msg, LONG) != 1)
			_exit(1);
		kipc_release(&msg);
		pause();
	}
	EXPECT_EQ(-ECONNRESET, kipc_call(self->client, "x", 1, &msg, LONG));
	EXPECT_EQ(KIPC_CALL_SEEN, msg.outcome);
	kill(child, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, exit_status(child));
}

TEST_F(call, call_taken_by_recv_into_is_refused)
{
	struct kipc_msg msg;
	char buf[8];
	pid_t child = fork();

	ASSERT_LE(0, child);
	if (!child)
		_exit(-kipc_call(self->client, "x", 1, &msg, LONG));
	EXPECT_EQ(1, kipc_recv_into(self->server, buf, sizeof(buf), LONG));
	EXPECT_EQ(ECONNRESET, exit_status(child));
}

TEST_F(call, replying_twice_einval)
{
	struct kipc_msg msg, copy;
	pid_t child = fork();

	ASSERT_LE(0, child);
	if (!child)
		_exit(kipc_call(self->client, "x", 1, &msg, LONG) == 2 ? 0 : 1);
	ASSERT_EQ(1, kipc_recv(self->server, &msg, LONG));
	copy = msg;
	EXPECT_EQ(0, kipc_reply(self->server, &msg, "ok", 2));
	EXPECT_EQ(-EINVAL, kipc_reply(self->server, &msg, "ok", 2));
	EXPECT_EQ(0, exit_status(child));
	(void)copy;
}

TEST_F(call, replying_to_a_send_einval)
{
	struct kipc_msg msg;

	ASSERT_EQ(0, kipc_send(self->client, "x", 1, LONG));
	ASSERT_EQ(1, kipc_recv(self->server, &msg, LONG));
	EXPECT_EQ(KIPC_MSG_SEND, msg.kind);
	EXPECT_EQ(-EINVAL, kipc_reply(self->server, &msg, "y", 1));
	kipc_release(&msg);
}

TEST_F(call, reply_too_large_emsgsize_can_be_answered_shorter)
{
	size_t len = self->max_size > 64 << 20 ? self->max_size + 1 : 64 << 20;
	/* Too large to be there, and refused before it is looked at. */
	void *data = mmap(NULL, len, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct kipc_msg msg;
	pid_t child = fork();

	ASSERT_LE(0, child);
	ASSERT_NE(MAP_FAILED, data);
	if (!child)
		_exit(kipc_call(self->client, "x", 1, &msg, LONG) == 5 ? 0 : 1);
	ASSERT_EQ(1, kipc_recv(self->server, &msg, LONG));
	EXPECT_EQ(-EMSGSIZE, kipc_reply(self->server, &msg, data, len));
	EXPECT_EQ(-EMSGSIZE, kipc_reply_recv(self->server, &msg, data, len, KIPC_NOW));
	EXPECT_EQ(0, kipc_reply(self->server, &msg, "short", 5));
	EXPECT_EQ(0, exit_status(child));
	munmap(data, len);
}

TEST_F(call, caller_that_died_does_not_stop_the_server)
{
	struct kipc_msg msg;
	pid_t child;
	int err;

	if (variant->line)
		SKIP(return, "it has one client");
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		struct kipc *mine;

		if (kipc_connect(&mine, self->address, NULL))
			_exit(1);
		kipc_call(mine, "x", 1, &msg, LONG);
		_exit(2);
	}
	ASSERT_EQ(1, kipc_recv(self->server, &msg, LONG));
	kill(child, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, exit_status(child));
	err = kipc_reply(self->server, &msg, "ok", 2);
	/* A network tells later, or never. */
	EXPECT_TRUE(err == -ECANCELED || err == -EPIPE || (!err && is_network(variant->scheme)));

	ASSERT_EQ(0, kipc_send(self->client, "next", 4, LONG));
	EXPECT_EQ(4, kipc_recv(self->server, &msg, LONG));
	kipc_release(&msg);
}

TEST_F(call, reply_recv_after_a_dead_caller_receives_the_next)
{
	struct kipc_msg msg;
	pid_t child;

	if (variant->line)
		SKIP(return, "it has one client");
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		struct kipc *mine;

		if (kipc_connect(&mine, self->address, NULL))
			_exit(1);
		kipc_call(mine, "x", 1, &msg, LONG);
		_exit(2);
	}
	ASSERT_EQ(1, kipc_recv(self->server, &msg, LONG));
	kill(child, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, exit_status(child));
	ASSERT_EQ(0, kipc_send(self->client, "next", 4, LONG));
	EXPECT_EQ(4, kipc_reply_recv(self->server, &msg, "ok", 2, LONG));
	kipc_release(&msg);
}

TEST_F(call, reply_recv_out_of_time_has_replied)
{
	struct kipc_msg msg;
	pid_t child = fork();

	ASSERT_LE(0, child);
	if (!child)
		_exit(kipc_call(self->client, "x", 1, &msg, LONG) == 2 ? 0 : 1);
	ASSERT_EQ(1, kipc_recv(self->server, &msg, LONG));
	EXPECT_EQ(-ETIMEDOUT, kipc_reply_recv(self->server, &msg, "ok", 2, SOON));
	EXPECT_EQ(NULL, msg.handle);
	EXPECT_EQ(0, exit_status(child));
}

TEST_F(call, reply_goes_to_the_client_that_called)
{
	struct kipc_msg msgs[3], reply;
	pid_t children[3];
	char i;

	if (variant->line)
		SKIP(return, "it has one client");
	for (i = 0; i < 3; i++) {
		children[(int)i] = fork();
		ASSERT_LE(0, children[(int)i]);
		if (!children[(int)i]) {
			struct kipc *mine;

			if (kipc_connect(&mine, self->address, NULL) ||
			    kipc_call(mine, &i, 1, &reply, LONG) != 1)
				_exit(1);
			_exit(*(const char *)reply.data == i + 100 ? 0 : 2);
		}
	}
	for (i = 0; i < 3; i++)
		ASSERT_EQ(1, kipc_recv(self->server, &msgs[(int)i], LONG));
	EXPECT_NE(msgs[0].peer, msgs[1].peer);
	EXPECT_NE(msgs[0].peer, msgs[2].peer);
	for (i = 2; i >= 0; i--) {
		char answer = *(const char *)msgs[(int)i].data + 100;

		EXPECT_EQ(0, kipc_reply(self->server, &msgs[(int)i], &answer, 1));
	}
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, exit_status(children[(int)i]));
}

TEST_F(call, server_sends_to_the_client_it_names)
{
	struct kipc_send_options options = KIPC_SEND_OPTIONS_INIT;
	struct kipc_msg msg;

	if (variant->line)
		SKIP(return, "it has one client");
	EXPECT_EQ(-EDESTADDRREQ, kipc_send(self->server, "x", 1, LONG));
	ASSERT_EQ(0, kipc_send(self->client, "here", 4, LONG));
	ASSERT_EQ(4, kipc_recv(self->server, &msg, LONG));
	EXPECT_NE(0, msg.peer);
	options.to = msg.peer;
	kipc_release(&msg);
	ASSERT_EQ(0, kipc_send_opts(self->server, "there", 5, &options, LONG));
	EXPECT_EQ(5, kipc_recv(self->client, &msg, LONG));
	EXPECT_EQ(0, msg.peer);
	kipc_release(&msg);

	options.to += 1000;
	EXPECT_EQ(-EPIPE, kipc_send_opts(self->server, "x", 1, &options, LONG));
}

TEST_F(call, message_sent_during_a_call_is_not_lost)
{
	struct kipc_send_options options = KIPC_SEND_OPTIONS_INIT;
	struct kipc_msg msg;
	pid_t child = fork();

	ASSERT_LE(0, child);
	if (!child) {
		if (kipc_recv(self->server, &msg, LONG) != 1)
			_exit(1);
		options.to = msg.peer;
		if (kipc_send_opts(self->server, "by the way", 10, &options, LONG))
			_exit(2);
		_exit(kipc_reply(self->server, &msg, "ok", 2) ? 3 : 0);
	}
	ASSERT_EQ(2, kipc_call(self->client, "x", 1, &msg, LONG));
	kipc_release(&msg);
	EXPECT_EQ(10, kipc_recv(self->client, &msg, KIPC_NOW));
	kipc_release(&msg);
	EXPECT_EQ(0, exit_status(child));
}

TEST_F(call, client_that_closed_is_forgotten)
{
	struct kipc_msg msg;
	int i;

	if (variant->line)
		SKIP(return, "it has one client");
	for (i = 0; i < 50; i++) {
		kipc_close(self->client);
		ASSERT_EQ(0, kipc_connect(&self->client, self->address, NULL));
		ASSERT_EQ(0, kipc_send(self->client, "x", 1, LONG));
		ASSERT_EQ(1, kipc_recv(self->server, &msg, LONG));
		kipc_release(&msg);
	}
	EXPECT_EQ(-EAGAIN, kipc_recv(self->server, &msg, KIPC_NOW));
	EXPECT_GT(30, open_descriptors());
}

struct calling_thread {
	struct kipc *client;
	uint32_t first;
	int failures;
};

static void *call_often(void *arg)
{
	struct calling_thread *thread = arg;
	uint32_t i;

	for (i = thread->first; i < thread->first + 200; i++) {
		struct kipc_msg reply;

		if (kipc_call(thread->client, &i, sizeof(i), &reply,
			      i & 1 ? LONG : KIPC_FOREVER) != sizeof(i)) {
			thread->failures++;
			continue;
		}
		thread->failures += memcmp(reply.data, &i, sizeof(i)) != 0;
		kipc_release(&reply);
	}
	return NULL;
}

TEST_F(call, threads_call_through_one_handle)
{
	struct calling_thread threads[4] = { 0 };
	pid_t child = start_echo(self->server);
	pthread_t ids[4];
	int i;

	for (i = 0; i < 4; i++) {
		threads[i].client = self->client;
		threads[i].first = i * 1000;
		ASSERT_EQ(0, pthread_create(&ids[i], NULL, call_often, &threads[i]));
	}
	for (i = 0; i < 4; i++) {
		pthread_join(ids[i], NULL);
		EXPECT_EQ(0, threads[i].failures);
	}
	stop_echo(_metadata, self->client, child);
}

static void *serve_often(void *arg)
{
	struct kipc *server = arg;
	struct kipc_msg msg;
	ssize_t n = kipc_recv(server, &msg, LONG);

	/* Until it is told to stop, one way. */
	while (n >= 0 && msg.kind == KIPC_MSG_CALL)
		n = kipc_reply_recv(server, &msg, msg.data, msg.len, LONG);
	kipc_release(&msg);
	return NULL;
}

TEST_F(call, threads_serve_through_one_handle)
{
	struct calling_thread threads[4] = { 0 };
	pthread_t servers[3], ids[4];
	int i;

	if (variant->line)
		SKIP(return, "it has one client");
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, pthread_create(&servers[i], NULL, serve_often, self->server));
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, kipc_connect(&threads[i].client, self->address, NULL));
		ASSERT_EQ(0, pthread_create(&ids[i], NULL, call_often, &threads[i]));
	}
	for (i = 0; i < 4; i++) {
		pthread_join(ids[i], NULL);
		EXPECT_EQ(0, threads[i].failures);
		kipc_close(threads[i].client);
	}
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, kipc_send(self->client, "stop", 4, LONG));
	for (i = 0; i < 3; i++)
		pthread_join(servers[i], NULL);
}

TEST_F(call, forked_server_and_its_child_both_serve)
{
	struct kipc_msg msg, reply;
	int i, answered = 0;
	pid_t caller, child;

	if (variant->line)
		SKIP(return, "it has one client");
	child = start_echo(self->server);
	/* Two servers on one address; each call is answered by one of them. */
	caller = fork();
	ASSERT_LE(0, caller);
	if (!caller) {
		for (i = 0; i < 100; i++) {
			struct kipc *mine;

			if (kipc_connect(&mine, self->address, NULL) ||
			    kipc_call(mine, &i, sizeof(i), &reply, LONG) != sizeof(i) ||
			    memcmp(reply.data, &i, sizeof(i)))
				_exit(1);
			kipc_release(&reply);
			kipc_close(mine);
		}
		_exit(0);
	}
	while (kipc_recv(self->server, &msg, KIPC_MS(500)) >= 0) {
		EXPECT_EQ(0, kipc_reply(self->server, &msg, msg.data, msg.len));
		answered++;
	}
	EXPECT_EQ(0, exit_status(caller));
	EXPECT_GE(100, answered);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

TEST_HARNESS_MAIN
