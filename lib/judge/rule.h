/* rule.h - which rule a message falls under, and which one a move suggests
 *
 * A rule files the mail of a list, or of an address, into a folder.  It counts
 * for mail that is verified alone: a rule for a list names the domain that
 * must have signed or sent it (DKIM, SPF), an address must be proven by DMARC
 * or by a verified domain that it is in.  So nobody gets into a folder by
 * writing a name into a field.
 */
#ifndef JUDGE_RULE_H
#define JUDGE_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/domain.h"
#include "base/text.h"

struct arena;

enum rule_kind { RULE_NONE, RULE_LIST, RULE_FROM };

/* "list", "from"; "none". */
const char *rule_kind_name(enum rule_kind kind);
/* RULE_NONE for any other word. */
enum rule_kind rule_kind_of(struct text word);

struct rule {
	int64_t id; /* of the database; 0 for a suggestion */
	enum rule_kind kind;
	struct text value;    /* List-Id or address, lower case */
	struct domain domain; /* of a list: what must be verified */
	struct text mailbox;  /* where to; empty in a suggestion */
};

/* What rules look at.  The caller fills it from the header. */
struct rule_message {
	bool has_list;	     /* there was a List-Id field, good or bad */
	struct text list_id; /* of the one List-Id field, or empty */
	struct text address; /* of the one author, or empty */
	struct domain address_domain;
	struct domain dmarc; /* author domain that passed, or not set */
	const struct domain *verified; /* by DKIM or SPF */
	size_t verified_count;
};

/* The address as rules compare it: lower case throughout.  Local parts that
 * differ in case alone are different addresses for a mail server, but hardly
 * one keeps them apart. */
struct text rule_address(struct arena *arena, struct text address);

/* True if the address is proven: its domain passed DMARC, or is, or is below,
 * a verified domain. */
bool rule_author_is_verified(const struct rule_message *message);

/* What moving this message says: its list, with the shortest verified domain
 * of two labels or more that the list's name ends in; else, for what is no
 * list mail, its author.  False if what it says of itself is not verified.
 * The rule borrows from the message. */
bool rule_suggest(const struct rule_message *message, struct rule *rule);

/* A list's rule wants the same identifier, and its domain or one below it
 * verified. */
bool rule_is_met(const struct rule *rule, const struct rule_message *message);

/* The first that is met, or NULL. */
const struct rule *rule_match(const struct rule *rules, size_t count,
			      const struct rule_message *message);

#endif
