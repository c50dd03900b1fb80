package Bench::Table;

# Medians and columns of text.

use strict;
use warnings;

sub median {
	my @sorted = sort { $a <=> $b } grep { defined } @_;

	return undef unless @sorted;
	return $sorted[$#sorted / 2] if @sorted % 2;
	return ($sorted[@sorted / 2 - 1] + $sorted[@sorted / 2]) / 2;
}

# A number with about three digits that count; "-" for none.
sub figure {
	my ($value) = @_;

	return '-' unless defined $value;
	return sprintf '%.0f', $value if abs $value >= 100 || $value == 0;
	return sprintf '%.1f', $value if abs $value >= 10;
	return sprintf '%.2f', $value if abs $value >= 1;
	return sprintf '%.3f', $value;
}

# Prints rows (the first one is the heading) as a table that Markdown knows.
sub print_table {
	my (@rows) = @_;
	my @width;

	for my $row (@rows) {
		for my $n (0 .. $#$row) {
			my $len = length $row->[$n];
			$width[$n] = $len if $len > ($width[$n] // 0);
		}
	}
	my $rule = 1;
	for my $row (@rows) {
		printf "| %s |\n", join ' | ', map {
			sprintf $_ ? '%*s' : '%-*s', $width[$_], $row->[$_]
		} 0 .. $#$row;
		printf "|%s|\n", join '|', map {
			'-' x ($width[$_] + 1) . ($_ ? ':' : '-')
		} 0 .. $#$row if $rule;
		$rule = 0;
	}
	print "\n";
	return;
}

1;
