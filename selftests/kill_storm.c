// SPDX-License-Identifier: GPL-2.0
/*
 * Kill storm: clients and servers of channels, senders and receivers of queues, all
 * with payloads that can be checked, are killed at any moment and replaced.  Nobody
 * sees a wrong byte, and in the end everything is as if nothing had been.
 */
#include "kipc_test.h"

#define STORM_MS	2500
#define LARGEST		(96UL << 10)
#define WRONG		1	/* exit status: a wrong byte or an odd error */

/*
 * A payload: its length, a seed, and bytes that follow from the seed.  Lengths are
 * mostly small, sometimes several chunks.
 */
struct parcel {
	uint64_t seed;
	uint64_t len;	/* of all of it */
	uint8_t bytes[];
};

static size_t parcel_pack(struct parcel *parcel, unsigned int *random)
{
	size_t len = rand_r(random) % 8 ? rand_r(random) % 300 :
					  rand_r(random) % (LARGEST - 1000);

	parcel->seed = rand_r(random);
	parcel->len = sizeof(*parcel) + len;
	fill(parcel->bytes, len, parcel->seed);
	return parcel->len;
}

static bool parcel_is_whole(const void *data, size_t len)
{
	const struct parcel *parcel = data;

	return len >= sizeof(*parcel) && parcel->len == len &&
	       filled(parcel->bytes, len - sizeof(*parcel), parcel->seed);
}

/* An error that comes of somebody's death, or of the hurry */
static bool is_expected(int err)
{
	switch (err) {
	case 0:
	case -EPIPE:
	case -ECONNRESET:
	case -ECANCELED:
	case -ETIMEDOUT:
	case -ENOENT:
	case -ECONNREFUSED:
	case -EADDRINUSE:
	case -EAGAIN:
	case -ENOBUFS:
	case -ESRCH:
		return true;
	}
	return false;
}

static void must_at(bool good, int line)
{
	if (good)
		return;
	fprintf(stderr, "# kill_storm.c:%d: wrong in process %d\n", line,
		getpid());
	_exit(WRONG);
}

#define must(good)	must_at(good, __LINE__)

/* Serve until killed: answer every call with what it said. */
static void storm_server(const char *name, unsigned int random)
{
	struct kipc_header msg;
	struct end server;
	int err;

	while (end_serve(&server, name, 2 << 20))
		nap_ms(1);
	for (;;) {
		if (channel_recv_until(server.fd, &msg, in_ms(100)))
			continue;
		must(msg.offset + msg.len <= server.size);
		must(parcel_is_whole(server.pool + msg.offset, msg.len));
		switch (msg.kind == KIPC_KIND_CALL ? rand_r(&random) % 16 : 0) {
		case 0:
			err = channel_release(server.fd, msg.id);
			must(!err);
			break;
		default:
			err = channel_reply(server.fd, msg.id,
					    server.pool + msg.offset, msg.len);
			must(is_expected(err));
			if (err == -ENOBUFS)
				channel_release(server.fd, msg.id);
			break;
		}
		if (rand_r(&random) % 8 == 0)
			must(is_expected(channel_send_now(server.fd, msg.peer,
							  &random, 4)));
	}
}

static void storm_call(struct end *client, struct parcel *parcel,
		       unsigned int *random)
{
	size_t len = parcel_pack(parcel, random);
	struct kipc_channel_call call = call_of(parcel, len);
	int err;

	call.deadline = now_ns() + rand_r(random) % 3000000;
	err = request(client->fd, KIPC_IOC_CHANNEL_CALL, &call);
	must(is_expected(err));
	if (err) {
		must(call.outcome != KIPC_OUTCOME_REPLIED);
		return;
	}
	must(end_has(client, &call.reply, parcel, len));
	must(!channel_release(client->fd, call.reply.id));
}

static void storm_send(struct end *client, struct parcel *parcel,
		       unsigned int *random)
{
	size_t len = parcel_pack(parcel, random);

	must(is_expected(channel_send_now(client->fd, 0, parcel, len)));
}

/* Call and send until killed; connect anew when the server has gone. */
static void storm_client(const char *name, unsigned int random)
{
	struct parcel *parcel = memory(LARGEST);
	struct kipc_header msg;
	struct end client;
	int err;

	for (;;) {
		while (end_connect(&client, name, 1 << 20))
			nap_ms(1);
		do {
			if (rand_r(&random) % 4)
				storm_call(&client, parcel, &random);
			else
				storm_send(&client, parcel, &random);
			err = channel_recv_now(client.fd, &msg);
			must(is_expected(err));
			if (!err)
				must(!channel_release(client.fd, msg.id));
		} while (err != -EPIPE && rand_r(&random) % 200);
		end_close(&client);
	}
}

static void storm_sender(const char *name, unsigned int random)
{
	int fd = queue_open(name, KIPC_QUEUE_SEND);
	struct parcel *parcel = memory(LARGEST);
	struct kipc_queue_send arg;

	for (;;) {
		arg = queue_send_args(parcel, parcel_pack(parcel, &random));
		arg.deadline = in_ms(5);
		arg.prio = rand_r(&random) % 4;
		must(is_expected(request(fd, KIPC_IOC_QUEUE_SEND, &arg)));
	}
}

static void storm_receiver(const char *name, unsigned int random)
{
	int fd = queue_open(name, KIPC_QUEUE_RECV), err;
	uint8_t *buf = memory(LARGEST);
	struct kipc_queue_recv arg;

	for (;;) {
		arg = queue_recv_args(buf, LARGEST);
		arg.deadline = in_ms(5);
		err = request(fd, KIPC_IOC_QUEUE_RECV, &arg);
		must(is_expected(err));
		must(err || parcel_is_whole(buf, arg.msg.len));
	}
}

static void (*const roles[])(const char *name, unsigned int random) = {
	storm_server, storm_client, storm_client, storm_client,
	storm_sender, storm_sender, storm_receiver, storm_receiver,
};

#define ROLES	8

static pid_t storm_start(int role, const char *name, unsigned int random)
{
	pid_t child = spawn();

	if (!child)
		roles[role](name, random);
	return child;
}

/* Kill one.  Return: whether it had seen nothing wrong. */
static bool storm_end(pid_t child)
{
	return kill_and_reap(child) == 128 + SIGKILL;
}

FIXTURE(storm)
{
	char name[KIPC_NAME_SIZE];
	int queue;
};

FIXTURE_SETUP(storm)
{
	fresh_name(self->name);
	self->queue = queue_open_sized(self->name,
				       KIPC_QUEUE_CREATE | QUEUE_BOTH,
				       32, 1 << 20, LARGEST);
	ASSERT_LE(0, self->queue);
}

FIXTURE_TEARDOWN(storm)
{
	close(self->queue);
	queue_unlink(self->name);
}

/* Everything that is left in the queue is whole; then it holds as much as ever. */
static bool queue_is_sound(int fd)
{
	uint8_t *buf = memory(LARGEST);
	struct kipc_header msg;
	int err, n = 0;

	for (;;) {
		err = queue_recv_now(fd, buf, LARGEST, &msg);
		if (err)
			break;
		if (!parcel_is_whole(buf, msg.len))
			return false;
	}
	if (err != -EAGAIN || endpoint_info(fd).queued_bytes)
		return false;
	while (!queue_send_now(fd, buf, (1 << 20) / 32))
		n++;
	return n == 32;
}

static bool channel_is_sound(const char *name)
{
	struct kipc_header msg;
	struct end server, client;
	bool good;

	if (end_serve(&server, name, 0) || end_connect(&client, name, 0))
		return false;
	good = !channel_send(client.fd, 0, "x", 1) &&
	       !channel_recv(server.fd, &msg) &&
	       end_has(&server, &msg, "x", 1) &&
	       !channel_release(server.fd, msg.id) &&
	       endpoint_info(server.fd).pool_free == server.size;
	end_close(&client);
	end_close(&server);
	return good;
}

TEST_F(storm, nothing_is_wrong_while_anybody_may_be_killed)
{
	unsigned int random = 1, kills = 0;
	uint64_t end = in_ms(STORM_MS);
	pid_t children[ROLES];
	int i;

	for (i = 0; i < ROLES; i++)
		children[i] = storm_start(i, self->name, i);
	while (now_ns() < end) {
		nap_ms(rand_r(&random) % 20);
		i = rand_r(&random) % ROLES;
		ASSERT_TRUE(storm_end(children[i]));
		children[i] = storm_start(i, self->name, ++kills);
	}
	for (i = 0; i < ROLES; i++)
		EXPECT_TRUE(storm_end(children[i]));
	EXPECT_LT(20 / slow(), kills);
	EXPECT_TRUE(queue_is_sound(self->queue));
	EXPECT_TRUE(channel_is_sound(self->name));
}

/* The same in threads of one process, whose endpoint is closed under them. */
struct victim {
	struct end server;
	struct end client;
};

static void *victim_serve(void *arg)
{
	struct victim *victim = arg;
	struct kipc_header msg;

	while (!channel_recv(victim->server.fd, &msg))
		channel_reply(victim->server.fd, msg.id,
			      victim->server.pool + msg.offset, msg.len);
	return NULL;
}

static void *victim_call(void *arg)
{
	struct victim *victim = arg;
	struct kipc_header reply;

	while (!channel_call(victim->client.fd, victim, sizeof(*victim),
			     &reply))
		channel_release(victim->client.fd, reply.id);
	return NULL;
}

static void victim_run(const char *name)
{
	struct victim victim;
	pthread_t thread;
	int i;

	if (end_serve(&victim.server, name, 0) ||
	    end_connect(&victim.client, name, 0))
		_exit(WRONG);
	for (i = 0; i < 3; i++) {
		pthread_create(&thread, NULL, victim_serve, &victim);
		pthread_create(&thread, NULL, victim_call, &victim);
	}
	for (;;)
		pause();
}

TEST_F(storm, process_that_serves_itself_can_be_killed)
{
	pid_t child;
	int i;

	for (i = 0; i < 40; i++) {
		child = spawn();
		if (!child)
			victim_run(self->name);
		nap_ms(i % 10);
		EXPECT_EQ(128 + SIGKILL, kill_and_reap(child));
		EXPECT_TRUE(channel_is_sound(self->name));
	}
}

TEST_HARNESS_MAIN
