/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sockets: what unix:, unix-dgram:, unix-seqpacket:, tcp: and udp: share.
 *
 *	unix.c			the three AF_UNIX schemes
 *	unix_name.c		their names, binding them, permissions, buffer sizes
 *	inet.c			tcp: and udp:
 *	inet_name.c		hosts and ports
 *	socket_text.c		where a socket is, as an address
 *	socket_open.c		opening, whichever it is
 *	socket_packet.c		one packet out and in: what keeps its bounds
 *	socket_stream.c		one frame out and in: what does not
 *	socket_fds.c		descriptors that go along
 *	socket_link.c		a socket with one peer, whichever of the two it is
 *	socket_end.c		a handle with one peer: a client, an end of a pair
 *	socket_reader.c		what it reads, for all its threads
 *	socket_call.c		its calls
 *	socket_listener.c	a listener with the connections of its clients
 *	socket_client.c		its clients
 *	socket_datagram.c	a listener whose clients have no connections
 *	socket_peers.c		its clients: addresses, and numbers for them
 *
 * Each message is a *frame*: a head and the payload, on a stream also a tail.  A
 * *link* takes and gives whole frames, whatever its socket is like; ends and
 * listeners deal in calls, replies and clients, and in links.
 *
 * Descriptors.  recvmsg(2) with room for them costs a round trip some six per cent
 * more than recv(2) does, and hardly any connection ever carries one.  So a link
 * reads with recv(2) until it has been told that some will come: before its first
 * descriptors a sender *announces* them with a frame of that kind, and recv(2) never
 * reads beyond the end of that frame.  See socket_stream.c.
 */
#ifndef KIPC_SOCKET_H
#define KIPC_SOCKET_H

#include <endian.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "internal.h"
#include "unix.h"

/* ---- frames ---- */

/* What a frame is for. */
enum kipc_frame_kind {
	KIPC_FRAME_SEND		= KIPC_MSG_SEND,
	KIPC_FRAME_CALL		= KIPC_MSG_CALL,
	KIPC_FRAME_REPLY	= KIPC_MSG_REPLY,
	KIPC_FRAME_REFUSAL	= 4,	/* of a call: there will be no reply */
	KIPC_FRAME_ANNOUNCE	= 5,	/* from now on look for descriptors */
	KIPC_FRAME_PROBE	= 6,	/* is anybody there? */
};

/* The head of every frame, in little-endian: it may come from another machine. */
struct kipc_frame {
	uint32_t magic;
	uint16_t kind;
	uint16_t fd_count;
	uint64_t call;		/* which call, or 0 */
	uint64_t type;
	uint64_t len;		/* of the payload */
};

#define KIPC_FRAME_MAGIC	0x316b7073U	/* "spk1" */

/* Of a payload that is shorter head and payload go out as one piece. */
#define KIPC_FRAME_SMALL	8128

/*
 * The largest payload of a packet.  A packet's memory is one contiguous piece (of up
 * to 4 MiB) and 17 pages; this is what always fits into those with the head.
 */
#define KIPC_PACKET_MAX		(4UL << 20)

/* Of a datagram of UDP: what IPv4 lets one carry. */
#define KIPC_UDP_MAX		(65507UL - sizeof(struct kipc_frame))

/* Of a stream.  A length above this is a broken one. */
#define KIPC_STREAM_MAX		(1UL << 30)

static inline void kipc_frame_set(struct kipc_frame *frame, enum kipc_frame_kind kind,
				  uint64_t call, const struct kipc_outgoing *out)
{
	frame->magic = htole32(KIPC_FRAME_MAGIC);
	frame->kind = htole16((uint16_t)kind);
	frame->fd_count = htole16((uint16_t)out->fd_count);
	frame->call = htole64(call);
	frame->type = htole64(out->type);
	frame->len = htole64(out->len);
}

static inline bool kipc_frame_ok(const struct kipc_frame *frame)
{
	unsigned int kind = le16toh(frame->kind);

	return frame->magic == htole32(KIPC_FRAME_MAGIC) && kind >= KIPC_FRAME_SEND &&
	       kind <= KIPC_FRAME_PROBE && le16toh(frame->fd_count) <= KIPC_MSG_FDS_MAX;
}

/* A frame that came: @buffer holds its head and its payload. */
struct kipc_mail {
	struct kipc_mail *next;
	struct kipc_buffer *buffer;
	size_t len;
	bool known;			/* its sender */
	struct ucred cred;
};

static inline const struct kipc_frame *kipc_mail_frame(const struct kipc_mail *mail)
{
	return (const struct kipc_frame *)mail->buffer->data;
}

static inline enum kipc_frame_kind kipc_mail_kind(const struct kipc_mail *mail)
{
	return (enum kipc_frame_kind)le16toh(kipc_mail_frame(mail)->kind);
}

static inline uint64_t kipc_mail_call(const struct kipc_mail *mail)
{
	return le64toh(kipc_mail_frame(mail)->call);
}

/* An address of any kind. */
struct kipc_sockaddr {
	socklen_t len;
	union {
		struct sockaddr any;
		struct sockaddr_un un;
		struct sockaddr_storage storage;
	};
};

/* ---- kinds of sockets ---- */

/**
 * struct kipc_socket_kind - how the sockets of a scheme differ
 * @domain:	%AF_UNIX or %AF_INET, which stands for both Internets
 * @type:	%SOCK_STREAM, …
 * @max_size:	the largest payload there can be
 * @end:	the table of ends, which is the scheme's
 * @listener:	the table of listeners
 * @listen:	make a socket that has the address
 * @connect:	make a socket that is connected to it
 * @pair:	make two that are connected to each other
 */
struct kipc_socket_kind {
	int domain;
	int type;
	size_t max_size;
	const struct kipc_transport *end;
	const struct kipc_transport *listener;
	int (*listen)(const struct kipc_socket_kind *kind, const struct kipc_address *address,
		      struct kipc_unix_bound *bound);
	int (*connect)(const struct kipc_socket_kind *kind, const struct kipc_address *address);
	int (*pair)(const struct kipc_socket_kind *kind, const struct kipc_address *address,
		    int fds[2]);
};

extern const struct kipc_socket_kind kipc_unix_kind;
extern const struct kipc_socket_kind kipc_unix_dgram_kind;
extern const struct kipc_socket_kind kipc_unix_seqpacket_kind;
extern const struct kipc_socket_kind kipc_tcp_kind;
extern const struct kipc_socket_kind kipc_udp_kind;

/* ---- socket_open.c: what all five do alike ---- */

const struct kipc_socket_kind *kipc_socket_kind(const char *scheme);
int kipc_socket_listen(struct kipc **handle, const struct kipc_address *address);
int kipc_socket_connect(struct kipc **handle, const struct kipc_address *address);
int kipc_socket_pair(struct kipc *ends[2], const struct kipc_address *address);
int kipc_socket_listener_events(struct kipc *handle, uint32_t want,
				struct kipc_events *events);
void kipc_socket_limits(const struct kipc_socket_kind *kind, const struct kipc *handle,
			struct kipc_info *info);

/* ---- socket_link.c: a socket with one peer ---- */

/*
 * @handle: whose buffers it takes.  @max_size: of what is sent; @limit: of what may
 * come.  @fds: does it carry descriptors?  @small: frames up to here are worth a
 * kipc_packet_try(); 0: none.
 *
 * One thread at a time receives; the owner of the link sees to that.  What it has
 * under way is @expecting (descriptors were announced), and of a stream @buffer with
 * the first @got bytes of a frame, and those that were read with the frame before:
 * @ahead_len from @ahead_at in @ahead.  @exact: nothing must be read ahead.
 *
 * Any number of threads send.  On a stream they take turns by @lock, which also
 * guards @owed: the bytes of a frame that was begun and came to nothing, of which
 * @owed_frame is the head and @owed_at says how many are out.
 */
struct kipc_link {
	struct kipc *handle;
	const struct kipc_socket_kind *kind;
	int fd;
	bool fds;
	size_t max_size;
	size_t small;
	size_t limit;

	bool expecting;
	atomic_bool exact;
	struct kipc_buffer *buffer;
	size_t got;
	unsigned char *ahead;
	size_t ahead_at, ahead_len;
	int *set;
	uint32_t set_count;

	atomic_bool announced;
	pthread_mutex_t lock;
	size_t owed, owed_at;
	struct kipc_frame owed_frame;
};

int kipc_link_init(struct kipc_link *link, struct kipc *handle,
		   const struct kipc_socket_kind *kind, int fd, const struct kipc_address *address);
void kipc_link_deinit(struct kipc_link *link);
int kipc_link_send(struct kipc_link *link, enum kipc_frame_kind kind, uint64_t call,
		   const struct kipc_outgoing *out, kipc_deadline deadline);
int kipc_link_reply(struct kipc_link *link, uint64_t call, const struct kipc_outgoing *out);
void kipc_link_refuse(struct kipc_link *link, uint64_t call);
int kipc_link_recv(struct kipc_link *link, struct kipc_mail *mail, kipc_deadline deadline);
int kipc_socket_error(int err);
void kipc_mail_lend(struct kipc *handle, struct kipc_msg *msg, const struct kipc_mail *mail);
void kipc_mail_put(struct kipc *handle, const struct kipc_mail *mail);
void kipc_socket_release(struct kipc_msg *msg);

static inline bool kipc_link_is_stream(const struct kipc_link *link)
{
	return link->kind->type == SOCK_STREAM;
}

static inline bool kipc_link_is_datagram(const struct kipc_link *link)
{
	return link->kind->type == SOCK_DGRAM;
}

/* ---- socket_packet.c ---- */

bool kipc_packet_try(int fd, enum kipc_frame_kind kind, uint64_t call,
		     const struct kipc_outgoing *out);
int kipc_packet_send(int fd, enum kipc_frame_kind kind, uint64_t call,
		     const struct kipc_outgoing *out, const struct kipc_sockaddr *to,
		     kipc_deadline deadline);
int kipc_packet_recv(int fd, struct kipc *handle, struct kipc_mail *mail, size_t size,
		     kipc_deadline deadline);
int kipc_packet_recv_all(int fd, struct kipc *handle, struct kipc_mail *mail, size_t size,
			 struct kipc_sockaddr *from, kipc_deadline deadline);

/* ---- socket_stream.c ---- */

int kipc_stream_send(struct kipc_link *link, enum kipc_frame_kind kind, uint64_t call,
		     const struct kipc_outgoing *out, kipc_deadline deadline,
		     bool patient);
int kipc_stream_recv(struct kipc_link *link, struct kipc_mail *mail, kipc_deadline deadline);
bool kipc_stream_has_ahead(const struct kipc_link *link);

/* ---- socket_fds.c ---- */

/* Room for control data: descriptors, and who sent them. */
union kipc_control {
	struct cmsghdr head;
	char room[CMSG_SPACE(KIPC_MSG_FDS_MAX * sizeof(int)) +
		  CMSG_SPACE(sizeof(struct ucred))];
};

void kipc_control_set_fds(union kipc_control *control, struct msghdr *msg,
			  const struct kipc_outgoing *out);
int kipc_control_read(struct msghdr *msg, int **fds, uint32_t *count, struct ucred *cred,
		      bool *known);
void kipc_fds_drop(int **fds, uint32_t *count);
int kipc_socket_take_fds(const struct kipc_msg *msg, int *fds, size_t count);
void kipc_socket_drop_all_fds(struct kipc *handle);

/* ---- socket_end.c, socket_call.c ---- */

int kipc_end_connect(struct kipc **handle, const struct kipc_address *address,
		     const struct kipc_socket_kind *kind);
int kipc_end_pair(struct kipc *ends[2], const struct kipc_address *address,
		  const struct kipc_socket_kind *kind);
void kipc_end_close(struct kipc *handle);
int kipc_end_send(struct kipc *handle, const struct kipc_outgoing *out, kipc_deadline deadline);
int kipc_end_recv(struct kipc *handle, struct kipc_msg *msg, kipc_deadline deadline);
int kipc_end_call(struct kipc *handle, const struct kipc_outgoing *out, struct kipc_msg *reply,
		  kipc_deadline deadline);
int kipc_end_reply(struct kipc *handle, struct kipc_msg *call, const struct kipc_outgoing *out);
void kipc_end_release(struct kipc_msg *msg);
int kipc_end_fd(struct kipc *handle);
int kipc_end_events(struct kipc *handle, uint32_t want, struct kipc_events *events);
size_t kipc_end_max_size(const struct kipc *handle);

/* What schemes and their ends do alike. */
#define KIPC_SOCKET_OPERATIONS			\
	.listen = kipc_socket_listen,		\
	.connect = kipc_socket_connect,		\
	.pair = kipc_socket_pair,		\
	.close = kipc_end_close,		\
	.send = kipc_end_send,			\
	.recv = kipc_end_recv,			\
	.call = kipc_end_call,			\
	.reply = kipc_end_reply,		\
	.release = kipc_end_release,		\
	.take_fds = kipc_socket_take_fds,	\
	.fd = kipc_end_fd,			\
	.events = kipc_end_events,		\
	.address = kipc_end_address

/* ---- socket_listener.c, socket_client.c ---- */

int kipc_listener_open(struct kipc **handle, const struct kipc_address *address,
		       const struct kipc_socket_kind *kind);
void kipc_listener_close(struct kipc *handle);
int kipc_listener_send(struct kipc *handle, const struct kipc_outgoing *out,
		       kipc_deadline deadline);
int kipc_listener_recv(struct kipc *handle, struct kipc_msg *msg, kipc_deadline deadline);
int kipc_listener_reply(struct kipc *handle, struct kipc_msg *call,
			const struct kipc_outgoing *out);
void kipc_listener_release(struct kipc_msg *msg);
int kipc_listener_fd(struct kipc *handle);
void kipc_listener_limits(const struct kipc *handle, struct kipc_info *info);

#define KIPC_LISTENER_OPERATIONS		\
	.close = kipc_listener_close,		\
	.send = kipc_listener_send,		\
	.recv = kipc_listener_recv,		\
	.reply = kipc_listener_reply,		\
	.release = kipc_listener_release,	\
	.take_fds = kipc_socket_take_fds,	\
	.fd = kipc_listener_fd,			\
	.events = kipc_socket_listener_events,	\
	.limits = kipc_listener_limits,		\
	.address = kipc_listener_address

/* ---- unix_name.c: sizes ---- */

int kipc_socket_set_size(int fd, const struct kipc_address *address, size_t most);
size_t kipc_socket_max_size(int fd, size_t most);

/* ---- socket_datagram.c ---- */

int kipc_datagram_open(struct kipc **handle, const struct kipc_address *address,
		       const struct kipc_socket_kind *kind);
void kipc_datagram_close(struct kipc *handle);
int kipc_datagram_send(struct kipc *handle, const struct kipc_outgoing *out,
		       kipc_deadline deadline);
int kipc_datagram_recv(struct kipc *handle, struct kipc_msg *msg, kipc_deadline deadline);
int kipc_datagram_reply(struct kipc *handle, struct kipc_msg *call,
			const struct kipc_outgoing *out);
void kipc_datagram_release(struct kipc_msg *msg);
int kipc_datagram_fd(struct kipc *handle);
void kipc_datagram_limits(const struct kipc *handle, struct kipc_info *info);

#define KIPC_DATAGRAM_OPERATIONS		\
	.close = kipc_datagram_close,		\
	.send = kipc_datagram_send,		\
	.recv = kipc_datagram_recv,		\
	.reply = kipc_datagram_reply,		\
	.release = kipc_datagram_release,	\
	.take_fds = kipc_socket_take_fds,	\
	.fd = kipc_datagram_fd,			\
	.events = kipc_socket_listener_events,	\
	.limits = kipc_datagram_limits,		\
	.address = kipc_datagram_address

/* ---- who is where, as text ---- */

int kipc_end_address(struct kipc *handle, bool of_peer, uint64_t peer, char *buf, size_t size);
int kipc_listener_address(struct kipc *handle, bool of_peer, uint64_t peer, char *buf,
			  size_t size);
int kipc_datagram_address(struct kipc *handle, bool of_peer, uint64_t peer, char *buf,
			  size_t size);
int kipc_sockaddr_text(const char *scheme, const struct kipc_sockaddr *address, char *buf,
		       size_t size);
int kipc_socket_text(const char *scheme, int fd, bool of_peer, char *buf, size_t size);

#endif /* KIPC_SOCKET_H */
