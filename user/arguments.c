/* SPDX-License-Identifier: Apache-2.0 */
/* What of the command line is told to those who get a page or a recording. */
#include "arguments.h"

#include <stdbool.h>
#include <string.h>

size_t arguments_told(char *const *arguments)
{
	bool command = false;
	size_t count = 0;

	while (arguments && arguments[count] && !command)
		command = !strcmp(arguments[count++], "--");
	return count + (command && arguments[count]);
}
