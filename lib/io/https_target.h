/* https_target.h - where an HTTPS request goes: URL, host, addresses */
#ifndef IO_HTTPS_TARGET_H
#define IO_HTTPS_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/deadline.h"
#include "base/domain.h"
#include "base/ipaddr.h"
#include "io/https.h"

struct arena;
struct buf;
struct resolver;
struct why;

struct https_target {
	struct domain host;
	uint16_t port;
	struct text path; /* with its query; begins with '/' */
};

/* "https://HOST[:PORT][/PATH]" of printable ASCII, and no more: no login, no
 * address in place of a name, no fragment.  `port` is for a URL without
 * one. */
bool https_target_parse(struct arena *arena, struct text url, uint16_t port,
			struct https_target *target, struct why *why);

/* May we connect there?  Only to hosts of the Internet, or what is in
 * `allowed`. */
bool https_target_is_allowed(const struct ipaddr *address,
			     const struct ipnet *allowed, size_t count);

/* Asks for the addresses and adds those that are allowed to `list` as
 * "A,[B]", IPv6 first.  HTTPS_NOT_TRIED if there are some, else the result of
 * the request with the reason. */
enum https_result https_target_resolve(struct arena *arena,
				       struct resolver *resolver,
				       struct domain host,
				       const struct ipnet *allowed,
				       size_t count, struct deadline deadline,
				       struct buf *list, struct why *why);

#endif
