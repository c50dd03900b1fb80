#include "tlsrpt-collector/rua.h"

#include "base/arena.h"
#include "base/why.h"
#include "mailauth/report_uri.h"

struct dns_question *
rua_ask(struct arena *arena, struct resolver *resolver, struct domain domain)
{
	return dns_ask(arena, resolver,
		       text_from(arena_printf(arena, "_smtp._tls." TEXT_FMT,
					      TEXT_ARG(domain.name))),
		       DNS_TXT);
}

static void
nobody(struct rua *rua, const char *reason)
{
	rua->found = DESTINATIONS_NOBODY;
	rua->reason = reason;
}

/* Records that are none of TLSRPT do not count; two that are mean none. */
static void
read_records(struct arena *arena, const struct dns_answer *answer,
	     struct rua *rua)
{
	struct why why;
	size_t i, count = 0;

	for (i = 0; i < answer->count; i++)
		if (tlsrpt_record_is(answer->records[i].text)) {
			rua->text = answer->records[i].text;
			count++;
		}
	rua->found = DESTINATIONS_FOUND;
	if (count == 0)
		nobody(rua, "it has no TLSRPT record");
	else if (count > 1)
		nobody(rua, "it has several TLSRPT records, which is as if "
			    "it had none");
	else if (!tlsrpt_record_parse(arena, rua->text, &rua->record, &why))
		nobody(rua, arena_printf(arena,
					 "its TLSRPT record is broken: "
					 "%s",
					 why.text));
}

void
rua_wait(struct arena *arena, struct dns_question *question,
	 struct deadline deadline, struct rua *rua)
{
	const struct dns_answer *answer;

	*rua = (struct rua){0};
	switch (dns_wait(question, deadline, &answer)) {
	case DNS_FOUND:
		read_records(arena, answer, rua);
		break;
	case DNS_NODATA:
	case DNS_NXDOMAIN:
		nobody(rua, "it has no TLSRPT record");
		break;
	case DNS_TEMPFAIL:
	case DNS_BOGUS:
		rua->found = DESTINATIONS_TEMPERROR;
		rua->reason = arena_printf(
		    arena, "DNS did not tell its TLSRPT record: %s",
		    answer->reason != NULL ? answer->reason : "no answer");
		break;
	}
	rua->security = answer->security;
}

static bool
has_uri(const struct tlsrpt_record *record, struct text uri)
{
	const struct tlsrpt_uri *one;

	for (one = record->rua; one != NULL; one = one->next)
		if (text_equal(one->uri, uri))
			return true;
	return false;
}

static bool
has_all(const struct tlsrpt_record *record, const struct tlsrpt_record *other)
{
	const struct tlsrpt_uri *one;

	for (one = other->rua; one != NULL; one = one->next)
		if (!has_uri(record, one->uri))
			return false;
	return true;
}

bool
rua_is_same(const struct tlsrpt_record *a, const struct tlsrpt_record *b)
{
	return has_all(a, b) && has_all(b, a);
}

static bool
is_twice(const struct destinations *found, const struct destination *new)
{
	const struct destination *one;

	for (one = found->first; one != NULL && one != new; one = one->next)
		if (one->state != DESTINATION_SKIPPED && one->address.len > 0 &&
		    text_equal_nocase(one->address, new->address))
			return true;
	return false;
}

static void
judge(struct arena *arena, const struct destinations *found,
      struct destination *one, bool https)
{
	struct report_uri uri;

	report_uri_parse(arena, one->uri, &uri);
	one->host = uri.host.name;
	one->state = DESTINATION_SKIPPED;
	switch (uri.kind) {
	case REPORT_URI_BROKEN:
		one->reason =
		    arena_printf(arena, "cannot be used: %s", uri.reason);
		return;
	case REPORT_URI_UNKNOWN:
		one->reason = "its scheme is not supported";
		return;
	case REPORT_URI_HTTPS:
		if (https)
			one->state = DESTINATION_WAITING;
		else
			one->reason = "[tls_report] https is off";
		return;
	case REPORT_URI_MAILTO:
		one->address = uri.address;
		if (is_twice(found, one))
			one->reason = "its address is named twice";
		else
			one->state = DESTINATION_WAITING;
		return;
	}
}

static void
add_all(struct arena *arena, const struct rua *rua, bool https,
	struct destinations *found)
{
	struct destination **end = &found->first, *one;
	const struct tlsrpt_uri *uri;

	for (uri = rua->record.rua; uri != NULL; uri = uri->next) {
		for (one = found->first; one != NULL; one = one->next)
			if (text_equal(one->uri, uri->uri))
				break;
		if (one != NULL)
			continue;
		one = arena_new_value(arena, struct destination);
		one->uri = uri->uri;
		judge(arena, found, one, https);
		*end = one;
		end = &one->next;
		found->count++;
	}
}

void
rua_destinations(struct arena *arena, struct resolver *resolver,
		 struct domain domain, bool https, struct deadline deadline,
		 struct destinations *found)
{
	struct rua rua;

	rua_wait(arena, rua_ask(arena, resolver, domain), deadline, &rua);
	*found = (struct destinations){.found = rua.found,
				       .reason = rua.reason,
				       .record = rua.text,
				       .security = rua.security};
	if (rua.found == DESTINATIONS_FOUND)
		add_all(arena, &rua, https, found);
}
