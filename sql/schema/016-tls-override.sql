-- 016-tls-override.sql - what operators say of the TLS of single domains.

set local role signet_owner;

create table signet.tls_override (
	name       text primary key,
	level      text not null,
	match      text,
	reason     text not null,
	until      timestamptz not null,
	added_at   timestamptz not null default now(),
	changed_at timestamptz not null default now(),
	changed_by text not null default session_user,
	constraint tls_override_name check (
		name ~ '^\.?[a-z0-9_-]+(\.[a-z0-9_-]+)*$'
		and length(name) <= 254),
	constraint tls_override_level check (
		level in ('none', 'may', 'encrypt', 'dane', 'dane-only',
			  'secure', 'published')),
	constraint tls_override_match check (
		match is null or (level = 'secure'
			and match ~ '^[a-z0-9_.-]+(:[a-z0-9_.-]+)*$')),
	constraint tls_override_reason check (reason ~ '\S')
);
comment on table signet.tls_override is
	'Exceptions from what domains publish of their TLS, each with a reason '
	'and an end. Read it through signet.v_tls_override.';
comment on constraint tls_override_name on signet.tls_override is
	'A name in A-labels and lower case, or such a name behind a dot.';
comment on constraint tls_override_level on signet.tls_override is
	'The levels that signet-policy knows.';
comment on constraint tls_override_match on signet.tls_override is
	'Names of certificates count with the level secure alone.';
comment on constraint tls_override_reason on signet.tls_override is
	'Nobody remembers in a year.';
comment on column signet.tls_override.name is
	'The domain; with a dot in front all domains below it. The exact name '
	'counts before the others, the longer of those before the shorter.';
comment on column signet.tls_override.level is
	'Security level of Postfix for mail to it: none, may, encrypt, dane, '
	'dane-only, secure; published: what the domain publishes counts, '
	'whatever is said of those above it.';
comment on column signet.tls_override.match is
	'With secure: names that its certificate may have, with colons '
	'between them; null: the domain and names below it.';
comment on column signet.tls_override.reason is 'Why.';
comment on column signet.tls_override.until is
	'Until when it counts; infinity: for ever.';
comment on column signet.tls_override.added_at is
	'When it was first made.';
comment on column signet.tls_override.changed_at is
	'When it was last changed.';
comment on column signet.tls_override.changed_by is 'Role that did it.';

reset role;
