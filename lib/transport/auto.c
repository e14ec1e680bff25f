// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * auto: the best of the mechanisms that are here, for programs that want calls and
 * replies and do not care how.
 *
 * It is no transport of its own: the handle that it returns is that of the one it
 * chose.  The candidates stand in an order that was measured (kipc_address(7)); each
 * is known by the same name.  A listener takes the first that this machine has.  Its
 * clients cannot know which that was (the module may have been loaded since), so they
 * try one after the other; and a listener looks for another's at the later ones too,
 * lest both believe that they have the name.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

static const struct kipc_choice {
	const struct kipc_transport *transport;
	const char *prefix;		/* of its names */
} kipc_choices[] = {
	{ &kipc_channel_transport, "" },
	{ &kipc_unix_seqpacket_transport, "@" },
};

static bool kipc_auto_name_ok(const char *name)
{
	/* The shortest limit is that of a socket's address. */
	return kipc_device_name_ok(name) && strlen(name) <= 106;
}

/*
 * The candidate's address, without the wishes that it has no option for.  One that has
 * none for a demand is no candidate: -ENODEV.
 */
static int kipc_auto_address(struct kipc_address *to, const struct kipc_choice *choice,
			     const struct kipc_address *from)
{
	const struct kipc_mechanism *mechanism = &choice->transport->mechanism;

	if (from->demanded & ~mechanism->params)
		return -ENODEV;
	*to = *from;
	to->mechanism = mechanism;
	to->given &= mechanism->params;
	if (from->name[0])
		snprintf(to->name, sizeof(to->name), "%s%.106s", choice->prefix, from->name);
	return 0;
}

/* Is it this machine, or this user's rights to it, that lacks the mechanism? */
static bool kipc_auto_is_absent(int err)
{
	return err == -ENODEV || err == -EACCES;
}

static int kipc_auto_connect(struct kipc **handle, const struct kipc_address *address)
{
	struct kipc_address candidate;
	int err, result = -ENODEV;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kipc_choices); i++) {
		err = kipc_auto_address(&candidate, &kipc_choices[i], address);
		if (!err)
			err = kipc_choices[i].transport->connect(handle, &candidate);
		if (!err)
			return 0;
		if (!kipc_auto_is_absent(err) && err != -ENOENT && err != -ECONNREFUSED)
			return err;
		/* That it may not is better to know than that there is none. */
		if (result != -EACCES && err != -ENODEV)
			result = err;
	}
	return result;
}

/* Does somebody listen at one of the later candidates? */
static bool kipc_auto_is_taken(const struct kipc_address *address, size_t chosen)
{
	struct kipc_address candidate;
	struct kipc *other;
	size_t i;

	for (i = chosen + 1; i < ARRAY_SIZE(kipc_choices); i++) {
		if (kipc_auto_address(&candidate, &kipc_choices[i], address) ||
		    kipc_choices[i].transport->connect(&other, &candidate))
			continue;
		other->transport->close(other);
		return true;
	}
	return false;
}

static int kipc_auto_listen(struct kipc **handle, const struct kipc_address *address)
{
	struct kipc_address candidate;
	int err = -ENODEV;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kipc_choices) && kipc_auto_is_absent(err); i++) {
		err = kipc_auto_address(&candidate, &kipc_choices[i], address);
		if (!err)
			err = kipc_choices[i].transport->listen(handle, &candidate);
		if (!err && kipc_auto_is_taken(address, i)) {
			(*handle)->transport->close(*handle);
			*handle = NULL;
			err = -EADDRINUSE;
		}
	}
	return err;
}

static int kipc_auto_pair(struct kipc *ends[2], const struct kipc_address *address)
{
	struct kipc_address candidate;
	int err = -ENODEV;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kipc_choices) && kipc_auto_is_absent(err); i++) {
		err = kipc_auto_address(&candidate, &kipc_choices[i], address);
		if (!err)
			err = kipc_choices[i].transport->pair(ends, &candidate);
	}
	return err;
}

/* Of the last, which every machine has. */
static void kipc_auto_limits(const struct kipc *handle, struct kipc_info *info)
{
	kipc_choices[ARRAY_SIZE(kipc_choices) - 1].transport->limits(handle, info);
}

/* What all the candidates can do. */
const struct kipc_transport kipc_auto_transport = {
	.mechanism.scheme = "auto",
	.mechanism.params = KIPC_PARAM_BIT(KIPC_PARAM_MODE) | KIPC_PARAM_BIT(KIPC_PARAM_SIZE) |
			    KIPC_PARAM_BIT(KIPC_PARAM_POOL) | KIPC_PARAM_BIT(KIPC_PARAM_BUSY) |
			    KIPC_PARAM_BIT(KIPC_PARAM_RING) |
			    KIPC_PARAM_BIT(KIPC_PARAM_NOTICES) |
			    KIPC_PARAM_BIT(KIPC_PARAM_NICE),
	.mechanism.name_rule = "a name is 1 to 106 printable characters without '/' and space",
	.mechanism.name_ok = kipc_auto_name_ok,
	.can = KIPC_CAN_LISTEN | KIPC_CAN_PAIR | KIPC_CAN_DUPLEX | KIPC_CAN_CALL |
	       KIPC_CAN_TYPE | KIPC_CAN_POLL | KIPC_CAN_PEER | KIPC_CAN_FDS,
	.listen = kipc_auto_listen,
	.connect = kipc_auto_connect,
	.pair = kipc_auto_pair,
	.limits = kipc_auto_limits,
};
