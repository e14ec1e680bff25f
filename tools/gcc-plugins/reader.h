/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reader: what reads the user's memory: functions of the kernel that are known by name,
 * functions that are declared to, and the inline assembly of get_user().
 *
 *	int fetch(void *to, const void __user *from, size_t bytes)
 *		__attribute__((reads_user(2, 3)));
 *
 * declares that a function reads the memory that its second argument points to, of as many
 * bytes as the third says (left out: nobody knows).  It may be there more than once.
 *
 *	static inline void __user *again(void __user *from) __attribute__((user_reread))
 *
 * is a function that returns its argument.  A read through what it returned may come second.
 */
#ifndef PLUGIN_READER_H
#define PLUGIN_READER_H

#include "value.h"

/**
 * struct reader - a function of the kernel
 * @name:	its name
 * @from:	argument that points to the user's memory; or -1
 * @len:	argument that says how much of it is read; or -1
 * @scale:	bytes that is the number of; without @len the bytes
 * @to:		argument that points to what is written; or -1
 * @offset:	argument that is added to @from; or -1
 * @iter:	argument that points to an iov_iter, which is read; or -1
 * @rewind:	or put back
 * @bind:	or given the memory that @from points to, or that nobody knows
 */
struct reader {
	const char	*name;
	int		from;
	int		len;
	int		scale;
	int		to;
	int		offset;
	int		iter;
	bool		rewind;
	bool		bind;
};

/**
 * struct user_read - a statement reads the user's memory
 * @at:		the address
 * @len:	bytes
 * @iter:	address of the iov_iter that is read, put back or bound; unknown: none is
 * @buffer:	what it is bound to
 * @bind:	it is bound
 * @rewind:	it is put back
 * @expr:	the pointer as it is written, or NULL
 */
struct user_read {
	struct value	at;
	struct value	len;
	struct value	iter;
	struct value	buffer;
	bool		bind;
	bool		rewind;
	tree		expr;
};

const struct reader *reader_find(tree fndecl);
struct value reader_bytes(const struct reader *reader, gimple *call);
bool reader_reads(gimple *stmt, unsigned int nr, struct user_read *read);
bool reader_meant(tree expr);
void reader_attributes(void);

#endif /* PLUGIN_READER_H */
