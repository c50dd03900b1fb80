-- 020-rule.sql - where users want the mail of lists and people: rules, what
-- their moves suggest, and what they do not want to be asked again.

set local role signet_owner;

create sequence signet.rule_id;
comment on sequence signet.rule_id is
	'Numbers of rules, suggestions and refusals: one number means one '
	'thing.';

create table signet.rule (
	id           bigint primary key default nextval('signet.rule_id'),
	account      text not null,
	position     integer not null,
	kind         text not null,
	value        text not null,
	domain       text,
	mailbox      text not null,
	mailbox_guid text,
	source       text not null,
	at           timestamptz not null default now(),
	changed_at   timestamptz not null default now(),
	changed_by   text not null default session_user,
	constraint rule_account_kind_value unique (account, kind, value),
	constraint rule_account_named check (account <> ''),
	constraint rule_kind check (kind in ('list', 'from')),
	constraint rule_list check (
		kind <> 'list'
		or (domain is not null
		    and value ~ '^[^.@[:space:][:cntrl:]]+(\.[^.@[:space:][:cntrl:]]+)+$'
		    and octet_length(value) <= 255
		    and (value = domain
			 or right(value, length(domain) + 1) = '.' || domain))),
	constraint rule_domain check (
		domain ~ '^[a-z0-9_-]+(\.[a-z0-9_-]+)+$'
		and length(domain) <= 253),
	constraint rule_from check (
		kind <> 'from'
		or (domain is null and value ~ '^[^[:cntrl:]]+@[^@[:space:][:cntrl:]]+$'
		    and octet_length(value) <= 1024)),
	constraint rule_lower check (value = lower(value)),
	constraint rule_mailbox check (
		mailbox <> '' and octet_length(mailbox) <= 4096
		and mailbox !~ '[[:cntrl:]]'),
	constraint rule_source check (source in ('auto', 'accepted', 'added'))
);
comment on table signet.rule is
	'Mail of this list or address goes to this folder, if it is verified. '
	'The first rule of an account that is met counts.';
comment on constraint rule_account_kind_value on signet.rule is
	'One folder for one list or address.';
comment on constraint rule_account_named on signet.rule is
	'A rule belongs to one account.';
comment on constraint rule_kind on signet.rule is
	'What signet-mailbox looks at.';
comment on constraint rule_list on signet.rule is
	'An identifier of RFC 2919, and the verified domain it ends in.';
comment on constraint rule_domain on signet.rule is
	'A-labels in lower case, two at least.';
comment on constraint rule_from on signet.rule is 'An address.';
comment on constraint rule_lower on signet.rule is
	'Names compare without case.';
comment on constraint rule_mailbox on signet.rule is
	'A name that IMAP can show.';
comment on constraint rule_source on signet.rule is
	'How rules come into being.';
comment on column signet.rule.id is 'Number, as in signet rules.';
comment on column signet.rule.account is 'Whose mail it is about.';
comment on column signet.rule.position is
	'Place in the order of the account; of two that are alike the older '
	'one comes first.';
comment on column signet.rule.kind is
	'list: mail of a mailing list; from: mail of an author.';
comment on column signet.rule.value is
	'The identifier of List-Id, or the address; lower case.';
comment on column signet.rule.domain is
	'Of a list: the domain that must be verified by DKIM or SPF, or one '
	'below it.';
comment on column signet.rule.mailbox is 'The folder, as IMAP names it.';
comment on column signet.rule.mailbox_guid is
	'Its GUID, by which it is found again under another name; null: not '
	'known.';
comment on column signet.rule.source is
	'auto: a move made it; accepted: a suggestion that was accepted; '
	'added: by hand.';
comment on column signet.rule.at is
	'When the move was, or the word was given: what moves say of an '
	'earlier time does not change it.';
comment on column signet.rule.changed_at is 'When it was last changed.';
comment on column signet.rule.changed_by is 'Role that did it.';

create table signet.rule_suggestion (
	id           bigint primary key default nextval('signet.rule_id'),
	account      text not null,
	kind         text not null,
	value        text not null,
	domain       text,
	mailbox      text not null,
	mailbox_guid text,
	moves        bigint not null default 1,
	first_at     timestamptz not null,
	at           timestamptz not null,
	constraint rule_suggestion_account_kind_value
		unique (account, kind, value)
);
comment on table signet.rule_suggestion is
	'Rules that moves out of INBOX suggest, until they are accepted, '
	'declined, or a message is moved back.';
comment on constraint rule_suggestion_account_kind_value
	on signet.rule_suggestion is
	'The newest folder is suggested.';
comment on column signet.rule_suggestion.id is
	'Number, as in signet rules.';
comment on column signet.rule_suggestion.account is 'Who moved the mail.';
comment on column signet.rule_suggestion.kind is 'list or from.';
comment on column signet.rule_suggestion.value is
	'The identifier of List-Id, or the address.';
comment on column signet.rule_suggestion.domain is
	'Of a list: the domain that was verified.';
comment on column signet.rule_suggestion.mailbox is
	'The folder it was moved to last.';
comment on column signet.rule_suggestion.mailbox_guid is 'Its GUID.';
comment on column signet.rule_suggestion.moves is
	'How many messages were moved.';
comment on column signet.rule_suggestion.first_at is 'The first move.';
comment on column signet.rule_suggestion.at is 'The last move.';

create table signet.rule_declined (
	id           bigint primary key default nextval('signet.rule_id'),
	account      text not null,
	kind         text not null,
	value        text not null,
	mailbox_guid text,
	at           timestamptz not null default now(),
	changed_by   text not null default session_user,
	constraint rule_declined_account_kind_value
		unique (account, kind, value),
	constraint rule_declined_kind check (
		kind in ('list', 'from', 'mailbox'))
);
comment on table signet.rule_declined is
	'What a user said no to: moves do not suggest it again.';
comment on constraint rule_declined_account_kind_value
	on signet.rule_declined is 'Once is enough.';
comment on constraint rule_declined_kind on signet.rule_declined is
	'What there is to say no to.';
comment on column signet.rule_declined.id is 'Number, as in signet rules.';
comment on column signet.rule_declined.account is 'Who said it.';
comment on column signet.rule_declined.kind is
	'list: never for this list; from: never for this address; mailbox: '
	'never for this folder.';
comment on column signet.rule_declined.value is
	'The identifier of List-Id, the address, or the folder.';
comment on column signet.rule_declined.mailbox_guid is
	'GUID of the folder, where it is about one.';
comment on column signet.rule_declined.at is 'When.';
comment on column signet.rule_declined.changed_by is 'Role that wrote it.';

comment on index signet.rule_account_kind_value is
	'One folder for one list or address; finds the rules of an account.';
comment on index signet.rule_suggestion_account_kind_value is
	'One suggestion for one list or address; finds those of an account.';
comment on index signet.rule_declined_account_kind_value is
	'Once is enough; finds the refusals of an account.';

create index rule_list on signet.rule (value, domain)
	where kind = 'list' and source <> 'auto';
comment on index signet.rule_list is
	'Finds the lists that many accounts have rules for.';

reset role;
