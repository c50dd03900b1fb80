#include "unit.h"

#include "base/limits.h"
#include "base/why.h"
#include "mailauth/dmarc_record.h"

static struct dmarc_record
parsed(void **state, const char *text)
{
	struct dmarc_record record;
	struct why why;

	if (!dmarc_record_parse(*state, text_from(text), &record, &why))
		fail_msg("%s: %s", text, why.text);
	return record;
}

static void
what_is_a_record(void **state)
{
	const char *good[] = {"v=DMARC1", "v=DMARC1;", "V=DMARC1 ;p=none",
			      "v = DMARC1 ; p=none", "v=DMARC1\t;"};
	const char *bad[] = {"",
			     "v=DMARC1x",
			     "v=dmarc1; p=none",
			     " v=DMARC1",
			     "p=none; v=DMARC1",
			     "v=DMARC11",
			     "v=DMARC1 p=none",
			     "v=DMARC2",
			     "vDMARC1",
			     "\"v=DMARC1\""};
	struct dmarc_record record;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (!dmarc_record_is(text_from(good[i])))
			fail_msg("\"%s\" is a record", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (dmarc_record_is(text_from(bad[i])))
			fail_msg("\"%s\" is no record", bad[i]);
		assert_false(dmarc_record_parse(*state, text_from(bad[i]),
						&record, NULL));
	}
}

static void
every_tag(void **state)
{
	struct dmarc_record r = parsed(
	    state, "v=DMARC1; p=reject; sp=Quarantine; np=NONE; psd=n; t=y; "
		   "adkim=s; aspf=S; fo=1:d:s; rua=mailto:a@example.com!10m , "
		   "https://example.net/x; ruf=mailto:b@example.com; x=y");

	assert_true(r.applies);
	assert_false(r.acts_as_none);
	assert_null(r.defect);
	assert_int_equal(r.p, DMARC_POLICY_REJECT);
	assert_int_equal(r.sp, DMARC_POLICY_QUARANTINE);
	assert_int_equal(r.np, DMARC_POLICY_NONE);
	assert_int_equal(r.psd, DMARC_PSD_NO);
	assert_true(r.testing && r.strict_dkim && r.strict_spf);
	assert_text(r.fo, "1:d:s");
	assert_text(r.rua->uri, "mailto:a@example.com");
	assert_text(r.rua->next->uri, "https://example.net/x");
	assert_null(r.rua->next->next);
	assert_text(r.ruf->uri, "mailto:b@example.com");
	assert_false(r.has_pct);
}

static void
defaults(void **state)
{
	struct dmarc_record r = parsed(state, "v=DMARC1;p=none");

	assert_int_equal(r.p, DMARC_POLICY_NONE);
	assert_int_equal(r.sp, DMARC_POLICY_UNSET);
	assert_int_equal(r.np, DMARC_POLICY_UNSET);
	assert_int_equal(r.psd, DMARC_PSD_UNKNOWN);
	assert_false(r.testing || r.strict_dkim || r.strict_spf);
	assert_text(r.fo, "0");
	assert_null(r.rua);
	assert_null(r.ruf);
}

static void
broken_values_become_defaults(void **state)
{
	const char *broken[] = {
	    "adkim=x", "aspf=rr",   "fo=0:1",	      "fo=dd", "fo=d:d", "fo=",
	    "fo=1:",   "psd=maybe", "t=yes",	      "junk",  "=x",	 "1=2",
	    "p=none",  "rua=a,b",   "ruf=mailto:a!x", "adkim="};

	for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
		struct dmarc_record r = parsed(
		    state, arena_printf(*state, "v=DMARC1; p=reject; %s; t=y",
					broken[i]));

		if (r.defect == NULL)
			fail_msg("%s is a defect", broken[i]);
		assert_true(r.applies);
		assert_int_equal(r.p, DMARC_POLICY_REJECT);
		assert_int_equal(r.psd, DMARC_PSD_UNKNOWN);
		assert_false(r.strict_dkim || r.strict_spf);
		assert_text(r.fo, "0");
		assert_null(r.rua);
		assert_null(r.ruf);
		if (strncmp(broken[i], "t=", 2) != 0)
			assert_true(r.testing);
	}
}

static void
broken_policies(void **state)
{
	const char *bad[] = {
	    "", "p=x", "p=", "sp=none", "p=reject; sp=x", "p=reject; np=x"};
	struct dmarc_record r;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		r = parsed(state,
			   arena_printf(*state, "v=DMARC1; %s; rua=x", bad[i]));
		assert_false(r.applies);
		assert_int_equal(r.p, DMARC_POLICY_UNSET);
		r = parsed(state,
			   arena_printf(*state,
					"v=DMARC1; rua=mailto:a@b.test; %s",
					bad[i]));
		assert_true(r.applies && r.acts_as_none);
		assert_int_equal(r.p, DMARC_POLICY_NONE);
		assert_int_equal(r.sp, DMARC_POLICY_UNSET);
		assert_int_equal(r.np, DMARC_POLICY_UNSET);
	}
}

static void
report_addresses(void **state)
{
	struct dmarc_record r = parsed(
	    state, "v=DMARC1; p=none; rua=mailto:a@b.test!1,!5,mailto:,x y:z,"
		   "mailto:%zz,mailto:%41@b.test,,mailto:c@d.test!2k");
	char *many = arena_printf(*state, "v=DMARC1; p=none; rua=a:b");
	size_t count = 0;

	assert_text(r.rua->uri, "mailto:a@b.test");
	assert_text(r.rua->next->uri, "mailto:%41@b.test");
	assert_text(r.rua->next->next->uri, "mailto:c@d.test");
	assert_null(r.rua->next->next->next);
	for (int i = 0; i < LIMIT_DMARC_URIS; i++)
		many = arena_printf(*state, "%s,a:b", many);
	r = parsed(state, many);
	for (struct dmarc_uri *u = r.rua; u != NULL; u = u->next)
		count++;
	assert_int_equal(count, LIMIT_DMARC_URIS);
}

static void
historic_and_unknown_tags(void **state)
{
	struct dmarc_record r =
	    parsed(state, "v=DMARC1; p=reject; pct=0; rf=x; ri=y; foo=bar");

	assert_true(r.has_pct);
	assert_null(r.defect);
	assert_int_equal(r.p, DMARC_POLICY_REJECT);
}

static void
too_long(void **state)
{
	char *at = arena_bytes(*state, LIMIT_DMARC_RECORD_BYTES + 1);
	struct dmarc_record r;

	memset(at, ' ', LIMIT_DMARC_RECORD_BYTES + 1);
	memcpy(at, "v=DMARC1;p=none;", 16);
	assert_true(dmarc_record_parse(
	    *state, text_of(at, LIMIT_DMARC_RECORD_BYTES), &r, NULL));
	assert_false(dmarc_record_parse(
	    *state, text_of(at, LIMIT_DMARC_RECORD_BYTES + 1), &r, NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(what_is_a_record),
	    arena_unit_test(every_tag),
	    arena_unit_test(defaults),
	    arena_unit_test(broken_values_become_defaults),
	    arena_unit_test(broken_policies),
	    arena_unit_test(report_addresses),
	    arena_unit_test(historic_and_unknown_tags),
	    arena_unit_test(too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
