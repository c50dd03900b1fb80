#include "gen_message.h"

#include <err.h>
#include <string.h>
#include <strings.h>

static const char *const words[] = {
    "the",	"order",    "meeting", "of",	   "your",   "invoice",
    "and",	"delivery", "please",  "we",	   "report", "to",
    "customer", "in",	    "week",    "attached", "is",     "project",
    "for",	"contract", "a",       "new",	   "budget", "on",
    "question", "have",	    "answer",  "with",	   "team",   "schedule"};

static void
add_words(struct str *to, struct random *random, size_t columns)
{
	size_t begin = to->len;

	while (to->len - begin < columns)
		str_add(to, "%s%s", to->len == begin ? "" : " ",
			words[random_below(random,
					   sizeof(words) / sizeof(*words))]);
}

static struct str *
add_field(struct draft *draft)
{
	if (draft->n_fields == FIELDS_MAX)
		errx(1, "a message has more than %d fields", FIELDS_MAX);
	str_clear(&draft->fields[draft->n_fields]);
	return &draft->fields[draft->n_fields++];
}

void
draft_prepend(struct draft *draft, const char *field)
{
	struct str last = *add_field(draft);

	memmove(draft->fields + 1, draft->fields,
		(draft->n_fields - 1) * sizeof(*draft->fields));
	str_bytes(&last, field, strlen(field));
	draft->fields[0] = last;
}

struct str *
draft_field(struct draft *draft, const char *name)
{
	size_t len = strlen(name), n = draft->n_fields;

	while (n-- > 0) {
		const char *field = draft->fields[n].data;

		if (strncasecmp(field, name, len) == 0 && field[len] == ':')
			return &draft->fields[n];
	}
	return NULL;
}

static const char date[] = "Tue, 14 Nov 2023 09:%02u:%02u +0100";

static void
add_date(struct str *to, unsigned number)
{
	str_add(to, date, number / 60 % 60, number % 60);
}

static void
trace_fields(struct draft *draft, struct random *random,
	     const struct draft_facts *facts)
{
	struct str *field = add_field(draft);

	str_add(field,
		"Received: from %s (%s [%s])\r\n\tby mx.site.bench (Postfix) "
		"with ESMTPS id 4B%05u\r\n\tfor <%s>; ",
		facts->client_host, facts->client_host, facts->client_ip,
		facts->number, facts->rcpt);
	add_date(field, facts->number);
	str_add(field, "\r\n");
	field = add_field(draft);
	str_add(field,
		"Received: from desk%u.office.bench (unknown [10.0.0.%u])\r\n"
		"\tby %s with ESMTPSA id %08x; ",
		random_below(random, 50), random_below(random, 250),
		facts->client_host, random_below(random, 0x7FFFFFFF));
	add_date(field, facts->number);
	str_add(field, "\r\n");
}

static void
author_fields(struct draft *draft, struct random *random,
	      const struct draft_facts *facts)
{
	struct str *field = add_field(draft);

	str_add(field, "Date: ");
	add_date(field, facts->number);
	str_add(field, "\r\n");
	str_add(add_field(draft), "From: \"Author, %u\" <%s>\r\n",
		facts->number, facts->author);
	str_add(add_field(draft), "To: Some User <%s>\r\n", facts->rcpt);
	field = add_field(draft);
	str_add(field, "Subject: ");
	add_words(field, random, 20 + random_below(random, 40));
	str_add(field, "\r\n");
	str_add(add_field(draft), "Message-ID: <%u.%08x@%s>\r\n", facts->number,
		random_below(random, 0x7FFFFFFF),
		strchr(facts->author, '@') + 1);
	if (random_below(random, 100) < 40)
		str_add(add_field(draft), "In-Reply-To: <%u.1@site.bench>\r\n",
			facts->number);
}

static void
other_fields(struct draft *draft, struct random *random, bool multipart)
{
	unsigned spare = 3 + random_below(random, 6), n;

	str_add(add_field(draft), "MIME-Version: 1.0\r\n");
	str_add(add_field(draft), "Content-Type: %s\r\n",
		multipart ? "multipart/mixed;\r\n\tboundary=\"=_part\""
			  : "text/plain; charset=utf-8");
	if (random_below(random, 2) == 0)
		str_add(add_field(draft),
			"List-Unsubscribe: <mailto:leave@list.bench>,\r\n"
			" <https://list.bench/leave?u=%08x>\r\n",
			random_below(random, 0x7FFFFFFF));
	for (n = 0; n < spare; n++) {
		struct str *field = add_field(draft);

		str_add(field, "X-Trace-%u: ", n);
		add_words(field, random, 10 + random_below(random, 120));
		str_add(field, "\r\n");
	}
}

/* Lines of words; now and then what relaxed canonicalisation changes. */
static void
add_text(struct str *body, struct random *random, size_t bytes)
{
	while (body->len < bytes) {
		unsigned kind = random_below(random, 40);

		add_words(body, random, 40 + random_below(random, 32));
		if (kind == 0)
			str_add(body, " \t ");
		else if (kind == 1)
			str_add(body, "  and\tso  on");
		else if (kind < 6)
			str_add(body, "\r\n");
		str_add(body, "\r\n");
	}
}

static void
add_base64(struct str *body, struct random *random, size_t bytes)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char line[79];
	int n;

	line[76] = '\r';
	line[77] = '\n';
	while (body->len < bytes) {
		uint64_t bits = 0;

		for (n = 0; n < 76; n++) {
			if (n % 10 == 0)
				bits = random_next(random);
			line[n] = digits[bits & 63];
			bits >>= 6;
		}
		str_bytes(body, line, 78);
	}
}

static void
write_body(struct draft *draft, struct random *random, bool multipart,
	   size_t bytes)
{
	struct str *body = &draft->body;

	str_clear(body);
	if (!multipart) {
		add_text(body, random, bytes);
	} else {
		str_add(body, "--=_part\r\nContent-Type: text/plain\r\n\r\n");
		add_text(body, random, bytes * 3 / 10);
		str_add(body, "--=_part\r\nContent-Type: application/pdf\r\n"
			      "Content-Transfer-Encoding: base64\r\n\r\n");
		add_base64(body, random, bytes);
		str_add(body, "--=_part--\r\n");
	}
	if (random_below(random, 4) == 0)
		str_add(body, "\r\n\r\n");
}

void
draft_init(struct draft *draft, struct random *random,
	   const struct draft_facts *facts, size_t bytes)
{
	bool multipart = bytes > 8000 && random_below(random, 100) < 60;

	draft->n_fields = 0;
	trace_fields(draft, random, facts);
	author_fields(draft, random, facts);
	other_fields(draft, random, multipart);
	write_body(draft, random, multipart, bytes);
}
