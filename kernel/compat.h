/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Compat: what differs between the kernels that the module is built for.
 *
 * The one place that asks for the kernel's version.  Each entry says which
 * version brought the change, so that it can go when that one is the oldest.
 */
#ifndef KIPC_COMPAT_H
#define KIPC_COMPAT_H

#include <linux/mm.h>
#include <linux/version.h>

/* 6.3: the flags of a VMA are changed through helpers that assert its lock. */
static inline void kipc_vm_flags_mod(struct vm_area_struct *vma, unsigned long set,
				     unsigned long clear)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	vm_flags_mod(vma, set, clear);
#else
	vma->vm_flags = (vma->vm_flags | set) & ~clear;
#endif
}

/* 6.10: a trace event's string is taken from its declaration. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
#define kipc_assign_str(_field, _text)	do { (void)(_text); __assign_str(_field); } while (0)
#else
#define kipc_assign_str(_field, _text)	__assign_str(_field, _text)
#endif

#endif /* KIPC_COMPAT_H */
