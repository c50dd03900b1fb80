-- insert-message.sql - events of type "message": from the members of a line
-- to the columns of the ledger and of the evaluations, the one place that
-- knows both.  Applied again by every signet-load --migrate.

set local role signet_owner;

-- Inserts all lines or fails.
drop function if exists signet.insert_message(text[]);
create or replace function signet.insert_message(p_lines text[],
	out messages bigint, out evaluations bigint, out duplicates bigint,
	out last_event_at timestamptz, out counts jsonb)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
	fault text;
begin
	with event as materialized (
	select e.*,
	       signet.event_fault(e.v, e.type, e.id, e.at,
				  'message') as fault
	from unnest(p_lines) l (line)
	cross join json_to_record(l.line::json) as e (
		v text, type text, id uuid, at timestamptz, host text,
		program text, listener text, test_mode boolean,
		queue_id text, client_ip inet, client_name text, helo text,
		auth_login text, tls jsonb, requiretls jsonb,
		mail_from text, mail_from_domain text, rcpt jsonb,
		rcpt_count integer, size bigint, message_id text,
		"from" text[], from_domain text, from_domains text[],
		from_status text, from_reason text,
		skipped text, iprev jsonb, dnsbl jsonb, spf jsonb, dkim jsonb, arc jsonb,
		dmarc jsonb, action text, action_reason text, reply text,
		authentication_results text, forged_removed integer,
		timings jsonb, evaluation jsonb, ledger boolean)
	), ledger as (
	insert into signet.message (
		id, at, host, program, listener, test_mode, queue_id,
		client_ip, client_name, helo, auth_login,
		tls_version, tls_cipher, tls_bits,
		requiretls_mail_parameter, requiretls_header,
		requiretls_tls_required_no, requiretls_forged,
		mail_from, mail_from_domain, rcpt, rcpt_domains, rcpt_count,
		size, message_id, header_from, from_domain, from_domains,
		from_status, from_reason,
		skipped, iprev_result, iprev_name, iprev_dnssec, iprev_reason,
		dnsbl_result, dnsbl_zone,
		spf_result, spf_domain, spf_lookups, spf_void_lookups,
		spf_dnssec, spf_explanation, spf_reason,
		spf_helo_result, spf_helo_domain, spf_helo_lookups,
		spf_helo_void_lookups, spf_helo_dnssec, spf_helo_explanation,
		spf_helo_reason,
		dkim, dkim_result, dkim_pass_domains,
		arc_result, arc_sealers, arc_reason, arc_trusted,
		dmarc_result, dmarc_policy_domain,
		dmarc_organizational_domain, dmarc_discovery,
		dmarc_published, dmarc_disposition, dmarc_aligned_spf,
		dmarc_aligned_dkim, dmarc_dnssec, dmarc_reason, dmarc_record,
		dmarc_record_defect,
		dmarc_overrides, dmarc_other_discovery,
		action, action_reason, reply, authentication_results,
		forged_removed, total_ms, dns_wait_ms, dns_questions)
	select e.id, e.at, e.host, e.program, e.listener,
		coalesce(e.test_mode, false), e.queue_id,
		e.client_ip, e.client_name, e.helo, e.auth_login,
		e.tls ->> 'version', e.tls ->> 'cipher',
		(e.tls ->> 'bits')::integer,
		(e.requiretls ->> 'mail_parameter')::boolean,
		(e.requiretls ->> 'header')::boolean,
		(e.requiretls ->> 'tls_required_no')::boolean,
		(e.requiretls ->> 'forged')::boolean,
		e.mail_from, e.mail_from_domain,
		array(select r ->> 'address' from
			jsonb_array_elements(e.rcpt) r),
		array(select r ->> 'domain' from
			jsonb_array_elements(e.rcpt) r),
		coalesce(e.rcpt_count, jsonb_array_length(e.rcpt)),
		e.size, e.message_id, coalesce(e."from", '{}'),
		nullif(e.from_domain, ''), coalesce(e.from_domains, '{}'),
		e.from_status, e.from_reason, e.skipped,
		e.iprev ->> 'result', e.iprev ->> 'name',
		e.iprev ->> 'dnssec', e.iprev ->> 'reason',
		e.dnsbl ->> 'result', nullif(e.dnsbl ->> 'zone', ''),
		mf ->> 'result', mf ->> 'domain',
		(mf ->> 'lookups')::integer, (mf ->> 'void_lookups')::integer,
		mf ->> 'dnssec', mf ->> 'explanation', mf ->> 'reason',
		he ->> 'result', he ->> 'domain',
		(he ->> 'lookups')::integer, (he ->> 'void_lookups')::integer,
		he ->> 'dnssec', he ->> 'explanation', he ->> 'reason',
		coalesce(e.dkim, '[]'), dkim.result, dkim.passes,
		e.arc ->> 'result', array(select jsonb_array_elements_text(
			nullif(e.arc -> 'sealers', 'null'))),
		e.arc ->> 'reason', (e.arc ->> 'trusted')::boolean,
		dm ->> 'result', dm ->> 'policy_domain',
		dm ->> 'organizational_domain', dm ->> 'discovery',
		dm ->> 'published', dm ->> 'disposition',
		(dm ->> 'aligned_spf')::boolean,
		(dm ->> 'aligned_dkim')::boolean,
		dm ->> 'dnssec', dm ->> 'reason', dm ->> 'record',
		dm ->> 'defect',
		coalesce(nullif(dm -> 'overrides', 'null'), '[]'),
		nullif(dm -> 'other_discovery', 'null'),
		e.action, e.action_reason, e.reply, e.authentication_results,
		e.forged_removed, (e.timings ->> 'total_ms')::real,
		(e.timings ->> 'dns_wait_ms')::real,
		(e.timings ->> 'questions')::integer
	from event e,
	     lateral (select e.spf -> 'mailfrom' as mf, e.spf -> 'helo' as he,
			     e.dmarc as dm) as nested,
	     lateral (select
		coalesce(array_agg(d ->> 'domain')
			filter (where d ->> 'result' = 'pass'), '{}'),
		case when e.dkim is not null then coalesce(
			(array['pass', 'temperror', 'fail', 'policy',
			       'neutral', 'permerror'])
			[min(array_position(array['pass', 'temperror',
				'fail', 'policy', 'neutral', 'permerror'],
				d ->> 'result'))],
			min(d ->> 'result'), 'none') end
		from jsonb_array_elements(e.dkim) d) as dkim (passes, result)
	where e.fault is null and e.ledger is distinct from false
	on conflict do nothing
	returning at, action, dmarc_result, spf_result, dkim_result,
		arc_result, iprev_result
	), reported as (
	insert into signet.dmarc_evaluation (
		message_id, rcpt_no, at, host, optional, policy_domain,
		organizational_domain, source_ip, header_from, envelope_from,
		envelope_to, discovery_method, record, p, sp, np, psd,
		testing, adkim, aspf, fo, rua, ruf, published, disposition,
		dkim_aligned, spf_aligned, overrides, dkim,
		spf_result, spf_domain, spf_scope, spf_reason)
	select e.id, r.no, e.at, e.host,
		coalesce((e.evaluation ->> 'optional')::boolean, false)
		or coalesce((r.rcpt ->> 'report_address')::boolean, false),
		dm ->> 'policy_domain', dm ->> 'organizational_domain',
		e.client_ip, e.from_domain,
		coalesce(e.mail_from_domain, ''), r.rcpt ->> 'domain',
		dm ->> 'discovery', dm ->> 'record',
		dm ->> 'p', dm ->> 'sp', dm ->> 'np', dm ->> 'psd',
		(dm ->> 't')::boolean, dm ->> 'adkim', dm ->> 'aspf',
		dm ->> 'fo', array(select jsonb_array_elements_text(
			nullif(dm -> 'rua', 'null'))),
		array(select jsonb_array_elements_text(
			nullif(dm -> 'ruf', 'null'))),
		dm ->> 'published',
		e.evaluation ->> 'disposition',
		coalesce((dm ->> 'aligned_dkim')::boolean, false),
		coalesce((dm ->> 'aligned_spf')::boolean, false),
		coalesce(nullif(dm -> 'overrides', 'null'), '[]'),
		coalesce((select jsonb_agg(jsonb_build_object(
				'domain', d -> 'domain',
				'selector', d -> 'selector',
				'result', d -> 'result',
				'human_result', d -> 'reason') order by n)
			from jsonb_array_elements(e.dkim)
				with ordinality as s (d, n)), '[]'),
		spf.used ->> 'result', spf.used ->> 'domain', spf.scope,
		spf.used ->> 'reason'
	from event e
	cross join lateral (select e.dmarc as dm) as nested
	cross join lateral (select
		case when e.mail_from = '' then 'helo' else 'mfrom' end,
		case when e.mail_from = '' then e.spf -> 'helo'
		     else e.spf -> 'mailfrom' end) as spf (scope, used)
	cross join lateral jsonb_array_elements(e.rcpt)
		with ordinality as r (rcpt, no)
	where e.fault is null and jsonb_typeof(e.evaluation) = 'object'
	on conflict do nothing
	returning at
	), alike as (
	select (l.at at time zone 'UTC')::date as day, l.action,
	       l.dmarc_result, l.spf_result, l.dkim_result, l.arc_result,
	       l.iprev_result, count(*) as n
	from ledger l
	group by 1, 2, 3, 4, 5, 6, 7
	), counted as (
	select 'message' as table_name, a.day, v.what, left(v.result, 100),
	       sum(a.n) as rows
	from alike a, lateral (values ('action', a.action),
		('dmarc', a.dmarc_result), ('spf', a.spf_result),
		('dkim', a.dkim_result), ('arc', a.arc_result),
		('iprev', a.iprev_result)) v (what, result)
	where v.result is not null
	group by 2, 3, 4
	union all
	select 'dmarc_evaluation', (r.at at time zone 'UTC')::date, '', '',
	       count(*)
	from reported r group by 2
	)
	select (select count(*) from ledger), (select count(*) from reported),
	       count(*) filter (where e.ledger is distinct from false)
	       - (select count(*) from ledger), max(e.at), min(e.fault),
	       (select coalesce(jsonb_agg(to_jsonb(c)), '[]')
		from counted c (table_name, day, what, result, rows))
	into messages, evaluations, duplicates, last_event_at, fault, counts
	from event e;
	if fault is not null then
		raise invalid_parameter_value using message = fault;
	end if;
end
$$;
comment on function signet.insert_message(text[]) is
	'Inserts the message events of these JSON lines, all or (by an error) '
	'none. Lines that are in the database already are counted as '
	'duplicates; counts has what is new for signet.loader_day.';

reset role;
