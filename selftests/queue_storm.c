// SPDX-License-Identifier: GPL-2.0
/*
 * Storm: senders and receivers of one queue, single messages and batches, of all types and
 * sizes, some with a descriptor, are killed at any moment and replaced.  Then the books are
 * closed.
 *
 * Each message has a line of its own in a ledger that all processes share: when its sender
 * is about to send it, when it has been sent, and when it was received.  Whoever is killed
 * between a request and its line in the ledger leaves that line open, and says before each
 * request how many those may be.  So no message is ever received twice, none is received
 * that was not sent, and no more are missing than the killed ones may have had in hand.
 */
#include "queue_test.h"

#define STORM_MS	5000
#define LINES		(1UL << 20)
#define LARGEST		(40UL << 10)
#define BATCH		8
#define TYPES		6
#define ACTORS		8
#define MAX_MSGS	24UL
#define MAX_BYTES	(256UL << 10)

/* A message: the number of its line, its length, and bytes that follow from the number */
struct parcel {
	uint64_t line;
	uint64_t len;
	uint8_t bytes[];
};

/**
 * struct actor - one process, and whoever takes its place
 * @in_hand:	messages that a request which is under way may have received
 * @lost:	those that killed ones may have taken with them
 */
struct actor {
	uint32_t in_hand;
	uint64_t lost;
};

/**
 * struct ledger - what everybody writes down
 * @next:	the next free line
 * @tried:	by line: its sender was about to send it
 * @sent:	by line: it has been sent
 * @received:	by line: how often it was received
 */
struct ledger {
	uint64_t next;
	struct actor actors[ACTORS];
	uint8_t tried[LINES];
	uint8_t sent[LINES];
	uint8_t received[LINES];
};

static void must_at(bool good, int line)
{
	if (good)
		return;
	fprintf(stderr, "# queue_storm.c:%d: wrong in process %d\n", line, getpid());
	_exit(1);
}

#define must(good)	must_at(good, __LINE__)

static size_t parcel_pack(struct ledger *ledger, struct parcel *parcel, unsigned int *random)
{
	size_t len = rand_r(random) % 8 ? rand_r(random) % 300 :
					  rand_r(random) % (LARGEST - sizeof(*parcel));

	parcel->line = __atomic_fetch_add(&ledger->next, 1, __ATOMIC_RELAXED);
	must(parcel->line < LINES);
	parcel->len = sizeof(*parcel) + len;
	fill(parcel->bytes, len, parcel->line);
	__atomic_store_n(&ledger->tried[parcel->line], 1, __ATOMIC_RELAXED);
	return parcel->len;
}

/* Whole, and of the type and priority that follow from its line? */
static bool parcel_is_good(const void *data, const struct kipc_header *msg)
{
	const struct parcel *parcel = data;

	return msg->len >= sizeof(*parcel) && parcel->len == msg->len && parcel->line < LINES &&
	       filled(parcel->bytes, msg->len - sizeof(*parcel), parcel->line) &&
	       msg->tag == parcel->line && msg->type == parcel->line % TYPES &&
	       msg->prio == parcel->line % 3 && msg->fd_count == !(parcel->line % 16);
}

static void book_receipt(struct ledger *ledger, const void *data, const struct kipc_header *msg)
{
	const struct parcel *parcel = data;

	must(parcel_is_good(data, msg));
	must(__atomic_load_n(&ledger->tried[parcel->line], __ATOMIC_RELAXED));
	must(!__atomic_fetch_add(&ledger->received[parcel->line], 1, __ATOMIC_RELAXED));
}

static bool is_expected(int err)
{
	return !err || err == -EAGAIN || err == -ETIMEDOUT || err == -EMSGSIZE;
}

static uint64_t soon(unsigned int *random)
{
	return now_ns() + rand_r(random) % 5000000;
}

static struct kipc_payload payload_for(const struct parcel *parcel, const int *fd)
{
	struct kipc_payload payload = payload_of(parcel, parcel->len);

	payload.tag = parcel->line;
	if (parcel->line % 16 == 0) {
		payload.fds = (uintptr_t)fd;
		payload.fd_count = 1;
	}
	return payload;
}

static void storm_send(struct ledger *ledger, int fd, struct parcel *parcel, unsigned int *random)
{
	struct kipc_queue_send arg;
	int zero = 0, err;

	parcel_pack(ledger, parcel, random);
	arg = (struct kipc_queue_send){
		.size = sizeof(arg),
		.flags = rand_r(random) % 4 ? 0 : KIPC_F_NONBLOCK,
		.deadline = soon(random),
		.type = parcel->line % TYPES,
		.prio = parcel->line % 3,
		.payload = payload_for(parcel, &zero),
	};
	err = request(fd, KIPC_IOC_QUEUE_SEND, &arg);
	must(is_expected(err) && err != -EMSGSIZE);
	if (!err)
		__atomic_store_n(&ledger->sent[parcel->line], 1, __ATOMIC_RELAXED);
	else	/* It may be sent no more. */
		__atomic_store_n(&ledger->tried[parcel->line], 0, __ATOMIC_RELAXED);
}

static void storm_send_batch(struct ledger *ledger, int fd, uint8_t *buf, unsigned int *random)
{
	struct kipc_queue_item items[BATCH] = { };
	struct kipc_queue_send_batch arg = {
		.size = sizeof(arg),
		.flags = rand_r(random) % 4 ? 0 : KIPC_F_NONBLOCK,
		.deadline = soon(random),
		.items = (uintptr_t)items,
		.count = 1 + rand_r(random) % BATCH,
	};
	struct parcel *parcel;
	int zero = 0, i, err;

	for (i = 0; i < arg.count; i++) {
		parcel = (struct parcel *)(buf + i * LARGEST);
		parcel_pack(ledger, parcel, random);
		items[i].payload = payload_for(parcel, &zero);
		items[i].type = parcel->line % TYPES;
		items[i].prio = parcel->line % 3;
	}
	err = request(fd, KIPC_IOC_QUEUE_SEND_BATCH, &arg);
	must(is_expected(err) && err != -EMSGSIZE);
	must(arg.done <= arg.count && (!arg.done == !!err));
	for (i = 0; i < arg.count; i++) {
		parcel = (struct parcel *)(buf + i * LARGEST);
		__atomic_store_n(i < arg.done ? &ledger->sent[parcel->line] :
						&ledger->tried[parcel->line],
				 i < arg.done, __ATOMIC_RELAXED);
	}
}

static void storm_sender(struct ledger *ledger, int fd, struct actor *actor, unsigned int random)
{
	uint8_t *buf = memory(BATCH * LARGEST);

	for (;;) {
		if (rand_r(&random) % 3)
			storm_send(ledger, fd, (struct parcel *)buf, &random);
		else
			storm_send_batch(ledger, fd, buf, &random);
	}
}

static void storm_select(unsigned int *select, __u64 *match, unsigned int *random)
{
	*select = rand_r(random) % KIPC_SELECT_NTH;
	*match = *select > KIPC_SELECT_FIRST ? rand_r(random) % TYPES : 0;
}

static void storm_receive(struct ledger *ledger, int fd, struct actor *actor, uint8_t *buf,
			  unsigned int *random)
{
	struct kipc_queue_recv arg = queue_recv_args(buf, rand_r(random) % 8 ? LARGEST : 200);
	bool peek = rand_r(random) % 8 == 0;
	int fds[1], err;

	storm_select(&arg.select, &arg.match, random);
	arg.flags = (rand_r(random) % 4 ? 0 : KIPC_F_NONBLOCK) | (peek ? KIPC_RECV_PEEK : 0);
	arg.deadline = soon(random);
	arg.fds = (uintptr_t)fds;
	arg.fd_count = rand_r(random) % 2;
	__atomic_store_n(&actor->in_hand, !peek, __ATOMIC_RELAXED);
	err = request(fd, KIPC_IOC_QUEUE_RECV, &arg);
	must(is_expected(err));
	if (!err) {
		if (!peek)
			book_receipt(ledger, buf, &arg.msg);
		else
			must(parcel_is_good(buf, &arg.msg));
		must(arg.fd_done == (arg.msg.fd_count && arg.fd_count));
		if (arg.fd_done)
			close(fds[0]);
	}
	__atomic_store_n(&actor->in_hand, 0, __ATOMIC_RELAXED);
}

static void storm_receive_batch(struct ledger *ledger, int fd, struct actor *actor, uint8_t *buf,
				unsigned int *random)
{
	struct kipc_header msgs[BATCH];
	struct kipc_queue_recv_batch arg = {
		.size = sizeof(arg),
		.flags = rand_r(random) % 4 ? 0 : KIPC_F_NONBLOCK,
		.deadline = soon(random),
		.data = (uintptr_t)buf,
		.len = LARGEST * (1 + rand_r(random) % 2),
		.msgs = (uintptr_t)msgs,
		.count = 1 + rand_r(random) % BATCH,
	};
	int i, err;

	storm_select(&arg.select, &arg.match, random);
	__atomic_store_n(&actor->in_hand, arg.count, __ATOMIC_RELAXED);
	err = request(fd, KIPC_IOC_QUEUE_RECV_BATCH, &arg);
	must(is_expected(err));
	must(arg.done <= arg.count && (!arg.done == !!err));
	for (i = 0; i < arg.done; i++) {
		must(msgs[i].offset % 8 == 0 && msgs[i].offset + msgs[i].len <= arg.len);
		book_receipt(ledger, buf + msgs[i].offset, &msgs[i]);
	}
	__atomic_store_n(&actor->in_hand, 0, __ATOMIC_RELAXED);
}

static void storm_receiver(struct ledger *ledger, int fd, struct actor *actor, unsigned int random)
{
	uint8_t *buf = memory(2 * LARGEST);

	for (;;) {
		if (rand_r(&random) % 3)
			storm_receive(ledger, fd, actor, buf, &random);
		else
			storm_receive_batch(ledger, fd, actor, buf, &random);
	}
}

FIXTURE(storm)
{
	char name[KIPC_NAME_SIZE];
	int fd;
	struct ledger *ledger;
	long max_msgs;
	long max_bytes;
	long max_fds;
};

FIXTURE_SETUP(storm)
{
	umask(0);
	self->fd = queue_make(self->name, MAX_MSGS, MAX_BYTES, LARGEST);
	ASSERT_LE(0, self->fd);
	self->ledger = mmap(NULL, sizeof(*self->ledger), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->ledger);
	self->max_msgs = parameter_get("max_queue_msgs");
	self->max_bytes = parameter_get("max_queue_bytes");
	self->max_fds = parameter_get("max_fds");
}

FIXTURE_TEARDOWN_PARENT(storm)
{
	parameter_set("max_queue_msgs", self->max_msgs);
	parameter_set("max_queue_bytes", self->max_bytes);
	parameter_set("max_fds", self->max_fds);
	queue_unlink(self->name);
}

/* All are an ordinary user's, with an endpoint of their own, so that it is that user who pays. */
static pid_t storm_start(struct _test_data_storm *self, int role, unsigned int random)
{
	pid_t child = spawn();
	int fd;

	if (child)
		return child;
	must(!become(USER));
	/* Becoming somebody else has undone this. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fd = queue_open(self->name, role % 2 ? KIPC_QUEUE_RECV : KIPC_QUEUE_SEND);
	must(fd >= 0);
	if (role % 2)
		storm_receiver(self->ledger, fd, &self->ledger->actors[role], random);
	else
		storm_sender(self->ledger, fd, &self->ledger->actors[role], random);
	return 0;
}

/* Kill one, and note what it may have taken with it.  Return: whether it saw nothing wrong. */
static bool storm_end(pid_t child, struct actor *actor)
{
	if (kill_and_reap(child) != 128 + SIGKILL)
		return false;
	actor->lost += actor->in_hand;
	actor->in_hand = 0;
	return true;
}

/* Take out what is left.  Return: how many there were, or -1 if one was wrong. */
static long storm_drain(struct ledger *ledger, int fd, uint64_t *bytes)
{
	uint8_t *buf = memory(LARGEST);
	struct kipc_header msg;
	long n = 0;
	int err;

	*bytes = 0;
	while (!(err = queue_recv_now(fd, buf, LARGEST, &msg))) {
		book_receipt(ledger, buf, &msg);
		*bytes += msg.len;
		n++;
	}
	return err == -EAGAIN ? n : -1;
}

/* The books */

struct sums {
	unsigned long tried;
	unsigned long sent;
	unsigned long received;
	unsigned long missing;	/* sent, and neither received nor left */
	unsigned long wrong;	/* received, and not even tried */
};

static struct sums ledger_sums(const struct ledger *ledger)
{
	struct sums sums = { };
	uint64_t i;

	for (i = 0; i < ledger->next; i++) {
		sums.tried += ledger->tried[i];
		sums.sent += ledger->sent[i];
		sums.received += ledger->received[i];
		sums.missing += ledger->sent[i] && !ledger->received[i];
		sums.wrong += ledger->received[i] && !ledger->tried[i];
	}
	return sums;
}

/* What a user can have in the queue: as much as the limits say if nothing else is paid for */

struct load {
	const char *name;
	size_t size;
	unsigned int fd_count;
};

static int send_to_the_limit(void *arg)
{
	struct load *load = arg;
	int fd = queue_open(load->name, KIPC_QUEUE_SEND), zero = 0, n = 0, err;
	struct kipc_queue_send send = queue_send_args(memory(load->size), load->size);

	send.flags = KIPC_F_NONBLOCK;
	send.payload.fds = load->fd_count ? (uintptr_t)&zero : 0;
	send.payload.fd_count = load->fd_count;
	do {
		err = request(fd, KIPC_IOC_QUEUE_SEND, &send);
		n += !err;
	} while (!err && n < 100);
	return err == -EDQUOT ? n : 200;
}

#define EXPECT_LIMIT(limit, value, times, ...) do {				\
	struct load load = { self->name, __VA_ARGS__ };				\
	int most = times;							\
										\
	ASSERT_EQ(0, parameter_set(limit, value));				\
	EXPECT_EQ(most, as_user(USER, send_to_the_limit, &load));		\
	EXPECT_EQ(most, drain(self->fd));					\
} while (0)

TEST_F(storm, every_message_is_accounted_for)
{
	struct ledger *ledger = self->ledger;
	unsigned int random = 1, kills = 0;
	uint64_t end = in_ms(STORM_MS), bytes, lost = 0;
	struct kipc_queue_stat stat;
	pid_t children[ACTORS];
	struct sums sums;
	int i;

	for (i = 0; i < ACTORS; i++)
		children[i] = storm_start(self, i, i);
	while (now_ns() < end) {
		nap_ms(rand_r(&random) % 30);
		i = rand_r(&random) % ACTORS;
		ASSERT_TRUE(storm_end(children[i], &ledger->actors[i]));
		children[i] = storm_start(self, i, ACTORS + ++kills);
	}
	for (i = 0; i < ACTORS; i++) {
		EXPECT_TRUE(storm_end(children[i], &ledger->actors[i]));
		lost += ledger->actors[i].lost;
	}

	/* The queue's own account, of which what is left is a part */
	stat = stat_of(self->fd);
	EXPECT_EQ(0, stat.senders);
	EXPECT_EQ(0, stat.receivers);
	EXPECT_EQ(stat.sent - stat.received, stat.msgs);
	EXPECT_GE(MAX_MSGS, stat.peak_msgs);
	EXPECT_GE(MAX_BYTES, stat.peak_bytes);
	EXPECT_EQ(stat.msgs, endpoint_info(self->fd).queued);
	EXPECT_EQ(stat.bytes, endpoint_info(self->fd).queued_bytes);
	EXPECT_EQ(stat.msgs, storm_drain(ledger, self->fd, &bytes));
	EXPECT_EQ(stat.bytes, bytes);

	/* That of those who used it */
	sums = ledger_sums(ledger);
	TH_LOG("%u killed; %lu sent, %lu received, %lu missing of at most %lu", kills, sums.sent,
	       sums.received, sums.missing, (unsigned long)lost);
	EXPECT_EQ(0, sums.wrong);
	EXPECT_GE(lost, sums.missing);
	EXPECT_LE(sums.sent, stat.sent);
	EXPECT_GE(sums.tried, stat.sent);
	EXPECT_LE(sums.received, stat.sent);
	EXPECT_GE(sums.received + lost, stat.sent);
	EXPECT_LT(20 / slow(), kills);
	EXPECT_LT(200, sums.received);

	/* And that of the user who paid */
	EXPECT_EQ(0, stat_of(self->fd).msgs);
	EXPECT_EQ(0, stat_of(self->fd).bytes);
	EXPECT_LIMIT("max_queue_msgs", 5, 5, 0, 0);
	ASSERT_EQ(0, parameter_set("max_queue_msgs", self->max_msgs));
	EXPECT_LIMIT("max_queue_bytes", 7999, 7, 1000, 0);
	ASSERT_EQ(0, parameter_set("max_queue_bytes", self->max_bytes));
	EXPECT_LIMIT("max_fds", 6, 6, 10, 1);
}

TEST_HARNESS_MAIN
