/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libkipc-admin: see what uses kipc, bound it, and be told of what happens.
 *
 * This is for programs that look after others: what kipcctl shows and does, a program can
 * do by these calls.  They speak generic netlink (<linux/kipc_netlink.h>) through libnl, so
 * they are in a library of their own, -lkipc-admin: a program that only communicates loads
 * none of that.
 *
 * What is seen is what the network namespace has that the handle was opened in.  Anybody may
 * look at channels, endpoints and queues; a user's account is for that user and for
 * CAP_SYS_RESOURCE, and to change a channel or queue one must own it, or have CAP_IPC_OWNER
 * (each in the user namespace that owns the network namespace).
 *
 * Conventions are kipc.h's: 0 or -errno.  Of the last call that failed kipc_admin_error()
 * has a sentence, in the kernel's own words where it gave a reason:
 *
 *	-ENODEV		the module is not loaded (any more: when it is again, calls work again)
 *	-ENOENT		no such channel, endpoint, queue or account
 *	-EPERM, -EACCES	not for this user
 *	-EINVAL, -ERANGE  the kernel does not take that value
 *	-ENOBUFS	kipc_admin_event(): events came faster than they were taken, and some
 *			are lost
 *	-EPROTO		the kernel's answer makes no sense
 *	-ENOMEM		no memory
 *
 * Structures that the calls fill in start with their own size, which the caller sets: a
 * program that was built against an older library gets what it knows.  Users, groups and
 * processes are as the calling process's namespaces show them; 0 is a process that is gone
 * or not visible.  Times that end in _ns are ages or CLOCK_REALTIME, in nanoseconds, as is
 * said.
 *
 * Threads: a handle is for one thread at a time; different handles are independent.  Fork:
 * the child opens its own.  No call is safe in a signal handler.
 */
#ifndef KIPC_ADMIN_H
#define KIPC_ADMIN_H

#include "kipc.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A connection to the kernel's control of kipc.  Opaque. */
struct kipc_admin;

/** Bytes of the longest name with its final NUL. */
#define KIPC_ADMIN_NAME		256

/** What an endpoint is. */
enum kipc_admin_role {
	KIPC_ADMIN_NONE,	/**< nothing yet */
	KIPC_ADMIN_SERVER,	/**< the server of a channel */
	KIPC_ADMIN_CLIENT,	/**< a client of one */
	KIPC_ADMIN_QUEUE	/**< a handle on a queue */
};

/** One open end of kipc.  Since 0.1. */
struct kipc_admin_endpoint {
	size_t size;			/**< in: sizeof(struct kipc_admin_endpoint) */
	uint32_t id;			/**< its id, above 0 */
	uint32_t role;			/**< enum kipc_admin_role */
	pid_t pid;			/**< who opened it */
	uid_t uid;			/**< whose it is, and who pays */
	uint32_t object;		/**< id of its channel or queue, or 0 */
	uint32_t options;		/**< server: as the kernel has them */
	uint32_t may;			/**< queue: 1 receive, 2 send */
	uint64_t client;		/**< client: its number on the channel */
	uint64_t pool_size;		/**< server, client: bytes for messages to it */
	uint64_t pool_free;		/**< of those, free */
	uint64_t memory;		/**< memory that the pool takes, in bytes */
	uint32_t ring;			/**< entries of its ring, or 0 */
	uint32_t queued;		/**< messages that wait for it */
	uint64_t queued_ns;		/**< age of the first of them */
	uint32_t held;			/**< messages received and not released */
	uint32_t receivers;		/**< its threads that wait for a message */
	uint64_t held_bytes;		/**< their part of the pool */
	uint64_t held_ns;		/**< how long the oldest has been held */
	uint32_t senders;		/**< threads of others that wait for room */
	uint32_t pid_ns;		/**< in events: as struct kipc_admin_trouble has it */
	uint64_t reserved[8];		/**< 0: this stands within others, and keeps its size */
	char name[KIPC_ADMIN_NAME];	/**< of its channel or queue, or empty */
};

/** One channel.  Since 0.1. */
struct kipc_admin_channel {
	size_t size;			/**< in: sizeof(struct kipc_admin_channel) */
	uint32_t id;			/**< its id: that of its server */
	mode_t mode;			/**< permission bits */
	uid_t uid;			/**< owner */
	gid_t gid;			/**< group */
	uid_t creator_uid;		/**< who made it */
	gid_t creator_gid;		/**< its maker's group */
	uint32_t clients;		/**< that are connected */
	uint64_t messages;		/**< it has carried, both ways */
	uint64_t bytes;			/**< their payload */
	uint64_t failed;		/**< calls that ended without a reply */
	struct kipc_admin_endpoint server; /**< its server; its size is set by the library */
	char name[KIPC_ADMIN_NAME];	/**< its name */
};

/** One queue.  Since 0.1. */
struct kipc_admin_queue {
	size_t size;			/**< in: sizeof(struct kipc_admin_queue) */
	uint32_t id;			/**< its id */
	uint32_t number;		/**< its number, or 0 without a name */
	mode_t mode;			/**< permission bits */
	uid_t uid;			/**< owner */
	gid_t gid;			/**< group */
	uid_t creator_uid;		/**< who made it, and pays for the name */
	gid_t creator_gid;		/**< its maker's group */
	uint64_t max_msgs;		/**< messages it may hold */
	uint64_t max_bytes;		/**< payload bytes it may hold */
	uint64_t max_size;		/**< bytes of its largest message */
	uint64_t msgs;			/**< messages that wait */
	uint64_t bytes;			/**< their payload */
	uint64_t peak_msgs;		/**< the most that have waited at once */
	uint64_t peak_bytes;		/**< the most payload */
	uint64_t sent;			/**< messages sent so far */
	uint64_t received;		/**< messages received so far */
	uint64_t send_time_ns;		/**< when the last was sent, CLOCK_REALTIME; 0: none */
	uint64_t recv_time_ns;		/**< when the last was received, likewise */
	uint64_t change_time_ns;	/**< when it was made or last changed */
	pid_t send_pid;			/**< who sent the last */
	pid_t recv_pid;			/**< who received the last */
	uint32_t senders;		/**< threads that wait for room */
	uint32_t receivers;		/**< threads that wait for a message */
	char name[KIPC_ADMIN_NAME];	/**< its name, or empty */
};

/** What a user is charged for. */
enum kipc_admin_quota {
	KIPC_ADMIN_ENDPOINTS,		/**< open endpoints */
	KIPC_ADMIN_NAMES,		/**< channels and queues */
	KIPC_ADMIN_POOL_BYTES,		/**< memory behind pools */
	KIPC_ADMIN_POOL_MSGS,		/**< messages in pools, paid by the pool's owner */
	KIPC_ADMIN_QUEUE_BYTES,		/**< payload in queues, paid by its sender */
	KIPC_ADMIN_QUEUE_MSGS,		/**< messages in queues, paid by their sender */
	KIPC_ADMIN_FDS			/**< descriptors in messages, paid by their sender */
};

/** How many there are; room for more is in struct kipc_admin_user. */
#define KIPC_ADMIN_QUOTAS	7

/** One thing that a user is charged for.  Since 0.1. */
struct kipc_admin_charge {
	uint64_t taken;			/**< what the user has */
	uint64_t limit;			/**< what it may have */
	uint64_t refused;		/**< how often it wanted more */
	uint32_t own;			/**< the limit is its own, not the default */
	uint32_t reserved;		/**< 0 */
};

/** A user's account, or the defaults.  Since 0.1. */
struct kipc_admin_user {
	size_t size;			/**< in: sizeof(struct kipc_admin_user) */
	uid_t uid;			/**< who; KIPC_ADMIN_DEFAULTS */
	uint32_t charges;		/**< entries of @charge that the kernel has */
	struct kipc_admin_charge charge[16]; /**< by enum kipc_admin_quota */
};

/** In place of a user: the defaults, which hold for everybody who has no limit of its own. */
#define KIPC_ADMIN_DEFAULTS	((uid_t)-1)

/** What is there, and what has happened, in the network namespace.  Since 0.1. */
struct kipc_admin_stats {
	size_t size;			/**< in: sizeof(struct kipc_admin_stats) */
	uint32_t endpoints;		/**< open ones */
	uint32_t channels;		/**< that have a server */
	uint32_t queues;		/**< with and without names */
	uint64_t messages;		/**< carried by channels, also by those that are gone */
	uint64_t bytes;			/**< their payload */
	uint64_t failed;		/**< calls that ended without a reply */
	uint64_t sent;			/**< messages sent to queues */
	uint64_t received;		/**< messages received from queues */
	uint64_t memory;		/**< memory behind pools, in bytes */
};

/** A message that an endpoint holds.  Since 0.1. */
struct kipc_admin_message {
	size_t size;			/**< in: sizeof(struct kipc_admin_message) */
	uint64_t id;			/**< its id, on its channel */
	uint64_t client;		/**< the client that sent it; 0: the server */
	uint64_t held_ns;		/**< how long it has been held */
	pid_t pid;			/**< who sent it */
	uid_t uid;			/**< its user */
	uint32_t kind;			/**< as struct kipc_msg has it */
	uint32_t len;			/**< bytes of payload */
	uint32_t awaited;		/**< somebody waits for the reply to it */
};

/** What is to be changed of a channel or queue: struct kipc_admin_change, set. */
#define KIPC_ADMIN_SET_UID	(1U << 0)
#define KIPC_ADMIN_SET_GID	(1U << 1)
#define KIPC_ADMIN_SET_MODE	(1U << 2)
#define KIPC_ADMIN_SET_MAX_MSGS	(1U << 3)	/**< queues only, as all that follow */
#define KIPC_ADMIN_SET_MAX_BYTES (1U << 4)
#define KIPC_ADMIN_SET_MAX_SIZE	(1U << 5)

/** A change; start with KIPC_ADMIN_CHANGE_INIT.  Since 0.1. */
struct kipc_admin_change {
	size_t size;			/**< sizeof(struct kipc_admin_change) */
	uint32_t set;			/**< KIPC_ADMIN_SET_*: what of the following */
	uid_t uid;
	gid_t gid;
	mode_t mode;
	uint64_t max_msgs;
	uint64_t max_bytes;
	uint64_t max_size;
};

#define KIPC_ADMIN_CHANGE_INIT { sizeof(struct kipc_admin_change), 0, 0, 0, 0, 0, 0, 0 }

/** What has happened. */
enum kipc_admin_happening {
	KIPC_ADMIN_CHANNEL_NEW = 1,	/**< @channel has been made */
	KIPC_ADMIN_CHANNEL_GONE,	/**< @channel is gone */
	KIPC_ADMIN_ENDPOINT_NEW,	/**< @endpoint has taken a role */
	KIPC_ADMIN_ENDPOINT_GONE,	/**< @endpoint has been closed */
	KIPC_ADMIN_QUEUE_NEW,		/**< @queue has been made */
	KIPC_ADMIN_QUEUE_GONE,		/**< @queue is gone */
	KIPC_ADMIN_PEER_DIED,		/**< a process ended with a server or client open */
	KIPC_ADMIN_LIMIT_HIT,		/**< a user wanted more than it may */
	KIPC_ADMIN_POOL_STUCK,		/**< an endpoint holds messages too long */
	KIPC_ADMIN_CALL_FAILED		/**< a call ended without a reply */
};

/** Which events: kipc_admin_watch(). */
#define KIPC_ADMIN_OBJECTS	(1U << 0)	/**< CHANNEL_NEW to QUEUE_GONE; for everybody */
#define KIPC_ADMIN_TROUBLE	(1U << 1)	/**< the others; needs CAP_NET_ADMIN */

/**
 * An event of KIPC_ADMIN_TROUBLE: what of it has no meaning for it is 0.  The process is
 * as it sees itself, in the pid namespace of that inode number (as of /proc/PID/ns/pid).
 * Since 0.1.
 */
struct kipc_admin_trouble {
	uint64_t time_ns;		/**< when, CLOCK_REALTIME */
	uid_t uid;			/**< the user concerned */
	pid_t pid;			/**< the process concerned */
	uint32_t pid_ns;		/**< inode number of its pid namespace */
	uint32_t what;			/**< LIMIT_HIT: enum kipc_admin_quota */
	uint64_t limit;			/**< LIMIT_HIT: the limit */
	uint64_t wanted;		/**< LIMIT_HIT: what the user would have had */
	uint32_t times;			/**< LIMIT_HIT: how often since the last such event */
	uint32_t endpoint;		/**< the others: whose endpoint */
	uint32_t role;			/**< of that endpoint: enum kipc_admin_role */
	uint32_t held;			/**< POOL_STUCK, PEER_DIED: messages that it held */
	uint64_t client;		/**< number of that client; 0: the server */
	uint64_t held_bytes;		/**< POOL_STUCK: their part of the pool */
	uint64_t held_ns;		/**< POOL_STUCK: how long it has held the oldest */
	uint32_t queued;		/**< PEER_DIED: messages that waited for it */
	uint32_t outcome;		/**< CALL_FAILED: enum kipc_outcome */
	uint64_t call;			/**< CALL_FAILED: the call's id */
	int error;			/**< CALL_FAILED: what the caller was told, -errno */
	char name[KIPC_ADMIN_NAME];	/**< of the channel, or empty */
};

/** An event.  Since 0.1. */
struct kipc_admin_event {
	size_t size;			/**< in: sizeof(struct kipc_admin_event) */
	enum kipc_admin_happening what;	/**< says which of the following there is */
	union {
		struct kipc_admin_channel channel;
		struct kipc_admin_endpoint endpoint;
		struct kipc_admin_queue queue;
		struct kipc_admin_trouble trouble;
	} u;
};

/**
 * Open a connection.
 * @admin: written: the handle, for kipc_admin_close()
 *
 * Returns 0; -ENODEV, the module is not loaded; -EPROTONOSUPPORT, it is, and this kernel has
 * no generic netlink; -EMFILE; -ENOMEM.  Since 0.1.
 */
int kipc_admin_open(struct kipc_admin **admin);

/** Close a connection; NULL is allowed.  Since 0.1. */
void kipc_admin_close(struct kipc_admin *admin);

/**
 * What the last call on this handle failed with, as a sentence; never NULL.  It is the
 * handle's, until its next call.  Of NULL, why there may be no handle.  Since 0.1.
 */
const char *kipc_admin_error(const struct kipc_admin *admin);

/**
 * Called for each object of a listing: 0 to go on, anything else ends the listing and is
 * what it returns.  The object is the library's, until the function returns.  The function
 * may not use the handle.
 */
typedef int kipc_admin_channel_fn(const struct kipc_admin_channel *channel, void *context);
typedef int kipc_admin_endpoint_fn(const struct kipc_admin_endpoint *endpoint, void *context);
typedef int kipc_admin_queue_fn(const struct kipc_admin_queue *queue, void *context);
typedef int kipc_admin_user_fn(const struct kipc_admin_user *user, void *context);
typedef int kipc_admin_message_fn(const struct kipc_admin_message *message, void *context);

/**
 * List channels, queues, the endpoints of a channel or queue (@object is its id; 0: all) or
 * the accounts that the caller may see, in the order of their ids.  What is there all the
 * time is told exactly once, what comes or goes meanwhile at most once.
 *
 * Returns 0; what the function returned; -EAGAIN, the kernel says that it was disturbed, and
 * something may be missing; or another -errno.  Since 0.1.
 */
int kipc_admin_channels(struct kipc_admin *admin, kipc_admin_channel_fn *each, void *context);
int kipc_admin_endpoints(struct kipc_admin *admin, uint32_t object, kipc_admin_endpoint_fn *each,
			 void *context);
int kipc_admin_queues(struct kipc_admin *admin, kipc_admin_queue_fn *each, void *context);
int kipc_admin_users(struct kipc_admin *admin, kipc_admin_user_fn *each, void *context);

/**
 * One channel or queue by its name, one endpoint by its id, one user's account (or with
 * KIPC_ADMIN_DEFAULTS the defaults), or what there is and has happened.
 *
 * Returns 0; -ENOENT; an account: -EPERM.  Since 0.1.
 */
int kipc_admin_channel(struct kipc_admin *admin, const char *name,
		       struct kipc_admin_channel *channel);
int kipc_admin_endpoint(struct kipc_admin *admin, uint32_t id,
			struct kipc_admin_endpoint *endpoint);
int kipc_admin_queue(struct kipc_admin *admin, const char *name, struct kipc_admin_queue *queue);
int kipc_admin_user(struct kipc_admin *admin, uid_t uid, struct kipc_admin_user *user);
int kipc_admin_stats(struct kipc_admin *admin, struct kipc_admin_stats *stats);

/**
 * The messages that an endpoint has held longest (16 at most), the oldest first.
 * @id: the endpoint
 *
 * Returns as the listings; -ENOENT, no such endpoint.  Since 0.1.
 */
int kipc_admin_messages(struct kipc_admin *admin, uint32_t id, kipc_admin_message_fn *each,
			void *context);

/**
 * Change a channel's or queue's owner, group, mode or (queues) limits, by its name.
 *
 * Returns 0; -ENOENT; -EPERM, neither its owner nor its creator nor privileged; -EINVAL, no
 * such user or group, or a value that no queue can have.  Since 0.1.
 */
int kipc_admin_change_channel(struct kipc_admin *admin, const char *name,
			      const struct kipc_admin_change *change);
int kipc_admin_change_queue(struct kipc_admin *admin, const char *name,
			    const struct kipc_admin_change *change);

/** In place of a limit: the user has none of its own any more. */
#define KIPC_ADMIN_NO_LIMIT	UINT64_MAX

/**
 * Set what a user may have.
 * @uid:	whose; KIPC_ADMIN_DEFAULTS: of everybody who has no limit of its own
 * @what:	enum kipc_admin_quota
 * @limit:	the limit; KIPC_ADMIN_NO_LIMIT: the default again
 *
 * What the user has already stays, if it is more.  The limit stays when the user has
 * nothing of kipc any more, until the module is unloaded.
 *
 * Returns 0; -EPERM (see struct kipc_admin_user and kipc_admin_users()); -EINVAL, no such
 * user in this namespace, or no such limit.  Since 0.1.
 */
int kipc_admin_limit(struct kipc_admin *admin, uid_t uid, enum kipc_admin_quota what,
		     uint64_t limit);

/**
 * What a limit is called in tools and in the module's parameters ("endpoints",
 * "pool_bytes"), or NULL; and the other way round: 0 to KIPC_ADMIN_QUOTAS - 1, or -EINVAL.
 * Since 0.1.
 */
const char *kipc_admin_quota_name(enum kipc_admin_quota what);
int kipc_admin_quota_number(const char *name);

/**
 * Be told of what happens from now on.
 * @groups: KIPC_ADMIN_OBJECTS, KIPC_ADMIN_TROUBLE; replaces what was asked for before
 *
 * Returns 0; -EPERM, TROUBLE is not for this user; -EINVAL.  Since 0.1.
 */
int kipc_admin_watch(struct kipc_admin *admin, uint32_t groups);

/**
 * A descriptor that is readable when kipc_admin_event() has something, and now and then for
 * nothing (KIPC_NOW).  The handle's.  Since 0.1.
 */
int kipc_admin_fd(struct kipc_admin *admin);

/**
 * The next event.
 * @timeout:	how long to wait: nanoseconds, KIPC_NOW, KIPC_FOREVER
 *
 * Returns 0; -ETIMEDOUT (KIPC_NOW: -EAGAIN); -EINTR; -ENOBUFS, events have been lost here, and
 * the next call goes on; -ENODEV, the module has been unloaded: when it is loaded again events
 * go on, after -ENOBUFS.  Since 0.1.
 */
int kipc_admin_event(struct kipc_admin *admin, struct kipc_admin_event *event, int64_t timeout);

#ifdef __cplusplus
}
#endif

#endif /* KIPC_ADMIN_H */
