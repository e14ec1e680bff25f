/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sunrpc: Sun RPC (ONC RPC, RFC 5531) over an AF_UNIX stream socket.
 *
 *	sunrpc.c	records on the socket, opening, the tables
 *	sunrpc_msg.c	RPC messages, in libtirpc's words
 *
 * libtirpc is the codec: its xdr_*() functions make and read the heads of messages.  The
 * socket is ours, because libtirpc's clients and servers have one time for all calls, no
 * deadline, and a set of descriptors that belongs to the whole process.
 *
 * libtirpc brings Kerberos along, so it is loaded when the first address of this scheme
 * is opened, and never unloaded; no program has it that does not ask for it.
 */
#ifndef KIPC_SUNRPC_H
#define KIPC_SUNRPC_H

#include "line.h"

/* Programs that are nobody's begin at 0x20000000. */
#define KIPC_RPC_PROGRAM	0x20006b69U
#define KIPC_RPC_VERSION	1U

/* The most that stands before a payload: the head with two credentials, and its length. */
#define KIPC_RPC_HEAD_MAX	1024

struct kipc_rpc {
	struct kipc_line line;
	uint32_t program;
	uint32_t version;
	bool xdr;			/* payloads are XDR already; otherwise opaque<> */
	size_t max_size;
	pthread_mutex_t lock;		/* who writes; nobody waits with it */
	bool busy;			/* a record is half out, and its writer waits for room */

	/* The record that is being read: */
	unsigned char mark[4];
	size_t mark_got;
	size_t left;			/* of this fragment */
	bool last;			/* this is the last one */
	struct kipc_buffer *buffer;
	size_t got;
};

static inline struct kipc_rpc *kipc_to_rpc(struct kipc_line *line)
{
	return container_of(line, struct kipc_rpc, line);
}

/* What goes out before the payload, and after it to make it a multiple of 4. */
struct kipc_rpc_head {
	size_t len;
	size_t padding;
	char bytes[KIPC_RPC_HEAD_MAX];
};

/* ---- sunrpc.c ---- */

int kipc_rpc_write(struct kipc_rpc *rpc, struct kipc_rpc_head *head, const void *data,
		   size_t len, kipc_deadline deadline);

/* ---- sunrpc_msg.c ---- */

int kipc_rpc_load(void);
int kipc_rpc_put(struct kipc_rpc *rpc, enum kipc_parcel_kind kind, uint32_t xid,
		 const struct kipc_outgoing *out, struct kipc_rpc_head *head);
int kipc_rpc_get(struct kipc_rpc *rpc, struct kipc_parcel *parcel);

#endif /* KIPC_SUNRPC_H */
