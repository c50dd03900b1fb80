-- 001-foundation.sql - the owner role, the schema, and the list of applied
-- migrations.  signet-load --migrate runs each migration once, all of them in
-- one transaction.  Everything in the schema belongs to signet_owner, a role
-- that nobody logs in as, so that the functions act with its rights and not
-- with those of a superuser.

do $$
begin
	if not exists (select from pg_catalog.pg_roles
		       where rolname = 'signet_owner') then
		create role signet_owner nologin;
	end if;
	if not (select rolsuper from pg_catalog.pg_roles
		where rolname = current_user) then
		execute format('grant signet_owner to %I', current_user);
	end if;
	execute format('grant create on database %I to signet_owner',
		       current_database());
end
$$;
comment on role signet_owner is
	'Owns everything in schema signet; nobody logs in as it.';

create schema signet authorization signet_owner;
set local role signet_owner;

comment on schema signet is
	'What Signet decided about mail, and why. Views (v_...) and functions '
	'are the interface; see docs/database.md.';

create table signet.migration (
	version     integer primary key,
	name        text not null,
	digest      text not null,
	applied_at  timestamptz not null default now(),
	applied_by  text not null default session_user
);
comment on table signet.migration is
	'Migrations that signet-load --migrate applied, one row each.';
comment on column signet.migration.version is
	'Number that the name of the file begins with.';
comment on column signet.migration.name is 'Name of the file.';
comment on column signet.migration.digest is
	'MD5 of the text that was applied; a later change of it is reported.';
comment on column signet.migration.applied_at is 'When it was applied.';
comment on column signet.migration.applied_by is
	'Role that ran signet-load --migrate.';

create function signet.migrations()
returns table (version integer, name text, digest text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
begin atomic
	select m.version, m.name, m.digest
	from signet.migration m order by m.version;
end;
comment on function signet.migrations() is
	'Lists the applied migrations, oldest first.';

create function signet.migration_done(p_version integer, p_name text,
				      p_text text)
returns void
language sql
set search_path = pg_catalog, pg_temp
begin atomic
	insert into signet.migration (version, name, digest)
	values (p_version, p_name, md5(p_text));
end;
comment on function signet.migration_done(integer, text, text) is
	'Records that the migration with this number and text was applied.';

revoke all on all functions in schema signet from public;
reset role;
