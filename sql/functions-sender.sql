-- functions-sender.sql - who may write in whose name.  Applied again by every
-- signet-load --migrate.

set local role signet_owner;

create or replace function signet.sender_logins(p_address text)
returns text
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
	select string_agg(s.login, ',' order by s.login)
	from signet.sender_login s
	where s.address = lower(p_address)
$$;
comment on function signet.sender_logins(text) is
	'Logins that own an address, separated by commas; null: nobody. For '
	'smtpd_sender_login_maps of Postfix, which asks for user@domain and '
	'then for @domain.';

create or replace function signet.sender_login_list()
returns table (address text, logins text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
	select s.address, string_agg(s.login, ',' order by s.login)
	from signet.sender_login s
	group by s.address
	order by s.address
$$;
comment on function signet.sender_login_list() is
	'The whole table, one row for each address: what signet-sign copies.';

create or replace function signet.sender_login_add(p_address text,
						   p_login text)
returns boolean
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
	with inserted as (
	insert into signet.sender_login (address, login)
	values (lower(p_address), p_login)
	on conflict do nothing
	returning 1
	)
	select exists (select from inserted)
$$;
comment on function signet.sender_login_add(text, text) is
	'Lets a login write in the name of an address; false: it may already.';

create or replace function signet.sender_login_remove(p_address text,
						      p_login text)
returns boolean
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
	with deleted as (
	delete from signet.sender_login s
	where s.address = lower(p_address) and s.login = p_login
	returning 1
	)
	select exists (select from deleted)
$$;
comment on function signet.sender_login_remove(text, text) is
	'Takes that right away; false: there was none.';

reset role;
