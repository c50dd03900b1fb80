-- functions-tls-override.sql - exceptions for single domains, and what one
-- page tells of a domain.  Applied again by every signet-load --migrate.

set local role signet_owner;

-- For signet-policy ----------------------------------------------------------

create or replace function signet.tls_overrides()
returns table (name text, level text, match text, reason text,
	       until timestamptz)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
	select o.name, o.level, o.match, o.reason,
	       nullif(o.until, 'infinity')
	from signet.tls_override o
	where o.until > now()
	order by o.name
$$;
comment on function signet.tls_overrides() is
	'The TLS overrides that have not ended; until is null without end.';

-- For administrators ---------------------------------------------------------

create or replace function signet.tls_override_set(p_name text, p_level text,
	p_match text, p_reason text, p_until timestamptz)
returns timestamptz
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
	insert into signet.tls_override as o (name, level, match, reason,
					      until)
	values (lower(p_name), p_level, nullif(lower(p_match), ''), p_reason,
		p_until)
	on conflict (name) do update set
		level = excluded.level,
		match = excluded.match,
		reason = excluded.reason,
		until = excluded.until,
		changed_at = now(),
		changed_by = session_user
	returning o.until
$$;
comment on function signet.tls_override_set(text, text, text, text,
	timestamptz) is
	'Makes an override for a domain (".domain": all below it), or changes '
	'the one that is there: level, names of its certificate, reason, end.';

create or replace function signet.tls_override_remove(p_name text)
returns boolean
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
	with gone as (
		delete from signet.tls_override o
		where o.name = lower(p_name)
		returning 1)
	select exists (select from gone)
$$;
comment on function signet.tls_override_remove(text) is
	'Removes an override. True if it was there.';

create or replace function signet.tls_override_list(
	p_all boolean default false)
returns table (name text, level text, match text, reason text,
	       until timestamptz, changed_at timestamptz, changed_by text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
	select o.name, o.level, o.match, o.reason, o.until, o.changed_at,
	       o.changed_by
	from signet.tls_override o
	where p_all or o.until > now()
	order by o.name
$$;
comment on function signet.tls_override_list(boolean) is
	'The TLS overrides that count now; true: those too that have ended.';

reset role;
