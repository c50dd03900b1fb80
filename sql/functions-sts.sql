-- functions-sts.sql - MTA-STS policies that our hosts share: what
-- signet-policy calls.  Applied again by every signet-load --migrate.

set local role signet_owner;

-- Times are Unix seconds.  The policy that was checked last counts; of two
-- that were checked in the same second, the one that is here.  Rows are
-- locked in one order, so that hosts do not wait for each other in a circle.
create or replace function signet.sts_policy_put(p_host text,
	p_domains text[], p_ids text[], p_policies text[], p_modes text[],
	p_fetched text[], p_checked text[], p_expires text[], p_used text[])
returns bigint
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
	with done as (
	insert into signet.sts_policy as s (domain, id, policy, mode,
		fetched_at, checked_at, expires_at, used_at, host, changed_at)
	select n.domain, n.id, n.policy, n.mode,
	       to_timestamp(n.fetched::bigint), to_timestamp(n.checked::bigint),
	       to_timestamp(n.expires::bigint), to_timestamp(n.used::bigint),
	       p_host, clock_timestamp()
	from unnest(p_domains, p_ids, p_policies, p_modes, p_fetched,
		p_checked, p_expires, p_used)
		as n (domain, id, policy, mode, fetched, checked, expires, used)
	order by n.domain
	on conflict (domain) do update
	set id = excluded.id, policy = excluded.policy, mode = excluded.mode,
	    fetched_at = excluded.fetched_at,
	    checked_at = excluded.checked_at,
	    expires_at = excluded.expires_at,
	    used_at = greatest(s.used_at, excluded.used_at),
	    host = excluded.host, changed_at = excluded.changed_at
	where s.checked_at < excluded.checked_at
	returning 1
	)
	select count(*) from done
$$;
comment on function signet.sts_policy_put(text, text[], text[], text[],
	text[], text[], text[], text[], text[]) is
	'Hands policies to the other hosts; how many were newer than what was '
	'here.';

create or replace function signet.sts_policy_since(p_after text,
	p_domain text, p_limit integer,
	out domain text, out id text, out policy text, out fetched bigint,
	out checked bigint, out used bigint, out changed text)
returns setof record
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
	select s.domain, s.id, s.policy,
	       extract(epoch from s.fetched_at)::bigint,
	       extract(epoch from s.checked_at)::bigint,
	       extract(epoch from s.used_at)::bigint,
	       extract(epoch from s.changed_at)::text
	from signet.sts_policy s
	where (s.changed_at, s.domain)
		> (to_timestamp(p_after::double precision), p_domain)
	and (s.policy is null or s.expires_at > now())
	order by s.changed_at, s.domain
	limit p_limit
$$;
comment on function signet.sts_policy_since(text, text, integer) is
	'Policies that changed after a moment (Unix time) and domain, oldest '
	'first; a null policy is one to be forgotten.';

create or replace function signet.sts_policy_used(p_domains text[],
	p_used text[])
returns bigint
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
	with wanted as (
	select s.domain, to_timestamp(n.used::bigint) as used_at
	from unnest(p_domains, p_used) as n (domain, used)
	join signet.sts_policy s using (domain)
	where s.used_at < to_timestamp(n.used::bigint)
	order by s.domain
	for update of s
	), done as (
	update signet.sts_policy s
	set used_at = w.used_at
	from wanted w
	where s.domain = w.domain
	returning 1
	)
	select count(*) from done
$$;
comment on function signet.sts_policy_used(text[], text[]) is
	'Tells when policies were last asked for; how many did not know.';

-- What was forgotten by order is kept for a month, for hosts that were away.
create or replace function signet.sts_policy_expire(p_unused interval)
returns bigint
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
	with done as (
	delete from signet.sts_policy s
	where (s.policy is null and s.changed_at < now() - interval '30 days')
	or (s.policy is not null and (s.expires_at < now() - interval '1 day'
		or s.used_at < now() - p_unused))
	returning 1
	)
	select count(*) from done
$$;
comment on function signet.sts_policy_expire(interval) is
	'Removes policies whose time is over or that nobody asked for.';

create or replace function signet.sts_policy_forget(p_domain text)
returns boolean
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
	with done as (
	insert into signet.sts_policy as s
	values (lower(rtrim(p_domain, '.')), '', null, null, now(), now(),
		now(), now(), session_user, clock_timestamp())
	on conflict (domain) do update
	set policy = null, mode = null, id = '', checked_at = now(),
	    changed_at = clock_timestamp(), host = excluded.host
	returning 1
	)
	select exists (select from done)
$$;
comment on function signet.sts_policy_forget(text) is
	'Has every host forget the policy of a domain within a minute, so that '
	'it is fetched anew when it is next asked for.';

reset role;
