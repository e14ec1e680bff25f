// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The public functions that lend memory to write a message into.
 *
 * A loan is the caller's, in its struct kipc_loan; what belongs to it is in priv, the
 * transport's or here a buffer of the handle's.  One loan is for one thread at a time,
 * any number may be held.
 *
 * These buffers are not those that messages are received into, of which a transport may
 * know what is in them.  There are as many as were ever lent at once; they go with the
 * handle.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static void kipc_loan_put(struct kipc *handle, struct kipc_buffer *buffer)
{
	pthread_mutex_lock(&handle->lock);
	buffer->free = handle->loans;
	handle->loans = buffer;
	pthread_mutex_unlock(&handle->lock);
}

static struct kipc_buffer *kipc_loan_find(struct kipc *handle)
{
	struct kipc_buffer *buffer;

	pthread_mutex_lock(&handle->lock);
	buffer = handle->loans;
	if (buffer) {
		handle->loans = buffer->free;
	} else {
		buffer = calloc(1, sizeof(*buffer));
		if (buffer) {
			buffer->all = handle->all_loans;
			handle->all_loans = buffer;
		}
	}
	pthread_mutex_unlock(&handle->lock);
	return buffer;
}

/* A buffer of at least @capacity bytes; NULL when there is no memory. */
static struct kipc_buffer *kipc_loan_get(struct kipc *handle, size_t capacity)
{
	struct kipc_buffer *buffer = kipc_loan_find(handle);

	if (!buffer || (buffer->data && buffer->capacity >= capacity))
		return buffer;
	free(buffer->data);
	buffer->data = malloc(capacity ? capacity : 1);
	buffer->capacity = buffer->data ? capacity : 0;
	if (buffer->data)
		return buffer;
	kipc_loan_put(handle, buffer);
	return NULL;
}

/* Where the mechanism has no memory to lend, one of the handle's buffers does. */
static int kipc_loan_buffer(struct kipc *handle, struct kipc_loan *loan, size_t len)
{
	struct kipc_info info = KIPC_INFO_INIT;
	struct kipc_buffer *buffer;

	handle->transport->limits(handle, &info);
	if (info.max_size && len > info.max_size)
		return -EMSGSIZE;
	buffer = kipc_loan_get(handle, len);
	if (!buffer)
		return -ENOMEM;
	loan->data = buffer->data;
	loan->len = len;
	loan->priv[0] = buffer;
	return 0;
}

KIPC_EXPORT int kipc_loan(struct kipc *handle, struct kipc_loan *loan, size_t len,
			  int64_t timeout)
{
	int err;

	if (!handle || !loan)
		return -EINVAL;
	memset(loan, 0, sizeof(*loan));
	if (!(handle->side & KIPC_SIDE_SEND))
		return -EOPNOTSUPP;
	if (handle->transport->loan)
		err = handle->transport->loan(handle, loan, len, kipc_deadline_after(timeout));
	else
		err = kipc_loan_buffer(handle, loan, len);
	if (!err)
		loan->handle = handle;
	return err;
}

/* The memory is not the caller's any more: leave nothing that could be used by mistake. */
static void kipc_loan_forget(struct kipc_loan *loan)
{
	loan->handle = NULL;
	loan->data = NULL;
	loan->len = 0;
}

KIPC_EXPORT int kipc_commit_opts(struct kipc_loan *loan, size_t len,
				 const struct kipc_send_options *options, int64_t timeout)
{
	struct kipc_outgoing out;
	struct kipc *handle;
	int err;

	if (!loan || !loan->handle || len > loan->len)
		return -EINVAL;
	handle = loan->handle;
	err = kipc_outgoing_set(handle, &out, loan->data, len, options);
	if (err)
		return err;
	if (handle->transport->commit)
		err = handle->transport->commit(loan, &out, kipc_deadline_after(timeout));
	else
		err = handle->transport->send(handle, &out, kipc_deadline_after(timeout));
	if (err && !kipc_loan_is_open(err))
		kipc_loan_cancel(loan);
	else if (!err && !handle->transport->commit)
		kipc_loan_put(handle, loan->priv[0]);
	if (!err)
		kipc_loan_forget(loan);
	return err;
}

KIPC_EXPORT int kipc_commit(struct kipc_loan *loan, size_t len, int64_t timeout)
{
	return kipc_commit_opts(loan, len, NULL, timeout);
}

KIPC_EXPORT void kipc_loan_cancel(struct kipc_loan *loan)
{
	if (!loan || !loan->handle)
		return;
	if (loan->handle->transport->cancel)
		loan->handle->transport->cancel(loan);
	else
		kipc_loan_put(loan->handle, loan->priv[0]);
	kipc_loan_forget(loan);
}
