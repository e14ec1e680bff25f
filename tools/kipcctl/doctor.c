// SPDX-License-Identifier: GPL-2.0
/*
 * kipcctl doctor: why can I not connect?
 *
 * It connects, as whoever asks would, and knows from that whether something is wrong.  Why
 * is what the checks look for, in the order in which one would, from the spelling of the
 * address to the limits of the user; each says what it has seen, and what to do about what
 * is not as it should be.
 */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"
#include "json.h"
#include "kipc.h"
#include "kipcctl.h"

static const char text[] =
	"Usage: kipcctl doctor [OPTION]... [ADDRESS]\n"
	"Find out why one cannot connect to ADDRESS, or without it whether kipc can be\n"
	"used here: checks, in the order in which things can be wrong, each with what it\n"
	"has found and what to do.  It connects to ADDRESS and closes at once.\n\n"
	"  -j, --json             print JSON\n"
	"  -h, --help             this\n\n"
	"Exit status: 0, all is well; 1, something is wrong; 2, wrong usage.\n";

/* ---- the report ---- */

void find(struct report *report, const char *check, enum verdict verdict, const char *format, ...)
{
	struct finding *finding;
	va_list args;

	if (report->count == FINDINGS_MAX)
		return;
	finding = &report->findings[report->count++];
	finding->check = check;
	finding->verdict = verdict;
	va_start(args, format);
	vsnprintf(finding->what, sizeof(finding->what), format, args);
	va_end(args);
}

/* What to do about the last finding. */
void advise(struct report *report, const char *format, ...)
{
	struct finding *finding = &report->findings[report->count - 1];
	va_list args;

	va_start(args, format);
	vsnprintf(finding->remedy, sizeof(finding->remedy), format, args);
	va_end(args);
}

bool found_wrong(const struct report *report)
{
	unsigned int i;

	for (i = 0; i < report->count; i++)
		if (report->findings[i].verdict == VERDICT_WRONG)
			return true;
	return false;
}

static void print_report(const struct report *report)
{
	static const char * const words[] = {
		[VERDICT_WELL] = "ok",
		[VERDICT_NOTE] = "note",
		[VERDICT_UNKNOWN] = "?",
		[VERDICT_WRONG] = "WRONG",
	};
	unsigned int i;

	for (i = 0; i < report->count; i++) {
		const struct finding *finding = &report->findings[i];

		printf("%-6s %-12s %s\n", words[finding->verdict], finding->check,
		       finding->what);
		if (*finding->remedy)
			printf("%20s%s\n", "-> ", finding->remedy);
	}
}

static int print_json(const struct report *report)
{
	static const char * const words[] = {
		[VERDICT_WELL] = "ok",
		[VERDICT_NOTE] = "note",
		[VERDICT_UNKNOWN] = "unknown",
		[VERDICT_WRONG] = "wrong",
	};
	json_t *object = json_object(), *checks = json_array();
	unsigned int i;

	json_put_text(object, "address", report->address);
	json_put(object, "well", json_boolean(!found_wrong(report)));
	for (i = 0; i < report->count; i++) {
		const struct finding *finding = &report->findings[i];
		json_t *check = json_object();

		json_put_text(check, "check", finding->check);
		json_put_text(check, "verdict", words[finding->verdict]);
		json_put_text(check, "finding", finding->what);
		json_put_text(check, "remedy", finding->remedy);
		json_add(checks, check);
	}
	json_put(object, "checks", checks);
	return put_json(object, 0);
}

/* ---- the address ---- */

/* A scheme's own checks, and whether connecting to look does no harm. */
static const struct doctored {
	const char *scheme;
	void (*check)(struct report *report, const char *scheme);
	bool try;
	bool module;
} doctored[] = {
	{ "channel", NULL, true, true },
	{ "queue", NULL, true, true },
	{ "auto", NULL, true, false },
	{ "unix", check_socket, true, false },
	{ "unix-seqpacket", check_socket, true, false },
	{ "unix-dgram", check_socket, true, false },
	{ "cma", check_socket, true, false },
	{ "sunrpc", check_socket, true, false },
	{ "fifo", check_file, true, false },
	/* Its one client would be gone again */
	{ "pty", check_file, false, false },
	{ "posix-mq", check_file, true, false },
	{ "sysv-msg", NULL, true, false },
	{ "tcp", check_host, true, false },
	{ "udp", check_host, true, false },
};

static const struct doctored *doctored_as(const char *scheme)
{
	unsigned int i;

	for (i = 0; i < sizeof(doctored) / sizeof(doctored[0]); i++)
		if (!strcmp(doctored[i].scheme, scheme))
			return &doctored[i];
	return NULL;
}

static void no_such_scheme(struct report *report)
{
	struct nearest near;
	const char *scheme;
	unsigned int i;
	char word[64];

	snprintf(word, sizeof(word), "%.*s", (int)strcspn(report->address, ":"),
		 report->address);
	near = nearest_to(word);
	for (i = 0; (scheme = kipc_scheme(i)); i++)
		nearest_try(&near, scheme);
	find(report, "address", VERDICT_WRONG, "there is no scheme '%s'", word);
	if (!strchr(report->address, ':'))
		advise(report, "an address is SCHEME:NAME, as channel:%s", report->address);
	else if (near.found)
		advise(report, "is it %s%s?", near.found, strchr(report->address, ':'));
	else
		advise(report, "kipcctl schemes lists them; kipc_address(7) tells more");
}

/* It begins with the address, however long that is, and who asks has written it. */
static void sentence_for(const struct report *report, char *sentence, size_t size)
{
	size_t len = strlen(report->address);
	char *whole = malloc(len + size);

	if (!whole)
		exit(failed("out of memory"));
	kipc_explain(report->address, report->error, whole, len + size);
	snprintf(sentence, size, "%s", whole + len + strspn(whole + len, ": "));
	free(whole);
}

/* Connect, and say so of the address' spelling; the rest is left to the checks. */
static void try_address(struct report *report, const struct doctored *as)
{
	struct kipc *handle;
	char sentence[512];

	if (!as || !as->try)
		return;
	report->tried = true;
	report->error = kipc_connect(&handle, report->address, NULL);
	if (!report->error)
		kipc_close(handle);
	if (report->error == -EINVAL) {
		sentence_for(report, sentence, sizeof(sentence));
		find(report, "address", VERDICT_WRONG, "%s", sentence);
		advise(report, "kipc_address(7) tells what addresses look like");
	} else {
		find(report, "address", VERDICT_WELL, "it is spelt as one of %s:", as->scheme);
	}
}

/* What it came to, where no check has said it better. */
static void conclude(struct report *report, const struct doctored *as, const char *scheme)
{
	char sentence[512];

	if (report->tried && !report->error)
		find(report, "connect", VERDICT_WELL, "it works");
	if (found_wrong(report) || (report->tried && !report->error))
		return;
	if (!report->tried) {
		if (as)
			find(report, "connect", VERDICT_UNKNOWN,
			     "not tried: whoever is there would notice");
		else
			find(report, "connect", VERDICT_UNKNOWN,
			     "not tried: the doctor has no checks for %s:", scheme);
		return;
	}
	sentence_for(report, sentence, sizeof(sentence));
	find(report, "connect", VERDICT_WRONG, "%s", sentence);
}

static void look_at(struct report *report)
{
	struct kipc_info info = KIPC_INFO_INIT;
	const struct doctored *as;

	if (kipc_scheme_info(report->address, &info)) {
		no_such_scheme(report);
		return;
	}
	as = doctored_as(info.scheme);
	try_address(report, as);
	if (report->error == -EINVAL)
		return;
	if (as && as->module)
		check_module(report);
	if (as && as->module && !found_wrong(report)) {
		check_name(report);
		check_limits(report);
	}
	if (as && as->check)
		as->check(report, as->scheme);
	conclude(report, as, info.scheme);
}

int verb_doctor(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	static struct report report;
	bool json = false;
	int c;

	while ((c = getopt_long(argc, argv, "jh", options, NULL)) != -1) {
		if (c == 'h')
			return usage(text, EXIT_OK);
		if (c != 'j')
			return usage(text, EXIT_USAGE);
		json = true;
	}
	if (argc - optind > 1)
		return usage(text, EXIT_USAGE);
	report.address = argv[optind];
	if (report.address) {
		look_at(&report);
	} else {
		check_module(&report);
		if (!found_wrong(&report))
			check_limits(&report);
	}
	if (json && print_json(&report))
		return EXIT_FAILED;
	if (!json)
		print_report(&report);
	return found_wrong(&report) ? EXIT_FAILED : EXIT_OK;
}
