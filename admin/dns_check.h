/* dns_check.h - signet dns check: what the DNS says, against what it should
 *
 * Each group of items has a file dns_check_GROUP.c.  A question without an
 * answer is a finding "could not ask", never one that something is missing.
 */
#ifndef ADMIN_DNS_CHECK_H
#define ADMIN_DNS_CHECK_H

#include "admin/dns_findings.h"
#include "admin/dns_plan.h"
#include "admin/dns_settings.h"
#include "base/dns.h"
#include "mailtls/sts_policy.h"

struct arena;
struct https;

#define CHECK_HOSTS_MOST 20
#define CHECK_ADDRESSES_MOST 10

struct dns_check_options {
	bool internet_nl;	 /* what that test wants is an error */
	const char *policy_file; /* MTA-STS policy; NULL: it is fetched */
	const char *connect;	 /* HOST:PORT in place of our MX, or NULL */
	bool offline;		 /* no connection to a mail or web server */
};

/* An MX host of the domain, as the DNS has it. */
struct dns_check_host {
	struct domain name;
	struct ipaddr addresses[CHECK_ADDRESSES_MOST];
	size_t address_count;
	enum dns_security security; /* of its addresses */
	bool known;		    /* they could be asked */
};

struct dns_check {
	struct arena *arena;
	struct resolver *resolver;
	struct https *https; /* NULL: nothing is fetched */
	const struct dns_settings *settings;
	const struct dns_check_options *options;
	const struct plan *plan;
	struct dns_findings *findings;
	int64_t now_s;
	/* what the groups tell each other */
	struct dns_check_host hosts[CHECK_HOSTS_MOST];
	size_t host_count;
	bool mx_known;
	enum dns_security mx_security;
	bool has_sts_policy;
	struct sts_policy sts_policy;
};

/* All groups, in order. */
void dns_check_all(struct dns_check *check);

void dns_check_mx(struct dns_check *check);
void dns_check_addresses(struct dns_check *check);
void dns_check_spf(struct dns_check *check);
void dns_check_dkim(struct dns_check *check);
void dns_check_dmarc(struct dns_check *check);
void dns_check_tlsrpt(struct dns_check *check);
void dns_check_sts(struct dns_check *check);
void dns_check_tlsa(struct dns_check *check);

/* Whether this is HOST:PORT, [ADDRESS]:PORT. */
bool dns_check_is_target(const char *target);

/* --- for the groups --- */

/* Asks and waits as long as [dns] timeout allows. */
enum dns_status dns_check_ask(struct dns_check *check, struct text name,
			      enum dns_type type,
			      const struct dns_answer **answer);
struct deadline dns_check_deadline(const struct dns_check *check);

/* True for TEMPFAIL and BOGUS, which it makes a finding. */
bool dns_check_is_unknown(struct dns_check *check, const char *item,
			  struct text name, enum dns_type type,
			  const struct dns_answer *answer);

/* WARN, or ERROR for those who want the full score of internet.nl. */
enum dns_severity dns_check_wanted(const struct dns_check *check);

enum dns_check_txt {
	CHECK_TXT_UNKNOWN = 1, /* told already */
	CHECK_TXT_NONE,
	CHECK_TXT_SEVERAL, /* told already */
	CHECK_TXT_ONE
};

/* The one TXT record at a name for which `is` holds; *security of the
 * answer. */
enum dns_check_txt dns_check_one_txt(struct dns_check *check, const char *item,
				     struct text name, bool (*is)(struct text),
				     struct text *txt,
				     enum dns_security *security);

/* "publish:" and all records of the plan of one kind whose name is `name`, or
 * any if that is empty.  False if there is none. */
bool dns_check_publish(struct dns_check *check, enum plan_kind kind,
		       struct text name);

/* ", signed" or ", not signed" */
const char *dns_check_signed(enum dns_security security);

#endif
