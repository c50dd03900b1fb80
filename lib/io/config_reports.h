/* config_reports.h - section [reports]: how our reports go out
 *
 * Shared by all programs that send reports or read what comes back for them.
 */
#ifndef IO_CONFIG_REPORTS_H
#define IO_CONFIG_REPORTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "io/config.h"

struct arena;
struct why;

enum config_reports_alignment { REPORTS_ALIGN_REQUIRE, REPORTS_ALIGN_WARN };

struct config_reports {
	const char *organization;    /* NULL if unset: use `domain` */
	const char *from;	     /* LOCAL@DOMAIN of From; NULL if unset */
	const char *domain;	     /* that of `from`, A-labels; we report as
					it; NULL without `from` */
	const char *contact;	     /* address in reports; `from` if unset */
	const char *contact_info;    /* more about that, such as a page */
	const char *envelope_domain; /* of the VERP sender; `domain` if
					unset */
	const char *smtp;	     /* HOST:PORT of the local mail server */
	uint64_t smtp_timeout_s;     /* for one message */
	const char *verp_key;	     /* file */
	uint64_t spread_s;	     /* over which a run spreads its mail */
	uint64_t host_hourly;	     /* reports to one host; 0: any number */
	uint64_t stop_after;	     /* failures in a row that end a run */
	uint64_t retry_for_s;
	int preflight_alignment; /* enum config_reports_alignment */
};

extern const struct config_option config_reports_table[];

/* `from` may be missing: who sends asks config_reports_can_send. */
bool config_reports_fill(struct arena *arena, struct config_source *source,
			 struct config_reports *reports, struct why *why);

/* False with what to write when the section lacks what sending needs. */
bool config_reports_can_send(const struct config_reports *reports,
			     struct why *why);

/* The contents of the file verp_key; at least VERP_KEY_BYTES_MIN bytes. */
bool config_reports_verp_key(struct arena *arena,
			     const struct config_reports *reports,
			     struct text *key, struct why *why);

#endif
