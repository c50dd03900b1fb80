/* report_settings.h - what signet.conf says for signet-dmarc-report */
#ifndef DMARC_REPORTER_REPORT_SETTINGS_H
#define DMARC_REPORTER_REPORT_SETTINGS_H

#include "io/config_common.h"
#include "io/config_keys.h"
#include "io/config_reports.h"

struct report_settings {
	struct config_common common;
	struct config_reports reports;
	struct config_keys keys;
	/* [dmarc_report] */
	int format; /* 0 rfc9990, 1 rfc7489 */
	uint64_t delay_s, retain_s;
	/* failure reports in an hour; 0: none */
	uint64_t failure_domain_hourly;	 /* about one policy domain */
	uint64_t failure_address_hourly; /* to one address */
	uint64_t failure_hourly;	 /* in all */
};

/* [dmarc_report] */
extern const struct config_option report_settings_table[];

/* `source` gets the parsed file, for config_print_changed. */
bool report_settings_read(struct arena *arena, const char *path,
			  struct report_settings *settings,
			  struct config_source **source, struct why *why);

struct reporter;

/* Those of this program, of its reporter. */
const struct report_settings *
report_settings_of(const struct reporter *reporter);

/* "rfc9990", "rfc7489" */
const char *report_settings_format(const struct report_settings *settings);

#endif
