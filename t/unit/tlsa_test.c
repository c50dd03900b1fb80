#include "unit.h"

#include "base/buf.h"
#include "base/why.h"
#include "certificates.h"
#include "mailtls/tlsa.h"

static const struct certificate *
chain_of_two(struct arena *arena)
{
	const struct certificate *chain;
	size_t count;

	assert_true(certificate_parse_pem(
	    arena, TEXT(CERTIFICATE_OF_MX CERTIFICATE_OF_ONLY), &chain, &count,
	    NULL));
	assert_int_equal(count, 2);
	return chain;
}

static struct text
raw(struct arena *arena, int usage, int selector, int matching,
    struct text data)
{
	char *bytes = arena_bytes(arena, data.len + 3);

	bytes[0] = (char)usage;
	bytes[1] = (char)selector;
	bytes[2] = (char)matching;
	memcpy(bytes + 3, data.at, data.len);
	return text_of(bytes, data.len + 3);
}

static void
every_form_names_its_certificate(void **state)
{
	const struct certificate *chain = chain_of_two(*state);
	const struct text data[2][3] = {
	    {chain->der, chain->sha256, chain->sha512},
	    {chain->key_der, chain->key_sha256, chain->key_sha512}};
	struct tlsa tlsa;
	int usage, selector, matching;

	for (usage = 2; usage <= 3; usage++)
		for (selector = 0; selector < 2; selector++)
			for (matching = 0; matching < 3; matching++) {
				assert_true(tlsa_parse(
				    raw(*state, usage, selector, matching,
					data[selector][matching]),
				    &tlsa, NULL));
				assert_true(tlsa_is_usable(&tlsa, NULL));
				assert_true(tlsa_match(&tlsa, chain, 2));
				assert_false(tlsa_match(&tlsa, &chain[1], 1));
			}
}

static void
usage_3_is_the_servers_own(void **state)
{
	const struct certificate *chain = chain_of_two(*state);
	struct tlsa tlsa = tlsa_of(&chain[1]);

	assert_false(tlsa_match(&tlsa, chain, 2));
	tlsa.usage = 2;
	assert_true(tlsa_match(&tlsa, chain, 2));
	assert_false(tlsa_match(&tlsa, chain, 0));
}

static void
what_no_client_uses(void **state)
{
	const struct certificate *chain = chain_of_two(*state);
	static const struct {
		int usage, selector, matching;
		size_t bytes;
	} unusable[] = {{0, 1, 1, 32}, {1, 1, 1, 32},  {4, 1, 1, 32},
			{3, 2, 1, 32}, {3, 1, 3, 32},  {3, 1, 1, 31},
			{3, 1, 2, 32}, {255, 1, 1, 32}};
	struct tlsa tlsa;
	struct why why;
	size_t i;

	for (i = 0; i < sizeof(unusable) / sizeof(*unusable); i++) {
		assert_true(tlsa_parse(
		    raw(*state, unusable[i].usage, unusable[i].selector,
			unusable[i].matching,
			text_first(chain->key_sha256, unusable[i].bytes)),
		    &tlsa, NULL));
		assert_false(tlsa_is_usable(&tlsa, &why));
		assert_false(tlsa_match(&tlsa, chain, 2));
	}
	assert_false(tlsa_parse(TEXT("\3\1\1"), &tlsa, &why));
}

static void
the_line_to_publish(void **state)
{
	struct tlsa tlsa = tlsa_of(chain_of_two(*state));
	struct buf to;

	buf_init(&to, *state, 200);
	tlsa_write(&to, &tlsa);
	assert_text(buf_view(&to), "3 1 1 " CERTIFICATE_OF_MX_KEY_SHA256);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(every_form_names_its_certificate),
	    arena_unit_test(usage_3_is_the_servers_own),
	    arena_unit_test(what_no_client_uses),
	    arena_unit_test(the_line_to_publish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
