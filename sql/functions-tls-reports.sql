-- functions-tls-reports.sql - sending TLS reports: planning, claims, rows,
-- destinations.  signet-tls-report calls them; applied again by every
-- signet-load --migrate.
--
-- Claims are as in functions-reports.sql: a lease by time with a number, and
-- who holds an older number changes nothing.

set local role signet_owner;

-- Settings -----------------------------------------------------------------

create or replace function signet.tls_report_set(p_domain text,
	p_enabled boolean default null, p_what text default null,
	p_remark text default null)
returns void
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
	insert into signet.tls_report_setting as s (domain, enabled, what,
		remark)
	values (lower(rtrim(p_domain, '.')), coalesce(p_enabled, true),
		nullif(p_what, ''), p_remark)
	on conflict (domain) do update set
		enabled = coalesce(p_enabled, s.enabled),
		what = case when p_what is null then s.what
			else nullif(p_what, '') end,
		remark = coalesce(p_remark, s.remark),
		changed_at = now(),
		changed_by = session_user
$$;
comment on function signet.tls_report_set(text, boolean, text, text) is
	'Sets how one recipient domain or MX host gets its TLS reports: '
	'whether at all, of which days (failures, all; empty: as signet.conf '
	'says), and a remark. Null leaves a setting as it is.';

create or replace function signet.tls_report_unset(p_domain text)
returns boolean
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
	with gone as (
		delete from signet.tls_report_setting
		where domain = lower(rtrim(p_domain, '.')) returning 1)
	select exists (select from gone)
$$;
comment on function signet.tls_report_unset(text) is
	'Takes the settings of one domain away. True if there were some.';

-- What is to be reported ---------------------------------------------------

-- A session that delivered a report of ours makes no report due (report is
-- false then): two sites would report about their reports for ever.
create or replace function signet.tls_report_groups(p_day date,
	p_domain text default null)
returns table (policy_domain text, about text, results bigint,
	       is_due boolean, failed boolean, enabled boolean, what text)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
#variable_conflict use_column
begin
	-- planned for its arguments: a single domain is found by its index
	return query
	with r as materialized (
		select r.recipient_domain, r.policy_domain, r.policy,
		       count(*) as n, bool_or(r.report) as is_due,
		       coalesce(bool_or(r.success = false)
				filter (where r.report), false)
			or coalesce(bool_or(f.result is not null)
				filter (where r.report), false) as failed
		from signet.tls_result r
		left join (
			select distinct t.result, t.n, t.at
			from signet.tls_result_failure t
			where t.at >= p_day::timestamptz
			and t.at < (p_day + 1)::timestamptz
		) f on f.result = r.id and f.n = r.n and f.at = r.at
		where r.at >= p_day::timestamptz
		and r.at < (p_day + 1)::timestamptz
		and (p_domain is null or r.recipient_domain = p_domain
			or (r.policy_domain = p_domain
			    and r.policy_domain <> r.recipient_domain))
		group by 1, 2, 3
	), g as (
		select r.recipient_domain as domain, 'domain' as about,
		       sum(r.n)::bigint as n, bool_or(r.is_due) as is_due,
		       bool_or(r.failed) as failed
		from r group by 1
		union all
		select r.policy_domain, 'host', sum(r.n)::bigint,
		       bool_or(r.is_due), bool_or(r.failed)
		from r
		join signet.tls_policy p on p.id = r.policy
		where r.policy_domain <> r.recipient_domain
		and p.type in ('tlsa', 'no-policy-found')
		group by 1
	)
	select g.domain, g.about, g.n, g.is_due, g.failed,
	       coalesce(s.enabled, true), s.what
	from g
	left join signet.tls_report_setting s on s.domain = g.domain
	where p_domain is null or g.domain = p_domain;
end
$$;
comment on function signet.tls_report_groups(date, text) is
	'The reports that the TLS results of one UTC day make: one for each '
	'recipient domain and for each MX host (or for one), with the number '
	'of results, whether a session that was no delivery of a report of '
	'ours is among them, and whether something failed in such a one.';

create or replace function signet.tls_report_id(p_submitter text,
	p_domain text, p_about text, p_begin timestamptz)
returns text
language sql immutable
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
	select to_char(p_begin, 'YYYYMMDD') || left(encode(sha256(
		convert_to(concat_ws(E'\n', p_submitter, p_domain, p_about,
			p_begin), 'UTF8')), 'hex'), 20)
$$;
comment on function signet.tls_report_id(text, text, text, timestamptz) is
	'The report-id: letters and digits, always the same for the same '
	'report of the same submitter.';

create or replace function signet.tls_report_plan_day(p_day date,
	p_submitter text, p_what text)
returns bigint
language sql security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
	with planned as (
	insert into signet.tls_report_out as o (policy_domain, about, what,
		begin_at, end_at, report_id, submitter, state, reason,
		rows_seen, next_at, ended_at)
	select g.policy_domain, g.about, w.what, p_day::timestamptz,
	       (p_day + 1)::timestamptz,
	       signet.tls_report_id(p_submitter, g.policy_domain, g.about,
			p_day::timestamptz),
	       p_submitter, case when n.reason is null then 'due'
			else 'nothing' end, n.reason, g.results,
	       case when n.reason is null then now() end,
	       case when n.reason is not null then now() end
	from signet.tls_report_groups(p_day) g
	cross join lateral (select coalesce(g.what, p_what) as what) w
	cross join lateral (select case
		when not g.enabled then 'reports to it are switched off'
		when not g.is_due then 'nothing but reports was delivered'
		when w.what = 'failures' and not g.failed then 'nothing failed'
		end as reason) n
	on conflict (policy_domain, about, begin_at) do update set
		rows_seen = greatest(o.rows_seen, excluded.rows_seen),
		what = excluded.what, state = 'due', reason = null,
		next_at = now(), ended_at = null
		-- there was nothing to tell, and now there is
		where o.state = 'nothing' and excluded.state = 'due'
		and o.reason in ('nothing failed',
			'nothing but reports was delivered',
			'nothing failed that is not told already')
		and (o.rows_seen, o.what)
			is distinct from (excluded.rows_seen, excluded.what)
	returning state)
	select count(*) filter (where state = 'due') from planned
$$;
comment on function signet.tls_report_plan_day(date, text, text) is
	'Plans the TLS reports of one UTC day; returns how many are new and to '
	'be made. Those of days on which nothing failed are noted as nothing, '
	'unless all are asked for.';

create or replace function signet.tls_report_plan(p_submitter text,
	p_what text, p_delay interval, p_newest interval)
returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
declare
	part record;
	its_loaded bigint;
	n bigint;
	planned bigint := 0;
begin
	perform pg_advisory_xact_lock(hashtext('signet.tls_report_plan'));
	for part in
		select to_date(right(c.relname, 8), 'YYYYMMDD') as day
		from pg_inherits i
		join pg_class c on c.oid = i.inhrelid
		where i.inhparent = 'signet.tls_result'::regclass
		order by 1
	loop
		-- whole days only; what is older is nobody's news
		continue when part.day::timestamptz < now() - p_newest
			or (part.day + 1)::timestamptz + p_delay > now();
		-- asked for first: what comes from here on is found next time
		select coalesce(sum(l.rows), 0) into its_loaded
		from signet.loader_day l
		where l.table_name = 'tls_result' and l.day = part.day;
		continue when exists (
			select from signet.tls_report_period r
			where r.day = part.day and r.loaded = its_loaded
			and r.what = p_what);
		select count(*) into n from signet.tls_result r
		where r.at >= part.day::timestamptz
		and r.at < (part.day + 1)::timestamptz;
		-- planned when nothing was counted while it was loaded
		update signet.tls_report_period r set loaded = its_loaded
		where r.day = part.day and r.results = n and r.what = p_what
		and r.loaded is null;
		continue when found or n = 0;
		planned := planned + signet.tls_report_plan_day(part.day,
			p_submitter, p_what);
		insert into signet.tls_report_period as r (day, results, what,
			loaded)
		values (part.day, n, p_what, its_loaded)
		on conflict (day) do update set
			results = excluded.results,
			loaded = excluded.loaded,
			what = excluded.what,
			planned_at = now();
	end loop;
	return planned;
end
$$;
comment on function signet.tls_report_plan(text, text, interval, interval) is
	'Plans the TLS reports of every UTC day that has ended for so long and '
	'did not begin before the second age; a day that was missed gets '
	'reports of its own. Returns how many are new.';

-- Rows with the same policy are one policy of the report, failures that are
-- alike in all that is told are one with their number.
create or replace function signet.tls_report_rows(p_domain text,
	p_about text, p_begin timestamptz, p_end timestamptz, p_told text[])
returns table (policy text, type text, domain text, strings text,
	       mx_hosts text, successful bigint, failed bigint, failure text,
	       sending_ip text, receiving_ip text, receiving_mx text,
	       receiving_helo text, information text, reason text,
	       sessions bigint)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
	-- planned for its arguments
	return query
	with r as materialized (
		select r.id, r.n, r.at, r.policy, r.success,
		       case when p_about = 'host' then r.recipient_domain
				else r.policy_domain end as domain
		from signet.tls_result r
		where p_about = 'domain' and r.recipient_domain = p_domain
		and r.at >= p_begin and r.at < p_end
		union all
		select r.id, r.n, r.at, r.policy, r.success,
		       r.recipient_domain
		from signet.tls_result r
		where p_about = 'host' and r.policy_domain = p_domain
		and r.policy_domain <> r.recipient_domain
		and r.recipient_domain <> all (p_told)
		and r.at >= p_begin and r.at < p_end
	), p as (
		select r.policy, r.domain,
		       count(*) filter (where r.success) as successful,
		       count(*) filter (where not r.success) as failed
		from r group by 1, 2
	), f as (
		select r.policy, r.domain, t.type, t.sending_ip,
		       t.receiving_ip, t.receiving_mx, t.receiving_helo,
		       t.information, t.reason, sum(t.count)::bigint as n
		from r
		join signet.tls_result_failure t
			on t.result = r.id and t.n = r.n and t.at = r.at
		where t.at >= p_begin and t.at < p_end
		group by 1, 2, 3, 4, 5, 6, 7, 8, 9
	)
	select p.policy || ' ' || p.domain, t.type, p.domain,
	       array_to_string(t.strings, E'\n'),
	       case when p_about = 'host' then p_domain
			else array_to_string(t.mx_hosts, E'\n') end,
	       p.successful, p.failed, f.type, host(f.sending_ip),
	       host(f.receiving_ip), f.receiving_mx, f.receiving_helo,
	       f.information, f.reason, f.n
	from p
	join signet.tls_policy t on t.id = p.policy
	left join f on f.policy = p.policy and f.domain = p.domain
	where (p_about = 'domain' or t.type in ('tlsa', 'no-policy-found'))
	-- delivery straight to a host: what is known is told
	and not (t.type = 'no-policy-found' and exists (
		select from p q join signet.tls_policy u on u.id = q.policy
		where q.domain = p.domain and u.type = 'tlsa'
		and u.domain = t.domain))
	order by p.failed > 0 desc, t.type = 'sts' desc, t.type = 'tlsa' desc,
		 p.domain collate "C", p.policy, f.n desc,
		 f.type collate "C", f.receiving_mx collate "C",
		 f.receiving_ip, f.sending_ip, f.receiving_helo collate "C",
		 f.reason collate "C", f.information collate "C";
end
$$;
comment on function signet.tls_report_rows(text, text, timestamptz,
					   timestamptz, text[]) is
	'The policies of one report with their sessions, each with its '
	'failures, in an order that is always the same: policies under which '
	'sessions failed first, the most frequent failures first. Of an MX '
	'host: for each recipient domain but those that were told, with the '
	'host as mx-host.';

create or replace function signet.tls_report_affected(p_host text,
	p_begin timestamptz, p_end timestamptz)
returns table (domain text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
	select distinct r.recipient_domain collate "C"
	from signet.tls_result r
	join signet.tls_policy p on p.id = r.policy
	where r.policy_domain = p_host and r.policy_domain <> r.recipient_domain
	and r.at >= p_begin and r.at < p_end
	and p.type in ('tlsa', 'no-policy-found')
	order by 1
$$;
comment on function signet.tls_report_affected(text, timestamptz,
					       timestamptz) is
	'Recipient domains of the results of an MX host.';

create or replace function signet.tls_report_preview(p_day date,
	p_domain text, p_submitter text, p_what text)
returns table (policy_domain text, begin_s bigint, end_s bigint,
	       report_id text, submitter text, about text, what text,
	       attempts integer, results bigint, is_wanted boolean,
	       reason text, fate text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
	select g.policy_domain, extract(epoch from p_day::timestamptz)::bigint,
	       extract(epoch from (p_day + 1)::timestamptz)::bigint,
	       coalesce(o.report_id, signet.tls_report_id(p_submitter,
			g.policy_domain, g.about, p_day::timestamptz)),
	       coalesce(o.submitter, p_submitter), g.about,
	       coalesce(g.what, p_what), coalesce(o.attempts, 0), g.results,
	       n.reason is null, n.reason,
	       o.state || coalesce(': ' || o.reason, '') || coalesce(
			' [' || (select string_agg(concat(d.state, ' ',
				coalesce(d.address, d.uri), ' (' || coalesce(
				d.reason, d.reply) || ')'), ', ' order by d.id)
			from signet.tls_report_destination d
			where d.report = o.id) || ']', '')
	from signet.tls_report_groups(p_day, p_domain) g
	cross join lateral (select case
		when not g.enabled then 'reports to it are switched off'
		when not g.is_due then 'nothing but reports was delivered'
		when coalesce(g.what, p_what) = 'failures' and not g.failed
			then 'nothing failed'
		end as reason) n
	left join signet.tls_report_out o
		on o.policy_domain = g.policy_domain and o.about = g.about
		and o.begin_at = p_day::timestamptz
	order by g.about, g.policy_domain collate "C"
$$;
comment on function signet.tls_report_preview(date, text, text, text) is
	'The TLS reports of one UTC day, to one domain or (null) all, planned '
	'or not, with what has become of each; changes nothing.';

-- Claims -------------------------------------------------------------------

create or replace function signet.tls_report_claim(p_host text,
	p_lease interval, p_domain text default null, p_day date default null)
returns table (id bigint, claim bigint, policy_domain text, begin_s bigint,
	       end_s bigint, report_id text, submitter text, file_name text,
	       state text, is_made boolean, decided boolean, about text,
	       what text, attempts integer)
language sql security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
	with one as (
		select o.id from signet.tls_report_out o
		where o.next_at <= now()
		and (p_domain is null or o.policy_domain = p_domain)
		and (p_day is null or o.begin_at = p_day::timestamptz)
		-- recipient domains before MX hosts
		order by o.about, o.next_at, o.id
		limit 1 for update skip locked
	)
	update signet.tls_report_out o
	set claims = o.claims + 1, attempts = o.attempts + 1,
	    claimed_until = now() + p_lease, next_at = now() + p_lease,
	    host = p_host
	from one where o.id = one.id
	returning o.id, o.claims, o.policy_domain,
		extract(epoch from o.begin_at)::bigint,
		extract(epoch from o.end_at)::bigint, o.report_id,
		o.submitter, o.file_name, o.state, o.gzip is not null,
		exists (select from signet.tls_report_destination d
			where d.report = o.id)
		and not exists (select from signet.tls_report_destination d
			where d.report = o.id and d.state = 'undecided'),
		o.about, o.what, o.attempts
$$;
comment on function signet.tls_report_claim(text, interval, text, date) is
	'Takes the next report that something can be done for, and keeps '
	'others away from it for that long; no row: there is none. With a '
	'domain or a UTC day only theirs.';

create or replace function signet.tls_report_waiting(
	p_domain text default null, p_day date default null)
returns bigint
language sql stable security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
	select count(*) from signet.tls_report_out o
	where o.next_at <= now()
	and (p_domain is null or o.policy_domain = p_domain)
	and (p_day is null or o.begin_at = p_day::timestamptz)
$$;
comment on function signet.tls_report_waiting(text, date) is
	'How many reports something can be done for now.';

create or replace function signet.tls_report_made(p_id bigint,
	p_claim bigint, p_file_name text, p_results bigint,
	p_records bigint, p_left_out bigint, p_json_bytes bigint, p_gzip text)
returns boolean
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
	with done as (
	update signet.tls_report_out o
	set state = 'ready', file_name = coalesce(o.file_name, p_file_name),
	    results = p_results, records = p_records,
	    left_out = p_left_out, json_bytes = p_json_bytes,
	    gzip = g.bytes, gzip_bytes = length(g.bytes),
	    gzip_sha256 = encode(sha256(g.bytes), 'hex'), made_at = now(),
	    reason = null
	from (select decode(p_gzip, 'base64') as bytes) g
	where o.id = p_id and o.claims = p_claim and o.gzip is null
	and o.state = 'due'
	returning 1)
	select exists (select from done)
$$;
comment on function signet.tls_report_made(bigint, bigint, text, bigint,
	bigint, bigint, bigint, text) is
	'Keeps the finished report (in base64) and its figures. False: the '
	'claim is somebody else''s now.';

create or replace function signet.tls_report_gzip(p_id bigint)
returns text
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
	select encode(o.gzip, 'base64') from signet.tls_report_out o
	where o.id = p_id
$$;
comment on function signet.tls_report_gzip(bigint) is
	'The kept report in base64.';

create or replace function signet.tls_report_destinations(p_id bigint,
	p_claim bigint, p_uris text[], p_addresses text[], p_hosts text[],
	p_insteads text[], p_consents text[], p_states text[],
	p_reasons text[])
returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
	perform from signet.tls_report_out o
	where o.id = p_id and o.claims = p_claim for update;
	if not found then
		return false;
	end if;
	delete from signet.tls_report_destination d
	where d.report = p_id and d.state = 'undecided'
	and d.uri <> all (p_uris);
	insert into signet.tls_report_destination as d (report, uri,
		address, host, state, reason, next_at)
	select p_id, l.uri, nullif(l.address, ''), nullif(l.host, ''),
	       l.state, nullif(l.reason, ''),
	       case when l.state = 'waiting' then now() end
	from unnest(p_uris, p_addresses, p_hosts, p_states, p_reasons)
		as l (uri, address, host, state, reason)
	on conflict (report, uri) do update set
		state = excluded.state, reason = excluded.reason,
		next_at = excluded.next_at, changed_at = now()
		where d.state = 'undecided';
	return true;
end
$$;
comment on function signet.tls_report_destinations(bigint, bigint, text[],
	text[], text[], text[], text[], text[], text[]) is
	'Keeps what was found about the URIs of a report; TLS reports know '
	'neither consent nor URIs in place of others. What was decided before '
	'stays. False: the claim is somebody else''s now.';

create or replace function signet.tls_report_next(p_id bigint,
	p_claim bigint, p_lease interval, p_host_hourly integer)
returns table (id bigint, uri text, address text, host text)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
	d record;
	suppressed timestamptz;
begin
	update signet.tls_report_out o
	set claimed_until = now() + p_lease, next_at = now() + p_lease
	where o.id = p_id and o.claims = p_claim and o.next_at is not null;
	if not found then
		return;
	end if;
	for d in
		select * from signet.tls_report_destination t
		where t.report = p_id and t.state in ('waiting', 'again')
		and t.next_at <= now()
		order by t.id for update
	loop
		suppressed := signet.report_suppressed('tls', d.address);
		if suppressed is not null then
			update signet.tls_report_destination t
			set state = 'skipped', next_at = null,
			    reason = case when suppressed = 'infinity'
				then 'suppressed'
				else 'suppressed until ' || to_char(
				suppressed at time zone 'UTC',
				'YYYY-MM-DD HH24:MI "UTC"') end,
			    changed_at = now()
			where t.id = d.id;
		elsif p_host_hourly > 0 and (
			select count(*)
			from signet.tls_report_destination t
			where t.host = d.host
			and t.sent_at > now() - interval '1 hour')
			>= p_host_hourly
		then
			update signet.tls_report_destination t
			set next_at = now() + interval '10 minutes'
				* (1 + 5 * random()),
			    reason = 'its host has had its reports of this '
				'hour',
			    changed_at = now()
			where t.id = d.id;
		else
			update signet.tls_report_destination t
			set attempts = t.attempts + 1, changed_at = now()
			where t.id = d.id;
			return query select d.id, d.uri, d.address, d.host;
			return;
		end if;
	end loop;
end
$$;
comment on function signet.tls_report_next(bigint, bigint, interval,
					     integer) is
	'The next destination of a claimed report to send to, and a longer '
	'claim; no row: there is none now. Suppressed addresses are skipped, '
	'and hosts that had so many reports in the last hour wait.';

create or replace function signet.tls_report_result(p_destination bigint,
	p_result text, p_reply text, p_keep_trying interval)
returns void
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
	update signet.tls_report_destination d
	set state = r.state, reply = nullif(p_reply, ''),
	    reason = case when r.state = 'given_up' and p_result = 'again'
		then 'not taken for too long' end,
	    next_at = case when r.state = 'again'
		then now() + signet.dmarc_report_backoff(d.attempts) end,
	    sent_at = case when r.state = 'sent' then now() end,
	    changed_at = now()
	from signet.tls_report_out o,
	     lateral (select case when p_result = 'again'
			and o.made_at + p_keep_trying < now()
			then 'given_up' else p_result end as state) r
	where d.id = p_destination and o.id = d.report and d.state <> 'sent'
$$;
comment on function signet.tls_report_result(bigint, text, text,
					       interval) is
	'Marks what the mail server said: sent, again (until it was tried for '
	'so long) or given_up.';

create or replace function signet.tls_report_finish(p_id bigint,
	p_claim bigint, p_trouble text, p_final text, p_keep_trying interval)
returns table (state text, reason text, next_at timestamptz,
	       destinations text)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
	o signet.tls_report_out;
	now_sent boolean;
	given_up boolean;
	open_at timestamptz;
	undecided boolean;
	tried boolean;
	as_state text;
	as_reason text;
	as_next timestamptz;
begin
	select * into o from signet.tls_report_out t
	where t.id = p_id and t.claims = p_claim and t.next_at is not null
	for update;
	if not found then
		return;
	end if;
	select coalesce(bool_or(d.state = 'sent'), false),
	       coalesce(bool_or(d.state = 'given_up'), false),
	       min(d.next_at) filter (where d.state in ('waiting', 'again')),
	       coalesce(bool_or(d.state = 'undecided'), false),
	       coalesce(bool_or(d.attempts > 0), false)
	into now_sent, given_up, open_at, undecided, tried
	from signet.tls_report_destination d where d.report = p_id;
	as_reason := p_trouble;
	if p_final is not null then
		as_state := case when p_final = 'nothing' and now_sent
			then 'sent' else p_final end;
		update signet.tls_report_destination d
		set state = 'skipped', reason = p_trouble, next_at = null,
		    changed_at = now()
		where d.report = p_id
		and d.state in ('waiting', 'undecided', 'again');
	elsif open_at is not null and o.gzip is null
		and o.end_at + p_keep_trying * 6 < now() then
		as_state := 'given_up';
		as_reason := coalesce(p_trouble,
			'it could not be made for too long');
	elsif open_at is not null then
		as_state := case when o.gzip is null then 'due'
			when tried then 'again' else 'ready' end;
		as_next := greatest(open_at, now()
			+ case when p_trouble is null then interval '0'
			else interval '5 minutes' end);
	elsif undecided or p_trouble is not null then
		if o.end_at + p_keep_trying * 6 < now() then
			as_state := case when now_sent then 'sent'
				else 'given_up' end;
			as_reason := coalesce(p_trouble,
				'DNS did not answer for too long');
		else
			as_state := case when o.gzip is null then 'due'
				when tried then 'again' else 'ready' end;
			as_next := now()
				+ signet.dmarc_report_backoff(o.attempts);
		end if;
	else
		as_state := case when now_sent then 'sent'
			when given_up then 'given_up' else 'nothing' end;
		if as_state = 'nothing' then
			as_reason := 'no destination can be used';
		end if;
	end if;
	if undecided and as_reason is null then
		as_reason := 'DNS has not told about every destination';
	end if;
	update signet.tls_report_out t
	set state = as_state, reason = as_reason, next_at = as_next,
	    claimed_until = null,
	    ended_at = case when as_next is null then now() end,
	    gzip = case when as_next is not null then t.gzip end
	where t.id = p_id;
	return query select as_state, as_reason, as_next,
		(select string_agg(concat(d.state, ' ', coalesce(d.address,
			d.uri), ' (' || coalesce(d.reason, d.reply) || ')'),
			', ' order by d.id)
		from signet.tls_report_destination d
		where d.report = p_id);
end
$$;
comment on function signet.tls_report_finish(bigint, bigint, text, text,
					       interval) is
	'Ends a claim: what its destinations have come to decides about the '
	'report, unless p_final does. p_trouble says what stands in the way. '
	'The file is given up once nothing is left to do.';

create or replace function signet.tls_report_expire(p_keep interval)
returns bigint
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
	with gone as (
		delete from signet.tls_report_out o
		where o.end_at < now() - p_keep and o.next_at is null
		returning 1
	), days as (
		delete from signet.tls_report_period r
		where r.day < (now() - p_keep)::date returning 1
	)
	select count(*) from gone
$$;
comment on function signet.tls_report_expire(interval) is
	'Deletes the rows of reports that have ended and whose day is older; '
	'returns how many. The age must be above the retention of results.';

create or replace function signet.tls_report_again(p_report_id text)
returns boolean
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
	with one as (
		select o.id from signet.tls_report_out o
		where o.report_id = p_report_id
		and o.state in ('nothing', 'given_up')
		and not exists (select from signet.tls_report_destination d
			where d.report = o.id and d.state = 'sent')
	), opened as (
		update signet.tls_report_destination d
		set state = 'undecided', reason = 'asked for again',
		    changed_at = now()
		from one where d.report = one.id
	), done as (
		update signet.tls_report_out o
		set state = 'due', next_at = now(), ended_at = null,
		    made_at = null, reason = 'asked for again'
		from one where o.id = one.id returning 1)
	select exists (select from done)
$$;
comment on function signet.tls_report_again(text) is
	'Has a report that nobody got made and sent once more, from the '
	'results that are there. False: there is no such report.';


-- What `signet status` shows -----------------------------------------------

create or replace function signet.status_tls_reports()
returns table (sent bigint, waiting bigint, given_up bigint, alert text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
	select (select count(*) from signet.tls_report_destination d
		where d.sent_at > now() - interval '1 day'),
	       due.waiting,
	       (select count(*) from signet.tls_report_out o
		where o.state = 'given_up'
		and o.ended_at > now() - interval '1 day'),
	       case when due.since < now() - interval '6 hours' then
		'TLS reports wait since ' || to_char(due.since
			at time zone 'UTC', 'YYYY-MM-DD HH24:MI')
		|| ' UTC and nobody sends them: does signet-tls-report run?'
		end
	from (select count(*) as waiting, min(o.next_at) as since
	      from signet.tls_report_out o
	      where o.next_at is not null) due
$$;
comment on function signet.status_tls_reports() is
	'TLS reports that were sent and given up in the last 24 hours, and how '
	'many wait; alert says when reports wait and nobody sends them.';

reset role;
