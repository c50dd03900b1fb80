#!/usr/bin/perl
# signet-load as a service, and everything that can go wrong around it: no
# row missing, none twice, one line in the log when the database goes and one
# when it is back.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Fcntl qw(:flock);
use Test::More;
use Time::HiRes ();
use Signet::Events qw(event event_data json iso);
use Signet::Postgres;
use Signet::Program;
use Signet::Util qw(run_command spew append_file temp_dir program_path
    top_dir slurp skip_or_fail wait_for now spawn end_process);

Signet::Postgres->need;
my $load = program_path('signet-load') or skip_or_fail('not built');
my $pg = Signet::Postgres->new(settings => {
	log_min_messages => 'panic', max_connections => 30,
	track_commit_timestamp => 'on' });

sub config {
	my ($spool, %option) = @_;
	my $host = $option{host} // 'mx1.example.org';
	my $conninfo = $option{conninfo} // $pg->conninfo;
	return <<"END";
[common]
hostname = $host
spool_directory = @{[$spool->dir]}
spool_max = @{[$option{spool_max} // '4G']}
[database]
conninfo = $conninfo
[load]
retry = 1s
@{[$option{load} // '']}
END
}

{
	my $dir = temp_dir();
	spew("$dir/signet.conf", config(Signet::Events->spool("$dir/spool")));
	my ($status, undef, $error) = run_command($load, '-c',
	    "$dir/signet.conf", '--migrate', '--sql-dir',
	    top_dir() . '/sql');
	is($status, 0, 'migrated') or BAIL_OUT($error);
}

# A service with a spool of its own.
sub service {
	my (%option) = @_;
	my $dir = temp_dir();
	my $spool = delete $option{spool} // Signet::Events->spool("$dir/spool");
	my $service = Signet::Program->new('signet-load', dir => $dir,
	    config => config($spool, %option),
	    start => $option{start} // 1);
	return ($service, $spool);
}

sub once {
	my ($spool, %option) = @_;
	my $dir = temp_dir();
	spew("$dir/signet.conf", config($spool, %option));
	my ($status, $out, $error) = run_command($load, '-c',
	    "$dir/signet.conf", '--once');
	return ($status, $out . $error);
}

sub messages { return $pg->value('select count(*) from signet.message') }

# Rows of these events and their recipients: each once.
sub all_there {
	my ($events, $name) = @_;
	my $ids = join ',', map { "('$_->{id}'::uuid)" } @$events;
	is($pg->value("with e (id) as (values $ids) "
		. 'select (select count(*) from e), '
		. '(select count(*) from signet.message m join e using (id)), '
		. '(select count(*) from signet.dmarc_evaluation d '
		. 'join e on e.id = d.message_id)'),
	    join('|', (scalar @$events) x 3), $name // 'each row once');
	return;
}

sub wait_loaded {
	my ($event, $seconds) = @_;
	return wait_for($seconds // 20, sub {
		return $pg->value('select count(*) from signet.message '
		    . "where id = '$event->{id}'") == 1;
	}, 'the row');
}

sub count_log {
	my ($service, $pattern) = @_;
	return scalar grep { $_ =~ $pattern } split /\n/, $service->log;
}

subtest 'rows are visible within two seconds' => sub {
	my ($service, $spool) = service();
	my @took;
	for my $round (1 .. 5) {
		my $event = event_data();
		my $start = Time::HiRes::time();
		$spool->put(json($event));
		wait_loaded($event);
		# from when on it was there, whenever we have looked
		push @took, $pg->value('select extract(epoch from '
		    . 'pg_xact_commit_timestamp(xmin)) from signet.message '
		    . "where id = '$event->{id}'") - $start;
	}
	# the median: a pause of the machine is no matter
	cmp_ok((sort { $a <=> $b } @took)[2], '<', 2, "of @took");
	wait_for(5, sub { !$spool->files }, 'an empty spool');
	is($service->stop, 0, 'SIGTERM ends it cleanly');
};

subtest 'database away at the start, in the middle, back later' => sub {
	$pg->stop('immediate');
	my ($service, $spool) = service();
	my @events = map { event_data() } 1 .. 30;
	$spool->put(json($_)) for @events[0 .. 9];
	$service->wait_log(qr/database away/);
	is(scalar(() = $spool->files), 10, 'files stay');
	$pg->start;
	wait_loaded($events[$_]) for 0 .. 9;
	$service->wait_log(qr/database is back/);

	$pg->stop('immediate');
	$spool->put(json($_)) for @events[10 .. 19];
	wait_for(10, sub { count_log($service, qr/database away/) == 2 },
	    'the second line');
	$pg->start;
	wait_loaded($events[$_]) for 10 .. 19;
	wait_for(10, sub { count_log($service, qr/database is back/) == 2 },
	    'the line that it is back');
	$spool->put(json($_)) for @events[20 .. 29];
	wait_loaded($_) for @events;
	all_there(\@events);
	wait_for(5, sub { !$spool->files }, 'an empty spool');
	is(count_log($service, qr/./), 4, 'four lines in the log, no more')
	    or diag $service->log;
	is($service->stop, 0, 'ends cleanly');
};

subtest 'connections cut while it loads' => sub {
	my ($service, $spool) = service();
	my @events;
	for my $round (1 .. 15) {
		my @some = map { event_data() } 1 .. 100;
		push @events, @some;
		$spool->put(map { json($_) } @some);
		$pg->psql("select pg_terminate_backend(pid) from "
		    . "pg_stat_activity where application_name = 'signet-load'");
	}
	wait_loaded($_, 30) for $events[-1];
	wait_for(30, sub { !$spool->files }, 'an empty spool');
	all_there(\@events);
	$service->stop;
};

subtest 'kill -9 of the loader under load' => sub {
	my ($service, $spool) = service();
	my @events;
	for my $round (1 .. 12) {
		for my $file (1 .. 4) {
			my @some = map { event_data() } 1 .. 60;
			push @events, @some;
			$spool->put(map { json($_) } @some);
		}
		my $before = messages();
		wait_for(20, sub { messages() > $before || !$spool->files },
		    'some progress');
		$service->kill;
		$service->start;
	}
	wait_for(30, sub { !$spool->files }, 'an empty spool');
	all_there(\@events);
	$service->stop;
};

subtest 'kill -9 between commit and removal' => sub {
	my ($service, $spool) = service(start => 0);
	my @events = map { event_data() } 1 .. 10;
	my @lines = map { json($_) } @events;
	my $name = $spool->put(@lines);
	my $bytes = $spool->read_file('new', $name);
	is((once($spool))[0], 0, 'loaded');
	$spool->put_file($name, $bytes);
	is((once($spool))[0], 0, 'and again, as after such an end');
	all_there(\@events);
};

subtest 'several loaders, one spool and several' => sub {
	my $spool = Signet::Events->spool;
	my $own = Signet::Events->spool;
	my @events;
	my @put = map {
		my @some = map { event_data() } 1 .. 20;
		push @events, @some;
		[map { json($_) } @some];
	} 1 .. 60;
	# new days, so that all make the same partitions at once
	for my $i (0 .. $#put) {
		my $event = event_data(at => iso(time - 86400 * ($i % 20)));
		push @events, $event;
		push @{ $put[$i] }, json($event);
	}
	my @services = map { (service(spool => $spool))[0] } 1 .. 3;
	push @services, (service(spool => $own, host => 'mx2.example.org'))[0];
	for my $i (0 .. $#put) {
		$spool->put(@{ $put[$i] });
		$own->put(@{ $put[$i] }) if $i % 2;	# the same lines
	}
	wait_for(60, sub { !$spool->files && !$own->files }, 'empty spools');
	all_there(\@events);
	is_deeply([$spool->files('bad'), $own->files('bad')], [],
	    'nothing put aside');
	is($_->stop, 0, 'ends cleanly') for @services;
};

subtest 'files that dead writers left' => sub {
	my $spool = Signet::Events->spool;
	my $dir = $spool->dir;
	my @events = map { event_data() } 1 .. 4;
	my $old = time - 60;
	my $orphan = "$dir/open/signet-milter.mx1.77.1.jsonl";
	spew($orphan, json($events[0]) . "\n" . json($events[1]) . "\n");
	my $cut = "$dir/open/signet-milter.mx1.78.1.jsonl";
	spew($cut, json($events[2]) . "\n" . substr json(event_data()), 0, 90);
	spew("$dir/open/signet-milter.mx1.79.1.jsonl", '');
	my $living = "$dir/open/signet-milter.mx1.80.1.jsonl";
	open my $writer, '>>', $living or die;
	flock $writer, LOCK_EX or die;
	print {$writer} json($events[3]), "\n";
	$writer->flush;

	my ($service) = service(spool => $spool);
	wait_loaded($events[$_]) for 0 .. 2;
	wait_for(10, sub { $spool->files('open') == 1 }, 'one file in open/');
	ok(-e $living, 'a living writer keeps its file');
	wait_for(10, sub { $spool->files('bad') == 2 }, 'the cut line in bad/');
	my ($reason) = grep { /reason$/ } $spool->files('bad');
	like($spool->read_file('bad', $reason),
	    qr/^line 2: is not complete: its writer/, 'with the reason');
	(my $name = $reason) =~ s/\.reason$//;
	is(length $spool->read_file('bad', $name), 91, 'as it was');
	close $writer;
	wait_loaded($events[3]);
	all_there(\@events);
	wait_for(10, sub { !$spool->files('open') }, 'nothing in open/');
	$service->stop;
};

subtest 'bad/ cannot be written' => sub {
	my $spool = Signet::Events->spool;
	my ($service) = service(spool => $spool, start => 0);
	my @events = map { event_data() } 1 .. 3;
	my $name = $spool->put('nonsense', json($events[0]));
	# root writes everywhere, so a file stands where the name should go
	mkdir $spool->dir . "/bad/$name.reason" or die;
	mkdir $spool->dir . "/bad/$name.reason/x" or die;
	$service->start;
	$service->wait_log(qr/file \Q$name\E cannot be finished/);
	$spool->put(json($_)) for @events[1, 2];
	wait_loaded($_) for @events;
	is_deeply([$spool->files], [$name], 'the others go on; this one stays');
	is(count_log($service, qr/cannot be finished/), 1, 'one line');
	rmdir $spool->dir . "/bad/$name.reason/x";
	rmdir $spool->dir . "/bad/$name.reason";
	$service->restart;
	wait_for(10, sub { !$spool->files }, 'an empty spool');
	is($spool->read_file('bad', $name), "nonsense\n", 'kept aside');
	all_there(\@events);
	$service->stop;
};

subtest 'things in new/ that are no files' => sub {
	my $spool = Signet::Events->spool;
	mkdir $spool->dir . '/new/0-directory.jsonl';
	symlink '/etc/passwd', $spool->dir . '/new/0-link.jsonl';
	POSIX::mkfifo($spool->dir . '/new/0-pipe.jsonl', 0600);
	spew($spool->dir . '/new/notes.txt', 'x');
	my $event = event_data();
	$spool->put(json($event));
	my ($status, $text) = once($spool);
	is($status, 75, 'trouble is told');
	like($text, qr/0-$_\.jsonl/, $_) for qw(directory link pipe);
	all_there([$event], 'the others are loaded');
	is(scalar(() = $spool->files), 4, 'nothing is removed');
};

subtest 'the database refuses' => sub {
	my $spool = Signet::Events->spool;
	$pg->login('stranger');
	$spool->put(event());
	my ($service) = service(spool => $spool,
	    conninfo => $pg->conninfo(user => 'stranger'));
	$service->wait_log(qr/database refuses to load.*permission denied/);
	$spool->put(event());
	my $last = event_data();
	$spool->put(json($last));
	is(scalar(() = $spool->files), 3, 'files stay');
	$pg->psql('grant signet_load to stranger');
	wait_loaded($last, 30);
	is(count_log($service, qr/refuses/), 1, 'one line');
	wait_for(10, sub { !$spool->files }, 'an empty spool');
	$service->stop;
};

subtest 'the database is in trouble of its own' => sub {
	my $spool = Signet::Events->spool;
	my @events = map { event_data() } 1 .. 5;
	$spool->put(map { json($_) } @events);
	# what a server says of a full disk, a deadlock, an operator's cancel,
	# a lack of locks: no line is to blame for it
	for my $state (qw(53100 40P01 57014 53200 55P03)) {
		$pg->psql("create function public.trouble() returns trigger
		    language plpgsql as 'begin raise exception ''trouble''
		    using errcode = ''$state''; end';",
		    'create trigger trouble before insert on signet.message
		    for each row execute function public.trouble()');
		my ($status, $text) = once($spool);
		is($status, 75, "$state: try again");
		like($text, qr/database away, 1 files are kept: .*trouble/,
		    'told');
		$pg->psql('drop function public.trouble cascade');
	}
	is_deeply([$spool->files('bad')], [], 'no line is blamed');
	is((once($spool))[0], 0, 'loaded when it is over');
	all_there(\@events);
};

subtest 'a standby is passed over for the primary' => sub {
	my ($service, $spool) = service(conninfo => 'dbname=signet '
	    . 'user=postgres host=' . temp_dir() . ',' . $pg->dir);
	my $event = event_data();
	$spool->put(json($event));
	wait_loaded($event);
	pass('the second host is found');
	$service->stop;
	$pg->psql('alter role postgres in database signet set '
	    . 'default_transaction_read_only = on');
	$spool->put(event());
	my ($status, $text) = once($spool);
	is($status, 75, 'a server that takes no writes is not used');
	like($text, qr/read-only/, 'and told');
	$pg->psql('begin read write; alter role postgres in database signet '
	    . 'reset default_transaction_read_only; commit');
	is((once($spool))[0], 0, 'then it is loaded');
};

subtest 'spool_max: the ledger goes before evaluations' => sub {
	$pg->stop;
	my $spool = Signet::Events->spool;
	my (@plain, @reported);
	for my $i (1 .. 40) {
		push @plain, event_data(evaluation => undef,
		    authentication_results => 'x' x 2000);
		push @reported, event_data(
		    authentication_results => 'x' x 2000);
		$spool->put(json($plain[-1]), json($reported[-1]));
	}
	my $bytes = sub {
		my $sum = 0;
		$sum += -s $_ for glob $spool->dir . '/new/*';
		return $sum;
	};
	my $most = int($bytes->() / 2);
	my ($status, $text) = once($spool, spool_max => $most);
	is($status, 75, 'the database is away');
	like($text, qr/spool is full: dropped \d+ ledger rows and 0 evaluations/,
	    'told');
	cmp_ok($bytes->(), '<', $most, 'small enough now');
	$pg->start;
	my @full = map { event_data(evaluation => undef) } 1 .. 20;
	$spool->put(map { json($_) } @full);
	is((once($spool, spool_max => 10_000))[0], 0,
	    'loaded when it is back, however full the spool is');
	my $there = sub {
		my ($table, $column, @events) = @_;
		return $pg->value("select count(*) from signet.$table where "
		    . "$column in (" . join(',', map { "'$_->{id}'" } @events)
		    . ')');
	};
	is($there->('dmarc_evaluation', 'message_id', @reported), 40,
	    'every evaluation is there');
	my $left = $there->('message', 'id', @plain, @reported);
	cmp_ok($left, '<', 80, 'ledger rows are not');
	cmp_ok($left, '>', 0, 'those that had room are');
	is($there->('message', 'id', @full), 20, 'nothing was dropped then');
	is($there->('message', 'id', $plain[0]), 0, 'the oldest went first');
	is($there->('message', 'id', $plain[-1]), 1, 'the newest stayed');
	is($pg->value("select dropped_messages || ',' || dropped_evaluations "
		. "from signet.v_loader where name = 'mx1.example.org'"),
	    80 - $left . ',0', 'counted');

	$pg->stop;
	$spool->put(event()) for 1 .. 40;
	(undef, $text) = once($spool, spool_max => 20_000);
	like($text, qr/dropped 40 ledger rows/, 'all reduced');
	(undef, $text) = once($spool, spool_max => 20_000);
	like($text, qr/dropped 0 ledger rows and \d+ evaluations/,
	    'then evaluations');
	cmp_ok($bytes->(), '<', 20_000, 'small enough');
	cmp_ok($bytes->(), '>', 5_000, 'and no more than needed');
	$pg->start;
	is((once($spool))[0], 0, 'loaded');
	is($pg->value("select dropped_messages from signet.v_loader where "
		. "name = 'mx1.example.org'"), 80 - $left + 40,
	    'the count goes on after a restart');
};

subtest 'SIGHUP' => sub {
	my ($service, $spool) = service();
	my $other = Signet::Events->spool;
	$service->configure("[load]\nnonsense = 1\n");
	$service->signal('HUP');
	$service->wait_log(qr/old configuration stays.*nonsense/);
	my @events = map { event_data() } 1 .. 2;
	$spool->put(json($events[0]));
	wait_loaded($events[0]);
	$service->configure(config($other));
	$service->signal('HUP');
	$service->wait_log(qr/configuration read again/);
	$other->put(json($events[1]));
	wait_loaded($events[1]);
	all_there(\@events);
	is($service->stop, 0, 'ends cleanly');
};

subtest 'expiry beside loading' => sub {
	my ($service, $spool) = service();
	my @events;
	for my $round (1 .. 10) {
		my @some = (event_data(), event_data(
			at => iso(time - 86400 * (35 + $round))));
		push @events, $some[0];
		$spool->put(map { json($_) } @some);
		$pg->psql('select signet.expire()');
	}
	wait_for(20, sub { !$spool->files }, 'an empty spool');
	all_there(\@events, 'nothing of today is lost');
	$pg->psql('select signet.expire()');
	is($pg->value('select count(*) from signet.v_partition where '
		. 'day < current_date - 31'), 0, 'the old is gone');
	$service->stop;
};

done_testing;
