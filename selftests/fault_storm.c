// SPDX-License-Identifier: GPL-2.0
/*
 * Failures, all at once: a server, its clients, a queue's two ends and somebody who looks at all
 * of it, each of which is refused some of its memory and some of its copies, at random, for
 * thousands of operations.  Nothing stops, no call ends in two ways and no message comes twice,
 * or damaged; in the end everybody has what it had.
 *
 * Every thread is refused in its own system calls only, so that what it checks with is sound.
 */
#include "fault_test.h"

#define ROUNDS	1500
#define CLIENTS	3
#define SIZE	(CHUNK + 100)	/* of the largest message */

/**
 * struct storm - what is shared by all
 * @channel:	name of the channel
 * @queue:	name of the queue
 * @server:	its end
 * @make:	of the current process: its switch
 * @done:	operations, of all
 * @refused:	those that failed for it
 * @ending:	nothing more is to be refused, and it comes to its end
 */
struct storm {
	char channel[KIPC_NAME_SIZE];
	char queue[KIPC_NAME_SIZE];
	struct end server;
	int make;
	unsigned int *done;
	unsigned int *refused;
	int *ending;
};

/* What each message has: who sent it, which of its sender's it is, and a pattern of both */
struct stamp {
	uint32_t who;
	uint32_t which;
};

static size_t length_of(uint32_t which)
{
	return which % 16 ? sizeof(struct stamp) + which % 700 : SIZE;
}

static void stamp(uint8_t *buf, uint32_t who, uint32_t which)
{
	*(struct stamp *)buf = (struct stamp){ who, which };
	fill(buf + sizeof(struct stamp), length_of(which) - sizeof(struct stamp),
	     who * 1000003ULL + which);
}

static bool stamped(const uint8_t *buf, size_t len, struct stamp *stamp)
{
	memcpy(stamp, buf, sizeof(*stamp));
	return len == length_of(stamp->which) &&
	       filled(buf + sizeof(*stamp), len - sizeof(*stamp),
		      stamp->who * 1000003ULL + stamp->which);
}

static bool ending(struct storm *storm)
{
	return __atomic_load_n(storm->ending, __ATOMIC_ACQUIRE);
}

static int count(struct storm *storm, int err)
{
	__atomic_add_fetch(storm->done, 1, __ATOMIC_RELAXED);
	if (faults_says(err))
		__atomic_add_fetch(storm->refused, 1, __ATOMIC_RELAXED);
	return err;
}

/* Make a call that may be refused things. */
#define STORMY(_storm, _call) ({					\
	struct storm *_s = (_storm);					\
	int _err;							\
									\
	faults_write(_s->make, !ending(_s));				\
	_err = (_call);							\
	faults_write(_s->make, 0);					\
	count(_s, _err);						\
})

/* What has been refused is tried again. */
#define MUST(_storm, _call) ({						\
	int _e;								\
									\
	do {								\
		_e = STORMY(_storm, _call);				\
	} while (faults_says(_e));					\
	if (_e)								\
		printf("# line %d: %d\n", __LINE__, _e);		\
	_e;								\
})

static int wrong(int line, const char *what)
{
	printf("# line %d: %s\n", line, what);
	return 1;
}

/* Answers each call with what it brought, until it is sent an empty message. */
static int serve(struct storm *storm)
{
	struct kipc_header msg;
	struct stamp stamp;

	for (;;) {
		if (MUST(storm, channel_recv_until(storm->server.fd, &msg, 0)))
			return 1;
		if (msg.kind == KIPC_KIND_CONNECTED || msg.kind == KIPC_KIND_GONE ||
		    msg.kind == KIPC_KIND_CANCELED) {
			channel_release(storm->server.fd, msg.id);
			continue;
		}
		if (!msg.len)
			return 0;
		if (!stamped(storm->server.pool + msg.offset, msg.len, &stamp))
			return wrong(__LINE__, "damaged");
		if (MUST(storm, channel_reply(storm->server.fd, msg.id,
					      storm->server.pool + msg.offset, msg.len)))
			return 1;
	}
}

#define UNTOLD	77	/* no outcome of a call */

/* A reply that could not be told waits to be received; that it does may be untold as well. */
static int call_once(struct storm *storm, struct end *end, uint8_t *buf, uint32_t which)
{
	struct kipc_channel_call arg = call_of(buf, length_of(which));
	struct kipc_header msg;
	int err;

	arg.outcome = UNTOLD;
	err = STORMY(storm, request(end->fd, KIPC_IOC_CHANNEL_CALL, &arg));
	msg = arg.reply;
	if (faults_says(err)) {
		err = channel_recv_now(end->fd, &msg);
		if (arg.outcome == (err ? KIPC_OUTCOME_REPLIED : KIPC_OUTCOME_NONE))
			return -EPROTO;
		if (!err && msg.kind != KIPC_KIND_REPLY)
			return -EPROTO;
	}
	if (err)
		return err;
	err = end_has(end, &msg, buf, length_of(which)) ? 0 : -EBADMSG;
	return channel_release(end->fd, msg.id) ?: err;
}

static int be_client(struct storm *storm, uint32_t who)
{
	uint8_t *buf = memory(SIZE);
	struct end end = { .fd = -1 };
	uint32_t which;
	int err;

	for (which = 0; which < ROUNDS; which++) {
		/* Now and then as somebody new. */
		if (!(which % 50)) {
			uint64_t pool = 1 << 19, number;

			end_close(&end);
			end.fd = endpoint_open();
			end.size = pool;
			if (MUST(storm, channel_connect(end.fd, storm->channel, &pool, &number)))
				return 1;
			if (end_map(&end, 0))
				return wrong(__LINE__, "no map");
		}
		stamp(buf, who, which);
		do {
			err = call_once(storm, &end, buf, which);
		} while (err == -EAGAIN || err == -ENOBUFS);
		if (err) {
			printf("# call %u: %d\n", which, err);
			return 1;
		}
	}
	end_close(&end);
	return 0;
}

static int be_sender(struct storm *storm, uint32_t who)
{
	uint8_t *buf = memory(SIZE);
	uint32_t which;
	int fd = queue_open(storm->queue, KIPC_QUEUE_SEND);

	for (which = 0; which < ROUNDS; which++) {
		stamp(buf, who, which);
		if (MUST(storm, queue_send(fd, buf, length_of(which))))
			return 1;
	}
	close(fd);
	return 0;
}

/* All of them, in their order, and none twice. */
static int be_receiver(struct storm *storm, uint32_t who)
{
	uint8_t *buf = memory(SIZE);
	struct kipc_header msg;
	struct stamp stamp;
	uint32_t which;
	int fd = queue_open(storm->queue, KIPC_QUEUE_RECV);

	for (which = 0; which < ROUNDS; which++) {
		if (MUST(storm, queue_recv(fd, buf, SIZE, &msg)))
			return 1;
		if (!stamped(buf, msg.len, &stamp) || stamp.which != which)
			return wrong(__LINE__, "damaged, lost or twice");
	}
	close(fd);
	return 0;
}

static int nothing(const struct told *told, void *arg)
{
	return 0;
}

/* Looks at all there is, and opens and closes things, until everybody else is at the end. */
static int be_watcher(struct storm *storm, uint32_t who)
{
	struct timeval soon = { .tv_usec = 200000 };
	static struct nl nl;
	struct told told;

	while (!ending(storm)) {
		struct ask ask;
		int fd;

		if (nl_open(&nl))
			return wrong(__LINE__, "no socket");
		setsockopt(nl.fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon));
		nl_join(&nl, nl.objects);
		ask = ask_of(&nl, KIPC_CMD_ENDPOINT_GET);
		STORMY(storm, nl_dump(&nl, &ask, nothing, NULL));
		STORMY(storm, get_queue(&nl, storm->queue, &told));
		STORMY(storm, get_user(&nl, 0, &told));
		STORMY(storm, set_limit(&nl, USER, KIPC_QUOTA_NAMES, 5));
		fd = STORMY(storm, endpoint_open());
		if (fd >= 0)
			STORMY(storm, close(fd));
		close(nl.fd);
	}
	if (nl_open(&nl) || set_limit(&nl, USER, KIPC_QUOTA_NAMES, NO_LIMIT))
		return wrong(__LINE__, "no end");
	close(nl.fd);
	return 0;
}

static pid_t begin(struct storm *storm, int (*run)(struct storm *storm, uint32_t who),
		   uint32_t who)
{
	pid_t pid = spawn();

	if (!pid) {
		mlockall(MCL_CURRENT);
		storm->make = faults_open("make-it-fail");
		exit(run(storm, who));
	}
	return pid;
}

static int be_server(struct storm *storm, uint32_t who)
{
	/* The mapping is not inherited. */
	storm->server.pool = mmap(NULL, storm->server.size, PROT_READ, MAP_SHARED,
				  storm->server.fd, 0);
	return storm->server.pool == MAP_FAILED ? 1 : serve(storm);
}

TEST_F(fault, storm)
{
	pid_t server, watcher, others[CLIENTS + 2];
	unsigned int *shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct storm storm = {
		.done = shared, .refused = shared + 1, .ending = (int *)shared + 2,
	};
	int i, queue;

	ASSERT_EQ(0, faults_configure("3", "2"));
	fresh_name(storm.channel);
	fresh_name(storm.queue);
	ASSERT_EQ(0, end_serve_with(&storm.server, storm.channel, 1 << 20,
				    KIPC_CHANNEL_NOTICES));
	queue = queue_open_sized(storm.queue, KIPC_QUEUE_CREATE | QUEUE_BOTH, 8, 0, 0);
	ASSERT_LE(0, queue);
	server = begin(&storm, be_server, 0);
	watcher = begin(&storm, be_watcher, 0);
	for (i = 0; i < CLIENTS; i++)
		others[i] = begin(&storm, be_client, i + 1);
	others[CLIENTS] = begin(&storm, be_sender, 9);
	others[CLIENTS + 1] = begin(&storm, be_receiver, 0);
	for (i = 0; i < CLIENTS + 2; i++)
		EXPECT_EQ(0, reap(others[i])) TH_LOG("process %d", i);
	__atomic_store_n(storm.ending, 1, __ATOMIC_RELEASE);
	EXPECT_EQ(0, reap(watcher));
	{
		struct end end;

		EXPECT_EQ(0, end_connect(&end, storm.channel, 4096));
		EXPECT_EQ(0, channel_send(end.fd, 0, NULL, 0));
		EXPECT_EQ(0, reap(server));
		end_close(&end);
	}
	printf("# %u operations, %u of them refused something\n", *storm.done, *storm.refused);
	EXPECT_LT(CLIENTS * ROUNDS, *storm.done);
	EXPECT_LT(100, *storm.refused);
	EXPECT_EQ(0, stat_of(queue).msgs);
	EXPECT_EQ(0, queue_remove(queue, storm.queue));
	close(queue);
	end_close(&storm.server);
}

TEST_HARNESS_MAIN
