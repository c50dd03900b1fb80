#include "mailtls/tlsrpt_record.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/why.h"
#include "mailtls/txt_fields.h"

static const char version[] = "v=TLSRPTv1";

bool
tlsrpt_record_is(struct text txt)
{
	struct scan in;

	return txt_fields_begin(&in, txt, version);
}

/* The characters of RFC 3986, without those that must be encoded here. */
static bool
is_uri(char c)
{
	static const char also[] = "-._~:/?#[]@$&'()*+=%";

	return ascii_is_alnum(c) || (c != '\0' && strchr(also, c) != NULL);
}

static bool
has_good_escapes(struct text uri)
{
	size_t i;

	for (i = 0; i < uri.len; i++)
		if (uri.at[i] == '%' &&
		    (i + 2 >= uri.len || !ascii_is_hex(uri.at[i + 1]) ||
		     !ascii_is_hex(uri.at[i + 2])))
			return false;
	return true;
}

/* 0 for a scheme that nobody reports to. */
static int
scheme_of(struct text uri)
{
	if (text_starts_nocase(uri, TEXT("mailto:")))
		return TLSRPT_MAILTO;
	if (text_starts_nocase(uri, TEXT("https://")))
		return TLSRPT_HTTPS;
	return 0;
}

static bool
check_uri(struct text uri, struct why *why)
{
	struct scan in;

	scan_init(&in, uri);
	scan_while(&in, is_uri);
	if (uri.len == 0 || !scan_at_end(&in) || !has_good_escapes(uri) ||
	    text_find(uri, ':') == uri.len)
		return why_set(why, "rua holds what is no URI");
	return true;
}

static bool
take_rua(struct arena *arena, struct text value, struct tlsrpt_record *record,
	 struct tlsrpt_uri ***end, struct why *why)
{
	struct scan in;
	struct text uri;
	int scheme;

	scan_init(&in, value);
	do {
		uri = text_trim(scan_until(&in, ','));
		if (!check_uri(uri, why))
			return false;
		scheme = scheme_of(uri);
		if (scheme == 0)
			continue;
		if (record->count == LIMIT_TLSRPT_URIS)
			return why_set(why, "more than %d addresses in rua",
				       LIMIT_TLSRPT_URIS);
		**end = arena_new_value(arena, struct tlsrpt_uri);
		(**end)->scheme = (enum tlsrpt_scheme)scheme;
		(**end)->uri = uri;
		*end = &(**end)->next;
		record->count++;
	} while (!scan_at_end(&in));
	return true;
}

bool
tlsrpt_record_parse(struct arena *arena, struct text txt,
		    struct tlsrpt_record *record, struct why *why)
{
	struct tlsrpt_uri **end = &record->rua;
	struct txt_field field;
	bool broken = false;
	struct scan in;

	*record = (struct tlsrpt_record){0};
	if (!txt_fields_begin(&in, txt, version))
		return why_set(why, "does not begin with v=TLSRPTv1;");
	while (txt_fields_next(&in, &field, &broken, why)) {
		if (text_equal(field.name, TEXT("rua"))) {
			if (!take_rua(arena, field.value, record, &end, why))
				return false;
		} else if (!txt_fields_is_value(field.value)) {
			return why_set(why,
				       "an extension has an impossible value");
		}
	}
	if (broken)
		return false;
	return record->count > 0 ||
	       why_set(why, "rua names neither a mailto: nor an https: "
			    "address");
}

void
tlsrpt_record_write(struct buf *to, const struct tlsrpt_record *record)
{
	const struct tlsrpt_uri *uri;

	buf_printf(to, "%s; rua=", version);
	for (uri = record->rua; uri != NULL; uri = uri->next) {
		buf_text(to, uri->uri);
		if (uri->next != NULL)
			buf_char(to, ',');
	}
}
