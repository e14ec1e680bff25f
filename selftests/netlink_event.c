// SPDX-License-Identifier: GPL-2.0
/*
 * Control, events: what comes and goes, and what goes wrong, is told once to whoever
 * listens, and a listener that does not read disturbs nobody.
 */
#include "container_test.h"
#include "netlink_test.h"

FIXTURE(netlink_event)
{
	struct nl objects;
	struct nl trouble;
	struct nl nl;
	char name[KIPC_NAME_SIZE];
	struct told told;
	long pool_stuck;
};

FIXTURE_SETUP(netlink_event)
{
	umask(0);
	fresh_name(self->name);
	self->pool_stuck = parameter_get("pool_stuck");
	ASSERT_EQ(0, nl_open(&self->nl));
	ASSERT_EQ(0, nl_listen(&self->objects, false));
	ASSERT_EQ(0, nl_listen(&self->trouble, true));
}

FIXTURE_TEARDOWN_PARENT(netlink_event)
{
	struct nl nl;
	int i;

	nl_open(&nl);
	for (i = 0; i < KIPC_QUOTA_COUNT; i++)
		set_limit(&nl, USER, i, NO_LIMIT);
	parameter_set("pool_stuck", self->pool_stuck);
	queue_unlink(self->name);
	close(nl.fd);
}

static uint32_t pid_ns_of_self(void)
{
	struct stat st;

	return stat("/proc/self/ns/pid", &st) ? 0 : st.st_ino;
}

static uint64_t real_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* Objects */

TEST_F(netlink_event, channel_is_told_of_once_when_it_comes_and_when_it_goes)
{
	struct told *told = &self->told, server;
	struct end end;
	uint32_t id;

	ASSERT_EQ(0, end_serve(&end, self->name, 1 << 20));
	ASSERT_EQ(0, nl_next_event(&self->objects, told));
	EXPECT_EQ(KIPC_CMD_CHANNEL_NEW_NTF, told->cmd);
	EXPECT_STREQ(self->name, text_of(told, KIPC_A_CHANNEL_NAME));
	EXPECT_EQ(0666, u32_of(told, KIPC_A_CHANNEL_MODE));
	EXPECT_EQ(0, u32_of(told, KIPC_A_CHANNEL_UID));
	id = u32_of(told, KIPC_A_CHANNEL_ID);
	server = nest_of(told->attr[KIPC_A_CHANNEL_SERVER]);
	EXPECT_EQ(id, u32_of(&server, KIPC_A_ENDPOINT_ID));
	EXPECT_EQ(getpid(), u32_of(&server, KIPC_A_ENDPOINT_PID));
	EXPECT_EQ(pid_ns_of_self(), u32_of(&server, KIPC_A_ENDPOINT_PID_NS));

	ASSERT_EQ(0, nl_next_event(&self->objects, told));
	EXPECT_EQ(KIPC_CMD_ENDPOINT_NEW_NTF, told->cmd);
	EXPECT_EQ(id, u32_of(told, KIPC_A_ENDPOINT_ID));
	EXPECT_EQ(KIPC_ROLE_SERVER, u32_of(told, KIPC_A_ENDPOINT_ROLE));
	EXPECT_STREQ(self->name, text_of(told, KIPC_A_ENDPOINT_NAME));

	end_close(&end);
	ASSERT_EQ(0, nl_next_event(&self->objects, told));
	EXPECT_EQ(KIPC_CMD_ENDPOINT_DEL_NTF, told->cmd);
	EXPECT_EQ(id, u32_of(told, KIPC_A_ENDPOINT_ID));
	ASSERT_EQ(0, nl_next_event(&self->objects, told));
	EXPECT_EQ(KIPC_CMD_CHANNEL_DEL_NTF, told->cmd);
	EXPECT_EQ(id, u32_of(told, KIPC_A_CHANNEL_ID));
	EXPECT_STREQ(self->name, text_of(told, KIPC_A_CHANNEL_NAME));
	EXPECT_EQ(0, count_events(&self->objects, KIPC_CMD_CHANNEL_DEL_NTF));
}

TEST_F(netlink_event, client_is_told_of_once_when_it_comes_and_when_it_goes)
{
	struct told *told = &self->told;
	struct end server, client;
	uint32_t channel, id;

	ASSERT_EQ(0, end_serve(&server, self->name, 0));
	ASSERT_EQ(0, nl_await_event(&self->objects, KIPC_CMD_ENDPOINT_NEW_NTF, told));
	channel = u32_of(told, KIPC_A_ENDPOINT_ID);
	ASSERT_EQ(0, end_connect(&client, self->name, 64 << 10));
	ASSERT_EQ(0, nl_next_event(&self->objects, told));
	EXPECT_EQ(KIPC_CMD_ENDPOINT_NEW_NTF, told->cmd);
	EXPECT_EQ(KIPC_ROLE_CLIENT, u32_of(told, KIPC_A_ENDPOINT_ROLE));
	EXPECT_EQ(channel, u32_of(told, KIPC_A_ENDPOINT_OBJECT));
	EXPECT_EQ(client.number, u64_of(told, KIPC_A_ENDPOINT_CLIENT));
	EXPECT_EQ(64 << 10, u64_of(told, KIPC_A_ENDPOINT_POOL_SIZE));
	id = u32_of(told, KIPC_A_ENDPOINT_ID);
	end_close(&client);
	ASSERT_EQ(0, nl_next_event(&self->objects, told));
	EXPECT_EQ(KIPC_CMD_ENDPOINT_DEL_NTF, told->cmd);
	EXPECT_EQ(id, u32_of(told, KIPC_A_ENDPOINT_ID));
	end_close(&server);
}

TEST_F(netlink_event, queue_goes_with_its_last_user_and_has_its_name_then)
{
	struct told *told = &self->told;
	int fd = queue_open(self->name, KIPC_QUEUE_CREATE | QUEUE_BOTH), more;
	uint32_t id;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, nl_next_event(&self->objects, told));
	EXPECT_EQ(KIPC_CMD_QUEUE_NEW_NTF, told->cmd);
	EXPECT_STREQ(self->name, text_of(told, KIPC_A_QUEUE_NAME));
	EXPECT_EQ(number_of_queue(fd), u32_of(told, KIPC_A_QUEUE_NUMBER));
	id = u32_of(told, KIPC_A_QUEUE_ID);
	ASSERT_EQ(0, nl_next_event(&self->objects, told));
	EXPECT_EQ(KIPC_CMD_ENDPOINT_NEW_NTF, told->cmd);
	EXPECT_EQ(id, u32_of(told, KIPC_A_ENDPOINT_OBJECT));
	/* Another handle is another endpoint and no queue */
	more = queue_open(self->name, KIPC_QUEUE_SEND);
	ASSERT_EQ(0, nl_next_event(&self->objects, told));
	EXPECT_EQ(KIPC_CMD_ENDPOINT_NEW_NTF, told->cmd);
	EXPECT_EQ(KIPC_QUEUE_SEND, u32_of(told, KIPC_A_ENDPOINT_MAY));
	close(more);
	ASSERT_EQ(0, nl_next_event(&self->objects, told));
	EXPECT_EQ(KIPC_CMD_ENDPOINT_DEL_NTF, told->cmd);

	ASSERT_EQ(0, queue_unlink(self->name));
	close(fd);
	ASSERT_EQ(0, nl_next_event(&self->objects, told));
	EXPECT_EQ(KIPC_CMD_ENDPOINT_DEL_NTF, told->cmd);
	ASSERT_EQ(0, nl_next_event(&self->objects, told));
	EXPECT_EQ(KIPC_CMD_QUEUE_DEL_NTF, told->cmd);
	EXPECT_EQ(id, u32_of(told, KIPC_A_QUEUE_ID));
	EXPECT_STREQ(self->name, text_of(told, KIPC_A_QUEUE_NAME));
	EXPECT_EQ(0, count_events(&self->objects, KIPC_CMD_QUEUE_DEL_NTF));
}

TEST_F(netlink_event, queue_without_a_name_is_told_of)
{
	int fd = queue_open("", KIPC_QUEUE_CREATE | KIPC_QUEUE_ANONYMOUS | QUEUE_BOTH);
	uint32_t id;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, nl_await_event(&self->objects, KIPC_CMD_QUEUE_NEW_NTF, &self->told));
	EXPECT_FALSE(has(&self->told, KIPC_A_QUEUE_NAME));
	EXPECT_FALSE(has(&self->told, KIPC_A_QUEUE_NUMBER));
	id = u32_of(&self->told, KIPC_A_QUEUE_ID);
	close(fd);
	ASSERT_EQ(0, nl_await_event(&self->objects, KIPC_CMD_QUEUE_DEL_NTF, &self->told));
	EXPECT_EQ(id, u32_of(&self->told, KIPC_A_QUEUE_ID));
}

/* What failed has made nothing, and an endpoint without a role is nobody's business. */
TEST_F(netlink_event, what_fails_is_not_told_of)
{
	struct end server, second, client;

	close(endpoint_open());
	EXPECT_EQ(-ENOENT, end_connect(&client, self->name, 0));
	EXPECT_EQ(-ENOENT, queue_open(self->name, QUEUE_BOTH));
	ASSERT_EQ(0, end_serve(&server, self->name, 0));
	EXPECT_EQ(-EADDRINUSE, end_serve(&second, self->name, 0));
	ASSERT_EQ(0, nl_next_event(&self->objects, &self->told));
	EXPECT_EQ(KIPC_CMD_CHANNEL_NEW_NTF, self->told.cmd);
	ASSERT_EQ(0, nl_next_event(&self->objects, &self->told));
	EXPECT_EQ(KIPC_CMD_ENDPOINT_NEW_NTF, self->told.cmd);
	EXPECT_EQ(0, count_events(&self->objects, KIPC_CMD_ENDPOINT_NEW_NTF));
	end_close(&server);
}

/* Who may listen */

static int listen_as_user(void *name)
{
	struct nl objects, trouble;
	struct told told;

	if (nl_listen(&objects, false))
		return 1;
	if (nl_listen(&trouble, true) != -EPERM)
		return 2;
	if (queue_open(name, KIPC_QUEUE_CREATE | QUEUE_BOTH) < 0)
		return 3;
	return nl_await_event(&objects, KIPC_CMD_QUEUE_NEW_NTF, &told) ? 4 : 0;
}

TEST_F(netlink_event, trouble_is_not_for_ordinary_users_and_objects_are)
{
	EXPECT_EQ(0, as_user(USER, listen_as_user, self->name));
}

static int listen_in_container(void *name)
{
	struct nl trouble;

	return enter_container(100000, 1000) ? 1 : nl_listen(&trouble, true) ? 2 : 0;
}

TEST_F(netlink_event, trouble_of_a_container_is_for_its_root)
{
	EXPECT_EQ(0, in_child(listen_in_container, NULL));
}

/* Those that died */

/* A child with an end of a channel, that waits to be killed or told what to do */
struct peer {
	pid_t pid;
	int go;
	uint32_t pid_ns;
};

static int be_peer(const char *name, bool serve, int ready, int go)
{
	uint32_t ns = pid_ns_of_self();
	struct kipc_header msg;
	struct end end;
	char c = 0;

	if (serve ? end_serve(&end, name, 0) : end_connect(&end, name, 0))
		return 1;
	if (write(ready, &ns, sizeof(ns)) != sizeof(ns))
		return 2;
	/* A server takes one and leaves the others */
	if (serve && channel_recv(end.fd, &msg))
		return 3;
	if (serve && write(ready, &c, 1) != 1)
		return 4;
	if (read(go, &c, 1) != 1)
		return 5;
	if (c == 'c')
		end_close(&end);
	return 0;
}

static int start_peer(struct peer *peer, const char *name, bool serve, int *ready)
{
	int told[2], go[2];

	if (pipe(told) || pipe(go))
		return -errno;
	peer->pid = fork();
	if (!peer->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(told[0]);
		close(go[1]);
		_exit(become(USER) ? 9 : be_peer(name, serve, told[1], go[0]));
	}
	close(told[1]);
	close(go[0]);
	peer->go = go[1];
	*ready = told[0];
	return read(told[0], &peer->pid_ns, sizeof(peer->pid_ns)) == sizeof(peer->pid_ns) ?
		0 : -EPIPE;
}

TEST_F(netlink_event, server_that_is_killed_is_told_of_once)
{
	struct told *told = &self->told;
	uint64_t before = real_ns();
	struct peer peer;
	struct end client;
	uint32_t id;
	int ready;
	char c;

	ASSERT_EQ(0, start_peer(&peer, self->name, true, &ready));
	ASSERT_EQ(0, end_connect(&client, self->name, 0));
	ASSERT_EQ(0, get_channel(&self->nl, self->name, told));
	id = u32_of(told, KIPC_A_CHANNEL_ID);
	ASSERT_EQ(0, channel_send(client.fd, 0, "1", 1));
	ASSERT_EQ(1, read(ready, &c, 1));
	ASSERT_EQ(0, channel_send(client.fd, 0, "2", 1));
	ASSERT_EQ(0, channel_send(client.fd, 0, "3", 1));
	kill_and_reap(peer.pid);
	ASSERT_EQ(0, nl_await_event(&self->trouble, KIPC_CMD_PEER_DIED, told));
	EXPECT_LE(before, u64_of(told, KIPC_A_EVENT_TIME));
	EXPECT_GE(real_ns(), u64_of(told, KIPC_A_EVENT_TIME));
	EXPECT_EQ(USER, u32_of(told, KIPC_A_EVENT_UID));
	EXPECT_EQ(peer.pid, u32_of(told, KIPC_A_EVENT_PID));
	EXPECT_EQ(peer.pid_ns, u32_of(told, KIPC_A_EVENT_PID_NS));
	EXPECT_EQ(id, u32_of(told, KIPC_A_EVENT_ENDPOINT));
	EXPECT_EQ(KIPC_ROLE_SERVER, u32_of(told, KIPC_A_EVENT_ROLE));
	EXPECT_STREQ(self->name, text_of(told, KIPC_A_EVENT_NAME));
	EXPECT_EQ(0, u64_of(told, KIPC_A_EVENT_CLIENT));
	EXPECT_EQ(1, u32_of(told, KIPC_A_EVENT_HELD));
	EXPECT_EQ(2, u32_of(told, KIPC_A_EVENT_QUEUED));
	EXPECT_EQ(0, count_events(&self->trouble, KIPC_CMD_PEER_DIED));
	end_close(&client);
}

TEST_F(netlink_event, client_that_is_killed_is_told_of_once)
{
	struct peer peer;
	struct end server;
	int ready;

	ASSERT_EQ(0, end_serve(&server, self->name, 0));
	ASSERT_EQ(0, start_peer(&peer, self->name, false, &ready));
	kill_and_reap(peer.pid);
	ASSERT_EQ(0, nl_await_event(&self->trouble, KIPC_CMD_PEER_DIED, &self->told));
	EXPECT_EQ(peer.pid, u32_of(&self->told, KIPC_A_EVENT_PID));
	EXPECT_EQ(KIPC_ROLE_CLIENT, u32_of(&self->told, KIPC_A_EVENT_ROLE));
	EXPECT_LT(0, u64_of(&self->told, KIPC_A_EVENT_CLIENT));
	EXPECT_EQ(0, count_events(&self->trouble, KIPC_CMD_PEER_DIED));
	end_close(&server);
}

TEST_F(netlink_event, peer_that_closes_has_not_died)
{
	struct end server, client;
	struct peer peer;
	int ready;

	ASSERT_EQ(0, end_serve(&server, self->name, 0));
	ASSERT_EQ(0, start_peer(&peer, self->name, false, &ready));
	EXPECT_EQ(1, write(peer.go, "c", 1));
	EXPECT_EQ(0, reap(peer.pid));
	ASSERT_EQ(0, end_connect(&client, self->name, 0));
	end_close(&server);
	end_close(&client);
	EXPECT_EQ(0, count_events(&self->trouble, KIPC_CMD_PEER_DIED));
}

/* In a pid namespace of its own: told by its own number, and which namespace that is of */
TEST_F(netlink_event, peer_is_told_of_by_the_number_that_it_has_for_itself)
{
	struct peer peer;
	struct end server;
	int ready;

	ASSERT_EQ(0, end_serve(&server, self->name, 0));
	ASSERT_EQ(0, unshare(CLONE_NEWPID));
	ASSERT_EQ(0, start_peer(&peer, self->name, false, &ready));
	kill_and_reap(peer.pid);
	ASSERT_EQ(0, nl_await_event(&self->trouble, KIPC_CMD_PEER_DIED, &self->told));
	EXPECT_EQ(1, u32_of(&self->told, KIPC_A_EVENT_PID));
	EXPECT_NE(pid_ns_of_self(), u32_of(&self->told, KIPC_A_EVENT_PID_NS));
	EXPECT_NE(WRONG, u32_of(&self->told, KIPC_A_EVENT_PID_NS));
	end_close(&server);
}

/* Limits */

static int want_too_much(void *arg)
{
	char text[KIPC_NAME_SIZE];
	int i, refused = 0;

	for (i = 0; i < 1000; i++) {
		int fd = queue_open(fresh_name(text), KIPC_QUEUE_CREATE | QUEUE_BOTH);

		refused += fd == -EDQUOT;
		/* Long enough for several events, were there no bound */
		if (i % 100 == 99)
			nap_ms(15);
	}
	return refused == 998 ? 0 : 1;
}

/* Those that were let through outlive their maker */
static void drop_queues_of(struct nl *nl)
{
	struct ask ask = ask_of(nl, KIPC_CMD_QUEUE_GET);
	char names[4][KIPC_NAME_SIZE] = { };
	const struct nlmsghdr *head = NULL;
	struct told told;
	int n = 0;

	ask.head.nlmsg_flags |= NLM_F_DUMP;
	nl_send(nl, &ask);
	while (!nl_recv(nl, &head) && head->nlmsg_type == nl->family && n < 4)
		if (told_message(&told, head))
			put_name(names[n++], text_of(&told, KIPC_A_QUEUE_NAME));
	while (n--)
		queue_unlink(names[n]);
}

TEST_F(netlink_event, limit_that_is_hit_is_told_of_at_most_ten_times_a_second)
{
	struct told *told = &self->told;
	uint64_t start = now_ns(), tenths;
	int events = 0, times = 0;

	ASSERT_EQ(0, set_limit(&self->nl, USER, KIPC_QUOTA_NAMES, 2));
	EXPECT_EQ(0, as_user(USER, want_too_much, NULL));
	while (times < 998) {
		ASSERT_EQ(0, nl_await_event(&self->trouble, KIPC_CMD_LIMIT_HIT, told));
		EXPECT_EQ(USER, u32_of(told, KIPC_A_EVENT_UID));
		EXPECT_EQ(KIPC_QUOTA_NAMES, u32_of(told, KIPC_A_EVENT_WHAT));
		EXPECT_EQ(2, u64_of(told, KIPC_A_EVENT_LIMIT));
		EXPECT_EQ(3, u64_of(told, KIPC_A_EVENT_WANTED));
		EXPECT_NE(WRONG, u64_of(told, KIPC_A_EVENT_TIME));
		times += u32_of(told, KIPC_A_EVENT_TIMES);
		events++;
	}
	EXPECT_EQ(998, times);
	tenths = (now_ns() - start) / 100000000 + 2;
	EXPECT_GE(tenths, events);
	TH_LOG("%d refused, %d events", times, events);
	EXPECT_EQ(0, count_events(&self->trouble, KIPC_CMD_LIMIT_HIT));
	drop_queues_of(&self->nl);
}

/* A pool that is stuck: once, until the message has been released */

static int poll_event(struct nl *nl, uint8_t cmd, struct told *told, unsigned int ms)
{
	uint64_t end = in_ms(ms);
	struct timeval now = { .tv_usec = 10000 };

	/* Short waits: the watch does not wake a machine that sleeps */
	setsockopt(nl->fd, SOL_SOCKET, SO_RCVTIMEO, &now, sizeof(now));
	while (now_ns() < end)
		if (!nl_next_event(nl, told) && told->cmd == cmd)
			return 0;
	return -ETIME;
}

TEST_F(netlink_event, pool_that_is_stuck_is_told_of_once_an_episode)
{
	struct told *told = &self->told;
	struct kipc_header msg;
	struct end server, client;

	ASSERT_EQ(0, parameter_set("pool_stuck", 1));
	ASSERT_EQ(0, end_serve(&server, self->name, 0));
	ASSERT_EQ(0, end_connect(&client, self->name, 0));
	ASSERT_EQ(0, channel_send(client.fd, 0, self->name, 100));
	ASSERT_EQ(0, channel_send(client.fd, 0, self->name, 100));
	ASSERT_EQ(0, channel_recv(server.fd, &msg));
	ASSERT_EQ(0, poll_event(&self->trouble, KIPC_CMD_POOL_STUCK, told, 10000));
	EXPECT_EQ(0, u32_of(told, KIPC_A_EVENT_UID));
	EXPECT_EQ(getpid(), u32_of(told, KIPC_A_EVENT_PID));
	EXPECT_EQ(pid_ns_of_self(), u32_of(told, KIPC_A_EVENT_PID_NS));
	EXPECT_EQ(KIPC_ROLE_SERVER, u32_of(told, KIPC_A_EVENT_ROLE));
	EXPECT_STREQ(self->name, text_of(told, KIPC_A_EVENT_NAME));
	EXPECT_EQ(0, u64_of(told, KIPC_A_EVENT_CLIENT));
	EXPECT_EQ(1, u32_of(told, KIPC_A_EVENT_HELD));
	EXPECT_LE(100, u64_of(told, KIPC_A_EVENT_HELD_BYTES));
	EXPECT_LE(1000000000, u64_of(told, KIPC_A_EVENT_HELD_NS));
	EXPECT_NE(WRONG, u64_of(told, KIPC_A_EVENT_HELD_NS));
	EXPECT_EQ(-ETIME, poll_event(&self->trouble, KIPC_CMD_POOL_STUCK, told, 1500));

	/* Another message, another episode */
	ASSERT_EQ(0, channel_release(server.fd, msg.id));
	ASSERT_EQ(0, channel_recv(server.fd, &msg));
	EXPECT_EQ(0, poll_event(&self->trouble, KIPC_CMD_POOL_STUCK, told, 10000));
	end_close(&client);
	end_close(&server);
}

TEST_HARNESS_MAIN
