// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * channel: messages out and in.
 *
 * Either end calls and answers: a client its server, and a server any of its clients, of
 * which it must say which.  What the kernel calls ESRCH, a client that is not there (any
 * more), is EPIPE to a user of the library: the other side is gone.
 */
#include <assert.h>
#include <string.h>
#include <unistd.h>

#include "channel.h"

/* Outcomes and kinds are the kernel's. */
static_assert((int)KIPC_CALL_UNSEEN == (int)KIPC_OUTCOME_NONE &&
	      (int)KIPC_CALL_SEEN == (int)KIPC_OUTCOME_DELIVERED &&
	      (int)KIPC_CALL_REPLIED == (int)KIPC_OUTCOME_REPLIED, "outcomes differ");
static_assert((int)KIPC_MSG_SEND == (int)KIPC_KIND_SEND &&
	      (int)KIPC_MSG_CALL == (int)KIPC_KIND_CALL &&
	      (int)KIPC_MSG_REPLY == (int)KIPC_KIND_REPLY &&
	      (int)KIPC_MSG_FAILED == (int)KIPC_KIND_FAILED &&
	      (int)KIPC_MSG_CONNECTED == (int)KIPC_KIND_CONNECTED &&
	      (int)KIPC_MSG_GONE == (int)KIPC_KIND_GONE &&
	      (int)KIPC_MSG_CANCELED == (int)KIPC_KIND_CANCELED, "kinds differ");
static_assert(KIPC_MSG_FDS_MAX == KIPC_FDS_MAX, "descriptors differ");
static_assert(sizeof(int) == sizeof(__s32), "descriptors are not __s32");

static uint32_t kipc_channel_flags(kipc_deadline deadline)
{
	return deadline == KIPC_AT_ONCE ? KIPC_F_NONBLOCK : 0;
}

static uint64_t kipc_channel_deadline(kipc_deadline deadline)
{
	return deadline > 0 ? (uint64_t)deadline : 0;
}

/* ---- what goes out ---- */

static int kipc_channel_fill(struct kipc_payload *payload, const struct kipc_outgoing *out)
{
	if (out->prio > KIPC_PRIO_MAX)
		return -EINVAL;
	payload->data = (uintptr_t)out->data;
	payload->len = out->len;
	payload->tag = out->type;
	payload->fds = (uintptr_t)out->fds;
	payload->flags = 0;
	payload->fd_count = (__u16)out->fd_count;
	payload->prio = (__u16)out->prio;
	return 0;
}

/* To whom: a client has one server, and a server must say which client. */
static int kipc_channel_address(const struct kipc_channel *channel,
				const struct kipc_outgoing *out, __u64 *to)
{
	if (!channel->server) {
		*to = 0;
		return out->to ? -EINVAL : 0;
	}
	*to = out->to ? out->to : channel->to;
	return *to ? 0 : -EDESTADDRREQ;
}

int kipc_channel_send_out(struct kipc *handle, const struct kipc_outgoing *out,
			  kipc_deadline deadline)
{
	struct kipc_channel *channel = kipc_to_channel(handle);
	struct kipc_channel_send send = {
		.size = sizeof(send),
		.flags = kipc_channel_flags(deadline),
		.deadline = kipc_channel_deadline(deadline),
	};
	int err = kipc_channel_address(channel, out, &send.to);

	if (!err)
		err = kipc_channel_fill(&send.payload, out);
	if (!err)
		err = kipc_device_ioctl(channel->fd, KIPC_IOC_CHANNEL_SEND, &send);
	return err == -ESRCH ? -EPIPE : err;
}

ssize_t kipc_channel_send_many(struct kipc *handle, const struct kipc_outgoing *outs,
			       size_t count, kipc_deadline deadline)
{
	struct kipc_channel *channel = kipc_to_channel(handle);
	struct kipc_payload payloads[KIPC_LOT];
	struct kipc_channel_send_batch batch = {
		.size = sizeof(batch),
		.flags = kipc_channel_flags(deadline),
		.deadline = kipc_channel_deadline(deadline),
		.payloads = (uintptr_t)payloads,
	};
	int err = kipc_channel_address(channel, outs, &batch.to);

	for (; !err && batch.count < count; batch.count += !err)
		err = kipc_channel_fill(&payloads[batch.count], &outs[batch.count]);
	if (!batch.count)
		return err;
	err = kipc_device_ioctl(channel->fd, KIPC_IOC_CHANNEL_SEND_BATCH, &batch);
	if (err)
		return err == -ESRCH ? -EPIPE : err;
	return batch.done;
}

/* ---- what comes in ---- */

/* What ends a call of ours, or is news of one that we hold. */
static void kipc_channel_lend_end(struct kipc_msg *msg, const struct kipc_header *header)
{
	msg->call = header->call;
	switch (header->kind) {
	case KIPC_KIND_REPLY:
		msg->outcome = KIPC_CALL_REPLIED;
		break;
	case KIPC_KIND_FAILED:
		msg->outcome = header->flags & KIPC_HEADER_DELIVERED ? KIPC_CALL_SEEN :
								    KIPC_CALL_UNSEEN;
		msg->known &= ~KIPC_KNOWN_PEER;		/* it is from ourselves */
		break;
	case KIPC_KIND_CANCELED:
		msg->call = header->id;
		break;
	}
}

/* Fill in @msg from what the kernel tells. */
static int kipc_channel_lend(struct kipc_channel *channel, struct kipc_msg *msg,
			     const struct kipc_header *header)
{
	if (header->offset > channel->pool_size ||
	    header->len > channel->pool_size - header->offset)
		return -EPROTO;
	msg->handle = &channel->base;
	msg->data = (const char *)atomic_load_explicit(&channel->pool, memory_order_relaxed) +
		    header->offset;
	msg->len = header->len;
	msg->id = header->id;
	msg->type = header->tag;
	msg->prio = header->prio;
	msg->kind = header->kind;
	msg->peer = header->peer;
	msg->pid = (pid_t)header->pid;
	msg->uid = header->uid;
	msg->gid = header->gid;
	msg->fd_count = header->fd_count;
	msg->known = KIPC_KNOWN_PEER | KIPC_KNOWN_TYPE | KIPC_KNOWN_PRIO;
	msg->call = 0;
	kipc_intake_set_number(msg, 0);
	if (header->kind >= KIPC_KIND_REPLY)
		kipc_channel_lend_end(msg, header);
	return 0;
}

/*
 * A request that may sleep and takes an id along.  The kernel clears @release once
 * it has done that; an id that it does not know is dropped, and one that it did
 * not come to is released here.
 */
static int kipc_channel_request(struct kipc_channel *channel, unsigned long request,
				void *arg, __u64 *release)
{
	uint64_t id;
	int err;

	atomic_fetch_add(&channel->sleepers, 1);
	*release = kipc_channel_carry(channel);
	err = kipc_device_ioctl(channel->fd, request, arg);
	if (err == -ENOENT && *release) {
		*release = 0;
		err = kipc_device_ioctl(channel->fd, request, arg);
	}
	atomic_fetch_sub(&channel->sleepers, 1);
	id = *release;
	if (err && id)
		kipc_channel_flush(channel, &id, 1);
	return err;
}

static int kipc_channel_recv_next(struct kipc_channel *channel, struct kipc_channel_recv *recv,
				  kipc_deadline deadline)
{
	recv->size = sizeof(*recv);
	recv->flags |= kipc_channel_flags(deadline);
	recv->deadline = kipc_channel_deadline(deadline);
	return kipc_channel_request(channel, KIPC_IOC_CHANNEL_RECV, recv, &recv->release);
}

/*
 * From the ring, or if that is empty by a request, which returns when it is not any more.
 * As a sleeper we are counted before the kernel is told what was released, like the ids in
 * kipc_channel_request().
 */
static int kipc_channel_recv_ring(struct kipc_channel *channel, struct kipc_msg *msg,
				  kipc_deadline deadline)
{
	struct kipc_channel_recv recv;
	uint64_t number;
	int err;

	for (;;) {
		memset(&recv, 0, sizeof(recv));
		number = kipc_intake_take(channel, &recv.msg);
		if (number)
			break;
		atomic_fetch_add(&channel->sleepers, 1);
		kipc_intake_tell(channel, &recv);
		err = kipc_channel_recv_next(channel, &recv, deadline);
		atomic_fetch_sub(&channel->sleepers, 1);
		if (err)
			return err;
		if (recv.msg.kind != KIPC_KIND_NONE)
			break;
	}
	err = kipc_channel_lend(channel, msg, &recv.msg);
	if (!err)
		kipc_intake_set_number(msg, number);
	return err;
}

int kipc_channel_recv_msg(struct kipc *handle, struct kipc_msg *msg, kipc_deadline deadline)
{
	struct kipc_channel *channel = kipc_to_channel(handle);
	struct kipc_channel_recv recv;
	int err = kipc_channel_enter(channel);

	if (err)
		return err;
	if (channel->intake)
		return kipc_channel_recv_ring(channel, msg, deadline);
	memset(&recv, 0, sizeof(recv));
	err = kipc_channel_recv_next(channel, &recv, deadline);
	return err ? err : kipc_channel_lend(channel, msg, &recv.msg);
}

/* ---- calls ---- */

static int kipc_channel_make_call(struct kipc_channel *channel, struct kipc_channel_call *call,
				  const struct kipc_outgoing *out, kipc_deadline deadline)
{
	int err = kipc_channel_enter(channel);

	if (!err)
		err = kipc_channel_address(channel, out, &call->to);
	if (!err)
		err = kipc_channel_fill(&call->request, out);
	if (err)
		return err;
	call->size = sizeof(*call);
	call->deadline = kipc_channel_deadline(deadline);
	err = kipc_channel_request(channel, KIPC_IOC_CHANNEL_CALL, call, &call->release);
	return err == -ESRCH ? -EPIPE : err;
}

int kipc_channel_call_out(struct kipc *handle, const struct kipc_outgoing *out,
			  struct kipc_msg *reply, kipc_deadline deadline)
{
	struct kipc_channel *channel = kipc_to_channel(handle);
	struct kipc_channel_call call;
	int err;

	memset(&call, 0, sizeof(call));
	err = kipc_channel_make_call(channel, &call, out, deadline);
	reply->outcome = call.outcome;
	return err ? err : kipc_channel_lend(channel, reply, &call.reply);
}

int kipc_channel_call_start(struct kipc *handle, const struct kipc_outgoing *out,
			    uint64_t *id, kipc_deadline deadline)
{
	struct kipc_channel_call call;
	int err;

	memset(&call, 0, sizeof(call));
	call.flags = KIPC_CALL_ASYNC | kipc_channel_flags(deadline);
	err = kipc_channel_make_call(kipc_to_channel(handle), &call, out, deadline);
	if (!err)
		*id = call.reply.id;
	return err;
}

static int kipc_channel_answer(struct kipc_channel_reply *reply, const struct kipc_msg *call,
			       const struct kipc_outgoing *out)
{
	memset(reply, 0, sizeof(*reply));
	reply->size = sizeof(*reply);
	reply->id = call->id;
	return kipc_channel_fill(&reply->reply, out);
}

int kipc_channel_reply_to(struct kipc *handle, struct kipc_msg *call,
			  const struct kipc_outgoing *out)
{
	struct kipc_channel *channel = kipc_to_channel(handle);
	struct kipc_channel_reply reply;
	int err;

	kipc_channel_answer(&reply, call, out);
	err = kipc_device_ioctl(channel->fd, KIPC_IOC_CHANNEL_REPLY, &reply);
	if (err == -ENOENT)
		return -EINVAL;		/* answered already */
	/* Else the call is over for the caller of kipc_reply(): let it be. */
	if (err && err != -ECANCELED && !kipc_reply_is_open(err))
		kipc_channel_flush(channel, &call->id, 1);
	return err;
}

/* Where there is a ring, the next message may be there: two steps. */
static int kipc_channel_reply_then_recv(struct kipc *handle, struct kipc_msg *msg,
					const struct kipc_outgoing *out,
					kipc_deadline deadline, bool *replied)
{
	int err = kipc_channel_reply_to(handle, msg, out);

	if (kipc_reply_is_open(err))
		return err;
	*replied = true;
	return kipc_channel_recv_msg(handle, msg, deadline);
}

/*
 * Reply and receive in one request.  It has no place for a pending id, so those
 * are flushed first; a server that only answers calls has none.
 */
int kipc_channel_reply_recv(struct kipc *handle, struct kipc_msg *msg,
			    const struct kipc_outgoing *out, kipc_deadline deadline,
			    bool *replied)
{
	struct kipc_channel *channel = kipc_to_channel(handle);
	struct kipc_channel_reply reply;
	int err = kipc_channel_enter(channel);

	if (err)
		return err;
	if (channel->intake)
		return kipc_channel_reply_then_recv(handle, msg, out, deadline, replied);
	kipc_channel_answer(&reply, msg, out);
	reply.flags = KIPC_REPLY_RECV | kipc_channel_flags(deadline);
	reply.deadline = kipc_channel_deadline(deadline);

	atomic_fetch_add(&channel->sleepers, 1);
	kipc_channel_flush_all(channel);
	err = kipc_device_ioctl(channel->fd, KIPC_IOC_CHANNEL_REPLY, &reply);
	atomic_fetch_sub(&channel->sleepers, 1);

	if (!err) {
		*replied = true;
		return kipc_channel_lend(channel, msg, &reply.msg);
	}
	if (reply.id && kipc_reply_is_open(err))
		return err;
	*replied = true;
	if (!reply.id && err != -ECANCELED)
		return err;
	/* The reply failed for good; what is left of the request is to receive. */
	if (reply.id)
		kipc_channel_flush(channel, &msg->id, 1);
	return kipc_channel_recv_msg(handle, msg, deadline);
}

int kipc_channel_canceled(const struct kipc_msg *call)
{
	struct kipc_channel_inspect inspect = { .size = sizeof(inspect), .id = call->id };
	int err;

	err = kipc_device_ioctl(kipc_to_channel(call->handle)->fd, KIPC_IOC_CHANNEL_INSPECT,
				&inspect);
	if (err)
		return err == -ENOENT ? -EINVAL : err;
	return !!(inspect.msg.flags & KIPC_HEADER_CANCELED);
}

/* ---- descriptors ---- */

int kipc_channel_take_fds(const struct kipc_msg *msg, int *fds, size_t count)
{
	struct kipc_channel_fds take = {
		.size = sizeof(take),
		.id = msg->id,
		.fds = (uintptr_t)fds,
		.count = (__u32)count,
	};
	int err;

	err = kipc_device_ioctl(kipc_to_channel(msg->handle)->fd, KIPC_IOC_CHANNEL_FDS, &take);
	if (!err)
		return 0;
	/* All or none. */
	while (take.done)
		close(fds[--take.done]);
	return err == -ENOENT ? -EINVAL : err;
}
