/*
 * gen_domain.h - the senders of the corpus: domains, keys, DNS records
 *
 * Up to 200 domains dNNN.bench that write mail and 10 espNN.bench that send it
 * for others. Client addresses are taken from 198.18.0.0/15, which RFC 2544 set
 * aside for benchmarks; names end in .bench, which resolvers do not treat
 * specially.
 */
#ifndef BENCH_GEN_DOMAIN_H
#define BENCH_GEN_DOMAIN_H

#include <stdbool.h>
#include <stdio.h>

#include "bench_crypto.h"

enum { DOMAINS = 200, SENDERS = 10 };

struct domain {
	char name[40];
	char ip[20]; /* where its mail comes from when SPF passes */
	char host[60];
	struct key *rsa, *ed25519;
	int spf;		/* kind of SPF record, see the .c file */
	const char *spf_other;	/* result for an address that is not listed */
	const char *policy;	/* DMARC p=; NULL: no record */
	const char *sub_policy; /* sp=; NULL: as p= */
	bool strict;		/* adkim=s, aspf=s */
	bool sub_author;	/* its authors write as news.NAME */
};

struct senders {
	struct domain domains[DOMAINS];
	unsigned n_domains;
	struct domain esps[SENDERS];
};

/* Makes at most DOMAINS domains. */
void senders_init(struct senders *senders, unsigned n_domains, uint64_t seed);

/* All records of the zone but SOA and NS, as a zone file. */
void senders_write(const struct senders *senders, FILE *out);

/* The address and name of a host that nobody allows to send. */
void stranger(unsigned number, char ip[20], char host[60]);

#endif
