// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * binder: messages.
 *
 * A call is BC_TRANSACTION to handle 0, its type the transaction's code, and ends with
 * BR_REPLY.  Its caller's thread stands in the driver until then; when a deadline or a
 * signal comes first, BINDER_THREAD_EXIT takes the thread out, and a late reply finds
 * nobody.  A call that is released without an answer is answered with TF_STATUS_CODE,
 * which is how Binder says that there is no result.
 *
 * Payloads are lent where the driver has put them.  A buffer is given back with whatever
 * is written next, as long as nobody waits for what the driver holds back until then
 * (@waiting) or polls.
 *
 * One-way messages may take half of the receiver's pool.  The driver refuses what does
 * not fit and tells nobody when there is room again, so a wait for room is a series of
 * naps.  A hello without payload, one way and TF_STATUS_CODE, is how connecting finds out
 * whether somebody is there; receivers drop it.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "binder.h"

static const int32_t kipc_binder_no_result = -ECONNRESET;

/* ---- giving buffers back ---- */

static void kipc_binder_put_owed_locked(struct kipc_binder *binder,
					struct kipc_binder_out *out)
{
	unsigned int i;

	for (i = 0; i < binder->owed_count; i++)
		kipc_binder_put(out, BC_FREE_BUFFER, &binder->owed[i]);
	binder->owed_count = 0;
}

static void kipc_binder_put_owed(struct kipc_binder *binder, struct kipc_binder_out *out)
{
	pthread_mutex_lock(&binder->lock);
	kipc_binder_put_owed_locked(binder, out);
	pthread_mutex_unlock(&binder->lock);
}

/* Write what needs no answer.  Only a broken driver refuses it. */
static void kipc_binder_write(struct kipc_binder *binder, struct kipc_binder_out *out)
{
	while (out->len && kipc_binder_request(binder->fd, out, NULL) == -EINTR)
		;
}

void kipc_binder_flush(struct kipc_binder *binder)
{
	struct kipc_binder_out out = { .len = 0 };

	kipc_binder_put_owed(binder, &out);
	kipc_binder_write(binder, &out);
}

static void kipc_binder_owe(struct kipc_binder *binder, uint64_t buffer)
{
	struct kipc_binder_out out = { .len = 0 };

	pthread_mutex_lock(&binder->lock);
	binder->owed[binder->owed_count++] = buffer;
	if (binder->waiting || binder->owed_count == KIPC_BINDER_OWED ||
	    atomic_load_explicit(&binder->polled, memory_order_relaxed))
		kipc_binder_put_owed_locked(binder, &out);
	pthread_mutex_unlock(&binder->lock);
	kipc_binder_write(binder, &out);
}

/* ---- one request ---- */

static bool kipc_binder_forked(const struct kipc_binder *binder)
{
	return kipc_forkmark_forked(&binder->mark);
}

/* Write @out and read answers, by the deadline. */
static int kipc_binder_wait(struct kipc_binder *binder, struct kipc_binder_out *out,
			    struct kipc_binder_in *in, kipc_deadline deadline)
{
	int err = deadline == KIPC_NEVER ? 0 : kipc_binder_set_nonblock(binder);

	while (!err) {
		err = kipc_binder_request(binder->fd, out, in);
		if (err != -EAGAIN || deadline == KIPC_AT_ONCE)
			break;
		err = kipc_wait_fd(binder->fd, POLLIN, deadline);
	}
	return err;
}

/* Why the driver refused a transaction of this thread. */
static int kipc_binder_why(struct kipc_binder *binder)
{
	struct binder_extended_error error = { .param = -ENOSPC };

	/* Before 5.19 it does not say; no room is the usual reason. */
	if (ioctl(binder->fd, BINDER_GET_EXTENDED_ERROR, &error))
		return -ENOSPC;
	switch (error.param) {
	case -ESRCH:
		return -EPIPE;
	case -EPERM:
		return -EACCES;
	case -EINVAL:	/* the context manager is in our own process */
		return -EOPNOTSUPP;
	default:
		return error.param;
	}
}

/*
 * Carry out a transaction until the driver's @wanted answer.
 *
 * @seen:	set once it is with the receiver
 * @data:	BR_REPLY's
 */
static int kipc_binder_transact(struct kipc_binder *binder, struct kipc_binder_out *out,
				uint32_t wanted, struct binder_transaction_data *data,
				bool *seen, kipc_deadline deadline)
{
	struct kipc_binder_in in;
	const void *argument;
	bool done = false;
	uint32_t answer;
	int err, refused = 0;

	while (!done && !refused) {
		err = kipc_binder_wait(binder, out, &in, deadline);
		if (err)
			return err;
		while (kipc_binder_next(&in, &answer, &argument)) {
			if (answer == BR_TRANSACTION_COMPLETE)
				*seen = true;
			else if (answer == BR_REPLY)
				memcpy(data, argument, sizeof(*data));
			else if (!refused)
				refused = kipc_binder_refusal(answer);
			done |= answer == wanted;
		}
	}
	return refused == -EREMOTEIO && !*seen ? kipc_binder_why(binder) : refused;
}

/* ---- calls that are held ---- */

/* This thread's, or NULL. */
static struct kipc_binder_call *kipc_binder_mine_locked(struct kipc_binder *binder)
{
	size_t i;

	for (i = 0; i < binder->count; i++)
		if (pthread_equal(binder->calls[i].thread, pthread_self()))
			return &binder->calls[i];
	return NULL;
}

static struct kipc_binder_call *kipc_binder_find_locked(struct kipc_binder *binder, uint64_t id)
{
	size_t i;

	for (i = 0; i < binder->count; i++)
		if (binder->calls[i].id == id)
			return &binder->calls[i];
	return NULL;
}

static void kipc_binder_forget_locked(struct kipc_binder *binder, struct kipc_binder_call *call)
{
	*call = binder->calls[--binder->count];
}

/* Take a call off the list, to answer it: 0, -EINVAL, or -EOPNOTSUPP: not this thread. */
static int kipc_binder_take_call(struct kipc_binder *binder, uint64_t id)
{
	struct kipc_binder_call *call;
	int err = 0;

	pthread_mutex_lock(&binder->lock);
	call = kipc_binder_find_locked(binder, id);
	if (!call)
		err = -EINVAL;
	else if (!pthread_equal(call->thread, pthread_self()))
		err = -EOPNOTSUPP;
	else
		kipc_binder_forget_locked(binder, call);
	pthread_mutex_unlock(&binder->lock);
	return err;
}

/* Everyone who waits may come back with a call. */
static int kipc_binder_reserve_locked(struct kipc_binder *binder)
{
	size_t room = binder->room ? 2 * binder->room : 8;
	void *grown;

	if (binder->count + binder->waiting < binder->room)
		return 0;
	grown = reallocarray(binder->calls, room, sizeof(*binder->calls));
	if (!grown)
		return -ENOMEM;
	binder->calls = grown;
	binder->room = room;
	return 0;
}

/* ---- receiving ---- */

/*
 * Begin to wait for a message.  A call of this thread's that another one has released is
 * refused now, as only this thread can.
 */
static int kipc_binder_begin(struct kipc_binder *binder, struct kipc_binder_out *out)
{
	struct kipc_binder_call *mine;
	int err = 0;

	pthread_mutex_lock(&binder->lock);
	mine = kipc_binder_mine_locked(binder);
	if (mine && mine->id) {
		err = -EDEADLK;
	} else if (mine) {
		kipc_binder_put_data(out, BC_REPLY, 0, TF_STATUS_CODE, &kipc_binder_no_result,
				     sizeof(kipc_binder_no_result));
		kipc_binder_forget_locked(binder, mine);
	}
	if (!err)
		err = kipc_binder_reserve_locked(binder);
	if (!err) {
		kipc_binder_put(out, BC_ENTER_LOOPER, NULL);
		kipc_binder_put_owed_locked(binder, out);
		binder->waiting++;
	}
	pthread_mutex_unlock(&binder->lock);
	return err;
}

static void kipc_binder_lend(struct kipc *handle, struct kipc_msg *msg,
			     const struct binder_transaction_data *data)
{
	msg->handle = handle;
	msg->data = (const void *)(uintptr_t)data->data.ptr.buffer;
	msg->len = data->data_size;
	msg->type = data->code;
	msg->known = KIPC_KNOWN_TYPE;
	msg->id = data->data.ptr.buffer;
}

/* The end of the wait: @data is what came, or NULL. */
static void kipc_binder_end(struct kipc_binder *binder, struct kipc_msg *msg,
			    const struct binder_transaction_data *data)
{
	bool call = data && !(data->flags & TF_ONE_WAY);

	pthread_mutex_lock(&binder->lock);
	binder->waiting--;
	if (call)
		binder->calls[binder->count++] = (struct kipc_binder_call){
			.thread = pthread_self(),
			.id = data->data.ptr.buffer,
		};
	pthread_mutex_unlock(&binder->lock);
	if (!data)
		return;
	kipc_binder_lend(&binder->base, msg, data);
	msg->kind = call ? KIPC_MSG_CALL : KIPC_MSG_SEND;
	msg->pid = data->sender_pid;
	msg->uid = data->sender_euid;
	msg->gid = (gid_t)-1;
	msg->known |= KIPC_KNOWN_PEER;
}

static bool kipc_binder_is_hello(const struct binder_transaction_data *data)
{
	return data->flags & TF_ONE_WAY && data->flags & TF_STATUS_CODE;
}

/* Wait for a message, between kipc_binder_begin() and _end(). */
static int kipc_binder_take(struct kipc_binder *binder, struct kipc_binder_out *out,
			    struct binder_transaction_data *data, kipc_deadline deadline)
{
	struct kipc_binder_in in;
	const void *argument;
	uint32_t answer;
	bool got;
	int err;

	for (;;) {
		err = kipc_binder_wait(binder, out, &in, deadline);
		if (err)
			return err;
		got = false;
		while (kipc_binder_next(&in, &answer, &argument)) {
			if (answer != BR_TRANSACTION)
				continue;
			memcpy(data, argument, sizeof(*data));
			got = true;
		}
		if (got && !kipc_binder_is_hello(data))
			return 0;
		if (got)
			kipc_binder_put(out, BC_FREE_BUFFER, &data->data.ptr.buffer);
	}
}

static int kipc_binder_recv_after(struct kipc_binder *binder, struct kipc_binder_out *out,
				  struct kipc_msg *msg, kipc_deadline deadline)
{
	struct binder_transaction_data data;
	int err = kipc_binder_begin(binder, out);

	if (!err) {
		err = kipc_binder_take(binder, out, &data, deadline);
		kipc_binder_end(binder, msg, err ? NULL : &data);
	}
	/* An answer to be written all the same, or a hello to be given back. */
	if (err)
		kipc_binder_write(binder, out);
	return err;
}

int kipc_binder_recv(struct kipc *handle, struct kipc_msg *msg, kipc_deadline deadline)
{
	struct kipc_binder *binder = kipc_to_binder(handle);
	struct kipc_binder_out out;

	out.len = 0;
	if (kipc_binder_forked(binder))
		return -EOPNOTSUPP;
	return kipc_binder_recv_after(binder, &out, msg, deadline);
}

/* ---- answering ---- */

/* The answer first: it may lie in the buffer that goes back. */
static void kipc_binder_put_reply(struct kipc_binder_out *out, const struct kipc_msg *call,
				  const struct kipc_outgoing *reply)
{
	out->len = 0;
	kipc_binder_put_data(out, BC_REPLY, (uint32_t)reply->type, 0, reply->data, reply->len);
	kipc_binder_put(out, BC_FREE_BUFFER, &call->id);
}

static int kipc_binder_may_reply(struct kipc_binder *binder, const struct kipc_msg *call,
				 const struct kipc_outgoing *out)
{
	if (kipc_binder_forked(binder) || out->type > UINT32_MAX)
		return -EOPNOTSUPP;
	if (out->len > binder->map_size)
		return -EMSGSIZE;
	return kipc_binder_take_call(binder, call->id);
}

/*
 * Write an answer and read that it is complete; the driver says that at once, and ends
 * the read with it, so no message comes along.
 */
static int kipc_binder_answer(struct kipc_binder *binder, struct kipc_binder_out *out)
{
	struct binder_transaction_data none;
	bool seen = false;
	int err;

	do
		err = kipc_binder_transact(binder, out, BR_TRANSACTION_COMPLETE, &none, &seen,
					   KIPC_NEVER);
	while (err == -EINTR);
	return err ? -EPIPE : 0;
}

int kipc_binder_reply(struct kipc *handle, struct kipc_msg *call,
		      const struct kipc_outgoing *out)
{
	struct kipc_binder *binder = kipc_to_binder(handle);
	struct kipc_binder_out request;
	int err = kipc_binder_may_reply(binder, call, out);

	if (err)
		return err;
	kipc_binder_put_reply(&request, call, out);
	return kipc_binder_answer(binder, &request);
}

int kipc_binder_reply_recv(struct kipc *handle, struct kipc_msg *msg,
			   const struct kipc_outgoing *out, kipc_deadline deadline,
			   bool *replied)
{
	struct kipc_binder *binder = kipc_to_binder(handle);
	struct kipc_binder_out request;
	int err = kipc_binder_may_reply(binder, msg, out);

	if (err)
		return err;
	*replied = true;
	kipc_binder_put_reply(&request, msg, out);
	kipc_msg_init(msg, handle);
	return kipc_binder_recv_after(binder, &request, msg, deadline);
}

/* Refuse a call; only its thread can, and any other leaves it to that one. */
static void kipc_binder_refuse(struct kipc_binder *binder, struct kipc_msg *msg)
{
	const struct kipc_outgoing none = { .data = &kipc_binder_no_result };
	struct kipc_binder_out out = { .len = 0 };
	struct kipc_binder_call *call;
	int err = kipc_binder_take_call(binder, msg->id);

	if (!err) {
		kipc_binder_put_data(&out, BC_REPLY, 0, TF_STATUS_CODE, none.data,
				     sizeof(kipc_binder_no_result));
		kipc_binder_put(&out, BC_FREE_BUFFER, &msg->id);
		kipc_binder_answer(binder, &out);
		return;
	}
	if (err != -EOPNOTSUPP)
		return;
	pthread_mutex_lock(&binder->lock);
	call = kipc_binder_find_locked(binder, msg->id);
	if (call)
		call->id = 0;
	pthread_mutex_unlock(&binder->lock);
	kipc_binder_owe(binder, msg->id);
}

void kipc_binder_release(struct kipc_msg *msg)
{
	struct kipc_binder *binder = kipc_to_binder(msg->handle);

	if (kipc_binder_forked(binder))
		return;
	if (msg->kind == KIPC_MSG_CALL)
		kipc_binder_refuse(binder, msg);
	else
		kipc_binder_owe(binder, msg->id);
}

/* ---- sending and calling ---- */

static int kipc_binder_check(struct kipc_binder *binder, const struct kipc_outgoing *out,
			     size_t most)
{
	if (kipc_binder_forked(binder))
		return -EOPNOTSUPP;
	if (out->to || out->type > UINT32_MAX)
		return -EINVAL;
	return out->len > most ? -EMSGSIZE : 0;
}

static int kipc_binder_put_one_way(struct kipc_binder *binder, uint32_t type, uint32_t flags,
				   const void *payload, size_t len)
{
	struct binder_transaction_data none;
	struct kipc_binder_out request;
	bool seen = false;
	int err;

	request.len = 0;
	kipc_binder_put_owed(binder, &request);
	kipc_binder_put_data(&request, BC_TRANSACTION, type, TF_ONE_WAY | flags, payload, len);
	/* Nothing here waits for anybody, and what was written is on its way. */
	do
		err = kipc_binder_transact(binder, &request, BR_TRANSACTION_COMPLETE, &none,
					   &seen, KIPC_NEVER);
	while (err == -EINTR);
	return err;
}

/* Is there a context manager? */
int kipc_binder_ping(struct kipc_binder *binder)
{
	int err = kipc_binder_put_one_way(binder, 0, TF_STATUS_CODE, NULL, 0);

	if (err == -ENOSPC)
		return 0;	/* and one with much to do */
	return err == -EPIPE ? -ENOENT : err;
}

int kipc_binder_send(struct kipc *handle, const struct kipc_outgoing *out,
		     kipc_deadline deadline)
{
	struct kipc_binder *binder = kipc_to_binder(handle);
	int64_t nap = KIPC_NAP_MIN;
	int err = kipc_binder_check(binder, out,
				    binder->map_size / 2 - KIPC_BINDER_ONE_WAY_COST);

	while (!err) {
		err = kipc_binder_put_one_way(binder, (uint32_t)out->type, 0, out->data,
					      out->len);
		if (err != -ENOSPC)
			break;
		err = kipc_wait_nap(&nap, deadline);
	}
	return err;
}

/* What came back: a result, or a refusal. */
static int kipc_binder_result(struct kipc_binder *binder, struct kipc_msg *reply,
			      const struct binder_transaction_data *data)
{
	if (data->flags & TF_STATUS_CODE) {
		reply->outcome = KIPC_CALL_SEEN;
		kipc_binder_owe(binder, data->data.ptr.buffer);
		return -ECONNRESET;
	}
	kipc_binder_lend(&binder->base, reply, data);
	reply->outcome = KIPC_CALL_REPLIED;
	return 0;
}

int kipc_binder_call(struct kipc *handle, const struct kipc_outgoing *out,
		     struct kipc_msg *reply, kipc_deadline deadline)
{
	struct kipc_binder *binder = kipc_to_binder(handle);
	struct binder_transaction_data data;
	struct kipc_binder_out request;
	int64_t nap = KIPC_NAP_MIN;
	int err = kipc_binder_check(binder, out, binder->map_size);
	bool seen = false;

	while (!err) {
		request.len = 0;
		kipc_binder_put_owed(binder, &request);
		kipc_binder_put_data(&request, BC_TRANSACTION, (uint32_t)out->type, 0,
				     out->data, out->len);
		err = kipc_binder_transact(binder, &request, BR_REPLY, &data, &seen, deadline);
		if (!err)
			return kipc_binder_result(binder, reply, &data);
		if (err != -ENOSPC || seen)
			break;
		err = kipc_wait_nap(&nap, deadline);
		if (err)
			return err;
	}
	if (err == -ETIMEDOUT || err == -EINTR) {
		/* It was written before anything was waited for. */
		ioctl(binder->fd, BINDER_THREAD_EXIT, 0);
		seen = true;
	}
	if (seen)
		reply->outcome = KIPC_CALL_SEEN;
	return seen && (err == -EPIPE || err == -EREMOTEIO) ? -ECONNRESET : err;
}
