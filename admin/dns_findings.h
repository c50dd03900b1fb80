/* dns_findings.h - what signet dns check found, to be shown and kept */
#ifndef ADMIN_DNS_FINDINGS_H
#define ADMIN_DNS_FINDINGS_H

#include <stddef.h>

#include "base/domain.h"
#include "base/text.h"

struct arena;

enum dns_severity {
	DNS_CHECK_OK = 1,
	DNS_CHECK_SKIP,	   /* nobody asked for it */
	DNS_CHECK_WARN,	   /* works, could be better */
	DNS_CHECK_UNKNOWN, /* could not ask: never "missing" */
	DNS_CHECK_ERROR
};

/* "ok", "skip", "warn", "could not ask", "error" */
const char *dns_severity_name(enum dns_severity severity);

struct dns_finding {
	enum dns_severity severity;
	const char *item;   /* "mx", "spf" ... */
	const char *detail; /* one line */
	const char *remedy; /* lines to publish or things to do; NULL: none */
	struct dns_finding *next;
};

struct dns_findings {
	struct arena *arena;
	struct domain domain;
	struct dns_finding *first, *last;
	size_t count;
};

void dns_findings_init(struct dns_findings *findings, struct arena *arena,
		       struct domain domain);

/* Foreign text in what is printed becomes safe for a terminal. */
void dns_findings_add(struct dns_findings *findings, const char *item,
		      enum dns_severity severity, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* One more line of remedy for the newest finding. */
void dns_findings_remedy(struct dns_findings *findings, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

size_t dns_findings_having(const struct dns_findings *findings,
			   enum dns_severity severity);

/* One line for each, the remedy indented below it. */
void dns_findings_print(const struct dns_findings *findings);
void dns_findings_print_json(const struct dns_findings *findings);
/* One finding as a line of JSON. */
struct text dns_finding_json(struct arena *arena,
			     const struct dns_finding *finding);

/* 1 with an error, else 2 if something could not be asked, else 0. */
int dns_findings_status(const struct dns_findings *findings);

#endif
