/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Registry: the names of channels and queues, and who may use them.
 *
 * Names live in a network namespace, as abstract UNIX sockets do; channels and
 * queues have separate name spaces in it.  A name is embedded in the object that
 * it names and the object outlives it: whoever unregisters a name drops, or keeps,
 * the object's reference as its kind has it.
 *
 * The lock of a namespace is held to look up, add and remove, never while
 * messages move.  A lookup takes its reference on the object under that lock (the
 * object's own @get, which may refuse an object that is going).
 *
 * Queues have numbers besides, by which requests on the path of messages find them: under
 * RCU, without that lock.  A queue is therefore freed after a grace period.  Its number
 * is reserved before it has its name, and shows it from then on until the name goes.
 */
#ifndef KIPC_REGISTRY_H
#define KIPC_REGISTRY_H

#include <linux/kipc.h>
#include <linux/rbtree.h>
#include <linux/types.h>
#include <linux/uidgid.h>
#include <net/net_namespace.h>

enum kipc_name_kind {
	KIPC_NAME_CHANNEL,
	KIPC_NAME_QUEUE,
};

/* What a caller wants of a named object: permission bits, as in a file's mode. */
#define KIPC_MAY_RECV		4
#define KIPC_MAY_SEND		2

/**
 * struct kipc_access - whose an object is, and what others may do with it
 * @mode:	permission bits
 * @uid:	owner
 * @gid:	group
 * @creator_uid: who made it: keeps an owner's rights for good
 * @creator_gid: the creator's group
 */
struct kipc_access {
	umode_t	mode;
	kuid_t	uid;
	kgid_t	gid;
	kuid_t	creator_uid;
	kgid_t	creator_gid;
};

/**
 * struct kipc_change - what is to be changed of a named object
 * @flags:	KIPC_SET_*: which of the following
 * @uid:	the new owner
 * @gid:	the new group
 * @mode:	permission bits
 * @max_msgs:	of a queue: messages it may hold
 * @max_bytes:	likewise: payload bytes
 * @max_size:	likewise: bytes of its largest message
 */
struct kipc_change {
	u32	flags;
	kuid_t	uid;
	kgid_t	gid;
	umode_t	mode;
	u64	max_msgs;
	u64	max_bytes;
	u64	max_size;
};

/**
 * struct kipc_name - a registered name
 * @node:	in its namespace's tree
 * @net:	the namespace; pinned by the endpoints of the object, and a name
 *		without endpoints goes when the namespace does
 * @kind:	which of the two name spaces
 * @registered:	it is in the tree; changed under the namespace's lock
 * @number:	of a queue with a name, otherwise 0
 * @access:	who may do what; changes under the object's lock
 * @text:	the name, terminated
 */
struct kipc_name {
	struct rb_node		node;
	struct net		*net;
	enum kipc_name_kind	kind;
	bool			registered;
	u32			number;
	struct kipc_access	access;
	char			text[KIPC_NAME_SIZE];
};

/* Takes a reference on the object that a name is embedded in, unless that is going. */
typedef bool kipc_name_get_t(struct kipc_name *name);

int kipc_name_check(const char *text);
void kipc_name_init(struct kipc_name *name, enum kipc_name_kind kind, struct net *net,
		    const char *text, umode_t mode);
int kipc_name_permit(const struct kipc_name *name, const struct kipc_access *access, int may);
bool kipc_name_owned(const struct kipc_name *name, const struct kipc_access *access);
bool kipc_access_owned(const struct kipc_access *access, kuid_t uid);
int kipc_change_resolve(struct kipc_change *change, struct user_namespace *ns, uid_t uid,
			gid_t gid);
void kipc_access_change(struct kipc_access *access, const struct kipc_change *change);

struct kipc_name *kipc_name_find(struct net *net, enum kipc_name_kind kind, const char *text,
				 kipc_name_get_t *get);
struct kipc_name *kipc_name_register(struct kipc_name *name, kipc_name_get_t *get);
bool kipc_name_unregister(struct kipc_name *name);

int kipc_number_reserve(struct kipc_name *name);
void kipc_number_cancel(struct kipc_name *name);
struct kipc_name *kipc_number_find(struct net *net, u32 number, kipc_name_get_t *get);
struct kipc_name *kipc_number_next(struct net *net, u32 number, kipc_name_get_t *get);

int kipc_registry_init(void);
void kipc_registry_exit(void);

#endif /* KIPC_REGISTRY_H */
