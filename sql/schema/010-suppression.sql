-- 010-suppression.sql - addresses that get no reports for a time, and the
-- bounces that put them there.

set local role signet_owner;

create table signet.report_suppression (
	kind       text not null,
	address    text not null,
	until      timestamptz not null,
	origin     text not null,
	comment    text,
	bounces    integer not null default 0,
	added_at   timestamptz not null default now(),
	changed_at timestamptz not null default now(),
	changed_by text not null default session_user,
	primary key (kind, address),
	constraint report_suppression_kind check (
		kind in ('dmarc', 'tls', 'failure')),
	constraint report_suppression_origin check (
		origin in ('manual', 'bounce')),
	constraint report_suppression_address check (
		address like '%_@_%' and address = lower(address))
);
comment on table signet.report_suppression is
	'Report addresses that get nothing until a date. Read it through '
	'signet.v_report_suppression.';
comment on constraint report_suppression_kind on signet.report_suppression is
	'The kinds of reports there are.';
comment on constraint report_suppression_origin
	on signet.report_suppression is 'Somebody, or a bounce.';
comment on constraint report_suppression_address
	on signet.report_suppression is 'Addresses compare without case.';
comment on column signet.report_suppression.kind is
	'dmarc: aggregate reports; tls: TLS reports; failure: DMARC failure '
	'reports.';
comment on column signet.report_suppression.address is
	'The address, in lower case.';
comment on column signet.report_suppression.until is
	'Until when nothing is sent there; infinity: for ever. A row whose '
	'time is over remembers how often it happened.';
comment on column signet.report_suppression.origin is
	'manual: an administrator; bounce: reports came back.';
comment on column signet.report_suppression.comment is
	'Why: a remark, or what the bounce said.';
comment on column signet.report_suppression.bounces is
	'How often bounces suppressed the address; each time the period '
	'doubles.';
comment on column signet.report_suppression.added_at is
	'When the address was first suppressed.';
comment on column signet.report_suppression.changed_at is
	'When the row was last changed.';
comment on column signet.report_suppression.changed_by is
	'Role that changed it.';

create table signet.report_bounce (
	id         uuid primary key,
	at         timestamptz not null,
	host       text,
	kind       text not null,
	report_id  bigint,
	address    text,
	recipient  text,
	action     text,
	status     text,
	smtp_code  integer,
	diagnostic text,
	effect     text not null
);
create index report_bounce_address on signet.report_bounce (kind, address, at);
create index report_bounce_at on signet.report_bounce (at);
comment on table signet.report_bounce is
	'Delivery status notifications about our reports, kept for 400 days. '
	'Read it through signet.v_report_bounce.';
comment on index signet.report_bounce_address is
	'Finds earlier bounces of an address.';
comment on index signet.report_bounce_at is 'Finds those that expire.';
comment on column signet.report_bounce.id is 'Id of the event.';
comment on column signet.report_bounce.at is 'When it came.';
comment on column signet.report_bounce.host is 'Host that read it.';
comment on column signet.report_bounce.kind is
	'Kind of the report: dmarc, tls, failure.';
comment on column signet.report_bounce.report_id is
	'Row of the report at its destination, from the token in the envelope '
	'sender.';
comment on column signet.report_bounce.address is
	'Where that report went; null: no such report is known.';
comment on column signet.report_bounce.recipient is
	'Recipient that the notification names; it differs where mail is '
	'forwarded.';
comment on column signet.report_bounce.action is
	'failed, delayed, delivered, relayed, expanded (RFC 3464).';
comment on column signet.report_bounce.status is
	'Status of the notification (RFC 3463).';
comment on column signet.report_bounce.smtp_code is
	'SMTP reply code in its diagnostic.';
comment on column signet.report_bounce.diagnostic is 'What it says.';
comment on column signet.report_bounce.effect is
	'suppressed; counted: suppresses when it happens again and again; '
	'known: the address was suppressed already; none: no failure, or one '
	'that may pass; unknown: of no report that we know.';

reset role;
