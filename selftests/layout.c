// SPDX-License-Identifier: GPL-2.0
/*
 * Layout: the structures and the request numbers are what they were in version 1 of the
 * interface, and the same for 64- and 32-bit programs, of which this file makes both.
 *
 * The compiler checks the structures: each field is where it says here, and nothing is
 * padded, so each has its size too.  A structure that grows adds fields below those that
 * are here; a line that has to be changed breaks every program there is.
 */
#include <assert.h>
#include <stddef.h>
#include <linux/types.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic error "-Wpadded"
#include <linux/kipc.h>
#pragma GCC diagnostic pop

#include "kipc_test.h"

#define FIELD(_struct, _field, _offset)						\
	static_assert(offsetof(struct _struct, _field) == (_offset), "not in its place")

#define SIZE(_struct, _size)							\
	static_assert(sizeof(struct _struct) == (_size), "not of its size")

FIELD(kipc_vec, base, 0);
FIELD(kipc_vec, len, 8);
SIZE(kipc_vec, 16);

FIELD(kipc_payload, data, 0);
FIELD(kipc_payload, len, 8);
FIELD(kipc_payload, tag, 16);
FIELD(kipc_payload, fds, 24);
FIELD(kipc_payload, flags, 32);
FIELD(kipc_payload, fd_count, 36);
FIELD(kipc_payload, prio, 38);
SIZE(kipc_payload, 40);

FIELD(kipc_header, id, 0);
FIELD(kipc_header, offset, 8);
FIELD(kipc_header, len, 16);
FIELD(kipc_header, tag, 24);
FIELD(kipc_header, peer, 32);
FIELD(kipc_header, type, 40);
FIELD(kipc_header, time, 48);
FIELD(kipc_header, call, 56);
FIELD(kipc_header, prio, 64);
FIELD(kipc_header, kind, 68);
FIELD(kipc_header, fd_count, 70);
FIELD(kipc_header, flags, 72);
FIELD(kipc_header, pid, 76);
FIELD(kipc_header, uid, 80);
FIELD(kipc_header, gid, 84);
FIELD(kipc_header, reserved, 88);
SIZE(kipc_header, 96);

FIELD(kipc_endpoint_info, size, 0);
FIELD(kipc_endpoint_info, flags, 4);
FIELD(kipc_endpoint_info, version, 8);
FIELD(kipc_endpoint_info, role, 12);
FIELD(kipc_endpoint_info, pool_size, 16);
FIELD(kipc_endpoint_info, pool_free, 24);
FIELD(kipc_endpoint_info, queued, 32);
FIELD(kipc_endpoint_info, held, 40);
FIELD(kipc_endpoint_info, held_bytes, 48);
FIELD(kipc_endpoint_info, peers, 56);
FIELD(kipc_endpoint_info, client, 64);
FIELD(kipc_endpoint_info, max_msgs, 72);
FIELD(kipc_endpoint_info, max_bytes, 80);
FIELD(kipc_endpoint_info, max_size, 88);
FIELD(kipc_endpoint_info, queued_bytes, 96);
FIELD(kipc_endpoint_info, held_ns, 104);
FIELD(kipc_endpoint_info, memory, 112);
FIELD(kipc_endpoint_info, options, 120);
FIELD(kipc_endpoint_info, ring, 124);
SIZE(kipc_endpoint_info, 128);

FIELD(kipc_endpoint_tune, size, 0);
FIELD(kipc_endpoint_tune, flags, 4);
FIELD(kipc_endpoint_tune, busy_poll, 8);
SIZE(kipc_endpoint_tune, 16);

FIELD(kipc_channel_create, size, 0);
FIELD(kipc_channel_create, flags, 4);
FIELD(kipc_channel_create, mode, 8);
FIELD(kipc_channel_create, reserved, 12);
FIELD(kipc_channel_create, pool_size, 16);
FIELD(kipc_channel_create, name, 24);
SIZE(kipc_channel_create, 280);

FIELD(kipc_channel_connect, size, 0);
FIELD(kipc_channel_connect, flags, 4);
FIELD(kipc_channel_connect, pool_size, 8);
FIELD(kipc_channel_connect, client, 16);
FIELD(kipc_channel_connect, name, 24);
SIZE(kipc_channel_connect, 280);

FIELD(kipc_channel_call, size, 0);
FIELD(kipc_channel_call, flags, 4);
FIELD(kipc_channel_call, deadline, 8);
FIELD(kipc_channel_call, release, 16);
FIELD(kipc_channel_call, to, 24);
FIELD(kipc_channel_call, request, 32);
FIELD(kipc_channel_call, outcome, 72);
FIELD(kipc_channel_call, reserved, 76);
FIELD(kipc_channel_call, reply, 80);
SIZE(kipc_channel_call, 176);

FIELD(kipc_channel_send, size, 0);
FIELD(kipc_channel_send, flags, 4);
FIELD(kipc_channel_send, deadline, 8);
FIELD(kipc_channel_send, to, 16);
FIELD(kipc_channel_send, payload, 24);
SIZE(kipc_channel_send, 64);

FIELD(kipc_channel_send_batch, size, 0);
FIELD(kipc_channel_send_batch, flags, 4);
FIELD(kipc_channel_send_batch, deadline, 8);
FIELD(kipc_channel_send_batch, to, 16);
FIELD(kipc_channel_send_batch, payloads, 24);
FIELD(kipc_channel_send_batch, count, 32);
FIELD(kipc_channel_send_batch, done, 36);
SIZE(kipc_channel_send_batch, 40);

FIELD(kipc_channel_recv, size, 0);
FIELD(kipc_channel_recv, flags, 4);
FIELD(kipc_channel_recv, deadline, 8);
FIELD(kipc_channel_recv, release, 16);
FIELD(kipc_channel_recv, ring_seen, 24);
FIELD(kipc_channel_recv, ring_done, 32);
FIELD(kipc_channel_recv, msg, 40);
SIZE(kipc_channel_recv, 136);

FIELD(kipc_channel_reply, size, 0);
FIELD(kipc_channel_reply, flags, 4);
FIELD(kipc_channel_reply, deadline, 8);
FIELD(kipc_channel_reply, id, 16);
FIELD(kipc_channel_reply, reply, 24);
FIELD(kipc_channel_reply, msg, 64);
SIZE(kipc_channel_reply, 160);

FIELD(kipc_channel_release, size, 0);
FIELD(kipc_channel_release, flags, 4);
FIELD(kipc_channel_release, ids, 8);
FIELD(kipc_channel_release, count, 16);
FIELD(kipc_channel_release, done, 20);
SIZE(kipc_channel_release, 24);

FIELD(kipc_channel_fds, size, 0);
FIELD(kipc_channel_fds, flags, 4);
FIELD(kipc_channel_fds, id, 8);
FIELD(kipc_channel_fds, fds, 16);
FIELD(kipc_channel_fds, count, 24);
FIELD(kipc_channel_fds, done, 28);
SIZE(kipc_channel_fds, 32);

FIELD(kipc_channel_inspect, size, 0);
FIELD(kipc_channel_inspect, flags, 4);
FIELD(kipc_channel_inspect, id, 8);
FIELD(kipc_channel_inspect, msg, 16);
SIZE(kipc_channel_inspect, 112);

FIELD(kipc_ring, tail, 0);
FIELD(kipc_ring, entries, 8);
FIELD(kipc_ring, slot_size, 12);
FIELD(kipc_ring, reserved, 16);
FIELD(kipc_ring, slots, 64);
SIZE(kipc_ring, 64);

FIELD(kipc_channel_ring, size, 0);
FIELD(kipc_channel_ring, flags, 4);
FIELD(kipc_channel_ring, entries, 8);
FIELD(kipc_channel_ring, reserved, 12);
FIELD(kipc_channel_ring, offset, 16);
FIELD(kipc_channel_ring, bytes, 24);
SIZE(kipc_channel_ring, 32);

FIELD(kipc_queue_open, size, 0);
FIELD(kipc_queue_open, flags, 4);
FIELD(kipc_queue_open, mode, 8);
FIELD(kipc_queue_open, handle, 12);
FIELD(kipc_queue_open, number, 16);
FIELD(kipc_queue_open, reserved, 20);
FIELD(kipc_queue_open, max_msgs, 24);
FIELD(kipc_queue_open, max_bytes, 32);
FIELD(kipc_queue_open, max_size, 40);
FIELD(kipc_queue_open, name, 48);
SIZE(kipc_queue_open, 304);

FIELD(kipc_queue_unlink, size, 0);
FIELD(kipc_queue_unlink, flags, 4);
FIELD(kipc_queue_unlink, number, 8);
FIELD(kipc_queue_unlink, reserved, 12);
FIELD(kipc_queue_unlink, name, 16);
SIZE(kipc_queue_unlink, 272);

FIELD(kipc_queue_send, size, 0);
FIELD(kipc_queue_send, flags, 4);
FIELD(kipc_queue_send, deadline, 8);
FIELD(kipc_queue_send, type, 16);
FIELD(kipc_queue_send, prio, 24);
FIELD(kipc_queue_send, number, 28);
FIELD(kipc_queue_send, payload, 32);
SIZE(kipc_queue_send, 72);

FIELD(kipc_queue_recv, size, 0);
FIELD(kipc_queue_recv, flags, 4);
FIELD(kipc_queue_recv, deadline, 8);
FIELD(kipc_queue_recv, data, 16);
FIELD(kipc_queue_recv, len, 24);
FIELD(kipc_queue_recv, select, 32);
FIELD(kipc_queue_recv, number, 36);
FIELD(kipc_queue_recv, match, 40);
FIELD(kipc_queue_recv, fds, 48);
FIELD(kipc_queue_recv, fd_count, 56);
FIELD(kipc_queue_recv, fd_done, 60);
FIELD(kipc_queue_recv, msg, 64);
SIZE(kipc_queue_recv, 160);

FIELD(kipc_queue_item, payload, 0);
FIELD(kipc_queue_item, type, 40);
FIELD(kipc_queue_item, prio, 48);
FIELD(kipc_queue_item, reserved, 52);
SIZE(kipc_queue_item, 56);

FIELD(kipc_queue_send_batch, size, 0);
FIELD(kipc_queue_send_batch, flags, 4);
FIELD(kipc_queue_send_batch, deadline, 8);
FIELD(kipc_queue_send_batch, items, 16);
FIELD(kipc_queue_send_batch, count, 24);
FIELD(kipc_queue_send_batch, number, 28);
FIELD(kipc_queue_send_batch, done, 32);
FIELD(kipc_queue_send_batch, reserved, 36);
SIZE(kipc_queue_send_batch, 40);

FIELD(kipc_queue_recv_batch, size, 0);
FIELD(kipc_queue_recv_batch, flags, 4);
FIELD(kipc_queue_recv_batch, deadline, 8);
FIELD(kipc_queue_recv_batch, data, 16);
FIELD(kipc_queue_recv_batch, len, 24);
FIELD(kipc_queue_recv_batch, select, 32);
FIELD(kipc_queue_recv_batch, number, 36);
FIELD(kipc_queue_recv_batch, match, 40);
FIELD(kipc_queue_recv_batch, msgs, 48);
FIELD(kipc_queue_recv_batch, count, 56);
FIELD(kipc_queue_recv_batch, done, 60);
SIZE(kipc_queue_recv_batch, 64);

FIELD(kipc_queue_notify, size, 0);
FIELD(kipc_queue_notify, flags, 4);
FIELD(kipc_queue_notify, how, 8);
FIELD(kipc_queue_notify, signo, 12);
FIELD(kipc_queue_notify, value, 16);
FIELD(kipc_queue_notify, fd, 24);
FIELD(kipc_queue_notify, reserved, 28);
SIZE(kipc_queue_notify, 32);

FIELD(kipc_queue_stat, size, 0);
FIELD(kipc_queue_stat, flags, 4);
FIELD(kipc_queue_stat, number, 8);
FIELD(kipc_queue_stat, mode, 12);
FIELD(kipc_queue_stat, uid, 16);
FIELD(kipc_queue_stat, gid, 20);
FIELD(kipc_queue_stat, creator_uid, 24);
FIELD(kipc_queue_stat, creator_gid, 28);
FIELD(kipc_queue_stat, max_msgs, 32);
FIELD(kipc_queue_stat, max_bytes, 40);
FIELD(kipc_queue_stat, max_size, 48);
FIELD(kipc_queue_stat, msgs, 56);
FIELD(kipc_queue_stat, bytes, 64);
FIELD(kipc_queue_stat, peak_msgs, 72);
FIELD(kipc_queue_stat, peak_bytes, 80);
FIELD(kipc_queue_stat, sent, 88);
FIELD(kipc_queue_stat, received, 96);
FIELD(kipc_queue_stat, send_time, 104);
FIELD(kipc_queue_stat, recv_time, 112);
FIELD(kipc_queue_stat, change_time, 120);
FIELD(kipc_queue_stat, send_pid, 128);
FIELD(kipc_queue_stat, recv_pid, 132);
FIELD(kipc_queue_stat, senders, 136);
FIELD(kipc_queue_stat, receivers, 140);
FIELD(kipc_queue_stat, name, 144);
SIZE(kipc_queue_stat, 400);

FIELD(kipc_queue_set, size, 0);
FIELD(kipc_queue_set, flags, 4);
FIELD(kipc_queue_set, number, 8);
FIELD(kipc_queue_set, mode, 12);
FIELD(kipc_queue_set, uid, 16);
FIELD(kipc_queue_set, gid, 20);
FIELD(kipc_queue_set, max_msgs, 24);
FIELD(kipc_queue_set, max_bytes, 32);
FIELD(kipc_queue_set, max_size, 40);
SIZE(kipc_queue_set, 48);

/* A request's number has the size of its structure in it. */
TEST(request_numbers_are_those_of_version_1)
{
	EXPECT_EQ(0xc080bc00, KIPC_IOC_ENDPOINT_INFO);
	EXPECT_EQ(0xc010bc01, KIPC_IOC_ENDPOINT_TUNE);
	EXPECT_EQ(0xc118bc10, KIPC_IOC_CHANNEL_CREATE);
	EXPECT_EQ(0xc118bc11, KIPC_IOC_CHANNEL_CONNECT);
	EXPECT_EQ(0xc0b0bc12, KIPC_IOC_CHANNEL_CALL);
	EXPECT_EQ(0xc040bc13, KIPC_IOC_CHANNEL_SEND);
	EXPECT_EQ(0xc088bc14, KIPC_IOC_CHANNEL_RECV);
	EXPECT_EQ(0xc0a0bc15, KIPC_IOC_CHANNEL_REPLY);
	EXPECT_EQ(0xc018bc16, KIPC_IOC_CHANNEL_RELEASE);
	EXPECT_EQ(0xc028bc17, KIPC_IOC_CHANNEL_SEND_BATCH);
	EXPECT_EQ(0xc020bc18, KIPC_IOC_CHANNEL_FDS);
	EXPECT_EQ(0xc070bc19, KIPC_IOC_CHANNEL_INSPECT);
	EXPECT_EQ(0xc020bc1a, KIPC_IOC_CHANNEL_RING);
	EXPECT_EQ(0xc130bc20, KIPC_IOC_QUEUE_OPEN);
	EXPECT_EQ(0xc110bc21, KIPC_IOC_QUEUE_UNLINK);
	EXPECT_EQ(0xc048bc22, KIPC_IOC_QUEUE_SEND);
	EXPECT_EQ(0xc0a0bc23, KIPC_IOC_QUEUE_RECV);
	EXPECT_EQ(0xc028bc24, KIPC_IOC_QUEUE_SEND_BATCH);
	EXPECT_EQ(0xc040bc25, KIPC_IOC_QUEUE_RECV_BATCH);
	EXPECT_EQ(0xc020bc26, KIPC_IOC_QUEUE_NOTIFY);
	EXPECT_EQ(0xc190bc27, KIPC_IOC_QUEUE_STAT);
	EXPECT_EQ(0xc030bc28, KIPC_IOC_QUEUE_SET);
}

/*
 * Addresses have 64 bits in both: one whose lower half is good, and whose upper half is
 * not, is nobody's.
 */
#define BEYOND(ptr)	((uintptr_t)(ptr) ^ 1ULL << 45)

FIXTURE(beyond)
{
	char name[KIPC_NAME_SIZE];
	struct end server;
	struct end client;
	int queue;
	char bytes[8];
};

FIXTURE_SETUP(beyond)
{
	fresh_name(self->name);
	ASSERT_EQ(0, end_serve(&self->server, self->name, 0));
	ASSERT_EQ(0, end_connect(&self->client, self->name, 0));
	self->queue = queue_open(self->name, KIPC_QUEUE_CREATE | QUEUE_BOTH);
	ASSERT_LE(0, self->queue);
}

FIXTURE_TEARDOWN(beyond)
{
	end_close(&self->client);
	end_close(&self->server);
	close(self->queue);
	queue_unlink(self->name);
}

TEST_F(beyond, payload_efault)
{
	struct kipc_channel_send send = {
		.size = sizeof(send),
		.payload = { .data = BEYOND(self->bytes), .len = 8 },
	};
	struct kipc_queue_send put = {
		.size = sizeof(put),
		.payload = send.payload,
	};

	EXPECT_EQ(-EFAULT, request(self->client.fd, KIPC_IOC_CHANNEL_SEND, &send));
	EXPECT_EQ(-EFAULT, request(self->queue, KIPC_IOC_QUEUE_SEND, &put));
}

TEST_F(beyond, piece_efault)
{
	struct kipc_vec vec[2] = { { (uintptr_t)self->bytes, 4 },
				   { BEYOND(self->bytes), 4 } };
	struct kipc_channel_send send = {
		.size = sizeof(send),
		.payload = { (uintptr_t)vec, 2, .flags = KIPC_PAYLOAD_VEC },
	};

	EXPECT_EQ(-EFAULT, request(self->client.fd, KIPC_IOC_CHANNEL_SEND, &send));
	vec[1].base = (uintptr_t)self->bytes;
	EXPECT_EQ(0, request(self->client.fd, KIPC_IOC_CHANNEL_SEND, &send));
	send.payload.data = BEYOND(vec);
	EXPECT_EQ(-EFAULT, request(self->client.fd, KIPC_IOC_CHANNEL_SEND, &send));
}

TEST_F(beyond, ids_efault)
{
	struct kipc_channel_release release = {
		.size = sizeof(release),
		.count = 1,
	};
	struct kipc_header msg;

	ASSERT_EQ(0, channel_send(self->client.fd, 0, "x", 1));
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	release.ids = BEYOND(&msg.id);
	EXPECT_EQ(-EFAULT, request(self->server.fd, KIPC_IOC_CHANNEL_RELEASE,
				   &release));
	EXPECT_EQ(0, channel_release(self->server.fd, msg.id));
}

TEST_F(beyond, buffer_efault)
{
	struct kipc_queue_recv get = queue_recv_args(NULL, 8);
	struct kipc_header msg;

	get.data = BEYOND(self->bytes);
	ASSERT_EQ(0, queue_send(self->queue, "8 bytes", 8));
	EXPECT_EQ(-EFAULT, request(self->queue, KIPC_IOC_QUEUE_RECV, &get));
	EXPECT_EQ(0, queue_recv(self->queue, self->bytes, 8, &msg));
	EXPECT_STREQ("8 bytes", self->bytes);
}

TEST_F(beyond, batch_efault)
{
	struct kipc_queue_item item = { .payload = payload_of("8 bytes", 8) };
	struct kipc_header msg;
	struct kipc_queue_send_batch send = {
		.size = sizeof(send),
		.items = BEYOND(&item),
		.count = 1,
	};
	struct kipc_queue_recv_batch recv = {
		.size = sizeof(recv),
		.data = (uintptr_t)self->bytes,
		.len = 8,
		.msgs = BEYOND(&msg),
		.count = 1,
	};

	EXPECT_EQ(-EFAULT, request(self->queue, KIPC_IOC_QUEUE_SEND_BATCH, &send));
	send.items = (uintptr_t)&item;
	EXPECT_EQ(0, request(self->queue, KIPC_IOC_QUEUE_SEND_BATCH, &send));
	EXPECT_EQ(-EFAULT, request(self->queue, KIPC_IOC_QUEUE_RECV_BATCH, &recv));
	recv.msgs = (uintptr_t)&msg;
	recv.data = BEYOND(self->bytes);
	EXPECT_EQ(-EFAULT, request(self->queue, KIPC_IOC_QUEUE_RECV_BATCH, &recv));
	recv.data = (uintptr_t)self->bytes;
	EXPECT_EQ(0, request(self->queue, KIPC_IOC_QUEUE_RECV_BATCH, &recv));
	EXPECT_STREQ("8 bytes", self->bytes);
}

TEST_F(beyond, descriptors_efault)
{
	struct kipc_queue_send send = queue_send_args("8 bytes", 8);
	struct kipc_queue_recv recv = queue_recv_args(self->bytes, 8);
	int fd = 0;

	send.payload.fd_count = 1;
	send.payload.fds = BEYOND(&fd);
	EXPECT_EQ(-EFAULT, request(self->queue, KIPC_IOC_QUEUE_SEND, &send));
	send.payload.fds = (uintptr_t)&fd;
	EXPECT_EQ(0, request(self->queue, KIPC_IOC_QUEUE_SEND, &send));
	recv.fd_count = 1;
	recv.fds = BEYOND(&fd);
	EXPECT_EQ(-EFAULT, request(self->queue, KIPC_IOC_QUEUE_RECV, &recv));
	recv.fds = (uintptr_t)&fd;
	EXPECT_EQ(0, request(self->queue, KIPC_IOC_QUEUE_RECV, &recv));
	EXPECT_LT(0, fd);
}

TEST_HARNESS_MAIN
