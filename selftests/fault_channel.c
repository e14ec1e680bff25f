// SPDX-License-Identifier: GPL-2.0
/*
 * Failures, channels: whatever memory or copy is refused to a send, a call, a reply or a
 * receive, nothing of it has happened where it fails, and made again it happens once and whole.
 */
#include "fault_pair.h"

static void sweep_send(struct __test_metadata *_metadata, struct nl *nl, const char *what,
		       struct kipc_payload payload, const void *data, size_t len, bool down)
{
	struct pair pair;
	struct sweep sweep;

	sweep_begin(&sweep, what);
	while (sweep_next(&sweep)) {
		struct end *from = &pair.client, *to = &pair.server;
		struct accounts before;
		int err;

		EXPECT_EQ(0, pair_open(&pair, 0));
		if (down) {
			from = &pair.server;
			to = &pair.client;
		}
		before = accounts(nl);
		err = FAULT(&sweep, channel_send_payload(from->fd, to->number, payload));
		if (err) {
			EXPECT_TRUE(faults_says(err)) AT(&sweep);
			EXPECT_TRUE(accounts_are(nl, &before)) AT(&sweep);
			EXPECT_TRUE(empty(to)) AT(&sweep);
			EXPECT_EQ(0, channel_send_payload(from->fd, to->number, payload))
				AT(&sweep);
		}
		EXPECT_TRUE(comes(to, KIPC_KIND_SEND, data, len, payload.fd_count)) AT(&sweep);
		EXPECT_TRUE(accounts_are(nl, &before)) AT(&sweep);
		pair_close(&pair);
	}
	SWEPT(&sweep);
}

TEST_F(fault, send)
{
	const void *data = pattern(LARGE, 1);

	sweep_send(_metadata, &self->nl, "send, a line", payload_of(data, 40), data, 40, false);
	sweep_send(_metadata, &self->nl, "send, large", payload_of(data, LARGE), data, LARGE,
		   false);
	sweep_send(_metadata, &self->nl, "send to a client", payload_of(data, 40), data, 40,
		   true);
	sweep_send(_metadata, &self->nl, "send to a client, large", payload_of(data, LARGE), data,
		   LARGE, true);
}

TEST_F(fault, send_gathered)
{
	uint8_t *data = pattern(LARGE, 2);
	struct kipc_vec vec[3] = {
		{ (uintptr_t)data, 7 }, { (uintptr_t)data + 7, CHUNK },
		{ (uintptr_t)data + 7 + CHUNK, LARGE - 7 - CHUNK },
	};
	struct kipc_payload payload = payload_of(vec, 3);

	payload.flags = KIPC_PAYLOAD_VEC;
	sweep_send(_metadata, &self->nl, "send, gathered", payload, data, LARGE, false);
}

TEST_F(fault, send_descriptors)
{
	int fds[3];

	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
	fds[2] = fds[0];
	sweep_send(_metadata, &self->nl, "send, descriptors", payload_fds("fds", 3, fds, 3),
		   "fds", 3, false);
	EXPECT_TRUE(pipe_is_open(fds[0]));
	close(fds[1]);
	/* Nobody else holds the other end. */
	EXPECT_TRUE(pipe_ends(fds[0]));
	close(fds[0]);
}

/* A batch ends before what cannot be sent; what has been is told, or cannot be. */
TEST_F(fault, send_batch)
{
	const uint8_t *data = pattern(LARGE, 3);
	struct kipc_payload payloads[3] = {
		payload_of(data, 10), payload_of(data + 10, LARGE - 100),
		payload_of(data + 20, 20),
	};
	struct sweep sweep;
	struct pair pair;

	sweep_begin(&sweep, "send batch");
	while (sweep_next(&sweep)) {
		struct kipc_channel_send_batch arg = batch_of(payloads, 3);
		struct kipc_header msg;
		unsigned int came = 0;
		int err;

		ASSERT_EQ(0, pair_open(&pair, 0));
		err = FAULT(&sweep, request(pair.client.fd, KIPC_IOC_CHANNEL_SEND_BATCH, &arg));
		EXPECT_TRUE(!err || faults_says(err)) AT(&sweep);
		for (; !channel_recv_now(pair.server.fd, &msg); came++) {
			ASSERT_GT(3, came);
			EXPECT_TRUE(end_has(&pair.server, &msg,
					    (void *)(uintptr_t)payloads[came].data,
					    payloads[came].len)) AT(&sweep);
		}
		/* A refused copy of the number comes after the messages. */
		if (!err || err == -ENOMEM)
			EXPECT_EQ(err ? 0 : arg.done, came) AT(&sweep);
		pair_close(&pair);
	}
	SWEPT(&sweep);
}

/* ---- calls ---- */

/**
 * struct echo - a server that answers each call with what it brings, and counts them
 * @end:	its end
 * @thread:	the thread
 * @calls:	how many have come
 */
struct echo {
	struct end end;
	pthread_t thread;
	int calls;
};

static void *echo_run(void *arg)
{
	struct echo *echo = arg;
	struct kipc_header msg;

	while (!channel_recv_until(echo->end.fd, &msg, 0) && msg.kind == KIPC_KIND_CALL) {
		__atomic_add_fetch(&echo->calls, 1, __ATOMIC_RELAXED);
		channel_reply(echo->end.fd, msg.id, echo->end.pool + msg.offset, msg.len);
	}
	return NULL;
}

static void sweep_call(struct __test_metadata *_metadata, struct nl *nl, const char *what,
		       const void *data, size_t len)
{
	char name[KIPC_NAME_SIZE];
	struct echo echo = { };
	struct kipc_header msg;
	struct sweep sweep;
	struct end client;

	ASSERT_EQ(0, end_serve(&echo.end, fresh_name(name), 1 << 20));
	ASSERT_EQ(0, pthread_create(&echo.thread, NULL, echo_run, &echo));
	sweep_begin(&sweep, what);
	while (sweep_next(&sweep)) {
		struct kipc_channel_call arg = call_of(data, len);
		struct accounts before;
		int calls = echo.calls, err;

		EXPECT_EQ(0, end_connect(&client, name, 1 << 20));
		before = accounts(nl);
		err = FAULT(&sweep, request(client.fd, KIPC_IOC_CHANNEL_CALL, &arg));
		if (!err) {
			EXPECT_EQ(KIPC_OUTCOME_REPLIED, arg.outcome) AT(&sweep);
			EXPECT_TRUE(end_has(&client, &arg.reply, data, len)) AT(&sweep);
			EXPECT_EQ(0, channel_release(client.fd, arg.reply.id));
		} else if (arg.outcome == KIPC_OUTCOME_REPLIED) {
			EXPECT_EQ(-EFAULT, err) AT(&sweep);
			EXPECT_TRUE(comes(&client, KIPC_KIND_REPLY, data, len, 0)) AT(&sweep);
		} else {
			EXPECT_TRUE(faults_says(err)) AT(&sweep);
			EXPECT_EQ(KIPC_OUTCOME_NONE, arg.outcome) AT(&sweep);
			EXPECT_EQ(calls, echo.calls) AT(&sweep);
			EXPECT_EQ(0, channel_call(client.fd, data, len, &msg)) AT(&sweep);
			EXPECT_TRUE(end_has(&client, &msg, data, len)) AT(&sweep);
			EXPECT_EQ(0, channel_release(client.fd, msg.id));
		}
		EXPECT_EQ(calls + 1, echo.calls) AT(&sweep);
		EXPECT_TRUE(empty(&client)) AT(&sweep);
		EXPECT_TRUE(accounts_are(nl, &before)) AT(&sweep);
		end_close(&client);
	}
	SWEPT(&sweep);
	/* It ends with what is no call. */
	EXPECT_EQ(0, end_connect(&client, name, 4096));
	EXPECT_EQ(0, channel_send(client.fd, 0, "end", 3));
	pthread_join(echo.thread, NULL);
	end_close(&client);
	end_close(&echo.end);
}

TEST_F(fault, call)
{
	const void *data = pattern(LARGE, 4);

	sweep_call(_metadata, &self->nl, "call, a line", data, 40);
	sweep_call(_metadata, &self->nl, "call, large", data, LARGE);
}

/* Where it says that it was not made it was not, and otherwise its end comes. */
TEST_F(fault, call_async)
{
	struct kipc_header msg;
	struct sweep sweep;
	struct pair pair;

	sweep_begin(&sweep, "call, async");
	while (sweep_next(&sweep)) {
		struct kipc_channel_call arg = call_of("what", 4);
		struct accounts before;
		uint64_t id;
		int err;

		EXPECT_EQ(0, pair_open(&pair, 0));
		before = accounts(&self->nl);
		arg.flags = KIPC_CALL_ASYNC;
		err = FAULT(&sweep, request(pair.client.fd, KIPC_IOC_CHANNEL_CALL, &arg));
		id = arg.reply.id;
		if (err && arg.outcome == KIPC_OUTCOME_NONE) {
			EXPECT_TRUE(faults_says(err)) AT(&sweep);
			EXPECT_TRUE(accounts_are(&self->nl, &before)) AT(&sweep);
			EXPECT_TRUE(empty(&pair.server)) AT(&sweep);
			err = channel_call_async(pair.client.fd, 0, payload_of("what", 4),
						 &id);
			EXPECT_EQ(0, err) AT(&sweep);
		}
		EXPECT_EQ(0, channel_recv_now(pair.server.fd, &msg)) AT(&sweep);
		if (!err)
			EXPECT_EQ(id, msg.id) AT(&sweep);
		EXPECT_EQ(0, channel_reply(pair.server.fd, msg.id, "that", 4)) AT(&sweep);
		EXPECT_TRUE(empty(&pair.server)) AT(&sweep);
		EXPECT_TRUE(comes(&pair.client, KIPC_KIND_REPLY, "that", 4, 0)) AT(&sweep);
		EXPECT_TRUE(accounts_are(&self->nl, &before)) AT(&sweep);
		pair_close(&pair);
	}
	SWEPT(&sweep);
}

/* ---- replies ---- */

static void sweep_reply(struct __test_metadata *_metadata, struct nl *nl, const char *what,
			const void *data, size_t len)
{
	struct kipc_header call;
	struct sweep sweep;
	struct pair pair;
	uint64_t id;

	sweep_begin(&sweep, what);
	while (sweep_next(&sweep)) {
		struct accounts before;
		int err;

		EXPECT_EQ(0, pair_open(&pair, 0));
		EXPECT_EQ(0, channel_call_async(pair.client.fd, 0, payload_of("what", 4), &id));
		EXPECT_EQ(0, channel_recv_now(pair.server.fd, &call));
		before = accounts(nl);
		err = FAULT(&sweep, channel_reply(pair.server.fd, call.id, data, len));
		if (err) {
			EXPECT_TRUE(faults_says(err)) AT(&sweep);
			EXPECT_TRUE(accounts_are(nl, &before)) AT(&sweep);
			EXPECT_TRUE(empty(&pair.client)) AT(&sweep);
			EXPECT_EQ(0, channel_reply(pair.server.fd, call.id, data, len))
				AT(&sweep);
		}
		EXPECT_EQ(0, endpoint_info(pair.server.fd).held) AT(&sweep);
		EXPECT_TRUE(comes(&pair.client, KIPC_KIND_REPLY, data, len, 0)) AT(&sweep);
		pair_close(&pair);
	}
	SWEPT(&sweep);
}

TEST_F(fault, reply)
{
	const void *data = pattern(LARGE, 5);

	sweep_reply(_metadata, &self->nl, "reply, a line", data, 40);
	sweep_reply(_metadata, &self->nl, "reply, large", data, LARGE);
}

/* Which half of it has been done @id says. */
TEST_F(fault, reply_and_receive)
{
	struct kipc_header call, next;
	struct sweep sweep;
	struct pair pair;
	uint64_t first, second;

	sweep_begin(&sweep, "reply and receive");
	while (sweep_next(&sweep)) {
		struct kipc_channel_reply arg = {
			.size = sizeof(arg),
			.flags = KIPC_REPLY_RECV | KIPC_F_NONBLOCK,
			.reply = payload_of("that", 4),
		};
		int err;

		EXPECT_EQ(0, pair_open(&pair, KIPC_CHANNEL_NICE));
		EXPECT_EQ(0, channel_call_async(pair.client.fd, 0, payload_of("1", 1), &first));
		EXPECT_EQ(0, channel_call_async(pair.client.fd, 0, payload_of("2", 1), &second));
		EXPECT_EQ(0, channel_recv_now(pair.server.fd, &call));
		arg.id = call.id;
		err = FAULT(&sweep, request(pair.server.fd, KIPC_IOC_CHANNEL_REPLY, &arg));
		next = arg.msg;
		if (err) {
			EXPECT_TRUE(faults_says(err)) AT(&sweep);
			if (arg.id)
				EXPECT_EQ(0, channel_reply(pair.server.fd, call.id, "that", 4))
					AT(&sweep);
			EXPECT_EQ(0, channel_recv_now(pair.server.fd, &next)) AT(&sweep);
		}
		EXPECT_TRUE(comes(&pair.client, KIPC_KIND_REPLY, "that", 4, 0)) AT(&sweep);
		EXPECT_EQ(second, next.id) AT(&sweep);
		EXPECT_TRUE(end_has(&pair.server, &next, "2", 1)) AT(&sweep);
		EXPECT_EQ(0, channel_reply(pair.server.fd, next.id, "this", 4)) AT(&sweep);
		EXPECT_TRUE(comes(&pair.client, KIPC_KIND_REPLY, "this", 4, 0)) AT(&sweep);
		pair_close(&pair);
	}
	SWEPT(&sweep);
}

/* ---- receiving ---- */

/* What could not be told is the next message again, and what it released is. */
TEST_F(fault, receive)
{
	struct kipc_header msg;
	struct sweep sweep;
	struct pair pair;

	sweep_begin(&sweep, "receive");
	while (sweep_next(&sweep)) {
		struct kipc_channel_recv arg = {
			.size = sizeof(arg),
			.flags = KIPC_F_NONBLOCK,
		};
		int err;

		EXPECT_EQ(0, pair_open(&pair, 0));
		EXPECT_EQ(0, channel_send(pair.client.fd, 0, "1", 1));
		EXPECT_EQ(0, channel_send(pair.client.fd, 0, "2", 1));
		EXPECT_EQ(0, channel_send(pair.client.fd, 0, "3", 1));
		EXPECT_EQ(0, channel_recv_now(pair.server.fd, &msg));
		arg.release = msg.id;
		err = FAULT(&sweep, request(pair.server.fd, KIPC_IOC_CHANNEL_RECV, &arg));
		msg = arg.msg;
		if (err) {
			EXPECT_EQ(-EFAULT, err) AT(&sweep);
			EXPECT_EQ(!!arg.release, endpoint_info(pair.server.fd).held) AT(&sweep);
			if (arg.release)
				EXPECT_EQ(0, channel_release(pair.server.fd, arg.release));
			EXPECT_EQ(0, channel_recv_now(pair.server.fd, &msg)) AT(&sweep);
		}
		EXPECT_TRUE(end_has(&pair.server, &msg, "2", 1)) AT(&sweep);
		EXPECT_EQ(0, channel_release(pair.server.fd, msg.id)) AT(&sweep);
		EXPECT_TRUE(comes(&pair.server, KIPC_KIND_SEND, "3", 1, 0)) AT(&sweep);
		EXPECT_EQ(0, endpoint_info(pair.server.fd).held) AT(&sweep);
		pair_close(&pair);
	}
	SWEPT(&sweep);
}

/* Those before one are released, those from it on are held. */
TEST_F(fault, release)
{
	uint64_t ids[3];
	struct sweep sweep;
	struct pair pair;

	sweep_begin(&sweep, "release");
	while (sweep_next(&sweep)) {
		struct kipc_channel_release arg = {
			.size = sizeof(arg),
			.ids = (uintptr_t)ids,
			.count = 3,
			.done = 77,
		};
		struct kipc_header msg;
		unsigned int i, held;
		int err;

		EXPECT_EQ(0, pair_open(&pair, 0));
		for (i = 0; i < 3; i++) {
			EXPECT_EQ(0, channel_send(pair.client.fd, 0, "x", 1));
			EXPECT_EQ(0, channel_recv_now(pair.server.fd, &msg));
			ids[i] = msg.id;
		}
		err = FAULT(&sweep, request(pair.server.fd, KIPC_IOC_CHANNEL_RELEASE, &arg));
		held = endpoint_info(pair.server.fd).held;
		EXPECT_EQ(arg.done == 3 ? 0 : -EFAULT, err) AT(&sweep);
		if (arg.done != 77)
			EXPECT_EQ(3 - arg.done, held) AT(&sweep);
		for (i = 0; i < 3; i++)
			EXPECT_EQ(i < 3 - held ? -ENOENT : 0,
				  channel_release(pair.server.fd, ids[i])) AT(&sweep);
		pair_close(&pair);
	}
	SWEPT(&sweep);
}

/* Descriptors that are not told of are not there. */
TEST_F(fault, take_descriptors)
{
	int fds[2], got[2];
	struct sweep sweep;
	struct pair pair;

	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
	sweep_begin(&sweep, "take descriptors");
	while (sweep_next(&sweep)) {
		struct accounts before;
		struct kipc_header msg;
		unsigned int done;
		int err;

		EXPECT_EQ(0, pair_open(&pair, 0));
		EXPECT_EQ(0, channel_send_fds(pair.client.fd, fds, 2));
		EXPECT_EQ(0, channel_recv_now(pair.server.fd, &msg));
		before = accounts(&self->nl);
		err = FAULT(&sweep, channel_fds_to(pair.server.fd, msg.id, got, 2, &done));
		if (err) {
			EXPECT_TRUE(faults_says(err) || err == -EMFILE) AT(&sweep);
			if (done != 77)
				close_all(got, done);
			EXPECT_TRUE(accounts_are(&self->nl, &before)) AT(&sweep);
			EXPECT_EQ(0, channel_fds(pair.server.fd, msg.id, got, 2)) AT(&sweep);
		}
		EXPECT_TRUE(is_open(got[0]) && is_open(got[1])) AT(&sweep);
		close_all(got, 2);
		pair_close(&pair);
	}
	SWEPT(&sweep);
	close_all(fds, 2);
}

TEST_F(fault, inspect)
{
	struct kipc_header msg, again;
	struct sweep sweep;
	struct pair pair;

	ASSERT_EQ(0, pair_open(&pair, 0));
	ASSERT_EQ(0, channel_send(pair.client.fd, 0, "x", 1));
	ASSERT_EQ(0, channel_recv_now(pair.server.fd, &msg));
	sweep_begin(&sweep, "inspect");
	while (sweep_next(&sweep)) {
		int err = FAULT(&sweep, channel_inspect(pair.server.fd, msg.id, &again));

		if (err) {
			EXPECT_EQ(-EFAULT, err) AT(&sweep);
			EXPECT_EQ(0, channel_inspect(pair.server.fd, msg.id, &again)) AT(&sweep);
		}
		EXPECT_EQ(0, memcmp(&msg, &again, sizeof(msg))) AT(&sweep);
	}
	SWEPT(&sweep);
	pair_close(&pair);
}

TEST_HARNESS_MAIN
