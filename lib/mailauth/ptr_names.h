/* ptr_names.h - the names of an address, and which of them lead back to it
 *
 * What iprev (RFC 8601 section 2.7.3) and the ptr mechanism and "p" macro of
 * SPF (RFC 7208 section 5.5) have in common.  The first LIMIT_PTR_NAMES
 * records count; names that are no valid domains are skipped.
 */
#ifndef MAILAUTH_PTR_NAMES_H
#define MAILAUTH_PTR_NAMES_H

#include "base/dns.h"
#include "base/domain.h"
#include "base/limits.h"

struct arena;

struct ptr_name {
	struct domain domain;
	struct dns_question *addresses; /* once asked */
};

struct ptr_names {
	struct arena *arena;
	struct resolver *resolver;
	struct ipaddr client;
	struct dns_question *question;
	bool waited;
	enum dns_status status; /* of the PTR question, once waited for */
	struct ptr_name *names; /* `count` of them, once waited for */
	size_t count;
	enum dns_security security; /* weakest of all answers used */
};

/* Asks for the PTR records of a client with a family. */
struct ptr_names *ptr_names_begin(struct arena *arena,
				  struct resolver *resolver,
				  const struct ipaddr *client);
/* Waits for them; at once when called again. */
enum dns_status ptr_names_wait(struct ptr_names *ptr, struct deadline deadline);
/* Asks for the addresses of one name, in the client's family. */
void ptr_names_ask(struct ptr_names *ptr, size_t index);
/* FOUND if the client is among them, NODATA if not; else why not. */
enum dns_status ptr_names_confirm(struct ptr_names *ptr, size_t index,
				  struct deadline deadline);

#endif
