// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The public functions that lend memory to write a message into.
 *
 * A loan is the caller's, in its struct kipc_loan; what belongs to it is in priv, the
 * transport's or here a buffer of the handle's.  One loan is for one thread at a time,
 * any number may be held.
 */
#include <errno.h>
#include <string.h>

#include "internal.h"

/* Where the mechanism has no memory to lend, one of the handle's buffers does. */
static int kipc_loan_buffer(struct kipc *handle, struct kipc_loan *loan, size_t len)
{
	struct kipc_info info = KIPC_INFO_INIT;
	struct kipc_buffer *buffer;

	handle->transport->limits(handle, &info);
	if (info.max_size && len > info.max_size)
		return -EMSGSIZE;
	buffer = kipc_buffer_get(handle, len);
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
		kipc_buffer_put(handle, loan->priv[0]);
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
		kipc_buffer_put(loan->handle, loan->priv[0]);
	kipc_loan_forget(loan);
}
