/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of queues share: messages that are numbers, threads that wait for one or
 * for room, and what there is to know and to set of a queue.
 *
 * A function that takes a message returns its number, or -errno where it got none; so a
 * test compares what comes with what was sent.
 */
#ifndef QUEUE_TEST_H
#define QUEUE_TEST_H

#include <limits.h>
#include <poll.h>

#include "channel_test.h"

/* A queue of its own that holds so much; 0 is the default. */
static inline int queue_make(char *name, uint64_t msgs, uint64_t bytes, uint64_t size)
{
	return queue_open_sized(fresh_name(name),
				KIPC_QUEUE_CREATE | KIPC_QUEUE_EXCL | QUEUE_BOTH,
				msgs, bytes, size);
}

/* Sending */

/* A message that is a number, which has to stay where it is. */
static inline struct kipc_queue_send put_args(const int *number, uint64_t type,
					      unsigned int prio)
{
	struct kipc_queue_send arg = queue_send_args(number, sizeof(*number));

	arg.type = type;
	arg.prio = prio;
	return arg;
}

/* Send a number; does not wait. */
static inline int put(int fd, int number, uint64_t type, unsigned int prio)
{
	struct kipc_queue_send arg = put_args(&number, type, prio);

	arg.flags = KIPC_F_NONBLOCK;
	return request(fd, KIPC_IOC_QUEUE_SEND, &arg);
}

/* Send first, first + 1, ... */
static inline int put_several(int fd, int first, int count)
{
	int err = 0;

	while (!err && count--)
		err = put(fd, first++, 0, 0);
	return err;
}

/* Receiving */

static inline struct kipc_queue_recv take_args(int *number, unsigned int select,
					       uint64_t match)
{
	struct kipc_queue_recv arg = queue_recv_args(number, sizeof(*number));

	arg.select = select;
	arg.match = match;
	return arg;
}

static inline int take_with(int fd, unsigned int select, uint64_t match, unsigned int flags)
{
	int number = INT_MAX, err;
	struct kipc_queue_recv arg = take_args(&number, select, match);

	arg.flags = flags;
	err = request(fd, KIPC_IOC_QUEUE_RECV, &arg);
	return err ?: arg.msg.len == sizeof(number) ? number : -EPROTO;
}

/* Take the first that qualifies; does not wait. */
static inline int take(int fd, unsigned int select, uint64_t match)
{
	return take_with(fd, select, match, KIPC_F_NONBLOCK);
}

static inline int take_any(int fd)
{
	return take(fd, KIPC_SELECT_URGENT, 0);
}

static inline int take_type(int fd, uint64_t type)
{
	return take(fd, KIPC_SELECT_TYPE, type);
}

/* Look at it, and leave it there. */
static inline int look(int fd, unsigned int select, uint64_t match)
{
	return take_with(fd, select, match, KIPC_F_NONBLOCK | KIPC_RECV_PEEK);
}

/* Take out all there is.  Return: how many there were. */
static inline int drain(int fd)
{
	struct kipc_queue_recv arg = queue_recv_args(NULL, 0);
	int n = 0;

	arg.flags = KIPC_F_NONBLOCK | KIPC_RECV_TRUNCATE;
	while (!request(fd, KIPC_IOC_QUEUE_RECV, &arg))
		n++;
	return n;
}

/* Threads that wait */

/**
 * struct taker - a thread that takes a message, which is a number
 * @asker:	the thread
 * @arg:	its request
 * @number:	what it got
 */
struct taker {
	struct asker asker;
	struct kipc_queue_recv arg;
	int number;
};

/* Return: 0 when it waits */
static inline int taker_start_with(struct taker *taker, int fd, unsigned int select,
				   uint64_t match, unsigned int flags)
{
	taker->arg = take_args(&taker->number, select, match);
	taker->arg.flags = flags;
	return ask_and_wait(&taker->asker, fd, KIPC_IOC_QUEUE_RECV, &taker->arg);
}

static inline int taker_start(struct taker *taker, int fd, unsigned int select,
			      uint64_t match)
{
	return taker_start_with(taker, fd, select, match, 0);
}

static inline int taker_end(struct taker *taker)
{
	return ask_end(&taker->asker) ?: taker->number;
}

/**
 * struct putter - a thread that sends a number
 * @asker:	the thread
 * @arg:	its request
 * @number:	what it sends
 */
struct putter {
	struct asker asker;
	struct kipc_queue_send arg;
	int number;
};

/* Return: 0 when it waits for room */
static inline int putter_start_with(struct putter *putter, int fd, int number,
				    unsigned int flags)
{
	putter->number = number;
	putter->arg = put_args(&putter->number, 0, 0);
	putter->arg.flags = flags;
	return ask_and_wait(&putter->asker, fd, KIPC_IOC_QUEUE_SEND, &putter->arg);
}

static inline int putter_start(struct putter *putter, int fd, int number)
{
	return putter_start_with(putter, fd, number, 0);
}

static inline int putter_end(struct putter *putter)
{
	return ask_end(&putter->asker);
}

static inline void signal_thread(const struct asker *asker, int number)
{
	syscall(SYS_tgkill, getpid(), asker->tid, number);
}

/* What there is to know */

static inline int queue_stat(int fd, unsigned int number, unsigned int flags,
			     struct kipc_queue_stat *stat)
{
	*stat = (struct kipc_queue_stat){
		.size = sizeof(*stat),
		.flags = flags,
		.number = number,
	};
	return request(fd, KIPC_IOC_QUEUE_STAT, stat);
}

/* Of the endpoint's own queue; where it fails all of it is wrong. */
static inline struct kipc_queue_stat stat_of(int fd)
{
	struct kipc_queue_stat stat;

	if (queue_stat(fd, 0, 0, &stat))
		memset(&stat, 0xff, sizeof(stat));
	return stat;
}

static inline unsigned int number_of_queue(int fd)
{
	return stat_of(fd).number;
}

/* Do so many threads come to wait for a message, and so many for room? */
static inline bool await_waiters(int fd, unsigned int receivers, unsigned int senders)
{
	struct kipc_queue_stat stat;
	int i;

	for (i = 0; i < 2000; i++) {
		stat = stat_of(fd);
		if (stat.receivers == receivers && stat.senders == senders)
			return true;
		nap_ms(1);
	}
	return false;
}

/* What can be set */

static inline struct kipc_queue_set set_args(unsigned int flags)
{
	return (struct kipc_queue_set){
		.size = sizeof(struct kipc_queue_set),
		.flags = flags,
	};
}

static inline int queue_set_mode(int fd, unsigned int mode)
{
	struct kipc_queue_set arg = set_args(KIPC_SET_MODE);

	arg.mode = mode;
	return request(fd, KIPC_IOC_QUEUE_SET, &arg);
}

static inline int queue_set_max_msgs(int fd, uint64_t msgs)
{
	struct kipc_queue_set arg = set_args(KIPC_SET_MAX_MSGS);

	arg.max_msgs = msgs;
	return request(fd, KIPC_IOC_QUEUE_SET, &arg);
}

static inline int queue_set_max_bytes(int fd, uint64_t bytes)
{
	struct kipc_queue_set arg = set_args(KIPC_SET_MAX_BYTES);

	arg.max_bytes = bytes;
	return request(fd, KIPC_IOC_QUEUE_SET, &arg);
}

static inline int queue_set_max_size(int fd, uint64_t size)
{
	struct kipc_queue_set arg = set_args(KIPC_SET_MAX_SIZE);

	arg.max_size = size;
	return request(fd, KIPC_IOC_QUEUE_SET, &arg);
}

/* By name, or by number where that is not 0; removed or only unlinked */
static inline int queue_unlink_with(int fd, const char *name, unsigned int number,
				    unsigned int flags)
{
	struct kipc_queue_unlink arg = {
		.size = sizeof(arg),
		.flags = flags,
		.number = number,
	};

	if (name)
		put_name(arg.name, name);
	return request(fd, KIPC_IOC_QUEUE_UNLINK, &arg);
}

static inline int queue_remove(int fd, const char *name)
{
	return queue_unlink_with(fd, name, 0, KIPC_UNLINK_REMOVE);
}

/* Run as a user.  Return: what the function does, from 0 to 254, or 255. */
static inline int as_user(uid_t uid, int (*run)(void *arg), void *arg)
{
	pid_t child = spawn();

	if (!child)
		_exit(become(uid) ? 255 : run(arg));
	return reap(child);
}

#endif /* QUEUE_TEST_H */
