// SPDX-License-Identifier: GPL-2.0
/*
 * Queues: senders and receivers of each slot's queue, single messages and batches, of all
 * types and priorities; somebody who changes the limits of all and removes the SLEEPY one;
 * and tokens, which go round with no deadline anywhere.
 *
 * In the STEADY queue nothing may be lost.  In the MORTAL one a killed receiver may have
 * taken what it was asking for.  From the removed one anything may be missing.
 */
#include <sys/eventfd.h>

#include "soak.h"

#define BATCH		6
#define TYPES		4
#define MAX_MSGS	32
#define RINGS		4	/* queues that tokens go through */
#define TOKENS_ABOUT	2
#define LAST		0	/* the token after which there is none */

static int slot_queues[SLOTS] = { -1, -1, -1 };

void queue_name(char *name, int slot)
{
	memset(name, 0, KIPC_NAME_SIZE);
	snprintf(name, KIPC_NAME_SIZE, "soak-queue-%d", slot);
}

int queue_make_slot(int slot)
{
	char name[KIPC_NAME_SIZE];

	queue_name(name, slot);
	return queue_open_sized(name, KIPC_QUEUE_CREATE | QUEUE_BOTH, MAX_MSGS, 1 << 20, LARGEST);
}

void queues_make(void)
{
	int slot;

	for (slot = 0; slot < SLEEPY; slot++) {
		slot_queues[slot] = queue_make_slot(slot);
		must(slot_queues[slot] >= 0, "queue: %d", slot_queues[slot]);
	}
}

/* Everybody has gone: nothing is left in those queues that nobody removes. */
int queues_close(void)
{
	struct kipc_queue_unlink unlink = { .size = sizeof(unlink), .flags = KIPC_UNLINK_REMOVE };
	struct kipc_queue_stat stat;
	int slot, bad = 0, fd = endpoint_open();

	for (slot = 0; slot < SLEEPY; slot++) {
		stat = (struct kipc_queue_stat){ .size = sizeof(stat) };
		must(!request(slot_queues[slot], KIPC_IOC_QUEUE_STAT, &stat), "no queue");
		if (stat.msgs || stat.bytes || stat.senders || stat.receivers ||
		    stat.sent != stat.received) {
			printf("# soak: queue %d has %llu messages, %llu bytes, %u + %u waiting; ",
			       slot, (unsigned long long)stat.msgs,
			       (unsigned long long)stat.bytes, stat.senders, stat.receivers);
			printf("%llu sent, %llu received\n", (unsigned long long)stat.sent,
			       (unsigned long long)stat.received);
			bad++;
		}
		close(slot_queues[slot]);
	}
	for (slot = 0; slot < SLOTS; slot++) {
		queue_name(unlink.name, slot);
		request(fd, KIPC_IOC_QUEUE_UNLINK, &unlink);
	}
	memset(unlink.name, 0, sizeof(unlink.name));
	put_name(unlink.name, "soak-flood");
	request(fd, KIPC_IOC_QUEUE_UNLINK, &unlink);
	close(fd);
	return bad;
}

static bool may_end(int err)
{
	return !err || err == -EAGAIN || err == -ETIMEDOUT || err == -EMSGSIZE || err == -EIDRM ||
	       err == -EINTR;
}

/* The slot's queue, where it is. */
static int open_slot(int slot, unsigned int flags)
{
	char name[KIPC_NAME_SIZE];
	int fd;

	queue_name(name, slot);
	for (;;) {
		step("opens a queue");
		fd = queue_open(name, flags);
		if (fd != -ENOENT || stage() == STAGE_END)
			break;
		nap_ms(2);
	}
	must(fd >= 0 || (slot == SLEEPY && fd == -ENOENT) || fd == -EIDRM, "open: %d", fd);
	return fd;
}

/* Senders */

static uint64_t some_deadline(void)
{
	switch (chance(6)) {
	case 0:
		return now_ns() + chance(100000);
	case 1:
		return 0;
	}
	return now_ns() + chance(20000000);
}

static struct kipc_queue_item make_item(struct parcel *parcel, int slot)
{
	static const unsigned int bits[] = { LINE_EXACT, LINE_BOUND, 0 };
	struct kipc_queue_item item = { };
	size_t len = parcel_pack(parcel, TO_QUEUE(slot), LARGEST, bits[slot]);

	item.payload = payload_of(parcel, len);
	item.payload.tag = parcel->line;
	item.type = parcel->line % TYPES;
	item.prio = parcel->line % 3;
	return item;
}

static int sender_send(int fd, int slot, struct parcel *parcel)
{
	struct kipc_queue_item item = make_item(parcel, slot);
	struct kipc_queue_send arg = {
		.size = sizeof(arg),
		.flags = (chance(4) ? 0 : KIPC_F_NONBLOCK) | (chance(8) ? 0 : KIPC_SEND_OVERTAKE),
		.deadline = some_deadline(),
		.type = item.type,
		.prio = item.prio,
		.payload = item.payload,
	};
	int err = request(fd, KIPC_IOC_QUEUE_SEND, &arg);

	must(may_end(err), "send: %d", err);
	if (err) {
		line_void(parcel->line);
	} else {
		line_sent(parcel->line);
		count(PUSHED);
	}
	return err;
}

static int sender_send_batch(int fd, int slot, uint8_t *buf)
{
	struct kipc_queue_item items[BATCH];
	struct kipc_queue_send_batch arg = {
		.size = sizeof(arg),
		.flags = chance(4) ? 0 : KIPC_F_NONBLOCK,
		.deadline = some_deadline(),
		.items = (uintptr_t)items,
		.count = 1 + chance(BATCH),
	};
	int err, i;

	for (i = 0; i < arg.count; i++)
		items[i] = make_item((void *)(buf + i * LARGEST), slot);
	err = request(fd, KIPC_IOC_QUEUE_SEND_BATCH, &arg);
	must(may_end(err), "send a batch: %d", err);
	must(arg.done <= arg.count && !arg.done == !!err, "%u of a batch: %d", arg.done, err);
	for (i = 0; i < arg.count; i++) {
		uint64_t line = ((struct parcel *)(buf + i * LARGEST))->line;

		if (i < arg.done)
			line_sent(line);
		else
			line_void(line);
	}
	count_many(PUSHED, arg.done);
	return err;
}

void sender_run(struct actor *actor)
{
	uint8_t *buf = memory(BATCH * LARGEST);
	int fd = -1, err;

	while (stage() == STAGE_RUN) {
		if (fd < 0)
			fd = open_slot(actor->slot, KIPC_QUEUE_SEND);
		step("sends to a queue");
		if (chance(3))
			err = sender_send(fd, actor->slot, (void *)buf);
		else
			err = sender_send_batch(fd, actor->slot, buf);
		must(err != -EIDRM || actor->slot == SLEEPY, "a queue is gone");
		if (err == -EIDRM || !chance(2000)) {
			close(fd);
			fd = -1;
		}
	}
}

/* Receivers */

struct receiver {
	int fd;
	int slot;
	uint8_t *buf;
};

static void received(struct receiver *receiver, const void *data, const struct kipc_header *msg)
{
	const struct parcel *parcel = parcel_open(data, msg, TO_QUEUE(receiver->slot));

	must(msg->type == parcel->line % TYPES && msg->prio == parcel->line % 3,
	     "line %llu has type %llu, priority %u", (unsigned long long)parcel->line,
	     (unsigned long long)msg->type, msg->prio);
	parcel_received(parcel);
	count(TAKEN);
}

static int receive_batch(struct receiver *receiver, unsigned int select, uint64_t match,
			 uint64_t until)
{
	struct kipc_header msgs[BATCH];
	struct kipc_queue_recv_batch arg = {
		.size = sizeof(arg),
		.deadline = until,
		.data = (uintptr_t)receiver->buf,
		.len = LARGEST * 2,
		.select = select,
		.match = match,
		.msgs = (uintptr_t)msgs,
		.count = 1 + chance(BATCH),
	};
	int err, i;

	me->in_hand = arg.count;
	err = request(receiver->fd, KIPC_IOC_QUEUE_RECV_BATCH, &arg);
	must(may_end(err), "receive a batch: %d", err);
	must(arg.done <= arg.count && !arg.done == !!err, "%u of a batch: %d", arg.done, err);
	for (i = 0; i < arg.done; i++)
		received(receiver, receiver->buf + msgs[i].offset, &msgs[i]);
	me->in_hand = 0;
	return err;
}

static int receive_one(struct receiver *receiver, unsigned int flags, unsigned int select,
		       uint64_t match, uint64_t until, uint64_t *sent_at)
{
	struct kipc_queue_recv arg = queue_recv_args(receiver->buf, LARGEST);
	int err;

	arg.flags = flags;
	arg.select = select;
	arg.match = match;
	arg.deadline = until;
	me->in_hand = !(flags & KIPC_RECV_PEEK);
	err = request(receiver->fd, KIPC_IOC_QUEUE_RECV, &arg);
	must(may_end(err), "receive: %d", err);
	*sent_at = arg.msg.time;
	if (!err && !(flags & KIPC_RECV_PEEK))
		received(receiver, receiver->buf, &arg.msg);
	me->in_hand = 0;
	return err;
}

/*
 * Nothing came in time: then nothing may have been there all the time.  Whoever may have been
 * suspended meanwhile cannot tell.
 */
static void look_for_late(struct receiver *receiver, unsigned int select, uint64_t match,
			  uint64_t until)
{
	uint64_t sent_at;

	if (receiver->slot == SLEEPY ||
	    receive_one(receiver, KIPC_F_NONBLOCK, select, match, 0, &sent_at))
		return;
	must(sent_at + LATE_NS > until, "a message waited for %llu ms beside a waiting receiver",
	     (unsigned long long)(until - sent_at) / 1000000);
}

static int receive(struct receiver *receiver)
{
	unsigned int select = chance(2) ? chance(KIPC_SELECT_NTH) : KIPC_SELECT_URGENT;
	uint64_t match = select > KIPC_SELECT_FIRST ? chance(TYPES) : 0, until, sent_at;
	bool brief = !chance(3);
	int err;

	until = brief ? now_ns() + chance(2000000) : in_ms(stage() == STAGE_RUN ? WAIT_MS : 50);
	switch (chance(8)) {
	case 0:
		return receive_one(receiver, KIPC_RECV_PEEK, select, match, until, &sent_at);
	case 1:
	case 2:
		err = receive_batch(receiver, select, match, until);
		break;
	default:
		err = receive_one(receiver, 0, select, match, until, &sent_at);
		break;
	}
	if (err == -ETIMEDOUT && !brief)
		look_for_late(receiver, select, match, until);
	return err;
}

/* Take the most urgent until there is nothing. */
static bool is_empty(struct receiver *receiver)
{
	uint64_t sent_at;
	int err;

	do {
		step("drains a queue");
		err = receive_one(receiver, KIPC_F_NONBLOCK, KIPC_SELECT_URGENT, 0, 0, &sent_at);
	} while (!err);
	return err == -EAGAIN || err == -EIDRM;
}

static int notify_by(int fd, int event)
{
	struct kipc_queue_notify arg = {
		.size = sizeof(arg),
		.flags = KIPC_NOTIFY_EACH,
		.how = KIPC_NOTIFY_EVENTFD,
		.fd = event,
	};

	return request(fd, KIPC_IOC_QUEUE_NOTIFY, &arg);
}

void receiver_run(struct actor *actor)
{
	struct receiver receiver = { .fd = -1, .slot = actor->slot, .buf = memory(2 * LARGEST) };
	int event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), err;
	uint64_t told;

	while (stage() != STAGE_END || !is_empty(&receiver)) {
		if (receiver.fd < 0)
			receiver.fd = open_slot(actor->slot, KIPC_QUEUE_RECV);
		if (receiver.fd < 0)
			return;
		step("receives from a queue");
		err = receive(&receiver);
		if (err == -EIDRM || !chance(1000)) {
			close(receiver.fd);
			receiver.fd = -1;
			continue;
		}
		if (!chance(50))
			notify_by(receiver.fd, event);
		if (read(event, &told, sizeof(told)) == sizeof(told))
			count_many(NOTIFIED, told);
	}
}

/* Change limits, remove a queue and make it again. */
void changer_run(struct actor *actor)
{
	struct kipc_queue_unlink unlink = { .size = sizeof(unlink), .flags = KIPC_UNLINK_REMOVE };
	struct kipc_queue_set set;
	int fd, slot, err;

	while (stage() == STAGE_RUN) {
		step("changes a queue");
		slot = chance(SLOTS);
		fd = queue_make_slot(slot);
		must(fd >= 0, "make: %d", fd);
		set = (struct kipc_queue_set){
			.size = sizeof(set),
			.flags = KIPC_SET_MAX_MSGS | KIPC_SET_MAX_BYTES,
			.max_msgs = chance(MAX_MSGS),
			.max_bytes = LARGEST + chance(1 << 20),
		};
		err = request(fd, KIPC_IOC_QUEUE_SET, &set);
		must(!err || (slot == SLEEPY && err == -EIDRM), "set: %d", err);
		count(CHANGES);
		nap_ms(chance(10));
		set.max_msgs = MAX_MSGS;
		request(fd, KIPC_IOC_QUEUE_SET, &set);
		if (slot == SLEEPY && !chance(3)) {
			queue_name(unlink.name, SLEEPY);
			err = request(fd, KIPC_IOC_QUEUE_UNLINK, &unlink);
			must(!err, "remove: %d", err);
			count(REMOVALS);
		}
		close(fd);
		nap_ms(chance(40));
	}
	/* For those who still look for it */
	close(queue_make_slot(SLEEPY));
}

/* Tokens */

struct token {
	int in;
	int out;
};

/* Pass on what comes, one more each time, until the last token has come. */
static void token_pass(void *arg)
{
	struct token *token = arg;
	struct kipc_queue_recv recv;
	struct kipc_queue_send send;
	uint64_t value[2] = { };
	int err;

	do {
		step("waits for a token");
		recv = queue_recv_args(value, sizeof(value));
		recv.deadline = 0;
		err = request(token->in, KIPC_IOC_QUEUE_RECV, &recv);
		must(!err && recv.msg.len == sizeof(value) && value[1] == ~value[0],
		     "token: %d, %llx", err, (unsigned long long)value[0]);
		if (value[0] != LAST)
			value[0] = stage() == STAGE_RUN ? value[0] + 1 : LAST;
		value[1] = ~value[0];
		step("passes a token on");
		send = queue_send_args(value, sizeof(value));
		send.deadline = 0;
		/* What is in the way of the last one ends its reader as well. */
		send.flags = value[0] == LAST ? KIPC_F_NONBLOCK : 0;
		err = request(token->out, KIPC_IOC_QUEUE_SEND, &send);
		must(!err || (value[0] == LAST && err == -EAGAIN), "token: %d", err);
		count(TOKENS);
	} while (value[0] != LAST);
}

void tokens_run(struct actor *actor)
{
	uint64_t value[2] = { 1, ~1ULL };
	struct token tokens[RINGS];
	struct part parts[RINGS];
	int queues[RINGS], i;

	for (i = 0; i < RINGS; i++) {
		queues[i] = queue_open_sized("", KIPC_QUEUE_CREATE | KIPC_QUEUE_ANONYMOUS |
					     QUEUE_BOTH, 1, PAGE, PAGE);
		must(queues[i] >= 0, "queue: %d", queues[i]);
	}
	for (i = 0; i < TOKENS_ABOUT; i++)
		must(!queue_send(queues[i * 2], value, sizeof(value)), "no token");
	for (i = 0; i < RINGS; i++) {
		tokens[i] = (struct token){ queues[i], queues[(i + 1) % RINGS] };
		part_begin(&parts[i], actor, i + 1, token_pass, &tokens[i]);
	}
	me->tid = 0;
	for (i = 0; i < RINGS; i++)
		part_end(&parts[i]);
}
