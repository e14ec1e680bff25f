/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Duplex: messages, calls and replies both ways over two streams of frames, or one that
 * goes both ways; see duplex.c.
 */
#ifndef KIPC_DUPLEX_H
#define KIPC_DUPLEX_H

#include "pipe.h"
#include "reader.h"

/**
 * struct kipc_duplex - an end that sends and receives
 * @pipe:	its streams
 * @reader:	who takes frames off the one that comes in
 */
struct kipc_duplex {
	struct kipc_pipe pipe;
	struct kipc_reader reader;
};

static inline struct kipc_duplex *kipc_to_duplex(struct kipc *handle)
{
	return container_of(handle, struct kipc_duplex, pipe.base);
}

void kipc_duplex_init(struct kipc_duplex *end);
void kipc_duplex_deinit(struct kipc_duplex *end);

int kipc_duplex_recv(struct kipc *handle, struct kipc_msg *msg, kipc_deadline deadline);
int kipc_duplex_call(struct kipc *handle, const struct kipc_outgoing *out,
		     struct kipc_msg *reply, kipc_deadline deadline);
int kipc_duplex_reply(struct kipc *handle, struct kipc_msg *call,
		      const struct kipc_outgoing *out);
void kipc_duplex_release(struct kipc_msg *msg);
int kipc_duplex_events(struct kipc *handle, uint32_t want, struct kipc_events *events);

/* What such an end can, and how. */
#define KIPC_DUPLEX_CAN	(KIPC_CAN_DUPLEX | KIPC_CAN_CALL | KIPC_CAN_TYPE | KIPC_CAN_POLL)
#define KIPC_DUPLEX_OPS			\
	.send = kipc_pipe_send,		\
	.recv = kipc_duplex_recv,		\
	.call = kipc_duplex_call,		\
	.reply = kipc_duplex_reply,	\
	.release = kipc_duplex_release,	\
	.fd = kipc_pipe_fd

#endif /* KIPC_DUPLEX_H */
