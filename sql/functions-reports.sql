-- functions-reports.sql - sending DMARC aggregate reports: planning, claims,
-- rows, destinations.  signet-dmarc-report calls them; applied again by every
-- signet-load --migrate.
--
-- A claim is a lease by time with a number: no session state, so a pooler may
-- stand in between.  Each function that writes takes the number of the claim
-- and changes nothing when somebody else has taken over.

set local role signet_owner;

-- Settings -----------------------------------------------------------------

create or replace function signet.dmarc_report_set(p_domain text,
	p_enabled boolean default null, p_interval_hours integer default null,
	p_format text default null, p_remark text default null)
returns void
language sql security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
	insert into signet.dmarc_report_setting as s (domain, enabled,
		interval_hours, interval_since, format, remark)
	values (lower(rtrim(p_domain, '.')), coalesce(p_enabled, true),
		coalesce(p_interval_hours, 24), current_date + 1,
		nullif(p_format, ''), p_remark)
	on conflict (domain) do update set
		enabled = coalesce(p_enabled, s.enabled),
		interval_hours = coalesce(p_interval_hours, s.interval_hours),
		interval_before = case
			when p_interval_hours is null then s.interval_before
			when s.interval_since <= current_date
			then s.interval_hours else s.interval_before end,
		interval_since = case
			when p_interval_hours is null then s.interval_since
			else current_date + 1 end,
		format = case when p_format is null then s.format
			else nullif(p_format, '') end,
		remark = coalesce(p_remark, s.remark),
		changed_at = now(),
		changed_by = session_user
$$;
comment on function signet.dmarc_report_set(text, boolean, integer, text,
					    text) is
	'Sets how one policy domain gets its reports: whether at all, how many '
	'hours each covers (from the next UTC day on), rfc9990 or rfc7489 '
	'(empty: as signet.conf says), and a remark. Null leaves a setting as '
	'it is.';

create or replace function signet.dmarc_report_unset(p_domain text)
returns boolean
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
	with gone as (
		delete from signet.dmarc_report_setting
		where domain = lower(rtrim(p_domain, '.')) returning 1)
	select exists (select from gone)
$$;
comment on function signet.dmarc_report_unset(text) is
	'Takes the settings of one policy domain away at once; use '
	'dmarc_report_set to end a shorter interval without an overlap. True '
	'if there were some.';

-- What is to be reported ---------------------------------------------------

create or replace function signet.dmarc_report_groups(p_day date,
	p_domain text default null)
returns table (policy_domain text, begin_at timestamptz, end_at timestamptz,
	       policy jsonb, evaluations bigint, enabled boolean, format text)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
#variable_conflict use_column
begin
	-- planned for its arguments: a single domain is found by its index
	return query select g.policy_domain, g.begin_at,
	       g.begin_at + make_interval(hours => g.hours),
	       jsonb_build_object('discovery_method', g.discovery_method,
		'p', g.p, 'sp', g.sp, 'np', g.np, 'adkim', g.adkim,
		'aspf', g.aspf, 'fo', g.fo, 'testing', g.testing),
	       g.n, coalesce(s.enabled, true), s.format
	from (
		select e.policy_domain, h.hours,
		       case when h.hours = 24 then p_day::timestamptz
		       else date_bin(make_interval(hours => h.hours), e.at,
				     p_day::timestamptz) end as begin_at,
		       e.discovery_method, e.p, e.sp, e.np, e.adkim, e.aspf,
		       e.fo, e.testing, count(*) as n
		from signet.dmarc_evaluation e
		left join signet.dmarc_report_setting s
			on s.domain = e.policy_domain
		cross join lateral (select case
			when s.domain is null then 24
			when s.interval_since <= p_day then s.interval_hours
			else s.interval_before end) h (hours)
		where e.at >= p_day::timestamptz
		and e.at < (p_day + 1)::timestamptz
		and (p_domain is null or e.policy_domain = p_domain)
		group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
		having bool_or(not e.optional)
	) g
	left join signet.dmarc_report_setting s on s.domain = g.policy_domain;
end
$$;
comment on function signet.dmarc_report_groups(date, text) is
	'The reports that the evaluations of one UTC day make: for each policy '
	'domain (or one), period and policy. Groups in which every evaluation '
	'is optional make none.';

create or replace function signet.dmarc_report_id(p_submitter text,
	p_domain text, p_begin timestamptz, p_end timestamptz, p_policy jsonb)
returns text
language sql immutable
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
	select to_char(p_begin, 'YYYYMMDDHH24') || left(encode(sha256(
		convert_to(concat_ws(E'\n', p_submitter, p_domain,
			p_begin, p_end, p_policy), 'UTF8')), 'hex'), 20)
$$;
comment on function signet.dmarc_report_id(text, text, timestamptz,
					   timestamptz, jsonb) is
	'The Report-ID: letters and digits, always the same for the same '
	'report of the same submitter.';

create or replace function signet.dmarc_report_plan_day(p_day date,
	p_domain text, p_submitter text, p_format text, p_delay interval)
returns bigint
language sql security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
	with planned as (
	insert into signet.dmarc_report_out as o (policy_domain, begin_at,
		end_at, policy, report_id, submitter, format, state, reason,
		rows_seen, next_at, ended_at)
	select g.policy_domain, g.begin_at, g.end_at, g.policy,
	       signet.dmarc_report_id(p_submitter, g.policy_domain,
			g.begin_at, g.end_at, g.policy),
	       p_submitter, coalesce(g.format, p_format),
	       case when g.enabled then 'due' else 'nothing' end,
	       case when not g.enabled then
			'reports to this domain are switched off' end,
	       g.evaluations, case when g.enabled then now() end,
	       case when not g.enabled then now() end
	from signet.dmarc_report_groups(p_day, p_domain) g
	where g.end_at + p_delay <= now()
	on conflict (policy_domain, begin_at, end_at, policy) do update
		set rows_seen = excluded.rows_seen
		where o.rows_seen < excluded.rows_seen
	returning xmax = 0 as is_new)
	select count(*) filter (where is_new) from planned
$$;
comment on function signet.dmarc_report_plan_day(date, text, text, text,
						 interval) is
	'Plans the reports of one UTC day whose period has ended, for one '
	'policy domain or all; returns how many are new. Of those known it '
	'notes evaluations that came late.';

create or replace function signet.dmarc_report_plan(p_submitter text,
	p_format text, p_delay interval)
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
	perform pg_advisory_xact_lock(hashtext('signet.dmarc_report_plan'));
	for part in
		select to_date(right(c.relname, 8), 'YYYYMMDD') as day
		from pg_inherits i
		join pg_class c on c.oid = i.inhrelid
		where i.inhparent = 'signet.dmarc_evaluation'::regclass
		order by 1
	loop
		-- what is older is nobody's news, and its rows may have gone
		continue when part.day < current_date - 31
			or (part.day + 1)::timestamptz + p_delay > now();
		-- asked for first: what comes from here on is found next time
		select coalesce(sum(l.rows), 0) into its_loaded
		from signet.loader_day l
		where l.table_name = 'dmarc_evaluation' and l.day = part.day;
		continue when exists (
			select from signet.dmarc_report_period r
			where r.day = part.day and r.loaded = its_loaded);
		select count(*) into n from signet.dmarc_evaluation e
		where e.at >= part.day::timestamptz
		and e.at < (part.day + 1)::timestamptz;
		-- planned when nothing was counted while it was loaded
		update signet.dmarc_report_period r set loaded = its_loaded
		where r.day = part.day and r.evaluations = n
		and r.loaded is null;
		continue when found or n = 0;
		planned := planned + signet.dmarc_report_plan_day(part.day,
			null, p_submitter, p_format, p_delay);
		insert into signet.dmarc_report_period as r (day, evaluations,
			loaded)
		values (part.day, n, its_loaded)
		on conflict (day) do update set
			evaluations = excluded.evaluations,
			loaded = excluded.loaded,
			planned_at = now();
	end loop;
	for part in
		select s.domain, d.day
		from signet.dmarc_report_setting s,
		     (values (current_date - 1), (current_date)) d (day)
		where least(s.interval_hours, s.interval_before) < 24
	loop
		planned := planned + signet.dmarc_report_plan_day(part.day,
			part.domain, p_submitter, p_format, p_delay);
	end loop;
	return planned;
end
$$;
comment on function signet.dmarc_report_plan(text, text, interval) is
	'Plans every report whose period has ended for so long; days that '
	'were missed are found as long as their evaluations are there. A day '
	'that was planned is read again when signet-load has brought more of '
	'it. Returns how many are new.';

-- Fields of each object, joined by unit separators (0x1f), objects by record
-- separators (0x1e): what the program splits without a parser.
create or replace function signet.dmarc_report_flat(p_list jsonb,
						    p_names text[])
returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
	select string_agg((select string_agg(translate(
			coalesce(o.value ->> f.name, ''), E'\x1e\x1f', ''),
			E'\x1f' order by f.no)
		from unnest(p_names) with ordinality f (name, no)),
		E'\x1e' order by o.ordinality)
	from jsonb_array_elements(p_list) with ordinality o
$$;
comment on function signet.dmarc_report_flat(jsonb, text[]) is
	'A list of objects as text: these members of each, 0x1f between them '
	'and 0x1e between the objects.';

create or replace function signet.dmarc_report_rows(p_domain text,
	p_begin timestamptz, p_end timestamptz, p_policy jsonb)
returns table (source_ip text, evaluations bigint, header_from text,
	       envelope_from text, envelope_to text, disposition text,
	       dkim_aligned boolean, spf_aligned boolean, overrides text,
	       signatures text, spf_result text, spf_domain text,
	       spf_scope text, spf_reason text, organizational_domain text,
	       published text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
	select host(g.source_ip), g.n, g.header_from, g.envelope_from,
	       g.envelope_to, g.disposition, g.dkim_aligned, g.spf_aligned,
	       case when g.overrides <> '[]' then
	       signet.dmarc_report_flat(g.overrides, '{type,comment}') end,
	       case when g.dkim <> '[]' then
	       signet.dmarc_report_flat(g.dkim,
			'{domain,selector,result,human_result}') end,
	       g.spf_result, g.spf_domain, g.spf_scope, g.spf_reason,
	       g.organizational_domain, g.published
	from (
		select e.source_ip, count(*) as n, e.header_from,
		       e.envelope_from, e.envelope_to, e.disposition,
		       e.dkim_aligned, e.spf_aligned, e.overrides, e.dkim,
		       e.spf_result, e.spf_domain, e.spf_scope, e.spf_reason,
		       e.organizational_domain, e.published
		from signet.dmarc_evaluation e
		where e.policy_domain = p_domain
		and e.at >= p_begin and e.at < p_end
		and (e.discovery_method, e.p, e.sp, e.np, e.adkim, e.aspf,
		     e.fo, e.testing)
		is not distinct from (p_policy ->> 'discovery_method',
		     p_policy ->> 'p', p_policy ->> 'sp', p_policy ->> 'np',
		     p_policy ->> 'adkim', p_policy ->> 'aspf',
		     p_policy ->> 'fo', (p_policy ->> 'testing')::boolean)
		group by 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
	) g
	order by g.source_ip, g.header_from collate "C",
		 g.envelope_from collate "C", g.envelope_to collate "C",
		 g.disposition collate "C", g.dkim_aligned, g.spf_aligned,
		 g.spf_result collate "C", g.spf_domain collate "C",
		 g.spf_scope collate "C", g.spf_reason collate "C",
		 g.organizational_domain collate "C", g.published collate "C",
		 g.overrides::text collate "C", g.dkim::text collate "C"
$$;
comment on function signet.dmarc_report_rows(text, timestamptz, timestamptz,
					     jsonb) is
	'The records of one report: evaluations that are alike in all that is '
	'reported, with their number, in an order that is always the same.';

create or replace function signet.dmarc_report_preview(p_day date,
	p_domain text, p_submitter text, p_format text)
returns table (policy_domain text, begin_s bigint, end_s bigint, policy text,
	       report_id text, submitter text, format text,
	       discovery_method text, p text, sp text, np text, adkim text,
	       aspf text, fo text, testing text, evaluations bigint,
	       enabled boolean, fate text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
	select g.policy_domain, extract(epoch from g.begin_at)::bigint,
	       extract(epoch from g.end_at)::bigint, g.policy::text,
	       coalesce(o.report_id, signet.dmarc_report_id(p_submitter,
			g.policy_domain, g.begin_at, g.end_at, g.policy)),
	       coalesce(o.submitter, p_submitter),
	       coalesce(o.format, g.format, p_format),
	       g.policy ->> 'discovery_method', g.policy ->> 'p',
	       g.policy ->> 'sp', g.policy ->> 'np', g.policy ->> 'adkim',
	       g.policy ->> 'aspf', g.policy ->> 'fo',
	       case (g.policy ->> 'testing')::boolean when true then 'y'
	       when false then 'n' end,
	       g.evaluations, g.enabled,
	       o.state || coalesce(': ' || o.reason, '') || coalesce(
			' [' || (select string_agg(concat(d.state, ' ',
				coalesce(d.address, d.uri), ' (' || coalesce(
				d.reason, d.reply) || ')'), ', ' order by d.id)
			from signet.dmarc_report_destination d
			where d.report = o.id) || ']', '')
	from signet.dmarc_report_groups(p_day, p_domain) g
	left join signet.dmarc_report_out o
		on o.policy_domain = g.policy_domain
		and o.begin_at = g.begin_at and o.end_at = g.end_at
		and o.policy = g.policy
	order by g.policy_domain collate "C", g.begin_at, g.policy
$$;
comment on function signet.dmarc_report_preview(date, text, text, text) is
	'The reports of one UTC day, of one policy domain or (null) all, '
	'planned or not, with what has become of each; changes nothing.';

-- Claims -------------------------------------------------------------------

create or replace function signet.dmarc_report_claim(p_host text,
	p_lease interval, p_domain text default null, p_day date default null)
returns table (id bigint, claim bigint, policy_domain text, begin_s bigint,
	       end_s bigint, policy text, report_id text, submitter text,
	       format text, file_name text, state text, attempts integer,
	       rows_seen bigint, is_made boolean, decided boolean,
	       discovery_method text, p text, sp text, np text, adkim text,
	       aspf text, fo text, testing text)
language sql security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
	with one as (
		select o.id from signet.dmarc_report_out o
		where o.next_at <= now()
		and (p_domain is null or o.policy_domain = p_domain)
		and (p_day is null or (o.begin_at >= p_day::timestamptz
			and o.begin_at < (p_day + 1)::timestamptz))
		order by o.next_at, o.id
		limit 1 for update skip locked
	)
	update signet.dmarc_report_out o
	set claims = o.claims + 1, attempts = o.attempts + 1,
	    claimed_until = now() + p_lease, next_at = now() + p_lease,
	    host = p_host
	from one where o.id = one.id
	returning o.id, o.claims, o.policy_domain,
		extract(epoch from o.begin_at)::bigint,
		extract(epoch from o.end_at)::bigint, o.policy::text,
		o.report_id, o.submitter, o.format, o.file_name, o.state,
		o.attempts, o.rows_seen, o.gzip is not null,
		exists (select from signet.dmarc_report_destination d
			where d.report = o.id)
		and not exists (select from signet.dmarc_report_destination d
			where d.report = o.id and d.state = 'undecided'),
		o.policy ->> 'discovery_method', o.policy ->> 'p',
		o.policy ->> 'sp', o.policy ->> 'np', o.policy ->> 'adkim',
		o.policy ->> 'aspf', o.policy ->> 'fo',
		case (o.policy ->> 'testing')::boolean when true then 'y'
		when false then 'n' end
$$;
comment on function signet.dmarc_report_claim(text, interval, text, date) is
	'Takes the next report that something can be done for, and keeps '
	'others away from it for that long; no row: there is none. With a '
	'domain or a UTC day only theirs.';

create or replace function signet.dmarc_report_waiting(
	p_domain text default null, p_day date default null)
returns bigint
language sql stable security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
	select count(*) from signet.dmarc_report_out o
	where o.next_at <= now()
	and (p_domain is null or o.policy_domain = p_domain)
	and (p_day is null or (o.begin_at >= p_day::timestamptz
		and o.begin_at < (p_day + 1)::timestamptz))
$$;
comment on function signet.dmarc_report_waiting(text, date) is
	'How many reports something can be done for now.';

create or replace function signet.dmarc_report_made(p_id bigint,
	p_claim bigint, p_file_name text, p_evaluations bigint,
	p_records bigint, p_left_out bigint, p_xml_bytes bigint, p_gzip text)
returns boolean
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
	with done as (
	update signet.dmarc_report_out o
	set state = 'ready', file_name = coalesce(o.file_name, p_file_name),
	    evaluations = p_evaluations, records = p_records,
	    left_out = p_left_out, xml_bytes = p_xml_bytes,
	    rows_seen = greatest(o.rows_seen, p_evaluations + p_left_out),
	    gzip = g.bytes, gzip_bytes = length(g.bytes),
	    gzip_sha256 = encode(sha256(g.bytes), 'hex'), made_at = now(),
	    reason = null
	from (select decode(p_gzip, 'base64') as bytes) g
	where o.id = p_id and o.claims = p_claim and o.gzip is null
	and o.state = 'due'
	returning 1)
	select exists (select from done)
$$;
comment on function signet.dmarc_report_made(bigint, bigint, text, bigint,
	bigint, bigint, bigint, text) is
	'Keeps the finished report (in base64) and its figures. False: the '
	'claim is somebody else''s now.';

create or replace function signet.dmarc_report_gzip(p_id bigint)
returns text
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
	select encode(o.gzip, 'base64') from signet.dmarc_report_out o
	where o.id = p_id
$$;
comment on function signet.dmarc_report_gzip(bigint) is
	'The kept report in base64.';

create or replace function signet.dmarc_report_destinations(p_id bigint,
	p_claim bigint, p_uris text[], p_addresses text[], p_hosts text[],
	p_insteads text[], p_consents text[], p_states text[],
	p_reasons text[])
returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
	perform from signet.dmarc_report_out o
	where o.id = p_id and o.claims = p_claim for update;
	if not found then
		return false;
	end if;
	delete from signet.dmarc_report_destination d
	where d.report = p_id and d.state = 'undecided'
	and d.uri <> all (p_uris);
	insert into signet.dmarc_report_destination as d (report, uri,
		address, host, instead_of, consent, state, reason, next_at)
	select p_id, l.uri, nullif(l.address, ''), nullif(l.host, ''),
	       nullif(l.instead, ''), nullif(l.consent, ''), l.state,
	       nullif(l.reason, ''),
	       case when l.state = 'waiting' then now() end
	from unnest(p_uris, p_addresses, p_hosts, p_insteads, p_consents,
		    p_states, p_reasons)
		as l (uri, address, host, instead, consent, state, reason)
	on conflict (report, uri) do update set
		consent = excluded.consent, state = excluded.state,
		reason = excluded.reason, next_at = excluded.next_at,
		changed_at = now()
		where d.state = 'undecided';
	return true;
end
$$;
comment on function signet.dmarc_report_destinations(bigint, bigint, text[],
	text[], text[], text[], text[], text[], text[]) is
	'Keeps what was found about the URIs of a report. What was decided '
	'before stays. False: the claim is somebody else''s now.';

-- The next destination to send to, looked at for suppression and for the
-- limit of its host at this moment.
create or replace function signet.dmarc_report_next(p_id bigint,
	p_claim bigint, p_lease interval, p_host_hourly integer)
returns table (id bigint, uri text, address text, host text)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
	d record;
	suppressed timestamptz;
begin
	update signet.dmarc_report_out o
	set claimed_until = now() + p_lease, next_at = now() + p_lease
	where o.id = p_id and o.claims = p_claim and o.next_at is not null;
	if not found then
		return;
	end if;
	for d in
		select * from signet.dmarc_report_destination t
		where t.report = p_id and t.state in ('waiting', 'again')
		and t.next_at <= now()
		order by t.id for update
	loop
		suppressed := signet.dmarc_report_suppressed(d.address);
		if suppressed is not null then
			update signet.dmarc_report_destination t
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
			from signet.dmarc_report_destination t
			where t.host = d.host
			and t.sent_at > now() - interval '1 hour')
			>= p_host_hourly
		then
			update signet.dmarc_report_destination t
			set next_at = now() + interval '10 minutes'
				* (1 + 5 * random()),
			    reason = 'its host has had its reports of this '
				'hour',
			    changed_at = now()
			where t.id = d.id;
		else
			update signet.dmarc_report_destination t
			set attempts = t.attempts + 1, changed_at = now()
			where t.id = d.id;
			return query select d.id, d.uri, d.address, d.host;
			return;
		end if;
	end loop;
end
$$;
comment on function signet.dmarc_report_next(bigint, bigint, interval,
					     integer) is
	'The next destination of a claimed report to send to, and a longer '
	'claim; no row: there is none now. Suppressed addresses are skipped, '
	'and hosts that had so many reports in the last hour wait.';

create or replace function signet.dmarc_report_backoff(p_attempts integer)
returns interval
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
	select least(interval '15 minutes'
			* power(2, least(greatest(p_attempts, 1), 10) - 1),
		     interval '8 hours') * (0.75 + random() / 2)
$$;
comment on function signet.dmarc_report_backoff(integer) is
	'How long to wait after so many attempts: a quarter of an hour, '
	'doubled each time, eight hours at most, and a quarter more or less.';

-- Marked even when the claim has passed to another: it is what happened.
create or replace function signet.dmarc_report_result(p_destination bigint,
	p_result text, p_reply text, p_keep_trying interval)
returns void
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
	update signet.dmarc_report_destination d
	set state = r.state, reply = nullif(p_reply, ''),
	    reason = case when r.state = 'given_up' and p_result = 'again'
		then 'not taken for too long' end,
	    next_at = case when r.state = 'again'
		then now() + signet.dmarc_report_backoff(d.attempts) end,
	    sent_at = case when r.state = 'sent' then now() end,
	    changed_at = now()
	from signet.dmarc_report_out o,
	     lateral (select case when p_result = 'again'
			and o.made_at + p_keep_trying < now()
			then 'given_up' else p_result end as state) r
	where d.id = p_destination and o.id = d.report and d.state <> 'sent'
$$;
comment on function signet.dmarc_report_result(bigint, text, text,
					       interval) is
	'Marks what the mail server said: sent, again (until it was tried for '
	'so long) or given_up.';

-- Gives a claim back with what has become of the report.
create or replace function signet.dmarc_report_finish(p_id bigint,
	p_claim bigint, p_trouble text, p_final text, p_keep_trying interval)
returns table (state text, reason text, next_at timestamptz,
	       destinations text)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
	o signet.dmarc_report_out;
	now_sent boolean;
	given_up boolean;
	open_at timestamptz;
	undecided boolean;
	tried boolean;
	as_state text;
	as_reason text;
	as_next timestamptz;
begin
	select * into o from signet.dmarc_report_out t
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
	from signet.dmarc_report_destination d where d.report = p_id;
	as_reason := p_trouble;
	if p_final is not null then
		as_state := case when p_final = 'nothing' and now_sent
			then 'sent' else p_final end;
		update signet.dmarc_report_destination d
		set state = 'skipped', reason = p_trouble, next_at = null,
		    changed_at = now()
		where d.report = p_id
		and d.state in ('waiting', 'undecided', 'again');
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
	update signet.dmarc_report_out t
	set state = as_state, reason = as_reason, next_at = as_next,
	    claimed_until = null,
	    ended_at = case when as_next is null then now() end,
	    gzip = case when as_next is not null then t.gzip end
	where t.id = p_id;
	return query select as_state, as_reason, as_next,
		(select string_agg(concat(d.state, ' ', coalesce(d.address,
			d.uri), ' (' || coalesce(d.reason, d.reply) || ')'),
			', ' order by d.id)
		from signet.dmarc_report_destination d
		where d.report = p_id);
end
$$;
comment on function signet.dmarc_report_finish(bigint, bigint, text, text,
					       interval) is
	'Ends a claim: what its destinations have come to decides about the '
	'report, unless p_final does. p_trouble says what stands in the way. '
	'The file is given up once nothing is left to do.';

create or replace function signet.dmarc_report_suppressed(p_address text)
returns timestamptz
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
begin
	return signet.report_suppressed('dmarc', p_address);
end
$$;
comment on function signet.dmarc_report_suppressed(text) is
	'Until when DMARC reports to an address are suppressed; null: they '
	'are not.';

create or replace function signet.dmarc_report_selectors(p_domain text)
returns table (selector text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
	select k.selector from signet.signing_key k
	where k.domain = p_domain and k.state = 'active'
	order by k.since desc
$$;
comment on function signet.dmarc_report_selectors(text) is
	'Selectors of the keys that sign for a domain now.';

create or replace function signet.dmarc_report_expire(p_keep interval)
returns bigint
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
	with gone as (
		delete from signet.dmarc_report_out o
		where o.end_at < now() - p_keep and o.next_at is null
		returning 1
	), days as (
		delete from signet.dmarc_report_period r
		where r.day < (now() - p_keep)::date returning 1
	)
	select count(*) from gone
$$;
comment on function signet.dmarc_report_expire(interval) is
	'Deletes the rows of reports that have ended and whose period is '
	'older; returns how many. The age must be above the retention of '
	'evaluations.';

create or replace function signet.dmarc_report_again(p_report_id text)
returns boolean
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
	with one as (
		select o.id from signet.dmarc_report_out o
		where o.report_id = p_report_id
		and o.state in ('nothing', 'given_up')
		and not exists (select from signet.dmarc_report_destination d
			where d.report = o.id and d.state = 'sent')
	), opened as (
		update signet.dmarc_report_destination d
		set state = 'undecided', reason = 'asked for again',
		    changed_at = now()
		from one where d.report = one.id
	), done as (
		update signet.dmarc_report_out o
		set state = 'due', next_at = now(), ended_at = null,
		    made_at = null, reason = 'asked for again'
		from one where o.id = one.id returning 1)
	select exists (select from done)
$$;
comment on function signet.dmarc_report_again(text) is
	'Has a report that nobody got made and sent once more, from the '
	'evaluations that are there. False: there is no such report.';

-- What `signet status` shows -----------------------------------------------

create or replace function signet.status_reports()
returns table (sent bigint, waiting bigint, given_up bigint, received bigint,
	       refused bigint, aside bigint, aside_reason text, alert text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
	select (select count(*) from signet.dmarc_report_destination d
		where d.sent_at > now() - interval '1 day'),
	       due.waiting,
	       (select count(*) from signet.dmarc_report_out o
		where o.state = 'given_up'
		and o.ended_at > now() - interval '1 day'),
	       (select count(*) from signet.report_in i
		where i.at > now() - interval '1 day'),
	       mail.refused, mail.aside, mail.reason,
	       case when due.since < now() - interval '6 hours' then
		'reports wait since ' || to_char(due.since
			at time zone 'UTC', 'YYYY-MM-DD HH24:MI')
		|| ' UTC and nobody sends them: does signet-dmarc-report run?'
		end
	from (select count(*) as waiting, min(o.next_at) as since
	      from signet.dmarc_report_out o
	      where o.next_at is not null) due,
	     (select count(*) filter (where r.outcome = 'refused') as refused,
		     count(*) filter (where r.outcome = 'aside') as aside,
		     (array_agg(r.reason order by r.at desc)
			filter (where r.outcome = 'aside'))[1] as reason
	      from signet.report_in_refused r
	      where r.at > now() - interval '1 day'
	      -- one that was kept aside and could be read later counts
	      and not exists (select from signet.report_in_arrival a
		where a.at > now() - interval '1 day'
		and (a.arrival = r.id or a.message_id = r.message_id))) mail
$$;
comment on function signet.status_reports() is
	'Reports that were sent, given up and received in the last 24 hours, '
	'and how many wait; mail to report addresses that did not count in '
	'that time: refused, or kept aside because it could not be read, with '
	'the newest reason; alert says when reports wait and nobody sends '
	'them.';

reset role;
