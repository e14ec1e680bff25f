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

static bool kipc_file_is_io_uring(const struct file *file)
{
	const struct dentry *dentry = file->f_path.dentry;

	return dentry->d_sb->s_magic == ANON_INODE_FS_MAGIC &&
	       !strcmp(dentry->d_name.name, "[io_uring]");
}

/* Drivers whose files hold other files, or a process's memory and what is mapped there. */
static bool kipc_file_is_holder(const struct file *file)
{
	static const char * const holders[] = {
		"binder_linux", "vhost_net", "vhost_scsi", "vhost_vdpa", "vhost_vsock",
	};
	struct module *owner = file->f_op->owner;

	if (file_inode(file)->i_sb->s_magic == BINDERFS_SUPER_MAGIC)
		return true;
	return owner && match_string(holders, ARRAY_SIZE(holders), module_name(owner)) >= 0;
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
	kipc_fds_put(fds);
	return ERR_PTR(err);
}

/**
 * kipc_fds_put() - drop a reference
 * @fds:	with the last one the files are let go of, and uncharged
 */
void kipc_fds_put(struct kipc_fds *fds)
{
	unsigned int nr;

	if (!refcount_dec_and_test(&fds->ref))
		return;
	for (nr = 0; nr < fds->count; nr++)
		fput(fds->files[nr]);
	kipc_user_uncharge(fds->user, KIPC_QUOTA_FDS, fds->count);
	kipc_user_put(fds->user);
	kfree(fds);
}

/**
 * kipc_fds_install() - give the current process one of the descriptors
 * @fds:	them, pinned
 * @nr:		which
 * @to:		where its number is written
 *
 * Return: 0; -EFAULT, -EMFILE, or what a security module says: nothing is installed.
 */
int kipc_fds_install(const struct kipc_fds *fds, unsigned int nr, s32 __user *to)
{
	int fd;

	/* To the kernel's helper this is "do not write it". */
	if (!to)
		return -EFAULT;
	fd = kipc_receive_fd(fds->files[nr], to);
	return fd < 0 ? fd : 0;
}
