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

static struct kipc_entry *kipc_entry_alloc(u32 len)
{
	struct kipc_entry *entry;
	u16 i;

	for (i = 0; i < ARRAY_SIZE(kipc_entry_sizes); i++)
		if (len <= kipc_entry_sizes[i].room)
			break;
	if (i < ARRAY_SIZE(kipc_entry_sizes))
		entry = kmem_cache_alloc(kipc_entry_caches[i], GFP_KERNEL_ACCOUNT);
	else
		entry = kvmalloc(struct_size(entry, data, len), GFP_KERNEL_ACCOUNT);
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

static int kipc_entry_fill(struct kipc_entry *entry, struct kipc_source *source)
{
	if (source->small) {
		memcpy(entry->data, source->line, round_up(entry->len, sizeof(u64)));
		return 0;
	}
	return copy_from_iter(entry->data, entry->len, &source->iter) == entry->len ? 0 : -EFAULT;
}

/**
 * kipc_entry_create() - an entry of the current thread's
 * @user:	who pays
 * @source:	its payload, of less than 4 GiB; its descriptors are the entry's then
 *
 * Its type is the caller's to set.
 *
 * Return: the entry, or ERR_PTR(-EDQUOT, -ENOMEM, -EFAULT).
 */
struct kipc_entry *kipc_entry_create(struct kipc_user *user, struct kipc_source *source)
{
	u32 len = iov_iter_count(&source->iter);
	struct kipc_entry *entry;
	int err;

	err = kipc_entry_charge(user, len);
	if (err)
		return ERR_PTR(err);
	entry = kipc_entry_alloc(len);
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

/* The last reference has gone: kipc_entry_put(). */
void kipc_entry_free(struct kipc_entry *entry)
{
	struct kipc_user *user = entry->user;
	u32 len = entry->len;

	if (unlikely(entry->fds)) {
		if (!entry->seq)
			kipc_fds_forget(entry->fds);
		else
			kipc_fds_put(entry->fds);
	}
	kipc_sender_forget(&entry->sender);
	kipc_entry_dealloc(entry);
	kipc_entry_uncharge(user, len);
	kipc_user_put(user);
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
	*header = (struct kipc_header){
		.id = entry->seq,
		.len = entry->len,
		.tag = entry->tag,
		.time = entry->time + view->time_offset,
		.type = entry->type,
		.prio = entry->prio,
		.kind = KIPC_KIND_SEND,
		.fd_count = kipc_fds_count(entry->fds),
	};
	kipc_sender_describe(&entry->sender, view, header);
}

/* Only the payload may be copied to or from users: hardened usercopy checks it. */
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
