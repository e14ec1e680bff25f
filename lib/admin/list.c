// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Listings, and single objects.
 *
 * Both are answers of the same attributes: a listing calls the program for each object, a
 * single one is copied to where the program wants it.
 */
#include "admin.h"

/* Whom to call for each object; of a single object's answer @each is NULL. */
struct kipc_listing {
	struct kipc_admin *admin;
	void *context;
	void *to;		/* a single one: the caller's structure, */
	bool found;		/* and whether it is there */
	union {
		kipc_admin_channel_fn *channel;
		kipc_admin_endpoint_fn *endpoint;
		kipc_admin_queue_fn *queue;
		kipc_admin_user_fn *user;
		kipc_admin_message_fn *message;
	} each;
};

/*
 * The same for each kind of object: fill it in, then give it to the program.  What cannot be
 * filled in ends the answer with -EPROTO.
 */
#define KIPC_LIST_FUNCTION(kind)							\
static int kipc_list_##kind(struct nlattr *attrs, int len, void *context)		\
{											\
	struct kipc_listing *listing = context;						\
	struct kipc_admin_##kind object;						\
	int err = kipc_fill_##kind(&object, attrs, len);				\
											\
	if (err)									\
		return kipc_admin_fail(listing->admin, err, NULL);			\
	listing->found = true;								\
	if (!listing->to)								\
		return listing->each.kind(&object, listing->context);			\
	kipc_give(listing->to, &object, sizeof(object));				\
	return 0;									\
}

KIPC_LIST_FUNCTION(channel)
KIPC_LIST_FUNCTION(endpoint)
KIPC_LIST_FUNCTION(queue)
KIPC_LIST_FUNCTION(user)

static int kipc_list_stats(struct nlattr *attrs, int len, void *context)
{
	struct kipc_listing *listing = context;
	struct kipc_admin_stats stats;
	int err = kipc_fill_stats(&stats, attrs, len);

	if (err)
		return kipc_admin_fail(listing->admin, err, NULL);
	listing->found = true;
	kipc_give(listing->to, &stats, sizeof(stats));
	return 0;
}

/* The messages within an endpoint. */
static int kipc_list_messages(struct nlattr *attrs, int len, void *context)
{
	struct kipc_listing *listing = context;
	struct kipc_admin_message message;
	struct nlattr *attr;
	int rem, err = 0;

	listing->found = true;
	nla_for_each_attr(attr, attrs, len, rem) {
		if (nla_type(attr) != KIPC_A_ENDPOINT_MESSAGE)
			continue;
		err = kipc_fill_message(&message, nla_data(attr), nla_len(attr));
		if (err)
			return kipc_admin_fail(listing->admin, err, NULL);
		err = listing->each.message(&message, listing->context);
		if (err)
			return err;
	}
	return rem > 0 ? kipc_admin_fail(listing->admin, -EPROTO, NULL) : 0;
}

static int kipc_list_all(struct kipc_listing *listing, uint8_t cmd, kipc_answer_fn *answer)
{
	return kipc_ask(listing->admin, kipc_request(listing->admin, cmd, NLM_F_DUMP), answer,
			listing);
}

/* A listing begins. */
static int kipc_list_begin(struct kipc_admin *admin, bool has_function)
{
	int err = kipc_admin_begin(admin);

	if (!err && !has_function)
		err = kipc_admin_fail(admin, -EINVAL, "no function to call");
	return err;
}

KIPC_EXPORT int kipc_admin_channels(struct kipc_admin *admin, kipc_admin_channel_fn *each,
				    void *context)
{
	struct kipc_listing listing = { admin, context, .each.channel = each };

	return kipc_list_begin(admin, each) ?:
	       kipc_list_all(&listing, KIPC_CMD_CHANNEL_GET, kipc_list_channel);
}

KIPC_EXPORT int kipc_admin_queues(struct kipc_admin *admin, kipc_admin_queue_fn *each,
				  void *context)
{
	struct kipc_listing listing = { admin, context, .each.queue = each };

	return kipc_list_begin(admin, each) ?:
	       kipc_list_all(&listing, KIPC_CMD_QUEUE_GET, kipc_list_queue);
}

KIPC_EXPORT int kipc_admin_users(struct kipc_admin *admin, kipc_admin_user_fn *each,
				 void *context)
{
	struct kipc_listing listing = { admin, context, .each.user = each };

	return kipc_list_begin(admin, each) ?:
	       kipc_list_all(&listing, KIPC_CMD_USER_GET, kipc_list_user);
}

/* Add to a request; what cannot be added has no memory. */
static struct nl_msg *kipc_with_u32(struct kipc_admin *admin, struct nl_msg *request, int attr,
				    uint32_t value)
{
	if (!request || !nla_put_u32(request, attr, value))
		return request;
	nlmsg_free(request);
	kipc_admin_fail(admin, -ENOMEM, NULL);
	return NULL;
}

KIPC_EXPORT int kipc_admin_endpoints(struct kipc_admin *admin, uint32_t object,
				     kipc_admin_endpoint_fn *each, void *context)
{
	struct kipc_listing listing = { admin, context, .each.endpoint = each };
	struct nl_msg *request;
	int err = kipc_list_begin(admin, each);

	if (err)
		return err;
	request = kipc_request(admin, KIPC_CMD_ENDPOINT_GET, NLM_F_DUMP);
	if (object)
		request = kipc_with_u32(admin, request, KIPC_A_ENDPOINT_OBJECT, object);
	return kipc_ask(admin, request, kipc_list_endpoint, &listing);
}

/*
 * One object, into the caller's structure.
 * @to:		the structure; NULL is wrong
 * @least:	bytes that it must have at least
 */
static int kipc_one_begin(struct kipc_admin *admin, const void *to, size_t least)
{
	int err = kipc_admin_begin(admin);

	if (!err && (!to || *(const size_t *)to < least))
		err = kipc_admin_fail(admin, -EINVAL, "the structure does not begin with its size");
	return err;
}

/* Ask for one.  An answer without it is none. */
static int kipc_one(struct kipc_listing *listing, struct nl_msg *request, kipc_answer_fn *answer)
{
	int err = kipc_ask(listing->admin, request, answer, listing);

	if (!err && !listing->found)
		err = kipc_admin_fail(listing->admin, -EPROTO, NULL);
	return err;
}

static int kipc_one_by_name(struct kipc_listing *listing, uint8_t cmd, int attr,
			    const char *name, kipc_answer_fn *answer)
{
	struct nl_msg *request;

	if (!kipc_admin_name_ok(listing->admin, name))
		return -EINVAL;
	request = kipc_request(listing->admin, cmd, NLM_F_ACK);
	if (request && nla_put_string(request, attr, name)) {
		nlmsg_free(request);
		return kipc_admin_fail(listing->admin, -ENOMEM, NULL);
	}
	return kipc_one(listing, request, answer);
}

KIPC_EXPORT int kipc_admin_channel(struct kipc_admin *admin, const char *name,
				   struct kipc_admin_channel *channel)
{
	struct kipc_listing listing = { admin, .to = channel };

	return kipc_one_begin(admin, channel, KIPC_FIRST_CHANNEL) ?:
	       kipc_one_by_name(&listing, KIPC_CMD_CHANNEL_GET, KIPC_A_CHANNEL_NAME, name,
				kipc_list_channel);
}

KIPC_EXPORT int kipc_admin_queue(struct kipc_admin *admin, const char *name,
				 struct kipc_admin_queue *queue)
{
	struct kipc_listing listing = { admin, .to = queue };

	return kipc_one_begin(admin, queue, KIPC_FIRST_QUEUE) ?:
	       kipc_one_by_name(&listing, KIPC_CMD_QUEUE_GET, KIPC_A_QUEUE_NAME, name,
				kipc_list_queue);
}

static int kipc_endpoint_ask(struct kipc_listing *listing, uint32_t id, kipc_answer_fn *answer)
{
	struct nl_msg *request = kipc_request(listing->admin, KIPC_CMD_ENDPOINT_GET, NLM_F_ACK);

	return kipc_one(listing,
			kipc_with_u32(listing->admin, request, KIPC_A_ENDPOINT_ID, id), answer);
}

KIPC_EXPORT int kipc_admin_endpoint(struct kipc_admin *admin, uint32_t id,
				    struct kipc_admin_endpoint *endpoint)
{
	struct kipc_listing listing = { admin, .to = endpoint };

	return kipc_one_begin(admin, endpoint, KIPC_FIRST_ENDPOINT) ?:
	       kipc_endpoint_ask(&listing, id, kipc_list_endpoint);
}

KIPC_EXPORT int kipc_admin_messages(struct kipc_admin *admin, uint32_t id,
				    kipc_admin_message_fn *each, void *context)
{
	struct kipc_listing listing = { admin, context, .each.message = each };

	return kipc_list_begin(admin, each) ?:
	       kipc_endpoint_ask(&listing, id, kipc_list_messages);
}

KIPC_EXPORT int kipc_admin_user(struct kipc_admin *admin, uid_t uid, struct kipc_admin_user *user)
{
	struct kipc_listing listing = { admin, .to = user };
	struct nl_msg *request;
	int err = kipc_one_begin(admin, user, KIPC_FIRST_USER);

	if (err)
		return err;
	request = kipc_request(admin, KIPC_CMD_USER_GET, NLM_F_ACK);
	if (uid != KIPC_ADMIN_DEFAULTS)
		request = kipc_with_u32(admin, request, KIPC_A_USER_UID, uid);
	return kipc_one(&listing, request, kipc_list_user);
}

KIPC_EXPORT int kipc_admin_stats(struct kipc_admin *admin, struct kipc_admin_stats *stats)
{
	struct kipc_listing listing = { admin, .to = stats };

	return kipc_one_begin(admin, stats, KIPC_FIRST_STATS) ?:
	       kipc_one(&listing, kipc_request(admin, KIPC_CMD_STATS_GET, NLM_F_ACK),
			kipc_list_stats);
}
