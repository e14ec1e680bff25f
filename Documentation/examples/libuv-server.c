// SPDX-License-Identifier: 0BSD
/*
 * A server in somebody else's event loop, libuv's: before each wait the loop is told
 * what kipc_events() says.
 *
 *	cc libuv-server.c $(pkg-config --cflags --libs libkipc libuv) -o libuv-server
 *	./libuv-server [ADDRESS]
 */
#include <kipc.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <uv.h>

static struct kipc *clock_end;
static uv_poll_t polled;
static uv_timer_t timer;

/* Until there is nothing more: that is when to wait again. */
static void serve(void)
{
	time_t now = time(NULL);
	struct kipc_msg msg;
	char text[16];

	strftime(text, sizeof(text), "%H:%M:%S", gmtime(&now));
	while (kipc_recv(clock_end, &msg, KIPC_NOW) >= 0)
		if (kipc_reply(clock_end, &msg, text, 8) < 0)
			kipc_release(&msg);	/* it was no call, or nobody waits */
}

static void on_event(uv_poll_t *handle, int status, int events)
{
	(void)handle;
	(void)status;
	(void)events;
	serve();
}

static void on_time(uv_timer_t *handle)
{
	(void)handle;
	serve();
}

/* What the library still has shows in the timeout, not in the descriptor. */
static void before_waiting(uv_prepare_t *handle)
{
	struct kipc_events events = KIPC_EVENTS_INIT;

	(void)handle;
	if (!kipc_events(clock_end, KIPC_WANT_RECV, &events) && events.timeout >= 0)
		uv_timer_start(&timer, on_time, events.timeout / 1000000, 0);
}

static void on_signal(uv_signal_t *handle, int signo)
{
	(void)signo;
	uv_stop(handle->loop);
}

int main(int argc, char **argv)
{
	const char *address = argc > 1 ? argv[1] : "channel:clock";
	uv_loop_t *loop = uv_default_loop();
	int err = kipc_listen(&clock_end, address, NULL);
	uv_prepare_t prepare;
	uv_signal_t end;
	char why[256];

	if (err) {
		fprintf(stderr, "%s\n", kipc_explain(address, err, why, sizeof(why)));
		return 1;
	}
	uv_signal_init(loop, &end);
	uv_signal_start(&end, on_signal, SIGTERM);
	uv_timer_init(loop, &timer);
	uv_prepare_init(loop, &prepare);
	uv_prepare_start(&prepare, before_waiting);
	if (kipc_fd(clock_end) >= 0) {
		uv_poll_init(loop, &polled, kipc_fd(clock_end));
		uv_poll_start(&polled, UV_READABLE, on_event);
	}
	uv_run(loop, UV_RUN_DEFAULT);
	return kipc_close(clock_end);
}
