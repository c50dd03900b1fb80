/*
 * gencorpus - writes the messages that the benchmark sends
 *
 * usage: gencorpus DIRECTORY [MESSAGES [SEED [BYTES]]]
 *
 * The same numbers give the same bytes. The form of the directory is told in
 * corpus.h. Sizes are log-normal with a median of 20 KiB and a mean of
 * 45 KiB, at most 1 MiB. Out of 100 messages 62 carry one RSA signature, 12
 * two, 4 RSA and Ed25519, 2 Ed25519 alone, 5 only one of a third party, 5 a
 * broken one, 2 one without a usable key and 8 none; 7 come from an address
 * that SPF does not list. There are as many domains as messages, at most 200.
 * With BYTES every message has that size and one RSA signature.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gen_domain.h"
#include "gen_message.h"
#include "gen_sign.h"

enum { SIGNATURES_MAX = 2, BYTES_MIN = 600, BYTES_MAX = 1 << 20 };

enum kind {
	ONE_RSA,
	TWO_RSA,
	RSA_AND_ED25519,
	ONLY_ED25519,
	THIRD_PARTY,
	BROKEN,
	WITHOUT_KEY,
	UNSIGNED
};

struct output {
	FILE *manifest, *floor;
	const char *directory;
	double fixed_bytes; /* 0: as the distribution wants */
};

/* A message being made, and what shall be found out about it. */
struct work {
	unsigned number;
	enum kind kind;
	struct random *random;
	const struct domain *author, *esp;
	bool listed, null_sender;
	char ip[20], host[60], author_address[80], mail_from[80];
	struct draft draft;
	struct signature signatures[SIGNATURES_MAX];
	bool passes[SIGNATURES_MAX];
	size_t n_signatures;
	const char *spf;
};

static enum kind
choose_kind(struct random *random)
{
	static const unsigned char upto[] = {62, 74, 78, 80, 85, 90, 92, 100};
	unsigned n = random_below(random, 100), kind = 0;

	while (n >= upto[kind])
		kind++;
	return (enum kind)kind;
}

static void
choose_sender(struct work *work, const struct senders *senders)
{
	struct random *random = work->random;
	const struct domain *from;

	work->author =
	    &senders->domains[random_below(random, senders->n_domains)];
	work->esp = &senders->esps[random_below(random, SENDERS)];
	work->listed = random_below(random, 100) >= 7;
	work->null_sender = random_below(random, 100) < 3;
	from = work->kind == THIRD_PARTY ? work->esp : work->author;
	snprintf(work->author_address, sizeof(work->author_address),
		 "author%u@%s%s", work->number % 17,
		 work->author->sub_author ? "news." : "", work->author->name);
	work->mail_from[0] = '\0';
	if (!work->null_sender)
		snprintf(work->mail_from, sizeof(work->mail_from), "%s%u@%s",
			 work->kind == THIRD_PARTY ? "bounce" : "author",
			 work->number % 17, from->name);
	if (work->listed) {
		memcpy(work->ip, from->ip, sizeof(work->ip));
		memcpy(work->host, from->host, sizeof(work->host));
	} else {
		stranger(random_below(random, 1000), work->ip, work->host);
	}
	/* No HELO name has an SPF record, so a null sender has none. */
	work->spf = work->null_sender			   ? "none"
		    : !work->listed			   ? from->spf_other
		    : strcmp(from->spf_other, "none") == 0 ? "none"
							   : "pass";
}

static void
add_signature(struct work *work, const struct domain *by, enum key_type type,
	      const char *selector, bool passes)
{
	struct signature *signature = &work->signatures[work->n_signatures];
	unsigned form = random_below(work->random, 100);

	work->passes[work->n_signatures++] = passes;
	signature->domain = by->name;
	signature->selector = selector;
	signature->type = type;
	signature->key = type == KEY_RSA ? by->rsa : by->ed25519;
	signature->relaxed_header = form < 95 || form >= 98;
	signature->relaxed_body = form < 80 || (form >= 95 && form < 98);
	sign(&work->draft, signature);
}

static void
add_signatures(struct work *work)
{
	const struct domain *author = work->author;
	bool missing = work->number % 2 == 0;

	switch (work->kind) {
	case ONE_RSA:
		add_signature(work, author, KEY_RSA, "s2048", true);
		return;
	case TWO_RSA:
		add_signature(work, author, KEY_RSA, "s2048", true);
		add_signature(work, work->esp, KEY_RSA, "s2048", true);
		return;
	case RSA_AND_ED25519:
		add_signature(work, author, KEY_ED25519, "ed", true);
		add_signature(work, author, KEY_RSA, "s2048", true);
		return;
	case ONLY_ED25519:
		add_signature(work, author, KEY_ED25519, "ed", true);
		return;
	case THIRD_PARTY:
		add_signature(work, work->esp, KEY_RSA, "s2048", true);
		return;
	case BROKEN:
		add_signature(work, author, KEY_RSA, "s2048", false);
		return;
	case WITHOUT_KEY:
		add_signature(work, author, KEY_RSA,
			      missing ? "gone" : "revoked", false);
		return;
	case UNSIGNED:
		return;
	}
}

/* Half of the broken signatures fail by their body, half by the subject. */
static void
damage(struct work *work)
{
	struct str *to = &work->draft.body;

	if (work->number % 2 == 0)
		to = draft_field(&work->draft, "Subject");
	to->data[10] = to->data[10] == 'Z' ? 'Y' : 'Z';
}

static void
write_message(const struct work *work, const struct output *output)
{
	const struct draft *draft = &work->draft;
	char path[4096];
	FILE *out;
	size_t n;

	snprintf(path, sizeof(path), "%s/messages/%05u.eml", output->directory,
		 work->number);
	if ((out = fopen(path, "wb")) == NULL)
		err(1, "%s", path);
	for (n = 0; n < draft->n_fields; n++)
		fwrite(draft->fields[n].data, 1, draft->fields[n].len, out);
	fputs("\r\n", out);
	fwrite(draft->body.data, 1, draft->body.len, out);
	if (fclose(out) != 0)
		err(1, "%s", path);
}

static bool
aligned(const struct work *work, const char *domain)
{
	return strcmp(domain, work->author->name) == 0 &&
	       !(work->author->strict && work->author->sub_author);
}

static const char *
expected_dmarc(const struct work *work)
{
	bool pass = strcmp(work->spf, "pass") == 0 &&
		    work->kind != THIRD_PARTY &&
		    aligned(work, work->author->name);
	size_t n;

	if (work->author->policy == NULL)
		return "none";
	for (n = 0; n < work->n_signatures; n++)
		pass |= work->passes[n] &&
			aligned(work, work->signatures[n].domain);
	return pass ? "pass" : "fail";
}

static const char *
expected_policy(const struct work *work)
{
	if (work->author->policy == NULL)
		return "-";
	if (work->author->sub_author && work->author->sub_policy != NULL)
		return work->author->sub_policy;
	return work->author->policy;
}

static void
write_results(struct work *work, const struct output *output)
{
	struct str dkim = {NULL, 0, 0};
	size_t n;

	str_clear(&dkim);
	for (n = 0; n < work->n_signatures; n++) {
		const struct signature *signature = &work->signatures[n];

		str_add(&dkim, "%s%s/%s=%s", n > 0 ? "," : "",
			signature->domain, signature->selector,
			work->passes[n] ? "pass" : "fail");
		if (work->kind != WITHOUT_KEY)
			sign_write_floor(&work->draft, signature, work->number,
					 work->passes[n], output->floor);
	}
	fprintf(output->manifest,
		"%05u.eml\t%s\t%s\t%s\t%s\tuser%u@site.bench\t%s\t%s\t%s\t%s\n",
		work->number, work->ip, work->host, work->host, work->mail_from,
		work->number % 50, work->spf, dkim.len > 0 ? dkim.data : "none",
		expected_dmarc(work), expected_policy(work));
	free(dkim.data);
}

static void
make_message(struct work *work, const struct senders *senders,
	     const struct output *output)
{
	double bytes = random_log_normal(work->random, 20480, 1.27);
	char rcpt[40];
	struct draft_facts facts = {.number = work->number,
				    .author = work->author_address,
				    .rcpt = rcpt,
				    .client_host = work->host,
				    .client_ip = work->ip};

	bytes = bytes < BYTES_MIN ? BYTES_MIN : bytes;
	bytes = bytes > BYTES_MAX ? BYTES_MAX : bytes;
	work->kind = choose_kind(work->random);
	if (output->fixed_bytes > 0) {
		bytes = output->fixed_bytes;
		work->kind = ONE_RSA;
	}
	work->n_signatures = 0;
	choose_sender(work, senders);
	snprintf(rcpt, sizeof(rcpt), "user%u@site.bench", work->number % 50);
	draft_init(&work->draft, work->random, &facts, (size_t)bytes);
	add_signatures(work);
	if (work->kind == BROKEN)
		damage(work);
	write_message(work, output);
	write_results(work, output);
}

static FILE *
create(const char *directory, const char *name)
{
	char path[4096];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	if ((out = fopen(path, "w")) == NULL)
		err(1, "%s", path);
	return out;
}

int
main(int argc, char **argv)
{
	unsigned messages = 2000, n;
	struct random random = {1};
	static struct senders senders;
	static struct work work;
	struct output output;
	char path[4096];
	FILE *zone;

	if (argc < 2 || argc > 5)
		errx(2, "usage: gencorpus DIRECTORY [MESSAGES [SEED [BYTES]]]");
	if (argc > 2)
		messages = (unsigned)strtoul(argv[2], NULL, 10);
	if (argc > 3)
		random.state = strtoull(argv[3], NULL, 10);
	output.fixed_bytes = argc > 4 ? strtod(argv[4], NULL) : 0;
	snprintf(path, sizeof(path), "%s/messages", argv[1]);
	if (mkdir(argv[1], 0755) != 0 || mkdir(path, 0755) != 0)
		err(1, "%s", argv[1]);
	senders_init(&senders, messages, random.state);
	output.directory = argv[1];
	output.manifest = create(argv[1], "manifest");
	output.floor = create(argv[1], "floor");
	zone = create(argv[1], "zone");
	senders_write(&senders, zone);
	work.random = &random;
	for (n = 0; n < messages; n++) {
		work.number = n;
		make_message(&work, &senders, &output);
	}
	if (fclose(zone) != 0 || fclose(output.floor) != 0 ||
	    fclose(output.manifest) != 0)
		err(1, "%s", argv[1]);
	return 0;
}
