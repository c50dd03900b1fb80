/* sign_rules.h - which key signs for whom, where the author's own domain is
 * not the answer
 *
 *	PATTERN  DOMAIN [SELECTOR ...]
 *	PATTERN  none
 *
 * PATTERN is one of
 *	example.com		the author's domain
 *	*.example.com		a domain below it; '*' stands for anything
 *	user@example.com	an address; '*' stands for anything
 *	/regex/			POSIX extended, in the address, without case
 *	login:NAME		who authenticated; '*' stands for anything
 * The first line that matches counts.
 */
#ifndef MILTER_SIGN_RULES_H
#define MILTER_SIGN_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/domain.h"
#include "base/text.h"

struct arena;
struct why;

enum sign_pattern {
	PATTERN_DOMAIN,
	PATTERN_ADDRESS,
	PATTERN_REGEX,
	PATTERN_LOGIN
};

struct sign_rule {
	enum sign_pattern kind;
	struct text pattern;
	void *regex;	      /* of the C library */
	struct domain domain; /* not set: none */
	struct text *selectors;
	size_t selector_count; /* 0: all of the domain */
	unsigned line;
	struct sign_rule *next;
};

struct sign_rules {
	struct sign_rule *first;
};

/* At most LIMIT_SIGN_RULES.  Borrows from `contents`.  Expressions of more
 * than LIMIT_SIGN_REGEX_BYTES, with back-references or with repetition counts
 * above LIMIT_SIGN_REGEX_COUNT are refused: matching them has no bound.  The
 * reason begins with the number of the line. */
bool sign_rules_parse(struct arena *arena, struct text contents,
		      struct sign_rules *rules, struct why *why);

/* `user` and `host` of the author's address; `login` may be empty. */
const struct sign_rule *sign_rules_match(const struct sign_rules *rules,
					 struct arena *arena, struct text user,
					 struct text host, struct text login);

#endif
