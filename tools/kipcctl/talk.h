/* SPDX-License-Identifier: GPL-2.0 */
/* What the verbs share that move messages: talk.c. */
#ifndef KIPCCTL_TALK_H
#define KIPCCTL_TALK_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "kipc.h"

/* The highest priority of a message, as kipc has it. */
#define PRIO_MAX_MESSAGE 32767

int connect_patiently(struct kipc **handle, const char *address, int64_t wait, int64_t *timeout);
int failed_to_connect(const char *address, int err);
int failed_to_send(const char *address, int err);
ssize_t read_full(int fd, char *buf, size_t size);
ssize_t read_all(int fd, char **data);
int write_full(int fd, const void *data, size_t len);
int write_parts(int fd, struct iovec *parts, int count);
int number_of(const char *word, uint64_t max, uint64_t *number);
void ending_signals(sigset_t *set);
void catch_signals(void);
bool signal_caught(void);

#endif /* KIPCCTL_TALK_H */
