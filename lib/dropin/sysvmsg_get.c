// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * msgget: keys and names.
 *
 * To open a queue by its name takes a descriptor of its own, and it is closed again at
 * once: a named queue stays.  The kernel checks the permissions to read and write there.
 * What it cannot be asked (a key with no permission wanted at all, which is always
 * granted, and the execute bit, which is nothing but has to be refused) is looked up.
 *
 * Making a queue takes two steps.  The kernel takes the umask off a new queue's mode,
 * which System V does not have, and so the mode is set afterwards, with the limits.  Only
 * the maker may set them, so what others meet between the two is a queue that is closed
 * to them.  They know it by its largest message, of 1 byte, and give the maker the time
 * it needs.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "dropin.h"
#include "sysvmsg.h"

#define MODE_BITS	0777
#define UNFINISHED	1	/* @max_size of a queue whose mode is not set */
#define PATIENCE	100	/* milliseconds for its maker to do so */

#define WANT_EXEC	1U
#define WANT_WRITE	2U
#define WANT_READ	4U

/* Any of the three classes' bits ask for the permission. */
static unsigned int wanted_of(int flags)
{
	return (unsigned int)(flags >> 6 | flags >> 3 | flags) & 7;
}

static void key_name(char *name, key_t key)
{
	snprintf(name, KIPC_NAME_SIZE, SYSVMSG_PREFIX "0x%08x", (unsigned int)key);
}

static int private_name(char *name)
{
	uint64_t random;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return -ENOMEM;
	snprintf(name, KIPC_NAME_SIZE, SYSVMSG_PREFIX "private.%016llx",
		 (unsigned long long)random);
	return 0;
}

/* One request on a descriptor that exists only for it. */
static int open_queue(struct kipc_queue_open *arg)
{
	int fd = sysvmsg_open();
	int err;

	if (fd < 0)
		return fd;
	err = ioctl(fd, KIPC_IOC_QUEUE_OPEN, arg) < 0 ? -errno : 0;
	close(fd);
	return err;
}

/* ---- making ---- */

/*
 * Are there msgmni queues already?  To count them for each new one would make many of
 * them slow, so after a count half of what is left may be made unseen.
 */
static bool too_many(void)
{
	static atomic_ulong unseen;
	unsigned long left = atomic_load(&unseen), most, count;

	while (left)
		if (atomic_compare_exchange_weak(&unseen, &left, left - 1))
			return false;
	most = sysvmsg_limit(SYSVMSG_MNI);
	count = sysvmsg_count();
	if (count >= most)
		return true;
	atomic_store(&unseen, (most - count - 1) / 2);
	return false;
}

static int finish(uint32_t number, int flags)
{
	unsigned long bytes = sysvmsg_limit(SYSVMSG_MNB);
	struct kipc_queue_set set = {
		.size = sizeof(set),
		.flags = KIPC_SET_MODE | KIPC_SET_MAX_MSGS | KIPC_SET_MAX_BYTES |
			 KIPC_SET_MAX_SIZE,
		.number = number,
		.mode = flags & MODE_BITS,
		.max_msgs = sysvmsg_msgs(bytes),
		.max_bytes = sysvmsg_bytes(bytes),
		/* msgmax is looked at when a message is sent, and may change */
		.max_size = KIPC_QUEUE_SIZE_MAX,
	};

	return sysvmsg_request(KIPC_IOC_QUEUE_SET, &set);
}

static void undo(uint32_t number)
{
	struct kipc_queue_unlink unlink = {
		.size = sizeof(unlink),
		.flags = KIPC_UNLINK_REMOVE,
		.number = number,
	};

	sysvmsg_request(KIPC_IOC_QUEUE_UNLINK, &unlink);
}

/* Return: the id, -EEXIST where there is one of that name, or -errno. */
static int make(const char *name, int flags)
{
	struct kipc_queue_open arg = {
		.size = sizeof(arg),
		.flags = KIPC_QUEUE_CREATE | KIPC_QUEUE_EXCL | KIPC_QUEUE_RECV,
		.mode = flags & MODE_BITS,
		.max_size = UNFINISHED,
	};
	struct kipc_queue_stat stat;
	int err;

	if (too_many())
		return sysvmsg_find(name, &stat) ? -ENOSPC : -EEXIST;
	memcpy(arg.name, name, strlen(name));
	err = open_queue(&arg);
	if (err)
		return err == -EDQUOT ? -ENOSPC : err;
	err = finish(arg.number, flags);
	if (!err)
		return (int)arg.number;
	undo(arg.number);
	return err;
}

static int make_private(int flags)
{
	char name[KIPC_NAME_SIZE];
	int err;

	do {
		err = private_name(name);
		if (!err)
			err = make(name, flags);
	} while (err == -EEXIST);
	return err;
}

/* ---- finding ---- */

/* Wait for a maker that has not come to the mode yet.  Return: look again? */
static bool unfinished(uint64_t max_size, int *naps)
{
	struct timespec nap = { .tv_nsec = 1000000 };

	if (max_size != UNFINISHED || ++*naps > PATIENCE)
		return false;
	nanosleep(&nap, NULL);
	return true;
}

/*
 * The queue of this name, which exists but which the caller may not open: a look at all
 * of them tells its number.
 */
static int look_up(const char *name, unsigned int wanted)
{
	struct kipc_queue_stat stat;
	int naps = 0;
	int err;

	do {
		err = sysvmsg_find(name, &stat);
		if (err)
			return err;
	} while (unfinished(stat.max_size, &naps));
	return sysvmsg_permits(&stat, wanted) ? (int)stat.number : -EACCES;
}

static int open_named(const char *name, unsigned int wanted, struct kipc_queue_open *arg)
{
	int naps = 0;
	int err;

	do {
		memset(arg, 0, sizeof(*arg));
		arg->size = sizeof(*arg);
		if (wanted & WANT_READ || !(wanted & WANT_WRITE))
			arg->flags |= KIPC_QUEUE_RECV;
		if (wanted & WANT_WRITE)
			arg->flags |= KIPC_QUEUE_SEND;
		memcpy(arg->name, name, strlen(name));
		err = open_queue(arg);
	} while (!err && unfinished(arg->max_size, &naps));
	return err;
}

/* Return: the id, -ENOENT, or -errno. */
static int find(const char *name, unsigned int wanted)
{
	struct kipc_queue_open arg;
	struct kipc_queue_stat stat;
	int err = open_named(name, wanted, &arg);

	switch (err) {
	case 0:
		break;
	case -EACCES:
	case -ENOMEM:		/* no descriptor left, perhaps: the door is there */
		return look_up(name, wanted);
	case -EIDRM:
		return -ENOENT;
	default:
		return err;
	}
	if (!(wanted & WANT_EXEC))
		return (int)arg.number;
	if (sysvmsg_stat(arg.number, 0, &stat))
		return -ENOENT;
	return sysvmsg_permits(&stat, WANT_EXEC) ? (int)arg.number : -EACCES;
}

static int get(key_t key, int flags)
{
	char name[KIPC_NAME_SIZE];
	int id;

	if (key == IPC_PRIVATE)
		return make_private(flags);
	key_name(name, key);
	/* It may come and go between the two: then begin again. */
	do {
		if (!(flags & IPC_CREAT && flags & IPC_EXCL)) {
			id = find(name, wanted_of(flags));
			if (id != -ENOENT || !(flags & IPC_CREAT))
				return id;
		}
		id = make(name, flags);
	} while (id == -EEXIST && !(flags & IPC_EXCL));
	return id;
}

SYSVMSG_EXPORT int msgget(key_t key, int msgflg)
{
	int state = kipc_dropin_keep();
	int id = get(key, msgflg);

	kipc_dropin_unkeep(state);
	return sysvmsg_result(id);
}
