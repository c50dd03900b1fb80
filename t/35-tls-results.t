#!/usr/bin/perl
# TLS results in the database: from a datagram to a row, once however often it
# is loaded; policies that are the same are one row; what is known of recipient
# domains; days that are kept and dropped; the database away.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Test::More;
use Signet::Events qw(event_id iso json spool_lines);
use Signet::Postgres;
use Signet::Program;
use Signet::Tlsrpt qw(datagram);
use Signet::Util qw(run_command spew slurp temp_dir program_path top_dir
    skip_or_fail wait_for);

Signet::Postgres->need;
my $load = program_path('signet-load') or skip_or_fail('not built');
program_path('signet-tls-collect') or skip_or_fail('not built');
my $LONG = 120;
my $dir = temp_dir();
my $pg = Signet::Postgres->new;
my $spool = Signet::Events->spool("$dir/spool");
my $conf = spew("$dir/signet.conf", <<"END");
[common]
hostname = mx1.example.org
spool_directory = @{[$spool->dir]}
[database]
conninfo = @{[$pg->conninfo]}
[tls_collect]
listen = unix:$dir/tlsrpt.sock
END

sub load {
	my ($status, $out, $error) = run_command($load, '-c', $conf, @_);
	return ($status, $out . $error);
}

sub load_once {
	my ($status, $text) = load('--once');
	is($status, 0, 'signet-load --once') or diag $text;
	is_deeply([$spool->files('bad')], [], 'no line was refused')
	    or diag map { slurp($_) } glob $spool->dir . '/bad/*.reason';
	return $text;
}

is((load('--migrate', '--sql-dir', top_dir() . '/sql'))[0], 0, 'migrated');

my $true = JSON::PP::true;
my $false = JSON::PP::false;

# One policy object, and an event with one.
sub policy {
	return { type => 'sts', domain => 'a.test', strings => ['mode: enforce'],
	    mx => ['mx.a.test'], success => $true, failures => [], @_ };
}

sub result {
	my (%with) = @_;
	return { v => 1, type => 'tls_result', id => event_id(), at => iso(),
	    host => 'mx1.example.org', program => 'signet-tls-collect',
	    source => 'log', recipient_domain => 'a.test', success => $true,
	    policies => [policy()], report => $true, %with };
}

sub domain_event {
	my (%with) = @_;
	return { v => 1, type => 'tls_domain', id => event_id(), at => iso(),
	    host => 'mx1.example.org', program => 'signet-policy',
	    domain => 'd.test', %with };
}

sub put { return $spool->put(map { json($_) } @_) }

sub security {
	my ($domain) = @_;
	return { map { split /\|/, $_, 2 } split /\n/, $pg->psql(
	    "select level, state from signet.rcpt_security('$domain')") };
}

my $collector = Signet::Program->new('signet-tls-collect', dir => $dir,
    seconds => $LONG);
my $to = Signet::Tlsrpt->sender("$dir/tlsrpt.sock");

sub send_all {
	my @bytes = @_;
	for my $bytes (@bytes) {
		$to->send($bytes) or die 'send: ', $to->error;
	}
	return;
}

# Loads until the fact is there.
sub load_until {
	my ($fact, $what) = @_;
	return wait_for($LONG, sub { load('--once'); $fact->() }, $what);
}

sub count {
	my ($table, $where) = @_;
	return $pg->value("select count(*) from signet.$table where $where");
}

subtest 'a datagram becomes rows' => sub {
	send_all(datagram(d => 'wire.test', type => 1,
	    domain => 'mx.wire.test', strings => ['3 1 1 BB', '3 1 1 AA'],
	    f => 1, failures => [{ c => 203, s => '192.0.2.1',
	    n => 'mx.wire.test', r => '2001:db8::2', f => 'no "match"',
	    a => 'more', h => "250-mx.wire.test\r\n250 STARTTLS" }]),
	    datagram(d => 'wire.test', type => 1, domain => 'mx.wire.test',
		strings => ['3 1 1 AA', '3 1 1 BB']));
	load_until(sub { count('tls_result',
	    "recipient_domain = 'wire.test'") == 2 }, 'two rows');
	my ($row) = $pg->rows(q{select recipient_domain, policy_type,
	    policy_domain, success, failure, receiving_mx, reason, source,
	    host, instance, report, policy_strings, program, n
	    from signet.v_tls_result where recipient_domain = 'wire.test'
	    and not success});
	ok(!delete $row->{success}, 'it failed');
	ok(delete $row->{report}, 'it is reported');
	is_deeply($row, { recipient_domain => 'wire.test',
	    policy_type => 'tlsa', policy_domain => 'mx.wire.test',
	    failure => 'certificate-not-trusted', n => 1,
	    receiving_mx => 'mx.wire.test', reason => 'no "match"',
	    source => 'datagram', host => 'mx1.example.org',
	    instance => "$dir/tlsrpt.sock", program => 'signet-tls-collect',
	    policy_strings => ['3 1 1 AA', '3 1 1 BB'] }, 'v_tls_result');
	($row) = $pg->rows(q{select policy_type, policy_domain, failure,
	    reason, information, receiving_mx, host(receiving_ip)
	    as receiving_ip, receiving_helo, host(sending_ip) as sending_ip,
	    count, source from signet.v_tls_failure
	    where recipient_domain = 'wire.test'});
	is_deeply($row, { policy_type => 'tlsa',
	    policy_domain => 'mx.wire.test',
	    failure => 'certificate-not-trusted', reason => 'no "match"',
	    information => 'more', receiving_mx => 'mx.wire.test',
	    receiving_ip => '2001:db8::2', receiving_helo => 'mx.wire.test',
	    sending_ip => '192.0.2.1', count => 1, source => 'datagram' },
	    'v_tls_failure');
	($row) = $pg->rows(q{select policy_type, policy_domain, successful,
	    failed, uncounted from signet.v_tls_result_day
	    where recipient_domain = 'wire.test'});
	is_deeply($row, { policy_type => 'tlsa', successful => 1,
	    policy_domain => 'mx.wire.test', failed => 1, uncounted => 0 },
	    'v_tls_result_day');
	is(count('tls_policy', "domain = 'mx.wire.test'"), 1,
	    'the order of TLSA records makes no second policy');
};

subtest 'the same lines again' => sub {
	my @events = (result(recipient_domain => 'again.test',
	    policies => [policy(success => $false,
		failures => [{ type => 'certificate-expired', count => 2 }]),
		policy(type => 'no-policy-found', strings => [], mx => [])]));
	put(@events, @events);
	my $text = load_once();
	like($text, qr/duplicates=1\b.*tls_result=1\b/, 'in one file');
	put(@events);
	$text = load_once();
	like($text, qr/duplicates=1\b.*tls_result=0\b/, 'in another one');
	is(count('tls_result', "recipient_domain = 'again.test'"), 2,
	    'a row for each policy');
	is(count('tls_result_failure', "recipient_domain = 'again.test'"), 1,
	    'one failure');
};

subtest 'policies' => sub {
	my $of = sub {
		my ($domain, @policy) = @_;
		return result(recipient_domain => $domain,
		    policies => [policy(@policy, domain => 'p.test')]);
	};
	put(map({ $of->("r$_.test") } 1 .. 5),
	    $of->('x.test', strings => ['mode: enforce', 'max_age: 1']),
	    $of->('x.test', strings => ['max_age: 1', 'mode: enforce']),
	    $of->('x.test', mx => ['mx.a.test', 'mx2.a.test']),
	    $of->('x.test', mx => []),
	    $of->('x.test', type => 'no-policy-found'),
	    $of->('x.test', strings => ['mode: enforce"', '', undef]));
	load_once();
	is(count('tls_policy', "domain = 'p.test'"), 7,
	    'one row for each content');
	is(count('v_tls_result', "recipient_domain like 'r_.test' and "
		. "policy_strings = '{mode: enforce}' and mx_hosts = "
		. "'{mx.a.test}'"), 5, 'found from each result');
};

subtest 'what counts neither way' => sub {
	put(result(recipient_domain => 'null.test', policies => [
	    policy(domain => 'null.test', success => undef, failures =>
		[{ type => 'tlsa-invalid', reason => 'all-unusable' }])]),
	    result(recipient_domain => 'null.test', report => $false));
	load_once();
	my ($row) = $pg->rows(q{select successful, failed, uncounted
	    from signet.v_tls_result_day where recipient_domain = 'null.test'
	    and policy_domain = 'null.test'});
	is_deeply($row, { successful => 0, failed => 0, uncounted => 1 },
	    'success is null');
	is(count('tls_result', "recipient_domain = 'null.test' and "
		. 'not report'), 1, 'a delivery of a report');
};

subtest 'lines that are wrong' => sub {
	my @bad = (
		[result(policies => []), qr/null value/],
		[result(policies => undef), qr/null value/],
		[result(policies => 7), qr/json/],
		[result(recipient_domain => undef), qr/null value/],
		[result(source => undef), qr/null value/],
		[result(policies => [policy(type => undef)]), qr/null value/],
		[result(policies => [policy(success => 'x')]), qr/boolean/],
		[result(policies => [policy(failures => [{ type => 'x',
		    sending_ip => 'y' }])]), qr/inet/],
		[result(policies => [policy(failures => [{}])]),
		    qr/null value/],
		[domain_event(domain => undef), qr/null value/],
		[domain_event(starttls => 'perhaps'), qr/boolean/],
	);
	my $before = count('tls_result', 'true');
	my $name = put(map { ($_->[0], result()) } @bad);
	my ($status, $text) = load('--once');
	is($status, 0, 'loaded') or diag $text;
	is(count('tls_result', 'true') - $before, scalar @bad,
	    'the lines beside them are there');
	my @reasons = split /\n/, slurp($spool->dir . "/bad/$name.reason");
	for my $i (0 .. $#bad) {
		like($reasons[$i] // '', qr/line @{[2 * $i + 1]}: .*$bad[$i][1]/,
		    "line $i");
	}
	unlink glob $spool->dir . '/bad/*';
};

subtest 'recipient domains' => sub {
	is_deeply(security('never.test'), { map { $_ => 'unknown' }
	    qw(starttls mta_sts dnssec dane requiretls) }, 'never seen');
	my $now = time;
	put(domain_event(at => iso($now - 7200), mx_dnssec => 'yes',
	    dane => 'all', sts => 'enforce', level => 'dane-only',
	    starttls => $true, requiretls => $true));
	load_once();
	is_deeply(security('d.test'), { map { $_ => 'yes' }
	    qw(starttls mta_sts dnssec dane requiretls) }, 'all of it');
	is_deeply(security('D.TEST.'), security('d.test'),
	    'however it is spelled');
	put(domain_event(at => iso($now - 9000), dane => 'none',
	    requiretls => $false));
	load_once();
	is(security('d.test')->{dane}, 'yes', 'older news change nothing');
	put(domain_event(at => iso($now - 100), dane => 'error'),
	    domain_event(at => iso($now - 60), dane => 'some'),
	    domain_event(at => iso($now - 80), sts => 'testing',
		mx_dnssec => 'error', requiretls => $false));
	load_once();
	put(map { domain_event(at => iso($now - 50 + $_), dane =>
	    $_ % 2 ? 'none' : 'some') } 0 .. 4);
	load_once();
	is(security('d.test')->{dane}, 'no', 'some');
	is($pg->value('select dane from signet.v_recipient_domain_tls where '
		. "domain = 'd.test'"), 'some', 'there and back in one file');
	is_deeply(security('d.test'), { starttls => 'yes', mta_sts => 'no',
	    dnssec => 'error', dane => 'no', requiretls => 'no' },
	    'the newest of each fact');
	my ($row) = $pg->rows(q{select dane, sts, mx_dnssec, level, starttls_at
	    < dane_at as older, level_at = first_at as same, last_at = dane_at
	    as last from signet.v_recipient_domain_tls
	    where domain = 'd.test'});
	ok(delete $row->{$_}, $_) for qw(older same last);
	is_deeply($row, { dane => 'some', sts => 'testing',
	    mx_dnssec => 'error', level => 'dane-only' }, 'view');
	is($pg->value("select string_agg(level || '=' || detail, ' ' "
		. "order by level) from signet.rcpt_security('d.test')"),
	    'dane=some mta_sts=testing', 'what it is exactly');
	is($pg->value("select count(*) from signet.rcpt_security('d.test') "
		. 'where at between now() - interval \'3 hours\' and now()'),
	    5, 'when it was seen');
};

subtest 'what results tell of domains' => sub {
	my $failed = sub {
		my ($type) = @_;
		return [policy(success => $false,
			failures => [{ type => $type }])];
	};
	my $of = sub {
		my ($domain, %with) = @_;
		return result(recipient_domain => $domain, %with);
	};
	put($of->('s1.test', tlsrpt_record => 'v=TLSRPTv1; rua=mailto:a@b'),
	    $of->('s2.test', policies => $failed->('certificate-expired')),
	    $of->('s3.test', policies => $failed->('starttls-not-supported')),
	    $of->('s4.test', policies => $failed->('dnssec-invalid')),
	    $of->('s5.test', source => 'policy'));
	load_once();
	is(security("s$_->[0].test")->{starttls}, $_->[1], "s$_->[0]") for
	    [1, 'yes'], [2, 'yes'], [3, 'no'], [4, 'unknown'], [5, 'unknown'];
	is($pg->value('select tlsrpt_record from signet.v_recipient_domain_tls '
		. "where domain = 's1.test'"), 'v=TLSRPTv1; rua=mailto:a@b',
	    'TLSRPT record');
	my $row = sub { return $pg->value('select ctid from '
	    . "signet.recipient_domain_tls where domain = 's1.test'") };
	my $before = $row->();
	put(map { $of->('s1.test', tlsrpt_record =>
	    'v=TLSRPTv1; rua=mailto:a@b') } 1 .. 3);
	load_once();
	is($row->(), $before, 'the same again does not touch the row');
	put($of->('s1.test', tlsrpt_record => 'v=TLSRPTv1; rua=mailto:c@b',
	    at => iso(time + 1)));
	load_once();
	isnt($row->(), $before, 'news do');
};

subtest 'signet status' => sub {
	my $signet = program_path('signet') or skip_or_fail('not built');
	my $line = sub { return (grep { /^tls\b/ } split /\n/,
	    (run_command($signet, 'status', '-c', $conf))[1])[0] };
	my $all = count('tls_result', "n = 1 and at > now() - interval '1 day'");
	my $failed = $pg->value('select count(distinct id) from '
	    . 'signet.tls_result where not success');
	put(map { result(recipient_domain => 'worst.test', policies => [
	    policy(success => $false, failures => [{ type =>
		$_ == 1 ? 'certificate-expired' : 'dane-required' }])]) }
	    1 .. 9);
	load_once();
	my $domains = $pg->value('select count(distinct recipient_domain) from '
	    . 'signet.tls_result where not success');
	like($line->(), qr/\Atls {8}in 24 hours: @{[$all + 9]} sessions, @{[
	    $failed + 9]} failed to $domains domains, most to worst\.test @{[
	    '']}\(dane-required\); the newest \d+ s ago\z/,
	    'sessions, failures, the worst');
};

subtest 'the database away' => sub {
	$pg->stop;
	send_all(map { datagram(d => "away$_.test") } 1 .. 500);
	my $waiting = sub {
		my $lines = 0;
		$lines += () = /"away\d+\.test"/g
		    for spool_lines($spool->dir);
		return $lines;
	};
	# each datagram names its domain twice, and thrice in the record
	wait_for($LONG, sub { $waiting->() >= 1000 },
	    sub { 'the lines in the spool: ' . $waiting->() });
	is((load('--once'))[0], 75, 'nothing can be loaded');
	$pg->start;
	load_until(sub { count('tls_result',
	    "recipient_domain like 'away%'") == 500 }, 'all rows');
	is($pg->value('select count(distinct recipient_domain) from '
		. "signet.tls_result where recipient_domain like 'away%'"),
	    500, 'each once');
};

subtest 'days' => sub {
	my $day = sub { return iso(time - $_[0] * 86400) };
	put(map { result(recipient_domain => 'days.test', at => $day->($_),
	    policies => [policy(domain => "day$_.test", success => $false,
		failures => [{ type => 'certificate-expired' }])]) }
	    0, 10, 31, 40);
	put(domain_event(domain => 'old.test', at => $day->(401),
	    dane => 'all'), domain_event(domain => 'older.test',
	    at => $day->(399), dane => 'all'));
	load_once();
	is(count('tls_result', "recipient_domain = 'days.test'"), 4,
	    'each in its partition');
	my $of = sub { return $pg->value('select string_agg(policy_domain, '
	    . "' ' order by policy_domain) from signet.$_[0] where "
	    . "recipient_domain = 'days.test'") };
	is((load('--expire'))[0], 0, 'expired');
	is($of->('v_tls_result'), 'day0.test day10.test', '30 days are kept');
	is($of->('v_tls_failure'), 'day0.test day10.test', '... failures too');
	is(count('tls_policy', "domain like 'day%.test'"), 3,
	    'a policy that nothing refers to has gone')
	    or diag $pg->psql('select domain, used from signet.tls_policy');
	is(count('recipient_domain_tls', "domain = 'old.test'"), 0,
	    'a domain of which nothing was heard');
	is(count('recipient_domain_tls', "domain = 'older.test'"), 1,
	    '... for 400 days');
	spew($conf, slurp($conf) . "[load]\nretain_tls_results = 5d\n");
	load('--expire');
	is($of->('v_tls_result'), 'day0.test', 'as configured');
};

subtest 'two loaders at once' => sub {
	my @pid;
	for my $loader (1, 2) {
		my $own = Signet::Events->spool("$dir/spool$loader");
		my $config = slurp($conf) =~ s/\Q@{[$spool->dir]}\E/@{[$own->dir]}/r
		    =~ s/mx1\.example/mx$loader.two.example/r;
		my $file = spew("$dir/load$loader.conf", $config);
		for my $part (1 .. 10) {
			my @domains = map { "both$_.test" }
			    $loader == 1 ? (1 .. 50) : reverse 1 .. 50;
			$own->put(map { json($_) } map {
				(result(recipient_domain => $_, tlsrpt_record =>
				    "v=TLSRPTv1; rua=mailto:$loader.$part\@x"),
				    domain_event(domain => $_,
					dane => $part % 2 ? 'all' : 'none'))
			} @domains);
		}
		my $pid = fork // die "fork: $!\n";
		if (!$pid) {
			my $end = time + $LONG;
			while (time < $end) {
				run_command($load, '-c', $file, '--once');
				last if !$own->files;
			}
			exec 'true';
		}
		push @pid, $pid;
	}
	waitpid $_, 0 for @pid;
	is(count('tls_result', "recipient_domain like 'both%'"), 1000,
	    'all rows of both');
	is(count('recipient_domain_tls', "domain like 'both%'"), 50,
	    'one row for each domain');
};

is($collector->stop, 0, 'the collector ends');
done_testing();
