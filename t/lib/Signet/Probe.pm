package Signet::Probe;

# The library as a filter (t/conformance/probe.h): requests in, answers out,
# in one run.
#
#   my @answers = Signet::Probe::ask(
#       ['spf', zone => $text, client => '192.0.2.1', helo => 'mx.test'],
#       ...);                     # a list of hashes, in the same order
#   my $name = Signet::Probe::zone_name('a.b.test');     # escaped, final dot
#   my $data = Signet::Probe::zone_strings('v=spf1 ...'); # quoted, cut at 255
#
# Values are bytes. An answer with an `error` makes the test die.

use strict;
use warnings;
use Signet::Util qw(build_dir run_with_input);

sub _escape {
	my ($value) = @_;
	$value =~ s/([^A-Za-z0-9\-._~])/sprintf '%%%02X', ord $1/ge;
	return $value;
}

sub _line {
	my ($command, @pairs) = @_;
	my @fields = ($command);
	while (my ($name, $value) = splice @pairs, 0, 2) {
		push @fields, "$name=" . _escape($value);
	}
	return join("\t", @fields) . "\n";
}

sub _answer {
	my ($line) = @_;
	my %answer;
	for my $pair (split /\t/, $line) {
		my ($name, $value) = split /=/, $pair, 2;
		$value =~ s/%([0-9A-F]{2})/chr hex $1/ge;
		$answer{$name} = $value;
	}
	die "the probe says: $answer{error}\n" if defined $answer{error};
	return \%answer;
}

sub ask {
	my (@requests) = @_;
	my $probe = build_dir() . '/t/conformance/probe';
	-x $probe or die "$probe has not been built\n";
	my ($status, $out, $err) = run_with_input(
	    join('', map { _line(@$_) } @requests), $probe);
	die "the probe ended with status $status: $err\n" if $status != 0;
	my @answers = map { _answer($_) } split /\n/, $out;
	die "the probe gave too few answers\n" if @answers != @requests;
	return @answers;
}

sub zone_name {
	my ($name) = @_;
	$name =~ s/\.\z//;
	$name =~ s/([^A-Za-z0-9\-._])/sprintf '\\%03d', ord $1/ge;
	return "$name.";
}

sub zone_strings {
	my ($text) = @_;
	my @strings = $text =~ /(.{1,255})/gs;
	@strings = ('') if !@strings;
	for my $string (@strings) {
		$string =~ s/([^A-Za-z0-9 =:.\/\-])/sprintf '\\%03d', ord $1/ge;
	}
	return join ' ', map { qq("$_") } @strings;
}

1;
