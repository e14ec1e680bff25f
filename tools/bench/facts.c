// SPDX-License-Identifier: GPL-2.0
/*
 * facts: see facts.h
 *
 * Read from /proc and /sys, each fact on its own, so that one that is missing
 * (a container, another architecture) does not take the rest with it.
 */
#include "facts.h"

#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define CLOCKSOURCE \
	"/sys/devices/system/clocksource/clocksource0/current_clocksource"

/* The first line of a file, without its end; empty when there is none. */
static bool read_line(const char *path, char *buf, size_t len)
{
	FILE *file = fopen(path, "re");
	bool ok;

	buf[0] = '\0';
	if (!file)
		return false;
	ok = fgets(buf, (int)len, file);
	fclose(file);
	buf[strcspn(buf, "\n")] = '\0';
	return ok && buf[0];
}

/* The value of the first line "key : value" of a file that begins with @key. */
static bool read_key(const char *path, const char *key, char *buf, size_t len)
{
	char line[4096], *value;
	bool found = false;
	FILE *file = fopen(path, "re");

	buf[0] = '\0';
	while (file && !found && fgets(line, sizeof(line), file)) {
		value = strchr(line, ':');
		if (strncmp(line, key, strlen(key)) || !value)
			continue;
		value += 1 + strspn(value + 1, " \t");
		value[strcspn(value, "\n")] = '\0';
		snprintf(buf, len, "%s", value);
		found = true;
	}
	if (file)
		fclose(file);
	return found;
}

/* "name=value" on the kernel's command line. */
static bool cmdline_option(const char *cmdline, const char *name, char *buf,
			   size_t len)
{
	size_t n = strlen(name);
	const char *at = cmdline;

	while ((at = strstr(at, name))) {
		if ((at == cmdline || at[-1] == ' ') && at[n] == '=') {
			snprintf(buf, len, "%.*s",
				 (int)strcspn(at + n + 1, " "), at + n + 1);
			return true;
		}
		at += n;
	}
	return false;
}

/*
 * Our guest is told by its command line.  Elsewhere only the hypervisor's own
 * mark can be seen: that there is one, and not how it runs us.
 */
static void facts_accelerator(struct facts *facts)
{
	char flags[4096], vendor[64];

	if (cmdline_option(facts->cmdline, "kipc.accel", facts->accelerator,
			   sizeof(facts->accelerator)))
		return;
	if (!read_key("/proc/cpuinfo", "flags", flags, sizeof(flags)))
		return;
	if (!strstr(flags, " hypervisor")) {
		snprintf(facts->accelerator, sizeof(facts->accelerator),
			 "bare");
		return;
	}
	if (!read_line("/sys/class/dmi/id/sys_vendor", vendor, sizeof(vendor)))
		snprintf(vendor, sizeof(vendor), "unknown");
	snprintf(facts->accelerator, sizeof(facts->accelerator), "virtual (%s)",
		 vendor);
}

static void facts_preemption(struct facts *facts)
{
	static const char *const models[] = { "PREEMPT_RT", "PREEMPT_DYNAMIC",
					      "PREEMPT" };
	char line[128], *from, *to;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(models); i++)
		if (strstr(facts->version, models[i]))
			break;
	snprintf(facts->preemption, sizeof(facts->preemption), "%s",
		 i < ARRAY_SIZE(models) ? models[i] : "");
	/* "none (voluntary) full": the one in brackets is at work */
	if (!read_line("/sys/kernel/debug/sched/preempt", line, sizeof(line)))
		return;
	from = strchr(line, '(');
	to = from ? strchr(from, ')') : NULL;
	if (to)
		snprintf(facts->preemption, sizeof(facts->preemption),
			 "%s %.*s", i < ARRAY_SIZE(models) ? models[i] : "",
			 (int)(to - from - 1), from + 1);
}

static int compare_vulnerability(const void *a, const void *b)
{
	return strcmp(((const struct vulnerability *)a)->name,
		      ((const struct vulnerability *)b)->name);
}

static void facts_vulnerabilities(struct facts *facts)
{
	static const char where[] = "/sys/devices/system/cpu/vulnerabilities";
	DIR *dir = opendir(where);
	struct vulnerability *at;
	struct dirent *entry;
	char path[400];

	while (dir && facts->n_vulnerabilities < FACTS_VULNERABILITIES &&
	       (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		at = &facts->vulnerabilities[facts->n_vulnerabilities];
		snprintf(path, sizeof(path), "%s/%s", where, entry->d_name);
		if (!read_line(path, at->state, sizeof(at->state)))
			continue;
		snprintf(at->name, sizeof(at->name), "%.47s", entry->d_name);
		facts->n_vulnerabilities++;
	}
	if (dir)
		closedir(dir);
	qsort(facts->vulnerabilities, facts->n_vulnerabilities, sizeof(*at),
	      compare_vulnerability);
}

/* The eighth number of the first line of /proc/stat: stolen clock ticks. */
static double facts_steal(void)
{
	unsigned long long steal = 0;
	char line[512];

	if (!read_line("/proc/stat", line, sizeof(line)) ||
	    sscanf(line, "cpu %*u %*u %*u %*u %*u %*u %*u %llu", &steal) != 1)
		return 0;
	return (double)steal / (double)sysconf(_SC_CLK_TCK);
}

static void facts_load(double *load)
{
	static const double unknown[3] = { -1, -1, -1 };

	if (getloadavg(load, 3) != 3)
		memcpy(load, unknown, sizeof(unknown));
}

void facts_before(struct facts *facts)
{
	struct utsname uts;
	char text[FACTS_TEXT];
	cpu_set_t set;

	memset(facts, 0, sizeof(*facts));
	if (!uname(&uts)) {
		snprintf(facts->release, sizeof(facts->release), "%s",
			 uts.release);
		snprintf(facts->version, sizeof(facts->version), "%s",
			 uts.version);
		snprintf(facts->machine, sizeof(facts->machine), "%s",
			 uts.machine);
	}
	read_line("/proc/cmdline", facts->cmdline, sizeof(facts->cmdline));
	facts_accelerator(facts);
	read_key("/proc/cpuinfo", "model name", facts->cpu, sizeof(facts->cpu));
	read_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor",
		  facts->governor, sizeof(facts->governor));
	read_line(CLOCKSOURCE, facts->clocksource, sizeof(facts->clocksource));
	facts_preemption(facts);
	facts->cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
	facts->cpus_allowed =
		sched_getaffinity(0, sizeof(set), &set) ? -1 : CPU_COUNT(&set);
	facts->memory_mib = -1;
	if (read_key("/proc/meminfo", "MemTotal", text, sizeof(text)))
		facts->memory_mib = strtod(text, NULL) / 1024;
	facts_vulnerabilities(facts);
	facts_load(facts->load);
	facts->steal_seconds = -facts_steal();
}

void facts_after(struct facts *facts)
{
	size_t n = strlen(facts->clocksource);
	char clocksource[64];

	/* A guest that has just booted may change it on the way. */
	read_line(CLOCKSOURCE, clocksource, sizeof(clocksource));
	if (strcmp(clocksource, facts->clocksource))
		snprintf(facts->clocksource + n, sizeof(facts->clocksource) - n,
			 ", then %s", clocksource);
	facts_load(facts->load_after);
	facts->steal_seconds += facts_steal();
}
