// SPDX-License-Identifier: GPL-2.0
/*
 * cma: that memory is read once and only while it is lent, by whoever may, and never for a
 * message that its sender has given up; and peers that lie about theirs.
 */
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "lib_test.h"

#undef ARRAY_SIZE
#include "transport/cma.h"

#define LARGE 1000000

FIXTURE(cma)
{
	char path[64];
	char address[128];
	struct kipc *server;
	struct kipc *client;
	pid_t child;
	char *data;
	int descriptors;
};

FIXTURE_SETUP(cma)
{
	self->descriptors = open_descriptors();
	snprintf(self->path, sizeof(self->path), "/tmp/kipc-cma-%d", getpid());
	snprintf(self->address, sizeof(self->address), "cma:%s", self->path);
	ASSERT_EQ(0, kipc_listen(&self->server, self->address, NULL));
	ASSERT_EQ(0, kipc_connect(&self->client, self->address, NULL));
	self->data = malloc(LARGE);
	ASSERT_NE(NULL, self->data);
	fill(self->data, LARGE, 1);
}

FIXTURE_TEARDOWN(cma)
{
	if (self->child > 0) {
		kill(self->child, SIGKILL);
		waitpid(self->child, NULL, 0);
	}
	kipc_close(self->client);
	kipc_close(self->server);
	unlink(self->path);
	free(self->data);
	EXPECT_EQ(self->descriptors, open_descriptors());
}

static void __attribute__((noreturn)) echo(struct kipc *server)
{
	struct kipc_msg msg;
	ssize_t n = kipc_recv(server, &msg, LONG);

	while (n >= 0)
		if (msg.kind == KIPC_MSG_CALL) {
			n = kipc_reply_recv(server, &msg, msg.data, msg.len, LONG);
		} else {
			kipc_release(&msg);
			n = kipc_recv(server, &msg, LONG);
		}
	_exit(0);
}

/* It does not outlive its parent. */
static pid_t start_echo(struct kipc *server)
{
	pid_t child = fork();

	if (child)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	echo(server);
}

/* ---- what is lent ---- */

static void *send_large(void *arg)
{
	struct _test_data_cma *self = arg;

	return (void *)(intptr_t)kipc_send(self->client, self->data, LARGE, LONG);
}

TEST_F(cma, large_send_returns_when_it_has_been_taken)
{
	struct kipc_msg msg;
	pthread_t thread;
	void *result;

	ASSERT_EQ(0, pthread_create(&thread, NULL, send_large, self));
	nap(SOON);
	EXPECT_EQ(EBUSY, pthread_tryjoin_np(thread, &result));
	ASSERT_EQ(LARGE, kipc_recv(self->server, &msg, LONG));
	pthread_join(thread, &result);
	EXPECT_EQ(NULL, result);
	EXPECT_TRUE(filled(msg.data, LARGE, 1));
	EXPECT_EQ(getpid(), msg.pid);
	EXPECT_EQ(geteuid(), msg.uid);
	kipc_release(&msg);
}

TEST_F(cma, send_given_up_is_never_received)
{
	struct kipc_msg msg;

	EXPECT_EQ(-ETIMEDOUT, kipc_send(self->client, self->data, LARGE, SOON));
	memset(self->data, 0, LARGE);
	alarm_start();
	EXPECT_EQ(-EINTR, kipc_send(self->client, self->data, LARGE, KIPC_FOREVER));
	alarm_stop();
	ASSERT_EQ(0, kipc_send(self->client, "next", 4, LONG));
	ASSERT_EQ(4, kipc_recv(self->server, &msg, LONG));
	EXPECT_EQ(0, memcmp(msg.data, "next", 4));
	kipc_release(&msg);
	EXPECT_EQ(-EAGAIN, kipc_recv(self->server, &msg, KIPC_NOW));
}

TEST_F(cma, without_time_it_goes_through_the_socket_or_not_at_all)
{
	struct kipc_msg msg;

	EXPECT_EQ(-EAGAIN, kipc_send(self->client, self->data, LARGE, KIPC_NOW));
	ASSERT_EQ(0, kipc_send(self->client, self->data, 100000, KIPC_NOW));
	memset(self->data, 0, LARGE);
	ASSERT_EQ(100000, kipc_recv(self->server, &msg, LONG));
	EXPECT_TRUE(filled(msg.data, 100000, 1));
	kipc_release(&msg);
}

/*
 * Times that run out at any moment of the exchange: what the sender believes to have sent
 * is what is received, and nobody sees memory that is used again.
 */
static int send_in_a_hurry(struct kipc *client, char *data)
{
	int i, sent = 0;

	for (i = 0; i < 400; i++) {
		memcpy(data, &i, sizeof(i));
		memset(data + sizeof(i), i, 100000 - sizeof(i));
		sent += !kipc_send(client, data, 100000, 1 + i * 7919 % 400000);
		memset(data, 0xff, 100000);
	}
	return kipc_send(client, &sent, sizeof(sent), LONG);
}

static bool one_byte_all_over(const unsigned char *data, size_t len)
{
	return !memcmp(data, data + 1, len - 1);
}

TEST_F(cma, sender_and_receiver_agree_however_time_runs_out)
{
	int received = 0, last = -1, i;
	struct kipc_msg msg;
	ssize_t n;

	self->child = fork();
	ASSERT_LE(0, self->child);
	if (!self->child)
		_exit(send_in_a_hurry(self->client, self->data));
	while ((n = kipc_recv(self->server, &msg, LONG)) == 100000) {
		memcpy(&i, msg.data, sizeof(i));
		ASSERT_LT(last, i);
		last = i;
		ASSERT_EQ(i & 0xff, ((const unsigned char *)msg.data)[4]);
		ASSERT_TRUE(one_byte_all_over((const unsigned char *)msg.data + 4, 99996));
		received++;
		kipc_release(&msg);
	}
	ASSERT_EQ(sizeof(i), n);
	EXPECT_EQ(received, *(const int *)msg.data);
	kipc_release(&msg);
	EXPECT_EQ(0, exit_status(self->child));
	self->child = 0;
}

TEST_F(cma, receiver_that_is_stopped_does_not_hold_the_sender)
{
	struct kipc_msg reply;
	int64_t begin;

	self->child = start_echo(self->server);
	ASSERT_EQ(1, kipc_call(self->client, "x", 1, &reply, LONG));
	kipc_release(&reply);
	kill(self->child, SIGSTOP);
	begin = now_ns();
	EXPECT_EQ(-ETIMEDOUT, kipc_send(self->client, self->data, LARGE, SOON));
	EXPECT_EQ(-ETIMEDOUT, kipc_call(self->client, self->data, LARGE, &reply, SOON));
	EXPECT_EQ(KIPC_CALL_UNSEEN, reply.outcome);
	EXPECT_GT(2 * SOON + KIPC_S(5), now_ns() - begin);
	kill(self->child, SIGCONT);
	EXPECT_EQ(LARGE, kipc_call(self->client, self->data, LARGE, &reply, LONG));
	kipc_release(&reply);
}

TEST_F(cma, child_of_fork_lends_its_own_memory)
{
	struct kipc_msg msg;

	self->child = fork();
	ASSERT_LE(0, self->child);
	if (!self->child) {
		fill(self->data, LARGE, 2);
		_exit(kipc_send(self->client, self->data, LARGE, LONG));
	}
	ASSERT_EQ(LARGE, kipc_recv(self->server, &msg, LONG));
	EXPECT_EQ(self->child, msg.pid);
	EXPECT_TRUE(filled(msg.data, LARGE, 2));
	kipc_release(&msg);
	EXPECT_EQ(0, exit_status(self->child));
	self->child = 0;
}

/* ---- calls ---- */

TEST_F(cma, large_calls_and_replies)
{
	struct kipc_msg reply;
	int i;

	self->child = start_echo(self->server);
	for (i = 0; i < 20; i++) {
		fill(self->data, LARGE, i);
		ASSERT_EQ(LARGE, kipc_call(self->client, self->data, LARGE, &reply,
					   i & 1 ? LONG : KIPC_FOREVER));
		ASSERT_TRUE(filled(reply.data, LARGE, i));
		kipc_release(&reply);
	}
}

static void *take_one(void *arg)
{
	struct kipc_msg msg;
	ssize_t n = kipc_recv(arg, &msg, LONG);

	/* Not released: that would be an answer. */
	return (void *)(intptr_t)n;
}

TEST_F(cma, call_given_up_before_it_was_seen_and_after)
{
	struct kipc_msg msg, reply;
	pthread_t thread;
	void *got;

	EXPECT_EQ(-ETIMEDOUT, kipc_call(self->client, self->data, LARGE, &reply, SOON));
	EXPECT_EQ(KIPC_CALL_UNSEEN, reply.outcome);
	EXPECT_EQ(-EAGAIN, kipc_recv(self->server, &msg, KIPC_NOW));
	ASSERT_EQ(0, pthread_create(&thread, NULL, take_one, self->server));
	EXPECT_EQ(-ETIMEDOUT, kipc_call(self->client, self->data, LARGE, &reply, KIPC_S(1)));
	EXPECT_EQ(KIPC_CALL_SEEN, reply.outcome);
	pthread_join(thread, &got);
	EXPECT_EQ(LARGE, (intptr_t)got);
}

TEST_F(cma, server_that_dies_before_the_call_and_with_it)
{
	struct kipc_msg msg, reply;

	self->child = fork();
	ASSERT_LE(0, self->child);
	if (!self->child) {
		if (kipc_recv(self->server, &msg, LONG) == LARGE)
			raise(SIGKILL);
		_exit(1);
	}
	kipc_close(self->server);
	self->server = NULL;
	EXPECT_EQ(-ECONNRESET, kipc_call(self->client, self->data, LARGE, &reply, KIPC_FOREVER));
	EXPECT_EQ(KIPC_CALL_SEEN, reply.outcome);
	EXPECT_EQ(-EPIPE, kipc_call(self->client, self->data, LARGE, &reply, LONG));
	EXPECT_EQ(KIPC_CALL_UNSEEN, reply.outcome);
	EXPECT_EQ(-EPIPE, kipc_send(self->client, self->data, LARGE, KIPC_FOREVER));
}

TEST_F(cma, sender_that_dies_leaves_nothing)
{
	struct kipc_msg msg;

	self->child = fork();
	ASSERT_LE(0, self->child);
	if (!self->child)
		_exit(kipc_send(self->client, self->data, LARGE, LONG));
	nap(SOON);
	kill(self->child, SIGKILL);
	exit_status(self->child);
	self->child = 0;
	ASSERT_EQ(0, kipc_send(self->client, "next", 4, LONG));
	EXPECT_EQ(4, kipc_recv(self->server, &msg, LONG));
	kipc_release(&msg);
}

TEST_F(cma, what_a_listener_sends_is_kept_until_it_has_been_fetched)
{
	struct kipc_send_options options = KIPC_SEND_OPTIONS_INIT;
	struct kipc_msg msg;
	int round, i;

	ASSERT_EQ(0, kipc_send(self->client, "x", 1, LONG));
	ASSERT_EQ(1, kipc_recv(self->server, &msg, LONG));
	options.to = msg.peer;
	kipc_release(&msg);
	for (round = 0; round < 2; round++) {
		for (i = 0; i < KIPC_CMA_KEPT; i++) {
			fill(self->data, LARGE, i);
			ASSERT_EQ(0, kipc_send_opts(self->server, self->data, LARGE, &options,
						    KIPC_NOW));
		}
		EXPECT_EQ(-ENOBUFS, kipc_send_opts(self->server, self->data, LARGE, &options,
						   LONG));
		for (i = 0; i < KIPC_CMA_KEPT; i++) {
			ASSERT_EQ(LARGE, kipc_recv(self->client, &msg, LONG));
			EXPECT_TRUE(filled(msg.data, LARGE, i));
			kipc_release(&msg);
		}
	}
}

TEST_F(cma, both_ends_of_a_pair_send_large_ones_at_once)
{
	struct kipc *ends[2];
	struct kipc_msg msg;
	int i;

	ASSERT_EQ(0, kipc_pair(ends, "cma:", NULL));
	self->child = fork();
	ASSERT_LE(0, self->child);
	if (!self->child) {
		for (i = 0; i < 2; i++) {
			if (kipc_recv(ends[!i], &msg, LONG) != LARGE ||
			    !filled(msg.data, LARGE, 1))
				_exit(1);
			kipc_release(&msg);
		}
		_exit(0);
	}
	/* The serving end first, before it has received anything. */
	EXPECT_EQ(0, kipc_send(ends[0], self->data, LARGE, LONG));
	EXPECT_EQ(0, kipc_send(ends[1], self->data, LARGE, LONG));
	EXPECT_EQ(0, exit_status(self->child));
	self->child = 0;
	kipc_close(ends[0]);
	kipc_close(ends[1]);
}

TEST_F(cma, larger_than_the_receiver_wants_emsgsize_and_the_line_goes_on)
{
	struct kipc_msg reply;
	char address[160];

	kipc_close(self->client);
	kipc_close(self->server);
	snprintf(address, sizeof(address), "%s?size=64K", self->address);
	ASSERT_EQ(0, kipc_listen(&self->server, address, NULL));
	ASSERT_EQ(0, kipc_connect(&self->client, self->address, NULL));
	self->child = start_echo(self->server);
	EXPECT_EQ(-EMSGSIZE, kipc_send(self->client, self->data, LARGE, LONG));
	EXPECT_EQ(-EMSGSIZE, kipc_call(self->client, self->data, LARGE, &reply, LONG));
	EXPECT_EQ(KIPC_CALL_UNSEEN, reply.outcome);
	EXPECT_EQ(65536, kipc_call(self->client, self->data, 65536, &reply, LONG));
	kipc_release(&reply);
}

/* ---- the permission rule ---- */

/* Connect as a user, sending may begin when @go is closed; the error of a large call. */
static int call_as(const char *address, uid_t uid, int dumpable, char *data)
{
	struct kipc_msg reply;
	struct kipc *mine;
	ssize_t n;

	if (uid && (setgid(uid) || setuid(uid)))
		return 99;
	prctl(PR_SET_DUMPABLE, dumpable);
	if (kipc_connect(&mine, address, NULL) || kipc_call(mine, "x", 1, &reply, LONG) != 1)
		return 98;
	kipc_release(&reply);
	n = kipc_call(mine, data, LARGE, &reply, LONG);
	if (n >= 0) {
		n = n == LARGE && filled(reply.data, LARGE, 1) ? 0 : -97;
		kipc_release(&reply);
	}
	kipc_close(mine);
	return -n;
}

static int call_from_child(const char *address, uid_t uid, int dumpable, char *data)
{
	pid_t child = fork();

	if (!child)
		_exit(call_as(address, uid, dumpable, data));
	return exit_status(child);
}

/* An echoing server of an ordinary user's, once it listens. */
static pid_t start_server_of(uid_t uid, const char *address)
{
	struct kipc *server;
	int ready[2];
	pid_t child;
	char byte;

	if (pipe2(ready, O_CLOEXEC))
		return -1;
	child = fork();
	if (!child) {
		umask(0);
		if (setgid(uid) || setuid(uid) || kipc_listen(&server, address, NULL))
			_exit(1);
		/* Its replies are large, too: whoever calls may read it. */
		prctl(PR_SET_DUMPABLE, 1);
		prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
		if (write(ready[1], "r", 1) != 1)
			_exit(2);
		echo(server);
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		child = -1;
	close(ready[0]);
	return child;
}

static int yama_scope(void)
{
	FILE *file = fopen("/proc/sys/kernel/yama/ptrace_scope", "re");
	int scope = 0;

	if (!file)
		return -1;
	if (fscanf(file, "%d", &scope) != 1)
		scope = -1;
	fclose(file);
	return scope;
}

static int set_yama(int scope)
{
	FILE *file = fopen("/proc/sys/kernel/yama/ptrace_scope", "we");

	if (!file)
		return -errno;
	fprintf(file, "%d\n", scope);
	return fclose(file) ? -errno : 0;
}

TEST_F(cma, ordinary_user_is_read_by_its_own_processes)
{
	char address[160];

	if (geteuid() || yama_scope() > 0)
		SKIP(return, "needs root, and Yama off");
	snprintf(address, sizeof(address), "cma:@kipc-cma-%d?mode=666", getpid());
	self->child = start_server_of(65534, address);
	ASSERT_LE(0, self->child);
	EXPECT_EQ(0, call_from_child(address, 65534, 1, self->data));
	/* Its memory is nobody's business, for instance after setuid(). */
	EXPECT_EQ(EPERM, call_from_child(address, 65534, 0, self->data));
	EXPECT_EQ(EPERM, call_from_child(address, 65533, 1, self->data));
}

TEST_F(cma, other_users_memory_is_left_alone_even_by_root)
{
	char address[160], why[512];

	if (geteuid())
		SKIP(return, "needs root");
	snprintf(address, sizeof(address), "cma:@kipc-cma-%d?mode=666", getpid());
	kipc_close(self->client);
	kipc_close(self->server);
	self->client = NULL;
	ASSERT_EQ(0, kipc_listen(&self->server, address, NULL));
	self->child = start_echo(self->server);
	EXPECT_EQ(EPERM, call_from_child(address, 65534, 1, self->data));
	EXPECT_NE(NULL, strstr(kipc_explain(address, -EPERM, why, sizeof(why)), "same user"));
	EXPECT_EQ(0, call_from_child(address, 0, 1, self->data));
}

static int call_as_named_tracee(const char *address, char *data)
{
	pid_t child = fork();

	if (!child) {
		if (setgid(65534) || setuid(65534))
			_exit(99);
		prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
		_exit(call_as(address, 0, 1, data));
	}
	return exit_status(child);
}

TEST_F(cma, yama_wants_the_reader_to_be_named)
{
	char address[160];
	int scope = yama_scope();

	if (geteuid() || scope < 0 || set_yama(1))
		SKIP(return, "needs root, and Yama");
	snprintf(address, sizeof(address), "cma:@kipc-cma-%d?mode=666", getpid());
	self->child = start_server_of(65534, address);
	EXPECT_LE(0, self->child);
	EXPECT_EQ(EPERM, call_from_child(address, 65534, 1, self->data));
	EXPECT_EQ(0, call_as_named_tracee(address, self->data));
	EXPECT_EQ(0, set_yama(scope));
}

TEST_F(cma, process_of_another_pid_namespace_eperm)
{
	int status;

	if (geteuid())
		SKIP(return, "needs root");
	self->child = fork();
	ASSERT_LE(0, self->child);
	if (!self->child) {
		/* In there is nobody with the caller's number. */
		if (unshare(CLONE_NEWPID))
			_exit(77);
		if (start_echo(self->server))
			wait(NULL);
		_exit(0);
	}
	status = call_from_child(self->address, 0, 1, self->data);
	EXPECT_TRUE(status == EPERM || (status == 98 && exit_status(self->child) == 77));
}

/* ---- peers that lie ---- */

struct liar {
	int fd;
	struct kipc_cma_board *board;
};

static int liar_send(int fd, const void *data, size_t len, const int *fds, int count)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(4 * sizeof(int))];
	} control = { 0 };
	struct iovec iov = { (void *)data, len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (count) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(count * sizeof(int));
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(&control.head), fds, count * sizeof(int));
	}
	return sendmsg(fd, &msg, MSG_NOSIGNAL) == (ssize_t)len ? 0 : -errno;
}

static int liar_connect(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	return connect(fd, (struct sockaddr *)&sun, sizeof(sun)) ? -errno : fd;
}

#define LIAR_MAGIC 0x316d6371U

/* Say hello with some descriptors; does the server hang up? */
static bool hello_hangs_up(const char *path, const int *fds, int count, unsigned int kind)
{
	struct kipc_cma_packet packet = { .magic = LIAR_MAGIC, .kind = kind };
	int fd = liar_connect(path);
	char byte;
	bool up;

	if (fd < 0 || liar_send(fd, &packet, sizeof(packet), fds, count))
		return false;
	up = recv(fd, &byte, 1, 0) <= 0;
	close(fd);
	return up;
}

static int memfd_of(size_t size, int seals)
{
	int fd = memfd_create("liar", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (ftruncate(fd, size) || (seals && fcntl(fd, F_ADD_SEALS, seals)))
		return -1;
	return fd;
}

static bool liar_open(struct liar *liar, const char *path)
{
	struct kipc_cma_packet packet = { .magic = LIAR_MAGIC, .kind = KIPC_CMA_HELLO };
	int memfd = memfd_of(4096, F_SEAL_SHRINK);

	liar->board = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, memfd, 0);
	liar->fd = liar_connect(path);
	if (liar_send(liar->fd, &packet, sizeof(packet), &memfd, 1))
		return false;
	close(memfd);
	return true;
}

static void liar_close(struct liar *liar)
{
	munmap(liar->board, 4096);
	close(liar->fd);
}

/* Offer, as an honest call would: 0 when the server hangs up, else the word after DONE. */
static uint64_t liar_offer(struct liar *liar, struct kipc_cma_packet *packet)
{
	char answer[200];

	packet->magic = LIAR_MAGIC;
	packet->kind = KIPC_CMA_SEND;
	packet->call = 1;
	if (packet->word && packet->word < KIPC_CMA_WORDS)
		liar->board->words[packet->word] =
			kipc_cma_word(packet->number, KIPC_CMA_OFFERED, 0);
	if (liar_send(liar->fd, packet, sizeof(*packet), NULL, 0) ||
	    recv(liar->fd, answer, sizeof(answer), 0) <= 0 || packet->word >= KIPC_CMA_WORDS)
		return 0;
	return liar->board->words[packet->word];
}

/* A lie is told to the liar, who may only have erred, and is the end of the line. */
static bool lie_ends_the_line(struct liar *liar, struct kipc_cma_packet *packet)
{
	uint64_t refused = kipc_cma_word(packet->number, KIPC_CMA_REFUSED, EFAULT);
	uint64_t word = liar_offer(liar, packet);
	char byte;

	return word == (packet->word < KIPC_CMA_WORDS ? refused : 0) &&
	       recv(liar->fd, &byte, 1, 0) <= 0;
}

TEST_F(cma, lying_hello_costs_its_sender_the_line)
{
	int fds[2], plain = memfd_of(4096, 0), small = memfd_of(100, F_SEAL_SHRINK);
	struct kipc_msg reply;

	self->child = start_echo(self->server);
	fds[0] = memfd_of(4096, F_SEAL_SHRINK);
	fds[1] = dup(fds[0]);
	EXPECT_TRUE(hello_hangs_up(self->path, NULL, 0, KIPC_CMA_HELLO));
	EXPECT_TRUE(hello_hangs_up(self->path, NULL, 0, KIPC_CMA_SEND));
	EXPECT_TRUE(hello_hangs_up(self->path, fds, 1, KIPC_CMA_CALL));
	EXPECT_TRUE(hello_hangs_up(self->path, &plain, 1, KIPC_CMA_HELLO));
	EXPECT_TRUE(hello_hangs_up(self->path, &small, 1, KIPC_CMA_HELLO));
	EXPECT_EQ(LARGE, kipc_call(self->client, self->data, LARGE, &reply, LONG));
	kipc_release(&reply);
	close(plain);
	close(small);
	close(fds[0]);
	close(fds[1]);
}

TEST_F(cma, lying_offers_cost_their_sender_the_line_and_nobody_else)
{
	struct kipc_cma_packet honest = { .word = 1, .number = 7, .len = 100, .stamp = 5 };
	struct kipc_cma_packet lie;
	uint64_t stamp = 5;
	struct kipc_msg reply;
	struct liar liar;

	self->child = start_echo(self->server);
	honest.at = (uintptr_t)self->data;
	honest.stamp_at = (uintptr_t)&stamp;
	ASSERT_TRUE(liar_open(&liar, self->path));
	EXPECT_EQ(kipc_cma_word(7, KIPC_CMA_TAKEN, 0), liar_offer(&liar, &honest));
	/* More than anybody would take: refused, and nothing is allocated for it. */
	lie = honest;
	lie.len = 1ULL << 62;
	EXPECT_EQ(kipc_cma_word(7, KIPC_CMA_REFUSED, EMSGSIZE), liar_offer(&liar, &lie));
	/* No such memory. */
	lie = honest;
	lie.at = 4096;
	EXPECT_TRUE(lie_ends_the_line(&liar, &lie));
	liar_close(&liar);
	/* It ends before the length does. */
	ASSERT_TRUE(liar_open(&liar, self->path));
	lie = honest;
	lie.at = (uintptr_t)mmap(NULL, 8192, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	munmap((void *)(uintptr_t)(lie.at + 4096), 4096);
	lie.len = 8192;
	EXPECT_TRUE(lie_ends_the_line(&liar, &lie));
	liar_close(&liar);
	/* Not the process that made the offer, by its stamp. */
	ASSERT_TRUE(liar_open(&liar, self->path));
	lie = honest;
	lie.stamp = 6;
	EXPECT_TRUE(lie_ends_the_line(&liar, &lie));
	liar_close(&liar);
	/* Words that there are not. */
	ASSERT_TRUE(liar_open(&liar, self->path));
	lie = honest;
	lie.word = KIPC_CMA_WORDS;
	EXPECT_TRUE(lie_ends_the_line(&liar, &lie));
	liar_close(&liar);
	EXPECT_EQ(LARGE, kipc_call(self->client, self->data, LARGE, &reply, LONG));
	kipc_release(&reply);
}

TEST_HARNESS_MAIN
