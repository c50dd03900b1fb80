/* Disguises an id as the input says; the disguise must not work. */
#include <assert.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "mailauth/auth_claims.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const fillers[] = {
    "",	     " ",	"\t",	  "\r\n ", "(x)",	   "(a(b)\\)c)",
    "(;)",   "(=)",	"\"\"",	  "\x01",  "\x7f",	   "\v",
    "\f",    "\r",	"\n",	  "\\",	   "\xc2\xa0",	   "\xe2\x80\x8b",
    "(\"x)", "\"\r\n ", "( ) \t", "(\\(",  "\xef\xbb\xbf",
};

static const char *const endings[] = {
    "", ".", " 1", "\r\n\t1 ", "(c)1", "..", " (v) 23", ". 1", "/1", ",x",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A comment or quote that stays open hides what follows from everybody. */
static bool
is_closed(struct text text)
{
	bool quoted = false;
	int depth = 0;
	size_t i;

	for (i = 0; i < text.len; i++) {
		if (text.at[i] == '\\')
			i++;
		else if (text.at[i] == '"' && depth == 0)
			quoted = !quoted;
		else if (text.at[i] == '(' && !quoted)
			depth++;
		else if (text.at[i] == ')' && !quoted && depth > 0)
			depth--;
	}
	return !quoted && depth == 0;
}

/* Each input byte is one letter of the id in a disguise of its own. */
static void
disguise(struct buf *to, const uint8_t *data, size_t size)
{
	static const char id[] = "mx.example.net";
	size_t i;

	for (i = 0; i < sizeof(id) - 1; i++) {
		uint8_t how = i < size ? data[i] : 0;

		buf_string(to, fillers[(how >> 2) % COUNT(fillers)]);
		if ((how & 1) != 0 && id[i] >= 'a' && id[i] <= 'z')
			buf_char(to, (char)(id[i] - 'a' + 'A'));
		else
			buf_char(to, id[i]);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct buf value;

	buf_init(&value, arena, 4096);
	disguise(&value, data, size);
	if (size > 14)
		buf_string(&value, endings[data[14] % COUNT(endings)]);
	if (is_closed(buf_view(&value))) {
		buf_string(&value, "; dkim=pass header.d=bank.example");
		assert(auth_results_claims(arena, buf_view(&value),
					   TEXT("mx.example.net")));
	}
	auth_results_claims(arena, text_of((const char *)data, size),
			    TEXT("mx.example.net"));
	arena_free(arena);
	return 0;
}
