// SPDX-License-Identifier: GPL-2.0
/*
 * kipcctl monitor: an event in one line, for people and for programs.
 *
 * A line begins with the time and a word that says what has happened, which is also the
 * JSON's "event".  Objects come and go without a time of their own: theirs is now.
 */
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "account.h"
#include "control.h"
#include "events.h"
#include "human.h"
#include "json.h"
#include "kipcctl.h"

static const char *const words[] = {
	[KIPC_ADMIN_CHANNEL_NEW] = "channel-new",
	[KIPC_ADMIN_CHANNEL_GONE] = "channel-gone",
	[KIPC_ADMIN_ENDPOINT_NEW] = "endpoint-new",
	[KIPC_ADMIN_ENDPOINT_GONE] = "endpoint-gone",
	[KIPC_ADMIN_QUEUE_NEW] = "queue-new",
	[KIPC_ADMIN_QUEUE_GONE] = "queue-gone",
	[KIPC_ADMIN_PEER_DIED] = "peer-died",
	[KIPC_ADMIN_LIMIT_HIT] = "limit-hit",
	[KIPC_ADMIN_POOL_STUCK] = "pool-stuck",
	[KIPC_ADMIN_CALL_FAILED] = "call-failed",
};

/* What a later kernel may tell of */
static const char *word(const struct kipc_admin_event *event)
{
	unsigned int what = event->what;

	return what && what < sizeof(words) / sizeof(words[0]) ? words[what] : "unknown";
}

static bool is_trouble(const struct kipc_admin_event *event)
{
	return event->what >= KIPC_ADMIN_PEER_DIED;
}

uint64_t event_time(const struct kipc_admin_event *event)
{
	return is_trouble(event) && event->u.trouble.time_ns ? event->u.trouble.time_ns :
							    wall_time();
}

static const char *name_of(const struct kipc_admin_event *event, const char **scheme)
{
	*scheme = "channel";
	switch (event->what) {
	case KIPC_ADMIN_CHANNEL_NEW:
	case KIPC_ADMIN_CHANNEL_GONE:
		return event->u.channel.name;
	case KIPC_ADMIN_QUEUE_NEW:
	case KIPC_ADMIN_QUEUE_GONE:
		*scheme = "queue";
		return event->u.queue.name;
	case KIPC_ADMIN_ENDPOINT_NEW:
	case KIPC_ADMIN_ENDPOINT_GONE:
		if (event->u.endpoint.role == KIPC_ADMIN_QUEUE)
			*scheme = "queue";
		return event->u.endpoint.name;
	default:
		return event->u.trouble.name;
	}
}

/* Is it about something that has a name like that, "cam*" or "queue:jobs"? */
bool event_concerns(const struct kipc_admin_event *event, const char *pattern)
{
	const char *scheme, *name = name_of(event, &scheme);
	char address[KIPC_ADMIN_NAME + 16];

	if (!*name)
		return false;
	snprintf(address, sizeof(address), "%s:%s", scheme, name);
	return !fnmatch(pattern, name, 0) || !fnmatch(pattern, address, 0);
}

/* ---- for people ---- */

/* With microseconds: what happens together is told apart. */
static void print_head(uint64_t ns, const char *what)
{
	time_t seconds = (time_t)(ns / 1000000000);
	char text[32] = "";
	struct tm tm;

	if (localtime_r(&seconds, &tm))
		strftime(text, sizeof(text), "%H:%M:%S", &tm);
	printf("%s.%06u %-13s ", text, (unsigned int)(ns % 1000000000 / 1000), what);
}

static void print_owner(const char *scheme, const char *name, uint32_t id, uid_t uid, mode_t mode)
{
	if (*name)
		printf("%s:%s", scheme, name);
	else
		printf("%s %u, without a name,", scheme, id);
	printf(" of %s, mode %s", human_user(uid).s, human_mode(mode).s);
}

static void print_object(const struct kipc_admin_event *event)
{
	const struct kipc_admin_channel *channel = &event->u.channel;
	const struct kipc_admin_queue *queue = &event->u.queue;

	switch (event->what) {
	case KIPC_ADMIN_CHANNEL_NEW:
		print_owner("channel", channel->name, channel->id, channel->uid, channel->mode);
		printf(", served by process %s", human_process(channel->server.pid).s);
		break;
	case KIPC_ADMIN_CHANNEL_GONE:
		printf("channel:%s after %s message%s, %s bytes", channel->name,
		       human_count(channel->messages).s, plural(channel->messages),
		       human_bytes(channel->bytes).s);
		if (channel->failed)
			printf(", %s call%s failed", human_count(channel->failed).s,
			       plural(channel->failed));
		break;
	case KIPC_ADMIN_QUEUE_NEW:
		print_owner("queue", queue->name, queue->id, queue->uid, queue->mode);
		printf(", room for %s messages, %s bytes", human_count(queue->max_msgs).s,
		       human_bytes(queue->max_bytes).s);
		break;
	default:
		if (*queue->name)
			printf("queue:%s", queue->name);
		else
			printf("queue %u, without a name", queue->id);
		printf(", with %s message%s in it", human_count(queue->msgs).s,
		       plural(queue->msgs));
		break;
	}
}

static void print_endpoint(const struct kipc_admin_endpoint *endpoint)
{
	const char *scheme = endpoint->role == KIPC_ADMIN_QUEUE ? "queue" : "channel";

	printf("endpoint:%u, ", endpoint->id);
	if (endpoint->role == KIPC_ADMIN_CLIENT)
		printf("client %s", human_count(endpoint->client).s);
	else
		printf("%s", endpoint->role == KIPC_ADMIN_QUEUE ? "user" :
		       role_name(endpoint->role));
	if (*endpoint->name)
		printf(" of %s:%s", scheme, endpoint->name);
	else if (endpoint->role == KIPC_ADMIN_QUEUE)
		printf(" of queue %u, without a name", endpoint->object);
	printf(", process %s of %s", human_process(endpoint->pid).s, human_user(endpoint->uid).s);
}

/* Its numbers are those of the process itself, which another pid namespace does not share. */
static void print_peer(const struct kipc_admin_trouble *trouble)
{
	if (trouble->role == KIPC_ADMIN_CLIENT)
		printf("client %s", human_count(trouble->client).s);
	else
		printf("the server");
	if (*trouble->name)
		printf(" of channel:%s", trouble->name);
	printf(", process %d of %s,", trouble->pid, human_user(trouble->uid).s);
}

static void print_call(const struct kipc_admin_trouble *trouble)
{
	print_peer(trouble);
	if (trouble->call)
		printf(" call %s:", human_count(trouble->call).s);
	else
		printf(" a call:");
	printf(" %s; %s", strerror(-trouble->error),
	       trouble->outcome == KIPC_CALL_UNSEEN ? "the server has not seen it" :
	       trouble->outcome == KIPC_CALL_SEEN ? "the server has seen it, it may have run" :
	       "the reply was there");
}

static void print_trouble(const struct kipc_admin_event *event)
{
	const struct kipc_admin_trouble *trouble = &event->u.trouble;

	switch (event->what) {
	case KIPC_ADMIN_PEER_DIED:
		print_peer(trouble);
		printf(" has ended with %u message%s held and %u waiting for it", trouble->held,
		       plural(trouble->held), trouble->queued);
		break;
	case KIPC_ADMIN_LIMIT_HIT:
		printf("%s wanted %s %s and may have %s", human_user(trouble->uid).s,
		       account_amount(trouble->what, trouble->wanted).s,
		       kipc_admin_quota_name(trouble->what) ?: "of something",
		       account_amount(trouble->what, trouble->limit).s);
		if (trouble->pid)
			printf(" (process %d)", trouble->pid);
		if (trouble->times > 1)
			printf(", %u times", trouble->times);
		break;
	case KIPC_ADMIN_POOL_STUCK:
		print_peer(trouble);
		printf(" holds %u message%s, %s bytes of its pool, the oldest for %s",
		       trouble->held, plural(trouble->held), human_bytes(trouble->held_bytes).s,
		       human_age(trouble->held_ns).s);
		break;
	case KIPC_ADMIN_CALL_FAILED:
		print_call(trouble);
		break;
	default:
		printf("%u", event->what);
		break;
	}
}

void event_print(const struct kipc_admin_event *event)
{
	print_head(event_time(event), word(event));
	if (is_trouble(event))
		print_trouble(event);
	else if (event->what == KIPC_ADMIN_ENDPOINT_NEW || event->what == KIPC_ADMIN_ENDPOINT_GONE)
		print_endpoint(&event->u.endpoint);
	else
		print_object(event);
	putchar('\n');
}

void lost_print(void)
{
	print_head(wall_time(), "lost");
	puts("events came faster than they were taken: some are missing about here");
}

/* ---- for programs ---- */

static json_t *json_head(const char *what, uint64_t time_ns)
{
	json_t *object = json_object();

	json_put_text(object, "event", what);
	json_put_number(object, "time_ns", time_ns);
	return object;
}

static void put_peer(json_t *object, const struct kipc_admin_trouble *trouble)
{
	json_put_text(object, "name", trouble->name);
	json_put_number(object, "endpoint", trouble->endpoint);
	json_put_text(object, "role", role_name(trouble->role));
	json_put_number(object, "client", trouble->client);
}

static void put_trouble(json_t *object, const struct kipc_admin_event *event)
{
	static const char *const outcomes[] = { "not delivered", "delivered", "replied" };
	const struct kipc_admin_trouble *trouble = &event->u.trouble;
	bool limit = event->what == KIPC_ADMIN_LIMIT_HIT;

	json_put_number(object, "uid", trouble->uid);
	json_put_number(object, "pid", (uint64_t)trouble->pid);
	json_put_number(object, "pid_ns", trouble->pid_ns);
	if (limit) {
		json_put_text(object, "what", kipc_admin_quota_name(trouble->what));
		json_put_number(object, "limit", trouble->limit);
		json_put_number(object, "wanted", trouble->wanted);
		json_put_number(object, "times", trouble->times);
		return;
	}
	put_peer(object, trouble);
	if (event->what == KIPC_ADMIN_CALL_FAILED) {
		json_put_number(object, "call", trouble->call);
		json_put_text(object, "error", strerrorname_np(-trouble->error));
		json_put_text(object, "outcome", trouble->outcome < 3 ?
			      outcomes[trouble->outcome] : NULL);
		return;
	}
	json_put_number(object, "held", trouble->held);
	if (event->what == KIPC_ADMIN_PEER_DIED) {
		json_put_number(object, "queued", trouble->queued);
		return;
	}
	json_put_number(object, "held_bytes", trouble->held_bytes);
	json_put_number(object, "held_ns", trouble->held_ns);
}

int event_print_json(const struct kipc_admin_event *event)
{
	json_t *object = json_head(word(event), event_time(event));

	switch (event->what) {
	case KIPC_ADMIN_CHANNEL_NEW:
	case KIPC_ADMIN_CHANNEL_GONE:
		json_put(object, "channel", json_channel(&event->u.channel));
		break;
	case KIPC_ADMIN_ENDPOINT_NEW:
	case KIPC_ADMIN_ENDPOINT_GONE:
		json_put(object, "endpoint", json_endpoint(&event->u.endpoint));
		break;
	case KIPC_ADMIN_QUEUE_NEW:
	case KIPC_ADMIN_QUEUE_GONE:
		json_put(object, "queue", json_queue(&event->u.queue));
		break;
	default:
		put_trouble(object, event);
		break;
	}
	return json_print_line(object);
}

int lost_print_json(void)
{
	return json_print_line(json_head("lost", wall_time()));
}
