-- functions-tls.sql - TLS policies, and what is known of recipient domains.
-- Applied again by every signet-load --migrate.

set local role signet_owner;

create or replace function signet.tls_policy_id(p_type text, p_domain text,
	p_strings text[], p_mx_hosts text[])
returns uuid
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
	select encode(substr(sha256(convert_to(array_to_json(array[
		p_type, p_domain, array_to_json(p_strings)::text,
		array_to_json(p_mx_hosts)::text])::text, 'UTF8')), 1, 16),
		'hex')::uuid
$$;
comment on function signet.tls_policy_id(text, text, text[], text[]) is
	'Id of a TLS policy: the same for the same content.';

-- Each fact is replaced by one that was seen later.  Most results tell what
-- is known: their domains are left out early, and no row is touched more than
-- once an hour.
create or replace function signet.recipient_domain_tls_put(
	p_seen signet.recipient_domain_tls[])
returns bigint
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
	with told as materialized (
	select s.* from unnest(p_seen) s
	), news as materialized (
	select distinct s.domain
	from told s
	left join signet.recipient_domain_tls o on o.domain = s.domain
	where o.domain is null
	or s.starttls is not null
	   and s.starttls_at > coalesce(o.starttls_at, '-infinity')
	   and (s.starttls is distinct from o.starttls
		or s.starttls_at > o.starttls_at + interval '1 hour')
	or s.requiretls is not null
	   and s.requiretls_at > coalesce(o.requiretls_at, '-infinity')
	   and (s.requiretls is distinct from o.requiretls
		or s.requiretls_at > o.requiretls_at + interval '1 hour')
	or s.mx_dnssec is not null
	   and s.mx_dnssec_at > coalesce(o.mx_dnssec_at, '-infinity')
	   and (s.mx_dnssec is distinct from o.mx_dnssec
		or s.mx_dnssec_at > o.mx_dnssec_at + interval '1 hour')
	or s.dane is not null
	   and s.dane_at > coalesce(o.dane_at, '-infinity')
	   and (s.dane is distinct from o.dane
		or s.dane_at > o.dane_at + interval '1 hour')
	or s.sts is not null
	   and s.sts_at > coalesce(o.sts_at, '-infinity')
	   and (s.sts is distinct from o.sts
		or s.sts_at > o.sts_at + interval '1 hour')
	or s.level is not null
	   and s.level_at > coalesce(o.level_at, '-infinity')
	   and (s.level is distinct from o.level
		or s.level_at > o.level_at + interval '1 hour')
	or s.tlsrpt_record is not null
	   and s.tlsrpt_record_at > coalesce(o.tlsrpt_record_at, '-infinity')
	   and (s.tlsrpt_record is distinct from o.tlsrpt_record
		or s.tlsrpt_record_at > o.tlsrpt_record_at + interval '1 hour')
	), seen as (
	select s.domain, min(s.first_at) as first_at,
	       (array_agg(s.starttls order by s.starttls_at desc)
		filter (where s.starttls is not null))[1] as starttls,
	       max(s.starttls_at) filter (where s.starttls is not null)
		as starttls_at,
	       (array_agg(s.requiretls order by s.requiretls_at desc)
		filter (where s.requiretls is not null))[1] as requiretls,
	       max(s.requiretls_at) filter (where s.requiretls is not null)
		as requiretls_at,
	       (array_agg(s.mx_dnssec order by s.mx_dnssec_at desc)
		filter (where s.mx_dnssec is not null))[1] as mx_dnssec,
	       max(s.mx_dnssec_at) filter (where s.mx_dnssec is not null)
		as mx_dnssec_at,
	       (array_agg(s.dane order by s.dane_at desc)
		filter (where s.dane is not null))[1] as dane,
	       max(s.dane_at) filter (where s.dane is not null)
		as dane_at,
	       (array_agg(s.sts order by s.sts_at desc)
		filter (where s.sts is not null))[1] as sts,
	       max(s.sts_at) filter (where s.sts is not null)
		as sts_at,
	       (array_agg(s.level order by s.level_at desc)
		filter (where s.level is not null))[1] as level,
	       max(s.level_at) filter (where s.level is not null)
		as level_at,
	       (array_agg(s.tlsrpt_record order by s.tlsrpt_record_at desc)
		filter (where s.tlsrpt_record is not null))[1] as tlsrpt_record,
	       max(s.tlsrpt_record_at) filter (where s.tlsrpt_record is not null)
		as tlsrpt_record_at
	from told s
	where s.domain is null
	or s.domain in (select n.domain from news n)
	group by s.domain
	), done as (
	insert into signet.recipient_domain_tls as r (domain, first_at,
		starttls, starttls_at,
		requiretls, requiretls_at,
		mx_dnssec, mx_dnssec_at,
		dane, dane_at,
		sts, sts_at,
		level, level_at,
		tlsrpt_record, tlsrpt_record_at)
	select s.*
	from seen s
	order by s.domain
	on conflict (domain) do update set
		starttls = case when excluded.starttls_at > coalesce(r.starttls_at,
			'-infinity') then excluded.starttls else r.starttls end,
		starttls_at = greatest(r.starttls_at, excluded.starttls_at),
		requiretls = case when excluded.requiretls_at > coalesce(r.requiretls_at,
			'-infinity') then excluded.requiretls else r.requiretls end,
		requiretls_at = greatest(r.requiretls_at, excluded.requiretls_at),
		mx_dnssec = case when excluded.mx_dnssec_at > coalesce(r.mx_dnssec_at,
			'-infinity') then excluded.mx_dnssec else r.mx_dnssec end,
		mx_dnssec_at = greatest(r.mx_dnssec_at, excluded.mx_dnssec_at),
		dane = case when excluded.dane_at > coalesce(r.dane_at,
			'-infinity') then excluded.dane else r.dane end,
		dane_at = greatest(r.dane_at, excluded.dane_at),
		sts = case when excluded.sts_at > coalesce(r.sts_at,
			'-infinity') then excluded.sts else r.sts end,
		sts_at = greatest(r.sts_at, excluded.sts_at),
		level = case when excluded.level_at > coalesce(r.level_at,
			'-infinity') then excluded.level else r.level end,
		level_at = greatest(r.level_at, excluded.level_at),
		tlsrpt_record = case when excluded.tlsrpt_record_at > coalesce(r.tlsrpt_record_at,
			'-infinity') then excluded.tlsrpt_record else r.tlsrpt_record end,
		tlsrpt_record_at = greatest(r.tlsrpt_record_at, excluded.tlsrpt_record_at)
	returning 1
	)
	select count(*) from done
$$;
comment on function signet.recipient_domain_tls_put(
	signet.recipient_domain_tls[]) is
	'Adds what was seen of recipient domains; the newest of each fact '
	'stays. Returns how many rows changed.';

create or replace function signet.rcpt_security(p_domain text)
returns table (level text, state text, at timestamptz, detail text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
	select l.level, case
			when l.seen is null then 'unknown'
			when l.seen = 'error' then 'error'
			when l.seen = l.good then 'yes'
			else 'no' end,
	       case when l.seen is not null then l.at end, l.detail
	from (select) one
	left join signet.recipient_domain_tls r
		on r.domain = lower(rtrim(p_domain, '.'))
	cross join lateral (values
		(1, 'starttls', r.starttls::text, 'true', r.starttls_at, null),
		(2, 'mta_sts', r.sts, 'enforce', r.sts_at, r.sts),
		(3, 'dnssec', r.mx_dnssec, 'yes', r.mx_dnssec_at, null),
		(4, 'dane', r.dane, 'all', r.dane_at, r.dane),
		(5, 'requiretls', r.requiretls::text, 'true',
			r.requiretls_at, null)
	) l (no, level, seen, good, at, detail)
	order by l.no
$$;
comment on function signet.rcpt_security(text) is
	'How mail to a domain is secured, as last seen. Five rows: starttls, '
	'mta_sts (yes: enforced), dnssec (of its MX records), dane (yes: all '
	'MX hosts), requiretls; each yes, no, unknown or error, and when that '
	'was seen.';

create or replace function signet.status_tls(
	out sessions bigint, out failed bigint, out domains bigint,
	out worst_domain text, out worst_failure text,
	out newest_s double precision)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
	since constant timestamptz := now() - interval '24 hours';
	counted_from timestamptz;
	counted bigint;
begin
	-- the hours that are in the 24 as a whole, unless their rows were
	-- there before they were counted
	select greatest(date_trunc('hour', since, 'UTC') + interval '1 hour',
		max(b.day + 1)::timestamp at time zone 'UTC')
	into counted_from
	from signet.loader_day_before b where b.table_name = 'tls_result';
	select coalesce(sum(l.rows), 0) into counted
	from signet.loader_day l
	where l.table_name = 'tls_result' and l.what = 'session'
	and l.day >= (counted_from at time zone 'UTC')::date
	and (l.day::timestamp + l.result::integer * interval '1 hour')
		at time zone 'UTC' >= counted_from;
	select count(*) + counted into sessions
	from signet.tls_result r
	where r.at > since and r.at < counted_from and r.n = 1;
	select greatest(extract(epoch from now() - max(r.at)), 0)
	into newest_s
	from signet.tls_result r where r.at > since;
	with session as materialized (
	select r.id, min(r.recipient_domain) as domain
	from signet.tls_result r
	where r.at > since and not r.success
	group by r.id
	), worst as (
	select s.domain from session s
	group by s.domain order by count(*) desc, s.domain limit 1
	)
	select count(*), count(distinct s.domain),
	       (select w.domain from worst w),
	       (select f.type from worst w
		join signet.tls_result_failure f
			on f.recipient_domain = w.domain and f.at > since
		group by f.type order by count(*) desc, f.type limit 1)
	into failed, domains, worst_domain, worst_failure
	from session s;
end
$$;
comment on function signet.status_tls() is
	'TLS sessions of the last 24 hours: how many, how many failed, to how '
	'many domains; the domain with most failures, and its most frequent '
	'one; seconds since the newest. Whole hours are as signet.loader_day '
	'counted them, and what failed is found by index.';

create or replace function signet.tls_expire(
	p_results interval default '30 days',
	p_domains interval default '400 days')
returns bigint
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
	with policy as (
	delete from signet.tls_policy p
	where p.used < (now() at time zone 'UTC' - p_results)::date - 2
	returning 1
	), domain as (
	delete from signet.recipient_domain_tls r
	where greatest(r.first_at, r.starttls_at, r.requiretls_at,
		r.mx_dnssec_at, r.dane_at, r.sts_at, r.level_at,
		r.tlsrpt_record_at) < now() - p_domains
	returning 1
	)
	select (select count(*) from policy) + (select count(*) from domain)
$$;
comment on function signet.tls_expire(interval, interval) is
	'Removes TLS policies that no result of the first age refers to, and '
	'recipient domains of which nothing was heard for the second; null '
	'keeps them. Returns how many rows went.';

reset role;
