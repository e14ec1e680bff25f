/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Compat: what differs between the kernels that the module is built for.
 *
 * The one place that asks for the kernel's version.  Each entry says which
 * version brought the change, so that it can go when that one is the oldest.
 */
#ifndef KIPC_COMPAT_H
#define KIPC_COMPAT_H

#include <linux/eventfd.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/shrinker.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/version.h>
#include <net/genetlink.h>

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

/* 6.7: the kernel allocates shrinkers itself. */
static inline struct shrinker *
kipc_shrinker_register(unsigned long (*count)(struct shrinker *, struct shrink_control *),
		       unsigned long (*scan)(struct shrinker *, struct shrink_control *))
{
	struct shrinker *shrinker;

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	shrinker = shrinker_alloc(0, "kipc");
#else
	shrinker = kzalloc(sizeof(*shrinker), GFP_KERNEL);
#endif
	if (!shrinker)
		return NULL;
	shrinker->count_objects = count;
	shrinker->scan_objects = scan;
	shrinker->seeks = DEFAULT_SEEKS;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	shrinker_register(shrinker);
#else
	if (register_shrinker(shrinker, "kipc")) {
		kfree(shrinker);
		return NULL;
	}
#endif
	return shrinker;
}

static inline void kipc_shrinker_unregister(struct shrinker *shrinker)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	shrinker_free(shrinker);
#else
	unregister_shrinker(shrinker);
	kfree(shrinker);
#endif
}

/* 6.5: a slab cache can be kept apart from others whose objects are of its size. */
#ifndef SLAB_NO_MERGE
#define SLAB_NO_MERGE	0
#endif

/* 6.8: what an eventfd is signalled with is always 1. */
static inline void kipc_eventfd_add(struct eventfd_ctx *eventfd)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
	eventfd_signal(eventfd);
#else
	eventfd_signal(eventfd, 1);
#endif
}

/* 6.8: receive_fd() writes the number before anybody can use the descriptor. */
static inline int kipc_receive_fd(struct file *file, int __user *to)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
	return receive_fd(file, to, O_CLOEXEC);
#else
	int fd = receive_fd(file, O_CLOEXEC);

	if (fd < 0 || !put_user(fd, to))
		return fd;
	close_fd(fd);
	return -EFAULT;
#endif
}

/* 6.6: what a dump was asked with lies in a struct genl_info. */
static inline struct nlattr **kipc_dump_attrs(struct netlink_callback *cb)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
	return genl_dumpit_info(cb)->info.attrs;
#else
	return genl_dumpit_info(cb)->attrs;
#endif
}

/* 6.10: a trace event's string is taken from its declaration. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
#define kipc_assign_str(_field, _text)	do { (void)(_text); __assign_str(_field); } while (0)
#else
#define kipc_assign_str(_field, _text)	__assign_str(_field, _text)
#endif

#endif /* KIPC_COMPAT_H */
