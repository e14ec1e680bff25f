// SPDX-License-Identifier: GPL-2.0
/*
 * Control, namespaces: a socket sees the objects, the sums and the events of the network
 * namespace that it was opened in and of no other, wherever its user goes; and a namespace
 * that dies takes its names with it.
 */
#include "container_test.h"
#include "netlink_test.h"

FIXTURE(netlink_namespace)
{
	struct nl nl;
	struct nl objects;
	struct nl trouble;
	char name[KIPC_NAME_SIZE];
	struct end server;
	int queue;
	struct told told;
};

FIXTURE_SETUP(netlink_namespace)
{
	umask(0);
	fresh_name(self->name);
	ASSERT_EQ(0, nl_open(&self->nl));
	ASSERT_EQ(0, end_serve(&self->server, self->name, 0));
	self->queue = queue_open(self->name, KIPC_QUEUE_CREATE | QUEUE_BOTH);
	ASSERT_LE(0, self->queue);
	ASSERT_EQ(0, nl_listen(&self->objects, false));
	ASSERT_EQ(0, nl_listen(&self->trouble, true));
}

/* The parent is still in the network that the queue is in. */
FIXTURE_TEARDOWN_PARENT(netlink_namespace)
{
	queue_unlink(self->name);
}

static int count(const struct told *told, void *arg)
{
	++*(int *)arg;
	return 0;
}

static int count_all(struct nl *nl, uint8_t cmd)
{
	struct ask ask = ask_of(nl, cmd);
	int n = 0, err = nl_dump(nl, &ask, count, &n);

	return err ?: n;
}

/* What there is, as a socket sees it: endpoints, channels, queues */
static bool sees(struct nl *nl, int endpoints, int channels, int queues)
{
	struct told told;

	return !get_stats(nl, &told) &&
	       u32_of(&told, KIPC_A_STATS_ENDPOINTS) == endpoints &&
	       u32_of(&told, KIPC_A_STATS_CHANNELS) == channels &&
	       u32_of(&told, KIPC_A_STATS_QUEUES) == queues &&
	       count_all(nl, KIPC_CMD_ENDPOINT_GET) == endpoints &&
	       count_all(nl, KIPC_CMD_CHANNEL_GET) == channels &&
	       count_all(nl, KIPC_CMD_QUEUE_GET) == queues;
}

TEST_F(netlink_namespace, objects_of_another_network_are_not_seen)
{
	struct nl there;
	uint32_t id;

	ASSERT_EQ(0, get_channel(&self->nl, self->name, &self->told));
	id = u32_of(&self->told, KIPC_A_CHANNEL_ID);
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, nl_open(&there));
	EXPECT_TRUE(sees(&there, 0, 0, 0));
	EXPECT_EQ(-ENOENT, get_channel(&there, self->name, &self->told));
	EXPECT_EQ(-ENOENT, get_queue(&there, self->name, &self->told));
	EXPECT_EQ(-ENOENT, get_endpoint(&there, id, &self->told));
	EXPECT_EQ(-ENOENT, get_by_number(&there, KIPC_CMD_CHANNEL_GET, KIPC_A_CHANNEL_ID, id,
					 &self->told));
	/* It is the open of the socket that counts */
	EXPECT_TRUE(sees(&self->nl, 2, 1, 1));
	EXPECT_EQ(0, get_channel(&self->nl, self->name, &self->told));
}

TEST_F(netlink_namespace, two_networks_have_their_own)
{
	struct end server, client;
	struct nl there;
	int queue;

	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, nl_open(&there));
	ASSERT_EQ(0, end_serve(&server, self->name, 1 << 20));
	ASSERT_EQ(0, end_connect(&client, self->name, 0));
	queue = queue_open(self->name, KIPC_QUEUE_CREATE | QUEUE_BOTH);
	ASSERT_LE(0, queue);
	ASSERT_EQ(0, put_several(queue, 1, 4));
	EXPECT_TRUE(sees(&there, 3, 1, 1));
	EXPECT_TRUE(sees(&self->nl, 2, 1, 1));
	ASSERT_EQ(0, get_channel(&there, self->name, &self->told));
	EXPECT_EQ(1, u32_of(&self->told, KIPC_A_CHANNEL_CLIENTS));
	ASSERT_EQ(0, get_channel(&self->nl, self->name, &self->told));
	EXPECT_EQ(0, u32_of(&self->told, KIPC_A_CHANNEL_CLIENTS));
	ASSERT_EQ(0, get_stats(&there, &self->told));
	EXPECT_EQ(4, u64_of(&self->told, KIPC_A_STATS_SENT));
	ASSERT_EQ(0, get_stats(&self->nl, &self->told));
	EXPECT_EQ(0, u64_of(&self->told, KIPC_A_STATS_SENT));
	EXPECT_EQ(0, queue_unlink(self->name));
	close(queue);
	end_close(&client);
	end_close(&server);
	EXPECT_TRUE(sees(&there, 0, 0, 0));
}

/* What is changed is what the socket sees, not what has the same name elsewhere. */
TEST_F(netlink_namespace, change_is_made_where_the_socket_is)
{
	struct end server;
	struct nl there;
	struct ask ask;

	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, nl_open(&there));
	ASSERT_EQ(0, end_serve(&server, self->name, 0));
	ask = ask_of(&self->nl, KIPC_CMD_CHANNEL_SET);
	put_text(&ask, KIPC_A_CHANNEL_NAME, self->name);
	put_u32(&ask, KIPC_A_CHANNEL_MODE, 0123);
	ASSERT_EQ(0, nl_ask(&self->nl, &ask, NULL));
	ASSERT_EQ(0, get_channel(&there, self->name, &self->told));
	EXPECT_EQ(0666, u32_of(&self->told, KIPC_A_CHANNEL_MODE));
	ASSERT_EQ(0, get_channel(&self->nl, self->name, &self->told));
	EXPECT_EQ(0123, u32_of(&self->told, KIPC_A_CHANNEL_MODE));
	end_close(&server);
}

TEST_F(netlink_namespace, events_stay_in_their_network)
{
	struct kipc_channel_call call = call_of("x", 1);
	struct nl objects, trouble;
	struct end server, client;
	int queue;

	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, nl_listen(&objects, false));
	ASSERT_EQ(0, nl_listen(&trouble, true));
	ASSERT_EQ(0, end_serve(&server, self->name, 0));
	ASSERT_EQ(0, end_connect(&client, self->name, 0));
	queue = queue_open(self->name, KIPC_QUEUE_CREATE | QUEUE_BOTH);
	call.deadline = 1;
	EXPECT_EQ(-ETIMEDOUT, request(client.fd, KIPC_IOC_CHANNEL_CALL, &call));
	EXPECT_EQ(0, nl_await_event(&objects, KIPC_CMD_QUEUE_NEW_NTF, &self->told));
	EXPECT_EQ(0, nl_await_event(&trouble, KIPC_CMD_CALL_FAILED, &self->told));
	EXPECT_EQ(0, queue_unlink(self->name));
	close(queue);
	end_close(&client);
	end_close(&server);
	EXPECT_EQ(0, nl_await_event(&objects, KIPC_CMD_CHANNEL_DEL_NTF, &self->told));
	/* Not one of any kind came here */
	EXPECT_EQ(-EAGAIN, recv(self->objects.fd, self->told.raw, 100, MSG_DONTWAIT) < 0 ?
			   -errno : 0);
	EXPECT_EQ(-EAGAIN, recv(self->trouble.fd, self->told.raw, 100, MSG_DONTWAIT) < 0 ?
			   -errno : 0);
}

/* Users */

static int hold_some(const char *name, int ready, int go)
{
	struct end server;
	struct told told;
	struct nl nl;
	char c;

	if (enter_container(100000, 1000) || nl_open(&nl))
		return 1;
	/* It knows nobody from outside, and sees what is inside as it is there */
	if (get_user(&nl, 1000000, &told) != -EINVAL)
		return 2;
	if (become(7) || end_serve(&server, name, 0) || write(ready, "x", 1) != 1)
		return 3;
	close(nl.fd);
	if (nl_open(&nl) || taken_by(&nl, 7, KIPC_QUOTA_NAMES) != 1)
		return 4;
	if (count_all(&nl, KIPC_CMD_USER_GET) != 1)
		return 5;
	return read(go, &c, 1) == 1 ? 0 : 6;
}

TEST_F(netlink_namespace, users_of_a_container_are_other_users_outside)
{
	int ready[2], go[2];
	pid_t child;
	char c;

	ASSERT_EQ(0, pipe(ready));
	ASSERT_EQ(0, pipe(go));
	child = spawn();
	if (!child)
		_exit(hold_some(self->name, ready[1], go[0]));
	ASSERT_EQ(1, read(ready[0], &c, 1));
	EXPECT_EQ(1, taken_by(&self->nl, 100007, KIPC_QUOTA_NAMES));
	EXPECT_EQ(-ENOENT, get_user(&self->nl, 7, &self->told));
	EXPECT_TRUE(sees(&self->nl, 2, 1, 1));
	EXPECT_EQ(1, write(go[1], "x", 1));
	EXPECT_EQ(0, reap(child));
}

/* Names that nobody holds any more */

static int leave_queues(void *arg)
{
	char text[KIPC_NAME_SIZE];
	struct nl nl;
	int i;

	if (unshare(CLONE_NEWNET) || become(USER))
		return 1;
	for (i = 0; i < 20; i++) {
		int fd = queue_open(fresh_name(text), KIPC_QUEUE_CREATE | QUEUE_BOTH);

		if (fd < 0 || put(fd, i, 0, 0))
			return 2;
		close(fd);
	}
	return nl_open(&nl) || !sees(&nl, 0, 0, 20);
}

TEST_F(netlink_namespace, network_that_dies_takes_its_names_with_it)
{
	int i, err = 0;

	EXPECT_EQ(0, in_child(leave_queues, NULL));
	/* A while after its last process */
	for (i = 0; i < 1000 && err != -ENOENT; i++) {
		err = get_user(&self->nl, USER, &self->told);
		nap_ms(err == -ENOENT ? 0 : 10);
	}
	EXPECT_EQ(-ENOENT, err);
	EXPECT_TRUE(sees(&self->nl, 2, 1, 1));
}

/* A socket keeps its network: it sees until the end what is there. */
static int look_at_what_is_left(void *arg)
{
	struct nl nl;

	if (unshare(CLONE_NEWNET) || nl_open(&nl) ||
	    queue_open("left", KIPC_QUEUE_CREATE | QUEUE_BOTH) < 0)
		return 1;
	/* Away from there; nothing but the socket and the queue's endpoint are */
	if (unshare(CLONE_NEWNET))
		return 2;
	return sees(&nl, 1, 0, 1) ? 0 : 3;
}

TEST_F(netlink_namespace, socket_keeps_its_network)
{
	EXPECT_EQ(0, in_child(look_at_what_is_left, NULL));
}

TEST_HARNESS_MAIN
