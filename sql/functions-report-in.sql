-- functions-report-in.sql - reports that others send.  Applied again by every
-- signet-load --migrate.

set local role signet_owner;

-- signet.expire calls it.
create or replace function signet.report_in_expire(
	p_keep interval default '400 days')
returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
	gone bigint := 0;
	n bigint;
	name text;
begin
	foreach name in array array['report_in_record',
		'tls_report_in_failure', 'tls_report_in_policy',
		'failure_report_in', 'report_in_refused', 'report_in_arrival',
		'report_in']
	loop
		execute format('delete from signet.%I where at < $1', name)
			using now() - p_keep;
		get diagnostics n = row_count;
		gone := gone + n;
	end loop;
	return gone;
end
$$;
comment on function signet.report_in_expire(interval) is
	'Removes reports that were received longer ago than this; returns how '
	'many rows that were.';

-- What others saw in our name, beside what we know of it.  A source is ours
-- if it is one of our addresses, or if a signature passed that signet-sign
-- makes (the same domain and selector, within a day): somebody forwarded our
-- mail.  A signature that claims to be ours and fails proves nothing.
create or replace function signet.report_in_ours(p_from date, p_to date)
returns table (day date, domain text, header_from text, source_ip inet,
	       organization text, messages bigint, failed bigint,
	       is_own_address boolean, signatures text[], whose text,
	       state text, signed_by_us bigint)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
begin
	return query
	with record as materialized (
	select (i.begin_at at time zone 'UTC')::date as day, i.domain,
	       i.organization, r.source_ip, r.header_from, r.count,
	       r.dkim = 'pass' or r.spf = 'pass' as aligned, r.signatures
	from signet.report_in i
	join signet.report_in_record r on r.report = i.id
	where i.kind = 'dmarc'
	and i.begin_at >= p_from::timestamp at time zone 'UTC'
	and i.begin_at < (p_to + 1)::timestamp at time zone 'UTC'
	), signed as materialized (
	select (s.at at time zone 'UTC')::date as day,
	       lower(s.from_domain) as from_domain,
	       lower(g ->> 'domain') as domain, g ->> 'selector' as selector,
	       sum(coalesce(s.rcpt_count, 1)) as messages
	from signet.signed_message s
	left join lateral jsonb_array_elements(s.signatures) g on true
	where s.at >= (p_from - 1)::timestamp at time zone 'UTC'
	and s.at < (p_to + 2)::timestamp at time zone 'UTC'
	and s.action = 'signed'
	group by 1, 2, 3, 4
	), key as (
	select distinct s.day, s.domain, s.selector from signed s
	), sent as (
	-- a message with two signatures counts once
	select s.day, s.from_domain, max(s.messages)::bigint as messages
	from (select s1.day, s1.from_domain, s1.domain, s1.selector,
		     sum(s1.messages) as messages
	      from signed s1 group by 1, 2, 3, 4) s
	group by 1, 2
	), judged as (
	select r.*,
	       exists (select from signet.own_address a
		       where a.address = r.source_ip) as own,
	       exists (select from jsonb_array_elements(r.signatures) g
		       join key k on k.domain = lower(g ->> 'domain')
			and k.selector = g ->> 'selector'
			and k.day between r.day - 1 and r.day + 1
		       where g ->> 'result' = 'pass') as passed,
	       exists (select from jsonb_array_elements(r.signatures) g
		       join key k on k.domain = lower(g ->> 'domain')
			and k.selector = g ->> 'selector'
			and k.day between r.day - 1 and r.day + 1) as claimed
	from record r
	), worded as (
	select j.*, case when j.own or j.passed then 'ours'
			 when j.claimed then 'claims to be ours'
			 else 'not ours' end as whose
	from judged j
	)
	select w.day, w.domain, w.header_from, w.source_ip, w.organization,
	       sum(w.count)::bigint,
	       coalesce(sum(w.count) filter (where not w.aligned), 0)::bigint,
	       w.own,
	       array(select distinct concat(g ->> 'domain', '=',
					    g ->> 'result')
		     from worded w2,
			  lateral jsonb_array_elements(w2.signatures) g
		     where (w2.day, w2.domain, w2.whose)
			   = (w.day, w.domain, w.whose)
		     and w2.source_ip is not distinct from w.source_ip
		     and w2.header_from is not distinct from w.header_from
		     and w2.organization is not distinct from w.organization
		     order by 1),
	       w.whose,
	       case when bool_and(w.aligned) then w.whose || ', and passing'
		    when w.whose = 'ours' then 'ours, and failing elsewhere'
		    else w.whose || ', and failing' end,
	       (select max(s.messages) from sent s where s.day = w.day
		and s.from_domain = w.header_from)
	from worded w
	group by w.day, w.domain, w.header_from, w.source_ip, w.organization,
		 w.own, w.whose;
end
$$;
comment on function signet.report_in_ours(date, date) is
	'What DMARC reports say of the days from the first to the second, by '
	'source and reporter: whose mail it was (ours, claims to be ours, not '
	'ours) and whether it failed; signed_by_us is what signet-sign signed '
	'for that author domain on that day, for all receivers.';

reset role;
