/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kipcctl doctor: what the checks have found.  doctor.c runs them and prints, doctor_kipc.c
 * has those of the module and its names, doctor_path.c those of sockets, FIFOs and hosts.
 */
#ifndef KIPCCTL_DOCTOR_H
#define KIPCCTL_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

enum verdict {
	VERDICT_WELL,
	VERDICT_NOTE,		/* well, and worth knowing */
	VERDICT_UNKNOWN,	/* it could not be found out */
	VERDICT_WRONG,
};

/* What one check has found, and what to do about it. */
struct finding {
	const char *check;
	enum verdict verdict;
	char what[512];
	char remedy[512];	/* or empty */
};

#define FINDINGS_MAX 32

/* @error is what connecting to @address came to, 0 or -errno. */
struct report {
	const char *address;
	int error;
	bool tried;
	unsigned int count;
	struct finding findings[FINDINGS_MAX];
};

void find(struct report *report, const char *check, enum verdict verdict, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void advise(struct report *report, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
bool found_wrong(const struct report *report);

/* ---- doctor_kipc.c ---- */

void check_module(struct report *report);
void check_name(struct report *report);
void check_limits(struct report *report);

/* ---- doctor_path.c ---- */

void check_socket(struct report *report, const char *scheme);
void check_file(struct report *report, const char *scheme);
void check_host(struct report *report, const char *scheme);

#endif /* KIPCCTL_DOCTOR_H */
