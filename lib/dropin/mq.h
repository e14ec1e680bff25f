/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libkipc-mq: what its files share.  mq.c says what the library is.
 *
 * Functions return 0, or a descriptor, or -errno as POSIX or Linux has it for the mq_*
 * function that they serve; only those make an errno of it.
 */
#ifndef KIPC_MQ_H
#define KIPC_MQ_H

#include <linux/kipc.h>
#include <stdbool.h>
#include <stdint.h>

/* What it declares is what the library shows. */
#pragma GCC visibility push(default)
#include <mqueue.h>
mqd_t __mq_open_2(const char *name, int oflag);
#pragma GCC visibility pop

/* mq_name.c */
int kipc_mq_name(char *field, const char *name);

/* mq.c */
int kipc_mq_request(mqd_t mqd, unsigned long request, void *arg);
int kipc_mq_number(mqd_t mqd, uint32_t *number);

/* mq_notify.c */
void kipc_mq_notice_forget(mqd_t mqd);
void kipc_mq_notice_close(mqd_t mqd);

#endif /* KIPC_MQ_H */
