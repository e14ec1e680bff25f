/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fetch: what is said to the plugin that looks for double fetches.
 *
 * The user can change memory between two reads of it.  tools/gcc-plugins/ reports where
 * that can happen; it sees one file, and needs to be told of what the others read.
 * Without the plugin none of this is anything.
 */
#ifndef KIPC_FETCH_H
#define KIPC_FETCH_H

#include <linux/compiler.h>

/* A function that other files call reads memory of the user's: argument _at, _bytes of it. */
#if __has_attribute(reads_user)
#define __reads_user(_at, ...)	__attribute__((reads_user(_at, ##__VA_ARGS__)))
#define __user_reread		__attribute__((user_reread))
#else
#define __reads_user(...)
#define __user_reread
#endif

/* What is read through the result has been read before, or seems so: _why that is safe. */
static inline __user_reread const void __user *kipc_reread(const void __user *at, const char *why)
{
	return at;
}

#endif /* KIPC_FETCH_H */
