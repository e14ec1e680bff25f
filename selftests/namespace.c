// SPDX-License-Identifier: GPL-2.0
/*
 * Namespaces: names belong to the network namespace of whoever opens the device;
 * senders are seen as the receiver's pid and user namespaces show them.
 */
#include <sched.h>

#include "kipc_test.h"

FIXTURE(namespace)
{
	char name[KIPC_NAME_SIZE];
	struct end server;
	int queue;
};

FIXTURE_SETUP(namespace)
{
	umask(0);
	fresh_name(self->name);
	ASSERT_EQ(0, end_serve(&self->server, self->name, 0));
	self->queue = queue_open(self->name, KIPC_QUEUE_CREATE | QUEUE_BOTH);
	ASSERT_LE(0, self->queue);
}

FIXTURE_TEARDOWN(namespace)
{
	end_close(&self->server);
	close(self->queue);
	queue_unlink(self->name);
}

TEST_F(namespace, names_of_another_network_are_not_seen)
{
	uint64_t pool = 0, number;

	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	EXPECT_EQ(-ENOENT, channel_connect(endpoint_open(), self->name, &pool,
					   &number));
	EXPECT_EQ(-ENOENT, queue_open(self->name, QUEUE_BOTH));
	EXPECT_EQ(-ENOENT, queue_unlink(self->name));
}

TEST_F(namespace, names_of_another_network_can_be_taken)
{
	struct end server, client;
	int fd;

	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, end_serve(&server, self->name, 0));
	ASSERT_EQ(0, end_connect(&client, self->name, 0));
	EXPECT_EQ(1, endpoint_info(server.fd).peers);
	EXPECT_EQ(0, endpoint_info(self->server.fd).peers);
	fd = queue_open(self->name, KIPC_QUEUE_CREATE | KIPC_QUEUE_EXCL |
			QUEUE_BOTH);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, queue_send(fd, "x", 1));
	EXPECT_EQ(0, endpoint_info(self->queue).queued);
	EXPECT_EQ(0, queue_unlink(self->name));
	close(fd);
	end_close(&client);
	end_close(&server);
}

/* It is the open of the device that counts, not where its user went since. */
TEST_F(namespace, endpoint_stays_in_the_network_it_was_opened_in)
{
	uint64_t pool = 0, number;
	int fd = endpoint_open();

	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	EXPECT_EQ(0, channel_connect(fd, self->name, &pool, &number));
	EXPECT_EQ(0, channel_send(fd, 0, "x", 1));
	EXPECT_EQ(1, endpoint_info(self->server.fd).queued);
	close(fd);
}

static int go_elsewhere(uid_t uid)
{
	if (unshare(CLONE_NEWNET))
		return -errno;
	return become(uid);
}

/* A queue that nobody unlinked goes with the last process of its network. */
TEST_F(namespace, network_that_dies_takes_its_queues_with_it)
{
	char limit[32], path[] = "/sys/module/kipc/parameters/max_names";
	pid_t child;
	int i, fd;

	ASSERT_EQ(0, read_text(path, limit, sizeof(limit)));
	child = spawn();
	if (!child) {
		char name[KIPC_NAME_SIZE];

		if (go_elsewhere(USER))
			_exit(1);
		for (i = 0; i < 3; i++) {
			fd = queue_open(fresh_name(name),
					KIPC_QUEUE_CREATE | QUEUE_BOTH);
			if (fd < 0 || queue_send(fd, name, 100))
				_exit(2);
		}
		_exit(0);
	}
	EXPECT_EQ(0, reap(child));

	/* The user may have one name: it can be had when those three are gone. */
	child = spawn();
	if (!child) {
		if (write_text(path, "1") || become(USER))
			_exit(1);
		for (i = 0; i < 500; i++) {
			fd = queue_open("after-the-network",
					KIPC_QUEUE_CREATE | QUEUE_BOTH);
			if (fd >= 0)
				_exit(-queue_unlink("after-the-network"));
			nap_ms(10);
		}
		_exit(2);
	}
	EXPECT_EQ(0, reap(child));
	EXPECT_EQ(0, write_text(path, limit));
}

TEST_F(namespace, networks_that_come_and_go_leave_nothing)
{
	struct end server, client;
	pid_t child;
	int i;

	for (i = 0; i < 10; i++) {
		child = spawn();
		if (!child) {
			if (unshare(CLONE_NEWNET) ||
			    end_serve(&server, self->name, 0) ||
			    end_connect(&client, self->name, 0) ||
			    channel_send(client.fd, 0, "x", 1) ||
			    queue_send(queue_open(self->name, KIPC_QUEUE_CREATE |
						  QUEUE_BOTH), "x", 1))
				_exit(1);
			_exit(0);
		}
		EXPECT_EQ(0, reap(child));
	}
}

/* A server that outlives its network's last process: the descriptor was passed on. */
TEST_F(namespace, endpoint_keeps_its_network)
{
	struct kipc_header msg;
	struct end client;
	pid_t child;

	child = spawn();
	if (!child) {
		if (unshare(CLONE_NEWNET) || end_serve(&self->server, "far", 0) ||
		    end_connect(&client, "far", 0))
			_exit(1);
		child = spawn();
		if (child)
			_exit(reap(child));
		/* Back home, with the two ends from there */
		if (channel_send(client.fd, 0, "x", 1) ||
		    channel_recv(self->server.fd, &msg))
			_exit(2);
		_exit(0);
	}
	EXPECT_EQ(0, reap(child));
}

/* Pids and users */

TEST_F(namespace, sender_in_a_child_pid_namespace_is_seen)
{
	struct kipc_header msg;
	struct end client;
	pid_t child, inner;

	ASSERT_EQ(0, unshare(CLONE_NEWPID));
	inner = fork();
	if (!inner) {
		if (getpid() != 1 || end_connect(&client, self->name, 0))
			_exit(1);
		_exit(-channel_send(client.fd, 0, "x", 1));
	}
	child = inner;
	EXPECT_EQ(0, reap(child));
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	EXPECT_EQ(child, msg.pid);
}

TEST_F(namespace, sender_outside_of_the_pid_namespace_is_0)
{
	struct kipc_header msg;
	struct end client;
	pid_t inner;

	ASSERT_EQ(0, end_connect(&client, self->name, 0));
	ASSERT_EQ(0, channel_send(client.fd, 0, "x", 1));
	ASSERT_EQ(0, queue_send(self->queue, "x", 1));
	ASSERT_EQ(0, unshare(CLONE_NEWPID));
	inner = fork();
	if (!inner) {
		char c;

		if (channel_recv(self->server.fd, &msg) || msg.pid)
			_exit(1);
		if (queue_recv(self->queue, &c, 1, &msg) || msg.pid)
			_exit(2);
		_exit(0);
	}
	EXPECT_EQ(0, reap(inner));
	end_close(&client);
}

/* In a user namespace that knows nobody, everybody is the overflow user. */
TEST_F(namespace, sender_is_seen_through_the_user_namespace)
{
	struct kipc_header msg;
	struct end client;
	pid_t child;

	ASSERT_EQ(0, end_connect(&client, self->name, 0));
	ASSERT_EQ(0, channel_send(client.fd, 0, "x", 1));
	child = spawn();
	if (!child) {
		if (unshare(CLONE_NEWUSER))
			_exit(4);
		if (channel_recv(self->server.fd, &msg))
			_exit(1);
		_exit(msg.uid == 65534 && msg.gid == 65534 ? 0 : 2);
	}
	EXPECT_EQ(0, reap(child));
	end_close(&client);
}

/* Root of a user namespace of its own is nobody special here. */
TEST_F(namespace, root_of_a_user_namespace_is_not_privileged)
{
	char name[KIPC_NAME_SIZE];
	uint64_t pool = 0, number;
	int fd = endpoint_open();
	pid_t child;

	ASSERT_EQ(0, channel_create(fd, fresh_name(name), 0600, &pool));
	child = spawn();
	if (!child) {
		if (become(USER) || unshare(CLONE_NEWUSER))
			_exit(255);
		_exit(-channel_connect(endpoint_open(), name, &pool, &number));
	}
	EXPECT_EQ(EACCES, reap(child));
	close(fd);
}

TEST_HARNESS_MAIN
