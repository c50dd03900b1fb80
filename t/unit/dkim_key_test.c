#include "unit.h"

#include "dkim_fixture.h"

#include "mailauth/dkim_key.h"

static void
key_records(void **state)
{
	const char *p = test_key_p(*state, fixture_rsa);
	const struct {
		const char *tags, *reason;
		enum dkim_result result;
	} cases[] = {
	    {"", NULL, DKIM_PASS},
	    {"h=sha1:sha256; ", NULL, DKIM_PASS},
	    {"h=sha1; ", "leaves out the hash", DKIM_PERMERROR},
	    {"s=email; ", NULL, DKIM_PASS},
	    {"s=*; ", NULL, DKIM_PASS},
	    {"s=chat; ", "leaves out mail", DKIM_PERMERROR},
	    {"s=chat:tlsrpt; ", "TLS reports alone", DKIM_PERMERROR},
	    {"t=s; ", NULL, DKIM_PASS},
	    {"t=y; ", NULL, DKIM_PASS},
	    {"g=other; n=note; x=y; ", NULL, DKIM_PASS},
	    {"t; ", "no '='", DKIM_PERMERROR},
	    {"p=; ", "twice", DKIM_PERMERROR},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		fixture_want_zone(
		    *state,
		    test_key_zone(*state, fixture_rsa, KEY_NAME, cases[i].tags),
		    cases[i].result, cases[i].reason);
	fixture_want_zone(*state,
			  arena_printf(*state,
				       KEY_NAME " TXT \"p=\" \"%.200s\" "
						"\"%s\"\n",
				       p, p + 200),
			  DKIM_PASS, NULL);
	fixture_want_zone(*state, KEY_NAME " TXT \"v=DKIM1; p=\"\n",
			  DKIM_PERMERROR, "revoked");
	fixture_want_zone(*state, KEY_NAME " TXT \"v=DKIM2; p=\"\n",
			  DKIM_PERMERROR, "not DKIM1");
	fixture_want_zone(*state, KEY_NAME " TXT \"k=rsa; v=DKIM1; p=\"\n",
			  DKIM_PERMERROR, "not first");
	fixture_want_zone(*state, KEY_NAME " TXT \"k=dsa; p=\"\n",
			  DKIM_PERMERROR, "unknown key type");
	fixture_want_zone(*state, KEY_NAME " TXT \"\"\n", DKIM_PERMERROR,
			  "key record");
}

/* RFC 8460 section 3: such a key is for TLS reports, and for no other mail. */
static void
tls_reports_alone(void **state)
{
	const struct {
		const char *tags, *type, *reason;
		enum dkim_result result;
	} cases[] = {
	    {"s=tlsrpt; ", "multipart/report; report-type=tlsrpt", NULL,
	     DKIM_PASS},
	    {"s=chat : TLSRPT; ",
	     "Multipart/Report (x);\r\n\tboundary=\"a;b\"; "
	     "Report-Type=\"tlsrpt\"",
	     NULL, DKIM_PASS},
	    {"s=tlsrpt; ", "multipart/report; report-type=delivery-status",
	     "TLS reports alone", DKIM_PERMERROR},
	    {"s=tlsrpt; ", "text/plain; report-type=tlsrpt",
	     "TLS reports alone", DKIM_PERMERROR},
	    {"s=tlsrpt; ",
	     "text/plain\r\nContent-Type: multipart/report; "
	     "report-type=tlsrpt",
	     "TLS reports alone", DKIM_PERMERROR},
	    {"s=chat; ", "multipart/report; report-type=tlsrpt",
	     "leaves out mail", DKIM_PERMERROR},
	    {"s=email; ", "multipart/report; report-type=tlsrpt", NULL,
	     DKIM_PASS},
	    {"", "multipart/report; report-type=tlsrpt", NULL, DKIM_PASS},
	};
	const char *message;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		message = arena_printf(*state, "Content-Type: %s\r\n%s",
				       cases[i].type, fixture_message);
		fixture_want(
		    test_verify_one(*state,
				    test_key_zone(*state, fixture_rsa, KEY_NAME,
						  cases[i].tags),
				    test_sign(*state, fixture_rsa,
					      "DKIM-Signature", TAGS, message),
				    &test_options),
		    cases[i].result, cases[i].reason);
	}
}

static void
strict_identity(void **state)
{
	const char *zone =
	    test_key_zone(*state, fixture_rsa, KEY_NAME, "t=y:s; ");

	fixture_want(
	    test_verify_one(*state, zone,
			    fixture_sign(*state, TAGS "; i=a@example.com"),
			    &test_options),
	    DKIM_PASS, NULL);
	fixture_want(
	    test_verify_one(*state, zone,
			    fixture_sign(*state, TAGS "; i=a@sub.example.com"),
			    &test_options),
	    DKIM_PERMERROR, "t=s");
}

static void
fields(void **state)
{
	struct dkim_key key;

	assert_true(dkim_key_parse(*state,
				   TEXT(" k=ed25519 ; t = y : s;h=sha1;"
					"s=tlsrpt:email; p= AQ I= ; n="),
				   &key, NULL));
	assert_int_equal(key.type, CRYPTO_ED25519);
	assert_int_equal(key.data.len, 2);
	assert_true(key.sha1);
	assert_false(key.sha256);
	assert_true(key.email);
	assert_true(key.test);
	assert_true(key.strict_identity);
	assert_null(dkim_key_public(*state, &key, NULL, NULL));
	assert_true(dkim_key_parse(*state, TEXT("p=AQI=; t=;s="), &key, NULL));
	assert_int_equal(key.type, CRYPTO_RSA);
	assert_true(key.sha1);
	assert_true(key.sha256);
	assert_false(key.email);
	assert_false(key.test);
	assert_false(key.strict_identity);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(key_records),
	    arena_unit_test(tls_reports_alone),
	    arena_unit_test(strict_identity),
	    arena_unit_test(fields),
	};

	return cmocka_run_group_tests(tests, fixture_make, fixture_free);
}
