// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * signal: with a function of the caller's, called by a signal handler (sigaction()).
 */
#include <errno.h>
#include <stdlib.h>

#include "notice/notice.h"

static void kipc_catch_fill(struct kipc_notice_event *event, const siginfo_t *info)
{
	bool child = info->si_signo == SIGCHLD && info->si_code > 0;

	*event = (struct kipc_notice_event){
		.signo = info->si_signo,
		.code = info->si_code,
		.count = 1,
	};
	if (info->si_code == SI_USER || info->si_code == SI_TKILL || child)
		event->known = KIPC_NOTICE_KNOWN_PEER | KIPC_NOTICE_KNOWN_SURE;
	else if (info->si_code == SI_QUEUE || info->si_code == SI_MESGQ)
		event->known = KIPC_NOTICE_KNOWN_PEER;
	if (event->known) {
		event->pid = info->si_pid;
		event->uid = info->si_uid;
	}
	if (child)
		event->status = info->si_status;
	else if (info->si_code < 0)
		event->value = (uintptr_t)info->si_value.sival_ptr;
	else if (info->si_code > 0)
		event->address = (uintptr_t)info->si_addr;
}

static void kipc_catch_handler(int signo, siginfo_t *info, void *context)
{
	struct kipc_notice_event event;
	struct kipc_slot_view view;
	int saved = errno;

	kipc_slot_read(signo, &view);
	if (view.owner) {
		kipc_catch_fill(&event, info);
		((kipc_notice_fn)view.fn)(&event, view.user);
	} else {
		kipc_slot_pass(signo, info, context, &view);
	}
	errno = saved;
}

/* May it be caught?  After an exception the handler would be called for ever. */
static bool kipc_catch_ok(int signo)
{
	return signo != SIGKILL && signo != SIGSTOP && signo != SIGSEGV && signo != SIGBUS &&
	       signo != SIGFPE && signo != SIGILL && signo != SIGTRAP;
}

int kipc_signal_catch(struct kipc_notice **notice, const struct kipc_address *address,
		      kipc_notice_fn fn, void *user, uint32_t flags)
{
	int signo = kipc_signal_number(address->name);
	struct kipc_notice *catch;
	int err;

	if (!kipc_catch_ok(signo))
		return -EINVAL;
	catch = calloc(1, sizeof(*catch));
	if (!catch)
		return -ENOMEM;
	catch->mechanism = &kipc_catch_notice;
	catch->signo = signo;
	err = kipc_slot_take(signo, catch, kipc_catch_handler,
			     flags & KIPC_NOTICE_OPT_RESTART ? SA_RESTART : 0,
			     (uintptr_t)fn, user);
	if (err) {
		free(catch);
		return err;
	}
	*notice = catch;
	return 0;
}

static void kipc_catch_close(struct kipc_notice *notice)
{
	kipc_slot_give_back(notice->signo, kipc_catch_handler);
	free(notice);
}

static uint32_t kipc_catch_can(int signo)
{
	return kipc_signal_notice.can(signo) & ~KIPC_NOTICE_CAN_FD;
}

const struct kipc_notice_mechanism kipc_catch_notice = {
	.mechanism.scheme = "signal",
	.mechanism.family = KIPC_FAMILY_NOTICE,
	.close = kipc_catch_close,
	.can = kipc_catch_can,
};
