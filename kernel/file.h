/* SPDX-License-Identifier: GPL-2.0 */
/*
 * File: /dev/kipc as a file: open, close, read, write, poll, mmap, fdinfo.
 */
#ifndef KIPC_FILE_H
#define KIPC_FILE_H

#include <linux/fs.h>

extern const struct file_operations kipc_file_operations;

#endif /* KIPC_FILE_H */
