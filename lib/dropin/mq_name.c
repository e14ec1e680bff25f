// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * mq_name: how a POSIX queue's name becomes a kipc queue's.
 *
 * "/jobs" is "jobs", so that libkipc's queue:jobs and "kipcctl queues" see the same
 * queue.  kipc's names are printable ASCII without space and slash; every other byte,
 * and the percent sign, is written as %XX, in two capital digits.  So two names never
 * become one.
 *
 * The errors are Linux's, which looks a name up as that of a file in a directory:
 *
 *	EINVAL		no leading slash
 *	ENOENT		nothing but the slash
 *	ENAMETOOLONG	more than 255 bytes behind it; here also when the bytes that are
 *			written as three make it longer than that
 *	EACCES		a further slash, or "." or ".."
 */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "mq.h"

static bool kipc_mq_plain(unsigned char c)
{
	return c > ' ' && c <= '~' && c != '%';
}

/* Into %KIPC_NAME_SIZE zeroed bytes. */
static int kipc_mq_encode(char *field, const char *name)
{
	static const char digits[] = "0123456789ABCDEF";
	char *end = field + KIPC_NAME_SIZE - 1;
	unsigned char c;

	while ((c = *name++)) {
		if (end - field < (kipc_mq_plain(c) ? 1 : 3))
			return -ENAMETOOLONG;
		if (kipc_mq_plain(c)) {
			*field++ = c;
			continue;
		}
		*field++ = '%';
		*field++ = digits[c >> 4];
		*field++ = digits[c & 15];
	}
	return 0;
}

/* kipc's name for this one, into %KIPC_NAME_SIZE zeroed bytes. */
int kipc_mq_name(char *field, const char *name)
{
	if (*name++ != '/')
		return -EINVAL;
	if (!*name)
		return -ENOENT;
	if (strnlen(name, PATH_MAX) == PATH_MAX)
		return -ENAMETOOLONG;
	if (strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, ".."))
		return -EACCES;
	return kipc_mq_encode(field, name);
}
