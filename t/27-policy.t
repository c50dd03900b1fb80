#!/usr/bin/perl
# signet-policy spoken to over its sockets: both protocols, one lookup for a
# thousand who ask, 2,000 connections, DNS and policy hosts that are away, a
# kill, a reload, and clients that mean no good.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use IO::Socket::UNIX;
use JSON::PP ();
use Socket qw(SOCK_DGRAM);
use Test::More;
use Signet::Dns;
use Signet::Events qw(spool_lines);
use Signet::PolicyHost;
use Signet::Program;
use Signet::Socketmap;
use Signet::Util qw(build_dir find_program must_run now program_path run_command
    skip_or_fail slurp spawn spew temp_dir top_dir wait_for);
use Signet::Zone;

program_path('signet-policy')
    or skip_or_fail('signet-policy has not been built');
my $load = build_dir() . '/t/bench/mapload';
-x $load or skip_or_fail("$load is not built (make check builds it)");

# Answers of other domains come from a wildcard; these have what is tested.
my $records = <<'END';
*.plain.test              MX   10 mx.plain.test
plain.test                MX   10 mx.plain.test
mx.plain.test             A    192.0.2.1
sts.test                  MX   10 mx.sts.test
mx.sts.test               A    192.0.2.2
_mta-sts.sts.test         TXT  "v=STSv1; id=1"
mta-sts.sts.test          A    127.0.0.1
held.test                 MX   10 mx.held.test
mx.held.test              A    192.0.2.3
_mta-sts.held.test        TXT  "v=STSv1; id=1"
mta-sts.held.test         A    127.0.0.1
later.test                MX   10 mx.later.test
mx.later.test             A    192.0.2.4
_mta-sts.later.test       TXT  "v=STSv1; id=1"
mta-sts.later.test        A    127.0.0.1
try.test                  MX   10 mx.try.test
mx.try.test               A    192.0.2.5
_mta-sts.try.test         TXT  "v=STSv1; id=1"
mta-sts.try.test          A    127.0.0.1
null.test                 MX   0 .
END
my $none = "*.test  *  \@nodata\n";
my $dns = Signet::Dns->new(table => $records . $none, ttl => 300);
my $web = Signet::PolicyHost->new;
$web->policy('sts.test', mx => ['mx.sts.test']);
$web->policy('try.test', mode => 'testing', mx => ['mx.try.test']);

my $dir = temp_dir();
mkdir "$dir/$_" for qw(spool state);

sub settings {
	my (%policy) = @_;
	my %all = (
		listen => "unix:$dir/policy.sock",
		delegate => "unix:$dir/delegate.sock",
		metrics => "unix:$dir/metrics.sock",
		answers => "$dir/answers.sock",
		deadline => '60s', %policy,
	);
	my $lines = join '', map { "$_ = $all{$_}\n" } sort keys %all;
	return <<"END";
[common]
hostname = mx.site.example
log = stderr
spool_directory = $dir/spool
[dns]
forward = @{[ $dns->address ]}
root_key = none
timeout = 10s
[database]
conninfo = host=$dir/nowhere
[mta_sts]
directory = $dir/state
ca_file = @{[ $web->ca_file ]}
allowed_networks = 127.0.0.0/8
port = @{[ $web->port ]}
fetch_timeout = 60s
[policy]
$lines
END
}

my $program = Signet::Program->new('signet-policy', dir => $dir,
    config => settings());

sub client { return Signet::Socketmap->new("unix:$dir/policy.sock") }
sub ask { return client()->ask(@_) }

# With a short deadline a busy machine may be told to come again; it does.
sub ask_patiently {
	my @question = @_;
	return wait_for(60, sub {
		my $reply = ask(@question);
		return $reply =~ /^TEMP nothing is known / ? undef : $reply;
	}, sub { "an answer for @question; " . $program->log });
}

# Series of the metrics whose value is not 0.
sub metrics {
	my $socket = IO::Socket::UNIX->new(Peer => "$dir/metrics.sock")
	    or die "metrics: $!\n";
	syswrite $socket, "GET /metrics HTTP/1.0\r\n\r\n";
	local $/;
	my $all = <$socket>;
	return { $all =~ /^(signet_policy_\S+) (\S+)$/mg };
}

sub wait_metric {
	my ($name, $test) = @_;
	return wait_for(60, sub { $test->(metrics()->{$name}) ? 1 : 0 },
	    "$name; " . $program->log);
}

# So many connections ask all keys of a list once; the counts of the replies.
sub start_load {
	my ($name, $connections, $map, @keys) = @_;
	my $file = spew("$dir/$name.keys", join '', map { "$_\n" } @keys);
	unlink "$dir/$name.out";
	return spawn({ out => "$dir/$name.out" }, $load,
	    "unix:$dir/policy.sock", $connections, 0, $map, $file);
}

sub end_load {
	my ($name, $pid) = @_;
	wait_for(120, sub { waitpid($pid, 1) == $pid }, "$name to end; "
	    . (slurp("$dir/$name.out") // ''));
	return { slurp("$dir/$name.out") =~ /^(\S+) (\S+)$/mg };
}

subtest 'figures' => sub {
	my %page;
	for (split /\n/, slurp(top_dir() . '/docs/metrics.md')) {
		my ($name, $type, $labels) =
		    /^\| `(signet_policy_\w+)` \| (\w+) \|(.*?)\| .* \|$/
		    or next;
		$page{$name} = join ' ', $type, map { join ',',
		    split /[ ,]+/ } $labels =~ /`\w+`: ([^;]+)/g;
	}
	my $socket = IO::Socket::UNIX->new(Peer => "$dir/metrics.sock")
	    or die "metrics: $!\n";
	syswrite $socket, "GET /metrics HTTP/1.0\r\n\r\n";
	my $all = do { local $/; <$socket> };
	my %type = $all =~ /^# TYPE (\S+) (\S+)$/mg;
	my %program;
	for my $name (keys %type) {
		my (%seen, @labels);
		for my $labels ($all =~ /^$name\{(.*?)\}/mg) {
			my $n = 0;
			for my $value ($labels =~ /="(.*?)"/g) {
				push @{ $labels[$n] }, $value
				    unless $seen{$n}{$value}++;
				$n++;
			}
		}
		$program{$name} = join ' ', $type{$name},
		    map { join ',', @$_ } @labels;
	}
	is_deeply(\%program, \%page, 'docs/metrics.md tells all of them');
};

subtest 'one question at a time' => sub {
	my $map = client();
	is($map->ask('policy', 'plain.test'), 'NOTFOUND ', 'nothing known');
	is($map->ask('policy', 'sts.test'), 'OK secure match=mx.sts.test '
	    . 'servername=hostname', 'MTA-STS');
	like($map->ask('policy-tlsrpt', 'sts.test'),
	    qr/^OK secure .*policy_type=sts.*mx_host_pattern=mx\.sts\.test/,
	    'the same for Postfix 3.10');
	is($map->ask('sts', 'sts.test'), 'OK secure match=mx.sts.test '
	    . 'servername=hostname', 'for Sendmail');
	is($map->ask('requiretls', 'sts.test'), 'OK secure match=mx.sts.test '
	    . 'servername=hostname', 'for mail that requires TLS');
	like($map->ask('requiretls', 'plain.test'), qr/^PERM /,
	    'which does not go where nothing protects it');
	is($map->ask('policy', 'try.test'), 'NOTFOUND ', 'mode testing');
	is($map->ask('policy', 'null.test'), 'NOTFOUND ', 'null MX');
	is($map->ask('policy', $_), 'OK secure match=mx.sts.test '
	    . 'servername=hostname', $_)
	    for qw(STS.test sts.test. sts.test:25 Sts.Test:smtp);
	is($map->ask('policy', $_), 'NOTFOUND ', $_)
	    for '.test', '.com', '[192.0.2.1]', '[IPv6:2001:db8::1]',
	    '[mx.sts.test]', '[mx.sts.test]:25', 'no.such.test', '',
	    '/run/lmtp', 'a b', "\0";
	like($map->ask($_, 'sts.test'), qr/^PERM no such map; /,
	    "no map \"$_\"") for 'Policy', 'polic', 'policy-', '', 'x' x 500;
	like($map->ask('policy', 'x' x 1500), qr/^NOTFOUND /, 'a long key');
	my $all = metrics();
	cmp_ok($all->{'signet_policy_lookups_total{reason="asked"}'}, '>=', 4,
	    'lookups are counted');
	is($all->{'signet_policy_refused_total{reason="map"}'}, 5,
	    'wrong maps are counted');
};

subtest 'many questions at once, and in pieces' => sub {
	my $map = client();
	$map->send(join '', map { Signet::Socketmap::frame("policy $_") }
	    ('sts.test', 'plain.test', '.test', 'a.plain.test') x 50);
	is(join('', map { substr $map->reply, 0, 1 } 1 .. 200), 'ONNN' x 50,
	    'replies come in the order of the questions');
	for my $byte (split //, Signet::Socketmap::frame('policy sts.test')) {
		is($map->reply_within(0), undef, "before '$byte'")
		    if $byte eq ',';
		$map->send($byte);
	}
	like($map->reply, qr/^OK secure/, 'byte by byte');
	# the first one has to be looked up: the others wait behind it
	$map->send(join '', map { Signet::Socketmap::frame("policy $_") }
	    'b.plain.test', 'sts.test', 'plain.test');
	is(join('', map { substr $map->reply, 0, 1 } 1 .. 3), 'NON',
	    'behind one that is not known');
};

subtest 'what is no question' => sub {
	for my $bytes ('policy sts.test', '05:hello,', '3:abcd', ':,',
		'99999999:', '2049:' . 'x' x 2049 . ',', "GET / HTTP/1.0\r\n",
		"\0\0\0") {
		my $map = client();
		$map->send($bytes);
		like($map->ended, qr/^\d+:PERM a question is a netstring/,
		    'told so, and closed: '
		    . substr($bytes, 0, 20) =~ s/[^ -~]/?/gr);
	}
	like(ask('policy', 'sts.test'), qr/^OK/, 'others are served');
};

subtest 'a thousand who ask for one cold domain' => sub {
	$web->policy('held.test', mx => ['mx.held.test'],
	    hold => spew("$dir/hold", ''));
	$dns->forget;
	my $before = metrics()->{signet_policy_dns_questions_total};
	my %who = ('policy' => 'held.test', 'policy-tlsrpt' => 'Held.Test',
	    'requiretls' => 'HELD.TEST.', 'sts' => 'held.test:25');
	my %pid = map { $_ => start_load($_, 250, $_, ($who{$_}) x 250) }
	    sort keys %who;
	wait_metric('signet_policy_connections', sub { $_[0] >= 1000 });
	# they connect first and ask then
	wait_metric('signet_policy_lookups_now{state="running"}',
	    sub { $_[0] >= 1 });
	is(metrics()->{'signet_policy_lookups_now{state="running"}'}, 1,
	    'one lookup runs');
	unlink "$dir/hold";
	for my $map (sort keys %who) {
		my $count = end_load($map, $pid{$map});
		is("$count->{ok} $count->{queries}", '250 250',
		    "$map: all have their answer");
	}
	is($web->count('mta-sts.held.test'), 1, 'one fetch');
	# libunbound asks again by itself what takes long on a busy machine
	my $asked = metrics()->{signet_policy_dns_questions_total} - $before;
	my %questions = map { ("$_->[1] $_->[2]" => 1) } $dns->questions;
	cmp_ok($asked, '<=', 2 + keys %questions,
	    'no question to the resolver was asked by each') or diag explain
	    \%questions;
	ok($questions{'held.test MX'}, 'the MX among them');
	my @lines = $program->log =~ /^.*domain=held\.test .*$/mg;
	is(scalar @lines, 1, 'one line in the log') or diag "@lines";
};

subtest '2,000 connections' => sub {
	$dns->forget;
	my $lookups = 'signet_policy_lookups_total{reason="asked"}';
	my $before = metrics()->{$lookups};
	my @keys = ((map { "c$_.plain.test" } 1 .. 40),
	    ('sts.test') x 60) x 100;
	my $pid = start_load('many', 2000, 'policy', @keys);
	my $count = end_load('many', $pid);
	is("$count->{queries} $count->{ok} $count->{notfound}",
	    '10000 6000 4000', 'all have their answers');
	is(metrics()->{$lookups} - $before, 40,
	    'each destination was looked up once');
	# libunbound asks again by itself what takes long on a busy machine
	my %mx = map { ($_->[1] => 1) } grep { $_->[2] eq 'MX' }
	    $dns->questions;
	is(scalar keys %mx, 40, 'and asked for, and nothing else was');
};

subtest 'an answer is kept, and nothing is asked' => sub {
	ask('policy', 'plain.test');
	$dns->forget;
	my $map = client();
	$map->ask('policy', $_) for ('plain.test', 'sts.test', 'null.test',
	    'try.test') x 20;
	is_deeply([$dns->questions], [], 'absence as well');
};

subtest 'the collector is told' => sub {
	my $told = sub {
		my ($socket) = @_;
		my $ready = '';
		vec($ready, fileno $socket, 1) = 1;
		select $ready, undef, undef, 0 or return undef;
		$socket->recv(my $datagram, 1 << 18) // return undef;
		return JSON::PP::decode_json($datagram);
	};
	my $socket = IO::Socket::UNIX->new(Local => "$dir/answers.sock",
	    Type => SOCK_DGRAM) or die "$!\n";
	my $map = client();
	my $first = wait_for(60, sub {
		like($map->ask('policy', 'STS.Test'), qr/^OK/, 'asked');
		return $told->($socket);
	}, 'a datagram');
	is($first->{pid}, $$, 'process of the client');
	is("$first->{key} $first->{domain} $first->{map}",
	    'STS.Test sts.test policy', 'what it asked');
	like($first->{answer}, qr/^secure match=/, 'what it was told');
	like($first->{at}, qr/^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{6}Z$/, 'when');
	is_deeply({ map { $_ => $first->{policy}{$_} } qw(type mode mx) },
	    { type => 'sts', mode => 'enforce', mx => ['mx.sts.test'] },
	    'the policy');
	is($first->{policy}{strings}[0], 'version: STSv1', 'line by line');
	is($map->ask('policy', 'try.test'), 'NOTFOUND ', 'mode testing:');
	my $testing = wait_for(60, sub { $told->($socket) }, 'a datagram');
	is("$testing->{answer}|$testing->{policy}{mode}", 'NOTFOUND |testing',
	    'told as well');
	$map->ask('policy', $_) for qw(plain.test .test);
	$map->ask('policy', 'sts.test');
	is(wait_for(60, sub { $told->($socket) }, 'a datagram')->{domain},
	    'sts.test', 'a bare "not found" is not');
	close $socket;
	unlink "$dir/answers.sock";
	$map->ask('policy', 'sts.test') for 1 .. 3;
	like($map->ask('policy', 'sts.test'), qr/^OK/,
	    'nobody listens: nobody waits');
};

subtest 'the spool' => sub {
	my %event;
	for my $line (spool_lines("$dir/spool")) {
		my $event = JSON::PP::decode_json($line);
		push @{ $event{ $event->{domain} } }, $event;
	}
	is(scalar @{ $event{'sts.test'} }, 1, 'one event for a domain');
	is_deeply({ map { $_ => $event{'sts.test'}[0]{$_} }
		qw(type program host mx_dnssec dane sts level) },
	    { type => 'tls_domain', program => 'signet-policy',
		host => 'mx.site.example', mx_dnssec => 'no', dane => 'none',
		sts => 'enforce', level => 'secure' }, 'what was found');
	is($event{'plain.test'}[0]{level}, 'none', 'and of one with nothing');
};

subtest 'check_policy_service' => sub {
	my $connect = sub {
		my $socket = IO::Socket::UNIX->new(Peer =>
		    "$dir/delegate.sock") or die "$!\n";
		$socket->autoflush(1);
		return $socket;
	};
	my $take = sub {
		my ($socket) = @_;
		local $/ = "\n\n";
		return scalar <$socket>;
	};
	my $request = join "\n", 'request=smtpd_access_policy',
	    'protocol_state=RCPT', 'sender=a=b@plain.test', 'recipient=',
	    'ccert_subject=' . 'x' x 9000, 'instance=1.2.3', '', '';
	my $socket = $connect->();
	for (1 .. 3) {
		print {$socket} $request;
		is($take->($socket), "action=DUNNO\n\n", 'nothing to say');
	}
	print {$socket} $request x 3;
	is($take->($socket), "action=DUNNO\n\n", 'many at once') for 1 .. 3;
	for my $byte (split //, "request=smtpd_access_policy\n\n") {
		syswrite $socket, $byte;
	}
	is($take->($socket), "action=DUNNO\n\n", 'byte by byte');
	for my $bad ("hello\n\n", "\n\n", "request=other\n\n", "=x\n\n",
		"sender=x\n\n", "a=b\n" x 101 . "\n", 'a=' . 'x' x 70000) {
		my $socket = $connect->();
		print {$socket} $bad;
		is($take->($socket), undef, 'closed: ' . substr($bad, 0, 12)
		    =~ s/\n/ /gr);
	}
};

subtest 'clients that mean no good' => sub {
	$program->configure(settings(connections => 16,
	    request_timeout => '1s', deadline => '2s'));
	$program->stop;
	$program->start;
	my $half = client();
	$half->send('18:policy pl');
	is($half->ended, '', 'half a question: closed after a while');
	my $deaf = client();
	wait_for(60, sub {
		my $more = '';
		vec($more, fileno $deaf->{socket}, 1) = 1;
		select undef, $more, undef, 0;
		$deaf->{socket}->blocking(0);
		return !defined syswrite $deaf->{socket}, join '',
		    map { Signet::Socketmap::frame('policy-tlsrpt sts.test') }
		    1 .. 1000;
	}, 'a client that does not read to be held back');
	wait_metric('signet_policy_connections_ended_total{reason="timeout"}',
	    sub { $_[0] >= 2 });
	pass('and closed');
	is(ask_patiently('policy', 'plain.test'), 'NOTFOUND ', 'it is known');
	my @silent = map { client() } 1 .. 16;
	is($_->ask('policy', 'plain.test'), 'NOTFOUND ', 'one of many')
	    for @silent[1 .. 15];
	is(ask('policy', 'plain.test'), 'NOTFOUND ',
	    'one more takes the place of the silent one');
	is($silent[0]->ended, '', 'which was closed');
	is($silent[9]->ask('policy', 'plain.test'), 'NOTFOUND ',
	    'the others stay');
};

subtest 'the DNS is away' => sub {
	$program->configure(settings(deadline => '1s'));
	$program->stop;
	$program->start;
	like(ask_patiently('policy', 'sts.test'), qr/^OK secure/, 'before');
	is(ask_patiently('policy', 'plain.test'), 'NOTFOUND ', 'before');
	$dns->table("*  *  \@silence\n");
	like(ask('policy', 'sts.test'), qr/^OK secure/, 'what is known holds');
	is(ask('policy', 'plain.test'), 'NOTFOUND ', 'absence, too');
	my $map = client();
	like($map->ask('policy', 'f1.plain.test'),
	    qr/^TEMP nothing is known about f1\.plain\.test yet/,
	    'what is not known waits');
	like($map->ask('policy', 'sts.test'), qr/^OK/, 'others do not');
	like($program->log, qr/domain=f1\.plain\.test is late/, 'it is told');
	like($map->ask('requiretls', 'f2.plain.test'), qr/^TEMP /,
	    'and no dialect gets anything better');
	$dns->table($records . $none);
	is(wait_for(60, sub {
		my $reply = ask('policy', 'f1.plain.test');
		return $reply =~ /^TEMP/ ? undef : $reply;
	}, 'the DNS to be heard again'), 'NOTFOUND ', 'and back');
	$dns->table("*  *  \@servfail\n");
	like(ask('policy', 'f3.plain.test'), qr/^TEMP /, 'SERVFAIL');
	$dns->table($records . $none);
};

subtest 'the policy host is away' => sub {
	$web->stop;
	like(ask('policy', 'sts.test'), qr/^OK secure/, 'what is known holds');
	is(ask_patiently('policy', 'later.test'), 'NOTFOUND ',
	    'what was never there is none (RFC 8461 section 5.1)');
};

subtest 'kill -9' => sub {
	$program->kill;
	$program->start;
	$dns->forget;
	is(ask_patiently('policy', 'sts.test'), 'OK secure match=mx.sts.test '
	    . 'servername=hostname', 'the policy is still known, and its host '
	    . 'away');
	is(ask_patiently('policy', 'plain.test'), 'NOTFOUND ',
	    'the rest is asked');
	$web->start;
};

subtest 'reload' => sub {
	my $map = client();
	like($map->ask('policy', 'sts.test'), qr/^OK secure/, 'before');
	$dns->table($records =~ s/^_mta-sts\.sts\.test\s.*\n//mr . $none);
	like($map->ask('policy', 'sts.test'), qr/^OK secure/, 'kept');
	$program->configure(settings(deadline => 'soon'));
	$program->signal('HUP');
	wait_metric('signet_policy_reloads_total{outcome="refused"}',
	    sub { $_[0] == 1 });
	like($program->log, qr/signet\.conf:\d+: .*deadline.*soon/,
	    'an error is told');
	like($map->ask('policy', 'sts.test'), qr/^OK secure/, 'and no more');
	$program->configure(settings());
	$program->signal('HUP');
	wait_metric('signet_policy_reloads_total{outcome="taken"}',
	    sub { $_[0] == 1 });
	like($map->ask('policy', 'sts.test'), qr/^OK secure/,
	    'the connection lives; a policy without its record holds until '
	    . 'its end');
	my ($status, $out, $err) = $program->run('-n');
	is($status, 0, '-n') or diag $err;
	like($out, qr/^deadline = /m, 'shows what was set');
	$dns->table($records . $none);
};

subtest item_46_no_descriptors => sub {
	find_program('prlimit') or plan(skip_all => 'not installed: prlimit');
	$program->configure(settings());
	$program->stop;
	$program->start;
	my $map = client();
	like($map->ask('policy', 'sts.test'), qr/^OK/, 'before');
	my $open = () = glob '/proc/' . $program->pid . '/fd/*';
	my $most = $open + 5;
	must_run('prlimit', '--pid', $program->pid, "--nofile=$most:$most");
	my $cpu = sub {
		my @field = split / /, slurp('/proc/' . $program->pid
		    . '/stat') =~ s/^.*\) //sr;
		return ($field[11] + $field[12]) / 100;
	};
	my ($begun, $before) = (now(), $cpu->());
	my @more = map { client() } 1 .. 20;
	like($more[0]->ask('policy', 'sts.test'), qr/^OK/, 'some are served');
	$more[19]->send(Signet::Socketmap::frame('policy sts.test'));
	wait_for(60, sub { $program->log =~ /no more connections can be taken/ },
	    'the warning');
	like($map->ask('policy', 'sts.test'), qr/^OK/, 'who is there, too');
	# as they go, the others come
	close $_->{socket} for @more[0 .. 18];
	like($more[19]->reply, qr/^OK/, 'the last one had to wait');
	my $lines = () = $program->log =~ /no more connections can be taken/g;
	is($lines, 1, 'told once');
	cmp_ok($cpu->() - $before, '<', 0.2 + 0.8 * (now() - $begun),
	    'no turning in circles');
	like(ask('policy', 'sts.test'), qr/^OK/, 'afterwards');
	$program->stop;
	$program->start;
};

subtest item_47_reload_while_busy => sub {
	my $name = 'signet_policy_reloads_total{outcome="taken"}';
	my @keys = ('sts.test', 'plain.test', map { "r$_.plain.test" } 1 .. 50);
	for my $round (1 .. 10) {
		my $pid = start_load('reload', 20, 'policy', (@keys) x 20);
		$program->signal('HUP');
		my $count = end_load('reload', $pid);
		is("$count->{queries} $count->{ok} $count->{notfound}",
		    '1040 20 1020', "round $round: all have their answers");
		wait_metric($name, sub { $_[0] == $round });
	}
};

subtest 'the end' => sub {
	my $map = client();
	my $silent = client();
	$web->policy('later.test', mx => ['mx.later.test'],
	    hold => spew("$dir/hold", ''));
	unlink glob "$dir/state/*";
	$program->kill;
	$program->start;
	$map = client();
	$silent = client();
	is($silent->ask('policy', '.test'), 'NOTFOUND ', 'served');
	$map->send(Signet::Socketmap::frame('policy later.test'));
	wait_metric('signet_policy_lookups_now{state="running"}',
	    sub { $_[0] == 1 });
	$program->signal('TERM');
	is($silent->ended, '', 'who does not wait is let go');
	is($map->reply_within(0), undef, 'who waits waits on');
	unlink "$dir/hold";
	like($map->reply, qr/^OK secure/, 'and has the answer');
	is($map->ended, '', 'then the end');
	is($program->stop, 0, 'a good one');
	ok(!-e "$dir/policy.sock", 'the socket is gone');
};

done_testing;
