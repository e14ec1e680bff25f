// SPDX-License-Identifier: GPL-2.0
/*
 * kipcctl top on a terminal: a picture that is drawn again and again, as wide as the terminal
 * is just then, and the terminal given back as it was, however it ends.
 */
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

#include "lib_test.h"

#define ROWS 12
#define COLUMNS 100

/* The other screen, without a cursor; and back */
#define ENTER "\033[?1049h\033[?25l"
#define LEAVE "\033[?25h\033[?1049l"

/* A picture begins */
#define HOME "\033[H"

FIXTURE(top)
{
	int terminal;
	pid_t pid;
	struct termios before;
	char shown[65536];	/* since it was last looked at, as text */
	size_t len;
};

/* What has come within a moment; false at its end. */
static bool collect(FIXTURE_DATA(top) *self)
{
	struct pollfd poll_fd = { .fd = self->terminal, .events = POLLIN };
	ssize_t n;

	if (poll(&poll_fd, 1, 200) <= 0)
		return true;
	if (self->len > sizeof(self->shown) / 2)
		self->len = 0;
	n = read(self->terminal, self->shown + self->len, sizeof(self->shown) - self->len - 1);
	if (n <= 0)
		return false;
	self->len += n;
	self->shown[self->len] = '\0';
	return true;
}

/* Does it show this, within 20 seconds?  From what follows it the next look begins. */
static bool shows(FIXTURE_DATA(top) *self, const char *text)
{
	char *found;
	int i;

	for (i = 0; i < 100; i++) {
		found = strstr(self->shown, text);
		if (found) {
			self->len -= found + strlen(text) - self->shown;
			memmove(self->shown, found + strlen(text), self->len + 1);
			return true;
		}
		if (!collect(self))
			return strstr(self->shown, text);
	}
	return false;
}

/* How it ended, when it has; -1 if that takes too long.  Who closes reads no more. */
static int end(FIXTURE_DATA(top) *self)
{
	int i, status;

	for (i = 0; i < 100; i++) {
		if (waitpid(self->pid, &status, WNOHANG) == self->pid) {
			self->pid = 0;
			return status;
		}
		if (!collect(self))
			usleep(100000);
	}
	return -1;
}

static bool is_given_back(FIXTURE_DATA(top) *self)
{
	struct termios now;

	return shows(self, LEAVE) && !tcgetattr(self->terminal, &now) &&
	       now.c_lflag == self->before.c_lflag;
}

FIXTURE_SETUP(top)
{
	struct winsize size = { .ws_row = ROWS, .ws_col = COLUMNS };
	int theirs;

	if (access("/dev/kipc", F_OK))
		SKIP(return, "no /dev/kipc");
	ASSERT_EQ(0, openpty(&self->terminal, &theirs, NULL, NULL, &size));
	ASSERT_EQ(0, tcgetattr(self->terminal, &self->before));
	self->pid = fork();
	if (!self->pid) {
		close(self->terminal);
		if (!login_tty(theirs))
			execlp("kipcctl", "kipcctl", "top", "--interval", "0.1", NULL);
		_exit(127);
	}
	close(theirs);
	ASSERT_LT(0, self->pid);
	ASSERT_TRUE(shows(self, ENTER));
	ASSERT_TRUE(shows(self, "0 channels"));
}

FIXTURE_TEARDOWN(top)
{
	if (self->pid > 0) {
		kill(self->pid, SIGKILL);
		waitpid(self->pid, NULL, 0);
	}
	close(self->terminal);
}

TEST_F(top, draws_again_and_again)
{
	int i;

	for (i = 0; i < 3; i++) {
		EXPECT_TRUE(shows(self, HOME));
		EXPECT_TRUE(shows(self, "in a second: 0 messages"));
		EXPECT_TRUE(shows(self, "NAME"));
	}
}

TEST_F(top, q_ends_it)
{
	ASSERT_EQ(1, write(self->terminal, "q", 1));
	EXPECT_EQ(0, end(self));
	EXPECT_TRUE(is_given_back(self));
}

TEST_F(top, ctrl_c_ends_it)
{
	ASSERT_EQ(1, write(self->terminal, "\003", 1));
	EXPECT_EQ(0, end(self));
	EXPECT_TRUE(is_given_back(self));
}

TEST_F(top, sigterm_ends_it)
{
	ASSERT_EQ(0, kill(self->pid, SIGTERM));
	EXPECT_EQ(0, end(self));
	EXPECT_TRUE(is_given_back(self));
}

TEST_F(top, a_key_sorts)
{
	EXPECT_TRUE(shows(self, "by messages"));
	ASSERT_EQ(1, write(self->terminal, "n", 1));
	EXPECT_TRUE(shows(self, "by name"));
}

TEST_F(top, narrower_it_shows_less)
{
	struct winsize size = { .ws_row = ROWS, .ws_col = 40 };
	const char *line;
	size_t len;

	ASSERT_TRUE(shows(self, "HELD  OLDEST  CLIENTS  SERVER"));
	ASSERT_EQ(0, ioctl(self->terminal, TIOCSWINSZ, &size));
	ASSERT_TRUE(shows(self, "NAME  MSGS/S  BYTES/S  FAILED/S  WAIT\r"));
	ASSERT_TRUE(shows(self, HOME));
	while (!strstr(self->shown, HOME))
		ASSERT_TRUE(collect(self));
	for (line = self->shown; strncmp(line, HOME, strlen(HOME)); line += len) {
		len = strcspn(line, "\r\n");
		EXPECT_GE(size.ws_col + strlen("\033[K"), len);
		len += strspn(line + len, "\r\n");
		if (!strncmp(line + len, "\033[J", 3))
			break;
	}
}

TEST_F(top, stopped_it_gives_the_terminal_back_meanwhile)
{
	int status;

	ASSERT_EQ(1, write(self->terminal, "\032", 1));
	ASSERT_EQ(self->pid, waitpid(self->pid, &status, WUNTRACED));
	EXPECT_TRUE(WIFSTOPPED(status));
	EXPECT_TRUE(is_given_back(self));
	ASSERT_EQ(0, kill(self->pid, SIGCONT));
	EXPECT_TRUE(shows(self, ENTER));
	EXPECT_TRUE(shows(self, "0 channels"));
	ASSERT_EQ(1, write(self->terminal, "q", 1));
	EXPECT_EQ(0, end(self));
	EXPECT_TRUE(is_given_back(self));
}

TEST_F(top, it_ends_when_the_terminal_goes)
{
	ASSERT_EQ(0, close(self->terminal));
	self->terminal = open("/dev/null", O_RDWR | O_CLOEXEC);
	EXPECT_NE(-1, end(self));
}

TEST_HARNESS_MAIN
