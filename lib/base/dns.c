#include "base/dns.h"

#include "base/arena.h"
#include "base/limits.h"

static bool
name_is_possible(struct text name)
{
	size_t label = 0, i;

	if (name.len == 0 || name.len > LIMIT_DOMAIN_BYTES)
		return false;
	for (i = 0; i < name.len; i++) {
		if (name.at[i] != '.') {
			label++;
			continue;
		}
		if (label == 0 || label > LIMIT_LABEL_BYTES)
			return false;
		label = 0;
	}
	return label > 0 && label <= LIMIT_LABEL_BYTES;
}

struct dns_question *
dns_ask(struct arena *arena, struct resolver *resolver, struct text name,
	enum dns_type type)
{
	struct dns_question *question;

	question = arena_new_value(arena, struct dns_question);
	if (name.len > 0 && name.at[name.len - 1] == '.')
		name.len--;
	question->resolver = resolver;
	question->arena = arena;
	question->name = text_lower(arena, name);
	question->type = type;
	if (!name_is_possible(name)) {
		question->answer.status = DNS_NXDOMAIN;
		question->answered = true;
		return question;
	}
	resolver->ask(resolver, question);
	return question;
}

enum dns_status
dns_wait(struct dns_question *question, struct deadline deadline,
	 const struct dns_answer **answer)
{
	if (!question->answered)
		question->resolver->wait(question->resolver, question,
					 deadline);
	if (!question->answered) {
		question->answer.status = DNS_TEMPFAIL;
		question->answer.reason = "no answer in time";
	}
	if (answer != NULL)
		*answer = &question->answer;
	return question->answer.status;
}

const char *
dns_type_name(enum dns_type type)
{
	switch (type) {
	case DNS_A:
		return "A";
	case DNS_NS:
		return "NS";
	case DNS_CNAME:
		return "CNAME";
	case DNS_SOA:
		return "SOA";
	case DNS_PTR:
		return "PTR";
	case DNS_MX:
		return "MX";
	case DNS_TXT:
		return "TXT";
	case DNS_AAAA:
		return "AAAA";
	case DNS_TLSA:
		return "TLSA";
	}
	return "?";
}

const char *
dns_status_name(enum dns_status status)
{
	switch (status) {
	case DNS_FOUND:
		return "found";
	case DNS_NODATA:
		return "nodata";
	case DNS_NXDOMAIN:
		return "nxdomain";
	case DNS_TEMPFAIL:
		return "tempfail";
	case DNS_BOGUS:
		return "bogus";
	}
	return "unknown";
}

const char *
dns_security_name(enum dns_security security)
{
	switch (security) {
	case DNS_SECURITY_UNKNOWN:
		return "unknown";
	case DNS_INSECURE:
		return "insecure";
	case DNS_SECURE:
		return "secure";
	case DNS_SECURITY_BOGUS:
		return "bogus";
	}
	return "unknown";
}

static int
strength(enum dns_security security)
{
	switch (security) {
	case DNS_SECURITY_BOGUS:
		return 0;
	case DNS_SECURITY_UNKNOWN:
		return 1;
	case DNS_INSECURE:
		return 2;
	case DNS_SECURE:
		return 3;
	}
	return 0;
}

enum dns_security
dns_security_weaker(enum dns_security a, enum dns_security b)
{
	return strength(a) < strength(b) ? a : b;
}
