/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Frames: whole messages over descriptors that carry bytes: pipes, FIFOs, terminals.
 *
 *	frame_out.c	sending them
 *	frame_in.c	taking them off a descriptor
 *	frame_recv.c	receiving them
 *	frame_pieces.c	putting large ones together
 *	pipe.h, duplex.h	handles made of them: one-way, and two-way with calls
 *
 * A frame is a header (magic, check, length, type), the payload, and, where the frame
 * may be cut short, a trailer that says whether it is whole.  What follows the header
 * of a call, a reply or a refusal begins with the call's number.
 *
 * There are two ways to carry frames, and both ends of a descriptor must agree:
 *
 *	bytes	A stream.  A receiver that shares its descriptor with nobody but by
 *		fork() reads *ahead*: one system call brings a frame, or many.  What it
 *		has read ahead lies in memory that fork() shares, where the next receive
 *		finds it, whichever process makes it.  Any other receiver must not take
 *		a byte of the next frame: it takes the header, and then what that
 *		announces.
 *
 *	packets	A pipe in packet mode (O_DIRECT), where each write of up to PIPE_BUF is
 *		a packet and read(2) takes one of them, so several processes may
 *		receive.  A larger message is sent in pieces, with a header each: a
 *		receiver can put them together among packets of other senders, and can
 *		tell a message whose sender was killed from its successor.
 *
 * Several threads may use each of the two structures.  After fork() each process has
 * a copy: what those of another process may do at the same time is in pipe.c and
 * fifo.c.  A frame above PIPE_BUF that is half received or half sent belongs to the process
 * that began it.
 */
#ifndef KIPC_FRAME_H
#define KIPC_FRAME_H

#include "internal.h"

#define KIPC_FRAME_MAGIC	0x316b7000U	/* "\0pk1", and a kind */
#define KIPC_FRAME_WHOLE	0x656c6f6877206573ULL	/* xor the length: the trailer */

/* No message is larger: a length above this is a broken stream. */
#define KIPC_FRAME_SIZE_MAX	(1ULL << 30)

/* The largest message that is one packet, and that many processes may send. */
#define KIPC_FRAME_PACKET_MAX	(PIPE_BUF - sizeof(struct kipc_frame))

/* What a frame is: enum kipc_msg_kind up to REPLY, and: */
enum kipc_frame_kind {
	KIPC_FRAME_SEND		= KIPC_MSG_SEND,
	KIPC_FRAME_CALL		= KIPC_MSG_CALL,
	KIPC_FRAME_REPLY	= KIPC_MSG_REPLY,
	KIPC_FRAME_REFUSAL	= 4,	/* of a call: there will be no reply */
	KIPC_FRAME_FIRST	= 5,	/* the first piece; @len is the whole's */
	KIPC_FRAME_NEXT		= 6,	/* a further one; @type is where it belongs */
};

struct kipc_frame {
	uint32_t magic;
	uint32_t check;
	uint64_t len;		/* of what follows, less the trailer */
	uint64_t type;
};

/* How much is read ahead. */
#define KIPC_FRAME_AHEAD	131072

/* ---- frame_out.c ---- */

/**
 * struct kipc_frame_out - an end that sends
 * @lock:	held for a frame; serialises threads
 * @fd:		where frames go
 * @packets:	as packets
 * @nonblock:	@fd never blocks
 * @trailers:	every frame has a trailer
 * @signal:	what keeps SIGPIPE from the sender, enum kipc_frame_signal
 * @max_size:	the largest payload
 * @silent:	a write does not tell that the other end has gone; a poll does
 * @owed:	bytes of a void frame that are still to be written, trailer included
 * @owed_size:	all bytes of that
 * @owed_head:	its header, of which a terminal may have taken a part
 * @turn:	waits until no other process sends pieces, whose only sender the caller is
 *		then until it closes the descriptor that is returned; or -errno
 */
struct kipc_frame_out {
	pthread_mutex_t lock;
	int fd;
	bool packets;
	bool nonblock;
	bool trailers;
	uint8_t signal;
	uint64_t max_size;
	bool silent;
	size_t owed;
	size_t owed_size;
	struct kipc_frame owed_head;
	int (*turn)(struct kipc_frame_out *out, kipc_deadline deadline);
};

void kipc_frame_out_init(struct kipc_frame_out *out, int fd, bool packets);
void kipc_frame_out_deinit(struct kipc_frame_out *out);
bool kipc_frame_out_is_gone(const struct kipc_frame_out *out);
void kipc_frame_out_expect_signal(struct kipc_frame_out *out);
int kipc_frame_send(struct kipc_frame_out *out, enum kipc_frame_kind kind, uint64_t call,
		    const struct kipc_outgoing *msg, kipc_deadline deadline);

/* ---- frame_in.c ---- */

/* What has been read and not received; shared with forked copies. */
struct kipc_frame_ahead {
	uint32_t begin;
	uint32_t end;
	uint32_t off;		/* somebody polls: read no further ahead */
	unsigned char data[KIPC_FRAME_AHEAD];
};

/**
 * struct kipc_frame_in - an end that receives
 * @lock:	held for a frame; serialises threads
 * @fd:		where frames come from
 * @now:	the same without blocking, or -1: @fd is polled before it is read
 * @packets:	as packets
 * @trailers:	every frame has a trailer
 * @broken:	the stream has lost its step
 * @max_size:	the largest payload
 * @ahead:	NULL: only what belongs to the frame is read
 * @buffer:	the frame under way, of which @got bytes are here; it outlives a receive
 *		that ran out of time
 * @size:	all of it, or 0: the header is not here yet
 * @last:	the size of the last frame: a good guess at the next one's
 * @pieces:	a message that is being put together, @pieces_len of @pieces_of bytes
 */
struct kipc_frame_in {
	pthread_mutex_t lock;
	int fd;
	int now;
	bool packets;
	bool trailers;
	bool broken;
	uint64_t max_size;
	struct kipc_frame_ahead *ahead;
	struct kipc_buffer *buffer;
	size_t got;
	size_t size;
	size_t last;
	struct kipc_buffer *pieces;
	size_t pieces_of;
	size_t pieces_len;
	uint64_t pieces_type;
};

/* A frame that has come; its payload lies in @buffer, which is the caller's now. */
struct kipc_frame_got {
	struct kipc_buffer *buffer;
	size_t offset;
	size_t len;
	uint32_t kind;
	uint64_t type;
	uint64_t call;
};

void kipc_frame_in_init(struct kipc_frame_in *in, int fd, bool packets);
void kipc_frame_in_deinit(struct kipc_frame_in *in);
void kipc_frame_in_read_ahead(struct kipc_frame_in *in);
bool kipc_frame_in_has_frame(struct kipc_frame_in *in);

void kipc_frame_reset(struct kipc_frame_in *in);
int kipc_frame_refuse(struct kipc_frame_in *in);
int kipc_frame_fill(struct kipc_frame_in *in, struct kipc *handle, kipc_deadline deadline);
int kipc_frame_digest(struct kipc_frame_in *in, struct kipc *handle, size_t over);

static inline bool kipc_frame_ahead_is_off(const struct kipc_frame_ahead *ahead)
{
	return __atomic_load_n(&ahead->off, __ATOMIC_RELAXED);
}

/* The descriptor is going to be polled, so that it must show all that waits. */
static inline void kipc_frame_in_polled(struct kipc_frame_in *in)
{
	if (in->ahead)
		__atomic_store_n(&in->ahead->off, 1, __ATOMIC_RELAXED);
}

/* ---- frame_recv.c ---- */

int kipc_frame_recv(struct kipc_frame_in *in, struct kipc *handle, struct kipc_frame_got *got,
		    kipc_deadline deadline);
ssize_t kipc_frame_recv_into(struct kipc_frame_in *in, struct kipc *handle, void *buf,
			     size_t size, kipc_deadline deadline);

/* ---- frame_pieces.c ---- */

int kipc_frame_add_piece(struct kipc_frame_in *in, struct kipc *handle,
			 struct kipc_frame_got *got);

/* ---- both ---- */

/* Take an end's lock; *@locked where it had to be, as there are other threads. */
static inline int kipc_frame_lock(pthread_mutex_t *lock, bool *locked, kipc_deadline deadline)
{
	*locked = !__libc_single_threaded;
	return *locked ? kipc_wait_lock(lock, deadline) : 0;
}

static inline void kipc_frame_unlock(pthread_mutex_t *lock, bool locked)
{
	if (locked)
		pthread_mutex_unlock(lock);
}

static inline uint32_t kipc_frame_check(const struct kipc_frame *frame)
{
	uint64_t mixed = (frame->len * 0x9e3779b97f4a7c15ULL) ^
			 (frame->type + (frame->len << 7));

	return (uint32_t)(mixed ^ mixed >> 32) ^ frame->magic;
}

/* The bytes of a frame's trailer. */
static inline size_t kipc_frame_trailer(uint64_t len, bool always)
{
	return always || sizeof(struct kipc_frame) + len > PIPE_BUF ? sizeof(uint64_t) : 0;
}

#endif /* KIPC_FRAME_H */
