// SPDX-License-Identifier: GPL-2.0
/*
 * Channels: servers with several threads (the SLEEPY one has a ring and one thread), and
 * clients with several, which call and send in every way there is, fork meanwhile, and end.
 */
#include "soak.h"

#define SERVING		4
#define CALLING		2
#define BATCH		6

/* A small pool is full now and then, so that senders wait for room in it */
static const uint64_t pools[SLOTS] = { 4 << 20, 1 << 20, 256 << 10 };

void channel_name(char *name, int slot)
{
	memset(name, 0, KIPC_NAME_SIZE);
	snprintf(name, KIPC_NAME_SIZE, "soak-%d", slot);
}

/* Of a call or a send, an end that others or the hurry may bring about */
static bool may_end(int err)
{
	switch (err) {
	case 0:
	case -EPIPE:
	case -ECONNRESET:
	case -ETIMEDOUT:
	case -EAGAIN:
	case -EINTR:
	case -ESRCH:
		return true;
	}
	return false;
}

/* Descriptors go to a device: whatever is taken must be that. */
static void take_fds(int fd, const struct kipc_header *msg)
{
	unsigned int done, i;
	struct stat stat;
	int fds[4];

	if (!msg->fd_count)
		return;
	must(msg->fd_count <= 4, "%u descriptors came", msg->fd_count);
	must(!channel_fds_to(fd, msg->id, fds, msg->fd_count, &done) && done == msg->fd_count,
	     "%u of %u descriptors", done, msg->fd_count);
	for (i = 0; i < done; i++) {
		must(!fstat(fds[i], &stat) && S_ISCHR(stat.st_mode), "another descriptor");
		close(fds[i]);
	}
	count_many(FDS, done);
}

/* Servers */

struct server {
	struct end end;
	struct ring ring;
	struct actor *actor;
	int slot;
};

static void server_release(struct server *server, uint64_t id)
{
	int err = channel_release(server->end.fd, id);

	must(!err, "release: %d", err);
}

/* Call back whoever has called, and see that it is it who answers. */
static void server_call_back(struct server *server, uint64_t peer, struct parcel *parcel)
{
	size_t len = parcel_pack(parcel, TO_CLIENT(peer), 2000, 0);
	struct kipc_channel_call call = call_of(parcel, len);
	uint64_t line = parcel->line;
	int err;

	call.to = peer;
	call.request.tag = line;
	call.deadline = now_ns() + 1000000 + chance(30000000);
	err = request(server->end.fd, KIPC_IOC_CHANNEL_CALL, &call);
	must(may_end(err), "call back: %d", err);
	if (err)
		return;
	parcel_open(server->end.pool + call.reply.offset, &call.reply, TO_CALLER);
	line_ended(line);
	count(CALLBACKS);
	server_release(server, call.reply.id);
}

static void server_send(struct server *server, uint64_t peer, struct parcel *parcel)
{
	struct kipc_payload payload;
	struct kipc_channel_send arg;
	size_t len = parcel_pack(parcel, TO_CLIENT(peer), 2000, 0);
	int err;

	payload = payload_of(parcel, len);
	payload.tag = parcel->line;
	arg = send_of(payload);
	arg.flags = KIPC_F_NONBLOCK;
	arg.to = peer;
	err = request(server->end.fd, KIPC_IOC_CHANNEL_SEND, &arg);
	must(may_end(err) || err == -EMSGSIZE, "send to a client: %d", err);
}

static void server_reply(struct server *server, const struct kipc_header *msg, uint64_t line,
			 struct parcel *parcel)
{
	size_t len = parcel_answer(parcel, line, chance(8) ? 1000 : LARGEST);
	struct kipc_payload payload = payload_of(parcel, len);
	int err;

	payload.tag = line;
	err = channel_reply_payload(server->end.fd, msg->id, payload);
	must(!err || err == -ECANCELED || err == -ENOBUFS || err == -EMSGSIZE, "reply: %d", err);
	if (err == -ENOBUFS || err == -EMSGSIZE)
		server_release(server, msg->id);
}

/* @held: it came by request, and is to be released here */
static void server_handle(struct server *server, const struct kipc_header *msg, bool held,
			  struct parcel *parcel)
{
	const struct parcel *got;
	uint64_t line;

	if (msg->kind >= KIPC_KIND_CONNECTED) {
		count(NOTICES);
		/* That of a canceled call goes with the call. */
		if (msg->kind != KIPC_KIND_CANCELED)
			server_release(server, msg->id);
		return;
	}
	must(msg->offset + msg->len <= server->end.size, "beyond the pool");
	got = parcel_open(server->end.pool + msg->offset, msg, TO_SERVER(server->slot));
	line = got->line;
	parcel_received(got);
	take_fds(server->end.fd, msg);
	if (msg->kind == KIPC_KIND_CALL) {
		if (!chance(16))
			server_call_back(server, msg->peer, parcel);
		if (chance(24))
			server_reply(server, msg, line, parcel);
		else
			server_release(server, msg->id);
	} else if (held) {
		server_release(server, msg->id);
	}
	if (!chance(16))
		server_send(server, msg->peer, parcel);
}

/* A message that waited all the while that somebody waited for it */
static void look_for_late(struct server *server, const struct kipc_header *msg, uint64_t since)
{
	must(server->slot != STEADY || msg->kind >= KIPC_KIND_CONNECTED ||
	     msg->time + LATE_NS > since,
	     "a message of kind %u waited for %llu ms beside a waiting receiver", msg->kind,
	     (unsigned long long)(since - msg->time) / 1000000);
}

static void server_serve(void *arg)
{
	struct parcel *parcel = memory(LARGEST);
	struct server *server = arg;
	struct kipc_header msg;
	uint64_t until;
	int err;

	for (;;) {
		step("a server receives");
		until = in_ms(stage() == STAGE_RUN ? WAIT_MS : 100);
		err = channel_recv_until(server->end.fd, &msg, until);
		if (err == -ETIMEDOUT) {
			err = channel_recv_now(server->end.fd, &msg);
			if (!err)
				look_for_late(server, &msg, until);
			else if (err == -EAGAIN && stage() == STAGE_END)
				break;
		}
		must(!err || err == -EAGAIN || err == -EINTR, "receive: %d", err);
		step("a server answers");
		if (!err)
			server_handle(server, &msg, true, parcel);
	}
}

static void server_read_ring(struct server *server, struct parcel *parcel)
{
	struct ring *ring = &server->ring;

	while (ring_has(ring)) {
		step("a server reads its ring");
		server_handle(server, ring_entry(ring, ring->taken), false, parcel);
		ring->taken++;
		count(RINGED);
	}
}

static void server_serve_ring(void *arg)
{
	struct parcel *parcel = memory(LARGEST);
	struct server *server = arg;
	struct kipc_header msg;
	int err;

	for (;;) {
		step("a server receives beside its ring");
		err = ring_recv_until(&server->ring, &msg, server->ring.taken,
				      server->ring.taken,
				      in_ms(stage() == STAGE_RUN ? WAIT_MS : 100));
		if (err == -ETIMEDOUT && stage() == STAGE_END)
			return;
		must(!err || err == -ETIMEDOUT || err == -EINTR, "receive: %d", err);
		step("a server answers");
		if (!err && msg.kind != KIPC_KIND_NONE)
			server_handle(server, &msg, true, parcel);
		server_read_ring(server, parcel);
	}
}

/* Nobody is there any more: neither may anything be. */
static void server_check(struct server *server)
{
	struct kipc_endpoint_info info = endpoint_info(server->end.fd);

	must(!info.queued && !info.held && info.pool_free == info.pool_size,
	     "%llu queued, %llu held, %llu bytes of the pool gone at the end",
	     (unsigned long long)info.queued, (unsigned long long)info.held,
	     (unsigned long long)(info.pool_size - info.pool_free));
}

void server_run(struct actor *actor)
{
	struct server server = { .actor = actor, .slot = actor->slot };
	struct part parts[SERVING];
	char name[KIPC_NAME_SIZE];
	int i, n = actor->slot == SLEEPY ? 1 : SERVING, err;

	channel_name(name, actor->slot);
	for (;;) {
		step("a server comes");
		err = end_serve_with(&server.end, name, pools[actor->slot],
				     actor->slot == MORTAL ? KIPC_CHANNEL_NOTICES :
							     KIPC_CHANNEL_NICE);
		if (err != -EADDRINUSE)
			break;
		nap_ms(2);
	}
	must(!err, "serve: %d", err);
	if (actor->slot == SLEEPY)
		must(!ring_init(&server.ring, &server.end, 64), "no ring");
	for (i = 0; i < n; i++)
		part_begin(&parts[i], actor, i + 1, actor->slot == SLEEPY ? server_serve_ring :
			   server_serve, &server);
	/* Those who move are they. */
	me->tid = 0;
	for (i = 0; i < n; i++)
		part_end(&parts[i]);
	server_check(&server);
}

/* Clients */

struct client {
	struct end end;
	int slot;
	int zero;
	int gone;		/* no more is sent */
	int outstanding;	/* asynchronous calls, which may be answered before they are made */
	int calling;
};

static bool client_goes_on(struct client *client)
{
	return !__atomic_load_n(&client->gone, __ATOMIC_ACQUIRE) && stage() == STAGE_RUN;
}

static void client_leaves(struct client *client)
{
	__atomic_store_n(&client->gone, 1, __ATOMIC_RELEASE);
}

static unsigned int exact(struct client *client)
{
	return client->slot == MORTAL ? 0 : LINE_EXACT;
}

static uint64_t some_deadline(void)
{
	switch (chance(4)) {
	case 0:
		return now_ns() + chance(100000);
	case 1:
		return now_ns() + chance(20000000);
	}
	return 0;
}

static struct kipc_payload client_payload(struct client *client, struct parcel *parcel,
					  unsigned int bits, const int *fds)
{
	size_t len = parcel_pack(parcel, TO_SERVER(client->slot), LARGEST, bits);
	struct kipc_payload payload = payload_of(parcel, len);

	payload.tag = parcel->line;
	payload.prio = chance(8) ? 0 : chance(4);
	if (fds && !chance(8)) {
		payload.fds = (uintptr_t)fds;
		payload.fd_count = 1 + chance(3);
	}
	return payload;
}

static int client_call(struct client *client, struct parcel *parcel, const int *fds)
{
	struct kipc_channel_call call = call_of(NULL, 0);
	uint64_t line;
	int err;

	call.request = client_payload(client, parcel, 0, fds);
	call.deadline = some_deadline();
	line = parcel->line;
	err = request(client->end.fd, KIPC_IOC_CHANNEL_CALL, &call);
	must(may_end(err), "call: %d", err);
	if (err == -ETIMEDOUT)
		count(TIMEOUTS);
	if (call.outcome == KIPC_OUTCOME_NONE)
		line_void(line);
	must(!err == (call.outcome == KIPC_OUTCOME_REPLIED), "call: %d with outcome %u", err,
	     call.outcome);
	if (err)
		return err;
	must(parcel_open(client->end.pool + call.reply.offset, &call.reply,
			 TO_CALLER)->line == line, "another call's reply");
	line_ended(line);
	count(CALLS);
	err = channel_release(client->end.fd, call.reply.id);
	must(!err, "release: %d", err);
	return 0;
}

static int client_send(struct client *client, struct parcel *parcel, const int *fds)
{
	struct kipc_channel_send arg = send_of(client_payload(client, parcel, exact(client), fds));
	int err;

	arg.deadline = some_deadline();
	arg.flags = chance(4) ? 0 : KIPC_F_NONBLOCK;
	err = request(client->end.fd, KIPC_IOC_CHANNEL_SEND, &arg);
	must(may_end(err), "send: %d", err);
	if (err)
		line_void(parcel->line);
	else
		line_sent(parcel->line);
	count(SENDS);
	return err;
}

static int client_send_batch(struct client *client, uint8_t *buf)
{
	struct kipc_payload payloads[BATCH];
	struct kipc_channel_send_batch arg = batch_of(payloads, 1 + chance(BATCH));
	int err, i;

	for (i = 0; i < arg.count; i++)
		payloads[i] = client_payload(client, (void *)(buf + i * LARGEST), exact(client),
					     NULL);
	arg.deadline = some_deadline();
	err = request(client->end.fd, KIPC_IOC_CHANNEL_SEND_BATCH, &arg);
	must(may_end(err), "send a batch: %d", err);
	must(arg.done <= arg.count && !arg.done == !!err, "%u of a batch: %d", arg.done, err);
	for (i = 0; i < arg.count; i++) {
		uint64_t line = ((struct parcel *)(buf + i * LARGEST))->line;

		if (i < arg.done)
			line_sent(line);
		else
			line_void(line);
	}
	count(BATCHES);
	return err;
}

static int client_call_async(struct client *client, struct parcel *parcel)
{
	struct kipc_channel_call call = call_of(NULL, 0);
	int err;

	call.request = client_payload(client, parcel, 0, NULL);
	call.flags = KIPC_CALL_ASYNC;
	__atomic_fetch_add(&client->outstanding, 1, __ATOMIC_RELAXED);
	err = request(client->end.fd, KIPC_IOC_CHANNEL_CALL, &call);
	must(may_end(err), "asynchronous call: %d", err);
	if (err) {
		__atomic_fetch_sub(&client->outstanding, 1, __ATOMIC_RELAXED);
		line_void(parcel->line);
	}
	return err;
}

/* Fork in the midst of what the other threads do. */
static void client_fork(void)
{
	unsigned int ms = chance(6);

	if (spawn())
		return;
	nap_ms(ms);
	_exit(0);
}

static void client_act(void *arg)
{
	uint8_t *buf = memory(BATCH * LARGEST);
	struct parcel *parcel = (struct parcel *)buf;
	struct client *client = arg;
	int fds[3] = { client->zero, client->zero, client->zero };
	int err = 0, i, acts = 100 + chance(2000);

	for (i = 0; i < acts && client_goes_on(client); i++) {
		step("a client calls or sends");
		switch (chance(8)) {
		case 0:
			err = client_send(client, parcel, fds);
			break;
		case 1:
			err = client_send_batch(client, buf);
			break;
		case 2:
			err = client_call_async(client, parcel);
			break;
		default:
			err = client_call(client, parcel, fds);
			break;
		}
		if (err == -EPIPE)
			client_leaves(client);
		if (!chance(400)) {
			client_fork();
			count(FORKS);
		}
	}
	__atomic_fetch_sub(&client->calling, 1, __ATOMIC_ACQ_REL);
}

static void client_handle(struct client *client, const struct kipc_header *msg,
			  struct parcel *parcel)
{
	const void *data = client->end.pool + msg->offset;
	struct kipc_payload payload;
	const struct parcel *got;
	int err;

	switch (msg->kind) {
	case KIPC_KIND_REPLY:
		line_ended(parcel_open(data, msg, TO_CALLER)->line);
		count(ASYNC);
		/* fallthrough */
	case KIPC_KIND_FAILED:
		__atomic_fetch_sub(&client->outstanding, 1, __ATOMIC_RELAXED);
		break;
	default:
		got = parcel_open(data, msg, TO_CLIENT(client->end.number));
		parcel_received(got);
		if (msg->kind != KIPC_KIND_CALL)
			break;
		payload = payload_of(parcel, parcel_answer(parcel, got->line, 1000));
		payload.tag = got->line;
		err = channel_reply_payload(client->end.fd, msg->id, payload);
		if (err != -ENOBUFS && err != -EMSGSIZE) {
			must(!err || err == -ECANCELED || err == -ENOENT, "answer: %d", err);
			return;
		}
	}
	err = channel_release(client->end.fd, msg->id);
	must(!err || err == -ENOENT, "release: %d", err);
}

/* Take what the server sends, until nothing more is to come. */
static void client_listen(void *arg)
{
	struct parcel *parcel = memory(LARGEST);
	struct client *client = arg;
	struct kipc_header msg;
	int err;

	for (;;) {
		step("a client receives");
		err = channel_recv_until(client->end.fd, &msg, in_ms(100));
		if (err == -EPIPE)
			break;
		must(!err || err == -ETIMEDOUT || err == -EINTR, "client receives: %d", err);
		if (!err)
			client_handle(client, &msg, parcel);
		else if (!__atomic_load_n(&client->calling, __ATOMIC_ACQUIRE) &&
			 !__atomic_load_n(&client->outstanding, __ATOMIC_RELAXED))
			break;
		if (client->outstanding && !client->calling)
			me->doing = "a client awaits the end of its calls";
	}
	client_leaves(client);
}

void client_run(struct actor *actor)
{
	struct client client = { .slot = actor->slot, .calling = CALLING };
	struct part parts[CALLING + 1];
	char name[KIPC_NAME_SIZE];
	int i, err;

	signal(SIGCHLD, SIG_IGN);
	channel_name(name, actor->slot);
	client.zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	do {
		step("a client connects");
		err = end_connect(&client.end, name, chance(2) ? 1 << 20 : 128 << 10);
		must(!err || err == -ENOENT || err == -ECONNREFUSED, "connect: %d", err);
		if (err)
			nap_ms(2);
	} while (err && stage() == STAGE_RUN);
	if (err)
		return;
	for (i = 0; i < CALLING; i++)
		part_begin(&parts[i], actor, i + 1, client_act, &client);
	part_begin(&parts[i], actor, i + 1, client_listen, &client);
	me->tid = 0;
	for (i = 0; i <= CALLING; i++)
		part_end(&parts[i]);
	end_close(&client.end);
}
