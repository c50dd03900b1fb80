-- 013-tls-result.sql - results of TLS sessions with other mail servers, which
-- TLS reports are made of (RFC 8460).

set local role signet_owner;

-- A policy is the same row for all results that it was applied to: days of
-- sessions with a large domain repeat it as often as there are sessions.
create table signet.tls_policy (
	id       uuid primary key,
	type     text not null,
	domain   text not null,
	strings  text[] not null default '{}',
	mx_hosts text[] not null default '{}',
	used     date not null
);
create index tls_policy_used on signet.tls_policy (used);

comment on table signet.tls_policy is
	'Policies that TLS sessions were held against, each content once.';
comment on index signet.tls_policy_used is 'Finds what is to expire.';
comment on column signet.tls_policy.id is
	'Made of the other columns: signet.tls_policy_id().';
comment on column signet.tls_policy.type is
	'tlsa, sts, no-policy-found (RFC 8460 section 4.4).';
comment on column signet.tls_policy.domain is
	'Domain that it is of: of tlsa the MX host.';
comment on column signet.tls_policy.strings is
	'The policy: TLSA records, sorted, or lines of the MTA-STS policy.';
comment on column signet.tls_policy.mx_hosts is
	'MX patterns of the MTA-STS policy.';
comment on column signet.tls_policy.used is
	'UTC day of the newest session under it.';

-- Partitioned by UTC day like the ledger.  A report reads the rows of one
-- domain and day: they are found by index, and no row of another day is met.
create table signet.tls_result (
	id               uuid not null,
	n                integer not null,
	at               timestamptz not null,
	host             text,
	program          text,
	source           text not null,
	instance         text,
	recipient_domain text not null,
	policy           uuid not null,
	policy_domain    text not null,
	success          boolean,
	report           boolean not null default true,
	primary key (id, n, at)
) partition by range (at);

create index tls_result_recipient_domain
	on signet.tls_result (recipient_domain, at);
create index tls_result_policy_domain
	on signet.tls_result (policy_domain, at)
	where policy_domain <> recipient_domain;

comment on table signet.tls_result is
	'One row for each TLS session that was tried and policy that it was '
	'held against. Read it through signet.v_tls_result.';
comment on index signet.tls_result_recipient_domain is
	'Finds what a report to a recipient domain consists of.';
comment on index signet.tls_result_policy_domain is
	'Finds what a report to an MX host consists of.';
comment on column signet.tls_result.id is
	'Key of the session; of a log line made of the line, so that one that '
	'is read twice is the same row.';
comment on column signet.tls_result.n is
	'Place among the policies of the session, from 1.';
comment on column signet.tls_result.at is
	'When it was tried (UTC day = partition).';
comment on column signet.tls_result.host is 'Host that sent.';
comment on column signet.tls_result.program is
	'Program that tells it: signet-tls-collect, signet-policy.';
comment on column signet.tls_result.source is
	'How it was seen: datagram (told by the MTA), log (a line of its log), '
	'probe (a look of our own), policy (found before a session).';
comment on column signet.tls_result.instance is
	'Which MTA of the host: its socket or the name in its log.';
comment on column signet.tls_result.recipient_domain is
	'Domain of the recipients.';
comment on column signet.tls_result.policy is
	'Policy (signet.tls_policy.id).';
comment on column signet.tls_result.policy_domain is
	'Domain of the policy, as there; another one than the recipient '
	'domain: an MX host.';
comment on column signet.tls_result.success is
	'The session met the policy; null: it counts neither as success nor as '
	'failure, and its failures are told.';
comment on column signet.tls_result.report is
	'False: no report is due for this row alone (it was a delivery of a '
	'report).';

create table signet.tls_result_failure (
	result           uuid not null,
	n                integer not null,
	failure          integer not null,
	at               timestamptz not null,
	recipient_domain text not null,
	policy           uuid not null,
	type             text not null,
	sending_ip       inet,
	receiving_ip     inet,
	receiving_mx     text,
	receiving_helo   text,
	information      text,
	reason           text,
	count            bigint not null default 1,
	primary key (result, n, failure, at)
) partition by range (at);

create index tls_result_failure_recipient_domain
	on signet.tls_result_failure (recipient_domain, at);

comment on table signet.tls_result_failure is
	'What failed in TLS sessions. Read it through signet.v_tls_failure.';
comment on index signet.tls_result_failure_recipient_domain is
	'Finds what a report to a recipient domain tells of failures.';
comment on column signet.tls_result_failure.result is
	'Session (signet.tls_result.id).';
comment on column signet.tls_result_failure.n is
	'Policy of the session (signet.tls_result.n).';
comment on column signet.tls_result_failure.failure is
	'Place among the failures under that policy, from 1.';
comment on column signet.tls_result_failure.at is
	'When the session was tried (UTC day = partition).';
comment on column signet.tls_result_failure.recipient_domain is
	'Domain of the recipients, as in the session.';
comment on column signet.tls_result_failure.policy is
	'Policy (signet.tls_policy.id), as in the session.';
comment on column signet.tls_result_failure.type is
	'What failed, in the words of RFC 8460 section 4.3.';
comment on column signet.tls_result_failure.sending_ip is
	'Our address.';
comment on column signet.tls_result_failure.receiving_ip is
	'Address of the other server.';
comment on column signet.tls_result_failure.receiving_mx is
	'Its MX name.';
comment on column signet.tls_result_failure.receiving_helo is
	'Name that it gave.';
comment on column signet.tls_result_failure.information is
	'More about it.';
comment on column signet.tls_result_failure.reason is
	'Code of the TLS library, or word of ours.';
comment on column signet.tls_result_failure.count is
	'How often in this session.';

reset role;
