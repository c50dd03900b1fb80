/* intake_message.h - one message, from its bytes to the spool
 *
 * Every message ends in one of the ways of enum intake_outcome, with one line
 * in the log.
 */
#ifndef DMARC_REPORTER_INTAKE_MESSAGE_H
#define DMARC_REPORTER_INTAKE_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "dmarc-reporter/intake_settings.h"

struct public_suffix_list;
struct spool;
struct why;

enum intake_outcome {
	INTAKE_COUNTED = 1, /* a report, in the spool */
	INTAKE_RETURNED,    /* about a report of ours that came back; spooled */
	INTAKE_REFUSED,	    /* kept in refused/ */
	INTAKE_ASIDE,	    /* kept in aside/ */
	INTAKE_NOT_TAKEN    /* neither spool nor bin would take it */
};

enum intake_source {
	INTAKE_FROM_MTA,  /* what does not count is kept */
	INTAKE_FROM_FILE, /* somebody else keeps it; floods are not counted */
	INTAKE_FROM_ASIDE /* the same, after a first try */
};

struct intake {
	const struct intake_settings *settings;
	struct public_suffix_list *suffixes;
	struct spool *spool;
	enum intake_source source;
};

struct intake_envelope {
	struct text queue_id, sender, recipient;
};

/* `rest` (below 0: none) is where the bytes beyond
 * LIMIT_REPORT_MESSAGE_BYTES can be read; such a message is kept aside. */
enum intake_outcome intake_message(const struct intake *intake,
				   const struct intake_envelope *envelope,
				   struct text message, int rest);

/* "counted", "returned", "refused", "aside", "deferred". */
const char *intake_outcome_name(enum intake_outcome outcome);

#endif
