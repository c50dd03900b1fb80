#include "mailtls/postfix_log_reason.h"

#include <stddef.h>
#include <string.h>

#include "base/scan.h"
#include "mailtls/postfix_log.h"

struct sentence {
	const char *part; /* of the sentence */
	const char *failure, *reason;
};

/* The first that matches. */
static bool
find(const struct sentence *table, struct postfix_log *log)
{
	for (; table->part != NULL; table++)
		if (log->detail.len > 0 &&
		    memmem(log->detail.at, log->detail.len, table->part,
			   strlen(table->part)) != NULL) {
			log->failure = text_from(table->failure);
			log->reason = text_from(table->reason);
			return true;
		}
	return false;
}

void
postfix_log_certificate_reason(struct postfix_log *log)
{
	/* the words for reasons are those of libtlsrpt in Postfix, so that
	 * both ways to a report tell the same */
	static const struct sentence table[] = {
	    {"num=62:", "certificate-host-mismatch", ""},
	    {"ostname mismatch", "certificate-host-mismatch", ""},
	    {"num=65:", "validation-failure", "dane-no-match"},
	    {"no matching DANE", "validation-failure", "dane-no-match"},
	    {"certificate has expired", "certificate-expired", ""},
	    {"certificate not yet valid", "validation-failure",
	     "certificate-not-yet-valid"},
	    {"self-signed certificate", "certificate-not-trusted",
	     "self-signed-certificate"},
	    {"self signed certificate", "certificate-not-trusted",
	     "self-signed-certificate"},
	    {"untrusted issuer", "certificate-not-trusted",
	     "unable-to-get-local-issuer-certificate"},
	    {"not trusted by local or TLSA policy", "certificate-not-trusted",
	     ""},
	    {"chain longer than limit", "validation-failure",
	     "certificate-chain-too-long"},
	    {"not designated for use", "validation-failure", "invalid-purpose"},
	    {"external policy failure (sts-policy-fetch-error)",
	     "sts-policy-fetch-error", ""},
	    {"external policy failure (sts-policy-invalid)",
	     "sts-policy-invalid", ""},
	    {"external policy failure (sts-webpki-invalid)",
	     "sts-webpki-invalid", ""},
	    {NULL, NULL, NULL}};

	if (!find(table, log))
		log->failure = TEXT("validation-failure");
}

void
postfix_log_handshake_reason(struct postfix_log *log)
{
	static const struct sentence table[] = {
	    {"lost connection", "validation-failure",
	     "connection-closed-during-handshake"},
	    {"Connection reset", "validation-failure",
	     "connection-closed-during-handshake"},
	    {"Broken pipe", "validation-failure",
	     "connection-closed-during-handshake"},
	    {"timed out", "validation-failure", "io-timeout-during-handshake"},
	    {NULL, NULL, NULL}};

	if (!find(table, log))
		log->failure = TEXT("validation-failure");
}

void
postfix_log_library_reason(struct postfix_log *log)
{
	/* alerts: RFC 8446 section 6, and those of older versions */
	static const struct sentence table[] = {
	    {"alert handshake failure", "validation-failure",
	     "tls-remote-handshake-failure"},
	    {"alert unknown ca", "validation-failure", "tls-remote-unknown-ca"},
	    {"alert bad certificate", "validation-failure",
	     "tls-remote-bad-certificate"},
	    {"alert certificate expired", "validation-failure",
	     "tls-remote-certificate-expired"},
	    {"alert certificate unknown", "validation-failure",
	     "tls-remote-certificate-unknown"},
	    {"alert unsupported certificate", "validation-failure",
	     "tls-remote-unsupported-certificate"},
	    {"alert protocol version", "validation-failure",
	     "tls-remote-protocol-version"},
	    {"alert insufficient security", "validation-failure",
	     "tls-remote-insufficient-security"},
	    {"alert internal error", "validation-failure",
	     "tls-remote-internal-error"},
	    {"alert unrecognized name", "validation-failure",
	     "tls-remote-unrecognized-name"},
	    {"alert decode error", "validation-failure",
	     "tls-remote-decode-error"},
	    {"alert decrypt error", "validation-failure",
	     "tls-remote-decrypt-error"},
	    {"alert illegal parameter", "validation-failure",
	     "tls-remote-illegal-parameter"},
	    {"alert access denied", "validation-failure",
	     "tls-remote-access-denied"},
	    {"alert unexpected message", "validation-failure",
	     "tls-remote-unexpected-message"},
	    {"SSL alert number", "validation-failure", "tls-remote-alert"},
	    {"wrong version number", "validation-failure",
	     "tls-record-header-error"},
	    {"http request", "validation-failure", "tls-record-header-error"},
	    {"packet length too long", "validation-failure",
	     "tls-record-header-error"},
	    {"unsupported protocol", "validation-failure",
	     "unsupported-protocol"},
	    {"version too low", "validation-failure", "unsupported-protocol"},
	    {"no shared cipher", "validation-failure", "no-shared-cipher"},
	    {"no protocols available", "validation-failure",
	     "unsupported-protocol"},
	    {"no suitable", "validation-failure", "no-shared-parameters"},
	    {"dh key too small", "validation-failure", "dh-key-too-small"},
	    {"ee key too small", "validation-failure", "key-too-small"},
	    {"unexpected eof", "validation-failure",
	     "connection-closed-during-handshake"},
	    {"unexpected message", "validation-failure", "unexpected-message"},
	    {NULL, NULL, NULL}};

	if (!find(table, log)) {
		log->failure = TEXT("validation-failure");
		log->reason = TEXT("tls-library-error");
	}
}

void
postfix_log_lookup_reason(struct postfix_log *log)
{
	static const struct sentence table[] = {
	    {"no TLSA records found", "dane-required", "no-tlsa-records"},
	    {"non DNSSEC destination", "dane-required", "non-dnssec"},
	    {"TLSA lookup error", "tlsa-invalid", "tlsa-lookup-error"},
	    {"DNSSEC status lookup error", "dnssec-invalid",
	     "dnssec-lookup-error"},
	    {"all TLSA records unusable", "tlsa-invalid",
	     "all-unusable-records"},
	    {NULL, NULL, NULL}};

	find(table, log);
}

void
postfix_log_delivery_reason(struct postfix_log *log)
{
	static const struct sentence table[] = {
	    {"Host not found, try again", "", "dns-try-again"},
	    {NULL, NULL, NULL}};

	postfix_log_lookup_reason(log);
	if (log->failure.len == 0 &&
	    text_starts(log->detail,
			TEXT("Host or domain name not found. Name service "
			     "error for name=")))
		find(table, log);
}
