// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ring: who takes part, and who of them is dead.
 *
 * A *party* is a handle of one process on one ring: an index into the header's table, by
 * which words name their owner.  Its entry is the *identity* of the process: its pid,
 * the time it began, and a few bits of which boot of the machine that was.  The entry is
 * there before the first word is owned and cleared after the last, so a word whose
 * owner has no entry, or a dead one's, is nobody's.
 *
 * Robust mutexes and robust lists would tell of a death too, but they have the C library
 * and the kernel follow pointers that lie in the shared memory.  A lock of the open file
 * description would do as well, but not every region has a file.
 *
 * Dead is what has no process, or a zombie, or another process's pid.  What cannot be
 * found out counts as alive.  A process that calls exec() without kipc_close() keeps its
 * pid, and so what it had in hands, until it ends.
 *
 * Processes of different PID namespaces cannot ask for one another, so a ring belongs to
 * the namespace of whoever was first.
 *
 * The table is changed by compare-and-exchange only; who takes a dead one's number first
 * ends all that it had (kipc_ring_abandon()).
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ring.h"

/* An identity: the beginning of its process in bits 0-31, boot 32-41, pid 42-63. */
#define KIPC_PARTY_BOOT_SHIFT	32
#define KIPC_PARTY_PID_SHIFT	42
#define KIPC_PARTY_BOOT_MASK	0x3ffU

/* The whole of a small file of /proc as a string.  Returns whether it is there. */
static bool kipc_ring_read_proc(const char *path, char *buf, size_t size)
{
	FILE *file = fopen(path, "re");
	size_t n;

	if (!file)
		return false;
	n = fread(buf, 1, size - 1, file);
	buf[n] = '\0';
	fclose(file);
	return n;
}

/* When a process began, in clock ticks since boot, or 0: unknown. */
static uint32_t kipc_ring_start(pid_t pid)
{
	char path[64], text[1024], *at;
	int field;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (!kipc_ring_read_proc(path, text, sizeof(text)))
		return 0;
	/* Field 22, the 20th blank from the end of the second, a name with any in it. */
	at = strrchr(text, ')');
	for (field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	return at ? (uint32_t)strtoull(at, NULL, 10) : 0;
}

/* A few bits that are different after the next boot, most probably. */
static uint32_t kipc_ring_boot(void)
{
	char text[64];

	if (!kipc_ring_read_proc("/proc/sys/kernel/random/boot_id", text, sizeof(text)))
		return 0;
	return (uint32_t)strtoul(text, NULL, 16) & KIPC_PARTY_BOOT_MASK;
}

/* Which PID namespace this is, or 0. */
uint32_t kipc_ring_pid_ns(void)
{
	struct stat st;

	return stat("/proc/self/ns/pid", &st) ? 0 : (uint32_t)st.st_ino;
}

static uint64_t kipc_ring_identity(pid_t pid)
{
	return (uint64_t)pid << KIPC_PARTY_PID_SHIFT |
	       (uint64_t)kipc_ring_boot() << KIPC_PARTY_BOOT_SHIFT | kipc_ring_start(pid);
}

/* Has this process ended, whether or not its parent knows? */
static bool kipc_ring_ended(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd ended = { .fd = fd, .events = POLLIN };
	bool yes;

	/* -EINVAL: the number is a thread's by now. */
	if (fd < 0)
		return errno == ESRCH || errno == EINVAL ||
		       (kill(pid, 0) && errno == ESRCH);
	yes = poll(&ended, 1, 0) == 1;
	close(fd);
	return yes;
}

static bool kipc_ring_is_dead(uint64_t identity)
{
	pid_t pid = (pid_t)(identity >> KIPC_PARTY_PID_SHIFT);
	uint32_t start, began = (uint32_t)identity;

	if (!pid)
		return true;
	if ((identity >> KIPC_PARTY_BOOT_SHIFT & KIPC_PARTY_BOOT_MASK) != kipc_ring_boot() ||
	    kipc_ring_ended(pid))
		return true;
	start = kipc_ring_start(pid);
	return start && began && start != began;
}

static void kipc_ring_abandon_all(struct kipc_ring_end *end, unsigned int party,
				  uint64_t identity)
{
	if (end->base.side & KIPC_SIDE_RECV)
		kipc_ring_abandon(&end->in, party, identity);
	if (end->base.side & KIPC_SIDE_SEND)
		kipc_ring_abandon(&end->out, party, identity);
}

/*
 * If this party is dead, end all that it had in hands.  Returns whether it is.
 *
 * Its number becomes free where this end sees all rings that it could own something in:
 * always, as both ends of a pair see both, and a ring with a name is one.
 */
bool kipc_ring_bury(struct kipc_ring_end *end, unsigned int party)
{
	atomic_uint_least64_t *entry = &end->header->parties[party];
	uint64_t identity = atomic_load(entry);

	if (identity == end->identity || (identity && !kipc_ring_is_dead(identity)))
		return false;
	kipc_ring_abandon_all(end, party, identity);
	if (identity)
		atomic_compare_exchange_strong(entry, &identity, 0);
	return true;
}

static int kipc_ring_find_seat(struct kipc_ring_end *end, uint64_t identity)
{
	unsigned int i;

	for (i = 0; i < KIPC_RING_PARTIES; i++) {
		uint64_t nobody = 0;

		if (atomic_compare_exchange_strong(&end->header->parties[i], &nobody,
						   identity)) {
			end->me = i;
			return 0;
		}
	}
	return -EUSERS;
}

/*
 * Take part, in this process.
 *
 * Returns 0, -EUSERS (too many do) or -EOPNOTSUPP (of another PID namespace).
 */
int kipc_ring_join(struct kipc_ring_end *end)
{
	uint64_t identity;
	unsigned int i;
	int err = 0;

	pthread_mutex_lock(&end->base.lock);
	if (kipc_forkmark_forked(&end->mark)) {
		identity = kipc_ring_identity(getpid());
		if (atomic_load(&end->header->pid_ns) != kipc_ring_pid_ns())
			err = -EOPNOTSUPP;
		if (!err)
			err = kipc_ring_find_seat(end, identity);
		for (i = 0; err == -EUSERS && i < KIPC_RING_PARTIES; i++)
			if (kipc_ring_bury(end, i))
				err = kipc_ring_find_seat(end, identity);
		if (!err) {
			end->identity = identity;
			kipc_forkmark_settle(&end->mark);
		}
	}
	pthread_mutex_unlock(&end->base.lock);
	return err;
}

/* All that this process still has in hands here is over.  A child that did not join has
 * nothing.
 */
void kipc_ring_leave(struct kipc_ring_end *end)
{
	uint64_t identity = end->identity;

	if (!end->mark.word || kipc_forkmark_forked(&end->mark))
		return;
	kipc_ring_abandon_all(end, end->me, identity);
	atomic_compare_exchange_strong(&end->header->parties[end->me], &identity, 0);
}
