-- insert-tls-domain.sql - events tls_domain: what was seen of the TLS of a
-- recipient domain.  Applied again by every signet-load --migrate.

set local role signet_owner;

create or replace function signet.insert_tls_domain(p_lines text[])
returns bigint
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
	select coalesce(signet.recipient_domain_tls_put(array_agg(row(
		e.domain, e.at, e.starttls, e.at, e.requiretls, e.at,
		e.mx_dnssec, e.at, e.dane, e.at, e.sts, e.at, e.level, e.at,
		null, null)::signet.recipient_domain_tls)), 0)
	from unnest(p_lines) l (line)
	cross join json_to_record(l.line::json) as e (
		at timestamptz, domain text, starttls boolean,
		requiretls boolean, mx_dnssec text, dane text, sts text,
		level text)
$$;
comment on function signet.insert_tls_domain(text[]) is
	'Takes tls_domain events into signet.recipient_domain_tls; returns how '
	'many rows changed.';

reset role;
