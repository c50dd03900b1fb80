#include "admin/dns_check.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/why.h"
#include "mailauth/dkim_key.h"

static const char item[] = "dkim";

static const char *
type_name(const struct dns_check *check, const struct dns_key *key)
{
	return key->type == CRYPTO_RSA
		   ? arena_printf(check->arena, "RSA %u", key->bits)
		   : "Ed25519";
}

/* What is wrong with the record for a verifier of our signatures, or NULL. */
static const char *
fault_of(const struct dns_check *check, struct text txt,
	 const struct dns_key *key, struct dkim_key *record)
{
	struct why why;

	if (!dkim_key_parse(check->arena, txt, record, &why))
		return arena_printf(check->arena, "the record is broken: %s",
				    why.text);
	if (record->data.len == 0)
		return "the key is revoked there (empty p=) and not here";
	if (record->type != key->type ||
	    !text_equal(record->data, key->public_bytes))
		return "another key is published";
	if (!record->sha256)
		return "h= does not allow SHA-256";
	if (!record->email && !record->tls_reports)
		return "s= does not allow mail";
	return NULL;
}

static void
tell_good(struct dns_check *check, struct text name, const struct dns_key *key,
	  const struct dkim_key *record, enum dns_security security)
{
	dns_findings_add(
	    check->findings, item, record->test ? DNS_CHECK_WARN : DNS_CHECK_OK,
	    TEXT_FMT ": %s%s%s",
	    TEXT_ARG(text_first(name, text_find(name, '.'))),
	    type_name(check, key), dns_check_signed(security),
	    record->test ? ", but t=y says that it is a test" : "");
	if (record->test)
		dns_check_publish(check, PLAN_DKIM, name);
	if (key->type == CRYPTO_RSA && key->bits < LIMIT_RSA_BITS_SIGN) {
		dns_findings_add(check->findings, item, DNS_CHECK_WARN,
				 TEXT_FMT ": %u bits are few",
				 TEXT_ARG(key->selector), key->bits);
		dns_findings_remedy(check->findings,
				    "make a longer key: signet keys rotate");
	}
}

/* RFC 8460 section 3: a key may be for TLS reports and for nothing else. */
static void
tell_tls_reports_alone(struct dns_check *check, const struct dns_key *key)
{
	dns_findings_add(check->findings, item, DNS_CHECK_WARN,
			 TEXT_FMT ": s=tlsrpt allows TLS reports alone: no "
				  "other mail may be signed with it",
			 TEXT_ARG(key->selector));
}

static void
tell_missing(struct dns_check *check, struct text name, const char *fault)
{
	dns_findings_add(check->findings, item, DNS_CHECK_ERROR,
			 TEXT_FMT ": %s", TEXT_ARG(name), fault);
	dns_check_publish(check, PLAN_DKIM, name);
}

/* A revoked key is told by an empty p=, and by nothing at all. */
static void
check_revoked(struct dns_check *check, struct text name,
	      const struct dns_answer *answer)
{
	struct dkim_key record;
	bool gone = answer->status != DNS_FOUND || answer->count == 0;

	if (!gone &&
	    dkim_key_parse(check->arena, answer->records[0].text, &record,
			   NULL) &&
	    record.data.len == 0)
		gone = true;
	dns_findings_add(check->findings, item,
			 gone ? DNS_CHECK_OK : DNS_CHECK_ERROR,
			 TEXT_FMT ": revoked%s", TEXT_ARG(name),
			 gone ? "" : ", and its key is still published");
	if (!gone)
		dns_check_publish(check, PLAN_DKIM, name);
}

/* One that was made just now is not there yet. */
static void
tell_absent(struct dns_check *check, struct text name,
	    const struct dns_key *key)
{
	if (key->state != KEY_MADE) {
		tell_missing(check, name,
			     "not published: nobody can verify "
			     "what it signs");
		return;
	}
	dns_findings_add(check->findings, item, DNS_CHECK_WARN,
			 TEXT_FMT ": made, and not published yet",
			 TEXT_ARG(name));
	dns_check_publish(check, PLAN_DKIM, name);
}

/* RFC 6376 section 3.6.2.2: with several records nobody knows which one a
 * verifier takes. */
static void
check_key(struct dns_check *check, const struct dns_key *key)
{
	struct text name = text_from(arena_printf(
	    check->arena, TEXT_FMT "._domainkey." TEXT_FMT,
	    TEXT_ARG(key->selector), TEXT_ARG(check->settings->domain.name)));
	const struct dns_answer *answer;
	const char *fault;
	struct dkim_key record;

	dns_check_ask(check, name, DNS_TXT, &answer);
	if (dns_check_is_unknown(check, item, name, DNS_TXT, answer))
		return;
	if (key->state == KEY_REVOKED) {
		check_revoked(check, name, answer);
		return;
	}
	if (answer->status != DNS_FOUND || answer->count == 0) {
		tell_absent(check, name, key);
		return;
	}
	fault = answer->count > 1
		    ? "several records, and nobody knows which counts"
		    : fault_of(check, answer->records[0].text, key, &record);
	if (fault != NULL)
		tell_missing(check, name, fault);
	else
		tell_good(check, name, key, &record, answer->security);
	if (fault == NULL && !record.email)
		tell_tls_reports_alone(check, key);
}

void
dns_check_dkim(struct dns_check *check)
{
	const struct dns_settings *settings = check->settings;
	size_t i;

	if (settings->keys_trouble != NULL) {
		dns_findings_add(check->findings, item, DNS_CHECK_UNKNOWN,
				 "a key of ours cannot be read: %s",
				 settings->keys_trouble);
		dns_findings_remedy(check->findings,
				    "run this as root, or mend the file");
	} else if (settings->key_count == 0) {
		dns_findings_add(
		    check->findings, item, DNS_CHECK_WARN,
		    "there is no key in %s/" TEXT_FMT ": nothing is signed",
		    settings->keys.directory, TEXT_ARG(settings->domain.name));
		dns_findings_remedy(check->findings,
				    "make one: signet keys new " TEXT_FMT,
				    TEXT_ARG(settings->domain.name));
	}
	for (i = 0; i < settings->key_count; i++)
		check_key(check, &settings->signing_keys[i]);
}
