/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Watch: find those who hold messages too long.
 *
 * A receiver that forgets to release takes from everybody who sends to it.  While somebody
 * listens to such news, wherever that is, all servers and clients are looked at every now and
 * then, and one that has held a message longer than the parameter pool_stuck says is told of
 * (event.h): once for that message.
 *
 * It is a work that comes back by itself, four times in that while.
 */
#ifndef KIPC_WATCH_H
#define KIPC_WATCH_H

void kipc_watch_start(void);
void kipc_watch_stop(void);

#endif /* KIPC_WATCH_H */
