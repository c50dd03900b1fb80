#!/usr/bin/perl
# signet-tls-collect: datagrams of libtlsrpt become events of the spool, each
# once, whatever comes beside them; bursts, a full disk, a stop in the middle
# and a kill lose nothing that the page does not say.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use IO::Socket::UNIX;
use JSON::PP ();
use POSIX ();
use Socket qw(SOCK_DGRAM);
use Test::More;
use Signet::Program;
use Signet::Tlsrpt qw(datagram);
use Signet::Util qw(program_path skip_or_fail temp_dir slurp spew wait_for
    run_command end_process);

program_path('signet-tls-collect') or skip_or_fail('not built');

my $LONG = 120;		# seconds that only a failure takes

# A collector with a directory of its own.
sub collector {
	my (%option) = @_;
	my $dir = temp_dir();
	mkdir "$dir/spool";
	my $listen = $option{listen} // "unix:$dir/tlsrpt.sock";
	$listen =~ s/DIR/$dir/g;
	my $more = $option{more} // '';
	$more =~ s/DIR/$dir/g;
	my $program = Signet::Program->new('signet-tls-collect', dir => $dir,
	    start => 0, seconds => $LONG, config => <<"END");
[common]
hostname = mx1.example.org
spool_directory = $dir/spool
@{[$option{common} // '']}
[tls_collect]
listen = $listen
$more
END
	$program->start if $option{start} // 1;
	return $program;
}

sub socket_of { return $_[0]->dir . '/tlsrpt.sock' }
sub sender_to { return Signet::Tlsrpt->sender(socket_of($_[0])) }

# All events in the spool, in the order in which they were written. A file is
# renamed when it is full or a second old: read again what moved meanwhile.
sub events {
	my ($program) = @_;
	my $spool = $program->dir . '/spool';
	my $text = wait_for($LONG, sub {
		my @before = glob "$spool/{open,new}/*";
		my %text = map { (/\.(\d+\.\d+)\.jsonl\z/)[0] => slurp($_) }
		    @before;
		my @after = glob "$spool/{open,new}/*";
		return 0 if "@before" ne "@after"
		    || grep { !defined } values %text;
		return [map { $text{$_} } sort {
		    ($a =~ /(\d+)\z/)[0] <=> ($b =~ /(\d+)\z/)[0] }
		    keys %text];
	}, 'files that stay where they are');
	# the last line may be on its way
	return map { JSON::PP::decode_json($_) }
	    map { /([^\n]*)\n/g } @$text;
}

sub wait_events {
	my ($program, $count) = @_;
	my @events;
	wait_for($LONG, sub { @events = events($program); @events >= $count },
	    sub { "$count events, have " . @events . "\n" . $program->log });
	return @events;
}

# What one datagram becomes; the program lives on.
my $common = collector();
my $to = sender_to($common);
my $seen = 0;

sub event_of {
	my ($bytes) = @_;
	$to->send($bytes) or die 'send: ', $to->error;
	my @events = wait_events($common, ++$seen);
	return $events[-1];
}

sub refused { return () = $common->log =~ /is not from libtlsrpt/g }

subtest 'an event' => sub {
	my $event = event_of(datagram(d => 'Sts.Test', type => 2,
	    domain => 'sts.test', strings => ['version: STSv1',
	    'mode: enforce', 'mx: *.sts.test', 'max_age: 604800'],
	    mx => ['*.sts.test'], f => 1, failures => [{ c => 202,
	    s => '192.0.2.1', n => 'mx.sts.test', r => '2001:db8::1',
	    h => "250-mx.sts.test\r\n250-PIPELINING\r\n250 STARTTLS" }]));
	like(delete $event->{id},
	    qr/\A[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab]/, 'id');
	like(delete $event->{at}, qr/\A20\d\d-[-\d]+T[\d:.]+Z\z/, 'time');
	is_deeply($event, {
		v => 1, type => 'tls_result', host => 'mx1.example.org',
		program => 'signet-tls-collect', source => 'datagram',
		instance => socket_of($common), success => JSON::PP::false,
		recipient_domain => 'sts.test', report => JSON::PP::true,
		tlsrpt_record => 'v=TLSRPTv1; rua=mailto:tls@Sts.Test',
		policies => [{ type => 'sts', domain => 'sts.test',
		    strings => ['version: STSv1', 'mode: enforce',
			'mx: *.sts.test', 'max_age: 604800'],
		    mx => ['*.sts.test'], success => JSON::PP::false,
		    failures => [{ type => 'certificate-host-mismatch',
			sending_ip => '192.0.2.1',
			receiving_ip => '2001:db8::1', mx => 'mx.sts.test',
			helo => 'mx.sts.test', count => 1 }] }],
	}, 'members');
};

# What Postfix tells in each situation: type, what is on the wire, and the word
# of the failure that it becomes.
my @situation = (
	['good, MTA-STS', 2, {}, undef],
	['good, DANE', 1, { domain => 'mx.a.test', strings => ['3 1 1 AB'] },
	    undef],
	['no policy', 9, {}, undef],
	['wrong name', 2, { c => 202 }, 'certificate-host-mismatch'],
	['unknown CA', 2, { c => 205,
	    f => 'unable_to_get_local_issuer_certificate' },
	    'validation-failure'],
	['self-signed', 2, { c => 205, f => 'self-signed_certificate' },
	    'validation-failure'],
	['expired', 2, { c => 204 }, 'certificate-expired'],
	['expired, DANE', 1, { c => 204 }, 'certificate-expired'],
	['TLSA mismatch', 1, { c => 203 }, 'certificate-not-trusted'],
	['no STARTTLS', 2, { c => 201 }, 'starttls-not-supported'],
	['closed', 2, { c => 205, f => 'tls-handshake-failure' },
	    'validation-failure'],
	['policy cannot be fetched', 2, { c => 301 },
	    'sts-policy-fetch-error'],
	['policy is invalid', 2, { c => 302 }, 'sts-policy-invalid'],
	['certificate of the policy host', 2, { c => 303 },
	    'sts-webpki-invalid'],
	['TLSA unusable', 1, { c => 304 }, 'tlsa-invalid'],
	['DNSSEC', 1, { c => 305 }, 'dnssec-invalid'],
	['no TLSA', 1, { c => 306 }, 'dane-required'],
);

for my $version ('', '1') {
	subtest "situations, version '$version'" => sub {
		for my $case (@situation) {
			my ($name, $type, $wire, $word) = @$case;
			my $host = $type == 1 ? 'mx.a.test' : 'a.test';
			my $event = event_of(datagram(version => $version,
			    type => $type, domain => $host,
			    strings => $wire->{strings}, defined $word
			    ? (f => 1, failures => [$wire]) : ()));
			my ($policy) = @{ $event->{policies} };
			is($policy->{type}, { 1 => 'tlsa', 2 => 'sts',
			    9 => 'no-policy-found' }->{$type}, "$name: type");
			is($policy->{domain}, $host, '... domain');
			is($policy->{success} ? 1 : 0, defined $word ? 0 : 1,
			    '... success');
			is($policy->{failures}[0]{type}, $word, '... failure');
			is($policy->{failures}[0]{reason}, $wire->{f},
			    '... reason');
		}
	};
}

subtest 'strange but good' => sub {
	my $event = event_of(datagram(domain => undef));
	is($event->{policies}[0]{domain}, 'a.test', 'no policy domain');
	$event = event_of(datagram(type => 2, strings => ["x: \"\\\xe9"],
	    pr => "v=TLSRPTv1;\xff\xfe"));
	is($event->{policies}[0]{strings}[0], "x: \"\\\x{e9}",
	    'bytes that are no UTF-8');
	$event = event_of(datagram(policies => [
		{ type => 1, domain => 'mx1.a.test', f => 1,
		    failures => [{ c => 203 }] },
		{ type => 2, domain => 'a.test' }]));
	is(scalar @{ $event->{policies} }, 2, 'several policies');
	ok(!$event->{success} && $event->{policies}[1]{success},
	    '... each with its result');
	$event = event_of(datagram(d => "b\xfccher.test", domain => undef));
	is($event->{recipient_domain}, 'xn--bcher-kva.test', 'a U-label');
	$event = event_of(datagram(pr => "line\nfeed \e[2J"));
	unlike($event->{tlsrpt_record}, qr/[\x00-\x1f]/, 'control characters');
	my $long = datagram(strings => ['y' x 200_000], type => 2);
	$event = event_of($long);
	is(length $event->{policies}[0]{strings}[0], 4099, 'a long value');
	my $padded = datagram(d => 'padded.test');
	$padded .= ' ' x ((256 << 10) - length $padded);
	is(event_of($padded)->{recipient_domain}, 'padded.test', '256 KiB');
};

subtest 'hostile' => sub {
	my @bad = ('', "\0", '{', '[]', '{}', 'null', "\xff" x 1000,
		'{"d":"a.test"}', datagram(policies => []),
		datagram(type => 7), datagram(d => '[192.0.2.1]'),
		datagram(d => "a.test\nforged line"), datagram(d => 'x' x 300),
		'{"d":' . '[' x 10000 . ']' x 10000 . '}',
		datagram(policies => [map { { type => 9 } } 1 .. 21]),
		'{"d":"a.test","policies":[{"policy-type":"2"}]}',
		datagram() . datagram());
	for my $bytes (@bad) {
		$to->send($bytes) or die 'send: ', $to->error;
	}
	is(event_of(datagram(d => 'after.test'))->{recipient_domain},
	    'after.test', 'what comes behind is taken');
	is(scalar(events($common)), $seen, 'none of them became an event');
	is(refused(), 1, 'one line of the log for many');
	unlike($common->log, qr/^forged line/m, 'on one line');
	my $huge = datagram();
	$huge .= ' ' x ((256 << 10) + 1 - length $huge);
	$to->send($huge) or die 'send: ', $to->error;
	is(event_of(datagram(d => 'b.test'))->{recipient_domain}, 'b.test',
	    'nor is a longer one');
	is(scalar(events($common)), $seen, '... it is lost');
	$common->wait_log(qr/1 datagrams were lost .* 1 longer than 256 KiB/,
	    $LONG);
	pass('... and told');
};

subtest 'a burst' => sub {
	my $many = 5000;
	for my $n (1 .. $many) {
		$to->send(datagram(d => "burst$n.test"))
		    or die 'send: ', $to->error;
	}
	$seen += $many;
	my @burst = grep { $_->{recipient_domain} =~ /^burst/ }
	    wait_events($common, $seen);
	is_deeply([map { $_->{recipient_domain} } @burst],
	    [map { "burst$_.test" } 1 .. $many], 'all of it, in its order');
	my %id = map { $_->{id} => 1 } events($common);
	is(scalar keys %id, $seen, 'each with an id of its own');
};

subtest 'the end' => sub {
	is($common->stop, 0, 'SIGTERM');
	ok(!-e socket_of($common), 'the socket is gone');
	my $kept = $seen;
	like($common->log, qr/ended, kept=$kept lost=0$/m, 'the last line');
	is_deeply([glob $common->dir . '/spool/open/*'], [],
	    'the spool is closed');
};

# A child that sends as fast as it can until nobody receives; how many were
# taken from it.
sub send_until_refused {
	my ($program) = @_;
	pipe my $read, my $write or die "pipe: $!\n";
	my $pid = fork // die "fork: $!\n";
	if (!$pid) {
		my ($n, $sender) = (0, sender_to($program));
		while ($sender->send(datagram(d => "n$n.test"))) {
			syswrite $write, "x" if ++$n == 200;
		}
		syswrite $write, "$n\n";
		POSIX::_exit(0);
	}
	close $write;
	return ($pid, $read);
}

subtest 'stopped in the middle' => sub {
	my $program = collector();
	my @sender = map { [send_until_refused($program)] } 1 .. 3;
	for my $one (@sender) {
		sysread $one->[1], my $byte, 1;
		is($byte, 'x', 'a sender is at it');
	}
	is($program->stop, 0, 'SIGTERM');
	my $sent = 0;
	for my $one (@sender) {
		my $reader = $one->[1];
		$sent += (readline($reader) =~ /(\d+)/)[0];
		waitpid $one->[0], 0;
	}
	is(scalar(events($program)), $sent,
	    'what was sent before is there, to the last one');
};

subtest 'killed, and started again' => sub {
	my $program = collector();
	my $sender = sender_to($program);
	$sender->send(datagram(d => 'before.test')) or die $sender->error;
	wait_events($program, 1);
	$program->kill;
	ok(-S socket_of($program), 'the socket was left');
	ok(!$sender->send(datagram()), 'nobody receives');
	$program->start;
	$sender->send(datagram(d => 'after.test')) or die $sender->error;
	is_deeply([sort map { $_->{recipient_domain} }
	    wait_events($program, 2)], ['after.test', 'before.test'],
	    'nothing is missing');
	# what it cannot have received any more dies with its socket
	$program->signal('STOP');
	my $pid = $program->pid;
	wait_for($LONG, sub {
		!grep { slurp($_) !~ /^State:\s+T/m }
		    glob "/proc/$pid/task/*/status";
	}, 'a program that stands still');
	$sender->send(datagram(d => "kept$_.test")) or die $sender->error
	    for 1 .. 3;
	$program->kill;
	$program->start;
	$sender->send(datagram(d => 'last.test')) or die $sender->error;
	is_deeply([sort map { $_->{recipient_domain} }
	    wait_events($program, 3)], [qw(after.test before.test last.test)],
	    'but what Linux kept for it');
	is($program->stop, 0, 'ended');
};

subtest 'another receiver' => sub {
	my $first = collector();
	my $second = collector(listen => 'unix:' . socket_of($first),
	    start => 0);
	my ($status, undef, $error) = $second->run;
	is($status, 78, 'refused');
	like($error, qr/another program listens on \S+tlsrpt\.sock/, 'told');
	my $sender = sender_to($first);
	$sender->send(datagram()) or die $sender->error;
	is(scalar(wait_events($first, 1)), 1, 'the first one goes on');
	is($first->stop, 0, 'ended');
	my $foreign = IO::Socket::UNIX->new(Local => socket_of($second),
	    Type => SOCK_DGRAM) or die $!;
	my $third = collector(listen => 'unix:' . socket_of($second),
	    start => 0);
	is(($third->run)[0], 78, 'one that is not ours counts too');
	close $foreign;
	$third->start;
	is($third->stop, 0, 'until it has gone');
	spew($second->dir . '/file', 'precious');
	my $fourth = collector(listen => 'unix:' . $second->dir . '/file',
	    start => 0);
	is(($fourth->run)[0], 78, 'a file is in the way');
	is(slurp($second->dir . '/file'), 'precious', '... and stays');
};

subtest 'several sockets, with owner and mode' => sub {
	my $user = $> == 0 ? 'nobody' : getpwuid $>;
	my $program = collector(
	    listen => 'unix:DIR/tlsrpt.sock, unix:DIR/two.sock',
	    more => "socket_mode = 0220\nsocket_owner = $user\n");
	for my $name ('tlsrpt.sock', 'two.sock') {
		my $path = $program->dir . "/$name";
		is((stat $path)[2] & 07777, 0220, "$name: mode");
		is((stat $path)[4], scalar getpwnam $user, '... owner');
		my $sender = Signet::Tlsrpt->sender($path);
		$sender->send(datagram()) or die $sender->error;
	}
	is_deeply([sort map { $_->{instance} =~ m{([^/]+)\z} }
	    wait_events($program, 2)], ['tlsrpt.sock', 'two.sock'],
	    'instances');
	is($program->stop, 0, 'ended');
};

sub scrape {
	my ($program) = @_;
	my $socket = IO::Socket::UNIX->new(Peer => $program->dir
		. '/metrics.sock') or die "metrics: $!\n";
	print {$socket} "GET /metrics HTTP/1.0\r\n\r\n";
	local $/;
	return readline $socket;
}

subtest 'figures' => sub {
	my $program = collector(more => 'metrics = unix:DIR/metrics.sock');
	my $all = scrape($program);
	my $name = 'signet_tls_collect';
	like($all, qr/^${name}_datagrams_total\{outcome="$_"\} 0$/m,
	    "$_ from the start") for qw(taken refused dropped too_long);
	my $sender = sender_to($program);
	$sender->send($_) or die $sender->error
	    for 'nonsense', datagram(), datagram();
	wait_events($program, 2);
	$all = scrape($program);
	like($all, qr/^${name}_datagrams_total\{outcome="taken"\} 2$/m,
	    'taken');
	like($all, qr/^${name}_datagrams_total\{outcome="refused"\} 1$/m,
	    'refused');
	like($all, qr/^${name}_facts_total 2$/m, 'facts');
	like($all, qr/^${name}_facts_lost_total 0$/m, 'none lost');
	is($program->stop, 0, 'ended');
};

subtest 'a spool that is full' => sub {
	my $program = collector(common => 'spool_max = 6000');
	my $sender = sender_to($program);
	my $many = 20;
	for my $n (1 .. $many) {
		$sender->send(datagram(d => "n$n.test"))
		    or die $sender->error;
	}
	$program->wait_log(qr/facts wait in memory: /, $LONG);
	# as the loader does
	my @taken;
	wait_for($LONG, sub {
		for my $file (glob $program->dir . '/spool/new/*') {
			push @taken, split /\n/, slurp($file);
			unlink $file;
		}
		@taken >= $many;
	}, sub { "$many lines, have " . @taken . "\n" . $program->log });
	is(scalar @taken, $many, 'all of them in the end');
	like($program->log, qr/the spool takes facts again/, 'told');
	is($program->stop, 0, 'ended');
};

subtest 'ended while the spool is full' => sub {
	my $program = collector(common => 'spool_max = 500');
	my $sender = sender_to($program);
	my $many = 3000;	# each of them waiting on its own would not end
	$sender->send(datagram(d => "n$_.test")) or die $sender->error
	    for 1 .. $many;
	$program->wait_log(qr/facts wait in memory: /, $LONG);
	is($program->stop, 0, 'SIGTERM');
	my $kept = () = events($program);
	my $lost = $many - $kept;
	like($program->log, qr/ended, kept=$kept lost=$lost$/m,
	    'what was given up is told');
	cmp_ok($lost, '>', 0, '... and something was');
};

subtest 'a disk that is full' => sub {
	my $wrap = temp_dir() . '/wrap';
	spew($wrap, "#!/bin/sh\nmount -t tmpfs -o size=64k none \"\$SPOOL\"\n"
		. "exec \"\$@\"\n", 0755);
	plan skip_all => 'no mount namespace may be made here'
	    if $> != 0 || $ENV{SIGNET_WRAP}
	    || (run_command('unshare', '--mount', 'sh', '-c',
		'mount -t tmpfs -o size=64k none /mnt'))[0] != 0;
	local $ENV{SIGNET_WRAP} = "unshare --mount $wrap";
	my $program = collector(start => 0);
	local $ENV{SPOOL} = $program->dir . '/spool';
	$program->start;
	my $sender = sender_to($program);
	my $many = 1000;
	for my $n (1 .. $many) {
		$sender->send(datagram(d => "n$n.test"))
		    or die $sender->error;
	}
	$program->wait_log(qr/facts wait in memory: .*No space left/, $LONG);
	my $root = '/proc/' . $program->pid . '/root';
	my @taken;
	wait_for($LONG, sub {
		for my $file (glob "$root$ENV{SPOOL}/new/*") {
			push @taken, split /\n/, slurp($file);
			unlink $file;
		}
		@taken >= $many;
	}, sub { "$many lines, have " . @taken . "\n" . $program->log });
	my %domain = map { JSON::PP::decode_json($_)->{recipient_domain} => 1 }
	    @taken;
	is(scalar @taken, $many, 'all lines in the end');
	is(scalar keys %domain, $many, 'each once and whole');
	is($program->stop, 0, 'ended');
};

subtest 'configuration' => sub {
	my $bad = sub {
		my ($pattern, %option) = @_;
		my ($status, undef, $error) =
		    collector(%option, start => 0)->run;
		is($status, 78, 'refused');
		like($error, $pattern, 'told where and why');
	};
	$bad->(qr/signet\.conf:\d+: listen: .*unix:/, listen => 'tlsrpt.sock');
	$bad->(qr/signet\.conf:\d+: listen: .*no unix socket/,
	    listen => 'inet:1@127.0.0.1');
	$bad->(qr/signet\.conf:\d+: socket_mode: /,
	    more => 'socket_mode = 999');
	$bad->(qr/signet\.conf:\d+: metrics: /, more => 'metrics = x');
	$bad->(qr/signet\.conf:\d+.*listne.*listen/, more => 'listne = x');
	$bad->(qr/no user "no-such-user"/, more => 'socket_owner = no-such-user');
	my ($status, $out) = collector(more => 'socket_group = mail',
	    start => 0)->run('-n');
	is($status, 0, '-n');
	like($out, qr/^socket_group = mail$/m, 'settings that differ');
};

done_testing();
