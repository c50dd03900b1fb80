-- roles-quota.sql - who tells how full mailboxes are, and who asks.  Applied
-- after roles.sql by every signet-load --migrate.

do $$
begin
	if not exists (select from pg_catalog.pg_roles
		       where rolname = 'signet_mailbox') then
		create role signet_mailbox nologin;
		comment on role signet_mailbox is
			'May do what signet-mailbox does.';
	end if;
	if not exists (select from pg_catalog.pg_roles
		       where rolname = 'signet_userdb') then
		create role signet_userdb nologin;
	end if;
end
$$;
comment on role signet_userdb is
	'May read the limits of an account: for the userdb of Dovecot.';

set local role signet_owner;

revoke all on all tables in schema signet from signet_userdb;
revoke all on all functions in schema signet from signet_userdb;
grant usage on schema signet to signet_mailbox, signet_userdb;

grant execute on function
	signet.quota_userdb(text)
	to signet_userdb;

grant execute on function
	signet.quota_report(text[], text[], bigint[], bigint[], bigint[],
		bigint[], timestamptz[], text)
	to signet_mailbox;

grant execute on function
	signet.quota_ask(text[], text[], bigint[]),
	signet.quota_accept(text[], bigint[]),
	signet.quota_expire()
	to signet_policy;

grant execute on function
	signet.alias_add(text, text),
	signet.alias_remove(text, text),
	signet.quota_adopt(text[], bigint[], bigint[], text),
	signet.quota_expire(),
	signet.quota_explain(text),
	signet.quota_list(text, text, integer),
	signet.quota_option(text, text),
	signet.quota_reconcile(text[], text[], bigint[], bigint[], bigint[],
		bigint[], timestamptz, text),
	signet.quota_reconcile_end(text, timestamptz, text, bigint, bigint),
	signet.quota_set(text, text, bigint, bigint),
	signet.quota_use_root(text),
	signet.quota_userdb(text),
	signet.status_quota()
	to signet_admin;

reset role;
