#include "mailauth/dmarc_report_value.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/domain.h"
#include "base/scan.h"

#define COUNT_MAX ((uint64_t)1 << 40)
#define IS_LIST "is a list"

/* Up to the first comma, semicolon or blank. */
static struct text
first_item(struct text list)
{
	size_t i = 0;

	while (i < list.len && !ascii_is_fws(list.at[i]) && list.at[i] != ',' &&
	       list.at[i] != ';')
		i++;
	return text_first(list, i);
}

/* --- domains --- */

static bool
take_domain(struct arena *arena, struct text text, struct text *value)
{
	struct domain domain;

	if (!domain_parse(arena, text, &domain, NULL))
		return false;
	*value = domain.name;
	return true;
}

const char *
report_value_domain(struct arena *arena, struct text given, struct text *value)
{
	struct text item = first_item(given);
	size_t at;

	*value = text_lower(arena, given);
	if (given.len == 0 || take_domain(arena, given, value))
		return NULL;
	at = text_find_last(given, '@');
	if (at < given.len) {
		item = text_skip(given, at + 1);
		if (item.len > 0 && item.at[item.len - 1] == '>')
			item.len--;
		if (item.len == 0 || take_domain(arena, item, value))
			return "is an address, not a domain";
	}
	if (item.len > 0 && item.len < given.len &&
	    take_domain(arena, item, value))
		return IS_LIST;
	return "is no domain";
}

/* --- words --- */

static const struct synonym {
	enum dmarc_report_words kind;
	struct text is, means;
} synonyms[] = {
    /* RFC 7489 appendix C tells of "unknown" and "error" */
    {DMARC_WORDS_SPF, TEXT_INIT("hardfail"), TEXT_INIT("fail")},
    {DMARC_WORDS_SPF, TEXT_INIT("unknown"), TEXT_INIT("temperror")},
    {DMARC_WORDS_SPF, TEXT_INIT("error"), TEXT_INIT("permerror")},
    {DMARC_WORDS_DKIM, TEXT_INIT("hardfail"), TEXT_INIT("fail")},
    {DMARC_WORDS_DKIM, TEXT_INIT("invalid"), TEXT_INIT("permerror")},
    {DMARC_WORDS_DKIM, TEXT_INIT("unsigned"), TEXT_INIT("none")},
    {DMARC_WORDS_ALIGNED, TEXT_INIT("hardfail"), TEXT_INIT("fail")},
    {DMARC_WORDS_ALIGNED, TEXT_INIT("softfail"), TEXT_INIT("fail")},
    {DMARC_WORDS_ALIGNED, TEXT_INIT("none"), TEXT_INIT("fail")},
    {DMARC_WORDS_ALIGNED, TEXT_INIT("neutral"), TEXT_INIT("fail")},
    {DMARC_WORDS_ALIGNED, TEXT_INIT("temperror"), TEXT_INIT("fail")},
    {DMARC_WORDS_ALIGNED, TEXT_INIT("permerror"), TEXT_INIT("fail")},
    {DMARC_WORDS_ALIGNED, TEXT_INIT("unaligned"), TEXT_INIT("fail")},
    {DMARC_WORDS_ALIGNED, TEXT_INIT("aligned"), TEXT_INIT("pass")},
    {DMARC_WORDS_DISPOSITION, TEXT_INIT("quarantined"),
     TEXT_INIT("quarantine")},
    {DMARC_WORDS_DISPOSITION, TEXT_INIT("rejected"), TEXT_INIT("reject")},
    {DMARC_WORDS_DISPOSITION, TEXT_INIT("delivered"), TEXT_INIT("none")},
    {DMARC_WORDS_DISPOSITION, TEXT_INIT("accept"), TEXT_INIT("none")},
    {DMARC_WORDS_MODE, TEXT_INIT("relaxed"), TEXT_INIT("r")},
    {DMARC_WORDS_MODE, TEXT_INIT("strict"), TEXT_INIT("s")},
    {DMARC_WORDS_TESTING, TEXT_INIT("yes"), TEXT_INIT("y")},
    {DMARC_WORDS_TESTING, TEXT_INIT("no"), TEXT_INIT("n")},
    {DMARC_WORDS_TESTING, TEXT_INIT("true"), TEXT_INIT("y")},
    {DMARC_WORDS_TESTING, TEXT_INIT("false"), TEXT_INIT("n")},
    {DMARC_WORDS_SCOPE, TEXT_INIT("mailfrom"), TEXT_INIT("mfrom")},
    {DMARC_WORDS_SCOPE, TEXT_INIT("ehlo"), TEXT_INIT("helo")},
};

static bool
is_separator(char c)
{
	return c == '_' || c == '-' || c == ' ';
}

/* Equal but for case and for what joins the words ("Temp-Error"). */
static bool
means(struct text given, struct text word)
{
	size_t i = 0, j = 0;

	for (;;) {
		while (i < given.len && is_separator(given.at[i]))
			i++;
		while (j < word.len && is_separator(word.at[j]))
			j++;
		if (i == given.len || j == word.len)
			return i == given.len && j == word.len;
		if (ascii_lower(given.at[i++]) != word.at[j++])
			return false;
	}
}

/* Also RFC 9990 knows what RFC 7489 knew. */
static bool
find_word(enum dmarc_report_words kind, struct text given, struct text *value)
{
	const char *const *word;
	size_t i;

	for (word = dmarc_report_words(kind); *word != NULL; word++)
		if (means(given, text_from(*word))) {
			*value = text_from(*word);
			return true;
		}
	for (i = 0; i < sizeof(synonyms) / sizeof(*synonyms); i++)
		if (synonyms[i].kind == kind && means(given, synonyms[i].is)) {
			*value = synonyms[i].means;
			return true;
		}
	return kind == DMARC_WORDS_REASON_9990 &&
	       find_word(DMARC_WORDS_REASON_7489, given, value);
}

const char *
report_value_word(struct arena *arena, enum dmarc_report_words kind,
		  struct text given, struct text *value)
{
	struct text item = first_item(given);

	*value = text_of(NULL, 0);
	if (given.len == 0)
		return NULL;
	if (find_word(kind, given, value))
		return text_equal(*value, given) ? NULL
						 : "is not the usual word";
	if (item.len < given.len && find_word(kind, item, value))
		return IS_LIST;
	*value = text_lower(arena, given);
	return "is an unknown word";
}

/* --- addresses --- */

const char *
report_value_address(struct text given, struct ipaddr *value)
{
	struct text text = first_item(given);

	if (ipaddr_parse(given, value))
		return text_starts_nocase(given, TEXT("::ffff:"))
			   ? "is an IPv4 address written as IPv6"
			   : NULL;
	if (text.len > 1 && text.at[0] == '[')
		text = text_first(text_skip(text, 1), text_find(text, ']') - 1);
	if (text_starts_nocase(text, TEXT("IPv6:")))
		text = text_skip(text, 5);
	text = text_first(text, text_find(text, '%'));
	text = text_first(text, text_find(text, '/'));
	if (ipaddr_parse(text, value))
		return "is more than an address";
	memset(value, 0, sizeof(*value));
	return "is no address";
}

/* --- counts --- */

/* Three digits behind each separator: "1,000", "1.000.000", "1 000". */
static bool
is_grouped(struct text text)
{
	struct scan in;
	char separator;

	scan_init(&in, text);
	if (scan_while(&in, ascii_is_digit).len > 3)
		return false;
	separator = scan_peek(&in);
	if (separator == '\0' || strchr(",.' ", separator) == NULL)
		return false;
	while (scan_char(&in, separator))
		if (scan_while(&in, ascii_is_digit).len != 3)
			return false;
	return scan_at_end(&in);
}

static uint64_t
grouped_number(struct text text)
{
	uint64_t number = 0;
	size_t i;

	for (i = 0; i < text.len && number < COUNT_MAX; i++)
		if (ascii_is_digit(text.at[i]))
			number = number * 10 + (uint64_t)(text.at[i] - '0');
	return number;
}

/* "2.0" */
static bool
is_whole(struct text text, uint64_t *value)
{
	struct scan in;
	struct text zeros;

	scan_init(&in, text);
	if (!scan_u64(&in, COUNT_MAX, value) || !scan_char(&in, '.'))
		return false;
	zeros = scan_rest(&in);
	while (zeros.len > 0 && zeros.at[0] == '0')
		zeros = text_skip(zeros, 1);
	return zeros.len == 0;
}

const char *
report_value_count(struct text given, uint64_t *value)
{
	if (text_to_u64(given, COUNT_MAX, value))
		return *value > 0 ? NULL : "is zero";
	if (is_grouped(given)) {
		*value = grouped_number(given);
		if (*value < COUNT_MAX)
			return "is not only digits";
	} else if (is_whole(given, value)) {
		return "is not only digits";
	}
	*value = 1;
	return "is no count";
}

/* --- times --- */

/* Days since 1970-01-01 in the Gregorian calendar. */
static int64_t
days_from(int64_t year, int64_t month, int64_t day)
{
	int64_t era, of_era, of_year;

	year -= month <= 2;
	era = year / 400;
	of_year = year - era * 400;
	of_era = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	of_era += of_year * 365 + of_year / 4 - of_year / 100;
	return era * 146097 + of_era - 719468;
}

static bool
scan_number(struct scan *in, int64_t least, int64_t most, int64_t *value)
{
	uint64_t number;

	if (!scan_u64(in, (uint64_t)most, &number))
		return false;
	*value = (int64_t)number;
	return *value >= least;
}

/* "+02:00", "+0200", "Z", " UTC" or nothing */
static bool
scan_zone(struct scan *in, int64_t *seconds)
{
	int64_t hours, minutes = 0;
	bool west = scan_peek(in) == '-';

	*seconds = 0;
	scan_blank(in);
	if (scan_string_nocase(in, "Z") || scan_string_nocase(in, "UTC") ||
	    scan_string_nocase(in, "GMT") || scan_at_end(in))
		return true;
	if (!scan_char(in, '+') && !scan_char(in, '-'))
		return false;
	if (!scan_number(in, 0, 9999, &hours))
		return false;
	if (scan_char(in, ':') && !scan_number(in, 0, 59, &minutes))
		return false;
	if (hours > 99) {
		minutes = hours % 100;
		hours /= 100;
	}
	*seconds = (hours * 60 + minutes) * 60;
	if (west)
		*seconds = -*seconds;
	return hours < 24;
}

/* "T12:00:00.000", " 12:00" or nothing */
static bool
scan_clock(struct scan *in, int64_t *seconds)
{
	int64_t hour, minute, second = 0;

	*seconds = 0;
	if (!scan_char(in, 'T') && !scan_char(in, 't') && !scan_char(in, ' '))
		return true;
	if (!scan_number(in, 0, 24, &hour) || !scan_char(in, ':') ||
	    !scan_number(in, 0, 59, &minute))
		return false;
	if (scan_char(in, ':') && !scan_number(in, 0, 60, &second))
		return false;
	if (scan_char(in, '.'))
		scan_while(in, ascii_is_digit);
	*seconds = (hour * 60 + minute) * 60 + second;
	return true;
}

static bool
iso_time(struct text text, int64_t *value)
{
	int64_t year, month, day, clock, zone;
	struct scan in;

	scan_init(&in, text);
	if (!scan_number(&in, 1970, 9999, &year) || !scan_char(&in, '-') ||
	    !scan_number(&in, 1, 12, &month) || !scan_char(&in, '-') ||
	    !scan_number(&in, 1, 31, &day) || !scan_clock(&in, &clock) ||
	    !scan_zone(&in, &zone) || !scan_at_end(&in))
		return false;
	*value = days_from(year, month, day) * 86400 + clock - zone;
	return *value >= 0;
}

/* the year 2286 in seconds, the year 1970 in milliseconds */
#define SECONDS_MAX 9999999999u

const char *
report_value_time(struct text given, int64_t *value)
{
	struct text whole = text_first(given, text_find(given, '.'));
	uint64_t number;

	if (text_to_u64(given, SECONDS_MAX, &number)) {
		*value = (int64_t)number;
		return NULL;
	}
	if (iso_time(given, value))
		return "is not in seconds since 1970";
	if (text_to_u64(whole, (uint64_t)SECONDS_MAX * 1000, &number)) {
		*value =
		    (int64_t)(number > SECONDS_MAX ? number / 1000 : number);
		return "is not in whole seconds since 1970";
	}
	*value = 0;
	return "is no time";
}
