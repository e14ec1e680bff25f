// SPDX-License-Identifier: GPL-2.0
/*
 * Opening locks: addresses and arguments that are refused, shapes, permissions, what lies
 * in the way, makers that are killed, locks in memory of the caller's.
 */
#include <grp.h>

#include "lock_test.h"

static const char *const objects[] = { "mutex", "rwlock", "posix-sem", "event", "cond",
				       "barrier", NULL };

static int try(const char *address)
{
	struct kipc_lock *lock = (void *)1;
	int err = kipc_lock_open(&lock, address, NULL);

	if (err && lock)
		return 1;	/* it has to be NULL then */
	kipc_lock_close(lock);
	return err;
}

TEST(bad_addresses_einval)
{
	static const char *const bad[] = {
		"mutex", "mutex:name", "mutex:/a/b", "mutex:/", "mutex:/x?value=1",
		"mutex:?recursive=1", "rwlock:?readers=0", "rwlock:?readers=241",
		"barrier:?parties=65536", "event:/x?value=2", "sysv-sem:", "sysv-sem:0",
		"sysv-sem:jobs", "sysv-sem:77?value=32768", "sysv-sem:77?count=0",
		"posix-sem:x", "flock:x", "flock:/x?start=1", "fcntl:/x?len=-1", "ofd:",
		"critical:?spin=0", "critical:/x", "locks:/x", "",
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		EXPECT_EQ(-EINVAL, try(bad[i])) {
			TH_LOG("%s", bad[i]);
		}
	}
	EXPECT_EQ(-EINVAL, kipc_lock_open(NULL, "mutex:", NULL));
	EXPECT_EQ(-EINVAL, try(NULL));
}

TEST(families_do_not_mix)
{
	struct kipc_lock_info info = KIPC_LOCK_INFO_INIT;
	struct kipc_info other = KIPC_INFO_INIT;
	struct kipc *handle;

	EXPECT_EQ(-EOPNOTSUPP, try("pipe:"));
	EXPECT_EQ(-EOPNOTSUPP, kipc_lock_unlink("posix-mq:/x"));
	EXPECT_EQ(-EOPNOTSUPP, kipc_lock_unlink("critical:"));
	EXPECT_EQ(-EOPNOTSUPP, kipc_listen(&handle, "mutex:/x", NULL));
	EXPECT_EQ(-EINVAL, kipc_lock_scheme_info("pipe", &info));
	EXPECT_EQ(-EINVAL, kipc_scheme_info("mutex", &other));
}

TEST(null_and_wrong_sizes_einval)
{
	struct kipc_lock_options options = KIPC_LOCK_OPTIONS_INIT;
	struct kipc_lock_info info = KIPC_LOCK_INFO_INIT;
	struct kipc_sem_stat stat = KIPC_SEM_STAT_INIT;
	struct kipc_lock *lock;

	EXPECT_EQ(0, kipc_lock_close(NULL));
	EXPECT_EQ(-EINVAL, kipc_lock_acquire(NULL, KIPC_NOW));
	EXPECT_EQ(-EINVAL, kipc_lock_acquire_shared(NULL, KIPC_NOW));
	EXPECT_EQ(-EINVAL, kipc_lock_release(NULL));
	EXPECT_EQ(-EINVAL, kipc_lock_consistent(NULL));
	EXPECT_EQ(-EINVAL, kipc_lock_condemn(NULL));
	EXPECT_EQ(-EINVAL, kipc_sem_post(NULL, 1));
	EXPECT_EQ(-EINVAL, kipc_sem_stat(NULL, 0, &stat));
	EXPECT_EQ(-EINVAL, kipc_cond_signal(NULL));
	EXPECT_EQ(-EINVAL, kipc_barrier_wait(NULL, KIPC_NOW));
	EXPECT_EQ(-EINVAL, kipc_event_set(NULL));
	EXPECT_EQ(-EINVAL, kipc_lock_fd(NULL));
	EXPECT_EQ(-EINVAL, kipc_lock_info(NULL, &info));
	options.size--;
	EXPECT_EQ(-EINVAL, kipc_lock_open(&lock, "mutex:", &options));
	options.size++;
	options.flags = 1U << 31;
	EXPECT_EQ(-EINVAL, kipc_lock_open(&lock, "mutex:", &options));
	options.flags = 0;
	options.mode = 01777;
	EXPECT_EQ(-EINVAL, kipc_lock_open(&lock, "mutex:", &options));
	ASSERT_EQ(0, kipc_lock_open(&lock, "mutex:", NULL));
	info.size++;
	EXPECT_EQ(-EINVAL, kipc_lock_info(lock, &info));
	EXPECT_EQ(0, kipc_lock_close(lock));
}

TEST(every_scheme_has_its_sentences)
{
	char text[256], address[64];
	const char *scheme;
	unsigned int i;

	for (i = 0; (scheme = kipc_lock_scheme(i)); i++) {
		struct kipc_lock_info info = KIPC_LOCK_INFO_INIT;

		EXPECT_EQ(0, kipc_lock_scheme_info(scheme, &info));
		EXPECT_STREQ(scheme, info.scheme);
		snprintf(address, sizeof(address), "%s:", scheme);
		kipc_explain(address, -EDEADLK, text, sizeof(text));
		EXPECT_NE(NULL, strstr(text, "wait for itself"));
	}
	EXPECT_EQ(11, i);
}

TEST(options_are_wishes_and_addresses_demand)
{
	struct kipc_lock_options options = KIPC_LOCK_OPTIONS_INIT;
	struct kipc_lock_info info = KIPC_LOCK_INFO_INIT;
	struct kipc_lock *lock, *again;
	char address[128], text[160];

	lock_address("mutex", "", address);
	options.flags = KIPC_LOCK_RECURSIVE | KIPC_LOCK_INHERIT;
	options.value = 7;
	options.readers = 9;
	ASSERT_EQ(0, kipc_lock_open(&lock, address, &options));
	ASSERT_EQ(0, kipc_lock_info(lock, &info));
	EXPECT_EQ(options.flags, info.flags);
	/* What is there is taken as it is, unless the address says otherwise. */
	EXPECT_EQ(0, kipc_lock_open(&again, address, NULL));
	EXPECT_EQ(0, kipc_lock_close(again));
	snprintf(text, sizeof(text), "%s?recursive", address);
	EXPECT_EQ(-EADDRINUSE, try(text));
	snprintf(text, sizeof(text), "%s?recursive&inherit", address);
	EXPECT_EQ(0, try(text));
	EXPECT_EQ(0, kipc_lock_close(lock));
	EXPECT_EQ(0, kipc_lock_unlink(address));
}

TEST(mode_and_umask_decide_who_may)
{
	struct kipc_lock *lock;
	char address[128], text[160];
	const char *const schemes[] = { "mutex", "posix-sem", "sysv-sem", "event" };
	mode_t mask = umask(0);
	pid_t child;
	int i;

	if (getuid())
		SKIP(return, "not root");
	for (i = 0; i < 8; i++) {
		lock_address(schemes[i / 2], i % 2 ? "?mode=666" : "", address);
		ASSERT_EQ(0, kipc_lock_open(&lock, address, NULL));
		child = fork();
		if (!child) {
			if (setgroups(0, NULL) || setgid(1000) || setuid(1000))
				_exit(99);
			_exit(-try(address));
		}
		EXPECT_EQ(i % 2 ? 0 : EACCES, exit_status(child)) {
			TH_LOG("%s", address);
		}
		if (!i) {
			child = fork();
			if (!child)
				_exit(setuid(1000) ? 99 : -kipc_lock_unlink(address));
			EXPECT_EQ(EACCES, exit_status(child));
		}
		EXPECT_EQ(0, kipc_lock_close(lock));
		EXPECT_EQ(0, kipc_lock_unlink(address));
	}
	umask(mask);
	(void)text;
}

/* Write a file where a lock's memory would be. */
static void plant(const char *scheme, const char *name, const void *data, size_t len)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), scheme_is(scheme, "posix-sem") ? "/dev/shm/sem.%s" :
		 "/dev/shm/kipc-%s.%s", scheme_is(scheme, "posix-sem") ? name : scheme, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, data, len) != (ssize_t)len)
		_exit(97);
	close(fd);
}

TEST(what_is_not_such_a_lock_eaddrinuse)
{
	static const size_t lengths[] = { 0, 1, 16, 64, 4096, 100000 };
	static char junk[100000];
	char address[128], name[64];
	size_t i, k;

	fill(junk, sizeof(junk), 1);
	for (i = 0; objects[i]; i++) {
		snprintf(name, sizeof(name), "kipc-test-junk-%d", getpid());
		snprintf(address, sizeof(address), "%s:/%s%s", objects[i], name,
			 scheme_is(objects[i], "barrier") ? "?parties=2" : "");
		/* The C library's semaphores have no mark: only what is too short shows. */
		for (k = 0; k < (scheme_is(objects[i], "posix-sem") ? 3 : 6); k++) {
			plant(objects[i], name, junk, lengths[k]);
			EXPECT_EQ(-EADDRINUSE, try(address)) {
				TH_LOG("%s, %zu bytes", address, lengths[k]);
			}
		}
		EXPECT_EQ(0, kipc_lock_unlink(address));
	}
}

TEST(object_whose_head_lies_is_refused)
{
	struct kipc_lock *lock;
	uint32_t *words = aligned_alloc(KIPC_LOCK_ALIGN, 65536);
	uint32_t size, shape;
	ssize_t need = kipc_lock_size("rwlock:?readers=4", NULL);

	ASSERT_NE(NULL, words);
	ASSERT_LT(0, need);
	ASSERT_EQ(0, kipc_lock_create_at(&lock, words, 65536, "rwlock:?readers=4", NULL));
	EXPECT_EQ(0, kipc_lock_close(lock));
	size = words[2];
	shape = words[3];
	EXPECT_EQ(need, size);
	EXPECT_EQ(4, shape);
	words[3] = 200;
	EXPECT_EQ(-EADDRINUSE, kipc_lock_attach_at(&lock, words, 65536, "rwlock:"));
	words[3] = 0xffffffff;
	EXPECT_EQ(-EADDRINUSE, kipc_lock_attach_at(&lock, words, 65536, "rwlock:"));
	words[3] = shape;
	words[2] = 65535;
	EXPECT_EQ(-EADDRINUSE, kipc_lock_attach_at(&lock, words, 65536, "rwlock:"));
	words[2] = size;
	EXPECT_EQ(-EADDRINUSE, kipc_lock_attach_at(&lock, words, need - 1, "rwlock:"));
	EXPECT_EQ(-EADDRINUSE, kipc_lock_attach_at(&lock, words, need, "mutex:"));
	EXPECT_EQ(-EADDRINUSE, kipc_lock_attach_at(&lock, words, need, "rwlock:?readers=5"));
	ASSERT_EQ(0, kipc_lock_attach_at(&lock, words, need, "rwlock:"));
	EXPECT_EQ(0, kipc_lock_acquire_shared(lock, KIPC_NOW));
	EXPECT_EQ(0, kipc_lock_close(lock));
	free(words);
}

TEST(symbolic_link_in_the_way_is_not_followed)
{
	char path[128], address[128];

	lock_address("mutex", "", address);
	snprintf(path, sizeof(path), "/dev/shm/kipc-mutex.%s", strchr(address, '/') + 1);
	ASSERT_EQ(0, symlink("/dev/shm/kipc-test-target", path));
	EXPECT_EQ(-EADDRINUSE, try(address));
	EXPECT_NE(0, access("/dev/shm/kipc-test-target", F_OK));
	EXPECT_EQ(0, kipc_lock_unlink(address));
}

/* Makers are killed at any moment; the name can always be used, and nothing else is left. */
TEST(makers_killed_at_any_moment_do_not_spoil_the_name)
{
	static const char *const schemes[] = { "mutex", "sysv-sem", "posix-sem", "barrier" };
	char address[128];
	pid_t child;
	int i;

	for (i = 0; i < 120; i++) {
		lock_address(schemes[i % 4], i % 4 == 3 ? "?parties=2" : "", address);
		child = fork();
		if (!child)
			for (;;) {
				try(address);
				kipc_lock_unlink(address);
			}
		nap((i * 7919 % 1000) * 2000);
		kill(child, SIGKILL);
		exit_status(child);
		EXPECT_EQ(0, try(address)) {
			TH_LOG("%s", address);
		}
		EXPECT_EQ(0, kipc_lock_unlink(address));
	}
}

TEST(in_memory_of_the_callers)
{
	char *memory = shared_memory(65536), address[32];
	struct kipc_lock *lock, *again;
	struct other other;
	ssize_t size;
	int i, expected;

	ASSERT_NE(NULL, memory);
	for (i = 0; objects[i]; i++) {
		snprintf(address, sizeof(address), "%s:%s", objects[i],
			 scheme_is(objects[i], "barrier") ? "?parties=1" : "");
		size = kipc_lock_size(address, NULL);
		ASSERT_LT(0, size);
		EXPECT_EQ(-ENOENT, kipc_lock_attach_at(&lock, memory, 65536, address));
		EXPECT_EQ(-EMSGSIZE, kipc_lock_create_at(&lock, memory, size - 1, address, NULL));
		EXPECT_EQ(-EINVAL, kipc_lock_create_at(&lock, memory + 8, size, address, NULL));
		EXPECT_EQ(-EINVAL, kipc_lock_create_at(&lock, NULL, size, address, NULL));
		ASSERT_EQ(0, kipc_lock_create_at(&lock, memory, size, address, NULL));
		if (!other_start(&other)) {
			if (kipc_lock_attach_at(&again, memory, 65536, address))
				_exit(1);
			expected = kipc_lock_acquire(again, KIPC_NOW);
			other_tell(&other, expected);
			other_hear(&other);
			_exit(0);
		}
		/* cond and barrier cannot be acquired, an event is not set. */
		expected = i < 3 ? 0 : i == 3 ? -EAGAIN : -EOPNOTSUPP;
		EXPECT_EQ(expected, other_hear(&other));
		if (!expected)
			EXPECT_EQ(-EAGAIN, kipc_lock_acquire(lock, KIPC_NOW));
		EXPECT_EQ(0, other_end(&other));
		EXPECT_EQ(0, kipc_lock_close(lock));
		memset(memory, 0, size);
	}
	EXPECT_EQ(-EOPNOTSUPP, kipc_lock_size("flock:/x", NULL));
	EXPECT_EQ(-EINVAL, kipc_lock_size("mutex:/x", NULL));
	EXPECT_EQ(-EINVAL, kipc_lock_size("event:?poll", NULL));
	EXPECT_EQ(-EINVAL, kipc_lock_size("barrier:", NULL));
	munmap(memory, 65536);
}

TEST(nothing_is_left_open)
{
	int before = open_descriptors();
	const char *const addresses[] = { "mutex:", "rwlock:", "posix-sem:", "event:", "cond:",
					  "barrier:?parties=1", "critical:", "event:?poll" };
	size_t i;

	for (i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++)
		EXPECT_EQ(0, try(addresses[i]));
	EXPECT_EQ(before, open_descriptors());
}

TEST_HARNESS_MAIN
