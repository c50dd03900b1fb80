/* dns_packed.h - an answer as one piece of memory that threads can share */
#ifndef IO_DNS_PACKED_H
#define IO_DNS_PACKED_H

#include <stddef.h>

#include "base/dns.h"

struct arena;

struct dns_packed {
	struct dns_answer answer; /* its pointers lead into `bytes` */
	size_t size;		  /* of all */
	struct dns_record records[];
};

size_t dns_packed_size(const struct dns_answer *answer);

/* Copies the answer into `size` bytes at `to`, as dns_packed_size told. */
void dns_packed_init(struct dns_packed *to, size_t size,
		     const struct dns_answer *answer);

/* On the heap; the caller frees it. */
struct dns_packed *dns_packed_new(const struct dns_answer *answer);

/* Copies it into the arena in one allocation. */
void dns_packed_copy(const struct dns_packed *packed, struct arena *arena,
		     struct dns_answer *answer);

#endif
