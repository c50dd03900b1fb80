#include "unit.h"

#include "base/der.h"
#include "base/why.h"

#define BYTES(literal) TEXT(literal)
/* the algorithm with NULL parameters */
#define RSA "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00"
#define RSA_BARE "\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"
/* modulus 0xC5, exponent 3 */
#define KEY "\x30\x07\x02\x02\x00\xc5\x02\x01\x03"

static void
both_forms(void **state)
{
	const struct text forms[] = {
	    BYTES(KEY),
	    BYTES("\x30\x1b" RSA "\x03\x0a\x00" KEY),
	    BYTES("\x30\x19" RSA_BARE "\x03\x0a\x00" KEY),
	};
	struct der_rsa_key key;

	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		assert_true(der_read_rsa_key(forms[i], &key, NULL));
		assert_text(key.modulus, "\xc5");
		assert_text(key.exponent, "\x03");
	}
}

static void
broken(void **state)
{
	const struct text forms[] = {
	    BYTES(""),
	    BYTES("\x30"),
	    BYTES("\x30\x00"),
	    BYTES("\x31\x07\x02\x02\x00\xc5\x02\x01\x03"), /* a set */
	    BYTES(KEY "\x00"),				   /* more behind */
	    BYTES("\x30\x08\x02\x02\x00\xc5\x02\x01\x03\x00"),
	    BYTES("\x30\x08\x02\x02\x00\xc5\x02\x01\x03"),     /* cut off */
	    BYTES("\x30\x06\x02\x01\xc5\x02\x01\x03"),	       /* negative */
	    BYTES("\x30\x08\x02\x03\x00\x00\xc5\x02\x01\x03"), /* long form */
	    BYTES("\x30\x06\x02\x02\x00\x45\x02\x00"),
	    BYTES("\x30\x06\x02\x01\x00\x02\x01\x03"),	       /* zero */
	    BYTES("\x30\x81\x07\x02\x02\x00\xc5\x02\x01\x03"), /* length */
	    BYTES("\x30\x80\x02\x02\x00\xc5\x02\x01\x03\x00\x00"),
	    BYTES("\x30\x84\x00\x00\x00\x07\x02\x02\x00\xc5\x02\x01\x03"),
	    BYTES("\x30\x82\xff"),
	    /* unused bits, no bits, another algorithm, parameters */
	    BYTES("\x30\x1b" RSA "\x03\x0a\x01" KEY),
	    BYTES("\x30\x11" RSA "\x03\x00"),
	    BYTES("\x30\x0c\x30\x03\x06\x01\x2a\x03\x05\x00\x01\x02\x03\x04"),
	    BYTES("\x30\x1b\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01"
		  "\x01\x04\x00\x03\x0a\x00" KEY),
	};
	struct der_rsa_key key;
	struct why why;

	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		why.text[0] = '\0';
		if (der_read_rsa_key(forms[i], &key, &why))
			fail_msg("form %zu was taken", i);
		assert_true(why.text[0] != '\0');
	}
}

/* No byte of a good key can be cut off. */
static void
every_beginning(void **state)
{
	static const char good[] = "\x30\x1b" RSA "\x03\x0a\x00" KEY;
	struct der_rsa_key key;

	for (size_t len = 0; len < sizeof(good) - 1; len++)
		assert_false(der_read_rsa_key(text_of(good, len), &key, NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(both_forms),
	    cmocka_unit_test(broken),
	    cmocka_unit_test(every_beginning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
