/* intake_events.h - what was received, as lines for the spool
 *
 * A report is one line of type report_in and, before it, lines of type
 * report_in_rows with its rows, each at most INTAKE_LINE_BYTES or one row.
 * Their id is made of what the report says of itself and of who sent it, so
 * that a report that comes twice is the same one.
 */
#ifndef DMARC_REPORTER_INTAKE_EVENTS_H
#define DMARC_REPORTER_INTAKE_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/sink.h"
#include "base/uuid.h"
#include "dmarc-reporter/intake_content.h"
#include "dmarc-reporter/intake_describe.h"
#include "dmarc-reporter/intake_names.h"
#include "dmarc-reporter/intake_sender.h"
#include "mailauth/verp.h"

struct arena;
struct json;
struct why;

#define INTAKE_LINE_BYTES (256u << 10)

/* The message that brought it. */
struct intake_arrival {
	struct text host;
	int64_t now_ms;
	struct text queue_id, sender, recipient; /* of the envelope, or empty */
	struct text from;			 /* as in the From field */
	struct text message_id;
	uint64_t bytes;
	char id[UUID_STRING_BYTES]; /* of the message's bytes */
};

/* Which policies of a TLS report are ours. */
struct intake_wanted {
	const struct intake_names *domains, *hosts;
};

/* A TLS report's policy about a domain or host that we ask reports for.  Here
 * and below NULL for `wanted` means all. */
bool intake_is_wanted_tls(struct arena *arena,
			  const struct intake_wanted *wanted,
			  const struct tlsrpt_policy *policy);

/* The domain that the report is about; of a TLS report the first that is
 * wanted; not set if there is none. */
struct domain intake_report_domain(struct arena *arena,
				   const struct intake_content *content,
				   const struct intake_wanted *wanted);

/* The rows alone: each piece is some of them, with commas between. */
bool intake_report_rows(struct arena *arena,
			const struct intake_content *content, struct sink to,
			struct why *why);

/* All lines of an accepted report into the sink, one piece each. */
bool intake_report_events(struct arena *arena,
			  const struct intake_arrival *arrival,
			  const struct intake_sender *sender,
			  const struct intake_content *content,
			  const struct intake_wanted *wanted, struct sink to,
			  struct intake_summary *summary, struct why *why);

/* One line of type report_bounce for each recipient of the notification. */
bool intake_bounce_events(struct arena *arena,
			  const struct intake_arrival *arrival,
			  const struct verp_token *token, const struct dsn *dsn,
			  struct sink to, struct why *why);

/* One line of type report_in_refused: for mail that was kept and not counted.
 * `outcome` is "refused" or "aside". */
bool intake_refused_event(struct arena *arena,
			  const struct intake_arrival *arrival,
			  const char *outcome, struct text reason,
			  struct text file, struct sink to, struct why *why);

/* Begins a line: v, type, id, at, host, program and the message's members. */
struct json *intake_event(struct arena *arena,
			  const struct intake_arrival *arrival,
			  const char *type, const char *id);
/* Ends it: hands it to the sink. */
bool intake_event_put(struct arena *arena, const struct json *event,
		      struct sink to, struct why *why);

#endif
