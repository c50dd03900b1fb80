/*
 * signcost_ours.h - one message signed with the product's own code
 *
 * Apart from signcost.c, since the corpus and the product each have a struct
 * message.
 */
#ifndef BENCH_SIGNCOST_OURS_H
#define BENCH_SIGNCOST_OURS_H

#include <stddef.h>

struct header;
struct ours;

enum ours_keys { OURS_RSA = 1, OURS_ED25519 = 2 };

struct ours *ours_new(void);
/* The private key in PEM, zero-terminated. */
const char *ours_pem(const struct ours *ours, enum ours_keys key);

/* What a milter does: the fields are taken in one by one, the body comes in
 * pieces of 64 KiB; `keys` are one or both bits. Returns the bytes of the
 * fields made. */
size_t ours_sign(struct ours *ours, const struct header *headers,
		 size_t n_headers, const char *body, size_t body_bytes,
		 unsigned keys);
void ours_free(struct ours *ours);

#endif
