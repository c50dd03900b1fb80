#include "unit.h"

#include "io/dns_wire.h"

static bool
reads(struct arena *arena, enum dns_type type, struct text data,
      struct dns_record *record)
{
	return dns_wire_record(arena, type, data, record);
}

static void
records_of_each_type(void **state)
{
	struct dns_record record;
	char shown[IPADDR_STRING_BYTES];

	assert_true(reads(*state, DNS_A, TEXT("\300\0\2\1"), &record));
	assert_string_equal(ipaddr_write(&record.address, shown), "192.0.2.1");
	assert_true(reads(*state, DNS_MX, TEXT("\1\2\1a\2bc\0"), &record));
	assert_int_equal(record.preference, 258);
	assert_text(record.name, "a.bc");
	assert_true(reads(*state, DNS_NS, TEXT("\0"), &record));
	assert_text(record.name, "");
	assert_true(reads(*state, DNS_CNAME, TEXT("\2A\xff\0"), &record));
	assert_text(record.name, "A\xff");
	assert_true(reads(*state, DNS_TXT, TEXT("\1a\0\2bc"), &record));
	assert_text(record.text, "abc");
	assert_true(reads(*state, DNS_TXT, TEXT(""), &record));
	assert_text(record.text, "");
	assert_true(reads(*state, DNS_TLSA, TEXT("\3\1\1x"), &record));
	assert_text(record.text, "\3\1\1x");
}

static void
broken_records(void **state)
{
	struct dns_record record;

	assert_false(reads(*state, DNS_A, TEXT("\300\0\2"), &record));
	assert_false(reads(*state, DNS_A, TEXT("\300\0\2\1\1"), &record));
	assert_false(reads(*state, DNS_AAAA, TEXT("\300\0\2\1"), &record));
	assert_false(reads(*state, DNS_MX, TEXT("\1"), &record));
	assert_false(reads(*state, DNS_MX, TEXT("\1\1"), &record));
	assert_false(reads(*state, DNS_PTR, TEXT(""), &record));
	assert_false(reads(*state, DNS_PTR, TEXT("\1a"), &record));
	assert_false(reads(*state, DNS_PTR, TEXT("\2a\0"), &record));
	assert_false(reads(*state, DNS_PTR, TEXT("\1a\0\0"), &record));
	assert_false(reads(*state, DNS_PTR, TEXT("\300\14\0"), &record));
	assert_false(reads(*state, DNS_TXT, TEXT("\2a"), &record));
}

static void
names_that_mislead(void **state)
{
	struct dns_record record;

	assert_false(reads(*state, DNS_PTR, TEXT("\3a.b\0"), &record));
	assert_false(reads(*state, DNS_PTR, TEXT("\2a\0\0"), &record));
}

static void
name_of_the_longest_length(void **state)
{
	struct dns_record record;
	char data[300];

	memset(data, 'a', sizeof(data));
	for (int i = 0; i < 4; i++)
		data[i * 64] = 63;
	data[192] = 61;
	data[254] = 0;
	assert_true(reads(*state, DNS_PTR, text_of(data, 255), &record));
	assert_int_equal(record.name.len, 253);
	data[192] = 62;
	data[254] = 'a';
	data[255] = 0;
	assert_false(reads(*state, DNS_PTR, text_of(data, 256), &record));
}

static void
questions_are_escaped(void **state)
{
	char to[DNS_WIRE_NAME_BYTES], longest[253];

	dns_wire_escape(TEXT("_dmarc.a-1.test"), to);
	assert_string_equal(to, "_dmarc.a-1.test.");
	dns_wire_escape(TEXT("a b\\\"\0\xff.test"), to);
	assert_string_equal(to, "a\\032b\\092\\034\\000\\255.test.");
	memset(longest, 0xff, sizeof(longest));
	dns_wire_escape(text_of(longest, sizeof(longest)), to);
	assert_int_equal(strlen(to), 4 * 253 + 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(records_of_each_type),
	    arena_unit_test(broken_records),
	    arena_unit_test(names_that_mislead),
	    arena_unit_test(name_of_the_longest_length),
	    arena_unit_test(questions_are_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
