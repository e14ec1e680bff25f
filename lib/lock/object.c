// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Locks that are memory: in /dev/shm by name, without a name, or in the caller's.
 *
 * A named object is made in a file that has no name yet (O_TMPFILE), completely, and then
 * linked.  So nobody ever sees half of one; of several makers one links, and the others
 * throw theirs away and join; and a maker that is killed leaves nothing at all.  The name
 * is /dev/shm/kipc-SCHEME.NAME, so no two mechanisms share names.
 *
 * An object without a name is an anonymous shared mapping, which fork() passes on.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lock.h"

/* More than any object has. */
#define KIPC_OBJECT_MAX 65536

#define KIPC_OBJECT_PATH_MAX 256

bool kipc_object_name_ok(const char *name)
{
	size_t len = strlen(name);

	return len >= 2 && len <= 201 && name[0] == '/' && !strchr(name + 1, '/');
}

static void kipc_object_path(char *path, const struct kipc_address *address)
{
	snprintf(path, KIPC_OBJECT_PATH_MAX, KIPC_OBJECT_DIR "/kipc-%s.%.201s",
		 address->mechanism->scheme, address->name + 1);
}

/* ---- making and checking ---- */

/* How large is what the address asks for?  0: it makes no sense. */
size_t kipc_object_size(const struct kipc_address *address)
{
	const struct kipc_locking *locking = kipc_address_locking(address);

	return locking->size(locking->shape(address));
}

/* Make an object; until the magic is there it is none. */
static int kipc_object_make(struct kipc_object *object, const struct kipc_address *address)
{
	const struct kipc_locking *locking = kipc_address_locking(address);
	size_t size = kipc_object_size(address);
	int err;

	atomic_store(&object->magic, 0);
	memset(object, 0, size);
	object->kind = locking->kind;
	object->size = (uint32_t)size;
	object->shape = locking->shape(address);
	err = locking->init(object, address);
	if (!err)
		atomic_store_explicit(&object->magic, KIPC_OBJECT_MAGIC, memory_order_release);
	return err;
}

/* Is it what the address names?  Its shape is read once, for *@shape. */
static int kipc_object_check(struct kipc_object *object, size_t size,
			     const struct kipc_address *address, uint32_t *shape)
{
	const struct kipc_locking *locking = kipc_address_locking(address);
	size_t need;

	if (atomic_load_explicit(&object->magic, memory_order_acquire) != KIPC_OBJECT_MAGIC)
		return -ENOENT;
	if (object->kind != locking->kind)
		return -EADDRINUSE;
	*shape = __atomic_load_n(&object->shape, __ATOMIC_RELAXED);
	need = locking->size(*shape);
	if (!need || object->size != need || need > size)
		return -EADDRINUSE;
	if (address->demanded & locking->shaping && locking->shape(address) != *shape)
		return -EADDRINUSE;
	return 0;
}

/* A handle on a checked object, @mapped bytes of which become its own to unmap. */
static int kipc_object_handle(struct kipc_lock **handle, struct kipc_object *object,
			      size_t mapped, uint32_t shape,
			      const struct kipc_locking *locking)
{
	struct kipc_lock *lock = kipc_lock_new(locking);
	int err = 0;

	if (!lock)
		return -ENOMEM;
	lock->object = object;
	lock->shape = shape;
	if (locking->attach)
		err = locking->attach(lock);
	if (err) {
		free(lock);
		return err;
	}
	lock->mapped = mapped;
	*handle = lock;
	return 0;
}

/* ---- by name, or without one ---- */

static void *kipc_object_map(int fd, size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

/* A file in /dev/shm that has no name yet, or -errno. */
int kipc_object_file(const struct kipc_address *address)
{
	int fd = open(KIPC_OBJECT_DIR, O_TMPFILE | O_RDWR | O_CLOEXEC,
		      kipc_address_mode(address));

	return fd < 0 ? -errno : fd;
}

/* Give the complete object its name. */
int kipc_object_publish(int fd, const char *path)
{
	char self[32];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW) ? -errno : 0;
}

/* Make an object in a file, or in memory without one, and publish it at @path. */
static int kipc_object_create_in(struct kipc_lock **lock, int fd, const char *path,
				 const struct kipc_address *address)
{
	const struct kipc_locking *locking = kipc_address_locking(address);
	size_t size = kipc_object_size(address);
	struct kipc_object *object;
	int err = 0;

	/* Memory that a full file system cannot give is SIGBUS when it is touched. */
	if (fd >= 0)
		err = -posix_fallocate(fd, 0, (off_t)size);
	if (err)
		return err;
	object = kipc_object_map(fd, size);
	if (!object)
		return -ENOMEM;
	err = kipc_object_make(object, address);
	if (!err)
		err = kipc_object_handle(lock, object, size, locking->shape(address), locking);
	if (err) {
		munmap(object, size);
		return err;
	}
	if (fd >= 0)
		err = kipc_object_publish(fd, path);
	if (err) {
		kipc_lock_close(*lock);
		*lock = NULL;
	}
	return err;
}

static int kipc_object_create(struct kipc_lock **lock, const char *path,
			      const struct kipc_address *address)
{
	int fd = kipc_object_file(address);
	int err;

	if (fd < 0)
		return fd;
	err = kipc_object_create_in(lock, fd, path, address);
	close(fd);
	return err;
}

/* Check and take what a file has; anybody may have put it there. */
static int kipc_object_join_in(struct kipc_lock **lock, int fd,
			       const struct kipc_address *address)
{
	struct kipc_object *object;
	struct stat st;
	uint32_t shape;
	size_t size;
	int err;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size < (off_t)sizeof(*object) ||
	    st.st_size > KIPC_OBJECT_MAX)
		return -EADDRINUSE;
	size = (size_t)st.st_size;
	object = kipc_object_map(fd, size);
	if (!object)
		return -ENOMEM;
	err = kipc_object_check(object, size, address, &shape);
	/* Ours are complete before they have a name. */
	if (err == -ENOENT)
		err = -EADDRINUSE;
	if (!err)
		err = kipc_object_handle(lock, object, size, shape,
					 kipc_address_locking(address));
	if (err)
		munmap(object, size);
	return err;
}

static int kipc_object_join(struct kipc_lock **lock, const char *path,
			    const struct kipc_address *address)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	int err;

	if (fd < 0)
		return errno == ELOOP || errno == EISDIR ? -EADDRINUSE : -errno;
	err = kipc_object_join_in(lock, fd, address);
	close(fd);
	return err;
}

static int kipc_object_open_named(struct kipc_lock **lock, const struct kipc_address *address,
				  uint32_t flags)
{
	char path[KIPC_OBJECT_PATH_MAX];
	int err;

	kipc_object_path(path, address);
	/* It may come and go between the two: then begin again. */
	do {
		err = flags & KIPC_LOCK_EXCL ? -ENOENT : kipc_object_join(lock, path, address);
		if (err != -ENOENT || flags & KIPC_LOCK_EXISTING)
			return err;
		err = kipc_object_size(address) ? kipc_object_create(lock, path, address) :
						  -EINVAL;
		if (err != -EEXIST)
			return err;
	} while (!(flags & KIPC_LOCK_EXCL));
	return -EADDRINUSE;
}

int kipc_object_open(struct kipc_lock **lock, const struct kipc_address *address,
		     uint32_t flags)
{
	if (address->name[0])
		return kipc_object_open_named(lock, address, flags);
	if (flags & KIPC_LOCK_EXISTING || !kipc_object_size(address))
		return -EINVAL;
	return kipc_object_create_in(lock, -1, NULL, address);
}

int kipc_object_unlink(const struct kipc_address *address)
{
	char path[KIPC_OBJECT_PATH_MAX];

	kipc_object_path(path, address);
	if (!unlink(path))
		return 0;
	return errno == EPERM ? -EACCES : -errno;
}

/* ---- in the caller's memory ---- */

int kipc_object_create_at(struct kipc_lock **lock, void *memory, size_t size,
			  const struct kipc_address *address)
{
	const struct kipc_locking *locking = kipc_address_locking(address);
	size_t need = kipc_object_size(address);
	int err;

	if (!need)
		return -EINVAL;
	if (size < need)
		return -EMSGSIZE;
	err = kipc_object_make(memory, address);
	return err ? err : kipc_object_handle(lock, memory, 0, locking->shape(address), locking);
}

int kipc_object_attach_at(struct kipc_lock **lock, void *memory, size_t size,
			  const struct kipc_address *address)
{
	uint32_t shape;
	int err;

	if (size < sizeof(struct kipc_object))
		return -EINVAL;
	err = kipc_object_check(memory, size, address, &shape);
	return err ? err : kipc_object_handle(lock, memory, 0, shape,
					      kipc_address_locking(address));
}
