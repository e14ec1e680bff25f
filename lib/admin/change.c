// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Changes: owners, modes and limits of channels and queues, and what users may have.
 */
#include "admin.h"

#define KIPC_SET_CHANNEL (KIPC_ADMIN_SET_UID | KIPC_ADMIN_SET_GID | KIPC_ADMIN_SET_MODE)
#define KIPC_SET_QUEUE	(KIPC_SET_CHANNEL | KIPC_ADMIN_SET_MAX_MSGS | \
			 KIPC_ADMIN_SET_MAX_BYTES | KIPC_ADMIN_SET_MAX_SIZE)

/* Which attributes a kind of object has for what can be changed of it. */
struct kipc_change_attrs {
	uint8_t cmd;
	uint8_t name, uid, gid, mode;
	uint8_t max_msgs, max_bytes, max_size;
	uint32_t may;		/* KIPC_ADMIN_SET_* */
	const char *more;	/* said of others */
};

static const struct kipc_change_attrs kipc_change_channel_attrs = {
	.cmd = KIPC_CMD_CHANNEL_SET,
	.name = KIPC_A_CHANNEL_NAME,
	.uid = KIPC_A_CHANNEL_UID,
	.gid = KIPC_A_CHANNEL_GID,
	.mode = KIPC_A_CHANNEL_MODE,
	.may = KIPC_SET_CHANNEL,
	.more = "of a channel: owner, group and mode can be changed",
};

static const struct kipc_change_attrs kipc_change_queue_attrs = {
	.cmd = KIPC_CMD_QUEUE_SET,
	.name = KIPC_A_QUEUE_NAME,
	.uid = KIPC_A_QUEUE_UID,
	.gid = KIPC_A_QUEUE_GID,
	.mode = KIPC_A_QUEUE_MODE,
	.max_msgs = KIPC_A_QUEUE_MAX_MSGS,
	.max_bytes = KIPC_A_QUEUE_MAX_BYTES,
	.max_size = KIPC_A_QUEUE_MAX_SIZE,
	.may = KIPC_SET_QUEUE,
	.more = "of a queue: owner, group, mode and limits can be changed",
};

/* Returns 0, or less where the request has no room. */
static int kipc_change_put(struct nl_msg *request, const struct kipc_change_attrs *attrs,
			   const struct kipc_admin_change *change)
{
	uint32_t set = change->set;
	int err = 0;

	if (set & KIPC_ADMIN_SET_UID)
		err |= nla_put_u32(request, attrs->uid, change->uid);
	if (set & KIPC_ADMIN_SET_GID)
		err |= nla_put_u32(request, attrs->gid, change->gid);
	if (set & KIPC_ADMIN_SET_MODE)
		err |= nla_put_u32(request, attrs->mode, change->mode);
	if (set & KIPC_ADMIN_SET_MAX_MSGS)
		err |= nla_put_u64(request, attrs->max_msgs, change->max_msgs);
	if (set & KIPC_ADMIN_SET_MAX_BYTES)
		err |= nla_put_u64(request, attrs->max_bytes, change->max_bytes);
	if (set & KIPC_ADMIN_SET_MAX_SIZE)
		err |= nla_put_u64(request, attrs->max_size, change->max_size);
	return err;
}

static int kipc_change_object(struct kipc_admin *admin, const struct kipc_change_attrs *attrs,
			      const char *name, const struct kipc_admin_change *change)
{
	struct nl_msg *request;
	int err = kipc_admin_begin(admin);

	if (err)
		return err;
	if (!kipc_admin_name_ok(admin, name))
		return -EINVAL;
	if (!change || change->size < KIPC_FIRST_CHANGE)
		return kipc_admin_fail(admin, -EINVAL,
				       "the change does not begin with its size");
	if (change->set & ~attrs->may)
		return kipc_admin_fail(admin, -EINVAL, attrs->more);
	request = kipc_request(admin, attrs->cmd, NLM_F_ACK);
	if (request && (nla_put_string(request, attrs->name, name) ||
			kipc_change_put(request, attrs, change))) {
		nlmsg_free(request);
		return kipc_admin_fail(admin, -ENOMEM, NULL);
	}
	return kipc_ask(admin, request, NULL, NULL);
}

KIPC_EXPORT int kipc_admin_change_channel(struct kipc_admin *admin, const char *name,
					  const struct kipc_admin_change *change)
{
	return kipc_change_object(admin, &kipc_change_channel_attrs, name, change);
}

KIPC_EXPORT int kipc_admin_change_queue(struct kipc_admin *admin, const char *name,
					const struct kipc_admin_change *change)
{
	return kipc_change_object(admin, &kipc_change_queue_attrs, name, change);
}

KIPC_EXPORT int kipc_admin_limit(struct kipc_admin *admin, uid_t uid, enum kipc_admin_quota what,
				 uint64_t limit)
{
	struct nlattr *charge;
	struct nl_msg *request;
	int err = kipc_admin_begin(admin);

	if (err)
		return err;
	if (!kipc_admin_quota_name(what))
		return kipc_admin_fail(admin, -EINVAL, "there is no such limit");
	if (uid == KIPC_ADMIN_DEFAULTS && limit == KIPC_ADMIN_NO_LIMIT)
		return kipc_admin_fail(admin, -EINVAL, "a default needs a value");
	request = kipc_request(admin, KIPC_CMD_USER_SET, NLM_F_ACK);
	if (!request)
		return -ENOMEM;
	if (uid != KIPC_ADMIN_DEFAULTS)
		err |= nla_put_u32(request, KIPC_A_USER_UID, uid);
	charge = nla_nest_start(request, KIPC_A_USER_CHARGE);
	err |= !charge;
	err |= nla_put_u32(request, KIPC_A_CHARGE_WHAT, what);
	if (limit != KIPC_ADMIN_NO_LIMIT)
		err |= nla_put_u64(request, KIPC_A_CHARGE_LIMIT, limit);
	if (err) {
		nlmsg_free(request);
		return kipc_admin_fail(admin, -ENOMEM, NULL);
	}
	nla_nest_end(request, charge);
	return kipc_ask(admin, request, NULL, NULL);
}
