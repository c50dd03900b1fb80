#include "admin/dns_check.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/why.h"
#include "io/clock.h"
#include "io/smtp_probe.h"
#include "mailtls/tlsa.h"

static const char item[] = "tlsa";
static const char served_item[] = "certificate";

#define RECORDS_MOST 32
#define DAY_S 86400
#define SOON_DAYS 14
#define CONNECT_S 20

/* What the DNS says of one MX host. */
struct tlsa_check {
	struct dns_check *check;
	const struct dns_check_host *host;
	struct text name; /* _25._tcp.HOST */
	struct tlsa records[RECORDS_MOST];
	size_t count; /* usable ones */
	bool known;   /* it could be asked */
};

static const char *
line_of(const struct tlsa_check *tlsa, const struct tlsa *record)
{
	struct buf to;

	buf_init(&to, tlsa->check->arena, 64u << 10);
	buf_printf(&to, TEXT_FMT ".\t%d\tTLSA\t", TEXT_ARG(tlsa->name),
		   PLAN_TTL_S);
	tlsa_write(&to, record);
	return buf_cstring(&to);
}

/* --- the records --- */

static void
take_records(struct tlsa_check *tlsa, const struct dns_answer *answer)
{
	struct dns_findings *findings = tlsa->check->findings;
	struct tlsa record;
	struct why why;
	size_t i;

	for (i = 0; i < answer->count && tlsa->count < RECORDS_MOST; i++) {
		if (tlsa_parse(answer->records[i].text, &record, &why) &&
		    tlsa_is_usable(&record, &why)) {
			tlsa->records[tlsa->count++] = record;
			continue;
		}
		dns_findings_add(findings, item, DNS_CHECK_ERROR,
				 "a record of " TEXT_FMT " is of no use: %s",
				 TEXT_ARG(tlsa->name), why.text);
		dns_check_publish(tlsa->check, PLAN_TLSA, tlsa->name);
	}
}

/* RFC 7672 section 2.2: host and records must be signed, and the MX too. */
static void
tell_security(struct tlsa_check *tlsa, enum dns_security security)
{
	const struct dns_check *check = tlsa->check;
	const char *what = NULL;

	if (security != DNS_SECURE)
		what = "they are";
	else if (tlsa->host->security != DNS_SECURE)
		what = "the addresses of the host are";
	else if (check->mx_security != DNS_SECURE)
		what = "the MX records are";
	dns_findings_add(check->findings, item,
			 what == NULL ? DNS_CHECK_OK : DNS_CHECK_ERROR,
			 TEXT_FMT ": %zu usable record%s%s%s%s",
			 TEXT_ARG(tlsa->host->name.name), tlsa->count,
			 tlsa->count == 1 ? "" : "s",
			 what == NULL ? ", signed" : ", of no use: ",
			 what == NULL ? "" : what,
			 what == NULL ? "" : " not signed");
	if (what != NULL)
		dns_findings_remedy(check->findings,
				    "sign that zone and have its DS "
				    "published by the registrar");
}

/* Keys of ours that the records do not name: rollover wants the next key
 * there before it is used. */
static void
check_files(struct tlsa_check *tlsa)
{
	const struct plan_record *plan;
	struct buf to;
	size_t i;

	for (plan = tlsa->check->plan->first; plan != NULL; plan = plan->next) {
		if (plan->kind != PLAN_TLSA ||
		    !text_equal(plan->name, tlsa->name))
			continue;
		for (i = 0; i < tlsa->count; i++) {
			buf_init(&to, tlsa->check->arena, 64u << 10);
			tlsa_write(&to, &tlsa->records[i]);
			if (text_equal(buf_view(&to), plan->value))
				break;
		}
		if (i < tlsa->count)
			continue;
		dns_findings_add(tlsa->check->findings, item, DNS_CHECK_ERROR,
				 TEXT_FMT " has no record for %s",
				 TEXT_ARG(tlsa->host->name.name),
				 plan->comment);
		dns_findings_remedy(tlsa->check->findings, "publish:\n%s",
				    plan_line(tlsa->check->arena, plan));
	}
}

static void
check_records(struct tlsa_check *tlsa)
{
	struct dns_check *check = tlsa->check;
	const struct dns_answer *answer;

	dns_check_ask(check, tlsa->name, DNS_TLSA, &answer);
	if (dns_check_is_unknown(check, item, tlsa->name, DNS_TLSA, answer))
		return;
	tlsa->known = true;
	if (answer->status == DNS_FOUND) {
		take_records(tlsa, answer);
		tell_security(tlsa, answer->security);
		check_files(tlsa);
		return;
	}
	dns_findings_add(check->findings, item, dns_check_wanted(check),
			 TEXT_FMT " has no TLSA record: senders cannot know "
				  "that it has TLS",
			 TEXT_ARG(tlsa->host->name.name));
	if (!dns_check_publish(check, PLAN_TLSA, tlsa->name))
		dns_findings_remedy(check->findings,
				    "tell its certificate: [domain] "
				    "certificates = FILE, and signet dns "
				    "records prints the record");
}

/* --- what the server shows --- */

static void
check_dates(const struct tlsa_check *tlsa, const struct certificate *own)
{
	struct dns_check *check = tlsa->check;
	int64_t left = own->not_after_s - check->now_s;

	if (left > SOON_DAYS * DAY_S && own->not_before_s <= check->now_s)
		return;
	dns_findings_add(
	    check->findings, served_item,
	    left < 0 ? DNS_CHECK_ERROR : DNS_CHECK_WARN,
	    "that of " TEXT_FMT " %s", TEXT_ARG(tlsa->host->name.name),
	    own->not_before_s > check->now_s ? "is not valid yet"
	    : left < 0			     ? "has expired"
		       : arena_printf(check->arena, "expires in %lld days",
				      (long long)(left / DAY_S)));
	dns_findings_remedy(check->findings,
			    "renew it; with the same key the TLSA record "
			    "stays as it is");
}

static void
check_names(const struct tlsa_check *tlsa, const struct certificate *own)
{
	struct dns_check *check = tlsa->check;
	bool enforced =
	    check->has_sts_policy && check->sts_policy.mode == STS_MODE_ENFORCE;

	if (certificate_covers(own, tlsa->host->name))
		return;
	dns_findings_add(
	    check->findings, served_item,
	    enforced ? DNS_CHECK_ERROR : DNS_CHECK_WARN,
	    "that of " TEXT_FMT " is for " TEXT_FMT
	    ": senders that use MTA-STS %s",
	    TEXT_ARG(tlsa->host->name.name),
	    TEXT_ARG(own->name_count > 0 ? own->names[0] : TEXT("nobody")),
	    enforced ? "do not deliver" : "would not deliver");
	dns_findings_remedy(check->findings, "have one made out for " TEXT_FMT,
			    TEXT_ARG(tlsa->host->name.name));
}

/* True if a usage 2 record's demands on names and dates are met. */
static bool
is_good_for(const struct tlsa_check *tlsa, const struct tlsa *record,
	    const struct certificate *own)
{
	return record->usage == 3 ||
	       (certificate_covers(own, tlsa->host->name) &&
		own->not_before_s <= tlsa->check->now_s &&
		own->not_after_s >= tlsa->check->now_s);
}

static void
check_match(const struct tlsa_check *tlsa, const struct smtp_peer *peer)
{
	struct dns_check *check = tlsa->check;
	struct tlsa wanted = tlsa_of(&peer->chain[0]);
	size_t i;

	for (i = 0; i < tlsa->count; i++)
		if (tlsa_match(&tlsa->records[i], peer->chain, peer->count) &&
		    is_good_for(tlsa, &tlsa->records[i], &peer->chain[0])) {
			dns_findings_add(check->findings, served_item,
					 DNS_CHECK_OK,
					 "that of " TEXT_FMT
					 " is the one of the TLSA record",
					 TEXT_ARG(tlsa->host->name.name));
			return;
		}
	if (!tlsa->known)
		return;
	if (tlsa->count == 0) {
		dns_findings_add(check->findings, served_item, DNS_CHECK_SKIP,
				 "that of " TEXT_FMT " was not compared: there "
				 "is no TLSA record",
				 TEXT_ARG(tlsa->host->name.name));
		dns_findings_remedy(check->findings, "it would be:\n%s",
				    line_of(tlsa, &wanted));
		return;
	}
	dns_findings_add(check->findings, served_item, DNS_CHECK_ERROR,
			 "that of " TEXT_FMT
			 " is in no TLSA record: senders that use DANE do "
			 "not deliver",
			 TEXT_ARG(tlsa->host->name.name));
	dns_findings_remedy(check->findings, "publish, beside the others:\n%s",
			    line_of(tlsa, &wanted));
}

static void
tell_peer(const struct tlsa_check *tlsa, const struct smtp_peer *peer)
{
	struct dns_check *check = tlsa->check;
	bool old = strcmp(peer->version, "TLSv1.2") != 0 &&
		   strcmp(peer->version, "TLSv1.3") != 0;

	dns_findings_add(check->findings, "starttls",
			 old ? DNS_CHECK_ERROR : DNS_CHECK_OK,
			 TEXT_FMT " speaks %s, %s%s",
			 TEXT_ARG(tlsa->host->name.name), peer->version,
			 peer->cipher, peer->requiretls ? ", REQUIRETLS" : "");
	if (old)
		dns_findings_remedy(check->findings,
				    "let the mail server speak TLS 1.2 and "
				    "1.3: smtpd_tls_protocols = >=TLSv1.2");
	check_match(tlsa, peer);
	check_names(tlsa, &peer->chain[0]);
	check_dates(tlsa, &peer->chain[0]);
}

static void
tell_trouble(const struct tlsa_check *tlsa, enum smtp_probe_status status,
	     const char *written, uint16_t port, const char *reason)
{
	struct dns_check *check = tlsa->check;

	dns_findings_add(
	    check->findings, "starttls",
	    status == SMTP_PROBE_AWAY ? DNS_CHECK_UNKNOWN : DNS_CHECK_ERROR,
	    TEXT_FMT " at %s port %u: %s", TEXT_ARG(tlsa->host->name.name),
	    written, port, reason);
	if (status == SMTP_PROBE_AWAY)
		dns_findings_remedy(check->findings,
				    "if nothing may connect there from here: "
				    "--connect HOST:PORT, or --no-connect");
	else
		dns_findings_remedy(check->findings,
				    "give the mail server a certificate and "
				    "offer STARTTLS: smtpd_tls_chain_files, "
				    "smtpd_tls_security_level = may");
}

static void
probe(const struct tlsa_check *tlsa, const struct ipaddr *address,
      uint16_t port)
{
	struct dns_check *check = tlsa->check;
	char written[IPADDR_STRING_BYTES];
	struct smtp_probe probe = {
	    .address = *address,
	    .port = port,
	    .server_name = text_string(check->arena, tlsa->host->name.name),
	    .helo = check->settings->common.hostname};
	enum smtp_probe_status status;
	struct smtp_peer peer;
	struct why why;

	status =
	    smtp_probe_run(check->arena, &probe,
			   clock_deadline_in(CONNECT_S * 1000), &peer, &why);
	if (status == SMTP_PROBE_DONE)
		tell_peer(tlsa, &peer);
	else
		tell_trouble(tlsa, status, ipaddr_write(address, written), port,
			     why.text);
}

/* --- where to connect to --- */

static bool
split_target(const char *target, struct text *host, uint16_t *port)
{
	struct text text = text_from(target);
	size_t at = text_find_last(text, ':');
	uint64_t number;

	*host = text_first(text, at);
	if (host->len > 2 && host->at[0] == '[' &&
	    host->at[host->len - 1] == ']')
		*host = text_skip(text_first(*host, host->len - 1), 1);
	if (at == text.len ||
	    !text_to_u64(text_skip(text, at + 1), 65535, &number) ||
	    number == 0 || host->len == 0)
		return false;
	*port = (uint16_t)number;
	return true;
}

static void
probe_target(const struct tlsa_check *tlsa, const char *target)
{
	struct dns_check *check = tlsa->check;
	const struct dns_answer *answer;
	struct ipaddr address;
	struct text host;
	uint16_t port;

	if (!split_target(target, &host, &port))
		return;
	if (ipaddr_parse(host, &address)) {
		probe(tlsa, &address, port);
		return;
	}
	if (dns_check_ask(check, host, DNS_A, &answer) == DNS_FOUND ||
	    dns_check_ask(check, host, DNS_AAAA, &answer) == DNS_FOUND) {
		probe(tlsa, &answer->records[0].address, port);
		return;
	}
	dns_findings_add(check->findings, "starttls", DNS_CHECK_UNKNOWN,
			 "the address of " TEXT_FMT ": %s", TEXT_ARG(host),
			 dns_status_name(answer->status));
}

static void
check_host(struct dns_check *check, const struct dns_check_host *host)
{
	struct tlsa_check tlsa = {
	    .check = check,
	    .host = host,
	    .name = text_from(arena_printf(check->arena, "_25._tcp." TEXT_FMT,
					   TEXT_ARG(host->name.name)))};

	check_records(&tlsa);
	if (check->options->connect != NULL)
		probe_target(&tlsa, check->options->connect);
	else if (!check->options->offline)
		probe(&tlsa, &host->addresses[0], 25);
}

bool
dns_check_is_target(const char *target)
{
	struct text host;
	uint16_t port;

	return split_target(target, &host, &port);
}

void
dns_check_tlsa(struct dns_check *check)
{
	size_t i;

	for (i = 0; i < check->host_count; i++)
		if (check->hosts[i].known && check->hosts[i].address_count > 0)
			check_host(check, &check->hosts[i]);
	if (check->options->offline)
		dns_findings_add(check->findings, served_item, DNS_CHECK_SKIP,
				 "no mail server was connected to");
}
