-- 022-loader-day.sql - what was loaded of each day, counted while it is loaded:
-- who wants to know how many messages a day has, or whether a day has news,
-- need not read its rows.

set local role signet_owner;

-- Each loader has rows of its own, so that none waits for another one.
create table signet.loader_day (
	table_name text not null,
	day        date not null,
	loader     text not null,
	what       text not null,
	result     text not null,
	rows       bigint not null,
	primary key (table_name, day, loader, what, result)
) with (fillfactor = 50);
comment on table signet.loader_day is
	'How many rows each signet-load has brought of each UTC day, in the '
	'transactions that brought them. signet.expire takes them away with '
	'the partition.';
comment on column signet.loader_day.table_name is
	'Partitioned table that the rows are in.';
comment on column signet.loader_day.day is 'UTC day of the rows.';
comment on column signet.loader_day.loader is
	'Name of the host whose spool was loaded.';
comment on column signet.loader_day.what is
	'Of signet.message: action, dmarc, spf, dkim, arc or iprev. Of '
	'signet.tls_result: session. Else empty.';
comment on column signet.loader_day.result is
	'The value of it, its first hundred characters; of session: the hour '
	'of the day, 00 to 23.';
comment on column signet.loader_day.rows is
	'Rows with that value; of session: sessions, which may have several '
	'rows.';

create table signet.loader_day_before (
	table_name text not null,
	day        date not null,
	primary key (table_name, day)
);
comment on table signet.loader_day_before is
	'Days of which rows may have been loaded before signet.loader_day was '
	'there: they are counted from the rows.';
comment on column signet.loader_day_before.table_name is
	'Partitioned table.';
comment on column signet.loader_day_before.day is 'UTC day.';

lock table signet.message, signet.dmarc_evaluation, signet.tls_result
	in share row exclusive mode;
insert into signet.loader_day_before (table_name, day)
select p.relname, d.day
from pg_class p
cross join lateral (
	select to_date(right(c.relname, 8), 'YYYYMMDD')
	from pg_inherits i
	join pg_class c on c.oid = i.inhrelid
	where i.inhparent = p.oid
	union
	-- of these the partition may just be in the making
	select (now() at time zone 'UTC')::date + n
	from generate_series(0, 1) n
	where exists (select from pg_inherits i where i.inhparent = p.oid)
) d (day)
where p.oid in ('signet.message'::regclass,
		'signet.dmarc_evaluation'::regclass,
		'signet.tls_result'::regclass);

alter table signet.dmarc_report_period add column loaded bigint;
comment on column signet.dmarc_report_period.loaded is
	'Rows of the day that signet.loader_day knew of at that time: as long '
	'as there are no more, the day is not read again.';
alter table signet.tls_report_period add column loaded bigint;
comment on column signet.tls_report_period.loaded is
	'Sessions of the day that signet.loader_day knew of at that time: as '
	'long as there are no more, the day is not read again.';

-- What signet status asks for.
create index tls_result_at on signet.tls_result (at);
comment on index signet.tls_result_at is 'Finds sessions by time.';
create index tls_result_failed on signet.tls_result (at) where not success;
comment on index signet.tls_result_failed is 'Finds sessions that failed.';
create index dmarc_report_destination_sent
	on signet.dmarc_report_destination (sent_at)
	where sent_at is not null;
comment on index signet.dmarc_report_destination_sent is
	'Counts what was sent of late.';
create index dmarc_report_out_given_up on signet.dmarc_report_out (ended_at)
	where state = 'given_up';
comment on index signet.dmarc_report_out_given_up is
	'Counts what was given up of late.';
create index tls_report_destination_sent
	on signet.tls_report_destination (sent_at)
	where sent_at is not null;
comment on index signet.tls_report_destination_sent is
	'Counts what was sent of late.';
create index tls_report_out_given_up on signet.tls_report_out (ended_at)
	where state = 'given_up';
comment on index signet.tls_report_out_given_up is
	'Counts what was given up of late.';

reset role;
