#!/usr/bin/perl
# From the milter's socket to the row: with the database away, programs
# killed, the disk full. Mail is answered all the time, and every message
# that was answered has one row.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use POSIX ();
use Test::More;
use Signet::Events qw(put_aside);
use Signet::Inbound;
use Signet::Postgres;
use Signet::Program;
use Signet::Util qw(temp_dir wait_for now must_run run_command spew slurp
    append_file top_dir program_path skip_or_fail end_process spawn);

Signet::Inbound->need;
Signet::Postgres->need;
program_path('signet-load') or skip_or_fail('signet-load has not been built');

my $pg = Signet::Postgres->new;
my $in = Signet::Inbound->new(
	sections => { database => { conninfo => $pg->conninfo },
	    load => { retry => '1s' } });
must_run(program_path('signet-load'), '-c', $in->config_file, '--migrate',
    '--sql-dir', top_dir() . '/sql');
my $message = Signet::Inbound::good_message();

sub loader {
	my ($in) = @_;
	return Signet::Program->new('signet-load', dir => $in->dir,
	    config_file => $in->config_file);
}

# How many rows each of these queue IDs has: "1x40" when 40 have one each.
sub rows_of {
	my (@ids) = @_;
	my $list = join ',', map { "('$_')" } @ids;
	return $pg->value("select coalesce(string_agg(n || 'x' || c, ' ' "
	    . "order by n), '') from (select n, count(*) c from (select "
	    . "q.id, count(m.id) n from (values $list) q (id) left join "
	    . "signet.message m on m.queue_id = q.id group by q.id) a "
	    . 'group by n) b');
}

sub all_rows {
	my ($name, @ids) = @_;
	my $want = '1x' . @ids;
	eval { wait_for(20, sub { rows_of(@ids) eq $want }) };
	is(rows_of(@ids), $want, $name);
	return;
}

sub spool_is_empty {
	my ($in) = @_;
	return !grep { -s } glob $in->spool . '/{open,new}/*';
}

sub some {
	my ($in, $count) = @_;
	my $on = $in->open;
	return map {
		my $got = $in->send(on => $on, data => $message, log => 0);
		is($got->{answer}{action}, 'continue', 'answered')
		    if $got->{answer}{action} ne 'continue';
		$on = $in->open;
		$got->{id};
	} 1 .. $count;
}

subtest 'the database is away at the start, in the middle, and comes back'
    => sub {
	$pg->stop('immediate');
	my $load = loader($in);
	$load->wait_log(qr/database away/);
	my @ids = some($in, 20);
	is(scalar @ids, 20, 'mail is answered meanwhile');
	$pg->start;
	all_rows('a row each once it is back', @ids);
	$pg->stop('immediate');
	push @ids, some($in, 20);
	$pg->start;
	push @ids, some($in, 20);
	all_rows('... and again', @ids);
	wait_for(10, sub { spool_is_empty($in) }, 'an empty spool');
	is_deeply([glob $in->spool . '/bad/*'], [], 'nothing put aside');
	is(scalar(() = $in->milter->log =~ /database/g), 0,
	    'the milter knows nothing of it');
	is($load->stop, 0, 'the loader ends cleanly');
};

# Sends until a file is there, or far too long; IDs of what was answered go to
# another.
sub client {
	my ($in, $file, $stop) = @_;
	my $pid = fork // die "fork: $!\n";
	return $pid if $pid;
	my $until = now() + 200;
	while (!-e $stop && now() < $until) {
		my $ok = eval {
			my $on = $in->open(timeout => 10);
			for my $i (1 .. 5) {
				my $got = $in->send(on => $on, log => 0,
				    data => $message, again => $i > 1);
				$got->{answer}{action} eq 'continue'
				    or die "closed\n";
				append_file($file, "$got->{id}\n");
			}
			1;
		};
		select undef, undef, undef, 0.02 unless $ok;
	}
	POSIX::_exit(0);
}

subtest 'kill -9 of milter and loader under load' => sub {
	my $load = loader($in);
	my $dir = temp_dir();
	my @pids = map { client($in, "$dir/$_", "$dir/stop") } 1 .. 3;
	my $ids = sub { map { split /\n/, slurp("$dir/$_") // '' } 1 .. 3 };
	my $rounds = 0;
	while ($rounds < 9) {
		my $before = length $in->milter->log;
		wait_for(5, sub {
			length $in->milter->log > $before + 4000;
		}, 'some messages');
		my $victim = $rounds % 3 == 2 ? $load : $in->milter;
		$victim->kill;
		$victim->start;
		$rounds++;
	}
	wait_for(60, sub { (my @all = $ids->()) > 100 }, 'many messages');
	spew("$dir/stop", '');
	for my $pid (@pids) {
		is(end_process($pid, 0, 30), 0, 'a client has ended');
	}
	my @ids = $ids->();
	note scalar(@ids), " messages, $rounds kills";
	cmp_ok(scalar @ids, '>', 100, 'and many messages');
	all_rows('each that was answered has one row', @ids);
	wait_for(10, sub { spool_is_empty($in) }, 'an empty spool');
	is_deeply([put_aside($in->spool, @ids)], [],
	    'put aside is only what a kill cut short, never an answered one');
	my ($id) = some($in, 1);
	my $logged = $in->log_of($id)->{id};
	all_rows('one more', $id);
	is($pg->value("select queue_id from signet.message where "
		. "id = '$logged'"), $id, 'the id of log and row are one');
	is($pg->value('select count(*) from (select queue_id from '
		. 'signet.message group by queue_id having count(*) > 1) a'),
	    0, 'no row twice');
	is($load->stop, 0, 'the loader ends cleanly');
};

# One signature that comes again and again is seen in the ledger.
subtest 'item_20_replay' => sub {
	my $load = loader($in);
	my @ids = map { $in->send(client => "192.0.2.$_", log => 0,
		to => "r$_\@site.test", data => $message)->{id} } 30 .. 39;
	all_rows('ten deliveries', @ids);
	my $list = join ',', map { "'$_'" } @ids;
	is($pg->value("select count(distinct client_ip) || ' ' || count(*) "
		. 'from signet.message m, jsonb_array_elements(m.dkim) d '
		. "where d->>'result' = 'pass' and queue_id in ($list) "
		. "group by d->>'domain', d->>'header_b'"), '10 10',
	    'one signature, ten clients');
	is($load->stop, 0, 'the loader ends cleanly');
};

subtest 'SIGHUP' => sub {
	my $good = slurp($in->config_file);
	spew($in->config_file, $good . "\n[milter]\nrole = inbund\n");
	my $line = 2 + ($good =~ tr/\n//) + 1;
	$in->milter->signal('HUP');
	my $said = $in->milter->wait_log(qr/not taken over/);
	like($said, qr/signet\.conf:$line: .*inbound, submission or internal/,
	    'a broken file: file, line and remedy');
	is($in->good, '', '... and the old settings stay');
	spew($in->config_file, $good);
	$in->reconfigure(milter => { mode => 'test' });
	is($in->send(data => $message)->{log}{mode}, 'test',
	    'a good one is taken over');
	my $on = $in->open;
	$on->connect('x', '192.0.2.1');
	$on->helo('x');
	$on->mail('<a@good.example>');
	$in->reconfigure(milter => { mode => undef });
	$on->rcpt('<u@site.test>');
	$on->header('From', ' a@good.example');
	$on->eoh;
	my $id = Signet::Inbound::next_id();
	$on->macros(E => { i => $id });
	is($on->eom->{action}, 'continue', 'a message on its way goes on');
	is($in->log_of($id)->{mode}, 'test', '... with what it began with');
	unlink $in->config_file;
	$in->milter->signal('HUP');
	wait_for(5, sub { 2 == (() = $in->milter->log =~ /not taken over/g) },
	    'the line');
	spew($in->config_file, $good);
	is($in->good, '', 'a file that is gone changes nothing');
	for (1 .. 20) {
		$in->milter->signal('HUP');
		is($in->good, '', 'a good message') if $_ % 5 == 0;
	}
};

# The mask passes to the program, so that the signal waits for the very moment
# at which the program is able to take it.
subtest 'SIGHUP before the start is over' => sub {
	my $dir = temp_dir();
	$in->milter->stop;
	my $mask = POSIX::SigSet->new(POSIX::SIGHUP());
	POSIX::sigprocmask(POSIX::SIG_BLOCK(), $mask);
	my $pid = spawn({ out => "$dir/log" }, program_path('signet-milter'),
	    '-c', $in->config_file);
	kill 'HUP', $pid;
	POSIX::sigprocmask(POSIX::SIG_UNBLOCK(), $mask);
	wait_for(10, sub { (slurp("$dir/log") // '') =~ /read again/ },
	    sub { "a reload in\n" . slurp("$dir/log") });
	wait_for(10, sub { slurp("$dir/log") =~ /ready on/ }, 'the start');
	is(end_process($pid), 0, 'taken up, and the program ends cleanly');
	$in->milter->start;
};

subtest 'SIGTERM lets a message end' => sub {
	my $on = $in->open;
	$on->connect('mail.good.example', '192.0.2.1');
	$on->helo('mail.good.example');
	$on->mail('<a@good.example>');
	$on->rcpt('<u@site.test>');
	my ($fields, $body) = Signet::Milter::split_message($message);
	$on->header(@$_) for @$fields;
	# an answer to another connection: the steps above have been read
	is($in->good, '', 'another one');
	$in->milter->signal('TERM');
	$in->milter->wait_log(qr/told to stop/);
	my $id = Signet::Inbound::next_id();
	$on->eoh;
	$on->body($body);
	$on->macros(E => { i => $id });
	my $answer = $on->eom;
	is($answer->{action}, 'continue', 'it is answered');
	like(Signet::Inbound::results_of($answer), qr/dkim=pass/, '... right');
	wait_for(12, sub { !$in->milter->running }, 'the end');
	is($in->milter->status, 0, 'and then it ends cleanly');
	my $load = loader($in);
	all_rows('with a row', $id);
	$in->milter->start;
	is($in->good, '', 'started again');
	$load->stop;
};

# A directory on a small disk of its own.
{
	package Disk;
	use parent -norequire, 'Signet::Service';
	sub new {
		my ($class, $dir, $size) = @_;
		my ($status, undef, $error) = Signet::Util::run_command('mount',
			'-t', 'tmpfs', '-o', "size=$size,mode=0755", 'tmpfs',
			$dir);
		return $error if $status != 0;
		my $self = bless { dir => $dir }, $class;
		return $self->own;
	}
	sub stop {
		my ($self) = @_;
		my $dir = delete $self->{dir} or return;
		Signet::Util::run_command('umount', '-l', $dir);
		return;
	}
}

subtest 'the disk of the spool is full' => sub {
	my $dir = temp_dir();
	my $disk = Disk->new($dir, '256k');
	if (!ref $disk) {
		chomp $disk;
		plan(skip_all => "no file system can be mounted here: $disk");
	}
	my $full = Signet::Inbound->new(spool => $dir,
	    sections => { database => { conninfo => $pg->conninfo } });
	is($full->good, '', 'room enough');
	# all of the disk, to the last byte
	run_command('dd', 'if=/dev/zero', "of=$dir/filler", 'bs=4k',
	    'count=200');
	run_command('dd', 'if=/dev/zero', "of=$dir/filler2", 'bs=1',
	    'count=5000');
	my $refused = sub {
		return scalar(() = $full->milter->log =~
		    /facts of messages are not kept, mail goes on: /g);
	};
	my $sent = 0;
	wait_for(20, sub {
		$sent++;
		my $why = $full->good;
		die "$why\n" if $why ne '';
		return $refused->() == 1;
	}, 'the line that the disk is full');
	pass("mail is answered, and one line tells, after $sent messages");
	for (1 .. 10) {
		my $why = $full->good;
		is($why, '', 'mail is answered') if $why ne '' || $_ == 10;
	}
	is($refused->(), 1, '... and it is told once');
	unlink "$dir/filler", "$dir/filler2";
	is($full->good, '', 'room again');
	$full->milter->wait_log(qr/facts are kept again/);
	my $id = $full->send(data => $message)->{id};
	my $load = loader($full);
	all_rows('a row again', $id);
	is($refused->(), 1, '... and one line at each end');
	is($load->stop, 0, 'the loader ends cleanly');
	is($full->milter->stop, 0, 'so does the milter');
};
done_testing;
