#include "mailauth/dmarc_record.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/limits.h"
#include "base/scan.h"
#include "base/why.h"

static bool
take_equals(struct scan *in)
{
	scan_blank(in);
	if (!scan_char(in, '='))
		return false;
	scan_blank(in);
	return true;
}

/* dmarc-version and the separator behind it, if any. */
static bool
take_version(struct scan *in)
{
	if (!scan_string_nocase(in, "v") || !take_equals(in) ||
	    !scan_string(in, "DMARC1"))
		return false;
	scan_blank(in);
	return scan_at_end(in) || scan_char(in, ';');
}

bool
dmarc_record_is(struct text text)
{
	struct scan in;

	scan_init(&in, text);
	return take_version(&in);
}

struct word {
	const char *word;
	int value;
};

/* The value of a word, in any case; -1 if it is none of them. */
static int
look_up(const struct word *words, size_t count, struct text text)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (text_equal_nocase(text, text_from(words[i].word)))
			return words[i].value;
	return -1;
}

static void
note_defect(struct dmarc_record *record, const char *defect)
{
	if (record->defect == NULL)
		record->defect = defect;
}

/* dmarc-request.  A broken one is remembered: it changes the record. */
static void
read_request(struct text value, enum dmarc_policy *policy, bool *broken)
{
	static const struct word words[] = {
	    {"none", DMARC_POLICY_NONE},
	    {"quarantine", DMARC_POLICY_QUARANTINE},
	    {"reject", DMARC_POLICY_REJECT}};
	int found = look_up(words, 3, value);

	if (found < 0)
		*broken = true;
	else
		*policy = (enum dmarc_policy)found;
}

static void
read_psd(struct dmarc_record *record, struct text value)
{
	static const struct word words[] = {{"u", DMARC_PSD_UNKNOWN},
					    {"y", DMARC_PSD_YES},
					    {"n", DMARC_PSD_NO}};
	int found = look_up(words, 3, value);

	if (found < 0)
		note_defect(record, "psd is not y, n or u");
	else
		record->psd = (enum dmarc_psd)found;
}

static void
read_flag(struct dmarc_record *record, const struct word words[2],
	  struct text value, const char *defect, bool *flag)
{
	int found = look_up(words, 2, value);

	if (found < 0)
		note_defect(record, defect);
	else
		*flag = found == 1;
}

/* dmarc-fo: each of 0 1 d s at most once, 0 and 1 not together. */
static bool
fo_is_valid(struct text value)
{
	static const char options[] = "01ds";
	unsigned seen = 0, bit;
	const char *option;
	struct text one;
	struct scan in;

	if (value.len == 0 || value.at[value.len - 1] == ':')
		return false;
	scan_init(&in, value);
	while (!scan_at_end(&in)) {
		one = text_trim(scan_until(&in, ':'));
		if (one.len != 1 || one.at[0] == '\0')
			return false;
		option = strchr(options, ascii_lower(one.at[0]));
		if (option == NULL)
			return false;
		bit = 1u << (option - options);
		if (seen & bit)
			return false;
		seen |= bit;
	}
	return (seen & 3u) != 3u;
}

static bool
is_scheme(char c)
{
	return ascii_is_alnum(c) || c == '+' || c == '-' || c == '.';
}

/* Characters of RFC 3986 but "%", and "!" and "," which must be encoded. */
static bool
is_uri(char c)
{
	return ascii_is_alnum(c) ||
	       (c != '\0' && strchr("-._~:/?#[]@$&'()*+;=", c) != NULL);
}

static bool
take_uri(struct scan *in)
{
	const char *start;

	if (!ascii_is_alpha(scan_peek(in)))
		return false;
	scan_while(in, is_scheme);
	if (!scan_char(in, ':'))
		return false;
	start = in->at;
	for (;;) {
		scan_while(in, is_uri);
		if (!scan_char(in, '%'))
			return in->at > start;
		if (in->end - in->at < 2 || !ascii_is_hex(in->at[0]) ||
		    !ascii_is_hex(in->at[1]))
			return false;
		in->at += 2;
	}
}

/* obs-dmarc-report-size, if it is there. */
static bool
take_size(struct scan *in)
{
	if (!scan_char(in, '!'))
		return true;
	if (scan_while(in, ascii_is_digit).len == 0)
		return false;
	if (!scan_at_end(in) && strchr("kmgt", ascii_lower(*in->at)) != NULL)
		in->at++;
	return true;
}

/* dmarc-urilist; what is no URI is left out. */
static void
read_uris(struct arena *arena, struct dmarc_record *record, struct text value,
	  struct dmarc_uri **end)
{
	struct scan list, in;
	struct text item, uri;
	int count = 0;

	scan_init(&list, value);
	while (!scan_at_end(&list)) {
		item = text_trim(scan_until(&list, ','));
		scan_init(&in, item);
		if (!take_uri(&in)) {
			note_defect(record, "a report address is no URI");
			continue;
		}
		uri = text_first(item, (size_t)(in.at - item.at));
		if (!take_size(&in) || !scan_at_end(&in)) {
			note_defect(record, "a report address is no URI");
			continue;
		}
		if (++count > LIMIT_DMARC_URIS) {
			note_defect(record, "too many report addresses");
			return;
		}
		*end = arena_new_value(arena, struct dmarc_uri);
		(*end)->uri = uri;
		end = &(*end)->next;
	}
}

enum tag {
	TAG_ADKIM,
	TAG_ASPF,
	TAG_FO,
	TAG_NP,
	TAG_P,
	TAG_PSD,
	TAG_RUA,
	TAG_RUF,
	TAG_SP,
	TAG_T,
	TAG_HISTORIC
};

static const struct word tag_names[] = {
    {"adkim", TAG_ADKIM}, {"aspf", TAG_ASPF},	 {"fo", TAG_FO},
    {"np", TAG_NP},	  {"p", TAG_P},		 {"psd", TAG_PSD},
    {"rua", TAG_RUA},	  {"ruf", TAG_RUF},	 {"sp", TAG_SP},
    {"t", TAG_T},	  {"pct", TAG_HISTORIC}, {"rf", TAG_HISTORIC},
    {"ri", TAG_HISTORIC}};

static const struct word modes[] = {{"r", 0}, {"s", 1}};
static const struct word answers[] = {{"n", 0}, {"y", 1}};

static void
read_tag(struct arena *arena, struct dmarc_record *record, enum tag tag,
	 struct text value, bool *broken)
{
	switch (tag) {
	case TAG_ADKIM:
		read_flag(record, modes, value, "adkim is not r or s",
			  &record->strict_dkim);
		break;
	case TAG_ASPF:
		read_flag(record, modes, value, "aspf is not r or s",
			  &record->strict_spf);
		break;
	case TAG_FO:
		if (fo_is_valid(value))
			record->fo = text_lower(arena, value);
		else
			note_defect(record, "fo is not valid");
		break;
	case TAG_NP:
		read_request(value, &record->np, broken);
		break;
	case TAG_P:
		read_request(value, &record->p, broken);
		break;
	case TAG_PSD:
		read_psd(record, value);
		break;
	case TAG_RUA:
		read_uris(arena, record, value, &record->rua);
		break;
	case TAG_RUF:
		read_uris(arena, record, value, &record->ruf);
		break;
	case TAG_SP:
		read_request(value, &record->sp, broken);
		break;
	case TAG_T:
		read_flag(record, answers, value, "t is not y or n",
			  &record->testing);
		break;
	case TAG_HISTORIC:
		record->has_pct = true;
		break;
	}
}

/* RFC 9989 section 4.8: what is no tag, and a tag that was there before, is
 * passed over; so are tags that are not known. */
static void
read_tags(struct arena *arena, struct dmarc_record *record, struct scan *in,
	  bool *broken)
{
	unsigned seen = 0, tags = 0;
	struct text piece, name;
	struct scan at;
	int tag;

	while (!scan_at_end(in) && tags++ < LIMIT_TAGS) {
		piece = text_trim(scan_until(in, ';'));
		if (piece.len == 0)
			continue;
		scan_init(&at, piece);
		name = scan_while(&at, ascii_is_alpha);
		if (name.len == 0 || !take_equals(&at)) {
			note_defect(record, "a part is no tag");
			continue;
		}
		tag = look_up(tag_names, sizeof(tag_names) / sizeof(*tag_names),
			      name);
		if (tag < 0)
			continue;
		if (tag != TAG_HISTORIC && (seen & 1u << tag) != 0) {
			note_defect(record, "a tag is given twice");
			continue;
		}
		seen |= 1u << tag;
		read_tag(arena, record, (enum tag)tag, scan_rest(&at), broken);
	}
}

bool
dmarc_record_parse(struct arena *arena, struct text text,
		   struct dmarc_record *record, struct why *why)
{
	bool broken = false;
	struct scan in;

	*record = (struct dmarc_record){.text = text, .fo = TEXT("0")};
	if (text.len > LIMIT_DMARC_RECORD_BYTES)
		return why_set(why, "record above %d bytes",
			       LIMIT_DMARC_RECORD_BYTES);
	scan_init(&in, text);
	if (!take_version(&in))
		return why_set(why, "no v=DMARC1 at the start");
	read_tags(arena, record, &in, &broken);
	if (record->p == DMARC_POLICY_UNSET || broken) {
		/* section 4.10.1 */
		note_defect(record, "p is missing, or p, sp or np is broken");
		record->applies = record->acts_as_none = record->rua != NULL;
		record->p =
		    record->applies ? DMARC_POLICY_NONE : DMARC_POLICY_UNSET;
		record->sp = record->np = DMARC_POLICY_UNSET;
		return true;
	}
	record->applies = true;
	return true;
}

const char *
dmarc_policy_name(enum dmarc_policy policy)
{
	switch (policy) {
	case DMARC_POLICY_UNSET:
		return NULL;
	case DMARC_POLICY_NONE:
		return "none";
	case DMARC_POLICY_QUARANTINE:
		return "quarantine";
	case DMARC_POLICY_REJECT:
		return "reject";
	}
	return NULL;
}
