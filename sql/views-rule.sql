-- views-rule.sql - rules of users; see docs/database.md.  Applied again by
-- every signet-load --migrate.

set local role signet_owner;

create or replace view signet.v_rule as
select r.id, r.account, r.position, r.kind, r.value, r.domain, r.mailbox,
       r.mailbox_guid, r.source, r.at, r.changed_at, r.changed_by
from signet.rule r;
comment on view signet.v_rule is
	'The rules of all accounts.';
select signet.comment_view('signet.v_rule', 'signet.rule');

create or replace view signet.v_rule_suggestion as
select s.id, s.account, s.kind, s.value, s.domain, s.mailbox, s.mailbox_guid,
       s.moves, s.first_at, s.at, signet.rules_mode(s.account) as mode
from signet.rule_suggestion s;
comment on view signet.v_rule_suggestion is
	'What moves of users suggest, and nobody has answered.';
comment on column signet.v_rule_suggestion.mode is
	'What becomes of the moves of the account.';
select signet.comment_view('signet.v_rule_suggestion',
			   'signet.rule_suggestion');

create or replace view signet.v_rule_declined as
select d.id, d.account, d.kind, d.value, d.mailbox_guid, d.at, d.changed_by
from signet.rule_declined d;
comment on view signet.v_rule_declined is
	'What users do not want to be asked about.';
select signet.comment_view('signet.v_rule_declined', 'signet.rule_declined');

create or replace view signet.v_rule_list as
select r.value as list, r.domain, count(*) as accounts,
       count(*) filter (where r.source <> 'auto') as confirmed,
       min(r.at) as first_at, max(r.at) as at
from signet.rule r
where r.kind = 'list'
group by r.value, r.domain;
comment on view signet.v_rule_list is
	'Mailing lists that users have rules for, of which signet-milter may '
	'be told: [mailbox] lists_accounts.';
comment on column signet.v_rule_list.list is 'Identifier of List-Id.';
comment on column signet.v_rule_list.domain is
	'Domain that must be verified.';
comment on column signet.v_rule_list.accounts is
	'How many accounts have a rule for it.';
comment on column signet.v_rule_list.confirmed is
	'How many of them made or accepted it: these are counted.';
comment on column signet.v_rule_list.first_at is 'The oldest of the rules.';
comment on column signet.v_rule_list.at is 'The newest of them.';

reset role;
