/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Trace: tracepoints for every stage of a message.
 *
 * A message of a channel is named by (channel, id), a message of a queue by (queue,
 * seq): following one of them through kipc_send, kipc_recv, kipc_reply and
 * kipc_call_end joins the two processes of a call.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM kipc

#if !defined(KIPC_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define KIPC_TRACE_H

#include <linux/kipc.h>
#include <linux/tracepoint.h>

#include "channel.h"
#include "compat.h"
#include "endpoint.h"
#include "entry.h"
#include "queue.h"
#include "quota.h"

DECLARE_EVENT_CLASS(kipc_endpoint_class,
	TP_PROTO(const struct kipc_endpoint *ep),
	TP_ARGS(ep),
	TP_STRUCT__entry(
		__field(u32, id)
		__field(u32, role)
		__field(u64, number)
		__string(name, ep->queue ? ep->queue->name.text :
			 ep->channel ? ep->channel->name.text : "")
	),
	TP_fast_assign(
		__entry->id = ep->id;
		__entry->role = ep->role;
		__entry->number = ep->number;
		kipc_assign_str(name, ep->queue ? ep->queue->name.text :
				ep->channel ? ep->channel->name.text : "");
	),
	TP_printk("endpoint=%u role=%u name=%s client=%llu", __entry->id, __entry->role,
		  __get_str(name), __entry->number)
);

DEFINE_EVENT(kipc_endpoint_class, kipc_open,
	TP_PROTO(const struct kipc_endpoint *ep), TP_ARGS(ep));

DEFINE_EVENT(kipc_endpoint_class, kipc_close,
	TP_PROTO(const struct kipc_endpoint *ep), TP_ARGS(ep));

TRACE_EVENT(kipc_send,
	TP_PROTO(const struct kipc_channel *channel, const struct kipc_message *msg),
	TP_ARGS(channel, msg),
	TP_STRUCT__entry(
		__string(name, channel->name.text)
		__field(u64, id)
		__field(u64, peer)
		__field(u64, tag)
		__field(u32, len)
		__field(u32, kind)
	),
	TP_fast_assign(
		kipc_assign_str(name, channel->name.text);
		__entry->id = msg->id;
		__entry->peer = msg->peer;
		__entry->tag = msg->tag;
		__entry->len = msg->len;
		__entry->kind = msg->kind;
	),
	TP_printk("channel=%s id=%llu kind=%u client=%llu len=%u tag=%llu", __get_str(name),
		  __entry->id, __entry->kind, __entry->peer, __entry->len, __entry->tag)
);

/* A sender waits for room: the message has no id yet, and is sent when it gets some. */
TRACE_EVENT(kipc_wait,
	TP_PROTO(const struct kipc_channel *channel, const struct kipc_message *msg),
	TP_ARGS(channel, msg),
	TP_STRUCT__entry(
		__string(name, channel->name.text)
		__field(u64, peer)
		__field(u64, tag)
		__field(u32, len)
		__field(u32, kind)
	),
	TP_fast_assign(
		kipc_assign_str(name, channel->name.text);
		__entry->peer = msg->peer;
		__entry->tag = msg->tag;
		__entry->len = msg->len;
		__entry->kind = msg->kind;
	),
	TP_printk("channel=%s kind=%u client=%llu len=%u tag=%llu", __get_str(name),
		  __entry->kind, __entry->peer, __entry->len, __entry->tag)
);

TRACE_EVENT(kipc_recv,
	TP_PROTO(const struct kipc_channel *channel, const struct kipc_header *header),
	TP_ARGS(channel, header),
	TP_STRUCT__entry(
		__string(name, channel->name.text)
		__field(u64, id)
		__field(u64, len)
		__field(u32, kind)
	),
	TP_fast_assign(
		kipc_assign_str(name, channel->name.text);
		__entry->id = header->id;
		__entry->len = header->len;
		__entry->kind = header->kind;
	),
	TP_printk("channel=%s id=%llu kind=%u len=%llu", __get_str(name), __entry->id,
		  __entry->kind, __entry->len)
);

TRACE_EVENT(kipc_reply,
	TP_PROTO(const struct kipc_channel *channel, const struct kipc_message *msg,
		 const struct kipc_message *reply),
	TP_ARGS(channel, msg, reply),
	TP_STRUCT__entry(
		__string(name, channel->name.text)
		__field(u64, id)
		__field(u64, reply)
		__field(u32, len)
	),
	TP_fast_assign(
		kipc_assign_str(name, channel->name.text);
		__entry->id = msg->id;
		__entry->reply = reply->id;
		__entry->len = reply->len;
	),
	TP_printk("channel=%s id=%llu reply=%llu len=%u", __get_str(name), __entry->id,
		  __entry->reply, __entry->len)
);

TRACE_EVENT(kipc_call_end,
	TP_PROTO(const struct kipc_channel *channel, u64 id, u32 outcome, int err),
	TP_ARGS(channel, id, outcome, err),
	TP_STRUCT__entry(
		__string(name, channel->name.text)
		__field(u64, id)
		__field(u32, outcome)
		__field(int, err)
	),
	TP_fast_assign(
		kipc_assign_str(name, channel->name.text);
		__entry->id = id;
		__entry->outcome = outcome;
		__entry->err = err;
	),
	TP_printk("channel=%s id=%llu outcome=%u err=%d", __get_str(name), __entry->id,
		  __entry->outcome, __entry->err)
);

TRACE_EVENT(kipc_release,
	TP_PROTO(const struct kipc_channel *channel, u64 id),
	TP_ARGS(channel, id),
	TP_STRUCT__entry(
		__string(name, channel->name.text)
		__field(u64, id)
	),
	TP_fast_assign(
		kipc_assign_str(name, channel->name.text);
		__entry->id = id;
	),
	TP_printk("channel=%s id=%llu", __get_str(name), __entry->id)
);

TRACE_EVENT(kipc_queue_send,
	TP_PROTO(const struct kipc_queue *queue, const struct kipc_entry *item),
	TP_ARGS(queue, item),
	TP_STRUCT__entry(
		__string(name, queue->name.text)
		__field(u64, seq)
		__field(u64, type)
		__field(u32, prio)
		__field(u32, len)
	),
	TP_fast_assign(
		kipc_assign_str(name, queue->name.text);
		__entry->seq = item->seq;
		__entry->type = item->type;
		__entry->prio = item->prio;
		__entry->len = item->len;
	),
	TP_printk("queue=%s seq=%llu type=%llu prio=%u len=%u", __get_str(name),
		  __entry->seq, __entry->type, __entry->prio, __entry->len)
);

TRACE_EVENT(kipc_queue_recv,
	TP_PROTO(const struct kipc_queue *queue, const struct kipc_entry *item),
	TP_ARGS(queue, item),
	TP_STRUCT__entry(
		__string(name, queue->name.text)
		__field(u64, seq)
		__field(u32, prio)
		__field(u64, len)
	),
	TP_fast_assign(
		kipc_assign_str(name, queue->name.text);
		__entry->seq = item->seq;
		__entry->prio = item->prio;
		__entry->len = item->len;
	),
	TP_printk("queue=%s seq=%llu prio=%u len=%llu", __get_str(name), __entry->seq,
		  __entry->prio, __entry->len)
);

TRACE_EVENT(kipc_limit,
	TP_PROTO(u32 uid, u32 what, u64 wanted),
	TP_ARGS(uid, what, wanted),
	TP_STRUCT__entry(
		__field(u32, uid)
		__field(u32, what)
		__field(u64, wanted)
	),
	TP_fast_assign(
		__entry->uid = uid;
		__entry->what = what;
		__entry->wanted = wanted;
	),
	TP_printk("uid=%u limit=%s wanted=%llu", __entry->uid,
		  __print_symbolic(__entry->what,
				   { KIPC_QUOTA_ENDPOINTS, "endpoints" },
				   { KIPC_QUOTA_NAMES, "names" },
				   { KIPC_QUOTA_POOL_BYTES, "pool_bytes" },
				   { KIPC_QUOTA_POOL_MSGS, "pool_msgs" },
				   { KIPC_QUOTA_QUEUE_BYTES, "queue_bytes" },
				   { KIPC_QUOTA_QUEUE_MSGS, "queue_msgs" },
				   { KIPC_QUOTA_FDS, "fds" }),
		  __entry->wanted)
);

#endif /* KIPC_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace

#include <trace/define_trace.h>
