// SPDX-License-Identifier: GPL-2.0
/*
 * Read and write: an endpoint as any other descriptor, for programs that know nothing
 * of kipc but its name.
 */
#include <sys/uio.h>

#include "kipc_test.h"

FIXTURE(rw)
{
	char name[KIPC_NAME_SIZE];
	struct end server;
	struct end client;
	int queue;
	char buf[64];
};

FIXTURE_SETUP(rw)
{
	fresh_name(self->name);
	ASSERT_EQ(0, end_serve(&self->server, self->name, 64 << 10));
	ASSERT_EQ(0, end_connect(&self->client, self->name, 64 << 10));
	self->queue = queue_open_sized(self->name,
				       KIPC_QUEUE_CREATE | QUEUE_BOTH,
				       4, 1 << 20, 1 << 20);
	ASSERT_LE(0, self->queue);
}

FIXTURE_TEARDOWN(rw)
{
	close(self->queue);
	queue_unlink(self->name);
	end_close(&self->client);
	end_close(&self->server);
}

/* As the system calls, but for -errno.  The compiler must not know too much. */
__attribute__((noipa))
static ssize_t get(int fd, void *buf, size_t len)
{
	ssize_t n = read(fd, buf, len);

	return n < 0 ? -errno : n;
}

__attribute__((noipa))
static ssize_t put(int fd, const void *buf, size_t len)
{
	ssize_t n = write(fd, buf, len);

	return n < 0 ? -errno : n;
}

TEST_F(rw, without_role_enotconn)
{
	int fd = endpoint_open();

	EXPECT_EQ(-ENOTCONN, get(fd, self->buf, 1));
	EXPECT_EQ(-ENOTCONN, put(fd, "x", 1));
	close(fd);
}

/* Queues */

TEST_F(rw, queue_write_sends_and_read_receives)
{
	struct kipc_header msg;

	EXPECT_EQ(5, put(self->queue, "hello", 5));
	EXPECT_EQ(3, put(self->queue, "you", 3));
	EXPECT_EQ(5, get(self->queue, self->buf, 64));
	EXPECT_EQ(0, memcmp(self->buf, "hello", 5));
	EXPECT_EQ(0, queue_recv(self->queue, self->buf, 64, &msg));
	EXPECT_EQ(0, memcmp(self->buf, "you", 3));
	EXPECT_EQ(0, msg.prio);
	EXPECT_EQ(0, msg.type);
	EXPECT_EQ(0, msg.tag);
}

TEST_F(rw, queue_buffer_too_small_emsgsize_keeps_message)
{
	ASSERT_EQ(5, put(self->queue, "hello", 5));
	EXPECT_EQ(-EMSGSIZE, get(self->queue, self->buf, 4));
	EXPECT_EQ(5, get(self->queue, self->buf, 5));
}

TEST_F(rw, queue_read_of_nothing_asks_nothing)
{
	EXPECT_EQ(0, get(self->queue, self->buf, 0));
	ASSERT_EQ(5, put(self->queue, "hello", 5));
	EXPECT_EQ(0, get(self->queue, self->buf, 0));
	EXPECT_EQ(1, endpoint_info(self->queue).queued);
}

TEST_F(rw, queue_write_of_nothing_sends_an_empty_message)
{
	EXPECT_EQ(0, put(self->queue, "", 0));
	EXPECT_EQ(1, endpoint_info(self->queue).queued);
	EXPECT_EQ(0, get(self->queue, self->buf, 1));
	EXPECT_EQ(0, endpoint_info(self->queue).queued);
}

TEST_F(rw, queue_nonblocking_eagain)
{
	ASSERT_EQ(0, set_nonblock(self->queue));
	EXPECT_EQ(-EAGAIN, get(self->queue, self->buf, 1));
	while (put(self->queue, "x", 1) == 1)
		;
	EXPECT_EQ(-EAGAIN, put(self->queue, "x", 1));
	EXPECT_EQ(4, endpoint_info(self->queue).queued);
}

TEST_F(rw, queue_rights_ebadf)
{
	int in = queue_open(self->name, KIPC_QUEUE_RECV);
	int out = queue_open(self->name, KIPC_QUEUE_SEND);

	EXPECT_EQ(-EBADF, put(in, "x", 1));
	EXPECT_EQ(1, put(out, "x", 1));
	EXPECT_EQ(-EBADF, get(out, self->buf, 1));
	EXPECT_EQ(1, get(in, self->buf, 1));
	close(in);
	close(out);
}

TEST_F(rw, queue_bad_address_efault_keeps_message)
{
	EXPECT_EQ(-EFAULT, put(self->queue, NULL, 5));
	ASSERT_EQ(5, put(self->queue, "hello", 5));
	EXPECT_EQ(-EFAULT, get(self->queue, NULL, 5));
	EXPECT_EQ(5, get(self->queue, self->buf, 5));
}

TEST_F(rw, queue_larger_than_its_largest_emsgsize)
{
	EXPECT_EQ(-EMSGSIZE, put(self->queue, memory(2 << 20), 2 << 20));
}

TEST_F(rw, queue_vectors_are_one_message)
{
	struct iovec out[] = { { "he", 2 }, { NULL, 0 }, { "llo", 3 } };
	struct iovec in[] = { { self->buf, 1 }, { self->buf + 10, 63 - 10 } };

	EXPECT_EQ(5, writev(self->queue, out, 3));
	EXPECT_EQ(1, endpoint_info(self->queue).queued);
	EXPECT_EQ(5, readv(self->queue, in, 2));
	EXPECT_EQ('h', self->buf[0]);
	EXPECT_EQ(0, memcmp(self->buf + 10, "ello", 4));
}

TEST_F(rw, queue_dd_works)
{
	char command[1200];

	/* dd opens nothing here: it inherits the descriptor. */
	fcntl(self->queue, F_SETFD, 0);
	snprintf(command, sizeof(command),
		 "echo hello >&%d && [ \"$(dd bs=4096 count=1 <&%d 2>/dev/null)\" = hello ]",
		 self->queue, self->queue);
	EXPECT_EQ(0, system(command));
}

/* Channels: one way */

TEST_F(rw, client_write_is_a_one_way_send)
{
	struct kipc_header msg;

	EXPECT_EQ(5, put(self->client.fd, "hello", 5));
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	EXPECT_EQ(KIPC_KIND_SEND, msg.kind);
	EXPECT_EQ(self->client.number, msg.peer);
	EXPECT_TRUE(end_has(&self->server, &msg, "hello", 5));
}

TEST_F(rw, client_write_of_nothing_sends_an_empty_message)
{
	struct kipc_header msg;

	EXPECT_EQ(0, put(self->client.fd, "", 0));
	ASSERT_EQ(0, channel_recv_now(self->server.fd, &msg));
	EXPECT_EQ(0, msg.len);
}

TEST_F(rw, client_reads_what_the_server_sends)
{
	struct kipc_endpoint_info info;

	ASSERT_EQ(0, channel_send(self->server.fd, self->client.number,
				  "hello", 5));
	EXPECT_EQ(5, get(self->client.fd, self->buf, 64));
	EXPECT_EQ(0, memcmp(self->buf, "hello", 5));
	info = endpoint_info(self->client.fd);
	EXPECT_EQ(0, info.held);
	EXPECT_EQ(info.pool_size, info.pool_free);
}

TEST_F(rw, large_messages_cross_chunks)
{
	uint8_t *data = pattern(64 << 10, 1), *buf = memory(64 << 10);

	ASSERT_EQ(0, channel_send(self->server.fd, self->client.number,
				  data, 64 << 10));
	EXPECT_EQ(64 << 10, get(self->client.fd, buf, 64 << 10));
	EXPECT_EQ(0, memcmp(buf, data, 64 << 10));
	EXPECT_EQ(32 << 10, put(self->client.fd, data, 32 << 10));
	EXPECT_EQ(32 << 10, get(self->server.fd, buf, 64 << 10));
	EXPECT_EQ(0, memcmp(buf, data, 32 << 10));
}

TEST_F(rw, client_vectors_are_one_message)
{
	struct iovec out[] = { { "he", 2 }, { "llo", 3 } };
	struct iovec in[] = { { self->buf, 1 }, { self->buf + 10, 50 } };

	EXPECT_EQ(5, writev(self->client.fd, out, 2));
	EXPECT_EQ(5, readv(self->server.fd, in, 2));
	EXPECT_EQ('h', self->buf[0]);
	EXPECT_EQ(0, memcmp(self->buf + 10, "ello", 4));
}

TEST_F(rw, buffer_too_small_emsgsize_keeps_message)
{
	ASSERT_EQ(5, put(self->client.fd, "hello", 5));
	EXPECT_EQ(-EMSGSIZE, get(self->server.fd, self->buf, 4));
	EXPECT_EQ(-EMSGSIZE, get(self->server.fd, self->buf, 1));
	EXPECT_EQ(1, endpoint_info(self->server.fd).queued);
	EXPECT_EQ(5, get(self->server.fd, self->buf, 5));
	EXPECT_EQ(0, memcmp(self->buf, "hello", 5));
}

TEST_F(rw, bad_address_efault_keeps_message)
{
	EXPECT_EQ(-EFAULT, put(self->client.fd, NULL, 5));
	EXPECT_EQ(0, endpoint_info(self->server.fd).queued);
	ASSERT_EQ(5, put(self->client.fd, "hello", 5));
	EXPECT_EQ(-EFAULT, get(self->server.fd, NULL, 5));
	EXPECT_EQ(1, endpoint_info(self->server.fd).queued);
	EXPECT_EQ(5, get(self->server.fd, self->buf, 5));
}

TEST_F(rw, read_of_nothing_asks_nothing)
{
	ASSERT_EQ(5, put(self->client.fd, "hello", 5));
	EXPECT_EQ(0, get(self->server.fd, self->buf, 0));
	EXPECT_EQ(0, get(self->client.fd, self->buf, 0));
	EXPECT_EQ(1, endpoint_info(self->server.fd).queued);
}

TEST_F(rw, nonblocking_eagain)
{
	uint8_t *data = memory(PAGE);

	ASSERT_EQ(0, set_nonblock(self->server.fd));
	ASSERT_EQ(0, set_nonblock(self->client.fd));
	EXPECT_EQ(-EAGAIN, get(self->server.fd, self->buf, 1));
	EXPECT_EQ(-EAGAIN, get(self->client.fd, self->buf, 1));
	while (put(self->client.fd, data, PAGE) == PAGE)
		;
	EXPECT_EQ(-EAGAIN, put(self->client.fd, data, PAGE));
}

TEST_F(rw, too_large_emsgsize)
{
	uint8_t *data = memory(64 << 10);

	EXPECT_EQ(-EMSGSIZE, put(self->client.fd, data, (32 << 10) + 1));
	EXPECT_EQ(32 << 10, put(self->client.fd, data, 32 << 10));
}

TEST_F(rw, server_is_gone_eof_and_epipe)
{
	ASSERT_EQ(0, channel_send(self->server.fd, self->client.number,
				  "last", 4));
	end_close(&self->server);
	EXPECT_EQ(4, get(self->client.fd, self->buf, 64));
	EXPECT_EQ(0, get(self->client.fd, self->buf, 64));
	EXPECT_EQ(0, get(self->client.fd, self->buf, 64));
	EXPECT_EQ(-EPIPE, put(self->client.fd, "x", 1));
}

TEST_F(rw, server_with_nothing_read_edestaddrreq)
{
	EXPECT_EQ(-EDESTADDRREQ, put(self->server.fd, "x", 1));
	ASSERT_EQ(5, put(self->client.fd, "hello", 5));
	ASSERT_EQ(5, get(self->server.fd, self->buf, 64));
	EXPECT_EQ(-EDESTADDRREQ, put(self->server.fd, "x", 1));
}

/* Channels: calls */

FIXTURE(serving)
{
	char name[KIPC_NAME_SIZE];
	struct end server;
	struct end client;
	struct kipc_channel_call call;
	struct asker caller;
	char buf[64];
};

FIXTURE_SETUP(serving)
{
	fresh_name(self->name);
	ASSERT_EQ(0, end_serve(&self->server, self->name, 64 << 10));
	ASSERT_EQ(0, end_connect(&self->client, self->name, 64 << 10));
	self->call = call_of("call", 4);
	ASSERT_EQ(0, ask_and_wait(&self->caller, self->client.fd,
				  KIPC_IOC_CHANNEL_CALL, &self->call));
}

FIXTURE_TEARDOWN(serving)
{
	end_close(&self->client);
	end_close(&self->server);
}

/* The caller got this. */
#define EXPECT_REPLY(text, len) do {					\
	EXPECT_EQ(0, ask_end(&self->caller));				\
	EXPECT_TRUE(end_has(&self->client, &self->call.reply, text, len)); \
} while (0)

TEST_F(serving, write_after_read_replies)
{
	ASSERT_EQ(4, get(self->server.fd, self->buf, 64));
	EXPECT_EQ(0, memcmp(self->buf, "call", 4));
	EXPECT_EQ(6, put(self->server.fd, "answer", 6));
	EXPECT_REPLY("answer", 6);
	EXPECT_EQ(-EDESTADDRREQ, put(self->server.fd, "again", 5));
	EXPECT_EQ(0, endpoint_info(self->server.fd).held);
}

TEST_F(serving, write_of_nothing_replies)
{
	ASSERT_EQ(4, get(self->server.fd, self->buf, 64));
	EXPECT_EQ(0, put(self->server.fd, "", 0));
	EXPECT_REPLY("", 0);
}

TEST_F(serving, second_read_answers_with_an_empty_reply)
{
	ASSERT_EQ(0, channel_send(self->client.fd, 0, "next", 4));
	ASSERT_EQ(4, get(self->server.fd, self->buf, 64));
	EXPECT_EQ(4, get(self->server.fd, self->buf, 64));
	EXPECT_EQ(0, memcmp(self->buf, "next", 4));
	EXPECT_REPLY("", 0);
	EXPECT_EQ(-EDESTADDRREQ, put(self->server.fd, "late", 4));
}

TEST_F(serving, read_that_finds_nothing_answers_too)
{
	ASSERT_EQ(0, set_nonblock(self->server.fd));
	ASSERT_EQ(4, get(self->server.fd, self->buf, 64));
	EXPECT_EQ(-EAGAIN, get(self->server.fd, self->buf, 64));
	EXPECT_REPLY("", 0);
}

TEST_F(serving, too_long_a_reply_emsgsize_then_shorter)
{
	uint8_t *data = pattern((64 << 10) + 1, 1);

	ASSERT_EQ(4, get(self->server.fd, self->buf, 64));
	EXPECT_EQ(-EMSGSIZE, put(self->server.fd, data, (64 << 10) + 1));
	EXPECT_EQ(64 << 10, put(self->server.fd, data, 64 << 10));
	EXPECT_REPLY(data, 64 << 10);
}

TEST_F(serving, caller_without_room_is_refused_by_the_next_read)
{
	uint8_t *data = pattern(64 << 10, 1);

	ASSERT_EQ(0, channel_send(self->server.fd, self->client.number, data,
				  64 << 10));
	ASSERT_EQ(0, set_nonblock(self->server.fd));
	ASSERT_EQ(4, get(self->server.fd, self->buf, 64));
	EXPECT_EQ(-ENOBUFS, put(self->server.fd, "answer", 6));
	EXPECT_EQ(-EAGAIN, get(self->server.fd, self->buf, 64));
	EXPECT_EQ(-ECONNRESET, ask_end(&self->caller));
	EXPECT_EQ(0, endpoint_info(self->server.fd).held);
}

TEST_F(serving, reply_from_a_bad_address_efault_then_a_good_one)
{
	ASSERT_EQ(4, get(self->server.fd, self->buf, 64));
	EXPECT_EQ(-EFAULT, put(self->server.fd, NULL, 10));
	EXPECT_EQ(2, put(self->server.fd, "ok", 2));
	EXPECT_REPLY("ok", 2);
}

TEST_F(serving, too_small_a_buffer_emsgsize_keeps_the_call)
{
	EXPECT_EQ(-EMSGSIZE, get(self->server.fd, self->buf, 3));
	EXPECT_EQ(-EDESTADDRREQ, put(self->server.fd, "x", 1));
	EXPECT_EQ(4, get(self->server.fd, self->buf, 4));
	EXPECT_EQ(2, put(self->server.fd, "ok", 2));
	EXPECT_REPLY("ok", 2);
}

TEST_F(serving, reply_request_takes_the_call_from_write)
{
	ASSERT_EQ(4, get(self->server.fd, self->buf, 64));
	/* The id is told NULL: ids on a channel count from 1. */
	ASSERT_EQ(0, channel_reply(self->server.fd, 1, "other", 5));
	EXPECT_EQ(-EDESTADDRREQ, put(self->server.fd, "x", 1));
	EXPECT_REPLY("other", 5);
}

TEST_F(serving, close_without_reply_resets)
{
	ASSERT_EQ(4, get(self->server.fd, self->buf, 64));
	end_close(&self->server);
	EXPECT_EQ(-ECONNRESET, ask_end(&self->caller));
}

TEST_F(serving, caller_that_is_gone_ecanceled)
{
	struct kipc_channel_call call = call_of("late", 4);
	struct asker late;

	ASSERT_EQ(4, get(self->server.fd, self->buf, 64));
	ASSERT_EQ(2, put(self->server.fd, "ok", 2));
	EXPECT_REPLY("ok", 2);
	call.deadline = in_ms(60 * slow());
	ASSERT_EQ(0, ask_and_wait(&late, self->client.fd,
				  KIPC_IOC_CHANNEL_CALL, &call));
	ASSERT_EQ(4, get(self->server.fd, self->buf, 64));
	EXPECT_EQ(-ETIMEDOUT, ask_end(&late));
	EXPECT_EQ(-ECANCELED, put(self->server.fd, "ok", 2));
	EXPECT_EQ(-EDESTADDRREQ, put(self->server.fd, "ok", 2));
	EXPECT_EQ(0, endpoint_info(self->server.fd).held);
}

TEST_HARNESS_MAIN
