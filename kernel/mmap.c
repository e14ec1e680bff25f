// SPDX-License-Identifier: GPL-2.0
/* Memory: see mmap.h for what it is. */
#include <linux/gfp.h>
#include <linux/mm.h>

#include "compat.h"
#include "mmap.h"
#include "quota.h"
#include "reclaim.h"

#define KIPC_CHUNK_PAGES	(KIPC_CHUNK_SIZE / PAGE_SIZE)

/* Pages that all memories have taken: changed with every chunk, not with every message. */
static atomic_long_t kipc_pages;

unsigned long kipc_memory_pages(void)
{
	return atomic_long_read(&kipc_pages);
}

/**
 * kipc_memory_init() - make memory that has no chunk yet
 * @memory:	the memory
 * @size:	bytes, a multiple of the page size
 * @user:	who pays for the chunks; must outlive the memory
 * @owner:	the endpoint around it, whose memory may be given back; or NULL
 */
void kipc_memory_init(struct kipc_memory *memory, u32 size, struct kipc_user *user,
		      struct kipc_endpoint *owner)
{
	memory->size = size;
	memory->base = 0;
	atomic_set(&memory->taken, 0);
	mutex_init(&memory->changing);
	memory->first = NULL;
	memory->user = user;
	memory->owner = owner;
	xa_init_flags(&memory->chunks, XA_FLAGS_ACCOUNT);
}

/* Free a chunk that is in no memory any more, and mapped nowhere. */
void kipc_chunk_free(struct kipc_memory *memory, void *chunk)
{
	u32 bytes = kipc_chunk_bytes(memory);

	free_pages_exact(chunk, bytes);
	atomic_sub(bytes, &memory->taken);
	atomic_long_sub(bytes >> PAGE_SHIFT, &kipc_pages);
	kipc_user_uncharge(memory->user, KIPC_QUOTA_POOL_BYTES, bytes);
}

/**
 * kipc_memory_deinit() - give all chunks back
 * @memory:	the memory; nobody fills it any more
 *
 * A page that something else still holds (a pinned page of the mapping) is freed
 * when that lets go.
 */
void kipc_memory_deinit(struct kipc_memory *memory)
{
	unsigned long index;
	void *chunk;

	xa_for_each(&memory->chunks, index, chunk) {
		kipc_chunk_free(memory, chunk);
		cond_resched();
	}
	xa_destroy(&memory->chunks);
	mutex_destroy(&memory->changing);
	memory->first = NULL;
}

static void *kipc_chunk_create(struct kipc_memory *memory, unsigned long index)
{
	u32 bytes = kipc_chunk_bytes(memory);
	void *chunk;
	int err;

	lockdep_assert_held(&memory->changing);
	err = kipc_user_charge(memory->user, KIPC_QUOTA_POOL_BYTES, bytes);
	if (err)
		return ERR_PTR(err);

	chunk = alloc_pages_exact(bytes, GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_NOWARN);
	if (!chunk) {
		kipc_user_uncharge(memory->user, KIPC_QUOTA_POOL_BYTES, bytes);
		return ERR_PTR(-ENOMEM);
	}

	atomic_add(bytes, &memory->taken);
	atomic_long_add(bytes >> PAGE_SHIFT, &kipc_pages);
	if (memory->owner)
		kipc_reclaim_add(memory->owner);
	err = xa_err(xa_store(&memory->chunks, index, chunk, GFP_KERNEL_ACCOUNT));
	if (!err)
		return chunk;
	kipc_chunk_free(memory, chunk);
	return ERR_PTR(err);
}

/* The chunk of an index, made now if need be, by a thread that has @changing. */
static void *kipc_memory_chunk_locked(struct kipc_memory *memory, unsigned long index)
{
	void *chunk = xa_load(&memory->chunks, index);

	if (!chunk)
		chunk = kipc_chunk_create(memory, index);
	if (!index && !IS_ERR(chunk))
		smp_store_release(&memory->first, chunk);	/* zeroed before */
	return chunk;
}

/* kipc_memory_chunk(), where the shortcut to the first one does not do. */
void *kipc_memory_lookup(struct kipc_memory *memory, unsigned long index)
{
	void *chunk = xa_load(&memory->chunks, index);

	if (chunk)
		return chunk;
	mutex_lock(&memory->changing);
	chunk = kipc_memory_chunk_locked(memory, index);
	mutex_unlock(&memory->changing);
	return chunk;
}

/**
 * kipc_memory_detach() - take a chunk away that no message uses
 * @memory:	the memory
 * @index:	offset / KIPC_CHUNK_SIZE
 *
 * The caller keeps messages from coming (the channel's lock) and has @changing.  Once it
 * has unmapped the chunk: kipc_chunk_free().
 *
 * Return: the chunk, or NULL: there was none.
 */
void *kipc_memory_detach(struct kipc_memory *memory, unsigned long index)
{
	if (!index)
		WRITE_ONCE(memory->first, NULL);
	return xa_erase(&memory->chunks, index);
}

/*
 * Map the whole chunk around the page that was touched: a large message costs
 * its owner one fault per chunk, once.  Pages that another thread has mapped in
 * the meantime (-EBUSY) are as good.
 */
static vm_fault_t kipc_memory_map_chunk(struct kipc_memory *memory, struct vm_area_struct *vma,
					unsigned long index)
{
	unsigned long first = memory->base + index * KIPC_CHUNK_PAGES;
	void *chunk = kipc_memory_chunk_locked(memory, index);
	unsigned long i;
	int err;

	if (IS_ERR(chunk))
		return chunk == ERR_PTR(-ENOMEM) ? VM_FAULT_OOM : VM_FAULT_SIGBUS;

	for (i = 0; i < kipc_chunk_bytes(memory) >> PAGE_SHIFT; i++) {
		unsigned long addr = vma->vm_start + ((first + i - vma->vm_pgoff) << PAGE_SHIFT);

		if (first + i < vma->vm_pgoff || addr >= vma->vm_end)
			continue;
		err = vm_insert_page(vma, addr, virt_to_page(chunk + (i << PAGE_SHIFT)));
		if (err && err != -EBUSY)
			return vmf_error(err);
	}
	return VM_FAULT_NOPAGE;
}

static vm_fault_t kipc_memory_fault(struct vm_fault *vmf)
{
	struct kipc_memory *memory = vmf->vma->vm_private_data;
	unsigned long page = vmf->pgoff - memory->base;
	vm_fault_t ret;

	if (page >= memory->size >> PAGE_SHIFT)
		return VM_FAULT_SIGBUS;
	mutex_lock(&memory->changing);
	ret = kipc_memory_map_chunk(memory, vmf->vma, page / KIPC_CHUNK_PAGES);
	mutex_unlock(&memory->changing);
	return ret;
}

static const struct vm_operations_struct kipc_memory_vm_ops = {
	.fault = kipc_memory_fault,
};

/**
 * kipc_memory_map() - let the owner map its pool
 * @memory:	the memory; lives as long as the file, which the VMA pins
 * @vma:	the mapping to be
 *
 * Return: 0; -EPERM for a mapping that could be written or executed; -EINVAL for
 * a range that is not the pool's.
 */
int kipc_memory_map(struct kipc_memory *memory, struct vm_area_struct *vma)
{
	unsigned long pages = memory->size >> PAGE_SHIFT;

	if (vma->vm_flags & (VM_WRITE | VM_EXEC))
		return -EPERM;
	if (vma->vm_pgoff != memory->base || vma_pages(vma) > pages)
		return -EINVAL;

	kipc_vm_flags_mod(vma, VM_DONTCOPY | VM_DONTEXPAND | VM_DONTDUMP | VM_MIXEDMAP,
			  VM_MAYWRITE | VM_MAYEXEC);
	vma->vm_private_data = memory;
	vma->vm_ops = &kipc_memory_vm_ops;
	return 0;
}
