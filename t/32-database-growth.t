#!/usr/bin/perl
# What the database does does not grow with the rows that it does not need:
# read off the plans that PostgreSQL carries out, not off a clock.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Test::More;
use Signet::Events qw(event iso);
use Signet::Postgres;
use Signet::Util qw(run_command run_with_input spew temp_dir program_path
    top_dir skip_or_fail);

Signet::Postgres->need;
my $load = program_path('signet-load') or skip_or_fail('not built');
my $pg = Signet::Postgres->new;
my $dir = temp_dir();
my $spool = Signet::Events->spool("$dir/spool");
spew("$dir/signet.conf", <<"END");
[common]
hostname = mx1.example.org
spool_directory = @{[$spool->dir]}
[database]
conninfo = @{[$pg->conninfo]}
END

sub load {
	my ($status, $out, $error) = run_command($load, '-c',
	    "$dir/signet.conf", @_);
	return $status == 0 ? 1 : die "signet-load @_: $out$error";
}

load('--migrate', '--sql-dir', top_dir() . '/sql');

# Five days, noon of each.
my $noon = int(time / 86400) * 86400 - 86400 * 5 + 43200;
my @days = map { $noon + 86400 * $_ } 0 .. 4;
my @names = map { substr iso($_), 0, 10 } @days;
my $id = 0;

# A session; "failed" is the domain to which it failed. Such a one was held
# against two policies, so it makes two rows.
sub tls_event {
	my ($at, %with) = @_;
	my $domain = $with{failed} // $with{domain} // 'peer.example';
	return Signet::Events::json({ v => 1, type => 'tls_result',
		id => Signet::Events::event_id(), at => $at, host => 'mx1',
		program => 'signet-tls-collect', source => 'datagram',
		recipient_domain => $domain, policies => [
		{ type => 'no-policy-found', domain => $domain,
		success => $with{failed} ? JSON::PP::false : JSON::PP::true,
		failures => $with{failed} ? [{ type => 'validation-failure' }]
		    : [] },
		$with{failed} ? { type => 'tlsa', domain => 'mx.peer.example',
		strings => ['3 1 1 ab'], success => JSON::PP::true } : ()] });
}

my @lines;
for my $day (@days) {
	push @lines, [(map { event(at => iso($day + $_)) } 1 .. 20),
	    map { tls_event(iso($day + $_)) } 1 .. 20];
	$spool->put(@{ $lines[-1] });
}
load('--once');
is($pg->value('select count(*) from signet.message'), 100, 'loaded');

# Partitions that a query reads, by name of table.
sub partitions_read {
	my ($sql) = @_;
	my %read;
	my $plan = $pg->psql("explain (analyze, timing off, costs off) $sql");
	for my $line (split /\n/, $plan) {
		$read{$1}++ if $line =~ / on \w+_(20\d{6})(?:_\w+)? /
		    && $line !~ /never executed/;
	}
	return [sort keys %read];
}

# What statements return, and the plans by which they and those inside their
# functions were carried out.
sub explained {
	my ($sql) = @_;
	my ($status, $out, $notices) = run_with_input(<<"SQL",
load 'auto_explain';
set auto_explain.log_min_duration = 0;
set auto_explain.log_analyze = on;
set auto_explain.log_timing = off;
set auto_explain.log_nested_statements = on;
set auto_explain.log_settings = on;
set client_min_messages = log;
$sql
SQL
	    Signet::Postgres::bin_dir() . '/psql', '-h', $pg->dir, '-U',
	    'postgres', '-d', $pg->database, '-AtqX', '-v',
	    'ON_ERROR_STOP=1');
	return ($out, $notices) if $status == 0;
	die "$sql: $notices";
}

my %view = (
	v_day => 'message', v_domain_day => 'message',
	v_client_day => 'message', v_report_day => 'dmarc_evaluation',
	v_tls_result_day => 'tls_result',
);
my $wanted = $names[2] =~ s/-//gr;
for my $view (sort keys %view) {
	my $all = $pg->value("select count(*) from signet.$view");
	cmp_ok($all, '>=', 5, "$view: all days");
	is_deeply(partitions_read("select * from signet.$view "
		. "where day = '$names[2]'"), [$wanted],
	    "$view: a day reads its partition alone");
	is($pg->value("select count(*) from signet.$view where day = "
		. "'$names[2]'"), 1, "$view: ... and has its row");
}
is_deeply([grep { $_ le $wanted } @{ partitions_read('select * from '
	. "signet.v_domain_day where day > '$names[2]' and from_domain = "
	. "'example.com'") }], [], 'days from one on: none before it');

# Reports of others beside our own mail: lists whose lengths the planner cannot
# know. Two of them joined row by row would be n times n comparisons.
# The statistics are of a time when there were old reports alone.
my $insert = <<'SQL';
insert into signet.report_in (id, at, kind, sender_domain, organization,
	domain, begin_at, end_at, rows, messages)
select md5(n::text)::uuid, a.at, 'dmarc', 'r' || n || '.example',
	'r' || n || '.example', 'd' || n % 300 || '.example',
	a.at - interval '2 days', a.at - interval '1 day', 20, 20
from generate_series(1, 300) n, (values (now())) a (at);
insert into signet.report_in_record (report, n, at, source_ip, count, dkim,
	spf, header_from, signatures)
select md5(n::text)::uuid, m, a.at, '10.0.0.0'::inet + n * 20 + m, 1,
	'fail', 'fail', 'd' || n % 300 || '.example', jsonb_build_array(
	jsonb_build_object('domain', 'd' || n % 300 || '.example',
	'selector', 's1', 'result', 'fail'))
from generate_series(1, 300) n, generate_series(1, 20) m, (values (now())) a (at);
SQL
$pg->psql("alter table signet.$_ set (autovacuum_enabled = off)")
    for qw(report_in report_in_record);
$pg->psql($insert =~ s/now\(\)/now() - interval '390 days'/gr
    =~ s/md5\(n::text\)/md5('old' || n)/gr,
    'analyze signet.report_in; analyze signet.report_in_record;', $insert);
$pg->psql(<<'SQL');
insert into signet.signed_message (id, at, action, from_domain, rcpt_count,
	signatures)
select gen_random_uuid(), now() - interval '2 days', 'signed',
	'd' || n || '.example', 1, jsonb_build_array(jsonb_build_object(
	'domain', 'd' || n || '.example', 'selector', 's1'))
from generate_series(0, 299) n;
SQL
my ($out, $notices) = explained(<<'SQL');
select count(*), sum(messages), max(whose) from signet.v_report_in_ours;
SQL
is($out, "6000|6000|claims to be ours\n", 'every record is there');
like($notices, qr/CTE record/, 'its plan was logged');
my ($most) = sort { $b <=> $a } 0,
    $notices =~ /Rows Removed by Join Filter: (\d+)/g;
cmp_ok($most, '<', 6000 * 10, 'no list is compared with each row of another')
    or diag $notices;
unlike($notices, qr/CTE Scan on \w+ \w*.*loops=\d{3}/,
    'no list is read once for each row') or diag $notices;

# Compiled, it takes twenty times as long. That the function is carried out
# without is seen in its plan, however cheap compiling is said to be.
($out, $notices) = explained(<<'SQL');
set jit = on; set jit_above_cost = 0; set jit_optimize_above_cost = 0;
set jit_inline_above_cost = 0;
select count(*) from signet.v_report_in_ours;
SQL
is($out, "6000\n", 'the same with a server that compiles everything');
my ($inside) = grep { /CTE record/ } split /^LOG:/m, $notices;
like($inside, qr/jit = 'off'/, 'what the view consists of is not compiled');
unlike($inside, qr/^\s*JIT:/m, '... as its plan says');

done_testing;
