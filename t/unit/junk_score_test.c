#include "unit.h"

#include "base/buf.h"
#include "base/limits.h"
#include "judge/junk_field.h"
#include "judge/junk_score.h"

#define WORDS 6

static const struct junk_model empty = {0, 0}, trained = {100, 100};

static struct junk_tokens
tokens_of(struct arena *arena, const char *const *words, size_t count)
{
	struct junk_tokens tokens = {.count = count};
	size_t i;

	tokens.at = arena_new_array(arena, struct junk_token, count + 1);
	for (i = 0; i < count; i++) {
		tokens.at[i].word = text_from(words[i]);
		tokens.at[i].id = junk_word_id(tokens.at[i].word);
	}
	return tokens;
}

static const char *const words[WORDS] = {"offer", "cheap",   "winner",
					 "hello", "tuesday", "minutes"};
static const struct junk_counts spammy[WORDS] = {{0, 60},  {1, 40}, {0, 30},
						 {50, 45}, {0, 0},  {0, 0}};
static const struct junk_counts hammy[WORDS] = {{0, 0},	  {0, 0},  {0, 0},
						{50, 50}, {40, 0}, {30, 1}};
static const struct junk_counts mixed[WORDS] = {{0, 60},  {1, 40}, {50, 50},
						{50, 50}, {60, 0}, {40, 1}};

static struct junk_verdict
score(struct arena *arena, const struct junk_counts *user,
      const struct junk_counts *site, struct junk_model user_model,
      struct junk_model site_model)
{
	struct junk_tokens tokens = tokens_of(arena, words, WORDS);
	struct junk_verdict verdict;

	junk_score(arena, &tokens, user, site, &user_model, &site_model,
		   &junk_params_default, &verdict);
	assert_true(verdict.probability >= 0 && verdict.probability <= 1);
	return verdict;
}

static void
words_of_one_kind_decide(void **state)
{
	struct junk_verdict verdict =
	    score(*state, spammy, NULL, trained, empty);

	assert_true(verdict.significant);
	assert_true(verdict.probability > 0.95);
	assert_int_equal(junk_class(&verdict, &junk_params_default), JUNK_SPAM);
	/* "hello" says nothing, and what was never seen neither */
	assert_int_equal(verdict.count, 3);
	/* of two as sure, the longer is first */
	assert_text(verdict.words[0].word, "winner");
	verdict = score(*state, hammy, NULL, trained, empty);
	assert_true(verdict.probability < 0.1);
	assert_int_equal(junk_class(&verdict, &junk_params_default), JUNK_HAM);
}

static void
strong_words_on_both_sides_leave_it_open(void **state)
{
	struct junk_verdict verdict =
	    score(*state, mixed, NULL, trained, empty);

	assert_true(verdict.probability > 0.2 && verdict.probability < 0.8);
}

static void
little_training_is_not_significant(void **state)
{
	struct junk_model ham = {49, 100}, spam = {100, 0}, both = {50, 1};
	struct junk_verdict verdict;

	verdict = score(*state, spammy, NULL, ham, empty);
	assert_false(verdict.significant);
	assert_int_equal(junk_class(&verdict, &junk_params_default),
			 JUNK_UNSURE);
	assert_false(score(*state, NULL, NULL, spam, empty).significant);
	assert_true(score(*state, NULL, NULL, both, empty).significant);
}

static void
nothing_known_is_one_half(void **state)
{
	struct junk_verdict verdict = score(*state, NULL, NULL, empty, empty);

	assert_true(verdict.probability >= 0.5 && verdict.probability <= 0.5);
	assert_int_equal(verdict.count, 0);
	assert_false(verdict.significant);
	assert_string_equal(
	    junk_class_name(junk_class(&verdict, &junk_params_default)),
	    "unsure");
}

static void
the_site_helps_who_has_nothing(void **state)
{
	struct junk_model site = {20000, 5000}, few = {10, 10};
	struct junk_counts counts[WORDS] = {{0, 3000},	  {20, 2000}, {0, 1500},
					    {9000, 2500}, {0, 0},     {0, 0}};
	struct junk_verdict verdict = score(*state, NULL, counts, empty, site);

	assert_true(verdict.significant);
	assert_true(verdict.site_share >= 1);
	assert_true(verdict.probability > 0.95);
	verdict = score(*state, NULL, counts, few, site);
	assert_true(verdict.site_share > 0.5 && verdict.site_share < 1);
	/* one who has trained enough is not asked what others think */
	verdict = score(*state, hammy, counts, trained, site);
	assert_true(verdict.site_share <= 0);
	assert_true(verdict.probability < 0.1);
}

static void
a_word_seen_twice_says_less(void **state)
{
	const struct junk_counts twice[WORDS] = {{0, 2}, {0, 50}};
	struct junk_verdict verdict =
	    score(*state, twice, NULL, trained, empty);

	assert_int_equal(verdict.count, 2);
	assert_text(verdict.words[0].word, "cheap");
	assert_true(verdict.words[1].spamminess < verdict.words[0].spamminess);
	assert_true(verdict.words[0].spamminess <= 0.99);
}

/* Who has learned 500 of junk and 50 of ham cannot know that a word of three
 * messages of junk is in no ham. */
static void
much_junk_proves_little_while_ham_is_scarce(void **state)
{
	const struct junk_counts few[WORDS] = {{0, 3}, {0, 3}, {0, 100}};
	struct junk_model uneven = {50, 500};
	struct junk_verdict verdict = score(*state, few, NULL, uneven, empty);

	assert_int_equal(verdict.count, 1);
	assert_text(verdict.words[0].word, "winner");
}

static void
counters_that_cannot_be_do_no_harm(void **state)
{
	const struct junk_counts wild[WORDS] = {
	    {UINT32_MAX, UINT32_MAX}, {UINT32_MAX, 0}, {0, UINT32_MAX}};
	struct junk_model one = {1, 0};

	score(*state, wild, wild, one, one);
	score(*state, wild, wild, empty, trained);
	score(*state, wild, NULL, trained, empty);
}

static void
the_field_tells_the_words(void **state)
{
	struct junk_verdict verdict =
	    score(*state, spammy, NULL, trained, empty);
	struct buf buf;

	buf_init(&buf, *state, 2000);
	verdict.probability = 0.99871;
	junk_field_write(&verdict, &junk_params_default, false, &buf);
	assert_text(buf_view(&buf),
		    "X-Signet-Junk: junk; probability=0.9987; words=winner "
		    "0.99, offer 0.99, cheap 0.97");
	buf_clear(&buf);
	junk_field_write(&verdict, &junk_params_default, true, &buf);
	assert_text(buf_view(&buf),
		    "X-Signet-Junk: junk; probability=0.9987;\r\n words=winner "
		    "0.99, offer 0.99, cheap 0.97");
}

static void
the_field_is_bounded_and_harmless(void **state)
{
	struct junk_verdict verdict = {.probability = 1, .significant = true};
	struct buf buf;
	size_t i;

	verdict.count = 50;
	verdict.words = arena_new_array(*state, struct junk_word, 50);
	for (i = 0; i < 50; i++)
		verdict.words[i].word =
		    TEXT("Subject:\xe4\xbd\xa0,; \r\n\xe5\xa5\xbd\x7f\xff%");
	buf_init(&buf, *state, 2000);
	junk_field_write(&verdict, &junk_params_default, false, &buf);
	assert_true(buf.len <= LIMIT_JUNK_FIELD_BYTES);
	for (i = 0; i < buf.len; i++)
		assert_true(buf.at[i] >= ' ' && buf.at[i] < 0x7f);
	assert_true(text_starts(
	    text_skip(buf_view(&buf), 47),
	    TEXT("Subject:%E4%BD%A0%2C%3B%20%0D%0A%E5%A5%BD%7F%FF%25 0.00,")));
	buf_clear(&buf);
	verdict.count = 0;
	junk_field_write(&verdict, &junk_params_default, false, &buf);
	assert_text(buf_view(&buf), "X-Signet-Junk: junk; probability=1.0000");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(words_of_one_kind_decide),
	    arena_unit_test(strong_words_on_both_sides_leave_it_open),
	    arena_unit_test(little_training_is_not_significant),
	    arena_unit_test(nothing_known_is_one_half),
	    arena_unit_test(the_site_helps_who_has_nothing),
	    arena_unit_test(a_word_seen_twice_says_less),
	    arena_unit_test(much_junk_proves_little_while_ham_is_scarce),
	    arena_unit_test(counters_that_cannot_be_do_no_harm),
	    arena_unit_test(the_field_tells_the_words),
	    arena_unit_test(the_field_is_bounded_and_harmless),
	};

	return cmocka_run_group_tests_name("junk_score", tests, NULL, NULL);
}
