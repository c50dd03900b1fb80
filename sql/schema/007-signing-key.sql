-- 007-signing-key.sql - life of signing keys, and who did what to them.

set local role signet_owner;

create table signet.signing_key (
	domain     text not null,
	selector   text not null,
	type       text not null,
	bits       integer not null,
	public_key text not null,
	state      text not null check (state in ('made', 'published',
			'active', 'retired', 'revoked', 'deleted')),
	since      timestamptz not null,
	host       text not null,
	made_at    timestamptz not null,
	primary key (domain, selector)
);

comment on table signet.signing_key is
	'One row for each signing key that ever was, of all hosts. The '
	'private key is not here. Read it through signet.v_signing_key.';
comment on column signet.signing_key.domain is 'Domain that it signs for.';
comment on column signet.signing_key.selector is
	'Selector: the key record is SELECTOR._domainkey.DOMAIN.';
comment on column signet.signing_key.type is 'rsa or ed25519.';
comment on column signet.signing_key.bits is 'Bits of the key.';
comment on column signet.signing_key.public_key is
	'What p= of the key record carries.';
comment on column signet.signing_key.state is
	'made, published, active, retired, revoked, deleted.';
comment on column signet.signing_key.since is
	'When it came into this state.';
comment on column signet.signing_key.host is
	'Host that made the key, or first told of it.';
comment on column signet.signing_key.made_at is
	'When it was made, or first told of.';

create table signet.signing_key_change (
	id         bigint generated always as identity primary key,
	domain     text not null,
	selector   text not null,
	at         timestamptz not null,
	from_state text,
	to_state   text not null,
	host       text not null,
	actor      text not null,
	why        text not null,
	foreign key (domain, selector) references signet.signing_key
);

create index signing_key_change_key
	on signet.signing_key_change (domain, selector, at);

comment on table signet.signing_key_change is
	'Each change of state of a signing key. Read it through '
	'signet.v_signing_key_change.';
comment on sequence signet.signing_key_change_id_seq is
	'Numbers of the changes.';
comment on index signet.signing_key_change_key is
	'Finds the history of a key.';
comment on column signet.signing_key_change.id is 'Number of the change.';
comment on column signet.signing_key_change.domain is
	'Domain of the key.';
comment on column signet.signing_key_change.selector is
	'Selector of the key.';
comment on column signet.signing_key_change.at is 'When it was done.';
comment on column signet.signing_key_change.from_state is
	'State before; null: the key was new here.';
comment on column signet.signing_key_change.to_state is 'State after.';
comment on column signet.signing_key_change.host is 'Host it was done on.';
comment on column signet.signing_key_change.actor is 'Who did it.';
comment on column signet.signing_key_change.why is 'Why.';

reset role;
