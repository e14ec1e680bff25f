// SPDX-License-Identifier: GPL-2.0
/*
 * A worker: makes programs, or changes those of the corpus, and runs them until it is killed.
 *
 * A program that went where nothing had been is run again; if it goes there again, it is made
 * as short as it can be and joins the corpus.  The corpus only grows, and an entry is whole
 * before it is marked as ready, so a worker that dies in the middle leaves a gap and no harm.
 *
 * The corpus that comes with the fuzzer is built into it (the file "corpus", see program.c for
 * its form).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <signal.h>

#include "fuzz.h"

#define WANTED_MAX	512

/* The file, as it is */
__asm__(".section .rodata\n"
	"built_in:\n"
	".incbin \"corpus\"\n"
	"built_in_end:\n"
	".byte 0\n"
	".previous\n");

/**
 * struct wanted - edges that a program should reach
 * @n:		how many
 * @edge:	each
 * @hit:	whether the last program did
 * @index:	of an edge: its place here, from 1
 */
struct wanted {
	unsigned int n;
	uint32_t edge[WANTED_MAX];
	bool hit[WANTED_MAX];
	uint16_t index[EDGE_BITS];
};

static struct machine machine;
static struct wanted wanted;

static void note_fresh(void *arg, uint32_t edge, uint32_t pc)
{
	struct shared *shared = arg;

	if (cover_set(shared->pcs, pc))
		atomic_fetch_add(&shared->pc_count, 1);
	if (!cover_set(shared->edges, edge))
		return;
	atomic_fetch_add(&shared->edge_count, 1);
	if (wanted.n < WANTED_MAX) {
		wanted.edge[wanted.n++] = edge;
		wanted.index[edge] = wanted.n;
	}
}

static void note_hit(void *arg, uint32_t edge, uint32_t pc)
{
	if (wanted.index[edge])
		wanted.hit[wanted.index[edge] - 1] = true;
}

static unsigned int hits(const struct program *p)
{
	unsigned int i, n = 0;

	memset(wanted.hit, 0, sizeof(wanted.hit));
	machine_run(&machine, p);
	machine_each(&machine, note_hit, NULL);
	for (i = 0; i < wanted.n; i++)
		n += wanted.hit[i];
	return n;
}

static void want_only_hits(void)
{
	unsigned int i, n = 0;

	for (i = 0; i < wanted.n; i++) {
		wanted.index[wanted.edge[i]] = 0;
		if (!wanted.hit[i])
			continue;
		wanted.edge[n++] = wanted.edge[i];
		wanted.index[wanted.edge[i]] = n;
	}
	wanted.n = n;
}

static void want_nothing(void)
{
	while (wanted.n)
		wanted.index[wanted.edge[--wanted.n]] = 0;
}

/* Leaves out each call that is not needed to get there. */
static void shorten(struct program *p)
{
	struct program less;
	unsigned int at = p->n;

	while (at-- && p->n > 1) {
		less = *p;
		program_drop(&less, at);
		if (hits(&less) == wanted.n)
			*p = less;
	}
}

bool corpus_add(struct shared *shared, const struct program *p)
{
	unsigned int at = atomic_load(&shared->corpus_n);

	do {
		if (at == CORPUS_MAX)
			return false;
	} while (!atomic_compare_exchange_weak(&shared->corpus_n, &at, at + 1));
	shared->corpus[at] = *p;
	atomic_store(&shared->ready[at], true);
	return true;
}

static const struct program *corpus_any(struct shared *shared, uint64_t *random)
{
	unsigned int n = atomic_load(&shared->corpus_n), at;

	if (!n)
		return NULL;
	/* Half of them from the newest */
	at = any(random, 2) ? any(random, n) : n - 1 - any(random, n < 64 ? n : 64);
	return atomic_load(&shared->ready[at]) ? &shared->corpus[at] : NULL;
}

static void choose(struct shared *shared, struct program *p, uint64_t *random)
{
	const struct program *of = corpus_any(shared, random), *with = corpus_any(shared, random);
	unsigned int at = atomic_load(&shared->tried);

	if (at < shared->first_n) {
		at = atomic_fetch_add(&shared->tried, 1);
		if (at < shared->first_n) {
			*p = shared->corpus[at];
			return;
		}
	}
	if (!of || !with || !any(random, 8)) {
		program_make(p, random);
		return;
	}
	*p = *of;
	program_change(p, with, random);
}

static void quiet(void)
{
	int null = open("/dev/null", O_RDWR), fd;

	for (fd = 0; fd < 3; fd++)
		dup2(null, fd);
	close_range(3, ~0U, 0);
}

/* Never returns.  Every third one is an ordinary user. */
void worker(struct shared *shared, unsigned int number, uint64_t seed)
{
	struct program p;
	unsigned long at;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	quiet();
	machine_init(&machine, shared, number % 3 == 2);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (!atomic_load(&shared->stop)) {
		choose(shared, &p, &seed);
		at = atomic_load(&shared->worker[number].begun);
		shared->worker[number].last[at % HISTORY] = p;
		atomic_store(&shared->worker[number].begun, at + 1);

		machine_run(&machine, &p);
		machine_each(&machine, note_fresh, shared);
		if (!wanted.n)
			continue;
		if (hits(&p)) {
			want_only_hits();
			shorten(&p);
			corpus_add(shared, &p);
		}
		want_nothing();
	}
	_exit(0);
}

/* Return: how many programs it has, or -1. */
int corpus_load(struct shared *shared, FILE *file, const char *name)
{
	unsigned int line = 0, n = 0;
	struct program p;
	int said;

	while ((said = program_read(file, &p, &line)) > 0) {
		if (!corpus_add(shared, &p))
			break;
		n++;
	}
	if (said < 0) {
		fprintf(stderr, "fuzz: %s:%u: no call\n", name, line);
		return -1;
	}
	return n;
}

int corpus_built_in(struct shared *shared)
{
	FILE *file = fmemopen((void *)built_in, built_in_end - built_in, "r");
	int n;

	if (!file)
		return 0;
	n = corpus_load(shared, file, "corpus");
	fclose(file);
	return n;
}

int corpus_save(const struct shared *shared, const char *path)
{
	FILE *file = fopen(path, "w");
	unsigned int i;

	if (!file)
		return -errno;
	for (i = 0; i < atomic_load(&shared->corpus_n); i++) {
		if (atomic_load(&shared->ready[i]))
			program_write(file, &shared->corpus[i]);
	}
	return fclose(file) ? -errno : 0;
}

static void replay_all(struct shared *shared, unsigned int number, unsigned int times,
		       bool verbose)
{
	unsigned int n = shared->corpus_n, i;

	if (!verbose)
		quiet();
	machine_init(&machine, shared, number % 3 == 2);
	machine.said = verbose ? stdout : NULL;
	for (i = 0; i < n * times; i++) {
		const struct program *p = &shared->corpus[(i + number * 7) % n];

		if (verbose)
			program_write(stdout, p);
		machine_run(&machine, p);
		machine_each(&machine, note_fresh, shared);
		want_nothing();
	}
	fflush(NULL);
	_exit(0);
}

/*
 * Runs the corpus, in each of @workers at once, each of which begins elsewhere.
 *
 * Return: how many of them did not come to the end.
 */
int replay(struct shared *shared, unsigned int times, unsigned int workers, bool verbose)
{
	unsigned int i;
	int status, bad = 0;

	fflush(NULL);
	for (i = 0; i < workers; i++) {
		if (!fork())
			replay_all(shared, i, times, verbose);
	}
	while (wait(&status) > 0)
		bad += !!status;
	return bad;
}

/* Edges of one program that no earlier one has reached */
static void note_edges(void *arg, uint32_t edge, uint32_t pc)
{
	unsigned int *fresh = arg;

	*fresh += cover_set(machine.shared->edges, edge);
}

/* Writes those programs of the corpus that are needed to reach all that it reaches. */
int minimise(struct shared *shared, const char *path)
{
	unsigned int i, fresh, kept = 0;
	FILE *file = fopen(path, "w");

	if (!file)
		return -1;
	machine_init(&machine, shared, false);
	for (i = shared->corpus_n; i--;) {
		fresh = 0;
		machine_run(&machine, &shared->corpus[i]);
		machine_each(&machine, note_edges, &fresh);
		if (!fresh && machine.cover.area)
			continue;
		program_write(file, &shared->corpus[i]);
		kept++;
	}
	printf("# kept %u of %u programs\n", kept, shared->corpus_n);
	return fclose(file);
}
