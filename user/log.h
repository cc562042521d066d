/* SPDX-License-Identifier: Apache-2.0 */
/* Messages to people, on stderr: one line each, after "connscope: ". */
#ifndef connscope_LOG_H
#define connscope_LOG_H

#include <stdarg.h>
#include <stdbool.h>

void log_set_verbose(bool verbose);
bool log_is_verbose(void);

/* Until log_release(), which writes them, messages are kept: the screen is somebody else's. */
void log_hold(void);
void log_release(void);

/* "what: why", where why is the text of the negative errno ERR. Returns ERR. */
int log_err(int err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* One line on stderr that the next call draws over; "" leaves none. */
void log_progress(const char *text);

/* Only when verbose. */
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* As it is, without prefix or newline: for a library's print callback. Only when verbose. */
void log_raw(const char *fmt, va_list args) __attribute__((format(printf, 1, 0)));

#endif /* connscope_LOG_H */
