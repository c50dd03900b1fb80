-- 005-events.sql - what each signet-load has loaded of each type of event.

set local role signet_owner;

create table signet.loader_event (
	loader       text not null,
	type         text not null,
	last_load_at timestamptz not null default now(),
	lines        bigint not null default 0,
	new_rows     bigint not null default 0,
	primary key (loader, type)
) with (fillfactor = 50);

comment on table signet.loader_event is
	'One row for each signet-load and type of event: what it has loaded. '
	'Read it through signet.v_loader_event.';
comment on column signet.loader_event.loader is
	'Name of the host whose spool is loaded.';
comment on column signet.loader_event.type is
	'Type of the events: message and others.';
comment on column signet.loader_event.last_load_at is
	'When the last of this type was loaded.';
comment on column signet.loader_event.lines is 'Lines of this type.';
comment on column signet.loader_event.new_rows is
	'Rows that these lines brought; a line may bring several.';

reset role;
