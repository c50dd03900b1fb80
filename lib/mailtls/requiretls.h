/* requiretls.h - REQUIRETLS and TLS-Required as a message shows them
 *
 * RFC 8689: the REQUIRETLS parameter of MAIL (section 2) and the TLS-Required
 * field (section 5).  Require-TLS-ESMTP is what Postfix 3.11 puts into the
 * header to carry the parameter across its queue.
 */
#ifndef MAILTLS_REQUIRETLS_H
#define MAILTLS_REQUIRETLS_H

#include <stdbool.h>

#include "base/text.h"

struct requiretls {
	bool mail_parameter; /* MAIL FROM:<...> REQUIRETLS */
	bool header;	     /* Require-TLS-ESMTP: yes */
	bool tls_required_no;
	unsigned tls_required_fields; /* more than one is malformed */
};

/* One ESMTP argument of MAIL. */
void requiretls_mail_argument(struct requiretls *state, struct text argument);
/* Any header field; others than the two are ignored. */
void requiretls_field(struct requiretls *state, struct text name,
		      struct text value);

/* Whether the REQUIRETLS request came by a header although the connection
 * had no TLS, or without the parameter: anyone can write a header. */
bool requiretls_is_forged(const struct requiretls *state, bool tls);

#endif
