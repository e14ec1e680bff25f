// SPDX-License-Identifier: GPL-2.0
/*
 * Addresses of sockets, on networks above all: ports that the kernel chooses, both
 * Internets, where the other side is; and what udp: and unix-dgram: are like.
 */
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "lib_test.h"

FIXTURE(net)
{
	struct kipc *server;
	struct kipc *client;
	char at[KIPC_ADDRESS_SIZE];
};

FIXTURE_VARIANT(net)
{
	const char *scheme;
};

FIXTURE_VARIANT_ADD(net, tcp) { .scheme = "tcp" };
FIXTURE_VARIANT_ADD(net, udp) { .scheme = "udp" };

FIXTURE_SETUP(net)
{
}

FIXTURE_TEARDOWN(net)
{
	kipc_close(self->client);
	kipc_close(self->server);
}

static int listen_at(struct kipc **server, const char *scheme, const char *name, char *at)
{
	char address[128];
	int err;

	snprintf(address, sizeof(address), "%s:%s", scheme, name);
	err = kipc_listen(server, address, NULL);
	return err ? err : kipc_local_address(*server, at, KIPC_ADDRESS_SIZE);
}

/* One message there and one answer back. */
static void expect_talk(struct __test_metadata *_metadata, struct kipc *server,
			struct kipc *client)
{
	struct kipc_send_options options = KIPC_SEND_OPTIONS_INIT;
	struct kipc_msg msg;

	ASSERT_EQ(0, kipc_send(client, "there", 5, LONG));
	ASSERT_EQ(5, kipc_recv(server, &msg, LONG));
	options.to = msg.peer;
	kipc_release(&msg);
	ASSERT_EQ(0, kipc_send_opts(server, "back", 4, &options, LONG));
	ASSERT_EQ(4, kipc_recv(client, &msg, LONG));
	kipc_release(&msg);
}

TEST_F(net, port_zero_is_one_that_the_kernel_chooses)
{
	char prefix[64];

	ASSERT_EQ(0, listen_at(&self->server, variant->scheme, "127.0.0.1:0", self->at));
	snprintf(prefix, sizeof(prefix), "%s:127.0.0.1:", variant->scheme);
	ASSERT_EQ(0, strncmp(self->at, prefix, strlen(prefix)));
	EXPECT_LT(0, atoi(self->at + strlen(prefix)));
	ASSERT_EQ(0, kipc_connect(&self->client, self->at, NULL));
	expect_talk(_metadata, self->server, self->client);
}

TEST_F(net, ipv6_address_in_brackets)
{
	int err = listen_at(&self->server, variant->scheme, "[::1]:0", self->at);

	if (err == -EAFNOSUPPORT || err == -EADDRNOTAVAIL)
		SKIP(return, "no IPv6");
	ASSERT_EQ(0, err);
	EXPECT_NE(NULL, strstr(self->at, ":[::1]:"));
	ASSERT_EQ(0, kipc_connect(&self->client, self->at, NULL));
	expect_talk(_metadata, self->server, self->client);
}

TEST_F(net, star_listens_on_both_internets)
{
	struct kipc *other = NULL;
	char address[128];
	int err;

	ASSERT_EQ(0, listen_at(&self->server, variant->scheme, "*:0", self->at));
	snprintf(address, sizeof(address), "%s:127.0.0.1%s", variant->scheme,
		 strrchr(self->at, ':'));
	ASSERT_EQ(0, kipc_connect(&self->client, address, NULL));
	expect_talk(_metadata, self->server, self->client);
	snprintf(address, sizeof(address), "%s:[::1]%s", variant->scheme, strrchr(self->at, ':'));
	err = kipc_connect(&other, address, NULL);
	if (err)
		SKIP(return, "no IPv6");
	expect_talk(_metadata, self->server, other);
	kipc_close(other);
}

TEST_F(net, peer_address_is_where_the_other_side_is)
{
	char client_at[KIPC_ADDRESS_SIZE], peer_at[KIPC_ADDRESS_SIZE], small[4];
	struct kipc_msg msg;

	ASSERT_EQ(0, listen_at(&self->server, variant->scheme, "127.0.0.1:0", self->at));
	ASSERT_EQ(0, kipc_connect(&self->client, self->at, NULL));
	ASSERT_EQ(0, kipc_send(self->client, "x", 1, LONG));
	ASSERT_EQ(1, kipc_recv(self->server, &msg, LONG));
	ASSERT_EQ(0, kipc_local_address(self->client, client_at, sizeof(client_at)));
	EXPECT_EQ(0, kipc_peer_address(self->server, msg.peer, peer_at, sizeof(peer_at)));
	EXPECT_STREQ(client_at, peer_at);
	EXPECT_EQ(0, kipc_peer_address(self->client, 0, peer_at, sizeof(peer_at)));
	EXPECT_STREQ(self->at, peer_at);
	EXPECT_EQ(-EPIPE, kipc_peer_address(self->server, msg.peer + 99, peer_at, sizeof(peer_at)));
	EXPECT_EQ(-EPIPE, kipc_peer_address(self->server, 0, peer_at, sizeof(peer_at)));
	EXPECT_EQ(-EINVAL, kipc_peer_address(self->client, 1, peer_at, sizeof(peer_at)));
	EXPECT_EQ(-EMSGSIZE, kipc_local_address(self->client, small, sizeof(small)));
	EXPECT_EQ(-EINVAL, kipc_local_address(self->client, NULL, 10));
	EXPECT_EQ(-EINVAL, kipc_local_address(NULL, peer_at, sizeof(peer_at)));
	EXPECT_FALSE(msg.known & KIPC_KNOWN_PEER);
	kipc_release(&msg);
}

TEST_F(net, names_without_sense_einval)
{
	static const char * const names[] = {
		"localhost", "127.0.0.1", ":80", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536",
		"::1:80", "[::1]", "[::1:80", "[]:80", "127.0.0.1:-1", "127.0.0.1:8a",
	};
	char address[128];
	unsigned int i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(address, sizeof(address), "%s:%s", variant->scheme, names[i]);
		EXPECT_EQ(-EINVAL, kipc_listen(&self->server, address, NULL)) {
			TH_LOG("%s", address);
		}
	}
	snprintf(address, sizeof(address), "%s:127.0.0.1:0", variant->scheme);
	EXPECT_EQ(-EINVAL, kipc_connect(&self->client, address, NULL));
	snprintf(address, sizeof(address), "%s:*:80", variant->scheme);
	EXPECT_EQ(-EINVAL, kipc_connect(&self->client, address, NULL));
}

TEST_F(net, port_can_be_listened_on_again_at_once)
{
	int i;

	ASSERT_EQ(0, listen_at(&self->server, variant->scheme, "127.0.0.1:0", self->at));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, kipc_connect(&self->client, self->at, NULL));
		expect_talk(_metadata, self->server, self->client);
		/* Whoever closes first keeps the port of a connection busy for a while. */
		kipc_close(self->server);
		kipc_close(self->client);
		self->client = NULL;
		ASSERT_EQ(0, kipc_listen(&self->server, self->at, NULL));
	}
}

TEST_F(net, small_messages_are_not_held_back)
{
	struct kipc_msg msg;
	int64_t start;
	int i;

	if (scheme_is(variant->scheme, "udp"))
		SKIP(return, "it never does");
	ASSERT_EQ(0, listen_at(&self->server, variant->scheme, "127.0.0.1:0", self->at));
	ASSERT_EQ(0, kipc_connect(&self->client, self->at, NULL));
	start = now_ns();
	/* The second of two waits 40 ms until the first is acknowledged, if anything does. */
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, kipc_send(self->client, "x", 1, LONG));
		ASSERT_EQ(0, kipc_send(self->client, "y", 1, LONG));
		ASSERT_EQ(1, kipc_recv(self->server, &msg, LONG));
		kipc_release(&msg);
		ASSERT_EQ(1, kipc_recv(self->server, &msg, LONG));
		kipc_release(&msg);
	}
	EXPECT_GT(KIPC_S(3), now_ns() - start);
}

TEST(keepalive_is_an_option_of_tcp_only)
{
	struct kipc *ends[2] = { NULL, NULL };
	socklen_t len = sizeof(int);
	int on = 0;

	ASSERT_EQ(0, kipc_pair(ends, "tcp:?keepalive=5", NULL));
	EXPECT_EQ(0, getsockopt(kipc_fd(ends[0]), SOL_SOCKET, SO_KEEPALIVE, &on, &len));
	EXPECT_EQ(1, on);
	kipc_close(ends[0]);
	kipc_close(ends[1]);
	EXPECT_EQ(-EINVAL, kipc_pair(ends, "udp:?keepalive=5", NULL));
	EXPECT_EQ(-EINVAL, kipc_pair(ends, "tcp:?keepalive=0", NULL));
	EXPECT_EQ(-EINVAL, kipc_pair(ends, "tcp:?mode=666", NULL));
}

TEST(largest_datagram_of_udp)
{
	struct kipc_info info = KIPC_INFO_INIT;
	struct kipc *ends[2];
	struct kipc_msg msg;
	char *data = calloc(1, 65507);

	ASSERT_EQ(0, kipc_pair(ends, "udp:", NULL));
	ASSERT_EQ(0, kipc_info(ends[1], &info));
	EXPECT_EQ(65507 - 32, info.max_size);
	EXPECT_EQ(-EMSGSIZE, kipc_send(ends[1], data, info.max_size + 1, LONG));
	EXPECT_EQ(0, kipc_send(ends[1], data, info.max_size, LONG));
	EXPECT_EQ(info.max_size, kipc_recv(ends[0], &msg, LONG));
	kipc_release(&msg);
	kipc_close(ends[0]);
	kipc_close(ends[1]);
	free(data);
}

TEST(udp_hears_of_one_refused_message_by_the_next)
{
	struct pollfd pollfd = { .events = POLLIN };
	struct kipc *ends[2];
	struct kipc_msg msg;
	int i, err = 0;

	ASSERT_EQ(0, kipc_pair(ends, "udp:", NULL));
	kipc_close(ends[0]);
	for (i = 0; i < 100 && !err; i++)
		err = kipc_send(ends[1], "x", 1, LONG);
	EXPECT_EQ(-EPIPE, err);
	/* That was all there was to say: nobody who polls is woken for it. */
	EXPECT_EQ(-EAGAIN, kipc_recv(ends[1], &msg, KIPC_NOW));
	pollfd.fd = kipc_fd(ends[1]);
	EXPECT_EQ(0, poll(&pollfd, 1, 0));
	kipc_close(ends[1]);
}

TEST(udp_without_a_reader_loses_and_never_waits)
{
	static const char data[1000];
	struct kipc *ends[2];
	struct kipc_msg msg;
	int i, n = 0;

	ASSERT_EQ(0, kipc_pair(ends, "udp:", NULL));
	for (i = 0; i < 2000; i++)
		ASSERT_EQ(0, kipc_send(ends[1], data, sizeof(data), KIPC_NOW));
	while (kipc_recv(ends[0], &msg, KIPC_NOW) >= 0) {
		EXPECT_EQ(sizeof(data), msg.len);
		kipc_release(&msg);
		n++;
	}
	EXPECT_LT(0, n);
	EXPECT_GT(2000, n);
	kipc_close(ends[0]);
	kipc_close(ends[1]);
}

/* A call is sent once: what was lost is not tried again behind the program's back. */
TEST(lost_call_times_out_and_is_seen_once_at_most)
{
	static const char * const schemes[] = { "udp", "unix-dgram" };
	struct kipc *server, *client;
	struct kipc_msg msg;
	char address[128];
	unsigned int i;

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, kipc_listen(&server, fresh_address(schemes[i], address), NULL));
		ASSERT_EQ(0, kipc_connect(&client, address, NULL));
		EXPECT_EQ(-ETIMEDOUT, kipc_call(client, "once", 4, &msg, KIPC_MS(600)));
		EXPECT_EQ(4, kipc_recv(server, &msg, LONG));
		kipc_release(&msg);
		EXPECT_EQ(-EAGAIN, kipc_recv(server, &msg, KIPC_NOW));
		kipc_close(client);
		kipc_close(server);
	}
}

TEST(foreign_datagrams_are_passed_over)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct kipc *server, *client;
	char address[128];
	struct kipc_msg msg;
	int raw, i;

	ASSERT_EQ(0, kipc_listen(&server, fresh_address("unix-dgram", address), NULL));
	raw = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", strchr(address, ':') + 1);
	ASSERT_EQ(0, connect(raw, (struct sockaddr *)&sun, sizeof(sun)));
	ASSERT_EQ(0, kipc_connect(&client, address, NULL));
	for (i = 0; i < 5; i++)
		ASSERT_EQ(i, send(raw, "noise", i, 0));
	ASSERT_EQ(0, kipc_send(client, "x", 1, LONG));
	EXPECT_EQ(1, kipc_recv(server, &msg, LONG));
	kipc_release(&msg);
	EXPECT_EQ(-EAGAIN, kipc_recv(server, &msg, KIPC_NOW));
	close(raw);
	kipc_close(client);
	kipc_close(server);
}

/* However the literature has it: on Linux a sender waits for the queue's room. */
TEST(datagrams_of_af_unix_have_flow_control)
{
	struct kipc *server, *client;
	char address[128];
	struct kipc_msg msg;
	int n = 0;

	ASSERT_EQ(0, kipc_listen(&server, fresh_address("unix-dgram", address), NULL));
	ASSERT_EQ(0, kipc_connect(&client, address, NULL));
	while (!kipc_send(client, &n, sizeof(n), KIPC_NOW))
		n++;
	EXPECT_LT(1, n);
	EXPECT_EQ(-EAGAIN, kipc_send(client, &n, sizeof(n), KIPC_NOW));
	EXPECT_EQ(-ETIMEDOUT, kipc_send(client, &n, sizeof(n), SOON));
	while (n--) {
		EXPECT_EQ(sizeof(n), kipc_recv(server, &msg, LONG));
		kipc_release(&msg);
	}
	EXPECT_EQ(-EAGAIN, kipc_recv(server, &msg, KIPC_NOW));
	kipc_close(client);
	kipc_close(server);
}

TEST(abstract_and_path_names_are_told_as_they_are_written)
{
	static const char * const schemes[] = { "unix", "unix-dgram", "unix-seqpacket" };
	char address[128], at[KIPC_ADDRESS_SIZE];
	struct kipc *server;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		snprintf(address, sizeof(address), "%s:@kipc-test %%25", schemes[i]);
		ASSERT_EQ(0, kipc_listen(&server, address, NULL));
		snprintf(address, sizeof(address), "%s:@kipc-test%%20%%25", schemes[i]);
		EXPECT_EQ(0, kipc_local_address(server, at, sizeof(at)));
		EXPECT_STREQ(address, at);
		kipc_close(server);
		ASSERT_EQ(0, kipc_listen(&server, fresh_address(schemes[i], address), NULL));
		EXPECT_EQ(0, kipc_local_address(server, at, sizeof(at)));
		EXPECT_STREQ(address, at);
		kipc_close(server);
	}
}

TEST(other_mechanisms_have_no_such_address)
{
	char at[KIPC_ADDRESS_SIZE];
	struct kipc *ends[2];

	ASSERT_EQ(0, kipc_pair(ends, "pipe:", NULL));
	EXPECT_EQ(-EOPNOTSUPP, kipc_local_address(ends[0], at, sizeof(at)));
	EXPECT_EQ(-EOPNOTSUPP, kipc_peer_address(ends[0], 0, at, sizeof(at)));
	kipc_close(ends[0]);
	kipc_close(ends[1]);
}

TEST_HARNESS_MAIN
