// SPDX-License-Identifier: GPL-2.0
/* Locks that the kernel keeps: System V semaphores with undo, and three kinds of file locks */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <time.h>
#include <unistd.h>

#include "table.h"

/* ---- System V ---- */

static int sem_change(struct end *end, short by, int ms)
{
	const struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };
	struct sembuf operation = {
		.sem_op = by,
		.sem_flg = SEM_UNDO | (ms ? 0 : IPC_NOWAIT),
	};

	if (!semtimedop(end->id, &operation, 1, ms > 0 ? &time : NULL))
		return 0;
	return errno == EAGAIN && ms > 0 ? -ETIMEDOUT : -errno;
}

/* Made with 0, so its first value needs a call of its own. */
static int sem_make(struct trial *trial, struct end *end)
{
	union {
		int number;
		void *pointer;
	} one = { .number = 1 };

	end->id = semget(trial->key, 1, IPC_CREAT | IPC_EXCL | 0600);
	return end->id < 0 || semctl(end->id, 0, SETVAL, one) ? -errno : 0;
}

static int sem_find(struct trial *trial, struct end *end)
{
	end->id = semget(trial->key, 0, 0600);
	return end->id < 0 ? -errno : 0;
}

static int sem_take(struct end *end, int ms)
{
	return sem_change(end, -1, ms);
}

static int sem_drop(struct end *end)
{
	return sem_change(end, 1, -1);
}

static int sem_share(struct end *end, int ms)
{
	int err = sem_drop(end);

	return err ? err : sem_take(end, ms);
}

static pid_t sem_holder(struct end *end)
{
	return semctl(end->id, 0, GETPID);
}

static void sem_clean(const struct trial *trial)
{
	int id = semget(trial->key, 0, 0);

	if (id >= 0)
		semctl(id, 0, IPC_RMID);
}

static const struct lock sem_lock = {
	.make = sem_make,
	.find = sem_find,
	.take = sem_take,
	.share = sem_share,
	.drop = sem_drop,
	.holder = sem_holder,
};

const struct mechanism mechanism_sysv_sem = {
	.scheme = "sysv-sem",
	.about = "System V semaphore set: semop(2)",
	.family = FAMILY_LOCK,
	.lock = &sem_lock,
	.clean = sem_clean,
};

/* ---- files ---- */

static int file_make(struct trial *trial, struct end *end)
{
	end->fd = open(trial->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return end->fd < 0 ? -errno : 0;
}

static int file_find(struct trial *trial, struct end *end)
{
	end->fd = open(trial->path, O_RDWR | O_CLOEXEC);
	return end->fd < 0 ? -errno : 0;
}

static int flock_take(struct end *end, int ms)
{
	return flock(end->fd, LOCK_EX | (ms ? 0 : LOCK_NB)) ? -errno : 0;
}

static int flock_share(struct end *end, int ms)
{
	return flock(end->fd, LOCK_SH | (ms ? 0 : LOCK_NB)) ? -errno : 0;
}

static int flock_drop(struct end *end)
{
	return flock(end->fd, LOCK_UN) ? -errno : 0;
}

static const struct lock flock_lock = {
	.no_timed = true,
	.make = file_make,
	.find = file_find,
	.take = flock_take,
	.share = flock_share,
	.drop = flock_drop,
};

const struct mechanism mechanism_flock = {
	.scheme = "flock",
	.about = "lock of a whole file: flock(2)",
	.family = FAMILY_LOCK,
	.lock = &flock_lock,
	.own[CELL_SURVIVES] = probe_none,
	.clean = unlink_path,
};

/* Of the first ten bytes; @commands: to wait and not to wait. */
static int range_lock(struct end *end, int type, int command)
{
	struct flock range = { .l_type = (short)type, .l_len = 10 };
	int err = fcntl(end->fd, command, &range) ? -errno : 0;

	return err == -EACCES ? -EAGAIN : err;
}

static int fcntl_take(struct end *end, int ms)
{
	return range_lock(end, F_WRLCK, ms ? F_SETLKW : F_SETLK);
}

static int fcntl_share(struct end *end, int ms)
{
	return range_lock(end, F_RDLCK, ms ? F_SETLKW : F_SETLK);
}

static int fcntl_drop(struct end *end)
{
	return range_lock(end, F_UNLCK, F_SETLK);
}

static pid_t range_holder(struct end *end, int command)
{
	struct flock range = { .l_type = F_WRLCK, .l_len = 10 };

	return fcntl(end->fd, command, &range) || range.l_type == F_UNLCK ? 0 : range.l_pid;
}

static pid_t fcntl_holder(struct end *end)
{
	return range_holder(end, F_GETLK);
}

static const struct lock fcntl_lock = {
	.no_timed = true,
	.make = file_make,
	.find = file_find,
	.take = fcntl_take,
	.share = fcntl_share,
	.drop = fcntl_drop,
	.holder = fcntl_holder,
};

const struct mechanism mechanism_fcntl = {
	.scheme = "fcntl",
	.about = "record lock of a process: fcntl(2)",
	.family = FAMILY_LOCK,
	.lock = &fcntl_lock,
	.own[CELL_SURVIVES] = probe_none,
	.clean = unlink_path,
};

static int ofd_take(struct end *end, int ms)
{
	return range_lock(end, F_WRLCK, ms ? F_OFD_SETLKW : F_OFD_SETLK);
}

static int ofd_share(struct end *end, int ms)
{
	return range_lock(end, F_RDLCK, ms ? F_OFD_SETLKW : F_OFD_SETLK);
}

static int ofd_drop(struct end *end)
{
	return range_lock(end, F_UNLCK, F_OFD_SETLK);
}

static pid_t ofd_holder(struct end *end)
{
	return range_holder(end, F_OFD_GETLK);
}

static const struct lock ofd_lock = {
	.no_timed = true,
	.make = file_make,
	.find = file_find,
	.take = ofd_take,
	.share = ofd_share,
	.drop = ofd_drop,
	.holder = ofd_holder,
};

const struct mechanism mechanism_ofd = {
	.scheme = "ofd",
	.about = "record lock of an open file: fcntl(2)",
	.family = FAMILY_LOCK,
	.lock = &ofd_lock,
	.own[CELL_SURVIVES] = probe_none,
	.clean = unlink_path,
};
