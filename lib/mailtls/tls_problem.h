/* tls_problem.h - what is wrong with a destination, for TLS reports
 *
 * In the words of RFC 8460 section 4.3.  Mail may go in spite of a problem;
 * whether it did is another question.
 */
#ifndef MAILTLS_TLS_PROBLEM_H
#define MAILTLS_TLS_PROBLEM_H

#include "mailtls/tls_facts.h"

struct arena;

struct tls_problem {
	const char *type;   /* "sts-policy-fetch-error", "dnssec-invalid" ... */
	struct text mx;	    /* empty: the domain as such */
	const char *reason; /* failure-reason-code, or NULL */
	struct tls_problem *next;
};

/* In the order of the hosts; NULL if there is none.  Any part of the facts
 * may be missing.  It borrows from them. */
struct tls_problem *tls_problem_list(struct arena *arena,
				     const struct tls_facts *facts);

#endif
