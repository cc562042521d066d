/* SPDX-License-Identifier: Apache-2.0 */
/* A moment of a recording, as a person names it. */
#include "moment.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "parse.h"

#define SECOND_MS 1000ULL
#define DAY_MS	  (86400 * SECOND_MS)

/* 13:45 or 13:45:09; RET_REST is what follows. */
static bool parse_clock(const char *text, __u64 *ret_ms, const char **ret_rest)
{
	unsigned int hours, minutes, seconds = 0;
	int used = 0, more = 0;

	if (strspn(text, "0123456789") != 2 ||
	    sscanf(text, "%2u:%2u%n", &hours, &minutes, &used) < 2 || used != 5)
		return false;
	text += used;
	if (*text == ':') {
		if (sscanf(text, ":%2u%n", &seconds, &more) < 1 || more != 3)
			return false;
		text += more;
	}
	if (hours > 23 || minutes > 59 || seconds > 59)
		return false;
	*ret_ms = ((hours * 60 + minutes) * 60 + seconds) * SECOND_MS;
	*ret_rest = text;
	return true;
}

/* Z, +02:00 or -0530, to what is to be taken from the time. */
static bool parse_zone(const char *text, __s64 *ret_ms)
{
	const char *rest;
	char clock[sizeof("00:00")];
	__u64 ms;

	if (!strcmp(text, "Z") || !strcmp(text, "z")) {
		*ret_ms = 0;
		return true;
	}
	if (*text != '+' && *text != '-')
		return false;
	snprintf(clock, sizeof(clock), "%s", text + 1);
	if (strlen(text + 1) != 5 || !parse_clock(clock, &ms, &rest) || *rest)
		return false;
	*ret_ms = *text == '+' ? (__s64)ms : -(__s64)ms;
	return true;
}

/* .385 and what follows, to milliseconds. */
static const char *parse_fraction(const char *text, __u64 *ret_ms)
{
	__u64 unit = 100;

	*ret_ms = 0;
	if (*text != '.')
		return text;
	for (text++; *text >= '0' && *text <= '9'; text++, unit /= 10)
		*ret_ms += (__u64)(*text - '0') * unit;
	return text;
}

/* RFC 3339. */
static int parse_at(const char *text, __u64 *ret_ms)
{
	struct tm tm = {};
	const char *rest = strptime(text, "%Y-%m-%d", &tm);
	int day = tm.tm_mday;
	__u64 clock_ms, fraction_ms;
	__s64 zone_ms, day_ms;

	if (!rest || !strchr("Tt ", *rest) || !*rest || !parse_clock(rest + 1, &clock_ms, &rest))
		return -EINVAL;
	rest = parse_fraction(rest, &fraction_ms);
	day_ms = (__s64)timegm(&tm) * (__s64)SECOND_MS;
	/* timegm(3) makes March of February 30. */
	if (!parse_zone(rest, &zone_ms) || tm.tm_mday != day || day_ms < (__s64)DAY_MS)
		return -EINVAL;
	*ret_ms = (__u64)(day_ms - zone_ms) + clock_ms + fraction_ms;
	return 0;
}

int moment_parse(const char *text, struct moment *ret_moment)
{
	struct moment moment = { .kind = MOMENT_AT };
	const char *rest;
	int err;

	if (*text == '-') {
		moment.kind = MOMENT_BEFORE_END;
		err = parse_span(text + 1, &moment.ms);
	} else if (parse_clock(text, &moment.ms, &rest)) {
		moment.kind = MOMENT_CLOCK;
		err = *rest ? -EINVAL : 0;
	} else {
		err = parse_at(text, &moment.ms);
	}
	if (!err)
		*ret_moment = moment;
	return err;
}

__u64 moment_resolve(const struct moment *moment, __u64 start_ms, __u64 end_ms)
{
	__u64 at;

	switch (moment->kind) {
	case MOMENT_CLOCK:
		at = end_ms - end_ms % DAY_MS + moment->ms;
		if (at > end_ms && at - DAY_MS >= start_ms)
			at -= DAY_MS;
		return at;
	case MOMENT_BEFORE_END:
		return end_ms > moment->ms ? end_ms - moment->ms : 0;
	default:
		return moment->ms;
	}
}
