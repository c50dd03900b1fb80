-- insert-report-in.sql - events of signet-report-intake: types report_in (a
-- report), report_in_rows (its rows) and report_in_refused (mail that did not
-- count).  Applied again by every signet-load --migrate.

set local role signet_owner;

create or replace function signet.insert_report_in(p_lines text[])
returns bigint
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
	with event as materialized (
	select e.*
	from unnest(p_lines) l (line)
	cross join json_to_record(l.line::json) as e (
		id uuid, at timestamptz, host text, arrival uuid,
		queue_id text, "from" text, mail_from text, recipient text,
		message_id text, bytes bigint, sender_domain text, kind text,
		organization text, email text, extra_contact_info text,
		report_id text, domain text, begin timestamptz,
		"end" timestamptz, rows bigint, messages bigint, policy jsonb,
		version text, namespace text, generator text, error text,
		defects jsonb, failure jsonb)
	), report as (
	insert into signet.report_in (id, at, host, kind, sender_domain,
		organization, email, extra_contact_info, report_id, domain,
		begin_at, end_at, rows, messages, policy, version, namespace,
		generator, error, defects)
	select e.id, e.at, e.host, e.kind, e.sender_domain, e.organization,
		e.email, e.extra_contact_info, e.report_id, e.domain, e.begin,
		e."end", coalesce(e.rows, 0), coalesce(e.messages, 0),
		e.policy, e.version, e.namespace, e.generator, e.error,
		coalesce(e.defects, '[]')
	from event e
	order by e.at
	on conflict do nothing
	returning 1
	), arrival as (
	insert into signet.report_in_arrival (arrival, report, at, host,
		queue_id, mail_from, recipient, header_from, message_id, bytes)
	select e.arrival, e.id, e.at, e.host, e.queue_id, e.mail_from,
		e.recipient, e."from", e.message_id, e.bytes
	from event e
	on conflict do nothing
	), failure as (
	insert into signet.failure_report_in (report, at, feedback_type,
		auth_failure, delivery_result, source_ip, arrival_date,
		original_mail_from, original_rcpt_to, original_envelope_id,
		reporting_mta, user_agent, authentication_results, dkim_domain,
		dkim_identity, dkim_selector, spf_dns, incidents, header)
	select e.id, e.at, f.feedback_type, f.auth_failure, f.delivery_result,
		f.source_ip, f.arrival_date, f.original_mail_from,
		coalesce(f.original_rcpt_to, '{}'), f.original_envelope_id,
		f.reporting_mta, f.user_agent, f.authentication_results,
		f.dkim_domain, f.dkim_identity, f.dkim_selector, f.spf_dns,
		coalesce(f.incidents, 1), f.header
	from event e
	cross join jsonb_to_record(e.failure) as f (
		feedback_type text, auth_failure text, delivery_result text,
		source_ip text, arrival_date text, original_mail_from text,
		original_rcpt_to text[], original_envelope_id text,
		reporting_mta text, user_agent text,
		authentication_results text, dkim_domain text,
		dkim_identity text, dkim_selector text, spf_dns text,
		incidents bigint, header text)
	where e.kind = 'failure'
	on conflict do nothing
	)
	select count(*) from report
$$;
comment on function signet.insert_report_in(text[]) is
	'Inserts report_in events: reports that were received. One that is '
	'there already gets one more arrival.';

-- Three kinds of rows: records (dmarc), policies and failures (tls).  A report
-- that came again with other rows adds nothing to the first one.
create or replace function signet.insert_report_in_rows(p_lines text[])
returns bigint
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
	with event as materialized (
	select e.*
	from unnest(p_lines) l (line)
	cross join json_to_record(l.line::json) as e (
		id uuid, at timestamptz, kind text, rows json)
	), record as (
	insert into signet.report_in_record (report, n, at, source_ip, source,
		count, disposition, dkim, spf, header_from, envelope_from,
		envelope_to, signatures, spf_results, reasons)
	select e.id, r.n, e.at, r.ip, r.source, r.count, r.disposition,
		r.dkim, r.spf, r.header_from, r.envelope_from, r.envelope_to,
		coalesce(r.signatures, '[]'), coalesce(r.spf_results, '[]'),
		coalesce(r.reasons, '[]')
	from event e
	cross join json_to_recordset(e.rows) as r (
		n bigint, ip inet, source text, count bigint, disposition text,
		dkim text, spf text, header_from text, envelope_from text,
		envelope_to text, signatures jsonb, spf_results jsonb,
		reasons jsonb)
	left join signet.report_in i on i.id = e.id
	where e.kind = 'dmarc' and (i.id is null or r.n <= i.rows)
	on conflict do nothing
	returning 1
	), tls as materialized (
	select e.id, e.at, r.*
	from event e
	cross join json_to_recordset(e.rows) as r (
		n bigint, failure bigint, policy_type text, policy_domain text,
		policy_strings text[], mx_hosts text[], successful bigint,
		failed bigint, result_type text, sending_ip inet,
		receiving_ip inet, receiving_mx text, receiving_helo text,
		information text, reason_code text, sessions bigint)
	left join signet.report_in i on i.id = e.id
	where e.kind = 'tls' and (i.id is null or r.n <= i.rows)
	), policy as (
	insert into signet.tls_report_in_policy (report, n, at, policy_type,
		policy_domain, policy_strings, mx_hosts, successful, failed)
	select t.id, t.n, t.at, t.policy_type, t.policy_domain,
		coalesce(t.policy_strings, '{}'), coalesce(t.mx_hosts, '{}'),
		t.successful, t.failed
	from tls t
	where t.failure is null
	on conflict do nothing
	returning 1
	), failure as (
	insert into signet.tls_report_in_failure (report, n, failure, at,
		result_type, sending_ip, receiving_ip, receiving_mx,
		receiving_helo, information, reason_code, sessions)
	select t.id, t.n, t.failure, t.at, t.result_type, t.sending_ip,
		t.receiving_ip, t.receiving_mx, t.receiving_helo,
		t.information, t.reason_code, t.sessions
	from tls t
	where t.failure is not null
	on conflict do nothing
	returning 1
	)
	select (select count(*) from record) + (select count(*) from policy)
	       + (select count(*) from failure)
$$;
comment on function signet.insert_report_in_rows(text[]) is
	'Inserts report_in_rows events: rows of reports that were received, '
	'and returns how many were new.';

create or replace function signet.insert_report_in_refused(p_lines text[])
returns bigint
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
	with mail as (
	insert into signet.report_in_refused (id, at, host, outcome, reason,
		queue_id, header_from, mail_from, recipient, message_id, bytes,
		file)
	select e.id, e.at, e.host, e.outcome, e.reason, e.queue_id, e."from",
		e.mail_from, e.recipient, e.message_id, e.bytes, e.file
	from unnest(p_lines) l (line)
	cross join json_to_record(l.line::json) as e (
		id uuid, at timestamptz, host text, outcome text, reason text,
		queue_id text, "from" text, mail_from text, recipient text,
		message_id text, bytes bigint, file text)
	on conflict do nothing
	returning 1
	)
	select count(*) from mail
$$;
comment on function signet.insert_report_in_refused(text[]) is
	'Inserts report_in_refused events: mail that did not count.';

reset role;
