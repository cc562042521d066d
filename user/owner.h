/* SPDX-License-Identifier: Apache-2.0 */
/* The container that a cgroup belongs to. Everything is cached: cgroup ids are not reused. */
#ifndef connscope_OWNER_H
#define connscope_OWNER_H

#include <stddef.h>
#include <linux/types.h>

#define CONTAINER_ID_LEN    64 /* hex digits of an OCI runtime's id */
#define CONTAINER_SHORT_LEN 12 /* of which people read so many */

/* The container id, whole, or the name of an LXC or systemd-nspawn one; "" when there is none or it
 * cannot be told (no privilege, no cgroup v2). Valid until owner_forget(). */
const char *owner_container_id(__u64 cgroup);
/* The same, cut to what people read. Valid until owner_forget(). */
const char *owner_container(__u64 cgroup);
/* Frees the cache. */
void owner_forget(void);

/* Until owner_forget() cgroups are of another machine or time: only what owner_seed() says of one
 * is known, each once. -ENOMEM. */
void owner_elsewhere(void);
int owner_seed(__u64 cgroup, const char *id);

/* The container that the cgroup path PATH speaks of, to BUF; "" when none. Returns BUF. */
char *owner_container_of_path(const char *path, char *buf, size_t len);

#endif /* connscope_OWNER_H */
