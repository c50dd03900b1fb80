/* tls_report_settings.h - what signet.conf says for signet-tls-report */
#ifndef TLSRPT_COLLECTOR_TLS_REPORT_SETTINGS_H
#define TLSRPT_COLLECTOR_TLS_REPORT_SETTINGS_H

#include "io/config_common.h"
#include "io/config_keys.h"
#include "io/config_reports.h"

enum tls_report_send {
	TLS_REPORT_OFF,
	TLS_REPORT_FAILURES, /* of days on which something failed */
	TLS_REPORT_ALL
};

struct tls_report_settings {
	struct config_common common;
	struct config_reports reports;
	struct config_keys keys;
	/* [tls_report] */
	int send; /* enum tls_report_send */
	uint64_t delay_s, newest_s, retain_s;
	bool https;	     /* POST to https URIs */
	const char *ca_file; /* for them; NULL: the system's */
	uint64_t https_timeout_s;
	struct config_networks https_networks; /* allowed beside global
						  addresses */
};

/* [tls_report] */
extern const struct config_option tls_report_settings_table[];

/* `source` gets the parsed file, for config_print_changed. */
bool tls_report_settings_read(struct arena *arena, const char *path,
			      struct tls_report_settings *settings,
			      struct config_source **source, struct why *why);

struct reporter;

/* Those of this program, of its reporter. */
const struct tls_report_settings *
tls_report_settings_of(const struct reporter *reporter);

/* "failures", "all", "off" */
const char *
tls_report_settings_send(const struct tls_report_settings *settings);

#endif
