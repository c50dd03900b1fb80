-- 011-dmarc-failure.sql - DMARC failures that their domains want to hear of,
-- and the failure reports (RFC 9991) that are made of them.  Both are empty
-- unless signet.conf says failure_reports = yes.

set local role signet_owner;

create table signet.dmarc_failure (
	id                      uuid not null,
	at                      timestamptz not null,
	host                    text,
	message                 uuid,
	policy_domain           text not null,
	from_domain             text not null,
	source_ip               inet not null,
	dmarc_result            text,
	dkim_failed             boolean not null,
	spf_failed              boolean not null,
	dkim_domain             text,
	dkim_selector           text,
	dkim_identity           text,
	dkim_result             text,
	spf_result              text,
	spf_domain              text,
	spf_record              text,
	mail_from               text,
	authentication_results  text,
	delivery_result         text,
	fo                      text,
	ruf                     text[] not null,
	left_out                bigint not null default 0,
	header                  text,
	report                  bigint,
	primary key (id, at)
) partition by range (at);
create index dmarc_failure_open on signet.dmarc_failure (policy_domain, at)
	where report is null;
create index dmarc_failure_report_no on signet.dmarc_failure (report)
	where report is not null;
comment on table signet.dmarc_failure is
	'DMARC failures, redacted at their source. Read it through '
	'signet.v_dmarc_failure.';
comment on index signet.dmarc_failure_open is
	'Finds those that no report tells yet.';
comment on index signet.dmarc_failure_report_no is
	'Finds those of a report.';
comment on column signet.dmarc_failure.id is
	'Id of the event.';
comment on column signet.dmarc_failure.at is
	'When the message came.';
comment on column signet.dmarc_failure.host is
	'Host that took the message in.';
comment on column signet.dmarc_failure.message is
	'Id of the message in the ledger.';
comment on column signet.dmarc_failure.policy_domain is
	'Domain at which the DMARC record was found.';
comment on column signet.dmarc_failure.from_domain is
	'Author domain.';
comment on column signet.dmarc_failure.source_ip is
	'Address of the client.';
comment on column signet.dmarc_failure.dmarc_result is
	'fail; or pass, where the record says fo=1 and one method '
	'failed.';
comment on column signet.dmarc_failure.dkim_failed is
	'No aligned DKIM signature passed.';
comment on column signet.dmarc_failure.spf_failed is
	'SPF did not pass for an aligned domain.';
comment on column signet.dmarc_failure.dkim_domain is
	'Domain of the signature that would have been aligned and '
	'failed.';
comment on column signet.dmarc_failure.dkim_selector is
	'Its selector.';
comment on column signet.dmarc_failure.dkim_identity is
	'Its identity, redacted.';
comment on column signet.dmarc_failure.dkim_result is
	'Its result.';
comment on column signet.dmarc_failure.spf_result is
	'SPF result of MAIL FROM.';
comment on column signet.dmarc_failure.spf_domain is
	'Domain that SPF checked.';
comment on column signet.dmarc_failure.spf_record is
	'Its record, where it would have been aligned.';
comment on column signet.dmarc_failure.mail_from is
	'MAIL FROM, redacted.';
comment on column signet.dmarc_failure.authentication_results is
	'Results, without addresses.';
comment on column signet.dmarc_failure.delivery_result is
	'What was done: delivered, spam, reject, other (RFC 6591).';
comment on column signet.dmarc_failure.fo is
	'Failure reporting options of the record.';
comment on column signet.dmarc_failure.ruf is
	'Where the record wanted failure reports.';
comment on column signet.dmarc_failure.left_out is
	'Failures of the domain before it that the host did not '
	'tell.';
comment on column signet.dmarc_failure.header is
	'Fields of the header that may be told, redacted.';
comment on column signet.dmarc_failure.report is
	'Report that it went into; null: none yet.';

create table signet.dmarc_failure_report (
	id             bigint generated always as identity primary key,
	policy_domain  text not null,
	from_domain    text not null,
	source_ip      inet not null,
	incidents      bigint not null,
	failure        uuid not null,
	failure_at     timestamptz not null,
	state          text not null default 'due',
	reason         text,
	planned_at     timestamptz not null default now(),
	attempts       integer not null default 0,
	claims         bigint not null default 0,
	host           text,
	next_at        timestamptz default now(),
	ended_at       timestamptz,
	constraint dmarc_failure_report_state check (
		state in ('due', 'again', 'sent', 'given_up', 'nothing')),
	constraint dmarc_failure_report_next check (
		(next_at is null) = (state in ('sent', 'given_up', 'nothing')))
);
create index dmarc_failure_report_due
	on signet.dmarc_failure_report (next_at, id) where next_at is not null;
create index dmarc_failure_report_planned
	on signet.dmarc_failure_report (planned_at);
comment on table signet.dmarc_failure_report is
	'DMARC failure reports: failures that are alike make one. '
	'Read it through signet.v_dmarc_failure_report.';
comment on constraint dmarc_failure_report_state on signet.dmarc_failure_report is
	'The states there are.';
comment on constraint dmarc_failure_report_next on signet.dmarc_failure_report is
	'What has not ended has a next time.';
comment on index signet.dmarc_failure_report_due is
	'Finds what is to be done next.';
comment on index signet.dmarc_failure_report_planned is
	'Counts those of the last hour.';
comment on column signet.dmarc_failure_report.id is
	'Key.';
comment on column signet.dmarc_failure_report.policy_domain is
	'Domain whose record asks for it.';
comment on column signet.dmarc_failure_report.from_domain is
	'Author domain.';
comment on column signet.dmarc_failure_report.source_ip is
	'Address of the client.';
comment on column signet.dmarc_failure_report.incidents is
	'Failures that it tells of.';
comment on column signet.dmarc_failure_report.failure is
	'The newest of them, which it shows.';
comment on column signet.dmarc_failure_report.failure_at is
	'When that came.';
comment on column signet.dmarc_failure_report.state is
	'due; again: to be tried again; sent: some destination has '
	'it; given_up: none took it; nothing: there was nobody to '
	'send it to.';
comment on column signet.dmarc_failure_report.reason is
	'Why it is in that state.';
comment on column signet.dmarc_failure_report.planned_at is
	'When it was made of its failures.';
comment on column signet.dmarc_failure_report.attempts is
	'How often a host has worked on it.';
comment on column signet.dmarc_failure_report.claims is
	'Number of the last claim: who holds an older one may not '
	'write.';
comment on column signet.dmarc_failure_report.host is
	'Host that worked on it last.';
comment on column signet.dmarc_failure_report.next_at is
	'When it is worked on next; null: it has ended.';
comment on column signet.dmarc_failure_report.ended_at is
	'When it ended.';

create table signet.dmarc_failure_destination (
	id          bigint generated always as identity primary key,
	report      bigint not null references signet.dmarc_failure_report (id)
			on delete cascade,
	uri         text not null,
	address     text,
	host        text,
	consent     text,
	state       text not null,
	reason      text,
	attempts    integer not null default 0,
	reply       text,
	next_at     timestamptz,
	sent_at     timestamptz,
	changed_at  timestamptz not null default now(),
	constraint dmarc_failure_destination_state check (
		state in ('waiting', 'undecided', 'again', 'sent', 'given_up',
			  'skipped')),
	constraint dmarc_failure_destination_once unique (report, uri)
);
create index dmarc_failure_destination_address
	on signet.dmarc_failure_destination (address, sent_at)
	where sent_at is not null;
comment on table signet.dmarc_failure_destination is
	'Where each failure report went: one row for each ruf URI. '
	'Read it through signet.v_dmarc_failure_destination.';
comment on constraint dmarc_failure_destination_state on signet.dmarc_failure_destination is
	'The states there are.';
comment on constraint dmarc_failure_destination_once on signet.dmarc_failure_destination is
	'Each URI is attempted once.';
comment on index signet.dmarc_failure_destination_address is
	'Counts what went to an address in the last hour.';
comment on column signet.dmarc_failure_destination.id is
	'Key; the envelope sender carries it (VERP).';
comment on column signet.dmarc_failure_destination.report is
	'The report.';
comment on column signet.dmarc_failure_destination.uri is
	'URI of ruf, or that its host gave instead.';
comment on column signet.dmarc_failure_destination.address is
	'Address of it.';
comment on column signet.dmarc_failure_destination.host is
	'Domain of the address.';
comment on column signet.dmarc_failure_destination.consent is
	'own, given, refused: whether the host wants reports about '
	'the domain.';
comment on column signet.dmarc_failure_destination.state is
	'waiting, undecided (DNS did not answer), again, sent, '
	'given_up, skipped.';
comment on column signet.dmarc_failure_destination.reason is
	'Why it is in that state.';
comment on column signet.dmarc_failure_destination.attempts is
	'How often it was tried.';
comment on column signet.dmarc_failure_destination.reply is
	'What the mail server said.';
comment on column signet.dmarc_failure_destination.next_at is
	'When it is tried next.';
comment on column signet.dmarc_failure_destination.sent_at is
	'When it was sent.';
comment on column signet.dmarc_failure_destination.changed_at is
	'When this row was last changed.';
comment on index signet.dmarc_failure_destination_once is
	'Each URI is attempted once.';
comment on sequence signet.dmarc_failure_report_id_seq is
	'Keys of failure reports.';
comment on sequence signet.dmarc_failure_destination_id_seq is
	'Keys of their destinations.';

reset role;
