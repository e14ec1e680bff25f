/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libkipc's insides: what its files share and no program sees.
 *
 * The library is a thin dispatcher over a table of transports:
 *
 *	kipc.c		the public functions: check the arguments, find the
 *			transport, call its operation
 *	loan.c		those that lend memory to send from
 *	info.c		those that move no message
 *	mechanisms.c	the list of all there is, whatever their family
 *	address.c	addresses and options
 *	error.c		sentences for errors
 *	handle.c	what every handle has: buffers, messages put back
 *	wait.c		deadlines, and waiting for a descriptor
 *	lifetime.c	who is the last to close a handle that was forked
 *	system.c	the system's limits, and fresh names
 *	transport/	one transport a file or a few of its name; /dev/kipc (device.c)
 *	region/ lock/ notice/ control/	the other families, each with its public
 *			header (kipc_region.h ...), its dispatcher and its mechanisms
 *
 * A mechanism is a constant that begins with a struct kipc_mechanism and is listed
 * once, in mechanisms.c.  A transport's is a struct kipc_transport.
 * It makes its own handles (a structure that begins with struct kipc), so what a
 * handle is made of is nobody else's business.  Operations that a mechanism does
 * not have are NULL, and the dispatcher answers for them.  Times are relative in
 * the public interface and absolute from the dispatcher on.
 *
 * Regions, locks and notices are no transports: they have tables and public headers
 * of their own, and share addresses, deadlines, lifetimes and errors.
 */
#ifndef KIPC_INTERNAL_H
#define KIPC_INTERNAL_H

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/single_threaded.h>
#include <sys/types.h>

#include "kipc.h"

/* The symbols of libkipc.map; everything else is hidden. */
#define KIPC_EXPORT __attribute__((visibility("default")))

/*
 * What runs for every message of a simple transport.  Kept together: after each switch of
 * processes every page that is touched costs a look into the page tables.
 */
#define KIPC_HOT __attribute__((hot))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

/* ---- wait.c: deadlines ---- */

/*
 * A point in time: CLOCK_MONOTONIC nanoseconds, or one of the two that are not.
 * They read as the public relative times do, so 0 is "do not wait".
 */
typedef int64_t kipc_deadline;

#define KIPC_NEVER	((int64_t)-1)
#define KIPC_AT_ONCE	((int64_t)0)

kipc_deadline kipc_deadline_later(int64_t timeout);
int64_t kipc_deadline_left(kipc_deadline deadline);
int kipc_deadline_missed(kipc_deadline deadline);
struct timespec;
struct timespec *kipc_deadline_timespec(kipc_deadline deadline, struct timespec *ts);
int kipc_wait_fd(int fd, short events, kipc_deadline deadline);
int kipc_wait_lock(pthread_mutex_t *lock, kipc_deadline deadline);
int kipc_wait_robust(pthread_mutex_t *lock, kipc_deadline deadline);

/* Where nothing tells that it is time to try again: naps of growing length. */
#define KIPC_NAP_MIN	20000
#define KIPC_NAP_MAX	2000000

int kipc_wait_nap(int64_t *nap, kipc_deadline deadline);

/* The deadline of a public timeout. */
static inline kipc_deadline kipc_deadline_after(int64_t timeout)
{
	return timeout < 0 ? KIPC_NEVER : timeout ? kipc_deadline_later(timeout) : KIPC_AT_ONCE;
}

/* ---- lifetime.c: the last one to close ---- */

/*
 * A token that fork() multiplies with the handle that holds it.  Closing it tells
 * whether any other copy is left, in any process.
 */
struct kipc_lifetime {
	int hold;	/* the writing end of a pipe that nobody ever writes to */
	int watch;	/* its reading end: hung up once no copy of @hold is open */
};

#define KIPC_LIFETIME_NONE { -1, -1 }

int kipc_lifetime_open(struct kipc_lifetime *life);
int kipc_lifetime_share(struct kipc_lifetime *to, const struct kipc_lifetime *from);
bool kipc_lifetime_close(struct kipc_lifetime *life);

/* A word that fork() clears in the child. */
struct kipc_forkmark {
	atomic_uint *word;
};

int kipc_forkmark_init(struct kipc_forkmark *mark);
void kipc_forkmark_deinit(struct kipc_forkmark *mark);

/* May this process be a child that has not used the handle yet? */
static inline bool kipc_forkmark_forked(const struct kipc_forkmark *mark)
{
	return !atomic_load_explicit(mark->word, memory_order_acquire);
}

static inline void kipc_forkmark_settle(const struct kipc_forkmark *mark)
{
	atomic_store_explicit(mark->word, 1, memory_order_release);
}

/* ---- handle.c: what every handle has ---- */

/* Memory for one received message; belongs to its handle for good. */
struct kipc_buffer {
	struct kipc_buffer *free;	/* the next free one */
	struct kipc_buffer *all;	/* the next of all */
	atomic_uint users;		/* messages that lie in it and are not released */
	size_t capacity;
	unsigned char *data;
	int *fds;			/* a socket's: descriptors that came with it */
	uint32_t fd_count;
};

/* Which way messages may go through a handle. */
#define KIPC_SIDE_RECV	(1U << 0)
#define KIPC_SIDE_SEND	(1U << 1)
#define KIPC_SIDE_BOTH	(KIPC_SIDE_RECV | KIPC_SIDE_SEND)

struct kipc_transport;
struct kipc_kept;

/*
 * The common part of a handle.  @spare is a buffer kept aside so that the steady
 * state (receive, release, receive) takes no lock; @kept are the messages that
 * kipc_recv_into() found too large, and the next receive takes first.  Both are
 * only touched by __atomic builtins.
 */
struct kipc {
	const struct kipc_transport *transport;
	uint32_t side;
	struct kipc_buffer *spare;
	struct kipc_kept *kept;
	pthread_mutex_t lock;		/* the rest */
	struct kipc_buffer *free;
	struct kipc_buffer *all;
	struct kipc_buffer *loans;	/* like @free and @all, but to send from (loan.c) */
	struct kipc_buffer *all_loans;
};

void *kipc_handle_new(size_t size, const struct kipc_transport *transport, uint32_t side);
void kipc_handle_free(struct kipc *handle);

struct kipc_buffer *kipc_buffer_find(struct kipc *handle, struct kipc_buffer *spare,
				     size_t capacity);
void kipc_buffer_file(struct kipc *handle, struct kipc_buffer *buffer);
int kipc_buffer_grow(struct kipc_buffer *buffer, size_t capacity);
void kipc_buffer_lend(struct kipc *handle, struct kipc_msg *msg,
		      struct kipc_buffer *buffer, size_t offset, size_t len);
void kipc_buffer_share(struct kipc_buffer *buffer, unsigned int users);
void kipc_buffer_return(struct kipc_msg *msg);

int kipc_msg_keep(struct kipc *handle, const struct kipc_msg *msg);
bool kipc_msg_take_kept(struct kipc *handle, struct kipc_msg *msg);

/*
 * Take a buffer of at least @capacity bytes; what was in it is lost.  Memory that
 * is never touched is never backed, so asking for the most that could come costs
 * addresses only.  While the process has one thread nothing needs to be atomic.
 *
 * Returns NULL when there is no memory.
 */
static inline struct kipc_buffer *kipc_buffer_get(struct kipc *handle, size_t capacity)
{
	struct kipc_buffer *buffer;

	if (__libc_single_threaded) {
		buffer = __atomic_load_n(&handle->spare, __ATOMIC_RELAXED);
		__atomic_store_n(&handle->spare, NULL, __ATOMIC_RELAXED);
	} else {
		buffer = __atomic_exchange_n(&handle->spare, NULL, __ATOMIC_ACQ_REL);
	}
	if (buffer && buffer->data && buffer->capacity >= capacity)
		return buffer;
	return kipc_buffer_find(handle, buffer, capacity);
}

static inline void kipc_buffer_put(struct kipc *handle, struct kipc_buffer *buffer)
{
	struct kipc_buffer *none = NULL;

	if (!buffer)
		return;
	if (__libc_single_threaded && !__atomic_load_n(&handle->spare, __ATOMIC_RELAXED))
		__atomic_store_n(&handle->spare, buffer, __ATOMIC_RELAXED);
	else if (!__atomic_compare_exchange_n(&handle->spare, &none, buffer, false,
					      __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		kipc_buffer_file(handle, buffer);
}

static inline bool kipc_msg_any_kept(const struct kipc *handle)
{
	return __atomic_load_n(&handle->kept, __ATOMIC_RELAXED);
}

static inline void kipc_msg_init(struct kipc_msg *msg, struct kipc *handle)
{
	memset(msg, 0, sizeof(*msg));
	msg->kind = KIPC_MSG_SEND;
	msg->handle = handle;
}

/* ---- mechanisms.c: what there is ---- */

enum kipc_family {
	KIPC_FAMILY_TRANSPORT,	/* moves messages: kipc.h */
	KIPC_FAMILY_REGION,	/* memory in common: kipc_region.h */
	KIPC_FAMILY_LOCK,	/* waits for one another: kipc_lock.h */
	KIPC_FAMILY_NOTICE,	/* tells that something is: kipc_notice.h */
	KIPC_FAMILY_CONTROL,	/* has another process in its hand: kipc_control.h */
};

/**
 * struct kipc_mechanism - what every mechanism has, to be found by its address
 * @scheme:	its name in addresses
 * @family:	which function opens it
 * @params:	KIPC_PARAM_BIT()s of the options its addresses take
 * @name_rule:	what a name must look like, for people; NULL: there is no name
 * @name_ok:	does this one?
 */
struct kipc_mechanism {
	const char *scheme;
	enum kipc_family family;
	uint64_t params;
	const char *name_rule;
	bool (*name_ok)(const char *name);
};

extern const struct kipc_mechanism *const kipc_mechanisms[];

const struct kipc_mechanism *kipc_mechanism_find(const char *address);

/* ---- address.c: addresses ---- */

/* Options of an address; each is a number, or merely there. */
enum kipc_param {
	KIPC_PARAM_MODE,	/* permission bits, octal */
	KIPC_PARAM_SIZE,	/* largest message */
	KIPC_PARAM_MSGS,	/* messages that may wait */
	KIPC_PARAM_BYTES,	/* bytes that may wait */
	KIPC_PARAM_POOL,	/* bytes of the pool */
	KIPC_PARAM_CAPACITY,	/* bytes of a pipe */
	KIPC_PARAM_FD,		/* an inherited descriptor */
	KIPC_PARAM_BUSY,	/* nanoseconds of looking before sleeping */
	KIPC_PARAM_RING,	/* entries of a ring */
	KIPC_PARAM_NOTICES,	/* there: tell of clients */
	KIPC_PARAM_NICE,	/* there: serve at the caller's nice value */
	KIPC_PARAM_HUGE,	/* there: in huge pages */
	KIPC_PARAM_VALUE,	/* of a new semaphore, event or counter */
	KIPC_PARAM_SEMS,	/* semaphores of a set */
	KIPC_PARAM_PARTIES,	/* who meet at a barrier */
	KIPC_PARAM_READERS,	/* who may read at once */
	KIPC_PARAM_START,	/* the first byte of a range */
	KIPC_PARAM_LEN,		/* bytes of a range */
	KIPC_PARAM_SPIN,	/* looks before sleeping */
	KIPC_PARAM_RECURSIVE,	/* there: an owner may take it again */
	KIPC_PARAM_INHERIT,	/* there: an owner inherits priority */
	KIPC_PARAM_MANUAL,	/* there: an event stays set */
	KIPC_PARAM_NOUNDO,	/* there: what is taken outlives the taker */
	KIPC_PARAM_FOREIGN,	/* there: another program's, as it is */
	KIPC_PARAM_POLLABLE,	/* there: an event with a descriptor */
	KIPC_PARAM_SEMAPHORE,	/* there: each wait takes 1 of it */
	KIPC_PARAM_PROG,	/* an RPC program */
	KIPC_PARAM_VERS,	/* its version */
	KIPC_PARAM_XDR,		/* there: payloads are XDR already */
	KIPC_PARAM_OUT,		/* a second inherited descriptor, for what goes out */
	KIPC_PARAM_DUPLEX,	/* there: both ways */
	KIPC_PARAM_PACKET,	/* there: each message a packet */
	KIPC_PARAM_SHARED,	/* there: several listeners share the messages */
	KIPC_PARAM_COOKED,	/* there: a terminal that edits lines */
	KIPC_PARAM_ECHO,	/* there: and repeats them */
	KIPC_PARAM_KEEPALIVE,	/* seconds of silence before a connection is tested */
	KIPC_PARAM_COUNT,
};

#define KIPC_PARAM_BIT(param) (1ULL << (param))

/*
 * An address taken apart.  A parameter is *given* when somebody named it, and
 * *demanded* when the address did: a demand that cannot be met is an error, a
 * mere wish (struct kipc_options) is met as far as possible.
 */
struct kipc_address {
	const struct kipc_mechanism *mechanism;
	uint64_t given;
	uint64_t demanded;
	uint64_t value[KIPC_PARAM_COUNT];
	char name[PATH_MAX];
};

#define KIPC_REASON_SIZE 160

int kipc_address_parse(struct kipc_address *address, const char *text, char *reason);
int kipc_address_parse_as(struct kipc_address *address, const char *text,
			  enum kipc_family family);
void kipc_address_wish(struct kipc_address *address, enum kipc_param param,
		       uint64_t value);
int kipc_address_add_options(struct kipc_address *address,
			     const struct kipc_options *options);

static inline bool kipc_address_demands(const struct kipc_address *address,
					enum kipc_param param)
{
	return address->demanded & KIPC_PARAM_BIT(param);
}

static inline uint64_t kipc_address_get(const struct kipc_address *address,
					enum kipc_param param, uint64_t otherwise)
{
	return address->given & KIPC_PARAM_BIT(param) ? address->value[param] : otherwise;
}

static inline mode_t kipc_address_mode(const struct kipc_address *address)
{
	return (mode_t)kipc_address_get(address, KIPC_PARAM_MODE, 0600);
}

/* ---- transports ---- */

/* One message to send; may grow (pieces). */
struct kipc_outgoing {
	const void *data;
	size_t len;
	uint64_t type;
	uint32_t prio;
	uint32_t fd_count;
	const int *fds;
	uint64_t to;
};

int kipc_outgoing_set(const struct kipc *handle, struct kipc_outgoing *out,
		      const void *data, size_t len, const struct kipc_send_options *options);

/* What kipc_recv_opts() asks for, checked. */
struct kipc_wanted {
	uint32_t pick;		/* enum kipc_pick */
	uint32_t flags;		/* KIPC_PEEK, KIPC_TRUNCATE */
	uint64_t match;
	size_t max_len;
};

/* Messages that kipc_send_many() and kipc_recv_many() pass on at once. */
#define KIPC_LOT 64

/**
 * struct kipc_transport - a mechanism that moves messages
 * @mechanism:	what it has in common with those of other families
 * @can:	KIPC_CAN_*; the dispatcher refuses what is not in it
 * @pair_named:	a pair's address may have a name, which says what it is made of
 *
 * @listen, @connect, @pair: make a handle (two).  NULL: -EOPNOTSUPP.
 * @unlink:	remove a name that outlives its handles
 * @close:	release all the handle has and call kipc_handle_free()
 * @send:	one message; 0 or -errno.  After an error nothing was sent.
 * @send_many:	up to %KIPC_LOT, of which only the first waits; how many were sent,
 *		or the error of the first.  NULL: the dispatcher sends one by one.
 * @loan:	set data, len and priv of a loan: memory of the mechanism's own.  NULL: the
 *		dispatcher lends a buffer and sends it.
 * @commit:	send what is in it.  After an error for which kipc_loan_is_open() it is
 *		still lent, after any other it is not.
 * @cancel:	take it back
 * @recv:	one message; fills in all of a kipc_msg_init()ed @msg; 0 or -errno
 * @recv_wanted: the same, of the message that is wanted; msg->len is its whole length,
 *		also after -EMSGSIZE and where it was cut off: the dispatcher shortens it.
 *		NULL: the dispatcher does what can be done without knowing what waits.
 * @recv_many:	up to %KIPC_LOT, all that wait but for what does not fit, waiting for the
 *		first; how many, or the error of the first.  NULL: one by one.
 * @recv_into:	the same into @buf, returning the length; NULL: the dispatcher
 *		copies out of @recv and keeps what does not fit
 * @call:	send and wait for the reply; sets reply->outcome; 0 or -errno
 * @call_start:	send and do not wait; sets *@id
 * @reply:	answer @call and give its memory back.  After an error for which
 *		kipc_reply_is_open() the call is still there, after any other it is not.
 * @reply_recv:	both in one; NULL: the dispatcher does one after the other.  Sets
 *		*@replied once the call in @msg is no more; -EMSGSIZE and -ENOBUFS
 *		before that are the reply's.
 * @release:	give a message's memory back and refuse it if it is a call; NULL:
 *		kipc_buffer_return()
 * @canceled:	does nobody wait for the reply to this call any more?
 * @take_fds:	install @count descriptors of a message, or none
 * @stat:	fill in what is known; the rest is %KIPC_UNKNOWN (or 0) already
 * @change:	what is asked for, or nothing
 * @notify:	tell of messages as @options say; NULL: not any more
 * @fd:		a pollable descriptor
 * @events:	mend what the dispatcher made of @fd: a message that the descriptor does
 *		not show is a timeout of 0; -EOPNOTSUPP: cannot wait for @want
 * @address:	as text: our own, or where a peer is
 * @limits:	fill in max_size and max_msgs; @handle is NULL when asked of the
 *		scheme
 *
 * All but @close may be called by several threads at once.
 */
struct kipc_transport {
	struct kipc_mechanism mechanism;
	uint32_t can;
	bool pair_named;

	int (*listen)(struct kipc **handle, const struct kipc_address *address);
	int (*connect)(struct kipc **handle, const struct kipc_address *address);
	int (*pair)(struct kipc *ends[2], const struct kipc_address *address);
	int (*unlink)(const struct kipc_address *address);
	void (*close)(struct kipc *handle);

	int (*send)(struct kipc *handle, const struct kipc_outgoing *out,
		    kipc_deadline deadline);
	ssize_t (*send_many)(struct kipc *handle, const struct kipc_outgoing *outs,
			     size_t count, kipc_deadline deadline);
	int (*loan)(struct kipc *handle, struct kipc_loan *loan, size_t len,
		    kipc_deadline deadline);
	int (*commit)(struct kipc_loan *loan, const struct kipc_outgoing *out,
		      kipc_deadline deadline);
	void (*cancel)(struct kipc_loan *loan);
	int (*recv)(struct kipc *handle, struct kipc_msg *msg, kipc_deadline deadline);
	int (*recv_wanted)(struct kipc *handle, struct kipc_msg *msg,
			   const struct kipc_wanted *wanted, kipc_deadline deadline);
	ssize_t (*recv_many)(struct kipc *handle, struct kipc_msg *msgs, size_t count,
			     kipc_deadline deadline);
	ssize_t (*recv_into)(struct kipc *handle, void *buf, size_t size,
			     kipc_deadline deadline);
	int (*call)(struct kipc *handle, const struct kipc_outgoing *out,
		    struct kipc_msg *reply, kipc_deadline deadline);
	int (*call_start)(struct kipc *handle, const struct kipc_outgoing *out,
			  uint64_t *id, kipc_deadline deadline);
	int (*reply)(struct kipc *handle, struct kipc_msg *call,
		     const struct kipc_outgoing *out);
	int (*reply_recv)(struct kipc *handle, struct kipc_msg *msg,
			  const struct kipc_outgoing *out, kipc_deadline deadline,
			  bool *replied);
	void (*release)(struct kipc_msg *msg);
	int (*canceled)(const struct kipc_msg *call);
	int (*take_fds)(const struct kipc_msg *msg, int *fds, size_t count);

	int (*stat)(const struct kipc *handle, struct kipc_stat *stat);
	int (*change)(struct kipc *handle, const struct kipc_change *change);
	int (*notify)(struct kipc *handle, const struct kipc_notify_options *options);

	int (*fd)(struct kipc *handle);
	int (*events)(struct kipc *handle, uint32_t want, struct kipc_events *events);
	int (*address)(struct kipc *handle, bool of_peer, uint64_t peer, char *buf, size_t size);
	void (*limits)(const struct kipc *handle, struct kipc_info *info);
};

/* How often an event loop looks at what no descriptor tells of. */
#define KIPC_LOOK_EVERY KIPC_MS(10)

/* After this error of a reply, can the call still be answered? */
static inline bool kipc_reply_is_open(int err)
{
	return err == -EMSGSIZE || err == -ENOBUFS || err == -EBADF || err == -ELOOP ||
	       err == -EOPNOTSUPP;
}

/* After this error of a commit, is the loan still held? */
static inline bool kipc_loan_is_open(int err)
{
	return err && err != -EPIPE && err != -EPROTO;
}

extern const struct kipc_transport kipc_channel_transport;
extern const struct kipc_transport kipc_queue_transport;
extern const struct kipc_transport kipc_pipe_transport;
extern const struct kipc_transport kipc_fifo_transport;
extern const struct kipc_transport kipc_pty_transport;
extern const struct kipc_transport kipc_unix_transport;
extern const struct kipc_transport kipc_unix_dgram_transport;
extern const struct kipc_transport kipc_unix_seqpacket_transport;
extern const struct kipc_transport kipc_tcp_transport;
extern const struct kipc_transport kipc_udp_transport;
extern const struct kipc_transport kipc_posix_mq_transport;
extern const struct kipc_transport kipc_sysv_msg_transport;
extern const struct kipc_transport kipc_ring_transport;
extern const struct kipc_transport kipc_auto_transport;
extern const struct kipc_transport kipc_cma_transport;
extern const struct kipc_transport kipc_binder_transport;
extern const struct kipc_transport kipc_sunrpc_transport;

/* The transport of an address of that family. */
static inline const struct kipc_transport *
kipc_address_transport(const struct kipc_address *address)
{
	return container_of(address->mechanism, struct kipc_transport, mechanism);
}

/* ---- error.c: sentences for errors ---- */

/* What to say of an error; the first that fits counts. */
struct kipc_sentence {
	int err;		/* 0: the table ends here */
	const char *scheme;	/* or NULL: any */
	const char *text;
};

extern const struct kipc_sentence kipc_region_sentences[];
extern const struct kipc_sentence kipc_lock_sentences[];
extern const struct kipc_sentence kipc_notice_sentences[];
extern const struct kipc_sentence kipc_control_sentences[];

/* ---- system.c ---- */

uint64_t kipc_system_number(const char *path, uint64_t otherwise);
void kipc_system_fresh_name(char *name, size_t size);
mode_t kipc_system_umask(void);
int kipc_system_lock_dir(const char *path);
void kipc_system_unlock_dir(int fd);

/* ---- transport/sysv_msg.c: keys, for all of System V's ---- */

int kipc_sysv_key(const char *name, key_t *key);
bool kipc_sysv_name_ok(const char *name);

#define KIPC_SYSV_NAME_RULE \
	"a name is a key (1 to 4294967295, or 0x...) or a path from '/' or '.'"

/* ---- transport/device.c: /dev/kipc ---- */

int kipc_device_open(void);
int kipc_device_ioctl(int fd, unsigned long request, void *arg);
bool kipc_device_name_ok(const char *name);
void kipc_device_set_name(char *field, const char *name);
int kipc_device_tune(int fd, const struct kipc_address *address);

#define KIPC_DEVICE_NAME_RULE \
	"a name is 1 to 255 printable characters without '/' and space"

#endif /* KIPC_INTERNAL_H */
