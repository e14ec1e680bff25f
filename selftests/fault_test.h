/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of failures share: one system call after the other, with each allocation and
 * each user copy that it makes refused in turn.
 *
 * A sweep makes the same call again and again.  In its n-th run the kernel refuses the n-th
 * thing that the calling thread asks for (/proc/thread-self/fail-nth), be it an object
 * (failslab), pages (fail_page_alloc) or a user copy (fail_usercopy); it ends with the run
 * that comes to its end before its n-th.  Then the sweep begins again, and from the n-th
 * on all memory is refused (fail-nth, with what follows left to the probability of 100 % that
 * holds for threads with make-it-fail): what the kernel tries a second time by another way,
 * as a radix tree's nodes are, fails only so.
 *
 *	sweep_begin(&sweep, "channel send");
 *	while (sweep_next(&sweep)) {
 *		...
 *		err = FAULT(&sweep, channel_send(...));
 *		...
 *	}
 *	SWEPT(&sweep);
 *
 * The test says what else may not have happened where the call has failed; accounts() tells
 * what the module knows of its users and objects, to be compared.  A call that succeeds in
 * spite of a refusal must have done all of its work.
 *
 * What get_user() and put_user() copy is refused by bad addresses only, which badinput and
 * the like try.
 */
#ifndef FAULT_TEST_H
#define FAULT_TEST_H

#include "netlink_test.h"

/* A sweep takes its time where each object is watched. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	170

#define FAULT_DEBUGFS	"/sys/kernel/debug"
#define FAULT_MANY	1000000U	/* more than there are points in any call */

enum fault_kind { FAULT_SLAB, FAULT_PAGES, FAULT_COPY, FAULT_KINDS };

static const char * const fault_kinds[] = { "failslab", "fail_page_alloc", "fail_usercopy" };

/* Settings */

static inline int faults_set(enum fault_kind kind, const char *what, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), FAULT_DEBUGFS "/%s/%s", fault_kinds[kind], what);
	return write_text(path, value);
}

static inline long faults_times(enum fault_kind kind)
{
	char path[128], text[32];

	snprintf(path, sizeof(path), FAULT_DEBUGFS "/%s/times", fault_kinds[kind]);
	return read_text(path, text, sizeof(text)) ? 0 : atol(text);
}

/* Has this kernel got what refuses? */
static inline bool faults_is_there(void)
{
	int kind;

	for (kind = 0; kind < FAULT_KINDS; kind++) {
		char path[128];

		snprintf(path, sizeof(path), FAULT_DEBUGFS "/%s/times", fault_kinds[kind]);
		if (access(path, W_OK))
			return false;
	}
	return !access("/proc/thread-self/fail-nth", W_OK);
}

/*
 * Nothing is refused to who does not ask for it (task-filter), what is refused is not told in
 * the log, and a thread that does is refused so much of its memory, and of its copies.
 */
static inline int faults_configure(const char *memory, const char *copies)
{
	int kind, err = 0;

	for (kind = 0; kind < FAULT_KINDS; kind++) {
		err = err ?: faults_set(kind, "probability", "0");
		err = err ?: faults_set(kind, "task-filter", "1");
		err = err ?: faults_set(kind, "verbose", "0");
		err = err ?: faults_set(kind, "interval", "1");
		err = err ?: faults_set(kind, "space", "0");
		err = err ?: faults_set(kind, "times", "100000000");
	}
	err = err ?: faults_set(FAULT_SLAB, "ignore-gfp-wait", "0");
	err = err ?: faults_set(FAULT_SLAB, "cache-filter", "0");
	err = err ?: faults_set(FAULT_PAGES, "ignore-gfp-wait", "0");
	err = err ?: faults_set(FAULT_PAGES, "ignore-gfp-highmem", "0");
	err = err ?: faults_set(FAULT_PAGES, "min-order", "0");
	err = err ?: faults_set(FAULT_SLAB, "probability", memory);
	err = err ?: faults_set(FAULT_PAGES, "probability", memory);
	return err ?: faults_set(FAULT_COPY, "probability", copies);
}

/* A thread's own switch, opened while nothing is refused. */
static inline int faults_open(const char *file)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/thread-self/%s", file);
	return open(path, O_RDWR | O_CLOEXEC);
}

/* What is refused to the writer's copies too is written again. */
static inline void faults_write(int fd, unsigned int value)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", value);

	while (pwrite(fd, text, len, 0) < 0 && errno == EFAULT)
		;
}

/* Sweeps */

/**
 * struct sweep - one call, refused something at each point in turn
 * @what:	which call
 * @nth:	descriptor of this thread's fail-nth
 * @make:	likewise of make-it-fail
 * @lasting:	all memory is refused from the point on
 * @point:	which; 0, none: everything it touches comes in, and it must succeed
 * @left:	after the call: how far it did not come
 * @points:	how many there were, of each round
 * @failed:	how many runs have failed for it
 * @kinds:	what was refused in the first round
 */
struct sweep {
	const char *what;
	int nth;
	int make;
	bool lasting;
	unsigned int point;
	unsigned int left;
	unsigned int points[2];
	unsigned int failed[2];
	long kinds[FAULT_KINDS];
};

static inline void sweep_begin(struct sweep *sweep, const char *what)
{
	int kind;

	*sweep = (struct sweep){
		.what = what,
		.nth = faults_open("fail-nth"),
		.make = faults_open("make-it-fail"),
		.left = -1U,
	};
	for (kind = 0; kind < FAULT_KINDS; kind++)
		sweep->kinds[kind] = faults_times(kind);
}

static inline void sweep_turn(struct sweep *sweep)
{
	int kind;

	for (kind = 0; kind < FAULT_KINDS; kind++)
		sweep->kinds[kind] -= faults_times(kind);
	sweep->lasting = true;
	sweep->point = 0;
}

/* Return: whether there is another run to make. */
static inline bool sweep_next(struct sweep *sweep)
{
	if (sweep->left == -1U)	/* the first of all */
		return true;
	if (sweep->point && sweep->left) {
		sweep->points[sweep->lasting] = sweep->point - 1;
		if (sweep->lasting)
			return false;
		sweep_turn(sweep);
		return true;
	}
	return ++sweep->point < 10000;
}

static inline void sweep_arm(struct sweep *sweep)
{
	if (sweep->lasting)
		faults_write(sweep->make, 1);
	faults_write(sweep->nth, sweep->point ?: FAULT_MANY);
}

/* Return: how many points are left, 0: it has come to the one that was refused. */
static inline unsigned int sweep_left(struct sweep *sweep)
{
	char text[16] = "";

	if (pread(sweep->nth, text, sizeof(text) - 1, 0) >= 0)
		return strtoul(text, NULL, 10);
	/* The copy of this very number was the one, and does not count. */
	if (!sweep->lasting)
		sweep->kinds[FAULT_COPY]--;
	return 1;
}

static inline void sweep_disarm(struct sweep *sweep, bool failed)
{
	sweep->left = sweep_left(sweep);
	if (sweep->lasting)
		faults_write(sweep->make, 0);
	faults_write(sweep->nth, 0);
	sweep->failed[sweep->lasting] += failed;
}

/* Make the call, which is negative when it fails, and no other. */
#define FAULT(_sweep, _call) ({						\
	struct sweep *_s = (_sweep);					\
	int _err;							\
									\
	sweep_arm(_s);							\
	_err = (_call);							\
	sweep_disarm(_s, _err < 0);					\
	_err;								\
})

static inline const char *sweep_at(const struct sweep *sweep)
{
	static char text[128];

	snprintf(text, sizeof(text), "%s, %s point %u", sweep->what,
		 sweep->lasting ? "from" : "at", sweep->point);
	return text;
}

/* To be said where an expectation fails */
#define AT(_sweep)	TH_LOG("%s", sweep_at(_sweep))

static inline void sweep_end(struct sweep *sweep)
{
	close(sweep->nth);
	close(sweep->make);
	printf("# %s: %u points (%ld objects, %ld pages, %ld copies), %u failed it; "
	       "%u from there on, %u failed it\n", sweep->what, sweep->points[0],
	       sweep->kinds[FAULT_SLAB], sweep->kinds[FAULT_PAGES], sweep->kinds[FAULT_COPY],
	       sweep->failed[0], sweep->points[1], sweep->failed[1]);
	fflush(stdout);
}

/* A sweep that was refused nothing tests nothing. */
#define SWEPT(_sweep) do {						\
	struct sweep *_s = (_sweep);					\
									\
	sweep_end(_s);							\
	EXPECT_NE(0, _s->points[0]) TH_LOG("%s", _s->what);		\
	EXPECT_NE(0, _s->points[1]) TH_LOG("%s", _s->what);		\
} while (0)

/* The calls that are no request, said as requests are */

static inline int do_read(int fd, void *buf, size_t len)
{
	ssize_t n = read(fd, buf, len);

	return n < 0 ? -errno : (int)n;
}

static inline int do_write(int fd, const void *buf, size_t len)
{
	ssize_t n = write(fd, buf, len);

	return n < 0 ? -errno : (int)n;
}

/* What a call says that was refused memory or a copy */
static inline bool faults_says(int err)
{
	return err == -ENOMEM || err == -EFAULT;
}

/* What there is */

/**
 * struct accounts - what the module knows of root and of this network namespace
 * @taken:	what root is charged for, by enum kipc_quota; memory apart, which pools keep
 * @objects:	endpoints, channels and queues
 * @descriptors: what this process has open
 */
struct accounts {
	uint64_t taken[KIPC_QUOTA_COUNT];
	uint64_t objects[3];
	uint64_t descriptors;
};

static inline struct accounts accounts(struct nl *nl)
{
	struct accounts is = { };
	struct told told, charge;
	uint32_t what;
	int fd, err;

	if (get_stats(nl, &told))
		return (struct accounts){ .objects = { WRONG } };
	is.objects[0] = u32_of(&told, KIPC_A_STATS_ENDPOINTS);
	is.objects[1] = u32_of(&told, KIPC_A_STATS_CHANNELS);
	is.objects[2] = u32_of(&told, KIPC_A_STATS_QUEUES);
	err = get_user(nl, 0, &told);
	for (what = 0; what < KIPC_QUOTA_COUNT; what++) {
		if (what == KIPC_QUOTA_POOL_BYTES || err == -ENOENT)
			continue;
		charge = charge_of(&told, what);
		is.taken[what] = u64_of(&charge, KIPC_A_CHARGE_TAKEN);
	}
	for (fd = 0; fd < 128; fd++)
		is.descriptors += is_open(fd);
	return is;
}

/* What closes for somebody else, or after a while, is given some time. */
static inline bool accounts_are(struct nl *nl, const struct accounts *old)
{
	struct accounts now;
	int i;

	for (i = 0; i < 2000; i++) {
		now = accounts(nl);
		if (!memcmp(&now, old, sizeof(now)))
			return true;
		nap_ms(1);
	}
	for (i = 0; i < KIPC_QUOTA_COUNT; i++)
		if (now.taken[i] != old->taken[i])
			printf("# charge %d: %ju, had been %ju\n", i, (uintmax_t)now.taken[i],
			       (uintmax_t)old->taken[i]);
	for (i = 0; i < 3; i++)
		if (now.objects[i] != old->objects[i])
			printf("# objects %d: %ju, had been %ju\n", i,
			       (uintmax_t)now.objects[i], (uintmax_t)old->objects[i]);
	if (now.descriptors != old->descriptors)
		printf("# descriptors: %ju, had been %ju\n", (uintmax_t)now.descriptors,
		       (uintmax_t)old->descriptors);
	return false;
}

FIXTURE(fault)
{
	struct nl nl;
	struct accounts none;
};

FIXTURE_SETUP(fault)
{
	if (!faults_is_there())
		SKIP(return, "this kernel refuses nothing on purpose");
	/* What is touched while memory is refused must be there. */
	ASSERT_EQ(0, mlockall(MCL_CURRENT));
	ASSERT_EQ(0, faults_configure("100", "0"));
	ASSERT_EQ(0, nl_open(&self->nl));
	self->none = accounts(&self->nl);
	EXPECT_EQ(0, self->none.objects[0]);
}

/* The test has closed what it opened. */
FIXTURE_TEARDOWN(fault)
{
	if (!faults_is_there())
		return;
	EXPECT_EQ(0, faults_configure("0", "0"));
	EXPECT_TRUE(accounts_are(&self->nl, &self->none));
	close(self->nl.fd);
}

#endif /* FAULT_TEST_H */
