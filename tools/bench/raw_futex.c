// SPDX-License-Identifier: GPL-2.0
/*
 * raw-futex: shared memory and two futexes, the floor
 *
 * The payload is written and read in place, nothing is copied, and each side
 * wakes the other with one FUTEX_WAKE and sleeps in one FUTEX_WAIT: what
 * remains is two context switches.  Nothing that puts the peer to sleep and
 * protects the payload from it can be faster; a mechanism's distance from this
 * row is what it costs.
 *
 * @request and @reply are counters.  The payload is published by the release
 * store that raises @request and taken by the acquire load that sees it;
 * replies likewise.  FUTEX_WAIT compares the counter with the old value inside
 * the kernel, so a wake-up between the load and the sleep is not lost.
 */
#include "driver.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "payload.h"

/* One side's counter, and the length of what it published. */
struct turn {
	uint32_t count;
	size_t len;
} __aligned(PAYLOAD_LINE);

struct floor {
	struct turn request;
	struct turn reply;
	unsigned char answer[PAYLOAD_LINE];
	unsigned char payload[];
};

static int floor_prepare(struct lane *lane)
{
	void *map = mmap(NULL, sizeof(struct floor) + lane->size,
			 PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (map == MAP_FAILED)
		return -errno;
	lane->priv = map;
	return 0;
}

static int floor_open(struct lane *lane, int step)
{
	(void)lane;
	(void)step;
	return 0;
}

static void floor_close(struct lane *lane)
{
	if (lane->priv)
		munmap(lane->priv, sizeof(struct floor) + lane->size);
	lane->priv = NULL;
}

static void *floor_place(struct lane *lane)
{
	return ((struct floor *)lane->priv)->payload;
}

static void floor_raise(uint32_t *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELEASE);
	syscall(SYS_futex, counter, FUTEX_WAKE, 1, NULL, NULL, 0);
}

/* Sleep until @counter has reached @value. */
static int floor_wait(uint32_t *counter, uint32_t value)
{
	uint32_t seen;

	for (;;) {
		seen = __atomic_load_n(counter, __ATOMIC_ACQUIRE);
		if (seen == value)
			return 0;
		if (worker_stop)
			return -EINTR;
		syscall(SYS_futex, counter, FUTEX_WAIT, seen, NULL, NULL, 0);
	}
}

static ssize_t floor_call(struct lane *lane, const void *data, size_t len,
			  void *reply)
{
	struct floor *floor = lane->priv;
	uint32_t turn = floor->request.count + 1;
	int err;

	(void)data;	/* written in place */
	floor->request.len = len;
	floor_raise(&floor->request.count);
	err = floor_wait(&floor->reply.count, turn);
	if (err)
		return err;
	memcpy(reply, floor->answer, PAYLOAD_REPLY);
	return (ssize_t)floor->reply.len;
}

static ssize_t floor_recv(struct lane *lane, size_t expect, const void **data)
{
	struct floor *floor = lane->priv;
	int err;

	(void)expect;
	err = floor_wait(&floor->request.count, floor->reply.count + 1);
	*data = floor->payload;
	return err ? err : (ssize_t)floor->request.len;
}

static int floor_reply(struct lane *lane, const void *data, size_t len)
{
	struct floor *floor = lane->priv;

	memcpy(floor->answer, data, len);
	floor->reply.len = len;
	floor_raise(&floor->reply.count);
	return 0;
}

const struct driver raw_futex_driver = {
	.name = "raw-futex",
	.about = "shared memory and futexes, nothing copied: the floor",
	.kind = DRIVER_BASELINE,
	.measures = { true, false },
	.prepare = floor_prepare,
	.open = floor_open,
	.close = floor_close,
	.place = floor_place,
	.call = floor_call,
	.recv = floor_recv,
	.reply = floor_reply,
};
