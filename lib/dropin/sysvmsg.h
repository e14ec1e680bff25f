/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of libkipc-sysvmsg share.  sysvmsg.c tells how it works. */
#ifndef KIPC_SYSVMSG_H
#define KIPC_SYSVMSG_H

#include <errno.h>
#include <linux/kipc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SYSVMSG_EXPORT	__attribute__((visibility("default")))

/* The names of the queues that are System V's: this, and the key or "private.". */
#define SYSVMSG_PREFIX	"sysv:"

/* What a kipc queue can hold, messages and bytes: the most that can be set. */
#define SYSVMSG_MSGS_MAX	(1ULL << 32)
#define SYSVMSG_BYTES_MAX	(1ULL << 40)

/* The low bits of an id that are no sequence number, as in the kernel's. */
#define SYSVMSG_SEQ_SHIFT 15

enum sysvmsg_limit {
	SYSVMSG_MAX,		/* msgmax: bytes of a message */
	SYSVMSG_MNB,		/* msgmnb: bytes of a queue */
	SYSVMSG_MNI,		/* msgmni: queues */
};

/* sysvmsg_door.c: all return 0 (a descriptor, a number) or -errno */
int sysvmsg_request(unsigned long request, void *arg);
int sysvmsg_request_cancelable(unsigned long request, void *arg);
int sysvmsg_open(void);
unsigned long sysvmsg_limit(enum sysvmsg_limit limit);
bool sysvmsg_too_long(size_t len);

/* sysvmsg_user.c: memory whose address is the program's word only */
int sysvmsg_read(void *to, const void *from, size_t len);
int sysvmsg_write(void *to, const void *from, size_t len);
bool sysvmsg_on_stack(const void *at, size_t len);
void sysvmsg_user_init(void);

/* sysvmsg_look.c */
int sysvmsg_stat(uint32_t number, uint32_t flags, struct kipc_queue_stat *stat);
int sysvmsg_next(uint32_t number, struct kipc_queue_stat *stat);
int sysvmsg_find(const char *name, struct kipc_queue_stat *stat);
unsigned long sysvmsg_count(void);
bool sysvmsg_capable(unsigned int capability);
bool sysvmsg_permits(const struct kipc_queue_stat *stat, unsigned int wanted);

static inline uint64_t sysvmsg_msgs(uint64_t bytes)
{
	return bytes < SYSVMSG_MSGS_MAX ? bytes : SYSVMSG_MSGS_MAX;
}

static inline uint64_t sysvmsg_bytes(uint64_t bytes)
{
	return bytes < SYSVMSG_BYTES_MAX ? bytes : SYSVMSG_BYTES_MAX;
}

/* What a System V call returns: the value, or -1 with errno. */
static inline int sysvmsg_result(int value)
{
	if (value >= 0)
		return value;
	errno = -value;
	return -1;
}

#endif /* KIPC_SYSVMSG_H */
