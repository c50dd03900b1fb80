/* intake_describe.h - what a report says, as members of a JSON object */
#ifndef DMARC_REPORTER_INTAKE_DESCRIBE_H
#define DMARC_REPORTER_INTAKE_DESCRIBE_H

#include <stddef.h>
#include <stdint.h>

#include "base/domain.h"
#include "base/uuid.h"
#include "dmarc-reporter/intake_content.h"

struct arena;
struct json;

struct intake_summary {
	char id[UUID_STRING_BYTES];
	uint64_t rows, messages; /* of TLS reports: sessions */
	struct text organization, report_id;
	size_t defects;
};

/* Begin and end of its period, seconds since 1970; 0 if it does not tell. */
int64_t intake_report_begin(const struct intake_content *content);
int64_t intake_report_end(const struct intake_content *content);

/* All but the id; rows of a TLS report are its policies. */
void intake_summarize(const struct intake_content *content,
		      struct intake_summary *summary);

/* Puts all that stands in the report but its rows into `object`. */
void intake_describe(struct json *object, struct arena *arena,
		     const struct intake_content *content, struct domain domain,
		     const struct intake_summary *summary);

#endif
