// SPDX-License-Identifier: GPL-2.0
/* Ioctl: the requests on channels.  See ioctl.h; the contract is in uapi/linux/kipc.h. */
#include <linux/log2.h>
#include <linux/uaccess.h>

#include "channel.h"
#include "copy.h"
#include "endpoint.h"
#include "fds.h"
#include "ioctl.h"
#include "registry.h"
#include "transfer.h"

#define KIPC_ROLES_CHANNEL	(BIT(KIPC_ROLE_CLIENT) | BIT(KIPC_ROLE_SERVER))

/*
 * Requests that give a role write back before they do anything that others see: an
 * address that cannot be written fails them as a whole.
 */
int kipc_ioc_channel_create(struct kipc_request *rq)
{
	struct kipc_channel_create *arg = &rq->arg.create;
	u32 pool = kipc_pool_size(arg->pool_size);
	int err;

	if (arg->flags & ~(KIPC_CHANNEL_NOTICES | KIPC_CHANNEL_NICE) || arg->reserved ||
	    arg->mode & ~0777 || !pool ||
	    kipc_name_check(arg->name))
		return -EINVAL;
	err = kipc_endpoint_begin(rq->ep);
	if (err)
		return err;
	arg->pool_size = pool;
	err = kipc_write_back(rq, &arg->pool_size, sizeof(arg->pool_size));
	if (!err)
		err = kipc_channel_create(rq->ep, arg->name, arg->mode, arg->flags, pool);
	kipc_endpoint_end(rq->ep, err ? KIPC_ROLE_NONE : KIPC_ROLE_SERVER);
	return err;
}

int kipc_ioc_channel_connect(struct kipc_request *rq)
{
	struct kipc_channel_connect *arg = &rq->arg.connect;
	struct kipc_channel_connect __user *uarg = rq->uarg;
	u32 pool = kipc_pool_size(arg->pool_size);
	int err;

	if (arg->flags || !pool || kipc_name_check(arg->name))
		return -EINVAL;
	err = kipc_endpoint_begin(rq->ep);
	if (err)
		return err;
	arg->pool_size = pool;
	err = kipc_write_back(rq, &arg->pool_size, sizeof(arg->pool_size)) ?:
	      kipc_channel_connect(rq->ep, arg->name, pool, &uarg->client);
	kipc_endpoint_end(rq->ep, err ? KIPC_ROLE_NONE : KIPC_ROLE_CLIENT);
	return err;
}

/*
 * A request has failed after it had done what @id (release, or reply) asked for: say
 * so in the user's structure.  Where that cannot be written the request must not be
 * restarted, or it would do it twice.
 */
static int kipc_request_done(struct kipc_request *rq, u64 *id, int err)
{
	*id = 0;
	if (kipc_write_back(rq, id, sizeof(*id)) && err == -ERESTARTSYS)
		return -EINTR;
	return err;
}

/*
 * What a request wants sent, ready to be copied from: kipc_source_close() when done.  To
 * whom goes with it: a server says which client, a client has only its server.
 */
static int kipc_request_source(struct kipc_request *rq, struct kipc_source *source,
			       const struct kipc_payload *payload, u64 to)
{
	if (to && kipc_endpoint_is_client(rq->ep))
		return -EINVAL;
	return kipc_source_open(source, payload, KIPC_POOL_MAX, rq->ep->user);
}

/* Outcome and reply lie side by side, and are written in one go. */
#define KIPC_CALL_OUT	offsetof(struct kipc_channel_call, outcome)

static int kipc_request_call(struct kipc_request *rq, struct kipc_call *call)
{
	struct kipc_channel_call *arg = &rq->arg.call;
	struct kipc_limit limit = kipc_request_limit(rq, arg->flags, arg->deadline);
	struct kipc_source source __uninitialized;
	int err;

	if (arg->flags & ~(KIPC_F_NONBLOCK | KIPC_CALL_ASYNC))
		return -EINVAL;
	err = kipc_endpoint_expect(rq->ep, KIPC_ROLES_CHANNEL);
	if (err)
		return err;
	err = kipc_request_source(rq, &source, &arg->request, arg->to);
	if (err)
		return err;
	if (unlikely(arg->flags & KIPC_CALL_ASYNC)) {
		arg->reply = (struct kipc_header){ };
		/* A call whose id cannot be told is not made: nobody would know its end. */
		err = kipc_write_back(rq, &arg->reply, sizeof(arg->reply)) ?:
		      kipc_channel_call_async(rq->ep, arg->to, &source, &limit, &arg->release,
					      call);
		if (!err)
			arg->reply.id = call->id;
	} else {
		err = kipc_channel_call(rq->ep, arg->to, &source, &limit, &arg->release, call);
	}
	kipc_source_close(&source);
	return err;
}

int kipc_ioc_channel_call(struct kipc_request *rq)
{
	struct kipc_channel_call *arg = &rq->arg.call;
	struct kipc_call call __uninitialized;
	u64 release = arg->release;
	int err;

	call.receiver.header = &arg->reply;
	call.outcome = KIPC_OUTCOME_NONE;
	err = kipc_request_call(rq, &call);
	arg->outcome = call.outcome;
	arg->reserved = 0;
	if (!err) {
		if (!kipc_write_words(rq->uarg + KIPC_CALL_OUT, &arg->outcome,
				      sizeof(*arg) - KIPC_CALL_OUT))
			return 0;
		/* A reply can be received again; a call has been made, and will end. */
		if (arg->flags & KIPC_CALL_ASYNC)
			arg->outcome = KIPC_OUTCOME_DELIVERED;
		else
			kipc_channel_requeue(rq->ep, &arg->reply);
		err = -EFAULT;
	}
	kipc_write_back(rq, &arg->outcome, sizeof(arg->outcome));
	if (release != arg->release)
		err = kipc_request_done(rq, &arg->release, err);
	return err;
}

int kipc_ioc_channel_send(struct kipc_request *rq)
{
	struct kipc_channel_send *arg = &rq->arg.send;
	struct kipc_limit limit = kipc_request_limit(rq, arg->flags, arg->deadline);
	struct kipc_source source __uninitialized;
	int err;

	if (arg->flags & ~KIPC_F_NONBLOCK)
		return -EINVAL;
	err = kipc_endpoint_expect(rq->ep, KIPC_ROLES_CHANNEL);
	if (err)
		return err;
	err = kipc_request_source(rq, &source, &arg->payload, arg->to);
	if (err)
		return err;
	err = kipc_channel_send(rq->ep, arg->to, &source, &limit);
	kipc_source_close(&source);
	return err;
}

static int kipc_request_send_one(struct kipc_request *rq,
				 const struct kipc_payload __user *upayload,
				 const struct kipc_limit *limit)
{
	struct kipc_payload payload;
	struct kipc_source source __uninitialized;
	int err;

	err = kipc_read_words(&payload, upayload, sizeof(payload));
	if (err)
		return err;
	err = kipc_request_source(rq, &source, &payload, rq->arg.batch.to);
	if (err)
		return err;
	err = kipc_channel_send(rq->ep, rq->arg.batch.to, &source, limit);
	kipc_source_close(&source);
	return err;
}

int kipc_ioc_channel_send_batch(struct kipc_request *rq)
{
	struct kipc_channel_send_batch *arg = &rq->arg.batch;
	const struct kipc_payload __user *payloads = u64_to_user_ptr(arg->payloads);
	struct kipc_limit limit = kipc_request_limit(rq, arg->flags, arg->deadline);
	int err;

	if (arg->flags & ~KIPC_F_NONBLOCK || !arg->count || arg->count > KIPC_BATCH_MAX)
		return -EINVAL;
	err = kipc_endpoint_expect(rq->ep, KIPC_ROLES_CHANNEL);
	if (err)
		return err;
	/* Before anything is sent: that it was could not be told otherwise. */
	arg->done = 0;
	err = kipc_write_back(rq, &arg->done, sizeof(arg->done));
	if (err)
		return err;
	for (; !err && arg->done < arg->count; arg->done += !err) {
		err = kipc_request_send_one(rq, payloads + arg->done, &limit);
		limit.nonblock = true;
	}
	/* What has gone cannot be called back: it is a success, of so many. */
	if (arg->done)
		err = 0;
	return kipc_write_back(rq, &arg->done, sizeof(arg->done)) ?: err;
}

/* Tell the user of a message that was received; if that cannot be, undo it. */
static int kipc_request_deliver(struct kipc_request *rq, struct kipc_header __user *uheader,
				const struct kipc_header *header)
{
	if (!kipc_write_words(uheader, header, sizeof(*header)))
		return 0;
	kipc_channel_requeue(rq->ep, header);
	return -EFAULT;
}

int kipc_ioc_channel_recv(struct kipc_request *rq)
{
	struct kipc_channel_recv *arg = &rq->arg.recv;
	struct kipc_channel_recv __user *uarg = rq->uarg;
	struct kipc_limit limit = kipc_request_limit(rq, arg->flags, arg->deadline);
	struct kipc_receiver receiver = { .header = &arg->msg };
	struct kipc_ring_mark mark = { arg->ring_seen, arg->ring_done };
	bool ring = arg->flags & KIPC_RECV_RING;
	u64 release = arg->release;
	int err;

	if (arg->flags & ~(KIPC_F_NONBLOCK | KIPC_RECV_RING) || (!ring && (mark.seen || mark.done)))
		return -EINVAL;
	err = kipc_endpoint_expect(rq->ep, KIPC_ROLES_CHANNEL);
	if (err)
		return err;
	err = kipc_channel_receive(rq->ep, &limit, ring ? &mark : NULL, &arg->release, &receiver);
	if (!err)
		err = kipc_request_deliver(rq, &uarg->msg, &arg->msg);
	if (err && release != arg->release)
		err = kipc_request_done(rq, &arg->release, err);
	return err;
}

static int kipc_request_reply(struct kipc_request *rq, const struct kipc_limit *limit,
			      struct kipc_receiver *receiver)
{
	struct kipc_channel_reply *arg = &rq->arg.reply;
	struct kipc_source source __uninitialized;
	u64 nothing = 0;
	int err;

	err = kipc_payload_check(&arg->reply);
	if (err)
		return err;
	if (!arg->id)
		return kipc_channel_receive(rq->ep, limit, NULL, &nothing, receiver);
	err = kipc_request_source(rq, &source, &arg->reply, 0);
	if (err)
		return err;
	err = kipc_channel_reply(rq->ep, &arg->id, &source, limit, receiver);
	kipc_source_close(&source);
	return err;
}

int kipc_ioc_channel_reply(struct kipc_request *rq)
{
	struct kipc_channel_reply *arg = &rq->arg.reply;
	struct kipc_channel_reply __user *uarg = rq->uarg;
	struct kipc_limit limit = kipc_request_limit(rq, arg->flags, arg->deadline);
	struct kipc_receiver receiver = { .header = &arg->msg };
	bool receive = arg->flags & KIPC_REPLY_RECV;
	u64 id = arg->id;
	int err;

	if (arg->flags & ~(KIPC_F_NONBLOCK | KIPC_REPLY_RECV) || (!id && !receive) ||
	    arg->reply.prio)
		return -EINVAL;
	err = kipc_endpoint_expect(rq->ep, KIPC_ROLES_CHANNEL);
	if (err)
		return err;
	err = kipc_request_reply(rq, &limit, receive ? &receiver : NULL);
	if (!err && receive)
		err = kipc_request_deliver(rq, &uarg->msg, &arg->msg);
	if (err && id != arg->id)
		err = kipc_request_done(rq, &arg->id, err);
	return err;
}

int kipc_ioc_channel_release(struct kipc_request *rq)
{
	struct kipc_channel_release *arg = &rq->arg.release;
	const u64 __user *ids = u64_to_user_ptr(arg->ids);
	int err;
	u64 id;

	if (arg->flags || !arg->count || arg->count > KIPC_RELEASE_MAX)
		return -EINVAL;
	err = kipc_endpoint_expect(rq->ep, KIPC_ROLES_CHANNEL);
	if (err)
		return err;
	arg->done = 0;
	while (!err && arg->done < arg->count) {
		if (copy_from_user(&id, ids + arg->done, sizeof(id)))
			err = -EFAULT;
		else
			err = kipc_channel_release(rq->ep, id);
		if (!err)
			arg->done++;
	}
	return kipc_write_back(rq, &arg->done, sizeof(arg->done)) ?: err;
}

int kipc_ioc_channel_fds(struct kipc_request *rq)
{
	struct kipc_channel_fds *arg = &rq->arg.fds;
	struct kipc_fds_taken taken = { };
	int err, untold;

	if (arg->flags || arg->count > KIPC_FDS_MAX)
		return -EINVAL;
	err = kipc_endpoint_expect(rq->ep, KIPC_ROLES_CHANNEL);
	if (err)
		return err;
	err = kipc_channel_take_fds(rq->ep, arg->id, u64_to_user_ptr(arg->fds), arg->count,
				    &taken);
	arg->done = taken.count;
	untold = kipc_write_back(rq, &arg->done, sizeof(arg->done));
	/* Descriptors that a process does not know of it would never close. */
	kipc_fds_taken_end(&taken, untold);
	return untold ?: err;
}

int kipc_ioc_channel_inspect(struct kipc_request *rq)
{
	struct kipc_channel_inspect *arg = &rq->arg.inspect;
	int err;

	if (arg->flags)
		return -EINVAL;
	err = kipc_endpoint_expect(rq->ep, KIPC_ROLES_CHANNEL);
	if (err)
		return err;
	err = kipc_channel_inspect(rq->ep, arg->id, &arg->msg);
	return err ?: kipc_write_back(rq, &arg->msg, sizeof(arg->msg));
}

/* Written back before there is a ring: an address that cannot be written leaves none. */
int kipc_ioc_channel_ring(struct kipc_request *rq)
{
	struct kipc_channel_ring *arg = &rq->arg.ring;
	int err;

	if (arg->flags || arg->reserved || arg->entries < KIPC_RING_MIN ||
	    arg->entries > KIPC_RING_MAX)
		return -EINVAL;
	err = kipc_endpoint_expect(rq->ep, KIPC_ROLES_CHANNEL);
	if (err)
		return err;
	arg->entries = roundup_pow_of_two(arg->entries);
	arg->offset = KIPC_RING_OFFSET;
	arg->bytes = kipc_memory_size(kipc_ring_bytes(arg->entries));
	err = kipc_write_back(rq, &arg->entries, sizeof(arg->entries)) ?:
	      kipc_write_back(rq, &arg->offset, sizeof(arg->offset)) ?:
	      kipc_write_back(rq, &arg->bytes, sizeof(arg->bytes));
	return err ?: kipc_channel_add_ring(rq->ep, arg->entries);
}
