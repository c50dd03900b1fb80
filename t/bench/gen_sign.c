#include "gen_sign.h"

#include "bench_canon.h"
#include "corpus.h"

#include <stdlib.h>
#include <string.h>

enum { FOLD_COLUMNS = 70 };

static const char *const signed_names[] = {
    "from",	  "to",		  "subject",	 "date",
    "message-id", "mime-version", "content-type"};

enum { SIGNED_NAMES = sizeof(signed_names) / sizeof(*signed_names) };

/* The fields that h= names, then the signature itself, as they stand. */
static void
signed_fields(struct draft *draft, const struct str *own, struct str *out)
{
	size_t n;

	str_clear(out);
	for (n = 0; n < SIGNED_NAMES; n++) {
		struct str *field = draft_field(draft, signed_names[n]);

		if (field != NULL)
			str_bytes(out, field->data, field->len);
	}
	str_bytes(out, own->data, own->len);
}

/* The same in canonical form, which is what gets hashed. */
static void
header_digest(struct draft *draft, const struct signature *signature,
	      unsigned char digest[SHA256_BYTES])
{
	struct str input = {NULL, 0, 0};
	char *canon;
	size_t n, len = 0;
	bool relaxed = signature->relaxed_header;

	signed_fields(draft, &signature->field, &input);
	canon = need(input.len + 2);
	for (n = 0; n < SIGNED_NAMES; n++) {
		struct str *field = draft_field(draft, signed_names[n]);

		if (field != NULL)
			len += canon_header(relaxed, field->data, field->len,
					    canon + len);
	}
	len += canon_header(relaxed, signature->field.data,
			    signature->field.len, canon + len);
	sha256(canon, len, digest);
	free(canon);
	free(input.data);
}

static void
body_hash(const struct draft *draft, struct signature *signature)
{
	unsigned char digest[SHA256_BYTES];
	char *canon = need(draft->body.len + 2), *text;
	size_t len = canon_body(signature->relaxed_body, draft->body.data,
				draft->body.len, canon);

	sha256(canon, len, digest);
	text = base64_write(digest, sizeof(digest));
	snprintf(signature->body_hash, sizeof(signature->body_hash), "%s",
		 text);
	free(text);
	free(canon);
}

static void
write_tags(struct signature *signature)
{
	size_t n;

	str_clear(&signature->field);
	str_add(&signature->field,
		"DKIM-Signature: v=1; a=%s; c=%s/%s; d=%s;\r\n\ts=%s; "
		"t=1700000000;\r\n\th=",
		signature->type == KEY_RSA ? "rsa-sha256" : "ed25519-sha256",
		signature->relaxed_header ? "relaxed" : "simple",
		signature->relaxed_body ? "relaxed" : "simple",
		signature->domain, signature->selector);
	for (n = 0; n < SIGNED_NAMES; n++)
		str_add(&signature->field, "%s%s", n > 0 ? ":" : "",
			signed_names[n]);
	str_add(&signature->field,
		";\r\n\tbh=%s;\r\n\tb=", signature->body_hash);
}

void
sign(struct draft *draft, struct signature *signature)
{
	unsigned char digest[SHA256_BYTES], bytes[SIGNATURE_MAX];
	struct str field = {NULL, 0, 0};
	char *text;
	size_t at;

	body_hash(draft, signature);
	write_tags(signature);
	header_digest(draft, signature, digest);
	text = base64_write(bytes, key_sign(signature->key, digest, bytes));
	snprintf(signature->value, sizeof(signature->value), "%s", text);
	free(text);
	str_bytes(&field, signature->field.data, signature->field.len);
	for (at = 0; at < strlen(signature->value); at += FOLD_COLUMNS)
		str_add(&field, "%s%.*s", at > 0 ? "\r\n\t" : "", FOLD_COLUMNS,
			signature->value + at);
	str_add(&field, "\r\n");
	draft_prepend(draft, field.data);
	free(field.data);
}

void
sign_write_floor(struct draft *draft, const struct signature *signature,
		 unsigned number, bool pass, FILE *out)
{
	struct str input = {NULL, 0, 0};
	unsigned char raw[MODULUS_BYTES];
	char *key, *fields;

	signed_fields(draft, &signature->field, &input);
	key = base64_write(raw, key_public(signature->key, raw));
	fields = base64_write((const unsigned char *)input.data, input.len);
	fprintf(out, "%u\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", number,
		signature->type == KEY_RSA ? "rsa" : "ed25519",
		signature->relaxed_header ? "relaxed" : "simple",
		signature->relaxed_body ? "relaxed" : "simple", key,
		signature->value, signature->body_hash, fields,
		pass ? "pass" : "fail");
	free(key);
	free(fields);
	free(input.data);
}
