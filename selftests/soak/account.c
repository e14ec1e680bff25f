// SPDX-License-Identifier: GPL-2.0
/*
 * Account: what the module says that there is, and what its slabs hold.  When everybody has
 * gone all of it is what it was, but for a moment in which the kernel frees what has been
 * closed.  Files and the rest of the kernel's memory are for the gate that follows the program.
 */
#include <glob.h>

#include "soak.h"

#define SLABS		16
#define SETTLE_MS	15000

struct facts {
	struct kipc_admin_stats stats;
	struct kipc_admin_user users[2];
	char slabs[SLABS][64];
	unsigned long objects[SLABS];
	int slab_count;
};

static struct facts before;
static struct kipc_admin *admin;

static unsigned long number_in(const char *path)
{
	char text[64] = "";

	read_text(path, text, sizeof(text));
	return strtoul(text, NULL, 10);
}

/* Objects of the module's caches.  Only where each is checked are they counted exactly. */
static void count_objects(struct facts *facts)
{
	char path[128];
	glob_t found;
	int i;

	if (glob("/sys/kernel/slab/kipc*", 0, NULL, &found))
		return;
	for (i = 0; i < found.gl_pathc && i < SLABS; i++) {
		snprintf(facts->slabs[i], sizeof(facts->slabs[i]), "%s",
			 strrchr(found.gl_pathv[i], '/') + 1);
		snprintf(path, sizeof(path), "%s/red_zone", found.gl_pathv[i]);
		if (!number_in(path))
			continue;
		snprintf(path, sizeof(path), "%s/objects", found.gl_pathv[i]);
		facts->objects[i] = number_in(path);
	}
	facts->slab_count = i;
	globfree(&found);
}

static int look(struct facts *facts)
{
	int err;

	*facts = (struct facts){ };
	facts->stats.size = sizeof(facts->stats);
	facts->users[0].size = sizeof(facts->users[0]);
	facts->users[1].size = sizeof(facts->users[1]);
	err = kipc_admin_stats(admin, &facts->stats) ?:
	      kipc_admin_user(admin, 0, &facts->users[0]) ?:
	      kipc_admin_user(admin, USER, &facts->users[1]);
	count_objects(facts);
	return err;
}

static int differs(bool say, const char *what, const char *which, unsigned long was,
		   unsigned long is)
{
	if (was == is)
		return 0;
	if (say)
		printf("# soak: %s%s: %lu, and were %lu\n", what, which, is, was);
	return 1;
}

static int compare(const struct facts *now, bool say)
{
	int user, what, i, bad = 0;

	bad += differs(say, "endpoints", "", before.stats.endpoints, now->stats.endpoints);
	bad += differs(say, "channels", "", before.stats.channels, now->stats.channels);
	bad += differs(say, "queues", "", before.stats.queues, now->stats.queues);
	bad += differs(say, "bytes of pools", "", before.stats.memory, now->stats.memory);
	for (user = 0; user < 2; user++)
		for (what = 0; what < KIPC_ADMIN_QUOTAS; what++)
			bad += differs(say, user ? "the user's " : "root's ",
				       kipc_admin_quota_name(what),
				       before.users[user].charge[what].taken,
				       now->users[user].charge[what].taken);
	bad += differs(say, "slab caches", "", before.slab_count, now->slab_count);
	for (i = 0; i < now->slab_count; i++)
		bad += differs(say, "objects of ", now->slabs[i], before.objects[i],
			       now->objects[i]);
	return bad;
}

int account_open(void)
{
	return kipc_admin_open(&admin) ?: look(&before);
}

int account_close(void)
{
	uint64_t end = in_ms(SETTLE_MS);
	struct facts now;
	int bad;

	do {
		nap_ms(50);
		bad = look(&now) ? 1 : compare(&now, false);
	} while (bad && now_ns() < end);
	if (bad)
		compare(&now, true);
	kipc_admin_close(admin);
	return bad;
}
