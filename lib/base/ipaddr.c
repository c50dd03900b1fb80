#include "base/ipaddr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/arena.h"

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0,    0,
					  0, 0, 0, 0, 0xff, 0xff};

static void
set_v4(struct ipaddr *address, const void *bytes)
{
	*address = (struct ipaddr){.family = 4};
	memcpy(address->bytes, bytes, 4);
}

static void
set_v6(struct ipaddr *address, const uint8_t *bytes)
{
	if (memcmp(bytes, mapped_prefix, sizeof(mapped_prefix)) == 0) {
		set_v4(address, bytes + sizeof(mapped_prefix));
		return;
	}
	*address = (struct ipaddr){.family = 6};
	memcpy(address->bytes, bytes, 16);
}

bool
ipaddr_parse(struct text text, struct ipaddr *address)
{
	char string[IPADDR_STRING_BYTES];
	uint8_t bytes[16];

	*address = (struct ipaddr){0};
	if (text.len == 0 || text.len >= sizeof(string) || text_has(text, '\0'))
		return false;
	memcpy(string, text.at, text.len);
	string[text.len] = '\0';
	if (!text_has(text, ':')) {
		if (inet_pton(AF_INET, string, bytes) != 1)
			return false;
		set_v4(address, bytes);
		return true;
	}
	if (inet_pton(AF_INET6, string, bytes) != 1)
		return false;
	set_v6(address, bytes);
	return true;
}

bool
ipaddr_from_sockaddr(const struct sockaddr *from, struct ipaddr *address)
{
	*address = (struct ipaddr){0};
	if (from == NULL)
		return false;
	if (from->sa_family == AF_INET)
		set_v4(address, &((const struct sockaddr_in *)from)->sin_addr);
	else if (from->sa_family == AF_INET6)
		set_v6(address,
		       ((const struct sockaddr_in6 *)from)->sin6_addr.s6_addr);
	return address->family != 0;
}

const char *
ipaddr_write(const struct ipaddr *address, char to[IPADDR_STRING_BYTES])
{
	to[0] = '\0';
	if (address->family == 4)
		inet_ntop(AF_INET, address->bytes, to, IPADDR_STRING_BYTES);
	else if (address->family == 6)
		inet_ntop(AF_INET6, address->bytes, to, IPADDR_STRING_BYTES);
	return to;
}

bool
ipaddr_equal(const struct ipaddr *a, const struct ipaddr *b)
{
	return a->family == b->family &&
	       memcmp(a->bytes, b->bytes, a->family == 4 ? 4 : 16) == 0;
}

/* True if the first `bits` bits agree. */
static bool
bits_agree(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned rest = bits % 8;

	if (memcmp(a, b, bits / 8) != 0)
		return false;
	return rest == 0 || (a[bits / 8] ^ b[bits / 8]) >> (8 - rest) == 0;
}

static bool
host_bits_are_zero(const struct ipnet *net, unsigned width)
{
	unsigned i;

	for (i = net->bits; i < width; i++)
		if (net->address.bytes[i / 8] & 0x80 >> i % 8)
			return false;
	return true;
}

bool
ipnet_parse(struct text text, struct ipnet *net)
{
	size_t slash = text_find(text, '/');
	struct text address = text_first(text, slash);
	bool mapped;
	unsigned width;
	uint64_t bits;

	*net = (struct ipnet){0};
	if (!ipaddr_parse(address, &net->address))
		return false;
	mapped = net->address.family == 4 && text_has(address, ':');
	width = net->address.family == 4 && !mapped ? 32 : 128;
	bits = width;
	if (slash < text.len &&
	    !text_to_u64(text_skip(text, slash + 1), width, &bits))
		return false;
	if (mapped) {
		if (bits < 96)
			return false;
		bits -= 96;
		width = 32;
	}
	net->bits = (uint8_t)bits;
	return host_bits_are_zero(net, width);
}

bool
ipnet_contains(const struct ipnet *net, const struct ipaddr *address)
{
	return net->address.family == address->family && address->family != 0 &&
	       bits_agree(net->address.bytes, address->bytes, net->bits);
}

struct block {
	uint8_t bytes[16], bits;
};

/* The IANA special-purpose registries: what is not globally reachable. */
static const struct block special_v4[] = {
    {{0}, 8},
    {{10}, 8},
    {{100, 64}, 10},
    {{127}, 8},
    {{169, 254}, 16},
    {{172, 16}, 12},
    {{192, 0, 0}, 24},
    {{192, 0, 2}, 24},
    {{192, 88, 99}, 24},
    {{192, 168}, 16},
    {{198, 18}, 15},
    {{198, 51, 100}, 24},
    {{203, 0, 113}, 24},
    {{224}, 3},
};

/* 2000::/3 is all that is given out; inside it: */
static const struct block unicast_v6 = {{0x20}, 3};
static const struct block special_v6[] = {
    {{0x20, 0x01, 0x00}, 23},
    {{0x20, 0x01, 0x0d, 0xb8}, 32},
    {{0x3f, 0xff, 0x00}, 20},
};

static bool
is_in(const struct block *blocks, size_t count, const struct ipaddr *address)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (bits_agree(blocks[i].bytes, address->bytes, blocks[i].bits))
			return true;
	return false;
}

bool
ipaddr_is_global(const struct ipaddr *address)
{
	/* 64:ff9b::/96 (RFC 6052) stands for an address of IPv4 */
	static const struct block nat64 = {{0x00, 0x64, 0xff, 0x9b}, 96};
	struct ipaddr inner;

	if (address->family == 4)
		return !is_in(special_v4,
			      sizeof(special_v4) / sizeof(*special_v4),
			      address);
	if (address->family != 6)
		return false;
	if (is_in(&nat64, 1, address)) {
		set_v4(&inner, address->bytes + 12);
		return ipaddr_is_global(&inner);
	}
	return is_in(&unicast_v6, 1, address) &&
	       !is_in(special_v6, sizeof(special_v6) / sizeof(*special_v6),
		      address);
}

bool
ipaddr_is_loopback(const struct ipaddr *address)
{
	static const uint8_t loopback_v6[16] = {[15] = 1};

	if (address->family == 4)
		return address->bytes[0] == 127;
	return address->family == 6 &&
	       memcmp(address->bytes, loopback_v6, 16) == 0;
}

struct text
ipaddr_reverse_name(struct arena *arena, const struct ipaddr *address)
{
	static const char hex[] = "0123456789abcdef";
	static const char zone[] = "ip6.arpa";
	const uint8_t *b = address->bytes;
	char *to;
	int i;

	if (address->family == 4)
		return text_from(arena_printf(arena, "%u.%u.%u.%u.in-addr.arpa",
					      b[3], b[2], b[1], b[0]));
	if (address->family != 6)
		return text_of(NULL, 0);
	to = arena_bytes(arena, 64 + sizeof(zone));
	for (i = 0; i < 16; i++) {
		to[4 * i] = hex[b[15 - i] & 15];
		to[4 * i + 1] = '.';
		to[4 * i + 2] = hex[b[15 - i] >> 4];
		to[4 * i + 3] = '.';
	}
	memcpy(to + 64, zone, sizeof(zone));
	return text_of(to, 64 + sizeof(zone) - 1);
}
