#include "admin/key_dns.h"

#include "base/arena.h"
#include "mailauth/dkim_key.h"

struct text
key_dns_name(struct arena *arena, struct domain domain, struct text selector)
{
	return text_from(arena_printf(arena, TEXT_FMT "._domainkey." TEXT_FMT,
				      TEXT_ARG(selector),
				      TEXT_ARG(domain.name)));
}

struct dns_question *
key_dns_ask(struct arena *arena, struct resolver *resolver,
	    struct domain domain, struct text selector)
{
	return dns_ask(arena, resolver, key_dns_name(arena, domain, selector),
		       DNS_TXT);
}

static enum key_dns
other(struct key_dns_answer *answer, const char *sentence)
{
	why_set(&answer->why, "%s", sentence);
	return KEY_DNS_OTHER;
}

static enum key_dns
compare(struct arena *arena, struct text record, enum crypto_key_type type,
	struct text public_bytes, struct key_dns_answer *answer)
{
	struct dkim_key key;

	if (!dkim_key_parse(arena, record, &key, &answer->why))
		return KEY_DNS_OTHER;
	answer->test = key.test;
	if (key.data.len == 0)
		return KEY_DNS_REVOKED;
	if (key.type != type)
		return other(answer, "k= is another type of key");
	if (!text_equal(key.data, public_bytes))
		return other(answer, "p= is another key");
	if (!key.sha256)
		return other(answer, "h= leaves out sha256");
	if (!key.email)
		return other(answer, "s= leaves out mail");
	return KEY_DNS_SAME;
}

/* RFC 6376 section 3.6.2.2: with several records the result is undefined. */
static enum key_dns
compare_all(struct arena *arena, const struct dns_answer *dns,
	    enum crypto_key_type type, struct text public_bytes,
	    struct key_dns_answer *answer)
{
	if (dns->count == 1)
		return compare(arena, dns->records[0].text, type, public_bytes,
			       answer);
	why_set(&answer->why, "the name has %zu TXT records", dns->count);
	return KEY_DNS_OTHER;
}

void
key_dns_wait(struct arena *arena, struct dns_question *question,
	     struct deadline deadline, enum crypto_key_type type,
	     struct text public_bytes, struct key_dns_answer *answer)
{
	const struct dns_answer *dns;
	enum dns_status status = dns_wait(question, deadline, &dns);

	*answer = (struct key_dns_answer){.security = dns->security,
					  .ttl_s = dns->ttl_s};
	switch (status) {
	case DNS_FOUND:
		answer->found =
		    compare_all(arena, dns, type, public_bytes, answer);
		return;
	case DNS_NODATA:
	case DNS_NXDOMAIN:
		answer->found = KEY_DNS_MISSING;
		return;
	case DNS_TEMPFAIL:
	case DNS_BOGUS:
		break;
	}
	answer->found = KEY_DNS_COULD_NOT_ASK;
	why_set(&answer->why, "%s",
		dns->reason != NULL ? dns->reason : "no answer");
}
