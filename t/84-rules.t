#!/usr/bin/perl
# Rules of users: what their moves suggest and make, what they say to it, and
# what becomes of it when folders change.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Test::More;
use Signet::Postgres;
use Signet::Util qw(must_run program_path run_command skip_or_fail spew temp_dir
    top_dir);

program_path('signet-load') or skip_or_fail('signet-load has not been built');
Signet::Postgres->need;

my $pg = Signet::Postgres->new;
my $dir = temp_dir();
spew("$dir/load.conf", "[database]\nconninfo = " . $pg->conninfo . "\n");
must_run(program_path('signet-load'), '-c', "$dir/load.conf", '--migrate',
    '--sql', top_dir() . '/sql');

my $talk = "'list', 'talk.lists.example', 'lists.example'";
my $alice = "'from', 'alice\@a.example', null";

# Calls of signet-mailbox; times are seconds.
sub at { return "timestamptz '2026-01-01 00:00:00Z' + interval '$_[0] s'" }

sub out {
	my ($user, $at, $what, $folder, $guid) = @_;
	return $pg->value("select signet.rule_moved_out('$user', " . at($at)
	    . ", $what, '$folder', '" . ($guid // '') . "')");
}

sub in {
	my ($user, $at, $list, $address, $folder, $guid) = @_;
	my ($name, $domain) = defined $list ? ("'$list'", "array['lists.example']")
	    : ('null', "'{}'::text[]");
	$address = defined $address ? "'$address'" : 'null';
	return $pg->value("select signet.rule_moved_in('$user', " . at($at)
	    . ", $name, $address, $domain, '$folder', '" . ($guid // '')
	    . "')");
}

sub renamed {
	my ($user, $at, $from, $to, $guid, $separator) = @_;
	return $pg->value("select signet.rule_mailbox_renamed('$user', "
	    . at($at) . ", '$from', '$to', '" . ($guid // '') . "', '"
	    . ($separator // '') . "')");
}

sub deleted {
	my ($user, $at, $name, $guid, $separator) = @_;
	return $pg->value("select signet.rule_mailbox_deleted('$user', "
	    . at($at) . ", '$name', '" . ($guid // '') . "', '"
	    . ($separator // '') . "')");
}

# "rule list talk.lists.example>Talk" of the account, in order
sub have {
	my ($user) = @_;
	return [map { "$_->{what} $_->{kind} $_->{value}"
	    . (defined $_->{mailbox} ? ">$_->{mailbox}" : '') }
	    $pg->rows("select * from signet.rules_of('$user')")];
}

sub id_of {
	my ($user, $value) = @_;
	return $pg->value("select id from signet.rules_of('$user') "
	    . "where value = '$value'");
}

sub mode {
	my ($user, $mode) = @_;
	return $pg->value("select signet.rules_mode_set('$user', $mode)");
}

subtest 'suggestions' => sub {
	is(out('s', 10, $talk, 'Talk', 'g1'), 'suggested', 'a move suggests');
	is(out('s', 20, $talk, 'Talk', 'g1'), 'suggested', 'and another');
	is(out('s', 30, $alice, 'Alice'), 'suggested', 'an author');
	is_deeply(have('s'), ['suggestion list talk.lists.example>Talk',
	    'suggestion from alice@a.example>Alice'], 'they wait');
	is($pg->value('select moves from signet.v_rule_suggestion where '
	    . "value = 'talk.lists.example'"), 2, 'moves are counted');
	is(in('s', 40, 'talk.lists.example', undef, 'Else', 'g9'), 'nothing',
	    'back from elsewhere');
	is(in('s', 50, 'talk.lists.example', undef, 'Talk', 'g1'), 'removed',
	    'back again');
	is_deeply(have('s'), ['suggestion from alice@a.example>Alice'],
	    'it is gone');
	is(out('s', 60, $talk, 'Talk', 'g1'), 'suggested', 'out again');
	is($pg->value("select signet.rule_accept('s', "
	    . id_of('s', 'talk.lists.example') . ')'), 't', 'accepted');
	is($pg->value("select signet.rule_accept('other', "
	    . id_of('s', 'alice@a.example') . ')'), 'f',
	    'nobody accepts for others');
	is_deeply(have('s'), ['rule list talk.lists.example>Talk',
	    'suggestion from alice@a.example>Alice'], 'a rule');
	is(out('s', 70, $talk, 'Talk', 'g1'), 'old',
	    'a move from before the word changes nothing');
};

# From now on the words are older than the moves.
sub back_in_time {
	$pg->psql('update signet.rule set at = ' . at(0) . '; '
	    . 'update signet.rule_declined set at = ' . at(0));
	return;
}

subtest 'rules that are there' => sub {
	back_in_time();
	is(out('s', 80, $talk, 'Talk', 'g1'), 'known', 'the same folder');
	is(out('s', 81, $talk, 'Talk renamed', 'g1'), 'known',
	    'its GUID is enough');
	is_deeply(have('s'), ['rule list talk.lists.example>Talk renamed',
	    'suggestion from alice@a.example>Alice'],
	    'and tells the name that nobody told');
	is(out('s', 82, $talk, 'Talk', 'g1'), 'known', 'back again');
	is(out('s', 90, $talk, 'New', 'g2'), 'suggested',
	    'another folder is a suggestion');
	is(in('s', 100, 'talk.lists.example', undef, 'New', 'g2'), 'removed',
	    'that goes alone');
	is_deeply(have('s'), ['rule list talk.lists.example>Talk',
	    'suggestion from alice@a.example>Alice'], 'the rule stays');
	is(in('s', 110, 'talk.lists.example', undef, 'Talk', 'g1'), 'removed',
	    'moving back from its folder removes it');
	is_deeply(have('s'), ['suggestion from alice@a.example>Alice'],
	    'it is gone');
};

subtest 'no' => sub {
	is($pg->value("select signet.rule_decline('s', "
	    . id_of('s', 'alice@a.example') . ')'), 't', 'declined');
	is(out('s', 120, $alice, 'Alice'), 'declined', 'not asked again');
	is(out('s', 121, $alice, 'Bob'), 'declined', 'whatever the folder');
	is(out('s', 130, $talk, 'Once', 'g3'), 'suggested', 'others are');
	is($pg->value("select signet.rule_decline('s', "
	    . id_of('s', 'talk.lists.example') . ', true)'), 't',
	    'no for a folder');
	is(out('s', 140, $talk, 'Once', 'g3'), 'declined', 'that folder');
	is(out('s', 141, $talk, 'Twice', 'g3'), 'declined',
	    'under any name');
	is(out('s', 142, $talk, 'Talk', 'g1'), 'suggested', 'not another');
	back_in_time();
	is(renamed('s', 150, 'Once', 'Never', 'g3', '/'), 0, 'renamed');
	is_deeply(have('s'), ['suggestion list talk.lists.example>Talk',
	    'declined from alice@a.example', 'declined mailbox Never>Never'],
	    'the no follows');
	$pg->psql("select signet.rule_never('s', 'list', 'Talk.lists.example')");
	is(out('s', 160, $talk, 'Talk', 'g1'), 'declined', 'no beforehand');
	is($pg->value("select signet.rule_remove('s', "
	    . id_of('s', 'talk.lists.example') . ')'), 't', 'forgotten');
	is(out('s', 170, $talk, 'Talk', 'g1'), 'suggested', 'asked again');
	is(deleted('s', 180, 'Never', 'g3'), 0, 'the folder goes');
	is_deeply(have('s'), ['suggestion list talk.lists.example>Talk',
	    'declined from alice@a.example'], 'and what was said of it');
};

subtest 'modes' => sub {
	is($pg->value("select signet.rules_mode('m')"), 'suggest', 'default');
	is(mode('m', "'auto'"), 'auto', 'set');
	is(out('m', 10, $talk, 'Talk', 'g1'), 'added', 'auto makes the rule');
	is(out('m', 20, $talk, 'New', 'g2'), 'added', 'and changes it');
	is_deeply(have('m'), ['rule list talk.lists.example>New'], 'a rule');
	is(in('m', 30, 'talk.lists.example', undef, 'New', 'g2'), 'removed',
	    'and takes it away');
	$pg->psql("select signet.rule_add('m', 'from', 'Alice\@A.example', null, "
	    . "'Alice')");
	back_in_time();
	is(out('m', 40, $alice, 'Friends'), 'suggested',
	    'what was made by hand is not changed by a move');
	is(mode('m', "'off'"), 'off', 'off');
	is(out('m', 50, $talk, 'Talk', 'g1'), 'off', 'moves say nothing');
	is(in('m', 60, undef, 'alice@a.example', 'Alice'), 'off',
	    'and take nothing away');
	is(mode("", "'off'"), 'off', 'for all others');
	is(out('m2', 10, $talk, 'Talk'), 'off', 'an account that said nothing');
	is(mode('m', 'null'), 'off', 'said nothing any more');
	is(mode('', 'null'), 'suggest', 'as it was');
	ok(!defined eval { mode('m', "'often'") }, 'there is no such mode');
};

subtest 'the rule that is met first is the one that goes' => sub {
	$pg->psql("select signet.rule_add('f', 'from', 'alice\@a.example', null, "
	    . "'Box')");
	$pg->psql("select signet.rule_add('f', $talk, 'Box')");
	back_in_time();
	is(in('f', 10, 'talk.lists.example', 'alice@a.example', 'Box'),
	    'removed', 'a message that both are about');
	is_deeply(have('f'), ['rule list talk.lists.example>Box'],
	    'the second stays');
	is(in('f', 10, 'talk.lists.example', undef, 'Box'), 'removed', 'now it');
	$pg->psql("select signet.rule_add('f', $talk, 'Box')");
	back_in_time();
	is($pg->value("select signet.rule_moved_in('f', " . at(10)
	    . ", 'talk.lists.example', null, array['evil.example'], 'Box', '')"),
	    'nothing', 'a list that is not verified is another');
};

subtest 'folders' => sub {
	my $n = 0;
	for my $folder ('A', 'A/b', 'A/b/c', 'A.b', 'AB', 'B') {
		$n++;
		$pg->psql("select signet.rule_add('d', 'from', 'a$n\@a.example', "
		    . "null, '$folder')");
	}
	back_in_time();
	is(renamed('d', 10, 'A', 'Z/y', '', '/'), 3, 'with what is below');
	is_deeply([map { /.*>(.*)/ } @{ have('d') }],
	    ['Z/y', 'Z/y/b', 'Z/y/b/c', 'A.b', 'AB', 'B'], 'and no other');
	is(renamed('d', 20, 'Z', 'INBOX.z', '', ''), 3,
	    'a parent that no rule names');
	is(renamed('d', 30, 'INBOX', 'Old', '', '/'), 0, 'INBOX stays');
	is(deleted('d', 40, 'INBOX.z/y', '', ''), 1, 'deleted alone');
	is(deleted('d', 50, 'INBOX.z', '', '/'), 2, 'with what is below');
	is_deeply([map { /.*>(.*)/ } @{ have('d') }], ['A.b', 'AB', 'B'],
	    'the others stay');
	$pg->psql("select signet.rule_add('g', 'list', 'b.c.example', "
	    . "'c.example', 'G')");
	$pg->psql('update signet.rule set mailbox_guid = \'g7\' where '
	    . "account = 'g'");
	back_in_time();
	is(deleted('g', 10, 'G', 'g8'), 0, 'another folder of that name');
	is(renamed('g', 20, 'G', 'H', 'g8'), 0, 'nor renamed');
	is(renamed('g', 30, 'X', 'H', 'g7'), 1, 'the GUID decides');
	is(deleted('g', 40, 'X', 'g7'), 1, 'there, too');
	is_deeply(have('g'), [], 'gone');
};

subtest 'what a rule may be' => sub {
	my $is = sub {
		my ($what, $folder) = @_;
		return defined eval { $pg->psql(
		    "select signet.rule_add('w', $what, $folder)") };
	};
	ok($is->("'list', 'a.example.org', 'example.org'", "'F'"), 'a list');
	ok($is->("'list', 'example.org', 'example.org'", "'F'"), 'a domain');
	ok(!$is->(@$_), join ' ', @$_) for (
		["'list', 'a.example.org', 'org'", "'F'"],
		["'list', 'a.example.org', null", "'F'"],
		["'list', 'a.badexample.org', 'example.org'", "'F'"],
		["'list', 'a\@example.org', 'example.org'", "'F'"],
		["'list', '', ''", "'F'"],
		["'from', 'a.example.org', null", "'F'"],
		["'from', 'a\@example.org', 'example.org'", "'F'"],
		["'from', 'a\@example.org', null", "''"],
		["'from', 'a\@example.org', null", "E'a\\nb'"],
		["'from', 'a\@example.org', null", 'null'],
		["'else', 'a\@example.org', null", "'F'"],
	);
	ok(!defined eval { $pg->psql("select signet.rule_add('', 'from', "
	    . "'a\@b.example', null, 'F')") }, 'no account');
};

subtest 'bounds' => sub {
	$pg->psql("select signet.rule_moved_out('b', " . at(0)
	    . " + n * interval '1 s', 'from', 'a' || n || '\@a.example', null, "
	    . "'F', '') from generate_series(1, 250) n");
	is(scalar @{ have('b') }, 200, '200 suggestions');
	is($pg->value("select min(at) > " . at(50) . ' from '
	    . "signet.v_rule_suggestion where account = 'b'"), 't',
	    'the newest');
	$pg->psql("select signet.rule_add('b', 'from', 'r' || n || "
	    . "'\@a.example', null, 'F') from generate_series(1, 1000) n");
	ok(!defined eval { $pg->psql("select signet.rule_add('b', 'from', "
	    . "'more\@a.example', null, 'F')") }, '1000 rules');
	ok(defined eval { $pg->psql("select signet.rule_add('b', 'from', "
	    . "'r1\@a.example', null, 'G')") }, 'which may change');
	mode('b', "'auto'");
	is(out('b', 1000, $talk, 'Talk'), 'suggested',
	    'a move makes no further one');
};

subtest 'lists that many use' => sub {
	$pg->psql('delete from signet.rule');
	for my $user (qw(u1 u2 u3)) {
		$pg->psql("select signet.rule_add('$user', $talk, 'T')");
		mode($user, "'auto'");
		out($user, 10, "'list', 'auto.lists.example', 'lists.example'",
		    'T');
	}
	$pg->psql("select signet.rule_add('u1', 'list', 'one.lists.example', "
	    . "'lists.example', 'T')");
	my $lists = sub { return [split /\n/, $pg->psql(
	    "select list, domain, accounts from signet.rule_lists($_[0])")] };
	is_deeply($lists->(3), ['talk.lists.example|lists.example|3'], 'three');
	is_deeply($lists->(1), ['talk.lists.example|lists.example|3',
	    'one.lists.example|lists.example|1'], 'one');
	is_deeply($lists->(4), [], 'four');
	is_deeply($lists->(0), [], 'off');
	is_deeply([split /\n/, $pg->psql('select list, accounts, confirmed '
	    . 'from signet.v_rule_list order by list')],
	    ['auto.lists.example|3|0', 'one.lists.example|1|1',
	    'talk.lists.example|3|3'],
	    'what moves alone made is no word of a user');
};

subtest 'signet rules' => sub {
	my $signet = program_path('signet')
	    or return plan(skip_all => 'signet has not been built');
	my $run = sub {
		my ($status, $out, $err) = run_command($signet, 'rules', '-c',
		    "$dir/load.conf", @_);
		return "$status $out$err";
	};
	out('c', 10, $talk, "Lists/T\xc3\xa4lk");
	out('c', 20, $alice, 'Alice');
	my ($list, $author) = map { id_of('c', $_) } 'talk.lists.example',
	    'alice@a.example';
	like($run->('list', 'c'), qr/\A0\ mode:\ suggest\n
	    \s+$list\s+suggestion\s+list\s+talk\.lists\.example
	    \ \(lists\.example\)\ ->\ Lists\/T.+lk\s+1\ move,\ 2026-01-01\ 00:00\n
	    \s+$author\s+suggestion\s+from\s+alice\@a\.example\ ->\ Alice
	    \s+1\ move,\ 2026-01-01\ 00:00\n\z/x, 'list');
	like($run->('accept', 'c', $list), qr/\A0 it is a rule/, 'accept');
	like($run->('accept', 'c', $list), qr/\A1 c has nothing of the number/,
	    'once');
	like($run->('accept', 'x', $author), qr/\A1 /, 'not for others');
	like($run->('decline', 'c', $author), qr/\A0 it is not/, 'decline');
	like($run->('never', 'c', 'mailbox', 'Scratch'), qr/\A0 /, 'never');
	like($run->(qw(-p 1 add c from Bob@A.example Bob)),
	    qr/\A0 rule \d+: verified mail from Bob\@A\.example goes to Bob/,
	    'add an address');
	like($run->(qw(add c list dev.lists.example lists.example), 'My list'),
	    qr/\A0 rule \d+: verified mail of the list/, 'add a list');
	is_deeply(have('c'), ["rule list talk.lists.example>Lists/T\x{e4}lk",
	    'rule from bob@a.example>Bob',
	    'rule list dev.lists.example>My list',
	    'declined from alice@a.example', 'declined mailbox Scratch>Scratch'],
	    'all of it');
	like($run->('list'), qr/^c +3 rules  0 suggestions  suggest$/m,
	    'all accounts');
	like($run->('lists'), qr/\A0\ +4\ confirmed\ of\ 4\ +talk\.lists\.example
	    \ \(lists\.example\)$/mx, 'lists');
	like($run->('mode', 'c', 'off'), qr/\A0 c: off$/, 'mode');
	like($run->('mode', 'c'), qr/\A0 c: off$/, 'which one?');
	like($run->('mode', 'c', 'default'), qr/\A0 c: suggest$/, 'default');
	like($run->('mode', '-', 'auto'), qr/\A0 all others: auto$/, 'all');
	like($run->('mode', 'c'), qr/\A0 c: auto$/, 'c, too');
	like($run->('mode', '-', 'default'), qr/\A0 all others: suggest$/,
	    'as it was');
	like($run->('remove', 'c', $list), qr/\A0 it is gone/, 'remove');
	like($run->('remove', 'c', $list), qr/\A1 /, 'once');
	like($run->(@$_), qr/\A2 signet rules: /, "@$_: refused") for (
		[qw(add c list dev.lists.example example F)],
		[qw(add c list dev.lists.example evil.example F)],
		[qw(add c list <dev lists.example F)],
		[qw(add c from nobody F)], [qw(accept c x)],
		[qw(mode c often)], [qw(never c folder F)],
	);
	like($run->(@$_), qr/\A2 usage: /, "@$_: usage") for (
		[], ['lost'], [qw(accept c)], [qw(add c from a@b.c)],
		[qw(add c list a.b.c b.c)], [qw(add c else a b)],
		[qw(-p x add c from a@b.example F)],
	);
};

done_testing;
