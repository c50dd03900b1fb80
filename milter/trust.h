/* trust.h - whom the administrator believes, and on what proof
 *
 * A list, a forwarder or a local exception counts only when its domain is
 * verified by SPF of MAIL FROM or a DKIM signature; a list that users vouch for
 * (user_lists.h) needs its List-Id as well.  An ARC chain counts only
 * when it passes, its last sealer is on the list, and that sealer says that
 * DMARC passed for the one author of the message.
 */
#ifndef MILTER_TRUST_H
#define MILTER_TRUST_H

#include "milter/session.h"

/* Adds the overrides that hold, whether or not they are needed: reports tell
 * all of them. */
void trust_find(struct session *session);

#endif
