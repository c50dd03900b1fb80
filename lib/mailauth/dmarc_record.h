/* dmarc_record.h - DMARC policy records (RFC 9989 sections 4.7 and 4.8) */
#ifndef MAILAUTH_DMARC_RECORD_H
#define MAILAUTH_DMARC_RECORD_H

#include <stdbool.h>

#include "base/text.h"

struct arena;
struct buf;
struct why;

enum dmarc_policy {
	DMARC_POLICY_UNSET = 0,
	DMARC_POLICY_NONE,
	DMARC_POLICY_QUARANTINE,
	DMARC_POLICY_REJECT
};

enum dmarc_psd { DMARC_PSD_UNKNOWN = 0, DMARC_PSD_YES, DMARC_PSD_NO };

struct dmarc_uri {
	struct text uri; /* without "!size" */
	struct dmarc_uri *next;
};

struct dmarc_record {
	struct text text;	     /* as published */
	enum dmarc_policy p, sp, np; /* UNSET when the tag is absent */
	enum dmarc_psd psd;
	bool strict_dkim, strict_spf, testing;
	struct text fo;		     /* "0" if absent */
	struct dmarc_uri *rua, *ruf; /* syntactically valid ones */
	bool acts_as_none;  /* p missing or invalid, or sp/np invalid, with a
			       valid rua: p=none (section 4.10.1) */
	bool applies;	    /* false: such a record without a valid rua */
	bool has_pct;	    /* pct, rf or ri: historic, ignored */
	const char *defect; /* what was wrong and replaced, or NULL */
};

/* Whether the text is a DMARC record at all: "v=DMARC1" comes first. */
bool dmarc_record_is(struct text text);

/* Broken values elsewhere become defaults.  False if it is no record. */
bool dmarc_record_parse(struct arena *arena, struct text text,
			struct dmarc_record *record, struct why *why);

/* The text of a record with these values, which dmarc_record_parse reads back:
 * tags that say no more than their default are left out, p apart.  `text`,
 * `defect` and what follows from the tags are not looked at. */
void dmarc_record_write(struct buf *to, const struct dmarc_record *record);

/* "none", "quarantine", "reject"; NULL for UNSET. */
const char *dmarc_policy_name(enum dmarc_policy policy);

#endif
