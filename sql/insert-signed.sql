-- insert-signed.sql - events of signet-sign.  Applied again by every
-- signet-load --migrate.

set local role signet_owner;

create or replace function signet.insert_signed(p_lines text[])
returns bigint
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
	with inserted as (
	insert into signet.signed_message (id, at, host, program, listener,
		test_mode, queue_id, client_ip, login, origin,
		mail_from_domain, from_domain, rcpt_domains, rcpt_count,
		message_id, signatures, arc_instance, action, reason, detail)
	select e.id, e.at, e.host, e.program, e.listener,
		coalesce(e.test_mode, false), e.queue_id, e.client_ip,
		e.login, e.origin, coalesce(e.mail_from_domain, ''),
		e.from_domain, coalesce(e.rcpt_domains, '{}'), e.rcpt_count,
		e.message_id, coalesce(e.signatures, '[]'), e.arc_instance,
		coalesce(e.action, 'unsigned'), e.reason, e.detail
	from unnest(p_lines) l (line)
	cross join json_to_record(l.line::json) as e (
		id uuid, at timestamptz, host text, program text,
		listener text, test_mode boolean, queue_id text,
		client_ip inet, login text, origin text,
		mail_from_domain text, from_domain text, rcpt_domains text[],
		rcpt_count integer, message_id text, signatures jsonb,
		arc_instance integer, action text, reason text, detail text)
	on conflict do nothing
	returning 1
	)
	select count(*) from inserted
$$;
comment on function signet.insert_signed(text[]) is
	'Inserts signed events: one row of signet.signed_message for each.';

reset role;
