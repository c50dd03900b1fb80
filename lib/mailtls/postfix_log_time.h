/* postfix_log_time.h - the time at the start of a line of the log */
#ifndef MAILTLS_POSTFIX_LOG_TIME_H
#define MAILTLS_POSTFIX_LOG_TIME_H

#include "mailtls/postfix_log.h"

struct scan;

/* "Nov 22 12:45:40" or "2026-11-22T12:45:40.123456+01:00". */
bool postfix_log_take_time(struct scan *in, struct postfix_log_time *time);

/* Of microseconds since 1970. */
void postfix_log_set_time(int64_t unix_us, struct postfix_log_time *time);

#endif
