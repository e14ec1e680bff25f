/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * kipc: control through generic netlink
 *
 * What moves messages is <linux/kipc.h>.  This is how they are watched and bounded: the
 * generic netlink family "kipc", described for programs that read such descriptions in
 * Documentation/netlink/specs/kipc.yaml.  Names and numbers here and there are the same,
 * and a test compares them.
 *
 * A socket sees the objects of the network namespace that it was opened in.  There anybody
 * may look at endpoints, channels and queues, as with /proc/net/unix; a user's account is
 * for that user and for whoever has CAP_SYS_RESOURCE in the user namespace that owns the
 * network namespace.
 *
 * Users, groups and processes are given as the asking socket's user namespace, and the
 * asking process's pid namespace, show them: a process that is not visible there is 0.  In
 * events, which many receive, a user is given as the user namespace sees it that owns the
 * network namespace, and a process by the number that it has for itself, beside the inode
 * number of its pid namespace (%KIPC_A_EVENT_PID_NS).
 *
 * A user has an account in each user namespace that owns a network namespace in which it has
 * something, and what is charged there is charged to its accounts in the namespaces around
 * that as well, up to the machine's.  Each may have limits: the lowest one counts.  So whoever
 * administers a container bounds what is used through it and nothing else, and can share out
 * only what the machine's administrator leaves.  Limits go with the network namespace through
 * which they were set.
 *
 * Objects have an id, a number above 0 that nothing else has in the network namespace and that
 * goes round, so that one that has become free is not soon another object's.  A channel's id
 * is that of its server endpoint.  A dump is in the order of ids: it tells of each object that
 * is there from its begin to its end exactly once, of each that comes or goes meanwhile at most
 * once, and each is told as it was at one moment (of one that is asked for by itself the
 * messages that it holds a moment later).  No lock is held from one object to the next.
 *
 * Requests are validated strictly: an attribute that is unknown, of the wrong length or out
 * of range is EINVAL or ERANGE, and the extended ack points at it and says why.  Errors that
 * any may end with: EINVAL, ERANGE, ENOMEM, EMSGSIZE (no room for the answer), EOPNOTSUPP (no
 * such command).
 *
 * Since: 1 (%KIPC_FAMILY_VERSION).
 */
#ifndef _UAPI_LINUX_KIPC_NETLINK_H
#define _UAPI_LINUX_KIPC_NETLINK_H

#define KIPC_FAMILY_NAME	"kipc"
#define KIPC_FAMILY_VERSION	1

/*
 * Groups of events.  Those of "objects" are for everybody: channels, queues and endpoints
 * that come and go.  Those of "trouble" need CAP_NET_ADMIN in the user namespace that owns
 * the network namespace: limits, pools that are stuck, peers that died, calls that failed.
 */
#define KIPC_MCGRP_OBJECTS	"objects"
#define KIPC_MCGRP_TROUBLE	"trouble"

/**
 * enum kipc_quota - what a user is charged for
 * @KIPC_QUOTA_ENDPOINTS:	open endpoints
 * @KIPC_QUOTA_NAMES:		channels and queues
 * @KIPC_QUOTA_POOL_BYTES:	memory behind pools, in bytes
 * @KIPC_QUOTA_POOL_MSGS:	messages in pools, paid by the pool's owner
 * @KIPC_QUOTA_QUEUE_BYTES:	payload in queues, in bytes, paid by its sender
 * @KIPC_QUOTA_QUEUE_MSGS:	messages in queues, paid by their sender
 * @KIPC_QUOTA_FDS:		descriptors in messages, paid by their sender
 */
enum kipc_quota {
	KIPC_QUOTA_ENDPOINTS,
	KIPC_QUOTA_NAMES,
	KIPC_QUOTA_POOL_BYTES,
	KIPC_QUOTA_POOL_MSGS,
	KIPC_QUOTA_QUEUE_BYTES,
	KIPC_QUOTA_QUEUE_MSGS,
	KIPC_QUOTA_FDS,
};

#define KIPC_QUOTA_COUNT	7

/**
 * enum - attributes of a channel
 * @KIPC_A_CHANNEL_PAD:		(padding)
 * @KIPC_A_CHANNEL_ID:		u32: its id, which is its server endpoint's
 * @KIPC_A_CHANNEL_NAME:	string: its name
 * @KIPC_A_CHANNEL_MODE:	u32: permission bits
 * @KIPC_A_CHANNEL_UID:		u32: owner
 * @KIPC_A_CHANNEL_GID:		u32: group
 * @KIPC_A_CHANNEL_CREATOR_UID:	u32: who made it
 * @KIPC_A_CHANNEL_CREATOR_GID:	u32: its maker's group
 * @KIPC_A_CHANNEL_CLIENTS:	u32: clients that are connected
 * @KIPC_A_CHANNEL_MESSAGES:	u64: messages that it has carried, both ways, notices included
 * @KIPC_A_CHANNEL_BYTES:	u64: their payload
 * @KIPC_A_CHANNEL_FAILED:	u64: calls that ended without a reply: as CALL_FAILED tells them
 * @KIPC_A_CHANNEL_SERVER:	nest: its server, attributes of an endpoint
 */
enum {
	KIPC_A_CHANNEL_PAD = 1,
	KIPC_A_CHANNEL_ID,
	KIPC_A_CHANNEL_NAME,
	KIPC_A_CHANNEL_MODE,
	KIPC_A_CHANNEL_UID,
	KIPC_A_CHANNEL_GID,
	KIPC_A_CHANNEL_CREATOR_UID,
	KIPC_A_CHANNEL_CREATOR_GID,
	KIPC_A_CHANNEL_CLIENTS,
	KIPC_A_CHANNEL_MESSAGES,
	KIPC_A_CHANNEL_BYTES,
	KIPC_A_CHANNEL_FAILED,
	KIPC_A_CHANNEL_SERVER,

	__KIPC_A_CHANNEL_MAX,
	KIPC_A_CHANNEL_MAX = (__KIPC_A_CHANNEL_MAX - 1)
};

/**
 * enum - attributes of an endpoint
 * @KIPC_A_ENDPOINT_PAD:	(padding)
 * @KIPC_A_ENDPOINT_ID:		u32: its id
 * @KIPC_A_ENDPOINT_ROLE:	u32: enum kipc_role of <linux/kipc.h>
 * @KIPC_A_ENDPOINT_PID:	u32: the process that opened it (which may have passed it on);
 *				0, gone or not visible
 * @KIPC_A_ENDPOINT_UID:	u32: the user who opened it, and pays for it
 * @KIPC_A_ENDPOINT_NAME:	string: of its channel or queue; absent without a role, and for
 *				a queue without a name
 * @KIPC_A_ENDPOINT_OBJECT:	u32: id of its channel or queue; absent without a role, and for
 *				a client whose server is gone
 * @KIPC_A_ENDPOINT_CLIENT:	u64: a client: its number on the channel
 * @KIPC_A_ENDPOINT_OPTIONS:	u32: a server: KIPC_CHANNEL_* of <linux/kipc.h>
 * @KIPC_A_ENDPOINT_MAY:	u32: on a queue: KIPC_QUEUE_SEND, KIPC_QUEUE_RECV
 * @KIPC_A_ENDPOINT_POOL_SIZE:	u64: server, client: bytes of its pool
 * @KIPC_A_ENDPOINT_POOL_FREE:	u64: server, client: bytes of it that no message has
 * @KIPC_A_ENDPOINT_MEMORY:	u64: server, client: memory that the pool takes, in bytes
 * @KIPC_A_ENDPOINT_RING:	u32: server, client: entries of its ring; 0, none
 * @KIPC_A_ENDPOINT_QUEUED:	u32: server, client: messages that wait for it
 * @KIPC_A_ENDPOINT_QUEUED_NS:	u64: server, client: how long ago the first of them was made
 * @KIPC_A_ENDPOINT_HELD:	u32: server, client: messages received and not released
 * @KIPC_A_ENDPOINT_HELD_BYTES:	u64: server, client: their part of the pool
 * @KIPC_A_ENDPOINT_HELD_NS:	u64: server, client: how long the oldest has been held
 * @KIPC_A_ENDPOINT_RECEIVERS:	u32: server, client: threads that wait for a message; at most
 *				%KIPC_THREADS_SHOWN are counted
 * @KIPC_A_ENDPOINT_SENDERS:	u32: server, client: threads that wait for room in its pool;
 *				likewise
 * @KIPC_A_ENDPOINT_MESSAGE:	nest, several: the messages that it has held longest, at most
 *				%KIPC_MESSAGES_SHOWN, attributes of a message; only where one
 *				endpoint is asked for
 * @KIPC_A_ENDPOINT_PID_NS:	u32: in events: inode number of the pid namespace of PID
 */
enum {
	KIPC_A_ENDPOINT_PAD = 1,
	KIPC_A_ENDPOINT_ID,
	KIPC_A_ENDPOINT_ROLE,
	KIPC_A_ENDPOINT_PID,
	KIPC_A_ENDPOINT_UID,
	KIPC_A_ENDPOINT_NAME,
	KIPC_A_ENDPOINT_OBJECT,
	KIPC_A_ENDPOINT_CLIENT,
	KIPC_A_ENDPOINT_OPTIONS,
	KIPC_A_ENDPOINT_MAY,
	KIPC_A_ENDPOINT_POOL_SIZE,
	KIPC_A_ENDPOINT_POOL_FREE,
	KIPC_A_ENDPOINT_MEMORY,
	KIPC_A_ENDPOINT_RING,
	KIPC_A_ENDPOINT_QUEUED,
	KIPC_A_ENDPOINT_QUEUED_NS,
	KIPC_A_ENDPOINT_HELD,
	KIPC_A_ENDPOINT_HELD_BYTES,
	KIPC_A_ENDPOINT_HELD_NS,
	KIPC_A_ENDPOINT_RECEIVERS,
	KIPC_A_ENDPOINT_SENDERS,
	KIPC_A_ENDPOINT_MESSAGE,
	KIPC_A_ENDPOINT_PID_NS,

	__KIPC_A_ENDPOINT_MAX,
	KIPC_A_ENDPOINT_MAX = (__KIPC_A_ENDPOINT_MAX - 1)
};

#define KIPC_MESSAGES_SHOWN	16
#define KIPC_THREADS_SHOWN	1024

/**
 * enum - attributes of a message that is held
 * @KIPC_A_MESSAGE_PAD:		(padding)
 * @KIPC_A_MESSAGE_ID:		u64: its id, on its channel
 * @KIPC_A_MESSAGE_KIND:	u32: enum kipc_kind of <linux/kipc.h>
 * @KIPC_A_MESSAGE_CLIENT:	u64: number of the client that sent it; 0, the server did
 * @KIPC_A_MESSAGE_PID:		u32: the process that sent it
 * @KIPC_A_MESSAGE_UID:		u32: its user
 * @KIPC_A_MESSAGE_LEN:		u32: bytes of payload
 * @KIPC_A_MESSAGE_HELD_NS:	u64: how long it has been held
 * @KIPC_A_MESSAGE_AWAITED:	flag: somebody waits for the reply to it
 */
enum {
	KIPC_A_MESSAGE_PAD = 1,
	KIPC_A_MESSAGE_ID,
	KIPC_A_MESSAGE_KIND,
	KIPC_A_MESSAGE_CLIENT,
	KIPC_A_MESSAGE_PID,
	KIPC_A_MESSAGE_UID,
	KIPC_A_MESSAGE_LEN,
	KIPC_A_MESSAGE_HELD_NS,
	KIPC_A_MESSAGE_AWAITED,

	__KIPC_A_MESSAGE_MAX,
	KIPC_A_MESSAGE_MAX = (__KIPC_A_MESSAGE_MAX - 1)
};

/**
 * enum - attributes of a queue
 * @KIPC_A_QUEUE_PAD:		(padding)
 * @KIPC_A_QUEUE_ID:		u32: its id, which queues without a name have as well
 * @KIPC_A_QUEUE_NUMBER:	u32: the number that requests of <linux/kipc.h> take; absent for a
 *				queue without a name (any more)
 * @KIPC_A_QUEUE_NAME:		string: its name, as long as it has one
 * @KIPC_A_QUEUE_MODE:		u32: permission bits
 * @KIPC_A_QUEUE_UID:		u32: owner
 * @KIPC_A_QUEUE_GID:		u32: group
 * @KIPC_A_QUEUE_CREATOR_UID:	u32: who made it, and pays for the name
 * @KIPC_A_QUEUE_CREATOR_GID:	u32: its maker's group
 * @KIPC_A_QUEUE_MAX_MSGS:	u64: messages it may hold
 * @KIPC_A_QUEUE_MAX_BYTES:	u64: payload bytes it may hold
 * @KIPC_A_QUEUE_MAX_SIZE:	u64: bytes of its largest message
 * @KIPC_A_QUEUE_MSGS:		u64: messages that wait
 * @KIPC_A_QUEUE_BYTES:		u64: their payload
 * @KIPC_A_QUEUE_PEAK_MSGS:	u64: the most that have waited at once
 * @KIPC_A_QUEUE_PEAK_BYTES:	u64: the most payload
 * @KIPC_A_QUEUE_SENT:		u64: messages sent so far
 * @KIPC_A_QUEUE_RECEIVED:	u64: messages received so far
 * @KIPC_A_QUEUE_SEND_TIME:	u64: when the last was sent, CLOCK_REALTIME nanoseconds; 0, none
 * @KIPC_A_QUEUE_RECV_TIME:	u64: when the last was received, likewise
 * @KIPC_A_QUEUE_CHANGE_TIME:	u64: when it was made, or its owner, mode or limits last set
 * @KIPC_A_QUEUE_SEND_PID:	u32: who sent the last; 0, none or not visible
 * @KIPC_A_QUEUE_RECV_PID:	u32: who received the last, likewise
 * @KIPC_A_QUEUE_SENDERS:	u32: threads that wait for room; at most %KIPC_THREADS_SHOWN are
 *				counted
 * @KIPC_A_QUEUE_RECEIVERS:	u32: threads that wait for a message; likewise
 */
enum {
	KIPC_A_QUEUE_PAD = 1,
	KIPC_A_QUEUE_ID,
	KIPC_A_QUEUE_NUMBER,
	KIPC_A_QUEUE_NAME,
	KIPC_A_QUEUE_MODE,
	KIPC_A_QUEUE_UID,
	KIPC_A_QUEUE_GID,
	KIPC_A_QUEUE_CREATOR_UID,
	KIPC_A_QUEUE_CREATOR_GID,
	KIPC_A_QUEUE_MAX_MSGS,
	KIPC_A_QUEUE_MAX_BYTES,
	KIPC_A_QUEUE_MAX_SIZE,
	KIPC_A_QUEUE_MSGS,
	KIPC_A_QUEUE_BYTES,
	KIPC_A_QUEUE_PEAK_MSGS,
	KIPC_A_QUEUE_PEAK_BYTES,
	KIPC_A_QUEUE_SENT,
	KIPC_A_QUEUE_RECEIVED,
	KIPC_A_QUEUE_SEND_TIME,
	KIPC_A_QUEUE_RECV_TIME,
	KIPC_A_QUEUE_CHANGE_TIME,
	KIPC_A_QUEUE_SEND_PID,
	KIPC_A_QUEUE_RECV_PID,
	KIPC_A_QUEUE_SENDERS,
	KIPC_A_QUEUE_RECEIVERS,

	__KIPC_A_QUEUE_MAX,
	KIPC_A_QUEUE_MAX = (__KIPC_A_QUEUE_MAX - 1)
};

/**
 * enum - attributes of a user's account, and of the defaults
 * @KIPC_A_USER_UID:		u32: the user; absent for the defaults
 * @KIPC_A_USER_CHARGE:		nest, several: attributes of a charge, one for each kipc_quota
 */
enum {
	KIPC_A_USER_UID = 1,
	KIPC_A_USER_CHARGE,

	__KIPC_A_USER_MAX,
	KIPC_A_USER_MAX = (__KIPC_A_USER_MAX - 1)
};

/**
 * enum - attributes of a charge: one thing that is counted, and its limit
 * @KIPC_A_CHARGE_PAD:		(padding)
 * @KIPC_A_CHARGE_WHAT:		u32: enum kipc_quota
 * @KIPC_A_CHARGE_TAKEN:	u64: what the user has
 * @KIPC_A_CHARGE_LIMIT:	u64: what it may have: the lowest limit that holds for it; 2^64 - 1
 *				is none
 * @KIPC_A_CHARGE_REFUSED:	u64: how often it wanted more, since the account was opened
 * @KIPC_A_CHARGE_OWN:		flag: that limit has been set for this user, is no default
 */
enum {
	KIPC_A_CHARGE_PAD = 1,
	KIPC_A_CHARGE_WHAT,
	KIPC_A_CHARGE_TAKEN,
	KIPC_A_CHARGE_LIMIT,
	KIPC_A_CHARGE_REFUSED,
	KIPC_A_CHARGE_OWN,

	__KIPC_A_CHARGE_MAX,
	KIPC_A_CHARGE_MAX = (__KIPC_A_CHARGE_MAX - 1)
};

/**
 * enum - what has happened in a network namespace, and what is there
 * @KIPC_A_STATS_PAD:		(padding)
 * @KIPC_A_STATS_ENDPOINTS:	u32: open endpoints
 * @KIPC_A_STATS_CHANNELS:	u32: channels
 * @KIPC_A_STATS_QUEUES:	u32: queues
 * @KIPC_A_STATS_MESSAGES:	u64: messages that channels have carried
 * @KIPC_A_STATS_BYTES:		u64: their payload
 * @KIPC_A_STATS_FAILED:	u64: calls that ended without a reply
 * @KIPC_A_STATS_SENT:		u64: messages sent to queues
 * @KIPC_A_STATS_RECEIVED:	u64: messages received from queues
 * @KIPC_A_STATS_MEMORY:	u64: memory behind pools, in bytes
 */
enum {
	KIPC_A_STATS_PAD = 1,
	KIPC_A_STATS_ENDPOINTS,
	KIPC_A_STATS_CHANNELS,
	KIPC_A_STATS_QUEUES,
	KIPC_A_STATS_MESSAGES,
	KIPC_A_STATS_BYTES,
	KIPC_A_STATS_FAILED,
	KIPC_A_STATS_SENT,
	KIPC_A_STATS_RECEIVED,
	KIPC_A_STATS_MEMORY,

	__KIPC_A_STATS_MAX,
	KIPC_A_STATS_MAX = (__KIPC_A_STATS_MAX - 1)
};

/**
 * enum - attributes of an event of the group "trouble"
 * @KIPC_A_EVENT_PAD:		(padding)
 * @KIPC_A_EVENT_TIME:		u64: when, CLOCK_REALTIME nanoseconds
 * @KIPC_A_EVENT_UID:		u32: the user concerned
 * @KIPC_A_EVENT_PID:		u32: the process concerned, as it sees itself
 * @KIPC_A_EVENT_PID_NS:	u32: inode number of that process's pid namespace
 * @KIPC_A_EVENT_WHAT:		u32: LIMIT_HIT: enum kipc_quota
 * @KIPC_A_EVENT_LIMIT:		u64: LIMIT_HIT: the limit
 * @KIPC_A_EVENT_WANTED:	u64: LIMIT_HIT: what the user would have had
 * @KIPC_A_EVENT_TIMES:		u32: LIMIT_HIT: how often since the last such event
 * @KIPC_A_EVENT_ENDPOINT:	u32: PEER_DIED, POOL_STUCK, CALL_FAILED (the caller's): its id
 * @KIPC_A_EVENT_ROLE:		u32: of that endpoint: enum kipc_role
 * @KIPC_A_EVENT_NAME:		string: of the channel
 * @KIPC_A_EVENT_CLIENT:	u64: number of the client; 0, the server
 * @KIPC_A_EVENT_HELD:		u32: POOL_STUCK, PEER_DIED: messages that it held
 * @KIPC_A_EVENT_HELD_BYTES:	u64: POOL_STUCK: their part of the pool
 * @KIPC_A_EVENT_HELD_NS:	u64: POOL_STUCK: how long it has held the oldest
 * @KIPC_A_EVENT_QUEUED:	u32: PEER_DIED: messages that waited for it
 * @KIPC_A_EVENT_CALL:		u64: CALL_FAILED: the call's id; 0, it never had one
 * @KIPC_A_EVENT_ERROR:		u32: CALL_FAILED: what the caller was told, an errno
 * @KIPC_A_EVENT_OUTCOME:	u32: CALL_FAILED: enum kipc_outcome of <linux/kipc.h>
 */
enum {
	KIPC_A_EVENT_PAD = 1,
	KIPC_A_EVENT_TIME,
	KIPC_A_EVENT_UID,
	KIPC_A_EVENT_PID,
	KIPC_A_EVENT_PID_NS,
	KIPC_A_EVENT_WHAT,
	KIPC_A_EVENT_LIMIT,
	KIPC_A_EVENT_WANTED,
	KIPC_A_EVENT_TIMES,
	KIPC_A_EVENT_ENDPOINT,
	KIPC_A_EVENT_ROLE,
	KIPC_A_EVENT_NAME,
	KIPC_A_EVENT_CLIENT,
	KIPC_A_EVENT_HELD,
	KIPC_A_EVENT_HELD_BYTES,
	KIPC_A_EVENT_HELD_NS,
	KIPC_A_EVENT_QUEUED,
	KIPC_A_EVENT_CALL,
	KIPC_A_EVENT_ERROR,
	KIPC_A_EVENT_OUTCOME,

	__KIPC_A_EVENT_MAX,
	KIPC_A_EVENT_MAX = (__KIPC_A_EVENT_MAX - 1)
};

/**
 * enum - commands, and the events
 * @KIPC_CMD_CHANNEL_GET: one channel, by ID or NAME, or all (dump).  ENOENT.
 * @KIPC_CMD_CHANNEL_SET: change the MODE, UID, GID of a channel, by ID or NAME: for its owner,
 *	its creator and CAP_IPC_OWNER.  ENOENT; EPERM; EINVAL, no such user or group.
 * @KIPC_CMD_ENDPOINT_GET: one endpoint, by ID, or all (dump), or those of the channel or queue
 *	OBJECT (dump; with ROLE only those of that role).  ENOENT.
 * @KIPC_CMD_QUEUE_GET: one queue, by ID, NUMBER or NAME, or all (dump).  ENOENT.
 * @KIPC_CMD_QUEUE_SET: change the MODE, UID, GID, MAX_MSGS, MAX_BYTES, MAX_SIZE of a queue, by
 *	ID, NUMBER or NAME: for its owner, its creator and CAP_IPC_OWNER.  ENOENT; EPERM;
 *	EINVAL, no such user or group; EIDRM.
 * @KIPC_CMD_USER_GET: one account, by UID; without, the defaults; or all that the asker may
 *	see (dump).  ENOENT, nothing is charged to it and no limit set; EPERM.
 * @KIPC_CMD_USER_SET: set the LIMIT of each CHARGE that is given, or without LIMIT take this
 *	user's own limit away; without UID, the defaults (LIMIT is needed).  Needs
 *	CAP_SYS_RESOURCE in the user namespace that owns the network namespace, and the defaults
 *	need it in the first one.  EPERM; EINVAL, no such user; ENOSPC, this network namespace
 *	has set too many limits.
 * @KIPC_CMD_STATS_GET: what there is, and has happened, in the network namespace.
 * @KIPC_CMD_CHANNEL_NEW_NTF: objects: a channel has been made; as CHANNEL_GET
 * @KIPC_CMD_CHANNEL_DEL_NTF: objects: it is gone
 * @KIPC_CMD_ENDPOINT_NEW_NTF: objects: an endpoint has taken a role; as ENDPOINT_GET
 * @KIPC_CMD_ENDPOINT_DEL_NTF: objects: it has been closed
 * @KIPC_CMD_QUEUE_NEW_NTF: objects: a queue has been made; as QUEUE_GET
 * @KIPC_CMD_QUEUE_DEL_NTF: objects: it is gone, with its last user
 * @KIPC_CMD_PEER_DIED: trouble: a process ended with a server or client open, and somebody was
 *	on the other side
 * @KIPC_CMD_LIMIT_HIT: trouble: a user wanted more than it may; at most ten a second for each
 *	user and limit
 * @KIPC_CMD_POOL_STUCK: trouble: an endpoint has held a message longer than the module's
 *	parameter pool_stuck says; once for that message
 * @KIPC_CMD_CALL_FAILED: trouble: a call ended without a reply, and its maker has been told: the
 *	other side is gone (EPIPE, ESRCH, ECONNRESET), it took too long (ETIMEDOUT), a signal
 *	came (EINTR) or a limit was reached (EDQUOT).  What was wrong in the call itself, and what
 *	was not sent for lack of room by who would not wait, is none
 */
enum {
	KIPC_CMD_CHANNEL_GET = 1,
	KIPC_CMD_CHANNEL_SET,
	KIPC_CMD_ENDPOINT_GET,
	KIPC_CMD_QUEUE_GET,
	KIPC_CMD_QUEUE_SET,
	KIPC_CMD_USER_GET,
	KIPC_CMD_USER_SET,
	KIPC_CMD_STATS_GET,
	KIPC_CMD_CHANNEL_NEW_NTF,
	KIPC_CMD_CHANNEL_DEL_NTF,
	KIPC_CMD_ENDPOINT_NEW_NTF,
	KIPC_CMD_ENDPOINT_DEL_NTF,
	KIPC_CMD_QUEUE_NEW_NTF,
	KIPC_CMD_QUEUE_DEL_NTF,
	KIPC_CMD_PEER_DIED,
	KIPC_CMD_LIMIT_HIT,
	KIPC_CMD_POOL_STUCK,
	KIPC_CMD_CALL_FAILED,

	__KIPC_CMD_MAX,
	KIPC_CMD_MAX = (__KIPC_CMD_MAX - 1)
};

#endif /* _UAPI_LINUX_KIPC_NETLINK_H */
