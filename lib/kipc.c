// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The public functions: they check what the caller passed, so that a transport
 * never sees nonsense, and pass it on.  What a transport leaves out is done here,
 * once: receiving into the caller's buffer, replying and receiving, sending several,
 * refusing what a mechanism cannot do.
 */
#include <errno.h>
#include <string.h>

#include "internal.h"

/* ---- opening and closing ---- */

static int kipc_address_open(struct kipc_address *address, const char *text,
			     const struct kipc_options *options, uint32_t needs)
{
	int err = kipc_address_parse_as(address, text, KIPC_FAMILY_TRANSPORT);

	if (!err)
		err = kipc_address_add_options(address, options);
	if (err)
		return err;
	if (!(kipc_address_transport(address)->can & needs))
		return -EOPNOTSUPP;
	/* Only a pair can do without the name. */
	if (needs == KIPC_CAN_LISTEN && address->mechanism->name_rule && !address->name[0])
		return -EINVAL;
	return 0;
}

KIPC_EXPORT int kipc_listen(struct kipc **handle, const char *address,
			    const struct kipc_options *options)
{
	struct kipc_address parsed;
	int err;

	if (!handle)
		return -EINVAL;
	*handle = NULL;
	err = kipc_address_open(&parsed, address, options, KIPC_CAN_LISTEN);
	return err ? err : kipc_address_transport(&parsed)->listen(handle, &parsed);
}

KIPC_EXPORT int kipc_connect(struct kipc **handle, const char *address,
			     const struct kipc_options *options)
{
	struct kipc_address parsed;
	int err;

	if (!handle)
		return -EINVAL;
	*handle = NULL;
	err = kipc_address_open(&parsed, address, options, KIPC_CAN_LISTEN);
	return err ? err : kipc_address_transport(&parsed)->connect(handle, &parsed);
}

KIPC_EXPORT int kipc_pair(struct kipc *ends[2], const char *address,
			  const struct kipc_options *options)
{
	struct kipc_address parsed;
	int err;

	if (!ends)
		return -EINVAL;
	ends[0] = NULL;
	ends[1] = NULL;
	err = kipc_address_open(&parsed, address, options, KIPC_CAN_PAIR);
	if (err)
		return err;
	/* Both ends are in hand: a name would be a mistake, but for one of what is in it. */
	if (parsed.name[0] && !kipc_address_transport(&parsed)->pair_named)
		return -EINVAL;
	return kipc_address_transport(&parsed)->pair(ends, &parsed);
}

KIPC_EXPORT int kipc_close(struct kipc *handle)
{
	struct kipc_msg msg;

	if (!handle)
		return 0;
	while (kipc_msg_take_kept(handle, &msg))
		kipc_release(&msg);
	handle->transport->close(handle);
	return 0;
}

KIPC_EXPORT int kipc_unlink(const char *address)
{
	const struct kipc_transport *transport;
	struct kipc_address parsed;
	int err = kipc_address_open(&parsed, address, NULL, UINT32_MAX);

	if (err)
		return err;
	transport = kipc_address_transport(&parsed);
	if (!transport->unlink)
		return -EOPNOTSUPP;
	return parsed.name[0] ? transport->unlink(&parsed) : -EINVAL;
}

/* ---- sending ---- */

/* An older program's options are shorter. */
static int kipc_outgoing_add(struct kipc_outgoing *out, const struct kipc_send_options *given)
{
	struct kipc_send_options options = { 0 };

	if (given->size != sizeof(options) &&
	    given->size != offsetof(struct kipc_send_options, fds))
		return -EINVAL;
	memcpy(&options, given, given->size);
	if (options.flags || options.fd_count > KIPC_MSG_FDS_MAX ||
	    (!options.fds && options.fd_count))
		return -EINVAL;
	out->type = options.type;
	out->prio = options.prio;
	out->to = options.to;
	out->fds = options.fds;
	out->fd_count = (uint32_t)options.fd_count;
	return 0;
}

/* What goes out through a handle, checked: 0, -EINVAL or -EOPNOTSUPP. */
int kipc_outgoing_set(const struct kipc *handle, struct kipc_outgoing *out,
		      const void *data, size_t len, const struct kipc_send_options *options)
{
	uint32_t can;
	int err;

	memset(out, 0, sizeof(*out));
	out->data = data;
	out->len = len;
	if (!handle || (!data && len))
		return -EINVAL;
	if (!options)
		return 0;
	err = kipc_outgoing_add(out, options);
	if (err)
		return err;
	can = handle->transport->can;
	if ((out->type && !(can & KIPC_CAN_TYPE)) || (out->prio && !(can & KIPC_CAN_PRIO)) ||
	    (out->fd_count && !(can & KIPC_CAN_FDS)))
		return -EOPNOTSUPP;
	return 0;
}

static inline int kipc_send_out(struct kipc *handle, const struct kipc_outgoing *out,
				int64_t timeout)
{
	if (!(handle->side & KIPC_SIDE_SEND))
		return -EOPNOTSUPP;
	return handle->transport->send(handle, out, kipc_deadline_after(timeout));
}

KIPC_EXPORT int kipc_send_opts(struct kipc *handle, const void *data, size_t len,
			       const struct kipc_send_options *options, int64_t timeout)
{
	struct kipc_outgoing out;
	int err = kipc_outgoing_set(handle, &out, data, len, options);

	return err ? err : kipc_send_out(handle, &out, timeout);
}

/* The usual case, without the detour: there are no options to look at. */
KIPC_HOT
KIPC_EXPORT int kipc_send(struct kipc *handle, const void *data, size_t len,
			  int64_t timeout)
{
	struct kipc_outgoing out = { .data = data, .len = len };

	if (!handle || (!data && len))
		return -EINVAL;
	return kipc_send_out(handle, &out, timeout);
}

/* One after the other; the error of a later one is told when it is the first. */
static ssize_t kipc_send_each(struct kipc *handle, const struct kipc_outgoing *outs,
			      size_t count, kipc_deadline deadline)
{
	size_t sent;
	int err;

	for (sent = 0; sent < count; sent++) {
		err = handle->transport->send(handle, &outs[sent],
					      sent ? KIPC_AT_ONCE : deadline);
		if (err)
			return sent ? (ssize_t)sent : err;
	}
	return (ssize_t)sent;
}

/*
 * Put together what can go at once: up to a lot, of those that go to the same.
 *
 * Returns how many; if none, *@err says what is wrong with the first.
 */
static size_t kipc_outgoing_lot(const struct kipc *handle, struct kipc_outgoing *outs,
				const struct kipc_out *msgs, size_t count, int *err)
{
	size_t n;

	for (n = 0; n < count && n < KIPC_LOT; n++) {
		*err = kipc_outgoing_set(handle, &outs[n], msgs[n].data, msgs[n].len,
					 msgs[n].options);
		if (*err || outs[n].to != outs->to)
			break;
	}
	return n;
}

static ssize_t kipc_send_lot(struct kipc *handle, const struct kipc_outgoing *outs,
			     size_t count, kipc_deadline deadline)
{
	if (handle->transport->send_many)
		return handle->transport->send_many(handle, outs, count, deadline);
	return kipc_send_each(handle, outs, count, deadline);
}

KIPC_EXPORT ssize_t kipc_send_many(struct kipc *handle, const struct kipc_out *msgs,
				   size_t count, int64_t timeout)
{
	struct kipc_outgoing outs[KIPC_LOT];
	kipc_deadline deadline;
	size_t sent, lot;
	ssize_t n = 0;
	int err = 0;

	if (!handle || (!msgs && count))
		return -EINVAL;
	if (!(handle->side & KIPC_SIDE_SEND))
		return -EOPNOTSUPP;
	deadline = kipc_deadline_after(timeout);
	for (sent = 0; sent < count; sent += (size_t)n) {
		lot = kipc_outgoing_lot(handle, outs, msgs + sent, count - sent, &err);
		n = lot ? kipc_send_lot(handle, outs, lot, deadline) : err;
		if (n < 0)
			return sent ? (ssize_t)sent : n;
		if ((size_t)n < lot)
			return (ssize_t)sent + n;
		deadline = KIPC_AT_ONCE;
	}
	return (ssize_t)sent;
}

/* ---- receiving ---- */

KIPC_HOT
static ssize_t kipc_recv_until(struct kipc *handle, struct kipc_msg *msg,
			       kipc_deadline deadline)
{
	int err;

	if (kipc_msg_any_kept(handle) && kipc_msg_take_kept(handle, msg))
		return (ssize_t)msg->len;
	kipc_msg_init(msg, handle);
	err = handle->transport->recv(handle, msg, deadline);
	if (!err)
		return (ssize_t)msg->len;
	msg->handle = NULL;
	return err;
}

KIPC_HOT
KIPC_EXPORT ssize_t kipc_recv(struct kipc *handle, struct kipc_msg *msg, int64_t timeout)
{
	if (!handle || !msg)
		return -EINVAL;
	if (!(handle->side & KIPC_SIDE_RECV))
		return -EOPNOTSUPP;
	return kipc_recv_until(handle, msg, kipc_deadline_after(timeout));
}

/* One lot: what was put back comes first, then what the transport has. */
static ssize_t kipc_recv_lot(struct kipc *handle, struct kipc_msg *msgs, size_t count,
			     kipc_deadline deadline)
{
	size_t n, most = count < KIPC_LOT ? count : KIPC_LOT;
	ssize_t len;

	if (!handle->transport->recv_many || most == 1 || kipc_msg_any_kept(handle)) {
		len = kipc_recv_until(handle, msgs, deadline);
		return len < 0 ? len : 1;
	}
	for (n = 0; n < most; n++)
		kipc_msg_init(&msgs[n], handle);
	len = handle->transport->recv_many(handle, msgs, most, deadline);
	for (n = len < 0 ? 0 : (size_t)len; n < most; n++)
		msgs[n].handle = NULL;
	return len;
}

KIPC_EXPORT ssize_t kipc_recv_many(struct kipc *handle, struct kipc_msg *msgs, size_t count,
				   int64_t timeout)
{
	kipc_deadline deadline;
	size_t got = 0;
	ssize_t n;

	if (!handle || (!msgs && count))
		return -EINVAL;
	if (!(handle->side & KIPC_SIDE_RECV))
		return -EOPNOTSUPP;
	deadline = kipc_deadline_after(timeout);
	while (got < count) {
		n = kipc_recv_lot(handle, msgs + got, count - got, deadline);
		if (n < 0)
			return got ? (ssize_t)got : n;
		got += (size_t)n;
		deadline = KIPC_AT_ONCE;
	}
	return (ssize_t)got;
}

/* 0, -EINVAL, or -EOPNOTSUPP: what a mechanism cannot choose or look at. */
static int kipc_wanted_set(const struct kipc *handle, struct kipc_wanted *wanted,
			   const struct kipc_recv_options *options)
{
	uint32_t can = handle->transport->can;

	if (options->size != sizeof(*options) || options->pick > KIPC_PICK_NTH ||
	    options->flags & ~(KIPC_PEEK | KIPC_TRUNCATE) ||
	    (options->pick < KIPC_PICK_TYPE && options->match) ||
	    (options->pick == KIPC_PICK_NTH && !(options->flags & KIPC_PEEK)))
		return -EINVAL;
	if ((options->pick && !(can & KIPC_CAN_SELECT)) ||
	    (options->flags & KIPC_PEEK && !(can & KIPC_CAN_PEEK)))
		return -EOPNOTSUPP;
	wanted->pick = options->pick;
	wanted->flags = options->flags;
	wanted->match = options->match;
	wanted->max_len = options->max_len;
	return 0;
}

/* Where what comes is what there is: what is too long is put back. */
static int kipc_recv_then_measure(struct kipc *handle, struct kipc_msg *msg,
				  const struct kipc_wanted *wanted, kipc_deadline deadline)
{
	ssize_t len = kipc_recv_until(handle, msg, deadline);
	int err;

	if (len < 0)
		return (int)len;
	if ((size_t)len <= wanted->max_len || wanted->flags & KIPC_TRUNCATE)
		return 0;
	err = kipc_msg_keep(handle, msg);
	if (err)
		kipc_release(msg);
	msg->data = NULL;
	return err ? err : -EMSGSIZE;
}

KIPC_EXPORT ssize_t kipc_recv_opts(struct kipc *handle, struct kipc_msg *msg,
				   const struct kipc_recv_options *options, int64_t timeout)
{
	struct kipc_wanted wanted;
	kipc_deadline deadline;
	ssize_t len;
	int err;

	if (!options)
		return kipc_recv(handle, msg, timeout);
	if (!handle || !msg)
		return -EINVAL;
	kipc_msg_init(msg, handle);
	err = kipc_wanted_set(handle, &wanted, options);
	if (!err && !(handle->side & KIPC_SIDE_RECV))
		err = -EOPNOTSUPP;
	deadline = kipc_deadline_after(timeout);
	if (!err && handle->transport->recv_wanted)
		err = handle->transport->recv_wanted(handle, msg, &wanted, deadline);
	else if (!err)
		err = kipc_recv_then_measure(handle, msg, &wanted, deadline);
	if (err) {
		msg->handle = NULL;
		return err;
	}
	len = (ssize_t)msg->len;
	if (msg->len > wanted.max_len)
		msg->len = wanted.max_len;
	return len;
}

/*
 * What does not fit is put back, not lost.  A put-back message is younger than
 * those that other threads may have received meanwhile, and older than all that
 * are still to come.
 */
static ssize_t kipc_recv_copy(struct kipc *handle, void *buf, size_t size,
			      kipc_deadline deadline)
{
	struct kipc_msg msg;
	ssize_t len;

	/* A notice would read as an empty message. */
	while ((len = kipc_recv_until(handle, &msg, deadline)) >= 0 &&
	       msg.kind >= KIPC_MSG_FAILED)
		kipc_release(&msg);
	if (len < 0)
		return len;
	if ((size_t)len > size) {
		int err = kipc_msg_keep(handle, &msg);

		if (err)
			kipc_release(&msg);
		return err ? err : -EMSGSIZE;
	}
	if (len)
		memcpy(buf, msg.data, (size_t)len);
	kipc_release(&msg);
	return len;
}

KIPC_HOT
KIPC_EXPORT ssize_t kipc_recv_into(struct kipc *handle, void *buf, size_t size,
				   int64_t timeout)
{
	kipc_deadline deadline;

	if (!handle || (!buf && size))
		return -EINVAL;
	if (!(handle->side & KIPC_SIDE_RECV))
		return -EOPNOTSUPP;
	deadline = kipc_deadline_after(timeout);
	if (handle->transport->recv_into && !kipc_msg_any_kept(handle))
		return handle->transport->recv_into(handle, buf, size, deadline);
	return kipc_recv_copy(handle, buf, size, deadline);
}

/* ---- calling and replying ---- */

KIPC_EXPORT ssize_t kipc_call_opts(struct kipc *handle, const void *data, size_t len,
				   const struct kipc_send_options *options,
				   struct kipc_msg *reply, int64_t timeout)
{
	struct kipc_outgoing out;
	int err;

	if (!reply)
		return -EINVAL;
	kipc_msg_init(reply, handle);
	reply->kind = KIPC_MSG_REPLY;
	err = kipc_outgoing_set(handle, &out, data, len, options);
	if (err)
		;
	else if (!handle->transport->call)
		err = -EOPNOTSUPP;
	else if (timeout == KIPC_NOW)
		err = -EAGAIN;	/* no reply can be here by now */
	else
		err = handle->transport->call(handle, &out, reply,
					      kipc_deadline_after(timeout));
	if (!err)
		return (ssize_t)reply->len;
	reply->handle = NULL;
	return err;
}

KIPC_EXPORT ssize_t kipc_call(struct kipc *handle, const void *data, size_t len,
			      struct kipc_msg *reply, int64_t timeout)
{
	return kipc_call_opts(handle, data, len, NULL, reply, timeout);
}

KIPC_EXPORT int kipc_call_start(struct kipc *handle, const void *data, size_t len,
				const struct kipc_send_options *options, uint64_t *id,
				int64_t timeout)
{
	struct kipc_outgoing out;
	int err = kipc_outgoing_set(handle, &out, data, len, options);

	if (err)
		return err;
	if (!id)
		return -EINVAL;
	if (!handle->transport->call_start)
		return -EOPNOTSUPP;
	return handle->transport->call_start(handle, &out, id, kipc_deadline_after(timeout));
}

static bool kipc_is_call(const struct kipc *handle, const struct kipc_msg *call)
{
	return call->handle == handle && call->kind == KIPC_MSG_CALL &&
	       handle->transport->reply;
}

/* The memory is gone: leave nothing in @msg that could be used by mistake. */
KIPC_HOT
static void kipc_msg_forget(struct kipc_msg *msg)
{
	msg->handle = NULL;
	msg->data = NULL;
	msg->len = 0;
}

KIPC_EXPORT int kipc_reply_opts(struct kipc *handle, struct kipc_msg *call,
				const void *data, size_t len,
				const struct kipc_send_options *options)
{
	struct kipc_outgoing out;
	int err = kipc_outgoing_set(handle, &out, data, len, options);

	if (err)
		return err;
	if (!call || !kipc_is_call(handle, call) || out.prio || out.to)
		return -EINVAL;
	err = handle->transport->reply(handle, call, &out);
	if (!kipc_reply_is_open(err))
		kipc_msg_forget(call);
	return err;
}

KIPC_EXPORT int kipc_reply(struct kipc *handle, struct kipc_msg *call, const void *data,
			   size_t len)
{
	return kipc_reply_opts(handle, call, data, len, NULL);
}

static ssize_t kipc_reply_then_recv(struct kipc *handle, struct kipc_msg *msg,
				    const void *data, size_t len, int64_t timeout)
{
	int err = kipc_reply(handle, msg, data, len);

	if (kipc_reply_is_open(err))
		return err;
	return kipc_recv_until(handle, msg, kipc_deadline_after(timeout));
}

KIPC_EXPORT ssize_t kipc_reply_recv(struct kipc *handle, struct kipc_msg *msg,
				    const void *data, size_t len, int64_t timeout)
{
	struct kipc_outgoing out = { .data = data, .len = len };
	bool replied = false;
	int err;

	if (!handle || !msg || (!data && len) || !kipc_is_call(handle, msg))
		return -EINVAL;
	/* A message that was put back comes first, and needs no waiting. */
	if (!handle->transport->reply_recv || kipc_msg_any_kept(handle))
		return kipc_reply_then_recv(handle, msg, data, len, timeout);

	err = handle->transport->reply_recv(handle, msg, &out, kipc_deadline_after(timeout),
					    &replied);
	if (!err)
		return (ssize_t)msg->len;
	if (replied)
		kipc_msg_forget(msg);
	return err;
}

KIPC_EXPORT int kipc_canceled(const struct kipc_msg *call)
{
	if (!call || !call->handle || call->kind != KIPC_MSG_CALL)
		return -EINVAL;
	if (!call->handle->transport->canceled)
		return -EOPNOTSUPP;
	return call->handle->transport->canceled(call);
}

/* ---- a message in hand ---- */

KIPC_EXPORT int kipc_take_fds(const struct kipc_msg *msg, int *fds, size_t max)
{
	size_t count;
	int err;

	if (!msg || !msg->handle || (!fds && max))
		return -EINVAL;
	count = max < msg->fd_count ? max : msg->fd_count;
	if (!count)
		return 0;
	err = msg->handle->transport->take_fds(msg, fds, count);
	return err ? err : (int)count;
}

KIPC_HOT
KIPC_EXPORT void kipc_release(struct kipc_msg *msg)
{
	if (!msg || !msg->handle)
		return;
	if (msg->handle->transport->release)
		msg->handle->transport->release(msg);
	else
		kipc_buffer_return(msg);
	kipc_msg_forget(msg);
}
