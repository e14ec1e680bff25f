// SPDX-License-Identifier: GPL-2.0
/*
 * Hostile descriptors: what somebody puts into messages so that others, or the machine, are
 * the worse for it.  Documentation/security.rst says which rule stops each.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "queue_test.h"
#include "container_test.h"

/* More than a workqueue runs of at a time where it does not say. */
#define LINGERING	300

static int small_buffer(int fd, int which)
{
	int bytes = 1;

	return setsockopt(fd, SOL_SOCKET, which, &bytes, sizeof(bytes));
}

static int listen_small(struct sockaddr_in *addr)
{
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(*addr);

	*addr = (struct sockaddr_in){ .sin_family = AF_INET,
				      .sin_addr = { htonl(INADDR_LOOPBACK) } };
	if (small_buffer(listener, SO_RCVBUF) || bind(listener, (void *)addr, len) ||
	    listen(listener, 16) || getsockname(listener, (void *)addr, &len))
		return -1;
	return listener;
}

/* Its last close takes 100 s, while this process has the other end and does not read. */
static int lingering_socket(int listener, const struct sockaddr_in *addr)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct linger linger = { .l_onoff = 1, .l_linger = 100 };
	char bytes[4096] = { };

	if (small_buffer(fd, SO_SNDBUF) || connect(fd, (const void *)addr, sizeof(*addr)) ||
	    accept(listener, NULL, NULL) < 0)
		return -1;
	while (send(fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
	return setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) ? -1 : fd;
}

/* Leave as many closes that linger to the module as there are.  Return: 0, or a step's number. */
static int leave_lingering(void)
{
	struct rlimit limit = { 4 * LINGERING, 4 * LINGERING };
	char name[KIPC_NAME_SIZE];
	struct end server, client;
	struct sockaddr_in addr;
	int i, fd, listener;

	if (setrlimit(RLIMIT_NOFILE, &limit) || become(USER))
		return 1;
	if (end_serve(&server, fresh_name(name), 0) || end_connect(&client, name, 0))
		return 2;
	listener = listen_small(&addr);
	for (i = 0; i < LINGERING; i++) {
		fd = lingering_socket(listener, &addr);
		if (fd < 0)
			return 3;
		if (channel_send_fds(client.fd, &fd, 1))
			return 4;
		close(fd);
	}
	end_close(&server);
	return 0;
}

/* Closing what was sent and not asked for is a worker's, and there are not many of them. */
TEST(closes_that_linger_hold_up_nobody_else_s)
{
	int ready[2], end[2];
	char name[KIPC_NAME_SIZE];
	struct end server, client;
	pid_t child;
	uint8_t step = 99;

	ASSERT_EQ(0, pipe2(ready, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(end, O_CLOEXEC));
	child = spawn();
	if (!child) {
		close(end[1]);
		step = leave_lingering();
		if (write(ready[1], &step, 1) == 1)
			pause();
		_exit(0);
	}
	ASSERT_EQ(1, read(ready[0], &step, 1));
	ASSERT_EQ(0, step);

	ASSERT_EQ(0, end_serve(&server, fresh_name(name), 0));
	ASSERT_EQ(0, end_connect(&client, name, 0));
	ASSERT_EQ(0, channel_send_fds(client.fd, &end[1], 1));
	close(end[1]);
	end_close(&server);
	EXPECT_EQ(POLLHUP, revents(end[0], 20000));
	end_close(&client);
	EXPECT_EQ(128 + SIGKILL, kill_and_reap(child));
}

/* Files that keep the network namespace they were made in */

static int make_udp(void)
{
	return socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

static int make_netlink(void)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0);
}

static int make_namespace(void)
{
	return open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
}

static int make_proc_net(void)
{
	return open("/proc/self/net/dev", O_RDONLY | O_CLOEXEC);
}

static int make_fs_context(void)
{
	return syscall(SYS_fsopen, "tmpfs", 1);
}

static int make_inotify(void)
{
	int fd = inotify_init1(IN_CLOEXEC);

	return inotify_add_watch(fd, "/proc/self/ns/net", IN_OPEN) < 0 ? -errno : fd;
}

FIXTURE(net)
{
	char max_names[32];
};

FIXTURE_VARIANT(net)
{
	int (*make)(void);
};

FIXTURE_VARIANT_ADD(net, udp) { make_udp };
FIXTURE_VARIANT_ADD(net, netlink) { make_netlink };
FIXTURE_VARIANT_ADD(net, namespace) { make_namespace };
FIXTURE_VARIANT_ADD(net, proc_net) { make_proc_net };
FIXTURE_VARIANT_ADD(net, fs_context) { make_fs_context };
FIXTURE_VARIANT_ADD(net, inotify) { make_inotify };

FIXTURE_SETUP(net)
{
	umask(0);
	ASSERT_EQ(0, limit_read("max_names", self->max_names, sizeof(self->max_names)));
}

FIXTURE_TEARDOWN(net)
{
	limit_write("max_names", self->max_names);
}

static int queue_send_fd(int queue, int fd)
{
	struct kipc_queue_send arg = queue_send_args("fd", 2);

	arg.payload.fds = (uintptr_t)&fd;
	arg.payload.fd_count = 1;
	return request(queue, KIPC_IOC_QUEUE_SEND, &arg);
}

/*
 * Leave a file of a network namespace of one's own in a queue there, with nobody who has the
 * queue open, or could come to open it.  Whether it goes in is not the question.
 */
static int leave_in_queue(void *arg)
{
	int (*make)(void) = arg;
	int queue, fd;

	if (unshare(CLONE_NEWNET))
		return 1;
	fd = make();
	if (fd < 0)
		return 2;
	if (become(USER))
		return 3;
	queue = queue_open("pinned", KIPC_QUEUE_CREATE | QUEUE_BOTH);
	if (queue < 0)
		return 4;
	queue_send_fd(queue, fd);
	return 0;
}

/* The user may have one name, and can when the one it had has gone with its network. */
static int await_name(void *arg)
{
	int i, fd;

	if (become(USER))
		return 1;
	for (i = 0; i < 1000; i++) {
		fd = queue_open("after-the-network", KIPC_QUEUE_CREATE | QUEUE_BOTH);
		if (fd >= 0)
			return -queue_unlink("after-the-network");
		nap_ms(10);
	}
	return 2;
}

/* Else the queue would keep the file, the file the network, and that the queue: for ever. */
TEST_F(net, that_dies_is_not_kept_by_a_file_in_its_queue)
{
	ASSERT_EQ(0, in_child(leave_in_queue, variant->make));
	ASSERT_EQ(0, limit_to("max_names", 1));
	EXPECT_EQ(0, in_child(await_name, NULL));
}

/* Each of two network namespaces has a file of the other in its queue. */
static int leave_crossed(void *arg)
{
	int (*make)(void) = arg;
	int fds[2], queues[2], i;

	for (i = 0; i < 2; i++) {
		if (unshare(CLONE_NEWNET))
			return 1;
		fds[i] = make();
		if (fds[i] < 0 || seteuid(USER))
			return 2;
		queues[i] = queue_open("crossed", KIPC_QUEUE_CREATE | QUEUE_BOTH);
		if (queues[i] < 0 || seteuid(0))
			return 3;
	}
	for (i = 0; i < 2; i++)
		queue_send_fd(queues[i], fds[!i]);
	return 0;
}

TEST_F(net, that_dies_is_not_kept_by_a_file_in_another_s_queue)
{
	ASSERT_EQ(0, in_child(leave_crossed, variant->make));
	ASSERT_EQ(0, limit_to("max_names", 1));
	EXPECT_EQ(0, in_child(await_name, NULL));
}

/* Where no network can die everything passes, elsewhere what keeps none. */
TEST_F(net, that_dies_takes_other_files_in_its_queues)
{
	char name[KIPC_NAME_SIZE];
	int queue, fd, pipes[2], event = eventfd(0, EFD_CLOEXEC);

	fd = variant->make();
	ASSERT_LE(0, fd);
	queue = queue_open(fresh_name(name), KIPC_QUEUE_CREATE | QUEUE_BOTH);
	ASSERT_LE(0, queue);
	EXPECT_EQ(0, queue_send_fd(queue, fd));
	EXPECT_EQ(0, queue_unlink(name));
	close(queue);
	close(fd);

	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, pipe2(pipes, O_CLOEXEC));
	queue = queue_open(name, KIPC_QUEUE_CREATE | QUEUE_BOTH);
	ASSERT_LE(0, queue);
	EXPECT_EQ(0, queue_send_fd(queue, pipes[0]));
	EXPECT_EQ(0, queue_send_fd(queue, event));
	fd = variant->make();
	ASSERT_LE(0, fd);
	EXPECT_EQ(-ELOOP, queue_send_fd(queue, fd));
	/* A nameless queue goes with its handles. */
	queue = queue_open("", KIPC_QUEUE_CREATE | KIPC_QUEUE_ANONYMOUS | QUEUE_BOTH);
	ASSERT_LE(0, queue);
	EXPECT_EQ(0, queue_send_fd(queue, fd));
}

TEST_HARNESS_MAIN
