/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * kipc: local inter-process communication through /dev/kipc
 *
 * An open of /dev/kipc is an *endpoint* without a role.  One request gives it
 * its role, for good:
 *
 *	KIPC_IOC_CHANNEL_CREATE		the server of a channel
 *	KIPC_IOC_CHANNEL_CONNECT	a client of a channel
 *	KIPC_IOC_QUEUE_OPEN		a handle on a queue
 *
 * An endpoint is a file descriptor and behaves as one: poll, epoll, dup, fork,
 * close-on-exec and O_NONBLOCK do what they do for a socket.
 *
 * A channel endpoint has a *pool*: memory that its owner maps, read-only (mmap at
 * offset 0, MAP_SHARED, PROT_READ), and that the kernel fills with one copy
 * straight from the sender.  A received message names the slice of the pool that
 * holds its payload (struct kipc_header: offset, len).  The slice stays the
 * receiver's until it is released: by KIPC_IOC_CHANNEL_RELEASE, by answering the
 * call it came with, or by naming it in @release of the next request.
 *
 * A mapping is not inherited over fork (a child that shares the endpoint maps the
 * pool itself) and pins the endpoint: that is closed when its descriptors are closed
 * and its mappings are gone.  Touching a page that no message has reached is
 * SIGBUS when the user is at its limit of memory.
 *
 * Calls go both ways: a client calls its server, and a server any of its clients, which
 * is how it calls back while it holds a call.  A call may be waited for
 * (KIPC_IOC_CHANNEL_CALL) or only made (%KIPC_CALL_ASYNC), and then its reply is a
 * message like others, of kind %KIPC_KIND_REPLY.  Of messages that wait the more urgent
 * (@prio) are received first, and those of one priority in the order they were sent.
 *
 * A message may carry descriptors.  They stay with it until they are asked for
 * (KIPC_IOC_CHANNEL_FDS), so nobody gets descriptors that it has no use for, and go with
 * it when it is released.
 *
 * A server may ask to be told of its clients' coming and going, and of calls whose
 * caller has stopped waiting: %KIPC_CHANNEL_NOTICES.
 *
 * A receiver under load may have one-way messages put into a *ring* that it maps, where
 * it finds them without a request: KIPC_IOC_CHANNEL_RING.
 *
 * A queue copies twice: in from the sender, out to the receiver's buffer.  It is a store:
 * messages outlive their senders, and the queue, as long as it has a name, its endpoints.
 *
 * Rules that hold for every request:
 *
 *  - The first field of every structure is its own size in bytes; it must be
 *    the size that the request number was made with.  Structures grow at their
 *    end only: an older program's shorter structure is read as if the rest were
 *    zero, a newer program's longer one is refused (E2BIG) unless the rest is
 *    zero.
 *  - Unknown flags and non-zero reserved fields are EINVAL, an unknown request
 *    is ENOTTY, a request that does not fit the endpoint's role is ENOTCONN
 *    (no role yet), EISCONN (has one already) or EOPNOTSUPP (another role).
 *  - Addresses are __u64, so the layout is the same for 32- and 64-bit programs.
 *  - A deadline is absolute CLOCK_MONOTONIC time in nanoseconds; 0 is none.
 *  - A request that fails leaves nothing behind, except where it says so.
 *  - A structure that could be written when the request began, and cannot be when it ends
 *    (another thread has unmapped it), is EFAULT.  Where that was to say how many messages
 *    of a batch were sent, or released, they are.
 *
 * Errors that any request may end with, and which are not repeated below:
 * EFAULT (an address that is not the caller's to read or write), EINVAL,
 * ENOTTY, ENOTCONN, EISCONN, EOPNOTSUPP, E2BIG, ENOMEM (the kernel, or the
 * caller's memory cgroup, has no memory left), EDQUOT (a user is at one of its
 * limits: the one who opened the caller's endpoint or, where a receiver's pool may
 * not hold more messages or memory, the receiver's) and, for those that wait,
 * EINTR.  Arguments are checked before roles.
 *
 * read(2), write(2): on a queue, receive and send with priority 0.  On a client,
 * write() is a one-way send and read() takes the next message that the server
 * sent, answering a call with an empty reply.  On a server, read() takes the next
 * message; where that was a call, the next write() is the reply to it, and a further
 * read() before that answers it with an empty reply.  Notices are passed over, and
 * descriptors dropped.  A buffer too small for the message is EMSGSIZE, and the
 * message stays where it was.  read() of 0 bytes asks nothing and returns 0;
 * write() of 0 bytes sends an empty message.  End of file (0) means that the
 * other side is gone; an empty message reads as 0 as well.
 *
 * poll: EPOLLIN, a message is waiting; EPOLLOUT, there is room for a message of
 * one page or, on a small pool or queue, of any size (on a server: a call that read()
 * took can be answered by write()); EPOLLHUP, the server is gone, or the queue has been
 * removed;
 * EPOLLERR, the endpoint has no role.
 */
#ifndef _UAPI_LINUX_KIPC_H
#define _UAPI_LINUX_KIPC_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* The version of this interface: raised when something is added to it. */
#define KIPC_ABI_VERSION	1

/* A name and its final NUL.  1 to 255 bytes, printable, without '/' or space. */
#define KIPC_NAME_SIZE		256

/*
 * What a pool may measure, in bytes.  Other sizes are rounded up: to a power of two
 * below 32 KiB, to a multiple of 32 KiB above.
 */
#define KIPC_POOL_MIN		4096ULL
#define KIPC_POOL_MAX		(1ULL << 30)

/* The largest message a queue can be made for, in bytes. */
#define KIPC_QUEUE_SIZE_MAX	(16ULL << 20)

/* The pieces that one gathered payload may have. */
#define KIPC_VEC_MAX		1024

/* The highest priority of a message; 0 is the lowest and the ordinary one. */
#define KIPC_PRIO_MAX		32767

/* Descriptors that one message may carry. */
#define KIPC_FDS_MAX		253

/* Ids that one KIPC_IOC_CHANNEL_RELEASE may carry. */
#define KIPC_RELEASE_MAX	1024

/* Messages that one KIPC_IOC_CHANNEL_SEND_BATCH may carry. */
#define KIPC_BATCH_MAX		1024

/* The longest busy-polling, in nanoseconds. */
#define KIPC_BUSY_POLL_MAX	10000000ULL

/* What a ring may have, and where it is mapped. */
#define KIPC_RING_MIN		16
#define KIPC_RING_MAX		4096
#define KIPC_RING_OFFSET	(1ULL << 32)

/**
 * enum kipc_role - what an endpoint is
 * @KIPC_ROLE_NONE:	nothing yet
 * @KIPC_ROLE_SERVER:	the server of a channel
 * @KIPC_ROLE_CLIENT:	a client of a channel
 * @KIPC_ROLE_QUEUE:	a handle on a queue
 *
 * Since: 1
 */
enum kipc_role {
	KIPC_ROLE_NONE		= 0,
	KIPC_ROLE_SERVER	= 1,
	KIPC_ROLE_CLIENT	= 2,
	KIPC_ROLE_QUEUE		= 3,
};

/**
 * enum kipc_kind - what a message is
 * @KIPC_KIND_SEND:	one-way: nobody waits for an answer
 * @KIPC_KIND_CALL:	its sender waits for a reply
 * @KIPC_KIND_REPLY:	the answer to a call
 * @KIPC_KIND_FAILED:	notice: a call of ours made with %KIPC_CALL_ASYNC (@call) has
 *			ended without a reply; %KIPC_HEADER_DELIVERED, where it had been
 *			received.  Tag and identity are the call's own
 * @KIPC_KIND_CONNECTED: notice: client @peer is here; from its own thread's identity
 * @KIPC_KIND_GONE:	notice: client @peer has closed; nothing more comes from it
 * @KIPC_KIND_CANCELED:	notice: the caller of the held call @id (from @peer) has
 *			stopped waiting.  It has the call's id and tag, and is released
 *			with the call
 * @KIPC_KIND_NONE:	no message: there are some in the ring (KIPC_IOC_CHANNEL_RECV)
 *
 * A notice has no payload, and is held and released like any other message.
 *
 * Since: 1
 */
enum kipc_kind {
	KIPC_KIND_NONE		= 0,
	KIPC_KIND_SEND		= 1,
	KIPC_KIND_CALL		= 2,
	KIPC_KIND_REPLY		= 3,
	KIPC_KIND_FAILED	= 4,
	KIPC_KIND_CONNECTED	= 5,
	KIPC_KIND_GONE		= 6,
	KIPC_KIND_CANCELED	= 7,
};

/**
 * enum kipc_outcome - how far a call came
 * @KIPC_OUTCOME_NONE:		the server never saw it: safe to try again
 * @KIPC_OUTCOME_DELIVERED:	the server had received it: it may have run
 * @KIPC_OUTCOME_REPLIED:	the reply is here
 *
 * Since: 1
 */
enum kipc_outcome {
	KIPC_OUTCOME_NONE	= 0,
	KIPC_OUTCOME_DELIVERED	= 1,
	KIPC_OUTCOME_REPLIED	= 2,
};

/**
 * struct kipc_vec - one piece of a gathered payload
 * @base:	its address
 * @len:	its length in bytes
 *
 * Since: 1
 */
struct kipc_vec {
	__aligned_u64	base;
	__aligned_u64	len;
};

/* struct kipc_payload: @data is the address of @len struct kipc_vec. */
#define KIPC_PAYLOAD_VEC	(1U << 0)

/**
 * struct kipc_payload - what a sender sends
 * @data:	address of the bytes, or with %KIPC_PAYLOAD_VEC of the pieces
 * @len:	how many bytes, or with %KIPC_PAYLOAD_VEC how many pieces (at most
 *		%KIPC_VEC_MAX); 0 is an empty message
 * @tag:	a number of the application's own, handed on as it is
 * @fds:	address of @fd_count descriptors (__s32)
 * @flags:	%KIPC_PAYLOAD_VEC
 * @fd_count:	descriptors that go with it, at most %KIPC_FDS_MAX
 * @prio:	0 (ordinary) to %KIPC_PRIO_MAX (most urgent); in a reply, and in a
 *		queue (which has its own place for it), 0
 *
 * Descriptors are duplicated for the message when it is sent.  Errors: EBADF, one is not
 * open.  ELOOP, one could come to hold the message that holds it: an endpoint of kipc or
 * of Android's Binder, an AF_UNIX socket, an io_uring, a vhost device; and to a named
 * queue that is not in the first network namespace, what keeps a namespace: a socket, a
 * namespace, a file of /proc, a tree of mounts.  EDQUOT, too many are on their way already
 * (max_fds).
 *
 * Since: 1
 */
struct kipc_payload {
	__aligned_u64	data;
	__aligned_u64	len;
	__aligned_u64	tag;
	__aligned_u64	fds;
	__u32		flags;
	__u16		fd_count;
	__u16		prio;
};

/* struct kipc_header, @flags */
#define KIPC_HEADER_CANCELED	(1U << 0)	/* nobody waits for the reply any more */
#define KIPC_HEADER_DELIVERED	(1U << 1)	/* KIPC_KIND_FAILED: it may have run */

/**
 * struct kipc_header - what a receiver is told of a message
 * @id:		names the message on this endpoint until it is released or
 *		answered; never used twice.  In a queue: a sequence number.
 * @offset:	where the payload starts in the receiver's pool.  In a queue: 0.
 * @len:	how many bytes the payload has
 * @tag:	the sender's @tag
 * @peer:	to a server: which client sent it (struct kipc_channel_connect,
 *		@client).  Otherwise 0.
 * @type:	the type it was given (queues).  Otherwise 0.
 * @time:	when it was sent: CLOCK_MONOTONIC_COARSE, nanoseconds, as the process that
 *		opened the receiving endpoint sees it
 * @call:	of a reply, or the failure of a call: the id of that call.  Otherwise 0.
 * @prio:	the priority it was given
 * @kind:	one of enum kipc_kind
 * @fd_count:	descriptors that came with it: KIPC_IOC_CHANNEL_FDS
 * @flags:	KIPC_HEADER_*
 * @pid:	the sending process as the receiver's pid namespace sees it; 0 when
 *		it cannot be seen from there
 * @uid:	the sender's effective user as the receiver's user namespace sees it
 * @gid:	the sender's effective group, likewise
 * @reserved:	0
 *
 * Identity is the sender's at the moment of the call, whoever opened the
 * endpoint.  Only a write() has the user and group of who opened it: a program that has
 * been given the descriptor may not know what it writes to.
 *
 * Since: 1
 */
struct kipc_header {
	__aligned_u64	id;
	__aligned_u64	offset;
	__aligned_u64	len;
	__aligned_u64	tag;
	__aligned_u64	peer;
	__aligned_u64	type;
	__aligned_u64	time;
	__aligned_u64	call;
	__u32		prio;
	__u16		kind;
	__u16		fd_count;
	__u32		flags;
	__u32		pid;
	__u32		uid;
	__u32		gid;
	__aligned_u64	reserved;
};

/**
 * struct kipc_endpoint_info - KIPC_IOC_ENDPOINT_INFO: what this endpoint is
 * @size:	in: sizeof(struct kipc_endpoint_info)
 * @flags:	in: 0
 * @version:	out: %KIPC_ABI_VERSION of the module
 * @role:	out: one of enum kipc_role
 * @pool_size:	out: bytes of the pool, as mapped
 * @pool_free:	out: bytes of it that no message occupies
 * @queued:	out: messages that wait to be received (from the queue, for a queue)
 * @held:	out: messages received and neither released nor answered
 * @held_bytes:	out: pool bytes that those occupy
 * @peers:	out: for a server, its connected clients; for a client, 1 while
 *		the server lives
 * @client:	out: for a client, its number (@peer of the messages it sends)
 * @max_msgs:	out: for a queue, the messages it may hold
 * @max_bytes:	out: for a queue, the payload bytes it may hold
 * @max_size:	out: the largest message that can be sent through this endpoint
 *		(a server's: to a client with a pool of its own pool's size)
 * @queued_bytes: out: for a queue, the payload bytes in it
 * @held_ns:	out: for how long the oldest held message has been held, nanoseconds
 * @memory:	out: bytes of memory that the pool has now
 * @options:	out: %KIPC_CHANNEL_NOTICES, %KIPC_CHANNEL_NICE
 * @ring:	out: entries of the ring, 0 for none
 *
 * Works in every role.  No errors of its own.
 *
 * Since: 1
 */
struct kipc_endpoint_info {
	__u32		size;
	__u32		flags;
	__u32		version;
	__u32		role;
	__aligned_u64	pool_size;
	__aligned_u64	pool_free;
	__aligned_u64	queued;
	__aligned_u64	held;
	__aligned_u64	held_bytes;
	__aligned_u64	peers;
	__aligned_u64	client;
	__aligned_u64	max_msgs;
	__aligned_u64	max_bytes;
	__aligned_u64	max_size;
	__aligned_u64	queued_bytes;
	__aligned_u64	held_ns;
	__aligned_u64	memory;
	__u32		options;
	__u32		ring;
};

/**
 * struct kipc_endpoint_tune - KIPC_IOC_ENDPOINT_TUNE: trade CPU time for latency
 * @size:	in: sizeof(struct kipc_endpoint_tune)
 * @flags:	in: 0
 * @busy_poll:	in: nanoseconds for which a thread that waits on this endpoint looks for
 *		what it waits for before it sleeps; 0 (as it is at first) for not at
 *		all, at most %KIPC_BUSY_POLL_MAX
 *
 * A thread polls only while nothing else wants its CPU, and never where there is only
 * one.  It pays where both sides have a CPU of their own and answers come soon.  Works in
 * every role, and holds for waits that begin afterwards.
 *
 * Errors: EINVAL, too long.
 *
 * Since: 1
 */
struct kipc_endpoint_tune {
	__u32		size;
	__u32		flags;
	__aligned_u64	busy_poll;
};

/* struct kipc_channel_create */
#define KIPC_CHANNEL_NOTICES	(1U << 0)	/* tell of clients, and of calls given up */
#define KIPC_CHANNEL_NICE	(1U << 1)	/* serve at the caller's nice value */

/**
 * struct kipc_channel_create - KIPC_IOC_CHANNEL_CREATE: become a server
 * @size:	in: sizeof(struct kipc_channel_create)
 * @flags:	in: %KIPC_CHANNEL_NOTICES, %KIPC_CHANNEL_NICE
 * @mode:	in: who may connect, as permission bits: connecting needs the
 *		write bit that applies to the caller; the umask is taken off
 * @reserved:	in: 0
 * @pool_size:	in: bytes of the pool, 0 for the default; out: bytes as mapped
 * @name:	in: the channel's name in the caller's network namespace
 *
 * The name is free again when the endpoint is closed.
 *
 * With %KIPC_CHANNEL_NICE a thread that has received a call runs at its caller's nice
 * value until the last call that it received is answered or released, by whomever; then
 * it has the one back that it had before the first, unless that has been changed
 * meanwhile.  It is not lifted above its own value where it might not do so itself
 * (RLIMIT_NICE, CAP_SYS_NICE).
 *
 * Errors: EADDRINUSE, the name is taken.  EINVAL, not a name, or a pool outside
 * %KIPC_POOL_MIN … %KIPC_POOL_MAX.
 *
 * Since: 1
 */
struct kipc_channel_create {
	__u32		size;
	__u32		flags;
	__u32		mode;
	__u32		reserved;
	__aligned_u64	pool_size;
	char		name[KIPC_NAME_SIZE];
};

/**
 * struct kipc_channel_connect - KIPC_IOC_CHANNEL_CONNECT: become a client
 * @size:	in: sizeof(struct kipc_channel_connect)
 * @flags:	in: 0
 * @pool_size:	in: bytes of the pool, 0 for the default; out: bytes as mapped
 * @client:	out: this client's number, unique on the channel
 * @name:	in: the channel's name
 *
 * Errors: ENOENT, no such channel.  ECONNREFUSED, its server is just closing.
 * EACCES, the channel's mode does not let the caller in.  EINVAL as above.
 *
 * Since: 1
 */
struct kipc_channel_connect {
	__u32		size;
	__u32		flags;
	__aligned_u64	pool_size;
	__aligned_u64	client;
	char		name[KIPC_NAME_SIZE];
};

/* Flags of the requests that may wait: do not wait for room or for a message. */
#define KIPC_F_NONBLOCK		(1U << 0)

/* struct kipc_channel_call: do not wait for the reply, receive it. */
#define KIPC_CALL_ASYNC		(1U << 1)

/**
 * struct kipc_channel_call - KIPC_IOC_CHANNEL_CALL: send, and wait for the reply
 * @size:	in: sizeof(struct kipc_channel_call)
 * @flags:	in: %KIPC_F_NONBLOCK: do not wait for room in the receiver's pool
 *		(the reply is waited for all the same); %KIPC_CALL_ASYNC
 * @deadline:	in: when to give up, for the whole call
 * @release:	in: id of a held message to release first, or 0; out, on errors:
 *		0 where that has been done
 * @to:		in: from a server, the client's number; from a client, 0
 * @request:	in: what to send
 * @outcome:	out, on errors also: one of enum kipc_outcome
 * @reserved:	out: 0
 * @reply:	out: the reply; it is held until it is released
 *
 * Any number of threads may call through one endpoint.
 *
 * With %KIPC_CALL_ASYNC the request returns when the call is in the receiver's pool.
 * @reply.id is then the call's id, and the end of the call is received: a message of kind
 * %KIPC_KIND_REPLY or, if there will be none, %KIPC_KIND_FAILED, whose @call is that
 * id.  A program may have any number of such calls under way, and serve calls made to
 * itself meanwhile.  They end with the endpoint that made them.
 *
 * Errors: EMSGSIZE, larger than half of the server's pool (one client may take
 * at most half of what is left) or than a client's.  ESRCH, no such client.
 * EAGAIN, no room now (%KIPC_F_NONBLOCK or O_NONBLOCK).  ENOENT, @release is not a
 * held message; nothing was sent.  EPIPE, the server is gone and never received it
 * (a client: ESRCH).  ECONNRESET, the receiver took it and died, closed, or released
 * it without a reply.  ETIMEDOUT, EINTR: @outcome says whether it had been delivered;
 * where it had not, it has been taken back.  A signal handler that restarts system
 * calls restarts only a call that had not been delivered, so it never runs twice.
 * Being stopped, traced or frozen interrupts a delivered call like a signal does.
 * EFAULT with KIPC_OUTCOME_REPLIED: the reply could not be written here and waits for
 * KIPC_IOC_CHANNEL_RECV.  EFAULT with KIPC_OUTCOME_DELIVERED: the call was made with
 * %KIPC_CALL_ASYNC, but its id could not be written; its end is received all the same.
 *
 * Since: 1
 */
struct kipc_channel_call {
	__u32			size;
	__u32			flags;
	__aligned_u64		deadline;
	__aligned_u64		release;
	__aligned_u64		to;
	struct kipc_payload	request;
	__u32			outcome;
	__u32			reserved;
	struct kipc_header	reply;
};

/**
 * struct kipc_channel_send - KIPC_IOC_CHANNEL_SEND: send one way
 * @size:	in: sizeof(struct kipc_channel_send)
 * @flags:	in: %KIPC_F_NONBLOCK
 * @deadline:	in: when to stop waiting for room
 * @to:		in: from a server, the client's number; from a client, 0
 * @payload:	in: what to send
 *
 * Success means that the message is in the receiver's pool and will be
 * received if the receiver lives and asks for it; it outlives its sender.
 *
 * Errors: EMSGSIZE, could never fit (see struct kipc_channel_call; a server may
 * fill a client's whole pool).  EAGAIN, no room now.  ETIMEDOUT.  EPIPE, the
 * server is gone.  ESRCH, no such client (any more).
 *
 * Since: 1
 */
struct kipc_channel_send {
	__u32			size;
	__u32			flags;
	__aligned_u64		deadline;
	__aligned_u64		to;
	struct kipc_payload	payload;
};

/**
 * struct kipc_channel_send_batch - KIPC_IOC_CHANNEL_SEND_BATCH: send several one way
 * @size:	in: sizeof(struct kipc_channel_send_batch)
 * @flags:	in: %KIPC_F_NONBLOCK
 * @deadline:	in: when to stop waiting for room
 * @to:		in: from a server, the client's number; from a client, 0
 * @payloads:	in: address of @count struct kipc_payload
 * @count:	in: how many, 1 to %KIPC_BATCH_MAX
 * @done:	out, on errors also: how many have been sent, in their order
 *
 * As @count times KIPC_IOC_CHANNEL_SEND, up to the first that fails.  Only its first
 * message waits: where there is no room for another, the request ends there with 0
 * and @done says how many went.
 *
 * Errors, those of the first message: as KIPC_IOC_CHANNEL_SEND.  The error of a later one
 * is told when it is sent again, as the first.
 *
 * Since: 1
 */
struct kipc_channel_send_batch {
	__u32		size;
	__u32		flags;
	__aligned_u64	deadline;
	__aligned_u64	to;
	__aligned_u64	payloads;
	__u32		count;
	__u32		done;
};

/* struct kipc_channel_recv: look into the ring as well. */
#define KIPC_RECV_RING		(1U << 1)

/**
 * struct kipc_channel_recv - KIPC_IOC_CHANNEL_RECV: take the next message
 * @size:	in: sizeof(struct kipc_channel_recv)
 * @flags:	in: %KIPC_F_NONBLOCK, %KIPC_RECV_RING
 * @deadline:	in: when to stop waiting for a message
 * @release:	in: id of a held message to release first, or 0; out, on errors:
 *		0 where that has been done
 * @ring_seen:	in: with %KIPC_RECV_RING, entries of the ring taken so far (struct
 *		kipc_ring, @tail)
 * @ring_done:	in: with %KIPC_RECV_RING, entries to have released: those before this
 *		number that still are held are released
 * @msg:	out: the message; it is held until released or, a call, answered
 *
 * Several threads may wait on one endpoint: each message goes to one of them,
 * the one that began to wait last (its cache is the warmest).
 *
 * Errors: EAGAIN, none waiting.  ETIMEDOUT.  ENOENT, @release is not a held
 * message, or EBUSY, one that is just being replied to; nothing was received.
 * EPIPE, to a client: the server is gone and nothing is left to receive.  After
 * EFAULT the message is still the next one.  EINVAL, no ring, or numbers that it cannot
 * have come to.
 *
 * Since: 1
 */
struct kipc_channel_recv {
	__u32			size;
	__u32			flags;
	__aligned_u64		deadline;
	__aligned_u64		release;
	__aligned_u64		ring_seen;
	__aligned_u64		ring_done;
	struct kipc_header	msg;
};

/* struct kipc_channel_reply: having replied, receive the next message. */
#define KIPC_REPLY_RECV		(1U << 1)

/**
 * struct kipc_channel_reply - KIPC_IOC_CHANNEL_REPLY: answer a call
 * @size:	in: sizeof(struct kipc_channel_reply)
 * @flags:	in: %KIPC_REPLY_RECV, and for that receive %KIPC_F_NONBLOCK
 * @deadline:	in: when to stop waiting for the next message
 * @id:		in: the call's id, or with %KIPC_REPLY_RECV 0 for no reply; out, on
 *		errors: 0 once the reply has been given (or the caller has gone)
 * @reply:	in: what to answer; it may lie in the call's own slice
 * @msg:	out, with %KIPC_REPLY_RECV: the next message
 *
 * Ends the call and releases its slice.  Any thread may reply, and a client may that the
 * server has called.
 *
 * Errors: ENOENT, no such call is held (never, or no more).  EBUSY, another
 * thread is just replying to it.  EPROTO, the message was not a call.
 * ECANCELED, its caller has stopped waiting; the call is released all the same.
 * EMSGSIZE, larger than the caller's pool (half of it, where that is a server's);
 * ENOBUFS, no room in it now: in both
 * cases the call is still held, and a shorter reply can be given.  With
 * %KIPC_REPLY_RECV nothing is received after one of these; once the reply has
 * been given, the errors of KIPC_IOC_CHANNEL_RECV (@id is then 0).
 *
 * Since: 1
 */
struct kipc_channel_reply {
	__u32			size;
	__u32			flags;
	__aligned_u64		deadline;
	__aligned_u64		id;
	struct kipc_payload	reply;
	struct kipc_header	msg;
};

/**
 * struct kipc_channel_release - KIPC_IOC_CHANNEL_RELEASE: give slices back
 * @size:	in: sizeof(struct kipc_channel_release)
 * @flags:	in: 0
 * @ids:	in: address of @count ids (__u64) of held messages
 * @count:	in: how many, 1 to %KIPC_RELEASE_MAX
 * @done:	out, on errors also: how many have been released, in their order
 *
 * Releasing a call that has not been answered answers it with ECONNRESET.
 *
 * Errors: ENOENT, the id after the last one done is not a held message.  EBUSY,
 * it is a call that another thread is just replying to.
 *
 * Since: 1
 */
struct kipc_channel_release {
	__u32		size;
	__u32		flags;
	__aligned_u64	ids;
	__u32		count;
	__u32		done;
};

/**
 * struct kipc_channel_fds - KIPC_IOC_CHANNEL_FDS: take a held message's descriptors
 * @size:	in: sizeof(struct kipc_channel_fds)
 * @flags:	in: 0
 * @id:		in: id of the held message
 * @fds:	in: address of room for @count descriptors (__s32), which are written
 * @count:	in: how many to take, from the first: up to the message's @fd_count
 * @done:	out, on errors also: how many have been taken and written
 *
 * Each call installs new descriptors, close-on-exec; the message keeps its own until it is
 * released.
 *
 * Errors: ENOENT, not a held message.  EINVAL, it has fewer.  EMFILE, EACCES (a security
 * module): those before have been taken.
 *
 * Since: 1
 */
struct kipc_channel_fds {
	__u32		size;
	__u32		flags;
	__aligned_u64	id;
	__aligned_u64	fds;
	__u32		count;
	__u32		done;
};

/**
 * struct kipc_channel_inspect - KIPC_IOC_CHANNEL_INSPECT: look at a held message again
 * @size:	in: sizeof(struct kipc_channel_inspect)
 * @flags:	in: 0
 * @id:		in: id of the held message
 * @msg:	out: its header.  %KIPC_HEADER_CANCELED in @msg.flags says that the caller
 *		does not wait any more
 *
 * Errors: ENOENT, not a held message.
 *
 * Since: 1
 */
struct kipc_channel_inspect {
	__u32			size;
	__u32			flags;
	__aligned_u64		id;
	struct kipc_header	msg;
};

/**
 * struct kipc_ring - the ring of a receiver, as it is mapped at %KIPC_RING_OFFSET
 * @tail:	entries written so far: load it with acquire.  Entry number n, from 0, is
 *		in @slots[n % @entries] once @tail is above n
 * @entries:	how many there are, a power of two
 * @slot_size:	bytes from one slot to the next: at least sizeof(struct kipc_header)
 * @reserved:	0
 * @slots:	the messages: held, from the moment they are here
 *
 * Since: 1
 */
struct kipc_ring {
	__aligned_u64		tail;
	__u32			entries;
	__u32			slot_size;
	__u32			reserved[12];
	struct kipc_header	slots[];
};

/**
 * struct kipc_channel_ring - KIPC_IOC_CHANNEL_RING: receive without a request
 * @size:	in: sizeof(struct kipc_channel_ring)
 * @flags:	in: 0
 * @entries:	in: how many, %KIPC_RING_MIN to %KIPC_RING_MAX; out: rounded up to a
 *		power of two
 * @reserved:	in: 0
 * @offset:	out: where to map it (%KIPC_RING_OFFSET): MAP_SHARED, PROT_READ
 * @bytes:	out: how much to map
 *
 * Gives the endpoint a ring, once.  From then on ordinary one-way messages (kind
 * %KIPC_KIND_SEND, @prio 0) that nobody waits for, and before which nothing else waits,
 * are written into it and count as received: the owner takes them from there in their
 * order, and releases them by number (@ring_done) or by id.  An entry is used again when
 * its message has been released; while the next one is not, messages wait as they do
 * without a ring.  Everything else is received by KIPC_IOC_CHANNEL_RECV, which with
 * %KIPC_RECV_RING waits for either: it returns a message, or %KIPC_KIND_NONE when the
 * ring has entries beyond @ring_seen.  poll says EPOLLIN for those beyond the @ring_seen
 * of the last such request.
 *
 * Senders are told as the namespaces of the thread that made this request see them.
 * Threads of one process share a ring by taking numbers in turn (an atomic counter).
 *
 * Errors: EEXIST, there is one.  EINVAL, @entries out of range.
 *
 * Since: 1
 */
struct kipc_channel_ring {
	__u32		size;
	__u32		flags;
	__u32		entries;
	__u32		reserved;
	__aligned_u64	offset;
	__aligned_u64	bytes;
};

/*
 * Queues
 *
 * A queue has a *number* besides its name: 1 to INT_MAX, its own for as long as it has
 * that and not soon given to another one.  Requests on queues that have a @number work on the
 * endpoint's own queue where that is 0.  Where it is not they work on the queue of that
 * number in the endpoint's network namespace, through an endpoint of any role or of none,
 * and the queue's mode, as it is at that moment, says what the caller may do: one
 * descriptor then serves any number of queues, as System V's calls do without one.  Errors
 * of @number: ENOENT, no such queue.  EACCES, its mode does not let the caller.
 */

/* struct kipc_queue_open */
#define KIPC_QUEUE_CREATE	(1U << 1)	/* make it where it is not there */
#define KIPC_QUEUE_EXCL		(1U << 2)	/* with CREATE: it must not be there */
#define KIPC_QUEUE_RECV		(1U << 3)	/* the endpoint may receive */
#define KIPC_QUEUE_SEND		(1U << 4)	/* the endpoint may send */
#define KIPC_QUEUE_ANONYMOUS	(1U << 5)	/* with CREATE: without a name */
#define KIPC_QUEUE_SAME		(1U << 6)	/* the queue of the endpoint @handle */

/**
 * struct kipc_queue_open - KIPC_IOC_QUEUE_OPEN: become a handle on a queue
 * @size:	in: sizeof(struct kipc_queue_open)
 * @flags:	in: %KIPC_QUEUE_RECV and/or %KIPC_QUEUE_SEND, and the others above
 * @mode:	in: with CREATE, who may receive (read bit) and send (write bit);
 *		the umask is taken off
 * @handle:	in: with %KIPC_QUEUE_SAME, a descriptor that is a handle on the queue;
 *		else 0
 * @number:	in: 0; out: the queue's number, 0 for one without a name
 * @reserved:	in: 0
 * @max_msgs:	in: with CREATE, messages it may hold, 0 for the default; out: of
 *		the queue as it is
 * @max_bytes:	in/out: payload bytes it may hold, likewise
 * @max_size:	in/out: bytes of its largest message, likewise
 * @name:	in: the queue's name in the caller's network namespace; empty with
 *		%KIPC_QUEUE_ANONYMOUS and %KIPC_QUEUE_SAME
 *
 * A queue lives until it has no name (any more) and its last endpoint is closed, or until
 * it is removed (KIPC_IOC_QUEUE_UNLINK).  One without a name is found only through a
 * handle: over fork, by descriptor passing, and by %KIPC_QUEUE_SAME, which lets a handle
 * be given away that may do less than its giver's.
 *
 * Errors: ENOENT, no such queue (no CREATE).  EEXIST, there is one (EXCL).
 * EACCES, its mode does not let the caller (with SAME: the handle may do less).  EBADF,
 * @handle is not a handle on a queue.  EIDRM, that queue has been removed.  EINVAL, neither
 * RECV nor SEND, limits without CREATE, or @max_size above @max_bytes or
 * %KIPC_QUEUE_SIZE_MAX.
 *
 * Since: 1
 */
struct kipc_queue_open {
	__u32		size;
	__u32		flags;
	__u32		mode;
	__s32		handle;
	__u32		number;
	__u32		reserved;
	__aligned_u64	max_msgs;
	__aligned_u64	max_bytes;
	__aligned_u64	max_size;
	char		name[KIPC_NAME_SIZE];
};

/* struct kipc_queue_unlink: and end the queue itself. */
#define KIPC_UNLINK_REMOVE	(1U << 0)

/**
 * struct kipc_queue_unlink - KIPC_IOC_QUEUE_UNLINK: take a queue's name away
 * @size:	in: sizeof(struct kipc_queue_unlink)
 * @flags:	in: %KIPC_UNLINK_REMOVE
 * @number:	in: with an empty @name, which queue, see above; else 0
 * @reserved:	in: 0
 * @name:	in: the queue's name
 *
 * Works on an endpoint of any role, also of none.  The queue goes with its last endpoint;
 * with %KIPC_UNLINK_REMOVE at once: its messages are dropped, and whoever waits on it, or
 * has an endpoint of it, gets EIDRM.
 *
 * Errors: ENOENT, no such queue, or it has no name (any more).  EACCES, the caller is
 * neither its owner, nor its creator, nor privileged (CAP_IPC_OWNER).  EIDRM, it has been
 * removed.
 *
 * Since: 1
 */
struct kipc_queue_unlink {
	__u32		size;
	__u32		flags;
	__u32		number;
	__u32		reserved;
	char		name[KIPC_NAME_SIZE];
};

/* Requests that wait on a queue: the deadline is CLOCK_REALTIME, and follows that. */
#define KIPC_F_REALTIME		(1U << 8)
/* A signal handler always ends the wait, with EINTR, also one that restarts calls. */
#define KIPC_F_NORESTART	(1U << 9)

/* struct kipc_queue_send: go ahead of senders whose messages do not fit. */
#define KIPC_SEND_OVERTAKE	(1U << 1)

/**
 * struct kipc_queue_send - KIPC_IOC_QUEUE_SEND: put a message into the queue
 * @size:	in: sizeof(struct kipc_queue_send)
 * @flags:	in: %KIPC_F_NONBLOCK, %KIPC_F_REALTIME, %KIPC_F_NORESTART,
 *		%KIPC_SEND_OVERTAKE
 * @deadline:	in: when to stop waiting for room
 * @type:	in: a type of the application's own; receivers can ask for it
 * @prio:	in: 0 (ordinary) to %KIPC_PRIO_MAX (most urgent)
 * @number:	in: which queue, see above
 * @payload:	in: what to send
 *
 * Senders that wait for room are served by the priority of their threads, and in their
 * order of arrival: no small message keeps a large one out for ever.  One with
 * %KIPC_SEND_OVERTAKE goes in wherever it fits, as System V's do.
 *
 * Errors: EBADF, the endpoint may not send.  EMSGSIZE, larger than the queue's
 * @max_size.  EAGAIN, full.  ETIMEDOUT.  EIDRM, the queue has been removed.  Those of
 * @number, and of descriptors.
 *
 * Since: 1
 */
struct kipc_queue_send {
	__u32			size;
	__u32			flags;
	__aligned_u64		deadline;
	__aligned_u64		type;
	__u32			prio;
	__u32			number;
	struct kipc_payload	payload;
};

/**
 * enum kipc_select - which message is received
 * @KIPC_SELECT_URGENT:	of the highest priority
 * @KIPC_SELECT_FIRST:	the oldest, whatever its priority
 * @KIPC_SELECT_TYPE:	of type @match
 * @KIPC_SELECT_TYPE_MAX: of the lowest type that is not above @match
 * @KIPC_SELECT_NOT_TYPE: of any type but @match
 * @KIPC_SELECT_NTH:	the one before which @match others are received; only with
 *			%KIPC_RECV_PEEK, and nothing waits for it
 *
 * Of those that qualify the one of the highest priority is received, and of several of
 * that the one that was sent first.  Each takes O(log n) time.
 *
 * Since: 1
 */
enum kipc_select {
	KIPC_SELECT_URGENT	= 0,
	KIPC_SELECT_FIRST	= 1,
	KIPC_SELECT_TYPE	= 2,
	KIPC_SELECT_TYPE_MAX	= 3,
	KIPC_SELECT_NOT_TYPE	= 4,
	KIPC_SELECT_NTH		= 5,
};

/* struct kipc_queue_recv */
#define KIPC_RECV_PEEK		(1U << 2)	/* leave the message where it is */
#define KIPC_RECV_TRUNCATE	(1U << 3)	/* cut it off, where it is too long */
#define KIPC_RECV_LARGEST	(1U << 4)	/* EMSGSIZE unless the largest would fit */

/**
 * struct kipc_queue_recv - KIPC_IOC_QUEUE_RECV: take a message out of the queue
 * @size:	in: sizeof(struct kipc_queue_recv)
 * @flags:	in: %KIPC_F_NONBLOCK, %KIPC_F_REALTIME, %KIPC_F_NORESTART, %KIPC_RECV_PEEK,
 *		%KIPC_RECV_TRUNCATE, %KIPC_RECV_LARGEST
 * @deadline:	in: when to stop waiting for a message
 * @data:	in: address of the buffer
 * @len:	in: bytes that it has
 * @select:	in: one of enum kipc_select
 * @number:	in: which queue, see above
 * @match:	in: what @select says; else 0
 * @fds:	in: address of room for @fd_count descriptors (__s32)
 * @fd_count:	in: how many may be installed, at most %KIPC_FDS_MAX; when peeking as well
 * @fd_done:	out: how many were: the first ones of the message, close-on-exec.  The
 *		rest, which nobody asked for, goes with the message
 * @msg:	out: what was received.  @msg.len is the message's length, also where it
 *		was cut off; @msg.id its number in the order of sending
 *
 * A message is gone from the queue when all of it has arrived; after an error it is where
 * it was.  With %KIPC_RECV_PEEK it is there in any case.  A receiver whose process is
 * killed while the message is copied may have consumed it.
 *
 * Receivers that wait are served by the priority of their threads, and in their order of
 * arrival.
 *
 * Errors: EBADF, the endpoint may not receive.  EAGAIN, none that qualifies.  ETIMEDOUT.
 * EMSGSIZE, the message is larger than @len: @msg.len is its length (it is the one field
 * written); or with %KIPC_RECV_LARGEST, @len is below the queue's @max_size.  EMFILE, no
 * room for the descriptors.  EIDRM, the queue has been removed.  Those of @number.
 *
 * Since: 1
 */
struct kipc_queue_recv {
	__u32			size;
	__u32			flags;
	__aligned_u64		deadline;
	__aligned_u64		data;
	__aligned_u64		len;
	__u32			select;
	__u32			number;
	__aligned_u64		match;
	__aligned_u64		fds;
	__u32			fd_count;
	__u32			fd_done;
	struct kipc_header	msg;
};

/**
 * struct kipc_queue_item - one message of a batch
 * @payload:	as in struct kipc_queue_send
 * @type:	likewise
 * @prio:	likewise
 * @reserved:	0
 *
 * Since: 1
 */
struct kipc_queue_item {
	struct kipc_payload	payload;
	__aligned_u64		type;
	__u32			prio;
	__u32			reserved;
};

/**
 * struct kipc_queue_send_batch - KIPC_IOC_QUEUE_SEND_BATCH: put several messages in
 * @size:	in: sizeof(struct kipc_queue_send_batch)
 * @flags:	in: %KIPC_F_NONBLOCK, %KIPC_F_REALTIME, %KIPC_F_NORESTART
 * @deadline:	in: when to stop waiting for room
 * @items:	in: address of @count struct kipc_queue_item
 * @count:	in: how many, 1 to %KIPC_BATCH_MAX
 * @number:	in: which queue, see above
 * @done:	out, on errors also: how many have been sent, in their order
 * @reserved:	in: 0
 *
 * As @count times KIPC_IOC_QUEUE_SEND, up to the first that fails.  Only its first
 * message waits: where there is no room for another, the request ends there with 0
 * and @done says how many went.
 *
 * Errors, those of the first message: as KIPC_IOC_QUEUE_SEND.  The error of a later one
 * is told when it is sent again, as the first.
 *
 * Since: 1
 */
struct kipc_queue_send_batch {
	__u32		size;
	__u32		flags;
	__aligned_u64	deadline;
	__aligned_u64	items;
	__u32		count;
	__u32		number;
	__u32		done;
	__u32		reserved;
};

/**
 * struct kipc_queue_recv_batch - KIPC_IOC_QUEUE_RECV_BATCH: take several messages out
 * @size:	in: sizeof(struct kipc_queue_recv_batch)
 * @flags:	in: %KIPC_F_NONBLOCK, %KIPC_F_REALTIME, %KIPC_F_NORESTART
 * @deadline:	in: when to stop waiting for the first message
 * @data:	in: address of the buffer
 * @len:	in: bytes that it has
 * @select:	in: one of enum kipc_select, but for %KIPC_SELECT_NTH
 * @number:	in: which queue, see above
 * @match:	in: what @select says; else 0
 * @msgs:	in: address of room for @count struct kipc_header
 * @count:	in: how many to take at most, 1 to %KIPC_BATCH_MAX
 * @done:	out, on errors also: how many have been taken
 *
 * Takes what is there, but waits for the first.  Payloads lie in the buffer one behind the
 * other, each at a multiple of eight: @msgs[n].offset says where.  The batch ends before a
 * message that does not fit any more.  Descriptors go with their messages: whoever wants
 * them receives one at a time.
 *
 * Errors, those of the first message: as KIPC_IOC_QUEUE_RECV.
 *
 * Since: 1
 */
struct kipc_queue_recv_batch {
	__u32		size;
	__u32		flags;
	__aligned_u64	deadline;
	__aligned_u64	data;
	__aligned_u64	len;
	__u32		select;
	__u32		number;
	__aligned_u64	match;
	__aligned_u64	msgs;
	__u32		count;
	__u32		done;
};

/**
 * enum kipc_notify - how a queue tells of messages
 * @KIPC_NOTIFY_OFF:	not any more
 * @KIPC_NOTIFY_NOTHING: only take the place (as SIGEV_NONE does)
 * @KIPC_NOTIFY_SIGNAL:	by a signal to the process: SI_MESGQ, with the sender's pid and
 *			uid and with @value.  A thread that does not block it gets it; where
 *			all do, the thread that registered, or the first if it has gone
 * @KIPC_NOTIFY_EVENTFD: by adding 1 to an eventfd
 *
 * Since: 1
 */
enum kipc_notify {
	KIPC_NOTIFY_OFF		= 0,
	KIPC_NOTIFY_NOTHING	= 1,
	KIPC_NOTIFY_SIGNAL	= 2,
	KIPC_NOTIFY_EVENTFD	= 3,
};

/* struct kipc_queue_notify */
#define KIPC_NOTIFY_ONCE	(1U << 0)	/* the first time only */
#define KIPC_NOTIFY_EACH	(1U << 1)	/* of each message, not only on an empty queue */
#define KIPC_NOTIFY_SOLE	(1U << 2)	/* the one place that POSIX has for it */

/**
 * struct kipc_queue_notify - KIPC_IOC_QUEUE_NOTIFY: be told when messages arrive
 * @size:	in: sizeof(struct kipc_queue_notify)
 * @flags:	in: %KIPC_NOTIFY_ONCE, %KIPC_NOTIFY_EACH, %KIPC_NOTIFY_SOLE
 * @how:	in: one of enum kipc_notify
 * @signo:	in: which signal; else 0
 * @value:	in: the value that goes with it; else 0
 * @fd:		in: which eventfd; else 0
 * @reserved:	in: 0
 *
 * Tells of a message that is put into the queue while it is empty, or with EACH of every
 * one; not of one that goes straight to a thread that waits for it.  Each endpoint has one
 * such request, of the process that made it: a new one takes the place of the one before,
 * and it ends when that process closes a descriptor of the endpoint.  A program that the
 * process executes gets no signal of it.
 *
 * With %KIPC_NOTIFY_SOLE at most one exists for a queue; OFF with SOLE takes that away if
 * it is the caller's, and is 0 in any case.
 *
 * Errors: EBUSY, SOLE, and there is one, be it this endpoint's.  EINVAL, no such signal, or
 * what @how does not use is not 0.  EBADF, not an eventfd.  EIDRM, the queue has been
 * removed.
 *
 * Since: 1
 */
struct kipc_queue_notify {
	__u32		size;
	__u32		flags;
	__u32		how;
	__u32		signo;
	__aligned_u64	value;
	__s32		fd;
	__u32		reserved;
};

/* struct kipc_queue_stat */
#define KIPC_STAT_NEXT		(1U << 0)	/* the first queue whose number is above @number */
#define KIPC_STAT_PERMIT	(1U << 1)	/* EACCES unless the caller may receive */

/**
 * struct kipc_queue_stat - KIPC_IOC_QUEUE_STAT: what there is to know of a queue
 * @size:	in: sizeof(struct kipc_queue_stat)
 * @flags:	in: %KIPC_STAT_NEXT, %KIPC_STAT_PERMIT
 * @number:	in: which queue, see above; nobody needs permission to look, as with
 *		/proc/sysvipc.  Out: its number
 * @mode:	out: permission bits
 * @uid:	out: owner, as the caller's user namespace sees it
 * @gid:	out: group, likewise
 * @creator_uid: out: who made it
 * @creator_gid: out: its group
 * @max_msgs:	out: messages it may hold
 * @max_bytes:	out: payload bytes it may hold
 * @max_size:	out: bytes of its largest message
 * @msgs:	out: messages that wait
 * @bytes:	out: their payload
 * @peak_msgs:	out: the most that have waited at once
 * @peak_bytes:	out: the most payload
 * @sent:	out: messages sent so far
 * @received:	out: messages received so far
 * @send_time:	out: when the last was sent, CLOCK_REALTIME nanoseconds; 0, none
 * @recv_time:	out: when the last was received, likewise
 * @change_time: out: when it was made, or its owner, mode or limits were last set
 * @send_pid:	out: who sent the last, as the caller's pid namespace sees it; 0, none or not
 *		visible
 * @recv_pid:	out: who received the last
 * @senders:	out: threads that wait for room; at most 1024 are counted
 * @receivers:	out: threads that wait for a message; likewise
 * @name:	out: its name; empty for one that has none (any more)
 *
 * Errors: ENOENT, no such queue; with NEXT: no more.  EIDRM.
 *
 * Since: 1
 */
struct kipc_queue_stat {
	__u32		size;
	__u32		flags;
	__u32		number;
	__u32		mode;
	__u32		uid;
	__u32		gid;
	__u32		creator_uid;
	__u32		creator_gid;
	__aligned_u64	max_msgs;
	__aligned_u64	max_bytes;
	__aligned_u64	max_size;
	__aligned_u64	msgs;
	__aligned_u64	bytes;
	__aligned_u64	peak_msgs;
	__aligned_u64	peak_bytes;
	__aligned_u64	sent;
	__aligned_u64	received;
	__aligned_u64	send_time;
	__aligned_u64	recv_time;
	__aligned_u64	change_time;
	__u32		send_pid;
	__u32		recv_pid;
	__u32		senders;
	__u32		receivers;
	char		name[KIPC_NAME_SIZE];
};

/* struct kipc_queue_set: what is to be set */
#define KIPC_SET_UID		(1U << 0)
#define KIPC_SET_GID		(1U << 1)
#define KIPC_SET_MODE		(1U << 2)
#define KIPC_SET_MAX_MSGS	(1U << 3)
#define KIPC_SET_MAX_BYTES	(1U << 4)
#define KIPC_SET_MAX_SIZE	(1U << 5)

/**
 * struct kipc_queue_set - KIPC_IOC_QUEUE_SET: change a queue's owner, mode and limits
 * @size:	in: sizeof(struct kipc_queue_set)
 * @flags:	in: KIPC_SET_*: which of the following; the others are 0
 * @number:	in: which queue, see above
 * @mode:	in: permission bits; no umask
 * @uid:	in: the new owner
 * @gid:	in: the new group
 * @max_msgs:	in: messages it may hold; 0 is none
 * @max_bytes:	in: payload bytes it may hold
 * @max_size:	in: bytes of its largest message, at most %KIPC_QUEUE_SIZE_MAX; it may
 *		exceed @max_bytes, and a message that does waits for ever
 *
 * Limits hold from then on, and for what waits already: raised ones let senders in that
 * wait; lowered ones leave in what is there.  The mode holds for endpoints that are opened
 * from then on, and for requests by number.
 *
 * Errors: EPERM, the caller is neither the queue's owner, nor its creator, nor privileged
 * (CAP_IPC_OWNER).  EINVAL, not a mode, a user, a group or a limit.  ENOENT.  EIDRM.
 *
 * Since: 1
 */
struct kipc_queue_set {
	__u32		size;
	__u32		flags;
	__u32		number;
	__u32		mode;
	__u32		uid;
	__u32		gid;
	__aligned_u64	max_msgs;
	__aligned_u64	max_bytes;
	__aligned_u64	max_size;
};

#define KIPC_IOC_MAGIC		0xBC

#define KIPC_IOC_ENDPOINT_INFO	 _IOWR(KIPC_IOC_MAGIC, 0x00, struct kipc_endpoint_info)
#define KIPC_IOC_ENDPOINT_TUNE	 _IOWR(KIPC_IOC_MAGIC, 0x01, struct kipc_endpoint_tune)

#define KIPC_IOC_CHANNEL_CREATE	 _IOWR(KIPC_IOC_MAGIC, 0x10, struct kipc_channel_create)
#define KIPC_IOC_CHANNEL_CONNECT _IOWR(KIPC_IOC_MAGIC, 0x11, struct kipc_channel_connect)
#define KIPC_IOC_CHANNEL_CALL	 _IOWR(KIPC_IOC_MAGIC, 0x12, struct kipc_channel_call)
#define KIPC_IOC_CHANNEL_SEND	 _IOWR(KIPC_IOC_MAGIC, 0x13, struct kipc_channel_send)
#define KIPC_IOC_CHANNEL_RECV	 _IOWR(KIPC_IOC_MAGIC, 0x14, struct kipc_channel_recv)
#define KIPC_IOC_CHANNEL_REPLY	 _IOWR(KIPC_IOC_MAGIC, 0x15, struct kipc_channel_reply)
#define KIPC_IOC_CHANNEL_RELEASE _IOWR(KIPC_IOC_MAGIC, 0x16, struct kipc_channel_release)
#define KIPC_IOC_CHANNEL_SEND_BATCH _IOWR(KIPC_IOC_MAGIC, 0x17, struct kipc_channel_send_batch)
#define KIPC_IOC_CHANNEL_FDS	 _IOWR(KIPC_IOC_MAGIC, 0x18, struct kipc_channel_fds)
#define KIPC_IOC_CHANNEL_INSPECT _IOWR(KIPC_IOC_MAGIC, 0x19, struct kipc_channel_inspect)
#define KIPC_IOC_CHANNEL_RING	 _IOWR(KIPC_IOC_MAGIC, 0x1a, struct kipc_channel_ring)

#define KIPC_IOC_QUEUE_OPEN	 _IOWR(KIPC_IOC_MAGIC, 0x20, struct kipc_queue_open)
#define KIPC_IOC_QUEUE_UNLINK	 _IOWR(KIPC_IOC_MAGIC, 0x21, struct kipc_queue_unlink)
#define KIPC_IOC_QUEUE_SEND	 _IOWR(KIPC_IOC_MAGIC, 0x22, struct kipc_queue_send)
#define KIPC_IOC_QUEUE_RECV	 _IOWR(KIPC_IOC_MAGIC, 0x23, struct kipc_queue_recv)
#define KIPC_IOC_QUEUE_SEND_BATCH _IOWR(KIPC_IOC_MAGIC, 0x24, struct kipc_queue_send_batch)
#define KIPC_IOC_QUEUE_RECV_BATCH _IOWR(KIPC_IOC_MAGIC, 0x25, struct kipc_queue_recv_batch)
#define KIPC_IOC_QUEUE_NOTIFY	 _IOWR(KIPC_IOC_MAGIC, 0x26, struct kipc_queue_notify)
#define KIPC_IOC_QUEUE_STAT	 _IOWR(KIPC_IOC_MAGIC, 0x27, struct kipc_queue_stat)
#define KIPC_IOC_QUEUE_SET	 _IOWR(KIPC_IOC_MAGIC, 0x28, struct kipc_queue_set)

#endif /* _UAPI_LINUX_KIPC_H */
