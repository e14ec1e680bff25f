// SPDX-License-Identifier: GPL-2.0
/*
 * Mmap: an endpoint's owner can map its pool, all of it or its beginning, only to read.
 */
#include <sys/ptrace.h>
#include <sys/uio.h>

#include "kipc_test.h"

#define POOL	(256UL << 10)

FIXTURE(mmap)
{
	char name[KIPC_NAME_SIZE];
	struct end server;	/* mapped by the tests themselves */
	struct end client;
	uint8_t *map;
};

FIXTURE_SETUP(mmap)
{
	fresh_name(self->name);
	ASSERT_EQ(0, end_serve(&self->server, self->name, POOL));
	ASSERT_EQ(POOL, self->server.size);
	ASSERT_EQ(0, munmap((void *)self->server.pool, POOL));
	self->server.pool = NULL;
	ASSERT_EQ(0, end_connect(&self->client, self->name, POOL));
}

FIXTURE_TEARDOWN(mmap)
{
	end_close(&self->client);
	end_close(&self->server);
}

/* Return: 0 or -errno. */
static int map(int fd, size_t len, int prot, int flags, off_t at, uint8_t **where)
{
	void *mem = mmap(NULL, len, prot, flags, fd, at);

	*where = mem;
	return mem == MAP_FAILED ? -errno : 0;
}

#define MAP(len, prot, at)						\
	map(self->server.fd, len, prot, MAP_SHARED, at, &self->map)

/* Have the server receive a message of this length. */
static int deliver(struct _test_data_mmap *self, const void *data, size_t len,
		   struct kipc_header *msg)
{
	int err = channel_send(self->client.fd, 0, data, len);

	return err ?: channel_recv(self->server.fd, msg);
}

TEST_F(mmap, write_or_exec_eperm)
{
	EXPECT_EQ(-EPERM, MAP(POOL, PROT_READ | PROT_WRITE, 0));
	EXPECT_EQ(-EPERM, MAP(POOL, PROT_WRITE, 0));
	EXPECT_EQ(-EPERM, MAP(POOL, PROT_READ | PROT_EXEC, 0));
	EXPECT_EQ(-EPERM, map(self->server.fd, POOL, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE, 0, &self->map));
}

TEST_F(mmap, mprotect_later_eacces)
{
	ASSERT_EQ(0, MAP(POOL, PROT_READ, 0));
	EXPECT_EQ(-1, mprotect(self->map, PAGE, PROT_READ | PROT_WRITE));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(-1, mprotect(self->map, PAGE, PROT_READ | PROT_EXEC));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(0, mprotect(self->map, PAGE, PROT_NONE));
	EXPECT_EQ(0, mprotect(self->map, PAGE, PROT_READ));
}

TEST_F(mmap, private_mapping_stays_read_only)
{
	int err = map(self->server.fd, POOL, PROT_READ, MAP_PRIVATE, 0,
		      &self->map);

	if (err)
		return;
	EXPECT_EQ(-1, mprotect(self->map, PAGE, PROT_READ | PROT_WRITE));
	EXPECT_EQ(EACCES, errno);
}

TEST_F(mmap, elsewhere_than_at_its_start_einval)
{
	EXPECT_EQ(-EINVAL, MAP(PAGE, PROT_READ, PAGE));
	EXPECT_EQ(-EINVAL, MAP(PAGE, PROT_READ, POOL));
	EXPECT_EQ(-EINVAL, MAP(PAGE, PROT_READ, (off_t)1 << 40));
}

TEST_F(mmap, longer_than_the_pool_einval)
{
	EXPECT_EQ(-EINVAL, MAP(POOL + 1, PROT_READ, 0));
	EXPECT_EQ(-EINVAL, MAP(POOL * 2, PROT_READ, 0));
}

TEST_F(mmap, without_role_enotconn)
{
	int fd = endpoint_open();

	EXPECT_EQ(-ENOTCONN, map(fd, PAGE, PROT_READ, MAP_SHARED, 0,
				 &self->map));
	close(fd);
}

TEST_F(mmap, queue_enodev)
{
	int fd = queue_open(self->name, KIPC_QUEUE_CREATE | QUEUE_BOTH);

	EXPECT_EQ(-ENODEV, map(fd, PAGE, PROT_READ, MAP_SHARED, 0, &self->map));
	close(fd);
	queue_unlink(self->name);
}

TEST_F(mmap, message_is_there_when_mapped_after_it_came)
{
	uint8_t *data = pattern(100000, 1);
	struct kipc_header msg;

	ASSERT_EQ(0, deliver(self, data, 100000, &msg));
	ASSERT_EQ(0, MAP(POOL, PROT_READ, 0));
	EXPECT_EQ(0, memcmp(self->map + msg.offset, data, 100000));
}

TEST_F(mmap, message_is_there_when_mapped_and_touched_before)
{
	uint8_t *data = pattern(100000, 1);
	struct kipc_header msg;
	size_t i;

	ASSERT_EQ(0, MAP(POOL, PROT_READ, 0));
	for (i = 0; i < POOL; i += PAGE)
		EXPECT_EQ(0, peek(self->map + i));
	ASSERT_EQ(0, deliver(self, data, 100000, &msg));
	EXPECT_EQ(0, memcmp(self->map + msg.offset, data, 100000));
}

TEST_F(mmap, message_is_there_when_mapped_again)
{
	uint8_t *data = pattern(100000, 1);
	struct kipc_header msg;
	int i;

	ASSERT_EQ(0, MAP(POOL, PROT_READ, 0));
	ASSERT_EQ(0, deliver(self, data, 100000, &msg));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, munmap(self->map, POOL));
		ASSERT_EQ(0, MAP(POOL, PROT_READ, 0));
		EXPECT_EQ(0, memcmp(self->map + msg.offset, data, 100000));
	}
}

TEST_F(mmap, two_mappings_show_the_same)
{
	uint8_t *data = pattern(100000, 1), *second;
	struct kipc_header msg;

	ASSERT_EQ(0, MAP(POOL, PROT_READ, 0));
	ASSERT_EQ(0, map(self->server.fd, POOL, PROT_READ, MAP_SHARED, 0,
			 &second));
	ASSERT_EQ(0, deliver(self, data, 100000, &msg));
	EXPECT_EQ(0, memcmp(self->map + msg.offset, data, 100000));
	EXPECT_EQ(0, memcmp(second + msg.offset, data, 100000));
}

TEST_F(mmap, part_of_it_can_be_mapped)
{
	struct kipc_header msg;

	ASSERT_EQ(0, MAP(PAGE, PROT_READ, 0));
	ASSERT_EQ(0, deliver(self, "hello", 5, &msg));
	ASSERT_GT(PAGE, msg.offset + msg.len);
	EXPECT_EQ(0, memcmp(self->map + msg.offset, "hello", 5));
}

TEST_F(mmap, part_of_it_can_be_unmapped)
{
	uint8_t *data = pattern(POOL / 2, 1);
	struct kipc_header msg;
	size_t i, hole;

	ASSERT_EQ(0, MAP(POOL, PROT_READ, 0));
	ASSERT_EQ(0, munmap(self->map + 3 * PAGE, PAGE));
	ASSERT_EQ(0, munmap(self->map + 7 * PAGE, 5 * PAGE));
	ASSERT_EQ(0, deliver(self, data, POOL / 2, &msg));
	ASSERT_EQ(0, msg.offset);
	for (i = 0; i < POOL / 2; i += PAGE) {
		hole = i / PAGE;
		if (hole == 3 || (hole >= 7 && hole < 12))
			continue;
		EXPECT_EQ(0, memcmp(self->map + i, data + i, PAGE));
	}
}

/* The child of a server cannot see what it had mapped. */
TEST_F(mmap, child_does_not_inherit_the_mapping)
{
	pid_t child;

	ASSERT_EQ(0, MAP(POOL, PROT_READ, 0));
	child = spawn();
	if (!child) {
		signal(SIGSEGV, SIG_DFL);
		_exit(peek(self->map));
	}
	EXPECT_EQ(128 + SIGSEGV, reap(child));
}

/* Unless its parent wants it to. */
TEST_F(mmap, child_inherits_a_mapping_that_is_to_be)
{
	uint8_t *data = pattern(100000, 1);
	struct kipc_header msg;
	pid_t child;

	ASSERT_EQ(0, MAP(POOL, PROT_READ, 0));
	ASSERT_EQ(0, madvise(self->map, POOL, MADV_DOFORK));
	ASSERT_EQ(0, deliver(self, data, 100000, &msg));
	child = spawn();
	if (!child) {
		if (memcmp(self->map + msg.offset, data, 100000))
			_exit(1);
		_exit(mprotect(self->map, POOL, PROT_READ | PROT_WRITE) &&
		      errno == EACCES ? 0 : 2);
	}
	EXPECT_EQ(0, reap(child));
}

TEST_F(mmap, child_can_map_it_anew)
{
	uint8_t *data = pattern(100000, 1);
	struct kipc_header msg;
	pid_t child;

	ASSERT_EQ(0, deliver(self, data, 100000, &msg));
	child = spawn();
	if (!child) {
		if (MAP(POOL, PROT_READ, 0))
			_exit(1);
		_exit(memcmp(self->map + msg.offset, data, 100000) ? 2 : 0);
	}
	EXPECT_EQ(0, reap(child));
}

TEST_F(mmap, mapping_cannot_grow)
{
	ASSERT_EQ(0, MAP(PAGE, PROT_READ, 0));
	EXPECT_EQ(MAP_FAILED, mremap(self->map, PAGE, 2 * PAGE, MREMAP_MAYMOVE));
	EXPECT_EQ(MAP_FAILED, mremap(self->map, PAGE, 2 * PAGE, 0));
	EXPECT_EQ(MAP_FAILED, mremap(self->map, 0, PAGE, MREMAP_MAYMOVE));
}

TEST_F(mmap, mapping_cannot_stay_where_it_moves_from)
{
	ASSERT_EQ(0, MAP(POOL, PROT_READ, 0));
	EXPECT_EQ(MAP_FAILED, mremap(self->map, POOL, POOL,
				     MREMAP_MAYMOVE | MREMAP_DONTUNMAP));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(mmap, mapping_cannot_be_turned_to_another_part)
{
	ASSERT_EQ(0, MAP(POOL, PROT_READ, 0));
	EXPECT_EQ(-1, remap_file_pages(self->map, PAGE, 0, 1, 0));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(mmap, mapping_cannot_be_dumped)
{
	ASSERT_EQ(0, MAP(POOL, PROT_READ, 0));
	EXPECT_EQ(-1, madvise(self->map, POOL, MADV_DODUMP));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(mmap, mapping_can_shrink)
{
	uint8_t *data = pattern(100000, 1);
	struct kipc_header msg;

	ASSERT_EQ(0, MAP(POOL, PROT_READ, 0));
	ASSERT_EQ(self->map, mremap(self->map, POOL, 2 * PAGE, 0));
	ASSERT_EQ(0, deliver(self, data, 100000, &msg));
	ASSERT_EQ(0, msg.offset);
	EXPECT_EQ(0, memcmp(self->map, data, 2 * PAGE));
	EXPECT_EQ(MAP_FAILED, mremap(self->map, 2 * PAGE, POOL, MREMAP_MAYMOVE));
}

/* Before it is first touched: the fault must find the right page. */
TEST_F(mmap, part_that_moved_shows_that_part)
{
	const size_t at = 11 * PAGE, len = 9 * PAGE;
	uint8_t *data = pattern(100000, 1), *to;
	struct kipc_header msg;

	ASSERT_EQ(0, MAP(POOL, PROT_READ, 0));
	ASSERT_EQ(0, deliver(self, data, 100000, &msg));
	ASSERT_EQ(0, msg.offset);
	to = mmap(NULL, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	to = mremap(self->map + at, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	ASSERT_NE(MAP_FAILED, to);
	EXPECT_EQ(0, memcmp(to, data + at, len));
	EXPECT_EQ(0, memcmp(self->map, data, at));
	EXPECT_EQ(0, memcmp(self->map + at + len, data + at + len,
			    100000 - at - len));
}

TEST_F(mmap, pages_that_are_discarded_come_back)
{
	uint8_t *data = pattern(100000, 1);
	struct kipc_header msg;

	ASSERT_EQ(0, MAP(POOL, PROT_READ, 0));
	ASSERT_EQ(0, deliver(self, data, 100000, &msg));
	ASSERT_EQ(0, memcmp(self->map + msg.offset, data, 100000));
	EXPECT_EQ(0, madvise(self->map, POOL, MADV_DONTNEED));
	EXPECT_EQ(0, memcmp(self->map + msg.offset, data, 100000));
}

TEST_F(mmap, mapping_can_move)
{
	uint8_t *data = pattern(100000, 1), *to;
	struct kipc_header msg;

	ASSERT_EQ(0, MAP(POOL, PROT_READ, 0));
	ASSERT_EQ(0, deliver(self, data, 100000, &msg));
	to = mmap(NULL, POOL, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	to = mremap(self->map, POOL, POOL, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	ASSERT_NE(MAP_FAILED, to);
	EXPECT_EQ(0, memcmp(to + msg.offset, data, 100000));
}

TEST_F(mmap, memory_that_nothing_was_received_into_is_zero)
{
	uint8_t *data = pattern(1000, 1);
	struct kipc_header msg;
	size_t i, wrong = 0;

	ASSERT_EQ(0, deliver(self, data, 1000, &msg));
	ASSERT_EQ(0, MAP(POOL, PROT_READ, 0));
	for (i = 0; i < POOL; i++)
		if (i < msg.offset || i >= msg.offset + 1000)
			wrong += self->map[i] != 0;
	EXPECT_EQ(0, wrong);
}

/* Have free memory be full of what somebody left there. */
static bool litter(size_t len)
{
	void *mem = memory(len);

	return mem && memset(mem, 0xa5, len) && !munmap(mem, len);
}

TEST_F(mmap, memory_that_others_had_before_is_zero)
{
	struct kipc_header msg;
	struct end server;
	size_t i, wrong = 0;

	ASSERT_TRUE(litter(64 << 20));
	self->name[0] = 'l';
	ASSERT_EQ(0, end_serve(&server, self->name, 8 << 20));
	end_close(&self->client);
	ASSERT_EQ(0, end_connect(&self->client, self->name, POOL));
	ASSERT_EQ(0, channel_send(self->client.fd, 0, "x", 1));
	ASSERT_EQ(0, channel_recv(server.fd, &msg));
	for (i = 0; i < server.size; i++)
		wrong += i != msg.offset && server.pool[i];
	EXPECT_EQ(0, wrong);
	end_close(&server);
}

/* Writing, by all the ways there are */

static ssize_t write_by_proc_mem(void *at)
{
	int mem = open("/proc/self/mem", O_RDWR | O_CLOEXEC), err;
	ssize_t n = pwrite(mem, "HELLO", 5, (uintptr_t)at);

	err = errno;
	close(mem);
	errno = err;
	return n;
}

static ssize_t write_by_process_vm(void *at)
{
	struct iovec from = { "HELLO", 5 }, to = { at, 5 };

	return process_vm_writev(getpid(), &from, 1, &to, 1, 0);
}

static ssize_t write_by_read(void *at)
{
	int pipes[2], err;
	ssize_t n = -1;

	if (pipe(pipes) || write(pipes[1], "HELLO", 5) != 5)
		return n;
	n = read(pipes[0], at, 5);
	err = errno;
	close(pipes[0]);
	close(pipes[1]);
	errno = err;
	return n;
}

static ssize_t write_by_futex(void *at)
{
	return syscall(SYS_futex, (uintptr_t)at & ~3UL, 5 /* WAKE_OP */, 1, 1,
		       (uintptr_t)at & ~3UL, 1 << 12 /* store 1 */);
}

static ssize_t populate_by_madvise(void *at)
{
	return madvise((void *)((uintptr_t)at & ~(PAGE - 1)), PAGE,
		       MADV_POPULATE_WRITE);
}

static ssize_t remove_by_madvise(void *at)
{
	return madvise((void *)((uintptr_t)at & ~(PAGE - 1)), PAGE, MADV_REMOVE);
}

/* A child of the owner's, traced by it, with the mapping that it was let inherit. */
static ssize_t write_by_ptrace(void *at)
{
	long word = 0x4f4c4c45;
	pid_t child;
	int err;

	madvise((void *)((uintptr_t)at & ~(PAGE - 1)), PAGE, MADV_DOFORK);
	child = spawn();
	if (!child) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(0);
	}
	waitpid(child, NULL, WUNTRACED);
	word = ptrace(PTRACE_POKEDATA, child, at, (void *)word);
	err = errno;
	kill_and_reap(child);
	errno = err;
	return word;
}

FIXTURE(mmap_write)
{
	struct end server;
	struct end client;
	uint8_t *at;
};

FIXTURE_VARIANT(mmap_write)
{
	ssize_t (*how)(void *at);
	int flags;
	int err;
};

FIXTURE_VARIANT_ADD(mmap_write, proc_mem) {
	write_by_proc_mem, MAP_SHARED, EIO
};

FIXTURE_VARIANT_ADD(mmap_write, proc_mem_private) {
	write_by_proc_mem, MAP_PRIVATE, EIO
};

FIXTURE_VARIANT_ADD(mmap_write, process_vm) {
	write_by_process_vm, MAP_SHARED, EFAULT
};

FIXTURE_VARIANT_ADD(mmap_write, read) {
	write_by_read, MAP_SHARED, EFAULT
};

FIXTURE_VARIANT_ADD(mmap_write, futex) {
	write_by_futex, MAP_SHARED, EFAULT
};

FIXTURE_VARIANT_ADD(mmap_write, populate) {
	populate_by_madvise, MAP_SHARED, EINVAL
};

FIXTURE_VARIANT_ADD(mmap_write, remove) {
	remove_by_madvise, MAP_SHARED, EACCES
};

FIXTURE_VARIANT_ADD(mmap_write, ptrace) {
	write_by_ptrace, MAP_SHARED, EIO
};

FIXTURE_VARIANT_ADD(mmap_write, ptrace_private) {
	write_by_ptrace, MAP_PRIVATE, EIO
};

FIXTURE_SETUP(mmap_write)
{
	char name[KIPC_NAME_SIZE];
	struct kipc_header msg;
	uint8_t *pool;

	ASSERT_EQ(0, end_serve(&self->server, fresh_name(name), POOL));
	ASSERT_EQ(0, end_connect(&self->client, name, POOL));
	ASSERT_EQ(0, channel_send(self->client.fd, 0, "hello, all", 10));
	ASSERT_EQ(0, channel_recv(self->server.fd, &msg));
	ASSERT_EQ(0, map(self->server.fd, POOL, PROT_READ, variant->flags, 0,
			 &pool));
	self->at = pool + msg.offset;
}

FIXTURE_TEARDOWN(mmap_write)
{
	end_close(&self->client);
	end_close(&self->server);
}

/* Whether the page has been touched or not makes no difference. */
TEST_F(mmap_write, refused)
{
	errno = 0;
	EXPECT_EQ(-1, variant->how(self->at));
	EXPECT_EQ(variant->err, errno);
	EXPECT_EQ(0, memcmp(self->at, "hello, all", 10));
	EXPECT_EQ(-1, variant->how(self->at));
	EXPECT_EQ(0, memcmp(self->at, "hello, all", 10));
}

TEST_F(mmap, proc_self_mem_reads)
{
	int mem = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	struct kipc_header msg;
	char buf[5];

	ASSERT_LE(0, mem);
	ASSERT_EQ(0, MAP(POOL, PROT_READ, 0));
	ASSERT_EQ(0, deliver(self, "hello", 5, &msg));
	EXPECT_EQ(5, pread(mem, buf, 5, (uintptr_t)self->map + msg.offset));
	EXPECT_EQ(0, memcmp(buf, "hello", 5));
	close(mem);
}

TEST_F(mmap, store_sigsegv)
{
	pid_t child = spawn();

	if (!child) {
		signal(SIGSEGV, SIG_DFL);
		if (MAP(POOL, PROT_READ, 0))
			_exit(1);
		poke(self->map, 1);
		_exit(0);
	}
	EXPECT_EQ(128 + SIGSEGV, reap(child));
}

/* As a socket's peer would see a descriptor that somebody still has. */
TEST_F(mmap, mapping_keeps_the_endpoint_open)
{
	ASSERT_EQ(0, MAP(POOL, PROT_READ, 0));
	close(self->server.fd);
	self->server.fd = -1;
	EXPECT_EQ(0, channel_send(self->client.fd, 0, "x", 1));
	ASSERT_EQ(0, munmap(self->map, POOL));
	EXPECT_EQ(-EPIPE, channel_send(self->client.fd, 0, "x", 1));
}

TEST_F(mmap, pool_can_be_read_by_a_system_call)
{
	uint8_t *data = pattern(50000, 1), *buf = memory(50000);
	struct kipc_header msg;
	int pipes[2];

	ASSERT_EQ(0, pipe(pipes));
	ASSERT_EQ(0, MAP(POOL, PROT_READ, 0));
	ASSERT_EQ(0, deliver(self, data, 50000, &msg));
	EXPECT_EQ(50000, write(pipes[1], self->map + msg.offset, 50000));
	EXPECT_EQ(50000, read(pipes[0], buf, 50000));
	EXPECT_EQ(0, memcmp(buf, data, 50000));
}

/* Whoever has a page keeps it, with what was in it, though the pool has gone. */
TEST_F(mmap, page_in_a_pipe_outlives_the_pool)
{
	uint8_t *data = pattern(PAGE, 1), buf[PAGE];
	struct kipc_header msg;
	struct iovec iov;
	int pipes[2], i;

	ASSERT_EQ(0, pipe(pipes));
	ASSERT_EQ(0, MAP(POOL, PROT_READ, 0));
	ASSERT_EQ(0, deliver(self, data, PAGE, &msg));
	iov = (struct iovec){ self->map + msg.offset, PAGE };
	ASSERT_EQ(PAGE, vmsplice(pipes[1], &iov, 1, 0));
	ASSERT_EQ(0, munmap(self->map, POOL));
	end_close(&self->server);
	for (i = 0; i < 64; i++)
		fill(memory(CHUNK), CHUNK, 2);
	EXPECT_EQ(PAGE, read(pipes[0], buf, PAGE));
	EXPECT_EQ(0, memcmp(buf, data, PAGE));
}

TEST(pool_size_is_rounded_up_and_told)
{
	static const uint64_t wanted[] = {
		KIPC_POOL_MIN, KIPC_POOL_MIN + 1, 3 * PAGE, CHUNK - 1, CHUNK,
		CHUNK + 1, 100001, (1 << 20) - 1, 1 << 20, KIPC_POOL_MAX - 1,
	};
	char name[KIPC_NAME_SIZE];
	uint8_t *where;
	uint64_t size;
	int i, fd;

	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		fd = endpoint_open();
		size = wanted[i];
		ASSERT_EQ(0, channel_create(fd, fresh_name(name), 0600, &size));
		EXPECT_LE(wanted[i], size);
		EXPECT_EQ(0, size % PAGE);
		EXPECT_EQ(size, endpoint_info(fd).pool_size);
		EXPECT_EQ(-EINVAL, map(fd, size + PAGE, PROT_READ, MAP_SHARED, 0,
				       &where));
		EXPECT_EQ(0, map(fd, size, PROT_READ, MAP_SHARED, 0, &where));
		EXPECT_EQ(0, where[size - 1]);
		munmap(where, size);
		close(fd);
	}
}

TEST(pool_size_has_a_default)
{
	char name[KIPC_NAME_SIZE];
	struct end server, client;

	ASSERT_EQ(0, end_serve(&server, fresh_name(name), 0));
	ASSERT_EQ(0, end_connect(&client, name, 0));
	EXPECT_LE(KIPC_POOL_MIN, server.size);
	EXPECT_LE(KIPC_POOL_MIN, client.size);
	end_close(&client);
	end_close(&server);
}

TEST_HARNESS_MAIN
