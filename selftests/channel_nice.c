// SPDX-License-Identifier: GPL-2.0
/*
 * Nice (KIPC_CHANNEL_NICE): a thread that serves a call runs at its caller's nice value
 * until the last call that it has received is ended, and then as before: whoever ends
 * it, in whatever order, and however it ends.
 */
#include <sched.h>
#include <sys/resource.h>

#include "channel_test.h"

#define OWN	2	/* the serving thread's own value */

FIXTURE(nice)
{
	char name[KIPC_NAME_SIZE];
	struct end server;
	struct end client;
	struct kipc_header msg;
	uint64_t id;		/* for another thread */
};

/* A nice value belongs to a thread: set the current one's, and look at it. */
static void set_nice(int value)
{
	setpriority(PRIO_PROCESS, 0, value);
}

static int get_nice(void)
{
	return getpriority(PRIO_PROCESS, 0);
}

FIXTURE_SETUP(nice)
{
	fresh_name(self->name);
	ASSERT_EQ(0, end_serve_with(&self->server, self->name, 1 << 20,
				    KIPC_CHANNEL_NICE));
	ASSERT_EQ(0, end_connect(&self->client, self->name, 1 << 20));
	set_nice(OWN);
}

FIXTURE_TEARDOWN(nice)
{
	end_close(&self->client);
	end_close(&self->server);
}

/* A call made at a nice value, nobody waiting for its end. */
static int call_at(int fd, int value)
{
	int own = get_nice(), err;
	uint64_t id;

	set_nice(value);
	err = channel_call_async(fd, 0, payload_of("x", 1), &id);
	set_nice(own);
	return err;
}

#define CALL_AT(value)	ASSERT_EQ(0, call_at(self->client.fd, value))
#define SERVE()		ASSERT_EQ(0, channel_recv(self->server.fd, &self->msg))
#define REPLY(id)							\
	ASSERT_EQ(0, channel_reply(self->server.fd, id, "", 0))

TEST_F(nice, caller_in_another_process)
{
	pid_t child = spawn();

	if (!child) {
		struct kipc_header reply;
		struct end client;

		set_nice(5);
		if (end_connect(&client, self->name, 0))
			_exit(1);
		_exit(-channel_call(client.fd, "x", 1, &reply));
	}
	SERVE();
	EXPECT_EQ(5, get_nice());
	REPLY(self->msg.id);
	EXPECT_EQ(OWN, get_nice());
	EXPECT_EQ(0, reap(child));
}

TEST_F(nice, thread_that_waited_adopts_as_well)
{
	pid_t child = spawn();

	if (!child) {
		struct kipc_header reply;
		struct end client;

		set_nice(7);
		if (end_connect(&client, self->name, 0))
			_exit(1);
		if (!await_sleep(getppid(), getppid(), SYS_ioctl))
			_exit(2);
		_exit(-channel_call(client.fd, "x", 1, &reply));
	}
	SERVE();
	EXPECT_EQ(7, get_nice());
	REPLY(self->msg.id);
	EXPECT_EQ(OWN, get_nice());
	EXPECT_EQ(0, reap(child));
}

TEST_F(nice, more_urgent_caller_lifts)
{
	CALL_AT(-15);
	SERVE();
	EXPECT_EQ(-15, get_nice());
	REPLY(self->msg.id);
	EXPECT_EQ(OWN, get_nice());
}

/* A thread without privilege is at 19 by somebody's will, and calls itself at 0. */
TEST_F(nice, thread_that_may_not_lift_itself_is_not_lifted)
{
	pid_t child = spawn();

	if (!child) {
		struct rlimit none = { 0, 0 };

		set_nice(0);
		if (setrlimit(RLIMIT_NICE, &none) || become(USER) ||
		    channel_call_async(self->client.fd, 0, payload_of("x", 1),
				       &self->id))
			_exit(1);
		set_nice(19);
		if (channel_recv(self->server.fd, &self->msg))
			_exit(2);
		_exit(get_nice() == 19 ? 0 : 3);
	}
	EXPECT_EQ(0, reap(child));
}

TEST_F(nice, value_set_while_serving_stays)
{
	CALL_AT(5);
	SERVE();
	set_nice(9);
	REPLY(self->msg.id);
	EXPECT_EQ(9, get_nice());
}

TEST_F(nice, released_restores)
{
	CALL_AT(5);
	SERVE();
	EXPECT_EQ(5, get_nice());
	ASSERT_EQ(0, channel_release(self->server.fd, self->msg.id));
	EXPECT_EQ(OWN, get_nice());
}

TEST_F(nice, refused_reply_does_not_restore)
{
	CALL_AT(5);
	SERVE();
	EXPECT_EQ(-EFAULT, channel_reply(self->server.fd, self->msg.id, NULL,
					 1));
	EXPECT_EQ(5, get_nice());
	REPLY(self->msg.id);
	EXPECT_EQ(OWN, get_nice());
}

TEST_F(nice, reply_and_receive_changes_callers)
{
	struct kipc_channel_reply reply = {
		.size = sizeof(reply),
		.flags = KIPC_REPLY_RECV | KIPC_F_NONBLOCK,
	};

	CALL_AT(5);
	CALL_AT(9);
	SERVE();
	EXPECT_EQ(5, get_nice());
	reply.id = self->msg.id;
	ASSERT_EQ(0, request(self->server.fd, KIPC_IOC_CHANNEL_REPLY, &reply));
	EXPECT_EQ(9, get_nice());
	reply.id = reply.msg.id;
	EXPECT_EQ(-EAGAIN, request(self->server.fd, KIPC_IOC_CHANNEL_REPLY,
				   &reply));
	EXPECT_EQ(OWN, get_nice());
}

TEST_F(nice, two_calls_answered_in_order)
{
	uint64_t first;

	CALL_AT(5);
	CALL_AT(9);
	SERVE();
	first = self->msg.id;
	SERVE();
	EXPECT_EQ(9, get_nice());
	REPLY(first);
	EXPECT_EQ(9, get_nice());
	REPLY(self->msg.id);
	EXPECT_EQ(OWN, get_nice());
}

TEST_F(nice, two_calls_answered_backwards)
{
	uint64_t first;

	CALL_AT(5);
	CALL_AT(9);
	SERVE();
	first = self->msg.id;
	SERVE();
	REPLY(self->msg.id);
	EXPECT_NE(OWN, get_nice());
	REPLY(first);
	EXPECT_EQ(OWN, get_nice());
}

TEST_F(nice, caller_that_gave_up_restores_when_answered)
{
	struct kipc_channel_call call = call_of("x", 1);
	struct asker caller;

	call.deadline = in_ms(100);
	set_nice(6);
	ASSERT_EQ(0, ask_and_wait(&caller, self->client.fd,
				  KIPC_IOC_CHANNEL_CALL, &call));
	set_nice(OWN);
	SERVE();
	EXPECT_EQ(6, get_nice());
	EXPECT_EQ(-ETIMEDOUT, ask_end(&caller));
	EXPECT_EQ(6, get_nice());
	EXPECT_EQ(-ECANCELED, channel_reply(self->server.fd, self->msg.id, "",
					    0));
	EXPECT_EQ(OWN, get_nice());
}

TEST_F(nice, failed_receive_efault_restores)
{
	struct kipc_channel_recv recv = {
		.size = sizeof(recv),
		.flags = KIPC_F_NONBLOCK,
	};
	struct guard guard;

	ASSERT_EQ(0, guard_init(&guard));
	CALL_AT(5);
	EXPECT_EQ(-EFAULT, request(self->server.fd, KIPC_IOC_CHANNEL_RECV,
				   guard_readonly(&guard, &recv, sizeof(recv),
						  0)));
	EXPECT_EQ(OWN, get_nice());
	SERVE();
	EXPECT_EQ(5, get_nice());
}

TEST_F(nice, endpoint_closes_and_restores)
{
	CALL_AT(5);
	CALL_AT(9);
	SERVE();
	SERVE();
	EXPECT_EQ(9, get_nice());
	end_close(&self->server);
	EXPECT_EQ(OWN, get_nice());
}

TEST_F(nice, client_closes_and_the_thread_serves_on)
{
	CALL_AT(5);
	SERVE();
	end_close(&self->client);
	EXPECT_EQ(5, get_nice());
	EXPECT_EQ(-ECANCELED, channel_reply(self->server.fd, self->msg.id, "",
					    0));
	EXPECT_EQ(OWN, get_nice());
}

TEST_F(nice, read_and_write_do_the_same)
{
	char buf[8];

	CALL_AT(5);
	ASSERT_EQ(1, read(self->server.fd, buf, sizeof(buf)));
	EXPECT_EQ(5, get_nice());
	ASSERT_EQ(2, write(self->server.fd, "ok", 2));
	EXPECT_EQ(OWN, get_nice());
}

TEST_F(nice, two_channels_restore_each_its_own)
{
	char name[KIPC_NAME_SIZE];
	struct end server, client;
	struct kipc_header msg;

	ASSERT_EQ(0, end_serve_with(&server, fresh_name(name), 0,
				    KIPC_CHANNEL_NICE));
	ASSERT_EQ(0, end_connect(&client, name, 0));
	CALL_AT(5);
	SERVE();
	ASSERT_EQ(0, call_at(client.fd, 9));
	ASSERT_EQ(0, channel_recv(server.fd, &msg));
	EXPECT_EQ(9, get_nice());
	ASSERT_EQ(0, channel_reply(server.fd, msg.id, "", 0));
	EXPECT_NE(OWN, get_nice());
	REPLY(self->msg.id);
	EXPECT_EQ(OWN, get_nice());
	end_close(&client);
	end_close(&server);
}

/* Neither of the two is the last call that the thread has received. */
TEST_F(nice, two_channels_answered_the_other_way_round)
{
	char name[KIPC_NAME_SIZE];
	struct end server, client;
	struct kipc_header msg;

	ASSERT_EQ(0, end_serve_with(&server, fresh_name(name), 0,
				    KIPC_CHANNEL_NICE));
	ASSERT_EQ(0, end_connect(&client, name, 0));
	CALL_AT(5);
	SERVE();
	ASSERT_EQ(0, call_at(client.fd, 9));
	ASSERT_EQ(0, channel_recv(server.fd, &msg));
	REPLY(self->msg.id);
	EXPECT_EQ(9, get_nice());
	ASSERT_EQ(0, channel_reply(server.fd, msg.id, "", 0));
	EXPECT_EQ(OWN, get_nice());
	end_close(&client);
	end_close(&server);
}

/* Another thread */

struct servant {
	pthread_t thread;
	struct _test_data_nice *self;
	int nice;	/* as it was while it served */
	int err;
	bool ready;
	bool stop;
};

static void *serve_until_told(void *arg)
{
	struct servant *servant = arg;

	set_nice(OWN + 1);
	servant->err = channel_recv(servant->self->server.fd,
				    &servant->self->msg);
	servant->nice = get_nice();
	__atomic_store_n(&servant->ready, true, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&servant->stop, __ATOMIC_ACQUIRE))
		nap_ms(1);
	servant->nice = servant->nice << 8 | (get_nice() & 0xff);
	return NULL;
}

TEST_F(nice, answered_by_another_thread_restores_the_one_that_served)
{
	struct servant servant = { .self = self };

	ASSERT_EQ(0, pthread_create(&servant.thread, NULL, serve_until_told,
				    &servant));
	CALL_AT(5);
	while (!__atomic_load_n(&servant.ready, __ATOMIC_ACQUIRE))
		nap_ms(1);
	EXPECT_EQ(OWN, get_nice());
	REPLY(self->msg.id);
	EXPECT_EQ(OWN, get_nice());
	__atomic_store_n(&servant.stop, true, __ATOMIC_RELEASE);
	pthread_join(servant.thread, NULL);
	EXPECT_EQ(0, servant.err);
	EXPECT_EQ(5 << 8 | (OWN + 1), servant.nice);
}

TEST_F(nice, answered_after_the_thread_has_ended)
{
	struct servant servant = { .self = self, .stop = true };

	ASSERT_EQ(0, pthread_create(&servant.thread, NULL, serve_until_told,
				    &servant));
	CALL_AT(5);
	pthread_join(servant.thread, NULL);
	EXPECT_EQ(5 << 8 | 5, servant.nice);
	REPLY(self->msg.id);
	EXPECT_EQ(OWN, get_nice());
}

static void *reply_from_thread(void *arg)
{
	struct _test_data_nice *self = arg;

	channel_reply(self->server.fd, self->id, "", 0);
	return NULL;
}

/* While the one receives, the other ends: no order of the two leaves a trace. */
TEST_F(nice, received_and_answered_at_once_restores)
{
	pthread_t thread;
	int i;

	for (i = 0; i < 200; i++) {
		CALL_AT(5 + i % 10);
		CALL_AT(4);
		SERVE();
		self->id = self->msg.id;
		ASSERT_EQ(0, pthread_create(&thread, NULL, reply_from_thread,
					    self));
		SERVE();
		pthread_join(thread, NULL);
		EXPECT_EQ(4, get_nice());
		REPLY(self->msg.id);
		ASSERT_EQ(OWN, get_nice());
		/* Make room for the replies. */
		while (!channel_recv_now(self->client.fd, &self->msg))
			channel_release(self->client.fd, self->msg.id);
	}
}

/* When not */

TEST_F(nice, without_the_flag_nothing_changes)
{
	end_close(&self->client);
	end_close(&self->server);
	ASSERT_EQ(0, end_serve(&self->server, self->name, 0));
	ASSERT_EQ(0, end_connect(&self->client, self->name, 0));
	EXPECT_EQ(0, endpoint_info(self->server.fd).options);
	CALL_AT(5);
	SERVE();
	EXPECT_EQ(OWN, get_nice());
}

TEST_F(nice, one_way_messages_change_nothing)
{
	EXPECT_EQ(KIPC_CHANNEL_NICE, endpoint_info(self->server.fd).options);
	set_nice(7);
	ASSERT_EQ(0, channel_send(self->client.fd, 0, "x", 1));
	set_nice(OWN);
	SERVE();
	EXPECT_EQ(OWN, get_nice());
}

TEST_F(nice, client_that_is_called_back_changes_nothing)
{
	set_nice(7);
	ASSERT_EQ(0, channel_call_async(self->server.fd, self->client.number,
					payload_of("x", 1), &self->id));
	set_nice(OWN);
	ASSERT_EQ(0, channel_recv(self->client.fd, &self->msg));
	EXPECT_EQ(OWN, get_nice());
}

TEST_F(nice, policy_stays)
{
	struct sched_param param = { .sched_priority = 3 };

	ASSERT_EQ(0, sched_setscheduler(0, SCHED_FIFO, &param));
	CALL_AT(5);
	SERVE();
	EXPECT_EQ(SCHED_FIFO, sched_getscheduler(0) & ~SCHED_RESET_ON_FORK);
	param.sched_priority = 0;
	ASSERT_EQ(0, sched_getparam(0, &param));
	EXPECT_EQ(3, param.sched_priority);
	REPLY(self->msg.id);
	EXPECT_EQ(OWN, get_nice());
}

TEST_HARNESS_MAIN
