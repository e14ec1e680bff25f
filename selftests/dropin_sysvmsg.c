// SPDX-License-Identifier: GPL-2.0
/*
 * What POSIX and Linux's manual say of msgget, msgsnd, msgrcv and msgctl.
 *
 * The same tests make two programs.  dropin_sysvmsg starts itself again with
 * LD_PRELOAD=libkipc-sysvmsg.so.0 and tests the drop-in; dropin_sysvmsg_kernel tests the
 * kernel's own calls, which is how we know that the tests are right.  Where the two are
 * meant to differ the test says so: ON_KIPC.
 *
 * Both are built against the C library alone, as any program that uses these calls.
 */
#include "sysvmsg/sysvmsg_test.h"

#include "sysvmsg/get.c"
#include "sysvmsg/send.c"
#include "sysvmsg/recv.c"
#include "sysvmsg/copy.c"
#include "sysvmsg/control.c"
#include "sysvmsg/info.c"
#include "sysvmsg/wait.c"
#include "sysvmsg/life.c"

int main(int argc, char **argv)
{
	int err = sysvmsg_test_begin(argv);

	if (!err && argc == 3 && !strcmp(argv[1], SEND_TO))
		return status_of(put(atoi(argv[2]), 1, SEND_TO));
	return err ? err : test_harness_run(argc, argv);
}
