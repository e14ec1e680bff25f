// SPDX-License-Identifier: GPL-2.0
/* Fds: see fds.h for what it is. */
#include <linux/dcache.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <net/sock.h>

#include "compat.h"
#include "fds.h"
#include "file.h"
#include "quota.h"

static struct workqueue_struct *kipc_fds_workers;

/* What the kernel calls an anonymous file; NULL, it is none. */
static const char *kipc_file_anon_name(const struct file *file)
{
	const struct dentry *dentry = file->f_path.dentry;

	return dentry->d_sb->s_magic == ANON_INODE_FS_MAGIC ? dentry->d_name.name : NULL;
}

static bool kipc_file_is_io_uring(const struct file *file)
{
	const char *name = kipc_file_anon_name(file);

	return name && !strcmp(name, "[io_uring]");
}

/* Is it of one of these drivers? */
static bool kipc_file_is_of(const struct file *file, const char * const *drivers, size_t count)
{
	struct module *owner = file->f_op->owner;

	return owner && match_string(drivers, count, module_name(owner)) >= 0;
}

/* Drivers whose files hold other files, or a process's memory and what is mapped there. */
static bool kipc_file_is_holder(const struct file *file)
{
	static const char * const holders[] = {
		"binder_linux", "vhost_net", "vhost_scsi", "vhost_vdpa", "vhost_vsock",
	};

	return file_inode(file)->i_sb->s_magic == BINDERFS_SUPER_MAGIC ||
	       kipc_file_is_of(file, holders, ARRAY_SIZE(holders));
}

/* May this file, by whatever detour, come to refer to the endpoint it waits in? */
static bool kipc_file_may_cycle(struct file *file)
{
	struct socket *socket = sock_from_file(file);

	if (socket)
		return socket->ops && socket->ops->family == AF_UNIX;
	return file->f_op == &kipc_file_operations || kipc_file_is_io_uring(file) ||
	       kipc_file_is_holder(file);
}

/* Does this file keep a network namespace that could die otherwise, as far as is known? */
static bool kipc_file_keeps_net(struct file *file)
{
	static const char * const keepers[] = { "ppp_generic", "tap", "tun" };
	/* Other anonymous files may watch one (inotify), be about to mount, or hold anything. */
	static const char * const harmless[] = {
		"[eventfd]", "[eventpoll]", "[pidfd]", "[signalfd]", "[timerfd]",
	};
	unsigned long magic = file_inode(file)->i_sb->s_magic;
	struct socket *socket = sock_from_file(file);
	const char *name = kipc_file_anon_name(file);

	if (socket)
		return !socket->sk || !net_eq(sock_net(socket->sk), &init_net);
	if (name)
		return match_string(harmless, ARRAY_SIZE(harmless), name) < 0;
	/* Namespaces and files about them; trees of mounts, in which there may be some. */
	return magic == NSFS_MAGIC || magic == PROC_SUPER_MAGIC ||
	       file->f_mode & FMODE_NEED_UNMOUNT ||
	       kipc_file_is_of(file, keepers, ARRAY_SIZE(keepers));
}

/**
 * kipc_fds_may_wait() - may descriptors wait where nobody need have anything open?
 * @fds:	them
 * @net:	the network namespace, with which what they wait in goes
 */
bool kipc_fds_may_wait(const struct kipc_fds *fds, const struct net *net)
{
	unsigned int nr;

	if (net_eq(net, &init_net))
		return true;
	for (nr = 0; nr < fds->count; nr++)
		if (kipc_file_keeps_net(fds->files[nr]))
			return false;
	return true;
}

static int kipc_fds_add(struct kipc_fds *fds, const s32 __user *from)
{
	struct file *file;
	s32 fd;

	if (copy_from_user(&fd, from, sizeof(fd)))
		return -EFAULT;
	file = fget_raw(fd);
	if (!file)
		return -EBADF;
	if (kipc_file_may_cycle(file)) {
		fput(file);
		return -ELOOP;
	}
	fds->files[fds->count++] = file;
	return 0;
}

/**
 * kipc_fds_create() - take hold of descriptors of the current process
 * @user:	who pays
 * @from:	where their numbers are
 * @count:	how many, at most KIPC_FDS_MAX
 *
 * Return: them, with a reference for the caller; or ERR_PTR(-EFAULT, -EBADF, -ELOOP,
 * -EDQUOT, -ENOMEM).
 */
struct kipc_fds *kipc_fds_create(struct kipc_user *user, const s32 __user *from,
				 unsigned int count)
{
	struct kipc_fds *fds;
	int err;

	err = kipc_user_charge(user, KIPC_QUOTA_FDS, count);
	if (err)
		return ERR_PTR(err);
	fds = kzalloc(struct_size(fds, files, count), GFP_KERNEL_ACCOUNT);
	if (!fds) {
		kipc_user_uncharge(user, KIPC_QUOTA_FDS, count);
		return ERR_PTR(-ENOMEM);
	}
	refcount_set(&fds->ref, 1);
	fds->user = kipc_user_get(user);

	while (!err && fds->count < count)
		err = kipc_fds_add(fds, from + fds->count);
	if (!err)
		return fds;

	/* Those that have not been added are not the object's to uncharge. */
	kipc_user_uncharge(user, KIPC_QUOTA_FDS, count - fds->count);
	kipc_fds_forget(fds);
	return ERR_PTR(err);
}

static void kipc_fds_free(struct kipc_fds *fds)
{
	kipc_user_uncharge(fds->user, KIPC_QUOTA_FDS, fds->count);
	kipc_user_put(fds->user);
	kfree(fds);
}

/*
 * The last close of a socket does not linger in a worker, as it does not where a process
 * exits: there are only so many of them, and everybody's files wait for one.  Where somebody
 * else has the file this is not the last close, and the option is not ours to change.
 */
static void kipc_file_hurry(struct file *file)
{
	struct socket *socket = sock_from_file(file);
	struct sock *sk = socket ? socket->sk : NULL;

	if (!sk || file_count(file) > 1)
		return;
	lock_sock(sk);
	sock_reset_flag(sk, SOCK_LINGER);
	release_sock(sk);
}

/* A worker is nobody's thread: it closes files at once. */
static void kipc_fds_close(struct work_struct *work)
{
	struct kipc_fds *fds = container_of(work, struct kipc_fds, work);
	unsigned int nr;

	for (nr = 0; nr < fds->count; nr++) {
		kipc_file_hurry(fds->files[nr]);
		__fput_sync(fds->files[nr]);
	}
	kipc_fds_free(fds);
}

/**
 * kipc_fds_put() - drop a reference
 * @fds:	with the last one the files are let go of, and then uncharged
 *
 * May be called under a lock.
 */
void kipc_fds_put(struct kipc_fds *fds)
{
	unsigned int nr;

	if (!refcount_dec_and_test(&fds->ref))
		return;
	if (!fds->wanted) {
		INIT_WORK(&fds->work, kipc_fds_close);
		queue_work(kipc_fds_workers, &fds->work);
		return;
	}
	for (nr = 0; nr < fds->count; nr++)
		fput(fds->files[nr]);
	kipc_fds_free(fds);
}

/**
 * kipc_fds_install() - give the current process one of the descriptors
 * @fds:	them, pinned
 * @nr:		which
 * @to:		where its number is written
 *
 * Return: the number; -EFAULT, -EMFILE, or what a security module says: nothing is
 * installed.
 */
int kipc_fds_install(struct kipc_fds *fds, unsigned int nr, s32 __user *to)
{
	/* To the kernel's helper this is "do not write it". */
	if (!to)
		return -EFAULT;
	return kipc_receive_fd(fds->files[nr], to);
}

/**
 * kipc_fds_take_some() - give the current process the first ones, until one cannot be
 * @fds:	them, pinned
 * @to:		where their numbers are written
 * @count:	how many, no more than there are
 * @taken:	empty; afterwards those that it has, to be ended with kipc_fds_taken_end()
 *
 * Return: 0, or as kipc_fds_install(), or -ENOMEM.
 */
int kipc_fds_take_some(struct kipc_fds *fds, s32 __user *to, unsigned int count,
		       struct kipc_fds_taken *taken)
{
	int fd;

	taken->numbers = kmalloc_array(count, sizeof(*taken->numbers), GFP_KERNEL);
	if (!taken->numbers)
		return -ENOMEM;
	while (taken->count < count) {
		fd = kipc_fds_install(fds, taken->count, to ? to + taken->count : NULL);
		if (fd < 0)
			return fd;
		taken->numbers[taken->count++] = fd;
	}
	return 0;
}

/**
 * kipc_fds_take() - give the current process the first ones, all or none
 * @fds:	them, pinned
 * @to:		where their numbers are written
 * @max:	how many at most
 * @taken:	empty; afterwards to be ended with kipc_fds_taken_end()
 *
 * Return: 0, or as kipc_fds_install(), or -ENOMEM.
 */
int kipc_fds_take(struct kipc_fds *fds, s32 __user *to, unsigned int max,
		  struct kipc_fds_taken *taken)
{
	int err = kipc_fds_take_some(fds, to, min(fds->count, max), taken);

	if (err)
		kipc_fds_taken_end(taken, true);
	return err;
}

/* See kipc_fds_taken_end(). */
void kipc_fds_taken_close(struct kipc_fds_taken *taken, bool undo)
{
	while (undo && taken->count)
		close_fd(taken->numbers[--taken->count]);
	kfree(taken->numbers);
	taken->numbers = NULL;
}

int __init kipc_fds_init(void)
{
	kipc_fds_workers = alloc_workqueue("kipc_fds", WQ_UNBOUND, 0);
	return kipc_fds_workers ? 0 : -ENOMEM;
}

/* Waits for those that are still being closed. */
void kipc_fds_exit(void)
{
	destroy_workqueue(kipc_fds_workers);
}
