/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kipcctl: numbers as people read them.  Each is a structure with the text in it, so that
 * it needs no buffer: printf("%s", human_bytes(n).s).  And the way back for what has no
 * unit: users, groups and modes (util.c has sizes and times).
 */
#ifndef KIPCCTL_HUMAN_H
#define KIPCCTL_HUMAN_H

#include <stdint.h>
#include <sys/types.h>

struct human {
	char s[48];
};

struct human human_count(uint64_t count);
struct human human_bytes(uint64_t bytes);
struct human human_share(uint64_t taken, uint64_t whole);
struct human human_age(uint64_t ns);
struct human human_date(uint64_t ns);
struct human human_mode(mode_t mode);
struct human human_user(uid_t uid);
struct human human_group(gid_t gid);
struct human human_pid(pid_t pid);
struct human human_command(pid_t pid);
struct human human_process(pid_t pid);

const char *plural(uint64_t count);

int user_number(const char *text, uid_t *uid);
int group_number(const char *text, gid_t *gid);
int mode_number(const char *text, mode_t *mode);

#endif /* KIPCCTL_HUMAN_H */
