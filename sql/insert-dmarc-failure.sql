-- insert-dmarc-failure.sql - events of type "dmarc_failure": what a failure
-- report needs about one message.  Applied again by every signet-load
-- --migrate.

set local role signet_owner;

create or replace function signet.insert_dmarc_failure(p_lines text[])
returns bigint
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
	with added as (
	insert into signet.dmarc_failure (id, at, host, message,
		policy_domain, from_domain, source_ip, dmarc_result,
		dkim_failed, spf_failed, dkim_domain, dkim_selector,
		dkim_identity, dkim_result, spf_result, spf_domain,
		spf_record, mail_from, authentication_results,
		delivery_result, fo, ruf, left_out, header)
	select e.id, e.at, e.host, e.message, e.policy_domain, e.from_domain,
		e.source_ip, e.dmarc_result, coalesce(e.dkim_failed, true),
		coalesce(e.spf_failed, true), e.dkim_domain, e.dkim_selector,
		e.dkim_identity, e.dkim_result, e.spf_result, e.spf_domain,
		nullif(e.spf_record, ''), e.mail_from,
		e.authentication_results, e.delivery_result, e.fo,
		coalesce(e.ruf, '{}'), coalesce(e.left_out, 0), e.header
	from unnest(p_lines) l (line)
	cross join json_to_record(l.line::json) as e (
		id uuid, at timestamptz, host text, message uuid,
		policy_domain text, from_domain text, source_ip inet,
		dmarc_result text, dkim_failed boolean, spf_failed boolean,
		dkim_domain text, dkim_selector text, dkim_identity text,
		dkim_result text, spf_result text, spf_domain text,
		spf_record text, mail_from text, authentication_results text,
		delivery_result text, fo text, ruf text[], left_out bigint,
		header text)
	on conflict do nothing returning 1)
	select count(*) from added
$$;
comment on function signet.insert_dmarc_failure(text[]) is
	'Inserts dmarc_failure events.';

reset role;
