/* SPDX-License-Identifier: GPL-2.0 */
/* Every mechanism, by the file that has it. */
#ifndef KIPCCTL_TABLE_H
#define KIPCCTL_TABLE_H

#include "mechanisms.h"

extern const struct mechanism mechanism_channel;
extern const struct mechanism mechanism_queue;
extern const struct mechanism mechanism_pipe;
extern const struct mechanism mechanism_fifo;
extern const struct mechanism mechanism_sysv_msg;
extern const struct mechanism mechanism_posix_mq;
extern const struct mechanism mechanism_unix;
extern const struct mechanism mechanism_unix_seqpacket;
extern const struct mechanism mechanism_unix_dgram;
extern const struct mechanism mechanism_tcp;
extern const struct mechanism mechanism_udp;
extern const struct mechanism mechanism_pty;
extern const struct mechanism mechanism_cma;
extern const struct mechanism mechanism_binder;
extern const struct mechanism mechanism_ring;
extern const struct mechanism mechanism_sunrpc;
extern const struct mechanism mechanism_sysv_shm;
extern const struct mechanism mechanism_posix_shm;
extern const struct mechanism mechanism_mmap_file;
extern const struct mechanism mechanism_mmap_anon;
extern const struct mechanism mechanism_memfd;
extern const struct mechanism mechanism_dmabuf;
extern const struct mechanism mechanism_sysv_sem;
extern const struct mechanism mechanism_posix_sem;
extern const struct mechanism mechanism_mutex;
extern const struct mechanism mechanism_rwlock;
extern const struct mechanism mechanism_cond;
extern const struct mechanism mechanism_barrier;
extern const struct mechanism mechanism_critical;
extern const struct mechanism mechanism_event;
extern const struct mechanism mechanism_flock;
extern const struct mechanism mechanism_fcntl;
extern const struct mechanism mechanism_ofd;
extern const struct mechanism mechanism_signal;
extern const struct mechanism mechanism_eventfd;
extern const struct mechanism mechanism_ptrace;

#endif /* KIPCCTL_TABLE_H */
