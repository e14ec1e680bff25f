// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Errors in words: what happened, and what to do about it.
 *
 * The table is searched from its top: a line of a scheme's own stands before the
 * general one.  What it does not have is left to strerror().
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

static const struct kipc_sentence kipc_sentences[] = {
	{ ENODEV, "auto", "none of its mechanisms is here and has what the address demands" },
	{ ENODEV, "binder",
	  "no such device: as root, `modprobe binder_linux devices=binder,hwbinder,vndbinder`" },
	{ ENODEV, "cma", "the kernel has no process_vm_readv(2) (CONFIG_CROSS_MEMORY_ATTACH)" },
	{ ENODEV, "sunrpc", "libtirpc.so.3 is not there: install libtirpc3" },
	{ ENODEV, "pty", "/dev/ptmx is not there: mount devpts" },
	{ ENODEV, NULL,
	  "/dev/kipc is not there: as root, `insmod kipc.ko` or `kipcctl load`" },
	{ EACCES, "channel",
	  "permission denied by the channel (?mode=666) or by /dev/kipc (the udev rule)" },
	{ EACCES, "queue",
	  "permission denied by the queue (?mode=666) or by /dev/kipc (the udev rule)" },
	{ EACCES, "binder", "permission denied by the device, or another user manages it" },
	{ EACCES, "fifo",
	  "permission denied by the path, or the FIFO is another user's: a trap, perhaps" },
	{ EACCES, "tcp", "ports below 1024 are for the privileged" },
	{ EACCES, "udp", "ports below 1024 are for the privileged" },
	{ EACCES, NULL, "permission denied: its owner and mode do not let you in" },
	{ ENOENT, "auto", "nobody listens there: start the server first" },
	{ ENOENT, "channel", "nobody listens there: start the server first" },
	{ ENOENT, "binder", "the device has no context manager: start the server first" },
	{ ENOENT, "unix",
	  "no such socket, or no such directory: start the server first" },
	{ ENOENT, "tcp", "nobody listens on that port, or no such host: start the server first" },
	{ ENOENT, "udp", "nobody has that port, or no such host: start the server first" },
	{ ENOENT, "cma", "no such socket, or no such directory: start the server first" },
	{ ENOENT, "sunrpc",
	  "no such socket: start the server first; or it has not this program or version" },
	{ ENOENT, "sysv-msg",
	  "no such queue, or the path of its key does not exist: start the receiver first" },
	{ ENOENT, "fifo", "no such FIFO, or no such directory: start the receiver first" },
	{ ENOENT, "pty", "no such terminal, or no such directory: start the listener first" },
	{ ENOENT, NULL, "it does not exist: its receiver makes it" },
	{ ECONNREFUSED, "unix",
	  "the socket is there but nobody listens: its server has ended" },
	{ ECONNREFUSED, "fifo", "nobody receives from the path, or it is not a FIFO" },
	{ ECONNREFUSED, "pty",
	  "no terminal of a listener's, or one that has (had) its one client" },
	{ ECONNREFUSED, NULL, "it is there but nobody answers: its server is ending" },
	{ EADDRINUSE, "auto", "another server has the name already" },
	{ EADDRINUSE, "channel", "another server has the name already" },
	{ EADDRINUSE, "binder", "the device has a context manager already: take another one" },
	{ EADDRINUSE, "tcp", "somebody has that port already" },
	{ EADDRINUSE, "udp", "somebody has that port already" },
	{ EADDRINUSE, "unix",
	  "somebody listens there already, or the path is not a socket" },
	{ EADDRINUSE, "cma", "somebody listens there already, or the path is not a socket" },
	{ EADDRINUSE, "sunrpc", "somebody listens there already, or the path is not a socket" },
	{ EADDRINUSE, "fifo",
	  "somebody receives from it already (?shared on all of them), or it is no FIFO" },
	{ EADDRINUSE, "pty", "the path leads to a listener already, or elsewhere" },
	{ EADDRINUSE, NULL,
	  "it has other limits than the address demands: leave those out, or unlink it" },
	{ EPIPE, NULL, "the other side is gone" },
	{ ECONNRESET, NULL,
	  "the other side had received the call and died or refused it: it may have run" },
	{ EAGAIN, NULL, "not possible without waiting" },
	{ ETIMEDOUT, NULL, "the time was up" },
	{ EINTR, NULL, "interrupted by a signal" },
	{ EMSGSIZE, "posix-mq",
	  "the queue is for smaller messages: ?size= (/proc/sys/fs/mqueue/msgsize_max)" },
	{ EMSGSIZE, "sysv-msg",
	  "larger than a System V message may be (/proc/sys/kernel/msgmax)" },
	{ EMSGSIZE, "unix-seqpacket",
	  "larger than the socket's buffer: use ?size= (bound: net.core.wmem_max)" },
	{ EMSGSIZE, "unix-dgram",
	  "larger than the socket's buffer: use ?size= (bound: net.core.wmem_max)" },
	{ EMSGSIZE, "udp", "larger than a datagram may be, 65475 bytes, or than ?size=" },
	{ EMSGSIZE, "unix",
	  "larger than 1 GiB or ?size=, or, without waiting, than the socket's buffer" },
	{ EMSGSIZE, "tcp",
	  "larger than 1 GiB or ?size=, or, without waiting, than the socket's buffer" },
	{ EMSGSIZE, "cma", "larger than ?size= of this end or of the other (default: 16M)" },
	{ EMSGSIZE, "sunrpc",
	  "larger than the socket's buffer: use ?size= (bound: net.core.wmem_max)" },
	{ EMSGSIZE, "channel",
	  "larger than half of the receiver's pool: give that a larger one with ?pool=BYTES" },
	{ EMSGSIZE, "binder", "larger than a pool of Binder is (4M, and half of it one way)" },
	{ EMSGSIZE, "queue",
	  "larger than the queue's messages: make the queue with ?size=BYTES" },
	{ EMSGSIZE, "fifo",
	  "several who share a FIFO receive up to 4072 bytes; or without waiting, it must fit" },
	{ EMSGSIZE, "pipe",
	  "larger than ?size= or a packet (4072 bytes); or without waiting, than the pipe" },
	{ EMSGSIZE, "pty", "larger than ?size=, or than a line may be (4094 bytes)" },
	{ EMSGSIZE, NULL, "larger than this mechanism carries, or than the buffer" },
	{ EPROTO, "pipe",
	  "not a message: two processes send large ones, or a foreign program writes" },
	{ EPROTO, "fifo", "a foreign program writes into the FIFO; that was dropped" },
	{ EPROTO, "pty", "not a message: a foreign program is at the terminal (?cooked: lines)" },
	{ EPROTO, "ring",
	  "there is no ring in this memory, or somebody has written over it: unlink it" },
	{ EPROTO, NULL, "what came is not a message of libkipc's making" },
	{ EDQUOT, "posix-mq",
	  "RLIMIT_MSGQUEUE (ulimit -q) is used up: raise it, or use ?msgs= or ?size=" },
	{ EDQUOT, "unix", "your user has too many descriptors on their way (ulimit -n)" },
	{ EDQUOT, NULL, "your user is at one of the limits of kipc: see `kipcctl status`" },
	{ ENOSPC, "sysv-msg", "there are too many System V queues (/proc/sys/kernel/msgmni)" },
	{ ENOSPC, "posix-mq", "there are too many POSIX queues (/proc/sys/fs/mqueue/queues_max)" },
	{ ENOBUFS, "unix",
	  "no room at the peer, or no memory for so large a packet: try again" },
	{ ENOBUFS, NULL, "no room at the caller now: try again, or a shorter reply" },
	{ EUSERS, NULL, "256 handles use this ring already: let some of them close it" },
	{ EDESTADDRREQ, NULL, "a listener has many clients: say which (options, to)" },
	{ ELOOP, NULL,
	  "a descriptor of kipc, Binder, io_uring or of a UNIX socket may not travel" },
	{ EOPNOTSUPP, "binder",
	  "not from this thread or process: see kipc_address(7), binder" },
	{ EOPNOTSUPP, "sunrpc", "the service has no such procedure, or a reply was given a type" },
	{ EOPNOTSUPP, "ring",
	  "a ring with a name goes one way, and stays in its PID namespace: see kipc_address(7)" },
	{ EOPNOTSUPP, NULL,
	  "this mechanism, or this end of it, cannot do that (see `kipcctl schemes`)" },
	{ EPROTOTYPE, NULL,
	  "there is a socket of another type: unix:, unix-dgram: or unix-seqpacket:" },
	{ EADDRNOTAVAIL, NULL, "this machine does not have that address" },
	{ EHOSTUNREACH, NULL, "no way to that host, or nobody could say where it is" },
	{ ENETUNREACH, NULL, "no way to that network (ip link set lo up?)" },
	{ ECANCELED, NULL, "the caller has stopped waiting" },
	{ EBADF, "pipe",
	  "the descriptor is not open: pipe: takes standard input and output, or ?fd=N" },
	{ EBADF, NULL, "one of the descriptors to send is not open" },
	{ EINVAL, "pipe",
	  "the descriptor is not the right end of a pipe: see kipc_address(7)" },
	{ EINVAL, "pty", "a newline within a line, or ?echo without ?cooked" },
	{ EINVAL, "posix-mq", "no sense in an argument, or a limit beyond /proc/sys/fs/mqueue" },
	{ EINVAL, "channel", "no name, or a pool outside 4K to 1G" },
	{ EINVAL, "binder", "no name, a pool above 4M, or a type above 32 bits" },
	{ EINVAL, "sunrpc",
	  "a type above 32 bits, or with ?xdr a payload that is not XDR of these arguments" },
	{ EINVAL, "queue", "no name, or a message size above 16M" },
	{ EINVAL, "ring", "no name of a region, or a ring of more than 256M" },
	{ EINVAL, NULL, "an argument makes no sense" },
	{ EDEADLK, NULL, "this thread has a call to answer first" },
	{ EPERM, "cma",
	  "the receiver may not read this process: same user, PID namespace and Yama permitting" },
	{ EPERM, NULL, "only its owner may do that" },
	{ EBUSY, NULL, "somebody else is told of its messages already" },
	{ ENOMEM, NULL, "out of memory" },
	{ EMFILE, NULL, "this process has too many open files (ulimit -n)" },
	{ 0, NULL, NULL },
};

/* What a family says of its own before that. */
static const struct kipc_sentence *const kipc_family_sentences[] = {
	[KIPC_FAMILY_REGION] = kipc_region_sentences,
	[KIPC_FAMILY_LOCK] = kipc_lock_sentences,
	[KIPC_FAMILY_NOTICE] = kipc_notice_sentences,
	[KIPC_FAMILY_CONTROL] = kipc_control_sentences,
};

/* What is said of "unix" is true of "unix-dgram" as well. */
static bool kipc_sentence_serves(const char *scheme, const char *other)
{
	size_t len = strlen(scheme);

	return !strncmp(scheme, other, len) && (!other[len] || other[len] == '-');
}

static const char *kipc_sentence_in(const struct kipc_sentence *s,
				    const struct kipc_mechanism *mechanism, int err)
{
	for (; s->err; s++) {
		if (s->err != err)
			continue;
		if (!s->scheme ||
		    (mechanism && kipc_sentence_serves(s->scheme, mechanism->scheme)))
			return s->text;
	}
	return NULL;
}

static const char *kipc_sentence_find(const struct kipc_mechanism *mechanism, int err)
{
	const struct kipc_sentence *own = NULL;
	const char *text = NULL;

	if (mechanism && mechanism->family < ARRAY_SIZE(kipc_family_sentences))
		own = kipc_family_sentences[mechanism->family];
	if (own)
		text = kipc_sentence_in(own, mechanism, err);
	return text ? text : kipc_sentence_in(kipc_sentences, mechanism, err);
}

KIPC_EXPORT char *kipc_explain(const char *address, int err, char *buf, size_t size)
{
	const struct kipc_mechanism *mechanism = address ? kipc_mechanism_find(address) : NULL;
	char reason[KIPC_REASON_SIZE];
	struct kipc_address parsed;
	const char *text;

	if (!buf || !size)
		return buf;
	if (err < 0)
		err = -err;
	/* An address that is wrong in itself says best what is wrong. */
	if (err == EINVAL && address && kipc_address_parse(&parsed, address, reason))
		text = reason;
	else
		text = err ? kipc_sentence_find(mechanism, err) : "no error";
	if (!text)
		text = strerror_r(err, reason, sizeof(reason));
	/* A scheme alone brings its colon along. */
	if (address && *address && address[strlen(address) - 1] == ':')
		snprintf(buf, size, "%s %s", address, text);
	else if (address)
		snprintf(buf, size, "%s: %s", address, text);
	else
		snprintf(buf, size, "%s", text);
	return buf;
}
