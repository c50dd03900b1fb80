/*
 * cryptofloor - the bare work that the corpus' signatures ask for
 *
 * usage: cryptofloor CORPUS [ROUNDS]
 *
 * CPU seconds per 1000 messages of the corpus, each kind of work done alone
 * and taken from the process' clock: building public keys from their numbers
 * (once per signature), canonical forms of header and body (one per distinct
 * body form of a message), SHA-256 of these, and verifying signatures with
 * the keys at hand. The results are compared with what the corpus says;
 * a difference ends the program with status 1.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench_canon.h"
#include "bench_crypto.h"
#include "corpus.h"

enum { FLOOR_FIELDS = 9 };

struct check {
	const struct message *message;
	enum key_type type;
	bool relaxed_header, relaxed_body;
	unsigned char key[MODULUS_BYTES];
	size_t key_bytes;
	struct key *public_key;
	unsigned char signature[SIGNATURE_MAX];
	size_t signature_bytes;
	unsigned char body_hash[SHA256_BYTES + 2];
	char *fields; /* as they stand in the message */
	size_t fields_bytes;
	struct check *same_body; /* an earlier one with this body's digest */
	char *canon_body, *canon_header;
	size_t canon_body_bytes, canon_header_bytes;
	unsigned char body_digest[SHA256_BYTES], header_digest[SHA256_BYTES];
	bool wanted, found;
};

struct checks {
	struct check *check;
	size_t n;
};

static double
cpu_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void
check_read(struct check *check, const struct corpus *corpus, char *line)
{
	char *field[FLOOR_FIELDS];
	unsigned long number;
	int n;

	for (n = 0; n < FLOOR_FIELDS; n++) {
		field[n] = strsep(&line, "\t");
		if (field[n] == NULL)
			errx(1, "floor: a line is too short");
	}
	memset(check, 0, sizeof(*check));
	number = strtoul(field[0], NULL, 10);
	if (number >= corpus->n_messages)
		errx(1, "floor: no message %lu", number);
	check->message = &corpus->messages[number];
	check->type = strcmp(field[1], "rsa") == 0 ? KEY_RSA : KEY_ED25519;
	check->relaxed_header = strcmp(field[2], "relaxed") == 0;
	check->relaxed_body = strcmp(field[3], "relaxed") == 0;
	if (strlen(field[4]) > MODULUS_BYTES / 3 * 4 + 4 ||
	    strlen(field[5]) > SIGNATURE_MAX || strlen(field[6]) != 44)
		errx(1, "floor: a value is too long");
	check->key_bytes = base64_read(field[4], check->key);
	check->signature_bytes = base64_read(field[5], check->signature);
	base64_read(field[6], check->body_hash);
	check->fields = need(strlen(field[7]) + 1);
	check->fields_bytes =
	    base64_read(field[7], (unsigned char *)check->fields);
	check->wanted = strcmp(field[8], "pass") == 0;
	check->canon_header = need(check->fields_bytes + 2);
	check->canon_body = need(check->message->body_bytes + 2);
}

static void
checks_read(struct checks *checks, const struct corpus *corpus,
	    const char *directory)
{
	char path[4096], *text, *line;
	struct check *last;
	size_t bytes, n;

	snprintf(path, sizeof(path), "%s/floor", directory);
	text = corpus_read_file(path, &bytes);
	for (n = 0; n < bytes; n++)
		checks->n += text[n] == '\n';
	checks->check = need(checks->n * sizeof(*checks->check));
	for (n = 0; n < checks->n; n++) {
		line = strsep(&text, "\n");
		check_read(&checks->check[n], corpus, line);
		last = n > 0 ? &checks->check[n - 1] : NULL;
		if (last != NULL && last->message == checks->check[n].message &&
		    last->relaxed_body == checks->check[n].relaxed_body)
			checks->check[n].same_body = last;
	}
}

static void
build_keys(struct checks *checks)
{
	size_t n;

	for (n = 0; n < checks->n; n++) {
		struct check *check = &checks->check[n];

		if (check->public_key != NULL)
			key_free(check->public_key);
		check->public_key =
		    key_from_public(check->type, check->key, check->key_bytes);
	}
}

/* Each field of the signature; they stand one behind the other. */
static void
canon_fields(struct check *check)
{
	const char *at = check->fields, *end = at + check->fields_bytes;
	size_t len = 0;

	while (at < end) {
		const char *stop = at;

		do {
			stop = memchr(stop, '\n', (size_t)(end - stop));
			stop = stop != NULL ? stop + 1 : end;
		} while (stop < end && (*stop == ' ' || *stop == '\t'));
		len +=
		    canon_header(check->relaxed_header, at, (size_t)(stop - at),
				 check->canon_header + len);
		at = stop;
	}
	check->canon_header_bytes = len;
}

static void
canonicalise(struct checks *checks)
{
	size_t n;

	for (n = 0; n < checks->n; n++) {
		struct check *check = &checks->check[n];

		canon_fields(check);
		if (check->same_body != NULL)
			continue;
		check->canon_body_bytes =
		    canon_body(check->relaxed_body, check->message->body,
			       check->message->body_bytes, check->canon_body);
	}
}

static void
hash(struct checks *checks)
{
	size_t n;

	for (n = 0; n < checks->n; n++) {
		struct check *check = &checks->check[n];

		sha256(check->canon_header, check->canon_header_bytes,
		       check->header_digest);
		if (check->same_body != NULL)
			memcpy(check->body_digest,
			       check->same_body->body_digest, SHA256_BYTES);
		else
			sha256(check->canon_body, check->canon_body_bytes,
			       check->body_digest);
	}
}

static void
verify(struct checks *checks)
{
	size_t n;

	for (n = 0; n < checks->n; n++) {
		struct check *check = &checks->check[n];

		check->found =
		    key_verify(check->public_key, check->header_digest,
			       check->signature, check->signature_bytes) &&
		    memcmp(check->body_digest, check->body_hash,
			   SHA256_BYTES) == 0;
	}
}

static void
compare(const struct checks *checks)
{
	size_t n, passes = 0;

	for (n = 0; n < checks->n; n++) {
		const struct check *check = &checks->check[n];

		if (check->found != check->wanted)
			errx(1, "%s: signature %s, expected %s",
			     check->message->field[FIELD_FILE],
			     check->found ? "passes" : "fails",
			     check->wanted ? "pass" : "fail");
		passes += check->found;
	}
	printf("signatures_pass %zu\nsignatures_fail %zu\n", passes,
	       checks->n - passes);
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*work)(struct checks *checks);
	} works[] = {{"fromdata", build_keys},
		     {"canonicalise", canonicalise},
		     {"hash", hash},
		     {"verify", verify}};
	enum { WORKS = sizeof(works) / sizeof(*works) };
	unsigned long rounds = argc > 2 ? strtoul(argv[2], NULL, 10) : 3;
	struct corpus corpus;
	struct checks checks = {NULL, 0};
	double used[WORKS] = {0}, sum = 0, scale;
	unsigned long round;
	int n;

	if (argc < 2 || argc > 3 || rounds == 0)
		errx(2, "usage: cryptofloor CORPUS [ROUNDS]");
	corpus_load(&corpus, argv[1]);
	checks_read(&checks, &corpus, argv[1]);
	for (round = 0; round <= rounds; round++) {
		for (n = 0; n < WORKS; n++) {
			double began = cpu_now();

			works[n].work(&checks);
			if (round > 0) /* round 0 touches the memory first */
				used[n] += cpu_now() - began;
		}
	}
	compare(&checks);
	scale = 1000 / (double)(rounds * corpus.n_messages);
	for (n = 0; n < WORKS; n++) {
		printf("%s %.5f\n", works[n].name, used[n] * scale);
		sum += used[n] * scale;
	}
	printf("cpu %.5f\n", sum);
	printf("openssl %s\n", crypto_version());
	return 0;
}
