/* spf_terms.h - the terms of SPF records at work (RFC 7208 sections 4.6.4, 5)
 *
 * The inside of spf.h: questions, counting and mechanisms of one check.
 */
#ifndef MAILAUTH_SPF_TERMS_H
#define MAILAUTH_SPF_TERMS_H

#include "mailauth/ptr_names.h"
#include "mailauth/spf_macro.h"
#include "mailauth/spf_record.h"

struct spf_check {
	struct arena *arena;
	struct resolver *resolver;
	struct deadline deadline;
	struct ipaddr client;
	struct spf_macro_values values;
	struct text domain;
	struct dns_question *policy; /* NULL if there is nothing to check */
	struct ptr_names *ptr;	     /* once a term wants it */
	bool ptr_counted;
	unsigned lookups, void_lookups, ahead;
	enum dns_security security;
	const char *reason;
};

/* One directive or redirect= with what it asks, if anything. */
struct spf_term {
	bool expanded, usable; /* usable: the target can be asked */
	struct text target;
	struct dns_question *question;
};

/* One run of check_host(): the policy of one domain. */
struct spf_level {
	struct text domain;
	unsigned depth;
	struct spf_record record;
	struct spf_term *terms; /* for each directive */
	struct spf_term redirect;
};

enum spf_match {
	SPF_MATCH_NO = 1,
	SPF_MATCH_YES,
	SPF_MATCH_TEMPERROR,
	SPF_MATCH_PERMERROR
};

/* Records why and returns SPF_MATCH_PERMERROR. */
enum spf_match spf_permerror(struct spf_check *check, const char *reason);
/* The same for a question without an answer; SPF_MATCH_TEMPERROR. */
enum spf_match spf_temperror(struct spf_check *check,
			     const struct dns_question *question);

/* For reasons: names may come out of macros and hold any bytes. */
const char *spf_readable(struct spf_check *check, struct text text);

/* Waits, and remembers the weakest DNSSEC state. */
enum dns_status spf_wait(struct spf_check *check, struct dns_question *question,
			 const struct dns_answer **answer);

/* Counts a term and, once for a check, the PTR question of the "p" macro.
 * False if the limit of section 4.6.4 is reached: a permerror. */
bool spf_count_lookup(struct spf_check *check, struct text spec);
enum spf_match spf_too_many_lookups(struct spf_check *check);

/* Sets what "d" and "p" stand for in `string`; asks for "p" if it is used. */
void spf_prepare_values(struct spf_check *check, const struct spf_level *level,
			struct text string);
/* Expands a domain-spec; false if nothing can match it. */
bool spf_expand(struct spf_check *check, const struct spf_level *level,
		struct text spec, struct text *name);
/* Expands and asks, unless that was done ahead. */
void spf_ask_term(struct spf_check *check, const struct spf_level *level,
		  struct text spec, enum dns_type type, struct spf_term *term);
void spf_ask_directive(struct spf_check *check, const struct spf_level *level,
		       const struct spf_directive *directive,
		       struct spf_term *term);
/* True for a mechanism that is counted. */
bool spf_asks(enum spf_mechanism mechanism);
/* Sends the questions of a record together, so that they travel in parallel;
 * they are counted when they are evaluated. */
void spf_ask_ahead(struct spf_check *check, struct spf_level *level);

/* All mechanisms but include, of which check_host() knows more.  The term
 * was counted and asked. */
enum spf_match spf_match_directive(struct spf_check *check,
				   const struct spf_directive *directive,
				   struct spf_term *term);

#endif
