// SPDX-License-Identifier: GPL-2.0
/*
 * Bad input: what every request refuses, and that refusing leaves nothing behind.
 *
 * Each request is a variant of one fixture, which brings an endpoint into the state
 * in which the request succeeds.  What is wrong with each of them alike is tried in
 * request_test.h; the requests on queues are in queue_badinput.c.
 */
#include <stddef.h>

#include "kipc_test.h"

FIXTURE(request)
{
	char name[KIPC_NAME_SIZE];
	struct end server;
	struct end client;
	int queue;
	int none;
	struct asker caller;
	struct kipc_channel_call call;
	pthread_t answerer;
	struct kipc_header msg;
	uint64_t id;
	struct kipc_payload payload;
	char buf[64];
	int fd;
	union {
		uint8_t bytes[1024];
		uint32_t words[256];
		struct kipc_channel_create create;
		struct kipc_channel_connect connect;
		struct kipc_channel_call call;
		struct kipc_channel_send send;
		struct kipc_channel_recv recv;
		struct kipc_channel_reply reply;
		struct kipc_channel_release release;
		struct kipc_endpoint_tune tune;
		struct kipc_channel_send_batch batch;
		struct kipc_channel_fds fds;
		struct kipc_channel_inspect inspect;
		struct kipc_channel_ring ring;
	} arg;
};

/* A variant: the request, its structure, and what makes it succeed. */
FIXTURE_VARIANT(request)
{
	unsigned int nr;
	size_t size;
	uint32_t flags;		/* those that it knows */
	size_t payload;		/* where it has a payload, or 0 */
	size_t zero[4];		/* its reserved fields; a list that ends with 0 */
	void (*make)(struct _test_data_request *self);
};

static void *answer_one(void *fd)
{
	struct kipc_header msg;

	if (!channel_recv(*(int *)fd, &msg))
		channel_reply(*(int *)fd, msg.id, "ok", 2);
	return NULL;
}

static void make_info(struct _test_data_request *self)
{
	self->fd = self->server.fd;
}

static void make_create(struct _test_data_request *self)
{
	self->fd = self->none;
	fresh_name(self->arg.create.name);
}

static void make_connect(struct _test_data_request *self)
{
	self->fd = self->none;
	memcpy(self->arg.connect.name, self->name, KIPC_NAME_SIZE);
}

static void make_call(struct _test_data_request *self)
{
	self->fd = self->client.fd;
	self->arg.call.deadline = LONG;
	self->arg.call.request = payload_of("abc", 3);
	pthread_create(&self->answerer, NULL, answer_one, &self->server.fd);
}

static void make_send(struct _test_data_request *self)
{
	self->fd = self->client.fd;
	self->arg.send.deadline = LONG;
	self->arg.send.payload = payload_of("abc", 3);
}

static void make_recv(struct _test_data_request *self)
{
	self->fd = self->server.fd;
	self->arg.recv.deadline = LONG;
	channel_send(self->client.fd, 0, "abc", 3);
}

static void make_reply(struct _test_data_request *self)
{
	self->fd = self->server.fd;
	self->call = call_of("abc", 3);
	ask(&self->caller, self->client.fd, KIPC_IOC_CHANNEL_CALL, &self->call);
	channel_recv(self->server.fd, &self->msg);
	self->arg.reply.id = self->msg.id;
	self->arg.reply.reply = payload_of("ok", 2);
}

static void make_release(struct _test_data_request *self)
{
	self->fd = self->server.fd;
	channel_send(self->client.fd, 0, "abc", 3);
	channel_recv(self->server.fd, &self->msg);
	self->arg.release.ids = (uintptr_t)&self->msg.id;
	self->arg.release.count = 1;
}

static void make_tune(struct _test_data_request *self)
{
	self->fd = self->queue;
	self->arg.tune.busy_poll = 1000;
}

static void make_batch(struct _test_data_request *self)
{
	self->fd = self->client.fd;
	self->payload = payload_of("abc", 3);
	self->arg.batch.deadline = LONG;
	self->arg.batch.payloads = (uintptr_t)&self->payload;
	self->arg.batch.count = 1;
}

static void make_fds(struct _test_data_request *self)
{
	struct kipc_channel_send send = { .size = sizeof(send) };
	int fd = 0;

	self->fd = self->server.fd;
	send.payload.fds = (uintptr_t)&fd;
	send.payload.fd_count = 1;
	request(self->client.fd, KIPC_IOC_CHANNEL_SEND, &send);
	channel_recv(self->server.fd, &self->msg);
	self->arg.fds.id = self->msg.id;
	self->arg.fds.fds = (uintptr_t)self->buf;
	self->arg.fds.count = 1;
}

static void make_inspect(struct _test_data_request *self)
{
	self->fd = self->server.fd;
	channel_send(self->client.fd, 0, "abc", 3);
	channel_recv(self->server.fd, &self->msg);
	self->arg.inspect.id = self->msg.id;
}

static void make_ring(struct _test_data_request *self)
{
	self->fd = self->server.fd;
	self->arg.ring.entries = 16;
}

FIXTURE_VARIANT_ADD(request, endpoint_info)
{
	.nr = 0x00,
	.size = sizeof(struct kipc_endpoint_info),
	.make = make_info,
};

FIXTURE_VARIANT_ADD(request, channel_create)
{
	.nr = 0x10,
	.size = sizeof(struct kipc_channel_create),
	.flags = KIPC_CHANNEL_NOTICES | KIPC_CHANNEL_NICE,
	.zero = { offsetof(struct kipc_channel_create, reserved) },
	.make = make_create,
};

FIXTURE_VARIANT_ADD(request, channel_connect)
{
	.nr = 0x11,
	.size = sizeof(struct kipc_channel_connect),
	.make = make_connect,
};

FIXTURE_VARIANT_ADD(request, channel_call)
{
	.nr = 0x12,
	.size = sizeof(struct kipc_channel_call),
	.flags = KIPC_F_NONBLOCK | KIPC_CALL_ASYNC,
	.payload = offsetof(struct kipc_channel_call, request),
	.make = make_call,
};

FIXTURE_VARIANT_ADD(request, channel_send)
{
	.nr = 0x13,
	.size = sizeof(struct kipc_channel_send),
	.flags = KIPC_F_NONBLOCK,
	.payload = offsetof(struct kipc_channel_send, payload),
	.make = make_send,
};

FIXTURE_VARIANT_ADD(request, channel_recv)
{
	.nr = 0x14,
	.size = sizeof(struct kipc_channel_recv),
	.flags = KIPC_F_NONBLOCK | KIPC_RECV_RING,
	.make = make_recv,
};

FIXTURE_VARIANT_ADD(request, channel_reply)
{
	.nr = 0x15,
	.size = sizeof(struct kipc_channel_reply),
	.flags = KIPC_F_NONBLOCK | KIPC_REPLY_RECV,
	.payload = offsetof(struct kipc_channel_reply, reply),
	.make = make_reply,
};

FIXTURE_VARIANT_ADD(request, channel_release)
{
	.nr = 0x16,
	.size = sizeof(struct kipc_channel_release),
	.make = make_release,
};

FIXTURE_VARIANT_ADD(request, endpoint_tune)
{
	.nr = 0x01,
	.size = sizeof(struct kipc_endpoint_tune),
	.make = make_tune,
};

FIXTURE_VARIANT_ADD(request, channel_send_batch)
{
	.nr = 0x17,
	.size = sizeof(struct kipc_channel_send_batch),
	.flags = KIPC_F_NONBLOCK,
	.make = make_batch,
};

FIXTURE_VARIANT_ADD(request, channel_fds)
{
	.nr = 0x18,
	.size = sizeof(struct kipc_channel_fds),
	.make = make_fds,
};

FIXTURE_VARIANT_ADD(request, channel_inspect)
{
	.nr = 0x19,
	.size = sizeof(struct kipc_channel_inspect),
	.make = make_inspect,
};

FIXTURE_VARIANT_ADD(request, channel_ring)
{
	.nr = 0x1a,
	.size = sizeof(struct kipc_channel_ring),
	.zero = { offsetof(struct kipc_channel_ring, reserved) },
	.make = make_ring,
};

FIXTURE_SETUP(request)
{
	fresh_name(self->name);
	self->none = endpoint_open();
	ASSERT_LE(0, self->none);
	ASSERT_EQ(0, end_serve(&self->server, self->name, 0));
	ASSERT_EQ(0, end_connect(&self->client, self->name, 0));
	self->queue = queue_open(self->name, KIPC_QUEUE_CREATE | QUEUE_BOTH);
	ASSERT_LE(0, self->queue);
	variant->make(self);
	self->arg.words[0] = variant->size;
}

FIXTURE_TEARDOWN(request)
{
	queue_unlink(self->name);
	close(self->queue);
	close(self->none);
	if (self->answerer) {
		channel_send_now(self->client.fd, 0, "", 0);
		pthread_join(self->answerer, NULL);
	}
	if (self->caller.thread) {
		channel_release(self->server.fd, self->msg.id);
		ask_end(&self->caller);
	}
	end_close(&self->client);
	end_close(&self->server);
}

#include "request_test.h"

/* What the contract calls "out" may be anything on the way in. */
FIXTURE(outfield)
{
	struct end server;
	struct end client;
};

FIXTURE_SETUP(outfield)
{
	char name[KIPC_NAME_SIZE];

	fresh_name(name);
	ASSERT_EQ(0, end_serve(&self->server, name, 0));
	ASSERT_EQ(0, end_connect(&self->client, name, 0));
}

FIXTURE_TEARDOWN(outfield)
{
	end_close(&self->client);
	end_close(&self->server);
}

static void *answer_two(void *fd)
{
	answer_one(fd);
	return answer_one(fd);
}

TEST_F(outfield, structure_of_a_call_can_be_used_again)
{
	struct kipc_channel_call call = call_of("a", 1);
	pthread_t thread;

	pthread_create(&thread, NULL, answer_two, &self->server.fd);
	EXPECT_EQ(0, request(self->client.fd, KIPC_IOC_CHANNEL_CALL, &call));
	EXPECT_EQ(KIPC_OUTCOME_REPLIED, call.outcome);
	EXPECT_EQ(0, request(self->client.fd, KIPC_IOC_CHANNEL_CALL, &call)) {
		channel_send_now(self->client.fd, 0, "", 0);
	}
	pthread_join(thread, NULL);
}

TEST_F(outfield, call_that_fails_early_has_outcome_none)
{
	struct kipc_channel_call call = call_of("a", 1);

	call.outcome = KIPC_OUTCOME_REPLIED;
	call.request.data = 0;
	EXPECT_EQ(-EFAULT, request(self->client.fd, KIPC_IOC_CHANNEL_CALL,
				   &call));
	EXPECT_EQ(KIPC_OUTCOME_NONE, call.outcome);

	call.outcome = KIPC_OUTCOME_REPLIED;
	call.request.len = ~0ULL;
	EXPECT_EQ(-EMSGSIZE, request(self->client.fd, KIPC_IOC_CHANNEL_CALL,
				     &call));
	EXPECT_EQ(KIPC_OUTCOME_NONE, call.outcome);

	call.outcome = KIPC_OUTCOME_REPLIED;
	call.flags = 1U << 31;
	EXPECT_EQ(-EINVAL, request(self->client.fd, KIPC_IOC_CHANNEL_CALL,
				   &call));
	EXPECT_EQ(KIPC_OUTCOME_NONE, call.outcome);
}

TEST_F(outfield, structure_of_a_receive_can_be_used_again)
{
	struct kipc_channel_recv recv = { .size = sizeof(recv) };

	recv.flags = KIPC_F_NONBLOCK;
	ASSERT_EQ(0, channel_send(self->client.fd, 0, "a", 1));
	ASSERT_EQ(0, channel_send(self->client.fd, 0, "b", 1));
	EXPECT_EQ(0, request(self->server.fd, KIPC_IOC_CHANNEL_RECV, &recv));
	EXPECT_EQ(0, request(self->server.fd, KIPC_IOC_CHANNEL_RECV, &recv));
}

TEST_F(outfield, structure_of_a_release_can_be_used_again)
{
	struct kipc_header msg;
	uint64_t id;
	struct kipc_channel_release release = {
		.size = sizeof(release),
		.ids = (uintptr_t)&id,
		.count = 1,
	};
	int i;

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, channel_send(self->client.fd, 0, "a", 1));
		ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
		id = msg.id;
		EXPECT_EQ(0, request(self->server.fd, KIPC_IOC_CHANNEL_RELEASE,
				     &release));
		EXPECT_EQ(1, release.done);
	}
}

/*
 * What the kernel cannot write to, and values out of their range.
 */
FIXTURE(bad)
{
	char name[KIPC_NAME_SIZE];
	struct end server;
	struct end client;
	int queue;
	int none;
	struct guard guard;
};

FIXTURE_SETUP(bad)
{
	fresh_name(self->name);
	self->none = endpoint_open();
	ASSERT_LE(0, self->none);
	ASSERT_EQ(0, end_serve(&self->server, self->name, 0));
	ASSERT_EQ(0, end_connect(&self->client, self->name, 0));
	self->queue = queue_open(self->name, KIPC_QUEUE_CREATE | QUEUE_BOTH);
	ASSERT_LE(0, self->queue);
	ASSERT_EQ(0, guard_init(&self->guard));
}

FIXTURE_TEARDOWN(bad)
{
	queue_unlink(self->name);
	close(self->queue);
	close(self->none);
	end_close(&self->client);
	end_close(&self->server);
}

TEST_F(bad, readonly_info_efault)
{
	struct kipc_endpoint_info info = { .size = sizeof(info) };

	EXPECT_EQ(-EFAULT, request(self->server.fd, KIPC_IOC_ENDPOINT_INFO,
				   guard_readonly(&self->guard, &info,
						  sizeof(info), 0)));
}

TEST_F(bad, readonly_create_efault_leaves_nothing_behind)
{
	struct kipc_channel_create arg = { .size = sizeof(arg) };

	fresh_name(arg.name);
	EXPECT_EQ(-EFAULT, request(self->none, KIPC_IOC_CHANNEL_CREATE,
				   guard_readonly(&self->guard, &arg,
						  sizeof(arg), 0)));
	EXPECT_EQ(KIPC_ROLE_NONE, endpoint_info(self->none).role);
	EXPECT_EQ(0, request(self->none, KIPC_IOC_CHANNEL_CREATE, &arg));
}

TEST_F(bad, readonly_connect_efault_leaves_nothing_behind)
{
	struct kipc_channel_connect arg = { .size = sizeof(arg) };

	memcpy(arg.name, self->name, KIPC_NAME_SIZE);
	EXPECT_EQ(-EFAULT, request(self->none, KIPC_IOC_CHANNEL_CONNECT,
				   guard_readonly(&self->guard, &arg,
						  sizeof(arg), 0)));
	EXPECT_EQ(KIPC_ROLE_NONE, endpoint_info(self->none).role);
	EXPECT_EQ(1, endpoint_info(self->server.fd).peers);
	EXPECT_EQ(0, request(self->none, KIPC_IOC_CHANNEL_CONNECT, &arg));
}

TEST_F(bad, readonly_open_efault_leaves_nothing_behind)
{
	char name[KIPC_NAME_SIZE];
	struct kipc_queue_open arg =
		queue_args(fresh_name(name), KIPC_QUEUE_CREATE | QUEUE_BOTH);

	EXPECT_EQ(-EFAULT, request(self->none, KIPC_IOC_QUEUE_OPEN,
				   guard_readonly(&self->guard, &arg,
						  sizeof(arg), 0)));
	EXPECT_EQ(KIPC_ROLE_NONE, endpoint_info(self->none).role);
	EXPECT_EQ(-ENOENT, queue_unlink(name));
}

/* The whole header, and then only its end. */
TEST_F(bad, readonly_recv_header_efault_keeps_message)
{
	struct kipc_channel_recv arg = {
		.size = sizeof(arg),
		.flags = KIPC_F_NONBLOCK,
	};
	struct kipc_header msg;
	size_t from;

	ASSERT_EQ(0, channel_send(self->client.fd, 0, "first", 5));
	ASSERT_EQ(0, channel_send(self->client.fd, 0, "second", 6));
	for (from = 0; from < sizeof(arg); from += 8) {
		EXPECT_EQ(-EFAULT, request(self->server.fd,
					   KIPC_IOC_CHANNEL_RECV,
					   guard_readonly(&self->guard, &arg,
							  sizeof(arg), from)));
		guard_writable(&self->guard);
		EXPECT_EQ(2, endpoint_info(self->server.fd).queued);
		EXPECT_EQ(0, endpoint_info(self->server.fd).held);
	}
	ASSERT_EQ(0, channel_recv_now(self->server.fd, &msg));
	EXPECT_TRUE(end_has(&self->server, &msg, "first", 5));
	ASSERT_EQ(0, channel_recv_now(self->server.fd, &msg));
	EXPECT_TRUE(end_has(&self->server, &msg, "second", 6));
}

TEST_F(bad, readonly_recv_header_efault_to_a_waiting_thread_keeps_message)
{
	struct kipc_channel_recv arg = {
		.size = sizeof(arg),
		.deadline = LONG,
	};
	struct kipc_header msg;
	struct asker asker;

	ASSERT_EQ(0, ask_and_wait(&asker, self->server.fd,
				  KIPC_IOC_CHANNEL_RECV,
				  guard_readonly(&self->guard, &arg,
						 sizeof(arg), 0)));
	ASSERT_EQ(0, channel_send(self->client.fd, 0, "first", 5));
	EXPECT_EQ(-EFAULT, ask_end(&asker));
	ASSERT_EQ(0, channel_recv_now(self->server.fd, &msg));
	EXPECT_TRUE(end_has(&self->server, &msg, "first", 5));
}

TEST_F(bad, readonly_call_reply_efault_keeps_reply)
{
	struct kipc_channel_call arg = call_of("a", 1), *at;
	struct kipc_header msg;
	pthread_t thread;

	pthread_create(&thread, NULL, answer_one, &self->server.fd);
	at = guard_readonly(&self->guard, &arg, sizeof(arg),
			    offsetof(struct kipc_channel_call, reply));
	EXPECT_EQ(-EFAULT, request(self->client.fd, KIPC_IOC_CHANNEL_CALL, at));
	EXPECT_EQ(KIPC_OUTCOME_REPLIED, at->outcome);
	pthread_join(thread, NULL);

	ASSERT_EQ(0, channel_recv_now(self->client.fd, &msg));
	EXPECT_EQ(KIPC_KIND_REPLY, msg.kind);
	EXPECT_TRUE(end_has(&self->client, &msg, "ok", 2));
	EXPECT_EQ(0, channel_release(self->client.fd, msg.id));
	EXPECT_EQ(self->client.size, endpoint_info(self->client.fd).pool_free);
}

TEST_F(bad, readonly_reply_recv_efault_has_replied_and_keeps_the_next)
{
	struct kipc_channel_call call = call_of("a", 1);
	struct kipc_channel_reply arg = { .size = sizeof(arg) }, *at;
	struct kipc_header msg;
	struct asker caller;

	ASSERT_EQ(0, ask(&caller, self->client.fd, KIPC_IOC_CHANNEL_CALL, &call));
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	ASSERT_EQ(0, channel_send(self->client.fd, 0, "next", 4));

	arg.flags = KIPC_REPLY_RECV | KIPC_F_NONBLOCK;
	arg.id = msg.id;
	at = guard_readonly(&self->guard, &arg, sizeof(arg),
			    offsetof(struct kipc_channel_reply, msg));
	EXPECT_EQ(-EFAULT, request(self->server.fd, KIPC_IOC_CHANNEL_REPLY, at));
	EXPECT_EQ(0, at->id);
	EXPECT_EQ(0, ask_end(&caller));

	ASSERT_EQ(0, channel_recv_now(self->server.fd, &msg));
	EXPECT_TRUE(end_has(&self->server, &msg, "next", 4));
}

TEST_F(bad, readonly_queue_header_efault_keeps_message)
{
	struct kipc_header msg;
	struct kipc_queue_recv arg;
	char buf[8];
	size_t from;

	ASSERT_EQ(0, queue_send(self->queue, "first", 5));
	ASSERT_EQ(0, queue_send(self->queue, "second", 6));
	arg = queue_recv_args(buf, sizeof(buf));
	for (from = 0; from < sizeof(arg); from += 8) {
		EXPECT_EQ(-EFAULT, request(self->queue, KIPC_IOC_QUEUE_RECV,
					   guard_readonly(&self->guard, &arg,
							  sizeof(arg), from)));
		guard_writable(&self->guard);
		EXPECT_EQ(2, endpoint_info(self->queue).queued);
		EXPECT_EQ(11, endpoint_info(self->queue).queued_bytes);
	}
	ASSERT_EQ(0, queue_recv_now(self->queue, buf, sizeof(buf), &msg));
	EXPECT_EQ(0, memcmp(buf, "first", 5));
}

TEST_F(bad, readonly_queue_payload_efault_keeps_message)
{
	uint8_t *buf = memory(64 << 10), *room = memory(64 << 10);
	struct kipc_header msg;

	fill(buf, 64 << 10, 1);
	ASSERT_EQ(0, queue_send(self->queue, buf, 64 << 10));
	mprotect(room + (32 << 10), 32 << 10, PROT_READ);
	EXPECT_EQ(-EFAULT, queue_recv_now(self->queue, room, 64 << 10, &msg));
	EXPECT_EQ(-EFAULT, queue_recv_now(self->queue, NULL, 64 << 10, &msg));
	EXPECT_EQ(1, endpoint_info(self->queue).queued);
	mprotect(room, 64 << 10, PROT_READ | PROT_WRITE);
	ASSERT_EQ(0, queue_recv_now(self->queue, room, 64 << 10, &msg));
	EXPECT_TRUE(filled(room, 64 << 10, 1));
}

TEST_F(bad, ids_efault_after_some_are_done)
{
	struct kipc_header msg;
	uint64_t *ids = (void *)(self->guard.end - 2 * sizeof(uint64_t));
	struct kipc_channel_release arg = {
		.size = sizeof(arg),
		.ids = (uintptr_t)ids,
		.count = 3,
	};
	int i;

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, channel_send(self->client.fd, 0, "a", 1));
		ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
		ids[i] = msg.id;
	}
	EXPECT_EQ(-EFAULT, request(self->server.fd, KIPC_IOC_CHANNEL_RELEASE,
				   &arg));
	EXPECT_EQ(2, arg.done);
	EXPECT_EQ(0, endpoint_info(self->server.fd).held);
}

TEST_F(bad, readonly_send_succeeds)
{
	struct kipc_channel_send arg = {
		.size = sizeof(arg),
		.payload = payload_of("a", 1),
	};

	EXPECT_EQ(0, request(self->client.fd, KIPC_IOC_CHANNEL_SEND,
			     guard_readonly(&self->guard, &arg, sizeof(arg), 0)));
}

/* Values that are out of their range */

TEST_F(bad, release_count_einval)
{
	uint64_t id = 1;
	struct kipc_channel_release arg = {
		.size = sizeof(arg),
		.ids = (uintptr_t)&id,
	};

	EXPECT_EQ(-EINVAL, request(self->server.fd, KIPC_IOC_CHANNEL_RELEASE,
				   &arg));
	arg.count = KIPC_RELEASE_MAX + 1;
	EXPECT_EQ(-EINVAL, request(self->server.fd, KIPC_IOC_CHANNEL_RELEASE,
				   &arg));
}

TEST_F(bad, client_sends_to_a_number_einval)
{
	EXPECT_EQ(-EINVAL, channel_send_now(self->client.fd, 1, "a", 1));
	EXPECT_EQ(-EINVAL, channel_send_now(self->client.fd,
					    self->client.number, "a", 1));
}

TEST_F(bad, reply_to_nothing_without_receive_einval)
{
	EXPECT_EQ(-EINVAL, channel_reply(self->server.fd, 0, "", 0));
}

TEST_F(bad, reply_to_nothing_with_a_bad_payload_einval)
{
	struct kipc_channel_reply arg = {
		.size = sizeof(arg),
		.flags = KIPC_REPLY_RECV | KIPC_F_NONBLOCK,
		.reply = { .fd_count = KIPC_FDS_MAX + 1 },
	};

	EXPECT_EQ(-EINVAL, request(self->server.fd, KIPC_IOC_CHANNEL_REPLY,
				   &arg));
}

TEST_F(bad, priority_einval)
{
	EXPECT_EQ(-EINVAL, queue_send_prio(self->queue, "", 0,
					   KIPC_PRIO_MAX + 1));
	EXPECT_EQ(-EINVAL, queue_send_prio(self->queue, "", 0, ~0U));
	EXPECT_EQ(0, queue_send_prio(self->queue, "", 0, KIPC_PRIO_MAX));
}

TEST_F(bad, pool_size_einval)
{
	static const uint64_t sizes[] = {
		1, KIPC_POOL_MIN - 1, KIPC_POOL_MAX + 1, 1ULL << 32, ~0ULL
	};
	char name[KIPC_NAME_SIZE];
	uint64_t size, number;
	int i;

	fresh_name(name);
	for (i = 0; i < 5; i++) {
		size = sizes[i];
		EXPECT_EQ(-EINVAL, channel_create(self->none, name, 0600,
						  &size));
		size = sizes[i];
		EXPECT_EQ(-EINVAL, channel_connect(self->none, self->name,
						   &size, &number));
	}
	size = KIPC_POOL_MAX;
	EXPECT_EQ(0, channel_create(self->none, name, 0600, &size));
	EXPECT_EQ(KIPC_POOL_MAX, size);
}

TEST_F(bad, queue_flags_einval)
{
	static const unsigned int flags[] = {
		0,				/* neither direction */
		KIPC_QUEUE_CREATE,
		KIPC_QUEUE_EXCL | QUEUE_BOTH,	/* EXCL without CREATE */
	};
	struct kipc_queue_open arg;
	int i;

	for (i = 0; i < 3; i++) {
		arg = queue_args(self->name, flags[i]);
		EXPECT_EQ(-EINVAL, request(self->none, KIPC_IOC_QUEUE_OPEN,
					   &arg));
	}
}

TEST_F(bad, queue_limits_without_create_einval)
{
	EXPECT_EQ(-EINVAL, queue_open_sized(self->name, QUEUE_BOTH, 1, 0, 0));
	EXPECT_EQ(-EINVAL, queue_open_sized(self->name, QUEUE_BOTH, 0, 1, 0));
	EXPECT_EQ(-EINVAL, queue_open_sized(self->name, QUEUE_BOTH, 0, 0, 1));
}

TEST_F(bad, queue_limits_einval)
{
	unsigned int flags = KIPC_QUEUE_CREATE | QUEUE_BOTH;
	char name[KIPC_NAME_SIZE];

	fresh_name(name);
	EXPECT_EQ(-EINVAL, queue_open_sized(name, flags, 0, 100, 101));
	EXPECT_EQ(-EINVAL, queue_open_sized(name, flags, 0, 1ULL << 30,
					    KIPC_QUEUE_SIZE_MAX + 1));
	EXPECT_EQ(-EINVAL, queue_open_sized(name, flags, ~0ULL, ~0ULL, ~0ULL));
	EXPECT_EQ(-ENOENT, queue_unlink(name));
}

TEST_HARNESS_MAIN
