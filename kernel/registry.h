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
 * struct kipc_name - a registered name
 * @node:	in its namespace's tree
 * @net:	the namespace; pinned by the endpoints of the object, and a name
 *		without endpoints goes when the namespace does
 * @kind:	which of the two name spaces
 * @registered:	it is in the tree; changed under the namespace's lock
 * @mode:	permission bits
 * @uid:	owner
 * @gid:	group
 * @text:	the name, terminated
 */
struct kipc_name {
	struct rb_node		node;
	struct net		*net;
	enum kipc_name_kind	kind;
	bool			registered;
	umode_t			mode;
	kuid_t			uid;
	kgid_t			gid;
	char			text[KIPC_NAME_SIZE];
};

int kipc_name_check(const char *text);
void kipc_name_init(struct kipc_name *name, enum kipc_name_kind kind, struct net *net,
		    const char *text, umode_t mode);
int kipc_name_permit(const struct kipc_name *name, int may);
bool kipc_name_owned(const struct kipc_name *name);

struct kipc_name *kipc_name_find(struct net *net, enum kipc_name_kind kind, const char *text,
				 bool (*get)(struct kipc_name *name));
struct kipc_name *kipc_name_register(struct kipc_name *name,
				     bool (*get)(struct kipc_name *name));
bool kipc_name_unregister(struct kipc_name *name);

int kipc_registry_init(void);
void kipc_registry_exit(void);

#endif /* KIPC_REGISTRY_H */
