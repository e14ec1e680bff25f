// SPDX-License-Identifier: GPL-2.0
/*
 * ring: with a name: kinds of memory, many of each side, seats of the dead, and memory
 * that cannot be trusted.  (What it does like the others is in lib_named.c.)
 */
#include <stdatomic.h>
#include <sys/mman.h>

#include <kipc_region.h>

#include "lib_test.h"

FIXTURE(region)
{
	char address[128];
	struct kipc *server;
	struct kipc *client;
};

FIXTURE_VARIANT(region)
{
	const char *format;
};

FIXTURE_VARIANT_ADD(region, posix_shm) { .format = "ring:posix-shm:/kipc-ring-%d" };
FIXTURE_VARIANT_ADD(region, mmap_file) { .format = "ring:mmap-file:/tmp/kipc-ring-%d" };
FIXTURE_VARIANT_ADD(region, escaped_file) { .format = "ring:mmap-file:/tmp/kipc%%3f%%25-%d" };
FIXTURE_VARIANT_ADD(region, sysv_shm) { .format = "ring:sysv-shm:%d" };

FIXTURE_SETUP(region)
{
	snprintf(self->address, sizeof(self->address), variant->format, 0x61000000 + getpid());
	ASSERT_EQ(0, kipc_listen(&self->server, self->address, NULL));
	ASSERT_EQ(0, kipc_connect(&self->client, self->address, NULL));
}

FIXTURE_TEARDOWN(region)
{
	kipc_close(self->client);
	kipc_close(self->server);
	EXPECT_EQ(-ENOENT, kipc_unlink(self->address));
}

TEST_F(region, carries_messages_one_way)
{
	struct kipc_info info = KIPC_INFO_INIT;
	struct kipc_msg msg;

	ASSERT_EQ(0, kipc_send(self->client, "x", 1, LONG));
	ASSERT_EQ(1, kipc_recv(self->server, &msg, LONG));
	kipc_release(&msg);
	EXPECT_EQ(-EOPNOTSUPP, kipc_send(self->server, "x", 1, LONG));
	EXPECT_EQ(-EOPNOTSUPP, kipc_call(self->client, "x", 1, &msg, LONG));
	EXPECT_EQ(-EOPNOTSUPP, kipc_fd(self->server));
	ASSERT_EQ(0, kipc_info(self->client, &info));
	EXPECT_FALSE(info.can & (KIPC_CAN_CALL | KIPC_CAN_DUPLEX | KIPC_CAN_POLL));
}

enum { EACH = 300, PROCESSES = 3 };

TEST_F(region, many_send_and_many_receive)
{
	pid_t senders[PROCESSES], receivers[PROCESSES];
	atomic_int *received = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int i, p;

	ASSERT_NE(MAP_FAILED, received);
	for (p = 0; p < PROCESSES; p++) {
		receivers[p] = fork();
		if (!receivers[p]) {
			int next[PROCESSES] = { 0 };
			struct kipc *mine;
			struct kipc_msg msg;

			if (kipc_listen(&mine, self->address, NULL))
				_exit(1);
			while (atomic_load(received) < EACH * PROCESSES) {
				const int *data;

				if (kipc_recv(mine, &msg, SOON) < 0)
					continue;
				data = msg.data;
				/* What one receives of one sender is in order. */
				if (data[1] < next[data[0]])
					_exit(2);
				next[data[0]] = data[1] + 1;
				kipc_release(&msg);
				atomic_fetch_add(received, 1);
			}
			_exit(kipc_close(mine));
		}
		senders[p] = fork();
		if (!senders[p]) {
			struct kipc *mine;

			if (kipc_connect(&mine, self->address, NULL))
				_exit(1);
			for (i = 0; i < EACH; i++) {
				int data[40] = { p, i };

				if (kipc_send(mine, data, i % 2 ? sizeof(data) : 8, LONG))
					_exit(2);
			}
			_exit(kipc_close(mine));
		}
	}
	for (p = 0; p < PROCESSES; p++) {
		EXPECT_EQ(0, exit_status(senders[p]));
		EXPECT_EQ(0, exit_status(receivers[p]));
	}
	EXPECT_EQ(EACH * PROCESSES, atomic_load(received));
	munmap(received, 4096);
}

TEST_F(region, listener_killed_leaves_its_messages_to_the_next)
{
	struct kipc *next;
	struct kipc_msg msg;
	pid_t child;

	kipc_close(self->client);
	kipc_close(self->server);
	self->client = NULL;
	self->server = NULL;
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		struct kipc *mine;

		if (kipc_listen(&mine, self->address, NULL))
			_exit(1);
		raise(SIGKILL);
	}
	EXPECT_EQ(128 + SIGKILL, exit_status(child));
	ASSERT_EQ(0, kipc_connect(&self->client, self->address, NULL));
	ASSERT_EQ(0, kipc_send(self->client, "x", 1, LONG));
	ASSERT_EQ(0, kipc_listen(&next, self->address, NULL));
	EXPECT_EQ(1, kipc_recv(next, &msg, LONG));
	kipc_release(&msg);
	kipc_close(next);
	EXPECT_EQ(0, kipc_unlink(self->address));
}

/* ---- seats ---- */

FIXTURE(seats)
{
	char address[128];
	struct kipc *server;
};

FIXTURE_SETUP(seats)
{
	fresh_address("ring", self->address);
	ASSERT_EQ(0, kipc_listen(&self->server, self->address, NULL));
}

FIXTURE_TEARDOWN(seats)
{
	kipc_close(self->server);
}

TEST_F(seats, seats_of_the_dead_are_taken)
{
	pid_t child;
	int i;

	for (i = 0; i < 3; i++) {
		child = fork();
		ASSERT_LE(0, child);
		if (!child) {
			static struct kipc *mine[120];
			int n;

			for (n = 0; n < 120; n++)
				if (kipc_connect(&mine[n], self->address, NULL))
					_exit(1);
			raise(SIGKILL);
		}
		ASSERT_EQ(128 + SIGKILL, exit_status(child));
	}
}

TEST_F(seats, more_than_256_handles_eusers)
{
	struct kipc *handles[260];
	int i, n, err = 0;

	for (n = 0; n < 260; n++) {
		err = kipc_connect(&handles[n], self->address, NULL);
		if (err)
			break;
	}
	EXPECT_EQ(-EUSERS, err);
	EXPECT_EQ(255, n);
	for (i = 0; i < n; i++)
		kipc_close(handles[i]);
	EXPECT_EQ(0, kipc_connect(&handles[0], self->address, NULL));
	kipc_close(handles[0]);
}

/* ---- memory that cannot be trusted ---- */

TEST(foreign_memory_is_no_ring)
{
	struct kipc_region *region;
	struct kipc *handle;
	char name[64], address[80];

	snprintf(name, sizeof(name), "posix-shm:/kipc-foreign-%d", getpid());
	snprintf(address, sizeof(address), "ring:%s", name);
	ASSERT_EQ(0, kipc_region_create(&region, name, 16, NULL));
	EXPECT_EQ(-EPROTO, kipc_connect(&handle, address, NULL));
	kipc_region_close(region);
	EXPECT_EQ(0, kipc_region_unlink(name));
	ASSERT_EQ(0, kipc_region_create(&region, name, 1 << 20, NULL));
	memset(kipc_region_data(region), 0x5a, 1 << 20);
	EXPECT_EQ(-EPROTO, kipc_connect(&handle, address, NULL));
	EXPECT_EQ(-EPROTO, kipc_listen(&handle, address, NULL));
	/* One that is new to be is not one yet. */
	memset(kipc_region_data(region), 0, 1 << 20);
	EXPECT_EQ(-ENOENT, kipc_connect(&handle, address, NULL));
	EXPECT_EQ(0, kipc_listen(&handle, address, NULL));
	kipc_close(handle);
	kipc_region_close(region);
	EXPECT_EQ(0, kipc_region_unlink(name));
}

/* Somebody writes into all of it, all the time. */
static void vandalise(const char *name, atomic_int *stop)
{
	struct kipc_region *region;
	unsigned int seed = 3;
	atomic_ullong *words;
	size_t count;

	if (kipc_region_attach(&region, name, NULL))
		_exit(1);
	words = kipc_region_data(region);
	count = kipc_region_size(region) / sizeof(*words);
	/* The first word says what ring it is, and is read once. */
	while (!atomic_load(stop)) {
		size_t at = 1 + rand_r(&seed) % (rand_r(&seed) % 2 ? count - 1 : 700);

		atomic_store(&words[at], (uint64_t)rand_r(&seed) << 33 ^ rand_r(&seed));
		if (rand_r(&seed) % 4 == 0)
			atomic_store(&words[at], rand_r(&seed) % 300);
	}
	_exit(0);
}

TEST(vandal_cannot_hold_us_up_or_lead_us_astray)
{
	atomic_int *stop = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
				-1, 0);
	char name[64], address[80], buf[4096];
	struct kipc *server, *client;
	int64_t until;
	pid_t child;

	snprintf(name, sizeof(name), "posix-shm:/kipc-vandal-%d", getpid());
	snprintf(address, sizeof(address), "ring:%s?bytes=4096", name);
	ASSERT_EQ(0, kipc_listen(&server, address, NULL));
	snprintf(address, sizeof(address), "ring:%s", name);
	ASSERT_EQ(0, kipc_connect(&client, address, NULL));
	child = fork();
	ASSERT_LE(0, child);
	if (!child)
		vandalise(name, stop);
	for (until = now_ns() + KIPC_MS(500); now_ns() < until;) {
		struct kipc_loan loan;
		struct kipc_msg msg;

		kipc_send(client, buf, 1000, KIPC_US(100));
		if (!kipc_loan(client, &loan, 100, KIPC_US(100))) {
			memset(loan.data, 0, 100);
			kipc_commit(&loan, 50, KIPC_NOW);
			kipc_loan_cancel(&loan);
		}
		kipc_recv_into(server, buf, sizeof(buf), KIPC_US(100));
		if (kipc_recv(server, &msg, KIPC_NOW) >= 0) {
			memcpy(buf, msg.data, msg.len);
			kipc_release(&msg);
		}
	}
	atomic_store(stop, 1);
	EXPECT_EQ(0, exit_status(child));
	kipc_close(client);
	kipc_close(server);
	munmap(stop, 4096);
}

TEST_HARNESS_MAIN
