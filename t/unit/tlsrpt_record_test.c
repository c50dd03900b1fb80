#include "unit.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/mailto.h"
#include "base/why.h"
#include "mailauth/report_uri.h"
#include "mailtls/tlsrpt_record.h"

static void
records_of_the_rfc(void **state)
{
	struct tlsrpt_record record;

	assert_true(tlsrpt_record_parse(
	    *state, TEXT("v=TLSRPTv1;rua=mailto:reports@example.com"), &record,
	    NULL));
	assert_int_equal(record.count, 1);
	assert_int_equal(record.rua->scheme, TLSRPT_MAILTO);
	assert_text(record.rua->uri, "mailto:reports@example.com");
	assert_true(tlsrpt_record_parse(
	    *state,
	    TEXT("v=TLSRPTv1; rua=https://reporting.example.com/v1/tlsrpt , "
		 "MAILTO:a%2cb@example.com;"),
	    &record, NULL));
	assert_int_equal(record.count, 2);
	assert_int_equal(record.rua->scheme, TLSRPT_HTTPS);
	assert_text(record.rua->next->uri, "MAILTO:a%2cb@example.com");
}

static void
several_rua_add_up(void **state)
{
	struct tlsrpt_record record;

	assert_true(tlsrpt_record_parse(
	    *state,
	    TEXT("v=TLSRPTv1; rua=mailto:a@b.example; x=y; "
		 "rua=gopher://b.example/,mailto:c@b.example"),
	    &record, NULL));
	assert_int_equal(record.count, 2);
	assert_text(record.rua->next->uri, "mailto:c@b.example");
}

static void
broken_records(void **state)
{
	static const char *const broken[] = {
	    "v=TLSRPTv1",
	    "v=TLSRPTv1;",
	    "v=tlsrptv1; rua=mailto:a@b.example",
	    "v=TLSRPTv1; rua=",
	    "v=TLSRPTv1; rua=a@b.example",
	    "v=TLSRPTv1; rua=mailto:a@b.example!10m",
	    "v=TLSRPTv1; rua=mailto:a%2@b.example",
	    "v=TLSRPTv1; rua=mailto:a b@b.example",
	    "v=TLSRPTv1; rua=ftp://b.example/",
	    "v=TLSRPTv1; rua=mailto:a@b.example; x",
	    "v=TLSRPTv1; rua=mailto:a@b.example; x=\x01",
	    "v=STSv1; id=1",
	};
	struct tlsrpt_record record;
	struct why why;
	size_t i;

	for (i = 0; i < sizeof(broken) / sizeof(*broken); i++)
		if (tlsrpt_record_parse(*state, text_from(broken[i]), &record,
					&why))
			fail_msg("\"%s\" was taken", broken[i]);
}

static void
a_final_comma_is_overlooked(void **state)
{
	struct tlsrpt_record record;

	assert_true(tlsrpt_record_parse(
	    *state, TEXT("v=TLSRPTv1; rua=mailto:a@b.example,"), &record,
	    NULL));
	assert_int_equal(record.count, 1);
}

static void
too_many(void **state)
{
	struct tlsrpt_record record;
	struct buf to;
	int i;

	buf_init(&to, *state, 4000);
	buf_string(&to, "v=TLSRPTv1; rua=mailto:0@b.example");
	for (i = 1; i < LIMIT_TLSRPT_URIS; i++)
		buf_printf(&to, ",mailto:%d@b.example", i);
	assert_true(tlsrpt_record_parse(*state, buf_view(&to), &record, NULL));
	buf_string(&to, ",mailto:more@b.example");
	assert_false(tlsrpt_record_parse(*state, buf_view(&to), &record, NULL));
}

/* Whatever the address, record and URI give it back. */
static void
written_and_read_back(void **state)
{
	static const char *const addresses[] = {"a@b.example", "a!c@b.example",
						"x?y&z=#@b.example",
						"50%@b.example"};
	struct tlsrpt_record record = {0}, again;
	struct tlsrpt_uri uri[4] = {{0}}, *one;
	struct report_uri read;
	struct buf to;
	size_t i;

	for (i = 0; i < 4; i++) {
		uri[i].scheme = TLSRPT_MAILTO;
		uri[i].uri = mailto_write(*state, text_from(addresses[i]));
		uri[i].next = i < 3 ? &uri[i + 1] : NULL;
	}
	record.rua = uri;
	buf_init(&to, *state, 4000);
	tlsrpt_record_write(&to, &record);
	assert_true(tlsrpt_record_is(buf_view(&to)));
	assert_true(tlsrpt_record_parse(*state, buf_view(&to), &again, NULL));
	assert_int_equal(again.count, 4);
	for (i = 0, one = again.rua; one != NULL; one = one->next, i++) {
		report_uri_parse(*state, one->uri, &read);
		assert_text(read.address, addresses[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(records_of_the_rfc),
	    arena_unit_test(several_rua_add_up),
	    arena_unit_test(broken_records),
	    arena_unit_test(a_final_comma_is_overlooked),
	    arena_unit_test(too_many),
	    arena_unit_test(written_and_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
