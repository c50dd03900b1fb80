-- 018-tls-incoming.sql - STARTTLS of others with our mail servers, counted.

set local role signet_owner;

create table signet.tls_incoming (
	id         uuid primary key,
	at         timestamptz not null,
	host       text not null,
	program    text,
	seconds    integer not null,
	handshakes bigint not null,
	failed     bigint not null,
	reasons    jsonb not null default '{}'
);
create index tls_incoming_at on signet.tls_incoming (at);

comment on table signet.tls_incoming is
	'One row for each ten minutes and host: TLS handshakes of mail that '
	'came in. Read it through signet.v_tls_incoming.';
comment on index signet.tls_incoming_at is
	'Finds what is new, and what is to expire.';
comment on column signet.tls_incoming.id is
	'Made of host and time: what is counted again is the same row.';
comment on column signet.tls_incoming.at is 'Begin of the period.';
comment on column signet.tls_incoming.host is 'Host that took the mail.';
comment on column signet.tls_incoming.program is
	'Program that tells it: signet-tls-collect.';
comment on column signet.tls_incoming.seconds is 'Length of the period.';
comment on column signet.tls_incoming.handshakes is
	'STARTTLS handshakes that began.';
comment on column signet.tls_incoming.failed is 'Those that failed.';
comment on column signet.tls_incoming.reasons is
	'How many failed for which reason: no-shared-cipher, '
	'tls-remote-unknown-ca (an alert of the client), unknown ...';

reset role;
