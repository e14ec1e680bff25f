// SPDX-License-Identifier: GPL-2.0
/*
 * Failures, queues: a message whose sending fails is not in the queue and its sender does not
 * pay for it, one whose receiving fails is where it was.
 */
#include <sys/eventfd.h>

#include "fault_test.h"

#define LARGE	50000	/* more than any cache of entries has */

static int make_queue(void)
{
	char name[KIPC_NAME_SIZE];

	return queue_make(name, 0, 0, 0);
}

/* Does exactly this message come, and no other after it? */
static bool comes(int fd, const void *data, size_t len, unsigned int fds)
{
	static uint8_t buf[LARGE];
	struct kipc_header msg, none;

	return !queue_recv_now(fd, buf, sizeof(buf), &msg) && msg.len == len &&
	       msg.fd_count == fds && !memcmp(buf, data, len) &&
	       queue_recv_now(fd, buf, sizeof(buf), &none) == -EAGAIN;
}

static void forget(int fd)
{
	char name[KIPC_NAME_SIZE];

	memcpy(name, stat_of(fd).name, sizeof(name));
	queue_unlink(name);
	close(fd);
}

static void sweep_send(struct __test_metadata *_metadata, struct nl *nl, const char *what,
		       struct kipc_payload payload, const void *data, size_t len)
{
	struct kipc_queue_send arg = queue_send_args(NULL, 0);
	struct sweep sweep;

	arg.payload = payload;
	sweep_begin(&sweep, what);
	while (sweep_next(&sweep)) {
		int fd = make_queue(), err;
		struct accounts before;

		ASSERT_LE(0, fd);
		before = accounts(nl);
		err = FAULT(&sweep, request(fd, KIPC_IOC_QUEUE_SEND, &arg));
		if (err) {
			EXPECT_TRUE(faults_says(err)) AT(&sweep);
			EXPECT_TRUE(accounts_are(nl, &before)) AT(&sweep);
			EXPECT_EQ(0, stat_of(fd).msgs) AT(&sweep);
			EXPECT_EQ(0, stat_of(fd).sent) AT(&sweep);
			EXPECT_EQ(0, request(fd, KIPC_IOC_QUEUE_SEND, &arg)) AT(&sweep);
		}
		EXPECT_EQ(1, stat_of(fd).sent) AT(&sweep);
		EXPECT_TRUE(comes(fd, data, len, payload.fd_count)) AT(&sweep);
		EXPECT_TRUE(accounts_are(nl, &before)) AT(&sweep);
		forget(fd);
	}
	SWEPT(&sweep);
}

TEST_F(fault, send)
{
	const void *data = pattern(LARGE, 1);

	sweep_send(_metadata, &self->nl, "queue send, a line", payload_of(data, 40), data, 40);
	sweep_send(_metadata, &self->nl, "queue send, 500", payload_of(data, 500), data, 500);
	sweep_send(_metadata, &self->nl, "queue send, 2000", payload_of(data, 2000), data, 2000);
	sweep_send(_metadata, &self->nl, "queue send, 8000", payload_of(data, 8000), data, 8000);
	sweep_send(_metadata, &self->nl, "queue send, large", payload_of(data, LARGE), data,
		   LARGE);
}

TEST_F(fault, send_gathered_with_descriptors)
{
	uint8_t *data = pattern(3000, 2);
	struct kipc_vec vec[2] = { { (uintptr_t)data, 7 }, { (uintptr_t)data + 7, 2993 } };
	struct kipc_payload payload = payload_of(vec, 2);
	int fds[2];

	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
	payload.flags = KIPC_PAYLOAD_VEC;
	payload.fds = (uintptr_t)fds;
	payload.fd_count = 2;
	sweep_send(_metadata, &self->nl, "queue send, pieces and descriptors", payload, data,
		   3000);
	close(fds[1]);
	EXPECT_TRUE(pipe_ends(fds[0]));
	close(fds[0]);
}

TEST_F(fault, receive)
{
	const void *data = pattern(LARGE, 3);
	uint8_t *buf = memory(LARGE);
	size_t lens[] = { 40, LARGE };
	struct sweep sweep;
	int i;

	for (i = 0; i < 2; i++) {
		sweep_begin(&sweep, i ? "queue receive, large" : "queue receive, a line");
		while (sweep_next(&sweep)) {
			struct kipc_queue_recv arg = queue_recv_args(buf, LARGE);
			int fd = make_queue(), err;

			EXPECT_EQ(0, queue_send(fd, data, lens[i]));
			err = FAULT(&sweep, request(fd, KIPC_IOC_QUEUE_RECV, &arg));
			if (err) {
				EXPECT_EQ(-EFAULT, err) AT(&sweep);
				EXPECT_EQ(1, stat_of(fd).msgs) AT(&sweep);
				EXPECT_EQ(0, stat_of(fd).received) AT(&sweep);
				EXPECT_EQ(0, request(fd, KIPC_IOC_QUEUE_RECV, &arg)) AT(&sweep);
			}
			EXPECT_EQ(lens[i], arg.msg.len) AT(&sweep);
			EXPECT_EQ(0, memcmp(buf, data, lens[i])) AT(&sweep);
			EXPECT_EQ(0, stat_of(fd).msgs) AT(&sweep);
			EXPECT_EQ(1, stat_of(fd).received) AT(&sweep);
			forget(fd);
		}
		SWEPT(&sweep);
	}
}

/* Those that cannot be told of are not installed, and the message keeps them. */
static void sweep_recv_fds(struct __test_metadata *_metadata, struct nl *nl, unsigned int flags)
{
	int fds[2], got[2] = { -1, -1 };
	struct accounts start;
	struct sweep sweep;

	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
	sweep_begin(&sweep, flags ? "queue peek, descriptors" : "queue receive, descriptors");
	start = accounts(nl);
	while (sweep_next(&sweep)) {
		struct kipc_queue_send send = queue_send_args("fds", 3);
		struct kipc_queue_recv arg = queue_recv_args(memory(8), 8);
		struct accounts before;
		int fd = make_queue(), err;

		send.payload = payload_fds("fds", 3, fds, 2);
		EXPECT_EQ(0, request(fd, KIPC_IOC_QUEUE_SEND, &send));
		arg.flags = flags;
		arg.fds = (uintptr_t)got;
		arg.fd_count = 2;
		before = accounts(nl);
		err = FAULT(&sweep, request(fd, KIPC_IOC_QUEUE_RECV, &arg));
		if (err) {
			EXPECT_TRUE(faults_says(err) || err == -EMFILE) AT(&sweep);
			EXPECT_EQ(1, stat_of(fd).msgs) AT(&sweep);
			EXPECT_TRUE(accounts_are(nl, &before)) AT(&sweep);
			EXPECT_EQ(0, request(fd, KIPC_IOC_QUEUE_RECV, &arg)) AT(&sweep);
		}
		EXPECT_EQ(2, arg.fd_done) AT(&sweep);
		EXPECT_TRUE(is_open(got[0]) && is_open(got[1])) AT(&sweep);
		EXPECT_EQ(!!flags, stat_of(fd).msgs) AT(&sweep);
		close_all(got, 2);
		munmap((void *)(uintptr_t)arg.data, 8);
		forget(fd);
		EXPECT_TRUE(accounts_are(nl, &start)) AT(&sweep);
	}
	SWEPT(&sweep);
	close_all(fds, 2);
}

TEST_F(fault, receive_descriptors)
{
	sweep_recv_fds(_metadata, &self->nl, 0);
	sweep_recv_fds(_metadata, &self->nl, KIPC_RECV_PEEK);
}

/* What a sender that waits for room waits with does not go where it fails. */
TEST_F(fault, receive_lets_a_sender_in)
{
	struct sweep sweep;

	sweep_begin(&sweep, "queue receive, room for another");
	while (sweep_next(&sweep)) {
		char name[KIPC_NAME_SIZE];
		int fd = queue_make(name, 1, 0, 0), number = -1, err;
		struct kipc_queue_recv arg = take_args(&number, KIPC_SELECT_URGENT, 0);
		struct putter putter;

		EXPECT_EQ(0, put(fd, 1, 0, 0));
		EXPECT_EQ(0, putter_start(&putter, fd, 2));
		err = FAULT(&sweep, request(fd, KIPC_IOC_QUEUE_RECV, &arg));
		if (err) {
			EXPECT_EQ(-EFAULT, err) AT(&sweep);
			EXPECT_TRUE(await_waiters(fd, 0, 1)) AT(&sweep);
			EXPECT_EQ(0, request(fd, KIPC_IOC_QUEUE_RECV, &arg)) AT(&sweep);
		}
		EXPECT_EQ(1, number) AT(&sweep);
		EXPECT_EQ(0, putter_end(&putter)) AT(&sweep);
		EXPECT_EQ(2, take_any(fd)) AT(&sweep);
		EXPECT_EQ(-EAGAIN, take_any(fd)) AT(&sweep);
		forget(fd);
	}
	SWEPT(&sweep);
}

/* ---- batches ---- */

/* What @done says is in the queue; where that could not be written, so many and no others. */
TEST_F(fault, send_batch)
{
	int numbers[3] = { 1, 2, 3 };
	struct kipc_queue_item items[3] = { };
	struct sweep sweep;
	int i;

	for (i = 0; i < 3; i++)
		items[i].payload = payload_of(&numbers[i], sizeof(int));
	sweep_begin(&sweep, "queue send batch");
	while (sweep_next(&sweep)) {
		struct kipc_queue_send_batch arg = {
			.size = sizeof(arg),
			.items = (uintptr_t)items,
			.count = 3,
			.done = 77,
		};
		int fd = make_queue(), err, came = 0;

		err = FAULT(&sweep, request(fd, KIPC_IOC_QUEUE_SEND_BATCH, &arg));
		EXPECT_TRUE(!err || faults_says(err)) AT(&sweep);
		while (take_any(fd) == came + 1)
			came++;
		EXPECT_EQ(0, stat_of(fd).msgs) AT(&sweep);
		if (!err || err == -ENOMEM)
			EXPECT_EQ(err ? 0 : arg.done, came) AT(&sweep);
		forget(fd);
	}
	SWEPT(&sweep);
}

/* Each message is either told of or in the queue. */
TEST_F(fault, receive_batch)
{
	struct kipc_header headers[40];
	struct { int number, pad; } numbers[40];
	struct sweep sweep;

	sweep_begin(&sweep, "queue receive batch");
	while (sweep_next(&sweep)) {
		struct kipc_queue_recv_batch arg = {
			.size = sizeof(arg),
			.data = (uintptr_t)numbers,
			.len = sizeof(numbers),
			.msgs = (uintptr_t)headers,
			.count = 40,
			.done = 77,
		};
		int fd = make_queue(), err, i;

		EXPECT_EQ(0, put_several(fd, 0, 36));
		err = FAULT(&sweep, request(fd, KIPC_IOC_QUEUE_RECV_BATCH, &arg));
		if (err) {
			EXPECT_EQ(-EFAULT, err) AT(&sweep);
			EXPECT_TRUE(!arg.done || arg.done == 77) AT(&sweep);
			arg.done = 0;
		}
		for (i = 0; i < arg.done; i++)
			EXPECT_EQ(i, numbers[i].number) AT(&sweep);
		EXPECT_EQ(arg.done, stat_of(fd).received) AT(&sweep);
		EXPECT_EQ(36 - arg.done, stat_of(fd).msgs) AT(&sweep);
		for (; i < 36; i++)
			EXPECT_EQ(i, take_any(fd)) AT(&sweep);
		forget(fd);
	}
	SWEPT(&sweep);
}

/* ---- the rest ---- */

TEST_F(fault, read_and_write)
{
	const void *data = pattern(150, 1);
	struct sweep sweep;
	char buf[200];
	int n;

	sweep_begin(&sweep, "queue write");
	while (sweep_next(&sweep)) {
		int fd = make_queue();

		n = FAULT(&sweep, do_write(fd, data, 150));
		EXPECT_EQ(n < 0 ? 0 : 1, stat_of(fd).msgs) AT(&sweep);
		EXPECT_TRUE(n == 150 || faults_says(n)) AT(&sweep);
		forget(fd);
	}
	SWEPT(&sweep);

	sweep_begin(&sweep, "queue read");
	while (sweep_next(&sweep)) {
		int fd = make_queue();

		EXPECT_EQ(0, queue_send(fd, data, 150));
		n = FAULT(&sweep, do_read(fd, buf, sizeof(buf)));
		if (n < 0) {
			EXPECT_EQ(-EFAULT, n) AT(&sweep);
			EXPECT_EQ(1, stat_of(fd).msgs) AT(&sweep);
			n = do_read(fd, buf, sizeof(buf));
		}
		EXPECT_EQ(150, n) AT(&sweep);
		EXPECT_TRUE(filled(buf, 150, 1)) AT(&sweep);
		EXPECT_EQ(0, stat_of(fd).msgs) AT(&sweep);
		forget(fd);
	}
	SWEPT(&sweep);
}

/* Who could not be entered is not told, and has no hold on the eventfd. */
TEST_F(fault, notify)
{
	int event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	struct sweep sweep;
	eventfd_t told;

	sweep_begin(&sweep, "queue notify");
	while (sweep_next(&sweep)) {
		struct kipc_queue_notify arg = {
			.size = sizeof(arg),
			.flags = KIPC_NOTIFY_SOLE | KIPC_NOTIFY_EACH,
			.how = KIPC_NOTIFY_EVENTFD,
			.fd = event,
		};
		int fd = make_queue(), err;

		err = FAULT(&sweep, request(fd, KIPC_IOC_QUEUE_NOTIFY, &arg));
		if (err) {
			EXPECT_TRUE(faults_says(err)) AT(&sweep);
			EXPECT_EQ(0, put(fd, 1, 0, 0));
			EXPECT_EQ(-1, eventfd_read(event, &told)) AT(&sweep);
			EXPECT_EQ(0, request(fd, KIPC_IOC_QUEUE_NOTIFY, &arg)) AT(&sweep);
		}
		EXPECT_EQ(0, put(fd, 1, 0, 0));
		EXPECT_EQ(0, eventfd_read(event, &told)) AT(&sweep);
		EXPECT_EQ(1, told) AT(&sweep);
		forget(fd);
	}
	SWEPT(&sweep);
	close(event);
}

/* A message arrives, whatever memory a signal of it needs. */
TEST_F(fault, notify_by_signal)
{
	struct kipc_queue_notify arg = {
		.size = sizeof(arg),
		.flags = KIPC_NOTIFY_EACH,
		.how = KIPC_NOTIFY_SIGNAL,
		.signo = SIGUSR1,
	};
	int fd = make_queue(), err;
	struct sweep sweep;

	signal(SIGUSR1, SIG_IGN);
	ASSERT_EQ(0, request(fd, KIPC_IOC_QUEUE_NOTIFY, &arg));
	sweep_begin(&sweep, "queue send, told by a signal");
	while (sweep_next(&sweep)) {
		err = FAULT(&sweep, put(fd, 5, 0, 0));
		EXPECT_TRUE(!err || faults_says(err)) AT(&sweep);
		EXPECT_EQ(err ? -EAGAIN : 5, take_any(fd)) AT(&sweep);
		forget(fd);
		fd = make_queue();
		ASSERT_EQ(0, request(fd, KIPC_IOC_QUEUE_NOTIFY, &arg));
	}
	SWEPT(&sweep);
	forget(fd);
}

TEST_F(fault, stat_and_set)
{
	int fd = make_queue(), err;
	struct kipc_queue_set arg = set_args(KIPC_SET_MAX_MSGS | KIPC_SET_MODE);
	struct kipc_queue_stat stat;
	struct sweep sweep;

	sweep_begin(&sweep, "queue stat");
	while (sweep_next(&sweep)) {
		err = FAULT(&sweep, queue_stat(fd, 0, 0, &stat));
		EXPECT_TRUE(!err || err == -EFAULT) AT(&sweep);
	}
	SWEPT(&sweep);

	sweep_begin(&sweep, "queue set");
	while (sweep_next(&sweep)) {
		stat = stat_of(fd);
		arg.max_msgs = stat.max_msgs + 1;
		arg.mode = stat.mode ^ 0100;
		err = FAULT(&sweep, request(fd, KIPC_IOC_QUEUE_SET, &arg));
		EXPECT_TRUE(!err || err == -EFAULT) AT(&sweep);
		EXPECT_EQ(stat.max_msgs + !err, stat_of(fd).max_msgs) AT(&sweep);
		EXPECT_EQ(err ? stat.mode : arg.mode, stat_of(fd).mode) AT(&sweep);
	}
	SWEPT(&sweep);
	forget(fd);
}

TEST_HARNESS_MAIN
