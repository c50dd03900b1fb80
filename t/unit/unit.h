/* unit.h - what every unit test includes */
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>

#include "base/arena.h"
#include "base/text.h"

/* assert_text(value, "expected") compares a struct text with a string. */
#define assert_text(value, expected)                                           \
	do {                                                                   \
		struct text assert_got = (value);                              \
		struct text assert_want = text_from(expected);                 \
		if (!text_equal(assert_got, assert_want))                      \
			fail_msg("got \"" TEXT_FMT "\", want \"" TEXT_FMT      \
				 "\"",                                         \
				 TEXT_ARG(assert_got),                         \
				 TEXT_ARG(assert_want));                       \
	} while (0)

/* Between two looks at a fact that another thread or process makes. */
static inline void
unit_look_again(void)
{
	poll(NULL, 0, 10);
}

/* Group set-up and tear-down for tests that want an arena in *state. */
static inline int
unit_arena_new(void **state)
{
	*state = arena_new();
	return 0;
}

static inline int
unit_arena_free(void **state)
{
	arena_free(*state);
	return 0;
}

#define arena_unit_test(f)                                                           \
	cmocka_unit_test_setup_teardown(f, unit_arena_new, unit_arena_free)

#endif
