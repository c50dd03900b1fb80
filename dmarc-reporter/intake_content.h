/* intake_content.h - the report in a message, or in a file
 *
 * A message is searched for the first part that can be a report, whatever its
 * type and name say; the content of a message that it quotes is not looked at.
 */
#ifndef DMARC_REPORTER_INTAKE_CONTENT_H
#define DMARC_REPORTER_INTAKE_CONTENT_H

#include <stdbool.h>

#include "base/mime.h"
#include "mailauth/arf.h"
#include "mailauth/dmarc_report_read.h"
#include "mailauth/dsn.h"
#include "mailtls/tlsrpt_report_read.h"

struct arena;
struct why;

enum intake_kind {
	INTAKE_NOTHING = 0,
	INTAKE_DMARC,	/* aggregate report */
	INTAKE_TLS,	/* TLS report */
	INTAKE_FAILURE, /* feedback report about one message */
	INTAKE_BOUNCE	/* delivery status notification */
};

struct intake_content {
	enum intake_kind kind;
	struct text bytes;    /* of the report, as it came: maybe packed */
	struct text name;     /* of its file, or empty */
	bool is_broken;	      /* INTAKE_NOTHING: an archive that cannot be
				 unpacked is there */
	struct text original; /* FAILURE: the message's header, or empty */
	/* the one of `kind`, after intake_content_read */
	const struct dmarc_report_head *dmarc;
	struct tlsrpt_report tls;
	struct arf_report failure;
	struct dsn bounce;
};

/* "dmarc", "tls", "failure", "bounce"; NULL for INTAKE_NOTHING. */
const char *intake_kind_name(enum intake_kind kind);

/* Finds what to read.  False with the reason if there is nothing. */
bool intake_content_find(struct arena *arena, const struct mime_parts *parts,
			 struct intake_content *content, struct why *why);

/* A whole file: a bare report, packed or not, or a message with one. */
bool intake_content_open(struct arena *arena, struct text file,
			 struct intake_content *content, struct why *why);

/* Reads it all; rows of an aggregate report are counted only. */
bool intake_content_read(struct arena *arena, struct intake_content *content,
			 struct why *why);

/* Reads an aggregate report once more, for its rows. */
bool intake_content_rows(struct arena *arena,
			 const struct intake_content *content,
			 dmarc_report_record_fn *callback, void *handle,
			 struct why *why);

#endif
