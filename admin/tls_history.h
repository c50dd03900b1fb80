/* tls_history.h - what the database knows of the TLS of a domain
 *
 * What was seen of its servers, the last sessions, the reports either side
 * sent.
 */
#ifndef ADMIN_TLS_HISTORY_H
#define ADMIN_TLS_HISTORY_H

#include "base/domain.h"

struct arena;
struct buf;
struct pg;

/* Writes its part of the page.  A database that is away, or refuses, is told
 * there too.  `pg` NULL: it is not to be asked. */
void tls_history_write(struct arena *arena, struct pg *pg, struct domain domain,
		       struct buf *to);

#endif
