// SPDX-License-Identifier: GPL-2.0
/*
 * Netlink: changes.  See netlink.h.
 *
 * Who may is asked of both: the one who opened the socket and the one who sends on it.  A
 * program with more rights than whoever handed it a socket does not lend them to that.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/net.h>

#include "channel.h"
#include "endpoint.h"
#include "netlink.h"
#include "queue.h"

/* Does the asker own an object, or stand above owners in its namespace? */
static int kipc_nl_owns(struct sk_buff *skb, struct genl_info *info,
			const struct kipc_access *access)
{
	struct user_namespace *ns = genl_info_net(info)->user_ns;
	struct file *file = NETLINK_CB(skb).sk->sk_socket->file;

	if ((kipc_access_owned(access, file->f_cred->euid) ||
	     file_ns_capable(file, ns, CAP_IPC_OWNER)) &&
	    (kipc_access_owned(access, current_euid()) || ns_capable(ns, CAP_IPC_OWNER)))
		return 0;
	NL_SET_ERR_MSG(info->extack, "only its owner, its maker and CAP_IPC_OWNER may change it");
	return -EPERM;
}

/* One value of a change, if the request has it. */
static u64 kipc_nl_value(struct genl_info *info, int type, u32 flag, struct kipc_change *change)
{
	struct nlattr *attr = info->attrs[type];

	if (!attr)
		return 0;
	change->flags |= flag;
	return nla_len(attr) == sizeof(u32) ? nla_get_u32(attr) : nla_get_u64(attr);
}

/* Whom the change means, and whether it is one. */
static int kipc_nl_resolve(struct sk_buff *skb, struct genl_info *info,
			   struct kipc_change *change, uid_t uid, gid_t gid)
{
	int err;

	if (!change->flags) {
		NL_SET_ERR_MSG(info->extack, "nothing is to be changed");
		return -EINVAL;
	}
	err = kipc_change_resolve(change, sk_user_ns(NETLINK_CB(skb).sk), uid, gid);
	if (err)
		NL_SET_ERR_MSG(info->extack, "no such user or group in this user namespace");
	return err;
}

int kipc_nl_channel_set(struct sk_buff *skb, struct genl_info *info)
{
	struct kipc_endpoint *server = kipc_nl_channel(info);
	struct kipc_change change = { };
	struct kipc_access access;
	uid_t uid;
	gid_t gid;
	int err;

	if (IS_ERR(server))
		return PTR_ERR(server);
	change.mode = kipc_nl_value(info, KIPC_A_CHANNEL_MODE, KIPC_SET_MODE, &change);
	uid = kipc_nl_value(info, KIPC_A_CHANNEL_UID, KIPC_SET_UID, &change);
	gid = kipc_nl_value(info, KIPC_A_CHANNEL_GID, KIPC_SET_GID, &change);
	access = kipc_channel_access(server->channel);
	err = kipc_nl_owns(skb, info, &access) ?:
	      kipc_nl_resolve(skb, info, &change, uid, gid);
	if (!err)
		kipc_channel_change(server->channel, &change);
	kipc_endpoint_put(server);
	return err;
}

static void kipc_nl_bounds(struct genl_info *info, struct kipc_change *change)
{
	change->max_msgs = kipc_nl_value(info, KIPC_A_QUEUE_MAX_MSGS, KIPC_SET_MAX_MSGS, change);
	change->max_bytes = kipc_nl_value(info, KIPC_A_QUEUE_MAX_BYTES, KIPC_SET_MAX_BYTES,
					  change);
	change->max_size = kipc_nl_value(info, KIPC_A_QUEUE_MAX_SIZE, KIPC_SET_MAX_SIZE, change);
}

int kipc_nl_queue_set(struct sk_buff *skb, struct genl_info *info)
{
	struct kipc_queue *queue = kipc_nl_queue(info);
	struct kipc_change change = { };
	struct kipc_access access;
	uid_t uid;
	gid_t gid;
	int err;

	if (IS_ERR(queue))
		return PTR_ERR(queue);
	change.mode = kipc_nl_value(info, KIPC_A_QUEUE_MODE, KIPC_SET_MODE, &change);
	uid = kipc_nl_value(info, KIPC_A_QUEUE_UID, KIPC_SET_UID, &change);
	gid = kipc_nl_value(info, KIPC_A_QUEUE_GID, KIPC_SET_GID, &change);
	kipc_nl_bounds(info, &change);
	access = kipc_queue_access(queue);
	err = kipc_nl_owns(skb, info, &access) ?:
	      kipc_nl_resolve(skb, info, &change, uid, gid) ?:
	      kipc_queue_change(queue, &change);
	kipc_queue_put(queue);
	return err;
}

/**
 * struct kipc_nl_limits - limits that a request sets
 * @set:	which, by enum kipc_quota
 * @limit:	what to; KIPC_NO_LIMIT, none
 */
struct kipc_nl_limits {
	unsigned long	set;
	u64		limit[KIPC_QUOTA_COUNT];
};

static int kipc_nl_limit(struct genl_info *info, const struct nlattr *nest,
			 struct kipc_nl_limits *limits)
{
	struct nlattr *attrs[KIPC_A_CHARGE_LIMIT + 1], *limit;
	u32 what;
	int err;

	/* The policy of the request has looked into the nest already. */
	err = nla_parse_nested(attrs, KIPC_A_CHARGE_LIMIT, nest, NULL, info->extack);
	if (err)
		return err;
	if (!attrs[KIPC_A_CHARGE_WHAT]) {
		NL_SET_ERR_MSG_ATTR(info->extack, nest, "it does not say WHAT is limited");
		return -EINVAL;
	}
	what = nla_get_u32(attrs[KIPC_A_CHARGE_WHAT]);
	limit = attrs[KIPC_A_CHARGE_LIMIT];
	if (!limit && !info->attrs[KIPC_A_USER_UID]) {
		NL_SET_ERR_MSG_ATTR(info->extack, nest, "a default needs a LIMIT");
		return -EINVAL;
	}
	if (__test_and_set_bit(what, &limits->set)) {
		NL_SET_ERR_MSG_ATTR(info->extack, nest, "this limit is there twice");
		return -EINVAL;
	}
	limits->limit[what] = limit ? nla_get_u64(limit) : KIPC_NO_LIMIT;
	return 0;
}

/* All that the request says, before anything is done. */
static int kipc_nl_limits(struct genl_info *info, struct kipc_nl_limits *limits)
{
	const struct nlattr *attr;
	int left, err;

	limits->set = 0;
	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, left) {
		if (nla_type(attr) != KIPC_A_USER_CHARGE)
			continue;
		err = kipc_nl_limit(info, attr, limits);
		if (err)
			return err;
	}
	if (limits->set)
		return 0;
	NL_SET_ERR_MSG(info->extack, "no CHARGE says what is to be limited");
	return -EINVAL;
}

static int kipc_nl_set_defaults(struct sk_buff *skb, struct genl_info *info,
				const struct kipc_nl_limits *limits)
{
	int what;

	if (!kipc_nl_capable(skb, &init_user_ns, CAP_SYS_RESOURCE)) {
		NL_SET_ERR_MSG(info->extack,
			       "the defaults are for CAP_SYS_RESOURCE outside of containers");
		return -EPERM;
	}
	for_each_set_bit(what, &limits->set, KIPC_QUOTA_COUNT) {
		if (limits->limit[what] > ULONG_MAX) {
			NL_SET_ERR_MSG(info->extack, "a default is larger than this machine has");
			return -ERANGE;
		}
	}
	for_each_set_bit(what, &limits->set, KIPC_QUOTA_COUNT)
		kipc_quota_set_default(what, limits->limit[what]);
	return 0;
}

static int kipc_nl_set_user(struct sk_buff *skb, struct genl_info *info,
			    const struct kipc_nl_limits *limits)
{
	struct nlattr *attr = info->attrs[KIPC_A_USER_UID];
	struct net *net = genl_info_net(info);
	kuid_t uid = make_kuid(sk_user_ns(NETLINK_CB(skb).sk), nla_get_u32(attr));
	int err;

	if (!kipc_nl_capable(skb, net->user_ns, CAP_SYS_RESOURCE)) {
		NL_SET_ERR_MSG(info->extack, "limits are for CAP_SYS_RESOURCE only");
		return -EPERM;
	}
	if (!uid_valid(uid) || !kuid_has_mapping(net->user_ns, uid)) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr, "no such user in this user namespace");
		return -EINVAL;
	}
	err = kipc_user_bound(net, uid, limits->set, limits->limit);
	if (err == -ENOSPC)
		NL_SET_ERR_MSG(info->extack, "this network namespace has set too many limits");
	return err;
}

int kipc_nl_user_set(struct sk_buff *skb, struct genl_info *info)
{
	struct kipc_nl_limits limits;
	int err;

	err = kipc_nl_limits(info, &limits);
	if (err)
		return err;
	if (info->attrs[KIPC_A_USER_UID])
		return kipc_nl_set_user(skb, info, &limits);
	return kipc_nl_set_defaults(skb, info, &limits);
}
