-- 009-report-in.sql - reports that others send about our domains: DMARC
-- aggregate reports (RFC 9990), TLS reports (RFC 8460), DMARC failure reports
-- (RFC 9991).  Only what signet-report-intake accepts comes here; rows whose
-- report is missing are of one that was never complete, and no view has them.

set local role signet_owner;

create table signet.report_in (
	id            uuid primary key,
	at            timestamptz not null,
	host          text,
	kind          text not null,
	sender_domain text not null,
	organization  text,
	email         text,
	extra_contact_info text,
	report_id     text,
	domain        text not null,
	begin_at      timestamptz,
	end_at        timestamptz,
	rows          bigint not null default 0,
	messages      bigint not null default 0,
	policy        jsonb,
	version       text,
	namespace     text,
	generator     text,
	error         text,
	defects       jsonb not null default '[]'
);
create index report_in_domain on signet.report_in (domain, begin_at);
create index report_in_at on signet.report_in (at);

comment on table signet.report_in is
	'One row for each report that was received and counts. Read it through '
	'signet.v_report_in.';
comment on index signet.report_in_domain is
	'Finds the reports about a domain.';
comment on index signet.report_in_at is 'Finds what is to expire.';
comment on column signet.report_in.id is
	'Made of kind, sender, organization, report id, domain and period: a '
	'report that comes twice is the same row.';
comment on column signet.report_in.at is 'When it was first received.';
comment on column signet.report_in.host is 'Host that received it.';
comment on column signet.report_in.kind is 'dmarc, tls, failure.';
comment on column signet.report_in.sender_domain is
	'Author domain of the mail that brought it; proven by DMARC, for TLS '
	'reports by DKIM.';
comment on column signet.report_in.organization is
	'Who made it, in its own words.';
comment on column signet.report_in.email is 'Contact it names.';
comment on column signet.report_in.extra_contact_info is
	'More about that.';
comment on column signet.report_in.report_id is 'Id that its maker gave it.';
comment on column signet.report_in.domain is
	'Domain it is about: where the DMARC record was found; of a TLS report '
	'the first that is ours.';
comment on column signet.report_in.begin_at is 'Begin of its period.';
comment on column signet.report_in.end_at is 'End of its period.';
comment on column signet.report_in.rows is
	'Records of a DMARC report, policies of a TLS report.';
comment on column signet.report_in.messages is
	'Messages it tells of; of a TLS report sessions.';
comment on column signet.report_in.policy is
	'Policy that the maker saw published: p, sp, np, adkim, aspf, fo, pct, '
	'testing, discovery_method.';
comment on column signet.report_in.version is 'Version that it names.';
comment on column signet.report_in.namespace is
	'XML namespace; null with reports by RFC 7489.';
comment on column signet.report_in.generator is 'Program that made it.';
comment on column signet.report_in.error is
	'What its maker found wrong, such as with our record.';
comment on column signet.report_in.defects is
	'What was wrong with the report: text, count, first record of each.';

create table signet.report_in_arrival (
	arrival    uuid not null,
	report     uuid not null,
	at         timestamptz not null,
	host       text,
	queue_id   text,
	mail_from  text,
	recipient  text,
	header_from text,
	message_id text,
	bytes      bigint,
	primary key (report, arrival)
);
create index report_in_arrival_at on signet.report_in_arrival using brin (at);

comment on table signet.report_in_arrival is
	'One row for each message that brought a report: more than one, if it '
	'was sent again.';
comment on index signet.report_in_arrival_at is 'Finds what is to expire.';
comment on column signet.report_in_arrival.arrival is
	'Made of the bytes of the message.';
comment on column signet.report_in_arrival.report is
	'Report (signet.report_in.id).';
comment on column signet.report_in_arrival.at is 'When it came.';
comment on column signet.report_in_arrival.host is 'Host that received it.';
comment on column signet.report_in_arrival.queue_id is
	'Queue ID of the MTA, or the file it was read from.';
comment on column signet.report_in_arrival.mail_from is 'Envelope sender.';
comment on column signet.report_in_arrival.recipient is
	'Envelope recipient.';
comment on column signet.report_in_arrival.header_from is
	'From header field.';
comment on column signet.report_in_arrival.message_id is
	'Message-ID header field.';
comment on column signet.report_in_arrival.bytes is 'Size of the message.';

create table signet.report_in_record (
	report        uuid not null,
	n             bigint not null,
	at            timestamptz not null,
	source_ip     inet,
	source        text,
	count         bigint not null,
	disposition   text,
	dkim          text,
	spf           text,
	header_from   text,
	envelope_from text,
	envelope_to   text,
	signatures    jsonb not null default '[]',
	spf_results   jsonb not null default '[]',
	reasons       jsonb not null default '[]',
	primary key (report, n)
);
create index report_in_record_source_ip
	on signet.report_in_record (source_ip);
create index report_in_record_at on signet.report_in_record using brin (at);

comment on table signet.report_in_record is
	'Records of DMARC aggregate reports: messages that were alike. Read it '
	'through signet.v_report_in_source and v_report_in_failing.';
comment on index signet.report_in_record_source_ip is
	'Finds what is known of a source.';
comment on index signet.report_in_record_at is 'Finds what is to expire.';
comment on column signet.report_in_record.report is
	'Report (signet.report_in.id).';
comment on column signet.report_in_record.n is
	'Place in the report, from 1.';
comment on column signet.report_in_record.at is
	'When the report was received.';
comment on column signet.report_in_record.source_ip is
	'Address that the messages came from.';
comment on column signet.report_in_record.source is
	'What the report has there, if that is no address.';
comment on column signet.report_in_record.count is 'Number of messages.';
comment on column signet.report_in_record.disposition is
	'What was done with them: none, pass, quarantine, reject.';
comment on column signet.report_in_record.dkim is
	'pass: DKIM passed for an aligned domain; else fail.';
comment on column signet.report_in_record.spf is
	'pass: SPF passed for an aligned domain; else fail.';
comment on column signet.report_in_record.header_from is 'Author domain.';
comment on column signet.report_in_record.envelope_from is
	'Domain of MAIL FROM; empty: null sender; null: not told.';
comment on column signet.report_in_record.envelope_to is
	'Domain of the recipients, of those who tell it.';
comment on column signet.report_in_record.signatures is
	'Each DKIM signature: domain, selector, result, human_result.';
comment on column signet.report_in_record.spf_results is
	'SPF: domain, scope, result, human_result.';
comment on column signet.report_in_record.reasons is
	'Why the policy was not applied: type and comment.';

create table signet.tls_report_in_policy (
	report         uuid not null,
	n              bigint not null,
	at             timestamptz not null,
	policy_type    text,
	policy_domain  text not null,
	policy_strings text[] not null default '{}',
	mx_hosts       text[] not null default '{}',
	successful     bigint not null default 0,
	failed         bigint not null default 0,
	primary key (report, n)
);
create index tls_report_in_policy_domain
	on signet.tls_report_in_policy (policy_domain);
create index tls_report_in_policy_at
	on signet.tls_report_in_policy using brin (at);

comment on table signet.tls_report_in_policy is
	'Policies of TLS reports with the sessions under each. Read it through '
	'signet.v_tls_report_in.';
comment on index signet.tls_report_in_policy_domain is
	'Finds what is known of a domain or host.';
comment on index signet.tls_report_in_policy_at is
	'Finds what is to expire.';
comment on column signet.tls_report_in_policy.report is
	'Report (signet.report_in.id).';
comment on column signet.tls_report_in_policy.n is
	'Place among the policies of the report that are ours, from 1.';
comment on column signet.tls_report_in_policy.at is
	'When the report was received.';
comment on column signet.tls_report_in_policy.policy_type is
	'sts, tlsa, no-policy-found, or another word of the maker''s.';
comment on column signet.tls_report_in_policy.policy_domain is
	'Our domain or host.';
comment on column signet.tls_report_in_policy.policy_strings is
	'The policy that was applied.';
comment on column signet.tls_report_in_policy.mx_hosts is
	'MX patterns of the policy.';
comment on column signet.tls_report_in_policy.successful is
	'Sessions that were secured.';
comment on column signet.tls_report_in_policy.failed is
	'Sessions that were not.';

create table signet.tls_report_in_failure (
	report         uuid not null,
	n              bigint not null,
	failure        bigint not null,
	at             timestamptz not null,
	result_type    text not null,
	sending_ip     inet,
	receiving_ip   inet,
	receiving_mx   text,
	receiving_helo text,
	information    text,
	reason_code    text,
	sessions       bigint not null default 0,
	primary key (report, n, failure)
);
create index tls_report_in_failure_at
	on signet.tls_report_in_failure using brin (at);

comment on table signet.tls_report_in_failure is
	'Failures of TLS reports. Read it through '
	'signet.v_tls_report_in_failure.';
comment on index signet.tls_report_in_failure_at is
	'Finds what is to expire.';
comment on column signet.tls_report_in_failure.report is
	'Report (signet.report_in.id).';
comment on column signet.tls_report_in_failure.n is
	'Policy (signet.tls_report_in_policy.n).';
comment on column signet.tls_report_in_failure.failure is
	'Place among the failures of the policy, from 1.';
comment on column signet.tls_report_in_failure.at is
	'When the report was received.';
comment on column signet.tls_report_in_failure.result_type is
	'What failed, in the words of RFC 8460 section 4.3.';
comment on column signet.tls_report_in_failure.sending_ip is
	'Address of the sender.';
comment on column signet.tls_report_in_failure.receiving_ip is
	'Our address that it spoke to.';
comment on column signet.tls_report_in_failure.receiving_mx is
	'Our MX that it spoke to.';
comment on column signet.tls_report_in_failure.receiving_helo is
	'Name that our host gave.';
comment on column signet.tls_report_in_failure.information is
	'More about it, such as a link.';
comment on column signet.tls_report_in_failure.reason_code is
	'Code of the sender''s library.';
comment on column signet.tls_report_in_failure.sessions is
	'Number of sessions.';

create table signet.failure_report_in (
	report                 uuid primary key,
	at                     timestamptz not null,
	feedback_type          text not null,
	auth_failure           text,
	delivery_result        text,
	source_ip              text,
	arrival_date           text,
	original_mail_from     text,
	original_rcpt_to       text[] not null default '{}',
	original_envelope_id   text,
	reporting_mta          text,
	user_agent             text,
	authentication_results text,
	dkim_domain            text,
	dkim_identity          text,
	dkim_selector          text,
	spf_dns                text,
	incidents              bigint not null default 1,
	header                 text
);
create index failure_report_in_at
	on signet.failure_report_in using brin (at);

comment on table signet.failure_report_in is
	'Reports about single messages (RFC 9991, RFC 6591). Read it through '
	'signet.v_failure_report_in.';
comment on index signet.failure_report_in_at is 'Finds what is to expire.';
comment on column signet.failure_report_in.report is
	'Report (signet.report_in.id).';
comment on column signet.failure_report_in.at is 'When it was received.';
comment on column signet.failure_report_in.feedback_type is
	'auth-failure, or another type of feedback.';
comment on column signet.failure_report_in.auth_failure is
	'What failed: dmarc, dkim, spf, ...';
comment on column signet.failure_report_in.delivery_result is
	'What became of the message.';
comment on column signet.failure_report_in.source_ip is
	'Where the message came from, in the words of the report.';
comment on column signet.failure_report_in.arrival_date is
	'When the message came, in the words of the report.';
comment on column signet.failure_report_in.original_mail_from is
	'Envelope sender of the message, often redacted.';
comment on column signet.failure_report_in.original_rcpt_to is
	'Envelope recipients of the message, often redacted.';
comment on column signet.failure_report_in.original_envelope_id is
	'Envelope id of the message.';
comment on column signet.failure_report_in.reporting_mta is
	'Host that reports.';
comment on column signet.failure_report_in.user_agent is
	'Program that reports.';
comment on column signet.failure_report_in.authentication_results is
	'What that host found.';
comment on column signet.failure_report_in.dkim_domain is
	'Domain of the signature that failed.';
comment on column signet.failure_report_in.dkim_identity is
	'Identity of that signature.';
comment on column signet.failure_report_in.dkim_selector is
	'Selector of that signature.';
comment on column signet.failure_report_in.spf_dns is
	'SPF record that was used.';
comment on column signet.failure_report_in.incidents is
	'Messages it stands for.';
comment on column signet.failure_report_in.header is
	'Header of the message, as far as the report gives it.';

create table signet.report_in_refused (
	id          uuid primary key,
	at          timestamptz not null,
	host        text,
	outcome     text not null,
	reason      text,
	queue_id    text,
	header_from text,
	mail_from   text,
	recipient   text,
	message_id  text,
	bytes       bigint,
	file        text
);
create index report_in_refused_at on signet.report_in_refused (at);

comment on table signet.report_in_refused is
	'Mail to a report address that did not count: its content is nowhere in '
	'the database. Read it through signet.v_report_in_refused.';
comment on index signet.report_in_refused_at is
	'Finds the newest, and what is to expire.';
comment on column signet.report_in_refused.id is
	'Made of the bytes of the message.';
comment on column signet.report_in_refused.at is 'When it came.';
comment on column signet.report_in_refused.host is 'Host that has it.';
comment on column signet.report_in_refused.outcome is
	'refused: not trusted or not asked for; aside: it may be a report and '
	'could not be read.';
comment on column signet.report_in_refused.reason is 'Why.';
comment on column signet.report_in_refused.queue_id is 'Queue ID of the MTA.';
comment on column signet.report_in_refused.header_from is
	'From header field, which may be forged.';
comment on column signet.report_in_refused.mail_from is 'Envelope sender.';
comment on column signet.report_in_refused.recipient is
	'Envelope recipient.';
comment on column signet.report_in_refused.message_id is
	'Message-ID header field.';
comment on column signet.report_in_refused.bytes is 'Size of the message.';
comment on column signet.report_in_refused.file is
	'Where it is kept on that host.';

reset role;
