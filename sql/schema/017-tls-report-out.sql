-- 017-tls-report-out.sql - TLS reports that we send (RFC 8460): what is due,
-- what was made of it, where it went.  Functions and views are the interface.

set local role signet_owner;

create table signet.tls_report_setting (
	domain     text primary key,
	enabled    boolean not null default true,
	what       text,
	remark     text,
	changed_at timestamptz not null default now(),
	changed_by text not null default session_user,
	constraint tls_report_setting_what check (what in ('failures', 'all'))
);
comment on table signet.tls_report_setting is
	'Domains and MX hosts whose TLS reports differ from the rule. Set them '
	'with signet.tls_report_set.';
comment on column signet.tls_report_setting.domain is
	'Recipient domain or name of an MX host.';
comment on column signet.tls_report_setting.enabled is
	'False: no TLS reports are sent to it.';
comment on column signet.tls_report_setting.what is
	'failures: reports of days on which something failed; all: of every '
	'day; null: as signet.conf says.';
comment on column signet.tls_report_setting.remark is 'Why.';
comment on column signet.tls_report_setting.changed_at is
	'When it was last changed.';
comment on column signet.tls_report_setting.changed_by is
	'Role that changed it.';

create table signet.tls_report_period (
	day        date primary key,
	results    bigint not null,
	what       text not null,
	planned_at timestamptz not null default now()
);
comment on table signet.tls_report_period is
	'UTC days whose TLS reports were planned.';
comment on column signet.tls_report_period.day is 'UTC day.';
comment on column signet.tls_report_period.results is
	'Results of the day at that time; with more of them the day is planned '
	'again.';
comment on column signet.tls_report_period.what is
	'What was asked for then: failures or all.';
comment on column signet.tls_report_period.planned_at is
	'When it was last planned.';

create table signet.tls_report_out (
	id            bigint generated always as identity primary key,
	policy_domain text not null,
	about         text not null,
	what          text not null,
	begin_at      timestamptz not null,
	end_at        timestamptz not null,
	report_id     text not null,
	submitter     text not null,
	file_name     text,
	state         text not null default 'due',
	reason        text,
	rows_seen     bigint not null,
	results       bigint,
	records       bigint,
	left_out      bigint,
	json_bytes    bigint,
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
	constraint tls_report_out_about check (about in ('domain', 'host')),
	constraint tls_report_out_what check (what in ('failures', 'all')),
	constraint tls_report_out_state check (
		state in ('due', 'ready', 'again', 'sent', 'given_up',
			  'nothing')),
	constraint tls_report_out_next check (
		(next_at is null) = (state in ('sent', 'given_up', 'nothing'))),
	constraint tls_report_out_once unique (policy_domain, about, begin_at)
);
alter table signet.tls_report_out alter column gzip set storage external;
create unique index tls_report_out_report_id
	on signet.tls_report_out (report_id);
create index tls_report_out_next
	on signet.tls_report_out (about, next_at, id) where next_at is not null;
create index tls_report_out_end on signet.tls_report_out (end_at);

comment on table signet.tls_report_out is
	'TLS reports: one row for each recipient domain or MX host and UTC '
	'day. Read it through signet.v_tls_report_out.';
comment on index signet.tls_report_out_once is
	'However many hosts plan, a report exists once.';
comment on sequence signet.tls_report_out_id_seq is
	'Keys of signet.tls_report_out.';
comment on index signet.tls_report_out_report_id is
	'Finds the report that a receiver speaks of.';
comment on index signet.tls_report_out_next is
	'Finds what is to be done next.';
comment on index signet.tls_report_out_end is 'Finds reports by time.';
comment on column signet.tls_report_out.id is 'Key.';
comment on column signet.tls_report_out.policy_domain is
	'Domain whose TLSRPT record asks for it: a recipient domain, or the '
	'name of an MX host.';
comment on column signet.tls_report_out.about is
	'domain: mail to a recipient domain, with what its MX hosts did; host: '
	'what an MX host did, for each recipient domain that was not told the '
	'same.';
comment on column signet.tls_report_out.what is
	'failures: only if something failed; all.';
comment on column signet.tls_report_out.begin_at is
	'Start of the UTC day.';
comment on column signet.tls_report_out.end_at is
	'End of it; the first moment behind it.';
comment on column signet.tls_report_out.report_id is
	'report-id; a repeat keeps it.';
comment on column signet.tls_report_out.submitter is
	'Domain that we report as.';
comment on column signet.tls_report_out.file_name is
	'Name of the attached file; a repeat keeps it.';
comment on column signet.tls_report_out.state is
	'due: to be made; ready: made, to be sent; again: made, to be tried '
	'again; sent: every destination has it or was given up or skipped; '
	'given_up: no destination took it; nothing: there was nobody to send '
	'it to, or nothing to send.';
comment on column signet.tls_report_out.reason is
	'Why it is in that state.';
comment on column signet.tls_report_out.rows_seen is
	'Results there are for it: sessions, once for each policy.';
comment on column signet.tls_report_out.results is
	'Sessions in it, those that failed and those that did not.';
comment on column signet.tls_report_out.records is
	'Policies and failures in it.';
comment on column signet.tls_report_out.left_out is
	'Failures that were one too many for a report.';
comment on column signet.tls_report_out.json_bytes is 'Bytes of the JSON.';
comment on column signet.tls_report_out.gzip_bytes is
	'Bytes of the attached file.';
comment on column signet.tls_report_out.gzip_sha256 is
	'SHA-256 of the attached file.';
comment on column signet.tls_report_out.gzip is
	'The attached file, until the report has ended: a repeat has the same '
	'bytes.';
comment on column signet.tls_report_out.attempts is
	'How often a host has worked on it.';
comment on column signet.tls_report_out.claims is
	'Number of the last claim: who holds an older one may not write.';
comment on column signet.tls_report_out.claimed_until is
	'Until when host works on it; then another may.';
comment on column signet.tls_report_out.host is
	'Host that worked on it last.';
comment on column signet.tls_report_out.planned_at is
	'When it was found to be due.';
comment on column signet.tls_report_out.made_at is 'When it was made.';
comment on column signet.tls_report_out.next_at is
	'When it is worked on next; null: it has ended.';
comment on column signet.tls_report_out.ended_at is 'When it ended.';

create table signet.tls_report_destination (
	id         bigint generated always as identity primary key,
	report     bigint not null references signet.tls_report_out (id)
			on delete cascade,
	uri        text not null,
	address    text,
	host       text,
	state      text not null,
	reason     text,
	attempts   integer not null default 0,
	reply      text,
	next_at    timestamptz,
	sent_at    timestamptz,
	changed_at timestamptz not null default now(),
	constraint tls_report_destination_state check (
		state in ('waiting', 'undecided', 'again', 'sent', 'given_up',
			  'skipped')),
	constraint tls_report_destination_once unique (report, uri)
);
create index tls_report_destination_host
	on signet.tls_report_destination (host, sent_at)
	where sent_at is not null;
create index tls_report_destination_address
	on signet.tls_report_destination (address);
comment on table signet.tls_report_destination is
	'Where each TLS report went: one row for each rua URI, those that are '
	'not used included. Read it through signet.v_tls_report_destination.';
comment on index signet.tls_report_destination_once is
	'Each URI of a report is attempted on its own.';
comment on sequence signet.tls_report_destination_id_seq is
	'Keys of signet.tls_report_destination.';
comment on index signet.tls_report_destination_host is
	'Counts what went to a host in the last hour.';
comment on index signet.tls_report_destination_address is
	'Finds what went to an address.';
comment on column signet.tls_report_destination.id is
	'Key; the envelope sender carries it (VERP).';
comment on column signet.tls_report_destination.report is
	'Report (signet.tls_report_out.id).';
comment on column signet.tls_report_destination.uri is 'URI as published.';
comment on column signet.tls_report_destination.address is
	'Mail address of it; null: it is an https URI.';
comment on column signet.tls_report_destination.host is
	'Domain of the address, or host of the URI.';
comment on column signet.tls_report_destination.state is
	'waiting: to be sent; undecided: DNS has not told yet; again: refused '
	'for now; sent: the mail server or the web server took it; given_up: '
	'refused; skipped: not used.';
comment on column signet.tls_report_destination.reason is
	'Why it is in that state.';
comment on column signet.tls_report_destination.attempts is
	'How often it was sent or tried.';
comment on column signet.tls_report_destination.reply is
	'Last reply of the server.';
comment on column signet.tls_report_destination.next_at is
	'When it is tried next.';
comment on column signet.tls_report_destination.sent_at is
	'When the server took it.';
comment on column signet.tls_report_destination.changed_at is
	'When this row last changed.';

reset role;
