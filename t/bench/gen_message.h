/*
 * gen_message.h - messages that look like mail: header fields, words, base64
 */
#ifndef BENCH_GEN_MESSAGE_H
#define BENCH_GEN_MESSAGE_H

#include <stdbool.h>

#include "gen_random.h"
#include "gen_text.h"

enum { FIELDS_MAX = 48 };

/* A message in the making; fields[0] is the topmost. Each field ends in
 * CRLF. */
struct draft {
	struct str fields[FIELDS_MAX];
	size_t n_fields;
	struct str body;
};

/* What the header fields tell. */
struct draft_facts {
	unsigned number;
	const char *author; /* address in From: */
	const char *rcpt;
	const char *client_host, *client_ip;
};

/* Starts a new message of about `bytes` bytes. */
void draft_init(struct draft *draft, struct random *random,
		const struct draft_facts *facts, size_t bytes);

/* Puts a field on top; `field` ends in CRLF. */
void draft_prepend(struct draft *draft, const char *field);

/* The last field of that name, or NULL. */
struct str *draft_field(struct draft *draft, const char *name);

#endif
