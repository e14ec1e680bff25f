// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Structures from attributes.
 *
 * For each kind of object a table says which attribute goes where, and what it must look
 * like.  An attribute that is in no table is a newer kernel's, and passed over; one of
 * another size, a string without an end, and bytes that are no attribute are -EPROTO.
 */
#include <assert.h>

#include "admin.h"

enum kipc_field_kind {
	KIPC_FIELD_NONE,	/* not known, or not from a table */
	KIPC_FIELD_U32,
	KIPC_FIELD_U64,
	KIPC_FIELD_NAME,	/* char [KIPC_ADMIN_NAME] */
	KIPC_FIELD_FLAG,	/* uint32_t: 1 where the attribute is there */
};

struct kipc_field {
	uint16_t kind;
	uint16_t offset;
};

/* All of a structure. */
struct kipc_table {
	size_t size;
	const struct kipc_field *fields;	/* by attribute */
	int count;
};

#define U32(type, member)	{ KIPC_FIELD_U32, offsetof(struct kipc_admin_##type, member) }
#define U64(type, member)	{ KIPC_FIELD_U64, offsetof(struct kipc_admin_##type, member) }
#define NAME(type, member)	{ KIPC_FIELD_NAME, offsetof(struct kipc_admin_##type, member) }
#define FLAG(type, member)	{ KIPC_FIELD_FLAG, offsetof(struct kipc_admin_##type, member) }

static const struct kipc_field kipc_endpoint_fields[] = {
	[KIPC_A_ENDPOINT_ID] = U32(endpoint, id),
	[KIPC_A_ENDPOINT_ROLE] = U32(endpoint, role),
	[KIPC_A_ENDPOINT_PID] = U32(endpoint, pid),
	[KIPC_A_ENDPOINT_UID] = U32(endpoint, uid),
	[KIPC_A_ENDPOINT_NAME] = NAME(endpoint, name),
	[KIPC_A_ENDPOINT_OBJECT] = U32(endpoint, object),
	[KIPC_A_ENDPOINT_CLIENT] = U64(endpoint, client),
	[KIPC_A_ENDPOINT_OPTIONS] = U32(endpoint, options),
	[KIPC_A_ENDPOINT_MAY] = U32(endpoint, may),
	[KIPC_A_ENDPOINT_POOL_SIZE] = U64(endpoint, pool_size),
	[KIPC_A_ENDPOINT_POOL_FREE] = U64(endpoint, pool_free),
	[KIPC_A_ENDPOINT_MEMORY] = U64(endpoint, memory),
	[KIPC_A_ENDPOINT_RING] = U32(endpoint, ring),
	[KIPC_A_ENDPOINT_QUEUED] = U32(endpoint, queued),
	[KIPC_A_ENDPOINT_QUEUED_NS] = U64(endpoint, queued_ns),
	[KIPC_A_ENDPOINT_HELD] = U32(endpoint, held),
	[KIPC_A_ENDPOINT_HELD_BYTES] = U64(endpoint, held_bytes),
	[KIPC_A_ENDPOINT_HELD_NS] = U64(endpoint, held_ns),
	[KIPC_A_ENDPOINT_RECEIVERS] = U32(endpoint, receivers),
	[KIPC_A_ENDPOINT_SENDERS] = U32(endpoint, senders),
	[KIPC_A_ENDPOINT_PID_NS] = U32(endpoint, pid_ns),
};

static const struct kipc_table kipc_endpoint_table = {
	sizeof(struct kipc_admin_endpoint), kipc_endpoint_fields, ARRAY_SIZE(kipc_endpoint_fields)
};

static const struct kipc_field kipc_channel_fields[] = {
	[KIPC_A_CHANNEL_ID] = U32(channel, id),
	[KIPC_A_CHANNEL_NAME] = NAME(channel, name),
	[KIPC_A_CHANNEL_MODE] = U32(channel, mode),
	[KIPC_A_CHANNEL_UID] = U32(channel, uid),
	[KIPC_A_CHANNEL_GID] = U32(channel, gid),
	[KIPC_A_CHANNEL_CREATOR_UID] = U32(channel, creator_uid),
	[KIPC_A_CHANNEL_CREATOR_GID] = U32(channel, creator_gid),
	[KIPC_A_CHANNEL_CLIENTS] = U32(channel, clients),
	[KIPC_A_CHANNEL_MESSAGES] = U64(channel, messages),
	[KIPC_A_CHANNEL_BYTES] = U64(channel, bytes),
	[KIPC_A_CHANNEL_FAILED] = U64(channel, failed),
};

static const struct kipc_table kipc_channel_table = {
	sizeof(struct kipc_admin_channel), kipc_channel_fields, ARRAY_SIZE(kipc_channel_fields)
};

static const struct kipc_field kipc_queue_fields[] = {
	[KIPC_A_QUEUE_ID] = U32(queue, id),
	[KIPC_A_QUEUE_NUMBER] = U32(queue, number),
	[KIPC_A_QUEUE_NAME] = NAME(queue, name),
	[KIPC_A_QUEUE_MODE] = U32(queue, mode),
	[KIPC_A_QUEUE_UID] = U32(queue, uid),
	[KIPC_A_QUEUE_GID] = U32(queue, gid),
	[KIPC_A_QUEUE_CREATOR_UID] = U32(queue, creator_uid),
	[KIPC_A_QUEUE_CREATOR_GID] = U32(queue, creator_gid),
	[KIPC_A_QUEUE_MAX_MSGS] = U64(queue, max_msgs),
	[KIPC_A_QUEUE_MAX_BYTES] = U64(queue, max_bytes),
	[KIPC_A_QUEUE_MAX_SIZE] = U64(queue, max_size),
	[KIPC_A_QUEUE_MSGS] = U64(queue, msgs),
	[KIPC_A_QUEUE_BYTES] = U64(queue, bytes),
	[KIPC_A_QUEUE_PEAK_MSGS] = U64(queue, peak_msgs),
	[KIPC_A_QUEUE_PEAK_BYTES] = U64(queue, peak_bytes),
	[KIPC_A_QUEUE_SENT] = U64(queue, sent),
	[KIPC_A_QUEUE_RECEIVED] = U64(queue, received),
	[KIPC_A_QUEUE_SEND_TIME] = U64(queue, send_time_ns),
	[KIPC_A_QUEUE_RECV_TIME] = U64(queue, recv_time_ns),
	[KIPC_A_QUEUE_CHANGE_TIME] = U64(queue, change_time_ns),
	[KIPC_A_QUEUE_SEND_PID] = U32(queue, send_pid),
	[KIPC_A_QUEUE_RECV_PID] = U32(queue, recv_pid),
	[KIPC_A_QUEUE_SENDERS] = U32(queue, senders),
	[KIPC_A_QUEUE_RECEIVERS] = U32(queue, receivers),
};

static const struct kipc_table kipc_queue_table = {
	sizeof(struct kipc_admin_queue), kipc_queue_fields, ARRAY_SIZE(kipc_queue_fields)
};

static const struct kipc_field kipc_user_fields[] = {
	[KIPC_A_USER_UID] = U32(user, uid),
};

static const struct kipc_table kipc_user_table = {
	sizeof(struct kipc_admin_user), kipc_user_fields, ARRAY_SIZE(kipc_user_fields)
};

static const struct kipc_field kipc_charge_fields[] = {
	[KIPC_A_CHARGE_TAKEN] = U64(charge, taken),
	[KIPC_A_CHARGE_LIMIT] = U64(charge, limit),
	[KIPC_A_CHARGE_REFUSED] = U64(charge, refused),
	[KIPC_A_CHARGE_OWN] = FLAG(charge, own),
};

static const struct kipc_table kipc_charge_table = {
	sizeof(struct kipc_admin_charge), kipc_charge_fields, ARRAY_SIZE(kipc_charge_fields)
};

static const struct kipc_field kipc_stats_fields[] = {
	[KIPC_A_STATS_ENDPOINTS] = U32(stats, endpoints),
	[KIPC_A_STATS_CHANNELS] = U32(stats, channels),
	[KIPC_A_STATS_QUEUES] = U32(stats, queues),
	[KIPC_A_STATS_MESSAGES] = U64(stats, messages),
	[KIPC_A_STATS_BYTES] = U64(stats, bytes),
	[KIPC_A_STATS_FAILED] = U64(stats, failed),
	[KIPC_A_STATS_SENT] = U64(stats, sent),
	[KIPC_A_STATS_RECEIVED] = U64(stats, received),
	[KIPC_A_STATS_MEMORY] = U64(stats, memory),
};

static const struct kipc_table kipc_stats_table = {
	sizeof(struct kipc_admin_stats), kipc_stats_fields, ARRAY_SIZE(kipc_stats_fields)
};

static const struct kipc_field kipc_message_fields[] = {
	[KIPC_A_MESSAGE_ID] = U64(message, id),
	[KIPC_A_MESSAGE_KIND] = U32(message, kind),
	[KIPC_A_MESSAGE_CLIENT] = U64(message, client),
	[KIPC_A_MESSAGE_PID] = U32(message, pid),
	[KIPC_A_MESSAGE_UID] = U32(message, uid),
	[KIPC_A_MESSAGE_LEN] = U32(message, len),
	[KIPC_A_MESSAGE_HELD_NS] = U64(message, held_ns),
	[KIPC_A_MESSAGE_AWAITED] = FLAG(message, awaited),
};

static const struct kipc_table kipc_message_table = {
	sizeof(struct kipc_admin_message), kipc_message_fields, ARRAY_SIZE(kipc_message_fields)
};

static const struct kipc_field kipc_trouble_fields[] = {
	[KIPC_A_EVENT_TIME] = U64(trouble, time_ns),
	[KIPC_A_EVENT_UID] = U32(trouble, uid),
	[KIPC_A_EVENT_PID] = U32(trouble, pid),
	[KIPC_A_EVENT_PID_NS] = U32(trouble, pid_ns),
	[KIPC_A_EVENT_WHAT] = U32(trouble, what),
	[KIPC_A_EVENT_LIMIT] = U64(trouble, limit),
	[KIPC_A_EVENT_WANTED] = U64(trouble, wanted),
	[KIPC_A_EVENT_TIMES] = U32(trouble, times),
	[KIPC_A_EVENT_ENDPOINT] = U32(trouble, endpoint),
	[KIPC_A_EVENT_ROLE] = U32(trouble, role),
	[KIPC_A_EVENT_NAME] = NAME(trouble, name),
	[KIPC_A_EVENT_CLIENT] = U64(trouble, client),
	[KIPC_A_EVENT_HELD] = U32(trouble, held),
	[KIPC_A_EVENT_HELD_BYTES] = U64(trouble, held_bytes),
	[KIPC_A_EVENT_HELD_NS] = U64(trouble, held_ns),
	[KIPC_A_EVENT_QUEUED] = U32(trouble, queued),
	[KIPC_A_EVENT_CALL] = U64(trouble, call),
	[KIPC_A_EVENT_ERROR] = U32(trouble, error),
	[KIPC_A_EVENT_OUTCOME] = U32(trouble, outcome),
};

static const struct kipc_table kipc_trouble_table = {
	sizeof(struct kipc_admin_trouble), kipc_trouble_fields, ARRAY_SIZE(kipc_trouble_fields)
};

static_assert(sizeof(mode_t) == 4 && sizeof(uid_t) == 4 && sizeof(gid_t) == 4 &&
	      sizeof(pid_t) == 4 && sizeof(int) == 4, "they are filled in as u32");
static_assert((int)KIPC_ADMIN_SERVER == (int)KIPC_ROLE_SERVER &&
	      (int)KIPC_ADMIN_CLIENT == (int)KIPC_ROLE_CLIENT &&
	      (int)KIPC_ADMIN_QUEUE == (int)KIPC_ROLE_QUEUE, "roles are passed through");

static int kipc_fill_one(void *to, const struct kipc_field *field, const struct nlattr *attr)
{
	char *at = (char *)to + field->offset;
	const void *data = nla_data(attr);
	int len = nla_len(attr), size;

	switch (field->kind) {
	case KIPC_FIELD_U32:
	case KIPC_FIELD_U64:
		size = field->kind == KIPC_FIELD_U32 ? 4 : 8;
		if (len != size)
			return -EPROTO;
		memcpy(at, data, size);
		return 0;
	case KIPC_FIELD_NAME:
		if (len < 1 || len > KIPC_ADMIN_NAME || memchr(data, 0, len) !=
		    (const char *)data + len - 1)
			return -EPROTO;
		memcpy(at, data, len);
		return 0;
	case KIPC_FIELD_FLAG:
		*(uint32_t *)at = 1;
		return 0;
	default:
		return 0;
	}
}

/* Begin with nothing, and take what the table has. */
static int kipc_fill(void *to, const struct kipc_table *table, struct nlattr *attrs, int len)
{
	struct nlattr *attr;
	int rem, type, err;

	memset(to, 0, table->size);
	nla_for_each_attr(attr, attrs, len, rem) {
		type = nla_type(attr);
		if (type >= table->count)
			continue;
		err = kipc_fill_one(to, &table->fields[type], attr);
		if (err)
			return err;
	}
	return rem > 0 ? -EPROTO : 0;
}

int kipc_fill_endpoint(struct kipc_admin_endpoint *endpoint, struct nlattr *attrs, int len)
{
	uint32_t may;
	int err = kipc_fill(endpoint, &kipc_endpoint_table, attrs, len);

	endpoint->size = sizeof(*endpoint);
	may = endpoint->may;
	endpoint->may = (may & KIPC_QUEUE_RECV ? 1 : 0) | (may & KIPC_QUEUE_SEND ? 2 : 0);
	if (!err && !endpoint->id)
		err = -EPROTO;
	return err;
}

int kipc_fill_channel(struct kipc_admin_channel *channel, struct nlattr *attrs, int len)
{
	int err = kipc_fill(channel, &kipc_channel_table, attrs, len);
	struct nlattr *server = nla_find(attrs, len, KIPC_A_CHANNEL_SERVER);

	channel->size = sizeof(*channel);
	channel->server.size = sizeof(channel->server);
	if (!err && !channel->id)
		err = -EPROTO;
	if (!err && server)
		err = kipc_fill_endpoint(&channel->server, nla_data(server), nla_len(server));
	return err;
}

int kipc_fill_queue(struct kipc_admin_queue *queue, struct nlattr *attrs, int len)
{
	int err = kipc_fill(queue, &kipc_queue_table, attrs, len);

	queue->size = sizeof(*queue);
	if (!err && !queue->id)
		err = -EPROTO;
	return err;
}

static int kipc_fill_charge(struct kipc_admin_user *user, struct nlattr *nest)
{
	struct nlattr *attrs = nla_data(nest);
	int len = nla_len(nest);
	struct nlattr *attr = nla_find(attrs, len, KIPC_A_CHARGE_WHAT);
	uint32_t what;

	if (!attr || nla_len(attr) != sizeof(what))
		return -EPROTO;
	what = nla_get_u32(attr);
	if (what >= ARRAY_SIZE(user->charge))
		return 0;
	if (what >= user->charges)
		user->charges = what + 1;
	return kipc_fill(&user->charge[what], &kipc_charge_table, attrs, len);
}

int kipc_fill_user(struct kipc_admin_user *user, struct nlattr *attrs, int len)
{
	int rem, err = kipc_fill(user, &kipc_user_table, attrs, len);
	struct nlattr *attr;

	user->size = sizeof(*user);
	if (!nla_find(attrs, len, KIPC_A_USER_UID))
		user->uid = KIPC_ADMIN_DEFAULTS;
	nla_for_each_attr(attr, attrs, len, rem)
		if (!err && nla_type(attr) == KIPC_A_USER_CHARGE)
			err = kipc_fill_charge(user, attr);
	return err;
}

int kipc_fill_stats(struct kipc_admin_stats *stats, struct nlattr *attrs, int len)
{
	int err = kipc_fill(stats, &kipc_stats_table, attrs, len);

	stats->size = sizeof(*stats);
	return err;
}

int kipc_fill_message(struct kipc_admin_message *message, struct nlattr *attrs, int len)
{
	int err = kipc_fill(message, &kipc_message_table, attrs, len);

	message->size = sizeof(*message);
	return err;
}

int kipc_fill_trouble(struct kipc_admin_trouble *trouble, struct nlattr *attrs, int len)
{
	int err = kipc_fill(trouble, &kipc_trouble_table, attrs, len);

	trouble->error = -trouble->error;
	return err;
}

/*
 * Give a structure to the caller, as far as it knows it; what it knows beyond is 0.
 * @to:		begins with the caller's size, which stays
 * @from:	the library's
 * @size:	the library's
 */
void kipc_give(void *to, const void *from, size_t size)
{
	size_t room = *(size_t *)to;

	memcpy((char *)to + sizeof(room), (const char *)from + sizeof(room),
	       (room < size ? room : size) - sizeof(room));
	if (room > size)
		memset((char *)to + size, 0, room - size);
}
