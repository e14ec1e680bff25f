// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libkipc-mq: POSIX message queues on kipc's.
 *
 * A program that is linked with this library, or started with it in LD_PRELOAD, finds
 * here what it would have found in the C library: the ten mq_* functions and
 * __mq_open_2(), which a checked mq_open() calls.  A mqd_t is the descriptor of an
 * endpoint of /dev/kipc that is a handle on a queue, and nothing else: no memory
 * belongs to it, so it survives fork() and dup() and may come from anywhere.
 *
 * Sending and receiving are one system call each, without a lock or an allocation.
 * What that takes:
 *
 *  - The rules that need the queue's state (which way a descriptor was opened,
 *    mq_msgsize, O_NONBLOCK) are the kernel's.  Only what needs the arguments alone is
 *    checked here.
 *  - They are cancellation points.  Where there are threads, cancellation is made
 *    asynchronous for the length of the system call.  A thread that is cancelled
 *    between the kernel's work and the return of the call takes a received message
 *    with it, as it does in the C library's own.
 *  - The kernel says EFAULT for a time that cannot be read, where a library would
 *    die.  So the page that a time lies in is tried once, and remembered.
 *
 * Errors are told as Linux's message queues tell them; where two could be told, the
 * one that Linux tells.  A descriptor that is no queue's comes back from ioctl() with
 * whatever the driver behind it makes of an unknown request: every error that a
 * queue's requests cannot have is EBADF here.
 *
 * The descriptor is open for neither reading nor writing, as open(2) does it for an
 * access mode of 3: read() of a kipc queue would take a message out of it, and read()
 * of a mqd_t never does that.
 *
 * Linux's functions that this library does not have, System V's queues for example,
 * are not touched, and it shares nothing with libkipc.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "dropin.h"
#include "mq.h"

#ifndef MQ_PRIO_MAX
#define MQ_PRIO_MAX (KIPC_PRIO_MAX + 1)
#endif

#define KIPC_MQ_NS_PER_S	1000000000LL

/* Neither reading nor writing; see above. */
#define KIPC_MQ_ACCESS		O_ACCMODE

/* What a failed ioctl() means to whoever called one of our functions. */
static int kipc_mq_error(int err)
{
	switch (err) {
	case EACCES:
	case EAGAIN:
	case EBUSY:
	case EFAULT:
	case EINTR:
	case EMSGSIZE:
	case ENOMEM:
	case ETIMEDOUT:
		return -err;
	case EDQUOT:
		return -ENOMEM;
	default:
		return -EBADF;
	}
}

/* Make an errno of it, as POSIX wants it: untouched by what succeeds. */
static int kipc_mq_result(int ret, int was)
{
	errno = ret < 0 ? -ret : was;
	return ret < 0 ? -1 : ret;
}

/**
 * kipc_mq_request() - a request that does not wait, on a queue that is open
 * @mqd:	the queue
 * @request:	KIPC_IOC_*
 * @arg:	its structure
 *
 * Return: 0 or -errno.
 */
int kipc_mq_request(mqd_t mqd, unsigned long request, void *arg)
{
	return ioctl(mqd, request, arg) < 0 ? kipc_mq_error(errno) : 0;
}

/* ---- memory that may not be there ---- */

/*
 * Hide a pointer's origin from the compiler: <mqueue.h> promises it that pointers are
 * not NULL, which the kernel takes from nobody.
 */
static const void *kipc_mq_pointer(const void *at)
{
	__asm__("" : "+r"(at));
	return at;
}

/*
 * A time is on the caller's stack, mostly, or where the last one was.  A page that has
 * been unmapped meanwhile is the program's own mistake.
 */
static bool kipc_mq_time_readable(const struct timespec *time)
{
	static __thread uintptr_t known __attribute__((tls_model("initial-exec")));
	uintptr_t first = (uintptr_t)time / KIPC_DROPIN_PAGE;
	uintptr_t last = ((uintptr_t)time + sizeof(*time) - 1) / KIPC_DROPIN_PAGE;
	uintptr_t stack = (uintptr_t)__builtin_frame_address(0) / KIPC_DROPIN_PAGE;

	if (first == last && (first == stack || first == known))
		return true;
	if (!kipc_dropin_readable(time, sizeof(*time)))
		return false;
	if (first == last)
		known = first;
	return true;
}

/*
 * The time of a timed call as a deadline.  Linux looks at it first of all, and whether
 * or not there is anything to wait for.
 */
static int kipc_mq_deadline(const struct timespec *time, uint64_t *deadline)
{
	int64_t s, ns;

	if (!kipc_mq_time_readable(time))
		return -EFAULT;
	s = time->tv_sec;
	ns = time->tv_nsec;
	if (s < 0 || ns < 0 || ns >= KIPC_MQ_NS_PER_S)
		return -EINVAL;
	if (s >= INT64_MAX / KIPC_MQ_NS_PER_S)
		*deadline = INT64_MAX;
	else
		*deadline = s * KIPC_MQ_NS_PER_S + ns;
	/* 0 is none; 1 is past as well. */
	if (!*deadline)
		*deadline = 1;
	return 0;
}

/* ---- sending and receiving ---- */

/* A request that waits: a cancellation point. */
static int kipc_mq_wait(mqd_t mqd, unsigned long request, void *arg)
{
	int err = kipc_dropin_wait(mqd, request, arg);

	return err ? kipc_mq_error(-err) : 0;
}

static int kipc_mq_put(mqd_t mqd, const char *data, size_t len, unsigned int prio,
		       uint64_t deadline)
{
	struct kipc_queue_send send = {
		.size = sizeof(send),
		.flags = deadline ? KIPC_F_REALTIME : 0,
		.deadline = deadline,
		.prio = prio,
		.payload = {
			.data = (uintptr_t)data,
			.len = len,
		},
	};

	if (prio >= MQ_PRIO_MAX)
		return -EINVAL;
	return kipc_mq_wait(mqd, KIPC_IOC_QUEUE_SEND, &send);
}

/* Return: the message's length or -errno. */
static ssize_t kipc_mq_take(mqd_t mqd, char *data, size_t len, unsigned int *prio,
			    uint64_t deadline)
{
	struct kipc_queue_recv recv = {
		.size = sizeof(recv),
		.flags = KIPC_RECV_LARGEST | (deadline ? KIPC_F_REALTIME : 0),
		.deadline = deadline,
		.data = (uintptr_t)data,
		.len = len,
	};
	int err = kipc_mq_wait(mqd, KIPC_IOC_QUEUE_RECV, &recv);

	if (err)
		return err;
	if (prio)
		*prio = recv.msg.prio;
	return recv.msg.len;
}

int mq_send(mqd_t mqd, const char *data, size_t len, unsigned int prio)
{
	int err = kipc_mq_put(mqd, data, len, prio, 0);

	if (!err)
		return 0;
	errno = -err;
	return -1;
}

int mq_timedsend(mqd_t mqd, const char *data, size_t len, unsigned int prio,
		 const struct timespec *abs_timeout)
{
	const struct timespec *time = kipc_mq_pointer(abs_timeout);
	uint64_t deadline = 0;
	int err = 0, was = errno;

	if (time)
		err = kipc_mq_deadline(time, &deadline);
	if (!err)
		err = kipc_mq_put(mqd, data, len, prio, deadline);
	return kipc_mq_result(err, was);
}

ssize_t mq_receive(mqd_t mqd, char *data, size_t len, unsigned int *prio)
{
	ssize_t n = kipc_mq_take(mqd, data, len, prio, 0);

	if (n >= 0)
		return n;
	errno = -n;
	return -1;
}

ssize_t mq_timedreceive(mqd_t mqd, char *data, size_t len, unsigned int *prio,
			const struct timespec *abs_timeout)
{
	const struct timespec *time = kipc_mq_pointer(abs_timeout);
	uint64_t deadline = 0;
	int was = errno;
	ssize_t n = 0;

	if (time)
		n = kipc_mq_deadline(time, &deadline);
	if (!n)
		n = kipc_mq_take(mqd, data, len, prio, deadline);
	return kipc_mq_result(n, was);
}

/* ---- opening, closing and unlinking ---- */

/*
 * An endpoint without a role.  A user who may not have another one has as many
 * descriptors as it may have.
 */
static int kipc_mq_device(int flags)
{
	int fd = open("/dev/kipc", KIPC_MQ_ACCESS | O_CLOEXEC | flags);

	if (fd >= 0)
		return fd;
	switch (errno) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
		return -ENOSYS;
	case EDQUOT:
		return -EMFILE;
	default:
		return -errno;
	}
}

/* One of the numbers in /proc/sys/fs/mqueue, as those say who have it. */
static uint64_t kipc_mq_sysctl(const char *name, uint64_t otherwise)
{
	char path[64], text[32];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/fs/mqueue/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return otherwise;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return otherwise;
	text[n] = 0;
	return strtoull(text, NULL, 10);
}

static uint64_t kipc_mq_default(const char *usual, const char *most, uint64_t otherwise)
{
	uint64_t value = kipc_mq_sysctl(usual, otherwise);
	uint64_t limit = kipc_mq_sysctl(most, value);

	return value < limit ? value : limit;
}

/*
 * May the caller make queues?  How many there may be is for kipc's limits to say.  But
 * where an administrator has said that there shall be none, nobody makes one here either
 * who could not make one of Linux's.
 */
static bool kipc_mq_may_create(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { };

	if (kipc_mq_sysctl("queues_max", 1))
		return true;
	return !syscall(SYS_capget, &header, data) &&
	       data[CAP_TO_INDEX(CAP_SYS_RESOURCE)].effective & CAP_TO_MASK(CAP_SYS_RESOURCE);
}

/*
 * What a new queue may hold.  Every message may be as large as the largest, so bytes
 * are never short before messages are.  Too much is for the kernel to refuse, and only
 * where the queue has to be made.
 */
static int kipc_mq_bounds(struct kipc_queue_open *open, const struct mq_attr *attr)
{
	uint64_t msgs, size;

	if (attr && !kipc_dropin_readable(attr, sizeof(*attr)))
		return -EFAULT;
	if (!kipc_mq_may_create())
		return -ENOSPC;
	if (attr && (attr->mq_maxmsg <= 0 || attr->mq_msgsize <= 0))
		return -EINVAL;
	msgs = attr ? (uint64_t)attr->mq_maxmsg : kipc_mq_default("msg_default", "msg_max", 10);
	size = attr ? (uint64_t)attr->mq_msgsize :
		      kipc_mq_default("msgsize_default", "msgsize_max", 8192);
	open->max_msgs = msgs;
	open->max_size = size;
	if (__builtin_mul_overflow(msgs, size, &open->max_bytes))
		open->max_bytes = UINT64_MAX;
	return 0;
}

/* A user who may not have another name: there is no space for the queue. */
static int kipc_mq_open_error(int err)
{
	switch (err) {
	case EDQUOT:
		return -ENOSPC;
	case ENOTTY:
		return -ENOSYS;
	default:
		return -err;
	}
}

static int kipc_mq_take_role(int fd, struct kipc_queue_open *open)
{
	return ioctl(fd, KIPC_IOC_QUEUE_OPEN, open) < 0 ? kipc_mq_open_error(errno) : 0;
}

/*
 * Why a queue cannot be made matters to nobody where it is there already.  So look
 * whether it is before saying so.
 */
static int kipc_mq_join(int fd, struct kipc_queue_open *open, int why)
{
	bool excl = open->flags & KIPC_QUEUE_EXCL;
	int err;

	open->flags &= ~(KIPC_QUEUE_CREATE | KIPC_QUEUE_EXCL);
	open->mode = 0;
	err = kipc_mq_take_role(fd, open);
	if (err == -ENOENT)
		return why;
	return excl && (!err || err == -EACCES) ? -EEXIST : err;
}

static int kipc_mq_flags(int oflag, uint32_t *flags)
{
	static const uint32_t may[] = {
		[O_RDONLY] = KIPC_QUEUE_RECV,
		[O_WRONLY] = KIPC_QUEUE_SEND,
		[O_RDWR] = KIPC_QUEUE_RECV | KIPC_QUEUE_SEND,
		[O_ACCMODE] = 0,
	};

	*flags = may[oflag & O_ACCMODE];
	if (!*flags)
		return -EINVAL;
	if (oflag & O_CREAT)
		*flags |= KIPC_QUEUE_CREATE | (oflag & O_EXCL ? KIPC_QUEUE_EXCL : 0);
	return 0;
}

/* Return: the descriptor or -errno. */
static mqd_t kipc_mq_open(const char *name, int oflag, mode_t mode, const struct mq_attr *attr)
{
	struct kipc_queue_open open = { .size = sizeof(open) };
	int err = kipc_mq_name(open.name, name), bad = 0;
	mqd_t fd;

	if (!err)
		err = kipc_mq_flags(oflag, &open.flags);
	if (err)
		return err;
	if (oflag & O_CREAT) {
		open.mode = mode & 0777;
		bad = kipc_mq_bounds(&open, attr);
		if (bad == -EFAULT)
			return bad;
	}
	fd = kipc_mq_device(oflag & O_NONBLOCK);
	if (fd < 0)
		return fd;
	err = bad ? kipc_mq_join(fd, &open, bad) : kipc_mq_take_role(fd, &open);
	if (err) {
		close(fd);
		return err;
	}
	kipc_mq_notice_forget(fd);
	return fd;
}

mqd_t mq_open(const char *name, int oflag, ...)
{
	int was = errno, state = kipc_dropin_keep();
	const struct mq_attr *attr = NULL;
	mode_t mode = 0;
	va_list rest;
	mqd_t mqd;

	if (oflag & O_CREAT) {
		va_start(rest, oflag);
		mode = va_arg(rest, mode_t);
		attr = va_arg(rest, const struct mq_attr *);
		va_end(rest);
	}
	mqd = kipc_mq_open(name, oflag, mode, attr);
	kipc_dropin_unkeep(state);
	return kipc_mq_result(mqd, was);
}

/* What a checked program calls where it gives neither mode nor attributes. */
mqd_t __mq_open_2(const char *name, int oflag)
{
	if (oflag & O_CREAT) {
		fputs("invalid mq_open call: O_CREAT without mode and attr\n", stderr);
		abort();
	}
	return mq_open(name, oflag);
}

static int kipc_mq_close(mqd_t mqd)
{
	struct kipc_endpoint_info info = { .size = sizeof(info) };
	int err = kipc_mq_request(mqd, KIPC_IOC_ENDPOINT_INFO, &info);

	if (err)
		return err;
	if (info.role != KIPC_ROLE_QUEUE)
		return -EBADF;
	kipc_mq_notice_close(mqd);
	return 0;
}

int mq_close(mqd_t mqd)
{
	int was = errno, state = kipc_dropin_keep();
	int err = kipc_mq_close(mqd);

	kipc_dropin_unkeep(state);
	return kipc_mq_result(err, was);
}

static int kipc_mq_unlink(const char *name)
{
	struct kipc_queue_unlink unlink = { .size = sizeof(unlink) };
	int err = kipc_mq_name(unlink.name, name), fd;

	if (err)
		return err;
	fd = kipc_mq_device(0);
	if (fd < 0)
		return fd;
	if (ioctl(fd, KIPC_IOC_QUEUE_UNLINK, &unlink) < 0)
		err = -errno;
	close(fd);
	return err;
}

int mq_unlink(const char *name)
{
	int was = errno, state = kipc_dropin_keep();
	int err = kipc_mq_unlink(name);

	kipc_dropin_unkeep(state);
	return kipc_mq_result(err, was);
}

/* ---- attributes ---- */

static int kipc_mq_stat(mqd_t mqd, struct kipc_queue_stat *stat)
{
	*stat = (struct kipc_queue_stat){ .size = sizeof(*stat) };
	return kipc_mq_request(mqd, KIPC_IOC_QUEUE_STAT, stat);
}

/* The number that tells a queue from all others, also when it has lost its name. */
int kipc_mq_number(mqd_t mqd, uint32_t *number)
{
	struct kipc_queue_stat stat;
	int err = kipc_mq_stat(mqd, &stat);

	*number = err ? 0 : stat.number;
	return err;
}

/* As one, as Linux has it: the old ones out, then the new flag in.  Either may be NULL. */
static int kipc_mq_getset(mqd_t mqd, const struct mq_attr *new, struct mq_attr *old)
{
	struct kipc_queue_stat stat;
	int flags, wanted = 0, err;

	if (new) {
		if (!kipc_dropin_readable(new, sizeof(*new)))
			return -EFAULT;
		if (new->mq_flags & ~(long)O_NONBLOCK)
			return -EINVAL;
		wanted = new->mq_flags;
	}
	err = kipc_mq_stat(mqd, &stat);
	if (err)
		return err;
	flags = fcntl(mqd, F_GETFL);
	if (flags < 0)
		return -EBADF;
	if (new && (flags & O_NONBLOCK) != wanted &&
	    fcntl(mqd, F_SETFL, (flags & ~O_NONBLOCK) | wanted) < 0)
		return -EBADF;
	if (!old)
		return 0;
	if (!kipc_dropin_writable(old, sizeof(*old)))
		return -EFAULT;
	*old = (struct mq_attr){
		.mq_flags = flags & O_NONBLOCK,
		.mq_maxmsg = stat.max_msgs,
		.mq_msgsize = stat.max_size,
		.mq_curmsgs = stat.msgs,
	};
	return 0;
}

int mq_getattr(mqd_t mqd, struct mq_attr *attr)
{
	int was = errno;

	return kipc_mq_result(kipc_mq_getset(mqd, NULL, (void *)kipc_mq_pointer(attr)), was);
}

int mq_setattr(mqd_t mqd, const struct mq_attr *new, struct mq_attr *old)
{
	int was = errno;

	return kipc_mq_result(kipc_mq_getset(mqd, kipc_mq_pointer(new), old), was);
}
