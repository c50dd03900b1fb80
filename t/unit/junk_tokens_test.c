#include "unit.h"

#include <stdio.h>

#include "base/limits.h"
#include "judge/junk_params.h"
#include "judge/junk_tokens.h"

static void
the_number_of_a_word_is_its_sha256(void **state)
{
	(void)state;
	/* printf abc | sha256sum: ba7816bf8f01cfea... */
	assert_true(junk_word_id(TEXT("abc")) == (int64_t)0xba7816bf8f01cfeau);
	assert_true(junk_word_id(TEXT("")) == (int64_t)0xe3b0c44298fc1c14u);
}

static void
each_word_is_there_once_by_number(void **state)
{
	struct junk_set *set = junk_set_new(*state);
	struct junk_tokens tokens;
	size_t i;

	junk_set_add(set, TEXT(""), TEXT("one"));
	junk_set_add(set, TEXT("Subject:"), TEXT("one"));
	junk_set_add(set, TEXT("Sub"), TEXT("ject:one"));
	junk_set_add(set, TEXT(""), TEXT("one"));
	junk_set_add(set, TEXT(""), TEXT("two"));
	junk_set_add(set, TEXT(""), TEXT(""));
	junk_set_finish(set, &tokens);
	assert_int_equal(tokens.count, 3);
	assert_false(tokens.cut);
	for (i = 0; i < tokens.count; i++)
		assert_true(tokens.at[i].id == junk_word_id(tokens.at[i].word));
	for (i = 1; i < tokens.count; i++)
		assert_true(tokens.at[i - 1].id < tokens.at[i].id);
}

static void
an_empty_set(void **state)
{
	struct junk_tokens tokens;

	junk_set_finish(junk_set_new(*state), &tokens);
	assert_int_equal(tokens.count, 0);
	assert_false(tokens.cut);
}

static void
no_more_than_the_limit(void **state)
{
	struct junk_set *set = junk_set_new(*state);
	struct junk_tokens tokens;
	char word[20];
	int i;

	for (i = 0; i < LIMIT_JUNK_TOKENS + 5; i++) {
		snprintf(word, sizeof(word), "word%d", i);
		junk_set_add(set, TEXT(""), text_from(word));
		junk_set_add(set, TEXT(""), text_from(word));
	}
	junk_set_finish(set, &tokens);
	assert_int_equal(tokens.count, LIMIT_JUNK_TOKENS);
	assert_true(tokens.cut);
}

static void
another_version_has_another_hash(void **state)
{
	struct junk_params other = junk_params_default;

	(void)state;
	other.threshold = 0.5;
	assert_true(junk_params_hash(&other) ==
		    junk_params_hash(&junk_params_default));
	other.words_version++;
	assert_false(junk_params_hash(&other) ==
		     junk_params_hash(&junk_params_default));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(the_number_of_a_word_is_its_sha256),
	    arena_unit_test(each_word_is_there_once_by_number),
	    arena_unit_test(an_empty_set),
	    arena_unit_test(no_more_than_the_limit),
	    arena_unit_test(another_version_has_another_hash),
	};

	return cmocka_run_group_tests_name("junk_tokens", tests, NULL, NULL);
}
