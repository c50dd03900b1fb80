-- 021-quota.sql - how full mailboxes are, how full they may be, and what is on
-- its way to them.

set local role signet_owner;

create table signet.quota_usage (
	account        text not null,
	root           text not null,
	domain         text not null generated always as (
		case when strpos(account, '@') > 0
		then substring(account from '[^@]*$') else '' end) stored,
	is_main        boolean not null default false,
	bytes          bigint not null,
	bytes_limit    bigint not null,
	messages       bigint not null,
	messages_limit bigint not null,
	at             timestamptz not null,
	host           text not null,
	source         text not null,
	primary key (account, root),
	constraint quota_usage_account check (account = lower(account)
		and account ~ '\S' and length(account) <= 512),
	constraint quota_usage_amounts check (bytes >= 0 and messages >= 0
		and bytes_limit >= 0 and messages_limit >= 0),
	constraint quota_usage_source check (
		source in ('report', 'reconcile', 'adopt'))
);
create unique index quota_usage_main on signet.quota_usage (account)
	where is_main;
create index quota_usage_domain on signet.quota_usage (domain)
	include (bytes, messages) where is_main;
comment on table signet.quota_usage is
	'What Dovecot last told of each quota root of each account. Read it '
	'through signet.v_quota.';
comment on constraint quota_usage_account on signet.quota_usage is
	'Lower case, and not empty.';
comment on constraint quota_usage_amounts on signet.quota_usage is
	'Nothing is less than nothing.';
comment on constraint quota_usage_source on signet.quota_usage is
	'The ways by which usage gets here.';
comment on index signet.quota_usage_main is
	'Finds the root that counts; there is one.';
comment on index signet.quota_usage_domain is
	'Adds up a domain without a look at the table.';
comment on column signet.quota_usage.account is
	'User name in Dovecot, in lower case.';
comment on column signet.quota_usage.root is 'Name of the quota root.';
comment on column signet.quota_usage.domain is
	'What stands behind @ in the account; empty if there is none.';
comment on column signet.quota_usage.is_main is
	'True: this root decides whether mail is taken. It is the one that '
	'signet.quota_use_root names, else the first that was told of.';
comment on column signet.quota_usage.bytes is 'Bytes of all messages.';
comment on column signet.quota_usage.bytes_limit is
	'Limit that Dovecot has; 0: none.';
comment on column signet.quota_usage.messages is 'Number of messages.';
comment on column signet.quota_usage.messages_limit is
	'Limit that Dovecot has; 0: none.';
comment on column signet.quota_usage.at is 'When this was so.';
comment on column signet.quota_usage.host is
	'Host whose Dovecot told it.';
comment on column signet.quota_usage.source is
	'report: by the plugin; reconcile: signet quota reconcile; adopt: '
	'signet quota adopt.';

create table signet.quota_limit (
	kind       text not null,
	name       text not null,
	bytes      bigint,
	messages   bigint,
	changed_at timestamptz not null default now(),
	changed_by text not null default session_user,
	primary key (kind, name),
	constraint quota_limit_kind check (kind in ('account', 'each', 'total',
		'default')),
	constraint quota_limit_name check (name = lower(name)
		and (name = '') = (kind = 'default')),
	constraint quota_limit_amounts check (bytes >= 0 and messages >= 0)
);
comment on table signet.quota_limit is
	'How much accounts and domains may hold. Read it through '
	'signet.v_quota_limit.';
comment on constraint quota_limit_kind on signet.quota_limit is
	'What a limit can be about.';
comment on constraint quota_limit_name on signet.quota_limit is
	'Lower case; the default has no name.';
comment on constraint quota_limit_amounts on signet.quota_limit is
	'Nothing is less than nothing.';
comment on column signet.quota_limit.kind is
	'account: an account; each: each account of a domain that has no '
	'limit of its own; default: each account for which there is neither; '
	'total: all accounts of a domain together.';
comment on column signet.quota_limit.name is
	'Account or domain, in lower case; empty for the default.';
comment on column signet.quota_limit.bytes is
	'Limit; 0: none, whatever the next says; null: the next says it.';
comment on column signet.quota_limit.messages is
	'Limit; 0: none, whatever the next says; null: the next says it.';
comment on column signet.quota_limit.changed_at is
	'When it was last changed.';
comment on column signet.quota_limit.changed_by is 'Role that did it.';

create table signet.alias (
	address    text not null,
	member     text not null,
	added_at   timestamptz not null default now(),
	added_by   text not null default session_user,
	primary key (address, member),
	constraint alias_lower check (address = lower(address)
		and member = lower(member)),
	constraint alias_address check (address ~ '^[^@]*@[^@]+$'
		or address ~ '^[^@]+$')
);
comment on table signet.alias is
	'Addresses that are delivered to others. A site that has its aliases '
	'elsewhere names a function instead: signet.quota_use_aliases.';
comment on constraint alias_lower on signet.alias is 'Lower case.';
comment on constraint alias_address on signet.alias is
	'An address, or all of a domain.';
comment on column signet.alias.address is
	'Address in lower case; @domain: all that have no alias and no '
	'account of their own.';
comment on column signet.alias.member is
	'Where its mail goes: one row for each address; @domain: the same '
	'local part there.';
comment on column signet.alias.added_at is 'When it was added.';
comment on column signet.alias.added_by is 'Role that did it.';

create table signet.quota_setting (
	one                 boolean primary key default true check (one),
	recipient_delimiter text not null default '+',
	local_domains       text[] not null default '{}',
	alias_function      text,
	root                text,
	grace_bytes         bigint not null default 0 check (grace_bytes >= 0),
	hold                interval not null default '1 hour',
	pending             interval not null default '10 minutes'
);
insert into signet.quota_setting default values;
comment on table signet.quota_setting is
	'How addresses become accounts, and how long bytes on their way '
	'count: one row, changed with '
	'signet.quota_option.';
comment on column signet.quota_setting.one is 'There is one row.';
comment on column signet.quota_setting.recipient_delimiter is
	'Characters that begin the extension of a local part, as in Postfix.';
comment on column signet.quota_setting.local_domains is
	'Domains whose accounts are local parts alone, in lower case.';
comment on column signet.quota_setting.alias_function is
	'Function of the site that gives the members of an address; null: '
	'signet.alias alone. Set by signet.quota_use_aliases.';
comment on column signet.quota_setting.root is
	'Quota root that decides whether mail is taken; null: the first that '
	'was told of. Set by signet.quota_use_root.';
comment on column signet.quota_setting.grace_bytes is
	'What a message may need above the limit; Dovecot has one of its own '
	'(quota_grace).';
comment on column signet.quota_setting.hold is
	'How long an accepted message counts that no report of usage shows.';
comment on column signet.quota_setting.pending is
	'How long a recipient counts of whose message nothing more was heard.';

create table signet.quota_reservation (
	message  text not null,
	account  text not null,
	domain   text not null,
	bytes    bigint not null check (bytes >= 0),
	accepted boolean not null,
	at       timestamptz not null default now(),
	until    timestamptz not null,
	primary key (message, account)
);
create index quota_reservation_account
	on signet.quota_reservation (account);
create index quota_reservation_domain on signet.quota_reservation (domain);
create index quota_reservation_until on signet.quota_reservation (until);
comment on table signet.quota_reservation is
	'Messages that were accepted, or are about to be, and that no report '
	'of usage shows. Read it through signet.v_quota_reservation.';
comment on index signet.quota_reservation_account is
	'What is on its way to an account.';
comment on index signet.quota_reservation_domain is
	'What is on its way to a domain.';
comment on index signet.quota_reservation_until is
	'What counts no longer.';
comment on column signet.quota_reservation.message is
	'Host of the mail server, and its name of the transaction.';
comment on column signet.quota_reservation.account is
	'Account that it goes to.';
comment on column signet.quota_reservation.domain is
	'Domain of the account.';
comment on column signet.quota_reservation.bytes is
	'Size: as announced, and once accepted, as it is; 0: not known.';
comment on column signet.quota_reservation.accepted is
	'True: the whole message is there.';
comment on column signet.quota_reservation.at is 'Since when it counts.';
comment on column signet.quota_reservation.until is
	'Until when it counts at most.';

create table signet.quota_reconciled (
	host     text primary key,
	at       timestamptz not null,
	accounts bigint not null,
	mended   bigint not null,
	removed  bigint not null
);
comment on table signet.quota_reconciled is
	'The last run of signet quota reconcile on each host.';
comment on column signet.quota_reconciled.host is 'Host that it ran on.';
comment on column signet.quota_reconciled.at is 'When.';
comment on column signet.quota_reconciled.accounts is
	'Accounts that Dovecot has there.';
comment on column signet.quota_reconciled.mended is
	'Accounts whose usage or limit was wrong here, or missing.';
comment on column signet.quota_reconciled.removed is
	'Accounts and roots that Dovecot has no longer.';

reset role;
