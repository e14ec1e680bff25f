/* SPDX-License-Identifier: GPL-2.0 */
/* kipcctl monitor: an event in one line, for people and for programs. */
#ifndef KIPCCTL_EVENTS_H
#define KIPCCTL_EVENTS_H

#include <stdbool.h>

#include "kipc_admin.h"

uint64_t event_time(const struct kipc_admin_event *event);
bool event_concerns(const struct kipc_admin_event *event, const char *pattern);
void event_print(const struct kipc_admin_event *event);
int event_print_json(const struct kipc_admin_event *event);

/* That some were lost here */
void lost_print(void);
int lost_print_json(void);

#endif /* KIPCCTL_EVENTS_H */
