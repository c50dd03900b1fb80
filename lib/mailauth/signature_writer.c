#include "mailauth/signature_writer.h"

#include "base/arena.h"
#include "base/base64.h"
#include "base/domain.h"
#include "base/limits.h"
#include "base/private_key.h"
#include "base/why.h"

#define COLUMNS 77
#define TAB_COLUMNS 8

/* base64 begins in the line of its name if this much of it has room there */
#define BASE64_BEGINS 12

void
signature_write_begin(struct signature_writer *writer, struct arena *arena,
		      struct text name)
{
	writer->arena = arena;
	writer->name = name;
	buf_init(&writer->value, arena, LIMIT_TAG_LIST_BYTES);
	writer->column = name.len + 1;
}

static size_t
room(const struct signature_writer *writer)
{
	return writer->column < COLUMNS ? COLUMNS - writer->column : 0;
}

static void
put(struct signature_writer *writer, struct text text)
{
	buf_text(&writer->value, text);
	writer->column += text.len;
}

static void
fold(struct signature_writer *writer)
{
	buf_string(&writer->value, "\r\n\t");
	writer->column = TAB_COLUMNS;
}

/* "; name=", in a new line if not even `bytes` more go into this one. */
static void
put_name(struct signature_writer *writer, const char *name, size_t bytes)
{
	struct text text = text_from(name);
	bool first = writer->value.len == 0;

	if (!first)
		put(writer, TEXT(";"));
	/* a space, the name, '=', and the ';' that may follow */
	if (!first && room(writer) < text.len + bytes + 3)
		fold(writer);
	else
		put(writer, TEXT(" "));
	put(writer, text);
	put(writer, TEXT("="));
}

void
signature_write_tag(struct signature_writer *writer, const char *name,
		    struct text value)
{
	put_name(writer, name, value.len);
	put(writer, value);
}

void
signature_write_number(struct signature_writer *writer, const char *name,
		       int64_t number)
{
	signature_write_tag(
	    writer, name,
	    text_from(arena_printf(writer->arena, "%lld", (long long)number)));
}

void
signature_write_times(struct signature_writer *writer, int64_t now_s,
		      int64_t lifetime_s)
{
	signature_write_number(writer, "t", now_s);
	if (lifetime_s > 0)
		signature_write_number(writer, "x", now_s + lifetime_s);
}

void
signature_write_names(struct signature_writer *writer, const char *name,
		      const struct text *names, size_t count)
{
	size_t i;

	put_name(writer, name, count > 0 ? names[0].len : 0);
	for (i = 0; i < count; i++) {
		/* the name, and the ':' or ';' behind it */
		if (i > 0 && room(writer) < names[i].len + 1)
			fold(writer);
		put(writer, names[i]);
		if (i + 1 < count)
			put(writer, TEXT(":"));
	}
}

/* base64 may be broken anywhere; one column stays free for the ';'. */
static void
put_base64(struct signature_writer *writer, struct text bytes)
{
	struct text digits = base64_encode(writer->arena, bytes), line;

	while (digits.len > 0) {
		if (room(writer) < 2)
			fold(writer);
		line = text_first(digits, room(writer) - 1);
		put(writer, line);
		digits = text_skip(digits, line.len);
	}
}

void
signature_write_bytes(struct signature_writer *writer, const char *name,
		      struct text bytes)
{
	put_name(writer, name, BASE64_BEGINS);
	put_base64(writer, bytes);
}

struct header_field
signature_write_unsigned(struct signature_writer *writer, struct text *b_whole)
{
	struct header_field field = {.name = writer->name};

	put_name(writer, "b", BASE64_BEGINS);
	field.value = buf_view(&writer->value);
	*b_whole = text_of(field.value.at + field.value.len, 0);
	return field;
}

bool
signature_write_end(struct signature_writer *writer,
		    const struct private_key *key, struct text hash,
		    struct text *value, struct why *why)
{
	struct text signature;

	if (!private_key_sign(writer->arena, key, hash, &signature, why))
		return false;
	put_base64(writer, signature);
	*value = buf_view(&writer->value);
	return buf_ok(&writer->value) ||
	       why_set(why, "the signature is too long");
}

const char *
signature_algorithm(const struct private_key *key)
{
	switch (private_key_type(key)) {
	case CRYPTO_RSA:
		return "rsa-sha256";
	case CRYPTO_ED25519:
		return "ed25519-sha256";
	}
	return "";
}

bool
signature_selector(struct arena *arena, struct text selector,
		   struct text *a_labels, struct why *why)
{
	struct domain labels;

	if (!domain_parse(arena, selector, &labels, why))
		return why_prefix(why, "selector");
	*a_labels = labels.name;
	return true;
}
