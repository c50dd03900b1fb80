/*
 * gen_sign.h - DKIM signatures for the corpus (RFC 6376, RFC 8463)
 */
#ifndef BENCH_GEN_SIGN_H
#define BENCH_GEN_SIGN_H

#include <stdbool.h>
#include <stdio.h>

#include "bench_crypto.h"
#include "gen_message.h"

struct signature {
	const char *domain, *selector;
	const struct key *key;
	enum key_type type;
	bool relaxed_header, relaxed_body;
	char body_hash[64]; /* base64 */
	char value[1024];   /* of b=, base64 without folds */
	struct str field;   /* as signed: with an empty b= and no CRLF */
};

/* Signs the draft and puts the DKIM-Signature field on top. The signature's
 * first six members say how. */
void sign(struct draft *draft, struct signature *signature);

/* Writes the line by which cryptofloor verifies the signature of the message
 * as the draft now is: message number, type, canonical forms of header and
 * body, raw public key, signature, body hash, signed fields, and whether it
 * shall pass. Bytes are in base64. */
void sign_write_floor(struct draft *draft, const struct signature *signature,
		      unsigned number, bool pass, FILE *out);

#endif
