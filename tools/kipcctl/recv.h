/* SPDX-License-Identifier: GPL-2.0 */
/* kipcctl recv: recv.c has the arguments and files, recv_messages.c single messages. */
#ifndef KIPCCTL_RECV_H
#define KIPCCTL_RECV_H

#include "talk.h"

struct recv_args {
	const char *address;
	const char *file;
	int64_t timeout;
	uint64_t count;		/* messages; 0: a file, or all that come (@follow) */
	bool follow;
	bool raw;
	bool json;
	struct kipc_recv_options options;
};

int receive_messages(struct kipc *handle, int fd, const struct recv_args *args);
int failed_to_write(const struct recv_args *args, int err);

#endif /* KIPCCTL_RECV_H */
