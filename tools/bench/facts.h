/* SPDX-License-Identifier: GPL-2.0 */
/*
 * facts: the machine that the numbers come from
 *
 * Everything a reader needs who wants to know why another machine differs.
 * What the system does not tell is an empty string, or a negative number: never
 * a guess.
 */
#ifndef FACTS_H
#define FACTS_H

#include "bench.h"

#define FACTS_TEXT	160
#define FACTS_VULNERABILITIES	32

struct vulnerability {
	char name[48];
	char state[FACTS_TEXT];
};

struct facts {
	char release[FACTS_TEXT];	/* uname -r */
	char version[FACTS_TEXT];	/* uname -v */
	char machine[FACTS_TEXT];	/* uname -m */
	char accelerator[FACTS_TEXT];	/* kvm, tcg, virtual (vendor), bare */
	char cpu[FACTS_TEXT];
	char governor[FACTS_TEXT];
	char clocksource[FACTS_TEXT];
	char preemption[FACTS_TEXT];
	char cmdline[512];
	int cpus;			/* online */
	int cpus_allowed;		/* to this process */
	double memory_mib;
	double load[3];			/* when the run began */
	double load_after[3];
	double steal_seconds;		/* by the host in the run, all CPUs */
	struct vulnerability vulnerabilities[FACTS_VULNERABILITIES];
	unsigned int n_vulnerabilities;
};

void facts_before(struct facts *facts);
void facts_after(struct facts *facts);

#endif /* FACTS_H */
