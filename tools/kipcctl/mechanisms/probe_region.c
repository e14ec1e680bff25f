// SPDX-License-Identifier: GPL-2.0
/*
 * Probes of shared memory.  There is no call to send or to receive: one process stores,
 * another looks.  A peer is forked before the memory is made and finds it by its name;
 * where it has none the peer is forked afterwards and has the mapping from us.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mechanisms.h"

#define SIZE		65536
#define STEP_DONE	(STEP_OWN + 9)

static const struct region *region_of(const struct trial *trial)
{
	return trial->mechanism->region;
}

/* What a peer is to do with its mapping. */
struct sharer {
	peer_fn *peer;
	struct end *end;	/* inherited, or NULL */
};

static int share_run(struct trial *trial, void *arg)
{
	const struct sharer *sharer = arg;
	struct end own;
	int err;

	if (sharer->end)
		return sharer->peer(trial, sharer->end);
	end_init(&own);
	err = await(trial, STEP_MADE);
	if (!err)
		err = region_of(trial)->find(trial, &own, SIZE);
	return err ? bad(trial, err, "find") : sharer->peer(trial, &own);
}

/* Memory here, and @peer in a process that has it too. */
static pid_t share(struct trial *trial, struct end *end, peer_fn *peer)
{
	struct sharer sharer = { peer, NULL };
	const struct region *region = region_of(trial);
	pid_t pid = 0;
	int err;

	end_init(end);
	if (region->find)
		pid = fork_peer(trial, share_run, &sharer);
	if (pid < 0)
		return pid;
	err = region->make(trial, end, SIZE);
	if (err)
		return bad(trial, err, "make");
	tell(trial, STEP_MADE);
	sharer.end = end;
	return pid ? pid : fork_peer(trial, share_run, &sharer);
}

static void store(struct end *end, size_t at, const char *text, size_t len)
{
	memcpy((char *)end->map + at, text, len);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

static int store_and_stay(struct trial *trial, struct end *end)
{
	store(end, 0, "message", 8);
	tell(trial, STEP_OWN);
	return await(trial, STEP_DONE);
}

/* ---- without opening it first ---- */

static int look_without(struct trial *trial, void *arg)
{
	unsigned char resident;
	long page = sysconf(_SC_PAGESIZE);

	(void)arg;
	await(trial, STEP_OWN);
	trial->stage->value[0] = mincore((void *)(uintptr_t)trial->stage->address, page,
					 &resident) ? -errno : 0;
	tell(trial, STEP_OWN + 1);
	return 0;
}

static int region_connectionless(struct trial *trial)
{
	pid_t pid = fork_peer(trial, look_without, NULL);
	struct end end;
	int err;

	end_init(&end);
	err = pid < 0 ? pid : region_of(trial)->make(trial, &end, SIZE);
	if (err)
		return bad(trial, err, "make");
	trial->stage->address = (uintptr_t)end.map;
	tell(trial, STEP_OWN);
	err = await(trial, STEP_OWN + 1);
	if (err)
		return err;
	return found(trial, trial->stage->value[0] ? "no" : "yes",
		     "a process that has not mapped it, at the same address: %s",
		     error_name((int)trial->stage->value[0]));
}

/* ---- bytes ---- */

static int store_pattern(struct trial *trial, struct end *end)
{
	uint32_t *words = end->map, i;

	for (i = 0; i < SIZE / sizeof(*words); i++)
		words[i] = i * 2654435761U;
	tell(trial, STEP_OWN);
	return await(trial, STEP_DONE);
}

static int region_reliable(struct trial *trial)
{
	struct end end;
	pid_t pid = share(trial, &end, store_pattern);
	int err = pid < 0 ? pid : await(trial, STEP_OWN);
	const uint32_t *words = end.map;
	uint32_t i;

	if (err)
		return err;
	for (i = 0; i < SIZE / sizeof(*words) && words[i] == i * 2654435761U; i++)
		;
	return found(trial, i == SIZE / sizeof(*words) ? "yes" : "no",
		     "%zu of %d bytes that another process stored are here", i * sizeof(*words),
		     SIZE);
}

static int store_twice(struct trial *trial, struct end *end)
{
	store(end, 0, "first..", 8);
	store(end, 0, "second.", 8);
	store(end, 16, "abc", 3);
	store(end, 19, "defg", 4);
	store(end, 32, "late", 4);
	store(end, 48, "soon", 4);
	tell(trial, STEP_OWN);
	return await(trial, STEP_DONE);
}

static int region_flow(struct trial *trial)
{
	struct end end;
	pid_t pid = share(trial, &end, store_twice);
	int err = pid < 0 ? pid : await(trial, STEP_OWN);

	if (err || strcmp(end.map, "second."))
		return bad(trial, err ? err : -EPROTO, "look");
	return found(trial, "user", "what nobody had read was written over: nothing held it back");
}

static int region_records(struct trial *trial)
{
	struct end end;
	pid_t pid = share(trial, &end, store_twice);
	int err = pid < 0 ? pid : await(trial, STEP_OWN);

	if (err || memcmp((char *)end.map + 16, "abcdefg", 8))
		return bad(trial, err ? err : -EPROTO, "look");
	return found(trial, "no", "3 and 4 bytes were stored side by side, and are 7 bytes");
}

static int region_kind(struct trial *trial)
{
	struct end end;
	pid_t pid = share(trial, &end, store_twice);
	int err = pid < 0 ? pid : await(trial, STEP_OWN);

	if (err || memcmp((char *)end.map + 48, "soon", 4) ||
	    memcmp((char *)end.map + 32, "late", 4))
		return bad(trial, err ? err : -EPROTO, "look");
	return found(trial, "user", "of two stores the second was read first: it is agreed upon");
}

static int store_back(struct trial *trial, struct end *end)
{
	store(end, 0, "there", 6);
	tell(trial, STEP_OWN);
	if (await(trial, STEP_OWN + 1))
		return 0;
	trial->stage->value[0] = !strcmp((char *)end->map + 64, "back");
	tell(trial, STEP_OWN + 2);
	return await(trial, STEP_DONE);
}

static int region_direction(struct trial *trial)
{
	struct end end;
	pid_t pid = share(trial, &end, store_back);
	int err = pid < 0 ? pid : await(trial, STEP_OWN);

	if (err)
		return err;
	store(&end, 64, "back", 5);
	tell(trial, STEP_OWN + 1);
	err = await(trial, STEP_OWN + 2);
	if (err)
		return err;
	return found(trial, !strcmp(end.map, "there") ? trial->stage->value[0] ? "full" : "1-way" :
		     "?", "both stored, and each saw the other's");
}

static int region_copies(struct trial *trial)
{
	struct end end;
	pid_t pid = share(trial, &end, store_and_stay);
	int err = pid < 0 ? pid : await(trial, STEP_OWN);

	if (err)
		return err;
	return found(trial, !strcmp(end.map, "message") ? "0" : "?",
		     "what the other stored was here, and neither had made a call");
}

/* ---- who ---- */

static int region_unrelated(struct trial *trial)
{
	struct end end;
	pid_t pid;
	int err;

	if (!region_of(trial)->find) {
		end_init(&end);
		err = region_of(trial)->make(trial, &end, SIZE);
		if (err)
			return bad(trial, err, "make");
		return end.fd >= 0 ? no_name(trial, end.fd) :
			found(trial, "no", "no name and no descriptor: only fork() hands it on");
	}
	pid = share(trial, &end, store_and_stay);
	err = pid < 0 ? pid : await(trial, STEP_OWN);
	if (err || strcmp(end.map, "message"))
		return bad(trial, err ? err : -EPROTO, "look");
	return found(trial, "yes", "a process forked before it was made found it and stored");
}

static int region_unprivileged(struct trial *trial)
{
	struct end end;
	pid_t pid;
	int err = drop_privileges();

	if (err)
		return bad(trial, err, "setresuid");
	pid = share(trial, &end, store_and_stay);
	err = pid < 0 ? pid : await(trial, STEP_OWN);
	if (err == -EACCES || err == -EPERM)
		return found(trial, "no", "user %d: %s", (int)geteuid(), trial->stage->text);
	if (err || strcmp(end.map, "message"))
		return bad(trial, err ? err : -EPROTO, "look");
	return found(trial, "yes", "user %d made it, and another process stored", (int)geteuid());
}

static int store_own_byte(struct trial *trial, void *arg)
{
	struct end *end = arg;
	unsigned char *bytes = end->map;
	int slot = __atomic_fetch_add(&trial->stage->sent, 1, __ATOMIC_SEQ_CST);

	bytes[slot] = (unsigned char)(slot + 1);
	/* The last to come tells; each reads what all have stored */
	while (bytes[0] != 1 || bytes[1] != 2 || bytes[2] != 3)
		nap(1);
	if (__atomic_add_fetch(&trial->stage->ended, 1, __ATOMIC_SEQ_CST) == 3)
		tell(trial, STEP_OWN);
	return 0;
}

static int region_many(struct trial *trial)
{
	struct end end;
	int i, err;

	end_init(&end);
	err = region_of(trial)->make(trial, &end, SIZE);
	for (i = 0; i < 3 && !err; i++)
		err = fork_peer(trial, store_own_byte, &end) < 0 ? -errno : 0;
	if (!err)
		err = await(trial, STEP_OWN);
	if (err)
		return bad(trial, err, "share");
	return found(trial, "n:n", "three processes stored, and each saw all of it");
}

/* ---- descriptors, identity, pollable ---- */

static int store_fd(struct trial *trial, struct end *end)
{
	*(int *)end->map = fcntl(0, F_DUPFD_CLOEXEC, 77);
	tell(trial, STEP_OWN);
	return await(trial, STEP_DONE);
}

static int region_fds(struct trial *trial)
{
	struct stat st;
	struct end end;
	pid_t pid = share(trial, &end, store_fd);
	int err = pid < 0 ? pid : await(trial, STEP_OWN);

	if (err)
		return err;
	if (*(int *)end.map < 77 || !fstat(*(int *)end.map, &st))
		return bad(trial, -EEXIST, "a descriptor that is ours already");
	return found(trial, "no", "as a number a descriptor arrives, and is %s", error_name(errno));
}

static int region_pollable(struct trial *trial)
{
	struct end end;
	pid_t pid = share(trial, &end, store_and_stay);
	int n = pid < 0 ? pid : await(trial, STEP_OWN);

	if (n)
		return n;
	if (end.fd < 0)
		return found(trial, "no", "it has no descriptor");
	n = pollable_fd(trial, end.fd, true);
	if (n < 0)
		return found(trial, "no", "epoll: %s", error_name(n));
	n = pollable_fd(trial, end.fd, false);
	return found(trial, n > 0 ? "yes" : "no", "epoll takes it, and %s",
		     n > 0 ? "tells of stores" : "says EPOLLIN whether or not anything was stored");
}

/* ---- how long ---- */

static int make_and_stay(struct trial *trial, void *arg)
{
	struct end end;
	int err;

	(void)arg;
	end_init(&end);
	err = region_of(trial)->make(trial, &end, SIZE);
	if (err)
		return bad(trial, err, "make");
	store(&end, 0, "message", 8);
	tell(trial, STEP_OWN);
	return await(trial, STEP_DONE);
}

static int region_survives(struct trial *trial)
{
	struct end end;
	pid_t pid;
	int err;

	if (!region_of(trial)->find)
		return region_unrelated(trial);
	pid = fork_peer(trial, make_and_stay, NULL);
	err = pid < 0 ? pid : await(trial, STEP_OWN);
	if (!err)
		err = kill_peer(pid);
	if (err)
		return err;
	end_init(&end);
	err = region_of(trial)->find(trial, &end, SIZE);
	if (err)
		return found(trial, "no", "after its creator died: %s", error_name(err));
	return found(trial, !strcmp(end.map, "message") ? "yes" : "name",
		     "its creator died; another process found it and what was in it");
}

static int find_from_elsewhere(struct trial *trial, void *arg)
{
	struct end end;
	int err = leave_machine(trial);

	(void)arg;
	tell(trial, STEP_OWN);
	if (!err)
		err = await(trial, STEP_OWN + 1);
	if (err)
		return err;
	end_init(&end);
	trial->stage->value[0] = region_of(trial)->find(trial, &end, SIZE);
	tell(trial, STEP_OWN + 2);
	return 0;
}

static int region_machines(struct trial *trial)
{
	struct end end;
	pid_t pid;
	int err;

	if (!region_of(trial)->find)
		return region_unrelated(trial);
	if (geteuid())
		return untried(trial, "needs privileges: another machine is made of namespaces");
	pid = fork_peer(trial, find_from_elsewhere, NULL);
	err = pid < 0 ? pid : await(trial, STEP_OWN);
	end_init(&end);
	if (!err)
		err = region_of(trial)->make(trial, &end, SIZE);
	if (err)
		return bad(trial, err, "make");
	tell(trial, STEP_OWN + 1);
	err = await(trial, STEP_OWN + 2);
	if (err)
		return err;
	return found(trial, trial->stage->value[0] ? "no" : "yes",
		     "from a process that shares no name with it: %s",
		     trial->stage->value[0] ? error_name((int)trial->stage->value[0]) : "found");
}

/* ---- how much ---- */

#define MUCH	(1LL << 40)
#define SOME	(16LL << 20)

static int64_t free_memory(void)
{
	struct sysinfo info;

	return sysinfo(&info) ? -errno : (int64_t)(info.freeram * info.mem_unit);
}

/* Others take and free memory meanwhile, so a few looks. */
static int eager_largest(struct trial *trial)
{
	int64_t before, taken = 0;
	struct end end;
	int err, i;

	for (i = 0; i < 5 && taken <= SOME / 2; i++) {
		end_init(&end);
		before = free_memory();
		err = region_of(trial)->make(trial, &end, SOME);
		if (err)
			return bad(trial, err, "make");
		taken = before - free_memory();
		end_close(&end);
	}
	return found(trial, taken > SOME / 2 ? "memory" : "?",
		     "of 16M, before any was touched, %lld KiB of memory had been taken",
		     (long long)taken >> 10);
}

/* Sparse, so only two pages are taken. */
static int region_largest(struct trial *trial)
{
	struct end end;
	char *bytes;
	int err;

	if (region_of(trial)->eager)
		return eager_largest(trial);
	end_init(&end);
	err = region_of(trial)->make(trial, &end, MUCH);
	if (err == -ENOMEM || err == -EFBIG || err == -EINVAL)
		return found(trial, "?", "of 1T: %s", error_name(err));
	if (err)
		return bad(trial, err, "make");
	bytes = end.map;
	bytes[0] = 1;
	bytes[MUCH - 1] = 2;
	if (bytes[0] != 1 || bytes[MUCH - 1] != 2)
		return bad(trial, -EIO, "look at what was stored");
	return found(trial, "none", "1T was mapped; its first and last byte hold");
}

static int region_death(struct trial *trial)
{
	struct end end;
	pid_t pid = share(trial, &end, store_and_stay);
	int err = pid < 0 ? pid : await(trial, STEP_OWN);

	if (!err)
		err = kill_peer(pid);
	if (err)
		return err;
	return found(trial, strcmp(end.map, "message") ? "?" : "no",
		     "killed who had stored: the bytes are as they were, and nothing tells");
}

probe_fn * const region_probes[CELL_COUNT] = {
	[CELL_CONNECTIONLESS] = region_connectionless,
	[CELL_RELIABLE] = region_reliable,
	[CELL_FLOW] = region_flow,
	[CELL_RECORDS] = region_records,
	[CELL_KIND] = region_kind,
	[CELL_DIRECTION] = region_direction,
	[CELL_UNRELATED] = region_unrelated,
	[CELL_MANY] = region_many,
	[CELL_FDS] = region_fds,
	[CELL_POLLABLE] = region_pollable,
	[CELL_SURVIVES] = region_survives,
	[CELL_MACHINES] = region_machines,
	[CELL_COPIES] = region_copies,
	[CELL_LARGEST] = region_largest,
	[CELL_UNPRIVILEGED] = region_unprivileged,
	[CELL_DEATH] = region_death,
};
