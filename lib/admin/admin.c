// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The handle, and what is said of errors.
 *
 * Each public call begins with kipc_admin_begin(), so that a sentence is always of the last
 * call.  Where the kernel gave a reason that is the sentence, otherwise it is one of these.
 */
#include <stdio.h>
#include <stdlib.h>

#include "admin.h"

static const struct {
	int err;
	const char *text;
} kipc_admin_sentences[] = {
	{ ENODEV, "the module is not loaded: as root, `kipcctl load`" },
	{ ENOENT, "no such channel, endpoint, queue or account" },
	{ EPERM, "not for this user: look who owns it, or ask the administrator" },
	{ EACCES, "not for this user: look who owns it, or ask the administrator" },
	{ EINVAL, "an argument makes no sense" },
	{ ERANGE, "the kernel does not take that value" },
	{ EIDRM, "it has just been removed" },
	{ EAGAIN, "nothing has happened" },
	{ ETIMEDOUT, "nothing has happened in that time" },
	{ EINTR, "interrupted by a signal" },
	{ ENOBUFS, "events came faster than they were taken, and some are lost" },
	{ EPROTO, "the kernel's answer makes no sense: are module and library of one version?" },
	{ EOPNOTSUPP, "the module that is loaded is too old for that" },
	{ EPROTONOSUPPORT, "this kernel has no generic netlink" },
	{ EMFILE, "this process has too many open files (ulimit -n)" },
	{ ENOMEM, "out of memory" },
};

static const char *kipc_admin_sentence(int err)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kipc_admin_sentences); i++)
		if (kipc_admin_sentences[i].err == err)
			return kipc_admin_sentences[i].text;
	return NULL;
}

/*
 * Note why a call fails.  @text: a better sentence than the error's own, or NULL.
 *
 * Returns @err.
 */
int kipc_admin_fail(struct kipc_admin *admin, int err, const char *text)
{
	char buf[128];

	if (!text)
		text = kipc_admin_sentence(-err);
	if (!text)
		text = strerror_r(-err, buf, sizeof(buf));
	snprintf(admin->error, sizeof(admin->error), "%s", text);
	return err;
}

/* A public call begins. */
int kipc_admin_begin(struct kipc_admin *admin)
{
	if (!admin)
		return -EINVAL;
	snprintf(admin->error, sizeof(admin->error), "no error");
	return 0;
}

/* Can anything have this name?  Which ones the kernel takes it says itself. */
bool kipc_admin_name_ok(struct kipc_admin *admin, const char *name)
{
	if (name && *name && strlen(name) < KIPC_ADMIN_NAME)
		return true;
	kipc_admin_fail(admin, -EINVAL, "a name has 1 to 255 bytes");
	return false;
}

KIPC_EXPORT int kipc_admin_open(struct kipc_admin **admin)
{
	struct kipc_admin *new;
	int err;

	if (!admin)
		return -EINVAL;
	*admin = NULL;
	new = calloc(1, sizeof(*new));
	if (!new)
		return -ENOMEM;
	kipc_admin_begin(new);
	new->answers.fd = -1;
	new->events.fd = -1;
	err = kipc_netlink_open(&new->answers);
	if (!err)
		err = kipc_netlink_open(&new->events);
	if (!err)
		err = kipc_genl_find(new, &new->family);
	if (err) {
		kipc_admin_close(new);
		return err;
	}
	*admin = new;
	return 0;
}

KIPC_EXPORT void kipc_admin_close(struct kipc_admin *admin)
{
	if (!admin)
		return;
	kipc_netlink_close(&admin->answers);
	kipc_netlink_close(&admin->events);
	free(admin);
}

KIPC_EXPORT const char *kipc_admin_error(const struct kipc_admin *admin)
{
	if (!admin)
		return "not open: the module is not loaded, perhaps (as root, `kipcctl load`)";
	return admin->error;
}
