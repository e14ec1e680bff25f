// SPDX-License-Identifier: GPL-2.0
/*
 * The ring under load: whatever the pace of senders and receivers, and however many
 * threads of each there are, every message comes exactly once, whole, and in the order
 * of its sender; whether by the ring, by the queue behind it, or handed over.
 */
#include "ring_test.h"

#define SENDERS		3
#define PER_SENDER	6000
#define ALL		(SENDERS * PER_SENDER)
#define END		in_ms(25000)

/* What a message has before its pattern. */
struct head {
	int sender;
	int number;
};

FIXTURE(load)
{
	char name[KIPC_NAME_SIZE];
	struct end server;
	struct ring ring;
	pid_t senders[SENDERS];
};

FIXTURE_SETUP(load)
{
	fresh_name(self->name);
	ASSERT_EQ(0, end_serve(&self->server, self->name, 1 << 20));
}

FIXTURE_TEARDOWN(load)
{
	ring_exit(&self->ring);
	end_close(&self->server);
}

/* A message of a length and a content that follow from its number. */
static size_t make_message(uint8_t *buf, int sender, int number)
{
	struct head head = { sender, number };
	size_t len = number * 37 % 900;

	memcpy(buf, &head, sizeof(head));
	fill(buf + sizeof(head), len, number + sender * PER_SENDER);
	return sizeof(head) + len;
}

static bool is_message(const struct end *end, const struct kipc_header *msg,
		       struct head *head)
{
	const uint8_t *data = end->pool + msg->offset;

	if (msg->len < sizeof(*head))
		return false;
	memcpy(head, data, sizeof(*head));
	return head->sender >= 0 && head->sender < SENDERS &&
	       head->number >= 0 && head->number < PER_SENDER &&
	       msg->len == sizeof(*head) + head->number * 37 % 900 &&
	       filled(data + sizeof(*head), msg->len - sizeof(*head),
		      head->number + head->sender * PER_SENDER);
}

/* In a child: send all of a sender's messages, some of them urgent, or as calls. */
static int send_all(const char *name, int sender, bool calls)
{
	uint8_t buf[1024];
	struct end client;
	int i, err;

	if (end_connect(&client, name, 1 << 20))
		return 1;
	for (i = 0; i < PER_SENDER; i++) {
		struct kipc_header reply;
		size_t len = make_message(buf, sender, i);

		if (calls && i % 50 == 49) {
			err = channel_call(client.fd, buf, len, &reply);
			if (!err)
				err = channel_release(client.fd, reply.id);
		} else {
			err = channel_send(client.fd, 0, buf, len);
		}
		if (err)
			return -err;
		if (i % 500 == 0)
			nap_ms(sender);
	}
	return 0;
}

static void start_senders(struct _test_data_load *self, bool calls)
{
	int i;

	for (i = 0; i < SENDERS; i++) {
		self->senders[i] = spawn();
		if (!self->senders[i])
			_exit(send_all(self->name, i, calls));
	}
}

/* A message that came by request: a call is answered, another one released. */
static int finish(int fd, const struct kipc_header *msg)
{
	return msg->kind == KIPC_KIND_CALL ? channel_reply(fd, msg->id, "", 0) :
					     channel_release(fd, msg->id);
}

/* One reader, who checks the order, and stops now and then so that the ring is full. */

struct reader {
	int next[SENDERS];
	int got;
	int by_ring;
	int wrong;
};

static void read_one(struct reader *reader, const struct end *end,
		     const struct kipc_header *msg)
{
	struct head head;

	if (is_message(end, msg, &head))
		reader->wrong += reader->next[head.sender]++ != head.number;
	else
		reader->wrong++;
	if (++reader->got % 1500 == 0)
		nap_ms(20);
}

static int read_all(struct reader *reader, struct ring *ring)
{
	struct kipc_header msg;
	int err = 0;

	while (!err && reader->got < ALL) {
		while (ring_has(ring)) {
			read_one(reader, ring->end,
				 ring_entry(ring, ring->taken++));
			reader->by_ring++;
		}
		if (reader->got == ALL)
			break;
		err = ring_recv(ring, &msg);
		if (err || msg.kind == KIPC_KIND_NONE)
			continue;
		read_one(reader, ring->end, &msg);
		err = finish(ring->end->fd, &msg);
	}
	return err;
}

static void check_one_reader(struct __test_metadata *_metadata,
			     struct _test_data_load *self, int entries,
			     bool calls)
{
	struct kipc_endpoint_info info;
	struct reader reader = { };
	int i;

	ASSERT_EQ(0, ring_init(&self->ring, &self->server, entries));
	start_senders(self, calls);
	EXPECT_EQ(0, read_all(&reader, &self->ring));
	EXPECT_EQ(0, reader.wrong);
	EXPECT_EQ(ALL, reader.got);
	EXPECT_LT(0, reader.by_ring);
	for (i = 0; i < SENDERS; i++)
		EXPECT_EQ(0, reap(self->senders[i]));
	ring_mark(&self->ring, self->ring.taken, self->ring.taken);
	info = endpoint_info(self->server.fd);
	EXPECT_EQ(0, info.queued);
	EXPECT_EQ(0, info.held);
	EXPECT_EQ(info.pool_size, info.pool_free);
}

TEST_F(load, one_reader_gets_every_message_once_in_order)
{
	check_one_reader(_metadata, self, 256, false);
}

TEST_F(load, one_reader_of_a_small_ring_gets_every_message_once_in_order)
{
	check_one_reader(_metadata, self, 16, false);
}

TEST_F(load, one_reader_gets_calls_in_their_place)
{
	check_one_reader(_metadata, self, 64, true);
}

/* Several readers, who take numbers in turn and release by id */

struct readers {
	struct ring *ring;
	uint64_t next;
	uint64_t end;
	int got;
	int wrong;
	uint8_t seen[SENDERS][PER_SENDER];
};

/* Take the next number, if there is an entry of that number. */
static bool take_number(struct readers *readers, uint64_t *number)
{
	*number = __atomic_load_n(&readers->next, __ATOMIC_ACQUIRE);
	while (*number < ring_tail(readers->ring))
		if (__atomic_compare_exchange_n(&readers->next, number,
						*number + 1, false,
						__ATOMIC_ACQ_REL,
						__ATOMIC_ACQUIRE))
			return true;
	return false;
}

static void share_one(struct readers *readers, const struct kipc_header *msg)
{
	const struct end *end = readers->ring->end;
	struct head head;

	if (!is_message(end, msg, &head) ||
	    __atomic_fetch_add(&readers->seen[head.sender][head.number], 1,
			       __ATOMIC_RELAXED))
		__atomic_fetch_add(&readers->wrong, 1, __ATOMIC_RELAXED);
	if (finish(end->fd, msg))
		__atomic_fetch_add(&readers->wrong, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&readers->got, 1, __ATOMIC_RELAXED);
}

/* Without an entry: wait for whatever comes, not for long, and look again. */
static int share_request(struct readers *readers)
{
	uint64_t seen = __atomic_load_n(&readers->next, __ATOMIC_ACQUIRE);
	struct kipc_header msg;
	int err = ring_recv_until(readers->ring, &msg, seen, 0, in_ms(50));

	if (!err && msg.kind != KIPC_KIND_NONE)
		share_one(readers, &msg);
	return err == -ETIMEDOUT ? 0 : err;
}

static void *share(void *arg)
{
	struct readers *readers = arg;
	struct kipc_header msg;
	uint64_t number;

	while (__atomic_load_n(&readers->got, __ATOMIC_RELAXED) < ALL &&
	       now_ns() < readers->end) {
		if (take_number(readers, &number)) {
			msg = *ring_entry(readers->ring, number);
			share_one(readers, &msg);
		} else if (share_request(readers)) {
			__atomic_fetch_add(&readers->wrong, 1, __ATOMIC_RELAXED);
			break;
		}
	}
	return NULL;
}

TEST_F(load, several_readers_get_every_message_once)
{
	struct readers *readers = memory(sizeof(*readers));
	pthread_t threads[4];
	int i;

	ASSERT_EQ(0, ring_init(&self->ring, &self->server, 64));
	readers->ring = &self->ring;
	readers->end = END;
	start_senders(self, true);
	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, share, readers));
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(0, readers->wrong);
	EXPECT_EQ(ALL, readers->got);
	for (i = 0; i < SENDERS; i++)
		EXPECT_EQ(0, reap(self->senders[i]));
	EXPECT_EQ(0, endpoint_info(self->server.fd).held);
	EXPECT_EQ(self->server.size, endpoint_info(self->server.fd).pool_free);
}

/* The other way: a server sends, a client in a child reads its ring. */
static int read_at_client(const char *name)
{
	struct reader reader = { };
	struct end client;
	struct ring ring;

	if (end_connect(&client, name, 1 << 20) ||
	    ring_init(&ring, &client, 32) || channel_send(client.fd, 0, "", 0))
		return 1;
	if (read_all(&reader, &ring))
		return 2;
	return reader.wrong ? 3 : reader.by_ring ? 0 : 4;
}

TEST_F(load, client_gets_every_message_once_in_order)
{
	struct kipc_header msg;
	pid_t reader = spawn();
	uint8_t buf[1024];
	int i;

	if (!reader)
		_exit(read_at_client(self->name));
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	for (i = 0; i < ALL; i++)
		ASSERT_EQ(0, channel_send(self->server.fd, msg.peer, buf,
					  make_message(buf, i % SENDERS,
						       i / SENDERS)));
	EXPECT_EQ(0, reap(reader));
}

/* A reader that dies with a full ring leaves nothing, and does not hang a sender. */
TEST_F(load, reader_is_killed_under_load)
{
	char name[KIPC_NAME_SIZE];
	struct end client = { .fd = -1 };
	struct ring ring;
	int i, j, err;
	pid_t child;

	for (i = 0; i < 20; i++) {
		fresh_name(name);
		child = spawn();
		if (!child) {
			struct reader reader = { };
			struct end server;

			if (end_serve(&server, name, 1 << 20) ||
			    ring_init(&ring, &server, 16))
				_exit(1);
			_exit(read_all(&reader, &ring));
		}
		for (j = 0; j < 2000 && end_connect(&client, name, 0); j++)
			nap_ms(1);
		for (j = 0, err = 0; !err && j < 200 + 50 * i; j++)
			err = channel_send_now(client.fd, 0, "0123456789", 10);
		EXPECT_TRUE(!err || err == -EAGAIN);
		kill(child, SIGKILL);
		while (err != -EPIPE) {
			err = channel_send(client.fd, 0, "0123456789", 10);
			ASSERT_TRUE(!err || err == -EPIPE);
		}
		EXPECT_EQ(128 + SIGKILL, reap(child));
		end_close(&client);
	}
}

TEST_HARNESS_MAIN
