/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Netlink: kipc as those who look after it see and bound it.
 *
 * The family and its words are uapi/linux/kipc_netlink.h; Documentation/netlink/specs/
 * kipc.yaml says the same for programs.  netlink.c is the family, netlink_get.c answers,
 * netlink_set.c changes, and netlink_put.c writes objects into messages, for answers and
 * for events (event.h).
 *
 * Requests run in parallel with one another and with everything else: the family has no
 * lock, and a dump none that lasts from one object to the next.
 */
#ifndef KIPC_NETLINK_H
#define KIPC_NETLINK_H

#include <linux/kipc_netlink.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/types.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include "quota.h"
#include "registry.h"

struct kipc_endpoint;
struct kipc_queue;

/* Multicast groups, in the family's order. */
enum kipc_group {
	KIPC_GROUP_OBJECTS,
	KIPC_GROUP_TROUBLE,
};

/**
 * struct kipc_eye - through whose namespaces objects are told of
 * @user_ns:	users and groups
 * @pid_ns:	processes; NULL, each as it sees itself
 */
struct kipc_eye {
	struct user_namespace	*user_ns;
	struct pid_namespace	*pid_ns;
};

/* The inode number of a process's pid namespace. */
static inline u32 kipc_pid_ns_inum(struct pid *pid)
{
	return ns_of_pid(pid)->ns.inum;
}

extern struct genl_family kipc_family;

/* ---- netlink_put.c: 0 or -EMSGSIZE ---- */

int kipc_put_endpoint(struct sk_buff *skb, struct kipc_endpoint *ep, const struct kipc_eye *eye);
int kipc_put_held(struct sk_buff *skb, struct kipc_endpoint *ep, const struct kipc_eye *eye);
int kipc_put_channel(struct sk_buff *skb, struct kipc_endpoint *server,
		     const struct kipc_eye *eye);
int kipc_put_queue(struct sk_buff *skb, struct kipc_queue *queue, const struct kipc_eye *eye);
int kipc_put_user(struct sk_buff *skb, const struct kipc_user *user, const struct kipc_eye *eye);
int kipc_put_stats(struct sk_buff *skb, struct net *net);

/* ---- netlink_get.c ---- */

struct kipc_endpoint *kipc_nl_channel(struct genl_info *info);
struct kipc_queue *kipc_nl_queue(struct genl_info *info);

int kipc_nl_channel_get(struct sk_buff *skb, struct genl_info *info);
int kipc_nl_endpoint_get(struct sk_buff *skb, struct genl_info *info);
int kipc_nl_queue_get(struct sk_buff *skb, struct genl_info *info);
int kipc_nl_user_get(struct sk_buff *skb, struct genl_info *info);
int kipc_nl_stats_get(struct sk_buff *skb, struct genl_info *info);

int kipc_nl_dump_start(struct netlink_callback *cb);
int kipc_nl_dump_done(struct netlink_callback *cb);
int kipc_nl_channel_dump(struct sk_buff *skb, struct netlink_callback *cb);
int kipc_nl_endpoint_dump(struct sk_buff *skb, struct netlink_callback *cb);
int kipc_nl_queue_dump(struct sk_buff *skb, struct netlink_callback *cb);
int kipc_nl_user_dump(struct sk_buff *skb, struct netlink_callback *cb);

/* ---- netlink_set.c ---- */

int kipc_nl_channel_set(struct sk_buff *skb, struct genl_info *info);
int kipc_nl_queue_set(struct sk_buff *skb, struct genl_info *info);
int kipc_nl_user_set(struct sk_buff *skb, struct genl_info *info);

/* ---- netlink.c ---- */

bool kipc_nl_capable(struct sk_buff *skb, struct user_namespace *ns, int cap);
bool kipc_netlink_is_heard(struct net *net, enum kipc_group group);
int kipc_netlink_init(void);
void kipc_netlink_exit(void);

#endif /* KIPC_NETLINK_H */
