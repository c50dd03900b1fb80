#include "milter/sign_rules.h"

#include <regex.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/limits.h"
#include "base/scan.h"
#include "base/why.h"
#include "base/xalloc.h"
#include "milter/table_line.h"
#include "milter/wildcard.h"

static bool
is_no_blank(char c)
{
	return c != ' ' && c != '\t';
}

static void
end_regex(void *handle)
{
	regfree(handle);
	free(handle);
}

/* What makes the matching of an expression dear. */
static bool
check_regex(struct text regex, struct why *why)
{
	uint64_t count;
	struct scan in;
	char c;

	if (regex.len > LIMIT_SIGN_REGEX_BYTES)
		return why_set(why, "the expression has more than %d bytes",
			       LIMIT_SIGN_REGEX_BYTES);
	scan_init(&in, regex);
	while (!scan_at_end(&in)) {
		c = scan_peek(&in);
		scan_char(&in, c);
		if (c == '\\' && ascii_is_digit(scan_peek(&in)))
			return why_set(why, "the expression has a "
					    "back-reference; write it without");
		if (c != '{' && c != ',')
			continue;
		if (ascii_is_digit(scan_peek(&in)) &&
		    !scan_u64(&in, LIMIT_SIGN_REGEX_COUNT, &count))
			return why_set(why,
				       "the expression repeats more than %d "
				       "times; write '*' or '+'",
				       LIMIT_SIGN_REGEX_COUNT);
	}
	return true;
}

static bool
compile(struct arena *arena, struct sign_rule *rule, struct why *why)
{
	struct text inner =
	    text_first(text_skip(rule->pattern, 1), rule->pattern.len - 2);
	regex_t *regex;
	char said[100];
	int error;

	if (!check_regex(inner, why))
		return false;
	regex = xcalloc(1, sizeof(*regex));
	error = regcomp(regex, text_string(arena, inner),
			REG_EXTENDED | REG_ICASE | REG_NOSUB);
	if (error != 0) {
		regerror(error, regex, said, sizeof(said));
		free(regex);
		return why_set(why, "the expression " TEXT_FMT ": %s",
			       TEXT_ARG(text_first(rule->pattern, 200)), said);
	}
	arena_defer(arena, end_regex, regex);
	rule->regex = regex;
	return true;
}

static bool
read_pattern(struct arena *arena, struct text pattern, struct sign_rule *rule,
	     struct why *why)
{
	rule->pattern = pattern;
	if (text_starts(pattern, TEXT("/"))) {
		rule->kind = PATTERN_REGEX;
		if (pattern.len < 3 || pattern.at[pattern.len - 1] != '/')
			return why_set(why,
				       "\"" TEXT_FMT "\" does not end in '/'; "
				       "an expression has no spaces",
				       TEXT_ARG(text_first(pattern, 80)));
		return compile(arena, rule, why);
	}
	if (text_starts_nocase(pattern, TEXT("login:"))) {
		rule->kind = PATTERN_LOGIN;
		rule->pattern = text_skip(pattern, 6);
		return true;
	}
	rule->kind = text_has(pattern, '@') ? PATTERN_ADDRESS : PATTERN_DOMAIN;
	return true;
}

static bool
read_keys(struct arena *arena, struct text value, struct sign_rule *rule,
	  struct why *why)
{
	struct text word;
	struct scan in;

	scan_init(&in, value);
	word = scan_while(&in, is_no_blank);
	scan_blank(&in);
	if (text_equal_nocase(word, TEXT("none")) && scan_at_end(&in))
		return true;
	if (word.len == 0 || !domain_parse(arena, word, &rule->domain, NULL))
		return why_set(why,
			       "\"" TEXT_FMT "\" is no domain; write PATTERN "
			       "DOMAIN [SELECTOR ...] or PATTERN none",
			       TEXT_ARG(text_first(word, 80)));
	rule->selectors = arena_new_array(arena, struct text, LIMIT_SIGNATURES);
	while (!scan_at_end(&in)) {
		if (rule->selector_count == LIMIT_SIGNATURES)
			return why_set(why, "more than %d selectors",
				       LIMIT_SIGNATURES);
		rule->selectors[rule->selector_count++] =
		    scan_while(&in, is_no_blank);
		scan_blank(&in);
	}
	return true;
}

bool
sign_rules_parse(struct arena *arena, struct text contents,
		 struct sign_rules *rules, struct why *why)
{
	struct sign_rule **end = &rules->first, *rule;
	struct table_lines lines;
	struct table_line line;
	size_t count = 0;

	*rules = (struct sign_rules){0};
	table_lines_init(&lines, contents);
	while (table_lines_next(&lines, &line)) {
		if (count++ == LIMIT_SIGN_RULES)
			return why_set(why, "%u: more than %d rules",
				       line.number, LIMIT_SIGN_RULES);
		rule = arena_new_value(arena, struct sign_rule);
		rule->line = line.number;
		if (!read_pattern(arena, line.key, rule, why) ||
		    !read_keys(arena, line.value, rule, why))
			return why_prefix(why, "%u", line.number);
		*end = rule;
		end = &rule->next;
	}
	return true;
}

static bool
matches(const struct sign_rule *rule, struct text address, const char *string,
	struct text host, struct text login)
{
	switch (rule->kind) {
	case PATTERN_DOMAIN:
		return wildcard_matches(rule->pattern, host);
	case PATTERN_ADDRESS:
		return wildcard_matches(rule->pattern, address);
	case PATTERN_REGEX:
		return regexec(rule->regex, string, 0, NULL, 0) == 0;
	case PATTERN_LOGIN:
		return login.len > 0 && wildcard_matches(rule->pattern, login);
	}
	return false;
}

const struct sign_rule *
sign_rules_match(const struct sign_rules *rules, struct arena *arena,
		 struct text user, struct text host, struct text login)
{
	struct text address = table_key(arena, user, "@", host);
	const char *string = text_string(arena, address);
	const struct sign_rule *rule;

	for (rule = rules->first; rule != NULL; rule = rule->next)
		if (matches(rule, address, string, host, login))
			return rule;
	return NULL;
}
