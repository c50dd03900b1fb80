-- views-dns.sql - what signet dns check found last.

set local role signet_owner;

create or replace view signet.v_dns_check as
select d.domain, d.item, d.severity, d.detail, d.remedy, d.at, d.host, d.run,
       d.no
from signet.dns_check d
where d.run = (select max(l.run) from signet.dns_check l
	       where l.domain = d.domain)
order by d.domain, d.no;

comment on view signet.v_dns_check is
	'The latest run of signet dns check for each domain: what was found, '
	'and what to do.';

create or replace view signet.v_dns_check_day as
select d.domain,
       (d.at at time zone 'UTC')::date as day,
       count(distinct d.run) as runs,
       count(*) filter (where d.severity = 'error') as errors,
       count(*) filter (where d.severity = 'warn') as warnings,
       count(*) filter (where d.severity = 'could not ask') as not_asked
from signet.dns_check d
group by 1, 2;

comment on view signet.v_dns_check_day is
	'Each domain and UTC day: runs of signet dns check and what they '
	'found, to see since when something is wrong.';
comment on column signet.v_dns_check_day.domain is 'Domain that was checked.';
comment on column signet.v_dns_check_day.day is 'UTC day.';
comment on column signet.v_dns_check_day.runs is 'Runs on that day.';
comment on column signet.v_dns_check_day.errors is 'Errors in all of them.';
comment on column signet.v_dns_check_day.warnings is
	'Warnings in all of them.';
comment on column signet.v_dns_check_day.not_asked is
	'Questions without an answer in all of them.';

create or replace view signet.v_own_address as
select o.host, o.address, o.at from signet.own_address o;

comment on view signet.v_own_address is
	'Addresses of our hosts as the world sees them.';

do $$
declare
	c record;
begin
	for c in
		select v.view, a.attname,
		       pg_catalog.col_description(v.source, s.attnum) as text
		from (values ('signet.v_dns_check'::regclass,
			      'signet.dns_check'::regclass),
			     ('signet.v_own_address', 'signet.own_address'))
			v (view, source)
		join pg_catalog.pg_attribute a on a.attrelid = v.view
		join pg_catalog.pg_attribute s on s.attrelid = v.source
			and s.attname = a.attname
	loop
		execute format('comment on column %s.%I is %L', c.view,
			       c.attname, c.text);
	end loop;
end
$$;

reset role;
