/* spf_record.h - the text of an SPF policy (RFC 7208 sections 4.5, 4.6, 12)
 *
 * The whole record is parsed before any of it is evaluated, so a syntax
 * error anywhere is found.
 */
#ifndef MAILAUTH_SPF_RECORD_H
#define MAILAUTH_SPF_RECORD_H

#include "mailauth/spf.h"

struct buf;
struct why;

enum spf_mechanism {
	SPF_MECHANISM_ALL = 1,
	SPF_MECHANISM_INCLUDE,
	SPF_MECHANISM_A,
	SPF_MECHANISM_MX,
	SPF_MECHANISM_PTR,
	SPF_MECHANISM_IP4,
	SPF_MECHANISM_IP6,
	SPF_MECHANISM_EXISTS
};

struct spf_directive {
	struct text text;	/* as it was published, for reasons */
	enum spf_result result; /* of the qualifier, when it matches */
	enum spf_mechanism mechanism;
	struct text domain_spec;    /* "" if absent: the domain itself */
	struct ipnet net;	    /* ip4, ip6; host bits may be set */
	uint8_t ip4_bits, ip6_bits; /* a, mx */
};

struct spf_record {
	const struct spf_directive *directives;
	size_t count;
	struct text redirect;	 /* domain-spec, "" if absent */
	struct text explanation; /* domain-spec of exp=, "" if absent */
};

/* True for a TXT record that begins with the version, whatever follows. */
bool spf_record_is(struct text txt);

/* Wants a text for which spf_record_is is true.  The record borrows from it.
 * Modifiers of unknown names are checked and forgotten. */
bool spf_record_parse(struct arena *arena, struct text txt,
		      struct spf_record *record, struct why *why);

/* The text of a record with these values, which spf_record_parse reads back;
 * `text` of its directives is not looked at. */
void spf_record_write(struct buf *to, const struct spf_record *record);

#endif
