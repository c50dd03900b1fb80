-- views.sql - what administrators read; see docs/database.md.
-- These views are stable: columns are added at the end, none is renamed or
-- removed.  Applied again by every signet-load --migrate.

set local role signet_owner;

create or replace view signet.v_message as
select m.at,
       m.queue_id,
       host(m.client_ip) || coalesce(' (' || case
		when m.client_name <> 'unknown' and m.client_name !~ '^\['
		then m.client_name end || ')', '') as client,
       m.helo,
       array_to_string(m.header_from, ', ') as header_from,
       '<' || m.mail_from || '>' as mail_from,
       array_to_string(m.rcpt, ', ') as recipients,
       m.spf_result || coalesce(' ' || m.spf_domain, '') as spf,
       coalesce((select string_agg(concat_ws(' ', d ->> 'result',
					     d ->> 'domain'), ', ' order by n)
		 from jsonb_array_elements(m.dkim) with ordinality as s (d, n)),
		m.dkim_result) as dkim,
       m.arc_result as arc,
       m.dmarc_result || coalesce(' ' || m.dmarc_policy_domain || ' p='
				  || m.dmarc_published, '') as dmarc,
       m.action,
       nullif(concat_ws('; ',
		 coalesce(m.action_reason, 'skipped: ' || m.skipped,
			  m.dmarc_reason),
		 case when m.test_mode and m.action <> 'accept'
		 then 'test mode, not done' end), '') as why,
       m.id
from signet.message m;

comment on view signet.v_message is
	'The ledger at a glance, one row for each message: who sent it, '
	'what each check said, what was done and why. Everything else about '
	'a message is in v_message_detail.';
comment on column signet.v_message.at is 'When the decision was taken.';
comment on column signet.v_message.queue_id is 'Queue ID of the MTA.';
comment on column signet.v_message.client is 'Address and name of the client.';
comment on column signet.v_message.helo is 'Name the client gave in HELO.';
comment on column signet.v_message.header_from is
	'Author addresses of the From header field.';
comment on column signet.v_message.mail_from is
	'Envelope sender; <> is the null sender.';
comment on column signet.v_message.recipients is 'Envelope recipients.';
comment on column signet.v_message.spf is
	'SPF result and the domain it is for.';
comment on column signet.v_message.dkim is
	'Result and domain of each DKIM signature.';
comment on column signet.v_message.arc is 'State of the ARC chain.';
comment on column signet.v_message.dmarc is
	'DMARC result, the domain of the record, and what it asks for.';
comment on column signet.v_message.action is
	'What was done: accept, tag, quarantine, reject, tempfail; in test '
	'mode what would have been.';
comment on column signet.v_message.why is 'Why, in a few words.';
comment on column signet.v_message.id is
	'Key of the message, as in v_message_detail and v_dmarc_evaluation.';

create or replace view signet.v_message_detail as
select m.id, m.at, m.host, m.program, m.listener, m.test_mode, m.queue_id,
       m.client_ip, m.client_name, m.helo, m.auth_login, m.tls_version,
       m.tls_cipher, m.tls_bits, m.requiretls_mail_parameter,
       m.requiretls_header, m.requiretls_tls_required_no, m.requiretls_forged,
       m.mail_from, m.mail_from_domain, m.rcpt, m.rcpt_domains, m.rcpt_count,
       m.size, m.message_id, m.header_from, m.from_domain, m.from_domains,
       m.from_status, m.from_reason, m.skipped, m.iprev_result, m.iprev_name,
       m.iprev_dnssec, m.iprev_reason, m.dnsbl_result, m.dnsbl_zone,
       m.spf_result, m.spf_domain,
       m.spf_lookups, m.spf_void_lookups, m.spf_dnssec, m.spf_explanation,
       m.spf_reason, m.spf_helo_result, m.spf_helo_domain, m.spf_helo_lookups,
       m.spf_helo_void_lookups, m.spf_helo_dnssec, m.spf_helo_explanation,
       m.spf_helo_reason, m.dkim, m.dkim_result, m.dkim_pass_domains,
       m.arc_result, m.arc_sealers, m.arc_reason, m.arc_trusted,
       m.dmarc_result, m.dmarc_policy_domain, m.dmarc_organizational_domain,
       m.dmarc_discovery, m.dmarc_published, m.dmarc_disposition,
       m.dmarc_aligned_spf, m.dmarc_aligned_dkim, m.dmarc_dnssec,
       m.dmarc_reason, m.dmarc_record, m.dmarc_record_defect,
       m.dmarc_overrides, m.dmarc_other_discovery, m.action, m.action_reason,
       m.reply, m.authentication_results, m.forged_removed, m.total_ms,
       m.dns_wait_ms, m.dns_questions
from signet.message m;

comment on view signet.v_message_detail is
	'Everything the ledger holds about each message.';

create or replace view signet.v_dmarc_evaluation as
select e.at, e.policy_domain, e.source_ip, e.header_from, e.envelope_from,
       e.envelope_to, e.disposition, e.dkim_aligned, e.spf_aligned,
       e.optional, e.message_id, e.rcpt_no, e.host, e.organizational_domain,
       e.discovery_method, e.record, e.p, e.sp, e.np, e.psd, e.testing,
       e.adkim, e.aspf, e.fo, e.rua, e.ruf, e.published, e.overrides, e.dkim,
       e.spf_result, e.spf_domain, e.spf_scope, e.spf_reason
from signet.dmarc_evaluation e;

comment on view signet.v_dmarc_evaluation is
	'What aggregate reports will say: one row for each message and '
	'recipient, under the conditions for which evaluations are kept.';

create or replace view signet.v_day as
select d.day, m.*
from signet.partition_days('signet.message') d (day)
cross join lateral (
	select count(*) as messages,
	       count(*) filter (where m.action = 'accept') as accepted,
	       count(*) filter (where m.action = 'tag') as tagged,
	       count(*) filter (where m.action = 'quarantine') as quarantined,
	       count(*) filter (where m.action = 'reject') as rejected,
	       count(*) filter (where m.action = 'tempfail') as deferred,
	       count(*) filter (where m.spf_result = 'pass') as spf_pass,
	       count(*) filter (where m.dkim_result = 'pass') as dkim_pass,
	       count(*) filter (where m.dmarc_result = 'pass') as dmarc_pass,
	       count(*) filter (where m.dmarc_result = 'fail') as dmarc_fail,
	       count(*) filter (where m.dmarc_result = 'temperror')
		as dmarc_temperror,
	       round(avg(m.total_ms)::numeric, 1) as mean_ms,
	       round(max(m.total_ms)::numeric, 1) as longest_ms,
	       sum(m.size) as bytes
	from signet.message m
	where m.at >= d.day::timestamp at time zone 'UTC'
	and m.at < (d.day + 1)::timestamp at time zone 'UTC'
	having count(*) > 0) m;

comment on view signet.v_day is
	'Messages of each UTC day by action and result.';
comment on column signet.v_day.day is 'UTC day.';
comment on column signet.v_day.messages is 'Messages seen.';
comment on column signet.v_day.accepted is 'Accepted as they were.';
comment on column signet.v_day.tagged is 'Accepted with a mark.';
comment on column signet.v_day.quarantined is 'Held or marked as junk.';
comment on column signet.v_day.rejected is 'Refused.';
comment on column signet.v_day.deferred is 'Asked to come again.';
comment on column signet.v_day.spf_pass is 'SPF passed.';
comment on column signet.v_day.dkim_pass is
	'At least one DKIM signature was verified.';
comment on column signet.v_day.dmarc_pass is 'DMARC passed.';
comment on column signet.v_day.dmarc_fail is 'DMARC failed.';
comment on column signet.v_day.dmarc_temperror is
	'DMARC could not be evaluated because DNS did not answer.';
comment on column signet.v_day.mean_ms is
	'Mean time a decision took, in milliseconds.';
comment on column signet.v_day.longest_ms is
	'Longest time a decision took, in milliseconds.';
comment on column signet.v_day.bytes is 'Size of the messages together.';

create or replace view signet.v_domain_day as
select d.day, m.*
from signet.partition_days('signet.message') d (day)
cross join lateral (
	select m.from_domain,
	       count(*) as messages,
	       count(*) filter (where m.action = 'accept') as accepted,
	       count(*) filter (where m.action = 'tag') as tagged,
	       count(*) filter (where m.action = 'quarantine') as quarantined,
	       count(*) filter (where m.action = 'reject') as rejected,
	       count(*) filter (where m.action = 'tempfail') as deferred,
	       count(*) filter (where m.spf_result = 'pass') as spf_pass,
	       count(*) filter (where m.dkim_result = 'pass') as dkim_pass,
	       count(*) filter (where m.dmarc_result = 'pass') as dmarc_pass,
	       count(*) filter (where m.dmarc_result = 'fail') as dmarc_fail,
	       count(*) filter (where m.dmarc_result = 'temperror')
		as dmarc_temperror
	from signet.message m
	where m.at >= d.day::timestamp at time zone 'UTC'
	and m.at < (d.day + 1)::timestamp at time zone 'UTC'
	group by m.from_domain) m;

comment on view signet.v_domain_day is
	'Messages of each author domain and UTC day by action and result.';
comment on column signet.v_domain_day.day is 'UTC day.';
comment on column signet.v_domain_day.from_domain is 'Author domain.';
comment on column signet.v_domain_day.messages is 'Messages seen.';
comment on column signet.v_domain_day.accepted is 'Accepted as they were.';
comment on column signet.v_domain_day.tagged is 'Accepted with a mark.';
comment on column signet.v_domain_day.quarantined is 'Held or marked as junk.';
comment on column signet.v_domain_day.rejected is 'Refused.';
comment on column signet.v_domain_day.deferred is 'Asked to come again.';
comment on column signet.v_domain_day.spf_pass is 'SPF passed.';
comment on column signet.v_domain_day.dkim_pass is
	'At least one DKIM signature was verified.';
comment on column signet.v_domain_day.dmarc_pass is 'DMARC passed.';
comment on column signet.v_domain_day.dmarc_fail is 'DMARC failed.';
comment on column signet.v_domain_day.dmarc_temperror is
	'DMARC could not be evaluated because DNS did not answer.';

create or replace view signet.v_client_day as
select d.day, m.*
from signet.partition_days('signet.message') d (day)
cross join lateral (
	select m.client_ip,
	       max(m.client_name) as client_name,
	       count(*) as messages,
	       count(*) filter (where m.action = 'accept') as accepted,
	       count(*) filter (where m.action = 'tag') as tagged,
	       count(*) filter (where m.action = 'quarantine') as quarantined,
	       count(*) filter (where m.action = 'reject') as rejected,
	       count(*) filter (where m.action = 'tempfail') as deferred,
	       count(*) filter (where m.spf_result = 'pass') as spf_pass,
	       count(*) filter (where m.dkim_result = 'pass') as dkim_pass,
	       count(*) filter (where m.dmarc_result = 'pass') as dmarc_pass,
	       count(*) filter (where m.dmarc_result = 'fail') as dmarc_fail,
	       count(*) filter (where m.dmarc_result = 'temperror')
		as dmarc_temperror
	from signet.message m
	where m.at >= d.day::timestamp at time zone 'UTC'
	and m.at < (d.day + 1)::timestamp at time zone 'UTC'
	group by m.client_ip) m;

comment on view signet.v_client_day is
	'Messages of each client address and UTC day by action and result.';
comment on column signet.v_client_day.day is 'UTC day.';
comment on column signet.v_client_day.client_ip is 'Address of the client.';
comment on column signet.v_client_day.client_name is
	'Name of the client, if it has one.';
comment on column signet.v_client_day.messages is 'Messages seen.';
comment on column signet.v_client_day.accepted is 'Accepted as they were.';
comment on column signet.v_client_day.tagged is 'Accepted with a mark.';
comment on column signet.v_client_day.quarantined is 'Held or marked as junk.';
comment on column signet.v_client_day.rejected is 'Refused.';
comment on column signet.v_client_day.deferred is 'Asked to come again.';
comment on column signet.v_client_day.spf_pass is 'SPF passed.';
comment on column signet.v_client_day.dkim_pass is
	'At least one DKIM signature was verified.';
comment on column signet.v_client_day.dmarc_pass is 'DMARC passed.';
comment on column signet.v_client_day.dmarc_fail is 'DMARC failed.';
comment on column signet.v_client_day.dmarc_temperror is
	'DMARC could not be evaluated because DNS did not answer.';

create or replace view signet.v_dmarc_source as
select e.policy_domain,
       e.source_ip,
       count(*) as evaluations,
       count(*) filter (where e.dkim_aligned or e.spf_aligned) as passed,
       count(*) filter (where e.dkim_aligned) as dkim_aligned,
       count(*) filter (where e.spf_aligned) as spf_aligned,
       count(*) filter (where e.disposition in ('quarantine', 'reject'))
		as stopped,
       min(e.at) as first_at,
       max(e.at) as last_at
from signet.dmarc_evaluation e
group by 1, 2;

comment on view signet.v_dmarc_source is
	'Who sends in the name of a domain that publishes DMARC: '
	'evaluations of each policy domain and client address.';
comment on column signet.v_dmarc_source.policy_domain is
	'Domain at which the DMARC record was found.';
comment on column signet.v_dmarc_source.source_ip is 'Address of the client.';
comment on column signet.v_dmarc_source.evaluations is
	'Evaluations (messages times recipients).';
comment on column signet.v_dmarc_source.passed is
	'Of these: aligned by DKIM or SPF.';
comment on column signet.v_dmarc_source.dkim_aligned is
	'Of these: aligned by DKIM.';
comment on column signet.v_dmarc_source.spf_aligned is
	'Of these: aligned by SPF.';
comment on column signet.v_dmarc_source.stopped is
	'Of these: quarantined or rejected.';
comment on column signet.v_dmarc_source.first_at is 'First of them.';
comment on column signet.v_dmarc_source.last_at is 'Last of them.';

create or replace view signet.v_loader as
select l.name,
       l.last_load_at,
       clock_timestamp() - l.last_load_at as idle,
       l.last_event_at,
       l.lines,
       l.duplicates,
       l.refused,
       l.dropped_messages,
       l.dropped_evaluations,
       l.first_load_at
from signet.loader l;

comment on view signet.v_loader is
	'Each signet-load: what it has loaded, and how long ago.';
comment on column signet.v_loader.name is 'Host whose spool is loaded.';
comment on column signet.v_loader.last_load_at is 'When it last loaded.';
comment on column signet.v_loader.idle is 'How long ago that was.';
comment on column signet.v_loader.last_event_at is
	'Newest event it has loaded.';
comment on column signet.v_loader.lines is 'Lines it has loaded.';
comment on column signet.v_loader.duplicates is
	'Lines that were in the database already.';
comment on column signet.v_loader.refused is
	'Lines that could not be loaded and were put aside in bad/.';
comment on column signet.v_loader.dropped_messages is
	'Ledger rows given up because the spool reached spool_max.';
comment on column signet.v_loader.dropped_evaluations is
	'Evaluations given up because the spool reached spool_max.';
comment on column signet.v_loader.first_load_at is 'When it first loaded.';

create or replace view signet.v_loader_event as
select l.loader, l.type, l.last_load_at, l.lines, l.new_rows
from signet.loader_event l;

comment on view signet.v_loader_event is
	'What each signet-load has loaded of each type of event.';

create or replace view signet.v_partition as
select p.relname::text as table_name,
       to_date(right(c.relname, 8), 'YYYYMMDD') as day,
       greatest(c.reltuples, 0)::bigint as rows_estimated,
       pg_total_relation_size(c.oid) as bytes,
       pg_size_pretty(pg_total_relation_size(c.oid)) as size
from pg_inherits i
join pg_class c on c.oid = i.inhrelid
join pg_class p on p.oid = i.inhparent
where p.relnamespace = 'signet'::regnamespace and c.relkind = 'r';

comment on view signet.v_partition is
	'Day partitions and their size, for planning retention.';
comment on column signet.v_partition.table_name is 'Partitioned table.';
comment on column signet.v_partition.day is 'UTC day.';
comment on column signet.v_partition.rows_estimated is
	'Rows, as the planner estimates.';
comment on column signet.v_partition.bytes is 'Bytes on disk with indexes.';
comment on column signet.v_partition.size is 'The same, readable.';

select signet.comment_view('signet.v_message_detail', 'signet.message');
select signet.comment_view('signet.v_dmarc_evaluation',
			   'signet.dmarc_evaluation');
select signet.comment_view('signet.v_loader_event', 'signet.loader_event');

reset role;
