-- views-report-in.sql - what others report about our domains, for
-- administrators; see docs/database.md.  Columns are added at the end.

set local role signet_owner;

create or replace view signet.v_report_in as
select i.at,
       i.kind,
       i.organization,
       i.domain,
       i.begin_at,
       i.end_at,
       i.rows,
       i.messages,
       case i.kind
       when 'dmarc' then coalesce((select sum(r.count)
		from signet.report_in_record r where r.report = i.id
		and r.dkim is distinct from 'pass'
		and r.spf is distinct from 'pass'), 0)
       when 'tls' then coalesce((select sum(p.failed)
		from signet.tls_report_in_policy p where p.report = i.id), 0)
       else i.messages end::bigint as failed,
       (select count(*) from signet.report_in_arrival a
	where a.report = i.id) as seen,
       array(select concat(d ->> 'text', case when (d ->> 'count')::bigint > 1
		then ' (' || (d ->> 'count') || ' times)' end)
	     from jsonb_array_elements(i.defects) d) as defects,
       i.policy ->> 'p' as policy,
       i.error,
       i.sender_domain,
       i.email,
       i.report_id,
       i.generator,
       i.namespace,
       i.host,
       i.id
from signet.report_in i;
comment on view signet.v_report_in is
	'Reports that others sent and that count, one row each.';
comment on column signet.v_report_in.at is 'When it was first received.';
comment on column signet.v_report_in.kind is 'dmarc, tls, failure.';
comment on column signet.v_report_in.organization is
	'Who made it, in its own words.';
comment on column signet.v_report_in.domain is 'Domain it is about.';
comment on column signet.v_report_in.begin_at is 'Begin of its period.';
comment on column signet.v_report_in.end_at is 'End of its period.';
comment on column signet.v_report_in.rows is 'Rows that it has.';
comment on column signet.v_report_in.messages is
	'Messages it tells of; of a TLS report sessions.';
comment on column signet.v_report_in.failed is
	'Those among them that failed.';
comment on column signet.v_report_in.seen is 'How often it came.';
comment on column signet.v_report_in.defects is
	'What was wrong with the report itself.';
comment on column signet.v_report_in.policy is
	'Policy that its maker saw published.';
comment on column signet.v_report_in.error is
	'What its maker found wrong, such as with our record.';
comment on column signet.v_report_in.sender_domain is
	'Proven domain of the mail that brought it.';
comment on column signet.v_report_in.email is 'Contact it names.';
comment on column signet.v_report_in.report_id is
	'Id that its maker gave it.';
comment on column signet.v_report_in.generator is 'Program that made it.';
comment on column signet.v_report_in.namespace is
	'XML namespace; null with reports by RFC 7489.';
comment on column signet.v_report_in.host is 'Host that received it.';
comment on column signet.v_report_in.id is
	'Key of the report (signet.report_in.id).';

create or replace view signet.v_report_in_source as
select (i.begin_at at time zone 'UTC')::date as day,
       i.domain,
       r.source_ip,
       sum(r.count)::bigint as messages,
       coalesce(sum(r.count) filter (where r.dkim = 'pass'
				     or r.spf = 'pass'), 0)::bigint as aligned,
       coalesce(sum(r.count) filter (where r.dkim is distinct from 'pass'
		and r.spf is distinct from 'pass'), 0)::bigint as failed,
       coalesce(sum(r.count) filter (where r.dkim = 'pass'), 0)::bigint
		as dkim_aligned,
       coalesce(sum(r.count) filter (where r.spf = 'pass'), 0)::bigint
		as spf_aligned,
       coalesce(sum(r.count) filter (where r.disposition = 'quarantine'),
		0)::bigint as quarantined,
       coalesce(sum(r.count) filter (where r.disposition = 'reject'),
		0)::bigint as rejected,
       array_agg(distinct i.organization) as organizations
from signet.report_in i
join signet.report_in_record r on r.report = i.id
where i.kind = 'dmarc'
group by 1, 2, 3;
comment on view signet.v_report_in_source is
	'DMARC reports by day, domain and source: how many messages came from '
	'there in our name, how many of them were aligned, and who says so.';
comment on column signet.v_report_in_source.day is
	'UTC day on which the period of the reports begins.';
comment on column signet.v_report_in_source.domain is 'Policy domain.';
comment on column signet.v_report_in_source.source_ip is
	'Where the messages came from.';
comment on column signet.v_report_in_source.messages is
	'Number of messages.';
comment on column signet.v_report_in_source.aligned is
	'Those with an aligned DKIM or SPF pass.';
comment on column signet.v_report_in_source.failed is
	'Those with neither: DMARC failed.';
comment on column signet.v_report_in_source.dkim_aligned is
	'Those with an aligned DKIM pass.';
comment on column signet.v_report_in_source.spf_aligned is
	'Those with an aligned SPF pass.';
comment on column signet.v_report_in_source.quarantined is
	'Those that were put into quarantine.';
comment on column signet.v_report_in_source.rejected is
	'Those that were rejected.';
comment on column signet.v_report_in_source.organizations is
	'Who reported them.';

create or replace view signet.v_report_in_failing as
select (i.begin_at at time zone 'UTC')::date as day,
       i.domain,
       r.source_ip,
       r.header_from,
       r.envelope_from,
       r.count as messages,
       r.disposition,
       array(select concat(s ->> 'domain', '=', s ->> 'result')
	     from jsonb_array_elements(r.signatures) s) as dkim,
       array(select concat(s ->> 'domain', '=', s ->> 'result')
	     from jsonb_array_elements(r.spf_results) s) as spf,
       array(select concat_ws(': ', s ->> 'type', s ->> 'comment')
	     from jsonb_array_elements(r.reasons) s) as reasons,
       i.organization,
       i.id as report
from signet.report_in i
join signet.report_in_record r on r.report = i.id
where i.kind = 'dmarc' and r.dkim is distinct from 'pass'
and r.spf is distinct from 'pass';
comment on view signet.v_report_in_failing is
	'Records of DMARC reports about messages that failed, and how.';
comment on column signet.v_report_in_failing.day is
	'UTC day on which the period of the report begins.';
comment on column signet.v_report_in_failing.domain is 'Policy domain.';
comment on column signet.v_report_in_failing.source_ip is
	'Where the messages came from.';
comment on column signet.v_report_in_failing.header_from is
	'Author domain.';
comment on column signet.v_report_in_failing.envelope_from is
	'Domain of MAIL FROM.';
comment on column signet.v_report_in_failing.messages is
	'Number of messages.';
comment on column signet.v_report_in_failing.disposition is
	'What was done with them.';
comment on column signet.v_report_in_failing.dkim is
	'Domain and result of each signature.';
comment on column signet.v_report_in_failing.spf is
	'Domain and result of SPF.';
comment on column signet.v_report_in_failing.reasons is
	'Why the policy was not applied.';
comment on column signet.v_report_in_failing.organization is
	'Who reported them.';
comment on column signet.v_report_in_failing.report is
	'Key of the report (v_report_in.id).';

create or replace view signet.v_report_in_ours as
select o.day, o.state, o.domain, o.header_from, o.source_ip, o.organization,
       o.messages, o.failed, o.whose, o.is_own_address, o.signatures,
       o.signed_by_us
from signet.report_in_ours((now() at time zone 'UTC')::date - 30,
			   (now() at time zone 'UTC')::date) o;
comment on view signet.v_report_in_ours is
	'The last 30 days of DMARC reports beside our own ledger of signed '
	'mail: what is ours and fails elsewhere, and what is not ours. For '
	'other days call signet.report_in_ours(from, to).';
comment on column signet.v_report_in_ours.day is
	'UTC day on which the period of the reports begins.';
comment on column signet.v_report_in_ours.state is
	'whose, and whether all of it passed.';
comment on column signet.v_report_in_ours.domain is 'Policy domain.';
comment on column signet.v_report_in_ours.header_from is 'Author domain.';
comment on column signet.v_report_in_ours.source_ip is
	'Where the messages came from.';
comment on column signet.v_report_in_ours.organization is
	'Who reported them.';
comment on column signet.v_report_in_ours.messages is
	'Number of messages.';
comment on column signet.v_report_in_ours.failed is
	'Those that failed DMARC.';
comment on column signet.v_report_in_ours.whose is
	'ours: from an address of ours, or with a signature of ours that '
	'passed; claims to be ours: with a signature that names a key of ours '
	'and failed; not ours: neither.';
comment on column signet.v_report_in_ours.is_own_address is
	'The source is one of public_addresses.';
comment on column signet.v_report_in_ours.signatures is
	'Domains and results of the signatures seen.';
comment on column signet.v_report_in_ours.signed_by_us is
	'Recipients of mail of that author domain that signet-sign signed on '
	'that day, wherever they are; null: none.';

create or replace view signet.v_tls_report_in as
select (i.begin_at at time zone 'UTC')::date as day,
       p.policy_domain,
       i.organization,
       p.policy_type,
       p.successful,
       p.failed,
       array(select concat(f.result_type, ': ', sum(f.sessions))
	     from signet.tls_report_in_failure f
	     where f.report = p.report and f.n = p.n
	     group by f.result_type order by f.result_type) as failures,
       p.mx_hosts,
       p.policy_strings,
       i.id as report
from signet.report_in i
join signet.tls_report_in_policy p on p.report = i.id
where i.kind = 'tls';
comment on view signet.v_tls_report_in is
	'TLS reports: how sessions to our domains and hosts went, by day, '
	'reporter and policy.';
comment on column signet.v_tls_report_in.day is
	'UTC day on which the period of the report begins.';
comment on column signet.v_tls_report_in.policy_domain is
	'Our domain or host.';
comment on column signet.v_tls_report_in.organization is 'Who reports.';
comment on column signet.v_tls_report_in.policy_type is
	'sts, tlsa, no-policy-found.';
comment on column signet.v_tls_report_in.successful is
	'Sessions that were secured.';
comment on column signet.v_tls_report_in.failed is
	'Sessions that were not.';
comment on column signet.v_tls_report_in.failures is
	'What failed, and how often.';
comment on column signet.v_tls_report_in.mx_hosts is
	'MX patterns of the policy.';
comment on column signet.v_tls_report_in.policy_strings is
	'The policy that was applied.';
comment on column signet.v_tls_report_in.report is
	'Key of the report (v_report_in.id).';

create or replace view signet.v_tls_report_in_failure as
select (i.begin_at at time zone 'UTC')::date as day,
       p.policy_domain,
       i.organization,
       p.policy_type,
       f.result_type,
       f.sessions,
       f.receiving_mx,
       f.receiving_ip,
       f.sending_ip,
       f.reason_code,
       f.information,
       i.id as report
from signet.report_in i
join signet.tls_report_in_policy p on p.report = i.id
join signet.tls_report_in_failure f on f.report = p.report and f.n = p.n
where i.kind = 'tls';
comment on view signet.v_tls_report_in_failure is
	'Failures that TLS reports tell of, one row each.';
comment on column signet.v_tls_report_in_failure.day is
	'UTC day on which the period of the report begins.';
comment on column signet.v_tls_report_in_failure.policy_domain is
	'Our domain or host.';
comment on column signet.v_tls_report_in_failure.organization is
	'Who reports.';
comment on column signet.v_tls_report_in_failure.policy_type is
	'sts, tlsa, no-policy-found.';
comment on column signet.v_tls_report_in_failure.result_type is
	'What failed.';
comment on column signet.v_tls_report_in_failure.sessions is
	'Number of sessions.';
comment on column signet.v_tls_report_in_failure.receiving_mx is
	'Our MX that the sender spoke to.';
comment on column signet.v_tls_report_in_failure.receiving_ip is
	'Its address.';
comment on column signet.v_tls_report_in_failure.sending_ip is
	'Address of the sender.';
comment on column signet.v_tls_report_in_failure.reason_code is
	'Code of the sender''s library.';
comment on column signet.v_tls_report_in_failure.information is
	'More about it.';
comment on column signet.v_tls_report_in_failure.report is
	'Key of the report (v_report_in.id).';

create or replace view signet.v_failure_report_in as
select f.at, i.domain, i.sender_domain, f.auth_failure, f.delivery_result,
       f.source_ip, f.original_mail_from, f.dkim_domain, f.dkim_selector,
       f.authentication_results, f.incidents, f.arrival_date, f.header,
       f.report
from signet.failure_report_in f
join signet.report_in i on i.id = f.report;
comment on view signet.v_failure_report_in is
	'Reports about single messages in our name that failed.';
comment on column signet.v_failure_report_in.at is 'When it was received.';
comment on column signet.v_failure_report_in.domain is
	'Domain it is about.';
comment on column signet.v_failure_report_in.sender_domain is
	'Proven domain of the mail that brought it.';
comment on column signet.v_failure_report_in.auth_failure is
	'What failed: dmarc, dkim, spf, ...';
comment on column signet.v_failure_report_in.delivery_result is
	'What became of the message.';
comment on column signet.v_failure_report_in.source_ip is
	'Where the message came from.';
comment on column signet.v_failure_report_in.original_mail_from is
	'Envelope sender of the message.';
comment on column signet.v_failure_report_in.dkim_domain is
	'Domain of the signature that failed.';
comment on column signet.v_failure_report_in.dkim_selector is
	'Selector of that signature.';
comment on column signet.v_failure_report_in.authentication_results is
	'What the reporting host found.';
comment on column signet.v_failure_report_in.incidents is
	'Messages it stands for.';
comment on column signet.v_failure_report_in.arrival_date is
	'When the message came, in the words of the report.';
comment on column signet.v_failure_report_in.header is
	'Header of the message, as far as the report gives it.';
comment on column signet.v_failure_report_in.report is
	'Key of the report (v_report_in.id).';

create or replace view signet.v_report_in_refused as
select r.at, r.outcome, r.reason, r.header_from, r.recipient, r.mail_from,
       r.bytes, r.queue_id, r.host, r.file, r.message_id, r.id
from signet.report_in_refused r;
comment on view signet.v_report_in_refused is
	'Mail to report addresses that did not count: forged, not asked for, '
	'or not readable.';
comment on column signet.v_report_in_refused.at is 'When it came.';
comment on column signet.v_report_in_refused.outcome is
	'refused: not trusted or not asked for; aside: it may be a report and '
	'could not be read.';
comment on column signet.v_report_in_refused.reason is 'Why.';
comment on column signet.v_report_in_refused.header_from is
	'From header field, which may be forged.';
comment on column signet.v_report_in_refused.recipient is
	'Envelope recipient.';
comment on column signet.v_report_in_refused.mail_from is
	'Envelope sender.';
comment on column signet.v_report_in_refused.bytes is
	'Size of the message.';
comment on column signet.v_report_in_refused.queue_id is
	'Queue ID of the MTA.';
comment on column signet.v_report_in_refused.host is 'Host that has it.';
comment on column signet.v_report_in_refused.file is
	'Where it is kept on that host.';
comment on column signet.v_report_in_refused.message_id is
	'Message-ID header field.';
comment on column signet.v_report_in_refused.id is
	'Key of the mail (signet.report_in_refused.id).';

reset role;
