/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ioctl: the requests of the UAPI, from user memory to the rooms that do them.
 *
 * One table says, for each request, how large its structure is, how much of it is
 * read, and which function handles it.  That part is read once; results are written
 * to the user's structure by the handler.
 */
#ifndef KIPC_IOCTL_H
#define KIPC_IOCTL_H

#include <linux/fs.h>

long kipc_ioctl(struct file *file, unsigned int cmd, unsigned long arg);

#endif /* KIPC_IOCTL_H */
