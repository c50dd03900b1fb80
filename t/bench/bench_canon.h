/*
 * bench_canon.h - canonical forms of RFC 6376 section 3.4, the plain way
 *
 * One pass, byte by byte: what the floor counts as the cost of
 * canonicalisation, and an implementation independent of the product's.
 */
#ifndef BENCH_CANON_H
#define BENCH_CANON_H

#include <stdbool.h>
#include <stddef.h>

/* `out` has room for `len` + 2 bytes. Returns the length. */
size_t canon_body(bool relaxed, const char *in, size_t len, char *out);

/* One field with its CRLF, if it has one: the last field of a signature has
 * none. `out` has room for `len` bytes. Returns the length. */
size_t canon_header(bool relaxed, const char *in, size_t len, char *out);

#endif
