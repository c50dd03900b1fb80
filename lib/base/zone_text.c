#include "base/zone_text.h"

#include "base/dns_zone_read.h"
#include "base/why.h"

#define STRING_BYTES_MAX 255

static void
write_byte(struct buf *to, unsigned char c)
{
	if (c == '"' || c == '\\')
		buf_printf(to, "\\%c", c);
	else if (c < ' ' || c > '~')
		buf_printf(to, "\\%03u", c);
	else
		buf_char(to, (char)c);
}

static void
write_string(struct buf *to, struct text string)
{
	size_t i;

	buf_char(to, '"');
	for (i = 0; i < string.len; i++)
		write_byte(to, (unsigned char)string.at[i]);
	buf_char(to, '"');
}

void
zone_text_write(struct buf *to, struct text text)
{
	write_string(to, text_first(text, STRING_BYTES_MAX));
	for (text = text_skip(text, STRING_BYTES_MAX); text.len > 0;
	     text = text_skip(text, STRING_BYTES_MAX)) {
		buf_char(to, ' ');
		write_string(to, text_first(text, STRING_BYTES_MAX));
	}
}

void
zone_text_write_record(struct buf *to, struct text name, uint32_t ttl_s,
		       struct text text)
{
	buf_printf(to, TEXT_FMT ".\t%u\tTXT\t", TEXT_ARG(name), ttl_s);
	zone_text_write(to, text);
	buf_char(to, '\n');
}

/* A zone of this one record.  The empty string before the others changes
 * nothing, but makes "!NXDOMAIN" text. */
bool
zone_text_read(struct arena *arena, struct text data, struct text *text,
	       struct why *why)
{
	struct dns_zone_entry *entry;
	struct buf zone;

	buf_init(&zone, arena, data.len + 16);
	buf_string(&zone, "x TXT \"\" ");
	buf_text(&zone, data);
	if (!dns_zone_read(arena, buf_view(&zone), &entry, why))
		return false;
	*text = entry->record.text;
	if (text->len == 0 && !text_has(data, '"'))
		return why_set(why, "no string");
	return entry->next == NULL || why_set(why, "more than one record");
}
