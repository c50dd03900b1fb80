/* names_test.c - the words of all values that are told to people, logs and
 * databases: each has one, and no other value has the same */
#include "unit.h"

#include "base/dns.h"
#include "io/https.h"
#include "judge/dnsbl.h"
#include "mailauth/arc.h"
#include "mailauth/dkim_verify.h"
#include "mailauth/dmarc.h"
#include "mailauth/iprev.h"
#include "mailauth/spf.h"
#include "mailtls/nexthop.h"
#include "mailtls/tls_override.h"
#include "mailtls/tls_reply.h"

#define MOST 32

/* `names` are those of the values `first` to `count - 1`. */
static void
check(const char *const *names, size_t first, size_t count)
{
	size_t i, j;

	assert_true(count > first + 1 && count <= MOST);
	for (i = first; i < count; i++) {
		assert_non_null(names[i]);
		assert_true(strlen(names[i]) > 0);
		for (j = first; j < i; j++)
			assert_string_not_equal(names[i], names[j]);
	}
}

#define NAMES(type, name, first, last)                                         \
	do {                                                                   \
		const char *names[MOST] = {NULL};                              \
		for (int value = (first); value <= (int)(last); value++)       \
			names[value] = name((enum type)value);                 \
		check(names, (first), (size_t)(last) + 1);                     \
	} while (0)

static void
of_answers(void **state)
{
	NAMES(dns_status, dns_status_name, 1, DNS_BOGUS);
	NAMES(dns_security, dns_security_name, 0, DNS_SECURITY_BOGUS);
	NAMES(https_result, https_result_name, 0, HTTPS_ABORTED);
	NAMES(dnsbl_result, dnsbl_result_name, 0, DNSBL_TEMPERROR);
}

static void
of_verdicts(void **state)
{
	NAMES(spf_result, spf_result_name, 1, SPF_PERMERROR);
	NAMES(dkim_result, dkim_result_name, 1, DKIM_PERMERROR);
	NAMES(iprev_result, iprev_result_name, 1, IPREV_PERMERROR);
	NAMES(dmarc_result, dmarc_result_name, 1, DMARC_PERMERROR);
	NAMES(arc_result, arc_result_name, 1, ARC_FAIL);
}

static void
of_tls(void **state)
{
	NAMES(nexthop_kind, nexthop_kind_name, 0, NEXTHOP_UNKNOWN);
	NAMES(tls_level, tls_level_name, 1, TLS_LEVEL_SECURE);
	NAMES(tls_dialect, tls_dialect_name, 1, TLS_DIALECT_STS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(of_answers),
	    cmocka_unit_test(of_verdicts),
	    cmocka_unit_test(of_tls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
