#include "mailauth/dkim_signature.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/scan.h"
#include "base/why.h"

static const struct text absent = {NULL, 0};

static bool
read_version(struct dkim_signature *signature, struct why *why)
{
	struct text version = tag_list_get(&signature->tags, "v", absent);

	if (version.len == 0)
		return why_set(why, "no v=");
	if (!text_equal(version, TEXT("1")))
		return why_set(why, "v= is not 1");
	return true;
}

static const struct algorithm {
	struct text name;
	enum crypto_key_type key_type;
	enum crypto_hash hash;
} algorithms[] = {
    {TEXT_INIT("rsa-sha256"), CRYPTO_RSA, CRYPTO_SHA256},
    {TEXT_INIT("ed25519-sha256"), CRYPTO_ED25519, CRYPTO_SHA256},
    {TEXT_INIT("rsa-sha1"), CRYPTO_RSA, CRYPTO_SHA1},
};

static bool
read_algorithm(struct dkim_signature *signature, struct why *why)
{
	size_t i;

	if (signature->algorithm.len == 0)
		return why_set(why, "no a=");
	for (i = 0; i < sizeof(algorithms) / sizeof(*algorithms); i++)
		if (text_equal_nocase(signature->algorithm,
				      algorithms[i].name)) {
			signature->key_type = algorithms[i].key_type;
			signature->hash = algorithms[i].hash;
			return true;
		}
	return why_set(why, "unknown algorithm in a=");
}

static bool
read_signature(struct arena *arena, struct dkim_signature *signature,
	       struct why *why)
{
	if (signature->b_text.len == 0)
		return why_set(why, "no b=");
	if (!base64_decode(arena, signature->b_text, &signature->signature) ||
	    signature->signature.len > LIMIT_SIGNATURE_BYTES)
		return why_set(why, "b= is not base64 of a signature");
	return true;
}

static bool
read_body_hash(struct arena *arena, struct dkim_signature *signature,
	       struct why *why)
{
	struct text value = tag_list_get(&signature->tags, "bh", absent);

	if (value.len == 0)
		return why_set(why, "no bh=");
	if (!base64_decode(arena, value, &signature->body_hash))
		return why_set(why, "bh= is not base64");
	return true;
}

static bool
canon_from(struct text name, enum dkim_canon *canon)
{
	if (text_equal_nocase(name, TEXT("relaxed")))
		*canon = DKIM_RELAXED;
	else if (text_equal_nocase(name, TEXT("simple")))
		*canon = DKIM_SIMPLE;
	else
		return false;
	return true;
}

static bool
read_canon(struct dkim_signature *signature, struct why *why)
{
	const struct tag *tag = tag_list_find(&signature->tags, "c");
	struct text value = tag != NULL ? tag->value : TEXT("simple/simple");
	size_t slash = text_find(value, '/');

	signature->body_canon = DKIM_SIMPLE;
	if (!canon_from(text_first(value, slash), &signature->header_canon) ||
	    (slash < value.len &&
	     !canon_from(text_skip(value, slash + 1), &signature->body_canon)))
		return why_set(why, "unknown canonicalization in c=");
	return true;
}

static bool
read_domain(struct dkim_signature *signature, struct text value,
	    struct why *why)
{
	if (value.len == 0)
		return why_set(why, "no d=");
	if (!domain_is_set(signature->domain))
		return why_set(why, "d= is not a domain");
	return true;
}

static bool
read_selector(struct dkim_signature *signature, struct text value,
	      struct why *why)
{
	if (value.len == 0)
		return why_set(why, "no s=");
	if (signature->selector.len == 0)
		return why_set(why, "s= is not a selector");
	return true;
}

/* Section 2.11: dkim-quoted-printable. */
static struct text
unquote(struct arena *arena, struct text value)
{
	char *to = arena_bytes(arena, value.len);
	size_t len = 0, i;

	for (i = 0; i < value.len; i++) {
		if (ascii_is_fws(value.at[i]))
			continue;
		if (value.at[i] == '=' && i + 2 < value.len &&
		    ascii_is_hex(value.at[i + 1]) &&
		    ascii_is_hex(value.at[i + 2])) {
			to[len++] =
			    (char)(ascii_hex_value(value.at[i + 1]) << 4 |
				   ascii_hex_value(value.at[i + 2]));
			i += 2;
			continue;
		}
		to[len++] = value.at[i];
	}
	return text_of(to, len);
}

/* Section 3.5: i= is in d= or below it. */
static bool
read_identity(struct arena *arena, struct dkim_signature *signature,
	      struct why *why)
{
	const struct tag *tag = tag_list_find(&signature->tags, "i");
	struct text value = {NULL, 0}, local;
	struct buf out;
	size_t at = 0;

	signature->identity_domain = signature->domain;
	if (tag != NULL) {
		value = unquote(arena, tag->value);
		at = text_find_last(value, '@');
		if (at == value.len || value.len > LIMIT_ADDRESS_BYTES ||
		    !domain_parse(arena, text_skip(value, at + 1),
				  &signature->identity_domain, NULL))
			return why_set(why, "i= is not an address");
		if (!domain_is_within(signature->identity_domain,
				      signature->domain))
			return why_set(why, "i= is not within d=");
	}
	local = text_first(value, at);
	buf_init(&out, arena, 2 * LIMIT_ADDRESS_BYTES);
	buf_text(&out, local);
	buf_char(&out, '@');
	buf_text(&out, signature->identity_domain.name);
	signature->identity = buf_view(&out);
	return true;
}

static bool
read_names(struct arena *arena, struct dkim_signature *signature,
	   struct why *why)
{
	const struct tag *tag = tag_list_find(&signature->tags, "h");
	struct text name;
	struct scan in;
	size_t count, i;

	if (tag == NULL || tag->value.len == 0)
		return why_set(why, "no h=");
	for (count = 1, i = 0; i < tag->value.len; i++)
		count += tag->value.at[i] == ':';
	if (count > LIMIT_DKIM_HEADER_NAMES)
		return why_set(
		    why, "more than %d names in h=", LIMIT_DKIM_HEADER_NAMES);
	signature->names = arena_new_array(arena, struct text, count);
	scan_init(&in, tag->value);
	for (i = 0; i < count; i++) {
		name = text_trim(scan_until(&in, ':'));
		signature->names[i] = name;
		while (name.len > 0 && ascii_is_graph(name.at[0]))
			name = text_skip(name, 1);
		if (name.len > 0)
			return why_set(why, "h= holds what is no field name");
	}
	signature->name_count = count;
	return true;
}

static bool
read_time(struct dkim_signature *signature, const char *name, int64_t *time,
	  struct why *why)
{
	const struct tag *tag = tag_list_find(&signature->tags, name);
	struct text digits;
	uint64_t value;
	struct scan in;

	*time = DKIM_NO_TIME;
	if (tag == NULL)
		return true;
	scan_init(&in, tag->value);
	digits = scan_while(&in, ascii_is_digit);
	if (digits.len == 0 || !scan_at_end(&in))
		return why_set(why, "%s= is not a number", name);
	/* section 3.5: beyond twelve digits as good as infinite */
	*time =
	    text_to_u64(digits, INT64_MAX, &value) ? (int64_t)value : INT64_MAX;
	return true;
}

static bool
read_times(struct dkim_signature *signature, struct why *why)
{
	if (!read_time(signature, "t", &signature->signed_at, why) ||
	    !read_time(signature, "x", &signature->expires_at, why))
		return false;
	if (signature->signed_at != DKIM_NO_TIME &&
	    signature->expires_at != DKIM_NO_TIME &&
	    signature->expires_at <= signature->signed_at)
		return why_set(why, "x= is not after t=");
	return true;
}

static bool
read_length(struct dkim_signature *signature, struct why *why)
{
	const struct tag *tag = tag_list_find(&signature->tags, "l");

	if (tag == NULL)
		return true;
	signature->has_length = true;
	if (!text_to_u64(tag->value, UINT64_MAX - 1, &signature->length))
		return why_set(why, "l= is not a number");
	return true;
}

static bool
read_query(struct dkim_signature *signature, struct why *why)
{
	const struct tag *tag = tag_list_find(&signature->tags, "q");
	struct scan in;

	if (tag == NULL)
		return true;
	scan_init(&in, tag->value);
	while (!scan_at_end(&in))
		if (text_equal_nocase(text_trim(scan_until(&in, ':')),
				      TEXT("dns/txt")))
			return true;
	return why_set(why, "no known query method in q=");
}

/* What reports show even of a broken signature. */
static void
read_shown(struct arena *arena, struct dkim_signature *signature)
{
	const struct tag *b = tag_list_find(&signature->tags, "b");
	struct domain selector;

	signature->algorithm = tag_list_get(&signature->tags, "a", absent);
	if (b != NULL) {
		signature->b_whole = b->whole;
		signature->b_text = text_without_fws(arena, b->value);
	}
	domain_parse(arena, tag_list_get(&signature->tags, "d", absent),
		     &signature->domain, NULL);
	if (domain_parse(arena, tag_list_get(&signature->tags, "s", absent),
			 &selector, NULL))
		signature->selector = selector.name;
}

/* What a seal has not: it covers neither body nor chosen fields. */
static bool
read_message_tags(struct arena *arena, struct dkim_signature *signature,
		  struct why *why)
{
	return read_body_hash(arena, signature, why) &&
	       read_canon(signature, why) &&
	       read_names(arena, signature, why) &&
	       read_length(signature, why) && read_query(signature, why);
}

bool
dkim_signature_parse(struct arena *arena, enum dkim_signature_kind kind,
		     const struct header_field *field,
		     struct dkim_signature *signature, struct why *why)
{
	struct tag_list *tags = &signature->tags;

	*signature = (struct dkim_signature){.field = field};
	signature->is_tag_list = tag_list_parse(arena, field->value, tags, why);
	read_shown(arena, signature);
	if (!signature->is_tag_list)
		return false;
	if (kind == DKIM_SIGNATURE && !read_version(signature, why))
		return false;
	if (!read_algorithm(signature, why) ||
	    !read_domain(signature, tag_list_get(tags, "d", absent), why) ||
	    !read_selector(signature, tag_list_get(tags, "s", absent), why) ||
	    !read_signature(arena, signature, why) ||
	    !read_times(signature, why))
		return false;
	if (kind != DKIM_ARC_SEAL && !read_message_tags(arena, signature, why))
		return false;
	return kind != DKIM_SIGNATURE || read_identity(arena, signature, why);
}

struct domain
dkim_signature_peek_domain(struct arena *arena,
			   const struct header_field *field)
{
	struct domain domain = {{NULL, 0}};
	struct text tag;
	struct scan in;
	size_t equals;

	scan_init(&in, text_first(field->value, LIMIT_TAG_LIST_BYTES));
	while (!scan_at_end(&in)) {
		tag = scan_until(&in, ';');
		equals = text_find(tag, '=');
		if (!text_equal(text_trim(text_first(tag, equals)), TEXT("d")))
			continue;
		domain_parse(arena, text_trim(text_skip(tag, equals + 1)),
			     &domain, NULL);
		break;
	}
	return domain;
}

size_t
dkim_signature_names(const struct dkim_signature *signature, const char *name)
{
	struct text wanted = text_from(name);
	size_t count = 0, i;

	for (i = 0; i < signature->name_count; i++)
		count += text_equal_nocase(signature->names[i], wanted);
	return count;
}

struct text
dkim_signature_key_name(struct arena *arena,
			const struct dkim_signature *signature)
{
	struct buf out;

	buf_init(&out, arena, 1024);
	buf_text(&out, signature->selector);
	buf_string(&out, "._domainkey.");
	buf_text(&out, signature->domain.name);
	return buf_view(&out);
}
