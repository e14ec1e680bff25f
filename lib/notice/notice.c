// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The public functions of the notices: they check what the caller passed and pass it to
 * the mechanism.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "notice/notice.h"

/* Does /proc say that the descriptor is what has such a line? */
bool kipc_notice_fd_is(int fd, const char *key)
{
	char path[40], line[80];
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/thread-self/fdinfo/%d", fd);
	file = fopen(path, "re");
	if (!file)
		return false;
	while (!found && fgets(line, sizeof(line), file))
		found = !strncmp(line, key, strlen(key));
	fclose(file);
	return found;
}

static const struct kipc_notice_mechanism *kipc_notice_of(const struct kipc_address *address)
{
	return container_of(address->mechanism, struct kipc_notice_mechanism, mechanism);
}

static int kipc_notice_parse(struct kipc_notice **notice, struct kipc_address *address,
			     const char *text)
{
	int err;

	if (!notice)
		return -EINVAL;
	*notice = NULL;
	err = kipc_address_parse_as(address, text, KIPC_FAMILY_NOTICE);
	if (err)
		return err;
	return address->mechanism->name_rule && !address->name[0] ? -EINVAL : 0;
}

/* Are these options, with no other flags than those? */
static bool kipc_notice_options_ok(const struct kipc_notice_options *options, uint32_t flags)
{
	return options->size == sizeof(*options) && !(options->flags & ~flags) &&
	       !options->reserved;
}

KIPC_EXPORT int kipc_notice_open(struct kipc_notice **notice, const char *address,
				 const struct kipc_notice_options *options)
{
	struct kipc_address parsed;
	int err = kipc_notice_parse(notice, &parsed, address);

	if (err)
		return err;
	if (options) {
		if (!kipc_notice_options_ok(options, KIPC_NOTICE_OPT_SEMAPHORE) ||
		    options->value == UINT64_MAX)
			return -EINVAL;
		kipc_address_wish(&parsed, KIPC_PARAM_VALUE, options->value);
		kipc_address_wish(&parsed, KIPC_PARAM_SEMAPHORE,
				  options->flags & KIPC_NOTICE_OPT_SEMAPHORE);
	}
	return kipc_notice_of(&parsed)->open(notice, &parsed);
}

KIPC_EXPORT int kipc_notice_open_fd(struct kipc_notice **notice, const char *address, int fd)
{
	struct kipc_address parsed;
	int err = kipc_notice_parse(notice, &parsed, address);

	if (err)
		return err;
	if (fd < 0)
		return -EBADF;
	/* What it is, its maker has decided. */
	return parsed.given ? -EINVAL : kipc_notice_of(&parsed)->open_fd(notice, &parsed, fd);
}

KIPC_EXPORT int kipc_notice_target(struct kipc_notice **notice, const char *address, pid_t pid)
{
	struct kipc_address parsed;
	int err = kipc_notice_parse(notice, &parsed, address);

	if (err)
		return err;
	if (!kipc_notice_of(&parsed)->target)
		return -EOPNOTSUPP;
	return pid <= 0 ? -EINVAL : kipc_notice_of(&parsed)->target(notice, &parsed, pid);
}

KIPC_EXPORT int kipc_notice_catch(struct kipc_notice **notice, const char *address,
				  kipc_notice_fn fn, void *user,
				  const struct kipc_notice_options *options)
{
	struct kipc_address parsed;
	int err = kipc_notice_parse(notice, &parsed, address);

	if (err)
		return err;
	if (!kipc_notice_of(&parsed)->catch)
		return -EOPNOTSUPP;
	if (!fn || (options && !kipc_notice_options_ok(options, KIPC_NOTICE_OPT_RESTART)))
		return -EINVAL;
	return kipc_notice_of(&parsed)->catch(notice, &parsed, fn, user,
					      options ? options->flags : 0);
}

KIPC_EXPORT int kipc_notice_raise(struct kipc_notice *notice, uint64_t value)
{
	if (!notice)
		return -EINVAL;
	return notice->mechanism->raise ? notice->mechanism->raise(notice, value) : -EOPNOTSUPP;
}

KIPC_EXPORT int kipc_notice_wait(struct kipc_notice *notice, struct kipc_notice_event *event,
				 int64_t timeout)
{
	struct kipc_notice_event told;

	if (!notice)
		return -EINVAL;
	if (!notice->mechanism->wait)
		return -EOPNOTSUPP;
	if (!event)
		event = &told;
	memset(event, 0, sizeof(*event));
	return notice->mechanism->wait(notice, event, kipc_deadline_after(timeout));
}

KIPC_EXPORT int kipc_notice_pending(const struct kipc_notice *notice)
{
	if (!notice)
		return -EINVAL;
	return notice->mechanism->pending ? notice->mechanism->pending(notice) : -EOPNOTSUPP;
}

KIPC_EXPORT int kipc_notice_fd(const struct kipc_notice *notice)
{
	if (!notice)
		return -EINVAL;
	return notice->mechanism->fd ? notice->mechanism->fd(notice) : -EOPNOTSUPP;
}

static int kipc_notice_info_fill(const struct kipc_notice_mechanism *mechanism, int signo,
				 struct kipc_notice_info *info)
{
	if (info->size != sizeof(*info))
		return -EINVAL;
	info->scheme = mechanism->mechanism.scheme;
	info->can = mechanism->can(signo);
	info->signo = signo;
	return 0;
}

KIPC_EXPORT int kipc_notice_info(const struct kipc_notice *notice,
				 struct kipc_notice_info *info)
{
	if (!notice || !info)
		return -EINVAL;
	return kipc_notice_info_fill(notice->mechanism, notice->signo, info);
}

KIPC_EXPORT int kipc_notice_scheme_info(const char *address, struct kipc_notice_info *info)
{
	const struct kipc_mechanism *mechanism = address ? kipc_mechanism_find(address) : NULL;
	struct kipc_address parsed;
	int signo = 0;

	if (!info || !mechanism || mechanism->family != KIPC_FAMILY_NOTICE)
		return -EINVAL;
	if (strchr(address, ':')) {
		if (kipc_address_parse(&parsed, address, NULL))
			return -EINVAL;
		if (parsed.name[0])
			signo = kipc_signal_number(parsed.name);
	}
	return kipc_notice_info_fill(container_of(mechanism, struct kipc_notice_mechanism,
						  mechanism), signo, info);
}

KIPC_EXPORT int kipc_notice_close(struct kipc_notice *notice)
{
	if (notice)
		notice->mechanism->close(notice);
	return 0;
}
