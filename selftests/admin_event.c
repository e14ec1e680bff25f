// SPDX-License-Identifier: GPL-2.0
/* libkipc-admin: being told of what happens, in time, and of what was lost. */
#include <poll.h>
#include <sys/socket.h>

#include "admin_test.h"

FIXTURE(event)
{
	struct kipc_admin *admin;
	struct kipc_admin_event event;
};

FIXTURE_SETUP(event)
{
	if (access("/dev/kipc", F_OK))
		SKIP(return, "no /dev/kipc");
	ASSERT_EQ(0, kipc_admin_open(&self->admin));
	self->event.size = sizeof(self->event);
}

FIXTURE_TEARDOWN(event)
{
	kipc_admin_close(self->admin);
}

/* The next event of a kind about something of this name; others go past. */
static int await(struct kipc_admin *admin, struct kipc_admin_event *event,
		 enum kipc_admin_happening what, const char *name)
{
	const char *of;
	int err;

	for (;;) {
		err = kipc_admin_event(admin, event, LONG);
		if (err)
			return err;
		of = what <= KIPC_ADMIN_CHANNEL_GONE ? event->u.channel.name :
		     what <= KIPC_ADMIN_ENDPOINT_GONE ? event->u.endpoint.name :
		     what <= KIPC_ADMIN_QUEUE_GONE ? event->u.queue.name : event->u.trouble.name;
		if (event->what == what && (!name || !strcmp(of, name)))
			return 0;
	}
}

TEST_F(event, a_channel_comes_and_goes_with_its_ends)
{
	struct kipc_admin_event *event = &self->event;
	const char *name;
	struct pair pair;
	uint32_t id;

	ASSERT_EQ(0, kipc_admin_watch(self->admin, KIPC_ADMIN_OBJECTS));
	ASSERT_EQ(0, pair_open(&pair));
	name = name_of(pair.address);
	ASSERT_EQ(0, await(self->admin, event, KIPC_ADMIN_CHANNEL_NEW, name));
	id = event->u.channel.id;
	EXPECT_EQ(id, event->u.channel.server.id);
	EXPECT_EQ(getpid(), event->u.channel.server.pid);
	ASSERT_EQ(0, await(self->admin, event, KIPC_ADMIN_ENDPOINT_NEW, name));
	EXPECT_EQ(KIPC_ADMIN_SERVER, event->u.endpoint.role);
	ASSERT_EQ(0, await(self->admin, event, KIPC_ADMIN_ENDPOINT_NEW, name));
	EXPECT_EQ(KIPC_ADMIN_CLIENT, event->u.endpoint.role);
	EXPECT_EQ(id, event->u.endpoint.object);
	EXPECT_LT(0, event->u.endpoint.pid_ns);
	pair_close(&pair);
	ASSERT_EQ(0, await(self->admin, event, KIPC_ADMIN_ENDPOINT_GONE, name));
	EXPECT_EQ(KIPC_ADMIN_CLIENT, event->u.endpoint.role);
	ASSERT_EQ(0, await(self->admin, event, KIPC_ADMIN_CHANNEL_GONE, name));
	EXPECT_EQ(id, event->u.channel.id);
}

TEST_F(event, a_queue_comes_and_goes)
{
	struct kipc *receiver;
	char address[128];

	ASSERT_EQ(0, kipc_admin_watch(self->admin, KIPC_ADMIN_OBJECTS));
	fresh_address("queue", address);
	ASSERT_EQ(0, kipc_listen(&receiver, address, NULL));
	ASSERT_EQ(0, await(self->admin, &self->event, KIPC_ADMIN_QUEUE_NEW, name_of(address)));
	EXPECT_LT(0, self->event.u.queue.id);
	ASSERT_EQ(0, kipc_unlink(address));
	ASSERT_EQ(0, kipc_close(receiver));
	ASSERT_EQ(0, await(self->admin, &self->event, KIPC_ADMIN_QUEUE_GONE, name_of(address)));
}

/* A client that makes a call and is killed in it. */
static pid_t caller(const char *address)
{
	pid_t child = fork();
	struct kipc *client;
	struct kipc_msg reply;

	if (child)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!kipc_connect(&client, address, NULL))
		kipc_call(client, "?", 1, &reply, LONG);
	_exit(1);
}

TEST_F(event, a_process_that_dies_as_a_peer)
{
	struct kipc_admin_trouble *trouble = &self->event.u.trouble;
	struct kipc *server;
	struct kipc_msg msg;
	char address[128];
	pid_t child;

	ASSERT_EQ(0, kipc_admin_watch(self->admin, KIPC_ADMIN_TROUBLE));
	fresh_address("channel", address);
	ASSERT_EQ(0, kipc_listen(&server, address, NULL));
	child = caller(address);
	ASSERT_EQ(1, kipc_recv(server, &msg, LONG));
	kill(child, SIGKILL);
	exit_status(child);
	ASSERT_EQ(0, await(self->admin, &self->event, KIPC_ADMIN_PEER_DIED, name_of(address)));
	EXPECT_EQ(child, trouble->pid);
	EXPECT_LT(0, trouble->pid_ns);
	EXPECT_EQ(KIPC_ADMIN_CLIENT, trouble->role);
	EXPECT_EQ(msg.peer, trouble->client);
	EXPECT_LT(0, trouble->time_ns);
	kipc_close(server);
}

TEST_F(event, a_call_without_a_reply)
{
	struct kipc_admin_trouble *trouble = &self->event.u.trouble;
	struct kipc_msg reply;
	struct pair pair;

	ASSERT_EQ(0, kipc_admin_watch(self->admin, KIPC_ADMIN_TROUBLE | KIPC_ADMIN_OBJECTS));
	ASSERT_EQ(0, pair_open(&pair));
	ASSERT_EQ(-ETIMEDOUT, kipc_call(pair.client, "?", 1, &reply, SOON));
	ASSERT_EQ(0, await(self->admin, &self->event, KIPC_ADMIN_CALL_FAILED,
			   name_of(pair.address)));
	EXPECT_EQ(-ETIMEDOUT, trouble->error);
	EXPECT_EQ(getpid(), trouble->pid);
	EXPECT_LT(0, trouble->endpoint);
	pair_close(&pair);
}

static int open_too_many(const char *unused)
{
	while (open("/dev/kipc", O_RDWR) >= 0)
		;
	return errno != EDQUOT;
}

TEST_F(event, a_user_at_its_limit)
{
	struct kipc_admin_trouble *trouble = &self->event.u.trouble;

	ASSERT_EQ(0, kipc_admin_watch(self->admin, KIPC_ADMIN_TROUBLE));
	ASSERT_EQ(0, kipc_admin_limit(self->admin, USER, KIPC_ADMIN_ENDPOINTS, 5));
	EXPECT_EQ(0, as_user(USER, open_too_many, NULL));
	EXPECT_EQ(0, await(self->admin, &self->event, KIPC_ADMIN_LIMIT_HIT, NULL));
	EXPECT_EQ(USER, trouble->uid);
	EXPECT_EQ(KIPC_ADMIN_ENDPOINTS, trouble->what);
	EXPECT_EQ(5, trouble->limit);
	EXPECT_EQ(6, trouble->wanted);
	EXPECT_LE(1, trouble->times);
	ASSERT_EQ(0, kipc_admin_limit(self->admin, USER, KIPC_ADMIN_ENDPOINTS,
				      KIPC_ADMIN_NO_LIMIT));
}

static int watch_as_user(const char *unused)
{
	struct kipc_admin *admin;

	if (kipc_admin_open(&admin))
		return 1;
	if (kipc_admin_watch(admin, KIPC_ADMIN_OBJECTS))
		return 2;
	return kipc_admin_watch(admin, KIPC_ADMIN_TROUBLE) == -EPERM ? 0 : 3;
}

TEST_F(event, an_ordinary_user_is_told_of_objects_only)
{
	EXPECT_EQ(0, as_user(USER, watch_as_user, NULL));
}

TEST_F(event, the_descriptor_is_readable_when_something_has_happened)
{
	struct pollfd pollfd = { .fd = kipc_admin_fd(self->admin), .events = POLLIN };
	struct pair pair;

	ASSERT_LE(0, pollfd.fd);
	ASSERT_EQ(0, kipc_admin_watch(self->admin, KIPC_ADMIN_OBJECTS));
	EXPECT_EQ(0, poll(&pollfd, 1, 0));
	ASSERT_EQ(0, pair_open(&pair));
	EXPECT_EQ(1, poll(&pollfd, 1, 10000));
	while (!kipc_admin_event(self->admin, &self->event, KIPC_NOW))
		;
	EXPECT_EQ(0, poll(&pollfd, 1, 0));
	ASSERT_EQ(0, kipc_admin_watch(self->admin, 0));
	pair_close(&pair);
	EXPECT_EQ(-EAGAIN, kipc_admin_event(self->admin, &self->event, KIPC_NOW));
}

static void *open_later(void *arg)
{
	nap(SOON);
	pair_open(arg);
	return NULL;
}

TEST_F(event, an_event_that_comes_later_is_awaited)
{
	pthread_t thread;
	struct pair pair;

	ASSERT_EQ(0, kipc_admin_watch(self->admin, KIPC_ADMIN_OBJECTS));
	EXPECT_EQ(-ETIMEDOUT, kipc_admin_event(self->admin, &self->event, SOON));
	ASSERT_EQ(0, pthread_create(&thread, NULL, open_later, &pair));
	EXPECT_EQ(0, kipc_admin_event(self->admin, &self->event, KIPC_FOREVER));
	pthread_join(thread, NULL);
	pair_close(&pair);
}

TEST_F(event, lost_events_are_told_of_once_and_then_it_goes_on)
{
	struct kipc_admin_event *event = &self->event;
	int small = 4096, lost = 0, err, i;
	struct pair pair;

	ASSERT_EQ(0, kipc_admin_watch(self->admin, KIPC_ADMIN_OBJECTS));
	/* As if many thousands came */
	ASSERT_EQ(0, setsockopt(kipc_admin_fd(self->admin), SOL_SOCKET, SO_RCVBUF, &small,
				sizeof(small)));
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, pair_open(&pair));
		pair_close(&pair);
	}
	while ((err = kipc_admin_event(self->admin, event, KIPC_NOW)) != -EAGAIN) {
		ASSERT_TRUE(!err || err == -ENOBUFS);
		lost += err == -ENOBUFS;
	}
	EXPECT_EQ(1, lost);
	ASSERT_EQ(0, pair_open(&pair));
	EXPECT_EQ(0, kipc_admin_event(self->admin, event, LONG));
	pair_close(&pair);
}

/* As the last, and in a guest only: there is where its module lies. */
TEST_F(event, a_handle_outlives_the_module)
{
	struct kipc_admin_stats stats = { .size = sizeof(stats) };
	struct pair pair;

	if (access("/lib/modules/kipc.ko", F_OK))
		SKIP(return, "not in a guest");
	ASSERT_EQ(0, kipc_admin_watch(self->admin, KIPC_ADMIN_OBJECTS | KIPC_ADMIN_TROUBLE));
	ASSERT_EQ(0, system("rmmod kipc"));
	EXPECT_EQ(-ENODEV, kipc_admin_event(self->admin, &self->event, LONG));
	EXPECT_EQ(-ENODEV, kipc_admin_stats(self->admin, &stats));
	EXPECT_EQ(-ENODEV, kipc_admin_watch(self->admin, KIPC_ADMIN_OBJECTS));
	EXPECT_EQ(-EAGAIN, kipc_admin_event(self->admin, &self->event, KIPC_NOW));
	ASSERT_EQ(0, system("insmod /lib/modules/kipc.ko && chmod 666 /dev/kipc"));
	EXPECT_EQ(-ENOBUFS, kipc_admin_event(self->admin, &self->event, LONG));
	EXPECT_EQ(0, kipc_admin_stats(self->admin, &stats));
	ASSERT_EQ(0, pair_open(&pair));
	EXPECT_EQ(0, await(self->admin, &self->event, KIPC_ADMIN_CHANNEL_NEW,
			   name_of(pair.address)));
	pair_close(&pair);
}

TEST_HARNESS_MAIN
