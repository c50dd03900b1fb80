#include "unit.h"

#include "base/dns_zone_read.h"
#include "base/why.h"

static struct dns_zone_entry *
read_zone(void **state, const char *text)
{
	struct dns_zone_entry *first;
	struct why why;

	if (!dns_zone_read(*state, text_from(text), &first, &why))
		fail_msg("%s", why.text);
	return first;
}

static void
owners_and_origin(void **state)
{
	struct dns_zone_entry *e = read_zone(state, "$ORIGIN Example.\n"
						    "@ A 192.0.2.1\n"
						    "Mail A 192.0.2.2\n"
						    "\tA 192.0.2.3\n"
						    "other.test. A 192.0.2.4\n"
						    "$ORIGIN sub\n"
						    "x A 192.0.2.5\n");
	static const char *const owners[] = {"example", "mail.example",
					     "mail.example", "other.test",
					     "x.sub.example"};

	for (size_t i = 0; i < 5; i++, e = e->next)
		assert_text(e->owner, owners[i]);
	assert_null(e);
	assert_null(read_zone(state, " \n; nothing\n\n"));
}

static void
times_to_live(void **state)
{
	struct dns_zone_entry *e = read_zone(
	    state, "a A 1.2.3.4\na 60 A 1.2.3.4\na 1h30m IN A 1.2.3.4\n"
		   "$TTL 2D\na IN A 1.2.3.4\na IN 1w A 1.2.3.4\n");
	static const uint32_t times[] = {3600, 60, 5400, 172800, 604800};

	for (size_t i = 0; i < 5; i++, e = e->next)
		assert_int_equal(e->ttl_s, times[i]);
}

static void
escapes_and_quotes(void **state)
{
	struct dns_zone_entry *e =
	    read_zone(state, "a TXT \"q\\\"\\059;(\" ; \" comment\n"
			     "b TXT ( \"one\" ; in between\n"
			     "\n"
			     " two\\032 ) \n"
			     "c TXT \"!TIMEOUT\"\n"
			     "d TXT !timeout\n");

	assert_text(e->record.text, "q\";;(");
	assert_text(e->next->record.text, "onetwo ");
	assert_text(e->next->next->record.text, "!TIMEOUT");
	assert_int_equal(e->next->next->next->status, DNS_TEMPFAIL);
}

static void
types_read_over(void **state)
{
	struct dns_zone_entry *e = read_zone(
	    state, "a SRV 0 0 25 mx\nb TYPE65280 \\# 0\nc ANY !NODATA\n");

	assert_int_equal(e->type, DNS_ZONE_OTHER_TYPE);
	assert_int_equal(e->next->type, DNS_ZONE_OTHER_TYPE);
	assert_int_equal(e->next->next->type, 0);
}

/* Memory grows with the text, not with its square. */
static void
many_records(void **state)
{
	size_t len = 0, room = 20000 * 16, count = 0;
	char *text = arena_bytes(*state, room);
	struct dns_zone_entry *e;

	for (int i = 0; i < 20000; i++)
		len += (size_t)snprintf(text + len, room - len,
					"a A 192.0.2.%d\n", i % 10);
	assert_true(dns_zone_read(*state, text_of(text, len), &e, NULL));
	for (; e != NULL; e = e->next)
		count++;
	assert_int_equal(count, 20000);
}

static void
errors_name_the_line(void **state)
{
	static const char *const bad[] = {"a A",
					  "a",
					  "a A 1.2.3",
					  "a A ::1",
					  "a AAAA 1.2.3.4",
					  "a MX mx",
					  "a MX 70000 mx",
					  "a FOO x",
					  "a TXT \"open",
					  "a TXT (x",
					  "a TXT x)",
					  "a TXT \\25",
					  "a TXT \\256",
					  "a TXT x\\",
					  "a TLSA 1 2 3 0",
					  "a TLSA 1 2 300",
					  "a TLSA 1 1 1 xx",
					  "a..b A 1.2.3.4",
					  "a\\.b A 1.2.3.4",
					  "\tA",
					  "$ORIGIN",
					  "$FOO x",
					  "$DNSSEC maybe",
					  "$TTL x",
					  "a ANY x",
					  "a TXT !WHAT",
					  "a CH TXT x"};
	struct dns_zone_entry *first;
	struct why why;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		const char *text = arena_printf(
		    *state, "; comment\nok TXT (\nok )\n%s\n", bad[i]);

		if (dns_zone_read(*state, text_from(text), &first, &why))
			fail_msg("\"%s\" was taken", bad[i]);
		if (strncmp(why.text, "line 4: ", 8) != 0)
			fail_msg("\"%s\": %s", bad[i], why.text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(owners_and_origin),
	    arena_unit_test(times_to_live),
	    arena_unit_test(escapes_and_quotes),
	    arena_unit_test(types_read_over),
	    arena_unit_test(many_records),
	    arena_unit_test(errors_name_the_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
