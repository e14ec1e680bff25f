// SPDX-License-Identifier: GPL-2.0
/* Netlink: the family.  See netlink.h for what it is. */
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/net.h>

#include "netlink.h"
#include "queue.h"

static const struct nla_policy kipc_channel_get_policy[] = {
	[KIPC_A_CHANNEL_ID]	= NLA_POLICY_MIN(NLA_U32, 1),
	[KIPC_A_CHANNEL_NAME]	= { .type = NLA_NUL_STRING, .len = KIPC_NAME_SIZE - 1 },
};

static const struct nla_policy kipc_channel_set_policy[] = {
	[KIPC_A_CHANNEL_ID]	= NLA_POLICY_MIN(NLA_U32, 1),
	[KIPC_A_CHANNEL_NAME]	= { .type = NLA_NUL_STRING, .len = KIPC_NAME_SIZE - 1 },
	[KIPC_A_CHANNEL_MODE]	= NLA_POLICY_MAX(NLA_U32, 0777),
	[KIPC_A_CHANNEL_UID]	= { .type = NLA_U32 },
	[KIPC_A_CHANNEL_GID]	= { .type = NLA_U32 },
};

static const struct nla_policy kipc_endpoint_get_policy[] = {
	[KIPC_A_ENDPOINT_ID]	 = NLA_POLICY_MIN(NLA_U32, 1),
	[KIPC_A_ENDPOINT_ROLE]	 = NLA_POLICY_MAX(NLA_U32, KIPC_ROLE_QUEUE),
	[KIPC_A_ENDPOINT_OBJECT] = NLA_POLICY_MIN(NLA_U32, 1),
};

static const struct nla_policy kipc_queue_get_policy[] = {
	[KIPC_A_QUEUE_ID]	= NLA_POLICY_MIN(NLA_U32, 1),
	[KIPC_A_QUEUE_NUMBER]	= NLA_POLICY_MIN(NLA_U32, 1),
	[KIPC_A_QUEUE_NAME]	= { .type = NLA_NUL_STRING, .len = KIPC_NAME_SIZE - 1 },
};

/* Not const before 6.3, which had policies point to ones that are not. */
static struct netlink_range_validation kipc_msgs_range = { .max = KIPC_QUEUE_MSGS_MAX };
static struct netlink_range_validation kipc_bytes_range = { .max = KIPC_QUEUE_BYTES_MAX };
static struct netlink_range_validation kipc_size_range = { .max = KIPC_QUEUE_SIZE_MAX };

static const struct nla_policy kipc_queue_set_policy[] = {
	[KIPC_A_QUEUE_ID]	 = NLA_POLICY_MIN(NLA_U32, 1),
	[KIPC_A_QUEUE_NUMBER]	 = NLA_POLICY_MIN(NLA_U32, 1),
	[KIPC_A_QUEUE_NAME]	 = { .type = NLA_NUL_STRING, .len = KIPC_NAME_SIZE - 1 },
	[KIPC_A_QUEUE_MODE]	 = NLA_POLICY_MAX(NLA_U32, 0777),
	[KIPC_A_QUEUE_UID]	 = { .type = NLA_U32 },
	[KIPC_A_QUEUE_GID]	 = { .type = NLA_U32 },
	[KIPC_A_QUEUE_MAX_MSGS]	 = NLA_POLICY_FULL_RANGE(NLA_U64, &kipc_msgs_range),
	[KIPC_A_QUEUE_MAX_BYTES] = NLA_POLICY_FULL_RANGE(NLA_U64, &kipc_bytes_range),
	[KIPC_A_QUEUE_MAX_SIZE]	 = NLA_POLICY_FULL_RANGE(NLA_U64, &kipc_size_range),
};

static const struct nla_policy kipc_charge_policy[] = {
	[KIPC_A_CHARGE_WHAT]	= NLA_POLICY_MAX(NLA_U32, KIPC_QUOTA_COUNT - 1),
	[KIPC_A_CHARGE_LIMIT]	= { .type = NLA_U64 },
};

static const struct nla_policy kipc_user_get_policy[] = {
	[KIPC_A_USER_UID]	= { .type = NLA_U32 },
};

/* It takes none; said, because 6.1 does not look where there is no policy. */
static const struct nla_policy kipc_stats_get_policy[] = {
	[KIPC_A_STATS_PAD]	= { .type = NLA_REJECT },
};

static const struct nla_policy kipc_user_set_policy[] = {
	[KIPC_A_USER_UID]	= { .type = NLA_U32 },
	[KIPC_A_USER_CHARGE]	= NLA_POLICY_NESTED(kipc_charge_policy),
};

static const struct genl_ops kipc_ops[] = {
	{
		.cmd = KIPC_CMD_CHANNEL_GET,
		.policy = kipc_channel_get_policy,
		.maxattr = ARRAY_SIZE(kipc_channel_get_policy) - 1,
		.doit = kipc_nl_channel_get,
		.start = kipc_nl_dump_start,
		.done = kipc_nl_dump_done,
		.dumpit = kipc_nl_channel_dump,
	}, {
		.cmd = KIPC_CMD_CHANNEL_SET,
		.policy = kipc_channel_set_policy,
		.maxattr = ARRAY_SIZE(kipc_channel_set_policy) - 1,
		.doit = kipc_nl_channel_set,
	}, {
		.cmd = KIPC_CMD_ENDPOINT_GET,
		.policy = kipc_endpoint_get_policy,
		.maxattr = ARRAY_SIZE(kipc_endpoint_get_policy) - 1,
		.doit = kipc_nl_endpoint_get,
		.start = kipc_nl_dump_start,
		.done = kipc_nl_dump_done,
		.dumpit = kipc_nl_endpoint_dump,
	}, {
		.cmd = KIPC_CMD_QUEUE_GET,
		.policy = kipc_queue_get_policy,
		.maxattr = ARRAY_SIZE(kipc_queue_get_policy) - 1,
		.doit = kipc_nl_queue_get,
		.start = kipc_nl_dump_start,
		.done = kipc_nl_dump_done,
		.dumpit = kipc_nl_queue_dump,
	}, {
		.cmd = KIPC_CMD_QUEUE_SET,
		.policy = kipc_queue_set_policy,
		.maxattr = ARRAY_SIZE(kipc_queue_set_policy) - 1,
		.doit = kipc_nl_queue_set,
	}, {
		.cmd = KIPC_CMD_USER_GET,
		.policy = kipc_user_get_policy,
		.maxattr = ARRAY_SIZE(kipc_user_get_policy) - 1,
		.doit = kipc_nl_user_get,
		.start = kipc_nl_dump_start,
		.done = kipc_nl_dump_done,
		.dumpit = kipc_nl_user_dump,
	}, {
		.cmd = KIPC_CMD_USER_SET,
		.policy = kipc_user_set_policy,
		.maxattr = ARRAY_SIZE(kipc_user_set_policy) - 1,
		.doit = kipc_nl_user_set,
	}, {
		.cmd = KIPC_CMD_STATS_GET,
		.policy = kipc_stats_get_policy,
		.maxattr = ARRAY_SIZE(kipc_stats_get_policy) - 1,
		.doit = kipc_nl_stats_get,
	},
};

static const struct genl_multicast_group kipc_groups[] = {
	[KIPC_GROUP_OBJECTS] = { .name = KIPC_MCGRP_OBJECTS },
	[KIPC_GROUP_TROUBLE] = {
		.name = KIPC_MCGRP_TROUBLE,
		.flags = GENL_MCAST_CAP_NET_ADMIN,
	},
};

struct genl_family kipc_family __ro_after_init = {
	.name		= KIPC_FAMILY_NAME,
	.version	= KIPC_FAMILY_VERSION,
	.netnsok	= true,
	.parallel_ops	= true,
	.ops		= kipc_ops,
	.n_ops		= ARRAY_SIZE(kipc_ops),
	.mcgrps		= kipc_groups,
	.n_mcgrps	= ARRAY_SIZE(kipc_groups),
	.module		= THIS_MODULE,
};

/**
 * kipc_nl_capable() - may the asker do this?
 * @skb:	the request
 * @ns:		in which user namespace
 * @cap:	what it needs
 *
 * Who opened the socket must, and who sends on it: also where the request carries an address,
 * for which netlink_ns_capable() does not ask the former.
 */
bool kipc_nl_capable(struct sk_buff *skb, struct user_namespace *ns, int cap)
{
	return file_ns_capable(NETLINK_CB(skb).sk->sk_socket->file, ns, cap) &&
	       ns_capable(ns, cap);
}

/* The last queues go when nobody can be told any more. */
static bool kipc_netlink_up;

/*
 * May anybody listen to a group?  Building an event is for those who do.  The kernel does not
 * keep listeners apart by their network namespaces here; @net is for the day when it does.
 */
bool kipc_netlink_is_heard(struct net *net, enum kipc_group group)
{
	return READ_ONCE(kipc_netlink_up) && genl_has_listeners(&kipc_family, net, group);
}

int __init kipc_netlink_init(void)
{
	int err = genl_register_family(&kipc_family);

	WRITE_ONCE(kipc_netlink_up, !err);
	return err;
}

void kipc_netlink_exit(void)
{
	WRITE_ONCE(kipc_netlink_up, false);
	genl_unregister_family(&kipc_family);
}

/* A program that asks for the family has the module loaded. */
MODULE_ALIAS_GENL_FAMILY(KIPC_FAMILY_NAME);
