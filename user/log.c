/* SPDX-License-Identifier: Apache-2.0 */
/* The only place that writes to stderr. */
#include "log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool verbose_on;
static FILE *held; /* NULL: to stderr at once */
static char *held_text;
static size_t held_len;

void log_set_verbose(bool verbose)
{
	verbose_on = verbose;
}

bool log_is_verbose(void)
{
	return verbose_on;
}

void log_hold(void)
{
	if (!held)
		held = open_memstream(&held_text, &held_len);
}

void log_release(void)
{
	if (!held)
		return;
	fclose(held);
	held = NULL;
	fputs(held_text, stderr);
	free(held_text);
}

/* One lock over all parts, so that lines of two threads do not mix. */
static void __attribute__((format(printf, 3, 0)))
log_line(const char *label, int err, const char *fmt, va_list args)
{
	FILE *out = held ? held : stderr;

	flockfile(out);
	fprintf(out, "connscope: %s", label);
	vfprintf(out, fmt, args);
	if (err)
		fprintf(out, ": %s", strerror(err < 0 ? -err : err));
	fputc('\n', out);
	funlockfile(out);
}

int log_err(int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_line("", err, fmt, args);
	va_end(args);
	return err;
}

void log_error(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_line("", 0, fmt, args);
	va_end(args);
}

void log_info(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_line("", 0, fmt, args);
	va_end(args);
}

void log_warn(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_line("warning: ", 0, fmt, args);
	va_end(args);
}

void log_progress(const char *text)
{
	fprintf(stderr, "\r%s\033[K", text);
	fflush(stderr);
}

void log_debug(const char *fmt, ...)
{
	va_list args;

	if (!verbose_on)
		return;
	va_start(args, fmt);
	log_line("debug: ", 0, fmt, args);
	va_end(args);
}

void log_raw(const char *fmt, va_list args)
{
	if (verbose_on)
		vfprintf(held ? held : stderr, fmt, args);
}
