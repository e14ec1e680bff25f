/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kipcctl: a terminal that is drawn over and over, and given back as it was: when the verb
 * ends, when a signal ends it, and while it is stopped (Ctrl-Z).
 */
#ifndef KIPCCTL_SCREEN_H
#define KIPCCTL_SCREEN_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <termios.h>

struct screen {
	int signals;		/* a signalfd: what there is to know */
	bool keys;		/* standard input is the terminal */
	unsigned int width;
	unsigned int height;
};

/* What screen_wait() may return, beside a key. */
#define SCREEN_TIME	(-1)	/* the time is up */
#define SCREEN_RESIZED	(-2)	/* draw again; also after having been stopped */
#define SCREEN_END	(-3)	/* a signal wants us to end */

int screen_open(struct screen *screen);
int screen_draw(const struct screen *screen, const char *text);
int screen_wait(struct screen *screen, int64_t until);
void screen_close(struct screen *screen);

#endif /* KIPCCTL_SCREEN_H */
