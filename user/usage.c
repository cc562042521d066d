/* SPDX-License-Identifier: Apache-2.0 */
/* A mistake on the command line: one line that names it and the accepted form, and the end. */
#include "usage.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"
#include "escape.h"
#include "log.h"

void usage_error(const char *fmt, ...)
{
	char text[1024], plain[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	/* One line, whatever bytes were typed. */
	log_error("%s", escape_bytes(text, plain, sizeof(plain)));
	exit(EXIT_USAGE);
}
