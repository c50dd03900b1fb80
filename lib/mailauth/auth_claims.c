#include "mailauth/auth_claims.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/domain.h"
#include "base/limits.h"
#include "base/scan.h"
#include "mailauth/cfws.h"

/* far above any authserv-id; what reaches it was cut and is nobody's */
#define ID_BYTES_MAX LIMIT_DOMAIN_INPUT_BYTES

/* What stands before the first ';', as careless readers see it. */
struct spelling {
	struct text first; /* word without quotes, quoted pairs, comments */
	struct text all;   /* all words run together */
	struct text unnumbered; /* the same without a last word of digits */
	bool has_equal;		/* a '=': there is no id */
};

/* What readers make of control and non-ASCII bytes. */
enum oddity {
	ODD_BYTES_STAND, /* non-ASCII is a letter, control bytes are dropped */
	ODD_BYTES_SPLIT, /* they end a word, as white space does */
	ODD_BYTES_VANISH
};

struct text_builder {
	enum oddity oddity;
	struct buf bytes;
	bool has_equal;
	bool at_start; /* no word has begun */
	bool in_gap;   /* white space or a comment since the last byte */
	size_t first_len, last_start;
};

static void
add_byte(struct text_builder *builder, char c)
{
	if (builder->in_gap && !builder->at_start) {
		if (builder->first_len == 0)
			builder->first_len = builder->bytes.len;
		builder->last_start = builder->bytes.len;
	}
	builder->at_start = builder->in_gap = false;
	if (c == '=')
		builder->has_equal = true;
	buf_char(&builder->bytes, c);
}

static void
add_odd_byte(struct text_builder *builder, char c)
{
	switch (builder->oddity) {
	case ODD_BYTES_STAND:
		if ((unsigned char)c >= 0x80)
			add_byte(builder, c);
		break;
	case ODD_BYTES_SPLIT:
		builder->in_gap = true;
		break;
	case ODD_BYTES_VANISH:
		break;
	}
}

/* A comment that has no end is no comment. */
static bool
skip_comment(struct scan *in)
{
	struct scan ahead = *in;

	if (!cfws_skip_comment(&ahead))
		return false;
	*in = ahead;
	return true;
}

/* Reads up to the first ';' outside quotes and comments.  Quotes and
 * backslashes vanish. */
static void
collect(struct scan *in, struct text_builder *builder)
{
	bool quoted = false, comments = true;

	while (!scan_at_end(in)) {
		char c = *in->at;

		if (c == '(' && !quoted) {
			/* one look for an end that is not there is enough */
			comments = comments && skip_comment(in);
			builder->in_gap = true;
			if (!comments)
				in->at++;
			continue;
		}
		in->at++;
		if (c == '"')
			quoted = !quoted;
		else if (c == ';' && !quoted)
			break;
		else if (c == '\\')
			continue;
		else if (ascii_is_fws(c))
			builder->in_gap = true;
		else if (ascii_is_graph(c))
			add_byte(builder, c);
		else
			add_odd_byte(builder, c);
	}
}

static bool
is_all_digits(struct text text)
{
	size_t i;

	for (i = 0; i < text.len; i++)
		if (!ascii_is_digit(text.at[i]))
			return false;
	return text.len > 0;
}

static void
spell(struct arena *arena, struct text value, enum oddity oddity,
      struct spelling *spelling)
{
	struct text_builder builder = {.oddity = oddity, .at_start = true};
	struct scan in;

	buf_init(&builder.bytes, arena, ID_BYTES_MAX);
	scan_init(&in, value);
	collect(&in, &builder);
	spelling->all = buf_view(&builder.bytes);
	spelling->first = spelling->unnumbered = spelling->all;
	if (builder.first_len > 0)
		spelling->first = text_first(spelling->all, builder.first_len);
	if (builder.last_start > 0 &&
	    is_all_digits(text_skip(spelling->all, builder.last_start)))
		spelling->unnumbered =
		    text_first(spelling->all, builder.last_start);
	spelling->has_equal = builder.has_equal;
}

/* Lower case, A-labels, no final dots. */
static struct text
normalise(struct arena *arena, struct text id)
{
	struct domain domain;

	while (id.len > 0 && id.at[id.len - 1] == '.')
		id.len--;
	if (domain_parse(arena, id, &domain, NULL))
		return domain.name;
	return text_lower(arena, id);
}

static bool
is_id(struct arena *arena, struct text spelling, struct text id)
{
	return spelling.len < ID_BYTES_MAX &&
	       text_equal(normalise(arena, spelling), id);
}

static bool
is_host_byte(char c)
{
	return ascii_is_alnum(c) || c == '-' || c == '.' || c == '_' ||
	       (unsigned char)c >= 0x80;
}

/* The part that a reader of host names would take. */
static struct text
host_prefix(struct text text)
{
	struct scan in;

	scan_init(&in, text);
	return scan_while(&in, is_host_byte);
}

static bool
claims_as_spelt(struct arena *arena, struct text value, enum oddity oddity,
		struct text id)
{
	struct spelling spelling;

	spell(arena, value, oddity, &spelling);
	return spelling.all.len == 0 || spelling.has_equal ||
	       is_id(arena, spelling.first, id) ||
	       is_id(arena, spelling.all, id) ||
	       is_id(arena, spelling.unnumbered, id) ||
	       is_id(arena, host_prefix(spelling.first), id) ||
	       is_id(arena, host_prefix(spelling.all), id);
}

bool
auth_results_claims(struct arena *arena, struct text value, struct text id)
{
	id = normalise(arena, id);
	return claims_as_spelt(arena, value, ODD_BYTES_STAND, id) ||
	       claims_as_spelt(arena, value, ODD_BYTES_SPLIT, id) ||
	       claims_as_spelt(arena, value, ODD_BYTES_VANISH, id);
}

struct text
auth_results_claimed_id(struct arena *arena, struct text value)
{
	struct spelling spelling;

	spell(arena, value, ODD_BYTES_STAND, &spelling);
	if (spelling.has_equal)
		return text_of(NULL, 0);
	return normalise(arena, spelling.first);
}
