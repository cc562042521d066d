/* SPDX-License-Identifier: Apache-2.0 */
/* Raw ring-buffer records -> checked events. */
#ifndef connscope_USER_EVENT_H
#define connscope_USER_EVENT_H

#include <stddef.h>
#include <linux/types.h>

#include "connscope/event.h"

/* Checks that DATA holds one whole event of a type and version we know and that its enumerations
 * are in range. Returns its header, in place, or NULL. */
const struct event_header *event_check(const void *data, size_t size);

/* What an EVENT_CONN_AMENDED says of the connection that was sent before. */
void event_amend(struct conn *conn);

#endif /* connscope_USER_EVENT_H */
