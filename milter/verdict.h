/* verdict.h - all that was found out about one message, and what to do */
#ifndef MILTER_VERDICT_H
#define MILTER_VERDICT_H

#include "judge/dnsbl.h"
#include "mailauth/arc.h"
#include "mailauth/dmarc.h"
#include "mailauth/iprev.h"
#include "mailauth/author.h"
#include "mailauth/line_ends.h"
#include "mailtls/requiretls.h"

enum skip { SKIP_NOTHING = 0, SKIP_AUTHENTICATED, SKIP_NETWORK, SKIP_LOCAL };

/* Why DMARC was not applied as published (RFC 9990 section 3.1.1.6). */
enum override_type {
	OVERRIDE_MAILING_LIST = 1,
	OVERRIDE_TRUSTED_FORWARDER,
	OVERRIDE_LOCAL_POLICY,
	OVERRIDE_POLICY_TEST_MODE,
	OVERRIDE_OTHER
};

struct override {
	enum override_type type;
	const char *comment;
};

#define OVERRIDES_MOST 6

struct verdict {
	enum skip skipped;
	struct ipaddr client; /* before trusted relays, if any */
	struct iprev_verdict iprev;
	struct dnsbl_verdict dnsbl; /* only where lists are configured */
	struct spf_verdict mail_from, helo;
	const struct dkim_signature_result *dkim;
	bool *dkim_aligned; /* one for each of `dkim` */
	size_t dkim_count;
	struct arc_verdict arc;
	const char *arc_trusted; /* sealer that is trusted, or NULL */
	struct author author;
	struct dmarc_verdict dmarc;  /* of the author domain that counts */
	struct dmarc_verdict *other; /* by the other discovery method; NULL
					unless both are evaluated */
	struct override overrides[OVERRIDES_MOST];
	size_t override_count;
	struct requiretls requiretls;
	bool requiretls_forged;
	struct line_ends line_ends;
	bool forged_flood; /* more forged fields than are removed */
};

enum action {
	ACTION_ACCEPT = 1,
	ACTION_TAG,
	ACTION_QUARANTINE, /* held by the MTA */
	ACTION_REJECT,
	ACTION_TEMPFAIL
};

struct decision {
	enum action action;
	const char *reason; /* a few words for log, tag and hold */
	const char *code;   /* "550", "451"; NULL unless refused */
	const char *status; /* "5.7.26" */
	const char *text;   /* for the sender's postmaster: ASCII, one line */
	bool by_dmarc;	    /* the DMARC policy led to it */
};

const char *action_name(enum action action);
const char *skip_name(enum skip skip);
const char *override_name(enum override_type type);

void verdict_add_override(struct verdict *verdict, enum override_type type,
			  const char *comment);

#endif
