// SPDX-License-Identifier: GPL-2.0
/*
 * kipcctl: a terminal that is drawn over and over.
 *
 * The few sequences that this needs are those that every terminal of the last forty years
 * has (and the other screen, which those that have not ignore), so there is no need of
 * ncurses.  Signals are blocked and come by a descriptor: none finds the terminal half drawn.
 * exit() gives it back too, as the verb may end anywhere.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "kipcctl.h"
#include "screen.h"
#include "talk.h"

/* The other screen, no cursor; and back */
#define ENTER	"\033[?1049h\033[?25l"
#define LEAVE	"\033[?25h\033[?1049l"
#define HOME	"\033[H"
#define CLEAR_LINE	"\033[K"
#define CLEAR_REST	"\033[J"

static struct termios before;
static bool entered, changed;

static void leave(void)
{
	if (!entered)
		return;
	entered = false;
	write_full(STDOUT_FILENO, LEAVE, strlen(LEAVE));
	if (changed)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
	changed = false;
}

/* Keys come at once and are not shown; Ctrl-C and Ctrl-Z stay signals. */
static void enter(const struct screen *screen)
{
	struct termios raw;

	if (screen->keys && !tcgetattr(STDIN_FILENO, &before)) {
		raw = before;
		raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		raw.c_cc[VMIN] = 1;
		raw.c_cc[VTIME] = 0;
		changed = !tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
	}
	entered = true;
	write_full(STDOUT_FILENO, ENTER, strlen(ENTER));
}

static void measure(struct screen *screen)
{
	struct winsize size;

	screen->width = 80;
	screen->height = 24;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		return;
	if (size.ws_col)
		screen->width = size.ws_col;
	if (size.ws_row)
		screen->height = size.ws_row;
}

/* 0 or -errno */
int screen_open(struct screen *screen)
{
	static const int numbers[] = {
		SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH,
	};
	unsigned int i;
	sigset_t set;

	sigemptyset(&set);
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaddset(&set, numbers[i]);
	screen->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (screen->signals < 0)
		return -errno;
	sigprocmask(SIG_BLOCK, &set, NULL);
	screen->keys = isatty(STDIN_FILENO);
	measure(screen);
	atexit(leave);
	enter(screen);
	return 0;
}

void screen_close(struct screen *screen)
{
	leave();
	close(screen->signals);
}

/*
 * Draw lines over what is there: as many as there is room for, and of each what there is
 * room for.  A line is cleared before it is written: behind a full one the cursor stands on
 * its last character.  All goes out at once, so nothing flickers.  0 or -errno.
 */
int screen_draw(const struct screen *screen, const char *text)
{
	size_t size = 0, len;
	unsigned int row;
	char *out = NULL;
	FILE *memory = open_memstream(&out, &size);
	int err;

	if (!memory)
		return -ENOMEM;
	fputs(HOME, memory);
	for (row = 0; *text && row < screen->height; row++) {
		len = strcspn(text, "\n");
		fprintf(memory, "%s" CLEAR_LINE "%.*s", row ? "\r\n" : "",
			(int)(len < screen->width ? len : screen->width), text);
		text += len + (text[len] == '\n');
	}
	if (row < screen->height)
		fputs("\r\n" CLEAR_REST, memory);
	err = fclose(memory) ? -ENOMEM : write_full(STDOUT_FILENO, out, size);
	free(out);
	return err;
}

/*
 * As the terminal would have done it, but for the screen, which the shell needs meanwhile.
 * Where there is no shell to let it go on again, the kernel does not stop it.
 */
static void stop(struct screen *screen)
{
	sigset_t set;

	leave();
	sigemptyset(&set);
	sigaddset(&set, SIGTSTP);
	raise(SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	sigprocmask(SIG_BLOCK, &set, NULL);
	enter(screen);
	measure(screen);
}

static int take_signal(struct screen *screen)
{
	struct signalfd_siginfo info;

	if (read(screen->signals, &info, sizeof(info)) != sizeof(info))
		return 0;
	switch (info.ssi_signo) {
	case SIGTSTP:
		stop(screen);
		return SCREEN_RESIZED;
	case SIGWINCH:
		measure(screen);
		return SCREEN_RESIZED;
	default:
		return SCREEN_END;
	}
}

/* A key; its terminal's end is an end. */
static int take_key(void)
{
	unsigned char key;
	ssize_t n = read(STDIN_FILENO, &key, 1);

	if (n == 1)
		return key;
	return n < 0 && (errno == EINTR || errno == EAGAIN) ? 0 : SCREEN_END;
}

/*
 * A key, or SCREEN_*; @until is a time of CLOCK_MONOTONIC.  When it is over already there is
 * one look: signals and keys come through, however slow the drawing is.
 */
int screen_wait(struct screen *screen, int64_t until)
{
	struct pollfd polls[] = {
		{ .fd = screen->signals, .events = POLLIN },
		{ .fd = screen->keys ? STDIN_FILENO : -1, .events = POLLIN },
	};
	int what = 0, n;

	while (!what) {
		int64_t ns = until - now();
		struct timespec left = { 0 };

		if (ns > 0) {
			left.tv_sec = ns / KIPC_S(1);
			left.tv_nsec = ns % KIPC_S(1);
		}
		n = ppoll(polls, 2, &left, NULL);
		if (n < 0 && errno != EINTR)
			return SCREEN_END;
		if (!n)
			return SCREEN_TIME;
		if (n > 0)
			what = polls[0].revents ? take_signal(screen) : take_key();
	}
	return what;
}
