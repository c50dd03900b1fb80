-- 008-report-out.sql - DMARC aggregate reports that we send: what is due, what
-- was made of it, where it went.  Functions and views are the interface.

set local role signet_owner;

create table signet.dmarc_report_setting (
	domain          text primary key,
	enabled         boolean not null default true,
	format          text,
	interval_hours  integer not null default 24,
	interval_before integer not null default 24,
	interval_since  date not null default '-infinity',
	remark          text,
	changed_at      timestamptz not null default now(),
	changed_by      text not null default session_user,
	constraint dmarc_report_setting_hours check (
		interval_hours in (1, 2, 3, 4, 6, 8, 12, 24)
		and interval_before in (1, 2, 3, 4, 6, 8, 12, 24)),
	constraint dmarc_report_setting_format check (
		format in ('rfc9990', 'rfc7489'))
);
comment on table signet.dmarc_report_setting is
	'Policy domains whose reports differ from the rule. Set them with '
	'signet.dmarc_report_set.';
comment on column signet.dmarc_report_setting.domain is 'Policy domain.';
comment on column signet.dmarc_report_setting.enabled is
	'False: no reports are sent to this domain.';
comment on column signet.dmarc_report_setting.format is
	'rfc9990 or rfc7489; null: as signet.conf says.';
comment on column signet.dmarc_report_setting.interval_hours is
	'Hours that a report covers: 24 or what divides it.';
comment on column signet.dmarc_report_setting.interval_before is
	'The same before the day of interval_since.';
comment on column signet.dmarc_report_setting.interval_since is
	'First UTC day with interval_hours: periods never overlap.';
comment on column signet.dmarc_report_setting.remark is 'Why.';
comment on column signet.dmarc_report_setting.changed_at is
	'When it was last changed.';
comment on column signet.dmarc_report_setting.changed_by is
	'Role that changed it.';

create table signet.dmarc_report_period (
	day         date primary key,
	evaluations bigint not null,
	planned_at  timestamptz not null default now()
);
comment on table signet.dmarc_report_period is
	'UTC days whose reports were planned.';
comment on column signet.dmarc_report_period.day is 'UTC day.';
comment on column signet.dmarc_report_period.evaluations is
	'Evaluations of the day at that time; with more of them the day is '
	'planned again.';
comment on column signet.dmarc_report_period.planned_at is
	'When it was last planned.';

create table signet.dmarc_report_out (
	id            bigint generated always as identity primary key,
	policy_domain text not null,
	begin_at      timestamptz not null,
	end_at        timestamptz not null,
	policy        jsonb not null,
	report_id     text not null,
	submitter     text not null,
	format        text not null,
	file_name     text,
	state         text not null default 'due',
	reason        text,
	rows_seen     bigint not null,
	evaluations   bigint,
	records       bigint,
	left_out      bigint,
	xml_bytes     bigint,
	gzip_bytes    bigint,
	gzip_sha256   text,
	gzip          bytea,
	attempts      integer not null default 0,
	claims        bigint not null default 0,
	claimed_until timestamptz,
	host          text,
	planned_at    timestamptz not null default now(),
	made_at       timestamptz,
	next_at       timestamptz,
	ended_at      timestamptz,
	constraint dmarc_report_out_state check (
		state in ('due', 'ready', 'again', 'sent', 'given_up',
			  'nothing')),
	constraint dmarc_report_out_next check (
		(next_at is null) = (state in ('sent', 'given_up', 'nothing'))),
	constraint dmarc_report_out_once
		unique (policy_domain, begin_at, end_at, policy)
);
alter table signet.dmarc_report_out alter column gzip set storage external;
create unique index dmarc_report_out_report_id
	on signet.dmarc_report_out (report_id);
create index dmarc_report_out_next
	on signet.dmarc_report_out (next_at, id) where next_at is not null;
create index dmarc_report_out_end on signet.dmarc_report_out (end_at);

comment on table signet.dmarc_report_out is
	'DMARC aggregate reports: one row for each policy domain, policy and '
	'period. Read it through signet.v_report_out.';
comment on index signet.dmarc_report_out_once is
	'However many hosts plan, a report exists once.';
comment on sequence signet.dmarc_report_out_id_seq is
	'Keys of signet.dmarc_report_out.';
comment on index signet.dmarc_report_out_report_id is
	'Finds the report that a receiver speaks of.';
comment on index signet.dmarc_report_out_next is
	'Finds what is to be done next.';
comment on index signet.dmarc_report_out_end is
	'Finds reports by time.';
comment on column signet.dmarc_report_out.id is 'Key.';
comment on column signet.dmarc_report_out.policy_domain is
	'Domain at which the DMARC record was found.';
comment on column signet.dmarc_report_out.begin_at is
	'Start of the reporting period.';
comment on column signet.dmarc_report_out.end_at is
	'End of the reporting period; the first moment behind it.';
comment on column signet.dmarc_report_out.policy is
	'The policy that the report is about: policy_published.';
comment on column signet.dmarc_report_out.report_id is
	'Report-ID; a repeat keeps it.';
comment on column signet.dmarc_report_out.submitter is
	'Domain that we report as.';
comment on column signet.dmarc_report_out.format is 'rfc9990 or rfc7489.';
comment on column signet.dmarc_report_out.file_name is
	'Name of the attached file; a repeat keeps it.';
comment on column signet.dmarc_report_out.state is
	'due: to be made; ready: made, to be sent; again: made, to be tried '
	'again; sent: every destination has it or was given up or skipped; '
	'given_up: no destination took it; nothing: there was nobody to send '
	'it to, or nothing to send.';
comment on column signet.dmarc_report_out.reason is
	'Why it is in that state.';
comment on column signet.dmarc_report_out.rows_seen is
	'Evaluations there are for it.';
comment on column signet.dmarc_report_out.evaluations is
	'Evaluations it was made of; what rows_seen has more came late.';
comment on column signet.dmarc_report_out.records is
	'Records in it: evaluations that are alike make one.';
comment on column signet.dmarc_report_out.left_out is
	'Evaluations that its format cannot express.';
comment on column signet.dmarc_report_out.xml_bytes is 'Bytes of the XML.';
comment on column signet.dmarc_report_out.gzip_bytes is
	'Bytes of the attached file.';
comment on column signet.dmarc_report_out.gzip_sha256 is
	'SHA-256 of the attached file.';
comment on column signet.dmarc_report_out.gzip is
	'The attached file, until the report has ended: a repeat has the same '
	'bytes.';
comment on column signet.dmarc_report_out.attempts is
	'How often a host has worked on it.';
comment on column signet.dmarc_report_out.claims is
	'Number of the last claim: who holds an older one may not write.';
comment on column signet.dmarc_report_out.claimed_until is
	'Until when host works on it; then another may.';
comment on column signet.dmarc_report_out.host is
	'Host that worked on it last.';
comment on column signet.dmarc_report_out.planned_at is
	'When it was found to be due.';
comment on column signet.dmarc_report_out.made_at is 'When it was made.';
comment on column signet.dmarc_report_out.next_at is
	'When it is worked on next; null: it has ended.';
comment on column signet.dmarc_report_out.ended_at is 'When it ended.';

create table signet.dmarc_report_destination (
	id         bigint generated always as identity primary key,
	report     bigint not null references signet.dmarc_report_out (id)
			on delete cascade,
	uri        text not null,
	address    text,
	host       text,
	instead_of text,
	consent    text,
	state      text not null,
	reason     text,
	attempts   integer not null default 0,
	reply      text,
	next_at    timestamptz,
	sent_at    timestamptz,
	changed_at timestamptz not null default now(),
	constraint dmarc_report_destination_state check (
		state in ('waiting', 'undecided', 'again', 'sent', 'given_up',
			  'skipped')),
	constraint dmarc_report_destination_once unique (report, uri)
);
create index dmarc_report_destination_host
	on signet.dmarc_report_destination (host, sent_at)
	where sent_at is not null;
create index dmarc_report_destination_address
	on signet.dmarc_report_destination (address);
comment on table signet.dmarc_report_destination is
	'Where each DMARC report went: one row for each rua URI, those that '
	'are not used included. Read it through signet.v_report_destination.';
comment on index signet.dmarc_report_destination_once is
	'Each URI of a report is attempted on its own.';
comment on sequence signet.dmarc_report_destination_id_seq is
	'Keys of signet.dmarc_report_destination.';
comment on index signet.dmarc_report_destination_host is
	'Counts what went to a host in the last hour.';
comment on index signet.dmarc_report_destination_address is
	'Finds what went to an address.';
comment on column signet.dmarc_report_destination.id is
	'Key; the envelope sender carries it (VERP).';
comment on column signet.dmarc_report_destination.report is
	'Report (signet.dmarc_report_out.id).';
comment on column signet.dmarc_report_destination.uri is
	'URI as published, without a size.';
comment on column signet.dmarc_report_destination.address is
	'Mail address of it.';
comment on column signet.dmarc_report_destination.host is
	'Domain of the address, or host of the URI.';
comment on column signet.dmarc_report_destination.instead_of is
	'URI of the domain''s record that the host replaced with this one.';
comment on column signet.dmarc_report_destination.consent is
	'Whether the host wants reports about the domain: own, given, refused, '
	'temperror.';
comment on column signet.dmarc_report_destination.state is
	'waiting: to be sent; undecided: DNS has not told yet; again: refused '
	'for now; sent: the mail server took it; given_up: refused; skipped: '
	'not used.';
comment on column signet.dmarc_report_destination.reason is
	'Why it is in that state.';
comment on column signet.dmarc_report_destination.attempts is
	'How often it was sent or tried.';
comment on column signet.dmarc_report_destination.reply is
	'Last reply of the mail server.';
comment on column signet.dmarc_report_destination.next_at is
	'When it is tried next.';
comment on column signet.dmarc_report_destination.sent_at is
	'When the mail server took it.';
comment on column signet.dmarc_report_destination.changed_at is
	'When this row last changed.';

reset role;
