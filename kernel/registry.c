// SPDX-License-Identifier: GPL-2.0
/* Registry: see registry.h for what it is. */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/xarray.h>
#include <net/netns/generic.h>

#include "queue.h"
#include "registry.h"

/**
 * struct kipc_net - the names of a network namespace
 * @lock:	guards @names and what the names point to
 * @names:	struct kipc_name by kind, then text
 * @numbers:	struct kipc_name of queues by number; changed under @lock, read under RCU
 * @last_number: where the next number is looked for
 */
struct kipc_net {
	spinlock_t	lock;	/* see above */
	struct rb_root	names;
	struct xarray	numbers;
	u32		last_number;
};

static unsigned int kipc_net_id __read_mostly;

static struct kipc_net *kipc_net(struct net *net)
{
	return net_generic(net, kipc_net_id);
}

/**
 * kipc_name_check() - is this a name?
 * @text:	KIPC_NAME_SIZE bytes from the user
 *
 * Printable ASCII without space and '/', so that a listing is a listing; terminated,
 * and zero behind that, so that what follows it can get a meaning one day.
 *
 * Return: 0 or -EINVAL.
 */
int kipc_name_check(const char *text)
{
	size_t len = strnlen(text, KIPC_NAME_SIZE), i;

	if (!len || len == KIPC_NAME_SIZE || memchr_inv(text + len, 0, KIPC_NAME_SIZE - len))
		return -EINVAL;
	for (i = 0; i < len; i++)
		if (!isascii(text[i]) || !isgraph(text[i]) || text[i] == '/')
			return -EINVAL;
	return 0;
}

/**
 * kipc_name_init() - a name of the current thread's, not registered yet
 * @name:	the name
 * @kind:	which name space
 * @net:	which namespace
 * @text:	has passed kipc_name_check()
 * @mode:	permission bits, before the umask
 */
void kipc_name_init(struct kipc_name *name, enum kipc_name_kind kind, struct net *net,
		    const char *text, umode_t mode)
{
	name->net = net;
	name->kind = kind;
	name->registered = false;
	name->number = 0;
	name->access = (struct kipc_access){
		.mode = mode & 0777 & ~current_umask(),
		.uid = current_euid(),
		.gid = current_egid(),
		.creator_uid = current_euid(),
		.creator_gid = current_egid(),
	};
	strscpy(name->text, text, sizeof(name->text));
}

static bool kipc_name_override(const struct kipc_name *name)
{
	return ns_capable(name->net->user_ns, CAP_IPC_OWNER);
}

/**
 * kipc_name_permit() - may the current thread do this, as with a file?
 * @name:	of the object
 * @access:	its access, at one moment
 * @may:	KIPC_MAY_*
 *
 * Return: 0 or -EACCES.
 */
int kipc_name_permit(const struct kipc_name *name, const struct kipc_access *access, int may)
{
	int granted = access->mode;
	kuid_t uid = current_euid();

	if (kipc_access_owned(access, uid))
		granted >>= 6;
	else if (in_egroup_p(access->gid) || in_egroup_p(access->creator_gid))
		granted >>= 3;
	if ((may & ~granted) && !kipc_name_override(name))
		return -EACCES;
	return 0;
}

/* Has this user an owner's rights? */
bool kipc_access_owned(const struct kipc_access *access, kuid_t uid)
{
	return uid_eq(access->uid, uid) || uid_eq(access->creator_uid, uid);
}

/* Does the current thread own the object, or stand above owners? */
bool kipc_name_owned(const struct kipc_name *name, const struct kipc_access *access)
{
	return kipc_access_owned(access, current_euid()) || kipc_name_override(name);
}

/**
 * kipc_change_resolve() - find out whom a change means
 * @change:	its @flags are set; @uid and @gid are written
 * @ns:		the user namespace of whoever wants it
 * @uid:	the new owner, as seen there
 * @gid:	the new group, likewise
 *
 * Return: 0, or -EINVAL: no such user or group there.
 */
int kipc_change_resolve(struct kipc_change *change, struct user_namespace *ns, uid_t uid,
			gid_t gid)
{
	change->uid = make_kuid(ns, uid);
	change->gid = make_kgid(ns, gid);
	if (change->flags & KIPC_SET_UID && !uid_valid(change->uid))
		return -EINVAL;
	if (change->flags & KIPC_SET_GID && !gid_valid(change->gid))
		return -EINVAL;
	return 0;
}

/* Change who may do what; the caller holds the object's lock, and has asked who may. */
void kipc_access_change(struct kipc_access *access, const struct kipc_change *change)
{
	if (change->flags & KIPC_SET_UID)
		access->uid = change->uid;
	if (change->flags & KIPC_SET_GID)
		access->gid = change->gid;
	if (change->flags & KIPC_SET_MODE)
		access->mode = change->mode;
}

static int kipc_name_cmp(enum kipc_name_kind kind, const char *text,
			 const struct kipc_name *name)
{
	if (kind != name->kind)
		return kind < name->kind ? -1 : 1;
	return strcmp(text, name->text);
}

/* The name, or where it would be linked. */
static struct kipc_name *kipc_name_walk(struct kipc_net *kn, enum kipc_name_kind kind,
					const char *text, struct rb_node **parent,
					struct rb_node ***link)
{
	lockdep_assert_held(&kn->lock);
	*parent = NULL;
	*link = &kn->names.rb_node;
	while (**link) {
		struct kipc_name *name = rb_entry(**link, struct kipc_name, node);
		int cmp = kipc_name_cmp(kind, text, name);

		if (!cmp)
			return name;
		*parent = **link;
		*link = cmp < 0 ? &(*parent)->rb_left : &(*parent)->rb_right;
	}
	return NULL;
}

/**
 * kipc_name_find() - look a name up
 * @net:	in which namespace
 * @kind:	in which name space
 * @text:	the name
 * @get:	takes a reference on the object, or says that it is going
 *
 * Return: the name, its object pinned, or NULL.
 */
struct kipc_name *kipc_name_find(struct net *net, enum kipc_name_kind kind, const char *text,
				 kipc_name_get_t *get)
{
	struct kipc_net *kn = kipc_net(net);
	struct rb_node *parent, **link;
	struct kipc_name *name;

	spin_lock(&kn->lock);
	name = kipc_name_walk(kn, kind, text, &parent, &link);
	if (name && !get(name))
		name = NULL;
	spin_unlock(&kn->lock);
	return name;
}

/**
 * kipc_name_register() - make a name known, unless it is taken
 * @name:	initialised
 * @get:	as in kipc_name_find()
 *
 * An object that refuses @get is on its way out and about to unregister: its name
 * counts as taken until then, and NULL is returned for it too.
 *
 * Return: @name; the name that is there, its object pinned; or NULL, see above.
 */
struct kipc_name *kipc_name_register(struct kipc_name *name, kipc_name_get_t *get)
{
	struct kipc_net *kn = kipc_net(name->net);
	struct rb_node *parent, **link;
	struct kipc_name *there;

	spin_lock(&kn->lock);
	there = kipc_name_walk(kn, name->kind, name->text, &parent, &link);
	if (!there) {
		rb_link_node(&name->node, parent, link);
		rb_insert_color(&name->node, &kn->names);
		/* Its place has been reserved: this allocates nothing. */
		if (name->number)
			xa_store(&kn->numbers, name->number, name, 0);
		name->registered = true;
		there = name;
	} else if (!get(there)) {
		there = NULL;
	}
	spin_unlock(&kn->lock);
	return there;
}

/**
 * kipc_name_unregister() - take a name away
 * @name:	registered or not any more
 *
 * Return: whether this call did it.
 */
bool kipc_name_unregister(struct kipc_name *name)
{
	struct kipc_net *kn = kipc_net(name->net);
	bool registered;

	spin_lock(&kn->lock);
	registered = name->registered;
	if (registered) {
		rb_erase(&name->node, &kn->names);
		if (name->number)
			xa_erase(&kn->numbers, name->number);
	}
	name->registered = false;
	spin_unlock(&kn->lock);
	return registered;
}

/**
 * kipc_number_reserve() - find a number for a name that is to be registered
 * @name:	gets the number; found by it once it is registered
 *
 * Numbers go round, so that one that has become free is not soon another queue's.
 *
 * Return: 0, and kipc_name_register() or kipc_number_cancel() must follow; -EBUSY, none is
 * free; -ENOMEM.
 */
int kipc_number_reserve(struct kipc_name *name)
{
	struct kipc_net *kn = kipc_net(name->net);
	int err;

	err = xa_alloc_cyclic(&kn->numbers, &name->number, NULL, XA_LIMIT(1, INT_MAX),
			      &kn->last_number, GFP_KERNEL_ACCOUNT);
	return min(err, 0);
}

/**
 * kipc_number_cancel() - give a number back that was reserved and not used
 * @name:	never registered
 */
void kipc_number_cancel(struct kipc_name *name)
{
	xa_erase(&kipc_net(name->net)->numbers, name->number);
	name->number = 0;
}

/**
 * kipc_number_find() - look a queue up by its number
 * @net:	in which namespace
 * @number:	the number
 * @get:	as in kipc_name_find(); called under RCU
 *
 * Return: its name, the queue pinned, or NULL.
 */
struct kipc_name *kipc_number_find(struct net *net, u32 number, kipc_name_get_t *get)
{
	struct kipc_name *name;

	rcu_read_lock();
	name = xa_load(&kipc_net(net)->numbers, number);
	if (name && !get(name))
		name = NULL;
	rcu_read_unlock();
	return name;
}

/**
 * kipc_number_next() - the first queue with a higher number
 * @net:	in which namespace
 * @number:	the number
 * @get:	as in kipc_name_find(); called under RCU
 *
 * Return: its name, the queue pinned, or NULL.
 */
struct kipc_name *kipc_number_next(struct net *net, u32 number, kipc_name_get_t *get)
{
	unsigned long at = number;
	struct kipc_name *name;

	rcu_read_lock();
	do {
		name = xa_find_after(&kipc_net(net)->numbers, &at, INT_MAX, XA_PRESENT);
	} while (name && !get(name));
	rcu_read_unlock();
	return name;
}

static int __net_init kipc_net_init(struct net *net)
{
	struct kipc_net *kn = kipc_net(net);

	spin_lock_init(&kn->lock);
	kn->names = RB_ROOT;
	xa_init_flags(&kn->numbers, XA_FLAGS_ALLOC1);
	return 0;
}

/*
 * No endpoint is left in this namespace (each pins it), so nobody looks names up
 * or adds any; what remains are queues that outlived their endpoints.
 */
static void __net_exit kipc_net_exit(struct net *net)
{
	struct kipc_net *kn = kipc_net(net);
	struct rb_node *node;

	while ((node = rb_first(&kn->names))) {
		struct kipc_name *name = rb_entry(node, struct kipc_name, node);

		WARN_ON_ONCE(name->kind != KIPC_NAME_QUEUE);
		kipc_queue_unlink(name);
	}
	xa_destroy(&kn->numbers);
}

static struct pernet_operations kipc_net_ops = {
	.init = kipc_net_init,
	.exit = kipc_net_exit,
	.id = &kipc_net_id,
	.size = sizeof(struct kipc_net),
};

int __init kipc_registry_init(void)
{
	return register_pernet_subsys(&kipc_net_ops);
}

void kipc_registry_exit(void)
{
	unregister_pernet_subsys(&kipc_net_ops);
}
