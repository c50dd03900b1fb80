-- insert-tls-incoming.sql - events tls_incoming: STARTTLS of others, counted.
-- Applied again by every signet-load --migrate.

set local role signet_owner;

create or replace function signet.insert_tls_incoming(p_lines text[])
returns bigint
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
	with inserted as (
	insert into signet.tls_incoming (id, at, host, program, seconds,
		handshakes, failed, reasons)
	select e.id, e.at, e.host, e.program, e.seconds, e.handshakes,
		e.failed, coalesce(e.reasons, '{}')
	from unnest(p_lines) l (line)
	cross join json_to_record(l.line::json) as e (
		id uuid, at timestamptz, host text, program text,
		seconds integer, handshakes bigint, failed bigint,
		reasons jsonb)
	on conflict (id) do nothing
	returning 1
	)
	select count(*) from inserted
$$;
comment on function signet.insert_tls_incoming(text[]) is
	'Inserts tls_incoming events into signet.tls_incoming; returns how many '
	'were new.';

create or replace function signet.tls_incoming_expire(
	p_age interval default '30 days')
returns bigint
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
	with gone as (
	delete from signet.tls_incoming t
	where t.at < now() - p_age
	returning 1
	)
	select count(*) from gone
$$;
comment on function signet.tls_incoming_expire(interval) is
	'Removes counts of incoming TLS of that age (null keeps them); returns '
	'how many rows went.';

reset role;
