// SPDX-License-Identifier: GPL-2.0
/*
 * kipcctl: what the kernel tells of its objects, as JSON.  The names are those of
 * kipc_admin.h's structures, and only ever grow in number.
 */
#include <linux/kipc.h>

#include "control.h"
#include "human.h"
#include "json.h"

struct member {
	const char *name;
	uint64_t value;
};

static void put_numbers(json_t *object, const struct member *members, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		json_put_number(object, members[i].name, members[i].value);
}

#define PUT_NUMBERS(object, members) \
	put_numbers(object, members, sizeof(members) / sizeof((members)[0]))

json_t *json_queue(const struct kipc_admin_queue *queue)
{
	const struct member numbers[] = {
		{ "id", queue->id },
		{ "number", queue->number },
		{ "uid", queue->uid },
		{ "gid", queue->gid },
		{ "creator_uid", queue->creator_uid },
		{ "creator_gid", queue->creator_gid },
		{ "msgs", queue->msgs },
		{ "max_msgs", queue->max_msgs },
		{ "peak_msgs", queue->peak_msgs },
		{ "bytes", queue->bytes },
		{ "max_bytes", queue->max_bytes },
		{ "peak_bytes", queue->peak_bytes },
		{ "max_size", queue->max_size },
		{ "sent", queue->sent },
		{ "received", queue->received },
		{ "send_time_ns", queue->send_time_ns },
		{ "recv_time_ns", queue->recv_time_ns },
		{ "change_time_ns", queue->change_time_ns },
		{ "send_pid", (uint64_t)queue->send_pid },
		{ "recv_pid", (uint64_t)queue->recv_pid },
		{ "senders", queue->senders },
		{ "receivers", queue->receivers },
	};
	json_t *object = json_object();

	json_put_text(object, "name", queue->name);
	json_put_mode(object, "mode", queue->mode);
	PUT_NUMBERS(object, numbers);
	return object;
}

/* The words for what its bits say */
static json_t *words(uint32_t bits, const struct bit_word *word)
{
	json_t *array = json_array();

	for (; word->word; word++)
		if (bits & word->bit)
			json_add(array, json_string(word->word));
	return array;
}

static void put_pool(json_t *object, const struct kipc_admin_endpoint *endpoint)
{
	const struct member numbers[] = {
		{ "pool_size", endpoint->pool_size },
		{ "pool_free", endpoint->pool_free },
		{ "memory", endpoint->memory },
		{ "ring", endpoint->ring },
		{ "queued", endpoint->queued },
		{ "queued_ns", endpoint->queued_ns },
		{ "held", endpoint->held },
		{ "held_bytes", endpoint->held_bytes },
		{ "held_ns", endpoint->held_ns },
		{ "receivers", endpoint->receivers },
		{ "senders", endpoint->senders },
	};

	PUT_NUMBERS(object, numbers);
}

json_t *json_endpoint(const struct kipc_admin_endpoint *endpoint)
{
	json_t *object = json_object();

	json_put_number(object, "id", endpoint->id);
	json_put_text(object, "role", role_name(endpoint->role));
	json_put_text(object, "name", endpoint->name);
	json_put_number(object, "object", endpoint->object);
	json_put_number(object, "pid", (uint64_t)endpoint->pid);
	json_put_number(object, "uid", endpoint->uid);
	if (endpoint->role == KIPC_ADMIN_QUEUE)
		json_put(object, "may", words(endpoint->may, may_words));
	if (endpoint->role == KIPC_ADMIN_CLIENT)
		json_put_number(object, "client", endpoint->client);
	if (endpoint->role == KIPC_ADMIN_SERVER)
		json_put(object, "options", words(endpoint->options, option_words));
	if (endpoint->role == KIPC_ADMIN_SERVER || endpoint->role == KIPC_ADMIN_CLIENT)
		put_pool(object, endpoint);
	return object;
}

json_t *json_channel(const struct kipc_admin_channel *channel)
{
	const struct member numbers[] = {
		{ "id", channel->id },
		{ "uid", channel->uid },
		{ "gid", channel->gid },
		{ "creator_uid", channel->creator_uid },
		{ "creator_gid", channel->creator_gid },
		{ "clients", channel->clients },
		{ "messages", channel->messages },
		{ "bytes", channel->bytes },
		{ "failed", channel->failed },
	};
	json_t *object = json_object();

	json_put_text(object, "name", channel->name);
	json_put_mode(object, "mode", channel->mode);
	PUT_NUMBERS(object, numbers);
	json_put(object, "server", json_endpoint(&channel->server));
	return object;
}

static json_t *json_charge(const struct kipc_admin_charge *charge)
{
	json_t *object = json_object();

	json_put_number(object, "taken", charge->taken);
	json_put_number(object, "limit", charge->limit);
	json_put_number(object, "refused", charge->refused);
	json_put(object, "own", json_boolean(charge->own));
	return object;
}

json_t *json_user(const struct kipc_admin_user *user)
{
	json_t *object = json_object(), *charges = json_object();
	unsigned int i;

	if (user->uid == KIPC_ADMIN_DEFAULTS) {
		json_put(object, "uid", json_null());
		json_put(object, "user", json_null());
	} else {
		json_put_number(object, "uid", user->uid);
		json_put_text(object, "user", human_user(user->uid).s);
	}
	for (i = 0; i < user->charges && i < KIPC_ADMIN_QUOTAS; i++)
		json_put(charges, kipc_admin_quota_name(i), json_charge(&user->charge[i]));
	json_put(object, "charges", charges);
	return object;
}

json_t *json_message(const struct kipc_admin_message *message)
{
	json_t *object = json_object();

	json_put_number(object, "id", message->id);
	json_put_text(object, "kind", kind_name(message->kind));
	json_put_number(object, "client", message->client);
	json_put_number(object, "pid", (uint64_t)message->pid);
	json_put_number(object, "uid", message->uid);
	json_put_number(object, "len", message->len);
	json_put_number(object, "held_ns", message->held_ns);
	json_put(object, "awaited", json_boolean(message->awaited));
	return object;
}
