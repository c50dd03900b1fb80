-- functions-tls-page.sql - what one page tells of a domain (signet tls).
-- Applied again by every signet-load --migrate.

set local role signet_owner;

create or replace function signet.tls_page_sessions(p_domain text,
	p_most integer default 8)
returns table (at timestamptz, policy_type text, policy_domain text,
	       success boolean, failure text, reason text, receiving_mx text,
	       source text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
	select r.at, p.type, r.policy_domain, r.success, f.type, f.reason,
	       f.receiving_mx, r.source
	from signet.tls_result r
	left join signet.tls_policy p on p.id = r.policy
	left join lateral (
		select x.type, x.reason, x.receiving_mx
		from signet.tls_result_failure x
		where x.result = r.id and x.n = r.n and x.at = r.at
		order by x.failure limit 1
	) f on true
	where r.recipient_domain = lower(p_domain)
	and r.at > now() - interval '30 days'
	order by r.at desc, r.id, r.n
	limit p_most
$$;
comment on function signet.tls_page_sessions(text, integer) is
	'The newest TLS sessions with servers of a recipient domain in 30 '
	'days, and what failed first in each.';

create or replace function signet.tls_page_days(p_domain text,
	p_days integer default 7)
returns table (day date, successful bigint, failed bigint, uncounted bigint)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
	select (r.at at time zone 'UTC')::date,
	       count(*) filter (where r.success),
	       count(*) filter (where not r.success),
	       count(*) filter (where r.success is null)
	from signet.tls_result r
	where r.recipient_domain = lower(p_domain)
	and r.at > now() - make_interval(days => p_days)
	group by 1
	order by 1 desc
$$;
comment on function signet.tls_page_days(text, integer) is
	'TLS sessions with servers of a recipient domain on each of the last '
	'days (UTC) that had some.';

create or replace function signet.tls_page_reports_in(p_domain text,
	p_most integer default 3)
returns table (day date, organization text, policy_domain text,
	       successful bigint, failed bigint)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
	select (i.begin_at at time zone 'UTC')::date, i.organization,
	       p.policy_domain, p.successful::bigint, p.failed::bigint
	from signet.report_in i
	join signet.tls_report_in_policy p on p.report = i.id
	where i.kind = 'tls' and i.sender_domain = lower(p_domain)
	order by i.begin_at desc, p.policy_domain
	limit p_most
$$;
comment on function signet.tls_page_reports_in(text, integer) is
	'The newest TLS reports that a domain sent to us about our servers.';

create or replace function signet.tls_page_reports_out(p_domain text,
	p_most integer default 3)
returns table (day date, state text, reason text, destinations text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
	select (o.begin_at at time zone 'UTC')::date, o.state, o.reason,
	       (select string_agg(d.uri || ' ' || d.state, ', ' order by d.uri)
		from signet.tls_report_destination d where d.report = o.id)
	from signet.tls_report_out o
	where o.policy_domain = lower(p_domain)
	order by o.begin_at desc, o.about
	limit p_most
$$;
comment on function signet.tls_page_reports_out(text, integer) is
	'The newest TLS reports that were due to a domain, and what became of '
	'them.';

reset role;
