// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The public functions that move no message: what a handle is and can do, what its
 * store of messages holds, how to be told of messages, which schemes there are.
 */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "internal.h"

KIPC_EXPORT int kipc_fd(const struct kipc *handle)
{
	if (!handle)
		return -EINVAL;
	if (!handle->transport->fd)
		return -EOPNOTSUPP;
	/* A transport may note that its descriptor is being polled. */
	return handle->transport->fd((struct kipc *)handle);
}

/* The sides of a handle are named as what a caller wants of them. */
static_assert(KIPC_WANT_RECV == KIPC_SIDE_RECV && KIPC_WANT_SEND == KIPC_SIDE_SEND,
	      "one bit, two names");

KIPC_EXPORT int kipc_events(const struct kipc *handle, uint32_t want,
			    struct kipc_events *events)
{
	const struct kipc_transport *transport;

	if (!handle || !events || events->size != sizeof(*events) || !want ||
	    want & ~(KIPC_WANT_RECV | KIPC_WANT_SEND))
		return -EINVAL;
	if (want & ~handle->side)
		return -EOPNOTSUPP;
	transport = handle->transport;
	events->fd = transport->fd ? transport->fd((struct kipc *)handle) : -1;
	events->events = (want & KIPC_WANT_RECV ? POLLIN : 0) |
			 (want & KIPC_WANT_SEND ? POLLOUT : 0);
	events->timeout = events->fd < 0 ? KIPC_LOOK_EVERY : KIPC_FOREVER;
	if (want & KIPC_WANT_RECV && kipc_msg_any_kept(handle))
		events->timeout = 0;
	return transport->events ?
		transport->events((struct kipc *)handle, want, events) : 0;
}

static int kipc_address_text(const struct kipc *handle, bool of_peer, uint64_t peer, char *buf,
			     size_t size)
{
	if (!handle || !buf || !size)
		return -EINVAL;
	if (!handle->transport->address)
		return -EOPNOTSUPP;
	return handle->transport->address((struct kipc *)handle, of_peer, peer, buf, size);
}

KIPC_EXPORT int kipc_local_address(const struct kipc *handle, char *buf, size_t size)
{
	return kipc_address_text(handle, false, 0, buf, size);
}

KIPC_EXPORT int kipc_peer_address(const struct kipc *handle, uint64_t peer, char *buf,
				  size_t size)
{
	return kipc_address_text(handle, true, peer, buf, size);
}

/* Nothing is known yet. */
static void kipc_stat_init(struct kipc_stat *stat)
{
	*stat = (struct kipc_stat){
		.size = sizeof(*stat),
		.msgs = KIPC_UNKNOWN,
		.bytes = KIPC_UNKNOWN,
		.max_msgs = KIPC_UNKNOWN,
		.max_bytes = KIPC_UNKNOWN,
		.max_size = KIPC_UNKNOWN,
		.peak_msgs = KIPC_UNKNOWN,
		.peak_bytes = KIPC_UNKNOWN,
		.sent = KIPC_UNKNOWN,
		.received = KIPC_UNKNOWN,
		.senders = KIPC_UNKNOWN,
		.receivers = KIPC_UNKNOWN,
	};
}

KIPC_EXPORT int kipc_stat(const struct kipc *handle, struct kipc_stat *stat)
{
	if (!handle || !stat || stat->size != sizeof(*stat))
		return -EINVAL;
	if (!handle->transport->stat)
		return -EOPNOTSUPP;
	kipc_stat_init(stat);
	return handle->transport->stat(handle, stat);
}

KIPC_EXPORT int kipc_change(struct kipc *handle, const struct kipc_change *change)
{
	const uint32_t known = KIPC_CHANGE_MODE | KIPC_CHANGE_UID | KIPC_CHANGE_GID |
			       KIPC_CHANGE_MSGS | KIPC_CHANGE_BYTES | KIPC_CHANGE_SIZE;

	if (!handle || !change || change->size != sizeof(*change) || change->what & ~known)
		return -EINVAL;
	if (change->what & KIPC_CHANGE_MODE && change->mode & ~0777U)
		return -EINVAL;
	if (!handle->transport->change)
		return -EOPNOTSUPP;
	return handle->transport->change(handle, change);
}

static bool kipc_notify_ok(const struct kipc_notify_options *options)
{
	if (options->size != sizeof(*options) ||
	    options->flags & ~(KIPC_TELL_ONCE | KIPC_TELL_EACH))
		return false;
	switch (options->how) {
	case KIPC_TELL_SIGNAL:
		return options->signo > 0 && !options->fd && !options->function;
	case KIPC_TELL_EVENTFD:
		return options->fd >= 0 && !options->signo && !options->value &&
		       !options->function;
	case KIPC_TELL_THREAD:
		return options->function && !options->signo && !options->fd;
	default:
		return false;
	}
}

KIPC_EXPORT int kipc_notify(struct kipc *handle, const struct kipc_notify_options *options)
{
	if (!handle || (options && !kipc_notify_ok(options)))
		return -EINVAL;
	if (!handle->transport->notify || !(handle->side & KIPC_SIDE_RECV))
		return -EOPNOTSUPP;
	return handle->transport->notify(handle, options);
}

static int kipc_info_fill(const struct kipc_transport *transport,
			  const struct kipc *handle, struct kipc_info *info)
{
	if (info->size != sizeof(*info))
		return -EINVAL;
	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	info->scheme = transport->mechanism.scheme;
	info->can = transport->can;
	info->max_size = UINT64_MAX;
	transport->limits(handle, info);
	return 0;
}

KIPC_EXPORT int kipc_info(const struct kipc *handle, struct kipc_info *info)
{
	if (!handle || !info)
		return -EINVAL;
	return kipc_info_fill(handle->transport, handle, info);
}

KIPC_EXPORT int kipc_scheme_info(const char *address, struct kipc_info *info)
{
	const struct kipc_mechanism *mechanism;

	if (!address || !info)
		return -EINVAL;
	mechanism = kipc_mechanism_find(address);
	if (!mechanism || mechanism->family != KIPC_FAMILY_TRANSPORT)
		return -EINVAL;
	return kipc_info_fill(container_of(mechanism, struct kipc_transport, mechanism), NULL,
			      info);
}

KIPC_EXPORT const char *kipc_scheme(unsigned int n)
{
	const struct kipc_mechanism *const *m;

	for (m = kipc_mechanisms; *m; m++)
		if ((*m)->family == KIPC_FAMILY_TRANSPORT && !n--)
			return (*m)->scheme;
	return NULL;
}
