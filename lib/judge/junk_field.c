#include "judge/junk_field.h"

#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/limits.h"

#define LINE_BYTES 76
/* a word of 64 bytes with its prefix, all of it %XX, and its number */
#define ITEM_BYTES 400

struct item {
	char at[ITEM_BYTES];
	size_t len;
};

static bool
is_plain(char c)
{
	return ascii_is_alnum(c) || (c != '\0' && strchr("-_.:=@/'", c));
}

static void
put_char(struct item *item, char c)
{
	static const char hex[] = "0123456789ABCDEF";
	unsigned char byte = (unsigned char)c;

	if (item->len + 3 > sizeof(item->at) - 8)
		return;
	if (is_plain(c)) {
		item->at[item->len++] = c;
		return;
	}
	item->at[item->len++] = '%';
	item->at[item->len++] = hex[byte >> 4];
	item->at[item->len++] = hex[byte & 15];
}

static void
make_item(struct item *item, const struct junk_word *word)
{
	unsigned hundredths = (unsigned)(word->spamminess * 100 + 0.5);
	size_t i;

	item->len = 0;
	for (i = 0; i < word->word.len; i++)
		put_char(item, word->word.at[i]);
	item->at[item->len++] = ' ';
	item->at[item->len++] = (char)('0' + hundredths / 100 % 10);
	item->at[item->len++] = '.';
	item->at[item->len++] = (char)('0' + hundredths / 10 % 10);
	item->at[item->len++] = (char)('0' + hundredths % 10);
}

void
junk_field_write(const struct junk_verdict *verdict,
		 const struct junk_params *params, bool folded, struct buf *to)
{
	const char *space = folded ? "\r\n " : " ";
	size_t start = to->len, line, i;
	struct item item;

	buf_printf(to, JUNK_FIELD_NAME ": %s; probability=%.4f",
		   junk_class_name(junk_class(verdict, params)),
		   verdict->probability);
	line = to->len - start;
	for (i = 0; i < verdict->count && i < LIMIT_JUNK_FIELD_WORDS; i++) {
		make_item(&item, &verdict->words[i]);
		if (to->len - start + item.len + 10 > LIMIT_JUNK_FIELD_BYTES)
			break;
		buf_char(to, i == 0 ? ';' : ',');
		line += item.len + 2;
		if (i == 0 || line > LINE_BYTES) {
			buf_string(to, space);
			line = item.len + 1;
		} else {
			buf_char(to, ' ');
		}
		if (i == 0)
			buf_string(to, "words=");
		buf_text(to, text_of(item.at, item.len));
	}
}
