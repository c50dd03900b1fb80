/*
 * corpus.h - the messages that the benchmark sends, as gencorpus wrote them
 *
 * A corpus is a directory:
 *   manifest    one line per message, fields separated by tabs, in the
 *               order of `enum manifest_field`
 *   messages/   one file per message, lines end in CRLF
 *   floor       the signatures in a form that cryptofloor verifies
 *   zone        the DNS records that the messages need
 *
 * All of it is read once and stays in memory until the process ends.
 */
#ifndef BENCH_CORPUS_H
#define BENCH_CORPUS_H

#include <stddef.h>

#include "corpus_header.h"

enum manifest_field {
	FIELD_FILE,
	FIELD_CLIENT_IP,
	FIELD_CLIENT_NAME,
	FIELD_HELO,
	FIELD_MAIL_FROM, /* empty: null sender */
	FIELD_RCPT,
	FIELD_SPF,   /* expected result for MAIL FROM */
	FIELD_DKIM,  /* "domain/selector=pass|fail", comma between, or "none" */
	FIELD_DMARC, /* expected result: pass, fail or none */
	FIELD_POLICY, /* published policy: none, quarantine, reject or "-" */
	MANIFEST_FIELDS
};

struct message {
	const char *field[MANIFEST_FIELDS];
	struct header *headers;
	size_t n_headers;
	const char *body; /* lines end in CRLF */
	size_t body_bytes;
	size_t bytes; /* the file's size */
};

struct corpus {
	struct message *messages;
	size_t n_messages;
};

/* Reads the corpus in `directory`; says why and exits if it cannot. */
void corpus_load(struct corpus *corpus, const char *directory);

/* The content of a file with a zero byte behind it; exits on failure. */
char *corpus_read_file(const char *path, size_t *bytes);

/* malloc and realloc that end the process when memory is gone. */
void *need(size_t bytes);
void *need_more(void *memory, size_t bytes);

#endif
