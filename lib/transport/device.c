// SPDX-License-Identifier: LGPL-2.1-or-later
/* /dev/kipc: what channel: and queue: share. */
#include <errno.h>
#include <fcntl.h>
#include <linux/kipc.h>
#include <string.h>
#include <sys/ioctl.h>

#include "internal.h"

/* A new endpoint without a role, or -ENODEV when there is no module. */
int kipc_device_open(void)
{
	int fd = open("/dev/kipc", O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	return errno == ENOENT || errno == ENXIO ? -ENODEV : -errno;
}

int kipc_device_ioctl(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg) < 0 ? -errno : 0;
}

bool kipc_device_name_ok(const char *name)
{
	const char *c;

	for (c = name; *c; c++)
		if (*c <= ' ' || *c > '~' || *c == '/')
			return false;
	return c > name && c - name < KIPC_NAME_SIZE;
}

/* Copy a name that is ok into a zeroed field of %KIPC_NAME_SIZE bytes. */
void kipc_device_set_name(char *field, const char *name)
{
	memcpy(field, name, strnlen(name, KIPC_NAME_SIZE - 1));
}

/* Busy-poll on this endpoint as the address says. */
int kipc_device_tune(int fd, const struct kipc_address *address)
{
	uint64_t most = KIPC_BUSY_POLL_MAX;
	uint64_t wanted = kipc_address_get(address, KIPC_PARAM_BUSY, 0);
	struct kipc_endpoint_tune tune = {
		.size = sizeof(tune),
		.busy_poll = wanted < most ? wanted : most,
	};

	return wanted ? kipc_device_ioctl(fd, KIPC_IOC_ENDPOINT_TUNE, &tune) : 0;
}
