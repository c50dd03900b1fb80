#include "admin/opendkim_tables.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/scan.h"
#include "base/why.h"

static bool
is_word(char c)
{
	return !ascii_is_fws(c) && c != '#';
}

/* The two words of a line; `first` is empty for a line without any. */
static bool
take_words(struct text line, struct text *first, struct text *second,
	   struct why *why)
{
	struct scan in;

	scan_init(&in, line);
	scan_fws(&in);
	*first = scan_while(&in, is_word);
	scan_fws(&in);
	*second = scan_while(&in, is_word);
	scan_fws(&in);
	if (!scan_at_end(&in) && scan_peek(&in) != '#')
		return why_set(why, "more than two words");
	return first->len == 0 || second->len > 0 ||
	       why_set(why, "one word where two belong");
}

/* Calls take(data, first, second, why) for each line that has words. */
static bool
each_line(struct text text,
	  bool (*take)(void *data, struct text first, struct text second,
		       struct why *why),
	  void *data, struct why *why)
{
	struct text first, second;
	unsigned line = 0;
	struct scan in;

	scan_init(&in, text);
	while (!scan_at_end(&in)) {
		line++;
		if (!take_words(scan_until(&in, '\n'), &first, &second, why) ||
		    (first.len > 0 && !take(data, first, second, why)))
			return why_prefix(why, "line %u", line);
	}
	return true;
}

struct key_list {
	struct arena *arena;
	struct opendkim_key **end;
};

static bool
take_key(void *data, struct text name, struct text value, struct why *why)
{
	struct key_list *list = data;
	struct opendkim_key *key =
	    arena_new_value(list->arena, struct opendkim_key);
	struct scan in;

	scan_init(&in, value);
	key->name = name;
	key->domain = scan_until(&in, ':');
	key->selector = scan_until(&in, ':');
	key->file = scan_rest(&in);
	if (key->domain.len == 0 || key->selector.len == 0 ||
	    key->file.len == 0)
		return why_set(why, "no DOMAIN:SELECTOR:FILE");
	*list->end = key;
	list->end = &key->next;
	return true;
}

bool
opendkim_key_table_read(struct arena *arena, struct text text,
			struct opendkim_key **first, struct why *why)
{
	struct key_list list = {arena, first};

	*first = NULL;
	return each_line(text, take_key, &list, why);
}

struct rule_list {
	struct arena *arena;
	struct opendkim_rule **end;
};

static bool
take_rule(void *data, struct text pattern, struct text name, struct why *why)
{
	struct rule_list *list = data;
	struct opendkim_rule *rule =
	    arena_new_value(list->arena, struct opendkim_rule);

	(void)why;
	rule->pattern = pattern;
	rule->key = name;
	*list->end = rule;
	list->end = &rule->next;
	return true;
}

bool
opendkim_signing_table_read(struct arena *arena, struct text text,
			    struct opendkim_rule **first, struct why *why)
{
	struct rule_list list = {arena, first};

	*first = NULL;
	return each_line(text, take_rule, &list, why);
}

bool
opendkim_rule_is_plain(const struct opendkim_rule *rule, struct text domain)
{
	struct text pattern = rule->pattern;

	if (text_starts(pattern, TEXT("*@")))
		pattern = text_skip(pattern, 2);
	return text_equal_nocase(pattern, domain);
}
