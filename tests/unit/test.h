/* SPDX-License-Identifier: Apache-2.0 */
/* What every unit test includes: cmocka, which needs the first four before it. */
#ifndef connscope_TEST_H
#define connscope_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif /* connscope_TEST_H */
