-- functions-suppression.sql - report addresses that get nothing for a time.
-- Applied again by every signet-load --migrate.

set local role signet_owner;

-- For the programs that send ------------------------------------------------

create or replace function signet.report_suppressed(p_kind text,
						    p_address text)
returns timestamptz
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
	select s.until from signet.report_suppression s
	where s.kind = p_kind and s.address = lower(p_address)
	and s.until > now()
$$;
comment on function signet.report_suppressed(text, text) is
	'Until when an address gets no reports of this kind (dmarc, tls, '
	'failure); null: it gets them.';

-- For administrators ---------------------------------------------------------

create or replace function signet.report_suppress_add(p_kind text,
	p_address text, p_until timestamptz default 'infinity',
	p_comment text default null)
returns timestamptz
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
	insert into signet.report_suppression as s (kind, address, until,
						    origin, comment)
	values (p_kind, lower(p_address), coalesce(p_until, 'infinity'),
		'manual', nullif(p_comment, ''))
	on conflict (kind, address) do update set
		until = excluded.until,
		origin = 'manual',
		comment = coalesce(excluded.comment, s.comment),
		changed_at = now(),
		changed_by = session_user
	returning s.until
$$;
comment on function signet.report_suppress_add(text, text, timestamptz, text)
	is 'Suppresses an address for one kind of reports (dmarc, tls, '
	'failure), until a time or (the default) for ever, with a remark. An '
	'address that is there gets the new time.';

create or replace function signet.report_suppress_extend(p_kind text,
	p_address text, p_by interval)
returns timestamptz
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
	update signet.report_suppression s
	set until = greatest(s.until, now()) + p_by,
	    changed_at = now(), changed_by = session_user
	where s.kind = p_kind and s.address = lower(p_address)
	returning s.until
$$;
comment on function signet.report_suppress_extend(text, text, interval) is
	'Suppresses an address longer: from its end, or from now if that is '
	'over. The new end; null: it is not in the list.';

create or replace function signet.report_suppress_remove(p_kind text,
							 p_address text)
returns boolean
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
	with gone as (
		delete from signet.report_suppression s
		where s.kind = p_kind and s.address = lower(p_address)
		returning 1)
	select exists (select from gone)
$$;
comment on function signet.report_suppress_remove(text, text) is
	'Takes an address out of the list and forgets its bounces. True if it '
	'was there.';

create or replace function signet.report_suppress_list(
	p_all boolean default false)
returns table (kind text, address text, until timestamptz, origin text,
	       bounces integer, comment text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
	select s.kind, s.address, s.until, s.origin, s.bounces, s.comment
	from signet.report_suppression s
	where p_all or s.until > now()
	order by s.address, s.kind
$$;
comment on function signet.report_suppress_list(boolean) is
	'The addresses that get no reports now; true: those too whose time is '
	'over.';

-- Bounces --------------------------------------------------------------------

create or replace function signet.report_bounce_address(p_kind text,
							p_report_id bigint)
returns text
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
begin
	if p_kind = 'dmarc' then
		return (select lower(d.address)
			from signet.dmarc_report_destination d
			where d.id = p_report_id);
	elsif p_kind = 'tls' then
		return (select lower(d.address)
			from signet.tls_report_destination d
			where d.id = p_report_id);
	elsif p_kind = 'failure' then
		return (select lower(d.address)
			from signet.dmarc_failure_destination d
			where d.id = p_report_id);
	end if;
	return null;
end
$$;
comment on function signet.report_bounce_address(text, bigint) is
	'Where the report with this number went; null: it is not known.';

-- permanent: nobody is there, or nobody wants it.  policy: the report was
-- refused for what it is or for a reason that may go (full mailbox, reputation
-- of the sender, size); the address itself may be good.
create or replace function signet.report_bounce_weight(p_action text,
	p_status text, p_smtp_code integer)
returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
	select case
	when p_action is distinct from 'failed' then 'none'
	when p_status ~ '^5\.([367]\.|2\.[23]$)' then 'policy'
	when p_status ~ '^5\.' then 'permanent'
	when p_status is null and p_smtp_code between 500 and 599 then
		'permanent'
	else 'none'
	end
$$;
comment on function signet.report_bounce_weight(text, text, integer) is
	'permanent: suppresses at once; policy: suppresses the third time; '
	'none: does not count.';

-- 30 days, then twice as long each time, at most a year.  After half a year
-- without suppression it begins anew.
create or replace function signet.report_suppress_bounced(p_kind text,
	p_address text, p_at timestamptz, p_comment text)
returns void
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
	insert into signet.report_suppression as s (kind, address, until,
						    origin, comment, bounces)
	values (p_kind, p_address, p_at + interval '30 days', 'bounce',
		p_comment, 1)
	on conflict (kind, address) do update set
		bounces = case when s.until < p_at - interval '180 days'
			  then 1 else s.bounces + 1 end,
		until = p_at + case
			when s.until < p_at - interval '180 days'
			then interval '30 days'
			else least(interval '365 days', interval '30 days'
				   * 2 ^ least(s.bounces, 10)) end,
		origin = 'bounce',
		comment = excluded.comment,
		changed_at = now(),
		changed_by = session_user
$$;
comment on function signet.report_suppress_bounced(text, text, timestamptz,
						   text) is
	'Suppresses an address because of a bounce: 30 days, twice as long '
	'each further time, at most 365.';

create or replace function signet.report_bounce_effect(p_kind text,
	p_address text, p_report_id bigint, p_at timestamptz, p_weight text)
returns text
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
	select case
	when p_address is null then 'unknown'
	when p_weight = 'none' then 'none'
	when exists (select from signet.report_suppression s
		     where s.kind = p_kind and s.address = p_address
		     and s.until > p_at) then 'known'
	when p_weight = 'permanent' then 'suppressed'
	when (select count(distinct b.report_id) from signet.report_bounce b
	      where b.kind = p_kind and b.address = p_address
	      and b.effect = 'counted' and b.report_id <> p_report_id
	      and b.at > p_at - interval '14 days'
	      and b.at > coalesce((select s.until
			from signet.report_suppression s
			where s.kind = p_kind and s.address = p_address),
			'-infinity')) >= 2
	then 'suppressed'
	else 'counted'
	end
$$;
comment on function signet.report_bounce_effect(text, text, bigint,
						timestamptz, text) is
	'What a bounce of this weight does: suppressed, counted, known, none, '
	'unknown. One of weight policy suppresses when two other reports were '
	'refused like that in the 14 days before.';

reset role;
