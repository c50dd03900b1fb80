#include "mailauth/dkim_sign.h"

#include <assert.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/why.h"
#include "mailauth/signature_writer.h"
#include "mailauth/signed_fields.h"

struct planned {
	struct dkim_wish wish;
	struct text identity; /* as i= has it */
	unsigned body;	      /* number at the body digests */
};

struct covered {
	struct text name;
	bool oversign;
};

struct dkim_signer {
	struct arena *arena;
	struct planned planned[LIMIT_SIGNATURES];
	size_t count;
	struct covered covered[LIMIT_SIGNED_NAMES];
	size_t covered_count;
	struct dkim_header *header; /* NULL before the end of the header */
	struct signed_fields fields;
	const struct body_digests *digests;
};

struct dkim_signer *
dkim_signer_new(struct arena *arena)
{
	struct dkim_signer *signer = arena_new_value(arena, struct dkim_signer);

	signer->arena = arena;
	return signer;
}

/* Section 2.11: dkim-quoted-printable, which also keeps the field in ASCII
 * when the local part is not. */
static void
write_quoted(struct buf *to, struct text local)
{
	size_t i;

	for (i = 0; i < local.len; i++)
		if (ascii_is_graph(local.at[i]) && local.at[i] != '=' &&
		    local.at[i] != ';')
			buf_char(to, local.at[i]);
		else
			buf_printf(to, "=%02X", (unsigned char)local.at[i]);
}

/* Section 3.5: the domain of i= is d= or below it. */
static bool
plan_identity(struct dkim_signer *signer, struct planned *planned,
	      struct why *why)
{
	struct text identity = planned->wish.identity;
	size_t at = text_find_last(identity, '@');
	struct domain domain;
	struct buf out;

	if (identity.len == 0)
		return true;
	if (at == identity.len || identity.len > LIMIT_ADDRESS_BYTES)
		return why_set(why, "the identity is no address");
	if (!domain_parse(signer->arena, text_skip(identity, at + 1), &domain,
			  why))
		return why_prefix(why, "identity");
	if (!domain_is_within(domain, planned->wish.domain))
		return why_set(why, "the identity is not within d=");
	/* three bytes for one, and the domain */
	buf_init(&out, signer->arena, 4 * LIMIT_ADDRESS_BYTES);
	write_quoted(&out, text_first(identity, at));
	buf_char(&out, '@');
	buf_text(&out, domain.name);
	planned->identity = buf_view(&out);
	return true;
}

bool
dkim_signer_add(struct dkim_signer *signer, const struct dkim_wish *wish,
		struct why *why)
{
	struct planned planned = {.wish = *wish};

	assert(domain_is_set(wish->domain) && wish->key != NULL);
	assert(signer->header == NULL);
	if (signer->count == LIMIT_SIGNATURES)
		return why_set(why, "more than %d signatures of one message",
			       LIMIT_SIGNATURES);
	if (planned.wish.header_canon == 0)
		planned.wish.header_canon = DKIM_RELAXED;
	if (planned.wish.body_canon == 0)
		planned.wish.body_canon = DKIM_RELAXED;
	if (!signature_selector(signer->arena, wish->selector,
				&planned.wish.selector, why) ||
	    !plan_identity(signer, &planned, why))
		return false;
	signer->planned[signer->count++] = planned;
	return true;
}

bool
dkim_signer_cover(struct dkim_signer *signer, struct text name, bool oversign,
		  struct why *why)
{
	if (!signed_fields_is_name(name))
		return why_set(why, "no name of a header field to sign");
	if (signer->covered_count == LIMIT_SIGNED_NAMES)
		return why_set(why, "more than %d header fields to sign",
			       LIMIT_SIGNED_NAMES);
	signer->covered[signer->covered_count++] =
	    (struct covered){name, oversign};
	return true;
}

static bool
choose_fields(struct dkim_signer *signer, const struct message *message,
	      struct why *why)
{
	size_t i;

	if (!signed_fields_choose(signer->arena, message, &signer->fields, why))
		return false;
	for (i = 0; i < signer->covered_count; i++)
		if (!signed_fields_add(message, signer->covered[i].name,
				       signer->covered[i].oversign,
				       &signer->fields, why))
			return false;
	return true;
}

bool
dkim_signer_end_of_header(struct dkim_signer *signer,
			  const struct message *message,
			  struct body_digests *digests, struct why *why)
{
	struct planned *planned;

	if (message_find(message, "From") == NULL)
		return why_set(why, "no From field");
	if (!choose_fields(signer, message, why))
		return false;
	signer->digests = digests;
	signer->header = dkim_header_new(signer->arena, message);
	for (planned = signer->planned;
	     planned < signer->planned + signer->count; planned++)
		planned->body =
		    body_digests_want(digests, planned->wish.body_canon,
				      CRYPTO_SHA256, BODY_WHOLE);
	return true;
}

static const char *
canon_name(const struct dkim_wish *wish)
{
	bool relaxed_body = wish->body_canon == DKIM_RELAXED;

	if (wish->header_canon == DKIM_RELAXED)
		return relaxed_body ? "relaxed/relaxed" : "relaxed/simple";
	return relaxed_body ? "simple/relaxed" : "simple/simple";
}

/* All tags but b=. */
static void
write_tags(const struct dkim_signer *signer, const struct planned *planned,
	   int64_t now_s, struct signature_writer *writer)
{
	const struct dkim_wish *wish = &planned->wish;

	signature_write_tag(writer, "v", TEXT("1"));
	signature_write_tag(writer, "a",
			    text_from(signature_algorithm(wish->key)));
	signature_write_tag(writer, "c", text_from(canon_name(wish)));
	signature_write_tag(writer, "d", wish->domain.name);
	signature_write_tag(writer, "s", wish->selector);
	if (planned->identity.len > 0)
		signature_write_tag(writer, "i", planned->identity);
	signature_write_times(writer, now_s, wish->lifetime_s);
	signature_write_names(writer, "h", signer->fields.names,
			      signer->fields.count);
	signature_write_bytes(
	    writer, "bh",
	    body_digests_get(signer->digests, planned->body, NULL));
}

static bool
sign(struct dkim_signer *signer, const struct planned *planned, int64_t now_s,
     struct text *value, struct why *why)
{
	unsigned char hash[CRYPTO_HASH_BYTES_MAX];
	struct signature_writer writer;
	struct header_field own;
	struct digest *digest;
	struct text b_whole;

	signature_write_begin(&writer, signer->arena, TEXT("DKIM-Signature"));
	write_tags(signer, planned, now_s, &writer);
	own = signature_write_unsigned(&writer, &b_whole);
	digest = digest_new(signer->arena, CRYPTO_SHA256);
	dkim_header_hash(signer->header, digest, planned->wish.header_canon,
			 signer->fields.names, signer->fields.count, &own,
			 b_whole);
	digest_finish(digest, hash);
	return signature_write_end(&writer, planned->wish.key,
				   text_of((const char *)hash, sizeof(hash)),
				   value, why);
}

bool
dkim_signer_finish(struct dkim_signer *signer, int64_t now_s,
		   const struct dkim_signed **results, size_t *count,
		   struct why *why)
{
	struct dkim_signed *list =
	    arena_new_array(signer->arena, struct dkim_signed, signer->count);
	const struct dkim_wish *wish;
	size_t i;

	assert(signer->header != NULL);
	for (i = 0; i < signer->count; i++) {
		wish = &signer->planned[i].wish;
		list[i].domain = wish->domain;
		list[i].selector = wish->selector;
		list[i].algorithm = signature_algorithm(wish->key);
		if (!sign(signer, &signer->planned[i], now_s, &list[i].value,
			  why))
			return why_prefix(why, "selector " TEXT_FMT,
					  TEXT_ARG(wish->selector));
	}
	*results = list;
	*count = signer->count;
	return true;
}
