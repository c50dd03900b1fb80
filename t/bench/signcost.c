/*
 * signcost - what signing a message costs beside what it cannot go below
 *
 * usage: signcost CORPUS [ROUNDS]
 *
 * CPU seconds per 1000 messages of the corpus, each signed once:
 *   hash       SHA-256 of the header and of the canonical body
 *   rsa        the bare RSA-2048 operation on the digest, its context made
 *              before
 *   ed25519    the same for Ed25519
 *   sign_rsa, sign_ed25519, sign_both
 *              the product: fields taken in, canonical forms, digests,
 *              signatures, the fields written
 * and each of these divided by what of the bare work it contains. The kinds
 * of work take turns, a few messages each, so that a busy minute of the
 * machine falls on all alike.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "bench_canon.h"
#include "bench_crypto.h"
#include "corpus.h"
#include "signcost_ours.h"

enum { TURN = 20 };

struct cost {
	struct corpus corpus;
	struct ours *ours;
	EVP_PKEY *rsa_key, *ed25519_key;
	EVP_PKEY_CTX *rsa;
	char **bodies; /* canonical */
	size_t *body_bytes;
	unsigned char digest[SHA256_BYTES];
	size_t made; /* bytes, so that no work is left out */
};

static double
cpu_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void
must(int done, const char *what)
{
	if (done != 1)
		errx(1, "%s failed", what);
}

static EVP_PKEY *
read_key(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);

	BIO_free(bio);
	must(key != NULL, "PEM_read_bio_PrivateKey");
	return key;
}

static void
prepare(struct cost *cost, const char *directory)
{
	size_t n, count;

	corpus_load(&cost->corpus, directory);
	cost->ours = ours_new();
	cost->rsa_key = read_key(ours_pem(cost->ours, OURS_RSA));
	cost->ed25519_key = read_key(ours_pem(cost->ours, OURS_ED25519));
	cost->rsa = EVP_PKEY_CTX_new_from_pkey(NULL, cost->rsa_key, NULL);
	must(EVP_PKEY_sign_init(cost->rsa), "EVP_PKEY_sign_init");
	must(EVP_PKEY_CTX_set_signature_md(cost->rsa, EVP_sha256()),
	     "EVP_PKEY_CTX_set_signature_md");
	count = cost->corpus.n_messages;
	cost->bodies = need(count * sizeof(*cost->bodies));
	cost->body_bytes = need(count * sizeof(*cost->body_bytes));
	for (n = 0; n < count; n++) {
		const struct message *message = &cost->corpus.messages[n];

		cost->bodies[n] = need(message->body_bytes + 2);
		cost->body_bytes[n] = canon_body(
		    true, message->body, message->body_bytes, cost->bodies[n]);
	}
}

static void
hash(struct cost *cost, size_t n)
{
	const struct message *message = &cost->corpus.messages[n];
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t i;

	sha256(cost->bodies[n], cost->body_bytes[n], cost->digest);
	must(EVP_DigestInit_ex(context, EVP_sha256(), NULL), "EVP_DigestInit");
	for (i = 0; i < message->n_headers; i++) {
		EVP_DigestUpdate(context, message->headers[i].name,
				 strlen(message->headers[i].name));
		EVP_DigestUpdate(context, message->headers[i].value,
				 strlen(message->headers[i].value));
	}
	EVP_DigestFinal_ex(context, cost->digest, NULL);
	EVP_MD_CTX_free(context);
	cost->made += cost->digest[0];
}

static void
rsa(struct cost *cost, size_t n)
{
	unsigned char signature[SIGNATURE_MAX];
	size_t bytes = sizeof(signature);

	cost->digest[0] ^= (unsigned char)n;
	must(EVP_PKEY_sign(cost->rsa, signature, &bytes, cost->digest,
			   SHA256_BYTES),
	     "EVP_PKEY_sign");
	cost->made += signature[0];
}

static void
ed25519(struct cost *cost, size_t n)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char signature[SIGNATURE_MAX];
	size_t bytes = sizeof(signature);

	cost->digest[0] ^= (unsigned char)n;
	must(EVP_DigestSignInit(context, NULL, NULL, NULL, cost->ed25519_key),
	     "EVP_DigestSignInit");
	must(EVP_DigestSign(context, signature, &bytes, cost->digest,
			    SHA256_BYTES),
	     "EVP_DigestSign");
	EVP_MD_CTX_free(context);
	cost->made += signature[0];
}

static void
sign(struct cost *cost, size_t n, unsigned keys)
{
	const struct message *message = &cost->corpus.messages[n];

	cost->made +=
	    ours_sign(cost->ours, message->headers, message->n_headers,
		      message->body, message->body_bytes, keys);
}

static void
sign_rsa(struct cost *cost, size_t n)
{
	sign(cost, n, OURS_RSA);
}

static void
sign_ed25519(struct cost *cost, size_t n)
{
	sign(cost, n, OURS_ED25519);
}

static void
sign_both(struct cost *cost, size_t n)
{
	sign(cost, n, OURS_RSA | OURS_ED25519);
}

enum work { HASH, RSA_BARE, ED25519_BARE, SIGN_RSA, SIGN_ED25519, SIGN_BOTH };
enum { WORKS = SIGN_BOTH + 1 };

static const struct {
	const char *name;
	void (*run)(struct cost *cost, size_t n);
} works[WORKS] = {{"hash", hash},
		  {"rsa", rsa},
		  {"ed25519", ed25519},
		  {"sign_rsa", sign_rsa},
		  {"sign_ed25519", sign_ed25519},
		  {"sign_both", sign_both}};

static void
run_round(struct cost *cost, double used[WORKS])
{
	size_t count = cost->corpus.n_messages, from, n;
	double began;
	int work;

	for (from = 0; from < count; from += TURN)
		for (work = 0; work < WORKS; work++) {
			began = cpu_now();
			for (n = from; n < from + TURN && n < count; n++)
				works[work].run(cost, n);
			used[work] += cpu_now() - began;
		}
}

static void
report(const double used[WORKS], double scale)
{
	int work;

	for (work = 0; work < WORKS; work++)
		printf("%s %.5f\n", works[work].name, used[work] * scale);
	printf("ratio_rsa %.4f\n",
	       used[SIGN_RSA] / (used[HASH] + used[RSA_BARE]));
	printf("ratio_ed25519 %.4f\n",
	       used[SIGN_ED25519] / (used[HASH] + used[ED25519_BARE]));
	printf("ratio_both %.4f\n",
	       used[SIGN_BOTH] /
		   (used[HASH] + used[RSA_BARE] + used[ED25519_BARE]));
	printf("openssl %s\n", crypto_version());
}

int
main(int argc, char **argv)
{
	unsigned long rounds = argc > 2 ? strtoul(argv[2], NULL, 10) : 3, round;
	double used[WORKS] = {0}, first[WORKS] = {0};
	struct cost cost = {.made = 0};
	size_t n;

	if (argc < 2 || argc > 3 || rounds == 0)
		errx(2, "usage: signcost CORPUS [ROUNDS]");
	prepare(&cost, argv[1]);
	run_round(&cost, first); /* touches the memory */
	for (round = 0; round < rounds; round++)
		run_round(&cost, used);
	report(used, 1000 / (double)(rounds * cost.corpus.n_messages));
	if (cost.made == 0)
		errx(1, "nothing was signed");
	for (n = 0; n < cost.corpus.n_messages; n++)
		free(cost.bodies[n]);
	free(cost.bodies);
	free(cost.body_bytes);
	EVP_PKEY_CTX_free(cost.rsa);
	EVP_PKEY_free(cost.rsa_key);
	EVP_PKEY_free(cost.ed25519_key);
	ours_free(cost.ours);
	return 0;
}
