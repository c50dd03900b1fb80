/* ipaddr.h - IPv4 and IPv6 addresses and networks
 *
 * An IPv4-mapped IPv6 address (::ffff:192.0.2.1) becomes the IPv4 address
 * when it is parsed (RFC 7208 section 5).
 */
#ifndef BASE_IPADDR_H
#define BASE_IPADDR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

struct sockaddr;

struct ipaddr {
	uint8_t family;	   /* 0 none, 4 or 6 */
	uint8_t bytes[16]; /* network order; the first 4 for IPv4 */
};

struct ipnet {
	struct ipaddr address;
	uint8_t bits;
};

#define IPADDR_STRING_BYTES 46

/* Dotted quad or RFC 4291 text; no brackets, no zone. */
bool ipaddr_parse(struct text text, struct ipaddr *address);
/* AF_INET and AF_INET6 only; else family 0 and false. */
bool ipaddr_from_sockaddr(const struct sockaddr *from,
			  struct ipaddr *address);
/* Zero-terminated, RFC 5952 form; "" for family 0.  Returns `to`. */
const char *ipaddr_write(const struct ipaddr *address,
			 char to[IPADDR_STRING_BYTES]);
bool ipaddr_equal(const struct ipaddr *a, const struct ipaddr *b);

/* "address/bits" or a bare address; host bits must be zero. */
bool ipnet_parse(struct text text, struct ipnet *net);
/* True if the address is of the same family and its first bits agree. */
bool ipnet_contains(const struct ipnet *net, const struct ipaddr *address);

/* Loopback, private, link-local, documentation, multicast ...: addresses
 * that no host of the Internet has (RFC 6890). */
bool ipaddr_is_global(const struct ipaddr *address);
bool ipaddr_is_loopback(const struct ipaddr *address);

/* "1.2.0.192.in-addr.arpa" / "...ip6.arpa", without final dot.  Returns the
 * text, which lies in the arena. */
struct text ipaddr_reverse_name(struct arena *arena,
				const struct ipaddr *address);

#endif
