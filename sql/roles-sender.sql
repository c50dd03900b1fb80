-- roles-sender.sql - who may read and change the table of senders.  Applied
-- again by every signet-load --migrate, after roles.sql.

do $$
begin
	if not exists (select from pg_catalog.pg_roles
		       where rolname = 'signet_sender') then
		create role signet_sender nologin;
	end if;
end
$$;
comment on role signet_sender is
	'May read which login owns which address: for signet-sign, and for '
	'the pgsql map of Postfix.';

set local role signet_owner;

revoke all on all tables in schema signet from signet_sender;
revoke all on all functions in schema signet from signet_sender;
grant usage on schema signet to signet_sender;

grant execute on function
	signet.sender_logins(text),
	signet.sender_login_list()
	to signet_sender;

grant execute on function
	signet.sender_logins(text),
	signet.sender_login_list(),
	signet.sender_login_add(text, text),
	signet.sender_login_remove(text, text)
	to signet_admin;

reset role;
