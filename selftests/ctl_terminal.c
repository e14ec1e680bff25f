// SPDX-License-Identifier: GPL-2.0
/*
 * kipcctl top on a terminal: a picture that is drawn again and again, as wide as the terminal
 * is just then, and the terminal given back as it was, however it ends; and a job of a shell,
 * which may stop it, and let it go on.
 */
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
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

struct view {
	int terminal;
	pid_t pid;
	struct termios before;
	char shown[65536];	/* since it was last looked at, as text */
	size_t len;
};

FIXTURE(top)
{
	struct view view;
};

/* The same below a shell: @pid is that one's */
FIXTURE(job)
{
	struct view view;
};

/* What has come within a moment; false at its end. */
static bool collect(struct view *view)
{
	struct pollfd poll_fd = { .fd = view->terminal, .events = POLLIN };
	ssize_t n;

	if (poll(&poll_fd, 1, 200) <= 0)
		return true;
	if (view->len > sizeof(view->shown) / 2)
		view->len = 0;
	n = read(view->terminal, view->shown + view->len, sizeof(view->shown) - view->len - 1);
	if (n <= 0)
		return false;
	view->len += n;
	view->shown[view->len] = '\0';
	return true;
}

/* Does it show this, within 20 seconds?  From what follows it the next look begins. */
static bool shows(struct view *view, const char *text)
{
	char *found;
	int i;

	for (i = 0; i < 100; i++) {
		found = strstr(view->shown, text);
		if (found) {
			view->len -= found + strlen(text) - view->shown;
			memmove(view->shown, found + strlen(text), view->len + 1);
			return true;
		}
		if (!collect(view))
			return strstr(view->shown, text);
	}
	return false;
}

/* How it ended, when it has; -1 if that takes too long.  Who closes reads no more. */
static int end(struct view *view)
{
	int i, status;

	for (i = 0; i < 100; i++) {
		if (waitpid(view->pid, &status, WNOHANG) == view->pid) {
			view->pid = 0;
			return status;
		}
		if (!collect(view))
			usleep(100000);
	}
	return -1;
}

static bool is_given_back(struct view *view)
{
	struct termios now;

	return shows(view, LEAVE) && !tcgetattr(view->terminal, &now) &&
	       now.c_lflag == view->before.c_lflag;
}

static void run_top(void)
{
	execlp("kipcctl", "kipcctl", "top", "--interval", "0.1", NULL);
	_exit(127);
}

/* As little of a shell as has one job, in the foreground: it stops and goes on with it. */
static void run_job(void)
{
	pid_t job = fork();
	int status;

	if (!job) {
		setpgid(0, 0);
		signal(SIGTTOU, SIG_IGN);
		tcsetpgrp(STDIN_FILENO, getpid());
		signal(SIGTTOU, SIG_DFL);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		run_top();
	}
	while (waitpid(job, &status, WUNTRACED) == job && WIFSTOPPED(status)) {
		raise(SIGSTOP);
		kill(job, SIGCONT);
	}
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 126);
}

/* Return: whether it draws.  Without a shell it is alone in its session. */
static bool start(struct view *view, bool shell)
{
	struct winsize size = { .ws_row = ROWS, .ws_col = COLUMNS };
	int theirs;

	if (openpty(&view->terminal, &theirs, NULL, NULL, &size) ||
	    tcgetattr(view->terminal, &view->before))
		return false;
	view->pid = fork();
	if (!view->pid) {
		close(view->terminal);
		if (login_tty(theirs))
			_exit(127);
		if (shell)
			run_job();
		run_top();
	}
	close(theirs);
	return view->pid > 0 && shows(view, ENTER) && shows(view, "0 channels");
}

static void finish(struct view *view)
{
	if (view->pid > 0) {
		kill(view->pid, SIGKILL);
		waitpid(view->pid, NULL, 0);
	}
	close(view->terminal);
}

FIXTURE_SETUP(top)
{
	if (access("/dev/kipc", F_OK))
		SKIP(return, "no /dev/kipc");
	ASSERT_TRUE(start(&self->view, false));
}

FIXTURE_TEARDOWN(top)
{
	finish(&self->view);
}

FIXTURE_SETUP(job)
{
	if (access("/dev/kipc", F_OK))
		SKIP(return, "no /dev/kipc");
	ASSERT_TRUE(start(&self->view, true));
}

FIXTURE_TEARDOWN(job)
{
	finish(&self->view);
}

TEST_F(top, draws_again_and_again)
{
	int i;

	for (i = 0; i < 3; i++) {
		EXPECT_TRUE(shows(&self->view, HOME));
		EXPECT_TRUE(shows(&self->view, "in a second: 0 messages"));
		EXPECT_TRUE(shows(&self->view, "NAME"));
	}
}

TEST_F(top, q_ends_it)
{
	ASSERT_EQ(1, write(self->view.terminal, "q", 1));
	EXPECT_EQ(0, end(&self->view));
	EXPECT_TRUE(is_given_back(&self->view));
}

TEST_F(top, ctrl_c_ends_it)
{
	ASSERT_EQ(1, write(self->view.terminal, "\003", 1));
	EXPECT_EQ(0, end(&self->view));
	EXPECT_TRUE(is_given_back(&self->view));
}

TEST_F(top, sigterm_ends_it)
{
	ASSERT_EQ(0, kill(self->view.pid, SIGTERM));
	EXPECT_EQ(0, end(&self->view));
	EXPECT_TRUE(is_given_back(&self->view));
}

TEST_F(top, a_key_sorts)
{
	EXPECT_TRUE(shows(&self->view, "by messages"));
	ASSERT_EQ(1, write(self->view.terminal, "n", 1));
	EXPECT_TRUE(shows(&self->view, "by name"));
}

TEST_F(top, narrower_it_shows_less)
{
	struct winsize size = { .ws_row = ROWS, .ws_col = 40 };
	const char *line;
	size_t len;

	ASSERT_TRUE(shows(&self->view, "HELD  OLDEST  CLIENTS  SERVER"));
	ASSERT_EQ(0, ioctl(self->view.terminal, TIOCSWINSZ, &size));
	ASSERT_TRUE(shows(&self->view, "NAME  MSGS/S  BYTES/S  FAILED/S  WAIT\r"));
	ASSERT_TRUE(shows(&self->view, HOME));
	while (!strstr(self->view.shown, HOME))
		ASSERT_TRUE(collect(&self->view));
	for (line = self->view.shown; strncmp(line, HOME, strlen(HOME)); line += len) {
		len = strcspn(line, "\r\n");
		EXPECT_GE(size.ws_col + strlen("\033[K"), len);
		len += strspn(line + len, "\r\n");
		if (!strncmp(line + len, "\033[J", 3))
			break;
	}
}

TEST_F(job, stopped_it_gives_the_terminal_back_meanwhile)
{
	int status;

	ASSERT_EQ(1, write(self->view.terminal, "\032", 1));
	ASSERT_EQ(self->view.pid, waitpid(self->view.pid, &status, WUNTRACED));
	EXPECT_TRUE(WIFSTOPPED(status));
	EXPECT_TRUE(is_given_back(&self->view));
	ASSERT_EQ(0, kill(self->view.pid, SIGCONT));
	EXPECT_TRUE(shows(&self->view, ENTER));
	EXPECT_TRUE(shows(&self->view, "0 channels"));
	ASSERT_EQ(1, write(self->view.terminal, "q", 1));
	EXPECT_EQ(0, end(&self->view));
	EXPECT_TRUE(is_given_back(&self->view));
}

TEST_F(top, it_is_not_stopped_where_nobody_lets_it_go_on)
{
	ASSERT_EQ(1, write(self->view.terminal, "\032", 1));
	EXPECT_TRUE(shows(&self->view, LEAVE));
	EXPECT_TRUE(shows(&self->view, ENTER));
	EXPECT_TRUE(shows(&self->view, "0 channels"));
	ASSERT_EQ(1, write(self->view.terminal, "q", 1));
	EXPECT_EQ(0, end(&self->view));
}

TEST_F(top, it_ends_when_the_terminal_goes)
{
	ASSERT_EQ(0, close(self->view.terminal));
	self->view.terminal = open("/dev/null", O_RDWR | O_CLOEXEC);
	EXPECT_NE(-1, end(&self->view));
}

TEST_HARNESS_MAIN
