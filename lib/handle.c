// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Handles: the part that all transports share.
 *
 * A transport that cannot lend its own memory receives into a *buffer* of the
 * handle.  A buffer is taken before a message is received and given back when
 * the message is released, so a handle has as many as were ever in use at once,
 * each as large as it ever had to be, and the steady state allocates nothing.
 * Buffers are freed with the handle.
 *
 * Any thread may get and put buffers: @spare by atomic exchange, the list behind
 * it under the handle's lock.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* Buffers are rounded up to this, so that slowly growing messages seldom grow one. */
#define KIPC_BUFFER_STEP 4096UL

/* A message put back, in the order of arrival. */
struct kipc_kept {
	struct kipc_kept *next;
	struct kipc_msg msg;
};

/*
 * Make a handle of @size zeroed bytes that begin with struct kipc.
 *
 * Returns NULL when there is no memory.
 */
void *kipc_handle_new(size_t size, const struct kipc_transport *transport, uint32_t side)
{
	struct kipc *handle = calloc(1, size);

	if (!handle)
		return NULL;
	handle->transport = transport;
	handle->side = side;
	pthread_mutex_init(&handle->lock, NULL);
	return handle;
}

static void kipc_buffer_free(struct kipc_buffer *buffer)
{
	free(buffer->data);
	free(buffer);
}

static void kipc_buffers_free(struct kipc_buffer *buffer)
{
	while (buffer) {
		struct kipc_buffer *next = buffer->all;

		kipc_buffer_free(buffer);
		buffer = next;
	}
}

void kipc_handle_free(struct kipc *handle)
{
	struct kipc_kept *kept = __atomic_load_n(&handle->kept, __ATOMIC_ACQUIRE);

	while (kept) {
		struct kipc_kept *after = kept->next;

		free(kept);
		kept = after;
	}
	kipc_buffers_free(handle->all);
	kipc_buffers_free(handle->all_loans);
	pthread_mutex_destroy(&handle->lock);
	free(handle);
}

static struct kipc_buffer *kipc_buffer_unfile(struct kipc *handle)
{
	struct kipc_buffer *buffer;

	pthread_mutex_lock(&handle->lock);
	buffer = handle->free;
	if (buffer) {
		handle->free = buffer->free;
	} else {
		buffer = calloc(1, sizeof(*buffer));
		if (buffer) {
			buffer->all = handle->all;
			handle->all = buffer;
		}
	}
	pthread_mutex_unlock(&handle->lock);
	return buffer;
}

/* kipc_buffer_get(): the spare one is too small, or not there. */
struct kipc_buffer *kipc_buffer_find(struct kipc *handle, struct kipc_buffer *spare,
				     size_t capacity)
{
	struct kipc_buffer *buffer = spare ? spare : kipc_buffer_unfile(handle);

	if (!buffer || (buffer->data && buffer->capacity >= capacity))
		return buffer;

	free(buffer->data);
	buffer->capacity = 0;
	if (capacity <= SIZE_MAX - KIPC_BUFFER_STEP)
		capacity = (capacity + KIPC_BUFFER_STEP) & ~(KIPC_BUFFER_STEP - 1);
	buffer->data = malloc(capacity);
	if (!buffer->data) {
		kipc_buffer_put(handle, buffer);
		return NULL;
	}
	buffer->capacity = capacity;
	return buffer;
}

/* Make a buffer in hand larger; what is in it stays.  0 or -ENOMEM: it is as it was. */
int kipc_buffer_grow(struct kipc_buffer *buffer, size_t capacity)
{
	void *data = realloc(buffer->data, capacity);

	if (!data)
		return -ENOMEM;
	buffer->data = data;
	buffer->capacity = capacity;
	return 0;
}

/* kipc_buffer_put(): there is a spare one. */
void kipc_buffer_file(struct kipc *handle, struct kipc_buffer *buffer)
{
	pthread_mutex_lock(&handle->lock);
	buffer->free = handle->free;
	handle->free = buffer;
	pthread_mutex_unlock(&handle->lock);
}

/* Let @msg carry a buffer; priv[0] remembers it. */
KIPC_HOT
void kipc_buffer_lend(struct kipc *handle, struct kipc_msg *msg,
		      struct kipc_buffer *buffer, size_t offset, size_t len)
{
	msg->handle = handle;
	msg->data = buffer->data + offset;
	msg->len = len;
	msg->priv[0] = buffer;
	atomic_store_explicit(&buffer->users, 1, memory_order_relaxed);
}

/* Several messages lie in the buffer: the last one to be released gives it back. */
void kipc_buffer_share(struct kipc_buffer *buffer, unsigned int users)
{
	atomic_store_explicit(&buffer->users, users, memory_order_relaxed);
}

KIPC_HOT
void kipc_buffer_return(struct kipc_msg *msg)
{
	struct kipc_buffer *buffer = msg->priv[0];

	msg->priv[0] = NULL;
	/* Nobody can join the last user, who needs no atomic operation. */
	if (!buffer || atomic_load_explicit(&buffer->users, memory_order_acquire) == 1 ||
	    atomic_fetch_sub_explicit(&buffer->users, 1, memory_order_acq_rel) == 1)
		kipc_buffer_put(msg->handle, buffer);
}

/* Put a received message back, behind others put back before. */
int kipc_msg_keep(struct kipc *handle, const struct kipc_msg *msg)
{
	struct kipc_kept *kept = malloc(sizeof(*kept));
	struct kipc_kept *last;

	if (!kept)
		return -ENOMEM;
	kept->next = NULL;
	kept->msg = *msg;

	pthread_mutex_lock(&handle->lock);
	last = __atomic_load_n(&handle->kept, __ATOMIC_ACQUIRE);
	if (last) {
		while (last->next)
			last = last->next;
		last->next = kept;
	} else {
		__atomic_store_n(&handle->kept, kept, __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(&handle->lock);
	return 0;
}

/* Take the first message that was put back, if there is one. */
bool kipc_msg_take_kept(struct kipc *handle, struct kipc_msg *msg)
{
	struct kipc_kept *kept;

	if (!kipc_msg_any_kept(handle))
		return false;

	pthread_mutex_lock(&handle->lock);
	kept = __atomic_load_n(&handle->kept, __ATOMIC_ACQUIRE);
	if (kept)
		__atomic_store_n(&handle->kept, kept->next, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&handle->lock);
	if (!kept)
		return false;
	*msg = kept->msg;
	free(kept);
	return true;
}
