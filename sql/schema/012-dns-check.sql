-- 012-dns-check.sql - what signet dns check found, and the addresses of our
-- hosts as the world sees them.

set local role signet_owner;

create table signet.dns_check (
	run      bigint not null,
	no       integer not null,
	domain   text not null,
	at       timestamptz not null,
	host     text not null,
	item     text not null,
	severity text not null,
	detail   text not null,
	remedy   text,
	primary key (run, no)
);
create sequence signet.dns_check_run owned by signet.dns_check.run;
create index dns_check_domain_at on signet.dns_check (domain, at);

comment on table signet.dns_check is
	'What signet dns check found, one row for each item of each run. Runs '
	'older than 90 days go when the domain is checked again.';
comment on column signet.dns_check.run is 'Number of the run.';
comment on column signet.dns_check.no is
	'Place of the item in the run, from 1.';
comment on column signet.dns_check.domain is 'Domain that was checked.';
comment on column signet.dns_check.at is 'When the run ended.';
comment on column signet.dns_check.host is 'Host that asked.';
comment on column signet.dns_check.item is
	'What was looked at: mx, dnssec, helo, ptr, address, spf, dkim, dmarc, '
	'tlsrpt, host-tlsrpt, mta-sts, tlsa, starttls, certificate.';
comment on column signet.dns_check.severity is
	'ok, skip, warn, could not ask, error. What could not be asked is not '
	'known to be missing.';
comment on column signet.dns_check.detail is 'What was found.';
comment on column signet.dns_check.remedy is
	'Lines to publish or things to do; null if there is nothing to do.';
comment on sequence signet.dns_check_run is 'Numbers of runs.';
comment on index signet.dns_check_domain_at is
	'Finds the latest run of a domain, and old ones.';

create table signet.own_address (
	host    text not null,
	address inet not null,
	at      timestamptz not null default now(),
	primary key (host, address)
);
comment on table signet.own_address is
	'Addresses of our hosts as the world sees them: [common] '
	'public_addresses of each host that ran signet dns check.';
comment on column signet.own_address.host is 'Host they are of.';
comment on column signet.own_address.address is 'One address.';
comment on column signet.own_address.at is 'When the host last told it.';

reset role;
