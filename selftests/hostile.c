// SPDX-License-Identifier: GPL-2.0
/*
 * Hostile users: what somebody without privileges tries with an endpoint, against those it
 * talks to and those it does not.  Documentation/security.rst says which rule stops each.
 *
 * Executed with "--write" as its first argument this program writes one byte to its standard
 * output and knows nothing of kipc: so it can be made a setuid program that is given an
 * endpoint.
 */
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#include <linux/io_uring.h>

#include "queue_test.h"

static void __attribute__((constructor)) if_told_to_write(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--write"))
		_exit(write(1, "x", 1) != 1);
}

FIXTURE(hostile)
{
	char name[KIPC_NAME_SIZE];
	struct end server;
	struct end client;
	int queue;
	struct kipc_header msg;
};

FIXTURE_SETUP(hostile)
{
	umask(0);
	fresh_name(self->name);
	ASSERT_EQ(0, end_serve(&self->server, self->name, 64 << 10));
	ASSERT_EQ(0, end_connect(&self->client, self->name, 64 << 10));
	self->queue = queue_open(self->name, KIPC_QUEUE_CREATE | QUEUE_BOTH);
	ASSERT_LE(0, self->queue);
}

FIXTURE_TEARDOWN(hostile)
{
	end_close(&self->client);
	end_close(&self->server);
	close(self->queue);
	queue_unlink(self->name);
}

/* Identity */

#define SETUID_PROGRAM	"hostile-setuid"

/* A copy of this program that runs as root, whoever executes it. */
static int make_setuid_program(void)
{
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int to = open(SETUID_PROGRAM, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
	ssize_t n;

	if (from < 0 || to < 0)
		return -errno;
	while ((n = sendfile(to, from, NULL, 1 << 20)) > 0)
		;
	close(from);
	n = n ? -errno : fchmod(to, 04755) ? -errno : 0;
	close(to);
	return n;
}

/* As an ordinary user, hand an endpoint that it opened to a program that is root's. */
static int run_setuid_program(int fd)
{
	if (fd < 0 || dup2(fd, 1) < 0)
		return 1;
	execl(SETUID_PROGRAM, SETUID_PROGRAM, "--write", NULL);
	return 2;
}

TEST_F(hostile, setuid_program_does_not_write_to_a_channel_as_root)
{
	struct end client;
	pid_t child;

	ASSERT_EQ(0, make_setuid_program());
	child = spawn();
	if (!child) {
		if (become(USER) || end_connect(&client, self->name, 0))
			_exit(3);
		_exit(run_setuid_program(client.fd));
	}
	EXPECT_EQ(0, reap(child));
	unlink(SETUID_PROGRAM);
	ASSERT_EQ(0, channel_recv(self->server.fd, &self->msg));
	EXPECT_EQ(child, self->msg.pid);
	EXPECT_EQ(USER, self->msg.uid);
	EXPECT_EQ(USER, self->msg.gid);
}

TEST_F(hostile, setuid_program_does_not_write_to_a_queue_as_root)
{
	pid_t child;
	char buf[8];

	ASSERT_EQ(0, make_setuid_program());
	child = spawn();
	if (!child) {
		if (become(USER))
			_exit(3);
		_exit(run_setuid_program(queue_open(self->name, KIPC_QUEUE_SEND)));
	}
	EXPECT_EQ(0, reap(child));
	unlink(SETUID_PROGRAM);
	ASSERT_EQ(0, queue_recv(self->queue, buf, sizeof(buf), &self->msg));
	EXPECT_EQ(USER, self->msg.uid);
	EXPECT_EQ(USER, self->msg.gid);
}

/* Who has been handed a privileged user's endpoint is in its requests who it is. */
TEST_F(hostile, passed_endpoint_does_not_lend_its_opener_s_identity)
{
	pid_t child = spawn();

	if (!child) {
		if (become(USER))
			_exit(1);
		_exit(-channel_send(self->client.fd, 0, "x", 1));
	}
	EXPECT_EQ(0, reap(child));
	ASSERT_EQ(0, channel_recv(self->server.fd, &self->msg));
	EXPECT_EQ(child, self->msg.pid);
	EXPECT_EQ(USER, self->msg.uid);
}

/* Pollers */

/* Let a process that has inherited everything add, close and end, beside its parent. */
static void epoll_in_child(int epoll, int fd)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int own = epoll_create1(EPOLL_CLOEXEC), copy = dup(fd);

	epoll_ctl(own, EPOLL_CTL_ADD, fd, &event);
	epoll_ctl(epoll, EPOLL_CTL_ADD, copy, &event);
	close(copy);
	epoll_wait(own, &event, 1, 0);
	_exit(0);
}

static void *epoll_add_and_close(void *arg)
{
	struct _test_data_hostile *self = arg;
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET };
	int epoll = epoll_create1(EPOLL_CLOEXEC), i, copy;
	void *wrong = NULL;
	struct end client;
	pid_t child;

	for (i = 0; i < 60 && !wrong; i++) {
		if (end_connect(&client, self->name, 0))
			return arg;
		copy = dup(client.fd);
		epoll_ctl(epoll, EPOLL_CTL_ADD, client.fd, &event);
		epoll_ctl(epoll, EPOLL_CTL_ADD, copy, &event);
		epoll_ctl(epoll, EPOLL_CTL_ADD, self->server.fd, &event);
		child = i % 4 ? 0 : fork();
		if (!child && !(i % 4))
			epoll_in_child(epoll, client.fd);
		end_close(&client);
		channel_send_now(copy, 0, "x", 1);
		epoll_ctl(epoll, EPOLL_CTL_DEL, i % 2 ? copy : self->server.fd, NULL);
		close(copy);
		if (child && reap(child))
			wrong = arg;
	}
	close(epoll);
	return wrong;
}

/* What CVE-2019-2215 was made of, from all sides. */
TEST_F(hostile, epoll_add_dup_close_and_fork_race)
{
	pthread_t threads[3];
	void *wrong;
	int i;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, epoll_add_and_close, self));
	for (i = 0; i < 180; i++) {
		ASSERT_EQ(0, channel_recv(self->server.fd, &self->msg));
		channel_send_now(self->server.fd, self->msg.peer, "y", 1);
		ASSERT_EQ(0, channel_release(self->server.fd, self->msg.id));
	}
	for (i = 0; i < 3; i++) {
		pthread_join(threads[i], &wrong);
		EXPECT_EQ(NULL, wrong);
	}
	EXPECT_EQ(1, endpoint_info(self->server.fd).peers);
}

/* Files */

TEST_F(hostile, splice_and_sendfile_einval)
{
	int ends[] = { self->server.fd, self->client.fd, self->queue };
	int pipes[2], file = memfd_create("file", MFD_CLOEXEC), i;

	ASSERT_EQ(0, pipe2(pipes, O_CLOEXEC | O_NONBLOCK));
	ASSERT_EQ(4, write(pipes[1], "pipe", 4));
	ASSERT_EQ(4, write(file, "file", 4));
	for (i = 0; i < 3; i++) {
		lseek(file, 0, SEEK_SET);
		EXPECT_EQ(-1, splice(pipes[0], NULL, ends[i], NULL, 4, 0));
		EXPECT_EQ(EINVAL, errno);
		EXPECT_EQ(-1, splice(ends[i], NULL, pipes[1], NULL, 4, 0));
		EXPECT_EQ(EINVAL, errno);
		EXPECT_EQ(-1, sendfile(ends[i], file, NULL, 4));
		EXPECT_EQ(EINVAL, errno);
	}
	EXPECT_EQ(0, endpoint_info(self->server.fd).queued);
	EXPECT_EQ(0, endpoint_info(self->queue).queued);
}

/**
 * struct uring - an io_uring for one request at a time
 * @fd:		it
 * @params:	where things are in it
 * @ring:	both its rings
 * @sqe:	the first request
 */
struct uring {
	int fd;
	struct io_uring_params params;
	uint8_t *ring;
	struct io_uring_sqe *sqe;
};

static int uring_init(struct uring *uring)
{
	struct io_uring_params *params = &uring->params;

	memset(uring, 0, sizeof(*uring));
	uring->fd = syscall(SYS_io_uring_setup, 1, params);
	if (uring->fd < 0)
		return -errno;
	uring->ring = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
			   uring->fd, IORING_OFF_SQ_RING);
	if (uring->ring == MAP_FAILED)
		uring->ring = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
				   uring->fd, IORING_OFF_SQ_RING);
	uring->sqe = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
			  uring->fd, IORING_OFF_SQES);
	return uring->ring == MAP_FAILED || uring->sqe == MAP_FAILED ? -errno : 0;
}

static uint32_t *uring_word(struct uring *uring, uint32_t offset)
{
	return (uint32_t *)(uring->ring + offset);
}

/* Hand one request in. */
static int uring_submit(struct uring *uring, int op, int fd, const void *buf, unsigned int len)
{
	uint32_t *tail = uring_word(uring, uring->params.sq_off.tail);

	*uring->sqe = (struct io_uring_sqe){
		.opcode = op, .fd = fd, .addr = (uintptr_t)buf, .len = len, .off = -1,
	};
	*uring_word(uring, uring->params.sq_off.array) = 0;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	return syscall(SYS_io_uring_enter, uring->fd, 1, 0, 0, NULL, 0) == 1 ? 0 : -errno;
}

/* Its result. */
static int uring_await(struct uring *uring)
{
	uint32_t *head = uring_word(uring, uring->params.cq_off.head);
	struct io_uring_cqe *cqes = (void *)(uring->ring + uring->params.cq_off.cqes);
	uint32_t mask = *uring_word(uring, uring->params.cq_off.ring_mask);
	int result;

	if (syscall(SYS_io_uring_enter, uring->fd, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		return -errno;
	result = cqes[*head & mask].res;
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return result;
}

TEST_F(hostile, io_uring_reads_and_writes_whole_messages)
{
	struct uring uring;
	char buf[16] = "";
	int err = uring_init(&uring);

	if (err)
		SKIP(return, "no io_uring: %s", strerror(-err));
	ASSERT_EQ(0, uring_submit(&uring, IORING_OP_READ, self->server.fd, buf, sizeof(buf)));
	ASSERT_EQ(5, write(self->client.fd, "hello", 5));
	EXPECT_EQ(5, uring_await(&uring));
	EXPECT_STREQ("hello", buf);
	ASSERT_EQ(0, uring_submit(&uring, IORING_OP_WRITE, self->client.fd, "again", 5));
	EXPECT_EQ(5, uring_await(&uring));
	ASSERT_EQ(0, channel_recv(self->server.fd, &self->msg));
	EXPECT_TRUE(end_has(&self->server, &self->msg, "again", 5));
	EXPECT_EQ(getpid(), self->msg.pid);
	ASSERT_EQ(0, uring_submit(&uring, IORING_OP_WRITE, self->client.fd, NULL, 5));
	EXPECT_EQ(-EFAULT, uring_await(&uring));
	EXPECT_EQ(0, endpoint_info(self->server.fd).queued);
}

/* A request that waits in one of its threads ends with the process, and so does the endpoint. */
TEST_F(hostile, io_uring_that_waits_ends_with_its_process)
{
	pid_t child = spawn();

	if (!child) {
		struct uring uring;
		struct end client;
		char buf[16];

		if (uring_init(&uring))
			_exit(77);
		if (end_connect(&client, self->name, 0) ||
		    uring_submit(&uring, IORING_OP_READ, client.fd, buf, sizeof(buf)))
			_exit(1);
		_exit(0);
	}
	int status = reap(child), i;

	if (status == 77)
		SKIP(return, "no io_uring");
	EXPECT_EQ(0, status);
	for (i = 0; i < 2000 && endpoint_info(self->server.fd).peers > 1; i++)
		nap_ms(5);
	EXPECT_EQ(1, endpoint_info(self->server.fd).peers);
}

/* Leaks */

/* What lies behind a message in its line was never sent, and nobody's. */
TEST_F(hostile, received_tail_is_nobody_s_data)
{
	static const char zero[64], bytes[] =
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	size_t len;

	for (len = 1; len < 64; len += 7) {
		ASSERT_EQ(0, channel_send(self->client.fd, 0, bytes, len));
		ASSERT_EQ(0, channel_recv(self->server.fd, &self->msg));
		EXPECT_EQ(0, memcmp(self->server.pool + self->msg.offset + len, zero, 64 - len));
	}
}

/* Objects of the module lie among their own. */
TEST(objects_have_slab_caches_of_their_own)
{
	static const char * const caches[] = {
		"kipc_endpoint", "kipc_message", "kipc_entry_128", "kipc_entry_512",
		"kipc_entry_2k", "kipc_entry_8k",
	};
	char path[64], target[64];
	int i;

	for (i = 0; i < 6; i++) {
		snprintf(path, sizeof(path), "/sys/kernel/slab/%s", caches[i]);
		EXPECT_EQ(0, access(path, F_OK));
		/* One that shares its objects' place with others is a link. */
		EXPECT_EQ(-1, readlink(path, target, sizeof(target)));
	}
}

/* One user's flood */

/* Send one way, through several connections, what there is room for; again and again. */
static void flood(const char *name)
{
	static const char bytes[2048];
	struct end clients[8];
	int i;

	if (become(OTHER))
		_exit(1);
	for (i = 0; i < 8; i++)
		if (end_connect(&clients[i], name, 0))
			_exit(2);
	for (;;)
		for (i = 0; i < 8; i++)
			channel_send_now(clients[i].fd, 0, bytes, sizeof(bytes) >> i);
}

TEST_F(hostile, flood_by_one_user_lets_another_work)
{
	char name[KIPC_NAME_SIZE];
	struct end server, client;
	struct kipc_header msg;
	pid_t child = spawn();
	int i;

	if (!child)
		flood(self->name);
	/* The server that is flooded serves on, and its user's other channel is not touched. */
	for (i = 0; i < 500; i++) {
		ASSERT_EQ(0, channel_recv(self->server.fd, &self->msg));
		ASSERT_EQ(OTHER, self->msg.uid);
		ASSERT_EQ(0, channel_release(self->server.fd, self->msg.id));
	}
	ASSERT_EQ(0, end_serve(&server, fresh_name(name), 0));
	ASSERT_EQ(0, end_connect(&client, name, 0));
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, channel_send(client.fd, 0, "x", 1));
		ASSERT_EQ(0, channel_recv(server.fd, &msg));
		ASSERT_EQ(0, channel_release(server.fd, msg.id));
	}
	/* And a call to it gets through. */
	struct kipc_channel_call call = call_of("call", 4);
	struct asker caller;

	ASSERT_EQ(0, ask(&caller, self->client.fd, KIPC_IOC_CHANNEL_CALL, &call));
	do {
		ASSERT_EQ(0, channel_recv(self->server.fd, &self->msg));
		i = self->msg.kind == KIPC_KIND_CALL ?
		    channel_reply(self->server.fd, self->msg.id, "done", 4) :
		    channel_release(self->server.fd, self->msg.id);
		ASSERT_EQ(0, i);
	} while (self->msg.kind != KIPC_KIND_CALL);
	EXPECT_EQ(0, ask_end(&caller));
	EXPECT_EQ(128 + SIGKILL, kill_and_reap(child));
	end_close(&client);
	end_close(&server);
}

TEST_HARNESS_MAIN
