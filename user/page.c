/* SPDX-License-Identifier: Apache-2.0 */
/* The file of --html: replaced as a whole at each report. */
#include "page.h"

#include <errno.h>

#include "cli.h"
#include "log.h"
#include "render.h"
#include "replacement.h"

/* Whatever it was, it is no privilege that tracing needs. */
static int failed(int err, const char *path)
{
	log_err(err, "cannot write %s", path);
	return -EIO;
}

int page_check(const char *path)
{
	struct replacement page;
	int err = replacement__open(path, &page);

	if (err)
		return failed(err, path);
	replacement__close(&page, -ECANCELED);
	return 0;
}

int page_write(const struct report *report, const struct options *options)
{
	struct replacement page;
	int err = replacement__open(options->html_file, &page);

	if (!err) {
		err = report_write_page(report, options, page.out);
		err = replacement__close(&page, err);
	}
	return err && err != -EPIPE ? failed(err, options->html_file) : err;
}
