#include "io/config_value.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/why.h"

/* What a person wrote, short enough for an error. */
#define SHOWN "\"%.60s%s\""
#define SHOWN_ARG(value) (value), strlen(value) > 60 ? "..." : ""

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit seconds_units[] = {
    {"", 1},	  {"s", 1},	 {"m", 60}, {"h", 3600},
    {"d", 86400}, {"w", 604800}, {NULL, 0},
};
static const struct unit bytes_units[] = {
    {"", 1},
    {"k", 1024},
    {"m", 1024 * 1024},
    {"g", 1024 * 1024 * 1024},
    {"t", (uint64_t)1024 * 1024 * 1024 * 1024},
    {NULL, 0},
};

static void *
member(const struct config_option *option, void *target)
{
	return (char *)target + option->offset;
}

/* What the option's help says to write is better than what its type says. */
static bool
with_help(const struct config_option *option, struct why *why)
{
	struct why reason;
	char *general;

	if (why == NULL || option->help == NULL)
		return false;
	reason = *why;
	general = strstr(reason.text, "; write ");
	if (general != NULL && strncmp(option->help, "write ", 6) == 0)
		*general = '\0';
	return why_set(why, "%.300s; %.180s", reason.text, option->help);
}

static bool
is_separator(char c)
{
	return c == ',' || ascii_is_fws(c);
}

/* Takes the next word of a list; false at its end. */
static bool
next_word(struct text *rest, struct text *word)
{
	size_t length = 0;

	while (rest->len > 0 && is_separator(rest->at[0]))
		*rest = text_skip(*rest, 1);
	while (length < rest->len && !is_separator(rest->at[length]))
		length++;
	*word = text_first(*rest, length);
	*rest = text_skip(*rest, length);
	return length > 0;
}

static bool
parse_strings(struct arena *arena, const char *value,
	      struct config_strings *list)
{
	struct text rest = text_from(value), word;
	const char **grown;

	while (next_word(&rest, &word)) {
		grown = arena_new_array(arena, const char *, list->count + 1);
		if (list->count > 0)
			memcpy(grown, list->values,
			       list->count * sizeof(*grown));
		grown[list->count++] = text_string(arena, word);
		list->values = grown;
	}
	return true;
}

static bool
parse_networks(struct arena *arena, const char *value,
	       struct config_networks *list, struct why *why)
{
	struct text rest = text_from(value), word;
	struct ipnet net, *grown;

	while (next_word(&rest, &word)) {
		if (text_equal(word, TEXT("none")))
			continue;
		if (!ipnet_parse(word, &net))
			return why_set(why,
				       "\"%.60s\" is no network; write "
				       "ADDRESS/BITS with all host bits zero, "
				       "such as 192.0.2.0/24 or 2001:db8::/32",
				       text_string(arena, word));
		grown = arena_new_array(arena, struct ipnet, list->count + 1);
		if (list->count > 0)
			memcpy(grown, list->values,
			       list->count * sizeof(*grown));
		grown[list->count++] = net;
		list->values = grown;
	}
	return true;
}

static bool
parse_bool(const char *value, bool *flag, struct why *why)
{
	static const char *const words[] = {"no",  "yes", "false", "true",
					    "off", "on",  "0",	   "1"};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (text_equal_nocase(text_from(value), text_from(words[i]))) {
			*flag = i % 2 == 1;
			return true;
		}
	return why_set(why, SHOWN " is neither yes nor no; write yes or no",
		       SHOWN_ARG(value));
}

static bool
check_range(const struct config_option *option, const char *value,
	    uint64_t number, struct why *why)
{
	if (number < option->least)
		return why_set(why, SHOWN " is too little; write at least %ju",
			       SHOWN_ARG(value), (uintmax_t)option->least);
	if (option->most > 0 && number > option->most)
		return why_set(why, SHOWN " is too much; write at most %ju",
			       SHOWN_ARG(value), (uintmax_t)option->most);
	return true;
}

static bool
parse_number(const struct config_option *option, const char *value,
	     const struct unit *units, const char *advice, uint64_t *number,
	     struct why *why)
{
	size_t digits = strspn(value, "0123456789");
	struct text unit = text_trim(text_from(value + digits));
	uint64_t count, sum;

	for (; units->name != NULL; units++)
		if (text_equal_nocase(unit, text_from(units->name)))
			break;
	if (units->name == NULL ||
	    !text_to_u64(text_of(value, digits), UINT64_MAX, &count))
		return why_set(why, SHOWN " is no %s", SHOWN_ARG(value),
			       advice);
	if (__builtin_mul_overflow(count, units->factor, &sum))
		return why_set(why, SHOWN " is too much; write less",
			       SHOWN_ARG(value));
	if (!check_range(option, value, sum, why))
		return false;
	*number = sum;
	return true;
}

/* All words of the option, for an error. */
static bool
not_one_of(struct arena *arena, const struct config_option *option,
	   struct text word, struct why *why)
{
	const char *all = option->words[0];
	size_t i;

	for (i = 1; option->words[i] != NULL; i++)
		all = arena_printf(arena, "%s%s%s", all,
				   option->words[i + 1] != NULL ? ", " : " or ",
				   option->words[i]);
	return why_set(why, "\"%.60s\" is not known here; write %.300s",
		       text_string(arena, word), all);
}

static bool
find_word(struct arena *arena, const struct config_option *option,
	  struct text word, int *index, struct why *why)
{
	int i;

	for (i = 0; option->words[i] != NULL; i++)
		if (text_equal_nocase(word, text_from(option->words[i]))) {
			*index = i;
			return true;
		}
	return not_one_of(arena, option, word, why);
}

static bool
parse_words(struct arena *arena, const struct config_option *option,
	    const char *value, unsigned *set, struct why *why)
{
	struct text rest = text_from(value), word;
	int index;

	while (next_word(&rest, &word)) {
		if (text_equal_nocase(word, TEXT("none")))
			continue;
		if (!find_word(arena, option, word, &index, why))
			return false;
		*set |= 1u << index;
	}
	return true;
}

static bool
parse_typed(struct arena *arena, const struct config_option *option,
	    const char *value, void *at, struct why *why)
{
	static const struct unit none[] = {{"", 1}, {NULL, 0}};

	switch (option->type) {
	case CONFIG_STRING:
		*(const char **)at = value;
		return true;
	case CONFIG_STRINGS:
		return parse_strings(arena, value, at);
	case CONFIG_BOOL:
		return parse_bool(value, at, why);
	case CONFIG_UINT:
		return parse_number(option, value, none,
				    "number; write digits alone", at, why);
	case CONFIG_SECONDS:
		return parse_number(option, value, seconds_units,
				    "time; write a number with s, m, h or d, "
				    "such as 20s",
				    at, why);
	case CONFIG_BYTES:
		return parse_number(option, value, bytes_units,
				    "size; write a number with K, M or G, "
				    "such as 10M",
				    at, why);
	case CONFIG_WORD:
		return find_word(arena, option, text_from(value), at, why);
	case CONFIG_WORDS:
		return parse_words(arena, option, value, at, why);
	case CONFIG_NETWORKS:
		return parse_networks(arena, value, at, why);
	}
	return why_set(why, "option of no type");
}

bool
config_value_parse(struct arena *arena, const struct config_option *option,
		   const char *value, void *target, struct why *why)
{
	if (value[0] == '\0' && option->type != CONFIG_STRING &&
	    option->type != CONFIG_STRINGS && option->type != CONFIG_NETWORKS) {
		why_set(why, "there is no value");
		return with_help(option, why);
	}
	if (parse_typed(arena, option, value, member(option, target), why))
		return true;
	return with_help(option, why);
}

size_t
config_value_bytes(enum config_type type)
{
	switch (type) {
	case CONFIG_STRING:
		return sizeof(const char *);
	case CONFIG_STRINGS:
		return sizeof(struct config_strings);
	case CONFIG_BOOL:
		return sizeof(bool);
	case CONFIG_UINT:
	case CONFIG_SECONDS:
	case CONFIG_BYTES:
		return sizeof(uint64_t);
	case CONFIG_WORD:
		return sizeof(int);
	case CONFIG_WORDS:
		return sizeof(unsigned);
	case CONFIG_NETWORKS:
		return sizeof(struct config_networks);
	}
	return 0;
}

void
config_value_clear(const struct config_option *option, void *target)
{
	memset(member(option, target), 0, config_value_bytes(option->type));
}

static bool
strings_equal(const struct config_strings *a, const struct config_strings *b)
{
	size_t i;

	for (i = 0; i < a->count && i < b->count; i++)
		if (strcmp(a->values[i], b->values[i]) != 0)
			return false;
	return a->count == b->count;
}

static bool
networks_equal(const struct config_networks *a, const struct config_networks *b)
{
	size_t i;

	for (i = 0; i < a->count && i < b->count; i++)
		if (a->values[i].bits != b->values[i].bits ||
		    !ipaddr_equal(&a->values[i].address, &b->values[i].address))
			return false;
	return a->count == b->count;
}

bool
config_value_equal(const struct config_option *option, const void *a,
		   const void *b)
{
	const void *left = (const char *)a + option->offset;
	const void *right = (const char *)b + option->offset;

	switch (option->type) {
	case CONFIG_STRING:
		return text_equal(text_from(*(const char *const *)left),
				  text_from(*(const char *const *)right));
	case CONFIG_STRINGS:
		return strings_equal(left, right);
	case CONFIG_NETWORKS:
		return networks_equal(left, right);
	case CONFIG_BOOL:
	case CONFIG_UINT:
	case CONFIG_SECONDS:
	case CONFIG_BYTES:
	case CONFIG_WORD:
	case CONFIG_WORDS:
		break;
	}
	return memcmp(left, right, config_value_bytes(option->type)) == 0;
}
