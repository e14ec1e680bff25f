/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kipcctl: who is stuck?  What the numbers of a channel, queue or endpoint mean together,
 * in sentences.
 */
#ifndef KIPCCTL_FINDINGS_H
#define KIPCCTL_FINDINGS_H

#include <stddef.h>

#include "kipc_admin.h"

/* Begin with 0 everywhere. */
struct findings {
	char **sentences;
	size_t count;
	size_t room;
};

/* An endpoint, and the messages that it holds, the oldest first. */
struct held {
	const struct kipc_admin_endpoint *endpoint;
	const struct kipc_admin_message *messages;
	size_t count;
};

void find_endpoint(struct findings *findings, const struct held *held);
void find_queue(struct findings *findings, const struct kipc_admin_queue *queue);
void findings_print(const struct findings *findings);
void findings_free(struct findings *findings);

#endif /* KIPCCTL_FINDINGS_H */
