// SPDX-License-Identifier: GPL-2.0
/* Entry: see entry.h for what it is. */
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "copy.h"
#include "entry.h"
#include "fds.h"
#include "quota.h"

/* The payload that fits an object of each cache, in bytes. */
static const struct {
	const char	*name;
	u32		room;
} kipc_entry_sizes[] = {
	{ "kipc_entry_128", 128 },
	{ "kipc_entry_512", 512 },
	{ "kipc_entry_2k", 2048 },
	{ "kipc_entry_8k", 8192 },
};

static struct kmem_cache *kipc_entry_caches[ARRAY_SIZE(kipc_entry_sizes)];

static struct kipc_entry *kipc_entry_alloc(struct kipc_entry **spare, u32 len)
{
	struct kipc_entry *entry;
	u16 i;

	if (len <= kipc_entry_sizes[0].room && READ_ONCE(*spare)) {
		entry = xchg(spare, NULL);
		if (entry)
			return entry;
	}

	for (i = 0; i < ARRAY_SIZE(kipc_entry_sizes); i++)
		if (len <= kipc_entry_sizes[i].room)
			break;
	if (i < ARRAY_SIZE(kipc_entry_sizes))
		entry = kmem_cache_alloc(kipc_entry_caches[i], GFP_KERNEL_ACCOUNT);
	else
		entry = kvmalloc(struct_size(entry, data, len),
				 GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (entry)
		entry->cache = i;
	return entry;
}

static void kipc_entry_dealloc(struct kipc_entry *entry)
{
	if (entry->cache < ARRAY_SIZE(kipc_entry_sizes))
		kmem_cache_free(kipc_entry_caches[entry->cache], entry);
	else
		kvfree(entry);
}

static int kipc_entry_charge(struct kipc_user *user, u32 len)
{
	int err;

	err = kipc_user_charge(user, KIPC_QUOTA_QUEUE_MSGS, 1);
	if (err)
		return err;
	err = kipc_user_charge(user, KIPC_QUOTA_QUEUE_BYTES, len);
	if (err)
		kipc_user_uncharge(user, KIPC_QUOTA_QUEUE_MSGS, 1);
	return err;
}

static void kipc_entry_uncharge(struct kipc_user *user, u32 len)
{
	kipc_user_uncharge(user, KIPC_QUOTA_QUEUE_BYTES, len);
	kipc_user_uncharge(user, KIPC_QUOTA_QUEUE_MSGS, 1);
}

/* The bounds are the entry's own: there is nothing that a check of the object would add. */
static int kipc_entry_fill(struct kipc_entry *entry, struct kipc_source *source)
{
	const u64 *word = source->line;
	u64 *to = (u64 *)entry->data;
	u32 left;

	if (!source->small)
		return _copy_from_iter(entry->data, entry->len, &source->iter) == entry->len ?
		       0 : -EFAULT;
	for (left = DIV_ROUND_UP(entry->len, sizeof(*word)); left; left--)
		*to++ = *word++;
	return 0;
}

/**
 * kipc_entry_create() - an entry of the current thread's
 * @spare:	of the queue: taken, if it is there and large enough
 * @user:	who pays
 * @source:	its payload, of less than 4 GiB; its descriptors are the entry's then
 *
 * Its type is the caller's to set.
 *
 * Return: the entry, or ERR_PTR(-EDQUOT, -ENOMEM, -EFAULT).
 */
struct kipc_entry *kipc_entry_create(struct kipc_entry **spare, struct kipc_user *user,
				     struct kipc_source *source)
{
	u32 len = iov_iter_count(&source->iter);
	struct kipc_entry *entry;
	int err;

	err = kipc_entry_charge(user, len);
	if (err)
		return ERR_PTR(err);
	entry = kipc_entry_alloc(spare, len);
	if (!entry) {
		kipc_entry_uncharge(user, len);
		return ERR_PTR(-ENOMEM);
	}
	refcount_set(&entry->ref, 1);
	entry->seq = 0;
	entry->tag = source->tag;
	entry->prio = source->prio;
	entry->len = len;
	entry->user = kipc_user_get(user);
	entry->fds = NULL;
	entry->time = ktime_get_coarse_ns();
	kipc_sender_capture(&entry->sender);

	err = kipc_entry_fill(entry, source);
	if (err) {
		kipc_entry_put(entry);
		return ERR_PTR(err);
	}
	swap(entry->fds, source->fds);
	return entry;
}

/* What an entry has besides itself. */
static void kipc_entry_strip(struct kipc_entry *entry)
{
	if (unlikely(entry->fds)) {
		if (!entry->seq)
			kipc_fds_forget(entry->fds);
		else
			kipc_fds_put(entry->fds);
	}
	kipc_sender_forget(&entry->sender);
	kipc_entry_uncharge(entry->user, entry->len);
	kipc_user_put(entry->user);
}

/* The last reference has gone: kipc_entry_put(). */
void kipc_entry_free(struct kipc_entry *entry)
{
	kipc_entry_strip(entry);
	kipc_entry_dealloc(entry);
}

/**
 * kipc_entry_recycle() - drop a reference; the memory may serve the next message
 * @spare:	of the queue, changed under no lock: keeps one small entry
 * @entry:	the entry, in no store
 *
 * The memory stays accounted to the memory cgroup that first sent it.
 */
void kipc_entry_recycle(struct kipc_entry **spare, struct kipc_entry *entry)
{
	if (!refcount_dec_and_test(&entry->ref))
		return;
	kipc_entry_strip(entry);
	if (entry->cache || READ_ONCE(*spare) || cmpxchg(spare, NULL, entry))
		kipc_entry_dealloc(entry);
}

/* The queue goes. */
void kipc_entry_drop_spare(struct kipc_entry **spare)
{
	if (*spare)
		kipc_entry_dealloc(*spare);
}

/**
 * kipc_entry_describe() - write the header that its receiver is told
 * @entry:	the entry
 * @view:	the receiver's namespaces
 * @header:	written whole
 */
void kipc_entry_describe(const struct kipc_entry *entry, const struct kipc_view *view,
			 struct kipc_header *header)
{
	header->id = entry->seq;
	header->offset = 0;
	header->len = entry->len;
	header->tag = entry->tag;
	header->peer = 0;
	header->type = entry->type;
	header->time = entry->time + view->time_offset;
	header->call = 0;
	header->prio = entry->prio;
	header->kind = KIPC_KIND_SEND;
	header->fd_count = kipc_fds_count(entry->fds);
	header->flags = 0;
	header->reserved = 0;
	kipc_sender_describe(&entry->sender, view, header);
}

/* Only the payload may be copied to users: where read() does, hardened usercopy checks it. */
int __init kipc_entry_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kipc_entry_sizes); i++) {
		kipc_entry_caches[i] =
			kmem_cache_create_usercopy(kipc_entry_sizes[i].name,
						   sizeof(struct kipc_entry) +
						   kipc_entry_sizes[i].room,
						   0, 0, offsetof(struct kipc_entry, data),
						   kipc_entry_sizes[i].room, NULL);
		if (!kipc_entry_caches[i]) {
			kipc_entry_exit();
			return -ENOMEM;
		}
	}
	return 0;
}

void kipc_entry_exit(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kipc_entry_caches); i++)
		kmem_cache_destroy(kipc_entry_caches[i]);
}
