#include "mailauth/dkim_canon.h"

#include "base/arena.h"
#include "base/ascii.h"

/* sixteen bytes worked on together; the compiler finds the instructions */
typedef unsigned char bytes16 __attribute__((vector_size(16)));

static bytes16
load16(const char *at)
{
	bytes16 bytes;

	memcpy(&bytes, at, sizeof(bytes));
	return bytes;
}

static bytes16
is_wsp16(bytes16 bytes)
{
	return (bytes16)(bytes == ' ') | (bytes16)(bytes == '\t');
}

/* Of a run of white space the last byte stands for it, unless CRLF follows:
 * 255 for each byte that goes. */
static bytes16
dropped16(bytes16 here, bytes16 next, bytes16 after)
{
	bytes16 crlf = (bytes16)(next == '\r') & (bytes16)(after == '\n');

	return is_wsp16(here) & (is_wsp16(next) | crlf);
}

static bool
any16(bytes16 bytes)
{
	uint64_t halves[2];

	memcpy(halves, &bytes, sizeof(halves));
	return (halves[0] | halves[1]) != 0;
}

/* The sixteen bytes at `at`; two more can be read. */
static char *
relax16(char *to, const char *at)
{
	bytes16 here = load16(at), dropped, tabs;
	unsigned char bytes[16], keep[16];
	size_t i;

	dropped = dropped16(here, load16(at + 1), load16(at + 2));
	tabs = (bytes16)(here == '\t');
	here = (here & ~tabs) | (tabs & ' ');
	memcpy(to, &here, 16);
	if (!any16(dropped))
		return to + 16;
	memcpy(bytes, &here, 16);
	dropped = ~dropped & 1;
	memcpy(keep, &dropped, 16);
#pragma GCC unroll 16
	for (i = 0; i < 16; i++) {
		*to = (char)bytes[i];
		to += keep[i];
	}
	return to;
}

char *
dkim_canon_relax(char *to, struct text from, bool *space)
{
	const char *at = from.at, *end = from.at + from.len;

	if (from.len == 0)
		return to;
	if (*space && !ascii_is_wsp(*at) && !text_starts(from, TEXT("\r\n")))
		*to++ = ' ';
	for (; end - at >= 18; at += 16)
		to = relax16(to, at);
	for (; at < end - 1; at++) {
		if (!ascii_is_wsp(*at))
			*to++ = *at;
		else if (!ascii_is_wsp(at[1]) &&
			 (at[1] != '\r' || end - at < 3 || at[2] != '\n'))
			*to++ = ' ';
	}
	*space = ascii_is_wsp(*at);
	if (!*space)
		*to++ = *at;
	return to;
}

/* A line end of folding, as message.h leaves it. */
static struct text
skip_folding(struct text value)
{
	for (;;) {
		if (text_starts(value, TEXT("\r\n")))
			value = text_skip(value, 2);
		else if (value.len > 0 && ascii_is_wsp(value.at[0]))
			value = text_skip(value, 1);
		else
			return value;
	}
}

/* Section 3.4.2: unfolded, white space runs one space, none at the ends. */
static char *
relax_value(char *to, struct text value)
{
	bool space = false;
	struct text line;

	value = skip_folding(value);
	while (value.len > 0) {
		line = text_first(value, text_find(value, '\r'));
		value = text_skip(value, line.len);
		to = dkim_canon_relax(to, line, &space);
		if (text_starts(value, TEXT("\r\n"))) {
			value = text_skip(value, 2);
		} else if (value.len > 0) {
			to = dkim_canon_relax(to, text_first(value, 1), &space);
			value = text_skip(value, 1);
		}
	}
	return to;
}

static char *
relax_name(char *to, struct text name)
{
	size_t i;

	name = text_trim(name);
	for (i = 0; i < name.len; i++)
		*to++ = ascii_lower(name.at[i]);
	return to;
}

struct text
dkim_canon_field(struct arena *arena, enum dkim_canon canon, struct text name,
		 struct text value)
{
	char *start =
	    arena_bytes(arena, name.len + 1 + value.len + DKIM_CANON_ROOM);
	char *to = start;

	if (canon == DKIM_RELAXED) {
		to = relax_name(to, name);
		*to++ = ':';
		to = relax_value(to, value);
		return text_of(start, (size_t)(to - start));
	}
	memcpy(to, name.at, name.len);
	to += name.len;
	*to++ = ':';
	if (value.len > 0)
		memcpy(to, value.at, value.len);
	return text_of(start, name.len + 1 + value.len);
}

struct text
dkim_canon_own_field(struct arena *arena, enum dkim_canon canon,
		     const struct header_field *field, struct text b_whole)
{
	size_t before = (size_t)(b_whole.at - field->value.at);
	size_t after = field->value.len - before - b_whole.len;
	char *value = arena_bytes(arena, before + after);

	memcpy(value, field->value.at, before);
	memcpy(value + before, b_whole.at + b_whole.len, after);
	return dkim_canon_field(arena, canon, field->name,
				text_of(value, before + after));
}

struct indexed_field {
	const struct header_field *field;
	struct text relaxed;	     /* empty until it is wanted */
	struct indexed_field *above; /* the next of this name */
};

struct indexed_name {
	struct text name;
	struct indexed_field *lowest;
	struct indexed_field *cursor; /* the next to choose, if `round` fits */
	unsigned round;
	struct indexed_name *next;
};

#define NAME_BUCKETS 64

struct dkim_header {
	struct arena *arena;
	struct indexed_name *buckets[NAME_BUCKETS];
	unsigned round;
};

static struct indexed_name **
bucket_of(struct dkim_header *header, struct text name)
{
	uint32_t hash = 2166136261u; /* FNV-1a */
	size_t i;

	for (i = 0; i < name.len; i++)
		hash =
		    (hash ^ (unsigned char)ascii_lower(name.at[i])) * 16777619u;
	return &header->buckets[(hash ^ hash >> 16) % NAME_BUCKETS];
}

static struct indexed_name *
find_name(struct dkim_header *header, struct text name)
{
	struct indexed_name *entry = *bucket_of(header, name);

	while (entry != NULL && !text_equal_nocase(entry->name, name))
		entry = entry->next;
	return entry;
}

struct dkim_header *
dkim_header_new(struct arena *arena, const struct message *message)
{
	struct dkim_header *header = arena_new_value(arena, struct dkim_header);
	const struct header_field *field;
	struct indexed_field *indexed;
	struct indexed_name *entry, **bucket;
	struct text name;

	header->arena = arena;
	for (field = message->top; field != NULL; field = field->below) {
		name = text_trim(field->name);
		entry = find_name(header, name);
		if (entry == NULL) {
			bucket = bucket_of(header, name);
			entry = arena_new_value(arena, struct indexed_name);
			entry->name = name;
			entry->next = *bucket;
			*bucket = entry;
		}
		indexed = arena_new_value(arena, struct indexed_field);
		indexed->field = field;
		indexed->above = entry->lowest;
		entry->lowest = indexed;
	}
	return header;
}

static void
hash_field(struct dkim_header *header, struct digest *digest,
	   enum dkim_canon canon, struct indexed_field *indexed)
{
	const struct header_field *field = indexed->field;

	if (canon == DKIM_RELAXED) {
		if (indexed->relaxed.len == 0)
			indexed->relaxed = dkim_canon_field(
			    header->arena, canon, field->name, field->value);
		digest_update(digest, indexed->relaxed);
	} else {
		digest_update(digest, field->name);
		digest_update(digest, TEXT(":"));
		digest_update(digest, field->value);
	}
	digest_update(digest, TEXT("\r\n"));
}

/* The lowest field of that name that this round has not had. */
static struct indexed_field *
choose_field(struct dkim_header *header, struct text name,
	     const struct header_field *own)
{
	struct indexed_name *entry = find_name(header, name);
	struct indexed_field *chosen;

	if (entry == NULL)
		return NULL;
	if (entry->round != header->round) {
		entry->round = header->round;
		entry->cursor = entry->lowest;
	}
	chosen = entry->cursor;
	if (chosen != NULL && chosen->field == own)
		chosen = chosen->above;
	if (chosen != NULL)
		entry->cursor = chosen->above;
	return chosen;
}

void
dkim_header_hash(struct dkim_header *header, struct digest *digest,
		 enum dkim_canon canon, const struct text *names,
		 size_t name_count, const struct header_field *own,
		 struct text b_whole)
{
	struct indexed_field *chosen;
	size_t i;

	header->round++;
	for (i = 0; i < name_count; i++) {
		chosen = choose_field(header, names[i], own);
		if (chosen != NULL)
			hash_field(header, digest, canon, chosen);
	}
	digest_update(digest,
		      dkim_canon_own_field(header->arena, canon, own, b_whole));
}
