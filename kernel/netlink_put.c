// SPDX-License-Identifier: GPL-2.0
/*
 * Netlink: objects as attributes.  See netlink.h.
 *
 * A survey of the object is made first, so no lock is held here.
 */
#include "channel.h"
#include "endpoint.h"
#include "netlink.h"
#include "queue.h"
#include "survey.h"

static u32 kipc_eye_pid(const struct kipc_eye *eye, struct pid *pid)
{
	if (!pid)
		return 0;
	return pid_nr_ns(pid, eye->pid_ns ?: ns_of_pid(pid));
}

/* A process that is told of as long as it is there: then another may have its number. */
static u32 kipc_eye_living(const struct kipc_eye *eye, struct pid *pid)
{
	return eye->pid_ns && !pid_has_task(pid, PIDTYPE_TGID) ? 0 : kipc_eye_pid(eye, pid);
}

static u32 kipc_eye_uid(const struct kipc_eye *eye, kuid_t uid)
{
	return from_kuid_munged(eye->user_ns, uid);
}

static u32 kipc_eye_gid(const struct kipc_eye *eye, kgid_t gid)
{
	return from_kgid_munged(eye->user_ns, gid);
}

static int kipc_put_inbox(struct sk_buff *skb, const struct kipc_endpoint_survey *survey)
{
	const struct kipc_endpoint_info *info = &survey->info;
	int pad = KIPC_A_ENDPOINT_PAD;

	if (nla_put_u64_64bit(skb, KIPC_A_ENDPOINT_POOL_SIZE, info->pool_size, pad) ||
	    nla_put_u64_64bit(skb, KIPC_A_ENDPOINT_POOL_FREE, info->pool_free, pad) ||
	    nla_put_u64_64bit(skb, KIPC_A_ENDPOINT_MEMORY, info->memory, pad) ||
	    nla_put_u32(skb, KIPC_A_ENDPOINT_RING, info->ring) ||
	    nla_put_u32(skb, KIPC_A_ENDPOINT_QUEUED, info->queued) ||
	    nla_put_u64_64bit(skb, KIPC_A_ENDPOINT_QUEUED_NS, survey->queued_ns, pad) ||
	    nla_put_u32(skb, KIPC_A_ENDPOINT_HELD, info->held) ||
	    nla_put_u64_64bit(skb, KIPC_A_ENDPOINT_HELD_BYTES, info->held_bytes, pad) ||
	    nla_put_u64_64bit(skb, KIPC_A_ENDPOINT_HELD_NS, info->held_ns, pad) ||
	    nla_put_u32(skb, KIPC_A_ENDPOINT_RECEIVERS, survey->receivers) ||
	    nla_put_u32(skb, KIPC_A_ENDPOINT_SENDERS, survey->senders))
		return -EMSGSIZE;
	return 0;
}

static int kipc_put_role(struct sk_buff *skb, struct kipc_endpoint *ep,
			 const struct kipc_endpoint_survey *survey)
{
	switch (survey->role) {
	case KIPC_ROLE_SERVER:
		if (nla_put_u32(skb, KIPC_A_ENDPOINT_OPTIONS, ep->options))
			return -EMSGSIZE;
		return kipc_put_inbox(skb, survey);
	case KIPC_ROLE_CLIENT:
		if (nla_put_u64_64bit(skb, KIPC_A_ENDPOINT_CLIENT, ep->number,
				      KIPC_A_ENDPOINT_PAD))
			return -EMSGSIZE;
		return kipc_put_inbox(skb, survey);
	case KIPC_ROLE_QUEUE:
		return nla_put_u32(skb, KIPC_A_ENDPOINT_MAY,
				   (ep->may & KIPC_MAY_RECV ? KIPC_QUEUE_RECV : 0) |
				   (ep->may & KIPC_MAY_SEND ? KIPC_QUEUE_SEND : 0));
	default:
		return 0;
	}
}

static int kipc_put_survey(struct sk_buff *skb, struct kipc_endpoint *ep,
			   const struct kipc_endpoint_survey *survey, const struct kipc_eye *eye)
{
	if (nla_put_u32(skb, KIPC_A_ENDPOINT_ID, ep->id) ||
	    nla_put_u32(skb, KIPC_A_ENDPOINT_ROLE, survey->role) ||
	    nla_put_u32(skb, KIPC_A_ENDPOINT_PID, kipc_eye_living(eye, ep->pid)) ||
	    nla_put_u32(skb, KIPC_A_ENDPOINT_UID, kipc_eye_uid(eye, ep->user->uid)) ||
	    (survey->name && nla_put_string(skb, KIPC_A_ENDPOINT_NAME, survey->name)) ||
	    (survey->object && nla_put_u32(skb, KIPC_A_ENDPOINT_OBJECT, survey->object)))
		return -EMSGSIZE;
	if (!eye->pid_ns && nla_put_u32(skb, KIPC_A_ENDPOINT_PID_NS, kipc_pid_ns_inum(ep->pid)))
		return -EMSGSIZE;
	return kipc_put_role(skb, ep, survey);
}

/* An endpoint, but for the messages that it holds. */
int kipc_put_endpoint(struct sk_buff *skb, struct kipc_endpoint *ep, const struct kipc_eye *eye)
{
	struct kipc_endpoint_survey survey;

	kipc_survey_endpoint(ep, &survey);
	return kipc_put_survey(skb, ep, &survey, eye);
}

static int kipc_put_message(struct sk_buff *skb, const struct kipc_held *held,
			    const struct kipc_eye *eye)
{
	struct nlattr *nest = nla_nest_start(skb, KIPC_A_ENDPOINT_MESSAGE);
	int pad = KIPC_A_MESSAGE_PAD;

	if (!nest ||
	    nla_put_u64_64bit(skb, KIPC_A_MESSAGE_ID, held->id, pad) ||
	    nla_put_u32(skb, KIPC_A_MESSAGE_KIND, held->kind) ||
	    nla_put_u64_64bit(skb, KIPC_A_MESSAGE_CLIENT, held->peer, pad) ||
	    nla_put_u32(skb, KIPC_A_MESSAGE_PID, kipc_eye_living(eye, held->sender.pid)) ||
	    nla_put_u32(skb, KIPC_A_MESSAGE_UID, kipc_eye_uid(eye, held->sender.uid)) ||
	    nla_put_u32(skb, KIPC_A_MESSAGE_LEN, held->len) ||
	    nla_put_u64_64bit(skb, KIPC_A_MESSAGE_HELD_NS, held->held_ns, pad) ||
	    (held->awaited && nla_put_flag(skb, KIPC_A_MESSAGE_AWAITED)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* The messages that an endpoint has held longest. */
int kipc_put_held(struct sk_buff *skb, struct kipc_endpoint *ep, const struct kipc_eye *eye)
{
	u32 role = kipc_endpoint_role(ep);
	unsigned int count, i;
	struct kipc_held *held;
	int err = 0;

	if (role != KIPC_ROLE_SERVER && role != KIPC_ROLE_CLIENT)
		return 0;
	held = kcalloc(KIPC_MESSAGES_SHOWN, sizeof(*held), GFP_KERNEL);
	if (!held)
		return -ENOMEM;
	count = kipc_survey_held(ep, held, KIPC_MESSAGES_SHOWN);
	for (i = 0; i < count; i++) {
		err = err ?: kipc_put_message(skb, &held[i], eye);
		kipc_sender_forget(&held[i].sender);
	}
	kfree(held);
	return err;
}

static int kipc_put_server(struct sk_buff *skb, struct kipc_endpoint *server,
			   const struct kipc_endpoint_survey *survey, const struct kipc_eye *eye)
{
	struct nlattr *nest = nla_nest_start(skb, KIPC_A_CHANNEL_SERVER);

	if (!nest || kipc_put_survey(skb, server, survey, eye))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int kipc_put_record(struct sk_buff *skb, const struct kipc_channel_survey *survey)
{
	const struct kipc_record *record = &survey->record;
	int pad = KIPC_A_CHANNEL_PAD;

	if (nla_put_u32(skb, KIPC_A_CHANNEL_CLIENTS, survey->server.info.peers) ||
	    nla_put_u64_64bit(skb, KIPC_A_CHANNEL_MESSAGES, record->last_id, pad) ||
	    nla_put_u64_64bit(skb, KIPC_A_CHANNEL_BYTES, record->bytes, pad) ||
	    nla_put_u64_64bit(skb, KIPC_A_CHANNEL_FAILED, record->failed, pad))
		return -EMSGSIZE;
	return 0;
}

/* A channel, by its server. */
int kipc_put_channel(struct sk_buff *skb, struct kipc_endpoint *server,
		     const struct kipc_eye *eye)
{
	struct kipc_channel_survey survey;
	const struct kipc_access *access = &survey.access;

	kipc_survey_channel(server, &survey);
	if (nla_put_u32(skb, KIPC_A_CHANNEL_ID, server->id) ||
	    nla_put_string(skb, KIPC_A_CHANNEL_NAME, server->channel->name.text) ||
	    nla_put_u32(skb, KIPC_A_CHANNEL_MODE, access->mode) ||
	    nla_put_u32(skb, KIPC_A_CHANNEL_UID, kipc_eye_uid(eye, access->uid)) ||
	    nla_put_u32(skb, KIPC_A_CHANNEL_GID, kipc_eye_gid(eye, access->gid)) ||
	    nla_put_u32(skb, KIPC_A_CHANNEL_CREATOR_UID,
			kipc_eye_uid(eye, access->creator_uid)) ||
	    nla_put_u32(skb, KIPC_A_CHANNEL_CREATOR_GID,
			kipc_eye_gid(eye, access->creator_gid)))
		return -EMSGSIZE;
	return kipc_put_record(skb, &survey) ?:
	       kipc_put_server(skb, server, &survey.server, eye);
}

static int kipc_put_queue_access(struct sk_buff *skb, const struct kipc_queue_survey *survey,
				 const struct kipc_eye *eye)
{
	const struct kipc_access *access = &survey->access;

	if (nla_put_u32(skb, KIPC_A_QUEUE_MODE, access->mode) ||
	    nla_put_u32(skb, KIPC_A_QUEUE_UID, kipc_eye_uid(eye, access->uid)) ||
	    nla_put_u32(skb, KIPC_A_QUEUE_GID, kipc_eye_gid(eye, access->gid)) ||
	    nla_put_u32(skb, KIPC_A_QUEUE_CREATOR_UID, kipc_eye_uid(eye, access->creator_uid)) ||
	    nla_put_u32(skb, KIPC_A_QUEUE_CREATOR_GID, kipc_eye_gid(eye, access->creator_gid)))
		return -EMSGSIZE;
	return 0;
}

static int kipc_put_queue_content(struct sk_buff *skb, const struct kipc_queue_survey *survey)
{
	const struct kipc_queue_record *record = &survey->record;
	const struct kipc_bounds *bounds = &survey->bounds;
	int pad = KIPC_A_QUEUE_PAD;

	if (nla_put_u64_64bit(skb, KIPC_A_QUEUE_MAX_MSGS, bounds->max_msgs, pad) ||
	    nla_put_u64_64bit(skb, KIPC_A_QUEUE_MAX_BYTES, bounds->max_bytes, pad) ||
	    nla_put_u64_64bit(skb, KIPC_A_QUEUE_MAX_SIZE, bounds->max_size, pad) ||
	    nla_put_u64_64bit(skb, KIPC_A_QUEUE_MSGS, survey->msgs, pad) ||
	    nla_put_u64_64bit(skb, KIPC_A_QUEUE_BYTES, survey->bytes, pad) ||
	    nla_put_u64_64bit(skb, KIPC_A_QUEUE_PEAK_MSGS, record->peak_msgs, pad) ||
	    nla_put_u64_64bit(skb, KIPC_A_QUEUE_PEAK_BYTES, record->peak_bytes, pad) ||
	    nla_put_u64_64bit(skb, KIPC_A_QUEUE_SENT, record->sent, pad) ||
	    nla_put_u64_64bit(skb, KIPC_A_QUEUE_RECEIVED, record->received, pad))
		return -EMSGSIZE;
	return 0;
}

static int kipc_put_queue_users(struct sk_buff *skb, const struct kipc_queue_survey *survey,
				const struct kipc_eye *eye)
{
	const struct kipc_queue_record *record = &survey->record;
	int pad = KIPC_A_QUEUE_PAD;

	if (nla_put_u64_64bit(skb, KIPC_A_QUEUE_SEND_TIME,
			      kipc_real_time(record->send_time), pad) ||
	    nla_put_u64_64bit(skb, KIPC_A_QUEUE_RECV_TIME,
			      kipc_real_time(record->recv_time), pad) ||
	    nla_put_u64_64bit(skb, KIPC_A_QUEUE_CHANGE_TIME,
			      kipc_real_time(record->change_time), pad) ||
	    nla_put_u32(skb, KIPC_A_QUEUE_SEND_PID, kipc_eye_pid(eye, record->sender)) ||
	    nla_put_u32(skb, KIPC_A_QUEUE_RECV_PID, kipc_eye_pid(eye, record->receiver)) ||
	    nla_put_u32(skb, KIPC_A_QUEUE_SENDERS, survey->senders) ||
	    nla_put_u32(skb, KIPC_A_QUEUE_RECEIVERS, survey->receivers))
		return -EMSGSIZE;
	return 0;
}

/* A queue; one that is told of as it goes has the name that it had. */
int kipc_put_queue(struct sk_buff *skb, struct kipc_queue *queue, const struct kipc_eye *eye)
{
	struct kipc_queue_survey survey;
	const char *name;
	int err;

	kipc_survey_queue(queue, &survey);
	name = survey.name ?: eye->pid_ns ? NULL : queue->name.text;
	if (nla_put_u32(skb, KIPC_A_QUEUE_ID, queue->id) ||
	    (survey.name && queue->name.number &&
	     nla_put_u32(skb, KIPC_A_QUEUE_NUMBER, queue->name.number)) ||
	    (name && *name && nla_put_string(skb, KIPC_A_QUEUE_NAME, name)))
		err = -EMSGSIZE;
	else
		err = kipc_put_queue_access(skb, &survey, eye) ?:
		      kipc_put_queue_content(skb, &survey) ?:
		      kipc_put_queue_users(skb, &survey, eye);
	kipc_survey_queue_end(&survey);
	return err;
}

static int kipc_put_charge(struct sk_buff *skb, const struct kipc_user *user, enum kipc_quota what)
{
	struct nlattr *nest = nla_nest_start(skb, KIPC_A_USER_CHARGE);
	int pad = KIPC_A_CHARGE_PAD;
	u64 taken = 0, refused = 0, limit;
	bool own = false;

	if (user) {
		limit = kipc_quota_limit(user, what, &own);
		taken = atomic64_read(&user->charge[what].taken);
		refused = atomic64_read(&user->charge[what].refused);
	} else {
		limit = kipc_quota_default(what);
	}
	if (!nest ||
	    nla_put_u32(skb, KIPC_A_CHARGE_WHAT, what) ||
	    nla_put_u64_64bit(skb, KIPC_A_CHARGE_LIMIT, limit, pad) ||
	    (user && nla_put_u64_64bit(skb, KIPC_A_CHARGE_TAKEN, taken, pad)) ||
	    (user && nla_put_u64_64bit(skb, KIPC_A_CHARGE_REFUSED, refused, pad)) ||
	    (own && nla_put_flag(skb, KIPC_A_CHARGE_OWN)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* A user's account, or the defaults (NULL). */
int kipc_put_user(struct sk_buff *skb, const struct kipc_user *user, const struct kipc_eye *eye)
{
	int what;

	if (user && nla_put_u32(skb, KIPC_A_USER_UID, kipc_eye_uid(eye, user->uid)))
		return -EMSGSIZE;
	for (what = 0; what < KIPC_QUOTA_COUNT; what++)
		if (kipc_put_charge(skb, user, what))
			return -EMSGSIZE;
	return 0;
}

/* What there is, and has happened, in a namespace. */
int kipc_put_stats(struct sk_buff *skb, struct net *net)
{
	struct kipc_totals_survey survey;
	int pad = KIPC_A_STATS_PAD;

	kipc_survey_totals(net, &survey);
	if (nla_put_u32(skb, KIPC_A_STATS_ENDPOINTS,
			kipc_object_count(net, KIPC_OBJECT_ENDPOINT)) ||
	    nla_put_u32(skb, KIPC_A_STATS_CHANNELS, survey.channels) ||
	    nla_put_u32(skb, KIPC_A_STATS_QUEUES, kipc_object_count(net, KIPC_OBJECT_QUEUE)) ||
	    nla_put_u64_64bit(skb, KIPC_A_STATS_MESSAGES, survey.done.messages, pad) ||
	    nla_put_u64_64bit(skb, KIPC_A_STATS_BYTES, survey.done.bytes, pad) ||
	    nla_put_u64_64bit(skb, KIPC_A_STATS_FAILED, kipc_objects_failures(net), pad) ||
	    nla_put_u64_64bit(skb, KIPC_A_STATS_SENT, survey.done.sent, pad) ||
	    nla_put_u64_64bit(skb, KIPC_A_STATS_RECEIVED, survey.done.received, pad) ||
	    nla_put_u64_64bit(skb, KIPC_A_STATS_MEMORY, survey.memory, pad))
		return -EMSGSIZE;
	return 0;
}
