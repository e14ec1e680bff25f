// SPDX-License-Identifier: GPL-2.0
/* File: see file.h for what it is; what read and write mean is in uapi/linux/kipc.h. */
#include <linux/cred.h>
#include <linux/module.h>
#include <linux/seq_file.h>

#include "channel.h"
#include "copy.h"
#include "endpoint.h"
#include "file.h"
#include "ioctl.h"
#include "notify.h"
#include "queue_transfer.h"
#include "transfer.h"

static int kipc_file_open(struct inode *inode, struct file *file)
{
	struct kipc_endpoint *ep = kipc_endpoint_create();

	if (IS_ERR(ep))
		return PTR_ERR(ep);
	file->private_data = ep;
	/* A mapping of its own: what is unmapped from one endpoint stays in the others. */
	ep->mapping.host = inode;
	ep->mapping.a_ops = inode->i_mapping->a_ops;
	file->f_mapping = &ep->mapping;
	return stream_open(inode, file);
}

/* Each close of a descriptor, by whichever process. */
static int kipc_file_flush(struct file *file, fl_owner_t id)
{
	struct kipc_endpoint *ep = file->private_data;

	if (kipc_endpoint_role(ep) == KIPC_ROLE_QUEUE)
		kipc_notify_close(ep);
	return 0;
}

static int kipc_file_release(struct inode *inode, struct file *file)
{
	kipc_endpoint_shutdown(file->private_data);
	return 0;
}

static struct kipc_limit kipc_file_limit(const struct kiocb *iocb)
{
	const struct kipc_endpoint *ep = iocb->ki_filp->private_data;

	return (struct kipc_limit){
		.busy_poll = READ_ONCE(ep->busy_poll),
		.nonblock = iocb->ki_filp->f_flags & O_NONBLOCK || iocb->ki_flags & IOCB_NOWAIT,
	};
}

/*
 * Answer the call that read() took last with nothing, if write() has not answered it.
 * Where its caller has no room even for that, refuse it: nobody else knows its id.
 */
static void kipc_server_settle(struct kipc_endpoint *ep, u64 id)
{
	struct kipc_source nothing = { };

	iov_iter_ubuf(&nothing.iter, ITER_SOURCE, NULL, 0);
	if (id && kipc_channel_reply(ep, &id, &nothing, NULL, NULL) && id)
		kipc_channel_release(ep, id);
}

/* The call that read() took last, which nobody else finds there afterwards. */
static u64 kipc_server_exchange(struct kipc_endpoint *ep, u64 id)
{
	u64 last;

	spin_lock(&ep->channel->lock);
	last = ep->reading;
	ep->reading = id;
	spin_unlock(&ep->channel->lock);
	return last;
}

/* A call has been read: the next write() answers it, and pollers may write. */
static void kipc_server_expect(struct kipc_endpoint *ep, u64 id)
{
	kipc_server_settle(ep, kipc_server_exchange(ep, id));
	wake_up_interruptible_poll(&ep->poll_wait, EPOLLOUT | EPOLLWRNORM);
}

/* write() has failed to answer: it can be tried again, unless a later call was read. */
static void kipc_server_resume(struct kipc_endpoint *ep, u64 id)
{
	spin_lock(&ep->channel->lock);
	if (!ep->reading)
		swap(ep->reading, id);
	spin_unlock(&ep->channel->lock);
	kipc_server_settle(ep, id);
}

/*
 * Copy a message that was just received out.  Meanwhile no other thread ends it, or its
 * memory might be given back.
 *
 * Return: 0; -ESTALE, another thread has ended it already; another negative errno.
 */
static int kipc_channel_read_out(struct kipc_endpoint *ep, const struct kipc_header *header,
				 struct iov_iter *to)
{
	int err;

	if (header->len > iov_iter_count(to))
		return -EMSGSIZE;
	if (!kipc_channel_claim(ep, header->id))
		return -ESTALE;
	err = kipc_copy_from_memory(&ep->inbox.memory, header->offset, header->len, to);
	kipc_channel_unclaim(ep, header->id);
	return err;
}

/* read() has brought a message: what becomes of it. */
static void kipc_channel_read_end(struct kipc_endpoint *ep, const struct kipc_header *header)
{
	if (header->kind != KIPC_KIND_CALL)
		kipc_channel_release(ep, header->id);
	else if (kipc_endpoint_is_client(ep))
		kipc_server_settle(ep, header->id);
	else
		kipc_server_expect(ep, header->id);
}

static ssize_t kipc_channel_read(struct kipc_endpoint *ep, struct iov_iter *to,
				 const struct kipc_limit *limit)
{
	struct kipc_header header;
	struct kipc_receiver receiver = { .header = &header };
	u64 nothing = 0;
	int err;

	kipc_server_settle(ep, kipc_server_exchange(ep, 0));
	do {
		err = kipc_channel_receive(ep, limit, NULL, &nothing, &receiver);
		if (err)
			return err == -EPIPE ? 0 : err;
		if (kipc_kind_is_notice(header.kind)) {
			/* A call given up is still to be answered: only its notice goes. */
			if (header.kind != KIPC_KIND_CANCELED)
				kipc_channel_release(ep, header.id);
			err = -ESTALE;
		} else {
			err = kipc_channel_read_out(ep, &header, to);
		}
	} while (err == -ESTALE);
	if (err) {
		kipc_channel_requeue(ep, &header);
		return err;
	}
	kipc_channel_read_end(ep, &header);
	return header.len;
}

static ssize_t kipc_channel_write(struct kipc_endpoint *ep, struct iov_iter *from,
				  const struct kipc_limit *limit)
{
	struct kipc_source source = { .iter = *from };
	size_t len = iov_iter_count(from);
	u64 id;
	int err;

	if (kipc_endpoint_role(ep) == KIPC_ROLE_CLIENT) {
		err = kipc_channel_send(ep, 0, &source, limit);
	} else {
		id = kipc_server_exchange(ep, 0);
		if (!id)
			return -EDESTADDRREQ;
		err = kipc_channel_reply(ep, &id, &source, NULL, NULL);
		/* Still held, and still to be answered. */
		if (err && id && err != -ENOENT)
			kipc_server_resume(ep, id);
	}
	if (err)
		return err;
	iov_iter_advance(from, len);
	return len;
}

static ssize_t kipc_queue_read(struct kipc_endpoint *ep, struct iov_iter *to,
			       const struct kipc_limit *limit)
{
	struct kipc_queue_order order = { .room = iov_iter_count(to) };
	struct kipc_queue_target target = { .iter = to };
	int err;

	if (!(ep->may & KIPC_MAY_RECV))
		return -EBADF;
	err = kipc_queue_receive(ep->queue, &order, limit, &target);
	return err ?: order.room - iov_iter_count(to);
}

static ssize_t kipc_queue_write(struct kipc_endpoint *ep, struct iov_iter *from,
				const struct kipc_limit *limit)
{
	struct kipc_source source = { .iter = *from };
	size_t len = iov_iter_count(from);
	int err;

	if (!(ep->may & KIPC_MAY_SEND))
		return -EBADF;
	err = kipc_queue_send(ep->queue, ep->user, &source, 0, false, limit);
	if (err)
		return err;
	iov_iter_advance(from, len);
	return len;
}

static ssize_t kipc_file_read(struct kiocb *iocb, struct iov_iter *to)
{
	struct kipc_endpoint *ep = iocb->ki_filp->private_data;
	struct kipc_limit limit = kipc_file_limit(iocb);
	size_t room = iov_iter_count(to);

	switch (kipc_endpoint_role(ep)) {
	case KIPC_ROLE_SERVER:
	case KIPC_ROLE_CLIENT:
		return room ? kipc_channel_read(ep, to, &limit) : 0;
	case KIPC_ROLE_QUEUE:
		return room ? kipc_queue_read(ep, to, &limit) : 0;
	default:
		return -ENOTCONN;
	}
}

/*
 * Whoever makes a request of kipc knows what it says and to whom.  A write() it can be made to
 * do where it does not: a setuid program finds in its standard output whatever it was given.
 * So a write() speaks for who opened the endpoint, as the kernel has it of other files.
 *
 * Return: for kipc_file_speak_for_self(), or NULL: it is the same user.
 */
static const struct cred *kipc_file_speak_for_opener(const struct file *file)
{
	const struct cred *opener = file->f_cred;

	if (likely(uid_eq(current_euid(), opener->euid) && gid_eq(current_egid(), opener->egid)))
		return NULL;
	return override_creds(opener);
}

static void kipc_file_speak_for_self(const struct cred *self)
{
	if (unlikely(self))
		revert_creds(self);
}

static ssize_t kipc_file_write_as_opener(struct kiocb *iocb, struct iov_iter *from)
{
	struct kipc_endpoint *ep = iocb->ki_filp->private_data;
	struct kipc_limit limit = kipc_file_limit(iocb);
	size_t len = iov_iter_count(from);

	switch (kipc_endpoint_role(ep)) {
	case KIPC_ROLE_SERVER:
	case KIPC_ROLE_CLIENT:
		return len > KIPC_POOL_MAX ? -EMSGSIZE : kipc_channel_write(ep, from, &limit);
	case KIPC_ROLE_QUEUE:
		return kipc_queue_write(ep, from, &limit);
	default:
		return -ENOTCONN;
	}
}

static ssize_t kipc_file_write(struct kiocb *iocb, struct iov_iter *from)
{
	const struct cred *self = kipc_file_speak_for_opener(iocb->ki_filp);
	ssize_t written = kipc_file_write_as_opener(iocb, from);

	kipc_file_speak_for_self(self);
	return written;
}

static __poll_t kipc_file_poll(struct file *file, poll_table *table)
{
	struct kipc_endpoint *ep = file->private_data;

	switch (kipc_endpoint_role(ep)) {
	case KIPC_ROLE_SERVER:
	case KIPC_ROLE_CLIENT:
		return kipc_channel_poll(ep, file, table);
	case KIPC_ROLE_QUEUE:
		return kipc_queue_poll(ep, file, table);
	default:
		return EPOLLERR;
	}
}

static int kipc_channel_mmap(struct kipc_endpoint *ep, struct vm_area_struct *vma)
{
	/* Pairs with the release in kipc_channel_add_ring(). */
	struct kipc_ring_state *ring = smp_load_acquire(&ep->inbox.ring);

	if (ring && vma->vm_pgoff == ring->memory.base)
		return kipc_memory_map(&ring->memory, vma);
	return kipc_memory_map(&ep->inbox.memory, vma);
}

static int kipc_file_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct kipc_endpoint *ep = file->private_data;

	switch (kipc_endpoint_role(ep)) {
	case KIPC_ROLE_SERVER:
	case KIPC_ROLE_CLIENT:
		return kipc_channel_mmap(ep, vma);
	case KIPC_ROLE_QUEUE:
		return -ENODEV;
	default:
		return -ENOTCONN;
	}
}

#ifdef CONFIG_PROC_FS
static void kipc_file_fdinfo(struct seq_file *seq, struct file *file)
{
	static const char * const roles[] = { "none", "server", "client", "queue" };
	struct kipc_endpoint *ep = file->private_data;
	struct kipc_endpoint_info info = { };

	kipc_endpoint_info(ep, &info);
	seq_printf(seq, "kipc-id:\t%u\n", ep->id);
	seq_printf(seq, "kipc-role:\t%s\n", roles[info.role]);
	if (info.role == KIPC_ROLE_QUEUE) {
		seq_printf(seq, "kipc-name:\t%s\n", ep->queue->name.text);
		seq_printf(seq, "kipc-queued:\t%llu/%llu\n", info.queued, info.max_msgs);
		seq_printf(seq, "kipc-queued-bytes:\t%llu/%llu\n", info.queued_bytes,
			   info.max_bytes);
	} else if (info.role != KIPC_ROLE_NONE) {
		seq_printf(seq, "kipc-name:\t%s\n", ep->channel->name.text);
		seq_printf(seq, "kipc-client:\t%llu\n", info.client);
		seq_printf(seq, "kipc-peers:\t%llu\n", info.peers);
		seq_printf(seq, "kipc-pool-free:\t%llu/%llu\n", info.pool_free, info.pool_size);
		seq_printf(seq, "kipc-queued:\t%llu\n", info.queued);
		seq_printf(seq, "kipc-held:\t%llu\n", info.held);
		seq_printf(seq, "kipc-held-bytes:\t%llu\n", info.held_bytes);
		seq_printf(seq, "kipc-held-ms:\t%llu\n", info.held_ns / NSEC_PER_MSEC);
		seq_printf(seq, "kipc-memory:\t%llu\n", info.memory);
	}
}
#endif

const struct file_operations kipc_file_operations = {
	.owner		= THIS_MODULE,
	.open		= kipc_file_open,
	.flush		= kipc_file_flush,
	.release	= kipc_file_release,
	.read_iter	= kipc_file_read,
	.write_iter	= kipc_file_write,
	.poll		= kipc_file_poll,
	.mmap		= kipc_file_mmap,
	.unlocked_ioctl	= kipc_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
#ifdef CONFIG_PROC_FS
	.show_fdinfo	= kipc_file_fdinfo,
#endif
};
