// SPDX-License-Identifier: GPL-2.0
/*
 * Notices (KIPC_CHANNEL_NOTICES): what a server is told of its clients' coming and going,
 * and of callers that have stopped waiting.  Each is told once, in its place among the
 * messages, and not to a server that has not asked for them.
 */
#include <sys/epoll.h>

#include "channel_test.h"

FIXTURE(notice)
{
	char name[KIPC_NAME_SIZE];
	struct end server;
	struct end client;
	struct kipc_header msg;
	struct kipc_header notice;
	struct kipc_channel_call call;
	struct asker caller;
	uint64_t id;
};

FIXTURE_SETUP(notice)
{
	fresh_name(self->name);
	ASSERT_EQ(0, end_serve_with(&self->server, self->name, 1 << 20,
				    KIPC_CHANNEL_NOTICES));
	self->client.fd = -1;
	self->call = call_of("request", 7);
}

FIXTURE_TEARDOWN(notice)
{
	end_close(&self->client);
	end_close(&self->server);
}

#define CONNECT()							\
	ASSERT_EQ(0, end_connect(&self->client, self->name, 1 << 20))

/* The next message, which is to be a notice of this kind, and is released. */
#define EXPECT_NOTICE(what, of) do {					\
	ASSERT_EQ(0, channel_recv_now(self->server.fd, &self->notice));	\
	EXPECT_EQ(what, self->notice.kind);				\
	EXPECT_EQ(of, self->notice.peer);				\
	EXPECT_EQ(0, self->notice.len);					\
	EXPECT_EQ(0, self->notice.prio);				\
	EXPECT_EQ(0, self->notice.fd_count);				\
	EXPECT_EQ(0, self->notice.call);				\
	EXPECT_EQ(0, channel_release(self->server.fd, self->notice.id));\
} while (0)

#define EXPECT_NOTHING()						\
	EXPECT_EQ(-EAGAIN, channel_recv_now(self->server.fd, &self->notice))

#define EXPECT_TEXT(what, text) do {					\
	const char *t = text;						\
									\
	ASSERT_EQ(0, channel_recv_now(self->server.fd, &self->msg));	\
	EXPECT_EQ(what, self->msg.kind);				\
	EXPECT_TRUE(end_has(&self->server, &self->msg, t, strlen(t)));	\
} while (0)

/* Clients that come and go */

TEST_F(notice, client_that_connects_is_told)
{
	CONNECT();
	EXPECT_EQ(1, endpoint_info(self->server.fd).queued);
	ASSERT_EQ(0, channel_recv_now(self->server.fd, &self->notice));
	EXPECT_EQ(KIPC_KIND_CONNECTED, self->notice.kind);
	EXPECT_EQ(self->client.number, self->notice.peer);
	EXPECT_NE(0, self->notice.id);
	EXPECT_EQ(0, self->notice.len);
	EXPECT_EQ(0, self->notice.prio);
	EXPECT_EQ(0, self->notice.flags);
	EXPECT_EQ(getpid(), self->notice.pid);
	EXPECT_EQ(0, self->notice.uid);
	EXPECT_EQ(0, self->notice.gid);
	EXPECT_EQ(1, endpoint_info(self->server.fd).held);
	EXPECT_EQ(0, endpoint_info(self->server.fd).held_bytes);
	EXPECT_EQ(0, channel_release(self->server.fd, self->notice.id));
	EXPECT_EQ(-ENOENT, channel_release(self->server.fd, self->notice.id));
	EXPECT_NOTHING();
}

TEST_F(notice, client_that_connects_has_its_own_identity)
{
	pid_t child;

	umask(0);
	end_close(&self->server);
	ASSERT_EQ(0, end_serve_with(&self->server, self->name, 0,
				    KIPC_CHANNEL_NOTICES));
	child = spawn();
	if (!child)
		_exit(become(USER) ? 1 : !!end_connect(&self->client,
						       self->name, 0));
	ASSERT_EQ(0, channel_recv(self->server.fd, &self->notice));
	EXPECT_EQ(child, self->notice.pid);
	EXPECT_EQ(USER, self->notice.uid);
	EXPECT_EQ(USER, self->notice.gid);
	EXPECT_EQ(0, reap(child));
}

TEST_F(notice, client_that_closes_is_told)
{
	uint64_t number;

	CONNECT();
	number = self->client.number;
	EXPECT_NOTICE(KIPC_KIND_CONNECTED, number);
	end_close(&self->client);
	EXPECT_NOTICE(KIPC_KIND_GONE, number);
	EXPECT_NOTHING();
	EXPECT_EQ(0, endpoint_info(self->server.fd).peers);
}

TEST_F(notice, client_that_is_killed_is_told)
{
	uint64_t number;
	pid_t child = spawn();

	if (!child) {
		if (!end_connect(&self->client, self->name, 0))
			nap_ms(20000);
		_exit(1);
	}
	ASSERT_EQ(0, channel_recv(self->server.fd, &self->notice));
	EXPECT_EQ(KIPC_KIND_CONNECTED, self->notice.kind);
	EXPECT_EQ(child, self->notice.pid);
	number = self->notice.peer;
	EXPECT_EQ(128 + SIGKILL, kill_and_reap(child));
	ASSERT_EQ(0, channel_recv(self->server.fd, &self->notice));
	EXPECT_EQ(KIPC_KIND_GONE, self->notice.kind);
	EXPECT_EQ(number, self->notice.peer);
}

TEST_F(notice, messages_come_between_connected_and_gone)
{
	uint64_t number;

	CONNECT();
	number = self->client.number;
	ASSERT_EQ(0, channel_send(self->client.fd, 0, "ordinary", 8));
	ASSERT_EQ(0, channel_send_prio(self->client.fd, "urgent", 6,
				       KIPC_PRIO_MAX));
	end_close(&self->client);
	EXPECT_NOTICE(KIPC_KIND_CONNECTED, number);
	EXPECT_TEXT(KIPC_KIND_SEND, "urgent");
	EXPECT_TEXT(KIPC_KIND_SEND, "ordinary");
	EXPECT_NOTICE(KIPC_KIND_GONE, number);
	EXPECT_NOTHING();
}

/* Nothing comes of a client after it has gone, what it did not answer included. */
TEST_F(notice, calls_to_a_client_fail_before_it_is_gone)
{
	uint64_t ids[2];
	int i;

	CONNECT();
	EXPECT_NOTICE(KIPC_KIND_CONNECTED, self->client.number);
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, channel_call_async(self->server.fd,
						self->client.number,
						payload_of("x", 1), &ids[i]));
	ASSERT_EQ(0, channel_recv(self->client.fd, &self->msg));
	end_close(&self->client);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, channel_recv_now(self->server.fd, &self->msg));
		EXPECT_EQ(KIPC_KIND_FAILED, self->msg.kind);
		EXPECT_EQ(ids[i], self->msg.call);
		EXPECT_EQ(i ? 0 : KIPC_HEADER_DELIVERED, self->msg.flags);
	}
	ASSERT_EQ(0, channel_recv_now(self->server.fd, &self->msg));
	EXPECT_EQ(KIPC_KIND_GONE, self->msg.kind);
	EXPECT_NOTHING();
}

TEST_F(notice, hundred_clients_are_told_once_each)
{
	enum { CLIENTS = 100 };
	struct end clients[CLIENTS];
	char state[CLIENTS] = { };
	int i, nr;

	for (i = 0; i < CLIENTS; i++) {
		ASSERT_EQ(0, end_connect(&clients[i], self->name, PAGE));
		ASSERT_EQ(clients[0].number + i, clients[i].number);
	}
	for (i = 0; i < CLIENTS; i += 2)
		end_close(&clients[i]);
	for (i = 1; i < CLIENTS; i += 2)
		end_close(&clients[i]);
	for (i = 0; i < 2 * CLIENTS; i++) {
		ASSERT_EQ(0, channel_recv_now(self->server.fd, &self->notice));
		nr = self->notice.peer - clients[0].number;
		ASSERT_TRUE(nr >= 0 && nr < CLIENTS);
		EXPECT_EQ(state[nr] ? KIPC_KIND_GONE : KIPC_KIND_CONNECTED,
			  self->notice.kind);
		state[nr]++;
		ASSERT_EQ(0, channel_release(self->server.fd, self->notice.id));
	}
	EXPECT_NOTHING();
}

TEST_F(notice, waiting_server_is_handed_them)
{
	struct kipc_channel_recv recv = {
		.size = sizeof(recv),
		.deadline = LONG,
	};
	struct asker asker;
	int i;

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, ask_and_wait(&asker, self->server.fd,
					  KIPC_IOC_CHANNEL_RECV, &recv));
		if (i)
			end_close(&self->client);
		else
			CONNECT();
		EXPECT_EQ(0, ask_end(&asker));
		EXPECT_EQ(i ? KIPC_KIND_GONE : KIPC_KIND_CONNECTED,
			  recv.msg.kind);
		EXPECT_EQ(0, channel_release(self->server.fd, recv.msg.id));
	}
	EXPECT_NOTHING();
}

TEST_F(notice, poll_and_edge_triggered_epoll_tell_of_them)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, self->server.fd, &event));
	EXPECT_EQ(0, epoll_wait(epoll, &event, 1, 0));
	EXPECT_EQ(0, revents(self->server.fd, 0));
	CONNECT();
	EXPECT_EQ(1, epoll_wait(epoll, &event, 1, 5000));
	EXPECT_EQ(POLLIN, revents(self->server.fd, 0));
	EXPECT_NOTICE(KIPC_KIND_CONNECTED, self->client.number);
	EXPECT_EQ(0, epoll_wait(epoll, &event, 1, 0));
	end_close(&self->client);
	EXPECT_EQ(1, epoll_wait(epoll, &event, 1, 5000));
	EXPECT_EQ(0, epoll_wait(epoll, &event, 1, 0));
}

TEST_F(notice, failed_receive_efault_keeps_its_place)
{
	struct kipc_channel_recv recv = {
		.size = sizeof(recv),
		.flags = KIPC_F_NONBLOCK,
	};
	struct guard guard;
	uint64_t number;
	int i;

	ASSERT_EQ(0, guard_init(&guard));
	CONNECT();
	number = self->client.number;
	ASSERT_EQ(0, channel_send_prio(self->client.fd, "urgent", 6, 1));
	end_close(&self->client);
	guard_readonly(&guard, &recv, sizeof(recv), 0);
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(-EFAULT, request(self->server.fd,
					   KIPC_IOC_CHANNEL_RECV,
					   guard.base + PAGE));
		if (i == 1) {
			EXPECT_TEXT(KIPC_KIND_SEND, "urgent");
		} else {
			EXPECT_NOTICE(i ? KIPC_KIND_GONE : KIPC_KIND_CONNECTED,
				      number);
		}
	}
	EXPECT_NOTHING();
}

TEST_F(notice, is_no_call_to_reply_to_eproto)
{
	CONNECT();
	ASSERT_EQ(0, channel_recv_now(self->server.fd, &self->notice));
	EXPECT_EQ(-EPROTO, channel_reply(self->server.fd, self->notice.id, "",
					 0));
	ASSERT_EQ(0, channel_inspect(self->server.fd, self->notice.id,
				     &self->msg));
	EXPECT_EQ(KIPC_KIND_CONNECTED, self->msg.kind);
}

TEST_F(notice, server_that_did_not_ask_is_not_told)
{
	uint64_t number;

	end_close(&self->server);
	ASSERT_EQ(0, end_serve(&self->server, self->name, 0));
	EXPECT_EQ(0, endpoint_info(self->server.fd).options);
	CONNECT();
	number = self->client.number;
	EXPECT_NOTHING();
	self->call.deadline = in_ms(100);
	ASSERT_EQ(0, ask_and_wait(&self->caller, self->client.fd,
				  KIPC_IOC_CHANNEL_CALL, &self->call));
	EXPECT_TEXT(KIPC_KIND_CALL, "request");
	EXPECT_EQ(number, self->msg.peer);
	EXPECT_EQ(-ETIMEDOUT, ask_end(&self->caller));
	EXPECT_NOTHING();
	EXPECT_EQ(0, revents(self->server.fd, 0));
	end_close(&self->client);
	EXPECT_NOTHING();
}

TEST_F(notice, server_that_asked_says_so)
{
	EXPECT_EQ(KIPC_CHANNEL_NOTICES, endpoint_info(self->server.fd).options);
}

TEST_F(notice, read_passes_them_over)
{
	char buf[16];

	CONNECT();
	ASSERT_EQ(0, channel_send(self->client.fd, 0, "text", 4));
	end_close(&self->client);
	EXPECT_EQ(4, read(self->server.fd, buf, sizeof(buf)));
	EXPECT_EQ(0, memcmp(buf, "text", 4));
	set_nonblock(self->server.fd);
	EXPECT_EQ(-1, read(self->server.fd, buf, sizeof(buf)));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(0, endpoint_info(self->server.fd).held);
	EXPECT_EQ(0, endpoint_info(self->server.fd).queued);
}

/* Callers that have stopped waiting */

/* A call that the server has received. */
#define DELIVER_CALL(until) do {					\
	CONNECT();							\
	EXPECT_NOTICE(KIPC_KIND_CONNECTED, self->client.number);	\
	self->call.deadline = until;					\
	self->call.request.tag = 55;					\
	ASSERT_EQ(0, ask_and_wait(&self->caller, self->client.fd,	\
				  KIPC_IOC_CHANNEL_CALL, &self->call));	\
	EXPECT_TEXT(KIPC_KIND_CALL, "request");				\
	EXPECT_EQ(0, self->msg.flags);					\
} while (0)

#define GIVE_UP()	EXPECT_EQ(-ETIMEDOUT, ask_end(&self->caller))

#define EXPECT_CANCELED() do {						\
	ASSERT_EQ(0, channel_recv_now(self->server.fd, &self->notice));	\
	EXPECT_EQ(KIPC_KIND_CANCELED, self->notice.kind);		\
	EXPECT_EQ(self->msg.id, self->notice.id);			\
	EXPECT_EQ(self->msg.peer, self->notice.peer);			\
	EXPECT_EQ(self->msg.tag, self->notice.tag);			\
	EXPECT_EQ(0, self->notice.len);					\
} while (0)

#define REPLY()								\
	channel_reply(self->server.fd, self->msg.id, "late", 4)

TEST_F(notice, caller_that_times_out_is_told_once)
{
	DELIVER_CALL(in_ms(60 * slow()));
	EXPECT_NOTHING();
	GIVE_UP();
	EXPECT_EQ(POLLIN, revents(self->server.fd, 0));
	EXPECT_CANCELED();
	EXPECT_EQ(0, revents(self->server.fd, 0));
	EXPECT_NOTHING();
	EXPECT_EQ(1, endpoint_info(self->server.fd).held);
	EXPECT_EQ(-ECANCELED, REPLY());
	EXPECT_EQ(0, endpoint_info(self->server.fd).held);
	EXPECT_NOTHING();
}

TEST_F(notice, caller_that_is_interrupted_is_told)
{
	on_signal(SIGUSR1, 0);
	DELIVER_CALL(LONG);
	syscall(SYS_tgkill, getpid(), self->caller.tid, SIGUSR1);
	EXPECT_EQ(-EINTR, ask_end(&self->caller));
	EXPECT_CANCELED();
	EXPECT_EQ(0, channel_release(self->server.fd, self->msg.id));
	EXPECT_NOTHING();
}

TEST_F(notice, caller_that_is_killed_is_told)
{
	pid_t child = spawn();

	if (!child) {
		if (!end_connect(&self->client, self->name, 0))
			request(self->client.fd, KIPC_IOC_CHANNEL_CALL,
				&self->call);
		_exit(1);
	}
	ASSERT_EQ(0, channel_recv(self->server.fd, &self->msg));
	EXPECT_EQ(KIPC_KIND_CONNECTED, self->msg.kind);
	ASSERT_EQ(0, channel_recv(self->server.fd, &self->msg));
	EXPECT_EQ(128 + SIGKILL, kill_and_reap(child));
	EXPECT_CANCELED();
	EXPECT_NOTICE(KIPC_KIND_GONE, self->msg.peer);
	EXPECT_EQ(-ECANCELED, REPLY());
	EXPECT_NOTHING();
}

TEST_F(notice, call_that_was_not_delivered_is_not_told_of)
{
	CONNECT();
	EXPECT_NOTICE(KIPC_KIND_CONNECTED, self->client.number);
	self->call.deadline = SOON;
	EXPECT_EQ(-ETIMEDOUT, request(self->client.fd, KIPC_IOC_CHANNEL_CALL,
				      &self->call));
	EXPECT_NOTHING();
}

TEST_F(notice, call_that_was_answered_is_not_told_of)
{
	DELIVER_CALL(LONG);
	EXPECT_EQ(0, REPLY());
	EXPECT_EQ(0, ask_end(&self->caller));
	EXPECT_NOTHING();
}

TEST_F(notice, canceled_goes_away_with_the_reply)
{
	DELIVER_CALL(in_ms(60 * slow()));
	GIVE_UP();
	EXPECT_EQ(-ECANCELED, REPLY());
	EXPECT_EQ(0, revents(self->server.fd, 0));
	EXPECT_NOTHING();
}

TEST_F(notice, canceled_goes_away_with_the_release)
{
	DELIVER_CALL(in_ms(60 * slow()));
	GIVE_UP();
	EXPECT_EQ(0, channel_release(self->server.fd, self->msg.id));
	EXPECT_EQ(0, revents(self->server.fd, 0));
	EXPECT_NOTHING();
}

TEST_F(notice, canceled_goes_away_with_the_server)
{
	DELIVER_CALL(in_ms(60 * slow()));
	GIVE_UP();
	end_close(&self->server);
}

TEST_F(notice, canceled_comes_before_other_messages)
{
	DELIVER_CALL(in_ms(60 * slow()));
	ASSERT_EQ(0, channel_send_prio(self->client.fd, "urgent", 6, 9));
	GIVE_UP();
	EXPECT_CANCELED();
	ASSERT_EQ(0, channel_recv_now(self->server.fd, &self->notice));
	EXPECT_EQ(9, self->notice.prio);
}

TEST_F(notice, canceled_is_handed_to_a_server_that_waits)
{
	struct kipc_channel_recv recv = {
		.size = sizeof(recv),
		.deadline = LONG,
	};
	struct asker asker;

	DELIVER_CALL(in_ms(200));
	ASSERT_EQ(0, ask_and_wait(&asker, self->server.fd,
				  KIPC_IOC_CHANNEL_RECV, &recv));
	GIVE_UP();
	EXPECT_EQ(0, ask_end(&asker));
	EXPECT_EQ(KIPC_KIND_CANCELED, recv.msg.kind);
	EXPECT_EQ(self->msg.id, recv.msg.id);
	EXPECT_NOTHING();
	EXPECT_EQ(-ECANCELED, REPLY());
}

TEST_F(notice, canceled_survives_a_failed_receive_efault)
{
	struct kipc_channel_recv recv = {
		.size = sizeof(recv),
		.flags = KIPC_F_NONBLOCK,
	};
	struct guard guard;
	int i;

	ASSERT_EQ(0, guard_init(&guard));
	DELIVER_CALL(in_ms(60 * slow()));
	GIVE_UP();
	guard_readonly(&guard, &recv, sizeof(recv), 0);
	for (i = 0; i < 3; i++)
		EXPECT_EQ(-EFAULT, request(self->server.fd,
					   KIPC_IOC_CHANNEL_RECV,
					   guard.base + PAGE));
	EXPECT_EQ(POLLIN, revents(self->server.fd, 0));
	EXPECT_CANCELED();
	EXPECT_NOTHING();
	EXPECT_EQ(-ECANCELED, REPLY());
}

TEST_F(notice, canceled_many_each_once)
{
	enum { CALLS = 40 };
	struct kipc_channel_call calls[CALLS];
	struct asker callers[CALLS];
	uint64_t ids[CALLS];
	int i, j, found = 0;

	CONNECT();
	EXPECT_NOTICE(KIPC_KIND_CONNECTED, self->client.number);
	for (i = 0; i < CALLS; i++) {
		calls[i] = call_of("x", 1);
		calls[i].deadline = in_ms(1000);
		ASSERT_EQ(0, ask(&callers[i], self->client.fd,
				 KIPC_IOC_CHANNEL_CALL, &calls[i]));
	}
	for (i = 0; i < CALLS; i++) {
		ASSERT_EQ(0, channel_recv(self->server.fd, &self->msg));
		ids[i] = self->msg.id;
	}
	for (i = 0; i < CALLS; i++)
		EXPECT_EQ(-ETIMEDOUT, ask_end(&callers[i]));
	/* Every other one is answered before its notice is received. */
	for (i = 0; i < CALLS; i += 2)
		EXPECT_EQ(-ECANCELED, channel_reply(self->server.fd, ids[i],
						    "", 0));
	while (!channel_recv_now(self->server.fd, &self->notice)) {
		EXPECT_EQ(KIPC_KIND_CANCELED, self->notice.kind);
		for (j = 1; j < CALLS; j += 2)
			found += ids[j] == self->notice.id;
		EXPECT_EQ(0, channel_release(self->server.fd,
					     self->notice.id));
	}
	EXPECT_EQ(CALLS / 2, found);
	EXPECT_EQ(0, endpoint_info(self->server.fd).held);
}

TEST_F(notice, read_passes_canceled_over_and_keeps_the_call)
{
	char buf[16];

	DELIVER_CALL(in_ms(60 * slow()));
	GIVE_UP();
	ASSERT_EQ(0, channel_send(self->client.fd, 0, "text", 4));
	EXPECT_EQ(4, read(self->server.fd, buf, sizeof(buf)));
	EXPECT_EQ(-ECANCELED, REPLY());
	EXPECT_NOTHING();
}

TEST_HARNESS_MAIN
