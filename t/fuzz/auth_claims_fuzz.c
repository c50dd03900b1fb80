/* Disguises an id as the input says; the disguise must not work. */
#include <assert.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "mailauth/auth_claims.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* what may stand before a letter, outside quotes and inside */
static const char *const fillers[] = {
    "",		  " ",	      "\t",	      "\r\n ", "(x)",
    "(a(b)\\)c)", "(;)",      "(=)",	      "\"\"",  "\x01",
    "\x7f",	  "\v",	      "\f",	      "\r",    "\n",
    "\\",	  "\xc2\xa0", "\"\r\n\"",     "(\"x)", "\xe2\x80\x8b",
    "( ) \t",	  "(\\()",    "\xef\xbb\xbf",
};
static const char *const quoted_fillers[] = {
    "", "\\", "\r\n ", "\x01", "\xe2\x80\x8b", " ", "\t",
};

static const char *const endings[] = {
    "", ".", " 1", "\r\n\t1 ", "(c)1", "..", " (v) 23", ". 1", "/1", ",x",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *
filler(uint8_t how, bool quoted)
{
	if (quoted)
		return quoted_fillers[(how >> 2) % COUNT(quoted_fillers)];
	return fillers[(how >> 2) % COUNT(fillers)];
}

/* Each input byte is one letter of the id in a disguise of its own; the last
 * is about all of it. */
static void
disguise(struct buf *to, const uint8_t *data, size_t size)
{
	static const char id[] = "mx.example.net";
	uint8_t all = size > sizeof(id) - 1 ? data[sizeof(id) - 1] : 0;
	bool quoted = (all & 0x80) != 0;
	size_t i;

	if (quoted)
		buf_char(to, '"');
	for (i = 0; i < sizeof(id) - 1; i++) {
		uint8_t how = i < size ? data[i] : 0;

		buf_string(to, filler(how, quoted));
		if ((how & 1) != 0 && id[i] >= 'a' && id[i] <= 'z')
			buf_char(to, (char)(id[i] - 'a' + 'A'));
		else
			buf_char(to, id[i]);
	}
	if (quoted)
		buf_char(to, '"');
	buf_string(to, endings[(all & 0x7f) % COUNT(endings)]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct buf value;

	buf_init(&value, arena, 4096);
	disguise(&value, data, size);
	buf_string(&value, "; dkim=pass header.d=bank.example");
	assert(auth_results_claims(arena, buf_view(&value),
				   TEXT("mx.example.net")));
	auth_results_claims(arena, text_of((const char *)data, size),
			    TEXT("mx.example.net"));
	arena_free(arena);
	return 0;
}
