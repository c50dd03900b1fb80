#!/usr/bin/perl
# The messages of Mail::DKIM's test corpus (vectors/dkim-maildkim), each read
# twice: with the test-only switch that admits weak cryptography, and as the
# product reads it (RFC 8301).

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::Bin/../lib";
use Test::More;
use Signet::Probe;
use Signet::Util qw(vectors_dir skip_or_fail slurp);

my $dir = vectors_dir() . '/dkim-maildkim';
-d $dir or skip_or_fail("$dir is not there");

my %failures = (
	'NXDOMAIN' => '!NXDOMAIN',
	'~~Query timed out~~' => '!TIMEOUT',
	'~~SERVFAIL~~' => '!SERVFAIL',
);

sub zone_line {
	my ($line) = @_;
	my ($name, $data) = split ' ', $line, 2;
	$data = '' if $data eq '""';
	return Signet::Probe::zone_name($name) . ' TXT '
	    . ($failures{$data} // Signet::Probe::zone_strings($data)) . "\n";
}

sub message {
	my ($file) = @_;
	my $text = slurp("$dir/corpus/$file");
	$text =~ s/\r?\n/\r\n/g;
	return $text;
}

# The table's word against what all signatures gave, top to bottom.
sub fits {
	my ($want, @got) = @_;
	return !grep { $_ eq 'pass' } @got if $want eq 'not-pass';
	return !grep { $_ eq 'pass' } @got
	    if $want eq 'temperror or not-pass';
	my @want = split /,/, $want;
	@want = (@want) x @got if @want == 1;
	return 0 if @want != @got;
	for my $i (0 .. $#got) {
		return 0 if !grep { $got[$i] eq $_ } split /\|/, $want[$i];
	}
	return 1;
}

my $zone = join '', map { zone_line($_) }
    grep { !/^#|^\s*\z/ } split /\n/, slurp("$dir/FAKE_DNS.dat");
my @rows = map { [split /\t/] } grep { !/^#/ }
    split /\n/, slurp("$dir/expected.tsv");
is(scalar @rows, 57, 'the table has 57 messages');

my @requests;
for my $row (@rows) {
	my @request = ('dkim', zone => $zone, message => message($row->[0]),
	    now => 1700000000);
	push @requests, [@request, weak => 1], [@request];
}
my @answers = Signet::Probe::ask(@requests);
for my $row (@rows) {
	for my $column (4, 5) {
		my $answer = shift @answers;
		my @all = 0 .. $answer->{count} - 1;
		my $name = $row->[0] . ($column == 4 ? ', weak' : '');
		cmp_ok(scalar @all, '>', 0, "$name: has signatures");
		ok(fits($row->[$column], map { $answer->{"result$_"} } @all),
		    "$name: $row->[$column]") or
		    diag map { "got $answer->{\"result$_\"}"
		    . " ($answer->{\"reason$_\"})\n" } @all;
	}
}
done_testing;
