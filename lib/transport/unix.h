/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * AF_UNIX: what the unix-*: transports share.
 *
 *	unix_name.c		names, binding them, credentials, buffer sizes
 *	unix_packet.c		one packet of the library's out and in
 *	unix_seqpacket.c	an end with one peer: a client, an end of a pair
 *	unix_listener.c		a listener with all its clients
 */
#ifndef KIPC_UNIX_H
#define KIPC_UNIX_H

#include <sys/socket.h>
#include <sys/un.h>

#include "internal.h"

/*
 * The largest payload.  A packet's memory is one contiguous piece (of up to 4
 * MiB) and 17 pages; this is what always fits into those with the header.
 */
#define KIPC_UNIX_SIZE_MAX	(4UL << 20)

/* ---- unix_name.c ---- */

/* A name that was bound in the file system, to be removed in the end. */
struct kipc_unix_bound {
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	dev_t dev;
	ino_t ino;
	struct kipc_lifetime life;
};

bool kipc_unix_name_ok(const char *name);
int kipc_unix_bind(int fd, int type, const struct kipc_address *address,
		   struct kipc_unix_bound *bound);
void kipc_unix_unbind(struct kipc_unix_bound *bound);
int kipc_unix_connect(int fd, const char *name);
int kipc_unix_unlink(int type, const char *name);
int kipc_unix_set_size(int fd, const struct kipc_address *address);
size_t kipc_unix_max_size(int fd);

/* ---- unix_packet.c ---- */

/* What a packet is for. */
enum kipc_packet_kind {
	KIPC_PACKET_SEND	= KIPC_MSG_SEND,
	KIPC_PACKET_CALL	= KIPC_MSG_CALL,
	KIPC_PACKET_REPLY	= KIPC_MSG_REPLY,
	KIPC_PACKET_REFUSAL	= 4,	/* of a call: there will be no reply */
};

/* The head of every packet; the rest of it is payload. */
struct kipc_packet {
	uint32_t magic;
	uint32_t kind;
	uint64_t call;		/* which call, or 0 */
	uint64_t type;
};

int kipc_packet_send(int fd, enum kipc_packet_kind kind, uint64_t call,
		     const struct kipc_outgoing *out, kipc_deadline deadline);
ssize_t kipc_packet_recv(int fd, struct kipc_packet *packet, struct kipc_buffer *buffer,
			 kipc_deadline deadline);

/* Room for any packet. */
static inline struct kipc_buffer *kipc_packet_buffer(struct kipc *handle)
{
	return kipc_buffer_get(handle, KIPC_UNIX_SIZE_MAX);
}

/* ---- unix_listener.c ---- */

int kipc_unix_listen(struct kipc **handle, const struct kipc_address *address);

/* What all unix-seqpacket handles can, in the tables of both kinds. */
#define KIPC_UNIX_SEQPACKET_SCHEME						\
	.mechanism.scheme = "unix-seqpacket",						\
	.can = KIPC_CAN_LISTEN | KIPC_CAN_PAIR | KIPC_CAN_DUPLEX | KIPC_CAN_CALL |	\
	       KIPC_CAN_TYPE | KIPC_CAN_POLL | KIPC_CAN_PEER

#endif /* KIPC_UNIX_H */
