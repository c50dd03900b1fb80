-- functions-reports-failures.sql - DMARC failure reports: what they are made
-- of, who works on them, where they go.  signet-dmarc-report calls these;
-- applied again by every signet-load --migrate.  Claims are as in
-- functions-reports.sql: a lease by time with a number.

set local role signet_owner;

-- Failures of the last day that are alike make one report, most incidents
-- first, as far as the limits of this hour go; the rest waits, and is merged
-- with what comes.
create or replace function signet.dmarc_failure_plan(p_domain_hourly integer,
						     p_hourly integer)
returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
	g record;
	its_id bigint;
	room bigint;
	planned bigint := 0;
begin
	perform pg_advisory_xact_lock(hashtext('signet.dmarc_failure_plan'));
	select p_hourly - count(*) into room
	from signet.dmarc_failure_report r
	where r.planned_at > now() - interval '1 hour';
	for g in
		with alike as (
			select f.policy_domain, f.from_domain, f.source_ip,
			       count(*) + sum(f.left_out) as incidents,
			       array_agg(f.id order by f.at desc, f.id) as ids,
			       array_agg(f.at order by f.at desc, f.id) as ats
			from signet.dmarc_failure f
			where f.report is null
			and f.at > now() - interval '1 day'
			group by f.policy_domain, f.from_domain, f.source_ip,
				 f.dkim_failed, f.spf_failed, f.dkim_domain,
				 f.dkim_selector, f.dkim_result, f.spf_domain,
				 f.spf_result, f.delivery_result
		), ranked as (
			select a.*, row_number() over (
				partition by a.policy_domain
				order by a.incidents desc, a.ids) as no,
			       (select count(*)
				from signet.dmarc_failure_report r
				where r.policy_domain = a.policy_domain
				and r.planned_at > now() - interval '1 hour')
					as had
			from alike a
		)
		select * from ranked r
		where r.no + r.had <= p_domain_hourly
		order by r.no, r.incidents desc, r.policy_domain
		limit greatest(room, 0)
	loop
		insert into signet.dmarc_failure_report (policy_domain,
			from_domain, source_ip, incidents, failure,
			failure_at)
		values (g.policy_domain, g.from_domain, g.source_ip,
			g.incidents, g.ids[1], g.ats[1])
		returning id into its_id;
		update signet.dmarc_failure f set report = its_id
		where f.id = any (g.ids)
		and f.at between g.ats[cardinality(g.ats)] and g.ats[1];
		planned := planned + 1;
	end loop;
	return planned;
end
$$;
comment on function signet.dmarc_failure_plan(integer, integer) is
	'Makes reports of the failures that none tells yet, at most so many '
	'in an hour for one policy domain and in all. Returns how many.';

create or replace function signet.dmarc_failure_claim(p_host text,
						      p_lease interval)
returns table (id bigint, claim bigint, policy_domain text, from_domain text,
	       source_ip text, incidents bigint, failure_s bigint,
	       dkim_failed boolean, spf_failed boolean, dkim_domain text,
	       dkim_selector text, dkim_identity text, spf_domain text,
	       spf_record text, mail_from text, authentication_results text,
	       delivery_result text, header text, host text, decided boolean)
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
	with one as (
		select r.id from signet.dmarc_failure_report r
		where r.next_at <= now()
		order by r.next_at, r.id
		limit 1 for update skip locked
	), taken as (
		update signet.dmarc_failure_report r
		set claims = r.claims + 1, attempts = r.attempts + 1,
		    next_at = now() + p_lease, host = p_host
		from one where r.id = one.id
		returning r.*
	)
	select t.id, t.claims, t.policy_domain, t.from_domain,
	       host(t.source_ip), t.incidents,
	       extract(epoch from t.failure_at)::bigint,
	       f.dkim_failed, f.spf_failed, f.dkim_domain, f.dkim_selector,
	       f.dkim_identity, f.spf_domain, f.spf_record, f.mail_from,
	       f.authentication_results, f.delivery_result, f.header, f.host,
	       exists (select from signet.dmarc_failure_destination d
		       where d.report = t.id)
	       and not exists (select from signet.dmarc_failure_destination d
		       where d.report = t.id and d.state = 'undecided')
	from taken t
	left join signet.dmarc_failure f
		on f.id = t.failure and f.at = t.failure_at
$$;
comment on function signet.dmarc_failure_claim(text, interval) is
	'Takes the next failure report that something can be done for, with '
	'the failure that it shows, and keeps others away from it for that '
	'long; no row: there is none.';

create or replace function signet.dmarc_failure_destinations(p_id bigint,
	p_claim bigint, p_uris text[], p_addresses text[], p_hosts text[],
	p_consents text[], p_states text[], p_reasons text[])
returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
	perform from signet.dmarc_failure_report r
	where r.id = p_id and r.claims = p_claim for update;
	if not found then
		return false;
	end if;
	insert into signet.dmarc_failure_destination as d (report, uri,
		address, host, consent, state, reason, next_at)
	select p_id, l.uri, nullif(l.address, ''), nullif(l.host, ''),
	       nullif(l.consent, ''), l.state, nullif(l.reason, ''),
	       case when l.state = 'waiting' then now() end
	from unnest(p_uris, p_addresses, p_hosts, p_consents, p_states,
		    p_reasons)
		as l (uri, address, host, consent, state, reason)
	on conflict (report, uri) do update set
		consent = excluded.consent, state = excluded.state,
		reason = excluded.reason, next_at = excluded.next_at,
		changed_at = now()
		where d.state = 'undecided';
	return true;
end
$$;
comment on function signet.dmarc_failure_destinations(bigint, bigint, text[],
	text[], text[], text[], text[], text[]) is
	'Keeps what was found about the URIs of a failure report. What was '
	'decided before stays. False: the claim is somebody else''s now.';

create or replace function signet.dmarc_failure_next(p_id bigint,
	p_claim bigint, p_lease interval, p_address_hourly integer)
returns table (id bigint, address text)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
	d record;
	suppressed timestamptz;
begin
	update signet.dmarc_failure_report r
	set next_at = now() + p_lease
	where r.id = p_id and r.claims = p_claim and r.next_at is not null;
	if not found then
		return;
	end if;
	for d in
		select * from signet.dmarc_failure_destination t
		where t.report = p_id and t.state in ('waiting', 'again')
		and t.next_at <= now()
		order by t.id for update
	loop
		suppressed := signet.report_suppressed('failure', d.address);
		if suppressed is not null then
			update signet.dmarc_failure_destination t
			set state = 'skipped', next_at = null,
			    reason = 'suppressed', changed_at = now()
			where t.id = d.id;
		elsif (select count(*)
			from signet.dmarc_failure_destination t
			where t.address = d.address
			and t.sent_at > now() - interval '1 hour')
			>= p_address_hourly
		then
			update signet.dmarc_failure_destination t
			set state = 'skipped', next_at = null,
			    reason = 'its address has had its reports of '
				'this hour',
			    changed_at = now()
			where t.id = d.id;
		else
			update signet.dmarc_failure_destination t
			set attempts = t.attempts + 1, changed_at = now()
			where t.id = d.id;
			return query select d.id, d.address;
			return;
		end if;
	end loop;
end
$$;
comment on function signet.dmarc_failure_next(bigint, bigint, interval,
					      integer) is
	'The next destination of a claimed failure report to send to, and a '
	'longer claim; no row: there is none now. Suppressed addresses are '
	'skipped, and those that had so many in the last hour.';

create or replace function signet.dmarc_failure_result(p_destination bigint,
	p_result text, p_reply text)
returns void
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
	update signet.dmarc_failure_destination d
	set state = p_result, reply = nullif(p_reply, ''), reason = null,
	    next_at = case when p_result = 'again'
		then now() + signet.dmarc_report_backoff(d.attempts) end,
	    sent_at = case when p_result = 'sent' then now() end,
	    changed_at = now()
	where d.id = p_destination and d.state <> 'sent'
$$;
comment on function signet.dmarc_failure_result(bigint, text, text) is
	'Marks what the mail server said: sent, again or given_up.';

-- A failure report is news: what could not be sent for a day is given up.
create or replace function signet.dmarc_failure_finish(p_id bigint,
	p_claim bigint, p_trouble text, p_final text)
returns text
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
	with d as (
		select coalesce(bool_or(d.state = 'sent'), false) as sent,
		       coalesce(bool_or(d.state = 'given_up'), false)
				as given_up,
		       min(d.next_at) filter (
				where d.state in ('waiting', 'again')) as open_at,
		       coalesce(bool_or(d.state = 'undecided'), false)
				as undecided
		from signet.dmarc_failure_destination d where d.report = p_id
	), as_is as (
		select r.id, case
		when p_final is not null then p_final
		when (d.open_at is not null or d.undecided
		      or p_trouble is not null)
		     and r.planned_at > now() - interval '1 day' then 'again'
		when d.sent then 'sent'
		when d.given_up or d.open_at is not null or d.undecided
		     or p_trouble is not null then 'given_up'
		else 'nothing' end as state, d.open_at, r.attempts
		from signet.dmarc_failure_report r, d
		where r.id = p_id and r.claims = p_claim
	)
	update signet.dmarc_failure_report r
	set state = a.state, reason = p_trouble,
	    next_at = case when a.state = 'again' then greatest(
		coalesce(a.open_at, now()
			+ signet.dmarc_report_backoff(a.attempts)),
		case when p_trouble is not null
		then now() + interval '5 minutes' end) end,
	    ended_at = case when a.state <> 'again' then now() end
	from as_is a where r.id = a.id
	returning r.state
$$;
comment on function signet.dmarc_failure_finish(bigint, bigint, text, text) is
	'Gives a claim back with what has become of the failure report; the '
	'state it has now, null: the claim is somebody else''s.';

create or replace function signet.dmarc_failure_expire(p_keep interval)
returns bigint
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
	with gone as (
		delete from signet.dmarc_failure_report r
		where r.ended_at < now() - p_keep returning 1)
	select count(*) from gone
$$;
comment on function signet.dmarc_failure_expire(interval) is
	'Deletes failure reports that ended so long ago; failures themselves '
	'expire with their day.';

reset role;
