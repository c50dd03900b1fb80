-- views-tls.sql - what administrators read about TLS of mail that goes out.
-- Stable: columns are added at the end, none is renamed or removed.

set local role signet_owner;

create or replace view signet.v_tls_result as
select r.at, r.recipient_domain, p.type as policy_type, r.policy_domain,
       r.success, f.type as failure, f.receiving_mx, f.receiving_ip, f.reason,
       r.source, r.host, r.instance, r.report, p.strings as policy_strings,
       p.mx_hosts, r.program, r.n, r.id
from signet.tls_result r
left join signet.tls_policy p on p.id = r.policy
left join lateral (
	select f.type, f.receiving_mx, f.receiving_ip, f.reason
	from signet.tls_result_failure f
	where f.result = r.id and f.n = r.n and f.at = r.at
	order by f.failure limit 1
) f on true;

comment on view signet.v_tls_result is
	'One row for each TLS session that was tried and policy that it was '
	'held against.';
select signet.comment_view('signet.v_tls_result', 'signet.tls_result');
comment on column signet.v_tls_result.policy_type is
	'tlsa (DANE), sts (MTA-STS), no-policy-found.';
comment on column signet.v_tls_result.failure is
	'What failed first, in the words of RFC 8460; null: nothing. All of '
	'it is in signet.v_tls_failure.';
comment on column signet.v_tls_result.receiving_mx is
	'MX host with which that failed.';
comment on column signet.v_tls_result.receiving_ip is 'Its address.';
comment on column signet.v_tls_result.reason is
	'Code of the TLS library, or word of ours.';
comment on column signet.v_tls_result.policy_strings is
	'The policy: TLSA records or lines of the MTA-STS policy.';
comment on column signet.v_tls_result.mx_hosts is
	'MX patterns of the MTA-STS policy.';

create or replace view signet.v_tls_failure as
select f.at, f.recipient_domain, p.type as policy_type,
       p.domain as policy_domain, f.type as failure, f.reason, f.information,
       f.receiving_mx, f.receiving_ip, f.receiving_helo, f.sending_ip,
       f.count, r.success, r.source, r.host, r.instance, f.n, f.result
from signet.tls_result_failure f
left join signet.tls_policy p on p.id = f.policy
left join signet.tls_result r
	on r.id = f.result and r.n = f.n and r.at = f.at;

comment on view signet.v_tls_failure is
	'One row for each thing that failed in a TLS session.';
select signet.comment_view('signet.v_tls_failure',
	'signet.tls_result_failure');
comment on column signet.v_tls_failure.policy_type is
	'tlsa (DANE), sts (MTA-STS), no-policy-found.';
comment on column signet.v_tls_failure.policy_domain is
	'Domain of the policy: of tlsa the MX host.';
comment on column signet.v_tls_failure.failure is
	'What failed, in the words of RFC 8460 section 4.3.';
comment on column signet.v_tls_failure.success is
	'True: the session counts as good all the same; null: it counts '
	'neither way.';
comment on column signet.v_tls_failure.source is
	'How it was seen: datagram, log, probe, policy.';
comment on column signet.v_tls_failure.host is 'Host that sent.';
comment on column signet.v_tls_failure.instance is
	'Which MTA of the host.';

create or replace view signet.v_tls_result_day as
select d.day, r.*
from signet.partition_days('signet.tls_result') d (day)
cross join lateral (
	select r.recipient_domain, p.type as policy_type, r.policy_domain,
	       count(*) filter (where r.success) as successful,
	       count(*) filter (where not r.success) as failed,
	       count(*) filter (where r.success is null) as uncounted,
	       max(r.at) as last_at
	from signet.tls_result r
	left join signet.tls_policy p on p.id = r.policy
	where r.at >= d.day::timestamp at time zone 'UTC'
	and r.at < (d.day + 1)::timestamp at time zone 'UTC'
	group by 1, 2, 3) r;

comment on view signet.v_tls_result_day is
	'TLS sessions by UTC day, recipient domain and policy.';
comment on column signet.v_tls_result_day.day is 'UTC day.';
comment on column signet.v_tls_result_day.recipient_domain is
	'Domain of the recipients.';
comment on column signet.v_tls_result_day.policy_type is
	'tlsa (DANE), sts (MTA-STS), no-policy-found.';
comment on column signet.v_tls_result_day.policy_domain is
	'Domain of the policy: of tlsa the MX host.';
comment on column signet.v_tls_result_day.successful is
	'Sessions that met it.';
comment on column signet.v_tls_result_day.failed is
	'Sessions that did not.';
comment on column signet.v_tls_result_day.uncounted is
	'Sessions that count neither way and told of failures.';
comment on column signet.v_tls_result_day.last_at is 'The newest of them.';

create or replace view signet.v_recipient_domain_tls as
select r.domain,
       r.starttls, r.starttls_at,
       r.requiretls, r.requiretls_at,
       r.mx_dnssec, r.mx_dnssec_at,
       r.dane, r.dane_at,
       r.sts, r.sts_at,
       r.level, r.level_at,
       r.tlsrpt_record, r.tlsrpt_record_at,
       greatest(r.starttls_at, r.requiretls_at, r.mx_dnssec_at,
		r.dane_at, r.sts_at, r.level_at,
		r.tlsrpt_record_at) as last_at,
       r.first_at
from signet.recipient_domain_tls r;

comment on view signet.v_recipient_domain_tls is
	'One row for each recipient domain: its TLS as last seen.';
select signet.comment_view('signet.v_recipient_domain_tls',
	'signet.recipient_domain_tls');
comment on column signet.v_recipient_domain_tls.last_at is
	'When anything was seen of it.';

reset role;
