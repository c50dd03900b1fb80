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
-- compiling it takes longer than it does, whatever its estimate says
set jit = off
as $$
begin
	return query
	with record as materialized (
	select (i.begin_at at time zone 'UTC')::date as day, i.domain,
	       i.organization, r.source_ip, r.header_from, r.count,
	       coalesce(r.dkim = 'pass' or r.spf = 'pass', false) as aligned,
	       coalesce(r.source_ip in (select o.address
			from signet.own_address o), false) as own,
	       r.signatures
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
	), key as materialized (
	-- a report of one day may count mail of the days beside it
	select distinct s.day + d.d as day, s.domain, s.selector
	from signed s, (values (-1), (0), (1)) d (d)
	), sent as materialized (
	-- a message with two signatures counts once
	select s.day, s.from_domain, max(s.messages)::bigint as messages
	from signed s
	group by 1, 2
	), judged as (
	-- each record by itself: nobody can tell how many there will be, and a
	-- join of one list with another may compare each with each
	select r.*, t.told, case
		when r.own or t.passed then 'ours'
		when t.passed is not null then 'claims to be ours'
		else 'not ours' end as whose
	from record r
	cross join lateral (
		select jsonb_agg(concat(g ->> 'domain', '=', g ->> 'result'))
			as told,
		       bool_or(case when (r.day, lower(g ->> 'domain'),
					  g ->> 'selector')
			in (select k.day, k.domain, k.selector from key k)
			then coalesce(g ->> 'result', '') = 'pass' end)
			as passed
		from jsonb_array_elements(r.signatures) g
	) t
	), summed as (
	select j.day, j.domain, j.header_from, j.source_ip, j.organization,
	       j.own, j.whose, sum(j.count)::bigint as messages,
	       coalesce(sum(j.count) filter (where not j.aligned),
			0)::bigint as failed,
	       bool_and(j.aligned) as aligned, jsonb_agg(j.told) as told
	from judged j
	group by 1, 2, 3, 4, 5, 6, 7
	), beside as (
	-- the rows to be told, and what was sent, brought together by sorting
	select w.*, max(w.sent) over (partition by w.day, w.header_from)
			as signed
	from (
		select s.*, true as is_row, null::bigint as sent from summed s
		union all
		select s.day, null, s.from_domain, null, null, null, null,
		       null, null, null, null, false, s.messages
		from sent s
	) w
	)
	select w.day, w.domain, w.header_from, w.source_ip, w.organization,
	       w.messages, w.failed, w.own,
	       array(select distinct t.one
		     from jsonb_array_elements(w.told) l,
			  lateral jsonb_array_elements_text(
				nullif(l.value, 'null')) t (one)
		     order by 1),
	       w.whose,
	       case when w.aligned then w.whose || ', and passing'
		    when w.whose = 'ours' then 'ours, and failing elsewhere'
		    else w.whose || ', and failing' end,
	       w.signed
	from beside w
	where w.is_row;
end
$$;
comment on function signet.report_in_ours(date, date) is
	'What DMARC reports say of the days from the first to the second, by '
	'source and reporter: whose mail it was (ours, claims to be ours, not '
	'ours) and whether it failed; signed_by_us is what signet-sign signed '
	'for that author domain on that day, for all receivers.';

reset role;
