-- views-junk.sql - what users teach; see docs/database.md.  Applied again by
-- every signet-load --migrate.

set local role signet_owner;

create or replace view signet.v_junk_account as
select t.account, coalesce(a.junk, true) as junk, a.threshold, t.spam, t.ham,
       t.shared_spam, t.shared_ham, t.words, t.trainings, t.trained_at,
       t.params
from signet.junk_total t
left join signet.mailbox_account a using (account);
comment on view signet.v_junk_account is
	'How much each account has learned of junk; the account '''' is what '
	'all share.';
comment on column signet.v_junk_account.junk is
	'False: its mail is neither judged nor learned from.';
comment on column signet.v_junk_account.threshold is
	'Probability from which its mail is junk; null: as the site has it.';
select signet.comment_view('signet.v_junk_account', 'signet.junk_total');

create or replace view signet.v_junk_training as
select d.day, d.account, d.spam, d.ham, d.undone
from signet.junk_day d;
comment on view signet.v_junk_training is
	'What was learned on each day (UTC), for each account.';
select signet.comment_view('signet.v_junk_training', 'signet.junk_day');

create or replace view signet.v_junk_message as
select t.account, encode(t.message, 'hex') as message, t.state, t.at,
       t.shared, t.bytes
from signet.junk_training t;
comment on view signet.v_junk_message is
	'What is learned of single messages.';
select signet.comment_view('signet.v_junk_message', 'signet.junk_training');

create or replace view signet.v_mailbox_event as
select e.at, e.account, e.kind, e.meaning, e.loaded_at, e.id
from signet.mailbox_event e;
comment on view signet.v_mailbox_event is
	'Events of mailboxes of the last weeks, each once.';
select signet.comment_view('signet.v_mailbox_event', 'signet.mailbox_event');

reset role;
