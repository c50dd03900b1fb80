#include "unit.h"

#include "base/why.h"
#include "mailauth/arc_field.h"

static struct header_field
field_of(const char *name, const char *value)
{
	return (struct header_field){.name = text_from(name),
				     .value = text_from(value)};
}

static void
kinds(void **state)
{
	struct header_field field = field_of("arc-SEAL", "");

	assert_int_equal(arc_kind_of(&field), ARC_SEAL);
	field = field_of("ARC-Message-Signature", "");
	assert_int_equal(arc_kind_of(&field), ARC_MESSAGE_SIGNATURE);
	field = field_of("Arc-Authentication-Results", "");
	assert_int_equal(arc_kind_of(&field), ARC_AUTHENTICATION_RESULTS);
	field = field_of("ARC-Seals", "");
	assert_int_equal(arc_kind_of(&field), ARC_NO_FIELD);
}

static void
results(void **state)
{
	static const struct {
		const char *value, *results;
		unsigned instance; /* 0: refused */
	} cases[] = {
	    {" i=1; a.example; none", "a.example; none", 1},
	    {"i = 50 ;a.example", "a.example", 50},
	    {"\r\n (one (two) \\) ) i=\r\n\t2;\r\n x;", "x;", 2},
	    {"i=1;", "", 1},
	    {"i=0; x", "", 0},
	    {"i=51; x", "", 0},
	    {"i=99999999999999999999; x", "", 0},
	    {"i=; x", "", 0},
	    {"i=1", "", 0},
	    {"i=1 x; y", "", 0},
	    {"(i=1; x", "", 0},
	    {"I=1; x", "", 0},
	    {"a.example; i=1; spf=pass", "", 0},
	    {"", "", 0},
	};
	struct header_field field;
	struct arc_field parsed;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		field = field_of("ARC-Authentication-Results", cases[i].value);
		assert_int_equal(arc_field_parse(*state, &field, &parsed, NULL),
				 cases[i].instance > 0);
		if (cases[i].instance == 0)
			continue;
		assert_int_equal(parsed.instance, cases[i].instance);
		assert_text(parsed.results, cases[i].results);
	}
}

static void
seals(void **state)
{
	static const struct {
		const char *value;
		enum arc_cv cv; /* 0: refused */
	} cases[] = {
	    {"i=1; a=rsa-sha256; d=a.example; s=s; cv=none; b=AQ==",
	     ARC_CV_NONE},
	    {"cv=Pass; i=2; a=rsa-sha256; d=a.example; s=s; b=AQ==; z=1",
	     ARC_CV_PASS},
	    {"i=3; a=rsa-sha256; d=a.example; s=s; cv=fail; b=AQ==",
	     ARC_CV_FAIL},
	    {"i=1; a=rsa-sha256; d=a.example; s=s; cv=; b=AQ==", 0},
	    {"i=1; a=rsa-sha256; d=a.example; s=s; b=AQ==", 0},
	    {"a=rsa-sha256; d=a.example; s=s; cv=none; b=AQ==", 0},
	    {"i=1; a=rsa-sha1; d=a.example; s=s; cv=none; b=AQ==", 0},
	    {"i=1; a=rsa-sha256; s=s; cv=none; b=AQ==", 0},
	    {"i=1; a=rsa-sha256; d=a.example; s=s; cv=none; h=from; b=AQ==", 0},
	    {"i=1; a=rsa-sha256; d=a.example; s=s; cv=none; b=", 0},
	    {"i=1; i=1; a=rsa-sha256; d=a.example; s=s; cv=none; b=AQ==", 0},
	};
	struct header_field field;
	struct arc_field parsed;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		field = field_of("ARC-Seal", cases[i].value);
		assert_int_equal(arc_field_parse(*state, &field, &parsed, NULL),
				 cases[i].cv != 0);
		if (cases[i].cv != 0)
			assert_int_equal(parsed.cv, cases[i].cv);
	}
}

/* Only the newest must verify: a broken one is kept if it has an instance. */
static void
message_signatures(void **state)
{
	static const struct {
		const char *value, *unusable;
		bool taken;
	} cases[] = {
	    {"i=1; a=rsa-sha256; d=a.example; s=s; h=from; bh=AQ==; b=AQ==",
	     NULL, true},
	    {"i=1; a=rsa-sha1; d=a.example; s=s; h=from; bh=AQ==; b=AQ==",
	     "rsa-sha1", true},
	    {"i=1; a=rsa-sha256; d=a.example; s=s; h=Arc-Seal; bh=AQ==; "
	     "b=AQ==",
	     "ARC-Seal", true},
	    {"i=1; a=rsa-sha256; d=a.example; s=s; h=from; l=1; bh=AQ==; "
	     "b=AQ==",
	     "l=", true},
	    {"i=1; a=rsa-sha256; d=a.example", "no s=", true},
	    {"a=rsa-sha256; d=a.example; s=s; h=from; bh=AQ==; b=AQ==", NULL,
	     false},
	    {"i=1; ;", NULL, false},
	};
	struct header_field field;
	struct arc_field parsed;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		field = field_of("ARC-Message-Signature", cases[i].value);
		if (arc_field_parse(*state, &field, &parsed, NULL) !=
		    cases[i].taken)
			fail_msg("case %zu", i);
		if (!cases[i].taken)
			continue;
		if (cases[i].unusable == NULL)
			assert_null(parsed.unusable);
		else
			assert_non_null(
			    strstr(parsed.unusable, cases[i].unusable));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(kinds),
	    arena_unit_test(results),
	    arena_unit_test(seals),
	    arena_unit_test(message_signatures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
