#!/usr/bin/perl
# signet-mailbox when things go wrong: killed at any moment, without Postgres,
# with one that hangs or refuses, with little memory. Events in are rows out;
# mail is answered by what is known.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use IO::Socket::UNIX;
use Test::More;
use Time::HiRes ();
use Signet::Mailbox qw(spam ham);
use Signet::Util qw(program_path skip_or_fail temp_dir slurp spew wait_for
    whole_lines run_command);

my $LONG = 120;		# seconds that only a failure takes

program_path('signet-mailbox') && program_path('signet-load')
    or skip_or_fail('not built');
Signet::Postgres->need;

my $pg = Signet::Mailbox::database();

sub lines_like {
	my ($mailbox, $pattern) = @_;
	return scalar grep { $_ =~ $pattern } whole_lines($mailbox->log);
}

sub told {
	my ($answer, $mailbox) = @_;
	return join "\n", %{ $answer // {} }, $mailbox->log;
}

# All that was learned, without what tells when.
sub learned {
	return join "\n--\n", map { $pg->psql($_) }
	    'select account, word, spam, ham, shared_spam, shared_ham, '
	    . 'accounts from signet.junk_word order by 1, 2',
	    'select account, spam, ham, shared_spam, shared_ham, words from '
	    . 'signet.junk_total order by 1',
	    'select account, message, state, shared from '
	    . 'signet.junk_training order by 1, 2';
}

sub forget {
	$pg->psql('truncate signet.junk_word, signet.junk_total, '
		. 'signet.junk_training, signet.junk_day, '
		. 'signet.mailbox_event, signet.mailbox_account');
	return;
}

# What some users did, in order: [user, to Junk?, number of the message].
my @done = map { my $n = $_; map {
	[$_, ($n * 7 + length $_) % 3 != 0, ($n * 5) % 17]
    } qw(a bb ccc) } 1 .. 60;

sub act {
	my ($mailbox, @events) = @_;
	for my $event (@events) {
		my ($user, $junk, $n) = @$event;
		my $move = $junk ? 'move_junk' : 'move_back';
		$mailbox->$move($user, spam($n));
	}
	return;
}

subtest 'killed at any moment' => sub {
	my $mailbox = Signet::Mailbox->new(pg => $pg);
	act($mailbox, @done);
	$mailbox->rest;
	my $expected = learned();
	like($expected, qr/\|spam\|/, 'some were learned');
	is($pg->value('select count(*) from signet.mailbox_event'),
	    @done, 'each event is a row');
	$mailbox->stop;
	forget();
	my $kills = 0;
	srand 7;
	for my $part (0 .. 11) {
		act($mailbox, @done[$part * 15 .. $part * 15 + 14]);
		$mailbox->start;
		# somewhere in its work, wherever that is on this machine
		my $until = rand() < 0.3 ? 0 : rand 15;
		my $left = $mailbox->waiting;
		wait_for($LONG, sub { $mailbox->waiting <= $left - $until },
		    sub { 'some events to be taken' . $mailbox->log })
		    if $until < $left;
		$mailbox->kill;
		$kills++;
	}
	$mailbox->start;
	$mailbox->rest;
	is($pg->value('select count(*) from signet.mailbox_event'),
	    @done, "events in, $kills kills, rows out");
	is(learned(), $expected, 'and learned is the same');
	is($mailbox->stop, 0, 'it ends well');
	forget();
};

# Postgres ends while a batch is on its way: written or not, never twice.
subtest 'Postgres is killed' => sub {
	my $mailbox = Signet::Mailbox->new(pg => $pg);
	act($mailbox, @done[0 .. 89]);
	wait_for($LONG, sub { $mailbox->waiting < 90 }, 'a beginning');
	$pg->stop('immediate');
	$pg->start;
	act($mailbox, @done[90 .. $#done]);
	$mailbox->rest;
	is($pg->value('select count(*) from signet.mailbox_event'),
	    @done, 'events in, rows out');
	is($mailbox->stop, 0, 'it ends well');
	my $got = learned();
	forget();
	my $clean = Signet::Mailbox->new(pg => $pg);
	act($clean, @done);
	$clean->rest;
	is($got, learned(), 'and learned is the same');
	$clean->stop;
	forget();
};

subtest 'without Postgres' => sub {
	my $mailbox = Signet::Mailbox->new(pg => $pg,
	    settings => "least_ham = 5\n");
	$mailbox->move_junk('a', spam($_)) for 1 .. 15;
	$mailbox->move_back('a', ham($_)) for 1 .. 15;
	$mailbox->rest;
	my @question = (user => 'a', message => spam(99));
	is($mailbox->ask(@question)->{verdict}, 'junk', 'known before');
	$pg->stop('immediate');
	$mailbox->move_junk('a', spam($_)) for 20 .. 29;
	$mailbox->wait_log(qr/learning waits.*mail is delivered/, $LONG);
	is($mailbox->ask(@question)->{verdict}, 'junk',
	    'what is known counts');
	is($mailbox->ask(user => 'new', message => spam(1))->{verdict},
	    'unsure', 'of others nothing is known');
	is(scalar($mailbox->waiting), 10, 'events wait');
	ok($mailbox->running, 'it lives');
	# a few tries later
	$mailbox->move_junk('a', spam($_)) for 30 .. 39;
	is($mailbox->ask(@question)->{verdict}, 'junk', 'still')
	    for 1 .. 20;
	is(lines_like($mailbox, qr/learning waits/), 1, 'one line');
	$pg->start;
	$mailbox->rest;
	is($pg->value("select spam from signet.v_junk_account where account = "
		. "'a'"), 35, 'nothing was lost');
	$mailbox->wait_log(qr/learning goes on/, $LONG);
	is(lines_like($mailbox, qr/learning goes on/), 1, 'one line');
	my $answer;
	wait_for($LONG, sub {
		$answer = $mailbox->ask(user => 'a', message => spam(30));
		return $answer->{verdict} eq 'junk';
	}, sub { told($answer, $mailbox) });
	is($mailbox->stop, 0, 'it ends well');
	# begun without it
	$pg->stop('immediate');
	$mailbox->start;
	is($mailbox->ask(@question)->{verdict}, 'unsure',
	    'begun without Postgres');
	$mailbox->move_junk('a', spam(40));
	$pg->start;
	$mailbox->rest;
	wait_for($LONG, sub {
		return $mailbox->ask(@question)->{verdict} eq 'junk';
	}, sub { $mailbox->log });
	pass('and it finds its way');
	$mailbox->stop;
};

# Somebody holds what it needs, longer than anybody would wait.
subtest 'Postgres hangs' => sub {
	my $mailbox = Signet::Mailbox->new(pg => $pg, patience => 150,
	    settings => "least_ham = 5\n");
	my @question = (user => 'a', message => spam(99));
	my $before;
	wait_for($LONG, sub {
		$before = $mailbox->ask(@question);
		return $before->{verdict} eq 'junk';
	}, sub { "what was known before\n" . told($before, $mailbox) });
	my ($reader, $writer);
	pipe $reader, $writer or die "pipe: $!";
	my $holder = fork // die "fork: $!";
	if ($holder == 0) {
		close $writer;
		open my $psql, '|-', 'psql', '-qAtX', $pg->conninfo
		    or POSIX::_exit(1);
		print {$psql} "begin; lock table signet.junk_word, "
		    . "signet.mailbox_account, signet.mailbox_event;\n";
		$psql->flush;
		readline $reader;
		print {$psql} "rollback;\n";
		close $psql;
		POSIX::_exit(0);
	}
	close $reader;
	wait_for($LONG, sub { $pg->value('select count(*) from pg_locks l '
		. "join pg_class c on c.oid = l.relation where relname = "
		. "'mailbox_event' and mode = 'AccessExclusiveLock' "
		. 'and granted') }, 'the lock');
	$mailbox->move_junk('a', spam(50));
	$mailbox->event(kind => 'delete', user => 'a', from => 'x');
	is($mailbox->ask(@question)->{verdict}, 'junk', 'answers come')
	    for 1 .. 5;
	is($mailbox->ask(user => 'other', message => spam(1))->{verdict},
	    'unsure', 'for those that cannot be loaded too');
	is(scalar($mailbox->waiting), 2, 'events wait');
	close $writer;
	waitpid $holder, 0;
	$mailbox->rest;
	is($pg->value("select count(*) from signet.mailbox_event where kind = "
		. "'delete'"), 1, 'and are taken');
	$mailbox->stop;
};

subtest 'a database that is not ready' => sub {
	my $empty = Signet::Postgres->new;
	$empty->login('mailbox');
	my $mailbox = Signet::Mailbox->new(pg => $empty);
	$mailbox->move_junk('a', spam(1));
	$mailbox->wait_log(qr/learning waits.*signet-load --migrate/, $LONG);
	is(scalar($mailbox->waiting), 1, 'events wait');
	is($mailbox->ask(user => 'a', message => spam(1))->{verdict},
	    'unsure', 'mail flows');
	is($mailbox->stop, 0, 'it ends well');
};

# One event that the database does not want stops nobody else.
subtest 'one that is refused' => sub {
	$pg->psql(<<'END');
create function signet.test_refuse() returns trigger language plpgsql as
$$ begin raise exception 'not this one'; end $$;
create trigger refuse before insert on signet.mailbox_event for each row
when (new.account = 'refused') execute function signet.test_refuse();
END
	my $mailbox = Signet::Mailbox->new(pg => $pg, start => 0);
	for my $n (1 .. 10) {
		$mailbox->event(kind => 'delete', user => 'fine', from => $n);
		$mailbox->event(kind => "delete", from => $n,
		    user => 'refused') if $n % 4 == 0;
	}
	$mailbox->start;
	$mailbox->rest;
	is($pg->value("select count(*) from signet.mailbox_event where account "
		. "= 'fine'"), 10, 'the others count');
	is(lines_like($mailbox, qr/put aside into bad.*not this one/), 2,
	    'one line for each, with the reason');
	my @aside = glob $mailbox->spool . '/bad/*';
	is(@aside, 2, 'and they are kept');
	$pg->psql('drop trigger refuse on signet.mailbox_event');
	rename $_, $mailbox->spool . '/' . s{.*/}{}r for @aside;
	$mailbox->nudge;
	$mailbox->rest;
	is($pg->value("select count(*) from signet.mailbox_event where account "
		. "= 'refused'"), 2, 'moved back they count');
	$mailbox->stop;
};

subtest 'little memory' => sub {
	my $dir = temp_dir();
	my $mailbox = Signet::Mailbox->new(pg => $pg, dir => $dir,
	    settings => "cache = 1M\nmetrics = unix:$dir/metrics.sock\n"
	    . "words = 2000\n");
	# three thousand accounts of a thousand words
	$pg->psql(<<'END');
insert into signet.junk_total (account, params, spam, ham, words)
select 'm' || n, 1, 60, 60, 1000 from generate_series(1, 300) n;
insert into signet.junk_word (account, word, spam, ham)
select 'm' || n, w * 1000003, 2, 1
from generate_series(1, 300) n, generate_series(1, 1000) w;
END
	my $most = 0;
	for my $n (1 .. 300) {
		$mailbox->ask(user => "m$n", message => ham($n))
		    or die $mailbox->log;
		next if $n % 20;
		my $socket = IO::Socket::UNIX->new(Peer =>
		    "$dir/metrics.sock") or die "metrics: $!";
		print {$socket} "GET /metrics HTTP/1.0\r\n\r\n";
		my $metrics = do { local $/; <$socket> };
		my ($bytes) = $metrics
		    =~ /^signet_mailbox_cached_bytes (\d+)$/m;
		$most = $bytes if $bytes > $most;
	}
	cmp_ok($most, '>', 200_000, 'models are kept');
	cmp_ok($most, '<', 1_200_000, 'within the bound');
	is($mailbox->stop, 0, 'it ends well');
};

done_testing();
