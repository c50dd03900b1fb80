#include "mailauth/dkim_canon.h"

#include "base/arena.h"
#include "base/ascii.h"

/* sixteen bytes looked at together; the compiler finds the instructions */
typedef unsigned char bytes16 __attribute__((vector_size(16)));

static bytes16
load16(const char *at)
{
	bytes16 bytes;

	memcpy(&bytes, at, sizeof(bytes));
	return bytes;
}

/* A byte is not 0 where dkim_canon_irregular would stop. */
static bytes16
irregular16(const char *at)
{
	bytes16 here = load16(at), next = load16(at + 1);

	return (bytes16)(here == '\t') |
	       ((bytes16)(here == ' ') &
		((bytes16)(next == ' ') | (bytes16)(next == '\t') |
		 (bytes16)(next == '\r')));
}

static bool
any16(bytes16 bytes)
{
	uint64_t halves[2];

	memcpy(halves, &bytes, sizeof(halves));
	return (halves[0] | halves[1]) != 0;
}

const char *
dkim_canon_irregular(const char *at, const char *end)
{
	while (end - at >= 65) {
		if (any16(irregular16(at) | irregular16(at + 16) |
			  irregular16(at + 32) | irregular16(at + 48)))
			break;
		at += 64;
	}
	while (end - at >= 17 && !any16(irregular16(at)))
		at += 16;
	for (; at < end; at++)
		if (*at == '\t' ||
		    (*at == ' ' &&
		     (at + 1 == end || ascii_is_wsp(at[1]) || at[1] == '\r')))
			return at;
	return end;
}

struct relaxed_value {
	char *to;
	bool space; /* white space is owed before the next byte */
	bool any;
};

static void
relax_line(struct relaxed_value *out, const char *at, const char *end)
{
	const char *stop;

	while (at < end) {
		if (ascii_is_wsp(*at)) {
			out->space = true;
			at++;
			continue;
		}
		if (out->space && out->any)
			*out->to++ = ' ';
		stop = dkim_canon_irregular(at, end);
		memcpy(out->to, at, (size_t)(stop - at));
		out->to += stop - at;
		out->space = false;
		out->any = true;
		at = stop;
	}
}

/* Section 3.4.2: unfolded, white space runs one space, none at the ends. */
static char *
relax_value(char *to, struct text value)
{
	struct relaxed_value out = {to, false, false};
	struct text line;

	while (value.len > 0) {
		line = text_first(value, text_find(value, '\r'));
		relax_line(&out, line.at, line.at + line.len);
		value = text_skip(value, line.len);
		if (text_starts(value, TEXT("\r\n")))
			value = text_skip(value, 2);
		else if (value.len > 0) {
			relax_line(&out, value.at, value.at + 1);
			value = text_skip(value, 1);
		}
	}
	return out.to;
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
	char *start = arena_bytes(arena, name.len + 1 + value.len);
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
