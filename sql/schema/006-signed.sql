-- 006-signed.sql - mail that this site sent: what signet-sign did with each
-- message, and which logins own which addresses.

set local role signet_owner;

-- Partitioned by UTC day like the ledger.
create table signet.signed_message (
	id               uuid not null,
	at               timestamptz not null,
	host             text,
	program          text,
	listener         text,
	test_mode        boolean not null default false,
	queue_id         text,
	client_ip        inet,
	login            text,
	origin           text,
	mail_from_domain text not null default '',
	from_domain      text,
	rcpt_domains     text[] not null default '{}',
	rcpt_count       integer,
	message_id       text,
	signatures       jsonb not null default '[]',
	arc_instance     integer,
	action           text not null,
	reason           text,
	detail           text,
	primary key (id, at)
) partition by range (at);

create index signed_message_from_domain
	on signet.signed_message (from_domain, at);
create index signed_message_queue_id
	on signet.signed_message (queue_id, at);

comment on table signet.signed_message is
	'One row for each message that signet-sign took for ours. Read it '
	'through signet.v_signed_message.';
comment on index signet.signed_message_from_domain is
	'Finds what was sent in the name of a domain.';
comment on index signet.signed_message_queue_id is
	'Finds the message of a line in the mail log.';
comment on column signet.signed_message.id is 'Key of the message.';
comment on column signet.signed_message.at is
	'When it was answered (UTC day = partition).';
comment on column signet.signed_message.host is 'Host that signed.';
comment on column signet.signed_message.program is 'signet-sign.';
comment on column signet.signed_message.listener is
	'Section of signet.conf: sign, or the name of a listener.';
comment on column signet.signed_message.test_mode is
	'mode = test: nothing was changed.';
comment on column signet.signed_message.queue_id is 'Queue ID of the MTA.';
comment on column signet.signed_message.client_ip is
	'Address of the client; null: written on the host itself.';
comment on column signet.signed_message.login is
	'Who authenticated; null: nobody.';
comment on column signet.signed_message.origin is
	'Why it counts as ours: login, daemon, network, local.';
comment on column signet.signed_message.mail_from_domain is
	'Domain of MAIL FROM; empty: null sender.';
comment on column signet.signed_message.from_domain is
	'Author domain (the first, if there are several).';
comment on column signet.signed_message.rcpt_domains is
	'Domains of the recipients, each once.';
comment on column signet.signed_message.rcpt_count is
	'How many recipients there were.';
comment on column signet.signed_message.message_id is
	'Message-ID header field.';
comment on column signet.signed_message.signatures is
	'Each signature: domain, selector, algorithm.';
comment on column signet.signed_message.arc_instance is
	'Number of the ARC set that was added; null: none.';
comment on column signet.signed_message.action is
	'signed, unsigned, rejected, tempfailed.';
comment on column signet.signed_message.reason is
	'Why it was not signed, a word; null: it was.';
comment on column signet.signed_message.detail is
	'The same as a sentence, where there is more to say.';

create table signet.sender_login (
	address text not null,
	login   text not null,
	added   timestamptz not null default now(),
	primary key (address, login),
	check (address = lower(address)),
	check (address !~ '[[:space:][:cntrl:]"]' and address !~ '^#'
	       and address <> ''),
	check (login !~ '[[:space:][:cntrl:],]' and login <> '')
);

comment on table signet.sender_login is
	'Which login may write in the name of which address: yours to fill. '
	'Postfix asks it through signet.sender_logins(), signet-sign keeps a '
	'copy.';
comment on column signet.sender_login.address is
	'user@domain, or @domain for all addresses of a domain; lower case.';
comment on column signet.sender_login.login is
	'Name that the client authenticates with.';
comment on column signet.sender_login.added is 'When the row was made.';

reset role;
