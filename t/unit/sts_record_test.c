#include "unit.h"

#include "base/buf.h"
#include "base/why.h"
#include "mailtls/sts_record.h"
#include "mailtls/txt_fields.h"

static bool
parse(const char *txt, struct sts_record *record)
{
	struct why why;

	return sts_record_parse(text_from(txt), record, &why);
}

static void
record_of_the_rfc(void **state)
{
	struct sts_record record;

	(void)state;
	assert_true(parse("v=STSv1; id=20160831085700Z;", &record));
	assert_text(record.id, "20160831085700Z");
	assert_true(parse("v=STSv1 ;id=1", &record));
	assert_true(parse("v=STSv1;  more=x.y-z ; id=abc\t", &record));
	assert_text(record.id, "abc");
}

static void
what_is_somebody_elses(void **state)
{
	(void)state;
	assert_true(sts_record_is(TEXT("v=STSv1;")));
	assert_false(sts_record_is(TEXT("v=STSv1")));
	assert_false(sts_record_is(TEXT("V=STSv1; id=1")));
	assert_false(sts_record_is(TEXT("v=STSv12; id=1")));
	assert_false(sts_record_is(TEXT("v=spf1 -all")));
	assert_false(sts_record_is(TEXT("")));
}

static void
broken_records(void **state)
{
	static const char *const broken[] = {
	    "v=STSv1;",
	    "v=STSv1; id=",
	    "v=STSv1; id=a_b",
	    "v=STSv1; id=a b",
	    "v=STSv1; ID=1",
	    "v=STSv1; id=1; id=1",
	    "v=STSv1; id",
	    "v=STSv1; id=1; =x",
	    "v=STSv1; id=1;;",
	    "v=STSv1; id=1; x=",
	    "v=STSv1; id=1; x=a=b",
	    "v=STSv1; id=123456789012345678901234567890123",
	    "v=STSv1; id=1; a123456789012345678901234567890123=x",
	};
	struct sts_record record;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(broken) / sizeof(*broken); i++)
		if (parse(broken[i], &record))
			fail_msg("\"%s\" was taken", broken[i]);
}

static void
written_and_read_back(void **state)
{
	static const char *const ids[] = {"1", "20261122T060708",
					  "12345678901234567890123456789012"};
	struct sts_record record, again;
	struct buf to;
	size_t i;

	for (i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
		buf_init(&to, *state, 100);
		record.id = text_from(ids[i]);
		assert_true(sts_record_write(&to, &record));
		assert_true(sts_record_is(buf_view(&to)));
		assert_true(sts_record_parse(buf_view(&to), &again, NULL));
		assert_text(again.id, ids[i]);
	}
	record.id = TEXT("a b");
	assert_false(sts_record_write(&to, &record));
	record.id = TEXT("");
	assert_false(sts_record_write(&to, &record));
}

static void
fields_one_by_one(void **state)
{
	struct txt_field field;
	bool broken = false;
	struct scan in;

	(void)state;
	assert_true(
	    txt_fields_begin(&in, TEXT("v=x1 ; a= b c ;\td.e=;"), "v=x1"));
	assert_true(txt_fields_next(&in, &field, &broken, NULL));
	assert_text(field.name, "a");
	assert_text(field.value, "b c");
	assert_false(txt_fields_is_value(field.value));
	assert_true(txt_fields_next(&in, &field, &broken, NULL));
	assert_text(field.name, "d.e");
	assert_false(txt_fields_is_value(field.value));
	assert_false(txt_fields_next(&in, &field, &broken, NULL));
	assert_false(broken);
	assert_true(txt_fields_begin(&in, TEXT("v=x1;-a=b"), "v=x1"));
	assert_false(txt_fields_next(&in, &field, &broken, NULL));
	assert_true(broken);
	assert_true(txt_fields_is_value(TEXT("a:b,c")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(record_of_the_rfc),
	    arena_unit_test(what_is_somebody_elses),
	    arena_unit_test(broken_records),
	    arena_unit_test(written_and_read_back),
	    arena_unit_test(fields_one_by_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
