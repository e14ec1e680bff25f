// SPDX-License-Identifier: 0BSD
/*
 * A tracer: run a command and print its system calls, by number, and its signals.
 *
 *	cc tracer.c $(pkg-config --cflags --libs libkipc) -o tracer
 *	./tracer COMMAND [ARGUMENT...]
 */
#include <kipc_control.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	struct kipc_trace_event event;
	struct kipc_trace *trace;
	char why[256];
	int err;

	err = argc > 1 ? kipc_trace_spawn(&trace, argv + 1, NULL) : -22;
	if (err) {
		fprintf(stderr, "%s\n", kipc_explain("trace:", err, why, sizeof(why)));
		return 127;
	}
	while (!kipc_trace_wait(trace, &event, KIPC_FOREVER)) {
		if (event.kind == KIPC_TRACE_RETURN)
			fprintf(stderr, "[%d] call %lld(%#llx, %#llx, %#llx) = %lld\n", event.tid,
				(long long)event.nr, (unsigned long long)event.args[0],
				(unsigned long long)event.args[1],
				(unsigned long long)event.args[2], (long long)event.result);
		else if (event.kind == KIPC_TRACE_SIGNAL)
			fprintf(stderr, "[%d] signal %d\n", event.tid, event.signo);
		else if (event.kind == KIPC_TRACE_ENDED)
			fprintf(stderr, "[%d] ended: %d\n", event.tid, event.status);
		kipc_trace_resume(trace, event.tid, KIPC_TRACE_TO_CALL);
	}
	return kipc_trace_close(trace);
}
