// SPDX-License-Identifier: GPL-2.0
/*
 * The machine: the state in which a program runs, and its requests.
 *
 * The arena is memory at a fixed order of regions, made new for each program as far as that
 * matters: bytes to send and to receive into, arrays of every structure that a request points
 * at, the last page before a hole, a page that is read-only, pages that are not there until
 * they are touched.  Programs may write into the arrays (store) while a request reads them.
 *
 * Asynchronous calls are made by helpers, threads that last as long as the worker.  At the end
 * of a program one that still waits is sent signals until it comes back.  The descriptors of a
 * program are all those above the worker's own, whoever made them, and are closed as one range.
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <linux/kipc.h>

#include "fuzz.h"

#define PAGE		4096UL

/* The regions of the arena */
enum {
	ARENA_FDS	= 0,
	ARENA_IDS	= PAGE,
	ARENA_VECS	= 2 * PAGE,
	ARENA_PAYLOADS	= 3 * PAGE,
	ARENA_ITEMS	= 5 * PAGE,
	ARENA_HEADERS	= 8 * PAGE,
	ARENA_BYTES	= 16 * PAGE,
	ARENA_COLD	= 48 * PAGE,
	ARENA_READONLY	= 80 * PAGE,
	ARENA_EDGE	= 81 * PAGE,
	ARENA_HOLE	= 82 * PAGE,
	ARENA_SIZE	= 83 * PAGE,
};

#define ENTRIES		16	/* of each array */
#define BYTES_SIZE	(ARENA_COLD - ARENA_BYTES)
#define COLD_SIZE	(ARENA_READONLY - ARENA_COLD)

/**
 * struct helper - a thread that makes asynchronous calls
 * @thread:	it
 * @go:		there is a call
 * @busy:	it has one
 * @call:	that
 * @cover:	of this thread
 * @m:		the machine
 */
struct helper {
	pthread_t thread;
	sem_t go;
	atomic_bool busy;
	struct call call;
	struct cover cover;
	struct machine *m;
};

static void *helper_main(void *arg)
{
	struct helper *h = arg;

	cover_enable(&h->cover);
	for (;;) {
		while (sem_wait(&h->go))
			;
		machine_call(h->m, &h->call);
		atomic_store(&h->busy, false);
	}
	return NULL;
}

static bool helper_start(struct machine *m, const struct call *call)
{
	unsigned int i;

	for (i = 0; m->helpers && i < HELPERS; i++) {
		struct helper *h = &m->helpers[i];

		if (atomic_load(&h->busy))
			continue;
		h->call = *call;
		atomic_store(&h->busy, true);
		sem_post(&h->go);
		return true;
	}
	return false;
}

void helper_signal(struct machine *m, uint64_t which, int signo)
{
	if (m->helpers && which < HELPERS)
		pthread_kill(m->helpers[which].thread, signo);
	else
		pthread_kill(pthread_self(), signo);
}

static void helpers_end(struct machine *m)
{
	struct timespec pause = { .tv_nsec = 20000 };
	unsigned int i;

	for (i = 0; m->helpers && i < HELPERS; i++) {
		while (atomic_load(&m->helpers[i].busy)) {
			pthread_kill(m->helpers[i].thread, SIGUSR1);
			nanosleep(&pause, NULL);
		}
	}
}

/* Arrays that say something sensible until a program writes into them. */
static void arena_fill(struct machine *m)
{
	struct kipc_payload *payload = (void *)(m->arena + ARENA_PAYLOADS);
	struct kipc_queue_item *item = (void *)(m->arena + ARENA_ITEMS);
	struct kipc_vec *vec = (void *)(m->arena + ARENA_VECS);
	unsigned int i;

	memset(m->fds, -1, SLOTS * sizeof(*m->fds));
	memset(m->ids, 0, IDS * sizeof(*m->ids));
	memset(payload, 0, ENTRIES * sizeof(*payload));
	memset(item, 0, ENTRIES * sizeof(*item));
	for (i = 0; i < ENTRIES; i++) {
		vec[i].base = (uintptr_t)m->arena + ARENA_BYTES + i * 100;
		vec[i].len = (i * i * i) % 5000;
		payload[i].data = i % 5 == 4 ? (uintptr_t)vec : vec[i].base;
		payload[i].len = i % 5 == 4 ? i : vec[i].len;
		payload[i].flags = i % 5 == 4 ? KIPC_PAYLOAD_VEC : 0;
		payload[i].fds = (uintptr_t)m->fds;
		payload[i].fd_count = i == 7;
		payload[i].prio = i == 8;
		item[i].payload = payload[i];
		item[i].payload.prio = 0;
		item[i].type = i % 3;
		item[i].prio = i % 4;
	}
}

void machine_init(struct machine *m, struct shared *shared, bool unprivileged)
{
	unsigned int i;

	memset(m, 0, sizeof(*m));
	m->shared = shared;
	m->arena = mmap(NULL, ARENA_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0);
	if (m->arena == MAP_FAILED)
		exit(1);
	memset(m->arena + ARENA_BYTES, 'k', BYTES_SIZE);
	memset(m->arena + ARENA_READONLY, 0, 2 * PAGE);
	mprotect(m->arena + ARENA_READONLY, PAGE, PROT_READ);
	munmap(m->arena + ARENA_HOLE, PAGE);
	m->fds = (void *)(m->arena + ARENA_FDS);
	m->ids = (void *)(m->arena + ARENA_IDS);
	m->helpers = calloc(HELPERS, sizeof(*m->helpers));
	cover_open(&m->cover);
	for (i = 0; i < HELPERS; i++)
		cover_open(&m->helpers[i].cover);
	if (unprivileged && (setgid(1000) || setuid(1000)))
		exit(1);
	signals_init();
	cover_enable(&m->cover);
	for (i = 0; i < HELPERS; i++) {
		m->helpers[i].m = m;
		sem_init(&m->helpers[i].go, 0, 0);
		if (pthread_create(&m->helpers[i].thread, NULL, helper_main, &m->helpers[i]))
			exit(1);
	}
	m->first = dup(0);
	close(m->first);
}

/* In a mapping, or where nothing is: what lies behind one may be the fuzzer's own. */
static uint64_t machine_mapped(const struct machine *m, unsigned int map, uint64_t offset)
{
	size_t len = m->maps[map].len;

	if (!len)
		return (uintptr_t)m->arena + ARENA_HOLE;
	return (uintptr_t)m->maps[map].at + offset % len;
}

/* Where an address of a program points. */
uint64_t machine_address(const struct machine *m, uint64_t arg, enum kind kind)
{
	static const uint32_t right[] = {
		[DATA] = ARENA_BYTES,
		[FDS_AT] = ARENA_FDS,
		[IDS_AT] = ARENA_IDS,
		[PAYLOADS_AT] = ARENA_PAYLOADS,
		[ITEMS_AT] = ARENA_ITEMS,
		[HEADERS_AT] = ARENA_HEADERS,
	};
	uint64_t base = (uintptr_t)m->arena, offset = arg >> 4;

	switch (arg & 15) {
	case PLACE_BYTES:
		return base + ARENA_BYTES + offset % BYTES_SIZE;
	case PLACE_VECS:
		return base + ARENA_VECS + offset % (ENTRIES * sizeof(struct kipc_vec));
	case PLACE_IDS:
		return base + ARENA_IDS + offset % (IDS * sizeof(uint64_t));
	case PLACE_FDS:
		return base + ARENA_FDS + offset % (SLOTS * sizeof(int32_t));
	case PLACE_PAYLOADS:
		return base + ARENA_PAYLOADS + offset % (ENTRIES * sizeof(struct kipc_payload));
	case PLACE_ITEMS:
		return base + ARENA_ITEMS + offset % (ENTRIES * sizeof(struct kipc_queue_item));
	case PLACE_EDGE:
		return base + ARENA_HOLE - offset % PAGE;
	case PLACE_HOLE:
		return base + ARENA_HOLE + offset % PAGE;
	case PLACE_READONLY:
		return base + ARENA_READONLY + offset % PAGE;
	case PLACE_MAP:
		return machine_mapped(m, offset % MAPS, offset / MAPS);
	case PLACE_NULL:
		return offset % PAGE;
	case PLACE_KERNEL:
		return 0xffff888000000000ULL + offset;
	case PLACE_COLD:
		return base + ARENA_COLD + offset % COLD_SIZE;
	case PLACE_TOP:
		return 0x7ffffffff000ULL - offset % PAGE;
	case PLACE_ODD:
		return base + right[kind] + offset % PAGE;
	default:
		return base + right[kind];
	}
}

/* A name: one of a few, or one of those that are none. */
const char *machine_name(uint64_t arg, char *buf)
{
	if (arg < NAMES)
		snprintf(buf, KIPC_NAME_SIZE, "fuzz-%u", (unsigned int)arg);
	else if (arg % 4 == 0)
		*buf = '\0';
	else if (arg % 4 == 1)
		memset(buf, 'n', KIPC_NAME_SIZE);
	else if (arg % 4 == 2)
		snprintf(buf, KIPC_NAME_SIZE, "no/name");
	else
		snprintf(buf, KIPC_NAME_SIZE, "nobody-has-it");
	return buf;
}

/* A descriptor of the program's own: it may have written any number into the table. */
int machine_fd(const struct machine *m, uint64_t slot)
{
	int fd = m->fds[slot % SLOTS];

	return fd < m->first ? -1 : fd;
}

/* A slot takes a descriptor; what it had stays open until the program ends or closes it. */
void machine_hold(struct machine *m, uint64_t slot, int fd)
{
	if (fd >= 0)
		m->fds[slot % SLOTS] = fd;
}

uint64_t recent(const uint64_t *of, unsigned int n, uint64_t arg)
{
	return arg && arg <= n ? of[arg - 1] : arg;
}

static void remember(uint64_t *of, unsigned int n, uint64_t what)
{
	if (!what || what == of[0])
		return;
	memmove(of + 1, of, (n - 1) * sizeof(*of));
	of[0] = what;
}

static uint64_t now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static uint64_t deadline(uint64_t arg)
{
	if (arg < 2 || arg >= 10000)
		return arg;
	return now(arg % 2 ? CLOCK_REALTIME : CLOCK_MONOTONIC) + arg * 1000;
}

static uint64_t arg_value(const struct machine *m, const struct op *op, const struct arg *arg,
			  uint64_t value)
{
	switch (arg->kind) {
	case SIZE:
		return value ?: op->size;
	case SLOT:
		return value ? machine_fd(m, value - 1) : 0;
	case DEADLINE:
		return deadline(value);
	case ID:
		return recent(m->ids, IDS, value);
	case PEER:
		return recent(m->peers, PEERS, value);
	case QUEUE:
		return recent(m->queues, PEERS, value);
	case DATA:
	case FDS_AT:
	case IDS_AT:
	case PAYLOADS_AT:
	case ITEMS_AT:
	case HEADERS_AT:
		return machine_address(m, value, arg->kind);
	default:
		return value;
	}
}

/* What a request said that later ones can use. */
static void harvest(struct machine *m, const struct op *op, const uint8_t *said)
{
	unsigned int i;

	for (i = 0; i < ARGS_MAX && op->arg[i].kind != NONE; i++) {
		const struct arg *arg = &op->arg[i];
		uint64_t value = 0;

		if (arg->kind < OUT_ID)
			continue;
		memcpy(&value, said + arg->offset, arg->width);
		if (arg->kind == OUT_ID)
			remember(m->ids, IDS, value);
		else if (arg->kind == OUT_PEER)
			remember(m->peers, PEERS, value);
		else
			remember(m->queues, PEERS, value);
	}
}

static long request(struct machine *m, const struct call *call)
{
	const struct op *op = &ops[call->op];
	const struct arg *args;
	uint8_t buf[1024];
	unsigned int n, i;

	memset(buf, 0, sizeof(buf));
	args = op_args(call->op, &n);
	for (i = 1; i < n; i++) {
		uint64_t value = arg_value(m, op, &args[i], call->arg[i]);

		if (args[i].kind == NAME)
			machine_name(value, (char *)buf + args[i].offset);
		else
			memcpy(buf + args[i].offset, &value, args[i].width);
	}
	if (ioctl(machine_fd(m, call->arg[0]), op->request, buf))
		return -errno;
	harvest(m, op, buf);
	return 0;
}

/* Makes a call, in this thread. */
long machine_call(struct machine *m, const struct call *call)
{
	const struct op *op = &ops[call->op];

	atomic_fetch_add_explicit(&m->shared->ops, 1, memory_order_relaxed);
	return op->run ? op->run(m, call->arg) : request(m, call);
}

static void machine_end(struct machine *m)
{
	unsigned int i;

	helpers_end(m);
	for (i = 0; i < CHILDREN; i++) {
		if (!m->children[i])
			continue;
		kill(m->children[i], SIGKILL);
		while (waitpid(m->children[i], NULL, 0) < 0 && errno == EINTR)
			;
		m->children[i] = 0;
	}
	for (i = 0; i < MAPS; i++) {
		if (m->maps[i].at)
			munmap(m->maps[i].at, m->maps[i].len);
		m->maps[i].at = NULL;
		m->maps[i].len = 0;
	}
	close_range(m->first, ~0U, 0);
}

/* Runs a program in a machine that is as new, and leaves nothing of it. */
void machine_run(struct machine *m, const struct program *p)
{
	unsigned int i;

	arena_fill(m);
	memset(m->peers, 0, sizeof(m->peers));
	memset(m->queues, 0, sizeof(m->queues));
	madvise(m->arena + ARENA_COLD, COLD_SIZE, MADV_DONTNEED);
	cover_reset(&m->cover);
	for (i = 0; i < HELPERS; i++)
		cover_reset(&m->helpers[i].cover);

	m->program = p;
	for (m->at = 0; m->at < p->n; m->at++) {
		const struct call *call = &p->calls[m->at];
		long said;

		cover_mark(&m->cover);
		if (call->async && !ops[call->op].alone && helper_start(m, call))
			continue;
		said = machine_call(m, call);
		if (m->said)
			fprintf(m->said, "# %s = %ld\n", ops[call->op].name, said);
	}
	machine_end(m);
	atomic_fetch_add_explicit(&m->shared->programs, 1, memory_order_relaxed);
}

/* What the last program ran through. */
void machine_each(struct machine *m, void (*each)(void *arg, uint32_t edge, uint32_t pc),
		  void *arg)
{
	unsigned int i;

	cover_each(&m->cover, each, arg);
	for (i = 0; m->helpers && i < HELPERS; i++)
		cover_each(&m->helpers[i].cover, each, arg);
}
