// SPDX-License-Identifier: GPL-2.0
/*
 * Failures, control: what is asked for is answered or refused, what is set is set wholly or not
 * at all, and an event that cannot be told is missed knowingly (ENOBUFS).
 *
 * The one system call is the one that sends: the kernel does all of the work in it, and what it
 * says waits to be received.
 */
#include "container_test.h"
#include "fault_test.h"

/* What comes of a request that was sent */
static bool request_says(int err)
{
	return faults_says(err) || err == -ENOBUFS;
}

/* Pass over what the last request left behind. */
static void pass_over(struct nl *nl)
{
	while (recv(nl->fd, nl->buf, sizeof(nl->buf), MSG_DONTWAIT) >= 0 || errno == ENOBUFS)
		;
	nl->next = 0;
	nl->end = 0;
}

/* Ask while something is refused.  Return: what was said. */
static int ask_refused(struct sweep *sweep, struct nl *nl, struct ask *ask, struct told *told)
{
	const struct nlmsghdr *head = NULL;
	bool answered = !told;
	int err;

	pass_over(nl);
	err = FAULT(sweep, nl_send(nl, ask));
	while (!err) {
		err = nl_recv(nl, &head);
		if (err || head->nlmsg_seq != nl->seq)
			continue;
		if (head->nlmsg_type == NLMSG_ERROR) {
			err = nl_verdict(nl, head);
			return err ?: answered ? 0 : -ENOMSG;
		}
		answered = told && told_message(told, head);
	}
	return err;
}

/* ---- answers ---- */

static void sweep_get(struct __test_metadata *_metadata, struct nl *nl, const char *what,
		      struct ask ask)
{
	struct told told, whole;
	struct sweep sweep;

	ASSERT_EQ(0, nl_ask(nl, &ask, &whole));
	sweep_begin(&sweep, what);
	while (sweep_next(&sweep)) {
		int err = ask_refused(&sweep, nl, &ask, &told);

		if (err) {
			EXPECT_TRUE(request_says(err)) AT(&sweep);
			EXPECT_EQ(0, nl_ask(nl, &ask, &told)) AT(&sweep);
		}
		EXPECT_EQ(whole.len, told.len) AT(&sweep);
	}
	SWEPT(&sweep);
}

/**
 * struct scene - something to look at
 * @server:	a channel's, with a message that it holds
 * @client:	its client
 * @queue:	a queue with a message
 * @channel:	the channel's name
 * @name:	the queue's
 */
struct scene {
	struct end server;
	struct end client;
	int queue;
	char channel[KIPC_NAME_SIZE];
	char name[KIPC_NAME_SIZE];
};

static int scene_open(struct scene *scene)
{
	struct kipc_header msg;

	scene->queue = queue_open(fresh_name(scene->name), KIPC_QUEUE_CREATE | QUEUE_BOTH);
	return end_serve(&scene->server, fresh_name(scene->channel), 1 << 16) ?:
	       end_connect(&scene->client, scene->channel, 1 << 16) ?:
	       channel_send(scene->client.fd, 0, "x", 1) ?:
	       channel_recv_now(scene->server.fd, &msg) ?:
	       put(scene->queue, 1, 0, 0);
}

static void scene_close(struct scene *scene)
{
	end_close(&scene->client);
	end_close(&scene->server);
	queue_unlink(scene->name);
	close(scene->queue);
}

TEST_F(fault, get)
{
	struct nl *nl = &self->nl;
	struct scene scene;
	struct told told;
	struct ask ask;

	ASSERT_EQ(0, scene_open(&scene));
	ask = ask_of(nl, KIPC_CMD_CHANNEL_GET);
	put_text(&ask, KIPC_A_CHANNEL_NAME, scene.channel);
	sweep_get(_metadata, nl, "get a channel", ask);
	ASSERT_EQ(0, nl_ask(nl, &ask, &told));
	ask = ask_of(nl, KIPC_CMD_ENDPOINT_GET);
	put_u32(&ask, KIPC_A_ENDPOINT_ID, u32_of(&told, KIPC_A_CHANNEL_ID));
	sweep_get(_metadata, nl, "get an endpoint", ask);
	ask = ask_of(nl, KIPC_CMD_QUEUE_GET);
	put_text(&ask, KIPC_A_QUEUE_NAME, scene.name);
	sweep_get(_metadata, nl, "get a queue", ask);
	ask = ask_of(nl, KIPC_CMD_USER_GET);
	put_u32(&ask, KIPC_A_USER_UID, 0);
	sweep_get(_metadata, nl, "get a user", ask);
	sweep_get(_metadata, nl, "get the defaults", ask_of(nl, KIPC_CMD_USER_GET));
	sweep_get(_metadata, nl, "get statistics", ask_of(nl, KIPC_CMD_STATS_GET));
	scene_close(&scene);
}

static int count_one(const struct told *told, void *arg)
{
	(*(int *)arg)++;
	return 0;
}

/* Return: 0, and all have been told of; or what went wrong. */
static int dump_refused(struct sweep *sweep, struct nl *nl, struct ask *ask, int *count)
{
	const struct nlmsghdr *head = NULL;
	int err;

	*count = 0;
	ask->head.nlmsg_flags |= NLM_F_DUMP;
	pass_over(nl);
	err = FAULT(sweep, nl_send(nl, ask));
	while (!err) {
		err = nl_recv(nl, &head);
		if (err || head->nlmsg_seq != nl->seq)
			continue;
		if (head->nlmsg_type == NLMSG_DONE || head->nlmsg_type == NLMSG_ERROR)
			return nl_verdict(nl, head);
		++*count;
	}
	return err;
}

/* A dump that could not begin, or go on, has ended; the socket is good for another. */
TEST_F(fault, dump)
{
	static const struct { const char *what; int cmd, least; } dumps[] = {
		{ "dump channels", KIPC_CMD_CHANNEL_GET, 1 },
		{ "dump endpoints", KIPC_CMD_ENDPOINT_GET, 203 },
		{ "dump queues", KIPC_CMD_QUEUE_GET, 1 },
		{ "dump users", KIPC_CMD_USER_GET, 1 },
	};
	int others[200], i, count;
	struct scene scene;
	struct sweep sweep;

	ASSERT_EQ(0, scene_open(&scene));
	for (i = 0; i < 200; i++)
		ASSERT_LE(0, others[i] = endpoint_open());
	for (i = 0; i < 4; i++) {
		sweep_begin(&sweep, dumps[i].what);
		while (sweep_next(&sweep)) {
			struct ask ask = ask_of(&self->nl, dumps[i].cmd);
			int err = dump_refused(&sweep, &self->nl, &ask, &count);

			if (err) {
				EXPECT_TRUE(request_says(err)) AT(&sweep);
				close(self->nl.fd);
				ASSERT_EQ(0, nl_open(&self->nl));
				ask = ask_of(&self->nl, dumps[i].cmd);
				count = 0;
				EXPECT_EQ(0, nl_dump(&self->nl, &ask, count_one, &count))
					AT(&sweep);
			}
			EXPECT_EQ(dumps[i].least, count) AT(&sweep);
		}
		SWEPT(&sweep);
	}
	close_all(others, 200);
	scene_close(&scene);
}

/* ---- changes ---- */

TEST_F(fault, set_a_queue)
{
	struct scene scene;
	struct sweep sweep;

	ASSERT_EQ(0, scene_open(&scene));
	sweep_begin(&sweep, "set a queue");
	while (sweep_next(&sweep)) {
		struct ask ask = ask_of(&self->nl, KIPC_CMD_QUEUE_SET);
		struct kipc_queue_stat old = stat_of(scene.queue), is;
		int err;

		put_text(&ask, KIPC_A_QUEUE_NAME, scene.name);
		put_u32(&ask, KIPC_A_QUEUE_MODE, old.mode ^ 0777);
		put_u64(&ask, KIPC_A_QUEUE_MAX_MSGS, old.max_msgs + 1);
		err = ask_refused(&sweep, &self->nl, &ask, NULL);
		is = stat_of(scene.queue);
		EXPECT_EQ(is.mode != old.mode, is.max_msgs != old.max_msgs) AT(&sweep);
		/* That it has been done could not be said. */
		if (err != -ENOBUFS)
			EXPECT_EQ(!err, is.mode != old.mode) AT(&sweep);
		EXPECT_TRUE(!err || request_says(err)) AT(&sweep);
	}
	SWEPT(&sweep);
	scene_close(&scene);
}

TEST_F(fault, set_a_channel)
{
	struct scene scene;
	struct sweep sweep;
	struct told told;

	ASSERT_EQ(0, scene_open(&scene));
	sweep_begin(&sweep, "set a channel");
	while (sweep_next(&sweep)) {
		struct ask ask = ask_of(&self->nl, KIPC_CMD_CHANNEL_SET);
		uint64_t old, is;
		int err;

		ASSERT_EQ(0, get_channel(&self->nl, scene.channel, &told));
		old = u32_of(&told, KIPC_A_CHANNEL_MODE);
		put_text(&ask, KIPC_A_CHANNEL_NAME, scene.channel);
		put_u32(&ask, KIPC_A_CHANNEL_MODE, old ^ 0777);
		err = ask_refused(&sweep, &self->nl, &ask, NULL);
		ASSERT_EQ(0, get_channel(&self->nl, scene.channel, &told));
		is = u32_of(&told, KIPC_A_CHANNEL_MODE);
		if (err != -ENOBUFS)
			EXPECT_EQ(err ? old : old ^ 0777, is) AT(&sweep);
		EXPECT_TRUE(!err || request_says(err)) AT(&sweep);
	}
	SWEPT(&sweep);
	scene_close(&scene);
}

static void put_limit(struct ask *ask, uint32_t what, int64_t limit)
{
	struct nlattr *nest = nest_begin(ask, KIPC_A_USER_CHARGE);

	put_u32(ask, KIPC_A_CHARGE_WHAT, what);
	if (limit != NO_LIMIT)
		put_u64(ask, KIPC_A_CHARGE_LIMIT, limit);
	nest_end(ask, nest);
}

static uint64_t limit_of(struct nl *nl, uint32_t what)
{
	struct told user, charge;

	if (get_user(nl, USER, &user))
		return WRONG;
	charge = charge_of(&user, what);
	return has(&charge, KIPC_A_CHARGE_OWN) ? u64_of(&charge, KIPC_A_CHARGE_LIMIT) : 0;
}

/* Two limits at once, of a user who has no account: it gets one, with both or not at all. */
TEST_F(fault, set_limits)
{
	struct sweep sweep;

	sweep_begin(&sweep, "set limits");
	while (sweep_next(&sweep)) {
		struct ask ask = ask_of(&self->nl, KIPC_CMD_USER_SET);
		uint64_t names, fds;
		int err;

		EXPECT_EQ(WRONG, limit_of(&self->nl, KIPC_QUOTA_NAMES)) AT(&sweep);
		put_u32(&ask, KIPC_A_USER_UID, USER);
		put_limit(&ask, KIPC_QUOTA_NAMES, 5);
		put_limit(&ask, KIPC_QUOTA_FDS, 6);
		err = ask_refused(&sweep, &self->nl, &ask, NULL);
		EXPECT_TRUE(!err || request_says(err)) AT(&sweep);
		names = limit_of(&self->nl, KIPC_QUOTA_NAMES);
		fds = limit_of(&self->nl, KIPC_QUOTA_FDS);
		EXPECT_TRUE((names == 5 && fds == 6) || (names == WRONG && fds == WRONG))
			AT(&sweep);
		if (err != -ENOBUFS)
			EXPECT_EQ(!err, names == 5) AT(&sweep);
		set_limit(&self->nl, USER, KIPC_QUOTA_NAMES, NO_LIMIT);
		set_limit(&self->nl, USER, KIPC_QUOTA_FDS, NO_LIMIT);
	}
	SWEPT(&sweep);
}

/* ---- events ---- */

/*
 * What a listener has heard since: how many events of two kinds.  Return: did it miss any, as
 * far as it knows?
 */
static bool heard(struct nl *nl, int first, int *firsts, int second, int *seconds)
{
	const struct nlmsghdr *head = NULL;
	bool missed = false;
	struct told told;
	int err = 0;

	*firsts = *seconds = 0;
	while (err != -EAGAIN) {
		err = nl_recv(nl, &head);
		missed |= err == -ENOBUFS;
		if (err || !told_message(&told, head))
			continue;
		*firsts += told.cmd == first;
		*seconds += told.cmd == second;
	}
	return missed;
}

static int make_and_remove(const char *name)
{
	int fd = queue_open(name, KIPC_QUEUE_CREATE | QUEUE_BOTH), err;

	if (fd < 0)
		return fd;
	err = queue_remove(fd, name);
	close(fd);
	return err;
}

/* All that happens is told, or that it was not. */
TEST_F(fault, events_of_queues)
{
	char name[KIPC_NAME_SIZE];
	struct nl listener;
	struct sweep sweep;

	ASSERT_EQ(0, nl_listen(&listener, false));
	ASSERT_EQ(0, set_nonblock(listener.fd));
	sweep_begin(&sweep, "a queue comes and goes, and events");
	while (sweep_next(&sweep)) {
		int made, gone, err;
		bool missed;

		heard(&listener, 0, &made, 0, &gone);
		err = FAULT(&sweep, make_and_remove(fresh_name(name)));
		if (err) {
			queue_unlink(name);
			continue;
		}
		missed = heard(&listener, KIPC_CMD_QUEUE_NEW_NTF, &made,
			       KIPC_CMD_QUEUE_DEL_NTF, &gone);
		EXPECT_TRUE(missed || (made == 1 && gone == 1)) AT(&sweep);
	}
	SWEPT(&sweep);
	close(listener.fd);
}

static int do_close(int fd)
{
	return close(fd) ? -errno : 0;
}

/*
 * Closing cannot be refused, whatever hangs on the endpoint: clients, messages, calls,
 * descriptors, a ring, and somebody who wants to be told.
 */
TEST_F(fault, close)
{
	struct kipc_channel_ring ring = { .size = sizeof(ring), .entries = 16 };
	char name[KIPC_NAME_SIZE];
	struct nl objects, trouble;
	struct accounts before;
	struct sweep sweep;
	int fds[2], server;

	ASSERT_EQ(0, nl_listen(&objects, false));
	ASSERT_EQ(0, nl_listen(&trouble, true));
	ASSERT_EQ(0, set_nonblock(objects.fd));
	for (server = 0; server < 2; server++) {
		sweep_begin(&sweep, server ? "close a server" : "close a client");
		before = accounts(&self->nl);
		while (sweep_next(&sweep)) {
			struct kipc_header call;
			struct end ends[2];
			uint64_t id;
			int gone, none, err;
			bool missed;

			ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
			EXPECT_EQ(0, end_serve_with(&ends[1], fresh_name(name), 1 << 20,
						    KIPC_CHANNEL_NOTICES));
			EXPECT_EQ(0, end_connect(&ends[0], name, 1 << 20));
			EXPECT_EQ(0, channel_recv_now(ends[1].fd, &call));
			EXPECT_EQ(0, channel_call_async(ends[0].fd, 0, payload_of("1", 1), &id));
			EXPECT_EQ(0, channel_recv_now(ends[1].fd, &call));
			EXPECT_EQ(0, channel_call_async(ends[0].fd, 0, payload_of("2", 1), &id));
			EXPECT_EQ(0, channel_call_async(ends[1].fd, ends[0].number,
							payload_of("3", 1), &id));
			EXPECT_EQ(0, request(ends[server].fd, KIPC_IOC_CHANNEL_RING, &ring));
			EXPECT_EQ(0, channel_send_fds(ends[0].fd, fds, 2));
			munmap((void *)ends[server].pool, ends[server].size);
			ends[server].pool = NULL;
			heard(&objects, 0, &gone, 0, &none);
			err = FAULT(&sweep, do_close(ends[server].fd));
			EXPECT_EQ(0, err) AT(&sweep);
			ends[server].fd = -1;
			missed = heard(&objects, KIPC_CMD_ENDPOINT_DEL_NTF, &gone, 0, &none);
			EXPECT_TRUE(missed || gone == 1) AT(&sweep);
			end_close(&ends[!server]);
			close_all(fds, 2);
			EXPECT_TRUE(accounts_are(&self->nl, &before)) AT(&sweep);
		}
		SWEPT(&sweep);
	}
	close(objects.fd);
	close(trouble.fd);
}

/* ---- network namespaces ---- */

static int do_unshare(void)
{
	return unshare(CLONE_NEWNET) ? -errno : 0;
}

static int make_namespaces(void *arg)
{
	struct __test_metadata *_metadata = arg;
	struct sweep sweep;

	sweep_begin(&sweep, "a network namespace");
	while (sweep_next(&sweep)) {
		int err = FAULT(&sweep, do_unshare()), fd;

		/* What other parts of the kernel say is theirs. */
		if (err)
			continue;
		/* In each that there is the module is at home. */
		fd = queue_open("here", KIPC_QUEUE_CREATE | KIPC_QUEUE_EXCL | QUEUE_BOTH);
		EXPECT_LE(0, fd) AT(&sweep);
		close(fd);
	}
	SWEPT(&sweep);
	return _metadata->exit_code ? 2 : 0;
}

TEST_F(fault, network_namespaces)
{
	EXPECT_EQ(0, in_child(make_namespaces, _metadata));
}

TEST_HARNESS_MAIN
