package Bench::Soak;

# The judge of t/bench/soak: from what was seen to a table with a verdict in
# each line.
#
#   my @rows = Bench::Soak::judge(\%seen);     # [what, measured, wanted, ok]
#   Bench::Soak::flat($values, part => 0.05, least => 1024);
#                                              # (first, last, is flat)
#
# Flat is judged by rest values: between two rounds, when every connection is
# closed. Of the values of a process since it last started, the first fifth is
# left out (caches fill); the median of the next two fifths and the median of
# the last two may differ by `part` of the former, or `least` if that is more.
# Medians, because a single value may meet a reload; upwards alone counts.

use strict;
use warnings;
use Bench::Table;

# Too few values say nothing, and nothing is not good.
use constant LEAST_VALUES => 20;

sub flat {
	my ($values, %may) = @_;
	return (undef, undef, 0) if @$values < LEAST_VALUES;
	my $fifth = @$values / 5;
	my $first = Bench::Table::median(
	    @$values[$fifth .. int(3 * $fifth) - 1]);
	my $last = Bench::Table::median(
	    @$values[int(3 * $fifth) .. $#$values]);
	my $room = $may{part} * $first;
	$room = $may{least} if $room < $may{least};
	return ($first, $last, $last <= $first + $room);
}

# The same word for a number of things that must be none.
sub none {
	my ($what, $count) = @_;
	return [$what, $count, '0', $count == 0];
}

sub facts {
	my ($seen) = @_;
	my $most = $seen->{answered} + $seen->{broken_off};
	return (
		['messages answered', $seen->{answered}, '> 0',
			$seen->{answered} > 0],
		none('... of these without a row', $seen->{missing}),
		none('... with two', $seen->{twice}),
		['rows', $seen->{rows}, "$seen->{answered} to $most",
			$seen->{rows} >= $seen->{answered}
			    && $seen->{rows} <= $most],
		none('lines put aside that a kill does not explain',
			$seen->{aside}),
		none('files left in the spool', $seen->{left}),
		none('loads after which the spool was not emptied',
			$seen->{backlogs}),
		['TLS policies answered', $seen->{policies}, '> 0',
			$seen->{policies} > 0],
		none('... with a word that should not be', $seen->{wrong}),
	);
}

sub rate {
	my ($seen) = @_;
	return ['messages a second', Bench::Table::figure($seen->{rate}),
		'>= ' . Bench::Table::figure(0.8 * $seen->{wanted_rate}),
		$seen->{rate} >= 0.8 * $seen->{wanted_rate}];
}

# Each process: memory in KiB and descriptors, at rest.
sub processes {
	my ($seen) = @_;
	my @rows;
	for my $name (sort keys %{ $seen->{rest} }) {
		my $rest = $seen->{rest}{$name};
		my ($first, $last, $ok) = flat($rest->{kib}, part => 0.05,
			least => 1024);
		push @rows, ["$name: KiB at rest, later / earlier",
			defined $first ? "$last / $first" : 'too few values',
			'+5 % or 1 MiB', $ok];
		($first, $last, $ok) = flat($rest->{descriptors}, part => 0,
			least => 0);
		push @rows, ["$name: descriptors at rest, later / earlier",
			defined $first ? "$last / $first" : 'too few values',
			'no more', $ok];
	}
	return @rows;
}

sub faults {
	my ($seen) = @_;
	return map { ["fault: $_", $seen->{faults}{$_}, '> 0',
		$seen->{faults}{$_} > 0] } sort keys %{ $seen->{faults} };
}

sub judge {
	my ($seen) = @_;
	return (rate($seen), facts($seen), faults($seen), processes($seen));
}

1;
