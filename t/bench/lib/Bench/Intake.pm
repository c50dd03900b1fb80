package Bench::Intake;

# Reports of others: what signet-report-intake and the loader take for a
# report, and what keeping and expiring them costs as they become many.
#
#   Bench::Intake::measure($cluster, $config, $dir, $goal);

use strict;
use warnings;
use List::Util qw(sum);
use Bench::Fill;
use Bench::Table;
use Signet::Reports qw(dmarc_record dmarc_xml report_mail);
use Signet::Util qw(run_with_input program_path now);

use constant { REPORTS => 200, RECORDS => 20 };

my $made = 0;

# Mail of reporters, each with some records.
sub mails {
	my ($count) = @_;
	return map {
		my $n = ++$made;
		my $records = join '', map { dmarc_record(
			ip => join('.', 10, $n >> 8 & 255, $n & 255, $_),
			count => 10, dkim => $_ % 4 ? 'pass' : 'fail')
		} 1 .. RECORDS;
		"Authentication-Results: mx.site.bench; dmarc=pass "
		    . "header.from=r$n.example\n" . report_mail(
			from => "r\@r$n.example", gzip => dmarc_xml(
			id => "r$n", org => "r$n.example",
			records => $records));
	} 1 .. $count;
}

# One process for each mail, as the mail server starts it.
sub take_in {
	my ($config) = @_;
	my @before = times;
	for my $mail (mails(REPORTS)) {
		my ($status, undef, $error) = run_with_input($mail,
		    program_path('signet-report-intake'), '-c', $config,
		    '--sender', 'r@r.example', '--recipient',
		    'reports@site.example');
		die "signet-report-intake: $error" if $status != 0;
	}
	my @after = times;
	return 1000 * ($after[2] + $after[3] - $before[2] - $before[3])
	    / REPORTS;
}

sub rows_of {
	my ($pg) = @_;
	return $pg->value('select count(*) from signet.report_in_record');
}

my @questions = (
	['sources of our mail that fail: v_report_in_source', 'select * from '
	    . 'signet.v_report_in_source where day > current_date - 7 and '
	    . 'failed > 0'],
	['v_report_in, newest twenty', 'select * from signet.v_report_in '
	    . 'order by at desc limit 20'],
	['v_report_in_failing of a week', 'select * from '
	    . 'signet.v_report_in_failing where day > current_date - 7'],
	['v_report_in_ours', 'select * from signet.v_report_in_ours'],
);

sub ask {
	my ($pg) = @_;
	my %took;
	for my $question (@questions) {
		my ($name, $sql) = @$question;
		my $plan = eval { $pg->psql("explain (analyze, timing off) "
			. "$sql;", "explain (analyze, timing off) $sql;") }
		    // do { warn $@; next };
		my ($time) = reverse $plan =~ /^Execution Time: ([\d.]+)/mg;
		$took{$name} = $time;
	}
	return \%took;
}

sub load {
	my ($cluster, $config, $dir) = @_;
	my $got = $cluster->measure("$dir/load.log",
	    program_path('signet-load'), '-c', $config, '--once');
	die "signet-load: $got->{log}" if $got->{status} != 0;
	return $got;
}

# Expiry with one day in four hundred to go.
sub expire {
	my ($pg) = @_;
	my $rows = $pg->value("select count(*) from signet.report_in_record "
	    . "where at < now() - interval '398 days'");
	my $start = now();
	$pg->psql("select signet.report_in_expire('398 days')");
	my $took = now() - $start;
	$start = now();
	$pg->psql("select signet.report_in_expire('398 days')");
	return ($rows, 1000 * $took, 1000 * (now() - $start));
}

sub measure {
	my ($cluster, $config, $dir, $goal) = @_;
	my $pg = $cluster->pg;
	my $f = \&Bench::Table::figure;
	my (@rows, @asked);
	for my $size (0, 10_000, 100_000, 1_000_000, 10_000_000) {
		last if $size > $goal;
		Bench::Fill::reports($pg, $size) if $size;
		my $before = rows_of($pg);
		my $intake = take_in($config);
		my $load = load($cluster, $config, $dir);
		my $added = rows_of($pg) - $before;
		die "no rows\n" if !$added;
		push @asked, [rows_of($pg), ask($pg)];
		my ($gone, $first, $second) = expire($pg);
		push @rows, [$before, $f->($intake), map { $f->($_) }
			1e6 * $load->{program} / $added,
			1e6 * $load->{database} / $added,
			$load->{wal} / $added, $gone, $first, $second];
	}
	Bench::Table::print_table(['records of others there',
		'intake CPU ms a report', 'loader CPU us a record',
		'database CPU us', 'WAL bytes', 'expired', 'in ms',
		'none to expire, ms'], @rows);
	Bench::Table::print_table(['question, ms', map { "$_->[0] records" }
		@asked], map { my $name = $_->[0]; [$name, map {
		$f->($_->[1]{$name}) } @asked] } @questions);
	my $count = rows_of($pg);
	my @sizes = ['bytes a record', 'bytes'];
	for my $table (qw(report_in report_in_arrival report_in_record)) {
		push @sizes, [$_->[0] eq 'table' ? $table : "- $_->[0]",
			$f->($_->[1] / $count)] for $cluster->sizes($table);
	}
	Bench::Table::print_table(@sizes);
	return;
}

1;
