/* SPDX-License-Identifier: Apache-2.0 */
/* The file of --html. */
#ifndef connscope_PAGE_H
#define connscope_PAGE_H

struct options;
struct report;

/* Whether PATH can be written, before there is anything to write. -EIO, logged. */
int page_check(const char *path);
/* Puts REPORT into the file that OPTIONS name. -EIO, logged; or -EPIPE. */
int page_write(const struct report *report, const struct options *options);

#endif /* connscope_PAGE_H */
