/* options.h - what signet.conf says to signet-milter (signet.conf(5)) */
#ifndef MILTER_OPTIONS_H
#define MILTER_OPTIONS_H

#include "io/config.h"

enum milter_role {
	ROLE_INBOUND,	 /* from the Internet: everything is checked */
	ROLE_SUBMISSION, /* from our users: recorded, nothing enforced */
	ROLE_INTERNAL	 /* from our other hosts, which have checked: their
			    Authentication-Results stay */
};

enum milter_mode { MODE_ENFORCE, MODE_TEST };

/* What to do about something, in rising severity. */
enum remedy { REMEDY_ACCEPT, REMEDY_TAG, REMEDY_HOLD, REMEDY_REJECT };

/* What to do when DNS could not be asked. */
enum temp_remedy { TEMP_ACCEPT, TEMP_TEMPFAIL };

enum discovery_choice { DISCOVER_WALK, DISCOVER_PSL, DISCOVER_BOTH };

enum several_from { SEVERAL_EVALUATE, SEVERAL_TAG, SEVERAL_HOLD,
		    SEVERAL_REJECT };

enum results_removal { REMOVE_OURS, REMOVE_ALL };

/* Facts that may stand beside a DMARC reject (RFC 9989 section 7.4), as bits
 * of reject_reasons. */
enum reject_reason {
	REASON_SPF_FAIL,
	REASON_HELO_FAIL,
	REASON_IPREV_FAIL,
	REASON_DKIM_FAIL,
	REASON_DNSBL
};

struct milter_options {
	/* where */
	const char *listen;
	const char *socket_group;
	const char *socket_mode;  /* octal */
	const char *metrics;
	int role, mode;

	/* our own words */
	const char *authserv_id;
	struct config_strings own_ids;
	int remove_results;

	/* checks */
	int dmarc_discovery;
	const char *public_suffix_list;
	uint64_t dkim_minimum_bits;
	bool dkim_body_length;
	struct config_strings dnsbl;
	uint64_t clock_skew_s;

	/* remedies */
	int dmarc_reject, dmarc_quarantine, dmarc_temperror;
	unsigned reject_reasons;
	int from_missing, from_ambiguous, from_several;
	int spf_fail, spf_softfail, spf_permerror, spf_temperror;
	int helo_fail, iprev_fail, requiretls_forged, bare_newline;

	/* reports */
	bool dmarc_reports, failure_reports;
	struct config_strings report_addresses;

	/* who is trusted, and for what */
	struct config_strings arc_sealers, lists, forwarders, local_policy;
	const char *lists_file;
	struct config_networks relays, skip_networks;
	bool skip_authenticated, skip_local;
};

extern const struct config_option milter_options_table[];

/* What one option cannot say alone: conflicts, domains that are none.
 * `listener` is that of config_fill, or NULL. */
bool milter_options_check(const struct config_source *source,
			  const char *listener,
			  const struct milter_options *options,
			  struct why *why);

const char *remedy_name(enum remedy remedy);

#endif
