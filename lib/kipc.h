/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libkipc: one small interface to every way two programs on one Linux machine
 * can talk.
 *
 * A program names a mechanism by its *address*, scheme:name?option=value&...,
 * opens a handle on it, and sends, receives, calls and replies; changing the
 * address changes the mechanism and nothing else, as far as both can do what the
 * program needs (kipc_scheme_info()):
 *
 *	channel:camera			a kipc channel (call and reply, one copy)
 *	queue:jobs?msgs=100		a kipc queue (priorities, outlives its creator)
 *	unix-seqpacket:/run/camera	an AF_UNIX socket; "@name" is an abstract one
 *	unix:/run/camera		another kind of them; and unix-dgram:
 *	tcp:host:7000			across machines; and udp:, tcp:[::1]:7000
 *	pipe:				a pipe: kipc_pair(), or inherited descriptors
 *	posix-mq:/jobs			a POSIX message queue
 *	sysv-msg:/path			a System V message queue by ftok, or
 *	sysv-msg:0x1234			by its key
 *	fifo:/run/jobs			a named pipe
 *	pty:				a pseudo-terminal (kipc_pty.h)
 *	ring:posix-shm:/jobs		a ring of messages in shared memory
 *	auto:camera			the best that this machine has for calls
 *
 * Conventions
 *	Functions return 0, a count or a length on success and -errno on failure.
 *	kipc_explain() makes a sentence of it.  One error means one thing
 *	everywhere:
 *
 *	-EPIPE		the other side is gone, or the queue has been removed
 *	-ECONNRESET	it went after it had received the call: it may have run
 *	-ETIMEDOUT	the time was up	(with a time of 0: -EAGAIN)
 *	-EMSGSIZE	larger than this mechanism carries
 *	-ENOENT		nobody has that address
 *	-EADDRINUSE	somebody has it already
 *	-EOPNOTSUPP	this mechanism cannot do that
 *	-ELOOP		that descriptor cannot be sent
 *	-ENODEV		the kernel has no such mechanism (kipc.ko not loaded)
 *	-EPROTO		what came is not a message of libkipc's making
 *	-EDEADLK	this thread must answer the call it holds first (binder:)
 *	-EINTR		a signal handler ran during the wait; no message was lost.
 *			After kipc_call() @outcome says whether it may have run (the
 *			kernel may restart the wait instead, where the handler
 *			was installed with SA_RESTART)
 *	-EINVAL		the address, an option or an argument makes no sense
 *
 * Threads: a handle may be used by several threads at once for receiving,
 * sending, calling and replying, unless its mechanism's page says otherwise;
 * closing it is for one thread, when the others are done.  Fork: a handle opened
 * before fork() works in both processes, provided that no other thread was
 * inside a function on it just then; each closes its own.  Messages received
 * before fork() stay the parent's.  Signals: no function is async-signal-safe.
 * Descriptors are close-on-exec.
 */
#ifndef KIPC_H
#define KIPC_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Times: relative, in nanoseconds (int64_t); negative is for ever, 0 not at all. */
#define KIPC_FOREVER	((int64_t)-1)
#define KIPC_NOW	((int64_t)0)
#define KIPC_US(n)	((int64_t)(n) * 1000)
#define KIPC_MS(n)	((int64_t)(n) * 1000000)
#define KIPC_S(n)	((int64_t)(n) * 1000000000)

/** An end of a mechanism.  Opaque. */
struct kipc;

/**
 * struct kipc_msg, kind: what a message is.
 *
 * The last three are notices of a listener's that was opened with KIPC_OPT_NOTICES.
 * Whoever neither starts calls nor asks for notices receives the first two only.
 */
enum kipc_msg_kind {
	KIPC_MSG_SEND = 1,	/**< one-way */
	KIPC_MSG_CALL = 2,	/**< its sender wants a kipc_reply() */
	KIPC_MSG_REPLY = 3,	/**< the answer to our call @call */
	KIPC_MSG_FAILED = 4,	/**< our call @call will have none; see @outcome */
	KIPC_MSG_CONNECTED = 5,	/**< client @peer is here */
	KIPC_MSG_GONE = 6,	/**< client @peer has closed: nothing more comes from it */
	KIPC_MSG_CANCELED = 7,	/**< nobody waits for the reply to @call, which we hold */
};

/** struct kipc_msg, outcome: how far a call of ours came, however it ended. */
enum kipc_msg_outcome {
	KIPC_CALL_UNSEEN = 0,	/**< the other side never saw it: safe to try again */
	KIPC_CALL_SEEN = 1,	/**< it saw it, or may have seen it: it may have run */
	KIPC_CALL_REPLIED = 2,	/**< the reply is here */
};

/** struct kipc_msg, known: the fields that the mechanism filled in. */
#define KIPC_KNOWN_PEER	(1U << 0)	/**< pid, uid and gid */
#define KIPC_KNOWN_TYPE	(1U << 1)	/**< type */
#define KIPC_KNOWN_PRIO	(1U << 2)	/**< prio */

/**
 * A received message.
 *
 * @data is borrowed: it stays good until kipc_release(), kipc_reply() or
 * kipc_close(), whichever comes first.  Where the mechanism can lend its own
 * memory (channel:, ring:) nothing is copied; elsewhere it lies in the handle's buffer.
 * On ring: whoever sends can still write to it: read each byte that matters once, or use
 * kipc_recv_into().
 */
struct kipc_msg {
	const void *data;	/**< the payload */
	size_t len;		/**< its bytes */
	uint64_t type;		/**< its type (see kipc_send_opts()) */
	uint32_t prio;		/**< its priority, higher is more urgent */
	uint32_t kind;		/**< enum kipc_msg_kind; those without @data have @len 0 */
	uint32_t known;		/**< which of the rest the mechanism knows: KIPC_KNOWN_* */
	pid_t pid;		/**< the sender's process */
	uid_t uid;		/**< the sender's effective user */
	gid_t gid;		/**< the sender's effective group */
	uint64_t id;		/**< the message, to whom it concerns (kipc_reply()) */
	uint64_t peer;		/**< to a listener: which client sent it; otherwise 0 */
	uint64_t call;		/**< REPLY, FAILED, CANCEL: the @id of the call; otherwise 0 */
	uint32_t outcome;	/**< of our call, failed or not: enum kipc_msg_outcome */
	uint32_t fd_count;	/**< descriptors that came with it: kipc_take_fds() */
	struct kipc *handle;	/**< who lends @data */
	void *priv[3];		/**< the library's own */
};

/**
 * Options for opening a handle.  Zero everywhere is the default; start with
 * KIPC_OPTIONS_INIT.
 *
 * These are wishes, granted as far as the mechanism can (kipc_info() says how
 * far), so that one set of options suits every address.  An address's ?options
 * come on top and are demands: one that cannot be met fails the call.
 *
 * @busy_poll (at most 10 ms) is for machines with CPUs to spare and peers that answer
 * soon.  From a @ring kipc_recv() takes one-way messages without a system call; what
 * else changes is in kipc_recv(3), "Rings".
 */
struct kipc_options {
	size_t size;		/**< sizeof(struct kipc_options) */
	mode_t mode;		/**< who may connect (less the umask), 0: 0600 */
	uint32_t flags;		/**< KIPC_OPT_* */
	uint64_t max_size;	/**< largest message wanted, bytes; 0: the mechanism's default */
	uint64_t max_msgs;	/**< messages that may wait, 0: the mechanism's default */
	uint64_t pool_size;	/**< channel: bytes of the pool; 0: the default */
	uint64_t busy_poll;	/**< channel, queue, ring: look so long before sleep, ns */
	uint32_t ring;		/**< channel: entries of a ring, 16 to 4096; 0: none */
	uint32_t reserved;	/**< 0 */
};

#define KIPC_OPTIONS_INIT { sizeof(struct kipc_options), 0, 0, 0, 0, 0, 0, 0, 0 }

/** struct kipc_options, flags: for a listener on a channel. */
#define KIPC_OPT_NOTICES (1U << 0)	/**< be told of clients, and of calls given up */
#define KIPC_OPT_NICE	(1U << 1)	/**< serve a call at its caller's nice value */

/** The most descriptors that one message can carry. */
#define KIPC_MSG_FDS_MAX 253

/** Options for one message: kipc_send_opts() and its kin. */
struct kipc_send_options {
	size_t size;		/**< sizeof(struct kipc_send_options) */
	uint64_t type;		/**< a type of the application's own */
	uint32_t prio;		/**< 0 is ordinary, 32767 the most urgent; of a reply: 0 */
	uint32_t flags;		/**< none yet: 0 */
	uint64_t to;		/**< from a listener: to which client (struct kipc_msg, peer) */
	const int *fds;		/**< descriptors that go along; they stay the caller's */
	size_t fd_count;	/**< how many, at most KIPC_MSG_FDS_MAX */
};

#define KIPC_SEND_OPTIONS_INIT { sizeof(struct kipc_send_options), 0, 0, 0, 0, NULL, 0 }

/** One message of several: kipc_send_many(). */
struct kipc_out {
	const void *data;	/**< the payload */
	size_t len;		/**< its bytes */
	const struct kipc_send_options *options;	/**< or NULL */
};

/**
 * A message that is being written where it is sent from: kipc_loan().
 */
struct kipc_loan {
	void *data;		/**< write the message here */
	size_t len;		/**< bytes that there is room for */
	struct kipc *handle;	/**< who lends it; NULL: nothing is lent any more */
	void *priv[3];		/**< the library's own */
};

/** struct kipc_recv_options, pick: which of the messages that wait. */
enum kipc_pick {
	KIPC_PICK_NEXT = 0,	/**< the one that kipc_recv() would take */
	KIPC_PICK_FIRST = 1,	/**< the oldest, whatever its priority */
	KIPC_PICK_TYPE = 2,	/**< of type @match */
	KIPC_PICK_TYPE_MAX = 3,	/**< of the lowest type that is not above @match */
	KIPC_PICK_NOT_TYPE = 4,	/**< of any type but @match */
	KIPC_PICK_NTH = 5,	/**< the one before which @match others wait (KIPC_PEEK) */
};

/** struct kipc_recv_options, flags. */
#define KIPC_PEEK	(1U << 0)	/**< leave the message where it is */
#define KIPC_TRUNCATE	(1U << 1)	/**< of a longer one than @max_len, its beginning */

/**
 * Which message, and how much of it: kipc_recv_opts().
 *
 * Of those that qualify the most urgent is taken, and of several of one priority the
 * oldest.
 */
struct kipc_recv_options {
	size_t size;		/**< sizeof(struct kipc_recv_options) */
	uint64_t match;		/**< what @pick says; else 0 */
	size_t max_len;		/**< bytes of payload wanted; SIZE_MAX: whatever comes */
	uint32_t pick;		/**< enum kipc_pick */
	uint32_t flags;		/**< KIPC_PEEK, KIPC_TRUNCATE */
};

#define KIPC_RECV_OPTIONS_INIT { sizeof(struct kipc_recv_options), 0, SIZE_MAX, 0, 0 }

/** What a mechanism can do: struct kipc_info, can. */
#define KIPC_CAN_LISTEN		(1U << 0)	/**< kipc_listen(), kipc_connect() */
#define KIPC_CAN_PAIR		(1U << 1)	/**< kipc_pair() */
#define KIPC_CAN_DUPLEX		(1U << 2)	/**< both ends send and receive */
#define KIPC_CAN_CALL		(1U << 3)	/**< kipc_call(), kipc_reply() */
#define KIPC_CAN_TYPE		(1U << 4)	/**< messages have a type */
#define KIPC_CAN_PRIO		(1U << 5)	/**< messages have a priority */
#define KIPC_CAN_POLL		(1U << 6)	/**< kipc_fd() gives a pollable descriptor */
#define KIPC_CAN_BORROW		(1U << 7)	/**< received data is lent, not copied */
#define KIPC_CAN_PEER		(1U << 8)	/**< tells the sender's identity */
#define KIPC_CAN_FDS		(1U << 9)	/**< messages carry descriptors */
#define KIPC_CAN_ASYNC		(1U << 10)	/**< kipc_call_start() */
#define KIPC_CAN_CALLBACK	(1U << 11)	/**< a listener calls its clients */
#define KIPC_CAN_NOTICES	(1U << 12)	/**< KIPC_OPT_NOTICES, kipc_canceled() */
#define KIPC_CAN_SELECT		(1U << 13)	/**< enum kipc_pick */
#define KIPC_CAN_PEEK		(1U << 14)	/**< KIPC_PEEK */
#define KIPC_CAN_STAT		(1U << 15)	/**< kipc_stat() */
#define KIPC_CAN_CHANGE		(1U << 16)	/**< kipc_change() */
#define KIPC_CAN_NOTIFY		(1U << 17)	/**< kipc_notify() */
#define KIPC_CAN_LOAN		(1U << 18)	/**< kipc_loan() lends where the receiver reads */

/** What a handle is, from kipc_info(). */
struct kipc_info {
	size_t size;		/**< in: sizeof(struct kipc_info) */
	const char *scheme;	/**< e.g. "channel"; static storage */
	uint32_t can;		/**< KIPC_CAN_* */
	uint32_t reserved;	/**< 0 */
	uint64_t max_size;	/**< largest message in bytes; UINT64_MAX: no bound of its own */
	uint64_t max_msgs;	/**< messages that may wait; 0: not counted in messages */
};

#define KIPC_INFO_INIT { sizeof(struct kipc_info), NULL, 0, 0, 0, 0 }

/** kipc_events(): what the caller means to do next. */
#define KIPC_WANT_RECV	(1U << 0)
#define KIPC_WANT_SEND	(1U << 1)

/** What an event loop is to wait for: kipc_events(). */
struct kipc_events {
	size_t size;		/**< in: sizeof(struct kipc_events) */
	int fd;			/**< a descriptor to poll, level-triggered; -1: there is none */
	uint32_t events;	/**< for what: POLLIN, POLLOUT (epoll's have the same values) */
	int64_t timeout;	/**< try after so many ns all the same; KIPC_FOREVER: need not */
};

#define KIPC_EVENTS_INIT { sizeof(struct kipc_events), -1, 0, KIPC_FOREVER }

/** struct kipc_stat: a number that the mechanism does not tell. */
#define KIPC_UNKNOWN	UINT64_MAX

/** What there is to know of a store of messages: kipc_stat(). */
struct kipc_stat {
	size_t size;		/**< in: sizeof(struct kipc_stat) */
	mode_t mode;		/**< who may receive (read) and send (write) */
	uid_t uid;		/**< its owner */
	gid_t gid;		/**< its group */
	pid_t send_pid;		/**< who sent the last message; 0: nobody, or unknown */
	pid_t recv_pid;		/**< who received the last, likewise */
	uint32_t number;	/**< queue:, sysv-msg: what the kernel knows it by, or 0 */
	uint64_t msgs;		/**< messages that wait */
	uint64_t bytes;		/**< their payload */
	uint64_t max_msgs;	/**< messages that it may hold */
	uint64_t max_bytes;	/**< payload that it may hold */
	uint64_t max_size;	/**< the largest message */
	uint64_t peak_msgs;	/**< the most that have waited at once */
	uint64_t peak_bytes;	/**< the most payload */
	uint64_t sent;		/**< messages sent so far */
	uint64_t received;	/**< messages received so far */
	uint64_t senders;	/**< threads that wait for room */
	uint64_t receivers;	/**< threads that wait for a message */
	uint64_t send_time;	/**< when the last was sent, ns since 1970; 0: never */
	uint64_t recv_time;	/**< when the last was received, likewise */
	uint64_t change_time;	/**< when owner, mode or limits were last set */
};

#define KIPC_STAT_INIT { sizeof(struct kipc_stat), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, \
			 0, 0, 0, 0, 0, 0 }

/** struct kipc_change, what: which of the fields are to be set. */
#define KIPC_CHANGE_MODE	(1U << 0)
#define KIPC_CHANGE_UID		(1U << 1)
#define KIPC_CHANGE_GID		(1U << 2)
#define KIPC_CHANGE_MSGS	(1U << 3)
#define KIPC_CHANGE_BYTES	(1U << 4)
#define KIPC_CHANGE_SIZE	(1U << 5)

/** What a store of messages is to be from now on: kipc_change(). */
struct kipc_change {
	size_t size;		/**< sizeof(struct kipc_change) */
	uint32_t what;		/**< KIPC_CHANGE_* */
	mode_t mode;		/**< who may receive (read) and send (write); no umask */
	uid_t uid;		/**< its owner */
	gid_t gid;		/**< its group */
	uint64_t max_msgs;	/**< messages that it may hold */
	uint64_t max_bytes;	/**< payload that it may hold */
	uint64_t max_size;	/**< the largest message */
};

#define KIPC_CHANGE_INIT { sizeof(struct kipc_change), 0, 0, 0, 0, 0, 0, 0 }

/** struct kipc_notify_options, how. */
enum kipc_tell {
	KIPC_TELL_SIGNAL = 1,	/**< by @signo, with @value (SI_MESGQ) */
	KIPC_TELL_EVENTFD = 2,	/**< by adding 1 to the eventfd @fd */
	KIPC_TELL_THREAD = 3,	/**< by a new thread that calls @function (posix-mq:) */
};

/** struct kipc_notify_options, flags. */
#define KIPC_TELL_ONCE	(1U << 0)	/**< the first time only */
#define KIPC_TELL_EACH	(1U << 1)	/**< of each message, not only where none waited */

union sigval;	/* <signal.h>, where that has it */

/** How to be told of messages: kipc_notify(). */
struct kipc_notify_options {
	size_t size;		/**< sizeof(struct kipc_notify_options) */
	uint32_t how;		/**< enum kipc_tell */
	uint32_t flags;		/**< KIPC_TELL_* */
	int signo;		/**< which signal; else 0 */
	int fd;			/**< which eventfd; it stays the caller's; else 0 */
	uint64_t value;		/**< for siginfo_t or @function, sival_ptr; else 0 */
	void (*function)(union sigval value);	/**< what a thread is to call; else NULL */
};

#define KIPC_NOTIFY_OPTIONS_INIT { sizeof(struct kipc_notify_options), 0, 0, 0, 0, 0, NULL }

/**
 * Open the receiving or serving end of an address and make the address known.
 *
 * @handle:	where the new handle goes; the caller owns it: kipc_close()
 * @address:	scheme:name?options
 * @options:	or NULL
 *
 * Returns 0 or: -EINVAL, -EADDRINUSE, -EACCES, -ENODEV, -EOPNOTSUPP (the scheme
 * has no names: kipc_pair()), -ENOMEM, -EMFILE, -EDQUOT.
 * Thread-safe.  Since 0.1.
 */
int kipc_listen(struct kipc **handle, const char *address,
		const struct kipc_options *options);

/**
 * Open the calling or sending end of an address that somebody listens on.
 *
 * As kipc_listen(), and: -ENOENT (nobody has the address), -ECONNREFUSED (it is
 * there and nobody answers).
 * Thread-safe.  Since 0.1.
 */
int kipc_connect(struct kipc **handle, const char *address,
		 const struct kipc_options *options);

/**
 * Open both ends at once, for parent and child or for two threads.
 *
 * @ends:	ends[0] receives (serves), ends[1] sends (calls); where the
 *		mechanism is duplex both do both
 *
 * Errors as kipc_listen().  Thread-safe.  Since 0.1.
 */
int kipc_pair(struct kipc *ends[2], const char *address,
	      const struct kipc_options *options);

/**
 * Close a handle; NULL is ignored.  Messages received through it and not yet
 * released go with it.
 *
 * A name that kipc_listen() made (a socket path it bound, a POSIX or System V
 * queue it created) is removed when the last process that has the handle closes
 * it; one that was there before is left.  A queue of kipc keeps its messages
 * until kipc_unlink().
 *
 * Returns 0; the handle is gone.  Since 0.1.
 */
int kipc_close(struct kipc *handle);

/**
 * Remove an address that outlives its handles (queue:, posix-mq:, sysv-msg:, a
 * stale socket path).
 *
 * Returns 0 or -ENOENT, -EACCES, -EOPNOTSUPP (nothing outlives the handle),
 * -EADDRINUSE (somebody listens on that socket path), -ENODEV, -EINVAL.  Thread-safe.  Since 0.1.
 */
int kipc_unlink(const char *address);

/**
 * Send one message one way.
 *
 * @timeout:	how long to wait for room
 *
 * Returns 0 or: -EPIPE, -EAGAIN, -ETIMEDOUT, -EMSGSIZE, -EINTR, -EOPNOTSUPP (a
 * receiving end of a one-way mechanism), -EDESTADDRREQ (from a listener, which
 * client? kipc_send_opts()).  After a failure the message is not delivered.
 * Thread-safe.  Since 0.1.
 */
int kipc_send(struct kipc *handle, const void *data, size_t len, int64_t timeout);

/**
 * kipc_send() with a type, a priority, descriptors and from a listener the client, where
 * the mechanism has them (otherwise -EOPNOTSUPP).
 *
 * @options:	or NULL
 *
 * Of descriptors also: -EBADF (one is not open), -ELOOP (one might come to hold the
 * message that holds it: kipc's own, AF_UNIX sockets, io_uring, Binder; on AF_UNIX sockets,
 * whose cycles the kernel finds, only io_uring), -EDQUOT.
 * Since 0.1.
 */
int kipc_send_opts(struct kipc *handle, const void *data, size_t len,
		   const struct kipc_send_options *options, int64_t timeout);

/**
 * Send several messages one way: on channel: and queue: up to 64 in one system call.
 *
 * @msgs:	@count of them, in the order in which they are sent
 * @timeout:	how long to wait for room for the first; none of the others waits
 *
 * Returns how many were sent, or what kipc_send_opts() returns of the first.  Where it
 * sent fewer than @count, sending the rest tells why.  Thread-safe.  Since 0.1.
 */
ssize_t kipc_send_many(struct kipc *handle, const struct kipc_out *msgs, size_t count,
		       int64_t timeout);

/**
 * Borrow memory to write a message into, instead of having it copied.
 *
 * @loan:	filled in; give it back with kipc_commit(), which sends, or with
 *		kipc_loan_cancel()
 * @len:	room for so many bytes
 * @timeout:	how long to wait for room
 *
 * With KIPC_CAN_LOAN the memory is where the receiver reads, and nothing is copied.
 * Elsewhere it is the library's, and kipc_commit() sends it as kipc_send() would.  What is
 * in it is undefined; in shared memory it may be a former message.
 *
 * ring: a loan is a place in the queue.  What others send after it is received after it,
 * so commit soon.  When the process that has it dies, or closes the handle, it is
 * canceled.  A loan is the process's that took it: after fork() the child can do nothing
 * with its copy.
 *
 * Returns 0 or: -EPIPE, -EAGAIN, -ETIMEDOUT, -EINTR, -EMSGSIZE, -EOPNOTSUPP (a receiving
 * end), -ENOMEM, -EINVAL.  After a failure nothing is lent.  Thread-safe; one loan is for
 * one thread at a time.  Since 0.1.
 */
int kipc_loan(struct kipc *handle, struct kipc_loan *loan, size_t len, int64_t timeout);

/**
 * Send what has been written into a loan, and give it back.
 *
 * @len:	bytes of the message, at most loan->len
 * @timeout:	how long to wait for room; with KIPC_CAN_LOAN there is room already
 *
 * Returns 0 or: -EINVAL (nothing is lent, @len is more than is lent, or the loan is a
 * parent's) or as kipc_send().  After any failure but -EPIPE, -EPROTO the loan is still
 * held, and can be committed again or canceled; after those it is canceled.
 * Thread-safe.  Since 0.1.
 */
int kipc_commit(struct kipc_loan *loan, size_t len, int64_t timeout);

/**
 * kipc_commit() with a type, a priority, descriptors and from a listener the client, as
 * kipc_send_opts() has them.
 *
 * @options:	or NULL
 *
 * Since 0.1.
 */
int kipc_commit_opts(struct kipc_loan *loan, size_t len,
		     const struct kipc_send_options *options, int64_t timeout);

/** Give a loan back and send nothing.  NULL and one that was given back already are
 * ignored.  Thread-safe.  Since 0.1.
 */
void kipc_loan_cancel(struct kipc_loan *loan);

/**
 * Receive the next message.
 *
 * @msg:	filled in; release it with kipc_release() or kipc_reply()
 * @timeout:	how long to wait for one
 *
 * Returns the payload's length (>= 0) or: -EAGAIN, -ETIMEDOUT, -EINTR, -EPIPE
 * (the other side is gone and nothing is left; a listener never gets it).
 * Thread-safe.  Since 0.1.
 */
ssize_t kipc_recv(struct kipc *handle, struct kipc_msg *msg, int64_t timeout);

/**
 * Receive several messages: on queue: up to 64 in one system call.
 *
 * @msgs:	room for @count; each is to be released as in kipc_recv(), in any order
 * @timeout:	how long to wait for the first; none of the others is waited for
 *
 * Those of one system call lie in one buffer, which is used again when all of them have
 * been released.  On queue: descriptors of messages that are received so are dropped.
 *
 * Returns how many came, at least 1 where @count is, or what kipc_recv() returns of the
 * first.  Thread-safe.  Since 0.1.
 */
ssize_t kipc_recv_many(struct kipc *handle, struct kipc_msg *msgs, size_t count,
		       int64_t timeout);

/**
 * Receive a message that is chosen among those that wait.
 *
 * @msg:	as in kipc_recv(), and to be released as there, looked at (KIPC_PEEK) or
 *		taken; @len is what there is of it in @data
 * @options:	or NULL: as kipc_recv()
 * @timeout:	how long to wait for one that qualifies; KIPC_PICK_NTH never waits
 *
 * Returns the payload's whole length: more than msg->len where KIPC_TRUNCATE has cut it
 * off, and the rest is lost.  Or as kipc_recv(), and: -EMSGSIZE, it is longer than
 * @max_len and stays where it was; msg->len is its length where the mechanism tells,
 * otherwise 0.  -EOPNOTSUPP, the mechanism cannot choose (KIPC_CAN_SELECT) or look
 * (KIPC_CAN_PEEK); @max_len and KIPC_TRUNCATE work everywhere.  sysv-msg: looks at
 * KIPC_PICK_NEXT, FIRST and NTH only.  Descriptors stay with a message that is looked at.
 * Thread-safe.  Since 0.1.
 */
ssize_t kipc_recv_opts(struct kipc *handle, struct kipc_msg *msg,
		       const struct kipc_recv_options *options, int64_t timeout);

/**
 * Receive the next message into a buffer of the caller's.
 *
 * Nothing to release.  -EMSGSIZE: it is larger than @size, and is still the next
 * message of this handle.  Meant for one-way messages: a call taken this way
 * cannot be answered and is refused, descriptors are dropped, notices (and
 * KIPC_MSG_FAILED) passed over.  Otherwise as kipc_recv().
 * Thread-safe.  Since 0.1.
 */
ssize_t kipc_recv_into(struct kipc *handle, void *buf, size_t size, int64_t timeout);

/**
 * Send a message and wait for its reply.
 *
 * @reply:	filled in; release it with kipc_release().  On errors its @outcome
 *		says whether the call may have run
 * @timeout:	for the whole call; KIPC_NOW is -EAGAIN and sends nothing
 *
 * Returns the reply's length (>= 0) or: -EPIPE (never received: safe to try
 * again), -ECONNRESET (received, then the other side died or refused it),
 * -ETIMEDOUT, -EINTR, -EMSGSIZE, -EOPNOTSUPP (a one-way mechanism, or one whose
 * listener cannot call), -EDESTADDRREQ (a listener calls, but whom?
 * kipc_call_opts()).  Thread-safe: any number of threads may call through one
 * handle; of several processes that share one (fork), only channel:.  Since 0.1.
 */
ssize_t kipc_call(struct kipc *handle, const void *data, size_t len,
		  struct kipc_msg *reply, int64_t timeout);

/**
 * kipc_call() with options, as kipc_send_opts() is kipc_send().
 *
 * With @to a listener calls one of its clients, which answers as a listener does:
 * kipc_recv(), kipc_reply().  One that is itself waiting in kipc_call() needs another
 * thread for that, or it starts its call with kipc_call_start().  Since 0.1.
 */
ssize_t kipc_call_opts(struct kipc *handle, const void *data, size_t len,
		       const struct kipc_send_options *options, struct kipc_msg *reply,
		       int64_t timeout);

/**
 * Make a call and do not wait for its reply.
 *
 * @options:	or NULL
 * @id:		the call's
 * @timeout:	how long to wait for room
 *
 * The end of the call is received with kipc_recv(): a message of kind KIPC_MSG_REPLY or
 * KIPC_MSG_FAILED whose @call is @id.  There is exactly one as long as the handle lives,
 * and it may be there before this function returns.  A call that was started cannot be
 * taken back.
 *
 * Returns 0 or as kipc_send_opts(); -EOPNOTSUPP without KIPC_CAN_ASYNC.  After a failure
 * there is no call.  Thread-safe.  Since 0.1.
 */
int kipc_call_start(struct kipc *handle, const void *data, size_t len,
		    const struct kipc_send_options *options, uint64_t *id, int64_t timeout);

/**
 * Answer a call, and release it.
 *
 * Never waits, but on unix: and tcp: for the rest of a reply that was begun and is larger
 * than the socket's buffer: kipc_address(7).  Returns 0 or: -EINVAL (not a call, or
 * answered already), -ECANCELED or -EPIPE (the caller waits no more), -EMSGSIZE, -ENOBUFS
 * (no room at the caller).  After -EMSGSIZE and -ENOBUFS the call can still be answered;
 * after -EINVAL nothing has happened (a one-way message still wants kipc_release()); after
 * anything else it is over.  Either end may have calls to answer.  Thread-safe.  Since 0.1.
 */
int kipc_reply(struct kipc *handle, struct kipc_msg *call, const void *data, size_t len);

/**
 * kipc_reply() with a type and descriptors.
 *
 * @options:	or NULL; a priority or a client in them is -EINVAL
 *
 * As kipc_reply(), and -EOPNOTSUPP as kipc_send_opts().  After -EBADF, -ELOOP and
 * -EOPNOTSUPP too the call can still be answered.  Since 0.1.
 */
int kipc_reply_opts(struct kipc *handle, struct kipc_msg *call, const void *data, size_t len,
		    const struct kipc_send_options *options);

/**
 * Has the caller of a call that we hold stopped waiting?
 *
 * For a server with long work to do, which may drop it then; the call still wants
 * kipc_reply() or kipc_release().  Costs a system call.  A call made with
 * kipc_call_start() is given up when its maker closes (KIPC_MSG_GONE says that, too).
 *
 * Returns 1 or 0, or: -EINVAL (not a call, or answered already), -EOPNOTSUPP (without
 * KIPC_CAN_NOTICES).  Thread-safe.  Since 0.1.
 */
int kipc_canceled(const struct kipc_msg *call);

/**
 * Take the descriptors that came with a received message.
 *
 * @fds:	where they go, the first @max of msg->fd_count; the caller owns them
 *
 * They are new and close-on-exec.  Those not asked for are closed with the message; who
 * asks twice gets them twice.
 *
 * On channel: they are installed now, and on queue: by kipc_recv(), where they are the
 * library's until the message is released: there a message whose descriptors find no room
 * stays the next one, and kipc_recv() is -EMFILE.  kipc_recv_into() takes it without them.
 * On unix:, unix-dgram: and unix-seqpacket: they are installed by kipc_recv() as well; where
 * they found no room the message comes without them, and this is -EMFILE.
 *
 * Returns how many (0: it has none), or: -EINVAL (released), -EMFILE.  After a failure
 * there are none.  Thread-safe.  Since 0.1.
 */
int kipc_take_fds(const struct kipc_msg *msg, int *fds, size_t max);

/**
 * Answer a call and receive the next message: one system call on channel:.
 *
 * @msg:	in: the call; out: the next message
 * @timeout:	how long to wait for the next message
 *
 * Returns as kipc_recv(); a failure of the reply itself is not reported except
 * -EMSGSIZE and -ENOBUFS, after which the call is still held and nothing was
 * received.  Since 0.1.
 */
ssize_t kipc_reply_recv(struct kipc *handle, struct kipc_msg *msg,
			const void *data, size_t len, int64_t timeout);

/** Give a received message back.  A call that was not answered is refused
 * (-ECONNRESET at its caller).  NULL and a message released already are
 * ignored.  Thread-safe.  Since 0.1.
 */
void kipc_release(struct kipc_msg *msg);

/** A descriptor that polls readable when kipc_recv() would not wait (level-
 * triggered; on a sending end, writable when kipc_send() has room); it belongs to
 * the handle.  A message that kipc_recv_into() refused as too large, or that came
 * while kipc_call() waited, has left it already, and so have those that a pipe: or pty:
 * had read ahead before this was first called: receive until -EAGAIN, and with
 * KIPC_NOW.  That is also how the kernel learns what was taken from a ring, which
 * polls readable until then.
 *
 * Returns it, or -EOPNOTSUPP where the mechanism has none (sysv-msg:).  Since 0.1.
 */
int kipc_fd(const struct kipc *handle);

/**
 * What is an event loop to wait for, so that a call on this handle need not wait?
 *
 * @want:	KIPC_WANT_RECV, KIPC_WANT_SEND: what the caller means to do next
 * @events:	begun with KIPC_EVENTS_INIT
 *
 * To be asked before each wait: what the library itself still has shows in @timeout, not
 * in the descriptor.  Whenever the wait ends, by @fd or by @timeout, try with KIPC_NOW and
 * receive until -EAGAIN.  Where the mechanism has no descriptor (sysv-msg:) @fd is -1 and
 * @timeout how often to look.
 *
 * Returns 0 or: -EINVAL, -EOPNOTSUPP (this end does not do that; a listener has a client
 * to send to, and no one room to wait for).  Thread-safe.  Since 0.1.
 */
int kipc_events(const struct kipc *handle, uint32_t want, struct kipc_events *events);

/** The most bytes that an address has as text, its end included. */
#define KIPC_ADDRESS_SIZE 512

/**
 * Where a handle is: the address that others reach a listener by, with the port that the
 * kernel chose where it was asked for port 0.
 *
 * @buf:	where it goes; %KIPC_ADDRESS_SIZE bytes always suffice
 *
 * Of a listener on every address (tcp:*:0) it is "tcp:[::]:PORT" or "tcp:0.0.0.0:PORT".
 *
 * Returns 0 or: -EINVAL, -EOPNOTSUPP (not a socket), -EMSGSIZE (@size is too small).
 * Thread-safe.  Since 0.1.
 */
int kipc_local_address(const struct kipc *handle, char *buf, size_t size);

/**
 * Where the other side is.
 *
 * @peer:	of a listener: which client (struct kipc_msg, peer); otherwise 0
 * @buf:	as in kipc_local_address()
 *
 * An address, not an identity: on a network anybody may pretend to any.  A unix: client
 * without a name is "unix:".
 *
 * Returns 0 or: -EINVAL, -EOPNOTSUPP (not a socket), -EPIPE (it has gone, or of udp: and
 * unix-dgram: 4096 others were heard since), -EMSGSIZE (@size is too small).
 * Thread-safe.  Since 0.1.
 */
int kipc_peer_address(const struct kipc *handle, uint64_t peer, char *buf, size_t size);

/** What this handle is and can do.  Returns 0 or -EINVAL.  Since 0.1. */
int kipc_info(const struct kipc *handle, struct kipc_info *info);

/** What an address's mechanism can do, without opening it.  Returns 0 or -EINVAL
 * (no such scheme).  Since 0.1.
 */
int kipc_scheme_info(const char *address, struct kipc_info *info);

/**
 * How full is a store of messages, and who uses it?
 *
 * @stat:	begun with KIPC_STAT_INIT; numbers that the mechanism does not tell are
 *		KIPC_UNKNOWN
 *
 * queue: tells everything, posix-mq: and sysv-msg: what their kernels keep.
 *
 * Returns 0 or: -EINVAL, -EOPNOTSUPP (KIPC_CAN_STAT), -EACCES (a sending end on
 * sysv-msg: that may not read), -EPIPE (it has been removed).  Thread-safe.  Since 0.1.
 */
int kipc_stat(const struct kipc *handle, struct kipc_stat *stat);

/**
 * Change owner, mode or limits of a store of messages while it is in use.
 *
 * Lowered limits leave what waits where it is, and raised ones let senders in that wait.
 * queue: can change everything, sysv-msg: all but MSGS and SIZE, posix-mq: MODE, UID and
 * GID.  It is done as a whole or not at all, but on posix-mq:, where the mode comes last.
 *
 * Returns 0 or: -EINVAL, -EOPNOTSUPP (KIPC_CAN_CHANGE, or one of @what), -EPERM (the
 * caller is not its owner), -EPIPE (it has been removed).  Thread-safe.  Since 0.1.
 */
int kipc_change(struct kipc *handle, const struct kipc_change *change);

/**
 * Be told when a message comes and nobody waits for it.
 *
 * @options:	how, or NULL: not any more
 *
 * Tells of a message that comes where none waited, or with KIPC_TELL_EACH of every one.
 * A new request takes the place of this process's last one on the handle; closing the
 * handle ends it.  posix-mq: tells by signal or thread, once (KIPC_TELL_ONCE), and one
 * process at a time; a thread is detached, and may still run when the handle is closed.
 *
 * Returns 0 or: -EINVAL, -EOPNOTSUPP (a sending end, KIPC_CAN_NOTIFY, or what posix-mq:
 * cannot), -EBUSY (posix-mq: somebody else is told), -EBADF (not an eventfd), -EPIPE (it
 * has been removed).  Thread-safe.  Since 0.1.
 */
int kipc_notify(struct kipc *handle, const struct kipc_notify_options *options);

/** The n-th scheme of this library, or NULL: for (i = 0; (s = kipc_scheme(i)); i++).
 * Since 0.1.
 */
const char *kipc_scheme(unsigned int n);

/**
 * A sentence for an error: what happened and what to do about it.
 *
 * @address:	the address it happened with, or NULL
 * @err:	what a function returned (negative)
 * @buf:	where the sentence goes, always terminated
 *
 * Returns @buf.  Thread-safe.  Since 0.1.
 */
char *kipc_explain(const char *address, int err, char *buf, size_t size);

#ifdef __cplusplus
}
#endif

#endif /* KIPC_H */
