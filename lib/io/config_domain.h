/* config_domain.h - section [domain]: what our domains publish in the DNS
 *
 * [domain] holds for all of them, [domain NAME] for one.  `signet dns` makes
 * and checks the records.
 */
#ifndef IO_CONFIG_DOMAIN_H
#define IO_CONFIG_DOMAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/domain.h"
#include "io/config.h"

struct arena;
struct why;

enum config_domain_sts {
	DOMAIN_STS_OFF, /* no MTA-STS */
	DOMAIN_STS_NONE,
	DOMAIN_STS_TESTING,
	DOMAIN_STS_ENFORCE
};

enum config_domain_policy {
	DOMAIN_POLICY_NONE,
	DOMAIN_POLICY_QUARANTINE,
	DOMAIN_POLICY_REJECT
};

struct config_domain {
	bool reports_only;		   /* its mail is elsewhere */
	struct config_strings mx;	   /* host names; none: our hostname */
	struct config_strings spf_include; /* domains that send for it */
	bool spf_fail;			   /* "-all" instead of "~all" */
	int dmarc_policy;		   /* enum config_domain_policy */
	struct config_strings dmarc_rua, dmarc_ruf; /* addresses */
	struct config_strings tlsrpt_rua, host_tlsrpt_rua;
	int mta_sts; /* enum config_domain_sts */
	uint64_t mta_sts_max_age_s;
	struct config_strings certificates; /* PEM files of our MX */
};

extern const struct config_option config_domain_table[];

/* For one domain, whether or not it has a section of its own.  Host names
 * become A-labels; without host_tlsrpt_rua it is tlsrpt_rua. */
bool config_domain_fill(struct arena *arena, struct config_source *source,
			struct domain domain, struct config_domain *options,
			struct why *why);

/* The domains that have a section of their own, in the order of the file; what
 * stands in these sections is checked. */
bool config_domain_names(struct arena *arena, struct config_source *source,
			 const struct domain **domains, size_t *count,
			 struct why *why);

#endif
