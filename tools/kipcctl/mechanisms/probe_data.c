// SPDX-License-Identifier: GPL-2.0
/*
 * Probes of transports: what happens to the bytes.
 *
 * reliable and flow control flood the receiving end while nobody receives.  A sender
 * that is made to wait sleeps in its system call, which /proc tells; one that is refused
 * says so; and what neither waits nor is refused is lost, if there is any end to what
 * the mechanism holds.  Then everything is received and counted.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mechanisms.h"

#define STEP_SENT	STEP_OWN
#define STEP_BACK	(STEP_OWN + 1)
#define STEP_BOTH	(STEP_OWN + 2)
#define STEP_DONE	(STEP_OWN + 5)

/* More than any default buffer holds: this many messages of the ordinary size. */
#define FLOOD_MSGS	1024

/* How often we look, once a ms, before we say that nothing will come. */
#define QUIET		100

static const struct transport *transport_of(const struct trial *trial)
{
	return trial->mechanism->transport;
}

/* Send, or say what is wrong. */
static int put(struct trial *trial, struct end *end, const void *data, size_t len)
{
	ssize_t n = transport_of(trial)->send(end, data, len, 0);

	if (n >= 0 && (size_t)n == len)
		return 0;
	return bad(trial, n < 0 ? (int)n : -EMSGSIZE, "send");
}

/*
 * Receive what is there or comes within @ms; -EAGAIN where nothing does.  Not by poll():
 * some of what is tried here has nothing to poll.  Looks are counted, not time: a process
 * that has not run for long has not looked.
 */
int receive_soon(struct trial *trial, struct end *rx, void *data, size_t len, int ms)
{
	ssize_t n = transport_of(trial)->recv(rx, data, len, NOWAIT);

	for (; n == -EAGAIN && ms > 0; ms--) {
		nap(1);
		n = transport_of(trial)->recv(rx, data, len, NOWAIT);
	}
	return (int)n;
}

/* ---- records ---- */

#define ROUNDS 3

static int send_three_and_four(struct trial *trial, struct end *tx)
{
	int i, err = 0;

	for (i = 0; i < ROUNDS && !err; i++) {
		err = await(trial, STEP_OWN + 2 * i);
		if (!err)
			err = put(trial, tx, "abc", 3);
		if (!err)
			err = put(trial, tx, "defg", 4);
		if (!err)
			tell(trial, STEP_OWN + 2 * i + 1);
	}
	return err ? err : await(trial, STEP_OWN + 2 * ROUNDS);
}

/* A stream may happen to deliver the first piece before the second has come. */
static int probe_records(struct trial *trial)
{
	size_t room = transport_of(trial)->chunk;
	char *buf = malloc(room < 16 ? 16 : room);
	int n = 0, i, rest;
	struct end rx;
	pid_t pid = meet(trial, &rx, send_three_and_four);
	int err = pid < 0 ? pid : 0;

	for (i = 0; i < ROUNDS && !err; i++) {
		tell(trial, STEP_OWN + 2 * i);
		err = await(trial, STEP_OWN + 2 * i + 1);
		if (err)
			break;
		nap(10);
		n = receive_soon(trial, &rx, buf, room < 16 ? 16 : room, 1000);
		if (n != 3)
			break;
		rest = receive_soon(trial, &rx, buf, room < 16 ? 16 : room, 1000);
		if (rest != 4)
			err = bad(trial, rest < 0 ? rest : -EPROTO, "the second receive");
	}
	free(buf);
	if (err)
		return err;
	if (n == 3)
		return found(trial, "yes", "sent 3 and 4 bytes; received 3, and then 4");
	if (n == 7)
		return found(trial, "no", "sent 3 and 4 bytes; one receive returned all 7");
	return bad(trial, n < 0 ? n : -EPROTO, "receive");
}

/* ---- flow control, reliable ---- */

static int flood(struct trial *trial, struct end *tx)
{
	const struct transport *transport = transport_of(trial);
	struct stage *stage = trial->stage;
	char *msg = calloc(1, transport->chunk);
	uint32_t i;
	ssize_t n;

	if (!msg)
		return -ENOMEM;
	for (i = 0; i < FLOOD_MSGS && !__atomic_load_n(&stage->stop, __ATOMIC_ACQUIRE); i++) {
		memcpy(msg, &i, sizeof(i));
		n = transport->send(tx, msg, transport->chunk, 0);
		if (n < 0) {
			stage->value[0] = n;
			break;
		}
		stage->value[1] += n;
		__atomic_store_n(&stage->sent, i + 1, __ATOMIC_RELEASE);
	}
	__atomic_store_n(&stage->ended, 1, __ATOMIC_RELEASE);
	free(msg);
	return await(trial, STEP_DONE);
}

/* Does the sender wait, or is it through?  It waits if it sleeps at one message. */
static bool flood_waits(struct trial *trial, pid_t sender)
{
	struct stage *stage = trial->stage;
	uint32_t before, seen = 0;

	while (!__atomic_load_n(&stage->ended, __ATOMIC_ACQUIRE)) {
		before = __atomic_load_n(&stage->sent, __ATOMIC_ACQUIRE);
		seen = before && peer_sleeps(sender) ? seen + 1 : 0;
		nap(5);
		if (before != __atomic_load_n(&stage->sent, __ATOMIC_ACQUIRE))
			seen = 0;
		if (seen == 4)
			return !__atomic_load_n(&stage->ended, __ATOMIC_ACQUIRE);
	}
	return false;
}

struct flooded {
	bool waits;
	int refused;		/* 0 or -errno */
	uint32_t before;	/* messages taken before it was made to wait */
	uint32_t sent;
	int64_t sent_bytes;
	int64_t bytes;		/* received */
};

/* Receive all, until the sender is through and nothing more comes. */
static int drain(struct trial *trial, struct end *rx, struct flooded *flooded)
{
	size_t size = transport_of(trial)->chunk;
	char *msg = malloc(size);
	bool ended = false;
	int n = msg ? 1 : -ENOMEM;

	while (n > 0 || (n == -EAGAIN && !ended)) {
		ended = __atomic_load_n(&trial->stage->ended, __ATOMIC_ACQUIRE);
		if (ended && flooded->bytes == trial->stage->value[1])
			break;
		n = receive_soon(trial, rx, msg, size, QUIET);
		flooded->bytes += n > 0 ? n : 0;
	}
	free(msg);
	return n >= 0 || n == -EAGAIN ? 0 : bad(trial, n, "receive");
}

static int flood_and_drain(struct trial *trial, struct flooded *flooded)
{
	struct stage *stage = trial->stage;
	struct end rx;
	pid_t pid = meet(trial, &rx, flood);
	int err;

	*flooded = (struct flooded){ .waits = false };
	if (pid < 0)
		return pid;
	flooded->waits = flood_waits(trial, pid);
	flooded->before = __atomic_load_n(&stage->sent, __ATOMIC_ACQUIRE);
	__atomic_store_n(&stage->stop, 1, __ATOMIC_RELEASE);
	err = drain(trial, &rx, flooded);
	flooded->sent = __atomic_load_n(&stage->sent, __ATOMIC_ACQUIRE);
	flooded->sent_bytes = stage->value[1];
	flooded->refused = (int)stage->value[0];
	if (!err && !flooded->waits && !flooded->refused && flooded->bytes == flooded->sent_bytes)
		err = bad(trial, -ENOBUFS, "nothing was full, refused or lost");
	return err;
}

int probe_flow(struct trial *trial)
{
	struct flooded flooded;
	int err = flood_and_drain(trial, &flooded);

	if (err)
		return err;
	if (flooded.waits && flooded.sent > flooded.before)
		return found(trial, "yes",
			     "nobody received: after %u messages of %zu bytes the sender slept, until there was room",
			     flooded.before, transport_of(trial)->chunk);
	if (flooded.waits && flooded.sent == flooded.before)
		return bad(trial, -EPROTO, "the sender slept and was not woken");
	if (flooded.refused)
		return found(trial, "no",
			     "nobody received: after %u messages the next was refused (%s)",
			     flooded.before, error_name(flooded.refused));
	return found(trial, "no",
		     "nobody received: all %u messages were taken, %lld of %lld bytes were there",
		     flooded.sent, (long long)flooded.bytes, (long long)flooded.sent_bytes);
}

static int probe_reliable(struct trial *trial)
{
	struct flooded flooded;
	int err = flood_and_drain(trial, &flooded);

	if (err)
		return err;
	if (flooded.bytes == flooded.sent_bytes)
		return found(trial, "yes",
			     "flooded: of %u messages (%lld bytes) that it took, all arrived%s",
			     flooded.sent, (long long)flooded.sent_bytes,
			     flooded.refused ? "; further ones were refused" : "");
	return found(trial, "no", "flooded: it took %lld bytes, and %lld arrived",
		     (long long)flooded.sent_bytes, (long long)flooded.bytes);
}

/* ---- type or priority ---- */

static int send_kinds(struct trial *trial, struct end *tx)
{
	const struct transport *transport = transport_of(trial);
	static const struct {
		const char *data;
		int type, prio;
	} msgs[] = { { "A", 1, 0 }, { "B", 2, 5 }, { "C", 3, 0 } };
	unsigned int i;
	ssize_t n;

	for (i = 0; i < ARRAY_SIZE(msgs); i++) {
		n = transport->send_kind ?
			transport->send_kind(tx, msgs[i].data, 1, msgs[i].type, msgs[i].prio) :
			transport->send(tx, msgs[i].data, 1, 0);
		if (n < 0)
			return bad(trial, (int)n, "send");
	}
	tell(trial, STEP_SENT);
	return await(trial, STEP_DONE);
}

static int probe_kind(struct trial *trial)
{
	const struct transport *transport = transport_of(trial);
	char *buf = calloc(1, transport->chunk), order[4] = "";
	bool type = false, prio;
	int i, err = 0, n = 0;
	struct end rx;
	pid_t pid = meet(trial, &rx, send_kinds);

	if (pid < 0)
		err = pid;
	if (!err)
		err = await(trial, STEP_SENT);
	for (i = 0; i < 3 && !err; i++) {
		/* A stream gives one byte when it is asked for one */
		if (!i && transport->recv_type)
			n = (int)transport->recv_type(&rx, buf, transport->chunk, 3);
		else
			n = receive_soon(trial, &rx, buf,
					 transport->send_kind ? transport->chunk : 1, 1000);
		if (n != 1)
			err = bad(trial, n < 0 ? n : -EPROTO, "receive");
		order[i] = buf[0];
	}
	free(buf);
	if (err)
		return err;
	type = transport->recv_type && order[0] == 'C';
	prio = order[type] == 'B';
	if (!type && !prio)
		return found(trial, "no", "three messages%s arrived in the order %s",
			     transport->send_kind ? "" : ", of which no call says more,", order);
	return found(trial, type && prio ? "both" : type ? "type" : "prio",
		     "sent A, B more urgent, C of another type; received %s%s", order,
		     type ? ", the first by its type" : "");
}

/* ---- direction ---- */

static int turn_peer(struct trial *trial, struct end *tx)
{
	struct stage *stage = trial->stage;
	char *buf = malloc(transport_of(trial)->chunk);
	int err = await(trial, STEP_SENT);

	if (!err)
		stage->value[1] = receive_soon(trial, tx, buf, transport_of(trial)->chunk,
					       stage->value[0] < 0 ? 0 : 500);
	tell(trial, STEP_BACK);
	if (!err)
		err = await(trial, STEP_BOTH);
	if (!err)
		err = put(trial, tx, "abc", 3);
	if (!err)
		tell(trial, STEP_BOTH + 1);
	free(buf);
	return err ? err : await(trial, STEP_DONE);
}

/*
 * First the receiver sends, 5 bytes.  If they arrive, both send, 5 and 3 bytes, and the
 * receiver looks whether it gets the other's alone or its own.
 */
static int probe_direction(struct trial *trial)
{
	const struct transport *transport = transport_of(trial);
	struct stage *stage = trial->stage;
	char *buf = malloc(transport->chunk);
	struct end rx;
	pid_t pid = meet(trial, &rx, turn_peer);
	int err = pid < 0 ? pid : 0, n;

	if (!err) {
		stage->value[0] = transport->send(&rx, "vwxyz", 5, NOWAIT);
		tell(trial, STEP_SENT);
		err = await(trial, STEP_BACK);
	}
	if (!err && stage->value[1] != 5) {
		free(buf);
		return found(trial, "1-way", "what the receiver sent back: %s",
			     stage->value[0] < 0 ? error_name((int)stage->value[0]) :
			     "the sender never got it");
	}
	if (!err)
		err = put(trial, &rx, "vwxyz", 5);
	if (!err) {
		tell(trial, STEP_BOTH);
		err = await(trial, STEP_BOTH + 1);
	}
	n = err ? err : receive_soon(trial, &rx, buf, transport->chunk, 500);
	free(buf);
	if (n < 0)
		return bad(trial, n, "receive");
	if (n == 3)
		return found(trial, "full", "both sent at once, and each got the other's");
	return found(trial, "half", "it goes either way, but who sends may receive its own");
}

/* ---- copies ---- */

static int send_and_overwrite(struct trial *trial, struct end *tx)
{
	char data[7] = "before";
	int err = put(trial, tx, data, sizeof(data));

	memcpy(data, "after!", sizeof(data));
	if (!err)
		tell(trial, STEP_SENT);
	return err ? err : await(trial, STEP_DONE);
}

/*
 * Not timed, which would measure the machine, but seen: a message that stays as it was
 * when its sender writes over it has been copied when it was sent; and one that lies in
 * the buffer that the receiver named was copied when it was received.
 */
static int probe_copies(struct trial *trial)
{
	const struct transport *transport = transport_of(trial);
	char *buf = calloc(1, transport->chunk);
	bool taken, given;
	struct end rx;
	pid_t pid = meet(trial, &rx, send_and_overwrite);
	int err = pid < 0 ? pid : await(trial, STEP_SENT);
	int n = err ? err : receive_soon(trial, &rx, buf, transport->chunk, 1000);

	taken = !strcmp(buf, "before");
	if (n == 7 && !taken && strcmp(buf, "after!"))
		n = -EPROTO;
	free(buf);
	if (n != 7)
		return bad(trial, n < 0 ? n : -EPROTO, "receive");
	given = !rx.lent;
	if (rx.lent && ((char *)rx.lent < (char *)rx.map ||
			(char *)rx.lent >= (char *)rx.map + rx.map_size))
		return bad(trial, -EPROTO, "where the message lies");
	return found(trial, taken && given ? "2" : taken || given ? "1" : "0",
		     "%s; the receiver found it in %s",
		     taken ? "written over after it was sent, it arrived unchanged" :
			     "written over before it was received, it arrived changed",
		     given ? "the buffer it had named" : "memory that the kernel had filled");
}

/* ---- largest message ---- */

#define STREAM_BYTES (256 << 10)

static int send_largest(struct trial *trial, struct end *tx)
{
	const struct transport *transport = transport_of(trial);
	struct stage *stage = trial->stage;
	const char *source = "";
	int64_t limit;
	char *data;

	limit = transport->largest ? transport->largest(trial, tx, &source) : STREAM_BYTES;
	if (limit <= 0)
		return bad(trial, (int)limit, "the limit");
	data = calloc(1, limit + 1);
	if (!data)
		return -ENOMEM;
	snprintf(stage->text, sizeof(stage->text), "%s", source);
	stage->len = limit;
	tell(trial, STEP_SENT);
	stage->value[0] = transport->send(tx, data, limit, 0);
	stage->value[1] = 0;
	if (transport->largest && stage->value[0] == limit)
		stage->value[1] = transport->send(tx, data, limit + 1, 0);
	free(data);
	__atomic_store_n(&stage->ended, 1, __ATOMIC_RELEASE);
	return await(trial, STEP_DONE);
}

/* In pieces, where it comes so: all of the message, or as much as comes. */
static int64_t receive_largest(struct trial *trial, struct end *rx)
{
	struct stage *stage = trial->stage;
	char *buf = malloc(stage->len);
	int64_t got = 0;
	bool ended;
	int n = buf ? 1 : -ENOMEM;

	while (n > 0 && got < (int64_t)stage->len) {
		ended = __atomic_load_n(&stage->ended, __ATOMIC_ACQUIRE);
		n = receive_soon(trial, rx, buf, stage->len, ended ? QUIET : 5000);
		got += n > 0 ? n : 0;
	}
	free(buf);
	while (n >= 0 && !__atomic_load_n(&stage->ended, __ATOMIC_ACQUIRE))
		nap(1);
	return n < 0 ? n : got;
}

static int say_largest(struct trial *trial)
{
	const struct stage *stage = trial->stage;
	char size[24], source[64];

	if (!transport_of(trial)->largest)
		return found(trial, "none", "one call sent %d bytes, in pieces to the receiver",
			     STREAM_BYTES);
	if (stage->value[1] >= 0)
		return found(trial, "?", "one byte more than %lld was taken as well",
			     (long long)stage->len);
	snprintf(source, sizeof(source), "%.60s", stage->text);
	return found(trial, size_name((int64_t)stage->len, size, sizeof(size)),
		     "%lld bytes arrived (%s), one more was refused (%s)",
		     (long long)stage->len, source, error_name((int)stage->value[1]));
}

/* For an ordinary user where that can be: privilege lifts some of the limits. */
static int probe_largest(struct trial *trial)
{
	const struct stage *stage = trial->stage;
	int err = transport_of(trial)->root ? 0 : drop_privileges();
	struct end rx;
	int64_t got;
	pid_t pid;

	if (err)
		return bad(trial, err, "setresuid");
	trial->largest = true;
	pid = meet(trial, &rx, send_largest);
	err = pid < 0 ? pid : await(trial, STEP_SENT);
	if (err)
		return err;
	got = receive_largest(trial, &rx);
	if (got == (int64_t)stage->len && stage->value[0] == got)
		return say_largest(trial);
	trial->stage->text[0] = '\0';
	return bad(trial, stage->value[0] < 0 ? (int)stage->value[0] : got < 0 ? (int)got : -EIO,
		   "a message of the largest size");
}

probe_fn * const transport_probes[CELL_COUNT] = {
	[CELL_CONNECTIONLESS] = probe_connectionless,
	[CELL_RELIABLE] = probe_reliable,
	[CELL_FLOW] = probe_flow,
	[CELL_RECORDS] = probe_records,
	[CELL_KIND] = probe_kind,
	[CELL_DIRECTION] = probe_direction,
	[CELL_UNRELATED] = probe_unrelated,
	[CELL_MANY] = probe_many,
	[CELL_FDS] = probe_pass_fd,
	[CELL_IDENTITY] = probe_identity,
	[CELL_POLLABLE] = probe_pollable,
	[CELL_TIMED] = probe_timed,
	[CELL_SURVIVES] = probe_survives,
	[CELL_MACHINES] = probe_machines,
	[CELL_COPIES] = probe_copies,
	[CELL_LARGEST] = probe_largest,
	[CELL_UNPRIVILEGED] = probe_unprivileged,
	[CELL_DEATH] = probe_death,
};
