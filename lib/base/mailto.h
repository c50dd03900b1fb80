/* mailto.h - addresses as DMARC and TLSRPT records name them
 *
 * "mailto:" and the address (RFC 6068 section 2), in which ",", "!" and ";"
 * mean something to the record and so are percent-encoded (RFC 9989 section
 * 4.7, RFC 8460 section 3).  mailauth/report_uri.h reads what others wrote.
 */
#ifndef BASE_MAILTO_H
#define BASE_MAILTO_H

#include "base/text.h"

struct arena;

/* The URI of an address.  Bytes that a URI cannot hold are encoded too. */
struct text mailto_write(struct arena *arena, struct text address);

#endif
