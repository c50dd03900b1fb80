#!/usr/bin/perl
# signet junk: what an administrator teaches counts as what users do; why a
# message is junk; who has learned how much; a new beginning from mailboxes.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Test::More;
use Signet::Dovecot;
use Signet::JunkMail;
use Signet::Postgres;
use Signet::Program;
use Signet::Util qw(program_path skip_or_fail temp_dir slurp spew wait_for
    run_command run_with_input must_run top_dir);

my %path = map { $_ => program_path($_) // skip_or_fail('not built') }
    qw(signet signet-load signet-mailbox);
Signet::Postgres->need;

my $pg = Signet::Postgres->new;
my $dir = temp_dir();
mkdir "$dir/events" or die "$dir/events: $!\n";
chmod 03733, "$dir/events" or die "$dir/events: $!\n";

sub configuration {
	my ($user) = @_;
	my $conninfo = $pg->conninfo($user ? (user => $user) : ());
	return <<"END";
[common]
hostname = mx1.example.org
[database]
conninfo = $conninfo
[mailbox]
socket = unix:$dir/mailbox.sock
nudge = unix:$dir/mailbox.nudge
spool = $dir/events
look = 1s
patience = 60000
least_ham = 5
site_users = 1
site_messages = 100
END
}
spew("$dir/owner.conf", configuration());
must_run($path{'signet-load'}, '-c', "$dir/owner.conf", '--migrate', '--sql',
    top_dir() . '/sql');
$pg->login('admin', 'signet_admin')->login('mailbox', 'signet_mailbox');
spew("$dir/signet.conf", configuration('admin'));

# (status, output, errors)
sub junk {
	return run_command($path{signet}, 'junk', '-c', "$dir/signet.conf", @_);
}

sub says {
	my ($name, $wanted, @words) = @_;
	my ($status, $out, $error) = junk(@words);
	is($status, 0, "$name: exit status") or diag($error);
	is($error, '', "$name: no complaint");
	return like($out, $wanted, $name) || diag($out);
}

# What was learned, without times.
sub learned {
	my ($account) = @_;
	return join "\n", map { $pg->psql($_) }
	    "select word, spam, ham, shared_spam, shared_ham from "
	    . "signet.junk_word where account = '$account' order by 1",
	    "select message, state, shared, bytes from signet.junk_training "
	    . "where account = '$account' order by 1",
	    "select spam, ham, shared_spam, shared_ham, words from "
	    . "signet.junk_total where account = '$account'";
}

mkdir "$dir/$_" for qw(junk junk/cur junk/new junk/tmp ham ham/2026);
my %text = map { my $n = $_; ("s$n" => Signet::JunkMail::spam($n),
    "h$n" => Signet::JunkMail::ham($n)) } 1 .. 12;
spew("$dir/junk/" . ($_ % 2 ? 'cur' : 'new') . "/$_.M1P1.host:2,S",
    $text{"s$_"}) for 1 .. 10;
spew("$dir/junk/cur/99.M1P1.host:2,ST", Signet::JunkMail::ham(99));
spew("$dir/junk/tmp/1", Signet::JunkMail::ham(98));
spew("$dir/ham/" . ($_ > 5 ? '2026/' : '') . "$_.eml", $text{"h$_"})
    for 1 .. 10;

subtest 'training' => sub {
	says('a maildir', qr/\Aann:\ 10\ messages:\ 10\ learned\ as\ junk,\ 0
	    \ as\ ham,\ 0\ unlearned,\ 0\ known\n\z/x,
	    'train', 'ann', 'junk', "$dir/junk");
	says('a directory', qr/10 messages: 0 learned as junk, 10 as ham/,
	    'train', 'ann', 'ham', "$dir/ham");
	my $before = learned('ann');
	says('the same again', qr/10 messages: 0 learned .* 10 known/,
	    'train', 'ann', 'ham', "$dir/ham");
	is(learned('ann'), $before, 'changes nothing');
	says('the other kind', qr/1 learned as junk, 0 as ham, 1 unlearned/,
	    'train', 'ann', 'junk', "$dir/ham/1.eml");
	isnt(learned('ann'), $before, 'is another matter');
	says('and back', qr/0 learned as junk, 1 as ham, 1 unlearned/,
	    'train', 'ann', 'ham', "$dir/ham/1.eml");
	is(learned('ann'), $before, 'is as it was');
};

subtest 'as users do it' => sub {
	my $daemon = Signet::Program->new('signet-mailbox', config => configuration('mailbox'));
	my $at = 1_700_000_000_000_000;
	my $event = sub {
		my ($from, $to, $message) = @_;
		$at++;
		my $name = sprintf 'T-%016d-1-%032x', $at, $at;
		spew("$dir/events/.tmp-$name", join "\n", 'signet-event 1',
		    'kind=move', 'user=live', "from=$from", "to=$to",
		    'from_class=' . lc $from, 'to_class=' . lc $to,
		    'size=' . length $message, '', $message);
		rename "$dir/events/.tmp-$name", "$dir/events/$name";
	};
	$event->('INBOX', 'Junk', $text{"s$_"}) for map { ($_ * 2 - 1) } 1 .. 5;
	$event->('INBOX', 'Junk', $text{"s$_"}) for map { $_ * 2 } 1 .. 5;
	$event->('Junk', 'INBOX', $text{"h$_"}) for 1 .. 10;
	wait_for(60, sub { my @left = glob "$dir/events/T-*"; !@left },
	    sub { $daemon->log });
	is(learned('live'), learned('ann') , 'the same messages, taught by '
	    . 'moving them, make the same rows');
	$daemon->stop;
};

subtest 'mbox and standard input' => sub {
	my $mbox = join "\n", map { "From x\@example.org Mon Sep  7 10:00:00 "
	    . "2026\n" . $text{$_} } map { "s$_" } 1 .. 3;
	spew("$dir/mbox", $mbox);
	says('an mbox', qr/\Abob: 3 messages: 3 learned as junk/, 'train',
	    'bob', 'junk', "$dir/mbox");
	my ($status, $out) = run_with_input($text{h1}, $path{signet}, 'junk',
	    '-c', "$dir/signet.conf", 'train', 'bob', 'ham', '-');
	like($out, qr/\Abob: 1 messages: 0 learned as junk, 1 as ham/,
	    'standard input');
	says('single files', qr/\Abob: 3 messages: 0 learned .* 3 known/,
	    'train', 'bob', 'junk', map { "$dir/junk/" . ($_ % 2 ? 'cur'
	    : 'new') . "/$_.M1P1.host:2,S" } 1 .. 3);
	says('forgetting', qr/\Abob: forgotten\n\z/, 'forget', 'bob');
	is($pg->psql("select count(*) from signet.junk_word where account = "
	    . "'bob'"), '0', 'all of it');
};

subtest 'explain' => sub {
	spew("$dir/next", $text{s11});
	my ($status, $out, $error) = junk('explain', 'ann', "$dir/next");
	is($status, 0, 'explained') or diag($error);
	like($out, qr/^verdict +junk$/m, 'junk');
	like($out, qr/^probability +(?:0\.9[5-9]\d*|1\.0000)$/m, 'probability');
	like($out, qr/^threshold +0\.95$/m, 'threshold');
	like($out, qr/^learned +10 junk, 10 ham$/m, 'what was learned');
	like($out, qr/^ +0\.9\d +[1-9]\d* +0 +\d+ +\d+  \S+$/m, 'words');
	$pg->psql("select signet.mailbox_set('ann', null, 0.5)");
	like((junk('explain', 'ann', "$dir/next"))[1], qr/^threshold +0\.50$/m,
	    'the threshold of the account');
	spew("$dir/next", $text{h11});
	like((junk('explain', 'ann', "$dir/next"))[1], qr/^verdict +ham$/m,
	    'ham');
	$out = (junk('explain', 'nobody', "$dir/next"))[1];
	like($out, qr/^learned +0 junk, 0 ham$/m, 'a new account');
	like($out, qr/^of the site +20 junk, 20 ham, which are 100 %/m,
	    'has what all share');
	spew("$dir/next", "Subject: \e[31mred\n\nfoo\e[2Jbar\n");
	unlike((junk('explain', 'ann', "$dir/next"))[1], qr/\e/,
	    'nothing for the terminal');
};

subtest 'stats' => sub {
	my ($status, $out) = junk('stats');
	is($status, 0, 'all');
	like($out, qr/^ann +10 +10 +[1-9]\d* +0\.5 +\d{4}-\d\d-\d\d \d\d:\d\d$/m,
	    'an account');
	like($out, qr/^\(all together\) +20 +20 /m, 'what all share');
	($status, $out) = junk('stats', 'live');
	is(scalar(() = $out =~ /\n/g), 2, 'one');
	is((junk('stats', 'nobody'))[0], 1, 'none');
};

subtest 'wrong calls' => sub {
	for (['train', 'ann', 'junk'], ['train', 'ann'], ['explain'], ['sing'],
	    [], ['retrain'], ['forget'], ['stats', 'a', 'b']) {
		my ($status, $out, $error) = junk(@$_);
		is($status, 2, "@$_: no such call");
		like($error, qr/^usage: /, 'told');
	}
	my ($status, $out, $error) = junk('train', 'ann', 'nice', "$dir/ham");
	is($status, 2, 'no such kind');
	like($error, qr/junk or ham/, 'told');
	($status, $out, $error) = junk('train', 'ann', 'ham', "$dir/none");
	is($status, 2, 'no such file');
	like($error, qr{/none: No such file}, 'told');
};

subtest 'retrain' => sub {
	if ($> != 0) {
		plan(skip_all => 'Dovecot needs root');
		return;
	}
	Signet::Dovecot->need;
	my $dovecot = Signet::Dovecot->new(users => { ann => {} });
	my $imap = $dovecot->imap('ann');
	$imap->append('Junk', Signet::Smtp::crlf($text{"s$_"})) for 1 .. 6;
	$imap->append('INBOX', Signet::Smtp::crlf($text{"h$_"})) for 1 .. 8;
	# a page break and lines that look like what doveadm prints
	$imap->append('INBOX', Signet::Smtp::crlf("Subject: odd\n\nx\f\n"
	    . "size.physical: 5\ntext:\nabc\n\f\nend without newline"));
	$imap->select('INBOX');
	$imap->store('1:7,9', '+FLAGS', '\Seen');
	my @command = $dovecot->command('doveadm', '-c',
	    $dovecot->config_file);
	spew("$dir/doveadm", "#!/bin/sh\nexec " . join(' ', map { "'$_'" }
	    @command) . " \"\$@\"\n");
	chmod 0755, "$dir/doveadm" or die "$dir/doveadm: $!\n";
	my ($status, $out, $error) = run_command($path{signet}, 'junk', '-c',
	    "$dir/signet.conf", '-d', "$dir/doveadm", 'retrain', 'ann');
	is($status, 0, 'retrained') or diag("$out$error");
	like($out, qr/\Aann:\ 14\ messages:\ 6\ learned\ as\ junk,\ 8\ as\ ham/x,
	    'mail that was read, and junk');
	is($pg->psql("select spam, ham from signet.junk_total where account = "
	    . "'ann'"), '6|8', 'and nothing of what was before');
	($status, $out, $error) = run_command($path{signet}, 'junk', '-c',
	    "$dir/signet.conf", '-d', "$dir/doveadm", '-h', 'Nowhere',
	    'retrain', 'ann');
	is($status, 2, 'a mailbox that is not there');
	like($error, qr/Nowhere/, 'told');
	is($pg->psql("select spam, ham from signet.junk_total where account = "
	    . "'ann'"), '6|8', 'and nothing is forgotten');
};

done_testing();
