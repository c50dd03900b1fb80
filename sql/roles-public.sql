-- roles-public.sql - what whoever can connect may do by PostgreSQL's own
-- rules, beside the grants of the other files: temporary tables, large
-- objects, tables in schema public.  None of the programs needs these, and
-- each fills a disk.  Applied after roles.sql by every signet-load --migrate;
-- what it may not change stays as it is (docs/database.md), and so does all of
-- it where the database holds tables of others, who may need these.

do $$
declare
	statement text;
begin
	if exists (select from pg_class c
		   join pg_namespace n on n.oid = c.relnamespace
		   where c.relkind in ('r', 'p', 'f', 'm')
		   and c.relpersistence <> 't'
		   and n.nspname not in ('signet', 'pg_catalog',
					 'information_schema', 'pg_toast')
		   and not exists (select from pg_depend d
				   where d.classid = 'pg_class'::regclass
				   and d.objid = c.oid and d.deptype = 'e'))
	then
		return;
	end if;
	foreach statement in array array[
		format('revoke temporary on database %I from public',
		       current_database()),
		'revoke create on schema public from public',
		'revoke execute on function pg_catalog.lo_creat(integer) '
		'from public',
		'revoke execute on function pg_catalog.lo_create(oid) '
		'from public',
		'revoke execute on function '
		'pg_catalog.lo_from_bytea(oid, bytea) from public']
	loop
		begin
			execute statement;
		exception
			when insufficient_privilege or invalid_schema_name then
				null;
		end;
	end loop;
end
$$;
