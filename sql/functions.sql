-- functions.sql - what programs call.  C knows these functions and no table.
-- Applied again by every signet-load --migrate, so each statement can be
-- repeated.  Functions that write run with the rights of signet_owner and a
-- fixed search_path; roles.sql says who may execute them.

set local role signet_owner;

-- Views (for views*.sql) ----------------------------------------------------

create or replace function signet.comment_view(p_view regclass,
					       p_source regclass)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
	c record;
begin
	for c in
		select v.attname as name, col_description(t.attrelid, t.attnum)
			as text
		from pg_attribute v
		join pg_attribute t on t.attrelid = p_source
			and t.attname = v.attname
		where v.attrelid = p_view and v.attnum > 0
	loop
		execute format('comment on column %s.%I is %L', p_view, c.name,
			       c.text);
	end loop;
end
$$;
comment on function signet.comment_view(regclass, regclass) is
	'Gives the columns of a view the comments of the columns with the '
	'same names in the table that it shows.';

-- Views of days join these with the rows of each day, so that a condition on
-- the day keeps a query to its partitions.
create or replace function signet.partition_days(p_table regclass)
returns setof date
language sql stable rows 40
set search_path = pg_catalog, pg_temp
as $$
	select to_date(right(c.relname, 8), 'YYYYMMDD')
	from pg_inherits i
	join pg_class c on c.oid = i.inhrelid
	where i.inhparent = p_table
$$;
comment on function signet.partition_days(regclass) is
	'UTC days for which a table has a partition.';

-- Partitions ---------------------------------------------------------------

-- A partition is made beside its parent and attached, because that lets
-- others read and write the parent meanwhile; CREATE TABLE ... PARTITION OF
-- would not.
create or replace function signet.make_partition(p_table text, p_day date)
returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
	part constant text := p_table || '_' || to_char(p_day, 'YYYYMMDD');
begin
	if to_regclass(format('signet.%I', part)) is not null then
		return false;
	end if;
	perform pg_advisory_xact_lock(hashtext('signet.make_partition'));
	if to_regclass(format('signet.%I', part)) is not null then
		return false;
	end if;
	execute format('create table signet.%I (like signet.%I '
		'including all)', part, p_table);
	execute format('comment on table signet.%I is %L', part,
		format('Rows of signet.%s of %s (UTC).', p_table, p_day));
	execute format('alter table signet.%I attach partition signet.%I '
		'for values from (%L) to (%L)', p_table, part,
		p_day::timestamp at time zone 'UTC',
		(p_day + 1)::timestamp at time zone 'UTC');
	return true;
end
$$;
comment on function signet.make_partition(text, date) is
	'Makes the partition of one UTC day unless it exists; several may try '
	'at once. True when this call made it.';

-- The tables with a partition for each UTC day of their column "at", and
-- which retention of signet.conf holds for them: a new one is a line here.
create or replace function signet.day_tables()
returns table (name text, retention text, id regclass)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
	select t.name, t.retention, to_regclass('signet.' || t.name)
	from (values
		('message', 'messages'),
		('dmarc_evaluation', 'evaluations'),
		('signed_message', 'messages'),
		('dmarc_failure', 'evaluations'),
		('tls_result', 'tls_results'),
		('tls_result_failure', 'tls_results')
	) t (name, retention)
	where to_regclass('signet.' || t.name) is not null
$$;
comment on function signet.day_tables() is
	'Tables that are partitioned by UTC day, and the retention that '
	'signet.expire applies to each: messages, evaluations, tls_results.';

create or replace function signet.make_partitions(p_days date[])
returns integer
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
	select count(*) filter (where signet.make_partition(t.name, d))
		::integer
	from (select distinct d from unnest(p_days) d
	      where d is not null) days,
	     signet.day_tables() t
$$;
comment on function signet.make_partitions(date[]) is
	'Makes the partitions of these UTC days in every partitioned table; '
	'returns how many were missing.';

drop function if exists signet.expire(interval, interval);
create or replace function signet.expire(
	p_messages interval default '30 days',
	p_evaluations interval default '7 days',
	p_tls_results interval default '30 days')
returns table (partition text, day date, bytes bigint)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '10s'
as $$
declare
	part record;
begin
	for part in
		select c.relname as name, c.oid::regclass as id,
		       t.name as parent,
		       to_date(right(c.relname, 8), 'YYYYMMDD') as its_day,
		       pg_total_relation_size(c.oid) as its_bytes
		from pg_inherits i
		join pg_class c on c.oid = i.inhrelid
		join signet.day_tables() t on t.id = i.inhparent
		where (to_date(right(c.relname, 8), 'YYYYMMDD') + 1)::timestamp
		      <= (now() at time zone 'UTC')
			 - case t.retention when 'messages' then p_messages
			   when 'tls_results' then p_tls_results
			   else p_evaluations end
		order by 2
	loop
		execute format('drop table %s', part.id);
		delete from signet.loader_day l
		where l.table_name = part.parent and l.day = part.its_day;
		delete from signet.loader_day_before l
		where l.table_name = part.parent and l.day = part.its_day;
		partition := part.name;
		day := part.its_day;
		bytes := part.its_bytes;
		return next;
	end loop;
	-- their tables have no partitions
	perform signet.report_in_expire();
	perform signet.tls_expire(p_tls_results);
	perform signet.tls_incoming_expire(p_tls_results);
end
$$;
comment on function signet.expire(interval, interval, interval) is
	'Drops the partitions whose whole day is older than the given age of '
	'their table; null keeps such tables. Returns what was dropped. '
	'Reports of others, and recipient domains of which nothing is heard, '
	'go after 400 days.';

-- Loading (insert_events stands in insert-events.sql, which has the list of
-- types; each type has its own insert-TYPE.sql) -----------------------------

-- The member whose value does not fit, for the reason in bad/.
create or replace function signet.event_misfit(p_event jsonb)
returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
	member record;
	value text;
begin
	if jsonb_typeof(p_event) <> 'object' then
		return 'not an object';
	end if;
	for member in select * from (values
		('{id}', 'uuid'), ('{at}', 'timestamptz'),
		('{client_ip}', 'inet'), ('{test_mode}', 'boolean'),
		('{ledger}', 'boolean'), ('{rcpt_count}', 'integer'),
		('{size}', 'bigint'), ('{forged_removed}', 'integer'),
		('{tls,bits}', 'integer'),
		('{requiretls,mail_parameter}', 'boolean'),
		('{requiretls,header}', 'boolean'),
		('{requiretls,tls_required_no}', 'boolean'),
		('{requiretls,forged}', 'boolean'),
		('{spf,mailfrom,lookups}', 'integer'),
		('{spf,mailfrom,void_lookups}', 'integer'),
		('{spf,helo,lookups}', 'integer'),
		('{spf,helo,void_lookups}', 'integer'),
		('{arc,trusted}', 'boolean'),
		('{dmarc,aligned_spf}', 'boolean'),
		('{dmarc,aligned_dkim}', 'boolean'), ('{dmarc,t}', 'boolean'),
		('{timings,total_ms}', 'real'),
		('{timings,dns_wait_ms}', 'real'),
		('{timings,questions}', 'integer'),
		('{evaluation,optional}', 'boolean')) m (path, type)
		where p_event ->> 'type' = 'message'
		or m.path in ('{id}', '{at}')
	loop
		value := p_event #>> member.path::text[];
		begin
			execute format('select $1::%s', member.type)
				using value;
		exception when data_exception then
			return format('member %s: %s', array_to_string(
				member.path::text[], '.'), sqlerrm);
		end;
	end loop;
	return null;
end
$$;
comment on function signet.event_misfit(jsonb) is
	'Names the first member of an event whose value has the wrong type, '
	'and says what is wrong; null: none was found.';

create or replace function signet.event_day(p_line text)
returns date
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
	at timestamptz;
begin
	at := (p_line::jsonb ->> 'at')::timestamptz;
	if at >= '2020-01-01Z' and at <= now() + interval '1 day' then
		return (at at time zone 'UTC')::date;
	end if;
	return null;
exception when data_exception or program_limit_exceeded then
	return null;
end
$$;
comment on function signet.event_day(text) is
	'UTC day of an event line; null: it has none that can be stored.';

-- What one line did wrong, in words.
create or replace function signet.refusal(p_line text, p_error text)
returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
	return coalesce(signet.event_misfit(p_line::jsonb), p_error);
exception when data_exception or program_limit_exceeded then
	return p_error;
end
$$;
comment on function signet.refusal(text, text) is
	'The reason for which a line is put aside, given the error that it '
	'caused.';

-- Halving finds k bad lines of n in about k log n attempts.  Only errors
-- that the text of a line can cause are taken as its fault; a full disk or
-- a lost lock ends the call, and the loader tries the same lines again.
drop function if exists signet.load_range(text[], integer);
create or replace function signet.load_range(p_lines text[], p_first integer,
	out messages bigint, out evaluations bigint, out duplicates bigint,
	out last_event_at timestamptz, out types jsonb,
	out bad_lines integer[], out bad_reasons text[])
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
	n constant integer := cardinality(p_lines);
	cause text;
	detail text;
	violated text;
	a record;
	b record;
begin
	bad_lines := '{}';
	bad_reasons := '{}';
	begin
		select i.* into messages, evaluations, duplicates,
			last_event_at, types
		from signet.insert_events(p_lines) i;
		return;
	exception
	when check_violation then
		get stacked diagnostics cause = message_text,
			detail = pg_exception_detail,
			violated = constraint_name;
		if violated = '' then
			-- No partition: the caller makes it and calls again.
			raise;
		end if;
	when data_exception or integrity_constraint_violation
	     or program_limit_exceeded then
		get stacked diagnostics cause = message_text,
			detail = pg_exception_detail;
	end;
	if n = 1 then
		messages := 0;
		evaluations := 0;
		duplicates := 0;
		types := '[]';
		bad_lines := array[p_first];
		bad_reasons := array[signet.refusal(p_lines[1],
			concat_ws(': ', cause, nullif(detail, '')))];
		return;
	end if;
	a := signet.load_range(p_lines[: n / 2], p_first);
	b := signet.load_range(p_lines[n / 2 + 1 :], p_first + n / 2);
	messages := a.messages + b.messages;
	evaluations := a.evaluations + b.evaluations;
	duplicates := a.duplicates + b.duplicates;
	last_event_at := greatest(a.last_event_at, b.last_event_at);
	types := a.types || b.types;
	bad_lines := a.bad_lines || b.bad_lines;
	bad_reasons := a.bad_reasons || b.bad_reasons;
end
$$;
comment on function signet.load_range(text[], integer) is
	'Loads the lines that can be loaded and finds the others; p_first is '
	'the number of the first line.';

create or replace function signet.load_events(p_loader text, p_lines text[])
returns table (line integer, reason text, messages bigint,
	       evaluations bigint, duplicates bigint)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
declare
	done record;
begin
	begin
		done := signet.load_range(p_lines, 1);
	exception when check_violation then
		perform signet.make_partitions(array(
			select signet.event_day(l) from unnest(p_lines) l
			union values (current_date), (current_date + 1)));
		done := signet.load_range(p_lines, 1);
	end;
	insert into signet.loader as l (name, last_event_at, lines,
					duplicates, refused)
	values (p_loader, done.last_event_at,
		cardinality(p_lines) - cardinality(done.bad_lines),
		done.duplicates, cardinality(done.bad_lines))
	on conflict (name) do update set
		last_load_at = now(),
		last_event_at = greatest(l.last_event_at,
					 excluded.last_event_at),
		lines = l.lines + excluded.lines,
		duplicates = l.duplicates + excluded.duplicates,
		refused = l.refused + excluded.refused;
	insert into signet.loader_event as l (loader, type, lines, new_rows)
	select p_loader, t.type, sum(t.lines), sum(t.rows)
	from jsonb_to_recordset(done.types)
		as t (type text, lines bigint, rows bigint)
	group by t.type order by t.type
	on conflict (loader, type) do update set
		last_load_at = now(),
		lines = l.lines + excluded.lines,
		new_rows = l.new_rows + excluded.new_rows;
	insert into signet.loader_day as l (table_name, day, loader, what,
		result, rows)
	select c.table_name, c.day, p_loader, c.what, c.result, sum(c.rows)
	from jsonb_to_recordset(done.types) as t (counts jsonb)
	cross join jsonb_to_recordset(t.counts) as c (table_name text,
		day date, what text, result text, rows bigint)
	group by 1, 2, 4, 5 order by 1, 2, 4, 5
	on conflict (table_name, day, loader, what, result) do update set
		rows = l.rows + excluded.rows;
	return query
		select 0, null::text, done.messages, done.evaluations,
		       done.duplicates
		union all
		select -1, t.type, sum(t.rows)::bigint, null, null
		from jsonb_to_recordset(done.types)
			as t (type text, lines bigint, rows bigint)
		where t.type <> 'message' group by t.type
		union all
		select r.*, null, null, null
		from unnest(done.bad_lines, done.bad_reasons) r;
end
$$;
comment on function signet.load_events(text, text[]) is
	'Loads event lines. The first row (line 0) says how many ledger rows '
	'and evaluations were new and how many lines were known; a row with '
	'line -1 names (as reason) another type of event and (as messages) '
	'how many rows of it were new; each further row names a line that '
	'was refused, and why.';

create or replace function signet.load_dropped(p_loader text,
	p_messages bigint, p_evaluations bigint)
returns void
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
	insert into signet.loader as l (name, dropped_messages,
					dropped_evaluations)
	values (p_loader, p_messages, p_evaluations)
	on conflict (name) do update set
		dropped_messages = excluded.dropped_messages,
		dropped_evaluations = excluded.dropped_evaluations
$$;
comment on function signet.load_dropped(text, bigint, bigint) is
	'Records how many rows a loader has given up so far because its spool '
	'reached spool_max.';

-- Status -------------------------------------------------------------------

create or replace function signet.status_results(
	p_day date default (now() at time zone 'UTC')::date)
returns table (what text, result text, messages bigint)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
	if not exists (select from signet.loader_day_before b
		       where b.table_name = 'message' and b.day = p_day) then
		return query
		select l.what, l.result, sum(l.rows)::bigint
		from signet.loader_day l
		where l.table_name = 'message' and l.day = p_day
		group by 1, 2
		order by array_position(array['action', 'dmarc', 'spf',
			'dkim', 'arc', 'iprev'], l.what), 3 desc, 2;
		return;
	end if;
	return query
	with today as materialized (
		select m.action, m.dmarc_result, m.spf_result, m.dkim_result,
		       m.iprev_result, m.arc_result, count(*) as n
		from signet.message m
		where m.at >= p_day::timestamp at time zone 'UTC'
		and m.at < (p_day + 1)::timestamp at time zone 'UTC'
		group by 1, 2, 3, 4, 5, 6
	)
	select v.what, v.result, sum(t.n)::bigint
	from today t, lateral (values (1, 'action', t.action),
		(2, 'dmarc', t.dmarc_result), (3, 'spf', t.spf_result),
		(4, 'dkim', t.dkim_result), (5, 'arc', t.arc_result),
		(6, 'iprev', t.iprev_result)) v (no, what, result)
	where v.result is not null
	group by v.no, v.what, v.result
	order by v.no, 3 desc, 2;
end
$$;
comment on function signet.status_results(date) is
	'Messages of one UTC day (default: today) by action and by result of '
	'each check, as signet.loader_day counted them while they were '
	'loaded: it takes no longer for many of them.';

create or replace function signet.status_loaders()
returns table (name text, last_load_at timestamptz,
	       last_event_at timestamptz, idle_s double precision,
	       lines bigint, refused bigint, dropped bigint)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
	select l.name, l.last_load_at, l.last_event_at,
	       extract(epoch from clock_timestamp() - l.last_load_at)
		::double precision,
	       l.lines, l.refused, l.dropped_messages + l.dropped_evaluations
	from signet.loader l order by l.name
$$;
comment on function signet.status_loaders() is
	'What each signet-load has done, and for how many seconds it has '
	'loaded nothing.';

create or replace function signet.status_database(
	out migration integer, out server_version text,
	out bytes bigint, out partitions bigint, out oldest_day date,
	out newest_message_at timestamptz)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
	select (select max(m.version) from signet.migration m),
	       current_setting('server_version'),
	       pg_database_size(current_database()),
	       count(*), min(to_date(right(c.relname, 8), 'YYYYMMDD')),
	       (select max(m.at) from signet.message m
		where m.at > now() - interval '2 days')
	from pg_inherits i join pg_class c on c.oid = i.inhrelid
	where i.inhparent in (select t.id from signet.day_tables() t)
$$;
comment on function signet.status_database() is
	'Version of the schema and of the server, size of the database, '
	'number of day partitions, first day and newest message held.';

reset role;
