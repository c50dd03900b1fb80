#!/usr/bin/perl
# docs/operations.md and the fault runner tell the same: each part that fails
# has its five rows, each row is run by one test, and each line of the log that
# the page shows is one that a program can write.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/lib";
use Test::More;
use Signet::Faults;
use Signet::Util qw(slurp top_dir);

my $top = top_dir();
my $cells = Signet::Faults::cells();
my %test;
for my $file (glob "$top/t/90-faults-*.t") {
	my $text = slurp($file);
	push @{ $test{$_} }, $file
	    for $text =~ /(?:faults\(|Signet::Faults->new\()'([a-z-]+)'/g;
}
my %page;
push @{ $page{ s/-[a-z]+$//r } }, /-([a-z]+)$/ for sort keys %$cells;
is_deeply([sort keys %page], [sort keys %test],
    'page and tests have the same parts');
for my $part (sort keys %page) {
	is_deeply([sort @{ $page{$part} }], [sort @Signet::Faults::modes],
	    "$part: all five ways");
	is(scalar @{ $test{$part} // [] }, 1, "$part: in one test");
}

# Words of all programs, strings that C puts together made one.
my $words = join "\n", map { slurp($_) =~ s/"\s*"//gr }
    glob "$top/{lib/*,milter,sql,admin,postfix-policy,tlsrpt-collector,"
    . 'dmarc-reporter,reporter,dovecot-plugin}/*.c';
my $make = slurp("$top/Makefile.am");
for my $name (sort keys %$cells) {
	my $cell = $cells->{$name};
	like($cell->{mail}, qr/^(?:flows|waits|-)$/, "$name: mail");
	cmp_ok(length $cell->{$_}, '>', 10, "$name: $_") for qw(what outcome);
	for my $line (Signet::Faults::lines_of($cell)) {
		my ($program, undef, $text) = @$line;
		next if $program eq 'postfix';
		ok($make =~ /\b\Q$program\E\b/, "$name: there is $program");
		my ($first) = split /\s*…/, $text;
		ok(index($words, $first) >= 0, "$name: \"$first\"");
	}
}

done_testing;
