/* SPDX-License-Identifier: Apache-2.0 */
/* Rows by key: each is found again, and nothing else is. */
#include "test.h"

#include <string.h>

#include "aggregate.h"
#include "row_table.h"

#define MANY 5000

static struct row_key key_of(__u32 number)
{
	struct row_key key;

	memset(&key, 0, sizeof(key));
	key.role = ROLE_CLIENT;
	key.port = (__u16)(number % 7);
	key.addr[14] = (__u8)(number >> 8);
	key.addr[15] = (__u8)number;
	memcpy(key.comm, "curl", sizeof("curl"));
	return key;
}

static void each_is_found_however_many(void **state)
{
	struct row *rows[MANY];
	struct row_table table;

	(void)state;
	assert_int_equal(row_table__init(&table, MANY), 0);
	for (__u32 i = 0; i < MANY; i++) {
		struct row_key key = key_of(i);

		assert_null(row_table__find(&table, &key));
		rows[i] = row_table__add(&table, &key);
		assert_non_null(rows[i]);
	}
	for (__u32 i = 0; i < MANY; i++) {
		struct row_key key = key_of(i);

		assert_ptr_equal(row_table__find(&table, &key), rows[i]);
		assert_ptr_equal(table.rows[i], rows[i]);
		assert_memory_equal(&rows[i]->key, &key, sizeof(key));
	}
	row_table__done(&table);
}

/* Also in its last byte. */
static void each_field_tells_apart(void **state)
{
	struct row_key key = key_of(1);
	struct row_table table;
	struct row *row;

	(void)state;
	assert_int_equal(row_table__init(&table, 4), 0);
	row = row_table__add(&table, &key);
	for (size_t i = 0; i < sizeof(key); i++) {
		struct row_key other = key;

		((__u8 *)&other)[i] ^= 0x80;
		assert_null(row_table__find(&table, &other));
	}
	assert_ptr_equal(row_table__find(&table, &key), row);
	row_table__done(&table);
}

static void no_more_than_asked_for(void **state)
{
	struct row_table table;

	(void)state;
	assert_int_equal(row_table__init(&table, 2), 0);
	for (__u32 i = 0; i < 3; i++) {
		struct row_key key = key_of(i);

		assert_true(!row_table__add(&table, &key) == (i == 2));
	}
	assert_int_equal(table.count, 2);
	row_table__done(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_found_however_many),
		cmocka_unit_test(each_field_tells_apart),
		cmocka_unit_test(no_more_than_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
