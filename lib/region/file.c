// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * posix-shm and mmap-file: files that are mapped.  POSIX shared memory is a file in
 * /dev/shm, which is memory; any other file has a disk behind it and is there after the
 * machine was switched off.
 *
 * A new one is a file without a name (O_TMPFILE) until it has its size and its mapping.
 * Then it is linked to its name, which fails if somebody has that, and is what shm_open()
 * of any other program finds.  Where the file system has no such files it begins with a
 * name of its own, '.kipc-pair-' and a number that nobody guesses, which a maker that is
 * killed at this moment leaves behind.
 *
 * What lies at a name may be anything, put there by anybody: a pipe that would let open()
 * wait, a link that leads elsewhere.  So open() does not wait, follows no link in
 * /dev/shm, where others may write, and what is not a regular file is refused.
 */
#include <fcntl.h>
#include <linux/limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "region.h"

#define KIPC_SHM_DIR "/dev/shm"

/* A path, and room for a directory in front of it or a name behind it. */
#define KIPC_FILE_PATH (PATH_MAX + NAME_MAX + 2)

/* The file of an address. */
static void kipc_file_path(char *path, const struct kipc_address *address)
{
	bool shm = kipc_posix_shm_region.mechanism.scheme == address->mechanism->scheme;

	snprintf(path, KIPC_FILE_PATH, "%s%s", shm ? KIPC_SHM_DIR : "", address->name);
}

/* Replace the last part of a path by @name, or leave the directory alone. */
static void kipc_file_sibling(char *path, const char *name)
{
	char *slash = strrchr(path, '/');
	char *last = slash ? slash + 1 : path;

	snprintf(last, KIPC_FILE_PATH - (size_t)(last - path), "%s", name);
}

/* ---- making ---- */

/* Where there are no files without a name: one that nobody looks for. */
static int kipc_file_open_hidden(struct kipc_region *region, char *path, mode_t mode)
{
	char name[NAME_MAX + 1] = ".";

	kipc_system_fresh_name(name + 1, sizeof(name) - 1);
	kipc_file_sibling(path, name);
	region->path = strdup(path);
	if (!region->path)
		return -1;
	return open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
}

static int kipc_file_open_new(struct kipc_region *region, const struct kipc_address *address)
{
	mode_t mode = kipc_address_mode(address);
	char path[KIPC_FILE_PATH];

	kipc_file_path(path, address);
	kipc_file_sibling(path, ".");
	region->fd = open(path, O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
	if (region->fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR))
		region->fd = kipc_file_open_hidden(region, path, mode);
	return region->fd < 0 ? kipc_region_error(errno) : 0;
}

static int kipc_file_create(struct kipc_region *region, const struct kipc_address *address,
			    size_t bytes)
{
	int err;

	if (!address->name[0])
		return -EINVAL;
	err = kipc_file_open_new(region, address);
	if (err == -ENOENT && region->mechanism == &kipc_posix_shm_region)
		err = -ENODEV;
	if (!err)
		err = kipc_region_set_size(region->fd, bytes);
	return err ? err : kipc_region_measure(region);
}

/*
 * Give a file that has none its name.  The second way is for who has no /proc.
 */
static int kipc_file_link(int fd, const char *path)
{
	char self[32];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	if (!linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW))
		return 0;
	if (errno == ENOENT && !linkat(fd, "", AT_FDCWD, path, AT_EMPTY_PATH))
		return 0;
	return kipc_region_error(errno);
}

/* Give a file another name; not all file systems have both ways. */
static int kipc_file_rename(const char *from, const char *to)
{
	if (!renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE))
		return 0;
	if (errno != EINVAL || link(from, to))
		return kipc_region_error(errno);
	unlink(from);
	return 0;
}

static int kipc_file_publish(struct kipc_region *region, const struct kipc_address *address)
{
	char path[KIPC_FILE_PATH];
	int err;

	kipc_file_path(path, address);
	err = region->path ? kipc_file_rename(region->path, path) :
			     kipc_file_link(region->fd, path);
	if (err)
		return err;
	free(region->path);
	region->path = NULL;
	if (!(region->flags & KIPC_REGION_TEMPORARY))
		return 0;
	/* Who removes it in the end may have another working directory. */
	region->path = realpath(path, NULL);
	if (region->path)
		return 0;
	err = kipc_region_error(errno);
	unlink(path);
	return err;
}

/* ---- finding ---- */

static int kipc_file_attach(struct kipc_region *region, const struct kipc_address *address)
{
	int flags = region->flags & KIPC_REGION_READONLY ? O_RDONLY : O_RDWR;
	char path[KIPC_FILE_PATH];

	if (region->mechanism == &kipc_posix_shm_region)
		flags |= O_NOFOLLOW;
	kipc_file_path(path, address);
	region->fd = open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (region->fd < 0)
		return kipc_region_error(errno);
	return kipc_region_measure(region);
}

/* ---- removing ---- */

static int kipc_file_unlink(const struct kipc_address *address)
{
	char path[KIPC_FILE_PATH];
	struct stat st;

	kipc_file_path(path, address);
	if (lstat(path, &st))
		return kipc_region_error(errno);
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (!unlink(path))
		return 0;
	return errno == EPERM ? -EACCES : kipc_region_error(errno);
}

/* Does the name lead to the file that we made, or has somebody replaced it? */
static void kipc_file_remove(struct kipc_region *region)
{
	struct stat a, b;

	if (region->path && !lstat(region->path, &a) && !fstat(region->fd, &b) &&
	    a.st_dev == b.st_dev && a.st_ino == b.st_ino)
		unlink(region->path);
}

static int kipc_file_sync(struct kipc_region *region, uint32_t how)
{
	if (how != KIPC_SYNC_DISK)
		return 0;
	if (!msync(region->data, region->size, MS_SYNC))
		return 0;
	/* What it says of addresses that are not mapped cannot be. */
	return errno == ENOMEM ? -EIO : -errno;
}

/* ---- names ---- */

static bool kipc_posix_shm_name_ok(const char *name)
{
	size_t len = strlen(name);

	return len >= 2 && len <= NAME_MAX && name[0] == '/' && !strchr(name + 1, '/') &&
	       strcmp(name, "/.") && strcmp(name, "/..");
}

static bool kipc_mmap_file_name_ok(const char *name)
{
	return name[0] == '/' || name[0] == '.';
}

const struct kipc_region_mechanism kipc_posix_shm_region = {
	.mechanism.scheme = "posix-shm",
	.mechanism.family = KIPC_FAMILY_REGION,
	.mechanism.params = KIPC_PARAM_BIT(KIPC_PARAM_MODE) | KIPC_PARAM_BIT(KIPC_PARAM_SIZE),
	.mechanism.name_rule = "a name is '/' and 1 to 254 characters without a further '/'",
	.mechanism.name_ok = kipc_posix_shm_name_ok,
	.can = KIPC_REGION_CAN_NAME | KIPC_REGION_CAN_FD | KIPC_REGION_CAN_RESIZE |
	       KIPC_REGION_CAN_SURVIVE,
	.create = kipc_file_create,
	.publish = kipc_file_publish,
	.attach = kipc_file_attach,
	.unlink = kipc_file_unlink,
	.remove = kipc_file_remove,
	.info = kipc_region_fd_info,
};

const struct kipc_region_mechanism kipc_mmap_file_region = {
	.mechanism.scheme = "mmap-file",
	.mechanism.family = KIPC_FAMILY_REGION,
	.mechanism.params = KIPC_PARAM_BIT(KIPC_PARAM_MODE) | KIPC_PARAM_BIT(KIPC_PARAM_SIZE),
	.mechanism.name_rule = "a name is the path of a file, from '/' or '.'",
	.mechanism.name_ok = kipc_mmap_file_name_ok,
	.can = KIPC_REGION_CAN_NAME | KIPC_REGION_CAN_FD | KIPC_REGION_CAN_RESIZE |
	       KIPC_REGION_CAN_SURVIVE | KIPC_REGION_CAN_PERSIST,
	.create = kipc_file_create,
	.publish = kipc_file_publish,
	.attach = kipc_file_attach,
	.unlink = kipc_file_unlink,
	.remove = kipc_file_remove,
	.sync = kipc_file_sync,
	.info = kipc_region_fd_info,
};
