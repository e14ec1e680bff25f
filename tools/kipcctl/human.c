// SPDX-License-Identifier: GPL-2.0
/*
 * kipcctl: numbers as people read them, and what people write for numbers.
 *
 * What another user could have chosen, a process's name, may hold anything that would
 * move a terminal's cursor: nothing of it is printed that is no plain character.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "human.h"

#define NS_PER_S 1000000000ULL

__attribute__((format(printf, 1, 2)))
static struct human text(const char *format, ...)
{
	struct human human;
	va_list args;

	va_start(args, format);
	vsnprintf(human.s, sizeof(human.s), format, args);
	va_end(args);
	return human;
}

struct human human_count(uint64_t count)
{
	return text("%llu", (unsigned long long)count);
}

/* Exactly as far as that is short: 2500, 64K; then to three figures at most: 9.8K, 123M. */
struct human human_bytes(uint64_t bytes)
{
	static const char units[] = "\0KMGTPE";
	unsigned int unit = 0;
	double value = (double)bytes;
	unsigned long long whole = bytes;

	while (whole && !(whole & 1023) && units[unit + 1]) {
		whole >>= 10;
		unit++;
	}
	if (whole < 10000)
		return unit ? text("%llu%c", whole, units[unit]) :
			      text("%llu", whole);
	/* 1023.7 would be rounded to 1024 */
	for (unit = 0; value >= 1023.5; unit++)
		value /= 1024;
	return text(value < 9.95 ? "%.1f%c" : "%.0f%c", value, units[unit]);
}

struct human human_share(uint64_t taken, uint64_t whole)
{
	return text("%s/%s", human_bytes(taken).s, human_bytes(whole).s);
}

struct human human_age(uint64_t ns)
{
	unsigned long long s = ns / NS_PER_S;

	if (ns < 1000000)
		return text("%.3fms", (double)ns / 1e6);
	if (s < 1)
		return text("%ums", (unsigned int)(ns / 1000000));
	if (s < 60)
		return text("%.1fs", (double)(ns / 100000000) / 10);
	if (s < 3600)
		return text("%llum%02llus", s / 60, s % 60);
	if (s < 86400)
		return text("%lluh%02llum", s / 3600, s / 60 % 60);
	return text("%llud%02lluh", s / 86400, s / 3600 % 24);
}

/* A time of CLOCK_REALTIME, as the user's time zone has it. */
struct human human_date(uint64_t ns)
{
	time_t seconds = (time_t)(ns / NS_PER_S);
	struct human human;
	struct tm tm;

	if (!ns)
		return text("never");
	if (!localtime_r(&seconds, &tm) ||
	    !strftime(human.s, sizeof(human.s), "%Y-%m-%d %H:%M:%S", &tm))
		return human_count(ns);
	return human;
}

struct human human_mode(mode_t mode)
{
	return text("%04o", mode & 07777);
}

/* Lists are long and have few users: the last one is not looked up again. */
struct human human_user(uid_t uid)
{
	static struct human last;
	static uid_t known = (uid_t)-1;
	const struct passwd *user;

	if (last.s[0] && uid == known)
		return last;
	user = getpwuid(uid);
	last = user ? text("%s", user->pw_name) : text("%u", uid);
	known = uid;
	return last;
}

struct human human_group(gid_t gid)
{
	const struct group *group = getgrgid(gid);

	return group ? text("%s", group->gr_name) : text("%u", gid);
}

struct human human_pid(pid_t pid)
{
	return pid ? text("%d", pid) : text("-");
}

/* What a process calls itself; "-" if it is gone. */
struct human human_command(pid_t pid)
{
	struct human human = text("/proc/%d/comm", pid);
	ssize_t n = -1;
	char *c;
	int fd;

	fd = pid ? open(human.s, O_RDONLY | O_CLOEXEC) : -1;
	if (fd >= 0) {
		n = read(fd, human.s, sizeof(human.s) - 1);
		close(fd);
	}
	if (n <= 0)
		return text("-");
	human.s[n] = '\0';
	human.s[strcspn(human.s, "\n")] = '\0';
	for (c = human.s; *c; c++)
		if (!isgraph((unsigned char)*c))
			*c = '?';
	return human;
}

/* In a sentence: "123 (camerad)" */
struct human human_process(pid_t pid)
{
	struct human command = human_command(pid);

	if (!pid)
		return text("? (not visible here)");
	if (!strcmp(command.s, "-"))
		return text("%d", pid);
	return text("%d (%.32s)", pid, command.s);
}

const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

/* A number that names somebody; 0 or -1.  The last one is nobody's. */
static int id_number(const char *text, uint32_t *id)
{
	unsigned long value;
	char *end;

	if (!isdigit((unsigned char)*text))
		return -1;
	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *end || value >= UINT32_MAX)
		return -1;
	*id = (uint32_t)value;
	return 0;
}

/* A user by name or number; 0 or -1. */
int user_number(const char *text, uid_t *uid)
{
	const struct passwd *user = getpwnam(text);

	if (!user)
		return id_number(text, uid);
	*uid = user->pw_uid;
	return 0;
}

int group_number(const char *text, gid_t *gid)
{
	const struct group *group = getgrnam(text);

	if (!group)
		return id_number(text, gid);
	*gid = group->gr_gid;
	return 0;
}

/* Permission bits, octal; 0 or -1. */
int mode_number(const char *text, mode_t *mode)
{
	unsigned long value;
	char *end;

	if (!isdigit((unsigned char)*text))
		return -1;
	value = strtoul(text, &end, 8);
	if (*end || value > 0777)
		return -1;
	*mode = (mode_t)value;
	return 0;
}
