#include "mailtls/postfix_log_time.h"

#include <string.h>
#include <time.h>

#include "base/ascii.h"
#include "base/scan.h"

/* Exactly so many digits. */
static bool
take_digits(struct scan *in, unsigned digits, int most, int *number)
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

static bool
take_clock(struct scan *in, struct postfix_log_time *time)
{
	return take_digits(in, 2, 23, &time->hour) && scan_char(in, ':') &&
	       take_digits(in, 2, 59, &time->minute) && scan_char(in, ':') &&
	       take_digits(in, 2, 60, &time->second);
}

static void
take_fraction(struct scan *in, struct postfix_log_time *time)
{
	int unit = 100000;

	if (!scan_char(in, '.') && !scan_char(in, ','))
		return;
	for (char c; ascii_is_digit(c = scan_peek(in)); unit /= 10) {
		scan_char(in, c);
		time->microsecond += (c - '0') * unit;
	}
}

static bool
take_offset(struct scan *in, struct postfix_log_time *time)
{
	int hours, minutes, sign = 1;

	time->has_offset = true;
	if (scan_char(in, 'Z'))
		return true;
	if (scan_char(in, '-'))
		sign = -1;
	else if (!scan_char(in, '+'))
		return false;
	if (!take_digits(in, 2, 23, &hours))
		return false;
	scan_char(in, ':');
	if (!take_digits(in, 2, 59, &minutes))
		return false;
	time->offset_s = sign * (hours * 3600 + minutes * 60);
	return true;
}

static bool
take_iso(struct scan *in, struct postfix_log_time *time)
{
	if (!take_digits(in, 4, 9999, &time->year) || time->year < 1970 ||
	    !scan_char(in, '-') || !take_digits(in, 2, 12, &time->month) ||
	    time->month < 1 || !scan_char(in, '-') ||
	    !take_digits(in, 2, 31, &time->day) || time->day < 1 ||
	    !scan_char(in, 'T') || !take_clock(in, time))
		return false;
	take_fraction(in, time);
	return take_offset(in, time);
}

static bool
take_month(struct scan *in, int *month)
{
	static const char names[][5] = {"Jan ", "Feb ", "Mar ", "Apr ",
					"May ", "Jun ", "Jul ", "Aug ",
					"Sep ", "Oct ", "Nov ", "Dec "};

	for (int i = 0; i < 12; i++)
		if (scan_string(in, names[i])) {
			*month = i + 1;
			return true;
		}
	return false;
}

bool
postfix_log_take_time(struct scan *in, struct postfix_log_time *time)
{
	uint64_t day;

	*time = (struct postfix_log_time){0};
	if (ascii_is_digit(scan_peek(in)))
		return take_iso(in, time);
	if (!take_month(in, &time->month))
		return false;
	scan_blank(in);
	if (!scan_u64(in, 31, &day) || day < 1 || !scan_char(in, ' '))
		return false;
	time->day = (int)day;
	if (!take_clock(in, time))
		return false;
	take_fraction(in, time); /* high-precision timestamps of syslog-ng */
	return true;
}

void
postfix_log_set_time(int64_t unix_us, struct postfix_log_time *time)
{
	time_t seconds = (time_t)(unix_us / 1000000);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	*time = (struct postfix_log_time){
	    .year = tm.tm_year + 1900,
	    .month = tm.tm_mon + 1,
	    .day = tm.tm_mday,
	    .hour = tm.tm_hour,
	    .minute = tm.tm_min,
	    .second = tm.tm_sec,
	    .microsecond = (int)(unix_us % 1000000),
	    .has_offset = true,
	};
}

static int64_t
seconds_of(const struct postfix_log_time *time, int year)
{
	struct tm tm = {
	    .tm_year = year - 1900,
	    .tm_mon = time->month - 1,
	    .tm_mday = time->day,
	    .tm_hour = time->hour,
	    .tm_min = time->minute,
	    .tm_sec = time->second,
	};

	return timegm(&tm);
}

int64_t
postfix_log_unix_us(const struct postfix_log_time *time, int64_t now_s,
		    int zone_s)
{
	int offset_s = time->has_offset ? time->offset_s : zone_s;
	int year = time->year;
	int64_t seconds;

	if (year == 0) {
		time_t latest = (time_t)(now_s + offset_s + 86400);
		struct tm tm;

		gmtime_r(&latest, &tm);
		year = tm.tm_year + 1900;
		if (seconds_of(time, year) > latest)
			year--;
		/* the 29th of February is of the last leap year */
		for (int i = 0; time->month == 2 && time->day == 29 && i < 8;
		     i++, year--) {
			struct tm day = {
			    .tm_year = year - 1900, .tm_mon = 1, .tm_mday = 29};

			timegm(&day);
			if (day.tm_mon == 1)
				break;
		}
	}
	seconds = seconds_of(time, year) - offset_s;
	return seconds * 1000000 + time->microsecond;
}
