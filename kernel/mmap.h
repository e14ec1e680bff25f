/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory: the pages behind a pool, and their mapping into its owner.
 *
 * Memory comes in chunks of 32 KiB, each physically contiguous, so that a copy
 * runs through the kernel's own direct mapping in long stretches and never
 * through a user mapping.  (32 KiB is the largest block that the page allocator
 * gives without special effort.)  A chunk is taken when the first message, or the
 * owner's eye, falls on it; it is zeroed then, charged to the user who owns the
 * endpoint and to the memory cgroup of the thread that needs it, and stays until
 * the memory is deinitialised or nobody has used it for a while (reclaim.h).  So the
 * steady state takes neither pages nor faults.
 *
 * Chunks are looked up without a lock, and made, mapped and taken away under one
 * (@changing), so that of two threads that need one at the same time only one is charged.
 * A chunk is taken away (kipc_memory_detach()) only while no message has a piece of it,
 * which the caller knows: a thread that fills a message never loses the ground.  Until its
 * pages are unmapped from the owner @changing is held: nobody gets a new chunk in its
 * place, where the owner would still see the old one.
 *
 * The mapping is read-only for good.  Its pages carry references of their own
 * (vm_insert_page), no VMA is remembered, and what the owner may have mapped
 * never matters here: the kernel writes through the chunks and reads nothing
 * back that it relies on.
 */
#ifndef KIPC_MMAP_H
#define KIPC_MMAP_H

#include <linux/atomic.h>
#include <linux/mm_types.h>
#include <linux/mutex.h>
#include <linux/log2.h>
#include <linux/sizes.h>
#include <linux/types.h>
#include <linux/xarray.h>

struct kipc_endpoint;
struct kipc_user;

#define KIPC_CHUNK_SIZE		SZ_32K

/**
 * struct kipc_memory - chunks of memory
 * @size:	bytes that may be mapped, a multiple of the page size
 * @base:	where they are mapped in the file, in pages
 * @taken:	bytes that the chunks have
 * @changing:	held while chunks are made, mapped or given back
 * @first:	chunk 0, where the messages of a pool that is not under load are
 * @chunks:	void * by index; an absent one has not been needed yet
 * @user:	who pays; pinned by the endpoint around this
 * @owner:	the endpoint around this, whose memory may be given back; or NULL
 */
struct kipc_memory {
	u32			size;
	unsigned long		base;
	atomic_t		taken;
	struct mutex		changing;	/* see above */
	void			*first;
	struct xarray		chunks;
	struct kipc_user	*user;
	struct kipc_endpoint	*owner;
};

void kipc_memory_init(struct kipc_memory *memory, u32 size, struct kipc_user *user,
		      struct kipc_endpoint *owner);
void kipc_memory_deinit(struct kipc_memory *memory);
void *kipc_memory_lookup(struct kipc_memory *memory, unsigned long index);
void *kipc_memory_detach(struct kipc_memory *memory, unsigned long index);
unsigned long kipc_memory_pages(void);
void kipc_chunk_free(struct kipc_memory *memory, void *chunk);
int kipc_memory_map(struct kipc_memory *memory, struct vm_area_struct *vma);

/* A pool smaller than a chunk has one chunk of its own size. */
static inline u32 kipc_chunk_bytes(const struct kipc_memory *memory)
{
	return memory->size < KIPC_CHUNK_SIZE ? memory->size : KIPC_CHUNK_SIZE;
}

/* Bytes of memory that are taken now. */
static inline u32 kipc_memory_taken(const struct kipc_memory *memory)
{
	return atomic_read(&memory->taken);
}

/* What can be mapped of memory for this many bytes: whole chunks, or less than one. */
static inline u32 kipc_memory_size(u32 bytes)
{
	if (bytes < KIPC_CHUNK_SIZE)
		return roundup_pow_of_two(max_t(u32, bytes, PAGE_SIZE));
	return round_up(bytes, KIPC_CHUNK_SIZE);
}

/**
 * kipc_memory_chunk() - the chunk of an index, taken now if need be
 * @memory:	the memory
 * @index:	offset / KIPC_CHUNK_SIZE
 *
 * May sleep.
 *
 * Return: its address, or ERR_PTR(-ENOMEM, -EDQUOT).
 */
static inline void *kipc_memory_chunk(struct kipc_memory *memory, unsigned long index)
{
	/* Published zeroed and whole; what is read through it depends on it. */
	void *first = READ_ONCE(memory->first);

	return likely(!index && first) ? first : kipc_memory_lookup(memory, index);
}

/**
 * kipc_memory_peek() - the chunk of an index, if there is one
 * @memory:	the memory
 * @index:	offset / KIPC_CHUNK_SIZE
 *
 * Return: its address, or NULL.
 */
static inline void *kipc_memory_peek(struct kipc_memory *memory, unsigned long index)
{
	void *first = READ_ONCE(memory->first);

	return likely(!index && first) ? first : xa_load(&memory->chunks, index);
}

#endif /* KIPC_MMAP_H */
