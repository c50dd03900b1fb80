-- insert-tls-result.sql - events tls_result: a TLS session that was tried.
-- Applied again by every signet-load --migrate.

set local role signet_owner;

drop function if exists signet.insert_tls_result(text[]);
create or replace function signet.insert_tls_result(p_lines text[],
	out new_rows bigint, out counts jsonb)
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
	with event as materialized (
	select e.*
	from unnest(p_lines) l (line)
	cross join json_to_record(l.line::json) as e (
		id uuid, at timestamptz, host text, program text,
		source text, instance text, recipient_domain text,
		tlsrpt_record text, report boolean, policies json)
	), held as materialized (
	select e.id, p.n, e.at, e.host, e.program, e.source, e.instance,
		e.recipient_domain, p.type, p.domain, s.strings, s.mx_hosts,
		p.success, e.report, p.failures, e.tlsrpt_record,
		signet.tls_policy_id(p.type, p.domain, s.strings, s.mx_hosts)
			as policy
	from event e
	left join rows from (json_to_recordset(e.policies) as (
		type text, domain text, strings text[], mx text[],
		success boolean, failures json))
		with ordinality as p (type, domain, strings, mx, success,
			failures, n) on true
	cross join lateral (
		select case when p.type = 'tlsa' then array(
				select v from unnest(p.strings) v order by v)
			else coalesce(p.strings, '{}') end as strings,
		       coalesce(p.mx, '{}') as mx_hosts
	) s
	), inserted as (
	insert into signet.tls_result (id, n, at, host, program, source,
		instance, recipient_domain, policy, policy_domain, success,
		report)
	select h.id, h.n, h.at, h.host, h.program, h.source, h.instance,
		h.recipient_domain, h.policy, h.domain, h.success,
		coalesce(h.report, true)
	from held h
	on conflict do nothing
	returning id, at
	), failure as (
	insert into signet.tls_result_failure (result, n, failure, at,
		recipient_domain, policy, type, sending_ip, receiving_ip,
		receiving_mx, receiving_helo, information, reason, count)
	select h.id, h.n, f.failure, h.at, h.recipient_domain, h.policy,
		f.type, f.sending_ip, f.receiving_ip, f.mx, f.helo, f.info,
		f.reason, coalesce(f.count, 1)
	from held h
	cross join rows from (json_to_recordset(h.failures) as (
		type text, sending_ip inet, receiving_ip inet, mx text,
		helo text, info text, reason text, count bigint))
		with ordinality as f (type, sending_ip, receiving_ip, mx, helo,
			info, reason, count, failure)
	on conflict do nothing
	), used as (
	insert into signet.tls_policy as p (id, type, domain, strings,
		mx_hosts, used)
	select distinct on (h.policy) h.policy, h.type, h.domain, h.strings,
		h.mx_hosts, (h.at at time zone 'UTC')::date
	from held h
	left join signet.tls_policy o on o.id = h.policy
	where o.id is null or o.used < (h.at at time zone 'UTC')::date
	order by h.policy, h.at desc
	on conflict (id) do update set used = greatest(p.used, excluded.used)
	), seen as (
	select h.recipient_domain as domain, h.at, h.tlsrpt_record,
		case when bool_or(f.type = 'starttls-not-supported')
			then false
		when bool_or(h.success and h.source <> 'policy'
			or f.type like 'certificate-%') then true
		end as starttls
	from held h
	left join lateral json_to_recordset(h.failures) as f (type text)
		on true
	group by h.id, h.recipient_domain, h.at, h.tlsrpt_record
	), known as (
	select signet.recipient_domain_tls_put(array_agg(row(s.domain, s.at,
		s.starttls, s.at, null, null, null, null, null, null, null,
		null, null, null, s.tlsrpt_record, s.at)
		::signet.recipient_domain_tls)) as changed
	from seen s
	where s.starttls is not null or s.tlsrpt_record is not null
	), counted as (
	select 'tls_result' as table_name, (i.at at time zone 'UTC')::date
		as day, 'session' as what, to_char(i.at at time zone 'UTC',
		'HH24') as result, count(distinct i.id) as rows
	from inserted i
	group by 2, 4
	)
	select coalesce(sum(n.rows), 0)::bigint + 0 * coalesce(
		(select k.changed from known k), 0),
	       coalesce(jsonb_agg(to_jsonb(n)), '[]')
	from counted n
$$;
comment on function signet.insert_tls_result(text[]) is
	'Inserts tls_result events: sessions, their policies and what failed; '
	'returns how many sessions were new, and these by hour for '
	'signet.loader_day.';

reset role;
