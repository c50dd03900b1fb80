-- insert-events.sql - each event line to the function of its type.  Applied
-- again by every signet-load --migrate.

set local role signet_owner;

-- The types, in the order in which those of one call are inserted.  To add
-- one: a line here, and a file insert-TYPE.sql with
--	signet.insert_TYPE(p_lines text[]) returns bigint
-- It gets lines whose members v, type, id and at are good, inserts all or
-- fails, lets rows that are there already be (on conflict do nothing), and
-- returns how many rows were new; if it likes also, as a second column, what
-- signet.loader_day is to count: a list of objects with its columns.
create or replace function signet.event_types()
returns table (type text, no bigint)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
	select t.type, t.no
	from unnest(array[
		'message',
		'signed',
		'report_in',
		'report_in_rows',
		'report_in_refused',
		'report_bounce',
		'dmarc_failure',
		'tls_result',
		'tls_domain',
		'tls_incoming'
	]) with ordinality as t (type, no)
	where to_regprocedure(format('signet.%I(text[])', 'insert_' || t.type))
		is not null
$$;
comment on function signet.event_types() is
	'The types of events that can be loaded, in the order of loading.';

-- The condition under which a line is an event that this schema can hold.
drop function if exists signet.event_fault(text, text, uuid, timestamptz);
create or replace function signet.event_fault(p_v text, p_type text,
	p_id uuid, p_at timestamptz, p_wanted text)
returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
	select case
	when p_v is distinct from '1' then
		format('event version %s is not known here', p_v)
	when p_type is distinct from p_wanted then
		format('event type %s is not known here', p_type)
	when p_id is null then 'member "id" is missing'
	when p_at is null then 'member "at" is missing'
	when p_at < '2020-01-01Z' then
		'member "at" lies before 2020: was a clock wrong?'
	when p_at > now() + interval '1 day' then
		'member "at" lies in the future: is a clock wrong?'
	end
$$;
comment on function signet.event_fault(text, text, uuid, timestamptz, text) is
	'Why an event cannot be loaded as one of the wanted type; null: it '
	'can.';

-- Our programs begin each line with these two members; any other spelling
-- is parsed for its type.
create or replace function signet.event_type(p_line text)
returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
	select coalesce(substring(p_line
			from '^\{"v":1,"type":"([a-z_]{1,40})",'),
		p_line::json ->> 'type')
$$;
comment on function signet.event_type(text) is
	'Member "type" of an event line; null: it has none.';

-- Lines of one type other than message.
drop function if exists signet.insert_others(text, text[]);
create or replace function signet.insert_others(p_type text, p_lines text[],
	out new_rows bigint, out last_event_at timestamptz, out counts jsonb)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
	fault text;
begin
	select min(signet.event_fault(e.v, e.type, e.id, e.at, p_type)),
	       max(e.at)
	into fault, last_event_at
	from unnest(p_lines) l (line)
	cross join json_to_record(l.line::json) as e (
		v text, type text, id uuid, at timestamptz);
	if fault is not null then
		raise invalid_parameter_value using message = fault;
	end if;
	execute format('select * from signet.%I($1)', 'insert_' || p_type)
		into new_rows, counts using p_lines;
end
$$;
comment on function signet.insert_others(text, text[]) is
	'Inserts events of one type other than message, after a look at the '
	'members that every event has.';

-- A call with messages alone, the common one, reads its lines once.
drop function if exists signet.insert_events(text[]);
create or replace function signet.insert_events(p_lines text[],
	out messages bigint, out evaluations bigint, out duplicates bigint,
	out last_event_at timestamptz, out types jsonb)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
	own text[] := p_lines;
	counts jsonb;
	part record;
	done record;
begin
	types := '[]';
	if exists (select from unnest(p_lines) l (line)
		   where not starts_with(l.line,
					 '{"v":1,"type":"message",')) then
		select coalesce(array_agg(l.line order by l.no), '{}')
		into own
		from unnest(p_lines) with ordinality as l (line, no)
		left join signet.event_types() t
			on t.type = signet.event_type(l.line)
		where t.type is null or t.type = 'message';
	end if;
	select i.* into messages, evaluations, duplicates, last_event_at,
		counts
	from signet.insert_message(own) i;
	if cardinality(own) > 0 then
		types := jsonb_build_array(jsonb_build_object('type',
			'message', 'lines', cardinality(own),
			'rows', messages, 'counts', counts));
	end if;
	if cardinality(own) = cardinality(p_lines) then
		return;
	end if;
	for part in
		select t.type, array_agg(l.line order by l.no) as lines
		from unnest(p_lines) with ordinality as l (line, no)
		join signet.event_types() t
			on t.type = signet.event_type(l.line)
		where t.type <> 'message'
		group by t.type, t.no order by t.no
	loop
		done := signet.insert_others(part.type, part.lines);
		duplicates := duplicates + greatest(0,
			cardinality(part.lines) - done.new_rows);
		last_event_at := greatest(last_event_at, done.last_event_at);
		types := types || jsonb_build_object('type', part.type,
			'lines', cardinality(part.lines),
			'rows', done.new_rows, 'counts', done.counts);
	end loop;
end
$$;
comment on function signet.insert_events(text[]) is
	'Inserts the events of these JSON lines, all or (by an error) none: '
	'those of each type by the function signet.insert_TYPE. Lines that '
	'are in the database already are counted as duplicates.';

reset role;
