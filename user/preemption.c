/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether this kernel may take the CPU from a tracing program: full or lazy preemption, but not
 * voluntary, where a task gives way at places that a program does not pass (kernel/sched/core.c,
 * sched_dynamic_mode; since 6.13 "lazy", which 7.x has as its default).
 */
#include "preemption.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <zlib.h>

#include "cleanup.h"
#include "kernel_fs.h"

bool preemption_by(const struct preemption_signs *signs)
{
	if (signs->mode)
		return !strstr(signs->mode, "(none)") && !strstr(signs->mode, "(voluntary)");
	if (signs->version && !strstr(signs->version, "PREEMPT"))
		return false;
	if (!signs->model || !signs->cmdline || strstr(signs->cmdline, "preempt="))
		return true;
	return strcmp(signs->model, "CONFIG_PREEMPT_NONE=y") != 0 &&
	       strcmp(signs->model, "CONFIG_PREEMPT_VOLUNTARY=y") != 0;
}

/* The model of preemption that PATH, a configuration, compressed or not, chooses. */
static bool read_model(const char *path, char *ret_model, size_t size)
{
	static const char *const models[] = { "NONE=y", "VOLUNTARY=y", "LAZY=y", "RT=y" };
	static const char prefix[] = "CONFIG_PREEMPT_";
	gzFile file = gzopen(path, "re");
	bool found = false;

	if (!file)
		return false;
	while (!found && gzgets(file, ret_model, (int)size)) {
		ret_model[strcspn(ret_model, "\n")] = '\0';
		for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++)
			found |= !strncmp(ret_model, prefix, sizeof(prefix) - 1) &&
				 !strcmp(ret_model + sizeof(prefix) - 1, models[i]);
	}
	gzclose(file);
	return found;
}

static bool read_file(const char *path, char *ret_text, size_t size)
{
	auto_file FILE *file = fopen(path, "re");

	return file && fgets(ret_text, (int)size, file);
}

bool preemption_here(void)
{
	char mode[64], model[256], cmdline[4096], config[128];
	struct preemption_signs signs = {};
	struct utsname name;

	if (!kernel_fs_line("debugfs", "sched/preempt", mode, sizeof(mode)))
		signs.mode = mode;
	if (!uname(&name)) {
		signs.version = name.version;
		snprintf(config, sizeof(config), "/boot/config-%s", name.release);
		if (read_model("/proc/config.gz", model, sizeof(model)) ||
		    read_model(config, model, sizeof(model)))
			signs.model = model;
	}
	if (read_file("/proc/cmdline", cmdline, sizeof(cmdline)))
		signs.cmdline = cmdline;
	return preemption_by(&signs);
}
