// SPDX-License-Identifier: 0BSD
/*
 * A server in an event loop, beside other descriptors: here a signalfd, which ends it.
 *
 *	cc epoll-server.c $(pkg-config --cflags --libs libkipc) -o epoll-server
 *	./epoll-server [ADDRESS]
 */
#include <kipc.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>

/* Until there is nothing more: that is when to poll again. */
static void serve(struct kipc *clock)
{
	time_t now = time(NULL);
	struct kipc_msg msg;
	char text[16];

	strftime(text, sizeof(text), "%H:%M:%S", gmtime(&now));
	while (kipc_recv(clock, &msg, KIPC_NOW) >= 0)
		if (kipc_reply(clock, &msg, text, 8) < 0)
			kipc_release(&msg);	/* it was no call, or nobody waits */
}

static void watch(int epoll, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

int main(int argc, char **argv)
{
	const char *address = argc > 1 ? argv[1] : "channel:clock";
	int epoll = epoll_create1(EPOLL_CLOEXEC), signals, err;
	struct epoll_event event;
	struct kipc *clock;
	char why[256];
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signals = signalfd(-1, &set, SFD_CLOEXEC);
	err = kipc_listen(&clock, address, NULL);
	if (err) {
		fprintf(stderr, "%s\n", kipc_explain(address, err, why, sizeof(why)));
		return 1;
	}
	watch(epoll, signals);
	watch(epoll, kipc_fd(clock));
	while (epoll_wait(epoll, &event, 1, -1) == 1 && event.data.fd != signals)
		serve(clock);
	return kipc_close(clock);
}
