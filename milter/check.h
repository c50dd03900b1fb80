/* check.h - the checks of one message, in the order of its arrival */
#ifndef MILTER_CHECK_H
#define MILTER_CHECK_H

#include "milter/session.h"

/* Asks SPF and reverse DNS for the client that counts; from here on fields
 * are looked at as they arrive. */
void check_begin(struct session *session);

/* Asks the key of a signature. */
void check_field(struct session *session, const struct header_field *field);

/* Finds the author, asks for DMARC, chooses signatures, prepares hashing. */
void check_end_of_header(struct session *session);

#endif
