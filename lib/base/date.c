#include "base/date.h"

#include <time.h>

#include "base/ascii.h"
#include "base/scan.h"

void
date_write_iso(int64_t unix_ms, char to[DATE_STRING_BYTES])
{
	time_t seconds = (time_t)(unix_ms / 1000);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	snprintf(to, DATE_STRING_BYTES, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ",
		 (unsigned)(tm.tm_year + 1900) % 10000u,
		 (unsigned)(tm.tm_mon + 1) % 100u, (unsigned)tm.tm_mday % 100u,
		 (unsigned)tm.tm_hour % 100u, (unsigned)tm.tm_min % 100u,
		 (unsigned)tm.tm_sec % 100u,
		 (unsigned)(unix_ms % 1000) % 1000u);
}

void
date_write_mail(int64_t unix_s, char to[DATE_STRING_BYTES])
{
	static const char days[][4] = {"Sun", "Mon", "Tue", "Wed",
				       "Thu", "Fri", "Sat"};
	static const char months[][4] = {"Jan", "Feb", "Mar", "Apr",
					 "May", "Jun", "Jul", "Aug",
					 "Sep", "Oct", "Nov", "Dec"};
	time_t seconds = (time_t)unix_s;
	struct tm tm;

	gmtime_r(&seconds, &tm);
	snprintf(to, DATE_STRING_BYTES, "%s, %u %s %04u %02u:%02u:%02u +0000",
		 days[(unsigned)tm.tm_wday % 7u], (unsigned)tm.tm_mday % 100u,
		 months[(unsigned)tm.tm_mon % 12u],
		 (unsigned)(tm.tm_year + 1900) % 10000u,
		 (unsigned)tm.tm_hour % 100u, (unsigned)tm.tm_min % 100u,
		 (unsigned)tm.tm_sec % 100u);
}

/* --- reading --- */

/* `digits` of them, not above `most`. */
static bool
take_number(struct scan *in, unsigned digits, int64_t most, int64_t *number)
{
	*number = 0;
	while (digits-- > 0) {
		char c = scan_peek(in);

		if (!ascii_is_digit(c))
			return false;
		scan_char(in, c);
		*number = *number * 10 + (c - '0');
	}
	return *number <= most;
}

/* Days since 1970 of the proleptic Gregorian calendar: March is the first
 * month here, so that the odd day ends its year. */
static int64_t
days_since_1970(int64_t year, int64_t month, int64_t day)
{
	int64_t since_march = (month + 9) % 12;

	year -= month <= 2;
	return year * 365 + year / 4 - year / 100 + year / 400 +
	       (since_march * 153 + 2) / 5 + day - 1 - 719468;
}

static int64_t
days_of_month(int64_t year, int64_t month)
{
	int64_t next = month == 12 ? days_since_1970(year + 1, 1, 1)
				   : days_since_1970(year, month + 1, 1);

	return next - days_since_1970(year, month, 1);
}

static bool
take_day(struct scan *in, int64_t *unix_s)
{
	int64_t year, month, day;

	if (!take_number(in, 4, 9999, &year) || !scan_char(in, '-') ||
	    !take_number(in, 2, 12, &month) || !scan_char(in, '-') ||
	    !take_number(in, 2, 31, &day) || year < 1900 || month == 0 ||
	    day == 0 || day > days_of_month(year, month))
		return false;
	*unix_s = days_since_1970(year, month, day) * 86400;
	return true;
}

static bool
take_time(struct scan *in, int64_t *unix_s)
{
	int64_t hour, minute, second = 0;

	if (!take_number(in, 2, 24, &hour) || !scan_char(in, ':') ||
	    !take_number(in, 2, 59, &minute))
		return false;
	if (scan_char(in, ':') && !take_number(in, 2, 60, &second))
		return false;
	if (scan_char(in, '.') && scan_while(in, ascii_is_digit).len == 0)
		return false;
	*unix_s += hour * 3600 + minute * 60 + second;
	return true;
}

/* "Z", "+01:00", "-0500" */
static bool
take_zone(struct scan *in, int64_t *unix_s)
{
	int64_t hour, minute, sign = scan_peek(in) == '-' ? 1 : -1;

	if (scan_char(in, 'Z') || scan_char(in, 'z'))
		return true;
	if (!scan_char(in, '+') && !scan_char(in, '-'))
		return false;
	if (!take_number(in, 2, 23, &hour))
		return false;
	scan_char(in, ':');
	if (!take_number(in, 2, 59, &minute))
		return false;
	*unix_s += sign * (hour * 3600 + minute * 60);
	return true;
}

enum date_form
date_parse_iso(struct text text, int64_t *unix_s)
{
	enum date_form form = DATE_WITH_ZONE;
	struct scan in;

	scan_init(&in, text_trim(text));
	if (!take_day(&in, unix_s))
		return DATE_UNREADABLE;
	if (scan_at_end(&in))
		return DATE_DAY_ALONE;
	if (!scan_char(&in, 'T') && !scan_char(&in, 't') &&
	    !scan_char(&in, ' '))
		return DATE_UNREADABLE;
	if (!take_time(&in, unix_s))
		return DATE_UNREADABLE;
	scan_blank(&in);
	if (scan_at_end(&in))
		form = DATE_WITHOUT_ZONE;
	else if (!take_zone(&in, unix_s))
		return DATE_UNREADABLE;
	return scan_at_end(&in) ? form : DATE_UNREADABLE;
}
