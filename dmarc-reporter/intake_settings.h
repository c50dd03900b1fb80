/* intake_settings.h - what signet-report-intake reads from signet.conf */
#ifndef DMARC_REPORTER_INTAKE_SETTINGS_H
#define DMARC_REPORTER_INTAKE_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "dmarc-reporter/intake_names.h"
#include "io/config_common.h"
#include "io/config_reports.h"

struct arena;
struct why;

struct intake_settings {
	struct config_common common;
	struct config_reports reports;
	/* [report_intake] */
	struct config_strings domains;	    /* that have mail here */
	struct config_strings reports_only; /* that have not */
	struct config_strings hosts;	    /* TLS reports name them */
	struct config_strings domain_files;
	const char *authserv_id; /* of the field that is trusted; never NULL
				    after intake_settings_read */
	uint64_t received_above; /* fields that may stand above it */
	const char *directory;	 /* for what is kept */
	uint64_t aside_max, refused_max; /* bytes */
	uint64_t daily;	    /* reports of one sender on one day; 0: any */
	uint64_t daily_all; /* of all senders; 0: any */

	/* made of them */
	struct intake_names wanted; /* domains, for reports of all kinds */
	struct intake_names wanted_hosts; /* for TLS reports besides */
	struct text verp_key;		  /* empty: not readable by us */
};

/* For config_print_changed. */
extern const struct config_option intake_settings_table[];

/* The parsed file lies in the arena, and all strings with it. */
bool intake_settings_read(struct arena *arena, const char *path,
			  struct intake_settings *settings,
			  struct config_source **source, struct why *why);

#endif
