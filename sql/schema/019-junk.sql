-- 019-junk.sql - what users think of their mail: events of their mailboxes,
-- trained messages, words.

set local role signet_owner;

-- Accounts -------------------------------------------------------------------

create table signet.mailbox_account (
	account    text primary key,
	junk       boolean,
	threshold  real,
	rules_mode text,
	version    bigint not null default 0,
	changed_at timestamptz not null default now(),
	constraint mailbox_account_threshold check (
		threshold >= 0.5 and threshold <= 1),
	constraint mailbox_account_rules_mode check (
		rules_mode in ('suggest', 'auto', 'off'))
);
comment on table signet.mailbox_account is
	'What one account wants of signet-mailbox; null is the default of '
	'the site. Change it with signet.mailbox_set.';
comment on constraint mailbox_account_threshold on signet.mailbox_account is
	'A probability that says more than "as likely as not".';
comment on constraint mailbox_account_rules_mode on signet.mailbox_account is
	'The words that signet-mailbox knows.';
comment on column signet.mailbox_account.account is
	'The user as Dovecot names it.';
comment on column signet.mailbox_account.junk is
	'False: its mail is neither judged nor learned from.';
comment on column signet.mailbox_account.threshold is
	'Probability from which its mail is junk.';
comment on column signet.mailbox_account.rules_mode is
	'What becomes of moved messages: suggest a rule, make it (auto), off.';
comment on column signet.mailbox_account.version is
	'Grows with each change of what delivery needs to know of it.';
comment on column signet.mailbox_account.changed_at is
	'When it last did.';

-- Events ---------------------------------------------------------------------

create table signet.mailbox_event (
	id        uuid primary key,
	at        timestamptz not null,
	account   text not null,
	kind      text not null,
	meaning   text,
	loaded_at timestamptz not null default now()
);
comment on table signet.mailbox_event is
	'Events of mailboxes that the Dovecot plugin told of: each counts '
	'once, whatever happens to its file. Kept for [mailbox] keep_events.';
comment on column signet.mailbox_event.id is 'From the name of its file.';
comment on column signet.mailbox_event.at is 'When it happened.';
comment on column signet.mailbox_event.account is 'Whose mailbox it was.';
comment on column signet.mailbox_event.kind is
	'move, copy, append, keyword, rename, delete, quota.';
comment on column signet.mailbox_event.meaning is
	'What it said of a message: spam, ham, none (forget what was said); '
	'null: nothing.';
comment on column signet.mailbox_event.loaded_at is 'When it came here.';

create index mailbox_event_loaded on signet.mailbox_event (loaded_at);
comment on index signet.mailbox_event_loaded is 'For what is to go.';
create index mailbox_event_account on signet.mailbox_event (account, at);
comment on index signet.mailbox_event_account is
	'For what one account did.';

-- Training -------------------------------------------------------------------

create table signet.junk_training (
	account text not null,
	message bytea not null,
	state   text not null,
	at      timestamptz not null,
	shared  boolean not null,
	bytes   bigint not null,
	primary key (account, message),
	constraint junk_training_state check (
		state in ('spam', 'ham', 'none'))
);
comment on table signet.junk_training is
	'What is learned of single messages, so that each counts once and can '
	'be unlearned.';
comment on constraint junk_training_state on signet.junk_training is
	'The words that signet-mailbox knows.';
comment on column signet.junk_training.account is 'Whose message it is.';
comment on column signet.junk_training.message is
	'SHA-256 of the message (its first signet_max_message bytes) and of '
	'its size.';
comment on column signet.junk_training.state is
	'spam, ham, none: learned once and unlearned.';
comment on column signet.junk_training.at is
	'Time of the newest event of it: older ones do not count.';
comment on column signet.junk_training.shared is
	'It counts for the words of all as well.';
comment on column signet.junk_training.bytes is 'Size of the message.';

create index junk_training_at on signet.junk_training (account, at);
comment on index signet.junk_training_at is 'For what is to go.';

create table signet.junk_total (
	account      text primary key,
	params       integer not null,
	spam         integer not null default 0,
	ham          integer not null default 0,
	shared_spam  integer not null default 0,
	shared_ham   integer not null default 0,
	words        integer not null default 0,
	trainings    bigint not null default 0,
	trained_at   timestamptz
);
comment on table signet.junk_total is
	'How much each account has learned; the account '''' is what all '
	'share.';
comment on column signet.junk_total.account is 'Whose; '''': of all.';
comment on column signet.junk_total.params is
	'Version of how words are made: those of another one are forgotten.';
comment on column signet.junk_total.spam is 'Messages learned as spam.';
comment on column signet.junk_total.ham is 'Messages learned as ham.';
comment on column signet.junk_total.shared_spam is
	'Of them those that count for the words of all.';
comment on column signet.junk_total.shared_ham is
	'The same for ham.';
comment on column signet.junk_total.words is 'Rows in signet.junk_word.';
comment on column signet.junk_total.trainings is
	'Messages learned or unlearned since it began.';
comment on column signet.junk_total.trained_at is 'When it last was.';

create table signet.junk_word (
	account     text not null,
	word        bigint not null,
	spam        integer not null,
	ham         integer not null,
	shared_spam smallint not null default 0,
	shared_ham  smallint not null default 0,
	accounts    integer not null default 0,
	seen        date not null default current_date,
	primary key (account, word)
) with (fillfactor = 70);
comment on table signet.junk_word is
	'In how many spam and ham messages of an account each word was; the '
	'account without a name is what all share. signet.junk_word_id(text) '
	'gives the number of a word.';
comment on column signet.junk_word.account is
	'Whose; without a name: of all.';
comment on column signet.junk_word.word is
	'First eight bytes of the SHA-256 of the word.';
comment on column signet.junk_word.spam is 'Spam messages that had it.';
comment on column signet.junk_word.ham is 'Ham messages that had it.';
comment on column signet.junk_word.shared_spam is
	'Of the spam messages those that count for all as well.';
comment on column signet.junk_word.shared_ham is
	'Of the ham messages those that count for all as well.';
comment on column signet.junk_word.accounts is
	'Of what all share: how many accounts brought it.';
comment on column signet.junk_word.seen is 'Day of its last training.';

create table signet.junk_day (
	account text not null,
	day     date not null,
	spam    integer not null default 0,
	ham     integer not null default 0,
	undone  integer not null default 0,
	primary key (account, day)
);
comment on table signet.junk_day is
	'How much each account learned on each day (UTC).';
comment on column signet.junk_day.account is 'Whose.';
comment on column signet.junk_day.day is 'When, UTC.';
comment on column signet.junk_day.spam is 'Messages learned as spam.';
comment on column signet.junk_day.ham is 'Messages learned as ham.';
comment on column signet.junk_day.undone is
	'Messages that were unlearned, those learned as the other included.';

create index junk_day_day on signet.junk_day (day);
comment on index signet.junk_day_day is 'For sums of all accounts.';

reset role;
