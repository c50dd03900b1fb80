-- views-signed.sql - what administrators read about mail of ours.  Stable:
-- columns are added at the end, none is renamed or removed.

set local role signet_owner;

create or replace view signet.v_signed_message as
select m.at, m.queue_id, m.host, m.listener, m.client_ip, m.login, m.origin,
       m.mail_from_domain, m.from_domain, m.rcpt_domains, m.rcpt_count,
       m.message_id,
       (select string_agg(concat(s ->> 'domain', '/', s ->> 'selector', ' ',
				 s ->> 'algorithm'), ', ' order by n)
	from jsonb_array_elements(m.signatures) with ordinality as l (s, n))
		as signed_with,
       m.action, m.reason, m.detail, m.arc_instance, m.test_mode, m.program,
       m.signatures, m.id
from signet.signed_message m;

comment on view signet.v_signed_message is
	'One row for each message that signet-sign took for ours: who sent '
	'it, in whose name, and what it was signed with.';
comment on column signet.v_signed_message.at is 'When it was answered.';
comment on column signet.v_signed_message.queue_id is 'Queue ID of the MTA.';
comment on column signet.v_signed_message.host is 'Host that signed.';
comment on column signet.v_signed_message.listener is
	'Section of signet.conf.';
comment on column signet.v_signed_message.client_ip is
	'Address of the client; null: written on the host itself.';
comment on column signet.v_signed_message.login is
	'Who authenticated; null: nobody.';
comment on column signet.v_signed_message.origin is
	'Why it counts as ours: login, daemon, network, local.';
comment on column signet.v_signed_message.mail_from_domain is
	'Domain of MAIL FROM; empty: null sender.';
comment on column signet.v_signed_message.from_domain is 'Author domain.';
comment on column signet.v_signed_message.rcpt_domains is
	'Domains of the recipients.';
comment on column signet.v_signed_message.rcpt_count is
	'How many recipients there were.';
comment on column signet.v_signed_message.message_id is
	'Message-ID header field.';
comment on column signet.v_signed_message.signed_with is
	'Domain, selector and algorithm of each signature; null: none.';
comment on column signet.v_signed_message.action is
	'signed, unsigned, rejected, tempfailed.';
comment on column signet.v_signed_message.reason is
	'Why it was not signed, a word.';
comment on column signet.v_signed_message.detail is
	'The same as a sentence, where there is more to say.';
comment on column signet.v_signed_message.arc_instance is
	'Number of the ARC set that was added; null: none.';
comment on column signet.v_signed_message.test_mode is
	'True: nothing was changed.';
comment on column signet.v_signed_message.program is 'signet-sign.';
comment on column signet.v_signed_message.signatures is
	'Each signature: domain, selector, algorithm.';
comment on column signet.v_signed_message.id is 'Key of the message.';

create or replace view signet.v_sender_login as
select s.address, s.login, s.added
from signet.sender_login s;

comment on view signet.v_sender_login is
	'Which login may write in the name of which address.';
comment on column signet.v_sender_login.address is
	'user@domain, or @domain for all of a domain.';
comment on column signet.v_sender_login.login is
	'Name that the client authenticates with.';
comment on column signet.v_sender_login.added is 'When the row was made.';

reset role;
