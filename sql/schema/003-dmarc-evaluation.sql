-- 003-dmarc-evaluation.sql - what aggregate reports are made of (RFC 9990,
-- RFC 7489 section 7.2): one row for each message and recipient.
-- Partitioned by UTC day like the ledger, with a retention of its own.

set local role signet_owner;

create table signet.dmarc_evaluation (
	message_id           uuid not null,
	rcpt_no              integer not null,
	at                   timestamptz not null,
	host                 text,
	optional             boolean not null default false,
	policy_domain        text not null,
	organizational_domain text,
	source_ip            inet,
	header_from          text not null,
	envelope_from        text not null default '',
	envelope_to          text,
	discovery_method     text,
	record               text,
	p                    text,
	sp                   text,
	np                   text,
	psd                  text,
	testing              boolean,
	adkim                text,
	aspf                 text,
	fo                   text,
	rua                  text[] not null default '{}',
	ruf                  text[] not null default '{}',
	published            text,
	disposition          text not null,
	dkim_aligned         boolean not null default false,
	spf_aligned          boolean not null default false,
	overrides            jsonb not null default '[]',
	dkim                 jsonb not null default '[]',
	spf_result           text,
	spf_domain           text,
	spf_scope            text,
	spf_reason           text,
	primary key (message_id, rcpt_no, at)
) partition by range (at);

create index dmarc_evaluation_policy_domain
	on signet.dmarc_evaluation (policy_domain, at);

comment on table signet.dmarc_evaluation is
	'One DMARC evaluation for each message and recipient, kept for '
	'aggregate reports. Read it through signet.v_dmarc_evaluation.';
comment on index signet.dmarc_evaluation_policy_domain is
	'Finds what a report for a domain consists of.';
comment on column signet.dmarc_evaluation.message_id is
	'Message (signet.message.id).';
comment on column signet.dmarc_evaluation.rcpt_no is
	'Number of the recipient within the message, from 1.';
comment on column signet.dmarc_evaluation.at is
	'When the message was evaluated (UTC day = partition).';
comment on column signet.dmarc_evaluation.host is 'Host that evaluated.';
comment on column signet.dmarc_evaluation.optional is
	'True: no report is sent for this row alone (the recipient is a '
	'report address, or the milter said so).';
comment on column signet.dmarc_evaluation.policy_domain is
	'Domain at which the DMARC record was found.';
comment on column signet.dmarc_evaluation.organizational_domain is
	'Organizational domain of the author.';
comment on column signet.dmarc_evaluation.source_ip is
	'Address of the client.';
comment on column signet.dmarc_evaluation.header_from is
	'Author domain.';
comment on column signet.dmarc_evaluation.envelope_from is
	'Domain of MAIL FROM; empty: null sender.';
comment on column signet.dmarc_evaluation.envelope_to is
	'Domain of the recipient.';
comment on column signet.dmarc_evaluation.discovery_method is
	'How the record was found: treewalk or psl.';
comment on column signet.dmarc_evaluation.record is
	'The record as published; tags that RFC 9989 dropped (pct, ri) are '
	'found here.';
comment on column signet.dmarc_evaluation.p is 'Policy of the domain.';
comment on column signet.dmarc_evaluation.sp is 'Policy of subdomains.';
comment on column signet.dmarc_evaluation.np is
	'Policy of subdomains that do not exist.';
comment on column signet.dmarc_evaluation.psd is
	'Whether the domain is a public suffix: y, n, u.';
comment on column signet.dmarc_evaluation.testing is
	'The record says t=y.';
comment on column signet.dmarc_evaluation.adkim is
	'Alignment mode of DKIM: r or s.';
comment on column signet.dmarc_evaluation.aspf is
	'Alignment mode of SPF: r or s.';
comment on column signet.dmarc_evaluation.fo is
	'Failure reporting options.';
comment on column signet.dmarc_evaluation.rua is
	'Where aggregate reports are wanted.';
comment on column signet.dmarc_evaluation.ruf is
	'Where failure reports are wanted.';
comment on column signet.dmarc_evaluation.published is
	'Policy word that p, sp or np chose.';
comment on column signet.dmarc_evaluation.disposition is
	'What was done, in the words of RFC 9990: none, pass, quarantine, '
	'reject.';
comment on column signet.dmarc_evaluation.dkim_aligned is
	'DKIM passed for an aligned domain.';
comment on column signet.dmarc_evaluation.spf_aligned is
	'SPF passed for an aligned domain.';
comment on column signet.dmarc_evaluation.overrides is
	'Local rules that changed the outcome: type and comment of each.';
comment on column signet.dmarc_evaluation.dkim is
	'Each signature: domain, selector, result, human_result.';
comment on column signet.dmarc_evaluation.spf_result is
	'SPF result that DMARC used.';
comment on column signet.dmarc_evaluation.spf_domain is
	'Domain of that result.';
comment on column signet.dmarc_evaluation.spf_scope is
	'mfrom, or helo when the sender is null.';
comment on column signet.dmarc_evaluation.spf_reason is
	'Why that SPF result.';

reset role;
