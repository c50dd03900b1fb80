-- 014-recipient-domain-tls.sql - what is known of the TLS of recipient domains.

set local role signet_owner;

create table signet.recipient_domain_tls (
	domain           text primary key,
	first_at         timestamptz not null,
	starttls         boolean,
	starttls_at      timestamptz,
	requiretls       boolean,
	requiretls_at    timestamptz,
	mx_dnssec        text,
	mx_dnssec_at     timestamptz,
	dane             text,
	dane_at          timestamptz,
	sts              text,
	sts_at           timestamptz,
	level            text,
	level_at         timestamptz,
	tlsrpt_record    text,
	tlsrpt_record_at timestamptz
) with (fillfactor = 80);

comment on table signet.recipient_domain_tls is
	'Recipient domains and what their TLS was like when it was last seen. '
	'Read it through signet.v_recipient_domain_tls and '
	'signet.rcpt_security().';
comment on column signet.recipient_domain_tls.domain is
	'Recipient domain.';
comment on column signet.recipient_domain_tls.first_at is
	'When it was first heard of.';
comment on column signet.recipient_domain_tls.starttls is
	'It offered STARTTLS; null: not seen.';
comment on column signet.recipient_domain_tls.starttls_at is
	'When that was seen, to the hour.';
comment on column signet.recipient_domain_tls.requiretls is
	'It offered REQUIRETLS; null: not seen.';
comment on column signet.recipient_domain_tls.requiretls_at is
	'When that was seen, to the hour.';
comment on column signet.recipient_domain_tls.mx_dnssec is
	'Its MX records are signed: yes, no, error; null: not seen.';
comment on column signet.recipient_domain_tls.mx_dnssec_at is
	'When that was seen, to the hour.';
comment on column signet.recipient_domain_tls.dane is
	'MX hosts with usable TLSA records: all, some, unusable '
	'(there are records, none usable), none, error; null: not '
	'seen.';
comment on column signet.recipient_domain_tls.dane_at is
	'When that was seen, to the hour.';
comment on column signet.recipient_domain_tls.sts is
	'MTA-STS: enforce, testing, none (the mode), absent, error; '
	'null: not seen.';
comment on column signet.recipient_domain_tls.sts_at is
	'When that was seen, to the hour.';
comment on column signet.recipient_domain_tls.level is
	'What the MTA was told: dane-only, dane, secure, may, none, '
	'temp; null: not seen.';
comment on column signet.recipient_domain_tls.level_at is
	'When that was seen, to the hour.';
comment on column signet.recipient_domain_tls.tlsrpt_record is
	'TLSRPT record as the MTA saw it; null: not seen.';
comment on column signet.recipient_domain_tls.tlsrpt_record_at is
	'When that was seen, to the hour.';

reset role;
