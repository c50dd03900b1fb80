-- 004-loader.sql - what each signet-load has done, for signet status.

set local role signet_owner;

create table signet.loader (
	name          text primary key,
	first_load_at timestamptz not null default now(),
	last_load_at  timestamptz not null default now(),
	last_event_at timestamptz,
	lines         bigint not null default 0,
	duplicates    bigint not null default 0,
	refused       bigint not null default 0,
	dropped_messages    bigint not null default 0,
	dropped_evaluations bigint not null default 0
) with (fillfactor = 50);

comment on table signet.loader is
	'One row for each signet-load (by host name): what it has loaded. '
	'Read it through signet.v_loader.';
comment on column signet.loader.name is
	'Name of the host whose spool is loaded.';
comment on column signet.loader.first_load_at is 'When it first loaded.';
comment on column signet.loader.last_load_at is 'When it last loaded.';
comment on column signet.loader.last_event_at is
	'Newest event it has loaded.';
comment on column signet.loader.lines is 'Lines it has loaded.';
comment on column signet.loader.duplicates is
	'Lines that were in the database already.';
comment on column signet.loader.refused is
	'Lines that could not be loaded and were put aside in bad/.';
comment on column signet.loader.dropped_messages is
	'Ledger rows given up because the spool reached spool_max.';
comment on column signet.loader.dropped_evaluations is
	'Evaluations given up because the spool reached spool_max.';

reset role;
