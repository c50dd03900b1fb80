#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/certificate.h"
#include "base/why.h"
#include "certificates.h"
#include "io/webpki.h"

static struct webpki *
trust(const char *pem)
{
	char path[] = "/tmp/webpki_test.XXXXXX";
	int fd = mkstemp(path);
	struct webpki *webpki;
	struct why why;

	assert_true(fd >= 0);
	assert_true(dprintf(fd, "%s\n", pem) > 0);
	close(fd);
	webpki = webpki_open(path, &why);
	unlink(path);
	return webpki;
}

static enum webpki_verdict
check(struct arena *arena, const char *trusted, int64_t now_s)
{
	const struct certificate *chain;
	struct webpki *webpki = trust(trusted);
	enum webpki_verdict verdict;
	struct why why;
	size_t count;

	assert_non_null(webpki);
	assert_true(certificate_parse_pem(arena, TEXT(CERTIFICATE_OF_MX),
					  &chain, &count, NULL));
	if (now_s == 0)
		now_s = chain->not_before_s + 1;
	verdict = webpki_check(webpki, chain, count, now_s, &why);
	webpki_close(webpki);
	return verdict;
}

static void
who_is_trusted(void **state)
{
	assert_int_equal(check(*state, CERTIFICATE_OF_MX, 0), WEBPKI_TRUSTED);
	assert_int_equal(check(*state, CERTIFICATE_OF_ONLY, 0),
			 WEBPKI_SELF_SIGNED);
}

static void
from_when_to_when(void **state)
{
	assert_int_equal(check(*state, CERTIFICATE_OF_MX, 1000000),
			 WEBPKI_EXPIRED);
	assert_int_equal(check(*state, CERTIFICATE_OF_MX, 9000000000),
			 WEBPKI_EXPIRED);
}

static void
nothing_is_no_chain(void **state)
{
	struct webpki *webpki = trust(CERTIFICATE_OF_MX);
	struct certificate broken = {.der = TEXT("not a certificate")};
	struct why why;

	(void)state;
	assert_int_equal(webpki_check(webpki, NULL, 0, 1, &why),
			 WEBPKI_INVALID);
	assert_int_equal(webpki_check(webpki, &broken, 1, 1, &why),
			 WEBPKI_INVALID);
	webpki_close(webpki);
	assert_null(trust("no certificate"));
	assert_null(webpki_open("/nonexistent", &why));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(who_is_trusted),
	    cmocka_unit_test(from_when_to_when),
	    cmocka_unit_test(nothing_is_no_chain),
	};

	return cmocka_run_group_tests(tests, unit_arena_new, unit_arena_free);
}
