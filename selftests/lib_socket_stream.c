// SPDX-License-Identifier: GPL-2.0
/*
 * Streams: frames that come byte by byte, cut short, too long or not at all, and
 * what becomes of the other clients meanwhile.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "lib_test.h"

/* A frame as it is on the wire, in little-endian; tests know it, programs need not. */
struct frame {
	uint32_t magic;
	uint16_t kind;
	uint16_t fds;
	uint64_t call, type, len;
};

#define MAGIC 0x316b7073U
#define TAIL 0x656e6f64U

FIXTURE(stream)
{
	char address[128];
	struct kipc *server;
	struct kipc *client;
	int raw;
};

FIXTURE_VARIANT(stream)
{
	const char *scheme;
};

FIXTURE_VARIANT_ADD(stream, unix) { .scheme = "unix" };
FIXTURE_VARIANT_ADD(stream, tcp) { .scheme = "tcp" };

/* A stranger's connection. */
static int raw_connect(const char *address)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	const char *name = strchr(address, ':') + 1;
	bool tcp = !strncmp(address, "tcp", 3);
	int fd = socket(tcp ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char host[64];

	snprintf(host, sizeof(host), "%.*s", (int)strcspn(name, ":"), name);
	if (tcp) {
		inet_pton(AF_INET, host, &sin.sin_addr);
		sin.sin_port = htons(atoi(strrchr(name, ':') + 1));
	}
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", name);
	if (connect(fd, tcp ? (void *)&sin : (void *)&sun, tcp ? sizeof(sin) : sizeof(sun))) {
		close(fd);
		return -1;
	}
	return fd;
}

FIXTURE_SETUP(stream)
{
	fresh_address(variant->scheme, self->address);
	ASSERT_EQ(0, kipc_listen(&self->server, self->address, NULL));
	ASSERT_EQ(0, kipc_connect(&self->client, self->address, NULL));
	self->raw = raw_connect(self->address);
	ASSERT_LE(0, self->raw);
}

FIXTURE_TEARDOWN(stream)
{
	kipc_close(self->client);
	kipc_close(self->server);
	close(self->raw);
}

/* The client of the library's is served whatever the stranger does. */
static void expect_others_served(struct __test_metadata *_metadata, struct kipc *server,
				 struct kipc *client)
{
	struct kipc_msg msg;

	ASSERT_EQ(0, kipc_send(client, "others", 6, LONG));
	ASSERT_EQ(6, kipc_recv(server, &msg, LONG));
	EXPECT_EQ(0, memcmp(msg.data, "others", 6));
	kipc_release(&msg);
	EXPECT_EQ(-EAGAIN, kipc_recv(server, &msg, KIPC_NOW));
}

/* Was the stranger closed upon? */
static bool dropped(int fd)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN | POLLRDHUP };

	return poll(&pollfd, 1, LONG / 1000000) == 1;
}

TEST_F(stream, frame_that_comes_byte_by_byte_is_a_message)
{
	struct frame frame = { MAGIC, KIPC_MSG_SEND, 0, 0, 7, 5 };
	unsigned char bytes[sizeof(frame) + 5 + 4];
	uint32_t tail = TAIL;
	struct kipc_msg msg;
	size_t i;

	memcpy(bytes, &frame, sizeof(frame));
	memcpy(bytes + sizeof(frame), "hello", 5);
	memcpy(bytes + sizeof(frame) + 5, &tail, 4);
	for (i = 0; i < sizeof(bytes); i++) {
		EXPECT_EQ(-EAGAIN, kipc_recv(self->server, &msg, KIPC_NOW));
		ASSERT_EQ(1, send(self->raw, bytes + i, 1, MSG_NOSIGNAL));
	}
	ASSERT_EQ(5, kipc_recv(self->server, &msg, LONG));
	EXPECT_EQ(0, memcmp(msg.data, "hello", 5));
	EXPECT_EQ(7, msg.type);
	kipc_release(&msg);
	expect_others_served(_metadata, self->server, self->client);
}

TEST_F(stream, void_frame_is_passed_over)
{
	struct frame frame = { MAGIC, KIPC_MSG_SEND, 0, 0, 0, 100 };
	struct frame next = { MAGIC, KIPC_MSG_SEND, 0, 0, 0, 0 };
	unsigned char rest[104] = { 1, 2, 3 };
	uint32_t tail = TAIL;
	struct kipc_msg msg;

	ASSERT_EQ(sizeof(frame), send(self->raw, &frame, sizeof(frame), MSG_NOSIGNAL));
	ASSERT_EQ(sizeof(rest), send(self->raw, rest, sizeof(rest), MSG_NOSIGNAL));
	ASSERT_EQ(sizeof(next), send(self->raw, &next, sizeof(next), MSG_NOSIGNAL));
	ASSERT_EQ(4, send(self->raw, &tail, 4, MSG_NOSIGNAL));
	EXPECT_EQ(0, kipc_recv(self->server, &msg, LONG));
	kipc_release(&msg);
	expect_others_served(_metadata, self->server, self->client);
}

TEST_F(stream, what_is_no_frame_drops_its_sender_only)
{
	static const struct frame wrong[] = {
		{ 0x20544547, KIPC_MSG_SEND, 0, 0, 0, 0 },	/* "GET " */
		{ MAGIC, 0, 0, 0, 0, 0 },
		{ MAGIC, 77, 0, 0, 0, 0 },
		{ MAGIC, KIPC_MSG_REPLY, 0, 1, 0, 0 },
		{ MAGIC, KIPC_MSG_SEND, 300, 0, 0, 0 },
		{ MAGIC, KIPC_MSG_SEND, 0, 0, 0, (1ULL << 30) + 1 },
		{ MAGIC, KIPC_MSG_SEND, 0, 0, 0, UINT64_MAX - 8 },
	};
	uint32_t tail = TAIL;
	unsigned int i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		int raw = raw_connect(self->address);

		ASSERT_LE(0, raw);
		ASSERT_EQ(sizeof(wrong[i]), send(raw, &wrong[i], sizeof(wrong[i]), MSG_NOSIGNAL));
		send(raw, &tail, 4, MSG_NOSIGNAL);
		expect_others_served(_metadata, self->server, self->client);
		EXPECT_TRUE(dropped(raw));
		close(raw);
	}
}

TEST_F(stream, wrong_tail_drops_its_sender_only)
{
	struct frame frame = { MAGIC, KIPC_MSG_SEND, 0, 0, 0, 4 };

	ASSERT_EQ(sizeof(frame), send(self->raw, &frame, sizeof(frame), MSG_NOSIGNAL));
	ASSERT_EQ(8, send(self->raw, "datatail", 8, MSG_NOSIGNAL));
	expect_others_served(_metadata, self->server, self->client);
	EXPECT_TRUE(dropped(self->raw));
}

TEST_F(stream, promised_gigabytes_take_no_memory)
{
	struct frame frame = { MAGIC, KIPC_MSG_SEND, 0, 0, 0, 1ULL << 30 };
	struct rlimit before, little;
	int raws[20], i;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	SKIP(return, "its shadow is larger than any bound");
#endif
	/* Address space for one such message at most. */
	ASSERT_EQ(0, getrlimit(RLIMIT_AS, &before));
	little = before;
	little.rlim_cur = 900UL << 20;
	ASSERT_EQ(0, setrlimit(RLIMIT_AS, &little));
	for (i = 0; i < 20; i++) {
		raws[i] = raw_connect(self->address);
		ASSERT_LE(0, raws[i]);
		ASSERT_EQ(sizeof(frame), send(raws[i], &frame, sizeof(frame), MSG_NOSIGNAL));
		ASSERT_EQ(4, send(raws[i], "data", 4, MSG_NOSIGNAL));
	}
	expect_others_served(_metadata, self->server, self->client);
	ASSERT_EQ(0, setrlimit(RLIMIT_AS, &before));
	for (i = 0; i < 20; i++)
		close(raws[i]);
	expect_others_served(_metadata, self->server, self->client);
}

TEST_F(stream, sender_killed_within_a_frame_leaves_nothing)
{
	size_t len = 32 << 20;
	char *data = calloc(1, len);
	pid_t child = fork();

	ASSERT_LE(0, child);
	if (!child) {
		struct kipc *mine;

		if (kipc_connect(&mine, self->address, NULL))
			_exit(1);
		/* Far more than fits: it is still at it when it is killed. */
		alarm(1);
		_exit(kipc_send(mine, data, len, KIPC_FOREVER) ? 2 : 3);
	}
	EXPECT_EQ(128 + SIGALRM, exit_status(child));
	expect_others_served(_metadata, self->server, self->client);
	free(data);
}

TEST_F(stream, size_in_the_address_bounds_what_comes)
{
	struct kipc_info info = KIPC_INFO_INIT;
	static const char data[1001];
	char address[160];
	struct kipc *client;
	struct kipc_msg msg;

	kipc_close(self->server);
	self->server = NULL;
	snprintf(address, sizeof(address), "%s?size=1000", self->address);
	ASSERT_EQ(0, kipc_listen(&self->server, address, NULL));
	ASSERT_EQ(0, kipc_info(self->server, &info));
	EXPECT_EQ(1000, info.max_size);
	ASSERT_EQ(0, kipc_connect(&client, self->address, NULL));
	ASSERT_EQ(0, kipc_send(client, data, 100, LONG));
	EXPECT_EQ(100, kipc_recv(self->server, &msg, LONG));
	kipc_release(&msg);
	ASSERT_EQ(0, kipc_send(client, data, sizeof(data), LONG));
	EXPECT_EQ(-EAGAIN, kipc_recv(self->server, &msg, KIPC_NOW));
	EXPECT_EQ(-EPIPE, kipc_recv(client, &msg, LONG));
	kipc_close(client);
	snprintf(address, sizeof(address), "%s?size=2G", self->address);
	EXPECT_EQ(-EMSGSIZE, kipc_connect(&client, address, NULL));
}

TEST_F(stream, many_small_messages_wait_and_the_descriptor_tells)
{
	struct pollfd pollfd;
	struct kipc_msg msg;
	int i;

	for (i = 0; i < 200; i++)
		ASSERT_EQ(0, kipc_send(self->client, &i, sizeof(i), LONG));
	/* Before anybody asked for the descriptor, and after. */
	for (i = 0; i < 200; i++) {
		if (i == 10) {
			pollfd.fd = kipc_fd(self->server);
			pollfd.events = POLLIN;
		}
		if (i >= 10)
			ASSERT_EQ(1, poll(&pollfd, 1, LONG / 1000000));
		ASSERT_EQ(sizeof(i), kipc_recv(self->server, &msg, LONG));
		ASSERT_EQ(0, memcmp(&i, msg.data, sizeof(i)));
		kipc_release(&msg);
	}
	EXPECT_EQ(-EAGAIN, kipc_recv(self->server, &msg, KIPC_NOW));
	EXPECT_EQ(0, poll(&pollfd, 1, 0));
}

struct receiver {
	struct kipc *server;
	atomic_int *left;
};

static void *receive_share(void *arg)
{
	struct receiver *receiver = arg;
	struct kipc_msg msg;

	while (kipc_recv(receiver->server, &msg, KIPC_FOREVER) == sizeof(int)) {
		atomic_fetch_sub(receiver->left, 1);
		/* What came with it is for the others: this one is busy for a while. */
		nap(KIPC_MS(1));
		kipc_release(&msg);
	}
	kipc_release(&msg);
	return NULL;
}

TEST_F(stream, threads_share_what_one_read_brought)
{
	atomic_int left = 200;
	struct receiver receiver = { self->server, &left };
	pthread_t threads[4];
	int i;

	for (i = 0; i < 200; i++)
		ASSERT_EQ(0, kipc_send(self->client, &i, sizeof(i), LONG));
	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, receive_share, &receiver));
	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, kipc_send(self->client, "stop it", 7, LONG));
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(0, left);
}

TEST_F(stream, silent_clients_do_not_wait_behind_a_busy_one)
{
	static const char data[100];
	struct kipc *other;
	struct kipc_msg msg;
	int i, n = 0;

	ASSERT_EQ(0, kipc_connect(&other, self->address, NULL));
	for (i = 0; i < 2000; i++)
		if (kipc_send(self->client, data, 100, KIPC_NOW))
			break;
	ASSERT_EQ(0, kipc_send(other, "me too", 6, LONG));
	do {
		ASSERT_LE(0, kipc_recv(self->server, &msg, LONG));
		n++;
		i = (int)msg.len;
		kipc_release(&msg);
	} while (i != 6);
	/*
	 * A read brings some 500 of these; a second may come before the other is
	 * accepted.
	 */
	EXPECT_GT(1300, n);
	kipc_close(other);
}

FIXTURE(ends)
{
	struct kipc *recv;
	struct kipc *send;
};

FIXTURE_VARIANT(ends)
{
	const char *address;
};

FIXTURE_VARIANT_ADD(ends, unix) { .address = "unix:" };
FIXTURE_VARIANT_ADD(ends, tcp) { .address = "tcp:" };

FIXTURE_SETUP(ends)
{
	struct kipc *ends[2];

	ASSERT_EQ(0, kipc_pair(ends, variant->address, NULL));
	self->recv = ends[0];
	self->send = ends[1];
}

FIXTURE_TEARDOWN(ends)
{
	kipc_close(self->recv);
	kipc_close(self->send);
}

TEST_F(ends, send_cut_short_by_its_deadline_delivers_nothing)
{
	size_t len = 16 << 20;
	char *data = calloc(1, len);
	struct kipc_msg msg;
	pid_t child;
	int i;

	ASSERT_NE(NULL, data);
	EXPECT_EQ(-EMSGSIZE, kipc_send(self->send, data, len, KIPC_NOW));
	EXPECT_EQ(-ETIMEDOUT, kipc_send(self->send, data, len, SOON));
	alarm_start();
	EXPECT_EQ(-EINTR, kipc_send(self->send, data, len, LONG));
	alarm_stop();
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(kipc_recv(self->recv, &msg, LONG) == 5 && !memcmp(msg.data, "whole", 5) &&
		      kipc_recv(self->recv, &msg, LONG) == 6 ? 0 : 1);
	EXPECT_EQ(0, kipc_send(self->send, "whole", 5, LONG));
	for (i = 0; i < 1; i++)
		EXPECT_EQ(0, kipc_send(self->send, "second", 6, LONG));
	EXPECT_EQ(0, exit_status(child));
	free(data);
}

TEST_F(ends, large_message_comes_across_many_deadlines)
{
	size_t len = 2 << 20;
	char *data = malloc(len);
	struct kipc_msg msg;
	ssize_t n;
	pid_t child;

	ASSERT_NE(NULL, data);
	fill(data, len, 11);
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		_exit(kipc_send(self->send, data, len, LONG) ? 1 : 0);
	do {
		n = kipc_recv(self->recv, &msg, KIPC_US(100));
	} while (n == -ETIMEDOUT);
	ASSERT_EQ(len, n);
	EXPECT_TRUE(filled(msg.data, len, 11));
	kipc_release(&msg);
	EXPECT_EQ(0, exit_status(child));
	free(data);
}

TEST_F(ends, sixty_four_mebibytes_there_and_back)
{
	size_t len = 64 << 20;
	char *data = malloc(len);
	struct kipc_msg msg;
	pid_t child;

	ASSERT_NE(NULL, data);
	memset(data, 1, len);
	fill(data + len - 4096, 4096, 2);
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		if (kipc_recv(self->recv, &msg, LONG) != (ssize_t)len)
			_exit(1);
		_exit(kipc_reply(self->recv, &msg, msg.data, msg.len) ? 2 : 0);
	}
	ASSERT_EQ(len, kipc_call(self->send, data, len, &msg, LONG));
	EXPECT_EQ(0, memcmp(msg.data, data, len));
	kipc_release(&msg);
	EXPECT_EQ(0, exit_status(child));
	free(data);
}

TEST_F(ends, caller_that_does_not_read_its_large_reply_is_given_up)
{
	size_t len = 2 << 20;
	char *data = calloc(1, len);
	struct kipc_msg msg;
	pid_t child;

	if (!strcmp(variant->address, "tcp:"))
		SKIP(return, "its buffers may hold it");
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		kipc_call(self->send, "x", 1, &msg, SOON);
		pause();
	}
	kipc_close(self->send);
	self->send = NULL;
	ASSERT_EQ(1, kipc_recv(self->recv, &msg, LONG));
	nap(4 * SOON);
	/* Signals do not end it early. */
	alarm_start();
	EXPECT_EQ(-EPIPE, kipc_reply(self->recv, &msg, data, len));
	alarm_stop();
	EXPECT_EQ(NULL, msg.handle);
	EXPECT_EQ(-EPIPE, kipc_recv(self->recv, &msg, LONG));
	kill(child, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, exit_status(child));
	free(data);
}

TEST_HARNESS_MAIN
