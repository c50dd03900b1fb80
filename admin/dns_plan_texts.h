/* dns_plan_texts.h - what stands in the records of a plan
 *
 * Each text reads back, with the parser that checks the records of others, to
 * the values it was made from.
 */
#ifndef ADMIN_DNS_PLAN_TEXTS_H
#define ADMIN_DNS_PLAN_TEXTS_H

#include "admin/dns_settings.h"
#include "base/text.h"

struct arena;

/* The addresses that are told, the MX hosts, and who else sends. */
struct text plan_spf_text(struct arena *arena,
			  const struct dns_settings *settings);
struct text plan_dmarc_text(struct arena *arena,
			    const struct dns_settings *settings);
struct text plan_tlsrpt_text(struct arena *arena,
			     const struct config_strings *addresses);
/* The policy file; empty when MTA-STS is off. */
struct text plan_sts_policy_text(struct arena *arena,
				 const struct dns_settings *settings);
/* The TXT record; its id is made from the policy, so that it changes when that
 * does and only then. */
struct text plan_sts_text(struct arena *arena, struct text policy);
/* "3 1 1 ..." */
struct text plan_tlsa_text(struct arena *arena,
			   const struct certificate *certificate);

#endif
