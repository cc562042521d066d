/* SPDX-License-Identifier: Apache-2.0 */
/* Cgroup ids to containers, through the path of the cgroup. */
#include "owner.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "cgroup.h"
#include "cleanup.h"

#define CACHE_MAX 16384 /* cgroups; more than that and it starts anew */
#define LATEST	  64	/* of them that are found without a hash */

struct owner {
	__u64 cgroup;
	char id[CONTAINER_ID_LEN + 1];
	char brief[CONTAINER_ID_LEN + 1];
	UT_hash_handle hh;
};

static struct owner *cache;
static const struct owner *latest[LATEST]; /* of it, by the end of the cgroup's id */
static bool elsewhere; /* cgroups are of another machine or time: only what was seeded is known */

/* The last run of exactly 64 hex digits in the component: docker-ID.scope, cri-containerd-ID.scope,
 * crio-ID.scope, libpod-ID.scope, or the id alone. */
static const char *find_hex_id(const char *component, size_t len)
{
	size_t run = 0;

	for (size_t i = 0; i < len; i++) {
		run = isxdigit((unsigned char)component[i]) ? run + 1 : 0;
		if (run == CONTAINER_ID_LEN &&
		    (i + 1 == len || !isxdigit((unsigned char)component[i + 1])))
			return component + i + 1 - run;
	}
	return NULL;
}

/* A name between one of these, which say what kind of container it is. */
static const char *find_name(const char *component, size_t len, size_t *ret_len)
{
	static const struct {
		const char *before, *after;
	} forms[] = {
		{ "lxc.payload.", "" },
		{ "systemd-nspawn@", ".service" },
		{ "machine-", ".scope" },
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		size_t head = strlen(forms[i].before), tail = strlen(forms[i].after);

		if (len <= head + tail || strncmp(component, forms[i].before, head) ||
		    strncmp(component + len - tail, forms[i].after, tail))
			continue;
		*ret_len = len - head - tail;
		return component + head;
	}
	return NULL;
}

char *owner_container_of_path(const char *path, char *buf, size_t len)
{
	const char *found, *id = NULL;
	size_t component, id_len = 0, found_len;

	/* The innermost wins: a container may run containers. */
	for (; *path; path += component + (path[component] == '/')) {
		component = strcspn(path, "/");
		found_len = CONTAINER_ID_LEN;
		found = find_hex_id(path, component);
		if (!found)
			found = find_name(path, component, &found_len);
		if (found) {
			id = found;
			id_len = found_len;
		}
	}
	snprintf(buf, len, "%.*s", (int)id_len, id ? id : "");
	return buf;
}

static int mount_fd(void)
{
	static int fd = -2; /* not yet tried */
	char path[PATH_MAX];

	if (fd == -2)
		fd = cgroup_mount(path, sizeof(path))
			     ? -1
			     : open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd;
}

static void abbreviate(struct owner *owner)
{
	snprintf(owner->brief, sizeof(owner->brief), "%s", owner->id);
	if (find_hex_id(owner->id, strlen(owner->id)))
		owner->brief[CONTAINER_SHORT_LEN] = '\0';
}

static void resolve(struct owner *owner)
{
	char path[PATH_MAX];

	if (mount_fd() < 0 || cgroup_path(mount_fd(), owner->cgroup, path, sizeof(path)))
		return;
	owner_container_of_path(path, owner->id, sizeof(owner->id));
	abbreviate(owner);
}

static struct owner *add(__u64 cgroup)
{
	struct owner *owner = calloc(1, sizeof(*owner));

	if (!owner)
		return NULL;
	owner->cgroup = cgroup;
	HASH_ADD(hh, cache, cgroup, sizeof(cgroup), owner);
	return owner;
}

static const struct owner *look_up(__u64 cgroup)
{
	struct owner *owner;

	HASH_FIND(hh, cache, &cgroup, sizeof(cgroup), owner);
	if (!owner && !elsewhere) {
		if (HASH_COUNT(cache) >= CACHE_MAX)
			owner_forget();
		owner = add(cgroup);
		if (owner)
			resolve(owner);
	}
	latest[cgroup % LATEST] = owner;
	return owner;
}

static const struct owner *find(__u64 cgroup)
{
	const struct owner *owner = latest[cgroup % LATEST];

	return owner && owner->cgroup == cgroup ? owner : look_up(cgroup);
}

int owner_seed(__u64 cgroup, const char *id)
{
	struct owner *owner = add(cgroup);

	if (!owner)
		return -ENOMEM;
	snprintf(owner->id, sizeof(owner->id), "%s", id);
	abbreviate(owner);
	return 0;
}

void owner_elsewhere(void)
{
	owner_forget();
	elsewhere = true;
}

const char *owner_container_id(__u64 cgroup)
{
	const struct owner *owner = cgroup ? find(cgroup) : NULL;

	return owner ? owner->id : "";
}

const char *owner_container(__u64 cgroup)
{
	const struct owner *owner = cgroup ? find(cgroup) : NULL;

	return owner ? owner->brief : "";
}

void owner_forget(void)
{
	struct owner *owner, *next;

	HASH_ITER (hh, cache, owner, next) {
		HASH_DEL(cache, owner);
		free(owner);
	}
	memset(latest, 0, sizeof(latest));
	elsewhere = false;
}
