#include "gen_domain.h"

#include <stdlib.h>
#include <string.h>

enum { STRANGERS = 40 };

/* Kinds of SPF record; most are as common as they are among real domains. */
enum spf_kind {
	SPF_IP4,
	SPF_A,
	SPF_MX,
	SPF_INCLUDE_ESP, /* the domain's mail comes from an ESP's hosts */
	SPF_REDIRECT,
	SPF_EXISTS,
	SPF_TWO_INCLUDES,
	SPF_NEUTRAL,
	SPF_ABSENT,
	SPF_KINDS
};

static const char *const other_result[SPF_KINDS] = {[SPF_IP4] = "fail",
						    [SPF_A] = "fail",
						    [SPF_MX] = "fail",
						    [SPF_INCLUDE_ESP] = "fail",
						    [SPF_REDIRECT] = "softfail",
						    [SPF_EXISTS] = "fail",
						    [SPF_TWO_INCLUDES] =
							"softfail",
						    [SPF_NEUTRAL] = "neutral",
						    [SPF_ABSENT] = "none"};

/* The same name and seed have the same keys in every corpus. */
static void
make_keys(struct domain *domain, uint64_t seed)
{
	struct random random = {seed};
	const char *at;

	for (at = domain->name; *at != '\0'; at++)
		random.state = random_next(&random) ^ (unsigned char)*at;
	domain->rsa = key_generate(KEY_RSA, &random);
	domain->ed25519 = key_generate(KEY_ED25519, &random);
}

static void
esp_init(struct domain *esp, unsigned n, uint64_t seed)
{
	snprintf(esp->name, sizeof(esp->name), "esp%02u.bench", n);
	snprintf(esp->ip, sizeof(esp->ip), "198.19.%u.10", n + 1);
	snprintf(esp->host, sizeof(esp->host), "out1.esp%02u.bench", n);
	make_keys(esp, seed);
	esp->spf = SPF_IP4;
	esp->spf_other = other_result[SPF_IP4];
}

static void
policy_init(struct domain *domain, unsigned n)
{
	unsigned kind = n * 7 % 20;

	if (kind < 3)
		return;
	domain->policy = kind < 11   ? "none"
			 : kind < 15 ? "quarantine"
				     : "reject";
	if (n % 8 == 1)
		domain->sub_policy = "none";
	domain->strict = kind == 19;
}

static void
domain_init(struct domain *domain, const struct domain *esps, unsigned n,
	    uint64_t seed)
{
	snprintf(domain->name, sizeof(domain->name), "d%03u.bench", n);
	domain->spf = (int)(n % SPF_KINDS);
	domain->spf_other = other_result[domain->spf];
	if (domain->spf == SPF_INCLUDE_ESP) {
		memcpy(domain->ip, esps[n % SENDERS].ip, sizeof(domain->ip));
		memcpy(domain->host, esps[n % SENDERS].host,
		       sizeof(domain->host));
	} else {
		snprintf(domain->ip, sizeof(domain->ip), "198.18.1.%u", n + 1);
		snprintf(domain->host, sizeof(domain->host), "mail.d%03u.bench",
			 n);
	}
	make_keys(domain, seed);
	domain->sub_author = n % 10 == 4;
	policy_init(domain, n);
}

void
senders_init(struct senders *senders, unsigned n_domains, uint64_t seed)
{
	unsigned n;

	memset(senders, 0, sizeof(*senders));
	for (n = 0; n < SENDERS; n++)
		esp_init(&senders->esps[n], n, seed);
	senders->n_domains = n_domains < DOMAINS ? n_domains : DOMAINS;
	for (n = 0; n < senders->n_domains; n++)
		domain_init(&senders->domains[n], senders->esps, n, seed);
}

void
stranger(unsigned number, char ip[20], char host[60])
{
	number %= STRANGERS;
	snprintf(ip, 20, "198.19.200.%u", number + 1);
	snprintf(host, 60, "host%u.bulk%02u.bench", number + 1, number);
}

/* A TXT record in strings of at most 255 bytes (RFC 1035 section 3.3.14). */
static void
write_txt(FILE *out, const char *name, const char *value)
{
	size_t len = strlen(value), at;

	fprintf(out, "%s. TXT", name);
	for (at = 0; at < len; at += 250)
		fprintf(out, " \"%.250s\"", value + at);
	fputc('\n', out);
}

static void
write_host(FILE *out, const char *host, const char *ip)
{
	unsigned a, b, c, d;

	fprintf(out, "%s. A %s\n", host, ip);
	if (sscanf(ip, "%u.%u.%u.%u", &a, &b, &c, &d) == 4)
		fprintf(out, "%u.%u.%u.%u.in-addr.arpa. PTR %s.\n", d, c, b, a,
			host);
}

static void
write_key(FILE *out, const char *selector, const struct domain *domain,
	  const struct key *key)
{
	char name[120], value[1024], *record = key_record(key);

	snprintf(name, sizeof(name), "%s._domainkey.%s", selector,
		 domain->name);
	snprintf(value, sizeof(value), "v=DKIM1; k=%s; p=%s",
		 key == domain->ed25519 ? "ed25519" : "rsa", record);
	write_txt(out, name, value);
	free(record);
}

static void
write_keys(FILE *out, const struct domain *domain)
{
	char name[120];

	write_key(out, "s2048", domain, domain->rsa);
	write_key(out, "ed", domain, domain->ed25519);
	snprintf(name, sizeof(name), "revoked._domainkey.%s", domain->name);
	write_txt(out, name, "v=DKIM1; p=");
}

/* A second name below the domain that an SPF record points to. */
static void
write_spf_part(FILE *out, const struct domain *domain, const char *label,
	       const char *value)
{
	char name[120];

	snprintf(name, sizeof(name), "%s.%s", label, domain->name);
	write_txt(out, name, value);
}

static void
write_spf(FILE *out, const struct domain *domain, const char *esp)
{
	const char *d = domain->name;
	char value[300] = "", part[100];

	snprintf(part, sizeof(part), "v=spf1 ip4:%s ~all", domain->ip);
	switch ((enum spf_kind)domain->spf) {
	case SPF_IP4:
		snprintf(value, sizeof(value), "v=spf1 ip4:%s -all",
			 domain->ip);
		break;
	case SPF_A:
		snprintf(value, sizeof(value), "v=spf1 a:%s -all",
			 domain->host);
		break;
	case SPF_MX:
		snprintf(value, sizeof(value), "v=spf1 mx -all");
		break;
	case SPF_INCLUDE_ESP:
		snprintf(value, sizeof(value), "v=spf1 mx include:%s -all",
			 esp);
		break;
	case SPF_REDIRECT:
		snprintf(value, sizeof(value), "v=spf1 redirect=_spf.%s", d);
		write_spf_part(out, domain, "_spf", part);
		break;
	case SPF_EXISTS:
		snprintf(value, sizeof(value),
			 "v=spf1 exists:%%{i}._ok.%%{d} -all");
		fprintf(out, "%s._ok.%s. A 127.0.0.2\n", domain->ip, d);
		break;
	case SPF_TWO_INCLUDES:
		snprintf(value, sizeof(value),
			 "v=spf1 include:_a.%s include:_b.%s ~all", d, d);
		write_spf_part(out, domain, "_a",
			       "v=spf1 ip4:198.19.250.0/24 -all");
		write_spf_part(out, domain, "_b", part);
		break;
	case SPF_NEUTRAL:
		snprintf(value, sizeof(value), "v=spf1 a mx ?all");
		break;
	case SPF_ABSENT:
	case SPF_KINDS:
		return;
	}
	write_txt(out, d, value);
}

static void
write_dmarc(FILE *out, const struct domain *domain)
{
	char name[60], value[300];

	if (domain->policy == NULL)
		return;
	snprintf(name, sizeof(name), "_dmarc.%s", domain->name);
	snprintf(value, sizeof(value),
		 "v=DMARC1; p=%s;%s%s%s rua=mailto:dmarc@%s;%s", domain->policy,
		 domain->sub_policy != NULL ? " sp=" : "",
		 domain->sub_policy != NULL ? domain->sub_policy : "",
		 domain->sub_policy != NULL ? ";" : "", domain->name,
		 domain->strict ? " adkim=s; aspf=s" : "");
	write_txt(out, name, value);
}

static void
write_domain(FILE *out, const struct domain *domain, const char *esp)
{
	if (domain->spf != SPF_INCLUDE_ESP)
		write_host(out, domain->host, domain->ip);
	fprintf(out, "%s. A %s\n", domain->name, domain->ip);
	fprintf(out, "news.%s. A %s\n", domain->name, domain->ip);
	fprintf(out, "%s. MX 10 %s.\n", domain->name,
		domain->spf == SPF_INCLUDE_ESP ? "mx.site.bench"
					       : domain->host);
	write_spf(out, domain, esp);
	write_dmarc(out, domain);
	write_keys(out, domain);
}

void
senders_write(const struct senders *senders, FILE *out)
{
	char ip[20], host[60];
	unsigned n;

	fprintf(out, "mx.site.bench. A 198.18.0.1\n");
	for (n = 0; n < SENDERS; n++) {
		const struct domain *esp = &senders->esps[n];

		write_host(out, esp->host, esp->ip);
		write_spf(out, esp, esp->name);
		write_keys(out, esp);
	}
	for (n = 0; n < senders->n_domains; n++)
		write_domain(out, &senders->domains[n],
			     senders->esps[n % SENDERS].name);
	for (n = 0; n < STRANGERS; n++) {
		stranger(n, ip, host);
		write_host(out, host, ip);
	}
}
