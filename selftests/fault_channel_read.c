// SPDX-License-Identifier: GPL-2.0
/*
 * Failures, channels: the other ways to receive, read() and the ring, and to answer, write().
 */
#include "fault_pair.h"
#include "ring_test.h"

TEST_F(fault, read)
{
	const void *data = pattern(LARGE, 6);
	uint8_t *buf = memory(LARGE);
	struct sweep sweep;
	struct pair pair;

	sweep_begin(&sweep, "read");
	while (sweep_next(&sweep)) {
		int n;

		EXPECT_EQ(0, pair_open(&pair, 0));
		EXPECT_EQ(0, set_nonblock(pair.server.fd));
		EXPECT_EQ(0, channel_send(pair.client.fd, 0, data, LARGE));
		memset(buf, 0, LARGE);
		n = FAULT(&sweep, do_read(pair.server.fd, buf, LARGE));
		if (n < 0) {
			EXPECT_TRUE(faults_says(n)) AT(&sweep);
			EXPECT_EQ(0, endpoint_info(pair.server.fd).held) AT(&sweep);
			n = do_read(pair.server.fd, buf, LARGE);
		}
		EXPECT_EQ(LARGE, n) AT(&sweep);
		EXPECT_EQ(0, memcmp(buf, data, LARGE)) AT(&sweep);
		EXPECT_EQ(-EAGAIN, do_read(pair.server.fd, buf, LARGE)) AT(&sweep);
		EXPECT_EQ(0, endpoint_info(pair.server.fd).held) AT(&sweep);
		pair_close(&pair);
	}
	SWEPT(&sweep);
}

/* A server's write() answers the call that its read() took, and a later one where it failed. */
TEST_F(fault, write)
{
	const void *data = pattern(LARGE, 7);
	struct sweep sweep;
	struct pair pair;
	uint64_t id;
	char buf[8];

	sweep_begin(&sweep, "write, a reply");
	while (sweep_next(&sweep)) {
		int n;

		EXPECT_EQ(0, pair_open(&pair, 0));
		EXPECT_EQ(0, channel_call_async(pair.client.fd, 0, payload_of("?", 1), &id));
		EXPECT_EQ(1, do_read(pair.server.fd, buf, sizeof(buf)));
		n = FAULT(&sweep, do_write(pair.server.fd, data, LARGE));
		if (n < 0) {
			EXPECT_TRUE(faults_says(n)) AT(&sweep);
			EXPECT_TRUE(empty(&pair.client)) AT(&sweep);
			n = do_write(pair.server.fd, data, LARGE);
		}
		EXPECT_EQ(LARGE, n) AT(&sweep);
		EXPECT_TRUE(comes(&pair.client, KIPC_KIND_REPLY, data, LARGE, 0)) AT(&sweep);
		EXPECT_EQ(-EDESTADDRREQ, do_write(pair.server.fd, data, 1)) AT(&sweep);
		pair_close(&pair);
	}
	SWEPT(&sweep);
}

/* ---- rings ---- */

TEST_F(fault, ring)
{
	struct sweep sweep;
	struct pair pair;

	sweep_begin(&sweep, "ring");
	while (sweep_next(&sweep)) {
		struct kipc_channel_ring arg = { .size = sizeof(arg), .entries = 4096 };
		int err;

		EXPECT_EQ(0, pair_open(&pair, 0));
		err = FAULT(&sweep, request(pair.server.fd, KIPC_IOC_CHANNEL_RING, &arg));
		if (err) {
			EXPECT_TRUE(faults_says(err)) AT(&sweep);
			EXPECT_EQ(0, endpoint_info(pair.server.fd).ring) AT(&sweep);
			EXPECT_EQ(0, endpoint_info(pair.server.fd).memory) AT(&sweep);
			EXPECT_EQ(0, request(pair.server.fd, KIPC_IOC_CHANNEL_RING, &arg))
				AT(&sweep);
		}
		EXPECT_EQ(4096, endpoint_info(pair.server.fd).ring) AT(&sweep);
		EXPECT_EQ(0, channel_send(pair.client.fd, 0, "x", 1)) AT(&sweep);
		EXPECT_EQ(1, endpoint_info(pair.server.fd).held) AT(&sweep);
		pair_close(&pair);
	}
	SWEPT(&sweep);
}

/* What the reader has done with is released, and what it has not stays, in order. */
TEST_F(fault, ring_receive)
{
	struct kipc_header msg;
	struct sweep sweep;
	struct ring ring;
	struct pair pair;

	sweep_begin(&sweep, "receive, with a ring");
	while (sweep_next(&sweep)) {
		int err;

		EXPECT_EQ(0, pair_open(&pair, 0));
		EXPECT_EQ(0, ring_init(&ring, &pair.server, 16));
		EXPECT_EQ(0, send_number(pair.client.fd, 0, 1));
		EXPECT_EQ(0, send_number(pair.client.fd, 0, 2));
		EXPECT_EQ(1, ring_take(&ring));
		err = FAULT(&sweep, ring_recv_now(&ring, &msg));
		if (err) {
			EXPECT_EQ(-EFAULT, err) AT(&sweep);
			EXPECT_EQ(0, ring_recv_now(&ring, &msg)) AT(&sweep);
		}
		EXPECT_EQ(KIPC_KIND_NONE, msg.kind) AT(&sweep);
		EXPECT_EQ(1, endpoint_info(pair.server.fd).held) AT(&sweep);
		EXPECT_EQ(2, ring_next(&ring, &msg)) AT(&sweep);
		EXPECT_EQ(-EAGAIN, ring_next(&ring, &msg)) AT(&sweep);
		ring_exit(&ring);
		pair_close(&pair);
	}
	SWEPT(&sweep);
}

TEST_HARNESS_MAIN
