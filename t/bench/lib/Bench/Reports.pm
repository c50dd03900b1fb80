package Bench::Reports;

# DMARC aggregate reports: what writing, checking, reading them and taking them
# in costs.
#
#   my $result = Bench::Reports::measure($build, $rounds);
#   Bench::Reports::report($result);
#   my @goals = Bench::Reports::goals($result);

use strict;
use warnings;
use Bench::Table;
use Signet::Reports qw(dmarc_record dmarc_xml report_mail);
use Signet::Util qw(must_run run_with_input spew temp_dir);

my ($rows, $read_rows, $read_messages) = (1_000_000, 450_000, 450_000);

sub measure {
	my ($build, $rounds) = @_;
	my @figures;

	for my $round (1 .. $rounds) {
		print STDERR "round $round of $rounds\n";
		my $out = must_run("$build/t/bench/reportcost", $rows,
			$read_rows, $read_messages);
		push @figures, { $out =~ /^(\S+) (.*)$/mg,
		    measure_intake($build) };
	}
	return { map { my $name = $_; $name => Bench::Table::median(
			map { $_->{$name} } @figures) } keys %{ $figures[0] } };
}

# The same as a mail, compressed, through the whole program: from standard
# input to the spool. Memory is the peak of the process that reads.
sub measure_intake {
	my ($build) = @_;
	my $dir = temp_dir();
	my $count = 0;
	my $records = join '', map {
		my $n = int($read_messages * $_ / $read_rows) - $count;
		$count += $n;
		dmarc_record(ip => join('.', 10, $_ >> 16, $_ >> 8 & 255,
			$_ & 255), count => $n, dkim => 'pass');
	} 1 .. $read_rows;

	mkdir "$dir/spool" or die "$!\n";
	spew("$dir/signet.conf", <<"END");
[common]
hostname = mx.site.example
log = stderr
debug = yes
spool_directory = $dir/spool
[report_intake]
domains = site.example
directory = $dir/keep
END
	my $mail = "Authentication-Results: mx.site.example; dmarc=pass "
	    . "header.from=reporter.example\n"
	    . report_mail(gzip => dmarc_xml(records => $records));
	my @before = times;
	my (undef, undef, $log) = run_with_input($mail,
	    "$build/signet-report-intake", '-c', "$dir/signet.conf");
	my @after = times;
	$log =~ /counted .* rows=$read_rows messages=$read_messages /
	    or die "not taken: $log\n";
	my ($kib) = $log =~ /ms and (\d+) KiB/;
	return (intake => $after[2] + $after[3] - $before[2] - $before[3],
	    intake_kib => $kib);
}

sub report {
	my ($result) = @_;
	my $line = sub {
		my ($what, $number, $name) = @_;
		return [$what, $number, Bench::Table::figure($result->{$name}),
			Bench::Table::figure($result->{"${name}_kib"} / 1024)];
	};

	Bench::Table::print_table(
		['aggregate reports', 'records', 'CPU s', 'memory MiB'],
		$line->('written', $rows, 'write'),
		$line->('written and compressed', $rows, 'gzip'),
		$line->('written and checked', $rows, 'check'),
		$line->("read ($read_messages messages)", $read_rows, 'read'),
		$line->('taken in from a mail', $read_rows, 'intake'));
	printf "%.0f MB of XML, %.0f MB with gzip\n\n",
	    $result->{xml_bytes} / 1e6, $result->{gzip_bytes} / 1e6;
	return;
}

sub goals {
	my ($result) = @_;
	my ($growth) = sort { $b <=> $a } map { $result->{"${_}_kib"} / 1024 }
	    qw(write gzip check read);

	return ["CPU s to read a report of $read_messages messages",
		$result->{read}, '<=', 10],
	    ['MiB of memory for any of these', $growth, '<=', 16],
	    ['CPU s to take it in from a mail', $result->{intake}, '<=', 10];
}

1;
