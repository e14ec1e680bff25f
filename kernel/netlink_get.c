// SPDX-License-Identifier: GPL-2.0
/*
 * Netlink: answers.  See netlink.h.
 *
 * What one is asked for is found, pinned, put into a message and let go.  A dump keeps the
 * id of the object that it has told of last (cb->args[KIPC_DUMP_LAST]) and asks for the one
 * that follows, so it holds no object while its reader is away.  What the asker may see, and
 * how, is settled when it asks: who reads the answers may be somebody else.
 */
#include <linux/capability.h>
#include <linux/cred.h>

#include "channel.h"
#include "compat.h"
#include "endpoint.h"
#include "netlink.h"
#include "queue.h"
#include "survey.h"

/* What a dump keeps in cb->args[]. */
enum {
	KIPC_DUMP_LAST,		/* id, or kernel uid, that was told of last */
	KIPC_DUMP_BEGUN,	/* users: there was one, whose uid may be 0 */
	KIPC_DUMP_PID_NS,	/* the asker's, pinned */
	KIPC_DUMP_UID,		/* users: the asker's kernel uid */
	KIPC_DUMP_ALL,		/* users: it sees those of others too */
};

static struct kipc_eye kipc_nl_eye(struct sk_buff *skb)
{
	return (struct kipc_eye){
		.user_ns = sk_user_ns(NETLINK_CB(skb).sk),
		.pid_ns = task_active_pid_ns(current),
	};
}

/* A name that a request gives: the policy has seen to its end and length. */
static int kipc_nl_name(struct genl_info *info, struct nlattr *attr, char *name)
{
	memset(name, 0, KIPC_NAME_SIZE);
	nla_strscpy(name, attr, KIPC_NAME_SIZE);
	if (!kipc_name_check(name))
		return 0;
	NL_SET_ERR_MSG_ATTR(info->extack, attr,
			    "not a name: 1 to 255 printable characters without '/' and space");
	return -EINVAL;
}

/* Exactly one of the attributes that name an object must be there. */
static int kipc_nl_one_of(struct genl_info *info, const int *types, int count)
{
	int i, found = 0;

	for (i = 0; i < count; i++)
		found += !!info->attrs[types[i]];
	if (found == 1)
		return 0;
	if (found)
		NL_SET_ERR_MSG(info->extack, "more than one attribute says which is meant");
	else
		NL_SET_ERR_MSG(info->extack, "no attribute says which is meant");
	return -EINVAL;
}

/**
 * kipc_nl_channel() - the channel that a request is about
 * @info:	the request
 *
 * Return: its server, pinned, or ERR_PTR(-EINVAL, -ENOENT), and why has been said.
 */
struct kipc_endpoint *kipc_nl_channel(struct genl_info *info)
{
	static const int by[] = { KIPC_A_CHANNEL_ID, KIPC_A_CHANNEL_NAME };
	struct net *net = genl_info_net(info);
	char name[KIPC_NAME_SIZE];
	struct kipc_endpoint *server;
	int err;

	err = kipc_nl_one_of(info, by, ARRAY_SIZE(by));
	if (err)
		return ERR_PTR(err);
	if (info->attrs[KIPC_A_CHANNEL_NAME]) {
		err = kipc_nl_name(info, info->attrs[KIPC_A_CHANNEL_NAME], name);
		if (err)
			return ERR_PTR(err);
		server = kipc_channel_find(net, name);
	} else {
		server = kipc_endpoint_find(net, nla_get_u32(info->attrs[KIPC_A_CHANNEL_ID]));
	}
	if (server && kipc_endpoint_role(server) == KIPC_ROLE_SERVER)
		return server;
	if (server)
		kipc_endpoint_put(server);
	NL_SET_ERR_MSG(info->extack, "there is no such channel in this network namespace");
	return ERR_PTR(-ENOENT);
}

/**
 * kipc_nl_queue() - the queue that a request is about
 * @info:	the request
 *
 * Return: it, pinned, or ERR_PTR(-EINVAL, -ENOENT), and why has been said.
 */
struct kipc_queue *kipc_nl_queue(struct genl_info *info)
{
	static const int by[] = { KIPC_A_QUEUE_ID, KIPC_A_QUEUE_NUMBER, KIPC_A_QUEUE_NAME };
	struct net *net = genl_info_net(info);
	struct nlattr **attrs = info->attrs;
	char name[KIPC_NAME_SIZE];
	struct kipc_queue *queue;
	int err;

	err = kipc_nl_one_of(info, by, ARRAY_SIZE(by));
	if (!err && attrs[KIPC_A_QUEUE_NAME])
		err = kipc_nl_name(info, attrs[KIPC_A_QUEUE_NAME], name);
	if (err)
		return ERR_PTR(err);
	if (attrs[KIPC_A_QUEUE_NAME])
		queue = kipc_queue_find(net, name);
	else if (attrs[KIPC_A_QUEUE_NUMBER])
		queue = kipc_queue_find_number(net, nla_get_u32(attrs[KIPC_A_QUEUE_NUMBER]));
	else
		queue = kipc_queue_find_id(net, nla_get_u32(attrs[KIPC_A_QUEUE_ID]));
	if (!IS_ERR_OR_NULL(queue))
		return queue;
	NL_SET_ERR_MSG(info->extack, "there is no such queue in this network namespace");
	return ERR_PTR(-ENOENT);
}

/* ---- one ---- */

/* An answer to be filled in: its header in @hdr. */
static struct sk_buff *kipc_nl_answer(struct genl_info *info, void **hdr)
{
	struct sk_buff *skb = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);

	if (!skb)
		return NULL;
	*hdr = genlmsg_put_reply(skb, info, &kipc_family, 0, info->genlhdr->cmd);
	if (*hdr)
		return skb;
	nlmsg_free(skb);
	return NULL;
}

/* The answer is complete, or @err. */
static int kipc_nl_reply(struct genl_info *info, struct sk_buff *skb, void *hdr, int err)
{
	if (err) {
		nlmsg_free(skb);
		return err;
	}
	genlmsg_end(skb, hdr);
	return genlmsg_reply(skb, info);
}

int kipc_nl_channel_get(struct sk_buff *skb, struct genl_info *info)
{
	struct kipc_endpoint *server = kipc_nl_channel(info);
	struct kipc_eye eye = kipc_nl_eye(skb);
	struct sk_buff *answer;
	int err = -ENOMEM;
	void *hdr;

	if (IS_ERR(server))
		return PTR_ERR(server);
	answer = kipc_nl_answer(info, &hdr);
	if (answer)
		err = kipc_nl_reply(info, answer, hdr, kipc_put_channel(answer, server, &eye));
	kipc_endpoint_put(server);
	return err;
}

int kipc_nl_endpoint_get(struct sk_buff *skb, struct genl_info *info)
{
	struct kipc_eye eye = kipc_nl_eye(skb);
	struct kipc_endpoint *ep;
	struct sk_buff *answer;
	int err = -ENOMEM;
	void *hdr;

	if (GENL_REQ_ATTR_CHECK(info, KIPC_A_ENDPOINT_ID) ||
	    info->attrs[KIPC_A_ENDPOINT_OBJECT] || info->attrs[KIPC_A_ENDPOINT_ROLE]) {
		NL_SET_ERR_MSG(info->extack, "one endpoint is asked for by its ID alone");
		return -EINVAL;
	}
	ep = kipc_endpoint_find(genl_info_net(info), nla_get_u32(info->attrs[KIPC_A_ENDPOINT_ID]));
	if (!ep) {
		NL_SET_ERR_MSG(info->extack, "there is no such endpoint in this network namespace");
		return -ENOENT;
	}
	answer = kipc_nl_answer(info, &hdr);
	if (answer)
		err = kipc_nl_reply(info, answer, hdr,
				    kipc_put_endpoint(answer, ep, &eye) ?:
				    kipc_put_held(answer, ep, &eye));
	kipc_endpoint_put(ep);
	return err;
}

int kipc_nl_queue_get(struct sk_buff *skb, struct genl_info *info)
{
	struct kipc_queue *queue = kipc_nl_queue(info);
	struct kipc_eye eye = kipc_nl_eye(skb);
	struct sk_buff *answer;
	int err = -ENOMEM;
	void *hdr;

	if (IS_ERR(queue))
		return PTR_ERR(queue);
	answer = kipc_nl_answer(info, &hdr);
	if (answer)
		err = kipc_nl_reply(info, answer, hdr, kipc_put_queue(answer, queue, &eye));
	kipc_queue_put(queue);
	return err;
}

/* The account that a request is about, pinned; NULL, the defaults; or ERR_PTR(). */
static struct kipc_user *kipc_nl_user(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[KIPC_A_USER_UID];
	struct net *net = genl_info_net(info);
	struct kipc_user *user;
	kuid_t uid;

	if (!attr)
		return NULL;
	uid = make_kuid(sk_user_ns(NETLINK_CB(skb).sk), nla_get_u32(attr));
	if (!uid_valid(uid)) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr, "no such user in this user namespace");
		return ERR_PTR(-EINVAL);
	}
	if (!uid_eq(uid, current_euid()) &&
	    !(kipc_nl_capable(skb, net->user_ns, CAP_SYS_RESOURCE) &&
	      kuid_has_mapping(net->user_ns, uid))) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "another user's account is for CAP_SYS_RESOURCE only");
		return ERR_PTR(-EPERM);
	}
	user = kipc_user_find(net->user_ns, uid);
	if (user)
		return user;
	NL_SET_ERR_MSG_ATTR(info->extack, attr,
			    "nothing is charged to this user, and it has no limits of its own");
	return ERR_PTR(-ENOENT);
}

int kipc_nl_user_get(struct sk_buff *skb, struct genl_info *info)
{
	struct kipc_user *user = kipc_nl_user(skb, info);
	struct kipc_eye eye = kipc_nl_eye(skb);
	struct sk_buff *answer;
	int err = -ENOMEM;
	void *hdr;

	if (IS_ERR(user))
		return PTR_ERR(user);
	answer = kipc_nl_answer(info, &hdr);
	if (answer)
		err = kipc_nl_reply(info, answer, hdr, kipc_put_user(answer, user, &eye));
	if (user)
		kipc_user_put(user);
	return err;
}

int kipc_nl_stats_get(struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *answer;
	void *hdr;

	answer = kipc_nl_answer(info, &hdr);
	if (!answer)
		return -ENOMEM;
	return kipc_nl_reply(info, answer, hdr, kipc_put_stats(answer, genl_info_net(info)));
}

/* ---- all ---- */

static struct kipc_eye kipc_nl_dump_eye(struct netlink_callback *cb)
{
	return (struct kipc_eye){
		.user_ns = sk_user_ns(NETLINK_CB(cb->skb).sk),
		.pid_ns = (struct pid_namespace *)cb->args[KIPC_DUMP_PID_NS],
	};
}

/* Only endpoints can be asked for by what they belong to. */
static int kipc_nl_dump_check(struct netlink_callback *cb)
{
	struct nlattr **attrs = kipc_dump_attrs(cb);
	int type, max = genl_dumpit_info(cb)->op.maxattr;
	u8 cmd = genl_dumpit_info(cb)->op.cmd;

	for (type = 1; attrs && type <= max; type++) {
		if (!attrs[type] ||
		    (cmd == KIPC_CMD_ENDPOINT_GET && (type == KIPC_A_ENDPOINT_OBJECT ||
						      type == KIPC_A_ENDPOINT_ROLE)))
			continue;
		NL_SET_ERR_MSG_ATTR(cb->extack, attrs[type],
				    "this attribute says nothing about a dump");
		return -EINVAL;
	}
	return 0;
}

int kipc_nl_dump_start(struct netlink_callback *cb)
{
	struct net *net = sock_net(NETLINK_CB(cb->skb).sk);
	int err = kipc_nl_dump_check(cb);

	if (err)
		return err;
	cb->args[KIPC_DUMP_PID_NS] = (long)get_pid_ns(task_active_pid_ns(current));
	cb->args[KIPC_DUMP_UID] = __kuid_val(current_euid());
	cb->args[KIPC_DUMP_ALL] = kipc_nl_capable(cb->skb, net->user_ns, CAP_SYS_RESOURCE);
	return 0;
}

int kipc_nl_dump_done(struct netlink_callback *cb)
{
	put_pid_ns((struct pid_namespace *)cb->args[KIPC_DUMP_PID_NS]);
	return 0;
}

static void *kipc_nl_dump_header(struct sk_buff *skb, struct netlink_callback *cb)
{
	return genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq, &kipc_family,
			   NLM_F_MULTI, genl_dumpit_info(cb)->op.cmd);
}

/*
 * Finish the message of an object that has been put, or not.
 *
 * Return: whether there was room for it, and the dump goes on.
 */
static bool kipc_nl_dumped(struct sk_buff *skb, void *hdr, int err)
{
	if (err)
		genlmsg_cancel(skb, hdr);
	else
		genlmsg_end(skb, hdr);
	return !err;
}

/*
 * What a dump returns: there is more to come while @skb has something in it.  An object
 * that does not even fit into an empty one ends the dump with an error, or it would never
 * end.
 */
static int kipc_nl_dump_end(struct sk_buff *skb, bool full)
{
	return full && !skb->len ? -EMSGSIZE : skb->len;
}

static bool kipc_nl_dump_wants(struct netlink_callback *cb, struct kipc_endpoint *ep)
{
	struct nlattr **attrs = kipc_dump_attrs(cb);
	struct nlattr *role = attrs ? attrs[KIPC_A_ENDPOINT_ROLE] : NULL;
	struct nlattr *object = attrs ? attrs[KIPC_A_ENDPOINT_OBJECT] : NULL;

	if (role && nla_get_u32(role) != kipc_endpoint_role(ep))
		return false;
	return !object || nla_get_u32(object) == kipc_survey_object(ep);
}

/* Put the endpoints, or channels by their servers, that a dump has room for. */
static int kipc_nl_dump_endpoints(struct sk_buff *skb, struct netlink_callback *cb, bool channels)
{
	struct kipc_eye eye = kipc_nl_dump_eye(cb);
	struct net *net = sock_net(NETLINK_CB(cb->skb).sk);
	struct kipc_endpoint *ep;
	bool more = true;

	while (more && (ep = kipc_endpoint_next(net, cb->args[KIPC_DUMP_LAST]))) {
		bool wanted = channels ? kipc_endpoint_role(ep) == KIPC_ROLE_SERVER :
					 kipc_nl_dump_wants(cb, ep);
		void *hdr = wanted ? kipc_nl_dump_header(skb, cb) : NULL;

		if (hdr)
			more = kipc_nl_dumped(skb, hdr,
					      channels ? kipc_put_channel(skb, ep, &eye) :
							 kipc_put_endpoint(skb, ep, &eye));
		else
			more = !wanted;
		if (more)
			cb->args[KIPC_DUMP_LAST] = ep->id;
		kipc_endpoint_put(ep);
		cond_resched();
	}
	return kipc_nl_dump_end(skb, !more);
}

int kipc_nl_channel_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	return kipc_nl_dump_endpoints(skb, cb, true);
}

int kipc_nl_endpoint_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	return kipc_nl_dump_endpoints(skb, cb, false);
}

int kipc_nl_queue_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct kipc_eye eye = kipc_nl_dump_eye(cb);
	struct net *net = sock_net(NETLINK_CB(cb->skb).sk);
	struct kipc_queue *queue;
	bool more = true;

	while (more && (queue = kipc_queue_next(net, cb->args[KIPC_DUMP_LAST]))) {
		void *hdr = kipc_nl_dump_header(skb, cb);

		more = hdr && kipc_nl_dumped(skb, hdr, kipc_put_queue(skb, queue, &eye));
		if (more)
			cb->args[KIPC_DUMP_LAST] = queue->id;
		kipc_queue_put(queue);
		cond_resched();
	}
	return kipc_nl_dump_end(skb, !more);
}

/* The account that a dump comes to next, pinned, of those that its reader may see. */
static struct kipc_user *kipc_nl_next_user(struct netlink_callback *cb, struct net *net)
{
	kuid_t uid = cb->args[KIPC_DUMP_BEGUN] ? KUIDT_INIT(cb->args[KIPC_DUMP_LAST]) :
						 INVALID_UID;
	struct kipc_user *user;

	while ((user = kipc_user_next(net->user_ns, uid))) {
		if (uid_eq(user->uid, KUIDT_INIT(cb->args[KIPC_DUMP_UID])) ||
		    (cb->args[KIPC_DUMP_ALL] && kuid_has_mapping(net->user_ns, user->uid)))
			return user;
		uid = user->uid;
		kipc_user_put(user);
		cond_resched();
	}
	return NULL;
}

int kipc_nl_user_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct kipc_eye eye = kipc_nl_dump_eye(cb);
	struct net *net = sock_net(NETLINK_CB(cb->skb).sk);
	struct kipc_user *user;
	bool more = true;

	while (more && (user = kipc_nl_next_user(cb, net))) {
		void *hdr = kipc_nl_dump_header(skb, cb);

		more = hdr && kipc_nl_dumped(skb, hdr, kipc_put_user(skb, user, &eye));
		if (more) {
			cb->args[KIPC_DUMP_LAST] = __kuid_val(user->uid);
			cb->args[KIPC_DUMP_BEGUN] = 1;
		}
		kipc_user_put(user);
	}
	return kipc_nl_dump_end(skb, !more);
}
