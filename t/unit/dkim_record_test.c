#include "unit.h"

#include "base/private_key.h"
#include "mailauth/dkim_key.h"
#include "mailauth/dkim_record.h"

/* The record reads back as what it was written from. */
static void
want_same(struct arena *arena, const struct dkim_record *record)
{
	struct dkim_key key;

	assert_true(dkim_key_parse(arena, dkim_record_write(arena, record),
				   &key, NULL));
	assert_int_equal(key.type, record->type);
	assert_true(text_equal(key.data, record->data));
	assert_int_equal(key.sha1, !record->sha256_only);
	assert_true(key.sha256);
	assert_true(key.email);
	assert_int_equal(key.test, record->test);
	assert_int_equal(key.strict_identity, record->strict_identity);
}

static void
each_combination(void **state)
{
	const struct private_key *keys[] = {
	    private_key_new(*state, CRYPTO_RSA, 2048, NULL),
	    private_key_new(*state, CRYPTO_ED25519, 0, NULL)};
	struct dkim_record record;

	for (unsigned i = 0; i < 64; i++) {
		const struct private_key *key = keys[i & 1];

		record = (struct dkim_record){
		    .type = private_key_type(key),
		    .sha256_only = (i & 2) != 0,
		    .email_only = (i & 4) != 0,
		    .test = (i & 8) != 0,
		    .strict_identity = (i & 16) != 0,
		};
		if ((i & 32) == 0)
			record.data = private_key_public(*state, key);
		want_same(*state, &record);
	}
}

static void
texts(void **state)
{
	struct dkim_record record = {.type = CRYPTO_ED25519,
				     .data = TEXT("0123456789abcdef"
						  "0123456789abcdef")};

	assert_text(dkim_record_write(*state, &record),
		    "v=DKIM1; k=ed25519; "
		    "p=MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=");
	record = (struct dkim_record){.type = CRYPTO_RSA};
	assert_text(dkim_record_write(*state, &record), "v=DKIM1; k=rsa; p=");
	record.sha256_only = record.email_only = record.test =
	    record.strict_identity = true;
	assert_text(dkim_record_write(*state, &record),
		    "v=DKIM1; k=rsa; h=sha256; s=email; t=y:s; p=");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(each_combination),
	    arena_unit_test(texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
