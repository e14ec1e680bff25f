// SPDX-License-Identifier: 0BSD
/*
 * Notices: a child raises one with a number, its parent waits for it.  The same program
 * with a real-time signal and with an eventfd: only how the two find each other differs.
 *
 *	cc notice.c $(pkg-config --cflags --libs libkipc) -o notice
 *	./notice [signal:RTMIN+3 | eventfd:]
 */
#include <kipc_notice.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	const char *address = argc > 1 ? argv[1] : "signal:RTMIN+3";
	struct kipc_notice *ready, *target;
	struct kipc_notice_event event;
	pid_t parent = getpid();
	char why[256];
	int err;

	err = kipc_notice_open(&ready, address, NULL);
	if (!err && !fork()) {
		/* A signal goes to a process, an eventfd was inherited. */
		if (kipc_notice_target(&target, address, parent))
			target = ready;
		_exit(kipc_notice_raise(target, 42) ? 1 : 0);
	}
	if (!err)
		err = kipc_notice_wait(ready, &event, KIPC_S(5));
	if (err) {
		fprintf(stderr, "%s\n", kipc_explain(address, err, why, sizeof(why)));
		return 1;
	}
	printf("%llu\n", (unsigned long long)event.value);
	return kipc_notice_close(ready);
}
