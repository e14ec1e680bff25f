// SPDX-License-Identifier: GPL-2.0
/*
 * Poll: what each role is ready for, and that nobody who polls misses a change.
 */
#include <poll.h>
#include <sys/epoll.h>

#include "kipc_test.h"

#define POOL	(64UL << 10)

FIXTURE(poll)
{
	char name[KIPC_NAME_SIZE];
	struct end server;
	struct end client;
	int queue;
	int epoll;
};

FIXTURE_SETUP(poll)
{
	fresh_name(self->name);
	ASSERT_EQ(0, end_serve(&self->server, self->name, POOL));
	ASSERT_EQ(0, end_connect(&self->client, self->name, POOL));
	self->queue = queue_open_sized(self->name,
				       KIPC_QUEUE_CREATE | QUEUE_BOTH,
				       4, 4 * PAGE, 4 * PAGE);
	ASSERT_LE(0, self->queue);
	self->epoll = epoll_create1(EPOLL_CLOEXEC);
	ASSERT_LE(0, self->epoll);
}

FIXTURE_TEARDOWN(poll)
{
	close(self->epoll);
	close(self->queue);
	queue_unlink(self->name);
	end_close(&self->client);
	end_close(&self->server);
}

#define EVERYTHING	(POLLIN | POLLOUT | POLLPRI | POLLRDHUP)

/* What it is ready for right now. */
static int ready(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = EVERYTHING };

	return poll(&pfd, 1, 0) < 0 ? -errno : pfd.revents;
}

/* Poll in a thread, which is to be woken. */
struct poller {
	pthread_t thread;
	int fd;
	int events;
	int revents;
	pid_t tid;
};

static void *poller_run(void *arg)
{
	struct poller *poller = arg;
	struct pollfd pfd = { .fd = poller->fd, .events = poller->events };

	uint64_t end = in_ms(2000);

	__atomic_store_n(&poller->tid, syscall(SYS_gettid), __ATOMIC_RELEASE);
	/* When its time is over, poll() looks once more: that does not count. */
	if (poll(&pfd, 1, 2000) == 1 && now_ns() < end)
		poller->revents = pfd.revents;
	return NULL;
}

static bool poller_start(struct poller *poller, int fd, int events)
{
	*poller = (struct poller){ .fd = fd, .events = events };
	if (pthread_create(&poller->thread, NULL, poller_run, poller))
		return false;
	while (!__atomic_load_n(&poller->tid, __ATOMIC_ACQUIRE))
		nap_ms(1);
	return await_sleep(getpid(), poller->tid, SYS_poll);
}

static int poller_end(struct poller *poller)
{
	pthread_join(poller->thread, NULL);
	return poller->revents;
}

TEST_F(poll, without_role_err)
{
	int fd = endpoint_open();

	EXPECT_EQ(POLLERR, ready(fd));
	close(fd);
}

TEST_F(poll, server_in_when_a_message_waits)
{
	struct kipc_header msg;

	EXPECT_EQ(0, ready(self->server.fd) & POLLIN);
	ASSERT_EQ(0, channel_send(self->client.fd, 0, "x", 1));
	EXPECT_EQ(POLLIN, ready(self->server.fd) & POLLIN);
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	EXPECT_EQ(0, ready(self->server.fd) & POLLIN);
}

TEST_F(poll, client_in_when_a_message_waits)
{
	struct kipc_header msg;

	EXPECT_EQ(POLLOUT, ready(self->client.fd));
	ASSERT_EQ(0, channel_send(self->server.fd, self->client.number, "x", 1));
	EXPECT_EQ(POLLOUT | POLLIN, ready(self->client.fd));
	ASSERT_EQ(0, channel_recv(self->client.fd, &msg));
	EXPECT_EQ(POLLOUT, ready(self->client.fd));
}

TEST_F(poll, client_hup_when_the_server_is_gone)
{
	EXPECT_EQ(0, ready(self->client.fd) & POLLHUP);
	end_close(&self->server);
	EXPECT_EQ(POLLHUP, ready(self->client.fd) & (POLLHUP | POLLOUT));
}

TEST_F(poll, client_out_while_there_is_room_for_a_page)
{
	uint8_t *data = memory(PAGE);
	struct kipc_header msg;

	while (ready(self->client.fd) & POLLOUT)
		ASSERT_EQ(0, channel_send_now(self->client.fd, 0, data, PAGE));
	EXPECT_EQ(-EAGAIN, channel_send_now(self->client.fd, 0, data, PAGE));
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	EXPECT_EQ(0, ready(self->client.fd) & POLLOUT);
	ASSERT_EQ(0, channel_release(self->server.fd, msg.id));
	EXPECT_EQ(POLLOUT, ready(self->client.fd) & POLLOUT);
}

TEST_F(poll, sleeping_server_is_woken_by_a_message)
{
	struct poller poller;

	ASSERT_TRUE(poller_start(&poller, self->server.fd, POLLIN));
	ASSERT_EQ(0, channel_send(self->client.fd, 0, "x", 1));
	EXPECT_EQ(POLLIN, poller_end(&poller));
}

TEST_F(poll, sleeping_client_is_woken_by_a_message)
{
	struct poller poller;

	ASSERT_TRUE(poller_start(&poller, self->client.fd, POLLIN));
	ASSERT_EQ(0, channel_send(self->server.fd, self->client.number, "x", 1));
	EXPECT_EQ(POLLIN, poller_end(&poller));
}

TEST_F(poll, sleeping_client_is_woken_by_the_server_s_end)
{
	struct poller poller;

	ASSERT_TRUE(poller_start(&poller, self->client.fd, 0));
	end_close(&self->server);
	EXPECT_EQ(POLLHUP, poller_end(&poller));
}

TEST_F(poll, sleeping_client_is_woken_by_room)
{
	uint8_t *data = memory(PAGE);
	struct kipc_header msg;
	struct poller poller;

	while (!channel_send_now(self->client.fd, 0, data, PAGE))
		;
	ASSERT_TRUE(poller_start(&poller, self->client.fd, POLLOUT));
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	ASSERT_EQ(0, channel_release(self->server.fd, msg.id));
	EXPECT_EQ(POLLOUT, poller_end(&poller));
}

TEST_F(poll, sleeping_clients_are_all_woken_by_room)
{
	uint8_t *data = memory(PAGE);
	struct poller pollers[3];
	struct kipc_header msg;
	struct end clients[3];
	int i;

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, end_connect(&clients[i], self->name, 0));
		while (!channel_send_now(clients[i].fd, 0, data, PAGE))
			;
	}
	for (i = 0; i < 3; i++)
		ASSERT_TRUE(poller_start(&pollers[i], clients[i].fd, POLLOUT));
	while (!channel_recv_now(self->server.fd, &msg))
		ASSERT_EQ(0, channel_release(self->server.fd, msg.id));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(POLLOUT, poller_end(&pollers[i]));
		end_close(&clients[i]);
	}
}

/* A call that is withdrawn makes room, too. */
TEST_F(poll, sleeping_client_is_woken_by_room_of_a_call_that_timed_out)
{
	uint8_t *data = memory(PAGE);
	struct kipc_channel_call call = call_of(data, PAGE);
	struct poller poller;
	struct asker caller;

	call.deadline = in_ms(200);
	ASSERT_EQ(0, ask_and_wait(&caller, self->client.fd,
				  KIPC_IOC_CHANNEL_CALL, &call));
	while (!channel_send_now(self->client.fd, 0, data, PAGE))
		;
	ASSERT_TRUE(poller_start(&poller, self->client.fd, POLLOUT));
	EXPECT_EQ(-ETIMEDOUT, ask_end(&caller));
	EXPECT_EQ(POLLOUT, poller_end(&poller));
}

TEST_F(poll, message_that_could_not_be_received_is_in_again)
{
	struct kipc_channel_recv arg = { .size = sizeof(arg) };
	struct guard guard;

	ASSERT_EQ(0, guard_init(&guard));
	ASSERT_EQ(0, channel_send(self->client.fd, 0, "x", 1));
	EXPECT_EQ(-EFAULT, request(self->server.fd, KIPC_IOC_CHANNEL_RECV,
				   guard_readonly(&guard, &arg, sizeof(arg), 0)));
	EXPECT_EQ(POLLIN, ready(self->server.fd) & POLLIN);
}

/* Queues */

TEST_F(poll, queue_in_when_a_message_waits)
{
	struct kipc_header msg;
	char c;

	EXPECT_EQ(POLLOUT, ready(self->queue));
	ASSERT_EQ(0, queue_send(self->queue, "x", 1));
	EXPECT_EQ(POLLOUT | POLLIN, ready(self->queue));
	ASSERT_EQ(0, queue_recv(self->queue, &c, 1, &msg));
	EXPECT_EQ(POLLOUT, ready(self->queue));
}

TEST_F(poll, queue_out_while_there_is_room_for_a_page)
{
	struct kipc_header msg;
	uint8_t *data = memory(4 * PAGE), *buf = memory(4 * PAGE);

	ASSERT_EQ(0, queue_send(self->queue, data, 3 * PAGE + 1));
	EXPECT_EQ(POLLIN, ready(self->queue));
	EXPECT_EQ(-EAGAIN, queue_send_now(self->queue, data, PAGE));
	ASSERT_EQ(0, queue_recv(self->queue, buf, 4 * PAGE, &msg));
	EXPECT_EQ(POLLOUT, ready(self->queue));
}

TEST_F(poll, queue_handle_is_ready_for_what_it_may_do)
{
	int in = queue_open(self->name, KIPC_QUEUE_RECV);
	int out = queue_open(self->name, KIPC_QUEUE_SEND);

	ASSERT_EQ(0, queue_send(self->queue, "x", 1));
	EXPECT_EQ(POLLIN, ready(in));
	EXPECT_EQ(POLLOUT, ready(out));
	close(in);
	close(out);
}

TEST_F(poll, small_queue_out_when_empty)
{
	char name[KIPC_NAME_SIZE];
	int fd = queue_open_sized(fresh_name(name),
				  KIPC_QUEUE_CREATE | QUEUE_BOTH, 0, 10, 10);

	ASSERT_LE(0, fd);
	EXPECT_EQ(POLLOUT, ready(fd));
	ASSERT_EQ(0, queue_send(fd, "1", 1));
	EXPECT_EQ(POLLIN, ready(fd));
	close(fd);
	queue_unlink(name);
}

TEST_F(poll, sleeping_queue_handle_is_woken_by_a_message)
{
	int fd = queue_open(self->name, QUEUE_BOTH);
	struct poller poller;

	ASSERT_TRUE(poller_start(&poller, self->queue, POLLIN));
	ASSERT_EQ(0, queue_send(fd, "x", 1));
	EXPECT_EQ(POLLIN, poller_end(&poller));
	close(fd);
}

TEST_F(poll, sleeping_queue_handle_is_woken_by_room)
{
	struct kipc_header msg;
	struct poller poller;
	char c;

	while (!queue_send_now(self->queue, "x", 1))
		;
	ASSERT_TRUE(poller_start(&poller, self->queue, POLLOUT));
	ASSERT_EQ(0, queue_recv(self->queue, &c, 1, &msg));
	EXPECT_EQ(POLLOUT, poller_end(&poller));
}

/* Nobody else may send while a large message waits for room; then all may. */
TEST_F(poll, sleeping_server_is_told_that_a_call_it_read_can_be_answered)
{
	struct kipc_channel_call call = call_of("x", 1);
	struct poller poller;
	struct asker caller;
	char byte;

	ASSERT_EQ(0, ask_and_wait(&caller, self->client.fd,
				  KIPC_IOC_CHANNEL_CALL, &call));
	ASSERT_TRUE(poller_start(&poller, self->server.fd, POLLOUT));
	ASSERT_EQ(1, read(self->server.fd, &byte, 1));
	EXPECT_EQ(POLLOUT, poller_end(&poller));
	ASSERT_EQ(1, write(self->server.fd, "y", 1));
	EXPECT_EQ(0, ask_end(&caller));
}

/* A pool of 32 KiB in sixteen pieces, every second one of them free. */
TEST_F(poll, room_in_pieces_is_no_room)
{
	char name[KIPC_NAME_SIZE], *data = calloc(1, 4096);
	struct end server, clients[5];
	struct kipc_header msg;
	int i, n = 0;

	ASSERT_EQ(0, end_serve(&server, fresh_name(name), 32 << 10));
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, end_connect(&clients[i], name, 4096));
		while (!channel_send_now(clients[i].fd, 0, data, 2048))
			n++;
	}
	ASSERT_EQ(15, n);
	for (i = 0; i < n; i++) {
		ASSERT_EQ(0, channel_recv_now(server.fd, &msg));
		if (i % 2)
			ASSERT_EQ(0, channel_release(server.fd, msg.id));
	}
	EXPECT_EQ(-EAGAIN, channel_send_now(clients[4].fd, 0, data, 4096));
	EXPECT_EQ(0, ready(clients[4].fd) & POLLOUT);
	for (i = 0; i < 5; i++)
		end_close(&clients[i]);
	end_close(&server);
	free(data);
}

TEST_F(poll, sleeping_queue_handle_is_woken_when_a_sender_gives_up)
{
	uint8_t *data = memory(4 * PAGE);
	struct kipc_queue_send large = queue_send_args(data, 4 * PAGE);
	struct poller poller;
	struct asker sender;

	ASSERT_EQ(0, queue_send(self->queue, "x", 1));
	large.deadline = in_ms(200);
	ASSERT_EQ(0, ask_and_wait(&sender, self->queue, KIPC_IOC_QUEUE_SEND,
				  &large));
	EXPECT_EQ(POLLIN, ready(self->queue));
	ASSERT_TRUE(poller_start(&poller, self->queue, POLLOUT));
	EXPECT_EQ(-ETIMEDOUT, ask_end(&sender));
	EXPECT_EQ(POLLOUT, ready(self->queue) & POLLOUT);
	EXPECT_EQ(POLLOUT, poller_end(&poller));
}

TEST_F(poll, sleeping_queue_handle_is_woken_by_a_send_that_failed)
{
	struct kipc_header msg;
	struct poller poller;
	char c;
	int i;

	/* Room for one, which a failing sender takes and gives back. */
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, queue_send(self->queue, "x", 1));
	EXPECT_EQ(-EFAULT, queue_send_now(self->queue, NULL, 1));
	EXPECT_EQ(POLLOUT, ready(self->queue) & POLLOUT);
	ASSERT_EQ(0, queue_send(self->queue, "x", 1));
	ASSERT_TRUE(poller_start(&poller, self->queue, POLLOUT));
	ASSERT_EQ(0, queue_recv(self->queue, &c, 1, &msg));
	EXPECT_EQ(POLLOUT, poller_end(&poller));
}

/* Epoll */

static int watch(int epoll, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int next_event(int epoll, int timeout, uint32_t *events)
{
	struct epoll_event event = { };
	int n = epoll_wait(epoll, &event, 1, timeout);

	*events = event.events;
	return n;
}

TEST_F(poll, epoll_level_triggered_goes_on)
{
	uint32_t events;

	ASSERT_EQ(0, watch(self->epoll, self->server.fd, EPOLLIN));
	EXPECT_EQ(0, next_event(self->epoll, 0, &events));
	ASSERT_EQ(0, channel_send(self->client.fd, 0, "x", 1));
	EXPECT_EQ(1, next_event(self->epoll, 0, &events));
	EXPECT_EQ(1, next_event(self->epoll, 0, &events));
	EXPECT_EQ(EPOLLIN, events);
}

TEST_F(poll, epoll_edge_triggered_tells_of_every_message)
{
	uint32_t events;
	int i;

	ASSERT_EQ(0, watch(self->epoll, self->server.fd, EPOLLIN | EPOLLET));
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, channel_send(self->client.fd, 0, "x", 1));
		EXPECT_EQ(1, next_event(self->epoll, 0, &events));
		EXPECT_EQ(0, next_event(self->epoll, 0, &events));
	}
}

/* Two processes that do nothing without an event: one lost event stops them. */
static int ping_pong(int epoll, struct end *end, uint64_t to, int rounds)
{
	struct kipc_header msg;
	uint32_t events;
	int n = 0;

	if (watch(epoll, end->fd, EPOLLIN | EPOLLET))
		return 1;
	if (to && channel_send(end->fd, to, "x", 1))
		return 2;
	while (n < rounds) {
		if (next_event(epoll, 2000, &events) != 1)
			return 3;
		while (!channel_recv_now(end->fd, &msg)) {
			if (channel_release(end->fd, msg.id))
				return 4;
			if (++n < rounds || !to)
				if (channel_send(end->fd, to, "x", 1))
					return 5;
		}
	}
	return 0;
}

TEST_F(poll, epoll_edge_triggered_ping_pong_never_stops)
{
	pid_t child = spawn();

	if (!child)
		_exit(ping_pong(self->epoll, &self->client, 0, 2000));
	close(self->epoll);
	self->epoll = epoll_create1(EPOLL_CLOEXEC);
	EXPECT_EQ(0, ping_pong(self->epoll, &self->server, self->client.number,
			       2000));
	EXPECT_EQ(0, reap(child));
}

TEST_F(poll, epoll_edge_triggered_room_never_stops_a_sender)
{
	uint8_t *data = memory(PAGE);
	struct kipc_header msg;
	uint32_t events;
	int n = 0, err;
	pid_t child = spawn();

	if (!child) {
		for (n = 0; n < 2000; n++)
			if (channel_recv(self->server.fd, &msg) ||
			    channel_release(self->server.fd, msg.id))
				_exit(1);
		_exit(0);
	}
	ASSERT_EQ(0, watch(self->epoll, self->client.fd, EPOLLOUT | EPOLLET));
	while (n < 2000) {
		err = channel_send_now(self->client.fd, 0, data, PAGE);
		if (!err)
			n++;
		else
			ASSERT_EQ(1, next_event(self->epoll, 2000, &events));
	}
	EXPECT_EQ(0, reap(child));
}

TEST_F(poll, epoll_of_a_queue_never_stops)
{
	struct kipc_header msg;
	uint32_t events;
	int n = 0, got;
	pid_t child = spawn();

	if (!child) {
		for (n = 0; n < 2000; n++)
			if (queue_send(self->queue, &n, sizeof(n)))
				_exit(1);
		_exit(0);
	}
	ASSERT_EQ(0, watch(self->epoll, self->queue, EPOLLIN | EPOLLET));
	while (n < 2000) {
		ASSERT_EQ(1, next_event(self->epoll, 2000, &events));
		while (!queue_recv_now(self->queue, &got, sizeof(got), &msg)) {
			EXPECT_EQ(n, got);
			n++;
		}
	}
	EXPECT_EQ(0, reap(child));
}

TEST_F(poll, epoll_outlives_what_it_watches)
{
	uint32_t events;
	int i;

	ASSERT_EQ(0, watch(self->epoll, self->server.fd, EPOLLIN));
	ASSERT_EQ(0, watch(self->epoll, self->client.fd, EPOLLIN | EPOLLET));
	ASSERT_EQ(0, watch(self->epoll, self->queue, EPOLLIN));
	for (i = 0; i < 10; i++)
		channel_send(self->client.fd, 0, "x", 1);
	end_close(&self->client);
	end_close(&self->server);
	close(self->queue);
	EXPECT_EQ(0, next_event(self->epoll, 0, &events));
}

TEST_F(poll, epoll_watches_a_dup_after_close)
{
	int copy = dup(self->server.fd);
	uint32_t events;

	ASSERT_EQ(0, watch(self->epoll, self->server.fd, EPOLLIN));
	end_close(&self->server);
	ASSERT_EQ(0, channel_send(self->client.fd, 0, "x", 1));
	EXPECT_EQ(1, next_event(self->epoll, 0, &events));
	close(copy);
	EXPECT_EQ(0, next_event(self->epoll, 0, &events));
}

static void *add_and_drop(void *arg)
{
	struct _test_data_poll *self = arg;
	struct end client;
	int i;

	for (i = 0; i < 300; i++) {
		if (end_connect(&client, self->name, 0))
			return arg;
		watch(self->epoll, client.fd, EPOLLIN | EPOLLOUT | EPOLLET);
		channel_send_now(client.fd, 0, "x", 1);
		end_close(&client);
	}
	return NULL;
}

/* Closing against waking: what CVE-2019-2215 was made of. */
TEST_F(poll, epoll_survives_clients_that_come_and_go)
{
	struct kipc_header msg;
	pthread_t threads[2];
	uint32_t events;
	void *wrong;
	int i, n = 0;

	for (i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, add_and_drop, self);
	while (n < 600) {
		next_event(self->epoll, 0, &events);
		ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
		channel_send_now(self->server.fd, msg.peer, "y", 1);
		ASSERT_EQ(0, channel_release(self->server.fd, msg.id));
		n++;
	}
	for (i = 0; i < 2; i++) {
		pthread_join(threads[i], &wrong);
		EXPECT_EQ(NULL, wrong);
	}
	EXPECT_EQ(1, endpoint_info(self->server.fd).peers);
}

TEST_HARNESS_MAIN
