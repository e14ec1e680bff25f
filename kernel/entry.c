// SPDX-License-Identifier: GPL-2.0
/* Entry: see entry.h for what it is. */
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "entry.h"
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

static void kipc_entry_free(struct kipc_entry *entry)
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

/**
 * kipc_entry_create() - an entry of the current thread's, payload not filled
 * @user:	who pays
 * @len:	bytes of payload
 *
 * Return: the entry, or ERR_PTR(-EDQUOT, -ENOMEM).
 */
struct kipc_entry *kipc_entry_create(struct kipc_user *user, u32 len)
{
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
	RB_CLEAR_NODE(&entry->node);
	entry->len = len;
	entry->user = kipc_user_get(user);
	entry->time = ktime_get_coarse_ns();
	kipc_sender_capture(&entry->sender);
	return entry;
}

/**
 * kipc_entry_destroy() - free an entry that is in no queue
 * @entry:	the entry
 */
void kipc_entry_destroy(struct kipc_entry *entry)
{
	struct kipc_user *user = entry->user;
	u32 len = entry->len;

	kipc_sender_forget(&entry->sender);
	kipc_entry_free(entry);
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
	};
	kipc_sender_describe(&entry->sender, view, header);
}

/* The order of a queue: the more urgent first, then the older. */
bool kipc_entry_before(const struct kipc_entry *a, const struct kipc_entry *b)
{
	if (a->prio != b->prio)
		return a->prio > b->prio;
	return a->seq < b->seq;
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
