/* results.h - the Authentication-Results field of one message (RFC 8601) */
#ifndef MILTER_RESULTS_H
#define MILTER_RESULTS_H

#include "milter/session.h"

/* The field's value, folded with CRLF and tab, in the session's arena. */
struct text results_write(const struct session *session);

#endif
