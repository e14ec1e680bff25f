// SPDX-License-Identifier: GPL-2.0
/*
 * What other files may call has to declare what it reads.
 *
 * plugin: declare
 */
#include "stand_in.h"

int reads(void *to, const void __user *from) /* undeclared: from */
{
	return copy_from_user(to, from, 8);
}

int says_so(void *to, const void __user *from, size_t bytes)
	__attribute__((reads_user(2, 3)));
int says_so(void *to, const void __user *from, size_t bytes)
{
	return copy_from_user(to, from, bytes);
}

static int is_nobodys(void *to, const void __user *from)
{
	return copy_from_user(to, from, 8);
}

