-- roles-rule.sql - who may see and change the rules of users.  Applied after
-- roles.sql by every signet-load --migrate.

do $$
begin
	if not exists (select from pg_catalog.pg_roles
		       where rolname = 'signet_mailbox') then
		create role signet_mailbox nologin;
		comment on role signet_mailbox is
			'May do what signet-mailbox does.';
	end if;
	if not exists (select from pg_catalog.pg_roles
		       where rolname = 'signet_rules') then
		create role signet_rules nologin;
	end if;
end
$$;
comment on role signet_rules is
	'May see and change the rules of any account: for front ends, which '
	'know whose rules a user may see.';

set local role signet_owner;

grant usage on schema signet to signet_mailbox, signet_rules;
revoke all on all functions in schema signet from signet_rules;

grant execute on function
	signet.rules_load(text),
	signet.rule_moved_out(text, timestamptz, text, text, text, text, text),
	signet.rule_moved_in(text, timestamptz, text, text, text[], text,
			     text),
	signet.rule_mailbox_renamed(text, timestamptz, text, text, text, text),
	signet.rule_mailbox_deleted(text, timestamptz, text, text, text),
	signet.rule_lists(integer)
	to signet_mailbox;

grant execute on function
	signet.rules_of(text),
	signet.rules_mode(text),
	signet.rules_mode_set(text, text),
	signet.rule_add(text, text, text, text, text, integer),
	signet.rule_accept(text, bigint),
	signet.rule_decline(text, bigint, boolean),
	signet.rule_never(text, text, text),
	signet.rule_remove(text, bigint)
	to signet_rules, signet_admin;

reset role;
