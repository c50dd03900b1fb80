-- functions-dns.sql - what signet dns check writes.

set local role signet_owner;

create or replace function signet.store_dns_check(p_domain text, p_host text,
						  p_findings text[])
returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
	this bigint := nextval('signet.dns_check_run');
begin
	delete from signet.dns_check d
	where d.domain = lower(p_domain)
	and d.at < now() - interval '90 days';
	insert into signet.dns_check (run, no, domain, at, host, item,
				      severity, detail, remedy)
	select this, f.no, lower(p_domain), now(), p_host,
	       f.line::jsonb ->> 'item', f.line::jsonb ->> 'severity',
	       f.line::jsonb ->> 'detail', f.line::jsonb ->> 'remedy'
	from unnest(p_findings) with ordinality f (line, no);
	return this;
end
$$;
comment on function signet.store_dns_check(text, text, text[]) is
	'Keeps the findings of one run of signet dns check, each a JSON object '
	'with item, severity, detail and remedy. Returns the number of the run.';

create or replace function signet.set_own_addresses(p_host text,
						    p_addresses text[])
returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
	delete from signet.own_address o
	where o.host = p_host
	and o.address <> all (p_addresses::inet[]);
	insert into signet.own_address (host, address)
	select distinct p_host, a.address
	from unnest(p_addresses::inet[]) a (address)
	on conflict (host, address) do update set at = now();
end
$$;
comment on function signet.set_own_addresses(text, text[]) is
	'Tells all addresses of one of our hosts as the world sees them; those '
	'it had before and has no longer go.';

reset role;
