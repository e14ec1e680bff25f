// SPDX-License-Identifier: GPL-2.0
/*
 * Trace: one message is followed from its sender to its receiver and back by the ids that
 * the tracepoints tell, and a descriptor's fdinfo says what it is.
 *
 * Events go into a buffer of the test's own (an instance of tracefs), which is given back.
 */
#include "netlink_test.h"

#define TRACING		"/sys/kernel/tracing"
#define INSTANCE	TRACING "/instances/kipc-test"

FIXTURE(trace)
{
	char name[KIPC_NAME_SIZE];
	struct end server;
	struct end client;
	char *text;
};

static int trace_begin(void)
{
	if (access(TRACING "/events/kipc", F_OK))
		return -ENOSYS;
	if (mkdir(INSTANCE, 0700))
		return -errno;
	return write_text(INSTANCE "/buffer_size_kb", "64") ?:
	       write_text(INSTANCE "/events/kipc/enable", "1");
}

FIXTURE_SETUP(trace)
{
	int err;

	umask(0);
	fresh_name(self->name);
	err = trace_begin();
	if (err == -ENOSYS)
		SKIP(return, "this kernel has no tracefs");
	ASSERT_EQ(0, err);
	self->text = calloc(1, 1 << 20);
	ASSERT_EQ(0, end_serve(&self->server, self->name, 64 << 10));
	ASSERT_EQ(0, end_connect(&self->client, self->name, 64 << 10));
}

FIXTURE_TEARDOWN_PARENT(trace)
{
	write_text(INSTANCE "/events/kipc/enable", "0");
	rmdir(INSTANCE);
	queue_unlink(self->name);
}

/* All that has been told so far */
static const char *trace_read(char *text)
{
	FILE *file = fopen(INSTANCE "/trace", "r");
	size_t n = 0;

	if (file) {
		n = fread(text, 1, (1 << 20) - 1, file);
		fclose(file);
	}
	text[n] = 0;
	return text;
}

/* The first line from here that has an event and such fields; "" if there is none */
static const char *find(const char *from, const char *event, const char *fields)
{
	char line[512], start[64];
	const char *end;

	snprintf(start, sizeof(start), ": %s: ", event);
	for (; *from; from = *end ? end + 1 : end) {
		end = strchrnul(from, '\n');
		snprintf(line, sizeof(line), "%.*s ", (int)(end - from), from);
		if (strstr(line, start) && strstr(line, fields))
			return from;
	}
	return from;
}

/* What a field of a line says */
static uint64_t field(const char *line, const char *name)
{
	char start[64], *at;
	const char *end = strchrnul(line, '\n');

	snprintf(start, sizeof(start), " %s=", name);
	at = strstr(line, start);
	return at && at < end ? strtoull(at + strlen(start), NULL, 10) : WRONG;
}

static const char *fields(const char *format, ...)
	__attribute__((format(printf, 1, 2)));
static const char *fields(const char *format, ...)
{
	static char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return text;
}

static void *answer(void *arg)
{
	struct end *server = arg;
	struct kipc_header msg;

	if (!channel_recv(server->fd, &msg))
		channel_reply(server->fd, msg.id, "123", 3);
	return NULL;
}

TEST_F(trace, call_is_followed_to_the_server_and_back)
{
	struct kipc_header reply;
	pthread_t thread;
	const char *line;
	uint64_t id;

	ASSERT_EQ(0, pthread_create(&thread, NULL, answer, &self->server));
	ASSERT_EQ(0, channel_call(self->client.fd, "12345", 5, &reply));
	pthread_join(thread, NULL);
	line = find(trace_read(self->text), "kipc_send",
		    fields("channel=%s ", self->name));
	ASSERT_STRNE("", line);
	EXPECT_EQ(KIPC_KIND_CALL, field(line, "kind"));
	EXPECT_EQ(self->client.number, field(line, "client"));
	EXPECT_EQ(5, field(line, "len"));
	id = field(line, "id");
	line = find(self->text, "kipc_recv", fields("channel=%s id=%llu ", self->name,
						    (unsigned long long)id));
	ASSERT_STRNE("", line);
	EXPECT_EQ(KIPC_KIND_CALL, field(line, "kind"));
	line = find(self->text, "kipc_reply", fields("channel=%s id=%llu ", self->name,
						     (unsigned long long)id));
	ASSERT_STRNE("", line);
	EXPECT_EQ(reply.id, field(line, "reply"));
	EXPECT_EQ(3, field(line, "len"));
	/* And it has ended, later than it began */
	line = find(line, "kipc_call_end", fields("channel=%s id=%llu ", self->name,
						  (unsigned long long)id));
	ASSERT_STRNE("", line);
	EXPECT_EQ(KIPC_OUTCOME_REPLIED, field(line, "outcome"));
	EXPECT_EQ(0, field(line, "err"));
}

TEST_F(trace, asynchronous_call_is_followed_to_the_message_that_answers_it)
{
	struct kipc_header msg;
	const char *line;
	uint64_t id, reply;

	ASSERT_EQ(0, channel_call_async(self->client.fd, 0, payload_of("x", 1), &id));
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	ASSERT_EQ(0, channel_reply(self->server.fd, msg.id, "y", 1));
	ASSERT_EQ(0, channel_recv(self->client.fd, &msg));
	line = find(trace_read(self->text), "kipc_reply",
		    fields("channel=%s id=%llu ", self->name, (unsigned long long)id));
	ASSERT_STRNE("", line);
	reply = field(line, "reply");
	EXPECT_EQ(msg.id, reply);
	line = find(line, "kipc_recv", fields("channel=%s id=%llu ", self->name,
					      (unsigned long long)reply));
	ASSERT_STRNE("", line);
	EXPECT_EQ(KIPC_KIND_REPLY, field(line, "kind"));
}

TEST_F(trace, call_that_fails_says_how)
{
	struct kipc_channel_call call = call_of("x", 1);
	const char *line;
	uint64_t id;

	call.deadline = SOON;
	ASSERT_EQ(-ETIMEDOUT, request(self->client.fd, KIPC_IOC_CHANNEL_CALL, &call));
	line = find(trace_read(self->text), "kipc_send", fields("channel=%s ", self->name));
	ASSERT_STRNE("", line);
	id = field(line, "id");
	line = find(line, "kipc_call_end", fields("channel=%s id=%llu outcome=0 err=-110 ",
						  self->name, (unsigned long long)id));
	EXPECT_STRNE("", line);
}

TEST_F(trace, message_is_followed_until_it_is_released)
{
	struct kipc_header msg;
	const char *line;

	ASSERT_EQ(0, channel_send(self->client.fd, 0, "1234567", 7));
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	ASSERT_EQ(0, channel_release(self->server.fd, msg.id));
	line = find(trace_read(self->text), "kipc_send",
		    fields("channel=%s id=%llu ", self->name, (unsigned long long)msg.id));
	ASSERT_STRNE("", line);
	EXPECT_EQ(7, field(line, "len"));
	line = find(line, "kipc_recv", fields("channel=%s id=%llu ", self->name,
					      (unsigned long long)msg.id));
	ASSERT_STRNE("", line);
	line = find(line, "kipc_release", fields("channel=%s id=%llu ", self->name,
						 (unsigned long long)msg.id));
	EXPECT_STRNE("", line);
}

TEST_F(trace, sender_that_waits_for_room_is_told_of)
{
	struct kipc_channel_send send;
	uint8_t *data = memory(30000);
	struct asker asker;
	struct kipc_header msg;

	while (!channel_send_now(self->client.fd, 0, data, 30000))
		;
	EXPECT_STREQ("", find(trace_read(self->text), "kipc_wait", ""));
	send = send_of(payload_of(data, 30000));
	send.payload.tag = 77;
	ASSERT_EQ(0, ask_and_wait(&asker, self->client.fd, KIPC_IOC_CHANNEL_SEND, &send));
	EXPECT_STRNE("", find(trace_read(self->text), "kipc_wait",
			      fields("channel=%s kind=%u client=%llu len=30000 tag=77 ",
				     self->name, KIPC_KIND_SEND,
				     (unsigned long long)self->client.number)));
	while (!channel_recv_now(self->server.fd, &msg))
		channel_release(self->server.fd, msg.id);
	EXPECT_EQ(0, ask_end(&asker));
}

TEST_F(trace, queued_message_is_followed_by_its_number)
{
	int fd = queue_open(self->name, KIPC_QUEUE_CREATE | QUEUE_BOTH), number;
	struct kipc_queue_recv recv = take_args(&number, KIPC_SELECT_URGENT, 0);
	const char *line;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, put(fd, 1, 5, 0));
	ASSERT_EQ(0, put(fd, 2, 6, 9));
	ASSERT_EQ(0, request(fd, KIPC_IOC_QUEUE_RECV, &recv));
	EXPECT_EQ(2, number);
	line = find(trace_read(self->text), "kipc_queue_send",
		    fields("queue=%s seq=%llu type=6 prio=9 len=4 ", self->name,
			   (unsigned long long)recv.msg.id));
	ASSERT_STRNE("", line);
	line = find(line, "kipc_queue_recv", fields("queue=%s seq=%llu ", self->name,
						    (unsigned long long)recv.msg.id));
	EXPECT_STRNE("", line);
	close(fd);
}

static int want_names(void *arg)
{
	char text[KIPC_NAME_SIZE];
	uint64_t pool = 0;
	int i, err = 0;

	for (i = 0; i < 3; i++)
		err = channel_create(endpoint_open(), fresh_name(text), 0600, &pool);
	return -err;
}

TEST_F(trace, limit_that_is_hit_is_told_of)
{
	struct nl nl;

	ASSERT_EQ(0, nl_open(&nl));
	ASSERT_EQ(0, set_limit(&nl, USER, KIPC_QUOTA_NAMES, 2));
	EXPECT_EQ(EDQUOT, as_user(USER, want_names, NULL));
	ASSERT_EQ(0, set_limit(&nl, USER, KIPC_QUOTA_NAMES, NO_LIMIT));
	EXPECT_STRNE("", find(trace_read(self->text), "kipc_limit",
			      fields("uid=%u limit=names wanted=3 ", USER)));
}

/* The id of an endpoint is the one that netlink tells */
TEST_F(trace, endpoint_is_known_by_its_id)
{
	struct told told;
	const char *line;
	struct nl nl;
	uint32_t id;

	ASSERT_EQ(0, nl_open(&nl));
	ASSERT_EQ(0, get_channel(&nl, self->name, &told));
	id = u32_of(&told, KIPC_A_CHANNEL_ID);
	end_close(&self->server);
	line = find(trace_read(self->text), "kipc_close",
		    fields("endpoint=%u role=%u name=%s ", id, KIPC_ROLE_SERVER, self->name));
	EXPECT_STRNE("", line);
}

/* What /proc says of a descriptor */

/* Is there such a line? */
static bool fdinfo_says(int fd, const char *key, const char *value)
{
	char path[64], text[4096], line[400];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	if (read_text(path, text, sizeof(text)))
		return false;
	snprintf(line, sizeof(line), "\nkipc-%s:\t%s\n", key, value);
	return strstr(text, line);
}

TEST_F(trace, fdinfo_of_every_role)
{
	int queue = queue_open_sized(self->name, KIPC_QUEUE_CREATE | QUEUE_BOTH, 9, 4096, 100);
	int none = endpoint_open(), i;
	struct kipc_header msg;
	struct told told;
	struct nl nl;

	ASSERT_LE(0, queue);
	EXPECT_TRUE(fdinfo_says(none, "role", "none"));
	EXPECT_FALSE(fdinfo_says(none, "name", ""));

	ASSERT_EQ(0, put_several(queue, 1, 2));
	EXPECT_TRUE(fdinfo_says(queue, "role", "queue"));
	EXPECT_TRUE(fdinfo_says(queue, "name", self->name));
	EXPECT_TRUE(fdinfo_says(queue, "queued", "2/9"));
	EXPECT_TRUE(fdinfo_says(queue, "queued-bytes", "8/4096"));

	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, channel_send(self->client.fd, 0, "x", 1));
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	EXPECT_TRUE(fdinfo_says(self->server.fd, "role", "server"));
	EXPECT_TRUE(fdinfo_says(self->server.fd, "name", self->name));
	EXPECT_TRUE(fdinfo_says(self->server.fd, "peers", "1"));
	EXPECT_TRUE(fdinfo_says(self->server.fd, "queued", "2"));
	EXPECT_TRUE(fdinfo_says(self->server.fd, "held", "1"));
	EXPECT_TRUE(fdinfo_says(self->server.fd, "pool-free",
				fields("%llu/%llu",
				       (unsigned long long)endpoint_info(self->server.fd).pool_free,
				       (unsigned long long)self->server.size)));
	EXPECT_TRUE(fdinfo_says(self->client.fd, "role", "client"));
	EXPECT_TRUE(fdinfo_says(self->client.fd, "client",
				fields("%llu", (unsigned long long)self->client.number)));
	EXPECT_TRUE(fdinfo_says(self->client.fd, "held", "0"));

	ASSERT_EQ(0, nl_open(&nl));
	ASSERT_EQ(0, get_channel(&nl, self->name, &told));
	EXPECT_TRUE(fdinfo_says(self->server.fd, "id",
				fields("%llu", (unsigned long long)u32_of(&told,
									  KIPC_A_CHANNEL_ID))));
	close(queue);
	close(none);
}

TEST_HARNESS_MAIN
