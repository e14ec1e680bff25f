// SPDX-License-Identifier: GPL-2.0
/*
 * What the kernel ran through, as KCOV tells it: the addresses of the basic blocks of the
 * module (the rest of the kernel is built without), in their order, of one thread.
 *
 * An edge is two addresses one behind the other in the same call.  Both are kept as bits:
 * of an address its lowest bits, which are its own in a module of two MiB, of an edge a hash.
 * A kernel without KCOV tells nothing, and all goes on without.
 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/kcov.h>

#include "fuzz.h"

#define COVER_SIZE	(64UL << 10)	/* addresses of one program */

/* Opened before a worker becomes somebody who may not. */
void cover_open(struct cover *c)
{
	void *area;

	c->area = NULL;
	c->fd = open("/sys/kernel/debug/kcov", O_RDWR | O_CLOEXEC);
	if (c->fd < 0)
		return;
	if (ioctl(c->fd, KCOV_INIT_TRACE, COVER_SIZE))
		return;
	area = mmap(NULL, COVER_SIZE * sizeof(long), PROT_READ | PROT_WRITE, MAP_SHARED, c->fd, 0);
	if (area != MAP_FAILED)
		c->area = area;
}

/* In the thread that is to be watched. */
void cover_enable(struct cover *c)
{
	if (c->area && ioctl(c->fd, KCOV_ENABLE, KCOV_TRACE_PC))
		c->area = NULL;
}

void cover_reset(struct cover *c)
{
	c->n = 0;
	if (c->area)
		__atomic_store_n(&c->area[0], 0, __ATOMIC_RELAXED);
}

/* A call begins. */
void cover_mark(struct cover *c)
{
	if (c->area && c->n < MARKS)
		c->marks[c->n++] = __atomic_load_n(&c->area[0], __ATOMIC_RELAXED);
}

void cover_each(const struct cover *c, void (*each)(void *arg, uint32_t edge, uint32_t pc),
		void *arg)
{
	unsigned long i, n, pc, before = 0;
	unsigned int mark = 0;

	if (!c->area)
		return;
	n = __atomic_load_n(&c->area[0], __ATOMIC_RELAXED);
	for (i = 0; i < n && i + 1 < COVER_SIZE; i++) {
		while (mark < c->n && c->marks[mark] == i) {
			before = 0;
			mark++;
		}
		pc = c->area[i + 1];
		each(arg, (((uint32_t)before * 0x9e3779b1U) >> 3 ^ pc) % EDGE_BITS, pc % PC_BITS);
		before = pc;
	}
}

/* Return: whether it was not set before. */
bool cover_set(atomic_uint *map, uint32_t bit)
{
	unsigned int mask = 1U << bit % 32;

	if (atomic_load_explicit(&map[bit / 32], memory_order_relaxed) & mask)
		return false;
	return !(atomic_fetch_or(&map[bit / 32], mask) & mask);
}
