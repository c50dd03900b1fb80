#include "mailauth/arc_field.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/limits.h"
#include "base/scan.h"
#include "base/why.h"

static const struct text absent = {NULL, 0};

enum arc_kind
arc_kind_of(const struct header_field *field)
{
	if (text_equal_nocase(field->name, TEXT("ARC-Seal")))
		return ARC_SEAL;
	if (text_equal_nocase(field->name, TEXT("ARC-Message-Signature")))
		return ARC_MESSAGE_SIGNATURE;
	if (text_equal_nocase(field->name, TEXT("ARC-Authentication-Results")))
		return ARC_AUTHENTICATION_RESULTS;
	return ARC_NO_FIELD;
}

/* False if a comment is not closed. */
static bool
skip_comments(struct scan *in)
{
	unsigned depth = 0;

	for (;;) {
		if (depth == 0)
			scan_fws(in);
		if (scan_char(in, '('))
			depth++;
		else if (depth == 0)
			return true;
		else if (scan_at_end(in))
			return false;
		else if (scan_char(in, ')'))
			depth--;
		else if (*in->at++ == '\\' && !scan_at_end(in))
			in->at++;
	}
}

static bool
set_instance(struct arc_field *parsed, uint64_t instance, struct why *why)
{
	if (instance == 0)
		return why_set(why, "instance 0");
	parsed->instance = (unsigned)instance;
	return true;
}

/* Section 4.1.1: "i=N;", then what Authentication-Results has. */
static bool
parse_results(struct arc_field *parsed, struct why *why)
{
	uint64_t instance;
	struct scan in;

	scan_init(&in, parsed->field->value);
	if (!skip_comments(&in) || !scan_char(&in, 'i') ||
	    !skip_comments(&in) || !scan_char(&in, '=') ||
	    !skip_comments(&in) || !scan_u64(&in, LIMIT_ARC_SETS, &instance) ||
	    !skip_comments(&in) || !scan_char(&in, ';'))
		return why_set(why, "no instance in "
				    "ARC-Authentication-Results");
	parsed->results = text_trim(scan_rest(&in));
	return set_instance(parsed, instance, why);
}

static bool
read_instance(struct arc_field *parsed, struct why *why)
{
	uint64_t instance;

	if (!parsed->signature.is_tag_list)
		return why_set(why, "ARC-Message-Signature is no tag list");
	if (!text_to_u64(tag_list_get(&parsed->signature.tags, "i", absent),
			 LIMIT_ARC_SETS, &instance))
		return why_set(
		    why, "no instance from 1 to %d in i=", LIMIT_ARC_SETS);
	return set_instance(parsed, instance, why);
}

static bool
parse_signature(struct arena *arena, struct arc_field *parsed, struct why *why)
{
	struct why unusable;

	if (!dkim_signature_parse(arena, DKIM_ARC_MESSAGE_SIGNATURE,
				  parsed->field, &parsed->signature, &unusable))
		parsed->unusable = arena_printf(arena, "%s", unusable.text);
	else if (parsed->signature.hash == CRYPTO_SHA1)
		parsed->unusable = "rsa-sha1 is not accepted (RFC 8301)";
	else if (parsed->signature.has_length)
		parsed->unusable = "l= covers a part of the body only";
	/* section 4.1.2 */
	else if (dkim_signature_names(&parsed->signature, "arc-seal") > 0)
		parsed->unusable = "h= names ARC-Seal";
	return read_instance(parsed, why);
}

static bool
read_cv(struct arc_field *parsed, struct why *why)
{
	struct text cv = tag_list_get(&parsed->signature.tags, "cv", absent);

	if (text_equal_nocase(cv, TEXT("none")))
		parsed->cv = ARC_CV_NONE;
	else if (text_equal_nocase(cv, TEXT("pass")))
		parsed->cv = ARC_CV_PASS;
	else if (text_equal_nocase(cv, TEXT("fail")))
		parsed->cv = ARC_CV_FAIL;
	else
		return why_set(why, "no known cv= in ARC-Seal");
	return true;
}

static bool
parse_seal(struct arena *arena, struct arc_field *parsed, struct why *why)
{
	if (!dkim_signature_parse(arena, DKIM_ARC_SEAL, parsed->field,
				  &parsed->signature, why))
		return why_prefix(why, "ARC-Seal");
	/* section 4.1.3 */
	if (tag_list_find(&parsed->signature.tags, "h") != NULL)
		return why_set(why, "h= in ARC-Seal");
	if (parsed->signature.hash == CRYPTO_SHA1)
		return why_set(why, "rsa-sha1 in ARC-Seal");
	return read_instance(parsed, why) && read_cv(parsed, why);
}

bool
arc_field_parse(struct arena *arena, const struct header_field *field,
		struct arc_field *parsed, struct why *why)
{
	*parsed =
	    (struct arc_field){.kind = arc_kind_of(field), .field = field};
	switch (parsed->kind) {
	case ARC_AUTHENTICATION_RESULTS:
		return parse_results(parsed, why);
	case ARC_MESSAGE_SIGNATURE:
		return parse_signature(arena, parsed, why);
	case ARC_SEAL:
		return parse_seal(arena, parsed, why);
	case ARC_NO_FIELD:
		break;
	}
	return why_set(why, "not a field of ARC");
}
