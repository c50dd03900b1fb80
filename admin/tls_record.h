/* tls_record.h - who wants TLS reports about a domain */
#ifndef ADMIN_TLS_RECORD_H
#define ADMIN_TLS_RECORD_H

#include "base/deadline.h"
#include "base/domain.h"

struct arena;
struct buf;
struct resolver;

/* Asks for _smtp._tls.DOMAIN and writes one or two lines of the page. */
void tls_record_write(struct arena *arena, struct resolver *resolver,
		      struct domain domain, struct deadline deadline,
		      struct buf *to);

#endif
