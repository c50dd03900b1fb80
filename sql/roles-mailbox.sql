-- roles-mailbox.sql - who may learn, and who may read what was learned.
-- Applied after roles.sql by every signet-load --migrate.

do $$
begin
	if not exists (select from pg_catalog.pg_roles
		       where rolname = 'signet_mailbox') then
		create role signet_mailbox nologin;
	end if;
end
$$;
comment on role signet_mailbox is
	'May learn from mailboxes and read what was learned: for '
	'signet-mailbox.';

set local role signet_owner;

revoke all on all tables in schema signet from signet_mailbox;
revoke all on all functions in schema signet from signet_mailbox;
grant usage on schema signet to signet_mailbox;

grant execute on function
	signet.mailbox_load(text),
	signet.mailbox_versions(text[]),
	signet.mailbox_batch(text[], text[], text[], text[], text[]),
	signet.mailbox_expire(interval, interval, integer, integer, integer),
	signet.junk_model(text, integer),
	signet.junk_lock(text, integer),
	signet.junk_states(text, text[]),
	signet.junk_learn(text, bigint[], integer[], integer[], integer[],
		integer[]),
	signet.junk_trained(text, text[], text[], bigint[], boolean[],
		bigint[], integer[], integer[]),
	signet.junk_prune(text, integer, interval)
	to signet_mailbox, signet_admin;

grant execute on function
	signet.mailbox_set(text, boolean, real),
	signet.mailbox_touch(text),
	signet.junk_forget(text),
	signet.junk_status(),
	signet.junk_word_id(text)
	to signet_admin;

reset role;
