/* SPDX-License-Identifier: GPL-2.0 */
/*
 * raw_channel: what the baselines over a kipc channel by ioctl(2) share
 */
#ifndef RAW_CHANNEL_H
#define RAW_CHANNEL_H

#include "driver.h"

#include <linux/kipc.h>

/**
 * struct raw_channel - one end
 * @fd:		its endpoint
 * @pool:	its pool, mapped
 * @pool_size:	bytes of that
 * @held:	the message to end with the next request, or 0
 * @name:	the channel's name
 * @more:	a driver's own, freed with the rest; or NULL
 */
struct raw_channel {
	int fd;
	char *pool;
	uint64_t pool_size;
	uint64_t held;
	char name[KIPC_NAME_SIZE];
	void *more;
};

int raw_channel_request(struct raw_channel *channel, unsigned long nr, void *arg);
int raw_channel_prepare(struct lane *lane);
int raw_channel_open(struct lane *lane, int step);
void raw_channel_close(struct lane *lane);

#endif /* RAW_CHANNEL_H */
