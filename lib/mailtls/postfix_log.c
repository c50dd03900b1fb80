#include "mailtls/postfix_log.h"

#include <stddef.h>
#include <string.h>

#include "base/ascii.h"
#include "base/scan.h"
#include "mailtls/postfix_log_journal.h"
#include "mailtls/postfix_log_reason.h"
#include "mailtls/postfix_log_time.h"

const char *
postfix_log_kind_name(enum postfix_log_kind kind)
{
	switch (kind) {
	case POSTFIX_LOG_OTHER:
		return "other";
	case POSTFIX_LOG_ESTABLISHED:
		return "established";
	case POSTFIX_LOG_REUSED:
		return "reused";
	case POSTFIX_LOG_UNVERIFIED:
		return "unverified";
	case POSTFIX_LOG_HANDSHAKE_FAILED:
		return "handshake-failed";
	case POSTFIX_LOG_NOT_OFFERED:
		return "not-offered";
	case POSTFIX_LOG_REFUSED:
		return "refused";
	case POSTFIX_LOG_TLSRPT:
		return "tlsrpt";
	case POSTFIX_LOG_NO_REQUIRETLS:
		return "no-requiretls";
	case POSTFIX_LOG_LIBRARY:
		return "library";
	case POSTFIX_LOG_NOT_VERIFIED:
		return "not-verified";
	case POSTFIX_LOG_NOT_STARTED:
		return "not-started";
	case POSTFIX_LOG_UNTOLD:
		return "untold";
	case POSTFIX_LOG_MX_MISMATCH:
		return "mx-mismatch";
	case POSTFIX_LOG_POLICY_LOOKUP:
		return "policy-lookup";
	case POSTFIX_LOG_DELIVERY:
		return "delivery";
	case POSTFIX_LOG_SENDER:
		return "sender";
	case POSTFIX_LOG_REMOVED:
		return "removed";
	case POSTFIX_LOG_ACCEPTED:
		return "accepted";
	case POSTFIX_LOG_ACCEPT_FAILED:
		return "accept-failed";
	}
	return "other";
}

/* --- pieces --- */

/* What comes before `literal`, which is skipped; the scan stays where it is
 * if it does not come. */
static bool
take_before(struct scan *in, const char *literal, struct text *before)
{
	struct text rest = scan_rest(in);
	const char *at =
	    rest.len == 0 ? NULL
			  : memmem(rest.at, rest.len, literal, strlen(literal));

	if (at == NULL)
		return false;
	*before = text_of(rest.at, (size_t)(at - rest.at));
	in->at = at + strlen(literal);
	return true;
}

/* "mx.example.net[192.0.2.1]:25", the port is not always there. */
static bool
take_peer(struct scan *in, struct postfix_log *log)
{
	struct text name, address;
	struct scan ahead;
	uint64_t port = 0;

	if (!take_before(in, "[", &name) || text_has(name, ' '))
		return false;
	if (!take_before(in, "]", &address) || address.len == 0 ||
	    address.len > 64 || text_has(address, ' '))
		return false;
	ahead = *in; /* what a server logs has no port */
	if (scan_char(&ahead, ':') && scan_u64(&ahead, 65535, &port))
		*in = ahead;
	log->mx = name;
	log->address = address;
	log->port = (uint16_t)port;
	return true;
}

/* "<local@domain>"; the domain of an address without one is empty. */
static bool
take_address(struct scan *in, struct postfix_log *log)
{
	struct text address;
	size_t at;

	if (!scan_char(in, '<') || !take_before(in, ">", &address))
		return false;
	at = text_find_last(address, '@');
	log->local_part = text_first(address, at);
	log->domain = text_skip(address, at + 1);
	return true;
}

static bool
is_queue_id_char(char c)
{
	return ascii_is_alnum(c);
}

/* "4XyZ1234: "; short ones have hexadecimal digits, long ones letters too. */
static bool
take_queue_id(struct scan *in, struct text *id)
{
	struct scan ahead = *in;

	*id = scan_while(&ahead, is_queue_id_char);
	if (id->len < 5 || id->len > 20 || !scan_string(&ahead, ": ") ||
	    text_equal(*id, TEXT("warning")) || text_equal(*id, TEXT("TLSRPT")))
		return false;
	*in = ahead;
	return true;
}

/* --- sessions with other servers --- */

static bool
has(struct text text, const char *part)
{
	return text.len > 0 &&
	       memmem(text.at, text.len, part, strlen(part)) != NULL;
}

/* Only of TLS 1.3 it is told how the server proved who it is; for a session
 * that goes on, Postfix 3.7 leaves out the digest, 3.11 all of it.  Signatures
 * of ED25519 and ED448 have no digest. */
static bool
is_resumed(struct text detail)
{
	return text_starts(detail, TEXT("TLSv1.3 ")) &&
	       !has(detail, " server-digest ") &&
	       !has(detail, " server-signature ED");
}

static bool
read_connection(struct scan *in, struct postfix_log *log, bool incoming)
{
	static const struct {
		const char *word;
		enum postfix_log_trust trust;
	} words[] = {{"Anonymous ", POSTFIX_LOG_ANONYMOUS},
		     {"Untrusted ", POSTFIX_LOG_UNTRUSTED},
		     {"Trusted ", POSTFIX_LOG_TRUSTED},
		     {"Verified ", POSTFIX_LOG_VERIFIED}};
	bool reused = false;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (scan_string(in, words[i].word)) {
			log->trust = words[i].trust;
			break;
		}
	if (log->trust == POSTFIX_LOG_TRUST_UNSET ||
	    !scan_string(in, "TLS connection "))
		return false;
	if (scan_string(in, "reused "))
		reused = true;
	else if (!scan_string(in, "established "))
		return false;
	if (!scan_string(in, incoming ? "from " : "to ") ||
	    !take_peer(in, log) || !scan_string(in, ": "))
		return false;
	log->detail = scan_rest(in);
	log->resumed = is_resumed(log->detail);
	log->kind = incoming ? POSTFIX_LOG_ACCEPTED
		    : reused ? POSTFIX_LOG_REUSED
			     : POSTFIX_LOG_ESTABLISHED;
	return true;
}

/* "certificate verification failed for HOST: WHY" */
static bool
read_unverified(struct scan *in, struct postfix_log *log)
{
	if (!scan_string(in, "server certificate verification failed for ") &&
	    !scan_string(in, "certificate verification failed for "))
		return false;
	if (!take_peer(in, log) || !scan_string(in, ": "))
		return false;
	log->detail = scan_rest(in);
	postfix_log_certificate_reason(log);
	log->kind = POSTFIX_LOG_UNVERIFIED;
	return true;
}

static bool
read_handshake(struct scan *in, struct postfix_log *log)
{
	bool incoming = scan_string(in, "SSL_accept error from ");

	if (!incoming && !scan_string(in, "SSL_connect error to "))
		return false;
	if (!take_peer(in, log) || !scan_string(in, ": "))
		return false;
	log->detail = scan_rest(in);
	postfix_log_handshake_reason(log);
	log->kind =
	    incoming ? POSTFIX_LOG_ACCEPT_FAILED : POSTFIX_LOG_HANDSHAKE_FAILED;
	return true;
}

/* What smtp says of a host that it gives up; in a delivery it stands between
 * parentheses. */
static bool
read_verdict(struct scan *in, struct postfix_log *log)
{
	struct text rest = scan_rest(in);
	uint64_t reply;

	log->detail = rest;
	if (text_starts(rest, TEXT("Server certificate not verified"))) {
		log->kind = POSTFIX_LOG_NOT_VERIFIED;
		return true;
	}
	if (text_starts(rest, TEXT("Cannot start TLS: "))) {
		log->kind = POSTFIX_LOG_NOT_STARTED;
		return true;
	}
	if (scan_string(in, "TLS is required, but was not offered by host ") ||
	    scan_string(in, "Sender requested REQUIRETLS, but TLS service was "
			    "not offered by host ")) {
		log->kind = POSTFIX_LOG_NOT_OFFERED;
		return take_peer(in, log);
	}
	if (scan_string(in, "Sender requested REQUIRETLS, but REQUIRETLS "
			    "support was not offered by host ")) {
		log->kind = POSTFIX_LOG_NO_REQUIRETLS;
		return take_peer(in, log);
	}
	if ((scan_string(in, "TLS is required, but host ") ||
	     scan_string(in, "Sender requested REQUIRETLS, but host ")) &&
	    take_peer(in, log) && scan_string(in, " refused to start TLS: ")) {
		log->kind = POSTFIX_LOG_REFUSED;
		if (scan_u64(in, 999, &reply))
			log->reply = (unsigned)reply;
		return true;
	}
	return false;
}

/* "status=failure, domain=D, receiving_mx=H[IP], failure_type=..." */
static bool
read_tlsrpt(struct scan *in, struct postfix_log *log)
{
	struct text skipped;

	if (!scan_string(in, "TLSRPT: status=") ||
	    !take_before(in, ", domain=", &log->status) ||
	    !take_before(in, ", receiving_mx=", &log->domain) ||
	    !take_peer(in, log))
		return false;
	if (take_before(in, "failure_reason=", &skipped))
		log->reason = scan_rest(in);
	log->kind = POSTFIX_LOG_TLSRPT;
	return true;
}

/* "MX name 'H' does not match STS MX pattern for 'D'" */
static bool
read_mismatch(struct scan *in, struct postfix_log *log)
{
	if (!scan_string(in, "MX name '") ||
	    !take_before(in, "' does not match STS MX pattern for '",
			 &log->mx) ||
	    !take_before(in, "'", &log->domain))
		return false;
	log->kind = POSTFIX_LOG_MX_MISMATCH;
	return true;
}

/* "TLS policy lookup for D/H: no TLSA records found" */
static bool
read_policy_lookup(struct scan *in, struct postfix_log *log)
{
	if (!scan_string(in, "TLS policy lookup for ") ||
	    !take_before(in, "/", &log->domain) ||
	    !take_before(in, ": ", &log->mx))
		return false;
	log->detail = scan_rest(in);
	postfix_log_lookup_reason(log);
	log->kind = POSTFIX_LOG_POLICY_LOOKUP;
	return true;
}

/* --- deliveries --- */

/* What the server answers after STARTTLS would have been. */
static bool
has_replied(const struct postfix_log *log)
{
	return text_equal(log->status, TEXT("sent")) ||
	       has(log->detail, "(in reply to MAIL FROM command)") ||
	       has(log->detail, "(in reply to RCPT TO command)") ||
	       has(log->detail, "(in reply to DATA command)") ||
	       has(log->detail, "(in reply to end of DATA command)");
}

/* Why the host was given up, if that stands there. */
static void
take_verdict(struct postfix_log *log)
{
	struct postfix_log said = {.kind = POSTFIX_LOG_OTHER};
	struct scan in;

	scan_init(&in, log->detail);
	if (!read_verdict(&in, &said))
		return;
	log->verdict = said.kind;
	log->reply = said.reply;
}

/* One "name=value" of those between relay= and status=. */
static void
take_field(struct text field, struct postfix_log *log)
{
	uint64_t uses;

	if (text_starts(field, TEXT("tls=")))
		log->tls = text_skip(field, 4);
	else if (text_starts(field, TEXT("dsn=")))
		log->dsn = text_skip(field, 4);
	else if (text_starts(field, TEXT("conn_use=")) &&
		 text_to_u64(text_skip(field, 9), 1000000, &uses))
		log->uses = (unsigned)uses;
}

/* "to=<r@d>, orig_to=<r>, relay=H[IP]:25, delay=..., status=sent (...)" */
static bool
read_delivery(struct scan *in, struct postfix_log *log)
{
	struct text fields, field;
	struct scan list;

	if (!scan_string(in, "to=") || !take_address(in, log) ||
	    !take_before(in, ", relay=", &fields))
		return false;
	log->uses = 1;
	if (scan_string(in, "none"))
		log->mx = TEXT("");
	else if (!take_peer(in, log))
		return false;
	if (!take_before(in, ", status=", &fields))
		return false;
	scan_init(&list, fields);
	while (!scan_at_end(&list)) {
		field = text_trim(scan_until(&list, ','));
		take_field(field, log);
	}
	log->status = scan_until(in, ' ');
	scan_char(in, '(');
	log->detail = scan_rest(in);
	if (log->detail.len > 0 && log->detail.at[log->detail.len - 1] == ')')
		log->detail.len--;
	log->has_replied = has_replied(log);
	take_verdict(log);
	postfix_log_delivery_reason(log);
	log->kind = POSTFIX_LOG_DELIVERY;
	return true;
}

/* --- whose line it is --- */

static void
read_client(struct scan *in, struct postfix_log *log)
{
	bool is_tlsproxy = text_equal(log->program, TEXT("tlsproxy"));

	scan_string(in, "warning: ");
	if (read_connection(in, log, false) || read_unverified(in, log) ||
	    read_handshake(in, log) || read_tlsrpt(in, log))
		return;
	if (scan_string(in, "TLS library problem: ")) {
		log->detail = scan_rest(in);
		postfix_log_library_reason(log);
		log->kind = POSTFIX_LOG_LIBRARY;
		return;
	}
	if (scan_string(in, "Could not report TLS handshake result to tlsrpt "
			    "library: ")) {
		log->kind = POSTFIX_LOG_UNTOLD;
		return;
	}
	if (is_tlsproxy || read_mismatch(in, log) ||
	    read_policy_lookup(in, log))
		return;
	if (!take_queue_id(in, &log->queue_id))
		return;
	if (!read_delivery(in, log) && !read_verdict(in, log))
		log->kind = POSTFIX_LOG_OTHER;
}

static void
read_server(struct scan *in, struct postfix_log *log)
{
	scan_string(in, "warning: ");
	if (read_connection(in, log, true) || read_handshake(in, log))
		return;
	if (scan_string(in, "TLS library problem: ")) {
		log->detail = scan_rest(in);
		postfix_log_library_reason(log);
		log->kind = POSTFIX_LOG_LIBRARY;
	}
}

static void
read_queue(struct scan *in, struct postfix_log *log)
{
	if (!take_queue_id(in, &log->queue_id))
		return;
	if (scan_string(in, "from=") && take_address(in, log))
		log->kind = POSTFIX_LOG_SENDER;
	else if (text_equal(scan_rest(in), TEXT("removed")))
		log->kind = POSTFIX_LOG_REMOVED;
}

/* "postfix/relay/smtp": the last part is the program. */
bool
postfix_log_message(struct text tag, struct text message,
		    struct postfix_log *log)
{
	size_t slash = text_find_last(tag, '/');
	struct scan in;

	if (slash == tag.len)
		return false;
	log->instance = text_first(tag, slash);
	log->program = text_skip(tag, slash + 1);
	scan_init(&in, message);
	if (text_equal(log->program, TEXT("smtp")) ||
	    text_equal(log->program, TEXT("tlsproxy")))
		read_client(&in, log);
	else if (text_equal(log->program, TEXT("smtpd")))
		read_server(&in, log);
	else if (text_equal(log->program, TEXT("qmgr")) ||
		 text_equal(log->program, TEXT("nqmgr")))
		read_queue(&in, log);
	else
		return false;
	return true;
}

static bool
is_tag_char(char c)
{
	return c > ' ' && c != '[' && c != 0x7f;
}

static bool
is_host_char(char c)
{
	return c > ' ' && c != 0x7f;
}

bool
postfix_log_parse(struct arena *arena, struct text line,
		  struct postfix_log *log)
{
	struct text tag;
	struct scan in;
	uint64_t pid;

	(void)arena;
	*log = (struct postfix_log){.kind = POSTFIX_LOG_OTHER};
	scan_init(&in, line);
	if (!postfix_log_take_time(&in, &log->time) || !scan_char(&in, ' '))
		return false;
	log->host = scan_while(&in, is_host_char);
	if (log->host.len == 0 || !scan_char(&in, ' '))
		return false;
	tag = scan_while(&in, is_tag_char);
	if (!scan_char(&in, '[') || !scan_u64(&in, UINT32_MAX, &pid) ||
	    !scan_string(&in, "]: "))
		return false;
	log->pid = (uint32_t)pid;
	return postfix_log_message(tag, scan_rest(&in), log);
}
