/* dmarc.h - DMARC evaluation (RFC 9989 section 5)
 *
 * Evaluates one author domain; with several, call it for each and take the
 * strictest (dmarc_stricter).  What is done about the result is decided by
 * the caller.
 */
#ifndef MAILAUTH_DMARC_H
#define MAILAUTH_DMARC_H

#include "mailauth/dkim_verify.h"
#include "mailauth/dmarc_discover.h"
#include "mailauth/spf.h"

enum dmarc_result {
	DMARC_NOT_EVALUATED = 0,
	DMARC_NONE,
	DMARC_PASS,
	DMARC_FAIL,
	DMARC_TEMPERROR,
	DMARC_PERMERROR
};

struct dmarc_input {
	struct domain author;
	enum spf_result spf;	  /* of MAIL FROM only */
	struct domain spf_domain; /* not set if SPF checked no domain */
	const struct dkim_signature_result *dkim;
	size_t dkim_count;
};

struct dmarc_verdict {
	enum dmarc_result result;
	enum dmarc_method method;
	struct domain author;
	struct dmarc_policy_found policy; /* record, domains, security */
	enum dmarc_policy published;	  /* the word that p, sp or np chose;
					     UNSET without a record */
	enum dmarc_policy disposition;	  /* after t=y; NONE unless FAIL */
	bool author_exists;		  /* false: NXDOMAIN, np applies */
	bool aligned_spf, aligned_dkim;
	const char *reason;
};

/* `input->author` is set.  SPF or DKIM that could not be asked (temperror) for
 * an identifier that would align makes a failure DMARC_TEMPERROR, never a
 * failure. */
void dmarc_evaluate(struct arena *arena, struct dmarc_discovery *discovery,
		    struct resolver *resolver, const struct dmarc_input *input,
		    struct deadline deadline, struct dmarc_verdict *verdict);

/* True if the identifier aligns with the author domain (section 4.4);
 * sets *temperror when that could not be asked. */
bool dmarc_is_aligned(struct dmarc_discovery *discovery, struct domain author,
		      struct domain identifier, bool strict,
		      struct deadline deadline, bool *temperror);

/* The verdict that asks for more: fail reject > fail quarantine > fail none
 * > temperror > permerror > none > pass. */
const struct dmarc_verdict *dmarc_stricter(const struct dmarc_verdict *a,
					   const struct dmarc_verdict *b);

/* "none", "pass", "fail", "temperror", "permerror". */
const char *dmarc_result_name(enum dmarc_result result);

#endif
