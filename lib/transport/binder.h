/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * binder: Android's Binder by the stock driver, module binder_linux.
 *
 *	binder.c	opening: becoming the context manager of a device, finding it
 *	binder_msg.c	messages: calls, one-way messages, buffers given back
 *	binder_wire.h	the driver's language
 *
 * A listener becomes the context manager of its device, which every opener of that device
 * reaches as handle 0; so the device is the name, and there is no further one.
 *
 * What a program must know of Binder, because no library can hide it:
 *
 *	The driver binds a call to the thread that received it.  That thread must answer,
 *	and until then it is given nothing else; another thread is.
 *	One-way messages come one at a time: the next when the one before is released.
 *	An open of the device belongs to the process that made it: a child of fork() can
 *	only close it.
 *	Nobody is reached by itself: the two ends must be in different processes.
 *
 * @nonblock is set for good when a handle first needs to wait with a deadline or to be
 * polled.  Until then a wait for ever is one system call.
 *
 * @lock guards the calls that are held and the buffers to be given back.  It is never
 * held during a system call that waits.
 */
#ifndef KIPC_BINDER_H
#define KIPC_BINDER_H

#include "binder_wire.h"
#include "internal.h"

/* Buffers that are kept until the next request takes them along. */
#define KIPC_BINDER_OWED 8

/* A call that a thread has received and not answered. */
struct kipc_binder_call {
	pthread_t thread;
	uint64_t id;		/* its buffer; 0: released, the thread is yet to refuse it */
};

struct kipc_binder {
	struct kipc base;
	int fd;
	void *map;
	size_t map_size;
	struct kipc_forkmark mark;
	atomic_bool nonblock;
	atomic_bool polled;	/* kipc_fd() was asked: nothing may be put off */

	pthread_mutex_t lock;
	uint64_t owed[KIPC_BINDER_OWED];
	unsigned int owed_count;
	struct kipc_binder_call *calls;
	size_t count, room;
	size_t waiting;		/* threads that wait for messages */
};

static inline struct kipc_binder *kipc_to_binder(struct kipc *handle)
{
	return container_of(handle, struct kipc_binder, base);
}

/* ---- binder.c ---- */

int kipc_binder_set_nonblock(struct kipc_binder *binder);

/* ---- binder_msg.c ---- */

int kipc_binder_ping(struct kipc_binder *binder);
void kipc_binder_flush(struct kipc_binder *binder);
int kipc_binder_send(struct kipc *handle, const struct kipc_outgoing *out,
		     kipc_deadline deadline);
int kipc_binder_recv(struct kipc *handle, struct kipc_msg *msg, kipc_deadline deadline);
int kipc_binder_call(struct kipc *handle, const struct kipc_outgoing *out,
		     struct kipc_msg *reply, kipc_deadline deadline);
int kipc_binder_reply(struct kipc *handle, struct kipc_msg *call,
		      const struct kipc_outgoing *out);
int kipc_binder_reply_recv(struct kipc *handle, struct kipc_msg *msg,
			   const struct kipc_outgoing *out, kipc_deadline deadline,
			   bool *replied);
void kipc_binder_release(struct kipc_msg *msg);

#endif /* KIPC_BINDER_H */
