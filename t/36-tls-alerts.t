#!/usr/bin/perl
# What is alarming, as the database sees it (signet.v_alert): nothing while
# all is well, and each alert by its facts. TLS of mail that comes in, counted
# once however often its line is loaded. The rules for Prometheus name metrics
# that are there.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Test::More;
use Signet::Events qw(event_id iso json);
use Signet::Postgres;
use Signet::Util qw(run_command spew slurp temp_dir program_path top_dir
    skip_or_fail);

Signet::Postgres->need;
my $load = program_path('signet-load') or skip_or_fail('not built');
my $dir = temp_dir();
my $pg = Signet::Postgres->new;
my $spool = Signet::Events->spool("$dir/spool");
my $conf = spew("$dir/signet.conf", <<"END");
[common]
hostname = mx1.example.org
spool_directory = @{[$spool->dir]}
[database]
conninfo = @{[$pg->conninfo]}
END
my ($true, $false) = (JSON::PP::true, JSON::PP::false);

sub load {
	my ($status, $out, $error) = run_command($load, '-c', $conf, @_);
	is($status, 0, "signet-load @_") or diag $out . $error;
	is_deeply([$spool->files('bad')], [], 'no line was refused')
	    or diag map { slurp($_) } glob $spool->dir . '/bad/*.reason';
	return $out . $error;
}

sub put { return $spool->put(map { json($_) } @_) }

# alert => [subject, value], those that are there. With a change before: in
# one transaction, whose now() is that of the change.
sub alerts {
	my ($change) = @_;
	return { map { my ($alert, $subject, $value) = split /\|/, $_, 3;
		($alert => [$subject, $value]) } split /\n/, $pg->psql(
	    'begin;', $change // '', ';', 'select alert, subject, '
	    . 'round(value::numeric) from signet.v_alert;', 'commit;') };
}

sub incoming {
	my (%with) = @_;
	return { v => 1, type => 'tls_incoming', id => event_id(), at => iso(),
	    host => 'mx1.example.org', program => 'signet-tls-collect',
	    seconds => 600, handshakes => 100, failed => 0, reasons => {},
	    %with };
}

sub result {
	my ($domain, $success, %with) = @_;
	return { v => 1, type => 'tls_result', id => event_id(), at => iso(),
	    host => 'mx1.example.org', program => 'signet-tls-collect',
	    source => 'log', recipient_domain => $domain, report => $true,
	    policies => [map { { type => 'no-policy-found', domain => $_,
		strings => [], mx => [], success => $success, failures =>
		$success ? [] : [{ type => 'validation-failure' }] } }
		$domain, "mx.$domain"], %with };
}

load('--migrate', '--sql-dir', top_dir() . '/sql');
is_deeply(alerts(), {}, 'nothing is alarming in an empty database');

subtest 'TLS of others with us' => sub {
	my $first = incoming(handshakes => 90, failed => 4,
	    reasons => { 'no-shared-cipher' => 3, unknown => 1 });
	put($first, incoming(handshakes => 10, failed => 1,
	    reasons => { 'no-shared-cipher' => 1 }));
	load('--once');
	put($first);
	load('--once');
	is($pg->psql('select sum(handshakes), sum(failed) from '
	    . 'signet.v_tls_incoming'), "100|5", 'counted once');
	is($pg->psql('select reason, sum(failed) from '
	    . 'signet.v_tls_incoming_failure group by 1 order by 1'),
	    "no-shared-cipher|4\nunknown|1", 'by reason');
	is_deeply(alerts(), {}, '5 % is not alarming');
	put(incoming(handshakes => 20, failed => 18,
	    reasons => { unknown => 18 }));
	load('--once');
	is_deeply(alerts(), { tls_incoming_failures =>
	    ['mx1.example.org', 19] }, '23 of 120');
	is($pg->value('select signet.tls_incoming_expire(interval \'-1 day\')'),
	    3, 'all of it expires');
	is_deeply(alerts(), {}, 'all is well again');
};

subtest 'TLS with others' => sub {
	put((map { result('few.test', $false) } 1 .. 2),
	    (map { result('good.test', $true) } 1 .. 40),
	    (map { result('good.test', $false) } 1 .. 4),
	    (map { result('bad.test', $true) } 1 .. 5),
	    (map { result('bad.test', $false) } 1 .. 3));
	load('--once');
	is_deeply(alerts(), { tls_failures => ['bad.test', 38] },
	    'more than 10 %, and not two alone');
	$pg->psql('truncate signet.tls_result');
};

subtest 'policies that cannot be found out' => sub {
	put(map { { v => 1, type => 'tls_domain', id => event_id(),
	    at => iso(), host => 'mx1.example.org',
	    program => 'signet-policy', domain => "d$_.test",
	    level => $_ <= 4 ? 'temp' : 'may' } } 1 .. 10);
	load('--once');
	is_deeply(alerts(), { tls_policy_waits => ['4 domains', 40] },
	    '4 of 10 wait');
	$pg->psql('truncate signet.recipient_domain_tls');
};

subtest 'the loader' => sub {
	is_deeply(alerts('update signet.loader set last_load_at = now() - '
	    . "interval '2 hours', last_event_at = now() - interval "
	    . "'3 hours'"), { load_stopped => ['mx1.example.org', 7200] },
	    'nothing for two hours');
	is_deeply(alerts('update signet.loader set last_load_at = now(), '
	    . "last_event_at = now() - interval '3 hours'"), { load_late => ['mx1.example.org', 10800] },
	    'a backlog of three');
	$pg->psql('update signet.loader set last_event_at = now(), '
	    . 'dropped_messages = 7');
	is_deeply(alerts(), { spool_dropped => ['mx1.example.org', 7] },
	    'rows that were given up');
	$pg->psql('update signet.loader set dropped_messages = 0');
	is_deeply(alerts(), {}, 'all is well again');
};

subtest 'reports that do not arrive' => sub {
	$pg->psql("insert into signet.tls_report_out (policy_domain, about, "
	    . "what, begin_at, end_at, report_id, submitter, state, next_at, "
	    . "rows_seen) values ('r.test', 'domain', 'failures', now(), "
	    . "now(), 'id', 's.test', 'again', now(), 1)");
	$pg->psql("insert into signet.tls_report_destination (report, uri, "
	    . "state) select id, 'mailto:' || n, case when n < 4 then 'again' "
	    . "else 'sent' end from signet.tls_report_out, "
	    . 'generate_series(1, 5) n');
	is_deeply(alerts(), { reports_failing => ['TLS', 3] }, '3 of 5');
};

subtest 'docs/examples/alerts.yml' => sub {
	my $rules = slurp(top_dir() . '/docs/examples/alerts.yml');
	my $metrics = slurp(top_dir() . '/docs/metrics.md');
	my %named = map { $_ => 1 } $rules =~ /\b(signet_\w+)/g;
	delete $named{signet_v_alert};
	cmp_ok(scalar keys %named, '>', 8, 'rules name metrics');
	like($metrics, qr/^\| `\Q$_\E`/m, "$_ is a metric")
	    for sort keys %named;
	unlike($rules, qr/\t/, 'no tabs: it is YAML');
	is(() = $rules =~ /^ +- alert: Signet\w+$/mg,
	    scalar(() = $rules =~ /^ +severity: (?:critical|warning)$/mg),
	    'each alert has its severity');
};

done_testing();
