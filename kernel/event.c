// SPDX-License-Identifier: GPL-2.0
/* Event: see event.h for what it is. */
#include <linux/rtnetlink.h>
#include <net/net_namespace.h>

#include "channel.h"
#include "endpoint.h"
#include "event.h"
#include "netlink.h"
#include "queue.h"
#include "survey.h"

/* Events are seen by many: users as the namespace's owner sees them, processes as they do. */
static struct kipc_eye kipc_event_eye(struct net *net)
{
	return (struct kipc_eye){ .user_ns = net->user_ns };
}

/* There is no memory for an event: who listens is told that it has missed some. */
static void kipc_event_lose(struct net *net, enum kipc_group group)
{
	genl_set_err(&kipc_family, net, 0, group, -ENOBUFS);
}

static struct sk_buff *kipc_event_begin(struct net *net, enum kipc_group group, u8 cmd, void **hdr)
{
	struct sk_buff *skb = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);

	*hdr = skb ? genlmsg_put(skb, 0, 0, &kipc_family, 0, cmd) : NULL;
	if (*hdr)
		return skb;
	nlmsg_free(skb);
	kipc_event_lose(net, group);
	return NULL;
}

/* Send what has been put, unless that failed. */
static void kipc_event_end(struct net *net, enum kipc_group group, struct sk_buff *skb, void *hdr,
			   int err)
{
	if (err) {
		nlmsg_free(skb);
		kipc_event_lose(net, group);
		return;
	}
	genlmsg_end(skb, hdr);
	genlmsg_multicast_netns(&kipc_family, net, skb, 0, group, GFP_KERNEL);
}

static void kipc_event_channel(struct kipc_endpoint *server, bool created)
{
	struct kipc_eye eye = kipc_event_eye(server->net);
	struct sk_buff *skb;
	void *hdr;

	skb = kipc_event_begin(server->net, KIPC_GROUP_OBJECTS, created ?
			       KIPC_CMD_CHANNEL_NEW_NTF : KIPC_CMD_CHANNEL_DEL_NTF, &hdr);
	if (skb)
		kipc_event_end(server->net, KIPC_GROUP_OBJECTS, skb, hdr,
			       kipc_put_channel(skb, server, &eye));
}

/**
 * kipc_event_endpoint() - an endpoint has taken its role, or goes
 * @ep:		the endpoint
 * @created:	which of it; with a server it is the channel as well
 */
void kipc_event_endpoint(struct kipc_endpoint *ep, bool created)
{
	struct kipc_eye eye = kipc_event_eye(ep->net);
	bool server = kipc_endpoint_role(ep) == KIPC_ROLE_SERVER;
	struct sk_buff *skb;
	void *hdr;

	if (likely(!kipc_netlink_is_heard(ep->net, KIPC_GROUP_OBJECTS)))
		return;
	if (server && created)
		kipc_event_channel(ep, true);
	skb = kipc_event_begin(ep->net, KIPC_GROUP_OBJECTS, created ?
			       KIPC_CMD_ENDPOINT_NEW_NTF : KIPC_CMD_ENDPOINT_DEL_NTF, &hdr);
	if (skb)
		kipc_event_end(ep->net, KIPC_GROUP_OBJECTS, skb, hdr,
			       kipc_put_endpoint(skb, ep, &eye));
	if (server && !created)
		kipc_event_channel(ep, false);
}

/**
 * kipc_event_queue() - a queue has been made, or goes
 * @queue:	the queue
 * @created:	which of it
 */
void kipc_event_queue(struct kipc_queue *queue, bool created)
{
	struct net *net = queue->name.net;
	struct kipc_eye eye = kipc_event_eye(net);
	struct sk_buff *skb;
	void *hdr;

	if (likely(!kipc_netlink_is_heard(net, KIPC_GROUP_OBJECTS)))
		return;
	skb = kipc_event_begin(net, KIPC_GROUP_OBJECTS, created ?
			       KIPC_CMD_QUEUE_NEW_NTF : KIPC_CMD_QUEUE_DEL_NTF, &hdr);
	if (skb)
		kipc_event_end(net, KIPC_GROUP_OBJECTS, skb, hdr,
			       kipc_put_queue(skb, queue, &eye));
}

/* ---- trouble ---- */

static int kipc_event_put_time(struct sk_buff *skb, u64 time)
{
	return nla_put_u64_64bit(skb, KIPC_A_EVENT_TIME, time, KIPC_A_EVENT_PAD);
}

/* A process and its user. */
static int kipc_event_put_who(struct sk_buff *skb, struct net *net, struct pid *pid, kuid_t uid)
{
	if (nla_put_u32(skb, KIPC_A_EVENT_UID, from_kuid_munged(net->user_ns, uid)) ||
	    nla_put_u32(skb, KIPC_A_EVENT_PID, pid_nr_ns(pid, ns_of_pid(pid))) ||
	    nla_put_u32(skb, KIPC_A_EVENT_PID_NS, kipc_pid_ns_inum(pid)))
		return -EMSGSIZE;
	return 0;
}

/* An end of a channel. */
static int kipc_event_put_end(struct sk_buff *skb, const struct kipc_endpoint *ep)
{
	if (nla_put_u32(skb, KIPC_A_EVENT_ENDPOINT, ep->id) ||
	    nla_put_u32(skb, KIPC_A_EVENT_ROLE, kipc_endpoint_role(ep)) ||
	    nla_put_string(skb, KIPC_A_EVENT_NAME, ep->channel->name.text) ||
	    nla_put_u64_64bit(skb, KIPC_A_EVENT_CLIENT, ep->number, KIPC_A_EVENT_PAD))
		return -EMSGSIZE;
	return 0;
}

/* Is there anybody on the other side? */
static bool kipc_event_has_peer(const struct kipc_endpoint_survey *survey)
{
	return (survey->role == KIPC_ROLE_SERVER || survey->role == KIPC_ROLE_CLIENT) &&
	       survey->info.peers;
}

/**
 * kipc_event_peer_died() - a process ends and has an endpoint open
 * @ep:	the endpoint, before it leaves its channel
 */
void kipc_event_peer_died(struct kipc_endpoint *ep)
{
	struct kipc_endpoint_survey survey;
	struct sk_buff *skb;
	void *hdr;
	int err;

	if (likely(!kipc_netlink_is_heard(ep->net, KIPC_GROUP_TROUBLE)))
		return;
	kipc_survey_endpoint(ep, &survey);
	if (!kipc_event_has_peer(&survey))
		return;
	skb = kipc_event_begin(ep->net, KIPC_GROUP_TROUBLE, KIPC_CMD_PEER_DIED, &hdr);
	if (!skb)
		return;
	err = kipc_event_put_time(skb, ktime_get_real_ns()) ?:
	      kipc_event_put_who(skb, ep->net, task_tgid(current), current_euid()) ?:
	      kipc_event_put_end(skb, ep) ?:
	      nla_put_u32(skb, KIPC_A_EVENT_HELD, survey.info.held) ?:
	      nla_put_u32(skb, KIPC_A_EVENT_QUEUED, survey.info.queued);
	kipc_event_end(ep->net, KIPC_GROUP_TROUBLE, skb, hdr, err);
}

/**
 * kipc_event_pool_stuck() - an endpoint holds messages too long
 * @ep:		the endpoint, pinned
 * @survey:	how it is
 */
void kipc_event_pool_stuck(struct kipc_endpoint *ep, const struct kipc_endpoint_survey *survey)
{
	struct sk_buff *skb;
	void *hdr;
	int err;

	skb = kipc_event_begin(ep->net, KIPC_GROUP_TROUBLE, KIPC_CMD_POOL_STUCK, &hdr);
	if (!skb)
		return;
	err = kipc_event_put_time(skb, ktime_get_real_ns()) ?:
	      kipc_event_put_who(skb, ep->net, ep->pid, ep->user->uid) ?:
	      kipc_event_put_end(skb, ep) ?:
	      nla_put_u32(skb, KIPC_A_EVENT_HELD, survey->info.held) ?:
	      nla_put_u64_64bit(skb, KIPC_A_EVENT_HELD_BYTES, survey->info.held_bytes,
				KIPC_A_EVENT_PAD) ?:
	      nla_put_u64_64bit(skb, KIPC_A_EVENT_HELD_NS, survey->info.held_ns,
				KIPC_A_EVENT_PAD);
	kipc_event_end(ep->net, KIPC_GROUP_TROUBLE, skb, hdr, err);
}

/**
 * kipc_event_call_failed() - a call has ended without a reply
 * @ep:		who made it
 * @id:		its id; 0, it never had one
 * @err:	what the caller is told, a negative errno
 * @outcome:	enum kipc_outcome
 */
void kipc_event_call_failed(struct kipc_endpoint *ep, u64 id, int err, u32 outcome)
{
	struct sk_buff *skb;
	void *hdr;

	if (likely(!kipc_netlink_is_heard(ep->net, KIPC_GROUP_TROUBLE)))
		return;
	skb = kipc_event_begin(ep->net, KIPC_GROUP_TROUBLE, KIPC_CMD_CALL_FAILED, &hdr);
	if (!skb)
		return;
	err = kipc_event_put_time(skb, ktime_get_real_ns()) ?:
	      kipc_event_put_who(skb, ep->net, task_tgid(current), current_euid()) ?:
	      kipc_event_put_end(skb, ep) ?:
	      nla_put_u64_64bit(skb, KIPC_A_EVENT_CALL, id, KIPC_A_EVENT_PAD) ?:
	      nla_put_u32(skb, KIPC_A_EVENT_ERROR, -err) ?:
	      nla_put_u32(skb, KIPC_A_EVENT_OUTCOME, outcome);
	kipc_event_end(ep->net, KIPC_GROUP_TROUBLE, skb, hdr, err);
}

static void kipc_event_limit_hit_in(struct net *net, struct kipc_user *user, enum kipc_quota what,
				    u32 times)
{
	const struct kipc_charge *charge = &user->charge[what];
	struct sk_buff *skb;
	void *hdr;
	int err;

	skb = kipc_event_begin(net, KIPC_GROUP_TROUBLE, KIPC_CMD_LIMIT_HIT, &hdr);
	if (!skb)
		return;
	err = kipc_event_put_time(skb, READ_ONCE(charge->refused_at)) ?:
	      nla_put_u32(skb, KIPC_A_EVENT_UID, from_kuid_munged(net->user_ns, user->uid)) ?:
	      nla_put_u32(skb, KIPC_A_EVENT_WHAT, what) ?:
	      nla_put_u64_64bit(skb, KIPC_A_EVENT_LIMIT, READ_ONCE(charge->allowed),
				KIPC_A_EVENT_PAD) ?:
	      nla_put_u64_64bit(skb, KIPC_A_EVENT_WANTED, READ_ONCE(charge->wanted),
				KIPC_A_EVENT_PAD) ?:
	      nla_put_u32(skb, KIPC_A_EVENT_TIMES, times);
	kipc_event_end(net, KIPC_GROUP_TROUBLE, skb, hdr, err);
}

/**
 * kipc_event_limit_hit() - a user has been refused something
 * @user:	who
 * @what:	of what
 * @times:	how often; of the last time it is told how that was
 *
 * Told of in all network namespaces that the user namespace owns that the account is in.
 */
void kipc_event_limit_hit(struct kipc_user *user, enum kipc_quota what, u32 times)
{
	struct net *net;

	if (!kipc_netlink_is_heard(&init_net, KIPC_GROUP_TROUBLE))
		return;
	down_read(&net_rwsem);
	for_each_net(net)
		if (net->user_ns == user->ns)
			kipc_event_limit_hit_in(net, user, what, times);
	up_read(&net_rwsem);
}
