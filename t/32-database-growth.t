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

# --- what was counted while it was loaded ---

# What a statement returns, and the partitions that it reads to find that out:
# PostgreSQL counts the scans of each transaction.
sub reads {
	my ($sql) = @_;
	my ($out, $read) = split /^--\n/m, $pg->psql(<<"SQL") . "\n", 2;
begin;
$sql;
\\echo --
select distinct c.relname from pg_stat_xact_all_tables t
join pg_class c on c.oid = t.relid
where t.schemaname = 'signet' and t.relname ~ '_20[0-9]{6}\$'
and coalesce(t.seq_scan, 0) + coalesce(t.idx_scan, 0) > 0 order by 1;
commit;
SQL
	return ($out, [split ' ', $read]);
}

# The same as the rows of the ledger tell it.
sub by_rows {
	my ($day) = @_;
	return $pg->psql(<<"SQL");
select v.what, v.result, count(*) from signet.v_message_detail m
cross join lateral (values (1, 'action', m.action),
	(2, 'dmarc', m.dmarc_result), (3, 'spf', m.spf_result),
	(4, 'dkim', m.dkim_result), (5, 'arc', m.arc_result),
	(6, 'iprev', m.iprev_result)) v (no, what, result)
where v.result is not null and (m.at at time zone 'UTC')::date = '$day'
group by v.no, 1, 2 order by v.no, 3 desc, 2
SQL
}

subtest 'results of a day' => sub {
	# some of each kind, known lines among them, and one that is refused
	$spool->put(@{ $lines[3] }, event(at => iso($days[3]), size => 'big'),
	    map { event(at => iso($days[3] + 30 + $_),
		action => $_ % 2 ? 'reject' : 'tag', skipped => undef,
		'dmarc.result' => 'fail', 'spf.mailfrom' => { result =>
		$_ % 3 ? 'softfail' : undef }) } 1 .. 7);
	# and through another loader
	load('--once');
	$pg->psql("select signet.load_events('mx2', array["
	    . join(', ', map { "'$_'" } $lines[3][0],
		event(at => iso($days[3] + 60), action => 'x' x 200)) . '])');
	my $expected = by_rows($names[3]) =~ s/\bx{200}\b/'x' x 100/er;
	like($expected, qr/^action\|accept\|20\naction\|reject\|4\n/,
	    'there is something to count');
	my ($out, $read) = reads('select * from '
	    . "signet.status_results('$names[3]')");
	is($out =~ s/\n\z//r, $expected, 'are those of the rows');
	is_deeply($read, [], 'and no row is read for that');
	$pg->psql('insert into signet.loader_day_before values '
	    . "('message', '$names[3]')");
	($out, $read) = reads('select * from '
	    . "signet.status_results('$names[3]')");
	is($out =~ s/\n\z//r, by_rows($names[3]),
	    'rows from before anything was counted are read');
	is_deeply($read, ['message_' . ($names[3] =~ s/-//gr)],
	    'of that day alone');
};

subtest 'sessions of a day' => sub {
	# hours on either side of a day ago; each third failed
	my $now = int time;
	for my $ago (0 .. 26) {
		$spool->put(map { tls_event(iso($now - 3600 * $ago - 60 * $_),
			$_ % 3 ? () : (failed => "d$ago.example")) } 1 .. 9);
	}
	load('--once');
	my $ask = 'select sessions, failed, domains, worst_domain, '
	    . 'worst_failure, newest_s from signet.status_tls()';
	my $same = <<'SQL';
select count(distinct r.id), count(distinct r.id) filter (where not r.success),
	count(distinct r.recipient_domain) filter (where not r.success),
	'd0.example', 'validation-failure',
	extract(epoch from now() - max(r.at))::double precision
from signet.v_tls_result r where r.at > now() - interval '24 hours'
SQL
	my ($is, $expected) = split /\n/, $pg->psql("begin; $ask; $same;");
	like($is, qr/^2[1-3]\d\|7\d\|2\d\|/, 'there is something to count');
	is($is, $expected, 'are those of the rows');
	# the hour that began more than a day ago is read, and what failed
	my (undef, $plan) = explained("set enable_seqscan = off; $ask;");
	unlike($plan, qr/Seq Scan on \w*tls_result_2/, 'found by index');
	$pg->psql("insert into signet.loader_day_before "
	    . "select 'tls_result', (now() at time zone 'UTC')::date");
	($is, $expected) = split /\n/, $pg->psql("begin; $ask; $same;");
	is($is, $expected, 'also where rows are from before they were counted');
};

subtest 'a day that is done' => sub {
	my %plan = (dmarc_evaluation => "signet.dmarc_report_plan("
		. "'site.example', 'rfc9990', '0')",
	    tls_result => "signet.tls_report_plan('site.example', 'all', "
		. "'0', '10 days')");
	my $part = sub { return $_[0] . '_' . ($names[ $_[1] ] =~ s/-//gr) };
	for my $table (sort keys %plan) {
		my $plan = "select $plan{$table}";
		my ($count, $read) = reads($plan);
		cmp_ok($count, '>=', 5, "$table: planned");
		my %read = map { $_ => 1 } @$read;
		ok($read{ $part->($table, $_) }, "... from day $_") for 0 .. 4;
		($count, $read) = reads($plan);
		is($count, "0\n", "$table: nothing is new");
		is_deeply($read, [], '... and nothing is read for that');
	}
	# rows that come late: of two days, in a domain that had none
	$spool->put(map { event(at => iso($days[$_] + 99), from_domain =>
		'late.example', 'dmarc.policy_domain' => 'late.example') } 1, 3);
	$spool->put(map { tls_event(iso($days[$_] + 99),
		domain => 'late.example') } 1, 3);
	load('--once');
	for my $table (sort keys %plan) {
		my ($count, $read) = reads("select $plan{$table}");
		is($count, "2\n", "$table: late rows are planned");
		is_deeply([grep { /^${table}_\d/ } @$read],
		    [map { $part->($table, $_) } 1, 3],
		    '... from their days alone');
	}
	$spool->put(@{ $lines[2] });
	load('--once');
	is_deeply([reads("select $plan{$_}")], ["0\n", []],
	    "$_: the same lines bring nothing") for sort keys %plan;
	# planned by a program that did not count: each day is read once more
	$pg->psql("update signet.dmarc_report_period set loaded = null;",
	    'update signet.tls_report_period set loaded = null;');
	for my $table (sort keys %plan) {
		my ($count, $read) = reads("select $plan{$table}");
		is($count, "0\n", "$table: counted late, nothing is new");
		cmp_ok(@$read, '>=', 5, '... which is found in the rows');
		($count, $read) = reads("select $plan{$table}");
		is_deeply([$count, @$read], ["0\n"], '... once');
	}
};

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
