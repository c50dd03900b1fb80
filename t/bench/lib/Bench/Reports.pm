package Bench::Reports;

# DMARC aggregate reports: what writing, checking and reading them costs.
#
#   my $result = Bench::Reports::measure($build, $rounds);
#   Bench::Reports::report($result);
#   my @goals = Bench::Reports::goals($result);

use strict;
use warnings;
use Bench::Table;
use Signet::Util qw(must_run);

my ($rows, $read_rows, $read_messages) = (1_000_000, 100_000, 450_000);

sub measure {
	my ($build, $rounds) = @_;
	my @figures;

	for my $round (1 .. $rounds) {
		print STDERR "round $round of $rounds\n";
		my $out = must_run("$build/t/bench/reportcost", $rows,
			$read_rows, $read_messages);
		push @figures, { $out =~ /^(\S+) (.*)$/mg };
	}
	return { map { my $name = $_; $name => Bench::Table::median(
			map { $_->{$name} } @figures) } keys %{ $figures[0] } };
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
		$line->("read ($read_messages messages)", $read_rows, 'read'));
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
	    ['MiB of memory for any of these', $growth, '<=', 16];
}

1;
