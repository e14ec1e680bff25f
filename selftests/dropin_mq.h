/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of POSIX message queues share.
 *
 * They are written from POSIX and from Linux's manual, and use nothing but <mqueue.h>.
 * Run as they are they test the kernel's own queues, which is how it is known that
 * they ask for what there is; run by dropin_mq_preload with libkipc-mq.so in
 * LD_PRELOAD they ask the same of kipc's.  Where the two differ on purpose a test asks
 * drop_in(), and says why.
 */
#ifndef DROPIN_MQ_H
#define DROPIN_MQ_H

#include <dlfcn.h>
#include <limits.h>
#include <mqueue.h>
#include <poll.h>
#include <sys/resource.h>

#include "kipc_test.h"

/* What the fixtures' queues hold. */
#define MSGS	4
#define SIZE	64

/* A time that passes only when something is broken, in seconds. */
#define LONG_S	20

#define MQ_NAME_SIZE 64

/* Who is it that is tested? */
static inline bool drop_in(void)
{
	return dlopen("libkipc-mq.so.0", RTLD_LAZY | RTLD_NOLOAD);
}

/* What was returned, or -errno. */
static inline ssize_t got(ssize_t ret)
{
	return ret < 0 ? -errno : ret;
}

static inline bool is_root(void)
{
	return !geteuid();
}

/* May this test change what is the whole machine's? */
static inline bool in_guest(void)
{
	return is_root() && !access("/guest/init", F_OK);
}

/* Queues of any size, where the kernel's own are limited. */
static inline void no_mq_limit(void)
{
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	setrlimit(RLIMIT_MSGQUEUE, &all);
}

static inline char *fresh_mq_name(char *buf)
{
	static int count;

	snprintf(buf, MQ_NAME_SIZE, "/test-%d-%d", getpid(), ++count);
	return buf;
}

static inline struct mq_attr attr_of(long maxmsg, long msgsize)
{
	return (struct mq_attr){ .mq_maxmsg = maxmsg, .mq_msgsize = msgsize };
}

/* A new queue.  Return: its descriptor or -errno. */
static inline mqd_t mq_make(const char *name, int oflag, long maxmsg, long msgsize)
{
	struct mq_attr attr = attr_of(maxmsg, msgsize);

	return got(mq_open(name, oflag | O_CREAT | O_EXCL, 0666, &attr));
}

/* Another descriptor of a queue that is there. */
static inline mqd_t mq_join(const char *name, int oflag)
{
	return got(mq_open(name, oflag));
}

static inline long mq_curmsgs(mqd_t mqd)
{
	struct mq_attr attr;

	return mq_getattr(mqd, &attr) ? -errno : attr.mq_curmsgs;
}

static inline long mq_flags(mqd_t mqd)
{
	struct mq_attr attr;

	return mq_getattr(mqd, &attr) ? -errno : attr.mq_flags;
}

static inline int mq_set_flags(mqd_t mqd, long flags)
{
	struct mq_attr attr = { .mq_flags = flags };

	return got(mq_setattr(mqd, &attr, NULL));
}

static inline ssize_t put(mqd_t mqd, const char *text)
{
	return got(mq_send(mqd, text, strlen(text), 0));
}

static inline ssize_t put_prio(mqd_t mqd, const char *text, unsigned int prio)
{
	return got(mq_send(mqd, text, strlen(text), prio));
}

/* Is this the next message? */
static inline bool next_is(mqd_t mqd, const char *text)
{
	char buf[SIZE + 1];
	ssize_t n = mq_receive(mqd, buf, SIZE, NULL);

	if (n < 0)
		return false;
	buf[n] = 0;
	return !strcmp(buf, text);
}

static inline int fill_up(mqd_t mqd)
{
	int i, err = 0;

	for (i = 0; i < MSGS && !err; i++)
		err = put(mqd, "full");
	return err;
}

/* The time of day in a while, or a while ago. */
static inline struct timespec day_in_ms(long ms)
{
	struct timespec ts;
	int64_t ns;

	clock_gettime(CLOCK_REALTIME, &ts);
	ns = ts.tv_nsec + ms * 1000000LL;
	ts.tv_sec += ns / 1000000000;
	ts.tv_nsec = ns % 1000000000;
	if (ts.tv_nsec < 0) {
		ts.tv_sec--;
		ts.tv_nsec += 1000000000;
	}
	return ts;
}

/* A page that nobody may touch. */
static inline void *nowhere(void)
{
	static void *page;

	if (!page)
		page = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return page;
}

/* A pointer of which the compiler does not know that <mqueue.h> forbids it. */
static inline void *unknown(void *pointer)
{
	__asm__("" : "+r"(pointer));
	return pointer;
}

/* A descriptor that was open. */
static inline int closed_fd(void)
{
	int fd = open("/", O_RDONLY | O_CLOEXEC);

	close(fd);
	return fd;
}

/* Does a thread sleep in a call on a queue, of either kind? */
static inline bool await_mq_sleep(pid_t pid, pid_t tid)
{
	int i;

	for (i = 0; i < 2000; i++) {
		if (sleeps_in(pid, tid, SYS_ioctl) || sleeps_in(pid, tid, SYS_mq_timedsend) ||
		    sleeps_in(pid, tid, SYS_mq_timedreceive))
			return true;
		nap_ms(1);
	}
	return false;
}

#define EXPECT_ERRNO(err, call) EXPECT_EQ(-(err), got(call))

#endif /* DROPIN_MQ_H */
