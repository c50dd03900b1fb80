-- roles.sql - who may do what.  Group roles that nobody logs in as; grant
-- them to login roles:  create role "signet-load" login in role signet_load
-- Applied again by every signet-load --migrate: rights not listed here go.

do $$
declare
	r text;
begin
	foreach r in array array['signet_load', 'signet_report',
				 'signet_policy', 'signet_admin'] loop
		if not exists (select from pg_catalog.pg_roles
			       where rolname = r) then
			execute format('create role %I nologin', r);
		end if;
	end loop;
end
$$;
comment on role signet_load is
	'May load events, make and expire partitions: for signet-load.';
comment on role signet_report is
	'May read the state of the database: for the programs that send '
	'reports.';
comment on role signet_policy is
	'May use the schema, and of it what is granted by name: for '
	'signet-policy.';
comment on role signet_admin is
	'May read every view and the status functions: for administrators.';

set local role signet_owner;

revoke all on schema signet from public;
revoke all on all tables in schema signet
	from public, signet_load, signet_report, signet_policy, signet_admin;
revoke all on all functions in schema signet
	from public, signet_load, signet_report, signet_policy, signet_admin;

grant usage on schema signet
	to signet_load, signet_report, signet_policy, signet_admin;

grant execute on function
	signet.load_events(text, text[]),
	signet.load_dropped(text, bigint, bigint),
	signet.expire(interval, interval, interval),
	signet.migrations()
	to signet_load;

grant execute on function
	signet.status_database()
	to signet_load, signet_report;

grant execute on function
	signet.status_results(date),
	signet.status_loaders(),
	signet.status_database()
	to signet_admin;

-- views of days call it for their reader
grant execute on function
	signet.partition_days(regclass)
	to signet_admin;

grant execute on function
	signet.report_suppressed(text, text),
	signet.dmarc_failure_plan(integer, integer),
	signet.dmarc_failure_claim(text, interval),
	signet.dmarc_failure_destinations(bigint, bigint, text[], text[],
		text[], text[], text[], text[]),
	signet.dmarc_failure_next(bigint, bigint, interval, integer),
	signet.dmarc_failure_result(bigint, text, text),
	signet.dmarc_failure_finish(bigint, bigint, text, text),
	signet.dmarc_failure_expire(interval)
	to signet_report;

grant execute on function
	signet.report_suppress_add(text, text, timestamptz, text),
	signet.report_suppress_extend(text, text, interval),
	signet.report_suppress_remove(text, text),
	signet.report_suppress_list(boolean),
	signet.report_suppressed(text, text)
	to signet_admin;

grant execute on function
	signet.signing_key_change(text, text, text, integer, text, text,
		timestamptz, text, text, text, boolean),
	signet.signing_keys(text),
	signet.signing_keys_overdue(interval, interval, interval, interval,
		interval)
	to signet_admin;

do $$
declare
	v regclass;
begin
	for v in select c.oid from pg_catalog.pg_class c
		 where c.relnamespace = 'signet'::regnamespace
		 and c.relkind = 'v'
	loop
		execute format('grant select on %s to signet_admin', v);
	end loop;
end
$$;

reset role;
