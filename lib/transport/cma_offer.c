// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * cma: offers, and the board.  See cma.h for how the two sides agree.
 *
 * Memory order: a receiver's reads of the payload come before its compare-and-swap, and
 * that before a withdrawal which fails; so once a withdrawal has succeeded, no later write
 * of the sender's can be in a copy that is taken.  The stamp is copied behind the payload
 * in the same system call, out of the same address space.
 *
 * The board is a sealed memfd that the connecting side makes: the other one maps it only
 * if it cannot shrink, so looking at it never faults.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "cma.h"

#define KIPC_CMA_SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

/* ---- the board ---- */

static int kipc_cma_board_map(struct kipc_cma *cma, int flags, int fd)
{
	void *board = mmap(NULL, sizeof(*cma->board), PROT_READ | PROT_WRITE,
			   MAP_SHARED | flags, fd, 0);

	if (board == MAP_FAILED)
		return -errno;
	cma->board = board;
	return 0;
}

/* Make a board, and the descriptor by which the peer gets it. */
int kipc_cma_board_new(struct kipc_cma *cma, int *fd)
{
	int err;

	*fd = memfd_create("kipc-cma", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (*fd < 0)
		return -errno;
	if (ftruncate(*fd, sizeof(*cma->board)) || fcntl(*fd, F_ADD_SEALS, KIPC_CMA_SEALS))
		err = -errno;
	else
		err = kipc_cma_board_map(cma, 0, *fd);
	if (err)
		close(*fd);
	return err;
}

/* Take the board that a peer has sent; the descriptor stays the caller's. */
int kipc_cma_board_take(struct kipc_cma *cma, int fd)
{
	int seals = fcntl(fd, F_GET_SEALS);
	struct stat st;

	if (seals < 0 || !(seals & F_SEAL_SHRINK) || fstat(fd, &st) ||
	    st.st_size != sizeof(*cma->board))
		return -EPROTO;
	return kipc_cma_board_map(cma, 0, fd);
}

void kipc_cma_board_drop(struct kipc_cma *cma)
{
	if (cma->board)
		munmap(cma->board, sizeof(*cma->board));
	cma->board = NULL;
}

/* ---- offers that we make ---- */

/* A word of our side's that is free, now ours; 0: there is none. */
static unsigned int kipc_cma_take_word(struct kipc_cma *cma, uint64_t number)
{
	const unsigned int half = KIPC_CMA_WORDS / 2;
	unsigned int first = cma->line.role == KIPC_LINE_CLIENT ? 1 : half;
	unsigned int end = cma->line.role == KIPC_LINE_CLIENT ? half : KIPC_CMA_WORDS, i;
	uint64_t offered = kipc_cma_word(number, KIPC_CMA_OFFERED, 0), none;

	for (i = first; i < end; i++) {
		none = 0;
		if (atomic_compare_exchange_strong(&cma->board->words[i], &none, offered))
			return i;
	}
	return 0;
}

/**
 * kipc_cma_offer_make() - offer memory to the peer
 * @cma:	the line
 * @offer:	must stay where it is until kipc_cma_offer_end()
 * @packet:	filled in but for what it has in common with other packets
 * @data:	must stay as it is until then
 * @len:	its bytes
 *
 * Return: 0; -ENOBUFS, too many others are waiting; -EPIPE, there is no board.
 */
int kipc_cma_offer_make(struct kipc_cma *cma, struct kipc_cma_offer *offer,
			struct kipc_cma_packet *packet, const void *data, size_t len)
{
	if (!cma->board)
		return -EPIPE;
	offer->number = (atomic_fetch_add(&cma->board->words[0], 1) + 1) & (UINT64_MAX >> 16);
	offer->stamp = cma->secret + offer->number;
	offer->word = kipc_cma_take_word(cma, offer->number);
	if (!offer->word)
		return -ENOBUFS;
	packet->word = (uint16_t)offer->word;
	packet->number = offer->number;
	packet->at = (uintptr_t)data;
	packet->len = len;
	packet->stamp_at = (uintptr_t)&offer->stamp;
	packet->stamp = offer->stamp;
	return 0;
}

uint64_t kipc_cma_offer_state(const struct kipc_cma *cma, const struct kipc_cma_offer *offer)
{
	return atomic_load(&cma->board->words[offer->word]);
}

/*
 * Withdraw an offer, if it is not too late, and forget it.
 *
 * Returns whether it has been taken.  If not, and it was refused, *@err says why.
 */
bool kipc_cma_offer_end(struct kipc_cma *cma, const struct kipc_cma_offer *offer, int *err)
{
	uint64_t found = kipc_cma_word(offer->number, KIPC_CMA_OFFERED, 0);
	atomic_uint_least64_t *word = &cma->board->words[offer->word];

	if (atomic_compare_exchange_strong(word, &found, 0))
		return false;
	atomic_store(word, 0);
	if ((found & 0xf) != KIPC_CMA_REFUSED)
		return true;
	*err = -(int)(found >> 4 & 0xfff);
	return false;
}

/* ---- offers that are made to us ---- */

/* What a failure to read from the peer means to the one who offered. */
static int kipc_cma_read_error(int err)
{
	return err == EACCES ? -EPERM : -err;
}

/*
 * Copy, and the stamp behind it, in as many pieces as the kernel makes of it.
 *
 * Returns 0 or: -EPERM, -ESRCH (the sender is gone), -EFAULT (there is no such memory, or
 * not that stamp).
 */
static int kipc_cma_copy(const struct kipc_cma_packet *packet, pid_t pid, void *to)
{
	size_t len = (size_t)packet->len;
	uint64_t stamp = ~packet->stamp;
	struct iovec local[2] = { { to, len }, { &stamp, sizeof(stamp) } };
	struct iovec remote[2] = {
		{ (void *)(uintptr_t)packet->at, len },
		{ (void *)(uintptr_t)packet->stamp_at, sizeof(stamp) },
	};
	ssize_t n = process_vm_readv(pid, local, 2, remote, 2, 0);

	if (n < 0)
		return kipc_cma_read_error(errno);
	return (size_t)n == len + sizeof(stamp) && stamp == packet->stamp ? 0 : -EFAULT;
}

static bool kipc_cma_packet_ok(const struct kipc_cma *cma, const struct kipc_cma_packet *packet)
{
	return cma->board && packet->word < KIPC_CMA_WORDS && packet->word &&
	       packet->number <= UINT64_MAX >> 16;
}

/* May this one be read from, as far as that is for us to say? */
static int kipc_cma_permit(const struct kipc_cma *cma, const struct kipc_cma_packet *packet,
			   const struct ucred *from)
{
	if (packet->len > cma->max_size)
		return -EMSGSIZE;
	/* A process of another PID namespace, which has no number here, is 0. */
	return from->pid <= 0 || from->uid != geteuid() ? -EPERM : 0;
}

static int kipc_cma_try(struct kipc_cma *cma, const struct kipc_cma_packet *packet,
			const struct ucred *from, struct kipc_buffer **buffer)
{
	struct kipc *handle = cma->line.handle;
	int err = kipc_cma_permit(cma, packet, from);

	if (err)
		return err;
	if ((*buffer)->capacity < packet->len) {
		kipc_buffer_put(handle, *buffer);
		*buffer = kipc_buffer_get(handle, (size_t)packet->len);
		if (!*buffer)
			return -ENOMEM;
	}
	return kipc_cma_copy(packet, from->pid, (*buffer)->data);
}

/**
 * kipc_cma_offer_fetch() - take what a peer offers
 * @cma:	the line
 * @packet:	the offer
 * @from:	who made it, by the kernel's word
 * @buffer:	a buffer, or a larger one in its place; NULL after -ENOMEM
 * @why:	set where we refused
 *
 * Return: 1, it is in the buffer and the sender knows; 0, it is not, and why is between
 * the two sides (refused, withdrawn, died); -EPROTO, it was none.
 */
int kipc_cma_offer_fetch(struct kipc_cma *cma, const struct kipc_cma_packet *packet,
			 const struct ucred *from, struct kipc_buffer **buffer, int *why)
{
	uint64_t offered = kipc_cma_word(packet->number, KIPC_CMA_OFFERED, 0);
	uint64_t found = offered, end;
	atomic_uint_least64_t *word;
	int err;

	if (!kipc_cma_packet_ok(cma, packet))
		return -EPROTO;
	word = &cma->board->words[packet->word];
	if (atomic_load(word) != offered)
		return 0;
	err = kipc_cma_try(cma, packet, from, buffer);
	end = err ? kipc_cma_word(packet->number, KIPC_CMA_REFUSED, -err) :
		    kipc_cma_word(packet->number, KIPC_CMA_TAKEN, 0);
	if (!atomic_compare_exchange_strong(word, &found, end))
		return 0;
	/* It stood, and there was nothing behind it. */
	if (err == -EFAULT)
		return -EPROTO;
	if (err)
		*why = err;
	return !err;
}

/* ---- answers that are kept ---- */

static void kipc_cma_kept_free(struct kipc_cma *cma, struct kipc_cma_kept *kept)
{
	int err;

	if (kept->pid == getpid())
		kipc_cma_offer_end(cma, &kept->offer, &err);
	free(kept);
}

/* Free what has been fetched, or what @gone says; with the lock. */
static void kipc_cma_sweep_locked(struct kipc_cma *cma, const struct kipc_cma_kept *gone, bool all)
{
	struct kipc_cma_kept **at = &cma->kept, *kept;

	while ((kept = *at)) {
		uint64_t standing = kipc_cma_word(kept->offer.number, KIPC_CMA_OFFERED, 0);

		if (!all && kept != gone && kipc_cma_offer_state(cma, &kept->offer) == standing) {
			at = &kept->next;
			continue;
		}
		*at = kept->next;
		cma->kept_count--;
		kipc_cma_kept_free(cma, kept);
	}
}

/**
 * kipc_cma_keep() - offer a copy, so that its owner need not wait
 * @cma:	the line
 * @packet:	as for kipc_cma_offer_make()
 * @data:	copied
 * @len:	its bytes
 * @made:	for kipc_cma_unkeep(), if the packet cannot be sent
 *
 * Return: 0; -ENOBUFS, the peer has too many to fetch already; -ENOMEM, -EPIPE.
 */
int kipc_cma_keep(struct kipc_cma *cma, struct kipc_cma_packet *packet, const void *data,
		  size_t len, struct kipc_cma_kept **made)
{
	struct kipc_cma_kept *kept = malloc(sizeof(*kept) + len);
	int err = kept ? 0 : -ENOMEM;

	pthread_mutex_lock(&cma->lock);
	if (cma->board)
		kipc_cma_sweep_locked(cma, NULL, false);
	if (!err && cma->kept_count >= KIPC_CMA_KEPT)
		err = -ENOBUFS;
	if (!err) {
		memcpy(kept->data, data, len);
		err = kipc_cma_offer_make(cma, &kept->offer, packet, kept->data, len);
	}
	if (!err) {
		kept->pid = getpid();
		kept->next = cma->kept;
		cma->kept = kept;
		cma->kept_count++;
		*made = kept;
	}
	pthread_mutex_unlock(&cma->lock);
	if (err)
		free(kept);
	return err;
}

void kipc_cma_unkeep(struct kipc_cma *cma, struct kipc_cma_kept *kept)
{
	pthread_mutex_lock(&cma->lock);
	kipc_cma_sweep_locked(cma, kept, false);
	pthread_mutex_unlock(&cma->lock);
}

void kipc_cma_unkeep_all(struct kipc_cma *cma)
{
	kipc_cma_sweep_locked(cma, NULL, true);
}
