#include "milter/facts.h"

#include "base/arena.h"

/* The parts that spool and explain share. */

/* What the sender chose freely must not fill the line. */
#define SHORT(text) text_first((text), 320)

const struct facts_room facts_unlimited = {SIZE_MAX, SIZE_MAX, SIZE_MAX};

struct json *
facts_iprev(const struct session *session)
{
	const struct iprev_verdict *iprev = &session->verdict.iprev;
	struct json *object = json_new_object(session->arena);

	json_put_string(object, "result",
			iprev->result != IPREV_NOT_EVALUATED
			    ? iprev_result_name(iprev->result)
			    : NULL);
	json_put_text(object, "name", iprev->name);
	json_put_string(object, "dnssec", dns_security_name(iprev->security));
	json_put_string(object, "reason", iprev->reason);
	return object;
}

void
facts_put_dnsbl(const struct session *session, struct json *object)
{
	const struct dnsbl_verdict *dnsbl = &session->verdict.dnsbl;
	char code[IPADDR_STRING_BYTES];
	struct json *inner;

	if (dnsbl->result == DNSBL_NOT_EVALUATED) {
		json_put_null(object, "dnsbl");
		return;
	}
	inner = json_new_object(session->arena);
	json_put_string(inner, "result", dnsbl_result_name(dnsbl->result));
	json_put_text(inner, "zone", dnsbl->zone.name);
	json_put_string(inner, "code", ipaddr_write(&dnsbl->code, code));
	json_put(object, "dnsbl", inner);
}

static struct json *
spf_identity(const struct session *session, const struct spf_verdict *spf)
{
	struct json *object = json_new_object(session->arena);

	json_put_string(object, "result",
			spf->result != SPF_NOT_EVALUATED
			    ? spf_result_name(spf->result)
			    : NULL);
	json_put_text(object, "domain", spf->domain);
	json_put_text(object, "explanation", spf->explanation);
	json_put_int(object, "lookups", spf->lookups);
	json_put_int(object, "void_lookups", spf->void_lookups);
	json_put_string(object, "dnssec", dns_security_name(spf->security));
	json_put_string(object, "reason", spf->reason);
	return object;
}

struct json *
facts_spf(const struct session *session)
{
	struct json *object = json_new_object(session->arena);

	json_put(object, "mailfrom",
		 spf_identity(session, &session->verdict.mail_from));
	json_put(object, "helo", spf_identity(session, &session->verdict.helo));
	return object;
}

static struct json *
dkim_signature(const struct session *session, size_t number)
{
	const struct verdict *verdict = &session->verdict;
	const struct dkim_signature_result *one = &verdict->dkim[number];
	struct json *object = json_new_object(session->arena);

	json_put_text(object, "domain", one->domain.name);
	json_put_text(object, "selector", SHORT(one->selector));
	json_put_text(object, "identity", SHORT(one->identity));
	json_put_text(object, "algorithm", SHORT(one->algorithm));
	json_put_int(object, "bits", one->bits);
	json_put_string(object, "result", dkim_result_name(one->result));
	json_put_string(object, "reason", one->reason);
	json_put_bool(object, "aligned", verdict->dkim_aligned[number]);
	json_put_bool(object, "test", one->test_key);
	json_put_string(object, "dnssec", dns_security_name(one->security));
	json_put_text(object, "header_b", SHORT(one->header_b));
	return object;
}

/* At most, with escapes. */
static size_t
dkim_bytes(const struct dkim_signature_result *one)
{
	return 200 + one->domain.name.len +
	       2 * (SHORT(one->selector).len + SHORT(one->identity).len +
		    SHORT(one->algorithm).len + SHORT(one->header_b).len +
		    text_from(one->reason).len);
}

struct json *
facts_dkim(const struct session *session, const struct facts_room *room)
{
	const struct verdict *verdict = &session->verdict;
	struct json *array = json_new_array(session->arena);
	size_t i, bytes = 0;

	for (i = 0; i < verdict->dkim_count; i++) {
		bytes += dkim_bytes(&verdict->dkim[i]);
		if (bytes > room->signatures)
			break;
		json_add(array, dkim_signature(session, i));
	}
	return array;
}

struct json *
facts_arc(const struct session *session)
{
	const struct arc_verdict *arc = &session->verdict.arc;
	struct json *object = json_new_object(session->arena);
	struct json *sealers = json_new_array(session->arena);
	size_t i;

	if (arc->result == ARC_PASS)
		for (i = 0; i < arc->count; i++)
			json_add_text(sealers, arc->sets[i].sealer.name);
	json_put_string(object, "result",
			arc->result != ARC_NOT_EVALUATED
			    ? arc_result_name(arc->result)
			    : NULL);
	json_put(object, "sealers", sealers);
	json_put_string(object, "reason", arc->reason);
	json_put_bool(object, "trusted", session->verdict.arc_trusted != NULL);
	return object;
}

/* --- DMARC --- */

static struct json *
uris(struct arena *arena, const struct dmarc_uri *uri)
{
	struct json *array = json_new_array(arena);

	for (; uri != NULL; uri = uri->next)
		json_add_text(array, uri->uri);
	return array;
}

static const char *
psd_word(enum dmarc_psd psd)
{
	switch (psd) {
	case DMARC_PSD_UNKNOWN:
		return "u";
	case DMARC_PSD_YES:
		return "y";
	case DMARC_PSD_NO:
		return "n";
	}
	return "u";
}

static void
put_record(struct arena *arena, struct json *object,
	   const struct dmarc_record *record)
{
	json_put_text(object, "record", record->text);
	json_put_string(object, "p", dmarc_policy_name(record->p));
	json_put_string(object, "sp", dmarc_policy_name(record->sp));
	json_put_string(object, "np", dmarc_policy_name(record->np));
	json_put_string(object, "psd", psd_word(record->psd));
	json_put_bool(object, "t", record->testing);
	json_put_string(object, "adkim", record->strict_dkim ? "s" : "r");
	json_put_string(object, "aspf", record->strict_spf ? "s" : "r");
	json_put_text(object, "fo", record->fo);
	json_put(object, "rua", uris(arena, record->rua));
	json_put(object, "ruf", uris(arena, record->ruf));
	json_put_string(object, "defect", record->defect);
}

static struct json *
overrides(const struct session *session)
{
	const struct verdict *verdict = &session->verdict;
	struct json *array = json_new_array(session->arena);
	size_t i;

	for (i = 0; i < verdict->override_count; i++) {
		struct json *object = json_new_object(session->arena);

		json_put_string(object, "type",
				override_name(verdict->overrides[i].type));
		json_put_string(object, "comment",
				verdict->overrides[i].comment);
		json_add(array, object);
	}
	return array;
}

static void
put_outcome(struct json *object, const struct dmarc_verdict *dmarc)
{
	bool found = dmarc->policy.found == DMARC_LOOKUP_FOUND;

	json_put_string(object, "result",
			dmarc->result != DMARC_NOT_EVALUATED
			    ? dmarc_result_name(dmarc->result)
			    : NULL);
	json_put_text(object, "policy_domain",
		      found ? dmarc->policy.policy_domain.name : TEXT(""));
	json_put_text(object, "organizational_domain",
		      dmarc->policy.organizational.name);
	json_put_string(object, "published",
			dmarc_policy_name(dmarc->published));
	json_put_string(object, "disposition",
			dmarc->disposition != DMARC_POLICY_UNSET
			    ? dmarc_policy_name(dmarc->disposition)
			    : "none");
}

struct json *
facts_dmarc(const struct session *session)
{
	const struct dmarc_verdict *dmarc = &session->verdict.dmarc;
	const struct dmarc_verdict *other = session->verdict.other;
	struct json *object = json_new_object(session->arena), *second;

	put_outcome(object, dmarc);
	json_put_string(object, "discovery",
			dmarc->method == DMARC_PSL ? "psl" : "treewalk");
	json_put_bool(object, "aligned_spf", dmarc->aligned_spf);
	json_put_bool(object, "aligned_dkim", dmarc->aligned_dkim);
	json_put_string(object, "dnssec",
			dns_security_name(dmarc->policy.security));
	json_put_string(object, "reason", dmarc->reason);
	json_put(object, "overrides", overrides(session));
	if (dmarc->policy.found == DMARC_LOOKUP_FOUND)
		put_record(session->arena, object, &dmarc->policy.record);
	if (other != NULL && other->result != DMARC_NOT_EVALUATED) {
		second = json_new_object(session->arena);
		json_put_string(second, "method", "psl");
		put_outcome(second, other);
		json_put(object, "other_discovery", second);
	}
	return object;
}
