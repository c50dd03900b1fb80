-- 002-message.sql - the ledger: one row for each message, with every result,
-- its reason, and what was done.  Partitioned by UTC day; signet.load_events
-- makes the partitions and signet.expire drops them.  Words that come from
-- the wire or from a standard are text, since others send unknown words.

set local role signet_owner;

create table signet.message (
	id                   uuid not null,
	at                   timestamptz not null,
	host                 text,
	program              text,
	listener             text,
	test_mode            boolean not null default false,
	queue_id             text,
	client_ip            inet,
	client_name          text,
	helo                 text,
	auth_login           text,
	tls_version          text,
	tls_cipher           text,
	tls_bits             integer,
	requiretls_mail_parameter   boolean,
	requiretls_header           boolean,
	requiretls_tls_required_no  boolean,
	requiretls_forged           boolean,
	mail_from            text,
	mail_from_domain     text,
	rcpt                 text[] not null default '{}',
	rcpt_domains         text[] not null default '{}',
	rcpt_count           integer,
	size                 bigint,
	message_id           text,
	header_from          text[] not null default '{}',
	from_domain          text,
	from_domains         text[] not null default '{}',
	from_status          text,
	from_reason          text,
	skipped              text,
	iprev_result         text,
	iprev_name           text,
	iprev_dnssec         text,
	iprev_reason         text,
	dnsbl_result         text,
	dnsbl_zone           text,
	spf_result           text,
	spf_domain           text,
	spf_lookups          integer,
	spf_void_lookups     integer,
	spf_dnssec           text,
	spf_explanation      text,
	spf_reason           text,
	spf_helo_result      text,
	spf_helo_domain      text,
	spf_helo_lookups     integer,
	spf_helo_void_lookups integer,
	spf_helo_dnssec      text,
	spf_helo_explanation text,
	spf_helo_reason      text,
	dkim                 jsonb not null default '[]',
	dkim_result          text,
	dkim_pass_domains    text[] not null default '{}',
	arc_result           text,
	arc_sealers          text[] not null default '{}',
	arc_reason           text,
	arc_trusted          boolean,
	dmarc_result         text,
	dmarc_policy_domain  text,
	dmarc_organizational_domain text,
	dmarc_discovery      text,
	dmarc_published      text,
	dmarc_disposition    text,
	dmarc_aligned_spf    boolean,
	dmarc_aligned_dkim   boolean,
	dmarc_dnssec         text,
	dmarc_reason         text,
	dmarc_record         text,
	dmarc_record_defect  text,
	dmarc_overrides      jsonb not null default '[]',
	dmarc_other_discovery jsonb,
	action               text,
	action_reason        text,
	reply                text,
	authentication_results text,
	forged_removed       integer,
	total_ms             real,
	dns_wait_ms          real,
	dns_questions        integer,
	primary key (id, at)
) partition by range (at);

create index message_at on signet.message (at);
create index message_queue_id on signet.message (queue_id);
create index message_from_domain on signet.message (from_domain, at);

comment on table signet.message is
	'Ledger: what was decided for each message and why. Read it through '
	'signet.v_message and signet.v_message_detail.';
comment on index signet.message_at is 'Finds messages by time.';
comment on index signet.message_queue_id is
	'Finds the message of a line in the mail log.';
comment on index signet.message_from_domain is
	'Finds the messages that claim to come from a domain.';
comment on column signet.message.id is
	'UUIDv7 that the program which saw the message gave it.';
comment on column signet.message.at is
	'When the decision was taken (UTC day = partition).';
comment on column signet.message.host is 'Host that decided.';
comment on column signet.message.program is 'Program that decided.';
comment on column signet.message.listener is
	'Listener (configuration section) that the message came in by.';
comment on column signet.message.test_mode is
	'True: everything was evaluated and nothing was changed.';
comment on column signet.message.queue_id is
	'Queue ID of the MTA, as in its log.';
comment on column signet.message.client_ip is
	'Address that the checks applied to (behind trusted relays: the one '
	'before them).';
comment on column signet.message.client_name is
	'Name of the client as the MTA found it.';
comment on column signet.message.helo is 'Name the client gave in HELO.';
comment on column signet.message.auth_login is
	'Login name of an authenticated client; null: not authenticated.';
comment on column signet.message.tls_version is
	'TLS version of the incoming connection; null: not encrypted.';
comment on column signet.message.tls_cipher is 'TLS cipher suite.';
comment on column signet.message.tls_bits is 'Key bits of the cipher.';
comment on column signet.message.requiretls_mail_parameter is
	'REQUIRETLS was given with MAIL FROM (RFC 8689).';
comment on column signet.message.requiretls_header is
	'A Require-TLS-ESMTP header field was present.';
comment on column signet.message.requiretls_tls_required_no is
	'"TLS-Required: No" was present (RFC 8689 section 3).';
comment on column signet.message.requiretls_forged is
	'REQUIRETLS was claimed without an encrypted connection.';
comment on column signet.message.mail_from is
	'Envelope sender; empty: null sender.';
comment on column signet.message.mail_from_domain is
	'Domain of the envelope sender.';
comment on column signet.message.rcpt is
	'Envelope recipients, in the order they were accepted.';
comment on column signet.message.rcpt_domains is
	'Domain of each recipient, same order.';
comment on column signet.message.rcpt_count is
	'Number of recipients.';
comment on column signet.message.size is 'Bytes of the message.';
comment on column signet.message.message_id is
	'Message-ID header field.';
comment on column signet.message.header_from is
	'Author addresses of the From header field.';
comment on column signet.message.from_domain is
	'Author domain that DMARC was evaluated for.';
comment on column signet.message.from_domains is
	'All author domains, when From names several.';
comment on column signet.message.from_status is
	'Whether From names one author domain: one, several domains, none, '
	'ambiguous.';
comment on column signet.message.from_reason is
	'What is wrong with From; null: nothing.';
comment on column signet.message.skipped is
	'Why checks were skipped: authenticated, network, local; null: they '
	'were not.';
comment on column signet.message.iprev_result is
	'Forward-confirmed reverse DNS (RFC 8601 section 3): pass, fail, '
	'temperror, permerror.';
comment on column signet.message.iprev_name is 'Name that was confirmed.';
comment on column signet.message.iprev_dnssec is
	'DNSSEC state of the answers: secure, insecure, bogus, unknown.';
comment on column signet.message.iprev_reason is 'Why that result.';
comment on column signet.message.dnsbl_result is
	'Whether a DNS blocklist names the client: clear, listed, temperror; '
	'null: no list was asked.';
comment on column signet.message.dnsbl_zone is
	'List that names the client, or that could not be asked.';
comment on column signet.message.spf_result is
	'SPF of the envelope sender (RFC 7208).';
comment on column signet.message.spf_domain is 'Domain that was checked.';
comment on column signet.message.spf_lookups is
	'Terms that cost a lookup (limit 10).';
comment on column signet.message.spf_void_lookups is
	'Lookups without an answer (limit 2).';
comment on column signet.message.spf_dnssec is
	'DNSSEC state of the answers used.';
comment on column signet.message.spf_explanation is
	'Explanation that the sender''s domain publishes (exp=), cleaned.';
comment on column signet.message.spf_reason is 'Why that result.';
comment on column signet.message.spf_helo_result is
	'SPF of the HELO name.';
comment on column signet.message.spf_helo_domain is
	'Domain that was checked for HELO.';
comment on column signet.message.spf_helo_lookups is
	'HELO: terms that cost a lookup.';
comment on column signet.message.spf_helo_void_lookups is
	'HELO: lookups without an answer.';
comment on column signet.message.spf_helo_dnssec is
	'HELO: DNSSEC state of the answers used.';
comment on column signet.message.spf_helo_explanation is
	'HELO: explanation that the domain publishes, cleaned.';
comment on column signet.message.spf_helo_reason is
	'HELO: why that result.';
comment on column signet.message.dkim is
	'Each signature: domain, selector, identity, algorithm, bits, result, '
	'reason, aligned, test, dnssec, header_b.';
comment on column signet.message.dkim_result is
	'Best result of all signatures: pass before any other; none: no '
	'signature; null: not evaluated.';
comment on column signet.message.dkim_pass_domains is
	'Domains whose signature was verified.';
comment on column signet.message.arc_result is
	'State of the ARC chain (RFC 8617).';
comment on column signet.message.arc_sealers is
	'Domains that sealed the chain.';
comment on column signet.message.arc_reason is 'Why that state.';
comment on column signet.message.arc_trusted is
	'The chain passed and its sealer is one we trust.';
comment on column signet.message.dmarc_result is
	'DMARC (RFC 9989): pass, fail, none, temperror, permerror.';
comment on column signet.message.dmarc_policy_domain is
	'Domain whose DMARC record was used.';
comment on column signet.message.dmarc_organizational_domain is
	'Organizational domain of the author.';
comment on column signet.message.dmarc_discovery is
	'How the record was found: treewalk or psl.';
comment on column signet.message.dmarc_published is
	'Policy word that p, sp or np chose: none, quarantine, reject.';
comment on column signet.message.dmarc_disposition is
	'That word after t=y, before local rules.';
comment on column signet.message.dmarc_aligned_spf is
	'SPF passed for an aligned domain.';
comment on column signet.message.dmarc_aligned_dkim is
	'DKIM passed for an aligned domain.';
comment on column signet.message.dmarc_dnssec is
	'DNSSEC state of the DMARC record.';
comment on column signet.message.dmarc_reason is 'Why that result.';
comment on column signet.message.dmarc_record is
	'The record as published.';
comment on column signet.message.dmarc_record_defect is
	'What is wrong with the record though it could be used.';
comment on column signet.message.dmarc_overrides is
	'Local rules that changed the outcome: type and comment of each, in '
	'the words of RFC 9990.';
comment on column signet.message.dmarc_other_discovery is
	'With dmarc_discovery = both: what the other method would have said.';
comment on column signet.message.action is
	'What was done: accept, tag, quarantine, reject, tempfail.';
comment on column signet.message.action_reason is 'Why, in a few words.';
comment on column signet.message.reply is
	'SMTP reply, when it was not accepted.';
comment on column signet.message.authentication_results is
	'Authentication-Results field that was inserted.';
comment on column signet.message.forged_removed is
	'Forged Authentication-Results fields that were removed.';
comment on column signet.message.total_ms is
	'Milliseconds from the end of the envelope to the decision.';
comment on column signet.message.dns_wait_ms is
	'Milliseconds of these spent waiting for DNS.';
comment on column signet.message.dns_questions is
	'DNS questions asked for this message.';

reset role;
