/* maillog_settings.h - what [tls_collect] says of the mail server's log */
#ifndef TLSRPT_COLLECTOR_MAILLOG_SETTINGS_H
#define TLSRPT_COLLECTOR_MAILLOG_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "io/config.h"

struct arena;
struct why;

struct maillog_settings {
	const char *log_file;	    /* NULL: none is read */
	bool log_journal;	    /* the journal instead */
	const char *log_journalctl; /* path of the program */
	const char *log_position;   /* file: how far it was read */
	bool log_direct;	    /* mail goes to the MX of its recipients */
	const char *log_reports;    /* syslog_name of the transport of our
				       reports; NULL: none */
	const char *answers;	    /* socket of signet-policy's answers;
				       "none" */
	bool probe;		    /* look at hosts ourselves */
	uint64_t probe_hourly;	    /* looks in an hour, all domains */
	const char *probe_ca_file;  /* NULL: the system's */
	const char *report_domain;  /* [reports] envelope_domain; NULL */
};

extern const struct config_option maillog_settings_table[];

/* After the section [tls_collect] has been filled otherwise. */
bool maillog_settings_fill(struct arena *arena, struct config_source *source,
			   struct maillog_settings *settings, struct why *why);

#endif
