#include "unit.h"

#include "base/buf.h"
#include "judge/junk_tokens.h"
#include "judge/junk_words.h"

static int
by_text(const void *a, const void *b)
{
	return text_compare(((const struct junk_token *)a)->word,
			    ((const struct junk_token *)b)->word);
}

/* The words in alphabetical order, with spaces between. */
static struct text
words_of(struct arena *arena, const char *prefix, struct text text)
{
	struct junk_set *set = junk_set_new(arena);
	struct junk_tokens tokens;
	struct buf buf;
	size_t i;

	junk_words_add(arena, set, text_from(prefix), text);
	junk_set_finish(set, &tokens);
	qsort(tokens.at, tokens.count, sizeof(*tokens.at), by_text);
	buf_init(&buf, arena, 1000000);
	for (i = 0; i < tokens.count; i++)
		buf_printf(&buf, "%s" TEXT_FMT, i > 0 ? " " : "",
			   TEXT_ARG(tokens.at[i].word));
	return buf_view(&buf);
}

#define assert_words(from, wanted)                                             \
	assert_text(words_of(*state, "", TEXT(from)), wanted)

static void
runs_of_letters_and_digits(void **state)
{
	assert_words("Buy GOLD now, buy gold4u!", "buy gold gold4u now");
	assert_words("", "");
	assert_words(" ... --- ", "");
	assert_words("caf\xc3\xa9 \xc3\x89T\xc3\x89 stra\xc3\x9f"
		     "e",
		     "caf\xc3\xa9 stra\xc3\x9f"
		     "e \xc3\xa9t\xc3\xa9");
	assert_text(words_of(*state, "Subject:", TEXT("Re: Hello you")),
		    "Subject:hello Subject:you");
}

static void
an_apostrophe_between_letters_belongs_to_the_word(void **state)
{
	assert_words("don't 'quoted' users' o'clock", "don't o'clock quoted "
						      "users");
	assert_words("don\xe2\x80\x99t", "don't");
	assert_words("'' ' x'9 abc'", "abc");
}

static void
short_words_and_numbers_are_none(void **state)
{
	assert_words("a ab abc 12 123 1234567 12ab", "12ab abc");
	assert_words("abc1234 1999 0xdead123 ab123 a1b2", "a1b2");
	/* one Chinese character has three bytes */
	assert_words("\xe6\x88\x91 x", "\xe6\x88\x91");
}

static void
what_looks_random_is_none(void **state)
{
	assert_words("xkcdqrst strength bcdfg 23b45c67", "bcdfg strength");
	assert_words("wh\xc3\xb6rtbrgstq", "wh\xc3\xb6rtbrgstq");
}

static void
long_words_are_none(void **state)
{
	assert_words("aeioaeioaeioaeioaeioaeioaeioaeioaeioaeioaeioaeioaeioaeio"
		     "aeioaeio fine",
		     "aeioaeioaeioaeioaeioaeioaeioaeioaeioaeioaeioaeioaeioaeio"
		     "aeioaeio fine");
	assert_words("aeioaeioaeioaeioaeioaeioaeioaeioaeioaeioaeioaeioaeioaeio"
		     "aeioaeioa fine",
		     "fine");
}

static void
text_without_spaces_gives_pairs(void **state)
{
	/* ni hao shi jie; an English word between */
	assert_words("\xe4\xbd\xa0\xe5\xa5\xbd\xe4\xb8\x96 abc\xe7\x95\x8c",
		     "abc \xe4\xbd\xa0\xe5\xa5\xbd \xe5\xa5\xbd\xe4\xb8\x96 "
		     "\xe7\x95\x8c");
}

static void
disguises_are_seen_through(void **state)
{
	assert_words("V.I.A.G.R.A", "viagra");
	assert_words("v i a g r a now", "now viagra");
	assert_words("a b. c  d", "");
	/* zero width space and soft hyphen */
	assert_words("via\xe2\x80\x8bgra", "text:hidden-inside viagra");
	assert_words("via\xc2\xadgra\xc2\xad", "text:hidden-inside viagra");
	/* full width, mathematical bold */
	assert_words("\xef\xbd\x86\xef\xbd\x92\xef\xbd\x85\xef\xbd\x85 "
		     "\xf0\x9d\x90\x9f\xf0\x9d\x90\xab\xf0\x9d\x90\x9e\xf0\x9d"
		     "\x90\x9e",
		     "free");
	/* Cyrillic a in a Latin word */
	assert_words("p\xd0\xb0ypal", "p\xd0\xb0ypal text:mixed-scripts");
	assert_words("\xd0\xbf\xd0\xb0\xd1\x80\xd0\xba",
		     "\xd0\xbf\xd0\xb0\xd1\x80\xd0\xba");
}

static void
what_is_no_utf8_separates(void **state)
{
	assert_words("good\xff"
		     "bad\xc3",
		     "bad good");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(runs_of_letters_and_digits),
	    arena_unit_test(an_apostrophe_between_letters_belongs_to_the_word),
	    arena_unit_test(short_words_and_numbers_are_none),
	    arena_unit_test(what_looks_random_is_none),
	    arena_unit_test(long_words_are_none),
	    arena_unit_test(text_without_spaces_gives_pairs),
	    arena_unit_test(disguises_are_seen_through),
	    arena_unit_test(what_is_no_utf8_separates),
	};

	return cmocka_run_group_tests_name("junk_words", tests, NULL, NULL);
}
