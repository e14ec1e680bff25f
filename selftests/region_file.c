// SPDX-License-Identifier: GPL-2.0
/* Regions that are files: what else may lie at their name, and where they are made. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "region_test.h"

FIXTURE(file)
{
	char address[128];
	char path[160];
	struct kipc_region *region;
};

FIXTURE_VARIANT(file)
{
	const char *scheme;
};

FIXTURE_VARIANT_ADD(file, posix_shm) { .scheme = "posix-shm" };
FIXTURE_VARIANT_ADD(file, mmap_file) { .scheme = "mmap-file" };

FIXTURE_SETUP(file)
{
	path_of(fresh_region(variant->scheme, self->address), self->path);
}

FIXTURE_TEARDOWN(file)
{
	kipc_region_close(self->region);
	unlink(self->path);
}

TEST_F(file, empty_one_enodata)
{
	int fd = open(self->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-ENODATA, kipc_region_attach(&self->region, self->address, NULL));
	EXPECT_EQ(-ENODATA, kipc_region_attach_fd(&self->region, fd, NULL));
	EXPECT_EQ(-ENODATA, create(&self->region, self->address, SOME, KIPC_REGION_JOIN));
	ASSERT_EQ(0, ftruncate(fd, SOME));
	EXPECT_EQ(0, kipc_region_attach(&self->region, self->address, NULL));
	close(fd);
}

TEST_F(file, pipe_of_that_name_einval_without_waiting)
{
	ASSERT_EQ(0, mkfifo(self->path, 0600));
	EXPECT_EQ(-EINVAL, kipc_region_attach(&self->region, self->address, NULL));
	EXPECT_EQ(-EINVAL, attach(&self->region, self->address, KIPC_REGION_READONLY));
	EXPECT_EQ(-EADDRINUSE, kipc_region_create(&self->region, self->address, SOME, NULL));
	EXPECT_EQ(-EINVAL, kipc_region_unlink(self->address));
	EXPECT_EQ(0, access(self->path, F_OK));
}

TEST_F(file, directory_of_that_name_einval)
{
	ASSERT_EQ(0, mkdir(self->path, 0700));
	EXPECT_EQ(-EINVAL, kipc_region_attach(&self->region, self->address, NULL));
	EXPECT_EQ(-EINVAL, kipc_region_unlink(self->address));
	EXPECT_EQ(0, rmdir(self->path));
}

TEST_F(file, link_is_followed_only_where_nobody_else_puts_links)
{
	char target[160];
	int fd;

	snprintf(target, sizeof(target), "/tmp/kipc-region-target-%d", getpid());
	fd = open(target, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, ftruncate(fd, SOME));
	close(fd);
	ASSERT_EQ(0, symlink(target, self->path));
	EXPECT_EQ(scheme_is(variant->scheme, "posix-shm") ? -EINVAL : 0,
		  kipc_region_attach(&self->region, self->address, NULL));
	unlink(target);
}

TEST_F(file, link_that_leads_nowhere_is_no_endless_search)
{
	int err;

	ASSERT_EQ(0, symlink("/tmp/kipc-region-nowhere", self->path));
	err = create(&self->region, self->address, SOME, KIPC_REGION_JOIN);
	EXPECT_EQ(scheme_is(variant->scheme, "posix-shm") ? -EINVAL : -EADDRINUSE, err);
	EXPECT_EQ(-1, access("/tmp/kipc-region-nowhere", F_OK));
}

TEST_F(file, directory_that_is_not_there_enoent)
{
	if (scheme_is(variant->scheme, "posix-shm"))
		SKIP(return, "it has none");
	EXPECT_EQ(-ENOENT, kipc_region_create(&self->region, "mmap-file:/tmp/none/x", SOME,
					      NULL));
}

TEST_F(file, umask_takes_bits_of_the_mode)
{
	struct kipc_region_options options = KIPC_REGION_OPTIONS_INIT;

	umask(027);
	options.mode = 0666;
	ASSERT_EQ(0, kipc_region_create(&self->region, self->address, SOME, &options));
	EXPECT_EQ(0640, info_of(self->region).mode);
}

TEST_F(file, limit_of_file_sizes_is_an_error_and_no_signal)
{
	struct rlimit limit = { SOME, RLIM_INFINITY };
	pid_t child = fork();

	ASSERT_LE(0, child);
	if (!child) {
		setrlimit(RLIMIT_FSIZE, &limit);
		if (kipc_region_create(&self->region, self->address, SOME + 1, NULL) != -EFBIG)
			_exit(1);
		if (kipc_region_create(&self->region, self->address, SOME, NULL))
			_exit(2);
		_exit(kipc_region_resize(self->region, SOME + 1) == -EFBIG ? 0 : 3);
	}
	EXPECT_EQ(0, exit_status(child));
}

/* Let open() know of no files without names from now on, as some file systems do. */
static int forbid_unnamed_files(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_TMPFILE & ~O_DIRECTORY, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EOPNOTSUPP),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		return -errno;
	return 0;
}

TEST_F(file, made_also_where_files_need_a_name)
{
	struct kipc_region *other;
	pid_t child = fork();

	ASSERT_LE(0, child);
	if (!child) {
		if (forbid_unnamed_files() || open("/tmp", O_TMPFILE | O_RDWR, 0600) >= 0)
			_exit(1);
		if (kipc_region_create(&self->region, self->address, SOME, NULL))
			_exit(2);
		if (kipc_region_create(&other, self->address, SOME, NULL) != -EADDRINUSE)
			_exit(3);
		fill(kipc_region_data(self->region), SOME, 1);
		_exit(0);
	}
	EXPECT_EQ(0, exit_status(child));
	ASSERT_EQ(0, kipc_region_attach(&self->region, self->address, NULL));
	EXPECT_TRUE(filled(kipc_region_data(self->region), SOME, 1));
}

TEST_F(file, full_file_system_is_an_error_now_and_not_sigbus_later)
{
	pid_t child;

	if (scheme_is(variant->scheme, "posix-shm"))
		SKIP(return, "it has a file system of its own");
	ASSERT_EQ(0, mkdir(self->path, 0700));
	strcat(self->address, "/x");
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		if (unshare(CLONE_NEWNS) || mount("none", "/", "", MS_REC | MS_PRIVATE, NULL) ||
		    mount("none", self->path, "tmpfs", 0, "size=64K"))
			_exit(1);
		if (create(&self->region, self->address, 1 << 20, KIPC_REGION_POPULATE) !=
		    -ENOSPC)
			_exit(2);
		_exit(kipc_region_unlink(self->address) == -ENOENT ? 0 : 3);
	}
	EXPECT_EQ(0, exit_status(child));
	EXPECT_EQ(0, rmdir(self->path));
}

TEST_HARNESS_MAIN
