#include "admin/key_check.h"

#include "base/arena.h"
#include "mailauth/dkim_key.h"

struct text
key_check_name(struct arena *arena, struct domain domain, struct text selector)
{
	return text_from(arena_printf(arena, TEXT_FMT "._domainkey." TEXT_FMT,
				      TEXT_ARG(selector),
				      TEXT_ARG(domain.name)));
}

struct dns_question *
key_check_ask(struct arena *arena, struct resolver *resolver,
	      struct domain domain, struct text selector)
{
	return dns_ask(arena, resolver, key_check_name(arena, domain, selector),
		       DNS_TXT);
}

static enum key_found
other(struct key_check *answer, const char *sentence)
{
	why_set(&answer->why, "%s", sentence);
	return KEY_FOUND_OTHER;
}

static enum key_found
compare(struct arena *arena, struct text record, enum crypto_key_type type,
	struct text public_bytes, struct key_check *answer)
{
	struct dkim_key key;

	if (!dkim_key_parse(arena, record, &key, &answer->why))
		return KEY_FOUND_OTHER;
	answer->test = key.test;
	if (key.data.len == 0)
		return KEY_FOUND_REVOKED;
	if (key.type != type)
		return other(answer, "k= is another type of key");
	if (!text_equal(key.data, public_bytes))
		return other(answer, "p= is another key");
	if (!key.sha256)
		return other(answer, "h= leaves out sha256");
	if (!key.email)
		return other(answer, key.tls_reports
					 ? "s= allows TLS reports alone"
					 : "s= leaves out mail");
	return KEY_FOUND_SAME;
}

/* RFC 6376 section 3.6.2.2: with several records the result is undefined. */
static enum key_found
compare_all(struct arena *arena, const struct dns_answer *dns,
	    enum crypto_key_type type, struct text public_bytes,
	    struct key_check *answer)
{
	if (dns->count == 1)
		return compare(arena, dns->records[0].text, type, public_bytes,
			       answer);
	why_set(&answer->why, "the name has %zu TXT records", dns->count);
	return KEY_FOUND_OTHER;
}

void
key_check_wait(struct arena *arena, struct dns_question *question,
	       struct deadline deadline, enum crypto_key_type type,
	       struct text public_bytes, struct key_check *answer)
{
	const struct dns_answer *dns;
	enum dns_status status = dns_wait(question, deadline, &dns);

	*answer =
	    (struct key_check){.security = dns->security, .ttl_s = dns->ttl_s};
	switch (status) {
	case DNS_FOUND:
		answer->found =
		    compare_all(arena, dns, type, public_bytes, answer);
		return;
	case DNS_NODATA:
	case DNS_NXDOMAIN:
		answer->found = KEY_FOUND_MISSING;
		return;
	case DNS_TEMPFAIL:
	case DNS_BOGUS:
		break;
	}
	answer->found = KEY_FOUND_COULD_NOT_ASK;
	why_set(&answer->why, "%s",
		dns->reason != NULL ? dns->reason : "no answer");
}
