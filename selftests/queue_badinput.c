// SPDX-License-Identifier: GPL-2.0
/*
 * Bad input to the requests on queues: what each refuses, and that refusing leaves nothing
 * behind.  What is wrong with each of them alike is in request_test.h; then come values
 * out of their range, requests of the wrong role, and structures that cannot be written.
 */
#include <stddef.h>
#include <sys/eventfd.h>

#include "queue_test.h"

FIXTURE(request)
{
	char name[KIPC_NAME_SIZE];
	int queue;
	int none;
	int event;
	int fd;
	char buf[64];
	struct kipc_header msg;
	struct kipc_queue_item item;
	union {
		uint8_t bytes[1024];
		uint32_t words[256];
		struct kipc_queue_open open;
		struct kipc_queue_unlink unlink;
		struct kipc_queue_send send;
		struct kipc_queue_recv recv;
		struct kipc_queue_send_batch send_batch;
		struct kipc_queue_recv_batch recv_batch;
		struct kipc_queue_notify notify;
		struct kipc_queue_stat stat;
		struct kipc_queue_set set;
	} arg;
};

FIXTURE_VARIANT(request)
{
	unsigned int nr;
	size_t size;
	uint32_t flags;
	size_t payload;
	size_t zero[4];
	void (*make)(struct _test_data_request *self);
};

static void make_open(struct _test_data_request *self)
{
	self->fd = self->none;
	self->arg.open.flags = QUEUE_BOTH;
	memcpy(self->arg.open.name, self->name, KIPC_NAME_SIZE);
}

static void make_anonymous(struct _test_data_request *self)
{
	self->fd = self->none;
	self->arg.open.flags = QUEUE_BOTH | KIPC_QUEUE_CREATE | KIPC_QUEUE_ANONYMOUS;
}

static void make_same(struct _test_data_request *self)
{
	self->fd = self->none;
	self->arg.open.flags = QUEUE_BOTH | KIPC_QUEUE_SAME;
	self->arg.open.handle = self->queue;
}

static void make_unlink(struct _test_data_request *self)
{
	self->fd = self->none;
	memcpy(self->arg.unlink.name, self->name, KIPC_NAME_SIZE);
}

static void make_unlink_number(struct _test_data_request *self)
{
	self->fd = self->none;
	self->arg.unlink.number = number_of_queue(self->queue);
}

static void make_send(struct _test_data_request *self)
{
	self->fd = self->queue;
	self->arg.send.deadline = LONG;
	self->arg.send.payload = payload_of("abc", 3);
}

static void make_send_number(struct _test_data_request *self)
{
	make_send(self);
	self->fd = self->none;
	self->arg.send.number = number_of_queue(self->queue);
}

static void make_recv(struct _test_data_request *self)
{
	self->fd = self->queue;
	queue_send(self->queue, "abc", 3);
	self->arg.recv.deadline = LONG;
	self->arg.recv.data = (uintptr_t)self->buf;
	self->arg.recv.len = sizeof(self->buf);
}

static void make_recv_number(struct _test_data_request *self)
{
	make_recv(self);
	self->fd = self->none;
	self->arg.recv.number = number_of_queue(self->queue);
	self->arg.recv.select = KIPC_SELECT_TYPE;
}

static void make_send_batch(struct _test_data_request *self)
{
	self->fd = self->queue;
	self->item.payload = payload_of("abc", 3);
	self->arg.send_batch.deadline = LONG;
	self->arg.send_batch.items = (uintptr_t)&self->item;
	self->arg.send_batch.count = 1;
}

static void make_recv_batch(struct _test_data_request *self)
{
	self->fd = self->queue;
	queue_send(self->queue, "abc", 3);
	self->arg.recv_batch.deadline = LONG;
	self->arg.recv_batch.data = (uintptr_t)self->buf;
	self->arg.recv_batch.len = sizeof(self->buf);
	self->arg.recv_batch.msgs = (uintptr_t)&self->msg;
	self->arg.recv_batch.count = 1;
}

static void make_notify(struct _test_data_request *self)
{
	self->fd = self->queue;
	self->arg.notify.how = KIPC_NOTIFY_EVENTFD;
	self->arg.notify.fd = self->event;
}

static void make_stat(struct _test_data_request *self)
{
	self->fd = self->queue;
}

static void make_stat_number(struct _test_data_request *self)
{
	self->fd = self->none;
	self->arg.stat.number = number_of_queue(self->queue);
}

static void make_set(struct _test_data_request *self)
{
	self->fd = self->queue;
	self->arg.set.flags = KIPC_SET_MODE | KIPC_SET_UID | KIPC_SET_GID |
			      KIPC_SET_MAX_MSGS | KIPC_SET_MAX_BYTES | KIPC_SET_MAX_SIZE;
	self->arg.set.mode = 0600;
	self->arg.set.max_msgs = 10;
	self->arg.set.max_bytes = 1000;
	self->arg.set.max_size = 100;
}

#define OPEN_FLAGS	(QUEUE_BOTH | KIPC_QUEUE_CREATE | KIPC_QUEUE_EXCL | \
			 KIPC_QUEUE_ANONYMOUS | KIPC_QUEUE_SAME)
#define WAIT_FLAGS	(KIPC_F_NONBLOCK | KIPC_F_REALTIME | KIPC_F_NORESTART)
#define RECV_FLAGS	(WAIT_FLAGS | KIPC_RECV_PEEK | KIPC_RECV_TRUNCATE | KIPC_RECV_LARGEST)

FIXTURE_VARIANT_ADD(request, open)
{
	.nr = 0x20,
	.size = sizeof(struct kipc_queue_open),
	.flags = OPEN_FLAGS,
	.zero = { offsetof(struct kipc_queue_open, handle),
		  offsetof(struct kipc_queue_open, number),
		  offsetof(struct kipc_queue_open, reserved) },
	.make = make_open,
};

FIXTURE_VARIANT_ADD(request, open_anonymous)
{
	.nr = 0x20,
	.size = sizeof(struct kipc_queue_open),
	.flags = OPEN_FLAGS,
	.zero = { offsetof(struct kipc_queue_open, handle),
		  offsetof(struct kipc_queue_open, number),
		  offsetof(struct kipc_queue_open, reserved),
		  offsetof(struct kipc_queue_open, name) },
	.make = make_anonymous,
};

FIXTURE_VARIANT_ADD(request, open_same)
{
	.nr = 0x20,
	.size = sizeof(struct kipc_queue_open),
	.flags = OPEN_FLAGS,
	.zero = { offsetof(struct kipc_queue_open, number),
		  offsetof(struct kipc_queue_open, reserved),
		  offsetof(struct kipc_queue_open, name) },
	.make = make_same,
};

FIXTURE_VARIANT_ADD(request, unlink)
{
	.nr = 0x21,
	.size = sizeof(struct kipc_queue_unlink),
	.flags = KIPC_UNLINK_REMOVE,
	.zero = { offsetof(struct kipc_queue_unlink, number),
		  offsetof(struct kipc_queue_unlink, reserved) },
	.make = make_unlink,
};

FIXTURE_VARIANT_ADD(request, unlink_number)
{
	.nr = 0x21,
	.size = sizeof(struct kipc_queue_unlink),
	.flags = KIPC_UNLINK_REMOVE,
	.zero = { offsetof(struct kipc_queue_unlink, reserved),
		  offsetof(struct kipc_queue_unlink, name) },
	.make = make_unlink_number,
};

FIXTURE_VARIANT_ADD(request, send)
{
	.nr = 0x22,
	.size = sizeof(struct kipc_queue_send),
	.flags = WAIT_FLAGS | KIPC_SEND_OVERTAKE,
	.payload = offsetof(struct kipc_queue_send, payload),
	.make = make_send,
};

FIXTURE_VARIANT_ADD(request, send_number)
{
	.nr = 0x22,
	.size = sizeof(struct kipc_queue_send),
	.flags = WAIT_FLAGS | KIPC_SEND_OVERTAKE,
	.payload = offsetof(struct kipc_queue_send, payload),
	.make = make_send_number,
};

FIXTURE_VARIANT_ADD(request, recv)
{
	.nr = 0x23,
	.size = sizeof(struct kipc_queue_recv),
	.flags = RECV_FLAGS,
	.zero = { offsetof(struct kipc_queue_recv, match) },
	.make = make_recv,
};

FIXTURE_VARIANT_ADD(request, recv_number)
{
	.nr = 0x23,
	.size = sizeof(struct kipc_queue_recv),
	.flags = RECV_FLAGS,
	.make = make_recv_number,
};

FIXTURE_VARIANT_ADD(request, send_batch)
{
	.nr = 0x24,
	.size = sizeof(struct kipc_queue_send_batch),
	.flags = WAIT_FLAGS,
	.zero = { offsetof(struct kipc_queue_send_batch, reserved) },
	.make = make_send_batch,
};

FIXTURE_VARIANT_ADD(request, recv_batch)
{
	.nr = 0x25,
	.size = sizeof(struct kipc_queue_recv_batch),
	.flags = WAIT_FLAGS,
	.zero = { offsetof(struct kipc_queue_recv_batch, match) },
	.make = make_recv_batch,
};

FIXTURE_VARIANT_ADD(request, notify)
{
	.nr = 0x26,
	.size = sizeof(struct kipc_queue_notify),
	.flags = KIPC_NOTIFY_ONCE | KIPC_NOTIFY_EACH | KIPC_NOTIFY_SOLE,
	.zero = { offsetof(struct kipc_queue_notify, signo),
		  offsetof(struct kipc_queue_notify, value),
		  offsetof(struct kipc_queue_notify, reserved) },
	.make = make_notify,
};

FIXTURE_VARIANT_ADD(request, stat)
{
	.nr = 0x27,
	.size = sizeof(struct kipc_queue_stat),
	.flags = KIPC_STAT_NEXT | KIPC_STAT_PERMIT,
	.make = make_stat,
};

FIXTURE_VARIANT_ADD(request, stat_number)
{
	.nr = 0x27,
	.size = sizeof(struct kipc_queue_stat),
	.flags = KIPC_STAT_NEXT | KIPC_STAT_PERMIT,
	.make = make_stat_number,
};

FIXTURE_VARIANT_ADD(request, set)
{
	.nr = 0x28,
	.size = sizeof(struct kipc_queue_set),
	.flags = (1U << 6) - 1,
	.make = make_set,
};

FIXTURE_SETUP(request)
{
	self->none = endpoint_open();
	ASSERT_LE(0, self->none);
	self->event = eventfd(0, EFD_CLOEXEC);
	ASSERT_LE(0, self->event);
	self->queue = queue_make(self->name, 0, 0, 0);
	ASSERT_LE(0, self->queue);
	variant->make(self);
	self->arg.words[0] = variant->size;
}

FIXTURE_TEARDOWN(request)
{
	queue_unlink(self->name);
	close(self->queue);
	close(self->none);
	close(self->event);
}

#include "request_test.h"

/* Values that are out of their range */

FIXTURE(bad)
{
	char name[KIPC_NAME_SIZE];
	int queue;
	int none;
	char buf[16];
	struct kipc_header msgs[2];
	struct guard guard;
};

FIXTURE_SETUP(bad)
{
	self->none = endpoint_open();
	ASSERT_LE(0, self->none);
	self->queue = queue_make(self->name, 0, 0, 0);
	ASSERT_LE(0, self->queue);
	ASSERT_EQ(0, guard_init(&self->guard));
}

FIXTURE_TEARDOWN(bad)
{
	queue_unlink(self->name);
	close(self->queue);
	close(self->none);
}

TEST_F(bad, priority_of_a_payload_einval)
{
	struct kipc_queue_send send = queue_send_args("x", 1);

	send.payload.prio = 1;
	EXPECT_EQ(-EINVAL, request(self->queue, KIPC_IOC_QUEUE_SEND, &send));
	EXPECT_EQ(0, endpoint_info(self->queue).queued);
}

TEST_F(bad, item_of_a_batch_einval)
{
	struct kipc_queue_item good = { .payload = payload_of("x", 1) }, item = good;
	struct kipc_queue_send_batch arg = {
		.size = sizeof(arg),
		.items = (uintptr_t)&item,
		.count = 1,
	};

	item.prio = KIPC_PRIO_MAX + 1;
	EXPECT_EQ(-EINVAL, request(self->queue, KIPC_IOC_QUEUE_SEND_BATCH, &arg));
	item = good;
	item.reserved = 1;
	EXPECT_EQ(-EINVAL, request(self->queue, KIPC_IOC_QUEUE_SEND_BATCH, &arg));
	item = good;
	item.payload.prio = 1;
	EXPECT_EQ(-EINVAL, request(self->queue, KIPC_IOC_QUEUE_SEND_BATCH, &arg));
	item = good;
	item.payload.flags = 2;
	EXPECT_EQ(-EINVAL, request(self->queue, KIPC_IOC_QUEUE_SEND_BATCH, &arg));
	item = good;
	item.payload.fd_count = KIPC_FDS_MAX + 1;
	EXPECT_EQ(-EINVAL, request(self->queue, KIPC_IOC_QUEUE_SEND_BATCH, &arg));
	EXPECT_EQ(0, endpoint_info(self->queue).queued);
	item = good;
	EXPECT_EQ(0, request(self->queue, KIPC_IOC_QUEUE_SEND_BATCH, &arg));
}

TEST_F(bad, selection_einval)
{
	ASSERT_EQ(0, put(self->queue, 1, 0, 0));
	EXPECT_EQ(-EINVAL, take(self->queue, KIPC_SELECT_NTH + 1, 0));
	EXPECT_EQ(-EINVAL, take(self->queue, ~0U, 0));
	EXPECT_EQ(-EINVAL, take(self->queue, KIPC_SELECT_URGENT, 1));
	EXPECT_EQ(-EINVAL, take(self->queue, KIPC_SELECT_FIRST, 1));
	EXPECT_EQ(-EINVAL, take(self->queue, KIPC_SELECT_FIRST, 1ULL << 63));
	EXPECT_EQ(1, take_any(self->queue));
}

TEST_F(bad, nth_to_be_taken_einval)
{
	ASSERT_EQ(0, put(self->queue, 1, 0, 0));
	EXPECT_EQ(-EINVAL, take(self->queue, KIPC_SELECT_NTH, 0));
	EXPECT_EQ(1, take_any(self->queue));
}

TEST_F(bad, selection_of_a_batch_einval)
{
	static const struct {
		unsigned int select;
		uint64_t match;
	} cases[] = {
		{ KIPC_SELECT_NTH, 0 }, { KIPC_SELECT_NTH + 1, 0 }, { ~0U, 0 },
		{ KIPC_SELECT_FIRST, 1 },
	};
	struct kipc_queue_recv_batch arg = {
		.size = sizeof(arg),
		.flags = KIPC_F_NONBLOCK,
		.data = (uintptr_t)self->buf,
		.len = sizeof(self->buf),
		.msgs = (uintptr_t)self->msgs,
		.count = 2,
	};
	int i;

	ASSERT_EQ(0, put(self->queue, 1, 0, 0));
	for (i = 0; i < 4; i++) {
		arg.select = cases[i].select;
		arg.match = cases[i].match;
		EXPECT_EQ(-EINVAL, request(self->queue, KIPC_IOC_QUEUE_RECV_BATCH, &arg));
	}
	EXPECT_EQ(1, take_any(self->queue));
}

TEST_F(bad, room_for_too_many_descriptors_einval)
{
	struct kipc_queue_recv arg = queue_recv_args(self->buf, sizeof(self->buf));

	ASSERT_EQ(0, put(self->queue, 1, 0, 0));
	arg.fds = (uintptr_t)memory(PAGE);
	arg.fd_count = KIPC_FDS_MAX + 1;
	EXPECT_EQ(-EINVAL, request(self->queue, KIPC_IOC_QUEUE_RECV, &arg));
	arg.fd_count = ~0U;
	EXPECT_EQ(-EINVAL, request(self->queue, KIPC_IOC_QUEUE_RECV, &arg));
	EXPECT_EQ(1, take_any(self->queue));
}

TEST_F(bad, open_flags_einval)
{
	static const unsigned int flags[] = {
		QUEUE_BOTH | KIPC_QUEUE_ANONYMOUS,		/* without CREATE */
		KIPC_QUEUE_CREATE | KIPC_QUEUE_ANONYMOUS,	/* neither direction */
		QUEUE_BOTH | KIPC_QUEUE_CREATE | KIPC_QUEUE_ANONYMOUS | KIPC_QUEUE_SAME,
		KIPC_QUEUE_SAME,
		QUEUE_BOTH | KIPC_QUEUE_SAME | KIPC_QUEUE_EXCL,
	};
	struct kipc_queue_open arg;
	int i;

	for (i = 0; i < 5; i++) {
		arg = queue_args("", flags[i]);
		if (flags[i] & KIPC_QUEUE_SAME)
			arg.handle = self->queue;
		EXPECT_EQ(-EINVAL, request(self->none, KIPC_IOC_QUEUE_OPEN, &arg))
			TH_LOG("flags %#x", flags[i]);
	}
}

TEST_F(bad, name_of_one_without_a_name_einval)
{
	struct kipc_queue_open arg = queue_args(self->name, QUEUE_BOTH | KIPC_QUEUE_CREATE |
						KIPC_QUEUE_ANONYMOUS);

	EXPECT_EQ(-EINVAL, request(self->none, KIPC_IOC_QUEUE_OPEN, &arg));
	arg = queue_args(self->name, QUEUE_BOTH | KIPC_QUEUE_SAME);
	arg.handle = self->queue;
	EXPECT_EQ(-EINVAL, request(self->none, KIPC_IOC_QUEUE_OPEN, &arg));
}

TEST_F(bad, limits_of_the_same_queue_einval)
{
	struct kipc_queue_open arg = queue_args("", QUEUE_BOTH | KIPC_QUEUE_SAME);

	arg.handle = self->queue;
	arg.max_msgs = 1;
	EXPECT_EQ(-EINVAL, request(self->none, KIPC_IOC_QUEUE_OPEN, &arg));
	arg.max_msgs = 0;
	EXPECT_EQ(0, request(self->none, KIPC_IOC_QUEUE_OPEN, &arg));
}

TEST_F(bad, unlink_of_name_and_number_einval)
{
	unsigned int number = number_of_queue(self->queue);

	EXPECT_EQ(-EINVAL, queue_unlink_with(self->none, self->name, number, 0));
	EXPECT_EQ(0, queue_unlink_with(self->none, NULL, number, 0));
}

TEST_F(bad, unlink_of_neither_is_of_the_own_queue)
{
	EXPECT_EQ(-ENOTCONN, queue_unlink_with(self->none, NULL, 0, 0));
	EXPECT_EQ(0, queue_unlink_with(self->queue, NULL, 0, 0));
	EXPECT_EQ(-ENOENT, queue_unlink_with(self->queue, NULL, 0, 0));
	EXPECT_EQ(0, queue_unlink_with(self->queue, NULL, 0, KIPC_UNLINK_REMOVE));
	EXPECT_EQ(-EIDRM, queue_unlink_with(self->queue, NULL, 0, KIPC_UNLINK_REMOVE));
}

TEST_F(bad, set_of_what_is_not_flagged_einval)
{
	struct kipc_queue_set set;
	size_t at;

	for (at = offsetof(struct kipc_queue_set, mode); at < sizeof(set); at += 4) {
		set = set_args(0);
		((uint8_t *)&set)[at] = 1;
		EXPECT_EQ(-EINVAL, request(self->queue, KIPC_IOC_QUEUE_SET, &set))
			TH_LOG("byte %zu", at);
	}
	EXPECT_EQ(0666 & ~umask(0), stat_of(self->queue).mode);
}

TEST_F(bad, set_out_of_range_einval)
{
	struct kipc_queue_set set = set_args(KIPC_SET_UID);
	struct kipc_queue_stat before = stat_of(self->queue), after;

	set.uid = ~0U;
	EXPECT_EQ(-EINVAL, request(self->queue, KIPC_IOC_QUEUE_SET, &set));
	set = set_args(KIPC_SET_GID);
	set.gid = ~0U;
	EXPECT_EQ(-EINVAL, request(self->queue, KIPC_IOC_QUEUE_SET, &set));
	EXPECT_EQ(-EINVAL, queue_set_mode(self->queue, 01000));
	EXPECT_EQ(-EINVAL, queue_set_mode(self->queue, ~0U));
	EXPECT_EQ(-EINVAL, queue_set_max_size(self->queue, KIPC_QUEUE_SIZE_MAX + 1));
	EXPECT_EQ(-EINVAL, queue_set_max_size(self->queue, ~0ULL));
	after = stat_of(self->queue);
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
}

/* One thing wrong among several: none of them is set. */
TEST_F(bad, set_is_all_or_nothing)
{
	struct kipc_queue_set set = set_args(KIPC_SET_MAX_MSGS | KIPC_SET_MODE |
					     KIPC_SET_MAX_SIZE);
	struct kipc_queue_stat before = stat_of(self->queue), after;

	set.mode = 0600;
	set.max_msgs = 5;
	set.max_size = KIPC_QUEUE_SIZE_MAX + 1;
	EXPECT_EQ(-EINVAL, request(self->queue, KIPC_IOC_QUEUE_SET, &set));
	after = stat_of(self->queue);
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
}

/* Requests of the wrong role */

static int send_batch_one(int fd)
{
	struct kipc_queue_item item = { .payload = payload_of("x", 1) };
	struct kipc_queue_send_batch arg = {
		.size = sizeof(arg),
		.flags = KIPC_F_NONBLOCK,
		.items = (uintptr_t)&item,
		.count = 1,
	};

	return request(fd, KIPC_IOC_QUEUE_SEND_BATCH, &arg);
}

static int recv_batch_one(int fd)
{
	struct kipc_header msg;
	char buf[8];
	struct kipc_queue_recv_batch arg = {
		.size = sizeof(arg),
		.flags = KIPC_F_NONBLOCK,
		.data = (uintptr_t)buf,
		.len = sizeof(buf),
		.msgs = (uintptr_t)&msg,
		.count = 1,
	};

	return request(fd, KIPC_IOC_QUEUE_RECV_BATCH, &arg);
}

static int notify_off(int fd)
{
	struct kipc_queue_notify arg = { .size = sizeof(arg) };

	return request(fd, KIPC_IOC_QUEUE_NOTIFY, &arg);
}

#define EXPECT_REFUSED(err, fd) do {				\
	struct kipc_queue_stat stat;				\
	int refusal = err, end = fd;				\
								\
	EXPECT_EQ(refusal, put(end, 1, 0, 0));			\
	EXPECT_EQ(refusal, take_any(end));			\
	EXPECT_EQ(refusal, send_batch_one(end));		\
	EXPECT_EQ(refusal, recv_batch_one(end));		\
	EXPECT_EQ(refusal, notify_off(end));			\
	EXPECT_EQ(refusal, queue_stat(end, 0, 0, &stat));	\
	EXPECT_EQ(refusal, queue_set_mode(end, 0600));		\
} while (0)

TEST_F(bad, without_a_role_and_a_number_enotconn)
{
	EXPECT_REFUSED(-ENOTCONN, self->none);
}

TEST_F(bad, of_a_channel_without_a_number_eopnotsupp)
{
	struct end server, client;

	ASSERT_EQ(0, end_serve(&server, self->name, 0));
	ASSERT_EQ(0, end_connect(&client, self->name, 0));
	EXPECT_REFUSED(-EOPNOTSUPP, server.fd);
	EXPECT_REFUSED(-EOPNOTSUPP, client.fd);
	end_close(&client);
	end_close(&server);
}

TEST_F(bad, arguments_are_checked_before_roles)
{
	EXPECT_EQ(-EINVAL, take(self->none, ~0U, 0));
	EXPECT_EQ(-EINVAL, queue_set_mode(self->none, ~0U));
	EXPECT_EQ(-EINVAL, put(self->none, 1, 0, KIPC_PRIO_MAX + 1));
}

/* A structure that cannot be written, from some byte on */

TEST_F(bad, readonly_receive_efault_keeps_message)
{
	struct kipc_queue_recv arg = queue_recv_args(self->buf, sizeof(self->buf));
	size_t from;

	arg.select = KIPC_SELECT_TYPE;
	ASSERT_EQ(0, put(self->queue, 1, 7, 0));
	ASSERT_EQ(0, put(self->queue, 2, 0, 0));
	for (from = 0; from < sizeof(arg); from += 8) {
		EXPECT_EQ(-EFAULT, request(self->queue, KIPC_IOC_QUEUE_RECV,
					   guard_readonly(&self->guard, &arg, sizeof(arg),
							  from)));
		guard_writable(&self->guard);
		EXPECT_EQ(2, stat_of(self->queue).msgs);
	}
	EXPECT_EQ(0, stat_of(self->queue).received);
	EXPECT_EQ(1, take_any(self->queue));
	EXPECT_EQ(2, take_any(self->queue));
}

TEST_F(bad, readonly_batch_efault_sends_nothing)
{
	struct kipc_queue_item item = { .payload = payload_of("x", 1) };
	struct kipc_queue_send_batch arg = {
		.size = sizeof(arg),
		.items = (uintptr_t)&item,
		.count = 1,
	};

	EXPECT_EQ(-EFAULT, request(self->queue, KIPC_IOC_QUEUE_SEND_BATCH,
				   guard_readonly(&self->guard, &arg, sizeof(arg), 0)));
	EXPECT_EQ(0, stat_of(self->queue).sent);
}

TEST_F(bad, readonly_batch_efault_takes_nothing)
{
	struct kipc_queue_recv_batch arg = {
		.size = sizeof(arg),
		.data = (uintptr_t)self->buf,
		.len = sizeof(self->buf),
		.msgs = (uintptr_t)self->msgs,
		.count = 2,
	};

	ASSERT_EQ(0, put_several(self->queue, 1, 2));
	EXPECT_EQ(-EFAULT, request(self->queue, KIPC_IOC_QUEUE_RECV_BATCH,
				   guard_readonly(&self->guard, &arg, sizeof(arg), 0)));
	EXPECT_EQ(1, take_any(self->queue));
	EXPECT_EQ(2, take_any(self->queue));
}

TEST_F(bad, readonly_stat_efault)
{
	struct kipc_queue_stat arg = { .size = sizeof(arg) };

	EXPECT_EQ(-EFAULT, request(self->queue, KIPC_IOC_QUEUE_STAT,
				   guard_readonly(&self->guard, &arg, sizeof(arg), 0)));
}

TEST_F(bad, readonly_open_efault_leaves_nothing_behind)
{
	struct kipc_queue_open arg = queue_args("", QUEUE_BOTH | KIPC_QUEUE_SAME);

	arg.handle = self->queue;
	EXPECT_EQ(-EFAULT, request(self->none, KIPC_IOC_QUEUE_OPEN,
				   guard_readonly(&self->guard, &arg, sizeof(arg), 0)));
	EXPECT_EQ(KIPC_ROLE_NONE, endpoint_info(self->none).role);
	EXPECT_EQ(0, request(self->none, KIPC_IOC_QUEUE_OPEN, &arg));
}

TEST_HARNESS_MAIN
